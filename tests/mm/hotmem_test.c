/* SPDX-License-Identifier: MIT */
/* Physical memory that is added, removed and marked while the machine runs, and the events that say how much is free. */
#include <ntifs.h>
#include "harness.h"
#include "layout.h"
#include "mi.h"

#define MB 0x100000ULL

static PHYSICAL_ADDRESS at(ULONG64 Address)
{
    return (PHYSICAL_ADDRESS){.QuadPart = (LONGLONG)Address};
}

static LARGE_INTEGER bytes(ULONG64 Count)
{
    return (LARGE_INTEGER){.QuadPart = (LONGLONG)Count};
}

static NTSTATUS add(ULONG64 Address, ULONG64 Count)
{
    PHYSICAL_ADDRESS Start = at(Address);
    LARGE_INTEGER Bytes = bytes(Count);
    return MmAddPhysicalMemory(&Start, &Bytes);
}

static NTSTATUS change(NTSTATUS(NTAPI *Routine)(PPHYSICAL_ADDRESS, PLARGE_INTEGER), ULONG64 Address, ULONG64 Count)
{
    PHYSICAL_ADDRESS Start = at(Address);
    LARGE_INTEGER Bytes = bytes(Count);
    return Routine(&Start, &Bytes);
}

static ULONG64 total(void)
{
    ULONG64 Sum = 0;
    PPHYSICAL_MEMORY_RANGE Ranges = MmGetPhysicalMemoryRanges();
    CHECK(Ranges != NULL);
    for (ULONG I = 0; Ranges[I].NumberOfBytes.QuadPart; I++)
        Sum += (ULONG64)Ranges[I].NumberOfBytes.QuadPart;
    ExFreePool(Ranges);
    return Sum;
}

KILN_TEST_ONCE(mm_hotmem, ranges_begin_as_one)
{
    PPHYSICAL_MEMORY_RANGE Ranges = MmGetPhysicalMemoryRanges();
    CHECK_EQ(Ranges[0].BaseAddress.QuadPart, 0);
    CHECK_EQ(Ranges[0].NumberOfBytes.QuadPart, 256 * MB);
    CHECK_EQ(Ranges[1].BaseAddress.QuadPart, 0);
    CHECK_EQ(Ranges[1].NumberOfBytes.QuadPart, 0);
    ExFreePool(Ranges);
}

KILN_TEST(mm_hotmem, added_memory_is_used_at_once)
{
    MI_MEMORY_USAGE Before, After;
    MiQueryUsage(&Before);
    CHECK_EQ(add(256 * MB, 64 * MB), STATUS_SUCCESS);
    MiQueryUsage(&After);
    CHECK_EQ(After.FreePages, Before.FreePages + 64 * MB / PAGE_SIZE);
    CHECK_EQ(total(), 320 * MB);
    PUCHAR Block = MmAllocateContiguousMemorySpecifyCache(32 * MB, at(256 * MB), at(320 * MB - 1), at(0), MmCached);
    CHECK(Block != NULL);
    CHECK_EQ(MmGetPhysicalAddress(Block).QuadPart, 256 * MB);
    for (ULONG64 I = 0; I < 32 * MB; I += MB)
        CHECK_EQ(Block[I], 0);
    Block[32 * MB - 1] = 1;
    MmFreeContiguousMemory(Block);
    /* More than there was before. */
    PVOID Large = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 300 * MB, 'tsTM');
    CHECK(Large != NULL);
    ExFreePool(Large);
}

KILN_TEST(mm_hotmem, memory_behind_a_hole_is_a_range_of_its_own)
{
    CHECK_EQ(add(4096 * MB, 16 * MB), STATUS_SUCCESS);
    PPHYSICAL_MEMORY_RANGE Ranges = MmGetPhysicalMemoryRangesEx2(NULL, 0);
    CHECK_EQ(Ranges[0].NumberOfBytes.QuadPart, 256 * MB);
    CHECK_EQ(Ranges[1].BaseAddress.QuadPart, 4096 * MB);
    CHECK_EQ(Ranges[1].NumberOfBytes.QuadPart, 16 * MB);
    CHECK_EQ(Ranges[2].NumberOfBytes.QuadPart, 0);
    ExFreePool(Ranges);
    /* The hole is device space: no RAM, and nothing to read. */
    SIZE_T Copied;
    UCHAR Byte;
    MM_COPY_ADDRESS Source = {.PhysicalAddress = at(1024 * MB)};
    CHECK(!NT_SUCCESS(MmCopyMemory(&Byte, Source, 1, MM_COPY_MEMORY_PHYSICAL, &Copied)));
    CHECK(!MmIsAddressValid((PVOID)(ULONG_PTR)(KILN_RAM_BASE + 1024 * MB)));
    PVOID Window = MmMapIoSpace(at(1024 * MB), PAGE_SIZE, MmNonCached);
    CHECK(Window != NULL);
    CHECK((ULONG_PTR)Window >= KILN_MMIO_BASE);
    MmUnmapIoSpace(Window, PAGE_SIZE);
    Source.PhysicalAddress = at(4096 * MB);
    CHECK_EQ(MmCopyMemory(&Byte, Source, 1, MM_COPY_MEMORY_PHYSICAL, &Copied), STATUS_SUCCESS);
    /* And it can be filled. */
    CHECK_EQ(add(256 * MB, 64 * MB), STATUS_SUCCESS);
    CHECK_EQ(total(), 336 * MB);
}

