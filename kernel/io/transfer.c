/* SPDX-License-Identifier: MIT */
/*
 * transfer.c: NtReadFile, NtWriteFile, NtDeviceIoControlFile, NtFsControlFile and the flush services.
 *
 * Each service does the same: reference the file with the access it needs; probe and capture what a user
 * gave; take the file lock if the file is synchronous; try the driver's fast I/O entry; build the IRP with
 * the buffers as the device's flags or the control code's method say; hand it to IopSendRequest.
 *
 *      buffered   SystemBuffer, copied in now and out when the request is finished
 *      direct     locked MDL (a control request's input is still copied to SystemBuffer)
 *      neither    the caller's own addresses
 *
 * Nothing on the synchronous path takes a lock that others share, makes a system call or queues an APC.
 */
#include "service.h"

ULONG IopReadOperations, IopWriteOperations;
LARGE_INTEGER IopReadTransfer, IopWriteTransfer;
PULONG IoReadOperationCount = &IopReadOperations;
PULONG IoWriteOperationCount = &IopWriteOperations;
PLARGE_INTEGER IoReadTransferCount = &IopReadTransfer;
PLARGE_INTEGER IoWriteTransferCount = &IopWriteTransfer;

/* ---------------------------------------------------------------- read and write */

typedef struct _IOP_TRANSFER {
    PVOID buffer;
    ULONG length;
    LARGE_INTEGER offset;
    ULONG key;
    BOOLEAN has_key;
} IOP_TRANSFER;

