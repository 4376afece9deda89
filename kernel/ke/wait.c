/* SPDX-License-Identifier: MIT */
/*
 * wait.c: waiting for dispatcher objects.
 *
 * Theory of operation. An object is signaled while SignalState > 0 (a mutant also for its owner). A wait that can be
 * satisfied at once is: the object's state changes as its type says (a synchronisation event becomes not signaled, a
 * semaphore counts down, a mutant gets an owner), and no wait block is touched. Otherwise each object gets a wait
 * block of the thread at the end of its list, the thread's own timer is set if there is a time-out, and the thread is
 * switched out. Whoever makes an object signaled walks the list in order (KepWaitTest): a block of a WaitAny is
 * satisfied; a WaitAll is satisfied only if all its objects are signaled at that moment, and then all of them change
 * state together. So a WaitAll never holds some of its objects while it waits for others.
 *
 * The time-out is a wait block on the thread's timer whose key is STATUS_TIMEOUT; expiry is a signal like any other.
 *
 * A kernel APC takes the thread out of its wait with STATUS_KERNEL_APC; it is delivered when IRQL falls, and the wait
 * starts over with the time-out that was left. The thread loses its place in the lists, which is why a pulse can be
 * missed (the documentation of KePulseEvent says so).
 *
 * KeSetEvent(..., Wait = TRUE) and its siblings return at DISPATCH_LEVEL with KTHREAD.WaitNext set; the wait that must
 * follow takes over the raised IRQL, so that no thread switch lies between the two.
 *
 * Lock: D for all of it.
 */
#include "kep.h"
#include "locks.h"

/* ---------------------------------------------------------------- signal state */

static inline BOOLEAN is_signaled(PDISPATCHER_HEADER Header, PKTHREAD Thread)
{
    if (Header->Type == MutantObject)
        return Header->SignalState > 0 || ((PKMUTANT)Header)->OwnerThread == Thread;
    return Header->SignalState > 0;
}

/* The object's state changes because `Thread` got it. Returns STATUS_SUCCESS or STATUS_ABANDONED. */
static inline NTSTATUS satisfy(PDISPATCHER_HEADER Header, PKTHREAD Thread)
{
    switch (Header->Type) {
    case EventSynchronizationObject:
    case TimerSynchronizationObject:
    case GateObject:
        Header->SignalState = 0;
        return STATUS_SUCCESS;
    case SemaphoreObject:
        Header->SignalState--;
        return STATUS_SUCCESS;
    case MutantObject: {
        PKMUTANT mutant = (PKMUTANT)Header;
        KepAcquireMutant(mutant, Thread);
        if (!mutant->Abandoned)
            return STATUS_SUCCESS;
        mutant->Abandoned = 0;
        return STATUS_ABANDONED;
    }
    default:
        return STATUS_SUCCESS;
    }
}

/* A mutant that its owner cannot take once more. */
static inline BOOLEAN is_exhausted(PDISPATCHER_HEADER Header, PKTHREAD Thread)
{
    return Header->Type == MutantObject && ((PKMUTANT)Header)->OwnerThread == Thread &&
           Header->SignalState == (LONG)MINLONG;
}

static BOOLEAN all_signaled(PKTHREAD Thread)
{
    for (ULONG i = 0; i < Thread->WaitBlockCount; i++)
        if (!is_signaled(Thread->WaitBlockList[i].Object, Thread))
            return FALSE;
    return TRUE;
}

static NTSTATUS satisfy_all(PKTHREAD Thread, PVOID *Objects, PKWAIT_BLOCK Blocks, ULONG Count)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < Count; i++)
        if (satisfy(Objects ? Objects[i] : Blocks[i].Object, Thread) == STATUS_ABANDONED)
            status = STATUS_ABANDONED;
    return status;
}

/* ---------------------------------------------------------------- ending waits */

