/* SPDX-License-Identifier: MIT */
/* Memory descriptor lists: building, locking, mapping, splitting, advancing. */
#include <ntddk.h>
#include "mi.h"
#include "psp.h"
#include "trap.h"
#include "harness.h"

#define TAG 0x6C646D54U /* "Tmdl" */

static PHYSICAL_ADDRESS at(ULONG64 Address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)Address};
}

KILN_TEST_ONCE(mm_mdl, size_follows_the_pages_spanned)
{
    CHECK_EQ(MmSizeOfMdl((PVOID)0x1000, 1), sizeof(MDL) + 8);
    CHECK_EQ(MmSizeOfMdl((PVOID)0x1FFF, 2), sizeof(MDL) + 16);
    CHECK_EQ(MmSizeOfMdl((PVOID)0x1001, 0x2000), sizeof(MDL) + 24);
    CHECK_EQ(MmSizeOfMdl((PVOID)0x1000, 0), sizeof(MDL));
}

KILN_TEST(mm_mdl, nonpaged_pool_is_described_where_it_is)
{
    UCHAR *Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, 3 * PAGE_SIZE, TAG);
    PMDL Mdl = IoAllocateMdl(Buffer + 100, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    CHECK(Mdl != NULL);
    CHECK_EQ(MmGetMdlVirtualAddress(Mdl), Buffer + 100);
    CHECK_EQ(MmGetMdlByteCount(Mdl), 2 * PAGE_SIZE);
    CHECK_EQ(MmGetMdlByteOffset(Mdl), 100);
    MmBuildMdlForNonPagedPool(Mdl);
    CHECK(Mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL);
    CHECK_EQ(MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority), Buffer + 100);
    for (ULONG i = 0; i < 3; i++)
        CHECK_EQ(MmGetMdlPfnArray(Mdl)[i],
                 (ULONG64)MmGetPhysicalAddress(Buffer + i * PAGE_SIZE).QuadPart >> PAGE_SHIFT);
    IoFreeMdl(Mdl);
    ExFreePoolWithTag(Buffer, TAG);
}

KILN_TEST_ONCE(mm_mdl, secondary_mdls_go_to_the_end_of_the_irps_chain)
{
    PIRP Irp = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(IRP), TAG);
    UCHAR Buffer[64];
    PMDL First = IoAllocateMdl(Buffer, 16, FALSE, FALSE, Irp);
    PMDL Second = IoAllocateMdl(Buffer + 16, 16, TRUE, FALSE, Irp);
    PMDL Third = IoAllocateMdl(Buffer + 32, 16, TRUE, FALSE, Irp);

    CHECK_EQ(Irp->MdlAddress, First);
    CHECK_EQ(First->Next, Second);
    CHECK_EQ(Second->Next, Third);
    CHECK_EQ(Third->Next, NULL);
    IoFreeMdl(First);
    IoFreeMdl(Second);
    IoFreeMdl(Third);
    ExFreePool(Irp);
}

KILN_TEST(mm_mdl, locked_user_pages_alias_the_users_memory)
{
    PEPROCESS Process = PsGetCurrentProcess();
    UCHAR *User;

    CHECK_EQ(MiAllocateUser(Process, 3 * PAGE_SIZE, PAGE_READWRITE, (PVOID *)&User), STATUS_SUCCESS);
    PMDL Mdl = IoAllocateMdl(User + 10, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    CHECK(Mdl->MdlFlags & MDL_PAGES_LOCKED);
    CHECK(Mdl->MdlFlags & MDL_WRITE_OPERATION);
    CHECK_EQ(Mdl->Process, Process);
    UCHAR *System = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority | MdlMappingNoExecute);
    CHECK(System != NULL);
    CHECK((ULONG_PTR)System >= (ULONG_PTR)MmSystemRangeStart);
    System[0] = 0x11;
    System[2 * PAGE_SIZE - 1] = 0x22;
    CHECK_EQ(User[10], 0x11);
    CHECK_EQ(User[10 + 2 * PAGE_SIZE - 1], 0x22);
    CHECK_EQ(MmGetPhysicalAddress(User).QuadPart, MmGetPhysicalAddress(PAGE_ALIGN(System)).QuadPart);
    MmUnlockPages(Mdl);
    CHECK(!(Mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA)));
    IoFreeMdl(Mdl);
    CHECK_EQ(MiFreeUser(Process, User), STATUS_SUCCESS);
}

