/* SPDX-License-Identifier: MIT */
/* Special pool: guard pages beside blocks of chosen tags. */
#include <ntifs.h>
#include "harness.h"
#include "mi.h"

#define TAG   'txpS' /* "Spxt" in memory: the machines of these tests have it special */
#define OTHER 'txpO'

#define SPECIAL(Name)            KILN_TEST_DEFINE(mm_special, Name, .special_pool = "Abcd,Spxt")
#define SPECIAL_BUGCHECK(Name, Code, Tags)                                                                             \
    KILN_TEST_DEFINE(mm_special, Name, .special_pool = (Tags), .expect_bugcheck = 1, .bugcheck = (Code))

static volatile UCHAR *block(SIZE_T Bytes)
{
    volatile UCHAR *Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, Bytes, TAG);
    CHECK(Block != NULL);
    CHECK_EQ((ULONG_PTR)Block & 15, 0);
    for (SIZE_T I = 0; I < Bytes; I++)
        CHECK_EQ(Block[I], 0);
    return Block;
}

SPECIAL(blocks_work_as_any_pool)
{
    for (ULONG Bytes = 1; Bytes <= PAGE_SIZE; Bytes = Bytes * 3 + 1) {
        volatile UCHAR *Block = block(Bytes);
        Block[0] = Block[Bytes - 1] = 7;
        CHECK_EQ(MiQueryPoolBlockSize((PVOID)Block), Bytes);
        ExFreePoolWithTag((PVOID)Block, TAG);
    }
    PVOID Pages = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, TAG);
    CHECK_EQ((ULONG_PTR)Pages & (PAGE_SIZE - 1), 0);
    ExFreePool(Pages);
}

SPECIAL(only_chosen_tags_have_it)
{
    MI_ADDRESS Address;
    PUCHAR First = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, OTHER), Second = ExAllocatePool2(POOL_FLAG_NON_PAGED, 32, OTHER);
    CHECK_EQ((ULONG_PTR)PAGE_ALIGN(First), (ULONG_PTR)PAGE_ALIGN(Second));
    volatile UCHAR *Block = block(32);
    CHECK_EQ((ULONG_PTR)Block + 32, (ULONG_PTR)PAGE_ALIGN((PVOID)Block) + PAGE_SIZE);
    CHECK_EQ(MiClassifyAddress((PVOID)(Block + 4), &Address), MiAddressPool);
    CHECK_EQ(Address.Begin, (PVOID)Block);
    CHECK_EQ(Address.Tag, TAG);
    CHECK(!MmIsAddressValid((PVOID)(Block + 32)));
}

SPECIAL(they_are_counted_and_walked)
{
    MI_POOL_BLOCK Walked;
    ULONG64 Cursor = 0;
    ULONG Found = 0, At = 0;
    MI_POOL_TAG Account;
    volatile UCHAR *Blocks[3] = {block(10), block(20), block(30)};
    ExFreePool((PVOID)Blocks[1]);
    while (MiEnumeratePool(&Cursor, &Walked))
        if (Walked.Tag == TAG) {
            CHECK(Walked.Va == Blocks[0] || Walked.Va == Blocks[2]);
            Found++;
        }
    CHECK_EQ(Found, 2);
    while (MiEnumeratePoolTags(&At, &Account))
        if (Account.Tag == TAG) {
            CHECK_EQ(Account.Allocations[0], 3);
            CHECK_EQ(Account.Frees[0], 1);
            CHECK_EQ(Account.Bytes[0], 40);
        }
}

SPECIAL(many_blocks_come_and_go)
{
    for (ULONG I = 0; I < 700; I++) {
        volatile UCHAR *Block = block(100 + I);
        ExFreePoolWithTag((PVOID)Block, TAG);
    }
}

SPECIAL_BUGCHECK(a_read_beyond_the_end, PAGE_FAULT_BEYOND_END_OF_ALLOCATION, "Spxt")
{
    block(32)[32];
}

SPECIAL_BUGCHECK(a_write_beyond_the_end, PAGE_FAULT_BEYOND_END_OF_ALLOCATION, "all")
{
    block(64)[64] = 1;
}

SPECIAL_BUGCHECK(a_read_before_the_beginning, PAGE_FAULT_BEYOND_END_OF_ALLOCATION, "under:Spxt")
{
    block(32)[-1];
}

SPECIAL_BUGCHECK(a_use_after_the_free, PAGE_FAULT_IN_FREED_SPECIAL_POOL, "Spxt")
{
    volatile UCHAR *Block = block(32);
    ExFreePool((PVOID)Block);
    Block[0] = 1;
}

SPECIAL_BUGCHECK(a_use_at_raised_irql, PAGE_FAULT_IN_FREED_SPECIAL_POOL, "Spxt")
{
    KIRQL Irql;
    volatile UCHAR *Block = block(32);
    ExFreePool((PVOID)Block);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    Block[0] = 1;
}

SPECIAL_BUGCHECK(bytes_of_the_page_that_are_not_the_blocks, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, "Spxt")
{
    volatile UCHAR *Block = block(30);
    Block[30] = 1; /* behind the block, before the alignment's end */
    ExFreePool((PVOID)Block);
}

SPECIAL_BUGCHECK(an_underrun_in_the_page, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, "Spxt")
{
    volatile UCHAR *Block = block(32);
    Block[-1] = 1;
    ExFreePool((PVOID)Block);
}

SPECIAL_BUGCHECK(a_free_of_another_address, SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, "Spxt")
{
    ExFreePool((PVOID)(block(32) + 16));
}

SPECIAL_BUGCHECK(a_second_free, BAD_POOL_CALLER, "Spxt")
{
    volatile UCHAR *Block = block(32);
    ExFreePool((PVOID)Block);
    ExFreePool((PVOID)Block);
}
