/* SPDX-License-Identifier: MIT */
/*
 * ps/control.c: what drivers may do to a process as a whole: hold off its end, suspend and resume it, set its
 * priority; and what is asked of a thread on behalf of others.
 */
#include "psi.h"
#include "pscontrol.h"

/* ---------------------------------------------------------------- the end held off */

NTSTATUS NTAPI PsAcquireProcessExitSynchronization(PEPROCESS Process)
{
    return ExAcquireRundownProtection(&Process->Rundown) ? STATUS_SUCCESS : STATUS_PROCESS_IS_TERMINATING;
}

VOID NTAPI PsReleaseProcessExitSynchronization(PEPROCESS Process)
{
    ExReleaseRundownProtection(&Process->Rundown);
}

/* ---------------------------------------------------------------- suspension */

static NTSTATUS change_all(PEPROCESS process, NTSTATUS (*change)(PKTHREAD, PULONG))
{
    PETHREAD thread = NULL;
    NTSTATUS status = PsAcquireProcessExitSynchronization(process);
    if (!NT_SUCCESS(status))
        return status;
    while (PspEnumerateThreads(process, &thread))
        change(&thread->Tcb, NULL);
    PsReleaseProcessExitSynchronization(process);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PsSuspendProcess(PEPROCESS Process)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return change_all(Process, KeSuspendThread);
}

NTSTATUS NTAPI PsResumeProcess(PEPROCESS Process)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return change_all(Process, KeResumeThread);
}

/* ---------------------------------------------------------------- priority */

KPRIORITY PspBasePriorityOfClass(UCHAR Class)
{
    static const UCHAR base[] = {8, 4, 8, 13, 24, 6, 10};
    return Class >= 1 && Class < RTL_NUMBER_OF(base) ? base[Class] : 0;
}

UCHAR NTAPI PsGetProcessPriorityClass(PEPROCESS Process)
{
    return Process->PriorityClass;
}

/* Only notes the class, as Windows does: PsSetProcessPriorityByClass puts it into effect. */
VOID NTAPI PsSetProcessPriorityClass(PEPROCESS Process, UCHAR PriorityClass)
{
    Process->PriorityClass = PriorityClass;
}

VOID NTAPI PsSetProcessPriorityByClass(PEPROCESS Process, PSPROCESSPRIORITYMODE PriorityMode)
{
    if (PriorityMode != PsProcessPrioritySpinning)
        Process->PriorityForeground = PriorityMode == PsProcessPriorityForeground;
    KiSetPriorityProcess(&Process->Pcb, PspBasePriorityOfClass(Process->PriorityClass),
                         Process->PriorityForeground);
}

/* ---------------------------------------------------------------- small state of threads and processes */

BOOLEAN NTAPI PsGetThreadHardErrorsAreDisabled(PETHREAD Thread)
{
    return Thread->HardErrorsOff;
}

VOID NTAPI PsSetThreadHardErrorsAreDisabled(PETHREAD Thread, BOOLEAN HardErrorsAreDisabled)
{
    Thread->HardErrorsOff = HardErrorsAreDisabled;
}

/* A 32-bit process has one PEB here, in its slice. */
PVOID NTAPI PsGetProcessWow64Process(PEPROCESS Process)
{
    return Process->Wow64 ? Process->Peb : NULL;
}

PVOID NTAPI PsGetCurrentProcessWow64Process(VOID)
{
    return PsGetProcessWow64Process(PsGetCurrentProcess());
}

/* There is no debugger service a process could be attached to. */
PVOID NTAPI PsGetProcessDebugPort(PEPROCESS Process)
{
    UNREFERENCED_PARAMETER(Process);
    return NULL;
}
