/* SPDX-License-Identifier: MIT */
/*
 * request.c: seeing a request of a file service through, in the thread that issued it.
 *
 *      service: IRP built, queued to the thread ----> IopSendRequest ----> IofCallDriver
 *                                                         |
 *            dispatch returned a final status ............|............ STATUS_PENDING
 *            finish inline                                |             asynchronous file: return STATUS_PENDING
 *                                                         |             synchronous file: wait for FILE_OBJECT.Event
 *      later, other context: IofCompleteRequest ----> special kernel APC ----> IopFinishRequest
 *
 * What the issuer sees, by the documented rules of ZwReadFile and its kin: a request that fails before it pends reports
 * by its return value alone (no event, status block, APC or port); every other end is reported everywhere.
 *
 * A driver keeps the contract between its return value and IoMarkIrpPending, or the request would be finished twice or
 * never; both are recognised here and named. Whether the IRP is still alive after STATUS_PENDING is known from the
 * thread's IRP list: only this thread removes IRPs from it, and not while it is here.
 */
#include "iomgr.h"

/* ---------------------------------------------------------------- the file lock of synchronous files */

NTSTATUS IopAcquireFileLockSlow(PFILE_OBJECT FileObject, KPROCESSOR_MODE Mode)
{
    BOOLEAN alertable = (FileObject->Flags & FO_ALERTABLE_IO) != 0;
    NTSTATUS status = STATUS_SUCCESS;
    InterlockedIncrement((volatile LONG *)&FileObject->Waiters);
    while (__atomic_exchange_n(&FileObject->Busy, 1, __ATOMIC_SEQ_CST)) {
        status = KeWaitForSingleObject(&FileObject->Lock, Executive, alertable ? Mode : KernelMode, alertable,
                                       NULL);
        if (status != STATUS_SUCCESS)
            break;
    }
    InterlockedDecrement((volatile LONG *)&FileObject->Waiters);
    if (status != STATUS_SUCCESS && !FileObject->Busy && FileObject->Waiters)
        KeSetEvent(&FileObject->Lock, IO_NO_INCREMENT, FALSE); /* the wake-up was ours: pass it on */
    return status;
}

void IopReleaseFileLockSlow(PFILE_OBJECT FileObject)
{
    KeSetEvent(&FileObject->Lock, IO_NO_INCREMENT, FALSE);
}

/* ---------------------------------------------------------------- finishing */

/* The bound of a buffered result: the length in the topmost stack location, where the major function has one.
 */
static SIZE_T result_limit(PIRP irp)
{
    PIO_STACK_LOCATION top = (PIO_STACK_LOCATION)(irp + 1) + irp->StackCount - 1;
    switch (top->MajorFunction) {
    case IRP_MJ_READ:
    case IRP_MJ_DEVICE_CONTROL:
    case IRP_MJ_INTERNAL_DEVICE_CONTROL:
    case IRP_MJ_FILE_SYSTEM_CONTROL:
    case IRP_MJ_QUERY_INFORMATION:
    case IRP_MJ_QUERY_VOLUME_INFORMATION:
    case IRP_MJ_DIRECTORY_CONTROL:
        return top->Parameters.Read.Length;
    }
    return MiQueryPoolBlockSize(irp->AssociatedIrp.SystemBuffer);
}

static __attribute__((noinline)) void report_overrun(PIRP irp, SIZE_T limit)
{
    PIO_STACK_LOCATION top = (PIO_STACK_LOCATION)(irp + 1) + irp->StackCount - 1;
    char name[128];
    IopFormatName(top->DeviceObject ? top->DeviceObject->DriverObject : NULL, name, sizeof name);
    IopReport(
        "%s completed %s with IoStatus.Information %I64u, but the caller's buffer has %I64u bytes; only "
        "those were returned. On Windows the bytes behind the buffer would have been overwritten. Information must not "
        "exceed the output length.",
        name, IopMajorFunctionName(top->MajorFunction), (ULONG64)irp->IoStatus.Information, (ULONG64)limit);
}

static inline NTSTATUS copy_back(PIRP irp, KPROCESSOR_MODE mode)
{
    SIZE_T bytes = irp->IoStatus.Information;
    if (bytes == 0)
        return STATUS_SUCCESS;
    SIZE_T limit = result_limit(irp);
    if (__builtin_expect(bytes > limit, 0)) {
        report_overrun(irp, limit);
        bytes = limit;
    }
    return KiCopyToMode(mode, irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, bytes);
}

