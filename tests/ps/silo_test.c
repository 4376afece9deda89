/* SPDX-License-Identifier: MIT */
/* Silos: which one a thread, a process and a job is in; how they begin and end; monitors that are told of it. */
#include <ntifs.h>
#include <nt/ps_services.h>
#include "jobp.h"
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "harness.h"

static HANDLE new_job(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE job;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateJobObject(&job, JOB_OBJECT_ALL_ACCESS, &attributes), STATUS_SUCCESS);
    return job;
}

/* Referenced. */
static PEJOB job_of(HANDLE handle)
{
    PEJOB job;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *PsJobType, KernelMode, (PVOID *)&job, NULL), STATUS_SUCCESS);
    return job;
}

static HANDLE new_silo(PESILO *silo)
{
    HANDLE handle = new_job();
    CHECK_EQ(ZwSetInformationJobObject(handle, JobObjectCreateSilo, NULL, 0), STATUS_SUCCESS);
    *silo = job_of(handle);
    return handle;
}

static NTSTATUS make_server(HANDLE handle)
{
    return ZwSetInformationJobObject(handle, JobObjectServerSiloInitialize, NULL, 0);
}

static HANDLE new_server_silo(PESILO *silo)
{
    HANDLE handle = new_silo(silo);
    CHECK_EQ(make_server(handle), STATUS_SUCCESS);
    return handle;
}

static SERVERSILO_STATE state_of(HANDLE handle)
{
    SERVERSILO_BASIC_INFORMATION info;
    CHECK_EQ(ZwQueryInformationJobObject(handle, JobObjectServerSiloBasicInformation, &info, sizeof(info), NULL),
             STATUS_SUCCESS);
    return info.State;
}

static void wait_for_end(HANDLE handle)
{
    LARGE_INTEGER tick = {.QuadPart = -1000};
    while (state_of(handle) != SERVERSILO_TERMINATED)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
}

static void end_silo(HANDLE handle, PESILO silo)
{
    PsTerminateServerSilo(silo, STATUS_SUCCESS);
    wait_for_end(handle);
    ObDereferenceObject(silo);
    CHECK_EQ(ZwClose(handle), STATUS_SUCCESS);
}

static PEPROCESS new_member(HANDLE job, HANDLE *handle)
{
    static const UNICODE_STRING name = RTL_CONSTANT_STRING(L"contained.exe");
    PEPROCESS process;
    CHECK_EQ(PspCreateProcess(PsInitialSystemProcess, &name, TRUE, &process), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(process, OBJ_KERNEL_HANDLE, NULL, PROCESS_ALL_ACCESS, PspProcessType, KernelMode,
                                   handle),
             STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(job, *handle), STATUS_SUCCESS);
    return process;
}

/* ---------------------------------------------------------------- where a thread is */

KILN_TEST_ONCE(ps_silo, everybody_is_in_the_host_by_default)
{
    CHECK(PsIsHostSilo(PsGetHostSilo()));
    CHECK(PsIsHostSilo(PsGetCurrentSilo()));
    CHECK(PsIsHostSilo(PsGetCurrentServerSilo()));
    CHECK(PsGetThreadServerSilo(PsGetCurrentThread()) == NULL);
    CHECK(PsIsHostSilo(PsGetEffectiveServerSilo(PsGetHostSilo())));
    CHECK(PsIsHostSilo(PsGetParentSilo(NULL)));
    CHECK(PsGetSiloContainerId(PsGetHostSilo()) != NULL);
    CHECK_EQ(PsGetServerSiloActiveConsoleId(PsGetHostSilo()), 0);
}

