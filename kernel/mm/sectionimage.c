/* SPDX-License-Identifier: MIT */
/*
 * SEC_IMAGE: the area of a PE image.
 *
 * The file is read once and judged by the loader's parser (kernel/ldr/pe.c, a layer that depends on nothing);
 * what it says becomes the parts of the area: the headers, and each section with its place in the file and
 * its protection. Pages are read from the file as they are touched. Writable sections are copied on write,
 * unless the image shares them.
 *
 * Nothing is relocated: a view lies where its process has room (user slices are far from the bases that
 * linkers choose), mapping it says STATUS_IMAGE_NOT_AT_BASE, and whoever wants to run the code relocates it,
 * as in Windows where the loader of user mode does.
 */
#include "section.h"
#include "pe.h"

#define STACK_RESERVE 96 /* from the NT signature: SizeOfStackReserve, SizeOfStackCommit */
#define SCN_SHARED    0x10000000u

static ULONG protection_of(const struct pe_section *Part)
{
    BOOLEAN Execute = (Part->flags & PE_SCN_EXECUTE) != 0, Write = (Part->flags & PE_SCN_WRITE) != 0;

    if (Write && (Part->flags & SCN_SHARED))
        return Execute ? PAGE_EXECUTE_READWRITE : PAGE_READWRITE;
    if (Write)
        return Execute ? PAGE_EXECUTE_WRITECOPY : PAGE_WRITECOPY;
    if (Execute)
        return PAGE_EXECUTE_READ;
    return Part->flags & PE_SCN_READ ? PAGE_READONLY : PAGE_NOACCESS;
}

static void describe(const struct pe_image *Image, PMI_IMAGE_FACTS Facts)
{
    Facts->Base = Image->image_base;
    Facts->Entry = Image->entry;
    Facts->Subsystem = Image->subsystem;
    Facts->SubsystemMajor = Image->subsystem_major;
    Facts->SubsystemMinor = Image->subsystem_minor;
    Facts->Characteristics = Image->characteristics;
    Facts->DllCharacteristics = Image->dll_characteristics;
    Facts->Machine = Image->machine;
    Facts->FileBytes = (ULONG)Image->file_size;
    Facts->CheckSum = Image->checksum;
    if (Image->nt_offset + STACK_RESERVE + 2 * sizeof(ULONG64) <= Image->file_size) {
        RtlCopyMemory(&Facts->StackReserve, Image->file + Image->nt_offset + STACK_RESERVE, sizeof(ULONG64));
        RtlCopyMemory(&Facts->StackCommit, Image->file + Image->nt_offset + STACK_RESERVE + sizeof(ULONG64),
                      sizeof(ULONG64));
    }
}

/* The parts of the area. A flat image (sections aligned below a page) is one part: the file as it is. */
static void divide(const struct pe_image *Image, PMI_AREA Area)
{
    PMI_SUBSECTION Part = Area->Subsections;

    *Part = (MI_SUBSECTION){.FirstPage = 0,
                            .Pages = Image->flat ? Area->Pages : MI_PAGES(Image->size_of_headers),
                            .FileBytes = Image->flat ? Image->file_size : Image->size_of_headers,
                            .Protection = Image->flat ? PAGE_EXECUTE_WRITECOPY : PAGE_READONLY};
    Area->SubsectionCount = 1;
    for (ULONG I = 0; !Image->flat && I < Image->section_count; I++) {
        struct pe_section Section;
        pe_section(Image, I, &Section);
        Area->Image->ContainsCode |= (Section.flags & (PE_SCN_CODE | PE_SCN_EXECUTE)) != 0;
        if (MI_PAGES(Section.size) == 0)
            continue;
        Part = &Area->Subsections[Area->SubsectionCount++];
        Part->FirstPage = Section.rva >> KILN_PAGE_SHIFT;
        Part->Pages = MI_PAGES(Section.size);
        Part->FileOffset = Section.raw_offset;
        Part->FileBytes = Section.raw_size < Section.size ? Section.raw_size : Section.size;
        Part->Protection = protection_of(&Section);
    }
    Area->Image->ContainsCode |= Image->flat;
}

static NTSTATUS make_area(const struct pe_image *Image, PMI_AREA *Result)
{
    PMI_AREA Area = MiCreateArea(MiAreaImage, Image->size_of_image >> KILN_PAGE_SHIFT, SEC_IMAGE);

    if (Area == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    Area->Image = MiAllocatePool(NonPagedPoolNx, sizeof(*Area->Image), MI_AREA_TAG, TRUE, NULL);
    Area->Subsections = MiAllocatePool(NonPagedPoolNx, (Image->section_count + 1) * sizeof(MI_SUBSECTION),
                                       MI_AREA_TAG, TRUE, NULL);
    if (Area->Image == NULL || Area->Subsections == NULL) {
        MiDeleteArea(Area);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    describe(Image, Area->Image);
    divide(Image, Area);
    *Result = Area;
    return STATUS_SUCCESS;
}

/* The whole file in consecutive pages, which the caller frees. */
static NTSTATUS read_file(PFILE_OBJECT File, ULONG64 Bytes, PFN_NUMBER *Pfn)
{
    SIZE_T Pages = MI_PAGES(Bytes);
    NTSTATUS Status = MiAllocatePages(Pages, 0, MiPageCount - 1, 1, 0, MiPageSystem, TRUE, Pfn);

    for (SIZE_T Done = 0, Count; Done < Pages && NT_SUCCESS(Status); Done += Count) {
        ULONG64 Offset = (ULONG64)Done << KILN_PAGE_SHIFT;
        Count = Pages - Done < MI_CLUSTER ? Pages - Done : MI_CLUSTER;
        ULONG64 Left = Bytes - Offset, Chunk = (ULONG64)Count << KILN_PAGE_SHIFT;
        Status = MiReadFrames(File, Offset, Left < Chunk ? Left : Chunk, *Pfn + Done, Count);
        if (!NT_SUCCESS(Status))
            MiFreePages(*Pfn, Pages);
    }
    return Status;
}

NTSTATUS MiParseImage(PFILE_OBJECT File, PMI_AREA *Area)
{
    struct pe_image Image;
    ULONG64 Bytes;
    PFN_NUMBER Pfn;
    NTSTATUS Status = MiFileIo->QuerySize(File, &Bytes);

    if (Status == STATUS_INVALID_DEVICE_REQUEST || Status == STATUS_NOT_IMPLEMENTED ||
        Status == STATUS_NOT_SUPPORTED)
        return STATUS_INVALID_FILE_FOR_SECTION;
    if (!NT_SUCCESS(Status))
        return Status;
    if (Bytes == 0)
        return STATUS_MAPPED_FILE_SIZE_ZERO;
    if (Bytes > PE_MAX_IMAGE)
        return STATUS_INVALID_IMAGE_FORMAT;
    Status = read_file(File, Bytes, &Pfn);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = pe_parse(MiPfnToVa(Pfn), Bytes, &Image, NULL);
    if (NT_SUCCESS(Status))
        Status = make_area(&Image, Area);
    MiFreePages(Pfn, MI_PAGES(Bytes));
    return Status;
}
