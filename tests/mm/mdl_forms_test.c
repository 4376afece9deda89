/* SPDX-License-Identifier: MIT */
/* The less common forms of MDLs and their mappings: older routines, chosen addresses, I/O space, selected pages. */
#include <ntifs.h>
#include "harness.h"
#include "layout.h"
#include "mi.h"
#include "psp.h"
#include "trap.h"

#define TAG 0x6C646D54U /* "Tmdl" */
#define MB  0x100000ULL

static PHYSICAL_ADDRESS at(ULONG64 Address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)Address};
}

static const PHYSICAL_ADDRESS anywhere = {.QuadPart = -1}, zero;

KILN_TEST_ONCE(mm_mdlform, an_mdl_is_made_in_given_storage_or_in_pool)
{
    UCHAR Storage[sizeof(MDL) + 4 * sizeof(PFN_NUMBER)];
    UCHAR *Buffer = ExAllocatePool2(POOL_FLAG_NON_PAGED, 3 * PAGE_SIZE, TAG);
    PMDL Mdl = (PMDL)Storage;
    MmInitializeMdl(Mdl, Buffer + 8, 2 * PAGE_SIZE);
    CHECK_EQ(MmGetMdlBaseVa(Mdl), PAGE_ALIGN(Buffer));
    CHECK_EQ(MmGetMdlByteOffset(Mdl), 8);
    CHECK_EQ(MmGetMdlByteCount(Mdl), 2 * PAGE_SIZE);
    CHECK_EQ(Mdl->Size, sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
    CHECK_EQ(MmCreateMdl(Mdl, Buffer, 100), Mdl);
    CHECK_EQ(MmGetMdlByteCount(Mdl), 100);
    Mdl = MmCreateMdl(NULL, Buffer, PAGE_SIZE);
    CHECK(Mdl != NULL);
    MmBuildMdlForNonPagedPool(Mdl);
    CHECK_EQ(MmGetSystemAddressForMdl(Mdl), Buffer);
    IoFreeMdl(Mdl);
    ExFreePool(Buffer);
}

KILN_TEST(mm_mdlform, scattered_pages_are_mapped_by_the_older_routines)
{
    PMDL Mdl = MmAllocatePagesForMdl(zero, anywhere, zero, 3 * PAGE_SIZE);
    CHECK(Mdl != NULL);
    CHECK_EQ(MmGetMdlByteCount(Mdl), 3 * PAGE_SIZE);
    volatile UCHAR *Va = MmMapLockedPages(Mdl, KernelMode);
    CHECK_EQ(Va[0] + Va[3 * PAGE_SIZE - 1], 0);
    Va[PAGE_SIZE] = 5;
    CHECK_EQ(MmGetSystemAddressForMdl(Mdl), (PVOID)Va);
    UCHAR Byte = 0;
    SIZE_T Copied;
    MM_COPY_ADDRESS Source = {.PhysicalAddress = at((ULONG64)MmGetMdlPfnArray(Mdl)[1] << PAGE_SHIFT)};
    CHECK_EQ(MmCopyMemory(&Byte, Source, 1, MM_COPY_MEMORY_PHYSICAL, &Copied), STATUS_SUCCESS);
    CHECK_EQ(Byte, 5);
    MmUnmapLockedPages((PVOID)Va, Mdl);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
}

KILN_TEST(mm_mdlform, pages_come_from_any_node_that_exists)
{
    ULONG Highest = KeQueryHighestNodeNumber();
    PMDL Mdl = MmAllocateNodePagesForMdlEx(zero, anywhere, zero, 2 * PAGE_SIZE, MmCached, Highest, 0);
    CHECK(Mdl != NULL);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
    CHECK(MmAllocateNodePagesForMdlEx(zero, anywhere, zero, PAGE_SIZE, MmCached, Highest + 1, 0) == NULL);
}

KILN_TEST(mm_mdlform, allocation_flags)
{
    /* Physically contiguous, and only in the range that was asked for. */
    PMDL Mdl = MmAllocatePagesForMdlEx(at(64 * MB), at(128 * MB - 1), zero, 8 * PAGE_SIZE, MmCached,
                                       MM_ALLOCATE_REQUIRE_CONTIGUOUS_CHUNKS | MM_ALLOCATE_FULLY_REQUIRED);
    CHECK(Mdl != NULL);
    for (ULONG I = 1; I < 8; I++)
        CHECK_EQ(MmGetMdlPfnArray(Mdl)[I], MmGetMdlPfnArray(Mdl)[0] + I);
    CHECK(MmGetMdlPfnArray(Mdl)[0] >= 64 * MB >> PAGE_SHIFT);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
    /* More than the range holds: part of it, unless all is required. */
    Mdl = MmAllocatePagesForMdlEx(at(64 * MB), at(64 * MB + 4 * PAGE_SIZE - 1), zero, 8 * PAGE_SIZE, MmNonCached,
                                  MM_DONT_ZERO_ALLOCATION);
    CHECK(Mdl != NULL);
    CHECK_EQ(MmGetMdlByteCount(Mdl), 4 * PAGE_SIZE);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
    CHECK(MmAllocatePagesForMdlEx(at(64 * MB), at(64 * MB + 4 * PAGE_SIZE - 1), zero, 8 * PAGE_SIZE, MmCached,
                                  MM_ALLOCATE_FULLY_REQUIRED) == NULL);
    /* With SkipBytes it goes on in the next range. */
    Mdl = MmAllocatePagesForMdlEx(at(64 * MB), at(64 * MB + 4 * PAGE_SIZE - 1), at(MB), 8 * PAGE_SIZE, MmCached, 0);
    CHECK(Mdl != NULL);
    CHECK_EQ(MmGetMdlByteCount(Mdl), 8 * PAGE_SIZE);
    CHECK_EQ(MmGetMdlPfnArray(Mdl)[4], 65 * MB >> PAGE_SHIFT);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
    CHECK(MmAllocatePagesForMdlEx(zero, anywhere, at(1), PAGE_SIZE, MmCached, 0) == NULL);
    CHECK(MmAllocatePagesForMdlEx(zero, anywhere, zero, PAGE_SIZE, MmMaximumCacheType, 0) == NULL);
}

KILN_TEST(mm_mdlform, io_space_is_described_and_ram_is_refused)
{
    MM_PHYSICAL_ADDRESS_LIST List[2] = {{at(1024 * MB), PAGE_SIZE}, {at(1025 * MB), 2 * PAGE_SIZE}};
    PMDL Mdl = NULL;
    CHECK_EQ(MmAllocateMdlForIoSpace(List, 2, &Mdl), STATUS_SUCCESS);
    CHECK_EQ(MmGetMdlByteCount(Mdl), 3 * PAGE_SIZE);
    CHECK_EQ(MmGetMdlPfnArray(Mdl)[2], (1025 * MB >> PAGE_SHIFT) + 1);
    IoFreeMdl(Mdl);
    List[1].PhysicalAddress = at(MB); /* RAM */
    CHECK_EQ(MmAllocateMdlForIoSpace(List, 2, &Mdl), STATUS_INVALID_PARAMETER_1);
    List[1].PhysicalAddress = at(1025 * MB + 8);
    CHECK_EQ(MmAllocateMdlForIoSpace(List, 2, &Mdl), STATUS_INVALID_PARAMETER_1);
    List[1] = (MM_PHYSICAL_ADDRESS_LIST){at(1025 * MB), 100};
    CHECK_EQ(MmAllocateMdlForIoSpace(List, 2, &Mdl), STATUS_INVALID_PARAMETER_1);
}

/* ---------------------------------------------------------------- locking */

static void lock_selected(void *Context)
{
    PVOID *Arguments = Context;
    MmProbeAndLockSelectedPages(Arguments[0], Arguments[1], UserMode, IoModifyAccess);
}

KILN_TEST(mm_mdlform, selected_pages_are_locked_in_the_given_order)
{
    UCHAR *User;
    CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), 4 * PAGE_SIZE, PAGE_READWRITE, (PVOID *)&User), STATUS_SUCCESS);
    for (ULONG I = 0; I < 4; I++)
        User[I * PAGE_SIZE] = (UCHAR)I;
    FILE_SEGMENT_ELEMENT Segments[3] = {{.Buffer = User + 3 * PAGE_SIZE}, {.Buffer = User}, {.Buffer = User + PAGE_SIZE}};
    PMDL Mdl = IoAllocateMdl(NULL, 3 * PAGE_SIZE, FALSE, FALSE, NULL);
    MmProbeAndLockSelectedPages(Mdl, Segments, UserMode, IoReadAccess);
    UCHAR *Va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    CHECK(Va != NULL);
    CHECK_EQ(Va[0], 3);
    CHECK_EQ(Va[PAGE_SIZE], 0);
    CHECK_EQ(Va[2 * PAGE_SIZE], 1);
    MmUnlockPages(Mdl);
    Segments[2].Buffer = User + 64 * PAGE_SIZE; /* nothing is there: all or none */
    PVOID Arguments[2] = {Mdl, Segments};
    CHECK_EQ(KeTryCall(lock_selected, Arguments), STATUS_ACCESS_VIOLATION);
    CHECK(!(Mdl->MdlFlags & MDL_PAGES_LOCKED));
    IoFreeMdl(Mdl);
    CHECK_EQ(MiFreeUser(PsGetCurrentProcess(), User), STATUS_SUCCESS);
}

