/* SPDX-License-Identifier: MIT */
/*
 * System threads: their making, their identity, their end, and who is told of it.
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "harness.h"

static OBJECT_ATTRIBUTES kernel_handle = {.Length = sizeof(OBJECT_ATTRIBUTES),
                                          .Attributes = OBJ_KERNEL_HANDLE};

static PETHREAD start(PKSTART_ROUTINE routine, PVOID context, PCLIENT_ID cid)
{
    HANDLE handle;
    PETHREAD thread;
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, &kernel_handle, NULL, cid, routine, context),
             STATUS_SUCCESS);
    CHECK_EQ(
        ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, (PVOID *)&thread, NULL),
        STATUS_SUCCESS);
    ZwClose(handle);
    return thread;
}

static void join(PETHREAD thread)
{
    CHECK_EQ(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}

struct seen {
    KIRQL irql;
    BOOLEAN apcs_disabled, system;
    HANDLE process, thread;
    PEPROCESS eprocess;
    PETHREAD self;
};

static VOID NTAPI look(PVOID context)
{
    struct seen *seen = context;
    seen->irql = KeGetCurrentIrql();
    seen->apcs_disabled = KeAreApcsDisabled();
    seen->process = PsGetCurrentProcessId();
    seen->thread = PsGetCurrentThreadId();
    seen->eprocess = PsGetCurrentProcess();
    seen->self = PsGetCurrentThread();
    seen->system = PsIsSystemThread(PsGetCurrentThread());
    PsTerminateSystemThread(STATUS_NO_MORE_FILES);
}

KILN_TEST(ps_thread, runs_in_the_system_process_at_passive_level_in_a_critical_region)
{
    struct seen seen = {.irql = 99};
    CLIENT_ID cid;
    PETHREAD thread = start(look, &seen, &cid);
    join(thread);
    CHECK_EQ(seen.irql, PASSIVE_LEVEL);
    CHECK(seen.apcs_disabled);
    CHECK(seen.system);
    CHECK_EQ(seen.process, 4);
    CHECK_EQ(cid.UniqueProcess, 4);
    CHECK_EQ(seen.thread, cid.UniqueThread);
    CHECK_EQ(seen.eprocess, PsInitialSystemProcess);
    CHECK_EQ(seen.self, thread);
    CHECK_EQ(PsGetThreadExitStatus(thread), STATUS_NO_MORE_FILES);
    ObDereferenceObject(thread);
}

static VOID NTAPI wait_for(PVOID context)
{
    KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST(ps_thread, returning_from_the_routine_ends_it_with_success)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PETHREAD thread = start(wait_for, &event, NULL);
    CHECK_EQ(PsGetThreadExitStatus(thread), STATUS_PENDING);
    CHECK(!PsIsThreadTerminating(thread));
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    join(thread);
    CHECK_EQ(PsGetThreadExitStatus(thread), STATUS_SUCCESS);
    CHECK(PsIsThreadTerminating(thread));
    ObDereferenceObject(thread);
}

KILN_TEST(ps_thread, is_found_by_its_id_until_it_is_gone)
{
    KEVENT event;
    CLIENT_ID cid;
    PETHREAD found;
    PEPROCESS process;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    PETHREAD thread = start(wait_for, &event, &cid);
    CHECK_EQ(PsLookupThreadByThreadId(cid.UniqueThread, &found), STATUS_SUCCESS);
    CHECK_EQ(found, thread);
    ObDereferenceObject(found);
    CHECK_EQ(PsLookupProcessByProcessId(cid.UniqueThread, &process), STATUS_INVALID_CID);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    join(thread);
    ObDereferenceObject(thread);
    LARGE_INTEGER tick = {.QuadPart = -10000};
    NTSTATUS status = STATUS_SUCCESS;
    for (int i = 0; i < 1000 && NT_SUCCESS(status); i++) {
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
        status = PsLookupThreadByThreadId(cid.UniqueThread, &found);
        if (NT_SUCCESS(status))
            ObDereferenceObject(found);
    }
    CHECK_EQ(status, STATUS_INVALID_PARAMETER);
}

KILN_TEST(ps_thread, only_system_threads_may_end_themselves_that_way)
{
    CHECK(!PsIsSystemThread(PsGetCurrentThread()));
    CHECK_EQ(PsTerminateSystemThread(STATUS_SUCCESS), STATUS_INVALID_PARAMETER);
}

/* ---------------------------------------------------------------- notification */

static volatile LONG created, ended;
static HANDLE watched, ended_in;

static VOID NTAPI on_thread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(KeAreApcsDisabled());
    if (create) {
        watched = thread;
        InterlockedIncrement(&created);
    } else if (thread == watched) {
        ended_in = PsGetCurrentThreadId();
        InterlockedIncrement(&ended);
    }
}

KILN_TEST(ps_notify, thread_routines_hear_of_creation_and_end)
{
    struct seen seen;
    CLIENT_ID cid;
    CHECK_EQ(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    PETHREAD thread = start(look, &seen, &cid);
    join(thread);
    CHECK_EQ(created, 1);
    CHECK_EQ(ended, 1);
    CHECK_EQ(watched, cid.UniqueThread);
    CHECK_EQ(ended_in, cid.UniqueThread);
    CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_PROCEDURE_NOT_FOUND);
    ObDereferenceObject(thread);
    thread = start(look, &seen, NULL);
    join(thread);
    ObDereferenceObject(thread);
    CHECK_EQ(created, 1);
}

