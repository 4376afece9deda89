/* SPDX-License-Identifier: MIT */
/* Affinity tokens, and pool quota charged by hand. */
#include <ntifs.h>
#include <nt/ps_services.h>
#include "mi.h"
#include "psp.h"
#include "trap.h"
#include "harness.h"

KILN_TEST(ps_affinity, a_thread_runs_where_it_was_sent_and_goes_back)
{
    PAFFINITY_TOKEN outer, inner;
    ULONG last = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS) - 1;
    PROCESSOR_NUMBER number;
    GROUP_AFFINITY first[1] = {{.Mask = 1}}, others[1] = {{0}};
    KAFFINITY before = KeGetCurrentThread()->UserAffinity;
    CHECK_EQ(KeGetProcessorNumberFromIndex(last, &number), STATUS_SUCCESS);
    others[0].Group = number.Group;
    others[0].Mask = (KAFFINITY)1 << number.Number;
    CHECK_EQ(PsAllocateAffinityToken(&outer), STATUS_SUCCESS);
    CHECK_EQ(PsAllocateAffinityToken(&inner), STATUS_SUCCESS);
    CHECK_EQ(PsSetSystemMultipleGroupAffinityThread(others, 1, outer), STATUS_SUCCESS);
    CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), last);
    CHECK_EQ(PsSetSystemMultipleGroupAffinityThread(first, 1, inner), STATUS_SUCCESS);
    CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), 0);
    CHECK_EQ(PsSetSystemMultipleGroupAffinityThread(first, 1, inner), STATUS_INVALID_PARAMETER); /* it is filled in */
    PsRevertToUserMultipleGroupAffinityThread(inner);
    CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), last); /* where it was before */
    PsRevertToUserMultipleGroupAffinityThread(outer);
    CHECK_EQ(KeGetCurrentThread()->UserAffinity, before);
    CHECK(!KeGetCurrentThread()->SystemAffinityActive);
    PsFreeAffinityToken(inner);
    PsFreeAffinityToken(outer);
}

KILN_TEST_ONCE(ps_affinity, what_names_no_processor_is_refused)
{
    PAFFINITY_TOKEN token;
    GROUP_AFFINITY group = {.Mask = 1, .Group = 77}, none = {0}, reserved = {.Mask = 1, .Reserved = {1}};
    CHECK_EQ(PsAllocateAffinityToken(&token), STATUS_SUCCESS);
    CHECK_EQ(PsSetSystemMultipleGroupAffinityThread(&group, 1, token), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsSetSystemMultipleGroupAffinityThread(&none, 1, token), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsSetSystemMultipleGroupAffinityThread(&reserved, 1, token), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsSetSystemMultipleGroupAffinityThread(NULL, 0, token), STATUS_INVALID_PARAMETER);
    PsFreeAffinityToken(token);
}

KILN_TEST_BUGCHECK(ps_affinity, a_token_that_was_not_filled_in_reverts_nothing, DRIVER_VIOLATION)
{
    PAFFINITY_TOKEN token;
    CHECK_EQ(PsAllocateAffinityToken(&token), STATUS_SUCCESS);
    PsRevertToUserMultipleGroupAffinityThread(token);
}

/* What the process may still charge from now on. */
static void limit_to(ULONG account, SIZE_T amount)
{
    SIZE_T *limit, *charged = MiQuotaOfProcess(PsGetCurrentProcess(), account, &limit);
    *limit = *charged + amount;
}

static void charge(void *amount)
{
    PsChargePoolQuota(PsGetCurrentProcess(), PagedPool, (ULONG_PTR)amount);
}

static void give_back(void *amount)
{
    PsReturnPoolQuota(PsGetCurrentProcess(), PagedPool, (ULONG_PTR)amount);
}

KILN_TEST_ONCE(ps_quota, documented_forms_raise)
{
    limit_to(1, 0x1000);
    CHECK_EQ(KeTryCall(charge, (void *)0x1001), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(KeTryCall(charge, (void *)0x1000), STATUS_SUCCESS); /* nothing was charged before */
    CHECK_EQ(KeTryCall(charge, (void *)1), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(KeTryCall(give_back, (void *)MAXLONGLONG), STATUS_QUOTA_EXCEEDED); /* more than was charged */
    CHECK_EQ(KeTryCall(give_back, (void *)0x1000), STATUS_SUCCESS);
}

KILN_TEST_ONCE(ps_quota, each_kind_has_its_account)
{
    PEPROCESS process = PsGetCurrentProcess();
    limit_to(0, 0x3000);
    limit_to(1, 0x1000);
    CHECK_EQ(PsChargeProcessPagedPoolQuota(process, 0x2000), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(PsChargeProcessNonPagedPoolQuota(process, 0x2000), STATUS_SUCCESS);
    CHECK_EQ(PsChargeProcessPoolQuota(process, NonPagedPool, 0x2000), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(PsChargeProcessPoolQuota(process, PagedPool, 0x1000), STATUS_SUCCESS);
    PsReturnProcessPagedPoolQuota(process, 0x1000);
    PsReturnProcessNonPagedPoolQuota(process, 0x2000);
    PsChargePoolQuota(process, NonPagedPool, 0x3000); /* all is there again */
    PsReturnPoolQuota(process, NonPagedPool, 0x3000);
    /* The system process is not limited. */
    CHECK_EQ(PsChargeProcessPoolQuota(PsInitialSystemProcess, NonPagedPool, MAXLONGLONG), STATUS_SUCCESS);
}
