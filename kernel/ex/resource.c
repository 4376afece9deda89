/* SPDX-License-Identifier: MIT */
/*
 * Executive resources (ERESOURCE): reader-writer locks with owners, recursion, and conversion.
 *
 * State, all guarded by the resource's own spin lock:
 *
 *      free         ActiveEntries 0
 *      exclusive    ActiveEntries 1, Flag ResourceOwnedExclusive, OwnerEntry is the owner and its count
 *      shared       ActiveEntries = owners, each with an entry: OwnerEntry or one of OwnerTable
 *
 * Ownership is handed over: the releaser writes the waiter's owner entry and then wakes it, so a woken thread
 * owns the resource and nobody slips in between. That needs a free table entry for each shared waiter; it is
 * made before the thread waits. Waiters are records on the waiting threads' stacks, in two first-in first-out
 * lists that hang off SharedWaiters and ExclusiveWaiters. After an exclusive owner all shared waiters are let
 * in, after the last shared owner one exclusive waiter: neither side starves. Which new sharers must queue
 * behind a waiting writer is what the three shared routines differ in.
 *
 * Layout is public, the meaning of the waiter pointers is not. Reference: the Ex...Resource...Lite pages of
 * wdm.h.
 */
#include "ki.h"
#include "locks.h"
#include "mi.h"
#include "trap.h"
#include <nt/ex.h>

#define TABLE_TAG   0x61546552U /* "ReTa" */
#define FIRST_TABLE 4

#define CALLER __builtin_return_address(0)

typedef struct _RESOURCE_WAITER {
    struct _RESOURCE_WAITER *Next;
    PKTHREAD Thread;
    KEVENT Granted;
} RESOURCE_WAITER;

enum { ShareNormal, ShareStarve, ShareBehind };

/* As the dispatcher lock: with one processor the raised IRQL excludes everybody, and the lock is not written. */
static inline KIRQL lock(PERESOURCE Resource)
{
    KIRQL Irql = KiRaise(DISPATCH_LEVEL);

    KiSchedPoint(HOST_POINT_LOCK);
    while (KiProcessorCount != 1 && __atomic_exchange_n(&Resource->SpinLock, 1, __ATOMIC_ACQUIRE)) {
        do
            KiSpinRelax();
        while (__atomic_load_n(&Resource->SpinLock, __ATOMIC_RELAXED));
    }
    return Irql;
}

static inline void unlock(PERESOURCE Resource, KIRQL Irql)
{
    __atomic_store_n(&Resource->SpinLock, 0, __ATOMIC_RELEASE);
    KiLower(Irql);
}

static ULONG table_size(PERESOURCE Resource)
{
    return Resource->OwnerTable ? Resource->OwnerTable[0].TableSize : 0;
}

/* Entry 0 of the table holds its size; owners are in OwnerEntry and in entries 1.. */
static POWNER_ENTRY find_owner(PERESOURCE Resource, ERESOURCE_THREAD Thread)
{
    if (Resource->OwnerEntry.OwnerThread == Thread)
        return &Resource->OwnerEntry;
    for (ULONG I = 1; I < table_size(Resource); I++)
        if (Resource->OwnerTable[I].OwnerThread == Thread)
            return &Resource->OwnerTable[I];
    return NULL;
}

static void set_owner(PERESOURCE Resource, ERESOURCE_THREAD Thread)
{
    POWNER_ENTRY Entry = find_owner(Resource, 0);

    Entry->OwnerThread = Thread;
    Entry->OwnerCount = 1;
    Resource->ActiveEntries++;
    Resource->ActiveCount = 1;
}

/* Is there an entry for everyone who holds or waits to share, and one more? */
static BOOLEAN has_room(PERESOURCE Resource)
{
    ULONG Entries = 1 + (table_size(Resource) ? table_size(Resource) - 1 : 0);

    return Entries >= Resource->ActiveEntries + Resource->NumberOfSharedWaiters + 1;
}

/*
 * Make the owner table larger. Called and returns with the lock held; it is dropped in between. FALSE: out of
 * memory, and the caller must not wait for some.
 */
