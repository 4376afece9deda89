/* SPDX-License-Identifier: MIT */
/*
 * ps/information.c: asking and telling threads and processes by handle: NtSetInformationThread, the queries,
 * and the services that open tokens.
 *
 * A class that means nothing here is refused (STATUS_INVALID_INFO_CLASS), never accepted and ignored.
 */
#include "pscontrol.h"
#include "psi.h"
#include <nt/ps_services.h>

typedef struct thread_basic {
    NTSTATUS exit_status;
    PVOID teb;
    CLIENT_ID cid;
    KAFFINITY affinity;
    KPRIORITY priority;
    KPRIORITY base_priority;
} thread_basic;

typedef struct process_basic {
    NTSTATUS exit_status;
    PVOID peb;
    ULONG_PTR affinity;
    KPRIORITY base_priority;
    HANDLE id, parent;
} process_basic;

typedef struct user_times {
    LARGE_INTEGER create, exit, kernel, user;
} user_times;

C_ASSERT(sizeof(thread_basic) == 0x30 && sizeof(process_basic) == 0x30);

static KPROCESSOR_MODE previous_mode(void)
{
    return KiThread()->PreviousMode;
}

/* ---------------------------------------------------------------- threads */

static NTSTATUS set_priority(PETHREAD thread, KPRIORITY priority, KPROCESSOR_MODE mode)
{
    LUID privilege = {SE_INC_BASE_PRIORITY_PRIVILEGE, 0};
    if (priority <= LOW_PRIORITY || priority > HIGH_PRIORITY)
        return STATUS_INVALID_PARAMETER;
    if (priority >= LOW_REALTIME_PRIORITY && !SeSinglePrivilegeCheck(privilege, mode))
        return STATUS_PRIVILEGE_NOT_HELD;
    KeSetPriorityThread(&thread->Tcb, priority);
    return STATUS_SUCCESS;
}

