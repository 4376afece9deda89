/* SPDX-License-Identifier: MIT */
/* Acting for a client, and what restricted, low and privileged subjects may do. */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"

static GENERIC_MAPPING mapping = {1 | READ_CONTROL, 2, 4, 0x1f0007};
static UCHAR acl_space[256];

static PACCESS_TOKEN own_token(void)
{
    return PsReferencePrimaryToken(PsGetCurrentProcess());
}

static PACCESS_TOKEN impersonation_token(SECURITY_IMPERSONATION_LEVEL level)
{
    PACCESS_TOKEN own = own_token(), copy;
    CHECK_EQ(SepDuplicateToken(own, FALSE, TokenImpersonation, level, &copy), STATUS_SUCCESS);
    PsDereferencePrimaryToken(own);
    return copy;
}

static PACL allow(ACCESS_MASK mask, PSID sid)
{
    PACL acl = (PACL)acl_space;
    CHECK_EQ(RtlCreateAcl(acl, sizeof(acl_space), ACL_REVISION), STATUS_SUCCESS);
    CHECK_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, mask, sid), STATUS_SUCCESS);
    return acl;
}

static NTSTATUS decide(PACCESS_TOKEN token, PACL dacl, PACL sacl, ACCESS_MASK wanted, ACCESS_MASK *granted,
                       PPRIVILEGE_SET *privileges)
{
    SECURITY_DESCRIPTOR sd;
    NTSTATUS status;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, dacl, FALSE);
    if (sacl)
        RtlSetSaclSecurityDescriptor(&sd, TRUE, sacl, FALSE);
    BOOLEAN allowed =
        SeAccessCheckFromStateEx(&sd, token, NULL, wanted, 0, privileges, &mapping, UserMode, granted, &status);
    CHECK_EQ(allowed != 0, NT_SUCCESS(status) != 0);
    return status;
}

/* ---------------------------------------------------------------- checks */

