/* SPDX-License-Identifier: MIT */
/*
 * ps/job.c: job objects: who belongs to them, what their limits do to members, and how they end.
 *
 * A process joins a job and all of its ancestors, or moves from a job to one nested in it; it never leaves while it
 * lives. A job becomes nested when a process of another job is assigned to it while it is empty, and stays so. What
 * must hold of every member is derived from the whole chain: the processors that all allow, the lowest priority class.
 *
 * Lock: j. Ports, process ending and thread limits are used after it was released: the chain cannot change.
 */
#include "psi.h"
#include "jobp.h"

POBJECT_TYPE PspJobType;
POBJECT_TYPE *PsJobType = &PspJobType;
KSPIN_LOCK PspJobLock;
NTSTATUS(NTAPI *PspSetIoCompletion)(PVOID, PVOID, PVOID, NTSTATUS, ULONG_PTR, BOOLEAN);
POBJECT_TYPE *PspIoCompletionType;

static LIST_ENTRY all_jobs = {&all_jobs, &all_jobs}; /* j */

static void post(PEJOB job, ULONG message, HANDLE process)
{
    PVOID port = __atomic_load_n(&job->CompletionPort, __ATOMIC_ACQUIRE);
    if (port && PspSetIoCompletion)
        PspSetIoCompletion(port, job->CompletionKey, process, STATUS_SUCCESS, message, FALSE);
}

BOOLEAN PspIsJobUnder(PEJOB Job, PEJOB Ancestor)
{
    while (Job && Job != Ancestor)
        Job = Job->ParentJob;
    return Job != NULL;
}

/* ---------------------------------------------------------------- limits on members */

static KPRIORITY base_of_class(ULONG class)
{
    static const UCHAR bases[] = {[1] = 4, [2] = 8, [3] = 13, [4] = 24, [5] = 6, [6] = 10};
    return bases[class];
}

/* Make the limits of all jobs above `process` true of it and its threads. */
static void apply_limits(PEPROCESS process)
{
    KAFFINITY affinity = ~(KAFFINITY)0;
    KPRIORITY base = 0;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    for (PEJOB job = process->Job; job; job = job->ParentJob) {
        if (job->LimitFlags & JOB_OBJECT_LIMIT_AFFINITY)
            affinity &= job->Affinity;
        if (job->LimitFlags & JOB_OBJECT_LIMIT_PRIORITY_CLASS &&
            (!base || base_of_class(job->PriorityClass) < base))
            base = base_of_class(job->PriorityClass);
    }
    KeReleaseSpinLock(&PspJobLock, irql);
    PETHREAD thread = NULL;
    KPRIORITY old = process->Pcb.BasePriority;
    affinity &= process->Pcb.Affinity; /* a set that would leave nothing is not made true */
    if (affinity & KiActiveProcessors)
        process->Pcb.Affinity = affinity;
    if (base)
        process->Pcb.BasePriority = (SCHAR)base;
    while (PspEnumerateThreads(process, &thread)) {
        KAFFINITY allowed = thread->Tcb.UserAffinity & affinity;
        if (base)
            KeSetBasePriorityThread(&thread->Tcb, thread->Tcb.BasePriority - old);
        /* A client's thread stays where its host thread can be. */
        if (!thread->Tcb.HostStack && affinity & KiActiveProcessors)
            KiSetAffinityThread(&thread->Tcb, allowed & KiActiveProcessors ? allowed : affinity);
    }
}

/* A member that has not been given `mark` yet, referenced; it is given it. NULL: all have been. */
static PEPROCESS next_member(PEJOB job, ULONG mark)
{
    PEPROCESS found = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    for (PLIST_ENTRY l = PsActiveProcessHead.Flink; l != &PsActiveProcessHead && !found; l = l->Flink) {
        PEPROCESS process = CONTAINING_RECORD(l, EPROCESS, ActiveProcessLinks);
        if (process->JobMark != mark && !KI_PEEK(process->JobLeft) && PspIsJobUnder(KI_PEEK(process->Job), job) &&
            ObReferenceObjectSafe(process)) {
            process->JobMark = mark;
            found = process;
        }
    }
    KeReleaseSpinLock(&PspProcessLock, irql);
    return found;
}

