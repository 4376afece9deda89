/* SPDX-License-Identifier: MIT */
/* What drivers use beside requests: StartIo queues, work items, timers, remove locks, shutdown, driver
 * objects. */
#include "fixture.h"
#include "psp.h"

/* ---------------------------------------------------------------- StartIo */

static PIRP started[16];
static ULONG starts;
static BOOLEAN recurse;
static ULONG depth, deepest;

static VOID NTAPI start_io(PDEVICE_OBJECT device, PIRP irp)
{
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(device->CurrentIrp == irp);
    started[starts++] = irp;
    if (!recurse)
        return;
    if (++depth > deepest)
        deepest = depth;
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    IoStartNextPacket(device, FALSE);
    depth--;
}

static NTSTATUS NTAPI start_packet(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG key = IoGetCurrentIrpStackLocation(irp)->Parameters.Read.Key;
    IoMarkIrpPending(irp);
    IoStartPacket(device, irp, key ? &key : NULL, NULL);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI hold(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PIRP send(PDEVICE_OBJECT device, ULONG key)
{
    PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoGetNextIrpStackLocation(irp)->Parameters.Read.Key = key;
    IoSetCompletionRoutine(irp, hold, NULL, TRUE, TRUE, TRUE);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    return irp;
}

static void next_packet(PDEVICE_OBJECT device)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoStartNextPacket(device, FALSE);
    KeLowerIrql(irql);
}

KILN_TEST_ONCE(io_startio, one_packet_at_a_time_in_order)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    PIRP irps[3];
    io_driver()->DriverStartIo = start_io;
    io.handler[IRP_MJ_READ] = start_packet;
    for (int i = 0; i < 3; i++)
        irps[i] = send(device, 0);
    CHECK_EQ(starts, 1);
    next_packet(device);
    next_packet(device);
    CHECK_EQ(starts, 3);
    for (int i = 0; i < 3; i++)
        CHECK(started[i] == irps[i]);
    next_packet(device);
    CHECK(device->CurrentIrp == NULL);
    CHECK_EQ(starts, 3);
}

KILN_TEST_ONCE(io_startio, keys_order_the_queue)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    io_driver()->DriverStartIo = start_io;
    io.handler[IRP_MJ_READ] = start_packet;
    send(device, 1);
    PIRP nine = send(device, 9), three = send(device, 3);
    next_packet(device);
    next_packet(device);
    CHECK(started[1] == three && started[2] == nine);
}

static void recursion(BOOLEAN deferred)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    io_driver()->DriverStartIo = start_io;
    io.handler[IRP_MJ_READ] = start_packet;
    IoSetStartIoAttributes(device, deferred, FALSE);
    for (int i = 0; i < 5; i++)
        send(device, 0);
    recurse = TRUE;
    IoMarkIrpPending(started[0]);
    next_packet(device);
    CHECK_EQ(starts, 5);
}

KILN_TEST_ONCE(io_startio, packets_recurse_without_the_deferred_attribute)
{
    recursion(FALSE);
    CHECK(deepest > 1);
}

/* ---------------------------------------------------------------- work items */

static KEVENT worked;
static PIO_WORKITEM work;
static ULONG runs;

static VOID NTAPI work_routine(PDEVICE_OBJECT device, PVOID context)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK_EQ((ULONG_PTR)context, 0x77);
    CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
    IoFreeWorkItem(work); /* allowed in its own routine */
    KeSetEvent(&worked, IO_NO_INCREMENT, FALSE);
}

