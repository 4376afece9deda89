/* SPDX-License-Identifier: MIT */
/*
 * User address spaces: one slice of the address map a process, and the ranges allocated in it.
 *
 * A range (MI_RANGE) is what one allocation reserved, or one MDL mapped; it records a frame and a protection
 * for each page. Committed pages are frames of RAM with real aliases, so MDLs of user buffers hold real
 * frames. A commit takes one run of frames if it can: such a buffer needs one host mapping, and its MDL no
 * system mapping at all.
 *
 * A page that is decommitted while an MDL has it locked becomes an orphan: the last unlock frees it.
 *
 * Locks: the address space mutex is held by whoever looks a range up and goes on to use it, so that the range
 * stays; it comes before every spin lock. MI_SLICE.Lock (U) guards the list of ranges and their contents. The
 * host's mapping calls are made under it: the list and what is mapped must agree. Reports walk the list
 * without it: ranges are pool, which is always mapped, and a walk is bounded.
 */
#include "section.h"

#define GRANULARITY 0x10000ULL
#define RANGE_TAG   0x64615656U /* "VVad" */
#define SLICES      ((ULONG)((KILN_RAM_BASE - KILN_USER_BASE) / KILN_USER_SLICE_SIZE))
#define WALK_LIMIT  100000

typedef struct _MI_SLICE {
    KSPIN_LOCK Lock;
    FAST_MUTEX AddressSpace; /* MiLockAddressSpace */
    PEPROCESS Process;
    ULONG64 Begin, End; /* usable addresses */
    LIST_ENTRY Ranges;  /* U: by address */
    SIZE_T Charged[2];  /* A: pool quota, nonpaged and paged */
    SIZE_T Limit[2];
} MI_SLICE;

static MI_SLICE *slices[SLICES < 256 ? SLICES : 256]; /* written under slice_lock */
static MI_SLICE *low_slices[(KILN_LOW_USER_END + KILN_LOW_SLICE_SIZE - 1 - KILN_LOW_USER_BASE) / KILN_LOW_SLICE_SIZE];
static KSPIN_LOCK slice_lock;

#define SLICE_COUNT RTL_NUMBER_OF(slices)

static MI_SLICE *slice_of_address(PVOID Va)
{
    ULONG64 Offset = (ULONG64)(ULONG_PTR)Va - KILN_USER_BASE;
    ULONG64 Index = Offset / KILN_USER_SLICE_SIZE;
    MI_SLICE **Slots = slices;

    if (Index >= SLICE_COUNT) {
        Index = ((ULONG64)(ULONG_PTR)Va - KILN_LOW_USER_BASE) / KILN_LOW_SLICE_SIZE;
        Slots = low_slices;
        if (Index >= RTL_NUMBER_OF(low_slices))
            return NULL;
    }
    return __atomic_load_n(&Slots[Index], __ATOMIC_ACQUIRE);
}

static MI_SLICE *slice_of(PEPROCESS Process)
{
    return Process ? Process->MmSlice : NULL;
}

/* ---------------------------------------------------------------- slices */

/* Take the first free slice of the kind. Caller holds slice_lock. */
static BOOLEAN take_slice(MI_SLICE *Slice, BOOLEAN Low)
{
    MI_SLICE **Slots = Low ? low_slices : slices;
    ULONG Count = Low ? RTL_NUMBER_OF(low_slices) : SLICE_COUNT;
    ULONG64 Base = Low ? KILN_LOW_USER_BASE : KILN_USER_BASE;
    ULONG64 Bytes = Low ? KILN_LOW_SLICE_SIZE : KILN_USER_SLICE_SIZE;
    ULONG64 Limit = Low ? KILN_LOW_USER_END : KILN_USER_PROBE;

    for (ULONG I = 0; I < Count; I++) {
        ULONG64 Begin = Base + I * Bytes, End = Begin + Bytes < Limit ? Begin + Bytes : Limit;
        /* The host's heap may have grown to there. */
        if (Slots[I] || (Low && !host_is_free((PVOID)(ULONG_PTR)Begin, End - Begin)))
            continue;
        Slice->Begin = Begin + GRANULARITY;
        Slice->End = End;
        __atomic_store_n(&Slots[I], Slice, __ATOMIC_RELEASE);
        return TRUE;
    }
    return FALSE;
}

