/* SPDX-License-Identifier: MIT */
/*
 * call.c: sending a request down a device stack, and its way back up.
 *
 *      IofCallDriver        step to the next stack location, call the driver's dispatch routine
 *      IofCompleteRequest   step back up: propagate pending, call completion routines; any of them may take the IRP
 *                           back with STATUS_MORE_PROCESSING_REQUIRED, and completion goes on where it left when the
 *                           IRP is completed again
 *      above the top        associated IRPs count down their master; IRPs of the I/O manager itself (create, cleanup,
 *                           close, queries) and of paging signal their waiter; the rest ends in its thread:
 *                           IopFinishRequest
 *
 * The thread finishes a request in one of three ways. (1) A request of a file service carries
 * IRP_DEFER_IO_COMPLETION: if no driver marked it pending, completion stops here, and the service, to which the dispatch
 * routine is about to return, finishes it inline. (2) The issuing thread itself completes the request with APCs possible:
 * finished at once, at APC_LEVEL, which is when and where a special kernel APC would run. (3) Otherwise a special
 * kernel APC is queued to the thread. So there is no APC, no lock and no system call on a synchronous path.
 *
 * A stack location is zeroed once its completion has been dealt with, so that a forgotten routine is not called twice;
 * the topmost one keeps its parameters, by which IopFinishRequest bounds a buffered result.
 */
#include "iomgr.h"

DECLSPEC_NORETURN void IopViolation(ULONG_PTR Error, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4, PVOID DriverPc,
                                    const char *Text)
{
    KiBugCheckText(DRIVER_VERIFIER_IOMANAGER_VIOLATION, Error, P2, P3, P4, (ULONG_PTR)DriverPc, Text);
}

/* ---------------------------------------------------------------- down */

static __attribute__((noinline)) DECLSPEC_NORETURN void refuse_call(PDEVICE_OBJECT device, PIRP irp,
                                                                    PVOID caller)
{
    if (irp->Type != IO_TYPE_IRP)
        IopViolation(
            0x03, (ULONG_PTR)irp, 0, 0, caller,
            "IoCallDriver was given something that is not an IRP, or an IRP that was freed or completed.");
    if (irp->CurrentLocation <= 0 || irp->CurrentLocation > irp->StackCount + 1)
        KiBugCheckText(
            NO_MORE_IRP_STACK_LOCATIONS, (ULONG_PTR)irp, 0, 0, 0, (ULONG_PTR)caller,
            "IoCallDriver was called for an IRP that has no stack location left for the driver below. The "
            "IRP was allocated with too small a StackSize, forwarded to the same stack twice, or sent to another "
            "stack: StackSize must be the target device's StackSize (plus one for a location of one's own).");
    IopViolation(0x04, (ULONG_PTR)device, (ULONG_PTR)irp, 0, caller,
                 "IoCallDriver was given something that is not a device object, or a major function that "
                 "does not exist.");
}

/* The checked machine looks at what the dispatch routine left behind. */
static __attribute__((noinline)) NTSTATUS call_checked(PDEVICE_OBJECT device, PIRP irp,
                                                       PDRIVER_DISPATCH dispatch)
{
    KIRQL irql = KiIrql();
    NTSTATUS status = dispatch(device, irp);
    if (KiIrql() != irql)
        IopViolation(0x05, (ULONG_PTR)device, irql, KiIrql(), (PCHAR)dispatch + 1,
                     "A dispatch routine returned at another IRQL than it was called at: it raised IRQL or "
                     "acquired a spin "
                     "lock and did not undo it.");
    if (status == (NTSTATUS)0xFFFFFFFF)
        IopViolation(
            0x225, (ULONG_PTR)dispatch, (ULONG_PTR)irp, 0, (PCHAR)dispatch + 1,
            "A dispatch routine returned the status 0xFFFFFFFF, probably from a variable it never set.");
    return status;
}

