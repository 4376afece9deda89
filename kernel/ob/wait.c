/* SPDX-License-Identifier: MIT */
/*
 * ob/wait.c: waiting on handles.
 *
 * What a wait on a handle waits on is the type's say (OBJECT_TYPE_INITIALIZER.WaitObjectFlagOffset): the body
 * itself, a dispatcher object inside it (a file's event), one that the body points to, or, for types that
 * mean nothing by a wait, an event that is always signalled. Waiting can raise (a mutant owned too often), so
 * it runs under KeTryCall.
 */
#include "obi.h"
#include "ntsvc.h"

static KEVENT default_object = {
    .Header = {.Type = EventNotificationObject,
               .Size = sizeof(KEVENT) / sizeof(LONG),
               .SignalState = 1,
               .WaitListHead = {&default_object.Header.WaitListHead, &default_object.Header.WaitListHead}}};

NTSTATUS ObpQueryWaitObject(PVOID Object, PVOID *Dispatcher)
{
    POBJECT_TYPE type = ObpTypeOf(Object);
    LONG offset = type->TypeInfo.WaitObjectFlagOffset;
    if (type->TypeInfo.UseDefaultObject)
        *Dispatcher = &default_object;
    else if (offset == OB_NOT_WAITABLE)
        return STATUS_OBJECT_TYPE_MISMATCH;
    else if (offset >= 0)
        *Dispatcher = (UCHAR *)Object + offset;
    else
        *Dispatcher = *(PVOID *)((UCHAR *)Object + (-2 - offset));
    return STATUS_SUCCESS;
}

typedef struct wait_call {
    ULONG count;
    PVOID *objects;
    WAIT_TYPE type;
    KPROCESSOR_MODE mode;
    BOOLEAN alertable;
    PLARGE_INTEGER timeout;
    PKWAIT_BLOCK blocks;
    NTSTATUS status;
} wait_call;

static void do_wait(void *context)
{
    wait_call *call = context;
    if (call->count == 1)
        call->status =
            KeWaitForSingleObject(call->objects[0], UserRequest, call->mode, call->alertable, call->timeout);
    else
        call->status = KeWaitForMultipleObjects(call->count, call->objects, call->type, UserRequest,
                                                call->mode, call->alertable, call->timeout, call->blocks);
}

static NTSTATUS wait_on(wait_call *call)
{
    NTSTATUS raised = KeTryCall(do_wait, call);
    return NT_SUCCESS(raised) ? call->status : raised;
}

static NTSTATUS capture_timeout(PLARGE_INTEGER *timeout, PLARGE_INTEGER local, KPROCESSOR_MODE mode)
{
    if (!*timeout)
        return STATUS_SUCCESS;
    NTSTATUS status = KiCopyFromMode(mode, local, *timeout, sizeof(*local));
    *timeout = local;
    return status;
}

NTSTATUS NTAPI NtWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    LARGE_INTEGER local;
    PVOID object, dispatcher;
    NTSTATUS status = capture_timeout(&Timeout, &local, mode);
    if (!NT_SUCCESS(status))
        return status;
    /* A wait of no time is allowed at DISPATCH_LEVEL, so no assertion of a lower level may stand in its way.
     */
    status = ObReferenceObjectByHandleWithTag(Handle, SYNCHRONIZE, NULL, mode, OB_DEFAULT_TAG, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = ObpQueryWaitObject(object, &dispatcher);
    if (NT_SUCCESS(status)) {
        wait_call call = {1, &dispatcher, WaitAny, mode, Alertable, Timeout, NULL, 0};
        status = wait_on(&call);
    }
    ObDereferenceObject(object);
    return status;
}

