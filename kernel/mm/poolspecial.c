/* SPDX-License-Identifier: MIT */
/*
 * Special pool: blocks of chosen tags get pages of their own, so that a wrong access faults at once.
 *
 * The block lies at the end of its pages (to the 16 bytes of pool alignment) with an inaccessible page behind, or, to find
 * underruns, at their beginning with an inaccessible page before. The rest of the page is filled with a pattern that is
 * checked when the block is freed. A freed block's pages are inaccessible for a while (QUARANTINE of them), so that using it is
 * found too. What is known about the block lies in the PFN entry of its first page: Tag, Bytes, Caller; FreeBlocks is where it
 * begins; Class says whether it is freed; FreeMap[0] is then who freed it.
 *
 * A fault in such a page is one of the bugchecks 0xCC, 0xCD, 0xD5 and 0xD6, a damaged pattern or a bad free 0xC1, each with the
 * block and its tag. Faults come here from the region of RAM (fault.c).
 *
 * Lock: quarantine_lock (spin), for the queue of freed blocks; innermost but for P.
 *
 * Reference: Special Pool (windows-driver-docs, devtest); bug checks 0xC1, 0xCC, 0xCD, 0xD5, 0xD6.
 */
#include "mip.h"
#include "crt.h"
#include "ki.h"
#include "ldrp.h"
#include "trap.h"

#define PATTERN    0x5D
#define QUARANTINE 256 /* freed blocks */
#define MAX_TAGS   16

enum { SPECIAL_LIVE, SPECIAL_FREED, SPECIAL_GUARD }; /* MI_PFN.Class */

BOOLEAN MiSpecialPool;
static BOOLEAN all_tags, underruns;
static ULONG tags[MAX_TAGS], tag_count;

static KSPIN_LOCK quarantine_lock;
static ULONG quarantine[QUARANTINE]; /* first pages */
static ULONG quarantine_next;

BOOLEAN MiWantsSpecial(ULONG Tag)
{
    for (ULONG I = 0; I < tag_count; I++)
        if (tags[I] == (Tag & ~PROTECTED_POOL))
            return TRUE;
    return all_tags;
}

static void describe(const MI_PFN *Head, PFN_NUMBER First, char *Text, SIZE_T Bytes)
{
    char Tag[5], Allocated[200] = "an unknown caller", Freed[200] = "";

    MiFormatTag(Head->Tag, Tag);
    if (Head->Caller)
        KiDescribeReturn((ULONG_PTR)Head->Caller, Allocated, sizeof(Allocated));
    if (Head->Class == SPECIAL_FREED && Head->FreeMap[0])
        KiDescribeReturn((ULONG_PTR)Head->FreeMap[0], Freed, sizeof(Freed));
    nt__snprintf(Text, Bytes, "block 0x%I64x, %I64u bytes, tag '%s', allocated by %s%s%s",
                 (ULONG64)(ULONG_PTR)MiPfnToVa(First) + Head->FreeBlocks, (ULONG64)Head->Bytes, Tag, Allocated,
                 Freed[0] ? ", freed by " : "", Freed);
}

/* ---------------------------------------------------------------- allocating and freeing */

static UCHAR *block_of(PFN_NUMBER First)
{
    return (UCHAR *)MiPfnToVa(First) + MiPfnEntry(First)->FreeBlocks;
}

/* The first page of the run that the page is in; of an underrun block that is the guard page. */
static PFN_NUMBER run_of(PFN_NUMBER Pfn)
{
    return Pfn - MiPfnEntry(Pfn)->RunBack;
}

/* The run's pages that hold the block: all but the guard. */
static PFN_NUMBER data_of(PFN_NUMBER Run)
{
    return underruns ? Run + 1 : Run;
}

static void release(PFN_NUMBER Run)
{
    SIZE_T Pages = MiPfnEntry(Run)->RunPages;

    if (!NT_SUCCESS(MiProtectRam(Run, Pages, HOST_PROT_R | HOST_PROT_W)))
        return;
    MiReturnHostMappings(4);
    MiFreePages(Run, Pages);
}

