/* SPDX-License-Identifier: MIT */
/*
 * mip.h: shared between the files of the memory manager.
 *
 * State that a processor owns (MI_VP) needs no lock and no raised IRQL: kernel code is interrupted only at
 * points of its own choosing (an IRQL lowered, a lock, a wait), so a stretch of code without such a point is
 * atomic with respect to its processor. Fast paths keep to that: get the MI_VP, use it, and never call out in
 * between.
 */
#ifndef KILN_MIP_H
#define KILN_MIP_H

#include <nt/ke.h>
#include <nt/mm.h>
#include <nt/ex.h>
#include "host.h"
#include "mi.h"

#define MI_PAGE_BYTES   KILN_PAGE_SIZE
#define MI_PAGES(bytes) (((SIZE_T)(bytes) + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT)
#define MI_NO_PFN       ((ULONG)~0u)
#define PROTECTED_POOL  0x80000000U /* in a tag: may be freed only with the tag */
#define MI_UNTAGGED     0x656E6F4EU /* "None" */

/* ---------------------------------------------------------------- PFN database */

#define MI_PFN_TOUCHED     0x01 /* has been handed out since boot: its content is not known to be zero */
#define MI_PFN_EXECUTE     0x02 /* mapped executable */
#define MI_PFN_NOACCESS    0x04 /* mapped inaccessible */
#define MI_PFN_READONLY    0x08 /* mapped without write access */
#define MI_PFN_ORPHAN      0x10 /* user page given up while locked: freed by the last unlock */
#define MI_PFN_REPROTECTED 0x20 /* MmProtectMdlSystemAddress changed the direct map of it */
#define MI_PFN_ABSENT      0x40 /* no memory there: a hole, or removed */
#define MI_PFN_BAD         0x80 /* memory that is not used any more */
#define MI_PFN_NOT_RAM     (MI_PFN_ABSENT | MI_PFN_BAD)

/* One page. Fields: P under the page lists' lock; O by the owner of the page; A atomic. Read without a lock
 * by reports.
 */
typedef struct _MI_PFN {
    UCHAR Use;          /* O: MI_PAGE_USE */
    UCHAR Flags;        /* O: MI_PFN_* */
    USHORT LockCount;   /* A: MDLs that locked the page */
    ULONG RunPages;     /* O: first page of a run: its length; 0 on the others */
    ULONG RunBack;      /* O: pages back to the first page of the run */
    ULONG Tag;          /* O: large pool: tag */
    PVOID Caller;       /* O: who allocated the run */
    SIZE_T Bytes;       /* O: large pool, contiguous: bytes asked for */
    ULONG64 FreeMap[2]; /* slab lock: one bit a free block */
    ULONG Next, Prev;   /* slab lock: list of pages with free blocks */
    UCHAR Class;        /* O: slab class */
    UCHAR Kind;         /* O: MI_POOL_KIND of pool pages */
    USHORT FreeBlocks;  /* slab lock */
    ULONG TagIndex;     /* O: large pool: tag account. Slab: byte offset of the magazine in an MI_VP */
} MI_PFN, *PMI_PFN;
C_ASSERT(sizeof(MI_PFN) == 64);

#define MiPfnDatabase ((PMI_PFN)KILN_PFNDB_BASE)
extern SIZE_T MiPageCount; /* the first frame above all RAM; grows when memory is added */

static inline PMI_PFN MiPfnEntry(PFN_NUMBER Pfn)
{
    return &MiPfnDatabase[Pfn];
}

static inline BOOLEAN MiIsRam(const void *Va)
{
    return (ULONG64)(ULONG_PTR)Va - KILN_RAM_BASE < ((ULONG64)MiPageCount << KILN_PAGE_SHIFT);
}

static inline PFN_NUMBER MiVaToPfn(const void *Va)
{
    return (PFN_NUMBER)(((ULONG64)(ULONG_PTR)Va - KILN_RAM_BASE) >> KILN_PAGE_SHIFT);
}

/* fault.c */
void MiInitFaults(void);

