/* SPDX-License-Identifier: MIT */
/*
 * Pool: the theory of operation, and the fast path.
 *
 *      ExAllocatePool* -> MiAllocateBlock -> this processor's magazine of (kind, class) -> slab -> page run
 *
 * There are three kinds: nonpaged no-execute, nonpaged executable (what plain NonPagedPool means) and paged.
 * All are RAM that is always there; paged differs in what it may be used at and in its accounts. A request up
 * to 4080 bytes becomes a block of a class, header in front, within one page; a longer one becomes whole
 * pages, described by the PFN entry of the first. So a page-aligned pointer is a large allocation and every
 * other one has a header.
 *
 * The common case touches only what belongs to the processor: a magazine (an array of free blocks), the tag's
 * account and the block's header. It makes no call, takes no lock and contains no point where the processor
 * could be taken away (see mip.h). A magazine that is empty is refilled from slabs, one that is full is half
 * flushed.
 *
 * Freeing looks at the PFN entry (is this pool at all?), at the position (is this the start of a block?), at
 * the header's check (allocated, free, or damaged?), then at the tag. Each wrong answer is its own bugcheck.
 * With rule checks on, the bytes between the end of what was asked for and the end of the block are filled
 * and verified too, and freed memory is overwritten, so that an overrun is found when the block is freed.
 */
#include "mip.h"
#include "ki.h"

#define SLACK_BYTE 0xA9
#define FREED_BYTE 0xDD

#define TYPE_CACHE_ALIGNED 4
#define TYPE_MUST_SUCCEED  2
#define FAST_TYPES         ((ULONG)(PagedPool | NonPagedPoolNx | POOL_COLD_ALLOCATION))

static inline void stamp(PMI_VP Vp, PMI_POOL_HEADER Header, ULONG Account, SIZE_T Bytes, ULONG Tag,
                         ULONG TagIndex, ULONG64 More, PVOID Caller)
{
    ULONG64 Word0 = Tag | (ULONG64)Bytes << 32 | (ULONG64)TagIndex << 52 | More;
    PMI_TAG_COUNT Count = &Vp->Tags[TagIndex];

    Header->Word0 = Word0;
    Header->Word1 = (ULONG64)(ULONG_PTR)Caller | MiHeaderCheck(Header, Word0, (ULONG64)(ULONG_PTR)Caller)
                                                     << 48;
    Count->Allocations[Account]++;
    Count->Bytes[Account] += Bytes;
}

__attribute__((cold, noinline)) static void check_request(ULONG PoolType, SIZE_T Bytes, ULONG Tag,
                                                          PVOID Caller)
{
    KIRQL Irql = MiCurrentIrql();

    if (Irql > MiMaxIrql(PoolType))
        MiPoolBugCheck(
            BAD_POOL_CALLER, 0x08, Irql, PoolType, Bytes, Caller,
            "pool was allocated at an IRQL that does not allow it: at most DISPATCH_LEVEL for nonpaged, "
            "APC_LEVEL for paged pool");
    if (PoolType & TYPE_MUST_SUCCEED)
        MiPoolBugCheck(BAD_POOL_CALLER, 0x9A, PoolType, Bytes, Tag, Caller,
                       "must-succeed pool does not exist any more: handle a NULL result instead");
}

/* The reverse: into a magazine that has room. */
static inline void put_block(PMI_VP Vp, PMI_MAGAZINE Magazine, PMI_POOL_HEADER Header, ULONG Account)
{
    PMI_TAG_COUNT Count = &Vp->Tags[MiHeaderTagIndex(Header)];

    Count->Frees[Account]++;
    Count->Bytes[Account] -= MiHeaderBytes(Header);
    Header->Word1 ^= MI_CHECK_FREE << 48;
    Magazine->Rounds[Magazine->Count++] = Header;
}

/* The block's slack, from what was asked for to the end of its space. */
static UCHAR *slack_of(PMI_POOL_HEADER Header, ULONG Class, ULONG *Bytes)
{
    UCHAR *Begin = (UCHAR *)MiHeaderBlock(Header) + MiHeaderBytes(Header);
    UCHAR *End = (UCHAR *)Header + MiBlockBytes[Class];

    if (Header->Word0 & MI_HEADER_QUOTA)
        Begin = (UCHAR *)(((ULONG_PTR)Begin + 7) & ~7ULL) + sizeof(PVOID);
    *Bytes = (ULONG)(End - Begin);
    return Begin;
}