NTSTATUS NTAPI NtWaitForMultipleObjects(ULONG Count, HANDLE *Handles, WAIT_TYPE WaitType, BOOLEAN Alertable,
                                        PLARGE_INTEGER Timeout)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    LARGE_INTEGER local;
    HANDLE handles[MAXIMUM_WAIT_OBJECTS];
    PVOID objects[MAXIMUM_WAIT_OBJECTS], dispatchers[MAXIMUM_WAIT_OBJECTS];
    PKWAIT_BLOCK blocks = NULL;
    ULONG taken = 0;

    if (Count == 0 || Count > MAXIMUM_WAIT_OBJECTS)
        return STATUS_INVALID_PARAMETER_1;
    if (WaitType != WaitAll && WaitType != WaitAny)
        return STATUS_INVALID_PARAMETER_3;
    NTSTATUS status = capture_timeout(&Timeout, &local, mode);
    if (NT_SUCCESS(status))
        status = KiCopyFromMode(mode, handles, Handles, Count * sizeof(HANDLE));
    if (!NT_SUCCESS(status))
        return status;
    if (Count > THREAD_WAIT_OBJECTS) {
        blocks = ObpAllocate(Count * sizeof(KWAIT_BLOCK), OB_TAG_NAME);
        if (!blocks)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (; taken < Count && NT_SUCCESS(status); taken++) {
        status = ObReferenceObjectByHandle(handles[taken], SYNCHRONIZE, NULL, mode, &objects[taken], NULL);
        if (!NT_SUCCESS(status))
            break;
        status = ObpQueryWaitObject(objects[taken], &dispatchers[taken]);
        /* Waiting for all of a set that names one object twice could never be atomic. */
        for (ULONG i = 0; WaitType == WaitAll && i < taken && NT_SUCCESS(status); i++) {
            if (dispatchers[i] == dispatchers[taken] && dispatchers[i] != &default_object)
                status = STATUS_INVALID_PARAMETER_MIX;
        }
    }
    if (NT_SUCCESS(status)) {
        wait_call call = {Count, dispatchers, WaitType, mode, Alertable, Timeout, blocks, 0};
        status = wait_on(&call);
    }
    while (taken)
        ObDereferenceObject(objects[--taken]);
    if (blocks)
        ObpFree(blocks, OB_TAG_NAME);
    return status;
}

/* Signal an event, a semaphore (by one) or a mutant. */
typedef struct signal_call {
    PVOID object;
    POBJECT_TYPE type;
    NTSTATUS status;
} signal_call;

static void do_signal(void *context)
{
    signal_call *call = context;
    if (call->type == ExpEventObjectType)
        KeSetEvent(call->object, EVENT_INCREMENT, FALSE);
    else if (call->type == ExpSemaphoreObjectType)
        KeReleaseSemaphore(call->object, SEMAPHORE_INCREMENT, 1, FALSE);
    else
        KeReleaseMutant(call->object, MUTANT_INCREMENT, FALSE, FALSE);
}

NTSTATUS NTAPI NtSignalAndWaitForSingleObject(HANDLE SignalHandle, HANDLE WaitHandle, BOOLEAN Alertable,
                                              PLARGE_INTEGER Timeout)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    OBJECT_HANDLE_INFORMATION info;
    signal_call call = {0};
    PVOID object;
    NTSTATUS status = ObReferenceObjectByHandle(SignalHandle, 0, NULL, mode, &call.object, &info);
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(WaitHandle, SYNCHRONIZE, NULL, mode, &object, NULL);
    if (NT_SUCCESS(status)) {
        call.type = ObpTypeOf(call.object);
        ACCESS_MASK needed = call.type == ExpMutantObjectType ? SYNCHRONIZE : EVENT_MODIFY_STATE;
        if (call.type != ExpEventObjectType && call.type != ExpSemaphoreObjectType &&
            call.type != ExpMutantObjectType)
            status = STATUS_OBJECT_TYPE_MISMATCH;
        else if (mode != KernelMode && needed & ~info.GrantedAccess)
            status = STATUS_ACCESS_DENIED;
        if (NT_SUCCESS(status))
            status = KeTryCall(do_signal, &call);
        ObDereferenceObject(object);
    }
    ObDereferenceObject(call.object);
    return NT_SUCCESS(status) ? NtWaitForSingleObject(WaitHandle, Alertable, Timeout) : status;
}

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout)
{
    KI_ZW_ANY_IRQL(NtWaitForSingleObject(Handle, Alertable, Timeout));
}

NTSTATUS NTAPI ZwWaitForMultipleObjects(ULONG Count, HANDLE *Handles, WAIT_TYPE WaitType, BOOLEAN Alertable,
                                        PLARGE_INTEGER Timeout)
{
    KI_ZW(NtWaitForMultipleObjects(Count, Handles, WaitType, Alertable, Timeout));
}

NTSTATUS NTAPI ZwSignalAndWaitForSingleObject(HANDLE SignalHandle, HANDLE WaitHandle, BOOLEAN Alertable,
                                              PLARGE_INTEGER Timeout)
{
    KI_ZW(NtSignalAndWaitForSingleObject(SignalHandle, WaitHandle, Alertable, Timeout));
}
