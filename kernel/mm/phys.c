/* SPDX-License-Identifier: MIT */
/*
 * Physical memory: the PFN database, the allocator of page runs, and the budget of host mappings.
 *
 * RAM is [0, MiPageCount) pages. Free pages are the set bits of one bitmap with a summary bit for each word
 * that has any. Runs are found first-fit from the lowest address the caller allows, so the result depends on
 * nothing but the history of calls, memory that has been touched is used again before memory that has not,
 * and any alignment and boundary can be asked for. A search skips 64 full words (16 MB) a step; typical
 * machines have 256 MB.
 *
 * A page is owned by whoever allocated it; its PFN entry then belongs to the owner, except for the list
 * linkage noted in mip.h. Freeing a page that is free already is PFN_LIST_CORRUPT.
 *
 * Memory that was never handed out is zero (the host's promise for RAM), so zeroing skips it. Long runs are
 * given back to the host when freed and count as never handed out again.
 *
 * Lock: pfn_lock (P) guards the bitmap, its summary and the counters. Innermost.
 */
#include "mip.h"

#define DISCARD_PAGES      64 /* runs at least this long go back to the host when freed */
#define RESERVED_LOW_PAGES 16 /* physical addresses below 64 KB: drivers take 0 for "none" */

SIZE_T MiPageCount;
SIZE_T MiFreePageCount;
SIZE_T MiUseCount[MiPageUseCount];

static KSPIN_LOCK pfn_lock;
/* P: a bit set: the page is free. And a bit set: the word of free_map is not zero. Mapped as far as RAM goes. */
#define free_map     ((ULONG64 *)(KILN_PFNDB_BASE + 0xC20000000ULL))
#define free_summary ((ULONG64 *)(KILN_PFNDB_BASE + 0xC30000000ULL))
static SIZE_T free_words; /* P */

static ULONG64 mappings_used; /* A */
static ULONG64 mappings_limit;

static void mark_free(PFN_NUMBER Pfn, SIZE_T Pages)
{
    for (PFN_NUMBER P = Pfn; P < Pfn + Pages; P++) {
        free_map[P >> 6] |= 1ULL << (P & 63);
        free_summary[P >> 12] |= 1ULL << ((P >> 6) & 63);
    }
}

static void mark_used(PFN_NUMBER Pfn, SIZE_T Pages)
{
    for (PFN_NUMBER P = Pfn; P < Pfn + Pages; P++) {
        free_map[P >> 6] &= ~(1ULL << (P & 63));
        if (free_map[P >> 6] == 0)
            free_summary[P >> 12] &= ~(1ULL << ((P >> 6) & 63));
    }
}

/* First free page at or after Pfn; MiPageCount if none. */
static PFN_NUMBER next_free(PFN_NUMBER Pfn)
{
    if (Pfn >= MiPageCount)
        return MiPageCount;
    SIZE_T Word = Pfn >> 6;
    ULONG64 Bits = free_map[Word] & (~0ULL << (Pfn & 63));

    if (Bits)
        return (Word << 6) + (ULONG)__builtin_ctzll(Bits);
    Word++;
    while (Word < free_words) {
        ULONG64 Summary = free_summary[Word >> 6] & (~0ULL << (Word & 63));
        if (Summary) {
            Word = (Word & ~63ULL) + (ULONG)__builtin_ctzll(Summary);
            return (Word << 6) + (ULONG)__builtin_ctzll(free_map[Word]);
        }
        Word = (Word & ~63ULL) + 64;
    }
    return MiPageCount;
}

/* First page in [Pfn, End) that is in use; End if none. */
static PFN_NUMBER next_used(PFN_NUMBER Pfn, PFN_NUMBER End)
{
    while (Pfn < End) {
        ULONG64 Used = ~free_map[Pfn >> 6] & (~0ULL << (Pfn & 63));
        if (Used) {
            PFN_NUMBER Found = (Pfn & ~63ULL) + (ULONG)__builtin_ctzll(Used);
            return Found < End ? Found : End;
        }
        Pfn = (Pfn & ~63ULL) + 64;
    }
    return End;
}