static ULONG new_mark(void)
{
    static ULONG marks;
    return __atomic_add_fetch(&marks, 1, __ATOMIC_RELAXED);
}

void PspApplyJobLimits(PEJOB Job)
{
    ULONG mark = new_mark();
    for (PEPROCESS process; (process = next_member(Job, mark)) != NULL;) {
        apply_limits(process);
        ObDereferenceObject(process);
    }
}

/* ---------------------------------------------------------------- joining and leaving */

/*
 * j is held: enter `process` into `job` and its ancestors up to the job it is in. *Full: the job whose limit of
 * active processes is reached, referenced.
 */
static NTSTATUS join_locked(PEPROCESS process, PEJOB job, PEJOB *full)
{
    PEJOB old = process->Job, above;
    *full = NULL;
    if (process->JobLeft || job->Ending)
        return STATUS_PROCESS_IS_TERMINATING;
    if (PspIsJobUnder(old, job))
        return STATUS_ACCESS_DENIED;
    if (old && !PspIsJobUnder(job, old)) {
        /* Only an empty job that stands alone can be nested, and it restricts no user interface. */
        if (job->ParentJob || job->TotalProcesses || job->UIRestrictionsClass)
            return STATUS_ACCESS_DENIED;
        if (old->Ending)
            return STATUS_PROCESS_IS_TERMINATING;
    }
    for (above = job; above && above != old; above = above->ParentJob) {
        if (above->LimitFlags & JOB_OBJECT_LIMIT_ACTIVE_PROCESS &&
            above->ActiveProcesses >= above->ActiveProcessLimit) {
            above->LimitTerminations++;
            ObReferenceObject(above);
            *full = above;
            return STATUS_QUOTA_EXCEEDED;
        }
    }
    if (old && !PspIsJobUnder(job, old)) {
        ObReferenceObject(old);
        job->ParentJob = old;
    }
    for (above = job; above && above != old; above = above->ParentJob) {
        above->ActiveProcesses++;
        above->TotalProcesses++;
    }
    ObReferenceObject(job);
    __atomic_store_n(&process->Job, job, __ATOMIC_RELEASE);
    return STATUS_SUCCESS;
}

static NTSTATUS join(PEPROCESS process, PEJOB job)
{
    PEJOB full;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    PEJOB old = process->Job;
    NTSTATUS status = join_locked(process, job, &full);
    KeReleaseSpinLock(&PspJobLock, irql);
    if (full) {
        post(full, JOB_OBJECT_MSG_ACTIVE_PROCESS_LIMIT, NULL);
        ObDereferenceObject(full);
    }
    if (!NT_SUCCESS(status))
        return status;
    for (PEJOB above = job; above && above != old; above = above->ParentJob)
        post(above, JOB_OBJECT_MSG_NEW_PROCESS, process->UniqueProcessId);
    if (old)
        ObDereferenceObject(old); /* the new job's chain holds it */
    apply_limits(process);
    return STATUS_SUCCESS;
}

NTSTATUS PspInheritJob(PEPROCESS Parent, PEPROCESS Process, BOOLEAN Breakaway)
{
    PEJOB job = Parent->Job;
    for (; job; job = job->ParentJob) {
        ULONG flags = KI_PEEK(job->LimitFlags);
        if (flags & JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK)
            continue;
        if (!Breakaway)
            break;
        if (!(flags & JOB_OBJECT_LIMIT_BREAKAWAY_OK))
            return STATUS_ACCESS_DENIED;
    }
    return job ? join(Process, job) : STATUS_SUCCESS;
}

