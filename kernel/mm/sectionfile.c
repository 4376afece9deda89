/* SPDX-License-Identifier: MIT */
/*
 * Sections of files: which area belongs to which file, how long it lives, and writing back what views
 * modified.
 *
 * A file is known by its SECTION_OBJECT_POINTERS, which every file object of the stream shares. The area is
 * made by the first section and remembered there; it refers to that section's file object, through which
 * pages are read and written from then on. When the last section goes, its thread becomes a closer: it writes
 * what is modified, and then, if nobody made another section meanwhile and no other closer is at work, takes
 * the area out of the pointers and frees it. So there is never an area that is about to go, and nobody has to
 * wait for one.
 *
 * A write of modified pages first takes write access from every view (so that a later store is noticed), then
 * sends the pages, and marks them modified again if that failed. Pages that an MDL locked for write stay
 * modified.
 *
 * Reference: ZwCreateSection, SECTION_OBJECT_POINTERS.
 */
#include "section.h"
#include "ki.h"

/* ---------------------------------------------------------------- the area of a file */

static PVOID *slot_of(PSECTION_OBJECT_POINTERS Pointers, MI_AREA_KIND Kind)
{
    return Kind == MiAreaImage ? &Pointers->ImageSectionObject : &Pointers->DataSectionObject;
}

/* The file's area with a section counted; NULL: it has none. F held. */
static PMI_AREA count_section(PSECTION_OBJECT_POINTERS Pointers, MI_AREA_KIND Kind, BOOLEAN Writable,
                              BOOLEAN ByHandle)
{
    PMI_AREA Area = *slot_of(Pointers, Kind);

    if (Area) {
        Area->Sections++;
        Area->HandleSections += ByHandle;
        Area->WritableSections += Writable;
    }
    return Area;
}

static PMI_AREA find_area(PSECTION_OBJECT_POINTERS Pointers, MI_AREA_KIND Kind, BOOLEAN Writable,
                          BOOLEAN ByHandle)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    PMI_AREA Area = count_section(Pointers, Kind, Writable, ByHandle);

    KeReleaseSpinLock(&MiAreasLock, Irql);
    return Area;
}

PMI_AREA MiFindArea(PSECTION_OBJECT_POINTERS Pointers, MI_AREA_KIND Kind)
{
    return find_area(Pointers, Kind, FALSE, FALSE);
}

/* Make New the file's area, or delete it if there is one by now. */
static PMI_AREA install_area(PFILE_OBJECT File, PMI_AREA New, BOOLEAN Writable, BOOLEAN ByHandle)
{
    KIRQL Irql;
    PMI_AREA Area;

    New->File = File;
    New->Pointers = File->SectionObjectPointer;
    ObReferenceObject(File);
    Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    Area = count_section(New->Pointers, New->Kind, Writable, ByHandle);
    if (Area == NULL) {
        *slot_of(New->Pointers, New->Kind) = New;
        count_section(New->Pointers, New->Kind, Writable, ByHandle);
    }
    KeReleaseSpinLock(&MiAreasLock, Irql);
    if (Area == NULL)
        return New;
    MiDeleteArea(New);
    return Area;
}

void MiDereferenceArea(PMI_AREA Area, BOOLEAN ByHandle, BOOLEAN Writable)
{
    IO_STATUS_BLOCK Io;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    BOOLEAN Last = --Area->Sections == 0;

    Area->HandleSections -= ByHandle;
    Area->WritableSections -= Writable;
    Area->Closers += Last;
    KeReleaseSpinLock(&MiAreasLock, Irql);
    if (!Last)
        return;
    if (Area->Kind == MiAreaData)
        MiFlushArea(Area, 0, Area->Pages, &Io);
    Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    Last = --Area->Closers == 0 && Area->Sections == 0;
    if (Last && Area->Pointers)
        *slot_of(Area->Pointers, Area->Kind) = NULL;
    KeReleaseSpinLock(&MiAreasLock, Irql);
    if (Last)
        MiDeleteArea(Area);
}

/* ---------------------------------------------------------------- creating */

static NTSTATUS check_size(PFILE_OBJECT File, ULONG64 *Size, BOOLEAN Writable, ULONG64 *FileBytes)
{
    NTSTATUS Status = MiFileIo->QuerySize(File, FileBytes);

    if (Status == STATUS_INVALID_DEVICE_REQUEST || Status == STATUS_NOT_IMPLEMENTED ||
        Status == STATUS_NOT_SUPPORTED)
        return STATUS_INVALID_FILE_FOR_SECTION;
    if (!NT_SUCCESS(Status))
        return Status;
    if (*Size == 0 && *FileBytes == 0)
        return STATUS_MAPPED_FILE_SIZE_ZERO;
    if (*Size == 0)
        *Size = *FileBytes;
    if (*Size > MI_SECTION_MAX || (*Size > *FileBytes && !Writable))
        return STATUS_SECTION_TOO_BIG;
    if (*Size > *FileBytes) {
        Status = MiFileIo->SetSize(File, *Size);
        if (NT_SUCCESS(Status))
            *FileBytes = *Size;
    }
    return Status;
}

