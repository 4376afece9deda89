/* SPDX-License-Identifier: MIT */
/*
 * message.c - read and write.
 *
 * A write leaves a message, a read takes the oldest one. A read that finds none waits in a cancel-safe queue.
 *
 * The race to look at: a reader finds no message, a writer finds no reader, then both go to sleep. It is closed by
 * making both decisions under one lock. The writer adds its message only while no read waits (EchoSend); the read
 * enters the queue only while no message waits (ReadInsert, which the queue calls with the lock held).
 */
#include "echo.h"

static ECHO_DEVICE *DeviceOfReads(PIO_CSQ Csq)
{
    return CONTAINING_RECORD(Csq, ECHO_DEVICE, ReadQueue);
}

static NTSTATUS NTAPI ReadInsert(PIO_CSQ Csq, PIRP Irp, PVOID InsertContext)
{
    PECHO_DEVICE device = DeviceOfReads(Csq);

    UNREFERENCED_PARAMETER(InsertContext);
    if (!IsListEmpty(&device->Messages))
        return STATUS_UNSUCCESSFUL;
    InsertTailList(&device->Reads, &Irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

static VOID NTAPI ReadRemove(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

/* The next read after Irp (the first for NULL), of one file if PeekContext says so. */
static PIRP NTAPI ReadPeek(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PECHO_DEVICE device = DeviceOfReads(Csq);
    PECHO_MATCH match = PeekContext;
    PLIST_ENTRY entry = Irp ? Irp->Tail.Overlay.ListEntry.Flink : device->Reads.Flink;

    for (; entry != &device->Reads; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (!match || match->FileObject == IoGetCurrentIrpStackLocation(next)->FileObject)
            return next;
    }
    return NULL;
}

static VOID NTAPI ReadLock(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&DeviceOfReads(Csq)->Lock, Irql);
}

static VOID NTAPI ReadUnlock(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&DeviceOfReads(Csq)->Lock, Irql);
}

/* A read was cancelled while it waited. The queue has let go of it; nobody else has it. */
static VOID NTAPI ReadCancelled(PIO_CSQ Csq, PIRP Irp)
{
    InterlockedIncrement((volatile LONG *)&DeviceOfReads(Csq)->Statistics.RequestsCancelled);
    EchoComplete(Irp, STATUS_CANCELLED, 0);
}

VOID EchoInitializeMessages(PECHO_DEVICE Device)
{
    InitializeListHead(&Device->Messages);
    InitializeListHead(&Device->Reads);
    IoCsqInitializeEx(&Device->ReadQueue, ReadInsert, ReadRemove, ReadPeek, ReadLock, ReadUnlock, ReadCancelled);
}

static PECHO_MESSAGE AllocateMessage(const VOID *Data, ULONG Length)
{
    SIZE_T size = FIELD_OFFSET(ECHO_MESSAGE, Data) + Length;
#ifdef __MINGW32__
    /* The DDK headers of mingw-w64 are older than ExAllocatePool2. */
    PECHO_MESSAGE message = ExAllocatePoolWithTag(NonPagedPoolNx, size, ECHO_TAG);
#else
    PECHO_MESSAGE message = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, ECHO_TAG);
#endif

    if (message) {
        message->Length = Length;
        RtlCopyMemory(message->Data, Data, Length);
    }
    return message;
}

static PECHO_MESSAGE TakeMessage(PECHO_DEVICE Device)
{
    PECHO_MESSAGE message = NULL;
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    if (!IsListEmpty(&Device->Messages)) {
        message = CONTAINING_RECORD(RemoveHeadList(&Device->Messages), ECHO_MESSAGE, Link);
        Device->Statistics.MessagesWaiting--;
        Device->Statistics.MessagesRead++;
    }
    KeReleaseSpinLock(&Device->Lock, irql);
    return message;
}

VOID EchoDiscardMessages(PECHO_DEVICE Device)
{
    PECHO_MESSAGE message;

    while ((message = TakeMessage(Device)) != NULL)
        ExFreePoolWithTag(message, ECHO_TAG);
}

