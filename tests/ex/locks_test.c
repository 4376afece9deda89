/* SPDX-License-Identifier: MIT */
/* Fast mutexes, guarded mutexes, push locks, reader-writer spin locks. */
#include "exsupport.h"

typedef struct {
    FAST_MUTEX Fast;
    KGUARDED_MUTEX Guarded;
    EX_PUSH_LOCK Push;
    EX_SPIN_LOCK Spin;
    int Kind;
    LONG Inside, Readers;
    LONG Broken;
    LONG Counter;
} SHARED;

static void enter(SHARED *Shared)
{
    if (InterlockedIncrement(&Shared->Inside) != 1 || Shared->Readers)
        InterlockedIncrement(&Shared->Broken);
    Shared->Counter++;
}

static void leave(SHARED *Shared)
{
    InterlockedDecrement(&Shared->Inside);
}

static void NTAPI exclude(PVOID Context)
{
    SHARED *Shared = Context;
    KIRQL Irql;

    for (int i = 0; i < 300; i++) {
        switch (Shared->Kind) {
        case 0:
            ExAcquireFastMutex(&Shared->Fast);
            CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
            enter(Shared);
            leave(Shared);
            ExReleaseFastMutex(&Shared->Fast);
            break;
        case 1:
            KeAcquireGuardedMutex(&Shared->Guarded);
            CHECK(KeAreAllApcsDisabled());
            enter(Shared);
            leave(Shared);
            KeReleaseGuardedMutex(&Shared->Guarded);
            break;
        case 2:
            KeEnterCriticalRegion();
            if (i % 3) {
                ExAcquirePushLockShared(&Shared->Push);
                InterlockedIncrement(&Shared->Readers);
                if (Shared->Inside)
                    InterlockedIncrement(&Shared->Broken);
                InterlockedDecrement(&Shared->Readers);
                ExReleasePushLockShared(&Shared->Push);
            } else {
                ExAcquirePushLockExclusive(&Shared->Push);
                enter(Shared);
                leave(Shared);
                ExReleasePushLockExclusive(&Shared->Push);
            }
            KeLeaveCriticalRegion();
            break;
        default:
            if (i % 3) {
                Irql = ExAcquireSpinLockShared(&Shared->Spin);
                CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
                InterlockedIncrement(&Shared->Readers);
                if (Shared->Inside)
                    InterlockedIncrement(&Shared->Broken);
                InterlockedDecrement(&Shared->Readers);
                ExReleaseSpinLockShared(&Shared->Spin, Irql);
            } else {
                Irql = ExAcquireSpinLockExclusive(&Shared->Spin);
                enter(Shared);
                leave(Shared);
                ExReleaseSpinLockExclusive(&Shared->Spin, Irql);
            }
        }
    }
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void contend(int Kind, LONG Expected)
{
    SHARED Shared = {.Kind = Kind};
    PVOID Threads[3];

    ExInitializeFastMutex(&Shared.Fast);
    KeInitializeGuardedMutex(&Shared.Guarded);
    ExInitializePushLock(&Shared.Push);
    for (int i = 0; i < 3; i++)
        Threads[i] = start_thread(exclude, &Shared);
    for (int i = 0; i < 3; i++)
        join_thread(Threads[i]);
    CHECK_EQ(Shared.Broken, 0);
    CHECK_EQ(Shared.Counter, Expected);
    CHECK_EQ(Shared.Push, 0);
    CHECK_EQ(Shared.Spin, 0);
}

KILN_TEST(ex_fastmutex, excludes)
{
    contend(0, 900);
}

KILN_TEST(ex_guardedmutex, excludes)
{
    contend(1, 900);
}

KILN_TEST(ex_pushlock, excludes_writers_from_all_and_readers_from_writers)
{
    contend(2, 300);
}

KILN_TEST(ex_rwspin, excludes_writers_from_all_and_readers_from_writers)
{
    contend(3, 300);
}

KILN_TEST_ONCE(ex_fastmutex, trying_fails_while_it_is_owned)
{
    FAST_MUTEX Mutex;

    ExInitializeFastMutex(&Mutex);
    CHECK(ExTryToAcquireFastMutex(&Mutex));
    CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
    CHECK(!ExTryToAcquireFastMutex(&Mutex));
    ExReleaseFastMutex(&Mutex);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

KILN_TEST_ONCE(ex_guardedmutex, trying_enters_the_region_only_on_success)
{
    KGUARDED_MUTEX Mutex;

    KeInitializeGuardedMutex(&Mutex);
    CHECK(KeTryToAcquireGuardedMutex(&Mutex));
    CHECK(KeAreAllApcsDisabled());
    KeReleaseGuardedMutex(&Mutex);
    CHECK(!KeAreAllApcsDisabled());
}

KILN_TEST_BUGCHECK(ex_fastmutex, release_by_a_stranger_bugchecks, THREAD_NOT_MUTEX_OWNER)
{
    FAST_MUTEX Mutex;

    ExInitializeFastMutex(&Mutex);
    ExReleaseFastMutex(&Mutex);
}

KILN_TEST_ONCE(ex_pushlock, readers_share)
{
    EX_PUSH_LOCK Lock;

    ExInitializePushLock(&Lock);
    KeEnterCriticalRegion();
    ExAcquirePushLockShared(&Lock);
    ExAcquirePushLockShared(&Lock);
    ExReleasePushLock(&Lock);
    ExReleasePushLockShared(&Lock);
    ExAcquirePushLockExclusive(&Lock);
    ExReleasePushLock(&Lock);
    KeLeaveCriticalRegion();
    CHECK_EQ(Lock, 0);
}

KILN_TEST_ONCE(ex_rwspin, only_the_single_reader_converts)
{
    EX_SPIN_LOCK Lock = 0;
    KIRQL Irql = ExAcquireSpinLockShared(&Lock);

    ExAcquireSpinLockSharedAtDpcLevel(&Lock);
    CHECK(!ExTryConvertSharedSpinLockExclusive(&Lock));
    ExReleaseSpinLockSharedFromDpcLevel(&Lock);
    CHECK(ExTryConvertSharedSpinLockExclusive(&Lock));
    ExReleaseSpinLockExclusive(&Lock, Irql);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

KILN_TEST_BUGCHECK(ex_fastmutex, acquiring_it_twice_is_reported, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    FAST_MUTEX Mutex;

    ExInitializeFastMutex(&Mutex);
    ExAcquireFastMutex(&Mutex);
    ExAcquireFastMutex(&Mutex);
}

KILN_TEST_BUGCHECK(ex_guardedmutex, acquiring_it_twice_is_reported, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    KGUARDED_MUTEX Mutex;

    KeInitializeGuardedMutex(&Mutex);
    KeAcquireGuardedMutex(&Mutex);
    KeAcquireGuardedMutex(&Mutex);
}

KILN_TEST_ONCE(ex_fastmutex, the_unsafe_forms_leave_irql_alone)
{
    FAST_MUTEX Mutex;
    KIRQL Irql;

    ExInitializeFastMutex(&Mutex);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&Mutex);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(!ExTryToAcquireFastMutex(&Mutex));
    ExReleaseFastMutexUnsafe(&Mutex);
    KeLeaveCriticalRegion();
    KeRaiseIrql(APC_LEVEL, &Irql);
    ExAcquireFastMutexUnsafe(&Mutex);
    ExReleaseFastMutexUnsafe(&Mutex);
    CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(Irql);
}

/* ---------------------------------------------------------------- reader-writer-spin-locks.md */

static EX_SPIN_LOCK rw_lock;
static volatile LONG rw_ready, rw_step, rw_order;

static void until_step(LONG Step)
{
    while (rw_step < Step)
        KeStallExecutionProcessor(1);
}

static void NTAPI late_writer(PVOID Context)
{
    KAFFINITY Old = KeSetSystemAffinityThreadEx(2);

    UNREFERENCED_PARAMETER(Context);
    InterlockedIncrement(&rw_ready);
    until_step(1);
    KIRQL Irql = ExAcquireSpinLockExclusive(&rw_lock);
    rw_order = rw_order * 10 + 1;
    ExReleaseSpinLockExclusive(&rw_lock, Irql);
    KeRevertToUserAffinityThreadEx(Old);
}

static void NTAPI late_reader(PVOID Context)
{
    KAFFINITY Old = KeSetSystemAffinityThreadEx(4);

    UNREFERENCED_PARAMETER(Context);
    InterlockedIncrement(&rw_ready);
    until_step(2);
    rw_step = 3;
    KIRQL Irql = ExAcquireSpinLockShared(&rw_lock);
    rw_order = rw_order * 10 + 2;
    ExReleaseSpinLockShared(&rw_lock, Irql);
    KeRevertToUserAffinityThreadEx(Old);
}

KILN_TEST(ex_rwspin, a_waiting_writer_goes_before_a_conversion_and_new_readers)
{
    LONG Others = (LONG)KeQueryActiveProcessorCount(NULL) - 1;
    PVOID Writer, Reader = NULL;

    if (Others < 1)
        return;
    KAFFINITY Old = KeSetSystemAffinityThreadEx(1);
    Writer = start_thread(late_writer, NULL);
    if (Others > 1)
        Reader = start_thread(late_reader, NULL);
    while (rw_ready < (Reader ? 2 : 1))
        sleep_ms(1);
    KIRQL Irql = ExAcquireSpinLockShared(&rw_lock);
    LONG Alone = *(volatile LONG *)&rw_lock;
    rw_step = 1;
    while (*(volatile LONG *)&rw_lock == Alone) /* the writer leaves a mark in the lock when it begins to wait */
        KeStallExecutionProcessor(1);
    rw_step = 2;
    if (Reader)
        until_step(3);
    KeStallExecutionProcessor(20);
    CHECK_EQ(rw_order, 0);
    CHECK(!ExTryConvertSharedSpinLockExclusive(&rw_lock));
    ExReleaseSpinLockShared(&rw_lock, Irql);
    join_thread(Writer);
    if (Reader)
        join_thread(Reader);
    CHECK_EQ(rw_order, Reader ? 12 : 1);
    KeRevertToUserAffinityThreadEx(Old);
}
