/* SPDX-License-Identifier: MIT */
/* A driver that imports from another one and links libraries of the SDK: what the CMake and Meson test projects build. */
#include <ntddk.h>
#include <aux_klib.h>
#include <procgrp.h>

__declspec(dllimport) ULONG NTAPI LibraryAnswer(VOID);

DRIVER_INITIALIZE DriverEntry;

static VOID NTAPI Unload(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
}

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    UNREFERENCED_PARAMETER(RegistryPath);
    DriverObject->DriverUnload = Unload;
    WdmlibProcgrpInitialize();
    if (!NT_SUCCESS(AuxKlibInitialize()))
        return STATUS_UNSUCCESSFUL;
    DbgPrint("Hello: the answer is %u\n", LibraryAnswer());
    return STATUS_SUCCESS;
}
