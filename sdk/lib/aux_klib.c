/* SPDX-License-Identifier: MIT */
/*
 * aux_klib.c - the auxiliary kernel library, linked into the driver that uses it. Each image has a copy of
 * its own, which AuxKlibInitialize makes ready; before that every routine refuses. Pages:
 * aux_klib/nf-aux_klib-...
 */
#include <ntddk.h>
#include <aux_klib.h>

extern NTKERNELAPI ULONG_PTR KiBugCheckData[5]; /* the code and its four parameters */

static LONG initialized;

static BOOLEAN is_ready(VOID)
{
    return (BOOLEAN)(ReadAcquire(&initialized) != 0);
}

NTSTATUS AuxKlibInitialize(VOID)
{
    PAGED_CODE();
    WriteRelease(&initialized, 1);
    return STATUS_SUCCESS;
}

NTSTATUS AuxKlibQueryModuleInformation(PULONG BufferSize, ULONG ElementSize, PVOID QueryInfo)
{
    PAGED_CODE();
    return is_ready() ? RtlQueryModuleInformation(BufferSize, ElementSize, QueryInfo) : STATUS_UNSUCCESSFUL;
}

PIMAGE_EXPORT_DIRECTORY AuxKlibGetImageExportDirectory(PVOID ImageBase)
{
    ULONG bytes;
    return is_ready() ? RtlImageDirectoryEntryToData(ImageBase, TRUE, IMAGE_DIRECTORY_ENTRY_EXPORT, &bytes)
                      : NULL;
}

NTSTATUS AuxKlibGetBugCheckData(PKBUGCHECK_DATA BugCheckData)
{
    if (!is_ready()) {
        return STATUS_UNSUCCESSFUL;
    }
    if (BugCheckData->BugCheckDataSize != sizeof(*BugCheckData)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    BugCheckData->BugCheckCode = (ULONG)KiBugCheckData[0];
    BugCheckData->Parameter1 = KiBugCheckData[1];
    BugCheckData->Parameter2 = KiBugCheckData[2];
    BugCheckData->Parameter3 = KiBugCheckData[3];
    BugCheckData->Parameter4 = KiBugCheckData[4];
    return STATUS_SUCCESS;
}

NTSTATUS AuxKlibEnumerateSystemFirmwareTables(ULONG FirmwareTableProviderSignature, PVOID FirmwareTableBuffer,
                                              ULONG BufferLength, PULONG ReturnLength)
{
    PAGED_CODE();
    return is_ready() ? ExEnumerateSystemFirmwareTables(FirmwareTableProviderSignature, FirmwareTableBuffer,
                                                        BufferLength, ReturnLength)
                      : STATUS_UNSUCCESSFUL;
}

NTSTATUS AuxKlibGetSystemFirmwareTable(ULONG FirmwareTableProviderSignature, ULONG FirmwareTableID,
                                       PVOID FirmwareTableBuffer, ULONG BufferLength, PULONG ReturnLength)
{
    PAGED_CODE();
    return is_ready() ? ExGetSystemFirmwareTable(FirmwareTableProviderSignature, FirmwareTableID,
                                                 FirmwareTableBuffer, BufferLength, ReturnLength)
                      : STATUS_UNSUCCESSFUL;
}
