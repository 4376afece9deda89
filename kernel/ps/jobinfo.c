/* SPDX-License-Identifier: MIT */
/*
 * ps/jobinfo.c: NtQueryInformationJobObject and NtSetInformationJobObject.
 *
 * A limit that this machine could not keep (times of user mode, memory, working sets, rates) is refused with
 * STATUS_NOT_SUPPORTED, never accepted and ignored.
 */
#include "psi.h"
#include "jobp.h"

#define BASIC_LIMITS                                                                                         \
    (JOB_OBJECT_LIMIT_ACTIVE_PROCESS | JOB_OBJECT_LIMIT_AFFINITY | JOB_OBJECT_LIMIT_PRIORITY_CLASS)
#define EXTENDED_LIMITS                                                                                      \
    (BASIC_LIMITS | JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION | JOB_OBJECT_LIMIT_BREAKAWAY_OK |            \
     JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK | JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)
#define KNOWN_LIMITS          0x007fffff /* bits that mean something on Windows */
#define HIGHEST_CLASS         6          /* PROCESS_PRIORITY_CLASS_ABOVE_NORMAL */
#define PRIORITY_CLASS_REAL   4

/* ---------------------------------------------------------------- asking */

typedef union job_answer {
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION accounting;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits; /* the basic form is its beginning */
    SILOOBJECT_BASIC_INFORMATION silo;
    SERVERSILO_BASIC_INFORMATION server;
    ULONG number;
    USHORT group;
    GROUP_AFFINITY affinity;
} job_answer;

static void say_accounting(PEJOB job, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION *info)
{
    PEPROCESS process = NULL;
    ULONG64 running = 0;
    while (PspEnumerateProcesses(&process)) {
        if (!KI_PEEK(process->JobLeft) && PspIsJobUnder(KI_PEEK(process->Job), job))
            running += KiQueryProcessRunTime(&process->Pcb);
    }
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    info->TotalKernelTime.QuadPart = (LONGLONG)(job->EndedTime + running);
    info->ThisPeriodTotalKernelTime = info->TotalKernelTime;
    info->TotalProcesses = job->TotalProcesses;
    info->ActiveProcesses = job->ActiveProcesses;
    info->TotalTerminatedProcesses = job->LimitTerminations;
    KeReleaseSpinLock(&PspJobLock, irql);
}

static void say_limits(PEJOB job, JOBOBJECT_BASIC_LIMIT_INFORMATION *info)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    info->LimitFlags = job->LimitFlags;
    info->ActiveProcessLimit = job->ActiveProcessLimit;
    info->Affinity = job->Affinity;
    info->PriorityClass = job->PriorityClass;
    KeReleaseSpinLock(&PspJobLock, irql);
}

static NTSTATUS say_silo(PEJOB job, SILOOBJECT_BASIC_INFORMATION *info)
{
    PESILO parent = PspSiloOfJob(job->ParentJob);
    if (!job->Silo)
        return STATUS_JOB_NO_CONTAINER;
    info->SiloId = job->JobId;
    info->SiloParentId = parent ? parent->JobId : 0;
    info->NumberOfProcesses = KI_PEEK(job->ActiveProcesses);
    info->IsInServerSilo = PspServerSiloOfJob(job) != NULL;
    return STATUS_SUCCESS;
}

static NTSTATUS say_server(PEJOB job, SERVERSILO_BASIC_INFORMATION *info)
{
    if (!job->Silo || !job->Silo->Server)
        return STATUS_JOB_NO_CONTAINER;
    info->ServiceSessionId = job->SessionId;
    info->State = KI_PEEK(job->Silo->State);
    info->ExitStatus = (ULONG)job->Silo->ExitStatus;
    return STATUS_SUCCESS;
}

/* Ids of the members, as many as fit; STATUS_BUFFER_OVERFLOW: there are more. */
static NTSTATUS list_members(PEJOB job, PVOID to, ULONG length, PULONG bytes, KPROCESSOR_MODE mode)
{
    JOBOBJECT_BASIC_PROCESS_ID_LIST head = {0};
    ULONG offset = FIELD_OFFSET(JOBOBJECT_BASIC_PROCESS_ID_LIST, ProcessIdList);
    PEPROCESS process = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    if (length < offset)
        return STATUS_INFO_LENGTH_MISMATCH;
    ULONG room = (length - offset) / sizeof(ULONG_PTR);
    while (NT_SUCCESS(status) && PspEnumerateProcesses(&process)) {
        if (KI_PEEK(process->JobLeft) || !PspIsJobUnder(KI_PEEK(process->Job), job))
            continue;
        if (head.NumberOfAssignedProcesses++ < room) {
            ULONG_PTR id = (ULONG_PTR)process->UniqueProcessId;
            status = KiCopyToMode(mode, (UCHAR *)to + offset + head.NumberOfProcessIdsInList * sizeof(id), &id,
                                  sizeof(id));
            head.NumberOfProcessIdsInList++;
        }
    }
    if (!NT_SUCCESS(status)) {
        if (process)
            ObDereferenceObject(process);
        return status;
    }
    *bytes = offset + head.NumberOfProcessIdsInList * (ULONG)sizeof(ULONG_PTR);
    status = KiCopyToMode(mode, to, &head, offset);
    if (NT_SUCCESS(status) && head.NumberOfProcessIdsInList < head.NumberOfAssignedProcesses)
        status = STATUS_BUFFER_OVERFLOW;
    return status;
}