/* Exit codes that tell of a crash; see JOBOBJECT_ASSOCIATE_COMPLETION_PORT. */
static BOOLEAN is_abnormal(NTSTATUS status)
{
    static const NTSTATUS codes[] = {
        STATUS_ACCESS_VIOLATION,         STATUS_ARRAY_BOUNDS_EXCEEDED,   STATUS_BREAKPOINT,
        STATUS_CONTROL_C_EXIT,           STATUS_DATATYPE_MISALIGNMENT,   STATUS_FLOAT_DENORMAL_OPERAND,
        STATUS_FLOAT_DIVIDE_BY_ZERO,     STATUS_FLOAT_INEXACT_RESULT,    STATUS_FLOAT_INVALID_OPERATION,
        STATUS_FLOAT_OVERFLOW,           STATUS_FLOAT_STACK_CHECK,       STATUS_FLOAT_UNDERFLOW,
        STATUS_GUARD_PAGE_VIOLATION,     STATUS_ILLEGAL_INSTRUCTION,     STATUS_IN_PAGE_ERROR,
        STATUS_INTEGER_DIVIDE_BY_ZERO,   STATUS_INTEGER_OVERFLOW,        STATUS_INVALID_DISPOSITION,
        STATUS_INVALID_HANDLE,           STATUS_NONCONTINUABLE_EXCEPTION, STATUS_PRIVILEGED_INSTRUCTION,
        STATUS_SINGLE_STEP,              STATUS_STACK_OVERFLOW};
    for (ULONG i = 0; i < RTL_NUMBER_OF(codes); i++) {
        if (codes[i] == status)
            return TRUE;
    }
    return FALSE;
}

void PspLeaveJob(PEPROCESS Process, NTSTATUS ExitStatus)
{
    ULONG64 time = KiQueryProcessRunTime(&Process->Pcb);
    ULONG emptied = 0;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    KI_PEEK(Process->JobLeft) = TRUE;
    PEJOB job = Process->Job;
    for (PEJOB above = job; above; above = above->ParentJob) {
        above->EndedTime += time;
        if (--above->ActiveProcesses == 0)
            emptied++;
    }
    KeReleaseSpinLock(&PspJobLock, irql);
    /* The emptied jobs are the innermost ones: an ancestor has at least the members of its children. */
    for (PEJOB above = job; above; above = above->ParentJob) {
        post(above, is_abnormal(ExitStatus) ? JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS : JOB_OBJECT_MSG_EXIT_PROCESS,
             Process->UniqueProcessId);
        if (!emptied)
            continue;
        emptied--;
        post(above, JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, NULL);
        if (above->Silo)
            PspEndSilo(above, ExitStatus);
    }
}

void PspReleaseJob(PEPROCESS Process)
{
    if (Process->Job)
        ObDereferenceObject(Process->Job);
}

/* ---------------------------------------------------------------- ending */

BOOLEAN PspTerminateJob(PEJOB Job, NTSTATUS ExitStatus)
{
    PEPROCESS self = PspCurrentThread()->ThreadsProcess;
    ULONG mark = new_mark();
    BOOLEAN member = FALSE;
    for (PEPROCESS victim; (victim = next_member(Job, mark)) != NULL;) {
        if (victim == self)
            member = TRUE;
        else
            PspTerminateProcess(victim, ExitStatus);
        ObDereferenceObject(victim);
    }
    return member;
}

static VOID NTAPI kill_routine(PVOID context)
{
    PspTerminateJob(context, STATUS_SUCCESS);
    ObDereferenceObject(context);
}

static void delete_job(PVOID Object)
{
    PEJOB job = Object;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    RemoveEntryList(&job->AllJobsEntry);
    KeReleaseSpinLock(&PspJobLock, irql);
    if (job->Silo) {
        PspCloseSiloContexts(job, TRUE);
        ExFreePoolWithTag(job->Silo, PSP_JOB_TAG);
    }
    if (job->CompletionPort)
        ObDereferenceObject(job->CompletionPort);
    if (job->ParentJob)
        ObDereferenceObject(job->ParentJob);
    ExDeleteResourceLite(&job->Lock);
}

/* The last handle is closed: nobody will use the job but its members. */
static void close_job(PEPROCESS process, PVOID object, ULONG_PTR process_handles, ULONG_PTR handles)
{
    PEJOB job = object;
    UNREFERENCED_PARAMETER(process);
    UNREFERENCED_PARAMETER(process_handles);
    if (handles != 1)
        return;
    if (job->LimitFlags & JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE && KI_PEEK(job->ActiveProcesses)) {
        /* Not here: the thread that closes the handle may be a member's, and has to come back from closing. */
        ObReferenceObject(job);
        ExInitializeWorkItem(&job->KillItem, kill_routine, job);
        ExQueueWorkItem(&job->KillItem, DelayedWorkQueue);
    }
    if (job->Silo && KI_PEEK(job->ActiveProcesses) == 0)
        PspEndSilo(job, STATUS_SUCCESS);
}