typedef struct {
    PMDL Mdl;
    KPROCESSOR_MODE Mode;
    LOCK_OPERATION Operation;
} LOCK_ARGUMENTS;

static void lock_pages(void *Context)
{
    LOCK_ARGUMENTS *Arguments = Context;

    MmProbeAndLockPages(Arguments->Mdl, Arguments->Mode, Arguments->Operation);
}

KILN_TEST_ONCE(mm_mdl, probing_raises_access_violation_for_what_is_not_allowed)
{
    PEPROCESS Process = PsGetCurrentProcess();
    PVOID User;

    CHECK_EQ(MiAllocateUser(Process, PAGE_SIZE, PAGE_READONLY, &User), STATUS_SUCCESS);
    PMDL Mdl = IoAllocateMdl(User, 10, FALSE, FALSE, NULL);
    CHECK_EQ(KeTryCall(lock_pages, &(LOCK_ARGUMENTS){Mdl, UserMode, IoWriteAccess}), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KeTryCall(lock_pages, &(LOCK_ARGUMENTS){Mdl, UserMode, IoModifyAccess}),
             STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KeTryCall(lock_pages, &(LOCK_ARGUMENTS){Mdl, UserMode, IoReadAccess}), STATUS_SUCCESS);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
    /* Past the end of what is committed. */
    Mdl = IoAllocateMdl((UCHAR *)User + PAGE_SIZE - 1, 2, FALSE, FALSE, NULL);
    CHECK_EQ(KeTryCall(lock_pages, &(LOCK_ARGUMENTS){Mdl, UserMode, IoReadAccess}), STATUS_ACCESS_VIOLATION);
    CHECK(!(Mdl->MdlFlags & MDL_PAGES_LOCKED));
    IoFreeMdl(Mdl);
    CHECK_EQ(MiFreeUser(Process, User), STATUS_SUCCESS);
    /* System memory is not a user's. */
    PVOID Pool = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);
    Mdl = IoAllocateMdl(Pool, 64, FALSE, FALSE, NULL);
    CHECK_EQ(KeTryCall(lock_pages, &(LOCK_ARGUMENTS){Mdl, UserMode, IoReadAccess}), STATUS_ACCESS_VIOLATION);
    IoFreeMdl(Mdl);
    ExFreePool(Pool);
}

