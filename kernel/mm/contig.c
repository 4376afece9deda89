/* SPDX-License-Identifier: MIT */
/*
 * Physically contiguous memory for drivers: the MmAllocateContiguousMemory family and nonpaged non-cached
 * memory. Cache types other than cached change nothing here but are accepted as on Windows; invalid ones
 * fail. Reference: the MmAllocateContiguous* pages of wdm.h and ntddk.h.
 */
#include "mip.h"
#include "ki.h"

#define FAST_ONLY 0x1 /* do not look for long: the search here is never long */

static PVOID allocate(SIZE_T Bytes, ULONG64 Lowest, ULONG64 Highest, ULONG64 Boundary, BOOLEAN Execute,
                      PVOID Caller)
{
    SIZE_T Pages = MI_PAGES(Bytes);
    PFN_NUMBER Pfn, Low, High;

    if (Bytes == 0 || Bytes > ((ULONG64)MiPageCount << KILN_PAGE_SHIFT))
        return NULL;
    if (Boundary & (Boundary - 1))
        return NULL;
    if (Boundary && Boundary < MI_PAGE_BYTES)
        return NULL;
    Low = (PFN_NUMBER)((Lowest + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT);
    /* The last byte of the run may not lie above Highest. */
    if (Highest != ~0ULL && ((Highest + 1) >> KILN_PAGE_SHIFT) == 0)
        return NULL;
    High = Highest == ~0ULL ? MiPageCount - 1 : (PFN_NUMBER)(((Highest + 1) >> KILN_PAGE_SHIFT) - 1);
    if (!NT_SUCCESS(
            MiAllocatePages(Pages, Low, High, 1, Boundary >> KILN_PAGE_SHIFT, MiPageContiguous, FALSE, &Pfn)))
        return NULL;
    if (Execute) {
        if (!MiChargeHostMappings(2, "executable contiguous memory")) {
            MiFreePages(Pfn, Pages);
            return NULL;
        }
        if (!NT_SUCCESS(MiProtectRam(Pfn, Pages, HOST_PROT_R | HOST_PROT_W | HOST_PROT_X))) {
            MiReturnHostMappings(2);
            MiFreePages(Pfn, Pages);
            return NULL;
        }
    }
    MiPfnEntry(Pfn)->Caller = Caller;
    MiPfnEntry(Pfn)->Bytes = Bytes;
    return MiPfnToVa(Pfn);
}

static void release(PVOID Va, PVOID Caller)
{
    PFN_NUMBER Pfn = MiVaToPfn(Va);
    PMI_PFN Entry = MiPfnEntry(Pfn);
    SIZE_T Pages;

    if (!MiIsRam(Va) || ((ULONG_PTR)Va & (MI_PAGE_BYTES - 1)) || Entry->Use != MiPageContiguous ||
        Entry->RunBack)
        MiPoolBugCheck(
            BAD_POOL_CALLER, 0x60, (ULONG64)(ULONG_PTR)Va, 0, 0, Caller,
            "MmFreeContiguousMemory was given an address that MmAllocateContiguousMemory did not return");
    Pages = Entry->RunPages;
    if (Entry->Flags & MI_PFN_EXECUTE) {
        if (!NT_SUCCESS(MiProtectRam(Pfn, Pages, HOST_PROT_R | HOST_PROT_W)))
            return;
        MiReturnHostMappings(2);
    }
    MiFreePages(Pfn, Pages);
}

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return allocate(NumberOfBytes, 0, (ULONG64)HighestAcceptableAddress.QuadPart, 0, FALSE,
                    __builtin_return_address(0));
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
                                                   PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   MEMORY_CACHING_TYPE CacheType)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if ((ULONG)CacheType >= MmMaximumCacheType)
        return NULL;
    return allocate(NumberOfBytes, (ULONG64)LowestAcceptableAddress.QuadPart,
                    (ULONG64)HighestAcceptableAddress.QuadPart, (ULONG64)BoundaryAddressMultiple.QuadPart,
                    FALSE, __builtin_return_address(0));
}

