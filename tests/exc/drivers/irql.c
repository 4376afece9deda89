/* SPDX-License-Identifier: MIT */
/* A driver whose exported functions call routines above and below their IRQL. */
#include <ntifs.h>

#define EXPORT(name) __declspec(dllexport) int name(void)

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return STATUS_SUCCESS;
}

static KSPIN_LOCK lock;
static KEVENT event;

EXPORT(service_at_dispatch_level)
{
    KIRQL old;
    HANDLE handle;
    IO_STATUS_BLOCK iosb;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Nothing");
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ZwCreateFile(&handle, GENERIC_READ, &attributes, &iosb, NULL, 0, 0, FILE_OPEN, 0, NULL, 0);
    return 1;
}

EXPORT(dpc_level_lock_at_passive_level)
{
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLockAtDpcLevel(&lock);
    return 1;
}

EXPORT(event_above_dispatch_level)
{
    KIRQL old;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(5, &old);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    return 1;
}

EXPORT(routine_found_by_name_at_dispatch_level)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"ZwClose");
    KIRQL old;
    NTSTATUS(NTAPI * close)(HANDLE) = (NTSTATUS(NTAPI *)(HANDLE))(ULONG_PTR)MmGetSystemRoutineAddress(&name);
    if (!close)
        return 2;
    KeRaiseIrql(APC_LEVEL, &old);
    close(NULL);
    return 1;
}

EXPORT(paged_pool_freed_at_dispatch_level)
{
    KIRQL old;
    PVOID block = ExAllocatePool2(POOL_FLAG_PAGED, 64, 'tset');
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ExFreePoolWithTag(block, 'tset');
    return 1;
}

EXPORT(wait_at_dispatch_level)
{
    KIRQL old;
    LARGE_INTEGER soon = {.QuadPart = -10000};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &soon);
    return 1;
}

/* Everything at the edge of what is allowed. */
EXPORT(calls_within_their_ranges)
{
    KIRQL old, again;
    LARGE_INTEGER now = {.QuadPart = 0};
    KeInitializeSpinLock(&lock);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeAcquireSpinLockAtDpcLevel(&lock);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLockFromDpcLevel(&lock);
    if (KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &now) != STATUS_SUCCESS)
        return __LINE__;
    PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'tset');
    if (!block)
        return __LINE__;
    ExFreePoolWithTag(block, 'tset');
    KeAcquireSpinLock(&lock, &again);
    KeReleaseSpinLock(&lock, again);
    KeLowerIrql(old);
    KeRaiseIrql(HIGH_LEVEL, &old);
    KeQuerySystemTime(&now);
    KeLowerIrql(old);
    return 0;
}
