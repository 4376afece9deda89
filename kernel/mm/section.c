/* SPDX-License-Identifier: MIT */
/*
 * Section objects: the object type and creating. What is behind them: section.h.
 *
 * \Device\PhysicalMemory is a section of all physical addresses. User mode cannot open it, but can be given a
 * handle.
 *
 * Reference: ZwCreateSection, NtCreateSectionEx; the SEC_* attributes are described with
 * CreateFileMapping.
 */
#include "section.h"
#include "ki.h"
#include "sep.h"
#include "zw.h"
#include <nt/native.h>

#define KINDS       (SEC_COMMIT | SEC_RESERVE | SEC_IMAGE)
#define KNOWN       (KINDS | SEC_FILE | SEC_NOCACHE | SEC_WRITECOMBINE | SEC_LARGE_PAGES | SEC_64K_PAGES)
#define LARGE_PAGES (LARGE_PAGE_SIZE >> KILN_PAGE_SHIFT)

POBJECT_TYPE MiSectionType;
POBJECT_TYPE *MmSectionObjectType = &MiSectionType;
const MI_FILE_IO *MiFileIo;

/* ---------------------------------------------------------------- the type */

static void delete_section(PVOID Object)
{
    PMI_SECTION Section = Object;

    if (Section->Area)
        MiDereferenceArea(Section->Area, Section->ByHandle, Section->Writable);
}

static void dump_section(PVOID Object, char *Text, ULONG TextBytes)
{
    static const char *const Names[] = {"page file", "data of a file", "image", "physical memory"};
    PMI_SECTION Section = Object;
    const char *Name = Section->Area ? Names[Section->Area->Kind] : "unfinished";
    ULONG At = 0;

    for (; Name[At] && At + 1 < TextBytes; At++)
        Text[At] = Name[At];
    if (TextBytes)
        Text[At] = 0;
}

static NTSTATUS open_section(OB_OPEN_REASON Reason, KPROCESSOR_MODE AccessMode, PEPROCESS Process,
                             PVOID Object, PACCESS_MASK GrantedAccess, ULONG HandleCount)
{
    PMI_SECTION Section = Object;

    UNREFERENCED_PARAMETER(Process);
    UNREFERENCED_PARAMETER(GrantedAccess);
    UNREFERENCED_PARAMETER(HandleCount);
    if (Reason == ObOpenHandle && AccessMode == UserMode && Section->Area &&
        Section->Area->Kind == MiAreaPhysical)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- creating */

static BOOLEAN is_valid_protection(ULONG Protection)
{
    switch (Protection) {
    case PAGE_READONLY:
    case PAGE_READWRITE:
    case PAGE_WRITECOPY:
    case PAGE_EXECUTE:
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_READWRITE:
    case PAGE_EXECUTE_WRITECOPY:
        return TRUE;
    }
    return FALSE;
}

static NTSTATUS check_attributes(ULONG Attributes, BOOLEAN File)
{
    ULONG Kind = Attributes & KINDS;

    if ((Attributes & ~(ULONG)KNOWN) || Kind == 0 || (Kind & (Kind - 1)))
        return STATUS_INVALID_PARAMETER_6;
    if (Kind == SEC_IMAGE)
        return (Attributes & ~(ULONG)SEC_FILE) != SEC_IMAGE && Attributes != SEC_IMAGE_NO_EXECUTE
                   ? STATUS_INVALID_PARAMETER_6
               : File ? STATUS_SUCCESS
                      : STATUS_INVALID_FILE_FOR_SECTION;
    if ((Attributes & SEC_NOCACHE) && (Attributes & SEC_WRITECOMBINE))
        return STATUS_INVALID_PARAMETER_6;
    if ((Attributes & SEC_LARGE_PAGES) && (File || Kind != SEC_COMMIT))
        return STATUS_INVALID_PARAMETER_6;
    return STATUS_SUCCESS;
}

/* Large pages are present from the beginning: runs of frames, aligned. */
static NTSTATUS fill_with_large_pages(PMI_AREA Area)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PFN_NUMBER Pfn;

    for (SIZE_T Page = 0; Page < Area->Pages && NT_SUCCESS(Status); Page += LARGE_PAGES) {
        Status = MiAllocatePages(LARGE_PAGES, 0, MiPageCount - 1, LARGE_PAGES, 0, MiPageSection, TRUE, &Pfn);
        if (NT_SUCCESS(Status))
            Status = MiAdoptFrames(Area, Page, Pfn, LARGE_PAGES);
    }
    return Status;
}

