/* SPDX-License-Identifier: MIT */
/*
 * Pool: the theory of operation, and the fast path.
 *
 *      ExAllocatePool*  ->  MiAllocateBlock  ->  this processor's magazine of (kind, class)  ->  slab  ->  page run
 *
 * There are three kinds: nonpaged no-execute, nonpaged executable (what plain NonPagedPool means) and paged. All are
 * RAM that is always there; paged differs in what it may be used at and in its accounts. A request up to 4080 bytes
 * becomes a block of a class, header in front, within one page; a longer one becomes whole pages, described by the
 * PFN entry of the first. So a page-aligned pointer is a large allocation and every other one has a header.
 *
 * The common case touches only what belongs to the processor: a magazine (an array of free blocks), the tag's
 * account and the block's header. It makes no call, takes no lock and contains no point where the processor could be
 * taken away (see mip.h). A magazine that is empty is refilled from slabs, one that is full is half flushed.
 *
 * Freeing looks at the PFN entry (is this pool at all?), at the position (is this the start of a block?), at the
 * header's check (allocated, free, or damaged?), then at the tag. Each wrong answer is its own bugcheck. With rule
 * checks on, the bytes between the end of what was asked for and the end of the block are filled and verified too,
 * and freed memory is overwritten, so that an overrun is found when the block is freed.
 */
#include "mip.h"
#include <nt/ps.h>

#define SLACK_BYTE 0xA9
#define FREED_BYTE 0xDD

#define TYPE_CACHE_ALIGNED 4
#define TYPE_MUST_SUCCEED  2

static const UCHAR max_irql[MiPoolKinds] = {DISPATCH_LEVEL, DISPATCH_LEVEL, APC_LEVEL};

static inline void stamp(PMI_VP Vp, PMI_POOL_HEADER Header, ULONG Kind, SIZE_T Bytes, ULONG Tag, ULONG TagIndex,
                         ULONG64 More, PVOID Caller)
{
    ULONG64 Word0 = Tag | (ULONG64)Bytes << 32 | (ULONG64)TagIndex << 52 | More;
    PMI_TAG_COUNT Count = &Vp->Tags[TagIndex];
    ULONG Account = Kind == MiPoolPaged;

    Header->Word0 = Word0;
    Header->Word1 = (ULONG64)(ULONG_PTR)Caller | MiHeaderCheck(Header, Word0, (ULONG64)(ULONG_PTR)Caller) << 48;
    Count->Allocations[Account]++;
    Count->Bytes[Account] += Bytes;
}

__attribute__((cold, noinline)) static void check_request(ULONG PoolType, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    KIRQL Irql = MiCurrentIrql();

    if (Irql > max_irql[MiKindOfType(PoolType)])
        MiPoolBugCheck(BAD_POOL_CALLER, 0x08, Irql, PoolType, Bytes, Caller,
                       "pool was allocated at an IRQL that does not allow it: at most DISPATCH_LEVEL for nonpaged, "
                       "APC_LEVEL for paged pool");
    if (PoolType & TYPE_MUST_SUCCEED)
        MiPoolBugCheck(BAD_POOL_CALLER, 0x9A, PoolType, Bytes, Tag, Caller,
                       "must-succeed pool does not exist any more: handle a NULL result instead");
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
        return MiAllocateLargePool(Kind, Bytes, Tag, Caller); /* page aligned; quota is not charged for pages */
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
    stamp(Vp, Header, Kind, Bytes, Tag, TagIndex, More, Caller);
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

    if (__builtin_expect(MiCurrentIrql() > max_irql[Kind] || (PoolType & TYPE_MUST_SUCCEED), 0))
        check_request(PoolType, Bytes, Tag, Caller);
    if (__builtin_expect(Bytes > MI_POOL_SMALL_MAX, 0))
        return MiAllocateLargePool(Kind, Bytes, Tag, Caller);
    if (__builtin_expect(MiChecked || (PoolType & TYPE_CACHE_ALIGNED), 0))
        return allocate_small(Kind, Bytes, Tag, (PoolType & TYPE_CACHE_ALIGNED) != 0, NULL, Caller);

    ULONG Class = MiClassOf[(Bytes + 15) >> 4];
    ULONG TagIndex = MiTagIndex(Tag, Caller);
    PMI_VP Vp = MiCurrentVp();
    PMI_MAGAZINE Magazine = &Vp->Magazines[Kind][Class];
    if (__builtin_expect(Magazine->Count == 0, 0))
        return allocate_small(Kind, Bytes, Tag, FALSE, NULL, Caller);
    PMI_POOL_HEADER Header = Magazine->Rounds[--Magazine->Count];
    stamp(Vp, Header, Kind, Bytes, Tag, TagIndex, 0, Caller);
    return (UCHAR *)Header + MI_HEADER_BYTES;
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

/* The rule checks of a free: slack bytes and the neighbour's header; then overwrite. */
__attribute__((noinline)) static void check_contents(PVOID Block, PMI_POOL_HEADER Header, ULONG Class, PVOID Caller)
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
    if (Next && MiHeaderState(Next) == MiHeaderCorrupt)
        MiPoolBugCheck(BAD_POOL_HEADER, 0x20, (ULONG64)(ULONG_PTR)Header, (ULONG64)(ULONG_PTR)Next, 0, Caller,
                       "the block behind the one being freed has a damaged header: this block was overrun");
    __builtin_memset((UCHAR *)Header + MI_HEADER_BYTES, FREED_BYTE, Size - MI_HEADER_BYTES);
}

