/* SPDX-License-Identifier: MIT */
/* Page runs, kernel stacks, image regions, address classification. */
#include <ntddk.h>
#include "mi.h"
#include "harness.h"

#define MB(n) ((PFN_NUMBER)(n) << 8)

KILN_TEST_ONCE(mm_phys, a_run_respects_limits_alignment_and_boundary)
{
    PFN_NUMBER Pfn[8];

    for (int i = 0; i < 8; i++) {
        CHECK_EQ(MiAllocatePages(12, MB(8), MB(16) - 1, 4, 16, MiPageContiguous, FALSE, &Pfn[i]),
                 STATUS_SUCCESS);
        CHECK(Pfn[i] >= MB(8) && Pfn[i] + 12 <= MB(16));
        CHECK_EQ(Pfn[i] % 4, 0);
        CHECK_EQ(Pfn[i] / 16, (Pfn[i] + 11) / 16);
        for (int j = 0; j < i; j++)
            CHECK(Pfn[j] + 12 <= Pfn[i] || Pfn[i] + 12 <= Pfn[j]);
    }
    for (int i = 0; i < 8; i++)
        MiFreePages(Pfn[i], 12);
}

KILN_TEST_ONCE(mm_phys, freed_pages_are_found_again)
{
    MI_MEMORY_USAGE Before, After;
    PFN_NUMBER Pfn;

    MiQueryUsage(&Before);
    CHECK_EQ(MiAllocatePages(300, 0, ~0ULL >> 12, 1, 0, MiPageMdl, FALSE, &Pfn), STATUS_SUCCESS);
    MiQueryUsage(&After);
    CHECK_EQ(Before.FreePages - After.FreePages, 300);
    CHECK_EQ(After.PagesByUse[MiPageMdl] - Before.PagesByUse[MiPageMdl], 300);
    MiFreePages(Pfn, 300);
    MiQueryUsage(&After);
    CHECK_EQ(Before.FreePages, After.FreePages);
}

KILN_TEST_ONCE(mm_phys, zeroed_pages_are_zero_after_use)
{
    PFN_NUMBER Pfn;
    UCHAR *Va;

    for (int round = 0; round < 3; round++) {
        CHECK_EQ(MiAllocatePages(round == 1 ? 80 : 4, MB(8), ~0ULL >> 12, 1, 0, MiPageMdl, TRUE, &Pfn),
                 STATUS_SUCCESS);
        Va = MiPfnToVa(Pfn);
        for (int i = 0; i < 4 * PAGE_SIZE; i++)
            CHECK_EQ(Va[i], 0);
        RtlFillMemory(Va, 4 * PAGE_SIZE, 0x5A);
        MiFreePages(Pfn, round == 1 ? 80 : 4);
    }
}

