/* SPDX-License-Identifier: MIT */
/* Contiguous, noncached and device memory by their older names; questions about the machine; advice; copies. */
#include <ntifs.h>
#include "../exc/exc_driver.h"
#include "layout.h"
#include "mi.h"
#include "psp.h"
#include "trap.h"

#define MB 0x100000ULL

static PHYSICAL_ADDRESS at(ULONG64 Address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)Address};
}

static const PHYSICAL_ADDRESS anywhere = {.QuadPart = -1}, zero;

KILN_TEST(mm_memory, contiguous_memory_by_node_and_cache_type)
{
    PUCHAR Block = MmAllocateContiguousMemorySpecifyCacheNode(3 * PAGE_SIZE, at(32 * MB), at(64 * MB - 1), zero,
                                                              MmNonCached, MM_ANY_NODE_OK);
    CHECK(Block != NULL);
    CHECK(MmGetPhysicalAddress(Block).QuadPart >= (LONGLONG)(32 * MB));
    CHECK_EQ(MmGetPhysicalAddress(Block + 2 * PAGE_SIZE).QuadPart, MmGetPhysicalAddress(Block).QuadPart + 2 * PAGE_SIZE);
    MmFreeContiguousMemorySpecifyCache(Block, 3 * PAGE_SIZE, MmNonCached);
    CHECK(MmAllocateContiguousMemorySpecifyCacheNode(PAGE_SIZE, zero, anywhere, zero, MmCached,
                                                     KeQueryHighestNodeNumber() + 1u) == NULL);
    CHECK(MmAllocateContiguousMemorySpecifyCacheNode(PAGE_SIZE, zero, anywhere, zero, MmMaximumCacheType, 0) == NULL);
}

