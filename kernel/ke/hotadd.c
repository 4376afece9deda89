/* SPDX-License-Identifier: MIT */
/*
 * hotadd.c: the start of processors, at boot and while the machine runs, and the callbacks that are told.
 *
 * A new processor waits in KiVpEntry until its bit is in KiActiveProcessors. That bit is set after
 * KiProcessorCount, and with the dispatcher lock free: a machine of one processor takes that lock without
 * writing it, so the second must not run while the first believes to be alone. What goes through all
 * processors (inter-processor calls, a DPC on each, a flush) notes their number when it begins; a processor
 * that arrives meanwhile is not part of it.
 *
 * Adding: every change callback is told KeProcessorAddStartNotify, in the order of registration, and may
 * veto; then the processor starts; then all are told KeProcessorAddCompleteNotify, and the callback object
 * \Callback\ProcessorAdd is notified. After a veto those that had agreed, or all if the host could not start
 * it, are told KeProcessorAddFailureNotify.
 *
 * The turn: registering, deregistering and adding exclude each other, so that every callback hears of every
 * processor exactly once. Its owner may take it again (a callback that deregisters itself). PASSIVE_LEVEL,
 * waits.
 */
#include "kep.h"
#include "mi.h"

#define CHANGE_TAG 'hCeK'

typedef struct _CHANGE_CALLBACK {
    LIST_ENTRY Link;
    PPROCESSOR_CALLBACK_FUNCTION Routine;
    PVOID Context;
    BOOLEAN Started; /* it agreed to the processor that is being added */
    BOOLEAN Removed; /* deregistered by a callback, while the list is walked */
} CHANGE_CALLBACK;

static LIST_ENTRY callbacks; /* [turn] oldest first */
static KEVENT turn_free;
static PKTHREAD turn_owner; /* written by the owner of the turn */
static ULONG turn_depth;    /* [turn] */
static BOOLEAN walking;     /* [turn] */

void (*KiProcessorAdded)(ULONG Index);

void KepInitChangeCallbacks(void)
{
    InitializeListHead(&callbacks);
    KeInitializeEvent(&turn_free, SynchronizationEvent, TRUE);
}

static void take_turn(void)
{
    if (KI_PEEK(turn_owner) != KiThread()) {
        KeWaitForSingleObject(&turn_free, Executive, KernelMode, FALSE, NULL);
        KI_PEEK(turn_owner) = KiThread();
    }
    turn_depth++;
}

static void leave_turn(void)
{
    if (--turn_depth != 0)
        return;
    KI_PEEK(turn_owner) = NULL;
    KeSetEvent(&turn_free, 0, FALSE);
}

/* ---------------------------------------------------------------- starting */

void KepInitProcessor(ULONG Index)
{
    PKIPCR pcr = &KiPcrs[Index];
    PKPRCB prcb = &pcr->Prcb;
    pcr->Self = pcr;
    pcr->UsedSelf = pcr;
    pcr->CurrentPrcb = prcb;
    pcr->MajorVersion = pcr->MinorVersion = 1;
    pcr->ObsoleteNumber = (UCHAR)Index;
    pcr->StallScaleFactor = 1;
    pcr->SchedPoints =
        (host_config()->live ? 0 : KI_POINTS_HOST) | (host_config()->paging ? KI_POINTS_TRIM : 0);
    pcr->Irql = PASSIVE_LEVEL;
    prcb->MxCsr = 0x1f80;
    prcb->Number = Index;
    prcb->LegacyNumber = (UCHAR)Index;
    prcb->SetMember = AFFINITY_MASK(Index);
    KepInitDpcs(prcb);
}

void KiVpEntry(uint32_t Vp)
{
    PKIPCR pcr = &KiPcrs[Vp];
    host_vp_bind(Vp, pcr);
    pcr->Irql = DISPATCH_LEVEL;
    KepInitIdleThread(&pcr->Prcb, NULL);
    PKTHREAD idle = pcr->Prcb.IdleThread;
    idle->StackBase = (PVOID) ~(ULONG_PTR)0;
    idle->HostStack = TRUE;
    idle->Fiber = host_fiber_current();
    idle->State = KiRunning;
    pcr->Prcb.CurrentThread = idle;
    pcr->Prcb.SwitchTime = KepCycles(pcr);
    __atomic_store_n(&pcr->Prcb.Started, TRUE, __ATOMIC_RELEASE);
    while (!(__atomic_load_n(&KiActiveProcessors, __ATOMIC_ACQUIRE) & pcr->Prcb.SetMember))
        KiSpinRelax(); /* a call of all processors may have counted this one already, and its sender waits */
    KiLower(PASSIVE_LEVEL);
    KepIdleLoop();
}

static BOOLEAN start(ULONG Index)
{
    KepInitProcessor(Index);
    return host_vp_start(Index) == 0;
}

/* The processors [KiProcessorCount, Count) were started: wait until they have arrived, and let them run. */
static void activate(ULONG Count)
{
    ULONG first = KiProcessorCount;
    KAFFINITY added = 0;
    for (ULONG i = first; i < Count; i++) {
        added |= AFFINITY_MASK(i);
        while (!__atomic_load_n(&KiPcrs[i].Prcb.Started, __ATOMIC_ACQUIRE))
            KiSpinRelax();
    }
    KIRQL irql = KiLockDispatcher();
    KeNumberProcessors = (CCHAR)Count;
    KiProcessorCount = Count;
    KepIdleSummary |= added;
    KiUnlockDispatcher(irql);
    __atomic_fetch_or(&KiActiveProcessors, added, __ATOMIC_RELEASE);
    for (ULONG i = first; i < Count; i++)
        KepStartDpcThread(&KiPcrs[i].Prcb);
}

