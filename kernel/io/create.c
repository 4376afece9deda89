/* SPDX-License-Identifier: MIT */
/*
 * create.c: opening and creating files: NtCreateFile and its kin.
 *
 * Parameters are checked, those of a user captured, and gathered in an OPEN_PACKET that travels with the name
 * lookup to the parse procedures of file.c. What the create request answered comes back in the packet,
 * because the object manager's own status may be of later steps (making the handle).
 */
#include "iomgr.h"

static NTSTATUS check_parameters(ACCESS_MASK access, ULONG attributes, ULONG share, ULONG disposition,
                                 ULONG options, CREATE_FILE_TYPE type)
{
    ULONG synchronous = options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT);
    if ((attributes & ~FILE_ATTRIBUTE_VALID_FLAGS) || (share & ~FILE_SHARE_VALID_FLAGS) ||
        disposition > FILE_MAXIMUM_DISPOSITION ||
        (options & ~(FILE_VALID_OPTION_FLAGS | FILE_CONTAINS_EXTENDED_CREATE_INFORMATION)))
        return STATUS_INVALID_PARAMETER;
    if (synchronous && !(access & SYNCHRONIZE))
        return STATUS_INVALID_PARAMETER;
    if (synchronous == (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT))
        return STATUS_INVALID_PARAMETER;
    if ((options & FILE_DELETE_ON_CLOSE) && !(access & (DELETE | GENERIC_ALL | MAXIMUM_ALLOWED)))
        return STATUS_INVALID_PARAMETER;
    if ((options & FILE_DIRECTORY_FILE) && !(options & FILE_NON_DIRECTORY_FILE)) {
        const ULONG with_directory =
            FILE_DIRECTORY_FILE | FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT |
            FILE_WRITE_THROUGH | FILE_COMPLETE_IF_OPLOCKED | FILE_OPEN_FOR_BACKUP_INTENT |
            FILE_DELETE_ON_CLOSE | FILE_OPEN_FOR_FREE_SPACE_QUERY | FILE_OPEN_BY_FILE_ID |
            FILE_NO_COMPRESSION | FILE_OPEN_REPARSE_POINT | FILE_OPEN_NO_RECALL | FILE_OPEN_REQUIRING_OPLOCK |
            FILE_DISALLOW_EXCLUSIVE | FILE_SESSION_AWARE | FILE_OPEN_REMOTE_INSTANCE;
        if (options & ~(with_directory | FILE_CONTAINS_EXTENDED_CREATE_INFORMATION))
            return STATUS_INVALID_PARAMETER;
        if (disposition != FILE_CREATE && disposition != FILE_OPEN && disposition != FILE_OPEN_IF)
            return STATUS_INVALID_PARAMETER;
    }
    if ((options & FILE_DIRECTORY_FILE) && (options & FILE_NON_DIRECTORY_FILE))
        return STATUS_INVALID_PARAMETER;
    if ((options & FILE_COMPLETE_IF_OPLOCKED) && (options & FILE_RESERVE_OPFILTER))
        return STATUS_INVALID_PARAMETER;
    if ((options & FILE_NO_INTERMEDIATE_BUFFERING) && (access & FILE_APPEND_DATA) &&
        !(access & FILE_WRITE_DATA))
        return STATUS_INVALID_PARAMETER;
    if (type == CreateFileTypeNamedPipe && (options & ~FILE_VALID_PIPE_OPTION_FLAGS))
        return STATUS_INVALID_PARAMETER;
    if (type == CreateFileTypeMailslot && (options & ~FILE_VALID_MAILSLOT_OPTION_FLAGS))
        return STATUS_INVALID_PARAMETER;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCheckEaBufferValidity(PFILE_FULL_EA_INFORMATION EaBuffer, ULONG EaLength, PULONG ErrorOffset)
{
    ULONG at = 0;
    for (;;) {
        PFILE_FULL_EA_INFORMATION entry = (PVOID)((UCHAR *)EaBuffer + at);
        *ErrorOffset = at;
        if (EaLength - at < FIELD_OFFSET(FILE_FULL_EA_INFORMATION, EaName) + 1)
            return STATUS_EA_LIST_INCONSISTENT;
        ULONG need =
            FIELD_OFFSET(FILE_FULL_EA_INFORMATION, EaName) + entry->EaNameLength + 1u + entry->EaValueLength;
        if (need > EaLength - at || entry->EaName[entry->EaNameLength] != 0)
            return STATUS_EA_LIST_INCONSISTENT;
        if (entry->NextEntryOffset == 0)
            return STATUS_SUCCESS;
        if (entry->NextEntryOffset != ((need + 3) & ~3u) || entry->NextEntryOffset > EaLength - at)
            return STATUS_EA_LIST_INCONSISTENT;
        at += entry->NextEntryOffset;
    }
}

