/* SPDX-License-Identifier: MIT */
#include "ketest.h"

KILN_TEST(ke_timer, one_shot_fires_once_at_due_time)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    LARGE_INTEGER due = {.QuadPart = -MS(60)};
    ULONGLONG before = KeQueryInterruptTime();
    CHECK(!KeSetTimer(&timer, due, NULL));
    CHECK(!KeReadStateTimer(&timer));
    CHECK_EQ(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK(KeQueryInterruptTime() - before >= (ULONGLONG)MS(60));
    CHECK(KeReadStateTimer(&timer));
    CHECK(!KeCancelTimer(&timer));
}

KILN_TEST_SIM(ke_timer, virtual_time_fires_exactly_when_idle)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    LARGE_INTEGER due = {.QuadPart = -MS(10000)};
    ULONGLONG before = KeQueryInterruptTime();
    KeSetTimer(&timer, due, NULL);
    KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, NULL);
    ULONGLONG took = KeQueryInterruptTime() - before;
    CHECK(took >= (ULONGLONG)MS(10000) && took < (ULONGLONG)MS(10001));
}

KILN_TEST(ke_timer, synchronization_timer_satisfies_one_wait)
{
    KTIMER timer;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    LARGE_INTEGER due = {.QuadPart = -MS(1)};
    KeSetTimer(&timer, due, NULL);
    CHECK_EQ(wait_for(&timer, 1000), STATUS_SUCCESS);
    CHECK(!poll(&timer));
}

KILN_TEST(ke_timer, a_due_time_in_the_past_fires_at_once)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    LARGE_INTEGER due = {.QuadPart = 1}; /* the second of January 1601, nearly */
    CHECK(!KeSetTimer(&timer, due, NULL));
    CHECK(KeReadStateTimer(&timer));
}

KILN_TEST(ke_timer, cancel_prevents_expiry)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    LARGE_INTEGER due = {.QuadPart = -MS(60)};
    KeSetTimer(&timer, due, NULL);
    CHECK(KeCancelTimer(&timer));
    CHECK(!KeCancelTimer(&timer));
    CHECK_EQ(wait_for(&timer, 80), STATUS_TIMEOUT);
}

KILN_TEST(ke_timer, setting_again_replaces)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    LARGE_INTEGER soon = {.QuadPart = -MS(1)}, later = {.QuadPart = -MS(5000)};
    CHECK(!KeSetTimer(&timer, later, NULL));
    CHECK(KeSetTimer(&timer, soon, NULL));
    CHECK_EQ(wait_for(&timer, 2000), STATUS_SUCCESS);
}

static LONG ticks;
static KEVENT three_ticks;

static VOID NTAPI count_tick(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK_EQ((ULONG_PTR)Context, 42);
    if (++ticks == 3)
        KeSetEvent(&three_ticks, 0, FALSE);
}

