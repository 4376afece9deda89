/* SPDX-License-Identifier: MIT */
/*
 * control.c - device control requests: the four ways a buffer reaches a driver.
 *
 *   METHOD_BUFFERED    One buffer of the I/O manager holds the input, and then the output.
 *   METHOD_OUT_DIRECT  The input is in such a buffer; the output buffer is locked in memory and described by an MDL.
 *   METHOD_IN_DIRECT   The same, for a second buffer that the driver reads.
 *   METHOD_NEITHER     The driver gets the caller's addresses as they are, and must trust neither them nor what they
 *                      point to. They mean something only in the caller's context, which a driver at the top of its
 *                      stack is called in.
 */
#include "echo.h"

/* gcc has no __try; without it a driver must not touch a caller's address. */
#if defined(__clang__) || defined(_MSC_VER)
#define ECHO_HAS_SEH 1
#endif

static NTSTATUS EchoBuffered(PIRP Irp, ULONG InputLength, ULONG OutputLength)
{
    ULONG count = InputLength < OutputLength ? InputLength : OutputLength;

    /* Input and output are the same memory, so the echo is there already. */
    return EchoComplete(Irp, STATUS_SUCCESS, count);
}

static NTSTATUS EchoDirect(PIRP Irp, ULONG InputLength, ULONG OutputLength)
{
    ULONG count = InputLength < OutputLength ? InputLength : OutputLength;
    PVOID output;

    if (count == 0)
        return EchoComplete(Irp, STATUS_SUCCESS, 0); /* there is no MDL for an empty buffer */
    output = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (!output)
        return EchoComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    RtlCopyMemory(output, Irp->AssociatedIrp.SystemBuffer, count);
    return EchoComplete(Irp, STATUS_SUCCESS, count);
}

static NTSTATUS EchoSendDirect(PECHO_DEVICE Device, PIRP Irp, ULONG Length)
{
    PVOID data = "";
    NTSTATUS status;

    if (Length) {
        data = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
        if (!data)
            return EchoComplete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    status = EchoSend(Device, data, Length);
    return EchoComplete(Irp, status, NT_SUCCESS(status) ? Length : 0);
}

static NTSTATUS EchoNeither(PIRP Irp, PVOID Input, ULONG InputLength, ULONG OutputLength)
{
#ifdef ECHO_HAS_SEH
    ULONG count = InputLength < OutputLength ? InputLength : OutputLength;
    NTSTATUS status = STATUS_SUCCESS;

    __try {
        /* Both ranges must lie in user space; whether they can be touched is found out by touching them. */
        if (Irp->RequestorMode != KernelMode) {
            ProbeForRead(Input, InputLength, sizeof(UCHAR));
            ProbeForWrite(Irp->UserBuffer, OutputLength, sizeof(UCHAR));
        }
        RtlMoveMemory(Irp->UserBuffer, Input, count);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    return EchoComplete(Irp, status, NT_SUCCESS(status) ? count : 0);
#else
    UNREFERENCED_PARAMETER(Input);
    UNREFERENCED_PARAMETER(InputLength);
    UNREFERENCED_PARAMETER(OutputLength);
    return EchoComplete(Irp, STATUS_NOT_SUPPORTED, 0);
#endif
}

static NTSTATUS EchoStatistics(PECHO_DEVICE Device, PIRP Irp, ULONG OutputLength)
{
    KIRQL irql;

    if (OutputLength < sizeof(ECHO_STATISTICS))
        return EchoComplete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    KeAcquireSpinLock(&Device->Lock, &irql);
    *(ECHO_STATISTICS *)Irp->AssociatedIrp.SystemBuffer = Device->Statistics;
    KeReleaseSpinLock(&Device->Lock, irql);
    return EchoComplete(Irp, STATUS_SUCCESS, sizeof(ECHO_STATISTICS));
}

NTSTATUS NTAPI EchoDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PECHO_DEVICE device = DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG inputLength = stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG outputLength = stack->Parameters.DeviceIoControl.OutputBufferLength;

    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_ECHO_BUFFERED:
        return EchoBuffered(Irp, inputLength, outputLength);
    case IOCTL_ECHO_DIRECT:
        return EchoDirect(Irp, inputLength, outputLength);
    case IOCTL_ECHO_SEND:
        return EchoSendDirect(device, Irp, outputLength);
    case IOCTL_ECHO_NEITHER:
        return EchoNeither(Irp, stack->Parameters.DeviceIoControl.Type3InputBuffer, inputLength, outputLength);
    case IOCTL_ECHO_DELAYED:
        return EchoDelay(device, Irp);
    case IOCTL_ECHO_WORKER:
        return EchoWork(device, Irp);
    case IOCTL_ECHO_STATISTICS:
        return EchoStatistics(device, Irp, outputLength);
    default:
        return EchoComplete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    }
}
