/* SPDX-License-Identifier: MIT */
/*
 * User processes and threads: where they run, what drivers see of them, and user APCs.
 */
#include "pstest.h"

/* ---------------------------------------------------------------- where it runs */

struct seen {
    PVOID user_stack, kernel_stack, teb, peb;
    ULONG_PTR low, high;
    KPROCESSOR_MODE mode;
    KIRQL irql;
    BOOLEAN system, apcs_disabled;
    HANDLE process, thread;
    PEPROCESS eprocess;
};

static void look_in_kernel(void *context)
{
    struct seen *seen = context;
    seen->kernel_stack = &context;
    IoGetStackLimits(&seen->low, &seen->high);
    seen->mode = ExGetPreviousMode();
    seen->irql = KeGetCurrentIrql();
    seen->apcs_disabled = KeAreApcsDisabled();
    seen->system = PsIsSystemThread(PsGetCurrentThread());
    seen->process = PsGetCurrentProcessId();
    seen->thread = PsGetCurrentThreadId();
    seen->eprocess = PsGetCurrentProcess();
    seen->teb = PsGetCurrentThreadTeb();
    seen->peb = PsGetProcessPeb(PsGetCurrentProcess());
}

static int look(void *context)
{
    struct seen *seen = context;
    seen->user_stack = &context;
    SYSTEM_CALL(look_in_kernel, seen);
    /* As user code may: what the environment blocks hold. */
    ULONG64 *teb = seen->teb;
    CHECK((ULONG64)(ULONG_PTR)&context < teb[1] && (ULONG64)(ULONG_PTR)&context >= teb[2]);
    CHECK_EQ(teb[6], teb);
    CHECK_EQ(teb[8], seen->process);
    CHECK_EQ(teb[9], seen->thread);
    CHECK_EQ(teb[12], seen->peb);
    return 42;
}

KILN_TEST(ps_user, a_thread_runs_on_a_user_stack_and_calls_the_kernel_on_a_kernel_stack)
{
    struct seen seen = {0};
    PVOID begin, end;
    PEPROCESS process = ps_process(L"agent.exe");
    CHECK(MiQueryUserSlice(process, &begin, &end));
    HANDLE id = PsGetProcessId(process);
    PETHREAD thread = ps_thread(process, look, &seen);
    HANDLE thread_id = PsGetThreadId(thread);
    CHECK_EQ(ps_join(thread), 42);
    CHECK(seen.user_stack >= begin && seen.user_stack < end);
    CHECK(seen.teb >= begin && seen.teb < end && seen.peb >= begin && seen.peb < end);
    CHECK(seen.kernel_stack > MmSystemRangeStart);
    CHECK((ULONG_PTR)seen.kernel_stack >= seen.low && (ULONG_PTR)seen.kernel_stack < seen.high);
    CHECK_EQ(seen.mode, UserMode);
    CHECK_EQ(seen.irql, PASSIVE_LEVEL);
    CHECK(!seen.apcs_disabled && !seen.system);
    CHECK_EQ(seen.process, id);
    CHECK_EQ(seen.thread, thread_id);
    CHECK_EQ(seen.eprocess, process);
    CHECK_EQ(ps_join_process(process), 42);
}

/* ---------------------------------------------------------------- processes apart */

struct page {
    HANDLE handle;
    NTSTATUS status;
};

static void create_event(void *context)
{
    struct page *page = context;
    page->status = NtCreateEvent(&page->handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE);
}

static void use_event(void *context)
{
    struct page *page = context;
    page->status = NtSetEvent(page->handle, NULL);
}

static int create_and_use(void *context)
{
    SYSTEM_CALL(create_event, context);
    if (((struct page *)context)->status == STATUS_SUCCESS)
        SYSTEM_CALL(use_event, context);
    return ((struct page *)context)->status;
}

static int use(void *context)
{
    SYSTEM_CALL(use_event, context);
    return ((struct page *)context)->status;
}

