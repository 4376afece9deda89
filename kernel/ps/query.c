/* SPDX-License-Identifier: MIT */
/*
 * ps/query.c: who am I, who is that: identities, times, statuses, lookups.
 */
#include "psi.h"

/* ---------------------------------------------------------------- the current ones */

PEPROCESS NTAPI PsGetCurrentProcess(VOID)
{
    return PspCurrentProcess();
}

/* PsGetCurrentThread and IoGetCurrentProcess are macros or inline for drivers built with Kiln's headers;
 * others import. */
#undef IoGetCurrentProcess
PEPROCESS NTAPI IoGetCurrentProcess(VOID)
{
    return PspCurrentProcess();
}

PETHREAD NTAPI exported_current_thread(VOID) __asm__("PsGetCurrentThread");
PETHREAD NTAPI exported_current_thread(VOID)
{
    return PspCurrentThread();
}

HANDLE NTAPI PsGetCurrentProcessId(VOID)
{
    return PspCurrentThread()->Cid.UniqueProcess;
}

HANDLE NTAPI PsGetCurrentThreadId(VOID)
{
    return PspCurrentThread()->Cid.UniqueThread;
}

PVOID NTAPI PsGetCurrentThreadTeb(VOID)
{
    /* Attached to another process the thread cannot reach its own TEB. */
    return KiThread()->ApcStateIndex == OriginalApcEnvironment ? KiThread()->Teb : NULL;
}

PEPROCESS NTAPI PsGetCurrentThreadProcess(VOID)
{
    return PspCurrentThread()->ThreadsProcess;
}

HANDLE NTAPI PsGetCurrentThreadProcessId(VOID)
{
    return PspCurrentThread()->Cid.UniqueProcess;
}

KPROCESSOR_MODE NTAPI PsGetCurrentThreadPreviousMode(VOID)
{
    return KiThread()->PreviousMode;
}

PVOID NTAPI PsGetCurrentThreadStackBase(VOID)
{
    return KiThread()->StackBase;
}

PVOID NTAPI PsGetCurrentThreadStackLimit(VOID)
{
    return KiThread()->StackLimit;
}

ULONG NTAPI PsGetCurrentProcessSessionId(VOID)
{
    return PspCurrentProcess()->SessionId;
}

/* ---------------------------------------------------------------- processes */

HANDLE NTAPI PsGetProcessId(PEPROCESS Process)
{
    return Process->UniqueProcessId;
}

HANDLE NTAPI PsGetProcessInheritedFromUniqueProcessId(PEPROCESS Process)
{
    return Process->InheritedFromUniqueProcessId;
}

PUCHAR NTAPI PsGetProcessImageFileName(PEPROCESS Process)
{
    return Process->ImageFileName;
}

PVOID NTAPI PsGetProcessPeb(PEPROCESS Process)
{
    return Process->Peb;
}

PVOID NTAPI PsGetProcessSectionBaseAddress(PEPROCESS Process)
{
    return Process->SectionBaseAddress;
}

PEJOB NTAPI PsGetProcessJob(PEPROCESS Process)
{
    return Process->Job;
}

ULONG NTAPI PsGetProcessSessionId(PEPROCESS Process)
{
    return Process->SessionId;
}

ULONG NTAPI PsGetProcessSessionIdEx(PEPROCESS Process)
{
    return Process->SessionId;
}

LONGLONG NTAPI PsGetProcessCreateTimeQuadPart(PEPROCESS Process)
{
    return Process->CreateTime.QuadPart;
}

LARGE_INTEGER NTAPI PsGetProcessExitTime(VOID)
{
    return PspCurrentProcess()->ExitTime;
}

NTSTATUS NTAPI PsGetProcessExitStatus(PEPROCESS Process)
{
    return Process->ExitStatus;
}

BOOLEAN NTAPI PsGetProcessExitProcessCalled(PEPROCESS Process)
{
    return Process->Exiting != 0;
}

ULONGLONG NTAPI PsGetProcessStartKey(PEPROCESS Process)
{
    return Process->ProcessStartKey;
}

BOOLEAN NTAPI PsIsSystemProcess(PEPROCESS Process)
{
    return Process == PsInitialSystemProcess || Process == PsIdleProcess;
}

BOOLEAN NTAPI PsIsProtectedProcess(PEPROCESS Process)
{
    return Process == PsInitialSystemProcess;
}

