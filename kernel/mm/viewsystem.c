/* SPDX-License-Identifier: MIT */
/*
 * Views in system space and in session space: addresses of the system PTE window. There is one session, so
 * session space is system space; but what was mapped into one is unmapped from it.
 *
 * A driver that unloads without having unmapped its views is told so (MiEnumerateSystemViews,
 * kernel/io/leak.c).
 *
 * Lock: views_lock (W) guards the list, and is taken inside S; a view in the list has a reference to its
 * section. Reference: MmMapViewInSystemSpace, MmUnmapViewInSystemSpace.
 */
#include "section.h"
#include "ki.h"

static KSPIN_LOCK views_lock;
static LIST_ENTRY views = {&views, &views}; /* W */

void MiLockSystemViews(void)
{
    KeAcquireSpinLockAtDpcLevel(&views_lock);
}

void MiUnlockSystemViews(void)
{
    KeReleaseSpinLockFromDpcLevel(&views_lock);
}

PMI_VIEW MiSystemViewAt(ULONG64 Address)
{
    for (PLIST_ENTRY Link = views.Flink; Link != &views; Link = Link->Flink) {
        PMI_VIEW View = CONTAINING_RECORD(Link, MI_VIEW, SystemLink);
        if (Address - View->Va < (ULONG64)View->Pages << KILN_PAGE_SHIFT)
            return View;
    }
    return NULL;
}

PMI_VIEW MiNextSystemView(ULONG64 Address)
{
    PMI_VIEW Found = NULL;

    for (PLIST_ENTRY Link = views.Flink; Link != &views; Link = Link->Flink) {
        PMI_VIEW View = CONTAINING_RECORD(Link, MI_VIEW, SystemLink);
        if (View->Va > Address && (Found == NULL || View->Va < Found->Va))
            Found = View;
    }
    return Found;
}

/* The view that begins at the address, in that space, taken out of the list. NULL: there is none. */
static PMI_VIEW take_view(PVOID Base, BOOLEAN Session)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&views_lock);
    PMI_VIEW View = MiSystemViewAt((ULONG64)(ULONG_PTR)Base);

    if (View && (View->Va != (ULONG64)(ULONG_PTR)Base || View->Session != Session))
        View = NULL;
    if (View)
        RemoveEntryList(&View->SystemLink);
    KeReleaseSpinLock(&views_lock, Irql);
    return View;
}

static ULONG protection_of(const MI_SECTION *Section)
{
    if (Section->Area->Kind == MiAreaImage)
        return PAGE_EXECUTE_WRITECOPY;
    return MiIsCopyOnWrite(Section->Protection) ? PAGE_READONLY : Section->Protection;
}

static NTSTATUS map(PMI_SECTION Section, PVOID *MappedBase, PSIZE_T ViewSize, LONGLONG *Offset,
                    BOOLEAN Session, PVOID Caller)
{
    ULONG64 Size = (ULONG64)Section->Pages << KILN_PAGE_SHIFT;
    LONGLONG Begin = *Offset & ~(LONGLONG)(MI_GRANULARITY - 1);
    ULONG64 Bytes = *ViewSize ? *ViewSize + (ULONG64)(*Offset - Begin) : Size - (ULONG64)Begin;
    SIZE_T Pages = (SIZE_T)((Bytes + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT);
    BOOLEAN Whole = Section->Area->Kind == MiAreaPhysical || (Section->Attributes & SEC_LARGE_PAGES);
    NTSTATUS Status = STATUS_SUCCESS;

    if (*Offset < 0 || (ULONG64)*Offset >= Size || *ViewSize > Size || Bytes > Size - (ULONG64)Begin)
        return STATUS_INVALID_VIEW_SIZE;
    if (Section->Area->Kind == MiAreaPhysical && ((ULONG64)Begin >> KILN_PAGE_SHIFT) + Pages > MiPageCount)
        return STATUS_INVALID_VIEW_SIZE;
    PVOID Va = MiReserveSystemPtes(Pages, 0, Caller);
    PMI_VIEW View =
        Va ? MiCreateView(Section, (SIZE_T)(Begin >> KILN_PAGE_SHIFT), Pages, protection_of(Section)) : NULL;
    if (View == NULL) {
        if (Va)
            MiReleaseSystemPtes(Va, Pages);
        return Va ? STATUS_INSUFFICIENT_RESOURCES : STATUS_NO_MEMORY;
    }
    View->Va = (ULONG64)(ULONG_PTR)Va;
    View->Session = Session;
    View->Caller = Caller;
    ObReferenceObject(Section);
    MiPublishView(View);
    if (Whole)
        Status = MiMapWholeView(View);
    if (!NT_SUCCESS(Status)) {
        MiDestroyView(View);
        MiReleaseSystemPtes(Va, Pages);
        ObDereferenceObject(Section);
        return Status;
    }
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&views_lock);
    InsertTailList(&views, &View->SystemLink);
    KeReleaseSpinLock(&views_lock, Irql);
    *MappedBase = Va;
    *ViewSize = Pages << KILN_PAGE_SHIFT;
    *Offset = Begin;
    return STATUS_SUCCESS;
}

