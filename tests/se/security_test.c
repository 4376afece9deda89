/* SPDX-License-Identifier: MIT */
/*
 * SIDs, ACLs and security descriptors as data; the access check; descriptors of objects.
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"

static GENERIC_MAPPING mapping = {1, 2, 4, 0x1f0007};
static UCHAR acl_space[256];

static PACL new_acl(void)
{
    PACL acl = (PACL)acl_space;
    CHECK_EQ(RtlCreateAcl(acl, sizeof(acl_space), ACL_REVISION), STATUS_SUCCESS);
    return acl;
}

KILN_TEST_ONCE(se_sid, has_a_length_a_text_and_an_identity)
{
    UCHAR space[SECURITY_MAX_SID_SIZE], copy[SECURITY_MAX_SID_SIZE];
    SID_IDENTIFIER_AUTHORITY nt = {{0, 0, 0, 0, 0, 5}};
    WCHAR buffer[64];
    UNICODE_STRING text = {0, sizeof(buffer), buffer}, expected = RTL_CONSTANT_STRING(L"S-1-5-32-544");
    CHECK_EQ(RtlInitializeSid(space, &nt, 16), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlInitializeSid(space, &nt, 2), STATUS_SUCCESS);
    *RtlSubAuthoritySid(space, 0) = 32;
    *RtlSubAuthoritySid(space, 1) = 544;
    CHECK(RtlValidSid(space));
    CHECK_EQ(RtlLengthSid(space), 16);
    CHECK_EQ(RtlLengthRequiredSid(2), 16);
    CHECK_EQ(*RtlSubAuthorityCountSid(space), 2);
    CHECK(RtlEqualSid(space, SeAliasAdminsSid));
    CHECK(!RtlEqualSid(space, SeAliasUsersSid));
    CHECK(RtlEqualPrefixSid(space, SeAliasUsersSid));
    CHECK_EQ(RtlCopySid(15, copy, space), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlCopySid(sizeof(copy), copy, space), STATUS_SUCCESS);
    CHECK(RtlEqualSid(copy, space));
    CHECK_EQ(RtlConvertSidToUnicodeString(&text, space, FALSE), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&text, &expected, FALSE));
    text.MaximumLength = 4;
    CHECK_EQ(RtlConvertSidToUnicodeString(&text, space, FALSE), STATUS_BUFFER_OVERFLOW);
    copy[0] = 9;
    CHECK(!RtlValidSid(copy));
}

KILN_TEST_ONCE(se_acl, entries_are_added_found_and_deleted)
{
    PACL acl = new_acl();
    PVOID ace;
    CHECK(RtlValidAcl(acl));
    CHECK_EQ(RtlCreateAcl(acl, 4, ACL_REVISION), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlCreateAcl(acl, 64, 77), STATUS_INVALID_PARAMETER);
    acl = new_acl();
    CHECK_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, SeWorldSid), STATUS_SUCCESS);
    CHECK_EQ(RtlAddAccessAllowedAceEx(acl, ACL_REVISION, OBJECT_INHERIT_ACE, 2, SeAliasAdminsSid),
             STATUS_SUCCESS);
    CHECK_EQ(acl->AceCount, 2);
    CHECK_EQ(RtlGetAce(acl, 1, &ace), STATUS_SUCCESS);
    CHECK_EQ(((PACCESS_ALLOWED_ACE)ace)->Mask, 2);
    CHECK_EQ(((PACCESS_ALLOWED_ACE)ace)->Header.AceFlags, OBJECT_INHERIT_ACE);
    CHECK(RtlEqualSid(&((PACCESS_ALLOWED_ACE)ace)->SidStart, SeAliasAdminsSid));
    CHECK_EQ(RtlGetAce(acl, 2, &ace), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlDeleteAce(acl, 0), STATUS_SUCCESS);
    CHECK_EQ(acl->AceCount, 1);
    CHECK_EQ(RtlGetAce(acl, 0, &ace), STATUS_SUCCESS);
    CHECK_EQ(((PACCESS_ALLOWED_ACE)ace)->Mask, 2);
    PACL small = (PACL)(acl_space + 128);
    CHECK_EQ(RtlCreateAcl(small, sizeof(ACL) + 8, ACL_REVISION), STATUS_SUCCESS);
    CHECK_EQ(RtlAddAccessAllowedAce(small, ACL_REVISION, 1, SeWorldSid), STATUS_ALLOTTED_SPACE_EXCEEDED);
}

KILN_TEST_ONCE(se_descriptor, goes_to_self_relative_form_and_back)
{
    SECURITY_DESCRIPTOR sd, back;
    UCHAR relative[256], dacl[128], sacl[16], owner[64], group[64];
    ULONG bytes = 0, sizes[5] = {sizeof(back), sizeof(dacl), sizeof(sacl), sizeof(owner), sizeof(group)};
    BOOLEAN present, defaulted;
    PSID sid;
    PACL acl = new_acl(), found;
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 5, SeWorldSid);
    CHECK_EQ(RtlCreateSecurityDescriptor(&sd, 2), STATUS_UNKNOWN_REVISION);
    CHECK_EQ(RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION), STATUS_SUCCESS);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(&sd, &present, &found, &defaulted), STATUS_SUCCESS);
    CHECK(!present);
    acl->AclSize = 32;
    CHECK_EQ(RtlSetDaclSecurityDescriptor(&sd, TRUE, acl, FALSE), STATUS_SUCCESS);
    CHECK_EQ(RtlSetOwnerSecurityDescriptor(&sd, SeLocalSystemSid, FALSE), STATUS_SUCCESS);
    CHECK_EQ(RtlSetGroupSecurityDescriptor(&sd, SeAliasAdminsSid, TRUE), STATUS_SUCCESS);
    CHECK(RtlValidSecurityDescriptor(&sd));
    CHECK_EQ(RtlAbsoluteToSelfRelativeSD(&sd, NULL, &bytes), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(bytes, 20 + 32 + 12 + 16);
    CHECK_EQ(RtlAbsoluteToSelfRelativeSD(&sd, relative, &bytes), STATUS_SUCCESS);
    CHECK_EQ(RtlLengthSecurityDescriptor(relative), bytes);
    CHECK(RtlValidRelativeSecurityDescriptor(relative, bytes, OWNER_SECURITY_INFORMATION));
    CHECK(!RtlValidRelativeSecurityDescriptor(relative, bytes - 1, 0));
    CHECK(!RtlValidRelativeSecurityDescriptor(relative, bytes, SACL_SECURITY_INFORMATION));
    CHECK(SeValidSecurityDescriptor(bytes, relative));
    CHECK_EQ(RtlGetOwnerSecurityDescriptor(relative, &sid, &defaulted), STATUS_SUCCESS);
    CHECK(RtlEqualSid(sid, SeLocalSystemSid) && !defaulted);
    CHECK_EQ(RtlGetGroupSecurityDescriptor(relative, &sid, &defaulted), STATUS_SUCCESS);
    CHECK(RtlEqualSid(sid, SeAliasAdminsSid) && defaulted);
    CHECK_EQ(RtlSetOwnerSecurityDescriptor(relative, sid, FALSE), STATUS_INVALID_SECURITY_DESCR);
    CHECK_EQ(RtlAbsoluteToSelfRelativeSD(relative, NULL, &bytes), STATUS_BAD_DESCRIPTOR_FORMAT);
    CHECK_EQ(RtlSelfRelativeToAbsoluteSD(relative, &back, &sizes[0], (PACL)dacl, &sizes[1], (PACL)sacl,
                                         &sizes[2], owner, &sizes[3], group, &sizes[4]),
             STATUS_SUCCESS);
    CHECK_EQ(sizes[1], 32);
    CHECK_EQ(sizes[2], 0);
    CHECK(RtlEqualSid(back.Owner, SeLocalSystemSid));
    CHECK_EQ(back.Dacl->AceCount, 1);
}

/* Decide as user mode would for the client's token. */
static NTSTATUS decide(PACL dacl, ACCESS_MASK wanted, ACCESS_MASK *granted)
{
    SECURITY_DESCRIPTOR sd;
    SECURITY_SUBJECT_CONTEXT subject;
    NTSTATUS status;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetOwnerSecurityDescriptor(&sd, SeLocalSystemSid, FALSE);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, dacl, FALSE);
    SeCaptureSubjectContext(&subject);
    BOOLEAN allowed =
        SeAccessCheck(&sd, &subject, FALSE, wanted, 0, NULL, &mapping, UserMode, granted, &status);
    SeReleaseSubjectContext(&subject);
    CHECK_EQ(allowed != 0, NT_SUCCESS(status) != 0);
    return status;
}

