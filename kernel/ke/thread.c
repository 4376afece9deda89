/* SPDX-License-Identifier: MIT */
/*
 * thread.c: threads from their making to their end; suspension; the reaper; processes as dispatcher objects.
 *
 * ps makes a thread in three steps: storage (an object), KeInitThread, KeStartThread. A thread ends by calling
 * KeTerminateThread, which can free everything but the stack it stands on: it goes to the reaper's list, and since
 * that happens under D, which is held until the switch away has completed, the reaper cannot touch the stack too soon.
 *
 * ke has threads of its own that are no objects: an idle thread a processor, a DPC thread a processor, the reaper, and
 * during boot the thread that boots. Their storage is larger than a KTHREAD and zeroed, because code that has just a
 * PKTHREAD may look at the ETHREAD around it.
 *
 * Suspension: the suspended thread itself blocks, in a normal kernel APC, while its suspend count is not zero. So it
 * stops where an APC may be delivered and never while it holds a lock. Lock: D.
 */
#include "deadlock.h"
#include "mi.h"

#define ROOM 4096 /* for an ETHREAD or EPROCESS around what is ours */

static union {
    KTHREAD Thread;
    UCHAR Room[ROOM];
} boot_thread __attribute__((aligned(64))), idle_threads[HOST_MAX_VPS] __attribute__((aligned(64)));

static union {
    KPROCESS Process;
    UCHAR Room[ROOM];
} boot_process __attribute__((aligned(64)));
KPROCESS *const KiBootProcess = &boot_process.Process;

static LIST_ENTRY all_threads; /* [D] started threads, oldest first */
static LIST_ENTRY reaper_list; /* [D] */
static PKTHREAD reaper;
static PKPROCESS own_process; /* of ke's own threads: the boot process, then ps's System process */
static ULONG last_id;
void (*KiThreadReaped)(PKTHREAD Thread);

/* ---------------------------------------------------------------- suspension */

static VOID NTAPI suspend_kernel_routine(PKAPC Apc, PKNORMAL_ROUTINE *Normal, PVOID *Context, PVOID *Argument1,
                                         PVOID *Argument2)
{
}

static VOID NTAPI suspend_normal_routine(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PKTHREAD thread = KiThread();
    KIRQL irql = KiLockDispatcher();
    while (thread->SuspendCount > 0) {
        thread->Suspended = TRUE;
        thread->WaitReason = Suspended;
        thread->WaitMode = KernelMode;
        thread->WaitIrql = irql;
        thread->Alertable = FALSE;
        thread->WaitBlockList = NULL;
        thread->WaitBlockCount = 0;
        LONG_PTR status = KepBlock(thread, UINT64_MAX, FALSE);
        thread->Suspended = FALSE;
        if (status == STATUS_KERNEL_APC) {
            KiUnlockDispatcher(irql);
            irql = KiLockDispatcher();
        }
    }
    KiUnlockDispatcher(irql);
}

NTSTATUS KeSuspendThread(PKTHREAD Thread, PULONG PreviousCount)
{
    NTSTATUS status = STATUS_SUCCESS;
    KIRQL irql = KiLockDispatcher();
    if (PreviousCount)
        *PreviousCount = (ULONG)Thread->SuspendCount;
    if (Thread->SuspendCount == MAXIMUM_SUSPEND_COUNT)
        status = STATUS_SUSPEND_COUNT_EXCEEDED;
    else if (!Thread->ApcQueueable || Thread->ExitPending)
        status = STATUS_THREAD_IS_TERMINATING;
    else if (Thread->SuspendCount++ == 0 && !Thread->SuspendApc.Inserted && !Thread->Suspended)
        KepInsertApc(&Thread->SuspendApc, 0);
    KiUnlockDispatcher(irql);
    return status;
}