static BOOLEAN grow(PERESOURCE Resource, BOOLEAN Wait, KIRQL *Irql)
{
    ULONG Old = table_size(Resource), New = Old ? Old * 2 : FIRST_TABLE;
    POWNER_ENTRY Table, Previous;

    unlock(Resource, *Irql);
    while ((Table = MiAllocatePool(NonPagedPoolNx, New * sizeof(OWNER_ENTRY), TABLE_TAG, TRUE, NULL)) ==
               NULL &&
           Wait) {
        LARGE_INTEGER Delay = {.QuadPart = -100000};
        KeDelayExecutionThread(KernelMode, FALSE, &Delay);
    }
    *Irql = lock(Resource);
    if (Table == NULL)
        return FALSE;
    if (table_size(Resource) >= New) {
        Previous = Table; /* somebody else was faster */
    } else {
        Previous = Resource->OwnerTable;
        for (ULONG I = 1; I < table_size(Resource); I++)
            Table[I] = Previous[I];
        Table[0].TableSize = New;
        Resource->OwnerTable = Table;
    }
    if (Previous)
        ExFreePoolWithTag(Previous, TABLE_TAG);
    return TRUE;
}

static void enqueue(PVOID *List, RESOURCE_WAITER *Waiter)
{
    RESOURCE_WAITER **Link = (RESOURCE_WAITER **)List;

    Waiter->Next = NULL;
    Waiter->Thread = KiThread();
    KeInitializeEvent(&Waiter->Granted, SynchronizationEvent, FALSE);
    while (*Link)
        Link = &(*Link)->Next;
    *Link = Waiter;
}

static BOOLEAN wait(PERESOURCE Resource, RESOURCE_WAITER *Waiter, KIRQL Irql, BOOLEAN Shared, PVOID Caller)
{
    Resource->ContentionCount++;
    unlock(Resource, Irql);
    KiBeginLockWait(KiLockResource, Resource, Shared, Caller);
    KeWaitForSingleObject(&Waiter->Granted, WrResource, KernelMode, FALSE, NULL);
    KiLockAcquired(KiLockResource, Resource, Shared, Caller);
    KiEndLockWait();
    return TRUE;
}

/* Give the resource to every shared waiter. Returns the waiters to wake; lock held. */
static RESOURCE_WAITER *grant_shared(PERESOURCE Resource)
{
    RESOURCE_WAITER *List = Resource->SharedWaiters;

    for (RESOURCE_WAITER *Waiter = List; Waiter; Waiter = Waiter->Next)
        set_owner(Resource, (ERESOURCE_THREAD)Waiter->Thread);
    Resource->SharedWaiters = NULL;
    Resource->NumberOfSharedWaiters = 0;
    return List;
}

static RESOURCE_WAITER *grant_exclusive(PERESOURCE Resource)
{
    RESOURCE_WAITER *Waiter = Resource->ExclusiveWaiters;

    if (Waiter) {
        Resource->ExclusiveWaiters = Waiter->Next;
        Waiter->Next = NULL;
        Resource->NumberOfExclusiveWaiters--;
        set_owner(Resource, (ERESOURCE_THREAD)Waiter->Thread);
        Resource->Flag |= ResourceOwnedExclusive;
    }
    return Waiter;
}

static void wake(RESOURCE_WAITER *List)
{
    while (List) {
        RESOURCE_WAITER *Next = List->Next; /* the record is gone once its thread runs */
        KeSetEvent(&List->Granted, EVENT_INCREMENT, FALSE);
        List = Next;
    }
}

/* ---------------------------------------------------------------- life */

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    __builtin_memset(Resource, 0, sizeof(*Resource));
    InitializeListHead(&Resource->SystemResourcesList);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource)
{
    POWNER_ENTRY Table = Resource->OwnerTable;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    for (ULONG I = 1; I < table_size(Resource); I++)
        Table[I] = (OWNER_ENTRY){0};
    __builtin_memset(Resource, 0, sizeof(*Resource));
    InitializeListHead(&Resource->SystemResourcesList);
    Resource->OwnerTable = Table;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Resource->ActiveEntries && host_config()->checked)
        KiBugCheckText(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x100B, (ULONG_PTR)Resource,
                       (ULONG_PTR)Resource->OwnerEntry.OwnerThread, 0,
                       (ULONG64)(ULONG_PTR)__builtin_return_address(0),
                       "a resource was deleted while a thread still owns it; release it first");
    if (Resource->OwnerTable)
        ExFreePoolWithTag(Resource->OwnerTable, TABLE_TAG);
    Resource->OwnerTable = NULL;
    Resource->SharedWaiters = Resource->ExclusiveWaiters = NULL;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- acquiring */

