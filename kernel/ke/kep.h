/* SPDX-License-Identifier: MIT */
/*
 * kep.h: what the files of kernel/ke share with each other and with nobody else.
 *
 * "D held" means KiDispatcherLock is held and IRQL is at least DISPATCH_LEVEL.
 */
#ifndef KILN_KEP_H
#define KILN_KEP_H

#include <nt/ex.h>
#include "ki.h"
#include "trap.h"

#define KEP_IDLE_PRIORITY (-1)
#define KEP_QUANTUM       6 /* ticks of a thread's time slice times KEP_QUANTUM_UNIT */
#define KEP_QUANTUM_UNIT  3

/* ---------------------------------------------------------------- switch.S */

/* Save the callee-saved state of the caller below *Save, continue where `Load` was saved. D held, stays held. */
void KiSwitchStack(PVOID *Save, PVOID Load);

/* Build on the stack that ends at `StackBase` what KiSwitchStack loads to enter KiThreadStartup. Returns its pointer. */
PVOID KepPrepareStack(PVOID StackBase);

/* Call fn(Context) on another stack; unwinders walk through. */
void KiCallOnStack(void (*fn)(void *), void *Context, PVOID StackBase);

/* First C code of a new thread: D is held. */
DECLSPEC_NORETURN void KiThreadStartup(void);

/* ---------------------------------------------------------------- irql.c, interrupt.c, ipi.c, dpc.c, clock.c */

void KepDispatchInterrupt(void);   /* at DISPATCH_LEVEL: DPCs, quantum end, preemption */
void KepDispatchVectors(KIRQL Level);
void KepIpiInterrupt(void);
void KepClockInterrupt(void);
void KepClockWork(void);           /* at DISPATCH_LEVEL on processor 0 */
void KepRetireDpcs(PKPRCB Prcb);
void KepInitDpcs(PKPRCB Prcb);
void KepNoteDpcRun(PKI_DPC_QUEUE Queue, ULONG64 Time);
void KepStartDpcThread(PKPRCB Prcb);
void KepInitClock(void);
ULONG64 KepCyclesToTime(ULONG64 Cycles); /* in 100 ns units */
void KepInitCallbacks(void);
void KepInitChangeCallbacks(void);
BOOLEAN KepClockRequested(PKPRCB Prcb);

/* Post to the own processor: no kick is needed, the next lowering sees it. */
static inline void KepPostSelf(PKIPCR Pcr, KIRQL Level)
{
    if (!(KiPending(Pcr) & (1u << Level)))
        __atomic_fetch_or(&Pcr->Pending, 1u << Level, __ATOMIC_SEQ_CST);
}

static inline void KepUnpostSelf(PKIPCR Pcr, KIRQL Level)
{
    if (KiPending(Pcr) & (1u << Level))
        __atomic_fetch_and(&Pcr->Pending, ~(1u << Level), __ATOMIC_SEQ_CST);
}

/*
 * Make a processor look at its pending mask, which was written before. One whose idle thread polls sees it anyway: it
 * clears IdlePolling, and looks once more, before it sleeps.
 */
static inline void KepKick(PKPRCB Prcb)
{
    if (!__atomic_load_n(&Prcb->IdlePolling, __ATOMIC_SEQ_CST))
        host_vp_kick(Prcb->Number);
}

/* A counter for run times: the processor's on the live host, where reading it is cheap; virtual on the simulator. */
static inline ULONG64 KepCycles(PKIPCR Pcr)
{
    if (Pcr->SchedPoints & KI_POINTS_HOST)
        return host_performance_counter();
    return __builtin_ia32_rdtsc();
}

/* ---------------------------------------------------------------- watchdog.c: of checked machines */

void KepWatchdogDpcBegins(PKPRCB Prcb);
void KepWatchdogDpcEnds(PKPRCB Prcb);

/* At CLOCK_LEVEL or DISPATCH_LEVEL on processor 0: bugcheck if a DPC has run for too long, on whatever processor. */
void KepWatchdogCheck(void);

/* When the clock is needed to look again; UINT64_MAX: no DPC runs. */
ULONG64 KepWatchdogDue(void);

/* In clock.c. D not held, DISPATCH_LEVEL: the clock is needed at `Due`, for the watchdog. */
void KepArmWatchdog(ULONG64 Due);

/* D not held: a clock that is armed for the watchdog alone need not come any more. */
void KepDisarmWatchdog(void);

/* ---------------------------------------------------------------- sched.c: D held throughout */

extern ULONG KepReadySummary;
extern KAFFINITY KepIdleSummary;

/* Make a thread that is in no queue runnable: standby on a processor, or ready. `Front`: it lost its processor early. */
void KepReadyThread(PKTHREAD Thread, BOOLEAN Front);

/* Take a ready or standby thread out of its place again. */
void KepRemoveReady(PKTHREAD Thread);

/*
 * The calling thread stops running: its State is Waiting or Terminated and whoever will wake it can find it. Runs
 * another thread. Returns, D held, when the thread runs again; never for a terminated one.
 */
void KepSwapOut(PKTHREAD Thread);

/* The calling thread's processor has a better thread, or none is better any more: act on NextThread. */
void KepPreempt(BOOLEAN Front);
void KepQuantumEnd(void);
void KepSetPriority(PKTHREAD Thread, KPRIORITY Priority);
void KepBoost(PKTHREAD Thread, KPRIORITY Increment);
void KepSetAffinity(PKTHREAD Thread, KAFFINITY Affinity);
void KepTickQuanta(ULONG64 Tick);
void KepInitScheduler(void);

