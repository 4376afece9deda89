/* SPDX-License-Identifier: MIT */
/*
 * Deadlocks on checked machines: each is a bugcheck with code 0xC4 (Driver Verifier's deadlock detection) as
 * soon as it is complete, and nothing that another thread can still resolve is one. docs/crash-reports.md,
 * "Deadlocks".
 */
#include "ketest.h"
#include "locks.h"

#define WITH(Name, Rule)                                                                                     \
    KILN_TEST_DEFINE(ke_deadlock, Name, .expect_bugcheck = 1,                                                \
                     .bugcheck = DRIVER_VERIFIER_DETECTED_VIOLATION, .parameter1 = (Rule))
#define DEADLOCK(Name) WITH(Name, 0x1001)

/* Two locks of one kind, taken by two threads in opposite order; each waits for the other to have its first
 * one. */
struct pair {
    void (*Acquire)(PVOID Lock);
    PVOID Lock[2];
    KEVENT Has[2];
};

static struct pair pair;

static void take_both(ULONG First)
{
    pair.Acquire(pair.Lock[First]);
    KeSetEvent(&pair.Has[First], 0, FALSE);
    KeWaitForSingleObject(&pair.Has[!First], Executive, KernelMode, FALSE, NULL);
    pair.Acquire(pair.Lock[!First]);
}

static VOID NTAPI take_in_reverse(PVOID Context)
{
    KeEnterCriticalRegion();
    take_both(1);
}

static void deadlock_of(void (*Acquire)(PVOID), PVOID One, PVOID Two)
{
    pair.Acquire = Acquire;
    pair.Lock[0] = One;
    pair.Lock[1] = Two;
    for (int i = 0; i < 2; i++)
        KeInitializeEvent(&pair.Has[i], NotificationEvent, FALSE);
    start_thread(take_in_reverse, NULL);
    KeEnterCriticalRegion();
    take_both(0);
    sleep_ms(1000000);
}

static void fast(PVOID Lock)
{
    ExAcquireFastMutexUnsafe(Lock);
}

DEADLOCK(of_fast_mutexes)
{
    FAST_MUTEX one, two;
    ExInitializeFastMutex(&one);
    ExInitializeFastMutex(&two);
    deadlock_of(fast, &one, &two);
}

static void guarded(PVOID Lock)
{
    KeAcquireGuardedMutexUnsafe(Lock);
}

DEADLOCK(of_guarded_mutexes)
{
    KGUARDED_MUTEX one, two;
    KeInitializeGuardedMutex(&one);
    KeInitializeGuardedMutex(&two);
    deadlock_of(guarded, &one, &two);
}

static void push_exclusive(PVOID Lock)
{
    ExAcquirePushLockExclusiveEx(Lock, 0);
}

DEADLOCK(of_push_locks)
{
    EX_PUSH_LOCK one, two;
    ExInitializePushLock(&one);
    ExInitializePushLock(&two);
    deadlock_of(push_exclusive, &one, &two);
}

static void resource(PVOID Lock)
{
    ExAcquireResourceExclusiveLite(Lock, TRUE);
}

DEADLOCK(of_resources)
{
    ERESOURCE one, two;
    ExInitializeResourceLite(&one);
    ExInitializeResourceLite(&two);
    deadlock_of(resource, &one, &two);
}

static void share_then_own(PVOID Lock)
{
    static LONG turn;
    if (InterlockedIncrement(&turn) <= 2)
        ExAcquireResourceSharedLite(Lock, TRUE);
    else
        ExAcquireResourceExclusiveLite(Lock, TRUE);
}

/* Each owns one shared and wants the other exclusively. */
DEADLOCK(of_a_shared_and_an_exclusive_owner)
{
    ERESOURCE one, two;
    ExInitializeResourceLite(&one);
    ExInitializeResourceLite(&two);
    deadlock_of(share_then_own, &one, &two);
}

