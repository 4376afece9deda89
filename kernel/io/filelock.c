/* SPDX-License-Identifier: MIT */
/*
 * filelock.c: byte-range locks: NtLockFile and NtUnlockFile, and what the last handle of a process gives back.
 *
 * The locks themselves are the file system's. A file object that ever had one is marked (LockOperation), and when a
 * process closes its last handle to it the file system is told to drop the locks of that process
 * (IRP_MN_UNLOCK_ALL), as the documentation of cleanup processing asks.
 */
#include "service.h"

/* Length and offset of the request, captured; a handle must have been opened for reading or writing. */
static NTSTATUS capture_range(IOP_SERVICE *s, PLARGE_INTEGER offset, PLARGE_INTEGER length, LARGE_INTEGER range[2])
{
    if (s->mode == UserMode && !(s->granted & (FILE_READ_DATA | FILE_WRITE_DATA)))
        return STATUS_ACCESS_DENIED;
    NTSTATUS status = KiCopyFromMode(s->mode, &range[0], offset, sizeof range[0]);
    return NT_SUCCESS(status) ? KiCopyFromMode(s->mode, &range[1], length, sizeof range[1]) : status;
}

#define HAS_FAST(fast, routine)                                                                                        \
    ((fast) && (fast)->SizeOfFastIoDispatch > FIELD_OFFSET(FAST_IO_DISPATCH, routine) && (fast)->routine)

/* The request to the driver. Its Length is a pointer: to a block that completion frees. */
static PIRP make_lock_irp(IOP_SERVICE *s, UCHAR minor, const LARGE_INTEGER range[2], ULONG key)
{
    PIRP irp = IopMakeServiceIrp(s);
    PLARGE_INTEGER length = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *length, IOP_TAG_BUFFER);
    if (!irp || !length) {
        if (irp)
            IopAbandonIrp(irp);
        if (length)
            ExFreePool(length);
        return NULL;
    }
    *length = range[1];
    irp->Tail.Overlay.AuxiliaryBuffer = (PCHAR)length;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = IRP_MJ_LOCK_CONTROL;
    sp->MinorFunction = minor;
    sp->Parameters.LockControl.Length = length;
    sp->Parameters.LockControl.ByteOffset = range[0];
    sp->Parameters.LockControl.Key = key;
    return irp;
}

NTSTATUS NTAPI NtLockFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER ByteOffset, PLARGE_INTEGER Length,
                          ULONG Key, BOOLEAN FailImmediately, BOOLEAN ExclusiveLock)
{
    IOP_SERVICE s = {
        .apc = ApcRoutine, .apc_context = ApcContext, .block = IoStatusBlock, .mode = ExGetPreviousMode()};
    LARGE_INTEGER range[2];
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = IopBeginService(&s, FileHandle, 0, Event);
    if (!NT_SUCCESS(status))
        return status;
    status = capture_range(&s, ByteOffset, Length, range);
    if (!NT_SUCCESS(status))
        return IopRefuseService(&s, status);
    status = IopLockService(&s);
    if (status != STATUS_SUCCESS)
        return status;
    s.file->LockOperation = TRUE;
    PFAST_IO_DISPATCH fast = s.device->DriverObject->FastIoDispatch;
    if (HAS_FAST(fast, FastIoLock) && !ApcRoutine) {
        IO_STATUS_BLOCK result = {.Information = 0};
        KIRQL irql = KiIrql();
        BOOLEAN done = fast->FastIoLock(s.file, &range[0], &range[1], PsGetCurrentProcess(), Key, FailImmediately,
                                        ExclusiveLock, &result, s.device);
        if (KiIrql() != irql)
            IopRefuseFastIrql((PVOID)fast->FastIoLock, irql);
        if (done)
            return IopFinishFastService(&s, &result);
    }
    PIRP irp = make_lock_irp(&s, IRP_MN_LOCK, range, Key);
    if (!irp)
        return IopRefuseService(&s, STATUS_INSUFFICIENT_RESOURCES);
    IoGetNextIrpStackLocation(irp)->Flags =
        (FailImmediately ? SL_FAIL_IMMEDIATELY : 0) | (ExclusiveLock ? SL_EXCLUSIVE_LOCK : 0);
    return IopSendRequest(s.device, irp, s.file, s.mode, s.synchronous);
}

NTSTATUS NTAPI ZwLockFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER ByteOffset, PLARGE_INTEGER Length,
                          ULONG Key, BOOLEAN FailImmediately, BOOLEAN ExclusiveLock)
{
    KI_ZW(NtLockFile(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, ByteOffset, Length, Key,
                     FailImmediately, ExclusiveLock));
}

NTSTATUS NTAPI NtUnlockFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER ByteOffset,
                            PLARGE_INTEGER Length, ULONG Key)
{
    IOP_SERVICE s = {.block = IoStatusBlock, .mode = ExGetPreviousMode()};
    LARGE_INTEGER range[2];
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = IopBeginService(&s, FileHandle, 0, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = capture_range(&s, ByteOffset, Length, range);
    if (!NT_SUCCESS(status))
        return IopRefuseService(&s, status);
    status = IopLockService(&s);
    if (status != STATUS_SUCCESS)
        return status;
    PFAST_IO_DISPATCH fast = s.device->DriverObject->FastIoDispatch;
    if (HAS_FAST(fast, FastIoUnlockSingle)) {
        IO_STATUS_BLOCK result = {.Information = 0};
        KIRQL irql = KiIrql();
        BOOLEAN done = fast->FastIoUnlockSingle(s.file, &range[0], &range[1], PsGetCurrentProcess(), Key, &result,
                                                s.device);
        if (KiIrql() != irql)
            IopRefuseFastIrql((PVOID)fast->FastIoUnlockSingle, irql);
        if (done)
            return IopFinishFastService(&s, &result);
    }
    PIRP irp = make_lock_irp(&s, IRP_MN_UNLOCK_SINGLE, range, Key);
    if (!irp)
        return IopRefuseService(&s, STATUS_INSUFFICIENT_RESOURCES);
    return IopCallService(&s, irp, NULL, 0, TRUE);
}

NTSTATUS NTAPI ZwUnlockFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER ByteOffset,
                            PLARGE_INTEGER Length, ULONG Key)
{
    KI_ZW(NtUnlockFile(FileHandle, IoStatusBlock, ByteOffset, Length, Key));
}

void IopUnlockProcess(PFILE_OBJECT FileObject, PEPROCESS Process)
{
    PDEVICE_OBJECT device = IopRelatedDevice(FileObject);
    PFAST_IO_DISPATCH fast = device->DriverObject->FastIoDispatch;
    IO_STATUS_BLOCK result = {.Information = 0};
    if (HAS_FAST(fast, FastIoUnlockAll)) {
        KIRQL irql = KiIrql();
        BOOLEAN done = fast->FastIoUnlockAll(FileObject, Process, &result, device);
        if (KiIrql() != irql)
            IopRefuseFastIrql((PVOID)fast->FastIoUnlockAll, irql);
        if (done)
            return;
    }
    PIRP irp = IopAllocateIrpPatiently(device->StackSize);
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    irp->Flags = IRP_SYNCHRONOUS_API;
    irp->Tail.Overlay.OriginalFileObject = FileObject;
    sp->MajorFunction = IRP_MJ_LOCK_CONTROL;
    sp->MinorFunction = IRP_MN_UNLOCK_ALL;
    sp->FileObject = FileObject;
    IopSendInternal(device, irp, FALSE);
}
