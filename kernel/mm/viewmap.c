/* SPDX-License-Identifier: MIT */
/*
 * What a view maps: the host mappings of its pages, and how they change.
 *
 * A page of a view is unmapped, or maps the frame of its area (without write access as long as a write would
 * have to be noticed: a page of a file that is not modified, a page to be copied), or maps a private copy.
 * MI_VIEW.Page says which, and is changed together with the host's mapping.
 *
 * Host mappings are charged exactly: two neighbouring pages share one if they map consecutive frames in the
 * same way, so a mapping ends wherever two neighbours do not match ("break"), and the number of breaks is the
 * charge.
 */
#include "section.h"

PMI_VIEW MiCreateView(PMI_SECTION Section, SIZE_T FirstPage, SIZE_T Pages, ULONG Protection)
{
    PMI_VIEW View = MiAllocatePool(NonPagedPoolNx, sizeof(*View) + Pages * sizeof(View->Page[0]), MI_VIEW_TAG,
                                   TRUE, NULL);

    if (View == NULL)
        return NULL;
    InitializeListHead(&View->Link);
    InitializeListHead(&View->SystemLink);
    View->Section = Section;
    View->FirstPage = FirstPage;
    View->Pages = Pages;
    View->AreaPages = FirstPage + Pages <= Section->Pages ? Pages : Section->Pages - FirstPage;
    View->Protection = Protection;
    for (SIZE_T I = 0; I < Pages; I++)
        View->Page[I].Pfn = MI_NO_PFN;
    return View;
}

/* S, and U or W. */
static KIRQL lock_view(PMI_VIEW View)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&View->Section->Area->Lock);

    if (View->Process)
        MiAcquireRanges(View->Process);
    return Irql;
}

static void unlock_view(PMI_VIEW View, KIRQL Irql)
{
    if (View->Process)
        MiReleaseRanges(View->Process);
    KeReleaseSpinLock(&View->Section->Area->Lock, Irql);
}

void MiPublishView(PMI_VIEW View)
{
    KIRQL Irql = lock_view(View);

    InsertTailList(&View->Section->Area->Views, &View->Link);
    if (View->Range)
        View->Range->View = View;
    unlock_view(View, Irql);
}

static UCHAR *page_va(PMI_VIEW View, SIZE_T Page)
{
    return (UCHAR *)(ULONG_PTR)(View->Va + ((ULONG64)Page << KILN_PAGE_SHIFT));
}

/* Does a host mapping end between the pages Page - 1 and Page? Outside of the view nothing is mapped. */
static BOOLEAN is_break(PMI_VIEW View, SIZE_T Page)
{
    const MI_VIEW_PAGE *Left = Page ? &View->Page[Page - 1] : NULL;
    const MI_VIEW_PAGE *Right = Page < View->Pages ? &View->Page[Page] : NULL;
    UCHAR LeftProt = Left ? Left->Prot : 0, RightProt = Right ? Right->Prot : 0;

    return LeftProt != RightProt || (LeftProt && Left->Pfn + 1 != Right->Pfn);
}

static ULONG count_breaks(PMI_VIEW View, SIZE_T First, SIZE_T Count)
{
    ULONG Breaks = 0;

    for (SIZE_T Page = First; Page <= First + Count; Page++)
        Breaks += is_break(View, Page);
    return Breaks;
}

static void note(PMI_VIEW View, SIZE_T First, SIZE_T Count, ULONG Pfn, unsigned Prot)
{
    for (SIZE_T I = 0; I < Count; I++) {
        MI_VIEW_PAGE *Page = &View->Page[First + I];
        ULONG New = Pfn == MI_NO_PFN ? MI_NO_PFN : (ULONG)(Pfn + I);
        View->HeldPages += (New != MI_NO_PFN) - (Page->Pfn != MI_NO_PFN);
        Page->Pfn = New;
        Page->Prot = (UCHAR)Prot;
        Page->Rotated = FALSE;
        if (View->Range)
            View->Range->Page[First + I].Pfn = Page->Pfn;
        else
            MiNoteSystemPte(page_va(View, First + I), Page->Pfn);
    }
}

static int host_change(PMI_VIEW View, SIZE_T First, SIZE_T Count, ULONG Pfn, unsigned Prot)
{
    ULONG64 Bytes = (ULONG64)Count << KILN_PAGE_SHIFT;

    if (Prot == 0)
        return host_unmap(page_va(View, First), Bytes);
    return host_map_ram(page_va(View, First), Bytes, (ULONG64)Pfn << KILN_PAGE_SHIFT, Prot);
}

NTSTATUS MiSetViewPages(PMI_VIEW View, SIZE_T First, SIZE_T Count, ULONG Pfn, unsigned Prot)
{
    MI_VIEW_PAGE Saved[MI_CLUSTER];
    ULONG Before = count_breaks(View, First, Count), After;
    SIZE_T Restore = Count <= MI_CLUSTER ? Count : 0;

    for (SIZE_T I = 0; I < Restore; I++)
        Saved[I] = View->Page[First + I];
    note(View, First, Count, Pfn, Prot);
    After = count_breaks(View, First, Count);
    BOOLEAN Charged = After <= Before || MiChargeHostMappings(After - Before, "a view of a section");
    if (Charged && host_change(View, First, Count, Pfn, Prot) == 0) {
        if (After < Before)
            MiReturnHostMappings(Before - After);
        View->HostRuns += After - Before;
        return STATUS_SUCCESS;
    }
    if (Charged && After > Before)
        MiReturnHostMappings(After - Before);
    for (SIZE_T I = 0; I < Restore; I++)
        note(View, First + I, 1, Saved[I].Pfn, Saved[I].Prot);
    if (Restore == 0) /* many pages are only mapped where nothing was */
        note(View, First, Count, MI_NO_PFN, 0);
    return STATUS_INSUFFICIENT_RESOURCES;
}

