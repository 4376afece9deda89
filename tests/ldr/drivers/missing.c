/* SPDX-License-Identifier: MIT */
/* Imports a routine that no kernel ever had; calls it only when told to. */
#include <wdm.h>

DRIVER_INITIALIZE DriverEntry;

__declspec(dllimport) NTSTATUS NTAPI KeNoSuchRoutine(ULONG Value);

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return RegistryPath != NULL ? STATUS_SUCCESS : KeNoSuchRoutine(1);
}
