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
static NTSTATUS find_part(PEPROCESS Process, ULONG64 *Base, SIZE_T *Bytes, PMI_SECTION *Section, SIZE_T *First)
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
