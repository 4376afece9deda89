/* SPDX-License-Identifier: MIT */
/*
 * Who may make, find and open an object, and the descriptors objects get. Access Rights, Security
 * Descriptors, Privileges of the chapter Managing Kernel Objects; ns-wdm-_access_state,
 * nf-wdm-obgetobjectsecurity, nf-ntifs-ntsetsecurityobject.
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "mi.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "../../kernel/se/sei.h"
#include "harness.h"
#include "user_page.h"

static PTOKEN my_token(void)
{
    return (PTOKEN)PspCurrentProcess()->Token;
}

static void enable(ULONG privilege, BOOLEAN on)
{
    if (on)
        my_token()->PrivilegesEnabled |= 1ULL << privilege;
    else
        my_token()->PrivilegesEnabled &= ~(1ULL << privilege);
}

/* A self-relative descriptor with one entry that allows `mask` to `sid` (no entry: mask 0), inherited with
 * `flags`. */
static PSECURITY_DESCRIPTOR make_descriptor(PSID owner, PSID sid, ACCESS_MASK mask, UCHAR flags)
{
    static UCHAR result[4][256], acl[256];
    static ULONG next;
    SECURITY_DESCRIPTOR sd;
    ULONG bytes = sizeof(result[0]);
    PVOID ace;
    CHECK_EQ(RtlCreateAcl((PACL)acl, sizeof(acl), ACL_REVISION), STATUS_SUCCESS);
    if (mask) {
        CHECK_EQ(RtlAddAccessAllowedAce((PACL)acl, ACL_REVISION, mask, sid), STATUS_SUCCESS);
        CHECK_EQ(RtlGetAce((PACL)acl, 0, &ace), STATUS_SUCCESS);
        ((PACE_HEADER)ace)->AceFlags = flags;
    }
    ((PACL)acl)->AclSize = mask ? (USHORT)(sizeof(ACL) + ((PACE_HEADER)ace)->AceSize) : sizeof(ACL);
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, (PACL)acl, FALSE);
    RtlSetOwnerSecurityDescriptor(&sd, owner, FALSE);
    RtlSetGroupSecurityDescriptor(&sd, SeLocalSystemSid, FALSE);
    CHECK_EQ(RtlAbsoluteToSelfRelativeSD(&sd, result[next % 4], &bytes), STATUS_SUCCESS);
    return result[next++ % 4];
}

static HANDLE make(BOOLEAN directory, PCWSTR name, PSECURITY_DESCRIPTOR descriptor)
{
    UNICODE_STRING string;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle = NULL;
    RtlInitUnicodeString(&string, name);
    InitializeObjectAttributes(&attributes, &string, OBJ_KERNEL_HANDLE, NULL, descriptor);
    NTSTATUS status = directory
                          ? ZwCreateDirectoryObject(&handle, DIRECTORY_ALL_ACCESS, &attributes)
                          : ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    CHECK_EQ(status, STATUS_SUCCESS);
    return handle;
}

