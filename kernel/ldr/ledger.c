/* SPDX-License-Identifier: MIT */
/*
 * Searching the ledger. Like pe.c it needs no machine: `kiln inspect` and `kiln ddi` call it as the loader
 * does.
 */
#include "ledger.h"

#include <stddef.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

const struct ldr_export_module *LdrpFindKernelImage(const char *image)
{
    for (uint32_t i = 0; i < LdrpExportModuleCount; i++) {
        const char *a = LdrpExportModules[i].image, *b = image;
        while (*a && lower(*a) == lower(*b))
            a++, b++;
        if (lower(*a) == lower(*b))
            return &LdrpExportModules[i];
    }
    return NULL;
}

static int compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

const struct ldr_export *LdrpFindKernelExport(const struct ldr_export_module *image, const char *name)
{
    uint32_t low = 0, high = image->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(name, image->exports[middle].name);
        if (order == 0)
            return &image->exports[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

const struct ldr_export *LdrpFindKernelOrdinal(const struct ldr_export_module *image, uint32_t ordinal)
{
    for (uint32_t i = 0; ordinal && i < image->count; i++) {
        if (image->exports[i].ordinal == ordinal)
            return &image->exports[i];
    }
    return NULL;
}