KILN_TEST_ONCE(se_check, a_restricted_token_is_asked_twice)
{
    PACCESS_TOKEN own = own_token(), restricted, for_writing;
    TOKEN_GROUPS users = {1, {{SeAliasUsersSid, 0}}};
    ACCESS_MASK granted;
    CHECK_EQ(SeFilterToken(own, 0, NULL, NULL, &users, &restricted), STATUS_SUCCESS);
    CHECK_EQ(SeFilterToken(own, WRITE_RESTRICTED, NULL, NULL, &users, &for_writing), STATUS_SUCCESS);
    /* Allowed to administrators only: the restricting SID is none. */
    CHECK_EQ(decide(own, allow(3, SeAliasAdminsSid), NULL, 3, &granted, NULL), STATUS_SUCCESS);
    CHECK_EQ(decide(restricted, allow(3, SeAliasAdminsSid), NULL, 1, &granted, NULL), STATUS_ACCESS_DENIED);
    CHECK_EQ(decide(for_writing, allow(3, SeAliasAdminsSid), NULL, 1, &granted, NULL), STATUS_SUCCESS);
    CHECK_EQ(decide(for_writing, allow(3, SeAliasAdminsSid), NULL, 2, &granted, NULL), STATUS_ACCESS_DENIED);
    CHECK_EQ(decide(restricted, allow(3, SeAliasUsersSid), NULL, 3, &granted, NULL), STATUS_SUCCESS);
    CHECK_EQ(decide(restricted, allow(3, SeAliasUsersSid), NULL, MAXIMUM_ALLOWED, &granted, NULL), STATUS_SUCCESS);
    CHECK_EQ(granted, 3);
    ObDereferenceObject(restricted);
    ObDereferenceObject(for_writing);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_check, a_deny_only_group_denies_and_does_not_allow)
{
    PACCESS_TOKEN own = own_token(), filtered;
    TOKEN_GROUPS admins = {1, {{SeAliasAdminsSid, 0}}};
    ACCESS_MASK granted;
    PVOID ace;
    CHECK_EQ(SeFilterToken(own, 0, &admins, NULL, NULL, &filtered), STATUS_SUCCESS);
    CHECK_EQ(decide(filtered, allow(1, SeAliasAdminsSid), NULL, 1, &granted, NULL), STATUS_ACCESS_DENIED);
    PACL acl = allow(1, SeAliasAdminsSid);
    RtlGetAce(acl, 0, &ace);
    ((PACE_HEADER)ace)->AceType = ACCESS_DENIED_ACE_TYPE;
    RtlAddAccessAllowedAce(acl, ACL_REVISION, 1, SeWorldSid);
    CHECK_EQ(decide(filtered, acl, NULL, 1, &granted, NULL), STATUS_ACCESS_DENIED);
    ObDereferenceObject(filtered);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_check, a_low_subject_does_not_write_up)
{
    static const struct {
        UCHAR revision, count;
        SID_IDENTIFIER_AUTHORITY authority;
        ULONG level;
    } low = {SID_REVISION, 1, {{0, 0, 0, 0, 0, 16}}, SECURITY_MANDATORY_LOW_RID};
    struct {
        ACL acl;
        ACE_HEADER header;
        ACCESS_MASK mask;
        UCHAR sid[12];
    } label = {{ACL_REVISION, 0, sizeof(label), 1, 0}, {SYSTEM_MANDATORY_LABEL_ACE_TYPE, 0, 20}, 1, {0}};
    HANDLE handle;
    PACCESS_TOKEN token = impersonation_token(SecurityImpersonation);
    TOKEN_MANDATORY_LABEL level = {{(PSID)&low, SE_GROUP_INTEGRITY}};
    ACCESS_MASK granted;
    CHECK_EQ(ObOpenObjectByPointer(token, OBJ_KERNEL_HANDLE, NULL, TOKEN_ALL_ACCESS, *SeTokenObjectType, KernelMode,
                                   &handle),
             STATUS_SUCCESS);
    CHECK_EQ(decide(token, NULL, NULL, 2, &granted, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwSetInformationToken(handle, TokenIntegrityLevel, &level, sizeof(level)), STATUS_SUCCESS);
    CHECK_EQ(decide(token, NULL, NULL, 2, &granted, NULL), STATUS_ACCESS_DENIED); /* unlabelled: medium */
    CHECK_EQ(decide(token, NULL, NULL, 1, &granted, NULL), STATUS_SUCCESS);
    CHECK_EQ(decide(token, NULL, NULL, MAXIMUM_ALLOWED, &granted, NULL), STATUS_SUCCESS);
    CHECK_EQ(granted & 7, 5);
    RtlCopyMemory(label.sid, &low, 12);
    CHECK_EQ(decide(token, NULL, &label.acl, 2, &granted, NULL), STATUS_SUCCESS); /* an object as low */
    ZwClose(handle);
    ObDereferenceObject(token);
}

KILN_TEST_ONCE(se_check, privileges_that_were_used_are_named)
{
    PACCESS_TOKEN system = SepSystemToken, own = own_token();
    PPRIVILEGE_SET used = (PPRIVILEGE_SET)1;
    ACCESS_MASK granted;
    CHECK_EQ(decide(system, allow(1, SeLocalSystemSid), NULL, 1, &granted, &used), STATUS_SUCCESS);
    CHECK(used == NULL); /* none was */
    CHECK_EQ(decide(system, allow(1, SeLocalSystemSid), NULL, 1 | ACCESS_SYSTEM_SECURITY | WRITE_OWNER, &granted, &used),
             STATUS_SUCCESS);
    CHECK_EQ(granted, 1 | ACCESS_SYSTEM_SECURITY | WRITE_OWNER);
    CHECK_EQ(used->PrivilegeCount, 2);
    CHECK_EQ(used->Privilege[0].Luid.LowPart, SE_SECURITY_PRIVILEGE);
    CHECK_EQ(used->Privilege[1].Luid.LowPart, SE_TAKE_OWNERSHIP_PRIVILEGE);
    CHECK_EQ(used->Privilege[0].Attributes, SE_PRIVILEGE_USED_FOR_ACCESS);
    SeFreePrivileges(used);
    /* The client's is disabled. */
    CHECK_EQ(decide(own, NULL, NULL, ACCESS_SYSTEM_SECURITY, &granted, &used), STATUS_PRIVILEGE_NOT_HELD);
    CHECK(used == NULL);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_check, what_was_asked_of_a_token_before_decides_alike)
{
    PACCESS_TOKEN own = own_token(), client = impersonation_token(SecurityIdentification);
    PTOKEN_ACCESS_INFORMATION mine, weak;
    SECURITY_DESCRIPTOR sd;
    ACCESS_MASK granted;
    NTSTATUS status;
    CHECK_EQ(SeQueryInformationToken(own, TokenAccessInformation, (PVOID *)&mine), STATUS_SUCCESS);
    CHECK_EQ(SeQueryInformationToken(client, TokenAccessInformation, (PVOID *)&weak), STATUS_SUCCESS);
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, allow(1, SeAliasAdminsSid), FALSE);
    KIRQL irql = KeRaiseIrqlToDpcLevel(); /* documented: it might be called there */
    CHECK(SeAccessCheckFromState(&sd, mine, NULL, 1, 0, NULL, &mapping, UserMode, &granted, &status));
    CHECK(!SeAccessCheckFromState(&sd, mine, NULL, 2, 0, NULL, &mapping, UserMode, &granted, &status));
    CHECK_EQ(status, STATUS_ACCESS_DENIED);
    CHECK(!SeAccessCheckFromState(&sd, mine, weak, 1, 0, NULL, &mapping, UserMode, &granted, &status));
    CHECK_EQ(status, STATUS_BAD_IMPERSONATION_LEVEL);
    CHECK(SeAccessCheckFromState(&sd, mine, weak, 2, 0, NULL, &mapping, KernelMode, &granted, &status));
    KeLowerIrql(irql);
    ExFreePool(mine);
    ExFreePool(weak);
    ObDereferenceObject(client);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_check, an_access_state_grows_with_its_privileges)
{
    ACCESS_STATE state;
    AUX_ACCESS_DATA aux;
    PRIVILEGE_SET one = {1, 0, {{{SE_BACKUP_PRIVILEGE, 0}, 0}}};
    CHECK_EQ(SeCreateAccessState(&state, &aux, 1, &mapping), STATUS_SUCCESS);
    for (ULONG i = 1; i <= 3; i++) {
        CHECK_EQ(SeAppendPrivileges(&state, &one), STATUS_SUCCESS);
        CHECK_EQ(state.Privileges.PrivilegeSet.PrivilegeCount, i);
        CHECK(!state.PrivilegesAllocated);
    }
    one.Privilege[0].Luid.LowPart = SE_RESTORE_PRIVILEGE;
    for (ULONG i = 4; i <= 5; i++) { /* documented: beyond three a set is allocated */
        CHECK_EQ(SeAppendPrivileges(&state, &one), STATUS_SUCCESS);
        CHECK(state.PrivilegesAllocated);
        CHECK_EQ(aux.PrivilegesUsed->PrivilegeCount, i);
        CHECK_EQ(aux.PrivilegesUsed->Privilege[0].Luid.LowPart, SE_BACKUP_PRIVILEGE);
        CHECK_EQ(aux.PrivilegesUsed->Privilege[i - 1].Luid.LowPart, SE_RESTORE_PRIVILEGE);
    }
    SeDeleteAccessState(&state);
}