static NTSTATUS answer(PEJOB job, JOBOBJECTINFOCLASS class, job_answer *info, ULONG *bytes)
{
    RtlZeroMemory(info, sizeof(*info));
    switch (class) {
    case JobObjectBasicAccountingInformation:
        *bytes = sizeof(info->accounting);
        say_accounting(job, &info->accounting);
        return STATUS_SUCCESS;
    case JobObjectBasicLimitInformation:
        *bytes = sizeof(info->limits.BasicLimitInformation);
        say_limits(job, &info->limits.BasicLimitInformation);
        info->limits.BasicLimitInformation.LimitFlags &= BASIC_LIMITS;
        return STATUS_SUCCESS;
    case JobObjectExtendedLimitInformation:
        *bytes = sizeof(info->limits);
        say_limits(job, &info->limits.BasicLimitInformation);
        return STATUS_SUCCESS;
    case JobObjectBasicUIRestrictions:
        *bytes = sizeof(info->number);
        info->number = PsGetJobUIRestrictionsClass(job);
        return STATUS_SUCCESS;
    case JobObjectEndOfJobTimeInformation:
        *bytes = sizeof(info->number);
        info->number = KI_PEEK(job->EndOfJobTimeAction);
        return STATUS_SUCCESS;
    case JobObjectGroupInformation: /* there is one group */
        *bytes = sizeof(info->group);
        return STATUS_SUCCESS;
    case JobObjectGroupInformationEx:
        *bytes = sizeof(info->affinity);
        info->affinity.Mask = job->LimitFlags & JOB_OBJECT_LIMIT_AFFINITY ? job->Affinity : KiActiveProcessors;
        return STATUS_SUCCESS;
    case JobObjectSiloBasicInformation:
        *bytes = sizeof(info->silo);
        return say_silo(job, &info->silo);
    case JobObjectServerSiloBasicInformation:
        *bytes = sizeof(info->server);
        return say_server(job, &info->server);
    case JobObjectSecurityLimitInformation: /* documented as no longer supported */
    case JobObjectBasicAndIoAccountingInformation:
        return STATUS_NOT_SUPPORTED;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
}

static NTSTATUS reference_job(HANDLE handle, ACCESS_MASK access, KPROCESSOR_MODE mode, PEJOB *job)
{
    if (handle)
        return ObReferenceObjectByHandle(handle, access, PspJobType, mode, (PVOID *)job, NULL);
    *job = __atomic_load_n(&PspCurrentThread()->ThreadsProcess->Job, __ATOMIC_ACQUIRE);
    if (!*job)
        return STATUS_ACCESS_DENIED;
    ObReferenceObject(*job);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI NtQueryInformationJobObject(HANDLE JobHandle, JOBOBJECTINFOCLASS JobInformationClass,
                                           PVOID JobInformation, ULONG JobInformationLength, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    job_answer info;
    ULONG bytes = 0;
    PEJOB job;
    NTSTATUS status = reference_job(JobHandle, JOB_OBJECT_QUERY, mode, &job);
    if (!NT_SUCCESS(status))
        return status;
    if (JobInformationClass == JobObjectBasicProcessIdList) {
        status = list_members(job, JobInformation, JobInformationLength, &bytes, mode);
    } else {
        status = answer(job, JobInformationClass, &info, &bytes);
        if (NT_SUCCESS(status) && JobInformationLength < bytes)
            status = STATUS_INFO_LENGTH_MISMATCH;
        if (NT_SUCCESS(status))
            status = KiCopyToMode(mode, JobInformation, &info, bytes);
    }
    ObDereferenceObject(job);
    if ((NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW) && ReturnLength) {
        NTSTATUS copied = KiCopyToMode(mode, ReturnLength, &bytes, sizeof(bytes));
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    return status;
}

/* ---------------------------------------------------------------- telling */

static NTSTATUS check_limits(const JOBOBJECT_BASIC_LIMIT_INFORMATION *info, ULONG allowed, KPROCESSOR_MODE mode)
{
    LUID privilege = {SE_INC_BASE_PRIORITY_PRIVILEGE, 0};
    ULONG flags = info->LimitFlags;
    if (flags & ~(ULONG)KNOWN_LIMITS)
        return STATUS_INVALID_PARAMETER;
    if (flags & EXTENDED_LIMITS & ~allowed)
        return STATUS_INVALID_PARAMETER; /* only the extended form has room for it */
    if (flags & ~allowed)
        return STATUS_NOT_SUPPORTED;
    if (flags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS && info->ActiveProcessLimit == 0)
        return STATUS_INVALID_PARAMETER;
    if (flags & JOB_OBJECT_LIMIT_AFFINITY && (!info->Affinity || info->Affinity & ~KiActiveProcessors))
        return STATUS_INVALID_PARAMETER;
    if (flags & JOB_OBJECT_LIMIT_PRIORITY_CLASS) {
        if (info->PriorityClass == 0 || info->PriorityClass > HIGHEST_CLASS)
            return STATUS_INVALID_PARAMETER;
        if (info->PriorityClass == PRIORITY_CLASS_REAL && !SeSinglePrivilegeCheck(privilege, mode))
            return STATUS_PRIVILEGE_NOT_HELD;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS set_limits(PEJOB job, const JOBOBJECT_BASIC_LIMIT_INFORMATION *info, ULONG allowed,
                           KPROCESSOR_MODE mode)
{
    NTSTATUS status = check_limits(info, allowed, mode);
    if (!NT_SUCCESS(status))
        return status;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    PEJOB parent = job->ParentJob;
    /* What a nested job asks for must lie within what it is given. */
    if (info->LimitFlags & JOB_OBJECT_LIMIT_AFFINITY && parent && parent->LimitFlags & JOB_OBJECT_LIMIT_AFFINITY &&
        info->Affinity & ~parent->Affinity) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        job->LimitFlags = (job->LimitFlags & ~allowed) | info->LimitFlags;
        job->ActiveProcessLimit = info->LimitFlags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS ? info->ActiveProcessLimit : 0;
        job->Affinity = info->LimitFlags & JOB_OBJECT_LIMIT_AFFINITY ? info->Affinity : 0;
        job->PriorityClass = info->LimitFlags & JOB_OBJECT_LIMIT_PRIORITY_CLASS ? info->PriorityClass : 0;
    }
    KeReleaseSpinLock(&PspJobLock, irql);
    if (NT_SUCCESS(status) && info->LimitFlags & (JOB_OBJECT_LIMIT_AFFINITY | JOB_OBJECT_LIMIT_PRIORITY_CLASS))
        PspApplyJobLimits(job);
    return status;
}

/* A job has one port, for good: messages on the way would be lost with it. */
static NTSTATUS set_port(PEJOB job, const JOBOBJECT_ASSOCIATE_COMPLETION_PORT *info, KPROCESSOR_MODE mode)
{
    PVOID port;
    if (!info->CompletionPort)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = ObReferenceObjectByHandle(info->CompletionPort, 0x0002 /* modify state */,
                                                *PspIoCompletionType, mode, &port, NULL);
    if (!NT_SUCCESS(status))
        return status;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    if (job->CompletionPort) {
        status = STATUS_INVALID_PARAMETER;
    } else {
        job->CompletionKey = info->CompletionKey;
        __atomic_store_n(&job->CompletionPort, port, __ATOMIC_RELEASE);
    }
    KeReleaseSpinLock(&PspJobLock, irql);
    if (!NT_SUCCESS(status))
        ObDereferenceObject(port);
    return status;
}

static NTSTATUS set_ui(PEJOB job, ULONG class)
{
    if (class & ~(ULONG)JOB_OBJECT_UILIMIT_ALL)
        return STATUS_INVALID_PARAMETER;
    if (job->ParentJob) /* a nested job cannot restrict it */
        return STATUS_INVALID_PARAMETER;
    PsSetJobUIRestrictionsClass(job, class);
    return STATUS_SUCCESS;
}

static NTSTATUS start_server_silo(PEJOB job, const SERVERSILO_INIT_INFORMATION *info, KPROCESSOR_MODE mode)
{
    PKEVENT event = NULL;
    NTSTATUS status = STATUS_SUCCESS;
    if (info->DeleteEvent)
        status = ObReferenceObjectByHandle(info->DeleteEvent, EVENT_MODIFY_STATE, ExpEventObjectType, mode,
                                           (PVOID *)&event, NULL);
    if (NT_SUCCESS(status))
        status = PspStartServerSilo(job, event);
    if (!NT_SUCCESS(status) && event)
        ObDereferenceObject(event);
    return status;
}

NTSTATUS NTAPI NtSetInformationJobObject(HANDLE JobHandle, JOBOBJECTINFOCLASS JobInformationClass,
                                         PVOID JobInformation, ULONG JobInformationLength)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    union {
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
        JOBOBJECT_ASSOCIATE_COMPLETION_PORT port;
        SERVERSILO_INIT_INFORMATION server;
        ULONG number;
    } info = {0};
    ULONG bytes;
    PEJOB job;
    switch (JobInformationClass) {
    case JobObjectBasicLimitInformation:
        bytes = sizeof(info.limits.BasicLimitInformation);
        break;
    case JobObjectExtendedLimitInformation:
        bytes = sizeof(info.limits);
        break;
    case JobObjectBasicUIRestrictions:
    case JobObjectEndOfJobTimeInformation:
        bytes = sizeof(info.number);
        break;
    case JobObjectAssociateCompletionPortInformation:
        bytes = sizeof(info.port);
        break;
    case JobObjectCreateSilo:
        bytes = 0;
        break;
    case JobObjectServerSiloInitialize:
        bytes = JobInformationLength ? sizeof(info.server) : 0;
        break;
    case JobObjectSecurityLimitInformation: /* documented as no longer supported */
    case JobObjectJobSetInformation:
    case JobObjectGroupInformation:
    case JobObjectGroupInformationEx:
        return STATUS_NOT_SUPPORTED;
    default:
        return STATUS_INVALID_INFO_CLASS;
    }
    if (JobInformationLength != bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = KiCopyFromMode(mode, &info, JobInformation, bytes);
    if (NT_SUCCESS(status))
        status = ObReferenceObjectByHandle(JobHandle, JOB_OBJECT_SET_ATTRIBUTES, PspJobType, mode, (PVOID *)&job,
                                           NULL);
    if (!NT_SUCCESS(status))
        return status;
    switch (JobInformationClass) {
    case JobObjectBasicLimitInformation:
        status = set_limits(job, &info.limits.BasicLimitInformation, BASIC_LIMITS, mode);
        break;
    case JobObjectExtendedLimitInformation:
        status = info.limits.ProcessMemoryLimit || info.limits.JobMemoryLimit
                     ? STATUS_NOT_SUPPORTED
                     : set_limits(job, &info.limits.BasicLimitInformation, EXTENDED_LIMITS, mode);
        break;
    case JobObjectBasicUIRestrictions:
        status = set_ui(job, info.number);
        break;
    case JobObjectEndOfJobTimeInformation:
        if (info.number > 1)
            status = STATUS_INVALID_PARAMETER;
        else
            __atomic_store_n(&job->EndOfJobTimeAction, info.number, __ATOMIC_RELAXED);
        break;
    case JobObjectAssociateCompletionPortInformation:
        status = set_port(job, &info.port, mode);
        break;
    case JobObjectCreateSilo:
        status = PspCreateSilo(job);
        break;
    default:
        status = start_server_silo(job, &info.server, mode);
        break;
    }
    ObDereferenceObject(job);
    return status;
}

/* ---------------------------------------------------------------- Zw forms of all job services */

NTSTATUS NTAPI ZwCreateJobObject(PHANDLE JobHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtCreateJobObject(JobHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwOpenJobObject(PHANDLE JobHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtOpenJobObject(JobHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwAssignProcessToJobObject(HANDLE JobHandle, HANDLE ProcessHandle)
{
    KI_ZW(NtAssignProcessToJobObject(JobHandle, ProcessHandle));
}

NTSTATUS NTAPI ZwIsProcessInJob(HANDLE ProcessHandle, HANDLE JobHandle)
{
    KI_ZW(NtIsProcessInJob(ProcessHandle, JobHandle));
}

NTSTATUS NTAPI ZwTerminateJobObject(HANDLE JobHandle, NTSTATUS ExitStatus)
{
    KI_ZW(NtTerminateJobObject(JobHandle, ExitStatus));
}

NTSTATUS NTAPI ZwQueryInformationJobObject(HANDLE JobHandle, JOBOBJECTINFOCLASS JobInformationClass,
                                           PVOID JobInformation, ULONG JobInformationLength, PULONG ReturnLength)
{
    KI_ZW(NtQueryInformationJobObject(JobHandle, JobInformationClass, JobInformation, JobInformationLength,
                                      ReturnLength));
}

NTSTATUS NTAPI ZwSetInformationJobObject(HANDLE JobHandle, JOBOBJECTINFOCLASS JobInformationClass,
                                         PVOID JobInformation, ULONG JobInformationLength)
{
    KI_ZW(NtSetInformationJobObject(JobHandle, JobInformationClass, JobInformation, JobInformationLength));
}
