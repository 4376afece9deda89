/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the image parser: everything the loader does with a file, up to entering it.
 *
 * The mapped image has exactly size_of_image bytes, so that AddressSanitizer sees every access past it.
 * Import slots are written as binding writes them: the tables of a hostile image may lie under its slots. A
 * hang is a finding, too (libFuzzer's -timeout): no reader may take more than a pass over the image for each
 * import.
 */
#include "pe.h"

#include <stdlib.h>
#include <string.h>

#define MOST_BYTES (1u << 20) /* of an image: larger ones only take time */

static volatile unsigned sink;

static void read_text(const char *text)
{
    if (text)
        sink += (unsigned)strlen(text);
}

static void read_tables(const struct pe_image *image)
{
    struct pe_export found;
    for (uint32_t i = 0; i < pe_export_name_count(image) && i < 256; i++) {
        if (pe_export_name_at(image, i, &found)) {
            struct pe_export again;
            read_text(found.name);
            read_text(found.forwarder);
            sink += pe_find_export(image, found.name, (uint16_t)i, &again);
        }
    }
    for (uint32_t i = 0; i < pe_export_count(image) && i < 256; i++)
        sink += pe_export_at(image, i, &found) + pe_find_ordinal(image, i + 1, &found);
    read_text(pe_export_module_name(image));
    for (uint32_t i = 0; i < pe_debug_count(image) && i < 64; i++) {
        struct pe_debug debug;
        if (pe_debug_at(image, i, &debug))
            for (uint32_t j = 0; j < debug.pdb_bytes; j++)
                sink += (unsigned char)debug.pdb[j];
    }
    uint32_t count;
    const unsigned char *functions = pe_function_table(image, &count);
    for (uint32_t i = 0; functions && i < count; i++)
        sink += functions[i * 12];
    for (unsigned i = 0; i < image->section_count; i++) {
        struct pe_section section;
        pe_section(image, i, &section);
        read_text(section.name);
    }
}

static void bind(struct pe_image *image)
{
    struct pe_import_cursor cursor = {0};
    struct pe_import import;
    uint64_t address = 0x200000001000;
    while (pe_next_import(image, &cursor, &import, NULL) > 0) {
        read_text(import.module);
        read_text(import.name);
        memcpy(image->mapped + import.slot, &address, sizeof address);
    }
}

static void set_pointers(struct pe_image *image)
{
    struct pe_load_config config;
    struct ldr_error why;
    if (pe_load_config(image, &config, &why))
        return;
    const uint32_t slots[] = {config.cookie,    config.guard_check,  config.guard_dispatch,
                              config.xfg_check, config.xfg_dispatch, config.xfg_table_dispatch};
    for (unsigned i = 0; i < sizeof slots / sizeof *slots; i++)
        if (slots[i])
            memset(image->mapped + slots[i], 0x5a, 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pe_image image;
    struct ldr_error why;
    if (pe_parse(data, size, &image, &why)) {
        read_text(why.text);
        return 0;
    }
    sink += pe_verify_checksum(&image, &why);
    if (image.size_of_image > MOST_BYTES)
        return 0;
    void *memory = calloc(1, image.size_of_image);
    if (!memory)
        return 0;
    pe_map(&image, memory);
    if (pe_relocate(&image, 0x200000000000, true, &why) || pe_check(&image, &why)) {
        read_text(why.text);
    } else {
        bind(&image);
        set_pointers(&image);
    }
    read_tables(&image);
    free(memory);
    return 0;
}
