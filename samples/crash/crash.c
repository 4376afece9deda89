/* SPDX-License-Identifier: MIT */
/*
 * crash.c - a gallery of mistakes. Each control code makes one, in a function of its own that the report names.
 *
 * Do not load it into anything you care about. On Windows each of these stops the machine; here each ends the run
 * with a report. README.md lists what the reports must say, and tests/samples checks that they do.
 *
 * What a compiler could see through is hidden behind `volatile` and `noinline`, so that the bug survives -O2.
 */
#include <ntddk.h>
#include "crashctl.h"

#define CRASH_TAG 'hsrC'
#define NOINLINE __declspec(noinline)

typedef struct _CRASH_DEVICE {
    KTIMER Timer;
    KDPC Dpc;
    KEVENT Never;    /* nobody sets it */
    KEVENT DpcDone;  /* ... or the other thread holds its mutex */
    FAST_MUTEX First, Second;
} CRASH_DEVICE, *PCRASH_DEVICE;

DRIVER_INITIALIZE DriverEntry;
static DRIVER_UNLOAD CrashUnload;
static DRIVER_DISPATCH CrashCreateClose;
static DRIVER_DISPATCH CrashDeviceControl;

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#endif

static NOINLINE NTSTATUS Complete(PIRP Irp, NTSTATUS Status)
{
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

/* A field is read through a pointer that was never set. */
static NOINLINE VOID NullPointer(VOID)
{
    struct {
        ULONG Header;
        ULONG Count;
    } *volatile record = NULL;

    DbgPrint("Crash: the count is %u\n", record->Count);
}

/* Memory that is not there is touched where no page fault can be served. */
static NOINLINE VOID PageFaultAtDispatch(VOID)
{
    volatile ULONG *volatile gone = (volatile ULONG *)(ULONG_PTR)0x1000;
    KIRQL irql;

    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    *gone = 1;
    KeLowerIrql(irql);
}

static NOINLINE VOID DivideByZero(VOID)
{
    volatile int requests = 10, seconds = 0;

    DbgPrint("Crash: %d requests a second\n", requests / seconds);
}

/* Recursion that ends long after the kernel stack does, which is 24 KB. */
static NOINLINE ULONG StackOverflow(volatile ULONG *Depth, ULONG Limit)
{
    volatile ULONG local[64];

    local[0] = ++*Depth;
    return *Depth == Limit ? 0 : StackOverflow(Depth, Limit) + local[0];
}

/* A request is completed, and completed again. */
static NOINLINE VOID CompleteTwice(PIRP Irp)
{
    Complete(Irp, STATUS_SUCCESS);
    Complete(Irp, STATUS_SUCCESS);
}

static NOINLINE VOID FreeTwice(VOID)
{
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, CRASH_TAG);

    if (block) {
        ExFreePoolWithTag(block, CRASH_TAG);
        ExFreePoolWithTag(block, CRASH_TAG);
    }
}

/* An index runs past the end of a block, into its neighbour; it is found out when the blocks are freed. */
static NOINLINE VOID PoolOverrun(VOID)
{
    PULONG blocks[16];
    volatile ULONG count = 25;

    for (ULONG i = 0; i < ARRAYSIZE(blocks); i++)
        blocks[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(ULONG), CRASH_TAG);
    for (ULONG i = 0; blocks[7] && i < count + 12; i++)
        blocks[7][i] = 0xdeadbeef;
    for (ULONG i = 0; i < ARRAYSIZE(blocks); i++)
        if (blocks[i])
            ExFreePoolWithTag(blocks[i], CRASH_TAG);
}

/* A DPC waits, but the thread it happens to run on cannot be switched away from. */
static NOINLINE VOID WaitInDpc(PCRASH_DEVICE Device)
{
    KeWaitForSingleObject(&Device->Never, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI WaitingDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PCRASH_DEVICE device = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    WaitInDpc(device);
    KeSetEvent(&device->DpcDone, IO_NO_INCREMENT, FALSE);
}

static NOINLINE VOID QueueWaitingDpc(PCRASH_DEVICE Device)
{
    KeInitializeDpc(&Device->Dpc, WaitingDpc, Device);
    KeInsertQueueDpc(&Device->Dpc, NULL, NULL);
    KeWaitForSingleObject(&Device->DpcDone, Executive, KernelMode, FALSE, NULL);
}

/* A spin lock is never released, so the thread goes back to its caller at DISPATCH_LEVEL. */
static NOINLINE VOID ReturnRaised(VOID)
{
    static KSPIN_LOCK lock;
    KIRQL irql;

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
}

/* An exception is raised where nobody handles it. */
static NOINLINE VOID UnhandledStatus(VOID)
{
    ExRaiseStatus(STATUS_DATATYPE_MISALIGNMENT);
}

/* An entry is taken out of a list whose links were overwritten. */
static NOINLINE VOID CorruptList(VOID)
{
    LIST_ENTRY head, first, second;

    InitializeListHead(&head);
    InsertTailList(&head, &first);
    InsertTailList(&head, &second);
    *(PLIST_ENTRY volatile *)&second.Blink = &head;
    RemoveEntryList(&first);
}

/* The driver finds that going on would do harm. The parameters are its own. */
static NOINLINE VOID BugCheck(VOID)
{
    KeBugCheckEx(0xE2 /* MANUALLY_INITIATED_CRASH */, 0x1111, 0x2222, 0x3333, 0x4444);
}

static NOINLINE VOID Breakpoint(VOID)
{
    DbgBreakPoint();
}

static VOID NTAPI TimerDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
}

