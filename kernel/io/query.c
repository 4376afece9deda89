/* SPDX-License-Identifier: MIT */
/*
 * query.c: NtQueryInformationFile, NtSetInformationFile and their volume counterparts.
 *
 * Some classes are about the file object and answered here (position of a synchronous file, mode, granted
 * access, alignment, completion port); FileFsDeviceInformation of a device without a mounted volume likewise.
 * The rest goes to the driver with a system buffer, which is copied out again. Sizes and rights come from one
 * table.
 */
#include <nt/io/dirinfo.h>
#include "iomgr.h"

/* What a class asks for: the least buffer, and the access of the handle (any one bit; 0: none). Size 0: no
 * such operation. */
typedef struct _IOP_CLASS {
    USHORT query_bytes, set_bytes;
    ACCESS_MASK query_access, set_access;
} IOP_CLASS;

static const IOP_CLASS classes[] = {
    [FileBasicInformation] = {sizeof(FILE_BASIC_INFORMATION), sizeof(FILE_BASIC_INFORMATION),
                              FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES},
    [FileStandardInformation] = {sizeof(FILE_STANDARD_INFORMATION), 0, 0, 0},
    [FileInternalInformation] = {sizeof(FILE_INTERNAL_INFORMATION), 0, 0, 0},
    [FileEaInformation] = {sizeof(FILE_EA_INFORMATION), 0, 0, 0},
    [FileAccessInformation] = {sizeof(FILE_ACCESS_INFORMATION), 0, 0, 0},
    [FileNameInformation] = {sizeof(FILE_NAME_INFORMATION), 0, 0, 0},
    [FileRenameInformation] = {0, 24, 0, DELETE},
    [FileLinkInformation] = {0, 24, 0, 0},
    [FileDispositionInformation] = {0, sizeof(FILE_DISPOSITION_INFORMATION), 0, DELETE},
    [FilePositionInformation] = {sizeof(FILE_POSITION_INFORMATION), sizeof(FILE_POSITION_INFORMATION),
                                 FILE_READ_DATA | FILE_WRITE_DATA, FILE_READ_DATA | FILE_WRITE_DATA},
    [FileModeInformation] = {sizeof(FILE_MODE_INFORMATION), sizeof(FILE_MODE_INFORMATION), 0, 0},
    [FileAlignmentInformation] = {sizeof(FILE_ALIGNMENT_INFORMATION), 0, 0, 0},
    [FileAllInformation] = {sizeof(FILE_ALL_INFORMATION), 0, FILE_READ_ATTRIBUTES, 0},
    [FileAllocationInformation] = {0, sizeof(FILE_ALLOCATION_INFORMATION), 0, FILE_WRITE_DATA},
    [FileEndOfFileInformation] = {0, sizeof(FILE_END_OF_FILE_INFORMATION), 0, FILE_WRITE_DATA},
    [FileAlternateNameInformation] = {sizeof(FILE_NAME_INFORMATION), 0, 0, 0},
    [FileStreamInformation] = {24, 0, 0, 0},
    [FilePipeInformation] = {8, 8, FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES},
    [FilePipeLocalInformation] = {40, 0, FILE_READ_ATTRIBUTES, 0},
    [FileCompressionInformation] = {16, 0, 0, 0},
    [FileCompletionInformation] = {0, sizeof(FILE_COMPLETION_INFORMATION), 0, 0},
    [FileNetworkOpenInformation] = {sizeof(FILE_NETWORK_OPEN_INFORMATION), 0, FILE_READ_ATTRIBUTES, 0},
    [FileAttributeTagInformation] = {sizeof(FILE_ATTRIBUTE_TAG_INFORMATION), 0, FILE_READ_ATTRIBUTES, 0},
    [FileValidDataLengthInformation] = {0, sizeof(FILE_VALID_DATA_LENGTH_INFORMATION), 0, FILE_WRITE_DATA},
    [FileIoCompletionNotificationInformation] = {sizeof(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION),
                                                 sizeof(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION), 0, 0},
    [FileStatInformation] = {sizeof(FILE_STAT_INFORMATION), 0, FILE_READ_ATTRIBUTES, 0},
    [FileStatLxInformation] = {sizeof(FILE_STAT_LX_INFORMATION), 0, FILE_READ_ATTRIBUTES | FILE_READ_EA, 0},
    [FileCaseSensitiveInformation] = {sizeof(FILE_CASE_SENSITIVE_INFORMATION), sizeof(FILE_CASE_SENSITIVE_INFORMATION),
                                      FILE_READ_ATTRIBUTES, FILE_WRITE_ATTRIBUTES},
    [FileIsRemoteDeviceInformation] = {sizeof(FILE_IS_REMOTE_DEVICE_INFORMATION), 0, 0, 0},
};

