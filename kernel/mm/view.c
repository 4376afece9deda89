/* SPDX-License-Identifier: MIT */
/*
 * Views of sections in processes: mapping, unmapping, committing, protecting, and what a new process
 * inherits.
 *
 * A view is a range of the slice (MiRangeView) with an MI_VIEW. Nothing is mapped by mapping a view: pages
 * come as they are touched (viewfault.c), but for large pages and physical memory, which are mapped at once.
 *
 * Reference: ZwMapViewOfSection, ZwUnmapViewOfSection, NtAllocateVirtualMemory.
 */
#include "section.h"
#include "ki.h"
#include "zw.h"
#include <nt/native.h>

#define VIEW_TYPES (MEM_LARGE_PAGES | MEM_RESERVE | MEM_TOP_DOWN | MEM_ROTATE)

BOOLEAN MiIsCompatibleProtection(ULONG Protection, ULONG Allowed)
{
    unsigned Prot = MiHostProt(Protection), Most = MiHostProt(Allowed) | HOST_PROT_R;

    if (MiIsCopyOnWrite(Protection))
        Prot &= ~(unsigned)HOST_PROT_W; /* writes do not reach the section */
    if (MiIsCopyOnWrite(Allowed))
        Most &= ~(unsigned)HOST_PROT_W;
    return (Prot & ~Most) == 0;
}

static BOOLEAN is_valid_protection(ULONG Protection)
{
    ULONG Base = Protection & 0xFF, Modifiers = Protection & ~0xFFU;

    if (Modifiers & ~(ULONG)(PAGE_GUARD | PAGE_NOCACHE | PAGE_WRITECOMBINE))
        return FALSE;
    if (Base == 0 || (Base & (Base - 1)) || (Base == PAGE_NOACCESS && Modifiers))
        return FALSE;
    return (Modifiers & (PAGE_NOCACHE | PAGE_WRITECOMBINE)) != (PAGE_NOCACHE | PAGE_WRITECOMBINE);
}

/* What the handle must allow for a view of that protection. */
static ACCESS_MASK needed_access(ULONG Protection)
{
    unsigned Prot = MiHostProt(Protection);
    ACCESS_MASK Access = (Protection & 0xFF) == PAGE_EXECUTE ? 0 : SECTION_MAP_READ;

    if ((Prot & HOST_PROT_W) && !MiIsCopyOnWrite(Protection))
        Access |= SECTION_MAP_WRITE;
    if (Prot & HOST_PROT_X)
        Access |= SECTION_MAP_EXECUTE;
    return Access;
}

/* ---------------------------------------------------------------- where, and how much */

/* Turn the request into pages of the section; rounds Offset and Bytes as documented. */
static NTSTATUS choose_pages(const MI_SECTION *Section, PMI_VIEW_REQUEST Request, SIZE_T *First,
                             SIZE_T *Pages)
{
    ULONG64 Size = (ULONG64)Section->Pages << KILN_PAGE_SHIFT;
    ULONG64 Granularity = Section->Attributes & SEC_LARGE_PAGES ? LARGE_PAGE_SIZE : MI_GRANULARITY;
    BOOLEAN Beyond = (Request->Type & MEM_RESERVE) && Section->Area->Kind == MiAreaData && Section->Writable;

    if (Request->Offset < 0 || (ULONG64)Request->Offset >= Size)
        return STATUS_INVALID_VIEW_SIZE;
    ULONG64 Delta = (ULONG64)Request->Offset & (Granularity - 1);
    Request->Offset -= (LONGLONG)Delta;
    ULONG64 Left = Size - (ULONG64)Request->Offset;
    if (Request->Bytes == 0)
        Request->Bytes = (SIZE_T)Left;
    else if (Request->Bytes > KILN_USER_SLICE_SIZE)
        return Beyond ? STATUS_NO_MEMORY : STATUS_INVALID_VIEW_SIZE;
    else
        Request->Bytes = (Request->Bytes + Delta + MI_PAGE_BYTES - 1) & ~(MI_PAGE_BYTES - 1);
    if ((Request->Bytes > Left && !Beyond) ||
        ((Section->Attributes & SEC_LARGE_PAGES) && Request->Bytes % LARGE_PAGE_SIZE))
        return STATUS_INVALID_VIEW_SIZE;
    *First = (SIZE_T)((ULONG64)Request->Offset >> KILN_PAGE_SHIFT);
    *Pages = Request->Bytes >> KILN_PAGE_SHIFT;
    if (Section->Area->Kind == MiAreaPhysical && (*First >= MiPageCount || *Pages > MiPageCount - *First))
        return STATUS_INVALID_VIEW_SIZE; /* device memory has no pages that could be shown elsewhere */
    return STATUS_SUCCESS;
}

