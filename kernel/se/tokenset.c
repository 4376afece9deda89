/* SPDX-License-Identifier: MIT */
/*
 * se/tokenset.c: changing a token: defaults for new objects, privileges and groups on and off; and NtPrivilegeCheck.
 *
 * The caller's data is captured first; the change is made with the token held exclusively (k), and gives the token a
 * new ModifiedId.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "ntsvc.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"
#include "trap.h"
#include "zw.h"

#define MAX_ENTRIES 1024

static void modified(PTOKEN token)
{
    token->ModifiedId = SepAllocateLuid();
}

static NTSTATUS reference_token(HANDLE handle, ACCESS_MASK access, KPROCESSOR_MODE mode, PTOKEN *token)
{
    return ObReferenceObjectByHandle(handle, access, SepTokenObjectType, mode, (PVOID *)token, NULL);
}

/* ---------------------------------------------------------------- NtSetInformationToken */

static NTSTATUS set_owner(PTOKEN token, PSID sid)
{
    PSID own = NULL;
    for (ULONG i = 0; i < token->SidCount && !own; i++) {
        ULONG attributes = token->Sids[i].Attributes;
        BOOLEAN may = i == 0 ? !(attributes & SE_GROUP_USE_FOR_DENY_ONLY)
                             : (attributes & (SE_GROUP_OWNER | SE_GROUP_ENABLED)) == (SE_GROUP_OWNER | SE_GROUP_ENABLED);
        if (may && RtlEqualSid(token->Sids[i].Sid, sid))
            own = token->Sids[i].Sid;
    }
    if (!own)
        return STATUS_INVALID_OWNER;
    token->Owner = own;
    return STATUS_SUCCESS;
}

static NTSTATUS set_primary_group(PTOKEN token, PSID sid)
{
    PSID own = SepOwnSid(token, sid);
    if (!RtlEqualSid(own, sid))
        return STATUS_INVALID_PRIMARY_GROUP;
    token->PrimaryGroup = own;
    return STATUS_SUCCESS;
}