KILN_TEST(ob_access, traversal_is_checked_for_a_token_without_the_privilege)
{
    HANDLE outer = make(TRUE, L"\\BaseNamedObjects\\closed",
                        make_descriptor(SeLocalSystemSid, SeWorldSid, DIRECTORY_QUERY, 0));
    HANDLE inner = make(FALSE, L"\\BaseNamedObjects\\closed\\e",
                        make_descriptor(SeLocalSystemSid, SeWorldSid, EVENT_ALL_ACCESS, 0));
    user_page *user = enter_user_mode();
    /* SeChangeNotifyPrivilege, which everybody has, passes through. */
    CHECK_EQ(NtOpenEvent(&user->handle, EVENT_QUERY_STATE, name_it(user, L"\\BaseNamedObjects\\closed\\e")),
             STATUS_SUCCESS);
    NtClose(user->handle);
    enable(SE_CHANGE_NOTIFY_PRIVILEGE, FALSE);
    CHECK_EQ(NtOpenEvent(&user->handle, EVENT_QUERY_STATE, name_it(user, L"\\BaseNamedObjects\\closed\\e")),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(
        NtOpenDirectoryObject(&user->handle, DIRECTORY_QUERY, name_it(user, L"\\BaseNamedObjects\\closed")),
        STATUS_SUCCESS);
    NtClose(user->handle);
    enable(SE_CHANGE_NOTIFY_PRIVILEGE, TRUE);
    leave_user_mode(user);
    ZwClose(inner);
    ZwClose(outer);
}

KILN_TEST(ob_access, an_open_is_checked_against_the_descriptor_and_generic_rights_are_mapped)
{
    HANDLE event = make(FALSE, L"\\BaseNamedObjects\\e",
                        make_descriptor(SeLocalSystemSid, SeWorldSid, EVENT_QUERY_STATE | READ_CONTROL, 0));
    OBJECT_HANDLE_INFORMATION info;
    PVOID object;
    user_page *user = enter_user_mode();
    name_it(user, L"\\BaseNamedObjects\\e");
    CHECK_EQ(NtOpenEvent(&user->handle, EVENT_MODIFY_STATE, &user->attributes), STATUS_ACCESS_DENIED);
    CHECK_EQ(NtOpenEvent(&user->handle, GENERIC_WRITE, &user->attributes), STATUS_ACCESS_DENIED);
    CHECK_EQ(NtOpenEvent(&user->handle, GENERIC_READ, &user->attributes), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(user->handle, EVENT_QUERY_STATE, NULL, UserMode, &object, &info),
             STATUS_SUCCESS);
    CHECK_EQ(info.GrantedAccess, EVENT_QUERY_STATE | READ_CONTROL);
    ObDereferenceObject(object);
    NtClose(user->handle);
    CHECK_EQ(NtOpenEvent(&user->handle, MAXIMUM_ALLOWED, &user->attributes), STATUS_SUCCESS);
    NtClose(user->handle);
    leave_user_mode(user);
    ZwClose(event);
}

KILN_TEST(ob_access, force_access_check_makes_kernel_mode_ask)
{
    HANDLE event = make(FALSE, L"\\BaseNamedObjects\\e",
                        make_descriptor(SeLocalSystemSid, SeWorldSid, EVENT_QUERY_STATE, 0)),
           again;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\e");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenEvent(&again, EVENT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    ZwClose(again);
    attributes.Attributes |= OBJ_FORCE_ACCESS_CHECK;
    CHECK_EQ(ZwOpenEvent(&again, EVENT_ALL_ACCESS, &attributes), STATUS_ACCESS_DENIED);
    CHECK_EQ(ZwOpenEvent(&again, EVENT_QUERY_STATE, &attributes), STATUS_SUCCESS);
    ZwClose(again);
    ZwClose(event);
}

KILN_TEST(ob_access, the_creator_gets_what_it_asks_for_whatever_it_allows_others)
{
    user_page *user = enter_user_mode();
    name_it(user, L"\\BaseNamedObjects\\mine");
    PSECURITY_DESCRIPTOR nobody = make_descriptor(SeAliasAdminsSid, NULL, 0, 0);
    RtlCopyMemory(user->buffer, nobody, RtlLengthSecurityDescriptor(nobody));
    user->attributes.SecurityDescriptor = user->buffer;
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, &user->attributes, NotificationEvent, FALSE),
             STATUS_SUCCESS);
    HANDLE first = user->handle;
    CHECK_EQ(NtSetEvent(first, NULL), STATUS_SUCCESS);
    user->attributes.SecurityDescriptor = NULL;
    CHECK_EQ(NtOpenEvent(&user->handle, EVENT_QUERY_STATE, &user->attributes), STATUS_ACCESS_DENIED);
    NtClose(first);
    /* But the audit list takes a privilege. */
    enable(SE_SECURITY_PRIVILEGE, FALSE);
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS | ACCESS_SYSTEM_SECURITY, &user->attributes,
                           NotificationEvent, FALSE),
             STATUS_PRIVILEGE_NOT_HELD);
    enable(SE_SECURITY_PRIVILEGE, TRUE);
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS | ACCESS_SYSTEM_SECURITY, &user->attributes,
                           NotificationEvent, FALSE),
             STATUS_SUCCESS);
    NtClose(user->handle);
    leave_user_mode(user);
}

KILN_TEST(ob_access, a_new_object_inherits_from_its_directory)
{
    HANDLE directory = make(
        TRUE, L"\\BaseNamedObjects\\heir",
        make_descriptor(SeLocalSystemSid, SeWorldSid, GENERIC_READ, OBJECT_INHERIT_ACE | INHERIT_ONLY_ACE));
    HANDLE event = make(FALSE, L"\\BaseNamedObjects\\heir\\e", NULL);
    PSECURITY_DESCRIPTOR descriptor;
    BOOLEAN allocated, present, defaulted;
    PACL dacl;
    PVOID object, entry;
    CHECK_EQ(ObReferenceObjectByHandle(event, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObGetObjectSecurity(object, &descriptor, &allocated), STATUS_SUCCESS);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(descriptor, &present, &dacl, &defaulted), STATUS_SUCCESS);
    CHECK(present && dacl && dacl->AceCount == 1);
    CHECK_EQ(RtlGetAce(dacl, 0, &entry), STATUS_SUCCESS);
    CHECK_EQ(((PACCESS_ALLOWED_ACE)entry)->Mask, READ_CONTROL | EVENT_QUERY_STATE);
    CHECK_EQ(((PACE_HEADER)entry)->AceFlags, INHERITED_ACE);
    ObReleaseObjectSecurity(descriptor, allocated);
    ObDereferenceObject(object);
    ZwClose(event);
    ZwClose(directory);
}

