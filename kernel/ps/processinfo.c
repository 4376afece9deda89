/* SPDX-License-Identifier: MIT */
/*
 * ps/processinfo.c: NtSetInformationProcess, and the classes of NtQueryInformationProcess that are numbers.
 *
 * A class that means nothing here is refused (STATUS_INVALID_INFO_CLASS), never accepted and ignored.
 */
#include "psi.h"
#include <nt/ps_services.h>

typedef struct process_priority_class {
    BOOLEAN Foreground;
    UCHAR PriorityClass;
} process_priority_class;

typedef union process_setting {
    ULONG number;
    ULONG_PTR mask;
    process_priority_class priority;
} process_setting;

/* ---------------------------------------------------------------- setting */

static ULONG setting_bytes(PROCESSINFOCLASS class)
{
    switch (class) {
    case ProcessBasePriority:
    case ProcessDefaultHardErrorMode:
    case ProcessPriorityBoost:
    case ProcessBreakOnTermination:
    case ProcessPagePriority:
        return sizeof(ULONG);
    case ProcessAffinityMask:
        return sizeof(ULONG_PTR);
    case ProcessPriorityClass:
        return sizeof(process_priority_class);
    default:
        return 0;
    }
}

static BOOLEAN has_privilege(ULONG privilege, KPROCESSOR_MODE mode)
{
    LUID luid = {privilege, 0};
    return SeSinglePrivilegeCheck(luid, mode);
}

static NTSTATUS set_base_priority(PEPROCESS process, KPRIORITY base, KPROCESSOR_MODE mode)
{
    if (base <= LOW_PRIORITY || base > HIGH_PRIORITY)
        return STATUS_INVALID_PARAMETER;
    if (base > process->Pcb.BasePriority && !has_privilege(SE_INC_BASE_PRIORITY_PRIVILEGE, mode))
        return STATUS_PRIVILEGE_NOT_HELD;
    KiSetPriorityProcess(&process->Pcb, base, process->PriorityForeground);
    return STATUS_SUCCESS;
}

static NTSTATUS set_priority_class(PEPROCESS process, const process_priority_class *given,
                                   KPROCESSOR_MODE mode)
{
    KPRIORITY base = PspBasePriorityOfClass(given->PriorityClass);
    if (base == 0)
        return STATUS_INVALID_PARAMETER;
    if (given->PriorityClass == PROCESS_PRIORITY_CLASS_REALTIME &&
        process->PriorityClass != PROCESS_PRIORITY_CLASS_REALTIME &&
        !has_privilege(SE_INC_BASE_PRIORITY_PRIVILEGE, mode))
        return STATUS_PRIVILEGE_NOT_HELD;
    process->PriorityClass = given->PriorityClass;
    process->PriorityForeground = given->Foreground != 0;
    KiSetPriorityProcess(&process->Pcb, base, process->PriorityForeground);
    return STATUS_SUCCESS;
}

static NTSTATUS set_affinity(PEPROCESS process, KAFFINITY affinity)
{
    PETHREAD thread = NULL;
    if (affinity == 0 || (affinity & ~KiActiveProcessors))
        return STATUS_INVALID_PARAMETER;
    process->Pcb.Affinity = affinity;
    while (PspEnumerateThreads(process, &thread))
        if (!thread->ClientThread) /* it stays on the host thread it lives on */
            KiSetAffinityThread(&thread->Tcb, affinity);
    return STATUS_SUCCESS;
}

static NTSTATUS disable_boosts(PEPROCESS process, BOOLEAN disable)
{
    PETHREAD thread = NULL;
    process->PriorityBoostDisabled = disable;
    while (PspEnumerateThreads(process, &thread))
        thread->Tcb.DisableBoost = disable;
    return STATUS_SUCCESS;
}