static NTSTATUS resume(PKTHREAD Thread, PULONG PreviousCount, SCHAR By, BOOLEAN Alert)
{
    KIRQL irql = KiLockDispatcher();
    if (PreviousCount)
        *PreviousCount = (ULONG)Thread->SuspendCount;
    if (Alert) {
        if (Thread->State == KiWaiting && Thread->Alertable)
            KepUnwait(Thread, STATUS_ALERTED, 1);
        else
            Thread->Alerted[KernelMode] = TRUE;
    }
    if (Thread->SuspendCount > 0) {
        Thread->SuspendCount = (SCHAR)(Thread->SuspendCount > By ? Thread->SuspendCount - By : 0);
        if (Thread->SuspendCount == 0 && Thread->Suspended && Thread->State == KiWaiting)
            KepUnwait(Thread, STATUS_SUCCESS, 0);
    }
    KiUnlockDispatcher(irql);
    return STATUS_SUCCESS;
}

NTSTATUS KeResumeThread(PKTHREAD Thread, PULONG PreviousCount)
{
    return resume(Thread, PreviousCount, 1, FALSE);
}

NTSTATUS KeForceResumeThread(PKTHREAD Thread, PULONG PreviousCount)
{
    return resume(Thread, PreviousCount, MAXIMUM_SUSPEND_COUNT, FALSE);
}

NTSTATUS KeAlertResumeThread(PKTHREAD Thread, PULONG PreviousCount)
{
    return resume(Thread, PreviousCount, 1, TRUE);
}

BOOLEAN KiRequestThreadExit(PKTHREAD Thread)
{
    KIRQL irql = KiLockDispatcher();
    BOOLEAN first = !Thread->ExitPending;
    Thread->ExitPending = TRUE;
    if (first && Thread->State == KiWaiting && (Thread->WaitMode == UserMode || Thread->Alertable) &&
        !KepAreUserApcsDisabled(Thread, Thread->WaitIrql))
        KepUnwait(Thread, STATUS_USER_APC, 0);
    KiUnlockDispatcher(irql);
    if (first)
        KeForceResumeThread(Thread, NULL);
    return first;
}

BOOLEAN KiYield(void)
{
    PKTHREAD thread = KiThread();
    KiSchedPoint(HOST_POINT_ENTRY);
    KIRQL irql = KiLockDispatcher();
    ULONG switches = thread->ContextSwitches;
    KepQuantumEnd();
    BOOLEAN yielded = thread->ContextSwitches != switches;
    KiUnlockDispatcher(irql);
    return yielded;
}

/* ---------------------------------------------------------------- making */

static void initialize(PKTHREAD Thread, PKPROCESS Process)
{
    Thread->Header.Lock = 0;
    Thread->Header.Type = ThreadObject;
    Thread->Header.SignalState = 0;
    InitializeListHead(&Thread->Header.WaitListHead);
    InitializeListHead(&Thread->MutantListHead);
    InitializeListHead(&Thread->AllThreadsEntry);
    InitializeListHead(&Thread->ThreadListEntry);
    Thread->Process = Process;
    Thread->State = KiInitialized;
    Thread->IdealProcessor = Thread->Processor = (UCHAR)KiProcessorNumber();
    Thread->BasePriority = Thread->Priority = Process->BasePriority;
    Thread->Quantum = Thread->QuantumReset = Process->QuantumReset;
    Thread->Affinity = Thread->UserAffinity = Process->Affinity;
    Thread->PreviousMode = KernelMode;
    Thread->Id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
    KeInitializeTimer(&Thread->Timer);
    PKWAIT_BLOCK block = &Thread->WaitBlock[KI_TIMER_WAIT_BLOCK];
    block->WaitType = WaitAny;
    block->WaitKey = (USHORT)STATUS_TIMEOUT;
    block->Thread = Thread;
    block->Object = &Thread->Timer;
    KepInitThreadApcs(Thread, Process);
    KeInitializeApc(&Thread->SuspendApc, Thread, OriginalApcEnvironment, suspend_kernel_routine, NULL,
                    suspend_normal_routine, KernelMode, NULL);
}

