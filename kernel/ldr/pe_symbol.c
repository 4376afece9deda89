/* SPDX-License-Identifier: MIT */
/*
 * Imports and exports of a mapped image.
 *
 * Imports: a table of descriptors, each with a module name and two parallel tables of 64-bit thunks, names
 * (the lookup table) and slots (the address table). A linker may leave the lookup table out; the slots then
 * name the imports until they are bound. Bound-import data (addresses the linker guessed) is ignored: Kiln
 * always binds. Delay-load descriptors (version 1, RVAs) are walked after the others.
 */
#include "pe.h"

#define INVALID PE_STATUS_INVALID_IMAGE_FORMAT

#define DESCRIPTOR_SIZE       20u
#define DELAY_DESCRIPTOR_SIZE 32u
#define DELAY_USES_RVAS       1u
#define BY_ORDINAL            0x8000000000000000ull
#define EXPORT_DIRECTORY_SIZE 40u
#define MOST_IMPORTS          65536u

static uint32_t get32(const void *p)
{
    uint32_t value;
    __builtin_memcpy(&value, p, 4);
    return value;
}

static uint16_t get16(const void *p)
{
    uint16_t value;
    __builtin_memcpy(&value, p, 2);
    return value;
}

/* ---- imports ---- */

struct tables {
    const char *module;
    uint32_t lookup, slots;
};

/* Descriptor number cursor->descriptor. 1: filled, 0: the end of the table. */
static int32_t read_descriptor(const struct pe_image *image, const struct pe_import_cursor *cursor,
                               struct tables *tables, struct ldr_error *why)
{
    const char *what = cursor->delayed ? "delay import" : "import";
    uint32_t size = cursor->delayed ? DELAY_DESCRIPTOR_SIZE : DESCRIPTOR_SIZE;
    const struct pe_directory *directory =
        &image->directory[cursor->delayed ? PE_DIR_DELAY_IMPORT : PE_DIR_IMPORT];
    if (directory->size == 0)
        return 0;
    const uint8_t *at = pe_at(image, directory->rva + (uint64_t)cursor->descriptor * size, size);
    if (!at)
        return ldr_fail(why, INVALID, "the %s table at %x is not terminated inside the image", what,
                        directory->rva);
    uint32_t name, lookup, slots;
    if (cursor->delayed) {
        name = get32(at + 4), slots = get32(at + 12), lookup = get32(at + 16);
        if (name == 0)
            return 0;
        if (!(get32(at) & DELAY_USES_RVAS))
            return ldr_fail(why, INVALID, "delay import descriptor %u holds addresses of the old form",
                            cursor->descriptor);
    } else {
        lookup = get32(at), name = get32(at + 12), slots = get32(at + 16);
        if (name == 0 || slots == 0)
            return 0;
    }
    tables->module = pe_string(image, name);
    if (!tables->module || name == 0 || !tables->module[0])
        return ldr_fail(why, INVALID, "%s descriptor %u: its module name (%x) is no string inside the image",
                        what, cursor->descriptor, name);
    if (slots % 8)
        return ldr_fail(why, INVALID, "the %s slots of %s (%x) are not aligned", what, tables->module, slots);
    tables->slots = slots;
    tables->lookup = lookup && pe_at(image, lookup, 8) ? lookup : slots;
    return 1;
}

static int32_t read_thunk(const struct pe_image *image, const struct tables *tables, uint32_t index,
                          struct pe_import *import, struct ldr_error *why)
{
    const uint8_t *lookup = pe_at(image, tables->lookup + (uint64_t)index * 8, 8);
    const uint8_t *slot = pe_at(image, tables->slots + (uint64_t)index * 8, 8);
    if (!lookup)
        return ldr_fail(why, INVALID, "the list of imports from %s is not terminated inside the image",
                        tables->module);
    uint64_t thunk;
    __builtin_memcpy(&thunk, lookup, 8);
    if (thunk == 0)
        return 0;
    if (!slot)
        return ldr_fail(why, INVALID, "the import slots of %s run out of the image", tables->module);
    import->module = tables->module;
    import->slot = (uint32_t)(tables->slots + (uint64_t)index * 8);
    import->name = NULL;
    import->ordinal = import->hint = 0;
    if (thunk & BY_ORDINAL) {
        if (thunk & ~(BY_ORDINAL | 0xffff))
            return ldr_fail(why, INVALID, "import %u from %s has reserved bits set (%lx)", index,
                            tables->module, thunk);
        import->ordinal = (uint16_t)thunk;
        return 1;
    }
    const uint8_t *hint = pe_at(image, thunk, 3);
    import->name = hint ? pe_string(image, thunk + 2) : NULL;
    if (!import->name || !import->name[0])
        return ldr_fail(why, INVALID, "the name of import %u from %s (%lx) is no string inside the image",
                        index, tables->module, thunk);
    import->hint = get16(hint);
    return 1;
}

