/* SPDX-License-Identifier: MIT */
/*
 * queue.c: KQUEUE, a list of work served by threads of which only a limited number may run.
 *
 * A thread belongs to the queue it last took an entry from. CurrentCount is the number of its threads that are not
 * blocked: it falls when such a thread waits for anything, or asks for its next entry, and rises when it goes on. While
 * it is below MaximumCount a waiting thread is given an entry; the thread that waits for the shortest time gets it,
 * whose stack and data are the warmest.
 *
 * SignalState is the number of entries in the list. Lock: D.
 */
#include "kep.h"

VOID NTAPI KeInitializeQueue(PRKQUEUE Queue, ULONG Count)
{
    Queue->Header.Lock = 0;
    Queue->Header.Type = QueueObject;
    Queue->Header.Size = sizeof(KQUEUE) / sizeof(ULONG);
    Queue->Header.SignalState = 0;
    InitializeListHead(&Queue->Header.WaitListHead);
    InitializeListHead(&Queue->EntryListHead);
    InitializeListHead(&Queue->ThreadListHead);
    Queue->CurrentCount = 0;
    Queue->MaximumCount = Count ? Count : KiProcessorCount;
}

LONG NTAPI KeReadStateQueue(PRKQUEUE Queue)
{
    return __atomic_load_n(&Queue->Header.SignalState, __ATOMIC_ACQUIRE);
}

/* The thread that waits last in line is given `Entry`. */
static void hand_out(PKQUEUE Queue, LIST_ENTRY *Entry, KPRIORITY Increment)
{
    PKTHREAD thread = CONTAINING_RECORD(Queue->Header.WaitListHead.Blink, KWAIT_BLOCK, WaitListEntry)->Thread;
    Entry->Flink = NULL;
    KepUnwait(thread, (LONG_PTR)Entry, Increment);
}

static void activate(PKQUEUE Queue)
{
    if (Queue->CurrentCount < Queue->MaximumCount && !IsListEmpty(&Queue->EntryListHead) &&
        !IsListEmpty(&Queue->Header.WaitListHead)) {
        LIST_ENTRY *entry = RemoveHeadList(&Queue->EntryListHead);
        Queue->Header.SignalState--;
        hand_out(Queue, entry, 0);
    }
}

void KepQueueThreadBlocks(PKTHREAD Thread)
{
    if (Thread->WaitReason == WrQueue) /* was counted out when it asked for an entry */
        return;
    Thread->Queue->CurrentCount--;
    activate(Thread->Queue);
}

void KepQueueThreadResumes(PKTHREAD Thread)
{
    Thread->Queue->CurrentCount++;
}

static LONG insert(PKQUEUE Queue, LIST_ENTRY *Entry, BOOLEAN Head)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    KIRQL irql = KiLockDispatcher();
    LONG old = Queue->Header.SignalState;
    if (Queue->CurrentCount < Queue->MaximumCount && !IsListEmpty(&Queue->Header.WaitListHead)) {
        hand_out(Queue, Entry, 0);
    } else {
        Queue->Header.SignalState++;
        if (Head)
            InsertHeadList(&Queue->EntryListHead, Entry);
        else
            InsertTailList(&Queue->EntryListHead, Entry);
    }
    KiUnlockDispatcher(irql);
    return old;
}

LONG NTAPI KeInsertQueue(PRKQUEUE Queue, PLIST_ENTRY Entry)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return insert(Queue, Entry, FALSE);
}

LONG NTAPI KeInsertHeadQueue(PRKQUEUE Queue, PLIST_ENTRY Entry)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return insert(Queue, Entry, TRUE);
}

/* The calling thread joins the queue, uncounted. */
static void join(PKTHREAD Thread, PKQUEUE Queue)
{
    PKQUEUE old = Thread->Queue;
    if (old == Queue) {
        Queue->CurrentCount--;
        return;
    }
    if (old) {
        RemoveEntryList(&Thread->QueueListEntry);
        old->CurrentCount--;
        activate(old);
    }
    InsertTailList(&Queue->ThreadListHead, &Thread->QueueListEntry);
    Thread->Queue = Queue;
}

PLIST_ENTRY NTAPI KeRemoveQueue(PRKQUEUE Queue, KPROCESSOR_MODE WaitMode, PLARGE_INTEGER Timeout)
{
    KiSchedPoint(HOST_POINT_WAIT);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PKTHREAD thread = KiThread();
    LARGE_INTEGER interval;
    if (Timeout)
        interval = *Timeout;
    KEP_TIMEOUT timeout;
    KepCaptureTimeout(&timeout, Timeout ? &interval : NULL);
    LONG_PTR result;
    KIRQL irql = KepLockForWait(thread);
    for (;;) {
        join(thread, Queue);
        if (!IsListEmpty(&Queue->EntryListHead) && Queue->CurrentCount < Queue->MaximumCount) {
            LIST_ENTRY *entry = RemoveHeadList(&Queue->EntryListHead);
            Queue->Header.SignalState--;
            Queue->CurrentCount++;
            entry->Flink = NULL;
            result = (LONG_PTR)entry;
            break;
        }
        result = KepTestAlert(thread, irql, WaitMode, FALSE);
        if (result == STATUS_SUCCESS && timeout.Zero)
            result = STATUS_TIMEOUT;
        if (result != STATUS_SUCCESS) {
            Queue->CurrentCount++;
            break;
        }
        KepCheckMayBlock(irql, __func__, __builtin_return_address(0));
        if (irql < APC_LEVEL && KepKernelApcDeliverable(thread)) {
            Queue->CurrentCount++;
            KiUnlockDispatcher(irql);
            irql = KiLockDispatcher();
            continue;
        }
        PKWAIT_BLOCK block = &thread->WaitBlock[0];
        block->WaitType = WaitAny;
        block->BlockState = 1;
        block->WaitKey = 0;
        block->Thread = thread;
        block->Object = Queue;
        InsertTailList(&Queue->Header.WaitListHead, &block->WaitListEntry);
        thread->WaitBlockList = thread->WaitBlock;
        thread->WaitBlockCount = 1;
        thread->WaitReason = WrQueue;
        thread->WaitMode = WaitMode;
        thread->Alertable = FALSE;
        thread->WaitIrql = irql;
        result = KepBlock(thread, timeout.Due, timeout.Absolute);
        if (result != STATUS_KERNEL_APC)
            break;
        KiUnlockDispatcher(irql);
        irql = KiLockDispatcher();
    }
    KiUnlockDispatcher(irql);
    return (PLIST_ENTRY)result;
}

PLIST_ENTRY NTAPI KeRundownQueue(PRKQUEUE Queue)
{
    KIRQL irql = KiLockDispatcher();
    LIST_ENTRY *first = NULL;
    if (!IsListEmpty(&Queue->EntryListHead)) {
        first = Queue->EntryListHead.Flink;
        RemoveEntryList(&Queue->EntryListHead); /* the entries stay linked to each other in a ring */
        InitializeListHead(&Queue->EntryListHead);
        Queue->Header.SignalState = 0;
    }
    while (!IsListEmpty(&Queue->ThreadListHead)) {
        PKTHREAD thread = CONTAINING_RECORD(RemoveHeadList(&Queue->ThreadListHead), KTHREAD, QueueListEntry);
        thread->Queue = NULL;
    }
    KiUnlockDispatcher(irql);
    return first;
}
