/* SPDX-License-Identifier: MIT */
/*
 * Physical memory that comes and goes while the machine runs: added, removed, marked bad and good again.
 *
 * The direct map has room for RAM anywhere below KILN_RAM_MAX, so a range can be added wherever nothing is. What lies
 * between is a hole: its PFN entries exist and say MI_PFN_ABSENT, its addresses are inaccessible, and to everybody else
 * it is device space (MiIsRamPfn). MiPageCount is the first frame above all RAM and only grows. A range can be
 * removed, or be marked bad, while none of its pages is in use: pages do not move here, because their addresses are
 * their physical addresses.
 *
 * Lock: memory_lock (fast mutex) for the whole of a change; the page lists' lock (P) inside. The documentation
 * describes only MmAddPhysicalMemory and the ranges; the other routines have a name and a prototype there, and do
 * here what the names say. Reference: MmAddPhysicalMemory, MmGetPhysicalMemoryRangesEx2 of ntddk.h; Dynamic Hardware Partitioning.
 */
#include "mip.h"
#include "ki.h"

#define RANGES_TAG 0x526D4D68U /* "hMmR" */

BOOLEAN MiHoles;
static FAST_MUTEX memory_lock;

void MiInitHotMemory(void)
{
    ExInitializeFastMutex(&memory_lock);
}

BOOLEAN MiRangeHasRam(PFN_NUMBER First, SIZE_T Pages)
{
    for (PFN_NUMBER P = First; P < First + Pages && P < MiPageCount; P++)
        if (MiIsRamPfn(P))
            return TRUE;
    return FALSE;
}

BOOLEAN MiRangeIsRam(PFN_NUMBER First, SIZE_T Pages)
{
    for (PFN_NUMBER P = First; P < First + Pages; P++)
        if (!MiIsRamPfn(P))
            return FALSE;
    return TRUE;
}

/* The frames of a range given by address and length. */
static NTSTATUS parse(PPHYSICAL_ADDRESS Start, PLARGE_INTEGER Bytes, PFN_NUMBER *First, SIZE_T *Pages)
{
    ULONG64 Begin = (ULONG64)Start->QuadPart, Length = (ULONG64)Bytes->QuadPart;

    if ((Begin & (MI_PAGE_BYTES - 1)) || Begin >= KILN_RAM_MAX)
        return STATUS_INVALID_PARAMETER_1;
    if (Length == 0 || (Length & (MI_PAGE_BYTES - 1)) || Length > KILN_RAM_MAX - Begin)
        return STATUS_INVALID_PARAMETER_2;
    *First = (PFN_NUMBER)(Begin >> KILN_PAGE_SHIFT);
    *Pages = (SIZE_T)(Length >> KILN_PAGE_SHIFT);
    return STATUS_SUCCESS;
}

