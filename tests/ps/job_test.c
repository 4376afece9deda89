/* SPDX-License-Identifier: MIT */
/* Jobs: membership, nesting, limits, what ports are told, and how they end. */
#include <ntifs.h>
#include <nt/ps_services.h>
#include "iop.h"
#include "jobp.h"
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "harness.h"

static PEPROCESS new_process(PEPROCESS parent, HANDLE *handle)
{
    static const UNICODE_STRING name = RTL_CONSTANT_STRING(L"member.exe");
    PEPROCESS process;
    CHECK_EQ(PspCreateProcess(parent, &name, TRUE, &process), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(process, OBJ_KERNEL_HANDLE, NULL, PROCESS_ALL_ACCESS, PspProcessType, KernelMode,
                                   handle),
             STATUS_SUCCESS);
    return process;
}

static void end_process(PEPROCESS process, HANDLE handle, NTSTATUS status)
{
    PspExitProcess(process, status);
    CHECK_EQ(ZwClose(handle), STATUS_SUCCESS);
    ObDereferenceObject(process);
}

static HANDLE new_job(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE job;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateJobObject(&job, JOB_OBJECT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    return job;
}

static PEJOB job_of(HANDLE handle)
{
    PEJOB job;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *PsJobType, KernelMode, (PVOID *)&job, NULL), STATUS_SUCCESS);
    ObDereferenceObject(job);
    return job;
}

static JOBOBJECT_BASIC_ACCOUNTING_INFORMATION accounting(HANDLE job)
{
    JOBOBJECT_BASIC_ACCOUNTING_INFORMATION info;
    ULONG length;
    CHECK_EQ(ZwQueryInformationJobObject(job, JobObjectBasicAccountingInformation, &info, sizeof(info), &length),
             STATUS_SUCCESS);
    CHECK_EQ(length, sizeof(info));
    return info;
}

static NTSTATUS set_limits(HANDLE job, JOBOBJECT_BASIC_LIMIT_INFORMATION limits)
{
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {.BasicLimitInformation = limits};
    return ZwSetInformationJobObject(job, JobObjectExtendedLimitInformation, &info, sizeof(info));
}

static HANDLE give_port(HANDLE job, PVOID key)
{
    JOBOBJECT_ASSOCIATE_COMPLETION_PORT info = {key, NULL};
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateIoCompletion(&info.CompletionPort, 0x1F0003, &attributes, 0), STATUS_SUCCESS);
    CHECK_EQ(ZwSetInformationJobObject(job, JobObjectAssociateCompletionPortInformation, &info, sizeof(info)),
             STATUS_SUCCESS);
    return info.CompletionPort;
}

static void expect_message(HANDLE port, PVOID key, ULONG message, HANDLE process)
{
    PVOID got_key, got_context;
    IO_STATUS_BLOCK iosb;
    LARGE_INTEGER now = {0};
    CHECK_EQ(NtRemoveIoCompletion(port, &got_key, &got_context, &iosb, &now), STATUS_SUCCESS);
    CHECK_EQ(iosb.Information, message);
    CHECK_EQ((ULONG_PTR)got_context, (ULONG_PTR)process);
    CHECK_EQ((ULONG_PTR)got_key, (ULONG_PTR)key);
}

static void expect_no_message(HANDLE port)
{
    PVOID key, context;
    IO_STATUS_BLOCK iosb;
    LARGE_INTEGER now = {0};
    CHECK_EQ(NtRemoveIoCompletion(port, &key, &context, &iosb, &now), STATUS_TIMEOUT);
}

KILN_TEST_ONCE(ps_job, a_process_is_in_the_job_it_was_assigned_to)
{
    HANDLE job = new_job(), other = new_job(), handle;
    PEPROCESS process = new_process(PsInitialSystemProcess, &handle);
    CHECK_EQ(ZwIsProcessInJob(handle, NULL), STATUS_PROCESS_NOT_IN_JOB);
    CHECK(PsGetProcessJob(process) == NULL);
    CHECK_EQ(ZwAssignProcessToJobObject(job, handle), STATUS_SUCCESS);
    CHECK_EQ(ZwIsProcessInJob(handle, NULL), STATUS_PROCESS_IN_JOB);
    CHECK_EQ(ZwIsProcessInJob(handle, job), STATUS_PROCESS_IN_JOB);
    CHECK_EQ(ZwIsProcessInJob(handle, other), STATUS_PROCESS_NOT_IN_JOB);
    CHECK(PsGetProcessJob(process) == job_of(job));
    CHECK_EQ(ZwAssignProcessToJobObject(job, handle), STATUS_ACCESS_DENIED); /* it is in it */
    CHECK_EQ(accounting(job).ActiveProcesses, 1);
    end_process(process, handle, STATUS_SUCCESS);
    CHECK_EQ(accounting(job).ActiveProcesses, 0);
    CHECK_EQ(accounting(job).TotalProcesses, 1);
    ZwClose(job);
    ZwClose(other);
}

