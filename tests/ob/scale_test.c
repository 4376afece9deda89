/* SPDX-License-Identifier: MIT */
/*
 * Tables of a million handles, directories of many names, and names that come and go while others walk past
 * them.
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "mi.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"

#define TAG 'elcS'

extern BOOLEAN ObpChecked;

/* The live host has the time for a million, as a machine that is not checked; the simulator's traces each
 * handle. */
static ULONG many(void)
{
    if (!host_config()->live)
        return 150000;
    ObpChecked = ObpTraceEnabled = FALSE;
    return 1000000;
}

static PVOID new_event(void)
{
    HANDLE handle;
    PVOID event = NULL;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &event, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    return event;
}

KILN_TEST_ONCE(ob_scale, a_table_of_a_million_handles_is_used_listed_and_emptied)
{
    ULONG count = many(), seen = 0, cursor = 0;
    PVOID event = new_event(), object;
    PHANDLE handles = ExAllocatePool2(POOL_FLAG_NON_PAGED, count * sizeof(HANDLE), TAG);
    PHANDLE_TABLE table = PsGetCurrentProcess()->ObjectTable;
    ULONG before = ObQueryHandleCount(table);
    OB_HANDLE_ENTRY entry;
    CHECK(handles != NULL);
    for (ULONG i = 0; i < count; i++)
        if (!NT_SUCCESS(ObOpenObjectByPointer(event, 0, NULL, i & 3, NULL, KernelMode, &handles[i])))
            CHECK_EQ(i, count);
    CHECK_EQ(ObQueryHandleCount(table), before + count);
    CHECK_EQ(ObpHeader(event)->HandleCount, count);
    /* Every one is found, with the access it was made with. */
    for (ULONG i = 0; i < count; i += 97) {
        OBJECT_HANDLE_INFORMATION info;
        CHECK_EQ(ObReferenceObjectByHandle(handles[i], 0, *ExEventObjectType, KernelMode, &object, &info),
                 STATUS_SUCCESS);
        CHECK_EQ(object, event);
        CHECK_EQ(info.GrantedAccess, i & 3);
        ObDereferenceObject(object);
    }
    while (ObEnumerateHandles(table, &cursor, &entry)) {
        seen += entry.Object == event;
        ObDereferenceObject(entry.Object);
    }
    CHECK_EQ(seen, count);
    /* Half of them go; the others stay, and what is made next takes the places. */
    for (ULONG i = 0; i < count; i += 2)
        CHECK_EQ(ZwClose(handles[i]), STATUS_SUCCESS);
    CHECK_EQ(ObQueryHandleCount(table), before + count / 2);
    HANDLE highest = NULL;
    for (ULONG i = 0; i < count; i++)
        highest = handles[i] > highest ? handles[i] : highest;
    for (ULONG i = 0; i < count; i += 2) {
        CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, 0, NULL, KernelMode, &handles[i]), STATUS_SUCCESS);
        CHECK(handles[i] <= highest);
    }
    for (ULONG i = 0; i < count; i++)
        CHECK_EQ(ZwClose(handles[i]), STATUS_SUCCESS);
    CHECK_EQ(ObQueryHandleCount(table), before);
    CHECK_EQ(ObpHeader(event)->HandleCount, 0);
    CHECK_EQ(ObpHeader(event)->PointerCount, 1);
    ExFreePoolWithTag(handles, TAG);
    ObDereferenceObject(event);
}

KILN_TEST_ONCE(ob_scale, a_process_with_a_million_handles_ends_and_leaves_nothing)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"many.exe");
    PEPROCESS process;
    ULONG count = many();
    PVOID event = new_event();
    HANDLE handle;
    KAPC_STATE apc;
    MI_MEMORY_USAGE before, after;
    LARGE_INTEGER tick = {.QuadPart = -10000};
    MiQueryUsage(&before);
    CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &name, TRUE, &process), STATUS_SUCCESS);
    KeStackAttachProcess(&process->Pcb, &apc);
    for (ULONG i = 0; i < count; i++)
        if (!NT_SUCCESS(ObOpenObjectByPointer(event, 0, NULL, 0, NULL, KernelMode, &handle)))
            CHECK_EQ(i, count);
    KeUnstackDetachProcess(&apc);
    CHECK_EQ(ObpHeader(event)->HandleCount, count);
    PspExitProcess(process, 0);
    CHECK_EQ(ObpHeader(event)->HandleCount, 0);
    CHECK_EQ(ObpHeader(event)->PointerCount, 1);
    ObDereferenceObject(process);
    for (int i = 0; i < 100; i++) {
        MiQueryUsage(&after);
        if (after.PoolBytes[0] <= before.PoolBytes[0] + 4096)
            break;
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    }
    CHECK(after.PoolBytes[0] <= before.PoolBytes[0] + 4096);
    ObDereferenceObject(event);
}