static BOOLEAN find_run(SIZE_T Pages, PFN_NUMBER Lowest, PFN_NUMBER Highest, SIZE_T Align, SIZE_T Boundary,
                        PFN_NUMBER *Found)
{
    PFN_NUMBER Pfn = Lowest;

    if (Pages == 0 || Pages > MiPageCount || (Boundary && Pages > Boundary))
        return FALSE;
    if (Highest >= MiPageCount)
        Highest = MiPageCount - 1;
    for (;;) {
        Pfn = next_free(Pfn);
        Pfn = (Pfn + Align - 1) & ~(PFN_NUMBER)(Align - 1);
        if (Boundary && (Pfn & ~(Boundary - 1)) != ((Pfn + Pages - 1) & ~(Boundary - 1)))
            Pfn = (Pfn + Boundary - 1) & ~(PFN_NUMBER)(Boundary - 1);
        if (Pfn > Highest || Pages - 1 > Highest - Pfn)
            return FALSE;
        PFN_NUMBER Used = next_used(Pfn, Pfn + Pages);
        if (Used == Pfn + Pages) {
            *Found = Pfn;
            return TRUE;
        }
        Pfn = Used + 1;
    }
}

void MiSetRun(PFN_NUMBER Pfn, SIZE_T Pages, MI_PAGE_USE Use, PVOID Caller)
{
    for (SIZE_T I = 0, Same = 0; I < Pages; I += Same) {
        UCHAR Old = MiPfnEntry(Pfn + I)->Use;
        for (Same = 1; I + Same < Pages && MiPfnEntry(Pfn + I + Same)->Use == Old; Same++)
            ;
        __atomic_fetch_sub(&MiUseCount[Old], Same, __ATOMIC_RELAXED);
        __atomic_fetch_add(&MiUseCount[Use], Same, __ATOMIC_RELAXED);
    }
    for (SIZE_T I = 0; I < Pages; I++) {
        PMI_PFN Entry = MiPfnEntry(Pfn + I);
        Entry->Use = (UCHAR)Use;
        Entry->RunPages = 0;
        Entry->RunBack = (ULONG)I;
        Entry->Caller = Caller;
        Entry->Bytes = 0;
        Entry->Tag = 0;
    }
    MiPfnEntry(Pfn)->RunPages = (ULONG)Pages;
}

NTSTATUS MiAllocatePages(SIZE_T Pages, PFN_NUMBER Lowest, PFN_NUMBER Highest, SIZE_T AlignPages,
                         SIZE_T BoundaryPages, MI_PAGE_USE Use, BOOLEAN Zero, PFN_NUMBER *Pfn)
{
    KIRQL Irql;
    BOOLEAN Found;

    Irql = KeAcquireSpinLockRaiseToDpc(&pfn_lock);
    Found = find_run(Pages, Lowest, Highest, AlignPages ? AlignPages : 1, BoundaryPages, Pfn);
    if (Found) {
        mark_used(*Pfn, Pages);
        __atomic_store_n(&MiFreePageCount, MiFreePageCount - Pages, __ATOMIC_RELAXED);
    }
    KeReleaseSpinLock(&pfn_lock, Irql);
    if (!Found)
        return STATUS_INSUFFICIENT_RESOURCES;
    MiFreeMemoryChanged();

    MiSetRun(*Pfn, Pages, Use, NULL);
    for (SIZE_T I = 0; I < Pages; I++) {
        PMI_PFN Entry = MiPfnEntry(*Pfn + I);
        if (Zero && (Entry->Flags & MI_PFN_TOUCHED))
            __builtin_memset(MiPfnToVa(*Pfn + I), 0, MI_PAGE_BYTES);
        Entry->Flags |= MI_PFN_TOUCHED;
    }
    return STATUS_SUCCESS;
}

