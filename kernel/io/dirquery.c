/* SPDX-License-Identifier: MIT */
/*
 * dirquery.c: NtQueryDirectoryFile and NtQueryDirectoryFileEx.
 *
 * The file system does the work: here the class and the least buffer it needs are checked, the search expression is
 * captured into a block that lives until the request is completed, and the buffer goes as the device's flags say.
 */
#include <nt/io/dirinfo.h>
#include "service.h"

/* The fixed part of an entry of a class, 0: a class that directories do not have. */
static ULONG fixed_bytes(FILE_INFORMATION_CLASS class)
{
    switch (class) {
    case FileDirectoryInformation:
        return FIELD_OFFSET(FILE_DIRECTORY_INFORMATION, FileName);
    case FileFullDirectoryInformation:
        return FIELD_OFFSET(FILE_FULL_DIR_INFORMATION, FileName);
    case FileBothDirectoryInformation:
        return FIELD_OFFSET(FILE_BOTH_DIR_INFORMATION, FileName);
    case FileNamesInformation:
        return FIELD_OFFSET(FILE_NAMES_INFORMATION, FileName);
    case FileObjectIdInformation:
        return sizeof(FILE_OBJECTID_INFORMATION);
    case FileQuotaInformation:
        return FIELD_OFFSET(FILE_QUOTA_INFORMATION, Sid);
    case FileReparsePointInformation:
        return sizeof(FILE_REPARSE_POINT_INFORMATION);
    case FileIdBothDirectoryInformation:
        return FIELD_OFFSET(FILE_ID_BOTH_DIR_INFORMATION, FileName);
    case FileIdFullDirectoryInformation:
        return FIELD_OFFSET(FILE_ID_FULL_DIR_INFORMATION, FileName);
    case FileIdGlobalTxDirectoryInformation:
        return FIELD_OFFSET(FILE_ID_GLOBAL_TX_DIR_INFORMATION, FileName);
    case FileIdExtdDirectoryInformation:
        return FIELD_OFFSET(FILE_ID_EXTD_DIR_INFORMATION, FileName);
    case FileIdExtdBothDirectoryInformation:
        return FIELD_OFFSET(FILE_ID_EXTD_BOTH_DIR_INFORMATION, FileName);
    default:
        return 0;
    }
}

/* Capture the expression, string and characters in one block. NULL stays NULL. */
static NTSTATUS capture_expression(KPROCESSOR_MODE mode, PUNICODE_STRING from, PUNICODE_STRING *to)
{
    UNICODE_STRING given;
    *to = NULL;
    if (!from)
        return STATUS_SUCCESS;
    NTSTATUS status = KiCopyFromMode(mode, &given, from, sizeof given);
    if (!NT_SUCCESS(status))
        return status;
    if (given.Length % sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    PUNICODE_STRING block =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *block + given.Length + sizeof(WCHAR), IOP_TAG_NAME);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;
    block->Length = block->MaximumLength = given.Length;
    block->Buffer = (PWCH)(block + 1);
    status = given.Length ? KiCopyFromMode(mode, block->Buffer, given.Buffer, given.Length) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(block, IOP_TAG_NAME);
        return status;
    }
    *to = block;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQueryDirectoryFileEx(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                      PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass, ULONG QueryFlags,
                                      PUNICODE_STRING FileName)
{
    IOP_SERVICE s = {
        .apc = ApcRoutine, .apc_context = ApcContext, .block = IoStatusBlock, .mode = ExGetPreviousMode()};
    ULONG least = fixed_bytes(FileInformationClass);
    PUNICODE_STRING expression;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (!least)
        return STATUS_INVALID_INFO_CLASS;
    if (Length < least)
        return STATUS_BUFFER_TOO_SMALL;
    if (QueryFlags & ~(ULONG)SL_QUERY_DIRECTORY_MASK)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = STATUS_SUCCESS;
    if (s.mode == UserMode)
        status = KiProbeForWrite(FileInformation, Length, 4);
    if (NT_SUCCESS(status))
        status = capture_expression(s.mode, FileName, &expression);
    if (!NT_SUCCESS(status))
        return status;
    status = IopBeginService(&s, FileHandle, FILE_LIST_DIRECTORY, Event);
    if (NT_SUCCESS(status))
        status = IopLockService(&s);
    if (status != STATUS_SUCCESS) {
        if (expression)
            ExFreePoolWithTag(expression, IOP_TAG_NAME);
        return status;
    }
    PIRP irp = IopMakeServiceIrp(&s);
    status = irp ? IopSetServiceBuffers(&s, irp, FileInformation, Length, FALSE) : STATUS_INSUFFICIENT_RESOURCES;
    if (!NT_SUCCESS(status)) {
        if (irp)
            IopAbandonIrp(irp);
        if (expression)
            ExFreePoolWithTag(expression, IOP_TAG_NAME);
        return IopRefuseService(&s, status);
    }
    irp->Tail.Overlay.AuxiliaryBuffer = (PCHAR)expression;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = IRP_MJ_DIRECTORY_CONTROL;
    sp->MinorFunction = IRP_MN_QUERY_DIRECTORY;
    sp->Flags = (UCHAR)QueryFlags;
    sp->Parameters.QueryDirectory.Length = Length;
    sp->Parameters.QueryDirectory.FileName = expression;
    sp->Parameters.QueryDirectory.FileInformationClass = FileInformationClass;
    sp->Parameters.QueryDirectory.FileIndex = 0;
    return IopSendRequest(s.device, irp, s.file, s.mode, s.synchronous);
}

NTSTATUS NTAPI ZwQueryDirectoryFileEx(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                      PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass, ULONG QueryFlags,
                                      PUNICODE_STRING FileName)
{
    KI_ZW(NtQueryDirectoryFileEx(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, FileInformation, Length,
                                 FileInformationClass, QueryFlags, FileName));
}

NTSTATUS NTAPI NtQueryDirectoryFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                    PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass, BOOLEAN ReturnSingleEntry,
                                    PUNICODE_STRING FileName, BOOLEAN RestartScan)
{
    return NtQueryDirectoryFileEx(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, FileInformation, Length,
                                  FileInformationClass,
                                  (ReturnSingleEntry ? SL_RETURN_SINGLE_ENTRY : 0) |
                                      (RestartScan ? SL_RESTART_SCAN : 0),
                                  FileName);
}

NTSTATUS NTAPI ZwQueryDirectoryFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                    PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation, ULONG Length,
                                    FILE_INFORMATION_CLASS FileInformationClass, BOOLEAN ReturnSingleEntry,
                                    PUNICODE_STRING FileName, BOOLEAN RestartScan)
{
    KI_ZW(NtQueryDirectoryFile(FileHandle, Event, ApcRoutine, ApcContext, IoStatusBlock, FileInformation, Length,
                               FileInformationClass, ReturnSingleEntry, FileName, RestartScan));
}