static NTSTATUS set_base_priority(PETHREAD thread, LONG increment)
{
    BOOLEAN realtime = thread->Tcb.BasePriority >= LOW_REALTIME_PRIORITY;
    LONG limit = realtime ? 7 : 2;
    /* Beyond the limits are the two saturated values: idle and time critical. */
    if ((increment > limit || increment < -limit) && increment != (HIGH_PRIORITY + 1) / 2 &&
        increment != -((HIGH_PRIORITY + 1) / 2))
        return STATUS_INVALID_PARAMETER;
    KeSetBasePriorityThread(&thread->Tcb, increment);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtSetInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass,
                                      PVOID ThreadInformation, ULONG ThreadInformationLength)
{
    KPROCESSOR_MODE mode = previous_mode();
    PETHREAD thread;
    PSP_THREAD_SETTING value = {0};
    BOOLEAN priority = ThreadInformationClass == ThreadPriority || ThreadInformationClass == ThreadBasePriority ||
                       ThreadInformationClass == ThreadPagePriority;
    ULONG bytes = priority ? sizeof(LONG) : PspThreadSettingBytes(ThreadInformationClass);
    if (bytes == 0)
        return STATUS_INVALID_INFO_CLASS;
    if (ThreadInformationLength != bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = KiCopyFromMode(mode, &value, ThreadInformation, bytes);
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(
        ThreadHandle,
        ThreadInformationClass == ThreadNameInformation ? THREAD_SET_LIMITED_INFORMATION : THREAD_SET_INFORMATION,
        PspThreadType, mode, (PVOID *)&thread, NULL);
    if (!NT_SUCCESS(status))
        return status;
    switch (ThreadInformationClass) {
    case ThreadPriority:
        status = set_priority(thread, (LONG)value.Number, mode);
        break;
    case ThreadBasePriority:
        status = set_base_priority(thread, (LONG)value.Number);
        break;
    case ThreadPagePriority:
        if (value.Number >= 1 && value.Number <= 5)
            thread->PagePriority = (UCHAR)value.Number;
        else
            status = STATUS_INVALID_PARAMETER;
        break;
    default:
        status = PspSetThread(thread, ThreadInformationClass, &value, mode);
        break;
    }
    ObDereferenceObject(thread);
    return status;
}

static NTSTATUS answer(const void *from, ULONG bytes, PVOID to, ULONG length, PULONG return_length,
                       KPROCESSOR_MODE mode)
{
    if (length != bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = KiCopyToMode(mode, to, from, bytes);
    if (NT_SUCCESS(status) && return_length)
        status = KiCopyToMode(mode, return_length, &bytes, sizeof(bytes));
    return status;
}

NTSTATUS NTAPI NtQueryInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass,
                                        PVOID ThreadInformation, ULONG ThreadInformationLength,
                                        PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = previous_mode();
    PETHREAD thread;
    union {
        thread_basic basic;
        user_times times;
        ULONG number;
        ULONG64 cycles[2];
        PVOID address;
        PSP_THREAD_SETTING setting;
    } info = {0};
    ULONG bytes;
    NTSTATUS status = ObReferenceObjectByHandle(ThreadHandle, THREAD_QUERY_INFORMATION, PspThreadType, mode,
                                                (PVOID *)&thread, NULL);
    if (!NT_SUCCESS(status))
        return status;
    switch (ThreadInformationClass) {
    case ThreadBasicInformation:
        info.basic = (thread_basic){KI_PEEK(thread->ExitStatus),       thread->Tcb.Teb,      thread->Cid,
                                    thread->Tcb.UserAffinity, thread->Tcb.Priority, thread->Tcb.BasePriority};
        bytes = sizeof(info.basic);
        break;
    case ThreadTimes:
        info.times.create = thread->CreateTime;
        info.times.exit = thread->ExitTime;
        info.times.kernel.QuadPart = (LONGLONG)KiQueryRunTime(&thread->Tcb);
        info.times.user.QuadPart = 0;
        bytes = sizeof(info.times);
        break;
    case ThreadAmILastThread:
        info.number = thread->ThreadsProcess->ActiveThreads == 1;
        bytes = sizeof(ULONG);
        break;
    case ThreadIsTerminated:
        info.number = thread->Terminated;
        bytes = sizeof(ULONG);
        break;
    case ThreadPagePriority:
        info.number = thread->PagePriority;
        bytes = sizeof(ULONG);
        break;
    case ThreadSuspendCount:
        info.number = (ULONG)thread->Tcb.SuspendCount;
        bytes = sizeof(ULONG);
        break;
    case ThreadCycleTime:
        info.cycles[0] = thread->Tcb.CycleTime;
        bytes = sizeof(info.cycles);
        break;
    case ThreadQuerySetWin32StartAddress:
        info.address = (PVOID)(ULONG_PTR)thread->StartAddress;
        bytes = sizeof(info.address);
        break;
    case ThreadNameInformation:
        status = PspQueryThreadName(thread, ThreadInformation, ThreadInformationLength, ReturnLength, mode);
        ObDereferenceObject(thread);
        return status;
    default:
        bytes = PspQueryThreadSetting(thread, ThreadInformationClass, &info.setting);
        break;
    }
    ObDereferenceObject(thread);
    if (bytes == 0)
        return STATUS_INVALID_INFO_CLASS;
    return answer(&info, bytes, ThreadInformation, ThreadInformationLength, ReturnLength, mode);
}

/* ---------------------------------------------------------------- processes */

static NTSTATUS query_image_name(PEPROCESS process, PVOID to, ULONG length, PULONG return_length,
                                 KPROCESSOR_MODE mode)
{
    UNICODE_STRING name = {0};
    if (process->ImageFullName)
        name = *process->ImageFullName;
    ULONG needed = sizeof(name) + name.Length + sizeof(WCHAR);
    NTSTATUS status = STATUS_INFO_LENGTH_MISMATCH;
    if (length >= needed) {
        UNICODE_STRING users = {name.Length, (USHORT)(name.Length + sizeof(WCHAR)),
                                (PWCH)((UCHAR *)to + sizeof(name))};
        static const WCHAR zero;
        status = KiCopyToMode(mode, to, &users, sizeof(users));
        if (NT_SUCCESS(status))
            status = KiCopyToMode(mode, users.Buffer, name.Buffer, name.Length);
        if (NT_SUCCESS(status))
            status = KiCopyToMode(mode, (UCHAR *)users.Buffer + name.Length, &zero, sizeof(zero));
    }
    if (return_length && (NT_SUCCESS(status) || status == STATUS_INFO_LENGTH_MISMATCH)) {
        NTSTATUS copied = KiCopyToMode(mode, return_length, &needed, sizeof(needed));
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    return status;
}

NTSTATUS NTAPI NtQueryInformationProcess(HANDLE ProcessHandle, PROCESSINFOCLASS ProcessInformationClass,
                                         PVOID ProcessInformation, ULONG ProcessInformationLength,
                                         PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = previous_mode();
    PEPROCESS process;
    ULONG_PTR none = 0;
    NTSTATUS status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_QUERY_INFORMATION, PspProcessType,
                                                mode, (PVOID *)&process, NULL);
    if (!NT_SUCCESS(status))
        return status;
    switch (ProcessInformationClass) {
    case ProcessBasicInformation: {
        process_basic info = {process->ExitStatus,
                              process->Peb,
                              process->Pcb.Affinity & KiActiveProcessors,
                              process->Pcb.BasePriority,
                              process->UniqueProcessId,
                              process->InheritedFromUniqueProcessId};
        status =
            answer(&info, sizeof(info), ProcessInformation, ProcessInformationLength, ReturnLength, mode);
        break;
    }
    case ProcessWow64Information: {
        PVOID peb = PsGetProcessWow64Process(process);
        status = answer(&peb, sizeof(peb), ProcessInformation, ProcessInformationLength, ReturnLength, mode);
        break;
    }
    case ProcessDebugPort: /* nobody debugs it */
        status =
            answer(&none, sizeof(none), ProcessInformation, ProcessInformationLength, ReturnLength, mode);
        break;
    case ProcessBreakOnTermination:
        status = answer(&process->BreakOnTermination, sizeof(ULONG), ProcessInformation,
                        ProcessInformationLength, ReturnLength, mode);
        break;
    case ProcessImageFileName:
        status = query_image_name(process, ProcessInformation, ProcessInformationLength, ReturnLength, mode);
        break;
    default: {
        PSP_PROCESS_NUMBER number;
        ULONG bytes = PspQueryProcessNumber(process, ProcessInformationClass, &number);
        status = bytes ? answer(&number, bytes, ProcessInformation, ProcessInformationLength, ReturnLength, mode)
                       : STATUS_INVALID_INFO_CLASS;
        break;
    }
    }
    ObDereferenceObject(process);
    return status;
}

/* ---------------------------------------------------------------- tokens */

static NTSTATUS open_token(PACCESS_TOKEN token, ACCESS_MASK access, BOOLEAN as_process, ULONG attributes,
                           PHANDLE to, KPROCESSOR_MODE mode)
{
    HANDLE handle;
    if (mode == UserMode)
        attributes &= ~(ULONG)OBJ_KERNEL_HANDLE;
    NTSTATUS status = SepOpenToken(token, access, as_process, attributes, mode, &handle);
    ObDereferenceObject(token);
    if (!NT_SUCCESS(status))
        return status;
    status = KiCopyToMode(mode, to, &handle, sizeof(handle));
    if (!NT_SUCCESS(status))
        ObCloseHandle(handle, KernelMode);
    return status;
}

NTSTATUS NTAPI NtOpenProcessTokenEx(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess, ULONG HandleAttributes,
                                    PHANDLE TokenHandle)
{
    KPROCESSOR_MODE mode = previous_mode();
    PEPROCESS process;
    NTSTATUS status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_QUERY_INFORMATION, PspProcessType,
                                                mode, (PVOID *)&process, NULL);
    if (!NT_SUCCESS(status))
        return status;
    PACCESS_TOKEN token = PsReferencePrimaryToken(process);
    ObDereferenceObject(process);
    return open_token(token, DesiredAccess, FALSE, HandleAttributes, TokenHandle, mode);
}

