/* SPDX-License-Identifier: MIT */
/*
 * Names of addresses, for crash reports: llvm-symbolizer as a child process that answers one line at a time.
 *
 * One child for PE images (relative addresses; DWARF or PDB) and one for ELF (addresses as linked) are started when
 * first needed and kept. Without the tool, or when it does not answer within a few seconds, addresses stay numbers.
 * Nothing here allocates: a report may be written after the heap was damaged, so posix_spawn and fixed buffers only.
 */
#define _GNU_SOURCE
#include "hostp.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_TIMEOUT_MS 30000
#define CACHE_ENTRIES     128

extern char **environ;
const char *host_elf_object(uint64_t pc, uint64_t *load_bias); /* elf_frames.c */

enum tool_state { TOOL_UNTRIED, TOOL_READY, TOOL_ABSENT };
struct tool {
    enum tool_state state;
    int socket; /* a pair of sockets rather than pipes: writing to a dead child must not raise SIGPIPE */
};
static struct tool pe_tool, elf_tool;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct cached {
    uint64_t key_path, address;
    bool used, known;
    struct host_symbol symbol;
};
static struct cached cache[CACHE_ENTRIES];
static unsigned cache_next;

static bool start(struct tool *tool, bool relative)
{
    static const char *const names[] = {"llvm-symbolizer-19", "llvm-symbolizer"};
    tool->state = TOOL_ABSENT;
    if (getenv("KILN_NO_SYMBOLIZER"))
        return false;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pair[1], 0);
    posix_spawn_file_actions_adddup2(&actions, pair[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && tool->state != TOOL_READY; i++) {
        char *arguments[] = {(char *)names[i], "--output-style=LLVM", "--inlines", "--functions=linkage",
                             relative ? "--relative-address" : NULL, NULL};
        pid_t pid;
        int tsc = PR_TSC_ENABLE; /* the simulator makes rdtsc trap, and a child would inherit that */
        prctl(PR_GET_TSC, &tsc);
        prctl(PR_SET_TSC, PR_TSC_ENABLE);
        int error = posix_spawnp(&pid, names[i], &actions, NULL, arguments, environ);
        prctl(PR_SET_TSC, tsc);
        if (error == 0) {
            tool->socket = pair[0];
            tool->state = TOOL_READY;
        }
    }
    posix_spawn_file_actions_destroy(&actions);
    close(pair[1]);
    if (tool->state != TOOL_READY)
        close(pair[0]);
    return tool->state == TOOL_READY;
}

/* Send one question, read up to the empty line that ends the answer. */
static bool ask(struct tool *tool, const char *question, char *answer, size_t answer_bytes)
{
    size_t length = strlen(question), have = 0;
    if (send(tool->socket, question, length, MSG_NOSIGNAL) != (ssize_t)length)
        goto broken;
    while (have < answer_bytes - 1) {
        struct pollfd fd = {.fd = tool->socket, .events = POLLIN};
        int ready = poll(&fd, 1, ANSWER_TIMEOUT_MS);
        if (ready < 0 && errno == EINTR) /* the live host posts interrupts with signals */
            continue;
        if (ready != 1)
            goto broken;
        ssize_t got = read(tool->socket, answer + have, answer_bytes - 1 - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            goto broken;
        have += (size_t)got;
        answer[have] = 0;
        if (strstr(answer, "\n\n"))
            return true;
    }
broken:
    close(tool->socket);
    tool->state = TOOL_ABSENT;
    return false;
}

static void split_place(char *place, struct host_symbol *out)
{
    char *column = strrchr(place, ':');
    if (!column)
        return;
    *column = 0;
    char *line = strrchr(place, ':');
    if (!line || strncmp(place, "??", 2) == 0)
        return;
    *line = 0;
    snprintf(out->file, sizeof out->file, "%.511s", place);
    out->line = (uint32_t)strtoul(line + 1, NULL, 10);
    out->column = (uint32_t)strtoul(column + 1, NULL, 10);
}

/*
 * "function\nfile:line:column\n" for the innermost inlined function first, then its callers, then an empty line; ?? for
 * what is unknown. Inlines of the SDK's headers are passed over: the driver's own line is wanted.
 */
static bool parse(char *answer, struct host_symbol *out)
{
    memset(out, 0, sizeof *out);
    while (*answer && *answer != '\n') {
        struct host_symbol one;
        char *place = strchr(answer, '\n');
        if (!place)
            break;
        *place++ = 0;
        char *next = strchr(place, '\n');
        if (next)
            *next++ = 0;
        memset(&one, 0, sizeof one);
        if (strcmp(answer, "??") != 0)
            snprintf(one.function, sizeof one.function, "%.255s", answer);
        split_place(place, &one);
        bool header = strstr(one.file, "/include/km/") || strstr(one.file, "/include/crt/");
        if (!header || !out->function[0])
            *out = one;
        if (!header || !next)
            break;
        answer = next;
    }
    return out->function[0] || out->file[0];
}

static uint64_t hash(const char *text)
{
    uint64_t h = 14695981039346656037ULL;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211ULL;
    return h;
}

static bool resolve(const char *path, uint64_t address, struct tool *tool, struct host_symbol *out)
{
    uint64_t key = hash(path);
    for (unsigned i = 0; i < CACHE_ENTRIES; i++) {
        if (cache[i].used && cache[i].key_path == key && cache[i].address == address) {
            *out = cache[i].symbol;
            return cache[i].known;
        }
    }
    if (tool->state == TOOL_UNTRIED)
        start(tool, tool == &pe_tool);
    if (tool->state != TOOL_READY)
        return false;
    char question[600], answer[4096];
    snprintf(question, sizeof question, "\"%s\" 0x%llx\n", path, (unsigned long long)address);
    if (!ask(tool, question, answer, sizeof answer))
        return false;
    struct cached *entry = &cache[cache_next++ % CACHE_ENTRIES];
    entry->key_path = key;
    entry->address = address;
    entry->used = true;
    entry->known = parse(answer, &entry->symbol);
    *out = entry->symbol;
    return entry->known;
}

bool host_symbolize_off;

bool host_symbolize(const char *image_path, uint64_t rva_or_pc, struct host_symbol *out)
{
    if (host_symbolize_off)
        return false;
    char self[512];
    struct tool *tool = &pe_tool;
    if (!image_path) {
        uint64_t bias = 0;
        image_path = host_elf_object(rva_or_pc, &bias);
        if (!image_path)
            return false;
        rva_or_pc -= bias;
        tool = &elf_tool;
        if (strcmp(image_path, "/proc/self/exe") == 0) {
            ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
            if (length <= 0)
                return false;
            self[length] = 0;
            image_path = self;
        }
    }
    /* A report on another processor may hold the lock for long; a fault inside would hold it for ever. */
    if (pthread_mutex_trylock(&lock) != 0)
        return false;
    bool known = resolve(image_path, rva_or_pc, tool, out);
    pthread_mutex_unlock(&lock);
    return known;
}
