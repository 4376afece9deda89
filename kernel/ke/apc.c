/* SPDX-License-Identifier: MIT */
/*
 * apc.c: asynchronous procedure calls, the regions that hold them off, and process attachment.
 *
 * A thread has a kernel and a user queue for the process it is in, and a second pair for its own process while it is
 * attached to another one. Three kinds:
 *
 *      special kernel   no NormalRoutine     runs at APC_LEVEL           held off by guarded regions and APC_LEVEL
 *      normal kernel    runs at PASSIVE      one at a time a thread      also by critical regions and kernel mutexes
 *      user             taken by ps when a client leaves the kernel      needs an alertable user-mode wait
 *
 * KernelApcPending says that the kernel queue is not empty; while the thread runs, the processor's APC_LEVEL pending
 * bit says the same, so that lowering IRQL below APC_LEVEL delivers. Leaving a region posts the bit again.
 *
 * Lock: D. The routines are called without it.
 */
#include "kep.h"

static void init_state(PKAPC_STATE State, PKPROCESS Process)
{
    InitializeListHead(&State->ApcListHead[KernelMode]);
    InitializeListHead(&State->ApcListHead[UserMode]);
    State->Process = Process;
    State->InProgressFlags = 0;
    State->KernelApcPending = FALSE;
    State->UserApcPendingAll = 0;
}

void KepInitThreadApcs(PKTHREAD Thread, PKPROCESS Process)
{
    init_state(&Thread->ApcState, Process);
    init_state(&Thread->SavedApcState, NULL);
    Thread->ApcStatePointer[OriginalApcEnvironment] = &Thread->ApcState;
    Thread->ApcStatePointer[AttachedApcEnvironment] = &Thread->SavedApcState;
    Thread->ApcStateIndex = OriginalApcEnvironment;
    Thread->ApcQueueable = TRUE;
}

BOOLEAN KepKernelApcDeliverable(PKTHREAD Thread)
{
    LIST_ENTRY *list = &Thread->ApcState.ApcListHead[KernelMode];
    if (IsListEmpty(list) || Thread->SpecialApcDisable != 0)
        return FALSE;
    PKAPC first = CONTAINING_RECORD(list->Flink, KAPC, ApcListEntry);
    return !first->NormalRoutine || (Thread->KernelApcDisable == 0 && !Thread->ApcState.KernelApcInProgress);
}

/* Tell the thread, wherever it is, that its kernel queue is not empty. */
static void notify_kernel(PKTHREAD Thread, KPRIORITY Increment)
{
    KI_PEEK(Thread->ApcState.KernelApcPending) = TRUE; /* as release_apcs does without D */
    if (Thread->State == KiRunning) {
        PKIPCR pcr = &KiPcrs[Thread->Processor];
        if (pcr == KiPcr())
            KepPostSelf(pcr, APC_LEVEL);
        else
            KiPost(pcr, APC_LEVEL);
    } else if (Thread->State == KiWaiting && Thread->WaitIrql < APC_LEVEL && KepKernelApcDeliverable(Thread)) {
        KepUnwait(Thread, STATUS_KERNEL_APC, Increment);
    }
}

BOOLEAN KepInsertApc(PKAPC Apc, KPRIORITY Increment)
{
    PKTHREAD thread = Apc->Thread;
    if (!thread->ApcQueueable || Apc->Inserted)
        return FALSE;
    if (Apc->ApcStateIndex == InsertApcEnvironment)
        Apc->ApcStateIndex = (CCHAR)thread->ApcStateIndex;
    PKAPC_STATE state = thread->ApcStatePointer[(int)Apc->ApcStateIndex];
    LIST_ENTRY *list = &state->ApcListHead[(int)Apc->ApcMode], *after = list->Blink;
    if (Apc->ApcMode == KernelMode && !Apc->NormalRoutine) {
        /* Special ones go before all normal ones. */
        for (after = list; after->Flink != list; after = after->Flink)
            if (CONTAINING_RECORD(after->Flink, KAPC, ApcListEntry)->NormalRoutine)
                break;
    }
    InsertHeadList(after, &Apc->ApcListEntry);
    Apc->Inserted = TRUE;
    if (Apc->ApcStateIndex != (CCHAR)thread->ApcStateIndex)
        return TRUE;
    if (Apc->ApcMode == KernelMode) {
        notify_kernel(thread, Increment);
    } else if (thread->State == KiWaiting && thread->Alertable && !KepAreUserApcsDisabled(thread, thread->WaitIrql)) {
        if (thread->WaitMode == UserMode)
            thread->ApcState.UserApcPending = 1;
        KepUnwait(thread, STATUS_USER_APC, Increment);
    }
    return TRUE;
}