KILN_TEST(ps_user, handles_and_slices_are_the_process_s_own)
{
    PEPROCESS one = ps_process(L"one.exe"), two = ps_process(L"two.exe");
    struct page *page = ps_user_memory(one, PAGE_SIZE), *other = ps_user_memory(two, PAGE_SIZE);
    CHECK_EQ(MiProcessOfUserAddress(page), one);
    CHECK_EQ(MiProcessOfUserAddress(other), two);
    /* Both live on until the test lets them go. */
    CHECK_EQ(PsAcquireProcessExitSynchronization(one), STATUS_SUCCESS);
    PETHREAD thread = ps_thread(one, create_and_use, page);
    ps_sleep(1);
    while (PsGetThreadExitStatus(thread) == STATUS_PENDING)
        ps_sleep(1);
    CHECK_EQ(PsGetThreadExitStatus(thread), STATUS_SUCCESS);
    other->handle = page->handle;
    CHECK_EQ(ps_join(ps_thread(two, use, other)), STATUS_INVALID_HANDLE);
    PsReleaseProcessExitSynchronization(one);
    CHECK_EQ(ps_join(thread), STATUS_SUCCESS);
    ps_join_process(one);
    ps_join_process(two);
}

static int nothing(void *context)
{
    UNREFERENCED_PARAMETER(context);
    return 0;
}

KILN_TEST(ps_user, a_thread_needs_a_slice_and_a_sensible_stack)
{
    PETHREAD thread;
    CHECK_EQ(PspCreateUserThread(PsInitialSystemProcess, nothing, NULL, 0, FALSE, &thread),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(
        PspCreateUserThread(PsGetCurrentProcess(), nothing, NULL, PSP_USER_STACK_MAX + 1, FALSE, &thread),
        STATUS_INVALID_PARAMETER);
    CHECK_EQ(PspCreateUserThread(PsGetCurrentProcess(), nothing, NULL, 1, FALSE, &thread), STATUS_SUCCESS);
    CHECK_EQ(ps_join(thread), 0);
}

KILN_TEST(ps_user, an_attached_thread_has_no_teb)
{
    KAPC_STATE state;
    CHECK(PsGetCurrentThreadTeb() != NULL);
    KeStackAttachProcess((PRKPROCESS)PsInitialSystemProcess, &state);
    CHECK_EQ(PsGetCurrentThreadTeb(), NULL);
    CHECK_EQ(PsGetCurrentThreadProcessId(), PsGetThreadProcessId(PsGetCurrentThread()));
    KeUnstackDetachProcess(&state);
    CHECK_EQ(PsGetCurrentThreadTeb(), PsGetThreadTeb(PsGetCurrentThread()));
}

KILN_TEST(ps_user, a_suspended_thread_starts_when_it_is_resumed)
{
    PETHREAD thread;
    ULONG previous = 9;
    CHECK_EQ(PspCreateUserThread(PsGetCurrentProcess(), nothing, NULL, 0, TRUE, &thread), STATUS_SUCCESS);
    ps_sleep(5);
    CHECK_EQ(PsGetThreadExitStatus(thread), STATUS_PENDING);
    CHECK_EQ(KeResumeThread(&thread->Tcb, &previous), STATUS_SUCCESS);
    CHECK_EQ(previous, 1);
    CHECK_EQ(ps_join(thread), 0);
}

/* ---------------------------------------------------------------- user APCs */

#define APCS 3

struct apc_case {
    volatile LONG ready, calls;
    ULONG order[APCS + 1];
    PVOID stack;
    NTSTATUS plain, alertable, after;
};

static VOID NTAPI note_apc(PVOID context, PVOID argument1, PVOID argument2)
{
    struct apc_case *c = context;
    CHECK_EQ(argument2, 7);
    c->stack = &context;
    if (c->calls < APCS)
        c->order[c->calls] = (ULONG)(ULONG_PTR)argument1;
    c->calls++;
}

static int wait_for_apcs(void *context)
{
    struct apc_case *c = context;
    c->ready = 1;
    while (c->ready < 2)
        ps_user_sleep(FALSE, 1);
    c->plain = ps_user_sleep(FALSE, 1);
    CHECK_EQ(c->calls, 0);
    c->alertable = ps_user_sleep(TRUE, 1000000);
    LONG calls = c->calls;
    c->after = ps_user_sleep(TRUE, 1);
    return calls;
}

KILN_TEST(ps_user_apc, apcs_run_in_order_on_the_user_stack_when_the_thread_waits_alertably)
{
    struct apc_case c = {0};
    PVOID begin, end;
    CHECK(MiQueryUserSlice(PsGetCurrentProcess(), &begin, &end));
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), wait_for_apcs, &c);
    while (!c.ready)
        ps_sleep(1);
    for (ULONG_PTR i = 1; i <= APCS; i++)
        CHECK_EQ(PspQueueUserApc(thread, note_apc, &c, (PVOID)i, (PVOID)7), STATUS_SUCCESS);
    c.ready = 2;
    CHECK_EQ(ps_join(thread), APCS);
    CHECK_EQ(c.plain, STATUS_SUCCESS);
    CHECK_EQ(c.alertable, STATUS_USER_APC);
    CHECK_EQ(c.after, STATUS_SUCCESS);
    CHECK(c.order[0] == 1 && c.order[1] == 2 && c.order[2] == 3);
    CHECK(c.stack >= begin && c.stack < end);
}

