/* SPDX-License-Identifier: MIT */
/*
 * sched.c: which thread runs where.
 *
 * Theory of operation. Threads that can run and do not wait in KepReadyLists, one list a priority, shared by all
 * processors: with one dispatcher lock, private queues would save nothing, and a shared one gives the guarantee that
 * the highest priorities of the machine are the ones that run, within affinity.
 *
 *      Initialized -> Ready <-> Standby -> Running -> Waiting -> (Ready | Standby)
 *                        ^__________________|  \____> Terminated
 *
 * KepReadyThread places a thread: on an idle processor of its affinity (the ideal one, else where it ran last, else
 * the caller's, else any), else on the processor that runs the least important thread if that is less important,
 * else at the end of its ready list; a thread that was preempted goes to the front instead. Being placed means
 * becoming the processor's NextThread (Standby) and, on another processor, a DISPATCH_LEVEL post and a kick. The own
 * processor acts on NextThread when D is released below DISPATCH_LEVEL, or when IRQL falls.
 *
 * Invariants under D:
 *   - a thread is in at most one of: a ready list (Ready), one NextThread (Standby), one CurrentThread (Running);
 *   - a processor's bit is in KepIdleSummary exactly while it runs its idle thread and has no NextThread;
 *   - no thread is in a ready list while a processor of its affinity is idle.
 *
 * The switch happens with D held and the thread switched to releases it. So a thread's stack can be resumed on another
 * processor only after its switch-out completed there, with no further flag.
 *
 * Time slices are counted in clock ticks. The tick clock runs only while a thread is in a ready list: that is the only
 * time a slice matters. Boosted priorities decay by one at each end of a slice.
 *
 * Lock order: D, then a processor's DPC queue lock. Nothing is called with D held that may wait or fault.
 */
#include "kep.h"

static LIST_ENTRY ready_lists[MAXIMUM_PRIORITY];
static ULONG dispatcher_lock;
ULONG KepReadySummary;
KAFFINITY KepIdleSummary;

#define STARVATION_TICKS 256 /* about four seconds in a ready list: then the thread gets a slice at priority 15 */

/* ---------------------------------------------------------------- the lock */

void KiLockDispatcherAtDpcLevel(void)
{
    KiSchedPoint(HOST_POINT_LOCK);
    if (KiProcessorCount == 1) /* nobody to exclude: IRQL does it all */
        return;
    while (__atomic_exchange_n(&dispatcher_lock, 1, __ATOMIC_ACQUIRE)) {
        do
            KiSpinRelax();
        while (__atomic_load_n(&dispatcher_lock, __ATOMIC_RELAXED));
    }
}

KIRQL KiLockDispatcher(void)
{
    KIRQL old = KiRaise(DISPATCH_LEVEL);
    KiLockDispatcherAtDpcLevel();
    return old;
}

/* Kicking may be a system call, and the processor kicked wants D first of all: so kicks come after the release. */
static DECLSPEC_NOINLINE void pay_kicks(PKPRCB Prcb)
{
    KAFFINITY owed = Prcb->KicksOwed;
    Prcb->KicksOwed = 0;
    for (; owed != 0; owed &= owed - 1)
        KepKick(&KiPcrs[__builtin_ctzll(owed)].Prcb);
}

static inline void release(PKPRCB Prcb)
{
    __atomic_store_n(&dispatcher_lock, 0, __ATOMIC_RELEASE);
    if (__builtin_expect(Prcb->KicksOwed != 0, 0))
        pay_kicks(Prcb);
}

void KiUnlockDispatcherFromDpcLevel(void)
{
    PKIPCR pcr = KiPcr();
    if (pcr->Prcb.NextThread)
        KepPostSelf(pcr, DISPATCH_LEVEL);
    release(&pcr->Prcb);
}

void KiUnlockDispatcher(KIRQL OldIrql)
{
    PKIPCR pcr = KiPcr();
    if (__builtin_expect(pcr->Prcb.NextThread != NULL, 0)) {
        if (OldIrql < DISPATCH_LEVEL && pcr->Irql == DISPATCH_LEVEL)
            KepPreempt(TRUE);
        pcr = KiPcr();
        if (pcr->Prcb.NextThread)
            KepPostSelf(pcr, DISPATCH_LEVEL);
    }
    release(&pcr->Prcb);
    KiLower(OldIrql);
}

/* ---------------------------------------------------------------- ready lists */

