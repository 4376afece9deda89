/* SPDX-License-Identifier: MIT */
/*
 * se/access.c: subjects: who asks, with which privileges, and the state of an open. The check itself is in check.c.
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

/* Both tokens, in the order of their addresses: two contexts may have the same two the other way round. */
static void sort_tokens(PSECURITY_SUBJECT_CONTEXT subject, PTOKEN order[2])
{
    BOOLEAN swap = subject->ClientToken > subject->PrimaryToken;
    order[0] = swap ? subject->PrimaryToken : subject->ClientToken;
    order[1] = swap ? subject->ClientToken : subject->PrimaryToken;
    if (order[0] == order[1])
        order[0] = NULL;
}

void NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    PTOKEN order[2];
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    sort_tokens(SubjectContext, order);
    for (ULONG i = 0; i < 2; i++) {
        if (order[i])
            SepLockToken(order[i], FALSE);
    }
}

void NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    PTOKEN order[2];
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    sort_tokens(SubjectContext, order);
    for (ULONG i = 2; i--;) {
        if (order[i])
            SepUnlockToken(order[i]);
    }
}

static PTOKEN effective_token(PSECURITY_SUBJECT_CONTEXT subject)
{
    return subject->ClientToken ? subject->ClientToken : subject->PrimaryToken;
}

void NTAPI SeCaptureSubjectContextEx(PETHREAD Thread, PEPROCESS Process, PSECURITY_SUBJECT_CONTEXT SubjectContext)
{
    BOOLEAN copy, effective;
    SubjectContext->ClientToken = NULL;
    SubjectContext->ImpersonationLevel = SecurityAnonymous;
    if (Thread)
        SubjectContext->ClientToken =
            PsReferenceImpersonationToken(Thread, &copy, &effective, &SubjectContext->ImpersonationLevel);
    SubjectContext->PrimaryToken = PsReferencePrimaryToken(Process);
    SubjectContext->ProcessAuditId = Process->UniqueProcessId;
}

/* ---------------------------------------------------------------- privileges */

BOOLEAN NTAPI SePrivilegeCheck(PPRIVILEGE_SET RequiredPrivileges, PSECURITY_SUBJECT_CONTEXT SubjectContext,
                               KPROCESSOR_MODE AccessMode)
{
    PTOKEN token = effective_token(SubjectContext);
    ULONG held = 0;
    if (AccessMode == KernelMode) {
        for (ULONG i = 0; i < RequiredPrivileges->PrivilegeCount; i++)
            RequiredPrivileges->Privilege[i].Attributes |= SE_PRIVILEGE_USED_FOR_ACCESS;
        return TRUE;
    }
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

NTSTATUS NTAPI SeAppendPrivileges(PACCESS_STATE AccessState, PPRIVILEGE_SET Privileges)
{
    PAUX_ACCESS_DATA aux = AccessState->AuxData;
    PPRIVILEGE_SET old = aux->PrivilegesUsed, to = old;
    ULONG total = old->PrivilegeCount + Privileges->PrivilegeCount;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    /* The structure itself has room for three. */
    if (AccessState->PrivilegesAllocated || total > INITIAL_PRIVILEGE_COUNT) {
        to = ExAllocatePoolWithTag(PagedPool, FIELD_OFFSET(PRIVILEGE_SET, Privilege[total]), SE_TAG);
        if (!to)
            return STATUS_INSUFFICIENT_RESOURCES;
        to->Control = old->Control;
        RtlCopyMemory(to->Privilege, old->Privilege, old->PrivilegeCount * sizeof(to->Privilege[0]));
    }
    RtlCopyMemory(to->Privilege + old->PrivilegeCount, Privileges->Privilege,
                  Privileges->PrivilegeCount * sizeof(to->Privilege[0]));
    to->PrivilegeCount = total;
    if (to != old) {
        if (AccessState->PrivilegesAllocated)
            SeFreePrivileges(old);
        AccessState->PrivilegesAllocated = TRUE;
        aux->PrivilegesUsed = to;
    }
    return STATUS_SUCCESS;
}