NTSTATUS MiCreateUserSlice(PEPROCESS Process, BOOLEAN Low)
{
    MI_SLICE *Slice = MiAllocatePool(NonPagedPoolNx, sizeof(*Slice), RANGE_TAG, TRUE, NULL);
    KIRQL Irql;

    if (Slice == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&Slice->Ranges);
    ExInitializeFastMutex(&Slice->AddressSpace);
    Slice->Process = Process;
    Slice->Limit[0] = Slice->Limit[1] = ~(SIZE_T)0;
    Irql = KeAcquireSpinLockRaiseToDpc(&slice_lock);
    if (take_slice(Slice, Low))
        Process->MmSlice = Slice;
    KeReleaseSpinLock(&slice_lock, Irql);
    if (Process->MmSlice == Slice)
        return STATUS_SUCCESS;
    ExFreePoolWithTag(Slice, RANGE_TAG);
    return STATUS_INSUFFICIENT_RESOURCES;
}

BOOLEAN MiQueryUserSlice(PEPROCESS Process, PVOID *Begin, PVOID *End)
{
    MI_SLICE *Slice = slice_of(Process);

    if (Slice == NULL)
        return FALSE;
    *Begin = (PVOID)(ULONG_PTR)Slice->Begin;
    *End = (PVOID)(ULONG_PTR)Slice->End;
    return TRUE;
}

PEPROCESS MiProcessOfUserAddress(PVOID Va)
{
    MI_SLICE *Slice = slice_of_address(Va);

    return Slice ? Slice->Process : NULL;
}

SIZE_T *MiQuotaOfProcess(PEPROCESS Process, ULONG Account, SIZE_T **Limit)
{
    MI_SLICE *Slice = slice_of(Process);

    if (Slice == NULL)
        return NULL;
    *Limit = &Slice->Limit[Account];
    return &Slice->Charged[Account];
}

BOOLEAN MiLockAddressSpace(PEPROCESS Process)
{
    MI_SLICE *Slice = slice_of(Process);

    if (Slice)
        ExAcquireFastMutex(&Slice->AddressSpace);
    return Slice != NULL;
}

void MiUnlockAddressSpace(PEPROCESS Process)
{
    ExReleaseFastMutex(&slice_of(Process)->AddressSpace);
}

void MiAcquireRanges(PEPROCESS Process)
{
    KeAcquireSpinLockAtDpcLevel(&slice_of(Process)->Lock);
}

void MiReleaseRanges(PEPROCESS Process)
{
    KeReleaseSpinLockFromDpcLevel(&slice_of(Process)->Lock);
}

/* ---------------------------------------------------------------- ranges */

static PMI_RANGE range_at(MI_SLICE *Slice, ULONG64 Address)
{
    ULONG Steps = 0;

    for (PLIST_ENTRY Link = Slice->Ranges.Flink; Link != &Slice->Ranges && Steps++ < WALK_LIMIT;
         Link = Link->Flink) {
        PMI_RANGE Range = CONTAINING_RECORD(Link, MI_RANGE, Link);
        if (!MiIsRam(Link)) /* a report that walks without the lock may follow a link that changes */
            return NULL;
        if (Address < Range->Begin)
            return NULL;
        if (Address < Range->Begin + (Range->Pages << KILN_PAGE_SHIFT))
            return Range;
    }
    return NULL;
}

PMI_RANGE MiRangeAt(PEPROCESS Process, ULONG64 Address)
{
    return range_at(slice_of(Process), Address);
}

/* Where a range of Bytes fits: at Wanted, or anywhere if that is 0. U held. NULL list entry: nowhere. */
static PLIST_ENTRY find_place(MI_SLICE *Slice, ULONG64 Bytes, ULONG64 Wanted, BOOLEAN TopDown,
                              ULONG64 *Address)
{
    ULONG64 GapBegin = Slice->Begin;
    PLIST_ENTRY Link = Slice->Ranges.Flink, Found = NULL;

    for (;; Link = Link->Flink) {
        BOOLEAN Last = Link == &Slice->Ranges;
        PMI_RANGE Next = Last ? NULL : CONTAINING_RECORD(Link, MI_RANGE, Link);
        ULONG64 GapEnd = Last ? Slice->End : Next->Begin;
        if (Wanted) {
            if (Wanted >= GapBegin && Wanted <= GapEnd && Bytes <= GapEnd - Wanted) {
                *Address = Wanted;
                return Link;
            }
        } else if (GapEnd >= GapBegin && Bytes <= GapEnd - GapBegin) {
            /* Top down: the last gap that fits is the highest. */
            ULONG64 At = TopDown ? (GapEnd - Bytes) & ~(GRANULARITY - 1) : GapBegin;
            if (At >= GapBegin) {
                *Address = At;
                Found = Link;
                if (!TopDown)
                    return Link;
            }
        }
        if (Last)
            break;
        GapBegin = (Next->Begin + (Next->Pages << KILN_PAGE_SHIFT) + GRANULARITY - 1) & ~(GRANULARITY - 1);
    }
    return Found;
}

