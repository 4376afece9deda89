/* SPDX-License-Identifier: MIT */
/*
 * se/tokencopy.c: tokens made from tokens: duplicates, and filtered ones that can do less.
 *
 * The source is held shared (k) while it is read, so that a copy is of one moment.
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

/* What changes on the way from a token to its copy. */
typedef struct plan {
    POBJECT_ATTRIBUTES attributes;
    KPROCESSOR_MODE mode;
    TOKEN_TYPE type;
    SECURITY_IMPERSONATION_LEVEL level;
    BOOLEAN effective_only;
    BOOLEAN inserted; /* the copy is given its security descriptor by ObInsertObject */
    ULONG flags;                 /* added */
    const TOKEN_GROUPS *disable; /* to deny-only */
    const TOKEN_GROUPS *restrict_to;
    ULONGLONG drop; /* privileges */
} plan;

static BOOLEAN in_groups(const TOKEN_GROUPS *groups, PSID sid)
{
    for (ULONG i = 0; groups && i < groups->GroupCount; i++) {
        if (RtlEqualSid(groups->Groups[i].Sid, sid))
            return TRUE;
    }
    return FALSE;
}

/* The SIDs the copy has, into `to` (room for all). */
static ULONG choose_sids(PTOKEN from, const plan *p, PSID_AND_ATTRIBUTES to)
{
    ULONG count = 0;
    for (ULONG i = 0; i < from->SidCount; i++) {
        SID_AND_ATTRIBUTES sid = from->Sids[i];
        if (i != 0 && p->effective_only &&
            !(sid.Attributes & (SE_GROUP_ENABLED | SE_GROUP_USE_FOR_DENY_ONLY | SE_GROUP_INTEGRITY)))
            continue;
        if (!(sid.Attributes & SE_GROUP_INTEGRITY) && in_groups(p->disable, sid.Sid)) {
            sid.Attributes &= ~(ULONG)(SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT);
            sid.Attributes |= SE_GROUP_USE_FOR_DENY_ONLY;
        }
        to[count++] = sid;
    }
    return count;
}

/* The restricting SIDs: the source's, the new ones, or those in both. */
static ULONG choose_restricted(PTOKEN from, const plan *p, PSID_AND_ATTRIBUTES to)
{
    ULONG on = SE_GROUP_MANDATORY | SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT, count = 0;
    BOOLEAN was = (from->Flags & SEP_TOKEN_IS_RESTRICTED) != 0;
    if (!p->restrict_to) {
        RtlCopyMemory(to, from->Restricted, from->RestrictedCount * sizeof(*to));
        return from->RestrictedCount;
    }
    for (ULONG i = 0; i < p->restrict_to->GroupCount; i++) {
        PSID sid = p->restrict_to->Groups[i].Sid;
        BOOLEAN both = !was;
        for (ULONG j = 0; j < from->RestrictedCount && !both; j++)
            both = RtlEqualSid(from->Restricted[j].Sid, sid);
        if (both)
            to[count++] = (SID_AND_ATTRIBUTES){sid, on};
    }
    return count;
}

