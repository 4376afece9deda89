/* SPDX-License-Identifier: MIT */
/*
 * file.c: file objects, from the parse procedure that makes one to the close request that ends it.
 *
 *      NtCreateFile --> ObOpenObjectByName --> name lookup reaches a device --> IopParseDevice:
 *          device use taken, file object made, IRP_MJ_CREATE sent to the top of the stack
 *      last handle closed      --> IopCloseFile:  IRP_MJ_CLEANUP, in the thread that closed it
 *      last reference dropped  --> IopDeleteFile: IRP_MJ_CLOSE, then the device use is given back
 *
 * A file object whose create request failed has DeviceObject NULL and ends without a close request. A
 * relative open (RootDirectory is a file handle) enters at IopParseFile. The requests of this file run on the
 * calling thread, which waits for them; they cannot fail for want of an IRP (they wait for memory instead),
 * because nobody could be told.
 */
#include "iomgr.h"

const GENERIC_MAPPING IopFileMapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE,
                                        FILE_ALL_ACCESS};

PGENERIC_MAPPING NTAPI IoGetFileObjectGenericMapping(VOID)
{
    return (PGENERIC_MAPPING)&IopFileMapping;
}

/* ---------------------------------------------------------------- open */

static void set_file_flags(PFILE_OBJECT file, POPEN_PACKET packet, ULONG attributes)
{
    static const struct {
        ULONG option, flag;
    } map[] = {
        {FILE_SYNCHRONOUS_IO_ALERT, FO_SYNCHRONOUS_IO | FO_ALERTABLE_IO},
        {FILE_SYNCHRONOUS_IO_NONALERT, FO_SYNCHRONOUS_IO},
        {FILE_NO_INTERMEDIATE_BUFFERING, FO_NO_INTERMEDIATE_BUFFERING},
        {FILE_WRITE_THROUGH, FO_WRITE_THROUGH},
        {FILE_SEQUENTIAL_ONLY, FO_SEQUENTIAL_ONLY},
        {FILE_RANDOM_ACCESS, FO_RANDOM_ACCESS},
    };
    for (ULONG i = 0; i < RTL_NUMBER_OF(map); i++)
        if (packet->CreateOptions & map[i].option)
            file->Flags |= map[i].flag;
    if (packet->FileAttributes & FILE_ATTRIBUTE_TEMPORARY)
        file->Flags |= FO_TEMPORARY_FILE;
    if (packet->CreateOptions & FILE_DISALLOW_EXCLUSIVE)
        file->Flags |= FO_DISALLOW_EXCLUSIVE;
    if (!(attributes & OBJ_CASE_INSENSITIVE))
        file->Flags |= FO_OPENED_CASE_SENSITIVE;
    if (packet->CreateFileType == CreateFileTypeNamedPipe)
        file->Flags |= FO_NAMED_PIPE;
    else if (packet->CreateFileType == CreateFileTypeMailslot)
        file->Flags |= FO_MAILSLOT;
}

void IopInitializeFileObject(PFILE_OBJECT FileObject, PDEVICE_OBJECT DeviceObject)
{
    FileObject->Type = IO_TYPE_FILE;
    FileObject->Size = sizeof *FileObject;
    FileObject->DeviceObject = DeviceObject;
    KeInitializeEvent(&FileObject->Lock, SynchronizationEvent, FALSE);
    KeInitializeEvent(&FileObject->Event, NotificationEvent, FALSE);
    InitializeListHead(&FileObject->IrpList);
}