VOID EchoCancelReads(PECHO_DEVICE Device, PFILE_OBJECT FileObject)
{
    ECHO_MATCH match = {FileObject, 0};
    PIRP irp;

    while ((irp = IoCsqRemoveNextIrp(&Device->ReadQueue, &match)) != NULL)
        EchoComplete(irp, STATUS_CANCELLED, 0);
}

/* Answer a read with as much of a message as it has room for. */
static NTSTATUS Deliver(PIRP Irp, const VOID *Data, ULONG Length)
{
    ULONG room = IoGetCurrentIrpStackLocation(Irp)->Parameters.Read.Length;
    ULONG count = Length < room ? Length : room;

    /* DO_BUFFERED_IO: this is a buffer of the I/O manager, which copies it to the reader at completion. */
    RtlCopyMemory(Irp->AssociatedIrp.SystemBuffer, Data, count);
    return EchoComplete(Irp, STATUS_SUCCESS, count);
}

/* Hand a message to the read that has waited longest, or keep it for the next one. */
NTSTATUS EchoSend(PECHO_DEVICE Device, const VOID *Data, ULONG Length)
{
    PECHO_MESSAGE message = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN kept = FALSE;
    KIRQL irql;

    if (Length > ECHO_MAX_MESSAGE)
        return STATUS_INVALID_BUFFER_SIZE;

    while (!kept && NT_SUCCESS(status)) {
        PIRP read = IoCsqRemoveNextIrp(&Device->ReadQueue, NULL);

        if (read) {
            InterlockedIncrement((volatile LONG *)&Device->Statistics.MessagesWritten);
            InterlockedIncrement((volatile LONG *)&Device->Statistics.MessagesRead);
            Deliver(read, Data, Length);
            break;
        }
        if (!message && (message = AllocateMessage(Data, Length)) == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;

        /* A read may have come in the meantime: then go round again, and give it the message. */
        KeAcquireSpinLock(&Device->Lock, &irql);
        if (Device->Statistics.MessagesWaiting >= ECHO_MAX_WAITING) {
            status = STATUS_DEVICE_BUSY;
        } else if (IsListEmpty(&Device->Reads)) {
            InsertTailList(&Device->Messages, &message->Link);
            Device->Statistics.MessagesWaiting++;
            Device->Statistics.MessagesWritten++;
            kept = TRUE;
        }
        KeReleaseSpinLock(&Device->Lock, irql);
    }
    if (message && !kept)
        ExFreePoolWithTag(message, ECHO_TAG);
    return status;
}

NTSTATUS NTAPI EchoWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(Irp)->Parameters.Write.Length;
    NTSTATUS status = EchoSend(DeviceObject->DeviceExtension, Irp->AssociatedIrp.SystemBuffer, length);

    return EchoComplete(Irp, status, NT_SUCCESS(status) ? length : 0);
}

NTSTATUS NTAPI EchoRead(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PECHO_DEVICE device = DeviceObject->DeviceExtension;
    PECHO_MESSAGE message = TakeMessage(device);
    NTSTATUS status;

    if (message) {
        status = Deliver(Irp, message->Data, message->Length);
        ExFreePoolWithTag(message, ECHO_TAG);
        return status;
    }

    /*
     * From here on the answer is STATUS_PENDING, even if the request is completed before this routine returns:
     * once it is in the queue, it may be completed, and gone, at any moment.
     */
    IoMarkIrpPending(Irp);
    while (!NT_SUCCESS(IoCsqInsertIrpEx(&device->ReadQueue, Irp, NULL, NULL))) {
        /* The queue refused it because a message had come. Another reader may have been faster, though. */
        if ((message = TakeMessage(device)) != NULL) {
            Deliver(Irp, message->Data, message->Length);
            ExFreePoolWithTag(message, ECHO_TAG);
            break;
        }
    }
    return STATUS_PENDING;
}
