/* SPDX-License-Identifier: MIT */
/*
 * Interlocked singly linked lists (S-lists): a 16-byte header, changed by cmpxchg16b, whose sequence number
 * makes a pop fail that was overtaken by a pop and a push of the same entry.
 *
 * A pop reads the next pointer of an entry that another processor may have taken already: the value is then
 * discarded by the failing exchange, and pool is always mapped, so the read is harmless. Entries must be
 * 16-byte aligned. Reference: ExInterlockedPushEntrySList and its siblings, ExQueryDepthSList of wdm.h.
 */
#include "exinit.h"
#include "ki.h"
#include "trap.h"
#include <nt/ex.h>

typedef union {
    struct {
        ULONG64 Low, High;
    };
    __int128 Both;
} HEADER_VALUE;

#define DEPTH_MASK 0xFFFFULL

static inline HEADER_VALUE load(PSLIST_HEADER Head)
{
    HEADER_VALUE Value;

    /* Not one load: a torn value fails the exchange that follows. */
    Value.Low = __atomic_load_n(&Head->Alignment, __ATOMIC_ACQUIRE);
    Value.High = __atomic_load_n(&Head->Region, __ATOMIC_ACQUIRE);
    return Value;
}

static BOOLEAN alone; /* one processor: nobody can come in between, so no locked exchange is needed */

void ExpInitSLists(void)
{
    alone = host_config()->max_cpus == 1;
}

static inline BOOLEAN exchange(PSLIST_HEADER Head, HEADER_VALUE Old, HEADER_VALUE New)
{
    if (alone) {
        Head->Alignment = New.Low;
        Head->Region = New.High;
        return TRUE;
    }
    return __sync_bool_compare_and_swap((__int128 *)(void *)Head, Old.Both, New.Both);
}

static inline PSLIST_ENTRY first_of(HEADER_VALUE Value)
{
    return (PSLIST_ENTRY)(ULONG_PTR)(Value.High & ~0xFULL);
}

void NTAPI InitializeSListHead(PSLIST_HEADER SListHead)
{
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry)
{
    HEADER_VALUE Old, New;

    KiSchedPoint(HOST_POINT_LOCK);
    if ((ULONG_PTR)ListEntry & 15)
        ExRaiseDatatypeMisalignment();
    do {
        Old = load(ListHead);
        KI_PEEK(ListEntry->Next) = first_of(Old); /* a pop that lost the race may still read it */
        New.Low = ((Old.Low + 1) & DEPTH_MASK) | ((Old.Low & ~DEPTH_MASK) + (DEPTH_MASK + 1));
        New.High = (ULONG64)(ULONG_PTR)ListEntry | (Old.High & 0xF);
    } while (!exchange(ListHead, Old, New));
    return first_of(Old);
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead)
{
    HEADER_VALUE Old, New;
    PSLIST_ENTRY First;

    KiSchedPoint(HOST_POINT_LOCK);
    do {
        Old = load(ListHead);
        First = first_of(Old);
        if (First == NULL)
            return NULL;
        New.Low = ((Old.Low - 1) & DEPTH_MASK) | ((Old.Low & ~DEPTH_MASK) + (DEPTH_MASK + 1));
        New.High = (ULONG64)(ULONG_PTR)__atomic_load_n(&First->Next, __ATOMIC_RELAXED) | (Old.High & 0xF);
    } while (!exchange(ListHead, Old, New));
    return First;
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead)
{
    HEADER_VALUE Old, New;

    do {
        Old = load(ListHead);
        if (first_of(Old) == NULL)
            return NULL;
        New.Low = (Old.Low & ~DEPTH_MASK) + (DEPTH_MASK + 1);
        New.High = Old.High & 0xF;
    } while (!exchange(ListHead, Old, New));
    return first_of(Old);
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER SListHead)
{
    return (USHORT)(__atomic_load_n(&SListHead->Alignment, __ATOMIC_RELAXED) & DEPTH_MASK);
}

/* Not atomic, as its page says: of use to look, and where nobody else pops. */
PSLIST_ENTRY NTAPI FirstEntrySList(const SLIST_HEADER *SListHead)
{
    return first_of(load((PSLIST_HEADER)(ULONG_PTR)SListHead));
}
