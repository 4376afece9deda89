/* SPDX-License-Identifier: MIT */
/*
 * Opening section objects by name, and what is told of them. Reference: ZwOpenSection; ZwQuerySection is not
 * documented.
 */
#include "section.h"
#include "ki.h"
#include "zw.h"
#include <nt/native.h>

NTSTATUS NTAPI NtOpenSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    HANDLE Handle;
    NTSTATUS Status = STATUS_SUCCESS;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (Mode == UserMode)
        Status = KiProbeForWrite(SectionHandle, sizeof(*SectionHandle), sizeof(*SectionHandle));
    if (NT_SUCCESS(Status))
        Status =
            ObOpenObjectByName(ObjectAttributes, MiSectionType, Mode, NULL, DesiredAccess, NULL, &Handle);
    if (!NT_SUCCESS(Status))
        return Status;
    Status = KiCopyToMode(Mode, SectionHandle, &Handle, sizeof(Handle));
    if (!NT_SUCCESS(Status))
        ObCloseHandle(Handle, KernelMode);
    return Status;
}

NTSTATUS NTAPI ZwOpenSection(PHANDLE SectionHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtOpenSection(SectionHandle, DesiredAccess, ObjectAttributes));
}

static SECTION_IMAGE_INFORMATION describe_image(const MI_IMAGE_FACTS *Image)
{
    return (SECTION_IMAGE_INFORMATION){
        .TransferAddress = Image->Entry ? (PVOID)(ULONG_PTR)(Image->Base + Image->Entry) : NULL,
        .MaximumStackSize = (SIZE_T)Image->StackReserve,
        .CommittedStackSize = (SIZE_T)Image->StackCommit,
        .SubSystemType = Image->Subsystem,
        .SubSystemMinorVersion = Image->SubsystemMinor,
        .SubSystemMajorVersion = Image->SubsystemMajor,
        .ImageCharacteristics = Image->Characteristics,
        .DllCharacteristics = Image->DllCharacteristics,
        .Machine = Image->Machine,
        .ImageContainsCode = Image->ContainsCode,
        .ImageFileSize = Image->FileBytes,
        .CheckSum = Image->CheckSum};
}

NTSTATUS NTAPI NtQuerySection(HANDLE SectionHandle, SECTION_INFORMATION_CLASS SectionInformationClass,
                              PVOID SectionInformation, SIZE_T SectionInformationLength, PSIZE_T ReturnLength)
{
    KPROCESSOR_MODE Mode = KiThread()->PreviousMode;
    SECTION_BASIC_INFORMATION Basic = {0};
    SECTION_IMAGE_INFORMATION Image = {0};
    BOOLEAN IsBasic = SectionInformationClass == SectionBasicInformation;
    SIZE_T Bytes = IsBasic ? sizeof(Basic) : sizeof(Image);
    PMI_SECTION Section;
    NTSTATUS Status;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (!IsBasic && SectionInformationClass != SectionImageInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (SectionInformationLength < Bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    Status =
        ObReferenceObjectByHandle(SectionHandle, SECTION_QUERY, MiSectionType, Mode, (PVOID *)&Section, NULL);
    if (!NT_SUCCESS(Status))
        return Status;
    Basic.AllocationAttributes = Section->Attributes;
    Basic.MaximumSize = Section->Size;
    if (Section->Area->Image)
        Image = describe_image(Section->Area->Image);
    else if (!IsBasic)
        Status = STATUS_SECTION_NOT_IMAGE;
    ObDereferenceObject(Section);
    if (NT_SUCCESS(Status))
        Status = KiCopyToMode(Mode, SectionInformation, IsBasic ? (PVOID)&Basic : (PVOID)&Image, Bytes);
    if (NT_SUCCESS(Status) && ReturnLength)
        Status = KiCopyToMode(Mode, ReturnLength, &Bytes, sizeof(Bytes));
    return Status;
}

NTSTATUS NTAPI ZwQuerySection(HANDLE SectionHandle, SECTION_INFORMATION_CLASS SectionInformationClass,
                              PVOID SectionInformation, SIZE_T SectionInformationLength, PSIZE_T ReturnLength)
{
    KI_ZW(NtQuerySection(SectionHandle, SectionInformationClass, SectionInformation, SectionInformationLength,
                         ReturnLength));
}