PMI_RANGE MiReserveRange(PEPROCESS Process, ULONG64 Wanted, SIZE_T Pages, UCHAR Kind, ULONG Protection,
                         BOOLEAN TopDown, NTSTATUS *Status)
{
    MI_SLICE *Slice = slice_of(Process);
    PLIST_ENTRY Place;
    KIRQL Irql;

    *Status = STATUS_NO_MEMORY;
    if (Slice == NULL || Pages == 0 || Pages > (Slice->End - Slice->Begin) >> KILN_PAGE_SHIFT)
        return NULL;
    PMI_RANGE Range =
        MiAllocatePool(NonPagedPoolNx, sizeof(*Range) + Pages * sizeof(MI_USER_PAGE), RANGE_TAG, TRUE, NULL);
    if (Range == NULL)
        return NULL;
    Range->Pages = Pages;
    Range->Kind = Kind;
    Range->Protection = Protection;
    for (SIZE_T I = 0; I < Pages; I++)
        Range->Page[I].Pfn = MI_NO_PFN;
    Irql = KeAcquireSpinLockRaiseToDpc(&Slice->Lock);
    Place = find_place(Slice, (ULONG64)Pages << KILN_PAGE_SHIFT, Wanted, TopDown, &Range->Begin);
    if (Place)
        InsertTailList(Place, &Range->Link);
    KeReleaseSpinLock(&Slice->Lock, Irql);
    if (Place) {
        *Status = STATUS_SUCCESS;
        return Range;
    }
    ExFreePoolWithTag(Range, RANGE_TAG);
    *Status = Wanted ? STATUS_CONFLICTING_ADDRESSES : STATUS_NO_MEMORY;
    return NULL;
}

/* ---------------------------------------------------------------- committing */

static UCHAR *page_va(PMI_RANGE Range, SIZE_T Page)
{
    return (UCHAR *)(ULONG_PTR)(Range->Begin + ((ULONG64)Page << KILN_PAGE_SHIFT));
}