KILN_TEST(mm_mdlform, pages_of_a_process_are_locked_from_another)
{
    PEPROCESS Process = PsGetCurrentProcess();
    UCHAR *User;
    KAPC_STATE State;
    CHECK_EQ(MiAllocateUser(Process, PAGE_SIZE, PAGE_READWRITE, (PVOID *)&User), STATUS_SUCCESS);
    User[7] = 9;
    PMDL Mdl = IoAllocateMdl(User, PAGE_SIZE, FALSE, FALSE, NULL);
    KeStackAttachProcess((PKPROCESS)PsInitialSystemProcess, &State);
    MmProbeAndLockProcessPages(Mdl, Process, UserMode, IoModifyAccess);
    UCHAR *Va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    CHECK_EQ(Va[7], 9);
    CHECK_EQ(Mdl->Process, Process);
    MmUnlockPages(Mdl);
    KeUnstackDetachProcess(&State);
    IoFreeMdl(Mdl);
    CHECK_EQ(MiFreeUser(Process, User), STATUS_SUCCESS);
}

/* ---------------------------------------------------------------- mapping at chosen addresses */

static VOID NTAPI see_mapping(PVOID Context, PVOID Va)
{
    *(PVOID *)Context = Va;
    CHECK_EQ(*(volatile UCHAR *)Va, 0);
}

