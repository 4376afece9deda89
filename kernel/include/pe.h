/* SPDX-License-Identifier: MIT */
/*
 * pe.h: reading PE32+ images, and nothing else.
 *
 * A pure layer: plain C types, no kernel, no libc, no allocation. The loader, `kiln inspect` and the fuzzer
 * use it alike.
 *
 *      pe_parse        file -> headers and section table, every field checked against the file
 *      pe_map          copies headers and sections to where the image shall live (zeroed, size_of_image
 * bytes) pe_relocate     moves it to another base pe_check        checks every directory of the mapped image
 *      pe_next_import, pe_find_export, ...   read the directories
 *
 * The bytes are hostile. A relocation may rewrite the relocation table, a bound import slot may lie over the
 * import table: so no reader trusts an earlier check. Each access is checked against the image when it is
 * made, and every loop advances through the image, which bounds it. Pointers handed out point into the image;
 * strings are NUL-terminated inside it at the time of the call.
 *
 * Refusals are an NTSTATUS, the one Windows gives, and a sentence in struct ldr_error that names field, value
 * and rule.
 */
#ifndef KILN_PE_H
#define KILN_PE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PE_PAGE_SIZE    4096u
#define PE_MAX_SECTIONS 96u
#define PE_MAX_IMAGE    0x40000000u /* 1 GB: more than any machine's RAM would hold */
#define PE_MAX_STRING   4096u
#define PE_DIRECTORIES  16u

#define PE_STATUS_SUCCESS                 ((int32_t)0)
#define PE_STATUS_CONFLICTING_ADDRESSES   ((int32_t)0xC0000018)
#define PE_STATUS_INVALID_IMAGE_FORMAT    ((int32_t)0xC000007B)
#define PE_STATUS_MAPPED_FILE_SIZE_ZERO   ((int32_t)0xC000011E)
#define PE_STATUS_INVALID_IMAGE_LE_FORMAT ((int32_t)0xC000012E)
#define PE_STATUS_INVALID_IMAGE_NOT_MZ    ((int32_t)0xC000012F)
#define PE_STATUS_INVALID_IMAGE_PROTECT   ((int32_t)0xC0000130)
#define PE_STATUS_INVALID_IMAGE_WIN_16    ((int32_t)0xC0000131)
#define PE_STATUS_IMAGE_CHECKSUM_MISMATCH ((int32_t)0xC0000221)

/* Why an image was refused: a status and one sentence in plain English, without a final full stop. */
struct ldr_error {
    int32_t status;
    char text[480];
};

/*
 * Fill *why (may be NULL) and return `status`. Understands %s, %u, %x (uint32_t), %lu, %lx (uint64_t) and %%.
 * Strings may come from the image: they are cut at 96 characters and cleaned of what is not printable.
 */
int32_t ldr_fail(struct ldr_error *why, int32_t status, const char *format, ...);

enum pe_directory_index {
    PE_DIR_EXPORT = 0,
    PE_DIR_IMPORT = 1,
    PE_DIR_RESOURCE = 2,
    PE_DIR_EXCEPTION = 3,
    PE_DIR_SECURITY = 4,
    PE_DIR_RELOCATION = 5,
    PE_DIR_DEBUG = 6,
    PE_DIR_ARCHITECTURE = 7,
    PE_DIR_GLOBAL_POINTER = 8,
    PE_DIR_TLS = 9,
    PE_DIR_LOAD_CONFIG = 10,
    PE_DIR_BOUND_IMPORT = 11,
    PE_DIR_IAT = 12,
    PE_DIR_DELAY_IMPORT = 13,
    PE_DIR_COM = 14,
};

#define PE_FILE_RELOCS_STRIPPED  0x0001
#define PE_FILE_EXECUTABLE_IMAGE 0x0002
#define PE_FILE_DLL              0x2000
#define PE_SUBSYSTEM_NATIVE      1

#define PE_SCN_CODE          0x00000020u
#define PE_SCN_UNINITIALIZED 0x00000080u
#define PE_SCN_DISCARDABLE   0x02000000u
#define PE_SCN_EXECUTE       0x20000000u
#define PE_SCN_READ          0x40000000u
#define PE_SCN_WRITE         0x80000000u

struct pe_directory {
    uint32_t rva; /* PE_DIR_SECURITY: an offset in the file */
    uint32_t size;
};

struct pe_image {
    const uint8_t *file;
    uint64_t file_size;
    uint8_t *mapped; /* set by pe_map: size_of_image bytes */
    uint64_t base;   /* the address its pointers assume: image_base until pe_relocate */

    uint32_t nt_offset;
    uint32_t section_table;
    uint16_t section_count;
    uint16_t machine;
    uint16_t characteristics;
    uint16_t subsystem;
    uint16_t dll_characteristics;
    uint16_t os_major, os_minor, subsystem_major, subsystem_minor;
    uint32_t timestamp;
    uint32_t symbol_table, symbol_count;
    uint64_t image_base;
    uint32_t entry; /* RVA, 0: none */
    uint32_t section_alignment, file_alignment;
    uint32_t size_of_image; /* rounded up to whole pages */
    uint32_t size_of_image_field;
    uint32_t size_of_headers;
    uint32_t checksum, checksum_offset;
    bool flat; /* sections aligned below a page: the file is mapped as it is, writable and executable */
    struct pe_directory directory[PE_DIRECTORIES];
};

