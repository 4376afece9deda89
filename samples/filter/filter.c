/* SPDX-License-Identifier: MIT */
/*
 * filter.c - a filter above the echo device: it watches every request go down and come back, and changes some.
 *
 *      \\.\Echo  --open-->  I/O manager  -->  filter device (unnamed)  -->  \Device\Echo
 *      \\.\EchoFilter ------------------->  control device (ours: the counts)
 *
 * Three ways to pass a request down appear here:
 *   skip     IoSkipCurrentIrpStackLocation, when the filter does not care what becomes of it;
 *   copy     IoCopyCurrentIrpStackLocationToNext and a completion routine, when it does;
 *   answer   IoCompleteRequest, when the request is for the filter itself.
 *
 * A remove lock counts the requests that are below the filter. Unloading detaches the filter from the stack, so
 * that no new request comes, and waits until the count is zero: only then nobody will call FilterCompletion any more.
 */
#include <ntddk.h>
#include "filterctl.h"

#define FILTER_TAG 'tliF'

/* The filter device and the control device share the dispatch routines; the first word tells them apart. */
typedef enum _FILTER_KIND {
    FilterDevice,
    ControlDevice
} FILTER_KIND;

typedef struct _FILTER_EXTENSION {
    FILTER_KIND Kind;
    PDEVICE_OBJECT Self;

    /* Of the filter device only. */
    PDEVICE_OBJECT Lower;   /* the device below, where requests are sent */
    PDEVICE_OBJECT Control; /* the control device */
    IO_REMOVE_LOCK RemoveLock;
    volatile LONG UpperCase;
    FILTER_COUNTS Counts;   /* each changed with interlocked operations */

    /* Of the control device only. */
    struct _FILTER_EXTENSION *Filter;
} FILTER_EXTENSION, *PFILTER_EXTENSION;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD FilterUnload;
static DRIVER_DISPATCH FilterDispatch;
static DRIVER_DISPATCH FilterDispatchReadWrite;
static IO_COMPLETION_ROUTINE FilterCompletion;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

static VOID Count(ULONG *Counter, ULONG Amount)
{
    InterlockedExchangeAdd((volatile LONG *)Counter, (LONG)Amount);
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/*
 * A read or write comes back. IRQL: up to DISPATCH_LEVEL, in any thread.
 *
 * Returning STATUS_CONTINUE_COMPLETION lets the request go on upwards. IoMarkIrpPending must then be called if the
 * driver below pended the request, because each driver's stack location carries that mark for itself.
 */
static NTSTATUS NTAPI FilterCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    PFILTER_EXTENSION filter = Context;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG bytes = (ULONG)Irp->IoStatus.Information;

    UNREFERENCED_PARAMETER(DeviceObject);
    Count(&filter->Counts.Completed, 1);
    if (!NT_SUCCESS(Irp->IoStatus.Status)) {
        Count(&filter->Counts.Failed, 1);
    } else if (stack->MajorFunction == IRP_MJ_WRITE) {
        Count(&filter->Counts.BytesWritten, bytes);
    } else {
        Count(&filter->Counts.BytesRead, bytes);
        if (filter->UpperCase) {
            PCHAR text = Irp->AssociatedIrp.SystemBuffer;

            for (ULONG i = 0; i < bytes; i++)
                if (text[i] >= 'a' && text[i] <= 'z')
                    text[i] -= 'a' - 'A';
        }
    }
    if (Irp->PendingReturned)
        IoMarkIrpPending(Irp);
    IoReleaseRemoveLock(&filter->RemoveLock, Irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS ControlDispatch(PFILTER_EXTENSION Control, PIRP Irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    PFILTER_EXTENSION filter = Control->Filter;

    switch (stack->MajorFunction) {
    case IRP_MJ_CREATE:
    case IRP_MJ_CLEANUP:
    case IRP_MJ_CLOSE:
        return Complete(Irp, STATUS_SUCCESS, 0);
    case IRP_MJ_DEVICE_CONTROL:
        break;
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_FILTER_COUNTS:
        if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(FILTER_COUNTS))
            return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
        *(FILTER_COUNTS *)Irp->AssociatedIrp.SystemBuffer = filter->Counts;
        return Complete(Irp, STATUS_SUCCESS, sizeof(FILTER_COUNTS));
    case IOCTL_FILTER_UPPERCASE:
        if (stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG))
            return Complete(Irp, STATUS_INVALID_PARAMETER, 0);
        InterlockedExchange(&filter->UpperCase, *(PLONG)Irp->AssociatedIrp.SystemBuffer);
        return Complete(Irp, STATUS_SUCCESS, 0);
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

/* Everything the filter does not look into on its way back: passed down in this very stack location. */
static NTSTATUS NTAPI FilterDispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER_EXTENSION extension = DeviceObject->DeviceExtension;
    PDEVICE_OBJECT lower = extension->Lower;
    NTSTATUS status;

    if (extension->Kind == ControlDevice)
        return ControlDispatch(extension, Irp);

    status = IoAcquireRemoveLock(&extension->RemoveLock, Irp);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    Count(&extension->Counts.Sent, 1);
    IoSkipCurrentIrpStackLocation(Irp);
    status = IoCallDriver(lower, Irp);

    /* Nothing of the filter is in the request any more, so it need not be waited for. Irp is only a tag by now. */
    IoReleaseRemoveLock(&extension->RemoveLock, Irp);
    return status;
}

static NTSTATUS NTAPI FilterDispatchReadWrite(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PFILTER_EXTENSION extension = DeviceObject->DeviceExtension;
    NTSTATUS status;

    if (extension->Kind == ControlDevice)
        return ControlDispatch(extension, Irp);

    status = IoAcquireRemoveLock(&extension->RemoveLock, Irp);
    if (!NT_SUCCESS(status))
        return Complete(Irp, status, 0);
    Count(&extension->Counts.Sent, 1);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, FilterCompletion, extension, TRUE, TRUE, TRUE);
    return IoCallDriver(extension->Lower, Irp);
}

