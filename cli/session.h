/* SPDX-License-Identifier: MIT */
/*
 * A session: the machine as `kiln run` and `kiln shell` drive it. It executes command text (docs/scripting.md), keeps the
 * named files and requests, and judges: a command that fails counts as a failure of the run unless the next command is an
 * `expect` that says so.
 */
#ifndef KILN_CLI_SESSION_H
#define KILN_CLI_SESSION_H

#include "words.h"

#include <kiln/kiln.h>
#include <stdbool.h>

struct session_file;
struct session_request;

/* What the last operation gave; `expect` and `print` look at it. */
struct result {
    bool valid;
    bool unexamined;    /* failed, and nobody expected it yet */
    kiln_status status;
    uint64_t information;
    uint8_t *data;
    size_t bytes;
    char what[160];     /* the operation in words, for messages */
    char where[320];    /* file:line:column of the command */
};

struct session {
    bool plain, json, interactive;
    const char *source;  /* script's name, "command line" or "shell" */
    unsigned line;       /* of the current command */
    unsigned failures;
    bool quit;
    struct result last;
    struct session_file *files;
    struct session_request *requests;
    char *output;        /* what drivers printed so far */
    size_t output_bytes, output_searched;
};

/* The session of the process: a process is a machine. */
extern struct session session;

/* Execute all commands of one line. False when the run should stop (a failure outside the shell, or quit). */
bool session_line(const char *line, unsigned line_number);

/* Execute a text of many lines. Returns false if it stopped early. */
bool session_text(const char *text);

/* A failure nobody expected, if one is left, is reported. Call at the end. */
void session_settle(void);

/* Close files, finish requests, unload drivers, report leaks. */
void session_close(void);

/* Load a driver as the `load` command does. */
bool session_load(const char *path, const char *service);

/* Collect and print what the machine says (kiln_options.on_output). */
void session_output(enum kiln_stream stream, const char *text, uint64_t bytes);

/* Count and print a failure at a column of the current line. Always returns false. */
bool session_fail(unsigned column, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Completion for the shell: the `index`th command name, file name or NULL. */
const char *session_complete_command(unsigned index);
const char *session_complete_name(unsigned index);

#endif
