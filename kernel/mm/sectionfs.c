/* SPDX-License-Identifier: MIT */
/*
 * What file systems ask about the sections of a file before they change it: may it be truncated, deleted,
 * written? All of them look at the areas that SECTION_OBJECT_POINTERS names.
 *
 * An area goes with the last section or view (sectionfile.c), so what MmForceSectionClosed and
 * MmFlushImageSection are asked to get rid of is, if it is there, in use. A "write probe" is a page of the
 * file that an MDL locked for write.
 *
 * Reference: MmCanFileBeTruncated, MmFlushImageSection, MmForceSectionClosed(Ex),
 * MmDoesFileHaveUserWritableReferences, MmGetMaximumFileSectionSize, MmSetAddressRangeModified.
 */
#include "section.h"
#include "ki.h"

/* The area of that kind, which stays until F is released. F held. */
static PMI_AREA area_of(PSECTION_OBJECT_POINTERS Pointers, MI_AREA_KIND Kind)
{
    return Kind == MiAreaImage ? Pointers->ImageSectionObject : Pointers->DataSectionObject;
}

/* Pages that are locked for write. S held. */
static ULONG count_probes(PMI_AREA Area)
{
    ULONG Probes = 0;

    for (SIZE_T Chunk = 0; Chunk < Area->ChunkCount; Chunk++)
        for (ULONG I = 0; Area->Chunks[Chunk] && I < MI_CHUNK; I++) {
            ULONG Pfn = Area->Chunks[Chunk][I].Pfn;
            Probes += Pfn != MI_NO_PFN && (__atomic_load_n(&MiPfnEntry(Pfn)->Class, __ATOMIC_RELAXED) &
                                           MI_SECTION_WRITE_LOCKED) != 0;
        }
    return Probes;
}

static BOOLEAN has_probes(PMI_AREA Area)
{
    KeAcquireSpinLockAtDpcLevel(&Area->Lock);
    ULONG Probes = count_probes(Area);
    KeReleaseSpinLockFromDpcLevel(&Area->Lock);
    return Probes != 0;
}

/* ---------------------------------------------------------------- truncation */

/* Does a view show pages from First on? S held. */
static BOOLEAN is_mapped_beyond(PMI_AREA Area, SIZE_T First)
{
    for (PLIST_ENTRY Link = Area->Views.Flink; Link != &Area->Views; Link = Link->Flink) {
        PMI_VIEW View = CONTAINING_RECORD(Link, MI_VIEW, Link);
        if (View->FirstPage + View->AreaPages > First)
            return TRUE;
    }
    return FALSE;
}

/* Nobody shows the pages from First on: what they hold is not of the file any more. S held. */
static void purge(PMI_AREA Area, SIZE_T First)
{
    for (SIZE_T Page = First; Page < Area->Pages; Page++) {
        PMI_PROTO Proto = MiProto(Area, Page);
        if (Proto == NULL) {
            Page |= MI_CHUNK - 1;
            continue;
        }
        if (Proto->Pfn != MI_NO_PFN)
            MiReleaseFrame(Proto->Pfn);
        Proto->Pfn = MI_NO_PFN;
    }
}

