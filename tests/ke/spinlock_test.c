/* SPDX-License-Identifier: MIT */
#include "ketest.h"

KILN_TEST(ke_spinlock, acquire_raises_and_release_restores)
{
    KSPIN_LOCK lock;
    KIRQL irql;
    KeInitializeSpinLock(&lock);
    CHECK(KeTestSpinLock(&lock));
    KeAcquireSpinLock(&lock, &irql);
    CHECK_EQ(irql, PASSIVE_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(!KeTestSpinLock(&lock));
    CHECK(!KeTryToAcquireSpinLockAtDpcLevel(&lock));
    KeReleaseSpinLock(&lock, irql);
    CHECK(KeTestSpinLock(&lock));
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

static KSPIN_LOCK lock;
static EX_SPIN_LOCK rw_lock;
static LONG inside, counter, readers;

static VOID NTAPI plain(PVOID Context)
{
    KIRQL irql;
    for (int i = 0; i < 200; i++) {
        KeAcquireSpinLock(&lock, &irql);
        CHECK_EQ(++inside, 1);
        counter++;
        inside--;
        KeReleaseSpinLock(&lock, irql);
    }
}

static VOID NTAPI queued(PVOID Context)
{
    KLOCK_QUEUE_HANDLE handle;
    for (int i = 0; i < 200; i++) {
        KeAcquireInStackQueuedSpinLock(&lock, &handle);
        CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        CHECK_EQ(++inside, 1);
        counter++;
        inside--;
        KeReleaseInStackQueuedSpinLock(&handle);
    }
}

static void run_four(PKSTART_ROUTINE Routine)
{
    PKTHREAD threads[4];
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(Routine, (PVOID)(ULONG_PTR)i);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
}

KILN_TEST(ke_spinlock, excludes)
{
    run_four(plain);
    CHECK_EQ(counter, 800);
}

KILN_TEST(ke_spinlock, queued_excludes)
{
    run_four(queued);
    CHECK_EQ(counter, 800);
}

static VOID NTAPI read_or_write(PVOID Context)
{
    for (int i = 0; i < 200; i++) {
        if (Context && i % 4) {
            KIRQL irql = ExAcquireSpinLockShared(&rw_lock);
            InterlockedIncrement(&readers);
            CHECK_EQ(inside, 0);
            InterlockedDecrement(&readers);
            ExReleaseSpinLockShared(&rw_lock, irql);
        } else {
            KIRQL irql = ExAcquireSpinLockExclusive(&rw_lock);
            CHECK_EQ(readers, 0);
            CHECK_EQ(++inside, 1);
            counter++;
            inside--;
            ExReleaseSpinLockExclusive(&rw_lock, irql);
        }
    }
}

KILN_TEST(ke_spinlock, reader_writer_excludes)
{
    run_four(read_or_write);
    CHECK_EQ(counter, 200 + 3 * 50);
    CHECK_EQ(rw_lock, 0);
}

KILN_TEST(ke_spinlock, a_sole_reader_can_become_the_writer)
{
    EX_SPIN_LOCK mine = 0;
    KIRQL irql = ExAcquireSpinLockShared(&mine);
    ExAcquireSpinLockSharedAtDpcLevel(&mine);
    CHECK(!ExTryConvertSharedSpinLockExclusive(&mine));
    ExReleaseSpinLockSharedFromDpcLevel(&mine);
    CHECK(ExTryConvertSharedSpinLockExclusive(&mine));
    ExReleaseSpinLockExclusive(&mine, irql);
    CHECK_EQ(mine, 0);
}

KILN_TEST_BUGCHECK(ke_spinlock, acquiring_twice, 0x0F)
{
    KIRQL irql;
    KeAcquireSpinLock(&lock, &irql);
    KeAcquireSpinLock(&lock, &irql);
}

KILN_TEST_BUGCHECK(ke_spinlock, releasing_what_is_free, 0x10)
{
    KeRaiseIrqlToDpcLevel();
    KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
}

KILN_TEST_BUGCHECK(ke_spinlock, at_dpc_level_below_it, 0x09)
{
    KeAcquireSpinLockAtDpcLevel(&lock);
}

/* ---------------------------------------------------------------- queued-spin-locks.md */

static KSPIN_LOCK fair_lock;
static volatile LONG fair_ready, fair_step, fair_order;

static VOID NTAPI queue_up(PVOID Context)
{
    LONG number = (LONG)(ULONG_PTR)Context;
    KLOCK_QUEUE_HANDLE handle;
    KAFFINITY old = KeSetSystemAffinityThreadEx((KAFFINITY)1 << number);
    InterlockedIncrement(&fair_ready);
    while (fair_step < number)
        KeStallExecutionProcessor(1);
    KeAcquireInStackQueuedSpinLock(&fair_lock, &handle);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    fair_order = fair_order * 10 + number;
    KeReleaseInStackQueuedSpinLock(&handle);
    KeRevertToUserAffinityThreadEx(old);
}

KILN_TEST(ke_spinlock, a_queued_lock_goes_to_those_who_wait_in_the_order_they_came)
{
    LONG others = (LONG)KeQueryActiveProcessorCount(NULL) - 1;
    PKTHREAD threads[2];
    KLOCK_QUEUE_HANDLE handle;
    if (others > 2)
        others = 2;
    KAFFINITY old = KeSetSystemAffinityThreadEx(1);
    KeInitializeSpinLock(&fair_lock);
    for (LONG i = 0; i < others; i++)
        threads[i] = start_thread(queue_up, (PVOID)(ULONG_PTR)(i + 1));
    while (fair_ready < others)
        sleep_ms(1);
    KeAcquireInStackQueuedSpinLock(&fair_lock, &handle);
    for (LONG i = 0; i < others; i++) {
        KSPIN_LOCK tail = *(volatile KSPIN_LOCK *)&fair_lock;
        fair_step = i + 1;
        while (*(volatile KSPIN_LOCK *)&fair_lock == tail) /* the lock names the last in its queue */
            KeStallExecutionProcessor(1);
    }
    KeReleaseInStackQueuedSpinLock(&handle);
    KeAcquireInStackQueuedSpinLock(&fair_lock, &handle); /* no chance to pass those who were there before */
    fair_order = fair_order * 10 + 9;
    KeReleaseInStackQueuedSpinLock(&handle);
    for (LONG i = 0; i < others; i++)
        join_thread(threads[i]);
    CHECK_EQ(fair_order, others == 2 ? 129 : others == 1 ? 19 : 9);
    KeRevertToUserAffinityThreadEx(old);
}

KILN_TEST_ONCE(ke_spinlock, releasing_without_lowering_leaves_the_irql)
{
    KSPIN_LOCK lock;
    KIRQL irql;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    KeReleaseSpinLockFromDpcLevel(&lock);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK(KeTestSpinLock(&lock));
    KeLowerIrql(irql);
}
