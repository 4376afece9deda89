/* SPDX-License-Identifier: MIT */
/*
 * ledger.h: the kernel's exports as a table, generated from kernel/ldr/exports.def. Plain C types, because
 * the kiln command reads it, too.
 */
#ifndef KILN_LEDGER_H
#define KILN_LEDGER_H

#include <stdint.h>

enum ldr_export_kind { LDR_EXPORT_FUNC, LDR_EXPORT_DATA, LDR_EXPORT_CONSTANT };

struct ldr_export {
    const char *name;
    const void *address; /* of the ELF symbol; NULL: not implemented */
    const void *stub;    /* what an import binds to then; NULL: nothing, it stays unresolved */
    uint8_t kind;
    uint16_t ordinal; /* 0: none */
};
struct ldr_export_module {
    const char *image;                /* "ntoskrnl.exe" */
    const struct ldr_export *exports; /* sorted by name */
    uint32_t count;
};
extern const struct ldr_export_module LdrpExportModules[];
extern const uint32_t LdrpExportModuleCount;

/* A routine's range, and the code that checks it before it jumps there. Generated, sorted by name. */
struct ldr_irql_range {
    const char *name;
    const void *thunk;
    uint8_t low, high;
};
extern const struct ldr_irql_range LdrpIrqlRanges[];
extern const uint32_t LdrpIrqlRangeCount;

/* The kernel image of that name ("ntoskrnl.exe", "hal.dll"; case-insensitive), or NULL. */
const struct ldr_export_module *LdrpFindKernelImage(const char *image);

/* An export of it by name, by ordinal, or NULL. */
const struct ldr_export *LdrpFindKernelExport(const struct ldr_export_module *image, const char *name);
const struct ldr_export *LdrpFindKernelOrdinal(const struct ldr_export_module *image, uint32_t ordinal);

/* What an importer's slot receives; NULL: not implemented. */
static inline void *LdrpExportAddress(const struct ldr_export *export)
{
    if (export->kind == LDR_EXPORT_CONSTANT && export->address)
        return *(void *const *)export->address;
    return (void *)(uintptr_t) export->address;
}

#endif
