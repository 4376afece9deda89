/* SPDX-License-Identifier: MIT */
/*
 * pagingio.c: what the memory manager asks of files (MI_FILE_IO): paging reads and writes, sizes, and the
 * file system's locks around the creation of a section.
 *
 * Paging requests go to the top of the file's stack as IRP_MJ_READ or IRP_MJ_WRITE with IRP_PAGING_IO,
 * IRP_NOCACHE and IRP_SYNCHRONOUS_PAGING_IO, an MDL of locked pages and no buffer address. They are completed
 * without an APC: the waiter may be at APC_LEVEL. They are in no thread's list, and cannot be cancelled.
 */
#include "iomgr.h"
#include "pagingio.h"

static IO_STATUS_BLOCK failed(NTSTATUS status)
{
    IO_STATUS_BLOCK result = {.Information = 0};
    result.Status = status;
    return result;
}

static IO_STATUS_BLOCK transfer(PFILE_OBJECT file, PMDL mdl, ULONG64 offset, BOOLEAN write)
{
    PDEVICE_OBJECT device = IopRelatedDevice(file);
    PIRP irp = IopAllocateIrp(device->StackSize, NULL);
    IO_STATUS_BLOCK result = {.Status = STATUS_UNSUCCESSFUL};
    KEVENT event;
    if (!irp)
        return failed(STATUS_INSUFFICIENT_RESOURCES);
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp->Flags = IRP_PAGING_IO | IRP_NOCACHE | IRP_SYNCHRONOUS_PAGING_IO | (write ? 0 : IRP_INPUT_OPERATION);
    irp->RequestorMode = KernelMode;
    irp->MdlAddress = mdl;
    irp->UserBuffer = MmGetMdlVirtualAddress(mdl);
    irp->UserEvent = &event;
    irp->UserIosb = &result;
    irp->Tail.Overlay.Thread = PspCurrentThread();
    irp->Tail.Overlay.OriginalFileObject = file;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = write ? IRP_MJ_WRITE : IRP_MJ_READ;
    sp->FileObject = file;
    sp->Parameters.Read.Length = MmGetMdlByteCount(mdl);
    sp->Parameters.Read.ByteOffset.QuadPart = (LONGLONG)offset;
    if (IofCallDriver(device, irp) == STATUS_PENDING)
        KeWaitForSingleObject(&event, write ? WrPageOut : WrPageIn, KernelMode, FALSE, NULL);
    if (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA)
        MmUnmapLockedPages(mdl->MappedSystemVa, mdl);
    return result;
}

/* A request about the file with a buffer of the kernel. */
static NTSTATUS ask(PFILE_OBJECT file, UCHAR major, FILE_INFORMATION_CLASS class, PVOID buffer, ULONG bytes)
{
    PDEVICE_OBJECT device = IopRelatedDevice(file);
    PIRP irp = IopAllocateIrp(device->StackSize, NULL);
    if (!irp)
        return STATUS_INSUFFICIENT_RESOURCES;
    irp->RequestorMode = KernelMode;
    irp->Flags = IRP_SYNCHRONOUS_API | IRP_BUFFERED_IO;
    irp->AssociatedIrp.SystemBuffer = buffer;
    irp->Tail.Overlay.OriginalFileObject = file;
    PIO_STACK_LOCATION sp = IoGetNextIrpStackLocation(irp);
    sp->MajorFunction = major;
    sp->FileObject = file;
    sp->Parameters.QueryFile.Length = bytes;
    sp->Parameters.QueryFile.FileInformationClass = class;
    return IopSendInternal(device, irp, FALSE).Status;
}

static NTSTATUS query_size(PFILE_OBJECT file, ULONG64 *bytes)
{
    FILE_STANDARD_INFORMATION info = {0};
    NTSTATUS status = ask(file, IRP_MJ_QUERY_INFORMATION, FileStandardInformation, &info, sizeof info);
    if (NT_SUCCESS(status) && info.Directory)
        status = STATUS_INVALID_FILE_FOR_SECTION;
    *bytes = (ULONG64)info.EndOfFile.QuadPart;
    return status;
}

static NTSTATUS set_size(PFILE_OBJECT file, ULONG64 bytes)
{
    FILE_END_OF_FILE_INFORMATION info = {.EndOfFile.QuadPart = (LONGLONG)bytes};
    return ask(file, IRP_MJ_SET_INFORMATION, FileEndOfFileInformation, &info, sizeof info);
}

static PFAST_IO_DISPATCH fast_io(PFILE_OBJECT file)
{
    PFAST_IO_DISPATCH table = IopRelatedDevice(file)->DriverObject->FastIoDispatch;
    return table &&
                   table->SizeOfFastIoDispatch > FIELD_OFFSET(FAST_IO_DISPATCH, ReleaseFileForNtCreateSection)
               ? table
               : NULL;
}

static void acquire(PFILE_OBJECT file)
{
    PFAST_IO_DISPATCH table = fast_io(file);
    if (table && table->AcquireFileForNtCreateSection)
        table->AcquireFileForNtCreateSection(file);
}

static void release(PFILE_OBJECT file)
{
    PFAST_IO_DISPATCH table = fast_io(file);
    if (table && table->ReleaseFileForNtCreateSection)
        table->ReleaseFileForNtCreateSection(file);
}

static ULONG count_writers(PSECTION_OBJECT_POINTERS pointers)
{
    PVOID object = NULL;
    ULONG count = 0;
    while (ObpEnumerateType(IopFileObjectType, &object)) {
        PFILE_OBJECT file = object;
        count +=
            file->SectionObjectPointer == pointers && file->WriteAccess && ObpHeader(file)->HandleCount > 0;
    }
    return count;
}

static const MI_FILE_IO file_io = {
    .Transfer = transfer,
    .QuerySize = query_size,
    .SetSize = set_size,
    .Acquire = acquire,
    .Release = release,
    .CountWriters = count_writers,
};

void IopInitializePaging(void)
{
    MiFileIo = &file_io;
}
