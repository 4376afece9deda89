/* SPDX-License-Identifier: MIT */
/*
 * Pool quota: what a process owes for pool that drivers allocate on its behalf.
 *
 * A charged block remembers the process (referenced) behind its last byte. Processes without a user address
 * space, the system process first of all, are not limited, only counted together.
 */
#include "mip.h"
#include "psp.h"

static SIZE_T system_charged[2]; /* A */

NTSTATUS MiChargeQuota(ULONG Kind, SIZE_T Bytes, PVOID *Process)
{
    PEPROCESS Current = PsGetCurrentProcess();
    ULONG Account = Kind == MiPoolPaged;
    SIZE_T *Limit, *Charged;

    Charged = MiQuotaOfProcess(Current, Account, &Limit);
    if (Charged == NULL) {
        __atomic_fetch_add(&system_charged[Account], Bytes, __ATOMIC_RELAXED);
    } else if (__atomic_add_fetch(Charged, Bytes, __ATOMIC_RELAXED) > *Limit) {
        __atomic_fetch_sub(Charged, Bytes, __ATOMIC_RELAXED);
        return STATUS_QUOTA_EXCEEDED;
    }
    ObReferenceObject(Current);
    *Process = Current;
    return STATUS_SUCCESS;
}

void MiReturnQuota(PVOID Process, ULONG Kind, SIZE_T Bytes, PVOID Block, PVOID Caller)
{
    ULONG Account = Kind == MiPoolPaged;
    SIZE_T *Limit, *Charged;

    if (!MiIsRam(Process) && Process != PsInitialSystemProcess)
        MiPoolBugCheck(BAD_POOL_CALLER, 0x0D, (ULONG64)(ULONG_PTR)Block, 0, (ULONG64)(ULONG_PTR)Process,
                       Caller, "the charged process behind a quota-charged pool block was overwritten");
    Charged = MiQuotaOfProcess(Process, Account, &Limit);
    __atomic_fetch_sub(Charged ? Charged : &system_charged[Account], Bytes, __ATOMIC_RELAXED);
    ObDereferenceObject(Process);
}
