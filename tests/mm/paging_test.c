/* SPDX-License-Identifier: MIT */
/*
 * Paging of system memory: what goes out, what must not, how it comes back, and what happens to a driver that touches it
 * where it cannot. Sections: MmLockPagableDataSection and its kin.
 */
#include "../exc/exc_driver.h"
#include "mi.h"

typedef ULONG NTAPI PAGER(ULONG_PTR, ULONG_PTR, ULONG_PTR);

static PKLDR_MODULE module;

/* An export of the driver; the test has nothing to say if the driver was not built. */
static PVOID export(const char *Name)
{
    if (!module)
        module = exc_load("mm_pager.sys");
    return module ? (PVOID)(ULONG_PTR)exc_function(module, Name) : NULL;
}

static SIZE_T out(void)
{
    MI_PAGING Paging;
    MiQueryPaging(&Paging);
    return Paging.Out;
}

static void page_out_all(void)
{
    MiTrimPages(TRUE);
}

static PUCHAR paged_block(SIZE_T Bytes)
{
    PUCHAR Block = ExAllocatePool2(POOL_FLAG_PAGED, Bytes, 'gpTM');
    CHECK(Block != NULL);
    Block[0] = 11;
    Block[Bytes - 1] = 12;
    return Block;
}

/* ---------------------------------------------------------------- pool */

KILN_TEST_PAGING(mm_paging, paged_pool_goes_out_and_comes_back_with_its_content)
{
    PUCHAR Small = paged_block(100), Large = paged_block(5 * PAGE_SIZE);
    page_out_all();
    CHECK(!MmIsAddressValid(Small));
    CHECK(!MmIsAddressValid(Large));
    CHECK(!MmIsAddressValid(Large + 4 * PAGE_SIZE));
    CHECK_EQ(Small[99], 12);
    CHECK(MmIsAddressValid(Small));
    CHECK_EQ(Large[5 * PAGE_SIZE - 1], 12);
    CHECK(!MmIsAddressValid(Large));
    CHECK_EQ(Large[0], 11);
    Large[0] = 13;
    page_out_all();
    CHECK_EQ(Large[0], 13);
    ExFreePool(Small);
    ExFreePool(Large);
}

KILN_TEST_PAGING(mm_paging, nonpaged_memory_stays)
{
    PUCHAR Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'gpTM');
    PUCHAR Pages = ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * PAGE_SIZE, 'gpTM');
    page_out_all();
    CHECK(MmIsAddressValid(Block));
    CHECK(MmIsAddressValid(Pages));
    ExFreePool(Block);
    ExFreePool(Pages);
}

KILN_TEST_PAGING(mm_paging, pool_that_is_out_can_be_freed_and_its_pages_used_for_anything)
{
    PUCHAR Blocks[64];
    KIRQL Irql;
    for (ULONG Round = 0; Round < 3; Round++) {
        for (ULONG I = 0; I < 64; I++)
            Blocks[I] = paged_block(I % 3 ? 1000 : PAGE_SIZE);
        page_out_all();
        for (ULONG I = 0; I < 64; I++)
            ExFreePoolWithTag(Blocks[I], 'gpTM');
        page_out_all();
        for (ULONG I = 0; I < 64; I++)
            Blocks[I] = ExAllocatePool2(POOL_FLAG_NON_PAGED, I % 3 ? 1000 : PAGE_SIZE, 'gpTM');
        page_out_all();
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
        for (ULONG I = 0; I < 64; I++)
            CHECK_EQ(*(volatile UCHAR *)Blocks[I], 0);
        KeLowerIrql(Irql);
        for (ULONG I = 0; I < 64; I++)
            ExFreePool(Blocks[I]);
    }
}