static BOOLEAN acquire_exclusive(PERESOURCE Resource, BOOLEAN Wait, PVOID Caller)
{
    ERESOURCE_THREAD Thread = (ERESOURCE_THREAD)KiThread();
    RESOURCE_WAITER Waiter;
    BOOLEAN Got = TRUE, First = FALSE;

    KIRQL Irql = lock(Resource);
    if (Resource->ActiveEntries == 0) {
        set_owner(Resource, Thread);
        Resource->Flag |= ResourceOwnedExclusive;
        First = TRUE;
    } else if ((Resource->Flag & ResourceOwnedExclusive) && Resource->OwnerEntry.OwnerThread == Thread) {
        Resource->OwnerEntry.OwnerCount++;
    } else if (Wait) {
        enqueue(&Resource->ExclusiveWaiters, &Waiter);
        Resource->NumberOfExclusiveWaiters++;
        return wait(Resource, &Waiter, Irql, FALSE, Caller);
    } else {
        Got = FALSE;
    }
    unlock(Resource, Irql);
    if (First)
        KiLockAcquired(KiLockResource, Resource, FALSE, Caller);
    return Got;
}

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return acquire_exclusive(Resource, Wait, CALLER);
}

static BOOLEAN acquire_shared(PERESOURCE Resource, BOOLEAN Wait, ULONG Policy, PVOID Caller)
{
    ERESOURCE_THREAD Thread = (ERESOURCE_THREAD)KiThread();
    RESOURCE_WAITER Waiter;
    KIRQL Irql = lock(Resource);

    for (;;) {
        BOOLEAN Exclusive = (Resource->Flag & ResourceOwnedExclusive) != 0;
        POWNER_ENTRY Mine = Resource->ActiveEntries ? find_owner(Resource, Thread) : NULL;
        BOOLEAN WriterWaits = Resource->NumberOfExclusiveWaiters != 0;
        BOOLEAN MayShare = !Exclusive && (!WriterWaits || Policy == ShareStarve);

        if (Mine && (Exclusive || Policy != ShareBehind || !WriterWaits)) {
            Mine->OwnerCount++;
            unlock(Resource, Irql);
            return TRUE;
        }
        if (!MayShare && !Wait) {
            unlock(Resource, Irql);
            return FALSE;
        }
        if (!has_room(Resource)) {
            if (grow(Resource, Wait, &Irql))
                continue;
            unlock(Resource, Irql);
            return FALSE;
        }
        if (MayShare) {
            set_owner(Resource, Thread);
            unlock(Resource, Irql);
            KiLockAcquired(KiLockResource, Resource, TRUE, Caller);
            return TRUE;
        }
        enqueue(&Resource->SharedWaiters, &Waiter);
        Resource->NumberOfSharedWaiters++;
        return wait(Resource, &Waiter, Irql, TRUE, Caller);
    }
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return acquire_shared(Resource, Wait, ShareNormal, CALLER);
}

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return acquire_shared(Resource, Wait, ShareStarve, CALLER);
}

BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return acquire_shared(Resource, Wait, ShareBehind, CALLER);
}

/* ---------------------------------------------------------------- releasing */

static void release(PERESOURCE Resource, ERESOURCE_THREAD Thread, PVOID Caller)
{
    RESOURCE_WAITER *Woken = NULL;
    KIRQL Irql = lock(Resource);
    POWNER_ENTRY Entry = Resource->ActiveEntries && Thread ? find_owner(Resource, Thread) : NULL;

    if (Entry == NULL) {
        unlock(Resource, Irql);
        KiBugCheckText(RESOURCE_NOT_OWNED, (ULONG_PTR)Resource, (ULONG_PTR)Thread,
                       (ULONG_PTR)Resource->OwnerTable, 0x3, (ULONG64)(ULONG_PTR)Caller,
                       "a resource was released by a thread that does not own it");
    }
    Entry->OwnerCount--;
    if (Entry->OwnerCount == 0) {
        if (__builtin_expect(KiTrackLocks, 0))
            KiNoteReleasedBy((PKTHREAD)Thread, Resource);
        BOOLEAN WasExclusive = (Resource->Flag & ResourceOwnedExclusive) != 0;
        Entry->OwnerThread = 0;
        Resource->ActiveEntries--;
        if (Resource->ActiveEntries == 0) {
            Resource->ActiveCount = 0;
            Resource->Flag &= (USHORT)~ResourceOwnedExclusive;
            if (WasExclusive && Resource->SharedWaiters)
                Woken = grant_shared(Resource);
            else if (Resource->ExclusiveWaiters)
                Woken = grant_exclusive(Resource);
            else if (Resource->SharedWaiters)
                Woken = grant_shared(Resource);
        }
    }
    unlock(Resource, Irql);
    wake(Woken);
}

