/* SPDX-License-Identifier: MIT */
/*
 * Notification of processes and threads: who is told, in which thread, in what order, and what a driver may
 * refuse.
 */
#include "pstest.h"
#include "../io/fixture.h"

/* What was heard, in order. */
enum { PLAIN = 'p', EX = 'x', EX2 = '2', THREAD = 't', NONSYSTEM = 'n' };

static struct heard {
    char kind;
    BOOLEAN create;
    HANDLE process, thread, parent, in_thread, in_process;
    KIRQL irql;
    BOOLEAN apcs_disabled, special_apcs_disabled;
    NTSTATUS exit_status;
    LONGLONG exit_time;
    CLIENT_ID creator;
    BOOLEAN named;
} heard[32];
static volatile LONG heard_count;
static HANDLE watched; /* only this process's are noted */
static NTSTATUS refuse;

static struct heard *note(char kind, HANDLE process, HANDLE thread, BOOLEAN create)
{
    static struct heard other;
    if (process != watched)
        return &other;
    struct heard *h = &heard[InterlockedIncrement(&heard_count) - 1];
    h->kind = kind;
    h->create = create;
    h->process = process;
    h->thread = thread;
    h->in_thread = PsGetCurrentThreadId();
    h->in_process = PsGetCurrentProcessId();
    h->irql = KeGetCurrentIrql();
    h->apcs_disabled = KeAreApcsDisabled();
    h->special_apcs_disabled = KeAreAllApcsDisabled();
    return h;
}

static VOID NTAPI on_process(HANDLE parent, HANDLE process, BOOLEAN create)
{
    note(PLAIN, process, NULL, create)->parent = parent;
}

static void note_ex(char kind, PEPROCESS process, HANDLE id, PPS_CREATE_NOTIFY_INFO info)
{
    static const WCHAR name[] = L"told.exe";
    struct heard *h = note(kind, id, NULL, info != NULL);
    h->exit_status = PsGetProcessExitStatus(process);
    h->exit_time = PsGetProcessExitTime().QuadPart;
    if (!info)
        return;
    CHECK_EQ(info->Size, sizeof *info);
    CHECK(!info->IsSubsystemProcess);
    h->parent = info->ParentProcessId;
    h->creator = info->CreatingThreadId;
    h->named = info->ImageFileName && info->ImageFileName->Length == sizeof name - sizeof(WCHAR) &&
               RtlEqualMemory(info->ImageFileName->Buffer, name, sizeof name - sizeof(WCHAR));
    if (refuse && id == watched)
        info->CreationStatus = refuse;
}

static VOID NTAPI on_process_ex(PEPROCESS process, HANDLE id, PPS_CREATE_NOTIFY_INFO info)
{
    note_ex(EX, process, id, info);
}

static VOID NTAPI on_process_ex2(PEPROCESS process, HANDLE id, PPS_CREATE_NOTIFY_INFO info)
{
    note_ex(EX2, process, id, info);
}

static VOID NTAPI on_thread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    note(THREAD, process, thread, create);
}

static VOID NTAPI on_nonsystem_thread(HANDLE process, HANDLE thread, BOOLEAN create)
{
    note(NONSYSTEM, process, thread, create);
}

static void listen(BOOLEAN remove)
{
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, remove), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(on_process_ex, remove), STATUS_SUCCESS);
    CHECK_EQ(
        PsSetCreateProcessNotifyRoutineEx2(PsCreateProcessNotifySubsystems, (PVOID)on_process_ex2, remove),
        STATUS_SUCCESS);
    if (remove) {
        CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
        CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_nonsystem_thread), STATUS_SUCCESS);
        return;
    }
    CHECK_EQ(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateThreadNotifyRoutineEx(PsCreateThreadNotifyNonSystem, (PVOID)on_nonsystem_thread),
             STATUS_SUCCESS);
}

static int run(void *context)
{
    *(volatile LONG *)context = heard_count;
    return 21;
}

