/* SPDX-License-Identifier: MIT */
/* System worker threads. */
#include "exsupport.h"
#include "psp.h"

static KEVENT ran, second_ran;
static WORK_QUEUE_ITEM item, second;
static LONG count;

static void NTAPI work(PVOID Parameter)
{
    CHECK_EQ(Parameter, &count);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK_EQ(PsGetCurrentProcess(), PsInitialSystemProcess);
    InterlockedIncrement(&count);
    KeSetEvent(&ran, 0, FALSE);
}

KILN_TEST(ex_work, items_run_at_passive_level_in_the_system_process)
{
    static const WORK_QUEUE_TYPE Types[] = {CriticalWorkQueue, DelayedWorkQueue, HyperCriticalWorkQueue};
    KIRQL Irql;

    for (int i = 0; i < 3; i++) {
        KeInitializeEvent(&ran, NotificationEvent, FALSE);
        ExInitializeWorkItem(&item, work, &count);
        KeRaiseIrql(DISPATCH_LEVEL, &Irql);
        ExQueueWorkItem(&item, Types[i]);
        KeLowerIrql(Irql);
        KeWaitForSingleObject(&ran, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(count, i + 1);
    }
}

static void NTAPI requeue(PVOID Parameter)
{
    if (InterlockedIncrement(&count) < 50)
        ExQueueWorkItem(Parameter, DelayedWorkQueue); /* the item is ours again */
    else
        KeSetEvent(&ran, 0, FALSE);
}

KILN_TEST(ex_work, an_item_may_be_queued_again_by_its_own_routine)
{
    KeInitializeEvent(&ran, NotificationEvent, FALSE);
    ExInitializeWorkItem(&item, requeue, &item);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    KeWaitForSingleObject(&ran, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(count, 50);
}

static void NTAPI set_second(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    KeSetEvent(&second_ran, 0, FALSE);
}

static void NTAPI wait_for_second(PVOID Parameter)
{
    UNREFERENCED_PARAMETER(Parameter);
    KeWaitForSingleObject(&second_ran, Executive, KernelMode, FALSE, NULL);
    if (InterlockedIncrement(&count) == 6)
        KeSetEvent(&ran, 0, FALSE);
}

KILN_TEST(ex_work, items_that_wait_for_a_later_item_do_not_deadlock)
{
    static WORK_QUEUE_ITEM Blocked[6];

    KeInitializeEvent(&ran, NotificationEvent, FALSE);
    KeInitializeEvent(&second_ran, NotificationEvent, FALSE);
    for (int i = 0; i < 6; i++) {
        ExInitializeWorkItem(&Blocked[i], wait_for_second, NULL);
        ExQueueWorkItem(&Blocked[i], DelayedWorkQueue);
    }
    ExInitializeWorkItem(&second, set_second, NULL);
    ExQueueWorkItem(&second, DelayedWorkQueue);
    KeWaitForSingleObject(&ran, Executive, KernelMode, FALSE, NULL);
}

static void NTAPI return_raised(PVOID Parameter)
{
    KIRQL Irql;

    UNREFERENCED_PARAMETER(Parameter);
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
}

KILN_TEST_BUGCHECK(ex_work, returning_at_raised_irql_bugchecks, WORKER_THREAD_RETURNED_AT_BAD_IRQL)
{
    ExInitializeWorkItem(&item, return_raised, NULL);
    ExQueueWorkItem(&item, DelayedWorkQueue);
    sleep_ms(1000);
}

KILN_TEST_BUGCHECK(ex_work, queueing_a_queued_item_bugchecks, WORKER_INVALID)
{
    KIRQL Irql;

    ExInitializeWorkItem(&item, work, &count);
    KeInitializeEvent(&ran, NotificationEvent, FALSE);
    item.List.Flink = &item.List; /* as if it were in a queue */
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    ExQueueWorkItem(&item, DelayedWorkQueue);
}
