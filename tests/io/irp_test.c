/* SPDX-License-Identifier: MIT */
/* Request packets: allocation, stack locations, completion. */
#include "fixture.h"

KILN_TEST_ONCE(io_irp, allocate_gives_an_initialised_packet)
{
    PIRP irp = IoAllocateIrp(3, FALSE);
    CHECK(irp != NULL);
    CHECK_EQ(irp->Type, IO_TYPE_IRP);
    CHECK_EQ(irp->StackCount, 3);
    CHECK_EQ(irp->CurrentLocation, 4);
    CHECK_EQ(irp->Size, IoSizeOfIrp(3));
    CHECK(irp->Tail.Overlay.CurrentStackLocation == (PIO_STACK_LOCATION)(irp + 1) + 3);
    CHECK(IoGetNextIrpStackLocation(irp)->CompletionRoutine == NULL);
    CHECK(irp->UserIosb == NULL && irp->UserEvent == NULL && irp->MdlAddress == NULL &&
          irp->CancelRoutine == NULL);
    CHECK(!irp->Cancel && !irp->PendingReturned);
    IoFreeIrp(irp);
}

KILN_TEST_ONCE(io_irp, a_reused_packet_is_clean_again)
{
    PIRP irp = IoAllocateIrp(2, FALSE);
    PIRP other;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_WRITE;
    irp->Flags = IRP_BUFFERED_IO;
    irp->Cancel = TRUE;
    IoSetNextIrpStackLocation(irp);
    IoReuseIrp(irp, STATUS_NOT_SUPPORTED);
    CHECK_EQ(irp->IoStatus.Status, STATUS_NOT_SUPPORTED);
    CHECK_EQ(irp->CurrentLocation, 3);
    CHECK_EQ(irp->Flags, 0);
    CHECK(!irp->Cancel);
    CHECK_EQ(IoGetNextIrpStackLocation(irp)->MajorFunction, 0);
    IoFreeIrp(irp);
    other = IoAllocateIrp(2, FALSE); /* freed memory comes back zeroed */
    CHECK_EQ(other->Flags, 0);
    IoFreeIrp(other);
}

KILN_TEST_ONCE(io_irp, initialize_works_on_memory_of_the_driver)
{
    USHORT size = IoSizeOfIrp(5);
    PIRP irp = ExAllocatePoolWithTag(NonPagedPoolNx, size, 'tset');
    IoInitializeIrp(irp, size, 5);
    CHECK_EQ(irp->Size, size);
    CHECK_EQ(irp->StackCount, 5);
    CHECK_EQ(irp->CurrentLocation, 6);
    ExFreePoolWithTag(irp, 'tset');
}

KILN_TEST_ONCE(io_irp, many_packets_of_all_sizes_are_distinct)
{
    enum { COUNT = 200 };
    static PIRP irps[COUNT];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++) {
            irps[i] = IoAllocateIrp((CCHAR)(i % 20), FALSE);
            CHECK(irps[i] != NULL);
            irps[i]->UserBuffer = irps[i];
        }
        for (int i = 0; i < COUNT; i++) {
            CHECK(irps[i]->UserBuffer == irps[i]);
            CHECK_EQ(irps[i]->StackCount, i % 20);
        }
        for (int i = 0; i < COUNT; i++)
            IoFreeIrp(irps[i]);
    }
}

KILN_TEST_BUGCHECK(io_irp, freeing_twice_is_recognised, MULTIPLE_IRP_COMPLETE_REQUESTS)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoFreeIrp(irp);
    IoFreeIrp(irp);
}

/* ---------------------------------------------------------------- completion routines */

static char order[32];
static ULONG ordered;

static void note(char c)
{
    order[ordered++] = c;
    order[ordered] = 0;
}

static BOOLEAN is(const char *expected)
{
    ULONG i = 0;
    for (; expected[i]; i++)
        if (order[i] != expected[i])
            return FALSE;
    return i == ordered;
}

