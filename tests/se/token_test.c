/* SPDX-License-Identifier: MIT */
/* Tokens: what they say, copies, filters, what is turned on and off, and logon sessions. */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"

static HANDLE open_own(ACCESS_MASK access)
{
    HANDLE token;
    CHECK_EQ(ZwOpenProcessTokenEx(NtCurrentProcess(), access, OBJ_KERNEL_HANDLE, &token), STATUS_SUCCESS);
    return token;
}

/* Referenced. */
static PACCESS_TOKEN token_of(HANDLE handle)
{
    PACCESS_TOKEN token;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *SeTokenObjectType, KernelMode, &token, NULL), STATUS_SUCCESS);
    return token;
}

static PVOID ask(PACCESS_TOKEN token, TOKEN_INFORMATION_CLASS class)
{
    PVOID answer;
    CHECK_EQ(SeQueryInformationToken(token, class, &answer), STATUS_SUCCESS);
    return answer;
}

static HANDLE duplicate(HANDLE token, BOOLEAN effective, TOKEN_TYPE type, LONG level, NTSTATUS expected)
{
    SECURITY_QUALITY_OF_SERVICE qos = {sizeof(qos), (SECURITY_IMPERSONATION_LEVEL)level, SECURITY_STATIC_TRACKING, FALSE};
    OBJECT_ATTRIBUTES attributes;
    HANDLE copy = NULL;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    if (level >= 0)
        attributes.SecurityQualityOfService = &qos;
    CHECK_EQ(ZwDuplicateToken(token, 0, &attributes, effective, type, &copy), expected);
    return copy;
}

static ULONG attributes_of(PACCESS_TOKEN token, PSID sid)
{
    PTOKEN_GROUPS groups = ask(token, TokenGroups);
    ULONG attributes = 0;
    for (ULONG i = 0; i < groups->GroupCount; i++)
        if (RtlEqualSid(groups->Groups[i].Sid, sid))
            attributes = groups->Groups[i].Attributes;
    ExFreePool(groups);
    return attributes;
}

static ULONG privilege_of(PACCESS_TOKEN token, ULONG privilege)
{
    PTOKEN_PRIVILEGES all = ask(token, TokenPrivileges);
    ULONG attributes = SE_PRIVILEGE_REMOVED;
    for (ULONG i = 0; i < all->PrivilegeCount; i++)
        if (all->Privileges[i].Luid.LowPart == privilege)
            attributes = all->Privileges[i].Attributes;
    ExFreePool(all);
    return attributes;
}

/* ---------------------------------------------------------------- asking */

