/* SPDX-License-Identifier: MIT */
#include "ketest.h"

static LONG count;

static VOID NTAPI add_one(PVOID Context)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    InterlockedIncrement(&count);
}

KILN_TEST(ke_thread, is_signaled_when_it_ends)
{
    for (int i = 0; i < 20; i++)
        join_thread(start_thread(add_one, NULL));
    CHECK_EQ(count, 20);
}

static volatile LONG keep_running;

static VOID NTAPI run(PVOID Context)
{
    while (keep_running) {
        InterlockedIncrement(&count);
        KeStallExecutionProcessor(1);
    }
}

KILN_TEST(ke_thread, suspension_stops_and_resume_continues)
{
    ULONG previous;
    keep_running = 1;
    PKTHREAD thread = start_open_thread(run, NULL);
    sleep_ms(1);
    CHECK_EQ(KeSuspendThread(thread, &previous), STATUS_SUCCESS);
    CHECK_EQ(previous, 0);
    CHECK_EQ(KeSuspendThread(thread, &previous), STATUS_SUCCESS);
    CHECK_EQ(previous, 1);
    until_waiting(thread);
    LONG seen = count;
    sleep_ms(3);
    CHECK_EQ(count, seen);
    KeResumeThread(thread, &previous);
    CHECK_EQ(previous, 2);
    sleep_ms(3);
    CHECK_EQ(count, seen);
    KeResumeThread(thread, &previous);
    CHECK_EQ(previous, 1);
    while (*(volatile LONG *)&count == seen)
        sleep_ms(1);
    keep_running = 0;
    join_thread(thread);
}

KILN_TEST(ke_thread, suspension_of_a_waiting_thread_outlasts_its_wait)
{
    static KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    keep_running = 1;
    PKTHREAD thread = start_open_thread(run, NULL);
    ULONG previous;
    KeSuspendThread(thread, &previous);
    until_waiting(thread);
    keep_running = 0;
    sleep_ms(2);
    CHECK_EQ(wait_for(thread, 2), STATUS_TIMEOUT);
    KeResumeThread(thread, NULL);
    join_thread(thread);
}

static int order[4], next_order;
static KEVENT start_line;

static VOID NTAPI note(PVOID Context)
{
    KeSetPriorityThread(KeGetCurrentThread(), (KPRIORITY)(ULONG_PTR)Context);
    KeSetSystemAffinityThread(1);
    KeWaitForSingleObject(&start_line, Executive, KernelMode, FALSE, NULL);
    order[next_order++] = (int)(ULONG_PTR)Context;
}

KILN_TEST(ke_thread, higher_priorities_run_first)
{
    static const int priorities[4] = {17, 20, 18, 25};
    PKTHREAD threads[4];
    KeInitializeEvent(&start_line, NotificationEvent, FALSE);
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(note, (PVOID)(ULONG_PTR)priorities[i]);
    for (int i = 0; i < 4; i++)
        until_waiting(threads[i]);
    /* The threads are bound to processor 0: held at DISPATCH_LEVEL there, all become ready before any runs. */
    KAFFINITY old = KeSetSystemAffinityThreadEx(1);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetEvent(&start_line, 0, FALSE);
    CHECK_EQ(next_order, 0);
    KeLowerIrql(irql);
    KeRevertToUserAffinityThreadEx(old);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    CHECK(order[0] == 25 && order[1] == 20 && order[2] == 18 && order[3] == 17);
}

KILN_TEST(ke_thread, priorities_can_be_read_and_set)
{
    PKTHREAD thread = KeGetCurrentThread();
    KPRIORITY old = KeSetPriorityThread(thread, 12);
    CHECK_EQ(KeQueryPriorityThread(thread), 12);
    CHECK_EQ(KeSetPriorityThread(thread, old), 12);
    LONG increment = KeSetBasePriorityThread(thread, 2);
    CHECK_EQ(KeSetBasePriorityThread(thread, increment), 2);
}