static int count_calls(void *context)
{
    return ((struct apc_case *)context)->calls;
}

KILN_TEST(ps_user_apc, apcs_queued_before_the_thread_begins_run_first)
{
    struct apc_case c = {0};
    PETHREAD thread;
    CHECK_EQ(PspCreateUserThread(PsGetCurrentProcess(), count_calls, &c, 0, TRUE, &thread), STATUS_SUCCESS);
    CHECK_EQ(PspQueueUserApc(thread, note_apc, &c, (PVOID)1, (PVOID)7), STATUS_SUCCESS);
    CHECK_EQ(PspQueueUserApc(thread, note_apc, &c, (PVOID)2, (PVOID)7), STATUS_SUCCESS);
    KeResumeThread(&thread->Tcb, NULL);
    CHECK_EQ(ps_join(thread), 2);
}

static int sleep_long(void *context)
{
    *(volatile LONG *)context = 1;
    return ps_user_sleep(TRUE, 1000000);
}

KILN_TEST(ps_user_apc, an_apc_ends_an_alertable_wait_that_is_under_way)
{
    struct apc_case c = {0};
    volatile LONG started = 0;
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), sleep_long, (PVOID)&started);
    while (!started)
        ps_sleep(1);
    ps_sleep(2);
    CHECK_EQ(PspQueueUserApc(thread, note_apc, &c, (PVOID)1, (PVOID)7), STATUS_SUCCESS);
    CHECK_EQ(ps_join(thread), STATUS_USER_APC);
    CHECK_EQ(c.calls, 1);
}

static KIRQL kernel_routine_irql;
static PETHREAD kernel_routine_thread;

static VOID NTAPI driver_kernel_routine(PKAPC apc, PKNORMAL_ROUTINE *normal, PVOID *context, PVOID *argument1,
                                        PVOID *argument2)
{
    UNREFERENCED_PARAMETER(apc);
    UNREFERENCED_PARAMETER(normal);
    UNREFERENCED_PARAMETER(context);
    kernel_routine_irql = KeGetCurrentIrql();
    kernel_routine_thread = PsGetCurrentThread();
    *argument1 = (PVOID)5; /* the routine may change them */
    *argument2 = (PVOID)7;
}

KILN_TEST(ps_user_apc, a_driver_s_kernel_routine_runs_at_apc_level_before_the_normal_routine)
{
    struct apc_case c = {0};
    volatile LONG started = 0;
    KAPC apc;
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), sleep_long, (PVOID)&started);
    KeInitializeApc(&apc, (PRKTHREAD)thread, OriginalApcEnvironment, driver_kernel_routine, NULL, note_apc,
                    UserMode, &c);
    while (!started)
        ps_sleep(1);
    CHECK(KeInsertQueueApc(&apc, NULL, NULL, IO_NO_INCREMENT));
    ObReferenceObject(thread);
    CHECK_EQ(ps_join(thread), STATUS_USER_APC);
    CHECK_EQ(kernel_routine_irql, APC_LEVEL);
    CHECK_EQ(kernel_routine_thread, thread);
    CHECK_EQ(c.calls, 1);
    CHECK_EQ(c.order[0], 5);
    ObDereferenceObject(thread);
}

static volatile LONG rundowns;

static VOID NTAPI driver_rundown(PKAPC apc)
{
    UNREFERENCED_PARAMETER(apc);
    InterlockedIncrement(&rundowns);
}

static int wait_for_flag(void *context)
{
    *(volatile LONG *)context = 1;
    while (*(volatile LONG *)context == 1)
        ps_user_sleep(FALSE, 1);
    return 0;
}

