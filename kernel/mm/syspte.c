/* SPDX-License-Identifier: MIT */
/*
 * The system PTE window: addresses for aliases of RAM (MDL mappings, I/O space, reserved mapping addresses).
 *
 * A reservation is a range of pages of the window. Reservations are found next-fit, so that an address is not
 * used again soon after it was unmapped and a stale pointer faults; an unmapped page separates neighbours, so
 * that running off the end faults too. What is not mapped is one inaccessible range for the host: unmapping
 * merges it again.
 *
 * One MI_PTE a page says which frame is mapped there and where the reservation begins. Reports read it
 * without the lock.
 *
 * Lock: pte_lock (Y) guards the bitmap and the reservation fields. The host is called without it.
 */
#include "mip.h"

#define WINDOW_PAGES (4ULL << 20) /* 16 GB of addresses */
#define PTE_TABLE    ((MI_PTE *)(KILN_PFNDB_BASE + 0x800000000ULL))

typedef struct _MI_PTE {
    ULONG Pfn;    /* O: frame number + 1; 0: nothing mapped */
    ULONG Run;    /* Y: first page of a reservation: FIRST | pages; others: pages back to the first; 0: not
                     reserved */
    PVOID Caller; /* Y: first page: who reserved it */
} MI_PTE;
#define FIRST 0x80000000U

SIZE_T MiSystemPtesUsed;
const SIZE_T MiSystemPteCount = WINDOW_PAGES;

static KSPIN_LOCK pte_lock;
static ULONG64 *used_map; /* Y: bit set: page is reserved */
static SIZE_T next_fit;   /* Y */

void MiInitSystemPtes(void)
{
    used_map = MiAllocateContiguousPages(WINDOW_PAGES / 8 / MI_PAGE_BYTES, MiPageSystem, TRUE, NULL);
    if (used_map == NULL ||
        host_map_anonymous(PTE_TABLE, WINDOW_PAGES * sizeof(MI_PTE), HOST_PROT_R | HOST_PROT_W) != 0)
        host_panic("no room for the system PTE table");
}

static BOOLEAN range_is_free(SIZE_T First, SIZE_T Pages, SIZE_T *Blocker)
{
    for (SIZE_T P = First; P < First + Pages;) {
        ULONG64 Used = used_map[P >> 6] >> (P & 63);
        if (Used) {
            SIZE_T At = P + (ULONG)__builtin_ctzll(Used);
            if (At < First + Pages) {
                *Blocker = At;
                return FALSE;
            }
        }
        P = (P | 63) + 1;
    }
    return TRUE;
}

static BOOLEAN find(SIZE_T Pages, SIZE_T Begin, SIZE_T End, SIZE_T *Found)
{
    SIZE_T Blocker;

    for (SIZE_T P = Begin; P + Pages <= End; P = Blocker + 1) {
        if (range_is_free(P, Pages, &Blocker)) {
            *Found = P;
            return TRUE;
        }
    }
    return FALSE;
}

PVOID MiReserveSystemPtes(SIZE_T Pages, ULONG Tag, PVOID Caller)
{
    SIZE_T First = 0;
    BOOLEAN Found;
    KIRQL Irql;

    if (Pages == 0 || Pages >= WINDOW_PAGES)
        return NULL;
    Irql = KeAcquireSpinLockRaiseToDpc(&pte_lock);
    Found = find(Pages + 1, next_fit, WINDOW_PAGES, &First) || find(Pages + 1, 0, WINDOW_PAGES, &First);
    if (Found) {
        for (SIZE_T I = 0; I <= Pages; I++) {
            used_map[(First + I) >> 6] |= 1ULL << ((First + I) & 63);
            PTE_TABLE[First + I].Run = (ULONG)I;
        }
        PTE_TABLE[First].Run = FIRST | (ULONG)Pages;
        PTE_TABLE[First].Caller = Caller;
        PTE_TABLE[First + Pages].Pfn = Tag; /* the guard page maps nothing: its entry keeps the tag */
        MiSystemPtesUsed += Pages + 1;
        next_fit = First + Pages + 1;
    }
    KeReleaseSpinLock(&pte_lock, Irql);
    return Found ? (PVOID)(ULONG_PTR)(KILN_SYSPTE_BASE + ((ULONG64)First << KILN_PAGE_SHIFT)) : NULL;
}

static MI_PTE *pte_of(PVOID Va)
{
    ULONG64 Page = ((ULONG64)(ULONG_PTR)Va - KILN_SYSPTE_BASE) >> KILN_PAGE_SHIFT;

    return Page < WINDOW_PAGES ? &PTE_TABLE[Page] : NULL;
}

SIZE_T MiSystemPteReservation(PVOID Va, ULONG *Tag)
{
    MI_PTE *Pte = pte_of(Va);

    if (Pte == NULL || !(Pte->Run & FIRST))
        return 0;
    SIZE_T Pages = Pte->Run & ~FIRST;
    *Tag = Pte[Pages].Pfn;
    return Pages;
}

void MiReleaseSystemPtes(PVOID Va, SIZE_T Pages)
{
    MI_PTE *Pte = pte_of(Va);
    KIRQL Irql;

    if (Pte == NULL || Pte->Run != (FIRST | (ULONG)Pages))
        KeBugCheckEx(SYSTEM_PTE_MISUSE, 0x1, (ULONG_PTR)Va, Pages, Pte ? Pte->Run : 0);
    SIZE_T First = (SIZE_T)(Pte - PTE_TABLE);
    Irql = KeAcquireSpinLockRaiseToDpc(&pte_lock);
    for (SIZE_T I = 0; I <= Pages; I++) {
        used_map[(First + I) >> 6] &= ~(1ULL << ((First + I) & 63));
        Pte[I].Run = 0;
        Pte[I].Pfn = 0;
    }
    MiSystemPtesUsed -= Pages + 1;
    KeReleaseSpinLock(&pte_lock, Irql);
}

