/* SPDX-License-Identifier: MIT */
/*
 * ob/symlink.c: symbolic links of the object namespace.
 *
 * A link is an object with a target string, constant from its creation. Its parse procedure rewrites the name
 * being looked up: everything up to and including the link is replaced by the target. The lookup itself
 * decides when the link is meant and not its target (see walk() in name.c).
 */
#include "obi.h"
#include "ntsvc.h"

typedef struct _OBJECT_SYMBOLIC_LINK {
    LARGE_INTEGER CreationTime;
    UNICODE_STRING LinkTarget;
} OBJECT_SYMBOLIC_LINK, *POBJECT_SYMBOLIC_LINK;

POBJECT_TYPE ObpSymbolicLinkObjectType;

NTSTATUS ObpParseSymbolicLink(PVOID ParseObject, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                              KPROCESSOR_MODE AccessMode, ULONG Attributes, PUNICODE_STRING CompleteName,
                              PUNICODE_STRING RemainingName, PVOID Context,
                              PSECURITY_QUALITY_OF_SERVICE SecurityQos, PVOID *Object)
{
    POBJECT_SYMBOLIC_LINK link = ParseObject;
    PCUNICODE_STRING target = &link->LinkTarget;
    ULONG rest = RemainingName->Length;
    ULONG bytes = target->Length;
    *Object = NULL;
    /* A target "\??\" followed by "\name" must not give an empty component. */
    if (rest && bytes && target->Buffer[bytes / sizeof(WCHAR) - 1] == '\\')
        bytes -= sizeof(WCHAR);
    if (bytes + rest > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        return STATUS_NAME_TOO_LONG;
    PWCH buffer = ObpAllocateObjectNameBuffer((USHORT)(bytes + rest));
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(buffer, target->Buffer, bytes);
    RtlCopyMemory((UCHAR *)buffer + bytes, RemainingName->Buffer, rest);
    buffer[(bytes + rest) / sizeof(WCHAR)] = 0;
    ObpFreeObjectNameBuffer(CompleteName->Buffer);
    CompleteName->Buffer = buffer;
    CompleteName->Length = (USHORT)(bytes + rest);
    CompleteName->MaximumLength = (USHORT)(bytes + rest + sizeof(WCHAR));
    return STATUS_REPARSE;
}

void ObpDeleteSymbolicLink(PVOID Object)
{
    POBJECT_SYMBOLIC_LINK link = Object;
    if (link->LinkTarget.Buffer)
        ObpFreeObjectNameBuffer(link->LinkTarget.Buffer);
}

PCUNICODE_STRING ObpSymbolicLinkTarget(PVOID Object)
{
    return &((POBJECT_SYMBOLIC_LINK)Object)->LinkTarget;
}

/* ---------------------------------------------------------------- native services */

NTSTATUS NTAPI NtCreateSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes, PUNICODE_STRING LinkTarget)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    UNICODE_STRING target;
    POBJECT_SYMBOLIC_LINK link;

    NTSTATUS status = ObpProbeHandle(LinkHandle, mode);
    if (!NT_SUCCESS(status))
        return status;
    status = ObpCaptureString(mode, LinkTarget, &target);
    if (status == STATUS_OBJECT_NAME_INVALID || (NT_SUCCESS(status) && !target.Length))
        status = STATUS_INVALID_PARAMETER;
    if (!NT_SUCCESS(status))
        return status;
    status = ObCreateObject(mode, ObpSymbolicLinkObjectType, ObjectAttributes, mode, NULL, sizeof(*link), 0,
                            0, (PVOID *)&link);
    if (!NT_SUCCESS(status)) {
        ObpFreeObjectNameBuffer(target.Buffer);
        return status;
    }
    KeQuerySystemTime(&link->CreationTime);
    link->LinkTarget = target;
    return ObpInsertAndReturn(link, DesiredAccess, LinkHandle, mode);
}

NTSTATUS NTAPI NtOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenAndReturn(ObpSymbolicLinkObjectType, LinkHandle, DesiredAccess, ObjectAttributes);
}

NTSTATUS NTAPI NtQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget, PULONG ReturnedLength)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    UNICODE_STRING to;
    POBJECT_SYMBOLIC_LINK link;
    ULONG needed;

    NTSTATUS status = KiCopyFromMode(mode, &to, LinkTarget, sizeof(to));
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(LinkHandle, SYMBOLIC_LINK_QUERY, ObpSymbolicLinkObjectType, mode,
                                       (PVOID *)&link, NULL);
    if (!NT_SUCCESS(status))
        return status;
    /* A caller that asks for the length learns the one with the terminator; the string itself needs none. */
    needed = ReturnedLength ? link->LinkTarget.MaximumLength : link->LinkTarget.Length;
    if (to.MaximumLength < needed) {
        status = STATUS_BUFFER_TOO_SMALL;
    } else {
        status = KiCopyToMode(mode, to.Buffer, link->LinkTarget.Buffer, needed);
        to.Length = link->LinkTarget.Length;
        if (NT_SUCCESS(status))
            status = KiCopyToMode(mode, LinkTarget, &to, sizeof(to));
    }
    if (ReturnedLength && (NT_SUCCESS(status) || status == STATUS_BUFFER_TOO_SMALL)) {
        NTSTATUS copied = KiCopyToMode(mode, ReturnedLength, &needed, sizeof(needed));
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    ObDereferenceObject(link);
    return status;
}

NTSTATUS NTAPI ZwCreateSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                          POBJECT_ATTRIBUTES ObjectAttributes, PUNICODE_STRING LinkTarget)
{
    KI_ZW(NtCreateSymbolicLinkObject(LinkHandle, DesiredAccess, ObjectAttributes, LinkTarget));
}

NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtOpenSymbolicLinkObject(LinkHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget, PULONG ReturnedLength)
{
    KI_ZW(NtQuerySymbolicLinkObject(LinkHandle, LinkTarget, ReturnedLength));
}

/* ---------------------------------------------------------------- for the I/O manager */

NTSTATUS ObCreateSymbolicLinkByName(PUNICODE_STRING Name, PUNICODE_STRING Target)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, Name, OBJ_PERMANENT | OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE,
                               NULL, SePublicDefaultSd);
    NTSTATUS status = ZwCreateSymbolicLinkObject(&handle, SYMBOLIC_LINK_ALL_ACCESS, &attributes, Target);
    if (NT_SUCCESS(status))
        ZwClose(handle);
    return status;
}

NTSTATUS ObDeleteSymbolicLinkByName(PUNICODE_STRING Name)
{
    PVOID link;
    NTSTATUS status = ObReferenceObjectByName(Name, OBJ_CASE_INSENSITIVE | OBJ_OPENLINK, NULL, DELETE,
                                              ObpSymbolicLinkObjectType, KernelMode, NULL, &link);
    if (!NT_SUCCESS(status))
        return status;
    ObMakeTemporaryObject(link);
    ObDereferenceObject(link);
    return STATUS_SUCCESS;
}