/* May the subject open the device like this? What it gets is in AccessState->PreviouslyGrantedAccess. */
static NTSTATUS check_access(PDEVICE_OBJECT device, PACCESS_STATE state, KPROCESSOR_MODE mode,
                             POPEN_PACKET packet, BOOLEAN named)
{
    NTSTATUS status = STATUS_SUCCESS;
    RtlMapGenericMask(&state->RemainingDesiredAccess, &IopFileMapping);
    if (packet->Options & IO_FORCE_ACCESS_CHECK)
        mode = UserMode;
    /* A name below the device is the file system's business, unless the driver wants the device's own
     * descriptor. */
    BOOLEAN check = mode != KernelMode && !packet->RelatedFileObject &&
                    (!named || (device->Characteristics & FILE_DEVICE_SECURE_OPEN));
    if (check) {
        if (!ObpCheckObjectAccess(device, state, mode, &status))
            return NT_SUCCESS(status) ? STATUS_ACCESS_DENIED : status;
    } else {
        if (state->RemainingDesiredAccess & MAXIMUM_ALLOWED)
            state->RemainingDesiredAccess =
                (state->RemainingDesiredAccess & ~(ACCESS_MASK)MAXIMUM_ALLOWED) | FILE_ALL_ACCESS;
        state->PreviouslyGrantedAccess |= state->RemainingDesiredAccess;
        state->RemainingDesiredAccess = 0;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS make_file(PDEVICE_OBJECT device, POPEN_PACKET packet, ULONG attributes, PCUNICODE_STRING name,
                          PFILE_OBJECT *result)
{
    OBJECT_ATTRIBUTES oa;
    PFILE_OBJECT file;
    InitializeObjectAttributes(
        &oa, NULL, attributes & (OBJ_INHERIT | OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE), NULL, NULL);
    NTSTATUS status = ObCreateObject(KernelMode, IopFileObjectType, &oa, KernelMode, NULL, sizeof *file, 0, 0,
                                     (PVOID *)&file);
    if (!NT_SUCCESS(status))
        return status;
    IopInitializeFileObject(file, device);
    file->RelatedFileObject = packet->RelatedFileObject;
    set_file_flags(file, packet, attributes);
    if (name->Length && !IopDuplicateString(&file->FileName, name)) {
        file->DeviceObject = NULL;
        ObDereferenceObject(file);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *result = file;
    return STATUS_SUCCESS;
}

static IO_STATUS_BLOCK send_create(PDEVICE_OBJECT top, PFILE_OBJECT file, POPEN_PACKET packet,
                                   PACCESS_STATE state, KPROCESSOR_MODE mode, ULONG attributes,
                                   PSECURITY_QUALITY_OF_SERVICE qos)
{
    IO_STATUS_BLOCK failed = {.Status = STATUS_INSUFFICIENT_RESOURCES};
    IO_SECURITY_CONTEXT security = {qos, state, state->OriginalDesiredAccess, packet->CreateOptions};
    PIRP irp = IopAllocateIrp(top->StackSize, NULL);
    if (!irp)
        return failed;
    security.DesiredAccess = state->PreviouslyGrantedAccess;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    irp->RequestorMode = mode;
    irp->Flags = IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API | IRP_DEFER_IO_COMPLETION;
    irp->Tail.Overlay.OriginalFileObject = file;
    irp->Overlay.AllocationSize = packet->AllocationSize;
    irp->AssociatedIrp.SystemBuffer = packet->EaBuffer;
    sp->FileObject = file;
    if (!(attributes & OBJ_CASE_INSENSITIVE))
        sp->Flags |= SL_CASE_SENSITIVE;
    if (packet->Options & IO_FORCE_ACCESS_CHECK)
        sp->Flags |= SL_FORCE_ACCESS_CHECK;
    if (packet->Options & IO_OPEN_PAGING_FILE)
        sp->Flags |= SL_OPEN_PAGING_FILE;
    if (packet->Options & IO_OPEN_TARGET_DIRECTORY)
        sp->Flags |= SL_OPEN_TARGET_DIRECTORY;
    if (packet->Options & IO_STOP_ON_SYMLINK)
        sp->Flags |= SL_STOP_ON_SYMLINK;
    sp->Parameters.Create.SecurityContext = &security;
    sp->Parameters.Create.Options = (packet->Disposition << 24) | (packet->CreateOptions & 0x00FFFFFF);
    sp->Parameters.Create.ShareAccess = packet->ShareAccess;
    switch (packet->CreateFileType) {
    case CreateFileTypeNone:
        sp->MajorFunction = IRP_MJ_CREATE;
        sp->Parameters.Create.FileAttributes = (USHORT)packet->FileAttributes;
        sp->Parameters.Create.EaLength = packet->EaLength;
        break;
    case CreateFileTypeNamedPipe:
        sp->MajorFunction = IRP_MJ_CREATE_NAMED_PIPE;
        sp->Parameters.CreatePipe.Parameters = packet->ExtraCreateParameters;
        break;
    case CreateFileTypeMailslot:
        sp->MajorFunction = IRP_MJ_CREATE_MAILSLOT;
        sp->Parameters.CreateMailslot.Parameters = packet->ExtraCreateParameters;
        break;
    }
    return IopSendInternal(top, irp, TRUE);
}

/* A driver replaced FileObject->FileName and wants the lookup to start again with it. */
static NTSTATUS reparse(PFILE_OBJECT file, PUNICODE_STRING complete)
{
    PWCH buffer = ObpAllocateObjectNameBuffer((USHORT)(file->FileName.Length + sizeof(WCHAR)));
    if (!buffer)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlCopyMemory(buffer, file->FileName.Buffer, file->FileName.Length);
    buffer[file->FileName.Length / sizeof(WCHAR)] = 0;
    ObpFreeObjectNameBuffer(complete->Buffer);
    complete->Buffer = buffer;
    complete->Length = file->FileName.Length;
    complete->MaximumLength = (USHORT)(file->FileName.Length + sizeof(WCHAR));
    return STATUS_REPARSE;
}

static PDEVICE_OBJECT stack_of(PFILE_OBJECT file, PDEVICE_OBJECT device, POPEN_PACKET packet)
{
    PVPB vpb = device->Vpb;
    if (packet->DeviceHint)
        return packet->DeviceHint;
    if (vpb && (vpb->Flags & VPB_MOUNTED) && vpb->DeviceObject) {
        file->Vpb = vpb;
        return IopTopOfStack(vpb->DeviceObject);
    }
    return IopTopOfStack(device);
}

static NTSTATUS open_device(PDEVICE_OBJECT device, POPEN_PACKET packet, PACCESS_STATE state,
                            KPROCESSOR_MODE mode, ULONG attributes, PUNICODE_STRING complete,
                            PUNICODE_STRING remaining, PSECURITY_QUALITY_OF_SERVICE qos, PVOID *object)
{
    PFILE_OBJECT file;
    NTSTATUS status = check_access(device, state, mode, packet, remaining->Length != 0);
    if (!NT_SUCCESS(status))
        return status;
    status = IopReferenceDevice(device, !packet->RelatedFileObject);
    if (!NT_SUCCESS(status))
        return status;
    status = make_file(device, packet, attributes, remaining, &file);
    if (!NT_SUCCESS(status)) {
        IopDereferenceDevice(device);
        return status;
    }
    PDEVICE_OBJECT top = stack_of(file, device, packet);
    IO_STATUS_BLOCK result = send_create(top, file, packet, state, mode, attributes, qos);
    file->RelatedFileObject = NULL; /* valid during IRP_MJ_CREATE only */
    status = result.Status;
    if (!NT_SUCCESS(status) || status == STATUS_REPARSE || (file->Flags & FO_FILE_OPEN_CANCELLED)) {
        if (NT_SUCCESS(status) && status != STATUS_REPARSE)
            status = STATUS_CANCELLED;
        if (status == STATUS_REPARSE)
            status = result.Information <= IO_REMOUNT && file->FileName.Length
                         ? reparse(file, complete)
                         : STATUS_IO_REPARSE_TAG_NOT_HANDLED;
        file->DeviceObject = NULL;
        ObDereferenceObject(file);
        IopDereferenceDevice(device);
        packet->Information = result.Information;
        return status;
    }
    file->Flags |= FO_FILE_OPEN;
    packet->Information = result.Information;
    packet->FileObject = file;
    remaining->Length = 0;
    *object = file;
    return status;
}

NTSTATUS IopParseDevice(PVOID ParseObject, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                        KPROCESSOR_MODE AccessMode, ULONG Attributes, PUNICODE_STRING CompleteName,
                        PUNICODE_STRING RemainingName, PVOID Context,
                        PSECURITY_QUALITY_OF_SERVICE SecurityQos, PVOID *Object)
{
    POPEN_PACKET packet = Context;
    *Object = NULL;
    if (!packet || packet->Type != IO_TYPE_OPEN_PACKET || packet->Signature != IOP_OPEN_PACKET_SIGNATURE) {
        if (RemainingName->Length || (ObjectType && ObjectType != IopDeviceObjectType))
            return STATUS_OBJECT_TYPE_MISMATCH;
        ObReferenceObject(ParseObject); /* the device itself is wanted */
        *Object = ParseObject;
        return STATUS_SUCCESS;
    }
    packet->Parsed = TRUE;
    packet->FinalStatus = open_device(ParseObject, packet, AccessState, AccessMode, Attributes, CompleteName,
                                      RemainingName, SecurityQos, Object);
    return packet->FinalStatus;
}

NTSTATUS IopParseFile(PVOID ParseObject, POBJECT_TYPE ObjectType, PACCESS_STATE AccessState,
                      KPROCESSOR_MODE AccessMode, ULONG Attributes, PUNICODE_STRING CompleteName,
                      PUNICODE_STRING RemainingName, PVOID Context, PSECURITY_QUALITY_OF_SERVICE SecurityQos,
                      PVOID *Object)
{
    POPEN_PACKET packet = Context;
    PFILE_OBJECT related = ParseObject;
    *Object = NULL;
    if (!packet || packet->Type != IO_TYPE_OPEN_PACKET || packet->Signature != IOP_OPEN_PACKET_SIGNATURE)
        return STATUS_OBJECT_TYPE_MISMATCH;
    packet->Parsed = TRUE;
    packet->RelatedFileObject = related;
    packet->FinalStatus = open_device(related->DeviceObject, packet, AccessState, AccessMode, Attributes,
                                      CompleteName, RemainingName, SecurityQos, Object);
    packet->RelatedFileObject = NULL;
    return packet->FinalStatus;
}

/* ---------------------------------------------------------------- cleanup and close */

PIRP IopAllocateIrpPatiently(CCHAR StackSize)
{
    LARGE_INTEGER delay = {.QuadPart = -100000LL};
    PIRP irp;
    while (!(irp = IopAllocateIrp(StackSize, NULL)))
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    return irp;
}

static void send_end(PFILE_OBJECT file, UCHAR major)
{
    PDEVICE_OBJECT device = IopRelatedDevice(file);
    PIRP irp = IopAllocateIrpPatiently(device->StackSize);
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    irp->Flags = IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
    irp->RequestorMode = KernelMode;
    irp->Tail.Overlay.OriginalFileObject = file;
    sp->MajorFunction = major;
    sp->FileObject = file;
    KeClearEvent(&file->Event);
    IopSendInternal(device, irp, FALSE);
}

void IopCloseFile(PEPROCESS Process, PVOID Object, ULONG_PTR ProcessHandleCount, ULONG_PTR SystemHandleCount)
{
    PFILE_OBJECT file = Object;
    BOOLEAN unlock = file->LockOperation && ProcessHandleCount == 1, cleanup = SystemHandleCount == 1;
    if (!(unlock || cleanup) || !file->DeviceObject || (file->Flags & FO_CLEANUP_COMPLETE))
        return;
    BOOLEAN synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    if (synchronous)
        while (IopAcquireFileLock(file, KernelMode) != STATUS_SUCCESS)
            ;
    if (unlock)
        IopUnlockProcess(file, Process);
    if (cleanup) {
        file->Flags |= FO_HANDLE_CREATED;
        send_end(file, IRP_MJ_CLEANUP);
        file->Flags |= FO_CLEANUP_COMPLETE;
    }
    if (synchronous)
        IopReleaseFileLock(file);
}

void IopDeleteFile(PVOID Object)
{
    PFILE_OBJECT file = Object;
    PDEVICE_OBJECT device = file->DeviceObject;
    if (device) {
        if (!(file->Flags & FO_CLEANUP_COMPLETE)) { /* it never had a handle */
            send_end(file, IRP_MJ_CLEANUP);
            file->Flags |= FO_CLEANUP_COMPLETE;
        }
        send_end(file, IRP_MJ_CLOSE);
    }
    if (file->FileName.Buffer)
        ExFreePool(file->FileName.Buffer);
    if (file->CompletionContext) {
        ObDereferenceObject(file->CompletionContext->Port);
        ExFreePoolWithTag((PVOID)file->CompletionContext, IOP_TAG_BUFFER);
    }
    file->Type = 0;
    if (device)
        IopDereferenceDevice(device);
}

VOID NTAPI IoCancelFileOpen(PDEVICE_OBJECT DeviceObject, PFILE_OBJECT FileObject)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (FileObject->Flags & FO_HANDLE_CREATED)
        KiBugCheckText(
            INVALID_CANCEL_OF_FILE_OPEN, (ULONG_PTR)FileObject, (ULONG_PTR)DeviceObject, 0, 0,
            (ULONG_PTR)__builtin_return_address(0),
            "IoCancelFileOpen was called for a file that has had a handle already: it undoes an open in "
            "progress only, from the completion of IRP_MJ_CREATE.");
    PIRP irp = IopAllocateIrpPatiently(DeviceObject->StackSize);
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    FileObject->Flags |= FO_FILE_OPEN_CANCELLED | FO_HANDLE_CREATED;
    for (UCHAR major = IRP_MJ_CLEANUP;; major = IRP_MJ_CLOSE) {
        irp->Flags = IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API;
        irp->Tail.Overlay.OriginalFileObject = FileObject;
        sp->MajorFunction = major;
        sp->FileObject = FileObject;
        IopSendInternal(DeviceObject, irp, FALSE);
        if (major == IRP_MJ_CLOSE)
            break;
        irp = IopAllocateIrpPatiently(DeviceObject->StackSize);
        sp = IoGetNextIrpStackLocation(irp);
    }
}

/* ---------------------------------------------------------------- files without a handle */

PFILE_OBJECT NTAPI IoCreateStreamFileObjectLite(PFILE_OBJECT FileObject, PDEVICE_OBJECT DeviceObject)
{
    PFILE_OBJECT file;
    OBJECT_ATTRIBUTES attributes;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (FileObject)
        DeviceObject = FileObject->DeviceObject;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    KIRQL irql = IopLockDatabase();
    DeviceObject->ReferenceCount++;
    IopUnlockDatabase(irql);
    NTSTATUS status = ObCreateObject(KernelMode, IopFileObjectType, &attributes, KernelMode, NULL,
                                     sizeof *file, 0, 0, (PVOID *)&file);
    if (!NT_SUCCESS(status)) {
        IopDereferenceDevice(DeviceObject);
        ExRaiseStatus(status);
    }
    IopInitializeFileObject(file, DeviceObject);
    file->Flags |= FO_STREAM_FILE;
    return file;
}

PFILE_OBJECT NTAPI IoCreateStreamFileObject(PFILE_OBJECT FileObject, PDEVICE_OBJECT DeviceObject)
{
    PFILE_OBJECT file = IoCreateStreamFileObjectLite(FileObject, DeviceObject);
    file->Flags |= FO_HANDLE_CREATED | FO_CLEANUP_COMPLETE;
    send_end(file, IRP_MJ_CLEANUP); /* the handle that the routine opens and closes on Windows */
    return file;
}

/* ---------------------------------------------------------------- name and security */

NTSTATUS IopQueryFileName(PVOID Object, BOOLEAN HasObjectName, POBJECT_NAME_INFORMATION NameInfo,
                          ULONG Length, PULONG ReturnLength, KPROCESSOR_MODE AccessMode)
{
    PFILE_OBJECT file = Object;
    if (!file->DeviceObject)
        return STATUS_OBJECT_PATH_INVALID;
    NTSTATUS status = ObQueryNameString(file->DeviceObject, NameInfo, Length, ReturnLength);
    if (status != STATUS_SUCCESS && status != STATUS_INFO_LENGTH_MISMATCH && status != STATUS_BUFFER_OVERFLOW)
        return status;
    *ReturnLength += file->FileName.Length;
    if (status != STATUS_SUCCESS)
        return status;
    if (*ReturnLength > Length)
        return STATUS_BUFFER_OVERFLOW;
    UCHAR *end = (UCHAR *)NameInfo->Name.Buffer + NameInfo->Name.Length;
    RtlCopyMemory(end, file->FileName.Buffer, file->FileName.Length);
    *(PWCHAR)(end + file->FileName.Length) = 0;
    NameInfo->Name.Length += file->FileName.Length;
    NameInfo->Name.MaximumLength = (USHORT)(NameInfo->Name.Length + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

/* The descriptor of an open of the device itself is the device's; files of a file system have none of their
 * own here. */
NTSTATUS IopFileSecurity(PVOID Object, SECURITY_OPERATION_CODE Operation,
                         PSECURITY_INFORMATION SecurityInformation, PSECURITY_DESCRIPTOR Descriptor,
                         PULONG Length, PSECURITY_DESCRIPTOR *ObjectsDescriptor, POOL_TYPE PoolType,
                         PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode)
{
    PFILE_OBJECT file = Object;
    if (Operation == AssignSecurityDescriptor || Operation == DeleteSecurityDescriptor)
        return STATUS_SUCCESS;
    if (!file->DeviceObject || file->FileName.Length)
        return STATUS_INVALID_DEVICE_REQUEST;
    PDEVICE_OBJECT device = file->DeviceObject;
    return SeDefaultObjectMethod(device, Operation, SecurityInformation, Descriptor, Length,
                                 &ObpHeader(device)->SecurityDescriptor, PoolType, GenericMapping,
                                 AccessMode);
}