static VOID NTAPI FilterUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\EchoFilter");
    PFILTER_EXTENSION filter = NULL;

    for (PDEVICE_OBJECT device = DriverObject->DeviceObject; device; device = device->NextDevice) {
        PFILTER_EXTENSION extension = device->DeviceExtension;

        if (extension->Kind == FilterDevice)
            filter = extension;
    }
    IoDeleteSymbolicLink(&link);
    IoDetachDevice(filter->Lower);

    /* One hold of our own, given back together with the wait for all the others. */
    if (NT_SUCCESS(IoAcquireRemoveLock(&filter->RemoveLock, DriverObject)))
        IoReleaseRemoveLockAndWait(&filter->RemoveLock, DriverObject);
    DbgPrint("Filter: %u requests passed, %u failed\n", filter->Counts.Sent, filter->Counts.Failed);
    IoDeleteDevice(filter->Control);
    IoDeleteDevice(filter->Self);
}

/* The device that attaches to the stack of \Device\Echo. */
static NTSTATUS CreateFilterDevice(PDRIVER_OBJECT DriverObject, PFILTER_EXTENSION *Filter)
{
    UNICODE_STRING target = RTL_CONSTANT_STRING(L"\\Device\\Echo");
    PFILTER_EXTENSION filter;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    status = IoCreateDevice(DriverObject, sizeof(FILTER_EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    filter = device->DeviceExtension;
    filter->Kind = FilterDevice;
    filter->Self = device;
    IoInitializeRemoveLock(&filter->RemoveLock, FILTER_TAG, 0, 0);

    /* From the moment it is attached the device gets requests, so Lower is stored by the routine that attaches. */
    status = IoAttachDevice(device, &target, &filter->Lower);
    if (!NT_SUCCESS(status)) {
        DbgPrint("Filter: there is no echo device to attach to: load the echo driver first\n");
        IoDeleteDevice(device);
        return status;
    }

    /* The I/O manager looks at the top device of a stack to see how buffers travel: as the device below wants it. */
    device->Flags |= filter->Lower->Flags & (DO_BUFFERED_IO | DO_DIRECT_IO);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    *Filter = filter;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\EchoFilter");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\EchoFilter");
    PFILTER_EXTENSION filter, control;
    PDEVICE_OBJECT device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);

    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        DriverObject->MajorFunction[i] = FilterDispatch;
    DriverObject->MajorFunction[IRP_MJ_READ] = FilterDispatchReadWrite;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = FilterDispatchReadWrite;
    DriverObject->DriverUnload = FilterUnload;

    status = IoCreateDevice(DriverObject, sizeof(FILTER_EXTENSION), &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &device);
    if (!NT_SUCCESS(status))
        return status;
    control = device->DeviceExtension;
    control->Kind = ControlDevice;
    control->Self = device;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        goto delete_control;

    status = CreateFilterDevice(DriverObject, &filter);
    if (!NT_SUCCESS(status))
        goto delete_link;
    filter->Control = device;
    control->Filter = filter;
    DbgPrint("Filter: attached above \\Device\\Echo\n");
    return STATUS_SUCCESS;

delete_link:
    IoDeleteSymbolicLink(&link);
delete_control:
    IoDeleteDevice(device);
    return status;
}
