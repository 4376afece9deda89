/* SPDX-License-Identifier: MIT */
/* Pool as ExAllocatePool2, ExAllocatePoolWithTag and their siblings document it. */
#include <ntddk.h>
#include "mi.h"
#include "trap.h"
#include "harness.h"

#define TAG 0x74736554U /* "Test" */

static BOOLEAN is_zero(const void *Block, SIZE_T Bytes)
{
    const UCHAR *P = Block;

    while (Bytes--)
        if (*P++)
            return FALSE;
    return TRUE;
}

KILN_TEST(mm_pool, blocks_are_aligned_and_do_not_cross_pages)
{
    static const SIZE_T Sizes[] = {0,    1,    15,   16,   17,   64,   100,  511,  512,  513,  700,   1000,
                                   1344, 1345, 2032, 2033, 4000, 4080, 4081, 4095, 4096, 4097, 10000, 70000};
    for (ULONG i = 0; i < RTL_NUMBER_OF(Sizes); i++) {
        UCHAR *Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, Sizes[i], TAG);
        CHECK(Block != NULL);
        CHECK_EQ((ULONG_PTR)Block % 16, 0);
        if (Sizes[i] >= PAGE_SIZE)
            CHECK_EQ((ULONG_PTR)Block % PAGE_SIZE, 0);
        else if (Sizes[i])
            CHECK_EQ((ULONG_PTR)Block / PAGE_SIZE, ((ULONG_PTR)Block + Sizes[i] - 1) / PAGE_SIZE);
        RtlFillMemory(Block, Sizes[i], 0xEE);
        ExFreePoolWithTag(Block, TAG);
    }
}

KILN_TEST(mm_pool, blocks_do_not_overlap)
{
    UCHAR *Blocks[600];

    for (ULONG i = 0; i < 600; i++) {
        SIZE_T Bytes = (i * 37) % 900 + 1;
        Blocks[i] = ExAllocatePoolWithTag(i % 2 ? NonPagedPoolNx : PagedPool, Bytes, TAG);
        CHECK(Blocks[i] != NULL);
        RtlFillMemory(Blocks[i], Bytes, (UCHAR)i);
    }
    for (ULONG i = 0; i < 600; i++) {
        SIZE_T Bytes = (i * 37) % 900 + 1;
        for (SIZE_T b = 0; b < Bytes; b++)
            CHECK_EQ(Blocks[i][b], (UCHAR)i);
    }
    for (ULONG i = 0; i < 600; i += 2)
        ExFreePool(Blocks[i]);
    for (ULONG i = 1; i < 600; i += 2)
        ExFreePoolWithTag(Blocks[i], TAG);
}

KILN_TEST_ONCE(mm_pool, pool2_zeroes_unless_told_not_to)
{
    for (ULONG round = 0; round < 200; round++) {
        SIZE_T Bytes = round * 61 % 9000 + 1;
        UCHAR *Block = ExAllocatePool2(POOL_FLAG_PAGED, Bytes, TAG);
        CHECK(is_zero(Block, Bytes));
        RtlFillMemory(Block, Bytes, 0xAB);
        ExFreePoolWithTag(Block, TAG);
        Block = ExAllocatePoolZero(NonPagedPool, Bytes, TAG);
        CHECK(is_zero(Block, Bytes));
        RtlFillMemory(Block, Bytes, 0xAB);
        ExFreePoolWithTag(Block, TAG);
    }
}

KILN_TEST_ONCE(mm_pool, pool2_refuses_bad_flags_and_tag_zero)
{
    CHECK_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 0), NULL);
    CHECK_EQ(ExAllocatePool2(0, 16, TAG), NULL);
    CHECK_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_PAGED, 16, TAG), NULL);
    CHECK_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x40000000, 16, TAG), NULL);
    CHECK_EQ(ExAllocatePool2(POOL_FLAG_NON_PAGED, ~(SIZE_T)0, TAG), NULL);
    CHECK_EQ(ExAllocatePoolWithTag(NonPagedPoolNx, ~(SIZE_T)0 - 100, TAG), NULL);
    /* Optional flags that are not known are ignored. */
    PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED | 0x4000000000000000, 16, TAG);
    CHECK(Block != NULL);
    ExFreePool(Block);
}

static void raise_on_failure(void *Flags)
{
    ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_RAISE_ON_FAILURE, *(SIZE_T *)Flags, TAG);
}

KILN_TEST_ONCE(mm_pool, raise_on_failure_raises_insufficient_resources)
{
    SIZE_T Bytes = (SIZE_T)1 << 50;

    CHECK_EQ(KeTryCall(raise_on_failure, &Bytes), STATUS_INSUFFICIENT_RESOURCES);
}