KILN_TEST(ps_notify, creation_is_told_in_the_creator_and_the_end_in_the_last_thread)
{
    volatile LONG before_user_code = 0;
    HANDLE self = PsGetCurrentThreadId();
    PEPROCESS process = ps_process(L"told.exe");
    watched = PsGetProcessId(process);
    listen(FALSE);
    CHECK_EQ(heard_count, 0); /* a process without a thread is not announced */
    PETHREAD thread = ps_thread(process, run, (PVOID)&before_user_code);
    HANDLE id = PsGetThreadId(thread);
    CHECK_EQ(ps_join(thread), 21);
    CHECK_EQ(ps_join_process(process), 21);
    listen(TRUE);

    static const char order[] = "px2tn" /* creation */ "tnpx2" /* end */;
    CHECK_EQ(heard_count, sizeof order - 1);
    CHECK_EQ(before_user_code, 5);
    for (LONG i = 0; i < heard_count; i++) {
        struct heard *h = &heard[i];
        CHECK_EQ(h->kind, order[i]);
        CHECK_EQ(h->create, i < 5);
        CHECK_EQ(h->irql, PASSIVE_LEVEL);
        CHECK(h->apcs_disabled && !h->special_apcs_disabled);
        /* In the new thread: the routine for non-system threads, and the end. */
        BOOLEAN in_creator = i < 4;
        CHECK_EQ(h->in_thread, in_creator ? self : id);
        CHECK_EQ(h->in_process, in_creator ? PsGetCurrentProcessId() : watched);
        if (h->kind == THREAD || h->kind == NONSYSTEM)
            CHECK_EQ(h->thread, id);
        if (h->kind == EX || h->kind == EX2) {
            CHECK_EQ(h->exit_status, i < 5 ? STATUS_PENDING : 21);
            CHECK(i < 5 || h->exit_time != 0);
        }
    }
    CHECK_EQ(heard[0].parent, PsGetCurrentProcessId());
    CHECK_EQ(heard[1].parent, PsGetCurrentProcessId());
    CHECK_EQ(heard[1].creator.UniqueThread, self);
    CHECK_EQ(heard[1].creator.UniqueProcess, PsGetCurrentProcessId());
    CHECK(heard[1].named);
}

KILN_TEST(ps_notify, a_second_thread_is_no_second_process)
{
    volatile LONG unused = 0;
    PETHREAD first, second;
    PEPROCESS process = ps_process(L"told.exe");
    watched = PsGetProcessId(process);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, FALSE), STATUS_SUCCESS);
    CHECK_EQ(PspCreateUserThread(process, run, (PVOID)&unused, 0, TRUE, &first), STATUS_SUCCESS);
    CHECK_EQ(PspCreateUserThread(process, run, (PVOID)&unused, 0, TRUE, &second), STATUS_SUCCESS);
    CHECK_EQ(heard_count, 1);
    KeResumeThread(&first->Tcb, NULL);
    ps_join(first);
    CHECK_EQ(heard_count, 1); /* it has not ended yet */
    KeResumeThread(&second->Tcb, NULL);
    ps_join(second);
    ps_join_process(process);
    CHECK_EQ(heard_count, 2);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(on_process, TRUE), STATUS_SUCCESS);
}

KILN_TEST(ps_notify, a_driver_refuses_a_process)
{
    volatile LONG ran = -1;
    PETHREAD thread;
    PEPROCESS process = ps_process(L"told.exe");
    watched = PsGetProcessId(process);
    listen(FALSE);
    refuse = STATUS_VIRUS_INFECTED;
    CHECK_EQ(PspCreateUserThread(process, run, (PVOID)&ran, 0, FALSE, &thread), STATUS_VIRUS_INFECTED);
    CHECK_EQ(ran, -1);
    CHECK_EQ(ps_join_process(process), STATUS_VIRUS_INFECTED);
    listen(TRUE);
    /* No thread was announced, so none ends; who heard of the process hears that it is gone. */
    static const char order[] = "px2px2";
    CHECK_EQ(heard_count, sizeof order - 1);
    for (LONG i = 0; i < heard_count; i++)
        CHECK(heard[i].kind == order[i] && heard[i].create == (i < 3));
}

