/* SPDX-License-Identifier: MIT */
/* Threads that get in each other's way: files shared, requests cancelled while they complete, drivers that
 * go. */
#include "fixture.h"
#include "psp.h"

enum { THREADS = 3, ROUNDS = 8 };

static HANDLE threads[THREADS];

static void start(PKSTART_ROUTINE routine, ULONG count)
{
    for (ULONG_PTR i = 0; i < count; i++)
        CHECK_EQ(PsCreateSystemThread(&threads[i], THREAD_ALL_ACCESS, NULL, NULL, NULL, routine, (PVOID)i),
                 STATUS_SUCCESS);
}

static void join(ULONG count)
{
    for (ULONG i = 0; i < count; i++) {
        CHECK_EQ(ZwWaitForSingleObject(threads[i], FALSE, NULL), STATUS_SUCCESS);
        ZwClose(threads[i]);
    }
}

/* ---------------------------------------------------------------- a device that answers from a DPC */

typedef struct _SLOT {
    KTIMER timer;
    KDPC dpc;
    PIRP irp;
} SLOT, *PSLOT;

static VOID NTAPI answer(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    PSLOT slot = context;
    PIRP irp = slot->irp;
    if (!IoSetCancelRoutine(irp, NULL))
        return; /* the cancel routine completes it */
    irp->Tail.Overlay.DriverContext[0] = NULL;
    ExFreePoolWithTag(slot, 'tols');
    *(ULONG *)irp->AssociatedIrp.SystemBuffer += 1;
    io_complete(irp, STATUS_SUCCESS, sizeof(ULONG));
}

static VOID NTAPI cancelled(PDEVICE_OBJECT device, PIRP irp)
{
    PSLOT slot = irp->Tail.Overlay.DriverContext[0];
    IoReleaseCancelSpinLock(irp->CancelIrql);
    KeCancelTimer(&slot->timer);
    KeRemoveQueueDpcEx(&slot->dpc, TRUE);
    ExFreePoolWithTag(slot, 'tols');
    io_complete(irp, STATUS_CANCELLED, 0);
}

static NTSTATUS NTAPI answer_later(PDEVICE_OBJECT device, PIRP irp)
{
    LARGE_INTEGER due = {.QuadPart = -5000};
    PSLOT slot = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *slot, 'tols');
    slot->irp = irp;
    KeInitializeTimer(&slot->timer);
    KeInitializeDpc(&slot->dpc, answer, slot);
    irp->Tail.Overlay.DriverContext[0] = slot;
    IoMarkIrpPending(irp);
    /* Between the two the cancel routine would free the slot that the timer is about to be set in. */
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    IoSetCancelRoutine(irp, cancelled);
    KeSetTimer(&slot->timer, due, &slot->dpc);
    IoReleaseCancelSpinLock(irql);
    return STATUS_PENDING;
}

/* ---------------------------------------------------------------- one synchronous file, several threads */

static HANDLE shared;

static VOID NTAPI use_shared(PVOID context)
{
    for (ULONG i = 0; i < ROUNDS; i++) {
        ULONG number = i * 10 + (ULONG)(ULONG_PTR)context, result = 0;
        IO_STATUS_BLOCK block;
        CHECK_EQ(NtDeviceIoControlFile(shared, NULL, NULL, NULL, &block, IOCTL_TEST_BUFFERED, &number,
                                       sizeof number, &result, sizeof result),
                 STATUS_SUCCESS);
        CHECK_EQ(result, number + 1);
        CHECK_EQ(block.Information, sizeof result);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(io_race, threads_take_turns_on_a_synchronous_file)
{
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_DEVICE_CONTROL] = answer_later;
    shared = io_must_open(L"\\Device\\IoTest", FILE_SYNCHRONOUS_IO_NONALERT);
    start(use_shared, THREADS);
    join(THREADS);
    ZwClose(shared);
    CHECK_EQ(io.count[IRP_MJ_DEVICE_CONTROL], THREADS * ROUNDS);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 1);
}

/* ---------------------------------------------------------------- cancel against completion */

static volatile LONG finished, ended_well, ended_cancelled;