/* ---------------------------------------------------------------- objects */

void PspInitJobs(void)
{
    static const OBJECT_TYPE_INITIALIZER type = {
        .Length = sizeof(type),
        .GenericMapping = {STANDARD_RIGHTS_READ | JOB_OBJECT_QUERY,
                           STANDARD_RIGHTS_WRITE | JOB_OBJECT_ASSIGN_PROCESS | JOB_OBJECT_SET_ATTRIBUTES |
                               JOB_OBJECT_TERMINATE,
                           STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, JOB_OBJECT_ALL_ACCESS},
        .ValidAccessMask = JOB_OBJECT_ALL_ACCESS,
        .PoolType = NonPagedPoolNx,
        .SecurityRequired = TRUE,
        .WaitObjectFlagOffset = FIELD_OFFSET(EJOB, Event),
        .CloseProcedure = close_job,
        .DeleteProcedure = delete_job,
    };
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Job");
    NTSTATUS status = ObpCreateObjectType(&name, &type, NULL, &PspJobType);
    if (!NT_SUCCESS(status))
        KeBugCheckEx(PROCESS_INITIALIZATION_FAILED, (ULONG_PTR)status, 2, 0, 0);
}

NTSTATUS NTAPI NtCreateJobObject(PHANDLE JobHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes)
{
    static ULONG ids;
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    HANDLE handle;
    PEJOB job;
    NTSTATUS status = mode == UserMode ? KiProbeForWrite(JobHandle, sizeof(HANDLE), sizeof(HANDLE)) : STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        status = ObCreateObject(mode, PspJobType, ObjectAttributes, mode, NULL, sizeof(*job), 0, 0, (PVOID *)&job);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeEvent(&job->Event, NotificationEvent, FALSE);
    ExInitializeResourceLite(&job->Lock);
    job->JobId = __atomic_add_fetch(&ids, 1, __ATOMIC_RELAXED);
    job->SessionId = PspCurrentProcess()->SessionId;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    InsertTailList(&all_jobs, &job->AllJobsEntry);
    KeReleaseSpinLock(&PspJobLock, irql);
    status = ObInsertObject(job, NULL, DesiredAccess, 0, NULL, &handle);
    if (!NT_SUCCESS(status))
        return status;
    NTSTATUS copied = KiCopyToMode(mode, JobHandle, &handle, sizeof(handle));
    if (NT_SUCCESS(copied))
        return status;
    ObCloseHandle(handle, mode);
    return copied;
}

NTSTATUS NTAPI NtOpenJobObject(PHANDLE JobHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    HANDLE handle;
    NTSTATUS status = mode == UserMode ? KiProbeForWrite(JobHandle, sizeof(HANDLE), sizeof(HANDLE)) : STATUS_SUCCESS;
    if (NT_SUCCESS(status))
        status = ObOpenObjectByName(ObjectAttributes, PspJobType, mode, NULL, DesiredAccess, NULL, &handle);
    if (!NT_SUCCESS(status))
        return status;
    status = KiCopyToMode(mode, JobHandle, &handle, sizeof(handle));
    if (!NT_SUCCESS(status))
        ObCloseHandle(handle, mode);
    return status;
}

BOOLEAN PspEnumerateJobs(PEJOB *Job)
{
    PEJOB previous = *Job, next = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspJobLock);
    PLIST_ENTRY entry = previous ? previous->AllJobsEntry.Flink : all_jobs.Flink;
    for (; entry != &all_jobs && !next; entry = entry->Flink) {
        PEJOB candidate = CONTAINING_RECORD(entry, EJOB, AllJobsEntry);
        if (ObReferenceObjectSafe(candidate))
            next = candidate;
    }
    KeReleaseSpinLock(&PspJobLock, irql);
    if (previous)
        ObDereferenceObject(previous);
    *Job = next;
    return next != NULL;
}

/* ---------------------------------------------------------------- services on processes */