static inline void write_status_block(PIRP irp, KPROCESSOR_MODE mode)
{
    PIO_STATUS_BLOCK block = irp->UserIosb;
    if (!block)
        return;
    if (mode == KernelMode) {
        block->Information = irp->IoStatus.Information;
        block->Status = irp->IoStatus.Status;
    } else {
        /* Whoever polls Status finds Information valid. A block that went away is the caller's loss. */
        NTSTATUS status = irp->IoStatus.Status;
        KiCopyToUser(&block->Information, &irp->IoStatus.Information, sizeof block->Information);
        KiCopyToUser(&block->Status, &status, sizeof status);
    }
}

static void NTAPI user_apc_kernel(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                                  PVOID *argument2)
{
    IopFreeIrp(CONTAINING_RECORD(apc, IRP, Tail.Apc));
}

static void NTAPI user_apc_rundown(PKAPC apc)
{
    IopFreeIrp(CONTAINING_RECORD(apc, IRP, Tail.Apc));
}

static void queue_user_apc(PIRP irp, PETHREAD thread, KPROCESSOR_MODE mode)
{
    PVOID block = irp->UserIosb;
    KeInitializeApc(&irp->Tail.Apc, &thread->Tcb, CurrentApcEnvironment, user_apc_kernel, user_apc_rundown,
                    (PKNORMAL_ROUTINE)(PVOID)irp->Overlay.AsynchronousParameters.UserApcRoutine, mode,
                    irp->Overlay.AsynchronousParameters.UserApcContext);
    if (!KeInsertQueueApc(&irp->Tail.Apc, block, NULL, 2))
        IopFreeIrp(irp);
}

NTSTATUS IopFinishRequest(PIRP Irp, PFILE_OBJECT FileObject)
{
    PETHREAD thread = PspCurrentThread();
    KPROCESSOR_MODE mode = Irp->RequestorMode;
    ULONG flags = Irp->Flags;
    NTSTATUS status = Irp->IoStatus.Status;
    BOOLEAN pended = Irp->PendingReturned;

    if (flags & IRP_BUFFERED_IO) {
        if ((flags & IRP_INPUT_OPERATION) && !NT_ERROR(status) && status != STATUS_VERIFY_REQUIRED) {
            NTSTATUS copied = copy_back(Irp, mode);
            if (!NT_SUCCESS(copied))
                Irp->IoStatus.Status = status = copied;
        }
        if (flags & IRP_DEALLOCATE_BUFFER)
            ExFreePool(Irp->AssociatedIrp.SystemBuffer);
    }
    for (PMDL mdl = Irp->MdlAddress, next; mdl; mdl = next) {
        next = mdl->Next;
        IoFreeMdl(mdl);
    }
    Irp->MdlAddress = NULL;
    IopDequeueIrpFromThread(Irp, thread);

    BOOLEAN synchronous =
        (flags & IRP_SYNCHRONOUS_API) || (FileObject && (FileObject->Flags & FO_SYNCHRONOUS_IO));
    BOOLEAN full = !NT_ERROR(status) || (pended && !synchronous);
    PKEVENT event = Irp->UserEvent;
    if (full || pended) {
        write_status_block(Irp, mode);
        if (FileObject && (FileObject->Flags & FO_SYNCHRONOUS_IO)) {
            FileObject->FinalStatus = status;
            IopSetEvent(&FileObject->Event);
        } else if (FileObject && !event && !(FileObject->Flags & FO_SKIP_SET_EVENT)) {
            IopSetEvent(&FileObject->Event);
        }
        if (event)
            KeSetEvent(event, IO_NO_INCREMENT, FALSE);
    }
    if (event && FileObject && !(flags & IRP_SYNCHRONOUS_API))
        ObDereferenceObject(event);

    PVOID apc_context = Irp->Overlay.AsynchronousParameters.UserApcContext;
    PIO_COMPLETION_CONTEXT port = FileObject ? FileObject->CompletionContext : NULL;
    if (full && Irp->Overlay.AsynchronousParameters.UserApcRoutine)
        queue_user_apc(Irp, thread, mode);
    else if (full && port && apc_context && !synchronous &&
             !(!pended && (FileObject->Flags & FO_SKIP_COMPLETION_PORT)))
        IopQueueIrpToPort(Irp, port);
    else
        IopFreeIrp(Irp);
    if (FileObject && !(flags & IOP_IRP_SYNCHRONOUS_FILE))
        ObDereferenceObject(FileObject);
    return status;
}