/* The thread that had the stack before ended in the middle of its frames: AddressSanitizer must forget their redzones. */
static void forget_frames(PVOID Low, PVOID High)
{
#ifdef KILN_ASAN
    void __asan_unpoison_memory_region(const void *, SIZE_T);
    __asan_unpoison_memory_region(Low, (SIZE_T)((PUCHAR)High - (PUCHAR)Low));
#endif
}

static void set_stack(PKTHREAD Thread, PVOID StackBase)
{
    Thread->StackBase = StackBase;
    Thread->StackLimit = MiStackLimit(StackBase, FALSE);
    forget_frames(Thread->StackLimit, StackBase);
    Thread->KernelStack = KepPrepareStack(StackBase);
}

NTSTATUS KeInitThread(PKTHREAD Thread, PVOID KernelStack, KI_SYSTEM_ROUTINE *SystemRoutine,
                      PKSTART_ROUTINE StartRoutine, PVOID StartContext, PVOID Teb, PKPROCESS Process)
{
    if (!KepCreateHeldTable(Thread))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!KernelStack) {
        KernelStack = MmCreateKernelStack(FALSE);
        if (!KernelStack) {
            KepDeleteHeldTable(Thread);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    initialize(Thread, Process);
    Thread->OwnedStack = KernelStack;
    set_stack(Thread, KernelStack);
    Thread->SystemRoutine = SystemRoutine;
    Thread->StartAddress = (PVOID)(ULONG_PTR)StartRoutine;
    Thread->StartContext = StartContext;
    Thread->Teb = Teb;
    Thread->Fiber = host_fiber_create();
    return STATUS_SUCCESS;
}

/* D held: visible from now on. */
static void enlist(PKTHREAD Thread)
{
    InsertTailList(&Thread->Process->ThreadListHead, &Thread->ThreadListEntry);
    Thread->Process->ThreadCount++;
    InsertTailList(&all_threads, &Thread->AllThreadsEntry);
}

static void delist(PKTHREAD Thread)
{
    RemoveEntryList(&Thread->ThreadListEntry);
    Thread->Process->ThreadCount--;
    RemoveEntryList(&Thread->AllThreadsEntry);
}

void KeStartThread(PKTHREAD Thread)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    KIRQL irql = KiLockDispatcher();
    enlist(Thread);
    KepReadyThread(Thread, FALSE);
    KiUnlockDispatcher(irql);
}

void KeUninitThread(PKTHREAD Thread)
{
    KepDeleteHeldTable(Thread);
    host_fiber_destroy(Thread->Fiber);
    if (Thread->OwnedStack)
        MmDeleteKernelStack(Thread->OwnedStack, Thread->LargeStack);
    Thread->OwnedStack = NULL;
}

/* ---------------------------------------------------------------- ending */

DECLSPEC_NORETURN void KeTerminateThread(KPRIORITY Increment)
{
    PKTHREAD thread = KiThread();
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (KiTrackLocks)
        KiCheckLocksAtThreadEnd(thread, __builtin_return_address(0));
    KiRaise(APC_LEVEL);
    KepFlushApcs();
    KiLockDispatcher();
    KepAbandonMutants(thread);
    if (thread->KernelApcDisable != 0 || thread->SpecialApcDisable != 0)
        KiBugCheckText(KERNEL_APC_PENDING_DURING_EXIT, 0,
                       (ULONG)(USHORT)thread->SpecialApcDisable << 16 | (USHORT)thread->KernelApcDisable, KiIrql(), 0,
                       (ULONG_PTR)thread->StartAddress,
                       "A thread ended inside a critical or guarded region; every KeEnterCriticalRegion, mutex, "
                       "FsRtlEnterFileSystem and the like needs its counterpart before the thread returns.");
    if (thread->Queue) {
        thread->WaitReason = WrTerminated;
        KepQueueThreadBlocks(thread);
        RemoveEntryList(&thread->QueueListEntry);
        thread->Queue = NULL;
    }
    thread->Header.SignalState = 1;
    if (!IsListEmpty(&thread->Header.WaitListHead))
        KepWaitTest(thread, Increment);
    delist(thread);
    thread->Process->CycleTime += thread->CycleTime;
    thread->State = KiTerminated;
    InsertTailList(&reaper_list, &thread->ReadyEntry);
    if (reaper && reaper->State == KiWaiting)
        KepUnwait(reaper, STATUS_SUCCESS, 0);
    KiTrace("thread-end", thread->Id, 0, 0, 0);
    KepSwapOut(thread);
    host_panic("an ended thread ran again");
}

