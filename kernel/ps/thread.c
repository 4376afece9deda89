/* SPDX-License-Identifier: MIT */
/*
 * ps/thread.c: threads: made, started, ended.
 *
 * User threads are made in user.c. References: a thread that was started holds one to itself until the reaper
 * has freed its stack; it holds one to its process until it is deleted. PsCreateSystemThread's caller holds the
 * handle.
 *
 * A system thread runs its routine inside a critical region, as documented: normal kernel APCs do not
 * interrupt it.
 */
#include "psi.h"
#include "jobp.h"

NTSTATUS PspAllocateThread(PEPROCESS Process, POBJECT_ATTRIBUTES Attributes, KPROCESSOR_MODE Mode,
                           PETHREAD *Thread)
{
    PETHREAD thread;
    NTSTATUS status =
        ObCreateObject(Mode, PspThreadType, Attributes, Mode, NULL, sizeof(*thread), 0, 0, (PVOID *)&thread);
    if (!NT_SUCCESS(status))
        return status;
    InitializeListHead(&thread->IrpList);
    InitializeListHead(&thread->ThreadListEntry);
    thread->ExitStatus = STATUS_PENDING;
    thread->PagePriority = 5; /* normal */
    thread->ThreadsProcess = Process;
    ObReferenceObject(Process);
    KeQuerySystemTime(&thread->CreateTime);
    thread->Cid.UniqueProcess = Process->UniqueProcessId;
    thread->Cid.UniqueThread = ExCreateHandle(PspCidTable, thread);
    if (!thread->Cid.UniqueThread) {
        ObDereferenceObject(thread);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *Thread = thread;
    return STATUS_SUCCESS;
}

NTSTATUS PspEnterThread(PETHREAD Thread)
{
    PEPROCESS process = Thread->ThreadsProcess;
    NTSTATUS status = STATUS_PROCESS_IS_TERMINATING;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    if (!process->Terminating) {
        ObReferenceObject(Thread);
        InsertTailList(&process->ThreadListHead, &Thread->ThreadListEntry);
        process->ActiveThreads++;
        status = STATUS_SUCCESS;
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    return status;
}

void PspDeleteThread(PVOID Object)
{
    PETHREAD thread = Object;
    if (thread->Cid.UniqueThread)
        ExDestroyHandle(PspCidTable, thread->Cid.UniqueThread);
    if (thread->Tcb.OwnedStack)
        KeUninitThread(&thread->Tcb);
    PspFreeThreadName(thread);
    if (thread->ImpersonationToken)
        ObDereferenceObject(thread->ImpersonationToken);
    if (thread->ThreadsProcess)
        ObDereferenceObject(thread->ThreadsProcess);
}

/* ---------------------------------------------------------------- beginning */

static VOID NTAPI thread_startup(PKSTART_ROUTINE StartRoutine, PVOID StartContext)
{
    PETHREAD thread = PspCurrentThread();
    KiLower(PASSIVE_LEVEL);
    KeEnterCriticalRegion();
    if (!thread->Terminated)
        StartRoutine(StartContext);
    if (KiIrql() != PASSIVE_LEVEL)
        KiBugCheckText(
            IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)StartRoutine, KiIrql(), 0, (ULONG_PTR)StartRoutine,
            (ULONGLONG)(ULONG_PTR)StartRoutine,
            "A system thread's routine returned at a raised IRQL: lower it, or release the spin lock that "
            "raised it, before returning.");
    PspExitThread(STATUS_SUCCESS);
}

static NTSTATUS create(PEPROCESS process, POBJECT_ATTRIBUTES attributes, KPROCESSOR_MODE mode,
                       PKSTART_ROUTINE start_routine, PVOID start_context, PETHREAD *thread)
{
    NTSTATUS status;
    if (process->Exiting || process->Terminating)
        return STATUS_PROCESS_IS_TERMINATING;
    status = PspAllocateThread(process, attributes, mode, thread);
    if (!NT_SUCCESS(status))
        return status;
    (*thread)->StartAddress = start_routine;
    (*thread)->StartContext = start_context;
    (*thread)->SystemThread = TRUE;
    status = KeInitThread(&(*thread)->Tcb, NULL, thread_startup, start_routine, start_context, NULL,
                          &process->Pcb);
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(*thread);
        return status;
    }
    (*thread)->Tcb.SystemThread = TRUE;
    return STATUS_SUCCESS;
}

NTSTATUS PspStartThread(PETHREAD Thread)
{
    NTSTATUS status = PspEnterThread(Thread);
    if (!NT_SUCCESS(status))
        return status;
    PspNotifyThread(Thread, TRUE);
    KeStartThread(&Thread->Tcb);
    return STATUS_SUCCESS;
}

