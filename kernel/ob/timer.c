/* SPDX-License-Identifier: MIT */
/*
 * ob/timer.c: timer objects as the native services see them.
 *
 * The object is a KTIMER with a DPC and an APC: when NtSetTimer was given an APC routine, expiry queues the
 * DPC, the DPC queues the APC to the thread that set the timer. While the APC is set, the object holds a
 * reference to the thread. The lock x of the object guards the pair; it is a leaf, taken at DISPATCH_LEVEL.
 */
#include "obi.h"
#include "ntsvc.h"

typedef struct _ETIMER {
    KTIMER KeTimer;
    KDPC TimerDpc;
    KAPC TimerApc;
    KSPIN_LOCK Lock;               /* x */
    PETHREAD ApcThread;            /* x: referenced while an APC routine is set */
    PTIMER_APC_ROUTINE ApcRoutine; /* x */
} ETIMER, *PETIMER;

const ULONG ObpTimerBytes = sizeof(ETIMER);

static VOID NTAPI timer_apc(PKAPC Apc, PKNORMAL_ROUTINE *NormalRoutine, PVOID *NormalContext,
                            PVOID *SystemArgument1, PVOID *SystemArgument2)
{
    /* Delivered: the expiry's reference to the timer goes; a periodic timer's next expiry takes a new one. */
    ObDereferenceObjectDeferDelete(CONTAINING_RECORD(Apc, ETIMER, TimerApc));
}

static VOID NTAPI timer_rundown(PKAPC Apc)
{
    ObDereferenceObjectDeferDelete(CONTAINING_RECORD(Apc, ETIMER, TimerApc));
}

static VOID NTAPI timer_dpc(PKDPC Dpc, PVOID Context, PVOID SystemArgument1, PVOID SystemArgument2)
{
    PETIMER timer = Context;
    LARGE_INTEGER now;
    KeQuerySystemTime(&now);
    KeAcquireSpinLockAtDpcLevel(&timer->Lock);
    if (timer->ApcThread) {
        ObReferenceObject(timer);
        if (!KeInsertQueueApc(&timer->TimerApc, (PVOID)(ULONG_PTR)now.LowPart, (PVOID)(LONG_PTR)now.HighPart,
                              2))
            ObDereferenceObjectDeferDelete(timer);
    }
    KeReleaseSpinLockFromDpcLevel(&timer->Lock);
}

/* Undo what NtSetTimer did. TRUE: the timer was set. */
static BOOLEAN cancel(PETIMER timer)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&timer->Lock);
    BOOLEAN was_set = KeCancelTimer(&timer->KeTimer);
    KeRemoveQueueDpc(&timer->TimerDpc);
    PETHREAD thread = timer->ApcThread;
    BOOLEAN removed = thread && KeRemoveQueueApc(&timer->TimerApc);
    timer->ApcThread = NULL;
    KeReleaseSpinLock(&timer->Lock, irql);
    if (removed)
        ObDereferenceObject(timer);
    if (thread)
        ObDereferenceObject(thread);
    return was_set;
}

void ObpDeleteTimer(PVOID Object)
{
    cancel(Object);
}

NTSTATUS NTAPI NtCreateTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, TIMER_TYPE TimerType)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PETIMER timer;
    NTSTATUS status = ObpProbeHandle(TimerHandle, mode);
    if (!NT_SUCCESS(status))
        return status;
    if (TimerType != NotificationTimer && TimerType != SynchronizationTimer)
        return STATUS_INVALID_PARAMETER_4;
    status = ObCreateObject(mode, ExpTimerObjectType, ObjectAttributes, mode, NULL, sizeof(*timer), 0, 0,
                            (PVOID *)&timer);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeTimerEx(&timer->KeTimer, TimerType);
    KeInitializeDpc(&timer->TimerDpc, timer_dpc, timer);
    return ObpInsertAndReturn(timer, DesiredAccess, TimerHandle, mode);
}

NTSTATUS NTAPI NtOpenTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenAndReturn(ExpTimerObjectType, TimerHandle, DesiredAccess, ObjectAttributes);
}

/* What a timer is set to; captured. */
typedef struct setting {
    LARGE_INTEGER due;
    PTIMER_APC_ROUTINE routine;
    PVOID context;
    ULONG period, tolerable_ms;
    BOOLEAN wakes; /* the caller wants the machine woken for it */
} setting;

static NTSTATUS set(HANDLE handle, const setting *to, PBOOLEAN previous, KPROCESSOR_MODE mode)
{
    PETIMER timer;
    NTSTATUS status = STATUS_SUCCESS;
    if (previous && mode == UserMode)
        status = KiProbeForWrite(previous, sizeof(BOOLEAN), 1);
    if (NT_SUCCESS(status))
        status = ObReferenceObjectByHandle(handle, TIMER_MODIFY_STATE, ExpTimerObjectType, mode,
                                           (PVOID *)&timer, NULL);
    if (!NT_SUCCESS(status))
        return status;
    cancel(timer);
    PKTHREAD self = KiThread();
    if (to->routine)
        ObReferenceObject(PspCurrentThread());
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&timer->Lock);
    BOOLEAN state = KeReadStateTimer(&timer->KeTimer);
    if (to->routine) {
        timer->ApcThread = CONTAINING_RECORD(self, ETHREAD, Tcb);
        KeInitializeApc(&timer->TimerApc, self, OriginalApcEnvironment, timer_apc, timer_rundown,
                        (PKNORMAL_ROUTINE)(PVOID)to->routine, mode, to->context);
    }
    KeSetCoalescableTimer(&timer->KeTimer, to->due, to->period, to->tolerable_ms,
                          to->routine ? &timer->TimerDpc : NULL);
    KeReleaseSpinLock(&timer->Lock, irql);
    ObDereferenceObject(timer);
    if (previous)
        status = KiCopyToMode(mode, previous, &state, sizeof(state));
    /* A machine that cannot sleep has no wake timers, and says so. */
    if (NT_SUCCESS(status) && to->wakes)
        status = STATUS_TIMER_RESUME_IGNORED;
    return status;
}