KILN_TEST_ONCE(ps_silo, jobs_tell_their_silo_and_server_silo)
{
    PESILO server, app, got;
    HANDLE outer = new_server_silo(&server), inner = new_silo(&app), plain = new_job(), first, second;
    PEJOB job = job_of(plain);
    CHECK_EQ(PsGetJobSilo(NULL, &got), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsGetJobServerSilo(NULL, &got), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsGetJobSilo(job, &got), STATUS_JOB_NO_CONTAINER);
    CHECK_EQ(PsGetJobServerSilo(job, &got), STATUS_SUCCESS);
    CHECK(PsIsHostSilo(got));
    /* A process of the server silo, then of an application silo nested in it. */
    PEPROCESS process = new_member(outer, &first), other = new_member(outer, &second);
    CHECK_EQ(ZwAssignProcessToJobObject(inner, first), STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(plain, second), STATUS_SUCCESS);
    CHECK_EQ(PsGetJobSilo(app, &got), STATUS_SUCCESS);
    CHECK(got == app);
    CHECK_EQ(PsGetJobServerSilo(app, &got), STATUS_SUCCESS);
    CHECK(got == server);
    CHECK_EQ(PsGetJobSilo(job, &got), STATUS_SUCCESS); /* the first one upwards */
    CHECK(got == server);
    CHECK(PsGetParentSilo(app) == server);
    CHECK(PsIsHostSilo(PsGetParentSilo(server)));
    CHECK(PsGetEffectiveServerSilo(app) == server);
    CHECK(PsGetEffectiveServerSilo(server) == server);
    CHECK(!PsIsHostSilo(server));
    PspExitProcess(process, 0);
    PspExitProcess(other, 0);
    ZwClose(first);
    ZwClose(second);
    ObDereferenceObject(process);
    ObDereferenceObject(other);
    wait_for_end(outer);
    ObDereferenceObject(job);
    ObDereferenceObject(app);
    ObDereferenceObject(server);
    ZwClose(plain);
    ZwClose(inner);
    ZwClose(outer);
}

KILN_TEST_ONCE(ps_silo, attaching_changes_the_silo_of_the_thread_until_detached)
{
    PESILO server, app;
    HANDLE outer = new_server_silo(&server), inner = new_silo(&app);
    PESILO before = PsAttachSiloToCurrentThread(server);
    CHECK(PsGetCurrentSilo() == server);
    CHECK(PsGetCurrentServerSilo() == server);
    CHECK(PsGetThreadServerSilo(PsGetCurrentThread()) == server);
    PESILO first = PsAttachSiloToCurrentThread(app);
    CHECK(first == server);
    CHECK(PsGetCurrentSilo() == app);
    CHECK(PsIsHostSilo(PsGetCurrentServerSilo())); /* an application silo is no server silo */
    PESILO second = PsAttachSiloToCurrentThread(PsGetHostSilo());
    CHECK(second == app);
    CHECK(PsIsHostSilo(PsGetCurrentSilo()));
    PsDetachSiloFromCurrentThread(second);
    CHECK(PsGetCurrentSilo() == app);
    PsDetachSiloFromCurrentThread(first);
    CHECK(PsGetCurrentSilo() == server);
    PsDetachSiloFromCurrentThread(before);
    CHECK(PsIsHostSilo(PsGetCurrentSilo()));
    ObDereferenceObject(app);
    ZwClose(inner);
    end_silo(outer, server);
}

static VOID NTAPI attach_and_end(PVOID silo)
{
    PsAttachSiloToCurrentThread(silo);
}

KILN_TEST_BUGCHECK(ps_silo, a_thread_must_detach_before_it_ends, INVALID_SILO_DETACH)
{
    HANDLE thread;
    LARGE_INTEGER later = {.QuadPart = -6000000000LL}; /* longer than a report takes */
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, attach_and_end, NULL), STATUS_SUCCESS);
    KeDelayExecutionThread(KernelMode, FALSE, &later);
}