void IopAbandonIrp(PIRP Irp)
{
    if ((Irp->Flags & (IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER)) == (IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER))
        ExFreePool(Irp->AssociatedIrp.SystemBuffer);
    for (PMDL mdl = Irp->MdlAddress, next; mdl; mdl = next) {
        next = mdl->Next;
        if (mdl->MdlFlags & MDL_PAGES_LOCKED)
            MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    IopFreeIrp(Irp);
}

/* ---------------------------------------------------------------- waiting */

/* The wait of a synchronous request was broken off: cancel the request, unless it finished in the meantime.
 */
static void cancel_alerted(PKEVENT event, PIRP irp)
{
    KIRQL irql = KiRaise(APC_LEVEL);
    if (!KeReadStateEvent(event))
        IoCancelIrp(irp); /* alive: it can only be finished by an APC of this thread */
    KiLower(irql);
    KeWaitForSingleObject(event, Executive, KernelMode, FALSE, NULL);
}

NTSTATUS IopWaitForFile(PFILE_OBJECT FileObject, PIRP Irp, KPROCESSOR_MODE Mode)
{
    BOOLEAN alertable = (FileObject->Flags & FO_ALERTABLE_IO) != 0;
    /* Whoever told the thread to end cancelled what it had issued by then: this request may be a later one. */
    if (__builtin_expect(KI_PEEK(KiThread()->ExitPending), 0))
        cancel_alerted(&FileObject->Event, Irp);
    NTSTATUS status =
        KeWaitForSingleObject(&FileObject->Event, Executive, alertable ? Mode : KernelMode, alertable, NULL);
    if (status != STATUS_SUCCESS)
        cancel_alerted(&FileObject->Event, Irp);
    return FileObject->FinalStatus;
}

/* ---------------------------------------------------------------- sending */

static __attribute__((noinline)) DECLSPEC_NORETURN void refuse_return(PIRP irp, PVOID dispatch,
                                                                      NTSTATUS status)
{
    if (irp->Type != IO_TYPE_IRP || irp->PendingReturned)
        IopViolation(
            IOP_MARKED_NOT_PENDING, (ULONG_PTR)dispatch, (ULONG_PTR)irp, (ULONG)status, (PCHAR)dispatch + 1,
            "A dispatch routine called IoMarkIrpPending, or passed on a lower driver's pending IRP, and then "
            "returned another status than STATUS_PENDING.");
    IopViolation(IOP_NEITHER_NOR_PENDING, (ULONG_PTR)dispatch, (ULONG_PTR)irp, (ULONG)status,
                 (PCHAR)dispatch + 1,
                 "A dispatch routine returned without completing the IRP, passing it down, or returning "
                 "STATUS_PENDING. "
                 "Every path must do one of the three.");
}

static BOOLEAN thread_has_irp(PETHREAD thread, PIRP irp)
{
    BOOLEAN found = FALSE;
    IopLockThread(thread);
    for (PLIST_ENTRY e = thread->IrpList.Flink; e != &thread->IrpList && !found; e = e->Flink)
        found = e == &irp->ThreadListEntry;
    IopUnlockThread(thread);
    return found;
}

/* The dispatch routine returned STATUS_PENDING: completion from now on is not deferred any more. */
static void mark_returned(PETHREAD thread, PIRP irp, PVOID dispatch)
{
    if (!thread_has_irp(thread, irp))
        return; /* finished already */
    __atomic_or_fetch(&irp->Flags, IOP_IRP_RETURNED_PENDING, __ATOMIC_SEQ_CST);
    __atomic_and_fetch(&irp->Flags, ~(ULONG)IRP_DEFER_IO_COMPLETION, __ATOMIC_SEQ_CST);
    if (*(volatile CHAR *)&irp->CurrentLocation == irp->StackCount + 2 && !irp->PendingReturned)
        IopViolation(IOP_PENDING_NOT_MARKED, (ULONG_PTR)dispatch, (ULONG_PTR)irp, 0, (PCHAR)dispatch + 1,
                     "A dispatch routine returned STATUS_PENDING for an IRP that was completed without "
                     "having been marked "
                     "with IoMarkIrpPending. Mark the IRP pending before it can be completed elsewhere.");
}

/* A service never returns to its caller above APC_LEVEL, so the driver that leaves it there is found now. */
static __attribute__((noinline)) DECLSPEC_NORETURN void refuse_raised(PDRIVER_DISPATCH dispatch)
{
    KiBugCheckText(
        IRQL_GT_ZERO_AT_SYSTEM_SERVICE, (ULONG_PTR)dispatch, KiIrql(), 0, 0, (ULONG_PTR)dispatch + 1,
        "A dispatch routine returned at DISPATCH_LEVEL or above: it raised IRQL or acquired a spin lock and "
        "did not undo it.");
}

/* "... the kernel brings down the system": introduction-to-mutex-objects.md. Named here, where the driver is known. */
static __attribute__((noinline)) DECLSPEC_NORETURN void refuse_disabled_apcs(PDRIVER_DISPATCH dispatch, PKTHREAD thread)
{
    KiBugCheckText(APC_INDEX_MISMATCH, (ULONG_PTR)dispatch, thread->ApcStateIndex,
                   (ULONG)(USHORT)thread->SpecialApcDisable << 16 | (USHORT)thread->KernelApcDisable, 0,
                   (ULONG_PTR)dispatch + 1,
                   "A dispatch routine returned with APCs disabled more or less often than before: it owns a mutex still, "
                   "or has not left a critical or guarded region (or left one that it did not enter).");
}

/* Call the driver on behalf of a service, and look at the state in which it leaves the thread. */
static inline __attribute__((always_inline)) NTSTATUS send(PDEVICE_OBJECT device, PIRP irp, UCHAR major)
{
    PKTHREAD thread = KiThread();
    SHORT critical = thread->KernelApcDisable, guarded = thread->SpecialApcDisable;
    NTSTATUS status = IofCallDriver(device, irp);
    if (__builtin_expect(KiIrql() >= DISPATCH_LEVEL, 0))
        refuse_raised(device->DriverObject->MajorFunction[major]);
    if (__builtin_expect(thread->KernelApcDisable != critical || thread->SpecialApcDisable != guarded, 0))
        refuse_disabled_apcs(device->DriverObject->MajorFunction[major], thread);
    return status;
}

NTSTATUS IopSendRequest(PDEVICE_OBJECT Device, PIRP Irp, PFILE_OBJECT FileObject, KPROCESSOR_MODE Mode,
                        BOOLEAN Synchronous)
{
    PETHREAD thread = Irp->Tail.Overlay.Thread;
    UCHAR major = IoGetNextIrpStackLocation(Irp)->MajorFunction;
    Irp->Flags |= IRP_DEFER_IO_COMPLETION;
    IopQueueIrpToThread(Irp, thread);
    NTSTATUS status = send(Device, Irp, major);
    if (__builtin_expect(status != STATUS_PENDING, 1)) {
        if (__builtin_expect(Irp->Type != IO_TYPE_IRP || Irp->CurrentLocation != Irp->StackCount + 2 ||
                                 Irp->PendingReturned,
                             0))
            refuse_return(Irp, (PVOID)Device->DriverObject->MajorFunction[major], status);
        if (IopChecked && status != Irp->IoStatus.Status)
            IopViolation(
                0x224, (ULONG_PTR)Device->DriverObject->MajorFunction[major], (ULONG_PTR)Irp,
                (ULONG)Irp->IoStatus.Status, (PVOID)Device->DriverObject->MajorFunction[major],
                "A dispatch routine returned another status than the one it completed the IRP with.");
        KIRQL irql = KiRaise(APC_LEVEL);
        NTSTATUS finished = IopFinishRequest(Irp, FileObject);
        KiLower(irql);
        if (!NT_SUCCESS(finished))
            status = finished;
        if (Synchronous) {
            IopReleaseFileLock(FileObject);
            ObDereferenceObject(FileObject);
        }
        return status;
    }
    mark_returned(thread, Irp, (PVOID)Device->DriverObject->MajorFunction[major]);
    if (Synchronous) {
        status = IopWaitForFile(FileObject, Irp, Mode);
        IopReleaseFileLock(FileObject);
        ObDereferenceObject(FileObject);
    }
    return status;
}

IO_STATUS_BLOCK IopSendInternal(PDEVICE_OBJECT Device, PIRP Irp, BOOLEAN Queue)
{
    KEVENT event;
    IO_STATUS_BLOCK result = {.Status = STATUS_UNSUCCESSFUL};
    PETHREAD thread = PspCurrentThread();
    UCHAR major = IoGetNextIrpStackLocation(Irp)->MajorFunction;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    Irp->Flags |= IOP_IRP_INTERNAL;
    Irp->UserEvent = &event;
    Irp->UserIosb = &result;
    Irp->Tail.Overlay.Thread = thread;
    if (Queue)
        IopQueueIrpToThread(Irp, thread);
    NTSTATUS status = send(Device, Irp, major);
    if (status == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    else if (!KeReadStateEvent(&event))
        refuse_return(Irp, (PVOID)Device->DriverObject->MajorFunction[major], status);
    if (Queue)
        IopDequeueIrpFromThread(Irp, thread);
    IopFreeIrp(Irp);
    return result;
}
