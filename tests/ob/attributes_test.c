/* SPDX-License-Identifier: MIT */
/*
 * Every OBJ_* attribute, and what the routines of ntifs.h that take names and pointers promise.
 * ns-ntdef-_object_attributes, nf-ntifs-obopenobjectbypointer, nf-ntifs-obquerynamestring,
 * life-cycle-of-an-object.md
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"
#include "user_page.h"

static UNICODE_STRING text(PCWSTR name)
{
    UNICODE_STRING string;
    RtlInitUnicodeString(&string, name);
    return string;
}

static NTSTATUS event(BOOLEAN create, PCWSTR name, ULONG flags, HANDLE root, PHANDLE handle)
{
    UNICODE_STRING string = text(name);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE | flags, root, NULL);
    return create ? ZwCreateEvent(handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE)
                  : ZwOpenEvent(handle, EVENT_ALL_ACCESS, &attributes);
}

static HANDLE link_to(PCWSTR name, PCWSTR target)
{
    UNICODE_STRING string = text(name), to = text(target);
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle = NULL;
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateSymbolicLinkObject(&handle, SYMBOLIC_LINK_ALL_ACCESS, &attributes, &to), STATUS_SUCCESS);
    return handle;
}

KILN_TEST(ob_attributes, unknown_bits_and_lengths_are_refused)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, NULL, 0x00010000, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
             STATUS_INVALID_PARAMETER);
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    attributes.Length = 4;
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwOpenEvent(&handle, EVENT_ALL_ACCESS, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, (EVENT_TYPE)7, FALSE),
             STATUS_INVALID_PARAMETER_4);
}

KILN_TEST(ob_attributes, an_exclusive_object_is_opened_once_until_it_is_closed)
{
    HANDLE first, second;
    CHECK_EQ(event(TRUE, L"\\BaseNamedObjects\\only", OBJ_EXCLUSIVE, NULL, &first), STATUS_SUCCESS);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\only", 0, NULL, &second), STATUS_ACCESS_DENIED);
    CHECK_EQ(ZwDuplicateObject(NtCurrentProcess(), first, NtCurrentProcess(), &second, 0, 0,
                               DUPLICATE_SAME_ACCESS),
             STATUS_ACCESS_DENIED);
    ZwClose(first);
    CHECK_EQ(event(TRUE, L"\\BaseNamedObjects\\only", 0, NULL, &first), STATUS_SUCCESS);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\only", OBJ_EXCLUSIVE, NULL, &second), STATUS_ACCESS_DENIED);
    ZwClose(first);
}

KILN_TEST(ob_attributes, openlink_opens_the_link_and_dont_reparse_follows_none)
{
    HANDLE link = link_to(L"\\BaseNamedObjects\\way", L"\\BaseNamedObjects"), target, handle;
    UNICODE_STRING name = text(L"\\BaseNamedObjects\\way");
    PVOID object;
    CHECK_EQ(event(TRUE, L"\\BaseNamedObjects\\there", 0, NULL, &target), STATUS_SUCCESS);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\way\\there", 0, NULL, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\way\\there", OBJ_DONT_REPARSE, NULL, &handle),
             STATUS_REPARSE_POINT_ENCOUNTERED);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\there", OBJ_DONT_REPARSE, NULL, &handle), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(ObReferenceObjectByName(&name, 0, NULL, 0, NULL, KernelMode, NULL, &object), STATUS_SUCCESS);
    CHECK_EQ(ObGetObjectType(object), ObpDirectoryObjectType);
    ObDereferenceObject(object);
    CHECK_EQ(ObReferenceObjectByName(&name, OBJ_OPENLINK, NULL, 0, NULL, KernelMode, NULL, &object),
             STATUS_SUCCESS);
    CHECK_EQ(ObGetObjectType(object), ObpSymbolicLinkObjectType);
    ObDereferenceObject(object);
    /* An event is no link, and its type refuses the attribute. */
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\there", OBJ_OPENLINK, NULL, &handle),
             STATUS_INVALID_PARAMETER);
    ZwClose(target);
    ZwClose(link);
}

