/* SPDX-License-Identifier: MIT */
/* Reads, writes and control requests: buffers by method, user pointers, access, synchronous and overlapped
 * files. */
#include "fixture.h"

static NTSTATUS ioctl(HANDLE handle, ULONG code, PVOID in, ULONG in_bytes, PVOID out, ULONG out_bytes,
                      PIO_STATUS_BLOCK block)
{
    return NtDeviceIoControlFile(handle, NULL, NULL, NULL, block, code, in, in_bytes, out, out_bytes);
}

static HANDLE open_synchronous(ULONG flags)
{
    io_device(L"\\Device\\IoTest", flags);
    return io_must_open(L"\\Device\\IoTest", FILE_SYNCHRONOUS_IO_NONALERT);
}

/* ---------------------------------------------------------------- control methods */

KILN_TEST(io_control, buffered_copies_through_the_system_buffer)
{
    HANDLE handle = open_synchronous(0);
    char in[] = "0123456789", out[] = "..........";
    IO_STATUS_BLOCK block;
    io.handler[IRP_MJ_DEVICE_CONTROL] = io_echo;
    CHECK_EQ(ioctl(handle, IOCTL_TEST_BUFFERED, in, 4, out, 10, &block), STATUS_SUCCESS);
    CHECK_EQ(block.Information, 4);
    CHECK_EQ(block.Status, STATUS_SUCCESS);
    CHECK(out[3] == '3' && out[4] == '.');
    ZwClose(handle);
}

static NTSTATUS NTAPI too_much(PDEVICE_OBJECT device, PIRP irp)
{
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, 8, 'x');
    return io_complete(irp, STATUS_SUCCESS, 8);
}

KILN_TEST_ONCE(io_control, a_result_never_exceeds_the_output_buffer)
{
    HANDLE handle = open_synchronous(0);
    char in[8] = "", out[8] = "........";
    IO_STATUS_BLOCK block;
    io.handler[IRP_MJ_DEVICE_CONTROL] = too_much;
    ioctl(handle, IOCTL_TEST_BUFFERED, in, 8, out, 4, &block);
    CHECK(out[3] == 'x' && out[4] == '.');
}

static NTSTATUS NTAPI buffer_overflow(PDEVICE_OBJECT device, PIRP irp)
{
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, 4, 'y');
    return io_complete(irp, STATUS_BUFFER_OVERFLOW, 4);
}

static NTSTATUS NTAPI too_small(PDEVICE_OBJECT device, PIRP irp)
{
    RtlFillMemory(irp->AssociatedIrp.SystemBuffer, 4, 'z');
    return io_complete(irp, STATUS_BUFFER_TOO_SMALL, 4);
}

KILN_TEST_ONCE(io_control, warnings_return_data_and_errors_do_not)
{
    HANDLE handle = open_synchronous(0);
    char out[4] = "....";
    IO_STATUS_BLOCK block = {.Information = 77};
    io.handler[IRP_MJ_DEVICE_CONTROL] = too_small;
    CHECK_EQ(ioctl(handle, IOCTL_TEST_BUFFERED, NULL, 0, out, 4, &block), STATUS_BUFFER_TOO_SMALL);
    CHECK(out[0] == '.');
    io.handler[IRP_MJ_DEVICE_CONTROL] = buffer_overflow;
    CHECK_EQ(ioctl(handle, IOCTL_TEST_BUFFERED, NULL, 0, out, 4, &block), STATUS_BUFFER_OVERFLOW);
    CHECK(out[0] == 'y');
    CHECK_EQ(block.Status, STATUS_BUFFER_OVERFLOW);
}

static NTSTATUS NTAPI look_at_direct(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    CHECK_EQ(sp->Parameters.DeviceIoControl.InputBufferLength, 3);
    CHECK_EQ(sp->Parameters.DeviceIoControl.OutputBufferLength, 6);
    CHECK_EQ(*(char *)irp->AssociatedIrp.SystemBuffer, 'i');
    CHECK(irp->MdlAddress != NULL && irp->MdlAddress->Next == NULL);
    CHECK_EQ(MmGetMdlByteCount(irp->MdlAddress), 6);
    CHECK(irp->MdlAddress->MdlFlags & MDL_PAGES_LOCKED);
    char *data = MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute);
    CHECK(data != NULL);
    if (sp->Parameters.DeviceIoControl.IoControlCode == IOCTL_TEST_OUT_DIRECT)
        data[0] = 'D';
    else
        CHECK_EQ(data[0], 'o');
    return io_complete(irp, STATUS_SUCCESS, 6);
}

