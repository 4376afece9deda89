/* SPDX-License-Identifier: MIT */
/*
 * Processes and threads that the client makes: libkiln's requests as calls of ps. Objects are handed out as
 * referenced pointers rather than handles, because a handle means something in one process only.
 */
#include <ntifs.h>

#include "clientp.h"
#include "crt.h"
#include "host.h"
#include "ki.h"
#include "mi.h"
#include "ntsvc.h"
#include "psp.h"

static PETHREAD thread_or_self(void *thread)
{
    return thread ? thread : PspCurrentThread();
}

int32_t KcsCreateProcess(const char *name, bool is_32bit, void **process)
{
    WCHAR buffer[260];
    UNICODE_STRING image = {.Buffer = buffer};
    ULONG bytes = 0;
    PEPROCESS made;
    *process = NULL;
    KcEnter(KernelMode);
    NTSTATUS status =
        RtlUTF8ToUnicodeN(buffer, sizeof buffer - sizeof(WCHAR), &bytes, name, (ULONG)nt_strlen(name));
    if (!NT_SUCCESS(status) || status == STATUS_SOME_NOT_MAPPED || bytes == 0)
        return STATUS_OBJECT_NAME_INVALID;
    image.Length = image.MaximumLength = (USHORT)bytes;
    status = PspCreateProcess(PspCurrentThread()->ThreadsProcess, &image, is_32bit ? PspUserSlice32 : PspUserSlice, &made);
    if (NT_SUCCESS(status))
        *process = made;
    return status;
}

int32_t KcsCreateThread(void *process, int (*function)(void *), void *argument, uint64_t stack_bytes,
                        bool suspended, void **thread)
{
    PETHREAD made;
    *thread = NULL;
    KcEnter(KernelMode);
    NTSTATUS status = PspCreateUserThread(process ? process : PspCurrentThread()->ThreadsProcess, function,
                                          argument, stack_bytes, suspended, &made);
    if (NT_SUCCESS(status))
        *thread = made;
    return status;
}

int32_t KcsWaitObject(void *object, uint64_t timeout_100ns, bool alertable, int32_t *exit_status,
                      uint64_t *id)
{
    LARGE_INTEGER timeout = {.QuadPart = timeout_100ns > INT64_MAX ? -INT64_MAX : -(LONGLONG)timeout_100ns};
    KcEnter(UserMode);
    BOOLEAN thread = ObpTypeOf(object) == PspThreadType;
    NTSTATUS status = KeWaitForSingleObject(object, UserRequest, UserMode, alertable,
                                            timeout_100ns == UINT64_MAX ? NULL : &timeout);
    if (exit_status)
        *exit_status = thread ? PsGetThreadExitStatus(object) : PsGetProcessExitStatus(object);
    if (id)
        *id = (uint64_t)(thread ? PsGetThreadId(object) : PsGetProcessId(object));
    return status;
}

int32_t KcsTerminateProcess(void *process, int32_t exit_status)
{
    KcEnter(KernelMode);
    return PspTerminateProcess(process ? process : PspCurrentThread()->ThreadsProcess, exit_status);
}

int32_t KcsTerminateThread(void *thread, int32_t exit_status)
{
    KcEnter(KernelMode);
    return PspTerminateThread(thread_or_self(thread), exit_status);
}

void KcsExitThread(int32_t exit_status)
{
    KcEnter(KernelMode);
    if (PspCurrentThread()->UserThread)
        PspTerminateThread(PspCurrentThread(), exit_status);
}

int32_t KcsSuspendThread(void *thread, bool resume)
{
    PETHREAD target = thread_or_self(thread);
    KcEnter(KernelMode);
    return resume ? KeResumeThread(&target->Tcb, NULL) : KeSuspendThread(&target->Tcb, NULL);
}

int32_t KcsAlertThread(void *thread)
{
    KcEnter(KernelMode);
    KeAlertThread(&thread_or_self(thread)->Tcb, UserMode);
    return STATUS_SUCCESS;
}

/* Runs as user code. */
static VOID NTAPI call_function(PVOID function, PVOID context, PVOID unused)
{
    ((kc_apc_fn *)function)(context);
}

int32_t KcsQueueApc(void *thread, kc_apc_fn *function, void *context)
{
    KcEnter(KernelMode);
    return PspQueueUserApc(thread_or_self(thread), call_function, (PVOID)function, context, NULL);
}

int32_t KcsTestAlert(void)
{
    KcEnter(UserMode);
    return KeTestAlertThread(UserMode) ? STATUS_ALERTED : STATUS_SUCCESS;
}

void KcsCloseObject(void *object)
{
    KcEnter(KernelMode);
    /* A process that never had a thread would stay for ever: nobody can give it one any more. */
    if (ObpTypeOf(object) == PspProcessType && !((PEPROCESS)object)->CreateReported)
        PspTerminateProcess(object, STATUS_SUCCESS);
    ObDereferenceObject(object);
}

void KcReportClientEnded(int32_t status)
{
    char line[300];
    const char *name = KcStatusName(status);
    nt__snprintf(line, sizeof line - 1,
                 "\n*** The client's process was terminated with status 0x%08x%s%s: its thread is the "
                 "program that runs "
                 "the machine, so the run ends here.\n",
                 (unsigned)status, name ? " " : "", name ? name : "");
    line[sizeof line - 1] = 0;
    host_console_write(HOST_STREAM_REPORT, line, nt_strlen(line));
}