KILN_TEST(io_work, a_work_item_runs_in_the_system_process)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    KIRQL irql;
    KeInitializeEvent(&worked, NotificationEvent, FALSE);
    work = IoAllocateWorkItem(device);
    CHECK(work != NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    IoQueueWorkItem(work, work_routine, DelayedWorkQueue, (PVOID)0x77);
    KeLowerIrql(irql);
    KeWaitForSingleObject(&worked, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI again(PVOID object, PVOID context, PIO_WORKITEM item)
{
    CHECK(item == work);
    if (++runs < 5)
        IoQueueWorkItemEx(item, again, DelayedWorkQueue, NULL);
    else
        KeSetEvent(&worked, IO_NO_INCREMENT, FALSE);
}

KILN_TEST(io_work, a_routine_may_queue_its_item_again)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    KeInitializeEvent(&worked, NotificationEvent, FALSE);
    work = ExAllocatePoolWithTag(NonPagedPoolNx, IoSizeofWorkItem(), 'tset');
    IoInitializeWorkItem(device, work);
    IoQueueWorkItemEx(work, again, DelayedWorkQueue, NULL);
    KeWaitForSingleObject(&worked, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(runs, 5);
    IoUninitializeWorkItem(work);
    ExFreePoolWithTag(work, 'tset');
}

/* ---------------------------------------------------------------- timers */

static ULONG ticks;

static VOID NTAPI tick(PDEVICE_OBJECT device, PVOID context)
{
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    ticks++;
}

KILN_TEST_SIM(io_timer, runs_once_a_second_until_stopped)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    LARGE_INTEGER delay = {.QuadPart = -35000000LL};
    CHECK_EQ(IoInitializeTimer(device, tick, NULL), STATUS_SUCCESS);
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(ticks, 0);
    IoStartTimer(device);
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(ticks, 3);
    IoStopTimer(device);
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(ticks, 3);
    IoStartTimer(device);
    IoDeleteDevice(device); /* the timer goes with the device */
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(ticks, 3);
}

/* ---------------------------------------------------------------- remove locks */

static IO_REMOVE_LOCK remove_lock;
static volatile BOOLEAN released;

static VOID NTAPI release_later(PVOID context)
{
    LARGE_INTEGER delay = {.QuadPart = -50000};
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    released = TRUE;
    IoReleaseRemoveLock(&remove_lock, (PVOID)1);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(io_remlock, removal_waits_for_the_holders_and_refuses_new_ones)
{
    HANDLE thread;
    IoInitializeRemoveLock(&remove_lock, 'tset', 0, 0);
    CHECK_EQ(IoAcquireRemoveLock(&remove_lock, (PVOID)1), STATUS_SUCCESS);
    CHECK_EQ(IoAcquireRemoveLock(&remove_lock, (PVOID)2), STATUS_SUCCESS);
    CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, release_later, NULL),
             STATUS_SUCCESS);
    IoReleaseRemoveLockAndWait(&remove_lock, (PVOID)2);
    CHECK(released);
    CHECK_EQ(IoAcquireRemoveLock(&remove_lock, (PVOID)3), STATUS_DELETE_PENDING);
    ZwClose(thread);
}

/* ---------------------------------------------------------------- shutdown */

KILN_TEST_ONCE(io_shutdown, registered_devices_are_told_once)
{
    PDEVICE_OBJECT told = io_device(NULL, 0), not_told = io_device(NULL, 0);
    CHECK_EQ(IoRegisterShutdownNotification(told), STATUS_SUCCESS);
    CHECK_EQ(IoRegisterLastChanceShutdownNotification(told), STATUS_SUCCESS);
    CHECK_EQ(IoRegisterShutdownNotification(not_told), STATUS_SUCCESS);
    IoUnregisterShutdownNotification(not_told);
    IopShutdownSystem();
    CHECK_EQ(io.count[IRP_MJ_SHUTDOWN], 2);
    IopShutdownSystem();
    CHECK_EQ(io.count[IRP_MJ_SHUTDOWN], 2);
}

/* ---------------------------------------------------------------- interrupts */

static volatile ULONG interrupts;

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    CHECK_EQ(KeGetCurrentIrql(), 5);
    CHECK(context == &interrupts);
    interrupts++;
    return TRUE;
}

KILN_TEST(io_interrupt, a_connected_routine_serves_its_vector)
{
    PKINTERRUPT interrupt;
    LARGE_INTEGER delay = {.QuadPart = -100000};
    CHECK_EQ(IoConnectInterrupt(&interrupt, service, (PVOID)&interrupts, NULL, 0x52, 5, 5, Latched, FALSE,
                                KeQueryActiveProcessors(), FALSE),
             STATUS_SUCCESS);
    KiPostVector(0x52);
    for (int i = 0; i < 100 && !interrupts; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(interrupts, 1);
    IoDisconnectInterrupt(interrupt);
    KiPostVector(0x52);
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(interrupts, 1);
}

KILN_TEST_ONCE(io_interrupt, an_unknown_version_is_answered_with_the_known_one)
{
    IO_CONNECT_INTERRUPT_PARAMETERS p = {.Version = 99};
    CHECK_EQ(IoConnectInterruptEx(&p), STATUS_NOT_SUPPORTED);
    CHECK(p.Version > 0 && p.Version < 99);
}

/* ---------------------------------------------------------------- the error log */

KILN_TEST_ONCE(io_error, an_entry_has_a_size_between_the_limits)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    CHECK(IoAllocateErrorLogEntry(device, 4) == NULL);
    CHECK(IoAllocateErrorLogEntry(device, (UCHAR)(ERROR_LOG_MAXIMUM_SIZE + 1)) == NULL);
    PIO_ERROR_LOG_PACKET packet = IoAllocateErrorLogEntry(device, sizeof *packet);
    CHECK(packet != NULL);
    CHECK_EQ(packet->ErrorCode, 0);
    IoFreeErrorLogEntry(packet);
    packet = IoAllocateErrorLogEntry(device, sizeof *packet);
    packet->ErrorCode = STATUS_DEVICE_NOT_READY;
    IoWriteErrorLogEntry(packet);
    LARGE_INTEGER delay = {.QuadPart = -100000};
    KeDelayExecutionThread(KernelMode, FALSE, &delay); /* written by a worker, which frees it */
}

