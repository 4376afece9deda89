/* SPDX-License-Identifier: MIT */
/*
 * What the object manager holds, as rows: handles by process, the tree of the namespace, objects of a type, and who holds
 * references to an object (checked machine: kernel/ob/trace.c).
 *
 * Objects are referenced while they are described; nothing is locked while a row is given out. The reference of the listing
 * itself is not counted.
 */
#include <ntifs.h>

#include "crt.h"
#include "ki.h"
#include "listp.h"
#include "obp.h"
#include "psp.h"
#include "trap.h"

#define TAG      'bolK'
#define MAX_TAGS 8
#define SITES    64

/* ---------------------------------------------------------------- texts */

/* Code addresses are slow to describe, and few: those of one listing are remembered. */
struct sites {
    struct {
        PVOID address;
        char text[192];
    } known[SITES];
    ULONG count;
};

static const char *describe_site(struct sites *sites, PVOID address)
{
    ULONG i = 0;
    if (!address)
        return "";
    while (i < sites->count && sites->known[i].address != address)
        i++;
    if (i == sites->count) {
        if (i == SITES)
            i = sites->count = 0;
        sites->count++;
        sites->known[i].address = address;
        /* A return address is behind its call. */
        KiDescribeAddress((ULONG_PTR)address - 1, sites->known[i].text, sizeof sites->known[i].text);
    }
    return sites->known[i].text;
}

static void full_name(PVOID object, char *buffer, ULONG bytes)
{
    ULONG length = sizeof(OBJECT_NAME_INFORMATION) + 1024;
    POBJECT_NAME_INFORMATION info = ExAllocatePool2(POOL_FLAG_NON_PAGED, length, TAG);
    buffer[0] = 0;
    if (!info)
        return;
    if (NT_SUCCESS(ObQueryNameString(object, info, length, &length)))
        KcToUtf8(&info->Name, buffer, bytes);
    ExFreePoolWithTag(info, TAG);
}

static void type_name(PVOID object, char *buffer, ULONG bytes)
{
    KcToUtf8(&ObpTypeOf(object)->Name, buffer, bytes);
}

static void tag_text(ULONG tag, char text[5])
{
    for (ULONG i = 0; i < 4; i++) {
        char c = (char)(tag >> 8 * i);
        text[i] = c >= ' ' && c <= '~' ? c : '.';
    }
    text[4] = 0;
}

/* "Dflt 2, Hndl 1": what each tag holds, without the reference of this listing. */
static void describe_holders(PVOID object, char *buffer, size_t bytes)
{
    OB_TRACE_ENTRY entries[MAX_TAGS];
    ULONG count = ObpTraceEnabled ? ObpQueryReferenceTrace(object, entries, MAX_TAGS) : 0;
    size_t used = 0;
    buffer[0] = 0;
    for (ULONG i = 0; i < count && i < MAX_TAGS && used + 1 < bytes; i++) {
        char tag[5];
        LONGLONG held = entries[i].References - entries[i].Dereferences - (entries[i].Tag == OB_DEFAULT_TAG);
        if (!held)
            continue;
        tag_text(entries[i].Tag, tag);
        int got = nt__snprintf(buffer + used, bytes - used, "%s%s %I64d", used ? ", " : "", tag, held);
        if (got < 0)
            break;
        used += (size_t)got;
    }
    buffer[bytes - 1] = 0;
}

