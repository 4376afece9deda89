/* SPDX-License-Identifier: MIT */
/*
 * ob/name.c: from a name to an object.
 *
 * A lookup starts at the root directory (name begins with a backslash) or at the object of RootDirectory (it
 * does not), and takes one component after the other through directories until the name is used up or an
 * object with a parse procedure takes over: a device (which opens a file with the rest of the name), a
 * symbolic link (which rewrites the name: STATUS_REPARSE), a registry key. A link may lead to a link; 32
 * rewritings are the limit.
 *
 * Statuses: no backslash where one must be, or one where none may be: OBJECT_PATH_SYNTAX_BAD. An empty
 * component or an odd length: OBJECT_NAME_INVALID. A missing last component: OBJECT_NAME_NOT_FOUND, an
 * earlier one: OBJECT_PATH_NOT_FOUND. A component that is neither a directory nor parses:
 * OBJECT_TYPE_MISMATCH.
 *
 * The way through directories is directory.c's; here it is interrupted where something parses, and, for
 * callers without the privilege to traverse, at every directory. No lock is held here.
 */
#include "obi.h"

#define MAX_REPARSES 32

PWCH ObpAllocateObjectNameBuffer(USHORT Bytes)
{
    return MiAllocatePool(NonPagedPoolNx, (SIZE_T)Bytes + sizeof(WCHAR), OB_TAG_NAME, FALSE,
                          __builtin_return_address(0));
}

void ObpFreeObjectNameBuffer(PWCH Buffer)
{
    ExFreePoolWithTag(Buffer, OB_TAG_NAME);
}

/* ---------------------------------------------------------------- capturing what a caller gave */

