/* SPDX-License-Identifier: MIT */
/*
 * ps/terminate.c: the end of threads and processes by somebody's order.
 *
 * A thread ends itself, always: whoever wants its end claims it (ExitClaimed, first come), says so in
 * KTHREAD.ExitPending, which breaks its wait in user mode and resumes it, and cancels the requests it has in
 * drivers. The thread notices on its way to user mode. A request that it issues afterwards is cancelled by
 * itself when it waits for it. System threads are nobody's to end: a process ends when its last thread has,
 * so one that has a system thread lives until that returns.
 */
#include "psi.h"
#include <nt/ps_services.h>

void (*PspCancelIrpsOfThread)(PETHREAD Thread);
void (*PspClientEnded)(NTSTATUS ExitStatus);

/* Say how the thread is to end; FALSE if somebody did. */
static BOOLEAN claim(PETHREAD thread, NTSTATUS status)
{
    if (__atomic_exchange_n(&thread->ExitClaimed, 1, __ATOMIC_ACQ_REL))
        return FALSE;
    thread->ClaimedStatus = status;
    return TRUE;
}

NTSTATUS PspTerminateThread(PETHREAD Thread, NTSTATUS ExitStatus)
{
    if (Thread->SystemThread)
        return STATUS_INVALID_PARAMETER;
    if (Thread->Terminated || !claim(Thread, ExitStatus))
        return STATUS_THREAD_IS_TERMINATING;
    if (Thread == PspCurrentThread())
        PspExitThread(ExitStatus);
    KiRequestThreadExit(&Thread->Tcb);
    if (PspCancelIrpsOfThread)
        PspCancelIrpsOfThread(Thread);
    return STATUS_SUCCESS;
}

BOOLEAN PspForbidThreads(PEPROCESS Process, NTSTATUS ExitStatus)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    BOOLEAN first = !Process->Terminating && !Process->Exiting;
    if (first) {
        Process->Terminating = TRUE;
        Process->TerminateStatus = ExitStatus;
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    return first;
}

/* A thread of the process that nobody told to end, but the calling one; referenced. */
static PETHREAD next_to_tell(PEPROCESS process)
{
    PETHREAD found = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    for (PLIST_ENTRY l = process->ThreadListHead.Flink; l != &process->ThreadListHead && !found;
         l = l->Flink) {
        PETHREAD thread = CONTAINING_RECORD(l, ETHREAD, ThreadListEntry);
        if (thread != PspCurrentThread() && !thread->SystemThread && !KI_PEEK(thread->ExitClaimed) &&
            !KI_PEEK(thread->Terminated) && ObReferenceObjectSafe(thread))
            found = thread;
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    return found;
}

static void terminate_others(PEPROCESS process, NTSTATUS status)
{
    PETHREAD thread;
    while ((thread = next_to_tell(process)) != NULL) {
        PspTerminateThread(thread, status);
        ObDereferenceObject(thread);
    }
}

NTSTATUS PspTerminateProcess(PEPROCESS Process, NTSTATUS ExitStatus)
{
    PETHREAD self = PspCurrentThread();
    if (Process == PsInitialSystemProcess || Process == PsIdleProcess)
        return STATUS_ACCESS_DENIED;
    if (!PspForbidThreads(Process, ExitStatus))
        return STATUS_PROCESS_IS_TERMINATING;
    terminate_others(Process, ExitStatus);
    if (self->ThreadsProcess == Process && !self->SystemThread) {
        claim(self, ExitStatus);
        if (self->Tcb.ApcStateIndex == OriginalApcEnvironment)
            PspExitThread(ExitStatus);
        /* Attached to another process it cannot end here; it does when it returns to user mode. */
        KiRequestThreadExit(&self->Tcb);
        return STATUS_SUCCESS;
    }
    /* A process without threads has nobody who would end it. */
    if (KI_PEEK(Process->ActiveThreads) == 0)
        PspExitProcess(Process, ExitStatus);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- services */

NTSTATUS NTAPI NtTerminateProcess(HANDLE ProcessHandle, NTSTATUS ExitStatus)
{
    PEPROCESS process;
    if (!ProcessHandle) {
        /* The first half of a process's own end: all threads but the caller. */
        PETHREAD self = PspCurrentThread();
        if (self->ThreadsProcess == PsInitialSystemProcess)
            return STATUS_ACCESS_DENIED;
        terminate_others(self->ThreadsProcess, ExitStatus);
        return STATUS_SUCCESS;
    }
    NTSTATUS status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_TERMINATE, PspProcessType,
                                                KiThread()->PreviousMode, (PVOID *)&process, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (process == PspCurrentThread()->ThreadsProcess) {
        /* It may not return: the thread's own reference keeps the process. */
        ObDereferenceObject(process);
        return PspTerminateProcess(process, ExitStatus);
    }
    status = PspTerminateProcess(process, ExitStatus);
    ObDereferenceObject(process);
    return status;
}

NTSTATUS NTAPI NtTerminateThread(HANDLE ThreadHandle, NTSTATUS ExitStatus)
{
    PETHREAD thread = PspCurrentThread();
    if (!ThreadHandle) /* the caller itself, unless it is the last one */
        return thread->ThreadsProcess->ActiveThreads == 1 ? STATUS_CANT_TERMINATE_SELF
                                                          : PspTerminateThread(thread, ExitStatus);
    NTSTATUS status = ObReferenceObjectByHandle(ThreadHandle, THREAD_TERMINATE, PspThreadType,
                                                KiThread()->PreviousMode, (PVOID *)&thread, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (thread == PspCurrentThread()) {
        ObDereferenceObject(thread);
        return PspTerminateThread(thread, ExitStatus);
    }
    status = PspTerminateThread(thread, ExitStatus);
    ObDereferenceObject(thread);
    return status;
}

NTSTATUS NTAPI ZwTerminateProcess(HANDLE ProcessHandle, NTSTATUS ExitStatus)
{
    KI_ZW(NtTerminateProcess(ProcessHandle, ExitStatus));
}

NTSTATUS NTAPI ZwTerminateThread(HANDLE ThreadHandle, NTSTATUS ExitStatus)
{
    KI_ZW(NtTerminateThread(ThreadHandle, ExitStatus));
}
