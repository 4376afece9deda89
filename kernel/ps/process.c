/* SPDX-License-Identifier: MIT */
/*
 * ps/process.c: process objects, and the client.
 *
 * The System process owns the kernel's handle table and has no address slice. A client process has both of
 * its own. A process ends when its last thread does, or by order when it has none (PspExitProcess): its handles
 * are closed in its context, its slice goes, its object is signalled. A process is announced to notify routines when
 * it gets its first thread.
 */
#include "psi.h"
#include "jobp.h"

#define PS_TAG 0x636f7250 /* 'Proc' */

static BOOLEAN is_first_process(void)
{
    return PsInitialSystemProcess == NULL;
}

/* The last 15 characters of a short name, as ASCII. */
static void set_image_name(PEPROCESS process, PCUNICODE_STRING name)
{
    ULONG length = name->Length / sizeof(WCHAR);
    if (length > sizeof(process->ImageFileName) - 1)
        length = sizeof(process->ImageFileName) - 1;
    for (ULONG i = 0; i < length; i++)
        process->ImageFileName[i] = name->Buffer[i] < 0x80 ? (UCHAR)name->Buffer[i] : '?';
    PUNICODE_STRING copy =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*copy) + name->Length + sizeof(WCHAR), PS_TAG);
    if (!copy)
        return;
    copy->Buffer = (PWCH)(copy + 1);
    copy->Length = name->Length;
    copy->MaximumLength = name->Length + sizeof(WCHAR);
    RtlCopyMemory(copy->Buffer, name->Buffer, name->Length);
    copy->Buffer[name->Length / sizeof(WCHAR)] = 0;
    process->ImageFullName = copy;
}

static NTSTATUS give_resources(PEPROCESS process, PEPROCESS parent, PSP_SPACE space)
{
    static volatile LONGLONG start_keys;
    NTSTATUS status = STATUS_SUCCESS;
    if (space != PspNoSlice) {
        process->ObjectTable = ObCreateHandleTable(process);
        if (!process->ObjectTable)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = SepCreateToken(FALSE, &process->Token);
    } else {
        /* System and Idle: the kernel's table, the system token. */
        process->ObjectTable = is_first_process() ? ObpKernelHandleTable : NULL;
        process->Token = SepSystemToken;
        ObReferenceObject(SepSystemToken);
    }
    if (NT_SUCCESS(status) && space != PspNoSlice)
        status = MiCreateUserSlice(process, space == PspUserSlice32);
    if (NT_SUCCESS(status) && space != PspNoSlice && parent && parent != PsInitialSystemProcess)
        status = MiInheritViews(parent, process);
    if (NT_SUCCESS(status) && space != PspNoSlice)
        status = PspCreatePeb(process);
    if (NT_SUCCESS(status) && space != PspNoSlice && parent && parent->ObjectTable != ObpKernelHandleTable)
        status = ObInheritHandles(process->ObjectTable, parent, process);
    process->ProcessStartKey = (ULONGLONG)__atomic_add_fetch(&start_keys, 1, __ATOMIC_RELAXED);
    return status;
}

NTSTATUS PspCreateProcess(PEPROCESS Parent, PCUNICODE_STRING ImageName, PSP_SPACE Space, PEPROCESS *Process)
{
    PEPROCESS process;
    NTSTATUS status = ObCreateObject(KernelMode, PspProcessType, NULL, KernelMode, NULL, sizeof(*process), 0,
                                     0, (PVOID *)&process);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeProcess(&process->Pcb, 8, ~(KAFFINITY)0);
    InitializeListHead(&process->ThreadListHead);
    InitializeListHead(&process->ActiveProcessLinks);
    process->ExitStatus = STATUS_PENDING;
    process->PriorityClass = PROCESS_PRIORITY_CLASS_NORMAL;
    process->PagePriority = 5;
    ExInitializeRundownProtection(&process->Rundown);
    KeQuerySystemTime(&process->CreateTime);
    process->InheritedFromUniqueProcessId = Parent ? Parent->UniqueProcessId : NULL;
    set_image_name(process, ImageName);
    process->Wow64 = Space == PspUserSlice32;
    if (Parent && Space != PspNoSlice && SeTokenIsNoChildProcessRestrictionEnforced(Parent->Token, NULL))
        status = STATUS_CHILD_PROCESS_BLOCKED;
    else
        status = give_resources(process, Parent, Space);
    /* The Idle process has id 0, which is no entry of the table. */
    if (NT_SUCCESS(status) && (Space != PspNoSlice || is_first_process())) {
        process->UniqueProcessId = ExCreateHandle(PspCidTable, process);
        if (!process->UniqueProcessId)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (NT_SUCCESS(status) && Parent)
        status = PspInheritJob(Parent, process, FALSE);
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(process);
        return status;
    }
    ObReferenceObject(process); /* its own, until it exits */
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    InsertTailList(&PsActiveProcessHead, &process->ActiveProcessLinks);
    KeReleaseSpinLock(&PspProcessLock, irql);
    /* Security comes from the token: insertion assigns it. The caller keeps the creator's reference. */
    status = ObInsertObject(process, NULL, 0, 1, NULL, NULL);
    *Process = process;
    return status;
}

