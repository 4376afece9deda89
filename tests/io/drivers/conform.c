/* SPDX-License-Identifier: MIT */
/*
 * The I/O manager as a driver image sees it: DriverEntry builds a stack of two devices and sends requests
 * through it. A fact that does not hold makes it return 0xE0000000 + the line.
 *
 * The upper device then goes again, because a driver with something attached to its devices is not unloaded.
 */
#include <ntddk.h>

#define MUST(fact)                                                                                           \
    do {                                                                                                     \
        if (!(fact))                                                                                         \
            return (NTSTATUS)(0xE0000000u + __LINE__);                                                       \
    } while (0)

#define IOCTL_SUM   CTL_CODE(FILE_DEVICE_UNKNOWN, 0x900, METHOD_BUFFERED, FILE_ANY_ACCESS)
#define IOCTL_LATER CTL_CODE(FILE_DEVICE_UNKNOWN, 0x901, METHOD_BUFFERED, FILE_ANY_ACCESS)

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower; /* NULL: this is the lowest */
    ULONG Completions;
    KTIMER Timer;
    KDPC Dpc;
    PIRP Waiting;
} EXTENSION, *PEXTENSION;

static PDEVICE_OBJECT bottom, top;

static NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static VOID NTAPI later(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PEXTENSION extension = context;
    PIRP irp = extension->Waiting;

    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    *(PULONG)irp->AssociatedIrp.SystemBuffer = KeGetCurrentIrql();
    finish(irp, STATUS_SUCCESS, sizeof(ULONG));
}

static NTSTATUS control(PEXTENSION extension, PIRP irp)
{
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PULONG numbers = irp->AssociatedIrp.SystemBuffer;
    LARGE_INTEGER due = {.QuadPart = -10000};
    ULONG sum = 0;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_SUM:
        for (ULONG i = 0; i < stack->Parameters.DeviceIoControl.InputBufferLength / sizeof(ULONG); i++)
            sum += numbers[i];
        if (stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof sum)
            return finish(irp, STATUS_BUFFER_TOO_SMALL, 0);
        numbers[0] = sum;
        return finish(irp, STATUS_SUCCESS, sizeof sum);
    case IOCTL_LATER:
        extension->Waiting = irp;
        IoMarkIrpPending(irp);
        KeSetTimer(&extension->Timer, due, &extension->Dpc);
        return STATUS_PENDING;
    default:
        return finish(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}

static NTSTATUS NTAPI completed(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    PEXTENSION extension = context;

    UNREFERENCED_PARAMETER(device);
    extension->Completions++;
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PEXTENSION extension = device->DeviceExtension;
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;

    if (extension->Lower) {
        IoCopyCurrentIrpStackLocationToNext(irp);
        IoSetCompletionRoutine(irp, completed, extension, TRUE, TRUE, TRUE);
        return IoCallDriver(extension->Lower, irp);
    }
    if (major == IRP_MJ_DEVICE_CONTROL)
        return control(extension, irp);
    return finish(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS send(ULONG code, PVOID in, ULONG in_bytes, PVOID out, ULONG out_bytes, PIO_STATUS_BLOCK block)
{
    KEVENT event;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(code, top, in, in_bytes, out, out_bytes, FALSE, &event, block);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = IoCallDriver(top, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = block->Status;
    }
    return status;
}

static NTSTATUS check(VOID)
{
    PEXTENSION filter = top->DeviceExtension;
    ULONG numbers[4] = {1, 2, 3, 4}, result = 0;
    IO_STATUS_BLOCK block = {0};

    MUST(top->StackSize == 2 && bottom->StackSize == 1);
    MUST(IoGetAttachedDeviceReference(bottom) == top);
    ObDereferenceObject(top);
    MUST(send(IOCTL_SUM, numbers, sizeof numbers, &result, sizeof result, &block) == STATUS_SUCCESS);
    MUST(result == 10 && block.Information == sizeof result);
    MUST(filter->Completions == 1);
    MUST(send(IOCTL_SUM, numbers, sizeof numbers, &result, 1, &block) == STATUS_BUFFER_TOO_SMALL);
    MUST(filter->Completions == 2);
    MUST(send(IOCTL_LATER, NULL, 0, &result, sizeof result, &block) == STATUS_SUCCESS);
    MUST(result == DISPATCH_LEVEL && block.Information == sizeof result);
    MUST(filter->Completions == 3);
    MUST(send(0x222fff, NULL, 0, NULL, 0, &block) == STATUS_INVALID_DEVICE_REQUEST);
    MUST(KeGetCurrentIrql() == PASSIVE_LEVEL);
    return STATUS_SUCCESS;
}

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
    IoDeleteDevice(bottom);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\IoConform");
    UNICODE_STRING key = RTL_CONSTANT_STRING(L"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\");
    NTSTATUS status;
    PEXTENSION extension;

    MUST(RtlPrefixUnicodeString(&key, path, TRUE));
    MUST(driver->DriverInit == (PDRIVER_INITIALIZE)DriverEntry);
    MUST((ULONG_PTR)DriverEntry - (ULONG_PTR)driver->DriverStart < driver->DriverSize);
    MUST(driver->DriverSection != NULL && driver->DriverExtension->DriverObject == driver);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    driver->DriverUnload = unload;
    status = IoCreateDevice(driver, sizeof(EXTENSION), &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &bottom);
    if (!NT_SUCCESS(status))
        return status;
    extension = bottom->DeviceExtension;
    KeInitializeTimer(&extension->Timer);
    KeInitializeDpc(&extension->Dpc, later, extension);
    status = IoCreateDevice(driver, sizeof(EXTENSION), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &top);
    if (NT_SUCCESS(status)) {
        extension = top->DeviceExtension;
        extension->Lower = bottom;
        bottom->Flags &= ~DO_DEVICE_INITIALIZING; /* a device that is being made accepts no filter */
        status = IoAttachDeviceToDeviceStack(top, bottom) == bottom ? check() : (NTSTATUS)0xE0000000u;
        if (bottom->AttachedDevice)
            IoDetachDevice(bottom);
        IoDeleteDevice(top);
    }
    if (!NT_SUCCESS(status))
        IoDeleteDevice(bottom);
    return status;
}
