/* SPDX-License-Identifier: MIT */
/* Views of sections in processes. */
#include "section_fixture.h"

KILN_TEST_ONCE(mm_view, nothing_is_allocated_before_it_is_touched)
{
    HANDLE Section = section_create(0x100000, PAGE_READWRITE, SEC_COMMIT);
    MI_MEMORY_USAGE Before, After;
    UCHAR *Base = section_map(Section, PAGE_READWRITE);

    MiQueryUsage(&Before);
    CHECK(!MmIsAddressValid(Base));
    CHECK_EQ(Base[0x80001], 0);
    CHECK(MmIsAddressValid(Base + 0x80000));
    MiQueryUsage(&After);
    CHECK(After.PagesByUse[MiPageSection] > Before.PagesByUse[MiPageSection]);
    CHECK(After.PagesByUse[MiPageSection] <= Before.PagesByUse[MiPageSection] + 16);
    section_unmap(Base);
    ZwClose(Section);
    MiQueryUsage(&After);
    CHECK_EQ(After.PagesByUse[MiPageSection], Before.PagesByUse[MiPageSection]);
    CHECK_EQ(After.HostMappings, Before.HostMappings);
}

KILN_TEST_ONCE(mm_view, all_views_of_a_section_are_the_same_memory)
{
    HANDLE Section = section_create(0x30000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *First = section_map(Section, PAGE_READWRITE),
                   *Second = section_map(Section, PAGE_READWRITE);
    LONGLONG Offset = 0x20000;
    PVOID Third = NULL;
    SIZE_T Bytes = 0;

    CHECK_EQ(section_map_at(Section, &Third, &Offset, &Bytes, 0, PAGE_READONLY), STATUS_SUCCESS);
    CHECK_EQ(Bytes, 0x10000);
    CHECK(First != Second);
    for (ULONG I = 0; I < 0x30000; I += 0x777)
        First[I] = (UCHAR)(I >> 4);
    for (ULONG I = 0; I < 0x30000; I += 0x777)
        CHECK_EQ(Second[I], (UCHAR)(I >> 4));
    Second[0x2ABCD] = 0x5A;
    CHECK_EQ(((volatile UCHAR *)Third)[0xABCD], 0x5A);
    section_unmap((PVOID)First);
    CHECK_EQ(Second[0x2ABCD], 0x5A);
    ZwClose(Section);
    CHECK_EQ(Second[0x2ABCD], 0x5A); /* the views keep the section */
    section_unmap((PVOID)Second);
    section_unmap(Third);
}

KILN_TEST_ONCE(mm_view, contents_go_with_the_last_reference)
{
    HANDLE Section = section_create(0x1000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *Base = section_map(Section, PAGE_READWRITE);

    Base[5] = 7;
    section_unmap((PVOID)Base);
    Base = section_map(Section, PAGE_READWRITE);
    CHECK_EQ(Base[5], 7); /* the handle kept it */
    section_unmap((PVOID)Base);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, offset_is_rounded_down_to_the_granularity)
{
    HANDLE Section = section_create(0x40000, PAGE_READWRITE, SEC_COMMIT);
    LONGLONG Offset = 0x1F123;
    PVOID Base = NULL;
    SIZE_T Bytes = 0x1000;

    CHECK_EQ(section_map_at(Section, &Base, &Offset, &Bytes, 0, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(Offset, 0x10000);
    CHECK_EQ(Bytes, 0x11000); /* what was asked for lies in the view */
    CHECK_EQ((ULONG_PTR)Base & 0xFFFF, 0);
    section_unmap(Base);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, base_is_rounded_down_and_respected)
{
    HANDLE Section = section_create(0x10000, PAGE_READWRITE, SEC_COMMIT);
    PVOID Base = section_map(Section, PAGE_READWRITE), Wanted, Other;
    SIZE_T Bytes = 0;

    section_unmap(Base);
    Wanted = (UCHAR *)Base + 0x51234;
    CHECK_EQ(section_map_at(Section, &Wanted, NULL, &Bytes, 0, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(Wanted, (UCHAR *)Base + 0x50000);
    Other = (UCHAR *)Base + 0x50000;
    CHECK_EQ(section_map_at(Section, &Other, NULL, &Bytes, 0, PAGE_READWRITE), STATUS_CONFLICTING_ADDRESSES);
    section_unmap(Wanted);
    Wanted = (PVOID)(ULONG_PTR)MmUserProbeAddress;
    CHECK_EQ(section_map_at(Section, &Wanted, NULL, &Bytes, 0, PAGE_READWRITE), STATUS_INVALID_PARAMETER_3);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, top_down_is_higher)
{
    HANDLE Section = section_create(0x10000, PAGE_READWRITE, SEC_COMMIT);
    PVOID Low = section_map(Section, PAGE_READWRITE), High = NULL;
    SIZE_T Bytes = 0;

    CHECK_EQ(section_map_at(Section, &High, NULL, &Bytes, MEM_TOP_DOWN, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK((ULONG_PTR)High > (ULONG_PTR)Low + 0x10000000);
    section_unmap(Low);
    section_unmap(High);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, bad_arguments_are_refused)
{
    HANDLE Section = section_create(0x10000, PAGE_READWRITE, SEC_COMMIT);
    LARGE_INTEGER Offset = {.QuadPart = 0};
    PVOID Base = NULL;
    SIZE_T Bytes = 0x20000;

    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, 0, PAGE_READWRITE), STATUS_INVALID_VIEW_SIZE);
    Offset.QuadPart = 0x10000;
    Bytes = 0;
    CHECK_EQ(section_map_at(Section, &Base, &Offset.QuadPart, &Bytes, 0, PAGE_READWRITE),
             STATUS_INVALID_VIEW_SIZE);
    Offset.QuadPart = 0;
    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Base, 21, 0, &Offset, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
             STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Base, 0, 0, &Offset, &Bytes, 0, 0, PAGE_READWRITE),
             STATUS_INVALID_PARAMETER_8);
    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, MEM_COMMIT, PAGE_READWRITE),
             STATUS_INVALID_PARAMETER_9);
    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, MEM_LARGE_PAGES, PAGE_READWRITE),
             STATUS_INVALID_PARAMETER_9);
    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, 0, PAGE_READWRITE | PAGE_READONLY),
             STATUS_INVALID_PAGE_PROTECTION);
    Bytes = 0x1000;
    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Base, 0, 0x2000, NULL, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
             STATUS_INVALID_PARAMETER_5);
    CHECK_EQ(
        ZwMapViewOfSection((HANDLE)0x7770, SELF, &Base, 0, 0, NULL, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
        STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwMapViewOfSection(Section, Section, &Base, 0, 0, NULL, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
             STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, zero_bits_limit_the_address)
{
    HANDLE Section = section_create(0x10000, PAGE_READWRITE, SEC_COMMIT);
    PVOID Base = NULL;
    SIZE_T Bytes = 0;

    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Base, 16, 0, NULL, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
             STATUS_SUCCESS);
    CHECK_EQ((ULONG_PTR)Base >> 48, 0);
    section_unmap(Base);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, protection_must_fit_the_sections)
{
    HANDLE Section = section_create(0x1000, PAGE_READONLY, SEC_COMMIT);
    PVOID Base = NULL;
    SIZE_T Bytes = 0;
    UCHAR Value;

    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, 0, PAGE_READWRITE), STATUS_SECTION_PROTECTION);
    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, 0, PAGE_EXECUTE_READ), STATUS_SECTION_PROTECTION);
    CHECK_EQ(section_map_at(Section, &Base, NULL, &Bytes, 0, PAGE_WRITECOPY), STATUS_SUCCESS);
    section_unmap(Base);
    Base = section_map(Section, PAGE_READONLY);
    CHECK_EQ(section_try_read(Base, &Value), STATUS_SUCCESS);
    CHECK_EQ(section_try_write(Base, 1), STATUS_ACCESS_VIOLATION);
    section_unmap(Base);
    CHECK_EQ(section_try_read(Base, &Value), STATUS_ACCESS_VIOLATION);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, unmapping_takes_any_address_within)
{
    HANDLE Section = section_create(0x20000, PAGE_READWRITE, SEC_COMMIT);
    UCHAR *Base = section_map(Section, PAGE_READWRITE);
    PVOID Private = section_user_slot(NULL);

    CHECK_EQ(ZwUnmapViewOfSection(SELF, Private), STATUS_NOT_MAPPED_VIEW);
    CHECK_EQ(ZwUnmapViewOfSection(SELF, Base + 0x20000), STATUS_NOT_MAPPED_VIEW);
    CHECK_EQ(ZwUnmapViewOfSection(SELF, Base + 0x1ABCD), STATUS_SUCCESS);
    CHECK_EQ(ZwUnmapViewOfSection(SELF, Base), STATUS_NOT_MAPPED_VIEW);
    Base = section_map(Section, PAGE_READWRITE); /* the addresses are free again */
    section_unmap(Base);
    ZwClose(Section);
}

