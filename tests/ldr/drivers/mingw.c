/* SPDX-License-Identifier: MIT */
/* Built by mingw-w64 gcc with its own DDK headers: another compiler's sections, relocations and import
 * tables. */
#include <ntddk.h>

static const ULONG constant = 0x12345678;
static const ULONG *volatile pointer = &constant;

NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    KEVENT event;
    (void)DriverObject;
    (void)RegistryPath;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    if (KeSetEvent(&event, 0, FALSE) != 0 || KeSetEvent(&event, 0, FALSE) == 0)
        return STATUS_UNSUCCESSFUL;
    return *pointer == 0x12345678 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