static VOID NTAPI reap(PVOID Context)
{
    PKTHREAD self = KiThread();
    for (;;) {
        PKTHREAD thread = NULL;
        KIRQL irql = KiLockDispatcher();
        if (IsListEmpty(&reaper_list)) {
            self->WaitReason = Executive;
            self->WaitBlockList = NULL;
            self->WaitBlockCount = 0;
            KepBlock(self, UINT64_MAX, FALSE);
        } else {
            thread = CONTAINING_RECORD(RemoveHeadList(&reaper_list), KTHREAD, ReadyEntry);
        }
        KiUnlockDispatcher(irql);
        if (!thread)
            continue;
        KeUninitThread(thread);
        if (KiThreadReaped)
            KiThreadReaped(thread);
    }
}

/* ---------------------------------------------------------------- ke's own threads */

static VOID NTAPI own_system_routine(PKSTART_ROUTINE StartRoutine, PVOID StartContext)
{
    StartRoutine(StartContext);
}

PKTHREAD KepCreateOwnThread(PKSTART_ROUTINE Routine, PVOID Context)
{
    PKTHREAD thread = MiAllocatePool(NonPagedPoolNx, ROOM, 'rhTK', TRUE, __builtin_return_address(0));
    if (!thread || !NT_SUCCESS(KeInitThread(thread, NULL, own_system_routine, Routine, Context, NULL, own_process)))
        KeBugCheckEx(PHASE1_INITIALIZATION_FAILED, (ULONG_PTR)STATUS_INSUFFICIENT_RESOURCES, 0, 0, 0);
    thread->SystemThread = TRUE;
    return thread;
}

void KepStartReaper(void)
{
    PKTHREAD thread = KepCreateOwnThread(reap, NULL);
    thread->Priority = thread->BasePriority = LOW_REALTIME_PRIORITY;
    reaper = thread;
    KeStartThread(thread);
}

static VOID NTAPI idle_start(PKSTART_ROUTINE StartRoutine, PVOID StartContext)
{
    KepIdleLoop();
}

void KepInitIdleThread(PKPRCB Prcb, PVOID StackBase)
{
    PKTHREAD thread = &idle_threads[Prcb->Number].Thread;
    initialize(thread, KiBootProcess);
    if (StackBase)
        set_stack(thread, StackBase);
    thread->Priority = thread->BasePriority = KEP_IDLE_PRIORITY;
    thread->Affinity = thread->UserAffinity = Prcb->SetMember;
    thread->IdealProcessor = thread->Processor = (UCHAR)Prcb->Number;
    thread->SystemThread = TRUE;
    thread->Id = 0;
    thread->SystemRoutine = idle_start;
    if (StackBase)
        thread->Fiber = host_fiber_create();
    Prcb->IdleThread = thread;
}

/* The code that boots becomes a thread before there is memory, objects or a processor block in use. */
void KepInitBootThread(void)
{
    InitializeListHead(&all_threads);
    InitializeListHead(&reaper_list);
    own_process = KiBootProcess;
    KeInitializeProcess(KiBootProcess, 8, ~(KAFFINITY)0);
    PKTHREAD thread = &boot_thread.Thread;
    initialize(thread, KiBootProcess);
    thread->State = KiRunning;
    thread->StackBase = (PVOID)~(ULONG_PTR)0;
    thread->StackLimit = NULL;
    thread->HostStack = TRUE;
    thread->Affinity = thread->UserAffinity = 1;
    thread->Fiber = host_fiber_current();
    KiPrcb()->CurrentThread = thread;
    KepInitHeldLocks(thread);
    enlist(thread);
}

