/* SPDX-License-Identifier: MIT */
/*
 * se/luid.c: numbers that are unique on this machine while it runs: LUIDs, and ranges of time for UUIDs made elsewhere.
 *
 * A UUID of version 1 is a time in 100 ns units, a sequence number and a node. NtAllocateUuids hands out ranges of
 * that time, never one twice: `next_time` is the end of the last range.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "ntsvc.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"
#include "trap.h"
#include "zw.h"

#define UUID_EPOCH_TO_1601 0x000146BF33E42000ULL /* from 15 October 1582, in 100 ns */
#define RANGE              10000                 /* a millisecond's worth */

NTSTATUS NTAPI NtAllocateLocallyUniqueId(PLUID Luid)
{
    LUID luid = SepAllocateLuid();
    return KiCopyToMode(KiThread()->PreviousMode, Luid, &luid, sizeof(luid));
}

NTSTATUS NTAPI ZwAllocateLocallyUniqueId(PLUID Luid)
{
    KI_ZW(NtAllocateLocallyUniqueId(Luid));
}

/* *Time: the first of *Range times; Seed: six bytes, a node that is no network card's (RFC 4122, 4.5). */
NTSTATUS NTAPI NtAllocateUuids(PULARGE_INTEGER Time, PULONG Range, PULONG Sequence, PCHAR Seed)
{
    static ULONGLONG next_time;
    static volatile ULONGLONG node; /* 0: not chosen yet */
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    ULONG range = RANGE, sequence = 1;
    LARGE_INTEGER now;
    if (!node) {
        ULONGLONG none = 0, random = host_random() | 1; /* the bit that says so */
        __atomic_compare_exchange_n(&node, &none, random, FALSE, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    }
    KeQuerySystemTime(&now);
    ULONGLONG at = (ULONGLONG)now.QuadPart + UUID_EPOCH_TO_1601, seed = node, first;
    ULONGLONG last = __atomic_load_n(&next_time, __ATOMIC_RELAXED);
    do {
        first = last > at ? last : at;
    } while (!__atomic_compare_exchange_n(&next_time, &last, first + RANGE, FALSE, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    NTSTATUS status = KiCopyToMode(mode, Time, &first, sizeof(first));
    if (NT_SUCCESS(status))
        status = KiCopyToMode(mode, Range, &range, sizeof(range));
    if (NT_SUCCESS(status))
        status = KiCopyToMode(mode, Sequence, &sequence, sizeof(sequence));
    return NT_SUCCESS(status) ? KiCopyToMode(mode, Seed, &seed, 6) : status;
}
