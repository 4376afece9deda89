/* SPDX-License-Identifier: MIT */
/* Executing command text, keeping and judging results; see session.h and docs/scripting.md. */
#include "command.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct session session;

/* ---------------------------------------------------------------- messages */

static void where(char *buffer, size_t bytes, unsigned column)
{
    snprintf(buffer, bytes, "%s:%u:%u", session.source, session.line, column);
}

bool session_fail(unsigned column, const char *format, ...)
{
    char message[1600], place[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    where(place, sizeof place, column);
    fflush(stdout);
    if (session.json) {
        printf("{\"error\":");
        json_string(stdout, message, strlen(message));
        printf(",\"source\":");
        json_string(stdout, session.source, strlen(session.source));
        printf(",\"line\":%u,\"column\":%u}\n", session.line, column);
    }
    if (session.interactive)
        fprintf(stderr, "%s\n", message);
    else
        fprintf(stderr, "%s: %s\n", place, message);
    session.failures++;
    return false;
}

void session_output(enum kiln_stream stream, const char *text, uint64_t bytes)
{
    if (stream != KILN_DEBUG_OUTPUT) {
        fflush(stdout);
        fwrite(text, 1, bytes, stderr);
        return;
    }
    char *grown = realloc(session.output, session.output_bytes + bytes + 1);
    if (grown) {
        session.output = grown;
        memcpy(grown + session.output_bytes, text, bytes);
        session.output_bytes += bytes;
        grown[session.output_bytes] = 0;
    }
    if (session.json) {
        printf("{\"debug\":");
        json_string(stdout, text, bytes);
        printf("}\n");
    } else {
        fwrite(text, 1, bytes, stdout);
    }
}

/* ---------------------------------------------------------------- results */

bool is_error(kiln_status status)
{
    return ((uint32_t)status >> 30) == 3;
}

/* Take over `data` (malloc'ed or NULL) as the last operation's result and print it. */
void record(struct command_line *line, const char *what, kiln_status status, uint64_t information,
                   uint8_t *data, size_t bytes)
{
    struct result *last = &session.last;
    free(last->data);
    *last = (struct result){
        .valid = true,
        .unexamined = is_error(status),
        .status = status,
        .information = information,
        .data = data,
        .bytes = bytes,
    };
    snprintf(last->what, sizeof last->what, "%s", what);
    where(last->where, sizeof last->where, line->words[0].column);
    char name[64];
    status_text(status, name, sizeof name);
    if (session.json) {
        printf("{\"command\":\"%.*s\",\"what\":", (int)line->words[0].length, line->words[0].text);
        json_string(stdout, what, strlen(what));
        printf(",\"status\":\"%s\",\"value\":%u,\"information\":%llu", name, (unsigned)status,
               (unsigned long long)information);
        if (data) {
            printf(",\"data\":\"");
            print_hex(stdout, data, bytes);
            printf("\"");
        }
        printf("}\n");
        return;
    }
    if (session.plain)
        return;
    printf("%s: %s", what, name);
    if (!is_error(status) && (information || data))
        printf(", %llu byte%s", (unsigned long long)information, information == 1 ? "" : "s");
    if (data && bytes) {
        printf(": ");
        print_data(stdout, data, bytes);
    }
    putchar('\n');
}

void session_settle(void)
{
    struct result *last = &session.last;
    if (!last->valid || !last->unexamined)
        return;
    char name[64];
    last->unexamined = false;
    fflush(stdout);
    fprintf(stderr, "%s: %s failed with %s%s%s\n", last->where, last->what,
            status_text(last->status, name, sizeof name), *kiln_last_error() ? ": " : "", kiln_last_error());
    session.failures++;
}

/* ---------------------------------------------------------------- execution */

static const struct command *find_command(const struct word *word)
{
    for (const struct command *c = commands; c->name; c++)
        if (word_is(word, c->name))
            return c;
    if (word_is(word, "exit"))
        return find_command(&(struct word){.text = "quit", .length = 4});
    return NULL;
}

bool session_line(const char *text, unsigned line_number)
{
    const char *next = text;
    session.line = line_number;
    while (next && !session.quit) {
        struct command_line line = {.at = 1};
        struct parse_error error;
        const char *start = next;
        if (!words_split(start, text, line.words, &line.count, &next, &error))
            return parse_failed(&error) || session.interactive;
        if (line.count == 0)
            continue;
        const struct command *command = find_command(&line.words[0]);
        if (!command) {
            session_settle();
            session_fail(line.words[0].column, "no command is called '%.*s' (help lists them)",
                         (int)line.words[0].length, line.words[0].text);
            if (!session.interactive)
                return false;
            continue;
        }
        /* A failed operation is a failure of the run unless an expect follows. */
        if (command->run != run_expect && command->run != run_print) {
            unsigned before = session.failures;
            session_settle();
            if (session.failures != before && !session.interactive)
                return false;
        }
        bool ok = command->run(&line);
        if (session.interactive)
            session_settle();
        else if (!ok)
            return false;
    }
    return !session.quit;
}

bool session_text(const char *text)
{
    unsigned number = 1;
    for (const char *line = text; line;) {
        const char *end = strchr(line, '\n');
        size_t length = end ? (size_t)(end - line) : strlen(line);
        char *copy = strndup(line, length);
        if (!copy)
            return session_fail(1, "out of memory");
        bool go_on = session_line(copy, number++);
        free(copy);
        if (!go_on)
            return false;
        line = end ? end + 1 : NULL;
    }
    return true;
}

void session_close(void)
{
    while (session.requests) {
        struct session_request *entry = session.requests;
        session.requests = entry->next;
        kiln_finish(entry->request);
        free(entry->buffer);
        free(entry->input);
        free(entry);
    }
    while (session.files) {
        kiln_close(session.files->file);
        forget_file(session.files);
    }
    if (kiln_shutdown() != 0)
        session.failures++;
    free(session.last.data);
    session.last = (struct result){0};
}

const char *session_complete_command(unsigned index)
{
    return commands[index].name;
}

const char *session_complete_name(unsigned index)
{
    struct session_file *file = session.files;
    for (; file && index; file = file->next)
        index--;
    if (file)
        return file->name;
    struct session_request *request = session.requests;
    for (; request && index; request = request->next)
        index--;
    return request ? request->name : NULL;
}
