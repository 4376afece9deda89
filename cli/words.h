/* SPDX-License-Identifier: MIT */
/*
 * Command text: lines, commands, words and data. Every parser reports errors with the column (from 1) where the
 * trouble starts, so that a script error can be named as file:line:column.
 */
#ifndef KILN_CLI_WORDS_H
#define KILN_CLI_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_WORDS 64

struct word {
    const char *text; /* raw, quotes included; points into the line; not terminated */
    size_t length;
    unsigned column;
};

struct parse_error {
    unsigned column;
    char message[256];
};

/*
 * Split one command off `line` (ends at newline, an unquoted `;`, `#` or the terminating zero) into words. *next is where
 * the next command starts, or NULL at the end of the line. False: unbalanced quote or too many words.
 */
bool words_split(const char *line, const char *line_start, struct word *words, unsigned *count, const char **next,
                 struct parse_error *error);

/* The word without quotes and escapes, in a buffer of the given size. */
bool word_text(const struct word *word, char *buffer, size_t bytes, struct parse_error *error);
bool word_is(const struct word *word, const char *text);

/* An integer: decimal, 0x hex, with optional k/m/g (1024) suffix. */
bool word_number(const struct word *word, uint64_t *value, struct parse_error *error);

/* A duration: number with ns, us, ms (default) or s. */
bool word_duration_ns(const struct word *word, uint64_t *nanoseconds, struct parse_error *error);

/*
 * Data: pieces joined with `+`. "text" (bytes, escapes \n \r \t \0 \\ \" \xNN), L"text" (UTF-16), hex:0a1b, u8: u16:
 * u32: u64: (little endian), zeros:N, fill:N:BYTE, file:PATH. A bare word is text. The result is malloc'ed.
 */
bool word_data(const struct word *word, uint8_t **data, size_t *bytes, struct parse_error *error);

/* An I/O control code: a number, or ctl(device,function,method,access) with numbers or names (buffered, in_direct,
 * out_direct, neither; any, read, write, readwrite). */
bool word_ioctl(const struct word *word, uint32_t *code, struct parse_error *error);

#endif
