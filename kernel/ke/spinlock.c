/* SPDX-License-Identifier: MIT */
/*
 * spinlock.c: spin locks, in-stack queued spin locks, and the executive's reader-writer spin locks.
 *
 * A plain spin lock holds 0 or the number of the owning processor plus one. A processor that finds its own number in a
 * lock it wants can only be waiting for itself, because whoever holds a spin lock cannot be switched out: that is
 * SPIN_LOCK_ALREADY_OWNED, whatever the number of processors. The same number tells a release by the wrong one.
 *
 * A queued lock holds the address of the last handle in its queue (MCS): each waiter spins on its own handle, whose
 * Lock pointer has bit 0 set while it waits, and the owner passes the lock on in order. A lock must be used as one kind
 * or the other.
 *
 * Spinning takes interrupts above the current IRQL, as a real processor would, so that an interrupt or an
 * inter-processor call addressed to a spinning processor cannot deadlock with what it waits for.
 */
#include "kep.h"
#include "locks.h"

#define QUEUE_WAIT ((ULONG_PTR)1)

static DECLSPEC_NORETURN DECLSPEC_NOINLINE void already_owned(PKSPIN_LOCK Lock, PVOID Caller)
{
    KiBugCheckText(SPIN_LOCK_ALREADY_OWNED, (ULONG_PTR)Lock, (ULONG_PTR)Caller, KiIrql(), KiProcessorNumber(),
                   (ULONG_PTR)Caller,
                   "A spin lock was acquired by a processor that already holds it: it would spin forever. Spin locks do "
                   "not nest; look for a path that calls, completes or logs something while it holds the lock.");
}

static DECLSPEC_NORETURN DECLSPEC_NOINLINE void not_owned(PKSPIN_LOCK Lock, PVOID Caller)
{
    KiBugCheckText(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)Lock, (ULONG_PTR)Caller, KiIrql(), *Lock, (ULONG_PTR)Caller,
                   "A spin lock was released that this processor does not hold: it was never acquired, was released "
                   "before, or its memory was overwritten.");
}

static DECLSPEC_NOINLINE void spin(PKSPIN_LOCK Lock, ULONG_PTR Self, PVOID Caller)
{
    ULONG_PTR owner;
    ULONG64 rounds = 0;
    do {
        while ((owner = __atomic_load_n(Lock, __ATOMIC_RELAXED)) != 0) {
            if (owner == Self)
                already_owned(Lock, Caller);
            KiSpinRound(KiLockSpin, Lock, Caller, rounds++);
            KiSpinRelax();
        }
        owner = 0;
    } while (!__atomic_compare_exchange_n(Lock, &owner, Self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED));
    KiEndSpin();
}

static inline __attribute__((always_inline)) void acquire(PKSPIN_LOCK Lock, PVOID Caller)
{
    ULONG_PTR self = KiProcessorNumber() + 1, expected = 0;
    KiSchedPoint(HOST_POINT_LOCK);
    if (__builtin_expect(
            !__atomic_compare_exchange_n(Lock, &expected, self, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED), 0))
        spin(Lock, self, Caller);
    KiSpinAcquired(KiLockSpin, Lock, FALSE, Caller);
}

static inline __attribute__((always_inline)) void release(PKSPIN_LOCK Lock, PVOID Caller)
{
    if (__builtin_expect(__atomic_load_n(Lock, __ATOMIC_RELAXED) != KiProcessorNumber() + 1, 0))
        not_owned(Lock, Caller);
    KiSpinReleased(Lock);
    __atomic_store_n(Lock, 0, __ATOMIC_RELEASE);
}

#define CALLER __builtin_return_address(0)

#define ASSERT_AT_DPC_LEVEL()                                                                                          \
    do {                                                                                                               \
        if (__builtin_expect(KiIrql() < DISPATCH_LEVEL, 0))                                                            \
            below_dispatch(__func__, CALLER);                                                                          \
    } while (0)