/*
 * The normal routine of an APC is, by its maker, of one of several types with the same calling convention: a
 * PKNORMAL_ROUTINE, a PIO_APC_ROUTINE, a PTIMER_APC_ROUTINE.
 */
KI_ANY_ROUTINE_TYPE static void call_normal(PKNORMAL_ROUTINE Routine, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    Routine(Context, Argument1, Argument2);
}

/* At APC_LEVEL. */
void KepDeliverKernelApcs(void)
{
    PKTHREAD thread = KiThread();
    for (;;) {
        KIRQL irql = KiLockDispatcher();
        PKAPC_STATE state = &thread->ApcState;
        state->KernelApcPending = !IsListEmpty(&state->ApcListHead[KernelMode]);
        if (!KepKernelApcDeliverable(thread)) {
            KiUnlockDispatcher(irql);
            return;
        }
        PKAPC apc = CONTAINING_RECORD(RemoveHeadList(&state->ApcListHead[KernelMode]), KAPC, ApcListEntry);
        apc->Inserted = FALSE;
        KiUnlockDispatcher(irql);
        /* The kernel routine may free the APC: everything needed is copied. */
        PKKERNEL_ROUTINE kernel = apc->KernelRoutine;
        PKNORMAL_ROUTINE normal = apc->NormalRoutine;
        PVOID context = apc->NormalContext, argument1 = apc->SystemArgument1, argument2 = apc->SystemArgument2;
        KiTrace("apc", thread->Id, (ULONG_PTR)kernel, normal != NULL, 0);
        kernel(apc, &normal, &context, &argument1, &argument2);
        if (KiIrql() != APC_LEVEL)
            KiBugCheckText(IRQL_UNEXPECTED_VALUE, (ULONG_PTR)KiIrql() << 16 | APC_LEVEL, (ULONG_PTR)kernel, 0, 0,
                           (ULONG_PTR)kernel, "An APC's kernel routine returned at another IRQL than APC_LEVEL.");
        if (normal) {
            thread->ApcState.KernelApcInProgress = 1;
            KiLower(PASSIVE_LEVEL);
            call_normal(normal, context, argument1, argument2);
            KiRaise(APC_LEVEL);
            thread->ApcState.KernelApcInProgress = 0;
        }
    }
}

BOOLEAN KiTakeUserApc(KI_USER_APC *Taken)
{
    PKTHREAD thread = KiThread();
    for (;;) {
        KIRQL irql = KiLockDispatcher();
        LIST_ENTRY *list = &thread->ApcState.ApcListHead[UserMode];
        thread->ApcState.UserApcPending = 0;
        if (IsListEmpty(list)) {
            KiUnlockDispatcher(irql);
            return FALSE;
        }
        PKAPC apc = CONTAINING_RECORD(RemoveHeadList(list), KAPC, ApcListEntry);
        apc->Inserted = FALSE;
        KiUnlockDispatcher(APC_LEVEL);
        Taken->NormalRoutine = apc->NormalRoutine;
        Taken->NormalContext = apc->NormalContext;
        Taken->SystemArgument1 = apc->SystemArgument1;
        Taken->SystemArgument2 = apc->SystemArgument2;
        apc->KernelRoutine(apc, &Taken->NormalRoutine, &Taken->NormalContext, &Taken->SystemArgument1,
                           &Taken->SystemArgument2);
        KiLower(irql);
        if (Taken->NormalRoutine)
            return TRUE;
    }
}

bool KiInUserCode(void)
{
    return KiThread()->UserEntryStack != NULL;
}

