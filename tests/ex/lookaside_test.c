/* SPDX-License-Identifier: MIT */
/* Lookaside lists. */
#include "exsupport.h"
#include "mi.h"

#define TAG 0x6B6F6F4CU /* "Look" */

static MI_POOL_TAG account(ULONG Tag)
{
    MI_POOL_TAG Account;
    ULONG Cursor = 0;

    while (MiEnumeratePoolTags(&Cursor, &Account))
        if (Account.Tag == Tag)
            return Account;
    RtlZeroMemory(&Account, sizeof(Account));
    return Account;
}

KILN_TEST(ex_lookaside, a_freed_entry_is_given_out_again_without_pool)
{
    NPAGED_LOOKASIDE_LIST List;

    ExInitializeNPagedLookasideList(&List, NULL, NULL, POOL_NX_ALLOCATION, 128, TAG, 0);
    PVOID First = ExAllocateFromNPagedLookasideList(&List);
    CHECK(First != NULL);
    CHECK_EQ((ULONG_PTR)First % 16, 0);
    ExFreeToNPagedLookasideList(&List, First);
    ULONG64 Before = account(TAG).Allocations[0];
    for (int i = 0; i < 100; i++) {
        CHECK_EQ(ExAllocateFromNPagedLookasideList(&List), First);
        ExFreeToNPagedLookasideList(&List, First);
    }
    CHECK_EQ(account(TAG).Allocations[0], Before);
    CHECK_EQ(List.L.TotalAllocates, 101);
    CHECK_EQ(List.L.AllocateMisses, 1);
    ExDeleteNPagedLookasideList(&List);
    CHECK_EQ(account(TAG).Bytes[0], 0);
}

KILN_TEST_ONCE(ex_lookaside, depth_grows_with_misses)
{
    LOOKASIDE_LIST_EX List;
    PVOID Blocks[40];

    CHECK_EQ(ExInitializeLookasideListEx(&List, NULL, NULL, PagedPool, 0, 64, TAG, 0), STATUS_SUCCESS);
    USHORT Depth = List.L.Depth;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 40; i++)
            Blocks[i] = ExAllocateFromLookasideListEx(&List);
        for (int i = 0; i < 40; i++)
            ExFreeToLookasideListEx(&List, Blocks[i]);
    }
    CHECK(List.L.Depth > Depth);
    ExFlushLookasideListEx(&List);
    CHECK_EQ(ExQueryDepthSList(&List.L.ListHead), 0);
    ExDeleteLookasideListEx(&List);
    CHECK_EQ(account(TAG).Bytes[1], 0);
}

static int allocated, freed;
static LOOKASIDE_LIST_EX *seen;

static PVOID NTAPI my_allocate(POOL_TYPE PoolType, SIZE_T Bytes, ULONG Tag, PLOOKASIDE_LIST_EX List)
{
    allocated++;
    seen = List;
    return ExAllocatePoolWithTag(PoolType, Bytes, Tag);
}

static void NTAPI my_free(PVOID Block, PLOOKASIDE_LIST_EX List)
{
    freed++;
    CHECK_EQ(List, seen);
    ExFreePoolWithTag(Block, TAG);
}

KILN_TEST_ONCE(ex_lookaside, routines_of_the_driver_are_called_with_the_list)
{
    LOOKASIDE_LIST_EX List;

    CHECK_EQ(ExInitializeLookasideListEx(&List, my_allocate, my_free, NonPagedPoolNx, 0, 10, TAG, 0),
             STATUS_SUCCESS);
    PVOID Block = ExAllocateFromLookasideListEx(&List);
    CHECK_EQ(allocated, 1);
    CHECK_EQ(seen, &List);
    ExFreeToLookasideListEx(&List, Block);
    CHECK_EQ(freed, 0);
    ExDeleteLookasideListEx(&List);
    CHECK_EQ(freed, 1);
}

KILN_TEST_ONCE(ex_lookaside, bad_parameters_are_refused)
{
    LOOKASIDE_LIST_EX List;

    CHECK_EQ(ExInitializeLookasideListEx(&List, NULL, NULL, PagedPool, 0, 64, TAG, 1),
             STATUS_INVALID_PARAMETER_8);
    CHECK_EQ(ExInitializeLookasideListEx(&List, NULL, NULL, PagedPool, 0x80, 64, TAG, 0),
             STATUS_INVALID_PARAMETER_5);
}
