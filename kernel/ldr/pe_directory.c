/* SPDX-License-Identifier: MIT */
/*
 * The directories of a mapped image that the loader reads besides imports and exports: load configuration,
 * exception and debug data; and pe_check, which walks all of them once so that a refusal comes before
 * anything is bound.
 */
#include "pe.h"

#define INVALID PE_STATUS_INVALID_IMAGE_FORMAT

#define FUNCTION_ENTRY_SIZE 12u
#define DEBUG_ENTRY_SIZE    28u
#define DEBUG_CODEVIEW      2u
#define UNWIND_CHAINED      0x4
#define UNWIND_HANDLERS     0x3

static uint32_t get32(const void *p)
{
    uint32_t value;
    __builtin_memcpy(&value, p, 4);
    return value;
}

static uint64_t get64(const void *p)
{
    uint64_t value;
    __builtin_memcpy(&value, p, 8);
    return value;
}

/* ---- load configuration ---- */

/* The field at `offset` is a pointer to `bytes` bytes of the image; 0 when the structure ends before it, or
 * it is null. */
static int32_t config_pointer(const struct pe_image *image, const uint8_t *config, uint32_t size,
                              uint32_t offset, const char *name, uint32_t *rva, struct ldr_error *why)
{
    *rva = 0;
    if (size < offset + 8)
        return PE_STATUS_SUCCESS;
    uint64_t address = get64(config + offset);
    if (address == 0)
        return PE_STATUS_SUCCESS;
    uint64_t distance = address - image->base;
    if (address < image->base || distance % 8 || !pe_at(image, distance, 8) ||
        distance < image->size_of_headers)
        return ldr_fail(why, INVALID,
                        "%s of the load configuration (%lx) is no aligned address inside the image", name,
                        address);
    *rva = (uint32_t)distance;
    return PE_STATUS_SUCCESS;
}

int32_t pe_load_config(const struct pe_image *image, struct pe_load_config *config, struct ldr_error *why)
{
    __builtin_memset(config, 0, sizeof *config);
    const struct pe_directory *directory = &image->directory[PE_DIR_LOAD_CONFIG];
    if (directory->size == 0)
        return PE_STATUS_SUCCESS;
    const uint8_t *at = pe_at(image, directory->rva, 4);
    uint32_t size = at ? get32(at) : 0;
    /* Linkers have written other sizes into the directory entry; the structure's own size counts. */
    if (!at || size < 4 || !pe_at(image, directory->rva, size))
        return ldr_fail(why, INVALID, "the load configuration at %x says it has %u bytes", directory->rva,
                        size);
    config->size = size;
    if (size >= 0x94)
        config->guard_flags = get32(at + 0x90);
    static const struct {
        uint32_t offset;
        const char *name;
        size_t field;
    } pointers[] = {
        {0x058, "SecurityCookie", offsetof(struct pe_load_config, cookie)},
        {0x070, "GuardCFCheckFunctionPointer", offsetof(struct pe_load_config, guard_check)},
        {0x078, "GuardCFDispatchFunctionPointer", offsetof(struct pe_load_config, guard_dispatch)},
        {0x118, "GuardXFGCheckFunctionPointer", offsetof(struct pe_load_config, xfg_check)},
        {0x120, "GuardXFGDispatchFunctionPointer", offsetof(struct pe_load_config, xfg_dispatch)},
        {0x128, "GuardXFGTableDispatchFunctionPointer", offsetof(struct pe_load_config, xfg_table_dispatch)},
    };
    for (unsigned i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        int32_t status = config_pointer(image, at, size, pointers[i].offset, pointers[i].name,
                                        (uint32_t *)((char *)config + pointers[i].field), why);
        if (status)
            return status;
    }
    return PE_STATUS_SUCCESS;
}

/* ---- exception data ---- */

const void *pe_function_table(const struct pe_image *image, uint32_t *count)
{
    const struct pe_directory *directory = &image->directory[PE_DIR_EXCEPTION];
    *count = directory->size / FUNCTION_ENTRY_SIZE;
    return *count ? pe_at(image, directory->rva, directory->size) : NULL;
}