/* guard.c. How a user protection is mapped; a guard page is not. MiTakeGuard: U held; FALSE: there was no guard. */
void MiInitGuards(void);
unsigned MiUserProt(ULONG Protection);
struct _MI_RANGE;
BOOLEAN MiTakeGuard(struct _MI_RANGE *Range, SIZE_T Page);

/*
 * paging.c. Pages that may go out: paged pool, and pageable sections of images that nobody has locked. MiSetPageable
 * takes pages from or gives them to that set; FALSE brings them in. MiLockPageable counts a lock of a frame and brings
 * it in. None of them makes a scheduling point.
 */
extern BOOLEAN MiPaging; /* constant after phase 0 */
void MiInitPaging(void);
void MiSetPageable(PFN_NUMBER Pfn, SIZE_T Pages, BOOLEAN Pageable);
void MiLockPageable(PFN_NUMBER Pfn);
BOOLEAN MiIsPagedOut(PFN_NUMBER Pfn);
/* MiProtectRam for pages that may be pageable. */
NTSTATUS MiProtectPageable(PFN_NUMBER Pfn, SIZE_T Pages, unsigned Prot);

/* pageable.c */
void MiInitPageable(void);
/* FALSE if the address lies in no section of an image. */
BOOLEAN MiPageableSectionName(PVOID Va, char Name[9]);

/* hotmem.c */
void MiInitHotMemory(void);
extern BOOLEAN MiHoles; /* some frames below MiPageCount are absent */
BOOLEAN MiRangeHasRam(PFN_NUMBER First, SIZE_T Pages); /* any of it */
BOOLEAN MiRangeIsRam(PFN_NUMBER First, SIZE_T Pages);  /* all of it */
PPHYSICAL_MEMORY_RANGE MiCopyMemoryRanges(PVOID Caller);

/* condition.c: events that say how much memory is free. MiFreeMemoryChanged: any IRQL <= DISPATCH_LEVEL, any lock. */
void MiInitConditions(void);
void MiFreeMemoryChanged(void);

/* phys.c */
/* Make room in the page lists and the PFN database up to End; what is new is absent. FALSE: the host has no memory. */
BOOLEAN MiGrowPageLists(PFN_NUMBER End);
/* Take frames out of use, all or none (FALSE: some are in use), or put them back; their flags are set or cleared. */
BOOLEAN MiTakeFrames(PFN_NUMBER First, SIZE_T Pages, UCHAR Set);
void MiChangeFrames(PFN_NUMBER First, SIZE_T Pages, UCHAR Set, UCHAR Clear);
/* Charge only what leaves half of the budget to others; says nothing when it refuses. */
BOOLEAN MiSpareHostMappings(ULONG Count);
NTSTATUS MiProtectRamNow(PFN_NUMBER Pfn, SIZE_T Pages, unsigned Prot);
void MiInitPhysical(void);
extern SIZE_T MiFreePageCount;
extern SIZE_T MiUseCount[MiPageUseCount];
/* Change what a whole run is used for, with its length. */
void MiSetRun(PFN_NUMBER Pfn, SIZE_T Pages, MI_PAGE_USE Use, PVOID Caller);
/* host_protect with the budget and the PFN flags kept. The run is within RAM. */
NTSTATUS MiProtectRam(PFN_NUMBER Pfn, SIZE_T Pages, unsigned Prot);

/* ---------------------------------------------------------------- pool */

/* The numbers are the bits of a POOL_TYPE: 1 paged, 2 (512 >> 8) no-execute; paged pool is never executable.
 */
typedef enum _MI_POOL_KIND { MiPoolExecute, MiPoolPaged, MiPoolNx, MiPoolKinds } MI_POOL_KIND;

#define MI_POOL_CLASSES    39
#define MI_POOL_SMALL_MAX  4080 /* bytes asked for; more is whole pages */
#define MI_MAGAZINE_ROUNDS 31
#define MI_CLASS_SLOTS     64 /* MI_POOL_CLASSES, rounded up to a power of two */
#define MI_POOL_TAGS       4096

