/* SPDX-License-Identifier: MIT */
/* Services that file systems answer: byte-range locks, directories, extended attributes, quotas, files by name. */
#include "fixture.h"

/* What the driver saw of the last request that it did not complete by itself. */
static struct {
    IO_STACK_LOCATION location;
    LARGE_INTEGER length;
    WCHAR expression[16];
    ULONG expression_bytes;
    UCHAR buffer[64];
    ULONG buffer_bytes;
    ACCESS_MASK access; /* of an open */
} seen;

static NTSTATUS NTAPI see_lock(PDEVICE_OBJECT device, PIRP irp)
{
    seen.location = *IoGetCurrentIrpStackLocation(irp);
    if (seen.location.Parameters.LockControl.Length)
        seen.length = *seen.location.Parameters.LockControl.Length;
    return io_complete(irp, seen.location.MinorFunction == IRP_MN_UNLOCK_SINGLE && seen.length.QuadPart == 1
                                ? STATUS_RANGE_NOT_LOCKED
                                : STATUS_SUCCESS,
                       0);
}

static HANDLE lock_file(ULONG flags)
{
    io_device(L"\\Device\\IoTest", flags);
    io.handler[IRP_MJ_LOCK_CONTROL] = see_lock;
    return io_must_open(L"\\Device\\IoTest", FILE_SYNCHRONOUS_IO_NONALERT);
}

KILN_TEST_ONCE(io_fs, a_lock_request_carries_range_key_and_flags)
{
    HANDLE handle = lock_file(0);
    LARGE_INTEGER offset = {.QuadPart = 0x123456789}, length = {.QuadPart = 0x1000};
    IO_STATUS_BLOCK block;
    CHECK_EQ(ZwLockFile(handle, NULL, NULL, NULL, &block, &offset, &length, 77, TRUE, TRUE), STATUS_SUCCESS);
    CHECK_EQ(seen.location.MinorFunction, IRP_MN_LOCK);
    CHECK_EQ(seen.location.Flags, SL_FAIL_IMMEDIATELY | SL_EXCLUSIVE_LOCK);
    CHECK_EQ(seen.location.Parameters.LockControl.ByteOffset.QuadPart, 0x123456789);
    CHECK_EQ(seen.location.Parameters.LockControl.Key, 77);
    CHECK_EQ(seen.length.QuadPart, 0x1000);
    CHECK_EQ(ZwLockFile(handle, NULL, NULL, NULL, &block, &offset, &length, 0, FALSE, FALSE), STATUS_SUCCESS);
    CHECK_EQ(seen.location.Flags, 0);
    ZwClose(handle);
}

KILN_TEST_ONCE(io_fs, an_unlock_names_one_range_and_reports_what_is_not_locked)
{
    HANDLE handle = lock_file(0);
    LARGE_INTEGER offset = {.QuadPart = 5}, length = {.QuadPart = 16};
    IO_STATUS_BLOCK block = {.Information = 99};
    CHECK_EQ(ZwUnlockFile(handle, &block, &offset, &length, 3), STATUS_SUCCESS);
    CHECK_EQ(block.Information, 0);
    CHECK_EQ(seen.location.MinorFunction, IRP_MN_UNLOCK_SINGLE);
    CHECK_EQ(seen.location.Parameters.LockControl.ByteOffset.QuadPart, 5);
    CHECK_EQ(seen.length.QuadPart, 16);
    length.QuadPart = 1;
    CHECK_EQ(ZwUnlockFile(handle, &block, &offset, &length, 3), STATUS_RANGE_NOT_LOCKED);
    ZwClose(handle);
}

