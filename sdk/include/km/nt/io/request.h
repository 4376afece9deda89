/* SPDX-License-Identifier: MIT */
/*
 * Requests: making, sending, completing and cancelling IRPs.
 *
 * The inline routines work on the layout of the IRP, as they do in drivers built elsewhere; the kernel sees only
 * what they leave behind. IoCallDriver and IoCompleteRequest are the fast-call entries IofCallDriver and
 * IofCompleteRequest. Allocation and cancellation obey the ownership rules of <nt/io/irp.h>.
 */
#ifndef KILN_NT_IO_REQUEST_H
#define KILN_NT_IO_REQUEST_H

#include <nt/ke.h>
#include <nt/io/device.h>

EXTERN_C_START

/* ---- stack locations ---- */

/* The caller's own stack location. Any IRQL. */
FORCEINLINE PIO_STACK_LOCATION IoGetCurrentIrpStackLocation(_In_ PIRP Irp)
{
    return Irp->Tail.Overlay.CurrentStackLocation;
}

/* The location of the driver below, to be filled in before IoCallDriver. Any IRQL. */
FORCEINLINE PIO_STACK_LOCATION IoGetNextIrpStackLocation(_In_ PIRP Irp)
{
    return Irp->Tail.Overlay.CurrentStackLocation - 1;
}

/* Claims a location for a driver that allocated the IRP with one more than the drivers below need. */
FORCEINLINE VOID IoSetNextIrpStackLocation(_Inout_ PIRP Irp)
{
    Irp->CurrentLocation--;
    Irp->Tail.Overlay.CurrentStackLocation--;
}

/* Gives the driver below this driver's location as it stands; no completion routine may be set. */
FORCEINLINE VOID IoSkipCurrentIrpStackLocation(_Inout_ PIRP Irp)
{
    Irp->CurrentLocation++;
    Irp->Tail.Overlay.CurrentStackLocation++;
}

/* Copies this driver's parameters (all but the completion routine) to the location of the driver below. */
FORCEINLINE VOID IoCopyCurrentIrpStackLocationToNext(_Inout_ PIRP Irp)
{
    PIO_STACK_LOCATION current = IoGetCurrentIrpStackLocation(Irp);
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

    next->MajorFunction = current->MajorFunction;
    next->MinorFunction = current->MinorFunction;
    next->Flags = current->Flags;
    next->Parameters.Others = current->Parameters.Others;
    next->DeviceObject = current->DeviceObject;
    next->FileObject = current->FileObject;
    next->Control = 0;
}

/* Says that the dispatch routine will return STATUS_PENDING. Any IRQL up to DISPATCH_LEVEL. */
FORCEINLINE VOID IoMarkIrpPending(_Inout_ PIRP Irp)
{
    IoGetCurrentIrpStackLocation(Irp)->Control |= SL_PENDING_RETURNED;
}

/* Registers what to call as the request comes back, in the location of the driver below. */
FORCEINLINE VOID IoSetCompletionRoutine(_In_ PIRP Irp, _In_opt_ PIO_COMPLETION_ROUTINE CompletionRoutine,
                                        _In_opt_ PVOID Context, _In_ BOOLEAN InvokeOnSuccess,
                                        _In_ BOOLEAN InvokeOnError, _In_ BOOLEAN InvokeOnCancel)
{
    PIO_STACK_LOCATION next = IoGetNextIrpStackLocation(Irp);

    next->CompletionRoutine = CompletionRoutine;
    next->Context = Context;
    next->Control = (UCHAR)((InvokeOnSuccess ? SL_INVOKE_ON_SUCCESS : 0) | (InvokeOnError ? SL_INVOKE_ON_ERROR : 0) |
                            (InvokeOnCancel ? SL_INVOKE_ON_CANCEL : 0));
}

/* The size of an IRP with StackSize locations. */
#define IoSizeOfIrp(StackSize) ((USHORT)(sizeof(IRP) + ((StackSize) * (sizeof(IO_STACK_LOCATION)))))

/* Exchanges the cancel routine atomically and gives the old one, NULL when cancellation has taken it. */
FORCEINLINE PDRIVER_CANCEL IoSetCancelRoutine(_Inout_ PIRP Irp, _In_opt_ PDRIVER_CANCEL CancelRoutine)
{
    return __atomic_exchange_n((PDRIVER_CANCEL *)&Irp->CancelRoutine, CancelRoutine, __ATOMIC_SEQ_CST);
}

#define IoGetFunctionCodeFromCtlCode(ControlCode) (((ControlCode) >> 2) & 0x00000FFF)