static NTSTATUS NTAPI on_a(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    note('a');
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS NTAPI on_b(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    note('b');
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS NTAPI keep(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    note('k');
    *(PDEVICE_OBJECT *)context = device;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static PDEVICE_OBJECT lower, middle;

static NTSTATUS NTAPI forward(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == lower) {
        note('L');
        return io_complete(irp, STATUS_SUCCESS, 7);
    }
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, device == middle ? on_a : on_b, NULL, TRUE, TRUE, TRUE);
    note(device == middle ? 'M' : 'T');
    return IoCallDriver(device == middle ? lower : middle, irp);
}

KILN_TEST_ONCE(io_call, completion_routines_run_from_the_bottom_up)
{
    PDEVICE_OBJECT top, seen = (PVOID)1;
    lower = io_device(NULL, 0);
    middle = io_device(NULL, 0);
    top = io_device(NULL, 0);
    CHECK(IoAttachDeviceToDeviceStack(middle, lower) == lower);
    CHECK(IoAttachDeviceToDeviceStack(top, lower) == middle);
    CHECK_EQ(top->StackSize, 3);
    io.handler[IRP_MJ_READ] = forward;
    PIRP irp = IoAllocateIrp(top->StackSize, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep, &seen, TRUE, TRUE, TRUE);
    CHECK_EQ(IoCallDriver(top, irp), STATUS_SUCCESS);
    CHECK(is("TMLabk"));
    CHECK(seen == NULL); /* the creator has no location, so its routine gets no device */
    CHECK_EQ(irp->IoStatus.Information, 7);
    IoFreeIrp(irp);
    IoDetachDevice(middle);
    IoDetachDevice(lower);
    IoDeleteDevice(top);
    IoDeleteDevice(middle);
    IoDeleteDevice(lower);
}

static NTSTATUS NTAPI skip(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == lower) {
        CHECK_EQ(irp->CurrentLocation, 1);
        CHECK(IoGetCurrentIrpStackLocation(irp)->DeviceObject == lower);
        return io_complete(irp, STATUS_SUCCESS, 0);
    }
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower, irp);
}

KILN_TEST_ONCE(io_call, skip_gives_the_location_to_the_lower_driver)
{
    PDEVICE_OBJECT seen;
    lower = io_device(NULL, 0);
    middle = io_device(NULL, 0);
    io.handler[IRP_MJ_READ] = skip;
    PIRP irp = IoAllocateIrp(1, FALSE); /* one location is enough for both */
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, keep, &seen, TRUE, TRUE, TRUE);
    CHECK_EQ(IoCallDriver(middle, irp), STATUS_SUCCESS);
    CHECK(is("k"));
    IoFreeIrp(irp);
}

static NTSTATUS NTAPI fail_it(PDEVICE_OBJECT device, PIRP irp)
{
    return io_complete(irp, STATUS_DEVICE_BUSY, 0);
}

/* Send a read to `device` with a routine in its location and one that keeps the IRP above it. */
static PIRP send_with(PDEVICE_OBJECT device, BOOLEAN success, BOOLEAN error, BOOLEAN cancel,
                      BOOLEAN cancelled)
{
    static PDEVICE_OBJECT seen;
    PIRP irp = IoAllocateIrp(2, FALSE);
    IoSetCompletionRoutine(irp, keep, &seen, TRUE, TRUE, TRUE);
    IoSetNextIrpStackLocation(irp);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, on_a, NULL, success, error, cancel);
    irp->Cancel = cancelled;
    IoCallDriver(device, irp);
    return irp;
}

KILN_TEST_ONCE(io_call, the_routine_is_called_for_the_outcomes_it_asked_for)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    IoFreeIrp(send_with(device, TRUE, FALSE, FALSE, FALSE));
    IoFreeIrp(send_with(device, FALSE, TRUE, FALSE, FALSE));
    IoFreeIrp(send_with(device, FALSE, FALSE, TRUE, FALSE));
    IoFreeIrp(send_with(device, FALSE, FALSE, TRUE, TRUE));
    CHECK(is("akkkak"));
    ordered = 0;
    io.handler[IRP_MJ_READ] = fail_it;
    IoFreeIrp(send_with(device, TRUE, FALSE, FALSE, FALSE));
    IoFreeIrp(send_with(device, FALSE, TRUE, FALSE, FALSE));
    CHECK(is("kak"));
}