KILN_TEST_ONCE(mm_phys, more_than_there_is_fails)
{
    MI_MEMORY_USAGE Usage;
    PFN_NUMBER Pfn;

    MiQueryUsage(&Usage);
    CHECK_EQ(MiAllocatePages(Usage.TotalPages + 1, 0, ~0ULL >> 12, 1, 0, MiPageMdl, FALSE, &Pfn),
             STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(MiAllocatePages(Usage.TotalPages, 0, ~0ULL >> 12, 1, 0, MiPageMdl, FALSE, &Pfn),
             STATUS_INSUFFICIENT_RESOURCES);
}

KILN_TEST_BUGCHECK(mm_phys, freeing_a_free_page_is_pfn_list_corrupt, PFN_LIST_CORRUPT)
{
    PFN_NUMBER Pfn;

    CHECK_EQ(MiAllocatePages(1, MB(8), ~0ULL >> 12, 1, 0, MiPageMdl, FALSE, &Pfn), STATUS_SUCCESS);
    MiFreePages(Pfn, 1);
    MiFreePages(Pfn, 1);
}

KILN_TEST(mm_stack, stacks_are_writable_to_the_guard_and_reused)
{
    MI_ADDRESS Info;
    PVOID Stacks[20];

    for (int i = 0; i < 20; i++) {
        BOOLEAN Large = i % 5 == 4;
        Stacks[i] = MmCreateKernelStack(Large);
        CHECK(Stacks[i] != NULL);
        UCHAR *Low = MiStackLimit(Stacks[i], Large);
        CHECK_EQ((UCHAR *)Stacks[i] - Low, (Large ? MI_LARGE_STACK_BYTES : MI_STACK_BYTES) - PAGE_SIZE);
        Low[0] = 1;
        ((UCHAR *)Stacks[i])[-1] = 2;
        CHECK_EQ(MiClassifyAddress(Low, &Info), MiAddressStack);
        CHECK_EQ(MiClassifyAddress(Low - 1, &Info), MiAddressStackGuard);
        CHECK(!MmIsAddressValid(Low - 1));
    }
    for (int i = 0; i < 20; i++)
        MmDeleteKernelStack(Stacks[i], i % 5 == 4);
    CHECK(MmCreateKernelStack(FALSE) != NULL);
}

KILN_TEST_ONCE(mm_image, regions_are_zero_and_end_in_a_guard)
{
    MI_ADDRESS Info;
    UCHAR *Base;

    CHECK_EQ(MiAllocateImageRegion(3 * PAGE_SIZE + 5, (PVOID *)&Base), STATUS_SUCCESS);
    for (int i = 0; i < 4 * PAGE_SIZE; i++)
        CHECK_EQ(Base[i], 0);
    CHECK_EQ(MiClassifyAddress(Base + 2 * PAGE_SIZE + 7, &Info), MiAddressImage);
    CHECK_EQ(Info.Begin, Base);
    CHECK(!MmIsAddressValid(Base + 4 * PAGE_SIZE));
    CHECK_EQ(MiProtectImageRegion(Base, PAGE_SIZE, PAGE_EXECUTE_READ), STATUS_SUCCESS);
    CHECK_EQ(MiProtectImageRegion(Base + PAGE_SIZE, PAGE_SIZE, PAGE_NOACCESS), STATUS_SUCCESS);
    CHECK(!MmIsAddressValid(Base + PAGE_SIZE));
    CHECK(MmIsAddressValid(Base + 2 * PAGE_SIZE));
    CHECK(!NT_SUCCESS(MiProtectImageRegion(Base, 5 * PAGE_SIZE, PAGE_READONLY)));
    MiFreeImageRegion(Base);
    CHECK_EQ(MiClassifyAddress(Base, &Info), MiAddressRamFree);
}

KILN_TEST_ONCE(mm_address, every_region_has_a_name)
{
    int Local;
    MI_ADDRESS Info;

    CHECK_EQ(MiClassifyAddress(NULL, NULL), MiAddressNull);
    CHECK_EQ(MiClassifyAddress((PVOID)0x123456789ABCDEF0, NULL), MiAddressNonCanonical);
    CHECK_EQ(MiClassifyAddress((PVOID)0xFFFFF78000000000, NULL), MiAddressSystemSpace);
    CHECK_EQ(MiClassifyAddress((PVOID)KILN_MMIO_BASE, NULL), MiAddressMmio);
    CHECK_EQ(MiClassifyAddress((PVOID)(KILN_USER_BASE + 0x12345), NULL), MiAddressUserUnmapped);
    CHECK_EQ(MiClassifyAddress((PVOID)KILN_SYSPTE_BASE, NULL), MiAddressSystemPteUnmapped);
    CHECK(MiClassifyAddress(&Local, &Info) == MiAddressUnknown || Info.Kind == MiAddressStack);
    for (int i = 0; i <= MiAddressNonCanonical; i++)
        CHECK(MiAddressKindName((MI_ADDRESS_KIND)i)[0] != '?');
}

KILN_TEST_ONCE(mm_stack, exhaustion_gives_null_and_recovers)
{
    PVOID Chain = NULL, Stack;
    ULONG Count = 0;

    while ((Stack = MmCreateKernelStack(FALSE)) != NULL) {
        ((PVOID *)Stack)[-1] = Chain;
        Chain = Stack;
        Count++;
    }
    CHECK(Count > 100);
    while (Chain) {
        Stack = Chain;
        Chain = ((PVOID *)Stack)[-1];
        MmDeleteKernelStack(Stack, FALSE);
    }
    Stack = MmCreateKernelStack(FALSE);
    CHECK(Stack != NULL);
    MmDeleteKernelStack(Stack, FALSE);
}