static NTSTATUS add(PFN_NUMBER First, SIZE_T Pages)
{
    PHYSICAL_ADDRESS Start = {.QuadPart = (LONGLONG)First << KILN_PAGE_SHIFT};

    if (MiRangeHasRam(First, Pages) || MmIsIoSpaceActive(Start, Pages << KILN_PAGE_SHIFT))
        return STATUS_CONFLICTING_ADDRESSES;
    if (!MiChargeHostMappings(2, "added memory"))
        return STATUS_INSUFFICIENT_RESOURCES;
    if (host_add_ram((ULONG64)First << KILN_PAGE_SHIFT, (ULONG64)Pages << KILN_PAGE_SHIFT) != 0 ||
        !MiGrowPageLists(First + Pages)) {
        MiReturnHostMappings(2);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MiChangeFrames(First, Pages, 0, MI_PFN_ABSENT | MI_PFN_NOACCESS);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MmAddPhysicalMemoryEx(PPHYSICAL_ADDRESS StartAddress, PLARGE_INTEGER NumberOfBytes, ULONG Flags)
{
    PFN_NUMBER First;
    SIZE_T Pages;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Flags)
        return STATUS_INVALID_PARAMETER_3;
    NTSTATUS Status = parse(StartAddress, NumberOfBytes, &First, &Pages);
    if (!NT_SUCCESS(Status))
        return Status;
    ExAcquireFastMutex(&memory_lock);
    Status = add(First, Pages);
    ExReleaseFastMutex(&memory_lock);
    return Status;
}

NTSTATUS NTAPI MmAddPhysicalMemory(PPHYSICAL_ADDRESS StartAddress, PLARGE_INTEGER NumberOfBytes)
{
    return MmAddPhysicalMemoryEx(StartAddress, NumberOfBytes, 0);
}

NTSTATUS NTAPI MmRemovePhysicalMemoryEx(PPHYSICAL_ADDRESS StartAddress, PLARGE_INTEGER NumberOfBytes, ULONG Flags)
{
    PFN_NUMBER First;
    SIZE_T Pages;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (Flags)
        return STATUS_INVALID_PARAMETER_3;
    NTSTATUS Status = parse(StartAddress, NumberOfBytes, &First, &Pages);
    if (!NT_SUCCESS(Status))
        return Status;
    ExAcquireFastMutex(&memory_lock);
    if (!MiRangeIsRam(First, Pages))
        Status = STATUS_CONFLICTING_ADDRESSES;
    else if (!MiChargeHostMappings(2, "removed memory"))
        Status = STATUS_INSUFFICIENT_RESOURCES;
    else if (!MiTakeFrames(First, Pages, MI_PFN_ABSENT | MI_PFN_NOACCESS)) {
        MiReturnHostMappings(2);
        Status = STATUS_DEVICE_BUSY; /* some of it is in use */
    } else {
        MiHoles = TRUE;
        host_discard_ram((ULONG64)First << KILN_PAGE_SHIFT, (ULONG64)Pages << KILN_PAGE_SHIFT);
        host_unmap(MiPfnToVa(First), (ULONG64)Pages << KILN_PAGE_SHIFT);
    }
    ExReleaseFastMutex(&memory_lock);
    return Status;
}

NTSTATUS NTAPI MmRemovePhysicalMemory(PPHYSICAL_ADDRESS StartAddress, PLARGE_INTEGER NumberOfBytes)
{
    return MmRemovePhysicalMemoryEx(StartAddress, NumberOfBytes, 0);
}

/* Bad memory is not given out and is in no range; its frames are still there. */
NTSTATUS NTAPI MmMarkPhysicalMemoryAsBad(PPHYSICAL_ADDRESS StartAddress, PLARGE_INTEGER NumberOfBytes)
{
    PFN_NUMBER First;
    SIZE_T Pages;
    NTSTATUS Status = parse(StartAddress, NumberOfBytes, &First, &Pages);

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (!NT_SUCCESS(Status))
        return Status;
    ExAcquireFastMutex(&memory_lock);
    if (!MiRangeIsRam(First, Pages))
        Status = STATUS_CONFLICTING_ADDRESSES;
    else if (!MiTakeFrames(First, Pages, MI_PFN_BAD))
        Status = STATUS_DEVICE_BUSY;
    ExReleaseFastMutex(&memory_lock);
    return Status;
}

NTSTATUS NTAPI MmMarkPhysicalMemoryAsGood(PPHYSICAL_ADDRESS StartAddress, PLARGE_INTEGER NumberOfBytes)
{
    PFN_NUMBER First;
    SIZE_T Pages;
    NTSTATUS Status = parse(StartAddress, NumberOfBytes, &First, &Pages);

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (!NT_SUCCESS(Status))
        return Status;
    ExAcquireFastMutex(&memory_lock);
    for (PFN_NUMBER P = First; P < First + Pages; P++)
        if (P >= MiPageCount || !(MiPfnEntry(P)->Flags & MI_PFN_BAD))
            Status = STATUS_CONFLICTING_ADDRESSES;
    if (NT_SUCCESS(Status))
        MiChangeFrames(First, Pages, 0, MI_PFN_BAD);
    ExReleaseFastMutex(&memory_lock);
    return Status;
}

/* ---------------------------------------------------------------- what there is */

/* The next range of RAM at or after *At: its first frame and length. FALSE: no more. */
static BOOLEAN next_range(PFN_NUMBER *At, PFN_NUMBER *First)
{
    while (*At < MiPageCount && (MiPfnEntry(*At)->Flags & MI_PFN_NOT_RAM))
        ++*At;
    *First = *At;
    while (*At < MiPageCount && !(MiPfnEntry(*At)->Flags & MI_PFN_NOT_RAM))
        ++*At;
    return *First < *At;
}

PPHYSICAL_MEMORY_RANGE MiCopyMemoryRanges(PVOID Caller)
{
    ULONG Count = 0, I = 0;
    PFN_NUMBER At = 0, First;

    ExAcquireFastMutex(&memory_lock);
    while (next_range(&At, &First))
        Count++;
    PPHYSICAL_MEMORY_RANGE Ranges =
        MiAllocatePool(NonPagedPoolNx, (Count + 1) * sizeof(*Ranges), RANGES_TAG, TRUE, Caller);
    for (At = 0; Ranges && next_range(&At, &First); I++) {
        Ranges[I].BaseAddress.QuadPart = (LONGLONG)First << KILN_PAGE_SHIFT;
        Ranges[I].NumberOfBytes.QuadPart = (LONGLONG)(At - First) << KILN_PAGE_SHIFT;
    }
    ExReleaseFastMutex(&memory_lock);
    return Ranges;
}

/* An array from nonpaged pool, ended by an entry of zeros, that the caller frees; it does not change afterwards. */
PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges(void)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return MiCopyMemoryRanges(__builtin_return_address(0));
}

/* There is one partition. */
PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRangesEx(PVOID PartitionObject)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(PartitionObject);
    return MiCopyMemoryRanges(__builtin_return_address(0));
}

/* And one kind of memory. */
PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRangesEx2(PVOID PartitionObject, ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(PartitionObject);
    UNREFERENCED_PARAMETER(Flags);
    return MiCopyMemoryRanges(__builtin_return_address(0));
}
