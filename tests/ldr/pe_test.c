/* SPDX-License-Identifier: MIT */
/*
 * The rules of the image format, one malformed image each: what is changed, the status, and a word of the
 * sentence.
 */
#include <wdm.h>
#include "harness.h"
#include "sample.h"

static uint8_t file[SAMPLE_BYTES];
static uint8_t memory[0x3000];

/* Parse, map, relocate and check as the loader does. */
static int32_t take(const uint8_t *data, uint64_t bytes, struct pe_image *image, struct ldr_error *why)
{
    int32_t status = pe_parse(data, bytes, image, why);
    if (!status)
        status = pe_verify_checksum(image, why);
    if (status || image->size_of_image > sizeof memory)
        return status;
    __builtin_memset(memory, 0, sizeof memory);
    pe_map(image, memory);
    status = pe_relocate(image, 0x200000010000, true, why);
    return status ? status : pe_check(image, why);
}

static bool contains(const char *text, const char *word)
{
    for (; *text; text++) {
        unsigned i = 0;
        while (word[i] && text[i] == word[i])
            i++;
        if (!word[i])
            return true;
    }
    return false;
}

struct rule {
    uint32_t at;
    unsigned bytes;
    uint64_t value;
    uint32_t status;
    const char *word;
};

#define FORMAT 0xC000007Bu

