/* SPDX-License-Identifier: MIT */
/*
 * Guard pages of private user memory. A page with PAGE_GUARD is mapped inaccessible. The first touch, by whomever, takes
 * the guard away, makes the page accessible as its protection says, and is STATUS_GUARD_PAGE_VIOLATION; services
 * that meet one return that status. (Guard pages of views: viewfault.c.)
 *
 * Lock: U of the slice that the address lies in.
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"

unsigned MiUserProt(ULONG Protection)
{
    return (Protection & PAGE_GUARD) ? HOST_PROT_NONE : MiHostProt(Protection);
}

BOOLEAN MiTakeGuard(PMI_RANGE Range, SIZE_T Page)
{
    MI_USER_PAGE *Entry = &Range->Page[Page];

    if (Range->Kind != MiRangePrivate || Entry->Pfn == MI_NO_PFN || !(Entry->Protection & PAGE_GUARD))
        return FALSE;
    Entry->Protection &= ~(ULONG)PAGE_GUARD;
    if (host_protect((PVOID)(ULONG_PTR)(Range->Begin + ((ULONG64)Page << KILN_PAGE_SHIFT)), MI_PAGE_BYTES,
                     MiHostProt(Entry->Protection)) != 0)
        host_panic("the host refuses to make a guard page accessible (sysctl vm.max_map_count)");
    return TRUE;
}

static NTSTATUS user_fault(PVOID Context, PKI_FAULT Fault)
{
    PEPROCESS Process = MiProcessOfUserAddress((PVOID)(ULONG_PTR)Fault->Address);
    NTSTATUS Status = STATUS_ACCESS_VIOLATION;

    UNREFERENCED_PARAMETER(Context);
    if (Process == NULL || Fault->Irql >= DISPATCH_LEVEL || Fault->Safe)
        return STATUS_ACCESS_VIOLATION;
    KIRQL Irql = KiRaise(DISPATCH_LEVEL);
    MiAcquireRanges(Process);
    PMI_RANGE Range = MiRangeAt(Process, Fault->Address);
    if (Range && Range->Kind == MiRangePrivate) {
        SIZE_T Page = (SIZE_T)((Fault->Address - Range->Begin) >> KILN_PAGE_SHIFT);
        unsigned Prot = Range->Page[Page].Pfn == MI_NO_PFN ? 0 : MiUserProt(Range->Page[Page].Protection);
        unsigned Needs = Fault->Access == EXCEPTION_WRITE_FAULT     ? HOST_PROT_W
                         : Fault->Access == EXCEPTION_EXECUTE_FAULT ? HOST_PROT_X
                                                                    : HOST_PROT_R;
        if (MiTakeGuard(Range, Page))
            Status = STATUS_GUARD_PAGE_VIOLATION;
        else if (Prot & Needs)
            Status = STATUS_SUCCESS; /* another processor made it accessible meanwhile */
    }
    MiReleaseRanges(Process);
    KiLower(Irql);
    return Status;
}

void MiInitGuards(void)
{
    if (!NT_SUCCESS(MiRegisterFaultHandler(KILN_USER_BASE, KILN_USER_PROBE, user_fault, NULL)) ||
        !NT_SUCCESS(MiRegisterFaultHandler(KILN_LOW_USER_BASE, KILN_LOW_USER_END, user_fault, NULL)))
        host_panic("no room for the fault regions of user memory");
}