static DECLSPEC_NORETURN DECLSPEC_NOINLINE void below_dispatch(const char *What, PVOID Caller)
{
    KiBugCheckText(IRQL_NOT_GREATER_OR_EQUAL, (ULONG_PTR)Caller, KiIrql(), DISPATCH_LEVEL, (ULONG_PTR)What,
                   (ULONG_PTR)Caller,
                   "A ...AtDpcLevel or ...FromDpcLevel spin lock routine was called below DISPATCH_LEVEL, where the "
                   "holder could be switched out; use KeAcquireSpinLock and KeReleaseSpinLock there.");
}

/* ---------------------------------------------------------------- spin locks */

#undef KeInitializeSpinLock
VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    __atomic_store_n(SpinLock, 0, __ATOMIC_RELEASE);
}

KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiRaise(DISPATCH_LEVEL);
    acquire(SpinLock, CALLER);
    KiTrimPoint(CALLER);
    return irql;
}

KIRQL NTAPI KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock)
{
    KI_ASSERT_IRQL_MAX(SYNCH_LEVEL);
    KIRQL irql = KiRaise(SYNCH_LEVEL);
    acquire(SpinLock, CALLER);
    return irql;
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql)
{
    release(SpinLock, CALLER);
    if (__builtin_expect(NewIrql > KiIrql(), 0))
        KiBugCheckText(IRQL_NOT_LESS_OR_EQUAL, 0, NewIrql, 0, (ULONG_PTR)CALLER, (ULONG_PTR)CALLER,
                       "KeReleaseSpinLock was given an IRQL above the current one; it takes what KeAcquireSpinLock "
                       "returned for this lock.");
    KiLower(NewIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

#undef KeAcquireSpinLock
VOID NTAPI KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql)
{
    *OldIrql = KeAcquireSpinLockRaiseToDpc(SpinLock);
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    ASSERT_AT_DPC_LEVEL();
    acquire(SpinLock, CALLER);
}

VOID NTAPI KefAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    ASSERT_AT_DPC_LEVEL();
    acquire(SpinLock, CALLER);
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    release(SpinLock, CALLER);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

VOID NTAPI KefReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock)
{
    release(SpinLock, CALLER);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock)
{
    ASSERT_AT_DPC_LEVEL();
    KiSchedPoint(HOST_POINT_LOCK);
    ULONG_PTR expected = 0;
    if (!__atomic_compare_exchange_n(SpinLock, &expected, (ULONG_PTR)KiProcessorNumber() + 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED))
        return FALSE;
    KiSpinAcquired(KiLockSpin, SpinLock, FALSE, CALLER);
    return TRUE;
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock)
{
    return __atomic_load_n(SpinLock, __ATOMIC_RELAXED) == 0;
}

/* A threaded DPC runs at PASSIVE_LEVEL and must raise; an ordinary one is at DISPATCH_LEVEL already. */
KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiRaise(DISPATCH_LEVEL);
    acquire(SpinLock, CALLER);
    return irql;
}

VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release(SpinLock, CALLER);
    KiLower(OldIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

/* ---------------------------------------------------------------- queued spin locks */

static void acquire_queued(PKSPIN_LOCK Lock, PKLOCK_QUEUE_HANDLE Handle, PVOID Caller)
{
    PKSPIN_LOCK_QUEUE mine = &Handle->LockQueue;
    KiSchedPoint(HOST_POINT_LOCK);
    mine->Next = NULL;
    __atomic_store_n(&mine->Lock, (PKSPIN_LOCK)((ULONG_PTR)Lock | QUEUE_WAIT), __ATOMIC_RELAXED);
    PKSPIN_LOCK_QUEUE last;
    if (KiProcessorCount == 1) { /* see KI_FETCH_ADD: no bus lock */
        last = (PKSPIN_LOCK_QUEUE)*Lock;
        *Lock = (ULONG_PTR)mine;
    } else {
        last = (PKSPIN_LOCK_QUEUE)__atomic_exchange_n(Lock, (ULONG_PTR)mine, __ATOMIC_ACQ_REL);
    }
    if (!last) {
        __atomic_store_n(&mine->Lock, Lock, __ATOMIC_RELAXED);
        KiSpinAcquired(KiLockQueuedSpin, Lock, FALSE, Caller);
        return;
    }
    if (KiProcessorCount == 1) /* the holder is below us on this very processor */
        already_owned(Lock, Caller);
    __atomic_store_n(&last->Next, mine, __ATOMIC_RELEASE);
    for (ULONG64 rounds = 0; (ULONG_PTR)__atomic_load_n(&mine->Lock, __ATOMIC_ACQUIRE) & QUEUE_WAIT; rounds++) {
        KiSpinRound(KiLockQueuedSpin, Lock, Caller, rounds);
        KiSpinRelax();
    }
    KiEndSpin();
    KiSpinAcquired(KiLockQueuedSpin, Lock, FALSE, Caller);
}

static void release_queued(PKLOCK_QUEUE_HANDLE Handle)
{
    PKSPIN_LOCK_QUEUE mine = &Handle->LockQueue;
    PKSPIN_LOCK lock = mine->Lock;
    KiSpinReleased(lock);
    PKSPIN_LOCK_QUEUE next = __atomic_load_n(&mine->Next, __ATOMIC_ACQUIRE);
    if (!next) {
        ULONG_PTR expected = (ULONG_PTR)mine;
        if (KiCompareExchange(lock, &expected, 0))
            return;
        /* Another processor has entered the queue and is about to link itself. */
        while (!(next = __atomic_load_n(&mine->Next, __ATOMIC_ACQUIRE)))
            host_relax();
    }
    __atomic_store_n(&next->Lock, lock, __ATOMIC_RELEASE);
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    LockHandle->OldIrql = KiRaise(DISPATCH_LEVEL);
    acquire_queued(SpinLock, LockHandle, CALLER);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KI_ASSERT_IRQL_MAX(SYNCH_LEVEL);
    LockHandle->OldIrql = KiRaise(SYNCH_LEVEL);
    acquire_queued(SpinLock, LockHandle, CALLER);
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle)
{
    release_queued(LockHandle);
    KiLower(LockHandle->OldIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    ASSERT_AT_DPC_LEVEL();
    acquire_queued(SpinLock, LockHandle, CALLER);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle)
{
    release_queued(LockHandle);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    LockHandle->OldIrql = KiRaise(DISPATCH_LEVEL);
    acquire_queued(SpinLock, LockHandle, CALLER);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle)
{
    release_queued(LockHandle);
    KiLower(LockHandle->OldIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

/* The numbered locks of the system, as older file systems and filters name them. */
static KSPIN_LOCK numbered_locks[LockQueueMaximumLock];

KIRQL NTAPI KeAcquireQueuedSpinLock(KSPIN_LOCK_QUEUE_NUMBER Number)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiRaise(DISPATCH_LEVEL);
    acquire(&numbered_locks[Number], CALLER);
    return irql;
}

VOID NTAPI KeReleaseQueuedSpinLock(KSPIN_LOCK_QUEUE_NUMBER Number, KIRQL OldIrql)
{
    release(&numbered_locks[Number], CALLER);
    KiLower(OldIrql);
}

LOGICAL NTAPI KeTryToAcquireQueuedSpinLock(KSPIN_LOCK_QUEUE_NUMBER Number, PKIRQL OldIrql)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiRaise(DISPATCH_LEVEL);
    if (!KeTryToAcquireSpinLockAtDpcLevel(&numbered_locks[Number])) {
        KiLower(irql);
        return FALSE;
    }
    *OldIrql = irql;
    return TRUE;
}

/* ---------------------------------------------------------------- reader-writer spin locks */

/*
 * EX_SPIN_LOCK: bit 31 an exclusive owner, bit 30 a writer waits (new readers hold back), the rest the readers. A
 * reader that interrupts its own processor's shared hold must not hold back: a lock is acquired at one level, so it
 * does not.
 */
#define RW_EXCLUSIVE 0x80000000u
#define RW_WAITING   0x40000000u
#define RW_READERS   0x3fffffffu

/* TRUE: *lock was value, and is desired. */
static inline BOOLEAN change(ULONG *lock, ULONG value, ULONG desired)
{
    if (KiProcessorCount != 1)
        return __atomic_compare_exchange_n(lock, &value, desired, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    *lock = desired; /* nobody can have come between: see KI_FETCH_ADD */
    return TRUE;
}

static void acquire_shared(PEX_SPIN_LOCK SpinLock, PVOID Caller)
{
    ULONG64 rounds = 0;
    ULONG *lock = (ULONG *)SpinLock;
    KiSchedPoint(HOST_POINT_LOCK);
    for (;;) {
        ULONG value = __atomic_load_n(lock, __ATOMIC_RELAXED);
        if (!(value & (RW_EXCLUSIVE | RW_WAITING)) && change(lock, value, value + 1))
            break;
        if (value & (RW_EXCLUSIVE | RW_WAITING)) {
            KiSpinRound(KiLockReaderWriterSpin, (PVOID)lock, Caller, rounds++);
            KiSpinRelax();
        }
    }
    if (rounds != 0)
        KiEndSpin();
    KiSpinAcquired(KiLockReaderWriterSpin, (PVOID)lock, TRUE, Caller);
}

static void acquire_exclusive(PEX_SPIN_LOCK SpinLock, PVOID Caller)
{
    ULONG64 rounds = 0;
    ULONG *lock = (ULONG *)SpinLock;
    KiSchedPoint(HOST_POINT_LOCK);
    for (;;) {
        ULONG value = __atomic_load_n(lock, __ATOMIC_RELAXED);
        if (!(value & (RW_EXCLUSIVE | RW_READERS))) {
            if (change(lock, value, RW_EXCLUSIVE))
                break;
            continue;
        }
        if (!(value & RW_WAITING))
            __atomic_fetch_or(lock, RW_WAITING, __ATOMIC_RELAXED);
        KiSpinRound(KiLockReaderWriterSpin, (PVOID)lock, Caller, rounds++);
        KiSpinRelax();
    }
    if (rounds != 0)
        KiEndSpin();
    KiSpinAcquired(KiLockReaderWriterSpin, (PVOID)lock, FALSE, Caller);
}

static void release_shared(PEX_SPIN_LOCK SpinLock)
{
    KiSpinReleased((PVOID)SpinLock);
    KI_FETCH_ADD((ULONG *)SpinLock, -1u);
}

static void release_exclusive(PEX_SPIN_LOCK SpinLock)
{
    KiSpinReleased((PVOID)SpinLock);
    KI_FETCH_AND((ULONG *)SpinLock, ~RW_EXCLUSIVE);
}

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiRaise(DISPATCH_LEVEL);
    acquire_shared(SpinLock, CALLER);
    return irql;
}

VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_shared(SpinLock);
    KiLower(OldIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    ASSERT_AT_DPC_LEVEL();
    acquire_shared(SpinLock, CALLER);
}

VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    release_shared(SpinLock);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiRaise(DISPATCH_LEVEL);
    acquire_exclusive(SpinLock, CALLER);
    return irql;
}

VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_exclusive(SpinLock);
    KiLower(OldIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    ASSERT_AT_DPC_LEVEL();
    acquire_exclusive(SpinLock, CALLER);
}

VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    release_exclusive(SpinLock);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    ASSERT_AT_DPC_LEVEL();
    /* Fails beside another reader, and when a writer waits (reader-writer-spin-locks.md): that one goes first. */
    ULONG only_reader = 1;
    return __atomic_compare_exchange_n((ULONG *)SpinLock, &only_reader, RW_EXCLUSIVE, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}
