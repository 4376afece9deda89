/* SPDX-License-Identifier: MIT */
/*
 * The benchmark driver: loops over kernel services, timed inside the driver, so that the very same image can be measured
 * on Kiln and elsewhere. IOCTL_BENCH_RUN runs one loop; the other control codes answer at once, by DPC or by work item, for
 * round trips timed by the client.
 */
#include <ntddk.h>

#include "bench.h"

#define TAG 'hcnB'
#define STACK_DEPTH 8

/* The bottom of the device stack is stack[0]; the control device is separate. */
static PDEVICE_OBJECT control, stack[STACK_DEPTH], lower[STACK_DEPTH];
static PIO_WORKITEM work_item;
static KDPC completion_dpc;
static PIRP dpc_irp;

/* A loop with an expensive preparation says itself how long the part that counts took; 0: all of it counts. */
static ULONG64 counted_tsc;

static ULONG64 now(void)
{
    return __rdtsc();
}

/* ---------------------------------------------------------------- the device stack */

static NTSTATUS NTAPI stop_here(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(irp);
    UNREFERENCED_PARAMETER(context);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS NTAPI pass_up(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    UNREFERENCED_PARAMETER(device);
    UNREFERENCED_PARAMETER(context);
    if (irp->PendingReturned)
        IoMarkIrpPending(irp);
    return STATUS_CONTINUE_COMPLETION;
}

static NTSTATUS forward(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG level = *(ULONG *)device->DeviceExtension;
    if (level == 0) {
        irp->IoStatus.Status = STATUS_SUCCESS;
        irp->IoStatus.Information = 0;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        return STATUS_SUCCESS;
    }
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, pass_up, NULL, TRUE, TRUE, TRUE);
    return IoCallDriver(lower[level], irp);
}

static void call_stack(ULONG depth, ULONG n)
{
    PDEVICE_OBJECT top = stack[depth - 1];
    PIRP irp = IoAllocateIrp((CCHAR)(depth + 1), FALSE);
    if (!irp)
        return;
    for (ULONG i = 0; i < n; i++) {
        PIO_STACK_LOCATION next;
        IoReuseIrp(irp, STATUS_SUCCESS);
        next = IoGetNextIrpStackLocation(irp);
        next->MajorFunction = IRP_MJ_READ;
        IoSetCompletionRoutine(irp, stop_here, NULL, TRUE, TRUE, TRUE);
        IoCallDriver(top, irp);
    }
    IoFreeIrp(irp);
}

static void stack1(ULONG n) { call_stack(1, n); }
static void stack2(ULONG n) { call_stack(2, n); }
static void stack4(ULONG n) { call_stack(4, n); }
static void stack8(ULONG n) { call_stack(8, n); }

/* ---------------------------------------------------------------- allocation */

static void irp_alloc_free(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        PIRP irp = IoAllocateIrp(1, FALSE);
        if (irp)
            IoFreeIrp(irp);
    }
}

static void pool_64(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        PVOID block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
        if (block)
            ExFreePoolWithTag(block, TAG);
    }
}

static void lookaside(ULONG n)
{
    static NPAGED_LOOKASIDE_LIST list;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    for (ULONG i = 0; i < n; i++) {
        PVOID block = ExAllocateFromNPagedLookasideList(&list);
        if (block)
            ExFreeToNPagedLookasideList(&list, block);
    }
    ExDeleteNPagedLookasideList(&list);
}

/* ---------------------------------------------------------------- synchronization */

static void spinlock(ULONG n)
{
    static KSPIN_LOCK lock;
    KIRQL irql;
    KeInitializeSpinLock(&lock);
    for (ULONG i = 0; i < n; i++) {
        KeAcquireSpinLock(&lock, &irql);
        KeReleaseSpinLock(&lock, irql);
    }
}

static void set_wait(ULONG n)
{
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    for (ULONG i = 0; i < n; i++) {
        KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    }
}

static KEVENT ping, pong;

static void NTAPI ponger(PVOID context)
{
    ULONG n = (ULONG)(ULONG_PTR)context;
    for (ULONG i = 0; i < n; i++) {
        KeWaitForSingleObject(&ping, Executive, KernelMode, FALSE, NULL);
        KeSetEvent(&pong, IO_NO_INCREMENT, FALSE);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static PVOID start_thread(PKSTART_ROUTINE routine, PVOID context)
{
    HANDLE handle;
    PVOID thread = NULL;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &attributes, NULL, NULL, routine, context)))
        return NULL;
    if (!NT_SUCCESS(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL)))
        thread = NULL;
    ZwClose(handle);
    return thread;
}