/*
 * In front of every small block, two words:
 *
 *      word 0   tag (32), bytes asked for (12), adjust (2), quota (1), spare (5), tag account (12)
 *      word 1   return address of the allocating call (48), check (16)
 *
 * Adjust: for cache alignment, the caller's address is 16 * adjust further on. Quota: the charged process is
 * stored behind the block. The check covers the rest and the address; its value tells an allocated block from
 * a free one, and both from a header that somebody wrote over.
 */
typedef struct _MI_POOL_HEADER {
    ULONG64 Word0;
    ULONG64 Word1;
} MI_POOL_HEADER, *PMI_POOL_HEADER;
#define MI_HEADER_BYTES 16
C_ASSERT(sizeof(MI_POOL_HEADER) == MI_HEADER_BYTES);
#define MI_HEADER_QUOTA  (1ULL << 46)
#define MI_HEADER_ADJUST (3ULL << 44)
#define MI_CHECK_FREE    0x5A5AULL /* xor-ed into the check of a free block */
#define MI_CALLER_MASK   0x0000FFFFFFFFFFFFULL

static inline ULONG64 MiHeaderCheck(const MI_POOL_HEADER *Header, ULONG64 Word0, ULONG64 Caller)
{
    return ((Word0 ^ (Caller << 13) ^ (ULONG64)(ULONG_PTR)Header) * 0x9E3779B97F4A7C15ULL) >> 48;
}

static inline ULONG MiHeaderTag(const MI_POOL_HEADER *Header)
{
    return (ULONG)Header->Word0;
}
static inline ULONG MiHeaderBytes(const MI_POOL_HEADER *Header)
{
    return (ULONG)(Header->Word0 >> 32) & 0xFFF;
}
static inline ULONG MiHeaderAdjust(const MI_POOL_HEADER *Header)
{
    return (ULONG)(Header->Word0 >> 44) & 3;
}
static inline ULONG MiHeaderTagIndex(const MI_POOL_HEADER *Header)
{
    return (ULONG)(Header->Word0 >> 52);
}
static inline PVOID MiHeaderCaller(const MI_POOL_HEADER *Header)
{
    return (PVOID)(ULONG_PTR)(Header->Word1 & MI_CALLER_MASK);
}
static inline PVOID MiHeaderBlock(const MI_POOL_HEADER *Header)
{
    return (UCHAR *)Header + MI_HEADER_BYTES + 16 * MiHeaderAdjust(Header);
}

typedef enum _MI_HEADER_STATE { MiHeaderCorrupt, MiHeaderAllocated, MiHeaderFree } MI_HEADER_STATE;

/*
 * Copy what the header says now and tell its state. Header may be any readable address. While the owner of the block changes
 * it, it may look corrupt for a moment; a copy that does not is of one moment.
 */
__attribute__((no_sanitize("alignment"))) static inline MI_HEADER_STATE MiReadHeader(const MI_POOL_HEADER *Header,
                                                                                     MI_POOL_HEADER *Copy)
{
    ULONG64 Word0 = *(const volatile ULONG64 *)&Header->Word0, Word1 = *(const volatile ULONG64 *)&Header->Word1;
    Copy->Word0 = Word0;
    Copy->Word1 = Word1;
    ULONG64 Difference = (Word1 >> 48) ^ MiHeaderCheck(Header, Word0, Word1 & MI_CALLER_MASK);

    return Difference == 0 ? MiHeaderAllocated : Difference == MI_CHECK_FREE ? MiHeaderFree : MiHeaderCorrupt;
}

static inline MI_HEADER_STATE MiHeaderState(const MI_POOL_HEADER *Header)
{
    MI_POOL_HEADER Copy;

    return MiReadHeader(Header, &Copy);
}

typedef struct _MI_MAGAZINE {
    ULONG Count;
    ULONG Limit;
    PMI_POOL_HEADER Rounds[MI_MAGAZINE_ROUNDS];
} MI_MAGAZINE, *PMI_MAGAZINE;
C_ASSERT(sizeof(MI_MAGAZINE) == 256);

typedef struct _MI_TAG_COUNT {
    ULONG64 Allocations[2]; /* nonpaged, paged */
    ULONG64 Frees[2];
    ULONG64 Bytes[2]; /* allocated minus freed on this processor; wraps */
} MI_TAG_COUNT, *PMI_TAG_COUNT;