BOOLEAN NTAPI PsIsProcessBeingDebugged(PEPROCESS Process)
{
    UNREFERENCED_PARAMETER(Process); /* there is no debugger service a process could be attached to */
    return FALSE;
}

ULONGLONG NTAPI PsQueryTotalCycleTimeProcess(PEPROCESS Process, PULONG64 CycleTimeStamp)
{
    ULONG64 stamp, total = KI_PEEK(Process->Pcb.CycleTime); /* of ended threads */
    PETHREAD thread = NULL;
    while (PspEnumerateThreads(Process, &thread))
        total += KeQueryTotalCycleTimeThread(&thread->Tcb, &stamp);
    KeQueryTotalCycleTimeThread(KiThread(), &stamp);
    if (CycleTimeStamp)
        *CycleTimeStamp = stamp;
    return total;
}

/* ---------------------------------------------------------------- threads */

HANDLE NTAPI PsGetThreadId(PETHREAD Thread)
{
    return Thread->Cid.UniqueThread;
}

HANDLE NTAPI PsGetThreadProcessId(PETHREAD Thread)
{
    return Thread->Cid.UniqueProcess;
}

PEPROCESS NTAPI PsGetThreadProcess(PETHREAD Thread)
{
    return Thread->ThreadsProcess;
}

PEPROCESS NTAPI IoThreadToProcess(PETHREAD Thread)
{
    return Thread->ThreadsProcess;
}

ULONG NTAPI PsGetThreadSessionId(PETHREAD Thread)
{
    return Thread->ThreadsProcess->SessionId;
}

PVOID NTAPI PsGetThreadTeb(PETHREAD Thread)
{
    return Thread->Tcb.Teb;
}

LONGLONG NTAPI PsGetThreadCreateTime(PETHREAD Thread)
{
    return Thread->CreateTime.QuadPart;
}

NTSTATUS NTAPI PsGetThreadExitStatus(PETHREAD Thread)
{
    return KI_PEEK(Thread->ExitStatus);
}

BOOLEAN NTAPI PsIsSystemThread(PETHREAD Thread)
{
    return Thread->SystemThread;
}

BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD Thread)
{
    return Thread->Terminated;
}

/* ---------------------------------------------------------------- lookups */

static BOOLEAN reference_process(PVOID pointer)
{
    return ObpTypeOf(pointer) == PspProcessType && ObReferenceObjectSafe(pointer);
}

static BOOLEAN reference_thread(PVOID pointer)
{
    return ObpTypeOf(pointer) == PspThreadType && ObReferenceObjectSafe(pointer);
}

NTSTATUS NTAPI PsLookupProcessByProcessId(HANDLE ProcessId, PEPROCESS *Process)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *Process = ExReferenceHandle(PspCidTable, ProcessId, reference_process);
    return *Process ? STATUS_SUCCESS : STATUS_INVALID_CID;
}

NTSTATUS NTAPI PsLookupThreadByThreadId(HANDLE ThreadId, PETHREAD *Thread)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *Thread = ExReferenceHandle(PspCidTable, ThreadId, reference_thread);
    return *Thread ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI PsLookupProcessThreadByCid(PCLIENT_ID ClientId, PEPROCESS *Process, PETHREAD *Thread)
{
    NTSTATUS status = PsLookupThreadByThreadId(ClientId->UniqueThread, Thread);
    if (!NT_SUCCESS(status) || (*Thread)->Cid.UniqueProcess != ClientId->UniqueProcess) {
        if (NT_SUCCESS(status))
            ObDereferenceObject(*Thread);
        *Thread = NULL;
        return STATUS_INVALID_CID;
    }
    if (Process) {
        *Process = (*Thread)->ThreadsProcess;
        ObReferenceObject(*Process);
    }
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI PsGetVersion(PULONG MajorVersion, PULONG MinorVersion, PULONG BuildNumber,
                           PUNICODE_STRING CSDVersion)
{
    if (MajorVersion)
        *MajorVersion = 10;
    if (MinorVersion)
        *MinorVersion = 0;
    if (BuildNumber)
        *BuildNumber = 22621;
    if (CSDVersion) {
        CSDVersion->Length = CSDVersion->MaximumLength = 0;
        CSDVersion->Buffer = NULL;
    }
    return FALSE;
}
