/* SPDX-License-Identifier: MIT */
/*
 * dpc.c: deferred procedure calls.
 *
 * A processor has two queues: normal DPCs, which run at DISPATCH_LEVEL as soon as IRQL falls below it, and threaded
 * DPCs, which a thread of priority 31 bound to the processor runs at PASSIVE_LEVEL. KDPC.DpcData points to the queue
 * that holds the DPC and is the test for "already queued": whoever changes it from NULL owns the insertion, and it
 * becomes NULL, under that queue's lock, before the routine is called, so that the routine may queue its DPC again.
 *
 * Removal reads DpcData, locks that queue, and looks again: the DPC may have left meanwhile, or moved to another queue.
 *
 * Order: high importance goes to the front, the rest to the end. The target processor is asked to run its queue at
 * once, whatever the importance: a machine without a regular tick has no later moment to rely on.
 *
 * Lock: each queue's spin lock, at HIGH_LEVEL, innermost of all.
 */
#include "kep.h"

#define ANY_PROCESSOR     0xffff /* KDPC.Number of a DPC without a target */

/* The two words after KDPC.Importance are one list entry to us: forward link, and where NT keeps a history, back link. */
static LIST_ENTRY *link_of(PKDPC Dpc)
{
    C_ASSERT(FIELD_OFFSET(KDPC, ProcessorHistory) == FIELD_OFFSET(KDPC, DpcListEntry) + sizeof(PVOID));
    return (LIST_ENTRY *)&Dpc->DpcListEntry;
}

static void lock(PKI_DPC_QUEUE Queue)
{
    while (__atomic_exchange_n(&Queue->Lock, 1, __ATOMIC_ACQUIRE))
        host_relax();
}

static void unlock(PKI_DPC_QUEUE Queue)
{
    __atomic_store_n(&Queue->Lock, 0, __ATOMIC_RELEASE);
}

static void initialize(PRKDPC Dpc, UCHAR Type, PKDEFERRED_ROUTINE Routine, PVOID Context)
{
    Dpc->Type = Type;
    Dpc->Importance = MediumImportance;
    Dpc->Number = ANY_PROCESSOR;
    Dpc->DpcListEntry.Next = NULL;
    Dpc->ProcessorHistory = 0;
    Dpc->DeferredRoutine = Routine;
    Dpc->DeferredContext = Context;
    Dpc->SystemArgument1 = NULL;
    Dpc->SystemArgument2 = NULL;
    Dpc->DpcData = NULL;
}

VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    initialize(Dpc, DpcObject, DeferredRoutine, DeferredContext);
}

VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    initialize(Dpc, ThreadedDpcObject, DeferredRoutine, DeferredContext);
}

VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    Dpc->Importance = (UCHAR)Importance;
}

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    /* Of group 0, whose numbers are indexes; another one changes nothing. */
    if ((UCHAR)Number < KeQueryActiveProcessorCount(NULL))
        Dpc->Number = (UCHAR)Number;
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber)
{
    ULONG index = KeGetProcessorIndexFromNumber(ProcNumber);
    if (index == INVALID_PROCESSOR_INDEX)
        return STATUS_INVALID_PARAMETER;
    Dpc->Number = (USHORT)index;
    return STATUS_SUCCESS;
}

/* IRQL is HIGH_LEVEL. */
static BOOLEAN insert(PRKDPC Dpc, PVOID Argument1, PVOID Argument2, PKPRCB Prcb)
{
    PKI_DPC_QUEUE queue = &Prcb->Dpc[Dpc->Type == ThreadedDpcObject ? KiDpcThreaded : KiDpcNormal];
    PVOID expected = NULL;
    lock(queue);
    if (!__atomic_compare_exchange_n(&Dpc->DpcData, &expected, queue, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
        unlock(queue);
        return FALSE;
    }
    Dpc->SystemArgument1 = Argument1;
    Dpc->SystemArgument2 = Argument2;
    if (Dpc->Importance == HighImportance)
        InsertHeadList(&queue->ListHead, link_of(Dpc));
    else
        InsertTailList(&queue->ListHead, link_of(Dpc));
    KI_PEEK(queue->Depth)++; /* read without the lock as well */
    queue->Count++;
    unlock(queue);
    return TRUE;
}

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2)
{
    KIRQL irql = KiRaise(HIGH_LEVEL);
    PKIPCR here = KiPcr(), pcr = here;
    USHORT number = Dpc->Number;
    if (number < KiProcessorCount)
        pcr = &KiPcrs[number];
    BOOLEAN inserted = insert(Dpc, SystemArgument1, SystemArgument2, &pcr->Prcb);
    if (inserted) {
        if (pcr == here)
            KepPostSelf(pcr, DISPATCH_LEVEL);
        else
            KiPost(pcr, DISPATCH_LEVEL);
    }
    KiLower(irql);
    return inserted;
}