void NTAPI ExReleaseResourceLite(PERESOURCE Resource)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    release(Resource, (ERESOURCE_THREAD)KiThread(), __builtin_return_address(0));
}

void NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    release(Resource, ResourceThreadId, __builtin_return_address(0));
}

void NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    RESOURCE_WAITER *Woken = NULL;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL Irql = lock(Resource);
    if (!(Resource->Flag & ResourceOwnedExclusive)) {
        unlock(Resource, Irql);
        KiBugCheckText(RESOURCE_NOT_OWNED, (ULONG_PTR)Resource, (ULONG_PTR)KiThread(),
                       (ULONG_PTR)Resource->OwnerTable, 0x1, (ULONG64)(ULONG_PTR)__builtin_return_address(0),
                       "a resource was converted from exclusive to shared that is not owned exclusively");
    }
    Resource->Flag &= (USHORT)~ResourceOwnedExclusive;
    if (Resource->SharedWaiters)
        Woken = grant_shared(Resource);
    unlock(Resource, Irql);
    wake(Woken);
}

/* ---------------------------------------------------------------- owner pointers */

void NTAPI ExSetResourceOwnerPointerEx(PERESOURCE Resource, PVOID OwnerPointer, ULONG Flags)
{
    ERESOURCE_THREAD Owner = (ERESOURCE_THREAD)OwnerPointer;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Flags); /* a thread as owner is boosted on Windows; nothing else differs */
    KIRQL Irql = lock(Resource);
    POWNER_ENTRY Mine = find_owner(Resource, (ERESOURCE_THREAD)KiThread());
    POWNER_ENTRY Other = find_owner(Resource, Owner);
    if (Mine == NULL) {
        unlock(Resource, Irql);
        KiBugCheckText(RESOURCE_NOT_OWNED, (ULONG_PTR)Resource, (ULONG_PTR)KiThread(),
                       (ULONG_PTR)Resource->OwnerTable, 0x2, (ULONG64)(ULONG_PTR)__builtin_return_address(0),
                       "ExSetResourceOwnerPointer was called by a thread that does not own the resource");
    }
    if (__builtin_expect(KiTrackLocks, 0)) /* the owner is no thread from now on, or another one */
        KiNoteReleasedBy(KiThread(), Resource);
    if (Other && Other != Mine) {
        /* Shared, and the pointer owns it already: one owner with both counts. */
        Other->OwnerCount += Mine->OwnerCount;
        Mine->OwnerThread = 0;
        Mine->OwnerCount = 0;
        Resource->ActiveEntries--;
    } else {
        Mine->OwnerThread = Owner;
    }
    unlock(Resource, Irql);
}

void NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer)
{
    ExSetResourceOwnerPointerEx(Resource, OwnerPointer, 0);
}

/* ---------------------------------------------------------------- questions */

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL Irql = lock(Resource);
    BOOLEAN Mine = (Resource->Flag & ResourceOwnedExclusive) &&
                   Resource->OwnerEntry.OwnerThread == (ERESOURCE_THREAD)KiThread();

    unlock(Resource, Irql);
    return Mine;
}

ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL Irql = lock(Resource);
    POWNER_ENTRY Entry = Resource->ActiveEntries ? find_owner(Resource, (ERESOURCE_THREAD)KiThread()) : NULL;
    ULONG Count = Entry ? Entry->OwnerCount : 0;

    unlock(Resource, Irql);
    return Count;
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource)
{
    return KI_PEEK(Resource->NumberOfExclusiveWaiters);
}

ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource)
{
    return KI_PEEK(Resource->NumberOfSharedWaiters);
}

void NTAPI ExDisableResourceBoostLite(PERESOURCE Resource)
{
    KIRQL Irql = lock(Resource);

    Resource->Flag |= 0x8; /* the public meaning: owners are not boosted; Kiln boosts none */
    unlock(Resource, Irql);
}

/* ---------------------------------------------------------------- with the critical region */

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KeEnterCriticalRegion();
    acquire_exclusive(Resource, TRUE, CALLER);
    return NULL; /* the thread's Win32 part, which no thread has */
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KeEnterCriticalRegion();
    acquire_shared(Resource, TRUE, ShareNormal, CALLER);
    return NULL;
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(PERESOURCE Resource)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KeEnterCriticalRegion();
    acquire_shared(Resource, TRUE, ShareBehind, CALLER);
    return NULL;
}

void NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    release(Resource, (ERESOURCE_THREAD)KiThread(), __builtin_return_address(0));
    KeLeaveCriticalRegion();
}