static void insert_ready(PKTHREAD Thread, BOOLEAN Front)
{
    LIST_ENTRY *list = &ready_lists[(int)Thread->Priority];
    Thread->State = KiReady;
    Thread->ReadySince = KepTick;
    if (Front)
        InsertHeadList(list, &Thread->ReadyEntry);
    else
        InsertTailList(list, &Thread->ReadyEntry);
    KepReadySummary |= 1u << Thread->Priority;
    KepArmTick();
}

static void remove_ready(PKTHREAD Thread)
{
    RemoveEntryList(&Thread->ReadyEntry);
    if (IsListEmpty(&ready_lists[(int)Thread->Priority]))
        KepReadySummary &= ~(1u << Thread->Priority);
}

/* The first thread of at least `Lowest` priority that may run on the processor; taken from its list. NULL: none. */
static PKTHREAD take_ready(PKPRCB Prcb, KPRIORITY Lowest)
{
    ULONG summary = KepReadySummary;
    while (summary != 0) {
        int priority = 31 - __builtin_clz(summary);
        if (priority < Lowest)
            return NULL;
        LIST_ENTRY *list = &ready_lists[priority];
        for (LIST_ENTRY *entry = list->Flink; entry != list; entry = entry->Flink) {
            PKTHREAD thread = CONTAINING_RECORD(entry, KTHREAD, ReadyEntry);
            if (thread->Affinity & Prcb->SetMember) {
                remove_ready(thread);
                return thread;
            }
        }
        summary &= ~(1u << priority);
    }
    return NULL;
}

/* Ask another processor to reschedule. */
static void request(PKPRCB Prcb)
{
    PKPRCB here = KiPrcb();
    if (Prcb == here)
        return; /* the release of D looks */
    __atomic_fetch_or(&KiPcrOf(Prcb)->Pending, 1u << DISPATCH_LEVEL, __ATOMIC_SEQ_CST);
    here->KicksOwed |= Prcb->SetMember;
}

static void set_next(PKPRCB Prcb, PKTHREAD Thread)
{
    Prcb->NextThread = Thread;
    Thread->State = KiStandby;
    Thread->Processor = (UCHAR)Prcb->Number;
    KepIdleSummary &= ~Prcb->SetMember;
    request(Prcb);
}

void KepReadyThread(PKTHREAD Thread, BOOLEAN Front)
{
    for (;;) {
        KAFFINITY idle = Thread->Affinity & KepIdleSummary;
        if (idle != 0) {
            ULONG number = Thread->IdealProcessor;
            if (!(idle & AFFINITY_MASK(number)))
                number = Thread->Processor;
            if (!(idle & AFFINITY_MASK(number)))
                number = KiProcessorNumber();
            if (!(idle & AFFINITY_MASK(number)))
                number = (ULONG)__builtin_ctzll(idle);
            set_next(&KiPcrs[number].Prcb, Thread);
            return;
        }
        PKPRCB best = NULL;
        KPRIORITY lowest = Thread->Priority;
        ULONG first = Thread->Processor;
        for (ULONG i = 0; i < KiProcessorCount; i++) {
            ULONG number = first + i;
            if (number >= KiProcessorCount)
                number -= KiProcessorCount;
            PKPRCB prcb = &KiPcrs[number].Prcb;
            if (!(Thread->Affinity & prcb->SetMember))
                continue;
            PKTHREAD rival = prcb->NextThread ? prcb->NextThread : prcb->CurrentThread;
            if (rival->Priority < lowest) {
                lowest = rival->Priority;
                best = prcb;
            }
        }
        if (!best) {
            insert_ready(Thread, Front);
            return;
        }
        PKTHREAD victim = best->NextThread;
        set_next(best, Thread);
        if (!victim || victim == best->IdleThread)
            return;
        /* The standby thread lost its place before it ran; find it another one. It is less important: this ends. */
        Thread = victim;
        Front = TRUE;
    }
}

/* A processor lost its standby thread: give it another, or let it be idle. */
static void refill_next(PKPRCB Prcb)
{
    Prcb->NextThread = NULL;
    PKTHREAD next = take_ready(Prcb, Prcb->CurrentThread->Priority + 1);
    if (next)
        set_next(Prcb, next);
    else if (Prcb->CurrentThread == Prcb->IdleThread)
        KepIdleSummary |= Prcb->SetMember;
}