static BOOLEAN remove(PRKDPC Dpc)
{
    BOOLEAN removed = FALSE;
    KIRQL irql = KiRaise(HIGH_LEVEL);
    PKI_DPC_QUEUE queue;
    while ((queue = __atomic_load_n((PKI_DPC_QUEUE *)&Dpc->DpcData, __ATOMIC_ACQUIRE)) != NULL) {
        lock(queue);
        if (Dpc->DpcData == queue) {
            RemoveEntryList(link_of(Dpc));
            KI_PEEK(queue->Depth)--;
            __atomic_store_n(&Dpc->DpcData, NULL, __ATOMIC_RELEASE);
            removed = TRUE;
        }
        unlock(queue);
        if (removed)
            break;
    }
    KiLower(irql);
    return removed;
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc)
{
    return remove(Dpc);
}

BOOLEAN NTAPI KeRemoveQueueDpcEx(PRKDPC Dpc, BOOLEAN WaitIfActive)
{
    BOOLEAN removed = remove(Dpc);
    if (WaitIfActive) {
        KI_ASSERT_IRQL_MAX(APC_LEVEL);
        KeFlushQueuedDpcs();
    }
    return removed;
}

/* ---------------------------------------------------------------- running */

/* The next DPC of the queue, made the active one and copied, since its storage is free once it is out. NULL: none. */
static PKDPC take(PKI_DPC_QUEUE Queue, KDPC *Copy)
{
    PKDPC dpc = NULL;
    KIRQL irql = KiRaise(HIGH_LEVEL);
    lock(Queue);
    if (!IsListEmpty(&Queue->ListHead)) {
        LIST_ENTRY *entry = RemoveHeadList(&Queue->ListHead);
        dpc = CONTAINING_RECORD((SINGLE_LIST_ENTRY *)entry, KDPC, DpcListEntry);
        *Copy = *dpc;
        /* Who counts reads Depth, then Active: the DPC must never be missing from both. */
        __atomic_store_n(&Queue->Active, dpc, __ATOMIC_RELEASE);
        __atomic_store_n(&Queue->Depth, Queue->Depth - 1, __ATOMIC_RELEASE);
        __atomic_store_n(&dpc->DpcData, NULL, __ATOMIC_RELEASE);
    }
    unlock(Queue);
    KiLower(irql);
    return dpc;
}

static void check_after(const KDPC *Copy, KIRQL Expected)
{
    if (KiIrql() != Expected)
        KiBugCheckText(IRQL_UNEXPECTED_VALUE, (ULONG_PTR)KiIrql() << 16 | Expected, (ULONG_PTR)Copy->DeferredRoutine, 0, 0,
                       (ULONG_PTR)Copy->DeferredRoutine,
                       "A DPC routine returned at another IRQL than it was called at; every KeRaiseIrql and spin lock "
                       "acquisition in it needs its KeLowerIrql or release.");
}

/* A DPC's routine is a PKDEFERRED_ROUTINE or, of a device's DPC, a PIO_DPC_ROUTINE: the calling convention is the same. */
KI_ANY_ROUTINE_TYPE static void call_deferred(const KDPC *Copy, PKDPC Dpc)
{
    Copy->DeferredRoutine(Dpc, Copy->DeferredContext, Copy->SystemArgument1, Copy->SystemArgument2);
}

