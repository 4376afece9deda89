/* SPDX-License-Identifier: MIT */
/*
 * se/access.c: may this subject do that?
 *
 * The check walks the DACL once, in order: an entry that denies a right still wanted ends it, an entry that
 * allows rights takes them off the list, and whatever is left at the end is denied. No DACL allows
 * everything; an empty one nothing. An owner always reads and changes the DACL. MAXIMUM_ALLOWED collects what
 * would be allowed. ACCESS_SYSTEM_SECURITY and WRITE_OWNER can come from privileges.
 *
 * Audit entries are not evaluated: this machine keeps no security log.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"

/* ---------------------------------------------------------------- subjects */

void NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    PEPROCESS process = PspCurrentProcess();
    PACCESS_TOKEN token = PspReferenceEffectiveToken(&SubjectContext->ImpersonationLevel);
    SubjectContext->ClientToken = token;
    SubjectContext->PrimaryToken = process && process->Token ? process->Token : SepSystemToken;
    ObReferenceObject(SubjectContext->PrimaryToken);
    SubjectContext->ProcessAuditId = process ? process->UniqueProcessId : NULL;
}

void NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    if (SubjectContext->ClientToken)
        ObDereferenceObject(SubjectContext->ClientToken);
    if (SubjectContext->PrimaryToken)
        ObDereferenceObject(SubjectContext->PrimaryToken);
    SubjectContext->ClientToken = SubjectContext->PrimaryToken = NULL;
}

/* A token's user, groups and the set of its privileges are constant: holding the context holds them. */
void NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(SubjectContext);
}

void NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(SubjectContext);
}

static PTOKEN effective_token(PSECURITY_SUBJECT_CONTEXT subject)
{
    return subject->ClientToken ? subject->ClientToken : subject->PrimaryToken;
}

/* ---------------------------------------------------------------- privileges */

BOOLEAN NTAPI SePrivilegeCheck(PPRIVILEGE_SET RequiredPrivileges, PSECURITY_SUBJECT_CONTEXT SubjectContext,
                               KPROCESSOR_MODE AccessMode)
{
    PTOKEN token = effective_token(SubjectContext);
    ULONG held = 0;
    if (AccessMode == KernelMode)
        return TRUE;
    if (SubjectContext->ClientToken && SubjectContext->ImpersonationLevel < SecurityImpersonation)
        return FALSE;
    for (ULONG i = 0; i < RequiredPrivileges->PrivilegeCount; i++) {
        PLUID_AND_ATTRIBUTES wanted = &RequiredPrivileges->Privilege[i];
        if (wanted->Luid.HighPart == 0 && SepTokenHasPrivilege(token, wanted->Luid.LowPart)) {
            wanted->Attributes |= SE_PRIVILEGE_USED_FOR_ACCESS;
            held++;
        }
    }
    return RequiredPrivileges->Control & PRIVILEGE_SET_ALL_NECESSARY
               ? held == RequiredPrivileges->PrivilegeCount
               : held != 0;
}

BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID PrivilegeValue, KPROCESSOR_MODE PreviousMode)
{
    SECURITY_SUBJECT_CONTEXT subject;
    PRIVILEGE_SET set = {.PrivilegeCount = 1, .Control = PRIVILEGE_SET_ALL_NECESSARY};
    if (PreviousMode == KernelMode)
        return TRUE;
    set.Privilege[0].Luid = PrivilegeValue;
    SeCaptureSubjectContext(&subject);
    BOOLEAN held = SePrivilegeCheck(&set, &subject, PreviousMode);
    SeReleaseSubjectContext(&subject);
    return held;
}

void NTAPI SeFreePrivileges(PPRIVILEGE_SET Privileges)
{
    ExFreePoolWithTag(Privileges, SE_TAG);
}

/* ---------------------------------------------------------------- the check */