void KiAdoptCurrentThread(PKTHREAD Thread, PKPROCESS Process)
{
    KIRQL irql = KiLockDispatcher();
    PKTHREAD old = KiThread();
    initialize(Thread, Process);
    Thread->State = KiRunning;
    Thread->Processor = Thread->IdealProcessor = (UCHAR)KiProcessorNumber();
    Thread->StackBase = old->StackBase;
    Thread->StackLimit = old->StackLimit;
    Thread->HostStack = TRUE;
    Thread->Affinity = Thread->UserAffinity = 1;
    Thread->Fiber = old->Fiber;
    Thread->KernelApcDisable = old->KernelApcDisable;
    Thread->SpecialApcDisable = old->SpecialApcDisable;
    Thread->HeldLocks = old->HeldLocks;
    old->HeldLocks = NULL;
    delist(old);
    enlist(Thread);
    KiPrcb()->CurrentThread = Thread;
    KiUnlockDispatcher(irql);
}

void KiReturnToClient(void)
{
    PKTHREAD thread = KiThread();
    if (__builtin_expect(thread->SystemAffinityActive, 0) && thread->HostStack)
        KeRevertToUserAffinityThread();
}

/* ---------------------------------------------------------------- processes */

void KeInitializeProcess(PKPROCESS Process, KPRIORITY BasePriority, KAFFINITY Affinity)
{
    Process->Header.Lock = 0;
    Process->Header.Type = ProcessObject;
    Process->Header.SignalState = 0;
    InitializeListHead(&Process->Header.WaitListHead);
    InitializeListHead(&Process->ThreadListHead);
    Process->Affinity = Affinity;
    Process->BasePriority = (SCHAR)BasePriority;
    Process->QuantumReset = KEP_QUANTUM;
    Process->ThreadCount = 0;
}

LONG KeSetProcess(PKPROCESS Process, KPRIORITY Increment)
{
    KIRQL irql = KiLockDispatcher();
    LONG old = Process->Header.SignalState;
    Process->Header.SignalState = 1;
    if (old == 0 && !IsListEmpty(&Process->Header.WaitListHead))
        KepWaitTest(Process, Increment);
    KiUnlockDispatcher(irql);
    return old;
}

void KiSetThreadProcess(PKTHREAD Thread, PKPROCESS Process)
{
    KIRQL irql = KiLockDispatcher();
    BOOLEAN listed = !IsListEmpty(&Thread->AllThreadsEntry);
    if (listed) {
        RemoveEntryList(&Thread->ThreadListEntry);
        Thread->Process->ThreadCount--;
    }
    Thread->Process = Process;
    if (Thread->ApcStateIndex == OriginalApcEnvironment)
        Thread->ApcState.Process = Process;
    else
        Thread->SavedApcState.Process = Process;
    if (listed) {
        InsertTailList(&Process->ThreadListHead, &Thread->ThreadListEntry);
        Process->ThreadCount++;
    }
    KiUnlockDispatcher(irql);
}

void KiSetSystemProcess(PKPROCESS Process)
{
    own_process = Process;
    while (!IsListEmpty(&KiBootProcess->ThreadListHead))
        KiSetThreadProcess(CONTAINING_RECORD(KiBootProcess->ThreadListHead.Flink, KTHREAD, ThreadListEntry), Process);
    for (ULONG i = 0; i < HOST_MAX_VPS; i++) {
        PKTHREAD idle = &idle_threads[i].Thread;
        idle->Process = idle->ApcState.Process = Process;
    }
}