void KepUnwait(PKTHREAD Thread, LONG_PTR Status, KPRIORITY Increment)
{
    for (ULONG i = 0; i < Thread->WaitBlockCount; i++)
        RemoveEntryList(&Thread->WaitBlockList[i].WaitListEntry);
    Thread->WaitBlockCount = 0;
    PKWAIT_BLOCK timer_block = &Thread->WaitBlock[KI_TIMER_WAIT_BLOCK];
    if (timer_block->BlockState) {
        timer_block->BlockState = 0;
        InitializeListHead(&Thread->Timer.Header.WaitListHead);
        KepRemoveTimer(&Thread->Timer);
    }
    Thread->WaitStatus = Status;
    KiTrace("unwait", Thread->Id, (ULONG)Status, 0, 0);
    if (Thread->Queue)
        KepQueueThreadResumes(Thread);
    KepBoost(Thread, Increment);
    KepReadyThread(Thread, FALSE);
}

void KepWaitTest(PVOID Object, KPRIORITY Increment)
{
    PDISPATCHER_HEADER header = Object;
    LIST_ENTRY *entry = header->WaitListHead.Flink;
    while (header->SignalState > 0 && entry != &header->WaitListHead) {
        PKWAIT_BLOCK block = CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry);
        PKTHREAD thread = block->Thread;
        /* Ending the wait unlinks all blocks of the thread, of which several may follow here. */
        do
            entry = entry->Flink;
        while (entry != &header->WaitListHead && CONTAINING_RECORD(entry, KWAIT_BLOCK, WaitListEntry)->Thread == thread);
        if (block->WaitType == WaitAny) {
            NTSTATUS status = satisfy(header, thread);
            KepUnwait(thread, (LONG_PTR)(block->WaitKey + (status == STATUS_ABANDONED ? STATUS_ABANDONED : 0)), Increment);
        } else if (all_signaled(thread)) {
            KepUnwait(thread, satisfy_all(thread, NULL, thread->WaitBlockList, thread->WaitBlockCount), Increment);
        }
    }
}

/* ---------------------------------------------------------------- beginning waits */

void KepCaptureTimeout(KEP_TIMEOUT *Timeout, const LARGE_INTEGER *Interval)
{
    Timeout->Present = Interval != NULL;
    Timeout->Zero = FALSE;
    Timeout->Absolute = FALSE;
    Timeout->Due = UINT64_MAX;
    if (!Interval)
        return;
    LONG64 value = Interval->QuadPart;
    if (value == 0) {
        Timeout->Zero = TRUE;
        return;
    }
    ULONG64 now = host_interrupt_time();
    if (value < 0) {
        ULONG64 due = now + (ULONG64)-value;
        Timeout->Due = due < now ? UINT64_MAX - 1 : due;
    } else {
        LONG64 due = value - (KiQuerySystemTime() - (LONG64)now);
        Timeout->Absolute = TRUE;
        Timeout->Due = due > 0 ? (ULONG64)due : 0;
    }
}

void KepCheckMayBlock(KIRQL Irql, const char *What, PVOID Caller)
{
    PKPRCB prcb = KiPrcb();
    if (prcb->DpcRoutineActive)
        KiBugCheckText(ATTEMPTED_SWITCH_FROM_DPC, (ULONG_PTR)prcb->CurrentThread, (ULONG_PTR)prcb->IdleThread,
                       (ULONG_PTR)prcb->CurrentThread->StackLimit, (ULONG_PTR)prcb->CurrentThread->StackBase,
                       (ULONG_PTR)Caller,
                       "A DPC routine tried to wait. A DPC runs in no particular thread and must not block: use a zero "
                       "time-out, or queue a work item that waits.");
    if (Irql >= DISPATCH_LEVEL)
        KiIrqlViolation(What, APC_LEVEL, Caller);
}

KIRQL KepLockForWait(PKTHREAD Thread)
{
    if (Thread->WaitNext) {
        Thread->WaitNext = FALSE;
        KiLockDispatcherAtDpcLevel();
        return Thread->WaitIrql;
    }
    return KiLockDispatcher();
}