/* The calling thread ends: nothing can be queued any more, and what is queued is told so. At APC_LEVEL. */
void KepFlushApcs(void)
{
    PKTHREAD thread = KiThread();
    for (;;) {
        KIRQL irql = KiLockDispatcher();
        thread->ApcQueueable = FALSE;
        PKAPC apc = NULL;
        for (int mode = KernelMode; mode <= UserMode && !apc; mode++) {
            LIST_ENTRY *list = &thread->ApcState.ApcListHead[mode];
            if (!IsListEmpty(list)) {
                apc = CONTAINING_RECORD(RemoveHeadList(list), KAPC, ApcListEntry);
                apc->Inserted = FALSE;
            }
        }
        if (!apc)
            thread->ApcState.KernelApcPending = FALSE;
        KiUnlockDispatcher(irql);
        if (!apc)
            return;
        if (apc->RundownRoutine)
            apc->RundownRoutine(apc);
    }
}

/* ---------------------------------------------------------------- exported: APCs */

VOID NTAPI KeInitializeApc(PRKAPC Apc, PRKTHREAD Thread, KAPC_ENVIRONMENT Environment, PKKERNEL_ROUTINE KernelRoutine,
                           PKRUNDOWN_ROUTINE RundownRoutine, PKNORMAL_ROUTINE NormalRoutine, KPROCESSOR_MODE Mode,
                           PVOID NormalContext)
{
    Apc->Type = ApcObject;
    Apc->AllFlags = 0;
    Apc->Size = sizeof(KAPC);
    Apc->SpareByte1 = 0;
    Apc->SpareLong0 = 0;
    Apc->Thread = Thread;
    Apc->KernelRoutine = KernelRoutine;
    Apc->RundownRoutine = RundownRoutine;
    Apc->NormalRoutine = NormalRoutine;
    Apc->NormalContext = NormalRoutine ? NormalContext : NULL;
    Apc->SystemArgument1 = NULL;
    Apc->SystemArgument2 = NULL;
    Apc->ApcStateIndex = (CCHAR)(Environment == CurrentApcEnvironment ? Thread->ApcStateIndex : Environment);
    Apc->ApcMode = NormalRoutine ? Mode : KernelMode;
    Apc->Inserted = FALSE;
}

BOOLEAN NTAPI KeInsertQueueApc(PRKAPC Apc, PVOID SystemArgument1, PVOID SystemArgument2, KPRIORITY Increment)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    if (!Apc->Inserted) {
        Apc->SystemArgument1 = SystemArgument1;
        Apc->SystemArgument2 = SystemArgument2;
    }
    BOOLEAN inserted = KepInsertApc(Apc, Increment);
    KiUnlockDispatcher(irql);
    return inserted;
}

BOOLEAN NTAPI KeRemoveQueueApc(PRKAPC Apc)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    BOOLEAN inserted = Apc->Inserted;
    if (inserted) {
        PKTHREAD thread = Apc->Thread;
        PKAPC_STATE state = thread->ApcStatePointer[(int)Apc->ApcStateIndex];
        Apc->Inserted = FALSE;
        if (RemoveEntryList(&Apc->ApcListEntry)) {
            if (Apc->ApcMode == KernelMode)
                state->KernelApcPending = FALSE;
            else
                state->UserApcPending = 0;
        }
    }
    KiUnlockDispatcher(irql);
    return inserted;
}

BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    BOOLEAN old = Thread->Alerted[(int)AlertMode];
    if (!old) {
        if (Thread->State == KiWaiting && Thread->Alertable && AlertMode <= Thread->WaitMode)
            KepUnwait(Thread, STATUS_ALERTED, 1);
        else
            Thread->Alerted[(int)AlertMode] = TRUE;
    }
    KiUnlockDispatcher(irql);
    return old;
}

BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE AlertMode)
{
    PKTHREAD thread = KiThread();
    KIRQL irql = KiLockDispatcher();
    BOOLEAN old = thread->Alerted[(int)AlertMode];
    if (old)
        thread->Alerted[(int)AlertMode] = FALSE;
    else if (AlertMode == UserMode && !IsListEmpty(&thread->ApcState.ApcListHead[UserMode]))
        thread->ApcState.UserApcPending = 1;
    KiUnlockDispatcher(irql);
    return old;
}

/* ---------------------------------------------------------------- exported: regions */

/* A region ended: what it held off is delivered now, or when IRQL falls. */
static void release_apcs(PKTHREAD Thread)
{
    PKIPCR pcr = KiPcr();
    KI_PEEK(Thread->ApcState.KernelApcPending) = TRUE;
    KepPostSelf(pcr, APC_LEVEL);
    if (pcr->Irql < APC_LEVEL)
        KiDeliver();
}

