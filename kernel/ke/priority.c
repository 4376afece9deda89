/* SPDX-License-Identifier: MIT */
/*
 * priority.c: what drivers may ask about a thread's place in the scheduler: priorities, affinity, ideal processor, run
 * times. Lock: D.
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

/* ---------------------------------------------------------------- affinity */

KAFFINITY KiSetAffinityThread(PKTHREAD Thread, KAFFINITY Affinity)
{
    KIRQL irql = KiLockDispatcher();
    KAFFINITY old = Thread->UserAffinity;
    Thread->UserAffinity = Affinity;
    if (!Thread->SystemAffinityActive)
        KepSetAffinity(Thread, Affinity);
    KiUnlockDispatcher(irql);
    return old;
}

/* Returns the previous system affinity, 0 if there was none. 0 for `Affinity`: back to the user affinity. */
static KAFFINITY set_system_affinity(KAFFINITY Affinity)
{
    PKTHREAD thread = KiThread();
    KIRQL irql = KiLockDispatcher();
    KAFFINITY old = thread->SystemAffinityActive ? thread->Affinity : 0;
    thread->SystemAffinityActive = Affinity != 0;
    KepSetAffinity(thread, Affinity ? Affinity : thread->UserAffinity);
    KiUnlockDispatcher(irql);
    return old;
}

static void check_affinity(KAFFINITY Affinity, PVOID Caller)
{
    if (!(Affinity & KiActiveProcessors))
        KiBugCheckText(INVALID_AFFINITY_SET, (ULONG_PTR)Affinity, (ULONG_PTR)KiActiveProcessors, 0, 0, (ULONG_PTR)Caller,
                       "An affinity mask without any active processor was set; see KeQueryActiveProcessors.");
}

VOID NTAPI KeSetSystemAffinityThread(KAFFINITY Affinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    check_affinity(Affinity, __builtin_return_address(0));
    set_system_affinity(Affinity & KiActiveProcessors);
}

KAFFINITY NTAPI KeSetSystemAffinityThreadEx(KAFFINITY Affinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    check_affinity(Affinity, __builtin_return_address(0));
    return set_system_affinity(Affinity & KiActiveProcessors);
}

VOID NTAPI KeRevertToUserAffinityThread(VOID)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    set_system_affinity(0);
}

VOID NTAPI KeRevertToUserAffinityThreadEx(KAFFINITY Affinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    set_system_affinity(Affinity & KiActiveProcessors);
}

VOID NTAPI KeSetSystemGroupAffinityThread(PGROUP_AFFINITY Affinity, PGROUP_AFFINITY PreviousAffinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KAFFINITY mask = Affinity->Group == 0 ? Affinity->Mask & KiActiveProcessors : 0;
    if (PreviousAffinity)
        *PreviousAffinity = (GROUP_AFFINITY){0};
    if (mask == 0) /* no such processor: the call has no effect */
        return;
    KAFFINITY old = set_system_affinity(mask);
    if (PreviousAffinity)
        PreviousAffinity->Mask = old;
}

VOID NTAPI KeRevertToUserGroupAffinityThread(PGROUP_AFFINITY PreviousAffinity)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    set_system_affinity(PreviousAffinity->Group == 0 ? PreviousAffinity->Mask & KiActiveProcessors : 0);
}