/* A cache-aligned, quota-charged or checked request: everything the fast path leaves out. */
__attribute__((noinline)) static PVOID allocate_small(ULONG Kind, SIZE_T Bytes, ULONG Tag, BOOLEAN Aligned,
                                                      PVOID Quota, PVOID Caller)
{
    SIZE_T Room = Bytes + (Aligned ? 48 : 0) + (Quota ? 16 : 0);
    ULONG Class, TagIndex, Slack;
    ULONG64 More = 0;

    if (Room > MI_POOL_SMALL_MAX)
        return MiAllocateLargePool(Kind, Bytes, Tag,
                                   Caller); /* page aligned; quota is not charged for pages */
    Class = MiClassOf[(Room + 15) >> 4];
    TagIndex = MiTagIndex(Tag, Caller);
    PMI_VP Vp = MiCurrentVp();
    while (Vp->Magazines[Kind][Class].Count == 0) {
        if (!MiRefillMagazine(Kind, Class))
            return NULL;
        Vp = MiCurrentVp();
    }
    PMI_MAGAZINE Magazine = &Vp->Magazines[Kind][Class];
    PMI_POOL_HEADER Header = Magazine->Rounds[--Magazine->Count];
    if (Aligned)
        More |= ((64 - (((ULONG_PTR)Header + MI_HEADER_BYTES) & 63)) >> 4 & 3) << 44;
    if (Quota)
        More |= MI_HEADER_QUOTA;
    stamp(Vp, Header, Kind & 1, Bytes, Tag, TagIndex, More, Caller);
    UCHAR *Block = MiHeaderBlock(Header);
    if (Quota)
        *(PVOID *)(((ULONG_PTR)Block + Bytes + 7) & ~7ULL) = Quota;
    if (MiChecked) {
        UCHAR *Tail = slack_of(Header, Class, &Slack);
        __builtin_memset(Tail, SLACK_BYTE, Slack);
    }
    return Block;
}

PVOID MiAllocateBlock(ULONG PoolType, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    ULONG Kind = MiKindOfType(PoolType);

    if (MiCurrentIrql() > MiMaxIrql(Kind) || (PoolType & TYPE_MUST_SUCCEED))
        check_request(PoolType, Bytes, Tag, Caller);
    if (MiSpecialPool && Bytes <= MI_PAGE_BYTES && !(PoolType & TYPE_CACHE_ALIGNED) && MiWantsSpecial(Tag)) {
        PVOID Block = MiAllocateSpecial(Kind, Bytes, Tag, Caller);
        if (Block)
            return Block;
    }
    if (Bytes > MI_POOL_SMALL_MAX)
        return MiAllocateLargePool(Kind, Bytes, Tag, Caller);
    return allocate_small(Kind, Bytes, Tag, (PoolType & TYPE_CACHE_ALIGNED) != 0, NULL, Caller);
}

PVOID MiAllocateQuotaBlock(ULONG PoolType, SIZE_T Bytes, ULONG Tag, PVOID Process, PVOID Caller)
{
    check_request(PoolType, Bytes, Tag, Caller);
    if (Bytes >= MI_PAGE_BYTES || Bytes + 16 > MI_POOL_SMALL_MAX)
        return MiAllocateLargePool(MiKindOfType(PoolType), Bytes, Tag, Caller);
    return allocate_small(MiKindOfType(PoolType), Bytes, Tag, (PoolType & TYPE_CACHE_ALIGNED) != 0, Process,
                          Caller);
}

/* ---------------------------------------------------------------- freeing */

/* Say what is wrong with a pointer that is not the start of an allocated block. */
void MiBadFree(PVOID Block, PVOID Caller)
{
    ULONG64 Address = (ULONG64)(ULONG_PTR)Block;
    MI_ADDRESS Info;

    switch (MiClassifyAddress(Block, &Info)) {
    case MiAddressNull:
        MiPoolBugCheck(BAD_POOL_CALLER, 0x46, Address, 0, 0, Caller, "NULL was freed to pool");
    case MiAddressUser:
    case MiAddressUserUnmapped:
        MiPoolBugCheck(BAD_POOL_CALLER, 0x40, Address, KILN_RAM_BASE, 0, Caller,
                       "a user-mode address was freed to pool");
    case MiAddressPool:
        MiPoolBugCheck(BAD_POOL_CALLER, 0x99, Address, (ULONG64)(ULONG_PTR)Info.Begin, Info.Bytes, Caller,
                       "the address lies inside a pool block but is not its start");
    case MiAddressPoolFree:
    case MiAddressRamFree:
        MiPoolBugCheck(BAD_POOL_CALLER, 0x07, 0, 0, Address, Caller,
                       "the pool block was freed already, or never allocated");
    case MiAddressContiguous:
        MiPoolBugCheck(BAD_POOL_CALLER, 0x42, Address, 0, 0, Caller,
                       "the memory is contiguous memory: free it with MmFreeContiguousMemory");
    case MiAddressStack:
        MiPoolBugCheck(BAD_POOL_CALLER, 0x42, Address, 0, 0, Caller, "the address is on a kernel stack");
    case MiAddressImage:
        MiPoolBugCheck(BAD_POOL_CALLER, 0x42, Address, 0, 0, Caller, "the address lies in a loaded image");
    default:
        MiPoolBugCheck(BAD_POOL_CALLER, 0x46, Address, 0, 0, Caller, "the address was never in any pool");
    }
}

