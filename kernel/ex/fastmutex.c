/* SPDX-License-Identifier: MIT */
/*
 * Fast mutexes and guarded mutexes.
 *
 * Count is 1 when free, 0 when owned, and one less for every thread that waits. Acquiring decrements; who
 * finds anything but 1 waits on the event. Releasing increments; if anyone was waiting it sets the event,
 * which hands the mutex to one of them. So an uncontended pair is two atomic operations.
 *
 * The two kinds differ in what they do to APCs: a fast mutex raises to APC_LEVEL, a guarded mutex enters a
 * guarded region, the unsafe forms rely on the caller. Reference: ExAcquireFastMutex...,
 * KeAcquireGuardedMutex... of wdm.h.
 */
#include "ki.h"
#include "locks.h"
#include "trap.h"
#include <nt/ex.h>

C_ASSERT(FIELD_OFFSET(FAST_MUTEX, Event) == FIELD_OFFSET(KGUARDED_MUTEX, Event));
C_ASSERT(FIELD_OFFSET(FAST_MUTEX, Owner) == FIELD_OFFSET(KGUARDED_MUTEX, Owner));
#define AS_FAST(Mutex) ((PFAST_MUTEX)(PVOID)(Mutex))

static DECLSPEC_NOINLINE void wait(PFAST_MUTEX Mutex, KI_LOCK_KIND Kind, PVOID Caller)
{
    __atomic_fetch_add(&Mutex->Contention, 1, __ATOMIC_RELAXED);
    KiBeginLockWait(Kind, Mutex, FALSE, Caller);
    KeWaitForSingleObject(&Mutex->Event, Kind == KiLockFastMutex ? WrFastMutex : WrGuardedMutex, KernelMode, FALSE, NULL);
    KiEndLockWait();
}

#define CALLER __builtin_return_address(0)

/* `Mutex` begins with Count; it is of one of the two kinds, which are laid out alike. */
static inline void lock(PFAST_MUTEX Mutex, KI_LOCK_KIND Kind, PVOID Caller)
{
    KiSchedPoint(HOST_POINT_LOCK);
    if (__builtin_expect(KI_FETCH_ADD(&Mutex->Count, -1) != 1, 0))
        wait(Mutex, Kind, Caller);
    Mutex->Owner = KiThread();
    KiLockAcquired(Kind, Mutex, FALSE, Caller);
}

static inline void unlock(PFAST_MUTEX Mutex)
{
    Mutex->Owner = NULL;
    KiLockReleased(Mutex);
    if (__builtin_expect(KI_FETCH_ADD(&Mutex->Count, 1) < 0, 0))
        KeSetEvent(&Mutex->Event, EVENT_INCREMENT, FALSE);
}

static BOOLEAN try_lock(PFAST_MUTEX Mutex, KI_LOCK_KIND Kind, PVOID Caller)
{
    LONG Free = 1;

    if (!__atomic_compare_exchange_n(&Mutex->Count, &Free, 0, FALSE, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return FALSE;
    Mutex->Owner = KiThread();
    KiLockAcquired(Kind, Mutex, FALSE, Caller);
    return TRUE;
}

DECLSPEC_NORETURN static void not_owner(PVOID Mutex, PVOID Owner, PVOID Caller)
{
    KiBugCheckText(THREAD_NOT_MUTEX_OWNER, (ULONG_PTR)KiThread(), (ULONG_PTR)Mutex, (ULONG_PTR)Owner, 0,
                   (ULONG64)(ULONG_PTR)Caller,
                   "a fast or guarded mutex was released by a thread that does not own it");
}

DECLSPEC_NORETURN static void recursive(PVOID Mutex, PVOID Caller)
{
    KiBugCheckText(
        DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001, (ULONG_PTR)Mutex, (ULONG_PTR)KiThread(), 0,
        (ULONG64)(ULONG_PTR)Caller,
        "a thread acquired a fast or guarded mutex that it owns already; these mutexes are not recursive, "
        "and the thread would wait for itself for ever");
}

/* ---------------------------------------------------------------- fast mutexes */

void NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (KI_PEEK(FastMutex->Owner) == KiThread())
        recursive(FastMutex, __builtin_return_address(0));
    KIRQL Irql = KiRaise(APC_LEVEL);
    lock(FastMutex, KiLockFastMutex, CALLER);
    FastMutex->OldIrql = Irql;
}

void NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL Irql = (KIRQL)FastMutex->OldIrql;

    if (FastMutex->Owner != KiThread())
        not_owner(FastMutex, FastMutex->Owner, __builtin_return_address(0));
    unlock(FastMutex);
    KiLower(Irql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KIRQL Irql = KiRaise(APC_LEVEL);

    if (!try_lock(FastMutex, KiLockFastMutex, CALLER)) {
        KiLower(Irql);
        return FALSE;
    }
    FastMutex->OldIrql = Irql;
    return TRUE;
}

void NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (KI_PEEK(FastMutex->Owner) == KiThread())
        recursive(FastMutex, __builtin_return_address(0));
    lock(FastMutex, KiLockFastMutex, CALLER);
}

void NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    if (FastMutex->Owner != KiThread())
        not_owner(FastMutex, FastMutex->Owner, __builtin_return_address(0));
    unlock(FastMutex);
}

void NTAPI ExEnterCriticalRegionAndAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex)
{
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(FastMutex);
}

void NTAPI ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(PFAST_MUTEX FastMutex)
{
    ExReleaseFastMutexUnsafe(FastMutex);
    KeLeaveCriticalRegion();
}

/* ---------------------------------------------------------------- guarded mutexes */

void NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    Mutex->Count = 1;
    Mutex->Owner = NULL;
    Mutex->Contention = 0;
    Mutex->CombinedApcDisable = 0;
    KeInitializeEvent(&Mutex->Event, SynchronizationEvent, FALSE);
}

void NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (KI_PEEK(Mutex->Owner) == KiThread())
        recursive(Mutex, __builtin_return_address(0));
    lock(AS_FAST(Mutex), KiLockGuardedMutex, CALLER);
}

void NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX Mutex)
{
    if (Mutex->Owner != KiThread())
        not_owner(Mutex, Mutex->Owner, __builtin_return_address(0));
    unlock(AS_FAST(Mutex));
}

void NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (KI_PEEK(Mutex->Owner) == KiThread())
        recursive(Mutex, __builtin_return_address(0));
    KeEnterGuardedRegion();
    lock(AS_FAST(Mutex), KiLockGuardedMutex, CALLER);
}

void NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    if (Mutex->Owner != KiThread())
        not_owner(Mutex, Mutex->Owner, __builtin_return_address(0));
    unlock(AS_FAST(Mutex));
    KeLeaveGuardedRegion();
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KeEnterGuardedRegion();
    if (!try_lock(AS_FAST(Mutex), KiLockGuardedMutex, CALLER)) {
        KeLeaveGuardedRegion();
        return FALSE;
    }
    return TRUE;
}