KILN_TEST_ONCE(mm_mdl, locked_pages_survive_the_users_free)
{
    PEPROCESS Process = PsGetCurrentProcess();
    MI_MEMORY_USAGE Before, During, After;
    UCHAR *User;

    MiQueryUsage(&Before);
    CHECK_EQ(MiAllocateUser(Process, 4 * PAGE_SIZE, PAGE_READWRITE, (PVOID *)&User), STATUS_SUCCESS);
    PMDL Mdl = IoAllocateMdl(User, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    User[0] = 0x5C;
    UCHAR *System = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    CHECK_EQ(MiFreeUser(Process, User), STATUS_SUCCESS);
    MiQueryUsage(&During);
    CHECK_EQ(During.PagesByUse[MiPageUser], Before.PagesByUse[MiPageUser] + 2);
    CHECK_EQ(System[0], 0x5C);
    MmUnlockPages(Mdl);
    MiQueryUsage(&After);
    CHECK_EQ(After.PagesByUse[MiPageUser], Before.PagesByUse[MiPageUser]);
    IoFreeMdl(Mdl);
}

KILN_TEST_ONCE(mm_mdl, buffers_on_the_callers_stack_can_be_described)
{
    UCHAR Buffer[PAGE_SIZE + 100];
    PMDL Mdl = IoAllocateMdl(Buffer, sizeof(Buffer), FALSE, FALSE, NULL);

    MmProbeAndLockPages(Mdl, KernelMode, IoWriteAccess);
    UCHAR *System = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    System[0] = 1;
    System[sizeof(Buffer) - 1] = 2;
    CHECK_EQ(Buffer[0], 1);
    CHECK_EQ(Buffer[sizeof(Buffer) - 1], 2);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

/* An MDL whose frames are not consecutive: every second page of a run. */
static PMDL scattered(UCHAR **Run)
{
    *Run = ExAllocatePool2(POOL_FLAG_NON_PAGED, 8 * PAGE_SIZE, TAG);
    PMDL Mdl = IoAllocateMdl(NULL, 4 * PAGE_SIZE, FALSE, FALSE, NULL);
    for (ULONG i = 0; i < 4; i++)
        MmGetMdlPfnArray(Mdl)[i] =
            (PFN_NUMBER)(MmGetPhysicalAddress(*Run + 2 * i * PAGE_SIZE).QuadPart >> PAGE_SHIFT);
    Mdl->MdlFlags |= MDL_PAGES_LOCKED;
    return Mdl;
}

KILN_TEST(mm_mdl, scattered_frames_are_mapped_in_order)
{
    UCHAR *Run;
    PMDL Mdl = scattered(&Run);
    MI_MEMORY_USAGE Before, After;

    MiQueryUsage(&Before);
    UCHAR *Va = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    CHECK(Va != NULL);
    for (ULONG i = 0; i < 4; i++) {
        Va[i * PAGE_SIZE] = (UCHAR)(i + 1);
        CHECK_EQ(Run[2 * i * PAGE_SIZE], i + 1);
        CHECK_EQ(MmGetPhysicalAddress(Va + i * PAGE_SIZE).QuadPart,
                 MmGetPhysicalAddress(Run + 2 * i * PAGE_SIZE).QuadPart);
    }
    MmUnmapLockedPages(Va, Mdl);
    CHECK(!MmIsAddressValid(Va));
    MiQueryUsage(&After);
    CHECK_EQ(After.SystemPtesUsed, Before.SystemPtesUsed);
    CHECK_EQ(After.HostMappings, Before.HostMappings);
    Mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
    IoFreeMdl(Mdl);
    ExFreePool(Run);
}

KILN_TEST_ONCE(mm_mdl, protection_of_a_system_mapping_can_be_changed)
{
    UCHAR *Run;
    PMDL Mdl = scattered(&Run);

    CHECK_EQ(MmProtectMdlSystemAddress(Mdl, PAGE_READONLY), STATUS_NOT_MAPPED_VIEW);
    UCHAR *Va = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    CHECK_EQ(MmProtectMdlSystemAddress(Mdl, 0x1234), STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(MmProtectMdlSystemAddress(Mdl, PAGE_READONLY), STATUS_SUCCESS);
    CHECK_EQ(Va[0], Run[0]);
    CHECK_EQ(MmProtectMdlSystemAddress(Mdl, PAGE_READWRITE), STATUS_SUCCESS);
    Va[0] = 9;
    CHECK_EQ(Run[0], 9);
    MmUnmapLockedPages(Va, Mdl);
    Mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
    IoFreeMdl(Mdl);
    ExFreePool(Run);
}

KILN_TEST_ONCE(mm_mdl, pages_can_be_mapped_into_the_users_space)
{
    UCHAR *Run;
    PMDL Mdl = scattered(&Run);
    UCHAR *User = MmMapLockedPagesSpecifyCache(Mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);

    CHECK(User != NULL);
    CHECK((ULONG_PTR)User < MmUserProbeAddress);
    Run[2 * PAGE_SIZE + 5] = 0x66;
    CHECK_EQ(User[PAGE_SIZE + 5], 0x66);
    MmUnmapLockedPages(User, Mdl);
    CHECK_EQ(MiClassifyAddress(User, NULL), MiAddressUserUnmapped);
    Mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
    IoFreeMdl(Mdl);
    ExFreePool(Run);
}

KILN_TEST_ONCE(mm_mdl, reserved_mappings_are_reused_without_new_addresses)
{
    UCHAR *Run;
    PMDL Mdl = scattered(&Run);
    PVOID Reserved = MmAllocateMappingAddress(6 * PAGE_SIZE, TAG);

    CHECK(Reserved != NULL);
    for (ULONG i = 0; i < 3; i++) {
        UCHAR *Va = MmMapLockedPagesWithReservedMapping(Reserved, TAG, Mdl, MmCached);
        CHECK_EQ(Va, Reserved);
        Va[3 * PAGE_SIZE] = (UCHAR)(0x40 + i);
        CHECK_EQ(Run[6 * PAGE_SIZE], 0x40 + i);
        MmUnmapReservedMapping(Reserved, TAG, Mdl);
        CHECK(!MmIsAddressValid(Reserved));
    }
    MmFreeMappingAddress(Reserved, TAG);
    Reserved = MmAllocateMappingAddress(2 * PAGE_SIZE, TAG);
    CHECK_EQ(MmMapLockedPagesWithReservedMapping(Reserved, TAG, Mdl, MmCached), NULL);
    MmFreeMappingAddress(Reserved, TAG);
    Mdl->MdlFlags &= ~MDL_PAGES_LOCKED;
    IoFreeMdl(Mdl);
    ExFreePool(Run);
}

KILN_TEST_ONCE(mm_mdl, a_partial_mdl_shares_pages_and_mapping)
{
    UCHAR *Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, 4 * PAGE_SIZE, TAG);
    PMDL Source = IoAllocateMdl(Buffer, 4 * PAGE_SIZE, FALSE, FALSE, NULL);
    PMDL Target = IoAllocateMdl(Buffer + PAGE_SIZE + 8, 2 * PAGE_SIZE, FALSE, FALSE, NULL);

    MmBuildMdlForNonPagedPool(Source);
    IoBuildPartialMdl(Source, Target, Buffer + PAGE_SIZE + 8, 2 * PAGE_SIZE);
    CHECK(Target->MdlFlags & MDL_PARTIAL);
    CHECK_EQ(MmGetMdlVirtualAddress(Target), Buffer + PAGE_SIZE + 8);
    CHECK_EQ(MmGetMdlByteCount(Target), 2 * PAGE_SIZE);
    CHECK_EQ(MmGetMdlPfnArray(Target)[0], MmGetMdlPfnArray(Source)[1]);
    CHECK_EQ(MmGetMdlPfnArray(Target)[2], MmGetMdlPfnArray(Source)[3]);
    CHECK_EQ(MmGetSystemAddressForMdlSafe(Target, NormalPagePriority), Buffer + PAGE_SIZE + 8);
    /* Length 0: to the end of the source. */
    MmPrepareMdlForReuse(Target);
    IoBuildPartialMdl(Source, Target, Buffer + 3 * PAGE_SIZE, 0);
    CHECK_EQ(MmGetMdlByteCount(Target), PAGE_SIZE);
    IoFreeMdl(Target);
    IoFreeMdl(Source);
    ExFreePool(Buffer);
}

KILN_TEST_ONCE(mm_mdl, advancing_unlocks_what_was_passed)
{
    PEPROCESS Process = PsGetCurrentProcess();
    UCHAR *User;

    CHECK_EQ(MiAllocateUser(Process, 3 * PAGE_SIZE, PAGE_READWRITE, (PVOID *)&User), STATUS_SUCCESS);
    PMDL Mdl = IoAllocateMdl(User + 100, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockPages(Mdl, UserMode, IoReadAccess);
    PFN_NUMBER Second = MmGetMdlPfnArray(Mdl)[1];
    CHECK_EQ(MmAdvanceMdl(Mdl, 2 * PAGE_SIZE + 1), STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(MmAdvanceMdl(Mdl, PAGE_SIZE), STATUS_SUCCESS);
    CHECK_EQ(MmGetMdlVirtualAddress(Mdl), User + 100 + PAGE_SIZE);
    CHECK_EQ(MmGetMdlByteCount(Mdl), PAGE_SIZE);
    CHECK_EQ(MmGetMdlPfnArray(Mdl)[0], Second);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
    CHECK_EQ(MiFreeUser(Process, User), STATUS_SUCCESS);
}

KILN_TEST_ONCE(mm_mdl, pages_for_an_mdl_are_zeroed_and_in_range)
{
    PMDL Mdl = MmAllocatePagesForMdlEx(at(0x400000), at(0xBFFFFF), at(0), 10 * PAGE_SIZE, MmCached, 0);

    CHECK(Mdl != NULL);
    CHECK_EQ(MmGetMdlByteCount(Mdl), 10 * PAGE_SIZE);
    for (ULONG i = 0; i < 10; i++)
        CHECK(MmGetMdlPfnArray(Mdl)[i] >= 0x400 && MmGetMdlPfnArray(Mdl)[i] < 0xC00);
    UCHAR *Va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    for (ULONG i = 0; i < 10 * PAGE_SIZE; i += 64)
        CHECK_EQ(Va[i], 0);
    RtlFillMemory(Va, 10 * PAGE_SIZE, 0xCC);
    MmUnmapLockedPages(Va, Mdl);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
    CHECK_EQ(MmAllocatePagesForMdlEx(at(0x400000), at(0x400FFF), at(0), 2 * PAGE_SIZE, MmCached,
                                     MM_ALLOCATE_FULLY_REQUIRED),
             NULL);
}

KILN_TEST_ONCE(mm_mdl, contiguous_chunks_are_contiguous)
{
    PMDL Mdl = MmAllocatePagesForMdlEx(at(0), at(~0ULL >> 1), at(4 * PAGE_SIZE), 12 * PAGE_SIZE, MmCached,
                                       MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS | MM_ALLOCATE_FULLY_REQUIRED);

    CHECK(Mdl != NULL);
    for (ULONG i = 0; i < 12; i++)
        CHECK_EQ(MmGetMdlPfnArray(Mdl)[i], MmGetMdlPfnArray(Mdl)[i & ~3] + (i & 3));
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
}

KILN_TEST_ONCE(mm_mdl, copy_memory_reports_what_it_copied)
{
    UCHAR *Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, 2 * PAGE_SIZE, TAG), Copy[64];
    MM_COPY_ADDRESS Source;
    SIZE_T Done;

    Buffer[10] = 0x99;
    Source.PhysicalAddress = MmGetPhysicalAddress(Buffer + 10);
    CHECK_EQ(MmCopyMemory(Copy, Source, 16, MM_COPY_MEMORY_PHYSICAL, &Done), STATUS_SUCCESS);
    CHECK_EQ(Done, 16);
    CHECK_EQ(Copy[0], 0x99);
    Source.VirtualAddress = Buffer + 10;
    CHECK_EQ(MmCopyMemory(Copy, Source, 16, MM_COPY_MEMORY_VIRTUAL, &Done), STATUS_SUCCESS);
    Source.VirtualAddress = (PVOID)KILN_SYSPTE_BASE;
    CHECK(!NT_SUCCESS(MmCopyMemory(Copy, Source, 16, MM_COPY_MEMORY_VIRTUAL, &Done)));
    CHECK_EQ(Done, 0);
    CHECK_EQ(MmCopyMemory(Copy, Source, 16, 3, &Done), STATUS_INVALID_PARAMETER);
    ExFreePool(Buffer);
}

KILN_TEST_BUGCHECK(mm_mdl, unlocking_what_is_not_locked_bugchecks, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    MmUnlockPages(IoAllocateMdl(NULL, 16, FALSE, FALSE, NULL));
}

KILN_TEST_BUGCHECK(mm_mdl, mapping_what_is_not_locked_bugchecks, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    PMDL Mdl = IoAllocateMdl(NULL, 16, FALSE, FALSE, NULL);

    CHECK(MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority) == NULL);
}
