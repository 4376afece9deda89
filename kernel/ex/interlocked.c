/* SPDX-License-Identifier: MIT */
/*
 * List and integer operations that take a spin lock by themselves, at any IRQL.
 *
 * They run at HIGH_LEVEL while they hold the lock, so that an interrupt service routine on the same processor
 * cannot deadlock with them; a lock used here must not be used with KeAcquireSpinLock. Reference:
 * ExInterlocked*List, ExInterlockedAddLargeInteger, ExInterlockedAddUlong of wdm.h.
 */
#include "ki.h"
#include <nt/ex.h>

static inline KIRQL lock(PKSPIN_LOCK Lock)
{
    KIRQL Irql = KiRaise(HIGH_LEVEL);

    KeAcquireSpinLockAtDpcLevel(Lock);
    return Irql;
}

static inline void unlock(PKSPIN_LOCK Lock, KIRQL Irql)
{
    KeReleaseSpinLockFromDpcLevel(Lock);
    KiLower(Irql);
}

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    KIRQL Irql = lock(Lock);
    PLIST_ENTRY First = IsListEmpty(ListHead) ? NULL : ListHead->Flink;

    InsertHeadList(ListHead, ListEntry);
    unlock(Lock, Irql);
    return First;
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock)
{
    KIRQL Irql = lock(Lock);
    PLIST_ENTRY Last = IsListEmpty(ListHead) ? NULL : ListHead->Blink;

    InsertTailList(ListHead, ListEntry);
    unlock(Lock, Irql);
    return Last;
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    KIRQL Irql = lock(Lock);
    PLIST_ENTRY First = IsListEmpty(ListHead) ? NULL : RemoveHeadList(ListHead);

    unlock(Lock, Irql);
    return First;
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry,
                                                    PKSPIN_LOCK Lock)
{
    KIRQL Irql = lock(Lock);
    PSINGLE_LIST_ENTRY First = ListHead->Next;

    ListEntry->Next = First;
    ListHead->Next = ListEntry;
    unlock(Lock, Irql);
    return First;
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock)
{
    KIRQL Irql = lock(Lock);
    PSINGLE_LIST_ENTRY First = ListHead->Next;

    if (First)
        ListHead->Next = First->Next;
    unlock(Lock, Irql);
    return First;
}

LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                 PKSPIN_LOCK Lock)
{
    KIRQL Irql = lock(Lock);
    LARGE_INTEGER Before = *Addend;

    Addend->QuadPart = (LONGLONG)((ULONGLONG)Before.QuadPart + (ULONGLONG)Increment.QuadPart);
    unlock(Lock, Irql);
    return Before;
}

ULONG NTAPI ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock)
{
    KIRQL Irql = lock(Lock);
    ULONG Before = *Addend;

    *Addend = Before + Increment;
    unlock(Lock, Irql);
    return Before;
}