NTSTATUS FASTCALL IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PIO_STACK_LOCATION sp = Irp->Tail.Overlay.CurrentStackLocation - 1;
    LONG location = --Irp->CurrentLocation;
    if (__builtin_expect(location <= 0 || Irp->Type != IO_TYPE_IRP || !DeviceObject ||
                             DeviceObject->Type != IO_TYPE_DEVICE ||
                             sp->MajorFunction > IRP_MJ_MAXIMUM_FUNCTION,
                         0))
        refuse_call(DeviceObject, Irp, __builtin_return_address(0));
    Irp->Tail.Overlay.CurrentStackLocation = sp;
    sp->DeviceObject = DeviceObject;
    PDRIVER_DISPATCH dispatch = DeviceObject->DriverObject->MajorFunction[sp->MajorFunction];
    if (__builtin_expect(IopChecked, 0))
        return call_checked(DeviceObject, Irp, dispatch);
    return dispatch(DeviceObject, Irp);
}

/* IoCallDriver and IoCompleteRequest are macros in the headers; images that import them by name get these. */
#undef IoCallDriver
NTSTATUS NTAPI IoCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    return IofCallDriver(DeviceObject, Irp);
}

/* The dispatch entry of a driver that sets none of its own. */
NTSTATUS NTAPI IopInvalidDeviceRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    Irp->IoStatus.Status = STATUS_INVALID_DEVICE_REQUEST;
    Irp->IoStatus.Information = 0;
    IofCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_INVALID_DEVICE_REQUEST;
}

/* ---------------------------------------------------------------- up */

static void NTAPI finish_apc(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                             PVOID *argument2)
{
    IopFinishRequest(CONTAINING_RECORD(apc, IRP, Tail.Apc), *argument1);
}

/* The thread ended with the APC still queued: nobody is left to tell. */
static void NTAPI finish_rundown(PKAPC apc)
{
    PIRP irp = CONTAINING_RECORD(apc, IRP, Tail.Apc);
    PFILE_OBJECT file = apc->SystemArgument1;
    if (irp->UserEvent && file && !(irp->Flags & IRP_SYNCHRONOUS_API))
        ObDereferenceObject(irp->UserEvent);
    InitializeListHead(&irp->ThreadListEntry); /* the list went with the thread */
    if (irp->Flags & IOP_IRP_SYNCHRONOUS_FILE)
        file = NULL; /* its sender has the reference */
    IopAbandonIrp(irp);
    if (file)
        ObDereferenceObject(file);
}

static __attribute__((noinline)) DECLSPEC_NORETURN void refuse_completion(PIRP irp, PVOID caller)
{
    KiBugCheckText(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)irp, 0, 0, 0, (ULONG_PTR)caller,
                   "IoCompleteRequest was called for an IRP that was completed before, or that is free. Only "
                   "the owner of an "
                   "IRP completes it, once: after IoCallDriver without a completion routine that returns "
                   "STATUS_MORE_PROCESSING_REQUIRED, or after IoCompleteRequest, the IRP is somebody else's. "
                   "Look also for a cancel routine and a completion path that both complete it.");
}

static __attribute__((noinline)) void check_completion(PIRP irp, PVOID caller)
{
    if (!IoIsValidIrpStatus(irp->IoStatus.Status))
        IopViolation(0x06, (ULONG)irp->IoStatus.Status, (ULONG_PTR)irp, 0, caller,
                     "IoCompleteRequest was called for an IRP whose IoStatus.Status is STATUS_PENDING or -1. "
                     "Set the final status before completing.");
    if (irp->CancelRoutine)
        IopViolation(
            0x07, (ULONG_PTR)irp->CancelRoutine, (ULONG_PTR)irp, 0, caller,
            "IoCompleteRequest was called for an IRP whose cancel routine is still set. Take it out with "
            "IoSetCancelRoutine(Irp, NULL) first; if that returns NULL, the cancel routine completes the "
            "IRP.");
}

