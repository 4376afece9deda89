/* SPDX-License-Identifier: MIT */
#include "ketest.h"

static LONG kernel_runs, normal_runs, rundowns;
static KIRQL kernel_irql, normal_irql;

static VOID NTAPI kernel_routine(PKAPC Apc, PKNORMAL_ROUTINE *Normal, PVOID *Context, PVOID *Argument1, PVOID *Argument2)
{
    kernel_irql = KeGetCurrentIrql();
    InterlockedIncrement(&kernel_runs);
}

static VOID NTAPI normal_routine(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    normal_irql = KeGetCurrentIrql();
    CHECK_EQ((ULONG_PTR)Context, 1);
    CHECK_EQ((ULONG_PTR)Argument1, 2);
    CHECK_EQ((ULONG_PTR)Argument2, 3);
    InterlockedIncrement(&normal_runs);
}

static VOID NTAPI rundown_routine(PKAPC Apc)
{
    InterlockedIncrement(&rundowns);
}

static void queue_normal(PKAPC Apc, PKTHREAD Thread)
{
    KeInitializeApc(Apc, Thread, OriginalApcEnvironment, kernel_routine, rundown_routine, normal_routine, KernelMode,
                    (PVOID)1);
    CHECK(KeInsertQueueApc(Apc, (PVOID)2, (PVOID)3, 0));
}

static void queue_special(PKAPC Apc, PKTHREAD Thread)
{
    KeInitializeApc(Apc, Thread, OriginalApcEnvironment, kernel_routine, rundown_routine, NULL, KernelMode, NULL);
    CHECK(KeInsertQueueApc(Apc, NULL, NULL, 0));
}

KILN_TEST(ke_apc, special_apc_runs_at_apc_level)
{
    KAPC apc;
    queue_special(&apc, KeGetCurrentThread());
    CHECK_EQ(kernel_runs, 1);
    CHECK_EQ(kernel_irql, APC_LEVEL);
}

KILN_TEST(ke_apc, normal_apc_runs_at_passive_level)
{
    KAPC apc;
    queue_normal(&apc, KeGetCurrentThread());
    CHECK_EQ(kernel_runs, 1);
    CHECK_EQ(normal_runs, 1);
    CHECK_EQ(kernel_irql, APC_LEVEL);
    CHECK_EQ(normal_irql, PASSIVE_LEVEL);
}

KILN_TEST(ke_apc, a_queued_apc_cannot_be_queued_again)
{
    KAPC apc;
    KIRQL irql;
    KeRaiseIrql(APC_LEVEL, &irql);
    queue_special(&apc, KeGetCurrentThread());
    CHECK(!KeInsertQueueApc(&apc, NULL, NULL, 0));
    CHECK_EQ(kernel_runs, 0);
    KeLowerIrql(irql);
    CHECK_EQ(kernel_runs, 1);
}

KILN_TEST(ke_apc, critical_region_holds_off_normal_apcs_only)
{
    KAPC normal, special;
    KeEnterCriticalRegion();
    queue_normal(&normal, KeGetCurrentThread());
    queue_special(&special, KeGetCurrentThread());
    CHECK_EQ(kernel_runs, 1);
    CHECK_EQ(normal_runs, 0);
    KeLeaveCriticalRegion();
    CHECK_EQ(kernel_runs, 2);
    CHECK_EQ(normal_runs, 1);
}

KILN_TEST(ke_apc, guarded_region_holds_off_all)
{
    KAPC special;
    KeEnterGuardedRegion();
    queue_special(&special, KeGetCurrentThread());
    CHECK_EQ(kernel_runs, 0);
    KeLeaveGuardedRegion();
    CHECK_EQ(kernel_runs, 1);
}

KILN_TEST(ke_apc, mutex_holds_off_normal_apcs)
{
    KMUTEX mutex;
    KAPC normal;
    KeInitializeMutex(&mutex, 0);
    CHECK(poll(&mutex));
    queue_normal(&normal, KeGetCurrentThread());
    CHECK_EQ(normal_runs, 0);
    KeReleaseMutex(&mutex, FALSE);
    CHECK_EQ(normal_runs, 1);
}

static KEVENT go_on;
static NTSTATUS wait_status;

