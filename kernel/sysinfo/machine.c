/* SPDX-License-Identifier: MIT */
/*
 * sysinfo/machine.c: what the machine is and how busy it is.
 *
 * A machine that has no registry yet, no page file and no audit log says 0 for what belongs to them. Figures
 * of processors are snapshots, parts of which may be older than others.
 */
#include "sysinfoi.h"
#include "exp.h"

NTSTATUS SysBasic(sys_answer *answer)
{
    MI_MEMORY_USAGE memory;
    SYSTEM_BASIC_INFORMATION info = {0};
    MiQueryUsage(&memory);
    info.TimerResolution = KeQueryTimeIncrement();
    info.PageSize = PAGE_SIZE;
    info.NumberOfPhysicalPages = (ULONG)memory.TotalPages;
    info.LowestPhysicalPageNumber = 1;
    info.HighestPhysicalPageNumber = (ULONG)memory.TotalPages - 1;
    info.AllocationGranularity = 0x10000;
    info.MinimumUserModeAddress = 0x10000;
    info.MaximumUserModeAddress = (ULONG_PTR)MmHighestUserAddress;
    info.ActiveProcessorsAffinityMask = KeQueryGroupAffinity(0);
    info.NumberOfProcessors = (CCHAR)KeQueryActiveProcessorCountEx(0);
    sys_append_copy(answer, &info, sizeof(info));
    return STATUS_SUCCESS;
}

NTSTATUS SysProcessor(sys_answer *answer)
{
    int cpu[4];
    __asm__("cpuid" : "=a"(cpu[0]), "=b"(cpu[1]), "=c"(cpu[2]), "=d"(cpu[3]) : "a"(1), "c"(0));
    ULONG family = (ULONG)cpu[0] >> 8 & 15, model = (ULONG)cpu[0] >> 4 & 15;
    if (family == 15)
        family += (ULONG)cpu[0] >> 20 & 0xff;
    model |= ((ULONG)cpu[0] >> 16 & 15) << 4;
    SYSTEM_PROCESSOR_INFORMATION info = {
        .ProcessorArchitecture = 9, /* PROCESSOR_ARCHITECTURE_AMD64 */
        .ProcessorLevel = (USHORT)family,
        .ProcessorRevision = (USHORT)(model << 8 | ((ULONG)cpu[0] & 15)),
        .MaximumProcessors = (USHORT)KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS),
        .ProcessorFeatureBits = (ULONG)cpu[3],
    };
    sys_append_copy(answer, &info, sizeof(info));
    return STATUS_SUCCESS;
}

/* How long a processor's idle thread has run. */
static ULONG64 idle_time(ULONG index)
{
    return KiQueryRunTime(KiPcrs[index].Prcb.IdleThread);
}

NTSTATUS SysPerformance(sys_answer *answer)
{
    SYSTEM_PERFORMANCE_INFORMATION info = {0};
    MI_MEMORY_USAGE memory;
    MI_POOL_TAG tag;
    ULONG cursor = 0, processors = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    KI_PROCESSOR_INFO processor;
    MiQueryUsage(&memory);
    for (ULONG i = 0; i < processors; i++) {
        info.IdleProcessTime.QuadPart += (LONGLONG)idle_time(i);
        if (KiQueryProcessor(i, &processor))
            info.ContextSwitches += (ULONG)processor.Switches;
    }
    info.AvailablePages = (ULONG)memory.FreePages;
    info.CommittedPages = (ULONG)(memory.TotalPages - memory.FreePages);
    info.CommitLimit = (ULONG)memory.TotalPages;
    info.PeakCommitment = info.CommittedPages;
    info.NonPagedPoolPages = (ULONG)((memory.PoolBytes[0] + PAGE_SIZE - 1) / PAGE_SIZE);
    info.PagedPoolPages = (ULONG)((memory.PoolBytes[1] + PAGE_SIZE - 1) / PAGE_SIZE);
    while (MiEnumeratePoolTags(&cursor, &tag)) {
        info.NonPagedPoolAllocs += (ULONG)tag.Allocations[0];
        info.NonPagedPoolFrees += (ULONG)tag.Frees[0];
        info.PagedPoolAllocs += (ULONG)tag.Allocations[1];
        info.PagedPoolFrees += (ULONG)tag.Frees[1];
    }
    sys_append_copy(answer, &info, sizeof(info));
    return STATUS_SUCCESS;
}