void KepStartProcessors(void)
{
    ULONG count = 1;
    while (count < host_config()->cpus && start(count))
        count++; /* when one cannot be started, the machine is what could be */
    KepStartDpcThread(&KiPcrs[0].Prcb);
    activate(count);
}

/* ---------------------------------------------------------------- telling */

static NTSTATUS tell(CHANGE_CALLBACK *Callback, KE_PROCESSOR_CHANGE_NOTIFY_STATE State, ULONG Index,
                     NTSTATUS Status)
{
    KE_PROCESSOR_CHANGE_NOTIFY_CONTEXT context = {
        .State = State, .NtNumber = Index, .Status = Status, .ProcNumber = KiNumberOfIndex(Index)};
    NTSTATUS operation = STATUS_SUCCESS;
    Callback->Routine(Callback->Context, &context, &operation);
    return operation;
}

/* Tell everybody, or with `Started` those who agreed. Start notifications end at the first veto, whose status
 * is returned. */
static NTSTATUS tell_all(KE_PROCESSOR_CHANGE_NOTIFY_STATE State, ULONG Index, NTSTATUS Status)
{
    NTSTATUS veto = STATUS_SUCCESS;
    walking = TRUE;
    for (LIST_ENTRY *link = callbacks.Flink; link != &callbacks && NT_SUCCESS(veto); link = link->Flink) {
        CHANGE_CALLBACK *callback = CONTAINING_RECORD(link, CHANGE_CALLBACK, Link);
        if (callback->Removed)
            continue;
        if (State == KeProcessorAddStartNotify) {
            veto = tell(callback, State, Index, Status);
            callback->Started = NT_SUCCESS(veto);
        } else if (callback->Started) {
            tell(callback, State, Index, Status);
            callback->Started = FALSE;
        }
    }
    walking = FALSE;
    for (LIST_ENTRY *link = callbacks.Flink, *next; link != &callbacks; link = next) {
        CHANGE_CALLBACK *callback = CONTAINING_RECORD(link, CHANGE_CALLBACK, Link);
        next = link->Flink;
        if (callback->Removed) {
            RemoveEntryList(link);
            ExFreePoolWithTag(callback, CHANGE_TAG);
        }
    }
    return veto;
}

NTSTATUS KiAddProcessor(PULONG Index)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = STATUS_NO_SUCH_DEVICE;
    take_turn();
    ULONG index = KiProcessorCount;
    if (index < host_config()->max_cpus) {
        status = tell_all(KeProcessorAddStartNotify, index, STATUS_SUCCESS);
        if (NT_SUCCESS(status))
            status = start(index) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
        if (NT_SUCCESS(status)) {
            activate(index + 1);
            KiTrace("processor-add", index, 0, 0, 0);
        }
        tell_all(NT_SUCCESS(status) ? KeProcessorAddCompleteNotify : KeProcessorAddFailureNotify, index,
                 status);
    }
    leave_turn();
    if (NT_SUCCESS(status) && KiProcessorAdded)
        KiProcessorAdded(index);
    *Index = index;
    return status;
}

/* ---------------------------------------------------------------- registering */

/* Tell a new callback of the processors that exist. FALSE: it vetoed, and knows that nothing came of the
 * others. */
static BOOLEAN tell_existing(CHANGE_CALLBACK *Callback)
{
    for (ULONG i = 0; i < KiProcessorCount; i++) {
        NTSTATUS veto = tell(Callback, KeProcessorAddStartNotify, i, STATUS_SUCCESS);
        if (NT_SUCCESS(veto))
            continue;
        for (ULONG told = 0; told < i; told++)
            tell(Callback, KeProcessorAddFailureNotify, told, veto);
        return FALSE;
    }
    for (ULONG i = 0; i < KiProcessorCount; i++)
        tell(Callback, KeProcessorAddCompleteNotify, i, STATUS_SUCCESS);
    return TRUE;
}

PVOID NTAPI KeRegisterProcessorChangeCallback(PPROCESSOR_CALLBACK_FUNCTION CallbackFunction,
                                              PVOID CallbackContext, ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    CHANGE_CALLBACK *callback =
        MiAllocatePool(NonPagedPoolNx, sizeof *callback, CHANGE_TAG, TRUE, __builtin_return_address(0));
    if (!callback)
        return NULL;
    *callback = (CHANGE_CALLBACK){.Routine = CallbackFunction, .Context = CallbackContext};
    take_turn();
    if ((Flags & KE_PROCESSOR_CHANGE_ADD_EXISTING) && !tell_existing(callback)) {
        ExFreePoolWithTag(callback, CHANGE_TAG);
        callback = NULL;
    } else {
        InsertTailList(&callbacks, &callback->Link);
    }
    leave_turn();
    return callback;
}

VOID NTAPI KeDeregisterProcessorChangeCallback(PVOID CallbackHandle)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    CHANGE_CALLBACK *callback = CallbackHandle;
    take_turn();
    if (walking) {
        callback->Removed = TRUE; /* the walk stands on it, perhaps, and frees it afterwards */
    } else {
        RemoveEntryList(&callback->Link);
        ExFreePoolWithTag(callback, CHANGE_TAG);
    }
    leave_turn();
}
