/* SPDX-License-Identifier: MIT */
/*
 * The object namespace: names, directories, symbolic links, and the statuses of lookups that fail.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include <nt/status.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "zw.h"
#include "harness.h"

static UNICODE_STRING text(PCWSTR name)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    return string;
}

static NTSTATUS create_event(PCWSTR name, ULONG flags, PHANDLE handle)
{
    UNICODE_STRING string = text(name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | flags, NULL, NULL);
    return ZwCreateEvent(handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
}

static NTSTATUS open_event(PCWSTR name, ULONG flags, PHANDLE handle)
{
    UNICODE_STRING string = text(name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | flags, NULL, NULL);
    return ZwOpenEvent(handle, EVENT_ALL_ACCESS, &attributes);
}

static NTSTATUS create_link(PCWSTR name, PCWSTR target, ULONG flags, PHANDLE handle)
{
    UNICODE_STRING string = text(name), to = text(target);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | flags, NULL, NULL);
    return ZwCreateSymbolicLinkObject(handle, SYMBOLIC_LINK_ALL_ACCESS, &attributes, &to);
}

static NTSTATUS create_directory(PCWSTR name, ULONG flags, PHANDLE handle)
{
    UNICODE_STRING string = text(name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | flags, NULL, NULL);
    return ZwCreateDirectoryObject(handle, DIRECTORY_ALL_ACCESS, &attributes);
}

KILN_TEST(ob_name, a_created_object_is_opened_by_its_name)
{
    HANDLE first, second;
    PVOID a, b;
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\one", 0, &first), STATUS_SUCCESS);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\one", 0, &second), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(first, 0, *ExEventObjectType, KernelMode, &a, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(second, 0, *ExEventObjectType, KernelMode, &b, NULL), STATUS_SUCCESS);
    CHECK_EQ(a, b);
    ObDereferenceObject(a);
    ObDereferenceObject(b);
    CHECK_EQ(ZwClose(first), STATUS_SUCCESS);
    CHECK_EQ(ZwClose(second), STATUS_SUCCESS);
}

KILN_TEST(ob_name, a_temporary_name_goes_with_the_last_handle)
{
    HANDLE handle;
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\brief", 0, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\brief", 0, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
}

KILN_TEST(ob_name, a_permanent_name_stays_until_made_temporary)
{
    HANDLE handle;
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\lasting", OBJ_PERMANENT, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\lasting", 0, &handle), STATUS_SUCCESS);
    CHECK_EQ(ZwMakeTemporaryObject(handle), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\lasting", 0, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
}

KILN_TEST(ob_name, case_matters_unless_the_caller_says_otherwise)
{
    HANDLE handle, other;
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\MixedCase", 0, &handle), STATUS_SUCCESS);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\mixedcase", 0, &other), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_event(L"\\basenamedobjects\\mixedcase", OBJ_CASE_INSENSITIVE, &other), STATUS_SUCCESS);
    ZwClose(other);
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\MIXEDCASE", OBJ_CASE_INSENSITIVE, &other),
             STATUS_OBJECT_NAME_COLLISION);
    ZwClose(handle);
}

KILN_TEST(ob_name, a_taken_name_collides_or_opens)
{
    HANDLE handle, other;
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\taken", 0, &handle), STATUS_SUCCESS);
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\taken", 0, &other), STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\taken", OBJ_OPENIF, &other), STATUS_OBJECT_NAME_EXISTS);
    ZwClose(other);
    CHECK_EQ(create_directory(L"\\BaseNamedObjects\\taken", OBJ_OPENIF, &other), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(handle);
}

KILN_TEST(ob_name, failing_lookups_say_why)
{
    HANDLE handle;
    CHECK_EQ(open_event(L"relative", 0, &handle), STATUS_OBJECT_PATH_SYNTAX_BAD);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\\\x", 0, &handle), STATUS_OBJECT_NAME_INVALID);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\nothing", 0, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(open_event(L"\\NoSuchDirectory\\nothing", 0, &handle), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(open_event(L"\\BaseNamedObjects", 0, &handle), STATUS_OBJECT_TYPE_MISMATCH);
    WCHAR odd[] = L"\\Device";
    UNICODE_STRING name = {13, 14, odd};
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    CHECK_EQ(ZwOpenEvent(&handle, EVENT_ALL_ACCESS, &attributes), STATUS_OBJECT_NAME_INVALID);
    attributes.Length = 4;
    CHECK_EQ(ZwOpenEvent(&handle, EVENT_ALL_ACCESS, &attributes), STATUS_INVALID_PARAMETER);
    InitializeObjectAttributes(&attributes, &name, 0x80000000, NULL, NULL);
    CHECK_EQ(ZwOpenEvent(&handle, EVENT_ALL_ACCESS, &attributes), STATUS_INVALID_PARAMETER);
}

KILN_TEST(ob_name, root_directory_makes_names_relative)
{
    HANDLE directory, event, again;
    UNICODE_STRING name = text(L"inner"), absolute = text(L"\\inner");
    OBJECT_ATTRIBUTES attributes;
    CHECK_EQ(create_directory(L"\\BaseNamedObjects\\outer", 0, &directory), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, directory, NULL);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\outer\\inner", 0, &again), STATUS_SUCCESS);
    ZwClose(again);
    InitializeObjectAttributes(&attributes, &absolute, OBJ_KERNEL_HANDLE, directory, NULL);
    CHECK_EQ(ZwOpenEvent(&again, EVENT_ALL_ACCESS, &attributes), STATUS_OBJECT_PATH_SYNTAX_BAD);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, event, NULL);
    CHECK_EQ(ZwOpenEvent(&again, EVENT_ALL_ACCESS, &attributes), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(event);
    ZwClose(directory);
}

KILN_TEST(ob_symlink, a_link_leads_to_its_target)
{
    HANDLE link, event, again;
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\target", 0, &event), STATUS_SUCCESS);
    CHECK_EQ(create_link(L"\\BaseNamedObjects\\way", L"\\BaseNamedObjects", 0, &link), STATUS_SUCCESS);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\way\\target", 0, &again), STATUS_SUCCESS);
    ZwClose(again);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\way\\way\\target", 0, &again), STATUS_SUCCESS);
    ZwClose(again);
    ZwClose(link);
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\way\\target", 0, &again), STATUS_OBJECT_PATH_NOT_FOUND);
    ZwClose(event);
}

KILN_TEST(ob_symlink, a_loop_ends)
{
    HANDLE link, handle;
    CHECK_EQ(create_link(L"\\BaseNamedObjects\\loop", L"\\BaseNamedObjects\\loop", 0, &link), STATUS_SUCCESS);
    CHECK(!NT_SUCCESS(open_event(L"\\BaseNamedObjects\\loop\\x", 0, &handle)));
    ZwClose(link);
}

KILN_TEST(ob_symlink, query_returns_the_target_and_the_length_it_needs)
{
    HANDLE link;
    WCHAR buffer[32];
    ULONG needed = 0;
    UNICODE_STRING target = {0, 4, buffer};
    CHECK_EQ(create_link(L"\\BaseNamedObjects\\q", L"\\Device\\Q", 0, &link), STATUS_SUCCESS);
    CHECK_EQ(ZwQuerySymbolicLinkObject(link, &target, &needed), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(needed, 20);
    target.MaximumLength = sizeof(buffer);
    CHECK_EQ(ZwQuerySymbolicLinkObject(link, &target, NULL), STATUS_SUCCESS);
    UNICODE_STRING expected = text(L"\\Device\\Q");
    CHECK(RtlEqualUnicodeString(&target, &expected, FALSE));
    ZwClose(link);
}

KILN_TEST(ob_directory, the_standard_directories_exist)
{
    static const PCWSTR names[] = {
        L"\\",         L"\\Device", L"\\Driver",           L"\\FileSystem",    L"\\ObjectTypes",
        L"\\GLOBAL??", L"\\??",     L"\\BaseNamedObjects", L"\\KernelObjects", L"\\Callback"};
    for (ULONG i = 0; i < RTL_NUMBER_OF(names); i++) {
        UNICODE_STRING name = text(names[i]);
        OBJECT_ATTRIBUTES attributes;
        HANDLE handle;
        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
        CHECK_EQ(ZwOpenDirectoryObject(&handle, DIRECTORY_QUERY, &attributes), STATUS_SUCCESS);
        ZwClose(handle);
    }
}

KILN_TEST(ob_directory, holds_thousands_of_names_and_lists_each_once)
{
    enum { COUNT = 2000 };
    HANDLE directory;
    static WCHAR name[] = L"n0000";
    static UCHAR seen[COUNT], buffer[4096];
    PHANDLE events = ExAllocatePoolWithTag(NonPagedPoolNx, COUNT * sizeof(HANDLE), 0x74736554);
    CHECK(events);
    CHECK_EQ(create_directory(L"\\BaseNamedObjects\\many", 0, &directory), STATUS_SUCCESS);
    for (ULONG i = 0; i < COUNT; i++) {
        OBJECT_ATTRIBUTES attributes;
        for (ULONG d = 0, v = i; d < 4; d++, v /= 10)
            name[4 - d] = (WCHAR)('0' + v % 10);
        UNICODE_STRING string = text(name);
        InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE, directory, NULL);
        CHECK_EQ(ZwCreateEvent(&events[i], EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
                 STATUS_SUCCESS);
    }
    ULONG context = 0, total = 0;
    NTSTATUS status = STATUS_MORE_ENTRIES;
    for (BOOLEAN restart = TRUE; status == STATUS_MORE_ENTRIES; restart = FALSE) {
        status = ZwQueryDirectoryObject(directory, buffer, sizeof(buffer), FALSE, restart, &context, NULL);
        CHECK(NT_SUCCESS(status));
        for (POBJECT_DIRECTORY_INFORMATION entry = (PVOID)buffer; entry->Name.Buffer; entry++) {
            ULONG value = 0;
            CHECK_EQ(entry->Name.Length, 10);
            for (ULONG d = 1; d < 5; d++)
                value = value * 10 + (entry->Name.Buffer[d] - '0');
            CHECK(value < COUNT && !seen[value]++);
            total++;
        }
    }
    CHECK_EQ(total, COUNT);
    CHECK_EQ(ZwQueryDirectoryObject(directory, buffer, sizeof(buffer), FALSE, FALSE, &context, NULL),
             STATUS_NO_MORE_ENTRIES);
    for (ULONG i = 0; i < COUNT; i++)
        ZwClose(events[i]);
    context = 0;
    CHECK_EQ(ZwQueryDirectoryObject(directory, buffer, sizeof(buffer), FALSE, TRUE, &context, NULL),
             STATUS_NO_MORE_ENTRIES);
    ZwClose(directory);
    ExFreePoolWithTag(events, 0x74736554);
}

KILN_TEST(ob_query, the_name_of_an_object_is_its_full_path)
{
    HANDLE handle;
    PVOID object;
    UCHAR buffer[256];
    ULONG needed = 0;
    POBJECT_NAME_INFORMATION info = (PVOID)buffer;
    CHECK_EQ(create_event(L"\\BaseNamedObjects\\named", 0, &handle), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObQueryNameString(object, NULL, 0, &needed), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ObQueryNameString(object, info, needed, &needed), STATUS_SUCCESS);
    UNICODE_STRING expected = text(L"\\BaseNamedObjects\\named");
    CHECK(RtlEqualUnicodeString(&info->Name, &expected, FALSE));
    CHECK_EQ(info->Name.MaximumLength, info->Name.Length + sizeof(WCHAR));
    CHECK_EQ(info->Name.Buffer[info->Name.Length / 2], 0);
    ZwClose(handle);
    CHECK_EQ(ObQueryNameString(object, info, sizeof(buffer), &needed), STATUS_SUCCESS);
    CHECK_EQ(info->Name.Length, 0);
    CHECK_EQ(info->Name.Buffer, NULL);
    ObDereferenceObject(object);
}

/* ---------------------------------------------------------------- a name that closes while others open it */

