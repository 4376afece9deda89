/* SPDX-License-Identifier: MIT */
/*
 * The known races of the synchronization primitives: a pulse against a wait, cancelling a timer against its
 * DPC, an APC against a wait, converting a resource against those who want it, the end of an owner against
 * the next. Each states what is conserved, whoever wins; many seeds make all of them win.
 */
#include "ketest.h"

/* ---------------------------------------------------------------- pulse against wait */

static KEVENT pulsed;
static volatile LONG pulses, wakes, stop;

static VOID NTAPI wait_for_pulses(PVOID Context)
{
    while (!stop)
        if (wait_for(&pulsed, 1) == STATUS_SUCCESS)
            InterlockedIncrement(&wakes);
}

KILN_TEST(ke_race, a_pulse_wakes_one_waiter_at_most_and_leaves_nothing)
{
    PKTHREAD threads[3];
    KeInitializeEvent(&pulsed, SynchronizationEvent, FALSE);
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(wait_for_pulses, NULL);
    for (int i = 0; i < 60; i++) {
        InterlockedIncrement(&pulses);
        CHECK_EQ(KePulseEvent(&pulsed, 0, FALSE), 0);
        CHECK_EQ(KeReadStateEvent(&pulsed), 0);
        KeStallExecutionProcessor(20);
    }
    stop = 1;
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    CHECK(wakes <= pulses);
}

/* ---------------------------------------------------------------- cancel against expiry */

static volatile LONG runs;

static VOID NTAPI count_run(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    InterlockedIncrement(&runs);
}

KILN_TEST(ke_race, a_cancelled_timer_does_not_run_and_any_other_runs_once)
{
    KTIMER timer;
    KDPC dpc;
    LONG cancelled = 0, sets = 0;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, count_run, NULL);
    for (ULONG i = 0; i < 120; i++) {
        sets++;
        CHECK(!KeSetTimer(&timer, (LARGE_INTEGER){.QuadPart = -(LONGLONG)(i % 7) * 3}, &dpc));
        KeStallExecutionProcessor(i % 3);
        if (KeCancelTimer(&timer))
            cancelled++;
        /* Due: the DPC is queued, running or done; it must not be set again before it has run. */
        KeFlushQueuedDpcs();
        CHECK_EQ(runs + cancelled, sets);
    }
}

/* ---------------------------------------------------------------- APC against wait */

static KSEMAPHORE permits;
static volatile LONG consumed, apcs_run;

static VOID NTAPI apc_kernel(PKAPC Apc, PKNORMAL_ROUTINE *Normal, PVOID *Context, PVOID *Argument1,
                             PVOID *Argument2)
{
    InterlockedIncrement(&apcs_run);
}