/* An integrity level goes down freely, and up with the privilege to relabel. */
static NTSTATUS set_integrity(PTOKEN token, PSID sid, KPROCESSOR_MODE mode)
{
    static const SID_IDENTIFIER_AUTHORITY label = {{0, 0, 0, 0, 0, 16}};
    LUID relabel = {SE_RELABEL_PRIVILEGE, 0};
    const SID *given = sid;
    if (given->SubAuthorityCount != 1 ||
        RtlCompareMemory(&given->IdentifierAuthority, &label, sizeof(label)) != sizeof(label))
        return STATUS_INVALID_SID;
    for (ULONG i = 0; i < token->SidCount; i++) {
        if (!(token->Sids[i].Attributes & SE_GROUP_INTEGRITY))
            continue;
        PULONG level = RtlSubAuthoritySid(token->Sids[i].Sid, 0);
        if (given->SubAuthority[0] > *level && !SeSinglePrivilegeCheck(relabel, mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        __atomic_store_n(level, given->SubAuthority[0], __ATOMIC_RELAXED);
        return STATUS_SUCCESS;
    }
    return STATUS_NOT_FOUND;
}

/* `first` is the first word of the caller's structure: a pointer, or a number. */
static NTSTATUS change(PTOKEN token, TOKEN_INFORMATION_CLASS class, PVOID first, PVOID part, PACL *dacl,
                       KPROCESSOR_MODE mode)
{
    PACL old;
    switch (class) {
    case TokenOwner:
        return set_owner(token, part);
    case TokenPrimaryGroup:
        return set_primary_group(token, part);
    case TokenIntegrityLevel:
        return set_integrity(token, part, mode);
    case TokenSessionId:
        token->SessionId = (ULONG)(ULONG_PTR)first;
        return STATUS_SUCCESS;
    default:
        old = token->DefaultDacl;
        token->DefaultDacl = *dacl;
        *dacl = old;
        return STATUS_SUCCESS;
    }
}

NTSTATUS NTAPI NtSetInformationToken(HANDLE TokenHandle, TOKEN_INFORMATION_CLASS TokenInformationClass,
                                     PVOID TokenInformation, ULONG TokenInformationLength)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    BOOLEAN is_acl = TokenInformationClass == TokenDefaultDacl, is_number = TokenInformationClass == TokenSessionId;
    LUID tcb = {SE_TCB_PRIVILEGE, 0};
    ACCESS_MASK access = TOKEN_ADJUST_DEFAULT;
    ULONG minimum = sizeof(PVOID), bytes = 0;
    PVOID first = NULL;
    PTOKEN token;
    PACL dacl = NULL;
    switch (TokenInformationClass) {
    case TokenOwner:
    case TokenPrimaryGroup:
    case TokenDefaultDacl:
        break;
    case TokenIntegrityLevel:
        minimum = sizeof(TOKEN_MANDATORY_LABEL);
        break;
    case TokenSessionId:
        minimum = sizeof(ULONG);
        access |= TOKEN_ADJUST_SESSIONID;
        break;
    default:
        return STATUS_INVALID_INFO_CLASS; /* read-only, or none at all */
    }
    if (TokenInformationLength < minimum)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (is_number && !SeSinglePrivilegeCheck(tcb, mode))
        return STATUS_PRIVILEGE_NOT_HELD;
    NTSTATUS status = KiCopyFromMode(mode, &first, TokenInformation, is_number ? sizeof(ULONG) : sizeof(PVOID));
    if (!NT_SUCCESS(status))
        return status;
    /* What the structure points to; a NULL default DACL takes it away. */
    ULONG room = is_acl ? MAXUSHORT : SECURITY_MAX_SID_SIZE;
    UCHAR *part = NULL;
    if (!is_number && (first || !is_acl)) {
        part = ExAllocatePoolWithTag(PagedPool, room, SE_TAG);
        if (!part)
            return STATUS_INSUFFICIENT_RESOURCES;
        status = first ? SepCapturePart(mode, first, is_acl, part, room, &bytes) : STATUS_INVALID_SID;
        if (NT_SUCCESS(status) && is_acl) {
            dacl = SepCopyAcl((PACL)part);
            status = dacl ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    if (NT_SUCCESS(status))
        status = reference_token(TokenHandle, access, mode, &token);
    if (NT_SUCCESS(status)) {
        SepLockToken(token, TRUE);
        status = change(token, TokenInformationClass, first, part, &dacl, mode);
        if (NT_SUCCESS(status))
            modified(token);
        SepUnlockToken(token);
        ObDereferenceObject(token);
    }
    if (part)
        ExFreePoolWithTag(part, SE_TAG);
    if (dacl)
        ExFreePoolWithTag(dacl, SE_TAG);
    return status;
}

/* ---------------------------------------------------------------- lists of the caller */

/* Copy a count and that many entries of `size` bytes behind `offset`. Free with ExFreePool. */
static NTSTATUS capture_list(KPROCESSOR_MODE mode, const void *from, ULONG offset, ULONG size, PVOID *list)
{
    ULONG count;
    *list = NULL;
    NTSTATUS status = KiCopyFromMode(mode, &count, from, sizeof(count));
    if (!NT_SUCCESS(status))
        return status;
    if (count > MAX_ENTRIES)
        return STATUS_INVALID_PARAMETER;
    PVOID copy = ExAllocatePoolWithTag(PagedPool, offset + (count ? count : 1) * size, SE_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = KiCopyFromMode(mode, copy, from, offset + count * size);
    *(PULONG)copy = count;
    if (NT_SUCCESS(status))
        *list = copy;
    else
        ExFreePoolWithTag(copy, SE_TAG);
    return status;
}

/* Give the caller what was changed. */
static NTSTATUS give_previous(KPROCESSOR_MODE mode, PVOID to, const void *previous, ULONG bytes, PULONG return_length)
{
    NTSTATUS status = KiCopyToMode(mode, return_length, &bytes, sizeof(bytes));
    return NT_SUCCESS(status) ? KiCopyToMode(mode, to, previous, bytes) : status;
}

/* ---------------------------------------------------------------- privileges */

/* What `state` (NULL: disable all) makes of the token's privileges; STATUS_NOT_ALL_ASSIGNED if it has not all. */
static NTSTATUS plan_privileges(PTOKEN token, const TOKEN_PRIVILEGES *state, ULONGLONG *present, ULONGLONG *enabled)
{
    NTSTATUS status = STATUS_SUCCESS;
    *present = token->PrivilegesPresent;
    *enabled = state ? token->PrivilegesEnabled : 0;
    for (ULONG i = 0; state && i < state->PrivilegeCount; i++) {
        LUID luid = state->Privileges[i].Luid;
        ULONG attributes = state->Privileges[i].Attributes;
        ULONGLONG bit = luid.HighPart == 0 && luid.LowPart < 64 ? SEP_PRIVILEGE(luid.LowPart) : 0;
        if (!(bit & *present)) {
            status = STATUS_NOT_ALL_ASSIGNED;
            continue;
        }
        if (attributes & SE_PRIVILEGE_REMOVED) {
            *present &= ~bit;
            *enabled &= ~bit;
        } else {
            *enabled = attributes & SE_PRIVILEGE_ENABLED ? *enabled | bit : *enabled & ~bit;
        }
    }
    return status;
}

NTSTATUS NTAPI NtAdjustPrivilegesToken(HANDLE TokenHandle, BOOLEAN DisableAllPrivileges, PTOKEN_PRIVILEGES NewState,
                                       ULONG BufferLength, PTOKEN_PRIVILEGES PreviousState, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    ULONG head = FIELD_OFFSET(TOKEN_PRIVILEGES, Privileges);
    PTOKEN_PRIVILEGES state = NULL, previous = NULL;
    ULONGLONG present, enabled;
    PTOKEN token;
    NTSTATUS status = STATUS_SUCCESS;
    if (!DisableAllPrivileges && !NewState)
        return STATUS_INVALID_PARAMETER;
    if (!DisableAllPrivileges)
        status = capture_list(mode, NewState, head, sizeof(LUID_AND_ATTRIBUTES), (PVOID *)&state);
    if (NT_SUCCESS(status) && PreviousState) {
        previous = ExAllocatePoolWithTag(PagedPool, head + 64 * sizeof(LUID_AND_ATTRIBUTES), SE_TAG);
        status = previous ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    }
    if (NT_SUCCESS(status))
        status =
            reference_token(TokenHandle, TOKEN_ADJUST_PRIVILEGES | (PreviousState ? TOKEN_QUERY : 0), mode, &token);
    if (!NT_SUCCESS(status))
        goto out;
    SepLockToken(token, TRUE);
    status = plan_privileges(token, state, &present, &enabled);
    ULONGLONG changed = (token->PrivilegesEnabled ^ enabled) | (token->PrivilegesPresent ^ present);
    ULONG bytes = head;
    if (previous) {
        previous->PrivilegeCount = 0;
        for (ULONG i = 0; i < 64; i++) {
            if (changed & SEP_PRIVILEGE(i))
                previous->Privileges[previous->PrivilegeCount++] = (LUID_AND_ATTRIBUTES){
                    {i, 0}, token->PrivilegesEnabled & SEP_PRIVILEGE(i) ? SE_PRIVILEGE_ENABLED : 0};
        }
        bytes += previous->PrivilegeCount * (ULONG)sizeof(LUID_AND_ATTRIBUTES);
    }
    if (previous && BufferLength < bytes) {
        status = STATUS_BUFFER_TOO_SMALL; /* nothing is changed */
    } else if (changed) {
        __atomic_store_n(&token->PrivilegesPresent, present, __ATOMIC_RELAXED);
        __atomic_store_n(&token->PrivilegesEnabled, enabled, __ATOMIC_RELAXED);
        modified(token);
    }
    SepUnlockToken(token);
    ObDereferenceObject(token);
    if (previous && status == STATUS_BUFFER_TOO_SMALL) {
        NTSTATUS copied = KiCopyToMode(mode, ReturnLength, &bytes, sizeof(bytes));
        if (!NT_SUCCESS(copied))
            status = copied;
    } else if (previous) {
        NTSTATUS copied = give_previous(mode, PreviousState, previous, bytes, ReturnLength);
        if (!NT_SUCCESS(copied))
            status = copied;
    }
out:
    if (state)
        ExFreePoolWithTag(state, SE_TAG);
    if (previous)
        ExFreePoolWithTag(previous, SE_TAG);
    return status;
}

/* ---------------------------------------------------------------- groups */

/* The caller's groups, with their SIDs in kernel memory. */
static NTSTATUS capture_groups(KPROCESSOR_MODE mode, PTOKEN_GROUPS from, PTOKEN_GROUPS *groups)
{
    NTSTATUS status =
        capture_list(mode, from, FIELD_OFFSET(TOKEN_GROUPS, Groups), sizeof(SID_AND_ATTRIBUTES), (PVOID *)groups);
    if (!NT_SUCCESS(status))
        return status;
    PTOKEN_GROUPS list = *groups;
    UCHAR *sids = ExAllocatePoolWithTag(PagedPool, (list->GroupCount + 1) * SECURITY_MAX_SID_SIZE, SE_TAG);
    if (!sids)
        status = STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; NT_SUCCESS(status) && i < list->GroupCount; i++) {
        UCHAR *sid = sids + i * SECURITY_MAX_SID_SIZE;
        ULONG bytes;
        status = SepCapturePart(mode, list->Groups[i].Sid, FALSE, sid, SECURITY_MAX_SID_SIZE, &bytes);
        list->Groups[i].Sid = sid;
    }
    /* The SIDs' block is found again behind the first of them. */
    if (NT_SUCCESS(status) && list->GroupCount == 0)
        ExFreePoolWithTag(sids, SE_TAG);
    if (!NT_SUCCESS(status)) {
        if (sids)
            ExFreePoolWithTag(sids, SE_TAG);
        ExFreePoolWithTag(list, SE_TAG);
        *groups = NULL;
    }
    return status;
}

static void free_groups(PTOKEN_GROUPS groups)
{
    if (groups->GroupCount)
        ExFreePoolWithTag(groups->Groups[0].Sid, SE_TAG);
    ExFreePoolWithTag(groups, SE_TAG);
}

/* The attributes group `i` is to have. `groups` NULL: those it began with. */
static NTSTATUS wanted_attributes(PTOKEN token, ULONG i, const TOKEN_GROUPS *groups, ULONG *attributes)
{
    ULONG now = token->Sids[i].Attributes, want = now;
    *attributes = now;
    if (now & SE_GROUP_INTEGRITY)
        return STATUS_SUCCESS;
    if (!groups) {
        if (!(now & SE_GROUP_USE_FOR_DENY_ONLY))
            want = now & SE_GROUP_ENABLED_BY_DEFAULT ? now | SE_GROUP_ENABLED : now & ~(ULONG)SE_GROUP_ENABLED;
    } else {
        for (ULONG g = 0; g < groups->GroupCount; g++) {
            if (RtlEqualSid(groups->Groups[g].Sid, token->Sids[i].Sid))
                want = groups->Groups[g].Attributes & SE_GROUP_ENABLED ? now | SE_GROUP_ENABLED
                                                                       : now & ~(ULONG)SE_GROUP_ENABLED;
        }
    }
    if (want & ~now & SE_GROUP_ENABLED && now & SE_GROUP_USE_FOR_DENY_ONLY)
        return STATUS_CANT_ENABLE_DENY_ONLY;
    if (now & ~want & SE_GROUP_ENABLED && now & SE_GROUP_MANDATORY)
        return STATUS_CANT_DISABLE_MANDATORY;
    *attributes = want;
    return STATUS_SUCCESS;
}

/* STATUS_NOT_ALL_ASSIGNED if one of the groups is none of the token's. */
static NTSTATUS all_known(PTOKEN token, const TOKEN_GROUPS *groups)
{
    for (ULONG g = 0; groups && g < groups->GroupCount; g++) {
        BOOLEAN found = FALSE;
        for (ULONG i = 1; i < token->SidCount && !found; i++)
            found = RtlEqualSid(groups->Groups[g].Sid, token->Sids[i].Sid);
        if (!found)
            return STATUS_NOT_ALL_ASSIGNED;
    }
    return STATUS_SUCCESS;
}

/* The groups that would change, as the caller shall see them at `to`; their count and bytes. */
static ULONG list_changes(PTOKEN token, const TOKEN_GROUPS *groups, PTOKEN_GROUPS list, UCHAR *to, NTSTATUS *status)
{
    ULONG count = 0, want;
    for (ULONG i = 1; i < token->SidCount && NT_SUCCESS(*status); i++) {
        NTSTATUS one = wanted_attributes(token, i, groups, &want);
        if (!NT_SUCCESS(one))
            *status = one;
        else if (want != token->Sids[i].Attributes)
            count++;
    }
    ULONG bytes = FIELD_OFFSET(TOKEN_GROUPS, Groups) + count * (ULONG)sizeof(SID_AND_ATTRIBUTES), at = 0;
    if (list)
        list->GroupCount = count;
    for (ULONG i = 1; i < token->SidCount && NT_SUCCESS(*status); i++) {
        wanted_attributes(token, i, groups, &want);
        if (want == token->Sids[i].Attributes)
            continue;
        ULONG length = RtlLengthSid(token->Sids[i].Sid);
        if (list) {
            list->Groups[at++] = (SID_AND_ATTRIBUTES){to + bytes, token->Sids[i].Attributes};
            RtlCopyMemory((UCHAR *)list + bytes, token->Sids[i].Sid, length);
        }
        bytes += (length + 7) & ~7u;
    }
    return bytes;
}

NTSTATUS NTAPI NtAdjustGroupsToken(HANDLE TokenHandle, BOOLEAN ResetToDefault, PTOKEN_GROUPS NewState,
                                   ULONG BufferLength, PTOKEN_GROUPS PreviousState, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    PTOKEN_GROUPS groups = NULL, previous = NULL;
    ULONG bytes = 0, want;
    PTOKEN token;
    NTSTATUS status = STATUS_SUCCESS;
    if (!ResetToDefault && !NewState)
        return STATUS_INVALID_PARAMETER;
    if (!ResetToDefault)
        status = capture_groups(mode, NewState, &groups);
    if (NT_SUCCESS(status))
        status = reference_token(TokenHandle, TOKEN_ADJUST_GROUPS | (PreviousState ? TOKEN_QUERY : 0), mode, &token);
    if (!NT_SUCCESS(status))
        goto out;
    SepLockToken(token, TRUE);
    status = all_known(token, groups);
    bytes = list_changes(token, groups, NULL, NULL, &status);
    if (NT_SUCCESS(status) && PreviousState) {
        previous = BufferLength < bytes ? NULL : ExAllocatePoolWithTag(PagedPool, bytes, SE_TAG);
        if (BufferLength < bytes)
            status = STATUS_BUFFER_TOO_SMALL;
        else if (!previous)
            status = STATUS_INSUFFICIENT_RESOURCES;
        else
            list_changes(token, groups, previous, (UCHAR *)PreviousState, &status);
    }
    if (NT_SUCCESS(status)) {
        for (ULONG i = 1; i < token->SidCount; i++) {
            wanted_attributes(token, i, groups, &want);
            __atomic_store_n(&token->Sids[i].Attributes, want, __ATOMIC_RELAXED);
        }
        modified(token);
    }
    SepUnlockToken(token);
    ObDereferenceObject(token);
    NTSTATUS copied = STATUS_SUCCESS;
    if (previous)
        copied = give_previous(mode, PreviousState, previous, bytes, ReturnLength);
    else if (status == STATUS_BUFFER_TOO_SMALL)
        copied = KiCopyToMode(mode, ReturnLength, &bytes, sizeof(bytes));
    if (!NT_SUCCESS(copied))
        status = copied;
out:
    if (previous)
        ExFreePoolWithTag(previous, SE_TAG);
    if (groups)
        free_groups(groups);
    return status;
}

/* ---------------------------------------------------------------- NtPrivilegeCheck */

NTSTATUS NTAPI NtPrivilegeCheck(HANDLE ClientToken, PPRIVILEGE_SET RequiredPrivileges, PBOOLEAN Result)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    SECURITY_SUBJECT_CONTEXT subject = {0};
    PPRIVILEGE_SET set;
    PTOKEN token;
    NTSTATUS status = reference_token(ClientToken, TOKEN_QUERY, mode, &token);
    if (!NT_SUCCESS(status))
        return status;
    if (token->TokenType == TokenImpersonation && token->ImpersonationLevel < SecurityIdentification) {
        ObDereferenceObject(token);
        return STATUS_BAD_IMPERSONATION_LEVEL;
    }
    ULONG head = FIELD_OFFSET(PRIVILEGE_SET, Privilege);
    status = capture_list(mode, RequiredPrivileges, head, sizeof(LUID_AND_ATTRIBUTES), (PVOID *)&set);
    if (NT_SUCCESS(status)) {
        subject.PrimaryToken = token;
        BOOLEAN held = SePrivilegeCheck(set, &subject, UserMode);
        status = KiCopyToMode(mode, RequiredPrivileges, set, head + set->PrivilegeCount * sizeof(LUID_AND_ATTRIBUTES));
        if (NT_SUCCESS(status))
            status = KiCopyToMode(mode, Result, &held, sizeof(held));
        ExFreePoolWithTag(set, SE_TAG);
    }
    ObDereferenceObject(token);
    return status;
}

/* ---------------------------------------------------------------- Zw forms */

NTSTATUS NTAPI ZwSetInformationToken(HANDLE TokenHandle, TOKEN_INFORMATION_CLASS TokenInformationClass,
                                     PVOID TokenInformation, ULONG TokenInformationLength)
{
    KI_ZW(NtSetInformationToken(TokenHandle, TokenInformationClass, TokenInformation, TokenInformationLength));
}

NTSTATUS NTAPI ZwAdjustPrivilegesToken(HANDLE TokenHandle, BOOLEAN DisableAllPrivileges, PTOKEN_PRIVILEGES NewState,
                                       ULONG BufferLength, PTOKEN_PRIVILEGES PreviousState, PULONG ReturnLength)
{
    KI_ZW(NtAdjustPrivilegesToken(TokenHandle, DisableAllPrivileges, NewState, BufferLength, PreviousState,
                                  ReturnLength));
}

NTSTATUS NTAPI ZwAdjustGroupsToken(HANDLE TokenHandle, BOOLEAN ResetToDefault, PTOKEN_GROUPS NewState,
                                   ULONG BufferLength, PTOKEN_GROUPS PreviousState, PULONG ReturnLength)
{
    KI_ZW(NtAdjustGroupsToken(TokenHandle, ResetToDefault, NewState, BufferLength, PreviousState, ReturnLength));
}