static NTSTATUS capture_offset(IOP_SERVICE *s, IOP_TRANSFER *t, PLARGE_INTEGER offset, PULONG key,
                               BOOLEAN write)
{
    NTSTATUS status;
    if (offset) {
        status = KiCopyFromMode(s->mode, &t->offset, offset, sizeof t->offset);
        if (!NT_SUCCESS(status))
            return status;
    }
    if (key) {
        status = KiCopyFromMode(s->mode, &t->key, key, sizeof t->key);
        if (!NT_SUCCESS(status))
            return status;
        t->has_key = TRUE;
    }
    BOOLEAN current =
        offset && t->offset.HighPart == -1 && t->offset.LowPart == FILE_USE_FILE_POINTER_POSITION;
    BOOLEAN append = offset && t->offset.HighPart == -1 && t->offset.LowPart == FILE_WRITE_TO_END_OF_FILE;
    if (s->file->Flags & FO_SYNCHRONOUS_IO) {
        if (!offset || current)
            t->offset = s->file->CurrentByteOffset; /* under the file lock */
    } else if (!offset) {
        return s->file->Flags & (FO_NAMED_PIPE | FO_MAILSLOT) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if (t->offset.QuadPart < 0 && !(append && write))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

static BOOLEAN try_fast_transfer(IOP_SERVICE *s, IOP_TRANSFER *t, BOOLEAN write, IO_STATUS_BLOCK *result)
{
    PFAST_IO_DISPATCH fast = s->device->DriverObject->FastIoDispatch;
    KIRQL irql = KiIrql();
    BOOLEAN done = FALSE;
    PVOID routine = NULL;
    if (!write && fast->SizeOfFastIoDispatch > FIELD_OFFSET(FAST_IO_DISPATCH, FastIoRead) &&
        fast->FastIoRead) {
        routine = (PVOID)fast->FastIoRead;
        done = fast->FastIoRead(s->file, &t->offset, t->length, TRUE, t->key, t->buffer, result, s->device);
    } else if (write && fast->SizeOfFastIoDispatch > FIELD_OFFSET(FAST_IO_DISPATCH, FastIoWrite) &&
               fast->FastIoWrite) {
        routine = (PVOID)fast->FastIoWrite;
        done = fast->FastIoWrite(s->file, &t->offset, t->length, TRUE, t->key, t->buffer, result, s->device);
    }
    if (KiIrql() != irql)
        IopRefuseFastIrql(routine, irql);
    return done && (result->Status == STATUS_SUCCESS || result->Status == STATUS_BUFFER_OVERFLOW ||
                    result->Status == STATUS_END_OF_FILE);
}

/* Statistics, which may lose a count when processors meet, and cost nothing. */
static inline void count(PULONG operations, PLARGE_INTEGER bytes, ULONG length)
{
    __atomic_store_n(operations, __atomic_load_n(operations, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&bytes->QuadPart, __atomic_load_n(&bytes->QuadPart, __ATOMIC_RELAXED) + length,
                     __ATOMIC_RELAXED);
}

static NTSTATUS transfer(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                         PIO_STATUS_BLOCK block, PVOID buffer, ULONG length, PLARGE_INTEGER offset,
                         PULONG key, BOOLEAN write)
{
    IOP_SERVICE s = {.apc = apc, .apc_context = apc_context, .block = block, .mode = ExGetPreviousMode()};
    IOP_TRANSFER t = {.buffer = buffer, .length = length};
    NTSTATUS status = IopBeginService(&s, handle, write ? 0 : FILE_READ_DATA, event);
    if (!NT_SUCCESS(status))
        return status;
    if (write && s.mode == UserMode && !(s.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)))
        return IopRefuseService(&s, STATUS_ACCESS_DENIED);
    if (s.mode == UserMode) {
        status = write ? KiProbeForRead(buffer, length, 1) : KiProbeForWrite(buffer, length, 1);
        if (!NT_SUCCESS(status))
            return IopRefuseService(&s, status);
    }
    status = IopLockService(&s);
    if (status != STATUS_SUCCESS)
        return status;
    status = capture_offset(&s, &t, offset, key, write);
    if (!NT_SUCCESS(status))
        return IopRefuseService(&s, status);
    if (s.synchronous && s.file->PrivateCacheMap && s.device->DriverObject->FastIoDispatch) {
        IO_STATUS_BLOCK result;
        if (try_fast_transfer(&s, &t, write, &result))
            return IopFinishFastService(&s, &result);
    }
    PIRP irp = IopMakeServiceIrp(&s);
    if (!irp)
        return IopRefuseService(&s, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    irp->Flags |= write ? IRP_WRITE_OPERATION : IRP_READ_OPERATION;
    if (s.file->Flags & FO_NO_INTERMEDIATE_BUFFERING)
        irp->Flags |= IRP_NOCACHE;
    sp->MajorFunction = write ? IRP_MJ_WRITE : IRP_MJ_READ;
    if (write && (s.file->Flags & FO_WRITE_THROUGH))
        sp->Flags = SL_WRITE_THROUGH;
    if (t.has_key)
        sp->Flags |= SL_KEY_SPECIFIED;
    sp->Parameters.Read.Length = length;
    sp->Parameters.Read.Key = t.key;
    sp->Parameters.Read.ByteOffset = t.offset;
    status = IopSetServiceBuffers(&s, irp, buffer, length, write);
    if (!NT_SUCCESS(status)) {
        IopAbandonIrp(irp);
        return IopRefuseService(&s, status);
    }
    count(write ? &IopWriteOperations : &IopReadOperations, write ? &IopWriteTransfer : &IopReadTransfer,
          length);
    return IopSendRequest(s.device, irp, s.file, s.mode, s.synchronous);
}

NTSTATUS NTAPI NtReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                          PLARGE_INTEGER ByteOffset, PULONG Key)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return transfer(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, Buffer, Length, ByteOffset, Key,
                    FALSE);
}

NTSTATUS NTAPI ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                          PLARGE_INTEGER ByteOffset, PULONG Key)
{
    KI_ZW(NtReadFile(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, Buffer, Length, ByteOffset,
                     Key));
}

NTSTATUS NTAPI NtWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                           PLARGE_INTEGER ByteOffset, PULONG Key)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return transfer(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, Buffer, Length, ByteOffset, Key,
                    TRUE);
}

NTSTATUS NTAPI ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                           PLARGE_INTEGER ByteOffset, PULONG Key)
{
    KI_ZW(NtWriteFile(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, Buffer, Length, ByteOffset,
                      Key));
}

/* ---------------------------------------------------------------- control */

typedef struct _IOP_CONTROL {
    ULONG code;
    PVOID input, output;
    ULONG input_length, output_length;
    UCHAR major;
} IOP_CONTROL;

