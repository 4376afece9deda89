/* SPDX-License-Identifier: MIT */
/*
 * A file system of one file for the tests of file-backed sections: \Device\MmFs\<anything>. It keeps the
 * file's bytes, notes every paging request, and can be told to fail, to be slow, and to have no sections.
 */
#ifndef KILN_TEST_MM_SECTION_FS_H
#define KILN_TEST_MM_SECTION_FS_H

#include "section_fixture.h"

#define FS_BYTES 0x60000

struct section_fs {
    UCHAR data[FS_BYTES];
    ULONG64 size;
    SECTION_OBJECT_POINTERS pointers;
    BOOLEAN no_sections; /* opens do not set SectionObjectPointer */
    BOOLEAN slow;        /* paging requests are completed later, by a DPC */
    NTSTATUS fail_read, fail_write, fail_query, fail_set;
    volatile LONG reads, writes, bad, closes, acquired, released;
    ULONG64 last_offset;
    ULONG last_length;
    PVOID touch; /* read it from the read routine (a fault within paging I/O) */
};
extern struct section_fs fs;

/* Make the device (once a test) and fill the file with `size` bytes: byte i is (i / 256) ^ i. */
void fs_start(ULONG64 size);
UCHAR fs_byte(ULONG64 offset);
HANDLE fs_open(ACCESS_MASK access);
/* A section of the file; size 0: the file's. Kernel handle. */
NTSTATUS fs_section(HANDLE file, ULONG64 size, ULONG protection, ULONG attributes, HANDLE *section);
HANDLE fs_must_section(HANDLE file, ULONG protection);

#endif
