/* SPDX-License-Identifier: MIT */
/*
 * ps/token.c: a thread acts for somebody else: impersonation, and references to tokens of processes and
 * threads.
 *
 * A thread's impersonation fields change under p; whoever reads them takes a reference under p.
 */
#include "psi.h"

PACCESS_TOKEN NTAPI PsReferencePrimaryToken(PEPROCESS Process)
{
    ObReferenceObject(Process->Token);
    return Process->Token;
}

VOID NTAPI PsDereferencePrimaryToken(PACCESS_TOKEN PrimaryToken)
{
    ObDereferenceObject(PrimaryToken);
}

PACCESS_TOKEN NTAPI PsReferenceImpersonationToken(PETHREAD Thread, PBOOLEAN CopyOnOpen,
                                                  PBOOLEAN EffectiveOnly,
                                                  SECURITY_IMPERSONATION_LEVEL *ImpersonationLevel)
{
    PACCESS_TOKEN token = NULL;
    if (!Thread->ActiveImpersonation)
        return NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    if (Thread->ActiveImpersonation) {
        token = Thread->ImpersonationToken;
        ObReferenceObject(token);
        *CopyOnOpen = Thread->CopyOnOpen;
        *EffectiveOnly = Thread->EffectiveOnly;
        *ImpersonationLevel = Thread->ImpersonationLevel;
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    return token;
}

VOID NTAPI PsDereferenceImpersonationToken(PACCESS_TOKEN ImpersonationToken)
{
    if (ImpersonationToken)
        ObDereferenceObject(ImpersonationToken);
}

PACCESS_TOKEN PspReferenceEffectiveToken(SECURITY_IMPERSONATION_LEVEL *Level)
{
    BOOLEAN copy, effective;
    *Level = SecurityAnonymous;
    return PsReferenceImpersonationToken(PspCurrentThread(), &copy, &effective, Level);
}

NTSTATUS NTAPI PsImpersonateClient(PETHREAD Thread, PACCESS_TOKEN Token, BOOLEAN CopyOnOpen,
                                   BOOLEAN EffectiveOnly, SECURITY_IMPERSONATION_LEVEL ImpersonationLevel)
{
    NTSTATUS status = STATUS_SUCCESS;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (Token) {
        PACCESS_TOKEN own = PsReferencePrimaryToken(Thread->ThreadsProcess), copy;
        ObReferenceObject(Token);
        if (!SepCanImpersonate(own, Token, ImpersonationLevel)) {
            /* Documented: only good for asking who it is. */
            ImpersonationLevel = SecurityIdentification;
            status = SepDuplicateToken(Token, FALSE, TokenImpersonation, ImpersonationLevel, &copy);
            ObDereferenceObject(Token);
            Token = copy;
        }
        ObDereferenceObject(own);
    }
    if (!NT_SUCCESS(status))
        return status;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    PACCESS_TOKEN old = Thread->ImpersonationToken;
    Thread->ImpersonationToken = Token;
    Thread->ActiveImpersonation = Token != NULL;
    Thread->CopyOnOpen = CopyOnOpen;
    Thread->EffectiveOnly = EffectiveOnly;
    Thread->ImpersonationLevel = ImpersonationLevel;
    KeReleaseSpinLock(&PspProcessLock, irql);
    if (old)
        ObDereferenceObject(old);
    return STATUS_SUCCESS;
}

NTSTATUS PspCopyImpersonationToken(PETHREAD Thread, PACCESS_TOKEN *Token, BOOLEAN EffectiveOnly,
                                   SECURITY_IMPERSONATION_LEVEL Level)
{
    PACCESS_TOKEN old = *Token, copy;
    if (SeTokenType(old) == TokenImpersonation && Level > SeTokenImpersonationLevel(old))
        Level = SeTokenImpersonationLevel(old);
    NTSTATUS status = SepDuplicateToken(old, EffectiveOnly, TokenImpersonation, Level, &copy);
    if (!NT_SUCCESS(status))
        return status;
    ObReferenceObject(copy); /* the thread's */
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    BOOLEAN taken = Thread->ActiveImpersonation && Thread->ImpersonationToken == old;
    if (taken) {
        Thread->ImpersonationToken = copy;
        Thread->CopyOnOpen = Thread->EffectiveOnly = FALSE;
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    ObDereferenceObject(taken ? old : copy);
    ObDereferenceObject(old); /* the caller's */
    *Token = copy;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PsAssignImpersonationToken(PETHREAD Thread, HANDLE Token)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    PACCESS_TOKEN token;
    if (!Token)
        return PsImpersonateClient(Thread, NULL, FALSE, FALSE, SecurityAnonymous);
    NTSTATUS status =
        ObReferenceObjectByHandle(Token, TOKEN_IMPERSONATE, SepTokenObjectType, mode, &token, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (SeTokenType(token) == TokenImpersonation)
        status = PsImpersonateClient(Thread, token, FALSE, FALSE, SeTokenImpersonationLevel(token));
    else
        status = STATUS_BAD_TOKEN_TYPE;
    ObDereferenceObject(token);
    return status;
}

VOID NTAPI PsRevertThreadToSelf(PETHREAD Thread)
{
    if (Thread->ImpersonationToken)
        PsImpersonateClient(Thread, NULL, FALSE, FALSE, SecurityAnonymous);
}

VOID NTAPI PsRevertToSelf(VOID)
{
    PsRevertThreadToSelf(PspCurrentThread());
}

BOOLEAN NTAPI PsIsThreadImpersonating(PETHREAD Thread)
{
    return Thread->ActiveImpersonation;
}

/* Suspend impersonation around work the thread does for itself; restored by PsRestoreImpersonation. */
typedef struct _SE_IMPERSONATION_STATE {
    PACCESS_TOKEN Token;
    BOOLEAN CopyOnOpen;
    BOOLEAN EffectiveOnly;
    SECURITY_IMPERSONATION_LEVEL Level;
} SE_IMPERSONATION_STATE, *PSE_IMPERSONATION_STATE;

BOOLEAN NTAPI PsDisableImpersonation(PETHREAD Thread, PSE_IMPERSONATION_STATE ImpersonationState)
{
    ImpersonationState->Token =
        PsReferenceImpersonationToken(Thread, &ImpersonationState->CopyOnOpen,
                                      &ImpersonationState->EffectiveOnly, &ImpersonationState->Level);
    PsRevertThreadToSelf(Thread);
    return ImpersonationState->Token != NULL;
}

VOID NTAPI PsRestoreImpersonation(PETHREAD Thread, PSE_IMPERSONATION_STATE ImpersonationState)
{
    if (!ImpersonationState->Token)
        return;
    PsImpersonateClient(Thread, ImpersonationState->Token, ImpersonationState->CopyOnOpen,
                        ImpersonationState->EffectiveOnly, ImpersonationState->Level);
    ObDereferenceObject(ImpersonationState->Token);
}
