/* SPDX-License-Identifier: MIT */
/*
 * se/client.c: a server keeps a client's identity, to act for it later on any thread.
 *
 * With dynamic tracking the context refers to the client's own token, and follows its changes; otherwise, and for a
 * remote client, it has a copy. Pages: nf-ntifs-secreateclientsecurity, -seimpersonateclientex.
 */
#include <nt/ke.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"
#include <nt/sefs.h>

/* Make a context of `token`, referenced; the reference is consumed. `level`: at which it is impersonated, if it is. */
static NTSTATUS make_context(PTOKEN token, BOOLEAN impersonated, SECURITY_IMPERSONATION_LEVEL level, BOOLEAN effective,
                             PSECURITY_QUALITY_OF_SERVICE qos, BOOLEAN remote, PSECURITY_CLIENT_CONTEXT context)
{
    NTSTATUS status = STATUS_SUCCESS;
    BOOLEAN direct = qos->ContextTrackingMode == SECURITY_DYNAMIC_TRACKING && !remote;
    if (!VALID_IMPERSONATION_LEVEL((LONG)qos->ImpersonationLevel)) {
        status = STATUS_INVALID_PARAMETER;
    } else if (impersonated && (level < SecurityImpersonation || qos->ImpersonationLevel > level ||
                                (remote && level != SecurityDelegation))) {
        status = STATUS_BAD_IMPERSONATION_LEVEL;
    } else if (!direct) {
        PACCESS_TOKEN copy;
        status = SepDuplicateToken(token, qos->EffectiveOnly, TokenImpersonation,
                                   qos->ImpersonationLevel, &copy);
        if (NT_SUCCESS(status)) {
            ObDereferenceObject(token);
            token = copy;
        }
    }
    if (!NT_SUCCESS(status)) {
        ObDereferenceObject(token);
        return status;
    }
    *context = (SECURITY_CLIENT_CONTEXT){.SecurityQos = *qos,
                                         .ClientToken = token,
                                         .DirectlyAccessClientToken = direct,
                                         .DirectAccessEffectiveOnly = effective || qos->EffectiveOnly,
                                         .ServerIsRemote = remote};
    SepLockToken(token, FALSE);
    context->ClientTokenControl = (TOKEN_CONTROL){.TokenId = token->TokenId,
                                                  .AuthenticationId = token->AuthenticationId,
                                                  .ModifiedId = token->ModifiedId,
                                                  .TokenSource = token->Source};
    SepUnlockToken(token);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeCreateClientSecurity(PETHREAD ClientThread, PSECURITY_QUALITY_OF_SERVICE ClientSecurityQos,
                                      BOOLEAN RemoteSession, PSECURITY_CLIENT_CONTEXT ClientContext)
{
    SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
    BOOLEAN copy, effective = FALSE;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    PACCESS_TOKEN token = PsReferenceImpersonationToken(ClientThread, &copy, &effective, &level);
    BOOLEAN impersonated = token != NULL;
    if (!token)
        token = PsReferencePrimaryToken(ClientThread->ThreadsProcess);
    return make_context(token, impersonated, level, effective, ClientSecurityQos, RemoteSession, ClientContext);
}

NTSTATUS NTAPI SeCreateClientSecurityFromSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext,
                                                        PSECURITY_QUALITY_OF_SERVICE ClientSecurityQos,
                                                        BOOLEAN ServerIsRemote, PSECURITY_CLIENT_CONTEXT ClientContext)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    PACCESS_TOKEN token = SeQuerySubjectContextToken(SubjectContext);
    ObReferenceObject(token);
    return make_context(token, SubjectContext->ClientToken != NULL, SubjectContext->ImpersonationLevel, FALSE,
                        ClientSecurityQos, ServerIsRemote, ClientContext);
}

NTSTATUS NTAPI SeImpersonateClientEx(PSECURITY_CLIENT_CONTEXT ClientContext, PETHREAD ServerThread)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    /* A copy is the server's to open; the client's own token is copied when it is opened. */
    BOOLEAN direct = ClientContext->DirectlyAccessClientToken;
    return PsImpersonateClient(ServerThread ? ServerThread : PspCurrentThread(), ClientContext->ClientToken, direct,
                               direct ? ClientContext->DirectAccessEffectiveOnly
                                      : ClientContext->SecurityQos.EffectiveOnly,
                               ClientContext->SecurityQos.ImpersonationLevel);
}

VOID NTAPI SeImpersonateClient(PSECURITY_CLIENT_CONTEXT ClientContext, PETHREAD ServerThread)
{
    SeImpersonateClientEx(ClientContext, ServerThread);
}

/*
 * May a thread of a process with the primary token act as `token`? Its own user may, if neither is restricted; anybody
 * as an anonymous one; and others with the privilege to impersonate.
 */
BOOLEAN SepCanImpersonate(PACCESS_TOKEN ProcessToken, PACCESS_TOKEN Token, SECURITY_IMPERSONATION_LEVEL Level)
{
    PTOKEN own = ProcessToken, other = Token;
    if (Level < SecurityImpersonation || own == other ||
        SepEqualLuid(other->AuthenticationId, (LUID){0x3e6, 0} /* the anonymous session */))
        return TRUE;
    if (SepTokenHasPrivilege(own, SE_IMPERSONATE_PRIVILEGE))
        return TRUE;
    return RtlEqualSid(own->Sids[0].Sid, other->Sids[0].Sid) &&
           !((own->Flags | other->Flags) & SEP_TOKEN_IS_RESTRICTED);
}