static VOID NTAPI consume(PVOID Context)
{
    for (;;) {
        NTSTATUS status = KeWaitForSingleObject(&permits, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(status, STATUS_SUCCESS);
        if (InterlockedIncrement(&consumed) > 40)
            return;
    }
}

KILN_TEST(ke_race, a_wait_that_apcs_interrupt_loses_no_signal)
{
    enum { THREADS = 3 };
    PKTHREAD threads[THREADS];
    KAPC apc[THREADS];
    LONG queued = 0;
    KeInitializeSemaphore(&permits, 0, 1000);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = start_open_thread(consume, NULL);
        KeInitializeApc(&apc[i], threads[i], OriginalApcEnvironment, apc_kernel, NULL, NULL, KernelMode,
                        NULL);
    }
    for (int i = 0; i < 40; i++) {
        for (int t = 0; t < THREADS; t++)
            if (KeInsertQueueApc(&apc[t], NULL, NULL, 0))
                queued++;
        KeReleaseSemaphore(&permits, 0, 1, FALSE);
        KeStallExecutionProcessor(5);
    }
    while (consumed < 40)
        sleep_ms(1);
    CHECK_EQ(consumed, 40); /* each permit once */
    KeReleaseSemaphore(&permits, 0, THREADS, FALSE);
    for (int i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    CHECK_EQ(consumed, 40 + THREADS);
    CHECK_EQ(KeReadStateSemaphore(&permits), 0);
    CHECK_EQ(apcs_run, queued);
}

/* ---------------------------------------------------------------- converting a resource */

static ERESOURCE resource;
static volatile LONG readers, writers, broken;

static VOID NTAPI convert(PVOID Context)
{
    for (int i = 0; i < 25; i++) {
        KeEnterCriticalRegion();
        ExAcquireResourceExclusiveLite(&resource, TRUE);
        if (InterlockedIncrement(&writers) != 1 || readers != 0)
            broken = 1;
        KeStallExecutionProcessor(1);
        InterlockedDecrement(&writers);
        InterlockedIncrement(&readers);
        ExConvertExclusiveToSharedLite(&resource);
        KeStallExecutionProcessor(1);
        if (writers != 0)
            broken = 2; /* nobody may own it exclusively while we still share it */
        InterlockedDecrement(&readers);
        ExReleaseResourceLite(&resource);
        KeLeaveCriticalRegion();
    }
}

static VOID NTAPI share(PVOID Context)
{
    for (int i = 0; i < 25; i++) {
        KeEnterCriticalRegion();
        ExAcquireResourceSharedLite(&resource, TRUE);
        InterlockedIncrement(&readers);
        if (writers != 0)
            broken = 3;
        KeStallExecutionProcessor(1);
        InterlockedDecrement(&readers);
        ExReleaseResourceLite(&resource);
        KeLeaveCriticalRegion();
    }
}

KILN_TEST(ke_race, a_converted_resource_keeps_writers_out)
{
    PKTHREAD threads[5];
    ExInitializeResourceLite(&resource);
    for (int i = 0; i < 5; i++)
        threads[i] = start_thread(i < 3 ? convert : share, NULL);
    for (int i = 0; i < 5; i++)
        join_thread(threads[i]);
    CHECK_EQ(broken, 0);
    CHECK_EQ(readers + writers, 0);
    ExDeleteResourceLite(&resource);
}

/* ---------------------------------------------------------------- the end of an owner */

static KMUTANT mutant;
static volatile LONG abandoned, acquired;

static VOID NTAPI own_and_end(PVOID Context)
{
    NTSTATUS status = KeWaitForSingleObject(&mutant, Executive, KernelMode, FALSE, NULL);
    InterlockedIncrement(&acquired);
    if (status == STATUS_ABANDONED)
        InterlockedIncrement(&abandoned);
    else
        CHECK_EQ(status, STATUS_SUCCESS);
}

KILN_TEST(ke_race, each_owner_that_ends_tells_exactly_the_next)
{
    PKTHREAD threads[8];
    KeInitializeMutant(&mutant, FALSE);
    for (int i = 0; i < 8; i++)
        threads[i] = start_thread(own_and_end, NULL);
    for (int i = 0; i < 8; i++)
        join_thread(threads[i]);
    CHECK_EQ(acquired, 8);
    CHECK_EQ(abandoned, 7); /* all but the first */
    CHECK_EQ(KeWaitForSingleObject(&mutant, Executive, KernelMode, FALSE, NULL), STATUS_ABANDONED);
    KeReleaseMutant(&mutant, 0, FALSE, FALSE);
}

/* ---------------------------------------------------------------- all or nothing, under contention */

static KEVENT forks[3];
static volatile LONG eating[3], meals;

static VOID NTAPI dine(PVOID Context)
{
    ULONG left = (ULONG)(ULONG_PTR)Context, right = (left + 1) % 3;
    PVOID both[2] = {&forks[left], &forks[right]};
    for (int i = 0; i < 30; i++) {
        CHECK_EQ(KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
                 STATUS_SUCCESS);
        CHECK_EQ(InterlockedIncrement(&eating[left]), 1);
        CHECK_EQ(InterlockedIncrement(&eating[right]), 1);
        InterlockedIncrement(&meals);
        InterlockedDecrement(&eating[left]);
        InterlockedDecrement(&eating[right]);
        KeSetEvent(&forks[left], 0, FALSE);
        KeSetEvent(&forks[right], 0, FALSE);
    }
}

KILN_TEST(ke_race, waits_for_all_neither_deadlock_nor_share)
{
    PKTHREAD threads[3];
    for (int i = 0; i < 3; i++)
        KeInitializeEvent(&forks[i], SynchronizationEvent, TRUE);
    for (ULONG_PTR i = 0; i < 3; i++)
        threads[i] = start_thread(dine, (PVOID)i);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    CHECK_EQ(meals, 90);
}

/* ---------------------------------------------------------------- boosts */

static KEVENT boosting;
static volatile LONG woken_priority, decayed_priority;

static VOID NTAPI boosted(PVOID Context)
{
    KeWaitForSingleObject(&boosting, Executive, KernelMode, FALSE, NULL);
    woken_priority = KeQueryPriorityThread(KeGetCurrentThread());
    /* The boost goes, a level with each slice, while another thread wants the processor. */
    for (int i = 0; i < 4000 && KeQueryPriorityThread(KeGetCurrentThread()) > 8; i++)
        KeStallExecutionProcessor(1000);
    decayed_priority = KeQueryPriorityThread(KeGetCurrentThread());
    stop = 1;
}

static VOID NTAPI compete(PVOID Context)
{
    while (!stop)
        KeStallExecutionProcessor(100);
}

KILN_TEST_SIM(ke_race, a_boost_lasts_for_a_while)
{
    GROUP_AFFINITY here = {.Mask = 1};
    KeSetSystemGroupAffinityThread(&here, NULL);
    KeInitializeEvent(&boosting, SynchronizationEvent, FALSE);
    PKTHREAD thread = start_thread(boosted, NULL);
    KiSetAffinityThread(thread, 1);
    until_waiting(thread);
    CHECK_EQ(KeQueryPriorityThread(thread), 8);
    PKTHREAD other = start_thread(compete, NULL);
    KiSetAffinityThread(other, 1);
    KeSetEvent(&boosting, 3, FALSE);
    join_thread(thread);
    join_thread(other);
    CHECK_EQ(woken_priority, 11);
    CHECK_EQ(decayed_priority, 8);
    KeRevertToUserGroupAffinityThread(&(GROUP_AFFINITY){0});
}