static const struct rule rules[] = {
    {0, 2, 0x4d5a, 0xC000012F, "MZ"},
    {F_LFANEW, 4, 0x10000, 0xC0000130, "e_lfanew"},
    {F_LFANEW, 4, 0xfffffff0, 0xC0000130, "e_lfanew"},
    {F_LFANEW, 4, 0x42, 0xC0000130, "e_lfanew"},
    {F_LFANEW, 4, 0x7fc, 0xC0000130, "signature"},
    {F_SIGNATURE, 2, 0x454e, 0xC0000131, "16-bit"},
    {F_SIGNATURE, 2, 0x454c, 0xC000012E, "LE"},
    {F_SIGNATURE, 4, 0x00014550, 0xC0000130, "signature"},
    {F_MACHINE, 2, 0x14c, FORMAT, "32-bit x86"},
    {F_MACHINE, 2, 0xaa64, FORMAT, "ARM64"},
    {F_CHARACTERISTICS, 2, 0x20, FORMAT, "executable"},
    {F_SECTIONS, 2, 0, FORMAT, "NumberOfSections"},
    {F_SECTIONS, 2, 97, FORMAT, "NumberOfSections"},
    {F_OPTIONAL_SIZE, 2, 100, FORMAT, "SizeOfOptionalHeader"},
    {F_OPTIONAL_SIZE, 2, 0xffff, FORMAT, "SizeOfOptionalHeader"},
    {F_OPTIONAL, 2, 0x10b, FORMAT, "PE32+"},
    {F_SECTION_ALIGN, 4, 0x1001, FORMAT, "powers of two"},
    {F_SECTION_ALIGN, 4, 0, FORMAT, "powers of two"},
    {F_FILE_ALIGN, 4, 0x2000, FORMAT, "smaller than FileAlignment"},
    {F_SECTION_ALIGN, 4, 0x800, FORMAT, "below a page"},
    {F_FILE_ALIGN, 4, 0x100, FORMAT, "between 512"},
    {F_BASE, 8, SAMPLE_BASE + 0x1000, FORMAT, "64 K"},
    {F_IMAGE_SIZE, 4, 0, FORMAT, "SizeOfImage"},
    {F_IMAGE_SIZE, 4, 0xfffff000, FORMAT, "SizeOfImage"},
    {F_IMAGE_SIZE, 4, 0x2000, FORMAT, "SizeOfImage"},
    {F_HEADERS_SIZE, 4, 0x100, FORMAT, "SizeOfHeaders"},
    {F_HEADERS_SIZE, 4, 0x900, FORMAT, "SizeOfHeaders"},
    {F_HEADERS_SIZE, 4, 0xffffffff, FORMAT, "SizeOfHeaders"},
    {F_DIRECTORIES, 4, 17, FORMAT, "NumberOfRvaAndSizes"},
    {F_DIRECTORIES, 4, 0x20000000, FORMAT, "NumberOfRvaAndSizes"},
    {F_ENTRY, 4, 0x5000, FORMAT, "entry point"},
    {F_ENTRY, 4, 0x1800, FORMAT, "no section"},
    {F_ENTRY, 4, 0x2000, FORMAT, "not executable"},
    {F_CHECKSUM, 4, 0x1234, 0xC0000221, "CheckSum"},
    {F_SECTION(0) + S_RVA, 4, 0x1100, FORMAT, "SectionAlignment"},
    {F_SECTION(0) + S_RVA, 4, 0, FORMAT, "overlaps"},
    {F_SECTION(1) + S_RVA, 4, 0x1000, FORMAT, "overlaps"},
    {F_SECTION(1) + S_RVA, 4, 0x3000, FORMAT, "gap"},
    {F_SECTION(1) + S_VSIZE, 4, 0x2000, FORMAT, "past SizeOfImage"},
    {F_SECTION(1) + S_VSIZE, 4, 0xffffffff, FORMAT, "past SizeOfImage"},
    {F_SECTION(1) + S_RAW_SIZE, 4, 0x1000, FORMAT, "end of the file"},
    {F_SECTION(1) + S_RAW_SIZE, 4, 0xfffffe00, FORMAT, "end of the file"},
    {F_SECTION(1) + S_RAW, 4, 0x3f0, FORMAT, "FileAlignment"},
    {F_SECTION(1) + S_RAW, 4, 0xfffffe00, FORMAT, "end of the file"},
    {F_SECTION(0) + S_RAW, 4, 0, FORMAT, "overlaps the headers"},
    {F_SECTION(1) + S_RAW, 4, 0x200, FORMAT, "overlap in the file"},
    {F_DIR(PE_DIR_IMPORT), 4, 0x2ff0, FORMAT, "import directory"},
    {F_DIR(PE_DIR_IMPORT), 4, 0xfffffff0, FORMAT, "import directory"},
    {F_DIR(PE_DIR_RESOURCE) + 4, 4, 8, FORMAT, "no address"},
    {F_DIR(PE_DIR_SECURITY) + 4, 4, 8, FORMAT, "certificate"},
    {F_DATA + 0x104, 4, 13, FORMAT, "relocation block"},
    {F_DATA + 0x104, 4, 4, FORMAT, "relocation block"},
    {F_DATA + 0x104, 4, 0x100, FORMAT, "relocation block"},
    {F_DATA + 0x108, 2, 0x53f8, FORMAT, "type 5"},
    {F_DATA + 0x10a, 2, 0x43f8, FORMAT, "HIGHADJ"},
    {F_DATA + 0x100, 4, 0x3000, FORMAT, "past the end of the image"},
    {F_DATA + 0x0c, 4, 0x9000, FORMAT, "module name"},
    {F_DATA + 0x10, 4, R_DATA + 0x81, FORMAT, "not aligned"},
    {F_DATA + 0x10, 4, 0x4000, FORMAT, "slots"},
    {F_DATA + 0x48, 8, 0x9000, FORMAT, "import 1"},
    {F_DATA + 0x48, 8, 0x8000000000010000, FORMAT, "reserved bits"},
    {F_DIR(PE_DIR_EXCEPTION) + 4, 4, 25, FORMAT, "exception directory"},
    {F_DATA + 0x204, 4, 0x0fff, FORMAT, "no range"},
    {F_DATA + 0x204, 4, 0x9000, FORMAT, "no range"},
    {F_DATA + 0x20c, 4, 0x0ff0, FORMAT, "ascending"},
    {F_DATA + 0x208, 4, 0x9000, FORMAT, "unwind information"},
    {F_DATA + 0x208, 4, R_DATA + 0x242, FORMAT, "unwind information"},
    {F_DATA + 0x240, 1, 5, FORMAT, "version 5"},
    {F_DATA + 0x240, 1, 1 | 1 << 3, 0, NULL}, /* a handler at RVA 0 is inside the image */
    {F_DATA + 0x280, 4, 0x2000, FORMAT, "load configuration"},
    {F_DATA + 0x280 + 0x58, 8, 0x1234, FORMAT, "SecurityCookie"},
    {F_DATA + 0x280 + 0x70, 8, 0x1234, FORMAT, "GuardCFCheckFunctionPointer"},
};

KILN_TEST_ONCE(ldr_pe, a_sound_image_is_accepted)
{
    struct pe_image image;
    struct ldr_error why;
    sample_make(file);
    CHECK_EQ(take(file, sizeof file, &image, &why), 0);
    CHECK_EQ(image.size_of_image, 0x3000);
    CHECK_EQ(image.entry, 0x1000);
    CHECK_EQ(image.section_count, 2);
}