KILN_TEST(ps_user_apc, an_apc_that_was_never_delivered_is_run_down_at_the_thread_s_end)
{
    struct apc_case c = {0};
    volatile LONG flag = 0;
    KAPC apc;
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), wait_for_flag, (PVOID)&flag);
    KeInitializeApc(&apc, (PRKTHREAD)thread, OriginalApcEnvironment, driver_kernel_routine, driver_rundown,
                    note_apc, UserMode, &c);
    while (!flag)
        ps_sleep(1);
    CHECK(KeInsertQueueApc(&apc, NULL, NULL, IO_NO_INCREMENT));
    flag = 2;
    ObReferenceObject(thread);
    CHECK_EQ(ps_join(thread), 0);
    CHECK_EQ(rundowns, 1);
    CHECK_EQ(c.calls, 0);
    CHECK(!KeInsertQueueApc(&apc, NULL, NULL, IO_NO_INCREMENT));
    ObDereferenceObject(thread);
}

/* ---------------------------------------------------------------- timers and alerts */

struct timer_page {
    HANDLE timer;
    LARGE_INTEGER due;
    volatile LONG fired;
    PVOID context;
    NTSTATUS set;
};

static VOID NTAPI on_timer(PVOID context, ULONG low, LONG high)
{
    struct timer_page *page = context;
    UNREFERENCED_PARAMETER(low);
    UNREFERENCED_PARAMETER(high);
    page->fired++;
}

static void set_timer(void *context)
{
    struct timer_page *page = context;
    CHECK_EQ(NtCreateTimer(&page->timer, TIMER_ALL_ACCESS, NULL, NotificationTimer), STATUS_SUCCESS);
    page->set = NtSetTimer(page->timer, &page->due, on_timer, page, FALSE, 0, NULL);
}

static int use_timer(void *context)
{
    struct timer_page *page = context;
    page->due.QuadPart = -20000;
    SYSTEM_CALL(set_timer, page);
    CHECK_EQ(page->set, STATUS_SUCCESS);
    NTSTATUS status = ps_user_sleep(TRUE, 1000000);
    CHECK_EQ(page->fired, 1);
    return status;
}

KILN_TEST(ps_user_apc, a_timer_s_apc_routine_runs_in_the_thread_that_set_it)
{
    PEPROCESS process = ps_process(L"timer.exe");
    struct timer_page *page = ps_user_memory(process, PAGE_SIZE);
    CHECK_EQ(ps_join(ps_thread(process, use_timer, page)), STATUS_USER_APC);
    ps_join_process(process);
}

static void test_alert(void *context)
{
    *(NTSTATUS *)context = NtTestAlert();
}

static int wait_and_test(void *context)
{
    NTSTATUS status;
    *(volatile LONG *)context = 1;
    status = ps_user_sleep(TRUE, 1000000);
    CHECK_EQ(status, STATUS_ALERTED);
    *(volatile LONG *)context = 2;
    while (*(volatile LONG *)context == 2)
        ps_user_sleep(FALSE, 1);
    SYSTEM_CALL(test_alert, &status);
    CHECK_EQ(status, STATUS_ALERTED);
    SYSTEM_CALL(test_alert, &status);
    return status;
}

KILN_TEST(ps_user_apc, an_alert_ends_an_alertable_wait_or_is_kept_for_the_next)
{
    volatile LONG stage = 0;
    HANDLE handle;
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), wait_and_test, (PVOID)&stage);
    CHECK_EQ(ObOpenObjectByPointer(thread, OBJ_KERNEL_HANDLE, NULL, THREAD_ALL_ACCESS, *PsThreadType,
                                   KernelMode, &handle),
             STATUS_SUCCESS);
    while (stage < 1)
        ps_sleep(1);
    ps_sleep(2);
    CHECK_EQ(ZwAlertThread(handle), STATUS_SUCCESS);
    while (stage < 2)
        ps_sleep(1);
    KeAlertThread(&thread->Tcb, UserMode);
    stage = 3;
    CHECK_EQ(ps_join(thread), STATUS_SUCCESS);
    ZwClose(handle);
    CHECK_EQ(ZwAlertThread((HANDLE)0x7ff0), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwAlertThread(NtCurrentProcess()), STATUS_OBJECT_TYPE_MISMATCH);
}

KILN_TEST(ps_user, yielding_says_whether_somebody_else_ran)
{
    NTSTATUS status = ZwYieldExecution();
    CHECK(status == STATUS_SUCCESS || status == STATUS_NO_YIELD_PERFORMED);
}