/* Rights of `mask` that the list allows; with `maximum`, every right it would allow. */
static ACCESS_MASK walk_dacl(PACL dacl, PTOKEN token, ACCESS_MASK wanted, BOOLEAN maximum,
                             PGENERIC_MAPPING mapping)
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
            if (SepSidInToken(token, sid, FALSE))
                allowed |= mask & ~denied;
        } else if (ace->Header.AceType == ACCESS_DENIED_ACE_TYPE) {
            if (SepSidInToken(token, sid, TRUE)) {
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

BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor,
                            PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext, BOOLEAN SubjectContextLocked,
                            ACCESS_MASK DesiredAccess, ACCESS_MASK PreviouslyGrantedAccess,
                            PPRIVILEGE_SET *Privileges, PGENERIC_MAPPING GenericMapping,
                            KPROCESSOR_MODE AccessMode, PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus)
{
    UNREFERENCED_PARAMETER(SubjectContextLocked);
    if (Privileges)
        *Privileges = NULL;
    ACCESS_MASK wanted = DesiredAccess;
    RtlMapGenericMask(&wanted, GenericMapping);
    BOOLEAN maximum = (wanted & MAXIMUM_ALLOWED) != 0;
    wanted &= ~(ACCESS_MASK)MAXIMUM_ALLOWED;
    *AccessStatus = STATUS_SUCCESS;

    if (AccessMode == KernelMode) {
        *GrantedAccess = PreviouslyGrantedAccess | wanted | (maximum ? GenericMapping->GenericAll : 0);
        return TRUE;
    }
    *GrantedAccess = 0;
    if (!SecurityDescriptor) {
        *AccessStatus = STATUS_ACCESS_DENIED;
        return FALSE;
    }
    if (SubjectSecurityContext->ClientToken &&
        SubjectSecurityContext->ImpersonationLevel < SecurityImpersonation) {
        *AccessStatus = STATUS_BAD_IMPERSONATION_LEVEL;
        return FALSE;
    }
    PTOKEN token = effective_token(SubjectSecurityContext);
    ACCESS_MASK granted = PreviouslyGrantedAccess;

    if (wanted & ACCESS_SYSTEM_SECURITY & ~granted) {
        if (!SepTokenHasPrivilege(token, SE_SECURITY_PRIVILEGE)) {
            *AccessStatus = STATUS_PRIVILEGE_NOT_HELD;
            return FALSE;
        }
        granted |= ACCESS_SYSTEM_SECURITY;
    }
    if (wanted & WRITE_OWNER && SepTokenHasPrivilege(token, SE_TAKE_OWNERSHIP_PRIVILEGE))
        granted |= WRITE_OWNER;

    PACL dacl = NULL;
    PSID owner = NULL;
    BOOLEAN present = FALSE, defaulted;
    RtlGetDaclSecurityDescriptor(SecurityDescriptor, &present, &dacl, &defaulted);
    RtlGetOwnerSecurityDescriptor(SecurityDescriptor, &owner, &defaulted);
    if (owner && SepSidInToken(token, owner, FALSE)) {
        ACCESS_MASK owners = READ_CONTROL | WRITE_DAC;
        granted |= maximum ? owners : owners & wanted;
    }
    if (!present || !dacl)
        granted |= wanted | (maximum ? GenericMapping->GenericAll : 0);
    else {
        ACCESS_MASK allowed = walk_dacl(dacl, token, wanted & ~granted, maximum, GenericMapping);
        granted |= maximum ? allowed : allowed & wanted;
    }
    if (wanted & ~granted || (maximum && !granted)) {
        *AccessStatus = STATUS_ACCESS_DENIED;
        return FALSE;
    }
    *GrantedAccess = granted;
    return TRUE;
}

/* ---------------------------------------------------------------- access states */

NTSTATUS NTAPI SeCreateAccessState(PACCESS_STATE AccessState, PVOID AuxData, ACCESS_MASK DesiredAccess,
                                   PGENERIC_MAPPING GenericMapping)
{
    PAUX_ACCESS_DATA aux = AuxData;
    RtlZeroMemory(AccessState, sizeof(*AccessState));
    RtlZeroMemory(aux, sizeof(*aux));
    AccessState->AuxData = aux;
    SeCaptureSubjectContext(&AccessState->SubjectSecurityContext);
    if (GenericMapping) {
        aux->GenericMapping = *GenericMapping;
        RtlMapGenericMask(&DesiredAccess, GenericMapping);
    }
    AccessState->OperationID = SepAllocateLuid();
    AccessState->OriginalDesiredAccess = AccessState->RemainingDesiredAccess = DesiredAccess;
    PTOKEN token = effective_token(&AccessState->SubjectSecurityContext);
    if (SepTokenHasPrivilege(token, SE_CHANGE_NOTIFY_PRIVILEGE))
        AccessState->Flags |= 1; /* TOKEN_HAS_TRAVERSE_PRIVILEGE */
    aux->PrivilegesUsed = &AccessState->Privileges.PrivilegeSet;
    return STATUS_SUCCESS;
}

void NTAPI SeDeleteAccessState(PACCESS_STATE AccessState)
{
    if (AccessState->PrivilegesAllocated)
        SeFreePrivileges(((PAUX_ACCESS_DATA)AccessState->AuxData)->PrivilegesUsed);
    SeReleaseSubjectContext(&AccessState->SubjectSecurityContext);
}

void NTAPI SeSetAccessStateGenericMapping(PACCESS_STATE AccessState, PGENERIC_MAPPING GenericMapping)
{
    ((PAUX_ACCESS_DATA)AccessState->AuxData)->GenericMapping = *GenericMapping;
}