PVOID MiAllocateSpecial(ULONG Kind, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    SIZE_T Data = MI_PAGES(Bytes ? Bytes : 1), Room = Data << KILN_PAGE_SHIFT;
    ULONG TagIndex = MiTagIndex(Tag, Caller);
    PFN_NUMBER Run;

    if (Bytes >= (SIZE_T)MiPageCount << KILN_PAGE_SHIFT || !MiSpareHostMappings(4))
        return NULL;
    if (!NT_SUCCESS(MiAllocatePages(Data + 1, 0, MiPageCount - 1, 1, 0, MiPageSpecial, FALSE, &Run))) {
        MiReturnHostMappings(4);
        return NULL;
    }
    PFN_NUMBER First = data_of(Run), Guard = underruns ? Run : Run + Data;
    if (!NT_SUCCESS(MiProtectRam(Guard, 1, HOST_PROT_NONE))) {
        MiReturnHostMappings(4);
        MiFreePages(Run, Data + 1);
        return NULL;
    }
    PMI_PFN Head = MiPfnEntry(First);
    for (PFN_NUMBER P = Run; P < Run + Data + 1; P++)
        MiPfnEntry(P)->Class = SPECIAL_LIVE;
    MiPfnEntry(Guard)->Class = SPECIAL_GUARD;
    Head->FreeBlocks = underruns ? 0 : (USHORT)(Room - ((Bytes + 15) & ~15ULL));
    Head->Bytes = Bytes;
    Head->Tag = Tag;
    Head->TagIndex = TagIndex;
    Head->Kind = (UCHAR)Kind;
    Head->Caller = Caller;
    __builtin_memset(MiPfnToVa(First), PATTERN, Room);
    PMI_TAG_COUNT Count = &MiCurrentVp()->Tags[TagIndex];
    Count->Allocations[Kind == MiPoolPaged]++;
    Count->Bytes[Kind == MiPoolPaged] += Bytes;
    return block_of(First);
}

static DECLSPEC_NORETURN void corrupt(PVOID Block, ULONG64 Detail, ULONG64 Code, PFN_NUMBER First, PVOID Caller,
                                      const char *What)
{
    static char Text[700], About[520];

    describe(MiPfnEntry(First), First, About, sizeof(About));
    nt__snprintf(Text, sizeof(Text), "%s: %s", What, About);
    MiPoolBugCheck(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, (ULONG64)(ULONG_PTR)Block, Detail,
                   MiPfnEntry(First)->Bytes, Code, Caller, Text);
}

/* Bytes of [From, To) that are not the pattern. */
static UCHAR *damaged(UCHAR *From, UCHAR *To)
{
    while (From < To && *From == PATTERN)
        From++;
    return From < To ? From : NULL;
}

void MiFreeSpecial(PVOID Block, ULONG Tag, BOOLEAN TagGiven, PVOID Caller)
{
    PFN_NUMBER Run = run_of(MiVaToPfn(Block)), First = data_of(Run);
    PMI_PFN Head = MiPfnEntry(First);
    SIZE_T Pages = MiPfnEntry(Run)->RunPages;
    UCHAR *Begin = MiPfnToVa(First), *End = Begin + ((Pages - 1) << KILN_PAGE_SHIFT), *Bad;

    if (Head->Class == SPECIAL_FREED)
        MiPoolBugCheck(BAD_POOL_CALLER, 0x07, 0, Head->Tag, (ULONG64)(ULONG_PTR)Block, Caller,
                       "the pool block was freed already");
    if (Block != block_of(First))
        corrupt(Block, 0, 0x21, First, Caller, "an address was freed that is not the beginning of the special pool block");
    if (MiCurrentIrql() > MiMaxIrql(Head->Kind))
        corrupt(Block, MiCurrentIrql(), 0x31, First, Caller, "special pool was freed at an IRQL that does not allow it");
    if (Head->Tag != Tag)
        MiCheckFreeTag(Block, Head->Tag, TagGiven ? Tag : 0, Caller);
    Bad = damaged(Begin, block_of(First));
    if (Bad == NULL)
        Bad = damaged((UCHAR *)Block + Head->Bytes, End);
    if (Bad)
        corrupt(Block, (ULONG64)(ULONG_PTR)Bad, 0x23, First, Caller,
                Bad < (UCHAR *)Block ? "bytes before the block were written (an underrun)"
                                     : "bytes behind the block were written (an overrun)");
    PMI_TAG_COUNT Count = &MiCurrentVp()->Tags[Head->TagIndex];
    Count->Frees[Head->Kind == MiPoolPaged]++;
    Count->Bytes[Head->Kind == MiPoolPaged] -= Head->Bytes;
    Head->FreeMap[0] = (ULONG64)(ULONG_PTR)Caller;
    for (PFN_NUMBER P = First; P < First + Pages - 1; P++)
        MiPfnEntry(P)->Class = SPECIAL_FREED;
    MiProtectRam(First, Pages - 1, HOST_PROT_NONE);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&quarantine_lock);
    ULONG Oldest = quarantine[quarantine_next];
    quarantine[quarantine_next] = (ULONG)Run;
    quarantine_next = (quarantine_next + 1) % QUARANTINE;
    KeReleaseSpinLock(&quarantine_lock, Irql);
    if (Oldest)
        release(Oldest);
}