KILN_TEST_ONCE(ps_job, handles_need_their_rights_and_types)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE job, weak, handle;
    PEPROCESS process = new_process(PsInitialSystemProcess, &handle);
    InitializeObjectAttributes(&attributes, NULL, 0, NULL, NULL);
    CHECK_EQ(ZwCreateJobObject(&job, JOB_OBJECT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(handle, handle), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ZwAssignProcessToJobObject(job, job), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ZwIsProcessInJob(handle, handle), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ZwTerminateJobObject((HANDLE)0x7770, 0), STATUS_INVALID_HANDLE);
    CHECK_EQ(ObOpenObjectByPointer(job_of(job), 0, NULL, JOB_OBJECT_QUERY, *PsJobType, KernelMode, &weak),
             STATUS_SUCCESS);
    KiThread()->PreviousMode = UserMode;
    NTSTATUS terminated = NtTerminateJobObject(weak, 0);
    NTSTATUS assigned = NtAssignProcessToJobObject(weak, NtCurrentProcess());
    NTSTATUS asked = NtIsProcessInJob(NtCurrentProcess(), weak);
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(terminated, STATUS_ACCESS_DENIED);
    CHECK_EQ(assigned, STATUS_ACCESS_DENIED);
    CHECK_EQ(asked, STATUS_PROCESS_NOT_IN_JOB);
    ZwClose(weak);
    ZwClose(job);
    end_process(process, handle, STATUS_SUCCESS);
}

KILN_TEST_ONCE(ps_job, is_opened_by_name)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\kiln-job"), no = RTL_CONSTANT_STRING(L"\\no-job");
    OBJECT_ATTRIBUTES attributes;
    HANDLE job, same;
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateJobObject(&job, JOB_OBJECT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    CHECK_EQ(ZwCreateJobObject(&same, JOB_OBJECT_ALL_ACCESS, &attributes), STATUS_OBJECT_NAME_COLLISION);
    CHECK_EQ(ZwOpenJobObject(&same, JOB_OBJECT_QUERY, &attributes), STATUS_SUCCESS);
    CHECK(job_of(job) == job_of(same));
    ZwClose(same);
    attributes.ObjectName = &no;
    CHECK_EQ(ZwOpenJobObject(&same, JOB_OBJECT_QUERY, &attributes), STATUS_OBJECT_NAME_NOT_FOUND);
    ZwClose(job);
}

KILN_TEST_ONCE(ps_job, an_empty_job_is_nested_below_the_process_s)
{
    HANDLE outer = new_job(), inner = new_job(), used = new_job(), first, second;
    PEPROCESS process = new_process(PsInitialSystemProcess, &first), other = new_process(PsInitialSystemProcess, &second);
    CHECK_EQ(ZwAssignProcessToJobObject(outer, first), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(used, second), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(used, first), STATUS_ACCESS_DENIED); /* not empty */
    CHECK_EQ(ZwAssignProcessToJobObject(inner, first), STATUS_SUCCESS);
    CHECK_EQ(ZwIsProcessInJob(first, inner), STATUS_PROCESS_IN_JOB);
    CHECK_EQ(ZwIsProcessInJob(first, outer), STATUS_PROCESS_IN_JOB); /* of all of them */
    CHECK(PsGetProcessJob(process) == job_of(inner));
    CHECK_EQ(accounting(outer).ActiveProcesses, 1);
    CHECK_EQ(accounting(outer).TotalProcesses, 1);
    CHECK_EQ(accounting(inner).ActiveProcesses, 1);
    /* Upwards there is no way: it is in the outer one already. */
    CHECK_EQ(ZwAssignProcessToJobObject(outer, first), STATUS_ACCESS_DENIED);
    end_process(process, first, STATUS_SUCCESS);
    CHECK_EQ(accounting(outer).ActiveProcesses, 0);
    end_process(other, second, STATUS_SUCCESS);
    ZwClose(outer);
    ZwClose(inner);
    ZwClose(used);
}