/* End a process; if it is the caller's own this does not return, and holds no reference. */
static NTSTATUS end_by_handle(HANDLE handle, NTSTATUS exit_status, KPROCESSOR_MODE mode)
{
    PEPROCESS process;
    NTSTATUS status =
        ObReferenceObjectByHandle(handle, PROCESS_TERMINATE, PspProcessType, mode, (PVOID *)&process, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (process == PspCurrentThread()->ThreadsProcess) {
        ObDereferenceObject(process);
        return PspTerminateProcess(process, exit_status);
    }
    status = PspTerminateProcess(process, exit_status);
    ObDereferenceObject(process);
    return status;
}

NTSTATUS NTAPI NtAssignProcessToJobObject(HANDLE JobHandle, HANDLE ProcessHandle)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    PEPROCESS process;
    PEJOB job;
    NTSTATUS status =
        ObReferenceObjectByHandle(JobHandle, JOB_OBJECT_ASSIGN_PROCESS, PspJobType, mode, (PVOID *)&job, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_SET_QUOTA | PROCESS_TERMINATE, PspProcessType, mode,
                                       (PVOID *)&process, NULL);
    if (NT_SUCCESS(status)) {
        /* The system's processes are in no job, and all members of one are of the same session. */
        if (process == PsInitialSystemProcess || process->SessionId != job->SessionId)
            status = STATUS_ACCESS_DENIED;
        else
            status = join(process, job);
        ObDereferenceObject(process);
    }
    ObDereferenceObject(job);
    if (status == STATUS_QUOTA_EXCEEDED) { /* documented: a process that is too many is ended */
        NTSTATUS ended = end_by_handle(ProcessHandle, status, mode);
        return NT_SUCCESS(ended) ? status : ended;
    }
    return status;
}

NTSTATUS NTAPI NtIsProcessInJob(HANDLE ProcessHandle, HANDLE JobHandle)
{
    KPROCESSOR_MODE mode = KiThread()->PreviousMode;
    PEPROCESS process;
    PEJOB job = NULL;
    NTSTATUS status = ObReferenceObjectByHandle(ProcessHandle, PROCESS_QUERY_LIMITED_INFORMATION, PspProcessType,
                                                mode, (PVOID *)&process, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (JobHandle)
        status = ObReferenceObjectByHandle(JobHandle, JOB_OBJECT_QUERY, PspJobType, mode, (PVOID *)&job, NULL);
    if (NT_SUCCESS(status)) {
        PEJOB innermost = __atomic_load_n(&process->Job, __ATOMIC_ACQUIRE);
        status = innermost && (!job || PspIsJobUnder(innermost, job)) ? STATUS_PROCESS_IN_JOB : STATUS_PROCESS_NOT_IN_JOB;
    }
    if (job)
        ObDereferenceObject(job);
    ObDereferenceObject(process);
    return status;
}

NTSTATUS NTAPI NtTerminateJobObject(HANDLE JobHandle, NTSTATUS ExitStatus)
{
    PEJOB job;
    NTSTATUS status = ObReferenceObjectByHandle(JobHandle, JOB_OBJECT_TERMINATE, PspJobType,
                                                KiThread()->PreviousMode, (PVOID *)&job, NULL);
    if (!NT_SUCCESS(status))
        return status;
    BOOLEAN member = FALSE;
    if (job->Silo)
        PspEndSilo(job, ExitStatus);
    else
        member = PspTerminateJob(job, ExitStatus);
    ObDereferenceObject(job);
    return member ? PspTerminateProcess(PspCurrentThread()->ThreadsProcess, ExitStatus) : STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- what a job says */

ULONG NTAPI PsGetJobSessionId(PEJOB Job)
{
    return Job->SessionId;
}

PERESOURCE NTAPI PsGetJobLock(PEJOB Job)
{
    return &Job->Lock;
}

ULONG NTAPI PsGetJobUIRestrictionsClass(PEJOB Job)
{
    return KI_PEEK(Job->UIRestrictionsClass);
}

VOID NTAPI PsSetJobUIRestrictionsClass(PEJOB Job, ULONG UIRestrictionsClass)
{
    __atomic_store_n(&Job->UIRestrictionsClass, UIRestrictionsClass, __ATOMIC_RELAXED);
}