KILN_TEST_ONCE(se_check, a_subject_of_a_thread_and_a_process)
{
    SECURITY_SUBJECT_CONTEXT subject;
    PACCESS_TOKEN token = impersonation_token(SecurityImpersonation);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), token, FALSE, FALSE, SecurityImpersonation), STATUS_SUCCESS);
    SeCaptureSubjectContextEx(NULL, PsInitialSystemProcess, &subject);
    CHECK(subject.ClientToken == NULL);
    CHECK(SeQuerySubjectContextToken(&subject) == SepSystemToken);
    SeReleaseSubjectContext(&subject);
    SeCaptureSubjectContextEx(PsGetCurrentThread(), PsGetCurrentProcess(), &subject);
    CHECK(SeQuerySubjectContextToken(&subject) == token);
    SeReleaseSubjectContext(&subject);
    PsRevertToSelf();
    ObDereferenceObject(token);
}

/* ---------------------------------------------------------------- impersonation */

static HANDLE open_thread_token(NTSTATUS expected)
{
    HANDLE handle = NULL;
    CHECK_EQ(ZwOpenThreadTokenEx(NtCurrentThread(), TOKEN_ALL_ACCESS, TRUE, OBJ_KERNEL_HANDLE, &handle), expected);
    return handle;
}

KILN_TEST_ONCE(se_impersonation, ends_when_the_token_is_null_or_the_thread_reverts)
{
    PACCESS_TOKEN token = impersonation_token(SecurityImpersonation), got;
    SECURITY_IMPERSONATION_LEVEL level;
    BOOLEAN copy, effective;
    CHECK(PsReferenceImpersonationToken(PsGetCurrentThread(), &copy, &effective, &level) == NULL);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), token, TRUE, TRUE, SecurityIdentification), STATUS_SUCCESS);
    got = PsReferenceImpersonationToken(PsGetCurrentThread(), &copy, &effective, &level);
    CHECK(got == token && copy && effective && level == SecurityIdentification);
    PsDereferenceImpersonationToken(got);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), NULL, FALSE, FALSE, SecurityAnonymous), STATUS_SUCCESS);
    CHECK(PsReferenceImpersonationToken(PsGetCurrentThread(), &copy, &effective, &level) == NULL);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), token, FALSE, FALSE, SecurityImpersonation), STATUS_SUCCESS);
    PsRevertToSelf();
    open_thread_token(STATUS_NO_TOKEN);
    ObDereferenceObject(token);
}

