/* SPDX-License-Identifier: MIT */
/*
 * Push locks: pointer-sized reader-writer locks.
 *
 *      bit 0 LOCKED   owned exclusively        bits 4..  number of sharers
 *      bit 1 WAITING  somebody is queued: acquirers queue too, the last releaser hands over
 *
 * Uncontended operations are one exchange. Waiters queue in one of a few hashed queues, on records on their
 * stacks; a queue's lock makes looking at the value and queueing (or handing over) one step. Handing over
 * writes the new owner into the value before it wakes the waiter: first come, first served, sharers in a row
 * together.
 *
 * Lock: queue lock, a leaf except for the dispatcher lock that KeSetEvent takes after it is released.
 * Reference: ExAcquirePushLockExclusive and its siblings, ExInitializePushLock of wdm.h.
 */
#include "exinit.h"
#include "ki.h"
#include "locks.h"
#include "mi.h"
#include "trap.h"
#include <nt/ex.h>

#define LOCKED  1ULL
#define WAITING 2ULL
#define SHARE   16ULL
#define QUEUES  64

typedef struct _PUSH_WAITER {
    LIST_ENTRY Link;
    PEX_PUSH_LOCK PushLock;
    BOOLEAN Exclusive;
    struct _PUSH_WAITER *Woken; /* next to be woken */
    KEVENT Granted;
} PUSH_WAITER;

static struct {
    KSPIN_LOCK Lock;
    LIST_ENTRY Waiters;
} queues[QUEUES];

void ExpInitPushLocks(void)
{
    for (ULONG I = 0; I < QUEUES; I++)
        InitializeListHead(&queues[I].Waiters);
}

static ULONG queue_of(PEX_PUSH_LOCK PushLock)
{
    return (ULONG)(((ULONG_PTR)PushLock * 0x9E3779B97F4A7C15ULL) >> 58);
}

static BOOLEAN swap(PEX_PUSH_LOCK PushLock, ULONG_PTR *Old, ULONG_PTR New)
{
    return KiCompareExchange(PushLock, Old, New);
}

/* Take the lock if its value allows, else note that somebody waits. Queue lock held. */
static BOOLEAN take_or_mark(PEX_PUSH_LOCK PushLock, BOOLEAN Exclusive)
{
    ULONG_PTR Old = __atomic_load_n(PushLock, __ATOMIC_RELAXED);

    for (;;) {
        BOOLEAN Free = Exclusive ? Old == 0 : !(Old & (LOCKED | WAITING));
        if (swap(PushLock, &Old, Free ? (Exclusive ? LOCKED : Old + SHARE) : Old | WAITING))
            return Free;
    }
}

__attribute__((noinline)) static void acquire_slow(PEX_PUSH_LOCK PushLock, BOOLEAN Exclusive, PVOID Caller)
{
    ULONG Queue = queue_of(PushLock);
    PUSH_WAITER Waiter;
    BOOLEAN Got;

    Waiter.PushLock = PushLock;
    Waiter.Exclusive = Exclusive;
    KeInitializeEvent(&Waiter.Granted, SynchronizationEvent, FALSE);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&queues[Queue].Lock);
    Got = take_or_mark(PushLock, Exclusive);
    if (!Got)
        InsertTailList(&queues[Queue].Waiters, &Waiter.Link);
    KeReleaseSpinLock(&queues[Queue].Lock, Irql);
    if (!Got) {
        KiBeginLockWait(KiLockPushLock, PushLock, !Exclusive, Caller);
        KeWaitForSingleObject(&Waiter.Granted, WrPushLock, KernelMode, FALSE, NULL);
        KiEndLockWait();
    }
}