#define MI_VP_STACKS 8
#define MI_VP_PAGES  16

/* What one processor owns. */
typedef struct _MI_VP {
    PMI_TAG_COUNT Tags; /* MI_POOL_TAGS of them */
    PVOID Stacks[MI_VP_STACKS];
    ULONG StackCount;
    ULONG PageCount;
    ULONG Pages[MI_VP_PAGES]; /* page frames for large pool of one page */
    MI_MAGAZINE Magazines[MiPoolKinds][MI_CLASS_SLOTS];
} MI_VP, *PMI_VP;

extern PMI_VP MiVpTable[HOST_MAX_VPS];
extern ULONG MiVpCount;
extern BOOLEAN MiChecked;

static inline PMI_VP MiCurrentVp(void)
{
    ULONG Number;
    __asm__ volatile("movl %%gs:0x1a4, %0" : "=r"(Number));
    return MiVpTable[Number];
}

static inline KIRQL MiCurrentIrql(void)
{
    ULONG Irql;
    __asm__ volatile("movzbl %%gs:0x50, %0" : "=r"(Irql));
    return (KIRQL)Irql;
}

/* slab.c */
extern const USHORT MiBlockBytes[MI_POOL_CLASSES]; /* with the header */
extern UCHAR MiClassOf[256];                       /* by (bytes asked for + 15) / 16 */
void MiInitSlabs(void);
void MiInitMagazines(PMI_VP Vp);
/* Take blocks for, or return blocks of, this processor's magazine. FALSE: no memory. IRQL <= DISPATCH_LEVEL.
 */
BOOLEAN MiRefillMagazine(ULONG Kind, ULONG Class);
void MiFlushMagazine(ULONG Kind, ULONG Class);
/* The header of the block whose space contains `Va`, by position; its content is not looked at. NULL: none.
 */
PMI_POOL_HEADER MiBlockOfAddress(const MI_PFN *Entry, const void *Va);

/* pooltag.c */
void MiInitPoolTags(void);
/* Index of the account of `Tag`, made on first use; the last account takes all when the table is full. */
ULONG MiFindTagAccount(ULONG Tag, PVOID Caller);
extern ULONG MiTagTable[MI_POOL_TAGS];

static inline ULONG MiTagHash(ULONG Tag)
{
    return (Tag * 0x9E3779B1U) >> 20;
}

static inline ULONG MiTagIndex(ULONG Tag, PVOID Caller)
{
    ULONG Index = MiTagHash(Tag);

    return __builtin_expect(*(volatile ULONG *)&MiTagTable[Index] == Tag, 1) ? Index : MiFindTagAccount(Tag, Caller);
}

/* poolbig.c */
PVOID MiAllocateLargePool(ULONG Kind, SIZE_T Bytes, ULONG Tag, PVOID Caller);
void MiFreeLargePool(PVOID Block, ULONG Tag, BOOLEAN TagGiven, PVOID Caller);

/* Say what is wrong with a pointer that is not the start of an allocated block, or with the tag of one. */
__attribute__((noreturn, cold, noinline)) void MiBadFree(PVOID Block, PVOID Caller);
__attribute__((cold, noinline)) void MiCheckFreeTag(PVOID Block, ULONG Allocated, ULONG Tag, PVOID Caller);

/*
 * poolspecial.c: blocks with pages of their own beside an inaccessible one. MiAllocateSpecial: NULL if the host cannot
 * spare the mappings; then ordinary pool will do. Blocks of at most a page, IRQL as for pool.
 */
extern BOOLEAN MiSpecialPool; /* some tag wants it; constant after phase 0 */
extern ULONG MiCompletePaths; /* nonzero: no fast paths, as somebody wants to look at every call */
void MiInitSpecialPool(void);
BOOLEAN MiWantsSpecial(ULONG Tag);
PVOID MiAllocateSpecial(ULONG Kind, SIZE_T Bytes, ULONG Tag, PVOID Caller);
void MiFreeSpecial(PVOID Block, ULONG Tag, BOOLEAN TagGiven, PVOID Caller);
/* The block of the run that a special page is in, and the entry that describes it. FALSE: it is freed. */
BOOLEAN MiSpecialBlock(PFN_NUMBER Pfn, PVOID *Block, PMI_PFN *Head);