BOOLEAN MiIsPrivateCopy(PMI_VIEW View, SIZE_T Page)
{
    /* Physical memory is nobody's copy. */
    return View->Page[Page].Pfn != MI_NO_PFN && View->Section->Area->Kind != MiAreaPhysical &&
           !View->Page[Page].Rotated && MiPfnEntry(View->Page[Page].Pfn)->Use == MiPageUser;
}

void MiDestroyView(PMI_VIEW View)
{
    KIRQL Irql = lock_view(View);

    RemoveEntryList(&View->Link);
    if (View->Range)
        View->Range->View = NULL;
    if (View->HeldPages)
        host_unmap(page_va(View, 0), (ULONG64)View->Pages << KILN_PAGE_SHIFT);
    for (SIZE_T I = 0; I < View->Pages && View->HeldPages; I++) {
        ULONG Pfn = View->Page[I].Pfn;
        BOOLEAN Private = MiIsPrivateCopy(View, I);
        if (Pfn == MI_NO_PFN)
            continue;
        note(View, I, 1, MI_NO_PFN, 0);
        if (Private)
            MiReleaseFrame(Pfn);
    }
    unlock_view(View, Irql);
    MiReturnHostMappings(View->HostRuns);
    ExFreePoolWithTag(View, MI_VIEW_TAG);
}

void MiWriteProtectPage(PMI_AREA Area, SIZE_T AreaPage)
{
    PMI_PROTO Proto = MiProto(Area, AreaPage);

    for (PLIST_ENTRY Link = Area->Views.Flink; Link != &Area->Views; Link = Link->Flink) {
        PMI_VIEW View = CONTAINING_RECORD(Link, MI_VIEW, Link);
        SIZE_T Page = AreaPage - View->FirstPage;
        if (AreaPage < View->FirstPage || Page >= View->Pages || View->Page[Page].Pfn != Proto->Pfn ||
            !(View->Page[Page].Prot & HOST_PROT_W))
            continue;
        if (View->Process)
            MiAcquireRanges(View->Process);
        /* Without a mapping to spare it is unmapped: a touch brings it back. That needs no more than there
         * are. */
        if (!NT_SUCCESS(
                MiSetViewPages(View, Page, 1, Proto->Pfn, View->Page[Page].Prot & ~(unsigned)HOST_PROT_W))) {
            host_unmap(page_va(View, Page), MI_PAGE_BYTES);
            note(View, Page, 1, MI_NO_PFN, 0);
        }
        if (View->Process)
            MiReleaseRanges(View->Process);
    }
}

NTSTATUS MiMapWholeView(PMI_VIEW View)
{
    PMI_AREA Area = View->Section->Area;
    unsigned Prot = MiHostProt(View->Protection);
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql = lock_view(View);

    if (MiIsCopyOnWrite(View->Protection))
        Prot &= ~(unsigned)HOST_PROT_W;
    for (SIZE_T Page = 0, Run; Prot && Page < View->AreaPages && NT_SUCCESS(Status); Page += Run) {
        ULONG Pfn = Area->Kind == MiAreaPhysical ? (ULONG)(View->FirstPage + Page)
                                                 : MiProto(Area, View->FirstPage + Page)->Pfn;
        for (Run = 1; Page + Run < View->AreaPages; Run++)
            if (Area->Kind != MiAreaPhysical && MiProto(Area, View->FirstPage + Page + Run)->Pfn != Pfn + Run)
                break;
        Status = MiSetViewPages(View, Page, Run, Pfn, Prot);
    }
    unlock_view(View, Irql);
    return Status;
}

unsigned MiViewPageProt(PMI_VIEW View, SIZE_T Page, ULONG Protection)
{
    unsigned Prot = (Protection & PAGE_GUARD) ? 0 : MiHostProt(Protection);

    if (MiIsPrivateCopy(View, Page))
        return Prot;
    if (MiIsCopyOnWrite(Protection))
        Prot &= ~(unsigned)HOST_PROT_W;
    if (View->Section->Area->Kind == MiAreaData && !MiIsModified(View->Page[Page].Pfn))
        Prot &= ~(unsigned)HOST_PROT_W;
    return Prot;
}

NTSTATUS MiProtectViewPages(PMI_VIEW View, SIZE_T First, SIZE_T Count, ULONG Protection, ULONG *Old)
{
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql = lock_view(View);

    *Old = View->Range->Page[First].Protection;
    for (SIZE_T I = First; I < First + Count && NT_SUCCESS(Status); I++) {
        MI_VIEW_PAGE *Page = &View->Page[I];
        ULONG Was = View->Range->Page[I].Protection, New = Protection;
        if (Page->Pfn == MI_NO_PFN) {
            View->Range->Page[I].Protection = New;
            continue;
        }
        /* A private copy is written in place from then on. */
        if (MiIsPrivateCopy(View, I) && (New & 0xFF) == PAGE_WRITECOPY)
            New = PAGE_READWRITE | (New & ~0xFFU);
        if (MiIsPrivateCopy(View, I) && (New & 0xFF) == PAGE_EXECUTE_WRITECOPY)
            New = PAGE_EXECUTE_READWRITE | (New & ~0xFFU);
        unsigned Prot = MiViewPageProt(View, I, New);
        if (Prot != Page->Prot)
            Status =
                MiSetViewPages(View, I, 1, Prot || MiIsPrivateCopy(View, I) ? Page->Pfn : MI_NO_PFN, Prot);
        View->Range->Page[I].Protection = NT_SUCCESS(Status) ? New : Was;
    }
    unlock_view(View, Irql);
    return Status;
}
