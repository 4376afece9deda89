/* SPDX-License-Identifier: MIT */
/*
 * mi.h: what the memory manager offers the other managers (kernel/mm implements it).
 *
 * Everything the machine calls memory is RAM: pages of one direct map, virtual address = KILN_RAM_BASE +
 * physical address. Pool, kernel stacks, images and contiguous buffers are runs of consecutive pages of it,
 * so that each of them has physical addresses and an MDL of it needs no translation. Every page has an entry
 * in the PFN database that says what the page is used for; the entry is what reports, leak lists and
 * bad-pointer checks read.
 *
 * Locks: P page lists (phys.c), Y system PTE window (syspte.c), U a user space's ranges (user.c), and one
 * lock a slab class (slab.c). All are spin locks taken at DISPATCH_LEVEL, none is held while memory of a
 * driver or a user is touched, and the order is (F, S and W of section.h, then) U, then slab class, then Y, then P.
 */
#ifndef KILN_MI_H
#define KILN_MI_H

#include <nt/mm.h>
#include "layout.h"

/* ---------------------------------------------------------------- start */

/*
 * Phase 0: physical memory, PFN database, pool; on processor 0 before any other manager (its KPCR is bound to
 * GS, no other processor runs, nothing else is needed). Phase 1, after ob and ps: section objects, and addresses for
 * the System process.
 * Stops if the machine is too small.
 */
void MiInitSystem(ULONG Phase);

/* ---------------------------------------------------------------- physical pages */

/* What a page is used for; order is visible in reports only. */
typedef enum _MI_PAGE_USE {
    MiPageFree,
    MiPageReserved,   /* never given out: page 0 and the first 64 KB */
    MiPagePoolSmall,  /* a slab page of pool blocks */
    MiPagePoolLarge,  /* a pool allocation of its own pages */
    MiPageStack,      /* kernel stack */
    MiPageImage,      /* loaded image */
    MiPageContiguous, /* MmAllocateContiguousMemory and its kin */
    MiPageMdl,        /* MmAllocatePagesForMdl */
    MiPageUser,       /* committed user memory */
    MiPageSystem,     /* tables of the memory manager itself */
    MiPageGuard,      /* an inaccessible page beside a stack or image */
    MiPageSection,    /* section objects */
    MiPageSpecial,    /* special pool, with its guard pages */
    MiPageUseCount
} MI_PAGE_USE;

/*
 * A run of `Pages` consecutive pages within [Lowest, Highest] (page frame numbers, inclusive), aligned to
 * `AlignPages` (power of two) and not crossing a multiple of `BoundaryPages` (power of two, 0: no limit). The
 * pages are mapped read-write at MiPfnToVa(*Pfn); their content is undefined unless Zero. IRQL <=
 * DISPATCH_LEVEL. STATUS_INSUFFICIENT_RESOURCES if there is no such run.
 */
NTSTATUS MiAllocatePages(SIZE_T Pages, PFN_NUMBER Lowest, PFN_NUMBER Highest, SIZE_T AlignPages,
                         SIZE_T BoundaryPages, MI_PAGE_USE Use, BOOLEAN Zero, PFN_NUMBER *Pfn);

/* The common form: anywhere. NULL when memory is exhausted. `Caller` is kept for leak reports (may be NULL).
 */
PVOID MiAllocateContiguousPages(SIZE_T Pages, MI_PAGE_USE Use, BOOLEAN Zero, PVOID Caller);

/* Return a run, or part of one. The pages must be mapped read-write again. IRQL <= DISPATCH_LEVEL. */
void MiFreePages(PFN_NUMBER Pfn, SIZE_T Pages);
void MiFreeContiguousPages(PVOID Va, SIZE_T Pages);

static inline PVOID MiPfnToVa(PFN_NUMBER Pfn)
{
    return (PVOID)(ULONG_PTR)(KILN_RAM_BASE + ((ULONG64)Pfn << KILN_PAGE_SHIFT));
}

/*
 * Physical address of any address the machine maps: RAM, system PTEs, user slices. FALSE if nothing is mapped
 * there. Any IRQL for RAM; <= DISPATCH_LEVEL otherwise.
 */
BOOLEAN MiGetPhysicalAddress(PVOID Va, ULONG64 *Physical);

