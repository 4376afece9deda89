/* SPDX-License-Identifier: MIT */
/* A driver that calls what wdmsec.lib holds. */
#include <ntifs.h>
#include <wdmsec.h>

#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            return __LINE__;                                                                                           \
    } while (0)

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return STATUS_SUCCESS;
}

/* A control request's access is validated against what the file was opened for; the kernel's own always passes. */
static int validate_access(void)
{
    PIRP irp = IoAllocateIrp(1, FALSE);
    REQUIRE(irp != NULL);
    IoSetNextIrpStackLocation(irp);
    PIO_STACK_LOCATION sp = IoGetCurrentIrpStackLocation(irp);
    sp->MajorFunction = IRP_MJ_DEVICE_CONTROL;
    sp->Flags = SL_READ_ACCESS_GRANTED; /* by the I/O manager, from the open */
    irp->RequestorMode = UserMode;
    REQUIRE(WdmlibIoValidateDeviceIoControlAccess(irp, FILE_READ_ACCESS) == STATUS_SUCCESS);
    REQUIRE(WdmlibIoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS) == STATUS_ACCESS_DENIED);
    irp->RequestorMode = KernelMode;
    REQUIRE(WdmlibIoValidateDeviceIoControlAccess(irp, FILE_WRITE_ACCESS) == STATUS_SUCCESS);
    IoFreeIrp(irp);
    return 0;
}

/* A string is described, or refused when its length does not fit. */
static int describe_strings(void)
{
    UNICODE_STRING string;
    SIZE_T bytes = 0x10010;
    PWSTR text = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, 'tset');
    REQUIRE(text != NULL);
    for (SIZE_T i = 0; i + 1 < bytes / sizeof(WCHAR); i++)
        text[i] = 'x';
    REQUIRE(WdmlibRtlInitUnicodeStringEx(&string, L"abc") == STATUS_SUCCESS && string.Length == 6);
    REQUIRE(WdmlibRtlInitUnicodeStringEx(&string, NULL) == STATUS_SUCCESS && string.Length == 0);
    REQUIRE(WdmlibRtlInitUnicodeStringEx(&string, text) == STATUS_NAME_TOO_LONG);
    ExFreePoolWithTag(text, 'tset');
    return 0;
}

__declspec(dllexport) int call_wdmlib(void)
{
    int line = validate_access();
    return line ? line : describe_strings();
}
