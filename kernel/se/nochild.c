/* SPDX-License-Identifier: MIT */
/*
 * se/nochild.c: tokens whose processes make no child processes: the no-child-process mitigation.
 *
 * It is enforced, or enforced but for secure processes (of which this machine has none), or only audited (which is not
 * seen: this machine keeps no log). Once enforced it stays so. Enforced by PspCreateProcess; copies of a token carry it.
 * Pages: nf-ntifs-setokengetnochildprocessrestricted and its siblings, which name no statuses.
 */
#include <nt/ke.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"

#define ENFORCED (SEP_TOKEN_NO_CHILD_PROCESS | SEP_TOKEN_NO_CHILD_PROCESS_UNLESS_SECURE)

NTSTATUS NTAPI SeTokenSetNoChildProcessRestricted(PACCESS_TOKEN Token, BOOLEAN UnlessSecure, BOOLEAN AuditOnly)
{
    PTOKEN token = Token;
    NTSTATUS status = STATUS_SUCCESS;
    ULONG flag = AuditOnly      ? SEP_TOKEN_AUDIT_NO_CHILD_PROCESS
                 : UnlessSecure ? SEP_TOKEN_NO_CHILD_PROCESS_UNLESS_SECURE
                                : SEP_TOKEN_NO_CHILD_PROCESS;
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (UnlessSecure && AuditOnly)
        return STATUS_INVALID_PARAMETER;
    SepLockToken(token, TRUE);
    ULONG old = token->Flags;
    if (AuditOnly && old & ENFORCED) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        ULONG flags = (old & ~(ULONG)(ENFORCED | SEP_TOKEN_AUDIT_NO_CHILD_PROCESS)) | flag;
        /* One that lets nothing by is not loosened either. */
        if (old & SEP_TOKEN_NO_CHILD_PROCESS)
            flags = old;
        __atomic_store_n(&token->Flags, flags, __ATOMIC_RELAXED);
        token->ModifiedId = SepAllocateLuid();
    }
    SepUnlockToken(token);
    return status;
}

VOID NTAPI SeTokenGetNoChildProcessRestricted(PACCESS_TOKEN Token, PBOOLEAN Enforced, PBOOLEAN UnlessSecure,
                                              PBOOLEAN AuditOnly)
{
    ULONG flags = KI_PEEK(((PTOKEN)Token)->Flags);
    *Enforced = (flags & ENFORCED) != 0;
    *UnlessSecure = (flags & SEP_TOKEN_NO_CHILD_PROCESS_UNLESS_SECURE) != 0;
    *AuditOnly = (flags & SEP_TOKEN_AUDIT_NO_CHILD_PROCESS) != 0;
}

BOOLEAN NTAPI SeTokenIsNoChildProcessRestrictionEnforced(PACCESS_TOKEN Token, PBOOLEAN UnlessSecure)
{
    BOOLEAN enforced, unless_secure, audit_only;
    SeTokenGetNoChildProcessRestricted(Token, &enforced, &unless_secure, &audit_only);
    if (UnlessSecure)
        *UnlessSecure = unless_secure;
    return enforced;
}
