/* SPDX-License-Identifier: MIT */
/* open, close, read, write, ioctl, flush, wait, cancel: I/O requests, synchronous and not. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

bool run_open(struct command_line *line)
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
        snprintf(alias, sizeof alias, "%.*s", (int)sizeof alias - 1, tail ? tail + 1 : name);
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

void forget_file(struct session_file *file)
{
    for (struct session_file **p = &session.files; *p; p = &(*p)->next)
        if (*p == file) {
            *p = file->next;
            free(file);
            return;
        }
}

bool run_close(struct command_line *line)
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

bool run_flush(struct command_line *line)
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

bool run_read(struct command_line *line)
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

bool run_write(struct command_line *line)
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

bool run_ioctl(struct command_line *line)
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

bool run_wait(struct command_line *line)
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

bool run_cancel(struct command_line *line)
{
    struct session_request *entry;
    char what[160];
    if (!want_request(line, &entry))
        return false;
    snprintf(what, sizeof what, "cancel %s", entry->name);
    record(line, what, kiln_cancel(entry->request), 0, NULL, 0);
    return true;
}
