/* SPDX-License-Identifier: MIT */
/*
 * Views whose pages are exchanged under their user: rotating between the pages of a section and those of a
 * frame buffer, and pointing a range of physical memory at one page.
 *
 * A view that rotates is one of a page-file-backed section, mapped with MEM_ROTATE. While its pages are
 * copied nobody sees them: they are not mapped, and whoever touches one waits for the address space, which is
 * locked meanwhile. The driver's copy routine is called under that lock, so that it may neither map into the
 * process nor touch the view itself (such a touch is an access violation); what it raises ends the rotation.
 *
 * Frame buffers here are pages of RAM: device memory behind traps cannot be shown elsewhere
 * (STATUS_NOT_SUPPORTED). Reference: MmRotatePhysicalView, MmMapUserAddressesToPage (dumpmdl.c),
 * MM_ROTATE_COPY_CALLBACK_FUNCTION of wdm.h and ntddk.h.
 */
#include "section.h"
#include "ki.h"

typedef struct _ROTATION {
    PMI_VIEW View;
    SIZE_T First, Count;
    MM_ROTATE_DIRECTION Direction;
    PMM_ROTATE_COPY_CALLBACK_FUNCTION Copy;
    PVOID Context;
    PMDL New;                 /* the frame buffer's pages */
    PMDL Source, Destination; /* of the copy */
    NTSTATUS Status;
} ROTATION;

static BOOLEAN to_frame_buffer(const ROTATION *Rotation)
{
    return Rotation->Direction == MmToFrameBuffer || Rotation->Direction == MmToFrameBufferNoCopy;
}

/* An MDL of locked pages at the view's addresses, to be filled. */
static PMDL make_mdl(const ROTATION *Rotation)
{
    PVOID Va = (PVOID)(ULONG_PTR)(Rotation->View->Va + ((ULONG64)Rotation->First << KILN_PAGE_SHIFT));
    SIZE_T Bytes = Rotation->Count << KILN_PAGE_SHIFT;
    PMDL Mdl = MiAllocatePool(NonPagedPoolNx, MmSizeOfMdl(Va, Bytes), MI_VIEW_TAG, TRUE, NULL);

    if (Mdl) {
        MmInitializeMdl(Mdl, Va, Bytes);
        Mdl->MdlFlags |= MDL_PAGES_LOCKED;
    }
    return Mdl;
}

static void free_mdl(PMDL Mdl)
{
    if (Mdl == NULL)
        return;
    if (Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    ExFreePoolWithTag(Mdl, MI_VIEW_TAG);
}

/* The section's own frame of a page; all of them are present. */
static ULONG section_frame(PMI_VIEW View, SIZE_T Page)
{
    PMI_AREA Area = View->Section->Area;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);
    ULONG Pfn = MiProto(Area, View->FirstPage + Page)->Pfn;

    KeReleaseSpinLock(&Area->Lock, Irql);
    return Pfn;
}

static NTSTATUS make_present(const ROTATION *Rotation)
{
    NTSTATUS Status = STATUS_SUCCESS;

    for (SIZE_T I = 0; I < Rotation->Count && NT_SUCCESS(Status); I++)
        Status =
            MiMakeResident(Rotation->View->Section->Area, Rotation->View->FirstPage + Rotation->First + I);
    return Status;
}

/* From now on the pages show these frames; MI_NO_PFN entries: nothing, until they are touched. S and U not
 * held. */
static NTSTATUS show(const ROTATION *Rotation, const PFN_NUMBER *Pfns, BOOLEAN Rotated, unsigned Prot)
{
    PMI_VIEW View = Rotation->View;
    NTSTATUS Status = STATUS_SUCCESS;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&View->Section->Area->Lock);

    MiAcquireRanges(View->Process);
    for (SIZE_T I = 0; I < Rotation->Count; I++) {
        SIZE_T Page = Rotation->First + I;
        NTSTATUS Set = MiSetViewPages(View, Page, 1, Pfns ? (ULONG)Pfns[I] : MI_NO_PFN, Pfns ? Prot : 0);
        if (NT_SUCCESS(Set))
            View->Page[Page].Rotated = Rotated;
        else
            Status = Set;
    }
    MiReleaseRanges(View->Process);
    KeReleaseSpinLock(&View->Section->Area->Lock, Irql);
    return Status;
}

static void call_copy(void *Context)
{
    ROTATION *Rotation = Context;

    Rotation->Status = Rotation->Copy(Rotation->Destination, Rotation->Source, Rotation->Context);
}

