/* SPDX-License-Identifier: MIT */
/*
 * se/tokensecurity.c: who may do what with a token object. Where its security descriptor comes from:
 *
 *      inserted        NtDuplicateToken: what the caller's attributes or the caller's token say (ob/access.c)
 *      of the machine  what it says of itself: owner and group; its user, the system and administrators do all
 *      copied inside   the first token's: a copy opens to nobody to whom the first is closed
 *
 * A token that is made here is nobody else's yet. PASSIVE_LEVEL or APC_LEVEL, without locks.
 */
#include <nt/ke.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"

static NTSTATUS assign(PTOKEN token, PSECURITY_DESCRIPTOR descriptor)
{
    return SeDefaultObjectMethod(token, AssignSecurityDescriptor, NULL, descriptor, NULL,
                                 &ObpHeader(token)->SecurityDescriptor, NonPagedPoolNx,
                                 &SepTokenObjectType->TypeInfo.GenericMapping, KernelMode);
}

NTSTATUS SepProtectNewToken(PTOKEN Token)
{
    ACCESS_MASK all = SepTokenObjectType->TypeInfo.GenericMapping.GenericAll;
    PSID trusted[] = {Token->Sids[0].Sid, SeLocalSystemSid, SeAliasAdminsSid};
    SECURITY_DESCRIPTOR sd;
    UCHAR list[sizeof(ACL) + RTL_NUMBER_OF(trusted) * (sizeof(ACCESS_ALLOWED_ACE) + SECURITY_MAX_SID_SIZE)]
        __attribute__((aligned(8)));
    PACL dacl = (PACL)list;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    NTSTATUS status = RtlCreateAcl(dacl, sizeof(list), ACL_REVISION);
    for (ULONG i = 0; NT_SUCCESS(status) && i < RTL_NUMBER_OF(trusted); i++)
        status = RtlAddAccessAllowedAce(dacl, ACL_REVISION, all, trusted[i]);
    if (!NT_SUCCESS(status))
        return status;
    RtlSetOwnerSecurityDescriptor(&sd, Token->Owner, FALSE);
    RtlSetGroupSecurityDescriptor(&sd, Token->PrimaryGroup, FALSE);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, dacl, FALSE);
    return assign(Token, &sd);
}

NTSTATUS SepProtectLikeToken(PTOKEN Token, PTOKEN From)
{
    PSECURITY_DESCRIPTOR descriptor;
    BOOLEAN allocated;
    NTSTATUS status = ObGetObjectSecurity(From, &descriptor, &allocated);
    if (!NT_SUCCESS(status))
        return status;
    status = descriptor ? assign(Token, descriptor) : SepProtectNewToken(Token);
    ObReleaseObjectSecurity(descriptor, allocated);
    return status;
}

NTSTATUS SepOpenToken(PACCESS_TOKEN Token, ACCESS_MASK DesiredAccess, BOOLEAN AsProcess,
                      ULONG HandleAttributes, KPROCESSOR_MODE Mode, PHANDLE Handle)
{
    AUX_ACCESS_DATA aux;
    ACCESS_STATE state;
    SeCreateAccessState(&state, &aux, DesiredAccess, &SepTokenObjectType->TypeInfo.GenericMapping);
    PSECURITY_SUBJECT_CONTEXT subject = &state.SubjectSecurityContext;
    if (AsProcess && subject->ClientToken) {
        PsDereferenceImpersonationToken(subject->ClientToken);
        subject->ClientToken = NULL;
    }
    NTSTATUS status =
        ObOpenObjectByPointer(Token, HandleAttributes, &state, 0, SepTokenObjectType, Mode, Handle);
    SeDeleteAccessState(&state);
    return status;
}

/* Rights over a copy that are a privilege's to give: nf-ntifs-zwduplicatetoken. */
static ACCESS_MASK without_privileged(ACCESS_MASK access, PSECURITY_SUBJECT_CONTEXT subject)
{
    PTOKEN token = SeQuerySubjectContextToken(subject);
    if (!SepTokenHasPrivilege(token, SE_TCB_PRIVILEGE))
        access &= ~(ACCESS_MASK)TOKEN_ADJUST_SESSIONID;
    if (!SepTokenHasPrivilege(token, SE_ASSIGNPRIMARYTOKEN_PRIVILEGE))
        access &= ~(ACCESS_MASK)TOKEN_ASSIGN_PRIMARY;
    return access;
}

NTSTATUS SepJudgeCopy(PACCESS_TOKEN Token, ACCESS_MASK DesiredAccess, KPROCESSOR_MODE Mode,
                      PACCESS_MASK Granted)
{
    AUX_ACCESS_DATA aux;
    ACCESS_STATE state;
    NTSTATUS status = STATUS_SUCCESS;
    SeCreateAccessState(&state, &aux, DesiredAccess, &SepTokenObjectType->TypeInfo.GenericMapping);
    if (ObCheckObjectAccess(Token, &state, FALSE, Mode, &status)) {
        *Granted = state.PreviouslyGrantedAccess;
        if (Mode != KernelMode)
            *Granted = without_privileged(*Granted, &state.SubjectSecurityContext);
    }
    SeDeleteAccessState(&state);
    return status;
}