KILN_TEST_ONCE(se_impersonation, without_the_privilege_others_can_only_be_identified)
{
    struct {
        ULONG count;
        LUID_AND_ATTRIBUTES privileges[1];
    } off = {1, {{{SE_IMPERSONATE_PRIVILEGE, 0}, 0}}};
    SECURITY_IMPERSONATION_LEVEL level;
    BOOLEAN copy, effective;
    HANDLE own;
    CHECK_EQ(ZwOpenProcessTokenEx(NtCurrentProcess(), TOKEN_ALL_ACCESS, OBJ_KERNEL_HANDLE, &own), STATUS_SUCCESS);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), SepSystemToken, FALSE, FALSE, SecurityImpersonation),
             STATUS_SUCCESS);
    PACCESS_TOKEN got = PsReferenceImpersonationToken(PsGetCurrentThread(), &copy, &effective, &level);
    CHECK(got == SepSystemToken && level == SecurityImpersonation);
    PsDereferenceImpersonationToken(got);
    PsRevertToSelf();
    CHECK_EQ(ZwAdjustPrivilegesToken(own, FALSE, (PTOKEN_PRIVILEGES)&off, 0, NULL, NULL), STATUS_SUCCESS);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), SepSystemToken, FALSE, FALSE, SecurityImpersonation),
             STATUS_SUCCESS);
    got = PsReferenceImpersonationToken(PsGetCurrentThread(), &copy, &effective, &level);
    CHECK(got != SepSystemToken && level == SecurityIdentification);
    PsDereferenceImpersonationToken(got);
    PsRevertToSelf();
    /* Its own user it may act for in any case. */
    PACCESS_TOKEN same = impersonation_token(SecurityImpersonation);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), same, FALSE, FALSE, SecurityImpersonation), STATUS_SUCCESS);
    got = PsReferenceImpersonationToken(PsGetCurrentThread(), &copy, &effective, &level);
    CHECK(got == same && level == SecurityImpersonation);
    PsDereferenceImpersonationToken(got);
    PsRevertToSelf();
    ObDereferenceObject(same);
    ZwClose(own);
}

KILN_TEST_ONCE(se_impersonation, a_token_to_be_copied_is_not_opened_itself)
{
    PACCESS_TOKEN token = impersonation_token(SecurityImpersonation), opened;
    struct {
        ULONG count;
        LUID_AND_ATTRIBUTES privileges[1];
    } on = {1, {{{SE_DEBUG_PRIVILEGE, 0}, SE_PRIVILEGE_ENABLED}}};
    LUID debug = {SE_DEBUG_PRIVILEGE, 0};
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), token, TRUE, FALSE, SecurityImpersonation), STATUS_SUCCESS);
    HANDLE handle = open_thread_token(STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *SeTokenObjectType, KernelMode, &opened, NULL), STATUS_SUCCESS);
    CHECK(opened != token);
    ObDereferenceObject(opened);
    /* What is enabled through the handle holds for the thread. */
    CHECK(!SeSinglePrivilegeCheck(debug, UserMode));
    CHECK_EQ(ZwAdjustPrivilegesToken(handle, FALSE, (PTOKEN_PRIVILEGES)&on, 0, NULL, NULL), STATUS_SUCCESS);
    CHECK(SeSinglePrivilegeCheck(debug, UserMode));
    ZwClose(handle);
    PsRevertToSelf();
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), token, FALSE, FALSE, SecurityAnonymous), STATUS_SUCCESS);
    open_thread_token(STATUS_CANT_OPEN_ANONYMOUS);
    PsRevertToSelf();
    ObDereferenceObject(token);
}

