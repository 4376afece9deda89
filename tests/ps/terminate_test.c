/* SPDX-License-Identifier: MIT */
/*
 * The end of threads and processes: by order, with what they held and waited for.
 */
#include "pstest.h"
#include "../io/fixture.h"

static HANDLE open_object(PVOID object, ACCESS_MASK access)
{
    HANDLE handle;
    CHECK_EQ(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, NULL, access, NULL, KernelMode, &handle),
             STATUS_SUCCESS);
    return handle;
}

static int sleep_for_ever(void *context)
{
    if (context)
        *(volatile LONG *)context = 1;
    for (;;)
        ps_user_sleep(FALSE, 1000000);
    return 0;
}

static void wait_until(volatile LONG *flag)
{
    while (!*flag)
        ps_sleep(1);
}

KILN_TEST(ps_terminate, a_process_and_its_threads_end_with_the_status_given)
{
    PEPROCESS process = ps_process(L"victim.exe");
    PETHREAD threads[3];
    volatile LONG started[3] = {0};
    LARGE_INTEGER none = {0};
    for (int i = 0; i < 3; i++)
        threads[i] = ps_thread(process, sleep_for_ever, (PVOID)&started[i]);
    wait_until(&started[0]); /* the others may be anywhere */
    HANDLE handle = open_object(process, PROCESS_TERMINATE);
    CHECK_EQ(KeWaitForSingleObject(process, Executive, KernelMode, FALSE, &none), STATUS_TIMEOUT);
    CHECK(!PsGetProcessExitProcessCalled(process));
    CHECK_EQ(ZwTerminateProcess(handle, STATUS_CONTROL_C_EXIT), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++)
        CHECK_EQ(ps_join(threads[i]), STATUS_CONTROL_C_EXIT);
    ObReferenceObject(process);
    CHECK_EQ(ps_join_process(process), STATUS_CONTROL_C_EXIT);
    CHECK(PsGetProcessExitProcessCalled(process));
    CHECK(process->ExitTime.QuadPart >= PsGetProcessCreateTimeQuadPart(process));
    CHECK_EQ(ZwTerminateProcess(handle, 0), STATUS_PROCESS_IS_TERMINATING);
    PETHREAD late;
    CHECK_EQ(PspCreateUserThread(process, sleep_for_ever, NULL, 0, FALSE, &late),
             STATUS_PROCESS_IS_TERMINATING);
    ZwClose(handle);
    ObDereferenceObject(process);
}

KILN_TEST(ps_terminate, errors_of_zwterminateprocess)
{
    HANDLE thread = open_object(PsGetCurrentThread(), THREAD_ALL_ACCESS);
    HANDLE system = open_object(PsInitialSystemProcess, PROCESS_ALL_ACCESS);
    CHECK_EQ(ZwTerminateProcess(thread, 0), STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ZwTerminateProcess((HANDLE)0x7ff0, 0), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwTerminateProcess(system, 0), STATUS_ACCESS_DENIED);
    CHECK_EQ(ZwTerminateThread(system, 0), STATUS_OBJECT_TYPE_MISMATCH);
    ZwClose(thread);
    ZwClose(system);
}

KILN_TEST(ps_terminate, a_process_without_threads_ends_at_once)
{
    PEPROCESS process = ps_process(L"empty.exe");
    HANDLE handle = open_object(process, PROCESS_TERMINATE);
    CHECK_EQ(ZwTerminateProcess(handle, 5), STATUS_SUCCESS);
    CHECK_EQ(ps_join_process(process), 5);
    ZwClose(handle);
}

static void terminate_self(void *context)
{
    NtTerminateProcess(NtCurrentProcess(), (NTSTATUS)(ULONG_PTR)context);
    CHECK(!"ZwTerminateProcess of the current process returned");
}

static int end_own_process(void *context)
{
    SYSTEM_CALL(terminate_self, context);
    return 0;
}

KILN_TEST(ps_terminate, of_the_current_process_does_not_return)
{
    PEPROCESS process = ps_process(L"self.exe");
    PETHREAD other = ps_thread(process, sleep_for_ever, NULL);
    PETHREAD thread = ps_thread(process, end_own_process, (PVOID)77);
    CHECK_EQ(ps_join(thread), 77);
    CHECK_EQ(ps_join(other), 77);
    CHECK_EQ(ps_join_process(process), 77);
}

static void terminate_others(void *context)
{
    *(NTSTATUS *)context = NtTerminateProcess(NULL, 3);
}

static int end_others(void *context)
{
    UNREFERENCED_PARAMETER(context);
    NTSTATUS status;
    SYSTEM_CALL(terminate_others, &status);
    return status == STATUS_SUCCESS ? 9 : 0;
}

