/* SPDX-License-Identifier: MIT */
/*
 * ps/service.c: native services on processes and threads.
 */
#include "psi.h"

NTSTATUS NTAPI NtOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, PCLIENT_ID ClientId);
NTSTATUS NTAPI ZwOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, PCLIENT_ID ClientId);

typedef struct open_call {
    KPROCESSOR_MODE mode;
    OBJECT_ATTRIBUTES attributes;
    CLIENT_ID cid;
} open_call;

static NTSTATUS capture(open_call *call, PHANDLE handle, POBJECT_ATTRIBUTES attributes, PCLIENT_ID cid)
{
    NTSTATUS status = STATUS_SUCCESS;
    call->mode = KiThread()->PreviousMode;
    if (call->mode == UserMode)
        status = KiProbeForWrite(handle, sizeof(HANDLE), sizeof(HANDLE));
    if (NT_SUCCESS(status))
        status = KiCopyFromMode(call->mode, &call->attributes, attributes, sizeof(call->attributes));
    if (NT_SUCCESS(status) && (call->attributes.ObjectName || !cid))
        return STATUS_INVALID_PARAMETER_MIX;
    if (NT_SUCCESS(status))
        status = KiCopyFromMode(call->mode, &call->cid, cid, sizeof(call->cid));
    if (call->mode == UserMode)
        call->attributes.Attributes &= ~(ULONG)OBJ_KERNEL_HANDLE;
    return status;
}

/* Open the object (referenced; consumed) and return the handle. */
static NTSTATUS open_and_return(open_call *call, PVOID object, POBJECT_TYPE type, ACCESS_MASK access,
                                PHANDLE to)
{
    HANDLE handle;
    NTSTATUS status =
        ObOpenObjectByPointer(object, call->attributes.Attributes, NULL, access, type, call->mode, &handle);
    ObDereferenceObject(object);
    if (!NT_SUCCESS(status))
        return status;
    status = KiCopyToMode(call->mode, to, &handle, sizeof(handle));
    if (!NT_SUCCESS(status))
        ObCloseHandle(handle, KernelMode);
    return status;
}

NTSTATUS NTAPI NtOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, PCLIENT_ID ClientId)
{
    open_call call;
    PEPROCESS process;
    PETHREAD thread;
    NTSTATUS status = capture(&call, ProcessHandle, ObjectAttributes, ClientId);
    if (!NT_SUCCESS(status))
        return status;
    if (call.cid.UniqueThread) {
        status = PsLookupProcessThreadByCid(&call.cid, &process, &thread);
        if (NT_SUCCESS(status))
            ObDereferenceObject(thread);
    } else {
        status = PsLookupProcessByProcessId(call.cid.UniqueProcess, &process);
    }
    return NT_SUCCESS(status) ? open_and_return(&call, process, PspProcessType, DesiredAccess, ProcessHandle)
                              : status;
}

NTSTATUS NTAPI NtOpenThread(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PCLIENT_ID ClientId)
{
    open_call call;
    PETHREAD thread;
    NTSTATUS status = capture(&call, ThreadHandle, ObjectAttributes, ClientId);
    if (!NT_SUCCESS(status))
        return status;
    if (call.cid.UniqueProcess) {
        status = PsLookupProcessThreadByCid(&call.cid, NULL, &thread);
    } else {
        status = PsLookupThreadByThreadId(call.cid.UniqueThread, &thread);
        if (!NT_SUCCESS(status))
            status = STATUS_INVALID_CID;
    }
    return NT_SUCCESS(status) ? open_and_return(&call, thread, PspThreadType, DesiredAccess, ThreadHandle)
                              : status;
}

NTSTATUS NTAPI NtDelayExecution(BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    LARGE_INTEGER interval;
    NTSTATUS status = KiCopyFromMode(mode, &interval, Interval, sizeof(interval));
    return NT_SUCCESS(status) ? KeDelayExecutionThread(mode, Alertable, &interval) : status;
}

NTSTATUS NTAPI ZwOpenProcess(PHANDLE ProcessHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, PCLIENT_ID ClientId)
{
    KI_ZW(NtOpenProcess(ProcessHandle, DesiredAccess, ObjectAttributes, ClientId));
}

NTSTATUS NTAPI ZwOpenThread(PHANDLE ThreadHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PCLIENT_ID ClientId)
{
    KI_ZW(NtOpenThread(ThreadHandle, DesiredAccess, ObjectAttributes, ClientId));
}

NTSTATUS NTAPI ZwDelayExecution(BOOLEAN Alertable, PLARGE_INTEGER Interval)
{
    KI_ZW(NtDelayExecution(Alertable, Interval));
}