KILN_TEST_ONCE(se_impersonation, a_token_is_assigned_by_handle)
{
    HANDLE own, copy;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenProcessTokenEx(NtCurrentProcess(), TOKEN_ALL_ACCESS, OBJ_KERNEL_HANDLE, &own), STATUS_SUCCESS);
    CHECK_EQ(ZwDuplicateToken(own, 0, &attributes, FALSE, TokenImpersonation, &copy), STATUS_SUCCESS);
    CHECK_EQ(PsAssignImpersonationToken(PsGetCurrentThread(), own), STATUS_BAD_TOKEN_TYPE);
    CHECK_EQ(PsAssignImpersonationToken(PsGetCurrentThread(), (HANDLE)0x7770), STATUS_INVALID_HANDLE);
    CHECK_EQ(PsAssignImpersonationToken(PsGetCurrentThread(), copy), STATUS_SUCCESS);
    ZwClose(open_thread_token(STATUS_SUCCESS));
    CHECK_EQ(PsAssignImpersonationToken(PsGetCurrentThread(), NULL), STATUS_SUCCESS);
    open_thread_token(STATUS_NO_TOKEN);
    ZwClose(copy);
    ZwClose(own);
}

KILN_TEST_ONCE(se_client, dynamic_tracking_refers_and_static_tracking_copies)
{
    SECURITY_QUALITY_OF_SERVICE qos = {sizeof(qos), SecurityImpersonation, SECURITY_DYNAMIC_TRACKING, FALSE};
    SECURITY_CLIENT_CONTEXT context;
    SECURITY_SUBJECT_CONTEXT subject;
    PACCESS_TOKEN own = own_token();
    CHECK_EQ(SeCreateClientSecurity(PsGetCurrentThread(), &qos, FALSE, &context), STATUS_SUCCESS);
    CHECK(context.ClientToken == own && context.DirectlyAccessClientToken);
    SeDeleteClientSecurity(&context);
    CHECK_EQ(SeCreateClientSecurity(PsGetCurrentThread(), &qos, TRUE, &context), STATUS_SUCCESS); /* remote: a copy */
    CHECK(context.ClientToken != own && !context.DirectlyAccessClientToken);
    CHECK_EQ(SeTokenType(context.ClientToken), TokenImpersonation);
    SeDeleteClientSecurity(&context);
    qos.ContextTrackingMode = SECURITY_STATIC_TRACKING;
    SeCaptureSubjectContext(&subject);
    CHECK_EQ(SeCreateClientSecurityFromSubjectContext(&subject, &qos, FALSE, &context), STATUS_SUCCESS);
    SeReleaseSubjectContext(&subject);
    CHECK(context.ClientToken != own);
    CHECK_EQ(SeTokenImpersonationLevel(context.ClientToken), SecurityImpersonation);
    SeDeleteClientSecurity(&context);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_client, a_client_that_impersonates_passes_on_no_more_than_it_has)
{
    SECURITY_QUALITY_OF_SERVICE qos = {sizeof(qos), SecurityImpersonation, SECURITY_STATIC_TRACKING, FALSE};
    SECURITY_CLIENT_CONTEXT context;
    SECURITY_SUBJECT_CONTEXT subject;
    PACCESS_TOKEN token = impersonation_token(SecurityDelegation);
    PETHREAD self = PsGetCurrentThread();
    CHECK_EQ(PsImpersonateClient(self, token, FALSE, FALSE, SecurityIdentification), STATUS_SUCCESS);
    CHECK_EQ(SeCreateClientSecurity(self, &qos, FALSE, &context), STATUS_BAD_IMPERSONATION_LEVEL);
    SeCaptureSubjectContext(&subject);
    CHECK_EQ(SeCreateClientSecurityFromSubjectContext(&subject, &qos, FALSE, &context), STATUS_BAD_IMPERSONATION_LEVEL);
    SeReleaseSubjectContext(&subject);
    CHECK_EQ(PsImpersonateClient(self, token, FALSE, FALSE, SecurityImpersonation), STATUS_SUCCESS);
    CHECK_EQ(SeCreateClientSecurity(self, &qos, TRUE, &context), STATUS_BAD_IMPERSONATION_LEVEL); /* remote */
    CHECK_EQ(SeCreateClientSecurity(self, &qos, FALSE, &context), STATUS_SUCCESS);
    SeDeleteClientSecurity(&context);
    CHECK_EQ(PsImpersonateClient(self, token, FALSE, FALSE, SecurityDelegation), STATUS_SUCCESS);
    CHECK_EQ(SeCreateClientSecurity(self, &qos, TRUE, &context), STATUS_SUCCESS);
    SeDeleteClientSecurity(&context);
    PsRevertToSelf();
    ObDereferenceObject(token);
}

