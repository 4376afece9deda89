/* SPDX-License-Identifier: MIT */
#include "ketest.h"
#include "trap.h"

KILN_TEST(ke_mutex, recursion_counts)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK_EQ(KeReadStateMutex(&mutex), 1);
    CHECK(poll(&mutex));
    CHECK(poll(&mutex));
    CHECK(KeReleaseMutex(&mutex, FALSE) != 0); /* still held */
    CHECK_EQ(KeReleaseMutex(&mutex, FALSE), 0);
    CHECK_EQ(KeReadStateMutex(&mutex), 1);
}

static KMUTEX shared;
static LONG inside, entries;

static VOID NTAPI contend(PVOID Context)
{
    for (int i = 0; i < 30; i++) {
        KeWaitForSingleObject(&shared, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(InterlockedIncrement(&inside), 1);
        if (i % 7 == 0)
            sleep_ms(1);
        entries++;
        CHECK_EQ(InterlockedDecrement(&inside), 0);
        KeReleaseMutex(&shared, FALSE);
    }
}

KILN_TEST(ke_mutex, excludes)
{
    PKTHREAD threads[4];
    KeInitializeMutex(&shared, 0);
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(contend, NULL);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    CHECK_EQ(entries, 120);
}

static VOID NTAPI try_to_take(PVOID Context)
{
    *(BOOLEAN *)Context = poll(&shared);
}

KILN_TEST(ke_mutex, is_not_the_other_thread_s)
{
    BOOLEAN taken = TRUE;
    KeInitializeMutex(&shared, 0);
    CHECK(poll(&shared));
    join_thread(start_thread(try_to_take, &taken));
    CHECK(!taken);
    KeReleaseMutex(&shared, FALSE);
}

KILN_TEST(ke_mutex, holding_one_disables_normal_apcs)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK(!KeAreApcsDisabled());
    CHECK(poll(&mutex));
    CHECK(KeAreApcsDisabled());
    CHECK(!KeAreAllApcsDisabled());
    KeReleaseMutex(&mutex, FALSE);
    CHECK(!KeAreApcsDisabled());
}

static void release_it(void *Mutex)
{
    KeReleaseMutex(Mutex, FALSE);
}

KILN_TEST(ke_mutex, release_by_a_stranger_raises)
{
    KMUTEX mutex;
    KeInitializeMutex(&mutex, 0);
    CHECK_EQ(KeTryCall(release_it, &mutex), STATUS_MUTANT_NOT_OWNED);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static void take_it(void *Mutex)
{
    KeWaitForSingleObject(Mutex, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST(ke_mutex, recursion_limit_raises)
{
    KMUTANT mutant;
    KeInitializeMutant(&mutant, TRUE);
    mutant.Header.SignalState = (LONG)MINLONG;
    CHECK_EQ(KeTryCall(take_it, &mutant), STATUS_MUTANT_LIMIT_EXCEEDED);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    mutant.Header.SignalState = 0;
    CHECK_EQ(KeReleaseMutant(&mutant, 0, FALSE, FALSE), 0);
}

static KMUTANT orphan;

static VOID NTAPI take_and_end(PVOID Context)
{
    CHECK(poll(&orphan));
}

KILN_TEST(ke_mutex, the_end_of_its_owner_abandons_a_mutant)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    KeInitializeMutant(&orphan, FALSE);
    join_thread(start_thread(take_and_end, NULL));
    CHECK_EQ(KeWaitForSingleObject(&orphan, Executive, KernelMode, FALSE, &zero), STATUS_ABANDONED);
    KeReleaseMutant(&orphan, 0, FALSE, FALSE);
    CHECK_EQ(KeWaitForSingleObject(&orphan, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
    KeReleaseMutant(&orphan, 0, FALSE, FALSE);
}

static VOID NTAPI wait_for_orphan(PVOID Status)
{
    PVOID objects[2] = {&shared, &orphan};
    *(NTSTATUS *)Status = KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL);
    KeReleaseMutant(&orphan, 0, FALSE, FALSE);
}

static KEVENT end_now;

static VOID NTAPI take_wait_and_end(PVOID Context)
{
    CHECK(poll(&orphan));
    KeWaitForSingleObject(&end_now, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST(ke_mutex, abandonment_is_told_with_the_index)
{
    NTSTATUS status = 0;
    KeInitializeMutex(&shared, 0);
    CHECK(poll(&shared));
    KeInitializeMutant(&orphan, FALSE);
    KeInitializeEvent(&end_now, NotificationEvent, FALSE);
    PKTHREAD owner = start_thread(take_wait_and_end, NULL);
    until_waiting(owner);
    PKTHREAD waiter = start_thread(wait_for_orphan, &status);
    until_waiting(waiter);
    KeSetEvent(&end_now, 0, FALSE);
    join_thread(owner);
    join_thread(waiter);
    CHECK_EQ(status, STATUS_ABANDONED_WAIT_0 + 1);
    KeReleaseMutex(&shared, FALSE);
}

static VOID NTAPI end_with_mutex(PVOID Context)
{
    CHECK(poll(&shared));
}

KILN_TEST_BUGCHECK(ke_mutex, ending_with_a_kernel_mutex, 0x4000008A)
{
    KeInitializeMutex(&shared, 0);
    join_thread(start_thread(end_with_mutex, NULL));
}

/* introduction-to-mutex-objects.md */
KILN_TEST(ke_mutex, release_with_wait_is_followed_by_a_wait)
{
    KMUTEX mutex;
    KEVENT event;
    KeInitializeMutex(&mutex, 0);
    KeInitializeEvent(&event, NotificationEvent, TRUE);
    CHECK_EQ(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeReleaseMutex(&mutex, TRUE);
    CHECK_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK_EQ(KeReadStateMutex(&mutex), 1);
    CHECK(!KeAreApcsDisabled());
}

KILN_TEST(ke_mutex, its_owner_may_release_it_at_dispatch_level)
{
    KMUTEX mutex;
    KIRQL irql;
    KeInitializeMutex(&mutex, 0);
    CHECK_EQ(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeReleaseMutex(&mutex, FALSE);
    KeLowerIrql(irql);
    CHECK_EQ(KeReadStateMutex(&mutex), 1);
}