static NTSTATUS capture(POPEN_PACKET packet, PLARGE_INTEGER size, PVOID ea, ULONG ea_length,
                        KPROCESSOR_MODE mode, PIO_STATUS_BLOCK block)
{
    NTSTATUS status;
    ULONG error;
    if (size) {
        status = KiCopyFromMode(mode, &packet->AllocationSize, size, sizeof *size);
        if (!NT_SUCCESS(status))
            return status;
        if (packet->AllocationSize.QuadPart < 0)
            return STATUS_INVALID_PARAMETER;
    }
    if (!ea || !ea_length)
        return STATUS_SUCCESS;
    packet->EaBuffer = ExAllocatePoolWithTag(NonPagedPoolNx, ea_length, IOP_TAG_BUFFER);
    if (!packet->EaBuffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    packet->EaLength = ea_length;
    status = KiCopyFromMode(mode, packet->EaBuffer, ea, ea_length);
    if (NT_SUCCESS(status)) {
        status = IoCheckEaBufferValidity(packet->EaBuffer, ea_length, &error);
        if (!NT_SUCCESS(status)) {
            IO_STATUS_BLOCK result = {.Information = error};
            result.Status = status;
            KiCopyToMode(mode, block, &result, sizeof result);
        }
    }
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(packet->EaBuffer, IOP_TAG_BUFFER);
        packet->EaBuffer = NULL;
    }
    return status;
}

/* The lookup is over: give the caller the handle, or its reasons. */
static NTSTATUS conclude(POPEN_PACKET packet, NTSTATUS status, HANDLE handle, PHANDLE out,
                         PIO_STATUS_BLOCK block, KPROCESSOR_MODE mode)
{
    if (!packet->Parsed) {
        if (NT_SUCCESS(status)) { /* the name is that of some other object */
            ObCloseHandle(handle, KernelMode);
            status = STATUS_OBJECT_TYPE_MISMATCH;
        }
        return status;
    }
    if (!NT_SUCCESS(status)) {
        if (packet->FileObject && NT_SUCCESS(packet->FinalStatus))
            return status; /* opened, but no handle: the object manager has dropped the file */
        return NT_SUCCESS(packet->FinalStatus) ? status : packet->FinalStatus;
    }
    PFILE_OBJECT file = packet->FileObject;
    __atomic_or_fetch(&file->Flags, FO_HANDLE_CREATED, __ATOMIC_SEQ_CST);
    IO_STATUS_BLOCK result = {.Information = packet->Information};
    result.Status = packet->FinalStatus;
    status = KiCopyToMode(mode, out, &handle, sizeof handle);
    if (NT_SUCCESS(status))
        status = KiCopyToMode(mode, block, &result, sizeof result);
    if (!NT_SUCCESS(status)) {
        ObCloseHandle(handle, mode);
        return status;
    }
    return packet->FinalStatus;
}

static NTSTATUS create_file(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                            CREATE_FILE_TYPE CreateFileType, PVOID ExtraParameters, ULONG Options,
                            PDEVICE_OBJECT Hint, KPROCESSOR_MODE Mode)
{
    NTSTATUS status;
    HANDLE handle = NULL;
    if (Mode == UserMode || !(Options & IO_NO_PARAMETER_CHECKING)) {
        status = check_parameters(DesiredAccess, FileAttributes, ShareAccess, Disposition, CreateOptions,
                                  CreateFileType);
        if (!NT_SUCCESS(status))
            return status;
    }
    if (Mode == UserMode) {
        status = KiProbeForWrite(FileHandle, sizeof *FileHandle, 4);
        if (NT_SUCCESS(status))
            status = KiProbeForWrite(IoStatusBlock, sizeof *IoStatusBlock, 4);
        if (!NT_SUCCESS(status))
            return status;
    }
    OPEN_PACKET packet = {
        .Type = IO_TYPE_OPEN_PACKET,
        .Size = sizeof packet,
        .Signature = IOP_OPEN_PACKET_SIGNATURE,
        .CreateOptions = CreateOptions,
        .FileAttributes = FileAttributes,
        .ShareAccess = (USHORT)ShareAccess,
        .Disposition = Disposition,
        .Options = Options,
        .CreateFileType = CreateFileType,
        .ExtraCreateParameters = ExtraParameters,
        .DeviceHint = Hint,
    };
    status = capture(&packet, AllocationSize, EaBuffer, EaLength, Mode, IoStatusBlock);
    if (!NT_SUCCESS(status))
        return status;
    status = ObOpenObjectByName(ObjectAttributes, NULL, Mode, NULL, DesiredAccess, &packet, &handle);
    status = conclude(&packet, status, handle, FileHandle, IoStatusBlock, Mode);
    if (packet.EaBuffer)
        ExFreePoolWithTag(packet.EaBuffer, IOP_TAG_BUFFER);
    return status;
}