KILN_TEST(mm_mdlform, a_temporary_mapping_lasts_for_the_callback)
{
    PMDL Mdl = MmAllocatePagesForMdl(zero, anywhere, zero, 2 * PAGE_SIZE);
    PVOID Seen = NULL;
    CHECK_EQ(MmMapMdl(Mdl, PAGE_READWRITE, see_mapping, &Seen), STATUS_SUCCESS);
    CHECK(Seen != NULL);
    CHECK(!(Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA));
    CHECK_EQ(MmMapMdl(Mdl, PAGE_WRITECOPY, see_mapping, &Seen), STATUS_INVALID_PAGE_PROTECTION);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
}

/* The code has no description of its type before it. */
KI_ANY_ROUTINE_TYPE static VOID NTAPI run_code(PVOID Context, PVOID Va)
{
    typedef int CODE(void);
    *(int *)Context = ((CODE *)Va)();
}

KILN_TEST(mm_mdlform, an_executable_mapping_can_be_executed)
{
    static const UCHAR Code[] = {0xB8, 7, 0, 0, 0, 0xC3}; /* mov eax, 7; ret */
    PMDL Mdl = MmAllocatePagesForMdl(zero, anywhere, zero, PAGE_SIZE);
    PVOID Va = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    int Result = 0;
    RtlCopyMemory(Va, Code, sizeof Code);
    MmUnmapLockedPages(Va, Mdl);
    CHECK_EQ(MmMapMdl(Mdl, PAGE_EXECUTE_READ, run_code, &Result), STATUS_SUCCESS);
    CHECK_EQ(Result, 7);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
}