KILN_TEST(io_control, direct_locks_the_second_buffer)
{
    HANDLE handle = open_synchronous(0);
    char *pages = ExAllocatePoolWithTag(NonPagedPoolNx, 64, 'tset');
    IO_STATUS_BLOCK block;
    io.handler[IRP_MJ_DEVICE_CONTROL] = look_at_direct;
    RtlCopyMemory(pages, "input", 5);
    RtlCopyMemory(pages + 32, "output", 6);
    CHECK_EQ(ioctl(handle, IOCTL_TEST_IN_DIRECT, pages, 3, pages + 32, 6, &block), STATUS_SUCCESS);
    CHECK_EQ(pages[32], 'o');
    CHECK_EQ(ioctl(handle, IOCTL_TEST_OUT_DIRECT, pages, 3, pages + 32, 6, &block), STATUS_SUCCESS);
    CHECK_EQ(pages[32], 'D');
    ExFreePoolWithTag(pages, 'tset');
    ZwClose(handle);
}

static PVOID expected_in, expected_out;

static NTSTATUS NTAPI look_at_neither(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    CHECK(sp->Parameters.DeviceIoControl.Type3InputBuffer == expected_in);
    CHECK(irp->UserBuffer == expected_out);
    CHECK(irp->AssociatedIrp.SystemBuffer == NULL && irp->MdlAddress == NULL);
    return io_complete(irp, STATUS_SUCCESS, 0);
}