NTSTATUS IopOpenByName(POBJECT_ATTRIBUTES ObjectAttributes, ACCESS_MASK DesiredAccess, ULONG CreateOptions,
                       PHANDLE FileHandle)
{
    IO_STATUS_BLOCK block;
    HANDLE handle = NULL;
    OPEN_PACKET packet = {
        .Type = IO_TYPE_OPEN_PACKET,
        .Size = sizeof packet,
        .Signature = IOP_OPEN_PACKET_SIGNATURE,
        .CreateOptions = CreateOptions,
        .ShareAccess = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
        .Disposition = FILE_OPEN,
        .CreateFileType = CreateFileTypeNone,
    };
    NTSTATUS status =
        ObOpenObjectByName(ObjectAttributes, NULL, ExGetPreviousMode(), NULL, DesiredAccess, &packet, &handle);
    return conclude(&packet, status, handle, FileHandle, &block, KernelMode);
}

NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                            CREATE_FILE_TYPE CreateFileType, PVOID InternalParameters, ULONG Options)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    KPROCESSOR_MODE mode = Options & IO_NO_PARAMETER_CHECKING ? KernelMode : ExGetPreviousMode();
    return create_file(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                       FileAttributes, ShareAccess, Disposition, CreateOptions, EaBuffer, EaLength,
                       CreateFileType, InternalParameters, Options, NULL, mode);
}

NTSTATUS NTAPI IoCreateFileEx(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                              POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                              PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                              ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                              CREATE_FILE_TYPE CreateFileType, PVOID InternalParameters, ULONG Options,
                              PIO_DRIVER_CREATE_CONTEXT DriverContext)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    KPROCESSOR_MODE mode = Options & IO_NO_PARAMETER_CHECKING ? KernelMode : ExGetPreviousMode();
    return create_file(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                       FileAttributes, ShareAccess, Disposition, CreateOptions, EaBuffer, EaLength,
                       CreateFileType, InternalParameters, Options,
                       DriverContext ? DriverContext->DeviceObjectHint : NULL, mode);
}

NTSTATUS NTAPI IoCreateFileSpecifyDeviceObjectHint(
    PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
    PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
    ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength, CREATE_FILE_TYPE CreateFileType,
    PVOID InternalParameters, ULONG Options, PVOID DeviceObject)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return create_file(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                       FileAttributes, ShareAccess, Disposition, CreateOptions, EaBuffer, EaLength,
                       CreateFileType, InternalParameters, Options | IO_NO_PARAMETER_CHECKING, DeviceObject,
                       KernelMode);
}

NTSTATUS NTAPI NtCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return create_file(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                       FileAttributes, ShareAccess, CreateDisposition, CreateOptions, EaBuffer, EaLength,
                       CreateFileTypeNone, NULL, 0, NULL, ExGetPreviousMode());
}

NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength)
{
    KI_ZW(NtCreateFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, AllocationSize,
                       FileAttributes, ShareAccess, CreateDisposition, CreateOptions, EaBuffer, EaLength));
}

NTSTATUS NTAPI NtOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                          PIO_STATUS_BLOCK IoStatusBlock, ULONG ShareAccess, ULONG OpenOptions)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return create_file(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, NULL, 0, ShareAccess,
                       FILE_OPEN, OpenOptions, NULL, 0, CreateFileTypeNone, NULL, 0, NULL,
                       ExGetPreviousMode());
}

NTSTATUS NTAPI ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                          PIO_STATUS_BLOCK IoStatusBlock, ULONG ShareAccess, ULONG OpenOptions)
{
    KI_ZW(NtOpenFile(FileHandle, DesiredAccess, ObjectAttributes, IoStatusBlock, ShareAccess, OpenOptions));
}