void KepUnlockAfterSignal(KIRQL OldIrql, BOOLEAN Wait)
{
    if (!Wait) {
        KiUnlockDispatcher(OldIrql);
        return;
    }
    PKTHREAD thread = KiThread();
    thread->WaitNext = TRUE;
    thread->WaitIrql = OldIrql;
    KiUnlockDispatcherFromDpcLevel();
}

NTSTATUS KepTestAlert(PKTHREAD Thread, KIRQL Irql, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable)
{
    BOOLEAN user_apcs = !KepAreUserApcsDisabled(Thread, Irql);
    if (__builtin_expect(Thread->ExitPending, 0) && (WaitMode == UserMode || Alertable) && user_apcs)
        return STATUS_USER_APC;
    if (Alertable) {
        if (Thread->Alerted[(int)WaitMode]) {
            Thread->Alerted[(int)WaitMode] = FALSE;
            return STATUS_ALERTED;
        }
        if (!IsListEmpty(&Thread->ApcState.ApcListHead[UserMode]) && user_apcs) {
            if (WaitMode == UserMode)
                Thread->ApcState.UserApcPending = 1;
            return STATUS_USER_APC;
        }
        if (Thread->Alerted[KernelMode]) {
            Thread->Alerted[KernelMode] = FALSE;
            return STATUS_ALERTED;
        }
    } else if (WaitMode == UserMode && Thread->ApcState.UserApcPending && user_apcs) {
        return STATUS_USER_APC;
    }
    return STATUS_SUCCESS;
}

LONG_PTR KepBlock(PKTHREAD Thread, ULONG64 Due, BOOLEAN DueIsAbsolute)
{
    PKWAIT_BLOCK timer_block = &Thread->WaitBlock[KI_TIMER_WAIT_BLOCK];
    if (Due != UINT64_MAX) {
        if (!KepInsertTimer(&Thread->Timer, Due, DueIsAbsolute)) {
            for (ULONG i = 0; i < Thread->WaitBlockCount; i++)
                RemoveEntryList(&Thread->WaitBlockList[i].WaitListEntry);
            Thread->WaitBlockCount = 0;
            if (Thread->Queue && Thread->WaitReason == WrQueue)
                KepQueueThreadResumes(Thread);
            return STATUS_TIMEOUT;
        }
        Thread->Timer.Header.SignalState = 0;
        timer_block->BlockState = 1;
        InitializeListHead(&Thread->Timer.Header.WaitListHead);
        InsertTailList(&Thread->Timer.Header.WaitListHead, &timer_block->WaitListEntry);
    }
    KiTrace("wait", Thread->Id, Thread->WaitReason, Thread->WaitBlockCount, Due);
    Thread->State = KiWaiting;
    if (Thread->Queue)
        KepQueueThreadBlocks(Thread);
    KepSwapOut(Thread);
    return Thread->WaitStatus;
}

/* ---------------------------------------------------------------- the wait */

typedef struct _WAIT {
    PKTHREAD Thread;
    ULONG Count;
    PVOID *Objects;
    WAIT_TYPE Type;
    PKWAIT_BLOCK Blocks;
    BOOLEAN Limit; /* a mutant's recursion limit was met: raise */
} WAIT;