static VOID NTAPI waiter(PVOID Context)
{
    wait_status = KeWaitForSingleObject(&go_on, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST(ke_apc, a_waiting_thread_runs_kernel_apcs_and_goes_on_waiting)
{
    KAPC normal;
    KeInitializeEvent(&go_on, NotificationEvent, FALSE);
    PKTHREAD thread = start_open_thread(waiter, NULL);
    until_waiting(thread);
    queue_normal(&normal, thread);
    while (*(volatile LONG *)&normal_runs == 0)
        sleep_ms(1);
    until_waiting(thread);
    KeSetEvent(&go_on, 0, FALSE);
    join_thread(thread);
    CHECK_EQ(wait_status, STATUS_SUCCESS);
}

static VOID NTAPI timed_waiter(PVOID Context)
{
    wait_status = wait_for(&go_on, 20);
}

KILN_TEST_SIM(ke_apc, an_interrupted_wait_keeps_its_deadline)
{
    KAPC normal[5];
    ULONGLONG before = KeQueryInterruptTime();
    KeInitializeEvent(&go_on, NotificationEvent, FALSE);
    PKTHREAD thread = start_open_thread(timed_waiter, NULL);
    for (int i = 0; i < 5; i++) {
        sleep_ms(2);
        until_waiting(thread);
        queue_normal(&normal[i], thread);
    }
    join_thread(thread);
    CHECK_EQ(wait_status, STATUS_TIMEOUT);
    CHECK_EQ(normal_runs, 5);
    CHECK(KeQueryInterruptTime() - before >= (ULONGLONG)MS(20));
}

static volatile LONG stop_spinning;

static VOID NTAPI spinner(PVOID Context)
{
    while (!stop_spinning)
        KeGetCurrentIrql(), KeStallExecutionProcessor(1);
}

KILN_TEST(ke_apc, a_running_thread_is_interrupted)
{
    KAPC normal;
    PKTHREAD thread = start_open_thread(spinner, NULL);
    sleep_ms(1);
    queue_normal(&normal, thread);
    while (*(volatile LONG *)&normal_runs == 0)
        sleep_ms(1);
    stop_spinning = 1;
    join_thread(thread);
}

KILN_TEST(ke_apc, can_be_removed)
{
    KAPC normal;
    KeEnterCriticalRegion();
    queue_normal(&normal, KeGetCurrentThread());
    CHECK(KeRemoveQueueApc(&normal));
    CHECK(!KeRemoveQueueApc(&normal));
    KeLeaveCriticalRegion();
    CHECK_EQ(normal_runs, 0);
}

static KAPC last_apc;

/* A system thread is in a critical region when it ends: the APC is still queued then. */
static VOID NTAPI end_with_apc_queued(PVOID Context)
{
    queue_normal(&last_apc, KeGetCurrentThread());
    CHECK_EQ(normal_runs, 0);
}

KILN_TEST(ke_apc, rundown_routine_runs_when_the_thread_ends)
{
    join_thread(start_thread(end_with_apc_queued, NULL));
    CHECK_EQ(rundowns, 1);
    CHECK_EQ(normal_runs, 0);
}

static VOID NTAPI check_region(PVOID Context)
{
    CHECK(KeAreApcsDisabled());
    CHECK(!KeAreAllApcsDisabled());
}

KILN_TEST(ke_apc, a_system_thread_starts_in_a_critical_region)
{
    join_thread(start_thread(check_region, NULL));
}

static VOID NTAPI user_waiter(PVOID Context)
{
    wait_status = KeWaitForSingleObject(&go_on, UserRequest, UserMode, TRUE, NULL);
}

static VOID NTAPI user_normal(PVOID Context, PVOID Argument1, PVOID Argument2)
{
}

KILN_TEST(ke_apc, user_apc_ends_an_alertable_user_wait)
{
    static KAPC apc;
    KeInitializeEvent(&go_on, NotificationEvent, FALSE);
    PKTHREAD thread = start_open_thread(user_waiter, NULL);
    until_waiting(thread);
    KeInitializeApc(&apc, thread, OriginalApcEnvironment, kernel_routine, rundown_routine, user_normal, UserMode, NULL);
    CHECK(KeInsertQueueApc(&apc, NULL, NULL, 0));
    join_thread(thread);
    CHECK_EQ(wait_status, STATUS_USER_APC);
    CHECK_EQ(rundowns, 1); /* the thread ended with it in the queue */
}

KILN_TEST_BUGCHECK(ke_apc, leaving_a_region_that_was_not_entered, 0x01)
{
    KeLeaveCriticalRegion();
}

static VOID NTAPI end_in_region(PVOID Context)
{
    KeEnterCriticalRegion();
}

KILN_TEST_BUGCHECK(ke_apc, ending_in_a_critical_region, 0x20)
{
    join_thread(start_thread(end_in_region, NULL));
}
