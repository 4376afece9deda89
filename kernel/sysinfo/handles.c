/* SPDX-License-Identifier: MIT */
/*
 * sysinfo/handles.c: the handles of all processes, and the objects of all types.
 *
 * Tables and types are walked with a reference to the entry at hand, and no lock.
 */
#include "sysinfoi.h"

typedef void put_handle(sys_answer *answer, PEPROCESS process, const OB_HANDLE_ENTRY *entry);

/* OBJ_* as this service spells them: protected from closing is 1. */
static ULONG attributes_of(const OB_HANDLE_ENTRY *entry)
{
    return (entry->Attributes & OB_HANDLE_INHERIT ? OBJ_INHERIT : 0) |
           (entry->Attributes & OB_HANDLE_PROTECT ? OBJ_PROTECT_CLOSE : 0);
}

static ULONG each_handle(sys_answer *answer, put_handle *put)
{
    PEPROCESS process = NULL;
    ULONG count = 0;
    while (PspEnumerateProcesses(&process)) {
        OB_HANDLE_ENTRY entry;
        ULONG cursor = 0;
        while (process->ObjectTable && ObEnumerateHandles(process->ObjectTable, &cursor, &entry)) {
            put(answer, process, &entry);
            ObDereferenceObject(entry.Object);
            count++;
        }
    }
    return count;
}

static void put_short(sys_answer *answer, PEPROCESS process, const OB_HANDLE_ENTRY *entry)
{
    SYSTEM_HANDLE_TABLE_ENTRY_INFO info = {.UniqueProcessId = (USHORT)(ULONG_PTR)process->UniqueProcessId,
                                           .ObjectTypeIndex = (UCHAR)ObpTypeOf(entry->Object)->Index,
                                           .HandleAttributes = (UCHAR)attributes_of(entry),
                                           .HandleValue = (USHORT)(ULONG_PTR)entry->Handle,
                                           .Object = entry->Object,
                                           .GrantedAccess = entry->GrantedAccess};
    sys_append_copy(answer, &info, sizeof(info));
}

NTSTATUS SysHandles(sys_answer *answer)
{
    /* The entries begin where their alignment has them. */
    SYSTEM_HANDLE_INFORMATION *head = sys_append(answer, FIELD_OFFSET(SYSTEM_HANDLE_INFORMATION, Handles));
    ULONG count = each_handle(answer, put_short);
    if (head)
        head->NumberOfHandles = count;
    return STATUS_SUCCESS;
}

static void put_extended(sys_answer *answer, PEPROCESS process, const OB_HANDLE_ENTRY *entry)
{
    SYSTEM_HANDLE_TABLE_ENTRY_INFO_EX info = {.Object = entry->Object,
                                              .UniqueProcessId = (ULONG_PTR)process->UniqueProcessId,
                                              .HandleValue = (ULONG_PTR)entry->Handle,
                                              .GrantedAccess = entry->GrantedAccess,
                                              .ObjectTypeIndex = (USHORT)ObpTypeOf(entry->Object)->Index,
                                              .HandleAttributes = attributes_of(entry)};
    sys_append_copy(answer, &info, sizeof(info));
}

NTSTATUS SysExtendedHandles(sys_answer *answer)
{
    SYSTEM_HANDLE_INFORMATION_EX *head = sys_append(answer, sizeof(*head));
    ULONG count = each_handle(answer, put_extended);
    if (head)
        head->NumberOfHandles = count;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- objects */

/* Append a string behind an entry, and a pointer to it in the entry. */
static void put_string(sys_answer *answer, PUNICODE_STRING to, PCUNICODE_STRING from)
{
    PWCH text = sys_append(answer, (SIZE_T)from->Length + sizeof(WCHAR));
    answer->needed = (answer->needed + 7) & ~7ULL;
    if (!text)
        return;
    RtlCopyMemory(text, from->Buffer, from->Length);
    to->Buffer = sys_user_pointer(answer, text);
    to->Length = from->Length;
    to->MaximumLength = (USHORT)(from->Length + sizeof(WCHAR));
}

static ULONG put_object(sys_answer *answer, PVOID object)
{
    POBJECT_HEADER header = ObpHeader(object);
    UNICODE_STRING none = {0};
    POBJECT_HEADER_NAME_INFO name = ObpNameInfo(header);
    ULONG at = (ULONG)answer->needed;
    SYSTEM_OBJECT_INFORMATION ignored, *info = sys_append(answer, sizeof(*info));
    if (!info)
        info = &ignored;
    info->Object = object;
    info->PointerCount = (LONG)header->PointerCount - 1; /* without the walk's */
    info->HandleCount = (LONG)header->HandleCount;
    info->Flags = header->Flags;
    info->SecurityDescriptor = header->SecurityDescriptor;
    put_string(answer, &info->NameInfo, name && name->Directory ? &name->Name : &none);
    return at;
}

static ULONG put_type(sys_answer *answer, POBJECT_TYPE type)
{
    ULONG at = (ULONG)answer->needed;
    SYSTEM_OBJECTTYPE_INFORMATION ignored, *info = sys_append(answer, sizeof(*info));
    if (!info)
        info = &ignored;
    info->NumberOfObjects = (ULONG)type->TotalNumberOfObjects;
    info->NumberOfHandles = (ULONG)type->TotalNumberOfHandles;
    info->TypeIndex = type->Index;
    info->InvalidAttributes = type->TypeInfo.InvalidAttributes;
    info->GenericMapping = type->TypeInfo.GenericMapping;
    info->ValidAccessMask = type->TypeInfo.ValidAccessMask;
    info->PoolType = type->TypeInfo.PoolType;
    info->SecurityRequired = type->TypeInfo.SecurityRequired;
    info->WaitableObject =
        type->TypeInfo.UseDefaultObject || type->TypeInfo.WaitObjectFlagOffset != OB_NOT_WAITABLE;
    put_string(answer, &info->TypeName, &type->Name);
    return at;
}

/* The ULONG at `at`, the offset of an entry's successor. */
static void link_to(sys_answer *answer, ULONG at, ULONG next)
{
    if (at + sizeof(ULONG) <= answer->room)
        *(ULONG *)(answer->data + at) = next;
}

NTSTATUS SysObjects(sys_answer *answer)
{
    ULONG last_type = MAXULONG;
    for (ULONG i = 1; i < OB_MAX_TYPES; i++) {
        PVOID object = NULL;
        ULONG last_object = MAXULONG;
        if (!ObpTypes[i])
            continue;
        ULONG at = put_type(answer, ObpTypes[i]);
        if (last_type != MAXULONG)
            link_to(answer, last_type, at);
        last_type = at;
        while (ObpEnumerateType(ObpTypes[i], &object)) {
            at = put_object(answer, object);
            if (last_object != MAXULONG)
                link_to(answer, last_object, at);
            last_object = at;
        }
    }
    return STATUS_SUCCESS;
}