/* Two switches an iteration: the figure is halved by the client. */
static void ping_pong(ULONG n)
{
    PVOID thread;
    KeInitializeEvent(&ping, SynchronizationEvent, FALSE);
    KeInitializeEvent(&pong, SynchronizationEvent, FALSE);
    thread = start_thread(ponger, (PVOID)(ULONG_PTR)n);
    if (!thread)
        return;
    for (ULONG i = 0; i < n; i++) {
        KeSetEvent(&ping, IO_NO_INCREMENT, FALSE);
        KeWaitForSingleObject(&pong, Executive, KernelMode, FALSE, NULL);
    }
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
}

static void NTAPI end_at_once(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void create_join(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        PVOID thread = start_thread(end_at_once, NULL);
        if (!thread)
            return;
        KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(thread);
    }
}

static void reference_handle(ULONG n)
{
    HANDLE handle;
    PVOID object;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (!NT_SUCCESS(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE)))
        return;
    for (ULONG i = 0; i < n; i++)
        if (NT_SUCCESS(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, *ExEventObjectType, KernelMode, &object, NULL)))
            ObDereferenceObject(object);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- DPCs and timers */

static void NTAPI set_event_dpc(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    *(volatile ULONG *)context += 1;
}

static void dpc(ULONG n)
{
    static KDPC object;
    volatile ULONG runs = 0;
    KeInitializeDpc(&object, set_event_dpc, (PVOID)&runs);
    for (ULONG i = 0; i < n; i++)
        KeInsertQueueDpc(&object, NULL, NULL);
    KeFlushQueuedDpcs();
}

/* Set and cancel one timer while `armed` others wait. */
static void timers(ULONG armed, ULONG n)
{
    LARGE_INTEGER far_away, due;
    KTIMER one, *others = NULL;
    ULONG64 from, state = 88172645463325252ULL;
    if (armed) {
        others = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(KTIMER) * (SIZE_T)armed, TAG);
        if (!others)
            return;
    }
    for (ULONG i = 0; i < armed; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        far_away.QuadPart = -(LONGLONG)(10000000ULL * 60 + state % (10000000ULL * 3600));
        KeInitializeTimer(&others[i]);
        KeSetTimer(&others[i], far_away, NULL);
    }
    KeInitializeTimer(&one);
    due.QuadPart = -10000000LL * 100;
    from = now();
    for (ULONG i = 0; i < n; i++) {
        KeSetTimer(&one, due, NULL);
        KeCancelTimer(&one);
    }
    counted_tsc = now() - from;
    for (ULONG i = 0; i < armed; i++)
        KeCancelTimer(&others[i]);
    if (others)
        ExFreePoolWithTag(others, TAG);
}

static void timer_1(ULONG n) { timers(0, n); }
static void timer_1k(ULONG n) { timers(1000, n); }
static void timer_1m(ULONG n) { timers(1000000, n); }

/* ---------------------------------------------------------------- exceptions */

static void raise(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        __try {
            ExRaiseStatus(STATUS_UNSUCCESSFUL);
        } __except (EXCEPTION_EXECUTE_HANDLER) {
        }
    }
}

static const struct {
    const char *name;
    void (*run)(ULONG n);
} benchmarks[] = {
    {"IoCallDriver + completion, 1 device", stack1},
    {"IoCallDriver + completion, 2 devices", stack2},
    {"IoCallDriver + completion, 4 devices", stack4},
    {"IoCallDriver + completion, 8 devices", stack8},
    {"IoAllocateIrp + IoFreeIrp", irp_alloc_free},
    {"pool 64 B", pool_64},
    {"lookaside", lookaside},
    {"spinlock", spinlock},
    {"KeSetEvent + wait, no block", set_wait},
    {"event ping-pong of two threads", ping_pong},
    {"DPC queue to run", dpc},
    {"timer set + cancel", timer_1},
    {"timer set + cancel, 1k armed", timer_1k},
    {"timer set + cancel, 1M armed", timer_1m},
    {"ObReferenceObjectByHandle + deref", reference_handle},
    {"create + join system thread", create_join},
    {"ExRaiseStatus to __except", raise},
};

/* ---------------------------------------------------------------- dispatch */