KILN_TEST(mm_memory, contiguous_memory_with_a_tag_and_a_status)
{
    SIZE_T Bytes = 2 * PAGE_SIZE;
    PVOID Block = NULL;
    CHECK_EQ(MmAllocateContiguousMemoryEx(&Bytes, zero, anywhere, at(64 * 1024), MM_ANY_NODE_OK, PAGE_READWRITE, NULL,
                                          'xEcM', 0, &Block),
             STATUS_SUCCESS);
    CHECK(Block != NULL);
    CHECK(Bytes >= 2 * PAGE_SIZE);
    MmFreeContiguousMemory(Block);
    CHECK_EQ(MmAllocateContiguousMemoryEx(&Bytes, zero, at(PAGE_SIZE - 1), zero, MM_ANY_NODE_OK, PAGE_READWRITE, NULL,
                                          'xEcM', 0, &Block),
             STATUS_INSUFFICIENT_RESOURCES);
    CHECK(Block == NULL);
    CHECK_EQ(MmAllocateContiguousMemoryEx(&Bytes, zero, anywhere, zero, MM_ANY_NODE_OK, PAGE_READONLY, NULL, 'xEcM', 0,
                                          &Block),
             STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(mm_memory, noncached_memory_is_page_aligned)
{
    PUCHAR Block = MmAllocateNonCachedMemory(100);
    CHECK(Block != NULL);
    CHECK_EQ((ULONG_PTR)Block & (PAGE_SIZE - 1), 0);
    Block[PAGE_SIZE - 1] = 1;
    MmFreeNonCachedMemory(Block, 100);
}

KILN_TEST_ONCE(mm_memory, video_memory_is_mapped_as_device_memory)
{
    PVOID Frame = MmMapVideoDisplay(at(1024 * MB), 64 * 1024, MmWriteCombined);
    CHECK(Frame != NULL);
    CHECK(MmIsIoSpaceActive(at(1024 * MB), 1));
    MmUnmapVideoDisplay(Frame, 64 * 1024);
    CHECK(!MmIsIoSpaceActive(at(1024 * MB), 1));
    Frame = MmMapVideoDisplayEx(at(1024 * MB), PAGE_SIZE, PAGE_READWRITE | PAGE_WRITECOMBINE);
    CHECK(Frame != NULL);
    MmUnmapVideoDisplay(Frame, PAGE_SIZE);
    CHECK(MmMapVideoDisplayEx(at(1024 * MB), PAGE_SIZE, PAGE_NOACCESS) == NULL);
    CHECK(MmMapVideoDisplay(at(1024 * MB), PAGE_SIZE, MmMaximumCacheType) == NULL);
}

KILN_TEST_ONCE(mm_memory, questions_about_the_machine)
{
    CHECK_EQ(MmQuerySystemSize(), MmMediumSystem); /* 256 MB */
    CHECK_EQ(MmIsThisAnNtAsSystem(), FALSE);
    PPHYSICAL_MEMORY_RANGE Ranges = MmGetPhysicalMemoryRangesEx2(NULL, 0);
    CHECK_EQ(Ranges[0].NumberOfBytes.QuadPart, 256 * MB);
    ExFreePool(Ranges);
}

/* Driver Verifier is off, for everybody. */
KILN_TEST_ONCE(mm_memory, the_verifier_is_off)
{
    ULONG Flags = 1;
    CHECK_EQ(MmIsVerifierEnabled(&Flags), STATUS_SUCCESS);
    CHECK_EQ(Flags, 0);
    CHECK_EQ(MmIsDriverVerifying(NULL), FALSE);
    CHECK_EQ(MmIsDriverVerifyingByAddress((PVOID)(ULONG_PTR)MmIsDriverVerifying), FALSE);
    CHECK_EQ(MmIsDriverSuspectForVerifier(NULL), FALSE);
    CHECK_EQ(MmAddVerifierThunks(&Flags, sizeof Flags), STATUS_NOT_SUPPORTED);
    CHECK_EQ(MmCreateMirror(), STATUS_NOT_SUPPORTED);
}

KILN_TEST_ONCE(mm_memory, address_translation_services_need_an_iommu)
{
    static DEVICE_OBJECT Device;
    CHECK_EQ(ExInitializeDeviceAts(&Device, 0), STATUS_NOT_SUPPORTED);
    CHECK_EQ(ExInitializeDeviceAts(NULL, 0), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(ExInitializeDeviceAts(&Device, 1), STATUS_INVALID_PARAMETER_2);
}

KILN_TEST_ONCE(mm_memory, routines_are_found_in_kernel_images_and_drivers)
{
    UNICODE_STRING Kernel = RTL_CONSTANT_STRING(L"ntoskrnl.exe"), Nobody = RTL_CONSTANT_STRING(L"nobody.sys");
    CHECK(MmGetSystemRoutineAddressEx(&Kernel, "KeSetEvent") != NULL);
    CHECK(MmGetSystemRoutineAddressEx(&Kernel, "KeNoSuchRoutine") == NULL);
    CHECK(MmGetSystemRoutineAddressEx(&Nobody, "KeSetEvent") == NULL);
    PKLDR_MODULE Module = exc_load("mm_pager.sys");
    if (!Module)
        return;
    PVOID Routine = MmGetProcedureAddress(Module->Entry.DllBase, "sum_pages");
    CHECK(Routine != NULL);
    CHECK_EQ(Routine, LdrpGetProcedure(Module, "sum_pages"));
    CHECK(MmGetProcedureAddress(Module->Entry.DllBase, "no_such_export") == NULL);
    CHECK(MmGetProcedureAddress((PUCHAR)Module->Entry.DllBase + PAGE_SIZE, "sum_pages") == NULL);
    CHECK(MmGetProcedureAddress(NULL, "sum_pages") == NULL);
}

/* ---------------------------------------------------------------- user memory */

KILN_TEST(mm_memory, secured_memory_keeps_its_protection)
{
    NTSTATUS NTAPI NtProtectVirtualMemory(HANDLE, PVOID *, PSIZE_T, ULONG, PULONG);
    PVOID User, Base;
    SIZE_T Bytes = PAGE_SIZE;
    ULONG Old;
    CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), PAGE_SIZE, PAGE_READWRITE, &User), STATUS_SUCCESS);
    HANDLE Secure = MmSecureVirtualMemoryEx(User, PAGE_SIZE, PAGE_READONLY, MM_SECURE_NO_CHANGE);
    CHECK(Secure != NULL);
    Base = User;
    CHECK_EQ(NtProtectVirtualMemory(NtCurrentProcess(), &Base, &Bytes, PAGE_NOACCESS, &Old),
             STATUS_INVALID_PAGE_PROTECTION);
    MmUnsecureVirtualMemory(Secure);
    CHECK_EQ(NtProtectVirtualMemory(NtCurrentProcess(), &Base, &Bytes, PAGE_NOACCESS, &Old), STATUS_SUCCESS);
    CHECK_EQ(Old, PAGE_READWRITE);
    CHECK(MmSecureVirtualMemoryEx(User, PAGE_SIZE, PAGE_READONLY, 0) == NULL);
    CHECK(MmSecureVirtualMemoryEx(User, PAGE_SIZE, PAGE_READONLY, 0x80000000) == NULL);
}

static NTSTATUS prefetch(ULONG Class, ULONG_PTR Count, PMEMORY_RANGE_ENTRY Ranges, ULONG Value, ULONG Length)
{
    return ZwSetInformationVirtualMemory(NtCurrentProcess(), Class, Count, Ranges, &Value, Length);
}

