/* SPDX-License-Identifier: MIT */
/*
 * The pages of sections: the table of an area, commitment, and making pages present.
 *
 * The table is sparse: chunks of MI_CHUNK entries come into being when a page of them is committed or
 * touched. A page is
 *
 *      absent --(MiMakeResident)--> in transition --(zeroed or read)--> present --(the area goes)--> free
 *                                        |
 *                                        +--(the read failed)--> absent
 *
 * Whoever needs a page in transition waits for whoever makes it present, and looks again. Frames of a cluster
 * are one run if RAM has one, so that views of neighbouring pages merge into one host mapping, and one
 * request reads them.
 *
 * There is no paging file: the commitment limit is RAM. SEC_COMMIT sections are charged when they are
 * created, SEC_RESERVE ones as they are committed, files not at all.
 */
#include "section.h"

struct _MI_WAITER {
    KEVENT Event;
    MI_WAITER *Next;
};

KSPIN_LOCK MiAreasLock;

static SIZE_T commitment; /* A */

BOOLEAN MiChargeCommitment(SIZE_T Pages)
{
    if (Pages <= MiPageCount && __atomic_add_fetch(&commitment, Pages, __ATOMIC_RELAXED) <= MiPageCount)
        return TRUE;
    if (Pages <= MiPageCount)
        MiReturnCommitment(Pages);
    return FALSE;
}

void MiReturnCommitment(SIZE_T Pages)
{
    __atomic_fetch_sub(&commitment, Pages, __ATOMIC_RELAXED);
}

/* ---------------------------------------------------------------- the table */

PMI_AREA MiCreateArea(MI_AREA_KIND Kind, SIZE_T Pages, ULONG Attributes)
{
    SIZE_T Chunks = (Pages + MI_CHUNK - 1) / MI_CHUNK;
    PMI_AREA Area = MiAllocatePool(NonPagedPoolNx, sizeof(*Area), MI_AREA_TAG, TRUE, NULL);

    if (Area == NULL)
        return NULL;
    Area->Chunks = MiAllocatePool(NonPagedPoolNx, Chunks * sizeof(PMI_PROTO), MI_AREA_TAG, TRUE, NULL);
    if (Area->Chunks == NULL) {
        ExFreePoolWithTag(Area, MI_AREA_TAG);
        return NULL;
    }
    InitializeListHead(&Area->Views);
    Area->Kind = Kind;
    Area->Attributes = Attributes;
    Area->Pages = Pages;
    Area->ChunkCount = Chunks;
    return Area;
}

NTSTATUS MiGrowArea(PMI_AREA Area, SIZE_T Pages)
{
    SIZE_T Chunks = (Pages + MI_CHUNK - 1) / MI_CHUNK;
    PMI_PROTO *New, *Old = NULL;

    if (Pages <= *(volatile SIZE_T *)&Area->Pages)
        return STATUS_SUCCESS;
    New = MiAllocatePool(NonPagedPoolNx, Chunks * sizeof(PMI_PROTO), MI_AREA_TAG, TRUE, NULL);
    if (New == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);
    if (Chunks > Area->ChunkCount) {
        RtlCopyMemory(New, Area->Chunks, Area->ChunkCount * sizeof(PMI_PROTO));
        Old = Area->Chunks;
        Area->Chunks = New;
        Area->ChunkCount = Chunks;
    } else {
        Old = New;
    }
    if (Pages > Area->Pages)
        Area->Pages = Pages;
    KeReleaseSpinLock(&Area->Lock, Irql);
    ExFreePoolWithTag(Old, MI_AREA_TAG);
    return STATUS_SUCCESS;
}

PMI_PROTO MiProto(PMI_AREA Area, SIZE_T Page)
{
    PMI_PROTO Chunk = Page < Area->Pages ? Area->Chunks[Page / MI_CHUNK] : NULL;

    return Chunk ? &Chunk[Page % MI_CHUNK] : NULL;
}