void MiCheckFreeTag(PVOID Block, ULONG Allocated, ULONG Tag, PVOID Caller)
{
    /* Tag 0 is what ExFreePool passes; it frees everything but protected allocations. */
    if ((Tag & ~PROTECTED_POOL) == (Allocated & ~PROTECTED_POOL))
        return;
    if (Tag == 0 && !(Allocated & PROTECTED_POOL))
        return;
    MiPoolBugCheck(BAD_POOL_CALLER, 0x0A, (ULONG64)(ULONG_PTR)Block, Allocated, Tag, Caller,
                   "the pool block was allocated with another tag than it is freed with");
}

__attribute__((cold, noinline)) static void damaged(PVOID Block, PMI_POOL_HEADER Header, PVOID Caller)
{
    PMI_PFN Entry = MiPfnEntry(MiVaToPfn(Block));
    ULONG Size = MiBlockBytes[Entry->Class];

    if (MiHeaderState(Header) == MiHeaderFree)
        MiPoolBugCheck(BAD_POOL_CALLER, 0x07, 0, Header->Word0, (ULONG64)(ULONG_PTR)Block, Caller,
                       "the pool block was freed already");
    MiPoolBugCheck(BAD_POOL_HEADER, 0x20, (ULONG64)(ULONG_PTR)Header, (ULONG64)(ULONG_PTR)Header + Size,
                   Header->Word0, Caller,
                   "the header of the pool block is damaged, usually by whoever owns the block before it");
}

/* A neighbour's header is two words that its owner changes on another processor: damage is what does not go away. */
static BOOLEAN stays_corrupt(PMI_POOL_HEADER Header)
{
    for (ULONG I = 0; I < 100000; I++) {
        if (MiHeaderState(Header) != MiHeaderCorrupt)
            return FALSE;
        __builtin_ia32_pause();
    }
    return TRUE;
}

/* The rule checks of a free: slack bytes and the neighbour's header; then overwrite. */
__attribute__((noinline)) static void check_contents(PVOID Block, PMI_POOL_HEADER Header, ULONG Class,
                                                     PVOID Caller)
{
    ULONG Slack, Size = MiBlockBytes[Class];
    UCHAR *Tail = slack_of(Header, Class, &Slack);
    PMI_PFN Entry = MiPfnEntry(MiVaToPfn(Block));
    UCHAR *End = (UCHAR *)Header + Size;
    PMI_POOL_HEADER Next = ((ULONG_PTR)End & (MI_PAGE_BYTES - 1)) ? MiBlockOfAddress(Entry, End) : NULL;

    for (ULONG I = 0; I < Slack; I++)
        if (Tail[I] != SLACK_BYTE)
            MiPoolBugCheck(BAD_POOL_HEADER, 0x21, (ULONG64)(ULONG_PTR)Block, MiHeaderBytes(Header), Tail[I],
                           Caller, "bytes behind the end of the pool block were written");
    if (Next && stays_corrupt(Next))
        MiPoolBugCheck(BAD_POOL_HEADER, 0x20, (ULONG64)(ULONG_PTR)Header, (ULONG64)(ULONG_PTR)Next, 0, Caller,
                       "the block behind the one being freed has a damaged header: this block was overrun");
    PKTIMER Timer = KiFindArmedTimer(Block, MiHeaderBytes(Header));
    if (Timer)
        MiPoolBugCheck(
            TIMER_OR_DPC_INVALID, 0, (ULONG64)(ULONG_PTR)Timer, (ULONG64)(ULONG_PTR)Block,
            (ULONG64)(ULONG_PTR)Block + MiHeaderBytes(Header), Caller,
            "memory was freed with a timer in it that is still set: KeCancelTimer comes first, and "
            "KeFlushQueuedDpcs if its DPC may be running");
    __builtin_memset((UCHAR *)Header + MI_HEADER_BYTES, FREED_BYTE, Size - MI_HEADER_BYTES);
}

