/* SPDX-License-Identifier: MIT */
/*
 * Which test calls which routine: the lines "routine, file:line, test" that tools/ddi.py makes of the sources of the
 * tests, sorted by routine. They are read from a file, so that a test that changes does not rebuild the command.
 */
#include "ddi.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct ddi_test *tests;
static unsigned test_count;

static FILE *open_list(void)
{
    char exe[4096], path[4200];
    FILE *file = fopen(KILN_BUILD_ROOT "/cli/ddi-tests.tsv", "re");
    ssize_t length = file ? -1 : readlink("/proc/self/exe", exe, sizeof exe - 1);
    if (length > 0) {
        exe[length] = 0;
        *strrchr(exe, '/') = 0;
        snprintf(path, sizeof path, "%s/../share/kiln/ddi-tests.tsv", exe);
        file = fopen(path, "re");
    }
    return file;
}

bool ddi_tests_load(void)
{
    FILE *file = tests ? NULL : open_list();
    char *line = NULL;
    size_t room = 0;
    if (!file)
        return tests != NULL;
    while (getline(&line, &room, file) > 0) {
        char *rest = line;
        struct ddi_test test = {.routine = strsep(&rest, "\t"), .place = strsep(&rest, "\t"), .test = strsep(&rest, "\n")};
        struct ddi_test *grown = test.test ? reallocarray(tests, test_count + 1, sizeof *tests) : NULL;
        if (!grown)
            break;
        tests = grown;
        tests[test_count++] = (struct ddi_test){strdup(test.routine), strdup(test.place), strdup(test.test)};
    }
    free(line);
    fclose(file);
    return tests != NULL;
}

const struct ddi_test *ddi_tests_of(const char *routine, unsigned *count)
{
    unsigned low = 0, high = test_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (strcmp(tests[middle].routine, routine) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *count = 0;
    while (low + *count < test_count && !strcmp(tests[low + *count].routine, routine))
        ++*count;
    return *count ? &tests[low] : NULL;
}
