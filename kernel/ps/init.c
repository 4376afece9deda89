/* SPDX-License-Identifier: MIT */
/*
 * ps/init.c: the process manager starts.
 *
 * Theory of operation. A process is an address slice, a handle table and a token; a thread is a stack that ke
 * schedules.
 *
 *      PspAllocateThread   object and id
 *      KeInitThread        stack
 *      PspStartThread      process's list, notify routines, ready
 *      ... runs ...
 *      PspExitThread       notify routines, I/O cancelled, impersonation ended, out of the list
 *      KeTerminateThread   signalled; the reaper frees the stack and drops the thread's reference to itself
 *      PspDeleteThread     with the last reference
 *
 * The boot flow becomes a thread object of the System process in phase 1, so that every manager that starts
 * later runs on a real ETHREAD; at the end of boot the same thread moves into the client's process.
 */
#include "psi.h"
#include "jobp.h"

PEPROCESS PsInitialSystemProcess, PsIdleProcess;
LIST_ENTRY PsActiveProcessHead = {&PsActiveProcessHead, &PsActiveProcessHead};
KSPIN_LOCK PspProcessLock;
PHANDLE_TABLE PspCidTable;
POBJECT_TYPE PspProcessType, PspThreadType;
POBJECT_TYPE *PsProcessType = &PspProcessType;
POBJECT_TYPE *PsThreadType = &PspThreadType;

void (*PspCancelThreadIo)(PETHREAD Thread);

static void make_types(void)
{
    static const OBJECT_TYPE_INITIALIZER process = {
        .Length = sizeof(process),
        .InvalidAttributes = OBJ_PERMANENT | OBJ_EXCLUSIVE | OBJ_OPENIF,
        .GenericMapping = {STANDARD_RIGHTS_READ | PROCESS_VM_READ | PROCESS_QUERY_INFORMATION,
                           STANDARD_RIGHTS_WRITE | PROCESS_CREATE_PROCESS | PROCESS_CREATE_THREAD |
                               PROCESS_VM_OPERATION | PROCESS_VM_WRITE | PROCESS_DUP_HANDLE |
                               PROCESS_TERMINATE | PROCESS_SET_QUOTA | PROCESS_SET_INFORMATION,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE | PROCESS_QUERY_LIMITED_INFORMATION,
                           PROCESS_ALL_ACCESS},
        .ValidAccessMask = PROCESS_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .SecurityRequired = TRUE,
        .SupportsObjectCallbacks = TRUE,
        .WaitObjectFlagOffset = FIELD_OFFSET(EPROCESS, Pcb),
        .DeleteProcedure = PspDeleteProcess,
    };
    static const OBJECT_TYPE_INITIALIZER thread = {
        .Length = sizeof(thread),
        .InvalidAttributes = OBJ_PERMANENT | OBJ_EXCLUSIVE | OBJ_OPENIF,
        .GenericMapping = {STANDARD_RIGHTS_READ | THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION,
                           STANDARD_RIGHTS_WRITE | THREAD_TERMINATE | THREAD_SUSPEND_RESUME | THREAD_ALERT |
                               THREAD_SET_INFORMATION | THREAD_SET_CONTEXT,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE | THREAD_QUERY_LIMITED_INFORMATION |
                               THREAD_RESUME,
                           THREAD_ALL_ACCESS},
        .ValidAccessMask = THREAD_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .SecurityRequired = TRUE,
        .SupportsObjectCallbacks = TRUE,
        .WaitObjectFlagOffset = FIELD_OFFSET(ETHREAD, Tcb),
        .DeleteProcedure = PspDeleteThread,
    };
    UNICODE_STRING process_name = RTL_CONSTANT_STRING(L"Process"),
                   thread_name = RTL_CONSTANT_STRING(L"Thread");
    NTSTATUS status = ObpCreateObjectType(&process_name, &process, NULL, &PspProcessType);
    if (NT_SUCCESS(status))
        status = ObpCreateObjectType(&thread_name, &thread, NULL, &PspThreadType);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(PROCESS_INITIALIZATION_FAILED, (ULONG_PTR)status, 0, 0, 0);
}

/* The reaper has freed an ended thread's stack: the reference that the thread had to itself ends. */
static void reaped(PKTHREAD Thread)
{
    ObDereferenceObject(CONTAINING_RECORD(Thread, ETHREAD, Tcb));
}

static void adopt_boot_thread(void)
{
    PETHREAD thread;
    NTSTATUS status = PspAllocateThread(PsInitialSystemProcess, NULL, KernelMode, &thread);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(PROCESS1_INITIALIZATION_FAILED, (ULONG_PTR)status, 0, 0, 0);
    thread->ClientThread = TRUE;
    KiAdoptCurrentThread(&thread->Tcb, &PsInitialSystemProcess->Pcb);
    status = PspEnterThread(thread);
    ObDereferenceObject(thread);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(PROCESS1_INITIALIZATION_FAILED, (ULONG_PTR)status, 1, 0, 0);
}

void PsInitSystem(ULONG Phase)
{
    static UNICODE_STRING idle = RTL_CONSTANT_STRING(L"Idle"), system = RTL_CONSTANT_STRING(L"System");
    NTSTATUS status;
    if (Phase == 0) {
        make_types();
        PspInitJobs();
        KiThreadReaped = reaped;
        PspCidTable = ObCreateHandleTable(NULL);
        status = PspCidTable ? PspCreateProcess(NULL, &system, PspNoSlice, &PsInitialSystemProcess)
                             : STATUS_INSUFFICIENT_RESOURCES;
        if (NT_SUCCESS(status))
            status = PspCreateProcess(NULL, &idle, PspNoSlice, &PsIdleProcess);
        if (!NT_SUCCESS(status))
            KeBugCheckEx(PROCESS_INITIALIZATION_FAILED, (ULONG_PTR)status, 1, 0, 0);
        return;
    }
    adopt_boot_thread();
    PspInitSilos();
}
