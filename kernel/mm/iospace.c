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

/* A mapping of device memory; the addresses are fixed, so this only says that it is in use. */
typedef struct _WINDOW {
    LIST_ENTRY Link;
    ULONG64 Physical;
    SIZE_T Bytes;
} WINDOW;

#define WINDOW_TAG 0x6F496D4DU /* "MmIo" */

static KSPIN_LOCK windows_lock;
static LIST_ENTRY windows = {&windows, &windows}; /* under windows_lock */

static PVOID map_device(ULONG64 Physical, SIZE_T Bytes, PVOID Caller)
{
    if (Physical + Bytes > KILN_MMIO_SIZE)
        return NULL;
    WINDOW *Window = MiAllocatePool(NonPagedPoolNx, sizeof(*Window), WINDOW_TAG, FALSE, Caller);
    if (Window == NULL)
        return NULL;
    Window->Physical = Physical;
    Window->Bytes = Bytes;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&windows_lock);
    InsertTailList(&windows, &Window->Link);
    KeReleaseSpinLock(&windows_lock, Irql);
    return MiMmioAddress(Physical);
}

static BOOLEAN unmap_device(ULONG64 Physical, SIZE_T Bytes)
{
    WINDOW *Found = NULL;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&windows_lock);

    for (PLIST_ENTRY Link = windows.Flink; Link != &windows && !Found; Link = Link->Flink) {
        WINDOW *Window = CONTAINING_RECORD(Link, WINDOW, Link);
        if (Window->Physical == Physical && Window->Bytes == Bytes)
            Found = Window;
    }
    if (Found)
        RemoveEntryList(&Found->Link);
    KeReleaseSpinLock(&windows_lock, Irql);
    if (Found)
        ExFreePoolWithTag(Found, WINDOW_TAG);
    return Found != NULL;
}

LOGICAL NTAPI MmIsIoSpaceActive(PHYSICAL_ADDRESS StartAddress, SIZE_T NumberOfBytes)
{
    ULONG64 Begin = (ULONG64)StartAddress.QuadPart;
    LOGICAL Active = FALSE;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&windows_lock);
    for (PLIST_ENTRY Link = windows.Flink; Link != &windows && !Active; Link = Link->Flink) {
        WINDOW *Window = CONTAINING_RECORD(Link, WINDOW, Link);
        Active = Begin < Window->Physical + Window->Bytes && Window->Physical < Begin + NumberOfBytes;
    }
    KeReleaseSpinLock(&windows_lock, Irql);
    return Active;
}

static PVOID map(ULONG64 Physical, SIZE_T Bytes, unsigned Prot, PVOID Caller)
{
    ULONG Offset = (ULONG)(Physical & (MI_PAGE_BYTES - 1));
    SIZE_T Pages = MI_PAGES(Bytes + Offset);
    PFN_NUMBER First = (PFN_NUMBER)(Physical >> KILN_PAGE_SHIFT);

    if (Bytes == 0 || Physical + Bytes < Physical)
        return NULL;
    if (!MiRangeHasRam(First, Pages))
        return map_device(Physical, Bytes, Caller);
    if (!MiRangeIsRam(First, Pages))
        return NULL;
    UCHAR *Va = MiReserveSystemPtes(Pages, 0, Caller);
    if (Va && !NT_SUCCESS(MiMapSystemRun(Va, First, Pages, Prot))) {
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
    if (MiMmioPhysical(BaseAddress, &Physical)) {
        if (!unmap_device(Physical, NumberOfBytes))
            KeBugCheckEx(SYSTEM_PTE_MISUSE, 0x3, (ULONG_PTR)BaseAddress, NumberOfBytes, 0);
        return;
    }
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
