/* SPDX-License-Identifier: MIT */
/* System threads, created and joined in batches: each waits for an event, so that all of a batch exist at
 * once. */
#include <ntddk.h>
#include "threads.h"

static DRIVER_UNLOAD unload;
static DRIVER_DISPATCH succeed, control;
static PDEVICE_OBJECT device;

static VOID NTAPI wait_for(PVOID event)
{
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

static ULONG batch(PHANDLE handles, ULONG count, NTSTATUS *status)
{
    KEVENT event;
    ULONG made = 0;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    for (; made < count; made++) {
        *status = PsCreateSystemThread(&handles[made], SYNCHRONIZE, NULL, NULL, NULL, wait_for, &event);
        if (!NT_SUCCESS(*status))
            break;
    }
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    for (ULONG i = 0; i < made; i++) {
        ZwWaitForSingleObject(handles[i], FALSE, NULL);
        ZwClose(handles[i]);
    }
    return made;
}

static NTSTATUS NTAPI control(PDEVICE_OBJECT target, PIRP irp)
{
    THREADS_REQUEST request = *(THREADS_REQUEST *)irp->AssociatedIrp.SystemBuffer;
    THREADS_RESULT *result = irp->AssociatedIrp.SystemBuffer;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG created = 0;
    UNREFERENCED_PARAMETER(target);
    PHANDLE handles = ExAllocatePool2(POOL_FLAG_NON_PAGED, request.alive * sizeof(HANDLE), 'hcnB');
    while (handles && NT_SUCCESS(status) && created < request.count) {
        ULONG left = request.count - created;
        created += batch(handles, left < request.alive ? left : request.alive, &status);
    }
    if (handles)
        ExFreePoolWithTag(handles, 'hcnB');
    result->created = created;
    result->status = status;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = sizeof *result;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static NTSTATUS NTAPI succeed(PDEVICE_OBJECT target, PIRP irp)
{
    UNREFERENCED_PARAMETER(target);
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
    IoDeleteDevice(device);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\BenchThreads");
    UNREFERENCED_PARAMETER(path);
    driver->DriverUnload = unload;
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_CLOSE] = succeed;
    driver->MajorFunction[IRP_MJ_CLEANUP] = succeed;
    driver->MajorFunction[IRP_MJ_DEVICE_CONTROL] = control;
    return IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}
