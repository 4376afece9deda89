/* SPDX-License-Identifier: MIT */
/* Reading the words of a command; see command.h. */
#include "command.h"

#include <stdlib.h>
#include <string.h>

bool parse_failed(const struct parse_error *error)
{
    return session_fail(error->column, "%s", error->message);
}

struct word *next_word(struct command_line *line)
{
    return line->at < line->count ? &line->words[line->at++] : NULL;
}

unsigned end_column(const struct command_line *line)
{
    const struct word *last = &line->words[line->count - 1];
    return last->column + (unsigned)last->length;
}

bool want_text(struct command_line *line, const char *what, char *buffer, size_t bytes)
{
    struct parse_error error;
    struct word *word = next_word(line);
    if (!word)
        return session_fail(end_column(line), "%.*s wants %s", (int)line->words[0].length, line->words[0].text, what);
    return word_text(word, buffer, bytes, &error) || parse_failed(&error);
}

bool unexpected(const struct word *word)
{
    return session_fail(word->column, "unexpected '%.*s'", (int)word->length, word->text);
}

bool want_value(struct command_line *line, const char *what, struct word **word)
{
    *word = next_word(line);
    return *word || session_fail(end_column(line), "%s is missing", what);
}

struct session_file *find_file(const char *name)
{
    for (struct session_file *f = session.files; f; f = f->next)
        if (!strcmp(f->name, name))
            return f;
    return NULL;
}

struct session_request *find_request(const char *name)
{
    for (struct session_request *r = session.requests; r; r = r->next)
        if (!strcmp(r->name, name))
            return r;
    return NULL;
}

bool want_file(struct command_line *line, struct session_file **file)
{
    char name[64];
    unsigned column = line->at < line->count ? line->words[line->at].column : end_column(line);
    if (!want_text(line, "the name of an open file", name, sizeof name))
        return false;
    *file = find_file(name);
    return *file || session_fail(column, "no file is open as '%s'", name);
}

bool want_request(struct command_line *line, struct session_request **request)
{
    char name[64];
    unsigned column = line->at < line->count ? line->words[line->at].column : end_column(line);
    if (!want_text(line, "the name of a request", name, sizeof name))
        return false;
    *request = find_request(name);
    return *request || session_fail(column, "no request is called '%s'", name);
}