static void mutex(PVOID Lock)
{
    KeWaitForSingleObject(Lock, Executive, KernelMode, FALSE, NULL);
}

DEADLOCK(of_kernel_mutexes)
{
    KMUTEX one, two;
    KeInitializeMutex(&one, 0);
    KeInitializeMutex(&two, 0);
    deadlock_of(mutex, &one, &two);
}

static KMUTEX mixed_mutex;

static void mixed(PVOID Lock)
{
    if (Lock == &mixed_mutex)
        KeWaitForSingleObject(Lock, Executive, KernelMode, FALSE, NULL);
    else
        ExAcquirePushLockExclusiveEx(Lock, 0);
}

DEADLOCK(of_a_mutex_and_a_push_lock)
{
    EX_PUSH_LOCK one;
    ExInitializePushLock(&one);
    KeInitializeMutex(&mixed_mutex, 0);
    deadlock_of(mixed, &one, &mixed_mutex);
}

static KMUTEX spare;

static void all(PVOID Lock)
{
    PVOID both[2] = {&spare, Lock};
    static LONG turn;
    if (InterlockedIncrement(&turn) <= 2)
        KeWaitForSingleObject(Lock, Executive, KernelMode, FALSE, NULL);
    else
        KeWaitForMultipleObjects(2, both, WaitAll, Executive, KernelMode, FALSE, NULL, NULL);
}

DEADLOCK(of_a_wait_for_all)
{
    KMUTEX one, two;
    KeInitializeMutex(&one, 0);
    KeInitializeMutex(&two, 0);
    KeInitializeMutex(&spare, 0);
    deadlock_of(all, &one, &two);
}

/* ---------------------------------------------------------------- longer circles, joins, oneself */

static FAST_MUTEX ring[3];
static KEVENT ring_has[3], ring_go;

static VOID NTAPI ring_thread(PVOID Context)
{
    ULONG at = (ULONG)(ULONG_PTR)Context;
    ExAcquireFastMutex(&ring[at]);
    KeSetEvent(&ring_has[at], 0, FALSE);
    KeWaitForSingleObject(&ring_go, Executive, KernelMode, FALSE, NULL);
    ExAcquireFastMutex(&ring[(at + 1) % 3]);
}

DEADLOCK(of_three_threads)
{
    KeInitializeEvent(&ring_go, NotificationEvent, FALSE);
    for (ULONG_PTR i = 0; i < 3; i++) {
        ExInitializeFastMutex(&ring[i]);
        KeInitializeEvent(&ring_has[i], NotificationEvent, FALSE);
        start_thread(ring_thread, (PVOID)i);
        KeWaitForSingleObject(&ring_has[i], Executive, KernelMode, FALSE, NULL);
    }
    KeSetEvent(&ring_go, 0, FALSE);
    sleep_ms(1000000);
}

static VOID NTAPI needs_ring(PVOID Context)
{
    ExAcquireFastMutex(&ring[0]);
}

/* What an unload routine does wrong: it waits for its thread's end and holds what the thread needs to end. */
DEADLOCK(of_a_thread_and_one_that_waits_for_its_end)
{
    ExInitializeFastMutex(&ring[0]);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&ring[0]);
    PKTHREAD thread = start_thread(needs_ring, NULL);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
}

WITH(of_a_push_lock_and_its_own_holder, 0x1000)
{
    EX_PUSH_LOCK lock;
    ExInitializePushLock(&lock);
    KeEnterCriticalRegion();
    ExAcquirePushLockSharedEx(&lock, 0);
    ExAcquirePushLockExclusiveEx(&lock, 0);
}

WITH(of_a_resource_owned_shared_and_wanted_exclusively, 0x1000)
{
    ERESOURCE lock;
    ExInitializeResourceLite(&lock);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&lock, TRUE);
    ExAcquireResourceExclusiveLite(&lock, TRUE);
}

static ERESOURCE orphan;