KILN_TEST(mm_memory, prefetching_is_a_hint_with_checked_parameters)
{
    PVOID User;
    CHECK_EQ(MiAllocateUser(PsGetCurrentProcess(), PAGE_SIZE, PAGE_READWRITE, &User), STATUS_SUCCESS);
    MEMORY_RANGE_ENTRY Ranges[2] = {{User, PAGE_SIZE}, {(PUCHAR)User + 64 * PAGE_SIZE, PAGE_SIZE}};
    CHECK_EQ(prefetch(VmPrefetchInformation, 2, Ranges, 0, sizeof(ULONG)), STATUS_SUCCESS);
    CHECK_EQ(prefetch(VmPrefetchInformation, 0, Ranges, 0, sizeof(ULONG)), STATUS_INVALID_PARAMETER_3);
    CHECK_EQ(prefetch(VmPrefetchInformation, 2, Ranges, 1, sizeof(ULONG)), STATUS_INVALID_PARAMETER_5);
    CHECK_EQ(prefetch(VmPrefetchInformation, 2, Ranges, 0, 8), STATUS_INVALID_PARAMETER_6);
    CHECK_EQ(prefetch(99, 2, Ranges, 0, sizeof(ULONG)), STATUS_INVALID_PARAMETER_2);
    Ranges[1].VirtualAddress = (PVOID)KILN_RAM_BASE;
    Ranges[1].NumberOfBytes = 1;
    CHECK_EQ(prefetch(VmPrefetchInformation, 2, Ranges, 0, sizeof(ULONG)), STATUS_INVALID_PARAMETER_4);
}