#define IoIsErrorUserInduced(Status)                                                                          \
    ((BOOLEAN)(((Status) == STATUS_DEVICE_NOT_READY) || ((Status) == STATUS_IO_TIMEOUT) ||                    \
               ((Status) == STATUS_MEDIA_WRITE_PROTECTED) || ((Status) == STATUS_NO_MEDIA_IN_DEVICE) ||       \
               ((Status) == STATUS_VERIFY_REQUIRED) || ((Status) == STATUS_UNRECOGNIZED_MEDIA) ||             \
               ((Status) == STATUS_WRONG_VOLUME)))

/* Merges the status of an associated IRP into its master's: the most severe one counts. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI IoSetMasterIrpStatus(_Inout_ PIRP MasterIrp, _In_ NTSTATUS Status);

/* ---- sending and completing ---- */

/* Gives the IRP to the driver of DeviceObject and returns what its dispatch routine returned. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS FASTCALL IofCallDriver(_In_ PDEVICE_OBJECT DeviceObject,
                                            _Inout_ __drv_aliasesMem PIRP Irp);
/* Finishes the caller's part of the request; the IRP must not be touched afterwards. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID FASTCALL IofCompleteRequest(_In_ PIRP Irp, _In_ CCHAR PriorityBoost);
#define IoCallDriver(DeviceObject, Irp) IofCallDriver(DeviceObject, Irp)
#define IoCompleteRequest(Irp, PriorityBoost) IofCompleteRequest(Irp, PriorityBoost)

/* Sends the IRP and waits for its completion; FALSE when it has no free stack location. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI IoForwardIrpSynchronously(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp);

/* As IoSetCompletionRoutine, and keeps the driver loaded until the routine has returned. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI IoSetCompletionRoutineEx(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                                                    _In_ PIO_COMPLETION_ROUTINE CompletionRoutine,
                                                    _In_opt_ PVOID Context, _In_ BOOLEAN InvokeOnSuccess,
                                                    _In_ BOOLEAN InvokeOnError, _In_ BOOLEAN InvokeOnCancel);
/* FALSE for STATUS_PENDING and for values no driver may complete a request with. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI IoIsValidIrpStatus(_In_ NTSTATUS Status);

/* ---- allocating ---- */

/* An initialised IRP with StackSize locations, or NULL. The caller frees it with IoFreeIrp. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_
NTKERNELAPI PIRP NTAPI IoAllocateIrp(_In_ CCHAR StackSize, _In_ BOOLEAN ChargeQuota);
/* As IoAllocateIrp, with an IRP extension where the device's stack needs one. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_
NTKERNELAPI PIRP NTAPI IoAllocateIrpEx(_In_ PDEVICE_OBJECT DeviceObject, _In_ CCHAR StackSize,
                                       _In_ BOOLEAN ChargeQuota);
/* Frees an IRP of IoAllocateIrp or IoBuildAsynchronousFsdRequest that is not in use. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID NTAPI IoFreeIrp(_In_ PIRP Irp);
/* Initialises an IRP in memory of the caller's own. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoInitializeIrp(_Out_ PIRP Irp, _In_ USHORT PacketSize, _In_ CCHAR StackSize);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoInitializeIrpEx(_Out_ PIRP Irp, _In_ PDEVICE_OBJECT DeviceObject,
                                         _In_ USHORT PacketSize, _In_ CCHAR StackSize);
/* Makes an IRP of IoAllocateIrp ready to be sent once more. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoReuseIrp(_Inout_ PIRP Irp, _In_ NTSTATUS Iostatus);
/* An IRP whose completion counts down Irp->AssociatedIrp.IrpCount; the last one completes Irp. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PIRP NTAPI IoMakeAssociatedIrp(_In_ PIRP Irp, _In_ CCHAR StackSize);
/* A read, write, flush, shutdown or PnP IRP that the caller's completion routine must free. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_
NTKERNELAPI PIRP NTAPI IoBuildAsynchronousFsdRequest(_In_ ULONG MajorFunction,
                                                     _In_ PDEVICE_OBJECT DeviceObject,
                                                     _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
                                                     _In_opt_ PLARGE_INTEGER StartingOffset,
                                                     _In_opt_ PIO_STATUS_BLOCK IoStatusBlock);
/* A device control IRP of the current thread; the I/O manager frees it and sets Event. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_
NTKERNELAPI PIRP NTAPI IoBuildDeviceIoControlRequest(_In_ ULONG IoControlCode,
                                                     _In_ PDEVICE_OBJECT DeviceObject,
                                                     _In_opt_ PVOID InputBuffer, _In_ ULONG InputBufferLength,
                                                     _Out_opt_ PVOID OutputBuffer,
                                                     _In_ ULONG OutputBufferLength,
                                                     _In_ BOOLEAN InternalDeviceIoControl,
                                                     _In_opt_ PKEVENT Event,
                                                     _Out_ PIO_STATUS_BLOCK IoStatusBlock);
/* As IoBuildAsynchronousFsdRequest, freed by the I/O manager, which sets Event. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_
NTKERNELAPI PIRP NTAPI IoBuildSynchronousFsdRequest(_In_ ULONG MajorFunction,
                                                    _In_ PDEVICE_OBJECT DeviceObject,
                                                    _Inout_opt_ PVOID Buffer, _In_opt_ ULONG Length,
                                                    _In_opt_ PLARGE_INTEGER StartingOffset,
                                                    _In_ PKEVENT Event, _Out_ PIO_STATUS_BLOCK IoStatusBlock);

/* ---- MDLs of a request ---- */

