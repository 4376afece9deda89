/* SPDX-License-Identifier: MIT */
#include "pstest.h"

PEPROCESS ps_process(PCWSTR name)
{
    UNICODE_STRING string;
    PEPROCESS process;
    RtlInitUnicodeString(&string, name);
    CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &string, TRUE, &process), STATUS_SUCCESS);
    return process;
}

PETHREAD ps_thread(PEPROCESS process, PSP_USER_START *start, PVOID context)
{
    PETHREAD thread;
    CHECK_EQ(PspCreateUserThread(process, start, context, 0, FALSE, &thread), STATUS_SUCCESS);
    return thread;
}

NTSTATUS ps_join(PETHREAD thread)
{
    CHECK_EQ(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    NTSTATUS status = PsGetThreadExitStatus(thread);
    ObDereferenceObject(thread);
    return status;
}

NTSTATUS ps_join_process(PEPROCESS process)
{
    CHECK_EQ(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    NTSTATUS status = PsGetProcessExitStatus(process);
    ObDereferenceObject(process);
    return status;
}

struct sleep {
    BOOLEAN alertable;
    LARGE_INTEGER interval;
    NTSTATUS status;
};

static void do_sleep(void *context)
{
    struct sleep *sleep = context;
    sleep->status = KeDelayExecutionThread(UserMode, sleep->alertable, &sleep->interval);
}

NTSTATUS ps_user_sleep(BOOLEAN alertable, LONG milliseconds)
{
    struct sleep sleep = {alertable, {.QuadPart = -10000LL * milliseconds}, 0};
    SYSTEM_CALL(do_sleep, &sleep);
    return sleep.status;
}

void ps_sleep(LONG milliseconds)
{
    LARGE_INTEGER interval = {.QuadPart = -10000LL * milliseconds};
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

PVOID ps_user_memory(PEPROCESS process, SIZE_T bytes)
{
    PVOID memory;
    CHECK_EQ(MiAllocateUser(process, bytes, PAGE_READWRITE, &memory), STATUS_SUCCESS);
    return memory;
}
