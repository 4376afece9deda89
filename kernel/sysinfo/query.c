/* SPDX-License-Identifier: MIT */
/*
 * sysinfo/query.c: NtQuerySystemInformation: which class, does it fit, copy it out.
 *
 * This is the top of the kernel: it asks every manager and none asks it. Each class is a routine that puts
 * its answer together (sysinfoi.h).
 */
#include "sysinfoi.h"
#include "zw.h"

#define TAG 'nISK'

static const struct {
    SYSTEM_INFORMATION_CLASS class;
    sys_class *answer;
    ULONG alignment;   /* of a user's buffer */
    ULONG shortest;    /* older callers know only that much of it; 0: all or nothing */
    BOOLEAN in_buffer; /* the buffer holds what is asked */
    BOOLEAN extended;  /* NtQuerySystemInformationEx with an input; else without */
} classes[] = {
    {SystemBasicInformation, SysBasic, 4, 0, FALSE, FALSE},
    {SystemProcessorInformation, SysProcessor, 4, 0, FALSE, FALSE},
    {SystemPerformanceInformation, SysPerformance, 4, 0x138, FALSE, FALSE},
    {SystemTimeOfDayInformation, SysTimeOfDay, 4, 1, FALSE, FALSE},
    {SystemProcessInformation, SysProcesses, 4, 0, FALSE, FALSE},
    {SystemProcessorPerformanceInformation, SysProcessorPerformance, 4, 0, FALSE, FALSE},
    {SystemFlagsInformation, SysFlags, 4, 0, FALSE, FALSE},
    {SystemModuleInformation, SysModules, 4, 0, FALSE, FALSE},
    {SystemHandleInformation, SysHandles, 4, 0, FALSE, FALSE},
    {SystemObjectInformation, SysObjects, 4, 0, FALSE, FALSE},
    {SystemPoolTagInformation, SysPoolTags, 4, 0, FALSE, FALSE},
    {SystemInterruptInformation, SysInterrupts, 4, 0, FALSE, FALSE},
    {SystemExceptionInformation, SysExceptions, 4, 0, FALSE, FALSE},
    {SystemKernelDebuggerInformation, SysKernelDebugger, 1, 0, FALSE, FALSE},
    {SystemRegistryQuotaInformation, SysRegistryQuota, 4, 0, FALSE, FALSE},
    {SystemEmulationBasicInformation, SysBasic, 4, 0, FALSE, FALSE},
    {SystemExtendedHandleInformation, SysExtendedHandles, 4, 0, FALSE, FALSE},
    {SystemFirmwareTableInformation, SysFirmwareTable, 4, 0, TRUE, FALSE},
    {SystemModuleInformationEx, SysModulesEx, 4, 0, FALSE, FALSE},
    {SystemCodeIntegrityInformation, SysCodeIntegrity, 4, 0, TRUE, FALSE},
    {SystemProcessorPerformanceInformation, SysProcessorPerformance, 4, 0, FALSE, TRUE},
    {SystemInterruptInformation, SysInterrupts, 4, 0, FALSE, TRUE},
    {SystemLogicalProcessorAndGroupInformation, SysRelationships, 4, 0, FALSE, TRUE},
};

static NTSTATUS query(ULONG i, sys_answer *answer, PVOID information, ULONG length, PULONG returned)
{
    NTSTATUS status = STATUS_SUCCESS;
    if (answer->mode == UserMode) {
        status = KiProbeForWrite(information, length, classes[i].alignment);
        if (NT_SUCCESS(status) && returned)
            status = KiProbeForWrite(returned, sizeof(*returned), sizeof(*returned));
        if (!NT_SUCCESS(status))
            return status;
    }
    answer->user = information;
    answer->room = length;
    answer->data = length ? ExAllocatePool2(POOL_FLAG_NON_PAGED, length, TAG) : NULL;
    if (length && !answer->data)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (classes[i].in_buffer)
        status = KiCopyFromMode(answer->mode, answer->data, information, length);
    if (NT_SUCCESS(status))
        status = classes[i].answer(answer);
    ULONG needed = answer->needed > MAXULONG ? MAXULONG : (ULONG)answer->needed;
    if (NT_SUCCESS(status) && needed > length) {
        status = STATUS_INFO_LENGTH_MISMATCH;
        if (classes[i].shortest && length >= classes[i].shortest) {
            status = STATUS_SUCCESS;
            needed = length;
        }
    }
    if ((NT_SUCCESS(status) || classes[i].in_buffer) && length) {
        NTSTATUS copied =
            KiCopyToMode(answer->mode, information, answer->data, needed < length ? needed : length);
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    if (answer->data)
        ExFreePoolWithTag(answer->data, TAG);
    if (returned) {
        NTSTATUS copied = KiCopyToMode(answer->mode, returned, &needed, sizeof(needed));
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    return status;
}

static LONG find(SYSTEM_INFORMATION_CLASS class, BOOLEAN extended)
{
    for (ULONG i = 0; i < RTL_NUMBER_OF(classes); i++)
        if (classes[i].class == class && classes[i].extended == extended)
            return (LONG)i;
    return -1;
}

NTSTATUS NTAPI NtQuerySystemInformation(SYSTEM_INFORMATION_CLASS Class, PVOID Information, ULONG Length,
                                        PULONG ReturnLength)
{
    sys_answer answer = {.mode = KiThread()->PreviousMode};
    LONG i = find(Class, FALSE);
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return i < 0 ? STATUS_INVALID_INFO_CLASS : query((ULONG)i, &answer, Information, Length, ReturnLength);
}

NTSTATUS NTAPI NtQuerySystemInformationEx(SYSTEM_INFORMATION_CLASS Class, PVOID Input, ULONG InputLength,
                                          PVOID Information, ULONG Length, PULONG ReturnLength)
{
    sys_answer answer = {.mode = KiThread()->PreviousMode};
    ULONG64 input = 0;
    LONG i = find(Class, TRUE);
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (i < 0)
        return STATUS_INVALID_INFO_CLASS;
    if (!Input || !InputLength || InputLength > sizeof(input))
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = KiCopyFromMode(answer.mode, &input, Input, InputLength);
    if (!NT_SUCCESS(status))
        return status;
    answer.input = &input;
    answer.input_bytes = InputLength;
    return query((ULONG)i, &answer, Information, Length, ReturnLength);
}

NTSTATUS NTAPI ZwQuerySystemInformation(SYSTEM_INFORMATION_CLASS Class, PVOID Information, ULONG Length,
                                        PULONG ReturnLength)
{
    KI_ZW(NtQuerySystemInformation(Class, Information, Length, ReturnLength));
}