KILN_TEST(mm_hotmem, memory_that_is_there_or_in_use_by_a_device_cannot_be_added)
{
    CHECK_EQ(add(0, MB), STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(add(255 * MB, 2 * MB), STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(add(256 * MB + 1, MB), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(add(256 * MB, 0), STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(add(256 * MB, 100), STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(add(KILN_RAM_MAX, MB), STATUS_INVALID_PARAMETER_1);
    CHECK_EQ(add(256 * MB, KILN_RAM_MAX), STATUS_INVALID_PARAMETER_2);
    PVOID Window = MmMapIoSpace(at(300 * MB), PAGE_SIZE, MmNonCached);
    CHECK_EQ(add(256 * MB, 64 * MB), STATUS_CONFLICTING_ADDRESSES);
    MmUnmapIoSpace(Window, PAGE_SIZE);
    CHECK_EQ(add(256 * MB, 64 * MB), STATUS_SUCCESS);
    CHECK_EQ(add(256 * MB, 64 * MB), STATUS_CONFLICTING_ADDRESSES);
    PHYSICAL_ADDRESS Start = at(512 * MB);
    LARGE_INTEGER Bytes = bytes(MB);
    CHECK_EQ(MmAddPhysicalMemoryEx(&Start, &Bytes, ~0U), STATUS_INVALID_PARAMETER_3);
    CHECK_EQ(MmAddPhysicalMemoryEx(&Start, &Bytes, 0), STATUS_SUCCESS);
}

KILN_TEST(mm_hotmem, unused_memory_can_be_removed_and_used_memory_cannot)
{
    CHECK_EQ(add(256 * MB, 32 * MB), STATUS_SUCCESS);
    PUCHAR Block = MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, at(256 * MB), at(288 * MB - 1), at(0), MmCached);
    CHECK(Block != NULL);
    Block[0] = 77;
    CHECK_EQ(change(MmRemovePhysicalMemory, 256 * MB, 32 * MB), STATUS_DEVICE_BUSY);
    CHECK_EQ(total(), 288 * MB);
    CHECK_EQ(change(MmRemovePhysicalMemory, 272 * MB, 16 * MB), STATUS_SUCCESS);
    CHECK_EQ(total(), 272 * MB);
    CHECK_EQ(change(MmRemovePhysicalMemory, 272 * MB, 16 * MB), STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(Block[0], 77);
    MmFreeContiguousMemory(Block);
    PHYSICAL_ADDRESS Start = at(256 * MB);
    LARGE_INTEGER Bytes = bytes(16 * MB);
    CHECK_EQ(MmRemovePhysicalMemoryEx(&Start, &Bytes, 0), STATUS_SUCCESS);
    CHECK(!MmIsAddressValid(Block));
    CHECK_EQ(add(256 * MB, 16 * MB), STATUS_SUCCESS);
    CHECK_EQ(Block[0], 0); /* new memory, of zeros, at the same address */
}

KILN_TEST(mm_hotmem, bad_memory_is_in_no_range_until_it_is_good)
{
    CHECK_EQ(add(256 * MB, 16 * MB), STATUS_SUCCESS);
    CHECK_EQ(change(MmMarkPhysicalMemoryAsBad, 260 * MB, 4 * MB), STATUS_SUCCESS);
    CHECK_EQ(total(), 268 * MB);
    CHECK(MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, at(260 * MB), at(264 * MB - 1), at(0), MmCached) == NULL);
    CHECK_EQ(change(MmMarkPhysicalMemoryAsBad, 260 * MB, 4 * MB), STATUS_DEVICE_BUSY);
    CHECK_EQ(change(MmMarkPhysicalMemoryAsGood, 260 * MB, 8 * MB), STATUS_CONFLICTING_ADDRESSES);
    CHECK_EQ(change(MmMarkPhysicalMemoryAsGood, 260 * MB, 4 * MB), STATUS_SUCCESS);
    CHECK_EQ(total(), 272 * MB);
    CHECK(MmAllocateContiguousMemorySpecifyCache(PAGE_SIZE, at(260 * MB), at(264 * MB - 1), at(0), MmCached) != NULL);
    CHECK_EQ(change(MmMarkPhysicalMemoryAsBad, 512 * MB, MB), STATUS_CONFLICTING_ADDRESSES);
}

KILN_TEST(mm_hotmem, io_space_is_active_while_it_is_mapped)
{
    CHECK(!MmIsIoSpaceActive(at(300 * MB), PAGE_SIZE));
    PVOID Window = MmMapIoSpace(at(300 * MB + 16), 100, MmNonCached);
    CHECK(MmIsIoSpaceActive(at(300 * MB), PAGE_SIZE));
    CHECK(MmIsIoSpaceActive(at(300 * MB + 115), 1));
    CHECK(!MmIsIoSpaceActive(at(300 * MB + 116), 1));
    PVOID Again = MmMapIoSpaceEx(at(300 * MB + 16), 100, PAGE_READWRITE | PAGE_NOCACHE);
    MmUnmapIoSpace(Window, 100);
    CHECK(MmIsIoSpaceActive(at(300 * MB), PAGE_SIZE));
    MmUnmapIoSpace(Again, 100);
    CHECK(!MmIsIoSpaceActive(at(300 * MB), PAGE_SIZE));
}

KILN_TEST_BUGCHECK(mm_hotmem, io_space_that_is_not_mapped_cannot_be_unmapped, SYSTEM_PTE_MISUSE)
{
    PVOID Window = MmMapIoSpace(at(300 * MB), 100, MmNonCached);
    MmUnmapIoSpace(Window, 200);
}

/* ---------------------------------------------------------------- events */

static PKEVENT condition(PCWSTR Text)
{
    UNICODE_STRING Name;
    HANDLE Handle;
    RtlInitUnicodeString(&Name, Text);
    PKEVENT Event = IoCreateNotificationEvent(&Name, &Handle);
    CHECK(Event != NULL);
    return Event;
}

/* The events follow in a DPC. */
static LONG state(PKEVENT Event)
{
    KeFlushQueuedDpcs();
    return KeReadStateEvent(Event);
}

KILN_TEST(mm_condition, events_follow_the_amount_of_free_memory)
{
    PKEVENT Low = condition(L"\\KernelObjects\\LowMemoryCondition");
    PKEVENT High = condition(L"\\KernelObjects\\HighMemoryCondition");
    PKEVENT LowPool = condition(L"\\KernelObjects\\LowNonPagedPoolCondition");
    PKEVENT HighPool = condition(L"\\KernelObjects\\HighPagedPoolCondition");
    PKEVENT LowCommit = condition(L"\\KernelObjects\\LowCommitCondition");
    PKEVENT HighCommit = condition(L"\\KernelObjects\\HighCommitCondition");
    PKEVENT Maximum = condition(L"\\KernelObjects\\MaximumCommitCondition");
    PVOID Block[300];
    ULONG Count = 0;
    CHECK_EQ(state(Low), 0);
    CHECK_EQ(state(High), 1);
    CHECK_EQ(state(HighPool), 1);
    CHECK_EQ(state(LowCommit), 1);
    CHECK_EQ(state(HighCommit), 0);
    while (!state(Low) && Count < 300)
        if (!(Block[Count++] = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, MB, 'tsTM')))
            break;
    CHECK_EQ(state(Low), 1);
    CHECK_EQ(state(LowPool), 1);
    CHECK_EQ(state(High), 0);
    CHECK_EQ(state(LowCommit), 0);
    CHECK_EQ(state(HighCommit), 1);
    CHECK_EQ(state(Maximum), 0);
    for (ULONG I = 0; I < 5 && Count < 300; I++)
        Block[Count++] = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, MB, 'tsTM');
    CHECK_EQ(state(Maximum), 1);
    for (ULONG I = 0; I < Count; I++)
        if (Block[I])
            ExFreePool(Block[I]);
    CHECK_EQ(state(Low), 0);
    CHECK_EQ(state(High), 1);
    CHECK_EQ(state(Maximum), 0);
    CHECK_EQ(state(LowCommit), 1);
}

/* "The memory notification event": a driver that waits for HighMemoryCondition is told of added memory. */
KILN_TEST(mm_condition, added_memory_sets_the_high_memory_event)
{
    PKEVENT High = condition(L"\\KernelObjects\\HighMemoryCondition");
    ULONG Count = 0;
    while (state(High) && Count++ < 300)
        ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, MB, 'tsTM');
    CHECK_EQ(state(High), 0);
    CHECK_EQ(add(256 * MB, 64 * MB), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(High, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}
