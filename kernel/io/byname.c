/* SPDX-License-Identifier: MIT */
/*
 * byname.c: services on a file that is named and not open: NtDeleteFile, NtQueryFullAttributesFile,
 * NtQueryInformationByName.
 *
 * Each opens the file for what it needs, sharing everything, asks, and closes it: the file system sees an ordinary
 * open. The name and the access check are the caller's; what follows is asked by the kernel.
 */
#include <nt/io/dirinfo.h>
#include "iomgr.h"

/* Ask the named file for a class; `information` is the kernel's. */
static NTSTATUS query_by_name(POBJECT_ATTRIBUTES attributes, PIO_STATUS_BLOCK block, PVOID information, ULONG bytes,
                              FILE_INFORMATION_CLASS class)
{
    HANDLE handle;
    NTSTATUS status = IopOpenByName(attributes, FILE_READ_ATTRIBUTES, FILE_OPEN_REPARSE_POINT, &handle);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwQueryInformationFile(handle, block, information, bytes, class);
    ObCloseHandle(handle, KernelMode);
    return status;
}

NTSTATUS NTAPI NtDeleteFile(POBJECT_ATTRIBUTES ObjectAttributes)
{
    HANDLE handle;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = IopOpenByName(ObjectAttributes, DELETE, FILE_DELETE_ON_CLOSE, &handle);
    if (NT_SUCCESS(status))
        ObCloseHandle(handle, KernelMode);
    return status;
}

NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtDeleteFile(ObjectAttributes));
}

NTSTATUS NTAPI NtQueryFullAttributesFile(POBJECT_ATTRIBUTES ObjectAttributes,
                                         PFILE_NETWORK_OPEN_INFORMATION FileInformation)
{
    FILE_NETWORK_OPEN_INFORMATION information;
    IO_STATUS_BLOCK block;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status =
        query_by_name(ObjectAttributes, &block, &information, sizeof information, FileNetworkOpenInformation);
    return NT_SUCCESS(status)
               ? KiCopyToMode(ExGetPreviousMode(), FileInformation, &information, sizeof information)
               : status;
}

NTSTATUS NTAPI ZwQueryFullAttributesFile(POBJECT_ATTRIBUTES ObjectAttributes,
                                         PFILE_NETWORK_OPEN_INFORMATION FileInformation)
{
    KI_ZW(NtQueryFullAttributesFile(ObjectAttributes, FileInformation));
}

NTSTATUS NTAPI NtQueryInformationByName(POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                                        PVOID FileInformation, ULONG Length,
                                        FILE_INFORMATION_CLASS FileInformationClass)
{
    union {
        FILE_STAT_INFORMATION stat;
        FILE_STAT_LX_INFORMATION lx;
        FILE_CASE_SENSITIVE_INFORMATION sensitive;
    } information;
    KPROCESSOR_MODE mode = ExGetPreviousMode();
    IO_STATUS_BLOCK block;
    ULONG bytes;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    switch (FileInformationClass) {
    case FileStatInformation:
        bytes = sizeof information.stat;
        break;
    case FileStatLxInformation:
        bytes = sizeof information.lx;
        break;
    case FileCaseSensitiveInformation:
        bytes = sizeof information.sensitive;
        break;
    default:
        return STATUS_INVALID_PARAMETER;
    }
    if (Length < bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = query_by_name(ObjectAttributes, &block, &information, bytes, FileInformationClass);
    if (NT_SUCCESS(status))
        status = KiCopyToMode(mode, FileInformation, &information, block.Information < bytes ? block.Information : bytes);
    if (!NT_SUCCESS(status))
        return status;
    NTSTATUS copied = KiCopyToMode(mode, IoStatusBlock, &block, sizeof block);
    return NT_SUCCESS(copied) ? status : copied;
}

NTSTATUS NTAPI ZwQueryInformationByName(POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                                        PVOID FileInformation, ULONG Length,
                                        FILE_INFORMATION_CLASS FileInformationClass)
{
    KI_ZW(NtQueryInformationByName(ObjectAttributes, IoStatusBlock, FileInformation, Length, FileInformationClass));
}