KILN_TEST_ONCE(ps_job, one_that_restricts_the_user_interface_is_not_nested)
{
    HANDLE outer = new_job(), inner = new_job(), handle;
    PEPROCESS process = new_process(PsInitialSystemProcess, &handle);
    ULONG class = 4, wrong = 0x100, got = 0;
    CHECK_EQ(ZwSetInformationJobObject(inner, JobObjectBasicUIRestrictions, &wrong, 4), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwSetInformationJobObject(inner, JobObjectBasicUIRestrictions, &class, 4), STATUS_SUCCESS);
    CHECK_EQ(PsGetJobUIRestrictionsClass(job_of(inner)), 4);
    PsSetJobUIRestrictionsClass(job_of(inner), 5);
    CHECK_EQ(ZwQueryInformationJobObject(inner, JobObjectBasicUIRestrictions, &got, 4, NULL), STATUS_SUCCESS);
    CHECK_EQ(got, 5);
    CHECK_EQ(ZwAssignProcessToJobObject(outer, handle), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(inner, handle), STATUS_ACCESS_DENIED);
    PsSetJobUIRestrictionsClass(job_of(inner), 0);
    CHECK_EQ(ZwAssignProcessToJobObject(inner, handle), STATUS_SUCCESS);
    end_process(process, handle, STATUS_SUCCESS);
    ZwClose(outer);
    ZwClose(inner);
}

KILN_TEST_ONCE(ps_job, children_join_unless_they_break_away)
{
    HANDLE outer = new_job(), inner = new_job(), handle, child_handle;
    PEPROCESS process = new_process(PsInitialSystemProcess, &handle), child;
    CHECK_EQ(ZwAssignProcessToJobObject(outer, handle), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(inner, handle), STATUS_SUCCESS);
    child = new_process(process, &child_handle);
    CHECK_EQ(ZwIsProcessInJob(child_handle, inner), STATUS_PROCESS_IN_JOB);
    end_process(child, child_handle, STATUS_SUCCESS);
    /* Silently out of the inner one, into the outer one. */
    CHECK_EQ(set_limits(inner, (JOBOBJECT_BASIC_LIMIT_INFORMATION){.LimitFlags = JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK}),
             STATUS_SUCCESS);
    child = new_process(process, &child_handle);
    CHECK_EQ(ZwIsProcessInJob(child_handle, inner), STATUS_PROCESS_NOT_IN_JOB);
    CHECK_EQ(ZwIsProcessInJob(child_handle, outer), STATUS_PROCESS_IN_JOB);
    end_process(child, child_handle, STATUS_SUCCESS);
    /* Asked for: only where it is allowed. */
    child = new_process(PsInitialSystemProcess, &child_handle);
    CHECK_EQ(PspInheritJob(process, child, TRUE), STATUS_ACCESS_DENIED);
    CHECK_EQ(set_limits(outer, (JOBOBJECT_BASIC_LIMIT_INFORMATION){.LimitFlags = JOB_OBJECT_LIMIT_BREAKAWAY_OK}),
             STATUS_SUCCESS);
    CHECK_EQ(PspInheritJob(process, child, TRUE), STATUS_SUCCESS);
    CHECK_EQ(ZwIsProcessInJob(child_handle, NULL), STATUS_PROCESS_NOT_IN_JOB);
    end_process(child, child_handle, STATUS_SUCCESS);
    end_process(process, handle, STATUS_SUCCESS);
    ZwClose(outer);
    ZwClose(inner);
}

