/* SPDX-License-Identifier: MIT */
/*
 * Reader-writer spin locks (EX_SPIN_LOCK): one 32-bit word.
 *
 *      bit 31 WRITER   owned, or waited for, exclusively: no new readers        bits 0..30  readers
 *
 * A writer sets WRITER and then waits until the readers are gone, so writers do not starve. Converting succeeds for
 * the only reader when no writer waits. Reference: ExAcquireSpinLockShared and its siblings, of wdm.h.
 */
#include "ki.h"
#include "trap.h"
#include <nt/ex.h>

#define WRITER 0x80000000U

static inline ULONG load(PEX_SPIN_LOCK Lock)
{
    return __atomic_load_n((volatile ULONG *)Lock, __ATOMIC_RELAXED);
}

static inline BOOLEAN swap(PEX_SPIN_LOCK Lock, ULONG Old, ULONG New)
{
    return __atomic_compare_exchange_n((volatile ULONG *)Lock, &Old, New, FALSE, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static BOOLEAN try_shared(PEX_SPIN_LOCK Lock)
{
    ULONG Old = load(Lock);

    return !(Old & WRITER) && swap(Lock, Old, Old + 1);
}

static void acquire_shared(PEX_SPIN_LOCK Lock)
{
    KiSchedPoint(HOST_POINT_LOCK);
    while (!try_shared(Lock))
        KiSpinRelax();
}

static void acquire_exclusive(PEX_SPIN_LOCK Lock)
{
    ULONG Old;

    KiSchedPoint(HOST_POINT_LOCK);
    while ((Old = load(Lock)) & WRITER || !swap(Lock, Old, Old | WRITER))
        KiSpinRelax();
    while (__atomic_load_n((volatile ULONG *)Lock, __ATOMIC_ACQUIRE) != WRITER)
        KiSpinRelax();
}

static void release_shared(PEX_SPIN_LOCK Lock, PVOID Caller)
{
    ULONG Old = __atomic_fetch_sub((volatile ULONG *)Lock, 1, __ATOMIC_RELEASE);

    if ((Old & ~WRITER) == 0)
        KiBugCheckText(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)Lock, Old, 0, 0, (ULONG64)(ULONG_PTR)Caller,
                       "a reader-writer spin lock was released that no reader holds");
}

static void release_exclusive(PEX_SPIN_LOCK Lock, PVOID Caller)
{
    ULONG Old = __atomic_exchange_n((volatile ULONG *)Lock, 0, __ATOMIC_RELEASE);

    if (Old != WRITER)
        KiBugCheckText(SPIN_LOCK_NOT_OWNED, (ULONG_PTR)Lock, Old, 0, 0, (ULONG64)(ULONG_PTR)Caller,
                       "a reader-writer spin lock was released that no writer holds");
}

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL Irql = KiRaise(DISPATCH_LEVEL);
    acquire_shared(SpinLock);
    return Irql;
}

void NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    acquire_shared(SpinLock);
}

void NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_shared(SpinLock, __builtin_return_address(0));
    KiLower(OldIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

void NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    release_shared(SpinLock, __builtin_return_address(0));
}

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL Irql = KiRaise(DISPATCH_LEVEL);
    acquire_exclusive(SpinLock);
    return Irql;
}

void NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    acquire_exclusive(SpinLock);
}

void NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql)
{
    release_exclusive(SpinLock, __builtin_return_address(0));
    KiLower(OldIrql);
    KiSchedPoint(HOST_POINT_UNLOCK);
}

void NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    release_exclusive(SpinLock, __builtin_return_address(0));
}

LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock)
{
    return swap(SpinLock, 1, WRITER);
}

LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    return swap(SpinLock, 0, WRITER);
}

LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock)
{
    return try_shared(SpinLock);
}