static const IOP_CLASS volume_classes[] = {
    [FileFsVolumeInformation] = {24, 0, 0, 0},
    [FileFsLabelInformation] = {0, 8, 0, FILE_WRITE_DATA},
    [FileFsSizeInformation] = {24, 0, 0, 0},
    [FileFsDeviceInformation] = {sizeof(FILE_FS_DEVICE_INFORMATION), 0, 0, 0},
    [FileFsAttributeInformation] = {16, 0, 0, 0},
    [FileFsControlInformation] = {48, 48, FILE_READ_DATA, FILE_WRITE_DATA},
    [FileFsFullSizeInformation] = {32, 0, 0, 0},
    [FileFsObjectIdInformation] = {64, 64, 0, FILE_WRITE_DATA},
    [FileFsSectorSizeInformation] = {28, 0, 0, 0},
};

typedef struct _IOP_QUERY {
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    KPROCESSOR_MODE mode;
    BOOLEAN locked, set, volume;
    ACCESS_MASK granted;
    ULONG class;
    PVOID buffer; /* the caller's */
    ULONG length;
    PVOID system; /* copy in pool */
} IOP_QUERY;

/* Check the class, reference and lock the file, copy the input of a set. Nothing is held on failure. */
static NTSTATUS begin(IOP_QUERY *q, HANDLE handle, PIO_STATUS_BLOCK block)
{
    ULONG count = q->volume ? RTL_NUMBER_OF(volume_classes) : RTL_NUMBER_OF(classes);
    if (q->class >= count)
        return STATUS_INVALID_INFO_CLASS;
    const IOP_CLASS *c = q->volume ? &volume_classes[q->class] : &classes[q->class];
    ULONG bytes = q->set ? c->set_bytes : c->query_bytes;
    ACCESS_MASK access = q->set ? c->set_access : c->query_access;
    if (!bytes)
        return STATUS_INVALID_INFO_CLASS;
    if (q->length < bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = STATUS_SUCCESS;
    if (q->mode == UserMode) {
        status = KiProbeForWrite(block, sizeof *block, 4);
        if (NT_SUCCESS(status))
            status =
                q->set ? KiProbeForRead(q->buffer, q->length, 1) : KiProbeForWrite(q->buffer, q->length, 1);
        if (!NT_SUCCESS(status))
            return status;
    }
    OBJECT_HANDLE_INFORMATION info;
    status = ObReferenceObjectByHandle(handle, 0, IopFileObjectType, q->mode, (PVOID *)&q->file, &info);
    if (!NT_SUCCESS(status))
        return status;
    q->granted = info.GrantedAccess;
    q->device = IopRelatedDevice(q->file);
    if (q->mode == UserMode && access && !(info.GrantedAccess & access))
        status = STATUS_ACCESS_DENIED;
    if (NT_SUCCESS(status)) {
        q->system = ExAllocatePoolWithTag(NonPagedPoolNx, q->length, IOP_TAG_BUFFER);
        status = q->system ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
        if (q->system && q->set)
            status = KiCopyFromMode(q->mode, q->system, q->buffer, q->length);
        else if (q->system)
            RtlZeroMemory(q->system, q->length);
    }
    if (NT_SUCCESS(status) && (q->file->Flags & FO_SYNCHRONOUS_IO)) {
        status = IopAcquireFileLock(q->file, q->mode);
        q->locked = status == STATUS_SUCCESS;
        if (!q->locked && NT_SUCCESS(status))
            status = STATUS_CANCELLED;
    }
    if (!NT_SUCCESS(status)) {
        if (q->system)
            ExFreePoolWithTag(q->system, IOP_TAG_BUFFER);
        ObDereferenceObject(q->file);
    }
    return status;
}

static NTSTATUS end(IOP_QUERY *q, IO_STATUS_BLOCK result, PIO_STATUS_BLOCK block)
{
    NTSTATUS status = result.Status;
    if (!q->set && !NT_ERROR(status)) {
        SIZE_T bytes = result.Information < q->length ? result.Information : q->length;
        NTSTATUS copied = KiCopyToMode(q->mode, q->buffer, q->system, bytes);
        if (!NT_SUCCESS(copied))
            result.Status = status = copied;
    }
    if (!NT_ERROR(status)) {
        NTSTATUS copied = KiCopyToMode(q->mode, block, &result, sizeof result);
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    if (q->locked)
        IopReleaseFileLock(q->file);
    ExFreePoolWithTag(q->system, IOP_TAG_BUFFER);
    ObDereferenceObject(q->file);
    return status;
}

/* Ask the driver. */
static IO_STATUS_BLOCK send(IOP_QUERY *q)
{
    static const UCHAR majors[2][2] = {{IRP_MJ_QUERY_INFORMATION, IRP_MJ_SET_INFORMATION},
                                       {IRP_MJ_QUERY_VOLUME_INFORMATION, IRP_MJ_SET_VOLUME_INFORMATION}};
    IO_STATUS_BLOCK failed = {.Status = STATUS_INSUFFICIENT_RESOURCES};
    PIRP irp = IopAllocateIrp(q->device->StackSize, NULL);
    if (!irp)
        return failed;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    irp->RequestorMode = q->mode;
    irp->Flags = IRP_SYNCHRONOUS_API | IRP_BUFFERED_IO | (q->set ? 0 : IRP_INPUT_OPERATION);
    irp->AssociatedIrp.SystemBuffer = q->system;
    irp->UserBuffer = q->buffer;
    irp->Tail.Overlay.OriginalFileObject = q->file;
    sp->MajorFunction = majors[q->volume][q->set];
    sp->FileObject = q->file;
    sp->Parameters.QueryFile.Length = q->length;
    sp->Parameters.QueryFile.FileInformationClass = (FILE_INFORMATION_CLASS)q->class;
    return IopSendInternal(q->device, irp, TRUE);
}

/* ---------------------------------------------------------------- files */

static ULONG mode_of(PFILE_OBJECT file)
{
    ULONG mode = 0;
    if (file->Flags & FO_WRITE_THROUGH)
        mode |= FILE_WRITE_THROUGH;
    if (file->Flags & FO_SEQUENTIAL_ONLY)
        mode |= FILE_SEQUENTIAL_ONLY;
    if (file->Flags & FO_NO_INTERMEDIATE_BUFFERING)
        mode |= FILE_NO_INTERMEDIATE_BUFFERING;
    if (file->Flags & FO_DELETE_ON_CLOSE)
        mode |= FILE_DELETE_ON_CLOSE;
    if (file->Flags & FO_SYNCHRONOUS_IO)
        mode |= file->Flags & FO_ALERTABLE_IO ? FILE_SYNCHRONOUS_IO_ALERT : FILE_SYNCHRONOUS_IO_NONALERT;
    return mode;
}

static IO_STATUS_BLOCK answer(NTSTATUS status, ULONG_PTR information)
{
    IO_STATUS_BLOCK result = {.Information = information};
    result.Status = status;
    return result;
}

static IO_STATUS_BLOCK query_file(IOP_QUERY *q)
{
    switch (q->class) {
    case FileAccessInformation:
        ((PFILE_ACCESS_INFORMATION)q->system)->AccessFlags = q->granted;
        return answer(STATUS_SUCCESS, sizeof(FILE_ACCESS_INFORMATION));
    case FileModeInformation:
        ((PFILE_MODE_INFORMATION)q->system)->Mode = mode_of(q->file);
        return answer(STATUS_SUCCESS, sizeof(FILE_MODE_INFORMATION));
    case FileAlignmentInformation:
        ((PFILE_ALIGNMENT_INFORMATION)q->system)->AlignmentRequirement = q->device->AlignmentRequirement;
        return answer(STATUS_SUCCESS, sizeof(FILE_ALIGNMENT_INFORMATION));
    case FilePositionInformation:
        if (!(q->file->Flags & FO_SYNCHRONOUS_IO))
            return send(q);
        ((PFILE_POSITION_INFORMATION)q->system)->CurrentByteOffset = q->file->CurrentByteOffset;
        return answer(STATUS_SUCCESS, sizeof(FILE_POSITION_INFORMATION));
    case FileIoCompletionNotificationInformation:
        ((PFILE_IO_COMPLETION_NOTIFICATION_INFORMATION)q->system)->Flags =
            (q->file->Flags & FO_SKIP_COMPLETION_PORT ? FILE_SKIP_COMPLETION_PORT_ON_SUCCESS : 0) |
            (q->file->Flags & FO_SKIP_SET_EVENT ? FILE_SKIP_SET_EVENT_ON_HANDLE : 0) |
            (q->file->Flags & FO_SKIP_SET_FAST_IO ? FILE_SKIP_SET_USER_EVENT_ON_FAST_IO : 0);
        return answer(STATUS_SUCCESS, sizeof(FILE_IO_COMPLETION_NOTIFICATION_INFORMATION));
    case FileIsRemoteDeviceInformation:
        ((PFILE_IS_REMOTE_DEVICE_INFORMATION)q->system)->IsRemote =
            (q->device->Characteristics & FILE_REMOTE_DEVICE) != 0;
        return answer(STATUS_SUCCESS, sizeof(FILE_IS_REMOTE_DEVICE_INFORMATION));
    default:
        return send(q);
    }
}

/* Associate the file with a port: once, and not for a synchronous file. */
static NTSTATUS set_port(PFILE_OBJECT file, const FILE_COMPLETION_INFORMATION *info, KPROCESSOR_MODE mode)
{
    PVOID port;
    if (file->Flags & FO_SYNCHRONOUS_IO)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = ObReferenceObjectByHandle(info->Port, IO_COMPLETION_MODIFY_STATE,
                                                IopCompletionObjectType, mode, &port, NULL);
    if (!NT_SUCCESS(status))
        return status;
    PIO_COMPLETION_CONTEXT context = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *context, IOP_TAG_BUFFER);
    if (!context) {
        ObDereferenceObject(port);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    context->Port = port;
    context->Key = info->Key;
    PIO_COMPLETION_CONTEXT none = NULL;
    if (!__atomic_compare_exchange_n((PIO_COMPLETION_CONTEXT *)&file->CompletionContext, &none, context,
                                     FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        ExFreePoolWithTag(context, IOP_TAG_BUFFER);
        ObDereferenceObject(port);
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS set_mode(PFILE_OBJECT file, ULONG mode)
{
    const ULONG synchronous = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;
    if ((mode & ~(FILE_VALID_SET_FLAGS)) || (mode & synchronous) == synchronous)
        return STATUS_INVALID_PARAMETER;
    if (((mode & synchronous) != 0) != ((file->Flags & FO_SYNCHRONOUS_IO) != 0))
        return STATUS_INVALID_PARAMETER; /* a file stays synchronous or asynchronous */
    ULONG clear = FO_WRITE_THROUGH | FO_SEQUENTIAL_ONLY | FO_ALERTABLE_IO;
    ULONG set = (mode & FILE_WRITE_THROUGH ? FO_WRITE_THROUGH : 0) |
                (mode & FILE_SEQUENTIAL_ONLY ? FO_SEQUENTIAL_ONLY : 0) |
                (mode & FILE_SYNCHRONOUS_IO_ALERT ? FO_ALERTABLE_IO : 0);
    __atomic_and_fetch(&file->Flags, ~clear, __ATOMIC_SEQ_CST);
    __atomic_or_fetch(&file->Flags, set, __ATOMIC_SEQ_CST);
    return STATUS_SUCCESS;
}

static NTSTATUS set_notification(PFILE_OBJECT file, ULONG flags)
{
    ULONG set = 0;
    if (flags & ~(ULONG)(FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE |
                         FILE_SKIP_SET_USER_EVENT_ON_FAST_IO))
        return STATUS_INVALID_PARAMETER;
    if ((flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS) && (file->Flags & FO_SYNCHRONOUS_IO))
        return STATUS_INVALID_PARAMETER;
    if (flags & FILE_SKIP_COMPLETION_PORT_ON_SUCCESS)
        set |= FO_SKIP_COMPLETION_PORT;
    if (flags & FILE_SKIP_SET_EVENT_ON_HANDLE)
        set |= FO_SKIP_SET_EVENT;
    if (flags & FILE_SKIP_SET_USER_EVENT_ON_FAST_IO)
        set |= FO_SKIP_SET_FAST_IO;
    __atomic_or_fetch(&file->Flags, set, __ATOMIC_SEQ_CST);
    return STATUS_SUCCESS;
}

static IO_STATUS_BLOCK set_file(IOP_QUERY *q)
{
    switch (q->class) {
    case FilePositionInformation: {
        LARGE_INTEGER offset = ((PFILE_POSITION_INFORMATION)q->system)->CurrentByteOffset;
        if (!(q->file->Flags & FO_SYNCHRONOUS_IO))
            return send(q);
        if (offset.QuadPart < 0)
            return answer(STATUS_INVALID_PARAMETER, 0);
        q->file->CurrentByteOffset = offset;
        return answer(STATUS_SUCCESS, 0);
    }
    case FileModeInformation:
        return answer(set_mode(q->file, ((PFILE_MODE_INFORMATION)q->system)->Mode), 0);
    case FileCompletionInformation:
        return answer(set_port(q->file, q->system, q->mode), 0);
    case FileIoCompletionNotificationInformation:
        return answer(
            set_notification(q->file, ((PFILE_IO_COMPLETION_NOTIFICATION_INFORMATION)q->system)->Flags), 0);
    default:
        return send(q);
    }
}

/* ---------------------------------------------------------------- volumes */

static IO_STATUS_BLOCK query_volume(IOP_QUERY *q)
{
    PVPB vpb = q->file->Vpb;
    if (q->class != FileFsDeviceInformation ||
        (vpb && (vpb->Flags & VPB_MOUNTED) && q->device->DeviceType != vpb->RealDevice->DeviceType))
        return send(q);
    PFILE_FS_DEVICE_INFORMATION info = q->system;
    PDEVICE_OBJECT device = q->file->DeviceObject;
    info->DeviceType = device->DeviceType;
    info->Characteristics = device->Characteristics;
    if (vpb && (vpb->Flags & VPB_MOUNTED))
        info->Characteristics |= FILE_DEVICE_IS_MOUNTED;
    return answer(STATUS_SUCCESS, sizeof *info);
}

/* ---------------------------------------------------------------- services */

NTSTATUS NTAPI NtQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass)
{
    IOP_QUERY q = {.mode = ExGetPreviousMode(),
                   .class = FileInformationClass,
                   .buffer = FileInformation,
                   .length = Length};
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = begin(&q, FileHandle, IoStatusBlock);
    return NT_SUCCESS(status) ? end(&q, query_file(&q), IoStatusBlock) : status;
}

NTSTATUS NTAPI NtSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                                    ULONG Length, FILE_INFORMATION_CLASS FileInformationClass)
{
    IOP_QUERY q = {.mode = ExGetPreviousMode(),
                   .set = TRUE,
                   .class = FileInformationClass,
                   .buffer = FileInformation,
                   .length = Length};
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = begin(&q, FileHandle, IoStatusBlock);
    return NT_SUCCESS(status) ? end(&q, set_file(&q), IoStatusBlock) : status;
}

NTSTATUS NTAPI NtQueryVolumeInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                            PVOID FsInformation, ULONG Length,
                                            FS_INFORMATION_CLASS FsInformationClass)
{
    IOP_QUERY q = {.mode = ExGetPreviousMode(),
                   .volume = TRUE,
                   .class = FsInformationClass,
                   .buffer = FsInformation,
                   .length = Length};
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = begin(&q, FileHandle, IoStatusBlock);
    return NT_SUCCESS(status) ? end(&q, query_volume(&q), IoStatusBlock) : status;
}

NTSTATUS NTAPI NtSetVolumeInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                          PVOID FsInformation, ULONG Length,
                                          FS_INFORMATION_CLASS FsInformationClass)
{
    IOP_QUERY q = {.mode = ExGetPreviousMode(),
                   .volume = TRUE,
                   .set = TRUE,
                   .class = FsInformationClass,
                   .buffer = FsInformation,
                   .length = Length};
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    NTSTATUS status = begin(&q, FileHandle, IoStatusBlock);
    return NT_SUCCESS(status) ? end(&q, send(&q), IoStatusBlock) : status;
}

NTSTATUS NTAPI ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass)
{
    KI_ZW(NtQueryInformationFile(FileHandle, IoStatusBlock, FileInformation, Length, FileInformationClass));
}

NTSTATUS NTAPI ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                                    ULONG Length, FILE_INFORMATION_CLASS FileInformationClass)
{
    KI_ZW(NtSetInformationFile(FileHandle, IoStatusBlock, FileInformation, Length, FileInformationClass));
}

NTSTATUS NTAPI ZwQueryVolumeInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                            PVOID FsInformation, ULONG Length,
                                            FS_INFORMATION_CLASS FsInformationClass)
{
    KI_ZW(NtQueryVolumeInformationFile(FileHandle, IoStatusBlock, FsInformation, Length, FsInformationClass));
}

NTSTATUS NTAPI ZwSetVolumeInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                          PVOID FsInformation, ULONG Length,
                                          FS_INFORMATION_CLASS FsInformationClass)
{
    KI_ZW(NtSetVolumeInformationFile(FileHandle, IoStatusBlock, FsInformation, Length, FsInformationClass));
}
