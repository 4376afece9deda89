/* SPDX-License-Identifier: MIT */
/*
 * The documented interface as a table, generated from docs/spec/ddi.tsv, kernel/ldr/exports.def and the SDK's
 * headers (tools/ledger.py ddi).
 */
#ifndef KILN_CLI_DDI_H
#define KILN_CLI_DDI_H

enum ddi_place {
    DDI_NONE,             /* Kiln has nothing of that name */
    DDI_EXPORT,           /* in the ledger, as an export of `module` */
    DDI_INLINE,           /* a macro or inline routine of the SDK */
    DDI_EXPORT_OR_INLINE, /* both: the header needs no export */
};

struct ddi_entry {
    const char *name, *kind, *note, *header, *manager, *irql;
    const char *module; /* "ntoskrnl", or "" */
    enum ddi_place place;
};

extern const struct ddi_entry ddi_entries[];
extern const unsigned ddi_entry_count;

#endif
