/* SPDX-License-Identifier: MIT */
/*
 * Executes what it put into ordinary nonpaged pool. Built once for each way to say what NonPagedPool means; a test
 * calls `execute`, which returns what the copied function returns, if it may run at all.
 */
#include <ntddk.h>

DRIVER_INITIALIZE DriverEntry;
__declspec(dllexport) int execute(void);
__declspec(dllexport) int execute_cache_aligned(void);

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    return STATUS_SUCCESS;
}

static int run_from(POOL_TYPE Type)
{
    static const UCHAR ReturnsSeven[] = {0xB8, 7, 0, 0, 0, 0xC3}; /* mov eax, 7; ret */
    UCHAR *Code = ExAllocatePoolWithTag(Type, sizeof(ReturnsSeven), 'xNtK');
    int Result;

    if (!Code)
        return -1;
    RtlCopyMemory(Code, ReturnsSeven, sizeof(ReturnsSeven));
    Result = ((int (*)(void))Code)();
    ExFreePoolWithTag(Code, 'xNtK');
    return Result;
}

int execute(void)
{
    DriverEntry(NULL, NULL); /* the loader of these tests does not call it */
    return run_from(NonPagedPool);
}

int execute_cache_aligned(void)
{
    DriverEntry(NULL, NULL);
    return run_from(NonPagedPoolCacheAligned);
}