NTSTATUS NTAPI NtOpenProcessToken(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess, PHANDLE TokenHandle)
{
    return NtOpenProcessTokenEx(ProcessHandle, DesiredAccess, 0, TokenHandle);
}

NTSTATUS NTAPI NtOpenThreadTokenEx(HANDLE ThreadHandle, ACCESS_MASK DesiredAccess, BOOLEAN OpenAsSelf,
                                   ULONG HandleAttributes, PHANDLE TokenHandle)
{
    KPROCESSOR_MODE mode = previous_mode();
    SECURITY_IMPERSONATION_LEVEL level;
    BOOLEAN copy, effective;
    PETHREAD thread;
    NTSTATUS status = ObReferenceObjectByHandle(ThreadHandle, THREAD_QUERY_INFORMATION, PspThreadType, mode,
                                                (PVOID *)&thread, NULL);
    if (!NT_SUCCESS(status))
        return status;
    PACCESS_TOKEN token = PsReferenceImpersonationToken(thread, &copy, &effective, &level);
    if (!token)
        status = STATUS_NO_TOKEN;
    else if (level < SecurityIdentification)
        status = STATUS_CANT_OPEN_ANONYMOUS;
    else if (copy)
        status = PspCopyImpersonationToken(thread, &token, effective, level);
    ObDereferenceObject(thread);
    if (NT_SUCCESS(status))
        return open_token(token, DesiredAccess, OpenAsSelf, HandleAttributes, TokenHandle, mode);
    if (token)
        ObDereferenceObject(token);
    return status;
}