/* ---------------------------------------------------------------- copy on write */

KILN_TEST_ONCE(mm_view, a_write_to_a_writecopy_view_is_private)
{
    HANDLE Section = section_create(0x4000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *Shared = section_map(Section, PAGE_READWRITE),
                   *Copy = section_map(Section, PAGE_WRITECOPY);
    MI_MEMORY_USAGE Before, After;

    MiQueryUsage(&Before);
    Shared[0x1000] = 1;
    CHECK_EQ(Copy[0x1000], 1);
    Copy[0x1001] = 2;
    CHECK_EQ(Copy[0x1000], 1);
    CHECK_EQ(Copy[0x1001], 2);
    CHECK_EQ(Shared[0x1001], 0);
    Shared[0x1000] = 9;
    CHECK_EQ(Copy[0x1000], 1); /* copied */
    Shared[0x2000] = 9;
    CHECK_EQ(Copy[0x2000], 9); /* not copied */
    section_unmap((PVOID)Copy);
    Copy = section_map(Section, PAGE_WRITECOPY);
    CHECK_EQ(Copy[0x1001], 0); /* the copy went with its view */
    section_unmap((PVOID)Copy);
    MiQueryUsage(&After);
    CHECK_EQ(After.PagesByUse[MiPageUser], Before.PagesByUse[MiPageUser]);
    section_unmap((PVOID)Shared);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, query_tells_copied_pages)
{
    HANDLE Section = section_create(0x3000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *Copy = section_map(Section, PAGE_WRITECOPY);
    MEMORY_BASIC_INFORMATION Info;

    CHECK_EQ(ZwQueryVirtualMemory(SELF, (PVOID)Copy, MemoryBasicInformation, &Info, sizeof(Info), NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Info.RegionSize, 0x3000);
    CHECK_EQ(Info.State, MEM_COMMIT);
    CHECK_EQ(Info.Type, MEM_MAPPED);
    CHECK_EQ(Info.Protect, PAGE_WRITECOPY);
    CHECK_EQ(Info.AllocationProtect, PAGE_WRITECOPY);
    CHECK_EQ(Info.AllocationBase, Copy);
    Copy[0x1000] = 1;
    CHECK_EQ(
        ZwQueryVirtualMemory(SELF, (PVOID)(Copy + 0x1800), MemoryBasicInformation, &Info, sizeof(Info), NULL),
        STATUS_SUCCESS);
    CHECK_EQ(Info.BaseAddress, Copy + 0x1000);
    CHECK_EQ(Info.RegionSize, 0x1000);
    CHECK_EQ(Info.Protect, PAGE_READWRITE);
    section_unmap((PVOID)Copy);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, a_copy_survives_changes_of_protection)
{
    HANDLE Section = section_create(0x1000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *Copy = section_map(Section, PAGE_WRITECOPY);
    PVOID Base = (PVOID)Copy;
    SIZE_T Bytes = 0x1000;
    ULONG Old;
    UCHAR Value;

    Copy[0] = 42;
    CHECK_EQ(NtProtectVirtualMemory(SELF, &Base, &Bytes, PAGE_NOACCESS, &Old), STATUS_SUCCESS);
    CHECK_EQ(Old, PAGE_READWRITE);
    CHECK_EQ(section_try_read(Copy, &Value), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(NtProtectVirtualMemory(SELF, &Base, &Bytes, PAGE_WRITECOPY, &Old), STATUS_SUCCESS);
    CHECK_EQ(Old, PAGE_NOACCESS);
    CHECK_EQ(Copy[0], 42);
    Copy[0] = 43;
    volatile UCHAR *Shared = section_map(Section, PAGE_READONLY);
    CHECK_EQ(Shared[0], 0);
    section_unmap((PVOID)Shared);
    section_unmap(Base);
    ZwClose(Section);
}

/* ---------------------------------------------------------------- reserve and commit */

KILN_TEST_ONCE(mm_view, reserved_sections_are_committed_by_pages_for_all_views)
{
    HANDLE Section = section_create(0x100000, PAGE_READWRITE, SEC_RESERVE);
    UCHAR *First = section_map(Section, PAGE_READWRITE), *Second = section_map(Section, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION Info;
    PVOID At = First + 0x10000;
    SIZE_T Bytes = 0x2000;
    UCHAR Value;

    CHECK_EQ(section_try_read(First + 0x10000, &Value), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(ZwQueryVirtualMemory(SELF, First, MemoryBasicInformation, &Info, sizeof(Info), NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Info.State, MEM_RESERVE);
    CHECK_EQ(Info.RegionSize, 0x100000);
    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &At, 0, &Bytes, MEM_COMMIT, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(section_try_write(First + 0x11FFF, 3), STATUS_SUCCESS);
    CHECK_EQ(section_try_read(Second + 0x11FFF, &Value), STATUS_SUCCESS);
    CHECK_EQ(Value, 3);
    CHECK_EQ(section_try_read(First + 0x12000, &Value), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(ZwQueryVirtualMemory(SELF, Second + 0x10000, MemoryBasicInformation, &Info, sizeof(Info), NULL),
             STATUS_SUCCESS);
    CHECK_EQ(Info.State, MEM_COMMIT);
    CHECK_EQ(Info.RegionSize, 0x2000);
    section_unmap(First);
    section_unmap(Second);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, commit_size_commits_the_beginning)
{
    HANDLE Section = section_create(0x100000, PAGE_READWRITE, SEC_RESERVE);
    PVOID Base = NULL;
    SIZE_T Bytes = 0;
    UCHAR Value;

    CHECK_EQ(ZwMapViewOfSection(Section, SELF, &Base, 0, 0x1001, NULL, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
             STATUS_SUCCESS);
    CHECK_EQ(section_try_write((UCHAR *)Base + 0x1FFF, 1), STATUS_SUCCESS);
    CHECK_EQ(section_try_read((UCHAR *)Base + 0x2000, &Value), STATUS_ACCESS_VIOLATION);
    section_unmap(Base);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, a_view_is_not_freed_as_private_memory)
{
    HANDLE Section = section_create(0x10000, PAGE_READWRITE, SEC_COMMIT);
    PVOID Base = section_map(Section, PAGE_READWRITE);
    SIZE_T Bytes = 0;

    CHECK_EQ(ZwFreeVirtualMemory(SELF, &Base, &Bytes, MEM_RELEASE), STATUS_UNABLE_TO_DELETE_SECTION);
    Bytes = 0x1000;
    CHECK_EQ(ZwAllocateVirtualMemory(SELF, &Base, 0, &Bytes, MEM_COMMIT, PAGE_READWRITE),
             STATUS_ALREADY_COMMITTED);
    section_unmap(Base);
    ZwClose(Section);
}

/* ---------------------------------------------------------------- protection, securing */

KILN_TEST_ONCE(mm_view, protection_of_pages_can_be_lowered_and_restored)
{
    HANDLE Section = section_create(0x4000, PAGE_READWRITE, SEC_COMMIT);
    UCHAR *Base = section_map(Section, PAGE_READWRITE);
    PVOID At = Base + 0x1000;
    SIZE_T Bytes = 0x1000;
    ULONG Old;

    Base[0x1000] = 1;
    CHECK_EQ(NtProtectVirtualMemory(SELF, &At, &Bytes, PAGE_READONLY, &Old), STATUS_SUCCESS);
    CHECK_EQ(Old, PAGE_READWRITE);
    CHECK_EQ(section_try_write(Base + 0x1000, 2), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(section_try_write(Base + 0x2000, 2), STATUS_SUCCESS);
    CHECK_EQ(NtProtectVirtualMemory(SELF, &At, &Bytes, PAGE_READWRITE, &Old), STATUS_SUCCESS);
    CHECK_EQ(section_try_write(Base + 0x1000, 2), STATUS_SUCCESS);
    CHECK_EQ(NtProtectVirtualMemory(SELF, &At, &Bytes, PAGE_EXECUTE_READ, &Old), STATUS_SECTION_PROTECTION);
    section_unmap(Base);
    Base = section_map(Section, PAGE_READONLY); /* not beyond what it was mapped with */
    At = Base;
    CHECK_EQ(NtProtectVirtualMemory(SELF, &At, &Bytes, PAGE_READWRITE, &Old), STATUS_SECTION_PROTECTION);
    section_unmap(Base);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, a_guard_page_is_a_one_shot_alarm)
{
    HANDLE Section = section_create(0x2000, PAGE_READWRITE, SEC_COMMIT);
    UCHAR *Base = section_map(Section, PAGE_READWRITE), Value;
    PVOID At = Base;
    SIZE_T Bytes = 0x1000;
    ULONG Old;

    Base[0] = 6;
    CHECK_EQ(NtProtectVirtualMemory(SELF, &At, &Bytes, PAGE_READWRITE | PAGE_GUARD, &Old), STATUS_SUCCESS);
    CHECK_EQ(section_try_read(Base, &Value), STATUS_GUARD_PAGE_VIOLATION);
    CHECK_EQ(section_try_read(Base, &Value), STATUS_SUCCESS);
    CHECK_EQ(Value, 6);
    section_unmap(Base);
    ZwClose(Section);
}

KILN_TEST_ONCE(mm_view, a_secured_view_stays)
{
    HANDLE Section = section_create(0x2000, PAGE_READWRITE, SEC_COMMIT);
    PVOID Base = section_map(Section, PAGE_READWRITE); /* not touched: securing does not ask for that */
    SIZE_T Bytes = 0x1000;
    ULONG Old;
    HANDLE Secure = MmSecureVirtualMemory(Base, 0x1000, PAGE_READWRITE);

    CHECK(Secure != NULL);
    CHECK_EQ(ZwUnmapViewOfSection(SELF, Base), STATUS_INVALID_PAGE_PROTECTION);
    CHECK_EQ(NtProtectVirtualMemory(SELF, &Base, &Bytes, PAGE_READONLY, &Old),
             STATUS_INVALID_PAGE_PROTECTION);
    MmUnsecureVirtualMemory(Secure);
    section_unmap(Base);
    ZwClose(Section);
}

/* ---------------------------------------------------------------- locked pages */

KILN_TEST_ONCE(mm_view, locking_brings_pages_in_and_keeps_them)
{
    HANDLE Section = section_create(0x4000, PAGE_READWRITE, SEC_COMMIT);
    UCHAR *Base = section_map(Section, PAGE_READWRITE);
    PMDL Mdl = IoAllocateMdl(Base, 0x4000, FALSE, FALSE, NULL);
    MI_MEMORY_USAGE Usage;

    MmProbeAndLockPages(Mdl, UserMode, IoModifyAccess);
    volatile UCHAR *System = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    System[0x3000] = 8;
    CHECK_EQ(Base[0x3000], 8);
    section_unmap(Base);
    ZwClose(Section);
    System[0x3001] = 9; /* the pages outlive view and section */
    CHECK_EQ(System[0x3000], 8);
    MiQueryUsage(&Usage);
    CHECK(Usage.PagesByUse[MiPageSection] >= 4);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
    MiQueryUsage(&Usage);
    CHECK_EQ(Usage.PagesByUse[MiPageSection], 0);
}

static void lock_for_write(void *context)
{
    MmProbeAndLockPages(context, UserMode, IoWriteAccess);
}

KILN_TEST_ONCE(mm_view, locking_for_write_copies_or_refuses)
{
    HANDLE Section = section_create(0x1000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *Shared = section_map(Section, PAGE_READWRITE);
    UCHAR *Copy = section_map(Section, PAGE_WRITECOPY), *ReadOnly = section_map(Section, PAGE_READONLY);
    PMDL Mdl = IoAllocateMdl(Copy, 0x1000, FALSE, FALSE, NULL);

    Shared[1] = 1;
    MmProbeAndLockPages(Mdl, UserMode, IoWriteAccess);
    *(volatile UCHAR *)MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority) = 77;
    CHECK_EQ(Copy[0], 77);
    CHECK_EQ(Copy[1], 1);
    CHECK_EQ(Shared[0], 0);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
    Mdl = IoAllocateMdl(ReadOnly, 0x1000, FALSE, FALSE, NULL);
    CHECK_EQ(KeTryCall(lock_for_write, Mdl), STATUS_ACCESS_VIOLATION);
    IoFreeMdl(Mdl);
    section_unmap((PVOID)Shared);
    section_unmap(Copy);
    section_unmap(ReadOnly);
    ZwClose(Section);
}

/* ---------------------------------------------------------------- processes */

KILN_TEST_ONCE(mm_view, a_process_that_ends_leaves_nothing)
{
    HANDLE Handle = section_create(0x4000, PAGE_READWRITE, SEC_COMMIT);
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"other");
    PEPROCESS Process;
    PVOID Section, Base = NULL;
    SIZE_T Bytes = 0;
    MI_MEMORY_USAGE Usage;

    CHECK_EQ(PspCreateProcess(PsInitialSystemProcess, &Name, PspUserSlice, &Process), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(Handle, 0, *MmSectionObjectType, KernelMode, &Section, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(MmMapViewOfSection(Section, Process, &Base, 0, 0, NULL, &Bytes, ViewUnmap, 0, PAGE_READWRITE),
             STATUS_SUCCESS);
    CHECK_EQ(MiProcessOfUserAddress(Base), Process);
    ((volatile UCHAR *)Base)[0x1000] = 4;
    PspExitProcess(Process, 0);
    ObDereferenceObject(Process);
    Base = NULL;
    CHECK_EQ(MmMapViewOfSection(Section, PsGetCurrentProcess(), &Base, 0, 0, NULL, &Bytes, ViewUnmap, 0,
                                PAGE_READONLY),
             STATUS_SUCCESS);
    CHECK_EQ(((volatile UCHAR *)Base)[0x1000], 4);
    CHECK_EQ(MmUnmapViewOfSection(PsGetCurrentProcess(), Base), STATUS_SUCCESS);
    CHECK_EQ(MmUnmapViewOfSection(PsGetCurrentProcess(), Base), STATUS_NOT_MAPPED_VIEW);
    ObDereferenceObject(Section);
    ZwClose(Handle);
    MiQueryUsage(&Usage);
    CHECK_EQ(Usage.PagesByUse[MiPageSection], 0);
}

KILN_TEST_BUGCHECK(mm_view, an_absent_page_is_not_touched_at_dispatch_level, IRQL_NOT_LESS_OR_EQUAL)
{
    HANDLE Section = section_create(0x1000, PAGE_READWRITE, SEC_COMMIT);
    volatile UCHAR *Base = section_map(Section, PAGE_READWRITE);
    KIRQL Irql;

    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    Base[0] = 1;
}

/* ---------------------------------------------------------------- races */

struct race {
    UCHAR *base;
    volatile LONG failures, done;
};

static VOID NTAPI toucher(PVOID context)
{
    struct race *Race = context;

    for (ULONG I = 0; I < 0x40; I++) {
        section_increment((volatile LONG *)(Race->base + I * PAGE_SIZE));
        if (Race->base[I * PAGE_SIZE + 4] != 0)
            InterlockedIncrement(&Race->failures);
    }
    InterlockedIncrement(&Race->done);
}

KILN_TEST(mm_view, two_threads_touch_the_same_pages)
{
    HANDLE Section = section_create(0x40 * PAGE_SIZE, PAGE_READWRITE, SEC_COMMIT), Threads[3];
    struct race Race = {.base = section_map(Section, PAGE_READWRITE)};
    volatile LONG *Other = section_map(Section, PAGE_READWRITE);
    OBJECT_ATTRIBUTES Attributes;
    PVOID Thread;

    InitializeObjectAttributes(&Attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    for (int I = 0; I < 3; I++)
        CHECK_EQ(
            PsCreateSystemThread(&Threads[I], THREAD_ALL_ACCESS, &Attributes, SELF, NULL, toucher, &Race),
            STATUS_SUCCESS);
    for (int I = 0; I < 3; I++) {
        CHECK_EQ(ObReferenceObjectByHandle(Threads[I], SYNCHRONIZE, *PsThreadType, KernelMode, &Thread, NULL),
                 STATUS_SUCCESS);
        KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(Thread);
        ZwClose(Threads[I]);
    }
    CHECK_EQ(Race.failures, 0);
    for (ULONG I = 0; I < 0x40; I++)
        CHECK_EQ(Other[I * PAGE_SIZE / 4], 3); /* no page was made twice */
    section_unmap(Race.base);
    section_unmap((PVOID)Other);
    ZwClose(Section);
}