KILN_TEST(ob_access, making_a_name_takes_the_right_to_create_in_the_directory)
{
    HANDLE directory = make(TRUE, L"\\BaseNamedObjects\\d",
                            make_descriptor(SeLocalSystemSid, SeWorldSid, DIRECTORY_CREATE_SUBDIRECTORY, 0));
    user_page *user = enter_user_mode();
    CHECK_EQ(NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, name_it(user, L"\\BaseNamedObjects\\d\\e"),
                           NotificationEvent, FALSE),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(NtCreateDirectoryObject(&user->handle, DIRECTORY_ALL_ACCESS, &user->attributes), STATUS_SUCCESS);
    NtClose(user->handle);
    leave_user_mode(user);
    ZwClose(directory);
}

KILN_TEST(ob_access, an_unnamed_object_has_no_descriptor)
{
    HANDLE event;
    PVOID object;
    PSECURITY_DESCRIPTOR descriptor = (PVOID)1;
    BOOLEAN allocated = TRUE;
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(event, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObGetObjectSecurity(object, &descriptor, &allocated), STATUS_SUCCESS);
    CHECK(!descriptor && !allocated);
    ObReleaseObjectSecurity(descriptor, allocated);
    ObDereferenceObject(object);
    ZwClose(event);
}

KILN_TEST(ob_access, reading_and_writing_a_descriptor_takes_the_rights_of_its_parts)
{
    static const struct {
        ACCESS_MASK access;
        SECURITY_INFORMATION part;
        NTSTATUS query, set;
    } cases[] = {
        {READ_CONTROL, DACL_SECURITY_INFORMATION, STATUS_SUCCESS, STATUS_ACCESS_DENIED},
        {WRITE_DAC, DACL_SECURITY_INFORMATION, STATUS_ACCESS_DENIED, STATUS_SUCCESS},
        {WRITE_OWNER, OWNER_SECURITY_INFORMATION, STATUS_ACCESS_DENIED, STATUS_SUCCESS},
        {WRITE_OWNER, GROUP_SECURITY_INFORMATION, STATUS_ACCESS_DENIED, STATUS_SUCCESS},
        {WRITE_DAC, OWNER_SECURITY_INFORMATION, STATUS_ACCESS_DENIED, STATUS_ACCESS_DENIED},
        {READ_CONTROL | WRITE_DAC, SACL_SECURITY_INFORMATION, STATUS_ACCESS_DENIED, STATUS_ACCESS_DENIED},
        {ACCESS_SYSTEM_SECURITY, SACL_SECURITY_INFORMATION, STATUS_SUCCESS, STATUS_SUCCESS},
    };
    user_page *user = enter_user_mode();
    name_it(user, L"\\BaseNamedObjects\\e");
    enable(SE_SECURITY_PRIVILEGE, TRUE);
    PSECURITY_DESCRIPTOR descriptor = make_descriptor(SeAliasAdminsSid, SeWorldSid, EVENT_ALL_ACCESS, 0);
    for (ULONG i = 0; i < RTL_NUMBER_OF(cases); i++) {
        CHECK_EQ(NtCreateEvent(&user->handle, cases[i].access, &user->attributes, NotificationEvent, FALSE),
                 STATUS_SUCCESS);
        CHECK_EQ(NtQuerySecurityObject(user->handle, cases[i].part, user->buffer, sizeof(user->buffer),
                                       &user->length),
                 cases[i].query);
        RtlCopyMemory(user->buffer, descriptor, RtlLengthSecurityDescriptor(descriptor));
        CHECK_EQ(NtSetSecurityObject(user->handle, cases[i].part, user->buffer), cases[i].set);
        NtClose(user->handle);
    }
    CHECK_EQ(NtSetSecurityObject(NtCurrentProcess(), DACL_SECURITY_INFORMATION, NULL),
             STATUS_ACCESS_VIOLATION);
    leave_user_mode(user);
}

