/* SPDX-License-Identifier: MIT */
/*
 * se/tokenquery.c: NtQueryInformationToken and SeQueryInformationToken.
 *
 * An answer is laid out twice by the same code, with the token held shared: once to learn its size, once into a block
 * of pool. Pointers in it are right for where the block will lie in the end, which for NtQueryInformationToken is the
 * caller's buffer.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"
#include "trap.h"
#include "zw.h"
#include <nt/sefs.h>

typedef struct layout {
    UCHAR *block; /* NULL: measuring */
    UCHAR *final; /* where the block will lie */
    ULONG used;
} layout;

/* Room for `bytes`; NULL while measuring. *at: the address it will have. */
static PVOID reserve(layout *l, ULONG bytes, PVOID *at)
{
    ULONG offset = (l->used + 7) & ~7u;
    l->used = offset + bytes;
    if (at)
        *at = (PVOID)((ULONG_PTR)l->final + offset); /* of no meaning while measuring */
    return l->block ? l->block + offset : NULL;
}

static PVOID put(layout *l, const void *from, ULONG bytes)
{
    PVOID at, to = reserve(l, bytes, &at);
    if (to)
        RtlCopyMemory(to, from, bytes);
    return at;
}

static PSID put_sid(layout *l, PSID sid)
{
    return put(l, sid, RtlLengthSid(sid));
}

/* The SIDs of a list, and the list at `to`. Returns their length. */
static ULONG put_sids(layout *l, PSID_AND_ATTRIBUTES to, const SID_AND_ATTRIBUTES *sids, ULONG count)
{
    ULONG before = l->used;
    for (ULONG i = 0; i < count; i++) {
        PSID at = put_sid(l, sids[i].Sid);
        if (to)
            to[i] = (SID_AND_ATTRIBUTES){at, sids[i].Attributes};
    }
    return l->used - before;
}

static void put_number(layout *l, ULONG number)
{
    put(l, &number, sizeof(number));
}

static void put_groups(layout *l, const SID_AND_ATTRIBUTES *sids, ULONG count)
{
    PTOKEN_GROUPS groups =
        reserve(l, FIELD_OFFSET(TOKEN_GROUPS, Groups) + (count ? count : 1) * (ULONG)sizeof(*sids), NULL);
    if (groups)
        groups->GroupCount = count;
    put_sids(l, groups ? groups->Groups : NULL, sids, count);
}

/* The token's privileges, as pairs at `to`; how many. */
static ULONG list_privileges(PTOKEN token, PLUID_AND_ATTRIBUTES to)
{
    ULONG count = 0;
    for (ULONG i = 0; i < 64; i++) {
        if (!(token->PrivilegesPresent & SEP_PRIVILEGE(i)))
            continue;
        if (to)
            to[count] = (LUID_AND_ATTRIBUTES){
                {i, 0},
                (token->PrivilegesEnabled & SEP_PRIVILEGE(i) ? SE_PRIVILEGE_ENABLED : 0) |
                    (token->PrivilegesDefault & SEP_PRIVILEGE(i) ? SE_PRIVILEGE_ENABLED_BY_DEFAULT : 0)};
        count++;
    }
    return count;
}

static PVOID put_privileges(layout *l, PTOKEN token)
{
    PVOID at;
    ULONG count = list_privileges(token, NULL);
    PTOKEN_PRIVILEGES privileges =
        reserve(l, FIELD_OFFSET(TOKEN_PRIVILEGES, Privileges) + count * (ULONG)sizeof(LUID_AND_ATTRIBUTES), &at);
    if (privileges) {
        privileges->PrivilegeCount = count;
        list_privileges(token, privileges->Privileges);
    }
    return at;
}

