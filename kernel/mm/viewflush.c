/* SPDX-License-Identifier: MIT */
/*
 * Writing views of files back, and bringing them in ahead of their use: NtFlushVirtualMemory,
 * NtSetInformationVirtualMemory, MmPrefetchPages.
 */
#include "section.h"
#include "ki.h"
#include "zw.h"
#include <nt/native.h>

/* ---------------------------------------------------------------- flushing */

/* The part of a view that [*Base, +*Bytes) means, its section referenced. Address space locked. */
static NTSTATUS find_part(PEPROCESS Process, ULONG64 *Base, SIZE_T *Bytes, PMI_SECTION *Section,
                          SIZE_T *First)
{
    PMI_RANGE Range = MiFindRange(Process, (PVOID)(ULONG_PTR)*Base);
    ULONG64 Begin = *Base & ~(MI_PAGE_BYTES - 1), End = *Base + *Bytes, Limit;

    if (Range == NULL || Range->View == NULL)
        return STATUS_NOT_MAPPED_VIEW;
    if (Range->View->Section->Area->Kind != MiAreaData)
        return STATUS_NOT_MAPPED_DATA;
    Limit = Range->Begin + ((ULONG64)Range->View->AreaPages << KILN_PAGE_SHIFT);
    End = *Bytes ? (End + MI_PAGE_BYTES - 1) & ~(MI_PAGE_BYTES - 1) : Limit;
    if (Begin >= Limit || End > Limit)
        return STATUS_INVALID_PARAMETER_2;
    *Section = Range->View->Section;
    ObReferenceObject(*Section);
    *First = Range->View->FirstPage + (SIZE_T)((Begin - Range->Begin) >> KILN_PAGE_SHIFT);
    *Base = Begin;
    *Bytes = (SIZE_T)(End - Begin);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtFlushVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize,
                                    PIO_STATUS_BLOCK IoStatus)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    IO_STATUS_BLOCK Io;
    ULONG64 Base;
    SIZE_T Bytes, First = 0;
    PMI_SECTION Section = NULL;
    PEPROCESS Process;
    NTSTATUS Status, Copied;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    Status = KiCopyFromMode(Mode, &Base, BaseAddress, sizeof(Base));
    if (NT_SUCCESS(Status))
        Status = KiCopyFromMode(Mode, &Bytes, RegionSize, sizeof(Bytes));
    if (NT_SUCCESS(Status) && Mode == UserMode)
        Status = KiProbeForWrite(IoStatus, sizeof(*IoStatus), sizeof(ULONG_PTR));
    if (!NT_SUCCESS(Status))
        return Status;
    if (Base >= KILN_USER_PROBE || Bytes > KILN_USER_PROBE - Base)
        return STATUS_INVALID_PARAMETER_2;
    Status = MiOpenProcess(ProcessHandle, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = STATUS_NOT_MAPPED_VIEW;
    if (MiLockAddressSpace(Process)) {
        Status = find_part(Process, &Base, &Bytes, &Section, &First);
        MiUnlockAddressSpace(Process);
    }
    ObDereferenceObject(Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MiFlushArea(Section->Area, First, Bytes >> KILN_PAGE_SHIFT, &Io);
    ObDereferenceObject(Section);
    Copied = KiCopyToMode(Mode, IoStatus, &Io, sizeof(Io));
    if (NT_SUCCESS(Copied))
        Copied = KiCopyToMode(Mode, BaseAddress, &Base, sizeof(Base));
    if (NT_SUCCESS(Copied))
        Copied = KiCopyToMode(Mode, RegionSize, &Bytes, sizeof(Bytes));
    return NT_SUCCESS(Copied) ? Status : Copied;
}

NTSTATUS NTAPI ZwFlushVirtualMemory(HANDLE ProcessHandle, PVOID *BaseAddress, PSIZE_T RegionSize,
                                    PIO_STATUS_BLOCK IoStatus)
{
    KI_ZW(NtFlushVirtualMemory(ProcessHandle, BaseAddress, RegionSize, IoStatus));
}

/* ---------------------------------------------------------------- bringing in ahead of use */

/* The area at an address of a process, its section referenced; NULL: no view of a file or an image is there.
 */
static PMI_SECTION section_at(PEPROCESS Process, ULONG64 Address, SIZE_T *Page)
{
    PMI_SECTION Section = NULL;

    if (!MiLockAddressSpace(Process))
        return NULL;
    PMI_RANGE Range = MiFindRange(Process, (PVOID)(ULONG_PTR)Address);
    if (Range && Range->View && Range->View->Section->Area->File) {
        SIZE_T Within = (SIZE_T)((Address - Range->Begin) >> KILN_PAGE_SHIFT);
        if (Within < Range->View->AreaPages) {
            Section = Range->View->Section;
            *Page = Range->View->FirstPage + Within;
            ObReferenceObject(Section);
        }
    }
    MiUnlockAddressSpace(Process);
    return Section;
}

/* A hint: what cannot be read now is read, or fails, when it is touched. */
static void prefetch(PEPROCESS Process, const MEMORY_RANGE_ENTRY *Entry)
{
    ULONG64 Begin = (ULONG64)(ULONG_PTR)Entry->VirtualAddress & ~(MI_PAGE_BYTES - 1);
    ULONG64 End = (ULONG64)(ULONG_PTR)Entry->VirtualAddress + Entry->NumberOfBytes;

    for (ULONG64 Address = Begin; Address < End; Address += MI_PAGE_BYTES) {
        SIZE_T Page;
        PMI_SECTION Section = section_at(Process, Address, &Page);
        if (Section == NULL)
            continue;
        MiMakeResident(Section->Area, Page);
        ObDereferenceObject(Section);
    }
}

static NTSTATUS capture_ranges(KPROCESSOR_MODE Mode, const MEMORY_RANGE_ENTRY *From, ULONG_PTR Count,
                               PMEMORY_RANGE_ENTRY *Ranges)
{
    enum { MOST = 4096 };
    NTSTATUS Status;

    if (Count == 0 || Count > MOST)
        return STATUS_INVALID_PARAMETER_3;
    *Ranges = MiAllocatePool(NonPagedPoolNx, Count * sizeof(**Ranges), MI_VIEW_TAG, FALSE, NULL);
    if (*Ranges == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Status = KiCopyFromMode(Mode, *Ranges, From, Count * sizeof(**Ranges));
    for (ULONG_PTR I = 0; I < Count && NT_SUCCESS(Status); I++) {
        ULONG64 Begin = (ULONG64)(ULONG_PTR)(*Ranges)[I].VirtualAddress;
        if (Begin >= KILN_USER_PROBE || (*Ranges)[I].NumberOfBytes > KILN_USER_PROBE - Begin)
            Status = STATUS_INVALID_PARAMETER_4;
    }
    if (!NT_SUCCESS(Status))
        ExFreePoolWithTag(*Ranges, MI_VIEW_TAG);
    return Status;
}

NTSTATUS NTAPI NtSetInformationVirtualMemory(HANDLE ProcessHandle,
                                             VIRTUAL_MEMORY_INFORMATION_CLASS VmInformationClass,
                                             ULONG_PTR NumberOfEntries, PMEMORY_RANGE_ENTRY VirtualAddresses,
                                             PVOID VmInformation, ULONG VmInformationLength)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    PMEMORY_RANGE_ENTRY Ranges;
    PEPROCESS Process;
    ULONG Flags;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (VmInformationClass != VmPrefetchInformation)
        return STATUS_INVALID_PARAMETER_2;
    if (VmInformationLength != sizeof(Flags))
        return STATUS_INVALID_PARAMETER_6;
    if (VmInformation == NULL)
        return STATUS_INVALID_PARAMETER_5;
    Status = KiCopyFromMode(Mode, &Flags, VmInformation, sizeof(Flags));
    if (NT_SUCCESS(Status) && Flags != 0)
        Status = STATUS_INVALID_PARAMETER_5;
    if (NT_SUCCESS(Status))
        Status = capture_ranges(Mode, VirtualAddresses, NumberOfEntries, &Ranges);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MiOpenProcess(ProcessHandle, &Process);
    if (NT_SUCCESS(Status)) {
        for (ULONG_PTR I = 0; I < NumberOfEntries; I++)
            prefetch(Process, &Ranges[I]);
        ObDereferenceObject(Process);
    }
    ExFreePoolWithTag(Ranges, MI_VIEW_TAG);
    return Status;
}

NTSTATUS NTAPI ZwSetInformationVirtualMemory(HANDLE ProcessHandle,
                                             VIRTUAL_MEMORY_INFORMATION_CLASS VmInformationClass,
                                             ULONG_PTR NumberOfEntries, PMEMORY_RANGE_ENTRY VirtualAddresses,
                                             PVOID VmInformation, ULONG VmInformationLength)
{
    KI_ZW(NtSetInformationVirtualMemory(ProcessHandle, VmInformationClass, NumberOfEntries, VirtualAddresses,
                                        VmInformation, VmInformationLength));
}

static NTSTATUS prefetch_list(PREAD_LIST List)
{
    PSECTION_OBJECT_POINTERS Pointers = List->FileObject->SectionObjectPointer;
    MI_AREA_KIND Kind = List->IsImage ? MiAreaImage : MiAreaData;
    PMI_AREA Area = Pointers ? MiFindArea(Pointers, Kind) : NULL;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Area == NULL)
        return STATUS_INVALID_PARAMETER_1; /* no section of the file: nothing to prefetch into */
    for (ULONG I = 0; I < List->NumberOfEntries && NT_SUCCESS(Status); I++) {
        SIZE_T Page = (SIZE_T)(List->List[I].Alignment >> KILN_PAGE_SHIFT);
        Status = Page < Area->Pages ? MiMakeResident(Area, Page) : STATUS_INVALID_PARAMETER_1;
    }
    MiDereferenceArea(Area, FALSE, FALSE);
    return Status == STATUS_NO_MEMORY ? STATUS_INSUFFICIENT_RESOURCES : Status;
}

NTSTATUS NTAPI MmPrefetchPages(ULONG NumberOfLists, PREAD_LIST *ReadLists)
{
    NTSTATUS Status = NumberOfLists ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER_1;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    for (ULONG I = 0; I < NumberOfLists && NT_SUCCESS(Status); I++)
        Status = prefetch_list(ReadLists[I]);
    return Status;
}