KILN_TEST_BUGCHECK(ps_silo, a_work_item_must_detach_before_it_returns, WORKER_THREAD_RETURNED_WHILE_ATTACHED_TO_SILO)
{
    static WORK_QUEUE_ITEM item;
    LARGE_INTEGER later = {.QuadPart = -6000000000LL}; /* longer than a report takes */
    ExInitializeWorkItem(&item, attach_and_end, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeDelayExecutionThread(KernelMode, FALSE, &later);
}

/* ---------------------------------------------------------------- beginning and end */

KILN_TEST_ONCE(ps_silo, is_made_of_an_empty_job_and_once)
{
    PESILO silo;
    HANDLE handle = new_job(), process_handle;
    SILOOBJECT_BASIC_INFORMATION info;
    SERVERSILO_BASIC_INFORMATION server;
    CHECK_EQ(make_server(handle), STATUS_JOB_NO_CONTAINER);
    CHECK_EQ(ZwQueryInformationJobObject(handle, JobObjectSiloBasicInformation, &info, sizeof(info), NULL),
             STATUS_JOB_NO_CONTAINER);
    PEPROCESS process = new_member(handle, &process_handle);
    CHECK_EQ(ZwSetInformationJobObject(handle, JobObjectCreateSilo, NULL, 0), STATUS_NOT_SUPPORTED);
    PspExitProcess(process, 0);
    ObDereferenceObject(process);
    ZwClose(process_handle);
    ZwClose(handle);
    handle = new_silo(&silo);
    CHECK_EQ(ZwSetInformationJobObject(handle, JobObjectCreateSilo, NULL, 0), STATUS_CONTAINER_ASSIGNED);
    CHECK_EQ(ZwSetInformationJobObject(handle, JobObjectCreateSilo, &info, 4), STATUS_INFO_LENGTH_MISMATCH);
    CHECK_EQ(ZwQueryInformationJobObject(handle, JobObjectSiloBasicInformation, &info, sizeof(info), NULL),
             STATUS_SUCCESS);
    CHECK(info.SiloId != 0 && info.SiloParentId == 0 && !info.IsInServerSilo);
    CHECK_EQ(ZwQueryInformationJobObject(handle, JobObjectServerSiloBasicInformation, &server, sizeof(server), NULL),
             STATUS_JOB_NO_CONTAINER);
    CHECK_EQ(make_server(handle), STATUS_SUCCESS);
    CHECK_EQ(make_server(handle), STATUS_CONTAINER_ASSIGNED);
    CHECK_EQ(state_of(handle), SERVERSILO_STARTED);
    end_silo(handle, silo);
}

KILN_TEST(ps_silo, ends_when_its_last_process_does)
{
    PESILO silo;
    OBJECT_ATTRIBUTES attributes;
    SERVERSILO_INIT_INFORMATION init = {0};
    LARGE_INTEGER later = {.QuadPart = -6000000000LL}; /* longer than a report takes */
    HANDLE handle = new_silo(&silo), first, second;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&init.DeleteEvent, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
             STATUS_SUCCESS);
    CHECK_EQ(ZwSetInformationJobObject(handle, JobObjectServerSiloInitialize, &init, sizeof(init)), STATUS_SUCCESS);
    PEPROCESS process = new_member(handle, &first), other = new_member(handle, &second);
    PspExitProcess(process, 0);
    CHECK_EQ(state_of(handle), SERVERSILO_STARTED);
    PspExitProcess(other, 0);
    CHECK_EQ(ZwWaitForSingleObject(init.DeleteEvent, FALSE, &later), STATUS_SUCCESS);
    CHECK_EQ(state_of(handle), SERVERSILO_TERMINATED);
    ZwClose(init.DeleteEvent);
    ZwClose(first);
    ZwClose(second);
    ObDereferenceObject(process);
    ObDereferenceObject(other);
    ObDereferenceObject(silo);
    ZwClose(handle);
}

KILN_TEST(ps_silo, terminating_ends_its_processes_and_lets_nobody_in)
{
    PESILO silo;
    HANDLE handle = new_server_silo(&silo), inside, outside;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"late.exe");
    PEPROCESS process = new_member(handle, &inside), late;
    CHECK_EQ(ZwTerminateJobObject(handle, 5), STATUS_SUCCESS);
    wait_for_end(handle);
    CHECK_EQ(PsGetProcessExitStatus(process), 5);
    CHECK_EQ(PspCreateProcess(PsInitialSystemProcess, &name, TRUE, &late), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(late, OBJ_KERNEL_HANDLE, NULL, PROCESS_ALL_ACCESS, PspProcessType, KernelMode,
                                   &outside),
             STATUS_SUCCESS);
    CHECK_EQ(ZwAssignProcessToJobObject(handle, outside), STATUS_PROCESS_IS_TERMINATING);
    PspExitProcess(late, 0);
    ZwClose(outside);
    ZwClose(inside);
    ObDereferenceObject(late);
    ObDereferenceObject(process);
    ObDereferenceObject(silo);
    ZwClose(handle);
}