static NTSTATUS set(PEPROCESS process, PROCESSINFOCLASS class, const process_setting *value,
                    KPROCESSOR_MODE mode)
{
    switch (class) {
    case ProcessBasePriority:
        return set_base_priority(process, (KPRIORITY)value->number, mode);
    case ProcessPriorityClass:
        return set_priority_class(process, &value->priority, mode);
    case ProcessAffinityMask:
        return set_affinity(process, value->mask);
    case ProcessPriorityBoost:
        return disable_boosts(process, value->number != 0);
    case ProcessDefaultHardErrorMode:
        process->HardErrorMode = value->number;
        return STATUS_SUCCESS;
    case ProcessPagePriority:
        if (value->number < 1 || value->number > 5)
            return STATUS_INVALID_PARAMETER;
        process->PagePriority = (UCHAR)value->number;
        return STATUS_SUCCESS;
    default: /* ProcessBreakOnTermination */
        if (!has_privilege(SE_DEBUG_PRIVILEGE, mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        process->BreakOnTermination = value->number != 0;
        return STATUS_SUCCESS;
    }
}

NTSTATUS NTAPI NtSetInformationProcess(HANDLE ProcessHandle, PROCESSINFOCLASS ProcessInformationClass,
                                       PVOID ProcessInformation, ULONG ProcessInformationLength)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    ULONG bytes = setting_bytes(ProcessInformationClass);
    process_setting value = {0};
    PEPROCESS process;
    if (bytes == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (ProcessInformationLength != bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = KiCopyFromMode(mode, &value, ProcessInformation, bytes);
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_SET_INFORMATION, PspProcessType, mode,
                                       (PVOID *)&process, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = set(process, ProcessInformationClass, &value, mode);
    ObDereferenceObject(process);
    return status;
}

NTSTATUS NTAPI ZwSetInformationProcess(HANDLE ProcessHandle, PROCESSINFOCLASS ProcessInformationClass,
                                       PVOID ProcessInformation, ULONG ProcessInformationLength)
{
    KI_ZW(NtSetInformationProcess(ProcessHandle, ProcessInformationClass, ProcessInformation,
                                  ProcessInformationLength));
}

/* ---------------------------------------------------------------- asking */

static ULONG64 run_time(PEPROCESS process)
{
    PETHREAD thread = NULL;
    ULONG64 time = KiQueryEndedRunTime(&process->Pcb); /* of ended threads */
    while (PspEnumerateThreads(process, &thread))
        time += KiQueryRunTime(&thread->Tcb);
    return time;
}

ULONG PspQueryProcessNumber(PEPROCESS Process, PROCESSINFOCLASS Class, PSP_PROCESS_NUMBER *Answer)
{
    *Answer = (PSP_PROCESS_NUMBER){0};
    switch (Class) {
    case ProcessTimes:
        Answer->Times[0] = (ULONG64)Process->CreateTime.QuadPart;
        Answer->Times[1] = (ULONG64)Process->ExitTime.QuadPart;
        Answer->Times[2] = run_time(Process);
        return sizeof(Answer->Times);
    case ProcessCycleTime:
        Answer->Times[0] = PsQueryTotalCycleTimeProcess(Process, &Answer->Times[1]);
        return 2 * sizeof(ULONG64);
    case ProcessPriorityClass:
        Answer->Bytes[0] = Process->PriorityForeground;
        Answer->Bytes[1] = Process->PriorityClass;
        return sizeof(process_priority_class);
    case ProcessHandleCount:
        Answer->Number =
            Process->ObjectTable && !Process->Exiting ? ObQueryHandleCount(Process->ObjectTable) : 0;
        return sizeof(ULONG);
    case ProcessAffinityMask:
        Answer->Mask = Process->Pcb.Affinity & KiActiveProcessors;
        return sizeof(ULONG_PTR);
    case ProcessPriorityBoost:
        Answer->Number = Process->PriorityBoostDisabled;
        return sizeof(ULONG);
    case ProcessSessionInformation:
        Answer->Number = Process->SessionId;
        return sizeof(ULONG);
    case ProcessDefaultHardErrorMode:
        Answer->Number = Process->HardErrorMode;
        return sizeof(ULONG);
    case ProcessPagePriority:
        Answer->Number = Process->PagePriority;
        return sizeof(ULONG);
    case ProcessSubsystemInformation:
        Answer->Number = 0; /* SubsystemInformationTypeWin32 */
        return sizeof(ULONG);
    default:
        return 0;
    }
}