void MiFreeBlock(PVOID Block, ULONG Tag, BOOLEAN TagGiven, PVOID Caller)
{
    if (!MiIsRam(Block))
        MiBadFree(Block, Caller);
    if (MiSpecialPool && MiPfnEntry(MiVaToPfn(Block))->Use == MiPageSpecial) {
        MiFreeSpecial(Block, Tag, TagGiven, Caller);
        return;
    }
    if (((ULONG_PTR)Block & (MI_PAGE_BYTES - 1)) == 0) {
        MiFreeLargePool(Block, Tag, TagGiven, Caller);
        return;
    }
    PMI_PFN Entry = MiPfnEntry(MiVaToPfn(Block));
    if (Entry->Use != MiPagePoolSmall)
        MiBadFree(Block, Caller);
    PMI_POOL_HEADER Header = MiBlockOfAddress(Entry, Block);
    ULONG Kind = Entry->Kind, Class = Entry->Class;
    if (Header == NULL || Block != MiHeaderBlock(Header)) {
        /* A damaged header may claim any adjustment: believe it only if its check holds. */
        if (Header && MiHeaderState(Header) != MiHeaderAllocated &&
            (((UCHAR *)Block - (UCHAR *)Header) & ~0x30) == 0)
            damaged(Block, Header, Caller);
        MiBadFree(Block, Caller);
    }
    if (MiHeaderState(Header) != MiHeaderAllocated)
        damaged(Block, Header, Caller);
    ULONG64 Word0 = Header->Word0;
    if ((ULONG)Word0 != Tag)
        MiCheckFreeTag(Block, (ULONG)Word0, TagGiven ? Tag : 0, Caller);
    if (MiCurrentIrql() > MiMaxIrql(Kind))
        MiPoolBugCheck(BAD_POOL_CALLER, 0x09, MiCurrentIrql(), MiTypeOfKind(Kind), (ULONG64)(ULONG_PTR)Block,
                       Caller, "pool was freed at an IRQL that does not allow it");
    if (Word0 & MI_HEADER_QUOTA)
        MiReturnQuota(*(PVOID *)(((ULONG_PTR)Block + MiHeaderBytes(Header) + 7) & ~7ULL), Kind,
                      MiHeaderBytes(Header), Block, Caller);
    if (MiChecked)
        check_contents(Block, Header, Class, Caller);

    PMI_VP Vp = MiCurrentVp();
    while (Vp->Magazines[Kind][Class].Count == Vp->Magazines[Kind][Class].Limit) {
        MiFlushMagazine(Kind, Class);
        Vp = MiCurrentVp();
    }
    put_block(Vp, &Vp->Magazines[Kind][Class], Header, Kind & 1);
}

/* ---------------------------------------------------------------- the fast paths */

/*
 * The routines that drivers call most. What is unusual in any way goes to the complete routines above. The
 * slow calls have the convention of the entries, so that these need not save the registers in which the two
 * conventions differ; together they are some thirty instructions each, without a call.
 */

/* Nonzero: this machine wants every call to take the complete path (scheduling points, rule checks). */
static inline ULONG complete_paths_only(void)
{
    ULONG Points;

    __asm__ volatile("movl %%gs:0x58, %0" : "=r"(Points));
    return Points | MiCompletePaths;
}

__attribute__((noinline)) static PVOID NTAPI allocate_complete(ULONG PoolType, SIZE_T Bytes, ULONG Tag,
                                                               PVOID Caller)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    return MiFinishAllocation(MiAllocateBlock(PoolType, Bytes, Tag, Caller), Bytes, PoolType);
}

__attribute__((noinline)) static PVOID NTAPI allocate2_complete(POOL_FLAGS Flags, SIZE_T Bytes, ULONG Tag,
                                                                PVOID Caller)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    return MiAllocateByFlags(Flags, Bytes, Tag, HighPoolPriority, TRUE, Caller);
}

__attribute__((noinline)) static void NTAPI free_complete(PVOID Block, ULONG Tag, BOOLEAN TagGiven,
                                                          PVOID Caller)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    MiFreeBlock(Block, Tag, TagGiven, Caller);
}

