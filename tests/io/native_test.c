/* SPDX-License-Identifier: MIT */
/* File services as kernel callers use them, and what drivers link from wdmsec.lib and iointex.lib. */
#include "fixture.h"
#include "../exc/exc_driver.h"

#include <iointex.h>
#include <wdmsec.h>

static IO_STACK_LOCATION seen;
static UCHAR seen_buffer[8];

static NTSTATUS NTAPI see(PDEVICE_OBJECT device, PIRP irp)
{
    seen = *IoGetCurrentIrpStackLocation(irp);
    if (irp->AssociatedIrp.SystemBuffer)
        RtlCopyMemory(seen_buffer, irp->AssociatedIrp.SystemBuffer, 4);
    return io_complete(irp, STATUS_SUCCESS, seen.MajorFunction == IRP_MJ_QUERY_INFORMATION ? 4 : 0);
}

static HANDLE open_file(void)
{
    io_device(L"\\Device\\Native", 0);
    for (ULONG i = IRP_MJ_READ; i <= IRP_MJ_MAXIMUM_FUNCTION; i++)
        if (i != IRP_MJ_CLEANUP)
            io.handler[i] = see;
    return io_must_open(L"\\Device\\Native", FILE_SYNCHRONOUS_IO_NONALERT);
}

#define FSCTL_TEST CTL_CODE(FILE_DEVICE_FILE_SYSTEM, 0x700, METHOD_BUFFERED, FILE_ANY_ACCESS)

KILN_TEST_ONCE(io_native, control_requests_reach_the_driver_with_their_code)
{
    HANDLE handle = open_file();
    IO_STATUS_BLOCK block;
    CHECK_EQ(ZwDeviceIoControlFile(handle, NULL, NULL, NULL, &block, IOCTL_TEST_BUFFERED, "abcd", 4, NULL, 0), STATUS_SUCCESS);
    CHECK_EQ(seen.MajorFunction, IRP_MJ_DEVICE_CONTROL);
    CHECK_EQ(seen.Parameters.DeviceIoControl.IoControlCode, IOCTL_TEST_BUFFERED);
    CHECK_EQ(seen_buffer[3], 'd');
    CHECK_EQ(ZwFsControlFile(handle, NULL, NULL, NULL, &block, FSCTL_TEST, "efgh", 4, NULL, 0), STATUS_SUCCESS);
    CHECK_EQ(seen.MajorFunction, IRP_MJ_FILE_SYSTEM_CONTROL);
    CHECK_EQ(seen.MinorFunction, IRP_MN_USER_FS_REQUEST);
    CHECK_EQ(seen.Parameters.FileSystemControl.FsControlCode, FSCTL_TEST);
    CHECK_EQ(seen_buffer[0], 'e');
    CHECK_EQ(NtFsControlFile(handle, NULL, NULL, NULL, &block, FSCTL_TEST, "ijkl", 4, NULL, 0), STATUS_SUCCESS);
    CHECK_EQ(seen_buffer[0], 'i');
    CHECK_EQ(NtFsControlFile(NULL, NULL, NULL, NULL, &block, FSCTL_TEST, NULL, 0, NULL, 0), STATUS_INVALID_HANDLE);
    ZwClose(handle);
}

