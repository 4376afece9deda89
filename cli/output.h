/* SPDX-License-Identifier: MIT */
/* How the kiln command prints: tables and values for people, or one JSON object a line for machines. */
#ifndef KILN_CLI_OUTPUT_H
#define KILN_CLI_OUTPUT_H

#include <kiln/kiln.h>
#include <stdio.h>

/* A string as a JSON literal, quotes included. */
void json_string(FILE *out, const char *text, size_t bytes);

/* Data as a person reads it: "text" when printable, otherwise hexadecimal; at most 64 bytes, then "...". */
void print_data(FILE *out, const uint8_t *data, size_t bytes);
void print_hex(FILE *out, const uint8_t *data, size_t bytes);

/* "STATUS_SUCCESS", or "0xC0001234" for a value without a name. */
const char *status_text(kiln_status status, char *buffer, size_t bytes);

/* Collects the rows of kiln_list and prints them as one aligned table or one JSON object. */
struct table {
    char ***cells;
    struct kiln_field *kinds; /* names and kinds of the columns, from the first row */
    unsigned rows, columns;
};
void table_row(void *table, const struct kiln_field *fields, unsigned count); /* a kiln_row_fn */
void table_print(const struct table *table, FILE *out);
void table_print_json(const struct table *table, const char *command, FILE *out);
void table_free(struct table *table);

#endif