NTSTATUS ObpCaptureString(KPROCESSOR_MODE Mode, PCUNICODE_STRING From, PUNICODE_STRING Name)
{
    UNICODE_STRING local;
    Name->Length = Name->MaximumLength = 0;
    Name->Buffer = NULL;
    NTSTATUS status = KiCopyFromMode(Mode, &local, From, sizeof(local));
    if (!NT_SUCCESS(status) || !local.Length)
        return status;
    if (local.Length & 1 || local.Length > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR))
        return STATUS_OBJECT_NAME_INVALID;
    PWCH buffer = ObpAllocateObjectNameBuffer(local.Length);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = KiCopyFromMode(Mode, buffer, local.Buffer, local.Length);
    if (!NT_SUCCESS(status)) {
        ObpFreeObjectNameBuffer(buffer);
        return status;
    }
    buffer[local.Length / sizeof(WCHAR)] = 0;
    Name->Buffer = buffer;
    Name->Length = local.Length;
    Name->MaximumLength = (USHORT)(local.Length + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

NTSTATUS ObpCaptureObjectAttributes(KPROCESSOR_MODE Mode, POBJECT_ATTRIBUTES Attributes,
                                    POBJECT_CREATE_INFORMATION Info, PUNICODE_STRING Name)
{
    OBJECT_ATTRIBUTES local;
    RtlZeroMemory(Info, sizeof(*Info));
    RtlZeroMemory(Name, sizeof(*Name));
    Info->ProbeMode = Mode;
    if (!Attributes)
        return STATUS_SUCCESS;
    NTSTATUS status = KiCopyFromMode(Mode, &local, Attributes, sizeof(local));
    if (!NT_SUCCESS(status))
        return status;
    if (local.Length != sizeof(OBJECT_ATTRIBUTES) || local.Attributes & ~OBJ_VALID_ATTRIBUTES)
        return STATUS_INVALID_PARAMETER;
    Info->RootDirectory = local.RootDirectory;
    Info->Attributes = local.Attributes;
    if (Mode == UserMode)
        Info->Attributes &= ~(ULONG)OBJ_KERNEL_HANDLE;
    if (local.SecurityQualityOfService) {
        status = KiCopyFromMode(Mode, &Info->SecurityQualityOfService, local.SecurityQualityOfService,
                                sizeof(Info->SecurityQualityOfService));
        if (!NT_SUCCESS(status))
            return status;
        Info->SecurityQos = &Info->SecurityQualityOfService;
    }
    if (local.ObjectName) {
        status = ObpCaptureString(Mode, local.ObjectName, Name);
        if (!NT_SUCCESS(status))
            return status;
        Info->NameCaptured = TRUE;
    }
    if (local.SecurityDescriptor) {
        status = SeCaptureSecurityDescriptor(local.SecurityDescriptor, Mode, NonPagedPoolNx, TRUE,
                                             &Info->SecurityDescriptor);
        if (!NT_SUCCESS(status) && Name->Buffer) {
            ObpFreeObjectNameBuffer(Name->Buffer);
            Name->Buffer = NULL;
        }
    }
    return status;
}

void ObpReleaseCapturedAttributes(POBJECT_CREATE_INFORMATION Info, PUNICODE_STRING Name)
{
    if (Info->SecurityDescriptor)
        SeReleaseSecurityDescriptor(Info->SecurityDescriptor, Info->ProbeMode, TRUE);
    Info->SecurityDescriptor = NULL;
    if (Name && Name->Buffer) {
        ObpFreeObjectNameBuffer(Name->Buffer);
        Name->Buffer = NULL;
    }
}

/* ---------------------------------------------------------------- lookup */

static BOOLEAN ignore_case(POB_LOOKUP lookup)
{
    return lookup->Attributes & OBJ_CASE_INSENSITIVE ||
           (lookup->Type && lookup->Type->TypeInfo.CaseInsensitive);
}

/* May the caller of this lookup make an object in that directory? */
static BOOLEAN may_create(POB_LOOKUP lookup, POBJECT_DIRECTORY directory)
{
    if (lookup->AccessMode == KernelMode)
        return TRUE;
    ACCESS_MASK granted;
    NTSTATUS status;
    ACCESS_MASK wanted = ObpTypes[lookup->Insert->TypeIndex] == ObpDirectoryObjectType
                             ? DIRECTORY_CREATE_SUBDIRECTORY
                             : DIRECTORY_CREATE_OBJECT;
    return SeAccessCheck(ObpHeader(directory)->SecurityDescriptor,
                         &ObpNeedAccess(lookup->Access)->SubjectSecurityContext, FALSE, wanted, 0, NULL,
                         &ObpDirectoryObjectType->TypeInfo.GenericMapping, UserMode, &granted, &status);
}

/* Give Insert the name `component` in the directory. */
static NTSTATUS insert(POB_LOOKUP lookup, POBJECT_DIRECTORY directory, PCUNICODE_STRING component,
                       PVOID *found)
{
    POBJECT_HEADER_NAME_INFO info = ObpNameInfo(lookup->Insert);
    if (!may_create(lookup, directory))
        return STATUS_ACCESS_DENIED;
    NTSTATUS status = ObpAssignObjectSecurity(lookup->Insert, lookup->Access, directory);
    if (!NT_SUCCESS(status))
        return status;
    PWCH buffer = ObpAllocateObjectNameBuffer(component->Length);
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(buffer, component->Buffer, component->Length);
    buffer[component->Length / sizeof(WCHAR)] = 0;
    PWCH old = info->Name.Buffer;
    info->Name.Buffer = buffer;
    info->Name.Length = component->Length;
    info->Name.MaximumLength = (USHORT)(component->Length + sizeof(WCHAR));
    if (old)
        ObpFreeObjectNameBuffer(old);
    /*
     * Held from the start: until the creator has its handle, somebody else may open the object and close it
     * again, and the name must survive that.
     */
    info->Holds = 1;
    if (!ObpInsertDirectory(directory, lookup->Insert, ignore_case(lookup))) {
        info->Holds = 0;
        return STATUS_RETRY;
    }
    lookup->Held = TRUE;
    ObReferenceObject(lookup->Insert->Body);
    *found = lookup->Insert->Body;
    return STATUS_SUCCESS;
}

/* Let `object` (referenced; consumed) parse `rest`. */
static NTSTATUS parse(POB_LOOKUP lookup, PVOID object, PUNICODE_STRING name, PUNICODE_STRING rest,
                      PVOID *found)
{
    POBJECT_TYPE type = ObpTypeOf(object);
    POBJECT_TYPE wanted = lookup->Insert ? ObpTypes[lookup->Insert->TypeIndex] : lookup->Type;
    *found = NULL;
    /* A link looks at nothing but the name. */
    PACCESS_STATE state = type == ObpSymbolicLinkObjectType ? NULL : ObpNeedAccess(lookup->Access);
    NTSTATUS status =
        type->TypeInfo.ParseProcedure(object, wanted, state, lookup->AccessMode, lookup->Attributes, name,
                                      rest, lookup->ParseContext, lookup->SecurityQos, found);
    ObDereferenceObject(object);
    if (NT_SUCCESS(status) && status != STATUS_REPARSE && !*found)
        status = STATUS_OBJECT_NAME_NOT_FOUND;
    return status;
}

/* May the caller of this lookup go through that directory? Nearly everybody has the privilege to. */
static BOOLEAN may_traverse(POB_LOOKUP lookup, POBJECT_DIRECTORY directory)
{
    ACCESS_MASK granted;
    NTSTATUS status;
    return SeAccessCheck(ObpHeader(directory)->SecurityDescriptor,
                         &ObpNeedAccess(lookup->Access)->SubjectSecurityContext, FALSE, DIRECTORY_TRAVERSE, 0,
                         NULL, &ObpDirectoryObjectType->TypeInfo.GenericMapping, UserMode, &granted, &status);
}

/* Must each directory on the way be asked whether the caller may pass? */
static BOOLEAN traverse_is_checked(POB_LOOKUP lookup)
{
    if (lookup->AccessMode == KernelMode && !(lookup->Attributes & OBJ_FORCE_ACCESS_CHECK))
        return FALSE;
    return !(ObpNeedAccess(lookup->Access)->Flags & OB_TOKEN_HAS_TRAVERSE_PRIVILEGE);
}

/* Is the object at the end of the name meant itself, although it parses? */
static BOOLEAN link_itself(POB_LOOKUP lookup, POBJECT_TYPE type)
{
    return type == ObpSymbolicLinkObjectType &&
           (lookup->Attributes & OBJ_OPENLINK ||
            (lookup->Insert ? ObpTypes[lookup->Insert->TypeIndex] : lookup->Type) == type);
}

/* One pass from `start` (referenced; consumed) along `rest`. STATUS_REPARSE: begin again with *name. */
static NTSTATUS walk(POB_LOOKUP lookup, PVOID start, PUNICODE_STRING name, UNICODE_STRING rest,
                     POBJECT_DIRECTORY local, PVOID *found)
{
    PVOID object = start;
    OB_WALK step = {.Rest = rest, .Local = local, .IgnoreCase = ignore_case(lookup)};
    BOOLEAN checked = traverse_is_checked(lookup);
    for (;;) {
        POBJECT_TYPE type = ObpTypeOf(object);
        if (type->TypeInfo.ParseProcedure && (step.Rest.Length || !link_itself(lookup, type))) {
            /* Whoever parses ends the name's hold: it has a name of its own, or none. */
            return parse(lookup, object, name, &step.Rest, found);
        }
        if (!step.Rest.Length) {
            *found = object;
            lookup->Held = step.Hold;
            return STATUS_SUCCESS;
        }
        NTSTATUS status = STATUS_SUCCESS;
        PVOID next = NULL;
        if (type != ObpDirectoryObjectType) {
            status = STATUS_OBJECT_TYPE_MISMATCH;
        } else if (checked && !may_traverse(lookup, object)) {
            status = STATUS_ACCESS_DENIED;
        } else {
            step.OneStep = checked;
            step.WantParent = lookup->Insert != NULL;
            step.Hold = lookup->WantHold || lookup->Insert;
            status = ObpWalkDirectories(object, &step, &next);
            if (step.Parent) {
                status = insert(lookup, step.Parent, &step.Component, found);
                ObDereferenceObject(step.Parent);
            }
        }
        ObDereferenceObject(object);
        if (!next)
            return status;
        object = next;
    }
}

/* Where a lookup begins: *start referenced. */
static NTSTATUS find_start(POB_LOOKUP lookup, PCUNICODE_STRING name, PVOID *start)
{
    if (!lookup->RootDirectory) {
        if (!name->Length || name->Buffer[0] != '\\')
            return STATUS_OBJECT_PATH_SYNTAX_BAD;
        ObReferenceObject(ObpRootDirectory);
        *start = ObpRootDirectory;
        return STATUS_SUCCESS;
    }
    NTSTATUS status =
        ObReferenceObjectByHandle(lookup->RootDirectory, 0, NULL, lookup->AccessMode, start, NULL);
    if (!NT_SUCCESS(status))
        return status;
    POBJECT_TYPE type = ObpTypeOf(*start);
    if (name->Length && name->Buffer[0] == '\\' && type == ObpDirectoryObjectType)
        status = STATUS_OBJECT_PATH_SYNTAX_BAD;
    else if (!type->TypeInfo.ParseProcedure && type != ObpDirectoryObjectType)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    if (!NT_SUCCESS(status))
        ObDereferenceObject(*start);
    return status;
}

NTSTATUS ObpLookupObjectName(POB_LOOKUP Lookup, PUNICODE_STRING Name, PVOID *Found)
{
    *Found = NULL;
    Lookup->Held = FALSE;
    for (ULONG passes = 0; passes <= MAX_REPARSES; passes++) {
        PVOID start;
        NTSTATUS status = find_start(Lookup, Name, &start);
        if (!NT_SUCCESS(status))
            return status;
        UNICODE_STRING rest = *Name;
        if (start == ObpRootDirectory && rest.Length == sizeof(WCHAR) && rest.Buffer[0] == '\\')
            rest.Length = 0;
        POBJECT_DIRECTORY local = NULL;
        if (start == ObpRootDirectory)
            local = ObpLocalDosDevices(&rest, Lookup->Attributes, Lookup->Insert != NULL);
        status = walk(Lookup, start, Name, rest, local, Found);
        if (local)
            ObDereferenceObject(local);
        if (status == STATUS_RETRY) {
            /* Somebody gave the name meanwhile: now it is found. */
            passes--;
            continue;
        }
        if (status != STATUS_REPARSE)
            return status;
        if (Lookup->Attributes & OBJ_DONT_REPARSE)
            return STATUS_REPARSE_POINT_ENCOUNTERED;
        /* The new name is absolute. */
        Lookup->RootDirectory = NULL;
    }
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

/* ---------------------------------------------------------------- from an object to its name */

/* Bytes of the full name of an object in the namespace, without terminator. Zero: it has none. */
static ULONG measure_name(POBJECT_HEADER header)
{
    ULONG bytes = 0;
    for (; header->Body != (UCHAR *)ObpRootDirectory;) {
        POBJECT_HEADER_NAME_INFO info = ObpNameInfo(header);
        if (!info || !info->Directory)
            return bytes;
        bytes += info->Name.Length + sizeof(WCHAR);
        header = ObpHeader(info->Directory);
    }
    return bytes ? bytes : sizeof(WCHAR);
}

POBJECT_HEADER_NAME_INFO NTAPI ObQueryNameInfo(PVOID Object)
{
    POBJECT_HEADER_NAME_INFO info = ObpNameInfo(ObpHeader(Object));
    return info && info->Name.Length ? info : NULL;
}

NTSTATUS NTAPI ObQueryNameString(PVOID Object, POBJECT_NAME_INFORMATION ObjectNameInfo, ULONG Length,
                                 PULONG ReturnLength)
{
    POBJECT_HEADER header = ObpHeader(Object);
    POBJECT_TYPE type = ObpTypeOf(Object);
    POBJECT_HEADER_NAME_INFO info = ObpNameInfo(header);
    BOOLEAN named = info && info->Directory;

    if (type->TypeInfo.QueryNameProcedure)
        return type->TypeInfo.QueryNameProcedure(Object, named, ObjectNameInfo, Length, ReturnLength,
                                                 KernelMode);

    ULONG bytes = measure_name(header);
    ULONG needed = sizeof(OBJECT_NAME_INFORMATION) + (bytes ? bytes + sizeof(WCHAR) : 0);
    *ReturnLength = needed;
    if (Length < needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    RtlZeroMemory(ObjectNameInfo, sizeof(*ObjectNameInfo));
    if (!bytes)
        return STATUS_SUCCESS;
    /* Written from its end; the name cannot grow meanwhile, because names are constant and parents stay. */
    PWCH text = (PWCH)(ObjectNameInfo + 1);
    PWCH at = text + bytes / sizeof(WCHAR);
    *at = 0;
    while (header->Body != (UCHAR *)ObpRootDirectory) {
        info = ObpNameInfo(header);
        POBJECT_DIRECTORY parent = info ? info->Directory : NULL;
        if (!parent || at - text < info->Name.Length / 2 + 1)
            break;
        at -= info->Name.Length / sizeof(WCHAR);
        RtlCopyMemory(at, info->Name.Buffer, info->Name.Length);
        *--at = '\\';
        header = ObpHeader(parent);
    }
    if (at != text && header->Body == (UCHAR *)ObpRootDirectory)
        *--at = '\\';
    ObjectNameInfo->Name.Buffer = at;
    ObjectNameInfo->Name.Length = (USHORT)((UCHAR *)(text + bytes / sizeof(WCHAR)) - (UCHAR *)at);
    ObjectNameInfo->Name.MaximumLength = ObjectNameInfo->Name.Length + sizeof(WCHAR);
    return STATUS_SUCCESS;
}