/* ---------------------------------------------------------------- names that come and go */

static UNICODE_STRING text(PCWSTR name)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    return string;
}

static NTSTATUS directory(PCWSTR name, PHANDLE handle)
{
    UNICODE_STRING string = text(name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | OBJ_OPENIF, NULL, NULL);
    return ZwCreateDirectoryObject(handle, DIRECTORY_ALL_ACCESS, &attributes);
}

static NTSTATUS event(PCWSTR name, PHANDLE handle)
{
    UNICODE_STRING string = text(name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | OBJ_OPENIF, NULL, NULL);
    return ZwCreateEvent(handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
}

static WCHAR one_letter_name(PVOID object)
{
    POBJECT_HEADER_NAME_INFO info = ObQueryNameInfo(object);
    return info && info->Name.Length == sizeof(WCHAR) ? info->Name.Buffer[0] : 0;
}

static volatile LONG stop, walked;

/* Make and remove a path of directories under the feet of who walks it. */
static VOID NTAPI builder(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    for (int i = 0; i < 100; i++) {
        HANDLE a, b, e;
        CHECK(NT_SUCCESS(directory(L"\\BaseNamedObjects\\w", &a)));
        CHECK(NT_SUCCESS(directory(L"\\BaseNamedObjects\\w\\w", &b)));
        CHECK(NT_SUCCESS(event(L"\\BaseNamedObjects\\w\\w\\e", &e)));
        ZwClose(e);
        ZwClose(b);
        ZwClose(a);
    }
    InterlockedIncrement(&stop);
}

static VOID NTAPI walker(PVOID context)
{
    UNICODE_STRING name = text(L"\\BaseNamedObjects\\w\\w\\e");
    OBJECT_ATTRIBUTES attributes;
    UNREFERENCED_PARAMETER(context);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    do {
        HANDLE handle;
        PVOID object;
        NTSTATUS status = ZwOpenEvent(&handle, EVENT_ALL_ACCESS, &attributes);
        CHECK(status == STATUS_SUCCESS || status == STATUS_OBJECT_NAME_NOT_FOUND ||
              status == STATUS_OBJECT_PATH_NOT_FOUND);
        if (NT_SUCCESS(status)) {
            CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *ExEventObjectType, KernelMode, &object, NULL),
                     STATUS_SUCCESS);
            CHECK_EQ(one_letter_name(object), 'e');
            ObDereferenceObject(object);
            ZwClose(handle);
        }
        if (InterlockedIncrement(&walked) % 32 == 0)
            KeDelayExecutionThread(KernelMode, FALSE, &(LARGE_INTEGER){.QuadPart = -1});
    } while (stop < 2);
}

KILN_TEST(ob_scale, paths_vanish_and_return_under_those_who_walk_them)
{
    HANDLE threads[4];
    for (int i = 0; i < 4; i++)
        CHECK_EQ(PsCreateSystemThread(&threads[i], THREAD_ALL_ACCESS, NULL, NULL, NULL,
                                      i < 2 ? builder : walker, NULL),
                 STATUS_SUCCESS);
    for (int i = 0; i < 4; i++) {
        CHECK_EQ(ZwWaitForSingleObject(threads[i], FALSE, NULL), STATUS_SUCCESS);
        ZwClose(threads[i]);
    }
    CHECK(walked > 0);
    HANDLE handle;
    UNICODE_STRING name = text(L"\\BaseNamedObjects\\w");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenDirectoryObject(&handle, DIRECTORY_QUERY, &attributes), STATUS_OBJECT_NAME_NOT_FOUND);
}

