/* SPDX-License-Identifier: MIT */
/* Cancelling requests; cancel-safe queues; threads that end with requests pending. */
#include "fixture.h"

static PIRP send_read(PDEVICE_OBJECT device, PKEVENT event, PIO_STATUS_BLOCK block)
{
    KeInitializeEvent(event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, NULL, 0, NULL, event, block);
    CHECK(irp != NULL);
    return irp;
}

KILN_TEST(io_cancel, the_cancel_routine_is_called_and_completes)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    IO_STATUS_BLOCK block = {0};
    KEVENT event;
    io.handler[IRP_MJ_READ] = io_pend_cancelable;
    PIRP irp = send_read(device, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    CHECK(IoCancelIrp(irp));
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(block.Status, STATUS_CANCELLED);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

KILN_TEST(io_cancel, without_a_routine_only_the_flag_is_set)
{
    PDEVICE_OBJECT device = io_device(NULL, 0);
    IO_STATUS_BLOCK block = {0};
    KEVENT event;
    io.handler[IRP_MJ_READ] = io_pend;
    PIRP irp = send_read(device, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    CHECK(!IoCancelIrp(irp));
    CHECK(irp->Cancel);
    CHECK(!KeReadStateEvent(&event));
    io_complete(irp, STATUS_SUCCESS, 0);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST(io_cancel, cancel_spin_lock_raises_and_restores)
{
    KIRQL irql;
    IoAcquireCancelSpinLock(&irql);
    CHECK_EQ(irql, PASSIVE_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    IoReleaseCancelSpinLock(irql);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static HANDLE pend_two(IO_STATUS_BLOCK blocks[2])
{
    static UCHAR data[8];
    LARGE_INTEGER zero = {.QuadPart = 0};
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_READ] = io_pend_cancelable;
    for (int i = 0; i < 2; i++) {
        blocks[i].Status = STATUS_PENDING;
        CHECK_EQ(ZwReadFile(handle, NULL, NULL, NULL, &blocks[i], data, 4, &zero, NULL), STATUS_PENDING);
    }
    return handle;
}

KILN_TEST(io_cancel, the_service_cancels_one_request_or_all)
{
    IO_STATUS_BLOCK blocks[2], result;
    HANDLE handle = pend_two(blocks);
    CHECK_EQ(NtCancelIoFileEx(handle, &blocks[0], &result), STATUS_SUCCESS);
    CHECK_EQ(blocks[0].Status, STATUS_CANCELLED);
    CHECK_EQ(blocks[1].Status, STATUS_PENDING);
    CHECK_EQ(NtCancelIoFileEx(handle, &blocks[0], &result), STATUS_NOT_FOUND);
    CHECK_EQ(NtCancelIoFile(handle, &result), STATUS_SUCCESS);
    CHECK_EQ(blocks[1].Status, STATUS_CANCELLED);
    ZwClose(handle);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 1); /* no request keeps the file */
}

static NTSTATUS read_status;

static VOID NTAPI read_and_wait(PVOID context)
{
    UCHAR data[4];
    IO_STATUS_BLOCK block;
    HANDLE handle = io_must_open(L"\\Device\\IoTest", FILE_SYNCHRONOUS_IO_NONALERT);
    read_status = ZwReadFile(handle, NULL, NULL, NULL, &block, data, 4, NULL, NULL);
    ZwClose(handle);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(io_cancel, a_synchronous_request_of_another_thread_can_be_cancelled)
{
    HANDLE thread;
    IO_STATUS_BLOCK result;
    LARGE_INTEGER delay = {.QuadPart = -10000};
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    io.handler[IRP_MJ_READ] = io_pend_cancelable;
    CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, read_and_wait, NULL),
             STATUS_SUCCESS);
    do /* the first may hit the open, which no driver holds */
        ZwCancelSynchronousIoFile(thread, NULL, &result);
    while (ZwWaitForSingleObject(thread, FALSE, &delay) == STATUS_TIMEOUT);
    CHECK_EQ(read_status, STATUS_CANCELLED);
    ZwClose(thread);
}

/* ---------------------------------------------------------------- a thread ends */

static IO_STATUS_BLOCK thread_blocks[2];

static VOID NTAPI issue_and_leave(PVOID context)
{
    pend_two(thread_blocks);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(io_cancel, the_requests_of_an_ending_thread_are_cancelled)
{
    HANDLE handle;
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, issue_and_leave, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(thread_blocks[0].Status, STATUS_CANCELLED);
    CHECK_EQ(thread_blocks[1].Status, STATUS_CANCELLED);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- cancel-safe queues */

typedef struct _QUEUE {
    IO_CSQ csq;
    LIST_ENTRY list;
    KSPIN_LOCK lock;
    ULONG cancelled;
    BOOLEAN full;
} QUEUE;

static VOID NTAPI csq_insert(PIO_CSQ csq, PIRP irp)
{
    InsertTailList(&CONTAINING_RECORD(csq, QUEUE, csq)->list, &irp->Tail.Overlay.ListEntry);
}

static NTSTATUS NTAPI csq_insert_ex(PIO_CSQ csq, PIRP irp, PVOID context)
{
    if (CONTAINING_RECORD(csq, QUEUE, csq)->full)
        return STATUS_DEVICE_BUSY;
    csq_insert(csq, irp);
    return STATUS_SUCCESS;
}

static VOID NTAPI csq_remove(PIO_CSQ csq, PIRP irp)
{
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
}

static PIRP NTAPI csq_peek(PIO_CSQ csq, PIRP irp, PVOID context)
{
    QUEUE *queue = CONTAINING_RECORD(csq, QUEUE, csq);
    PLIST_ENTRY next = irp ? irp->Tail.Overlay.ListEntry.Flink : queue->list.Flink;
    for (; next != &queue->list; next = next->Flink) {
        PIRP candidate = CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
        if (!context || IoGetCurrentIrpStackLocation(candidate)->FileObject == context)
            return candidate;
    }
    return NULL;
}

static VOID NTAPI csq_acquire(PIO_CSQ csq, PKIRQL irql)
{
    KeAcquireSpinLock(&CONTAINING_RECORD(csq, QUEUE, csq)->lock, irql);
}

static VOID NTAPI csq_release(PIO_CSQ csq, KIRQL irql)
{
    KeReleaseSpinLock(&CONTAINING_RECORD(csq, QUEUE, csq)->lock, irql);
}

static VOID NTAPI csq_complete(PIO_CSQ csq, PIRP irp)
{
    CONTAINING_RECORD(csq, QUEUE, csq)->cancelled++;
    io_complete(irp, STATUS_CANCELLED, 0);
}

static QUEUE queue;
static IO_CSQ_IRP_CONTEXT last_context;
static BOOLEAN use_context;

static NTSTATUS NTAPI enqueue(PDEVICE_OBJECT device, PIRP irp)
{
    NTSTATUS status = IoCsqInsertIrpEx(&queue.csq, irp, use_context ? &last_context : NULL, NULL);
    return NT_SUCCESS(status) ? STATUS_PENDING : io_complete(irp, status, 0);
}

static PDEVICE_OBJECT queue_device(BOOLEAN extended)
{
    InitializeListHead(&queue.list);
    KeInitializeSpinLock(&queue.lock);
    if (extended)
        CHECK_EQ(IoCsqInitializeEx(&queue.csq, csq_insert_ex, csq_remove, csq_peek, csq_acquire, csq_release,
                                   csq_complete),
                 STATUS_SUCCESS);
    else
        CHECK_EQ(IoCsqInitialize(&queue.csq, csq_insert, csq_remove, csq_peek, csq_acquire, csq_release,
                                 csq_complete),
                 STATUS_SUCCESS);
    io.handler[IRP_MJ_READ] = enqueue;
    return io_device(NULL, 0);
}

KILN_TEST(io_csq, requests_come_out_in_order)
{
    PDEVICE_OBJECT device = queue_device(FALSE);
    IO_STATUS_BLOCK blocks[3];
    KEVENT events[3];
    PIRP irps[3];
    for (int i = 0; i < 3; i++) {
        irps[i] = send_read(device, &events[i], &blocks[i]);
        CHECK_EQ(IoCallDriver(device, irps[i]), STATUS_PENDING);
        CHECK(irps[i]->CancelRoutine != NULL);
    }
    for (int i = 0; i < 3; i++) {
        PIRP irp = IoCsqRemoveNextIrp(&queue.csq, NULL);
        CHECK(irp == irps[i]);
        CHECK(irp->CancelRoutine == NULL);
        io_complete(irp, STATUS_SUCCESS, 0);
        KeWaitForSingleObject(&events[i], Executive, KernelMode, FALSE, NULL);
    }
    CHECK(IoCsqRemoveNextIrp(&queue.csq, NULL) == NULL);
}

KILN_TEST(io_csq, a_cancelled_request_leaves_the_queue)
{
    PDEVICE_OBJECT device = queue_device(FALSE);
    IO_STATUS_BLOCK block;
    KEVENT event;
    PIRP irp = send_read(device, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    CHECK(IoCancelIrp(irp));
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(block.Status, STATUS_CANCELLED);
    CHECK_EQ(queue.cancelled, 1);
    CHECK(IsListEmpty(&queue.list));
}

KILN_TEST(io_csq, a_request_cancelled_before_insertion_is_completed)
{
    PDEVICE_OBJECT device = queue_device(FALSE);
    IO_STATUS_BLOCK block;
    KEVENT event;
    PIRP irp = send_read(device, &event, &block);
    irp->Cancel = TRUE;
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(block.Status, STATUS_CANCELLED);
    CHECK(IsListEmpty(&queue.list));
}

KILN_TEST(io_csq, a_context_finds_its_request_once)
{
    PDEVICE_OBJECT device = queue_device(FALSE);
    IO_STATUS_BLOCK block;
    KEVENT event;
    use_context = TRUE;
    PIRP irp = send_read(device, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    CHECK(IoCsqRemoveIrp(&queue.csq, &last_context) == irp);
    CHECK(IoCsqRemoveIrp(&queue.csq, &last_context) == NULL);
    io_complete(irp, STATUS_SUCCESS, 0);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    irp = send_read(device, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    CHECK(IoCancelIrp(irp));
    CHECK(IoCsqRemoveIrp(&queue.csq, &last_context) == NULL);
}

KILN_TEST(io_csq, the_extended_insert_may_refuse)
{
    PDEVICE_OBJECT device = queue_device(TRUE);
    IO_STATUS_BLOCK block;
    KEVENT event;
    queue.full = TRUE;
    CHECK_EQ(IoCallDriver(device, send_read(device, &event, &block)), STATUS_DEVICE_BUSY);
    queue.full = FALSE;
    PIRP irp = send_read(device, &event, &block);
    CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
    CHECK(IoCsqRemoveNextIrp(&queue.csq, NULL) == irp);
    io_complete(irp, STATUS_SUCCESS, 0);
}

/* ---------------------------------------------------------------- races */

static PIRP volatile victim;
static KEVENT go;

/* Cancels the IRP that the main thread keeps alive with a completion routine. */
static VOID NTAPI canceller(PVOID context)
{
    KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, NULL);
    IoCancelIrp(victim);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS NTAPI keep_alive(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    KeSetEvent(context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

/* A request is cancelled and taken off the queue at the same time: it ends once, whoever wins. */
KILN_TEST(io_csq, removal_races_with_cancellation)
{
    PDEVICE_OBJECT device = queue_device(FALSE);
    for (int round = 0; round < 20; round++) {
        KEVENT done;
        HANDLE thread;
        PIRP irp = IoAllocateIrp(device->StackSize, FALSE);
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        KeInitializeEvent(&go, NotificationEvent, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
        IoSetCompletionRoutine(irp, keep_alive, &done, TRUE, TRUE, TRUE);
        CHECK_EQ(IoCallDriver(device, irp), STATUS_PENDING);
        victim = irp;
        CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, canceller, NULL),
                 STATUS_SUCCESS);
        KeSetEvent(&go, IO_NO_INCREMENT, FALSE);
        PIRP removed = IoCsqRemoveNextIrp(&queue.csq, NULL);
        if (removed)
            io_complete(removed, STATUS_SUCCESS, 0);
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(irp->IoStatus.Status, removed ? STATUS_SUCCESS : STATUS_CANCELLED);
        ZwWaitForSingleObject(thread, FALSE, NULL);
        ZwClose(thread);
        IoFreeIrp(irp);
    }
}