/* What reports and walks want to know of the run that the page is in. FALSE: it holds no live block. */
BOOLEAN MiSpecialBlock(PFN_NUMBER Pfn, PVOID *Block, PMI_PFN *Head)
{
    PFN_NUMBER First = data_of(run_of(Pfn));

    *Block = block_of(First);
    *Head = MiPfnEntry(First);
    return (*Head)->Class == SPECIAL_LIVE;
}

/* ---------------------------------------------------------------- faults */

static NTSTATUS special_fault(PVOID Context, PKI_FAULT Fault)
{
    static char Text[900], About[520];
    PFN_NUMBER Pfn = MiVaToPfn((PVOID)(ULONG_PTR)Fault->Address);

    UNREFERENCED_PARAMETER(Context);
    if (Fault->Safe || KiBugCheckActive || !MiIsRamPfn(Pfn) || MiPfnEntry(Pfn)->Use != MiPageSpecial)
        return STATUS_ACCESS_VIOLATION;
    PFN_NUMBER First = data_of(run_of(Pfn));
    BOOLEAN Driver = LdrIsDriverCode((ULONG_PTR)Fault->Pc), Freed = MiPfnEntry(First)->Class == SPECIAL_FREED;
    describe(MiPfnEntry(First), First, About, sizeof(About));
    nt__snprintf(Text, sizeof(Text), "%s at 0x%I64x: %s",
                 Freed       ? "Freed memory was used"
                 : underruns ? "Memory before the beginning of a pool block was used"
                             : "Memory beyond the end of a pool block was used",
                 Fault->Address, About);
    ULONG Code = Freed ? (Driver ? DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL : PAGE_FAULT_IN_FREED_SPECIAL_POOL)
                       : (Driver ? DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION : PAGE_FAULT_BEYOND_END_OF_ALLOCATION);
    KiBugCheckFault(Fault, Code, (ULONG_PTR)Fault->Address, Fault->Access, (ULONG_PTR)Fault->Pc, 0, Text);
}

/* ---------------------------------------------------------------- start */

/* "all", or tags separated by commas; "under:" in front finds underruns instead of overruns. */
static void parse(const char *Text)
{
    static const char Under[] = "under:", All[] = "all";
    SIZE_T I;

    for (I = 0; Under[I] && Text[I] == Under[I]; I++)
        ;
    if (Under[I] == 0) {
        underruns = TRUE;
        Text += I;
    }
    for (I = 0; All[I] && Text[I] == All[I]; I++)
        ;
    all_tags = All[I] == 0 && Text[I] == 0;
    while (!all_tags && *Text && tag_count < MAX_TAGS) {
        ULONG Tag = 0, Length = 0;
        for (; *Text && *Text != ','; Text++)
            if (Length < 4)
                Tag |= (ULONG)(UCHAR)*Text << (8 * Length++);
        for (; Length && Length < 4; Length++)
            Tag |= (ULONG)' ' << (8 * Length);
        if (Tag)
            tags[tag_count++] = Tag;
        Text += *Text == ',';
    }
}

void MiInitSpecialPool(void)
{
    if (host_config()->special_pool == NULL || host_config()->special_pool[0] == 0)
        return;
    parse(host_config()->special_pool);
    if (!NT_SUCCESS(MiRegisterFaultHandler(KILN_RAM_BASE, KILN_RAM_BASE + KILN_RAM_MAX, special_fault, NULL)))
        host_panic("no room for the fault region of special pool");
    MiSpecialPool = TRUE;
}
