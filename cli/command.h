/* SPDX-License-Identifier: MIT */
/* What the files of the script commands share; see session.h. */
#ifndef KILN_CLI_COMMAND_H
#define KILN_CLI_COMMAND_H

#include "output.h"
#include "session.h"

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

/* A command reads its words, acts, and returns false if it could not (having called session_fail). */
struct command {
    const char *name, *usage, *help;
    bool (*run)(struct command_line *line);
};
extern const struct command commands[]; /* ends with a null name */

/* command_words.c: reading a command's words. Those that fail say so with session_fail and return false. */
bool parse_failed(const struct parse_error *error);
struct word *next_word(struct command_line *line);
unsigned end_column(const struct command_line *line);
bool want_text(struct command_line *line, const char *what, char *buffer, size_t bytes);
bool want_value(struct command_line *line, const char *what, struct word **word);
bool unexpected(const struct word *word);
struct session_file *find_file(const char *name);
struct session_request *find_request(const char *name);
bool want_file(struct command_line *line, struct session_file **file);
bool want_request(struct command_line *line, struct session_request **request);

/* session.c */
bool is_error(kiln_status status);

/* Take over `data` (malloc'ed or NULL) as the last operation's result and print it. */
void record(struct command_line *line, const char *what, kiln_status status, uint64_t information, uint8_t *data,
            size_t bytes);
void forget_file(struct session_file *file);

/* The commands, by file. */
bool run_load(struct command_line *line);
bool run_unload(struct command_line *line);
bool run_open(struct command_line *line);
bool run_close(struct command_line *line);
bool run_flush(struct command_line *line);
bool run_read(struct command_line *line);
bool run_write(struct command_line *line);
bool run_ioctl(struct command_line *line);
bool run_wait(struct command_line *line);
bool run_cancel(struct command_line *line);
bool run_sleep(struct command_line *line);
bool run_idle(struct command_line *line);
bool run_expect(struct command_line *line);
bool run_print(struct command_line *line);
bool run_list(struct command_line *line);
bool run_processor(struct command_line *line);
bool run_deadlocks(struct command_line *line);
bool run_nmi(struct command_line *line);
bool run_pageout(struct command_line *line);
bool run_version(struct command_line *line);
bool run_silo(struct command_line *line);
bool run_quit(struct command_line *line);
bool run_help(struct command_line *line);

#endif