/* D held. Can the wait be satisfied now? Then it is, and *Status is its result. */
static BOOLEAN try_satisfy(WAIT *Wait, NTSTATUS *Status)
{
    PKTHREAD thread = Wait->Thread;
    if (Wait->Type == WaitAny) {
        for (ULONG i = 0; i < Wait->Count; i++) {
            PDISPATCHER_HEADER header = Wait->Objects[i];
            if (!is_signaled(header, thread))
                continue;
            if (is_exhausted(header, thread)) {
                Wait->Limit = TRUE;
                return TRUE;
            }
            NTSTATUS status = satisfy(header, thread);
            *Status = (NTSTATUS)i + (status == STATUS_ABANDONED ? STATUS_ABANDONED : 0);
            return TRUE;
        }
        return FALSE;
    }
    for (ULONG i = 0; i < Wait->Count; i++) {
        if (!is_signaled(Wait->Objects[i], thread))
            return FALSE;
        if (is_exhausted(Wait->Objects[i], thread)) {
            Wait->Limit = TRUE;
            return TRUE;
        }
    }
    *Status = satisfy_all(thread, Wait->Objects, NULL, Wait->Count);
    return TRUE;
}

static void link_blocks(WAIT *Wait)
{
    PKTHREAD thread = Wait->Thread;
    for (ULONG i = 0; i < Wait->Count; i++) {
        PKWAIT_BLOCK block = &Wait->Blocks[i];
        PDISPATCHER_HEADER header = Wait->Objects[i];
        block->WaitType = (UCHAR)Wait->Type;
        block->BlockState = 1;
        block->WaitKey = (USHORT)i;
        block->Thread = thread;
        block->Object = header;
        InsertTailList(&header->WaitListHead, &block->WaitListEntry);
    }
    thread->WaitBlockList = Wait->Blocks;
    thread->WaitBlockCount = (UCHAR)Wait->Count;
}

static inline __attribute__((always_inline)) NTSTATUS wait(WAIT *Wait, KWAIT_REASON Reason, KPROCESSOR_MODE Mode,
                                                           BOOLEAN Alertable, PLARGE_INTEGER Timeout, const char *What,
                                                           PVOID Caller)
{
    PKTHREAD thread = Wait->Thread;
    NTSTATUS status = STATUS_SUCCESS;
    KEP_TIMEOUT timeout;
    BOOLEAN captured = FALSE;
    if (!thread->WaitLock)
        thread->LockSite = Caller;
    KIRQL irql = KepLockForWait(thread);
    for (;;) {
        if (try_satisfy(Wait, &status))
            break;
        status = KepTestAlert(thread, irql, Mode, Alertable);
        if (status != STATUS_SUCCESS)
            break;
        if (!captured) {
            KepCaptureTimeout(&timeout, Timeout);
            captured = TRUE;
        }
        if (timeout.Zero) {
            status = STATUS_TIMEOUT;
            break;
        }
        KepCheckMayBlock(irql, What, Caller);
        if (irql < APC_LEVEL && KepKernelApcDeliverable(thread)) {
            KiUnlockDispatcher(irql);
            irql = KiLockDispatcher();
            continue;
        }
        thread->WaitReason = (UCHAR)Reason;
        thread->WaitMode = Mode;
        thread->WaitIrql = irql;
        thread->Alertable = Alertable;
        link_blocks(Wait);
        if (__builtin_expect(KiTrackLocks, 0) && timeout.Due == UINT64_MAX && !Alertable && Mode == KernelMode)
            KepCheckBlock(thread);
        status = (NTSTATUS)KepBlock(thread, timeout.Due, timeout.Absolute);
        if (status != STATUS_KERNEL_APC)
            break;
        KiUnlockDispatcher(irql);
        irql = KiLockDispatcher();
    }
    KiUnlockDispatcher(irql);
    if (__builtin_expect(Wait->Limit, 0))
        ExRaiseStatus(STATUS_MUTANT_LIMIT_EXCEEDED);
    return status;
}

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON WaitReason, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout)
{
    KiSchedPoint(HOST_POINT_WAIT);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PKTHREAD thread = KiThread();
    LARGE_INTEGER interval;
    if (Timeout) /* the caller's memory is read before the lock is taken */
        interval = *Timeout;
    WAIT block = {.Thread = thread, .Count = 1, .Objects = &Object, .Type = WaitAny, .Blocks = thread->WaitBlock};
    return wait(&block, WaitReason, WaitMode, Alertable, Timeout ? &interval : NULL, __func__,
                __builtin_return_address(0));
}

