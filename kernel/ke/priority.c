/* SPDX-License-Identifier: MIT */
/*
 * priority.c: what drivers may ask about a thread's place in the scheduler: priorities, ideal processor, run times.
 * Affinity is in affinity.c. Lock: D.
 */
#include "kep.h"

#undef KeGetCurrentThread
PKTHREAD NTAPI KeGetCurrentThread(VOID)
{
    return KiThread();
}

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread)
{
    return Thread->Priority;
}

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Priority <= LOW_PRIORITY || Priority > HIGH_PRIORITY)
        return Thread->Priority;
    KIRQL irql = KiLockDispatcher();
    KPRIORITY old = Thread->Priority;
    Thread->Quantum = Thread->QuantumReset;
    /* A driver that sets a priority means it to last: the boost does not decay below it. */
    Thread->BasePriority = (SCHAR)Priority;
    KepSetPriority(Thread, Priority);
    KiUnlockDispatcher(irql);
    return old;
}

LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    KPRIORITY process = Thread->Process->BasePriority;
    LONG old = Thread->BasePriority - process;
    KPRIORITY base = process + Increment;
    if (process >= LOW_REALTIME_PRIORITY) {
        if (base < LOW_REALTIME_PRIORITY)
            base = LOW_REALTIME_PRIORITY;
        if (base > HIGH_PRIORITY)
            base = HIGH_PRIORITY;
    } else {
        if (base < LOW_PRIORITY + 1)
            base = LOW_PRIORITY + 1;
        if (base >= LOW_REALTIME_PRIORITY)
            base = LOW_REALTIME_PRIORITY - 1;
    }
    Thread->BasePriority = (SCHAR)base;
    Thread->Quantum = Thread->QuantumReset;
    KepSetPriority(Thread, base);
    KiUnlockDispatcher(irql);
    return old;
}

UCHAR NTAPI KeSetIdealProcessorThread(PKTHREAD Thread, UCHAR Processor)
{
    KIRQL irql = KiLockDispatcher();
    UCHAR old = Thread->IdealProcessor;
    if (Processor < KiProcessorCount && (Thread->Affinity & AFFINITY_MASK(Processor)))
        Thread->IdealProcessor = Processor;
    KiUnlockDispatcher(irql);
    return old;
}

/* Cycles the thread has run until now. */
static ULONG64 run_cycles(PKTHREAD Thread)
{
    KIRQL irql = KiLockDispatcher();
    ULONG64 cycles = Thread->CycleTime;
    if (Thread == KiThread())
        cycles += KepCycles(KiPcr()) - KiPrcb()->SwitchTime;
    KiUnlockDispatcher(irql);
    return cycles;
}

ULONG64 KiQueryRunTime(PKTHREAD Thread)
{
    return KepCyclesToTime(run_cycles(Thread));
}

ULONG64 KiQueryProcessRunTime(PKPROCESS Process)
{
    KIRQL irql = KiLockDispatcher();
    ULONG64 cycles = Process->CycleTime;
    for (PLIST_ENTRY l = Process->ThreadListHead.Flink; l != &Process->ThreadListHead; l = l->Flink)
        cycles += CONTAINING_RECORD(l, KTHREAD, ThreadListEntry)->CycleTime;
    KiUnlockDispatcher(irql);
    return KepCyclesToTime(cycles);
}

/* In clock ticks. Threads run in kernel mode only: clients are code of the host. */
ULONG NTAPI KeQueryRuntimeThread(PKTHREAD Thread, PULONG UserTime)
{
    *UserTime = 0;
    return (ULONG)(KiQueryRunTime(Thread) / KI_TICK_100NS);
}

ULONG64 NTAPI KeQueryTotalCycleTimeThread(PKTHREAD Thread, PULONG64 CycleTimeStamp)
{
    ULONG64 cycles = run_cycles(Thread);
    *CycleTimeStamp = KepCycles(KiPcr());
    return cycles;
}

/* Stacks are never paged out here; the switch itself is kept. */
BOOLEAN NTAPI KeSetKernelStackSwapEnable(BOOLEAN Enable)
{
    PKTHREAD thread = KiThread();
    BOOLEAN old = !thread->StackSwapDisabled;
    thread->StackSwapDisabled = !Enable;
    return old;
}
