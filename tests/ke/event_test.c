/* SPDX-License-Identifier: MIT */
#include "ketest.h"

KILN_TEST(ke_event, set_returns_previous_state)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    CHECK_EQ(KeSetEvent(&event, IO_NO_INCREMENT, FALSE), 0);
    CHECK(KeSetEvent(&event, IO_NO_INCREMENT, FALSE) != 0);
    CHECK(KeResetEvent(&event) != 0);
    CHECK_EQ(KeResetEvent(&event), 0);
    CHECK_EQ(KeReadStateEvent(&event), 0);
}

KILN_TEST(ke_event, notification_event_stays_signaled)
{
    KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    CHECK(poll(&event));
    CHECK(poll(&event));
    KeClearEvent(&event);
    CHECK(!poll(&event));
}

KILN_TEST(ke_event, synchronization_event_satisfies_one_wait)
{
    KEVENT event;
    KeInitializeEvent(&event, SynchronizationEvent, TRUE);
    CHECK(poll(&event));
    CHECK(!poll(&event));
}

static KEVENT gate;
static LONG through;

static VOID NTAPI pass_gate(PVOID Context)
{
    CHECK_EQ(KeWaitForSingleObject(&gate, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    InterlockedIncrement(&through);
}

KILN_TEST(ke_event, notification_event_wakes_all)
{
    PKTHREAD threads[4];
    KeInitializeEvent(&gate, NotificationEvent, FALSE);
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(pass_gate, NULL);
    for (int i = 0; i < 4; i++)
        until_waiting(threads[i]);
    CHECK_EQ(through, 0);
    KeSetEvent(&gate, EVENT_INCREMENT, FALSE);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    CHECK_EQ(through, 4);
}

KILN_TEST(ke_event, synchronization_event_wakes_one)
{
    PKTHREAD threads[3];
    KeInitializeEvent(&gate, SynchronizationEvent, FALSE);
    for (int i = 0; i < 3; i++) {
        threads[i] = start_thread(pass_gate, NULL);
        until_waiting(threads[i]);
    }
    for (int i = 0; i < 3; i++) {
        KeSetEvent(&gate, EVENT_INCREMENT, FALSE);
        join_thread(threads[i]); /* first come, first served */
        CHECK_EQ(through, i + 1);
    }
    CHECK_EQ(KeReadStateEvent(&gate), 0);
}

KILN_TEST(ke_event, pulse_wakes_waiters_and_stays_clear)
{
    KeInitializeEvent(&gate, NotificationEvent, FALSE);
    PKTHREAD thread = start_thread(pass_gate, NULL);
    until_waiting(thread);
    CHECK_EQ(KePulseEvent(&gate, 0, FALSE), 0);
    join_thread(thread);
    CHECK_EQ(KeReadStateEvent(&gate), 0);
}

static KEVENT request, reply;

static VOID NTAPI server(PVOID Context)
{
    for (int i = 0; i < 20; i++) {
        KeWaitForSingleObject(&request, Executive, KernelMode, FALSE, NULL);
        KeSetEvent(&reply, 0, FALSE);
    }
}

/* With Wait = TRUE the set and the wait that follows are one operation. */
KILN_TEST(ke_event, set_with_wait_is_followed_by_a_wait)
{
    KeInitializeEvent(&request, SynchronizationEvent, FALSE);
    KeInitializeEvent(&reply, SynchronizationEvent, FALSE);
    PKTHREAD thread = start_thread(server, NULL);
    for (int i = 0; i < 20; i++) {
        KeSetEvent(&request, 0, TRUE);
        CHECK_EQ(KeWaitForSingleObject(&reply, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
        CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }
    join_thread(thread);
}

static KTIMER event_timer;
static KDPC event_dpc;

static VOID NTAPI set_from_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    KeSetEvent(Context, 0, FALSE);
}

KILN_TEST(ke_event, can_be_set_from_a_dpc)
{
    KeInitializeEvent(&gate, SynchronizationEvent, FALSE);
    KeInitializeTimer(&event_timer);
    KeInitializeDpc(&event_dpc, set_from_dpc, &gate);
    LARGE_INTEGER due = {.QuadPart = -MS(2)};
    KeSetTimer(&event_timer, due, &event_dpc);
    CHECK_EQ(KeWaitForSingleObject(&gate, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
}