static NTSTATUS copy_token(PTOKEN from, const plan *p, PTOKEN *to)
{
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    PTOKEN token = NULL;
    SepLockToken(from, FALSE);
    ULONG room = from->SidCount + from->RestrictedCount + (p->restrict_to ? p->restrict_to->GroupCount : 0);
    PSID_AND_ATTRIBUTES sids = ExAllocatePoolWithTag(PagedPool, room * sizeof(*sids), SE_TAG);
    if (sids) {
        PSID_AND_ATTRIBUTES restricted = sids + from->SidCount;
        ULONG count = choose_sids(from, p, sids), restricted_count = choose_restricted(from, p, restricted);
        status = SepAllocateToken(p->attributes, p->mode, from->AuthenticationId, sids, count, restricted,
                                  restricted_count, &token);
        ExFreePoolWithTag(sids, SE_TAG);
    }
    if (NT_SUCCESS(status)) {
        token->TokenType = p->type;
        token->ImpersonationLevel = p->level;
        token->Flags = from->Flags | p->flags;
        token->Source = from->Source;
        token->Origin = from->Origin;
        token->SessionId = from->SessionId;
        token->PrivilegesPresent = (p->effective_only ? from->PrivilegesEnabled : from->PrivilegesPresent) & ~p->drop;
        token->PrivilegesEnabled = from->PrivilegesEnabled & token->PrivilegesPresent;
        token->PrivilegesDefault = from->PrivilegesDefault & token->PrivilegesPresent;
        token->Owner = SepOwnSid(token, from->Owner);
        token->PrimaryGroup = SepOwnSid(token, from->PrimaryGroup);
        token->DefaultDacl = from->DefaultDacl ? SepCopyAcl(from->DefaultDacl) : NULL;
        if (!token->DefaultDacl != !from->DefaultDacl)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    SepUnlockToken(from);
    if (NT_SUCCESS(status) && !p->inserted)
        status = SepProtectLikeToken(token, from);
    if (!NT_SUCCESS(status) && token)
        ObDereferenceObject(token);
    if (NT_SUCCESS(status))
        *to = token;
    return status;
}

static NTSTATUS duplicate(PTOKEN from, plan *p, PTOKEN *to)
{
    if (from->TokenType == TokenImpersonation) {
        if (p->type == TokenPrimary ? from->ImpersonationLevel < SecurityImpersonation
                                    : p->level > from->ImpersonationLevel)
            return STATUS_BAD_IMPERSONATION_LEVEL;
    }
    if (p->type == TokenPrimary)
        p->level = SecurityAnonymous;
    return copy_token(from, p, to);
}

NTSTATUS SepDuplicateToken(PACCESS_TOKEN Token, BOOLEAN EffectiveOnly, TOKEN_TYPE Type,
                           SECURITY_IMPERSONATION_LEVEL Level, PACCESS_TOKEN *NewToken)
{
    plan p = {.mode = KernelMode, .type = Type, .level = Level, .effective_only = EffectiveOnly};
    return duplicate(Token, &p, (PTOKEN *)NewToken);
}

NTSTATUS NTAPI SeFilterToken(PACCESS_TOKEN ExistingToken, ULONG Flags, PTOKEN_GROUPS SidsToDisable,
                             PTOKEN_PRIVILEGES PrivilegesToDelete, PTOKEN_GROUPS RestrictedSids,
                             PACCESS_TOKEN *FilteredToken)
{
    PTOKEN from = ExistingToken;
    plan p = {.mode = KernelMode,
              .type = from->TokenType,
              .level = from->ImpersonationLevel,
              .flags = SEP_TOKEN_IS_FILTERED,
              .disable = SidsToDisable,
              .restrict_to = RestrictedSids};
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *FilteredToken = NULL;
    if (Flags & ~(ULONG)(DISABLE_MAX_PRIVILEGE | SANDBOX_INERT | WRITE_RESTRICTED))
        return STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; RestrictedSids && i < RestrictedSids->GroupCount; i++) {
        if (RestrictedSids->Groups[i].Attributes)
            return STATUS_INVALID_PARAMETER;
    }
    if (Flags & DISABLE_MAX_PRIVILEGE) {
        p.drop = ~SEP_PRIVILEGE(SE_CHANGE_NOTIFY_PRIVILEGE);
    } else {
        for (ULONG i = 0; PrivilegesToDelete && i < PrivilegesToDelete->PrivilegeCount; i++) {
            LUID luid = PrivilegesToDelete->Privileges[i].Luid;
            if (luid.HighPart == 0 && luid.LowPart < 64)
                p.drop |= SEP_PRIVILEGE(luid.LowPart);
        }
    }
    if (Flags & SANDBOX_INERT)
        p.flags |= SEP_TOKEN_SANDBOX_INERT;
    if (RestrictedSids)
        p.flags |= SEP_TOKEN_IS_RESTRICTED | (Flags & WRITE_RESTRICTED ? SEP_TOKEN_WRITE_RESTRICTED : 0);
    return copy_token(from, &p, (PTOKEN *)FilteredToken);
}

