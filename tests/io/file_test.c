/* SPDX-License-Identifier: MIT */
/* Opening, naming, sharing, cleaning up and closing files. */
#include "fixture.h"

KILN_TEST_ONCE(io_file, requests_of_a_life_come_in_order)
{
    io_device(L"\\Device\\IoTest", 0);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    ZwClose(handle);
    CHECK_EQ(io.logged, 3);
    CHECK_EQ(io.log[0], IRP_MJ_CREATE);
    CHECK_EQ(io.log[1], IRP_MJ_CLEANUP);
    CHECK_EQ(io.log[2], IRP_MJ_CLOSE);
}

KILN_TEST_ONCE(io_file, unknown_names_are_not_found)
{
    HANDLE handle;
    CHECK_EQ(io_open(L"\\Device\\IoTestNot", FILE_READ_DATA, 0, &handle), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(io_open(L"\\Device", FILE_READ_DATA, 0, &handle), STATUS_OBJECT_TYPE_MISMATCH);
}

KILN_TEST_ONCE(io_file, cleanup_waits_for_the_last_handle_and_close_for_the_last_reference)
{
    PFILE_OBJECT file;
    HANDLE second;
    io_device(L"\\Device\\IoTest", 0);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *IoFileObjectType, KernelMode, (PVOID *)&file, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(file, OBJ_KERNEL_HANDLE, NULL, FILE_READ_DATA, *IoFileObjectType,
                                   KernelMode, &second),
             STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(io.count[IRP_MJ_CLEANUP], 0);
    ZwClose(second);
    CHECK_EQ(io.count[IRP_MJ_CLEANUP], 1);
    CHECK(file->Flags & FO_CLEANUP_COMPLETE);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 0);
    ObDereferenceObject(file);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 1);
}

static NTSTATUS NTAPI refuse(PDEVICE_OBJECT device, PIRP irp)
{
    return io_complete(irp, STATUS_DEVICE_NOT_READY, 0);
}

KILN_TEST_ONCE(io_file, a_refused_open_has_neither_cleanup_nor_close)
{
    PDEVICE_OBJECT device = io_device(L"\\Device\\IoTest", 0);
    HANDLE handle;
    io.handler[IRP_MJ_CREATE] = refuse;
    CHECK_EQ(io_open(L"\\Device\\IoTest", FILE_READ_DATA, 0, &handle), STATUS_DEVICE_NOT_READY);
    CHECK_EQ(io.count[IRP_MJ_CLEANUP], 0);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 0);
    CHECK_EQ(device->ReferenceCount, 0);
}

static NTSTATUS NTAPI look_at_create(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    UNICODE_STRING rest = NAME(L"\\some\\where");
    CHECK(RtlEqualUnicodeString(&sp->FileObject->FileName, &rest, FALSE));
    CHECK(sp->FileObject->DeviceObject == device);
    CHECK_EQ(sp->Parameters.Create.Options >> 24, FILE_OPEN);
    CHECK_EQ(sp->Parameters.Create.Options & 0xFFFFFF,
             FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE);
    CHECK_EQ(sp->Parameters.Create.ShareAccess, FILE_SHARE_READ | FILE_SHARE_WRITE);
    CHECK(sp->Parameters.Create.SecurityContext->DesiredAccess & FILE_READ_DATA);
    CHECK_EQ(irp->RequestorMode, KernelMode);
    CHECK(sp->FileObject->Flags & FO_SYNCHRONOUS_IO);
    return io_complete(irp, STATUS_SUCCESS, FILE_OPENED);
}

KILN_TEST_ONCE(io_file, the_driver_sees_name_options_and_access)
{
    HANDLE handle;
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_CREATE] = look_at_create;
    CHECK_EQ(io_open(L"\\Device\\IoTest\\some\\where", FILE_READ_DATA | SYNCHRONIZE,
                     FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE, &handle),
             STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(io.count[IRP_MJ_CREATE], 1);
}

