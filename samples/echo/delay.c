/* SPDX-License-Identifier: MIT */
/*
 * delay.c - requests completed later: by the DPC of a timer, or by a work item.
 *
 * Delayed requests wait in a cancel-safe queue, sorted by the time they are due, which is kept in the IRP itself
 * (DriverContext[0]; [3] belongs to the queue). One timer is set for the first of them. Its DPC completes whatever is
 * due and sets the timer again.
 *
 * Setting the timer is done under the lock, after looking at the head of the list: so the last one to set it always
 * looked last, and the timer is never later than the first request.
 */
#include "echo.h"

#define TICKS_PER_MILLISECOND 10000 /* of 100 ns */
#define MAX_DELAY_MILLISECONDS 3600000

static ECHO_DEVICE *DeviceOfDelays(PIO_CSQ Csq)
{
    return CONTAINING_RECORD(Csq, ECHO_DEVICE, DelayQueue);
}

static LONGLONG *DueTime(PIRP Irp)
{
    return (LONGLONG *)&Irp->Tail.Overlay.DriverContext[0];
}

static LONGLONG Now(VOID)
{
    /* Interrupt time runs steadily; system time jumps when the clock is set. */
    return (LONGLONG)KeQueryInterruptTime();
}

static VOID NTAPI DelayInsert(PIO_CSQ Csq, PIRP Irp)
{
    PLIST_ENTRY head = &DeviceOfDelays(Csq)->Delays;
    PLIST_ENTRY entry = head->Blink;

    /* Behind every request that is due no later, so that equal delays keep their order. */
    while (entry != head && *DueTime(CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry)) > *DueTime(Irp))
        entry = entry->Blink;
    InsertHeadList(entry, &Irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI DelayRemove(PIO_CSQ Csq, PIRP Irp)
{
    UNREFERENCED_PARAMETER(Csq);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI DelayPeek(PIO_CSQ Csq, PIRP Irp, PVOID PeekContext)
{
    PECHO_DEVICE device = DeviceOfDelays(Csq);
    PECHO_MATCH match = PeekContext;
    PLIST_ENTRY entry = Irp ? Irp->Tail.Overlay.ListEntry.Flink : device->Delays.Flink;

    for (; entry != &device->Delays; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);

        if (match->FileObject ? match->FileObject == IoGetCurrentIrpStackLocation(next)->FileObject
                              : *DueTime(next) <= match->DueBy)
            return next;
    }
    return NULL;
}

static VOID NTAPI DelayLock(PIO_CSQ Csq, PKIRQL Irql)
{
    KeAcquireSpinLock(&DeviceOfDelays(Csq)->Lock, Irql);
}

static VOID NTAPI DelayUnlock(PIO_CSQ Csq, KIRQL Irql)
{
    KeReleaseSpinLock(&DeviceOfDelays(Csq)->Lock, Irql);
}

static VOID NTAPI DelayCancelled(PIO_CSQ Csq, PIRP Irp)
{
    InterlockedIncrement((volatile LONG *)&DeviceOfDelays(Csq)->Statistics.RequestsCancelled);
    EchoComplete(Irp, STATUS_CANCELLED, 0);
}

/* Set the timer for the first request, if there is one. */
static VOID ArmTimer(PECHO_DEVICE Device)
{
    KIRQL irql;

    KeAcquireSpinLock(&Device->Lock, &irql);
    if (!IsListEmpty(&Device->Delays)) {
        PIRP first = CONTAINING_RECORD(Device->Delays.Flink, IRP, Tail.Overlay.ListEntry);
        LONGLONG wait = *DueTime(first) - Now();

        if (wait <= 0) {
            KeInsertQueueDpc(&Device->TimerDpc, NULL, NULL);
        } else {
            LARGE_INTEGER due;

            due.QuadPart = -wait; /* negative: from now */
            KeSetTimer(&Device->Timer, due, &Device->TimerDpc);
        }
    }
    KeReleaseSpinLock(&Device->Lock, irql);
}

/* Give a delayed request its data back: everything behind the delay. */
static VOID FinishDelay(PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG count = stack->Parameters.DeviceIoControl.InputBufferLength - sizeof(ULONG);
    PUCHAR buffer = Irp->AssociatedIrp.SystemBuffer;

    if (count > stack->Parameters.DeviceIoControl.OutputBufferLength)
        count = stack->Parameters.DeviceIoControl.OutputBufferLength;
    RtlMoveMemory(buffer, buffer + sizeof(ULONG), count);
    EchoComplete(Irp, STATUS_SUCCESS, count);
}

/* The DPC of the timer. IRQL: DISPATCH_LEVEL. */
static VOID NTAPI DelayExpired(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PECHO_DEVICE device = Context;
    ECHO_MATCH match = {NULL, 0};
    PIRP irp;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    match.DueBy = Now();
    while ((irp = IoCsqRemoveNextIrp(&device->DelayQueue, &match)) != NULL)
        FinishDelay(irp);
    ArmTimer(device);
}

VOID EchoInitializeDelays(PECHO_DEVICE Device)
{
    InitializeListHead(&Device->Delays);
    IoCsqInitialize(&Device->DelayQueue, DelayInsert, DelayRemove, DelayPeek, DelayLock, DelayUnlock, DelayCancelled);
    KeInitializeTimer(&Device->Timer);
    KeInitializeDpc(&Device->TimerDpc, DelayExpired, Device);
}

/* Before the driver goes away: neither the timer nor its DPC may run afterwards. */
VOID EchoStopDelays(PECHO_DEVICE Device)
{
    KeCancelTimer(&Device->Timer);
    KeFlushQueuedDpcs();
}

VOID EchoCancelDelays(PECHO_DEVICE Device, PFILE_OBJECT FileObject)
{
    ECHO_MATCH match = {FileObject, 0};
    PIRP irp;

    while ((irp = IoCsqRemoveNextIrp(&Device->DelayQueue, &match)) != NULL)
        EchoComplete(irp, STATUS_CANCELLED, 0);
}

NTSTATUS EchoDelay(PECHO_DEVICE Device, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG milliseconds;

    if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG))
        return EchoComplete(Irp, STATUS_INVALID_PARAMETER, 0);
    milliseconds = *(PULONG)Irp->AssociatedIrp.SystemBuffer;
    if (milliseconds > MAX_DELAY_MILLISECONDS)
        return EchoComplete(Irp, STATUS_INVALID_PARAMETER, 0);

    *DueTime(Irp) = Now() + (LONGLONG)milliseconds * TICKS_PER_MILLISECOND;
    IoMarkIrpPending(Irp);
    IoCsqInsertIrp(&Device->DelayQueue, Irp, NULL); /* the request may be gone after this */
    ArmTimer(Device);
    return STATUS_PENDING;
}

/* A work item's routine. IRQL: PASSIVE_LEVEL, in a system worker thread. */
static VOID NTAPI WorkRoutine(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PIRP irp = Context;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ULONG input = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG output = stack->Parameters.DeviceIoControl.OutputBufferLength;
    PIO_WORKITEM item = irp->Tail.Overlay.DriverContext[0];

    UNREFERENCED_PARAMETER(DeviceObject);
    IoFreeWorkItem(item);
    EchoComplete(irp, STATUS_SUCCESS, input < output ? input : output);
}

NTSTATUS EchoWork(PECHO_DEVICE Device, PIRP Irp)
{
    PIO_WORKITEM item = IoAllocateWorkItem(Device->DeviceObject);

    if (!item)
        return EchoComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    Irp->Tail.Overlay.DriverContext[0] = item;
    IoMarkIrpPending(Irp);
    IoQueueWorkItem(item, WorkRoutine, DelayedWorkQueue, Irp);
    return STATUS_PENDING;
}
