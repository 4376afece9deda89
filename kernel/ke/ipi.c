/* SPDX-License-Identifier: MIT */
/*
 * ipi.c: KeIpiGenericCall, a function executed by every processor at the same time.
 *
 * One call at a time. The caller takes the turn while it still accepts inter-processor interrupts, so that two callers
 * cannot wait for each other; then raises to IPI_LEVEL, asks the others, and all start when the last one has arrived.
 * A processor that idles, spins or executes driver code takes the interrupt at once; one inside the kernel at its next
 * lowering or scheduling point.
 */
#include "kep.h"

static volatile ULONG turn;
static PKIPI_BROADCAST_WORKER volatile worker;
static volatile ULONG_PTR worker_context;
static volatile ULONG participants; /* processors that take part: one added meanwhile does not */
static volatile ULONG arrived, finished;

void KepIpiInterrupt(void)
{
    PKIPI_BROADCAST_WORKER function = __atomic_load_n(&worker, __ATOMIC_ACQUIRE);
    if (!function)
        return;
    ULONG_PTR context = worker_context;
    __atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) != participants)
        host_relax();
    function(context);
    __atomic_fetch_add(&finished, 1, __ATOMIC_ACQ_REL);
}

ULONG_PTR NTAPI KeIpiGenericCall(PKIPI_BROADCAST_WORKER BroadcastFunction, ULONG_PTR Context)
{
    if (KiIrql() >= IPI_LEVEL)
        KiIrqlViolation(__func__, IPI_LEVEL - 1, __builtin_return_address(0));
    KIRQL old = KiIrql();
    if (old < DISPATCH_LEVEL)
        KiRaise(DISPATCH_LEVEL);
    while (__atomic_exchange_n(&turn, 1, __ATOMIC_ACQUIRE))
        KiSpinRelax();
    KiRaise(IPI_LEVEL);
    ULONG count = participants = KiProcessorCount;
    arrived = 1;
    finished = 0;
    worker_context = Context;
    __atomic_store_n(&worker, BroadcastFunction, __ATOMIC_RELEASE);
    for (ULONG i = 0; i < count; i++)
        if (&KiPcrs[i] != KiPcr())
            KiPost(&KiPcrs[i], IPI_LEVEL);
    for (ULONG spins = 1; __atomic_load_n(&arrived, __ATOMIC_ACQUIRE) != count; spins++) {
        host_relax();
        if (spins % 4096 == 0) /* one that was inside the kernel may have returned to driver code unnoticed */
            for (ULONG i = 0; i < count; i++)
                if (KiPending(&KiPcrs[i]) & (1u << IPI_LEVEL))
                    host_vp_kick(i);
    }
    ULONG_PTR result = BroadcastFunction(Context);
    while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) != count - 1)
        host_relax();
    __atomic_store_n(&worker, NULL, __ATOMIC_RELEASE);
    __atomic_store_n(&turn, 0, __ATOMIC_RELEASE);
    KiLower(old);
    return result;
}

/* ---------------------------------------------------------------- one DPC a processor */

typedef struct _CALL_DPC {
    LONG Processors;       /* that take part */
    volatile LONG Left;    /* processors that have not signaled done */
    volatile LONG Barrier; /* arrivals at the present rendezvous */
    volatile LONG Round;
} CALL_DPC;

static KDPC call_dpcs[HOST_MAX_VPS];
static volatile ULONG call_dpc_turn;

/* The routine runs as a DPC on every processor, on this one by direct call; returns when all have signaled done. */
VOID NTAPI KeGenericCallDpc(PKDEFERRED_ROUTINE Routine, PVOID Context)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL old = KiRaise(DISPATCH_LEVEL);
    while (__atomic_exchange_n(&call_dpc_turn, 1, __ATOMIC_ACQUIRE)) {
        /* The others' call needs a DPC of this processor too. */
        KiLower(old < DISPATCH_LEVEL ? old : DISPATCH_LEVEL);
        KiSpinRelax();
        KiRaise(DISPATCH_LEVEL);
    }
    ULONG count = KiProcessorCount;
    CALL_DPC call = {.Processors = (LONG)count, .Left = (LONG)count};
    ULONG here = KiProcessorNumber();
    for (ULONG i = 0; i < count; i++) {
        if (i == here)
            continue;
        KeInitializeDpc(&call_dpcs[i], Routine, Context);
        call_dpcs[i].Number = (USHORT)i;
        call_dpcs[i].Importance = HighImportance;
        KeInsertQueueDpc(&call_dpcs[i], &call, &call);
    }
    KDPC own;
    KeInitializeDpc(&own, Routine, Context);
    Routine(&own, Context, &call, &call);
    while (__atomic_load_n(&call.Left, __ATOMIC_ACQUIRE) != 0)
        KiSpinRelax();
    __atomic_store_n(&call_dpc_turn, 0, __ATOMIC_RELEASE);
    KiLower(old);
}

VOID NTAPI KeSignalCallDpcDone(PVOID SystemArgument1)
{
    __atomic_fetch_sub(&((CALL_DPC *)SystemArgument1)->Left, 1, __ATOMIC_ACQ_REL);
}

/* All processors meet here; TRUE for exactly one of them. */
LOGICAL NTAPI KeSignalCallDpcSynchronize(PVOID SystemArgument2)
{
    CALL_DPC *call = SystemArgument2;
    LONG round = __atomic_load_n(&call->Round, __ATOMIC_ACQUIRE);
    if (__atomic_add_fetch(&call->Barrier, 1, __ATOMIC_ACQ_REL) == call->Processors) {
        __atomic_store_n(&call->Barrier, 0, __ATOMIC_RELAXED);
        __atomic_store_n(&call->Round, round + 1, __ATOMIC_RELEASE);
        return TRUE;
    }
    while (__atomic_load_n(&call->Round, __ATOMIC_ACQUIRE) == round)
        KiSpinRelax();
    return FALSE;
}