/* The chunks of [First, +Count) exist. S not held. */
static NTSTATUS make_chunks(PMI_AREA Area, SIZE_T First, SIZE_T Count)
{
    for (SIZE_T Chunk = First / MI_CHUNK; Chunk <= (First + Count - 1) / MI_CHUNK; Chunk++) {
        PMI_PROTO New;
        KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);
        BOOLEAN Exists = Area->Chunks[Chunk] != NULL;
        KeReleaseSpinLock(&Area->Lock, Irql);
        if (Exists)
            continue;
        New = MiAllocatePool(NonPagedPoolNx, MI_CHUNK * sizeof(*New), MI_AREA_TAG, TRUE, NULL);
        if (New == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        for (ULONG I = 0; I < MI_CHUNK; I++)
            New[I].Pfn = MI_NO_PFN;
        Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);
        if (Area->Chunks[Chunk] == NULL) {
            Area->Chunks[Chunk] = New;
            New = NULL;
        }
        KeReleaseSpinLock(&Area->Lock, Irql);
        if (New)
            ExFreePoolWithTag(New, MI_AREA_TAG);
    }
    return STATUS_SUCCESS;
}

void MiReleaseFrame(ULONG Pfn)
{
    PMI_PFN Entry = MiPfnEntry(Pfn);

    /* Whoever takes the orphan mark away frees: here if nothing holds it locked, else the last unlock. */
    __atomic_or_fetch(&Entry->Flags, MI_PFN_ORPHAN, __ATOMIC_ACQ_REL);
    if (__atomic_load_n(&Entry->LockCount, __ATOMIC_ACQUIRE) == 0 &&
        (__atomic_fetch_and(&Entry->Flags, (UCHAR)~MI_PFN_ORPHAN, __ATOMIC_ACQ_REL) & MI_PFN_ORPHAN))
        MiFreePages(Pfn, 1);
}

/* What frames of sections begin with. */
static void begin_frames(PFN_NUMBER Pfn, SIZE_T Count)
{
    for (SIZE_T I = 0; I < Count; I++) {
        MiPfnEntry(Pfn + I)->RunPages = 1;
        MiPfnEntry(Pfn + I)->RunBack = 0;
        MiPfnEntry(Pfn + I)->Class = 0;
    }
}

NTSTATUS MiAdoptFrames(PMI_AREA Area, SIZE_T First, PFN_NUMBER Pfn, SIZE_T Count)
{
    NTSTATUS Status = make_chunks(Area, First, Count);

    if (!NT_SUCCESS(Status)) {
        MiFreePages(Pfn, Count);
        return Status;
    }
    begin_frames(Pfn, Count);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);
    for (SIZE_T I = 0; I < Count; I++)
        MiProto(Area, First + I)->Pfn = (ULONG)(Pfn + I);
    KeReleaseSpinLock(&Area->Lock, Irql);
    return STATUS_SUCCESS;
}

void MiDeleteArea(PMI_AREA Area)
{
    for (SIZE_T Chunk = 0; Chunk < Area->ChunkCount; Chunk++) {
        PMI_PROTO Protos = Area->Chunks[Chunk];
        if (Protos == NULL)
            continue;
        for (ULONG I = 0; I < MI_CHUNK; I++)
            if (Protos[I].Pfn != MI_NO_PFN)
                MiReleaseFrame(Protos[I].Pfn);
        ExFreePoolWithTag(Protos, MI_AREA_TAG);
    }
    MiReturnCommitment(Area->Charged);
    if (Area->File)
        ObDereferenceObject(Area->File);
    if (Area->Image)
        ExFreePoolWithTag(Area->Image, MI_AREA_TAG);
    if (Area->Subsections)
        ExFreePoolWithTag(Area->Subsections, MI_AREA_TAG);
    ExFreePoolWithTag(Area->Chunks, MI_AREA_TAG);
    ExFreePoolWithTag(Area, MI_AREA_TAG);
}

/* ---------------------------------------------------------------- commitment */

BOOLEAN MiIsCommitted(PMI_AREA Area, SIZE_T Page)
{
    BOOLEAN Committed;

    if (!(Area->Attributes & SEC_RESERVE))
        return TRUE;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);
    PMI_PROTO Proto = MiProto(Area, Page);
    Committed = Proto && Proto->Committed;
    KeReleaseSpinLock(&Area->Lock, Irql);
    return Committed;
}