/* Where a symbolic link leads, "" for what is none. */
static void describe_link(PVOID link, char *buffer, ULONG bytes)
{
    HANDLE handle;
    WCHAR target[NAME_BYTES];
    UNICODE_STRING string = {.Buffer = target, .MaximumLength = sizeof target};
    buffer[0] = 0;
    if (ObpTypeOf(link) != ObpSymbolicLinkObjectType ||
        !NT_SUCCESS(ObOpenObjectByPointer(link, OBJ_KERNEL_HANDLE, NULL, SYMBOLIC_LINK_QUERY,
                                          ObpSymbolicLinkObjectType, KernelMode, &handle)))
        return;
    if (NT_SUCCESS(ZwQuerySymbolicLinkObject(handle, &string, NULL)))
        KcToUtf8(&string, buffer, bytes);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- handles */

static void list_table(PEPROCESS process, struct sites *sites, struct rows *rows)
{
    OB_HANDLE_ENTRY entry;
    ULONG cursor = 0;
    while (process->ObjectTable && ObEnumerateHandles(process->ObjectTable, &cursor, &entry)) {
        char type[64], name[NAME_BYTES], detail[NAME_BYTES] = "", creator[256] = "";
        POBJECT_TYPE object_type = ObpTypeOf(entry.Object);
        type_name(entry.Object, type, sizeof type);
        full_name(entry.Object, name, sizeof name);
        if (object_type->TypeInfo.DumpProcedure)
            object_type->TypeInfo.DumpProcedure(entry.Object, detail, sizeof detail);
        if (entry.Creator)
            nt__snprintf(creator, sizeof creator, "thread %u, %s", entry.CreatorThread,
                         describe_site(sites, entry.Creator));
        EMIT(rows, text("process", (const char *)process->ImageFileName),
             number("id", (uint64_t)process->UniqueProcessId), hex("handle", (uint64_t)entry.Handle), text("type", type),
             text("name", name), hex("access", entry.GrantedAccess),
             text("attributes", entry.Attributes & OB_HANDLE_PROTECT   ? entry.Attributes & OB_HANDLE_INHERIT
                                                                             ? "protected, inherited"
                                                                             : "protected"
                                : entry.Attributes & OB_HANDLE_INHERIT ? "inherited"
                                                                       : ""),
             hex("object", (uint64_t)entry.Object), text("detail", detail), text("made by", creator));
        ObDereferenceObject(entry.Object);
    }
}

/* A process by its name or number; NULL means all. */
static BOOLEAN is_wanted(PEPROCESS process, const char *argument)
{
    char id[24];
    nt__snprintf(id, sizeof id, "%I64u", (ULONG64)process->UniqueProcessId);
    return !argument || nt_strcmp((const char *)process->ImageFileName, argument) == 0 || nt_strcmp(id, argument) == 0;
}

NTSTATUS KcListHandles(const char *argument, struct rows *rows)
{
    PEPROCESS process = NULL;
    BOOLEAN found = FALSE;
    struct sites *sites = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *sites, TAG);
    if (!sites)
        return STATUS_INSUFFICIENT_RESOURCES;
    while (PspEnumerateProcesses(&process)) {
        if (!is_wanted(process, argument))
            continue;
        found = TRUE;
        list_table(process, sites, rows);
    }
    ExFreePoolWithTag(sites, TAG);
    return found ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

/* ---------------------------------------------------------------- objects */

static void object_row(PVOID object, const char *name, struct rows *rows)
{
    char type[64], held[160], detail[NAME_BYTES];
    POBJECT_HEADER header = ObpHeader(object);
    type_name(object, type, sizeof type);
    describe_link(object, detail, sizeof detail);
    describe_holders(object, held, sizeof held);
    EMIT(rows, text("name", name), text("type", type), hex("object", (uint64_t)object),
         number("references", (uint64_t)header->PointerCount - 1), number("handles", (uint64_t)header->HandleCount),
         text("held by", held), text("detail", detail));
}

/* A directory's entries and what is below them, two blanks deeper each level. */
static void list_tree(PVOID directory, ULONG depth, struct rows *rows)
{
    PVOID object;
    ULONG cursor = 0;
    while (ObpEnumerateDirectory(directory, &cursor, &object)) {
        char name[NAME_BYTES];
        ULONG indent = 2 * depth < NAME_BYTES / 2 ? 2 * depth : NAME_BYTES / 2;
        POBJECT_HEADER_NAME_INFO info = ObpNameInfo(ObpHeader(object));
        for (ULONG i = 0; i < indent; i++)
            name[i] = ' ';
        KcToUtf8(info ? &info->Name : NULL, name + indent, sizeof name - indent);
        object_row(object, name, rows);
        if (ObpTypeOf(object) == ObpDirectoryObjectType)
            list_tree(object, depth + 1, rows);
        ObDereferenceObject(object);
    }
}

/* All objects of the type called `name`, named or not. */
static NTSTATUS list_type(const char *name, struct rows *rows)
{
    for (ULONG i = 1; i < OB_MAX_TYPES; i++) {
        char type[64], object_name[NAME_BYTES];
        PVOID object = NULL;
        if (!ObpTypes[i])
            continue;
        KcToUtf8(&ObpTypes[i]->Name, type, sizeof type);
        if (nt_strcmp(type, name) != 0)
            continue;
        while (ObpEnumerateType(ObpTypes[i], &object)) {
            full_name(object, object_name, sizeof object_name);
            object_row(object, object_name, rows);
        }
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_FOUND;
}

NTSTATUS KcListObjects(const char *argument, struct rows *rows)
{
    PVOID object;
    if (argument && argument[0] == ':')
        return list_type(argument + 1, rows);
    NTSTATUS status = KcReferenceName(argument ? argument : "\\", NULL, &object);
    if (!NT_SUCCESS(status))
        return status;
    object_row(object, argument ? argument : "\\", rows);
    if (ObpTypeOf(object) == ObpDirectoryObjectType)
        list_tree(object, 1, rows);
    ObDereferenceObject(object);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- references */

static BOOLEAN parse_address(const char *argument, ULONG64 *value)
{
    if (argument[0] != '0' || (argument[1] | 0x20) != 'x' || !argument[2])
        return FALSE;
    *value = 0;
    for (const char *p = argument + 2; *p; p++) {
        char c = (char)(*p | 0x20);
        if (!((*p >= '0' && *p <= '9') || (c >= 'a' && c <= 'f')))
            return FALSE;
        *value = *value << 4 | (ULONG64)(*p <= '9' ? *p - '0' : c - 'a' + 10);
    }
    return TRUE;
}

/* The object at an address, if there is one: each object of each type is looked at. */
static NTSTATUS reference_address(ULONG64 address, PVOID *found)
{
    *found = NULL;
    for (ULONG i = 1; i < OB_MAX_TYPES; i++) {
        PVOID object = NULL;
        while (ObpTypes[i] && ObpEnumerateType(ObpTypes[i], &object))
            if ((ULONG64)object == address) {
                *found = object;
                return STATUS_SUCCESS;
            }
    }
    return STATUS_NOT_FOUND;
}

static void list_sites(const OB_TRACE_ENTRY *entries, ULONG count, struct rows *rows)
{
    struct sites *sites = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *sites, TAG);
    for (ULONG i = 0; sites && i < count; i++) {
        char tag[5];
        tag_text(entries[i].Tag, tag);
        EMIT(rows, text("tag", tag), number("taken", (uint64_t)entries[i].References),
             number("given back", (uint64_t)entries[i].Dereferences), text("at", describe_site(sites, entries[i].Site)));
    }
    if (sites)
        ExFreePoolWithTag(sites, TAG);
}

NTSTATUS KcListReferences(const char *argument, struct rows *rows)
{
    PVOID object;
    ULONG64 address;
    OB_TRACE_ENTRY *entries = NULL;
    ULONG count, room;
    if (!argument)
        return STATUS_INVALID_PARAMETER;
    if (!ObpTraceEnabled)
        return STATUS_NOT_SUPPORTED;
    NTSTATUS status = parse_address(argument, &address) ? reference_address(address, &object)
                                                        : KcReferenceName(argument, NULL, &object);
    if (!NT_SUCCESS(status))
        return status;
    room = ObpQueryReferenceSites(object, NULL, 0) + 8;
    entries = ExAllocatePool2(POOL_FLAG_NON_PAGED, room * sizeof *entries, TAG);
    if (entries) {
        count = ObpQueryReferenceSites(object, entries, room);
        list_sites(entries, count < room ? count : room, rows);
        ExFreePoolWithTag(entries, TAG);
    }
    ObDereferenceObject(object);
    return entries ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}
