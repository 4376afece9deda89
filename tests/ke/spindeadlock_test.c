/* SPDX-License-Identifier: MIT */
/* Spin locks that are never free, on checked machines of at least two processors. docs/crash-reports.md,
 * "Deadlocks". */
#include "ketest.h"

#define SPIN(Name, Code)                                                                                     \
    KILN_TEST_DEFINE(ke_spindeadlock, Name, .spare_cpus = 1, .expect_bugcheck = 1, .bugcheck = (Code))

static volatile LONG has[2];
static KSPIN_LOCK plain[2];
static EX_SPIN_LOCK shared[2];
static void (*take)(ULONG Which);

static void on_processor(ULONG Index)
{
    PROCESSOR_NUMBER number;
    CHECK_EQ(KeGetProcessorNumberFromIndex(Index, &number), STATUS_SUCCESS);
    GROUP_AFFINITY affinity = {.Group = number.Group, .Mask = 1ULL << number.Number};
    KeSetSystemGroupAffinityThread(&affinity, NULL);
}

static void second_processor(void)
{
    ULONG index;
    if (KeQueryActiveProcessorCount(NULL) == 1)
        CHECK_EQ(KiAddProcessor(&index), STATUS_SUCCESS);
}

static VOID NTAPI opposite(PVOID Context)
{
    ULONG first = (ULONG)(ULONG_PTR)Context;
    on_processor(first);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    take(first);
    has[first] = 1;
    while (!has[!first])
        KeStallExecutionProcessor(1);
    take(!first);
    KeLowerIrql(irql);
}

static void deadlock_of(void (*Take)(ULONG))
{
    second_processor();
    take = Take;
    start_thread(opposite, (PVOID)1);
    opposite(NULL);
}

static void take_plain(ULONG Which)
{
    KeAcquireSpinLockAtDpcLevel(&plain[Which]);
}

SPIN(of_spin_locks, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    deadlock_of(take_plain);
}

static KLOCK_QUEUE_HANDLE handles[2][2];

static void take_queued(ULONG Which)
{
    KeAcquireInStackQueuedSpinLockAtDpcLevel(&plain[Which],
                                             &handles[KeGetCurrentProcessorNumberEx(NULL)][Which]);
}

SPIN(of_queued_spin_locks, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    deadlock_of(take_queued);
}

static void take_exclusive(ULONG Which)
{
    ExAcquireSpinLockExclusiveAtDpcLevel(&shared[Which]);
}

SPIN(of_reader_writer_spin_locks, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    deadlock_of(take_exclusive);
}

SPIN(of_a_queued_lock_and_its_own_holder, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    KLOCK_QUEUE_HANDLE one, two;
    second_processor();
    KeAcquireInStackQueuedSpinLock(&plain[0], &one);
    KeAcquireInStackQueuedSpinLock(&plain[0], &two);
}

SPIN(of_a_shared_holder_that_wants_it_exclusively, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    ExAcquireSpinLockShared(&shared[0]);
    ExAcquireSpinLockExclusiveAtDpcLevel(&shared[0]);
}

static volatile LONG taken;

static VOID NTAPI forget(PVOID Context)
{
    on_processor(1);
    KIRQL irql;
    KeAcquireSpinLock(&plain[0], &irql);
    KeLowerIrql(irql); /* the release is missing */
    taken = 1;
    while (taken)
        KeStallExecutionProcessor(10);
}

SPIN(a_lock_that_was_forgotten, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    KIRQL irql;
    second_processor();
    on_processor(0);
    start_thread(forget, NULL);
    while (!taken)
        sleep_ms(1);
    KeAcquireSpinLock(&plain[0], &irql);
}

KILN_TEST_DEFINE(ke_spindeadlock, a_lock_that_nobody_holds_and_is_never_free, .sim_only = 1,
                 .expect_bugcheck = 1, .bugcheck = DPC_WATCHDOG_VIOLATION)
{
    KIRQL irql;
    plain[0] = 0x7777; /* never initialised */
    KeAcquireSpinLock(&plain[0], &irql);
}

/* ---------------------------------------------------------------- what is none */

static VOID NTAPI take_in_order(PVOID Context)
{
    for (int i = 0; i < 100; i++) {
        KIRQL irql, old;
        KLOCK_QUEUE_HANDLE handle;
        KeAcquireSpinLock(&plain[0], &irql);
        KeAcquireInStackQueuedSpinLockAtDpcLevel(&plain[1], &handle);
        old = i & 1 ? ExAcquireSpinLockShared(&shared[0]) : ExAcquireSpinLockExclusive(&shared[0]);
        KeReleaseInStackQueuedSpinLockFromDpcLevel(&handle);
        if (i & 1)
            ExReleaseSpinLockShared(&shared[0], old);
        else
            ExReleaseSpinLockExclusive(&shared[0], old);
        KeReleaseSpinLock(&plain[0], irql);
    }
}

KILN_TEST_DEFINE(ke_spindeadlock, contention_is_none, .spare_cpus = 1)
{
    second_processor();
    PKTHREAD threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(take_in_order, NULL);
    take_in_order(NULL);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
}
