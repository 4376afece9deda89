/* SPDX-License-Identifier: MIT */
/*
 * System worker threads.
 *
 * There are three queues that differ in the priority of their threads: hypercritical (15), critical (13),
 * delayed (12); the other WORK_QUEUE_TYPE values map to the nearest. Each is a list of items and a semaphore
 * that counts them, served by a few threads. An item is the caller's again as soon as its routine is entered,
 * so it may free or requeue it.
 *
 * Threads are added when a queue makes no progress: an item that waits for a later item of the same queue
 * would otherwise wait for ever. A manager thread is woken when there are more items than idle threads; it
 * gives the queue 10 ms and adds a thread if not a single item was taken meanwhile. Threads are kept.
 *
 * A routine must return as it was called: at PASSIVE_LEVEL, with APCs enabled, not impersonating.
 *
 * Lock: each queue's spin lock, a leaf. Reference: ExQueueWorkItem, ExInitializeWorkItem of wdm.h.
 */
#include "exinit.h"
#include "exp.h"
#include "jobp.h"
#include "ki.h"
#include "psp.h"
#include "trap.h"
#include <nt/io.h>

#define MAX_WORKERS 64          /* threads a queue */
#define PATIENCE    (-100000LL) /* 10 ms */

enum { QueueHyper, QueueCritical, QueueDelayed, QueueCount };

static struct work_queue {
    KSPIN_LOCK Lock;
    LIST_ENTRY Items; /* lock */
    KSEMAPHORE Available;
    KPRIORITY Priority;
    ULONG Threads; /* lock */
    ULONG Idle;    /* lock: threads that wait, or are about to */
    ULONG Queued;  /* lock: items in the list */
    ULONG64 Taken; /* lock: items ever taken */
} queues[QueueCount];

static KEVENT manager_event;
static BOOLEAN running; /* phase 1 is over: threads exist */

static struct work_queue *queue_of(WORK_QUEUE_TYPE Type)
{
    switch ((ULONG)Type) {
    case HyperCriticalWorkQueue:
    case SuperCriticalWorkQueue:
    case RealTimeWorkQueue:
        return &queues[QueueHyper];
    case CriticalWorkQueue:
        return &queues[QueueCritical];
    case DelayedWorkQueue:
    case NormalWorkQueue:
    case BackgroundWorkQueue:
        return &queues[QueueDelayed];
    default:
        if ((ULONG)Type >= CustomPriorityWorkQueue &&
            (ULONG)Type < CustomPriorityWorkQueue + MAXIMUM_PRIORITY)
            return &queues[(ULONG)Type - CustomPriorityWorkQueue >= 14   ? QueueHyper
                           : (ULONG)Type - CustomPriorityWorkQueue >= 13 ? QueueCritical
                                                                         : QueueDelayed];
        return NULL;
    }
}

/* ---------------------------------------------------------------- queueing */

void NTAPI ExQueueWorkItem(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType)
{
    struct work_queue *Queue = queue_of(QueueType);
    BOOLEAN Behind;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Queue == NULL)
        ExRaiseStatus(STATUS_INVALID_PARAMETER);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    if (WorkItem->List.Flink != NULL) {
        KeReleaseSpinLock(&Queue->Lock, Irql);
        KiBugCheckText(WORKER_INVALID, 0x1, (ULONG_PTR)WorkItem, (ULONG_PTR)WorkItem->WorkerRoutine, 0,
                       (ULONG64)(ULONG_PTR)WorkItem->WorkerRoutine,
                       "a work item was queued that is queued already, or was never initialised with "
                       "ExInitializeWorkItem");
    }
    InsertTailList(&Queue->Items, &WorkItem->List);
    Queue->Queued++;
    Behind = Queue->Queued > Queue->Idle; /* idle threads may not have come to take their item yet */
    KeReleaseSpinLock(&Queue->Lock, Irql);
    KeReleaseSemaphore(&Queue->Available, IO_NO_INCREMENT, 1, FALSE);
    if (Behind && running)
        KeSetEvent(&manager_event, IO_NO_INCREMENT, FALSE);
}

BOOLEAN ExpQueryWorkQueue(ULONG Index, EXP_WORK_QUEUE *Info)
{
    static const char *const names[] = {"hypercritical", "critical", "delayed"};
    if (Index >= QueueCount)
        return FALSE;
    struct work_queue *Queue = &queues[Index];
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    *Info = (EXP_WORK_QUEUE){
        .Name = names[Index], .Threads = Queue->Threads, .Idle = Queue->Idle, .Queued = Queue->Queued};
    if (!IsListEmpty(&Queue->Items))
        Info->First = (PVOID)(ULONG_PTR)CONTAINING_RECORD(Queue->Items.Flink, WORK_QUEUE_ITEM, List)->WorkerRoutine;
    KeReleaseSpinLock(&Queue->Lock, Irql);
    return TRUE;
}

/* ---------------------------------------------------------------- threads */