static VOID NTAPI end_at_once(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
}

KILN_TEST(ps_notify, the_routine_for_non_system_threads_does_not_hear_of_system_threads)
{
    HANDLE handle;
    watched = PsGetProcessId(PsInitialSystemProcess);
    CHECK_EQ(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateThreadNotifyRoutineEx(PsCreateThreadNotifyNonSystem, (PVOID)on_nonsystem_thread),
             STATUS_SUCCESS);
    CHECK_EQ(PsCreateSystemThread(&handle, SYNCHRONIZE, NULL, NULL, NULL, end_at_once, NULL), STATUS_SUCCESS);
    CHECK_EQ(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
    CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_nonsystem_thread), STATUS_SUCCESS);
    CHECK(heard_count >= 2);
    for (LONG i = 0; i < heard_count; i++)
        CHECK_EQ(heard[i].kind, THREAD);
}

/* ---------------------------------------------------------------- registration */

static VOID NTAPI on_image(PUNICODE_STRING name, HANDLE process, PIMAGE_INFO info)
{
    UNREFERENCED_PARAMETER(name);
    UNREFERENCED_PARAMETER(process);
    UNREFERENCED_PARAMETER(info);
}

#define LIMIT 64

KILN_TEST_ONCE(ps_notify, there_is_room_for_64_routines_of_each_kind)
{
    for (int i = 0; i < LIMIT; i++) {
        CHECK_EQ(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
        CHECK_EQ(PsSetLoadImageNotifyRoutine(on_image), STATUS_SUCCESS);
    }
    CHECK_EQ(PsSetCreateThreadNotifyRoutine(on_thread), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(PsSetCreateThreadNotifyRoutineEx(PsCreateThreadNotifySubsystems, (PVOID)on_thread),
             STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(PsSetLoadImageNotifyRoutine(on_image), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(PsSetLoadImageNotifyRoutineEx(on_image, PS_IMAGE_NOTIFY_CONFLICTING_ARCHITECTURE),
             STATUS_INSUFFICIENT_RESOURCES);
    for (int i = 0; i < LIMIT; i++) {
        CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(on_thread), STATUS_SUCCESS);
        CHECK_EQ(PsRemoveLoadImageNotifyRoutine(on_image), STATUS_SUCCESS);
    }
    CHECK_EQ(PsRemoveLoadImageNotifyRoutine(on_image), STATUS_PROCEDURE_NOT_FOUND);
    CHECK_EQ(PsSetLoadImageNotifyRoutineEx(on_image, 2), STATUS_INVALID_PARAMETER_2);
    CHECK_EQ(PsSetLoadImageNotifyRoutineEx(on_image, PS_IMAGE_NOTIFY_CONFLICTING_ARCHITECTURE),
             STATUS_SUCCESS);
    CHECK_EQ(PsRemoveLoadImageNotifyRoutine(on_image), STATUS_SUCCESS);
}

/* 64 routines at 64 addresses: none of them is ever called. */
static const char routines[LIMIT + 1];

KILN_TEST_ONCE(ps_notify, process_routines_share_one_limit_and_are_registered_once_each)
{
    PCREATE_PROCESS_NOTIFY_ROUTINE last = (PCREATE_PROCESS_NOTIFY_ROUTINE)(PVOID)&routines[LIMIT];
    for (int i = 0; i < LIMIT; i++)
        CHECK_EQ(PsSetCreateProcessNotifyRoutine((PCREATE_PROCESS_NOTIFY_ROUTINE)(PVOID)&routines[i], FALSE),
                 STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutine(last, FALSE), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(on_process_ex, FALSE), STATUS_INVALID_PARAMETER);
    for (int i = 0; i < LIMIT; i++)
        CHECK_EQ(PsSetCreateProcessNotifyRoutine((PCREATE_PROCESS_NOTIFY_ROUTINE)(PVOID)&routines[i], TRUE),
                 STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(on_process_ex, FALSE), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(on_process_ex, FALSE), STATUS_INVALID_PARAMETER);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx(on_process_ex, TRUE), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateProcessNotifyRoutineEx2((PSCREATEPROCESSNOTIFYTYPE)1, (PVOID)on_process_ex2, FALSE),
             STATUS_INVALID_PARAMETER);
}

static NTSTATUS start(const char *file, PCUNICODE_STRING service)
{
    char path[512], why[IOP_WHY_BYTES];
    ULONG at = 0;
    for (const char *c = kiln_test_driver_dir(); *c && at < 400; c++)
        path[at++] = *c;
    for (const char *c = file; *c; c++)
        path[at++] = *c;
    path[at] = 0;
    NTSTATUS status = IopLoadDriver(service, path, NULL, 0, NULL, why);
    if (NT_SUCCESS(status))
        CHECK_EQ(IopUnloadDriver(service, why), STATUS_SUCCESS);
    return status;
}

KILN_TEST_ONCE(ps_notify, extended_process_routines_lie_in_an_image_with_integrity_check)
{
    UNICODE_STRING with = RTL_CONSTANT_STRING(L"with"), without = RTL_CONSTANT_STRING(L"without");
    CHECK_EQ(start("/ps_integrity.sys", &with), STATUS_SUCCESS);
    CHECK_EQ(start("/ps_plain.sys", &without), STATUS_ACCESS_DENIED);
}

/* ---------------------------------------------------------------- removal against a call */

static KEVENT start_now, entered, go;
static volatile LONG left;

static VOID NTAPI slow_routine(HANDLE process, HANDLE thread, BOOLEAN create)
{
    UNREFERENCED_PARAMETER(process);
    UNREFERENCED_PARAMETER(thread);
    if (!create)
        return;
    KeSetEvent(&entered, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, NULL);
    left = 1;
}

static VOID NTAPI make_thread(PVOID context)
{
    HANDLE handle;
    UNREFERENCED_PARAMETER(context);
    KeWaitForSingleObject(&start_now, Executive, KernelMode, FALSE, NULL);
    PsCreateSystemThread(&handle, SYNCHRONIZE, NULL, NULL, NULL, end_at_once, NULL);
    ZwWaitForSingleObject(handle, FALSE, NULL);
    ZwClose(handle);
}

static VOID NTAPI release_soon(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    KeWaitForSingleObject(&entered, Executive, KernelMode, FALSE, NULL);
    ps_sleep(20);
    KeSetEvent(&go, IO_NO_INCREMENT, FALSE);
}

KILN_TEST(ps_notify, a_removal_waits_for_the_calls_in_progress)
{
    HANDLE maker, releaser;
    KeInitializeEvent(&start_now, NotificationEvent, FALSE);
    KeInitializeEvent(&entered, NotificationEvent, FALSE);
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    CHECK_EQ(PsCreateSystemThread(&releaser, SYNCHRONIZE, NULL, NULL, NULL, release_soon, NULL),
             STATUS_SUCCESS);
    /* Another thread is in the routine, not this one: its creation was before. */
    CHECK_EQ(PsCreateSystemThread(&maker, SYNCHRONIZE, NULL, NULL, NULL, make_thread, NULL), STATUS_SUCCESS);
    CHECK_EQ(PsSetCreateThreadNotifyRoutine(slow_routine), STATUS_SUCCESS);
    KeSetEvent(&start_now, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(&entered, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(PsRemoveCreateThreadNotifyRoutine(slow_routine), STATUS_SUCCESS);
    CHECK_EQ(left, 1);
    ZwWaitForSingleObject(maker, FALSE, NULL);
    ZwWaitForSingleObject(releaser, FALSE, NULL);
    ZwClose(maker);
    ZwClose(releaser);
}
