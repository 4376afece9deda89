/* SPDX-License-Identifier: MIT */
/*
 * remlock.c: remove locks.
 *
 * IoCount starts at 1, the device's own; IoReleaseRemoveLockAndWaitEx gives up that one and the caller's,
 * refuses new acquisitions (Removed), and waits for the count to reach 0. Whoever brings it to 0 sets the
 * event.
 *
 * A checked driver passes the larger structure: then every acquisition is recorded with its tag, file and
 * line, and a release of a tag that nobody holds, or a wait that lasts, is reported with them.
 */
#include "iomgr.h"

#define IOP_TAG_REMOVE 0x6c526f49u /* "IoRl" */

typedef struct _IO_REMOVE_LOCK_TRACKING_BLOCK {
    LIST_ENTRY ListEntry; /* Dbg.Spin */
    PVOID tag;
    const char *file;
    ULONG line;
} TRACKING_BLOCK;

typedef struct _CHECKED_REMOVE_LOCK {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
    IO_REMOVE_LOCK_DBG_BLOCK Dbg;
} CHECKED_REMOVE_LOCK, *PCHECKED_REMOVE_LOCK;

static PCHECKED_REMOVE_LOCK checked(PIO_REMOVE_LOCK lock, ULONG size)
{
    return size == sizeof(CHECKED_REMOVE_LOCK) ? (PCHECKED_REMOVE_LOCK)lock : NULL;
}

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes,
                                    ULONG HighWatermark, ULONG RemlockSize)
{
    PCHECKED_REMOVE_LOCK c = checked(Lock, RemlockSize);
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    KeInitializeEvent(&Lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
    if (c) {
        c->Dbg.Signature = 0x4b434c52;
        c->Dbg.HighWatermark = HighWatermark;
        c->Dbg.MaxLockedTicks = (LONGLONG)MaxLockedMinutes * 600000000LL / KI_TICK_100NS;
        c->Dbg.AllocateTag = (LONG)AllocateTag;
        InitializeListHead(&c->Dbg.LockList);
        KeInitializeSpinLock(&c->Dbg.Spin);
        c->Dbg.LowMemoryCount = 0;
        c->Dbg.Blocks = NULL;
    }
}

static void record(PCHECKED_REMOVE_LOCK c, PVOID tag, const char *file, ULONG line)
{
    TRACKING_BLOCK *block = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *block, IOP_TAG_REMOVE);
    if (!block) {
        InterlockedIncrement(&c->Dbg.LowMemoryCount);
        return;
    }
    KIRQL irql;
    block->tag = tag;
    block->file = file;
    block->line = line;
    KeAcquireSpinLock(&c->Dbg.Spin, &irql);
    InsertHeadList(&c->Dbg.LockList, &block->ListEntry);
    KeReleaseSpinLock(&c->Dbg.Spin, irql);
}

static void forget(PCHECKED_REMOVE_LOCK c, PVOID tag, PVOID caller)
{
    KIRQL irql;
    TRACKING_BLOCK *found = NULL;
    KeAcquireSpinLock(&c->Dbg.Spin, &irql);
    for (PLIST_ENTRY e = c->Dbg.LockList.Flink; e != &c->Dbg.LockList && !found; e = e->Flink)
        if (CONTAINING_RECORD(e, TRACKING_BLOCK, ListEntry)->tag == tag) {
            found = CONTAINING_RECORD(e, TRACKING_BLOCK, ListEntry);
            RemoveEntryList(e);
        }
    BOOLEAN lost = !found && c->Dbg.LowMemoryCount > 0;
    if (lost)
        c->Dbg.LowMemoryCount--;
    KeReleaseSpinLock(&c->Dbg.Spin, irql);
    if (found) {
        ExFreePoolWithTag(found, IOP_TAG_REMOVE);
    } else if (!lost) {
        char where[256];
        KiDescribeAddress((ULONG_PTR)caller, where, sizeof where);
        IopReport("a remove lock was released at %s with tag %p, which was not acquired", where, tag);
    }
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line,
                                     ULONG RemlockSize)
{
    PCHECKED_REMOVE_LOCK c = checked(RemoveLock, RemlockSize);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    InterlockedIncrement(&RemoveLock->Common.IoCount);
    if (RemoveLock->Common.Removed) {
        if (InterlockedDecrement(&RemoveLock->Common.IoCount) == 0)
            KeSetEvent(&RemoveLock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
        return STATUS_DELETE_PENDING;
    }
    if (c)
        record(c, Tag, File, Line);
    return STATUS_SUCCESS;
}

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    PCHECKED_REMOVE_LOCK c = checked(RemoveLock, RemlockSize);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (c)
        forget(c, Tag, __builtin_return_address(0));
    if (InterlockedDecrement(&RemoveLock->Common.IoCount) == 0)
        KeSetEvent(&RemoveLock->Common.RemoveEvent, IO_NO_INCREMENT, FALSE);
}

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    PCHECKED_REMOVE_LOCK c = checked(RemoveLock, RemlockSize);
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (c)
        forget(c, Tag, __builtin_return_address(0));
    __atomic_store_n(&RemoveLock->Common.Removed, TRUE, __ATOMIC_SEQ_CST);
    InterlockedDecrement(&RemoveLock->Common.IoCount);
    if (InterlockedDecrement(&RemoveLock->Common.IoCount) > 0)
        KeWaitForSingleObject(&RemoveLock->Common.RemoveEvent, Executive, KernelMode, FALSE, NULL);
}