static NTSTATUS unmap(PVOID MappedBase, BOOLEAN Session)
{
    PMI_VIEW View = take_view(MappedBase, Session);

    if (View == NULL)
        return STATUS_NOT_MAPPED_VIEW;
    PMI_SECTION Section = View->Section;
    SIZE_T Pages = View->Pages;
    MiDestroyView(View);
    MiReleaseSystemPtes(MappedBase, Pages);
    ObDereferenceObject(Section);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI MmMapViewInSystemSpace(PVOID Section, PVOID *MappedBase, PSIZE_T ViewSize)
{
    LONGLONG Offset = 0;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return map(Section, MappedBase, ViewSize, &Offset, FALSE, __builtin_return_address(0));
}

NTSTATUS NTAPI MmMapViewInSystemSpaceEx(PVOID Section, PVOID *MappedBase, PSIZE_T ViewSize,
                                        PLARGE_INTEGER SectionOffset, ULONG_PTR Flags)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Flags & ~(ULONG_PTR)MM_SYSTEM_VIEW_EXCEPTIONS_FOR_INPAGE_ERRORS)
        return STATUS_INVALID_PARAMETER_5;
    return map(Section, MappedBase, ViewSize, &SectionOffset->QuadPart, FALSE, __builtin_return_address(0));
}

NTSTATUS NTAPI MmUnmapViewInSystemSpace(PVOID MappedBase)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return unmap(MappedBase, FALSE);
}

NTSTATUS NTAPI MmMapViewInSessionSpace(PVOID Section, PVOID *MappedBase, PSIZE_T ViewSize)
{
    LONGLONG Offset = 0;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return map(Section, MappedBase, ViewSize, &Offset, TRUE, __builtin_return_address(0));
}

NTSTATUS NTAPI MmMapViewInSessionSpaceEx(PVOID Section, PVOID *MappedBase, PSIZE_T ViewSize,
                                         PLARGE_INTEGER SectionOffset, ULONG_PTR Flags)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Flags & ~(ULONG_PTR)MM_SYSTEM_VIEW_EXCEPTIONS_FOR_INPAGE_ERRORS)
        return STATUS_INVALID_PARAMETER_5;
    return map(Section, MappedBase, ViewSize, &SectionOffset->QuadPart, TRUE, __builtin_return_address(0));
}

NTSTATUS NTAPI MmUnmapViewInSessionSpace(PVOID MappedBase)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return unmap(MappedBase, TRUE);
}

/* Commit pages of a view of a SEC_RESERVE section. */
NTSTATUS NTAPI MmCommitSessionMappedView(PVOID MappedAddress, SIZE_T ViewSize)
{
    ULONG64 Begin = (ULONG64)(ULONG_PTR)MappedAddress, Last = Begin + ViewSize - 1;
    NTSTATUS Status = STATUS_NOT_MAPPED_VIEW;
    PMI_SECTION Section = NULL;
    SIZE_T First = 0;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (ViewSize == 0 || Last < Begin)
        return STATUS_INVALID_PARAMETER_2;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&views_lock);
    PMI_VIEW View = MiSystemViewAt(Begin);
    if (View && View->Session && MiSystemViewAt(Last) == View) {
        Section = View->Section;
        First = View->FirstPage + (SIZE_T)((Begin - View->Va) >> KILN_PAGE_SHIFT);
        ObReferenceObject(Section);
    }
    KeReleaseSpinLock(&views_lock, Irql);
    if (Section) {
        Status = MiCommitArea(Section->Area, First, ADDRESS_AND_SIZE_TO_SPAN_PAGES(MappedAddress, ViewSize));
        ObDereferenceObject(Section);
    }
    return Status;
}
