/* SPDX-License-Identifier: MIT */
/* An export driver: what matters is its routine, not its DriverEntry. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
ULONG NTAPI LibraryAnswer(VOID);

ULONG NTAPI LibraryAnswer(VOID)
{
    return 42;
}

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