/* poolsecure.c. Tag and parameters as ExAllocatePool3 and ExFreePool2 got them; NULL: bad parameters, or no memory. */
void MiInitSecurePools(void);
PVOID MiAllocateSecure(const POOL_EXTENDED_PARAMS_SECURE_POOL *Params, SIZE_T Bytes, ULONG Tag, PVOID Caller);
void MiFreeSecure(PVOID Va, ULONG Tag, const POOL_EXTENDED_PARAMS_SECURE_POOL *Params, PVOID Caller);

/* poolview.c: the bugchecks of bad pool calls, each with a sentence. */
__attribute__((noreturn, cold)) void MiPoolBugCheck(ULONG Code, ULONG64 P1, ULONG64 P2, ULONG64 P3,
                                                    ULONG64 P4, PVOID Caller, const char *Sentence);

/*
 * pool.c: allocate and free, complete except for what POOL_TYPE flags say about raising and zeroing. They
 * begin with the fast path, so calling them is never wrong.
 */
PVOID MiAllocateBlock(ULONG PoolType, SIZE_T Bytes, ULONG Tag, PVOID Caller);
void MiFreeBlock(PVOID Block, ULONG Tag, BOOLEAN TagGiven, PVOID Caller);
/* As MiAllocateBlock, remembering `Process` (referenced by the caller, charged) for MiFreeBlock to give back.
 */
PVOID MiAllocateQuotaBlock(ULONG PoolType, SIZE_T Bytes, ULONG Tag, PVOID Process, PVOID Caller);

/* poolapi.c: raise or zero as the POOL_TYPE flags say. */
PVOID MiFinishAllocation(PVOID Block, SIZE_T Bytes, ULONG Type);

/* As ExAllocatePool3 with its parameters parsed; Valid: they were good. */
PVOID MiAllocateByFlags(ULONG64 Flags, SIZE_T Bytes, ULONG Tag, ULONG Priority, BOOLEAN Valid, PVOID Caller);

/* poolquota.c */
NTSTATUS MiChargeQuota(ULONG Kind, SIZE_T Bytes, PVOID *Process);
void MiReturnQuota(PVOID Process, ULONG Kind, SIZE_T Bytes, PVOID Block, PVOID Caller);

static inline ULONG MiKindOfType(ULONG PoolType)
{
    return (PoolType & 1) ? MiPoolPaged : (PoolType >> 8) & 2;
}

/* The highest IRQL at which pool of a kind (or POOL_TYPE) may be allocated and freed: paged is the odd one.
 */
static inline KIRQL MiMaxIrql(ULONG Kind)
{
    return (KIRQL)(DISPATCH_LEVEL - (Kind & 1));
}

static inline ULONG MiTypeOfKind(ULONG Kind)
{
    return Kind == MiPoolPaged ? PagedPool : Kind == MiPoolNx ? NonPagedPoolNx : NonPagedPool;
}

/* ---------------------------------------------------------------- system PTEs */

void MiInitSystemPtes(void);
/* Reserve `Pages` of the window; NULL when it is full. IRQL <= DISPATCH_LEVEL. */
PVOID MiReserveSystemPtes(SIZE_T Pages, ULONG Tag, PVOID Caller);
void MiReleaseSystemPtes(PVOID Va, SIZE_T Pages);
/* Pages and tag of the reservation that begins at Va; 0: none does. */
SIZE_T MiSystemPteReservation(PVOID Va, ULONG *Tag);
/* Map page frames in a reservation; unmap them. */
NTSTATUS MiMapSystemPtes(PVOID Va, const PFN_NUMBER *Pfns, SIZE_T Pages, unsigned Prot);
NTSTATUS MiMapSystemRun(PVOID Va, PFN_NUMBER Pfn, SIZE_T Pages, unsigned Prot);
void MiUnmapSystemPtes(PVOID Va, SIZE_T Pages);
/* Map page frames anywhere, consecutive ones by one host call, within the budget; nothing stays mapped on
 * failure. */