/* ---------------------------------------------------------------- enumeration */

static void describe(PKTHREAD Thread, KI_THREAD_INFO *Info)
{
    Info->Thread = Thread;
    Info->Id = Thread->Id;
    Info->State = Thread->State;
    Info->Priority = Thread->Priority;
    Info->BasePriority = Thread->BasePriority;
    Info->Processor = Thread->Processor;
    Info->Irql = Thread->State == KiRunning ? KiPcrs[Thread->Processor].Irql : Thread->WaitIrql;
    Info->StoppedAt = 0;
    if (Thread->State != KiRunning && Thread->SwitchedOut) {
        ULONG64 now = host_interrupt_time(), cycles = KepCycles(KiPcr());
        ULONG64 ago = cycles > Thread->SwitchedOut ? KepCyclesToTime(cycles - Thread->SwitchedOut) : 0;
        /* On the simulator the counter is the time. */
        Info->StoppedAt = KiPcr()->SchedPoints ? Thread->SwitchedOut : now > ago ? now - ago : 0;
    }
    Info->StartAddress = Thread->StartAddress;
    Info->WaitReason = Thread->WaitReason;
    Info->WaitMode = Thread->WaitMode;
    Info->Alertable = Thread->Alertable;
    Info->StackPointer = (ULONG_PTR)Thread->KernelStack;
    Info->HasTimeout = Thread->WaitBlock[KI_TIMER_WAIT_BLOCK].BlockState != 0;
    Info->TimeoutDue = Info->HasTimeout ? Thread->Timer.DueTime.QuadPart : 0;
    Info->ObjectCount = Thread->State == KiWaiting ? Thread->WaitBlockCount : 0;
    for (ULONG i = 0; i < Info->ObjectCount; i++) {
        PDISPATCHER_HEADER header = Thread->WaitBlockList[i].Object;
        Info->WaitType = (WAIT_TYPE)Thread->WaitBlockList[i].WaitType;
        Info->Objects[i] = header;
        Info->Owners[i] = header->Type == MutantObject ? ((PKMUTANT)header)->OwnerThread : NULL;
    }
}

void KiEnumerateThreads(BOOLEAN (*fn)(const KI_THREAD_INFO *Info, PVOID Context), PVOID Context)
{
    static KI_THREAD_INFO info; /* [D] too large for a stack that a report may find nearly full */
    KIRQL irql = KiRaise(KiIrql() > DISPATCH_LEVEL ? KiIrql() : DISPATCH_LEVEL);
    BOOLEAN locked = !KiBugCheckActive;
    if (locked)
        KiLockDispatcherAtDpcLevel();
    for (LIST_ENTRY *entry = all_threads.Flink; entry != &all_threads; entry = entry->Flink) {
        describe(CONTAINING_RECORD(entry, KTHREAD, AllThreadsEntry), &info);
        if (info.Thread == KiThread())
            info.Irql = irql; /* not the one that the walk raised to */
        if (!fn(&info, Context))
            break;
    }
    if (locked)
        KiUnlockDispatcher(irql);
    else
        KiLower(irql);
}

PKTHREAD KepNextThread(PKTHREAD Thread)
{
    LIST_ENTRY *next = Thread ? Thread->AllThreadsEntry.Flink : all_threads.Flink;
    return next == &all_threads ? NULL : CONTAINING_RECORD(next, KTHREAD, AllThreadsEntry);
}

BOOLEAN KiGetSwitchFrame(PKTHREAD Thread, ULONG64 *Rip, ULONG64 *Rsp, ULONG64 *Rbp)
{
    if (Thread->State == KiRunning || !Thread->KernelStack)
        return FALSE;
    ULONG64 *frame = Thread->KernelStack; /* as switch.S lays it out */
    *Rbp = frame[0xf0 / 8];
    *Rip = frame[0xf8 / 8];
    *Rsp = (ULONG64)(ULONG_PTR)frame + 0x100;
    return TRUE;
}