void KepRetireDpcs(PKPRCB Prcb)
{
    PKI_DPC_QUEUE queue = &Prcb->Dpc[KiDpcNormal];
    KDPC copy;
    PKDPC dpc;
    if (Prcb->DpcRoutineActive)
        return;
    if (KepClockRequested(Prcb))
        KepClockWork();
    if (KI_PEEK(queue->Depth) != 0) {
        BOOLEAN checked = host_config()->checked;
        while ((dpc = take(queue, &copy)) != NULL) {
            Prcb->DpcRoutineActive = dpc;
            Prcb->DpcCount++;
            queue->Routine = (PVOID)(ULONG_PTR)copy.DeferredRoutine;
            queue->Runs++;
            KiTrace("dpc", Prcb->Number, (ULONG_PTR)copy.DeferredRoutine, 0, 0);
            if (checked)
                KepWatchdogDpcBegins(Prcb);
            KiTrimPoint(NULL);
            call_deferred(&copy, dpc);
            check_after(&copy, DISPATCH_LEVEL);
            if (checked)
                KepWatchdogDpcEnds(Prcb);
            Prcb->DpcRoutineActive = NULL;
            queue->Active = NULL;
            if (KepClockRequested(Prcb))
                KepClockWork();
        }
        Prcb->DpcRunTime = 0;
    }
    if (KI_PEEK(Prcb->Dpc[KiDpcThreaded].Depth) != 0 && KI_PEEK(Prcb->DpcThread)) {
        KiLockDispatcherAtDpcLevel();
        if (Prcb->DpcThread->State == KiWaiting)
            KepUnwait(Prcb->DpcThread, STATUS_SUCCESS, 0);
        KiUnlockDispatcherFromDpcLevel();
    }
}

/* The thread of a processor that runs its threaded DPCs. */
static VOID NTAPI dpc_thread(PVOID Context)
{
    PKPRCB prcb = Context;
    PKI_DPC_QUEUE queue = &prcb->Dpc[KiDpcThreaded];
    PKTHREAD thread = KiThread();
    KDPC copy;
    PKDPC dpc;
    for (;;) {
        while ((dpc = take(queue, &copy)) != NULL) {
            prcb->ThreadedDpcActive = TRUE;
            queue->Routine = (PVOID)(ULONG_PTR)copy.DeferredRoutine;
            queue->Runs++;
            ULONG64 began = host_config()->checked ? host_interrupt_time() : 0;
            KiTrace("threaded-dpc", prcb->Number, (ULONG_PTR)copy.DeferredRoutine, 0, 0);
            call_deferred(&copy, dpc);
            check_after(&copy, PASSIVE_LEVEL);
            if (began)
                KepNoteDpcRun(queue, host_interrupt_time() - began);
            prcb->ThreadedDpcActive = FALSE;
            queue->Active = NULL;
        }
        KIRQL irql = KiLockDispatcher();
        if (queue->Depth == 0) {
            thread->WaitReason = WrDispatchInt;
            thread->WaitBlockList = NULL;
            thread->WaitBlockCount = 0;
            KepBlock(thread, UINT64_MAX, FALSE);
        }
        KiUnlockDispatcher(irql);
    }
}

void KepStartDpcThread(PKPRCB Prcb)
{
    PKTHREAD thread = KepCreateOwnThread(dpc_thread, Prcb);
    KIRQL irql = KiLockDispatcher();
    thread->Priority = thread->BasePriority = HIGH_PRIORITY;
    thread->Affinity = thread->UserAffinity = Prcb->SetMember;
    thread->IdealProcessor = thread->Processor = (UCHAR)Prcb->Number;
    Prcb->DpcThread = thread;
    KiUnlockDispatcher(irql);
    KeStartThread(thread);
}

/* ---------------------------------------------------------------- flushing and broadcasting */

typedef struct _FLUSH {
    KEVENT Done;
    LONG Pending;
    KDPC Dpc[HOST_MAX_VPS][2];
} FLUSH;

static KEVENT flush_turn; /* one flush at a time */

void KepInitDpcs(PKPRCB Prcb)
{
    for (ULONG kind = KiDpcNormal; kind <= KiDpcThreaded; kind++)
        InitializeListHead(&Prcb->Dpc[kind].ListHead);
    if (Prcb->Number == 0)
        KeInitializeEvent(&flush_turn, SynchronizationEvent, TRUE);
}