/* The APC, or what it would do. */
static void finish_in_thread(PIRP irp, CCHAR boost, PVOID caller)
{
    PETHREAD thread = irp->Tail.Overlay.Thread;
    PFILE_OBJECT file = irp->Tail.Overlay.OriginalFileObject;
    if (__builtin_expect(irp->Flags & IOP_IRP_ORPHAN, 0)) {
        irp->Tail.Apc.SystemArgument1 = file;
        finish_rundown(&irp->Tail.Apc);
        return;
    }
    if (__builtin_expect(!thread, 0))
        KiBugCheckText(INCONSISTENT_IRP, (ULONG_PTR)irp, 0, 0, 0, (ULONG_PTR)caller,
                       "An IRP made with IoAllocateIrp was completed all the way up: no completion routine "
                       "took it back. The "
                       "driver that allocates an IRP must set a completion routine that returns "
                       "STATUS_MORE_PROCESSING_REQUIRED and free the IRP itself.");
    if (&thread->Tcb == KiThread() && KiIrql() == PASSIVE_LEVEL && !KeAreAllApcsDisabled() &&
        irp->ApcEnvironment == KiThread()->ApcStateIndex) {
        KIRQL irql = KiRaise(APC_LEVEL);
        IopFinishRequest(irp, file);
        KiLower(irql);
        return;
    }
    KeInitializeApc(&irp->Tail.Apc, &thread->Tcb, (KAPC_ENVIRONMENT)irp->ApcEnvironment, finish_apc,
                    finish_rundown, NULL, KernelMode, NULL);
    if (!KeInsertQueueApc(&irp->Tail.Apc, file, NULL, boost)) {
        irp->Tail.Apc.SystemArgument1 = file;
        finish_rundown(&irp->Tail.Apc);
    }
}

static void unlock_pages(PIRP irp)
{
    for (PMDL mdl = irp->MdlAddress; mdl; mdl = mdl->Next)
        if (mdl->MdlFlags & MDL_PAGES_LOCKED)
            MmUnlockPages(mdl);
}

/* The IRP has left the last driver. */
static void complete_top(PIRP irp, CCHAR boost, PVOID caller)
{
    ULONG flags = irp->Flags;
    if (__builtin_expect(flags & (IRP_ASSOCIATED_IRP | IRP_PAGING_IO | IOP_IRP_INTERNAL), 0)) {
        if (flags & IRP_ASSOCIATED_IRP) {
            PIRP master = irp->AssociatedIrp.MasterIrp;
            unlock_pages(irp);
            for (PMDL mdl = irp->MdlAddress, next; mdl; mdl = next) {
                next = mdl->Next;
                IoFreeMdl(mdl);
            }
            irp->MdlAddress = NULL;
            IopFreeIrp(irp);
            if (InterlockedDecrement(&master->AssociatedIrp.IrpCount) == 0)
                IofCompleteRequest(master, boost);
            return;
        }
        PKEVENT event = irp->UserEvent;
        *irp->UserIosb = irp->IoStatus;
        if (flags & IRP_PAGING_IO)
            IopFreeIrp(irp);
        KeSetEvent(event, boost, FALSE); /* the waiter frees the others */
        return;
    }
    if (irp->Tail.Overlay.AuxiliaryBuffer) {
        ExFreePool(irp->Tail.Overlay.AuxiliaryBuffer);
        irp->Tail.Overlay.AuxiliaryBuffer = NULL;
    }
    if (irp->MdlAddress)
        unlock_pages(irp);
    if (!irp->PendingReturned) {
        if (__atomic_load_n(&irp->Flags, __ATOMIC_SEQ_CST) & IRP_DEFER_IO_COMPLETION)
            return;
        if (irp->Flags & IOP_IRP_RETURNED_PENDING)
            IopViolation(IOP_PENDING_NOT_MARKED, 0, (ULONG_PTR)irp, 0, caller,
                         "The dispatch routine had returned STATUS_PENDING for this IRP without "
                         "IoMarkIrpPending. Mark the "
                         "IRP pending before it can be completed elsewhere.");
    }
    finish_in_thread(irp, boost, caller);
}