KILN_TEST(ps_terminate, without_a_handle_ends_the_other_threads)
{
    PEPROCESS process = ps_process(L"others.exe");
    PETHREAD other = ps_thread(process, sleep_for_ever, NULL);
    PETHREAD thread = ps_thread(process, end_others, NULL);
    CHECK_EQ(ps_join(other), 3);
    CHECK_EQ(ps_join(thread), 9);
    ps_join_process(process); /* with the status of whichever ended last */
}

/* ---------------------------------------------------------------- threads */

static void terminate_current_thread(void *context)
{
    UNREFERENCED_PARAMETER(context);
    NtTerminateThread(NtCurrentThread(), 11);
}

static int end_thread(void *context)
{
    SYSTEM_CALL(terminate_current_thread, context);
    return 0;
}

KILN_TEST(ps_terminate, a_thread_ends_itself_or_is_ended_once)
{
    PEPROCESS process = ps_process(L"threads.exe");
    PETHREAD self = ps_thread(process, end_thread, NULL);
    volatile LONG started = 0;
    PETHREAD other = ps_thread(PsGetCurrentProcess(), sleep_for_ever, (PVOID)&started);
    HANDLE handle = open_object(other, THREAD_TERMINATE);
    CHECK_EQ(ps_join(self), 11);
    CHECK_EQ(ps_join_process(process), 11);
    CHECK_EQ(ZwTerminateThread(handle, 12), STATUS_SUCCESS);
    CHECK_EQ(ZwTerminateThread(handle, 13), STATUS_THREAD_IS_TERMINATING);
    CHECK_EQ(ps_join(other), 12);
    ZwClose(handle);
}

static VOID NTAPI wait_for(PVOID context)
{
    KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST(ps_terminate, system_threads_are_nobody_s_to_end)
{
    KEVENT event;
    HANDLE handle;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, wait_for, &event),
             STATUS_SUCCESS);
    CHECK_EQ(ZwTerminateThread(handle, 0), STATUS_INVALID_PARAMETER);
    KeSetEvent(&event, IO_NO_INCREMENT, FALSE);
    CHECK_EQ(ZwWaitForSingleObject(handle, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(handle);
}

KILN_TEST(ps_terminate, a_suspended_thread_ends_and_cannot_be_suspended_again)
{
    PETHREAD thread;
    CHECK_EQ(PspCreateUserThread(PsGetCurrentProcess(), sleep_for_ever, NULL, 0, TRUE, &thread),
             STATUS_SUCCESS);
    CHECK_EQ(PspTerminateThread(thread, 4), STATUS_SUCCESS);
    CHECK_EQ(KeSuspendThread(&thread->Tcb, NULL), STATUS_THREAD_IS_TERMINATING);
    CHECK_EQ(ps_join(thread), 4);
}

/* ---------------------------------------------------------------- what it held */

static KMUTANT mutant;

static void take_mutant(void *context)
{
    UNREFERENCED_PARAMETER(context);
    KeWaitForSingleObject(&mutant, Executive, UserMode, FALSE, NULL);
}

static int hold_mutant(void *context)
{
    SYSTEM_CALL(take_mutant, NULL);
    return sleep_for_ever(context);
}

KILN_TEST(ps_terminate, its_mutants_are_abandoned)
{
    volatile LONG started = 0;
    KeInitializeMutant(&mutant, FALSE);
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), hold_mutant, (PVOID)&started);
    wait_until(&started);
    CHECK_EQ(PspTerminateThread(thread, 0), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(&mutant, Executive, KernelMode, FALSE, NULL), STATUS_ABANDONED);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
    ps_join(thread);
}

struct open_page {
    volatile LONG started;
    HANDLE file, event;
    IO_STATUS_BLOCK iosb;
    NTSTATUS opened, issued;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    WCHAR text[32];
    ULONG options;
    UCHAR buffer[64];
};

static void open_file(void *context)
{
    struct open_page *page = context;
    page->opened = NtCreateFile(&page->file, FILE_GENERIC_READ | SYNCHRONIZE, &page->attributes, &page->iosb,
                                NULL, 0, 0, FILE_OPEN, page->options, NULL, 0);
}

static void read_file(void *context)
{
    struct open_page *page = context;
    LARGE_INTEGER *offset = (LARGE_INTEGER *)(page + 1);
    page->started = 1;
    page->issued = NtReadFile(page->file, NULL, NULL, NULL, &page->iosb, page->buffer, sizeof page->buffer,
                              offset, NULL);
}

static int open_and_read(void *context)
{
    struct open_page *page = context;
    SYSTEM_CALL(open_file, page);
    CHECK_EQ(page->opened, STATUS_SUCCESS);
    SYSTEM_CALL(read_file, page);
    return sleep_for_ever(NULL);
}

