/* SPDX-License-Identifier: MIT */
/* The surroundings of `kiln cc`: argument vectors, finding the SDK and the tools, running commands. */
#include "cc.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void out_of_memory(void)
{
    fprintf(stderr, "kiln cc: out of memory\n");
    exit(1);
}

void cc_args_add(struct cc_args *args, const char *word)
{
    if (args->count + 2 > args->room) {
        size_t room = args->room ? 2 * args->room : 32;
        char **items = realloc(args->items, room * sizeof *items);

        if (!items)
            out_of_memory();
        args->items = items;
        args->room = room;
    }
    if (!(args->items[args->count] = strdup(word)))
        out_of_memory();
    args->items[++args->count] = NULL;
}

void cc_args_addf(struct cc_args *args, const char *format, ...)
{
    va_list list;
    char *word;

    va_start(list, format);
    if (vasprintf(&word, format, list) < 0)
        out_of_memory();
    va_end(list);
    cc_args_add(args, word);
    free(word);
}

void cc_args_free(struct cc_args *args)
{
    for (size_t i = 0; i < args->count; i++)
        free(args->items[i]);
    free(args->items);
    *args = (struct cc_args){0};
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Join two parts of a path; false when the result does not fit. */
static bool join(char *out, size_t room, const char *directory, const char *name)
{
    return snprintf(out, room, "%s/%s", directory, name) < (int)room;
}

/* Take `root` as the SDK if it has headers; the libraries are in its lib/ unless `lib` names another place. */
static bool try_sdk(struct cc_toolchain *toolchain, const char *root, const char *lib)
{
    char headers[4096];

    if (!join(toolchain->include, sizeof toolchain->include, root, "include") ||
        !join(headers, sizeof headers, toolchain->include, "km") || !is_directory(headers))
        return false;
    return join(toolchain->lib, sizeof toolchain->lib, lib ? lib : root, lib ? "sdk/lib" : "lib");
}

static bool find_sdk(struct cc_toolchain *toolchain)
{
    const char *chosen = getenv("KILN_SDK");
    char exe[4096], root[8192];
    ssize_t length;

    if (chosen && *chosen) {
        if (try_sdk(toolchain, chosen, NULL))
            return true;
        fprintf(stderr, "kiln cc: KILN_SDK is '%s', which has no include/km\n", chosen);
        return false;
    }
    if (try_sdk(toolchain, KILN_SOURCE_ROOT "/sdk", KILN_BUILD_ROOT) && is_directory(toolchain->lib))
        return true;
    length = readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (length > 0) {
        exe[length] = 0;
        *strrchr(exe, '/') = 0;
        snprintf(root, sizeof root, "%s/../share/kiln/sdk", exe);
        if (try_sdk(toolchain, root, NULL))
            return true;
    }
    fprintf(stderr,
            "kiln cc: the SDK is neither in " KILN_SOURCE_ROOT "/sdk (libraries in " KILN_BUILD_ROOT
            "/sdk/lib) nor in ../share/kiln/sdk beside the executable; build Kiln, or set KILN_SDK to a "
            "directory that holds include/ and lib/\n");
    return false;
}

/* Find a tool: the path in the environment variable, or the name on PATH. */
static bool find_tool(char *out, size_t room, const char *variable, const char *name, const char *package)
{
    const char *chosen = getenv(variable);
    const char *path = getenv("PATH");

    if (chosen && *chosen) {
        if (access(chosen, X_OK) == 0 && snprintf(out, room, "%s", chosen) < (int)room)
            return true;
        fprintf(stderr, "kiln cc: %s is '%s', which cannot be executed: %s\n", variable, chosen, strerror(errno));
        return false;
    }
    for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
        size_t length = strcspn(p, ":");

        if (length && snprintf(out, room, "%.*s/%s", (int)length, p, name) < (int)room && access(out, X_OK) == 0)
            return true;
        p += length + (p[length] == ':');
    }
    fprintf(stderr, "kiln cc: %s is not on PATH: install it (sudo apt install %s), or name it in %s\n", name, package,
            variable);
    return false;
}

/* The overlay is built beside the libraries; an SDK without one works, but distinguishes the case of header names. */
static void find_overlay(struct cc_toolchain *toolchain)
{
    if (!join(toolchain->overlay, sizeof toolchain->overlay, toolchain->lib, "../headers.yaml") ||
        access(toolchain->overlay, R_OK) < 0)
        toolchain->overlay[0] = 0;
}

bool cc_find_toolchain(struct cc_toolchain *toolchain, bool need_linker)
{
    if (!find_sdk(toolchain))
        return false;
    find_overlay(toolchain);
    return find_tool(toolchain->clang, sizeof toolchain->clang, "KILN_CLANG", "clang-19", "clang-19") &&
           (!need_linker ||
            find_tool(toolchain->lld_link, sizeof toolchain->lld_link, "KILN_LLD_LINK", "lld-link-19", "lld-19"));
}

void cc_print_command(const struct cc_args *args)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";

    for (size_t i = 0; i < args->count; i++) {
        const char *word = args->items[i];

        if (i)
            putchar(' ');
        if (*word && word[strspn(word, plain)] == 0) {
            fputs(word, stdout);
            continue;
        }
        putchar('\'');
        for (; *word; word++) {
            if (*word == '\'')
                fputs("'\\''", stdout);
            else
                putchar(*word);
        }
        putchar('\'');
    }
    putchar('\n');
    fflush(stdout);
}

int cc_run(const struct cc_args *args, bool print)
{
    pid_t pid;
    int error, status;

    if (print)
        cc_print_command(args);
    error = posix_spawn(&pid, args->items[0], NULL, NULL, args->items, environ);
    if (error) {
        fprintf(stderr, "kiln cc: %s cannot be started: %s\n", args->items[0], strerror(error));
        return 127;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return 127;
    if (WIFSIGNALED(status)) {
        fprintf(stderr, "kiln cc: %s was ended by signal %d\n", args->items[0], WTERMSIG(status));
        return 127;
    }
    return WEXITSTATUS(status);
}