KILN_TEST_ONCE(ps_job, one_process_too_many_is_ended_and_the_port_is_told)
{
    HANDLE job = new_job(), first, second, port = give_port(job, (PVOID)7);
    PEPROCESS process = new_process(PsInitialSystemProcess, &first), other = new_process(PsInitialSystemProcess, &second);
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"child.exe");
    PEPROCESS child;
    JOBOBJECT_BASIC_LIMIT_INFORMATION one = {.LimitFlags = JOB_OBJECT_LIMIT_ACTIVE_PROCESS, .ActiveProcessLimit = 1};
    CHECK_EQ(set_limits(job, one), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(job, first), STATUS_SUCCESS);
    expect_message(port, (PVOID)7, JOB_OBJECT_MSG_NEW_PROCESS, PsGetProcessId(process));
    CHECK_EQ(ZwAssignProcessToJobObject(job, second), STATUS_QUOTA_EXCEEDED);
    expect_message(port, (PVOID)7, JOB_OBJECT_MSG_ACTIVE_PROCESS_LIMIT, NULL);
    CHECK_EQ(PsGetProcessExitStatus(other), STATUS_QUOTA_EXCEEDED);
    CHECK_EQ(PspCreateProcess(process, &name, TRUE, &child), STATUS_QUOTA_EXCEEDED); /* a child is one too many */
    CHECK_EQ(accounting(job).TotalTerminatedProcesses, 2);
    CHECK_EQ(accounting(job).ActiveProcesses, 1);
    end_process(process, first, STATUS_SUCCESS);
    ZwClose(second);
    ObDereferenceObject(other);
    ZwClose(port);
    ZwClose(job);
}

KILN_TEST_ONCE(ps_job, the_ports_of_all_jobs_hear_of_exits)
{
    HANDLE outer = new_job(), inner = new_job(), handle, crashed_handle;
    HANDLE outer_port = give_port(outer, (PVOID)1), inner_port = give_port(inner, (PVOID)2);
    PEPROCESS process = new_process(PsInitialSystemProcess, &handle), crashed = new_process(PsInitialSystemProcess, &crashed_handle);
    HANDLE id = PsGetProcessId(process), crashed_id = PsGetProcessId(crashed);
    CHECK_EQ(ZwAssignProcessToJobObject(outer, handle), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(inner, handle), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(outer, crashed_handle), STATUS_SUCCESS);
    end_process(process, handle, STATUS_SUCCESS);
    end_process(crashed, crashed_handle, STATUS_ACCESS_VIOLATION);
    expect_message(inner_port, (PVOID)2, JOB_OBJECT_MSG_NEW_PROCESS, id);
    expect_message(inner_port, (PVOID)2, JOB_OBJECT_MSG_EXIT_PROCESS, id);
    expect_message(inner_port, (PVOID)2, JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, NULL);
    expect_no_message(inner_port);
    expect_message(outer_port, (PVOID)1, JOB_OBJECT_MSG_NEW_PROCESS, id);
    expect_message(outer_port, (PVOID)1, JOB_OBJECT_MSG_NEW_PROCESS, crashed_id);
    expect_message(outer_port, (PVOID)1, JOB_OBJECT_MSG_EXIT_PROCESS, id);
    expect_message(outer_port, (PVOID)1, JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS, crashed_id);
    expect_message(outer_port, (PVOID)1, JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO, NULL);
    expect_no_message(outer_port);
    JOBOBJECT_ASSOCIATE_COMPLETION_PORT again = {NULL, inner_port};
    CHECK_EQ(ZwSetInformationJobObject(inner, JobObjectAssociateCompletionPortInformation, &again, sizeof(again)),
             STATUS_INVALID_PARAMETER);
    ZwClose(outer_port);
    ZwClose(inner_port);
    ZwClose(outer);
    ZwClose(inner);
}

KILN_TEST_ONCE(ps_job, affinity_and_priority_hold_for_every_member)
{
    HANDLE outer = new_job(), inner = new_job(), handle;
    PEPROCESS process = new_process(PsInitialSystemProcess, &handle);
    KAFFINITY all = KeQueryActiveProcessors();
    JOBOBJECT_BASIC_LIMIT_INFORMATION limits = {
        .LimitFlags = JOB_OBJECT_LIMIT_AFFINITY | JOB_OBJECT_LIMIT_PRIORITY_CLASS, .Affinity = 1, .PriorityClass = 1};
    CHECK_EQ(ZwAssignProcessToJobObject(outer, handle), STATUS_SUCCESS);
    CHECK_EQ(set_limits(outer, limits), STATUS_SUCCESS);
    CHECK_EQ(process->Pcb.Affinity & all, 1);
    CHECK_EQ(process->Pcb.BasePriority, 4); /* idle class */
    limits.Affinity = 0;
    CHECK_EQ(set_limits(outer, limits), STATUS_INVALID_PARAMETER);
    limits.Affinity = all << 1 | 1;
    CHECK_EQ(set_limits(outer, limits), STATUS_INVALID_PARAMETER); /* a processor that is not there */
    limits.Affinity = 1;
    limits.PriorityClass = 7;
    CHECK_EQ(set_limits(outer, limits), STATUS_INVALID_PARAMETER);
    /* A nested job's high class does not lift what the outer one allows. */
    CHECK_EQ(ZwAssignProcessToJobObject(inner, handle), STATUS_SUCCESS);
    limits.LimitFlags = JOB_OBJECT_LIMIT_PRIORITY_CLASS;
    limits.PriorityClass = 3;
    CHECK_EQ(set_limits(inner, limits), STATUS_SUCCESS);
    CHECK_EQ(process->Pcb.BasePriority, 4);
    end_process(process, handle, STATUS_SUCCESS);
    ZwClose(outer);
    ZwClose(inner);
}