/* A process whose thread has a read pending on a device that cancels. */
static PEPROCESS reader(ULONG options, PSP_USER_START *start, PETHREAD *thread, struct open_page **page)
{
    static const WCHAR name[] = L"\\Device\\Kept";
    PEPROCESS process = ps_process(L"reader.exe");
    io_device(name, DO_BUFFERED_IO);
    io.handler[IRP_MJ_READ] = io_pend_cancelable;
    *page = ps_user_memory(process, PAGE_SIZE);
    RtlCopyMemory((*page)->text, name, sizeof name);
    RtlInitUnicodeString(&(*page)->name, (*page)->text);
    InitializeObjectAttributes(&(*page)->attributes, &(*page)->name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    (*page)->options = options;
    *thread = ps_thread(process, start, *page);
    return process;
}

KILN_TEST(ps_terminate, its_requests_are_cancelled_and_its_files_closed)
{
    PETHREAD thread;
    struct open_page *page;
    PEPROCESS process = reader(0, open_and_read, &thread, &page);
    wait_until(&page->started);
    while (!io.pended)
        ps_sleep(1);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 0);
    CHECK_EQ(PspTerminateProcess(process, 6), STATUS_SUCCESS);
    CHECK_EQ(ps_join(thread), 6);
    CHECK_EQ(ps_join_process(process), 6);
    CHECK_EQ(io.count[IRP_MJ_CLEANUP], 1);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 1);
}

/* Wherever in the read it is: before it, in it, in the wait for it. */
KILN_TEST(ps_terminate, a_synchronous_read_does_not_keep_a_thread_from_ending)
{
    PETHREAD thread;
    struct open_page *page;
    PEPROCESS process = reader(FILE_SYNCHRONOUS_IO_NONALERT, open_and_read, &thread, &page);
    wait_until(&page->started);
    CHECK_EQ(PspTerminateProcess(process, 6), STATUS_SUCCESS);
    CHECK_EQ(ps_join(thread), 6);
    CHECK_EQ(ps_join_process(process), 6);
    CHECK_EQ(io.count[IRP_MJ_CLOSE], 1);
}

/* ---------------------------------------------------------------- told to end while it is in the kernel */

static KEVENT told, never;
static volatile LONG in_call;
static NTSTATUS late_wait, late_delay, late_read;

static void wait_late(void *context)
{
    LARGE_INTEGER long_time = {.QuadPart = -10000000000LL};
    UNREFERENCED_PARAMETER(context);
    in_call = 1;
    KeWaitForSingleObject(&told, Executive, KernelMode, FALSE, NULL);
    late_wait = KeWaitForSingleObject(&never, UserRequest, UserMode, FALSE, NULL);
    late_delay = KeDelayExecutionThread(UserMode, FALSE, &long_time);
}

static int call_and_wait_late(void *context)
{
    SYSTEM_CALL(wait_late, context);
    return 0;
}

KILN_TEST(ps_terminate, a_thread_that_was_told_does_not_begin_a_wait_in_user_mode)
{
    KeInitializeEvent(&told, NotificationEvent, FALSE);
    KeInitializeEvent(&never, NotificationEvent, FALSE);
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), call_and_wait_late, NULL);
    wait_until(&in_call);
    CHECK_EQ(PspTerminateThread(thread, 14), STATUS_SUCCESS);
    KeSetEvent(&told, IO_NO_INCREMENT, FALSE);
    CHECK_EQ(ps_join(thread), 14);
    CHECK_EQ(late_wait, STATUS_USER_APC);
    CHECK_EQ(late_delay, STATUS_USER_APC);
}

static void read_late(void *context)
{
    struct open_page *late = context;
    in_call = 1;
    KeWaitForSingleObject(&told, Executive, KernelMode, FALSE, NULL);
    late_read = NtReadFile(late->file, NULL, NULL, NULL, &late->iosb, late->buffer, sizeof late->buffer,
                           (PLARGE_INTEGER)(late + 1), NULL);
}

static int open_and_read_late(void *context)
{
    SYSTEM_CALL(open_file, context);
    SYSTEM_CALL(read_late, context);
    return 0;
}

KILN_TEST(ps_terminate, a_request_that_a_told_thread_issues_is_cancelled)
{
    PETHREAD reading;
    struct open_page *late;
    KeInitializeEvent(&told, NotificationEvent, FALSE);
    PEPROCESS process = reader(FILE_SYNCHRONOUS_IO_NONALERT, open_and_read_late, &reading, &late);
    wait_until(&in_call);
    CHECK_EQ(PspTerminateThread(reading, 15), STATUS_SUCCESS);
    KeSetEvent(&told, IO_NO_INCREMENT, FALSE);
    CHECK_EQ(ps_join(reading), 15);
    CHECK_EQ(late_read, STATUS_CANCELLED);
    ps_join_process(process);
}