PVOID MiAllocateContiguousPages(SIZE_T Pages, MI_PAGE_USE Use, BOOLEAN Zero, PVOID Caller)
{
    PFN_NUMBER Pfn;

    if (!NT_SUCCESS(MiAllocatePages(Pages, 0, MiPageCount - 1, 1, 0, Use, Zero, &Pfn)))
        return NULL;
    MiPfnEntry(Pfn)->Caller = Caller;
    return MiPfnToVa(Pfn);
}

void MiFreePages(PFN_NUMBER Pfn, SIZE_T Pages)
{
    BOOLEAN Discard = Pages >= DISCARD_PAGES;
    KIRQL Irql;

    for (SIZE_T I = 0; I < Pages; I++) {
        PMI_PFN Entry = MiPfnEntry(Pfn + I);
        if (Pfn + I >= MiPageCount || Entry->Use == MiPageFree || Entry->Use == MiPageReserved)
            KeBugCheckEx(PFN_LIST_CORRUPT, 0x99, Pfn + I, Pfn + I < MiPageCount ? Entry->Use : 0, 0);
        if (Entry->LockCount)
            KeBugCheckEx(PFN_LIST_CORRUPT, 0x7, Pfn + I, Entry->LockCount, 0);
    }
    if (Discard && host_discard_ram((ULONG64)Pfn << KILN_PAGE_SHIFT, (ULONG64)Pages << KILN_PAGE_SHIFT) != 0)
        Discard = FALSE;
    MiSetRun(Pfn, Pages, MiPageFree, NULL);
    if (Discard)
        for (SIZE_T I = 0; I < Pages; I++)
            MiPfnEntry(Pfn + I)->Flags &= (UCHAR)~MI_PFN_TOUCHED;
    MiPfnEntry(Pfn)->RunPages = 0;

    Irql = KeAcquireSpinLockRaiseToDpc(&pfn_lock);
    mark_free(Pfn, Pages);
    __atomic_store_n(&MiFreePageCount, MiFreePageCount + Pages, __ATOMIC_RELAXED);
    KeReleaseSpinLock(&pfn_lock, Irql);
    MiFreeMemoryChanged();
}

/* ---------------------------------------------------------------- frames that come and go (hotmem.c) */

/* Map what a table of `Size` bytes an item at `Table` needs beyond `Old` items, for `New`. */
static BOOLEAN grow_table(PVOID Table, SIZE_T OldBytes, SIZE_T NewBytes)
{
    SIZE_T From = MI_PAGES(OldBytes) << KILN_PAGE_SHIFT, To = MI_PAGES(NewBytes) << KILN_PAGE_SHIFT;

    return From >= To || host_map_anonymous((UCHAR *)Table + From, To - From, HOST_PROT_R | HOST_PROT_W) == 0;
}

static BOOLEAN grow_tables(SIZE_T Old, SIZE_T New)
{
    SIZE_T OldWords = (Old + 63) / 64, NewWords = (New + 63) / 64;

    return grow_table(MiPfnDatabase, Old * sizeof(MI_PFN), New * sizeof(MI_PFN)) &&
           grow_table(free_map, OldWords * 8, NewWords * 8) &&
           grow_table(free_summary, (OldWords + 63) / 64 * 8, (NewWords + 63) / 64 * 8);
}

BOOLEAN MiGrowPageLists(PFN_NUMBER End)
{
    PFN_NUMBER Old = MiPageCount;

    if (End <= Old)
        return TRUE;
    if (!grow_tables(Old, End))
        return FALSE;
    for (PFN_NUMBER P = Old; P < End; P++)
        MiPfnEntry(P)->Flags = MI_PFN_ABSENT | MI_PFN_NOACCESS;
    __atomic_fetch_add(&MiUseCount[MiPageFree], End - Old, __ATOMIC_RELAXED);
    MiSetRun(Old, End - Old, MiPageReserved, NULL);
    MiHoles = TRUE;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&pfn_lock);
    free_words = (End + 63) / 64;
    __atomic_store_n(&MiPageCount, End, __ATOMIC_RELEASE);
    KeReleaseSpinLock(&pfn_lock, Irql);
    return TRUE;
}