/* Map what the pages [First, +Count) have, consecutive frames of one protection by one call. U held. */
static NTSTATUS map_pages(PMI_RANGE Range, SIZE_T First, SIZE_T Count)
{
    for (SIZE_T I = First, Run; I < First + Count; I += Run) {
        for (Run = 1; I + Run < First + Count && Range->Page[I + Run].Pfn == Range->Page[I].Pfn + Run &&
                      Range->Page[I + Run].Protection == Range->Page[I].Protection;
             Run++)
            ;
        if (Range->Page[I].Pfn == MI_NO_PFN) {
            Run = 1;
            continue;
        }
        if (host_map_ram(page_va(Range, I), (ULONG64)Run << KILN_PAGE_SHIFT,
                         (ULONG64)Range->Page[I].Pfn << KILN_PAGE_SHIFT,
                         MiUserProt(Range->Page[I].Protection)) != 0)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

/* The address space gives the frame up. */
static void release_frame(ULONG Pfn)
{
    PMI_PFN Entry = MiPfnEntry(Pfn);

    /* Whoever takes the orphan mark away frees: here if nothing holds it locked, else the last unlock. */
    __atomic_or_fetch(&Entry->Flags, MI_PFN_ORPHAN, __ATOMIC_ACQ_REL);
    if (__atomic_load_n(&Entry->LockCount, __ATOMIC_ACQUIRE) == 0 &&
        (__atomic_fetch_and(&Entry->Flags, (UCHAR)~MI_PFN_ORPHAN, __ATOMIC_ACQ_REL) & MI_PFN_ORPHAN))
        MiFreePages(Pfn, 1);
}

NTSTATUS MiCommitRange(PEPROCESS Process, PMI_RANGE Range, SIZE_T First, SIZE_T Count, ULONG Protection)
{
    MI_SLICE *Slice = slice_of(Process);
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Slice->Lock);

    for (SIZE_T I = First; I < First + Count;) {
        SIZE_T Run = 0, Length;
        PFN_NUMBER Pfn;
        if (Range->Page[I].Pfn != MI_NO_PFN) {
            Range->Page[I++].Protection = Protection; /* committing again only sets the protection */
            continue;
        }
        while (I + Run < First + Count && Range->Page[I + Run].Pfn == MI_NO_PFN)
            Run++;
        for (Length = Run; Length; Length /= 2)
            if (NT_SUCCESS(MiAllocatePages(Length, 0, MiPageCount - 1, 1, 0, MiPageUser, TRUE, &Pfn)))
                break;
        if (Length == 0 || !MiChargeHostMappings(2, "user memory")) {
            if (Length)
                MiFreePages(Pfn, Length);
            Status = STATUS_COMMITMENT_LIMIT;
            break;
        }
        Range->Charged += 2;
        for (SIZE_T P = 0; P < Length; P++) {
            MiPfnEntry(Pfn + P)->RunPages = 1;
            MiPfnEntry(Pfn + P)->RunBack = 0;
            Range->Page[I + P].Pfn = (ULONG)(Pfn + P);
            Range->Page[I + P].Protection = Protection;
        }
        I += Length;
    }
    if (NT_SUCCESS(Status))
        Status = map_pages(Range, First, Count);
    KeReleaseSpinLock(&Slice->Lock, Irql);
    return Status;
}

/* U held. */
static void decommit(PMI_RANGE Range, SIZE_T First, SIZE_T Count)
{
    host_unmap(page_va(Range, First), (ULONG64)Count << KILN_PAGE_SHIFT);
    for (SIZE_T I = First; I < First + Count; I++) {
        ULONG Pfn = Range->Page[I].Pfn;
        Range->Page[I].Pfn = MI_NO_PFN;
        if (Pfn != MI_NO_PFN && Range->Kind == MiRangePrivate)
            release_frame(Pfn);
    }
}

void MiDecommitRange(PEPROCESS Process, PMI_RANGE Range, SIZE_T First, SIZE_T Count)
{
    MI_SLICE *Slice = slice_of(Process);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Slice->Lock);

    decommit(Range, First, Count);
    KeReleaseSpinLock(&Slice->Lock, Irql);
}

void MiReleaseRange(PEPROCESS Process, PMI_RANGE Range)
{
    MI_SLICE *Slice = slice_of(Process);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Slice->Lock);

    if (Range->Kind != MiRangeView) /* what a view mapped went with it */
        decommit(Range, 0, Range->Pages);
    RemoveEntryList(&Range->Link);
    KeReleaseSpinLock(&Slice->Lock, Irql);
    MiReturnHostMappings(Range->Charged);
    ExFreePoolWithTag(Range, RANGE_TAG);
}

NTSTATUS MiProtectRange(PEPROCESS Process, PMI_RANGE Range, SIZE_T First, SIZE_T Count, ULONG Protection,
                        ULONG *Old)
{
    MI_SLICE *Slice = slice_of(Process);
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Slice->Lock);

    for (SIZE_T I = First; I < First + Count; I++)
        if (Range->Page[I].Pfn == MI_NO_PFN)
            Status = STATUS_NOT_COMMITTED;
    if (NT_SUCCESS(Status) && !MiChargeHostMappings(2, "a user protection"))
        Status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(Status)) {
        *Old = Range->Page[First].Protection;
        Range->Charged += 2;
        for (SIZE_T I = First; I < First + Count; I++)
            Range->Page[I].Protection = Protection;
        if (host_protect(page_va(Range, First), (ULONG64)Count << KILN_PAGE_SHIFT, MiUserProt(Protection)) !=
            0)
            Status = STATUS_INSUFFICIENT_RESOURCES;
    }
    KeReleaseSpinLock(&Slice->Lock, Irql);
    return Status;
}

PMI_RANGE MiFindRange(PEPROCESS Process, PVOID Va)
{
    MI_SLICE *Slice = slice_of(Process);
    PMI_RANGE Range = NULL;

    if (Slice) {
        KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Slice->Lock);
        Range = range_at(Slice, (ULONG64)(ULONG_PTR)Va);
        KeReleaseSpinLock(&Slice->Lock, Irql);
    }
    return Range;
}