/* The file system's own locks are held (MiFileIo->Acquire). */
static NTSTATUS reference_data(PFILE_OBJECT File, ULONG64 *Size, BOOLEAN Writable, BOOLEAN ByHandle,
                               PMI_AREA *Result)
{
    ULONG64 FileBytes;
    NTSTATUS Status = check_size(File, Size, Writable, &FileBytes);
    SIZE_T Pages;
    PMI_AREA Area;

    if (!NT_SUCCESS(Status))
        return Status;
    Pages = (SIZE_T)((*Size + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT);
    Area = find_area(File->SectionObjectPointer, MiAreaData, Writable, ByHandle);
    if (Area == NULL) {
        PMI_AREA New = MiCreateArea(MiAreaData, Pages, SEC_COMMIT);
        if (New == NULL)
            return STATUS_INSUFFICIENT_RESOURCES;
        Area = install_area(File, New, Writable, ByHandle);
    }
    Status = MiGrowArea(Area, Pages);
    if (!NT_SUCCESS(Status)) {
        MiDereferenceArea(Area, ByHandle, Writable);
        return Status;
    }
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&MiAreasLock);
    Area->FileBytes = FileBytes;
    KeReleaseSpinLock(&MiAreasLock, Irql);
    *Result = Area;
    return STATUS_SUCCESS;
}

NTSTATUS MiReferenceDataArea(PFILE_OBJECT File, ULONG64 *Size, BOOLEAN Writable, BOOLEAN ByHandle,
                             PMI_AREA *Area)
{
    NTSTATUS Status;

    if (File->SectionObjectPointer == NULL)
        return STATUS_INVALID_FILE_FOR_SECTION;
    MiFileIo->Acquire(File);
    Status = reference_data(File, Size, Writable, ByHandle, Area);
    MiFileIo->Release(File);
    return Status;
}

NTSTATUS MiReferenceImageArea(PFILE_OBJECT File, BOOLEAN ByHandle, PMI_AREA *Area)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PMI_AREA New;

    if (File->SectionObjectPointer == NULL)
        return STATUS_INVALID_FILE_FOR_SECTION;
    MiFileIo->Acquire(File);
    *Area = find_area(File->SectionObjectPointer, MiAreaImage, FALSE, ByHandle);
    if (*Area == NULL)
        Status = MiParseImage(File, &New);
    if (*Area == NULL && NT_SUCCESS(Status))
        *Area = install_area(File, New, FALSE, ByHandle);
    MiFileIo->Release(File);
    return Status;
}

/* ---------------------------------------------------------------- writing back */

typedef struct _WRITE_RUN {
    MDL Mdl;
    PFN_NUMBER Pfns[MI_CLUSTER];
    SIZE_T First, Count;
} WRITE_RUN;

/*
 * The next modified pages from *Page on, at most a cluster: write-protected, marked clean, and held by a lock
 * count. FALSE: there are none before End.
 */
static BOOLEAN next_run(PMI_AREA Area, SIZE_T *Page, SIZE_T End, WRITE_RUN *Run)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Area->Lock);

    if (End > Area->Pages)
        End = Area->Pages;
    Run->Count = 0;
    while (*Page < End && Run->Count < MI_CLUSTER) {
        PMI_PROTO Proto = MiProto(Area, *Page);
        if (Proto == NULL) {
            *Page = (*Page / MI_CHUNK + 1) * MI_CHUNK;
            if (Run->Count)
                break;
            continue;
        }
        if (Proto->Pfn == MI_NO_PFN || !MiIsModified(Proto->Pfn)) {
            (*Page)++;
            if (Run->Count)
                break;
            continue;
        }
        if (Run->Count == 0)
            Run->First = *Page;
        Run->Pfns[Run->Count++] = Proto->Pfn;
        MiWriteProtectPage(Area, *Page);
        if (!(__atomic_load_n(&MiPfnEntry(Proto->Pfn)->Class, __ATOMIC_RELAXED) & MI_SECTION_WRITE_LOCKED))
            __atomic_and_fetch(&MiPfnEntry(Proto->Pfn)->Class, (UCHAR)~MI_SECTION_MODIFIED, __ATOMIC_RELAXED);
        (*Page)++;
    }
    KeReleaseSpinLock(&Area->Lock, Irql);
    return Run->Count != 0;
}

NTSTATUS MiFlushArea(PMI_AREA Area, SIZE_T First, SIZE_T Count, PIO_STATUS_BLOCK Io)
{
    WRITE_RUN Run;
    NTSTATUS Status = STATUS_SUCCESS;
    SIZE_T Page = First;

    Io->Status = STATUS_SUCCESS;
    Io->Information = 0;
    while (NT_SUCCESS(Status) && next_run(Area, &Page, First + Count, &Run)) {
        IO_STATUS_BLOCK Result;
        RtlZeroMemory(&Run.Mdl, sizeof(Run.Mdl));
        MmInitializeMdl(&Run.Mdl, NULL, Run.Count << KILN_PAGE_SHIFT);
        Run.Mdl.MdlFlags |= MDL_PAGES_LOCKED;
        Result = MiFileIo->Transfer(Area->File, &Run.Mdl, (ULONG64)Run.First << KILN_PAGE_SHIFT, TRUE);
        Io->Status = Status = Result.Status;
        if (NT_SUCCESS(Status))
            Io->Information += Run.Count << KILN_PAGE_SHIFT;
        else
            for (SIZE_T I = 0; I < Run.Count; I++)
                MiSetModified((ULONG)Run.Pfns[I]);
    }
    return Status;
}
