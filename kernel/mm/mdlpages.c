/* SPDX-License-Identifier: MIT */
/*
 * Pages that exist only in an MDL: MmAllocatePagesForMdl(Ex) and its kin, and MDLs of device memory.
 *
 * Pages are taken in runs as long as can be had, so that mapping the MDL is cheap; the reference promises no
 * more than the pages, perhaps fewer than asked for. They are freed with MmFreePagesFromMdl, whatever order
 * they lie in.
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"

#define MDL_TAG 0x206C644DU /* "Mdl " */
#define ALL_FLAGS                                                                                            \
    (MM_DONT_ZERO_ALLOCATION | MM_ALLOCATE_FROM_LOCAL_NODE_ONLY | MM_ALLOCATE_FULLY_REQUIRED |               \
     MM_ALLOCATE_NO_WAIT | MM_ALLOCATE_PREFER_CONTIGUOUS | MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS |           \
     MM_ALLOCATE_FAST_LARGE_PAGES | MM_ALLOCATE_TRIM_IF_NECESSARY | MM_ALLOCATE_AND_HOT_REMOVE)

/* Where one pass may take frames from. */
typedef struct _FRAME_RANGE {
    PFN_NUMBER Low, High;
    SIZE_T Chunk, Boundary; /* chunks of a required length; 0: any */
    BOOLEAN Zero;
} FRAME_RANGE;

static SIZE_T take_frames(const FRAME_RANGE *Range, PFN_NUMBER *Pfns, SIZE_T Want)
{
    SIZE_T Got = 0, Run = Range->Chunk ? Range->Chunk : Want;
    PFN_NUMBER Pfn;

    while (Got < Want && Run) {
        if (Run > Want - Got) {
            if (Range->Chunk)
                break;
            Run = Want - Got;
        }
        if (!NT_SUCCESS(MiAllocatePages(Run, Range->Low, Range->High, Range->Chunk ? Range->Chunk : 1, 0,
                                        MiPageMdl, Range->Zero, &Pfn))) {
            if (Range->Chunk)
                break;
            Run /= 2;
            continue;
        }
        for (SIZE_T I = 0; I < Run; I++) {
            Pfns[Got + I] = Pfn + I;
            MiPfnEntry(Pfn + I)->RunPages = 1; /* each page is freed by itself */
            MiPfnEntry(Pfn + I)->RunBack = 0;
            MiPfnEntry(Pfn + I)->LockCount = 1;
        }
        Got += Run;
    }
    return Got;
}

static void free_frames(const PFN_NUMBER *Pfns, SIZE_T Count)
{
    for (SIZE_T I = 0; I < Count; I++) {
        MiPfnEntry(Pfns[I])->LockCount = 0;
        MiFreePages(Pfns[I], 1);
    }
}

static PMDL allocate(PHYSICAL_ADDRESS Low, PHYSICAL_ADDRESS High, PHYSICAL_ADDRESS Skip, SIZE_T TotalBytes,
                     MEMORY_CACHING_TYPE CacheType, ULONG Flags, PVOID Caller)
{
    SIZE_T Pages = MI_PAGES(TotalBytes), Got = 0;
    FRAME_RANGE Range = {0};
    PMDL Mdl;

    if (TotalBytes == 0 || TotalBytes > 0xFFFFF000U || (ULONG)CacheType >= MmMaximumCacheType ||
        (Flags & ~(ULONG)ALL_FLAGS) || ((ULONG64)Skip.QuadPart & (MI_PAGE_BYTES - 1)))
        return NULL;
    if ((Flags & MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS)) {
        Range.Chunk = Skip.QuadPart ? (SIZE_T)Skip.QuadPart >> KILN_PAGE_SHIFT : Pages;
        /* Chunks are aligned to their length, a power of two, and make up the whole. */
        if ((Range.Chunk & (Range.Chunk - 1)) && Skip.QuadPart)
            return NULL;
        if (Pages % Range.Chunk)
            return NULL;
    }
    Range.Low = (PFN_NUMBER)(((ULONG64)Low.QuadPart + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT);
    Range.High = (ULONG64)High.QuadPart >= ((ULONG64)MiPageCount << KILN_PAGE_SHIFT) - 1
                     ? MiPageCount - 1
                     : (PFN_NUMBER)(((ULONG64)High.QuadPart + 1) >> KILN_PAGE_SHIFT) - 1;
    Range.Zero = !(Flags & MM_DONT_ZERO_ALLOCATION);
    if ((ULONG64)High.QuadPart + 1 < MI_PAGE_BYTES && High.QuadPart != -1)
        return NULL;

    Mdl = MiAllocatePool(NonPagedPoolNx, MmSizeOfMdl(NULL, TotalBytes), MDL_TAG, FALSE, Caller);
    if (Mdl == NULL)
        return NULL;
    __builtin_memset(Mdl, 0, sizeof(*Mdl));
    MmInitializeMdl(Mdl, NULL, TotalBytes);
    PFN_NUMBER *Pfns = MiMdlPfns(Mdl);
    if (Range.Chunk && Range.Chunk == Pages && !Skip.QuadPart) {
        /* One chunk, of any length: no alignment is asked for. */
        PFN_NUMBER Pfn;
        if (NT_SUCCESS(MiAllocatePages(Pages, Range.Low, Range.High, 1, 0, MiPageMdl, Range.Zero, &Pfn))) {
            for (; Got < Pages; Got++) {
                Pfns[Got] = Pfn + Got;
                MiPfnEntry(Pfn + Got)->RunPages = 1;
                MiPfnEntry(Pfn + Got)->RunBack = 0;
                MiPfnEntry(Pfn + Got)->LockCount = 1;
            }
        }
    } else {
        Got = take_frames(&Range, Pfns, Pages);
        /* SkipBytes: when a range is exhausted, go on in the next one that far up, until RAM ends. */
        while (Got < Pages && !Range.Chunk && Skip.QuadPart) {
            Range.Low += (PFN_NUMBER)(Skip.QuadPart >> KILN_PAGE_SHIFT);
            Range.High += (PFN_NUMBER)(Skip.QuadPart >> KILN_PAGE_SHIFT);
            if (Range.Low >= MiPageCount)
                break;
            Got += take_frames(&Range, Pfns + Got, Pages - Got);
        }
    }
    if (Got == 0 || (Got < Pages && (Flags & MM_ALLOCATE_FULLY_REQUIRED))) {
        free_frames(Pfns, Got);
        MiFreeBlock(Mdl, MDL_TAG, FALSE, Caller);
        return NULL;
    }
    for (SIZE_T I = 0; I < Got; I++)
        MiPfnEntry(Pfns[I])->Caller = Caller;
    Mdl->ByteCount = (ULONG)(Got == Pages ? TotalBytes : Got << KILN_PAGE_SHIFT);
    Mdl->MdlFlags |= MDL_PAGES_LOCKED;
    return Mdl;
}

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                   MEMORY_CACHING_TYPE CacheType, ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return allocate(LowAddress, HighAddress, SkipBytes, TotalBytes, CacheType, Flags,
                    __builtin_return_address(0));
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                 PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return allocate(LowAddress, HighAddress, SkipBytes, TotalBytes, MmCached, 0, __builtin_return_address(0));
}