static BOOLEAN pending_seen;

static NTSTATUS NTAPI look_at_pending(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    pending_seen = irp->PendingReturned;
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS NTAPI pend_and_complete(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    io_complete(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

static NTSTATUS NTAPI pass_on(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == lower)
        return pend_and_complete(device, irp);
    IoCopyCurrentIrpStackLocationToNext(irp); /* no completion routine */
    return IoCallDriver(lower, irp);
}

KILN_TEST_ONCE(io_call, pending_propagates_through_locations_without_a_routine)
{
    lower = io_device(NULL, 0);
    middle = io_device(NULL, 0);
    io.handler[IRP_MJ_READ] = pass_on;
    PIRP irp = IoAllocateIrp(2, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoSetCompletionRoutine(irp, look_at_pending, NULL, TRUE, TRUE, TRUE);
    CHECK_EQ(IoCallDriver(middle, irp), STATUS_PENDING);
    CHECK(pending_seen);
    IoFreeIrp(irp);
}

KILN_TEST_BUGCHECK(io_call, no_location_left_is_refused, NO_MORE_IRP_STACK_LOCATIONS)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoSetNextIrpStackLocation(irp);
    IoCallDriver(device, irp);
}

static NTSTATUS NTAPI complete_twice(PDEVICE_OBJECT device, PIRP irp)
{
    io_complete(irp, STATUS_SUCCESS, 0);
    return io_complete(irp, STATUS_SUCCESS, 0);
}

KILN_TEST_BUGCHECK(io_call, completing_twice_is_recognised, MULTIPLE_IRP_COMPLETE_REQUESTS)
{
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_CREATE] = complete_twice;
    io_must_open(L"\\Device\\IoTest", 0);
}

KILN_TEST_BUGCHECK(io_call, an_irp_of_a_driver_may_not_reach_the_top, INCONSISTENT_IRP)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    PIRP irp = IoAllocateIrp(1, FALSE);
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
    IoCallDriver(device, irp);
}

/* ---------------------------------------------------------------- what drivers build */

KILN_TEST(io_build, device_control_copies_in_and_out)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    ULONG in = 0x12345678, out = 0;
    IO_STATUS_BLOCK block = {.Information = 99};
    KEVENT event;
    io.handler[IRP_MJ_DEVICE_CONTROL] = io_echo;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(IOCTL_TEST_BUFFERED, device, &in, sizeof in, &out, sizeof out,
                                             FALSE, &event, &block);
    CHECK(irp != NULL);
    CHECK_EQ(irp->RequestorMode, KernelMode);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_SUCCESS);
    CHECK_EQ(out, in);
    CHECK_EQ(block.Status, STATUS_SUCCESS);
    CHECK_EQ(block.Information, 4);
    CHECK(KeReadStateEvent(&event));
}

KILN_TEST(io_build, internal_control_has_its_own_major_function)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    IO_STATUS_BLOCK block;
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp =
        IoBuildDeviceIoControlRequest(IOCTL_TEST_NEITHER, device, NULL, 0, NULL, 0, TRUE, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_SUCCESS);
    CHECK_EQ(io.count[IRP_MJ_INTERNAL_DEVICE_CONTROL], 1);
}

static VOID NTAPI complete_later(PVOID context)
{
    LARGE_INTEGER delay = {.QuadPart = -10000};
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    io_complete(io.pended, STATUS_SUCCESS, 42);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void start_completer(void)
{
    HANDLE thread;
    CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, complete_later, NULL),
             STATUS_SUCCESS);
    ZwClose(thread);
}

KILN_TEST(io_build, synchronous_request_that_pends_sets_the_event)
{
    PDEVICE_OBJECT device = io_device(NULL, DO_BUFFERED_IO);
    UCHAR data[16];
    LARGE_INTEGER offset = {.QuadPart = 512};
    IO_STATUS_BLOCK block = {0};
    KEVENT event;
    io.handler[IRP_MJ_READ] = io_pend;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, data, sizeof data, &offset, &event, &block);
    CHECK_EQ(IoGetNextIrpStackLocation(irp)->Parameters.Read.ByteOffset.QuadPart, 512);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    io.pended->IoStatus.Information = 0;
    start_completer();
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(block.Status, STATUS_SUCCESS);
}