void KepRemoveReady(PKTHREAD Thread)
{
    if (Thread->State == KiReady)
        remove_ready(Thread);
    else if (Thread->State == KiStandby)
        refill_next(&KiPcrs[Thread->Processor].Prcb);
}

/* ---------------------------------------------------------------- switching */

/* D held. Run `Next` here; returns when `Old` runs again, on whatever processor. */
static void switch_to(PKPRCB Prcb, PKTHREAD Old, PKTHREAD Next)
{
    PKIPCR pcr = KiPcrOf(Prcb);
    Next->State = KiRunning;
    Next->Processor = (UCHAR)Prcb->Number;
    Next->ContextSwitches++;
    Prcb->SwitchCount++;
    ULONG64 cycles = KepCycles(pcr);
    Old->CycleTime += cycles - Prcb->SwitchTime;
    Old->SwitchedOut = cycles;
    Prcb->SwitchTime = cycles;
    Prcb->CurrentThread = Next;
    Prcb->QuantumEnd = FALSE;
    if (Next == Prcb->IdleThread && !Prcb->NextThread)
        KepIdleSummary |= Prcb->SetMember;
    /* The pending APC bit is the running thread's. */
    if (Next->ApcState.KernelApcPending && Next->SpecialApcDisable == 0)
        KepPostSelf(pcr, APC_LEVEL);
    else
        KepUnpostSelf(pcr, APC_LEVEL);
    KiTrace("switch", Prcb->Number, Old->Id, Next->Id, (ULONG64)Old->State);
#ifdef KILN_TSAN
    host_fiber_switch(Next->Fiber);
#endif
    KiSwitchStack(&Old->KernelStack, Next->KernelStack);
}

void KepSwapOut(PKTHREAD Thread)
{
    PKPRCB prcb = KiPrcb();
    PKTHREAD next = prcb->NextThread;
    prcb->NextThread = NULL;
    if (!next || next == prcb->IdleThread)
        next = take_ready(prcb, 0);
    if (!next)
        next = prcb->IdleThread;
    switch_to(prcb, Thread, next);
}

/* Replace the running thread by `Next`; it can run, so it is placed again. */
static void replace(PKPRCB Prcb, PKTHREAD Next, BOOLEAN Front)
{
    PKTHREAD old = Prcb->CurrentThread;
    if (old != Prcb->IdleThread) {
        /* Placing compares with what processors run: this one runs Next from now on. */
        Prcb->CurrentThread = Next;
        KepReadyThread(old, Front);
    }
    switch_to(Prcb, old, Next);
}

void KepPreempt(BOOLEAN Front)
{
    PKPRCB prcb = KiPrcb();
    PKTHREAD next = prcb->NextThread;
    if (!next)
        return;
    prcb->NextThread = NULL;
    replace(prcb, next, Front);
}

void KepQuantumEnd(void)
{
    PKPRCB prcb = KiPrcb();
    PKTHREAD thread = prcb->CurrentThread;
    prcb->QuantumEnd = FALSE;
    if (thread == prcb->IdleThread) {
        KepPreempt(TRUE);
        return;
    }
    thread->Quantum = thread->QuantumReset;
    if (thread->Priority < LOW_REALTIME_PRIORITY && thread->Priority > thread->BasePriority)
        thread->Priority--;
    PKTHREAD next = prcb->NextThread;
    if (next)
        prcb->NextThread = NULL;
    else
        next = take_ready(prcb, thread->Priority);
    if (next)
        replace(prcb, next, FALSE);
}

void KepDispatchInterrupt(void)
{
    PKPRCB prcb = KiPrcb();
    KepRetireDpcs(prcb);
    if (prcb->QuantumEnd) {
        KiLockDispatcherAtDpcLevel();
        KepQuantumEnd();
        KiUnlockDispatcherFromDpcLevel();
    } else if (KI_PEEK(prcb->NextThread)) {
        KiLockDispatcherAtDpcLevel();
        KepPreempt(TRUE);
        KiUnlockDispatcherFromDpcLevel();
    }
}

/* First code of a thread: the switch that started it left D held and IRQL at DISPATCH_LEVEL. */
void KiThreadStartup(void)
{
    PKTHREAD thread = KiThread();
    KiUnlockDispatcher(PASSIVE_LEVEL);
    thread->SystemRoutine((PKSTART_ROUTINE)thread->StartAddress, thread->StartContext);
    KeTerminateThread(0);
}