NTSTATUS NTAPI NtSetTimer(HANDLE TimerHandle, PLARGE_INTEGER DueTime, PTIMER_APC_ROUTINE TimerApcRoutine,
                          PVOID TimerContext, BOOLEAN ResumeTimer, LONG Period, PBOOLEAN PreviousState)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    setting to = {
        .routine = TimerApcRoutine, .context = TimerContext, .period = (ULONG)Period, .wakes = ResumeTimer};
    NTSTATUS status = KiCopyFromMode(mode, &to.due, DueTime, sizeof(to.due));
    if (NT_SUCCESS(status) && Period < 0)
        status = STATUS_INVALID_PARAMETER_6;
    return NT_SUCCESS(status) ? set(TimerHandle, &to, PreviousState, mode) : status;
}

NTSTATUS NTAPI NtSetTimerEx(HANDLE TimerHandle, TIMER_SET_INFORMATION_CLASS TimerSetInformationClass,
                            PVOID TimerSetInformation, ULONG TimerSetInformationLength)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    TIMER_SET_COALESCABLE_TIMER_INFO info;
    if (TimerSetInformationClass != TimerSetCoalescableTimer)
        return STATUS_INVALID_INFO_CLASS;
    if (TimerSetInformationLength != sizeof(info))
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = KiCopyFromMode(mode, &info, TimerSetInformation, sizeof(info));
    if (!NT_SUCCESS(status))
        return status;
    if (info.Period > MAXLONG || info.TolerableDelay > MAXLONG)
        return STATUS_INVALID_PARAMETER;
    setting to = {info.DueTime, info.TimerApcRoutine, info.TimerContext,
                  info.Period,  info.TolerableDelay,  info.WakeContext != NULL};
    return set(TimerHandle, &to, info.PreviousState, mode);
}

NTSTATUS NTAPI NtCancelTimer(HANDLE TimerHandle, PBOOLEAN CurrentState)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PETIMER timer;
    NTSTATUS status = ObReferenceObjectByHandle(TimerHandle, TIMER_MODIFY_STATE, ExpTimerObjectType, mode,
                                                (PVOID *)&timer, NULL);
    if (!NT_SUCCESS(status))
        return status;
    cancel(timer);
    BOOLEAN state = KeReadStateTimer(&timer->KeTimer);
    ObDereferenceObject(timer);
    return CurrentState ? KiCopyToMode(mode, CurrentState, &state, sizeof(state)) : STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQueryTimer(HANDLE TimerHandle, TIMER_INFORMATION_CLASS Class, PVOID Information,
                            ULONG Length, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PETIMER timer;
    NTSTATUS status = ObReferenceObjectByHandle(TimerHandle, TIMER_QUERY_STATE, ExpTimerObjectType, mode,
                                                (PVOID *)&timer, NULL);
    if (!NT_SUCCESS(status))
        return status;
    TIMER_BASIC_INFORMATION info = {.TimerState = KeReadStateTimer(&timer->KeTimer)};
    info.RemainingTime.QuadPart =
        (LONGLONG)timer->KeTimer.DueTime.QuadPart - (LONGLONG)KeQueryInterruptTime();
    ObDereferenceObject(timer);
    return ObpReturnInformation(Class, &info, sizeof(info), Information, Length, ReturnLength, mode);
}

NTSTATUS NTAPI ZwCreateTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, TIMER_TYPE TimerType)
{
    KI_ZW(NtCreateTimer(TimerHandle, DesiredAccess, ObjectAttributes, TimerType));
}

NTSTATUS NTAPI ZwOpenTimer(PHANDLE TimerHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtOpenTimer(TimerHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwSetTimer(HANDLE TimerHandle, PLARGE_INTEGER DueTime, PTIMER_APC_ROUTINE TimerApcRoutine,
                          PVOID TimerContext, BOOLEAN ResumeTimer, LONG Period, PBOOLEAN PreviousState)
{
    KI_ZW(
        NtSetTimer(TimerHandle, DueTime, TimerApcRoutine, TimerContext, ResumeTimer, Period, PreviousState));
}

NTSTATUS NTAPI ZwSetTimerEx(HANDLE TimerHandle, TIMER_SET_INFORMATION_CLASS TimerSetInformationClass,
                            PVOID TimerSetInformation, ULONG TimerSetInformationLength)
{
    KI_ZW(
        NtSetTimerEx(TimerHandle, TimerSetInformationClass, TimerSetInformation, TimerSetInformationLength));
}

NTSTATUS NTAPI ZwCancelTimer(HANDLE TimerHandle, PBOOLEAN CurrentState)
{
    KI_ZW(NtCancelTimer(TimerHandle, CurrentState));
}

NTSTATUS NTAPI ZwQueryTimer(HANDLE TimerHandle, TIMER_INFORMATION_CLASS Class, PVOID Information,
                            ULONG Length, PULONG ReturnLength)
{
    KI_ZW(NtQueryTimer(TimerHandle, Class, Information, Length, ReturnLength));
}
