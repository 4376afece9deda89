/* SPDX-License-Identifier: MIT */
/*
 * build.c: requests that drivers make for other drivers.
 *
 * IoBuildDeviceIoControlRequest and IoBuildSynchronousFsdRequest make IRPs of the current thread: they are in
 * its IRP list, cancelled when it ends, finished and freed by the I/O manager (IopFinishRequest, without a
 * file object). IoBuildAsynchronousFsdRequest makes one of no thread's list, which its maker frees in a
 * completion routine, together with the buffer or MDL made here. RequestorMode is KernelMode.
 */
#include "iomgr.h"

typedef struct _IOP_LOCK_PAGES {
    PMDL mdl;
    KPROCESSOR_MODE mode;
    LOCK_OPERATION operation;
} IOP_LOCK_PAGES;

static void lock_pages(void *context)
{
    IOP_LOCK_PAGES *lock = context;
    MmProbeAndLockPages(lock->mdl, lock->mode, lock->operation);
}

NTSTATUS IopLockBuffer(PIRP Irp, PVOID Buffer, ULONG Length, KPROCESSOR_MODE Mode, LOCK_OPERATION Operation)
{
    PMDL mdl = IoAllocateMdl(Buffer, Length, FALSE, FALSE, NULL);
    if (!mdl)
        return STATUS_INSUFFICIENT_RESOURCES;
    IOP_LOCK_PAGES lock = {mdl, Mode, Operation};
    NTSTATUS status = KeTryCall(lock_pages, &lock);
    if (!NT_SUCCESS(status)) {
        IoFreeMdl(mdl);
        return status;
    }
    Irp->MdlAddress = mdl;
    return STATUS_SUCCESS;
}

/* Buffers of a read or write as the device wants them. */
static NTSTATUS set_transfer(PIRP irp, ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length)
{
    if (!buffer || length == 0) {
        irp->UserBuffer = buffer;
        return STATUS_SUCCESS;
    }
    if (device->Flags & DO_BUFFERED_IO) {
        PVOID system = MiAllocatePool(NonPagedPoolNx, length, IOP_TAG_BUFFER, FALSE, NULL);
        if (!system)
            return STATUS_INSUFFICIENT_RESOURCES;
        irp->AssociatedIrp.SystemBuffer = system;
        irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
        irp->UserBuffer = buffer;
        if (major == IRP_MJ_WRITE)
            RtlCopyMemory(system, buffer, length);
        else
            irp->Flags |= IRP_INPUT_OPERATION;
        return STATUS_SUCCESS;
    }
    if (device->Flags & DO_DIRECT_IO)
        return IopLockBuffer(irp, buffer, length, KernelMode,
                             major == IRP_MJ_WRITE ? IoReadAccess : IoWriteAccess);
    irp->UserBuffer = buffer;
    return STATUS_SUCCESS;
}

static PIRP build_fsd(ULONG major, PDEVICE_OBJECT device, PVOID buffer, ULONG length, PLARGE_INTEGER offset,
                      PIO_STATUS_BLOCK block, BOOLEAN asynchronous, PVOID caller)
{
    PIRP irp = IopAllocateIrp(device->StackSize, asynchronous ? caller : NULL);
    if (!irp)
        return NULL;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    irp->Tail.Overlay.Thread = PspCurrentThread();
    irp->UserIosb = block;
    irp->RequestorMode = KernelMode;
    sp->MajorFunction = (UCHAR)major;
    if (major == IRP_MJ_READ || major == IRP_MJ_WRITE) {
        NTSTATUS status = set_transfer(irp, major, device, buffer, length);
        if (status != STATUS_SUCCESS) {
            if (IopChecked && status != STATUS_INSUFFICIENT_RESOURCES)
                IopViolation(0x08, (ULONG_PTR)device, major, (ULONG)status, caller,
                             "IoBuildAsynchronousFsdRequest or IoBuildSynchronousFsdRequest was given an "
                             "invalid buffer.");
            IopAbandonIrp(irp);
            return NULL;
        }
        sp->Parameters.Read.Length = length;
        if (offset)
            sp->Parameters.Read.ByteOffset = *offset;
    }
    return irp;
}

PIRP NTAPI IoBuildAsynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                         ULONG Length, PLARGE_INTEGER StartingOffset,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return build_fsd(MajorFunction, DeviceObject, Buffer, Length, StartingOffset, IoStatusBlock, TRUE,
                     __builtin_return_address(0));
}

PIRP NTAPI IoBuildSynchronousFsdRequest(ULONG MajorFunction, PDEVICE_OBJECT DeviceObject, PVOID Buffer,
                                        ULONG Length, PLARGE_INTEGER StartingOffset, PKEVENT Event,
                                        PIO_STATUS_BLOCK IoStatusBlock)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    PIRP irp = build_fsd(MajorFunction, DeviceObject, Buffer, Length, StartingOffset, IoStatusBlock, FALSE,
                         __builtin_return_address(0));
    if (irp) {
        irp->UserEvent = Event;
        IopQueueIrpToThread(irp, irp->Tail.Overlay.Thread);
    }
    return irp;
}

