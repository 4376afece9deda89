/* SPDX-License-Identifier: MIT */
/* Token objects are guarded by security descriptors: who opens and who copies one. */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"

static UCHAR acl_space[256];

/* What a caller in user mode gets; the handle lies in user memory. */
static PHANDLE user_handle(void)
{
    PVOID page = NULL;
    SIZE_T size = PAGE_SIZE;
    CHECK_EQ(ZwAllocateVirtualMemory(NtCurrentProcess(), &page, 0, &size,
                                     MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE),
             STATUS_SUCCESS);
    return page;
}

static ACCESS_MASK granted_by(HANDLE handle)
{
    OBJECT_HANDLE_INFORMATION info;
    PVOID token;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *SeTokenObjectType, KernelMode, &token, &info),
             STATUS_SUCCESS);
    ObDereferenceObject(token);
    return info.GrantedAccess;
}

static void allow_only(PACCESS_TOKEN token, ACCESS_MASK access, PSID sid)
{
    SECURITY_DESCRIPTOR sd;
    PACL acl = (PACL)acl_space;
    CHECK_EQ(RtlCreateAcl(acl, sizeof(acl_space), ACL_REVISION), STATUS_SUCCESS);
    CHECK_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, access, sid), STATUS_SUCCESS);
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, acl, FALSE);
    RtlSetOwnerSecurityDescriptor(&sd, SeLocalSystemSid, FALSE);
    CHECK_EQ(ObSetSecurityObjectByPointer(token, DACL_SECURITY_INFORMATION | OWNER_SECURITY_INFORMATION, &sd),
             STATUS_SUCCESS);
}

static NTSTATUS open_process_token(ACCESS_MASK access, PHANDLE handle)
{
    KiThread()->PreviousMode = UserMode;
    NTSTATUS status = NtOpenProcessTokenEx(NtCurrentProcess(), access, 0, handle);
    KiThread()->PreviousMode = KernelMode;
    return status;
}

static NTSTATUS open_thread_token(ACCESS_MASK access, BOOLEAN as_self, PHANDLE handle)
{
    KiThread()->PreviousMode = UserMode;
    NTSTATUS status = NtOpenThreadTokenEx(NtCurrentThread(), access, as_self, 0, handle);
    KiThread()->PreviousMode = KernelMode;
    return status;
}

static NTSTATUS copy(HANDLE token, ACCESS_MASK access, PHANDLE handle)
{
    KiThread()->PreviousMode = UserMode;
    NTSTATUS status = NtDuplicateToken(token, access, NULL, FALSE, TokenImpersonation, handle);
    KiThread()->PreviousMode = KernelMode;
    return status;
}

static BOOLEAN mentions(PACL acl, PSID sid)
{
    PVOID ace;
    for (ULONG i = 0; acl && NT_SUCCESS(RtlGetAce(acl, i, &ace)); i++)
        if (RtlEqualSid(&((PACCESS_ALLOWED_ACE)ace)->SidStart, sid))
            return TRUE;
    return FALSE;
}

