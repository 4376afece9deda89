/* SPDX-License-Identifier: MIT */
/* 32-bit processes as drivers tell them: "Supporting 32-Bit I/O in Your 64-Bit Driver", IoIs32bitProcess. */
#include "../io/fixture.h"
#include "layout.h"
#include "pscontrol.h"
#include "pstest.h"
#include "trap.h"

static PEPROCESS process_32(void)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"old.exe");
    PEPROCESS process;
    CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &name, PspUserSlice32, &process), STATUS_SUCCESS);
    return process;
}

static void end(PEPROCESS process)
{
    PspExitProcess(process, STATUS_SUCCESS);
    ObDereferenceObject(process);
}

KILN_TEST(ps_wow64, addresses_of_a_32_bit_process_fit_into_32_bits)
{
    PEPROCESS process = process_32();
    PVOID begin, end_of_slice, va = NULL;
    KAPC_STATE apc;
    ULONG value = 5;
    CHECK(MiQueryUserSlice(process, &begin, &end_of_slice));
    CHECK((ULONG_PTR)end_of_slice <= 0x7FFF0000);
    KeStackAttachProcess(&process->Pcb, &apc);
    CHECK_EQ(MiAllocateUser(process, 0x2000, PAGE_READWRITE, &va), STATUS_SUCCESS);
    CHECK((ULONG_PTR)va < 0x80000000ull);
    CHECK_EQ(KiCopyToUser(va, &value, sizeof value), STATUS_SUCCESS);
    CHECK(MmIsAddressValid(va));
    /* A page of it can be locked and has another address, as any user page. */
    PMDL mdl = IoAllocateMdl(va, 0x2000, FALSE, FALSE, NULL);
    MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    PULONG alias = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    CHECK_EQ(*alias, 5);
    *alias = 6;
    CHECK_EQ(*(PULONG)va, 6);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    KeUnstackDetachProcess(&apc);
    end(process);
}

KILN_TEST_ONCE(ps_wow64, the_system_and_the_client_are_64_bit)
{
    CHECK(!IoIs32bitProcess(NULL));
    CHECK_EQ(PsGetCurrentProcessWow64Process(), NULL);
    CHECK_EQ(PsGetProcessWow64Process(PsInitialSystemProcess), NULL);
}

KILN_TEST_ONCE(ps_wow64, a_32_bit_process_is_told_by_every_means)
{
    PEPROCESS process = process_32();
    KAPC_STATE apc;
    ULONG_PTR wow = 0;
    KeStackAttachProcess(&process->Pcb, &apc);
    CHECK(IoIs32bitProcess(NULL));
    CHECK(PsGetCurrentProcessWow64Process() != NULL);
    CHECK_EQ(ZwQueryInformationProcess(ZwCurrentProcess(), ProcessWow64Information, &wow, sizeof wow, NULL),
             STATUS_SUCCESS);
    CHECK(wow != 0 && wow < 0x80000000);
    KeUnstackDetachProcess(&apc);
    CHECK(!IoIs32bitProcess(NULL));
    CHECK_EQ((ULONG_PTR)PsGetProcessWow64Process(process), wow);
    end(process);
}

/* ---------------------------------------------------------------- the sample of the documentation */

/* The driver thunks: a 32-bit caller's structure holds a 32-bit pointer. */
typedef struct {
    PVOID pointer;
    ULONG bytes;
} REQUEST;

typedef struct {
    ULONG pointer, bytes;
} REQUEST_32;

static BOOLEAN was_32;

static NTSTATUS NTAPI thunk(PDEVICE_OBJECT device, PIRP irp)
{
    PVOID buffer = irp->AssociatedIrp.SystemBuffer;
    ULONG length = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.InputBufferLength;
    REQUEST request;
    was_32 = IoIs32bitProcess(irp);
    if (was_32) {
        REQUEST_32 *given = buffer;
        if (length < sizeof *given)
            return io_complete(irp, STATUS_INVALID_PARAMETER, 0);
        request.pointer = UlongToPtr(given->pointer);
        request.bytes = given->bytes;
    } else {
        if (length < sizeof request)
            return io_complete(irp, STATUS_INVALID_PARAMETER, 0);
        request = *(REQUEST *)buffer;
    }
    return io_complete(irp, KiProbeForWrite(request.pointer, request.bytes, 1), 0);
}

static NTSTATUS user_side(PVOID context)
{
    UCHAR *u = context;
    REQUEST_32 *request = (PVOID)u;
    request->pointer = PtrToUlong(u + 0x800);
    request->bytes = 16;
    return NtDeviceIoControlFile(*(HANDLE *)(u + 0x100), NULL, NULL, NULL, (PVOID)(u + 0x200), IOCTL_TEST_BUFFERED, u,
                                 8, NULL, 0);
}

KILN_TEST_ONCE(ps_wow64, a_request_of_a_32_bit_process_is_thunked)
{
    PEPROCESS process = process_32();
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\IoTest");
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK block;
    KAPC_STATE apc;
    HANDLE handle;
    PVOID va = NULL;
    io_device(L"\\Device\\IoTest", 0);
    io.handler[IRP_MJ_DEVICE_CONTROL] = thunk;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    KeStackAttachProcess(&process->Pcb, &apc);
    CHECK_EQ(MiAllocateUser(process, 0x1000, PAGE_READWRITE, &va), STATUS_SUCCESS);
    CHECK_EQ(ZwOpenFile(&handle, FILE_READ_DATA | SYNCHRONIZE, &attributes, &block, 7, FILE_SYNCHRONOUS_IO_NONALERT),
             STATUS_SUCCESS);
    *(HANDLE *)((PUCHAR)va + 0x100) = handle;
    KeUnstackDetachProcess(&apc);
    CHECK_EQ(ps_join(ps_thread(process, user_side, va)), STATUS_SUCCESS);
    CHECK(was_32);
    ps_join_process(process); /* its last thread has ended */
}

KILN_TEST_ONCE(ps_wow64, there_is_room_for_eight)
{
    PEPROCESS process[8], ninth;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"old.exe");
    for (ULONG i = 0; i < 8; i++)
        process[i] = process_32();
    CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &name, PspUserSlice32, &ninth), STATUS_INSUFFICIENT_RESOURCES);
    end(process[3]);
    process[3] = process_32();
    for (ULONG i = 0; i < 8; i++)
        end(process[i]);
}