/* Copy what the pages show now to where they will point. */
static NTSTATUS copy(ROTATION *Rotation)
{
    PMI_VIEW View = Rotation->View;
    NTSTATUS Status;

    Rotation->Source = make_mdl(Rotation);
    Rotation->Destination = make_mdl(Rotation);
    if (Rotation->Source == NULL || Rotation->Destination == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    for (SIZE_T I = 0; I < Rotation->Count; I++) {
        SIZE_T Page = Rotation->First + I;
        MiMdlPfns(Rotation->Source)[I] =
            View->Page[Page].Rotated ? View->Page[Page].Pfn : section_frame(View, Page);
        MiMdlPfns(Rotation->Destination)[I] =
            to_frame_buffer(Rotation) ? MiMdlPfns(Rotation->New)[I] : section_frame(View, Page);
    }
    Status = show(Rotation, NULL, FALSE, 0);
    if (NT_SUCCESS(Status))
        Status = KeTryCall(call_copy, Rotation);
    if (NT_SUCCESS(Status))
        Status = Rotation->Status;
    if (!NT_SUCCESS(Status)) /* as it was */
        show(Rotation, MiMdlPfns(Rotation->Source), !to_frame_buffer(Rotation), MiHostProt(View->Protection));
    return Status;
}

/* Address space locked, the view found. */
static NTSTATUS rotate(ROTATION *Rotation)
{
    PMI_VIEW View = Rotation->View;
    BOOLEAN Copies = Rotation->Direction == MmToFrameBuffer || Rotation->Direction == MmToRegularMemory;
    NTSTATUS Status = make_present(Rotation);

    for (SIZE_T I = 0; I < Rotation->Count; I++)
        if (View->Page[Rotation->First + I].Rotated == to_frame_buffer(Rotation))
            return STATUS_INVALID_PARAMETER_4; /* it is there already */
    if (!NT_SUCCESS(Status))
        return Status;
    __atomic_store_n(&View->Rotating, KiThread(), __ATOMIC_RELEASE);
    if (Copies)
        Status = copy(Rotation);
    if (NT_SUCCESS(Status))
        Status = to_frame_buffer(Rotation)
                     ? show(Rotation, MiMdlPfns(Rotation->New), TRUE, MiHostProt(View->Protection))
                     : show(Rotation, NULL, FALSE, 0); /* faults find the section's pages */
    __atomic_store_n(&View->Rotating, NULL, __ATOMIC_RELEASE);
    free_mdl(Rotation->Source);
    free_mdl(Rotation->Destination);
    return Status;
}

static NTSTATUS check_mdl(PMDL Mdl, SIZE_T Pages)
{
    if (Mdl == NULL || !(Mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL)) ||
        MiMdlPages(Mdl) < Pages)
        return STATUS_INVALID_PARAMETER_3;
    for (SIZE_T I = 0; I < Pages; I++)
        if (!MiIsRamPfn(MiMdlPfns(Mdl)[I]))
            return STATUS_NOT_SUPPORTED;
    return STATUS_SUCCESS;
}

/* The part [Begin, +Bytes) of a view of the current process; NULL: no one view has all of it. Address space
 * locked. */
static PMI_VIEW find_part(PVOID Begin, SIZE_T Bytes, SIZE_T *First)
{
    PMI_RANGE Range = MiFindRange(PsGetCurrentProcess(), Begin);
    ULONG64 Offset = Range ? (ULONG64)(ULONG_PTR)Begin - Range->Begin : 0;

    if (Range == NULL || Range->View == NULL ||
        Offset + Bytes > (ULONG64)Range->View->AreaPages << KILN_PAGE_SHIFT)
        return NULL;
    *First = (SIZE_T)(Offset >> KILN_PAGE_SHIFT);
    return Range->View;
}

NTSTATUS NTAPI MmRotatePhysicalView(PVOID VirtualAddress, PSIZE_T NumberOfBytes, PMDL NewMdl,
                                    MM_ROTATE_DIRECTION Direction,
                                    PMM_ROTATE_COPY_CALLBACK_FUNCTION CopyFunction, PVOID Context)
{
    ROTATION Rotation = {.Count = MI_PAGES(*NumberOfBytes),
                         .Direction = Direction,
                         .Copy = CopyFunction,
                         .Context = Context,
                         .New = NewMdl};
    NTSTATUS Status = STATUS_SUCCESS;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (BYTE_OFFSET(VirtualAddress))
        return STATUS_INVALID_PARAMETER_1;
    if (Rotation.Count == 0)
        return STATUS_INVALID_PARAMETER_2;
    if ((ULONG)Direction >= MmMaximumRotateDirection)
        return STATUS_INVALID_PARAMETER_4;
    if (CopyFunction == NULL && (Direction == MmToFrameBuffer || Direction == MmToRegularMemory))
        return STATUS_INVALID_PARAMETER_5;
    if (to_frame_buffer(&Rotation))
        Status = check_mdl(NewMdl, Rotation.Count);
    if (!NT_SUCCESS(Status))
        return Status;
    if (!MiLockAddressSpace(PsGetCurrentProcess()))
        return STATUS_INVALID_ADDRESS;
    Rotation.View = find_part(VirtualAddress, Rotation.Count << KILN_PAGE_SHIFT, &Rotation.First);
    Status = Rotation.View && Rotation.View->Rotates ? rotate(&Rotation) : STATUS_INVALID_ADDRESS;
    MiUnlockAddressSpace(PsGetCurrentProcess());
    if (NT_SUCCESS(Status))
        *NumberOfBytes = Rotation.Count << KILN_PAGE_SHIFT;
    return Status;
}

NTSTATUS MiPointViewAtPage(PVOID BaseAddress, SIZE_T NumberOfBytes, PFN_NUMBER Pfn)
{
    SIZE_T First = 0, Count;
    PMI_VIEW View = find_part(BaseAddress, NumberOfBytes, &First);
    NTSTATUS Status = STATUS_SUCCESS;

    if (View == NULL || View->Section->Area->Kind != MiAreaPhysical)
        return STATUS_INVALID_ADDRESS;
    Count = NumberOfBytes ? ADDRESS_AND_SIZE_TO_SPAN_PAGES(BaseAddress, NumberOfBytes) : View->Pages - First;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&View->Section->Area->Lock);
    MiAcquireRanges(View->Process);
    for (SIZE_T I = 0; I < Count && NT_SUCCESS(Status); I++)
        Status = MiSetViewPages(View, First + I, 1, (ULONG)Pfn, MiHostProt(View->Protection));
    MiReleaseRanges(View->Process);
    KeReleaseSpinLock(&View->Section->Area->Lock, Irql);
    return Status;
}