/* ---------------------------------------------------------------- what holds it off */

KILN_TEST(ps_terminate, exit_synchronization_keeps_the_address_slice)
{
    PEPROCESS process = ps_process(L"kept.exe");
    LONG *memory = ps_user_memory(process, PAGE_SIZE);
    PETHREAD thread = ps_thread(process, sleep_for_ever, NULL);
    CHECK_EQ(PsAcquireProcessExitSynchronization(process), STATUS_SUCCESS);
    CHECK_EQ(PspTerminateProcess(process, 8), STATUS_SUCCESS);
    ps_sleep(20);
    *memory = 5;
    CHECK_EQ(*memory, 5);
    CHECK_EQ(PsGetProcessExitStatus(process), STATUS_PENDING);
    PsReleaseProcessExitSynchronization(process);
    CHECK_EQ(ps_join(thread), 8);
    CHECK_EQ(PsAcquireProcessExitSynchronization(process), STATUS_PROCESS_IS_TERMINATING);
    CHECK_EQ(ps_join_process(process), 8);
}

struct counter {
    volatile LONG count;
};

static int count_up(void *context)
{
    struct counter *counter = context;
    for (;;) {
        counter->count++;
        ps_user_sleep(FALSE, 1);
    }
    return 0;
}

KILN_TEST(ps_process, suspension_stops_every_thread_until_it_is_resumed)
{
    PEPROCESS process = ps_process(L"paused.exe");
    struct counter counter = {0};
    PETHREAD thread = ps_thread(process, count_up, &counter);
    while (counter.count < 2)
        ps_sleep(1);
    CHECK_EQ(PsSuspendProcess(process), STATUS_SUCCESS);
    ps_sleep(5);
    LONG stopped = counter.count;
    ps_sleep(20);
    CHECK_EQ(counter.count, stopped);
    CHECK_EQ(PsResumeProcess(process), STATUS_SUCCESS);
    while (counter.count == stopped)
        ps_sleep(1);
    CHECK_EQ(PspTerminateProcess(process, 0), STATUS_SUCCESS);
    ps_join(thread);
    ObReferenceObject(process);
    ps_join_process(process);
    CHECK_EQ(PsSuspendProcess(process), STATUS_PROCESS_IS_TERMINATING);
    ObDereferenceObject(process);
}

KILN_TEST(ps_process, its_priority_class_moves_its_threads)
{
    PEPROCESS process = ps_process(L"class.exe");
    volatile LONG started = 0;
    PETHREAD thread = ps_thread(process, sleep_for_ever, (PVOID)&started);
    wait_until(&started);
    CHECK_EQ(PsGetProcessPriorityClass(process), PROCESS_PRIORITY_CLASS_NORMAL);
    CHECK_EQ(thread->Tcb.BasePriority, 8);
    CHECK_EQ(KeSetBasePriorityThread(&thread->Tcb, 2), 0);
    PsSetProcessPriorityClass(process, PROCESS_PRIORITY_CLASS_HIGH);
    PsSetProcessPriorityByClass(process, PsProcessPriorityForeground);
    CHECK_EQ(PsGetProcessPriorityClass(process), PROCESS_PRIORITY_CLASS_HIGH);
    CHECK_EQ(thread->Tcb.BasePriority, 15);
    PsSetProcessPriorityClass(process, PROCESS_PRIORITY_CLASS_REALTIME);
    PsSetProcessPriorityByClass(process, PsProcessPriorityBackground);
    CHECK_EQ(thread->Tcb.BasePriority, 26);
    CHECK_EQ(KeSetActualBasePriorityThread(&thread->Tcb, 5), 26);
    CHECK_EQ(thread->Tcb.BasePriority, 5);
    CHECK_EQ(KeSetActualBasePriorityThread(&thread->Tcb, 32), 5);
    CHECK_EQ(thread->Tcb.BasePriority, 5);
    PspTerminateProcess(process, 0);
    ps_join(thread);
    ps_join_process(process);
}

KILN_TEST_BUGCHECK(ps_terminate, a_critical_process_does_not_end, CRITICAL_PROCESS_DIED)
{
    PEPROCESS process = ps_process(L"critical.exe");
    process->BreakOnTermination = TRUE;
    PspTerminateProcess(process, 0);
    CHECK(!"the machine goes on");
}

KILN_TEST_BUGCHECK(ps_terminate, a_thread_does_not_end_attached, INVALID_PROCESS_ATTACH_ATTEMPT)
{
    KAPC_STATE state;
    PEPROCESS process = ps_process(L"attached.exe");
    KeStackAttachProcess((PRKPROCESS)process, &state);
    PspExitThread(0);
}
