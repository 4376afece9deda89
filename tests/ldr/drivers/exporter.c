/* SPDX-License-Identifier: MIT */
/* An export driver: loaded because another imports from it, told by DllInitialize, and by DllUnload at the
 * end. */
#include <wdm.h>

DRIVER_INITIALIZE DriverEntry;
NTSTATUS NTAPI DllInitialize(PUNICODE_STRING RegistryPath);
NTSTATUS NTAPI DllUnload(VOID);

ULONG ExporterCount = 0; /* exported data */

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DllInitialize(PUNICODE_STRING RegistryPath)
{
    DbgPrint("exporter: DllInitialize %wZ\n", RegistryPath);
    ExporterCount = 100;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI DllUnload(VOID)
{
    DbgPrint("exporter: DllUnload\n");
    return STATUS_SUCCESS;
}

ULONG NTAPI ExporterAdd(ULONG A, ULONG B)
{
    return A + B + ExporterCount++;
}

ULONG NTAPI ExporterByOrdinal(VOID)
{
    return 9;
}