/* ---------------------------------------------------------------- priorities and affinity */

/* The priority of the running thread changed: who is next there? */
static void reconsider(PKPRCB Prcb)
{
    PKTHREAD thread = Prcb->CurrentThread, next = Prcb->NextThread;
    if (!next) {
        next = take_ready(Prcb, thread->Priority + 1);
        if (next)
            set_next(Prcb, next);
    } else if (next != Prcb->IdleThread && next->Priority < thread->Priority) {
        Prcb->NextThread = NULL;
        KepReadyThread(next, TRUE);
    }
}

void KepSetPriority(PKTHREAD Thread, KPRIORITY Priority)
{
    if (Thread->Priority == Priority)
        return;
    KPRIORITY old = Thread->Priority;
    switch (Thread->State) {
    case KiReady:
        remove_ready(Thread);
        Thread->Priority = (SCHAR)Priority;
        KepReadyThread(Thread, Priority < old);
        break;
    case KiStandby:
        Thread->Priority = (SCHAR)Priority;
        if (Priority < old) {
            refill_next(&KiPcrs[Thread->Processor].Prcb);
            KepReadyThread(Thread, TRUE);
        }
        break;
    case KiRunning:
        Thread->Priority = (SCHAR)Priority;
        reconsider(&KiPcrs[Thread->Processor].Prcb);
        break;
    default:
        Thread->Priority = (SCHAR)Priority;
        break;
    }
}

/* Only for a thread that waits: it is placed afterwards. */
void KepBoost(PKTHREAD Thread, KPRIORITY Increment)
{
    if (Thread->Quantum <= 0)
        Thread->Quantum = Thread->QuantumReset;
    if (Thread->Priority >= LOW_REALTIME_PRIORITY || Thread->DisableBoost)
        return;
    KPRIORITY boosted = Thread->BasePriority + Increment;
    if (boosted >= LOW_REALTIME_PRIORITY)
        boosted = LOW_REALTIME_PRIORITY - 1;
    if (boosted > Thread->Priority)
        Thread->Priority = (SCHAR)boosted;
}

void KepSetAffinity(PKTHREAD Thread, KAFFINITY Affinity)
{
    Thread->Affinity = Affinity;
    if (!(Affinity & AFFINITY_MASK(Thread->IdealProcessor)))
        Thread->IdealProcessor = (UCHAR)__builtin_ctzll(Affinity & KiActiveProcessors);
    if (Thread->State == KiReady) {
        remove_ready(Thread);
        KepReadyThread(Thread, FALSE);
    } else if (Thread->State == KiStandby && !(Affinity & AFFINITY_MASK(Thread->Processor))) {
        refill_next(&KiPcrs[Thread->Processor].Prcb);
        KepReadyThread(Thread, FALSE);
    } else if (Thread->State == KiRunning && !(Affinity & AFFINITY_MASK(Thread->Processor))) {
        /* It must leave its processor: something else runs there next, the idle thread if need be. */
        PKPRCB prcb = &KiPcrs[Thread->Processor].Prcb;
        if (!prcb->NextThread) {
            PKTHREAD next = take_ready(prcb, 0);
            prcb->NextThread = next ? next : prcb->IdleThread;
            if (next)
                next->State = KiStandby, next->Processor = (UCHAR)prcb->Number;
            request(prcb);
        }
    }
}

/* ---------------------------------------------------------------- the tick */

/* At DISPATCH_LEVEL on processor 0, D held: a tick passed while threads compete. */
void KepTickQuanta(ULONG64 Tick)
{
    for (ULONG i = 0; i < KiProcessorCount; i++) {
        PKPRCB prcb = &KiPcrs[i].Prcb;
        PKTHREAD thread = prcb->CurrentThread;
        if (thread == prcb->IdleThread)
            continue;
        thread->Quantum -= KEP_QUANTUM_UNIT;
        if (thread->Quantum <= 0 && !prcb->QuantumEnd) {
            prcb->QuantumEnd = TRUE;
            if (prcb == KiPrcb())
                KepPostSelf(KiPcrOf(prcb), DISPATCH_LEVEL);
            request(prcb);
        }
    }
    if (Tick % 64 != 0)
        return;
    for (int priority = 1; priority < LOW_REALTIME_PRIORITY - 1; priority++) {
        LIST_ENTRY *list = &ready_lists[priority];
        while (!IsListEmpty(list)) {
            PKTHREAD thread = CONTAINING_RECORD(list->Flink, KTHREAD, ReadyEntry);
            if (Tick - thread->ReadySince < STARVATION_TICKS)
                break;
            remove_ready(thread);
            thread->Priority = LOW_REALTIME_PRIORITY - 1;
            KepReadyThread(thread, FALSE);
        }
    }
}