void MiFreeBlock(PVOID Block, ULONG Tag, BOOLEAN TagGiven, PVOID Caller)
{
    if (__builtin_expect(!MiIsRam(Block), 0))
        MiBadFree(Block, Caller);
    if (__builtin_expect(((ULONG_PTR)Block & (MI_PAGE_BYTES - 1)) == 0, 0)) {
        MiFreeLargePool(Block, Tag, TagGiven, Caller);
        return;
    }
    PMI_PFN Entry = MiPfnEntry(MiVaToPfn(Block));
    if (__builtin_expect(Entry->Use != MiPagePoolSmall, 0))
        MiBadFree(Block, Caller);
    PMI_POOL_HEADER Header = MiBlockOfAddress(Entry, Block);
    ULONG Kind = Entry->Kind, Class = Entry->Class;
    if (__builtin_expect(Header == NULL || Block != MiHeaderBlock(Header), 0)) {
        /* A damaged header may claim any adjustment: believe it only if its check holds. */
        if (Header && MiHeaderState(Header) != MiHeaderAllocated &&
            (((UCHAR *)Block - (UCHAR *)Header) & ~0x30) == 0)
            damaged(Block, Header, Caller);
        MiBadFree(Block, Caller);
    }
    if (__builtin_expect(MiHeaderState(Header) != MiHeaderAllocated, 0))
        damaged(Block, Header, Caller);
    ULONG64 Word0 = Header->Word0;
    if (__builtin_expect((ULONG)Word0 != Tag, 0))
        MiCheckFreeTag(Block, (ULONG)Word0, TagGiven ? Tag : 0, Caller);
    if (__builtin_expect(MiCurrentIrql() > max_irql[Kind], 0))
        MiPoolBugCheck(BAD_POOL_CALLER, 0x09, MiCurrentIrql(), MiTypeOfKind(Kind), (ULONG64)(ULONG_PTR)Block,
                       Caller, "pool was freed at an IRQL that does not allow it");
    if (__builtin_expect(Word0 & MI_HEADER_QUOTA, 0))
        MiReturnQuota(*(PVOID *)(((ULONG_PTR)Block + MiHeaderBytes(Header) + 7) & ~7ULL), Kind,
                      MiHeaderBytes(Header), Block, Caller);
    if (__builtin_expect(MiChecked, 0))
        check_contents(Block, Header, Class, Caller);

    PMI_VP Vp = MiCurrentVp();
    while (__builtin_expect(Vp->Magazines[Kind][Class].Count == Vp->Magazines[Kind][Class].Limit, 0)) {
        MiFlushMagazine(Kind, Class);
        Vp = MiCurrentVp();
    }
    PMI_MAGAZINE Magazine = &Vp->Magazines[Kind][Class];
    PMI_TAG_COUNT Count = &Vp->Tags[MiHeaderTagIndex(Header)];
    ULONG Account = Kind == MiPoolPaged;
    Count->Frees[Account]++;
    Count->Bytes[Account] -= MiHeaderBytes(Header);
    Header->Word1 ^= MI_CHECK_FREE << 48;
    Magazine->Rounds[Magazine->Count++] = Header;
}
