/* SPDX-License-Identifier: MIT */
/*
 * Touching a view: the page is made present in its area, then mapped.
 *
 * Nothing holds the view while the page is read: it is found again afterwards, and if it has changed,
 * everything begins anew. Only the area stays, by a reference to the section. So a view may be unmapped, by
 * another thread, while it is touched; the touch then ends as any touch of unmapped memory.
 *
 * A fault maps what else of the cluster is present and not mapped yet, if it is mapped in the same way: one
 * host call and one host mapping for 64 KB. A write to a page of a file marks it modified; a write to a
 * copy-on-write page replaces it by a copy that belongs to the view.
 */
#include "section.h"
#include "ki.h"

typedef struct _WHERE {
    PEPROCESS Process; /* NULL: system space */
    PMI_VIEW View;     /* valid while its list is locked */
    PMI_SECTION Section;
    SIZE_T Page, AreaPage;
    ULONG Protection;
} WHERE;

static BOOLEAN is_user(ULONG64 Address)
{
    return KILN_IS_USER_ADDRESS(Address);
}

/* The lock of the list that the view at this address is in: U or W. At DISPATCH_LEVEL. FALSE: there is no
 * list. */
static BOOLEAN acquire_list(ULONG64 Address, WHERE *Where)
{
    Where->Process = is_user(Address) ? MiProcessOfUserAddress((PVOID)(ULONG_PTR)Address) : NULL;
    if (Where->Process == NULL && is_user(Address))
        return FALSE;
    if (Where->Process)
        MiAcquireRanges(Where->Process);
    else
        MiLockSystemViews();
    return TRUE;
}

static void release_list(const WHERE *Where)
{
    if (Where->Process)
        MiReleaseRanges(Where->Process);
    else
        MiUnlockSystemViews();
}

/* Fill in what the list says of the address. The list is locked. FALSE: no view is there. */
static BOOLEAN look_up(ULONG64 Address, WHERE *Where)
{
    PMI_RANGE Range = Where->Process ? MiRangeAt(Where->Process, Address) : NULL;

    Where->View = Where->Process ? (Range ? Range->View : NULL) : MiSystemViewAt(Address);
    if (Where->View == NULL)
        return FALSE;
    Where->Page = (SIZE_T)((Address - Where->View->Va) >> KILN_PAGE_SHIFT);
    Where->AreaPage = Where->View->FirstPage + Where->Page;
    Where->Section = Where->View->Section;
    Where->Protection = Range ? Range->Page[Where->Page].Protection : Where->View->Protection;
    return TRUE;
}

/* The access itself, against the protection. A guard page loses its guard. The list is locked. */
static NTSTATUS check_access(const WHERE *Where, BOOLEAN Write, BOOLEAN Execute)
{
    unsigned Prot = MiHostProt(Where->Protection);
    unsigned Needed = Write ? HOST_PROT_W : Execute ? HOST_PROT_X : HOST_PROT_R;

    PKTHREAD Rotating = __atomic_load_n(&Where->View->Rotating, __ATOMIC_ACQUIRE);

    if (Where->Page >= Where->View->AreaPages || !(Prot & Needed) || Rotating == KiThread())
        return STATUS_ACCESS_VIOLATION;
    if (Rotating)
        return STATUS_RETRY;
    if (Where->Protection & PAGE_GUARD) {
        Where->View->Range->Page[Where->Page].Protection &= ~(ULONG)PAGE_GUARD;
        return STATUS_GUARD_PAGE_VIOLATION;
    }
    return STATUS_SUCCESS;
}

/* As look_up, and may it be accessed so? On success the section is referenced. */
static NTSTATUS find_view(ULONG64 Address, BOOLEAN Write, BOOLEAN Execute, WHERE *Where)
{
    NTSTATUS Status = STATUS_NOT_MAPPED_VIEW;
    KIRQL Irql = KiRaise(DISPATCH_LEVEL);

    if (acquire_list(Address, Where)) {
        if (look_up(Address, Where))
            Status = check_access(Where, Write, Execute);
        if (NT_SUCCESS(Status))
            ObReferenceObject(Where->Section);
        release_list(Where);
    }
    KiLower(Irql);
    return Status;
}

/* ---------------------------------------------------------------- mapping */

/* How far, from the faulting page in one direction, pages can be mapped together with it. S and the list
 * locked. */