KILN_TEST(mm_mdlform, one_dump_mdl_is_mapped_at_a_time)
{
    UCHAR *Va = MmAllocateMappingAddressEx(4 * PAGE_SIZE, TAG, 0);
    PMDL First = MmAllocatePagesForMdl(zero, anywhere, zero, 2 * PAGE_SIZE);
    PMDL Second = MmAllocatePagesForMdl(zero, anywhere, zero, 4 * PAGE_SIZE);
    CHECK(MmAllocateMappingAddressEx(PAGE_SIZE, TAG, 0x80) == NULL);
    CHECK_EQ(MmMapMemoryDumpMdlEx(Va, 4, First, 0), STATUS_SUCCESS);
    CHECK_EQ(First->MappedSystemVa, Va);
    Va[PAGE_SIZE] = 3;
    CHECK_EQ(MmMapMemoryDumpMdlEx(Va, 4, Second, 0), STATUS_SUCCESS);
    CHECK_EQ(Va[PAGE_SIZE], 0);
    CHECK_EQ(MmMapMemoryDumpMdlEx(Va, 4, First, 0), STATUS_SUCCESS);
    CHECK_EQ(Va[PAGE_SIZE], 3);
    CHECK_EQ(MmMapMemoryDumpMdlEx(Va, 1, First, 0), STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(MmMapMemoryDumpMdlEx(Va, 5, First, 0), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(MmMapMemoryDumpMdlEx(Va + PAGE_SIZE, 1, First, 0), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(MmMapMemoryDumpMdlEx(Va, 4, First, 0x80), STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(MmMapMemoryDumpMdlEx(Va, 4, First, MM_DUMP_MAP_INVALIDATE), STATUS_SUCCESS);
    CHECK(!MmIsAddressValid(Va));
    MmFreeMappingAddress(Va, TAG);
}

KILN_TEST(mm_mdlform, a_user_mapping_can_become_one_page_throughout)
{
    PMDL Mdl = MmAllocatePagesForMdl(zero, anywhere, zero, 3 * PAGE_SIZE);
    UCHAR *User = MmMapLockedPagesSpecifyCache(Mdl, UserMode, MmCached, NULL, FALSE, NormalPagePriority);
    UCHAR *Page = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, TAG);
    PVOID Private;
    User[PAGE_SIZE] = 1;
    Page[0] = 4;
    CHECK_EQ(MmMapUserAddressesToPage(User, 0, Page), STATUS_SUCCESS);
    for (ULONG I = 0; I < 3; I++)
        CHECK_EQ(*(volatile UCHAR *)&User[I * PAGE_SIZE], 4);
    *(volatile UCHAR *)User = 6;
    CHECK_EQ(*(volatile UCHAR *)&User[2 * PAGE_SIZE], 6);
    CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), PAGE_SIZE, PAGE_READWRITE, &Private), STATUS_SUCCESS);
    CHECK_EQ(MmMapUserAddressesToPage(Private, 0, Page), STATUS_INVALID_ADDRESS);
    CHECK_EQ(MmMapUserAddressesToPage(User, 0, (PVOID)8), STATUS_INVALID_PARAMETER_3);
    MmUnmapLockedPages(User, Mdl);
    MmFreePagesFromMdl(Mdl);
    ExFreePool(Mdl);
    ExFreePool(Page);
}

KILN_TEST_BUGCHECK(mm_mdlform, reserved_addresses_are_freed_with_their_tag, SYSTEM_PTE_MISUSE)
{
    PVOID Va = MmAllocateMappingAddress(PAGE_SIZE, TAG);
    MmFreeMappingAddress(Va, TAG + 1);
}

KILN_TEST_BUGCHECK(mm_mdlform, reserved_addresses_are_not_freed_while_something_is_mapped, SYSTEM_PTE_MISUSE)
{
    PVOID Va = MmAllocateMappingAddress(PAGE_SIZE, TAG);
    PMDL Mdl = MmAllocatePagesForMdl(zero, anywhere, zero, PAGE_SIZE);
    CHECK_EQ(MmMapLockedPagesWithReservedMapping(Va, TAG, Mdl, MmCached), Va);
    MmFreeMappingAddress(Va, TAG);
}