KILN_TEST_ONCE(mm_pool, cache_aligned_blocks_are_aligned_and_free)
{
    PVOID Blocks[40];

    for (ULONG i = 0; i < 40; i++) {
        Blocks[i] = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_CACHE_ALIGNED, i * 110 + 1, TAG);
        CHECK(Blocks[i] != NULL);
        CHECK_EQ((ULONG_PTR)Blocks[i] % 64, 0);
    }
    for (ULONG i = 0; i < 40; i++)
        ExFreePoolWithTag(Blocks[i], TAG);
}

KILN_TEST_ONCE(mm_pool, pool3_takes_extended_parameters)
{
    POOL_EXTENDED_PARAMETER Parameters[2] = {0};
    PVOID Block;

    Parameters[0].Type = PoolExtendedParameterPriority;
    Parameters[0].Priority = HighPoolPriority;
    Parameters[1].Type = PoolExtendedParameterNumaNode;
    Parameters[1].PreferredNode = 0;
    Block = ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, TAG, Parameters, 2);
    CHECK(Block != NULL);
    ExFreePool2(Block, TAG, NULL, 0);
    Parameters[1].PreferredNode = 7;
    CHECK_EQ(ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, TAG, Parameters, 2), NULL);
    Parameters[1].Optional = 1;
    Block = ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, TAG, Parameters, 2);
    CHECK(Block != NULL);
    ExFreePool(Block);
    Parameters[1].Type = 99;
    Parameters[1].Optional = 0;
    CHECK_EQ(ExAllocatePool3(POOL_FLAG_NON_PAGED, 100, TAG, Parameters, 2), NULL);
}

KILN_TEST_ONCE(mm_pool, quota_is_charged_and_returned)
{
    BOOLEAN Charged;
    PVOID Block = ExAllocatePoolWithQuotaTag(PagedPool, 100, TAG);

    CHECK(Block != NULL);
    CHECK_EQ(ExQueryPoolBlockSize(Block, &Charged), 100);
    CHECK(Charged);
    RtlFillMemory(Block, 100, 0x77);
    ExFreePoolWithTag(Block, TAG);
    Block = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_USE_QUOTA, 2 * PAGE_SIZE, TAG);
    CHECK(Block != NULL);
    ExQueryPoolBlockSize(Block, &Charged);
    CHECK(!Charged);
    ExFreePoolWithTag(Block, TAG);
}

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

KILN_TEST_ONCE(mm_pool, tags_are_accounted_by_type)
{
    const ULONG Tag = 0x31636341; /* "Acc1" */
    PVOID A = ExAllocatePoolWithTag(NonPagedPoolNx, 100, Tag);
    PVOID B = ExAllocatePoolWithTag(PagedPool, 10000, Tag);
    MI_POOL_TAG Account = account(Tag);

    CHECK_EQ(Account.Allocations[0], 1);
    CHECK_EQ(Account.Allocations[1], 1);
    CHECK_EQ(Account.Bytes[0], 100);
    CHECK_EQ(Account.Bytes[1], 10000);
    ExFreePoolWithTag(A, Tag);
    ExFreePoolWithTag(B, Tag);
    Account = account(Tag);
    CHECK_EQ(Account.Frees[0], 1);
    CHECK_EQ(Account.Frees[1], 1);
    CHECK_EQ(Account.Bytes[0] + Account.Bytes[1], 0);
}

KILN_TEST_ONCE(mm_pool, the_walk_finds_blocks_with_size_tag_and_caller)
{
    static const SIZE_T Sizes[6] = {24, 3000, 5000, 4096, 16, 40};
    const ULONG Tag = 0x6B6C6157; /* "Walk" */
    PVOID Blocks[6] = {
        ExAllocatePoolWithTag(NonPagedPoolNx, 24, Tag), ExAllocatePoolWithTag(PagedPool, 3000, Tag),
        ExAllocatePoolWithTag(NonPagedPool, 5000, Tag), ExAllocatePoolWithTag(NonPagedPoolNx, 4096, Tag),
        ExAllocatePoolWithTag(PagedPool, 16, Tag),      ExAllocatePoolWithTag(NonPagedPool, 40, Tag),
    };
    MI_POOL_BLOCK Block;
    ULONG64 Cursor = 0;
    ULONG Found = 0;

    while (MiEnumeratePool(&Cursor, &Block)) {
        if (Block.Tag != Tag)
            continue;
        Found++;
        CHECK(Block.Caller != NULL);
        for (ULONG i = 0; i < 6; i++)
            if (Block.Va == Blocks[i])
                CHECK_EQ(Block.Bytes, Sizes[i]);
    }
    CHECK_EQ(Found, 6);
    for (ULONG i = 0; i < 6; i++)
        ExFreePoolWithTag(Blocks[i], Tag);
    Cursor = 0;
    while (MiEnumeratePool(&Cursor, &Block))
        CHECK(Block.Tag != Tag);
}