typedef struct _MI_MEMORY_USAGE {
    SIZE_T TotalPages;
    SIZE_T FreePages;
    SIZE_T PagesByUse[MiPageUseCount];
    SIZE_T HostMappings; /* an upper bound of the host mappings that the memory manager made */
    SIZE_T HostMappingLimit;
    SIZE_T SystemPtesUsed, SystemPtes;
    SIZE_T PoolBytes[2]; /* nonpaged, paged: bytes asked for and not freed */
} MI_MEMORY_USAGE, *PMI_MEMORY_USAGE;
void MiQueryUsage(PMI_MEMORY_USAGE Usage);

/* ---------------------------------------------------------------- host mapping budget */

/*
 * Linux allows a process a limited number of mappings. Whoever splits one (a guard page, an alias, an image's
 * protections) charges the budget first. FALSE: give up with STATUS_INSUFFICIENT_RESOURCES. Any IRQL.
 */
BOOLEAN MiChargeHostMappings(ULONG Count, const char *What);
void MiReturnHostMappings(ULONG Count);

/* ---------------------------------------------------------------- kernel stacks */

/* The lowest page is an inaccessible guard. Instrumented frames are larger, and reports are written on these stacks. */
#if defined(KILN_ASAN) || defined(KILN_TSAN)
#define MI_STACK_BYTES       (32 * KILN_PAGE_SIZE)
#define MI_LARGE_STACK_BYTES (64 * KILN_PAGE_SIZE)
#else
#define MI_STACK_BYTES       (16 * KILN_PAGE_SIZE)
#define MI_LARGE_STACK_BYTES (32 * KILN_PAGE_SIZE)
#endif

/*
 * A kernel stack. Returns its base: the address just above its highest byte (stacks grow downward); NULL when
 * memory or mappings are exhausted. Freed stacks are cached. IRQL <= DISPATCH_LEVEL. A thread cannot delete
 * the stack it runs on.
 */
PVOID MmCreateKernelStack(BOOLEAN Large);
void MmDeleteKernelStack(PVOID StackBase, BOOLEAN Large);

/* Lowest usable address of a stack: KTHREAD.StackLimit. */
static inline PVOID MiStackLimit(PVOID StackBase, BOOLEAN Large)
{
    return (UCHAR *)StackBase - (Large ? MI_LARGE_STACK_BYTES : MI_STACK_BYTES) + KILN_PAGE_SIZE;
}

/* ---------------------------------------------------------------- images */

/*
 * Zeroed, page-aligned, read-write memory of an image of `Bytes` bytes, followed by a guard page.
 * PASSIVE_LEVEL. MiProtectImageRegion takes PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE, PAGE_EXECUTE,
 * PAGE_EXECUTE_READ or PAGE_EXECUTE_READWRITE (PAGE_WRITECOPY forms mean their writable ones) for whole pages
 * of the region; discarded sections become PAGE_NOACCESS and stay with the region until it is freed.
 */
NTSTATUS MiAllocateImageRegion(SIZE_T Bytes, PVOID *Base);
NTSTATUS MiProtectImageRegion(PVOID Va, SIZE_T Bytes, ULONG Protection);
void MiFreeImageRegion(PVOID Base);

/* ---------------------------------------------------------------- paging */

typedef struct _MI_PAGING {
    BOOLEAN On;              /* the machine was started with paging */
    SIZE_T Pageable;         /* pages that may go out */
    SIZE_T Out;              /* pages that are out */
    SIZE_T WentOut, CameIn;  /* pages since boot */
} MI_PAGING, *PMI_PAGING;
void MiQueryPaging(PMI_PAGING Paging);

/* Page out now: everything that may go, or what the seed chooses. Returns how many pages went. Any IRQL. */
SIZE_T MiTrimPages(BOOLEAN All);

/*
 * The loader is done with an image: its sections whose names begin with PAGE become pageable, as MmPageEntireDriver
 * makes all. PASSIVE_LEVEL.
 */
void MiImageIsReady(PVOID Base);

/* ---------------------------------------------------------------- page faults */

/*
 * What a region does about faults in it; statuses as for KiPageFault (trap.h). At Fault->Irql >= DISPATCH_LEVEL a
 * handler may only stop the machine with a better explanation than the trap code has, or decline. Below, it may wait.
 * It may be called for a page that another processor has just made accessible: then it returns STATUS_SUCCESS.
 */
struct _KI_FAULT;
typedef NTSTATUS MI_FAULT_HANDLER(PVOID Context, struct _KI_FAULT *Fault);