static VOID NTAPI flush_routine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    FLUSH *flush = Context;
    if (__atomic_sub_fetch(&flush->Pending, 1, __ATOMIC_ACQ_REL) == 0)
        KeSetEvent(&flush->Done, 0, FALSE);
}

/* A DPC of our own at the end of every queue: when all have run, so has everything that was queued before. */
VOID NTAPI KeFlushQueuedDpcs(VOID)
{
    static FLUSH flush;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (KiCountQueuedDpcs() == 0)
        return;
    KeWaitForSingleObject(&flush_turn, Executive, KernelMode, FALSE, NULL);
    KeInitializeEvent(&flush.Done, NotificationEvent, FALSE);
    ULONG count = KiProcessorCount;
    flush.Pending = (LONG)count * 2;
    for (ULONG i = 0; i < count; i++) {
        for (ULONG kind = KiDpcNormal; kind <= KiDpcThreaded; kind++) {
            initialize(&flush.Dpc[i][kind], kind == KiDpcNormal ? DpcObject : ThreadedDpcObject, flush_routine, &flush);
            flush.Dpc[i][kind].Number = (USHORT)i;
            KeInsertQueueDpc(&flush.Dpc[i][kind], NULL, NULL);
        }
    }
    KeWaitForSingleObject(&flush.Done, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&flush_turn, 0, FALSE);
}

ULONG KiCountQueuedDpcs(void)
{
    ULONG count = 0;
    for (ULONG i = 0; i < KiProcessorCount; i++)
        for (ULONG kind = KiDpcNormal; kind <= KiDpcThreaded; kind++) {
            PKI_DPC_QUEUE queue = &KiPcrs[i].Prcb.Dpc[kind];
            count += __atomic_load_n(&queue->Depth, __ATOMIC_ACQUIRE);
            count += __atomic_load_n(&queue->Active, __ATOMIC_ACQUIRE) != NULL;
        }
    return count;
}

/* ---------------------------------------------------------------- inspection */

LOGICAL NTAPI KeIsExecutingDpc(VOID)
{
    PKPRCB prcb = KiPrcb();
    return prcb->DpcRoutineActive != NULL || (prcb->ThreadedDpcActive && KiThread() == prcb->DpcThread);
}

ULONG NTAPI KeShouldYieldProcessor(VOID)
{
    PKPRCB prcb = KiPrcb();
    return prcb->QuantumEnd || KI_PEEK(prcb->NextThread) != NULL || KI_PEEK(prcb->Dpc[KiDpcNormal].Depth) != 0;
}

void KiEnumerateDpcs(BOOLEAN (*fn)(const KI_DPC_INFO *Info, PVOID Context), PVOID Context)
{
    BOOLEAN more = TRUE;
    for (ULONG at = 0; at < KiProcessorCount * 2 && more; at++) {
        PKI_DPC_QUEUE queue = &KiPcrs[at / 2].Prcb.Dpc[at % 2];
        KI_DPC_INFO info = {.Processor = at / 2, .Threaded = at % 2 == KiDpcThreaded};
        KIRQL irql = KiRaise(HIGH_LEVEL);
        lock(queue);
        info.Depth = queue->Depth;
        info.Runs = KI_PEEK(queue->Runs);
        info.Longest = KI_PEEK(queue->Longest);
        info.Routine = KI_PEEK(queue->LongestRoutine);
        more = fn(&info, Context);
        info.What = KiDpcInfoRunning;
        info.Routine = queue->Routine;
        if (queue->Active && more)
            more = fn(&info, Context);
        info.What = KiDpcInfoWaiting;
        for (LIST_ENTRY *e = queue->ListHead.Flink; e != &queue->ListHead && more; e = e->Flink) {
            info.Routine =
                (PVOID)(ULONG_PTR)CONTAINING_RECORD((SINGLE_LIST_ENTRY *)e, KDPC, DpcListEntry)->DeferredRoutine;
            more = fn(&info, Context);
        }
        unlock(queue);
        KiLower(irql);
    }
}