PMI_RANGE MiNextRange(PEPROCESS Process, PVOID Va)
{
    MI_SLICE *Slice = slice_of(Process);
    PMI_RANGE Found = NULL;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Slice->Lock);

    for (PLIST_ENTRY Link = Slice->Ranges.Flink; Link != &Slice->Ranges && !Found; Link = Link->Flink) {
        PMI_RANGE Range = CONTAINING_RECORD(Link, MI_RANGE, Link);
        if (Range->Begin > (ULONG64)(ULONG_PTR)Va)
            Found = Range;
    }
    KeReleaseSpinLock(&Slice->Lock, Irql);
    return Found;
}

/* ---------------------------------------------------------------- for the other managers */

NTSTATUS MiAllocateUser(PEPROCESS Process, SIZE_T Bytes, ULONG Protection, PVOID *Va)
{
    NTSTATUS Status;
    PMI_RANGE Range = MiReserveRange(Process, 0, MI_PAGES(Bytes), MiRangePrivate, Protection, FALSE, &Status);

    if (Range == NULL)
        return Status;
    Status = MiCommitRange(Process, Range, 0, Range->Pages, Protection);
    if (!NT_SUCCESS(Status)) {
        MiReleaseRange(Process, Range);
        return Status;
    }
    *Va = (PVOID)(ULONG_PTR)Range->Begin;
    return STATUS_SUCCESS;
}

static NTSTATUS free_range(PEPROCESS Process, PVOID Va, UCHAR Kind)
{
    NTSTATUS Status = STATUS_MEMORY_NOT_ALLOCATED;

    if (!MiLockAddressSpace(Process))
        return Status;
    PMI_RANGE Range = MiFindRange(Process, Va);
    if (Range && Range->Begin == (ULONG64)(ULONG_PTR)Va && Range->Kind == Kind) {
        MiReleaseRange(Process, Range);
        Status = STATUS_SUCCESS;
    }
    MiUnlockAddressSpace(Process);
    return Status;
}

NTSTATUS MiFreeUser(PEPROCESS Process, PVOID Va)
{
    return free_range(Process, Va, MiRangePrivate);
}

void MiDeleteUserSlice(PEPROCESS Process)
{
    MI_SLICE *Slice = slice_of(Process);
    SIZE_T Locked = 0;
    KIRQL Irql;

    if (Slice == NULL)
        return;
    for (PLIST_ENTRY Link = Slice->Ranges.Flink; Link != &Slice->Ranges; Link = Link->Flink) {
        PMI_RANGE Range = CONTAINING_RECORD(Link, MI_RANGE, Link);
        for (SIZE_T I = 0; Range->Kind == MiRangePrivate && I < Range->Pages; I++)
            Locked += Range->Page[I].Pfn != MI_NO_PFN && MiPfnEntry(Range->Page[I].Pfn)->LockCount != 0;
    }
    if (Locked)
        KeBugCheckEx(PROCESS_HAS_LOCKED_PAGES, 0, (ULONG_PTR)Process, Locked, 0);
    MiUnsecureProcess(Process);
    while (!IsListEmpty(&Slice->Ranges)) {
        PMI_RANGE Range = CONTAINING_RECORD(Slice->Ranges.Flink, MI_RANGE, Link);
        if (Range->View)
            ObDereferenceObject(MiRemoveView(Range->View));
        else
            MiReleaseRange(Process, Range);
    }
    Irql = KeAcquireSpinLockRaiseToDpc(&slice_lock);
    for (ULONG I = 0; I < SLICE_COUNT; I++)
        if (slices[I] == Slice)
            __atomic_store_n(&slices[I], NULL, __ATOMIC_RELEASE);
    for (ULONG I = 0; I < RTL_NUMBER_OF(low_slices); I++)
        if (low_slices[I] == Slice)
            __atomic_store_n(&low_slices[I], NULL, __ATOMIC_RELEASE);
    Process->MmSlice = NULL;
    KeReleaseSpinLock(&slice_lock, Irql);
    ExFreePoolWithTag(Slice, RANGE_TAG);
}

BOOLEAN MiUserPfn(PVOID Va, PFN_NUMBER *Pfn, ULONG *Protection)
{
    MI_SLICE *Slice = slice_of_address(Va);
    BOOLEAN Found = FALSE;

    if (Slice == NULL)
        return FALSE;
    KIRQL Irql = KiIrql();
    if (Irql < DISPATCH_LEVEL)
        KiRaise(DISPATCH_LEVEL);
    KeAcquireSpinLockAtDpcLevel(&Slice->Lock);
    PMI_RANGE Range = range_at(Slice, (ULONG64)(ULONG_PTR)Va);
    if (Range) {
        MI_USER_PAGE *Page = &Range->Page[((ULONG64)(ULONG_PTR)Va - Range->Begin) >> KILN_PAGE_SHIFT];
        Found = Page->Pfn != MI_NO_PFN;
        *Pfn = Page->Pfn;
        *Protection = Page->Protection;
    }
    KeReleaseSpinLockFromDpcLevel(&Slice->Lock);
    if (Irql < DISPATCH_LEVEL)
        KiLower(Irql);
    return Found;
}