NTSTATUS MiCommitArea(PMI_AREA Area, SIZE_T First, SIZE_T Count)
{
    SIZE_T New = 0;
    NTSTATUS Status;

    if (!(Area->Attributes & SEC_RESERVE) || Count == 0)
        return STATUS_SUCCESS;
    if (!NT_SUCCESS(Status = make_chunks(Area, First, Count)))
        return Status;
    if (!MiChargeCommitment(Count))
        return STATUS_COMMITMENT_LIMIT;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);
    for (SIZE_T Page = First; Page < First + Count; Page++) {
        PMI_PROTO Proto = MiProto(Area, Page);
        New += !Proto->Committed;
        Proto->Committed = TRUE;
    }
    Area->Charged += New;
    KeReleaseSpinLock(&Area->Lock, Irql);
    MiReturnCommitment(Count - New); /* committed before */
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- making pages present */

/* The part of the image or file that a page lies in; NULL: zeros. */
static const MI_SUBSECTION *subsection_of(PMI_AREA Area, SIZE_T Page)
{
    for (ULONG I = 0; I < Area->SubsectionCount; I++)
        if (Page - Area->Subsections[I].FirstPage < Area->Subsections[I].Pages)
            return &Area->Subsections[I];
    return NULL;
}

NTSTATUS MiReadFrames(PFILE_OBJECT File, ULONG64 Offset, ULONG64 Bytes, PFN_NUMBER Pfn, SIZE_T Count)
{
    struct {
        MDL Mdl;
        PFN_NUMBER Pfns[MI_CLUSTER];
    } Io;
    IO_STATUS_BLOCK Result;

    RtlZeroMemory(&Io.Mdl, sizeof(Io.Mdl));
    MmInitializeMdl(&Io.Mdl, NULL, (SIZE_T)((Bytes + 511) & ~511ULL)); /* whole sectors */
    Io.Mdl.MdlFlags |= MDL_PAGES_LOCKED | MDL_IO_PAGE_READ;
    for (SIZE_T I = 0; I < Count; I++)
        Io.Pfns[I] = Pfn + I;
    Result = MiFileIo->Transfer(File, &Io.Mdl, Offset, FALSE);
    if (!NT_SUCCESS(Result.Status))
        return Result.Status;
    /* What the file does not have is zeros, whatever the driver left there. */
    if (Result.Information < Bytes)
        Bytes = Result.Information;
    RtlZeroMemory((UCHAR *)MiPfnToVa(Pfn) + Bytes, (SIZE_T)((Count << KILN_PAGE_SHIFT) - Bytes));
    return STATUS_SUCCESS;
}

/* Fill frames [Pfn, +Count), which are zeros, with what the file has for the pages from Page on. */
static NTSTATUS read_pages(PMI_AREA Area, SIZE_T Page, PFN_NUMBER Pfn, SIZE_T Count)
{
    const MI_SUBSECTION *Part = Area->Kind == MiAreaImage ? subsection_of(Area, Page) : NULL;
    ULONG64 Offset = (ULONG64)Page << KILN_PAGE_SHIFT, Bytes = Count << KILN_PAGE_SHIFT;

    if (Area->Kind == MiAreaImage) {
        ULONG64 Within = Part ? (Page - Part->FirstPage) << KILN_PAGE_SHIFT : 0;
        if (Part == NULL || Within >= Part->FileBytes)
            return STATUS_SUCCESS;
        Offset = Part->FileOffset + Within;
        if (Bytes > Part->FileBytes - Within)
            Bytes = Part->FileBytes - Within;
    }
    return MiReadFrames(Area->File, Offset, Bytes, Pfn, Count);
}

/* The pages around Page that can be made present with it: absent, committed, of the same part. S held. */
static void choose_cluster(PMI_AREA Area, SIZE_T Page, SIZE_T *First, SIZE_T *Count)
{
    SIZE_T Begin = Page & ~(SIZE_T)(MI_CLUSTER - 1), End = Begin + MI_CLUSTER;
    SIZE_T Low = Page, High = Page + 1;
    const MI_SUBSECTION *Part = Area->Kind == MiAreaImage ? subsection_of(Area, Page) : NULL;

    if (End > Area->Pages)
        End = Area->Pages;
    if (Part && Begin < Part->FirstPage)
        Begin = Part->FirstPage;
    if (Area->Kind == MiAreaImage)
        End = Part == NULL                          ? Page + 1
              : End < Part->FirstPage + Part->Pages ? End
                                                    : Part->FirstPage + Part->Pages;
    if (Area->Kind == MiAreaImage && Part == NULL)
        Begin = Page;
    while (Low > Begin) {
        PMI_PROTO Proto = MiProto(Area, Low - 1);
        if (Proto->Pfn != MI_NO_PFN || Proto->InTransition ||
            ((Area->Attributes & SEC_RESERVE) && !Proto->Committed))
            break;
        Low--;
    }
    while (High < End) {
        PMI_PROTO Proto = MiProto(Area, High);
        if (Proto->Pfn != MI_NO_PFN || Proto->InTransition ||
            ((Area->Attributes & SEC_RESERVE) && !Proto->Committed))
            break;
        High++;
    }
    *First = Low;
    *Count = High - Low;
}