static VOID NTAPI keep_resource(PVOID Context)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&orphan, TRUE);
    KeLeaveCriticalRegion();
}

WITH(a_thread_that_ends_with_a_resource, 0x100A)
{
    ExInitializeResourceLite(&orphan);
    join_thread(start_thread(keep_resource, NULL));
}

/* ---------------------------------------------------------------- what is no deadlock */

static VOID NTAPI timed(PVOID Context)
{
    KMUTEX *mutexes = Context;
    KeWaitForSingleObject(&mutexes[1], Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&pair.Has[1], 0, FALSE);
    KeWaitForSingleObject(&pair.Has[0], Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(wait_for(&mutexes[0], 20), STATUS_TIMEOUT);
    KeReleaseMutex(&mutexes[1], FALSE);
}

KILN_TEST(ke_deadlock, a_time_out_resolves_the_circle)
{
    KMUTEX mutexes[2];
    for (int i = 0; i < 2; i++) {
        KeInitializeMutex(&mutexes[i], 0);
        KeInitializeEvent(&pair.Has[i], NotificationEvent, FALSE);
    }
    PKTHREAD thread = start_thread(timed, mutexes);
    KeWaitForSingleObject(&mutexes[0], Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&pair.Has[0], 0, FALSE);
    KeWaitForSingleObject(&pair.Has[1], Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(KeWaitForSingleObject(&mutexes[1], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeReleaseMutex(&mutexes[1], FALSE);
    KeReleaseMutex(&mutexes[0], FALSE);
    join_thread(thread);
}

static EX_RUNDOWN_REF rundown;

static VOID NTAPI release_later(PVOID Context)
{
    sleep_ms(5);
    ExReleaseRundownProtection(&rundown);
}

KILN_TEST(ke_deadlock, protection_may_be_released_by_another_thread)
{
    ExInitializeRundownProtection(&rundown);
    CHECK(ExAcquireRundownProtection(&rundown));
    PKTHREAD thread = start_thread(release_later, NULL);
    ExWaitForRundownProtectionRelease(&rundown);
    join_thread(thread);
    char text[200];
    CHECK(!KiDescribeHeldLock(KiThread(), 0, text, sizeof text)); /* nothing is left of it */
}

static VOID NTAPI release_for(PVOID Context)
{
    sleep_ms(5);
    ExReleaseResourceForThreadLite(&orphan, (ERESOURCE_THREAD)Context);
}

static VOID NTAPI own_for_a_while(PVOID Context)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&orphan, TRUE);
    ExReleaseResourceLite(&orphan);
    KeLeaveCriticalRegion();
}

KILN_TEST(ke_deadlock, a_resource_may_be_released_for_another_thread)
{
    char text[200];
    ExInitializeResourceLite(&orphan);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&orphan, TRUE);
    PKTHREAD threads[2] = {start_thread(release_for, KiThread()), start_thread(own_for_a_while, NULL)};
    join_thread(threads[0]);
    join_thread(threads[1]);
    CHECK(!KiDescribeHeldLock(KiThread(), 0, text, sizeof text));
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&orphan);
}

KILN_TEST(ke_deadlock, an_owner_pointer_is_no_thread)
{
    char text[200];
    ExInitializeResourceLite(&orphan);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&orphan, TRUE);
    CHECK(KiDescribeHeldLock(KiThread(), 0, text, sizeof text));
    ExSetResourceOwnerPointer(&orphan, (PVOID)((ULONG_PTR)&rundown | 3));
    CHECK(!KiDescribeHeldLock(KiThread(), 0, text, sizeof text));
    ExReleaseResourceForThreadLite(&orphan, (ERESOURCE_THREAD)&rundown | 3);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&orphan);
}

static FAST_MUTEX busy_fast;
static EX_PUSH_LOCK busy_push;
static ERESOURCE busy_resource;
static KMUTEX busy_mutex;