NTSTATUS NTAPI NtOpenThreadToken(HANDLE ThreadHandle, ACCESS_MASK DesiredAccess, BOOLEAN OpenAsSelf,
                                 PHANDLE TokenHandle)
{
    return NtOpenThreadTokenEx(ThreadHandle, DesiredAccess, OpenAsSelf, 0, TokenHandle);
}

/* ---------------------------------------------------------------- Zw forms */

NTSTATUS NTAPI ZwSetInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass,
                                      PVOID ThreadInformation, ULONG ThreadInformationLength)
{
    KI_ZW(NtSetInformationThread(ThreadHandle, ThreadInformationClass, ThreadInformation,
                                 ThreadInformationLength));
}

NTSTATUS NTAPI ZwQueryInformationThread(HANDLE ThreadHandle, THREADINFOCLASS ThreadInformationClass,
                                        PVOID ThreadInformation, ULONG ThreadInformationLength,
                                        PULONG ReturnLength)
{
    KI_ZW(NtQueryInformationThread(ThreadHandle, ThreadInformationClass, ThreadInformation,
                                   ThreadInformationLength, ReturnLength));
}

NTSTATUS NTAPI ZwQueryInformationProcess(HANDLE ProcessHandle, PROCESSINFOCLASS ProcessInformationClass,
                                         PVOID ProcessInformation, ULONG ProcessInformationLength,
                                         PULONG ReturnLength)
{
    KI_ZW(NtQueryInformationProcess(ProcessHandle, ProcessInformationClass, ProcessInformation,
                                    ProcessInformationLength, ReturnLength));
}

NTSTATUS NTAPI ZwOpenProcessTokenEx(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess, ULONG HandleAttributes,
                                    PHANDLE TokenHandle)
{
    KI_ZW(NtOpenProcessTokenEx(ProcessHandle, DesiredAccess, HandleAttributes, TokenHandle));
}

NTSTATUS NTAPI ZwOpenProcessToken(HANDLE ProcessHandle, ACCESS_MASK DesiredAccess, PHANDLE TokenHandle)
{
    KI_ZW(NtOpenProcessToken(ProcessHandle, DesiredAccess, TokenHandle));
}

NTSTATUS NTAPI ZwOpenThreadTokenEx(HANDLE ThreadHandle, ACCESS_MASK DesiredAccess, BOOLEAN OpenAsSelf,
                                   ULONG HandleAttributes, PHANDLE TokenHandle)
{
    KI_ZW(NtOpenThreadTokenEx(ThreadHandle, DesiredAccess, OpenAsSelf, HandleAttributes, TokenHandle));
}

NTSTATUS NTAPI ZwOpenThreadToken(HANDLE ThreadHandle, ACCESS_MASK DesiredAccess, BOOLEAN OpenAsSelf,
                                 PHANDLE TokenHandle)
{
    KI_ZW(NtOpenThreadToken(ThreadHandle, DesiredAccess, OpenAsSelf, TokenHandle));
}
