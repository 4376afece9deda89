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

/* `base` within the range of priorities that a process of base priority `process` gives. */
static KPRIORITY within_class(KPRIORITY base, KPRIORITY process)
{
    KPRIORITY low = process >= LOW_REALTIME_PRIORITY ? LOW_REALTIME_PRIORITY : LOW_PRIORITY + 1;
    KPRIORITY high = process >= LOW_REALTIME_PRIORITY ? HIGH_PRIORITY : LOW_REALTIME_PRIORITY - 1;
    return base < low ? low : base > high ? high : base;
}

/* D held. */
static void set_base(PKTHREAD Thread, KPRIORITY Base)
{
    Thread->BasePriority = (SCHAR)Base;
    Thread->Quantum = Thread->QuantumReset;
    KepSetPriority(Thread, Base);
}

LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    KPRIORITY process = Thread->Process->BasePriority;
    LONG old = Thread->BasePriority - process;
    set_base(Thread, within_class(process + Increment, process));
    KiUnlockDispatcher(irql);
    return old;
}

KPRIORITY NTAPI KeSetActualBasePriorityThread(PKTHREAD Thread, KPRIORITY Priority)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    KPRIORITY old = Thread->BasePriority;
    if (Priority > LOW_PRIORITY && Priority <= HIGH_PRIORITY)
        set_base(Thread, Priority);
    KiUnlockDispatcher(irql);
    return old;
}

void KiSetPriorityProcess(PKPROCESS Process, KPRIORITY BasePriority, BOOLEAN Foreground)
{
    KIRQL irql = KiLockDispatcher();
    KPRIORITY old = Process->BasePriority;
    Process->BasePriority = (SCHAR)BasePriority;
    Process->QuantumReset = (SCHAR)(Foreground ? 3 * KEP_QUANTUM : KEP_QUANTUM);
    for (PLIST_ENTRY l = Process->ThreadListHead.Flink; l != &Process->ThreadListHead; l = l->Flink) {
        PKTHREAD thread = CONTAINING_RECORD(l, KTHREAD, ThreadListEntry);
        thread->QuantumReset = Process->QuantumReset;
        if (BasePriority != old)
            set_base(thread, within_class(thread->BasePriority + BasePriority - old, BasePriority));
    }
    KiUnlockDispatcher(irql);
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

ULONG64 KiQueryEndedRunTime(PKPROCESS Process)
{
    return KepCyclesToTime(KI_PEEK(Process->CycleTime));
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
