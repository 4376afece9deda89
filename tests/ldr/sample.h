/* SPDX-License-Identifier: MIT */
/*
 * A small driver image made by hand, valid in every respect, for tests that break one thing of it.
 *
 *      file   0x000 headers            0x200 .text (RVA 0x1000)          0x400 .data (RVA 0x2000)
 *
 * .data holds, from its start: +0x000 import descriptors, +0x040 lookup table, +0x080 slots, +0x0c0 names,
 * +0x100 relocations, +0x140 exports, +0x200 functions, +0x240 unwind information, +0x280 load configuration
 * (0x140 bytes), +0x3c0 the cookie and guard pointers, +0x3f8 a pointer to relocate.
 */
#ifndef TESTS_LDR_SAMPLE_H
#define TESTS_LDR_SAMPLE_H

#include "pe.h"

#define SAMPLE_BYTES 0x800
#define SAMPLE_BASE  0x140000000ull

/* File offsets of header fields. */
#define F_LFANEW          0x3c
#define F_SIGNATURE       0x40
#define F_MACHINE         0x44
#define F_SECTIONS        0x46
#define F_SYMBOLS         0x4c
#define F_SYMBOL_COUNT    0x50
#define F_OPTIONAL_SIZE   0x54
#define F_CHARACTERISTICS 0x56
#define F_OPTIONAL        0x58
#define F_ENTRY           (F_OPTIONAL + 16)
#define F_BASE            (F_OPTIONAL + 24)
#define F_SECTION_ALIGN   (F_OPTIONAL + 32)
#define F_FILE_ALIGN      (F_OPTIONAL + 36)
#define F_IMAGE_SIZE      (F_OPTIONAL + 56)
#define F_HEADERS_SIZE    (F_OPTIONAL + 60)
#define F_CHECKSUM        (F_OPTIONAL + 64)
#define F_SUBSYSTEM       (F_OPTIONAL + 68)
#define F_DIRECTORIES     (F_OPTIONAL + 108)
#define F_DIR(i)          (F_OPTIONAL + 112 + (i)*8)
#define F_SECTION(i)      (F_OPTIONAL + 240 + (i)*40)
#define S_VSIZE           8
#define S_RVA             12
#define S_RAW_SIZE        16
#define S_RAW             20
#define S_FLAGS           36
#define F_DATA            0x400
#define R_DATA            0x2000

void sample_put(uint8_t *file, uint32_t at, unsigned bytes, uint64_t value);

/* Fill `file`, SAMPLE_BYTES bytes. It imports KeGetCurrentIrql and DbgPrint from ntoskrnl.exe. */
void sample_make(uint8_t *file);

#endif
