/* SPDX-License-Identifier: MIT */
/* A driver that forgets everything when it goes: the report must name each thing. With LEAKY_FAILS,
 * DriverEntry fails. */
#include <ntddk.h>

static VOID NTAPI unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\IoLeaky"),
                   link = RTL_CONSTANT_STRING(L"\\??\\IoLeaky");
    PDEVICE_OBJECT device;
    NTSTATUS status = IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);

    UNREFERENCED_PARAMETER(path);
    if (!NT_SUCCESS(status))
        return status;
    driver->DriverUnload = unload;
    IoCreateSymbolicLink(&link, &name);
    ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'kaeL');
    IoAllocateWorkItem(device);
#ifdef LEAKY_FAILS
    return STATUS_DEVICE_CONFIGURATION_ERROR;
#else
    return STATUS_SUCCESS;
#endif
}
