/* SPDX-License-Identifier: MIT */
/* MmAllocateContiguousMemory and its kin, and I/O space. */
#include <ntddk.h>
#include "mi.h"
#include "harness.h"

static PHYSICAL_ADDRESS at(ULONG64 Address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)Address};
}

KILN_TEST_ONCE(mm_contig, memory_is_contiguous_and_below_the_limit)
{
    UCHAR *Va = MmAllocateContiguousMemory(5 * PAGE_SIZE + 1, at(0xFFFFFF));

    CHECK(Va != NULL);
    CHECK_EQ((ULONG_PTR)Va % PAGE_SIZE, 0);
    for (ULONG i = 0; i < 6; i++)
        CHECK_EQ(MmGetPhysicalAddress(Va + i * PAGE_SIZE + 3).QuadPart,
                 MmGetPhysicalAddress(Va).QuadPart + i * PAGE_SIZE + 3);
    CHECK(MmGetPhysicalAddress(Va).QuadPart + 6 * PAGE_SIZE <= 0x1000000);
    CHECK(MmGetPhysicalAddress(Va).QuadPart >= 0x10000);
    CHECK_EQ(MmGetVirtualForPhysical(MmGetPhysicalAddress(Va)), Va);
    MmFreeContiguousMemory(Va);
}

KILN_TEST_ONCE(mm_contig, range_and_boundary_are_respected)
{
    for (int i = 0; i < 10; i++) {
        PVOID Va = MmAllocateContiguousMemorySpecifyCache(0x3000, at(0x400000), at(0x7FFFFF), at(0x4000),
                                                          MmNonCached);
        CHECK(Va != NULL);
        ULONG64 Physical = (ULONG64)MmGetPhysicalAddress(Va).QuadPart;
        CHECK(Physical >= 0x400000 && Physical + 0x3000 <= 0x800000);
        CHECK_EQ(Physical / 0x4000, (Physical + 0x2FFF) / 0x4000);
    }
    CHECK_EQ(MmAllocateContiguousMemorySpecifyCache(0x5000, at(0), at(~0ULL >> 1), at(0x4000), MmCached),
             NULL);
    CHECK_EQ(MmAllocateContiguousMemory(PAGE_SIZE, at(0xFFFF)), NULL);
}

KILN_TEST_ONCE(mm_contig, node_memory_checks_protection_and_node)
{
    PVOID Va = MmAllocateContiguousNodeMemory(PAGE_SIZE, at(0), at(~0ULL >> 1), at(0), PAGE_READWRITE,
                                              MM_ANY_NODE_OK);

    CHECK(Va != NULL);
    MmFreeContiguousMemory(Va);
    CHECK_EQ(MmAllocateContiguousNodeMemory(PAGE_SIZE, at(0), at(~0ULL >> 1), at(0), PAGE_READONLY, 0), NULL);
    CHECK_EQ(MmAllocateContiguousNodeMemory(PAGE_SIZE, at(0), at(~0ULL >> 1), at(0), PAGE_READWRITE, 3),
             NULL);
}

KILN_TEST_BUGCHECK(mm_contig, freeing_pool_as_contiguous_is_bad_pool_caller, BAD_POOL_CALLER)
{
    MmFreeContiguousMemory(ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, 0x74736554));
}

KILN_TEST_ONCE(mm_iospace, ram_is_mapped_as_a_real_alias)
{
    UCHAR *Va = MmAllocateContiguousMemory(2 * PAGE_SIZE, at(~0ULL >> 1));
    PHYSICAL_ADDRESS Physical = MmGetPhysicalAddress(Va + 100);
    UCHAR *Alias = MmMapIoSpace(Physical, PAGE_SIZE, MmNonCached);

    CHECK(Alias != NULL && Alias != Va + 100);
    Va[100] = 0x12;
    CHECK_EQ(Alias[0], 0x12);
    Alias[PAGE_SIZE - 1] = 0x34;
    CHECK_EQ(Va[100 + PAGE_SIZE - 1], 0x34);
    CHECK_EQ(MmGetPhysicalAddress(Alias).QuadPart, Physical.QuadPart);
    CHECK(MmIsAddressValid(Alias));
    MmUnmapIoSpace(Alias, PAGE_SIZE);
    CHECK(!MmIsAddressValid(Alias));
    MmFreeContiguousMemory(Va);
}

KILN_TEST_ONCE(mm_iospace, device_memory_has_addresses_in_the_mmio_window)
{
    ULONG64 Physical;
    PVOID Va = MmMapIoSpaceEx(at(0xFEB00010), 0x1000, PAGE_READWRITE | PAGE_NOCACHE);

    CHECK(Va != NULL);
    CHECK(MiMmioPhysical(Va, &Physical));
    CHECK_EQ(Physical, 0xFEB00010);
    CHECK_EQ(MmGetPhysicalAddress(Va).QuadPart, 0xFEB00010);
    MmUnmapIoSpace(Va, 0x1000);
    CHECK_EQ(MmMapIoSpaceEx(at(0xFEB00000), 0x1000, PAGE_NOACCESS), NULL);
}
