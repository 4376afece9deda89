/* SPDX-License-Identifier: MIT */
/* service.c: the ends of the file services, see service.h. */
#include "service.h"

NTSTATUS IopRefuseService(IOP_SERVICE *s, NTSTATUS status)
{
    if (s->synchronous)
        IopReleaseFileLock(s->file);
    if (s->event)
        ObDereferenceObject(s->event);
    ObDereferenceObject(s->file);
    return status;
}

NTSTATUS IopFinishFastService(IOP_SERVICE *s, IO_STATUS_BLOCK *result)
{
    NTSTATUS status = result->Status;
    NTSTATUS copied = KiCopyToMode(s->mode, s->block, result, sizeof *result);
    if (!NT_SUCCESS(copied))
        status = copied;
    if (s->event && !(s->file->Flags & FO_SKIP_SET_FAST_IO))
        KeSetEvent(s->event, IO_NO_INCREMENT, FALSE);
    PIO_COMPLETION_CONTEXT port = s->file->CompletionContext;
    if (port && s->apc_context && !s->synchronous &&
        !(NT_SUCCESS(status) && (s->file->Flags & FO_SKIP_COMPLETION_PORT)))
        IoSetIoCompletion(port->Port, port->Key, s->apc_context, result->Status, result->Information, FALSE);
    return IopRefuseService(s, status);
}

void IopRefuseFastIrql(PVOID routine, KIRQL before)
{
    IopViolation(0x11, (ULONG_PTR)routine, before, KiIrql(), routine,
                 "A fast I/O routine returned at another IRQL than it was called at.");
}

NTSTATUS IopCallService(IOP_SERVICE *s, PIRP irp, PVOID buffer, ULONG length, BOOLEAN write)
{
    PVOID system = irp->Flags & IRP_DEALLOCATE_BUFFER ? irp->AssociatedIrp.SystemBuffer : NULL;
    PVOID auxiliary = irp->Tail.Overlay.AuxiliaryBuffer;
    PMDL mdl = irp->MdlAddress;

    irp->Flags |= IRP_SYNCHRONOUS_API;
    IO_STATUS_BLOCK result = IopSendInternal(s->device, irp, TRUE);
    NTSTATUS status = result.Status;
    if (!NT_ERROR(status)) {
        SIZE_T bytes = result.Information < length ? result.Information : length;
        NTSTATUS copied = system && !write ? KiCopyToMode(s->mode, buffer, system, bytes) : STATUS_SUCCESS;
        if (NT_SUCCESS(copied))
            copied = KiCopyToMode(s->mode, s->block, &result, sizeof result);
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    if (system)
        ExFreePool(system);
    if (auxiliary)
        ExFreePool(auxiliary);
    if (mdl) {
        MmUnlockPages(mdl);
        IoFreeMdl(mdl);
    }
    return IopRefuseService(s, status);
}