/*
 * Faults at addresses in [Begin, End) are first offered to Handler; a handler registered later is asked first, and when
 * it declines the next. STATUS_INSUFFICIENT_RESOURCES: too many regions (register one for a window, not one for each
 * view in it). IRQL <= DISPATCH_LEVEL. Nobody may be able to touch the region any more when it is unregistered.
 */
NTSTATUS MiRegisterFaultHandler(ULONG64 Begin, ULONG64 End, MI_FAULT_HANDLER *Handler, PVOID Context);
void MiUnregisterFaultHandler(ULONG64 Begin, MI_FAULT_HANDLER *Handler);

/* The page-fault routine: offers the fault to the handlers of its region. As KiPageFault. */
NTSTATUS MmAccessFault(struct _KI_FAULT *Fault);

/* ---------------------------------------------------------------- user slices */

/*
 * Give a process its user address space: a slice of KILN_USER_SLICE_SIZE bytes, or (Low) one of KILN_LOW_SLICE_SIZE
 * whose addresses fit into 32 bits. PASSIVE_LEVEL.
 * STATUS_INSUFFICIENT_RESOURCES when every slice is taken. Deleting frees every page of it; pages still
 * locked by an MDL bugcheck with PROCESS_HAS_LOCKED_PAGES, as on Windows.
 */
NTSTATUS MiCreateUserSlice(PEPROCESS Process, BOOLEAN Low);
void MiDeleteUserSlice(PEPROCESS Process);

/* Bounds of the slice: lowest usable address, first address past it. FALSE: the process has none. */
BOOLEAN MiQueryUserSlice(PEPROCESS Process, PVOID *Begin, PVOID *End);

/*
 * Committed, zeroed memory in the slice with protection `Protection` (PAGE_READWRITE ...). *Va is its first
 * byte (64 KB aligned). One contiguous run when memory allows. Freed by MiFreeUser. PASSIVE_LEVEL.
 */
NTSTATUS MiAllocateUser(PEPROCESS Process, SIZE_T Bytes, ULONG Protection, PVOID *Va);
NTSTATUS MiFreeUser(PEPROCESS Process, PVOID Va);

/*
 * As MiAllocateUser, at the top of the slice and above an inaccessible page: *Range is that page, the memory begins
 * behind it. MiFreeUser takes *Range. PASSIVE_LEVEL.
 */
NTSTATUS MiAllocateUserStack(PEPROCESS Process, SIZE_T Bytes, PVOID *Range);

/*
 * viewshare.c: map what Parent mapped with ViewShare into the new process Child, at the same places of its slice.
 * PASSIVE_LEVEL.
 */
NTSTATUS MiInheritViews(PEPROCESS Parent, PEPROCESS Child);

/* A range of user addresses, or a view in system space, for reports. */
typedef struct _MI_RANGE_INFO {
    PVOID Begin;
    SIZE_T Bytes, CommittedBytes;
    SIZE_T ResidentBytes; /* of a view: mapped so far */
    ULONG Protection;     /* PAGE_*, as it was asked for */
    ULONG Type;           /* MEM_PRIVATE, MEM_MAPPED, MEM_IMAGE */
    BOOLEAN Mdl;          /* mapped by an MDL, not a view */
    LONGLONG Offset;      /* of a view: in its section */
    PVOID Caller;         /* of a view in system space: return address of who mapped it */
    const char *SectionKind; /* of a view: "page file", "file", "image", "physical memory"; else NULL */
    char Name[128];          /* of a view: of the section or its file; "" */
} MI_RANGE_INFO, *PMI_RANGE_INFO;

/*
 * viewlist.c: walk them in address order: *Cursor = NULL first; FALSE at the end. They may change between calls.
 * PASSIVE_LEVEL.
 */
BOOLEAN MiEnumerateUserRanges(PEPROCESS Process, PVOID *Cursor, PMI_RANGE_INFO Info);
BOOLEAN MiEnumerateSystemViews(PVOID *Cursor, PMI_RANGE_INFO Info);
/* The process whose slice contains the address; NULL if none. Not referenced. Signal-safe. */
PEPROCESS MiProcessOfUserAddress(PVOID Va);

/* ---------------------------------------------------------------- classification */