/* ---------------------------------------------------------------- mapping */

ULONG MiCountRuns(const PFN_NUMBER *Pfns, SIZE_T Pages)
{
    ULONG Runs = 1;

    for (SIZE_T I = 1; I < Pages; I++)
        Runs += Pfns[I] != Pfns[I - 1] + 1;
    return Runs;
}

NTSTATUS MiMapPages(PVOID Va, const PFN_NUMBER *Pfns, SIZE_T Pages, unsigned Prot)
{
    ULONG Charge = MiCountRuns(Pfns, Pages) + 1;
    SIZE_T Done = 0, Run;

    if (!MiChargeHostMappings(Charge, "a memory mapping"))
        return STATUS_INSUFFICIENT_RESOURCES;
    while (Done < Pages) {
        for (Run = 1; Done + Run < Pages && Pfns[Done + Run] == Pfns[Done] + Run; Run++)
            ;
        if (host_map_ram((UCHAR *)Va + (Done << KILN_PAGE_SHIFT), (ULONG64)Run << KILN_PAGE_SHIFT,
                         (ULONG64)Pfns[Done] << KILN_PAGE_SHIFT, Prot) != 0) {
            if (Done)
                host_unmap(Va, (ULONG64)Done << KILN_PAGE_SHIFT);
            MiReturnHostMappings(Charge);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Done += Run;
    }
    return STATUS_SUCCESS;
}

void MiUnmapPages(PVOID Va, const PFN_NUMBER *Pfns, SIZE_T Pages)
{
    host_unmap(Va, (ULONG64)Pages << KILN_PAGE_SHIFT);
    MiReturnHostMappings(MiCountRuns(Pfns, Pages) + 1);
}

NTSTATUS MiMapSystemPtes(PVOID Va, const PFN_NUMBER *Pfns, SIZE_T Pages, unsigned Prot)
{
    MI_PTE *Pte = pte_of(Va);
    NTSTATUS Status = MiMapPages(Va, Pfns, Pages, Prot);

    if (NT_SUCCESS(Status))
        for (SIZE_T I = 0; I < Pages; I++)
            Pte[I].Pfn = (ULONG)Pfns[I] + 1;
    return Status;
}

NTSTATUS MiMapSystemRun(PVOID Va, PFN_NUMBER Pfn, SIZE_T Pages, unsigned Prot)
{
    MI_PTE *Pte = pte_of(Va);

    if (!MiChargeHostMappings(2, "a memory mapping"))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (host_map_ram(Va, (ULONG64)Pages << KILN_PAGE_SHIFT, (ULONG64)Pfn << KILN_PAGE_SHIFT, Prot) != 0) {
        MiReturnHostMappings(2);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (SIZE_T I = 0; I < Pages; I++)
        Pte[I].Pfn = (ULONG)(Pfn + I) + 1;
    return STATUS_SUCCESS;
}

void MiUnmapSystemPtes(PVOID Va, SIZE_T Pages)
{
    MI_PTE *Pte = pte_of(Va);
    ULONG Runs = 1;

    for (SIZE_T I = 0; I < Pages; I++) {
        if (Pte == NULL || Pte[I].Pfn == 0)
            KeBugCheckEx(SYSTEM_PTE_MISUSE, 0x2, (ULONG_PTR)Va, I, Pages);
        Runs += I && Pte[I].Pfn != Pte[I - 1].Pfn + 1;
    }
    for (SIZE_T I = 0; I < Pages; I++)
        Pte[I].Pfn = 0;
    host_unmap(Va, (ULONG64)Pages << KILN_PAGE_SHIFT);
    MiReturnHostMappings(Runs + 1);
}

void MiNoteSystemPte(PVOID Va, ULONG Pfn)
{
    pte_of(Va)->Pfn = Pfn == MI_NO_PFN ? 0 : Pfn + 1;
}

BOOLEAN MiSystemPtePfn(PVOID Va, PFN_NUMBER *Pfn)
{
    MI_PTE *Pte = pte_of(Va);
    ULONG Run = Pte ? Pte->Run : 0;

    /* The guard entry keeps a tag, not a frame. */
    if (Run == 0 || Pte->Pfn == 0)
        return FALSE;
    if (!(Run & FIRST) && (Pte[-(LONG64)Run].Run & ~FIRST) <= Run)
        return FALSE;
    *Pfn = Pte->Pfn - 1;
    return TRUE;
}

BOOLEAN MiSystemPteInfo(PVOID Va, PVOID *Begin, SIZE_T *Pages, PVOID *Caller)
{
    MI_PTE *Pte = pte_of(Va);

    if (Pte == NULL || Pte->Run == 0)
        return FALSE;
    if (!(Pte->Run & FIRST))
        Pte -= Pte->Run;
    *Begin = (PVOID)(ULONG_PTR)(KILN_SYSPTE_BASE + ((ULONG64)(Pte - PTE_TABLE) << KILN_PAGE_SHIFT));
    *Pages = Pte->Run & ~FIRST;
    *Caller = Pte->Caller;
    return TRUE;
}