static volatile LONG churn_errors;

static VOID NTAPI churn(PVOID context)
{
    for (ULONG i = 0; i < 40; i++) {
        HANDLE handle;
        NTSTATUS status = create_event(L"\\BaseNamedObjects\\churn", OBJ_OPENIF, &handle);
        if (!NT_SUCCESS(status)) {
            InterlockedIncrement(&churn_errors);
            continue;
        }
        /* While we hold a handle, the name must be found. */
        HANDLE other;
        if (!NT_SUCCESS(open_event(L"\\BaseNamedObjects\\churn", 0, &other)))
            InterlockedIncrement(&churn_errors);
        else
            ZwClose(other);
        ZwClose(handle);
    }
}

KILN_TEST(ob_name, a_handle_keeps_its_name_whatever_others_close)
{
    HANDLE threads[3];
    PVOID objects[3];
    for (int i = 0; i < 3; i++) {
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
        CHECK_EQ(PsCreateSystemThread(&threads[i], THREAD_ALL_ACCESS, &attributes, NULL, NULL, churn, NULL),
                 STATUS_SUCCESS);
        CHECK_EQ(ObReferenceObjectByHandle(threads[i], 0, *PsThreadType, KernelMode, &objects[i], NULL),
                 STATUS_SUCCESS);
    }
    CHECK_EQ(KeWaitForMultipleObjects(3, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(churn_errors, 0);
    HANDLE handle;
    CHECK_EQ(open_event(L"\\BaseNamedObjects\\churn", 0, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
    for (int i = 0; i < 3; i++) {
        ObDereferenceObject(objects[i]);
        ZwClose(threads[i]);
    }
}