NTSTATUS SysTimeOfDay(sys_answer *answer)
{
    SYSTEM_TIMEOFDAY_INFORMATION info = {0};
    KeQuerySystemTime(&info.CurrentTime);
    info.BootTime.QuadPart = info.CurrentTime.QuadPart - (LONGLONG)KeQueryInterruptTime();
    info.TimeZoneBias = ExpTimeZoneBias;
    sys_append_copy(answer, &info, sizeof(info));
    return STATUS_SUCCESS;
}

/* The processors that are asked about: of the group given as input (a USHORT), else of group 0. */
static NTSTATUS asked_processors(sys_answer *answer, USHORT *group, ULONG *count)
{
    *group = answer->input ? *(const USHORT *)answer->input : 0;
    if (answer->input && answer->input_bytes < sizeof(USHORT))
        return STATUS_INVALID_PARAMETER;
    if (*group >= KeQueryActiveGroupCount())
        return STATUS_INVALID_PARAMETER;
    *count = KeQueryActiveProcessorCountEx(*group);
    return STATUS_SUCCESS;
}

static ULONG index_of(USHORT group, ULONG number)
{
    PROCESSOR_NUMBER processor = {.Group = group, .Number = (UCHAR)number};
    return KeGetProcessorIndexFromNumber(&processor);
}

NTSTATUS SysProcessorPerformance(sys_answer *answer)
{
    USHORT group;
    ULONG count;
    NTSTATUS status = asked_processors(answer, &group, &count);
    for (ULONG i = 0; NT_SUCCESS(status) && i < count; i++) {
        ULONG index = index_of(group, i);
        KI_PROCESSOR_INFO processor = {0};
        SYSTEM_PROCESSOR_PERFORMANCE_INFORMATION info = {0};
        KiQueryProcessor(index, &processor);
        info.IdleTime.QuadPart = (LONGLONG)idle_time(index);
        info.KernelTime.QuadPart = (LONGLONG)KeQueryInterruptTime();
        if (info.KernelTime.QuadPart < info.IdleTime.QuadPart)
            info.KernelTime = info.IdleTime;
        info.InterruptCount = (ULONG)processor.Interrupts;
        sys_append_copy(answer, &info, sizeof(info));
    }
    return status;
}

NTSTATUS SysInterrupts(sys_answer *answer)
{
    USHORT group;
    ULONG count;
    NTSTATUS status = asked_processors(answer, &group, &count);
    for (ULONG i = 0; NT_SUCCESS(status) && i < count; i++) {
        KI_PROCESSOR_INFO processor = {0};
        KiQueryProcessor(index_of(group, i), &processor);
        SYSTEM_INTERRUPT_INFORMATION info = {.ContextSwitches = (ULONG)processor.Switches,
                                             .DpcCount = (ULONG)processor.Dpcs,
                                             .TimeIncrement = KeQueryTimeIncrement()};
        sys_append_copy(answer, &info, sizeof(info));
    }
    return status;
}

NTSTATUS SysFlags(sys_answer *answer)
{
    ULONG flags = RtlGetNtGlobalFlags();
    sys_append_copy(answer, &flags, sizeof(flags));
    return STATUS_SUCCESS;
}

