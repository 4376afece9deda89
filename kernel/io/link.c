/* SPDX-License-Identifier: MIT */
/*
 * link.c: symbolic links that drivers make for their devices.
 *
 * The links are objects of the object manager, permanent until IoDeleteSymbolicLink. Here is only kept who
 * made which, so that a driver that goes can be told what it forgot; guarded by V.
 */
#include "iomgr.h"

typedef struct _IOP_LINK {
    LIST_ENTRY ListEntry; /* V */
    PVOID caller;
    UNICODE_STRING name;
} IOP_LINK;

static LIST_ENTRY links = {&links, &links}; /* V */

static void remember(PUNICODE_STRING name, PVOID caller)
{
    IOP_LINK *link = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *link, IOP_TAG_NAME);
    if (!link)
        return; /* only the report suffers */
    if (!IopDuplicateString(&link->name, name)) {
        ExFreePoolWithTag(link, IOP_TAG_NAME);
        return;
    }
    link->caller = caller;
    KIRQL irql = IopLockDatabase();
    InsertTailList(&links, &link->ListEntry);
    IopUnlockDatabase(irql);
}

/* Take the first link that has the name, or (no name) that was made from an address in [begin, end). */
static IOP_LINK *take(PUNICODE_STRING name, ULONG_PTR begin, ULONG_PTR end)
{
    IOP_LINK *found = NULL;
    KIRQL irql = IopLockDatabase();
    for (PLIST_ENTRY e = links.Flink; e != &links && !found; e = e->Flink) {
        IOP_LINK *link = CONTAINING_RECORD(e, IOP_LINK, ListEntry);
        ULONG_PTR caller = (ULONG_PTR)link->caller;
        if (name ? RtlEqualUnicodeString(&link->name, name, TRUE) : caller >= begin && caller < end) {
            RemoveEntryList(e);
            found = link;
        }
    }
    IopUnlockDatabase(irql);
    return found;
}

static void release(IOP_LINK *link)
{
    ExFreePoolWithTag(link->name.Buffer, IOP_TAG_NAME);
    ExFreePoolWithTag(link, IOP_TAG_NAME);
}

BOOLEAN IopTakeLeakedLink(PVOID Begin, PVOID End, char *Text, SIZE_T Bytes)
{
    IOP_LINK *link = take(NULL, (ULONG_PTR)Begin, (ULONG_PTR)End);
    if (!link)
        return FALSE;
    IopAscii(&link->name, Text, Bytes);
    release(link);
    return TRUE;
}

static NTSTATUS create(PUNICODE_STRING name, PUNICODE_STRING target, PVOID caller)
{
    NTSTATUS status = ObCreateSymbolicLinkByName(name, target);
    if (NT_SUCCESS(status))
        remember(name, caller);
    return status;
}

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return create(SymbolicLinkName, DeviceName, __builtin_return_address(0));
}

NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING SymbolicLinkName, PUNICODE_STRING DeviceName)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return create(SymbolicLinkName, DeviceName, __builtin_return_address(0));
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING SymbolicLinkName)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = ObDeleteSymbolicLinkByName(SymbolicLinkName);
    if (NT_SUCCESS(status)) {
        IOP_LINK *link = take(SymbolicLinkName, 0, 0);
        if (link)
            release(link);
    }
    return status;
}
