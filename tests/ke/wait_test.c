/* SPDX-License-Identifier: MIT */
#include "ketest.h"
#include "trap.h"

KILN_TEST(ke_wait, zero_timeout_does_not_wait)
{
    KEVENT event;
    LARGE_INTEGER zero = {.QuadPart = 0};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
}

KILN_TEST(ke_wait, zero_timeout_is_allowed_at_dispatch_level)
{
    KEVENT event;
    KIRQL irql;
    LARGE_INTEGER zero = {.QuadPart = 0};
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &zero), STATUS_TIMEOUT);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
}

KILN_TEST(ke_wait, relative_timeout_expires_not_early)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ULONGLONG before = KeQueryInterruptTime();
    CHECK_EQ(wait_for(&event, 3), STATUS_TIMEOUT);
    CHECK(KeQueryInterruptTime() - before >= (ULONGLONG)MS(3));
}

KILN_TEST(ke_wait, absolute_timeout_is_a_system_time)
{
    KEVENT event;
    LARGE_INTEGER now;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeQuerySystemTime(&now);
    LARGE_INTEGER until = {.QuadPart = now.QuadPart + MS(3)};
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &until), STATUS_TIMEOUT);
    KeQuerySystemTime(&now);
    CHECK(now.QuadPart >= until.QuadPart);
    /* One that has passed does not wait. */
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &until), STATUS_TIMEOUT);
}

KILN_TEST(ke_wait, delay_lasts_at_least_its_interval)
{
    ULONGLONG before = KeQueryInterruptTime();
    sleep_ms(5);
    CHECK(KeQueryInterruptTime() - before >= (ULONGLONG)MS(5));
}

KILN_TEST(ke_wait, any_returns_the_index)
{
    KEVENT events[3];
    PVOID objects[3] = {&events[0], &events[1], &events[2]};
    LARGE_INTEGER zero = {.QuadPart = 0};
    for (int i = 0; i < 3; i++)
        KeInitializeEvent(&events[i], SynchronizationEvent, i == 2);
    CHECK_EQ(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL), STATUS_WAIT_0 + 2);
    CHECK_EQ(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, &zero, NULL), STATUS_TIMEOUT);
    KeSetEvent(&events[1], 0, FALSE);
    KeSetEvent(&events[2], 0, FALSE);
    CHECK_EQ(KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL), STATUS_WAIT_0 + 1);
    CHECK(KeReadStateEvent(&events[2])); /* untouched */
}

KILN_TEST(ke_wait, all_takes_nothing_until_it_can_take_everything)
{
    KEVENT first, second;
    PVOID objects[2] = {&first, &second};
    LARGE_INTEGER brief = {.QuadPart = -MS(1)};
    KeInitializeEvent(&first, SynchronizationEvent, TRUE);
    KeInitializeEvent(&second, SynchronizationEvent, FALSE);
    CHECK_EQ(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &brief, NULL), STATUS_TIMEOUT);
    CHECK(KeReadStateEvent(&first));
    KeSetEvent(&second, 0, FALSE);
    CHECK_EQ(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL), STATUS_SUCCESS);
    CHECK(!KeReadStateEvent(&first));
    CHECK(!KeReadStateEvent(&second));
}

KILN_TEST_ONCE(ke_wait, all_of_the_same_object_twice_is_a_contradiction)
{
    static KEVENT events[MAXIMUM_WAIT_OBJECTS];
    static KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    PVOID objects[MAXIMUM_WAIT_OBJECTS];
    for (ULONG i = 0; i < MAXIMUM_WAIT_OBJECTS; i++) {
        KeInitializeEvent(&events[i], NotificationEvent, TRUE);
        objects[i] = &events[i];
    }
    CHECK_EQ(KeWaitForMultipleObjects(64, objects, WaitAll, Executive, KernelMode, FALSE, NULL, blocks), STATUS_SUCCESS);
    for (ULONG i = 1; i < MAXIMUM_WAIT_OBJECTS; i++) {
        objects[i] = objects[i / 2];
        CHECK_EQ(KeWaitForMultipleObjects(64, objects, WaitAll, Executive, KernelMode, FALSE, NULL, blocks),
                 STATUS_INVALID_PARAMETER_MIX);
        CHECK(NT_SUCCESS(KeWaitForMultipleObjects(64, objects, WaitAny, Executive, KernelMode, FALSE, NULL, blocks)));
        objects[i] = &events[i];
    }
}

static KEVENT pair[2];
static LONG all_done;

