/* SPDX-License-Identifier: MIT */
/*
 * Rundown protection: many users of an object against one that wants to delete it.
 *
 *      value    even: twice the number of references; 1: run down; block | 1: somebody waits for them
 *      block    on the waiter's stack: references left, and the event that the last release sets
 *
 * The cache-aware form has one such value for each processor, on a line of its own; a reference may be
 * released on another processor than it was taken, so single values may be negative while their sum is right.
 * The waiter turns each value into block | 1 and adds what it held; the block starts with a bias so that
 * releases that come meanwhile cannot reach zero before the sum is complete. Reference: the
 * Ex...RundownProtection... pages of wdm.h.
 */
#include "ki.h"
#include "locks.h"
#include "mi.h"
#include <nt/ex.h>
#include <nt/io.h>

#define ACTIVE 1ULL
#define ONE    2ULL
#define BIAS   (1LL << 40)

typedef struct _WAIT_BLOCK_RUNDOWN {
    LONG64 Left; /* A */
    KEVENT Event;
} RUNDOWN_BLOCK;

#define CALLER __builtin_return_address(0)

static inline BOOLEAN noted(BOOLEAN Got, PVOID Lock, PVOID Caller)
{
    if (Got)
        KiLockAcquired(KiLockRundown, Lock, TRUE, Caller);
    return Got;
}

static BOOLEAN acquire(volatile ULONG_PTR *Value, ULONG Count)
{
    ULONG_PTR Old = __atomic_load_n(Value, __ATOMIC_RELAXED);

    do {
        if (Old & ACTIVE)
            return FALSE;
    } while (!KiCompareExchange(Value, &Old, Old + Count * ONE));
    return TRUE;
}

static void release(volatile ULONG_PTR *Value, ULONG Count)
{
    ULONG_PTR Old = __atomic_load_n(Value, __ATOMIC_RELAXED);

    for (;;) {
        if (Old & ACTIVE) {
            RUNDOWN_BLOCK *Block = (RUNDOWN_BLOCK *)(Old & ~ACTIVE);
            if (__atomic_sub_fetch(&Block->Left, (LONG64)Count, __ATOMIC_ACQ_REL) == 0)
                KeSetEvent(&Block->Event, IO_NO_INCREMENT, FALSE);
            return;
        }
        if (KiCompareExchange(Value, &Old, Old - Count * ONE))
            return;
    }
}

/* Wait for the references of `Count` values, each `Stride` bytes from the last. */
static void wait_all(PVOID RunRef, volatile ULONG_PTR *First, SIZE_T Count, SIZE_T Stride, PVOID Caller)
{
    RUNDOWN_BLOCK Block;
    LONG64 Taken = 0;
    BOOLEAN Mine = TRUE;

    KeInitializeEvent(&Block.Event, SynchronizationEvent, FALSE);
    __atomic_store_n(&Block.Left, BIAS, __ATOMIC_RELEASE);
    for (SIZE_T I = 0; I < Count && Mine; I++) {
        volatile ULONG_PTR *Value = (volatile ULONG_PTR *)((volatile UCHAR *)First + I * Stride);
        ULONG_PTR Old = __atomic_load_n(Value, __ATOMIC_RELAXED);
        do {
            Mine = !(Old & ACTIVE); /* run down already: nothing to wait for */
        } while (Mine && !__atomic_compare_exchange_n(Value, &Old, (ULONG_PTR)&Block | ACTIVE, FALSE,
                                                      __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
        if (Mine)
            Taken += (LONG64)Old >> 1;
    }
    if (!Mine)
        return;
    if (__atomic_add_fetch(&Block.Left, Taken - BIAS, __ATOMIC_ACQ_REL) != 0) {
        KiBeginLockWait(KiLockRundown, RunRef, FALSE, Caller);
        KeWaitForSingleObject(&Block.Event, WrRundown, KernelMode, FALSE, NULL);
        KiEndLockWait();
    }
    for (SIZE_T I = 0; I < Count; I++)
        __atomic_store_n((volatile ULONG_PTR *)((volatile UCHAR *)First + I * Stride), ACTIVE,
                         __ATOMIC_RELEASE);
}

/* ---------------------------------------------------------------- the plain form */

void NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    RunRef->Count = 0;
}

void NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    __atomic_store_n(&RunRef->Count, 0, __ATOMIC_RELEASE);
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    KiSchedPoint(HOST_POINT_LOCK);
    return noted(acquire(&RunRef->Count, 1), RunRef, CALLER);
}

BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    KiSchedPoint(HOST_POINT_LOCK);
    return noted(acquire(&RunRef->Count, Count), RunRef, CALLER);
}

void NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef)
{
    KiLockReleased(RunRef);
    release(&RunRef->Count, 1);
}

void NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count)
{
    KiLockReleased(RunRef);
    release(&RunRef->Count, Count);
}

void NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef)
{
    __atomic_store_n(&RunRef->Count, ACTIVE, __ATOMIC_RELEASE);
}

void NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    wait_all(RunRef, &RunRef->Count, 1, 0, CALLER);
}

/* ---------------------------------------------------------------- the cache-aware form */

#define LINE 64

struct _EX_RUNDOWN_REF_CACHE_AWARE {
    ULONG Number;      /* of values: one a processor */
    BOOLEAN Allocated; /* by ExAllocateCacheAwareRundownProtection */
    UCHAR *Values;     /* LINE bytes apart, line aligned */
};

static ULONG processors(void)
{
    return host_config()->max_cpus;
}

static volatile ULONG_PTR *value_of(PEX_RUNDOWN_REF_CACHE_AWARE Ref)
{
    return (volatile ULONG_PTR *)(Ref->Values + (KiProcessorNumber() % Ref->Number) * LINE);
}

SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(void)
{
    return sizeof(struct _EX_RUNDOWN_REF_CACHE_AWARE) + LINE + processors() * LINE;
}

static void initialize(PEX_RUNDOWN_REF_CACHE_AWARE Ref, SIZE_T Bytes)
{
    UCHAR *End = (UCHAR *)Ref + Bytes;

    Ref->Values = (UCHAR *)(((ULONG_PTR)(Ref + 1) + LINE - 1) & ~(ULONG_PTR)(LINE - 1));
    Ref->Number = (ULONG)((End - Ref->Values) / LINE);
    Ref->Allocated = FALSE;
    for (ULONG I = 0; I < Ref->Number; I++)
        *(ULONG_PTR *)(Ref->Values + I * LINE) = 0;
}

void NTAPI ExInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                   SIZE_T RunRefSize)
{
    initialize(RunRefCacheAware, RunRefSize);
}

void NTAPI ExInitializeRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                     ULONG Flags)
{
    UNREFERENCED_PARAMETER(Flags); /* reserved */
    initialize(RunRefCacheAware, ExSizeOfRundownProtectionCacheAware());
}

PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(POOL_TYPE PoolType, ULONG PoolTag)
{
    SIZE_T Bytes = ExSizeOfRundownProtectionCacheAware();
    PEX_RUNDOWN_REF_CACHE_AWARE Ref =
        MiAllocatePool(PoolType, Bytes, PoolTag, FALSE, __builtin_return_address(0));

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Ref) {
        initialize(Ref, Bytes);
        Ref->Allocated = TRUE;
    }
    return Ref;
}

void NTAPI ExFreeCacheAwareRundownProtection(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    ExFreePool(RunRefCacheAware);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware,
                                                     ULONG Count)
{
    KiSchedPoint(HOST_POINT_LOCK);
    return noted(acquire(value_of(RunRefCacheAware), Count), RunRefCacheAware, CALLER);
}

BOOLEAN NTAPI ExAcquireRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    KiSchedPoint(HOST_POINT_LOCK);
    return noted(acquire(value_of(RunRefCacheAware), 1), RunRefCacheAware, CALLER);
}

void NTAPI ExReleaseRundownProtectionCacheAwareEx(PEX_RUNDOWN_REF_CACHE_AWARE RunRef, ULONG Count)
{
    KiLockReleased(RunRef);
    release(value_of(RunRef), Count);
}

void NTAPI ExReleaseRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    KiLockReleased(RunRefCacheAware);
    release(value_of(RunRefCacheAware), 1);
}

static void set_all(PEX_RUNDOWN_REF_CACHE_AWARE Ref, ULONG_PTR Value)
{
    for (ULONG I = 0; I < Ref->Number; I++)
        __atomic_store_n((volatile ULONG_PTR *)(Ref->Values + I * LINE), Value, __ATOMIC_RELEASE);
}

void NTAPI ExReInitializeRundownProtectionCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    set_all(RunRefCacheAware, 0);
}

void NTAPI ExRundownCompletedCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware)
{
    set_all(RunRefCacheAware, ACTIVE);
}

void NTAPI ExWaitForRundownProtectionReleaseCacheAware(PEX_RUNDOWN_REF_CACHE_AWARE RunRef)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    wait_all(RunRef, (volatile ULONG_PTR *)RunRef->Values, RunRef->Number, LINE, CALLER);
}