KILN_TEST_ONCE(mm_pool, addresses_in_pool_are_classified)
{
    UCHAR *Block = ExAllocatePoolWithTag(NonPagedPoolNx, 200, TAG);
    MI_ADDRESS Info;

    CHECK_EQ(MiClassifyAddress(Block + 150, &Info), MiAddressPool);
    CHECK_EQ(Info.Begin, Block);
    CHECK_EQ(Info.Bytes, 200);
    CHECK_EQ(Info.Tag, TAG);
    ExFreePoolWithTag(Block, TAG);
    CHECK_EQ(MiClassifyAddress(Block + 150, &Info), MiAddressPoolFree);
}

KILN_TEST_ONCE(mm_pool, executable_pool_can_be_executed)
{
    static const UCHAR Code[] = {0xB8, 0x2A, 0, 0, 0, 0xC3}; /* mov eax, 42; ret */
    SIZE_T Sizes[] = {64, 3 * PAGE_SIZE};

    for (ULONG i = 0; i < 2; i++) {
        PVOID Block = ExAllocatePool2(POOL_FLAG_NON_PAGED_EXECUTE, Sizes[i], TAG);
        CHECK(Block != NULL);
        RtlCopyMemory(Block, Code, sizeof(Code));
        CHECK_EQ(((int (*)(void))Block)(), 42);
        ExFreePoolWithTag(Block, TAG);
    }
}

KILN_TEST(mm_pool, allocating_at_dispatch_level_works_for_nonpaged)
{
    KIRQL Irql;

    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    PVOID Small = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    PVOID Large = ExAllocatePoolWithTag(NonPagedPoolNx, 64000, TAG);
    CHECK(Small != NULL && Large != NULL);
    ExFreePoolWithTag(Small, TAG);
    ExFreePoolWithTag(Large, TAG);
    KeLowerIrql(Irql);
}

KILN_TEST_ONCE(mm_pool, exhaustion_gives_null_and_recovers)
{
    PVOID First = NULL, Block;
    ULONG Count = 0;

    while ((Block = ExAllocatePoolWithTag(NonPagedPoolNx, 1 << 20, TAG)) != NULL) {
        *(PVOID *)Block = First;
        First = Block;
        Count++;
    }
    CHECK(Count > 10);
    while (First) {
        Block = First;
        First = *(PVOID *)First;
        ExFreePoolWithTag(Block, TAG);
    }
    Block = ExAllocatePoolWithTag(NonPagedPoolNx, 1 << 20, TAG);
    CHECK(Block != NULL);
    ExFreePoolWithTag(Block, TAG);
}

typedef struct {
    KSEMAPHORE Done;
    ULONG Seed;
} STRESS;

static void NTAPI stress(PVOID Context)
{
    STRESS *Stress = Context;
    ULONG Random = (ULONG)InterlockedIncrement((LONG *)&Stress->Seed) * 2654435761u;
    UCHAR *Blocks[64] = {0};
    SIZE_T Sizes[64];

    for (ULONG Step = 0; Step < 3000; Step++) {
        Random = Random * 1664525 + 1013904223;
        ULONG Slot = Random >> 26;
        if (Blocks[Slot]) {
            CHECK_EQ(Blocks[Slot][0], (UCHAR)Slot);
            CHECK_EQ(Blocks[Slot][Sizes[Slot] - 1], (UCHAR)Slot);
            ExFreePoolWithTag(Blocks[Slot], TAG);
            Blocks[Slot] = NULL;
        } else {
            Sizes[Slot] = (Random >> 10) % 1200 + 1;
            Blocks[Slot] = ExAllocatePoolWithTag(Random & 1 ? NonPagedPoolNx : PagedPool, Sizes[Slot], TAG);
            Blocks[Slot][0] = Blocks[Slot][Sizes[Slot] - 1] = (UCHAR)Slot;
        }
    }
    for (ULONG i = 0; i < 64; i++)
        if (Blocks[i])
            ExFreePoolWithTag(Blocks[i], TAG);
    KeReleaseSemaphore(&Stress->Done, 0, 1, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(mm_pool, threads_on_several_processors_do_not_disturb_each_other)
{
    STRESS Stress = {.Seed = 1};
    HANDLE Handle;

    KeInitializeSemaphore(&Stress.Done, 0, 100);
    for (ULONG i = 0; i < 4; i++) {
        CHECK_EQ(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, stress, &Stress),
                 STATUS_SUCCESS);
        ZwClose(Handle);
    }
    for (ULONG i = 0; i < 4; i++)
        KeWaitForSingleObject(&Stress.Done, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST_BUGCHECK(mm_pool, double_free_is_bad_pool_caller, BAD_POOL_CALLER)
{
    PVOID Block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);

    ExFreePoolWithTag(Block, TAG);
    ExFreePoolWithTag(Block, TAG);
}

KILN_TEST_BUGCHECK(mm_pool, double_free_of_pages_is_bad_pool_caller, BAD_POOL_CALLER)
{
    PVOID Block = ExAllocatePoolWithTag(NonPagedPoolNx, 3 * PAGE_SIZE, TAG);

    ExFreePoolWithTag(Block, TAG);
    ExFreePoolWithTag(Block, TAG);
}

KILN_TEST_BUGCHECK(mm_pool, freeing_inside_a_block_is_bad_pool_caller, BAD_POOL_CALLER)
{
    UCHAR *Block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);

    ExFreePoolWithTag(Block + 16, TAG);
}

KILN_TEST_BUGCHECK(mm_pool, freeing_with_another_tag_is_bad_pool_caller, BAD_POOL_CALLER)
{
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG), TAG + 1);
}

