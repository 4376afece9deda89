/* SPDX-License-Identifier: MIT */
/* An export driver: its DriverEntry is never called, its routines are. */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
ULONG NTAPI LibraryAnswer(VOID);

ULONG NTAPI LibraryAnswer(VOID)
{
    return 42;
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(DriverObject);
    UNREFERENCED_PARAMETER(RegistryPath);
    return STATUS_SUCCESS;
}