KILN_TEST_ONCE(io_fs, the_last_handle_of_a_process_gives_up_its_locks_before_cleanup)
{
    HANDLE handle = lock_file(0);
    LARGE_INTEGER offset = {.QuadPart = 0}, length = {.QuadPart = 16};
    IO_STATUS_BLOCK block;
    CHECK_EQ(ZwLockFile(handle, NULL, NULL, NULL, &block, &offset, &length, 0, TRUE, TRUE), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(seen.location.MinorFunction, IRP_MN_UNLOCK_ALL);
    CHECK_EQ(io.count[IRP_MJ_LOCK_CONTROL], 2);
    CHECK_EQ(io.log[2], IRP_MJ_LOCK_CONTROL);
    CHECK_EQ(io.log[3], IRP_MJ_CLEANUP);
}

KILN_TEST_ONCE(io_fs, a_file_that_was_never_locked_is_not_unlocked)
{
    ZwClose(lock_file(0));
    CHECK_EQ(io.count[IRP_MJ_LOCK_CONTROL], 0);
}

static BOOLEAN NTAPI fast_lock(PFILE_OBJECT file, PLARGE_INTEGER offset, PLARGE_INTEGER length, PEPROCESS process,
                               ULONG key, BOOLEAN fail, BOOLEAN exclusive, PIO_STATUS_BLOCK result,
                               PDEVICE_OBJECT device)
{
    seen.length = *length;
    result->Status = fail ? STATUS_LOCK_NOT_GRANTED : STATUS_SUCCESS;
    return process == PsGetCurrentProcess() && key == 4;
}

static BOOLEAN NTAPI fast_unlock(PFILE_OBJECT file, PLARGE_INTEGER offset, PLARGE_INTEGER length, PEPROCESS process,
                                 ULONG key, PIO_STATUS_BLOCK result, PDEVICE_OBJECT device)
{
    result->Status = STATUS_SUCCESS;
    return key == 4;
}

KILN_TEST_ONCE(io_fs, fast_io_locks_without_a_request)
{
    static FAST_IO_DISPATCH fast = {
        .SizeOfFastIoDispatch = sizeof fast, .FastIoLock = fast_lock, .FastIoUnlockSingle = fast_unlock};
    HANDLE handle = lock_file(0);
    LARGE_INTEGER offset = {.QuadPart = 0}, length = {.QuadPart = 16};
    IO_STATUS_BLOCK block;
    io.driver->FastIoDispatch = &fast;
    CHECK_EQ(ZwLockFile(handle, NULL, NULL, NULL, &block, &offset, &length, 4, FALSE, TRUE), STATUS_SUCCESS);
    CHECK_EQ(ZwLockFile(handle, NULL, NULL, NULL, &block, &offset, &length, 4, TRUE, TRUE),
             STATUS_LOCK_NOT_GRANTED);
    CHECK_EQ(ZwUnlockFile(handle, &block, &offset, &length, 4), STATUS_SUCCESS);
    CHECK_EQ(io.count[IRP_MJ_LOCK_CONTROL], 0);
    CHECK_EQ(ZwLockFile(handle, NULL, NULL, NULL, &block, &offset, &length, 5, FALSE, TRUE), STATUS_SUCCESS);
    CHECK_EQ(io.count[IRP_MJ_LOCK_CONTROL], 1); /* the routine declined */
    io.driver->FastIoDispatch = NULL;
    ZwClose(handle);
}

KILN_TEST_ONCE(io_fs, a_lock_may_pend_until_it_is_granted)
{
    HANDLE event, handle;
    LARGE_INTEGER offset = {.QuadPart = 0}, length = {.QuadPart = 16};
    IO_STATUS_BLOCK block = {.Information = 1};
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_LOCK_CONTROL] = io_pend;
    handle = io_must_open(L"\\Device\\IoTest", 0);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ZwLockFile(handle, event, NULL, NULL, &block, &offset, &length, 0, FALSE, TRUE), STATUS_PENDING);
    io_complete(io.pended, STATUS_SUCCESS, 0);
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(block.Status, STATUS_SUCCESS);
    io.handler[IRP_MJ_LOCK_CONTROL] = NULL;
    ZwClose(event);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- directories */

static NTSTATUS NTAPI one_name(PDEVICE_OBJECT device, PIRP irp)
{
    static const WCHAR name[] = L"file.txt";
    PFILE_NAMES_INFORMATION entry = irp->MdlAddress
                                        ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority)
                                        : (irp->AssociatedIrp.SystemBuffer ? irp->AssociatedIrp.SystemBuffer
                                                                          : irp->UserBuffer);
    seen.location = *IoGetCurrentIrpStackLocation(irp);
    PUNICODE_STRING expression = seen.location.Parameters.QueryDirectory.FileName;
    seen.expression_bytes = expression ? expression->Length : ~0u;
    if (expression)
        RtlCopyMemory(seen.expression, expression->Buffer, expression->Length);
    entry->NextEntryOffset = entry->FileIndex = 0;
    entry->FileNameLength = 16;
    RtlCopyMemory(entry->FileName, name, 16);
    return io_complete(irp, STATUS_SUCCESS, FIELD_OFFSET(FILE_NAMES_INFORMATION, FileName) + 16);
}