/* Reserve addresses for the view. Address space locked. */
static PMI_RANGE reserve(PEPROCESS Process, const MI_SECTION *Section, const MI_VIEW_REQUEST *Request,
                         SIZE_T Pages, NTSTATUS *Status)
{
    ULONG64 Wanted = Request->Base & ~(MI_GRANULARITY - 1);
    BOOLEAN TopDown = (Request->Type & MEM_TOP_DOWN) != 0;
    SIZE_T Extra =
        !Wanted && (Section->Attributes & SEC_LARGE_PAGES) ? LARGE_PAGE_SIZE >> KILN_PAGE_SHIFT : 0;
    PMI_RANGE Range =
        MiReserveRange(Process, Wanted, Pages + Extra, MiRangeView, Request->Protection, TopDown, Status);

    if (Range && Extra) { /* again, at the aligned address inside */
        Wanted = (Range->Begin + LARGE_PAGE_SIZE - 1) & ~(ULONG64)(LARGE_PAGE_SIZE - 1);
        MiReleaseRange(Process, Range);
        Range = MiReserveRange(Process, Wanted, Pages, MiRangeView, Request->Protection, FALSE, Status);
    }
    if (Range && !Request->Base && Request->ZeroBits && (Range->Begin >> (64 - Request->ZeroBits))) {
        MiReleaseRange(Process, Range);
        *Status = STATUS_NO_MEMORY;
        return NULL;
    }
    return Range;
}

/* ---------------------------------------------------------------- mapping */

/* The same without execute access: views of SEC_IMAGE_NO_EXECUTE. */
static ULONG not_executable(ULONG Protection)
{
    switch (Protection) {
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
        return PAGE_READONLY;
    case PAGE_EXECUTE_READWRITE:
        return PAGE_READWRITE;
    case PAGE_EXECUTE_WRITECOPY:
        return PAGE_WRITECOPY;
    }
    return Protection;
}

/* The protection of each page: the one asked for, or what the image says. */
static void set_protections(PMI_RANGE Range, const MI_SECTION *Section, SIZE_T First, ULONG Protection)
{
    PMI_AREA Area = Section->Area;

    for (SIZE_T I = 0; I < Range->Pages; I++)
        Range->Page[I].Protection = Area->Kind == MiAreaImage ? PAGE_READONLY : Protection;
    for (ULONG Part = 0; Part < Area->SubsectionCount; Part++) {
        ULONG Says = Area->Subsections[Part].Protection;
        for (SIZE_T I = 0; I < Area->Subsections[Part].Pages; I++) {
            SIZE_T Page = Area->Subsections[Part].FirstPage + I - First;
            if (Page < Range->Pages)
                Range->Page[Page].Protection =
                    Section->Attributes & SEC_NOCACHE ? not_executable(Says) : Says;
        }
    }
}

