/* SPDX-License-Identifier: MIT */
/*
 * shutdown.c: telling drivers that the machine shuts down.
 *
 * Two lists of registered devices, each entry with a reference of its device: the ordinary ones are told
 * before file systems are flushed, the last-chance ones after. The last registered is told first. V guards
 * the lists; a request is sent without it.
 */
#include "iomgr.h"

typedef struct _IOP_SHUTDOWN {
    LIST_ENTRY ListEntry;
    PDEVICE_OBJECT device; /* referenced */
} IOP_SHUTDOWN;

/* V */
static LIST_ENTRY first_chance = {&first_chance, &first_chance};
static LIST_ENTRY last_chance = {&last_chance, &last_chance};

static NTSTATUS add(PLIST_ENTRY list, PDEVICE_OBJECT device)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    IOP_SHUTDOWN *entry = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *entry, IOP_TAG_DEVICE);
    if (!entry)
        return STATUS_INSUFFICIENT_RESOURCES;
    ObReferenceObject(device);
    entry->device = device;
    KIRQL irql = IopLockDatabase();
    InsertHeadList(list, &entry->ListEntry);
    device->Flags |= DO_SHUTDOWN_REGISTERED;
    IopUnlockDatabase(irql);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    return add(&first_chance, DeviceObject);
}

NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    return add(&last_chance, DeviceObject);
}

/* Take the first entry, of the device if one is given. */
static IOP_SHUTDOWN *take(PLIST_ENTRY list, PDEVICE_OBJECT device)
{
    IOP_SHUTDOWN *found = NULL;
    KIRQL irql = IopLockDatabase();
    for (PLIST_ENTRY e = list->Flink; e != list && !found; e = e->Flink) {
        IOP_SHUTDOWN *entry = CONTAINING_RECORD(e, IOP_SHUTDOWN, ListEntry);
        if (!device || entry->device == device) {
            RemoveEntryList(e);
            found = entry;
        }
    }
    if (device && !found)
        device->Flags &= ~DO_SHUTDOWN_REGISTERED;
    IopUnlockDatabase(irql);
    return found;
}

static void remove_all(PLIST_ENTRY list, PDEVICE_OBJECT device)
{
    IOP_SHUTDOWN *entry;
    while ((entry = take(list, device)) != NULL) {
        ObDereferenceObject(entry->device);
        ExFreePoolWithTag(entry, IOP_TAG_DEVICE);
    }
}

VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    remove_all(&first_chance, DeviceObject);
    remove_all(&last_chance, DeviceObject);
}

static void tell(PDEVICE_OBJECT device)
{
    KEVENT event;
    IO_STATUS_BLOCK block;
    PDEVICE_OBJECT top = IoGetAttachedDeviceReference(device);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PIRP irp = IoBuildSynchronousFsdRequest(IRP_MJ_SHUTDOWN, top, NULL, 0, NULL, &event, &block);
    if (irp && IofCallDriver(top, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(top);
}

static void tell_all(PLIST_ENTRY list)
{
    IOP_SHUTDOWN *entry;
    while ((entry = take(list, NULL)) != NULL) {
        PDEVICE_OBJECT device = entry->device;
        ExFreePoolWithTag(entry, IOP_TAG_DEVICE);
        tell(device);
        ObDereferenceObject(device);
    }
}

void IopShutdownSystem(void)
{
    static volatile LONG done;
    if (InterlockedExchange(&done, 1))
        return;
    tell_all(&first_chance);
    tell_all(&last_chance);
}
