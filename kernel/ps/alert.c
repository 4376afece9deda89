/* SPDX-License-Identifier: MIT */
/*
 * ps/alert.c: services that reach another thread where it waits: alerts, user APCs, suspension, yielding.
 */
#include "psi.h"

#define APC_TAG 0x41505370 /* 'psPA' */

static NTSTATUS reference(HANDLE handle, ACCESS_MASK access, PETHREAD *thread)
{
    return ObReferenceObjectByHandle(handle, access, PspThreadType, KiThread()->PreviousMode, (PVOID *)thread,
                                     NULL);
}

NTSTATUS NTAPI NtAlertThread(HANDLE ThreadHandle)
{
    PETHREAD thread;
    NTSTATUS status = reference(ThreadHandle, THREAD_ALERT, &thread);
    if (!NT_SUCCESS(status))
        return status;
    KeAlertThread(&thread->Tcb, KiThread()->PreviousMode);
    ObDereferenceObject(thread);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtTestAlert(VOID)
{
    return KeTestAlertThread(KiThread()->PreviousMode) ? STATUS_ALERTED : STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- user APCs */

static VOID NTAPI free_apc(PKAPC Apc, PKNORMAL_ROUTINE *Normal, PVOID *Context, PVOID *Argument1,
                           PVOID *Argument2)
{
    ExFreePoolWithTag(Apc, APC_TAG);
}

static VOID NTAPI rundown_apc(PKAPC Apc)
{
    ExFreePoolWithTag(Apc, APC_TAG);
}

NTSTATUS PspQueueUserApc(PETHREAD Thread, PKNORMAL_ROUTINE Routine, PVOID Argument1, PVOID Argument2,
                         PVOID Argument3)
{
    if (Thread->SystemThread) /* it has no user mode to run it in */
        return STATUS_INVALID_HANDLE;
    PKAPC apc = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*apc), APC_TAG);
    if (!apc)
        return STATUS_NO_MEMORY;
    KeInitializeApc(apc, &Thread->Tcb, OriginalApcEnvironment, free_apc, rundown_apc, Routine, UserMode,
                    Argument1);
    if (KeInsertQueueApc(apc, Argument2, Argument3, 0))
        return STATUS_SUCCESS;
    ExFreePoolWithTag(apc, APC_TAG);
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS NTAPI NtQueueApcThread(HANDLE ThreadHandle, PKNORMAL_ROUTINE ApcRoutine, PVOID Argument1,
                                PVOID Argument2, PVOID Argument3)
{
    PETHREAD thread;
    NTSTATUS status = reference(ThreadHandle, THREAD_SET_CONTEXT, &thread);
    if (!NT_SUCCESS(status))
        return status;
    status = PspQueueUserApc(thread, ApcRoutine, Argument1, Argument2, Argument3);
    ObDereferenceObject(thread);
    return status;
}

/* ---------------------------------------------------------------- suspension and yielding */

static NTSTATUS change_count(HANDLE handle, PULONG previous, NTSTATUS (*change)(PKTHREAD, PULONG))
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    ULONG count = 0;
    PETHREAD thread;
    NTSTATUS status = STATUS_SUCCESS;
    if (previous && mode == UserMode)
        status = KiProbeForWrite(previous, sizeof(ULONG), sizeof(ULONG));
    if (NT_SUCCESS(status))
        status = reference(handle, THREAD_SUSPEND_RESUME, &thread);
    if (!NT_SUCCESS(status))
        return status;
    status = change(&thread->Tcb, &count);
    ObDereferenceObject(thread);
    if (NT_SUCCESS(status) && previous)
        status = KiCopyToMode(mode, previous, &count, sizeof(count));
    return status;
}

NTSTATUS NTAPI NtSuspendThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount)
{
    return change_count(ThreadHandle, PreviousSuspendCount, KeSuspendThread);
}

NTSTATUS NTAPI NtResumeThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount)
{
    return change_count(ThreadHandle, PreviousSuspendCount, KeResumeThread);
}

NTSTATUS NTAPI NtAlertResumeThread(HANDLE ThreadHandle, PULONG PreviousSuspendCount)
{
    return change_count(ThreadHandle, PreviousSuspendCount, KeAlertResumeThread);
}

NTSTATUS NTAPI NtYieldExecution(VOID)
{
    return KiYield() ? STATUS_SUCCESS : STATUS_NO_YIELD_PERFORMED;
}

NTSTATUS NTAPI ZwAlertThread(HANDLE ThreadHandle)
{
    KI_ZW(NtAlertThread(ThreadHandle));
}

NTSTATUS NTAPI ZwYieldExecution(VOID)
{
    KI_ZW(NtYieldExecution());
}