/* ---------------------------------------------------------------- idle */

BOOLEAN (*KiMachineStuck)(void);
static KEVENT machine_idle;
static volatile ULONG machine_idle_waiters;

static BOOLEAN machine_is_idle(void)
{
    if (KiCountQueuedDpcs() != 0 || KepReadySummary != 0)
        return FALSE;
    for (ULONG i = 0; i < KiProcessorCount; i++) {
        PKPRCB prcb = &KiPcrs[i].Prcb;
        if (prcb->CurrentThread != prcb->IdleThread || prcb->NextThread || KiPending(&KiPcrs[i]))
            return FALSE;
    }
    return TRUE;
}

/* Nothing is pending on this processor: tell who waits for an idle machine, if it is. */
static BOOLEAN announce_idle(void)
{
    if (machine_idle_waiters == 0)
        return FALSE;
    KIRQL irql = KiLockDispatcher();
    BOOLEAN idle = machine_is_idle();
    if (idle) {
        machine_idle_waiters = 0;
        machine_idle.Header.SignalState = 1;
        KepWaitTest(&machine_idle, 0);
    }
    KiUnlockDispatcher(irql);
    return idle;
}

BOOLEAN KiIsMachineQuiet(void)
{
    KIRQL irql = KiLockDispatcher();
    BOOLEAN quiet = KiCountQueuedDpcs() == 0 && KepReadySummary == 0;
    for (ULONG i = 0; i < KiProcessorCount && quiet; i++) {
        PKPRCB prcb = &KiPcrs[i].Prcb;
        quiet = !prcb->NextThread && (prcb == KiPrcb() || (prcb->CurrentThread == prcb->IdleThread && !KiPending(&KiPcrs[i])));
    }
    KiUnlockDispatcher(irql);
    return quiet;
}

void KiWaitMachineIdle(void)
{
    KIRQL irql = KiLockDispatcher();
    machine_idle.Header.SignalState = 0;
    machine_idle_waiters = 1;
    KiUnlockDispatcher(irql);
    KeWaitForSingleObject(&machine_idle, Executive, KernelMode, FALSE, NULL);
}

#define IDLE_POLLS 256 /* some microseconds: what waking a sleeping processor costs */

/* Work often comes at once, from another processor: watch for it before sleeping. TRUE: something is pending. */
static BOOLEAN poll_pending(PKIPCR Pcr)
{
    if ((Pcr->SchedPoints & KI_POINTS_HOST) || KiProcessorCount == 1)
        return FALSE;
    __atomic_store_n(&Pcr->Prcb.IdlePolling, TRUE, __ATOMIC_SEQ_CST);
    for (ULONG i = 0; i < IDLE_POLLS && KiPending(Pcr) == 0; i++)
        host_relax();
    __atomic_store_n(&Pcr->Prcb.IdlePolling, FALSE, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&Pcr->Pending, __ATOMIC_SEQ_CST) != 0;
}

DECLSPEC_NORETURN void KepIdleLoop(void)
{
    for (;;) {
        PKIPCR pcr = KiPcr();
        KiDeliverPending();
        if (KiPending(pcr) != 0 || announce_idle())
            continue;
        KepDisarmWatchdog();
        if (poll_pending(pcr) || host_vp_idle(pcr->Prcb.Number) || KiPending(pcr) != 0)
            continue;
        /* The host saw every processor idle; one that was kicked may not have woken yet. */
        KIRQL irql = KiLockDispatcher();
        BOOLEAN stuck = machine_is_idle();
        KiUnlockDispatcher(irql);
        if (!stuck) {
            host_relax();
            continue;
        }
        if (KiMachineStuck && KiMachineStuck())
            continue;
        KiReportThreads();
        host_exit(1);
    }
}

void KepInitScheduler(void)
{
    for (ULONG i = 0; i < MAXIMUM_PRIORITY; i++)
        InitializeListHead(&ready_lists[i]);
    KeInitializeEvent(&machine_idle, NotificationEvent, FALSE);
}