/* Everybody takes any of the locks, two at a time in a fixed order: much waiting, and never a deadlock. */
static VOID NTAPI take_in_order(PVOID Context)
{
    for (ULONG i = (ULONG)(ULONG_PTR)Context; i < 60; i++) {
        KeEnterCriticalRegion();
        ExAcquireFastMutexUnsafe(&busy_fast);
        if (i & 1)
            ExAcquirePushLockExclusiveEx(&busy_push, 0);
        else
            ExAcquirePushLockSharedEx(&busy_push, 0);
        ExReleaseFastMutexUnsafe(&busy_fast);
        KeWaitForSingleObject(&busy_mutex, Executive, KernelMode, FALSE, NULL);
        ExReleasePushLockEx(&busy_push, 0);
        if (i & 2)
            ExAcquireResourceExclusiveLite(&busy_resource, TRUE);
        else
            ExAcquireResourceSharedLite(&busy_resource, TRUE);
        KeReleaseMutex(&busy_mutex, FALSE);
        ExReleaseResourceLite(&busy_resource);
        KeLeaveCriticalRegion();
    }
}

KILN_TEST(ke_deadlock, contention_is_none)
{
    PKTHREAD threads[5];
    char text[200];
    ExInitializeFastMutex(&busy_fast);
    ExInitializePushLock(&busy_push);
    ExInitializeResourceLite(&busy_resource);
    KeInitializeMutex(&busy_mutex, 0);
    for (ULONG_PTR i = 0; i < 5; i++)
        threads[i] = start_thread(take_in_order, (PVOID)i);
    take_in_order(NULL);
    for (int i = 0; i < 5; i++)
        join_thread(threads[i]);
    CHECK(!KiDescribeHeldLock(KiThread(), 0, text, sizeof text));
    CHECK_EQ(KiReportDeadlocks(FALSE), 0);
    ExDeleteResourceLite(&busy_resource);
}

/*
 * Two threads are granted a resource together. One of them goes on to wait for what this thread holds, and
 * this thread for what the other holds, which has not run since: it waits for nothing any more, and all end.
 */
static ERESOURCE granted;
static FAST_MUTEX of_slow, of_main;
static KEVENT slow_waits;

static VOID NTAPI slow_sharer(PVOID Context)
{
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&of_slow);
    KeSetEvent(&slow_waits, 0, FALSE);
    ExAcquireResourceSharedLite(&granted, TRUE);
    ExReleaseResourceLite(&granted);
    ExReleaseFastMutexUnsafe(&of_slow);
    KeLeaveCriticalRegion();
}

static VOID NTAPI quick_sharer(PVOID Context)
{
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&granted, TRUE);
    ExAcquireFastMutexUnsafe(&of_main);
    ExReleaseFastMutexUnsafe(&of_main);
    ExReleaseResourceLite(&granted);
    KeLeaveCriticalRegion();
}

KILN_TEST(ke_deadlock, a_thread_that_was_granted_its_lock_waits_no_more)
{
    GROUP_AFFINITY here = {.Mask = 1};
    KeSetSystemGroupAffinityThread(&here, NULL);
    ExInitializeResourceLite(&granted);
    ExInitializeFastMutex(&of_slow);
    ExInitializeFastMutex(&of_main);
    KeInitializeEvent(&slow_waits, NotificationEvent, FALSE);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&granted, TRUE);
    KeLeaveCriticalRegion();
    PKTHREAD slow = start_thread(slow_sharer, NULL);
    KeWaitForSingleObject(&slow_waits, Executive, KernelMode, FALSE, NULL);
    until_waiting(slow);
    PKTHREAD quick = start_thread(quick_sharer, NULL);
    until_waiting(quick);
    /* All three on one processor, this one before the slow one. */
    KiSetAffinityThread(slow, 1);
    KiSetAffinityThread(quick, 1);
    KeSetPriorityThread(KeGetCurrentThread(), 20);
    KeSetPriorityThread(quick, 21);
    KeSetPriorityThread(slow, 16);
    KeEnterCriticalRegion();
    ExAcquireFastMutexUnsafe(&of_main);
    ExReleaseResourceLite(&granted); /* quick runs, and waits for of_main; slow is ready, and cannot run */
    ExAcquireFastMutexUnsafe(&of_slow);
    ExReleaseFastMutexUnsafe(&of_slow);
    ExReleaseFastMutexUnsafe(&of_main);
    KeLeaveCriticalRegion();
    join_thread(slow);
    join_thread(quick);
    KeRevertToUserGroupAffinityThread(&(GROUP_AFFINITY){0});
    ExDeleteResourceLite(&granted);
}