/* Without the lock: whoever inserts one after this look posts it. */
static inline BOOLEAN has_kernel_apcs(PKTHREAD Thread)
{
    PLIST_ENTRY list = &Thread->ApcState.ApcListHead[KernelMode];
    return KI_PEEK(list->Flink) != list;
}

VOID NTAPI KeEnterCriticalRegion(VOID)
{
    KiThread()->KernelApcDisable--;
}

VOID NTAPI KeLeaveCriticalRegion(VOID)
{
    PKTHREAD thread = KiThread();
    if (__builtin_expect(thread->KernelApcDisable >= 0, 0))
        KiBugCheckText(APC_INDEX_MISMATCH, (ULONG_PTR)__builtin_return_address(0), thread->ApcStateIndex,
                       (ULONG)(USHORT)thread->SpecialApcDisable << 16 | (USHORT)thread->KernelApcDisable, 0,
                       (ULONG_PTR)__builtin_return_address(0),
                       "KeLeaveCriticalRegion was called without a matching KeEnterCriticalRegion in this thread.");
    if (++thread->KernelApcDisable == 0 && thread->SpecialApcDisable == 0 &&
        __builtin_expect(has_kernel_apcs(thread), 0))
        release_apcs(thread);
}

VOID NTAPI KeEnterGuardedRegion(VOID)
{
    KiThread()->SpecialApcDisable--;
}

VOID NTAPI KeLeaveGuardedRegion(VOID)
{
    PKTHREAD thread = KiThread();
    if (__builtin_expect(thread->SpecialApcDisable >= 0, 0))
        KiBugCheckText(APC_INDEX_MISMATCH, (ULONG_PTR)__builtin_return_address(0), thread->ApcStateIndex,
                       (ULONG)(USHORT)thread->SpecialApcDisable << 16 | (USHORT)thread->KernelApcDisable, 0,
                       (ULONG_PTR)__builtin_return_address(0),
                       "KeLeaveGuardedRegion was called without a matching KeEnterGuardedRegion in this thread.");
    if (++thread->SpecialApcDisable == 0 &&
        __builtin_expect(has_kernel_apcs(thread), 0))
        release_apcs(thread);
}

BOOLEAN NTAPI KeAreApcsDisabled(VOID)
{
    PKTHREAD thread = KiThread();
    return thread->KernelApcDisable != 0 || thread->SpecialApcDisable != 0 || KiIrql() >= APC_LEVEL;
}

BOOLEAN NTAPI KeAreAllApcsDisabled(VOID)
{
    return KiThread()->SpecialApcDisable != 0 || KiIrql() >= APC_LEVEL;
}

/* ---------------------------------------------------------------- exported: attachment */

void (*KiProcessSwitched)(PKPROCESS Process);

#define NOT_ATTACHED ((PKPROCESS)1) /* in a caller's KAPC_STATE: the thread was in that process already */

static void move_list(LIST_ENTRY *To, LIST_ENTRY *From)
{
    InitializeListHead(To);
    while (!IsListEmpty(From))
        InsertTailList(To, RemoveHeadList(From));
}

static void move_state(PKAPC_STATE To, PKAPC_STATE From)
{
    *To = *From;
    move_list(&To->ApcListHead[KernelMode], &From->ApcListHead[KernelMode]);
    move_list(&To->ApcListHead[UserMode], &From->ApcListHead[UserMode]);
}

static void attach(PKTHREAD Thread, PKPROCESS Process, PKAPC_STATE Saved)
{
    move_state(Saved, &Thread->ApcState);
    init_state(&Thread->ApcState, Process);
    if (Saved == &Thread->SavedApcState) {
        Thread->ApcStatePointer[OriginalApcEnvironment] = &Thread->SavedApcState;
        Thread->ApcStatePointer[AttachedApcEnvironment] = &Thread->ApcState;
        Thread->ApcStateIndex = AttachedApcEnvironment;
    }
    KepUnpostSelf(KiPcr(), APC_LEVEL);
    if (KiProcessSwitched)
        KiProcessSwitched(Process);
}