static VOID NTAPI visit(PVOID Context)
{
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++) {
        KAFFINITY old = KeSetSystemAffinityThreadEx((KAFFINITY)1 << i);
        CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), i);
        for (int j = 0; j < 5; j++) {
            sleep_ms(1);
            CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), i);
        }
        KeRevertToUserAffinityThreadEx(old);
    }
    InterlockedIncrement(&count);
}

KILN_TEST(ke_thread, affinity_moves_a_thread_at_once)
{
    PKTHREAD threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(visit, NULL);
    visit(NULL); /* the client thread, too */
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    CHECK_EQ(count, 4);
}

KILN_TEST(ke_thread, group_affinity_is_restored)
{
    GROUP_AFFINITY all = {.Mask = KeQueryActiveProcessors()}, one = {.Mask = 1}, previous, inner;
    KeSetSystemGroupAffinityThread(&all, &previous);
    CHECK_EQ(previous.Mask, 0);
    KeSetSystemGroupAffinityThread(&one, &inner);
    CHECK_EQ(inner.Mask, all.Mask);
    CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), 0);
    KeRevertToUserGroupAffinityThread(&inner);
    KeRevertToUserGroupAffinityThread(&previous);
}

static LONG turns[2];

static VOID NTAPI spin_a_while(PVOID Context)
{
    KeSetSystemAffinityThread(1);
    LONG *mine = &turns[(ULONG_PTR)Context];
    LONG *other = &turns[1 - (ULONG_PTR)Context];
    /* Ends only if the scheduler shares processor 0 between two threads that never wait. */
    while (*mine < 50 || *(volatile LONG *)other < 50) {
        if (*mine < 1000000)
            ++*mine;
        KeStallExecutionProcessor(20);
    }
}

KILN_TEST(ke_thread, equal_priorities_share_a_processor)
{
    PKTHREAD first = start_thread(spin_a_while, (PVOID)0), second = start_thread(spin_a_while, (PVOID)1);
    join_thread(first);
    join_thread(second);
}

static VOID NTAPI use_stack(PVOID Context)
{
    volatile UCHAR bytes[40000];
    for (ULONG i = 0; i < sizeof bytes; i += 64)
        bytes[i] = (UCHAR)i;
    sleep_ms(1);
    for (ULONG i = 0; i < sizeof bytes; i += 64)
        CHECK_EQ(bytes[i], (UCHAR)i);
    *(LONG *)Context += 1;
}

static VOID NTAPI expand(PVOID Context)
{
    LONG called = 0;
    CHECK_EQ(KeExpandKernelStackAndCallout(use_stack, &called, MAXIMUM_EXPANSION_SIZE), STATUS_SUCCESS);
    CHECK_EQ(called, 1);
    CHECK_EQ(KeExpandKernelStackAndCallout(use_stack, &called, MAXIMUM_EXPANSION_SIZE + 1), STATUS_INVALID_PARAMETER_3);
}

KILN_TEST(ke_thread, stack_can_be_expanded)
{
    join_thread(start_thread(expand, NULL));
}

static BOOLEAN count_threads(const KI_THREAD_INFO *Info, PVOID Context)
{
    CHECK(Info->Thread != NULL);
    ++*(ULONG *)Context;
    return TRUE;
}

KILN_TEST(ke_thread, enumeration_sees_a_waiting_thread_s_object)
{
    static KEVENT event;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    ULONG threads = 0;
    KiEnumerateThreads(count_threads, &threads);
    CHECK(threads >= 2);
}

static VOID NTAPI burn(PVOID Context)
{
    ULONG64 stamp, before = KeQueryTotalCycleTimeThread(KeGetCurrentThread(), &stamp);
    ULONG user;
    for (int i = 0; i < 40; i++)
        KeStallExecutionProcessor(1000);
    CHECK(KeQueryTotalCycleTimeThread(KeGetCurrentThread(), &stamp) > before);
    CHECK(KeQueryRuntimeThread(KeGetCurrentThread(), &user) >= 1); /* 40 ms are two ticks and a half */
    CHECK_EQ(user, 0);
}

KILN_TEST(ke_thread, run_time_is_accounted)
{
    join_thread(start_thread(burn, NULL));
}
