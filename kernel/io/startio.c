/* SPDX-License-Identifier: MIT */
/*
 * startio.c: the StartIo model: one packet of a device at a time, the others in its device queue.
 *
 * The device queue is busy from the first IoStartPacket until IoStartNextPacket finds it empty. With a cancel
 * function, queue and CurrentIrp change under the cancel spin lock, so that a cancel routine sees either.
 * DeferredStartIo (DEVOBJ_EXTENSION.StartIoCount) turns the recursion StartIo -> IoStartNextPacket -> StartIo
 * into a loop: a request for the next packet made inside StartIo is only counted, and served when StartIo has
 * returned.
 */
#include "iomgr.h"

VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo, BOOLEAN NonCancelable)
{
    PDEVOBJ_EXTENSION private = DeviceObject->DeviceObjectExtension;
    private->StartIoFlags = (private->StartIoFlags & ~(DOE_SIO_DEFERRED | DOE_SIO_NON_CANCELABLE)) |
                            (DeferredStartIo ? DOE_SIO_DEFERRED : 0) |
                            (NonCancelable ? DOE_SIO_NON_CANCELABLE : 0);
}

/* Take the next packet off the queue and make it the current one. DISPATCH_LEVEL. NULL: the device is idle
 * now. */
static PIRP take_next(PDEVICE_OBJECT device, BOOLEAN cancelable, const ULONG *key)
{
    KIRQL irql = DISPATCH_LEVEL;
    PIRP irp = NULL;
    if (cancelable)
        IoAcquireCancelSpinLock(&irql);
    device->CurrentIrp = NULL;
    PKDEVICE_QUEUE_ENTRY entry = key ? KeRemoveByKeyDeviceQueue(&device->DeviceQueue, *key)
                                     : KeRemoveDeviceQueue(&device->DeviceQueue);
    if (entry) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
        device->CurrentIrp = irp;
        if (cancelable && (device->DeviceObjectExtension->StartIoFlags & DOE_SIO_NON_CANCELABLE))
            IoSetCancelRoutine(irp, NULL);
    }
    if (cancelable)
        IoReleaseCancelSpinLock(irql);
    return irp;
}

/* Call StartIo, again for every packet asked for meanwhile. Deferred devices: StartIoCount was raised for
 * `irp`. */
static void run(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVOBJ_EXTENSION private = device->DeviceObjectExtension;
    for (;;) {
        if (irp)
            device->DriverObject->DriverStartIo(device, irp);
        if (!(private->StartIoFlags & DOE_SIO_DEFERRED))
            return;
        if (InterlockedDecrement(&private->StartIoCount) == 0)
            return;
        ULONG key = (ULONG) private->StartIoKey;
        irp = take_next(device, (private->StartIoFlags & DOE_SIO_CANCELABLE) != 0,
                        private->StartIoFlags & DOE_SIO_WITH_KEY ? &key : NULL);
    }
}

static void require_start_io(PDEVICE_OBJECT device, PVOID caller)
{
    if (!device->DriverObject->DriverStartIo)
        IopViolation(
            0x04, (ULONG_PTR)device, 0, 0, caller,
            "IoStartPacket or IoStartNextPacket was called by a driver that has no StartIo routine. Set "
            "DriverObject->DriverStartIo in DriverEntry.");
}

VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction)
{
    PDEVOBJ_EXTENSION private = DeviceObject->DeviceObjectExtension;
    KIRQL cancel_irql = DISPATCH_LEVEL;
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    require_start_io(DeviceObject, __builtin_return_address(0));
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    if (CancelFunction) {
        IoAcquireCancelSpinLock(&cancel_irql);
        IoSetCancelRoutine(Irp, CancelFunction);
    }
    BOOLEAN queued =
        Key ? KeInsertByKeyDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry, *Key)
            : KeInsertDeviceQueue(&DeviceObject->DeviceQueue, &Irp->Tail.Overlay.DeviceQueueEntry);
    if (!queued) {
        DeviceObject->CurrentIrp = Irp;
        if (CancelFunction) {
            if (private->StartIoFlags & DOE_SIO_NON_CANCELABLE)
                IoSetCancelRoutine(Irp, NULL);
            IoReleaseCancelSpinLock(cancel_irql);
        }
        if (private->StartIoFlags & DOE_SIO_DEFERRED)
            InterlockedIncrement(&private->StartIoCount);
        run(DeviceObject, Irp);
    } else if (CancelFunction) {
        PDRIVER_CANCEL routine = Irp->Cancel ? IoSetCancelRoutine(Irp, NULL) : NULL;
        if (routine) { /* cancelled before it was queued */
            Irp->CancelIrql = cancel_irql;
            routine(DeviceObject, Irp);
        } else {
            IoReleaseCancelSpinLock(cancel_irql);
        }
    }
    KeLowerIrql(irql);
}

static void start_next(PDEVICE_OBJECT device, BOOLEAN cancelable, const ULONG *key)
{
    PDEVOBJ_EXTENSION private = device->DeviceObjectExtension;
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    if (private->StartIoFlags & DOE_SIO_DEFERRED) {
        private->StartIoFlags = (private->StartIoFlags & ~(DOE_SIO_CANCELABLE | DOE_SIO_WITH_KEY)) |
                                (cancelable ? DOE_SIO_CANCELABLE : 0) | (key ? DOE_SIO_WITH_KEY : 0);
        private->StartIoKey = key ? (LONG)*key : 0;
        if (InterlockedIncrement(&private->StartIoCount) > 1) {
            KeLowerIrql(irql); /* the loop that StartIo was called from goes on with it */
            return;
        }
    }
    PIRP irp = take_next(device, cancelable, key);
    if (irp || (private->StartIoFlags & DOE_SIO_DEFERRED))
        run(device, irp);
    KeLowerIrql(irql);
}

VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    require_start_io(DeviceObject, __builtin_return_address(0));
    start_next(DeviceObject, Cancelable, NULL);
}

VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    require_start_io(DeviceObject, __builtin_return_address(0));
    start_next(DeviceObject, Cancelable, &Key);
}