static void check_may_attach(PKPROCESS Process, PVOID Caller)
{
    if (KiPrcb()->DpcRoutineActive)
        KiBugCheckText(INVALID_PROCESS_ATTACH_ATTEMPT, (ULONG_PTR)Process, (ULONG_PTR)KiThread()->ApcState.Process,
                       KiThread()->ApcStateIndex, 1, (ULONG_PTR)Caller,
                       "A DPC routine tried to attach to a process; attach in a thread, for instance a work item.");
}

VOID NTAPI KeStackAttachProcess(PRKPROCESS Process, PRKAPC_STATE ApcState)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    check_may_attach(Process, __builtin_return_address(0));
    PKTHREAD thread = KiThread();
    KIRQL irql = KiLockDispatcher();
    if (thread->ApcState.Process == Process) {
        ApcState->Process = NOT_ATTACHED;
    } else if (thread->ApcStateIndex == OriginalApcEnvironment) {
        attach(thread, Process, &thread->SavedApcState);
        ApcState->Process = NULL;
    } else {
        attach(thread, Process, ApcState);
    }
    KiUnlockDispatcher(irql);
}

/* D held. Kernel APCs of the attached process are delivered before it is left. */
static void detach(PKTHREAD Thread, PKAPC_STATE Saved)
{
    move_state(&Thread->ApcState, Saved);
    if (Saved == &Thread->SavedApcState) {
        Thread->SavedApcState.Process = NULL;
        Thread->ApcStatePointer[OriginalApcEnvironment] = &Thread->ApcState;
        Thread->ApcStatePointer[AttachedApcEnvironment] = &Thread->SavedApcState;
        Thread->ApcStateIndex = OriginalApcEnvironment;
    }
    if (!IsListEmpty(&Thread->ApcState.ApcListHead[KernelMode])) {
        Thread->ApcState.KernelApcPending = TRUE;
        KepPostSelf(KiPcr(), APC_LEVEL);
    }
    if (KiProcessSwitched)
        KiProcessSwitched(Thread->ApcState.Process);
}

VOID NTAPI KeUnstackDetachProcess(PRKAPC_STATE ApcState)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (ApcState->Process == NOT_ATTACHED)
        return;
    PKTHREAD thread = KiThread();
    KIRQL irql = KiLockDispatcher();
    if (thread->ApcStateIndex == OriginalApcEnvironment || !IsListEmpty(&thread->ApcState.ApcListHead[UserMode]))
        KiBugCheckText(INVALID_PROCESS_DETACH_ATTEMPT, 0, 0, 0, 0, (ULONG_PTR)__builtin_return_address(0),
                       "KeUnstackDetachProcess does not match a KeStackAttachProcess of this thread.");
    while (irql < APC_LEVEL && KepKernelApcDeliverable(thread)) {
        KepPostSelf(KiPcr(), APC_LEVEL);
        KiUnlockDispatcher(irql);
        irql = KiLockDispatcher();
    }
    detach(thread, ApcState->Process ? ApcState : &thread->SavedApcState);
    KiUnlockDispatcher(irql);
}

VOID NTAPI KeAttachProcess(PRKPROCESS Process)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    check_may_attach(Process, __builtin_return_address(0));
    PKTHREAD thread = KiThread();
    KIRQL irql = KiLockDispatcher();
    if (thread->ApcState.Process != Process) {
        if (thread->ApcStateIndex != OriginalApcEnvironment)
            KiBugCheckText(INVALID_PROCESS_ATTACH_ATTEMPT, (ULONG_PTR)Process, (ULONG_PTR)thread->ApcState.Process,
                           thread->ApcStateIndex, 0, (ULONG_PTR)__builtin_return_address(0),
                           "KeAttachProcess does not nest; use KeStackAttachProcess.");
        attach(thread, Process, &thread->SavedApcState);
    }
    KiUnlockDispatcher(irql);
}

VOID NTAPI KeDetachProcess(VOID)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PKTHREAD thread = KiThread();
    if (thread->ApcStateIndex == OriginalApcEnvironment)
        return;
    KIRQL irql = KiLockDispatcher();
    while (irql < APC_LEVEL && KepKernelApcDeliverable(thread)) {
        KepPostSelf(KiPcr(), APC_LEVEL);
        KiUnlockDispatcher(irql);
        irql = KiLockDispatcher();
    }
    detach(thread, &thread->SavedApcState);
    KiUnlockDispatcher(irql);
}