void PspExitProcess(PEPROCESS Process, NTSTATUS ExitStatus)
{
    KAPC_STATE apc;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    BOOLEAN first = !Process->Exiting;
    Process->Exiting = TRUE;
    KeReleaseSpinLock(&PspProcessLock, irql);
    if (!first)
        return;
    if (Process->BreakOnTermination)
        KeBugCheckEx(CRITICAL_PROCESS_DIED, (ULONG_PTR)Process, 0, 0, 0);
    /* Who holds the process by PsAcquireProcessExitSynchronization finds it whole. */
    ExWaitForRundownProtectionRelease(&Process->Rundown);
    KeQuerySystemTime(&Process->ExitTime);
    Process->ExitStatus = ExitStatus;
    PspNotifyProcess(Process, FALSE, NULL);
    KeStackAttachProcess(&Process->Pcb, &apc);
    ObKillProcess(Process);
    KeUnstackDetachProcess(&apc);
    MiDeleteUserSlice(Process);
    PspLeaveJob(Process, ExitStatus);
    irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    RemoveEntryList(&Process->ActiveProcessLinks);
    InitializeListHead(&Process->ActiveProcessLinks);
    KeReleaseSpinLock(&PspProcessLock, irql);
    KeSetProcess(&Process->Pcb, 0);
    ObDereferenceObject(Process);
}

void PspDeleteProcess(PVOID Object)
{
    PEPROCESS process = Object;
    if (process->UniqueProcessId)
        ExDestroyHandle(PspCidTable, process->UniqueProcessId);
    if (process->ObjectTable && process->ObjectTable != ObpKernelHandleTable)
        ObDeleteHandleTable(process->ObjectTable);
    if (process->MmSlice)
        MiDeleteUserSlice(process);
    PspReleaseJob(process);
    if (process->Token)
        ObDereferenceObject(process->Token);
    if (process->ImageFullName)
        ExFreePoolWithTag(process->ImageFullName, PS_TAG);
}

/* ---------------------------------------------------------------- the client */

void PspSwitchClientProcess(PEPROCESS Process)
{
    PETHREAD thread = PspCurrentThread();
    PEPROCESS old = thread->ThreadsProcess;
    if (old == Process)
        return;
    ObReferenceObject(Process);
    KiSetThreadProcess(&thread->Tcb, &Process->Pcb);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    RemoveEntryList(&thread->ThreadListEntry);
    old->ActiveThreads--;
    InsertTailList(&Process->ThreadListHead, &thread->ThreadListEntry);
    Process->ActiveThreads++;
    thread->ThreadsProcess = Process;
    thread->Cid.UniqueProcess = Process->UniqueProcessId;
    KeReleaseSpinLock(&PspProcessLock, irql);
    ObDereferenceObject(old);
}

NTSTATUS PspCreateClientProcess(PCUNICODE_STRING ImageName, PSP_SPACE Space, PEPROCESS *Process)
{
    NTSTATUS status = PspCreateProcess(PsInitialSystemProcess, ImageName, Space, Process);
    if (!NT_SUCCESS(status))
        return status;
    PspSwitchClientProcess(*Process);
    (*Process)->CreateReported = TRUE;
    PspNotifyProcess(*Process, TRUE, &status);
    PspNotifyThread(PspCurrentThread(), TRUE);
    return NT_SUCCESS(status) ? PspCreateUserRange(PspCurrentThread(), 0) : status;
}

/* ---------------------------------------------------------------- walking */

BOOLEAN PspEnumerateProcesses(PEPROCESS *Process)
{
    PEPROCESS previous = *Process, next = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    PLIST_ENTRY entry = previous ? previous->ActiveProcessLinks.Flink : PsActiveProcessHead.Flink;
    for (; entry != &PsActiveProcessHead && !(previous && entry == &previous->ActiveProcessLinks);
         entry = entry->Flink) {
        PEPROCESS candidate = CONTAINING_RECORD(entry, EPROCESS, ActiveProcessLinks);
        if (ObReferenceObjectSafe(candidate)) {
            next = candidate;
            break;
        }
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    if (previous)
        ObDereferenceObject(previous);
    *Process = next;
    return next != NULL;
}

BOOLEAN PspEnumerateThreads(PEPROCESS Process, PETHREAD *Thread)
{
    PETHREAD previous = *Thread, next = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    PLIST_ENTRY entry = previous ? previous->ThreadListEntry.Flink : Process->ThreadListHead.Flink;
    for (; entry != &Process->ThreadListHead && !(previous && entry == &previous->ThreadListEntry);
         entry = entry->Flink) {
        PETHREAD candidate = CONTAINING_RECORD(entry, ETHREAD, ThreadListEntry);
        if (ObReferenceObjectSafe(candidate)) {
            next = candidate;
            break;
        }
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    if (previous)
        ObDereferenceObject(previous);
    *Thread = next;
    return next != NULL;
}