KILN_TEST_ONCE(ps_job, refuses_limits_it_could_not_keep)
{
    HANDLE job = new_job();
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION info = {.ProcessMemoryLimit = 4096};
    JOBOBJECT_BASIC_LIMIT_INFORMATION basic = {.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE};
    ULONG length = 0, number = 0;
    CHECK_EQ(set_limits(job, (JOBOBJECT_BASIC_LIMIT_INFORMATION){.LimitFlags = 0x4}), STATUS_NOT_SUPPORTED); /* time */
    CHECK_EQ(set_limits(job, (JOBOBJECT_BASIC_LIMIT_INFORMATION){.LimitFlags = 0x80000000}),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(set_limits(job, (JOBOBJECT_BASIC_LIMIT_INFORMATION){.LimitFlags = JOB_OBJECT_LIMIT_ACTIVE_PROCESS}),
             STATUS_INVALID_PARAMETER); /* of none */
    CHECK_EQ(ZwSetInformationJobObject(job, JobObjectExtendedLimitInformation, &info, sizeof(info)),
             STATUS_NOT_SUPPORTED);
    CHECK_EQ(ZwSetInformationJobObject(job, JobObjectExtendedLimitInformation, &info, 8), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwSetInformationJobObject(job, JobObjectBasicLimitInformation, &basic, sizeof(basic)),
             STATUS_INVALID_PARAMETER); /* only the extended form has it */
    CHECK_EQ(ZwSetInformationJobObject(job, (JOBOBJECTINFOCLASS)99, &number, 4), STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwQueryInformationJobObject(job, (JOBOBJECTINFOCLASS)99, &number, 4, &length), STATUS_INVALID_INFO_CLASS);
    CHECK_EQ(ZwQueryInformationJobObject(job, JobObjectBasicLimitInformation, &basic, 4, &length),
             STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwQueryInformationJobObject(NULL, JobObjectBasicLimitInformation, &basic, sizeof(basic), &length),
             STATUS_ACCESS_DENIED); /* the caller is in no job */
    ZwClose(job);
}

KILN_TEST_ONCE(ps_job, lists_as_many_members_as_fit)
{
    struct {
        ULONG assigned, listed;
        ULONG_PTR ids[2];
    } list;
    HANDLE job = new_job(), handles[2];
    PEPROCESS members[2];
    ULONG length = 0;
    for (ULONG i = 0; i < 2; i++) {
        members[i] = new_process(PsInitialSystemProcess, &handles[i]);
        CHECK_EQ(ZwAssignProcessToJobObject(job, handles[i]), STATUS_SUCCESS);
    }
    CHECK_EQ(ZwQueryInformationJobObject(job, JobObjectBasicProcessIdList, &list, sizeof(list), &length), STATUS_SUCCESS);
    CHECK_EQ(list.assigned, 2);
    CHECK_EQ(list.listed, 2);
    CHECK_EQ(list.ids[0], (ULONG_PTR)PsGetProcessId(members[0]));
    CHECK_EQ(list.ids[1], (ULONG_PTR)PsGetProcessId(members[1]));
    CHECK_EQ(length, sizeof(list));
    CHECK_EQ(ZwQueryInformationJobObject(job, JobObjectBasicProcessIdList, &list, sizeof(list) - 8, &length),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(list.assigned, 2);
    CHECK_EQ(list.listed, 1);
    CHECK_EQ(ZwQueryInformationJobObject(job, JobObjectBasicProcessIdList, &list, 4, &length),
             STATUS_INFO_LENGTH_MISMATCH);
    for (ULONG i = 0; i < 2; i++)
        end_process(members[i], handles[i], STATUS_SUCCESS);
    ZwClose(job);
}

KILN_TEST_ONCE(ps_job, terminating_ends_all_members_and_those_of_nested_jobs)
{
    HANDLE outer = new_job(), inner = new_job(), handles[2];
    PEPROCESS members[2];
    for (ULONG i = 0; i < 2; i++) {
        members[i] = new_process(PsInitialSystemProcess, &handles[i]);
        CHECK_EQ(ZwAssignProcessToJobObject(outer, handles[i]), STATUS_SUCCESS);
    }
    CHECK_EQ(ZwAssignProcessToJobObject(inner, handles[1]), STATUS_SUCCESS);
    CHECK_EQ(ZwTerminateJobObject(outer, 77), STATUS_SUCCESS);
    for (ULONG i = 0; i < 2; i++) {
        CHECK_EQ(PsGetProcessExitStatus(members[i]), 77);
        ZwClose(handles[i]);
        ObDereferenceObject(members[i]);
    }
    CHECK_EQ(accounting(outer).ActiveProcesses, 0);
    CHECK_EQ(accounting(outer).TotalTerminatedProcesses, 0); /* those are of limits only */
    ZwClose(outer);
    ZwClose(inner);
}

KILN_TEST(ps_job, kill_on_close_ends_the_members_with_the_last_handle)
{
    HANDLE job = new_job(), second, handle;
    PEPROCESS process = new_process(PsInitialSystemProcess, &handle);
    LARGE_INTEGER later = {.QuadPart = -10000000};
    CHECK_EQ(set_limits(job, (JOBOBJECT_BASIC_LIMIT_INFORMATION){.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE}),
             STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(job, handle), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(job_of(job), OBJ_KERNEL_HANDLE, NULL, JOB_OBJECT_QUERY, *PsJobType, KernelMode, &second),
             STATUS_SUCCESS);
    ZwClose(job);
    CHECK_EQ(PsGetProcessExitStatus(process), STATUS_PENDING);
    ZwClose(second);
    CHECK_EQ(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, &later), STATUS_SUCCESS);
    ZwClose(handle);
    ObDereferenceObject(process);
}

KILN_TEST_ONCE(ps_job, tells_its_session_and_gives_its_lock)
{
    HANDLE job = new_job();
    CHECK_EQ(PsGetJobSessionId(job_of(job)), 0);
    PERESOURCE lock = PsGetJobLock(job_of(job));
    KeEnterCriticalRegion();
    CHECK(ExAcquireResourceExclusiveLite(lock, TRUE));
    CHECK(ExIsResourceAcquiredExclusiveLite(lock));
    ExReleaseResourceLite(lock);
    KeLeaveCriticalRegion();
    ZwClose(job);
}

/* Members come and go on two threads while a third counts: no count is lost, and the last one empties the job. */
static struct {
    HANDLE job;
    volatile LONG running;
} race;

static VOID NTAPI come_and_go(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    for (ULONG i = 0; i < 5; i++) {
        HANDLE handle;
        PEPROCESS process = new_process(PsInitialSystemProcess, &handle);
        CHECK_EQ(ZwAssignProcessToJobObject(race.job, handle), STATUS_SUCCESS);
        end_process(process, handle, STATUS_SUCCESS);
    }
    InterlockedDecrement(&race.running);
}

KILN_TEST(ps_job, counts_members_that_come_and_go_at_once)
{
    HANDLE thread;
    race.job = new_job();
    race.running = 2;
    for (ULONG i = 0; i < 2; i++) {
        CHECK_EQ(PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, come_and_go, NULL), STATUS_SUCCESS);
        ZwClose(thread);
    }
    LARGE_INTEGER tick = {.QuadPart = -1000};
    while (race.running) {
        CHECK(accounting(race.job).ActiveProcesses <= 2);
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    }
    CHECK_EQ(accounting(race.job).ActiveProcesses, 0);
    CHECK_EQ(accounting(race.job).TotalProcesses, 10);
    ZwClose(race.job);
}
