/* SPDX-License-Identifier: MIT */
/*
 * devqueue.c: device queues, the queue a driver keeps of requests for a busy device. Each has its own spin lock; the
 * busy flag and the list change together.
 */
#include "kep.h"

VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    DeviceQueue->Type = DeviceQueueObject;
    DeviceQueue->Size = sizeof(KDEVICE_QUEUE);
    InitializeListHead(&DeviceQueue->DeviceListHead);
    KeInitializeSpinLock(&DeviceQueue->Lock);
    DeviceQueue->Busy = FALSE;
}

static PKDEVICE_QUEUE_ENTRY entry_of(LIST_ENTRY *Link)
{
    return CONTAINING_RECORD(Link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
}

/* The first link whose key is at least `Key`; the head if there is none. */
static LIST_ENTRY *find_key(PKDEVICE_QUEUE Queue, ULONG Key, BOOLEAN After)
{
    LIST_ENTRY *link = Queue->DeviceListHead.Flink;
    while (link != &Queue->DeviceListHead &&
           (After ? entry_of(link)->SortKey <= Key : entry_of(link)->SortKey < Key))
        link = link->Flink;
    return link;
}

static BOOLEAN insert(PKDEVICE_QUEUE Queue, PKDEVICE_QUEUE_ENTRY Entry, const ULONG *Key)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    if (Key)
        Entry->SortKey = *Key;
    BOOLEAN busy = Queue->Busy;
    if (busy) {
        LIST_ENTRY *before = Key ? find_key(Queue, *Key, TRUE) : &Queue->DeviceListHead;
        InsertTailList(before, &Entry->DeviceListEntry);
    } else {
        Queue->Busy = TRUE;
    }
    Entry->Inserted = busy;
    KeReleaseSpinLock(&Queue->Lock, irql);
    return busy;
}

/* Key NULL: the first. Otherwise the first with at least that key, or the first of all. */
static PKDEVICE_QUEUE_ENTRY remove(PKDEVICE_QUEUE Queue, const ULONG *Key)
{
    PKDEVICE_QUEUE_ENTRY entry = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Queue->Lock);
    if (IsListEmpty(&Queue->DeviceListHead)) {
        Queue->Busy = FALSE;
    } else {
        LIST_ENTRY *link = Key ? find_key(Queue, *Key, FALSE) : Queue->DeviceListHead.Flink;
        if (link == &Queue->DeviceListHead)
            link = link->Flink;
        entry = entry_of(link);
        RemoveEntryList(link);
        entry->Inserted = FALSE;
    }
    KeReleaseSpinLock(&Queue->Lock, irql);
    return entry;
}

BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return insert(DeviceQueue, DeviceQueueEntry, NULL);
}

BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, ULONG SortKey)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return insert(DeviceQueue, DeviceQueueEntry, &SortKey);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return remove(DeviceQueue, NULL);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return remove(DeviceQueue, &SortKey);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return DeviceQueue->Busy ? remove(DeviceQueue, &SortKey) : NULL;
}

BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&DeviceQueue->Lock);
    BOOLEAN inserted = DeviceQueueEntry->Inserted;
    if (inserted) {
        RemoveEntryList(&DeviceQueueEntry->DeviceListEntry);
        DeviceQueueEntry->Inserted = FALSE;
    }
    KeReleaseSpinLock(&DeviceQueue->Lock, irql);
    return inserted;
}