/* Nobody owns the lock and WAITING is set: pass it on. */
__attribute__((noinline)) static void hand_over(PEX_PUSH_LOCK PushLock)
{
    ULONG Queue = queue_of(PushLock);
    PUSH_WAITER *Woken = NULL, **Tail = &Woken;
    ULONG_PTR New = 0;

    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&queues[Queue].Lock);
    if (__atomic_load_n(PushLock, __ATOMIC_ACQUIRE) == WAITING) {
        for (PLIST_ENTRY Link = queues[Queue].Waiters.Flink, Next; Link != &queues[Queue].Waiters;
             Link = Next) {
            PUSH_WAITER *Waiter = CONTAINING_RECORD(Link, PUSH_WAITER, Link);
            Next = Link->Flink;
            if (Waiter->PushLock != PushLock)
                continue;
            if ((New & LOCKED) || (New && Waiter->Exclusive)) {
                New |= WAITING;
                break;
            }
            New += Waiter->Exclusive ? LOCKED : SHARE;
            RemoveEntryList(Link);
            Waiter->Woken = NULL;
            *Tail = Waiter;
            Tail = &Waiter->Woken;
        }
        __atomic_store_n(PushLock, New, __ATOMIC_RELEASE);
    }
    KeReleaseSpinLock(&queues[Queue].Lock, Irql);
    while (Woken) {
        PUSH_WAITER *Next = Woken->Woken;
        KeSetEvent(&Woken->Granted, EVENT_INCREMENT, FALSE);
        Woken = Next;
    }
}

static inline void acquire_exclusive(PEX_PUSH_LOCK PushLock, PVOID Caller)
{
    ULONG_PTR Free = 0;

    KiSchedPoint(HOST_POINT_LOCK);
    if (__builtin_expect(!swap(PushLock, &Free, LOCKED), 0))
        acquire_slow(PushLock, TRUE, Caller);
    KiLockAcquired(KiLockPushLock, PushLock, FALSE, Caller);
}

static inline BOOLEAN try_shared(PEX_PUSH_LOCK PushLock)
{
    ULONG_PTR Old = __atomic_load_n(PushLock, __ATOMIC_RELAXED);

    while (!(Old & (LOCKED | WAITING)))
        if (swap(PushLock, &Old, Old + SHARE))
            return TRUE;
    return FALSE;
}

static inline void acquire_shared(PEX_PUSH_LOCK PushLock, PVOID Caller)
{
    KiSchedPoint(HOST_POINT_LOCK);
    if (__builtin_expect(!try_shared(PushLock), 0))
        acquire_slow(PushLock, FALSE, Caller);
    KiLockAcquired(KiLockPushLock, PushLock, TRUE, Caller);
}

DECLSPEC_NORETURN static void not_held(PEX_PUSH_LOCK PushLock, ULONG_PTR Value, PVOID Caller)
{
    KiBugCheckText(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1007, (ULONG_PTR)PushLock, Value, 0,
                   (ULONG64)(ULONG_PTR)Caller, "a push lock was released that is not held in that way");
}

static inline void release_exclusive(PEX_PUSH_LOCK PushLock, PVOID Caller)
{
    KiLockReleased(PushLock);
    ULONG_PTR Old = KI_FETCH_AND(PushLock, ~LOCKED);

    if (!(Old & LOCKED))
        not_held(PushLock, Old, Caller);
    if (__builtin_expect((Old & WAITING) != 0, 0))
        hand_over(PushLock);
}

static inline void release_shared(PEX_PUSH_LOCK PushLock, PVOID Caller)
{
    KiLockReleased(PushLock);
    ULONG_PTR Old = KI_FETCH_ADD(PushLock, -SHARE);

    if ((Old & LOCKED) || Old < SHARE)
        not_held(PushLock, Old, Caller);
    if (__builtin_expect(Old - SHARE == WAITING, 0))
        hand_over(PushLock);
}

/* ---------------------------------------------------------------- exports */

#define CALLER __builtin_return_address(0)

void NTAPI ExInitializePushLock(PEX_PUSH_LOCK PushLock)
{
    *PushLock = 0;
}

void NTAPI ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(Flags); /* whether the verifier watches it */
    acquire_exclusive(PushLock, CALLER);
}

void NTAPI ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(Flags);
    acquire_shared(PushLock, CALLER);
}