KILN_TEST_BUGCHECK(mm_pool, freeing_null_is_bad_pool_caller, BAD_POOL_CALLER)
{
    ExFreePool(NULL);
}

KILN_TEST_BUGCHECK(mm_pool, freeing_a_stack_address_is_bad_pool_caller, BAD_POOL_CALLER)
{
    ULONG64 Local[4];

    ExFreePool(Local);
}

KILN_TEST_BUGCHECK(mm_pool, a_damaged_header_is_bad_pool_header, BAD_POOL_HEADER)
{
    ULONG64 *Block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);

    Block[-1] ^= 0x10;
    ExFreePoolWithTag(Block, TAG);
}

KILN_TEST_BUGCHECK(mm_pool, paged_pool_at_dispatch_level_is_bad_pool_caller, BAD_POOL_CALLER)
{
    KIRQL Irql;

    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    ExAllocatePoolWithTag(PagedPool, 64, TAG);
}

KILN_TEST_BUGCHECK(mm_pool, tag_zero_is_bad_pool_caller, BAD_POOL_CALLER)
{
    ExAllocatePoolWithTag(NonPagedPoolNx, 64, 0);
}

KILN_TEST_BUGCHECK(mm_pool, must_succeed_pool_is_bad_pool_caller, BAD_POOL_CALLER)
{
    ExAllocatePoolWithTag(NonPagedPoolMustSucceed, 64, TAG);
}

/* What the checked machine finds besides. */

KILN_TEST_DEFINE(mm_pool, an_overrun_is_found_when_the_block_is_freed, .sim_only = 1, .expect_bugcheck = 1,
                 .bugcheck = BAD_POOL_HEADER)
{
    UCHAR *Block = ExAllocatePoolWithTag(NonPagedPoolNx, 61, TAG);

    Block[61] = 0;
    ExFreePoolWithTag(Block, TAG);
}

KILN_TEST_DEFINE(mm_pool, an_overrun_of_pages_is_found_when_they_are_freed, .sim_only = 1,
                 .expect_bugcheck = 1, .bugcheck = BAD_POOL_HEADER)
{
    UCHAR *Block = ExAllocatePoolWithTag(PagedPool, 5000, TAG);

    Block[5000] = 0;
    ExFreePoolWithTag(Block, TAG);
}

KILN_TEST_DEFINE(mm_pool, an_overrun_into_the_next_block_is_found, .sim_only = 1, .expect_bugcheck = 1,
                 .bugcheck = BAD_POOL_HEADER)
{
    UCHAR *Blocks[8];

    /* Whole blocks of one class lie side by side in a page: at least one of eight has a neighbour behind it.
     */
    for (ULONG i = 0; i < 8; i++)
        Blocks[i] = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    for (ULONG i = 0; i < 8; i++)
        RtlFillMemory(Blocks[i] + 64, 16, 0xFF);
    for (ULONG i = 0; i < 8; i++)
        ExFreePoolWithTag(Blocks[i], TAG);
}

KILN_TEST_DEFINE(mm_pool, a_tag_nobody_can_read_is_refused, .sim_only = 1, .expect_bugcheck = 1,
                 .bugcheck = BAD_POOL_CALLER)
{
    ExAllocatePoolWithTag(NonPagedPoolNx, 64, 0x2A2A2A2A); /* "****" */
}

