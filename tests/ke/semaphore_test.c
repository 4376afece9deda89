/* SPDX-License-Identifier: MIT */
#include "ketest.h"
#include "trap.h"

KILN_TEST(ke_semaphore, counts)
{
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 1, 3);
    CHECK_EQ(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 1);
    CHECK_EQ(KeReadStateSemaphore(&semaphore), 3);
    CHECK(poll(&semaphore) && poll(&semaphore) && poll(&semaphore));
    CHECK(!poll(&semaphore));
}

static void exceed(void *Semaphore)
{
    KeReleaseSemaphore(Semaphore, 0, 2, FALSE);
}

KILN_TEST(ke_semaphore, exceeding_the_limit_raises_and_changes_nothing)
{
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 2, 3);
    CHECK_EQ(KeTryCall(exceed, &semaphore), STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    CHECK_EQ(KeReadStateSemaphore(&semaphore), 2);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static KSEMAPHORE slots;
static LONG in_use, most;

static VOID NTAPI use_slot(PVOID Context)
{
    for (int i = 0; i < 20; i++) {
        KeWaitForSingleObject(&slots, Executive, KernelMode, FALSE, NULL);
        LONG now = InterlockedIncrement(&in_use);
        CHECK(now <= 2);
        if (now > most)
            most = now;
        sleep_ms(1);
        InterlockedDecrement(&in_use);
        KeReleaseSemaphore(&slots, 0, 1, FALSE);
    }
}

KILN_TEST(ke_semaphore, admits_as_many_as_its_count)
{
    PKTHREAD threads[5];
    KeInitializeSemaphore(&slots, 2, 2);
    for (int i = 0; i < 5; i++)
        threads[i] = start_thread(use_slot, NULL);
    for (int i = 0; i < 5; i++)
        join_thread(threads[i]);
    CHECK_EQ(most, 2);
    CHECK_EQ(KeReadStateSemaphore(&slots), 2);
}

static LONG released;

static VOID NTAPI take_one(PVOID Context)
{
    KeWaitForSingleObject(&slots, Executive, KernelMode, FALSE, NULL);
    InterlockedIncrement(&released);
}

KILN_TEST(ke_semaphore, one_release_wakes_as_many_as_it_adds)
{
    PKTHREAD threads[4];
    KeInitializeSemaphore(&slots, 0, 10);
    for (int i = 0; i < 4; i++) {
        threads[i] = start_thread(take_one, NULL);
        until_waiting(threads[i]);
    }
    KeReleaseSemaphore(&slots, 0, 3, FALSE);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    sleep_ms(1);
    CHECK_EQ(released, 3);
    KeReleaseSemaphore(&slots, 0, 1, FALSE);
    join_thread(threads[3]);
}

/* semaphore-objects.md: the caller of KeReleaseSemaphore with Wait waits at once, and nobody runs in between. */
KILN_TEST(ke_semaphore, release_with_wait_is_followed_by_a_wait)
{
    KSEMAPHORE semaphore;
    KeInitializeSemaphore(&semaphore, 0, 2);
    CHECK_EQ(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, TRUE), 0);
    CHECK_EQ(KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK_EQ(KeReadStateSemaphore(&semaphore), 0);
}

KILN_TEST(ke_semaphore, can_be_released_at_dispatch_level)
{
    KSEMAPHORE semaphore;
    KIRQL irql;
    KeInitializeSemaphore(&semaphore, 0, 2);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK_EQ(KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 2, FALSE), 0);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeLowerIrql(irql);
    CHECK_EQ(KeReadStateSemaphore(&semaphore), 2);
}