/* ---------------------------------------------------------------- monitors */

#define MONITORS 3
static volatile char story[64];
static volatile ULONG told;
static NTSTATUS verdict[MONITORS];
static PSILO_MONITOR monitors[MONITORS];

static void tell(char what)
{
    CHECK(told < sizeof(story) - 1);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    story[told++] = what;
}

static NTSTATUS NTAPI create0(PESILO silo)
{
    tell(PsIsHostSilo(silo) ? 'H' : 'A');
    return verdict[0];
}
static VOID NTAPI end0(PESILO silo)
{
    tell(PsIsHostSilo(silo) ? 'h' : 'a');
}
static NTSTATUS NTAPI create1(PESILO silo)
{
    CHECK(PsGetEffectiveServerSilo(silo) == silo);
    tell('B');
    return verdict[1];
}
static VOID NTAPI end1(PESILO silo)
{
    UNREFERENCED_PARAMETER(silo);
    tell('b');
}
static NTSTATUS NTAPI create2(PESILO silo)
{
    UNREFERENCED_PARAMETER(silo);
    tell('C');
    return verdict[2];
}
static VOID NTAPI end2(PESILO silo)
{
    UNREFERENCED_PARAMETER(silo);
    tell('c');
}

static NTSTATUS add_monitor(ULONG which, BOOLEAN host, BOOLEAN existing)
{
    static SILO_MONITOR_CREATE_CALLBACK *const creates[] = {create0, create1, create2};
    static SILO_MONITOR_TERMINATE_CALLBACK *const ends[] = {end0, end1, end2};
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"test");
    SILO_MONITOR_REGISTRATION registration = {.Version = SILO_MONITOR_REGISTRATION_VERSION,
                                              .MonitorHost = host,
                                              .MonitorExistingSilos = existing,
                                              .ComponentName = &name,
                                              .CreateCallback = creates[which],
                                              .TerminateCallback = ends[which]};
    CHECK_EQ(PsRegisterSiloMonitor(&registration, &monitors[which]), STATUS_SUCCESS);
    return PsStartSiloMonitor(monitors[which]);
}

static BOOLEAN story_is(const char *expected)
{
    for (ULONG i = 0; i <= told; i++) {
        if ((i < told ? story[i] : 0) != expected[i])
            return FALSE;
    }
    return TRUE;
}

KILN_TEST_ONCE(ps_silo_monitor, registration_is_checked)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"test");
    SILO_MONITOR_REGISTRATION good = {.Version = SILO_MONITOR_REGISTRATION_VERSION,
                                      .ComponentName = &name,
                                      .TerminateCallback = end0};
    SILO_MONITOR_REGISTRATION bad = good;
    PSILO_MONITOR monitor;
    PESILO silo;
    bad.Version = 2;
    CHECK_EQ(PsRegisterSiloMonitor(&bad, &monitor), STATUS_INVALID_PARAMETER);
    bad = good;
    bad.ComponentName = NULL;
    CHECK_EQ(PsRegisterSiloMonitor(&bad, &monitor), STATUS_INVALID_PARAMETER);
    bad = good;
    bad.TerminateCallback = NULL;
    CHECK_EQ(PsRegisterSiloMonitor(&bad, &monitor), STATUS_INVALID_PARAMETER);
    HANDLE handle = new_server_silo(&silo);
    PESILO before = PsAttachSiloToCurrentThread(silo);
    CHECK_EQ(PsRegisterSiloMonitor(&good, &monitor), STATUS_PRIVILEGE_NOT_HELD);
    PsDetachSiloFromCurrentThread(before);
    end_silo(handle, silo);
    CHECK_EQ(PsRegisterSiloMonitor(&good, &monitor), STATUS_SUCCESS); /* without a create routine */
    CHECK(PsGetSiloMonitorContextSlot(monitor) != INVALID_SILO_CONTEXT_SLOT);
    PsUnregisterSiloMonitor(monitor);
}