/* ---------------------------------------------------------------- driver objects */

KILN_TEST_ONCE(io_driver, extensions_are_found_by_their_address)
{
    static int one, two;
    PVOID a, b;
    CHECK_EQ(IoAllocateDriverObjectExtension(io_driver(), &one, 32, &a), STATUS_SUCCESS);
    CHECK_EQ(IoAllocateDriverObjectExtension(io_driver(), &one, 32, &b), STATUS_OBJECT_NAME_COLLISION);
    CHECK(b == NULL);
    CHECK(IoGetDriverObjectExtension(io_driver(), &one) == a);
    CHECK(IoGetDriverObjectExtension(io_driver(), &two) == NULL);
}

KILN_TEST_ONCE(io_driver, the_object_is_filled_in)
{
    PDRIVER_OBJECT driver = io_driver();
    CHECK_EQ(driver->Type, IO_TYPE_DRIVER);
    CHECK_EQ(driver->Size, sizeof(DRIVER_OBJECT));
    CHECK(driver->DriverExtension->DriverObject == driver);
    UNICODE_STRING name = NAME(L"\\Driver\\IoTest"), key = NAME(L"IoTest");
    CHECK(RtlEqualUnicodeString(&driver->DriverName, &name, FALSE));
    CHECK(RtlEqualUnicodeString(&driver->DriverExtension->ServiceKeyName, &key, FALSE));
    CHECK(driver->HardwareDatabase != NULL && driver->HardwareDatabase->Length > 0);
}

static NTSTATUS NTAPI failing_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = NAME(L"\\Device\\IoLeaked");
    PDEVICE_OBJECT device;
    CHECK_EQ(IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
    return STATUS_DEVICE_CONFIGURATION_ERROR;
}

KILN_TEST_ONCE(io_driver, a_failed_start_leaves_nothing_behind)
{
    UNICODE_STRING name = NAME(L"\\Driver\\IoFailing"), device = NAME(L"\\Device\\IoLeaked");
    PVOID object;
    ULONG leaks = IopLeakCount;
    CHECK_EQ(IoCreateDriver(&name, failing_entry), STATUS_DEVICE_CONFIGURATION_ERROR);
    CHECK(IopLeakCount > leaks); /* and said so */
    CHECK_EQ(ObReferenceObjectByName(&name, 0, NULL, 0, NULL, KernelMode, NULL, &object),
             STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ObReferenceObjectByName(&device, 0, NULL, 0, NULL, KernelMode, NULL, &object),
             STATUS_OBJECT_NAME_NOT_FOUND);
}

static ULONG reinits;

static VOID NTAPI reinit(PDRIVER_OBJECT driver, PVOID context, ULONG count)
{
    CHECK_EQ(count, ++reinits);
    CHECK(context == &reinits);
    if (reinits < 3)
        IoRegisterDriverReinitialization(driver, reinit, context);
}

KILN_TEST_ONCE(io_driver, reinitialisation_counts_its_calls)
{
    IoRegisterDriverReinitialization(io_driver(), reinit, &reinits);
    CHECK_EQ(reinits, 0);
    IopCallReinitializeRoutines(FALSE);
    CHECK_EQ(reinits, 3);
}

static PDRIVER_OBJECT bare;

static NTSTATUS NTAPI bare_entry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    bare = driver;
    driver->MajorFunction[IRP_MJ_WRITE] = NULL;
    return STATUS_SUCCESS;
}

KILN_TEST_ONCE(io_driver, entries_that_were_not_set_refuse)
{
    UNICODE_STRING name = NAME(L"\\Driver\\IoBare");
    PDEVICE_OBJECT device;
    CHECK_EQ(IoCreateDriver(&name, bare_entry), STATUS_SUCCESS);
    CHECK_EQ(IoCreateDevice(bare, 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &device), STATUS_SUCCESS);
    for (int write = 0; write < 2; write++) {
        IO_STATUS_BLOCK block;
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        PIRP irp = IoBuildSynchronousFsdRequest(write ? IRP_MJ_WRITE : IRP_MJ_READ, device, NULL, 0, NULL,
                                                &event, &block);
        CHECK_EQ(IoCallDriver(device, irp), STATUS_INVALID_DEVICE_REQUEST);
    }
}

