/* SPDX-License-Identifier: MIT */
/*
 * se/check.c: may this subject do that?
 *
 * The check walks the DACL once, in order: an entry that denies a right still wanted ends it, an entry that allows
 * rights takes them off the list, and whatever is left at the end is denied. No DACL allows everything; an empty one
 * nothing. An owner always reads and changes the DACL. MAXIMUM_ALLOWED collects what would be allowed.
 * ACCESS_SYSTEM_SECURITY and WRITE_OWNER can come from privileges, which are then named to the caller.
 *
 * Before that, what a subject of lower integrity than the object may not do at all is taken away: an object without a
 * label is of medium integrity and is not written from below. A restricted token is asked twice, the second time with
 * its restricting SIDs only (for the rights to write, if it is write-restricted), and both must agree.
 *
 * Audit entries are not evaluated: this machine keeps no security log. Any IRQL <= DISPATCH_LEVEL.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"

void SepSubjectOfToken(PTOKEN Token, SEP_SUBJECT *Subject)
{
    *Subject = (SEP_SUBJECT){.Sids = Token->Sids,
                             .SidCount = Token->SidCount,
                             .Restricted = Token->Restricted,
                             .RestrictedCount = Token->RestrictedCount,
                             .IsRestricted = (Token->Flags & SEP_TOKEN_IS_RESTRICTED) != 0,
                             .WriteRestricted = (Token->Flags & SEP_TOKEN_WRITE_RESTRICTED) != 0,
                             .Privileges = __atomic_load_n(&Token->PrivilegesEnabled, __ATOMIC_RELAXED),
                             .NoWriteUp = TRUE};
}

typedef struct question {
    PSECURITY_DESCRIPTOR descriptor;
    PGENERIC_MAPPING mapping;
    ACCESS_MASK wanted; /* mapped, without MAXIMUM_ALLOWED */
    BOOLEAN maximum;
} question;

/* Rights of `wanted` that the list allows; with `maximum`, every right it would allow. */
static ACCESS_MASK walk_dacl(PACL dacl, const SID_AND_ATTRIBUTES *sids, ULONG count, ACCESS_MASK wanted,
                             BOOLEAN maximum, PGENERIC_MAPPING mapping)
{
    ACCESS_MASK allowed = 0, denied = 0;
    for (ULONG i = 0; i < dacl->AceCount; i++) {
        PVOID entry;
        if (!NT_SUCCESS(RtlGetAce(dacl, i, &entry)))
            break;
        PACCESS_ALLOWED_ACE ace = entry;
        if (ace->Header.AceFlags & INHERIT_ONLY_ACE)
            continue;
        ACCESS_MASK mask = ace->Mask;
        RtlMapGenericMask(&mask, mapping);
        PSID sid = &ace->SidStart;
        if (ace->Header.AceType == ACCESS_ALLOWED_ACE_TYPE) {
            if (SepSidInList(sids, count, sid, FALSE))
                allowed |= mask & ~denied;
        } else if (ace->Header.AceType == ACCESS_DENIED_ACE_TYPE) {
            if (SepSidInList(sids, count, sid, TRUE)) {
                denied |= mask & ~allowed;
                if (!maximum && denied & wanted)
                    break;
            }
        }
        if (!maximum && (allowed & wanted) == wanted)
            break;
    }
    return allowed;
}

/* What the descriptor grants to a list of SIDs, beyond `granted`. */
static ACCESS_MASK ask(const question *q, const SID_AND_ATTRIBUTES *sids, ULONG count, ACCESS_MASK granted)
{
    PACL dacl = NULL;
    PSID owner = NULL;
    BOOLEAN present = FALSE, defaulted;
    RtlGetDaclSecurityDescriptor(q->descriptor, &present, &dacl, &defaulted);
    RtlGetOwnerSecurityDescriptor(q->descriptor, &owner, &defaulted);
    if (owner && SepSidInList(sids, count, owner, FALSE)) {
        ACCESS_MASK owners = READ_CONTROL | WRITE_DAC;
        granted |= q->maximum ? owners : owners & q->wanted;
    }
    if (!present || !dacl)
        return granted | q->wanted | (q->maximum ? q->mapping->GenericAll : 0);
    ACCESS_MASK allowed = walk_dacl(dacl, sids, count, q->wanted & ~granted, q->maximum, q->mapping);
    return granted | (q->maximum ? allowed : allowed & q->wanted);
}