/* F held. */
static BOOLEAN can_truncate(PMI_AREA Area, ULONG64 NewBytes)
{
    SIZE_T First = (SIZE_T)((NewBytes + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT);
    BOOLEAN Can = TRUE;

    if (Area->HandleSections && NewBytes <= Area->FileBytes)
        return FALSE;
    KeAcquireSpinLockAtDpcLevel(&Area->Lock);
    Can = !is_mapped_beyond(Area, First) && count_probes(Area) == 0;
    if (Can)
        purge(Area, First);
    KeReleaseSpinLockFromDpcLevel(&Area->Lock);
    if (Can)
        Area->FileBytes = NewBytes;
    return Can;
}

BOOLEAN NTAPI MmCanFileBeTruncated(PSECTION_OBJECT_POINTERS SectionPointer, PLARGE_INTEGER NewFileSize)
{
    ULONG64 NewBytes = NewFileSize ? (ULONG64)NewFileSize->QuadPart : 0; /* it may lie in pageable memory */
    BOOLEAN Can = TRUE;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    PMI_AREA Data = area_of(SectionPointer, MiAreaData);
    if (area_of(SectionPointer, MiAreaImage))
        Can = FALSE;
    else if (Data)
        Can = can_truncate(Data, NewBytes);
    KeReleaseSpinLock(&MiAreasLock, Irql);
    return Can;
}

/* ---------------------------------------------------------------- deleting, writing */

BOOLEAN NTAPI MmFlushImageSection(PSECTION_OBJECT_POINTERS SectionObjectPointer, MMFLUSH_TYPE FlushType)
{
    BOOLEAN Flushed;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    PMI_AREA Data = area_of(SectionObjectPointer, MiAreaData);
    Flushed = area_of(SectionObjectPointer, MiAreaImage) == NULL &&
              !(FlushType == MmFlushForDelete && Data && has_probes(Data));
    KeReleaseSpinLock(&MiAreasLock, Irql);
    return Flushed;
}

BOOLEAN NTAPI MmForceSectionClosedEx(PSECTION_OBJECT_POINTERS SectionObjectPointer, ULONG ForceCloseFlags)
{
    BOOLEAN Gone = TRUE;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    if ((ForceCloseFlags & MM_FORCE_CLOSED_DATA) && area_of(SectionObjectPointer, MiAreaData))
        Gone = FALSE;
    if ((ForceCloseFlags & MM_FORCE_CLOSED_IMAGE) && area_of(SectionObjectPointer, MiAreaImage))
        Gone = FALSE;
    KeReleaseSpinLock(&MiAreasLock, Irql);
    return Gone;
}

BOOLEAN NTAPI MmForceSectionClosed(PSECTION_OBJECT_POINTERS SectionObjectPointer, BOOLEAN DelayClose)
{
    return MmForceSectionClosedEx(SectionObjectPointer, MM_FORCE_CLOSED_DATA | MM_FORCE_CLOSED_IMAGE |
                                                            (DelayClose ? MM_FORCE_CLOSED_LATER_OK : 0));
}

/* Views of processes that write the area. S held. */
static ULONG count_writable_views(PMI_AREA Area)
{
    ULONG Count = 0;

    for (PLIST_ENTRY Link = Area->Views.Flink; Link != &Area->Views; Link = Link->Flink) {
        PMI_VIEW View = CONTAINING_RECORD(Link, MI_VIEW, Link);
        Count += View->Process && (MiHostProt(View->Protection) & HOST_PROT_W) &&
                 !MiIsCopyOnWrite(View->Protection);
    }
    return Count;
}

/* An MDL counts once for each of its pages. */
ULONG NTAPI MmDoesFileHaveUserWritableReferences(PSECTION_OBJECT_POINTERS SectionPointer)
{
    ULONG Count;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    Count = MiFileIo->CountWriters(SectionPointer);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    PMI_AREA Data = area_of(SectionPointer, MiAreaData);
    if (Data) {
        KeAcquireSpinLockAtDpcLevel(&Data->Lock);
        Count += Data->WritableSections + count_writable_views(Data) + count_probes(Data);
        KeReleaseSpinLockFromDpcLevel(&Data->Lock);
    }
    KeReleaseSpinLock(&MiAreasLock, Irql);
    return Count;
}

ULONG64 NTAPI MmGetMaximumFileSectionSize(VOID)
{
    return MI_SECTION_MAX;
}

/* ---------------------------------------------------------------- marking */

/* The present pages of a system view of a file that lie in [Begin, End). TRUE: there was one. */
static BOOLEAN mark_modified(PMI_SECTION Section, SIZE_T First, SIZE_T Count)
{
    PMI_AREA Area = Section->Area;
    BOOLEAN Marked = FALSE;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);

    for (SIZE_T Page = First; Page < First + Count; Page++) {
        PMI_PROTO Proto = MiProto(Area, Page);
        if (Proto == NULL || Proto->Pfn == MI_NO_PFN)
            continue;
        MiSetModified(Proto->Pfn);
        Marked = TRUE;
    }
    KeReleaseSpinLock(&Area->Lock, Irql);
    return Marked;
}

BOOLEAN NTAPI MmSetAddressRangeModified(PVOID Address, SIZE_T Length)
{
    ULONG64 Begin = (ULONG64)(ULONG_PTR)Address;
    PMI_SECTION Section = NULL;
    SIZE_T First = 0;
    BOOLEAN Marked = FALSE;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Length == 0 || Begin + Length < Begin)
        return FALSE;
    KIRQL Irql = KiRaise(DISPATCH_LEVEL);
    MiLockSystemViews();
    PMI_VIEW View = MiSystemViewAt(Begin);
    if (View && View->Section->Area->Kind == MiAreaData && MiSystemViewAt(Begin + Length - 1) == View) {
        Section = View->Section;
        First = View->FirstPage + (SIZE_T)((Begin - View->Va) >> KILN_PAGE_SHIFT);
        ObReferenceObject(Section);
    }
    MiUnlockSystemViews();
    KiLower(Irql);
    if (Section) {
        Marked = mark_modified(Section, First, ADDRESS_AND_SIZE_TO_SPAN_PAGES(Address, Length));
        ObDereferenceObject(Section);
    }
    return Marked;
}