NTSTATUS MiLockUserPages(PVOID Va, SIZE_T Pages, BOOLEAN Write, PFN_NUMBER *Pfns)
{
    MI_SLICE *Slice = slice_of_address(Va);
    ULONG64 Address = (ULONG64)(ULONG_PTR)Va & ~(MI_PAGE_BYTES - 1);
    PMI_RANGE Range = NULL;
    SIZE_T Done = 0;
    NTSTATUS Status = STATUS_ACCESS_VIOLATION;

    if (Slice == NULL)
        return Status;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Slice->Lock);
    for (; Done < Pages; Done++, Address += MI_PAGE_BYTES) {
        if (Range == NULL || Address >= Range->Begin + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT))
            Range = range_at(Slice, Address);
        if (Range == NULL)
            break;
        SIZE_T Index = (SIZE_T)((Address - Range->Begin) >> KILN_PAGE_SHIFT);
        const MI_USER_PAGE *Page = &Range->Page[Index];
        if (MiTakeGuard(Range, Index)) {
            Status = STATUS_GUARD_PAGE_VIOLATION;
            break;
        }
        unsigned Prot = Page->Pfn == MI_NO_PFN ? 0 : MiHostProt(Page->Protection);
        if (Range->View) /* what is not mapped writable yet is not shared, or not marked modified */
            Prot = Range->View->Page[Index].Prot;
        if (!(Prot & HOST_PROT_R) || (Write && !(Prot & HOST_PROT_W)))
            break;
        Pfns[Done] = Page->Pfn;
        MiLockFrame(Page->Pfn);
        if (Write && Range->View)
            MiSetWriteLocked(Page->Pfn);
    }
    KeReleaseSpinLock(&Slice->Lock, Irql);
    if (Done == Pages)
        return STATUS_SUCCESS;
    MiUnlockFrames(Pfns, Done);
    return Status;
}

BOOLEAN MiPeekUserRange(PVOID Va, ULONG64 *Begin, SIZE_T *Bytes, BOOLEAN *Committed)
{
    MI_SLICE *Slice = slice_of_address(Va);
    PMI_RANGE Range = Slice ? range_at(Slice, (ULONG64)(ULONG_PTR)Va) : NULL;

    if (Range == NULL)
        return FALSE;
    *Begin = Range->Begin;
    *Bytes = Range->Pages << KILN_PAGE_SHIFT;
    *Committed = Range->Page[((ULONG64)(ULONG_PTR)Va - Range->Begin) >> KILN_PAGE_SHIFT].Pfn != MI_NO_PFN;
    return TRUE;
}

NTSTATUS MiMapUserFrames(PVOID RequestedVa, const PFN_NUMBER *Pfns, SIZE_T Pages, unsigned Prot, PVOID *Va)
{
    PEPROCESS Process = PsGetCurrentProcess();
    ULONG Protection = (Prot & HOST_PROT_W) ? PAGE_READWRITE : PAGE_READONLY;
    NTSTATUS Status;
    PMI_RANGE Range = MiReserveRange(Process, (ULONG64)(ULONG_PTR)RequestedVa, Pages, MiRangeMdl, Protection,
                                     FALSE, &Status);

    if (Range == NULL)
        return Status;
    for (SIZE_T I = 0; I < Pages; I++) {
        Range->Page[I].Pfn = (ULONG)Pfns[I];
        Range->Page[I].Protection = Protection;
    }
    Status = MiMapPages((PVOID)(ULONG_PTR)Range->Begin, Pfns, Pages, Prot);
    if (!NT_SUCCESS(Status)) {
        MiReleaseRange(Process, Range);
        return Status;
    }
    Range->Charged += MiCountRuns(Pfns, Pages) + 1;
    *Va = (PVOID)(ULONG_PTR)Range->Begin;
    return STATUS_SUCCESS;
}

NTSTATUS MiUnmapUserFrames(PVOID Va)
{
    return free_range(PsGetCurrentProcess(), Va, MiRangeMdl);
}