NTSTATUS MiMapPages(PVOID Va, const PFN_NUMBER *Pfns, SIZE_T Pages, unsigned Prot);
void MiUnmapPages(PVOID Va, const PFN_NUMBER *Pfns, SIZE_T Pages);
ULONG MiCountRuns(const PFN_NUMBER *Pfns, SIZE_T Pages);
/* The page frame behind an address of the window; FALSE if not mapped. Signal-safe. */
BOOLEAN MiSystemPtePfn(PVOID Va, PFN_NUMBER *Pfn);
/* Bounds and owner of the reservation that contains Va. Signal-safe. */
BOOLEAN MiSystemPteInfo(PVOID Va, PVOID *Begin, SIZE_T *Pages, PVOID *Caller);
extern SIZE_T MiSystemPtesUsed;
extern const SIZE_T MiSystemPteCount;
/* The page of a reservation shows that frame now (MI_NO_PFN: none); the caller changed the mapping. */
void MiNoteSystemPte(PVOID Va, ULONG Pfn);

/* section.c: the object type and \Device\PhysicalMemory. */
void MiInitSections(void);
/*
 * viewfault.c: touch pages [Va, +Pages), so that those in views are present for such an access. STATUS_NOT_MAPPED_VIEW: none
 * is. IRQL <= APC_LEVEL, no lock.
 */
NTSTATUS MiFaultInViews(PVOID Va, SIZE_T Pages, BOOLEAN Write);

/* ---------------------------------------------------------------- MDLs and translation */

/*
 * Host memory (the stack of a client's thread, static data of the kernel) has no page of RAM. So that drivers
 * can describe such a buffer by an MDL, its pages get frame numbers far above RAM: this bit and the virtual
 * page number.
 */
#define MI_FOREIGN_PFN (1ULL << 39)
/* Device memory: frames of MmMapIoSpace outside RAM are their physical page numbers. */

static inline BOOLEAN MiIsRamPfn(PFN_NUMBER Pfn)
{
    return Pfn < MiPageCount && (!MiHoles || !(MiPfnEntry(Pfn)->Flags & MI_PFN_ABSENT));
}

/* resolve.c: the frame behind one page. STATUS_ACCESS_VIOLATION if nothing is there or the access is not
 * allowed. */
NTSTATUS MiResolvePage(PVOID Va, KPROCESSOR_MODE Mode, BOOLEAN Write, PFN_NUMBER *Pfn);
/* The address at which frames from Pfn on are always mapped (RAM, foreign, MMIO); NULL: none. */
PVOID MiPermanentAddress(PFN_NUMBER Pfn);