/* ---------------------------------------------------------------- reports of uncertain ones */

static VOID NTAPI alertable_owner(PVOID Context)
{
    KMUTEX *mutexes = Context;
    KeWaitForSingleObject(&mutexes[1], Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(KeWaitForSingleObject(&mutexes[0], Executive, KernelMode, TRUE, NULL), STATUS_ALERTED);
    KeReleaseMutex(&mutexes[1], FALSE);
}

static ULONG circles;

static VOID NTAPI alert_later(PVOID Context)
{
    sleep_ms(20);
    CHECK_EQ(KiReportDeadlocks(TRUE), 0);
    circles = KiReportDeadlocks(FALSE);
    KeAlertResumeThread(Context, NULL);
}

KILN_TEST(ke_deadlock, a_circle_that_an_alert_can_end_is_reported_only_when_asked)
{
    KMUTEX mutexes[2];
    KeInitializeMutex(&mutexes[0], 0);
    KeInitializeMutex(&mutexes[1], 0);
    CHECK_EQ(KeWaitForSingleObject(&mutexes[0], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    PKTHREAD owner = start_thread(alertable_owner, mutexes);
    until_waiting(owner);
    PKTHREAD alerter = start_thread(alert_later, owner);
    CHECK_EQ(KeWaitForSingleObject(&mutexes[1], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(circles, 1);
    KeReleaseMutex(&mutexes[1], FALSE);
    KeReleaseMutex(&mutexes[0], FALSE);
    join_thread(owner);
    join_thread(alerter);
}

static PKTHREAD first_waiter;

static VOID NTAPI close_alertably(PVOID Context)
{
    KMUTEX *mutexes = Context;
    KeWaitForSingleObject(&mutexes[1], Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&pair.Has[0], 0, FALSE);
    until_waiting(first_waiter);
    CHECK_EQ(KeWaitForSingleObject(&mutexes[0], Executive, KernelMode, TRUE, NULL), STATUS_ALERTED);
    KeReleaseMutex(&mutexes[1], FALSE);
}

static VOID NTAPI alert_a_waiter(PVOID Context)
{
    until_waiting(Context);
    sleep_ms(20);
    KeAlertResumeThread(Context, NULL);
}

KILN_TEST(ke_deadlock, an_alertable_wait_that_closes_a_circle_is_none)
{
    KMUTEX mutexes[2];
    KeInitializeMutex(&mutexes[0], 0);
    KeInitializeMutex(&mutexes[1], 0);
    KeInitializeEvent(&pair.Has[0], NotificationEvent, FALSE);
    first_waiter = KiThread();
    CHECK_EQ(KeWaitForSingleObject(&mutexes[0], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    PKTHREAD owner = start_thread(close_alertably, mutexes);
    KeWaitForSingleObject(&pair.Has[0], Executive, KernelMode, FALSE, NULL);
    PKTHREAD alerter = start_thread(alert_a_waiter, owner);
    CHECK_EQ(KeWaitForSingleObject(&mutexes[1], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    KeReleaseMutex(&mutexes[1], FALSE);
    KeReleaseMutex(&mutexes[0], FALSE);
    join_thread(owner);
    join_thread(alerter);
}