static SIZE_T extend(const WHERE *Where, ULONG Pfn, unsigned Prot, int Step)
{
    PMI_VIEW View = Where->View;
    PMI_AREA Area = View->Section->Area;
    SIZE_T Length = 0;

    for (SIZE_T Page = Where->Page + (SIZE_T)Step; Page < View->AreaPages; Page += (SIZE_T)Step) {
        SIZE_T AreaPage = View->FirstPage + Page;
        PMI_PROTO Proto;
        if (AreaPage / MI_CLUSTER != Where->AreaPage / MI_CLUSTER || View->Page[Page].Pfn != MI_NO_PFN ||
            (View->Range && View->Range->Page[Page].Protection != Where->Protection))
            break;
        Proto = MiProto(Area, AreaPage);
        if (Proto == NULL || Proto->Pfn != Pfn + (ULONG)(Step * (int)(Length + 1)) || Proto->InTransition)
            break;
        if (Area->Kind == MiAreaData && (Prot & HOST_PROT_W) != 0 && !MiIsModified(Proto->Pfn))
            break;
        if (Area->Kind == MiAreaData && (Prot & HOST_PROT_W) == 0 && MiIsModified(Proto->Pfn) &&
            (MiHostProt(Where->Protection) & HOST_PROT_W) && !MiIsCopyOnWrite(Where->Protection))
            break;
        Length++;
    }
    return Length;
}

/* The frame shown by this page becomes *Copy, with the frame's content. S and the list locked. */
static NTSTATUS show_copy(const WHERE *Where, ULONG Source, ULONG *Copy)
{
    ULONG Base = (Where->Protection & 0xFF) == PAGE_WRITECOPY ? PAGE_READWRITE : PAGE_EXECUTE_READWRITE;
    NTSTATUS Status;

    RtlCopyMemory(MiPfnToVa(*Copy), MiPfnToVa(Source), MI_PAGE_BYTES);
    Status = MiSetViewPages(Where->View, Where->Page, 1, *Copy, MiHostProt(Base));
    if (NT_SUCCESS(Status)) {
        *Copy = MI_NO_PFN;
        if (Where->View->Range)
            Where->View->Range->Page[Where->Page].Protection = Base | (Where->Protection & ~0xFFU);
    }
    return Status;
}

/*
 * Map the page, which was made present. *Copy: a frame for a private copy, if one was asked for.
 * STATUS_RETRY: the view is not what it was; STATUS_NO_MEMORY with *Copy MI_NO_PFN: bring a frame. S and the
 * list locked.
 */
static NTSTATUS map_page(const WHERE *Where, BOOLEAN Write, ULONG *Copy)
{
    PMI_VIEW View = Where->View;
    PMI_AREA Area = View->Section->Area;
    PMI_PROTO Proto = MiProto(Area, Where->AreaPage);
    MI_VIEW_PAGE *Shown = &View->Page[Where->Page];
    ULONG Pfn;

    if (View->Rotating)
        return STATUS_RETRY;
    if (Shown->Rotated)
        return STATUS_SUCCESS; /* mapped by who rotated it */
    if (Area->Kind == MiAreaPhysical || (Shown->Pfn != MI_NO_PFN && MiIsPrivateCopy(View, Where->Page)))
        return MiSetViewPages(View, Where->Page, 1, Shown->Pfn, MiHostProt(Where->Protection));
    if (Proto == NULL || Proto->Pfn == MI_NO_PFN)
        return STATUS_RETRY;
    Pfn = Proto->Pfn;
    if (Write && MiIsCopyOnWrite(Where->Protection))
        return *Copy == MI_NO_PFN ? STATUS_NO_MEMORY : show_copy(Where, Pfn, Copy);
    if (Write && Area->Kind == MiAreaData)
        MiSetModified(Pfn);
    unsigned Prot = MiHostProt(Where->Protection);
    if (MiIsCopyOnWrite(Where->Protection) || (Area->Kind == MiAreaData && !MiIsModified(Pfn)))
        Prot &= ~(unsigned)HOST_PROT_W;
    if (Shown->Pfn == Pfn && Shown->Prot == Prot)
        return STATUS_SUCCESS; /* somebody else was here first */
    if (Shown->Pfn != MI_NO_PFN)
        return MiSetViewPages(View, Where->Page, 1, Pfn, Prot);
    SIZE_T Below = extend(Where, Pfn, Prot, -1), Above = extend(Where, Pfn, Prot, 1);
    return MiSetViewPages(View, Where->Page - Below, Below + 1 + Above, Pfn - (ULONG)Below, Prot);
}

/* Lock what must be locked, see that the view is still there, and map. */
static NTSTATUS map_again(ULONG64 Address, const WHERE *Before, BOOLEAN Write, ULONG *Copy)
{
    PMI_AREA Area = Before->Section->Area;
    NTSTATUS Status = STATUS_RETRY;
    WHERE Now;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);

    if (acquire_list(Address, &Now)) {
        if (look_up(Address, &Now) && Now.Section == Before->Section && Now.AreaPage == Before->AreaPage &&
            Now.Protection == Before->Protection)
            Status = map_page(&Now, Write, Copy);
        release_list(&Now);
    }
    KeReleaseSpinLock(&Area->Lock, Irql);
    return Status;
}

