/* SPDX-License-Identifier: MIT */
/*
 * ps/quota.c: charging pool quota by hand, for pool that a driver got without it.
 *
 * The accounts are those of ExAllocatePoolWithQuotaTag (mm). A process without them, the system process, is not
 * limited. Pages: nf-ntifs-pschargepoolquota, -psreturnpoolquota.
 */
#include "psi.h"
#include <nt/sefs.h>

static SIZE_T *account_of(PEPROCESS process, POOL_TYPE type, SIZE_T **limit)
{
    return MiQuotaOfProcess(process, (type & 1) == PagedPool, limit);
}

static NTSTATUS charge(PEPROCESS process, POOL_TYPE type, SIZE_T amount)
{
    SIZE_T *limit, *charged = account_of(process, type, &limit);
    if (!charged)
        return STATUS_SUCCESS;
    SIZE_T now = __atomic_load_n(charged, __ATOMIC_RELAXED);
    do {
        if (amount > *limit || now > *limit - amount)
            return STATUS_QUOTA_EXCEEDED;
    } while (!__atomic_compare_exchange_n(charged, &now, now + amount, FALSE, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return STATUS_SUCCESS;
}

/* More than was charged cannot be given back. */
static NTSTATUS give_back(PEPROCESS process, POOL_TYPE type, SIZE_T amount)
{
    SIZE_T *limit, *charged = account_of(process, type, &limit);
    if (!charged)
        return STATUS_SUCCESS;
    SIZE_T now = __atomic_load_n(charged, __ATOMIC_RELAXED);
    do {
        if (amount > now)
            return STATUS_QUOTA_EXCEEDED;
    } while (!__atomic_compare_exchange_n(charged, &now, now - amount, FALSE, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return STATUS_SUCCESS;
}

VOID NTAPI PsChargePoolQuota(PEPROCESS Process, POOL_TYPE PoolType, ULONG_PTR Amount)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    NTSTATUS status = charge(Process, PoolType, Amount);
    if (!NT_SUCCESS(status))
        ExRaiseStatus(status);
}

VOID NTAPI PsReturnPoolQuota(PEPROCESS Process, POOL_TYPE PoolType, ULONG_PTR Amount)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    NTSTATUS status = give_back(Process, PoolType, Amount);
    if (!NT_SUCCESS(status))
        ExRaiseStatus(status);
}

/* The forms that return what the others raise. */
NTSTATUS NTAPI PsChargeProcessPoolQuota(PEPROCESS Process, POOL_TYPE PoolType, ULONG_PTR Amount)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return charge(Process, PoolType, Amount);
}

NTSTATUS NTAPI PsChargeProcessNonPagedPoolQuota(PEPROCESS Process, SIZE_T Amount)
{
    return PsChargeProcessPoolQuota(Process, NonPagedPool, Amount);
}

NTSTATUS NTAPI PsChargeProcessPagedPoolQuota(PEPROCESS Process, SIZE_T Amount)
{
    return PsChargeProcessPoolQuota(Process, PagedPool, Amount);
}

VOID NTAPI PsReturnProcessNonPagedPoolQuota(PEPROCESS Process, SIZE_T Amount)
{
    PsReturnPoolQuota(Process, NonPagedPool, Amount);
}

VOID NTAPI PsReturnProcessPagedPoolQuota(PEPROCESS Process, SIZE_T Amount)
{
    PsReturnPoolQuota(Process, PagedPool, Amount);
}