int32_t pe_next_import(const struct pe_image *image, struct pe_import_cursor *cursor,
                       struct pe_import *import, struct ldr_error *why)
{
    for (;;) {
        struct tables tables = {0};
        int32_t status = read_descriptor(image, cursor, &tables, why);
        if (status < 0)
            return status;
        if (status == 0) {
            if (cursor->delayed)
                return 0;
            *cursor = (struct pe_import_cursor){.delayed = true, .total = cursor->total};
            continue;
        }
        import->delayed = cursor->delayed;
        status = read_thunk(image, &tables, cursor->thunk, import, why);
        if (status) {
            cursor->thunk++;
            if (++cursor->total > MOST_IMPORTS)
                return ldr_fail(why, INVALID, "the image has more than %u imports: its tables overlap",
                                MOST_IMPORTS);
            return status;
        }
        cursor->descriptor++;
        cursor->thunk = 0;
    }
}

/* ---- exports ---- */

struct export_tables {
    const uint8_t *addresses, *names, *ordinals;
    uint32_t base, address_count, name_count;
};

static bool read_export_tables(const struct pe_image *image, struct export_tables *tables)
{
    const struct pe_directory *directory = &image->directory[PE_DIR_EXPORT];
    const uint8_t *at = directory->size ? pe_at(image, directory->rva, EXPORT_DIRECTORY_SIZE) : NULL;
    if (!at)
        return false;
    tables->base = get32(at + 16);
    tables->address_count = get32(at + 20);
    tables->name_count = get32(at + 24);
    tables->addresses = pe_at(image, get32(at + 28), (uint64_t)tables->address_count * 4);
    tables->names = pe_at(image, get32(at + 32), (uint64_t)tables->name_count * 4);
    tables->ordinals = pe_at(image, get32(at + 36), (uint64_t)tables->name_count * 2);
    if (!tables->names || !tables->ordinals)
        tables->name_count = 0;
    return tables->addresses != NULL;
}

static bool fill_export(const struct pe_image *image, const struct export_tables *tables, uint32_t index,
                        const char *name, struct pe_export *result)
{
    const struct pe_directory *directory = &image->directory[PE_DIR_EXPORT];
    if (index >= tables->address_count)
        return false;
    uint32_t rva = get32(tables->addresses + (uint64_t)index * 4);
    result->name = name;
    result->ordinal = tables->base + index;
    result->rva = rva;
    result->forwarder = NULL;
    if (rva == 0 || !pe_at(image, rva, 1))
        return false;
    if (rva >= directory->rva && rva - directory->rva < directory->size) {
        result->forwarder = pe_string(image, rva);
        return result->forwarder != NULL;
    }
    return true;
}

uint32_t pe_export_name_count(const struct pe_image *image)
{
    struct export_tables tables;
    return read_export_tables(image, &tables) ? tables.name_count : 0;
}

uint32_t pe_export_count(const struct pe_image *image)
{
    struct export_tables tables;
    return read_export_tables(image, &tables) ? tables.address_count : 0;
}

bool pe_export_name_at(const struct pe_image *image, uint32_t index, struct pe_export *result)
{
    struct export_tables tables;
    if (!read_export_tables(image, &tables) || index >= tables.name_count)
        return false;
    const char *name = pe_string(image, get32(tables.names + (uint64_t)index * 4));
    return name && fill_export(image, &tables, get16(tables.ordinals + (uint64_t)index * 2), name, result);
}

bool pe_export_at(const struct pe_image *image, uint32_t index, struct pe_export *result)
{
    struct export_tables tables;
    if (!read_export_tables(image, &tables))
        return false;
    return fill_export(image, &tables, index, NULL, result);
}

static int compare(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return (unsigned char)*a - (unsigned char)*b;
}

bool pe_find_export(const struct pe_image *image, const char *name, uint16_t hint, struct pe_export *result)
{
    struct export_tables tables;
    if (!read_export_tables(image, &tables))
        return false;
    uint32_t low = 0, high = tables.name_count, middle = hint < high ? hint : high / 2;
    while (low < high) {
        const char *candidate = pe_string(image, get32(tables.names + (uint64_t)middle * 4));
        if (!candidate)
            return false;
        int order = compare(name, candidate);
        if (order == 0)
            return fill_export(image, &tables, get16(tables.ordinals + (uint64_t)middle * 2), candidate,
                               result);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
        middle = low + (high - low) / 2;
    }
    return false;
}

bool pe_find_ordinal(const struct pe_image *image, uint32_t ordinal, struct pe_export *result)
{
    struct export_tables tables;
    if (!read_export_tables(image, &tables) || ordinal < tables.base)
        return false;
    return fill_export(image, &tables, ordinal - tables.base, NULL, result);
}

const char *pe_export_module_name(const struct pe_image *image)
{
    const struct pe_directory *directory = &image->directory[PE_DIR_EXPORT];
    const uint8_t *at = directory->size ? pe_at(image, directory->rva, EXPORT_DIRECTORY_SIZE) : NULL;
    return at ? pe_string(image, get32(at + 12)) : NULL;
}
