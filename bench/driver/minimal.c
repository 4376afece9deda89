/* SPDX-License-Identifier: MIT */
/* The smallest driver that loads and unloads: what loading itself costs. */
#include <ntddk.h>

static void NTAPI unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING registry_path)
{
    UNREFERENCED_PARAMETER(registry_path);
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