KILN_TEST(ob_attributes, a_relative_name_starts_at_the_root_directory)
{
    HANDLE root, one, two;
    UNICODE_STRING name = text(L"\\BaseNamedObjects");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenDirectoryObject(&root, DIRECTORY_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    CHECK_EQ(event(TRUE, L"rel", 0, root, &one), STATUS_SUCCESS);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\rel", 0, NULL, &two), STATUS_SUCCESS);
    ZwClose(two);
    CHECK_EQ(event(FALSE, L"\\rel", 0, root, &two), STATUS_OBJECT_PATH_SYNTAX_BAD);
    CHECK_EQ(event(FALSE, L"rel", 0, one, &two), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(event(FALSE, L"rel\\more", 0, root, &two), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(event(FALSE, L"none\\more", 0, root, &two), STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK_EQ(event(FALSE, L"rel\\", 0, root, &two), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(one);
    ZwClose(root);
}

KILN_TEST(ob_attributes, names_of_any_alphabet_and_length_are_folded_alike)
{
    /* Lengths around the four characters that are hashed together, and letters beyond ASCII. */
    static const struct {
        PCWSTR given, other;
        BOOLEAN same;
    } cases[] = {
        {L"a", L"A", TRUE},
        {L"ab", L"AB", TRUE},
        {L"abc", L"aBc", TRUE},
        {L"abcd", L"ABCD", TRUE},
        {L"abcde", L"ABCDE", TRUE},
        {L"abcdefgh", L"ABCDefgh", TRUE},
        {L"xyza", L"XYZA", TRUE},
        {L"abc", L"abcd", FALSE},
        {L"abcd", L"abce", FALSE},
        {L"@[`{", L"`{@[", FALSE},
        {L"\x00e4\x00f6\x00fc", L"\x00c4\x00d6\x00dc", TRUE},
        {L"x\x0436y", L"X\x0416Y", TRUE},
        {L"x\x0436y", L"X\x0417Y", FALSE},
    };
    for (ULONG i = 0; i < RTL_NUMBER_OF(cases); i++) {
        HANDLE root, handle, again;
        UNICODE_STRING name = text(L"\\BaseNamedObjects");
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
        CHECK_EQ(ZwOpenDirectoryObject(&root, DIRECTORY_ALL_ACCESS, &attributes), STATUS_SUCCESS);
        CHECK_EQ(event(TRUE, cases[i].given, 0, root, &handle), STATUS_SUCCESS);
        NTSTATUS status = event(FALSE, cases[i].other, OBJ_CASE_INSENSITIVE, root, &again);
        CHECK_EQ(status, cases[i].same ? STATUS_SUCCESS : STATUS_OBJECT_NAME_NOT_FOUND);
        if (NT_SUCCESS(status))
            ZwClose(again);
        CHECK_EQ(event(FALSE, cases[i].other, 0, root, &again), STATUS_OBJECT_NAME_NOT_FOUND);
        CHECK_EQ(event(FALSE, cases[i].given, 0, root, &again), STATUS_SUCCESS);
        ZwClose(again);
        ZwClose(handle);
        ZwClose(root);
    }
}

KILN_TEST(ob_attributes, a_temporary_object_without_handles_lives_on_without_its_name)
{
    HANDLE handle;
    PVOID object;
    UNICODE_STRING name = text(L"\\BaseNamedObjects\\late");
    CHECK_EQ(event(TRUE, L"\\BaseNamedObjects\\late", 0, NULL, &handle), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByName(&name, 0, NULL, 0, *ExEventObjectType, KernelMode, NULL, &object),
             STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\late", 0, NULL, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(KeReadStateEvent(object), 0);
    ObDereferenceObject(object);
}

KILN_TEST(ob_attributes, a_permanent_object_can_be_made_and_unmade_by_handle)
{
    HANDLE handle;
    CHECK_EQ(event(TRUE, L"\\BaseNamedObjects\\stays", 0, NULL, &handle), STATUS_SUCCESS);
    CHECK_EQ(ZwMakePermanentObject(handle), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\stays", 0, NULL, &handle), STATUS_SUCCESS);
    CHECK_EQ(ZwMakeTemporaryObject(handle), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(event(FALSE, L"\\BaseNamedObjects\\stays", 0, NULL, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ZwMakeTemporaryObject((HANDLE)0x7ffc), STATUS_INVALID_HANDLE);
    user_page *user = enter_user_mode();
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(NtMakePermanentObject(user->handle), STATUS_PRIVILEGE_NOT_HELD);
    NtClose(user->handle);
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_QUERY_STATE, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(NtMakeTemporaryObject(user->handle), STATUS_ACCESS_DENIED);
    NtClose(user->handle);
    leave_user_mode(user);
}

KILN_TEST(ob_pointer, opening_by_pointer_checks_flags_type_and_mode)
{
    HANDLE handle, other;
    PVOID object;
    CHECK_EQ(event(TRUE, L"\\BaseNamedObjects\\p", 0, NULL, &handle), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(object, 0x10000, NULL, 0, NULL, KernelMode, &other),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ObOpenObjectByPointer(object, OBJ_EXCLUSIVE | OBJ_INHERIT, NULL, 0, NULL, KernelMode, &other),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ObOpenObjectByPointer(object, 0, NULL, 0, *ExSemaphoreObjectType, KernelMode, &other),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ObOpenObjectByPointer(object, 0, NULL, 0, NULL, UserMode, &other), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ObOpenObjectByPointerWithTag(object, OBJ_KERNEL_HANDLE, NULL, EVENT_ALL_ACCESS,
                                          *ExEventObjectType, KernelMode, 'gaTk', &other),
             STATUS_SUCCESS);
    CHECK(ObIsKernelHandle(other));
    ZwClose(other);
    CHECK_EQ(ObReferenceObjectByPointer(object, 0, *ExSemaphoreObjectType, KernelMode),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ObReferenceObjectByPointer(object, 0, NULL, UserMode), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ObReferenceObjectByPointer(object, 0, NULL, KernelMode), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByPointerWithTag(object, 0, *ExEventObjectType, UserMode, 'gaTk'),
             STATUS_SUCCESS);
    ObDereferenceObjectWithTag(object, 'gaTk');
    ObDereferenceObject(object);
    ObDereferenceObject(object);
    ZwClose(handle);
}

KILN_TEST(ob_query, a_name_string_of_no_length_says_how_long_it_is)
{
    HANDLE handle, unnamed;
    PVOID object;
    ULONG needed = 0;
    UCHAR buffer[256];
    POBJECT_NAME_INFORMATION info = (PVOID)buffer;
    UNICODE_STRING expected = text(L"\\BaseNamedObjects\\n");
    CHECK_EQ(event(TRUE, L"\\BaseNamedObjects\\n", 0, NULL, &handle), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObQueryNameString(object, NULL, 0, &needed), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(needed, sizeof(UNICODE_STRING) + expected.Length + sizeof(WCHAR));
    CHECK_EQ(ObQueryNameString(object, info, needed - 1, &needed), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ObQueryNameString(object, info, needed, &needed), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&info->Name, &expected, FALSE));
    CHECK_EQ(info->Name.MaximumLength, info->Name.Length + sizeof(WCHAR));
    CHECK_EQ(info->Name.Buffer[info->Name.Length / 2], 0);
    POBJECT_HEADER_NAME_INFO last = ObQueryNameInfo(object);
    CHECK(last && last->Name.Length == 2 && last->Name.Buffer[0] == 'n');
    ObDereferenceObject(object);
    ZwClose(handle);
    CHECK_EQ(ZwCreateEvent(&unnamed, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(unnamed, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObQueryNameString(object, info, sizeof(buffer), &needed), STATUS_SUCCESS);
    CHECK(!info->Name.Buffer && !info->Name.Length && !info->Name.MaximumLength);
    CHECK_EQ(ObQueryNameInfo(object), NULL);
    ObDereferenceObject(object);
    ZwClose(unnamed);
}

KILN_TEST(ob_object, what_was_captured_for_an_insertion_can_be_dropped)
{
    UNICODE_STRING name = text(L"\\BaseNamedObjects\\never");
    OBJECT_ATTRIBUTES attributes;
    PVOID object;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, SePublicDefaultSd);
    CHECK_EQ(ObCreateObject(KernelMode, *ExEventObjectType, &attributes, KernelMode, NULL, sizeof(KEVENT), 0,
                            0, &object),
             STATUS_SUCCESS);
    CHECK(ObpHeader(object)->CreateInfo != NULL);
    ObDeleteCapturedInsertInfo(object);
    CHECK_EQ(ObpHeader(object)->CreateInfo, NULL);
    ObDereferenceObject(object);
}

KILN_TEST(ob_dosdevices, a_drive_letter_is_local_or_not)
{
    UCHAR state = 9;
    HANDLE link;
    CHECK_EQ(ObIsDosDeviceLocallyMapped(0, &state), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ObIsDosDeviceLocallyMapped(27, &state), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ObIsDosDeviceLocallyMapped(17, &state), STATUS_SUCCESS);
    CHECK_EQ(state, 0);
    link = link_to(L"\\??\\Q:", L"\\Device\\Nothing");
    CHECK_EQ(ObIsDosDeviceLocallyMapped(17, &state), STATUS_SUCCESS);
    CHECK_EQ(state, 1);
    ZwClose(link);
}

KILN_TEST(ob_dosdevices, the_impersonated_view_can_be_left_aside)
{
    HANDLE link = link_to(L"\\??\\KilnMine", L"\\BaseNamedObjects"), handle;
    KAPC_STATE apc;
    PACCESS_TOKEN client = PsReferencePrimaryToken(PsGetCurrentProcess());
    UNICODE_STRING name = text(L"\\??\\KilnMine");
    OBJECT_ATTRIBUTES attributes;
    KeStackAttachProcess(&PsInitialSystemProcess->Pcb, &apc);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), client, FALSE, FALSE, SecurityImpersonation),
             STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenSymbolicLinkObject(&handle, GENERIC_READ, &attributes), STATUS_SUCCESS);
    ZwClose(handle);
    attributes.Attributes |= OBJ_IGNORE_IMPERSONATED_DEVICEMAP;
    CHECK_EQ(ZwOpenSymbolicLinkObject(&handle, GENERIC_READ, &attributes), STATUS_OBJECT_NAME_NOT_FOUND);
    PsRevertToSelf();
    KeUnstackDetachProcess(&apc);
    PsDereferencePrimaryToken(client);
    ZwClose(link);
}