KILN_TEST_ONCE(ldr_pe, each_broken_rule_has_its_status_and_sentence)
{
    for (unsigned i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        struct pe_image image;
        struct ldr_error why = {0};
        sample_make(file);
        sample_put(file, rules[i].at, rules[i].bytes, rules[i].value);
        int32_t status = take(file, sizeof file, &image, &why);
        if ((uint32_t)status != rules[i].status)
            DbgPrint("rule %u: 0x%08x, %s\n", i, status, why.text);
        CHECK_EQ((uint32_t)status, rules[i].status);
        if (rules[i].word && !contains(why.text, rules[i].word)) {
            DbgPrint("rule %u (%s): %s\n", i, rules[i].word, why.text);
            CHECK(contains(why.text, rules[i].word));
        }
    }
}

KILN_TEST_ONCE(ldr_pe, an_empty_file_and_every_truncation_are_refused)
{
    struct pe_image image;
    sample_make(file);
    CHECK_EQ((uint32_t)pe_parse(file, 0, &image, NULL), 0xC000011E);
    CHECK_EQ((uint32_t)pe_parse(file, 1, &image, NULL), 0xC000012F);
    for (uint64_t bytes = 2; bytes < 64; bytes++)
        CHECK_EQ((uint32_t)pe_parse(file, bytes, &image, NULL), 0xC0000130);
    for (uint64_t bytes = 64; bytes < sizeof file; bytes++)
        CHECK(pe_parse(file, bytes, &image, NULL) < 0);
    CHECK_EQ(pe_parse(file, sizeof file, &image, NULL), 0);
}

KILN_TEST_ONCE(ldr_pe, a_name_from_the_image_is_cut_and_cleaned)
{
    struct pe_image image;
    struct ldr_error why;
    sample_make(file);
    file[F_SECTION(1)] = 0x1b;
    sample_put(file, F_SECTION(1) + S_RVA, 4, 0x5000);
    CHECK(take(file, sizeof file, &image, &why) < 0);
    CHECK(contains(why.text, "?data"));
}

KILN_TEST_ONCE(ldr_pe, the_checksum_covers_the_file_but_not_itself)
{
    struct pe_image image;
    sample_make(file);
    CHECK_EQ(pe_parse(file, sizeof file, &image, NULL), 0);
    uint32_t sum = pe_checksum(&image);
    sample_put(file, F_CHECKSUM, 4, sum);
    CHECK_EQ(pe_parse(file, sizeof file, &image, NULL), 0);
    CHECK_EQ(pe_checksum(&image), sum);
    CHECK_EQ(pe_verify_checksum(&image, NULL), 0);
    file[0x300]++;
    CHECK_EQ((uint32_t)pe_verify_checksum(&image, NULL), 0xC0000221);
}

KILN_TEST_ONCE(ldr_pe, relocations_of_each_type_are_applied)
{
    struct pe_image image;
    sample_make(file);
    uint8_t *data = file + F_DATA;
    const uint64_t delta = 0x1234568000; /* to a new base */
    sample_put(file, F_DIR(PE_DIR_RELOCATION) + 4, 4, 24);
    sample_put(data, 0x104, 4, 24);
    sample_put(data, 0x108, 2, 0xa3f8); /* DIR64 */
    sample_put(data, 0x10a, 2, 0x13d0); /* HIGH */
    sample_put(data, 0x10c, 2, 0x23d2); /* LOW */
    sample_put(data, 0x10e, 2, 0x33d4); /* HIGHLOW */
    sample_put(data, 0x110, 2, 0x43d8); /* HIGHADJ and its low half */
    sample_put(data, 0x112, 2, 0x7000);
    sample_put(data, 0x114, 2, 0);
    sample_put(data, 0x3d0, 2, 0x0001);
    sample_put(data, 0x3d2, 2, 0x1000);
    sample_put(data, 0x3d4, 4, 0x10000000);
    sample_put(data, 0x3d8, 2, 0x0002);
    CHECK_EQ(pe_parse(file, sizeof file, &image, NULL), 0);
    __builtin_memset(memory, 0, sizeof memory);
    pe_map(&image, memory);
    CHECK_EQ(pe_relocate(&image, SAMPLE_BASE + delta, true, NULL), 0);
    const uint8_t *at = memory + R_DATA;
    CHECK_EQ(*(const uint64_t *)(at + 0x3f8), SAMPLE_BASE + 0x1000 + delta);
    CHECK_EQ(*(const uint16_t *)(at + 0x3d0), 0x3457);
    CHECK_EQ(*(const uint16_t *)(at + 0x3d2), 0x9000);
    CHECK_EQ(*(const uint32_t *)(at + 0x3d4), 0x44568000);
    /* 0x00027000 + 0x34568000 = 0x3458f000, rounded: 0x3459 */
    CHECK_EQ(*(const uint16_t *)(at + 0x3d8), 0x3459);
    CHECK_EQ(image.base, SAMPLE_BASE + delta);
}

