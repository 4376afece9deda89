/* SPDX-License-Identifier: MIT */
/*
 * What the design guide says of a driver that runs in a user's thread: waits-and-apcs.md, disabling-apcs.md,
 * introduction-to-mutex-objects.md (returning to user mode), previousmode.md.
 */
#include "pstest.h"
#include "ki.h"

/* ---------------------------------------------------------------- waits and APCs */

struct wait_case {
    BOOLEAN alertable;
    KPROCESSOR_MODE mode;
    VOID (NTAPI *enter)(VOID);
    VOID (NTAPI *leave)(VOID);
    BOOLEAN delay;
    volatile LONG ready, calls;
    NTSTATUS status;
    KEVENT event;
};

static void wait_once(void *context)
{
    struct wait_case *c = context;
    LARGE_INTEGER long_time = {.QuadPart = -500000};
    if (c->enter)
        c->enter();
    c->ready = 1;
    c->status = c->delay ? KeDelayExecutionThread(c->mode, c->alertable, &long_time)
                         : KeWaitForSingleObject(&c->event, UserRequest, c->mode, c->alertable, NULL);
    if (c->leave)
        c->leave();
}

static int wait_in_a_call(void *context)
{
    SYSTEM_CALL(wait_once, context);
    return 0;
}

static VOID NTAPI count(PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    ((struct wait_case *)context)->calls++;
}

static PETHREAD begin(struct wait_case *c)
{
    KeInitializeEvent(&c->event, NotificationEvent, FALSE);
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), wait_in_a_call, c);
    while (!c->ready || *(volatile UCHAR *)&thread->Tcb.State != KiWaiting)
        ps_sleep(1);
    return thread;
}

static void expect_apc(struct wait_case c, NTSTATUS status, LONG calls)
{
    PETHREAD thread = begin(&c);
    CHECK_EQ(PspQueueUserApc(thread, count, &c, NULL, NULL), STATUS_SUCCESS);
    ps_sleep(2);
    KeSetEvent(&c.event, IO_NO_INCREMENT, FALSE);
    CHECK_EQ(ps_join(thread), 0);
    CHECK_EQ(c.status, status);
    CHECK_EQ(c.calls, calls);
}

static void expect_end(struct wait_case c, NTSTATUS status)
{
    PETHREAD thread = begin(&c);
    CHECK_EQ(PspTerminateThread(thread, 5), STATUS_SUCCESS);
    ps_sleep(2);
    KeSetEvent(&c.event, IO_NO_INCREMENT, FALSE);
    CHECK_EQ(ps_join(thread), 5);
    CHECK_EQ(c.status, status);
}

#define CASE(...) ((struct wait_case){__VA_ARGS__})

KILN_TEST(ps_guide_wait, user_apcs_end_alertable_waits_and_are_delivered_after_those_in_user_mode)
{
    expect_apc(CASE(TRUE, UserMode), STATUS_USER_APC, 1);
    expect_apc(CASE(TRUE, KernelMode), STATUS_USER_APC, 0);
    expect_apc(CASE(FALSE, UserMode), STATUS_SUCCESS, 0);
    expect_apc(CASE(FALSE, KernelMode), STATUS_SUCCESS, 0);
    expect_apc(CASE(TRUE, UserMode, .delay = TRUE), STATUS_USER_APC, 1);
    expect_apc(CASE(FALSE, UserMode, .delay = TRUE), STATUS_SUCCESS, 0);
}

KILN_TEST(ps_guide_wait, the_thread_s_end_ends_all_but_plain_waits_in_kernel_mode)
{
    expect_end(CASE(TRUE, UserMode), STATUS_USER_APC);
    expect_end(CASE(TRUE, KernelMode), STATUS_USER_APC);
    expect_end(CASE(FALSE, UserMode), STATUS_USER_APC);
    expect_end(CASE(FALSE, KernelMode), STATUS_SUCCESS);
    expect_end(CASE(FALSE, UserMode, .delay = TRUE), STATUS_USER_APC);
}

static VOID NTAPI raise(VOID)
{
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
}

static VOID NTAPI lower(VOID)
{
    KeLowerIrql(PASSIVE_LEVEL);
}

static KMUTEX mutex;

static VOID NTAPI acquire_mutex(VOID)
{
    KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
}

static VOID NTAPI release_mutex(VOID)
{
    KeReleaseMutex(&mutex, FALSE);
}

KILN_TEST(ps_guide_wait, disabled_apcs_hold_off_user_apcs_and_the_thread_s_end)
{
    KeInitializeMutex(&mutex, 0);
    expect_apc(CASE(TRUE, UserMode, KeEnterCriticalRegion, KeLeaveCriticalRegion), STATUS_SUCCESS, 0);
    expect_apc(CASE(TRUE, UserMode, KeEnterGuardedRegion, KeLeaveGuardedRegion), STATUS_SUCCESS, 0);
    expect_apc(CASE(TRUE, UserMode, raise, lower), STATUS_SUCCESS, 0);
    expect_end(CASE(TRUE, UserMode, KeEnterCriticalRegion, KeLeaveCriticalRegion), STATUS_SUCCESS);
    expect_end(CASE(FALSE, UserMode, KeEnterGuardedRegion, KeLeaveGuardedRegion), STATUS_SUCCESS);
    expect_end(CASE(FALSE, UserMode, acquire_mutex, release_mutex), STATUS_SUCCESS);
    expect_end(CASE(FALSE, UserMode, raise, lower), STATUS_SUCCESS);
}