/* An MDL large enough for the buffer, linked into Irp if one is given; not locked yet. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_
NTKERNELAPI PMDL NTAPI IoAllocateMdl(_In_opt_ __drv_aliasesMem PVOID VirtualAddress, _In_ ULONG Length,
                                     _In_ BOOLEAN SecondaryBuffer, _In_ BOOLEAN ChargeQuota,
                                     _Inout_opt_ PIRP Irp);
/* TargetMdl describes a part of what SourceMdl does; Length 0 means up to its end. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoBuildPartialMdl(_In_ PMDL SourceMdl, _Inout_ PMDL TargetMdl,
                                         _In_ PVOID VirtualAddress, _In_ ULONG Length);
/* Unlocked and unmapped already. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID NTAPI IoFreeMdl(_In_ PMDL Mdl);

/* ---- cancelling ---- */

/* Sets Cancel and calls the cancel routine; FALSE when the IRP had none. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN NTAPI IoCancelIrp(_In_ PIRP Irp);
/* The lock that guards Cancel and cancel routines. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Acquires_lock_(_Global_cancel_spin_lock_) _IRQL_raises_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoAcquireCancelSpinLock(_Out_ _At_(*Irql, _IRQL_saves_) PKIRQL Irql);
_IRQL_requires_(DISPATCH_LEVEL) _Releases_lock_(_Global_cancel_spin_lock_)
NTKERNELAPI VOID NTAPI IoReleaseCancelSpinLock(_In_ _IRQL_restores_ _IRQL_uses_cancel_ KIRQL Irql);
/* Undoes an open that a filter saw succeed and wants to fail; no handle may exist. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoCancelFileOpen(_In_ PDEVICE_OBJECT DeviceObject, _In_ PFILE_OBJECT FileObject);

/* ---- queues of the StartIo model ---- */

/* Calls StartIo with the IRP, or queues it (by Key, if given) while the device is busy. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoStartPacket(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_opt_ PULONG Key,
                                     _In_opt_ PDRIVER_CANCEL CancelFunction);
/* Takes the next queued IRP to StartIo, or marks the device idle. */
_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoStartNextPacket(_In_ PDEVICE_OBJECT DeviceObject, _In_ BOOLEAN Cancelable);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoStartNextPacketByKey(_In_ PDEVICE_OBJECT DeviceObject, _In_ BOOLEAN Cancelable,
                                              _In_ ULONG Key);
/* DeferredStartIo: StartIo is not called again before it has returned. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI IoSetStartIoAttributes(_In_ PDEVICE_OBJECT DeviceObject, _In_ BOOLEAN DeferredStartIo,
                                              _In_ BOOLEAN NonCancelable);

/* ---- the DPC of a device object ---- */

_Function_class_(IO_DPC_ROUTINE) _IRQL_always_function_min_(DISPATCH_LEVEL) _IRQL_requires_(DISPATCH_LEVEL)
_IRQL_requires_same_
typedef VOID NTAPI IO_DPC_ROUTINE(_In_ PKDPC Dpc, _In_ struct _DEVICE_OBJECT *DeviceObject, _Inout_ struct _IRP *Irp,
                                  _In_opt_ PVOID Context);
typedef IO_DPC_ROUTINE *PIO_DPC_ROUTINE;

/* Makes DpcRoutine the routine of the device's own DPC, which IoRequestDpc queues. */
FORCEINLINE VOID IoInitializeDpcRequest(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIO_DPC_ROUTINE DpcRoutine)
{
    KeInitializeDpc(&DeviceObject->Dpc, (PKDEFERRED_ROUTINE)(PVOID)DpcRoutine, DeviceObject);
}

/* Called by an interrupt service routine to have the rest done at DISPATCH_LEVEL. */
FORCEINLINE VOID IoRequestDpc(_In_ PDEVICE_OBJECT DeviceObject, _In_opt_ PIRP Irp, _In_opt_ __drv_aliasesMem PVOID Context)
{
    KeInsertQueueDpc(&DeviceObject->Dpc, Irp, Context);
}

EXTERN_C_END

#endif