/* A block from the processor's magazine; NULL if anything is unusual. Type has no bits beyond FAST_TYPES. */
static inline PVOID allocate_fast(ULONG Type, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    ULONG TagIndex = MiTagHash(Tag);

    if (complete_paths_only() || Bytes > MI_POOL_SMALL_MAX || *(volatile ULONG *)&MiTagTable[TagIndex] != Tag ||
        MiCurrentIrql() > MiMaxIrql(Type))
        return NULL;
    PMI_VP Vp = MiCurrentVp();
    PMI_MAGAZINE Magazine = &Vp->Magazines[MiKindOfType(Type)][MiClassOf[(Bytes + 15) >> 4]];
    ULONG Count = Magazine->Count;
    if (Count == 0)
        return NULL;
    PMI_POOL_HEADER Header = Magazine->Rounds[Count - 1];
    Magazine->Count = Count - 1;
    stamp(Vp, Header, Type & 1, Bytes, Tag, TagIndex, 0, Caller);
    return (UCHAR *)Header + MI_HEADER_BYTES;
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    PVOID Caller = __builtin_return_address(0), Block = NULL;

    if (__builtin_expect(((ULONG)PoolType & ~FAST_TYPES) == 0, 1))
        Block = allocate_fast((ULONG)PoolType, NumberOfBytes, Tag, Caller);
    if (__builtin_expect(Block != NULL, 1))
        return Block;
    return allocate_complete((ULONG)PoolType, NumberOfBytes, Tag, Caller);
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    PVOID Caller = __builtin_return_address(0), Block = NULL;
    ULONG64 Kind = Flags & ~POOL_FLAG_UNINITIALIZED;

    if (__builtin_expect(Kind == POOL_FLAG_NON_PAGED || Kind == POOL_FLAG_PAGED, 1))
        Block =
            allocate_fast(Kind == POOL_FLAG_PAGED ? PagedPool : NonPagedPoolNx, NumberOfBytes, Tag, Caller);
    if (__builtin_expect(Block == NULL, 0))
        return allocate2_complete(Flags, NumberOfBytes, Tag, Caller);
    if (!(Flags & POOL_FLAG_UNINITIALIZED)) {
        /* Blocks are 16-byte multiples: zero whole units, mostly one to eight of them. */
        ULONG64 *Unit = Block, *End = (ULONG64 *)((UCHAR *)Block + ((NumberOfBytes + 15) & ~15ULL));
        if (NumberOfBytes > 256)
            __builtin_memset(Block, 0, NumberOfBytes);
        else
            for (; Unit < End; Unit += 2)
                Unit[0] = Unit[1] = 0;
    }
    return Block;
}

/* Put an ordinary block into the processor's magazine if nothing at all is wrong or special. */
static inline BOOLEAN free_fast(PVOID Block, ULONG Tag, ULONG TagMask)
{
    ULONG64 Offset = (ULONG64)(ULONG_PTR)Block - KILN_RAM_BASE;
    PMI_PFN Entry = MiPfnEntry((PFN_NUMBER)(Offset >> KILN_PAGE_SHIFT));
    PMI_POOL_HEADER Header = (PMI_POOL_HEADER)((ULONG_PTR)Block - sizeof(*Header)); /* Block may be NULL */

    if (Offset >= (ULONG64)MiPageCount << KILN_PAGE_SHIFT || !(Offset & (MI_PAGE_BYTES - MI_HEADER_BYTES)) ||
        complete_paths_only() || Entry->Use != MiPagePoolSmall)
        return FALSE;
    if (MiHeaderState(Header) != MiHeaderAllocated || (((ULONG)Header->Word0 ^ Tag) & TagMask) ||
        (Header->Word0 & (MI_HEADER_QUOTA | MI_HEADER_ADJUST)) || MiCurrentIrql() > MiMaxIrql(Entry->Kind))
        return FALSE;
    PMI_VP Vp = MiCurrentVp();
    PMI_MAGAZINE Magazine = (PMI_MAGAZINE)((UCHAR *)Vp + Entry->TagIndex);
    if (Magazine->Count == Magazine->Limit)
        return FALSE;
    put_block(Vp, Magazine, Header, Entry->Kind & 1);
    return TRUE;
}

void NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    if (__builtin_expect(!free_fast(P, Tag, ~0U), 0))
        free_complete(P, Tag, TRUE, __builtin_return_address(0));
}

#undef ExFreePool

void NTAPI ExFreePool(PVOID P)
{
    if (__builtin_expect(!free_fast(P, 0, PROTECTED_POOL), 0))
        free_complete(P, 0, FALSE, __builtin_return_address(0));
}