/* Address space locked. */
static NTSTATUS map_locked(PEPROCESS Process, PMI_SECTION Section, PMI_VIEW_REQUEST Request)
{
    SIZE_T First, Pages;
    NTSTATUS Status = choose_pages(Section, Request, &First, &Pages);
    PMI_RANGE Range;
    PMI_VIEW View;

    if (!NT_SUCCESS(Status))
        return Status;
    if (Request->CommitBytes > Request->Bytes)
        return STATUS_INVALID_PARAMETER_5;
    if (Request->CommitBytes && Section->Area->Kind == MiAreaPageFile &&
        !NT_SUCCESS(Status = MiCommitArea(Section->Area, First, MI_PAGES(Request->CommitBytes))))
        return Status;
    Range = reserve(Process, Section, Request, Pages, &Status);
    if (Range == NULL)
        return Status;
    View = MiCreateView(Section, First, Pages, Request->Protection);
    if (View == NULL) {
        MiReleaseRange(Process, Range);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    set_protections(Range, Section, First, Request->Protection);
    View->Process = Process;
    View->Range = Range;
    View->Va = Range->Begin;
    View->Share = Request->Inherit == ViewShare;
    View->Rotates = (Request->Type & MEM_ROTATE) != 0;
    ObReferenceObject(Section);
    MiPublishView(View);
    if (Section->Area->Kind == MiAreaPhysical || (Section->Attributes & SEC_LARGE_PAGES))
        Status = MiMapWholeView(View);
    if (!NT_SUCCESS(Status)) {
        MiRemoveView(View); /* the caller has a reference to the section */
        ObDereferenceObject(Section);
        return Status;
    }
    Request->Base = Range->Begin;
    if (Section->Area->Image && Range->Begin - Request->Offset != Section->Area->Image->Base)
        Status = STATUS_IMAGE_NOT_AT_BASE;
    return Status;
}

NTSTATUS MiMapView(PEPROCESS Process, PMI_SECTION Section, PMI_VIEW_REQUEST Request)
{
    NTSTATUS Status;

    if (Section->Area->Kind != MiAreaImage &&
        !MiIsCompatibleProtection(Request->Protection, Section->Protection))
        return STATUS_SECTION_PROTECTION;
    if ((Request->Type & MEM_LARGE_PAGES) && !(Section->Attributes & SEC_LARGE_PAGES))
        return STATUS_INVALID_PARAMETER_9;
    if ((Request->Type & MEM_ROTATE) &&
        (Section->Area->Kind != MiAreaPageFile || MiIsCopyOnWrite(Request->Protection)))
        return STATUS_INVALID_PARAMETER_9;
    if (!MiLockAddressSpace(Process))
        return STATUS_NO_MEMORY;
    Status = map_locked(Process, Section, Request);
    MiUnlockAddressSpace(Process);
    if (NT_SUCCESS(Status))
        MiNotifyImageView(Process, Section, (PVOID)(ULONG_PTR)Request->Base, Request->Bytes);
    return Status;
}

PMI_SECTION MiRemoveView(PMI_VIEW View)
{
    PMI_SECTION Section = View->Section;
    PEPROCESS Process = View->Process;
    PMI_RANGE Range = View->Range;

    MiDestroyView(View);
    MiReleaseRange(Process, Range);
    return Section;
}

/* ---------------------------------------------------------------- the services */

static NTSTATUS check_request(const MI_VIEW_REQUEST *Request)
{
    if (Request->ZeroBits >= 21)
        return STATUS_INVALID_PARAMETER_4;
    if (Request->Inherit != ViewShare && Request->Inherit != ViewUnmap)
        return STATUS_INVALID_PARAMETER_8;
    if (Request->Type & ~(ULONG)VIEW_TYPES)
        return STATUS_INVALID_PARAMETER_9;
    if (!is_valid_protection(Request->Protection))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (Request->Base >= KILN_USER_PROBE || Request->Bytes > KILN_USER_PROBE - Request->Base)
        return STATUS_INVALID_PARAMETER_3;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID *BaseAddress,
                                  ULONG_PTR ZeroBits, SIZE_T CommitSize, PLARGE_INTEGER SectionOffset,
                                  PSIZE_T ViewSize, SECTION_INHERIT InheritDisposition, ULONG AllocationType,
                                  ULONG Win32Protect)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    MI_VIEW_REQUEST Request = {.ZeroBits = ZeroBits,
                               .CommitBytes = CommitSize,
                               .Inherit = InheritDisposition,
                               .Type = AllocationType,
                               .Protection = Win32Protect};
    PMI_SECTION Section;
    PEPROCESS Process;
    NTSTATUS Status, Copied;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    Status = KiCopyFromMode(Mode, &Request.Base, BaseAddress, sizeof(Request.Base));
    if (NT_SUCCESS(Status))
        Status = KiCopyFromMode(Mode, &Request.Bytes, ViewSize, sizeof(Request.Bytes));
    if (NT_SUCCESS(Status) && SectionOffset)
        Status = KiCopyFromMode(Mode, &Request.Offset, SectionOffset, sizeof(Request.Offset));
    if (NT_SUCCESS(Status))
        Status = check_request(&Request);
    if (NT_SUCCESS(Status))
        Status = MiOpenProcess(ProcessHandle, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(SectionHandle, needed_access(Win32Protect), MiSectionType, Mode,
                                       (PVOID *)&Section, NULL);
    if (NT_SUCCESS(Status)) {
        Status = MiMapView(Process, Section, &Request);
        ObDereferenceObject(Section);
    }
    ObDereferenceObject(Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Copied = KiCopyToMode(Mode, BaseAddress, &Request.Base, sizeof(Request.Base));
    if (NT_SUCCESS(Copied))
        Copied = KiCopyToMode(Mode, ViewSize, &Request.Bytes, sizeof(Request.Bytes));
    if (NT_SUCCESS(Copied) && SectionOffset)
        Copied = KiCopyToMode(Mode, SectionOffset, &Request.Offset, sizeof(Request.Offset));
    return NT_SUCCESS(Copied) ? Status : Copied;
}

NTSTATUS NTAPI ZwMapViewOfSection(HANDLE SectionHandle, HANDLE ProcessHandle, PVOID *BaseAddress,
                                  ULONG_PTR ZeroBits, SIZE_T CommitSize, PLARGE_INTEGER SectionOffset,
                                  PSIZE_T ViewSize, SECTION_INHERIT InheritDisposition, ULONG AllocationType,
                                  ULONG Win32Protect)
{
    KI_ZW(NtMapViewOfSection(SectionHandle, ProcessHandle, BaseAddress, ZeroBits, CommitSize, SectionOffset,
                             ViewSize, InheritDisposition, AllocationType, Win32Protect));
}

NTSTATUS NTAPI MmMapViewOfSection(PVOID SectionObject, PEPROCESS Process, PVOID *BaseAddress,
                                  ULONG_PTR ZeroBits, SIZE_T CommitSize, PLARGE_INTEGER SectionOffset,
                                  PSIZE_T ViewSize, SECTION_INHERIT InheritDisposition, ULONG AllocationType,
                                  ULONG Win32Protect)
{
    MI_VIEW_REQUEST Request = {.Base = (ULONG64)(ULONG_PTR)*BaseAddress,
                               .Offset = SectionOffset ? SectionOffset->QuadPart : 0,
                               .Bytes = *ViewSize,
                               .ZeroBits = ZeroBits,
                               .CommitBytes = CommitSize,
                               .Inherit = InheritDisposition,
                               .Type = AllocationType,
                               .Protection = Win32Protect};
    NTSTATUS Status = check_request(&Request);

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (NT_SUCCESS(Status))
        Status = MiMapView(Process, SectionObject, &Request);
    if (NT_SUCCESS(Status)) {
        *BaseAddress = (PVOID)(ULONG_PTR)Request.Base;
        *ViewSize = Request.Bytes;
        if (SectionOffset)
            SectionOffset->QuadPart = Request.Offset;
    }
    return Status;
}

NTSTATUS NTAPI MmUnmapViewOfSection(PEPROCESS Process, PVOID BaseAddress)
{
    NTSTATUS Status = STATUS_NOT_MAPPED_VIEW;
    PMI_SECTION Section = NULL;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (!MiLockAddressSpace(Process))
        return Status;
    PMI_RANGE Range = MiFindRange(Process, BaseAddress);
    if (Range && Range->View) {
        if (MiBreaksSecurity(Process, Range->Begin, Range->Begin + ((ULONG64)Range->Pages << KILN_PAGE_SHIFT),
                             0)) {
            Status = STATUS_INVALID_PAGE_PROTECTION;
        } else {
            Section = MiRemoveView(Range->View);
            Status = STATUS_SUCCESS;
        }
    }
    MiUnlockAddressSpace(Process);
    if (Section) /* its last reference may write to a file: not under the lock */
        ObDereferenceObject(Section);
    return Status;
}

NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress)
{
    PEPROCESS Process;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    Status = MiOpenProcess(ProcessHandle, &Process);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = MmUnmapViewOfSection(Process, BaseAddress);
    ObDereferenceObject(Process);
    return Status;
}

NTSTATUS NTAPI ZwUnmapViewOfSection(HANDLE ProcessHandle, PVOID BaseAddress)
{
    KI_ZW(NtUnmapViewOfSection(ProcessHandle, BaseAddress));
}

/* ---------------------------------------------------------------- what else is done to views */

BOOLEAN MiIsImageView(PMI_RANGE Range)
{
    return Range->View && Range->View->Section->Area->Kind == MiAreaImage;
}

/* What the page could be protected with at most. */
static ULONG allowed_protection(PMI_VIEW View, SIZE_T Page)
{
    return MiIsImageView(View->Range) ? View->Range->Page[Page].Protection : View->Protection;
}

/* Write access to what is copied on write means a copy. */
static ULONG effective_protection(PMI_VIEW View, SIZE_T Page, ULONG Protection)
{
    BOOLEAN Copies = MiIsCopyOnWrite(View->Protection) || (MiIsImageView(View->Range));

    UNREFERENCED_PARAMETER(Page);
    if (Copies && (Protection & 0xFF) == PAGE_READWRITE)
        return PAGE_WRITECOPY | (Protection & ~0xFFU);
    if (Copies && (Protection & 0xFF) == PAGE_EXECUTE_READWRITE)
        return PAGE_EXECUTE_WRITECOPY | (Protection & ~0xFFU);
    return Protection;
}

NTSTATUS MiProtectView(PMI_RANGE Range, ULONG64 Begin, ULONG64 End, ULONG Protection, ULONG *Old)
{
    PMI_VIEW View = Range->View;
    SIZE_T First = (SIZE_T)((Begin - Range->Begin) >> KILN_PAGE_SHIFT);
    SIZE_T Count = (SIZE_T)((End - Begin) >> KILN_PAGE_SHIFT);
    ULONG Effective = effective_protection(View, First, Protection), Was;

    if (View->Section->Area->Kind == MiAreaPhysical || View->Rotates)
        return STATUS_INVALID_PAGE_PROTECTION;
    for (SIZE_T I = First; I < First + Count; I++) {
        if (!MiQueryViewPage(Range, I, &Was))
            return STATUS_NOT_COMMITTED;
        if (!MiIsImageView(Range) && !MiIsCompatibleProtection(Effective, allowed_protection(View, I)))
            return STATUS_SECTION_PROTECTION;
    }
    return MiProtectViewPages(View, First, Count, Effective, Old);
}

NTSTATUS MiCommitView(PMI_RANGE Range, ULONG64 Begin, ULONG64 End, ULONG Type, ULONG Protection)
{
    PMI_VIEW View = Range->View;
    SIZE_T First = (SIZE_T)((Begin - Range->Begin) >> KILN_PAGE_SHIFT);
    SIZE_T Count = (SIZE_T)((End - Begin) >> KILN_PAGE_SHIFT);
    ULONG Old;
    NTSTATUS Status;

    if (First + Count > View->AreaPages)
        return STATUS_CONFLICTING_ADDRESSES;
    if (Type != MEM_COMMIT)
        return STATUS_SUCCESS; /* MEM_RESET: advice about pages that have no other place to be */
    if (View->Section->Area->Kind != MiAreaPageFile || !(View->Section->Attributes & SEC_RESERVE))
        return STATUS_ALREADY_COMMITTED;
    if (!MiIsCompatibleProtection(Protection, View->Protection))
        return STATUS_SECTION_PROTECTION;
    Status = MiCommitArea(View->Section->Area, View->FirstPage + First, Count);
    return NT_SUCCESS(Status) ? MiProtectViewPages(View, First, Count, Protection, &Old) : Status;
}
