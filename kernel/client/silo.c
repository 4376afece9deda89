/* SPDX-License-Identifier: MIT */
/*
 * Server silos that the client makes, so that drivers' silo monitors have something to watch; and the list of jobs.
 */
#include <ntifs.h>

#include "clientp.h"
#include "jobp.h"
#include "ki.h"
#include "listp.h"
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"

#define SILO_TAG 0x6c69534b /* 'KSil' */

struct silo {
    HANDLE job, ended; /* of the kernel; `ended` is set when the silo has ended */
};

int32_t KcsCreateSilo(void **silo)
{
    SERVERSILO_INIT_INFORMATION init = {0};
    OBJECT_ATTRIBUTES attributes;
    KcEnter(KernelMode);
    *silo = NULL;
    struct silo *made = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof *made, SILO_TAG);
    if (!made)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status = ZwCreateEvent(&made->ended, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE);
    if (!NT_SUCCESS(status))
        goto no_event;
    status = ZwCreateJobObject(&made->job, JOB_OBJECT_ALL_ACCESS, &attributes);
    if (!NT_SUCCESS(status))
        goto no_job;
    init.DeleteEvent = made->ended;
    status = ZwSetInformationJobObject(made->job, JobObjectCreateSilo, NULL, 0);
    if (NT_SUCCESS(status))
        status = ZwSetInformationJobObject(made->job, JobObjectServerSiloInitialize, &init, sizeof init);
    if (NT_SUCCESS(status)) {
        *silo = made;
        return status;
    }
    ZwClose(made->job);
no_job:
    ZwClose(made->ended);
no_event:
    ExFreePoolWithTag(made, SILO_TAG);
    return status;
}

int32_t KcsAssignToSilo(void *silo, void *process)
{
    struct silo *target = silo;
    HANDLE handle;
    KcEnter(KernelMode);
    NTSTATUS status = ObOpenObjectByPointer(process ? process : PspCurrentThread()->ThreadsProcess, OBJ_KERNEL_HANDLE,
                                            NULL, PROCESS_ALL_ACCESS, PspProcessType, KernelMode, &handle);
    if (!NT_SUCCESS(status))
        return status;
    status = ZwAssignProcessToJobObject(target->job, handle);
    ZwClose(handle);
    return status;
}

int32_t KcsEndSilo(void *silo, int32_t exit_status, uint64_t timeout_100ns)
{
    struct silo *target = silo;
    LARGE_INTEGER timeout = {.QuadPart = timeout_100ns > INT64_MAX ? -INT64_MAX : -(LONGLONG)timeout_100ns};
    KcEnter(KernelMode);
    NTSTATUS status = ZwTerminateJobObject(target->job, exit_status);
    if (NT_SUCCESS(status))
        status = ZwWaitForSingleObject(target->ended, FALSE, timeout_100ns == UINT64_MAX ? NULL : &timeout);
    return status;
}

void KcsCloseSilo(void *silo)
{
    struct silo *target = silo;
    KcEnter(KernelMode);
    ZwClose(target->job);
    ZwClose(target->ended);
    ExFreePoolWithTag(target, SILO_TAG);
}

NTSTATUS KcListJobs(const char *argument, struct rows *rows)
{
    static const char *const states[] = {"initializing", "started", "shutting down", "terminating", "terminated"};
    PEJOB job = NULL;
    while (PspEnumerateJobs(&job)) {
        PPSP_SILO silo = job->Silo;
        EMIT(rows, number("job", job->JobId), hex("object", (uint64_t)job),
                number("parent", job->ParentJob ? job->ParentJob->JobId : 0),
                number("processes", KI_PEEK(job->ActiveProcesses)), number("ever", KI_PEEK(job->TotalProcesses)),
                hex("limits", KI_PEEK(job->LimitFlags)),
                text("silo", !silo ? "no" : silo->Server ? "server" : "application"),
                text("state", silo && silo->Server ? states[KI_PEEK(silo->State)] : ""));
    }
    return STATUS_SUCCESS;
}