static void query_directory(ULONG flags)
{
    UCHAR buffer[64] = {0};
    PFILE_NAMES_INFORMATION entry = (PVOID)buffer;
    UNICODE_STRING expression = RTL_CONSTANT_STRING(L"*.txt");
    IO_STATUS_BLOCK block;
    io_device(L"\\Device\\IoTest", flags);
    io.handler[IRP_MJ_DIRECTORY_CONTROL] = one_name;
    HANDLE handle = io_must_open(L"\\Device\\IoTest", FILE_SYNCHRONOUS_IO_NONALERT);
    CHECK_EQ(ZwQueryDirectoryFile(handle, NULL, NULL, NULL, &block, buffer, sizeof buffer, FileNamesInformation, TRUE,
                                  &expression, TRUE),
             STATUS_SUCCESS);
    CHECK_EQ(block.Information, 12 + 16);
    CHECK_EQ(entry->FileNameLength, 16);
    CHECK_EQ(entry->FileName[5], 't');
    CHECK_EQ(seen.location.MinorFunction, IRP_MN_QUERY_DIRECTORY);
    CHECK_EQ(seen.location.Flags, SL_RESTART_SCAN | SL_RETURN_SINGLE_ENTRY);
    CHECK_EQ(seen.location.Parameters.QueryDirectory.FileInformationClass, FileNamesInformation);
    CHECK_EQ(seen.location.Parameters.QueryDirectory.Length, sizeof buffer);
    CHECK_EQ(seen.expression_bytes, 10);
    CHECK_EQ(seen.expression[4], 't');
    CHECK_EQ(ZwQueryDirectoryFileEx(handle, NULL, NULL, NULL, &block, buffer, sizeof buffer, FileNamesInformation,
                                    SL_NO_CURSOR_UPDATE_QUERY, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(seen.location.Flags, SL_NO_CURSOR_UPDATE_QUERY);
    CHECK_EQ(seen.expression_bytes, ~0u);
    ZwClose(handle);
}

KILN_TEST_ONCE(io_fs, a_directory_answers_into_a_system_buffer)
{
    query_directory(DO_BUFFERED_IO);
}

KILN_TEST_ONCE(io_fs, a_directory_answers_through_an_mdl)
{
    query_directory(DO_DIRECT_IO);
}

KILN_TEST_ONCE(io_fs, a_directory_answers_at_the_callers_address)
{
    query_directory(0);
}

KILN_TEST_ONCE(io_fs, a_directory_query_is_checked_before_it_is_sent)
{
    UCHAR buffer[128];
    IO_STATUS_BLOCK block;
    UNICODE_STRING odd = {3, 4, L"ab"};
    io_device(L"\\Device\\IoTest", 0);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", FILE_SYNCHRONOUS_IO_NONALERT);
#define QUERY(class, bytes, flags, name)                                                                               \
    ZwQueryDirectoryFileEx(handle, NULL, NULL, NULL, &block, buffer, bytes, class, flags, name)
    CHECK_EQ(QUERY(FileBasicInformation, 128, 0, NULL), STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(QUERY((FILE_INFORMATION_CLASS)0x7fff, 128, 0, NULL), STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(QUERY(FileNamesInformation, 11, 0, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(QUERY(FileDirectoryInformation, 63, 0, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(QUERY(FileIdBothDirectoryInformation, 103, 0, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(QUERY(FileNamesInformation, 128, SL_INDEX_SPECIFIED, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(QUERY(FileNamesInformation, 128, 0, &odd), STATUS_INVALID_PARAMETER);
    CHECK_EQ(io.count[IRP_MJ_DIRECTORY_CONTROL], 0);
    CHECK_EQ(QUERY(FileNamesInformation, 12, 0, NULL), STATUS_SUCCESS);
    CHECK_EQ(io.count[IRP_MJ_DIRECTORY_CONTROL], 1);
    ZwClose(handle);
}

KILN_TEST_ONCE(io_fs, a_users_expression_and_buffer_must_be_the_users)
{
    UNICODE_STRING device_name = RTL_CONSTANT_STRING(L"\\Device\\IoTest");
    UCHAR *slice = io_user_pages(0x1000), kernel[64];
    HANDLE handle;
    UNICODE_STRING *name = (PVOID)slice;
    PIO_STATUS_BLOCK block = (PVOID)(slice + 0x100);
    OBJECT_ATTRIBUTES attributes;
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    InitializeObjectAttributes(&attributes, &device_name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_EQ(ZwOpenFile(&handle, FILE_LIST_DIRECTORY | SYNCHRONIZE, &attributes, block, 7,
                        FILE_SYNCHRONOUS_IO_NONALERT),
             STATUS_SUCCESS);
    *name = (UNICODE_STRING){4, 4, (PWCH)kernel};
    io_enter_user();
    NTSTATUS expression = NtQueryDirectoryFile(handle, NULL, NULL, NULL, block, slice + 0x200, 64,
                                               FileNamesInformation, FALSE, name, FALSE);
    NTSTATUS buffer = NtQueryDirectoryFile(handle, NULL, NULL, NULL, block, kernel, 64, FileNamesInformation, FALSE,
                                           NULL, FALSE);
    NTSTATUS both = NtQueryDirectoryFile(handle, NULL, NULL, NULL, block, slice + 0x200, 64, FileNamesInformation,
                                         FALSE, NULL, FALSE);
    NTSTATUS write = NtSetEaFile(handle, block, slice + 0x200, 9);
    NtClose(handle);
    io_leave_user();
    CHECK_EQ(expression, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(buffer, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(both, STATUS_SUCCESS);
    CHECK_EQ(write, STATUS_ACCESS_DENIED); /* opened for listing only */
}

/* ---------------------------------------------------------------- extended attributes and quotas */

static NTSTATUS NTAPI see_list(PDEVICE_OBJECT device, PIRP irp)
{
    PVOID buffer = irp->MdlAddress ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority)
                                   : (irp->AssociatedIrp.SystemBuffer ? irp->AssociatedIrp.SystemBuffer
                                                                     : irp->UserBuffer);
    seen.location = *IoGetCurrentIrpStackLocation(irp);
    switch (seen.location.MajorFunction) {
    case IRP_MJ_QUERY_EA:
    case IRP_MJ_QUERY_QUOTA:
        RtlFillMemory(buffer, 8, 0x5a);
        return io_complete(irp, STATUS_SUCCESS, 8);
    default:
        seen.buffer_bytes = seen.location.Parameters.SetEa.Length;
        RtlCopyMemory(seen.buffer, buffer, seen.buffer_bytes < 64 ? seen.buffer_bytes : 64);
        return io_complete(irp, STATUS_SUCCESS, 0);
    }
}

static HANDLE ea_file(ULONG flags)
{
    io_device(L"\\Device\\IoTest", flags);
    io.handler[IRP_MJ_QUERY_EA] = io.handler[IRP_MJ_SET_EA] = see_list;
    io.handler[IRP_MJ_QUERY_QUOTA] = io.handler[IRP_MJ_SET_QUOTA] = see_list;
    return io_must_open(L"\\Device\\IoTest", 0); /* asynchronous: these services wait all the same */
}

/* One entry "AB" of 2 bytes: 8 + 2 + 1 + 2. */
static ULONG make_ea(UCHAR *list)
{
    PFILE_FULL_EA_INFORMATION ea = (PVOID)list;
    RtlZeroMemory(ea, 16);
    ea->EaNameLength = 2;
    ea->EaValueLength = 2;
    RtlCopyMemory(ea->EaName, "AB\0xy", 5);
    return 13;
}

static void query_and_set_ea(ULONG flags)
{
    HANDLE handle = ea_file(flags);
    UCHAR buffer[32] = {0}, list[32] = {0}, set[32];
    PFILE_GET_EA_INFORMATION get = (PVOID)list;
    IO_STATUS_BLOCK block;
    ULONG index = 9, bytes = make_ea(set);
    get->EaNameLength = 2;
    RtlCopyMemory(get->EaName, "AB", 3);
    CHECK_EQ(ZwQueryEaFile(handle, &block, buffer, sizeof buffer, TRUE, list, 8, &index, TRUE), STATUS_SUCCESS);
    CHECK_EQ(block.Information, 8);
    CHECK_EQ(buffer[7], 0x5a);
    CHECK_EQ(seen.location.Flags, SL_RESTART_SCAN | SL_RETURN_SINGLE_ENTRY);
    CHECK_EQ(seen.location.Parameters.QueryEa.EaListLength, 8);
    CHECK_EQ(ZwQueryEaFile(handle, &block, buffer, sizeof buffer, FALSE, NULL, 0, &index, FALSE), STATUS_SUCCESS);
    CHECK_EQ(seen.location.Flags, SL_INDEX_SPECIFIED);
    CHECK_EQ(seen.location.Parameters.QueryEa.EaIndex, 9);
    CHECK_EQ(seen.location.Parameters.QueryEa.EaList, NULL);
    CHECK_EQ(ZwSetEaFile(handle, &block, set, bytes), STATUS_SUCCESS);
    CHECK_EQ(seen.buffer_bytes, bytes);
    CHECK(RtlEqualMemory(seen.buffer, set, bytes));
    ZwClose(handle);
}

KILN_TEST_ONCE(io_fs, extended_attributes_buffered)
{
    query_and_set_ea(DO_BUFFERED_IO);
}

KILN_TEST_ONCE(io_fs, extended_attributes_direct)
{
    query_and_set_ea(DO_DIRECT_IO);
}

KILN_TEST_ONCE(io_fs, extended_attributes_neither)
{
    query_and_set_ea(0);
}

KILN_TEST_ONCE(io_fs, a_bad_list_of_attributes_is_told_with_its_offset)
{
    HANDLE handle = ea_file(0);
    UCHAR set[64], buffer[8];
    PFILE_FULL_EA_INFORMATION ea = (PVOID)set;
    PFILE_GET_EA_INFORMATION get = (PVOID)set;
    IO_STATUS_BLOCK block;
    ULONG offset, bytes = make_ea(set);
    CHECK_EQ(IoCheckEaBufferValidity(ea, bytes, &offset), STATUS_SUCCESS);
    CHECK_EQ(IoCheckEaBufferValidity(ea, bytes - 1, &offset), STATUS_EA_LIST_INCONSISTENT);
    ea->NextEntryOffset = 16;
    make_ea(set + 16);
    set[16 + 8 + 2] = 'x'; /* the second name is not terminated */
    CHECK_EQ(IoCheckEaBufferValidity(ea, 29, &offset), STATUS_EA_LIST_INCONSISTENT);
    CHECK_EQ(offset, 16);
    CHECK_EQ(ZwSetEaFile(handle, &block, set, 29), STATUS_EA_LIST_INCONSISTENT);
    CHECK_EQ(block.Information, 16);
    ea->NextEntryOffset = 14; /* no ULONG boundary */
    CHECK_EQ(ZwSetEaFile(handle, &block, set, 29), STATUS_EA_LIST_INCONSISTENT);
    CHECK_EQ(block.Information, 0);
    CHECK_EQ(io.count[IRP_MJ_SET_EA], 0);
    RtlZeroMemory(set, sizeof set);
    get->EaNameLength = 4;
    RtlCopyMemory(get->EaName, "NAME", 5);
    CHECK_EQ(ZwQueryEaFile(handle, &block, buffer, 8, FALSE, set, 10, NULL, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ZwQueryEaFile(handle, &block, buffer, 8, FALSE, set, 9, NULL, FALSE), STATUS_EA_LIST_INCONSISTENT);
    get->NextEntryOffset = 40;
    CHECK_EQ(ZwQueryEaFile(handle, &block, buffer, 8, FALSE, set, 12, NULL, FALSE), STATUS_EA_LIST_INCONSISTENT);
    CHECK_EQ(io.count[IRP_MJ_QUERY_EA], 1);
    ZwClose(handle);
}

/* S-1-5-18 */
static PSID system_sid(void)
{
    static SID sid = {SID_REVISION, 1, {SECURITY_NT_AUTHORITY}, {SECURITY_LOCAL_SYSTEM_RID}};
    return &sid;
}

static ULONG make_quota(UCHAR *list)
{
    PFILE_QUOTA_INFORMATION quota = (PVOID)list;
    ULONG bytes = RtlLengthSid(system_sid());
    RtlZeroMemory(quota, FIELD_OFFSET(FILE_QUOTA_INFORMATION, Sid));
    quota->SidLength = bytes;
    RtlCopyMemory(&quota->Sid, system_sid(), bytes);
    return FIELD_OFFSET(FILE_QUOTA_INFORMATION, Sid) + bytes;
}

KILN_TEST_ONCE(io_fs, quotas_are_set_and_queried)
{
    HANDLE handle = ea_file(DO_BUFFERED_IO);
    DECLSPEC_ALIGN(8) UCHAR set[96], list[64] = {0}, buffer[32];
    PFILE_GET_QUOTA_INFORMATION get = (PVOID)list;
    IO_STATUS_BLOCK block;
    ULONG bytes = make_quota(set), sid = RtlLengthSid(system_sid());
    get->SidLength = sid;
    RtlCopyMemory(&get->Sid, system_sid(), sid);
    CHECK_EQ(ZwSetQuotaInformationFile(handle, &block, set, bytes), STATUS_SUCCESS);
    CHECK_EQ(seen.location.MajorFunction, IRP_MJ_SET_QUOTA);
    CHECK_EQ(seen.buffer_bytes, bytes);
    CHECK_EQ(ZwQueryQuotaInformationFile(handle, &block, buffer, 32, TRUE, list, 8 + sid, NULL, TRUE), STATUS_SUCCESS);
    CHECK_EQ(block.Information, 8);
    CHECK_EQ(buffer[0], 0x5a);
    CHECK_EQ(seen.location.Parameters.QueryQuota.SidListLength, 8 + sid);
    CHECK_EQ(seen.location.Flags, SL_RESTART_SCAN | SL_RETURN_SINGLE_ENTRY);
    CHECK_EQ(ZwQueryQuotaInformationFile(handle, &block, buffer, 32, FALSE, NULL, 0, system_sid(), TRUE),
             STATUS_SUCCESS);
    CHECK_EQ(seen.location.Flags, SL_RESTART_SCAN | SL_INDEX_SPECIFIED);
    CHECK_EQ(seen.location.Parameters.QueryQuota.SidListLength, 0);
    get->SidLength = sid + 4;
    CHECK_EQ(ZwQueryQuotaInformationFile(handle, &block, buffer, 32, TRUE, list, 8 + sid, NULL, TRUE),
             STATUS_QUOTA_LIST_INCONSISTENT);
    list[0] = 0;
    get->Sid.Revision = 9;
    CHECK_EQ(ZwQueryQuotaInformationFile(handle, &block, buffer, 32, TRUE, NULL, 0, &get->Sid, TRUE),
             STATUS_INVALID_SID);
    ZwClose(handle);
}

KILN_TEST_ONCE(io_fs, a_bad_list_of_quotas_is_told_with_its_offset)
{
    DECLSPEC_ALIGN(8) UCHAR set[160];
    PFILE_QUOTA_INFORMATION quota = (PVOID)set;
    ULONG bytes = make_quota(set), offset, second = (bytes + 7) & ~7u;
    CHECK_EQ(IoCheckQuotaBufferValidity(quota, bytes, &offset), STATUS_SUCCESS);
    CHECK_EQ(IoCheckQuotaBufferValidity(quota, bytes - 1, &offset), STATUS_QUOTA_LIST_INCONSISTENT);
    CHECK_EQ(IoCheckQuotaBufferValidity((PVOID)(set + 2), bytes, &offset), STATUS_DATATYPE_MISALIGNMENT);
    quota->NextEntryOffset = second;
    make_quota(set + second);
    CHECK_EQ(IoCheckQuotaBufferValidity(quota, second + bytes, &offset), STATUS_SUCCESS);
    ((PFILE_QUOTA_INFORMATION)(set + second))->SidLength++;
    CHECK_EQ(IoCheckQuotaBufferValidity(quota, second + bytes + 1, &offset), STATUS_QUOTA_LIST_INCONSISTENT);
    CHECK_EQ(offset, second);
    quota->NextEntryOffset = second + 2;
    CHECK_EQ(IoCheckQuotaBufferValidity(quota, second + bytes, &offset), STATUS_QUOTA_LIST_INCONSISTENT);
    CHECK_EQ(offset, 0);
}

/* ---------------------------------------------------------------- by name */

static NTSTATUS NTAPI see_create(PDEVICE_OBJECT device, PIRP irp)
{
    seen.location = *IoGetCurrentIrpStackLocation(irp);
    seen.access = seen.location.Parameters.Create.SecurityContext->DesiredAccess;
    return io_complete(irp, STATUS_SUCCESS, FILE_OPENED);
}

static NTSTATUS NTAPI answer_query(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    PFILE_NETWORK_OPEN_INFORMATION network = irp->AssociatedIrp.SystemBuffer;
    switch (sp->Parameters.QueryFile.FileInformationClass) {
    case FileNetworkOpenInformation:
        network->EndOfFile.QuadPart = 1234;
        network->FileAttributes = FILE_ATTRIBUTE_READONLY;
        return io_complete(irp, STATUS_SUCCESS, sizeof *network);
    case FileStatInformation:
        ((PFILE_STAT_INFORMATION)network)->NumberOfLinks = 3;
        return io_complete(irp, STATUS_SUCCESS, sizeof(FILE_STAT_INFORMATION));
    default:
        return io_complete(irp, STATUS_INVALID_PARAMETER, 0);
    }
}

KILN_TEST_ONCE(io_fs, a_file_is_deleted_by_opening_it_for_that)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\IoTest\\old.txt");
    OBJECT_ATTRIBUTES attributes;
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_CREATE] = see_create;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwDeleteFile(&attributes), STATUS_SUCCESS);
    CHECK_EQ(seen.location.Parameters.Create.Options & 0xffffff, FILE_DELETE_ON_CLOSE);
    CHECK_EQ(seen.location.Parameters.Create.Options >> 24, FILE_OPEN);
    CHECK(seen.access & DELETE);
    CHECK_EQ(io.logged, 3);
    CHECK_EQ(io.log[1], IRP_MJ_CLEANUP);
    CHECK_EQ(io.log[2], IRP_MJ_CLOSE);
    attributes.ObjectName = &NAME(L"\\Device\\NotThere");
    CHECK_EQ(ZwDeleteFile(&attributes), STATUS_OBJECT_NAME_NOT_FOUND);
    attributes.ObjectName = &NAME(L"\\NoDirectory\\file");
    CHECK_EQ(ZwDeleteFile(&attributes), STATUS_OBJECT_PATH_NOT_FOUND);
    attributes.ObjectName = &NAME(L"IoTest");
    CHECK_EQ(ZwDeleteFile(&attributes), STATUS_OBJECT_PATH_SYNTAX_BAD);
    CHECK_EQ(ZwDeleteFile(NULL), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(io_fs, attributes_are_asked_by_name)
{
    FILE_NETWORK_OPEN_INFORMATION network;
    FILE_STAT_INFORMATION stat;
    IO_STATUS_BLOCK block;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\IoTest\\a");
    OBJECT_ATTRIBUTES attributes;
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_QUERY_INFORMATION] = answer_query;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwQueryFullAttributesFile(&attributes, &network), STATUS_SUCCESS);
    CHECK_EQ(network.EndOfFile.QuadPart, 1234);
    CHECK_EQ(network.FileAttributes, FILE_ATTRIBUTE_READONLY);
    CHECK_EQ(ZwQueryInformationByName(&attributes, &block, &stat, sizeof stat, FileStatInformation), STATUS_SUCCESS);
    CHECK_EQ(stat.NumberOfLinks, 3);
    CHECK_EQ(block.Information, sizeof stat);
    CHECK_EQ(ZwQueryInformationByName(&attributes, &block, &stat, sizeof stat - 1, FileStatInformation),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwQueryInformationByName(&attributes, &block, &stat, sizeof stat, FileBasicInformation),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(io.count[IRP_MJ_CREATE], io.count[IRP_MJ_CLOSE]);
}

/* ---------------------------------------------------------------- a user's calls */

static HANDLE open_for_user(ACCESS_MASK access)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\IoTest");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    HANDLE handle;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_EQ(ZwOpenFile(&handle, access | SYNCHRONIZE, &attributes, &block, 7, FILE_SYNCHRONOUS_IO_NONALERT),
             STATUS_SUCCESS);
    return handle;
}

KILN_TEST_ONCE(io_fs, a_user_locks_only_a_file_opened_for_data_and_names_user_addresses)
{
    UCHAR *slice = io_user_pages(0x1000);
    PIO_STATUS_BLOCK block = (PVOID)slice;
    PLARGE_INTEGER range = (PVOID)(slice + 0x100);
    LARGE_INTEGER kernel = {.QuadPart = 0};
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_LOCK_CONTROL] = see_lock;
    HANDLE reader = open_for_user(FILE_READ_DATA), attributes = open_for_user(FILE_READ_ATTRIBUTES);
    range[1].QuadPart = 16;
    io_enter_user();
    NTSTATUS lock = NtLockFile(reader, NULL, NULL, NULL, block, &range[0], &range[1], 0, TRUE, FALSE);
    NTSTATUS unlock = NtUnlockFile(reader, block, &range[0], &range[1], 0);
    NTSTATUS denied = NtLockFile(attributes, NULL, NULL, NULL, block, &range[0], &range[1], 0, TRUE, FALSE);
    NTSTATUS unlock_denied = NtUnlockFile(attributes, block, &range[0], &range[1], 0);
    NTSTATUS pointer = NtLockFile(reader, NULL, NULL, NULL, block, &kernel, &range[1], 0, TRUE, FALSE);
    io_leave_user();
    CHECK_EQ(lock, STATUS_SUCCESS);
    CHECK_EQ(unlock, STATUS_SUCCESS);
    CHECK_EQ(denied, STATUS_ACCESS_DENIED);
    CHECK_EQ(unlock_denied, STATUS_ACCESS_DENIED);
    CHECK_EQ(pointer, STATUS_ACCESS_VIOLATION);
    ZwClose(reader);
    ZwClose(attributes);
}

KILN_TEST_ONCE(io_fs, a_users_directory_and_quota_calls_are_probed)
{
    UCHAR *slice = io_user_pages(0x1000);
    PIO_STATUS_BLOCK block = (PVOID)slice;
    DECLSPEC_ALIGN(8) UCHAR kernel[64];
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    io.handler[IRP_MJ_QUERY_QUOTA] = io.handler[IRP_MJ_SET_QUOTA] = see_list;
    HANDLE handle = open_for_user(FILE_READ_DATA | FILE_WRITE_DATA);
    ULONG bytes = make_quota(slice + 0x100);
    io_enter_user();
    NTSTATUS list = NtQueryDirectoryFileEx(handle, NULL, NULL, NULL, block, kernel, 64, FileNamesInformation, 0, NULL);
    NTSTATUS query = NtQueryQuotaInformationFile(handle, block, kernel, 64, TRUE, NULL, 0, NULL, TRUE);
    NTSTATUS good = NtQueryQuotaInformationFile(handle, block, slice + 0x200, 64, TRUE, NULL, 0, NULL, TRUE);
    NTSTATUS sid = NtQueryQuotaInformationFile(handle, block, slice + 0x200, 64, TRUE, NULL, 0, kernel, TRUE);
    NTSTATUS set = NtSetQuotaInformationFile(handle, block, kernel, 64);
    NTSTATUS set_good = NtSetQuotaInformationFile(handle, block, slice + 0x100, bytes);
    io_leave_user();
    CHECK_EQ(list, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(query, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(good, STATUS_SUCCESS);
    CHECK_EQ(slice[0x200], 0x5a);
    CHECK_EQ(sid, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(set, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(set_good, STATUS_SUCCESS);
    ZwClose(handle);
}