static VOID NTAPI wait_for_both(PVOID Context)
{
    PVOID objects[2] = {&pair[0], &pair[1]};
    CHECK_EQ(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL), STATUS_SUCCESS);
    InterlockedIncrement(&all_done);
}

KILN_TEST(ke_wait, a_blocked_wait_all_leaves_objects_to_others)
{
    KeInitializeEvent(&pair[0], SynchronizationEvent, FALSE);
    KeInitializeEvent(&pair[1], SynchronizationEvent, FALSE);
    PKTHREAD thread = start_thread(wait_for_both, NULL);
    until_waiting(thread);
    KeSetEvent(&pair[0], 0, FALSE);
    CHECK(poll(&pair[0]));
    KeSetEvent(&pair[1], 0, FALSE);
    sleep_ms(1);
    CHECK_EQ(all_done, 0);
    KeSetEvent(&pair[0], 0, FALSE);
    join_thread(thread);
    CHECK_EQ(all_done, 1);
}

KILN_TEST(ke_wait, sixty_four_objects_with_a_block_array)
{
    static KEVENT events[MAXIMUM_WAIT_OBJECTS];
    static KWAIT_BLOCK blocks[MAXIMUM_WAIT_OBJECTS];
    PVOID objects[MAXIMUM_WAIT_OBJECTS];
    for (int i = 0; i < MAXIMUM_WAIT_OBJECTS; i++) {
        KeInitializeEvent(&events[i], NotificationEvent, FALSE);
        objects[i] = &events[i];
    }
    LARGE_INTEGER brief = {.QuadPart = -MS(1)};
    CHECK_EQ(KeWaitForMultipleObjects(64, objects, WaitAny, Executive, KernelMode, FALSE, &brief, blocks), STATUS_TIMEOUT);
    KeSetEvent(&events[63], 0, FALSE);
    CHECK_EQ(KeWaitForMultipleObjects(64, objects, WaitAny, Executive, KernelMode, FALSE, NULL, blocks), STATUS_WAIT_63);
}

KILN_TEST_BUGCHECK(ke_wait, four_objects_need_a_block_array, 0x0C)
{
    KEVENT event;
    PVOID objects[4] = {&event, &event, &event, &event};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForMultipleObjects(4, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
}

static VOID NTAPI waiting_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST_BUGCHECK(ke_wait, a_dpc_that_waits, 0xB8)
{
    static KDPC dpc;
    KeInitializeDpc(&dpc, waiting_dpc, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    sleep_ms(10);
}

KILN_TEST_BUGCHECK(ke_wait, waiting_at_dispatch_level, 0x0A)
{
    KEVENT event;
    KIRQL irql;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
}

static NTSTATUS alert_status;

static VOID NTAPI alertable_waiter(PVOID Context)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    alert_status = KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, NULL);
}

KILN_TEST(ke_wait, an_alert_ends_an_alertable_wait)
{
    PKTHREAD thread = start_thread(alertable_waiter, NULL);
    until_waiting(thread);
    CHECK_EQ(KeAlertThread(thread, KernelMode), FALSE);
    join_thread(thread);
    CHECK_EQ(alert_status, STATUS_ALERTED);
}

KILN_TEST(ke_wait, an_alert_is_remembered)
{
    KEVENT event;
    LARGE_INTEGER brief = {.QuadPart = -MS(1)};
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeAlertThread(KeGetCurrentThread(), KernelMode);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &brief), STATUS_TIMEOUT);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, &brief), STATUS_ALERTED);
    CHECK_EQ(KeTestAlertThread(KernelMode), FALSE);
}

/* A thread that waits on an object and a time-out at the same moment gets exactly one of them. */
static KEVENT race_event;

static VOID NTAPI race_setter(PVOID Context)
{
    for (int i = 0; i < 50; i++) {
        LARGE_INTEGER interval = {.QuadPart = -MS(1)};
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        KeSetEvent(&race_event, 0, FALSE);
    }
}

KILN_TEST(ke_wait, time_out_and_signal_race)
{
    KeInitializeEvent(&race_event, SynchronizationEvent, FALSE);
    PKTHREAD thread = start_thread(race_setter, NULL);
    int got = 0;
    for (int i = 0; i < 200; i++) {
        NTSTATUS status = wait_for(&race_event, 1);
        CHECK(status == STATUS_SUCCESS || status == STATUS_TIMEOUT);
        got += status == STATUS_SUCCESS;
    }
    join_thread(thread);
    got += poll(&race_event);
    CHECK(got > 0 && got <= 50);
}