static void deny(PACL acl, ACCESS_MASK mask, PSID sid)
{
    PVOID ace;
    CHECK_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, mask, sid), STATUS_SUCCESS);
    CHECK_EQ(RtlGetAce(acl, acl->AceCount - 1u, &ace), STATUS_SUCCESS);
    ((PACE_HEADER)ace)->AceType = ACCESS_DENIED_ACE_TYPE;
}

KILN_TEST_ONCE(se_access, entries_decide_in_order)
{
    ACCESS_MASK granted;
    CHECK_EQ(decide(NULL, 7, &granted), STATUS_SUCCESS); /* no DACL: everything */
    CHECK_EQ(granted, 7);
    PACL acl = new_acl();
    CHECK_EQ(decide(acl, 1, &granted), STATUS_ACCESS_DENIED); /* an empty one: nothing */
    CHECK_EQ(granted, 0);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, SeWorldSid);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 2, SeAliasAdminsSid);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 4, SeLocalSystemSid); /* not us */
    CHECK_EQ(decide(acl, 3, &granted), STATUS_SUCCESS);
    CHECK_EQ(granted, 3);
    CHECK_EQ(decide(acl, 4, &granted), STATUS_ACCESS_DENIED);
    CHECK_EQ(decide(acl, MAXIMUM_ALLOWED, &granted), STATUS_SUCCESS);
    CHECK_EQ(granted, 3);
    CHECK_EQ(decide(acl, GENERIC_READ, &granted), STATUS_SUCCESS); /* means 1 */
    CHECK_EQ(granted, 1);
    acl = new_acl();
    deny(acl, 2, SeAliasAdminsSid);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 7, SeWorldSid);
    CHECK_EQ(decide(acl, 2, &granted), STATUS_ACCESS_DENIED);
    CHECK_EQ(decide(acl, 5, &granted), STATUS_SUCCESS);
    CHECK_EQ(decide(acl, MAXIMUM_ALLOWED, &granted), STATUS_SUCCESS);
    CHECK_EQ(granted, 5);
    acl = new_acl();
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 2, SeWorldSid);
    deny(acl, 2, SeAliasAdminsSid); /* too late */
    CHECK_EQ(decide(acl, 2, &granted), STATUS_SUCCESS);
    CHECK_EQ(decide(NULL, ACCESS_SYSTEM_SECURITY, &granted), STATUS_PRIVILEGE_NOT_HELD);
}