KILN_TEST_PAGING(mm_paging, locked_pages_stay_until_they_are_unlocked)
{
    PUCHAR Block = paged_block(2 * PAGE_SIZE);
    PMDL Mdl = IoAllocateMdl(Block, PAGE_SIZE, FALSE, FALSE, NULL);
    page_out_all();
    MmProbeAndLockPages(Mdl, KernelMode, IoModifyAccess); /* brings them in */
    CHECK(MmIsAddressValid(Block));
    page_out_all();
    CHECK(MmIsAddressValid(Block));
    CHECK(!MmIsAddressValid(Block + PAGE_SIZE));
    KIRQL Irql;
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    CHECK_EQ(*(volatile UCHAR *)Block, 11);
    KeLowerIrql(Irql);
    MmUnlockPages(Mdl);
    page_out_all();
    CHECK(!MmIsAddressValid(Block));
    IoFreeMdl(Mdl);
    ExFreePool(Block);
}

static VOID NTAPI toucher(PVOID Context)
{
    PUCHAR *Blocks = Context;
    for (ULONG Round = 0; Round < 20; Round++)
        for (ULONG I = 0; I < 8; I++) {
            CHECK_EQ(*(volatile UCHAR *)Blocks[I], 11);
            PVOID Mine = ExAllocatePool2(POOL_FLAG_PAGED, 50 + 100 * I, 'gpTM');
            if (I == Round % 8)
                MiTrimPages(FALSE);
            ExFreePool(Mine);
        }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST_PAGING(mm_paging, threads_allocate_touch_and_free_while_pages_go_out)
{
    PUCHAR Blocks[8];
    HANDLE Threads[3];
    for (ULONG I = 0; I < 8; I++)
        Blocks[I] = paged_block(200 + I * 600);
    for (ULONG I = 0; I < 3; I++)
        CHECK_EQ(PsCreateSystemThread(&Threads[I], THREAD_ALL_ACCESS, NULL, NULL, NULL, toucher, Blocks),
                 STATUS_SUCCESS);
    for (ULONG I = 0; I < 3; I++)
        CHECK_EQ(ZwWaitForSingleObject(Threads[I], FALSE, NULL), STATUS_SUCCESS);
    for (ULONG I = 0; I < 8; I++)
        ExFreePool(Blocks[I]);
}

KILN_TEST_PAGING(mm_paging, what_went_out_and_came_in_is_counted)
{
    MI_PAGING Before, After;
    PUCHAR Block = paged_block(3 * PAGE_SIZE);
    page_out_all();
    MiQueryPaging(&Before);
    CHECK(Before.On);
    CHECK_EQ(Before.Out, Before.Pageable);
    CHECK_EQ(Before.WentOut - Before.CameIn, Before.Out);
    CHECK_EQ(Block[0], 11);
    MiQueryPaging(&After);
    CHECK_EQ(After.Out, Before.Out - 1);
    CHECK_EQ(After.CameIn, Before.CameIn + 1);
    ExFreePool(Block);
}

KILN_TEST_ONCE(mm_paging, without_the_switch_nothing_goes_out)
{
    PUCHAR Block = paged_block(100);
    CHECK_EQ(MiTrimPages(TRUE), 0);
    CHECK(MmIsAddressValid(Block));
    ExFreePool(Block);
}

/* ---------------------------------------------------------------- sections */

KILN_TEST_PAGING(mm_paging, pageable_code_goes_out_and_comes_back_when_it_is_called)
{
    PAGER *Paged = export("paged_code"), *Plain = export("unpaged_code");
    if (!Paged)
        return;
    page_out_all();
    CHECK(!MmIsAddressValid(Paged));
    CHECK(MmIsAddressValid(Plain));
    CHECK_EQ(Paged(4, 0, 0), 13);
    CHECK(MmIsAddressValid(Paged));
}

KILN_TEST_PAGING(mm_paging, pageable_data_goes_out_and_comes_back_writable)
{
    volatile ULONG *Data = export("paged_data");
    if (!Data)
        return;
    page_out_all();
    CHECK(!MmIsAddressValid((PVOID)Data));
    Data[1] = 60;
    CHECK_EQ(Data[0] + Data[1] + Data[2], 72);
}

KILN_TEST_PAGING(mm_paging, exceptions_are_dispatched_through_code_that_is_out)
{
    PAGER *Catches = export("catches_in_paged_code");
    if (!Catches)
        return;
    page_out_all();
    CHECK_EQ(Catches(8, 0, 0), (ULONG)STATUS_ACCESS_VIOLATION);
}

KILN_TEST_PAGING(mm_paging, a_section_stays_until_it_was_unlocked_as_often_as_locked)
{
    PAGER *Paged = export("paged_code"), *Other = export("other_paged_code");
    if (!Paged)
        return;
    page_out_all();
    PVOID Handle = MmLockPagableCodeSection((PVOID)Paged);
    CHECK(MmIsAddressValid(Paged)); /* brought in */
    MmLockPagableSectionByHandle(Handle);
    page_out_all();
    CHECK(MmIsAddressValid(Paged));
    CHECK(!MmIsAddressValid(Other)); /* another section */
    MmUnlockPagableImageSection(Handle);
    page_out_all();
    CHECK(MmIsAddressValid(Paged));
    MmUnlockPagableImageSection(Handle);
    page_out_all();
    CHECK(!MmIsAddressValid(Paged));
    MmLockPagableSectionByHandle(Handle); /* a handle is valid whatever the count */
    CHECK(MmIsAddressValid(Paged));
    MmUnlockPagableImageSection(Handle);
}

KILN_TEST_PAGING(mm_paging, a_locked_section_may_be_used_at_dispatch_level)
{
    PAGER *Call = export("call_paged_at_dispatch");
    PVOID Paged = export("paged_code");
    if (!Call)
        return;
    PVOID Handle = MmLockPagableDataSection(Paged);
    for (ULONG I = 0; I < 50; I++)
        CHECK_EQ(Call(I, 0, 0), 3 * I + 1);
    MmUnlockPagableImageSection(Handle);
}

KILN_TEST_BUGCHECK(mm_paging, an_unlock_too_many_bugchecks, MEMORY_MANAGEMENT)
{
    PVOID Paged = export("paged_code");
    if (!Paged)
        KeBugCheck(MEMORY_MANAGEMENT);
    PVOID Handle = MmLockPagableCodeSection(Paged);
    MmUnlockPagableImageSection(Handle);
    MmUnlockPagableImageSection(Handle);
}

KILN_TEST_PAGING(mm_paging, an_entire_driver_can_be_made_pageable_and_reset)
{
    PAGER *Plain = export("unpaged_code"), *Paged = export("paged_code");
    volatile ULONG *Data = export("plain_data");
    if (!Plain)
        return;
    MmResetDriverPaging((PVOID)Plain); /* nothing was overridden */
    CHECK_EQ((ULONG_PTR)MmPageEntireDriver((PVOID)Plain), (ULONG_PTR)module->Image.mapped);
    page_out_all();
    CHECK(!MmIsAddressValid(Plain));
    CHECK(!MmIsAddressValid((PVOID)Data));
    CHECK_EQ(Plain(1, 0, 0), 10);
    CHECK_EQ(*Data, 8);
    page_out_all();
    MmResetDriverPaging((PVOID)Plain);
    CHECK(MmIsAddressValid(Plain));
    page_out_all();
    CHECK(MmIsAddressValid(Plain));
    CHECK(MmIsAddressValid((PVOID)Data));
    CHECK(!MmIsAddressValid(Paged));
}

KILN_TEST_PAGING(mm_paging, an_image_that_goes_leaves_nothing_out)
{
    PAGER *Paged = export("paged_code");
    SIZE_T Before;
    if (!Paged)
        return;
    MmPageEntireDriver((PVOID)Paged);
    page_out_all();
    Before = out();
    CHECK_EQ((ULONG)LdrpUnloadImage(module), STATUS_SUCCESS);
    CHECK(out() < Before);
    module = NULL;
    Paged = export("paged_code");
    CHECK_EQ(Paged(2, 0, 0), 7);
}

KILN_TEST_ONCE(mm_paging, a_data_section_can_be_protected_once)
{
    volatile ULONG *Data = export("plain_data");
    PVOID Code = export("unpaged_code");
    if (!Code)
        return;
    CHECK_EQ(MmProtectDriverSection((PVOID)Data, 1, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(MmProtectDriverSection((PVOID)Data, 0, 2), STATUS_INVALID_PARAMETER);
    CHECK_EQ(MmProtectDriverSection(Code, 0, 0), STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(MmProtectDriverSection((PVOID)Data, 0, MM_PROTECT_DRIVER_SECTION_ALLOW_UNLOAD), STATUS_SUCCESS);
    CHECK_EQ(MmProtectDriverSection((PVOID)Data, 0, 0), STATUS_ALREADY_COMMITTED);
    CHECK_EQ(*Data, 8);
    CHECK_EQ((ULONG)LdrpUnloadImage(module), STATUS_SUCCESS);
}

KILN_TEST_BUGCHECK(mm_paging, a_protected_section_cannot_be_written, ATTEMPTED_WRITE_TO_READONLY_MEMORY)
{
    volatile ULONG *Data = export("plain_data");
    if (!Data)
        KeBugCheck(ATTEMPTED_WRITE_TO_READONLY_MEMORY);
    CHECK_EQ(MmProtectDriverSection((PVOID)Data, 0, 0), STATUS_SUCCESS);
    *Data = 1;
}

/* ---------------------------------------------------------------- at raised IRQL */

KILN_TEST_PAGING_BUGCHECK(mm_paging, a_driver_that_touches_paged_pool_at_dispatch_level, DRIVER_IRQL_NOT_LESS_OR_EQUAL)
{
    PAGER *Read = export("read_at_dispatch");
    if (!Read)
        KeBugCheck(DRIVER_IRQL_NOT_LESS_OR_EQUAL);
    PUCHAR Block = paged_block(100);
    page_out_all();
    Read((ULONG_PTR)Block, 0, 0);
}

KILN_TEST_PAGING_BUGCHECK(mm_paging, a_driver_that_runs_pageable_code_at_dispatch_level, DRIVER_IRQL_NOT_LESS_OR_EQUAL)
{
    PAGER *Call = export("call_paged_at_dispatch");
    if (!Call)
        KeBugCheck(DRIVER_IRQL_NOT_LESS_OR_EQUAL);
    page_out_all();
    Call(1, 0, 0);
}

KILN_TEST_PAGING_BUGCHECK(mm_paging, a_kernel_routine_given_paged_pool_at_dispatch_level, IRQL_NOT_LESS_OR_EQUAL)
{
    KIRQL Irql;
    PUCHAR Block = paged_block(100), Other = paged_block(100);
    page_out_all();
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    CHECK_EQ(RtlCompareMemory(Block, Other, 100), 100);
}

KILN_TEST_PAGING_BUGCHECK(mm_paging, locking_pageable_pages_at_dispatch_level, IRQL_NOT_LESS_OR_EQUAL)
{
    KIRQL Irql;
    PUCHAR Block = paged_block(100);
    PMDL Mdl = IoAllocateMdl(Block, 100, FALSE, FALSE, NULL);
    page_out_all();
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    MmProbeAndLockPages(Mdl, KernelMode, IoReadAccess);
}

/* Whatever the seed, pages soon go out where a driver acquires a spin lock, though it touched them just before. */
KILN_TEST_PAGING_BUGCHECK(mm_paging, memory_goes_out_when_a_driver_takes_a_spin_lock, DRIVER_IRQL_NOT_LESS_OR_EQUAL)
{
    PAGER *Touch = export("touch_under_lock");
    if (!Touch)
        KeBugCheck(DRIVER_IRQL_NOT_LESS_OR_EQUAL);
    Touch((ULONG_PTR)paged_block(100), 400, 0);
}