KILN_TEST_ONCE(se_token_access, every_token_has_a_descriptor)
{
    PACCESS_TOKEN own = PsReferencePrimaryToken(PsGetCurrentProcess());
    PACCESS_TOKEN tokens[] = {own, SepSystemToken, NULL, NULL};
    CHECK_EQ(SeFilterToken(own, DISABLE_MAX_PRIVILEGE, NULL, NULL, NULL, &tokens[2]), STATUS_SUCCESS);
    CHECK_EQ(SepDuplicateToken(own, FALSE, TokenImpersonation, SecurityImpersonation, &tokens[3]),
             STATUS_SUCCESS);
    for (ULONG i = 0; i < RTL_NUMBER_OF(tokens); i++) {
        PSECURITY_DESCRIPTOR sd;
        BOOLEAN allocated, present, defaulted;
        PACL dacl = NULL;
        PSID owner = NULL;
        CHECK_EQ(ObGetObjectSecurity(tokens[i], &sd, &allocated), STATUS_SUCCESS);
        CHECK(sd != NULL);
        CHECK_EQ(RtlGetOwnerSecurityDescriptor(sd, &owner, &defaulted), STATUS_SUCCESS);
        CHECK(RtlEqualSid(owner, SeAliasAdminsSid));
        CHECK_EQ(RtlGetDaclSecurityDescriptor(sd, &present, &dacl, &defaulted), STATUS_SUCCESS);
        CHECK(present && mentions(dacl, SeLocalSystemSid) && mentions(dacl, SeAliasAdminsSid));
        CHECK(!mentions(dacl, SeWorldSid));
        ObReleaseObjectSecurity(sd, allocated);
    }
    ObDereferenceObject(tokens[2]);
    ObDereferenceObject(tokens[3]);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_token_access, opening_is_judged_by_the_token_s_list)
{
    PACCESS_TOKEN own = PsReferencePrimaryToken(PsGetCurrentProcess());
    PHANDLE handle = user_handle();
    HANDLE kernels;
    CHECK_EQ(open_process_token(TOKEN_ALL_ACCESS, handle), STATUS_SUCCESS);
    CHECK_EQ(granted_by(*handle), TOKEN_ALL_ACCESS);
    allow_only(own, TOKEN_QUERY, SeWorldSid);
    CHECK_EQ(open_process_token(TOKEN_QUERY, handle), STATUS_SUCCESS);
    CHECK_EQ(open_process_token(TOKEN_QUERY | TOKEN_DUPLICATE, handle), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_process_token(ACCESS_SYSTEM_SECURITY, handle), STATUS_PRIVILEGE_NOT_HELD);
    CHECK_EQ(open_process_token(MAXIMUM_ALLOWED, handle), STATUS_SUCCESS);
    CHECK_EQ(granted_by(*handle), TOKEN_QUERY);
    /* Kernel mode is not asked. */
    CHECK_EQ(ZwOpenProcessTokenEx(NtCurrentProcess(), TOKEN_DUPLICATE, OBJ_KERNEL_HANDLE, &kernels),
             STATUS_SUCCESS);
    ZwClose(kernels);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_token_access, open_as_self_is_judged_as_the_process)
{
    PACCESS_TOKEN own = PsReferencePrimaryToken(PsGetCurrentProcess()), client;
    TOKEN_GROUPS admins = {1, {{SeAliasAdminsSid, 0}}};
    PHANDLE handle = user_handle();
    /* The client is no administrator any more, and its token opens to administrators only. */
    CHECK_EQ(SepDuplicateToken(own, FALSE, TokenImpersonation, SecurityImpersonation, &client),
             STATUS_SUCCESS);
    PACCESS_TOKEN filtered;
    CHECK_EQ(SeFilterToken(client, 0, &admins, NULL, NULL, &filtered), STATUS_SUCCESS);
    allow_only(filtered, TOKEN_QUERY, SeAliasAdminsSid);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), filtered, FALSE, FALSE, SecurityImpersonation),
             STATUS_SUCCESS);
    CHECK_EQ(open_thread_token(TOKEN_QUERY, FALSE, handle), STATUS_ACCESS_DENIED);
    CHECK_EQ(open_thread_token(TOKEN_QUERY, TRUE, handle), STATUS_SUCCESS);
    CHECK_EQ(open_thread_token(TOKEN_DUPLICATE, TRUE, handle), STATUS_ACCESS_DENIED);
    CHECK(PsIsThreadImpersonating(PsGetCurrentThread())); /* still */
    PsRevertToSelf();
    ObDereferenceObject(filtered);
    ObDereferenceObject(client);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_token_access, a_client_that_only_identifies_itself_is_opened_as_self)
{
    PACCESS_TOKEN own = PsReferencePrimaryToken(PsGetCurrentProcess()), client;
    PHANDLE handle = user_handle();
    CHECK_EQ(SepDuplicateToken(own, FALSE, TokenImpersonation, SecurityIdentification, &client),
             STATUS_SUCCESS);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), client, FALSE, FALSE, SecurityIdentification),
             STATUS_SUCCESS);
    CHECK_EQ(open_thread_token(TOKEN_QUERY, FALSE, handle), STATUS_BAD_IMPERSONATION_LEVEL);
    CHECK_EQ(open_thread_token(TOKEN_QUERY, TRUE, handle), STATUS_SUCCESS);
    PsRevertToSelf();
    ObDereferenceObject(client);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_token_access, a_copy_is_judged_by_the_list_of_the_first)
{
    PACCESS_TOKEN own = PsReferencePrimaryToken(PsGetCurrentProcess());
    PHANDLE handle = user_handle();
    HANDLE first, kernels;
    CHECK_EQ(open_process_token(TOKEN_QUERY | TOKEN_DUPLICATE, handle), STATUS_SUCCESS);
    first = *handle;
    allow_only(own, TOKEN_QUERY | TOKEN_IMPERSONATE, SeWorldSid);
    CHECK_EQ(copy(first, TOKEN_ADJUST_DEFAULT, handle), STATUS_ACCESS_DENIED);
    CHECK_EQ(copy(first, TOKEN_QUERY | TOKEN_IMPERSONATE, handle), STATUS_SUCCESS);
    CHECK_EQ(granted_by(*handle), TOKEN_QUERY | TOKEN_IMPERSONATE);
    CHECK_EQ(copy(first, MAXIMUM_ALLOWED, handle), STATUS_SUCCESS);
    CHECK_EQ(granted_by(*handle), TOKEN_QUERY | TOKEN_IMPERSONATE);
    CHECK_EQ(copy(first, 0, handle), STATUS_SUCCESS); /* the same as the first handle's */
    CHECK_EQ(granted_by(*handle), TOKEN_QUERY | TOKEN_DUPLICATE);
    CHECK_EQ(ZwDuplicateToken(first, TOKEN_ALL_ACCESS, NULL, FALSE, TokenPrimary, &kernels), STATUS_SUCCESS);
    CHECK_EQ(granted_by(kernels), TOKEN_ALL_ACCESS);
    PsDereferencePrimaryToken(own);
}

