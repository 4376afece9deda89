/* SPDX-License-Identifier: MIT */
/*
 * leak.c: what a driver that goes has left behind.
 *
 * Called after DriverUnload, or after a DriverEntry that failed, while the image is still mapped. Looks for
 * devices, symbolic links, notify routines, threads inside the image, and pool (IRPs and work items among it)
 * allocated from the image. Reports each kind with the routine that should have been called, and counts.
 */
#include "iomgr.h"

ULONG IopLeakCount;

typedef struct _IOP_LEAKS {
    PVOID begin, end;
    char driver[64];
    const char *when;
    ULONG count;
} IOP_LEAKS;

static void heading(IOP_LEAKS *leaks)
{
    if (leaks->count++ == 0)
        IopReport("driver %s: %s, and it left behind:", leaks->driver, leaks->when);
}

static void leaked_devices(IOP_LEAKS *leaks, PDRIVER_OBJECT object)
{
    for (PDEVICE_OBJECT d = object->DeviceObject; d; d = d->NextDevice) {
        char name[128];
        heading(leaks);
        IopFormatName(d, name, sizeof name);
        if (d->DeviceObjectExtension->ExtensionFlags & DOE_DELETE_PENDING)
            IopReport("  device %s (%p), deleted but still in use: %d open files%s", name, (PVOID)d,
                      d->ReferenceCount, d->AttachedDevice ? ", and a device is attached to it" : "");
        else
            IopReport("  device %s (%p): call IoDeleteDevice", name, (PVOID)d);
    }
}

static void leaked_links(IOP_LEAKS *leaks)
{
    char name[256];
    while (IopTakeLeakedLink(leaks->begin, leaks->end, name, sizeof name)) {
        heading(leaks);
        IopReport("  symbolic link %s: call IoDeleteSymbolicLink", name);
    }
}

static const char *remedy(ULONG tag)
{
    switch (tag) {
    case IOP_TAG_IRP:
        return "an IRP: call IoFreeIrp, or wait for its completion";
    case 0x49576f49u:
        return "a work item: call IoFreeWorkItem";
    default:
        return "call ExFreePool";
    }
}

static void leaked_pool(IOP_LEAKS *leaks)
{
    enum { SHOWN = 16 };
    ULONG64 cursor = 0;
    ULONG blocks = 0;
    SIZE_T bytes = 0;
    MI_POOL_BLOCK block;
    while (MiEnumeratePool(&cursor, &block)) {
        if ((UCHAR *)block.Caller < (UCHAR *)leaks->begin || (UCHAR *)block.Caller >= (UCHAR *)leaks->end)
            continue;
        heading(leaks);
        bytes += block.Bytes;
        if (blocks++ < SHOWN) {
            char tag[5], where[256];
            MiFormatTag(block.Tag, tag);
            KiDescribeAddress((ULONG_PTR)block.Caller, where, sizeof where);
            IopReport("  pool block %p, %I64u bytes, tag '%s', allocated at %s: %s", block.Va,
                      (ULONG64)block.Bytes, tag, where, remedy(block.Tag));
        }
    }
    if (blocks > SHOWN)
        IopReport("  ... %u pool blocks in all, %I64u bytes", blocks, (ULONG64)bytes);
}

static BOOLEAN leaked_thread(const KI_THREAD_INFO *info, PVOID context)
{
    IOP_LEAKS *leaks = context;
    UCHAR *start = info->StartAddress;
    if (start >= (UCHAR *)leaks->begin && start < (UCHAR *)leaks->end && info->State != KiTerminated)
        leaks->count |= 0x80000000; /* the dispatcher lock is held: reported by the caller */
    return TRUE;
}

static void leaked_threads(IOP_LEAKS *leaks)
{
    ULONG before = leaks->count;
    KiEnumerateThreads(leaked_thread, leaks);
    BOOLEAN found = (leaks->count & 0x80000000) != 0;
    leaks->count = before;
    if (found) {
        heading(leaks);
        IopReport("  a system thread that runs code of the driver: let it end with PsTerminateSystemThread "
                  "and wait for it");
    }
}

static IOP_LEAKS *notify_leaks; /* the loader lock or the one unload work at a time */

static void leaked_notify(const char *what, PVOID routine)
{
    char where[256];
    heading(notify_leaks);
    KiDescribeAddress((ULONG_PTR)routine, where, sizeof where);
    IopReport("  the notify routine %s: call %s", where, what);
}

ULONG IopReportLeaks(PIOP_DRIVER Driver, const char *When)
{
    IOP_LEAKS leaks = {.when = When};
    IopAscii(&Driver->ServiceName, leaks.driver, sizeof leaks.driver);
    leaked_devices(&leaks, &Driver->Object);
    if (Driver->Object.DriverSize) {
        leaks.begin = Driver->Object.DriverStart;
        leaks.end = (UCHAR *)leaks.begin + Driver->Object.DriverSize;
        leaked_links(&leaks);
        IopEnterLoader();
        notify_leaks = &leaks;
        PspRemoveNotifyRoutinesInImage(leaks.begin, leaks.end, leaked_notify);
        notify_leaks = NULL;
        IopLeaveLoader();
        leaked_threads(&leaks);
        leaked_pool(&leaks);
    }
    InterlockedExchangeAdd((volatile LONG *)&IopLeakCount, (LONG)leaks.count);
    return leaks.count;
}
