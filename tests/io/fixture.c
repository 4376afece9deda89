/* SPDX-License-Identifier: MIT */
#include "fixture.h"
#include "psp.h"

struct io_fixture io;

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    /* Tests with several threads send at the same time. */
    InterlockedIncrement((volatile LONG *)&io.count[major]);
    ULONG at = (ULONG)InterlockedIncrement((volatile LONG *)&io.logged) - 1;
    if (at < sizeof io.log)
        io.log[at] = major;
    else
        InterlockedDecrement((volatile LONG *)&io.logged);
    if (major == IRP_MJ_CREATE)
        *(PFILE_OBJECT volatile *)&io.file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    if (io.handler[major])
        return io.handler[major](device, irp);
    return io_complete(irp, STATUS_SUCCESS, 0);
}

static NTSTATUS NTAPI driver_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    io.driver = driver;
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    return STATUS_SUCCESS;
}

PDRIVER_OBJECT io_driver(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Driver\\IoTest");
    if (!io.driver)
        CHECK_EQ(IoCreateDriver(&name, driver_entry), STATUS_SUCCESS);
    return io.driver;
}

PDEVICE_OBJECT io_device(PCWSTR name, ULONG flags)
{
    UNICODE_STRING string;
    PDEVICE_OBJECT device;
    if (name)
        RtlInitUnicodeString(&string, name);
    CHECK_EQ(IoCreateDevice(io_driver(), 64, name ? &string : NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device),
             STATUS_SUCCESS);
    device->Flags |= flags;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return device;
}

NTSTATUS io_complete(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

NTSTATUS NTAPI io_pend(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    io.pended = irp;
    return STATUS_PENDING;
}

static VOID NTAPI cancel(PDEVICE_OBJECT device, PIRP irp)
{
    IoReleaseCancelSpinLock(irp->CancelIrql);
    io.pended = NULL;
    io_complete(irp, STATUS_CANCELLED, 0);
}

NTSTATUS NTAPI io_pend_cancelable(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    io.pended = irp;
    IoSetCancelRoutine(irp, cancel);
    if (irp->Cancel && IoSetCancelRoutine(irp, NULL))
        io_complete(irp, STATUS_CANCELLED, 0);
    return STATUS_PENDING;
}

NTSTATUS NTAPI io_echo(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    ULONG in = sp->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = sp->Parameters.DeviceIoControl.OutputBufferLength;
    return io_complete(irp, STATUS_SUCCESS, in < out ? in : out);
}

NTSTATUS io_open(PCWSTR name, ACCESS_MASK access, ULONG options, HANDLE *handle)
{
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    return ZwCreateFile(handle, access, &attributes, &block, NULL, 0, FILE_SHARE_READ | FILE_SHARE_WRITE,
                        FILE_OPEN, options, NULL, 0);
}

HANDLE io_must_open(PCWSTR name, ULONG options)
{
    HANDLE handle = NULL;
    CHECK_EQ(io_open(name, FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE, options, &handle), STATUS_SUCCESS);
    return handle;
}

PVOID io_user_pages(SIZE_T bytes)
{
    PVOID va = NULL;
    CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), bytes, PAGE_READWRITE, &va), STATUS_SUCCESS);
    return va;
}

void io_enter_user(void)
{
    KiThread()->PreviousMode = UserMode;
}

void io_leave_user(void)
{
    KiThread()->PreviousMode = KernelMode;
}