/*
 * The same without rule checks: on the live host, allocations then take the fast paths. The checks stay off:
 * a block that was allocated without them has no slack pattern that a free with them could verify.
 */
extern BOOLEAN MiChecked;

KILN_TEST(mm_poolfast, blocks_are_zeroed_and_do_not_overlap)
{
    UCHAR *Blocks[300];

    MiChecked = FALSE;
    for (int round = 0; round < 3; round++) {
        for (ULONG i = 0; i < 300; i++) {
            SIZE_T Bytes = (i * 53) % 1500 + 1;
            Blocks[i] = ExAllocatePool2(i % 3 ? POOL_FLAG_NON_PAGED : POOL_FLAG_PAGED, Bytes, TAG);
            CHECK(is_zero(Blocks[i], Bytes));
            RtlFillMemory(Blocks[i], Bytes, (UCHAR)(i + 1));
        }
        for (ULONG i = 0; i < 300; i++) {
            SIZE_T Bytes = (i * 53) % 1500 + 1;
            CHECK_EQ(Blocks[i][0], (UCHAR)(i + 1));
            CHECK_EQ(Blocks[i][Bytes - 1], (UCHAR)(i + 1));
            if (i % 2)
                ExFreePool(Blocks[i]);
            else
                ExFreePoolWithTag(Blocks[i], TAG);
        }
    }
    MI_POOL_TAG Account = account(TAG);
    CHECK_EQ(Account.Allocations[0] + Account.Allocations[1], 900);
    CHECK_EQ(Account.Frees[0] + Account.Frees[1], 900);
    CHECK_EQ(Account.Bytes[0] + Account.Bytes[1], 0);
}

KILN_TEST(mm_poolfast, threads_on_several_processors_do_not_disturb_each_other)
{
    STRESS Stress = {.Seed = 7};
    HANDLE Handle;

    MiChecked = FALSE;
    KeInitializeSemaphore(&Stress.Done, 0, 100);
    for (ULONG i = 0; i < 4; i++) {
        CHECK_EQ(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, stress, &Stress),
                 STATUS_SUCCESS);
        ZwClose(Handle);
    }
    for (ULONG i = 0; i < 4; i++)
        KeWaitForSingleObject(&Stress.Done, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST_BUGCHECK(mm_poolfast, double_free_is_bad_pool_caller, BAD_POOL_CALLER)
{
    PVOID Block;

    MiChecked = FALSE;
    for (int i = 0; i < 2; i++) {
        Block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
        ExFreePoolWithTag(Block, TAG);
    }
    ExFreePoolWithTag(Block, TAG);
}

KILN_TEST_BUGCHECK(mm_poolfast, freeing_inside_a_block_is_bad_pool_caller, BAD_POOL_CALLER)
{
    MiChecked = FALSE;
    ExFreePool((UCHAR *)ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG) + 16);
}

KILN_TEST_BUGCHECK(mm_poolfast, freeing_with_another_tag_is_bad_pool_caller, BAD_POOL_CALLER)
{
    MiChecked = FALSE;
    ExFreePoolWithTag(ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG), TAG + 1);
}

KILN_TEST_BUGCHECK(mm_poolfast, freeing_a_misaligned_address_is_bad_pool_caller, BAD_POOL_CALLER)
{
    MiChecked = FALSE;
    ExFreePool((UCHAR *)ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG) + 5);
}

KILN_TEST_BUGCHECK(mm_poolfast, freeing_above_dispatch_level_is_bad_pool_caller, BAD_POOL_CALLER)
{
    PVOID Block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);
    KIRQL Irql;

    MiChecked = FALSE;
    KeRaiseIrql(HIGH_LEVEL, &Irql);
    ExFreePool(Block);
}

KILN_TEST_BUGCHECK(mm_poolfast, paged_pool_at_dispatch_level_is_bad_pool_caller, BAD_POOL_CALLER)
{
    KIRQL Irql;

    MiChecked = FALSE;
    ExFreePool(ExAllocatePoolWithTag(PagedPool, 64, TAG));
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    ExAllocatePoolWithTag(PagedPool, 64, TAG);
}

KILN_TEST_BUGCHECK(mm_poolfast, a_damaged_header_is_bad_pool_header, BAD_POOL_HEADER)
{
    MiChecked = FALSE;
    ULONG64 *Block = ExAllocatePoolWithTag(NonPagedPoolNx, 64, TAG);

    Block[-1] ^= 0x10;
    ExFreePoolWithTag(Block, TAG);
}
