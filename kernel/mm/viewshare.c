/* SPDX-License-Identifier: MIT */
/*
 * What a new process inherits: the views that its parent mapped with ViewShare.
 *
 * Slices lie at different addresses, so a view keeps its place within the slice, not its address (and not
 * even that in a 32-bit child whose slice ends before it). What the parent copied on write is its own: the
 * child's view shows the section.
 */
#include "section.h"

/* Map a view of the parent's into the child; both address spaces locked. */
static NTSTATUS inherit(PMI_VIEW View, PEPROCESS Child, ULONG64 Base)
{
    MI_VIEW_REQUEST Request = {.Base = Base,
                               .Offset = (LONGLONG)((ULONG64)View->FirstPage << KILN_PAGE_SHIFT),
                               .Bytes = View->Pages << KILN_PAGE_SHIFT,
                               .Inherit = ViewShare,
                               .Type = View->Pages > View->AreaPages ? MEM_RESERVE : 0,
                               .Protection = View->Protection};

    return MiMapView(Child, View->Section, &Request);
}

NTSTATUS MiInheritViews(PEPROCESS Parent, PEPROCESS Child)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PVOID From, To, Unused, End;
    PMI_RANGE Range;

    if (!MiQueryUserSlice(Parent, &From, &Unused) || !MiQueryUserSlice(Child, &To, &End) ||
        !MiLockAddressSpace(Parent))
        return STATUS_SUCCESS;
    for (Range = MiNextRange(Parent, NULL); Range && NT_SUCCESS(Status);
         Range = MiNextRange(Parent, (PVOID)(ULONG_PTR)Range->Begin)) {
        ULONG64 Base = Range->Begin - (ULONG_PTR)From + (ULONG_PTR)To;
        BOOLEAN Fits = Base + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT) <= (ULONG_PTR)End;
        if (Range->View && Range->View->Share)
            Status = inherit(Range->View, Child, Fits ? Base : 0);
    }
    MiUnlockAddressSpace(Parent);
    return NT_SUCCESS(Status) ? STATUS_SUCCESS : Status;
}