PMDL NTAPI MmAllocateNodePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                       PHYSICAL_ADDRESS SkipBytes, SIZE_T TotalBytes,
                                       MEMORY_CACHING_TYPE CacheType, ULONG IdealNode, ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (IdealNode > KeQueryHighestNodeNumber()) /* RAM is as near to every node as to any other */
        return NULL;
    return allocate(LowAddress, HighAddress, SkipBytes, TotalBytes, CacheType, Flags,
                    __builtin_return_address(0));
}

void NTAPI MmFreePagesFromMdlEx(PMDL MemoryDescriptorList, ULONG Flags)
{
    PMDL Mdl = MemoryDescriptorList;
    SIZE_T Pages = MiMdlPages(Mdl);
    PFN_NUMBER *Pfns = MiMdlPfns(Mdl);

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Flags); /* pages are zeroed when they are handed out again */
    if (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MiUnmapMdl(Mdl, Mdl->MappedSystemVa, __builtin_return_address(0));
    for (SIZE_T I = 0; I < Pages; I++)
        if (!MiIsRamPfn(Pfns[I]) || MiPfnEntry(Pfns[I])->Use != MiPageMdl)
            KeBugCheckEx(PFN_LIST_CORRUPT, 0x99, Pfns[I], MiIsRamPfn(Pfns[I]) ? MiPfnEntry(Pfns[I])->Use : 0,
                         0);
    free_frames(Pfns, Pages);
    Mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
}

void NTAPI MmFreePagesFromMdl(PMDL MemoryDescriptorList)
{
    MmFreePagesFromMdlEx(MemoryDescriptorList, 0);
}

/* An MDL of ranges of device memory, each page aligned, none of them RAM. IRQL <= DISPATCH_LEVEL. */
NTSTATUS NTAPI MmAllocateMdlForIoSpace(PMM_PHYSICAL_ADDRESS_LIST PhysicalAddressList, SIZE_T NumberOfEntries,
                                       PMDL *NewMdl)
{
    ULONG64 Total = 0;
    SIZE_T At = 0;
    PMDL Mdl;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    for (SIZE_T I = 0; I < NumberOfEntries; I++) {
        ULONG64 Begin = (ULONG64)PhysicalAddressList[I].PhysicalAddress.QuadPart;
        ULONG64 Bytes = PhysicalAddressList[I].NumberOfBytes;
        if ((Begin | Bytes) & (MI_PAGE_BYTES - 1))
            return STATUS_INVALID_PARAMETER_1;
        if (Bytes == 0 || Begin + Bytes < Begin ||
            MiRangeHasRam((PFN_NUMBER)(Begin >> KILN_PAGE_SHIFT), (SIZE_T)(Bytes >> KILN_PAGE_SHIFT)))
            return STATUS_INVALID_PARAMETER_1;
        Total += Bytes;
    }
    if (Total == 0 || Total > 0xFFFFF000U)
        return STATUS_INVALID_PARAMETER_1;
    Mdl =
        MiAllocatePool(NonPagedPoolNx, MmSizeOfMdl(NULL, Total), MDL_TAG, FALSE, __builtin_return_address(0));
    if (Mdl == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    __builtin_memset(Mdl, 0, sizeof(*Mdl));
    MmInitializeMdl(Mdl, NULL, Total);
    Mdl->MdlFlags |= MDL_IO_SPACE | MDL_PAGES_LOCKED;
    for (SIZE_T I = 0; I < NumberOfEntries; I++)
        for (SIZE_T P = 0; P < PhysicalAddressList[I].NumberOfBytes >> KILN_PAGE_SHIFT; P++)
            MiMdlPfns(Mdl)[At++] =
                (PFN_NUMBER)((ULONG64)PhysicalAddressList[I].PhysicalAddress.QuadPart >> KILN_PAGE_SHIFT) + P;
    *NewMdl = Mdl;
    return STATUS_SUCCESS;
}
