/* SPDX-License-Identifier: MIT */
/*
 * The documented interface as a table, generated from docs/spec/ddi.tsv, kernel/ldr/exports.def and the SDK's
 * headers (tools/ddi.py).
 */
#ifndef KILN_CLI_DDI_H
#define KILN_CLI_DDI_H

#include <stdbool.h>

enum ddi_place {
    DDI_NONE,             /* Kiln has nothing of that name */
    DDI_EXPORT,           /* in the ledger, as an export of `module` */
    DDI_INLINE,           /* a macro or inline routine of the SDK */
    DDI_EXPORT_OR_INLINE, /* both: the header needs no export */
    DDI_LIBRARY,          /* in the static library `module` of the SDK */
};

struct ddi_entry {
    const char *name, *kind, *note, *header, *manager, *irql, *library;
    const char *our_irql;    /* what the annotations of the declaration say */
    const char *page;        /* file of the documentation, or "" */
    const char *declaration; /* in the SDK, on one line, with its annotations */
    const char *declared_at; /* file:line below the SDK's include folder */
    const char *module;      /* "ntoskrnl", or the static library, or "" */
    const char *symbols;     /* exports it needs, separated by commas */
    enum ddi_place place;
};

extern const struct ddi_entry ddi_entries[];
extern const unsigned ddi_entry_count;

/* A call of a routine in the tests: where, and the test or function around it. */
struct ddi_test {
    const char *routine, *place, *test;
};

/* Read the list; false if there is none (a build without tests). */
bool ddi_tests_load(void);
/* The tests that call a routine, or NULL. */
const struct ddi_test *ddi_tests_of(const char *routine, unsigned *count);

#endif
