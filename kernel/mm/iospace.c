/* SPDX-License-Identifier: MIT */
/*
 * I/O space: addresses for physical ranges. Device memory (physical addresses outside RAM) has fixed
 * addresses in the MMIO window, which is never mapped: an access traps and reaches the device model. A range
 * of RAM is mapped by system PTEs, a real alias. A range that is partly RAM, or beyond the window, cannot be
 * mapped. Reference: MmMapIoSpace, MmMapIoSpaceEx, MmUnmapIoSpace, MmMapVideoDisplay.
 */
#include "mip.h"
#include "ki.h"

PVOID MiMmioAddress(ULONG64 Physical)
{
    return Physical < KILN_MMIO_SIZE ? (PVOID)(ULONG_PTR)(KILN_MMIO_BASE + Physical) : NULL;
}

BOOLEAN MiMmioPhysical(PVOID Va, ULONG64 *Physical)
{
    *Physical = (ULONG64)(ULONG_PTR)Va - KILN_MMIO_BASE;
    return *Physical < KILN_MMIO_SIZE;
}

static PVOID map(ULONG64 Physical, SIZE_T Bytes, unsigned Prot, PVOID Caller)
{
    ULONG64 Ram = (ULONG64)MiPageCount << KILN_PAGE_SHIFT;
    ULONG Offset = (ULONG)(Physical & (MI_PAGE_BYTES - 1));
    SIZE_T Pages = MI_PAGES(Bytes + Offset);

    if (Bytes == 0 || Physical + Bytes < Physical)
        return NULL;
    if (Physical >= Ram) {
        if (Physical + Bytes > KILN_MMIO_SIZE)
            return NULL;
        return MiMmioAddress(Physical);
    }
    if (Physical + Bytes > Ram)
        return NULL;
    UCHAR *Va = MiReserveSystemPtes(Pages, 0, Caller);
    if (Va && !NT_SUCCESS(MiMapSystemRun(Va, (PFN_NUMBER)(Physical >> KILN_PAGE_SHIFT), Pages, Prot))) {
        MiReleaseSystemPtes(Va, Pages);
        Va = NULL;
    }
    return Va ? Va + Offset : NULL;
}

PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                         MEMORY_CACHING_TYPE CacheType)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if ((ULONG)CacheType >= MmMaximumCacheType)
        return NULL;
    return map((ULONG64)PhysicalAddress.QuadPart, NumberOfBytes, HOST_PROT_R | HOST_PROT_W,
               __builtin_return_address(0));
}

PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    ULONG Base = Protect & ~(ULONG)(PAGE_NOCACHE | PAGE_WRITECOMBINE);

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Base != PAGE_READONLY && Base != PAGE_READWRITE && Base != PAGE_EXECUTE &&
        Base != PAGE_EXECUTE_READ && Base != PAGE_EXECUTE_READWRITE)
        return NULL;
    if ((Protect & (PAGE_NOCACHE | PAGE_WRITECOMBINE)) == (PAGE_NOCACHE | PAGE_WRITECOMBINE))
        return NULL;
    return map((ULONG64)PhysicalAddress.QuadPart, NumberOfBytes, MiHostProt(Base),
               __builtin_return_address(0));
}

void NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    UCHAR *Page = PAGE_ALIGN(BaseAddress);
    ULONG64 Physical;
    ULONG Tag;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (MiMmioPhysical(BaseAddress, &Physical))
        return;
    SIZE_T Pages = MiSystemPteReservation(Page, &Tag);
    if (Pages == 0 || Pages != ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseAddress, NumberOfBytes))
        KeBugCheckEx(SYSTEM_PTE_MISUSE, Pages ? 0x2 : 0x3, (ULONG_PTR)BaseAddress, Pages,
                     ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseAddress, NumberOfBytes));
    MiUnmapSystemPtes(Page, Pages);
    MiReleaseSystemPtes(Page, Pages);
}

PVOID NTAPI MmMapVideoDisplay(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes,
                              MEMORY_CACHING_TYPE CacheType)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if ((ULONG)CacheType >= MmMaximumCacheType)
        return NULL;
    return map((ULONG64)PhysicalAddress.QuadPart, NumberOfBytes, HOST_PROT_R | HOST_PROT_W,
               __builtin_return_address(0));
}

PVOID NTAPI MmMapVideoDisplayEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG Protect)
{
    return MmMapIoSpaceEx(PhysicalAddress, NumberOfBytes, Protect);
}

void NTAPI MmUnmapVideoDisplay(PVOID BaseAddress, SIZE_T NumberOfBytes)
{
    MmUnmapIoSpace(BaseAddress, NumberOfBytes);
}