BOOLEAN MiTakeFrames(PFN_NUMBER First, SIZE_T Pages, UCHAR Set)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&pfn_lock);
    BOOLEAN Free = TRUE;

    for (PFN_NUMBER P = First; P < First + Pages && Free; P++)
        Free = (free_map[P >> 6] >> (P & 63) & 1) != 0;
    if (Free) {
        mark_used(First, Pages);
        __atomic_store_n(&MiFreePageCount, MiFreePageCount - Pages, __ATOMIC_RELAXED);
    }
    KeReleaseSpinLock(&pfn_lock, Irql);
    if (!Free)
        return FALSE;
    MiSetRun(First, Pages, MiPageReserved, NULL);
    for (PFN_NUMBER P = First; P < First + Pages; P++)
        MiPfnEntry(P)->Flags |= Set;
    MiFreeMemoryChanged();
    return TRUE;
}

void MiChangeFrames(PFN_NUMBER First, SIZE_T Pages, UCHAR Set, UCHAR Clear)
{
    for (PFN_NUMBER P = First; P < First + Pages; P++)
        MiPfnEntry(P)->Flags = (UCHAR)((MiPfnEntry(P)->Flags | Set) & ~Clear);
    MiSetRun(First, Pages, MiPageFree, NULL);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&pfn_lock);
    mark_free(First, Pages);
    __atomic_store_n(&MiFreePageCount, MiFreePageCount + Pages, __ATOMIC_RELAXED);
    KeReleaseSpinLock(&pfn_lock, Irql);
    MiFreeMemoryChanged();
}

void MiFreeContiguousPages(PVOID Va, SIZE_T Pages)
{
    MiFreePages(MiVaToPfn(Va), Pages);
}

/* ---------------------------------------------------------------- budget and protection */

/* Say once for all that the host's limit is the reason; the failing calls only see a status. */
static void report_exhausted(const char *What)
{
    static const char Before[] = "kiln: the host allows no more mappings (sysctl vm.max_map_count); failed: ";
    static BOOLEAN said;
    SIZE_T Length = 0;

    if (__atomic_exchange_n(&said, TRUE, __ATOMIC_RELAXED))
        return;
    while (What[Length])
        Length++;
    host_console_write(HOST_STREAM_KERNEL, Before, sizeof(Before) - 1);
    host_console_write(HOST_STREAM_KERNEL, What, Length);
    host_console_write(HOST_STREAM_KERNEL, "\n", 1);
}

/* Say it before calls begin to fail: once, when seven eighths are used. */
static void warn_of_bound(void)
{
    static const char Text[] = "kiln: seven eighths of the host mappings that the machine may have are used; when all are, "
                               "calls fail (sysctl vm.max_map_count raises the bound; the command `memory` shows it)\n";
    static BOOLEAN said;

    if (!__atomic_exchange_n(&said, TRUE, __ATOMIC_RELAXED))
        host_console_write(HOST_STREAM_KERNEL, Text, sizeof(Text) - 1);
}

BOOLEAN MiChargeHostMappings(ULONG Count, const char *What)
{
    ULONG64 Used = __atomic_add_fetch(&mappings_used, Count, __ATOMIC_RELAXED);

    if (__builtin_expect(Used > mappings_limit - mappings_limit / 8 && Used <= mappings_limit, 0))
        warn_of_bound();
    if (Used <= mappings_limit)
        return TRUE;
    __atomic_fetch_sub(&mappings_used, Count, __ATOMIC_RELAXED);
    report_exhausted(What);
    return FALSE;
}