static NTSTATUS set_control_buffers(IOP_SERVICE *s, IOP_CONTROL *c, PIRP irp, PIO_STACK_LOCATION sp)
{
    ULONG method = METHOD_FROM_CTL_CODE(c->code);
    NTSTATUS status;
    if (method == METHOD_NEITHER) {
        irp->UserBuffer = c->output;
        sp->Parameters.DeviceIoControl.Type3InputBuffer = c->input;
        return STATUS_SUCCESS;
    }
    ULONG bytes = c->input_length;
    if (method == METHOD_BUFFERED && c->output_length > bytes)
        bytes = c->output_length;
    if (bytes) {
        PVOID system = MiAllocatePool(NonPagedPoolNx, bytes, IOP_TAG_BUFFER, FALSE, NULL);
        if (!system)
            return STATUS_INSUFFICIENT_RESOURCES;
        irp->AssociatedIrp.SystemBuffer = system;
        irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
        if (c->input_length) {
            status = KiCopyFromMode(s->mode, system, c->input, c->input_length);
            if (!NT_SUCCESS(status))
                return status;
        }
    }
    if (method == METHOD_BUFFERED) {
        irp->UserBuffer = c->output;
        if (c->output_length)
            irp->Flags |= IRP_INPUT_OPERATION;
        return STATUS_SUCCESS;
    }
    if (c->output_length == 0)
        return STATUS_SUCCESS;
    return IopLockBuffer(irp, c->output, c->output_length, s->mode,
                         method == METHOD_IN_DIRECT ? IoReadAccess : IoWriteAccess);
}

/* The access that the control code asks for, in its bits 14 and 15, is what the handle must have been opened
 * with. */
static inline NTSTATUS check_control(IOP_SERVICE *s, IOP_CONTROL *c)
{
    if (s->mode == KernelMode)
        return STATUS_SUCCESS;
    ULONG need = (c->code >> 14) & (FILE_READ_ACCESS | FILE_WRITE_ACCESS);
    if (need & ~s->granted) /* FILE_READ_ACCESS is FILE_READ_DATA, FILE_WRITE_ACCESS is FILE_WRITE_DATA */
        return STATUS_ACCESS_DENIED;
    if (METHOD_FROM_CTL_CODE(c->code) == METHOD_BUFFERED && c->output_length) {
        NTSTATUS status = KiProbeForWrite(c->output, c->output_length, 1);
        if (!NT_SUCCESS(status))
            return status;
    }
    return STATUS_SUCCESS;
}

static BOOLEAN try_fast_control(IOP_SERVICE *s, IOP_CONTROL *c, IO_STATUS_BLOCK *result)
{
    PFAST_IO_DISPATCH fast = s->device->DriverObject->FastIoDispatch;
    if (fast->SizeOfFastIoDispatch <= FIELD_OFFSET(FAST_IO_DISPATCH, FastIoDeviceControl) ||
        !fast->FastIoDeviceControl)
        return FALSE;
    KIRQL irql = KiIrql();
    result->Status = STATUS_SUCCESS;
    result->Information = 0;
    BOOLEAN done = fast->FastIoDeviceControl(s->file, TRUE, c->input, c->input_length, c->output,
                                             c->output_length, c->code, result, s->device);
    if (KiIrql() != irql)
        IopRefuseFastIrql((PVOID)fast->FastIoDeviceControl, irql);
    return done;
}

static NTSTATUS control(HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, PVOID apc_context,
                        PIO_STATUS_BLOCK block, IOP_CONTROL *c)
{
    IOP_SERVICE s = {.apc = apc, .apc_context = apc_context, .block = block, .mode = ExGetPreviousMode()};
    NTSTATUS status = IopBeginService(&s, handle, 0, event);
    if (!NT_SUCCESS(status))
        return status;
    status = check_control(&s, c);
    if (!NT_SUCCESS(status))
        return IopRefuseService(&s, status);
    status = IopLockService(&s);
    if (status != STATUS_SUCCESS)
        return status;
    if (c->major == IRP_MJ_DEVICE_CONTROL && s.device->DriverObject->FastIoDispatch && !apc) {
        IO_STATUS_BLOCK result;
        if (try_fast_control(&s, c, &result))
            return IopFinishFastService(&s, &result);
    }
    PIRP irp = IopMakeServiceIrp(&s);
    if (!irp)
        return IopRefuseService(&s, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = c->major;
    if (s.granted & FILE_READ_DATA)
        sp->Flags |= SL_READ_ACCESS_GRANTED;
    if (s.granted & FILE_WRITE_DATA)
        sp->Flags |= SL_WRITE_ACCESS_GRANTED;
    sp->Parameters.DeviceIoControl.OutputBufferLength = c->output_length;
    sp->Parameters.DeviceIoControl.InputBufferLength = c->input_length;
    sp->Parameters.DeviceIoControl.IoControlCode = c->code;
    status = set_control_buffers(&s, c, irp, sp);
    if (!NT_SUCCESS(status)) {
        IopAbandonIrp(irp);
        return IopRefuseService(&s, status);
    }
    return IopSendRequest(s.device, irp, s.file, s.mode, s.synchronous);
}

NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, ULONG IoControlCode,
                                     PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    IOP_CONTROL c = {IoControlCode,     InputBuffer,        OutputBuffer,
                     InputBufferLength, OutputBufferLength, IRP_MJ_DEVICE_CONTROL};
    return control(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, &c);
}

NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, ULONG IoControlCode,
                                     PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength)
{
    KI_ZW(NtDeviceIoControlFile(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, IoControlCode,
                                InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength));
}

NTSTATUS NTAPI NtFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                               PIO_STATUS_BLOCK IoStatusBlock, ULONG FsControlCode, PVOID InputBuffer,
                               ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    IOP_CONTROL c = {FsControlCode,     InputBuffer,        OutputBuffer,
                     InputBufferLength, OutputBufferLength, IRP_MJ_FILE_SYSTEM_CONTROL};
    return control(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, &c);
}

NTSTATUS NTAPI ZwFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                               PIO_STATUS_BLOCK IoStatusBlock, ULONG FsControlCode, PVOID InputBuffer,
                               ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength)
{
    KI_ZW(NtFsControlFile(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, FsControlCode,
                          InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength));
}

NTSTATUS NTAPI IoValidateDeviceIoControlAccess(PIRP Irp, ULONG RequiredAccess)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(Irp);
    if (RequiredAccess & ~(ULONG)(FILE_READ_ACCESS | FILE_WRITE_ACCESS))
        return STATUS_INVALID_PARAMETER;
    if (Irp->RequestorMode == KernelMode)
        return STATUS_SUCCESS;
    if ((RequiredAccess & FILE_READ_ACCESS) && !(sp->Flags & SL_READ_ACCESS_GRANTED))
        return STATUS_ACCESS_DENIED;
    if ((RequiredAccess & FILE_WRITE_ACCESS) && !(sp->Flags & SL_WRITE_ACCESS_GRANTED))
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- flush */

static NTSTATUS flush(HANDLE handle, UCHAR minor, PIO_STATUS_BLOCK block)
{
    IOP_SERVICE s = {.block = block, .mode = ExGetPreviousMode()};
    NTSTATUS status = IopBeginService(&s, handle, 0, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (s.mode == UserMode && !(s.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)))
        return IopRefuseService(&s, STATUS_ACCESS_DENIED);
    status = IopLockService(&s);
    if (status != STATUS_SUCCESS)
        return status;
    PIRP irp = IopMakeServiceIrp(&s);
    if (!irp)
        return IopRefuseService(&s, STATUS_INSUFFICIENT_RESOURCES);
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    sp->MinorFunction = minor;
    return IopCallService(&s, irp, NULL, 0, TRUE);
}

NTSTATUS NTAPI NtFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return flush(FileHandle, 0, IoStatusBlock);
}

NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    KI_ZW(NtFlushBuffersFile(FileHandle, IoStatusBlock));
}

NTSTATUS NTAPI NtFlushBuffersFileEx(HANDLE FileHandle, ULONG Flags, PVOID Parameters, ULONG ParametersSize,
                                    PIO_STATUS_BLOCK IoStatusBlock)
{
    static const UCHAR minors[] = {0, IRP_MN_FLUSH_DATA_ONLY, IRP_MN_FLUSH_NO_SYNC, 0,
                                   IRP_MN_FLUSH_DATA_SYNC_ONLY};
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (Flags > 4 || Flags == 3 || ParametersSize)
        return STATUS_INVALID_PARAMETER;
    return flush(FileHandle, minors[Flags], IoStatusBlock);
}

NTSTATUS NTAPI ZwFlushBuffersFileEx(HANDLE FileHandle, ULONG Flags, PVOID Parameters, ULONG ParametersSize,
                                    PIO_STATUS_BLOCK IoStatusBlock)
{
    KI_ZW(NtFlushBuffersFileEx(FileHandle, Flags, Parameters, ParametersSize, IoStatusBlock));
}