static ULONG unloads;
static PKTHREAD unload_thread;

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    unloads++;
    unload_thread = (PKTHREAD)KeGetCurrentThread();
    CHECK(PsGetCurrentProcess() == PsInitialSystemProcess);
    while (driver->DeviceObject)
        IoDeleteDevice(driver->DeviceObject);
}

KILN_TEST(io_unload, runs_on_a_system_thread_and_removes_the_driver)
{
    UNICODE_STRING service = NAME(L"IoTest"), name = NAME(L"\\Driver\\IoTest");
    char why[IOP_WHY_BYTES];
    PVOID object;
    io_device(L"\\Device\\IoTest", 0);
    CHECK_EQ(IopUnloadDriver(&service, why), STATUS_INVALID_DEVICE_REQUEST); /* no DriverUnload */
    io_driver()->DriverUnload = unload;
    CHECK_EQ(IopUnloadDriver(&service, why), STATUS_SUCCESS);
    CHECK_EQ(unloads, 1);
    CHECK(unload_thread != (PKTHREAD)KeGetCurrentThread());
    CHECK_EQ(ObReferenceObjectByName(&name, 0, NULL, 0, NULL, KernelMode, NULL, &object),
             STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(IopUnloadDriver(&service, why), STATUS_OBJECT_NAME_NOT_FOUND);
}

KILN_TEST(io_unload, waits_while_a_device_is_open)
{
    UNICODE_STRING service = NAME(L"IoTest");
    char why[IOP_WHY_BYTES];
    HANDLE second;
    LARGE_INTEGER delay = {.QuadPart = -100000};
    io_device(L"\\Device\\IoTest", 0);
    io_driver()->DriverUnload = unload;
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    CHECK_EQ(IopUnloadDriver(&service, why), STATUS_SUCCESS);
    CHECK_EQ(unloads, 0);
    CHECK_EQ(io_open(L"\\Device\\IoTest", FILE_READ_DATA, 0, &second), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(IopUnloadDriver(&service, why), STATUS_INVALID_DEVICE_REQUEST); /* asked for already */
    ZwClose(handle);
    for (int i = 0; i < 100 && !unloads; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(unloads, 1);
}

/* ---------------------------------------------------------------- small routines */

KILN_TEST_ONCE(io_misc, stack_limits_contain_the_stack)
{
    ULONG_PTR low, high;
    int here;
    IoGetStackLimits(&low, &high);
    CHECK((ULONG_PTR)&here > low && (ULONG_PTR)&here < high);
    CHECK(IoWithinStackLimits((ULONG_PTR)&here, sizeof here));
    CHECK(!IoWithinStackLimits(low - 8, 8));
    CHECK(!IoWithinStackLimits(high - 4, 8));
}

KILN_TEST_ONCE(io_misc, priority_hints_are_kept)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    CHECK_EQ(IoGetIoPriorityHint(irp), IoPriorityNormal);
    CHECK_EQ(IoSetIoPriorityHint(irp, IoPriorityVeryLow), STATUS_SUCCESS);
    CHECK_EQ(IoGetIoPriorityHint(irp), IoPriorityVeryLow);
    CHECK_EQ(IoSetIoPriorityHint(irp, MaxIoPriorityTypes), STATUS_INVALID_PARAMETER);
    IoFreeIrp(irp);
}

KILN_TEST_ONCE(io_misc, pending_is_no_final_status)
{
    CHECK(IoIsValidIrpStatus(STATUS_SUCCESS));
    CHECK(!IoIsValidIrpStatus(STATUS_PENDING));
}

KILN_TEST_ONCE(io_misc, an_irp_can_be_described)
{
    char text[2048];
    PDEVICE_OBJECT device = io_device(NULL, 0);
    IO_STATUS_BLOCK block;
    KEVENT event;
    io.handler[IRP_MJ_WRITE] = io_pend;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, device, NULL, 0, NULL, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    IopFormatIrp(irp, text, sizeof text);
    BOOLEAN found = FALSE;
    for (char *p = text; *p; p++)
        found |= RtlCompareMemory(p, "IRP_MJ_WRITE", 12) == 12;
    CHECK(found);
    io_complete(irp, STATUS_SUCCESS, 0);
    IopFormatIrp((PIRP)(ULONG_PTR)0x123, text, sizeof text); /* garbage is survived */
}
