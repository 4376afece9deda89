/* SPDX-License-Identifier: MIT */
/*
 * Stacks of user threads: committed memory of a slice with an inaccessible page below it. They are taken from
 * the top of the slice, so that they do not stand between what the process allocates for itself.
 */
#include "mip.h"

NTSTATUS MiAllocateUserStack(PEPROCESS Process, SIZE_T Bytes, PVOID *Range)
{
    NTSTATUS Status;
    SIZE_T Pages = MI_PAGES(Bytes);
    PMI_RANGE Reserved = MiReserveRange(Process, 0, Pages + 1, MiRangePrivate, PAGE_READWRITE, TRUE, &Status);

    if (Reserved == NULL)
        return Status;
    Status = MiCommitRange(Process, Reserved, 1, Pages, PAGE_READWRITE);
    if (!NT_SUCCESS(Status)) {
        MiReleaseRange(Process, Reserved);
        return Status;
    }
    *Range = (PVOID)(ULONG_PTR)Reserved->Begin;
    return STATUS_SUCCESS;
}