KILN_TEST_ONCE(io_file, a_relative_open_knows_its_parent)
{
    UNICODE_STRING name = NAME(L"child");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE child;
    PDEVICE_OBJECT device = io_device(L"\\Device\\IoTest", 0);
    HANDLE parent = io_must_open(L"\\Device\\IoTest", 0);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, parent, NULL);
    CHECK_EQ(ZwOpenFile(&child, FILE_READ_DATA, &attributes, &block, 0, 0), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&io.file->FileName, &name, FALSE));
    CHECK(io.file->DeviceObject == device);
    ZwClose(child);
    ZwClose(parent);
    CHECK_EQ(device->ReferenceCount, 0);
}

static NTSTATUS create_with(ULONG attributes, ULONG share, ULONG disposition, ULONG options,
                            ACCESS_MASK access)
{
    UNICODE_STRING name = NAME(L"\\Device\\IoTest");
    OBJECT_ATTRIBUTES oa;
    IO_STATUS_BLOCK block;
    HANDLE handle;
    InitializeObjectAttributes(&oa, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status =
        ZwCreateFile(&handle, access, &oa, &block, NULL, attributes, share, disposition, options, NULL, 0);
    if (NT_SUCCESS(status))
        ZwClose(handle);
    return status;
}

KILN_TEST_ONCE(io_file, bad_parameters_are_refused)
{
    io_device(L"\\Device\\IoTest", 0);
    CHECK_EQ(create_with(0, 0, FILE_OPEN, 0, FILE_READ_DATA), STATUS_SUCCESS);
    CHECK_EQ(create_with(0, 8, FILE_OPEN, 0, FILE_READ_DATA), STATUS_INVALID_PARAMETER);
    CHECK_EQ(create_with(0, 0, FILE_MAXIMUM_DISPOSITION + 1, 0, FILE_READ_DATA), STATUS_INVALID_PARAMETER);
    CHECK_EQ(create_with(0x80000000, 0, FILE_OPEN, 0, FILE_READ_DATA), STATUS_INVALID_PARAMETER);
    /* synchronous I/O needs SYNCHRONIZE, deletion on close DELETE */
    CHECK_EQ(create_with(0, 0, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, FILE_READ_DATA),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(create_with(0, 0, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT | FILE_SYNCHRONOUS_IO_ALERT,
                         FILE_READ_DATA | SYNCHRONIZE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(create_with(0, 0, FILE_OPEN, FILE_DELETE_ON_CLOSE, FILE_READ_DATA), STATUS_INVALID_PARAMETER);
    CHECK_EQ(create_with(0, 0, FILE_OVERWRITE, FILE_DIRECTORY_FILE, FILE_READ_DATA),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(create_with(0, 0, FILE_OPEN, FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE, FILE_READ_DATA),
             STATUS_INVALID_PARAMETER);
}

/* ---------------------------------------------------------------- share access */

static NTSTATUS check(PSHARE_ACCESS share, ACCESS_MASK access, ULONG shared, PFILE_OBJECT file)
{
    return IoCheckShareAccess(access, shared, file, share, TRUE);
}

KILN_TEST_ONCE(io_share, opens_exclude_each_other_as_documented)
{
    static FILE_OBJECT a, b, c;
    SHARE_ACCESS share;
    IoSetShareAccess(FILE_READ_DATA, FILE_SHARE_READ, &a, &share);
    CHECK_EQ(share.OpenCount, 1);
    CHECK(a.ReadAccess && !a.WriteAccess && a.SharedRead && !a.SharedWrite);
    CHECK_EQ(check(&share, FILE_WRITE_DATA, FILE_SHARE_READ, &b),
             STATUS_SHARING_VIOLATION);                                       /* writing is not shared */
    CHECK_EQ(check(&share, FILE_READ_DATA, 0, &b), STATUS_SHARING_VIOLATION); /* shares no reading */
    CHECK_EQ(check(&share, FILE_READ_ATTRIBUTES, 0, &c), STATUS_SUCCESS);     /* counts for nothing */
    CHECK_EQ(share.OpenCount, 1);
    CHECK_EQ(check(&share, FILE_READ_DATA, FILE_SHARE_READ, &b), STATUS_SUCCESS);
    CHECK_EQ(share.OpenCount, 2);
    CHECK_EQ(share.Readers, 2);
    IoRemoveShareAccess(&a, &share);
    IoRemoveShareAccess(&b, &share);
    CHECK_EQ(share.OpenCount, 0);
    CHECK_EQ(check(&share, FILE_WRITE_DATA | DELETE, 0, &b), STATUS_SUCCESS);
    CHECK_EQ(share.Deleters, 1);
}

/* ---------------------------------------------------------------- information about files */

KILN_TEST_ONCE(io_query, the_io_manager_answers_for_the_file_object)
{
    IO_STATUS_BLOCK block;
    FILE_POSITION_INFORMATION position = {.CurrentByteOffset = {.QuadPart = 77}};
    FILE_ACCESS_INFORMATION access;
    FILE_MODE_INFORMATION mode;
    FILE_ALIGNMENT_INFORMATION alignment;
    FILE_FS_DEVICE_INFORMATION volume;
    PDEVICE_OBJECT device = io_device(L"\\Device\\IoTest", 0);
    device->AlignmentRequirement = FILE_QUAD_ALIGNMENT;
    HANDLE handle = io_must_open(L"\\Device\\IoTest", FILE_SYNCHRONOUS_IO_NONALERT);
    CHECK_EQ(ZwSetInformationFile(handle, &block, &position, sizeof position, FilePositionInformation),
             STATUS_SUCCESS);
    position.CurrentByteOffset.QuadPart = 0;
    CHECK_EQ(ZwQueryInformationFile(handle, &block, &position, sizeof position, FilePositionInformation),
             STATUS_SUCCESS);
    CHECK_EQ(position.CurrentByteOffset.QuadPart, 77);
    CHECK_EQ(block.Information, sizeof position);
    CHECK_EQ(ZwQueryInformationFile(handle, &block, &access, sizeof access, FileAccessInformation),
             STATUS_SUCCESS);
    CHECK_EQ(access.AccessFlags, FILE_READ_DATA | FILE_WRITE_DATA | SYNCHRONIZE);
    CHECK_EQ(ZwQueryInformationFile(handle, &block, &mode, sizeof mode, FileModeInformation), STATUS_SUCCESS);
    CHECK_EQ(mode.Mode, FILE_SYNCHRONOUS_IO_NONALERT);
    CHECK_EQ(ZwQueryInformationFile(handle, &block, &alignment, sizeof alignment, FileAlignmentInformation),
             STATUS_SUCCESS);
    CHECK_EQ(alignment.AlignmentRequirement, FILE_QUAD_ALIGNMENT);
    CHECK_EQ(ZwQueryVolumeInformationFile(handle, &block, &volume, sizeof volume, FileFsDeviceInformation),
             STATUS_SUCCESS);
    CHECK_EQ(volume.DeviceType, FILE_DEVICE_UNKNOWN);
    CHECK_EQ(ZwQueryInformationFile(handle, &block, &position, 4, FilePositionInformation),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwQueryInformationFile(handle, &block, &position, sizeof position, FileMaximumInformation),
             STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(io.count[IRP_MJ_QUERY_INFORMATION], 0);
    ZwClose(handle);
}

static NTSTATUS NTAPI answer_standard(PDEVICE_OBJECT device, PIRP irp)
{
    PFILE_STANDARD_INFORMATION info = irp->AssociatedIrp.SystemBuffer;
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    CHECK_EQ(sp->Parameters.QueryFile.FileInformationClass, FileStandardInformation);
    CHECK_EQ(sp->Parameters.QueryFile.Length, sizeof *info);
    info->EndOfFile.QuadPart = 1234;
    return io_complete(irp, STATUS_SUCCESS, sizeof *info);
}

KILN_TEST_ONCE(io_query, other_classes_go_to_the_driver)
{
    IO_STATUS_BLOCK block;
    FILE_STANDARD_INFORMATION info;
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_QUERY_INFORMATION] = answer_standard;
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    CHECK_EQ(ZwQueryInformationFile(handle, &block, &info, sizeof info, FileStandardInformation),
             STATUS_SUCCESS);
    CHECK_EQ(info.EndOfFile.QuadPart, 1234);
    ZwClose(handle);
}