KILN_TEST_ONCE(io_control, neither_passes_the_addresses)
{
    HANDLE handle = open_synchronous(0);
    char in[4], out[4];
    IO_STATUS_BLOCK block;
    io.handler[IRP_MJ_DEVICE_CONTROL] = look_at_neither;
    expected_in = in;
    expected_out = out;
    CHECK_EQ(ioctl(handle, IOCTL_TEST_NEITHER, in, 4, out, 4, &block), STATUS_SUCCESS);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- user mode */

static HANDLE open_as_user(ACCESS_MASK access, UCHAR *slice)
{
    /* everything a user-mode call names lies in the user's slice */
    struct {
        WCHAR text[32];
        UNICODE_STRING name;
        OBJECT_ATTRIBUTES attributes;
        IO_STATUS_BLOCK block;
        HANDLE handle;
    } *u = (PVOID)slice;
    RtlCopyMemory(u->text, L"\\Device\\IoTest", 28);
    u->name = (UNICODE_STRING){28, 28, u->text};
    InitializeObjectAttributes(&u->attributes, &u->name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    io_enter_user();
    NTSTATUS status = NtOpenFile(&u->handle, access | SYNCHRONIZE, &u->attributes, &u->block, 0,
                                 FILE_SYNCHRONOUS_IO_NONALERT);
    io_leave_user();
    CHECK_EQ(status, STATUS_SUCCESS);
    return u->handle;
}

KILN_TEST_ONCE(io_user, a_user_pointer_into_the_kernel_is_refused)
{
    UCHAR *slice = io_user_pages(0x2000);
    char kernel[16] = "";
    io_device(L"\\Device\\IoTest", 0);
    HANDLE handle = open_as_user(FILE_READ_DATA | FILE_WRITE_DATA, slice);
    PIO_STATUS_BLOCK block = (PVOID)(slice + 0x400);
    io.handler[IRP_MJ_DEVICE_CONTROL] = io_echo;
    io_enter_user();
    NTSTATUS in = ioctl(handle, IOCTL_TEST_BUFFERED, kernel, 8, slice + 0x500, 8, block);
    NTSTATUS out = ioctl(handle, IOCTL_TEST_BUFFERED, slice + 0x500, 8, kernel, 8, block);
    NTSTATUS status = ioctl(handle, IOCTL_TEST_BUFFERED, slice + 0x500, 8, slice + 0x600, 8, (PVOID)kernel);
    NTSTATUS direct = ioctl(handle, IOCTL_TEST_OUT_DIRECT, slice + 0x500, 8, kernel, 8, block);
    NTSTATUS good = ioctl(handle, IOCTL_TEST_BUFFERED, slice + 0x500, 8, slice + 0x600, 8, block);
    NtClose(handle);
    io_leave_user();
    CHECK_EQ(in, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(out, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(status, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(direct, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(good, STATUS_SUCCESS);
    CHECK_EQ(io.count[IRP_MJ_DEVICE_CONTROL], 1);
    CHECK_EQ(block->Information, 8);
}

KILN_TEST_ONCE(io_user, a_bad_user_address_is_a_status)
{
    UCHAR *slice = io_user_pages(0x1000);
    io_device(L"\\Device\\IoTest", DO_DIRECT_IO);
    HANDLE handle = open_as_user(FILE_READ_DATA | FILE_WRITE_DATA, slice);
    PIO_STATUS_BLOCK block = (PVOID)(slice + 0x400);
    PVOID bad = slice + 0x800000;
    io_enter_user();
    NTSTATUS control = ioctl(handle, IOCTL_TEST_BUFFERED, bad, 8, NULL, 0, block);
    NTSTATUS read = NtReadFile(handle, NULL, NULL, NULL, block, bad, 64, NULL, NULL);
    NTSTATUS write = NtWriteFile(handle, NULL, NULL, NULL, block, bad, 64, NULL, NULL);
    NtClose(handle);
    io_leave_user();
    CHECK_EQ(control, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(read, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(write, STATUS_ACCESS_VIOLATION);
    CHECK_EQ(io.count[IRP_MJ_READ] + io.count[IRP_MJ_WRITE] + io.count[IRP_MJ_DEVICE_CONTROL], 0);
}

KILN_TEST_ONCE(io_user, the_control_code_says_what_access_it_needs)
{
    UCHAR *slice = io_user_pages(0x1000);
    io_device(L"\\Device\\IoTest", 0);
    HANDLE handle = open_as_user(FILE_READ_DATA, slice);
    PIO_STATUS_BLOCK block = (PVOID)(slice + 0x400);
    io_enter_user();
    NTSTATUS any = ioctl(handle, IOCTL_TEST_BUFFERED, NULL, 0, NULL, 0, block);
    NTSTATUS read = ioctl(handle, IOCTL_TEST_READ, NULL, 0, NULL, 0, block);
    NTSTATUS write = ioctl(handle, IOCTL_TEST_WRITE, NULL, 0, NULL, 0, block);
    NTSTATUS write_data = NtWriteFile(handle, NULL, NULL, NULL, block, slice, 1, NULL, NULL);
    NtClose(handle);
    io_leave_user();
    CHECK_EQ(any, STATUS_SUCCESS);
    CHECK_EQ(read, STATUS_SUCCESS);
    CHECK_EQ(write, STATUS_ACCESS_DENIED);
    CHECK_EQ(write_data, STATUS_ACCESS_DENIED);
}

static NTSTATUS NTAPI validate(PDEVICE_OBJECT device, PIRP irp)
{
    return io_complete(irp, IoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS), 0);
}

KILN_TEST_ONCE(io_user, a_driver_can_check_access_later)
{
    UCHAR *slice = io_user_pages(0x1000);
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_DEVICE_CONTROL] = validate;
    HANDLE reader = open_as_user(FILE_READ_DATA, slice), writer = open_as_user(FILE_WRITE_DATA, slice);
    PIO_STATUS_BLOCK block = (PVOID)(slice + 0x400);
    io_enter_user();
    NTSTATUS refused = ioctl(reader, IOCTL_TEST_BUFFERED, NULL, 0, NULL, 0, block);
    NTSTATUS granted = ioctl(writer, IOCTL_TEST_BUFFERED, NULL, 0, NULL, 0, block);
    io_leave_user();
    CHECK_EQ(refused, STATUS_ACCESS_DENIED);
    CHECK_EQ(granted, STATUS_SUCCESS);
}

/* ---------------------------------------------------------------- read and write */

static NTSTATUS NTAPI fill(PDEVICE_OBJECT device, PIRP irp)
{
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    ULONG length = sp->Parameters.Read.Length;
    UCHAR *data =
        device->Flags & DO_BUFFERED_IO ? irp->AssociatedIrp.SystemBuffer
        : device->Flags & DO_DIRECT_IO
            ? MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority | MdlMappingNoExecute)
            : irp->UserBuffer;
    for (ULONG i = 0; i < length; i++)
        data[i] = (UCHAR)(sp->Parameters.Read.ByteOffset.QuadPart + i);
    sp->FileObject->CurrentByteOffset.QuadPart = sp->Parameters.Read.ByteOffset.QuadPart + length;
    return io_complete(irp, STATUS_SUCCESS, length);
}

static void read_with(ULONG flags)
{
    UCHAR data[300];
    IO_STATUS_BLOCK block;
    LARGE_INTEGER offset = {.QuadPart = 5};
    HANDLE handle = open_synchronous(flags);
    io.handler[IRP_MJ_READ] = fill;
    CHECK_EQ(ZwReadFile(handle, NULL, NULL, NULL, &block, data, 300, &offset, NULL), STATUS_SUCCESS);
    CHECK_EQ(block.Information, 300);
    for (int i = 0; i < 300; i++)
        CHECK_EQ(data[i], (UCHAR)(i + 5));
    CHECK_EQ(ZwReadFile(handle, NULL, NULL, NULL, &block, data, 10, NULL, NULL), STATUS_SUCCESS);
    CHECK_EQ(data[0], (UCHAR)305); /* went on where the file was */
    ZwClose(handle);
}

KILN_TEST(io_read, buffered)
{
    read_with(DO_BUFFERED_IO);
}

KILN_TEST(io_read, direct)
{
    read_with(DO_DIRECT_IO);
}

KILN_TEST(io_read, neither)
{
    read_with(0);
}

static char written[16];

static NTSTATUS NTAPI take(PDEVICE_OBJECT device, PIRP irp)
{
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.Write.Length;
    RtlCopyMemory(written, irp->AssociatedIrp.SystemBuffer, length);
    return io_complete(irp, STATUS_SUCCESS, length);
}

KILN_TEST_ONCE(io_write, buffered_data_reaches_the_driver)
{
    IO_STATUS_BLOCK block;
    HANDLE handle = open_synchronous(DO_BUFFERED_IO);
    io.handler[IRP_MJ_WRITE] = take;
    CHECK_EQ(ZwWriteFile(handle, NULL, NULL, NULL, &block, "written", 8, NULL, NULL), STATUS_SUCCESS);
    CHECK(written[0] == 'w' && written[6] == 'n' && written[7] == 0);
    CHECK_EQ(ZwFlushBuffersFile(handle, &block), STATUS_SUCCESS);
    CHECK_EQ(io.count[IRP_MJ_FLUSH_BUFFERS], 1);
    ZwClose(handle);
}

KILN_TEST_ONCE(io_read, an_asynchronous_file_needs_an_offset)
{
    UCHAR data[4];
    IO_STATUS_BLOCK block;
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    CHECK_EQ(ZwReadFile(handle, NULL, NULL, NULL, &block, data, 4, NULL, NULL), STATUS_INVALID_PARAMETER);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- pending requests */

static VOID NTAPI complete_later(PVOID context)
{
    LARGE_INTEGER delay = {.QuadPart = -20000};
    KeDelayExecutionThread(KernelMode, FALSE, &delay);
    *(ULONG *)io.pended->AssociatedIrp.SystemBuffer = 0xABCD;
    io_complete(io.pended, STATUS_SUCCESS, 4);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void start_completer(void)
{
    HANDLE thread;
    CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, complete_later, NULL),
             STATUS_SUCCESS);
    ZwClose(thread);
}

static NTSTATUS NTAPI pend_and_start(PDEVICE_OBJECT device, PIRP irp)
{
    io_pend(device, irp);
    start_completer();
    return STATUS_PENDING;
}

KILN_TEST(io_pend, a_synchronous_file_waits)
{
    ULONG data = 0;
    IO_STATUS_BLOCK block;
    HANDLE handle = open_synchronous(DO_BUFFERED_IO);
    io.handler[IRP_MJ_READ] = pend_and_start;
    CHECK_EQ(ZwReadFile(handle, NULL, NULL, NULL, &block, &data, 4, NULL, NULL), STATUS_SUCCESS);
    CHECK_EQ(data, 0xABCD);
    CHECK_EQ(block.Information, 4);
    ZwClose(handle);
}

KILN_TEST(io_pend, an_overlapped_file_returns_and_sets_the_event)
{
    ULONG data = 0;
    IO_STATUS_BLOCK block = {.Status = STATUS_PENDING};
    LARGE_INTEGER zero = {.QuadPart = 0};
    HANDLE event;
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    CHECK_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, NULL, NotificationEvent, TRUE), STATUS_SUCCESS);
    io.handler[IRP_MJ_READ] = io_pend;
    CHECK_EQ(ZwReadFile(handle, event, NULL, NULL, &block, &data, 4, &zero, NULL), STATUS_PENDING);
    LARGE_INTEGER now = {.QuadPart = 0};
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, &now), STATUS_TIMEOUT); /* the service has cleared it */
    start_completer();
    CHECK_EQ(ZwWaitForSingleObject(event, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(block.Status, STATUS_SUCCESS);
    CHECK_EQ(data, 0xABCD);
    ZwClose(event);
    ZwClose(handle);
}

KILN_TEST(io_pend, without_an_event_the_file_is_signaled)
{
    ULONG data = 0;
    IO_STATUS_BLOCK block = {.Status = STATUS_PENDING};
    LARGE_INTEGER zero = {.QuadPart = 0};
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_READ] = pend_and_start;
    CHECK_EQ(ZwReadFile(handle, NULL, NULL, NULL, &block, &data, 4, &zero, NULL), STATUS_PENDING);
    CHECK_EQ(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(data, 0xABCD);
    ZwClose(handle);
}

KILN_TEST(io_pend, a_port_receives_the_completion)
{
    ULONG data = 0;
    IO_STATUS_BLOCK block = {.Status = STATUS_PENDING}, result;
    LARGE_INTEGER zero = {.QuadPart = 0};
    HANDLE port;
    PVOID key = NULL, context = NULL;
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    CHECK_EQ(ZwCreateIoCompletion(&port, 0x1F0003, NULL, 0), STATUS_SUCCESS);
    FILE_COMPLETION_INFORMATION info = {port, (PVOID)0x11};
    CHECK_EQ(ZwSetInformationFile(handle, &result, &info, sizeof info, FileCompletionInformation),
             STATUS_SUCCESS);
    CHECK_EQ(ZwSetInformationFile(handle, &result, &info, sizeof info, FileCompletionInformation),
             STATUS_INVALID_PARAMETER);
    io.handler[IRP_MJ_READ] = pend_and_start;
    CHECK_EQ(ZwReadFile(handle, NULL, NULL, (PVOID)0x22, &block, &data, 4, &zero, NULL), STATUS_PENDING);
    CHECK_EQ(NtRemoveIoCompletion(port, &key, &context, &result, NULL), STATUS_SUCCESS);
    CHECK_EQ((ULONG_PTR)key, 0x11);
    CHECK_EQ((ULONG_PTR)context, 0x22);
    CHECK_EQ(result.Information, 4);
    CHECK_EQ(data, 0xABCD);
    CHECK_EQ(NtRemoveIoCompletion(port, &key, &context, &result, &zero), STATUS_TIMEOUT);
    ZwClose(handle);
    ZwClose(port);
}

static ULONG apc_calls;
static PIO_STATUS_BLOCK apc_block;

static VOID NTAPI on_done(PVOID context, PIO_STATUS_BLOCK block, ULONG reserved)
{
    CHECK_EQ((ULONG_PTR)context, 0x33);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    apc_block = block;
    apc_calls++;
}

KILN_TEST(io_pend, an_apc_routine_is_called_in_the_issuing_thread)
{
    ULONG data = 0;
    IO_STATUS_BLOCK block = {.Status = STATUS_PENDING};
    LARGE_INTEGER zero = {.QuadPart = 0};
    io_device(L"\\Device\\IoTest", DO_BUFFERED_IO);
    HANDLE handle = io_must_open(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_READ] = pend_and_start;
    CHECK_EQ(ZwReadFile(handle, NULL, on_done, (PVOID)0x33, &block, &data, 4, &zero, NULL), STATUS_PENDING);
    CHECK_EQ(ZwWaitForSingleObject(handle, TRUE, NULL), STATUS_SUCCESS);
    LARGE_INTEGER delay = {.QuadPart = -10000};
    for (int i = 0; i < 100 && !apc_calls; i++)
        KeDelayExecutionThread(KernelMode, TRUE, &delay);
    CHECK_EQ(apc_calls, 1);
    CHECK(apc_block == &block);
    CHECK_EQ(block.Information, 4);
    ZwClose(handle);
}

static NTSTATUS NTAPI forget_to_mark(PDEVICE_OBJECT device, PIRP irp)
{
    io_complete(irp, STATUS_SUCCESS, 0);
    return STATUS_PENDING;
}

KILN_TEST_BUGCHECK(io_pend, pending_without_the_mark_is_recognised, DRIVER_VERIFIER_IOMANAGER_VIOLATION)
{
    IO_STATUS_BLOCK block;
    HANDLE handle = open_synchronous(0);
    io.handler[IRP_MJ_DEVICE_CONTROL] = forget_to_mark;
    ioctl(handle, IOCTL_TEST_BUFFERED, NULL, 0, NULL, 0, &block);
}

static NTSTATUS NTAPI mark_only(PDEVICE_OBJECT device, PIRP irp)
{
    IoMarkIrpPending(irp);
    return io_complete(irp, STATUS_SUCCESS, 0);
}

KILN_TEST_BUGCHECK(io_pend, the_mark_without_pending_is_recognised, DRIVER_VERIFIER_IOMANAGER_VIOLATION)
{
    IO_STATUS_BLOCK block;
    HANDLE handle = open_synchronous(0);
    io.handler[IRP_MJ_DEVICE_CONTROL] = mark_only;
    ioctl(handle, IOCTL_TEST_BUFFERED, NULL, 0, NULL, 0, &block);
}

static NTSTATUS NTAPI do_nothing(PDEVICE_OBJECT device, PIRP irp)
{
    return STATUS_SUCCESS;
}

KILN_TEST_BUGCHECK(io_pend, doing_nothing_is_recognised, DRIVER_VERIFIER_IOMANAGER_VIOLATION)
{
    IO_STATUS_BLOCK block;
    HANDLE handle = open_synchronous(0);
    io.handler[IRP_MJ_DEVICE_CONTROL] = do_nothing;
    ioctl(handle, IOCTL_TEST_BUFFERED, NULL, 0, NULL, 0, &block);
}

/* ---------------------------------------------------------------- fast I/O */

static ULONG fast_calls;
static BOOLEAN fast_answer;

static BOOLEAN NTAPI fast_control(PFILE_OBJECT file, BOOLEAN wait, PVOID in, ULONG in_bytes, PVOID out,
                                  ULONG out_bytes, ULONG code, PIO_STATUS_BLOCK status, PDEVICE_OBJECT device)
{
    fast_calls++;
    status->Status = STATUS_SUCCESS;
    status->Information = 9;
    return fast_answer;
}

static FAST_IO_DISPATCH fast = {.SizeOfFastIoDispatch = sizeof fast, .FastIoDeviceControl = fast_control};

KILN_TEST_ONCE(io_fast, control_is_offered_to_the_fast_routine_first)
{
    IO_STATUS_BLOCK block;
    HANDLE handle = open_synchronous(0);
    io_driver()->FastIoDispatch = &fast;
    fast_answer = TRUE;
    CHECK_EQ(ioctl(handle, IOCTL_TEST_BUFFERED, NULL, 0, NULL, 0, &block), STATUS_SUCCESS);
    CHECK_EQ(fast_calls, 1);
    CHECK_EQ(block.Information, 9);
    CHECK_EQ(io.count[IRP_MJ_DEVICE_CONTROL], 0);
    fast_answer = FALSE; /* not this one: an IRP is made */
    CHECK_EQ(ioctl(handle, IOCTL_TEST_BUFFERED, NULL, 0, NULL, 0, &block), STATUS_SUCCESS);
    CHECK_EQ(fast_calls, 2);
    CHECK_EQ(io.count[IRP_MJ_DEVICE_CONTROL], 1);
    ZwClose(handle);
}