KILN_TEST_ONCE(ob_scale, a_directory_of_many_names_is_listed_once_each_in_time)
{
    enum { COUNT = 20000 };
    HANDLE root, scan;
    UCHAR *seen = ExAllocatePool2(POOL_FLAG_NON_PAGED, COUNT, TAG);
    PHANDLE handles = ExAllocatePool2(POOL_FLAG_NON_PAGED, COUNT * sizeof(HANDLE), TAG);
    WCHAR digits[12];
    UNICODE_STRING name = {0, sizeof(digits), digits};
    OBJECT_ATTRIBUTES attributes;
    CHECK(seen && handles);
    CHECK_EQ(directory(L"\\BaseNamedObjects\\many", &root), STATUS_SUCCESS);
    for (ULONG i = 0; i < COUNT; i++) {
        CHECK_EQ(RtlIntegerToUnicodeString(i, 10, &name), STATUS_SUCCESS);
        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, root, NULL);
        CHECK_EQ(ZwCreateEvent(&handles[i], EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
                 STATUS_SUCCESS);
    }
    UCHAR buffer[512];
    ULONG context = 0, length, found = 0;
    CHECK_EQ(directory(L"\\BaseNamedObjects\\many", &scan), STATUS_OBJECT_NAME_EXISTS);
    while (NT_SUCCESS(
               ZwQueryDirectoryObject(scan, buffer, sizeof(buffer), TRUE, found == 0, &context, &length)) &&
           found <= COUNT) {
        ULONG value;
        if (!((POBJECT_DIRECTORY_INFORMATION)buffer)->Name.Buffer)
            break;
        CHECK_EQ(RtlUnicodeStringToInteger(&((POBJECT_DIRECTORY_INFORMATION)buffer)->Name, 10, &value),
                 STATUS_SUCCESS);
        CHECK(value < COUNT && !seen[value]);
        seen[value] = 1;
        found++;
    }
    CHECK_EQ(found, COUNT);
    for (ULONG i = 0; i < COUNT; i++)
        ZwClose(handles[i]);
    ZwClose(scan);
    ZwClose(root);
    ExFreePoolWithTag(handles, TAG);
    ExFreePoolWithTag(seen, TAG);
}

/* ---------------------------------------------------------------- traces */

static DECLSPEC_NOINLINE PVOID here(HANDLE handle)
{
    PVOID object = NULL;
    CHECK_EQ(ObReferenceObjectByHandleWithTag(handle, 0, NULL, KernelMode, 'etiS', &object, NULL),
             STATUS_SUCCESS);
    return object;
}

KILN_TEST(ob_trace, the_site_of_each_reference_is_known_and_handles_and_names_have_tags_of_their_own)
{
    OB_TRACE_ENTRY entries[16];
    ULONG count, mine = 0;
    HANDLE handle;
    LONGLONG handles = 0, names = 0;
    if (!ObpTraceEnabled)
        return;
    CHECK_EQ(event(L"\\BaseNamedObjects\\traced", &handle), STATUS_SUCCESS);
    PVOID object = here(handle);
    here(handle);
    count = ObpQueryReferenceSites(object, entries, 16);
    CHECK(count > 2 && count <= 16);
    for (ULONG i = 0; i < count; i++) {
        if (entries[i].Tag == OB_TAG_HANDLE)
            handles += entries[i].References - entries[i].Dereferences;
        if (entries[i].Tag == OB_TAG_NAMESPACE)
            names += entries[i].References - entries[i].Dereferences;
        if (entries[i].Tag == 'etiS') {
            mine++;
            CHECK_EQ(entries[i].References, 2);
            CHECK((UCHAR *)entries[i].Site > (UCHAR *)(ULONG_PTR)here &&
                  (UCHAR *)entries[i].Site < (UCHAR *)(ULONG_PTR)here + 512);
        }
    }
    CHECK_EQ(mine, 1);
    CHECK_EQ(handles, 1);
    CHECK_EQ(names, 1);
    /* What code there holds is found by its address; given back it is not. */
    PVOID begin = (PVOID)(ULONG_PTR)here, end = (UCHAR *)begin + 512;
    CHECK_EQ(ObpQueryReferencesOfImage(begin, end, entries, 16), 1);
    CHECK(entries[0].Object == object && entries[0].References == 2);
    ObDereferenceObjectWithTag(object, 'etiS');
    ObDereferenceObjectWithTag(object, 'etiS');
    ZwClose(handle);
    CHECK_EQ(ObpQueryReferenceSites(object, entries, 16), 0);
}
