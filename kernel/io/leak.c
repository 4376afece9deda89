/* SPDX-License-Identifier: MIT */
/*
 * leak.c: what a driver that goes has left behind.
 *
 * Called after DriverUnload, or after a DriverEntry that failed, while the image is still mapped. Looks for
 * devices, symbolic links, notify routines, threads inside the image, views in system space, and pool (IRPs
 * and work items among it) allocated from the image. Reports each kind with the routine that should have been called, and counts.
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

/* "Event \BaseNamedObjects\x", for a report. */
static void describe_object(PVOID object, char *buffer, size_t bytes)
{
    char type[64], name[256] = "";
    UCHAR room[1024];
    ULONG length;
    POBJECT_NAME_INFORMATION info = (PVOID)room;
    IopAscii(&ObpTypeOf(object)->Name, type, sizeof type);
    if (NT_SUCCESS(ObQueryNameString(object, info, sizeof room, &length)) && info->Name.Length)
        IopAscii(&info->Name, name, sizeof name);
    nt__snprintf(buffer, bytes, "%s %s", type, name[0] ? name : "without a name");
    buffer[bytes - 1] = 0;
}

/* Kernel handles that code of the driver made (the checked machine knows). */
static void leaked_handles(IOP_LEAKS *leaks)
{
    OB_HANDLE_ENTRY entry;
    ULONG cursor = 0;
    while (ObEnumerateHandles(ObpKernelHandleTable, &cursor, &entry)) {
        if ((UCHAR *)entry.Creator >= (UCHAR *)leaks->begin && (UCHAR *)entry.Creator < (UCHAR *)leaks->end) {
            char object[320], where[256];
            describe_object(entry.Object, object, sizeof object);
            KiDescribeAddress((ULONG_PTR)entry.Creator - 1, where, sizeof where);
            heading(leaks);
            IopReport("  handle %p to %s, made at %s: close it with ZwClose", entry.Handle, object, where);
        }
        ObDereferenceObject(entry.Object);
    }
}

/* References that code of the driver took more often than it gave them back, itself and not through some other routine. */
static void leaked_references(IOP_LEAKS *leaks)
{
    enum { SHOWN = 16 };
    OB_TRACE_ENTRY *entries = ExAllocatePoolWithTag(NonPagedPoolNx, SHOWN * sizeof *entries, IOP_TAG_NAME);
    ULONG count = entries && ObpTraceEnabled
                      ? ObpQueryReferencesOfImage(leaks->begin, leaks->end, entries, SHOWN)
                      : 0;
    for (ULONG i = 0; i < count; i++) {
        char tag[5], where[256], object[320];
        MiFormatTag(entries[i].Tag, tag);
        KiDescribeAddress((ULONG_PTR)entries[i].Site - 1, where, sizeof where);
        describe_object(entries[i].Object, object, sizeof object);
        heading(leaks);
        IopReport("  %I64d reference%s to %s with tag '%s', first taken at %s: give each back with "
                  "ObDereferenceObject",
                  entries[i].References - entries[i].Dereferences,
                  entries[i].References - entries[i].Dereferences == 1 ? "" : "s", object, tag, where);
    }
    if (entries)
        ExFreePoolWithTag(entries, IOP_TAG_NAME);
}

static void leaked_views(IOP_LEAKS *leaks)
{
    PVOID cursor = NULL;
    MI_RANGE_INFO info;
    while (MiEnumerateSystemViews(&cursor, &info)) {
        char where[256];
        if ((UCHAR *)info.Caller < (UCHAR *)leaks->begin || (UCHAR *)info.Caller >= (UCHAR *)leaks->end)
            continue;
        heading(leaks);
        KiDescribeReturn((ULONG_PTR)info.Caller, where, sizeof where);
        IopReport("  a view of a section in system space (%p, %I64u bytes, %s %s), mapped at %s: call "
                  "MmUnmapViewInSystemSpace",
                  info.Begin, (ULONG64)info.Bytes, info.SectionKind, info.Name, where);
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
        leaked_views(&leaks);
        leaked_pool(&leaks);
        leaked_handles(&leaks);
        leaked_references(&leaks);
    }
    InterlockedExchangeAdd((volatile LONG *)&IopLeakCount, (LONG)leaks.count);
    return leaks.count;
}
