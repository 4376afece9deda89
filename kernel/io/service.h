/* SPDX-License-Identifier: MIT */
/*
 * service.h: what the file services that send one request have in common.
 *
 *      IopBeginService    reference file and event, capture nothing yet
 *      IopLockService     the file lock, if the file is synchronous
 *      IopMakeServiceIrp, IopSetServiceBuffers
 *      IopSendRequest     the request may pend;  or
 *      IopCallService     the service waits for it, whatever the file
 *      IopRefuseService   instead, at any step after the first: the service ends with a status
 *
 * Everything at PASSIVE_LEVEL. On the I/O path; nothing here makes a system call.
 */
#ifndef KILN_IO_SERVICE_H
#define KILN_IO_SERVICE_H

#include "iomgr.h"

/* What all services have in common; lives on the stack of the service. */
typedef struct _IOP_SERVICE {
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    PKEVENT event; /* referenced, or NULL */
    PIO_APC_ROUTINE apc;
    PVOID apc_context;
    PIO_STATUS_BLOCK block;
    KPROCESSOR_MODE mode;
    BOOLEAN synchronous; /* the file lock is held */
    ACCESS_MASK granted;
} IOP_SERVICE;

/* Reference the file and the event, check the rest. Nothing is held on failure. */
static inline NTSTATUS IopBeginService(IOP_SERVICE *s, HANDLE handle, ACCESS_MASK access, HANDLE event)
{
    OBJECT_HANDLE_INFORMATION info;
    s->event = NULL;
    s->synchronous = FALSE;
    if (s->mode == UserMode) {
        NTSTATUS probed = KiProbeForWrite(s->block, sizeof *s->block, 4);
        if (!NT_SUCCESS(probed))
            return probed;
    }
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, access, IopFileObjectType, s->mode, (PVOID *)&s->file, &info);
    if (!NT_SUCCESS(status))
        return status;
    s->granted = info.GrantedAccess;
    s->device = IopRelatedDevice(s->file);
    if (s->apc && s->file->CompletionContext) {
        ObDereferenceObject(s->file);
        return STATUS_INVALID_PARAMETER;
    }
    if (event) {
        status = ObReferenceObjectByHandle(event, EVENT_MODIFY_STATE, ExpEventObjectType, s->mode,
                                           (PVOID *)&s->event, NULL);
        if (!NT_SUCCESS(status)) {
            ObDereferenceObject(s->file);
            return status;
        }
    }
    return STATUS_SUCCESS;
}

/* Take the file lock if the file is synchronous. On failure nothing is held. */
static inline NTSTATUS IopLockService(IOP_SERVICE *s)
{
    if (s->file->Flags & FO_SYNCHRONOUS_IO) {
        NTSTATUS status = IopAcquireFileLock(s->file, s->mode);
        if (status != STATUS_SUCCESS) {
            if (s->event)
                ObDereferenceObject(s->event);
            ObDereferenceObject(s->file);
            return status;
        }
        s->synchronous = TRUE;
    }
    return STATUS_SUCCESS;
}

/* An IRP whose next stack location belongs to the file; NULL: no pool. */
static inline PIRP IopMakeServiceIrp(IOP_SERVICE *s)
{
    PIRP irp = IopAllocateIrp(s->device->StackSize, NULL);
    if (!irp)
        return NULL;
    if (s->event)
        KeClearEvent(s->event);
    if (s->file->Event.Header.SignalState)
        KeClearEvent(&s->file->Event);
    irp->RequestorMode = s->mode;
    irp->UserIosb = s->block;
    irp->UserEvent = s->event;
    irp->Overlay.AsynchronousParameters.UserApcRoutine = s->apc;
    irp->Overlay.AsynchronousParameters.UserApcContext = s->apc_context;
    irp->Tail.Overlay.Thread = PspCurrentThread();
    irp->Tail.Overlay.OriginalFileObject = s->file;
    if (s->synchronous)
        irp->Flags = IOP_IRP_SYNCHRONOUS_FILE;
    IoGetNextIrpStackLocation(irp)->FileObject = s->file;
    return irp;
}

/* Give the IRP the caller's buffer as the device's flags say. Write: the device reads it. On failure
 * IopAbandonIrp undoes it. */
static inline NTSTATUS IopSetServiceBuffers(IOP_SERVICE *s, PIRP irp, PVOID buffer, ULONG length, BOOLEAN write)
{
    if (s->device->Flags & DO_BUFFERED_IO) {
        irp->UserBuffer = buffer;
        if (length == 0)
            return STATUS_SUCCESS;
        PVOID system = MiAllocatePool(NonPagedPoolNx, length, IOP_TAG_BUFFER, FALSE, NULL);
        if (!system)
            return STATUS_INSUFFICIENT_RESOURCES;
        irp->AssociatedIrp.SystemBuffer = system;
        irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
        if (!write)
            irp->Flags |= IRP_INPUT_OPERATION;
        return write ? KiCopyFromMode(s->mode, system, buffer, length) : STATUS_SUCCESS;
    }
    if ((s->device->Flags & DO_DIRECT_IO) && length)
        return IopLockBuffer(irp, buffer, length, s->mode, write ? IoReadAccess : IoWriteAccess);
    irp->UserBuffer = buffer;
    return STATUS_SUCCESS;
}

/* Give back what IopBeginService and IopLockService took; returns the status. */
NTSTATUS IopRefuseService(IOP_SERVICE *s, NTSTATUS status);

/* A fast I/O routine did it all: report as a completed request would. Consumes what is held. */
NTSTATUS IopFinishFastService(IOP_SERVICE *s, IO_STATUS_BLOCK *result);

/* Bugcheck: the fast I/O routine did not return at the IRQL it was called at. */
DECLSPEC_NORETURN void IopRefuseFastIrql(PVOID routine, KIRQL before);

/*
 * Send the IRP, wait for it whatever the file, copy the result of a buffered request to buffer (unless Write: then
 * it was input) and the status block to the caller. Consumes IRP, file and lock; returns the status of the service.
 */
NTSTATUS IopCallService(IOP_SERVICE *s, PIRP irp, PVOID buffer, ULONG length, BOOLEAN write);

#endif