/* A timer is set, and nothing cancels it before its memory and its DPC's code go away with the driver. */
static NOINLINE VOID UnloadWithTimer(PCRASH_DEVICE Device)
{
    LARGE_INTEGER due;

    due.QuadPart = -10000000; /* one second from now */
    KeInitializeDpc(&Device->Dpc, TimerDpc, Device);
    KeSetTimer(&Device->Timer, due, &Device->Dpc);
}

/* The other thread of the deadlock: it acquires the same mutexes in the other order. */
static VOID NTAPI OtherOrder(PVOID Context)
{
    PCRASH_DEVICE device = Context;

    ExAcquireFastMutex(&device->Second);
    KeSetEvent(&device->DpcDone, IO_NO_INCREMENT, FALSE);
    ExAcquireFastMutex(&device->First);
    ExReleaseFastMutex(&device->First);
    ExReleaseFastMutex(&device->Second);
}

/* Two threads want two mutexes, each in an order of its own. */
static NOINLINE VOID Deadlock(PCRASH_DEVICE Device)
{
    HANDLE thread;

    ExInitializeFastMutex(&Device->First);
    ExInitializeFastMutex(&Device->Second);
    if (!NT_SUCCESS(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, OtherOrder, Device)))
        return;
    ZwClose(thread);
    ExAcquireFastMutex(&Device->First);
    KeWaitForSingleObject(&Device->DpcDone, Executive, KernelMode, FALSE, NULL);
    ExAcquireFastMutex(&Device->Second);
    ExReleaseFastMutex(&Device->Second);
    ExReleaseFastMutex(&Device->First);
}

/* A routine for PASSIVE_LEVEL is called with a spin lock held. */
static NOINLINE VOID CallTooHigh(VOID)
{
    KSPIN_LOCK lock;
    KIRQL irql;
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Crash");

    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    IoDeleteSymbolicLink(&link);
    KeReleaseSpinLock(&lock, irql);
}

static NTSTATUS NTAPI CrashDeviceControl(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PCRASH_DEVICE device = DeviceObject->DeviceExtension;
    volatile ULONG depth = 0;

    switch (IoGetCurrentIrpStackLocation(Irp)->Parameters.DeviceIoControl.IoControlCode) {
    case IOCTL_CRASH_NULL_POINTER:
        NullPointer();
        break;
    case IOCTL_CRASH_PAGE_FAULT_AT_DISPATCH:
        PageFaultAtDispatch();
        break;
    case IOCTL_CRASH_DIVIDE_BY_ZERO:
        DivideByZero();
        break;
    case IOCTL_CRASH_STACK_OVERFLOW:
        StackOverflow(&depth, MAXULONG);
        break;
    case IOCTL_CRASH_COMPLETE_TWICE:
        CompleteTwice(Irp);
        return STATUS_SUCCESS;
    case IOCTL_CRASH_FREE_TWICE:
        FreeTwice();
        break;
    case IOCTL_CRASH_POOL_OVERRUN:
        PoolOverrun();
        break;
    case IOCTL_CRASH_WAIT_IN_DPC:
        QueueWaitingDpc(device);
        break;
    case IOCTL_CRASH_RETURN_RAISED:
        ReturnRaised();
        break;
    case IOCTL_CRASH_UNHANDLED_STATUS:
        UnhandledStatus();
        break;
    case IOCTL_CRASH_CORRUPT_LIST:
        CorruptList();
        break;
    case IOCTL_CRASH_BUGCHECK:
        BugCheck();
        break;
    case IOCTL_CRASH_BREAKPOINT:
        Breakpoint();
        break;
    case IOCTL_CRASH_UNLOAD_WITH_TIMER:
        UnloadWithTimer(device);
        break;
    case IOCTL_CRASH_DEADLOCK:
        Deadlock(device);
        break;
    case IOCTL_CRASH_CALL_TOO_HIGH:
        CallTooHigh();
        break;
    default:
        return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    return Complete(Irp, STATUS_SUCCESS);
}

static NTSTATUS NTAPI CrashCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    return Complete(Irp, STATUS_SUCCESS);
}

static VOID NTAPI CrashUnload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Crash");

    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Crash");
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Crash");
    PDEVICE_OBJECT deviceObject;
    PCRASH_DEVICE device;
    NTSTATUS status;

    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->MajorFunction[IRP_MJ_CREATE] = CrashCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = CrashCreateClose;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = CrashDeviceControl;
    DriverObject->DriverUnload = CrashUnload;

    status = IoCreateDevice(DriverObject, sizeof(CRASH_DEVICE), &name, FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN,
                            FALSE, &deviceObject);
    if (!NT_SUCCESS(status))
        return status;
    device = deviceObject->DeviceExtension;
    KeInitializeTimer(&device->Timer);
    KeInitializeEvent(&device->Never, NotificationEvent, FALSE);
    KeInitializeEvent(&device->DpcDone, NotificationEvent, FALSE);
    status = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(status))
        IoDeleteDevice(deviceObject);
    return status;
}
