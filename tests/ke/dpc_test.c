/* SPDX-License-Identifier: MIT */
#include "ketest.h"

static LONG runs;
static volatile ULONG ran_on;
static PVOID volatile seen1, seen2;

static VOID NTAPI record(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(KeIsExecutingDpc());
    ran_on = KeGetCurrentProcessorNumberEx(NULL);
    seen1 = Argument1;
    seen2 = Argument2;
    InterlockedIncrement(&runs);
}

KILN_TEST(ke_dpc, runs_when_irql_falls)
{
    KDPC dpc;
    KIRQL irql;
    KeInitializeDpc(&dpc, record, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)KeGetCurrentProcessorNumber());
    CHECK(KeInsertQueueDpc(&dpc, (PVOID)1, (PVOID)2));
    CHECK_EQ(runs, 0);
    CHECK(!KeInsertQueueDpc(&dpc, (PVOID)3, (PVOID)4));
    KeLowerIrql(irql);
    CHECK_EQ(runs, 1);
    CHECK_EQ((ULONG_PTR)seen1, 1);
    CHECK_EQ((ULONG_PTR)seen2, 2);
    CHECK(!KeIsExecutingDpc());
}

KILN_TEST(ke_dpc, can_be_removed_while_queued)
{
    KDPC dpc;
    KIRQL irql;
    KeInitializeDpc(&dpc, record, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)KeGetCurrentProcessorNumber());
    KeInsertQueueDpc(&dpc, NULL, NULL);
    CHECK(KeRemoveQueueDpc(&dpc));
    CHECK(!KeRemoveQueueDpc(&dpc));
    KeLowerIrql(irql);
    CHECK_EQ(runs, 0);
    CHECK(KeInsertQueueDpc(&dpc, NULL, NULL));
    KeFlushQueuedDpcs();
    CHECK_EQ(runs, 1);
}

KILN_TEST(ke_dpc, flush_waits_for_every_processor)
{
    static KDPC dpcs[8];
    ULONG count = KeQueryActiveProcessorCount(NULL);
    for (int round = 0; round < 5; round++) {
        runs = 0;
        for (int i = 0; i < 8; i++) {
            KeInitializeDpc(&dpcs[i], record, NULL);
            KeSetTargetProcessorDpc(&dpcs[i], (CCHAR)(i % count));
            KeInsertQueueDpc(&dpcs[i], NULL, NULL);
        }
        KeFlushQueuedDpcs();
        CHECK_EQ(runs, 8);
    }
}

KILN_TEST(ke_dpc, runs_on_its_target_processor)
{
    KDPC dpc;
    PROCESSOR_NUMBER number;
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++) {
        KeInitializeDpc(&dpc, record, NULL);
        CHECK_EQ(KeGetProcessorNumberFromIndex(i, &number), STATUS_SUCCESS);
        CHECK_EQ(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_SUCCESS);
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeFlushQueuedDpcs();
        CHECK_EQ(ran_on, i);
    }
    number.Number = 63;
    CHECK_EQ(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_INVALID_PARAMETER);
}

static int order[3], next_order;

static VOID NTAPI note_order(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    order[next_order++] = (int)(ULONG_PTR)Context;
}

KILN_TEST(ke_dpc, high_importance_goes_first)
{
    KDPC dpcs[3];
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (int i = 0; i < 3; i++) {
        KeInitializeDpc(&dpcs[i], note_order, (PVOID)(ULONG_PTR)i);
        KeSetTargetProcessorDpc(&dpcs[i], (CCHAR)KeGetCurrentProcessorNumber());
    }
    KeSetImportanceDpc(&dpcs[2], HighImportance);
    for (int i = 0; i < 3; i++)
        KeInsertQueueDpc(&dpcs[i], NULL, NULL);
    KeLowerIrql(irql);
    CHECK(order[0] == 2 && order[1] == 0 && order[2] == 1);
}

static KDPC again;

static VOID NTAPI requeue(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    if (++runs < 10)
        CHECK(KeInsertQueueDpc(Dpc, NULL, NULL));
}

KILN_TEST(ke_dpc, a_routine_may_queue_its_own_dpc)
{
    KeInitializeDpc(&again, requeue, NULL);
    KeInsertQueueDpc(&again, NULL, NULL);
    while (*(volatile LONG *)&runs < 10)
        sleep_ms(1);
    KeFlushQueuedDpcs();
    CHECK_EQ(runs, 10);
}

static KEVENT threaded_done;

static VOID NTAPI threaded(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(KeIsExecutingDpc());
    KSPIN_LOCK *lock = Context;
    KIRQL irql = KeAcquireSpinLockForDpc(lock);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeReleaseSpinLockForDpc(lock, irql);
    KeSetEvent(&threaded_done, 0, FALSE);
}

KILN_TEST(ke_dpc, threaded_dpc_runs_at_passive_level)
{
    KDPC dpc;
    KSPIN_LOCK lock;
    KeInitializeSpinLock(&lock);
    KeInitializeEvent(&threaded_done, SynchronizationEvent, FALSE);
    KeInitializeThreadedDpc(&dpc, threaded, &lock);
    for (int i = 0; i < 5; i++) {
        CHECK(KeInsertQueueDpc(&dpc, NULL, NULL));
        CHECK_EQ(KeWaitForSingleObject(&threaded_done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    }
    KeFlushQueuedDpcs();
}

static VOID NTAPI forget_to_lower(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    KfRaiseIrql(CLOCK_LEVEL);
}

KILN_TEST_BUGCHECK(ke_dpc, returning_at_another_irql, 0xC8)
{
    KDPC dpc;
    KeInitializeDpc(&dpc, forget_to_lower, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static VOID NTAPI query_watchdog(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    CHECK_EQ(KeQueryDpcWatchdogInformation(Context), STATUS_SUCCESS);
}

KILN_TEST(ke_dpc, watchdog_information_has_counts_within_limits)
{
    KDPC dpc;
    KDPC_WATCHDOG_INFORMATION info = {0};
    KeInitializeDpc(&dpc, query_watchdog, &info);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    CHECK(info.DpcTimeLimit != 0 && info.DpcTimeCount <= info.DpcTimeLimit);
    CHECK(info.DpcWatchdogCount <= info.DpcWatchdogLimit);
}

static volatile LONG met, winners;

static VOID NTAPI meet(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    InterlockedIncrement(&met);
    if (KeSignalCallDpcSynchronize(Argument2))
        InterlockedIncrement(&winners);
    CHECK_EQ(met, (LONG)KeQueryActiveProcessorCount(NULL));
    KeSignalCallDpcDone(Argument1);
}

KILN_TEST(ke_dpc, generic_call_runs_everywhere_at_once)
{
    KeGenericCallDpc(meet, NULL);
    CHECK_EQ(met, (LONG)KeQueryActiveProcessorCount(NULL));
    CHECK_EQ(winners, 1);
}