KILN_TEST_ONCE(se_privilege, the_client_holds_what_an_administrator_has_enabled)
{
    LUID load = {SE_LOAD_DRIVER_PRIVILEGE, 0}, tcb = {SE_TCB_PRIVILEGE, 0};
    CHECK(SeSinglePrivilegeCheck(load, UserMode));
    CHECK(!SeSinglePrivilegeCheck(tcb, UserMode));
    CHECK(SeSinglePrivilegeCheck(tcb, KernelMode));
}

KILN_TEST(se_object, a_named_object_has_a_descriptor_that_can_be_read_and_replaced)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\secured");
    OBJECT_ATTRIBUTES attributes;
    HANDLE event;
    UCHAR buffer[256];
    ULONG needed;
    SECURITY_DESCRIPTOR sd;
    PACL dacl;
    BOOLEAN present, defaulted;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ZwQuerySecurityObject(event, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, buffer, 0,
                                   &needed),
             STATUS_BUFFER_TOO_SMALL);
    CHECK(needed > 20 && needed < sizeof(buffer));
    CHECK_EQ(ZwQuerySecurityObject(event, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, buffer,
                                   sizeof(buffer), &needed),
             STATUS_SUCCESS);
    CHECK(SeValidSecurityDescriptor(needed, buffer));
    CHECK_EQ(RtlGetDaclSecurityDescriptor(buffer, &present, &dacl, &defaulted), STATUS_SUCCESS);
    CHECK(present && dacl->AceCount >= 1);

    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    PACL empty = new_acl();
    empty->AclSize = sizeof(ACL);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, empty, FALSE);
    CHECK_EQ(ZwSetSecurityObject(event, DACL_SECURITY_INFORMATION, &sd), STATUS_SUCCESS);
    CHECK_EQ(ZwQuerySecurityObject(event, DACL_SECURITY_INFORMATION, buffer, sizeof(buffer), &needed),
             STATUS_SUCCESS);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(buffer, &present, &dacl, &defaulted), STATUS_SUCCESS);
    CHECK(present);
    CHECK_EQ(dacl->AceCount, 0);
    ZwClose(event);
}

KILN_TEST(se_object, user_mode_is_checked_and_kernel_mode_is_not)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\closed");
    OBJECT_ATTRIBUTES attributes;
    SECURITY_DESCRIPTOR sd;
    HANDLE event, other;
    PVOID object;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetOwnerSecurityDescriptor(&sd, SeLocalSystemSid, FALSE);
    PACL acl = new_acl();
    acl->AclSize = 64;
    RtlAddAccessAllowedAce(acl, ACL_REVISION, EVENT_QUERY_STATE, SeWorldSid);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, acl, FALSE);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, &sd);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(event, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(object, 0, NULL, EVENT_MODIFY_STATE, *ExEventObjectType, UserMode, &other),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(ObOpenObjectByPointer(object, OBJ_FORCE_ACCESS_CHECK, NULL, EVENT_MODIFY_STATE, NULL, KernelMode,
                                   &other),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(ObOpenObjectByPointer(object, 0, NULL, EVENT_QUERY_STATE, *ExEventObjectType, UserMode, &other),
             STATUS_SUCCESS);
    ZwClose(other);
    CHECK_EQ(ObOpenObjectByPointer(object, 0, NULL, EVENT_MODIFY_STATE, NULL, KernelMode, &other),
             STATUS_SUCCESS);
    ZwClose(other);
    ObDereferenceObject(object);
    ZwClose(event);
}