/* Buffers of a device control by the method in its code; as NtDeviceIoControlFile, but all of it is kernel
 * memory. */
static NTSTATUS set_control_buffers(PIRP irp, PIO_STACK_LOCATION sp, ULONG code, PVOID input,
                                    ULONG input_length, PVOID output, ULONG output_length)
{
    ULONG method = METHOD_FROM_CTL_CODE(code);
    if (method == METHOD_NEITHER) {
        irp->UserBuffer = output;
        sp->Parameters.DeviceIoControl.Type3InputBuffer = input;
        return STATUS_SUCCESS;
    }
    ULONG bytes = input ? input_length : 0;
    if (method == METHOD_BUFFERED && output && output_length > bytes)
        bytes = output_length;
    if (bytes) {
        PVOID system = MiAllocatePool(NonPagedPoolNx, bytes, IOP_TAG_BUFFER, FALSE, NULL);
        if (!system)
            return STATUS_INSUFFICIENT_RESOURCES;
        irp->AssociatedIrp.SystemBuffer = system;
        irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
        if (input && input_length)
            RtlCopyMemory(system, input, input_length);
    }
    if (method == METHOD_BUFFERED) {
        irp->UserBuffer = output;
        if (output && bytes)
            irp->Flags |= IRP_INPUT_OPERATION;
        return STATUS_SUCCESS;
    }
    if (output && output_length)
        return IopLockBuffer(irp, output, output_length, KernelMode,
                             method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
    return STATUS_SUCCESS;
}

PIRP NTAPI IoBuildDeviceIoControlRequest(ULONG IoControlCode, PDEVICE_OBJECT DeviceObject, PVOID InputBuffer,
                                         ULONG InputBufferLength, PVOID OutputBuffer,
                                         ULONG OutputBufferLength, BOOLEAN InternalDeviceIoControl,
                                         PKEVENT Event, PIO_STATUS_BLOCK IoStatusBlock)
{
    PVOID caller = __builtin_return_address(0);
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    PIRP irp = IopAllocateIrp(DeviceObject->StackSize, NULL);
    if (!irp)
        return NULL;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = InternalDeviceIoControl ? IRP_MJ_INTERNAL_DEVICE_CONTROL : IRP_MJ_DEVICE_CONTROL;
    sp->Parameters.DeviceIoControl.OutputBufferLength = OutputBufferLength;
    sp->Parameters.DeviceIoControl.InputBufferLength = InputBufferLength;
    sp->Parameters.DeviceIoControl.IoControlCode = IoControlCode;
    irp->RequestorMode = KernelMode;
    irp->UserIosb = IoStatusBlock;
    irp->UserEvent = Event;
    irp->Tail.Overlay.Thread = PspCurrentThread();
    NTSTATUS status = set_control_buffers(irp, sp, IoControlCode, InputBuffer, InputBufferLength,
                                          OutputBuffer, OutputBufferLength);
    if (status != STATUS_SUCCESS) {
        if (IopChecked && status != STATUS_INSUFFICIENT_RESOURCES)
            IopViolation(0x09, (ULONG_PTR)DeviceObject, IoControlCode, (ULONG)status, caller,
                         "IoBuildDeviceIoControlRequest was given an invalid buffer.");
        IopAbandonIrp(irp);
        return NULL;
    }
    IopQueueIrpToThread(irp, irp->Tail.Overlay.Thread);
    return irp;
}

/* ---------------------------------------------------------------- forwarding and waiting */

static NTSTATUS NTAPI forwarded(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    if (irp->PendingReturned)
        KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KEVENT event;
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Irp->CurrentLocation <= 1)
        return FALSE;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, forwarded, &event, TRUE, TRUE, TRUE);
    if (IofCallDriver(DeviceObject, Irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    return TRUE;
}

BOOLEAN NTAPI IoForwardAndCatchIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return IoForwardIrpSynchronously(DeviceObject, Irp);
}

/* ---------------------------------------------------------------- whose request is it */

PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp)
{
    PETHREAD thread = Irp->Tail.Overlay.Thread;
    return thread ? thread->ThreadsProcess : NULL;
}

ULONG NTAPI IoGetRequestorProcessId(PIRP Irp)
{
    PEPROCESS process = IoGetRequestorProcess(Irp);
    return process ? (ULONG)(ULONG_PTR)process->UniqueProcessId : 0;
}

NTSTATUS NTAPI IoGetRequestorSessionId(PIRP Irp, PULONG pSessionId)
{
    PEPROCESS process = IoGetRequestorProcess(Irp);
    *pSessionId = process ? process->SessionId : (ULONG)-1;
    return process ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

VOID NTAPI IoQueueThreadIrp(PIRP Irp)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    PETHREAD thread = PspCurrentThread();
    Irp->Tail.Overlay.Thread = thread;
    IopQueueIrpToThread(Irp, thread);
}

PIRP NTAPI IoGetTopLevelIrp(VOID)
{
    return PspCurrentThread()->TopLevelIrp;
}

VOID NTAPI IoSetTopLevelIrp(PIRP Irp)
{
    PspCurrentThread()->TopLevelIrp = Irp;
}