KILN_TEST(ps_silo_monitor, all_hear_of_a_silo_in_order_and_of_its_end_in_reverse)
{
    PESILO silo;
    for (ULONG i = 0; i < MONITORS; i++)
        CHECK_EQ(add_monitor(i, FALSE, FALSE), STATUS_SUCCESS);
    HANDLE handle = new_silo(&silo);
    CHECK(story_is("")); /* an application silo concerns nobody */
    CHECK_EQ(make_server(handle), STATUS_SUCCESS);
    CHECK(story_is("ABC"));
    end_silo(handle, silo);
    CHECK(story_is("ABCcba"));
    for (ULONG i = 0; i < MONITORS; i++)
        PsUnregisterSiloMonitor(monitors[i]);
    CHECK(story_is("ABCcba"));
}

KILN_TEST_ONCE(ps_silo_monitor, one_that_refuses_undoes_the_silo)
{
    PESILO silo;
    for (ULONG i = 0; i < MONITORS; i++)
        CHECK_EQ(add_monitor(i, FALSE, FALSE), STATUS_SUCCESS);
    verdict[1] = STATUS_NO_MEMORY;
    HANDLE handle = new_silo(&silo);
    CHECK_EQ(make_server(handle), STATUS_NO_MEMORY);
    CHECK(story_is("ABa")); /* the one that refused is not told of the end */
    CHECK(PsIsHostSilo(PsGetEffectiveServerSilo(silo)));
    verdict[1] = STATUS_SUCCESS;
    CHECK_EQ(make_server(handle), STATUS_SUCCESS);
    CHECK(story_is("ABaABC"));
    for (ULONG i = 0; i < MONITORS; i++)
        PsUnregisterSiloMonitor(monitors[i]); /* tells the monitor of the end of what it still watches */
    CHECK(story_is("ABaABCabc"));
    end_silo(handle, silo);
    CHECK(story_is("ABaABCabc"));
}

KILN_TEST_ONCE(ps_silo_monitor, starts_with_the_host_and_with_silos_that_exist_if_it_asked_for_them)
{
    PESILO silo;
    HANDLE handle = new_server_silo(&silo);
    CHECK_EQ(add_monitor(1, FALSE, FALSE), STATUS_NOT_SUPPORTED); /* one exists */
    CHECK(story_is(""));
    PsUnregisterSiloMonitor(monitors[1]);
    CHECK_EQ(add_monitor(0, TRUE, TRUE), STATUS_SUCCESS);
    CHECK(story_is("HA"));
    CHECK_EQ(PsStartSiloMonitor(monitors[0]), STATUS_REQUEST_ABORTED); /* it has started */
    verdict[2] = STATUS_UNSUCCESSFUL;
    CHECK_EQ(add_monitor(2, FALSE, TRUE), STATUS_REQUEST_ABORTED);
    CHECK(story_is("HAC"));
    PsUnregisterSiloMonitor(monitors[2]);
    PsUnregisterSiloMonitor(monitors[0]);
    CHECK(story_is("HACah"));
    end_silo(handle, silo);
}

KILN_TEST_ONCE(ps_silo_monitor, one_that_was_not_started_hears_nothing)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"test");
    SILO_MONITOR_REGISTRATION registration = {.Version = SILO_MONITOR_REGISTRATION_VERSION,
                                              .ComponentName = &name,
                                              .CreateCallback = create0,
                                              .TerminateCallback = end0};
    PESILO silo;
    CHECK_EQ(PsRegisterSiloMonitor(&registration, &monitors[0]), STATUS_SUCCESS);
    HANDLE handle = new_server_silo(&silo);
    end_silo(handle, silo);
    CHECK(story_is(""));
    PsUnregisterSiloMonitor(monitors[0]);
}

/* A routine that unregisters its own monitor while it is told of an end. */
static VOID NTAPI end_and_leave(PESILO silo)
{
    UNREFERENCED_PARAMETER(silo);
    tell('x');
    PsUnregisterSiloMonitor(monitors[0]);
}

