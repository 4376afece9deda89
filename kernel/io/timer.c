/* SPDX-License-Identifier: MIT */
/*
 * timer.c: the 1-second timer of a device object.
 *
 * Each is a periodic kernel timer with a DPC, which calls the driver's IoTimer routine at DISPATCH_LEVEL. It
 * goes with the device (IoDeleteDevice), which waits for a call in progress.
 */
#include "iomgr.h"

struct _IO_TIMER {
    CSHORT type; /* IO_TYPE_TIMER */
    volatile LONG running;
    PIO_TIMER_ROUTINE routine;
    PVOID context;
    PDEVICE_OBJECT device;
    KTIMER timer;
    KDPC dpc;
};

static VOID NTAPI tick(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PIO_TIMER timer = context;
    if (timer->running)
        timer->routine(timer->device, timer->context);
}

NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (DeviceObject->Timer)
        IopViolation(0x0A, (ULONG_PTR)DeviceObject, 0, 0, __builtin_return_address(0),
                     "IoInitializeTimer was called for a device object that has a timer already. Call it "
                     "once a device.");
    PIO_TIMER timer = MiAllocatePool(NonPagedPoolNx, sizeof *timer, IOP_TAG_DEVICE, TRUE, NULL);
    if (!timer)
        return STATUS_INSUFFICIENT_RESOURCES;
    timer->type = IO_TYPE_TIMER;
    timer->routine = TimerRoutine;
    timer->context = Context;
    timer->device = DeviceObject;
    KeInitializeTimer(&timer->timer);
    KeInitializeDpc(&timer->dpc, tick, timer);
    DeviceObject->Timer = timer;
    return STATUS_SUCCESS;
}

VOID NTAPI IoStartTimer(PDEVICE_OBJECT DeviceObject)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PIO_TIMER timer = DeviceObject->Timer;
    LARGE_INTEGER due = {.QuadPart = -10000000LL};
    if (InterlockedExchange(&timer->running, 1) == 0)
        KeSetTimerEx(&timer->timer, due, 1000, &timer->dpc);
}

VOID NTAPI IoStopTimer(PDEVICE_OBJECT DeviceObject)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PIO_TIMER timer = DeviceObject->Timer;
    if (InterlockedExchange(&timer->running, 0) != 0)
        KeCancelTimer(&timer->timer);
}

void IopDeleteTimer(PDEVICE_OBJECT DeviceObject)
{
    PIO_TIMER timer = DeviceObject->Timer;
    DeviceObject->Timer = NULL;
    timer->running = 0;
    KeCancelTimer(&timer->timer);
    KeRemoveQueueDpcEx(&timer->dpc, TRUE);
    ExFreePoolWithTag(timer, IOP_TAG_DEVICE);
}