static inline void clear_location(PIO_STACK_LOCATION sp)
{
    sp->MinorFunction = 0;
    sp->Flags = 0;
    sp->Control = 0;
    sp->Parameters.Others.Argument1 = NULL;
    sp->Parameters.Others.Argument2 = NULL;
    sp->Parameters.Others.Argument3 = NULL;
    sp->Parameters.Others.Argument4 = NULL;
    sp->FileObject = NULL;
}

VOID FASTCALL IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    PVOID caller = __builtin_return_address(0);
    KiSchedPoint(HOST_POINT_ENTRY);
    if (__builtin_expect(KiIrql() > DISPATCH_LEVEL, 0))
        IopViolation(
            0x0E, KiIrql(), (ULONG_PTR)Irp, 0, caller,
            "IoCompleteRequest was called above DISPATCH_LEVEL. An interrupt service routine requests a DPC, "
            "which completes the IRP.");
    if (__builtin_expect(Irp->Type != IO_TYPE_IRP || Irp->CurrentLocation > Irp->StackCount + 1, 0))
        refuse_completion(Irp, caller);
    if (__builtin_expect(IopChecked, 0))
        check_completion(Irp, caller);
    LONG top = Irp->StackCount;
    PIO_STACK_LOCATION sp = Irp->Tail.Overlay.CurrentStackLocation;
    for (LONG location = Irp->CurrentLocation; location <= top; location = Irp->CurrentLocation) {
        sp = Irp->Tail.Overlay.CurrentStackLocation;
        UCHAR control = sp->Control;
        Irp->CurrentLocation = (CHAR)(location + 1);
        Irp->Tail.Overlay.CurrentStackLocation = sp + 1;
        Irp->PendingReturned = control & SL_PENDING_RETURNED;
        UCHAR invoke = (NT_SUCCESS(Irp->IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR) |
                       (Irp->Cancel ? SL_INVOKE_ON_CANCEL : 0);
        if (control & invoke) {
            PIO_COMPLETION_ROUTINE routine = sp->CompletionRoutine;
            PVOID context = sp->Context;
            PDEVICE_OBJECT device = location == top ? NULL : sp[1].DeviceObject;
            if (location != top)
                clear_location(sp);
            else
                sp->Control = 0;
            if (routine(device, Irp, context) == STATUS_MORE_PROCESSING_REQUIRED)
                return;
        } else if (location != top) {
            if (control & SL_PENDING_RETURNED)
                sp[1].Control |= SL_PENDING_RETURNED;
            clear_location(sp);
        } else {
            sp->Control = 0;
        }
    }
    Irp->CurrentLocation = (CHAR)(top + 2); /* completed: recognised if somebody completes it again */
    complete_top(Irp, PriorityBoost, caller);
}

#undef IoCompleteRequest
VOID NTAPI IoCompleteRequest(PIRP Irp, CCHAR PriorityBoost)
{
    IofCompleteRequest(Irp, PriorityBoost);
}

/* ---------------------------------------------------------------- a completion routine that keeps its driver loaded */

typedef struct _IOP_UNLOAD_SAFE {
    PDEVICE_OBJECT device; /* referenced */
    PIO_COMPLETION_ROUTINE routine;
    PVOID context;
} IOP_UNLOAD_SAFE;

static NTSTATUS NTAPI unload_safe_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    IOP_UNLOAD_SAFE safe = *(IOP_UNLOAD_SAFE *)context;
    ExFreePoolWithTag(context, IOP_TAG_DEVICE);
    NTSTATUS status = safe.routine(device, irp, safe.context);
    ObDereferenceObject(safe.device);
    return status;
}

NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                        PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                        BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                        BOOLEAN InvokeOnCancel)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    IOP_UNLOAD_SAFE *safe = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *safe, IOP_TAG_DEVICE);
    if (!safe)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObReferenceObject(DeviceObject);
    *safe = (IOP_UNLOAD_SAFE){DeviceObject, CompletionRoutine, Context};
    IoSetCompletionRoutine(Irp, unload_safe_completion, safe, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
    return STATUS_SUCCESS;
}