static inline PFN_NUMBER *MiMdlPfns(PMDL Mdl)
{
    return (PFN_NUMBER *)(Mdl + 1);
}
static inline SIZE_T MiMdlPages(PMDL Mdl)
{
    return ((SIZE_T)Mdl->ByteOffset + Mdl->ByteCount + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT;
}
/* mdlmap.c: an MDL was used against its rules: DRIVER_VERIFIER_DETECTED_VIOLATION with the verifier's code.
 */
__attribute__((noreturn, cold)) void MiBadMdl(ULONG Rule, PMDL Mdl, ULONG Flags, PVOID Caller,
                                              const char *Sentence);
/* Undo the system mapping of an MDL, whatever made it. */
void MiUnmapMdl(PMDL Mdl, PVOID Va, PVOID Caller);
/* mdllock.c */
void MiLockFrame(PFN_NUMBER Pfn);
void MiUnlockFrames(const PFN_NUMBER *Pfns, SIZE_T Pages);

/* ---------------------------------------------------------------- user space */

enum { MiRangePrivate, MiRangeMdl, MiRangeView };

typedef struct _MI_USER_PAGE {
    ULONG Pfn;        /* MI_NO_PFN: reserved only */
    ULONG Protection; /* PAGE_* */
} MI_USER_PAGE;

/* A reserved range of user addresses; all fields U. */
typedef struct _MI_RANGE {
    LIST_ENTRY Link;
    ULONG64 Begin;
    SIZE_T Pages;
    ULONG Protection; /* asked for when it was allocated */
    ULONG Charged;    /* host mappings */
    ULONG Secured;    /* MmSecureVirtualMemory handles on it */
    UCHAR Kind;
    struct _MI_VIEW *View; /* of a section (section.h); its pages are changed under S and U */
    MI_USER_PAGE Page[];
} MI_RANGE, *PMI_RANGE;

/*
 * user.c: reserve (anywhere, or at Wanted), commit, protect and free ranges. IRQL <= APC_LEVEL. Who looks a
 * range up holds the address space while it uses it. MiLockAddressSpace: FALSE if the process has no user
 * addresses.
 */
BOOLEAN MiLockAddressSpace(PEPROCESS Process);
void MiUnlockAddressSpace(PEPROCESS Process);
PMI_RANGE MiReserveRange(PEPROCESS Process, ULONG64 Wanted, SIZE_T Pages, UCHAR Kind, ULONG Protection,
                         BOOLEAN TopDown, NTSTATUS *Status);
NTSTATUS MiCommitRange(PEPROCESS Process, PMI_RANGE Range, SIZE_T First, SIZE_T Count, ULONG Protection);
void MiDecommitRange(PEPROCESS Process, PMI_RANGE Range, SIZE_T First, SIZE_T Count);
void MiReleaseRange(PEPROCESS Process, PMI_RANGE Range);
NTSTATUS MiProtectRange(PEPROCESS Process, PMI_RANGE Range, SIZE_T First, SIZE_T Count, ULONG Protection,
                        ULONG *Old);
PMI_RANGE MiFindRange(PEPROCESS Process, PVOID Va);
PMI_RANGE MiNextRange(PEPROCESS Process, PVOID Va); /* the first that begins above Va */
/* viewrotate.c: show that page in a part of a view of physical memory. Address space of the current process locked. */
NTSTATUS MiPointViewAtPage(PVOID BaseAddress, SIZE_T NumberOfBytes, PFN_NUMBER Pfn);
/* viewfault.c: does a page of a view exist for the user, and with which protection? Address space locked. */
BOOLEAN MiQueryViewPage(PMI_RANGE Range, SIZE_T Page, ULONG *Protection);
/* U of a process with a slice, for whoever changes what a view shows. At DISPATCH_LEVEL. */
void MiAcquireRanges(PEPROCESS Process);
void MiReleaseRanges(PEPROCESS Process);
PMI_RANGE MiRangeAt(PEPROCESS Process, ULONG64 Address); /* U held; NULL: free addresses */
/* Resolve and lock the frames of user pages in one go; all or none. IRQL <= DISPATCH_LEVEL. */
NTSTATUS MiLockUserPages(PVOID Va, SIZE_T Pages, BOOLEAN Write, PFN_NUMBER *Pfns);
/* Lock-free look for reports. */
BOOLEAN MiPeekUserRange(PVOID Va, ULONG64 *Begin, SIZE_T *Bytes, BOOLEAN *Committed);

/* Map frames into the current process; the range belongs to an MDL and cannot be freed by user mode. */
NTSTATUS MiMapUserFrames(PVOID RequestedVa, const PFN_NUMBER *Pfns, SIZE_T Pages, unsigned Prot, PVOID *Va);
NTSTATUS MiUnmapUserFrames(PVOID Va);

/* virtual.c: would giving [Begin, End) this protection (0: freeing it) break what MmSecureVirtualMemory promised? */
BOOLEAN MiBreaksSecurity(PEPROCESS Process, ULONG64 Begin, ULONG64 End, ULONG Protection);
/* A referenced process for the handle of a virtual memory service. */
NTSTATUS MiOpenProcess(HANDLE Handle, PEPROCESS *Process);
/* forget what MmSecureVirtualMemory promised to the process. */
void MiUnsecureProcess(PEPROCESS Process);
BOOLEAN MiUserPfn(PVOID Va, PFN_NUMBER *Pfn, ULONG *Protection);
unsigned MiHostProt(ULONG Protection);

#endif