void NTAPI ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    release_exclusive(PushLock, CALLER);
}

void NTAPI ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    release_shared(PushLock, CALLER);
}

void NTAPI ExReleasePushLockEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags);
    if (__atomic_load_n(PushLock, __ATOMIC_RELAXED) & LOCKED)
        release_exclusive(PushLock, CALLER);
    else
        release_shared(PushLock, CALLER);
}

/* The names that older headers' inline routines import. */

void NTAPI ExfAcquirePushLockExclusive(PEX_PUSH_LOCK PushLock)
{
    acquire_exclusive(PushLock, CALLER);
}

void NTAPI ExfAcquirePushLockShared(PEX_PUSH_LOCK PushLock)
{
    acquire_shared(PushLock, CALLER);
}

BOOLEAN NTAPI ExfTryAcquirePushLockShared(PEX_PUSH_LOCK PushLock)
{
    if (!try_shared(PushLock))
        return FALSE;
    KiLockAcquired(KiLockPushLock, PushLock, TRUE, CALLER);
    return TRUE;
}

void NTAPI ExfReleasePushLockExclusive(PEX_PUSH_LOCK PushLock)
{
    release_exclusive(PushLock, CALLER);
}

void NTAPI ExfReleasePushLockShared(PEX_PUSH_LOCK PushLock)
{
    release_shared(PushLock, CALLER);
}

void NTAPI ExfReleasePushLock(PEX_PUSH_LOCK PushLock)
{
    ExReleasePushLockEx(PushLock, 0);
}

void NTAPI ExfTryToWakePushLock(PEX_PUSH_LOCK PushLock)
{
    if (__atomic_load_n(PushLock, __ATOMIC_ACQUIRE) == WAITING)
        hand_over(PushLock);
}

/* ---------------------------------------------------------------- cache-aware */

/*
 * One push lock for each processor, on a line of its own: a reader takes its processor's, a writer all of
 * them, in order. The layout (an array of pointers) is what the inlined reader side of drivers expects.
 */
#define CACHE_AWARE_TAG   0x6C50434EU /* "NCPl" */
#define CACHE_AWARE_SLOTS 32

typedef struct _EX_PUSH_LOCK_CACHE_AWARE {
    PEX_PUSH_LOCK Locks[CACHE_AWARE_SLOTS];
} EX_PUSH_LOCK_CACHE_AWARE;

EX_PUSH_LOCK_CACHE_AWARE *NTAPI ExAllocateCacheAwarePushLock(void)
{
    EX_PUSH_LOCK_CACHE_AWARE *Lock = MiAllocatePool(
        NonPagedPoolNx, sizeof(*Lock) + (CACHE_AWARE_SLOTS + 1) * 64, CACHE_AWARE_TAG, TRUE, CALLER);

    if (Lock) {
        UCHAR *Line = (UCHAR *)(((ULONG_PTR)(Lock + 1) + 63) & ~(ULONG_PTR)63);
        for (ULONG I = 0; I < CACHE_AWARE_SLOTS; I++)
            Lock->Locks[I] = (PEX_PUSH_LOCK)(Line + 64 * I);
    }
    return Lock;
}

void NTAPI ExFreeCacheAwarePushLock(EX_PUSH_LOCK_CACHE_AWARE *PushLock)
{
    ExFreePoolWithTag(PushLock, CACHE_AWARE_TAG);
}

void NTAPI ExAcquireCacheAwarePushLockExclusive(EX_PUSH_LOCK_CACHE_AWARE *PushLock)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    for (ULONG I = 0; I < CACHE_AWARE_SLOTS; I++)
        acquire_exclusive(PushLock->Locks[I], CALLER);
}

void NTAPI ExReleaseCacheAwarePushLockExclusive(EX_PUSH_LOCK_CACHE_AWARE *PushLock)
{
    for (ULONG I = CACHE_AWARE_SLOTS; I-- > 0;)
        release_exclusive(PushLock->Locks[I], CALLER);
}