/* Getting the same object twice at once is a contradiction. A filter of bits spares most comparisons. */
static BOOLEAN has_duplicate(const PVOID *Objects, ULONG Count)
{
    ULONG64 seen[8] = {0};
    for (ULONG i = 0; i < Count; i++) {
        ULONG bit = (ULONG)(((ULONG_PTR)Objects[i] * 0x9E3779B97F4A7C15ULL) >> 55);
        for (ULONG j = 0; j < i && (seen[bit / 64] >> (bit % 64) & 1); j++)
            if (Objects[j] == Objects[i])
                return TRUE;
        seen[bit / 64] |= 1ULL << (bit % 64);
    }
    return FALSE;
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON WaitReason,
                                        KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray)
{
    KiSchedPoint(HOST_POINT_WAIT);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PVOID caller = __builtin_return_address(0);
    PKTHREAD thread = KiThread();
    if (Count > MAXIMUM_WAIT_OBJECTS || (!WaitBlockArray && Count > THREAD_WAIT_OBJECTS))
        KiBugCheckText(MAXIMUM_WAIT_OBJECTS_EXCEEDED, Count, (ULONG_PTR)WaitBlockArray, 0, 0, (ULONG_PTR)caller,
                       "KeWaitForMultipleObjects takes at most 64 objects, and at most 3 without a WaitBlockArray; pass "
                       "an array of Count KWAIT_BLOCKs in nonpaged memory.");
    if (Count == 0)
        return STATUS_INVALID_PARAMETER;
    LARGE_INTEGER interval;
    if (Timeout)
        interval = *Timeout;
    PVOID objects[MAXIMUM_WAIT_OBJECTS];
    __builtin_memcpy(objects, Object, Count * sizeof *objects); /* the caller's memory is read once */
    if (WaitType == WaitAll && has_duplicate(objects, Count))
        return STATUS_INVALID_PARAMETER_MIX;
    WAIT block = {.Thread = thread,
                  .Count = Count,
                  .Objects = objects,
                  .Type = WaitType,
                  .Blocks = WaitBlockArray ? WaitBlockArray : thread->WaitBlock};
    return wait(&block, WaitReason, WaitMode, Alertable, Timeout ? &interval : NULL, __func__, caller);
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    KiSchedPoint(HOST_POINT_WAIT);
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    PKTHREAD thread = KiThread();
    LARGE_INTEGER interval = *Interval;
    KEP_TIMEOUT timeout;
    KepCaptureTimeout(&timeout, &interval);
    NTSTATUS status;
    KIRQL irql = KepLockForWait(thread);
    for (;;) {
        status = KepTestAlert(thread, irql, WaitMode, Alertable);
        if (status != STATUS_SUCCESS)
            break;
        if (timeout.Zero) { /* an interval of zero gives up the rest of the time slice */
            KepQuantumEnd();
            status = STATUS_SUCCESS;
            break;
        }
        KepCheckMayBlock(irql, __func__, __builtin_return_address(0));
        if (irql < APC_LEVEL && KepKernelApcDeliverable(thread)) {
            KiUnlockDispatcher(irql);
            irql = KiLockDispatcher();
            continue;
        }
        thread->WaitReason = DelayExecution;
        thread->WaitMode = WaitMode;
        thread->WaitIrql = irql;
        thread->Alertable = Alertable;
        thread->WaitBlockList = NULL;
        thread->WaitBlockCount = 0;
        status = (NTSTATUS)KepBlock(thread, timeout.Due, timeout.Absolute);
        if (status != STATUS_KERNEL_APC) {
            if (status == STATUS_TIMEOUT)
                status = STATUS_SUCCESS;
            break;
        }
        KiUnlockDispatcher(irql);
        irql = KiLockDispatcher();
    }
    KiUnlockDispatcher(irql);
    return status;
}

