/* SPDX-License-Identifier: MIT */
/*
 * pscontrol.h: routines that ntoskrnl exports and no page describes; drivers that use them declare them
 * themselves. Names and parameters are as commonly declared. PASSIVE_LEVEL where they change something, any
 * level where they ask.
 */
#ifndef KILN_PS_CONTROL_H
#define KILN_PS_CONTROL_H

#include <nt/ps.h>

typedef enum _PSPROCESSPRIORITYMODE {
    PsProcessPriorityForeground,
    PsProcessPriorityBackground,
    PsProcessPrioritySpinning
} PSPROCESSPRIORITYMODE;

/* While acquired, the process's address slice and handles stay. STATUS_PROCESS_IS_TERMINATING. */
NTSTATUS NTAPI PsAcquireProcessExitSynchronization(PEPROCESS Process);
VOID NTAPI PsReleaseProcessExitSynchronization(PEPROCESS Process);

/* Every thread of it once more, or once less. STATUS_PROCESS_IS_TERMINATING. */
NTSTATUS NTAPI PsSuspendProcess(PEPROCESS Process);
NTSTATUS NTAPI PsResumeProcess(PEPROCESS Process);

UCHAR NTAPI PsGetProcessPriorityClass(PEPROCESS Process);
VOID NTAPI PsSetProcessPriorityClass(PEPROCESS Process, UCHAR PriorityClass);
VOID NTAPI PsSetProcessPriorityByClass(PEPROCESS Process, PSPROCESSPRIORITYMODE PriorityMode);

BOOLEAN NTAPI PsGetThreadHardErrorsAreDisabled(PETHREAD Thread);
VOID NTAPI PsSetThreadHardErrorsAreDisabled(PETHREAD Thread, BOOLEAN HardErrorsAreDisabled);
PVOID NTAPI PsGetProcessWow64Process(PEPROCESS Process);
PVOID NTAPI PsGetCurrentProcessWow64Process(VOID);
BOOLEAN NTAPI PsGetProcessExitProcessCalled(PEPROCESS Process);
PVOID NTAPI PsGetProcessDebugPort(PEPROCESS Process);
PVOID NTAPI PsGetProcessPeb(PEPROCESS Process);
PVOID NTAPI PsGetThreadTeb(PETHREAD Thread);
HANDLE NTAPI PsGetCurrentThreadProcessId(VOID);

#endif