/* The unwind information at `rva` and what hangs on it, inside the image. */
static int32_t check_unwind(const struct pe_image *image, uint32_t function, uint32_t rva,
                            struct ldr_error *why)
{
    if (rva & 1) { /* an entry that shares another entry's information */
        if (!pe_at(image, rva & ~1u, FUNCTION_ENTRY_SIZE))
            return ldr_fail(why, INVALID,
                            "function %x shares the unwind data of an entry outside the image (%x)", function,
                            rva);
        return PE_STATUS_SUCCESS;
    }
    const uint8_t *info = rva % 4 ? NULL : pe_at(image, rva, 4);
    if (!info)
        return ldr_fail(why, INVALID, "the unwind information of function %x (%x) is not inside the image",
                        function, rva);
    uint32_t version = info[0] & 7, flags = info[0] >> 3;
    if (version != 1 && version != 2)
        return ldr_fail(why, INVALID,
                        "the unwind information of function %x has version %u; 1 and 2 are defined", function,
                        version);
    uint64_t end = 4 + ((uint64_t)info[2] + 1) / 2 * 4;
    if (flags & UNWIND_CHAINED)
        end += FUNCTION_ENTRY_SIZE;
    else if (flags & UNWIND_HANDLERS)
        end += 4;
    if (!pe_at(image, rva, end))
        return ldr_fail(why, INVALID, "the unwind information of function %x, at %x, runs out of the image",
                        function, rva);
    if (!(flags & UNWIND_CHAINED) && flags & UNWIND_HANDLERS && !pe_at(image, get32(info + end - 4), 1))
        return ldr_fail(why, INVALID, "the exception handler of function %x (%x) is not inside the image",
                        function, get32(info + end - 4));
    return PE_STATUS_SUCCESS;
}

static int32_t check_functions(const struct pe_image *image, struct ldr_error *why)
{
    const struct pe_directory *directory = &image->directory[PE_DIR_EXCEPTION];
    if (directory->size % FUNCTION_ENTRY_SIZE || directory->rva % 4)
        return ldr_fail(why, INVALID,
                        "the exception directory (%u bytes at %x) is no table of 12-byte entries",
                        directory->size, directory->rva);
    uint32_t count, before = 0;
    const uint8_t *entry = pe_function_table(image, &count);
    for (uint32_t i = 0; i < count; i++, entry += FUNCTION_ENTRY_SIZE) {
        uint32_t begin = get32(entry), end = get32(entry + 4);
        if (begin == 0 && end == 0 && get32(entry + 8) == 0)
            continue; /* unused entries, at the end of some tables */
        if (begin >= end || end > image->size_of_image)
            return ldr_fail(why, INVALID,
                            "entry %u of the exception directory (%x to %x) is no range of the image", i,
                            begin, end);
        if (begin <= before && i != 0)
            return ldr_fail(why, INVALID,
                            "entry %u of the exception directory (%x) is not in ascending order", i, begin);
        before = begin;
        int32_t status = check_unwind(image, begin, get32(entry + 8), why);
        if (status)
            return status;
    }
    return PE_STATUS_SUCCESS;
}

/* ---- debug data ---- */

uint32_t pe_debug_count(const struct pe_image *image)
{
    return image->directory[PE_DIR_DEBUG].size / DEBUG_ENTRY_SIZE;
}

bool pe_debug_at(const struct pe_image *image, uint32_t index, struct pe_debug *debug)
{
    const uint8_t *entry =
        pe_at(image, (uint64_t)image->directory[PE_DIR_DEBUG].rva + (uint64_t)index * DEBUG_ENTRY_SIZE,
              DEBUG_ENTRY_SIZE);
    __builtin_memset(debug, 0, sizeof *debug);
    if (!entry || index >= pe_debug_count(image))
        return false;
    debug->type = get32(entry + 12);
    uint32_t bytes = get32(entry + 16), offset = get32(entry + 24);
    const uint8_t *data = NULL;
    if (offset <= image->file_size && bytes <= image->file_size - offset)
        data = image->file + offset;
    if (debug->type != DEBUG_CODEVIEW || !data || bytes < 24 || get32(data) != 0x53445352 /* RSDS */)
        return true;
    debug->codeview = true;
    __builtin_memcpy(debug->guid, data + 4, 16);
    debug->age = get32(data + 20);
    debug->pdb = (const char *)data + 24;
    while (debug->pdb_bytes < bytes - 24 && debug->pdb[debug->pdb_bytes])
        debug->pdb_bytes++;
    return true;
}

/* ---- everything ---- */

int32_t pe_check(const struct pe_image *image, struct ldr_error *why)
{
    struct pe_import_cursor cursor = {0};
    struct pe_import import;
    int32_t status;
    while ((status = pe_next_import(image, &cursor, &import, why)) > 0)
        ;
    if (status)
        return status;
    struct pe_load_config config;
    status = pe_load_config(image, &config, why);
    if (!status)
        status = check_functions(image, why);
    return status;
}
