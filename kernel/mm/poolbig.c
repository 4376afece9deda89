/* SPDX-License-Identifier: MIT */
/*
 * Large pool: allocations that are whole pages. The PFN entry of the first page holds what a small block has
 * in its header; the memory itself is the caller's from its first byte. With rule checks on, the rest of the
 * last page is filled and verified like the slack of a small block.
 *
 * Single pages are the buffers of page-sized I/O: each processor keeps a few, marked free in the PFN database
 * (so that freeing one twice is seen) but not given back to the page allocator.
 */
#include "mip.h"

#define SLACK_BYTE 0xA9

static UCHAR *slack_of(PVOID Block, SIZE_T Bytes, ULONG *Slack)
{
    *Slack = (ULONG)((MI_PAGES(Bytes) << KILN_PAGE_SHIFT) - Bytes);
    return (UCHAR *)Block + Bytes;
}

static BOOLEAN take_page(PFN_NUMBER *Pfn, PVOID Caller)
{
    PMI_VP Vp = MiCurrentVp();

    if (Vp->PageCount == 0)
        return FALSE;
    *Pfn = Vp->Pages[--Vp->PageCount];
    PMI_PFN Entry = MiPfnEntry(*Pfn);
    Entry->RunPages = 1;
    Entry->RunBack = 0;
    Entry->Caller = Caller;
    Entry->Use = MiPagePoolLarge; /* the use counters keep counting it as pool while it is cached */
    return TRUE;
}

static BOOLEAN keep_page(PFN_NUMBER Pfn)
{
    PMI_VP Vp = MiCurrentVp();

    if (Vp->PageCount == MI_VP_PAGES || MiPfnEntry(Pfn)->LockCount)
        return FALSE;
    MiPfnEntry(Pfn)->Use = MiPageFree;
    Vp->Pages[Vp->PageCount++] = (ULONG)Pfn;
    return TRUE;
}

PVOID MiAllocateLargePool(ULONG Kind, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    SIZE_T Pages = MI_PAGES(Bytes);
    ULONG TagIndex, Slack;
    PFN_NUMBER Pfn;

    if (Bytes > ((ULONG64)MiPageCount << KILN_PAGE_SHIFT))
        return NULL;
    TagIndex = MiTagIndex(Tag, Caller);
    if (Pages != 1 || Kind == MiPoolExecute || !take_page(&Pfn, Caller)) {
        if (!NT_SUCCESS(MiAllocatePages(Pages, 0, MiPageCount - 1, 1, 0, MiPagePoolLarge, FALSE, &Pfn)))
            return NULL;
        MiPfnEntry(Pfn)->Caller = Caller;
    }
    if (Kind == MiPoolExecute) {
        if (!MiChargeHostMappings(2, "executable pool")) {
            MiFreePages(Pfn, Pages);
            return NULL;
        }
        if (!NT_SUCCESS(MiProtectRam(Pfn, Pages, HOST_PROT_R | HOST_PROT_W | HOST_PROT_X))) {
            MiReturnHostMappings(2);
            MiFreePages(Pfn, Pages);
            return NULL;
        }
    }
    PMI_PFN Entry = MiPfnEntry(Pfn);
    Entry->Tag = Tag;
    Entry->TagIndex = TagIndex;
    Entry->Bytes = Bytes;
    Entry->Kind = (UCHAR)Kind;
    PMI_TAG_COUNT Count = &MiCurrentVp()->Tags[TagIndex];
    Count->Allocations[Kind == MiPoolPaged]++;
    Count->Bytes[Kind == MiPoolPaged] += Bytes;
    if (MiChecked) {
        UCHAR *Tail = slack_of(MiPfnToVa(Pfn), Bytes, &Slack);
        __builtin_memset(Tail, SLACK_BYTE, Slack);
    }
    if (Kind == MiPoolPaged)
        MiSetPageable(Pfn, Pages, TRUE);
    return MiPfnToVa(Pfn);
}

void MiFreeLargePool(PVOID Block, ULONG Tag, BOOLEAN TagGiven, PVOID Caller)
{
    PFN_NUMBER Pfn = MiVaToPfn(Block);
    PMI_PFN Entry = MiPfnEntry(Pfn);
    ULONG Kind = Entry->Kind, Slack;
    SIZE_T Pages = Entry->RunPages;
    KIRQL Irql = MiCurrentIrql();

    if (Entry->Use != MiPagePoolLarge || Entry->RunBack != 0)
        MiBadFree(Block, Caller);
    if (Irql > DISPATCH_LEVEL || (Kind == MiPoolPaged && Irql > APC_LEVEL))
        MiPoolBugCheck(BAD_POOL_CALLER, 0x09, Irql, MiTypeOfKind(Kind), (ULONG64)(ULONG_PTR)Block, Caller,
                       "pool was freed at an IRQL that does not allow it");
    if (Entry->Tag != Tag)
        MiCheckFreeTag(Block, Entry->Tag, TagGiven ? Tag : 0, Caller);
    if (MiChecked) {
        UCHAR *Tail = slack_of(Block, Entry->Bytes, &Slack);
        for (ULONG I = 0; I < Slack; I++)
            if (Tail[I] != SLACK_BYTE)
                MiPoolBugCheck(BAD_POOL_HEADER, 0x21, (ULONG64)(ULONG_PTR)Block, Entry->Bytes, Tail[I],
                               Caller, "bytes behind the end of the pool block were written");
    }
    PMI_TAG_COUNT Count = &MiCurrentVp()->Tags[Entry->TagIndex];
    Count->Frees[Kind == MiPoolPaged]++;
    Count->Bytes[Kind == MiPoolPaged] -= Entry->Bytes;
    if (Kind == MiPoolPaged)
        MiSetPageable(Pfn, Pages, FALSE);
    if (Kind == MiPoolExecute) {
        if (!NT_SUCCESS(MiProtectRam(Pfn, Pages, HOST_PROT_R | HOST_PROT_W)))
            return; /* cannot be reused as ordinary memory: better lost than executable */
        MiReturnHostMappings(2);
    } else if (Pages == 1 && keep_page(Pfn)) {
        return;
    }
    MiFreePages(Pfn, Pages);
}