static void check_return(PWORKER_THREAD_ROUTINE Routine, PVOID Parameter, PWORK_QUEUE_ITEM Item)
{
    PETHREAD Thread = (PETHREAD)KiThread();

    if (KiIrql() != PASSIVE_LEVEL)
        KiBugCheckText(
            WORKER_THREAD_RETURNED_AT_BAD_IRQL, (ULONG_PTR)Routine, KiIrql(), (ULONG_PTR)Parameter,
            (ULONG_PTR)Item, (ULONG64)(ULONG_PTR)Routine,
            "a work item's routine returned at raised IRQL; release every spin lock and lower IRQL first");
    /* Every system thread runs inside one critical region of its own. */
    if (KiThread()->KernelApcDisable != -1 || KiThread()->SpecialApcDisable)
        KiBugCheckText(
            KERNEL_APC_PENDING_DURING_EXIT, (ULONG_PTR)Routine, (USHORT)KiThread()->KernelApcDisable, 0, 0,
            (ULONG64)(ULONG_PTR)Routine,
            "a work item's routine returned with APCs disabled: KeEnterCriticalRegion (or a guarded region, "
            "or a mutex) was not left");
    PESILO Silo;
    if (PspIsAttachedToSilo(Thread, &Silo))
        KiBugCheckText(WORKER_THREAD_RETURNED_WHILE_ATTACHED_TO_SILO, (ULONG_PTR)Routine, (ULONG_PTR)Parameter,
                       (ULONG_PTR)Item, 0, (ULONG64)(ULONG_PTR)Routine,
                       "a work item's routine returned while attached to a silo; call "
                       "PsDetachSiloFromCurrentThread first");
    if (Thread->ActiveImpersonation)
        KiBugCheckText(IMPERSONATING_WORKER_THREAD, (ULONG_PTR)Routine, (ULONG_PTR)Parameter, (ULONG_PTR)Item,
                       0, (ULONG64)(ULONG_PTR)Routine,
                       "a work item's routine returned while it impersonates");
}

static void NTAPI worker_thread(PVOID Context)
{
    struct work_queue *Queue = Context;

    KeSetPriorityThread(KiThread(), Queue->Priority);
    for (;;) {
        KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
        Queue->Idle++;
        KeReleaseSpinLock(&Queue->Lock, Irql);
        KeWaitForSingleObject(&Queue->Available, WrQueue, KernelMode, FALSE, NULL);

        Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
        Queue->Idle--;
        Queue->Queued--;
        Queue->Taken++;
        PWORK_QUEUE_ITEM Item = CONTAINING_RECORD(RemoveHeadList(&Queue->Items), WORK_QUEUE_ITEM, List);
        PWORKER_THREAD_ROUTINE Routine = Item->WorkerRoutine;
        PVOID Parameter = Item->Parameter;
        __atomic_store_n(&Item->List.Flink, NULL, __ATOMIC_RELEASE);
        KeReleaseSpinLock(&Queue->Lock, Irql);

        Routine(Parameter);
        check_return(Routine, Parameter, Item);
    }
}

static NTSTATUS start_thread(PKSTART_ROUTINE Routine, PVOID Context)
{
    HANDLE Handle;
    NTSTATUS Status = PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context);

    if (NT_SUCCESS(Status))
        ZwClose(Handle);
    return Status;
}

static NTSTATUS add_worker(struct work_queue *Queue)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    BOOLEAN Room = Queue->Threads < MAX_WORKERS;

    if (Room)
        Queue->Threads++;
    KeReleaseSpinLock(&Queue->Lock, Irql);
    if (!Room)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS Status = start_thread(worker_thread, Queue);
    if (!NT_SUCCESS(Status)) {
        Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
        Queue->Threads--;
        KeReleaseSpinLock(&Queue->Lock, Irql);
    }
    return Status;
}

static BOOLEAN is_behind(struct work_queue *Queue, ULONG64 *Taken)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    BOOLEAN Behind = Queue->Queued > Queue->Idle;

    *Taken = Queue->Taken;
    KeReleaseSpinLock(&Queue->Lock, Irql);
    return Behind;
}

static void NTAPI manager_thread(PVOID Context)
{
    LARGE_INTEGER Patience = {.QuadPart = PATIENCE};
    ULONG64 Before[QueueCount], After;
    BOOLEAN Behind[QueueCount];

    UNREFERENCED_PARAMETER(Context);
    KeSetPriorityThread(KiThread(), LOW_REALTIME_PRIORITY);
    for (;;) {
        BOOLEAN Any = FALSE;
        for (ULONG I = 0; I < QueueCount; I++)
            Any |= Behind[I] = is_behind(&queues[I], &Before[I]);
        if (!Any) {
            KeWaitForSingleObject(&manager_event, WrExecutive, KernelMode, FALSE, NULL);
            continue;
        }
        KeDelayExecutionThread(KernelMode, FALSE, &Patience);
        for (ULONG I = 0; I < QueueCount; I++)
            if (Behind[I] && is_behind(&queues[I], &After) && After == Before[I] &&
                !NT_SUCCESS(add_worker(&queues[I])) && queues[I].Threads >= MAX_WORKERS)
                KeWaitForSingleObject(&manager_event, WrExecutive, KernelMode, FALSE, NULL);
    }
}

void ExpInitWorkers(void)
{
    static const struct {
        KPRIORITY Priority;
        ULONG Threads;
    } Plan[QueueCount] = {[QueueHyper] = {15, 1}, [QueueCritical] = {13, 2}, [QueueDelayed] = {12, 2}};

    KeInitializeEvent(&manager_event, SynchronizationEvent, FALSE);
    for (ULONG I = 0; I < QueueCount; I++) {
        InitializeListHead(&queues[I].Items);
        KeInitializeSemaphore(&queues[I].Available, 0, MAXLONG);
        queues[I].Priority = Plan[I].Priority;
    }
    for (ULONG I = 0; I < QueueCount; I++)
        for (ULONG N = 0; N < Plan[I].Threads; N++)
            if (!NT_SUCCESS(add_worker(&queues[I])))
                KeBugCheckEx(PHASE1_INITIALIZATION_FAILED, 1, I, N, 0);
    if (!NT_SUCCESS(start_thread(manager_thread, NULL)))
        KeBugCheckEx(PHASE1_INITIALIZATION_FAILED, 2, 0, 0, 0);
    running = TRUE;
}