/* ---------------------------------------------------------------- NtDuplicateToken */

/* The level that the caller's attributes ask for; *given FALSE: they say nothing. */
static NTSTATUS capture_level(POBJECT_ATTRIBUTES attributes, KPROCESSOR_MODE mode,
                              SECURITY_IMPERSONATION_LEVEL *level, BOOLEAN *given)
{
    OBJECT_ATTRIBUTES copy;
    SECURITY_QUALITY_OF_SERVICE qos;
    *given = FALSE;
    if (!attributes)
        return STATUS_SUCCESS;
    NTSTATUS status = KiCopyFromMode(mode, &copy, attributes, sizeof(copy));
    if (!NT_SUCCESS(status) || !copy.SecurityQualityOfService)
        return status;
    status = KiCopyFromMode(mode, &qos, copy.SecurityQualityOfService, sizeof(qos));
    if (!NT_SUCCESS(status))
        return status;
    if (!VALID_IMPERSONATION_LEVEL((LONG)qos.ImpersonationLevel))
        return STATUS_BAD_IMPERSONATION_LEVEL;
    *level = qos.ImpersonationLevel;
    *given = TRUE;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtDuplicateToken(HANDLE ExistingTokenHandle, ACCESS_MASK DesiredAccess,
                                POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN EffectiveOnly, TOKEN_TYPE TokenType,
                                PHANDLE NewTokenHandle)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
    OBJECT_HANDLE_INFORMATION granted;
    PTOKEN token, copy;
    HANDLE handle;
    BOOLEAN given;
    if (TokenType != TokenPrimary && TokenType != TokenImpersonation)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status =
        mode == UserMode ? KiProbeForWrite(NewTokenHandle, sizeof(HANDLE), sizeof(HANDLE)) : STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        status = capture_level(ObjectAttributes, mode, &level, &given);
    if (NT_SUCCESS(status))
        status = ObReferenceObjectByHandle(ExistingTokenHandle, TOKEN_DUPLICATE, SepTokenObjectType, mode,
                                           (PVOID *)&token, &granted);
    if (!NT_SUCCESS(status))
        return status;
    if (!given)
        level = token->TokenType == TokenImpersonation ? token->ImpersonationLevel : SecurityImpersonation;
    plan p = {.attributes = ObjectAttributes,
              .mode = mode,
              .type = TokenType,
              .level = level,
              .effective_only = EffectiveOnly,
              .inserted = TRUE};
    ACCESS_MASK access = granted.GrantedAccess;
    if (DesiredAccess)
        status = SepJudgeCopy(token, DesiredAccess, mode, &access);
    if (NT_SUCCESS(status))
        status = duplicate(token, &p, &copy);
    ObDereferenceObject(token);
    if (!NT_SUCCESS(status))
        return status;
    status = ObInsertObject(copy, NULL, access, 0, NULL, &handle);
    if (!NT_SUCCESS(status))
        return status;
    status = KiCopyToMode(mode, NewTokenHandle, &handle, sizeof(handle));
    if (!NT_SUCCESS(status))
        ObCloseHandle(handle, mode);
    return status;
}

NTSTATUS NTAPI ZwDuplicateToken(HANDLE ExistingTokenHandle, ACCESS_MASK DesiredAccess,
                                POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN EffectiveOnly, TOKEN_TYPE TokenType,
                                PHANDLE NewTokenHandle)
{
    KI_ZW(NtDuplicateToken(ExistingTokenHandle, DesiredAccess, ObjectAttributes, EffectiveOnly, TokenType,
                           NewTokenHandle));
}