KILN_TEST_ONCE(se_token_access, two_rights_over_a_copy_take_a_privilege)
{
    PHANDLE handle = user_handle();
    HANDLE first;
    CHECK_EQ(open_process_token(TOKEN_ALL_ACCESS, handle), STATUS_SUCCESS);
    first = *handle;
    CHECK_EQ(copy(first, TOKEN_ALL_ACCESS, handle), STATUS_SUCCESS);
    CHECK_EQ(granted_by(*handle), TOKEN_ALL_ACCESS & ~(TOKEN_ADJUST_SESSIONID | TOKEN_ASSIGN_PRIMARY));
    PACCESS_TOKEN system;
    CHECK_EQ(SepDuplicateToken(SepSystemToken, FALSE, TokenImpersonation, SecurityImpersonation, &system),
             STATUS_SUCCESS);
    CHECK_EQ(PsImpersonateClient(PsGetCurrentThread(), system, FALSE, FALSE, SecurityImpersonation),
             STATUS_SUCCESS);
    NTSTATUS status = copy(first, TOKEN_ALL_ACCESS, handle);
    PsRevertToSelf();
    ObDereferenceObject(system);
    CHECK_EQ(status, STATUS_SUCCESS);
    CHECK_EQ(granted_by(*handle), TOKEN_ALL_ACCESS);
}

KILN_TEST_ONCE(se_token_access, a_copy_s_descriptor_is_made_of_the_caller_s_token)
{
    PACCESS_TOKEN own = PsReferencePrimaryToken(PsGetCurrentProcess()), made;
    PHANDLE handle = user_handle();
    PSECURITY_DESCRIPTOR sd;
    BOOLEAN allocated, present, defaulted;
    PACL dacl = NULL;
    CHECK_EQ(open_process_token(TOKEN_QUERY | TOKEN_DUPLICATE, handle), STATUS_SUCCESS);
    allow_only(own, TOKEN_ALL_ACCESS, SeWorldSid);
    CHECK_EQ(copy(*handle, 0, handle), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(*handle, 0, *SeTokenObjectType, KernelMode, &made, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ObGetObjectSecurity(made, &sd, &allocated), STATUS_SUCCESS);
    CHECK(sd != NULL);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(sd, &present, &dacl, &defaulted), STATUS_SUCCESS);
    CHECK(present && mentions(dacl, SeAliasAdminsSid) && !mentions(dacl, SeWorldSid));
    ObReleaseObjectSecurity(sd, allocated);
    ObDereferenceObject(made);
    PsDereferencePrimaryToken(own);
}
