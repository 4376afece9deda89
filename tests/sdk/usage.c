/* SPDX-License-Identifier: MIT */
/*
 * usage.c - what drivers write, compiled as C and as C++ with all warnings: the idioms that are macros, and
 * the annotations. It is compiled, not run; headers alone would not notice a macro that does not expand to
 * what a caller needs.
 */
#include <initguid.h>
#include <ntddk.h>
#include <ntstrsafe.h>
#include <ntintsafe.h>
#include <intrin.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

DEFINE_GUID(GUID_USAGE, 0x12345678, 0x1234, 0x5678, 0x90, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67);
#define IOCTL_USAGE CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, METHOD_BUFFERED, FILE_ANY_ACCESS)
DECLARE_GLOBAL_CONST_UNICODE_STRING(device_name, L"\\Device\\Usage");

typedef struct _EXTENSION {
    PDEVICE_OBJECT Lower;
    LIST_ENTRY Queue;
    KSPIN_LOCK Lock;
    KDPC Dpc;
    KTIMER Timer;
    IO_CSQ Csq;
    ERESOURCE Resource;
    FAST_MUTEX Mutex;
    NPAGED_LOOKASIDE_LIST Lookaside;
    volatile LONG Count;
} EXTENSION, *PEXTENSION;

EXTERN_C_START
DRIVER_INITIALIZE DriverEntry;
DRIVER_UNLOAD Unload;
_Dispatch_type_(IRP_MJ_CREATE) _Dispatch_type_(IRP_MJ_CLOSE) DRIVER_DISPATCH Dispatch;
KDEFERRED_ROUTINE Deferred;
IO_COMPLETION_ROUTINE Completion;
KSTART_ROUTINE Thread;
IO_WORKITEM_ROUTINE Work;
EXTERN_C_END

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, Unload)
#endif

_Use_decl_annotations_ VOID Deferred(struct _KDPC *Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PEXTENSION extension = (PEXTENSION)Context;
    KLOCK_QUEUE_HANDLE handle;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&extension->Lock, &handle);
    while (!IsListEmpty(&extension->Queue)) {
        PLIST_ENTRY entry = RemoveHeadList(&extension->Queue);
        PIRP irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        irp->IoStatus.Status = STATUS_SUCCESS;
        irp->IoStatus.Information = 0;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
    }
    KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
}

_Use_decl_annotations_ NTSTATUS Completion(PDEVICE_OBJECT DeviceObject, PIRP Irp, PVOID Context)
{
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Irp->PendingReturned) {
        IoMarkIrpPending(Irp);
    }
    (VOID) KeSetEvent((PKEVENT)Context, IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

_Use_decl_annotations_ VOID Work(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    IoFreeWorkItem((PIO_WORKITEM)Context);
}

_Use_decl_annotations_ VOID Thread(PVOID Context)
{
    PEXTENSION extension = (PEXTENSION)Context;
    LARGE_INTEGER interval;
    KFLOATING_SAVE save;
    interval.QuadPart = -10 * 1000 * 1000;
    (VOID) KeDelayExecutionThread(KernelMode, FALSE, &interval);
    if (NT_SUCCESS(KeSaveFloatingPointState(&save))) {
        (VOID) KeRestoreFloatingPointState(&save);
    }
    ExAcquireFastMutex(&extension->Mutex);
    InterlockedIncrement(&extension->Count);
    ExReleaseFastMutex(&extension->Mutex);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

_Use_decl_annotations_ NTSTATUS Dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp)
{
    PEXTENSION extension = (PEXTENSION)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    NTSTATUS status = STATUS_INVALID_DEVICE_REQUEST;
    KEVENT event;
    KIRQL irql;
    WCHAR text[64];
    ULONG total = 0;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    if (stack->MajorFunction == IRP_MJ_DEVICE_CONTROL &&
        stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_USAGE) {
        IoCopyCurrentIrpStackLocationToNext(Irp);
        IoSetCompletionRoutine(Irp, Completion, &event, TRUE, TRUE, TRUE);
        status = IoCallDriver(extension->Lower, Irp);
        if (status == STATUS_PENDING) {
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
            status = Irp->IoStatus.Status;
        }
    }
    if (Irp->MdlAddress != NULL &&
        MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute) == NULL) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    KeAcquireSpinLock(&extension->Lock, &irql);
    InsertTailList(&extension->Queue, &Irp->Tail.Overlay.ListEntry);
    KeReleaseSpinLock(&extension->Lock, irql);
    if (NT_SUCCESS(RtlULongAdd(extension->Count, 1, &total)) &&
        NT_SUCCESS(RtlStringCchPrintfW(text, ARRAYSIZE(text), L"%wZ", &device_name))) {
        KdPrint(("total %lu %S\n", total, text));
    }
    KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "%s\n", "dispatch"));
    ASSERT(status != STATUS_PENDING);
    NT_ASSERT(extension->Count >= 0);