KILN_TEST(ob_access, a_descriptor_that_is_none_is_refused_and_a_short_buffer_gets_the_length)
{
    HANDLE event = make(FALSE, L"\\BaseNamedObjects\\e", NULL);
    UCHAR buffer[256];
    SECURITY_DESCRIPTOR sd;
    ULONG needed = 0;
    RtlZeroMemory(&sd, sizeof(sd));
    CHECK_EQ(ZwSetSecurityObject(event, DACL_SECURITY_INFORMATION, &sd), STATUS_UNKNOWN_REVISION);
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    CHECK_EQ(ZwSetSecurityObject(event, OWNER_SECURITY_INFORMATION, &sd), STATUS_INVALID_SECURITY_DESCR);
    CHECK_EQ(ZwSetSecurityObject((HANDLE)0x7ffc, DACL_SECURITY_INFORMATION, &sd), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwQuerySecurityObject(event, DACL_SECURITY_INFORMATION, buffer, 4, &needed),
             STATUS_BUFFER_TOO_SMALL);
    CHECK(needed > 4 && needed <= sizeof(buffer));
    CHECK_EQ(ZwQuerySecurityObject(event, DACL_SECURITY_INFORMATION, buffer, needed, &needed),
             STATUS_SUCCESS);
    CHECK(((PISECURITY_DESCRIPTOR)buffer)->Control & SE_SELF_RELATIVE);
    ZwClose(event);
}

/* ---------------------------------------------------------------- as drivers ask */

KILN_TEST(ob_access, the_check_collects_what_is_granted_in_the_access_state)
{
    HANDLE event = make(FALSE, L"\\BaseNamedObjects\\e",
                        make_descriptor(SeLocalSystemSid, SeWorldSid, EVENT_QUERY_STATE, 0));
    ACCESS_STATE state;
    AUX_ACCESS_DATA aux;
    NTSTATUS status;
    PVOID object;
    CHECK_EQ(ObReferenceObjectByHandle(event, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    GENERIC_MAPPING *mapping = &ObGetObjectType(object)->TypeInfo.GenericMapping;
    CHECK_EQ(SeCreateAccessState(&state, &aux, EVENT_QUERY_STATE, mapping), STATUS_SUCCESS);
    CHECK(ObCheckObjectAccess(object, &state, FALSE, UserMode, &status));
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_EQ(state.PreviouslyGrantedAccess, EVENT_QUERY_STATE);
    CHECK_EQ(state.RemainingDesiredAccess, 0);
    SeDeleteAccessState(&state);
    CHECK_EQ(SeCreateAccessState(&state, &aux, EVENT_MODIFY_STATE, mapping), STATUS_SUCCESS);
    CHECK(!ObCheckObjectAccess(object, &state, FALSE, UserMode, &status));
    CHECK_EQ(status, STATUS_ACCESS_DENIED);
    CHECK(ObCheckObjectAccess(object, &state, FALSE, KernelMode, &status));
    SeDeleteAccessState(&state);
    ObDereferenceObject(object);
    ZwClose(event);
}

KILN_TEST(ob_access, the_check_for_creating_asks_the_directory)
{
    HANDLE handle = make(TRUE, L"\\BaseNamedObjects\\d",
                         make_descriptor(SeLocalSystemSid, SeWorldSid, DIRECTORY_CREATE_OBJECT, 0));
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"x");
    ACCESS_STATE state;
    AUX_ACCESS_DATA aux;
    NTSTATUS status;
    PVOID directory;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &directory, NULL), STATUS_SUCCESS);
    CHECK_EQ(SeCreateAccessState(&state, &aux, 0, NULL), STATUS_SUCCESS);
    CHECK(ObCheckCreateObjectAccess(directory, DIRECTORY_CREATE_OBJECT, &state, &name, FALSE, UserMode,
                                    &status));
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK(!ObCheckCreateObjectAccess(directory, DIRECTORY_CREATE_SUBDIRECTORY, &state, &name, FALSE, UserMode,
                                     &status));
    CHECK_EQ(status, STATUS_ACCESS_DENIED);
    SeDeleteAccessState(&state);
    ObDereferenceObject(directory);
    ZwClose(handle);
}

