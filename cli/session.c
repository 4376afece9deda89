/* SPDX-License-Identifier: MIT */
/* The commands of scripts and of the shell; see session.h and docs/scripting.md. */
#include "session.h"
#include "output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct session session;

struct session_file {
    struct session_file *next;
    char name[64];
    kiln_file file;
    bool overlapped;
};

struct session_request {
    struct session_request *next;
    char name[64];
    kiln_request *request;
    uint8_t *buffer; /* its output, ours */
    uint8_t *input;
    uint32_t bytes;
    char what[160];
};

/* Where a command's words are, and how far its parser got. */
struct command_line {
    struct word words[MAX_WORDS];
    unsigned count, at;
};

struct command {
    const char *name, *usage, *help;
    bool (*run)(struct command_line *line);
};
extern const struct command commands[];

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

static bool parse_failed(const struct parse_error *error)
{
    return session_fail(error->column, "%s", error->message);
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

/* ---------------------------------------------------------------- words of a command */

static struct word *next_word(struct command_line *line)
{
    return line->at < line->count ? &line->words[line->at++] : NULL;
}

static unsigned end_column(const struct command_line *line)
{
    const struct word *last = &line->words[line->count - 1];
    return last->column + (unsigned)last->length;
}

static bool want_text(struct command_line *line, const char *what, char *buffer, size_t bytes)
{
    struct parse_error error;
    struct word *word = next_word(line);
    if (!word)
        return session_fail(end_column(line), "%.*s wants %s", (int)line->words[0].length, line->words[0].text, what);
    return word_text(word, buffer, bytes, &error) || parse_failed(&error);
}

static bool unexpected(const struct word *word)
{
    return session_fail(word->column, "unexpected '%.*s'", (int)word->length, word->text);
}

static bool want_value(struct command_line *line, const char *what, struct word **word)
{
    *word = next_word(line);
    return *word || session_fail(end_column(line), "%s is missing", what);
}

static struct session_file *find_file(const char *name)
{
    for (struct session_file *f = session.files; f; f = f->next)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

static struct session_request *find_request(const char *name)
{
    for (struct session_request *r = session.requests; r; r = r->next)
        if (!strcmp(r->name, name))
            return r;
    return NULL;
}

static bool want_file(struct command_line *line, struct session_file **file)
{
    char name[64];
    unsigned column = line->at < line->count ? line->words[line->at].column : end_column(line);
    if (!want_text(line, "the name of an open file", name, sizeof name))
        return false;
    *file = find_file(name);
    return *file || session_fail(column, "no file is open as '%s'", name);
}

static bool want_request(struct command_line *line, struct session_request **request)
{
    char name[64];
    unsigned column = line->at < line->count ? line->words[line->at].column : end_column(line);
    if (!want_text(line, "the name of a request", name, sizeof name))
        return false;
    *request = find_request(name);
    return *request || session_fail(column, "no request is called '%s'", name);
}

/* ---------------------------------------------------------------- results */

static bool is_error(kiln_status status)
{
    return ((uint32_t)status >> 30) == 3;
}

/* Take over `data` (malloc'ed or NULL) as the last operation's result and print it. */
static void record(struct command_line *line, const char *what, kiln_status status, uint64_t information,
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

/* ---------------------------------------------------------------- drivers */

bool session_load(const char *path, const char *service)
{
    kiln_status status = kiln_load(path, service);
    if (!is_error(status)) {
        if (session.json) {
            printf("{\"command\":\"load\",\"path\":");
            json_string(stdout, path, strlen(path));
            printf(",\"status\":\"STATUS_SUCCESS\"}\n");
        } else if (!session.plain) {
            printf("load %s: STATUS_SUCCESS\n", path);
        }
    }
    session.last.valid = true;
    session.last.status = status;
    return !is_error(status);
}

static bool run_load(struct command_line *line)
{
    char path[1024], service[256] = "", what[160];
    if (!want_text(line, "the path of a driver image", path, sizeof path))
        return false;
    struct word *word = next_word(line);
    if (word && word_is(word, "as")) {
        if (!want_text(line, "a service name after 'as'", service, sizeof service))
            return false;
        word = next_word(line);
    }
    if (word)
        return unexpected(word);
    kiln_status status = kiln_load(path, service[0] ? service : NULL);
    char why[1024];
    snprintf(why, sizeof why, "%s", kiln_last_error());
    snprintf(what, sizeof what, "load %.140s", path);
    record(line, what, status, 0, NULL, 0);
    if (is_error(status) && why[0] && !session.json && !session.plain)
        fprintf(stderr, "%s\n", why);
    return true;
}

static bool run_unload(struct command_line *line)
{
    char service[256], what[300];
    if (!want_text(line, "a service name", service, sizeof service))
        return false;
    if (line->at < line->count)
        return unexpected(&line->words[line->at]);
    kiln_status status = kiln_unload(service);
    snprintf(what, sizeof what, "unload %s", service);
    record(line, what, status, 0, NULL, 0);
    return true;
}

/* ---------------------------------------------------------------- files */

static bool run_open(struct command_line *line)
{
    char name[512], alias[64] = "", what[160];
    unsigned access = KILN_READ | KILN_WRITE, flags = 0;
    if (!want_text(line, "the name of a device", name, sizeof name))
        return false;
    struct word *word;
    while ((word = next_word(line))) {
        if (word_is(word, "as")) {
            if (!want_text(line, "a name after 'as'", alias, sizeof alias))
                return false;
        } else if (word_is(word, "read")) {
            access = KILN_READ;
        } else if (word_is(word, "write")) {
            access = KILN_WRITE;
        } else if (word_is(word, "readwrite")) {
            access = KILN_READ | KILN_WRITE;
        } else if (word_is(word, "noaccess")) {
            access = 0;
        } else if (word_is(word, "async") || word_is(word, "overlapped")) {
            flags |= KILN_OVERLAPPED;
        } else if (word_is(word, "create")) {
            flags |= KILN_CREATE;
        } else {
            return unexpected(word);
        }
    }
    if (!alias[0]) {
        const char *tail = strrchr(name, '\\');
        snprintf(alias, sizeof alias, "%s", tail ? tail + 1 : name);
    }
    if (find_file(alias))
        return session_fail(line->words[0].column, "a file is open as '%s' already; say 'as NAME'", alias);
    kiln_file file;
    kiln_status status = kiln_open(name, access, flags, &file);
    if (!is_error(status)) {
        struct session_file *entry = calloc(1, sizeof *entry);
        if (!entry)
            return session_fail(1, "out of memory");
        snprintf(entry->name, sizeof entry->name, "%s", alias);
        entry->file = file;
        entry->overlapped = (flags & KILN_OVERLAPPED) != 0;
        entry->next = session.files;
        session.files = entry;
    }
    snprintf(what, sizeof what, "open %.140s", name);
    record(line, what, status, 0, NULL, 0);
    return true;
}

static void forget_file(struct session_file *file)
{
    for (struct session_file **p = &session.files; *p; p = &(*p)->next)
        if (*p == file) {
            *p = file->next;
            free(file);
            return;
        }
}

static bool run_close(struct command_line *line)
{
    struct session_file *file;
    char what[160];
    if (!want_file(line, &file))
        return false;
    snprintf(what, sizeof what, "close %s", file->name);
    kiln_status status = kiln_close(file->file);
    forget_file(file);
    record(line, what, status, 0, NULL, 0);
    return true;
}

static bool run_flush(struct command_line *line)
{
    struct session_file *file;
    char what[160];
    if (!want_file(line, &file))
        return false;
    snprintf(what, sizeof what, "flush %s", file->name);
    record(line, what, kiln_flush(file->file), 0, NULL, 0);
    return true;
}

/* What read, write and ioctl have in common. */
struct transfer {
    struct session_file *file;
    uint8_t *in, *out;
    size_t in_bytes;
    uint32_t out_bytes;
    uint64_t offset;
    bool async;
    char alias[64];
};

/* `at OFFSET`, `async [as NAME]`, `in DATA`, `out N` in any order. */
static bool parse_transfer(struct command_line *line, struct transfer *t, bool in_out)
{
    struct parse_error error;
    struct word *word, *value;
    while ((word = next_word(line))) {
        if (word_is(word, "at")) {
            if (!want_value(line, "an offset after 'at'", &value))
                return false;
            if (!word_number(value, &t->offset, &error))
                return parse_failed(&error);
        } else if (word_is(word, "async")) {
            t->async = true;
        } else if (word_is(word, "as")) {
            t->async = true;
            if (!want_text(line, "a name after 'as'", t->alias, sizeof t->alias))
                return false;
        } else if (in_out && word_is(word, "in")) {
            if (!want_value(line, "data after 'in'", &value))
                return false;
            free(t->in);
            t->in = NULL;
            if (!word_data(value, &t->in, &t->in_bytes, &error))
                return parse_failed(&error);
        } else if (in_out && word_is(word, "out")) {
            uint64_t bytes;
            if (!want_value(line, "a length after 'out'", &value))
                return false;
            if (!word_number(value, &bytes, &error))
                return parse_failed(&error);
            if (bytes > 64u << 20)
                return session_fail(value->column, "at most 64 MB");
            t->out_bytes = (uint32_t)bytes;
        } else {
            return unexpected(word);
        }
    }
    if (t->async && !t->file->overlapped)
        return session_fail(line->words[0].column, "'%s' was not opened async", t->file->name);
    if (t->async && !t->alias[0]) {
        /* Requests without a name are numbered. */
        static unsigned serial;
        do
            snprintf(t->alias, sizeof t->alias, "r%u", ++serial);
        while (find_request(t->alias));
    }
    if (t->async && find_request(t->alias))
        return session_fail(line->words[0].column, "a request is called '%s' already; wait for it first", t->alias);
    if (t->out_bytes) {
        t->out = calloc(1, t->out_bytes);
        if (!t->out)
            return session_fail(1, "out of memory");
    }
    return true;
}

static bool keep_request(struct transfer *t, kiln_request *request, const char *what)
{
    struct session_request *entry = calloc(1, sizeof *entry);
    if (!entry)
        return session_fail(1, "out of memory");
    snprintf(entry->name, sizeof entry->name, "%s", t->alias);
    snprintf(entry->what, sizeof entry->what, "%s", what);
    entry->request = request;
    entry->buffer = t->out;
    entry->input = t->in;
    entry->bytes = t->out_bytes;
    entry->next = session.requests;
    session.requests = entry;
    return true;
}

/* Record an asynchronous request's first status, or free what it did not need. */
static bool issued(struct command_line *line, struct transfer *t, kiln_request *request, kiln_status status,
                   const char *what)
{
    bool ok = true;
    if (request) {
        ok = keep_request(t, request, what);
    } else {
        free(t->in);
        free(t->out);
    }
    record(line, what, status, 0, NULL, 0);
    return ok;
}

static void completed(struct command_line *line, struct transfer *t, kiln_status status, uint64_t information,
                      const char *what)
{
    size_t bytes = information < t->out_bytes ? information : t->out_bytes;
    free(t->in);
    if (is_error(status) || !t->out) {
        free(t->out);
        record(line, what, status, information, NULL, 0);
    } else {
        record(line, what, status, information, t->out, bytes);
    }
}

static bool abandon(struct transfer *t)
{
    free(t->in);
    free(t->out);
    return false;
}

static bool run_read(struct command_line *line)
{
    struct transfer t = {0};
    struct parse_error error;
    struct word *word;
    uint64_t bytes, information = 0;
    char what[160];
    if (!want_file(line, &t.file) || !want_value(line, "the number of bytes to read", &word))
        return false;
    if (!word_number(word, &bytes, &error))
        return parse_failed(&error);
    if (bytes > 64u << 20)
        return session_fail(word->column, "at most 64 MB");
    t.out_bytes = (uint32_t)bytes;
    if (!parse_transfer(line, &t, false))
        return abandon(&t);
    snprintf(what, sizeof what, "read %s", t.file->name);
    if (t.async) {
        kiln_request *request;
        kiln_status status = kiln_read_async(t.file->file, t.out, t.out_bytes, t.offset, &request);
        return issued(line, &t, request, status, what);
    }
    kiln_status status = kiln_read(t.file->file, t.out, t.out_bytes, t.offset, &information);
    completed(line, &t, status, information, what);
    return true;
}

static bool run_write(struct command_line *line)
{
    struct transfer t = {0};
    struct parse_error error;
    struct word *word;
    uint64_t information = 0;
    char what[160];
    if (!want_file(line, &t.file) || !want_value(line, "the data to write", &word))
        return false;
    if (!word_data(word, &t.in, &t.in_bytes, &error))
        return parse_failed(&error);
    if (!parse_transfer(line, &t, false))
        return abandon(&t);
    snprintf(what, sizeof what, "write %s", t.file->name);
    if (t.async) {
        kiln_request *request;
        kiln_status status = kiln_write_async(t.file->file, t.in, (uint32_t)t.in_bytes, t.offset, &request);
        return issued(line, &t, request, status, what);
    }
    kiln_status status = kiln_write(t.file->file, t.in, (uint32_t)t.in_bytes, t.offset, &information);
    completed(line, &t, status, information, what);
    return true;
}

static bool run_ioctl(struct command_line *line)
{
    struct transfer t = {0};
    struct parse_error error;
    struct word *word;
    uint32_t code;
    uint64_t information = 0;
    char what[160];
    if (!want_file(line, &t.file) || !want_value(line, "a control code", &word))
        return false;
    if (!word_ioctl(word, &code, &error))
        return parse_failed(&error);
    if (!parse_transfer(line, &t, true))
        return abandon(&t);
    snprintf(what, sizeof what, "ioctl %s 0x%x", t.file->name, code);
    if (t.async) {
        kiln_request *request;
        kiln_status status =
            kiln_ioctl_async(t.file->file, code, t.in, (uint32_t)t.in_bytes, t.out, t.out_bytes, &request);
        return issued(line, &t, request, status, what);
    }
    kiln_status status =
        kiln_ioctl(t.file->file, code, t.in, (uint32_t)t.in_bytes, t.out, t.out_bytes, &information);
    completed(line, &t, status, information, what);
    return true;
}

/* The request is done: its result becomes the last one, and its name is free. */
static void retire(struct command_line *line, struct session_request *entry, kiln_status status, uint64_t information)
{
    struct transfer t = {.in = entry->input, .out = entry->buffer, .out_bytes = entry->bytes};
    char what[200];
    snprintf(what, sizeof what, "%.130s (%s)", entry->what, entry->name);
    kiln_finish(entry->request);
    for (struct session_request **p = &session.requests; *p; p = &(*p)->next)
        if (*p == entry) {
            *p = entry->next;
            break;
        }
    free(entry);
    completed(line, &t, status, information, what);
}

static bool run_wait(struct command_line *line)
{
    struct session_request *entry;
    struct parse_error error;
    uint64_t timeout = KILN_FOREVER, information = 0;
    if (!want_request(line, &entry))
        return false;
    struct word *word = next_word(line);
    if (word && word_is(word, "timeout")) {
        struct word *value;
        if (!want_value(line, "a time after 'timeout'", &value))
            return false;
        if (!word_duration_ns(value, &timeout, &error))
            return parse_failed(&error);
        word = next_word(line);
    }
    if (word)
        return unexpected(word);
    kiln_status status = kiln_wait(entry->request, timeout, &information);
    if (!kiln_is_done(entry->request)) {
        char what[200];
        snprintf(what, sizeof what, "wait %s", entry->name);
        record(line, what, status, 0, NULL, 0);
        return true;
    }
    retire(line, entry, status, information);
    return true;
}

static bool run_cancel(struct command_line *line)
{
    struct session_request *entry;
    char what[160];
    if (!want_request(line, &entry))
        return false;
    snprintf(what, sizeof what, "cancel %s", entry->name);
    record(line, what, kiln_cancel(entry->request), 0, NULL, 0);
    return true;
}

static bool run_sleep(struct command_line *line)
{
    struct parse_error error;
    struct word *word;
    uint64_t nanoseconds;
    if (!want_value(line, "a time", &word))
        return false;
    if (!word_duration_ns(word, &nanoseconds, &error))
        return parse_failed(&error);
    kiln_sleep(nanoseconds);
    return true;
}

static bool run_idle(struct command_line *line)
{
    struct parse_error error;
    uint64_t limit = 10000000000ull;
    struct word *word = next_word(line);
    if (word && !word_duration_ns(word, &limit, &error))
        return parse_failed(&error);
    if (!kiln_run_until_idle(limit) && !session.plain && !session.json)
        printf("idle: the machine is still busy\n");
    return true;
}

/* ---------------------------------------------------------------- judging and printing */

static bool expect_data(const struct word *word)
{
    struct parse_error error;
    uint8_t *data;
    size_t bytes;
    if (!word_data(word, &data, &bytes, &error))
        return parse_failed(&error);
    const struct result *last = &session.last;
    bool same = bytes == last->bytes && (bytes == 0 || !memcmp(data, last->data, bytes));
    if (!same) {
        fflush(stdout);
        fprintf(stderr, "  expected (%zu bytes): ", bytes);
        print_data(stderr, data, bytes);
        fprintf(stderr, "\n  got      (%zu bytes): ", last->bytes);
        print_data(stderr, last->data, last->bytes);
        fputc('\n', stderr);
    }
    free(data);
    return same || session_fail(word->column, "%s: the data is not what was expected", last->what);
}

static bool expect_output(const struct word *word)
{
    struct parse_error error;
    uint8_t *data;
    size_t bytes;
    if (!word_data(word, &data, &bytes, &error))
        return parse_failed(&error);
    /* Output is consumed up to the match, so that a script can expect lines in order. */
    const char *found = session.output ? memmem(session.output + session.output_searched,
                                                session.output_bytes - session.output_searched, data, bytes)
                                       : NULL;
    if (found)
        session.output_searched = (size_t)(found - session.output) + bytes;
    free(data);
    return found || session_fail(word->column, "no driver has printed %.*s", (int)word->length, word->text);
}

static bool run_expect(struct command_line *line)
{
    struct parse_error error;
    struct word *word, *value;
    struct result *last = &session.last;
    char text[128], got[64];
    if (line->count < 2)
        return session_fail(end_column(line), "expect wants status, information, data or output");
    while ((word = next_word(line))) {
        bool output = word_is(word, "output");
        if (!last->valid && !output)
            return session_fail(word->column, "nothing has been done yet");
        if (word_is(word, "status")) {
            kiln_status status;
            uint64_t number;
            if (!want_value(line, "a status", &value))
                return false;
            if (!word_text(value, text, sizeof text, &error))
                return parse_failed(&error);
            if (!kiln_status_value(text, &status)) {
                if (!word_number(value, &number, &error) || number > UINT32_MAX)
                    return session_fail(value->column, "'%s' is no status: a name such as STATUS_SUCCESS or a number",
                                        text);
                status = (kiln_status)number;
            }
            last->unexamined = false;
            if (status != last->status)
                return session_fail(value->column, "%s: expected %s, got %s", last->what, text,
                                    status_text(last->status, got, sizeof got));
        } else if (word_is(word, "information")) {
            uint64_t number;
            if (!want_value(line, "a number", &value))
                return false;
            if (!word_number(value, &number, &error))
                return parse_failed(&error);
            if (number != last->information)
                return session_fail(value->column, "%s: expected information %llu, got %llu", last->what,
                                    (unsigned long long)number, (unsigned long long)last->information);
        } else if (word_is(word, "data")) {
            if (!want_value(line, "data", &value) || !expect_data(value))
                return false;
        } else if (output) {
            if (!want_value(line, "text", &value) || !expect_output(value))
                return false;
        } else {
            return unexpected(word);
        }
    }
    return true;
}

static bool run_print(struct command_line *line)
{
    struct parse_error error;
    struct word *word;
    char text[2048], name[64];
    bool first = true;
    while ((word = next_word(line))) {
        if (!first)
            putchar(' ');
        first = false;
        if (word_is(word, "status")) {
            fputs(status_text(session.last.status, name, sizeof name), stdout);
        } else if (word_is(word, "information")) {
            printf("%llu", (unsigned long long)session.last.information);
        } else if (word_is(word, "data")) {
            print_data(stdout, session.last.data, session.last.bytes);
        } else if (word_is(word, "hex")) {
            print_hex(stdout, session.last.data, session.last.bytes);
        } else if (word_is(word, "time")) {
            printf("%.6f s", (double)kiln_time() / 1e9);
        } else {
            if (!word_text(word, text, sizeof text, &error))
                return parse_failed(&error);
            fputs(text, stdout);
        }
    }
    putchar('\n');
    return true;
}

static bool run_list(struct command_line *line)
{
    char kind[32], argument[512] = "";
    snprintf(kind, sizeof kind, "%.*s", (int)line->words[0].length, line->words[0].text);
    if (line->at < line->count && !want_text(line, "", argument, sizeof argument))
        return false;
    struct table table = {0};
    kiln_status status = kiln_list(kind, argument[0] ? argument : NULL, table_row, &table);
    if (is_error(status)) {
        char name[64];
        table_free(&table);
        return session_fail(line->words[0].column, "%s %s: %s", kind, argument, status_text(status, name, sizeof name));
    }
    if (session.json)
        table_print_json(&table, kind, stdout);
    else if (!session.plain)
        table_print(&table, stdout);
    table_free(&table);
    return true;
}

static bool run_version(struct command_line *line)
{
    (void)line;
    printf("kiln %s\n", kiln_version());
    return true;
}

static bool run_quit(struct command_line *line)
{
    (void)line;
    session.quit = true;
    return true;
}

static bool run_help(struct command_line *line)
{
    char name[32] = "";
    if (line->at < line->count && !want_text(line, "", name, sizeof name))
        return false;
    for (const struct command *c = commands; c->name; c++)
        if (!name[0])
            printf("  %-10s %s\n", c->name, c->help);
        else if (!strcmp(c->name, name))
            return printf("%s %s\n    %s\n", c->name, c->usage, c->help) > 0;
    if (name[0])
        return session_fail(line->words[1].column, "no command is called '%s'", name);
    printf("help COMMAND shows how it is written; docs/scripting.md tells all.\n");
    return true;
}

const struct command commands[] = {
    {"load", "PATH [as SERVICE]", "load a driver image and start it", run_load},
    {"unload", "SERVICE", "stop a driver and unload it", run_unload},
    {"open", "NAME [as FILE] [read|write|readwrite|noaccess] [async] [create]", "open a device", run_open},
    {"close", "FILE", "close a file", run_close},
    {"read", "FILE BYTES [at OFFSET] [async] [as REQUEST]", "read", run_read},
    {"write", "FILE DATA [at OFFSET] [async] [as REQUEST]", "write", run_write},
    {"ioctl", "FILE CODE [in DATA] [out BYTES] [async] [as REQUEST]", "send a device control request", run_ioctl},
    {"flush", "FILE", "flush a file's buffers", run_flush},
    {"wait", "REQUEST [timeout TIME]", "wait for an asynchronous request", run_wait},
    {"cancel", "REQUEST", "cancel an asynchronous request", run_cancel},
    {"sleep", "TIME", "let the machine run for that long", run_sleep},
    {"idle", "[LIMIT]", "let the machine run until nothing is left to do", run_idle},
    {"expect", "[status STATUS] [information N] [data DATA] [output TEXT]", "check the last operation", run_expect},
    {"print", "WORD|status|information|data|hex|time ...", "print text or the last result", run_print},
    {"drivers", "", "list the drivers", run_list},
    {"devices", "", "list the device objects", run_list},
    {"devstack", "DEVICE", "show the devices attached above and below a device", run_list},
    {"objdir", "[PATH]", "list an object directory", run_list},
    {"handles", "", "list the open handles", run_list},
    {"threads", "", "list the threads and what each waits for", run_list},
    {"irps", "", "list the IRPs in flight", run_list},
    {"pool", "[TAG]", "show pool use by tag", run_list},
    {"modules", "", "list the loaded images", run_list},
    {"version", "", "print Kiln's version", run_version},
    {"help", "[COMMAND]", "show the commands, or one", run_help},
    {"quit", "", "end", run_quit},
    {NULL, NULL, NULL, NULL},
};

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