BOOLEAN MiSpareHostMappings(ULONG Count)
{
    if (__atomic_add_fetch(&mappings_used, Count, __ATOMIC_RELAXED) <= mappings_limit / 2)
        return TRUE;
    __atomic_fetch_sub(&mappings_used, Count, __ATOMIC_RELAXED);
    return FALSE;
}

void MiReturnHostMappings(ULONG Count)
{
    __atomic_fetch_sub(&mappings_used, Count, __ATOMIC_RELAXED);
}

NTSTATUS MiProtectRam(PFN_NUMBER Pfn, SIZE_T Pages, unsigned Prot)
{
    return MiPaging ? MiProtectPageable(Pfn, Pages, Prot) : MiProtectRamNow(Pfn, Pages, Prot);
}

NTSTATUS MiProtectRamNow(PFN_NUMBER Pfn, SIZE_T Pages, unsigned Prot)
{
    UCHAR Flags = (UCHAR)(Prot == HOST_PROT_NONE ? MI_PFN_NOACCESS
                                                 : ((Prot & HOST_PROT_X) ? MI_PFN_EXECUTE : 0) |
                                                       ((Prot & HOST_PROT_W) ? 0 : MI_PFN_READONLY));

    if (host_protect(MiPfnToVa(Pfn), (ULONG64)Pages << KILN_PAGE_SHIFT, Prot) != 0)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (SIZE_T I = 0; I < Pages; I++) {
        PMI_PFN Entry = MiPfnEntry(Pfn + I);
        Entry->Flags =
            (UCHAR)((Entry->Flags & ~(MI_PFN_NOACCESS | MI_PFN_EXECUTE | MI_PFN_READONLY)) | Flags);
    }
    return STATUS_SUCCESS;
}

void MiQueryUsage(PMI_MEMORY_USAGE Usage)
{
    Usage->TotalPages = MiPageCount;
    Usage->FreePages = __atomic_load_n(&MiFreePageCount, __ATOMIC_RELAXED);
    for (ULONG I = 0; I < MiPageUseCount; I++)
        Usage->PagesByUse[I] = MiUseCount[I];
    Usage->HostMappings = mappings_used;
    Usage->HostMappingLimit = mappings_limit;
    Usage->SystemPtesUsed = MiSystemPtesUsed;
    Usage->SystemPtes = MiSystemPteCount;
    Usage->PoolBytes[0] = Usage->PoolBytes[1] = 0;
    MI_POOL_TAG Account;
    ULONG Cursor = 0;
    while (MiEnumeratePoolTags(&Cursor, &Account)) {
        Usage->PoolBytes[0] += Account.Bytes[0];
        Usage->PoolBytes[1] += Account.Bytes[1];
    }
}

/* ---------------------------------------------------------------- start */

void MiInitPhysical(void)
{
    uint64_t Used, Limit;

    MiPageCount = host_config()->ram_bytes >> KILN_PAGE_SHIFT;
    if (MiPageCount < 1024 || host_config()->ram_bytes > KILN_RAM_MAX)
        host_panic("the machine needs at least 4 MB of RAM and at most what its address map has room for");
    if (!grow_tables(0, MiPageCount))
        host_panic("no address space for the PFN database");
    free_words = (MiPageCount + 63) / 64;

    /* MiPageFree is 0, which is what the fresh database says of every page. */
    MiUseCount[MiPageFree] = MiPageCount;
    MiSetRun(0, RESERVED_LOW_PAGES, MiPageReserved, NULL);
    mark_free(RESERVED_LOW_PAGES, MiPageCount - RESERVED_LOW_PAGES);
    MiFreePageCount = MiPageCount - RESERVED_LOW_PAGES;

    /* A quarter, and no less than a thousand, stay for the host itself. */
    host_mapping_budget(&Used, &Limit);
    SIZE_T Reserve = Limit / 4 > 1000 ? Limit / 4 : 1000;
    mappings_limit = Limit > Used + Reserve ? Limit - Used - Reserve : 0;
}