KILN_TEST(mm_memory, memory_is_copied_between_processes_up_to_what_is_there)
{
    NTSTATUS NTAPI MmCopyVirtualMemory(PEPROCESS, PVOID, PEPROCESS, PVOID, SIZE_T, KPROCESSOR_MODE, PSIZE_T);
    PEPROCESS Self = PsGetCurrentProcess();
    PUCHAR From, To;
    SIZE_T Copied;
    CHECK_EQ(MiAllocateUser(Self, 2 * PAGE_SIZE, PAGE_READWRITE, (PVOID *)&From), STATUS_SUCCESS);
    CHECK_EQ(MiAllocateUser(Self, 2 * PAGE_SIZE, PAGE_READWRITE, (PVOID *)&To), STATUS_SUCCESS);
    for (ULONG I = 0; I < 2 * PAGE_SIZE; I++)
        From[I] = (UCHAR)(I * 3 + I / 256);
    CHECK_EQ(MmCopyVirtualMemory(Self, From + 5, Self, To + 9, PAGE_SIZE, UserMode, &Copied), STATUS_SUCCESS);
    CHECK_EQ(Copied, PAGE_SIZE);
    CHECK_EQ(RtlCompareMemory(From + 5, To + 9, PAGE_SIZE), PAGE_SIZE);
    CHECK_EQ(MmCopyVirtualMemory(Self, From + PAGE_SIZE, Self, To, 2 * PAGE_SIZE, UserMode, &Copied), STATUS_PARTIAL_COPY);
    CHECK_EQ(Copied, PAGE_SIZE);
    CHECK_EQ(MmCopyVirtualMemory(PsInitialSystemProcess, From, Self, To, 8, UserMode, &Copied), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(MmCopyVirtualMemory(Self, (PVOID)KILN_RAM_BASE, Self, To, 8, UserMode, &Copied), STATUS_ACCESS_VIOLATION);
}

KILN_TEST_PAGING(mm_memory, a_driver_may_ask_for_everything_to_be_paged_out)
{
    BOOLEAN NTAPI MmTrimAllSystemPagableMemory(ULONG);
    PUCHAR Block = ExAllocatePool2(POOL_FLAG_PAGED, 100, 'tsTM');
    CHECK(MmTrimAllSystemPagableMemory(0));
    CHECK(!MmIsAddressValid(Block));
    CHECK(!MmTrimAllSystemPagableMemory(0));
    CHECK_EQ(Block[0], 0);
    ExFreePool(Block);
}

/* ---------------------------------------------------------------- secure pools */

static HANDLE secure_pool(void)
{
    HANDLE Pool = NULL;
    CHECK_EQ(ExCreatePool(POOL_CREATE_FLG_SECURE_POOL, 'ceSP', NULL, &Pool), STATUS_SUCCESS);
    CHECK(Pool != NULL);
    return Pool;
}

static PVOID secure_block(HANDLE Pool, PVOID Content, SIZE_T Bytes, ULONG Flags, POOL_EXTENDED_PARAMETER *Parameter,
                          POOL_EXTENDED_PARAMS_SECURE_POOL *Params)
{
    *Params = (POOL_EXTENDED_PARAMS_SECURE_POOL){Pool, Content, 0x1234, Flags};
    *Parameter = (POOL_EXTENDED_PARAMETER){.Type = PoolExtendedParameterSecurePool, .SecurePoolParams = Params};
    return ExAllocatePool3(POOL_FLAG_NON_PAGED, Bytes, 'ceSM', Parameter, 1);
}

KILN_TEST(mm_secure, contents_are_given_once_and_updated_by_the_pool)
{
    POOL_EXTENDED_PARAMETER Parameter;
    POOL_EXTENDED_PARAMS_SECURE_POOL Params;
    HANDLE Pool = secure_pool();
    UCHAR Content[64] = {1, 2, 3}, New[2] = {8, 9};
    PUCHAR Block = secure_block(Pool, Content, 64, SECURE_POOL_FLAGS_FREEABLE | SECURE_POOL_FLAGS_MODIFIABLE, &Parameter,
                                &Params);
    CHECK(Block != NULL);
    CHECK_EQ(RtlCompareMemory(Block, Content, 64), 64);
    CHECK(ExSecurePoolValidate(Pool, 'ceSM', Block, 0x1234));
    CHECK(!ExSecurePoolValidate(Pool, 'ceSM', Block, 0x1235));
    CHECK(!ExSecurePoolValidate(Pool, 'xxxx', Block, 0x1234));
    CHECK(!ExSecurePoolValidate(Pool, 'ceSM', Block + 16, 0x1234));
    CHECK(!ExSecurePoolValidate(NULL, 'ceSM', Block, 0x1234));
    CHECK_EQ(ExSecurePoolUpdate(Pool, 'ceSM', Block, 0x1234, 62, 2, New), STATUS_SUCCESS);
    CHECK_EQ(((volatile UCHAR *)Block)[63], 9);
    CHECK_EQ(ExSecurePoolUpdate(Pool, 'ceSM', Block, 0x1234, 63, 2, New), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ExSecurePoolUpdate(Pool, 'ceSM', Block, 0x1, 0, 2, New), STATUS_INVALID_PARAMETER);
    PVOID Fixed = secure_block(Pool, NULL, 16, 0, &Parameter, &Params);
    CHECK_EQ(ExSecurePoolUpdate(Pool, 'ceSM', Fixed, 0x1234, 0, 2, New), STATUS_ACCESS_DENIED);
    ExFreePool2(Block, 'ceSM', &Parameter, 1);
    CHECK(!ExSecurePoolValidate(Pool, 'ceSM', Block, 0x1234));
    ExDestroyPool(Pool);
    CHECK(!ExSecurePoolValidate(Pool, 'ceSM', Fixed, 0x1234));
}

KILN_TEST_ONCE(mm_secure, bad_parameters_are_refused)
{
    POOL_EXTENDED_PARAMETER Parameter;
    POOL_EXTENDED_PARAMS_SECURE_POOL Params;
    HANDLE Pool = NULL;
    CHECK_EQ(ExCreatePool(0, 'ceSP', NULL, &Pool), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(ExCreatePool(0x10 | POOL_CREATE_FLG_SECURE_POOL, 'ceSP', NULL, &Pool), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(ExCreatePool(POOL_CREATE_FLG_SECURE_POOL, 0, NULL, &Pool), STATUS_INVALID_PARAMETER_2);
    CHECK(secure_block((HANDLE)(ULONG_PTR)0x10, NULL, 16, 0, &Parameter, &Params) == NULL);
    Pool = secure_pool();
    CHECK(secure_block(Pool, NULL, 16, 0x80, &Parameter, &Params) == NULL);
    CHECK(secure_block(Pool, NULL, 0, 0, &Parameter, &Params) == NULL);
    ExDestroyPool(Pool);
}

KILN_TEST_BUGCHECK(mm_secure, nobody_writes_it_directly, ATTEMPTED_WRITE_TO_READONLY_MEMORY)
{
    POOL_EXTENDED_PARAMETER Parameter;
    POOL_EXTENDED_PARAMS_SECURE_POOL Params;
    volatile UCHAR *Block = secure_block(secure_pool(), NULL, 16, SECURE_POOL_FLAGS_MODIFIABLE, &Parameter, &Params);
    Block[0] = 1;
}

KILN_TEST_BUGCHECK(mm_secure, what_is_not_freeable_is_not_freed, BAD_POOL_CALLER)
{
    POOL_EXTENDED_PARAMETER Parameter;
    POOL_EXTENDED_PARAMS_SECURE_POOL Params;
    PVOID Block = secure_block(secure_pool(), NULL, 16, 0, &Parameter, &Params);
    ExFreePool2(Block, 'ceSM', &Parameter, 1);
}

KILN_TEST_BUGCHECK(mm_secure, it_is_not_freed_without_its_pool, BAD_POOL_CALLER)
{
    POOL_EXTENDED_PARAMETER Parameter;
    POOL_EXTENDED_PARAMS_SECURE_POOL Params;
    PVOID Block = secure_block(secure_pool(), NULL, 16, SECURE_POOL_FLAGS_FREEABLE, &Parameter, &Params);
    ExFreePoolWithTag(Block, 'ceSM');
}
