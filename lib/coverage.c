/* SPDX-License-Identifier: MIT */
/* Coverage of instrumented drivers as an LCOV tracefile: edges become source lines through the image's debug information. */
#include "kiln/kiln.h"

#include "client.h"
#include "hostp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct line {
    char *file;
    unsigned number;
    uint64_t hits;
};

static int by_place(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = strcmp(x->file, y->file);
    return order ? order : (x->number > y->number) - (x->number < y->number);
}

static void write_lines(FILE *out, const struct line *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool first = i == 0 || strcmp(lines[i].file, lines[i - 1].file);
        bool last = i + 1 == count || strcmp(lines[i].file, lines[i + 1].file);
        if (first)
            fprintf(out, "TN:\nSF:%s\n", lines[i].file);
        /* Several edges of one line: the line ran as often as its most frequent edge. */
        uint64_t hits = lines[i].hits;
        while (i + 1 < count && !by_place(&lines[i], &lines[i + 1])) {
            i++;
            hits = lines[i].hits > hits ? lines[i].hits : hits;
            last = i + 1 == count || strcmp(lines[i].file, lines[i + 1].file);
        }
        fprintf(out, "DA:%u,%llu\n", lines[i].number, (unsigned long long)hits);
        if (last)
            fputs("end_of_record\n", out);
    }
}

int kiln_write_coverage(const char *path)
{
    struct line *lines = NULL;
    size_t count = 0, room = 0;
    unsigned image = 0, edge = 0;
    const char *image_path;
    uint64_t rva, hits;
    int error = 0;
    while (KcNextCoverage(&image, &edge, &image_path, &rva, &hits)) {
        struct host_symbol symbol;
        if (!host_symbolize(image_path, rva, &symbol) || !symbol.file[0] || !symbol.line)
            continue;
        if (count == room) {
            room = room * 2 + 256;
            struct line *grown = realloc(lines, room * sizeof *lines);
            if (!grown) {
                error = -ENOMEM;
                goto out;
            }
            lines = grown;
        }
        lines[count] = (struct line){.file = strdup(symbol.file), .number = symbol.line, .hits = hits};
        if (!lines[count].file) {
            error = -ENOMEM;
            goto out;
        }
        count++;
    }
    qsort(lines, count, sizeof *lines, by_place);
    FILE *out = fopen(path, "w");
    if (!out) {
        error = -errno;
        goto out;
    }
    write_lines(out, lines, count);
    if (fclose(out) != 0)
        error = -errno;
out:
    for (size_t i = 0; i < count; i++)
        free(lines[i].file);
    free(lines);
    return error;
}