static ULONG associated_left;

static NTSTATUS NTAPI make_associated(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == lower) {
        associated_left--;
        return io_complete(irp, STATUS_SUCCESS, 0);
    }
    IoMarkIrpPending(irp);
    irp->AssociatedIrp.IrpCount = 3;
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 5;
    PIRP parts[3];
    for (int i = 0; i < 3; i++) {
        parts[i] = IoMakeAssociatedIrp(irp, lower->StackSize);
        CHECK(parts[i] != NULL && (parts[i]->Flags & IRP_ASSOCIATED_IRP) &&
              parts[i]->AssociatedIrp.MasterIrp == irp);
        IoGetNextIrpStackLocation(parts[i])->MajorFunction = IRP_MJ_WRITE;
    }
    for (int i = 0; i < 3; i++)
        IoCallDriver(lower, parts[i]);
    return STATUS_PENDING;
}

KILN_TEST(io_build, the_last_associated_irp_completes_the_master)
{
    lower = io_device(NULL, 0);
    PDEVICE_OBJECT device = io_device(NULL, 0);
    IO_STATUS_BLOCK block = {0};
    KEVENT event;
    associated_left = 3;
    io.handler[IRP_MJ_WRITE] = make_associated;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_WRITE, device, NULL, 0, NULL, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(associated_left, 0);
    CHECK_EQ(block.Information, 5);
}

static NTSTATUS NTAPI forward_and_wait(PDEVICE_OBJECT device, PIRP irp)
{
    if (device == lower) {
        start_completer();
        return io_pend(device, irp);
    }
    CHECK(IoForwardIrpSynchronously(lower, irp));
    CHECK_EQ(irp->IoStatus.Information, 42); /* back here, and ours again */
    return io_complete(irp, STATUS_SUCCESS, 43);
}

KILN_TEST(io_build, forward_synchronously_waits_for_the_lower_driver)
{
    lower = io_device(NULL, 0);
    PDEVICE_OBJECT device = io_device(NULL, 0);
    CHECK(IoAttachDeviceToDeviceStack(device, lower) == lower);
    IO_STATUS_BLOCK block = {0};
    KEVENT event;
    io.handler[IRP_MJ_FLUSH_BUFFERS] = forward_and_wait;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, NULL, 0, NULL, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_SUCCESS);
    CHECK_EQ(block.Information, 43);
}

/* ---------------------------------------------------------------- what a dispatch routine must not leave behind */

static KMUTEX kept;

static NTSTATUS NTAPI keep_mutex(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    KeWaitForSingleObject(&kept, Executive, KernelMode, FALSE, NULL);
    return io_complete(irp, STATUS_SUCCESS, 0);
}

/* introduction-to-mutex-objects.md */
KILN_TEST_BUGCHECK(io_call, a_mutex_is_not_kept_on_the_way_back_to_the_io_manager, APC_INDEX_MISMATCH)
{
    io_device(L"\\Device\\IoTest", 0);
    KeInitializeMutex(&kept, 0);
    io.handler[IRP_MJ_CREATE] = keep_mutex;
    io_must_open(L"\\Device\\IoTest", 0);
}

static NTSTATUS NTAPI keep_guarded_region(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    KeEnterGuardedRegion();
    return io_complete(irp, STATUS_SUCCESS, 0);
}

KILN_TEST_BUGCHECK(io_call, a_region_is_left_before_the_return_to_the_io_manager, APC_INDEX_MISMATCH)
{
    HANDLE file;
    IO_STATUS_BLOCK iosb;
    io_device(L"\\Device\\IoTest", 0);
    CHECK_EQ(io_open(L"\\Device\\IoTest", GENERIC_READ | GENERIC_WRITE | SYNCHRONIZE, FILE_SYNCHRONOUS_IO_NONALERT, &file),
             STATUS_SUCCESS);
    io.handler[IRP_MJ_DEVICE_CONTROL] = keep_guarded_region;
    ZwDeviceIoControlFile(file, NULL, NULL, NULL, &iosb, 0x222000, NULL, 0, NULL, 0);
}