KILN_TEST_ONCE(ps_silo_monitor, may_unregister_itself_from_its_routine)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"test");
    SILO_MONITOR_REGISTRATION registration = {.Version = SILO_MONITOR_REGISTRATION_VERSION,
                                              .ComponentName = &name,
                                              .TerminateCallback = end_and_leave};
    PESILO silo;
    CHECK_EQ(PsRegisterSiloMonitor(&registration, &monitors[0]), STATUS_SUCCESS);
    CHECK_EQ(PsStartSiloMonitor(monitors[0]), STATUS_SUCCESS);
    CHECK_EQ(add_monitor(1, FALSE, FALSE), STATUS_SUCCESS);
    HANDLE handle = new_server_silo(&silo);
    end_silo(handle, silo);
    CHECK(story_is("Bbx"));
    PsUnregisterSiloMonitor(monitors[1]);
}

/* ---------------------------------------------------------------- races */

static PSILO_MONITOR racing;
static ULONG racing_slot;
static volatile LONG cleaned, made, creates_seen, ends_seen;

static VOID NTAPI count_cleanup(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    InterlockedIncrement(&cleaned);
}

static NTSTATUS NTAPI racing_create(PESILO silo)
{
    PVOID context;
    InterlockedIncrement(&creates_seen);
    CHECK_EQ(PsCreateSiloContext(silo, 16, NonPagedPoolNx, count_cleanup, &context), STATUS_SUCCESS);
    InterlockedIncrement(&made);
    CHECK_EQ(PsInsertSiloContext(silo, racing_slot, context), STATUS_SUCCESS);
    PsDereferenceSiloContext(context);
    return STATUS_SUCCESS;
}

static VOID NTAPI racing_end(PESILO silo)
{
    InterlockedIncrement(&ends_seen);
    PsRemoveSiloContext(silo, racing_slot, NULL);
}

/* Use the silo's context as a file system filter would, and replace it, while the silo ends. */
static VOID NTAPI use_silo(PVOID argument)
{
    PESILO silo = argument;
    for (ULONG i = 0; i < 20; i++) {
        PVOID context, mine;
        NTSTATUS status = PsGetSiloContext(silo, racing_slot, &context);
        CHECK(status == STATUS_SUCCESS || status == STATUS_NOT_FOUND);
        if (NT_SUCCESS(status)) {
            *(volatile UCHAR *)context = (UCHAR)i;
            PsDereferenceSiloContext(context);
        }
        CHECK_EQ(PsCreateSiloContext(silo, 16, NonPagedPoolNx, count_cleanup, &mine), STATUS_SUCCESS);
        InterlockedIncrement(&made);
        status = i & 1 ? PsInsertSiloContext(silo, racing_slot, mine) : PsReplaceSiloContext(silo, racing_slot, mine, NULL);
        CHECK(status == STATUS_SUCCESS || status == STATUS_NOT_SUPPORTED || status == STATUS_INSUFFICIENT_RESOURCES);
        PsDereferenceSiloContext(mine);
    }
    ObDereferenceObject(silo);
}

KILN_TEST(ps_silo_monitor, contexts_inserted_while_the_silo_ends_are_all_cleaned_up)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"race");
    SILO_MONITOR_REGISTRATION registration = {.Version = SILO_MONITOR_REGISTRATION_VERSION,
                                              .MonitorExistingSilos = TRUE,
                                              .ComponentName = &name,
                                              .CreateCallback = racing_create,
                                              .TerminateCallback = racing_end};
    PESILO silo;
    PVOID threads[2]; /* of which each also replaces what the other has just inserted */
    HANDLE handle, thread_handle;
    CHECK_EQ(PsRegisterSiloMonitor(&registration, &racing), STATUS_SUCCESS);
    racing_slot = PsGetSiloMonitorContextSlot(racing);
    CHECK_EQ(PsStartSiloMonitor(racing), STATUS_SUCCESS);
    handle = new_server_silo(&silo);
    for (int i = 0; i < 2; i++) {
        ObReferenceObject(silo);
        CHECK_EQ(PsCreateSystemThread(&thread_handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, use_silo, silo),
                 STATUS_SUCCESS);
        CHECK_EQ(ObReferenceObjectByHandle(thread_handle, SYNCHRONIZE, *PsThreadType, KernelMode, &threads[i], NULL),
                 STATUS_SUCCESS);
        ZwClose(thread_handle);
    }
    end_silo(handle, silo);
    for (int i = 0; i < 2; i++) {
        KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(threads[i]);
    }
    PsUnregisterSiloMonitor(racing); /* returns only when no context is left */
    CHECK_EQ(creates_seen, 1);
    CHECK_EQ(ends_seen, 1);
    CHECK_EQ(cleaned, made);
}

