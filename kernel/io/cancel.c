/* SPDX-License-Identifier: MIT */
/*
 * cancel.c: cancelling requests.
 *
 * IRP.CancelRoutine is the token of ownership while an IRP waits in a driver: whoever exchanges it for NULL
 * and gets a routine owns the IRP's end. The driver gets it when it takes the IRP off its queue; IoCancelIrp
 * gets it here, under the cancel spin lock (C), and calls it; it releases the lock. So an IRP whose routine
 * was taken cannot be completed by anybody but that routine, and needs no reference while it is called.
 *
 * A thread's IRPs are found under its list lock (T), inside C: the order is C, T. T is dropped before the
 * driver's routine is called, for the reason above. IRPs of the thread itself may also be looked at at
 * APC_LEVEL without T, because only an APC of the thread frees them.
 */
#include "iomgr.h"

static KSPIN_LOCK cancel_lock; /* C */

VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KeAcquireSpinLock(&cancel_lock, Irql);
}

VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql)
{
    KeReleaseSpinLock(&cancel_lock, Irql);
}

/* Caller holds C, acquired at `irql`, and it is released. Was there a routine to call? */
static BOOLEAN cancel_locked(PIRP irp, PDRIVER_CANCEL routine, KIRQL irql, PVOID caller)
{
    if (!routine) {
        KeReleaseSpinLock(&cancel_lock, irql);
        return FALSE;
    }
    if (KI_PEEK(irp->CurrentLocation) > irp->StackCount + 1)
        KiBugCheckText(CANCEL_STATE_IN_COMPLETED_IRP, (ULONG_PTR)irp, (ULONG_PTR)routine, 0, 0,
                       (ULONG_PTR)routine,
                       "An IRP was cancelled that had been completed with its cancel routine still set. Call "
                       "IoSetCancelRoutine(Irp, NULL) before completing; if it returns NULL, leave the IRP "
                       "to the cancel routine.");
    irp->CancelIrql = irql;
    routine(IoGetCurrentIrpStackLocation(irp)->DeviceObject, irp);
    if (IopChecked && KiIrql() != irql)
        IopViolation(0x05, (ULONG_PTR)routine, irql, KiIrql(), (PCHAR)routine + 1,
                     "A cancel routine returned without releasing the cancel spin lock to Irp->CancelIrql.");
    return TRUE;
}

BOOLEAN NTAPI IoCancelIrp(PIRP Irp)
{
    KIRQL irql;
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Irp->Type != IO_TYPE_IRP)
        KiBugCheckText(
            INCONSISTENT_IRP, (ULONG_PTR)Irp, 0, 0, 0, (ULONG_PTR)__builtin_return_address(0),
            "IoCancelIrp was given an IRP that is free. Hold on to an IRP that may be cancelled (completion "
            "routine with STATUS_MORE_PROCESSING_REQUIRED) until it is known to be complete.");
    KeAcquireSpinLock(&cancel_lock, &irql);
    Irp->Cancel = TRUE;
    return cancel_locked(Irp, IoSetCancelRoutine(Irp, NULL), irql, __builtin_return_address(0));
}

/* ---------------------------------------------------------------- requests of threads */

typedef struct _IOP_CANCEL_FILTER {
    PFILE_OBJECT file;      /* NULL: any */
    PIO_STATUS_BLOCK block; /* NULL: any */
    BOOLEAN synchronous_only;
} IOP_CANCEL_FILTER;

static BOOLEAN matches(PIRP irp, const IOP_CANCEL_FILTER *filter)
{
    /* A completed IRP waits for its APC, which uses the same memory as Tail.Overlay. */
    if (KI_PEEK(irp->CurrentLocation) > irp->StackCount + 1)
        return FALSE;
    if (filter->block && irp->UserIosb != filter->block)
        return FALSE;
    if (filter->file && irp->Tail.Overlay.OriginalFileObject != filter->file)
        return FALSE;
    return !filter->synchronous_only ||
           (KI_PEEK(irp->Flags) & (IRP_SYNCHRONOUS_API | IRP_CREATE_OPERATION | IOP_IRP_SYNCHRONOUS_FILE)) != 0;
}

