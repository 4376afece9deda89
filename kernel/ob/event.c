/* SPDX-License-Identifier: MIT */
/*
 * ob/event.c: event objects as the native services and drivers by name see them.
 */
#include "obi.h"
#include "ntsvc.h"

NTSTATUS NTAPI NtCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType, BOOLEAN InitialState)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PKEVENT event;
    NTSTATUS status = ObpProbeHandle(EventHandle, mode);
    if (!NT_SUCCESS(status))
        return status;
    if (EventType != NotificationEvent && EventType != SynchronizationEvent)
        return STATUS_INVALID_PARAMETER_4;
    status = ObCreateObject(mode, ExpEventObjectType, ObjectAttributes, mode, NULL, sizeof(*event), 0, 0,
                            (PVOID *)&event);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeEvent(event, EventType, InitialState);
    return ObpInsertAndReturn(event, DesiredAccess, EventHandle, mode);
}

NTSTATUS NTAPI NtOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenAndReturn(ExpEventObjectType, EventHandle, DesiredAccess, ObjectAttributes);
}

/* Apply one of the Ke routines, and return the state before it. */
enum event_operation { EVENT_SET, EVENT_RESET, EVENT_CLEAR, EVENT_PULSE };

static NTSTATUS change(HANDLE handle, enum event_operation operation, PLONG previous)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PKEVENT event;
    LONG state = 0;
    NTSTATUS status;
    if (previous && mode == UserMode) {
        status = KiProbeForWrite(previous, sizeof(LONG), sizeof(LONG));
        if (!NT_SUCCESS(status))
            return status;
    }
    status = ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, ExpEventObjectType, mode, (PVOID *)&event,
                                       NULL);
    if (!NT_SUCCESS(status))
        return status;
    switch (operation) {
    case EVENT_SET:
        state = KeSetEvent(event, EVENT_INCREMENT, FALSE);
        break;
    case EVENT_RESET:
        state = KeResetEvent(event);
        break;
    case EVENT_CLEAR:
        KeClearEvent(event);
        break;
    case EVENT_PULSE:
        state = KePulseEvent(event, EVENT_INCREMENT, FALSE);
        break;
    }
    ObDereferenceObject(event);
    return previous ? KiCopyToMode(mode, previous, &state, sizeof(state)) : STATUS_SUCCESS;
}

NTSTATUS NTAPI NtSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    return change(EventHandle, EVENT_SET, PreviousState);
}

NTSTATUS NTAPI NtResetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    return change(EventHandle, EVENT_RESET, PreviousState);
}

NTSTATUS NTAPI NtClearEvent(HANDLE EventHandle)
{
    return change(EventHandle, EVENT_CLEAR, NULL);
}

NTSTATUS NTAPI NtPulseEvent(HANDLE EventHandle, PLONG PreviousState)
{
    return change(EventHandle, EVENT_PULSE, PreviousState);
}

NTSTATUS NTAPI NtQueryEvent(HANDLE EventHandle, EVENT_INFORMATION_CLASS Class, PVOID Information,
                            ULONG Length, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PKEVENT event;
    NTSTATUS status = ObReferenceObjectByHandle(EventHandle, EVENT_QUERY_STATE, ExpEventObjectType, mode,
                                                (PVOID *)&event, NULL);
    if (!NT_SUCCESS(status))
        return status;
    EVENT_BASIC_INFORMATION info = {event->Header.Type == EventNotificationObject ? NotificationEvent
                                                                                  : SynchronizationEvent,
                                    KeReadStateEvent(event)};
    ObDereferenceObject(event);
    return ObpReturnInformation(Class, &info, sizeof(info), Information, Length, ReturnLength, mode);
}

NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType, BOOLEAN InitialState)
{
    KI_ZW(NtCreateEvent(EventHandle, DesiredAccess, ObjectAttributes, EventType, InitialState));
}

NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtOpenEvent(EventHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    KI_ZW(NtSetEvent(EventHandle, PreviousState));
}

NTSTATUS NTAPI ZwResetEvent(HANDLE EventHandle, PLONG PreviousState)
{
    KI_ZW(NtResetEvent(EventHandle, PreviousState));
}

NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle)
{
    KI_ZW(NtClearEvent(EventHandle));
}

NTSTATUS NTAPI ZwPulseEvent(HANDLE EventHandle, PLONG PreviousState)
{
    KI_ZW(NtPulseEvent(EventHandle, PreviousState));
}

NTSTATUS NTAPI ZwQueryEvent(HANDLE EventHandle, EVENT_INFORMATION_CLASS Class, PVOID Information,
                            ULONG Length, PULONG ReturnLength)
{
    KI_ZW(NtQueryEvent(EventHandle, Class, Information, Length, ReturnLength));
}

/* ---------------------------------------------------------------- the drivers' shortcuts */

static PKEVENT named_event(PUNICODE_STRING name, PHANDLE handle, EVENT_TYPE type)
{
    OBJECT_ATTRIBUTES attributes;
    PKEVENT event = NULL;
    /* The handle belongs to the process the driver is in, or to the kernel: only a kernel handle is good
     * anywhere. */
    InitializeObjectAttributes(&attributes, name, OBJ_OPENIF | OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status = ZwCreateEvent(handle, EVENT_ALL_ACCESS, &attributes, type, TRUE);
    if (!NT_SUCCESS(status))
        return NULL;
    status = ObReferenceObjectByHandle(*handle, 0, ExpEventObjectType, KernelMode, (PVOID *)&event, NULL);
    if (!NT_SUCCESS(status)) {
        ZwClose(*handle);
        *handle = NULL;
        return NULL;
    }
    /* The handle keeps the event; the caller gets a pointer that lives as long as the handle. */
    ObDereferenceObject(event);
    return event;
}

PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return named_event(EventName, EventHandle, NotificationEvent);
}

PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle)
{
    return named_event(EventName, EventHandle, SynchronizationEvent);
}
