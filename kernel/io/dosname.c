/* SPDX-License-Identifier: MIT */
/*
 * dosname.c: the drive letter of a volume device: the letter whose symbolic link in \?? (the one of
 * the logon session, then the global one) leads to the
 * name of the device. No lock is held; PASSIVE_LEVEL.
 */
#include "iomgr.h"

#include "zw.h"

static const WCHAR link_form[] = L"\\??\\A:";
#define LINK_CHARACTERS (sizeof link_form / sizeof(WCHAR) - 1)

/* Whether the link of a drive letter leads to `target`. `room` holds as many bytes as the target's name has.
 */
static BOOLEAN leads_to(WCHAR letter, PCUNICODE_STRING target, PUNICODE_STRING room)
{
    WCHAR text[LINK_CHARACTERS + 1];
    UNICODE_STRING name = {LINK_CHARACTERS * sizeof(WCHAR), sizeof text, text};
    OBJECT_ATTRIBUTES attributes;
    HANDLE link;
    RtlCopyMemory(text, link_form, sizeof text);
    text[LINK_CHARACTERS - 2] = letter;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (!NT_SUCCESS(ZwOpenSymbolicLinkObject(&link, GENERIC_READ, &attributes)))
        return FALSE;
    room->Length = 0;
    NTSTATUS status = ZwQuerySymbolicLinkObject(link, room, NULL); /* a longer target does not fit */
    ZwClose(link);
    return NT_SUCCESS(status) && RtlEqualUnicodeString(room, target, TRUE);
}

/* The name of an object, in pool; NULL when it has none or there is no memory, as *status tells. */
static POBJECT_NAME_INFORMATION name_of(PVOID object, NTSTATUS *status)
{
    ULONG bytes = 0;
    *status = ObQueryNameString(object, NULL, 0, &bytes);
    POBJECT_NAME_INFORMATION name =
        ExAllocatePoolWithTag(PagedPool, bytes ? bytes : sizeof *name, IOP_TAG_NAME);
    if (!name) {
        *status = STATUS_INSUFFICIENT_RESOURCES;
        return NULL;
    }
    *status = ObQueryNameString(object, name, bytes, &bytes);
    if (NT_SUCCESS(*status) && name->Name.Length == 0)
        *status = STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(*status))
        return name;
    ExFreePoolWithTag(name, IOP_TAG_NAME);
    return NULL;
}

NTSTATUS NTAPI IoVolumeDeviceToDosName(PVOID VolumeDeviceObject, PUNICODE_STRING DosName)
{
    NTSTATUS status;
    PAGED_CODE();
    if (!VolumeDeviceObject || !DosName)
        return STATUS_INVALID_PARAMETER;
    POBJECT_NAME_INFORMATION name = name_of(VolumeDeviceObject, &status);
    if (!name)
        return status;
    UNICODE_STRING room = {0, name->Name.Length, NULL};
    room.Buffer = ExAllocatePoolWithTag(PagedPool, room.MaximumLength, IOP_TAG_NAME);
    PWSTR dos = ExAllocatePoolWithTag(PagedPool, 3 * sizeof(WCHAR), IOP_TAG_NAME);
    status = room.Buffer && dos ? STATUS_OBJECT_NAME_NOT_FOUND : STATUS_INSUFFICIENT_RESOURCES;
    for (WCHAR letter = 'A'; letter <= 'Z' && status == STATUS_OBJECT_NAME_NOT_FOUND; letter++) {
        if (leads_to(letter, &name->Name, &room)) {
            dos[0] = letter;
            dos[1] = ':';
            dos[2] = 0;
            *DosName = (UNICODE_STRING){2 * sizeof(WCHAR), 3 * sizeof(WCHAR), dos};
            status = STATUS_SUCCESS;
        }
    }
    if (!NT_SUCCESS(status) && dos)
        ExFreePoolWithTag(dos, IOP_TAG_NAME);
    if (room.Buffer)
        ExFreePoolWithTag(room.Buffer, IOP_TAG_NAME);
    ExFreePoolWithTag(name, IOP_TAG_NAME);
    return status;
}

/* The older name of the same. */
NTSTATUS NTAPI RtlVolumeDeviceToDosName(PVOID VolumeDeviceObject, PUNICODE_STRING DosName)
{
    return IoVolumeDeviceToDosName(VolumeDeviceObject, DosName);
}