/* Cancel the IRPs of a thread that match and that were not cancelled before. Returns how many there were. */
static ULONG cancel_irps_of(PETHREAD thread, const IOP_CANCEL_FILTER *filter)
{
    ULONG count = 0;
    for (;;) {
        KIRQL irql;
        PIRP found = NULL;
        PDRIVER_CANCEL routine = NULL;
        KeAcquireSpinLock(&cancel_lock, &irql);
        IopLockThread(thread);
        for (PLIST_ENTRY e = thread->IrpList.Flink; e != &thread->IrpList; e = e->Flink) {
            PIRP irp = CONTAINING_RECORD(e, IRP, ThreadListEntry);
            if (irp->Cancel || !matches(irp, filter))
                continue;
            irp->Cancel = TRUE;
            routine = IoSetCancelRoutine(irp, NULL);
            found = irp;
            break;
        }
        IopUnlockThread(thread);
        if (!found) {
            KeReleaseSpinLock(&cancel_lock, irql);
            return count;
        }
        count++;
        cancel_locked(found, routine, irql, NULL);
    }
}

static BOOLEAN has_match(PETHREAD thread, const IOP_CANCEL_FILTER *filter)
{
    BOOLEAN found = FALSE;
    IopLockThread(thread);
    for (PLIST_ENTRY e = thread->IrpList.Flink; e != &thread->IrpList && !found; e = e->Flink) {
        PIRP irp = CONTAINING_RECORD(e, IRP, ThreadListEntry);
        found = irp->CurrentLocation > irp->StackCount + 1 ? !filter->block || irp->UserIosb == filter->block
                                                           : matches(irp, filter);
    }
    IopUnlockThread(thread);
    return found;
}

static void report_stuck(PIRP irp)
{
    char text[1024];
    IopFormatIrp(irp, text, sizeof text);
    IopReport("a thread ends, but a driver does not complete this IRP, which was cancelled 5 s ago. A driver "
              "that holds an IRP "
              "for an indefinite time must set a cancel routine or complete the IRP in IRP_MJ_CLEANUP.\n%s",
              text);
}

/* Take an IRP that never completes away from its dying thread; its completion will find nobody to report to.
 */
static void disassociate(PETHREAD thread, PIRP irp)
{
    IopDequeueIrpFromThread(irp, thread);
    irp->Flags |= IOP_IRP_ORPHAN;
    irp->Tail.Overlay.Thread = NULL;
}

void IopCancelIrpsOfThread(PETHREAD Thread)
{
    static const IOP_CANCEL_FILTER all;
    cancel_irps_of(Thread, &all);
}

void IopCancelThreadIo(PETHREAD Thread)
{
    static const IOP_CANCEL_FILTER all;
    LARGE_INTEGER delay = {.QuadPart = -100000LL}; /* 10 ms */
    ULONG64 begin = KeQueryInterruptTime();
    BOOLEAN reported = FALSE;
    while (!IsListEmpty(&Thread->IrpList)) {
        cancel_irps_of(Thread, &all);
        if (IsListEmpty(&Thread->IrpList))
            break;
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
        if (!reported && KeQueryInterruptTime() - begin > 50000000ULL && !IsListEmpty(&Thread->IrpList)) {
            report_stuck(CONTAINING_RECORD(Thread->IrpList.Flink, IRP, ThreadListEntry));
            reported = TRUE;
        }
        if (KeQueryInterruptTime() - begin > 3000000000ULL) /* 5 minutes, as Windows waits */
            while (!IsListEmpty(&Thread->IrpList))
                disassociate(Thread, CONTAINING_RECORD(Thread->IrpList.Flink, IRP, ThreadListEntry));
    }
}