/* ---------------------------------------------------------------- the fault */

static NTSTATUS take_copy_frame(ULONG *Copy)
{
    PFN_NUMBER Pfn;

    if (!NT_SUCCESS(MiAllocatePages(1, 0, MiPageCount - 1, 1, 0, MiPageUser, FALSE, &Pfn)))
        return STATUS_NO_MEMORY;
    MiPfnEntry(Pfn)->RunPages = 1;
    MiPfnEntry(Pfn)->RunBack = 0;
    *Copy = (ULONG)Pfn;
    return STATUS_SUCCESS;
}

/* One attempt. STATUS_RETRY: the view changed meanwhile. */
static NTSTATUS attempt(ULONG64 Address, BOOLEAN Write, BOOLEAN Execute, ULONG *Copy, NTSTATUS *Io)
{
    NTSTATUS Status;
    WHERE Where = {0};

    Status = find_view(Address, Write, Execute, &Where);
    if (Status == STATUS_RETRY) { /* it is being rotated: until that is done the address space is locked */
        MiLockAddressSpace(Where.Process);
        MiUnlockAddressSpace(Where.Process);
    }
    if (!NT_SUCCESS(Status))
        return Status;
    PMI_AREA Area = Where.Section->Area;
    if (!MiIsCommitted(Area, Where.AreaPage))
        Status = STATUS_ACCESS_VIOLATION;
    if (NT_SUCCESS(Status) && Area->Kind != MiAreaPhysical) {
        *Io = MiMakeResident(Area, Where.AreaPage);
        if (!NT_SUCCESS(*Io))
            Status = STATUS_IN_PAGE_ERROR;
    }
    if (NT_SUCCESS(Status)) {
        Status = map_again(Address, &Where, Write, Copy);
        if (Status == STATUS_NO_MEMORY && *Copy == MI_NO_PFN)
            Status = NT_SUCCESS(*Io = take_copy_frame(Copy)) ? STATUS_RETRY : STATUS_IN_PAGE_ERROR;
        if (Status == STATUS_INSUFFICIENT_RESOURCES) {
            *Io = Status;
            Status = STATUS_IN_PAGE_ERROR;
        }
    }
    ObDereferenceObject(Where.Section);
    return Status;
}

NTSTATUS MiFaultView(ULONG64 Address, BOOLEAN Write, BOOLEAN Execute, NTSTATUS *Io)
{
    ULONG Copy = MI_NO_PFN;
    NTSTATUS Status;

    do {
        Status = attempt(Address & ~(ULONG64)(MI_PAGE_BYTES - 1), Write, Execute, &Copy, Io);
    } while (Status == STATUS_RETRY);
    if (Copy != MI_NO_PFN)
        MiFreePages(Copy, 1);
    return Status;
}

NTSTATUS MiFaultInViews(PVOID Va, SIZE_T Pages, BOOLEAN Write)
{
    ULONG64 Address = (ULONG64)(ULONG_PTR)Va;
    NTSTATUS Result = STATUS_NOT_MAPPED_VIEW, Status, Io;

    for (SIZE_T I = 0; I < Pages; I++) {
        Status = MiFaultView(Address + ((ULONG64)I << KILN_PAGE_SHIFT), Write, FALSE, &Io);
        if (NT_SUCCESS(Status))
            Result = STATUS_SUCCESS;
        else if (Status != STATUS_NOT_MAPPED_VIEW)
            return Status;
    }
    return Result;
}

BOOLEAN MiQueryViewPage(PMI_RANGE Range, SIZE_T Page, ULONG *Protection)
{
    PMI_VIEW View = Range->View;

    *Protection = Range->Page[Page].Protection;
    return View && Page < View->AreaPages && MiIsCommitted(View->Section->Area, View->FirstPage + Page);
}

/* MI_FAULT_HANDLER of the user slices and of the system PTE window. */
NTSTATUS MiViewFaultHandler(PVOID Context, PKI_FAULT Fault)
{
    NTSTATUS Status;

    UNREFERENCED_PARAMETER(Context);
    if (Fault->Irql > APC_LEVEL || Fault->Safe)
        return STATUS_ACCESS_VIOLATION;
    Status = MiFaultView(Fault->Address, Fault->Access == EXCEPTION_WRITE_FAULT,
                         Fault->Access == EXCEPTION_EXECUTE_FAULT, &Fault->IoStatus);
    return Status == STATUS_NOT_MAPPED_VIEW ? STATUS_ACCESS_VIOLATION : Status;
}