#ifdef _MSC_VER
    __try {
        ProbeForRead(Irp->UserBuffer, 4, sizeof(ULONG));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        status = GetExceptionCode();
    }
    __try {
        ExRaiseStatus(STATUS_UNSUCCESSFUL);
    } __finally {
        if (AbnormalTermination()) {
            status = STATUS_UNSUCCESSFUL;
        }
    }
#endif
    Irp->IoStatus.Status = status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return status;
}

_Use_decl_annotations_ VOID Unload(PDRIVER_OBJECT DriverObject)
{
    UNICODE_STRING link = RTL_CONSTANT_STRING(L"\\??\\Usage");
    PAGED_CODE();
    (VOID) IoDeleteSymbolicLink(&link);
    IoDeleteDevice(DriverObject->DeviceObject);
}

_Use_decl_annotations_ NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    OBJECT_ATTRIBUTES attributes;
    PDEVICE_OBJECT device;
    PEXTENSION extension;
    NTSTATUS status;
    HANDLE thread;
    PVOID pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(EXTENSION), 'gasU');

    if (pool != NULL) {
        ExFreePoolWithTag(pool, 'gasU');
    }
    status = IoCreateDevice(DriverObject, sizeof(EXTENSION), (PUNICODE_STRING)&device_name,
                            FILE_DEVICE_UNKNOWN, FILE_DEVICE_SECURE_OPEN, FALSE, &device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    extension = (PEXTENSION)device->DeviceExtension;
    RtlZeroMemory(extension, sizeof(*extension));
    InitializeListHead(&extension->Queue);
    KeInitializeSpinLock(&extension->Lock);
    KeInitializeDpc(&extension->Dpc, Deferred, extension);
    KeInitializeTimerEx(&extension->Timer, SynchronizationTimer);
    ExInitializeFastMutex(&extension->Mutex);
    ExInitializeNPagedLookasideList(&extension->Lookaside, NULL, NULL, POOL_NX_ALLOCATION, 64, 'gasU', 0);
    ExFreeToNPagedLookasideList(&extension->Lookaside,
                                ExAllocateFromNPagedLookasideList(&extension->Lookaside));
    InitializeObjectAttributes(&attributes, RegistryPath, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL,
                               NULL);
    status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, &attributes, NULL, NULL, Thread, extension);
    if (NT_SUCCESS(status)) {
        (VOID) ZwClose(thread);
    }
    if (IsEqualGUID(
#ifdef __cplusplus
            GUID_USAGE, GUID_USAGE
#else
            &GUID_USAGE, &GUID_USAGE
#endif
            )) {
        device->Flags |= DO_DIRECT_IO;
    }
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        DriverObject->MajorFunction[i] = Dispatch;
    }
    DriverObject->DriverUnload = Unload;
    device->Flags &= ~(ULONG)DO_DEVICE_INITIALIZING;
    return status;
}