KILN_TEST_ONCE(io_native, a_flush_says_what_of_it_is_wanted)
{
    HANDLE handle = open_file();
    IO_STATUS_BLOCK block;
    CHECK_EQ(ZwFlushBuffersFileEx(handle, 0, NULL, 0, &block), STATUS_SUCCESS);
    CHECK_EQ(seen.MajorFunction, IRP_MJ_FLUSH_BUFFERS);
    CHECK_EQ(seen.MinorFunction, 0);
    CHECK_EQ(NtFlushBuffersFileEx(handle, FLUSH_FLAGS_FILE_DATA_ONLY, NULL, 0, &block), STATUS_SUCCESS);
    CHECK_EQ(seen.MinorFunction, IRP_MN_FLUSH_DATA_ONLY);
    CHECK_EQ(ZwFlushBuffersFileEx(handle, FLUSH_FLAGS_NO_SYNC, NULL, 0, &block), STATUS_SUCCESS);
    CHECK_EQ(seen.MinorFunction, IRP_MN_FLUSH_NO_SYNC);
    CHECK_EQ(ZwFlushBuffersFileEx(handle, FLUSH_FLAGS_FILE_DATA_ONLY | FLUSH_FLAGS_NO_SYNC, NULL, 0, &block),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(NtFlushBuffersFileEx(handle, 0x80, NULL, 0, &block), STATUS_INVALID_PARAMETER);
    ZwClose(handle);
}

KILN_TEST_ONCE(io_native, file_and_volume_information_go_both_ways)
{
    HANDLE handle = open_file();
    IO_STATUS_BLOCK block;
    FILE_BASIC_INFORMATION basic = {.FileAttributes = FILE_ATTRIBUTE_HIDDEN};
    FILE_FS_DEVICE_INFORMATION device;
    FILE_POSITION_INFORMATION position = {.CurrentByteOffset.QuadPart = 4711};
    struct {
        FILE_FS_LABEL_INFORMATION label;
        WCHAR rest[4];
    } label = {.label.VolumeLabelLength = 8};
    CHECK_EQ(NtSetInformationFile(handle, &block, &basic, sizeof basic, FileBasicInformation), STATUS_SUCCESS);
    CHECK_EQ(seen.MajorFunction, IRP_MJ_SET_INFORMATION);
    CHECK_EQ(seen.Parameters.SetFile.FileInformationClass, FileBasicInformation);
    CHECK_EQ(NtSetInformationFile(handle, &block, &basic, 4, FileBasicInformation), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(NtSetInformationFile(handle, &block, &position, sizeof position, FilePositionInformation), STATUS_SUCCESS);
    position.CurrentByteOffset.QuadPart = 0;
    CHECK_EQ(NtQueryInformationFile(handle, &block, &position, sizeof position, FilePositionInformation), STATUS_SUCCESS);
    CHECK_EQ(position.CurrentByteOffset.QuadPart, 4711);
    CHECK_EQ(NtQueryInformationFile(handle, &block, &position, 4, FilePositionInformation), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(NtQueryVolumeInformationFile(handle, &block, &device, sizeof device, FileFsDeviceInformation), STATUS_SUCCESS);
    CHECK_EQ(device.DeviceType, FILE_DEVICE_UNKNOWN);
    CHECK_EQ(ZwSetVolumeInformationFile(handle, &block, &label, sizeof label, FileFsLabelInformation), STATUS_SUCCESS);
    CHECK_EQ(seen.MajorFunction, IRP_MJ_SET_VOLUME_INFORMATION);
    CHECK_EQ(seen.Parameters.SetVolume.FsInformationClass, FileFsLabelInformation);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- wdmsec.lib, iointex.lib */

KILN_TEST_ONCE(io_wdmlib, a_device_is_made_with_a_descriptor_of_its_own)
{
    UNICODE_STRING name = NAME(L"\\Device\\Secure"), sddl = NAME(L"D:P(A;;GA;;;SY)"), wrong = NAME(L"D:P(A;;");
    PDEVICE_OBJECT device;
    PSECURITY_DESCRIPTOR descriptor;
    BOOLEAN allocated, present, defaulted;
    PACL acl = NULL;
    CHECK_EQ(IoCreateDeviceSecure(io_driver(), 0, NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &sddl, NULL, &device),
             STATUS_INVALID_PARAMETER);
    CHECK(!NT_SUCCESS(WdmlibIoCreateDeviceSecure(io_driver(), 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &wrong, NULL, &device)));
    CHECK(device == NULL);
    CHECK_EQ(WdmlibIoCreateDeviceSecure(io_driver(), 16, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &sddl, NULL, &device),
             STATUS_SUCCESS);
    CHECK_EQ(ObGetObjectSecurity(device, &descriptor, &allocated), STATUS_SUCCESS);
    CHECK_EQ(RtlGetDaclSecurityDescriptor(descriptor, &present, &acl, &defaulted), STATUS_SUCCESS);
    CHECK(present && acl && acl->AceCount == 1);
    ObReleaseObjectSecurity(descriptor, allocated);
    IoDeleteDevice(device);
}

/* The rest is only linked into drivers: drivers/wdmlib.c calls it. */
KILN_TEST_ONCE(io_wdmlib, a_driver_calls_the_library_s_routines)
{
    PKLDR_MODULE module = exc_load("io_wdmlib.sys");
    if (module)
        CHECK_EQ(exc_function(module, "call_wdmlib")(), 0); /* or the line that went wrong */
}

static volatile ULONG interrupts;

static BOOLEAN NTAPI service(PKINTERRUPT interrupt, PVOID context)
{
    interrupts++;
    return TRUE;
}

KILN_TEST_ONCE(io_wdmlib, an_interrupt_is_connected_through_the_library)
{
    PKINTERRUPT interrupt;
    LARGE_INTEGER delay = {.QuadPart = -100000};
    IO_CONNECT_INTERRUPT_PARAMETERS connect = {.Version = CONNECT_FULLY_SPECIFIED};
    connect.FullySpecified.PhysicalDeviceObject = io_device(NULL, 0);
    connect.FullySpecified.InterruptObject = &interrupt;
    connect.FullySpecified.ServiceRoutine = service;
    connect.FullySpecified.Vector = 0x52;
    connect.FullySpecified.Irql = connect.FullySpecified.SynchronizeIrql = 5;
    connect.FullySpecified.InterruptMode = Latched;
    connect.FullySpecified.ProcessorEnableMask = KeQueryActiveProcessors();
    CHECK_EQ(WdmlibIoConnectInterruptEx(&connect), STATUS_SUCCESS);
    KiPostVector(0x52);
    for (int i = 0; i < 100 && !interrupts; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &delay);
    CHECK_EQ(interrupts, 1);
    IO_DISCONNECT_INTERRUPT_PARAMETERS disconnect = {.Version = connect.Version};
    disconnect.ConnectionContext.InterruptObject = interrupt;
    WdmlibIoDisconnectInterruptEx(&disconnect);
}
