/* SPDX-License-Identifier: MIT */
/* Sections and views for the tests of the memory manager. */
#ifndef KILN_TEST_MM_SECTION_FIXTURE_H
#define KILN_TEST_MM_SECTION_FIXTURE_H

#include <ntifs.h>
#include "harness.h"
#include "ki.h"
#include "mi.h"
#include "ntsvc.h"
#include "psp.h"
#include "trap.h"

#define SELF ((HANDLE)(LONG_PTR)-1)

/* A page-file-backed section, by a kernel handle. */
HANDLE section_create(ULONG64 bytes, ULONG protection, ULONG attributes);
/* The whole of it, in the current process. */
PVOID section_map(HANDLE section, ULONG protection);
void section_unmap(PVOID base);
/* Map with everything that can be said; *base and *offset are in and out. */
NTSTATUS section_map_at(HANDLE section, PVOID *base, LONGLONG *offset, SIZE_T *bytes, ULONG type,
                        ULONG protection);
/* 4 KB of user memory for parameters of user-mode calls, zeroed; *bytes (optional) becomes 0. */
PVOID section_user_slot(SIZE_T *bytes);
/* Touch without a crash: the code of what was raised. */
NTSTATUS section_try_read(volatile const void *address, UCHAR *value);
NTSTATUS section_try_write(volatile void *address, UCHAR value);

/* As a driver's code: ThreadSanitizer does atomics while it holds a lock, which a fault in them would wait for. */
#ifdef __clang__
__attribute__((disable_sanitizer_instrumentation))
#endif
static inline void section_increment(volatile LONG *value)
{
    __atomic_fetch_add(value, 1, __ATOMIC_SEQ_CST);
}

#endif