static void wait_late(void *context)
{
    struct wait_case *c = context;
    LARGE_INTEGER moment = {.QuadPart = -1000};
    c->ready = 1;
    KeWaitForSingleObject(&c->event, Executive, KernelMode, FALSE, NULL);
    KeEnterCriticalRegion();
    CHECK_EQ(KeDelayExecutionThread(UserMode, TRUE, &moment), STATUS_SUCCESS);
    KeLeaveCriticalRegion();
    c->status = KeDelayExecutionThread(UserMode, TRUE, &moment);
}

static int wait_late_in_a_call(void *context)
{
    SYSTEM_CALL(wait_late, context);
    return 0;
}

KILN_TEST(ps_guide_wait, what_was_held_off_comes_with_the_next_wait_outside)
{
    struct wait_case c = {0};
    KeInitializeEvent(&c.event, NotificationEvent, FALSE);
    PETHREAD thread = ps_thread(PsGetCurrentProcess(), wait_late_in_a_call, &c);
    while (!c.ready)
        ps_sleep(1);
    CHECK_EQ(PspQueueUserApc(thread, count, &c, NULL, NULL), STATUS_SUCCESS);
    KeSetEvent(&c.event, IO_NO_INCREMENT, FALSE);
    CHECK_EQ(ps_join(thread), 0);
    CHECK_EQ(c.status, STATUS_USER_APC);
    CHECK_EQ(c.calls, 1);
}

/* ---------------------------------------------------------------- returning to user mode */

static void forget(void *context)
{
    KeInitializeMutex(&mutex, 0);
    ((VOID (NTAPI *)(VOID))context)();
}

static int forget_in_a_call(void *context)
{
    SYSTEM_CALL(forget, context);
    return 0;
}

static void forget_to_undo(VOID (NTAPI *routine)(VOID))
{
    ps_join(ps_thread(PsGetCurrentProcess(), forget_in_a_call, (void *)(ULONG_PTR)routine));
}

KILN_TEST_BUGCHECK(ps_guide_return, with_a_mutex, APC_INDEX_MISMATCH)
{
    forget_to_undo(acquire_mutex);
}

KILN_TEST_BUGCHECK(ps_guide_return, in_a_critical_region, APC_INDEX_MISMATCH)
{
    forget_to_undo(KeEnterCriticalRegion);
}

KILN_TEST_BUGCHECK(ps_guide_return, in_a_guarded_region, APC_INDEX_MISMATCH)
{
    forget_to_undo(KeEnterGuardedRegion);
}

KILN_TEST_BUGCHECK(ps_guide_return, at_a_raised_irql, IRQL_GT_ZERO_AT_SYSTEM_SERVICE)
{
    forget_to_undo(raise);
}

static VOID NTAPI attach(VOID)
{
    static KAPC_STATE state;
    KeStackAttachProcess((PRKPROCESS)PsInitialSystemProcess, &state);
}

KILN_TEST_BUGCHECK(ps_guide_return, attached_to_another_process, APC_INDEX_MISMATCH)
{
    forget_to_undo(attach);
}

/* ---------------------------------------------------------------- previous mode */

static void use_both_forms(void *context)
{
    OBJECT_ATTRIBUTES attributes, missing;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\NoSuchObject");
    HANDLE kernel, other = NULL;
    EVENT_BASIC_INFORMATION information;
    *(volatile LONG *)context = 1;
    CHECK_EQ(ExGetPreviousMode(), UserMode);
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&kernel, EVENT_ALL_ACCESS, &attributes, NotificationEvent, TRUE), STATUS_SUCCESS);
    CHECK_EQ(ExGetPreviousMode(), UserMode); /* Zw gives it back */
    InitializeObjectAttributes(&missing, &name, 0, NULL, NULL);
    CHECK_EQ(ZwOpenEvent(&other, EVENT_ALL_ACCESS, &missing), STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(ExGetPreviousMode(), UserMode); /* when it fails, too */
    /* Nt takes the caller for the user: the handle is no user handle and stays open, the buffer is no user buffer. */
    CHECK_EQ(NtClose(kernel), STATUS_INVALID_HANDLE);
    CHECK_EQ(NtCreateEvent(&other, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(other, NULL);
    CHECK_EQ(ZwQueryEvent(kernel, EventBasicInformation, &information, sizeof information, NULL), STATUS_SUCCESS);
    CHECK_EQ(information.EventState, 1);
    CHECK_EQ(ZwClose(kernel), STATUS_SUCCESS);
    *(volatile LONG *)context = 2;
}

static int use_both_forms_in_a_call(void *context)
{
    SYSTEM_CALL(use_both_forms, context);
    return 0;
}

KILN_TEST(ps_guide_mode, nt_believes_the_previous_mode_and_zw_sets_it)
{
    volatile LONG state = 0;
    CHECK_EQ(ps_join(ps_thread(PsGetCurrentProcess(), use_both_forms_in_a_call, (void *)&state)), 0);
    CHECK_EQ(state, 2);
}