/* ---------------------------------------------------------------- services */

static NTSTATUS report_block(PIO_STATUS_BLOCK block, NTSTATUS status, KPROCESSOR_MODE mode)
{
    IO_STATUS_BLOCK result = {.Information = 0};
    result.Status = status;
    NTSTATUS copied = KiCopyToMode(mode, block, &result, sizeof result);
    return NT_SUCCESS(copied) ? status : copied;
}

NTSTATUS NTAPI NtCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    KPROCESSOR_MODE mode = ExGetPreviousMode();
    PETHREAD thread = PspCurrentThread();
    PFILE_OBJECT file;
    NTSTATUS status =
        mode == UserMode ? KiProbeForWrite(IoStatusBlock, sizeof *IoStatusBlock, 4) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(FileHandle, 0, IopFileObjectType, mode, (PVOID *)&file, NULL);
    if (!NT_SUCCESS(status))
        return status;
    IOP_CANCEL_FILTER filter = {.file = file};
    LARGE_INTEGER delay = {.QuadPart = -10000LL};
    cancel_irps_of(thread, &filter);
    while (has_match(thread, &filter))
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    ObDereferenceObject(file);
    return report_block(IoStatusBlock, STATUS_SUCCESS, mode);
}

NTSTATUS NTAPI NtCancelIoFileEx(HANDLE FileHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                PIO_STATUS_BLOCK IoStatusBlock)
{
    KPROCESSOR_MODE mode = ExGetPreviousMode();
    PFILE_OBJECT file;
    NTSTATUS status =
        mode == UserMode ? KiProbeForWrite(IoStatusBlock, sizeof *IoStatusBlock, 4) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(FileHandle, 0, IopFileObjectType, mode, (PVOID *)&file, NULL);
    if (!NT_SUCCESS(status))
        return status;
    IOP_CANCEL_FILTER filter = {.file = file, .block = IoRequestToCancel};
    ULONG count = 0;
    PETHREAD thread = NULL;
    PEPROCESS process = IoGetCurrentProcess();
    while (PspEnumerateThreads(process, &thread))
        count += cancel_irps_of(thread, &filter);
    ObDereferenceObject(file);
    return report_block(IoStatusBlock, count ? STATUS_SUCCESS : STATUS_NOT_FOUND, mode);
}

NTSTATUS NTAPI NtCancelSynchronousIoFile(HANDLE ThreadHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    KPROCESSOR_MODE mode = ExGetPreviousMode();
    PETHREAD thread;
    NTSTATUS status =
        mode == UserMode ? KiProbeForWrite(IoStatusBlock, sizeof *IoStatusBlock, 4) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(ThreadHandle, THREAD_TERMINATE, PspThreadType, mode, (PVOID *)&thread,
                                       NULL);
    if (!NT_SUCCESS(status))
        return status;
    IOP_CANCEL_FILTER filter = {.block = IoRequestToCancel, .synchronous_only = TRUE};
    ULONG count = cancel_irps_of(thread, &filter);
    ObDereferenceObject(thread);
    return report_block(IoStatusBlock, count ? STATUS_SUCCESS : STATUS_NOT_FOUND, mode);
}

NTSTATUS NTAPI ZwCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock)
{
    KI_ZW(NtCancelIoFile(FileHandle, IoStatusBlock));
}

NTSTATUS NTAPI ZwCancelIoFileEx(HANDLE FileHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                PIO_STATUS_BLOCK IoStatusBlock)
{
    KI_ZW(NtCancelIoFileEx(FileHandle, IoRequestToCancel, IoStatusBlock));
}

NTSTATUS NTAPI ZwCancelSynchronousIoFile(HANDLE ThreadHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                         PIO_STATUS_BLOCK IoStatusBlock)
{
    KI_ZW(NtCancelSynchronousIoFile(ThreadHandle, IoRequestToCancel, IoStatusBlock));
}