static void put_groups_and_privileges(layout *l, PTOKEN token)
{
    PTOKEN_GROUPS_AND_PRIVILEGES info = reserve(l, sizeof(*info), NULL);
    PVOID sids_at, restricted_at, privileges_at;
    ULONG count = list_privileges(token, NULL);
    PSID_AND_ATTRIBUTES sids = reserve(l, token->SidCount * (ULONG)sizeof(*sids), &sids_at);
    PSID_AND_ATTRIBUTES restricted = reserve(l, token->RestrictedCount * (ULONG)sizeof(*sids), &restricted_at);
    ULONG length = put_sids(l, sids, token->Sids, token->SidCount);
    ULONG restricted_length = put_sids(l, restricted, token->Restricted, token->RestrictedCount);
    PLUID_AND_ATTRIBUTES privileges = reserve(l, count * (ULONG)sizeof(*privileges), &privileges_at);
    if (!info)
        return;
    list_privileges(token, privileges);
    *info = (TOKEN_GROUPS_AND_PRIVILEGES){
        .SidCount = token->SidCount,
        .SidLength = token->SidCount * (ULONG)sizeof(*sids) + length,
        .Sids = sids_at,
        .RestrictedSidCount = token->RestrictedCount,
        .RestrictedSidLength = token->RestrictedCount * (ULONG)sizeof(*sids) + restricted_length,
        .RestrictedSids = token->RestrictedCount ? restricted_at : NULL,
        .PrivilegeCount = count,
        .PrivilegeLength = count * (ULONG)sizeof(*privileges),
        .Privileges = privileges_at,
        .AuthenticationId = token->AuthenticationId};
}

/* A list of SIDs with its hash; where it will lie. */
static PSID_AND_ATTRIBUTES_HASH put_hash(layout *l, const SID_AND_ATTRIBUTES *sids, ULONG count)
{
    PVOID at, list_at;
    PSID_AND_ATTRIBUTES_HASH hash = reserve(l, sizeof(*hash), &at);
    PSID_AND_ATTRIBUTES list = reserve(l, count * (ULONG)sizeof(*sids), &list_at);
    put_sids(l, list, sids, count);
    if (hash) {
        /* The hash is of bytes of the SIDs: made from the original list, it holds for the copy. */
        RtlSidHashInitialize((PSID_AND_ATTRIBUTES)sids, count, hash);
        hash->SidAttr = count ? list_at : NULL;
    }
    return at;
}

static void put_access_information(layout *l, PTOKEN token)
{
    PTOKEN_ACCESS_INFORMATION info = reserve(l, sizeof(*info), NULL);
    PSID_AND_ATTRIBUTES_HASH sids = put_hash(l, token->Sids, token->SidCount);
    PSID_AND_ATTRIBUTES_HASH restricted = put_hash(l, token->Restricted, token->RestrictedCount);
    PSID_AND_ATTRIBUTES_HASH capabilities = put_hash(l, NULL, 0);
    PTOKEN_PRIVILEGES privileges = put_privileges(l, token);
    if (info)
        *info = (TOKEN_ACCESS_INFORMATION){.SidHash = sids,
                                           .RestrictedSidHash = restricted,
                                           .Privileges = privileges,
                                           .AuthenticationId = token->AuthenticationId,
                                           .TokenType = token->TokenType,
                                           .ImpersonationLevel = token->ImpersonationLevel,
                                           .MandatoryPolicy = {TOKEN_MANDATORY_POLICY_NO_WRITE_UP},
                                           .Flags = token->Flags,
                                           .CapabilitiesHash = capabilities};
}

static void put_statistics(layout *l, PTOKEN token)
{
    PTOKEN_STATISTICS info = reserve(l, sizeof(*info), NULL);
    if (info)
        *info = (TOKEN_STATISTICS){.TokenId = token->TokenId,
                                   .AuthenticationId = token->AuthenticationId,
                                   .ExpirationTime = {.QuadPart = MAXLONGLONG}, /* never */
                                   .TokenType = token->TokenType,
                                   .ImpersonationLevel = token->ImpersonationLevel,
                                   .DynamicCharged = token->DefaultDacl ? token->DefaultDacl->AclSize : 0,
                                   .GroupCount = token->SidCount - 1,
                                   .PrivilegeCount = list_privileges(token, NULL),
                                   .ModifiedId = token->ModifiedId};
}

/* A structure that is one pointer to a SID. */
static void put_one_sid(layout *l, PSID sid)
{
    PSID *info = reserve(l, sizeof(*info), NULL), at = put_sid(l, sid);
    if (info)
        *info = at;
}

