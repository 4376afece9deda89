/* SPDX-License-Identifier: MIT */
/*
 * Memory of loaded images: a zeroed run of pages followed by a guard page, so that running off the last
 * section faults. Protections are set by the loader, section by section; each change is charged to the host
 * mapping budget as if it split a mapping, and the region gives all of it back when it is freed.
 *
 * The PFN entry of the first page holds the number of host mappings charged (in TagIndex).
 */
#include "mip.h"

unsigned MiHostProt(ULONG Protection)
{
    switch (Protection & 0xFF) {
    case PAGE_READONLY:
        return HOST_PROT_R;
    case PAGE_READWRITE:
    case PAGE_WRITECOPY:
        return HOST_PROT_R | HOST_PROT_W;
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
        return HOST_PROT_R | HOST_PROT_X;
    case PAGE_EXECUTE_READWRITE:
    case PAGE_EXECUTE_WRITECOPY:
        return HOST_PROT_R | HOST_PROT_W | HOST_PROT_X;
    default:
        return HOST_PROT_NONE;
    }
}

NTSTATUS MiAllocateImageRegion(SIZE_T Bytes, PVOID *Base)
{
    SIZE_T Pages = MI_PAGES(Bytes);
    PFN_NUMBER Pfn;
    NTSTATUS Status;

    *Base = NULL;
    if (Bytes == 0 || Bytes > ((ULONG64)MiPageCount << KILN_PAGE_SHIFT))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (!MiChargeHostMappings(2, "an image"))
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = MiAllocatePages(Pages + 1, 0, MiPageCount - 1, 1, 0, MiPageImage, TRUE, &Pfn);
    if (NT_SUCCESS(Status)) {
        Status = MiProtectRam(Pfn + Pages, 1, HOST_PROT_NONE);
        if (!NT_SUCCESS(Status))
            MiFreePages(Pfn, Pages + 1);
    }
    if (!NT_SUCCESS(Status)) {
        MiReturnHostMappings(2);
        return Status;
    }
    MiPfnEntry(Pfn)->TagIndex = 2;
    MiPfnEntry(Pfn)->Bytes = Bytes;
    *Base = MiPfnToVa(Pfn);
    return STATUS_SUCCESS;
}

/* First page of the image region that contains the page; bugchecks if there is none. */
static PFN_NUMBER region_of(PVOID Va)
{
    PFN_NUMBER Pfn = MiVaToPfn(Va);

    if (!MiIsRam(Va) || MiPfnEntry(Pfn)->Use != MiPageImage)
        KeBugCheckEx(MEMORY_MANAGEMENT, 0x5006, (ULONG_PTR)Va, 0, 0);
    return Pfn - MiPfnEntry(Pfn)->RunBack;
}

NTSTATUS MiProtectImageRegion(PVOID Va, SIZE_T Bytes, ULONG Protection)
{
    PFN_NUMBER Region = region_of(Va);
    SIZE_T Pages = MI_PAGES(Bytes + ((ULONG_PTR)Va & (MI_PAGE_BYTES - 1)));
    NTSTATUS Status;

    /* The guard page is the last of the run. */
    if (MiVaToPfn(Va) + Pages > Region + MiPfnEntry(Region)->RunPages - 1)
        return STATUS_INVALID_PARAMETER;
    if (!MiChargeHostMappings(2, "an image section's protection"))
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = MiProtectRam(MiVaToPfn(Va), Pages, MiHostProt(Protection));
    if (!NT_SUCCESS(Status))
        MiReturnHostMappings(2);
    else
        __atomic_fetch_add(&MiPfnEntry(Region)->TagIndex, 2, __ATOMIC_RELAXED);
    return Status;
}

void MiFreeImageRegion(PVOID Base)
{
    PFN_NUMBER Region = region_of(Base);
    SIZE_T Pages = MiPfnEntry(Region)->RunPages;

    if (MiPfnToVa(Region) != Base)
        KeBugCheckEx(MEMORY_MANAGEMENT, 0x5006, (ULONG_PTR)Base, 1, 0);
    if (!NT_SUCCESS(MiProtectRam(Region, Pages, HOST_PROT_R | HOST_PROT_W)))
        return;
    for (SIZE_T I = 0; I < Pages; I++)
        MiPfnEntry(Region + I)->Flags &= (UCHAR)~MI_PFN_REPROTECTED;
    MiSetPageable(Region, Pages, FALSE);
    MiReturnHostMappings(MiPfnEntry(Region)->TagIndex);
    MiFreePages(Region, Pages);
}