static VOID NTAPI read_and_count(PVOID context)
{
    HANDLE event;
    LARGE_INTEGER zero = {.QuadPart = 0};
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    for (ULONG i = 0; i < ROUNDS; i++) {
        ULONG data = 0;
        IO_STATUS_BLOCK block = {.Status = STATUS_PENDING};
        CHECK_EQ(ZwReadFile(shared, event, NULL, NULL, &block, &data, sizeof data, &zero, NULL),
                 STATUS_PENDING);
        CHECK_EQ(ZwWaitForSingleObject(event, FALSE, NULL), STATUS_SUCCESS);
        if (block.Status == STATUS_SUCCESS)
            InterlockedIncrement(&ended_well);
        else if (block.Status == STATUS_CANCELLED)
            InterlockedIncrement(&ended_cancelled);
    }
    InterlockedIncrement(&finished);
    ZwClose(event);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(io_race, a_request_is_completed_or_cancelled_but_ends_once)
{
    IO_STATUS_BLOCK result;
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    io.handler[IRP_MJ_READ] = answer_later;
    shared = io_must_open(L"\\Device\\IoTest", 0);
    start(read_and_count, THREADS);
    /* The readers are threads of the System process, and so must be who cancels for them. */
    LARGE_INTEGER delay = {.QuadPart = -3000};
    PEPROCESS process = PsInitialSystemProcess;
    while (finished < THREADS) {
        KAPC_STATE state;
        KeStackAttachProcess(&process->Pcb, &state);
        NtCancelIoFileEx(shared, NULL, &result);
        KeUnstackDetachProcess(&state);
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    }
    join(THREADS);
    CHECK_EQ(ended_well + ended_cancelled, THREADS * ROUNDS);
    ZwClose(shared);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 1);
}

/* ---------------------------------------------------------------- opening against deleting and unloading */

static VOID NTAPI open_and_close(PVOID context)
{
    for (ULONG i = 0; i < ROUNDS; i++) {
        HANDLE handle;
        NTSTATUS status = io_open(L"\\Device\\IoTest", FILE_READ_DATA, 0, &handle);
        if (NT_SUCCESS(status))
            ZwClose(handle);
        else
            CHECK(status == STATUS_NO_SUCH_DEVICE || status == STATUS_OBJECT_NAME_NOT_FOUND);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(io_race, a_device_goes_while_it_is_opened)
{
    PDEVICE_OBJECT device = io_device(L"\\Device\\IoTest", 0);
    start(open_and_close, THREADS);
    LARGE_INTEGER delay = {.QuadPart = -1000};
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    IoDeleteDevice(device);
    join(THREADS);
    CHECK(io_driver()->DeviceObject == NULL);
    CHECK_EQ(io.count[IRP_MJ_CREATE], io.count[IRP_MJ_CLOSE]);
    CHECK_EQ(io.count[IRP_MJ_CREATE], io.count[IRP_MJ_CLEANUP]);
}

static volatile LONG unloads;

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    InterlockedIncrement(&unloads);
    IoDeleteDevice(driver->DeviceObject);
}

KILN_TEST(io_race, a_driver_goes_while_its_device_is_opened)
{
    UNICODE_STRING service = NAME(L"IoTest");
    LARGE_INTEGER delay = {.QuadPart = -1000};
    io_device(L"\\Device\\IoTest", 0);
    io_driver()->DriverUnload = unload;
    start(open_and_close, THREADS);
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(IopUnloadDriver(&service, NULL), STATUS_SUCCESS);
    join(THREADS);
    for (int i = 0; i < 1000 && !unloads; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(unloads, 1);
    CHECK_EQ(io.count[IRP_MJ_CREATE], io.count[IRP_MJ_CLOSE]);
}

/* ---------------------------------------------------------------- filters against requests */

static NTSTATUS NTAPI pass_down(PDEVICE_OBJECT device, PIRP irp)
{
    PDEVICE_OBJECT lower = *(PDEVICE_OBJECT *)device->DeviceExtension;
    if (!lower)
        return io_complete(irp, STATUS_SUCCESS, 0);
    IoSkipCurrentIrpStackLocation(irp);
    return IoCallDriver(lower, irp);
}

KILN_TEST(io_race, a_filter_attaches_while_requests_run)
{
    PDEVICE_OBJECT device = io_device(L"\\Device\\IoTest", 0), filter = io_device(NULL, 0);
    for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        io.handler[i] = pass_down;
    start(open_and_close, THREADS);
    CHECK_EQ(IoAttachDeviceToDeviceStackSafe(filter, device, filter->DeviceExtension), STATUS_SUCCESS);
    join(THREADS);
    IoDetachDevice(device);
    CHECK(device->AttachedDevice == NULL);
}