typedef enum _MI_ADDRESS_KIND {
    MiAddressUnknown, /* not Kiln's: host code, host heap, wild */
    MiAddressNull,    /* the first 64 KB */
    MiAddressKernel,  /* the executable itself */
    MiAddressUser,
    MiAddressUserUnmapped, /* in a slice, but nothing is committed there */
    MiAddressPool,
    MiAddressPoolFree, /* a block or page that was pool and is free now, or slab space never handed out */
    MiAddressStack,
    MiAddressStackGuard,
    MiAddressImage,
    MiAddressContiguous,
    MiAddressMdlPages,
    MiAddressRamFree, /* a free page of RAM */
    MiAddressRamOther,
    MiAddressSystemPte,
    MiAddressSystemPteUnmapped,
    MiAddressMmio,
    MiAddressSystemSpace, /* a canonical upper-half address, which nothing maps here */
    MiAddressNonCanonical,
} MI_ADDRESS_KIND;

typedef struct _MI_ADDRESS {
    MI_ADDRESS_KIND Kind;
    PVOID Begin;    /* pool block, stack, image region ... that contains it; NULL if not known */
    SIZE_T Bytes;   /* of that thing */
    ULONG Tag;      /* pool tag */
    ULONG PoolType; /* POOL_TYPE of the block */
    PVOID Caller;   /* return address of who allocated (or, if free, last allocated) it */
    BOOLEAN Guard;  /* the page is an inaccessible guard */
} MI_ADDRESS, *PMI_ADDRESS;

/* What is at this address? Signal-safe, lock-free, never faults; any IRQL. `Info` may be NULL. */
MI_ADDRESS_KIND MiClassifyAddress(PVOID Va, PMI_ADDRESS Info);

/* A few words for a report: "pool block", "free RAM", "kernel stack guard" ... */
const char *MiAddressKindName(MI_ADDRESS_KIND Kind);

/* ---------------------------------------------------------------- pool inspection */

typedef struct _MI_POOL_BLOCK {
    PVOID Va;
    SIZE_T Bytes; /* asked for */
    ULONG Tag;
    ULONG PoolType; /* NonPagedPoolNx, NonPagedPoolExecute or PagedPool */
    PVOID Caller;   /* return address of the allocating call */
} MI_POOL_BLOCK, *PMI_POOL_BLOCK;

/*
 * Walk the allocated blocks in address order: set *Cursor to 0 first; FALSE at the end. The pool may change
 * between calls. Other managers use it to list what an unloaded image leaked: blocks whose Caller lies in the
 * image.
 */
BOOLEAN MiEnumeratePool(ULONG64 *Cursor, PMI_POOL_BLOCK Block);

typedef struct _MI_POOL_TAG {
    ULONG Tag;
    ULONG64 Allocations[2]; /* since boot: nonpaged, paged */
    ULONG64 Frees[2];
    ULONG64 Bytes[2]; /* in use */
} MI_POOL_TAG, *PMI_POOL_TAG;

/* Walk the tag accounts in the order the tags were first used: *Cursor = 0 first; FALSE at the end. */
BOOLEAN MiEnumeratePoolTags(ULONG *Cursor, PMI_POOL_TAG Account);

/* Write `Tag` as four printable characters and a NUL. */
void MiFormatTag(ULONG Tag, char Text[5]);

/*
 * Pool for the kernel on behalf of a caller elsewhere: as ExAllocatePool2, but the block is charged to
 * `Caller`. Used by managers that hand pool to a driver (device extensions, MDLs, IRPs).
 */
PVOID MiAllocatePool(POOL_TYPE Type, SIZE_T Bytes, ULONG Tag, BOOLEAN Zero, PVOID Caller);

/* Size that was asked for an allocated block. */
SIZE_T MiQueryPoolBlockSize(PVOID Block);

/* ---------------------------------------------------------------- I/O space */

/*
 * A device model claims physical addresses outside RAM; MmMapIoSpace of them returns addresses of the MMIO
 * window, whose accesses trap. `MiMmioPhysical` is the reverse, for the trap handler. Signal-safe.
 */
PVOID MiMmioAddress(ULONG64 Physical);
BOOLEAN MiMmioPhysical(PVOID Va, ULONG64 *Physical);

/* The verifier asks for real, separate mappings of every MDL instead of direct-map addresses. */
extern BOOLEAN MiForceMdlMappings;

/* ---------------------------------------------------------------- quota */

/*
 * What is charged to the process (Account 0: nonpaged pool, 1: paged), changed atomically, and the limit. NULL: it has
 * no user space and no limit.
 */
SIZE_T *MiQuotaOfProcess(PEPROCESS Process, ULONG Account, SIZE_T **Limit);

#endif