/* The idle loop of the calling processor; never returns. */
DECLSPEC_NORETURN void KepIdleLoop(void);

/* ---------------------------------------------------------------- wait.c: D held throughout */

/* SignalState of the object became positive: satisfy waits in order while it stays so. */
void KepWaitTest(PVOID Object, KPRIORITY Increment);

/* End a thread's wait with `Status`, wherever it waits. */
void KepUnwait(PKTHREAD Thread, LONG_PTR Status, KPRIORITY Increment);

/* Enter a signaling routine with Wait semantics: leave D with or without lowering. */
void KepUnlockAfterSignal(KIRQL OldIrql, BOOLEAN Wait);

/* Take D, taking over from a routine that was called with Wait = TRUE. Returns the IRQL to go back to. */
KIRQL KepLockForWait(PKTHREAD Thread);

/*
 * Block on the wait blocks in Thread->WaitBlockList (already filled in and linked), or on nothing, until woken or
 * until `Due` (interrupt time; UINT64_MAX: never). Returns the wait status. D held before and after.
 */
LONG_PTR KepBlock(PKTHREAD Thread, ULONG64 Due, BOOLEAN DueIsAbsolute);

typedef struct _KEP_TIMEOUT {
    BOOLEAN Present, Zero, Absolute;
    ULONG64 Due; /* interrupt time */
} KEP_TIMEOUT;
void KepCaptureTimeout(KEP_TIMEOUT *Timeout, const LARGE_INTEGER *Interval);

/*
 * Who disables kernel APCs disables the delivery of user APCs and the termination of the thread with them
 * (waits-and-apcs.md): neither ends a wait of the thread, which is the caller or waits since it was at `Irql`. D held.
 */
static inline BOOLEAN KepAreUserApcsDisabled(PKTHREAD Thread, KIRQL Irql)
{
    return Thread->KernelApcDisable != 0 || Thread->SpecialApcDisable != 0 || Irql >= APC_LEVEL;
}

/*
 * A reason not to wait, or to stop waiting: alert, user APC, the thread's end. STATUS_SUCCESS: none. The calling thread
 * was at `Irql`. D held.
 */
NTSTATUS KepTestAlert(PKTHREAD Thread, KIRQL Irql, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable);

/* Bugcheck when a thread may not block now. */
void KepCheckMayBlock(KIRQL Irql, const char *What, PVOID Caller);

/* ---------------------------------------------------------------- queue.c: D held */

void KepQueueThreadBlocks(PKTHREAD Thread);
void KepQueueThreadResumes(PKTHREAD Thread);

/* ---------------------------------------------------------------- mutex.c: D held */

void KepAcquireMutant(PKMUTANT Mutant, PKTHREAD Thread);
void KepAbandonMutants(PKTHREAD Thread);

/* ---------------------------------------------------------------- timer.c: D held */

/* Insert; FALSE if already due (nothing inserted). */
BOOLEAN KepInsertTimer(PKTIMER Timer, ULONG64 Due, BOOLEAN Absolute);
void KepRemoveTimer(PKTIMER Timer);
void KepExpireTimers(ULONG64 Now);
ULONG64 KepNextTimerDue(void);
void KepShiftAbsoluteTimers(LONG64 Delta);
void KepInitTimers(void);

/* Make sure the clock interrupts at `Due` or earlier. */
void KepArmClock(ULONG64 Due);
void KepArmTick(void);
extern ULONG64 KepTick; /* ticks of the tick clock, which runs only while threads compete */

/* ---------------------------------------------------------------- apc.c: D held unless said */

/* At APC_LEVEL, D not held: deliver kernel APCs to the calling thread. */
void KepDeliverKernelApcs(void);
BOOLEAN KepInsertApc(PKAPC Apc, KPRIORITY Increment);
void KepInitThreadApcs(PKTHREAD Thread, PKPROCESS Process);
void KepFlushApcs(void);
BOOLEAN KepKernelApcDeliverable(PKTHREAD Thread);

/* ---------------------------------------------------------------- thread.c */

/* A thread of ke itself, without an object: initialised, not started. Bugchecks without memory. PASSIVE_LEVEL. */
PKTHREAD KepCreateOwnThread(PKSTART_ROUTINE Routine, PVOID Context);
/* StackBase NULL: it already runs, on a host's stack. */
void KepInitIdleThread(PKPRCB Prcb, PVOID StackBase);
void KepInitBootThread(void);
void KepStartReaper(void);

/* ---------------------------------------------------------------- heldlocks.c, deadlock.c */

/* The boot thread's table, which the client's thread inherits; the machine takes notes from now on if it is checked. */
void KepInitHeldLocks(PKTHREAD BootThread);

/* FALSE: no pool. */
BOOLEAN KepCreateHeldTable(PKTHREAD Thread);
void KepDeleteHeldTable(PKTHREAD Thread);

/* On a checked machine, D held, its wait blocks linked: bugcheck if the wait, which nothing else can end, never ends. */
void KepCheckBlock(PKTHREAD Thread);

/* ---------------------------------------------------------------- processor.c, hotadd.c */

/* The parts of a set of processors that lie in each group, in order; returns how many. `To` NULL: only counts. */
USHORT KepSplitByGroup(KAFFINITY Indexes, PGROUP_AFFINITY To);
KAFFINITY KepActiveOfNode(USHORT Node);

/* Make the processor's block usable. */
void KepInitProcessor(ULONG Index);

/* Start the processors that the machine boots with. */
void KepStartProcessors(void);

#endif