NTSTATUS SysPoolTags(sys_answer *answer)
{
    MI_POOL_TAG account;
    ULONG cursor = 0, count = 0;
    SYSTEM_POOLTAG_INFORMATION *head = sys_append(answer, sizeof(*head));
    while (MiEnumeratePoolTags(&cursor, &account)) {
        SYSTEM_POOLTAG tag = {.PagedAllocs = (ULONG)account.Allocations[1],
                              .PagedFrees = (ULONG)account.Frees[1],
                              .PagedUsed = account.Bytes[1],
                              .NonPagedAllocs = (ULONG)account.Allocations[0],
                              .NonPagedFrees = (ULONG)account.Frees[0],
                              .NonPagedUsed = account.Bytes[0]};
        RtlCopyMemory(tag.Tag, &account.Tag, sizeof(tag.Tag));
        sys_append_copy(answer, &tag, sizeof(tag));
        count++;
    }
    if (head)
        head->Count = count;
    return STATUS_SUCCESS;
}

NTSTATUS SysExceptions(sys_answer *answer)
{
    sys_append(answer, sizeof(SYSTEM_EXCEPTION_INFORMATION)); /* nothing is fixed up or emulated */
    return STATUS_SUCCESS;
}

NTSTATUS SysKernelDebugger(sys_answer *answer)
{
    SYSTEM_KERNEL_DEBUGGER_INFORMATION info = {FALSE, TRUE};
    sys_append_copy(answer, &info, sizeof(info));
    return STATUS_SUCCESS;
}

NTSTATUS SysRegistryQuota(sys_answer *answer)
{
    MI_MEMORY_USAGE memory;
    SYSTEM_REGISTRY_QUOTA_INFORMATION info = {0};
    MiQueryUsage(&memory);
    info.RegistryQuotaAllowed = MAXULONG;
    info.PagedPoolSize = memory.TotalPages * PAGE_SIZE;
    sys_append_copy(answer, &info, sizeof(info));
    return STATUS_SUCCESS;
}

NTSTATUS SysCodeIntegrity(sys_answer *answer)
{
    SYSTEM_CODEINTEGRITY_INFORMATION *info = sys_append(answer, sizeof(*info));
    if (!info)
        return STATUS_SUCCESS;
    if (answer->room != sizeof(*info) || info->Length != sizeof(*info))
        return STATUS_INFO_LENGTH_MISMATCH;
    info->CodeIntegrityOptions = 0; /* no signature is verified */
    return STATUS_SUCCESS;
}

NTSTATUS SysFirmwareTable(sys_answer *answer)
{
    SYSTEM_FIRMWARE_TABLE_INFORMATION *info = sys_append(answer, sizeof(*info));
    ULONG bytes = 0;
    NTSTATUS status;
    if (!info)
        return STATUS_SUCCESS;
    ULONG room = answer->room - sizeof(*info);
    if (info->TableBufferLength < room)
        room = info->TableBufferLength;
    if (info->Action == 0)
        status = ExEnumerateSystemFirmwareTables(info->ProviderSignature, info->TableBuffer, room, &bytes);
    else if (info->Action == 1)
        status =
            ExGetSystemFirmwareTable(info->ProviderSignature, info->TableID, info->TableBuffer, room, &bytes);
    else
        return STATUS_INVALID_PARAMETER;
    if (NT_SUCCESS(status) || status == STATUS_BUFFER_TOO_SMALL) {
        info->TableBufferLength = bytes;
        answer->needed += bytes;
    }
    return status;
}

NTSTATUS SysRelationships(sys_answer *answer)
{
    LOGICAL_PROCESSOR_RELATIONSHIP kind;
    ULONG bytes = 0;
    if (answer->input_bytes != sizeof(ULONG))
        return STATUS_INVALID_PARAMETER;
    kind = (LOGICAL_PROCESSOR_RELATIONSHIP) * (const ULONG *)answer->input;
    NTSTATUS status = KeQueryLogicalProcessorRelationship(NULL, kind, NULL, &bytes);
    if (status != STATUS_INFO_LENGTH_MISMATCH)
        return status;
    PVOID to = sys_append(answer, bytes);
    return to ? KeQueryLogicalProcessorRelationship(NULL, kind, to, &bytes) : STATUS_SUCCESS;
}