struct pe_section {
    char name[64]; /* long names (/123) resolved through the COFF string table */
    uint32_t rva;
    uint32_t size; /* virtual size; the raw size where the field is zero */
    uint32_t raw_offset, raw_size;
    uint32_t flags;
};

/* Headers and section table. On success *image describes the file; nothing is kept but the pointer to it. */
int32_t pe_parse(const void *file, uint64_t size, struct pe_image *image, struct ldr_error *why);

/* The checksum the file should have, and whether its field, if not zero, says so. */
uint32_t pe_checksum(const struct pe_image *image);
int32_t pe_verify_checksum(const struct pe_image *image, struct ldr_error *why);

/* Section `index` < section_count. */
void pe_section(const struct pe_image *image, unsigned index, struct pe_section *section);
bool pe_find_section(const struct pe_image *image, const char *name, struct pe_section *section);
/* The section that contains the RVA, or false (headers, gaps). */
bool pe_section_of(const struct pe_image *image, uint32_t rva, struct pe_section *section);

/* Copy headers and sections, but not debugging data, to `to`: size_of_image zeroed bytes that outlive the
 * image. */
void pe_map(struct pe_image *image, void *to);

/* ---- readers of a mapped image ---- */

/* `bytes` bytes at `rva`, or NULL if they are not all inside the image. */
void *pe_at(const struct pe_image *image, uint64_t rva, uint64_t bytes);
/* The string at `rva`, or NULL if it is not terminated inside the image and within PE_MAX_STRING bytes. */
const char *pe_string(const struct pe_image *image, uint64_t rva);

/*
 * Apply the base relocations for an image that will run at `new_base` (or, with apply = false, only check
 * them), and set image->base. STATUS_CONFLICTING_ADDRESSES if the image has been stripped of relocations.
 */
int32_t pe_relocate(struct pe_image *image, uint64_t new_base, bool apply, struct ldr_error *why);

/* Check every directory but the relocations. */
int32_t pe_check(const struct pe_image *image, struct ldr_error *why);

struct pe_import {
    const char *module;
    const char *name; /* NULL: by ordinal */
    uint16_t ordinal, hint;
    bool delayed;
    uint32_t slot; /* RVA of the slot that receives the address */
};
struct pe_import_cursor {
    bool delayed;
    uint32_t descriptor, thunk; /* indices */
    uint32_t total;             /* imports seen: bounds tables that overlap */
};
/*
 * Walk the imports, then the delay-load imports; start with a zeroed cursor. 1: *import is filled, 0: at the
 * end, negative: the status of a refusal.
 */
int32_t pe_next_import(const struct pe_image *image, struct pe_import_cursor *cursor,
                       struct pe_import *import, struct ldr_error *why);

struct pe_export {
    const char *name; /* NULL: by ordinal only */
    uint32_t ordinal; /* biased: the number an importer uses */
    uint32_t rva;
    const char *forwarder; /* "module.name" or "module.#12", or NULL */
};
uint32_t pe_export_count(const struct pe_image *image); /* entries of the address table */
uint32_t pe_export_name_count(const struct pe_image *image);
/* Entry `index` of the name table, or (without a name) of the address table; false: an unused or unreadable
 * one. */
bool pe_export_name_at(const struct pe_image *image, uint32_t index, struct pe_export *result);
bool pe_export_at(const struct pe_image *image, uint32_t index, struct pe_export *result);
bool pe_find_export(const struct pe_image *image, const char *name, uint16_t hint, struct pe_export *result);
bool pe_find_ordinal(const struct pe_image *image, uint32_t ordinal, struct pe_export *result);
const char *pe_export_module_name(const struct pe_image *image);

/* Pointers that the loader fills: RVAs, 0 where the image has none. */
struct pe_load_config {
    uint32_t size;
    uint32_t cookie;
    uint32_t guard_check, guard_dispatch;
    uint32_t xfg_check, xfg_dispatch, xfg_table_dispatch;
    uint32_t guard_flags;
};
int32_t pe_load_config(const struct pe_image *image, struct pe_load_config *config, struct ldr_error *why);

/* The exception directory: `count` entries of 12 bytes; NULL if there is none. */
const void *pe_function_table(const struct pe_image *image, uint32_t *count);

struct pe_debug {
    uint32_t type;
    bool codeview;
    uint8_t guid[16];
    uint32_t age;
    const char *pdb; /* may be cut where the record ends */
    uint32_t pdb_bytes;
};
uint32_t pe_debug_count(const struct pe_image *image);
bool pe_debug_at(const struct pe_image *image, uint32_t index, struct pe_debug *debug);

#endif
