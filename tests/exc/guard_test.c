/* SPDX-License-Identifier: MIT */
/* Guarded accesses of kernel code: KeTryCall, copies to and from user memory, probes, emulated windows. */
#include <ntifs.h>
#include "harness.h"
#include "host.h"
#include "layout.h"
#include "trap.h"

static volatile int reached;

static void reads_null(void *context)
{
    reached = 1;
    *(volatile int *)context;
    reached = 2;
}

KILN_TEST_ONCE(exc_guard, try_call_returns_the_code_of_a_fault)
{
    reached = 0;
    CHECK_EQ(KeTryCall(reads_null, (void *)8), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(reached, 1);
}

static void raises(void *context)
{
    ExRaiseStatus((NTSTATUS)(ULONG_PTR)context);
}

static void nothing(void *context)
{
    *(int *)context = 7;
}

KILN_TEST_ONCE(exc_guard, try_call_succeeds_when_nothing_is_raised)
{
    int value = 0;
    CHECK_EQ(KeTryCall(nothing, &value), STATUS_SUCCESS);
    CHECK_EQ(value, 7);
}

KILN_TEST_ONCE(exc_guard, try_call_catches_software_exceptions)
{
    EXCEPTION_RECORD record;
    CHECK_EQ(KeTryCallEx(raises, (void *)(ULONG_PTR)(ULONG)STATUS_CANCELLED, &record), STATUS_CANCELLED);
    CHECK_EQ(record.ExceptionCode, STATUS_CANCELLED);
    CHECK(record.ExceptionFlags & EXCEPTION_NONCONTINUABLE);
}

static void nested(void *context)
{
    CHECK_EQ(KeTryCall(raises, context), STATUS_CANCELLED);
    ExRaiseStatus(STATUS_DEVICE_BUSY);
}

KILN_TEST_ONCE(exc_guard, try_calls_nest)
{
    CHECK_EQ(KeTryCall(nested, (void *)(ULONG_PTR)(ULONG)STATUS_CANCELLED), STATUS_DEVICE_BUSY);
}

KILN_TEST_ONCE(exc_guard, copies_from_bad_user_addresses_fail)
{
    char buffer[600];
    CHECK_EQ(KiCopyFromUser(buffer, (void *)0x10000, 8), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KiCopyFromUser(buffer, (void *)0x10000, 600), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KiCopyToUser((void *)0x10000, buffer, 8), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KiCopyFromUser(buffer, (void *)KILN_RAM_BASE, 8), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KiCopyFromUser(buffer, (void *)(KILN_USER_PROBE - 4), 8), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KiCopyFromUser(buffer, (void *)1, 0), STATUS_SUCCESS);
}

KILN_TEST_ONCE(exc_guard, kernel_mode_copies_are_not_checked_against_the_user_limit)
{
    char from[300], to[300];
    for (int i = 0; i < 300; i++) {
        from[i] = (char)i;
        to[i] = 0;
    }
    CHECK_EQ(KiCopyFromMode(KernelMode, to, from, 299), STATUS_SUCCESS);
    CHECK(RtlCompareMemory(to, from, 299) == 299);
    CHECK_EQ(to[299], 0);
    to[13] = 0;
    CHECK_EQ(KiCopyToMode(KernelMode, to, from, 14), STATUS_SUCCESS);
    CHECK_EQ(to[13], 13);
}

KILN_TEST_ONCE(exc_guard, probes_by_status)
{
    CHECK_EQ(KiProbeForRead((void *)0x10002, 4, 4), STATUS_DATATYPE_MISALIGNMENT);
    CHECK_EQ(KiProbeForRead((void *)0x10000, ~(SIZE_T)0, 1), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KiProbeForRead((void *)0x10000, 4, 4), STATUS_SUCCESS);
    CHECK_EQ(KiProbeForWrite((void *)0x10000, 4, 4), STATUS_ACCESS_VIOLATION);
}

KILN_TEST_ONCE(exc_guard, safe_reads_never_fault)
{
    ULONGLONG value = 0, there = 55;
    CHECK(!KiSafeRead64(0, &value));
    CHECK(!KiSafeRead64(0xFFFF800000000000ULL, &value));
    CHECK(!KiSafeRead64(0x1234567812345678ULL, &value));
    CHECK(KiSafeRead64((ULONG_PTR)&there, &value));
    CHECK_EQ(value, 55);
}

/* ---------------------------------------------------------------- windows */

static ULONGLONG device_register[4], last_write;
static ULONG reads, writes;

static bool access(void *context, ULONGLONG address, ULONG bytes, bool write, ULONGLONG *value)
{
    ULONGLONG *slot = &device_register[((address - (ULONG_PTR)context) / 8) % 4];
    if (write) {
        writes++;
        last_write = *value;
        __builtin_memcpy((UCHAR *)slot + (address & 7), value, bytes);
    } else {
        reads++;
        __builtin_memcpy(value, (UCHAR *)slot + (address & 7), bytes);
    }
    return true;
}

KILN_TEST_ONCE(exc_guard, mmio_window_sees_each_access_once)
{
    ULONGLONG base = KILN_MMIO_BASE + 0x100000;
    CHECK_EQ(KiRegisterMmioWindow(base, 4096, access, (void *)(ULONG_PTR)base), STATUS_SUCCESS);
    CHECK_EQ(KiRegisterMmioWindow(base + 4095, 1, access, NULL), STATUS_CONFLICTING_ADDRESSES);
    volatile ULONG *reg32 = (volatile ULONG *)(ULONG_PTR)base;
    volatile UCHAR *reg8 = (volatile UCHAR *)(ULONG_PTR)base;
    *reg32 = 0x11223344;
    CHECK_EQ(writes, 1);
    CHECK_EQ(last_write, 0x11223344);
    CHECK_EQ(*reg32, 0x11223344);
    CHECK_EQ(reads, 1);
    CHECK_EQ(reg8[1], 0x33);
    *reg32 |= 0x80000000;
    CHECK_EQ(*reg32, 0x91223344);
    *reg32 += 1;
    CHECK_EQ(*reg32, 0x91223345);
    reg8[0] ^= 0xFF;
    CHECK_EQ(*reg32, 0x912233BA);
    CHECK_EQ(__atomic_exchange_n(reg32, 5, __ATOMIC_SEQ_CST), 0x912233BA);
    CHECK_EQ(__atomic_fetch_add(reg32, 3, __ATOMIC_SEQ_CST), 5);
    ULONG expected = 8;
    CHECK(__atomic_compare_exchange_n(reg32, &expected, 9, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    expected = 1;
    CHECK(!__atomic_compare_exchange_n(reg32, &expected, 2, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    CHECK_EQ(expected, 9);
    KiUnregisterMmioWindow(base);
    CHECK_EQ(KiRegisterMmioWindow(base + 8, 8, access, (void *)(ULONG_PTR)base), STATUS_SUCCESS);
    KiUnregisterMmioWindow(base + 8);
}

/* Flags of an emulated comparison are those of the processor. */
KILN_TEST_ONCE(exc_guard, mmio_comparisons_set_flags)
{
    ULONGLONG base = KILN_MMIO_BASE + 0x200000;
    CHECK_EQ(KiRegisterMmioWindow(base, 4096, access, (void *)(ULONG_PTR)base), STATUS_SUCCESS);
    volatile int *reg = (volatile int *)(ULONG_PTR)base;
    *reg = -5;
    UCHAR less, below, equal;
    __asm__ volatile("cmpl $3, (%3)\n setl %0\n setb %1\n sete %2"
                     : "=q"(less), "=q"(below), "=q"(equal)
                     : "r"(reg)
                     : "cc");
    CHECK_EQ(less, 1);
    CHECK_EQ(below, 0);
    CHECK_EQ(equal, 0);
    __asm__ volatile("testl $0x80000000, (%1)\n sets %0" : "=q"(less) : "r"(reg) : "cc");
    CHECK_EQ(less, 1);
    KiUnregisterMmioWindow(base);
}