KILN_TEST(ob_access, a_descriptor_can_be_assigned_and_set_by_pointer)
{
    ACCESS_STATE state;
    AUX_ACCESS_DATA aux;
    HANDLE event;
    PVOID object;
    PSECURITY_DESCRIPTOR descriptor;
    BOOLEAN allocated, present, defaulted;
    PACL dacl;
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(event, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    POBJECT_TYPE type = ObGetObjectType(object);
    CHECK_EQ(SeCreateAccessState(&state, &aux, 0, NULL), STATUS_SUCCESS);
    state.SecurityDescriptor = make_descriptor(SeLocalSystemSid, SeWorldSid, EVENT_QUERY_STATE, 0);
    CHECK_EQ(ObAssignSecurity(&state, NULL, object, type), STATUS_SUCCESS);
    SeDeleteAccessState(&state);
    CHECK_EQ(ObGetObjectSecurity(object, &descriptor, &allocated), STATUS_SUCCESS);
    CHECK(descriptor && allocated);
    ObReleaseObjectSecurity(descriptor, allocated);

    CHECK_EQ(ObSetSecurityObjectByPointer(object, DACL_SECURITY_INFORMATION,
                                          make_descriptor(SeLocalSystemSid, NULL, 0, 0)),
             STATUS_SUCCESS);
    CHECK_EQ(ObGetObjectSecurity(object, &descriptor, &allocated), STATUS_SUCCESS);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(descriptor, &present, &dacl, &defaulted), STATUS_SUCCESS);
    CHECK_EQ(dacl->AceCount, 0);
    ObReleaseObjectSecurity(descriptor, allocated);

    SECURITY_INFORMATION part = DACL_SECURITY_INFORMATION;
    CHECK_EQ(ObSetSecurityDescriptorInfo(
                 object, &part, make_descriptor(SeLocalSystemSid, SeWorldSid, EVENT_ALL_ACCESS, 0),
                 &ObpHeader(object)->SecurityDescriptor, NonPagedPoolNx, &type->TypeInfo.GenericMapping),
             STATUS_SUCCESS);
    CHECK_EQ(ObGetObjectSecurity(object, &descriptor, &allocated), STATUS_SUCCESS);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(descriptor, &present, &dacl, &defaulted), STATUS_SUCCESS);
    CHECK_EQ(dacl->AceCount, 1);
    ObReleaseObjectSecurity(descriptor, allocated);
    PSECURITY_DESCRIPTOR none = NULL;
    CHECK_EQ(ObSetSecurityDescriptorInfo(object, &part, make_descriptor(SeLocalSystemSid, NULL, 0, 0), &none,
                                         NonPagedPoolNx, &type->TypeInfo.GenericMapping),
             STATUS_NO_SECURITY_ON_OBJECT);
    ObDereferenceObject(object);
    ZwClose(event);
}

KILN_TEST(ob_access, equal_descriptors_are_kept_once_and_counted)
{
    PSECURITY_DESCRIPTOR from = make_descriptor(SeLocalSystemSid, SeWorldSid, 1, 0), first, second, other;
    MI_MEMORY_USAGE before, after;
    MiQueryUsage(&before);
    CHECK_EQ(ObLogSecurityDescriptor(from, &first, 2), STATUS_SUCCESS);
    CHECK(first != from);
    CHECK_EQ(RtlCompareMemory(first, from, RtlLengthSecurityDescriptor(from)),
             RtlLengthSecurityDescriptor(from));
    CHECK_EQ(ObLogSecurityDescriptor(from, &second, 1), STATUS_SUCCESS);
    CHECK_EQ(second, first);
    CHECK_EQ(ObLogSecurityDescriptor(make_descriptor(SeLocalSystemSid, SeWorldSid, 2, 0), &other, 1),
             STATUS_SUCCESS);
    CHECK(other != first);
    ObReferenceSecurityDescriptor(first, 5);
    ObDereferenceSecurityDescriptor(first, 7);
    CHECK_EQ(ObLogSecurityDescriptor(from, &second, 1), STATUS_SUCCESS);
    CHECK_EQ(second, first);
    ObDereferenceSecurityDescriptor(first, 2);
    ObDereferenceSecurityDescriptor(other, 1);
    MiQueryUsage(&after);
    CHECK_EQ(after.PoolBytes[0], before.PoolBytes[0]);
}

KILN_TEST_BUGCHECK(ob_access, a_descriptor_dereferenced_too_often_is_a_bugcheck, 0x18)
{
    PSECURITY_DESCRIPTOR logged;
    CHECK_EQ(ObLogSecurityDescriptor(make_descriptor(SeLocalSystemSid, SeWorldSid, 1, 0), &logged, 1),
             STATUS_SUCCESS);
    ObDereferenceSecurityDescriptor(logged, 2);
}