static VOID NTAPI unregister_late(PVOID argument)
{
    UNREFERENCED_PARAMETER(argument);
    PsUnregisterSiloMonitor(racing);
}

KILN_TEST(ps_silo_monitor, unregistering_while_silos_come_and_go_tells_each_end_once)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"race");
    SILO_MONITOR_REGISTRATION registration = {.Version = SILO_MONITOR_REGISTRATION_VERSION,
                                              .ComponentName = &name,
                                              .CreateCallback = racing_create,
                                              .TerminateCallback = racing_end};
    HANDLE handles[3], thread_handle;
    PESILO silos[3];
    PVOID thread;
    CHECK_EQ(PsRegisterSiloMonitor(&registration, &racing), STATUS_SUCCESS);
    racing_slot = PsGetSiloMonitorContextSlot(racing);
    CHECK_EQ(PsStartSiloMonitor(racing), STATUS_SUCCESS);
    for (ULONG i = 0; i < 2; i++)
        handles[i] = new_server_silo(&silos[i]);
    CHECK_EQ(PsCreateSystemThread(&thread_handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, unregister_late, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(thread_handle, SYNCHRONIZE, *PsThreadType, KernelMode, &thread, NULL),
             STATUS_SUCCESS);
    ZwClose(thread_handle);
    end_silo(handles[0], silos[0]);
    handles[2] = new_server_silo(&silos[2]); /* heard of, or not */
    end_silo(handles[1], silos[1]);
    end_silo(handles[2], silos[2]);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    CHECK_EQ(creates_seen, ends_seen);
    CHECK(creates_seen == 2 || creates_seen == 3);
    CHECK_EQ(cleaned, made);
}

static volatile LONG unregistered;

static VOID NTAPI unregister_and_say(PVOID argument)
{
    UNREFERENCED_PARAMETER(argument);
    PsUnregisterSiloMonitor(monitors[0]);
    InterlockedIncrement(&unregistered);
}

KILN_TEST(ps_silo_monitor, unregistering_waits_until_its_slot_is_empty)
{
    LARGE_INTEGER while_ = {.QuadPart = -100000};
    HANDLE thread;
    PVOID context, kept;
    PESILO host = PsGetHostSilo();
    CHECK_EQ(add_monitor(0, FALSE, TRUE), STATUS_SUCCESS);
    ULONG slot = PsGetSiloMonitorContextSlot(monitors[0]);
    CHECK_EQ(PsCreateSiloContext(host, 8, NonPagedPoolNx, count_cleanup, &context), STATUS_SUCCESS);
    CHECK_EQ(PsInsertSiloContext(host, slot, context), STATUS_SUCCESS);
    PsDereferenceSiloContext(context);
    CHECK_EQ(PsCreateSystemThread(&thread, 0, NULL, NULL, NULL, unregister_and_say, NULL), STATUS_SUCCESS);
    ZwClose(thread);
    KeDelayExecutionThread(KernelMode, FALSE, &while_);
    CHECK_EQ(unregistered, 0);
    CHECK_EQ(PsRemoveSiloContext(host, slot, NULL), STATUS_SUCCESS);
    KeDelayExecutionThread(KernelMode, FALSE, &while_);
    CHECK_EQ(unregistered, 1);
    CHECK_EQ(cleaned, 1);
    /* What is permanent nobody can remove: it goes with its monitor. */
    CHECK_EQ(add_monitor(1, FALSE, TRUE), STATUS_SUCCESS);
    slot = PsGetSiloMonitorContextSlot(monitors[1]);
    CHECK_EQ(PsCreateSiloContext(host, 8, NonPagedPoolNx, count_cleanup, &kept), STATUS_SUCCESS);
    CHECK_EQ(PsInsertPermanentSiloContext(host, slot, kept), STATUS_SUCCESS);
    PsDereferenceSiloContext(kept);
    PsUnregisterSiloMonitor(monitors[1]);
    CHECK_EQ(cleaned, 2);
}
