/* SPDX-License-Identifier: MIT */
/* Protection, queries and securing of private user memory; the budget of host mappings. */
#include "section_fixture.h"

static PUCHAR allocate(SIZE_T bytes, ULONG type, ULONG protect)
{
    PVOID Base = NULL;

    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Base, 0, &bytes, type, protect), STATUS_SUCCESS);
    return Base;
}

static NTSTATUS protect(PVOID at, SIZE_T bytes, ULONG protection, ULONG *old)
{
    return NtProtectVirtualMemory(SELF, &at, &bytes, protection, old);
}

static MEMORY_BASIC_INFORMATION query(PVOID at)
{
    MEMORY_BASIC_INFORMATION Info;
    SIZE_T Bytes = 0;

    CHECK_EQ(ZwQueryVirtualMemory(SELF, at, MemoryBasicInformation, &Info, sizeof(Info), &Bytes),
             STATUS_SUCCESS);
    CHECK_EQ(Bytes, sizeof(Info));
    return Info;
}

static void release(PVOID base)
{
    SIZE_T Zero = 0;

    CHECK_EQ(ZwFreeVirtualMemory(SELF, &base, &Zero, MEM_RELEASE), STATUS_SUCCESS);
}

KILN_TEST_ONCE(mm_protect, pages_are_protected_one_by_one)
{
    PUCHAR Base = allocate(0x3000, MEM_COMMIT, PAGE_READWRITE);
    PVOID At = Base + 0x1123;
    SIZE_T Bytes = 0x10;
    ULONG Old;
    UCHAR Value;

    Base[0x1000] = 1;
    CHECK_EQ(NtProtectVirtualMemory(SELF, &At, &Bytes, PAGE_READONLY, &Old), STATUS_SUCCESS);
    CHECK_EQ(At, Base + 0x1000); /* whole pages */
    CHECK_EQ(Bytes, 0x1000);
    CHECK_EQ(Old, PAGE_READWRITE);
    CHECK_EQ(section_try_read(Base + 0x1000, &Value), STATUS_SUCCESS);
    CHECK_EQ(section_try_write(Base + 0x1000, 2), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(section_try_write(Base + 0x2000, 2), STATUS_SUCCESS);
    CHECK_EQ(protect(Base + 0x1000, 0x1000, PAGE_NOACCESS, &Old), STATUS_SUCCESS);
    CHECK_EQ(Old, PAGE_READONLY);
    CHECK_EQ(section_try_read(Base + 0x1000, &Value), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(protect(Base + 0x1000, 0x1000, PAGE_READWRITE, &Old), STATUS_SUCCESS);
    CHECK_EQ(section_try_read(Base + 0x1000, &Value), STATUS_SUCCESS);
    CHECK_EQ(Value, 1);
    release(Base);
}

KILN_TEST_ONCE(mm_protect, bad_changes_are_refused)
{
    PUCHAR Base = allocate(0x3000, MEM_RESERVE, PAGE_READWRITE);
    ULONG Old;

    CHECK_EQ(protect(Base, 0x1000, PAGE_READONLY, &Old), STATUS_NOT_COMMITTED);
    CHECK_EQ(protect(Base, 0x1000, 0x3, &Old), STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(protect(Base, 0x1000, PAGE_WRITECOPY, &Old), STATUS_INVALID_PAGE_PROTECTION); /* of views only */
    CHECK_EQ(protect(Base, 0, PAGE_READONLY, &Old), STATUS_INVALID_PARAMETER_3);
    CHECK_EQ(protect(Base, 0x100000, PAGE_READONLY, &Old), STATUS_CONFLICTING_ADDRESSES);
    release(Base);
    CHECK_EQ(protect(Base, 0x1000, PAGE_READONLY, &Old), STATUS_CONFLICTING_ADDRESSES);
}

KILN_TEST_ONCE(mm_protect, queries_tell_runs_of_like_pages)
{
    PUCHAR Base = allocate(0x5000, MEM_RESERVE, PAGE_READONLY);
    PVOID At = Base + 0x1000;
    SIZE_T Bytes = 0x3000;
    ULONG Old;

    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &At, 0, &Bytes, MEM_COMMIT, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(protect(Base + 0x2000, 0x1000, PAGE_READONLY, &Old), STATUS_SUCCESS);
    MEMORY_BASIC_INFORMATION Info = query(Base + 0x123);
    CHECK_EQ(Info.BaseAddress, Base);
    CHECK_EQ(Info.AllocationBase, Base);
    CHECK_EQ(Info.AllocationProtect, PAGE_READONLY);
    CHECK_EQ(Info.RegionSize, 0x1000);
    CHECK_EQ(Info.State, MEM_RESERVE);
    CHECK_EQ(Info.Protect, 0);
    CHECK_EQ(Info.Type, MEM_PRIVATE);
    Info = query(Base + 0x1000);
    CHECK_EQ(Info.RegionSize, 0x1000);
    CHECK_EQ(Info.State, MEM_COMMIT);
    CHECK_EQ(Info.Protect, PAGE_READWRITE);
    Info = query(Base + 0x2000);
    CHECK_EQ(Info.RegionSize, 0x1000);
    CHECK_EQ(Info.Protect, PAGE_READONLY);
    release(Base);
    Info = query(Base);
    CHECK_EQ(Info.State, MEM_FREE);
    CHECK(Info.RegionSize >= 0x5000);
}

KILN_TEST_ONCE(mm_protect, bad_queries_are_refused)
{
    MEMORY_BASIC_INFORMATION Info;

    CHECK_EQ(ZwQueryVirtualMemory(SELF, NULL, (MEMORY_INFORMATION_CLASS)7, &Info, sizeof(Info), NULL),
             STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwQueryVirtualMemory(SELF, NULL, MemoryBasicInformation, &Info, sizeof(Info) - 1, NULL),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(
        ZwQueryVirtualMemory(SELF, MmSystemRangeStart, MemoryBasicInformation, &Info, sizeof(Info), NULL),
        STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(mm_protect, the_native_forms_judge_their_caller)
{
    PUCHAR Base = allocate(0x1000, MEM_COMMIT, PAGE_READWRITE);
    PVOID Kernel = Base, *Slot = section_user_slot(NULL);
    SIZE_T Zero = 0;
    NTSTATUS Query, BadQuery, BadFree, Free;

    Slot[0] = Base;
    KiThread()->PreviousMode = UserMode;
    Query = NtQueryVirtualMemory(SELF, Base, MemoryBasicInformation, Slot + 8,
                                 sizeof(MEMORY_BASIC_INFORMATION), NULL);
    BadQuery = NtQueryVirtualMemory(SELF, Base, MemoryBasicInformation, MmSystemRangeStart,
                                    sizeof(MEMORY_BASIC_INFORMATION), NULL);
    BadFree = NtFreeVirtualMemory(SELF, &Kernel, &Zero, MEM_RELEASE); /* pointers to kernel memory */
    Free = NtFreeVirtualMemory(SELF, &Slot[0], (PSIZE_T)&Slot[1], MEM_RELEASE);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(Query, STATUS_SUCCESS);
    CHECK_EQ(((PMEMORY_BASIC_INFORMATION)(PVOID)(Slot + 8))->AllocationBase, Base);
    CHECK_EQ(BadQuery, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(BadFree, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(Free, STATUS_SUCCESS);
    CHECK_EQ(Slot[1], (PVOID)0x1000);
    CHECK_EQ(query(Base).State, MEM_FREE);
}

KILN_TEST_ONCE(mm_secure, a_probe_mode_bounds_the_protection)
{
    PUCHAR Base = allocate(0x2000, MEM_COMMIT, PAGE_READWRITE);
    ULONG Old;
    HANDLE Secure = MmSecureVirtualMemory(Base, 1, PAGE_READONLY);

    CHECK(Secure != NULL);
    CHECK_EQ(protect(Base, 0x1000, PAGE_NOACCESS, &Old), STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(protect(Base, 0x1000, PAGE_READONLY, &Old), STATUS_SUCCESS);
    CHECK_EQ(protect(Base, 0x1000, PAGE_READWRITE, &Old), STATUS_SUCCESS);
    CHECK_EQ(protect(Base + 0x1000, 0x1000, PAGE_NOACCESS, &Old), STATUS_SUCCESS); /* not secured */
    CHECK_EQ(MmSecureVirtualMemory(Base + 0x1000, 1, PAGE_READONLY), NULL);        /* not accessible */
    CHECK_EQ(MmSecureVirtualMemory(Base, 0, PAGE_READONLY), NULL);
    CHECK_EQ(MmSecureVirtualMemory(Base, 1, PAGE_EXECUTE), NULL);
    MmUnsecureVirtualMemory(Secure);
    CHECK_EQ(protect(Base, 0x1000, PAGE_READONLY, &Old), STATUS_SUCCESS);
    CHECK_EQ(MmSecureVirtualMemory(Base, 1, PAGE_READWRITE), NULL);
    release(Base);
}

KILN_TEST_ONCE(mm_secure, flags_are_honoured)
{
    PUCHAR Base = allocate(0x3000, MEM_COMMIT, PAGE_READWRITE);
    ULONG Old;
    HANDLE Fixed = MmSecureVirtualMemoryEx(Base, 0x1000, PAGE_READONLY, MM_SECURE_NO_CHANGE);

    CHECK(Fixed != NULL);
    CHECK_EQ(protect(Base, 0x1000, PAGE_READONLY, &Old), STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(MmSecureVirtualMemoryEx(Base + 0x2000, 1, PAGE_READONLY, MM_SECURE_EXCLUSIVE), NULL);
    MmUnsecureVirtualMemory(Fixed);
    HANDLE Alone = MmSecureVirtualMemoryEx(Base, 1, PAGE_READONLY, MM_SECURE_EXCLUSIVE);
    CHECK(Alone != NULL);
    MmUnsecureVirtualMemory(Alone);
    HANDLE User = MmSecureVirtualMemoryEx(Base, 1, PAGE_READWRITE, MM_SECURE_USER_MODE_ONLY);
    CHECK_EQ(protect(Base, 0x1000, PAGE_READONLY, &Old), STATUS_SUCCESS); /* kernel mode may */
    CHECK_EQ(protect(Base, 0x1000, PAGE_READWRITE, &Old), STATUS_SUCCESS);
    PVOID *Slot = section_user_slot(NULL);
    Slot[0] = Base;
    Slot[1] = (PVOID)0x1000;
    KiThread()->PreviousMode = UserMode;
    NTSTATUS Status =
        NtProtectVirtualMemory(SELF, &Slot[0], (PSIZE_T)&Slot[1], PAGE_READONLY, (PULONG)&Slot[2]);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(Status, STATUS_INVALID_PAGE_PROTECTION);
    MmUnsecureVirtualMemory(User);
    CHECK_EQ(MmSecureVirtualMemoryEx(Base, 1, PAGE_READWRITE, 0x100), NULL);
    release(Base);
}

static void touch(void *context)
{
    *(volatile UCHAR *)context = 1;
}

KILN_TEST_ONCE(mm_budget, running_out_of_host_mappings_is_a_status_and_loses_nothing)
{
    HANDLE Section = section_create(0x4000, PAGE_READWRITE, SEC_COMMIT), Physical;
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\PhysicalMemory");
    PUCHAR Base = section_map(Section, PAGE_READWRITE);
    OBJECT_ATTRIBUTES Attributes;
    EXCEPTION_RECORD Record;
    MI_MEMORY_USAGE Usage, After;
    PVOID View = NULL;
    SIZE_T Bytes = 0x10000;

    InitializeObjectAttributes(&Attributes, &Name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwOpenSection(&Physical, SECTION_ALL_ACCESS, &Attributes), STATUS_SUCCESS);
    MiQueryUsage(&Usage);
    ULONG Rest = (ULONG)(Usage.HostMappingLimit - Usage.HostMappings);
    CHECK(MiChargeHostMappings(Rest, "a test"));
    CHECK_EQ(KeTryCallEx(touch, Base, &Record), STATUS_IN_PAGE_ERROR);
    CHECK_EQ((NTSTATUS)Record.ExceptionInformation[2], STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(section_map_at(Physical, &View, NULL, &Bytes, 0, PAGE_READONLY), STATUS_INSUFFICIENT_RESOURCES);
    MiReturnHostMappings(Rest);
    MiQueryUsage(&After);
    CHECK_EQ(After.HostMappings, Usage.HostMappings);
    CHECK_EQ(KeTryCall(touch, Base), STATUS_SUCCESS);
    section_unmap(Base);
    ZwClose(Section);
    ZwClose(Physical);
    MiQueryUsage(&After);
    CHECK_EQ(After.PagesByUse[MiPageSection], 0);
}
