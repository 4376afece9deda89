/* SPDX-License-Identifier: MIT */
/*
 * sysinfo/processes.c: the processes and their threads.
 *
 * Processes and threads are walked with a reference to the one at hand, and no lock. What comes or goes
 * meanwhile is in the answer or is not. Threads run in kernel mode only, so their time is kernel time;
 * nothing counts I/O or page faults.
 */
#include "sysinfoi.h"

static void put_thread(sys_answer *answer, PETHREAD thread)
{
    SYSTEM_THREAD_INFORMATION info = {0};
    PKTHREAD tcb = &thread->Tcb;
    info.KernelTime.QuadPart = (LONGLONG)KiQueryRunTime(tcb);
    info.CreateTime = thread->CreateTime;
    info.StartAddress = (PVOID)(ULONG_PTR)thread->StartAddress;
    info.ClientId = thread->Cid;
    info.Priority = KeQueryPriorityThread(tcb);
    info.BasePriority = tcb->BasePriority;
    /* Initialized, ready, running, standby, terminated, waiting: the numbers are the system's own. */
    info.ThreadState = KI_PEEK(tcb->State);
    info.WaitReason = KI_PEEK(tcb->WaitReason);
    sys_append_copy(answer, &info, sizeof(info));
}

static ULONG64 put_process(sys_answer *answer, PEPROCESS process)
{
    ULONG64 at = answer->needed;
    ULONG threads = 0, length = 0;
    PETHREAD thread = NULL;
    SYSTEM_PROCESS_INFORMATION *info = sys_append(answer, sizeof(*info));
    while (PspEnumerateThreads(process, &thread)) {
        put_thread(answer, thread);
        threads++;
    }
    while (process->ImageFileName[length])
        length++;
    PWCH name = sys_append(answer, (length + 1) * sizeof(WCHAR));
    answer->needed = (answer->needed + 7) & ~7ULL;
    if (!info)
        return at;
    info->NumberOfThreads = info->NumberOfThreadsHighWatermark = threads;
    info->CreateTime = process->CreateTime;
    info->KernelTime.QuadPart = (LONGLONG)KiQueryProcessRunTime(&process->Pcb);
    info->BasePriority = process->Pcb.BasePriority;
    info->UniqueProcessId = process->UniqueProcessId;
    info->InheritedFromUniqueProcessId = process->InheritedFromUniqueProcessId;
    info->SessionId = process->SessionId;
    info->UniqueProcessKey = (ULONG_PTR)process->ProcessStartKey;
    if (process->ObjectTable)
        info->HandleCount = ObQueryHandleCount(process->ObjectTable);
    if (name) {
        for (ULONG i = 0; i < length; i++)
            name[i] = process->ImageFileName[i];
        info->ImageName.Buffer = sys_user_pointer(answer, name);
        info->ImageName.Length = (USHORT)(length * sizeof(WCHAR));
        info->ImageName.MaximumLength = (USHORT)(info->ImageName.Length + sizeof(WCHAR));
    }
    return at;
}

NTSTATUS SysProcesses(sys_answer *answer)
{
    PEPROCESS process = NULL;
    ULONG64 last = 0;
    /* Each entry tells how far away the next is, the last nothing. */
    while (PspEnumerateProcesses(&process)) {
        ULONG64 at = put_process(answer, process);
        if (at && last + sizeof(ULONG) <= answer->room)
            *(ULONG *)(answer->data + last) = (ULONG)(at - last);
        last = at;
    }
    return STATUS_SUCCESS;
}