static KEVENT asked;
static PETHREAD server_thread;
static SECURITY_CLIENT_CONTEXT server_context;
static PACCESS_TOKEN acted_as;

static VOID NTAPI serve(PVOID argument)
{
    SECURITY_SUBJECT_CONTEXT subject;
    UNREFERENCED_PARAMETER(argument);
    server_thread = PsGetCurrentThread();
    CHECK_EQ(SeImpersonateClientEx(&server_context, NULL), STATUS_SUCCESS);
    SeCaptureSubjectContext(&subject);
    acted_as = SeQuerySubjectContextToken(&subject);
    SeReleaseSubjectContext(&subject);
    SeStopImpersonatingClient();
    SeImpersonateClient(&server_context, server_thread); /* the older form */
    CHECK(PsIsThreadImpersonating(server_thread));
    SeStopImpersonatingClient();
    CHECK(!PsIsThreadImpersonating(server_thread));
    KeSetEvent(&asked, IO_NO_INCREMENT, FALSE);
}

KILN_TEST(se_client, a_server_thread_acts_for_the_client)
{
    SECURITY_QUALITY_OF_SERVICE qos = {sizeof(qos), SecurityImpersonation, SECURITY_DYNAMIC_TRACKING, FALSE};
    HANDLE thread;
    PACCESS_TOKEN own = own_token();
    KeInitializeEvent(&asked, NotificationEvent, FALSE);
    CHECK_EQ(SeCreateClientSecurity(PsGetCurrentThread(), &qos, FALSE, &server_context), STATUS_SUCCESS);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, serve, NULL), STATUS_SUCCESS);
    ZwClose(thread);
    KeWaitForSingleObject(&asked, Executive, KernelMode, FALSE, NULL);
    CHECK(acted_as == own);
    SeDeleteClientSecurity(&server_context);
    PsDereferencePrimaryToken(own);
}

/* ---------------------------------------------------------------- auditing */

KILN_TEST_ONCE(se_audit, is_off)
{
    SECURITY_SUBJECT_CONTEXT subject;
    ACCESS_STATE state;
    AUX_ACCESS_DATA aux;
    UNICODE_STRING type = RTL_CONSTANT_STRING(L"File");
    BOOLEAN generate = 7, generate_delete = 7;
    SeCaptureSubjectContext(&subject);
    CHECK_EQ(SeAuditingFileEvents(TRUE, SePublicDefaultSd), FALSE);
    CHECK_EQ(SeAuditingFileOrGlobalEvents(FALSE, SePublicDefaultSd, &subject), FALSE);
    CHECK_EQ(SeCreateAccessState(&state, &aux, 1, &mapping), STATUS_SUCCESS);
    SeOpenObjectAuditAlarm(&type, NULL, NULL, SePublicDefaultSd, &state, FALSE, FALSE, UserMode, &generate);
    SeOpenObjectForDeleteAuditAlarm(&type, NULL, NULL, SePublicDefaultSd, &state, FALSE, TRUE, UserMode,
                                    &generate_delete);
    CHECK(generate == FALSE && generate_delete == FALSE);
    SeDeleteAccessState(&state);
    SeReleaseSubjectContext(&subject);
}

KILN_TEST_ONCE(se_audit, a_process_is_named_by_its_image)
{
    PUNICODE_STRING name = NULL;
    CHECK_EQ(SeLocateProcessImageName(PsGetCurrentProcess(), &name), STATUS_SUCCESS);
    CHECK(name->Length != 0 && name->MaximumLength > name->Length);
    CHECK((UCHAR *)name->Buffer == (UCHAR *)(name + 1)); /* one block: the string and its characters */
    CHECK_EQ(name->Buffer[name->Length / sizeof(WCHAR)], 0);
    ExFreePool(name);
}