static void NTAPI complete_by_dpc(PKDPC object, PVOID context, PVOID argument1, PVOID argument2)
{
    PIRP irp = dpc_irp;
    UNREFERENCED_PARAMETER(object);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static void NTAPI complete_by_work(PDEVICE_OBJECT device, PVOID context)
{
    PIRP irp = context;
    UNREFERENCED_PARAMETER(device);
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
}

static NTSTATUS finish(PIRP irp, NTSTATUS status, ULONG_PTR information)
{
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return status;
}

static NTSTATUS run(PIRP irp, PIO_STACK_LOCATION location)
{
    struct bench_run *request = irp->AssociatedIrp.SystemBuffer;
    ULONG64 from;
    if (location->Parameters.DeviceIoControl.InputBufferLength < sizeof *request ||
        location->Parameters.DeviceIoControl.OutputBufferLength < sizeof *request)
        return finish(irp, STATUS_BUFFER_TOO_SMALL, 0);
    if (request->index >= ARRAYSIZE(benchmarks))
        return finish(irp, STATUS_NO_MORE_ENTRIES, 0);
    counted_tsc = 0;
    from = now();
    if (request->iterations) /* none: only the name is asked for */
        benchmarks[request->index].run(request->iterations);
    request->elapsed_tsc = counted_tsc ? counted_tsc : now() - from;
    for (ULONG i = 0; i < sizeof request->name; i++) {
        request->name[i] = benchmarks[request->index].name[i];
        if (!request->name[i])
            break;
    }
    request->name[sizeof request->name - 1] = 0;
    return finish(irp, STATUS_SUCCESS, sizeof *request);
}

static NTSTATUS NTAPI dispatch(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    if (device != control)
        return forward(device, irp);
    switch (location->MajorFunction) {
    case IRP_MJ_READ:
        return finish(irp, STATUS_SUCCESS, location->Parameters.Read.Length);
    case IRP_MJ_DEVICE_CONTROL:
        switch (location->Parameters.DeviceIoControl.IoControlCode) {
        case IOCTL_BENCH_BUFFERED:
        case IOCTL_BENCH_IN_DIRECT:
        case IOCTL_BENCH_OUT_DIRECT:
        case IOCTL_BENCH_NEITHER:
            return finish(irp, STATUS_SUCCESS, location->Parameters.DeviceIoControl.OutputBufferLength);
        case IOCTL_BENCH_DPC:
            irp->IoStatus.Information = 0;
            IoMarkIrpPending(irp);
            dpc_irp = irp;
            KeInsertQueueDpc(&completion_dpc, NULL, NULL);
            return STATUS_PENDING;
        case IOCTL_BENCH_WORK:
            irp->IoStatus.Information = 0;
            IoMarkIrpPending(irp);
            IoQueueWorkItem(work_item, complete_by_work, DelayedWorkQueue, irp);
            return STATUS_PENDING;
        case IOCTL_BENCH_RUN:
            return run(irp, location);
        }
        return finish(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    default:
        return finish(irp, STATUS_SUCCESS, 0);
    }
}

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\KilnBench");
    IoDeleteSymbolicLink(&link);
    if (work_item)
        IoFreeWorkItem(work_item);
    for (ULONG i = STACK_DEPTH; i-- > 0;) {
        if (i > 0 && lower[i])
            IoDetachDevice(lower[i]);
        if (stack[i])
            IoDeleteDevice(stack[i]);
    }
    if (control)
        IoDeleteDevice(control);
    UNREFERENCED_PARAMETER(driver);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\KilnBench");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\KilnBench");
    NTSTATUS status;
    UNREFERENCED_PARAMETER(registry_path);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        driver->MajorFunction[i] = dispatch;
    driver->DriverUnload = unload;
    status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &control);
    if (!NT_SUCCESS(status))
        return status;
    control->Flags |= DO_DIRECT_IO;
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        goto fail;
    for (ULONG i = 0; i < STACK_DEPTH; i++) {
        status = IoCreateDevice(driver, sizeof(ULONG), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &stack[i]);
        if (!NT_SUCCESS(status))
            goto fail;
        *(ULONG *)stack[i]->DeviceExtension = i;
        if (i > 0)
            lower[i] = IoAttachDeviceToDeviceStack(stack[i], stack[i - 1]);
        stack[i]->Flags &= ~DO_DEVICE_INITIALIZING;
    }
    KeInitializeDpc(&completion_dpc, complete_by_dpc, NULL);
    work_item = IoAllocateWorkItem(control);
    if (!work_item) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto fail;
    }
    control->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
fail:
    unload(driver);
    return status;
}