KILN_TEST_ONCE(se_token, says_how_long_its_answer_is)
{
    UCHAR buffer[128];
    ULONG length = 77, again;
    HANDLE token = open_own(TOKEN_QUERY);
    CHECK_EQ(ZwQueryInformationToken(token, TokenUser, buffer, 0, &length), STATUS_BUFFER_TOO_SMALL);
    CHECK(length > sizeof(TOKEN_USER) && length <= sizeof(buffer));
    CHECK_EQ(ZwQueryInformationToken(token, TokenUser, buffer, length - 1, &again), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(again, length);
    CHECK_EQ(ZwQueryInformationToken(token, TokenUser, buffer, length, &again), STATUS_SUCCESS);
    PSID user = ((PTOKEN_USER)buffer)->User.Sid;
    CHECK((UCHAR *)user >= buffer && (UCHAR *)user < buffer + length); /* it lies in the caller's buffer */
    CHECK(RtlValidSid(user));
    ZwClose(token);
}

KILN_TEST_ONCE(se_token, handles_and_classes_are_checked)
{
    ULONG64 buffer[64];
    ULONG length;
    HANDLE weak, source;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    CHECK_EQ(ZwOpenProcessTokenEx(NtCurrentProcess(), TOKEN_QUERY, 0, &weak), STATUS_SUCCESS);
    CHECK_EQ(ZwOpenProcessTokenEx(NtCurrentProcess(), TOKEN_QUERY_SOURCE, 0, &source), STATUS_SUCCESS);
    CHECK_EQ(ZwQueryInformationToken(weak, (TOKEN_INFORMATION_CLASS)0, buffer, sizeof(buffer), &length),
             STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwQueryInformationToken(weak, MaxTokenInfoClass, buffer, sizeof(buffer), &length),
             STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwQueryInformationToken((HANDLE)0x7770, TokenUser, buffer, sizeof(buffer), &length), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwQueryInformationToken(NtCurrentProcess(), TokenUser, buffer, sizeof(buffer), &length),
             STATUS_OBJECT_TYPE_MISMATCH);
    KiThread()->PreviousMode = UserMode;
    PVOID user = NULL;
    SIZE_T size = PAGE_SIZE;
    NTSTATUS allocated = NtAllocateVirtualMemory(NtCurrentProcess(), &user, 0, &size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    KiThread()->PreviousMode = KernelMode;
    if (!NT_SUCCESS(allocated)) /* arguments in kernel memory are refused in that mode */
        CHECK_EQ(ZwAllocateVirtualMemory(NtCurrentProcess(), &user, 0, &size, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE),
                 STATUS_SUCCESS);
    PULONG user_length = user;
    KiThread()->PreviousMode = UserMode;
    NTSTATUS needs_source = NtQueryInformationToken(weak, TokenSource, (UCHAR *)user + 64, 1024, user_length);
    NTSTATUS has_source = NtQueryInformationToken(source, TokenSource, (UCHAR *)user + 64, 1024, user_length);
    NTSTATUS needs_query = NtQueryInformationToken(source, TokenUser, (UCHAR *)user + 64, 1024, user_length);
    NTSTATUS kernel_length = NtQueryInformationToken(weak, TokenUser, (UCHAR *)user + 64, 1024, &length);
    NTSTATUS no_duplicate = NtDuplicateToken(weak, 0, NULL, FALSE, TokenPrimary, (PHANDLE)user);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(needs_source, STATUS_ACCESS_DENIED);
    CHECK_EQ(has_source, STATUS_SUCCESS);
    CHECK_EQ(needs_query, STATUS_ACCESS_DENIED);
    CHECK_EQ(kernel_length, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(no_duplicate, STATUS_ACCESS_DENIED);
    ZwClose(weak);
    ZwClose(source);
}

KILN_TEST_ONCE(se_token, every_documented_class_has_an_answer)
{
    static const UCHAR classes[] = {1,  2,  3,  4,  5,  6,  7,  8,  10, 11, 12, 13, 15, 17, 18, 20, 21, 22,
                                    23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 37, 40, 46};
    ULONG64 buffer[256];
    ULONG length;
    HANDLE token = open_own(TOKEN_ALL_ACCESS);
    for (ULONG i = 0; i < sizeof(classes); i++)
        CHECK_EQ(ZwQueryInformationToken(token, classes[i], buffer, sizeof(buffer), &length), STATUS_SUCCESS);
    /* A primary token has no impersonation level, and this one no other half. */
    CHECK_EQ(ZwQueryInformationToken(token, TokenImpersonationLevel, buffer, sizeof(buffer), &length),
             STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwQueryInformationToken(token, TokenLinkedToken, buffer, sizeof(buffer), &length),
             STATUS_NO_SUCH_LOGON_SESSION);
    ZwClose(token);
}

KILN_TEST_ONCE(se_token, answers_hang_together)
{
    HANDLE handle = open_own(TOKEN_ALL_ACCESS);
    PACCESS_TOKEN token = token_of(handle);
    PTOKEN_USER user = ask(token, TokenUser);
    PTOKEN_STATISTICS statistics = ask(token, TokenStatistics);
    PTOKEN_GROUPS_AND_PRIVILEGES all = ask(token, TokenGroupsAndPrivileges);
    PTOKEN_ACCESS_INFORMATION access = ask(token, TokenAccessInformation);
    PTOKEN_DEFAULT_DACL dacl = ask(token, TokenDefaultDacl);
    PTOKEN_OWNER owner = ask(token, TokenOwner);
    PTOKEN_GROUPS logon = ask(token, TokenLogonSid);
    PTOKEN_MANDATORY_LABEL label;
    UCHAR space[64];
    LUID id;
    ULONG session, level, length;
    CHECK_EQ(all->SidCount, statistics->GroupCount + 1);
    CHECK_EQ(all->PrivilegeCount, statistics->PrivilegeCount);
    CHECK(RtlEqualSid(all->Sids[0].Sid, user->User.Sid));
    CHECK_EQ(all->RestrictedSidCount, 0);
    CHECK_EQ(access->SidHash->SidCount, all->SidCount);
    CHECK(RtlSidHashLookup(access->SidHash, SeAliasAdminsSid) != NULL);
    CHECK(RtlSidHashLookup(access->SidHash, SeLocalSystemSid) == NULL);
    CHECK(RtlValidAcl(dacl->DefaultDacl));
    CHECK(RtlEqualSid(owner->Owner, SeAliasAdminsSid));
    CHECK_EQ(logon->GroupCount, 1);
    CHECK_EQ(SeQueryAuthenticationIdToken(token, &id), STATUS_SUCCESS);
    CHECK_EQ(id.LowPart, statistics->AuthenticationId.LowPart);
    CHECK_EQ(SeQuerySessionIdToken(token, &session), STATUS_SUCCESS);
    /* Documented: these two are given by value. */
    PVOID value = NULL;
    CHECK_EQ(SeQueryInformationToken(token, TokenSessionId, &value), STATUS_SUCCESS);
    CHECK_EQ((ULONG)(ULONG_PTR)value, session);
    CHECK_EQ(SeQueryInformationToken(token, TokenIntegrityLevel, (PVOID *)&level), STATUS_SUCCESS);
    CHECK_EQ(level, SECURITY_MANDATORY_HIGH_RID);
    label = (PTOKEN_MANDATORY_LABEL)space;
    CHECK_EQ(ZwQueryInformationToken(handle, TokenIntegrityLevel, space, sizeof(space), &length), STATUS_SUCCESS);
    CHECK_EQ(*RtlSubAuthoritySid(label->Label.Sid, 0), level);
    CHECK_EQ(SeTokenType(token), TokenPrimary);
    CHECK(SeTokenIsAdmin(token) && !SeTokenIsRestricted(token) && !SeTokenIsWriteRestricted(token));
    ExFreePool(user);
    ExFreePool(statistics);
    ExFreePool(all);
    ExFreePool(access);
    ExFreePool(dacl);
    ExFreePool(owner);
    ExFreePool(logon);
    ObDereferenceObject(token);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- copies */

KILN_TEST_ONCE(se_token, a_duplicate_is_another_token_with_the_same_contents)
{
    HANDLE own = open_own(TOKEN_ALL_ACCESS), copy = duplicate(own, FALSE, TokenPrimary, -1, STATUS_SUCCESS);
    PACCESS_TOKEN first = token_of(own), second = token_of(copy);
    PTOKEN_STATISTICS a = ask(first, TokenStatistics), b = ask(second, TokenStatistics);
    CHECK(first != second);
    CHECK(a->TokenId.LowPart != b->TokenId.LowPart);
    CHECK_EQ(a->AuthenticationId.LowPart, b->AuthenticationId.LowPart);
    CHECK_EQ(a->GroupCount, b->GroupCount);
    CHECK_EQ(a->PrivilegeCount, b->PrivilegeCount);
    CHECK_EQ(b->TokenType, TokenPrimary);
    ExFreePool(a);
    ExFreePool(b);
    ObDereferenceObject(first);
    ObDereferenceObject(second);
    ZwClose(copy);
    ZwClose(own);
}

KILN_TEST_ONCE(se_token, levels_only_go_down)
{
    HANDLE own = open_own(TOKEN_ALL_ACCESS), level2, level1;
    SECURITY_IMPERSONATION_LEVEL *level;
    level2 = duplicate(own, FALSE, TokenImpersonation, -1, STATUS_SUCCESS); /* of a primary one: SecurityImpersonation */
    PACCESS_TOKEN token = token_of(level2);
    level = ask(token, TokenImpersonationLevel);
    CHECK_EQ(*level, SecurityImpersonation);
    ExFreePool(level);
    CHECK_EQ(SeTokenImpersonationLevel(token), SecurityImpersonation);
    ObDereferenceObject(token);
    duplicate(level2, FALSE, TokenImpersonation, SecurityDelegation, STATUS_BAD_IMPERSONATION_LEVEL);
    level1 = duplicate(level2, FALSE, TokenImpersonation, SecurityIdentification, STATUS_SUCCESS);
    duplicate(level1, FALSE, TokenPrimary, -1, STATUS_BAD_IMPERSONATION_LEVEL);
    ZwClose(duplicate(level2, FALSE, TokenPrimary, -1, STATUS_SUCCESS));
    ZwClose(duplicate(level1, FALSE, TokenImpersonation, -1, STATUS_SUCCESS)); /* as the source */
    HANDLE none;
    CHECK_EQ(ZwDuplicateToken(own, 0, NULL, FALSE, (TOKEN_TYPE)3, &none), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwDuplicateToken((HANDLE)0x7770, 0, NULL, FALSE, TokenPrimary, &none), STATUS_INVALID_HANDLE);
    ZwClose(level1);
    ZwClose(level2);
    ZwClose(own);
}

KILN_TEST_ONCE(se_token, an_effective_duplicate_leaves_out_what_is_disabled)
{
    HANDLE own = open_own(TOKEN_ALL_ACCESS), copy = duplicate(own, TRUE, TokenPrimary, -1, STATUS_SUCCESS);
    PACCESS_TOKEN first = token_of(own), second = token_of(copy);
    CHECK_EQ(privilege_of(first, SE_DEBUG_PRIVILEGE), 0); /* held, disabled */
    CHECK_EQ(privilege_of(second, SE_DEBUG_PRIVILEGE), SE_PRIVILEGE_REMOVED);
    CHECK(privilege_of(second, SE_LOAD_DRIVER_PRIVILEGE) & SE_PRIVILEGE_ENABLED);
    ObDereferenceObject(first);
    ObDereferenceObject(second);
    ZwClose(copy);
    ZwClose(own);
}

/* ---------------------------------------------------------------- filters */

KILN_TEST_ONCE(se_filter, takes_groups_and_privileges_away)
{
    HANDLE own = open_own(TOKEN_ALL_ACCESS);
    PACCESS_TOKEN token = token_of(own), filtered;
    TOKEN_GROUPS disable = {1, {{SeAliasAdminsSid, 0}}};
    TOKEN_PRIVILEGES drop = {1, {{{SE_LOAD_DRIVER_PRIVILEGE, 0}, 0}}};
    PULONG restrictions;
    CHECK_EQ(SeFilterToken(token, 0, &disable, &drop, NULL, &filtered), STATUS_SUCCESS);
    CHECK(!SeTokenIsAdmin(filtered));
    ULONG attributes = attributes_of(filtered, SeAliasAdminsSid);
    CHECK(attributes & SE_GROUP_USE_FOR_DENY_ONLY);
    CHECK(!(attributes & (SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT)));
    CHECK_EQ(privilege_of(filtered, SE_LOAD_DRIVER_PRIVILEGE), SE_PRIVILEGE_REMOVED);
    CHECK(!SeTokenIsRestricted(filtered));
    restrictions = ask(filtered, TokenHasRestrictions);
    CHECK_EQ(*restrictions, 1);
    ExFreePool(restrictions);
    ObDereferenceObject(filtered);
    CHECK_EQ(SeFilterToken(token, DISABLE_MAX_PRIVILEGE | SANDBOX_INERT, NULL, NULL, NULL, &filtered), STATUS_SUCCESS);
    CHECK(privilege_of(filtered, SE_CHANGE_NOTIFY_PRIVILEGE) & SE_PRIVILEGE_ENABLED);
    CHECK_EQ(privilege_of(filtered, SE_LOAD_DRIVER_PRIVILEGE), SE_PRIVILEGE_REMOVED);
    PULONG inert = ask(filtered, TokenSandBoxInert);
    CHECK_EQ(*inert, 1);
    ExFreePool(inert);
    ObDereferenceObject(filtered);
    CHECK_EQ(SeFilterToken(token, 0x100, NULL, NULL, NULL, &filtered), STATUS_INVALID_PARAMETER);
    ObDereferenceObject(token);
    ZwClose(own);
}

KILN_TEST_ONCE(se_filter, restricting_sids_are_the_intersection)
{
    struct {
        ULONG count;
        SID_AND_ATTRIBUTES sids[2];
    } two = {2, {{SeWorldSid, 0}, {SeAliasUsersSid, 0}}};
    TOKEN_GROUPS one = {1, {{SeAliasUsersSid, 0}}}, wrong = {1, {{SeWorldSid, SE_GROUP_ENABLED}}};
    HANDLE own = open_own(TOKEN_ALL_ACCESS);
    PACCESS_TOKEN token = token_of(own), first, second;
    CHECK_EQ(SeFilterToken(token, 0, NULL, NULL, &wrong, &first), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SeFilterToken(token, 0, NULL, NULL, (PTOKEN_GROUPS)&two, &first), STATUS_SUCCESS);
    CHECK(SeTokenIsRestricted(first));
    CHECK_EQ(SeFilterToken(first, WRITE_RESTRICTED, NULL, NULL, &one, &second), STATUS_SUCCESS);
    CHECK(SeTokenIsWriteRestricted(second));
    PTOKEN_GROUPS sids = ask(second, TokenRestrictedSids);
    CHECK_EQ(sids->GroupCount, 1);
    CHECK(RtlEqualSid(sids->Groups[0].Sid, SeAliasUsersSid));
    ExFreePool(sids);
    ObDereferenceObject(first);
    ObDereferenceObject(second);
    ObDereferenceObject(token);
    ZwClose(own);
}

/* ---------------------------------------------------------------- on and off */

KILN_TEST_ONCE(se_token, privileges_are_enabled_disabled_and_removed)
{
    struct {
        ULONG count;
        LUID_AND_ATTRIBUTES privileges[2];
    } state = {2, {{{SE_DEBUG_PRIVILEGE, 0}, SE_PRIVILEGE_ENABLED}, {{SE_TCB_PRIVILEGE, 0}, SE_PRIVILEGE_ENABLED}}},
      previous;
    ULONG length = 0;
    HANDLE own = open_own(TOKEN_ALL_ACCESS), handle = duplicate(own, FALSE, TokenPrimary, -1, STATUS_SUCCESS);
    PACCESS_TOKEN token = token_of(handle);
    PTOKEN_STATISTICS before = ask(token, TokenStatistics);
    CHECK_EQ(ZwAdjustPrivilegesToken(handle, FALSE, (PTOKEN_PRIVILEGES)&state, 4, (PTOKEN_PRIVILEGES)&previous, &length),
             STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(privilege_of(token, SE_DEBUG_PRIVILEGE), 0); /* unchanged */
    CHECK_EQ(ZwAdjustPrivilegesToken(handle, FALSE, (PTOKEN_PRIVILEGES)&state, sizeof(previous),
                                     (PTOKEN_PRIVILEGES)&previous, &length),
             STATUS_NOT_ALL_ASSIGNED); /* the second one the client has not */
    CHECK_EQ(length, FIELD_OFFSET(TOKEN_PRIVILEGES, Privileges) + sizeof(LUID_AND_ATTRIBUTES));
    CHECK_EQ(previous.count, 1);
    CHECK_EQ(previous.privileges[0].Luid.LowPart, SE_DEBUG_PRIVILEGE);
    CHECK_EQ(previous.privileges[0].Attributes, 0);
    CHECK(privilege_of(token, SE_DEBUG_PRIVILEGE) & SE_PRIVILEGE_ENABLED);
    PTOKEN_STATISTICS after = ask(token, TokenStatistics);
    CHECK(before->ModifiedId.LowPart != after->ModifiedId.LowPart);
    CHECK_EQ(before->TokenId.LowPart, after->TokenId.LowPart);
    ExFreePool(before);
    ExFreePool(after);
    state.count = 1;
    state.privileges[0].Attributes = SE_PRIVILEGE_REMOVED;
    CHECK_EQ(ZwAdjustPrivilegesToken(handle, FALSE, (PTOKEN_PRIVILEGES)&state, 0, NULL, NULL), STATUS_SUCCESS);
    CHECK_EQ(privilege_of(token, SE_DEBUG_PRIVILEGE), SE_PRIVILEGE_REMOVED);
    CHECK_EQ(ZwAdjustPrivilegesToken(handle, TRUE, NULL, 0, NULL, NULL), STATUS_SUCCESS);
    CHECK(!(privilege_of(token, SE_LOAD_DRIVER_PRIVILEGE) & SE_PRIVILEGE_ENABLED));
    CHECK_EQ(ZwAdjustPrivilegesToken(handle, FALSE, NULL, 0, NULL, NULL), STATUS_INVALID_PARAMETER);
    ObDereferenceObject(token);
    ZwClose(handle);
    ZwClose(own);
}

KILN_TEST_ONCE(se_token, mandatory_and_deny_only_groups_stay_as_they_are)
{
    TOKEN_GROUPS off = {1, {{SeAliasAdminsSid, 0}}}, on = {1, {{SeAliasAdminsSid, SE_GROUP_ENABLED}}},
                 unknown = {1, {{SeLocalSystemSid, SE_GROUP_ENABLED}}};
    HANDLE own = open_own(TOKEN_ALL_ACCESS), filtered_handle;
    PACCESS_TOKEN token = token_of(own), filtered;
    CHECK_EQ(ZwAdjustGroupsToken(own, FALSE, &off, 0, NULL, NULL), STATUS_CANT_DISABLE_MANDATORY);
    CHECK_EQ(ZwAdjustGroupsToken(own, FALSE, &on, 0, NULL, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwAdjustGroupsToken(own, FALSE, &unknown, 0, NULL, NULL), STATUS_NOT_ALL_ASSIGNED);
    CHECK_EQ(ZwAdjustGroupsToken(own, TRUE, NULL, 0, NULL, NULL), STATUS_SUCCESS);
    CHECK_EQ(SeFilterToken(token, 0, &off, NULL, NULL, &filtered), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(filtered, OBJ_KERNEL_HANDLE, NULL, TOKEN_ALL_ACCESS, *SeTokenObjectType, KernelMode,
                                   &filtered_handle),
             STATUS_SUCCESS);
    CHECK_EQ(ZwAdjustGroupsToken(filtered_handle, FALSE, &on, 0, NULL, NULL), STATUS_CANT_ENABLE_DENY_ONLY);
    CHECK(!SeTokenIsAdmin(filtered));
    ZwClose(filtered_handle);
    ObDereferenceObject(filtered);
    ObDereferenceObject(token);
    ZwClose(own);
}

KILN_TEST_ONCE(se_token, defaults_for_new_objects_are_set_within_limits)
{
    HANDLE own = open_own(TOKEN_ALL_ACCESS), handle = duplicate(own, FALSE, TokenPrimary, -1, STATUS_SUCCESS);
    PACCESS_TOKEN token = token_of(handle);
    UCHAR bad_sid[] = {9, 1, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0}, acl_space[64];
    TOKEN_OWNER owner = {SeWorldSid};
    TOKEN_PRIMARY_GROUP group = {SeLocalSystemSid};
    PTOKEN_USER user = ask(token, TokenUser);
    PACL acl = (PACL)acl_space;
    CHECK_EQ(ZwSetInformationToken(handle, TokenOwner, &owner, sizeof(owner)), STATUS_INVALID_OWNER); /* no owner's group */
    owner.Owner = bad_sid;
    CHECK_EQ(ZwSetInformationToken(handle, TokenOwner, &owner, sizeof(owner)), STATUS_INVALID_SID);
    owner.Owner = user->User.Sid;
    CHECK_EQ(ZwSetInformationToken(handle, TokenOwner, &owner, 4), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwSetInformationToken(handle, TokenOwner, &owner, sizeof(owner)), STATUS_SUCCESS);
    PTOKEN_OWNER got = ask(token, TokenOwner);
    CHECK(RtlEqualSid(got->Owner, user->User.Sid));
    ExFreePool(got);
    CHECK_EQ(ZwSetInformationToken(handle, TokenPrimaryGroup, &group, sizeof(group)), STATUS_INVALID_PRIMARY_GROUP);
    group.PrimaryGroup = SeAliasAdminsSid;
    CHECK_EQ(NtSetInformationToken(handle, TokenPrimaryGroup, &group, sizeof(group)), STATUS_SUCCESS);
    /* The default DACL, and none at all: zero bytes then. */
    CHECK_EQ(RtlCreateAcl(acl, sizeof(acl_space), ACL_REVISION), STATUS_SUCCESS);
    CHECK_EQ(RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_READ, SeWorldSid), STATUS_SUCCESS);
    TOKEN_DEFAULT_DACL dacl = {acl};
    ULONG length = 9;
    CHECK_EQ(ZwSetInformationToken(handle, TokenDefaultDacl, &dacl, sizeof(dacl)), STATUS_SUCCESS);
    PTOKEN_DEFAULT_DACL now = ask(token, TokenDefaultDacl);
    CHECK_EQ(now->DefaultDacl->AceCount, 1);
    ExFreePool(now);
    dacl.DefaultDacl = NULL;
    CHECK_EQ(ZwSetInformationToken(handle, TokenDefaultDacl, &dacl, sizeof(dacl)), STATUS_SUCCESS);
    CHECK_EQ(ZwQueryInformationToken(handle, TokenDefaultDacl, acl_space, sizeof(acl_space), &length), STATUS_SUCCESS);
    CHECK_EQ(length, 0);
    static const UCHAR read_only[] = {TokenGroups, TokenPrivileges, TokenSource, TokenStatistics, TokenUser};
    for (ULONG i = 0; i < sizeof(read_only); i++)
        CHECK_EQ(ZwSetInformationToken(handle, read_only[i], &owner, sizeof(owner)), STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwSetInformationToken(NtCurrentProcess(), TokenOwner, &owner, sizeof(owner)), STATUS_OBJECT_TYPE_MISMATCH);
    ExFreePool(user);
    ObDereferenceObject(token);
    ZwClose(handle);
    ZwClose(own);
}

KILN_TEST_ONCE(se_token, a_new_object_gets_the_default_dacl_of_its_creator)
{
    SECURITY_SUBJECT_CONTEXT subject;
    GENERIC_MAPPING mapping = {1, 2, 4, 7};
    HANDLE own = open_own(TOKEN_ALL_ACCESS);
    UCHAR acl_space[64];
    PACL acl = (PACL)acl_space, got = NULL;
    PSECURITY_DESCRIPTOR descriptor;
    BOOLEAN present, defaulted;
    PVOID ace;
    RtlCreateAcl(acl, sizeof(acl_space), ACL_REVISION);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_READ, SeWorldSid);
    TOKEN_DEFAULT_DACL dacl = {acl};
    CHECK_EQ(ZwSetInformationToken(own, TokenDefaultDacl, &dacl, sizeof(dacl)), STATUS_SUCCESS);
    SeCaptureSubjectContext(&subject);
    CHECK_EQ(SeAssignSecurity(NULL, NULL, &descriptor, FALSE, &subject, &mapping, PagedPool), STATUS_SUCCESS);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(descriptor, &present, &got, &defaulted), STATUS_SUCCESS);
    CHECK(got->AceCount == 1 && defaulted);
    SeDeassignSecurity(&descriptor);
    CHECK(descriptor == NULL);
    CHECK_EQ(SeAssignSecurityEx(NULL, NULL, &descriptor, NULL, FALSE, 0, &subject, &mapping, PagedPool), STATUS_SUCCESS);
    SeReleaseSubjectContext(&subject);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(descriptor, &present, &got, &defaulted), STATUS_SUCCESS);
    CHECK(present && got && got->AceCount == 1);
    CHECK_EQ(RtlGetAce(got, 0, &ace), STATUS_SUCCESS);
    CHECK_EQ(((PACCESS_ALLOWED_ACE)ace)->Mask, 1); /* mapped */
    SeDeassignSecurity(&descriptor);
    ZwClose(own);
}

KILN_TEST_ONCE(se_token, privilege_check_asks_for_all_or_any)
{
    struct {
        ULONG count, control;
        LUID_AND_ATTRIBUTES privileges[2];
    } set = {2, PRIVILEGE_SET_ALL_NECESSARY, {{{SE_LOAD_DRIVER_PRIVILEGE, 0}, 0}, {{SE_DEBUG_PRIVILEGE, 0}, 0}}};
    HANDLE own = open_own(TOKEN_ALL_ACCESS);
    BOOLEAN held = 9;
    CHECK_EQ(NtPrivilegeCheck(own, (PPRIVILEGE_SET)&set, &held), STATUS_SUCCESS);
    CHECK_EQ(held, FALSE); /* the second one is disabled */
    CHECK_EQ(set.privileges[0].Attributes, SE_PRIVILEGE_USED_FOR_ACCESS);
    CHECK_EQ(set.privileges[1].Attributes, 0);
    set.control = 0;
    CHECK_EQ(NtPrivilegeCheck(own, (PPRIVILEGE_SET)&set, &held), STATUS_SUCCESS);
    CHECK_EQ(held, TRUE);
    HANDLE anonymous = duplicate(own, FALSE, TokenImpersonation, SecurityAnonymous, STATUS_SUCCESS);
    CHECK_EQ(NtPrivilegeCheck(anonymous, (PPRIVILEGE_SET)&set, &held), STATUS_BAD_IMPERSONATION_LEVEL);
    CHECK_EQ(NtPrivilegeCheck((HANDLE)0x7770, (PPRIVILEGE_SET)&set, &held), STATUS_INVALID_HANDLE);
    ZwClose(anonymous);
    ZwClose(own);
}

KILN_TEST_ONCE(se_token, kernel_mode_has_every_privilege)
{
    PRIVILEGE_SET set = {1, PRIVILEGE_SET_ALL_NECESSARY, {{{SE_TCB_PRIVILEGE, 0}, 0}}};
    SECURITY_SUBJECT_CONTEXT subject;
    SeCaptureSubjectContext(&subject);
    CHECK(!SePrivilegeCheck(&set, &subject, UserMode));
    CHECK(SePrivilegeCheck(&set, &subject, KernelMode));
    CHECK_EQ(set.Privilege[0].Attributes, SE_PRIVILEGE_USED_FOR_ACCESS); /* marked as possessed */
    SeReleaseSubjectContext(&subject);
}

/* ---------------------------------------------------------------- races */

static volatile LONG turning;
static HANDLE turned;

static VOID NTAPI turn(PVOID context)
{
    struct {
        ULONG count;
        LUID_AND_ATTRIBUTES privileges[2];
    } state = {2, {{{SE_DEBUG_PRIVILEGE, 0}, 0}, {{SE_BACKUP_PRIVILEGE, 0}, 0}}};
    UNREFERENCED_PARAMETER(context);
    for (ULONG i = 0; i < 20; i++) {
        state.privileges[0].Attributes = state.privileges[1].Attributes = i & 1 ? 0 : SE_PRIVILEGE_ENABLED;
        CHECK_EQ(ZwAdjustPrivilegesToken(turned, FALSE, (PTOKEN_PRIVILEGES)&state, 0, NULL, NULL), STATUS_SUCCESS);
    }
    InterlockedDecrement(&turning);
}

KILN_TEST(se_token, a_locked_subject_and_a_duplicate_see_one_moment)
{
    HANDLE own = open_own(TOKEN_ALL_ACCESS), thread;
    SECURITY_SUBJECT_CONTEXT subject;
    LARGE_INTEGER tick = {.QuadPart = -100};
    PACCESS_TOKEN token;
    turned = duplicate(own, FALSE, TokenPrimary, -1, STATUS_SUCCESS);
    token = token_of(turned);
    turning = 1;
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, turn, NULL), STATUS_SUCCESS);
    ZwClose(thread);
    RtlZeroMemory(&subject, sizeof(subject));
    subject.PrimaryToken = token;
    while (turning) {
        PACCESS_TOKEN copy;
        CHECK_EQ(SeFilterToken(token, 0, NULL, NULL, NULL, &copy), STATUS_SUCCESS);
        CHECK_EQ(privilege_of(copy, SE_DEBUG_PRIVILEGE), privilege_of(copy, SE_BACKUP_PRIVILEGE));
        ObDereferenceObject(copy);
        SeLockSubjectContext(&subject);
        ULONG debug = privilege_of(token, SE_DEBUG_PRIVILEGE);
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
        CHECK_EQ(privilege_of(token, SE_BACKUP_PRIVILEGE), debug);
        SeUnlockSubjectContext(&subject);
    }
    ObDereferenceObject(token);
    ZwClose(turned);
    ZwClose(own);
}

