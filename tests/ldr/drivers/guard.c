/* SPDX-License-Identifier: MIT */
/*
 * Built as MSVC builds drivers: stack cookies, control-flow guard, the entry point of the static library, a
 * PDB. Calls through a pointer go through the guard's dispatch routine, and a function with a buffer checks
 * its cookie.
 */
#include <wdm.h>

DRIVER_INITIALIZE DriverEntry;

static __declspec(noinline) ULONG twice(ULONG x)
{
    return 2 * x;
}

static __declspec(noinline) ULONG thrice(ULONG x)
{
    return 3 * x;
}

static ULONG (*volatile routines[])(ULONG) = {twice, thrice};

static __declspec(noinline) ULONG sum(const char *text)
{
    char copy[16];
    ULONG total = 0;
    for (ULONG i = 0; i < sizeof copy; i++)
        copy[i] = text[i];
    for (ULONG i = 0; i < sizeof copy; i++)
        total += ((volatile char *)copy)[i];
    return total;
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    if (routines[0](21) != 42 || routines[1](14) != 42)
        return STATUS_UNSUCCESSFUL;
    return sum("\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1") == 16 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
