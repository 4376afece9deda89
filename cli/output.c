/* SPDX-License-Identifier: MIT */
/* Printing for people and machines; see output.h. */
#include "output.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void json_string(FILE *out, const char *text, size_t bytes)
{
    putc('"', out);
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20)
            fprintf(out, "\\u%04x", c);
        else
            putc(c, out);
    }
    putc('"', out);
}

void print_hex(FILE *out, const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        fprintf(out, "%02x", data[i]);
}

void print_data(FILE *out, const uint8_t *data, size_t bytes)
{
    size_t shown = bytes > 64 ? 64 : bytes;
    bool printable = true;
    for (size_t i = 0; i < shown; i++)
        printable &= isprint(data[i]) || data[i] == '\n' || data[i] == '\t';
    if (printable) {
        putc('"', out);
        for (size_t i = 0; i < shown; i++) {
            if (data[i] == '\n')
                fputs("\\n", out);
            else if (data[i] == '\t')
                fputs("\\t", out);
            else if (data[i] == '"' || data[i] == '\\')
                fprintf(out, "\\%c", data[i]);
            else
                putc(data[i], out);
        }
        putc('"', out);
    } else {
        for (size_t i = 0; i < shown; i++)
            fprintf(out, "%s%02x", i ? " " : "", data[i]);
    }
    if (shown < bytes)
        fprintf(out, " ... (%zu bytes)", bytes);
}

const char *status_text(kiln_status status, char *buffer, size_t bytes)
{
    const char *name = kiln_status_name(status);
    if (name)
        snprintf(buffer, bytes, "%s", name);
    else
        snprintf(buffer, bytes, "0x%08X", (unsigned)status);
    return buffer;
}

/* ---------------------------------------------------------------- tables */

static void *grow(void *memory, size_t bytes)
{
    void *grown = realloc(memory, bytes);
    if (!grown) {
        fputs("kiln: out of memory\n", stderr);
        exit(2);
    }
    return grown;
}

static char *copy(const char *text)
{
    size_t n = strlen(text) + 1;
    return memcpy(grow(NULL, n), text, n);
}

void table_row(void *context, const struct kiln_field *fields, unsigned count)
{
    struct table *table = context;
    if (!table->kinds) {
        table->columns = count;
        table->kinds = grow(NULL, (count ? count : 1) * sizeof *table->kinds);
        for (unsigned i = 0; i < count; i++) {
            table->kinds[i] = fields[i];
            table->kinds[i].name = copy(fields[i].name);
        }
    }
    table->cells = grow(table->cells, (table->rows + 1) * sizeof *table->cells);
    char **row = grow(NULL, table->columns * sizeof *row + 1);
    for (unsigned i = 0; i < table->columns; i++) {
        char number[32];
        if (i >= count) {
            row[i] = copy("");
        } else if (fields[i].kind == KILN_TEXT) {
            row[i] = copy(fields[i].text ? fields[i].text : "");
        } else {
            snprintf(number, sizeof number, fields[i].kind == KILN_HEX ? "0x%llx" : "%llu",
                     (unsigned long long)fields[i].number);
            row[i] = copy(number);
        }
    }
    table->cells[table->rows++] = row;
}

void table_print(const struct table *table, FILE *out)
{
    if (table->rows == 0) {
        fputs("(none)\n", out);
        return;
    }
    for (unsigned r = 0; r <= table->rows; r++) {
        for (unsigned c = 0; c < table->columns; c++) {
            int width = (int)strlen(table->kinds[c].name);
            for (unsigned i = 0; i < table->rows; i++)
                if ((int)strlen(table->cells[i][c]) > width)
                    width = (int)strlen(table->cells[i][c]);
            const char *text = r == 0 ? table->kinds[c].name : table->cells[r - 1][c];
            bool last = c + 1 == table->columns;
            if (table->kinds[c].kind == KILN_NUMBER)
                fprintf(out, "%*s%s", width, text, last ? "" : "  ");
            else
                fprintf(out, "%-*s%s", last ? 0 : width, text, last ? "" : "  ");
        }
        putc('\n', out);
    }
}

void table_print_json(const struct table *table, const char *command, FILE *out)
{
    fputs("{\"command\":", out);
    json_string(out, command, strlen(command));
    fputs(",\"rows\":[", out);
    for (unsigned r = 0; r < table->rows; r++) {
        fputs(r ? ",{" : "{", out);
        for (unsigned c = 0; c < table->columns; c++) {
            if (c)
                putc(',', out);
            json_string(out, table->kinds[c].name, strlen(table->kinds[c].name));
            putc(':', out);
            if (table->kinds[c].kind == KILN_NUMBER)
                fputs(table->cells[r][c], out);
            else
                json_string(out, table->cells[r][c], strlen(table->cells[r][c]));
        }
        putc('}', out);
    }
    fputs("]}\n", out);
}

void table_free(struct table *table)
{
    for (unsigned r = 0; r < table->rows; r++) {
        for (unsigned c = 0; c < table->columns; c++)
            free(table->cells[r][c]);
        free(table->cells[r]);
    }
    free(table->cells);
    for (unsigned c = 0; c < table->columns; c++)
        free((char *)table->kinds[c].name);
    free(table->kinds);
    *table = (struct table){0};
}
