/* SPDX-License-Identifier: MIT */
/* expect and print: judging and showing the last result. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

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

bool run_expect(struct command_line *line)
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

bool run_print(struct command_line *line)
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
