/* SPDX-License-Identifier: MIT */
/*
 * echo.c - the driver's life: load, open, clean up, close, unload.
 *
 * A driver without Plug and Play makes its device in DriverEntry and deletes it in its unload routine. The I/O
 * manager calls the unload routine only when no handle to the device is open, so that nothing is pending then.
 */
#include "echo.h"

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD EchoUnload;
static DRIVER_DISPATCH EchoCreateClose;
static DRIVER_DISPATCH EchoCleanup;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

NTSTATUS EchoComplete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* IRP_MJ_CREATE and IRP_MJ_CLOSE: every open succeeds, and there is nothing to keep for a file. */
static NTSTATUS NTAPI EchoCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return EchoComplete(Irp, STATUS_SUCCESS, 0);
}

/*
 * IRP_MJ_CLEANUP: the last handle of a file is gone. What it still waits for must be completed now, because the
 * file object goes away (IRP_MJ_CLOSE) only after its last request has.
 */
static NTSTATUS NTAPI EchoCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PECHO_DEVICE device = DeviceObject->DeviceExtension;
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;

    EchoCancelReads(device, file);
    EchoCancelDelays(device, file);
    return EchoComplete(Irp, STATUS_SUCCESS, 0);
}

static VOID NTAPI EchoUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Echo");
    PECHO_DEVICE device = DriverObject->DeviceObject->DeviceExtension;

    IoDeleteSymbolicLink(&link);
    EchoStopDelays(device);
    EchoDiscardMessages(device);
    IoDeleteDevice(device->DeviceObject);
    DbgPrint("Echo: unloaded\n");
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Echo");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Echo");
    PDEVICE_OBJECT deviceObject;
    PECHO_DEVICE device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);

    DriverObject->MajorFunction[IRP_MJ_CREATE] = EchoCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = EchoCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = EchoCleanup;
    DriverObject->MajorFunction[IRP_MJ_READ] = EchoRead;
    DriverObject->MajorFunction[IRP_MJ_WRITE] = EchoWrite;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = EchoDeviceControl;
    DriverObject->DriverUnload = EchoUnload;

    status = IoCreateDevice(DriverObject, sizeof(ECHO_DEVICE), &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &deviceObject);
    if (!NT_SUCCESS(status))
        return status;

    /* The extension is zeroed. DO_BUFFERED_IO says how reads and writes bring their buffer. */
    device = deviceObject->DeviceExtension;
    device->DeviceObject = deviceObject;
    KeInitializeSpinLock(&device->Lock);
    EchoInitializeMessages(device);
    EchoInitializeDelays(device);
    deviceObject->Flags |= DO_BUFFERED_IO;

    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status)) {
        IoDeleteDevice(deviceObject);
        return status;
    }

    /* Devices made in DriverEntry are opened to callers by the I/O manager when DriverEntry has returned. */
    DbgPrint("Echo: loaded\n");
    return STATUS_SUCCESS;
}