static void put_default_dacl(layout *l, PTOKEN token)
{
    if (!token->DefaultDacl)
        return; /* documented: zero bytes */
    PTOKEN_DEFAULT_DACL info = reserve(l, sizeof(*info), NULL);
    PACL at = put(l, token->DefaultDacl, token->DefaultDacl->AclSize);
    if (info)
        info->DefaultDacl = at;
}

/* The one group that has an attribute: the integrity level, the logon. */
static const SID_AND_ATTRIBUTES *find_group(PTOKEN token, ULONG attribute)
{
    for (ULONG i = 1; i < token->SidCount; i++) {
        if ((token->Sids[i].Attributes & attribute) == attribute)
            return &token->Sids[i];
    }
    return NULL;
}

static NTSTATUS put_integrity(layout *l, PTOKEN token)
{
    const SID_AND_ATTRIBUTES *level = find_group(token, SE_GROUP_INTEGRITY);
    if (!level)
        return STATUS_NOT_FOUND;
    PSID_AND_ATTRIBUTES info = reserve(l, sizeof(TOKEN_MANDATORY_LABEL), NULL);
    put_sids(l, info, level, 1);
    return STATUS_SUCCESS;
}

static NTSTATUS lay_out(layout *l, PTOKEN token, TOKEN_INFORMATION_CLASS class)
{
    const SID_AND_ATTRIBUTES *logon;
    const ULONG64 no_claims[2] = {1, 0}; /* version 1, none */
    const PVOID no_pointer = NULL;
    switch (class) {
    case TokenUser:
        put_sids(l, reserve(l, sizeof(TOKEN_USER), NULL), token->Sids, 1);
        break;
    case TokenGroups:
        put_groups(l, token->Sids + 1, token->SidCount - 1);
        break;
    case TokenPrivileges:
        put_privileges(l, token);
        break;
    case TokenOwner:
        put_one_sid(l, token->Owner);
        break;
    case TokenPrimaryGroup:
        put_one_sid(l, token->PrimaryGroup);
        break;
    case TokenDefaultDacl:
        put_default_dacl(l, token);
        break;
    case TokenSource:
        put(l, &token->Source, sizeof(token->Source));
        break;
    case TokenType:
        put_number(l, token->TokenType);
        break;
    case TokenImpersonationLevel:
        if (token->TokenType != TokenImpersonation)
            return STATUS_INVALID_INFO_CLASS;
        put_number(l, token->ImpersonationLevel);
        break;
    case TokenStatistics:
        put_statistics(l, token);
        break;
    case TokenRestrictedSids:
        put_groups(l, token->Restricted, token->RestrictedCount);
        break;
    case TokenSessionId:
        put_number(l, token->SessionId);
        break;
    case TokenGroupsAndPrivileges:
        put_groups_and_privileges(l, token);
        break;
    case TokenSandBoxInert:
        put_number(l, (token->Flags & SEP_TOKEN_SANDBOX_INERT) != 0);
        break;
    case TokenOrigin:
        put(l, &token->Origin, sizeof(token->Origin));
        break;
    case TokenElevationType:
        put_number(l, TokenElevationTypeDefault);
        break;
    case TokenLinkedToken: /* none was ever split in two */
        return STATUS_NO_SUCH_LOGON_SESSION;
    case TokenElevation:
        put_number(l, SepSidInToken(token, SeAliasAdminsSid, FALSE));
        break;
    case TokenHasRestrictions:
        put_number(l, (token->Flags & SEP_TOKEN_IS_FILTERED) != 0);
        break;
    case TokenAccessInformation:
        put_access_information(l, token);
        break;
    case TokenIntegrityLevel:
        return put_integrity(l, token);
    case TokenMandatoryPolicy:
        put_number(l, TOKEN_MANDATORY_POLICY_NO_WRITE_UP);
        break;
    case TokenLogonSid:
        logon = find_group(token, SE_GROUP_LOGON_ID);
        if (!logon)
            return STATUS_NOT_FOUND;
        put_groups(l, logon, 1);
        break;
    case TokenIsRestricted:
        put_number(l, (token->Flags & SEP_TOKEN_IS_RESTRICTED) != 0);
        break;
    case TokenVirtualizationAllowed: /* there is no virtualized registry or file system, ... */
    case TokenVirtualizationEnabled:
    case TokenUIAccess: /* ... no user interface, ... */
    case TokenIsAppContainer: /* ... and no application container */
    case TokenAppContainerNumber:
    case TokenIsLessPrivilegedAppContainer:
        put_number(l, 0);
        break;
    case TokenCapabilities:
    case TokenDeviceGroups:
        put_groups(l, NULL, 0);
        break;
    case TokenAppContainerSid:
        put(l, &no_pointer, sizeof(no_pointer));
        break;
    case TokenUserClaimAttributes:
    case TokenDeviceClaimAttributes:
        put(l, no_claims, sizeof(no_claims));
        break;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
    return STATUS_SUCCESS;
}

/*
 * The answer in a new block (NULL if it has no bytes), with pointers for `final`, or for the block itself if that is
 * NULL. If `max` is less than it needs: STATUS_BUFFER_TOO_SMALL, and *bytes says how many.
 */
static NTSTATUS make_answer(PTOKEN token, TOKEN_INFORMATION_CLASS class, UCHAR *final, ULONG max, PVOID *block,
                            ULONG *bytes)
{
    layout measure = {0}, real = {0};
    *block = NULL;
    SepLockToken(token, FALSE);
    NTSTATUS status = lay_out(&measure, token, class);
    *bytes = measure.used;
    if (NT_SUCCESS(status) && measure.used > max)
        status = STATUS_BUFFER_TOO_SMALL;
    if (NT_SUCCESS(status) && measure.used) {
        real.block = ExAllocatePoolWithTag(PagedPool, measure.used, SE_TAG);
        real.final = final ? final : real.block;
        status = real.block ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
        if (real.block) {
            RtlZeroMemory(real.block, measure.used);
            lay_out(&real, token, class);
        }
    }
    SepUnlockToken(token);
    *block = real.block;
    return status;
}

NTSTATUS NTAPI SeQueryInformationToken(PACCESS_TOKEN Token, TOKEN_INFORMATION_CLASS TokenInformationClass,
                                       PVOID *TokenInformation)
{
    PTOKEN token = Token;
    ULONG bytes;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    /* Documented: these two are given as they are. */
    if (TokenInformationClass == TokenSessionId) {
        *(PULONG)TokenInformation = KI_PEEK(token->SessionId);
        return STATUS_SUCCESS;
    }
    if (TokenInformationClass == TokenIntegrityLevel) {
        *(PULONG)TokenInformation = SepIntegrityOf(token->Sids, token->SidCount);
        return STATUS_SUCCESS;
    }
    return make_answer(token, TokenInformationClass, NULL, MAXULONG, TokenInformation, &bytes);
}

NTSTATUS NTAPI NtQueryInformationToken(HANDLE TokenHandle, TOKEN_INFORMATION_CLASS TokenInformationClass,
                                       PVOID TokenInformation, ULONG TokenInformationLength, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    ACCESS_MASK access = TokenInformationClass == TokenSource ? TOKEN_QUERY_SOURCE : TOKEN_QUERY;
    PTOKEN token;
    PVOID block;
    ULONG bytes = 0;
    NTSTATUS status = KiCopyToMode(mode, ReturnLength, &bytes, sizeof(bytes));
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(TokenHandle, access, SepTokenObjectType, mode, (PVOID *)&token, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = make_answer(token, TokenInformationClass, TokenInformation, TokenInformationLength, &block, &bytes);
    ObDereferenceObject(token);
    if (NT_SUCCESS(status) && bytes)
        status = KiCopyToMode(mode, TokenInformation, block, bytes);
    if (block)
        ExFreePoolWithTag(block, SE_TAG);
    if (NT_SUCCESS(status) || status == STATUS_BUFFER_TOO_SMALL) {
        NTSTATUS copied = KiCopyToMode(mode, ReturnLength, &bytes, sizeof(bytes));
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    return status;
}

NTSTATUS NTAPI ZwQueryInformationToken(HANDLE TokenHandle, TOKEN_INFORMATION_CLASS TokenInformationClass,
                                       PVOID TokenInformation, ULONG TokenInformationLength, PULONG ReturnLength)
{
    KI_ZW(NtQueryInformationToken(TokenHandle, TokenInformationClass, TokenInformation, TokenInformationLength,
                                  ReturnLength));
}