static volatile LONG process_created, process_ended;
static HANDLE new_process;

static VOID NTAPI on_process(HANDLE parent, HANDLE process, BOOLEAN create)
{
    if (create)
        InterlockedIncrement(&process_created);
    else if (process == new_process)
        InterlockedIncrement(&process_ended);
}

KILN_TEST(ps_notify, process_routines_are_registered_once_and_hear_of_the_end)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"child.exe");
    PEPROCESS process, found;
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, FALSE), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, FALSE), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &name, TRUE, &process), STATUS_SUCCESS);
    new_process = PsGetProcessId(process);
    CHECK_EQ(PsLookupProcessByProcessId(new_process, &found), STATUS_SUCCESS);
    CHECK_EQ(found, process);
    ObDereferenceObject(found);
    LARGE_INTEGER now = {0};
    CHECK_EQ(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, &now), STATUS_TIMEOUT);
    PspExitProcess(process, STATUS_CONTROL_C_EXIT);
    CHECK_EQ(process_ended, 1);
    CHECK_EQ(PsGetProcessExitStatus(process), STATUS_CONTROL_C_EXIT);
    CHECK_EQ(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, &now), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, TRUE), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, TRUE), STATUS_PROCEDURE_NOT_FOUND);
    ObDereferenceObject(process);
    CHECK_EQ(PsLookupProcessByProcessId(new_process, &found), STATUS_INVALID_CID);
}

/* ---------------------------------------------------------------- processes */

KILN_TEST(ps_process, the_client_is_a_process_of_its_own)
{
    PEPROCESS process = PsGetCurrentProcess(), found;
    CHECK(process != PsInitialSystemProcess);
    CHECK_EQ(PsGetProcessId(process), PsGetCurrentProcessId());
    CHECK((ULONG_PTR)PsGetCurrentProcessId() > 4);
    CHECK_EQ(PsLookupProcessByProcessId((HANDLE)4, &found), STATUS_SUCCESS);
    CHECK_EQ(found, PsInitialSystemProcess);
    ObDereferenceObject(found);
    CHECK_EQ(PsGetProcessExitStatus(process), STATUS_PENDING);
}

KILN_TEST(ps_process, is_opened_by_id)
{
    CLIENT_ID cid = {(HANDLE)4, NULL};
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\x");
    OBJECT_ATTRIBUTES attributes = kernel_handle;
    HANDLE handle;
    PVOID object;
    CHECK_EQ(ZwOpenProcess(&handle, PROCESS_ALL_ACCESS, &attributes, &cid), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *PsProcessType, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(object, PsInitialSystemProcess);
    ObDereferenceObject(object);
    ZwClose(handle);
    cid.UniqueProcess = (HANDLE)0x7ff0;
    CHECK_EQ(ZwOpenProcess(&handle, PROCESS_ALL_ACCESS, &attributes, &cid), STATUS_INVALID_CID);
    CHECK_EQ(ZwOpenProcess(&handle, PROCESS_ALL_ACCESS, &attributes, NULL), STATUS_INVALID_PARAMETER_MIX);
    attributes.ObjectName = &name;
    CHECK_EQ(ZwOpenProcess(&handle, PROCESS_ALL_ACCESS, &attributes, &cid), STATUS_INVALID_PARAMETER_MIX);
}

KILN_TEST(ps_process, attaching_changes_the_current_process_and_its_handles)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"other.exe");
    PEPROCESS self = PsGetCurrentProcess(), other;
    HANDLE handle;
    PVOID object;
    KAPC_STATE state;
    CHECK_EQ(PspCreateProcess(self, &name, TRUE, &other), STATUS_SUCCESS);
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    KeStackAttachProcess((PRKPROCESS)other, &state);
    CHECK_EQ(PsGetCurrentProcess(), other);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_INVALID_HANDLE);
    KeUnstackDetachProcess(&state);
    CHECK_EQ(PsGetCurrentProcess(), self);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    ObDereferenceObject(object);
    ZwClose(handle);
    PspExitProcess(other, 0);
    ObDereferenceObject(other);
}

KILN_TEST(ps_process, ending_closes_the_handles)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"holder.exe");
    PEPROCESS other;
    HANDLE handle, inside;
    PVOID object;
    KAPC_STATE state;
    CHECK_EQ(PspCreateProcess(PsGetCurrentProcess(), &name, TRUE, &other), STATUS_SUCCESS);
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &kernel_handle, NotificationEvent, FALSE),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    KeStackAttachProcess((PRKPROCESS)other, &state);
    CHECK_EQ(ObOpenObjectByPointer(object, 0, NULL, 0, NULL, KernelMode, &inside), STATUS_SUCCESS);
    KeUnstackDetachProcess(&state);
    CHECK_EQ(ObpHeader(object)->HandleCount, 2);
    PspExitProcess(other, 0);
    CHECK_EQ(ObpHeader(object)->HandleCount, 1);
    ObDereferenceObject(other);
    ObDereferenceObject(object);
    ZwClose(handle);
}

KILN_TEST_ONCE(ps_version, is_windows_10_22621)
{
    ULONG major, minor, build;
    CHECK(!PsGetVersion(&major, &minor, &build, NULL));
    CHECK_EQ(major, 10);
    CHECK_EQ(minor, 0);
    CHECK_EQ(build, 22621);
}