/* ---------------------------------------------------------------- logon sessions */

static volatile LONG sessions_ended;
static LUID ended_session;
static KEVENT session_event;

static NTSTATUS NTAPI session_ended(PLUID id)
{
    ended_session = *id;
    InterlockedIncrement(&sessions_ended);
    KeSetEvent(&session_event, IO_NO_INCREMENT, FALSE);
    return STATUS_SUCCESS;
}

KILN_TEST(se_logon, a_marked_session_is_told_of_when_its_last_token_goes)
{
    LUID id = {0x4242, 1}, none = {0x4343, 1};
    PACCESS_TOKEN first, second;
    LARGE_INTEGER later = {.QuadPart = -10000000};
    KeInitializeEvent(&session_event, NotificationEvent, FALSE);
    CHECK_EQ(SeRegisterLogonSessionTerminatedRoutine(NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(SeUnregisterLogonSessionTerminatedRoutine(session_ended), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(SeRegisterLogonSessionTerminatedRoutine(session_ended), STATUS_SUCCESS);
    CHECK_EQ(SeMarkLogonSessionForTerminationNotification(&none), STATUS_NOT_FOUND);
    CHECK_EQ(SepCreateLogonToken(id, &first), STATUS_SUCCESS);
    CHECK_EQ(SepDuplicateToken(first, FALSE, TokenPrimary, SecurityAnonymous, &second), STATUS_SUCCESS);
    CHECK_EQ(SeMarkLogonSessionForTerminationNotification(&id), STATUS_SUCCESS);
    ObDereferenceObject(first);
    CHECK_EQ(SeMarkLogonSessionForTerminationNotification(&id), STATUS_SUCCESS); /* it lives: a token is left */
    CHECK_EQ(sessions_ended, 0);
    ObDereferenceObject(second);
    CHECK_EQ(KeWaitForSingleObject(&session_event, Executive, KernelMode, FALSE, &later), STATUS_SUCCESS);
    CHECK_EQ(ended_session.LowPart, 0x4242);
    CHECK_EQ(SeMarkLogonSessionForTerminationNotification(&id), STATUS_NOT_FOUND);
    CHECK_EQ(SeUnregisterLogonSessionTerminatedRoutine(session_ended), STATUS_SUCCESS);
    CHECK_EQ(sessions_ended, 1);
}

KILN_TEST(se_logon, one_that_nobody_marked_goes_silently)
{
    LUID id = {0x4242, 1};
    PACCESS_TOKEN token;
    LARGE_INTEGER later = {.QuadPart = -100000};
    KeInitializeEvent(&session_event, NotificationEvent, FALSE);
    CHECK_EQ(SeRegisterLogonSessionTerminatedRoutine(session_ended), STATUS_SUCCESS);
    CHECK_EQ(SepCreateLogonToken(id, &token), STATUS_SUCCESS);
    ObDereferenceObject(token);
    KeDelayExecutionThread(KernelMode, FALSE, &later);
    CHECK_EQ(sessions_ended, 0);
    CHECK_EQ(SeUnregisterLogonSessionTerminatedRoutine(session_ended), STATUS_SUCCESS);
}

/* ---------------------------------------------------------------- LUIDs */

KILN_TEST_ONCE(se_luid, numbers_are_never_given_twice)
{
    LUID a, b;
    ULARGE_INTEGER time1, time2;
    ULONG range, sequence;
    CHAR node[6], same[6];
    CHECK_EQ(ZwAllocateLocallyUniqueId(&a), STATUS_SUCCESS);
    CHECK_EQ(NtAllocateLocallyUniqueId(&b), STATUS_SUCCESS);
    CHECK(a.LowPart != b.LowPart || a.HighPart != b.HighPart);
    CHECK_EQ(NtAllocateUuids(&time1, &range, &sequence, node), STATUS_SUCCESS);
    CHECK_EQ(NtAllocateUuids(&time2, &range, &sequence, same), STATUS_SUCCESS);
    CHECK(time2.QuadPart >= time1.QuadPart + range); /* ranges do not overlap */
    CHECK(node[0] & 1);                              /* the node is no network card's */
    CHECK_EQ(RtlCompareMemory(node, same, 6), 6);
}