static NTSTATUS create_page_file_area(ULONG64 Bytes, ULONG Attributes, KPROCESSOR_MODE Mode, PMI_AREA *Result)
{
    SIZE_T Pages = (SIZE_T)((Bytes + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT);
    LUID LockMemory = {SE_LOCK_MEMORY_PRIVILEGE, 0};
    NTSTATUS Status = STATUS_SUCCESS;
    PMI_AREA Area;

    if (Bytes == 0)
        return STATUS_INVALID_PARAMETER_4;
    if (Attributes & SEC_LARGE_PAGES) {
        if (!SeSinglePrivilegeCheck(LockMemory, Mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        if (Bytes % LARGE_PAGE_SIZE)
            return STATUS_INVALID_PARAMETER_4;
    }
    if ((Attributes & SEC_COMMIT) && !MiChargeCommitment(Pages))
        return STATUS_COMMITMENT_LIMIT;
    Area = MiCreateArea(MiAreaPageFile, Pages, Attributes);
    if (Area == NULL) {
        if (Attributes & SEC_COMMIT)
            MiReturnCommitment(Pages);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Area->Charged = Attributes & SEC_COMMIT ? Pages : 0;
    Area->Sections = 1;
    if (Attributes & SEC_LARGE_PAGES)
        Status = fill_with_large_pages(Area);
    if (!NT_SUCCESS(Status)) {
        MiDeleteArea(Area);
        return Status;
    }
    *Result = Area;
    return STATUS_SUCCESS;
}

/* The area of what is asked for, with a section counted. *Bytes becomes the section's size. */
static NTSTATUS reference_area(PMI_SECTION_REQUEST Request, ULONG64 *Bytes, PMI_AREA *Area)
{
    NTSTATUS Status = check_attributes(Request->Attributes, Request->File != NULL);

    if (!NT_SUCCESS(Status))
        return Status;
    if (!is_valid_protection(Request->Protection))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (*Bytes > MI_SECTION_MAX)
        return STATUS_SECTION_TOO_BIG;
    if (Request->Attributes & SEC_IMAGE) {
        Status = MiReferenceImageArea(Request->File, Request->ByHandle, Area);
        if (NT_SUCCESS(Status))
            *Bytes = (ULONG64)(*Area)->Pages << KILN_PAGE_SHIFT;
        return Status;
    }
    if (Request->File)
        return MiReferenceDataArea(Request->File, Bytes, Request->Writable, Request->ByHandle, Area);
    Status = create_page_file_area(*Bytes, Request->Attributes, Request->Mode, Area);
    if (NT_SUCCESS(Status)) {
        (*Area)->HandleSections = Request->ByHandle;
        (*Area)->WritableSections = Request->Writable;
        *Bytes = (ULONG64)(*Area)->Pages << KILN_PAGE_SHIFT;
    }
    return Status;
}

NTSTATUS MiCreateSectionObject(PMI_SECTION_REQUEST Request, PMI_SECTION *Result)
{
    ULONG64 Bytes = (ULONG64)Request->MaximumSize;
    PMI_SECTION Section;
    PMI_AREA Area;
    NTSTATUS Status;

    Request->Writable = (MiHostProt(Request->Protection) & HOST_PROT_W) &&
                        !MiIsCopyOnWrite(Request->Protection) && !(Request->Attributes & SEC_IMAGE);
    Status = reference_area(Request, &Bytes, &Area);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObCreateObject(Request->Mode, MiSectionType, Request->ObjectAttributes, Request->Mode, NULL,
                            sizeof(*Section), 0, 0, (PVOID *)&Section);
    if (!NT_SUCCESS(Status)) {
        MiDereferenceArea(Area, Request->ByHandle, Request->Writable);
        return Status;
    }
    Section->Area = Area;
    Section->Size.QuadPart = (LONGLONG)Bytes;
    Section->Pages = (SIZE_T)((Bytes + MI_PAGE_BYTES - 1) >> KILN_PAGE_SHIFT);
    Section->Protection = Request->Protection;
    Section->Attributes = Request->Attributes | (Request->File ? SEC_FILE : 0);
    Section->ByHandle = Request->ByHandle;
    Section->Writable = Request->Writable;
    *Result = Section;
    return STATUS_SUCCESS;
}

/* What a section with that protection does to its file. */
static ACCESS_MASK file_access(ULONG Protection, ULONG Attributes)
{
    unsigned Prot = MiHostProt(Protection);
    ACCESS_MASK Access = FILE_READ_DATA;

    if (Attributes & SEC_IMAGE)
        return Attributes == SEC_IMAGE_NO_EXECUTE ? FILE_READ_DATA : FILE_EXECUTE;
    if ((Prot & HOST_PROT_W) && !MiIsCopyOnWrite(Protection))
        Access |= FILE_WRITE_DATA;
    if (Prot & HOST_PROT_X)
        Access |= FILE_EXECUTE;
    return Protection == PAGE_EXECUTE ? FILE_EXECUTE : Access;
}

/* Parameters captured but for MaximumSize and the handle's target. */
static NTSTATUS create_by_handle(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes, PLARGE_INTEGER MaximumSize,
                                 ULONG Protection, ULONG Attributes, HANDLE FileHandle)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    MI_SECTION_REQUEST Request = {.Mode = Mode,
                                  .ObjectAttributes = ObjectAttributes,
                                  .Protection = Protection,
                                  .Attributes = Attributes,
                                  .ByHandle = TRUE};
    PMI_SECTION Section;
    HANDLE Handle;
    NTSTATUS Status = STATUS_SUCCESS;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (Mode == UserMode)
        Status = KiProbeForWrite(SectionHandle, sizeof(*SectionHandle), sizeof(*SectionHandle));
    if (NT_SUCCESS(Status) && MaximumSize)
        Status = KiCopyFromMode(Mode, &Request.MaximumSize, MaximumSize, sizeof(Request.MaximumSize));
    if (!NT_SUCCESS(Status))
        return Status;
    if (!is_valid_protection(Protection))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (Request.MaximumSize < 0)
        return STATUS_SECTION_TOO_BIG;
    if (FileHandle) {
        Status = ObReferenceObjectByHandle(FileHandle, file_access(Protection, Attributes), *IoFileObjectType,
                                           Mode, (PVOID *)&Request.File, NULL);
        if (!NT_SUCCESS(Status))
            return Status;
    }
    Status = MiCreateSectionObject(&Request, &Section);
    if (Request.File)
        ObDereferenceObject(Request.File);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObInsertObject(Section, NULL, DesiredAccess, 0, NULL, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    NTSTATUS Copied = KiCopyToMode(Mode, SectionHandle, &Handle, sizeof(Handle));
    if (!NT_SUCCESS(Copied))
        ObCloseHandle(Handle, KernelMode);
    return NT_SUCCESS(Copied) ? Status : Copied;
}

NTSTATUS NTAPI NtCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes, PLARGE_INTEGER MaximumSize,
                               ULONG SectionPageProtection, ULONG AllocationAttributes, HANDLE FileHandle)
{
    return create_by_handle(SectionHandle, DesiredAccess, ObjectAttributes, MaximumSize,
                            SectionPageProtection, AllocationAttributes, FileHandle);
}

NTSTATUS NTAPI ZwCreateSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes, PLARGE_INTEGER MaximumSize,
                               ULONG SectionPageProtection, ULONG AllocationAttributes, HANDLE FileHandle)
{
    KI_ZW(NtCreateSection(SectionHandle, DesiredAccess, ObjectAttributes, MaximumSize, SectionPageProtection,
                          AllocationAttributes, FileHandle));
}

/* One parameter, the preferred NUMA node, of which there is one here. */
static NTSTATUS check_extended(KPROCESSOR_MODE Mode, const struct _MEM_EXTENDED_PARAMETER *Parameters,
                               ULONG Count)
{
    MEM_EXTENDED_PARAMETER Parameter;
    NTSTATUS Status;

    if (Count == 0)
        return STATUS_SUCCESS;
    if (Count > 1 || Parameters == NULL)
        return STATUS_INVALID_PARAMETER;
    Status = KiCopyFromMode(Mode, &Parameter, Parameters, sizeof(Parameter));
    if (!NT_SUCCESS(Status))
        return Status;
    if (Parameter.Type == MemSectionExtendedParameterUserPhysicalFlags)
        return STATUS_NOT_SUPPORTED; /* there are no user physical pages (AWE) */
    if (Parameter.Type != MemSectionExtendedParameterNumaNode || Parameter.Reserved || Parameter.ULong != 0)
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtCreateSectionEx(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes, PLARGE_INTEGER MaximumSize,
                                 ULONG SectionPageProtection, ULONG AllocationAttributes, HANDLE FileHandle,
                                 struct _MEM_EXTENDED_PARAMETER *ExtendedParameters,
                                 ULONG ExtendedParameterCount)
{
    NTSTATUS Status = check_extended(KiThread()->PreviousMode, ExtendedParameters, ExtendedParameterCount);

    if (!NT_SUCCESS(Status))
        return Status;
    return create_by_handle(SectionHandle, DesiredAccess, ObjectAttributes, MaximumSize,
                            SectionPageProtection, AllocationAttributes, FileHandle);
}

/* A section without a handle, for file systems: referenced by the pointer only. */
NTSTATUS NTAPI MmCreateSection(PVOID *SectionObject, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes, PLARGE_INTEGER InputMaximumSize,
                               ULONG SectionPageProtection, ULONG AllocationAttributes, HANDLE FileHandle,
                               PFILE_OBJECT FileObject)
{
    MI_SECTION_REQUEST Request = {.Mode = KernelMode,
                                  .ObjectAttributes = ObjectAttributes,
                                  .MaximumSize = InputMaximumSize->QuadPart,
                                  .Protection = SectionPageProtection,
                                  .Attributes = AllocationAttributes,
                                  .File = FileObject,
                                  .ByHandle = FileHandle != NULL};
    NTSTATUS Status = STATUS_SUCCESS;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(DesiredAccess);
    if (Request.MaximumSize < 0)
        return STATUS_SECTION_TOO_BIG;
    if (FileHandle)
        Status =
            ObReferenceObjectByHandle(FileHandle, file_access(SectionPageProtection, AllocationAttributes),
                                      *IoFileObjectType, KernelMode, (PVOID *)&Request.File, NULL);
    if (NT_SUCCESS(Status))
        Status = MiCreateSectionObject(&Request, (PMI_SECTION *)SectionObject);
    if (FileHandle && Request.File)
        ObDereferenceObject(Request.File);
    return Status;
}

/* ---------------------------------------------------------------- start */

static void create_physical_memory(void)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"\\Device\\PhysicalMemory");
    OBJECT_ATTRIBUTES Attributes;
    PMI_SECTION Section;
    PMI_AREA Area = MiCreateArea(MiAreaPhysical, 1, SEC_COMMIT);
    HANDLE Handle;

    InitializeObjectAttributes(&Attributes, &Name, OBJ_PERMANENT | OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE,
                               NULL, SeSystemDefaultSd);
    ObCreatePermanentDirectory(L"\\Device"); /* may be there already */
    if (Area == NULL || !NT_SUCCESS(ObCreateObject(KernelMode, MiSectionType, &Attributes, KernelMode, NULL,
                                                   sizeof(*Section), 0, 0, (PVOID *)&Section)))
        host_panic("no memory for \\Device\\PhysicalMemory");
    Area->Pages = KILN_RAM_MAX >> KILN_PAGE_SHIFT; /* its table is never looked at */
    Area->Sections = 1;
    Section->Area = Area;
    Section->Size.QuadPart = (LONGLONG)KILN_RAM_MAX;
    Section->Pages = Area->Pages;
    Section->Protection = PAGE_EXECUTE_READWRITE;
    Section->Attributes = SEC_COMMIT;
    if (!NT_SUCCESS(ObInsertObject(Section, NULL, SECTION_ALL_ACCESS, 0, NULL, &Handle)))
        host_panic("\\Device\\PhysicalMemory has no place in the namespace");
    ObCloseHandle(Handle, KernelMode);
}

void MiInitSections(void)
{
    UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Section");
    OBJECT_TYPE_INITIALIZER Type = {
        .Length = sizeof(Type),
        .PoolType = NonPagedPoolNx,
        .GenericMapping = {STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                           STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE,
                           STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE, SECTION_ALL_ACCESS},
        .ValidAccessMask = SECTION_ALL_ACCESS | SECTION_MAP_EXECUTE_EXPLICIT,
        .WaitObjectFlagOffset = OB_NOT_WAITABLE,
        .DumpProcedure = dump_section,
        .OpenProcedure = open_section,
        .DeleteProcedure = delete_section,
    };

    if (!NT_SUCCESS(ObpCreateObjectType(&Name, &Type, NULL, &MiSectionType)) ||
        !NT_SUCCESS(MiCreateUserSlice(PsInitialSystemProcess, FALSE)) ||
        !NT_SUCCESS(MiRegisterFaultHandler(KILN_USER_BASE, KILN_USER_PROBE, MiViewFaultHandler, NULL)) ||
        !NT_SUCCESS(
            MiRegisterFaultHandler(KILN_LOW_USER_BASE, KILN_LOW_USER_END, MiViewFaultHandler, NULL)) ||
        !NT_SUCCESS(MiRegisterFaultHandler(KILN_SYSPTE_BASE, KILN_SYSPTE_BASE + KILN_SYSPTE_SIZE,
                                           MiViewFaultHandler, NULL)))
        host_panic("no memory for section objects");
    create_physical_memory();
}