KILN_TEST_ONCE(ldr_pe, a_stripped_image_cannot_move)
{
    struct pe_image image;
    struct ldr_error why;
    sample_make(file);
    sample_put(file, F_DIR(PE_DIR_RELOCATION), 8, 0);
    sample_put(file, F_CHARACTERISTICS, 2, 0x23);
    CHECK_EQ((uint32_t)take(file, sizeof file, &image, &why), 0xC0000018);
    /* Without the flag it is position-independent. */
    sample_put(file, F_CHARACTERISTICS, 2, 0x22);
    CHECK_EQ(take(file, sizeof file, &image, &why), 0);
}

KILN_TEST_ONCE(ldr_pe, imports_are_walked_by_name_and_by_ordinal)
{
    struct pe_image image;
    struct pe_import_cursor cursor = {0};
    struct pe_import import;
    sample_make(file);
    sample_put(file, F_DATA + 0x48, 8, 0x8000000000000011);
    CHECK_EQ(take(file, sizeof file, &image, NULL), 0);
    CHECK_EQ(pe_next_import(&image, &cursor, &import, NULL), 1);
    CHECK(contains(import.module, "ntoskrnl.exe"));
    CHECK(contains(import.name, "KeGetCurrentIrql"));
    CHECK_EQ(import.slot, R_DATA + 0x80);
    CHECK_EQ(pe_next_import(&image, &cursor, &import, NULL), 1);
    CHECK(import.name == NULL);
    CHECK_EQ(import.ordinal, 0x11);
    CHECK_EQ(import.slot, R_DATA + 0x88);
    CHECK_EQ(pe_next_import(&image, &cursor, &import, NULL), 0);
}

KILN_TEST_ONCE(ldr_pe, exports_are_found_by_name_ordinal_and_forwarder)
{
    struct pe_image image;
    struct pe_export found;
    sample_make(file);
    CHECK_EQ(take(file, sizeof file, &image, NULL), 0);
    CHECK(pe_find_export(&image, "Alpha", 0, &found));
    CHECK_EQ(found.rva, 0x1010);
    CHECK_EQ(found.ordinal, 5);
    CHECK(found.forwarder == NULL);
    CHECK(pe_find_export(&image, "Beta", 0, &found)); /* a hint that is wrong does no harm */
    CHECK(contains(found.forwarder, "ntoskrnl.DbgPrint"));
    CHECK(pe_find_ordinal(&image, 5, &found));
    CHECK_EQ(found.rva, 0x1010);
    CHECK(!pe_find_ordinal(&image, 4, &found));
    CHECK(!pe_find_ordinal(&image, 7, &found));
    CHECK(!pe_find_export(&image, "Gamma", 9, &found));
}

KILN_TEST_ONCE(ldr_pe, a_flat_image_is_mapped_as_the_file_is)
{
    struct pe_image image;
    struct ldr_error why;
    sample_make(file);
    sample_put(file, F_SECTION_ALIGN, 4, 0x200);
    CHECK_EQ((uint32_t)pe_parse(file, sizeof file, &image, &why), FORMAT);
    CHECK(contains(why.text, "must be its RVA"));
    sample_put(file, F_SECTION(0) + S_RVA, 4, 0x200);
    sample_put(file, F_SECTION(1) + S_RVA, 4, 0x400);
    sample_put(file, F_ENTRY, 4, 0x200);
    sample_put(file, F_IMAGE_SIZE, 4, 0x800);
    for (unsigned i = 0; i < PE_DIRECTORIES; i++)
        sample_put(file, F_DIR(i), 8, 0);
    CHECK_EQ(take(file, sizeof file, &image, &why), 0);
    CHECK(image.flat);
    CHECK_EQ(image.size_of_image, 0x1000);
    CHECK_EQ(memory[0x210], 0xb8);
}