KILN_TEST(ke_timer, periodic_timer_queues_its_dpc_each_period)
{
    KTIMER timer;
    KDPC dpc;
    KeInitializeTimerEx(&timer, SynchronizationTimer);
    KeInitializeDpc(&dpc, count_tick, (PVOID)42);
    KeInitializeEvent(&three_ticks, NotificationEvent, FALSE);
    LARGE_INTEGER due = {.QuadPart = -MS(2)};
    ULONGLONG before = KeQueryInterruptTime();
    KeSetTimerEx(&timer, due, 3, &dpc);
    CHECK_EQ(KeWaitForSingleObject(&three_ticks, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK(KeQueryInterruptTime() - before >= (ULONGLONG)MS(2 + 3 + 3) - MS(1));
    CHECK(KeCancelTimer(&timer)); /* a periodic timer is always in the queue */
    KeFlushQueuedDpcs();
    LONG seen = ticks;
    sleep_ms(10);
    CHECK_EQ(ticks, seen);
}

/* Many timers of all magnitudes, set in any order, expire in the order of their due times. */
#define MANY 200
static KTIMER many[MANY];
static KDPC many_dpcs[MANY];
static ULONGLONG due_times[MANY], last_due;
static LONG expired;

static VOID NTAPI in_order(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    ULONGLONG due = *(ULONGLONG *)Context;
    CHECK(KeQueryInterruptTime() >= due);
    CHECK(due + 2000 >= last_due); /* within a clock interrupt's resolution */
    last_due = due;
    expired++;
}

KILN_TEST_SIM(ke_timer, expire_in_order_over_all_magnitudes)
{
    ULONG random = 12345;
    for (int i = 0; i < MANY; i++) {
        random = random * 1103515245 + 12345;
        ULONGLONG distance = 20000 + ((ULONGLONG)random << (i % 24)) % MS(3600ULL * 1000 * 24 * 30);
        KeInitializeTimer(&many[i]);
        KeInitializeDpc(&many_dpcs[i], in_order, &due_times[i]);
        KeSetTargetProcessorDpc(&many_dpcs[i], 0);
        due_times[i] = KeQueryInterruptTime() + distance;
        LARGE_INTEGER due = {.QuadPart = -(LONGLONG)distance};
        KeSetTimer(&many[i], due, &many_dpcs[i]);
    }
    LARGE_INTEGER month = {.QuadPart = -MS(3600LL * 1000 * 24 * 31)};
    KeDelayExecutionThread(KernelMode, FALSE, &month);
    KeFlushQueuedDpcs();
    CHECK_EQ(expired, MANY);
}

KILN_TEST(ke_timer, absolute_timers_follow_the_system_time)
{
    KTIMER absolute, relative;
    KeInitializeTimer(&absolute);
    KeInitializeTimer(&relative);
    LARGE_INTEGER now, due;
    KeQuerySystemTime(&now);
    due.QuadPart = now.QuadPart + MS(3600 * 1000);
    KeSetTimer(&absolute, due, NULL);
    due.QuadPart = -MS(3600 * 1000);
    KeSetTimer(&relative, due, NULL);
    KiSetSystemTime(now.QuadPart + MS(3600 * 1000) + MS(1));
    CHECK_EQ(wait_for(&absolute, 100), STATUS_SUCCESS);
    CHECK(!KeReadStateTimer(&relative));
    CHECK(KeCancelTimer(&relative));
}

KILN_TEST(ke_timer, coalescable_timer_fires_within_its_tolerance)
{
    KTIMER timer;
    KeInitializeTimer(&timer);
    LARGE_INTEGER due = {.QuadPart = -MS(5)};
    ULONGLONG before = KeQueryInterruptTime();
    KeSetCoalescableTimer(&timer, due, 0, 4, NULL);
    CHECK_EQ(wait_for(&timer, 1000), STATUS_SUCCESS);
    CHECK(KeQueryInterruptTime() - before >= (ULONGLONG)MS(5));
}

KILN_TEST(ke_timer, cancel_takes_back_a_queued_dpc_of_a_set_timer)
{
    KTIMER timer;
    KDPC dpc;
    KIRQL irql;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_tick, (PVOID)42);
    KeInitializeEvent(&three_ticks, NotificationEvent, FALSE);
    LARGE_INTEGER due = {.QuadPart = -MS(100)};
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)KeGetCurrentProcessorNumber());
    KeSetTimerEx(&timer, due, 100, &dpc);
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL));
    CHECK(KeCancelTimer(&timer));
    CHECK(!KeRemoveQueueDpc(&dpc));
    KeLowerIrql(irql);
    CHECK_EQ(ticks, 0);
}

KILN_TEST(ke_time, clocks_agree_and_advance)
{
    LARGE_INTEGER frequency, system1, system2, tick;
    ULONGLONG interrupt1 = KeQueryInterruptTime();
    LARGE_INTEGER counter1 = KeQueryPerformanceCounter(&frequency);
    KeQuerySystemTime(&system1);
    sleep_ms(20);
    ULONGLONG interrupt2 = KeQueryInterruptTime();
    LARGE_INTEGER counter2 = KeQueryPerformanceCounter(NULL);
    KeQuerySystemTime(&system2);
    CHECK(interrupt2 - interrupt1 >= (ULONGLONG)MS(20));
    CHECK((counter2.QuadPart - counter1.QuadPart) * 1000 / frequency.QuadPart >= 19);
    CHECK(system2.QuadPart - system1.QuadPart >= MS(19));
    CHECK_EQ(KeQueryTimeIncrement(), 156250);
    KeQueryTickCount(&tick);
    CHECK(tick.QuadPart >= (LONGLONG)(interrupt2 / 156250));
    ULONGLONG before = KeQueryInterruptTime();
    KeStallExecutionProcessor(50);
    CHECK(KeQueryInterruptTime() - before >= 500);
}