NTSTATUS PspCreateThread(PEPROCESS Process, PKSTART_ROUTINE StartRoutine, PVOID StartContext,
                         BOOLEAN Suspended, PETHREAD *Thread)
{
    NTSTATUS status = create(Process, NULL, KernelMode, StartRoutine, StartContext, Thread);
    if (!NT_SUCCESS(status))
        return status;
    /* Insertion consumes the creator's reference; the bias gives the caller one. */
    status = ObInsertObject(*Thread, NULL, 0, 1, NULL, NULL);
    if (NT_SUCCESS(status) && !Suspended) {
        status = PspStartThread(*Thread);
        if (!NT_SUCCESS(status))
            ObDereferenceObject(*Thread);
    }
    return status;
}

NTSTATUS NTAPI PsCreateSystemThread(PHANDLE ThreadHandle, ULONG DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, HANDLE ProcessHandle,
                                    PCLIENT_ID ClientId, PKSTART_ROUTINE StartRoutine, PVOID StartContext)
{
    PEPROCESS process = PsInitialSystemProcess;
    PETHREAD thread;
    HANDLE handle;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    *ThreadHandle = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    if (ProcessHandle)
        status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_CREATE_THREAD, PspProcessType, KernelMode,
                                           (PVOID *)&process, NULL);
    else
        ObReferenceObject(process);
    if (!NT_SUCCESS(status))
        return status;
    status = create(process, ObjectAttributes, KernelMode, StartRoutine, StartContext, &thread);
    ObDereferenceObject(process);
    if (!NT_SUCCESS(status))
        return status;
    CLIENT_ID cid = thread->Cid;
    status = ObInsertObject(thread, NULL, DesiredAccess, 1, NULL, &handle);
    if (!NT_SUCCESS(status))
        return status;
    if (ClientId)
        *ClientId = cid;
    *ThreadHandle = handle; /* before it starts, which may look */
    status = PspStartThread(thread);
    ObDereferenceObject(thread);
    if (!NT_SUCCESS(status)) {
        *ThreadHandle = NULL;
        ObCloseHandle(handle, KernelMode);
    }
    return status;
}

/* ---------------------------------------------------------------- end */

void PspRunDownThread(PETHREAD Thread, NTSTATUS ExitStatus)
{
    PEPROCESS process = Thread->ThreadsProcess;
    Thread->Terminated = TRUE;
    if (Thread->BreakOnTermination)
        KeBugCheckEx(CRITICAL_PROCESS_DIED, (ULONG_PTR)Thread, 1, 0, 0);
    PspNotifyThread(Thread, FALSE);
    if (PspCancelThreadIo)
        PspCancelThreadIo(Thread);
    PspDeleteUserRange(Thread);
    PsRevertToSelf();
    KI_PEEK(Thread->ExitStatus) = ExitStatus;
    KeQuerySystemTime(&Thread->ExitTime);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    RemoveEntryList(&Thread->ThreadListEntry);
    InitializeListHead(&Thread->ThreadListEntry);
    BOOLEAN last = --process->ActiveThreads == 0 && process != PsInitialSystemProcess;
    if (last && !process->Terminating) {
        process->Terminating = TRUE;
        process->TerminateStatus = ExitStatus;
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    if (last)
        PspExitProcess(process, process->TerminateStatus);
}

DECLSPEC_NORETURN void PspExitThread(NTSTATUS ExitStatus)
{
    PETHREAD thread = PspCurrentThread();
    PESILO silo;
    if (PspIsAttachedToSilo(thread, &silo))
        KiBugCheckText(INVALID_SILO_DETACH, (ULONG_PTR)thread, (ULONG_PTR)silo, (ULONG_PTR)thread->ThreadsProcess, 0,
                       (ULONG_PTR)thread->StartAddress,
                       "a thread ended while it was attached to a silo; call PsDetachSiloFromCurrentThread first");
    if (thread->Tcb.ApcStateIndex != OriginalApcEnvironment)
        KiBugCheckText(INVALID_PROCESS_ATTACH_ATTEMPT, (ULONG_PTR)thread->Tcb.ApcState.Process,
                       (ULONG_PTR)&thread->ThreadsProcess->Pcb, thread->Tcb.ApcStateIndex, 2,
                       (ULONG_PTR)thread->Tcb.StartAddress,
                       "A thread ended while it was attached to another process: every KeStackAttachProcess "
                       "needs its KeUnstackDetachProcess.");
    if (thread->ClientThread && PspClientEnded)
        PspClientEnded(ExitStatus);
    KiLower(PASSIVE_LEVEL);
    PspRunDownThread(thread, ExitStatus);
    /* The critical region that thread_startup entered ends with the thread; any other is a bug that ke
     * reports. */
    if (thread->SystemThread)
        thread->Tcb.KernelApcDisable++;
    KeTerminateThread(0);
}

NTSTATUS NTAPI PsTerminateSystemThread(NTSTATUS ExitStatus)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (!PspCurrentThread()->SystemThread)
        return STATUS_INVALID_PARAMETER;
    KiLower(PASSIVE_LEVEL);
    PspExitThread(ExitStatus);
}
