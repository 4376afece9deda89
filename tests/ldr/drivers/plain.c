/* SPDX-License-Identifier: MIT */
/*
 * An ordinary driver with one of everything the loader handles: a relocated pointer, a data import, a
 * discardable section, unwind data, read-only data. It checks them itself and returns STATUS_UNSUCCESSFUL if
 * one is wrong.
 */
#include <wdm.h>

DRIVER_INITIALIZE DriverEntry;

static const ULONG constant = 0x12345678;
static ULONG variable = 7;
static const ULONG *const volatile pointer = &constant; /* needs a relocation */

static __declspec(code_seg("INIT")) __declspec(noinline) ULONG during_init(ULONG x)
{
    return x + variable;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    if (*pointer != 0x12345678 || during_init(1) != 8 || variable++ != 7)
        return STATUS_UNSUCCESSFUL;
    if (IoFileObjectType == NULL)
        return STATUS_UNSUCCESSFUL;
    DbgPrint("plain: %x\n", *pointer);
    return KeGetCurrentIrql() == PASSIVE_LEVEL ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
