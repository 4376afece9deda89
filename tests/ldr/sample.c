/* SPDX-License-Identifier: MIT */
/* The image that sample.h describes. */
#include "sample.h"

void sample_put(uint8_t *file, uint32_t at, unsigned bytes, uint64_t value)
{
    for (unsigned i = 0; i < bytes; i++)
        file[at + i] = (uint8_t)(value >> (8 * i));
}

static void text(uint8_t *file, uint32_t at, const char *string)
{
    for (unsigned i = 0; string[i]; i++)
        file[at + i] = (uint8_t)string[i];
}

static void section(uint8_t *file, unsigned index, const char *name, uint32_t vsize, uint32_t rva,
                    uint32_t raw_size, uint32_t raw, uint32_t flags)
{
    uint32_t at = F_SECTION(index);
    text(file, at, name);
    sample_put(file, at + S_VSIZE, 4, vsize);
    sample_put(file, at + S_RVA, 4, rva);
    sample_put(file, at + S_RAW_SIZE, 4, raw_size);
    sample_put(file, at + S_RAW, 4, raw);
    sample_put(file, at + S_FLAGS, 4, flags);
}

static void directory(uint8_t *file, unsigned index, uint32_t offset, uint32_t size)
{
    sample_put(file, F_DIR(index), 4, R_DATA + offset);
    sample_put(file, F_DIR(index) + 4, 4, size);
}

static void headers(uint8_t *file)
{
    text(file, 0, "MZ");
    sample_put(file, F_LFANEW, 4, 0x40);
    text(file, F_SIGNATURE, "PE");
    sample_put(file, F_MACHINE, 2, 0x8664);
    sample_put(file, F_SECTIONS, 2, 2);
    sample_put(file, F_OPTIONAL_SIZE, 2, 240);
    sample_put(file, F_CHARACTERISTICS, 2, 0x22);
    sample_put(file, F_OPTIONAL, 2, 0x20b);
    sample_put(file, F_ENTRY, 4, 0x1000);
    sample_put(file, F_BASE, 8, SAMPLE_BASE);
    sample_put(file, F_SECTION_ALIGN, 4, 0x1000);
    sample_put(file, F_FILE_ALIGN, 4, 0x200);
    sample_put(file, F_IMAGE_SIZE, 4, 0x3000);
    sample_put(file, F_HEADERS_SIZE, 4, 0x200);
    sample_put(file, F_SUBSYSTEM, 2, 1);
    sample_put(file, F_DIRECTORIES, 4, 16);
    section(file, 0, ".text", 0x100, 0x1000, 0x200, 0x200, 0x60000020);
    section(file, 1, ".data", 0x400, 0x2000, 0x400, 0x400, 0xc0000040);
}

static void tables(uint8_t *file)
{
    uint8_t *data = file + F_DATA;
    directory(file, PE_DIR_IMPORT, 0x000, 40);
    sample_put(data, 0x00, 4, R_DATA + 0x40);
    sample_put(data, 0x0c, 4, R_DATA + 0xc0);
    sample_put(data, 0x10, 4, R_DATA + 0x80);
    sample_put(data, 0x40, 8, R_DATA + 0xd0);
    sample_put(data, 0x48, 8, R_DATA + 0xe6);
    sample_put(data, 0x80, 8, R_DATA + 0xd0);
    sample_put(data, 0x88, 8, R_DATA + 0xe6);
    text(data, 0xc0, "ntoskrnl.exe");
    text(data, 0xd2, "KeGetCurrentIrql");
    text(data, 0xe8, "DbgPrint");

    directory(file, PE_DIR_RELOCATION, 0x100, 12);
    sample_put(data, 0x100, 4, R_DATA);
    sample_put(data, 0x104, 4, 12);
    sample_put(data, 0x108, 2, 0xa3f8);
    sample_put(data, 0x10a, 2, 0);
    sample_put(data, 0x3f8, 8, SAMPLE_BASE + 0x1000);

    directory(file, PE_DIR_EXPORT, 0x140, 0x80);
    sample_put(data, 0x14c, 4, R_DATA + 0x190);
    sample_put(data, 0x150, 4, 5); /* ordinal base */
    sample_put(data, 0x154, 4, 2);
    sample_put(data, 0x158, 4, 2);
    sample_put(data, 0x15c, 4, R_DATA + 0x168);
    sample_put(data, 0x160, 4, R_DATA + 0x170);
    sample_put(data, 0x164, 4, R_DATA + 0x178);
    sample_put(data, 0x168, 4, 0x1010);
    sample_put(data, 0x16c, 4, R_DATA + 0x1a8); /* a forwarder: inside the directory */
    sample_put(data, 0x170, 4, R_DATA + 0x19c);
    sample_put(data, 0x174, 4, R_DATA + 0x1a2);
    sample_put(data, 0x178, 2, 0);
    sample_put(data, 0x17a, 2, 1);
    text(data, 0x190, "sample.sys");
    text(data, 0x19c, "Alpha");
    text(data, 0x1a2, "Beta");
    text(data, 0x1a8, "ntoskrnl.DbgPrint");

    directory(file, PE_DIR_EXCEPTION, 0x200, 24);
    sample_put(data, 0x200, 4, 0x1000);
    sample_put(data, 0x204, 4, 0x1010);
    sample_put(data, 0x208, 4, R_DATA + 0x240);
    sample_put(data, 0x20c, 4, 0x1010);
    sample_put(data, 0x210, 4, 0x1040);
    sample_put(data, 0x214, 4, R_DATA + 0x240);
    sample_put(data, 0x240, 4, 1);

    directory(file, PE_DIR_LOAD_CONFIG, 0x280, 0x140);
    sample_put(data, 0x280, 4, 0x140);
}

void sample_make(uint8_t *file)
{
    __builtin_memset(file, 0, SAMPLE_BYTES);
    headers(file);
    tables(file);
    file[0x200] = 0x31, file[0x201] = 0xc0, file[0x202] = 0xc3; /* DriverEntry: xor eax, eax; ret */
    file[0x210] = 0xb8, file[0x211] = 0x2a, file[0x215] = 0xc3; /* Alpha: mov eax, 42; ret */
}
