/* SPDX-License-Identifier: MIT */
/* Imports from the export driver by name, by ordinal, data, and a routine that is forwarded to the kernel. */
#include <wdm.h>

DRIVER_INITIALIZE DriverEntry;

__declspec(dllimport) ULONG NTAPI ExporterAdd(ULONG A, ULONG B);
__declspec(dllimport) ULONG NTAPI ExporterByOrdinal(VOID);
__declspec(dllimport) SIZE_T NTAPI ExporterForward(const VOID *A, const VOID *B, SIZE_T Length);
__declspec(dllimport) ULONG ExporterCount;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    if (ExporterCount != 100 || ExporterAdd(1, 2) != 103 || ExporterCount != 101)
        return STATUS_UNSUCCESSFUL;
    if (ExporterByOrdinal() != 9 || ExporterForward("abc", "abd", 3) != 2)
        return STATUS_UNSUCCESSFUL;
    return STATUS_SUCCESS;
}