/* RAM is as near to every node as to any other: a node's request is met by any of it. */
static BOOLEAN node_exists(NODE_REQUIREMENT Node)
{
    return Node <= KeQueryHighestNodeNumber() || Node == MM_ANY_NODE_OK;
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(
    SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress, PHYSICAL_ADDRESS HighestAcceptableAddress,
    PHYSICAL_ADDRESS BoundaryAddressMultiple, MEMORY_CACHING_TYPE CacheType, NODE_REQUIREMENT PreferredNode)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if ((ULONG)CacheType >= MmMaximumCacheType ||
        !node_exists(PreferredNode & ~(NODE_REQUIREMENT)MM_ANY_NODE_OK))
        return NULL;
    return allocate(NumberOfBytes, (ULONG64)LowestAcceptableAddress.QuadPart,
                    (ULONG64)HighestAcceptableAddress.QuadPart, (ULONG64)BoundaryAddressMultiple.QuadPart,
                    FALSE, __builtin_return_address(0));
}

/* Protections that MmAllocateContiguousNodeMemory and ...Ex document. */
static BOOLEAN valid_protection(ULONG Protect)
{
    ULONG Base = Protect & ~(ULONG)(PAGE_NOCACHE | PAGE_WRITECOMBINE);

    return (Base == PAGE_READWRITE || Base == PAGE_EXECUTE_READWRITE) &&
           (Protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE)) != (PAGE_NOCACHE | PAGE_WRITECOMBINE);
}

PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                           PHYSICAL_ADDRESS HighestAcceptableAddress,
                                           PHYSICAL_ADDRESS BoundaryAddressMultiple, ULONG Protect,
                                           NODE_REQUIREMENT PreferredNode)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (!valid_protection(Protect) || !node_exists(PreferredNode & ~(NODE_REQUIREMENT)MM_ANY_NODE_OK))
        return NULL;
    return allocate(NumberOfBytes, (ULONG64)LowestAcceptableAddress.QuadPart,
                    (ULONG64)HighestAcceptableAddress.QuadPart, (ULONG64)BoundaryAddressMultiple.QuadPart,
                    (Protect & PAGE_EXECUTE_READWRITE) != 0, __builtin_return_address(0));
}

NTSTATUS NTAPI MmAllocateContiguousMemoryEx(PSIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                            PHYSICAL_ADDRESS HighestAcceptableAddress,
                                            PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                            NODE_REQUIREMENT PreferredNode, ULONG Protect,
                                            PVOID PartitionObject, ULONG Tag, ULONG Flags, PVOID *BaseAddress)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(PartitionObject); /* there is one partition */
    *BaseAddress = NULL;
    if (!valid_protection(Protect) || !node_exists(PreferredNode & ~(NODE_REQUIREMENT)MM_ANY_NODE_OK) ||
        (Flags & ~(ULONG)FAST_ONLY))
        return STATUS_INVALID_PARAMETER;
    *BaseAddress =
        allocate(*NumberOfBytes, (ULONG64)LowestAcceptableAddress.QuadPart,
                 (ULONG64)HighestAcceptableAddress.QuadPart, (ULONG64)BoundaryAddressMultiple.QuadPart,
                 (Protect & PAGE_EXECUTE_READWRITE) != 0, __builtin_return_address(0));
    if (*BaseAddress == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    MiPfnEntry(MiVaToPfn(*BaseAddress))->Tag = Tag;
    return STATUS_SUCCESS;
}

void NTAPI MmFreeContiguousMemory(PVOID BaseAddress)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    release(BaseAddress, __builtin_return_address(0));
}

void NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T NumberOfBytes,
                                              MEMORY_CACHING_TYPE CacheType)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(NumberOfBytes);
    UNREFERENCED_PARAMETER(CacheType);
    release(BaseAddress, __builtin_return_address(0));
}

PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T NumberOfBytes)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return allocate(NumberOfBytes, 0, ~0ULL, 0, FALSE, __builtin_return_address(0));
}

void NTAPI MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(NumberOfBytes);
    release(BaseAddress, __builtin_return_address(0));
}