/* Every right that the object's label leaves to a subject of that integrity. */
static ACCESS_MASK below_label(const question *q, const SEP_SUBJECT *subject)
{
    ULONG level = SECURITY_MANDATORY_MEDIUM_RID;
    ACCESS_MASK policy = SYSTEM_MANDATORY_LABEL_NO_WRITE_UP, left = 0;
    PACL sacl = NULL;
    BOOLEAN present = FALSE, defaulted;
    if (!subject->NoWriteUp)
        return ~(ACCESS_MASK)0;
    RtlGetSaclSecurityDescriptor(q->descriptor, &present, &sacl, &defaulted);
    for (ULONG i = 0; present && sacl && i < sacl->AceCount; i++) {
        PVOID entry;
        if (!NT_SUCCESS(RtlGetAce(sacl, i, &entry)))
            break;
        PACCESS_ALLOWED_ACE ace = entry;
        if (ace->Header.AceType != SYSTEM_MANDATORY_LABEL_ACE_TYPE || ace->Header.AceFlags & INHERIT_ONLY_ACE)
            continue;
        level = *RtlSubAuthoritySid(&ace->SidStart, 0);
        policy = ace->Mask;
        break;
    }
    if (SepIntegrityOf(subject->Sids, subject->SidCount) >= level)
        return ~(ACCESS_MASK)0;
    if (!(policy & SYSTEM_MANDATORY_LABEL_NO_READ_UP))
        left |= q->mapping->GenericRead;
    if (!(policy & SYSTEM_MANDATORY_LABEL_NO_WRITE_UP))
        left |= q->mapping->GenericWrite;
    if (!(policy & SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP))
        left |= q->mapping->GenericExecute;
    return left | ACCESS_SYSTEM_SECURITY; /* that one is a privilege's */
}

static BOOLEAN has(const SEP_SUBJECT *subject, ULONG privilege)
{
    return (subject->Privileges & SEP_PRIVILEGE(privilege)) != 0;
}

/* Name the privileges that were used. */
static NTSTATUS name_privileges(const ULONG *used, ULONG count, PPRIVILEGE_SET *set)
{
    *set = ExAllocatePoolWithTag(NonPagedPoolNx, FIELD_OFFSET(PRIVILEGE_SET, Privilege[count]), SE_TAG);
    if (!*set)
        return STATUS_INSUFFICIENT_RESOURCES;
    (*set)->PrivilegeCount = count;
    (*set)->Control = 0;
    for (ULONG i = 0; i < count; i++)
        (*set)->Privilege[i] = (LUID_AND_ATTRIBUTES){{used[i], 0}, SE_PRIVILEGE_USED_FOR_ACCESS};
    return STATUS_SUCCESS;
}

BOOLEAN SepCheckAccess(PSECURITY_DESCRIPTOR SecurityDescriptor, const SEP_SUBJECT *Subject, ACCESS_MASK DesiredAccess,
                       ACCESS_MASK PreviouslyGrantedAccess, PPRIVILEGE_SET *Privileges,
                       PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode, PACCESS_MASK GrantedAccess,
                       PNTSTATUS AccessStatus)
{
    question q = {SecurityDescriptor, GenericMapping, DesiredAccess, FALSE};
    ULONG used[2], uses = 0;
    if (Privileges)
        *Privileges = NULL;
    RtlMapGenericMask(&q.wanted, GenericMapping);
    q.maximum = (q.wanted & MAXIMUM_ALLOWED) != 0;
    q.wanted &= ~(ACCESS_MASK)MAXIMUM_ALLOWED;
    *AccessStatus = STATUS_SUCCESS;

    if (AccessMode == KernelMode) {
        *GrantedAccess = PreviouslyGrantedAccess | q.wanted | (q.maximum ? GenericMapping->GenericAll : 0);
        return TRUE;
    }
    *GrantedAccess = 0;
    *AccessStatus = STATUS_ACCESS_DENIED;
    if (!SecurityDescriptor)
        return FALSE;
    if (Subject->CannotAct) {
        *AccessStatus = STATUS_BAD_IMPERSONATION_LEVEL;
        return FALSE;
    }
    ACCESS_MASK granted = PreviouslyGrantedAccess, possible = below_label(&q, Subject) | PreviouslyGrantedAccess;
    if (q.wanted & ~possible)
        return FALSE;
    if (q.wanted & ACCESS_SYSTEM_SECURITY & ~granted) {
        if (!has(Subject, SE_SECURITY_PRIVILEGE)) {
            *AccessStatus = STATUS_PRIVILEGE_NOT_HELD;
            return FALSE;
        }
        granted |= ACCESS_SYSTEM_SECURITY;
        used[uses++] = SE_SECURITY_PRIVILEGE;
    }
    if (q.wanted & WRITE_OWNER & ~granted && has(Subject, SE_TAKE_OWNERSHIP_PRIVILEGE)) {
        granted |= WRITE_OWNER;
        used[uses++] = SE_TAKE_OWNERSHIP_PRIVILEGE;
    }
    ACCESS_MASK by_sids = ask(&q, Subject->Sids, Subject->SidCount, granted);
    if (Subject->IsRestricted) {
        ACCESS_MASK second = ask(&q, Subject->Restricted, Subject->RestrictedCount, granted);
        ACCESS_MASK free = Subject->WriteRestricted
                               ? ~(GenericMapping->GenericWrite &
                                   ~(GenericMapping->GenericRead | GenericMapping->GenericExecute))
                               : 0;
        by_sids &= second | free;
    }
    granted |= by_sids & possible;
    if (q.wanted & ~granted || (q.maximum && !granted))
        return FALSE;
    if (uses && Privileges) {
        NTSTATUS status = name_privileges(used, uses, Privileges);
        if (!NT_SUCCESS(status)) {
            *AccessStatus = status;
            return FALSE;
        }
    }
    *GrantedAccess = granted;
    *AccessStatus = STATUS_SUCCESS;
    return TRUE;
}

BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor,
                            PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext, BOOLEAN SubjectContextLocked,
                            ACCESS_MASK DesiredAccess, ACCESS_MASK PreviouslyGrantedAccess,
                            PPRIVILEGE_SET *Privileges, PGENERIC_MAPPING GenericMapping,
                            KPROCESSOR_MODE AccessMode, PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus)
{
    PSECURITY_SUBJECT_CONTEXT context = SubjectSecurityContext;
    SEP_SUBJECT subject = {0};
    /* The check reads words that change one at a time: it needs no lock for itself. */
    UNREFERENCED_PARAMETER(SubjectContextLocked);
    if (AccessMode != KernelMode) {
        SepSubjectOfToken(context->ClientToken ? context->ClientToken : context->PrimaryToken, &subject);
        subject.CannotAct = context->ClientToken && context->ImpersonationLevel < SecurityImpersonation;
    }
    return SepCheckAccess(SecurityDescriptor, &subject, DesiredAccess, PreviouslyGrantedAccess, Privileges,
                          GenericMapping, AccessMode, GrantedAccess, AccessStatus);
}

/* ---------------------------------------------------------------- from what was asked of tokens before */

static void subject_of_information(const TOKEN_ACCESS_INFORMATION *info, SEP_SUBJECT *subject)
{
    *subject = (SEP_SUBJECT){.Sids = info->SidHash->SidAttr,
                             .SidCount = info->SidHash->SidCount,
                             .NoWriteUp = (info->MandatoryPolicy.Policy & TOKEN_MANDATORY_POLICY_NO_WRITE_UP) != 0};
    if (info->RestrictedSidHash) {
        subject->Restricted = info->RestrictedSidHash->SidAttr;
        subject->RestrictedCount = info->RestrictedSidHash->SidCount;
        subject->IsRestricted = subject->RestrictedCount != 0;
    }
    subject->WriteRestricted = (info->Flags & SEP_TOKEN_WRITE_RESTRICTED) != 0;
    for (ULONG i = 0; i < info->Privileges->PrivilegeCount; i++) {
        const LUID_AND_ATTRIBUTES *p = &info->Privileges->Privileges[i];
        if (p->Attributes & SE_PRIVILEGE_ENABLED && p->Luid.HighPart == 0 && p->Luid.LowPart < 64)
            subject->Privileges |= SEP_PRIVILEGE(p->Luid.LowPart);
    }
}

BOOLEAN NTAPI SeAccessCheckFromState(PSECURITY_DESCRIPTOR SecurityDescriptor,
                                     PTOKEN_ACCESS_INFORMATION PrimaryTokenInformation,
                                     PTOKEN_ACCESS_INFORMATION ClientTokenInformation, ACCESS_MASK DesiredAccess,
                                     ACCESS_MASK PreviouslyGrantedAccess, PPRIVILEGE_SET *Privileges,
                                     PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode,
                                     PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus)
{
    SEP_SUBJECT subject;
    subject_of_information(ClientTokenInformation ? ClientTokenInformation : PrimaryTokenInformation, &subject);
    subject.CannotAct = ClientTokenInformation && ClientTokenInformation->TokenType == TokenImpersonation &&
                        ClientTokenInformation->ImpersonationLevel < SecurityImpersonation;
    return SepCheckAccess(SecurityDescriptor, &subject, DesiredAccess, PreviouslyGrantedAccess, Privileges,
                          GenericMapping, AccessMode, GrantedAccess, AccessStatus);
}

BOOLEAN NTAPI SeAccessCheckFromStateEx(PSECURITY_DESCRIPTOR SecurityDescriptor, PACCESS_TOKEN PrimaryToken,
                                       PACCESS_TOKEN ClientToken, ACCESS_MASK DesiredAccess,
                                       ACCESS_MASK PreviouslyGrantedAccess, PPRIVILEGE_SET *Privileges,
                                       PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode,
                                       PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus)
{
    PTOKEN client = ClientToken;
    SEP_SUBJECT subject;
    SepSubjectOfToken(client ? client : PrimaryToken, &subject);
    subject.CannotAct =
        client && client->TokenType == TokenImpersonation && client->ImpersonationLevel < SecurityImpersonation;
    return SepCheckAccess(SecurityDescriptor, &subject, DesiredAccess, PreviouslyGrantedAccess, Privileges,
                          GenericMapping, AccessMode, GrantedAccess, AccessStatus);
}
