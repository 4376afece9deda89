/* SPDX-License-Identifier: MIT */
/* Tokens whose processes make no children; and the audit of deletions, which this machine does not keep. */
#include <ntifs.h>
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "harness.h"

static void expect(PACCESS_TOKEN token, BOOLEAN enforced, BOOLEAN unless_secure, BOOLEAN audit_only)
{
    BOOLEAN e, u, a, again;
    SeTokenGetNoChildProcessRestricted(token, &e, &u, &a);
    CHECK_EQ(e, enforced);
    CHECK_EQ(u, unless_secure);
    CHECK_EQ(a, audit_only);
    CHECK_EQ(SeTokenIsNoChildProcessRestrictionEnforced(token, &again), enforced);
    CHECK_EQ(again, unless_secure);
    CHECK_EQ(SeTokenIsNoChildProcessRestrictionEnforced(token, NULL), enforced);
}

static PACCESS_TOKEN copy_of(PACCESS_TOKEN token)
{
    PACCESS_TOKEN copy;
    CHECK_EQ(SepDuplicateToken(token, FALSE, TokenPrimary, SecurityAnonymous, &copy), STATUS_SUCCESS);
    return copy;
}

KILN_TEST_ONCE(se_nochild, an_audit_becomes_enforcement_and_never_again_an_audit)
{
    PACCESS_TOKEN token = copy_of(SepSystemToken);
    expect(token, FALSE, FALSE, FALSE);
    CHECK_EQ(SeTokenSetNoChildProcessRestricted(token, TRUE, TRUE), STATUS_INVALID_PARAMETER);
    expect(token, FALSE, FALSE, FALSE);
    CHECK_EQ(SeTokenSetNoChildProcessRestricted(token, FALSE, TRUE), STATUS_SUCCESS);
    expect(token, FALSE, FALSE, TRUE);
    CHECK_EQ(SeTokenSetNoChildProcessRestricted(token, TRUE, FALSE), STATUS_SUCCESS);
    expect(token, TRUE, TRUE, FALSE);
    CHECK_EQ(SeTokenSetNoChildProcessRestricted(token, FALSE, TRUE), STATUS_INVALID_PARAMETER);
    expect(token, TRUE, TRUE, FALSE);
    CHECK_EQ(SeTokenSetNoChildProcessRestricted(token, FALSE, FALSE), STATUS_SUCCESS);
    expect(token, TRUE, FALSE, FALSE);
    CHECK_EQ(SeTokenSetNoChildProcessRestricted(token, TRUE, FALSE), STATUS_SUCCESS);
    expect(token, TRUE, FALSE, FALSE); /* not loosened */
    PACCESS_TOKEN copy = copy_of(token);
    expect(copy, TRUE, FALSE, FALSE);
    ObDereferenceObject(copy);
    ObDereferenceObject(token);
}

KILN_TEST_ONCE(se_nochild, a_restricted_process_makes_no_child)
{
    static const UNICODE_STRING name = RTL_CONSTANT_STRING(L"child.exe");
    PEPROCESS own = PsGetCurrentProcess(), child;
    PACCESS_TOKEN token = PsReferencePrimaryToken(own);
    CHECK_EQ(SeTokenSetNoChildProcessRestricted(token, FALSE, TRUE), STATUS_SUCCESS);
    CHECK_EQ(PspCreateProcess(own, &name, PspUserSlice, &child), STATUS_SUCCESS); /* it is only audited */
    PspExitProcess(child, 0);
    ObDereferenceObject(child);
    CHECK_EQ(SeTokenSetNoChildProcessRestricted(token, FALSE, FALSE), STATUS_SUCCESS);
    CHECK_EQ(PspCreateProcess(own, &name, PspUserSlice, &child), STATUS_CHILD_PROCESS_BLOCKED);
    PsDereferencePrimaryToken(token);
}

KILN_TEST_ONCE(se_audit, the_deletion_of_an_object_leaves_it_as_it_is)
{
    PACCESS_TOKEN token = copy_of(SepSystemToken);
    SeDeleteObjectAuditAlarm(token, (HANDLE)4);
    expect(token, FALSE, FALSE, FALSE);
    ObDereferenceObject(token);
}