/* The pages are present (Pfn), or (MI_NO_PFN) absent again. Wakes whoever waits. */
static void end_transition(PMI_AREA Area, SIZE_T First, SIZE_T Count, PFN_NUMBER Pfn)
{
    MI_WAITER *Waiter, *Next;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);

    for (SIZE_T I = 0; I < Count; I++) {
        PMI_PROTO Proto = MiProto(Area, First + I);
        Proto->InTransition = FALSE;
        Proto->Pfn = Pfn == MI_NO_PFN ? MI_NO_PFN : (ULONG)(Pfn + I);
    }
    Waiter = Area->Waiters;
    Area->Waiters = NULL;
    KeReleaseSpinLock(&Area->Lock, Irql);
    for (; Waiter; Waiter = Next) {
        Next = Waiter->Next; /* it is on the stack of a thread that goes on at once */
        KeSetEvent(&Waiter->Event, IO_NO_INCREMENT, FALSE);
    }
}

/* Frames for a cluster, or for Page alone if there is no such run. Their content is zeros. */
static NTSTATUS take_frames(PMI_AREA Area, SIZE_T Page, SIZE_T *First, SIZE_T *Count, PFN_NUMBER *Pfn)
{
    SIZE_T Chosen = *Count;
    NTSTATUS Status = MiAllocatePages(Chosen, 0, MiPageCount - 1, 1, 0, MiPageSection, TRUE, Pfn);

    if (!NT_SUCCESS(Status) && Chosen > 1) {
        if (Page > *First)
            end_transition(Area, *First, Page - *First, MI_NO_PFN);
        if (*First + Chosen > Page + 1)
            end_transition(Area, Page + 1, *First + Chosen - Page - 1, MI_NO_PFN);
        *First = Page;
        *Count = 1;
        Status = MiAllocatePages(1, 0, MiPageCount - 1, 1, 0, MiPageSection, TRUE, Pfn);
    }
    if (!NT_SUCCESS(Status))
        return STATUS_NO_MEMORY;
    begin_frames(*Pfn, *Count);
    return STATUS_SUCCESS;
}

NTSTATUS MiMakeResident(PMI_AREA Area, SIZE_T Page)
{
    SIZE_T First, Count, Begin = Page & ~(SIZE_T)(MI_CLUSTER - 1);
    NTSTATUS Status = make_chunks(Area, Begin, 1); /* a cluster lies in one chunk */
    PFN_NUMBER Pfn;

    if (!NT_SUCCESS(Status))
        return STATUS_NO_MEMORY;
    for (;;) {
        MI_WAITER Waiter;
        KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);
        PMI_PROTO Proto = MiProto(Area, Page);
        if (Proto->Pfn != MI_NO_PFN) {
            KeReleaseSpinLock(&Area->Lock, Irql);
            return STATUS_SUCCESS;
        }
        if (!Proto->InTransition) {
            choose_cluster(Area, Page, &First, &Count);
            for (SIZE_T I = 0; I < Count; I++)
                MiProto(Area, First + I)->InTransition = TRUE;
            KeReleaseSpinLock(&Area->Lock, Irql);
            break;
        }
        KeInitializeEvent(&Waiter.Event, NotificationEvent, FALSE);
        Waiter.Next = Area->Waiters;
        Area->Waiters = &Waiter;
        KeReleaseSpinLock(&Area->Lock, Irql);
        KeWaitForSingleObject(&Waiter.Event, WrPageIn, KernelMode, FALSE, NULL);
    }
    Status = take_frames(Area, Page, &First, &Count, &Pfn);
    if (NT_SUCCESS(Status) && Area->File) {
        Status = read_pages(Area, First, Pfn, Count);
        if (!NT_SUCCESS(Status))
            MiFreePages(Pfn, Count);
    }
    end_transition(Area, First, Count, NT_SUCCESS(Status) ? Pfn : MI_NO_PFN);
    return Status;
}
