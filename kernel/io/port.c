/* SPDX-License-Identifier: MIT */
/*
 * port.c: I/O completion ports, a queue object (KQUEUE) of packets.
 *
 * A packet is either a completed IRP, taken over as it is so that a completion can never fail for want of
 * memory, or a small block of IoSetIoCompletion and NtSetIoCompletion. The two are told apart by PacketType,
 * which both have behind the queue entry (Tail.Overlay.PacketType of an IRP). A file refers to its port
 * through FILE_OBJECT.CompletionContext, set once by FileCompletionInformation.
 */
#include "iomgr.h"

enum { PACKET_IRP, PACKET_BLOCK };

typedef struct _IOP_PACKET {
    LIST_ENTRY ListEntry; /* as IRP.Tail.Overlay.ListEntry ... */
    ULONG PacketType;     /* ... and PacketType behind it */
    PVOID KeyContext;
    PVOID ApcContext;
    IO_STATUS_BLOCK IoStatus;
} IOP_PACKET, *PIOP_PACKET;

C_ASSERT(FIELD_OFFSET(IRP, Tail.Overlay.PacketType) - FIELD_OFFSET(IRP, Tail.Overlay.ListEntry) ==
         FIELD_OFFSET(IOP_PACKET, PacketType));

void IopQueueIrpToPort(PIRP Irp, PIO_COMPLETION_CONTEXT Context)
{
    Irp->Tail.CompletionKey = Context->Key;
    Irp->Tail.Overlay.PacketType = PACKET_IRP;
    KeInsertQueue(Context->Port, &Irp->Tail.Overlay.ListEntry);
}

NTSTATUS NTAPI IoSetIoCompletion(PVOID IoCompletion, PVOID KeyContext, PVOID ApcContext, NTSTATUS IoStatus,
                                 ULONG_PTR IoStatusInformation, BOOLEAN Quota)
{
    PIOP_PACKET packet = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *packet, IOP_TAG_BUFFER);
    if (!packet)
        return STATUS_INSUFFICIENT_RESOURCES;
    packet->PacketType = PACKET_BLOCK;
    packet->KeyContext = KeyContext;
    packet->ApcContext = ApcContext;
    packet->IoStatus.Status = IoStatus;
    packet->IoStatus.Information = IoStatusInformation;
    KeInsertQueue(IoCompletion, &packet->ListEntry);
    return STATUS_SUCCESS;
}

/* Take a dequeued entry apart and free it. */
static void unpack(PLIST_ENTRY entry, PIOP_PACKET result)
{
    PIOP_PACKET packet = CONTAINING_RECORD(entry, IOP_PACKET, ListEntry);
    if (packet->PacketType == PACKET_BLOCK) {
        *result = *packet;
        ExFreePoolWithTag(packet, IOP_TAG_BUFFER);
        return;
    }
    PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
    result->KeyContext = irp->Tail.CompletionKey;
    result->ApcContext = irp->Overlay.AsynchronousParameters.UserApcContext;
    result->IoStatus = irp->IoStatus;
    IopFreeIrp(irp);
}

void IopDeletePort(PVOID Object)
{
    IOP_PACKET packet;
    PLIST_ENTRY first = KeRundownQueue(Object);
    if (!first)
        return;
    PLIST_ENTRY entry = first;
    do {
        PLIST_ENTRY next = entry->Flink;
        unpack(entry, &packet);
        entry = next;
    } while (entry != first);
}

NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE IoCompletionHandle, ACCESS_MASK DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, ULONG Count)
{
    KPROCESSOR_MODE mode = ExGetPreviousMode();
    PVOID queue;
    HANDLE handle;
    NTSTATUS status =
        mode == UserMode ? KiProbeForWrite(IoCompletionHandle, sizeof(HANDLE), 4) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    status = ObCreateObject(mode, IopCompletionObjectType, ObjectAttributes, mode, NULL, sizeof(KQUEUE), 0, 0,
                            &queue);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeQueue(queue, Count);
    status = ObInsertObject(queue, NULL, DesiredAccess, 0, NULL, &handle);
    if (NT_SUCCESS(status)) {
        NTSTATUS copied = KiCopyToMode(mode, IoCompletionHandle, &handle, sizeof handle);
        if (!NT_SUCCESS(copied)) {
            ObCloseHandle(handle, mode);
            status = copied;
        }
    }
    return status;
}

NTSTATUS NTAPI ZwCreateIoCompletion(PHANDLE IoCompletionHandle, ACCESS_MASK DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, ULONG Count)
{
    KI_ZW(NtCreateIoCompletion(IoCompletionHandle, DesiredAccess, ObjectAttributes, Count));
}

NTSTATUS NTAPI NtSetIoCompletion(HANDLE IoCompletionHandle, PVOID KeyContext, PVOID ApcContext,
                                 NTSTATUS IoStatus, ULONG_PTR IoStatusInformation)
{
    PVOID port;
    NTSTATUS status = ObReferenceObjectByHandle(IoCompletionHandle, IO_COMPLETION_MODIFY_STATE,
                                                IopCompletionObjectType, ExGetPreviousMode(), &port, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = IoSetIoCompletion(port, KeyContext, ApcContext, IoStatus, IoStatusInformation, TRUE);
    ObDereferenceObject(port);
    return status;
}

NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE IoCompletionHandle, PVOID *KeyContext, PVOID *ApcContext,
                                    PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER Timeout)
{
    KPROCESSOR_MODE mode = ExGetPreviousMode();
    LARGE_INTEGER timeout;
    IOP_PACKET packet;
    PVOID port;
    NTSTATUS status = STATUS_SUCCESS;
    if (mode == UserMode) {
        status = KiProbeForWrite(KeyContext, sizeof *KeyContext, 4);
        if (NT_SUCCESS(status))
            status = KiProbeForWrite(ApcContext, sizeof *ApcContext, 4);
        if (NT_SUCCESS(status))
            status = KiProbeForWrite(IoStatusBlock, sizeof *IoStatusBlock, 4);
    }
    if (NT_SUCCESS(status) && Timeout)
        status = KiCopyFromMode(mode, &timeout, Timeout, sizeof timeout);
    if (NT_SUCCESS(status))
        status = ObReferenceObjectByHandle(IoCompletionHandle, IO_COMPLETION_MODIFY_STATE,
                                           IopCompletionObjectType, mode, &port, NULL);
    if (!NT_SUCCESS(status))
        return status;
    PLIST_ENTRY entry = KeRemoveQueue(port, mode, Timeout ? &timeout : NULL);
    LONG_PTR broken = (LONG_PTR)entry;
    if (broken == STATUS_TIMEOUT || broken == STATUS_USER_APC || broken == STATUS_ABANDONED) {
        status = (NTSTATUS)broken; /* small values that no entry's address has */
    } else {
        unpack(entry, &packet);
        status = KiCopyToMode(mode, KeyContext, &packet.KeyContext, sizeof packet.KeyContext);
        if (NT_SUCCESS(status))
            status = KiCopyToMode(mode, ApcContext, &packet.ApcContext, sizeof packet.ApcContext);
        if (NT_SUCCESS(status))
            status = KiCopyToMode(mode, IoStatusBlock, &packet.IoStatus, sizeof packet.IoStatus);
    }
    ObDereferenceObject(port);
    return status;
}

NTSTATUS NTAPI ZwRemoveIoCompletion(HANDLE IoCompletionHandle, PVOID *KeyContext, PVOID *ApcContext,
                                    PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER Timeout)
{
    KI_ZW(NtRemoveIoCompletion(IoCompletionHandle, KeyContext, ApcContext, IoStatusBlock, Timeout));
}
