/* SPDX-License-Identifier: MIT */
/*
 * Producers and consumers over every synchronization primitive, in random order, with what must hold checked. Meant for many
 * seeds: `make stress` runs thousands (docs/testing.md).
 */
#include "exsupport.h"
#include "ki.h"

#define TEAM   4
#define ROUNDS 40
#define TAG    'rtsS'

static ULONG random(ULONG *State)
{
    *State = *State * 1664525 + 1013904223;
    return *State >> 8;
}

/* Another processor or thread may come between here: code of the kernel's own build is preempted where it lowers IRQL. */
static void step(void)
{
    KeLowerIrql(KfRaiseIrql(HIGH_LEVEL));
}

/* Runs `routine(i)` in TEAM threads at once, and waits for all. */
static void run_team(PKSTART_ROUTINE Routine)
{
    PVOID threads[TEAM];
    for (ULONG i = 0; i < TEAM; i++) {
        HANDLE handle;
        CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, (PVOID)(ULONG_PTR)i),
                 STATUS_SUCCESS);
        CHECK_EQ(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *PsThreadType, KernelMode, &threads[i], NULL), STATUS_SUCCESS);
        ZwClose(handle);
    }
    for (ULONG i = 0; i < TEAM; i++)
        CHECK_EQ(KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    for (ULONG i = 0; i < TEAM; i++)
        ObDereferenceObject(threads[i]);
}

/* ---------------------------------------------------------------- a bounded buffer under each lock */

enum kind { Mutex, FastMutex, GuardedMutex, PushLock, Resource, SpinLock, QueuedSpinLock, ReaderWriterSpinLock, Kinds };

static enum kind kind;
static KMUTEX mutex;
static FAST_MUTEX fast_mutex;
static KGUARDED_MUTEX guarded_mutex;
static EX_PUSH_LOCK push_lock;
static ERESOURCE resource;
static KSPIN_LOCK spin_lock;
static EX_SPIN_LOCK rw_spin_lock;

struct held {
    KIRQL irql;
    KLOCK_QUEUE_HANDLE queue;
};

static void lock(struct held *Held)
{
    switch (kind) {
    case Mutex:
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
        break;
    case FastMutex:
        ExAcquireFastMutex(&fast_mutex);
        break;
    case GuardedMutex:
        KeAcquireGuardedMutex(&guarded_mutex);
        break;
    case PushLock:
        KeEnterCriticalRegion();
        ExAcquirePushLockExclusive(&push_lock);
        break;
    case Resource:
        KeEnterCriticalRegion();
        ExAcquireResourceExclusiveLite(&resource, TRUE);
        break;
    case SpinLock:
        KeAcquireSpinLock(&spin_lock, &Held->irql);
        break;
    case QueuedSpinLock:
        KeAcquireInStackQueuedSpinLock(&spin_lock, &Held->queue);
        break;
    default:
        Held->irql = ExAcquireSpinLockExclusive(&rw_spin_lock);
        break;
    }
}

static void unlock(struct held *Held)
{
    switch (kind) {
    case Mutex:
        KeReleaseMutex(&mutex, FALSE);
        break;
    case FastMutex:
        ExReleaseFastMutex(&fast_mutex);
        break;
    case GuardedMutex:
        KeReleaseGuardedMutex(&guarded_mutex);
        break;
    case PushLock:
        ExReleasePushLockExclusive(&push_lock);
        KeLeaveCriticalRegion();
        break;
    case Resource:
        ExReleaseResourceLite(&resource);
        KeLeaveCriticalRegion();
        break;
    case SpinLock:
        KeReleaseSpinLock(&spin_lock, Held->irql);
        break;
    case QueuedSpinLock:
        KeReleaseInStackQueuedSpinLock(&Held->queue);
        break;
    default:
        ExReleaseSpinLockExclusive(&rw_spin_lock, Held->irql);
        break;
    }
}

#define ROOM  3
#define ITEMS (ROUNDS * (TEAM / 2))

static ULONG ring[ROOM], head, tail, inside;
static KSEMAPHORE filled, room;
static UCHAR taken[ITEMS];

static void NTAPI produce_or_consume(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context;
    BOOLEAN producer = self < TEAM / 2;
    struct held held;
    for (ULONG i = 0; i < ROUNDS; i++) {
        KeWaitForSingleObject(producer ? &room : &filled, Executive, KernelMode, FALSE, NULL);
        lock(&held);
        CHECK_EQ(inside++, 0);
        step();
        if (producer) {
            CHECK(tail - head < ROOM);
            ring[tail++ % ROOM] = self * ROUNDS + i;
        } else {
            CHECK(tail != head);
            CHECK_EQ(taken[ring[head++ % ROOM]]++, 0);
        }
        CHECK_EQ(--inside, 0);
        unlock(&held);
        KeReleaseSemaphore(producer ? &filled : &room, IO_NO_INCREMENT, 1, FALSE);
    }
}

static void bounded_buffer(enum kind Kind)
{
    kind = Kind;
    KeInitializeMutex(&mutex, 0);
    ExInitializeFastMutex(&fast_mutex);
    KeInitializeGuardedMutex(&guarded_mutex);
    ExInitializePushLock(&push_lock);
    ExInitializeResourceLite(&resource);
    KeInitializeSpinLock(&spin_lock);
    KeInitializeSemaphore(&filled, 0, ROOM);
    KeInitializeSemaphore(&room, ROOM, ROOM);
    run_team(produce_or_consume);
    for (ULONG i = 0; i < ITEMS; i++)
        CHECK_EQ(taken[i], 1);
    CHECK_EQ(KeReadStateSemaphore(&room), ROOM);
    ExDeleteResourceLite(&resource);
}

KILN_TEST(stress_buffer, under_a_mutex) { bounded_buffer(Mutex); }
KILN_TEST(stress_buffer, under_a_fast_mutex) { bounded_buffer(FastMutex); }
KILN_TEST(stress_buffer, under_a_guarded_mutex) { bounded_buffer(GuardedMutex); }
KILN_TEST(stress_buffer, under_a_push_lock) { bounded_buffer(PushLock); }
KILN_TEST(stress_buffer, under_a_resource) { bounded_buffer(Resource); }
KILN_TEST(stress_buffer, under_a_spin_lock) { bounded_buffer(SpinLock); }
KILN_TEST(stress_buffer, under_a_queued_spin_lock) { bounded_buffer(QueuedSpinLock); }
KILN_TEST(stress_buffer, under_a_reader_writer_spin_lock) { bounded_buffer(ReaderWriterSpinLock); }

/* ---------------------------------------------------------------- queues and lists */

struct item {
    LIST_ENTRY entry;
    SLIST_ENTRY single;
    LONG taken;
};
static struct item items[ITEMS];
static LONG left;
static KQUEUE queue;
static LIST_ENTRY interlocked;

static void NTAPI use_queue(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context;
    for (ULONG i = 0; i < ROUNDS; i++) {
        if (self < TEAM / 2) {
            KeInsertQueue(&queue, &items[self * ROUNDS + i].entry);
        } else {
            PLIST_ENTRY entry = KeRemoveQueue(&queue, KernelMode, NULL);
            CHECK_EQ(InterlockedIncrement(&CONTAINING_RECORD(entry, struct item, entry)->taken), 1);
        }
        step();
    }
}

KILN_TEST(stress_queue, every_item_is_removed_once)
{
    KeInitializeQueue(&queue, 0);
    run_team(use_queue);
    for (ULONG i = 0; i < ITEMS; i++)
        CHECK_EQ(items[i].taken, 1);
    CHECK_EQ(KeReadStateQueue(&queue), 0);
    CHECK(KeRundownQueue(&queue) == NULL);
}

static void NTAPI use_interlocked_list(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context;
    for (ULONG i = 0; i < ROUNDS; i++) {
        if (self < TEAM / 2) {
            ExInterlockedInsertTailList(&interlocked, &items[self * ROUNDS + i].entry, &spin_lock);
        } else {
            PLIST_ENTRY entry = ExInterlockedRemoveHeadList(&interlocked, &spin_lock);
            if (entry && InterlockedIncrement(&CONTAINING_RECORD(entry, struct item, entry)->taken) == 1)
                InterlockedDecrement(&left);
        }
        step();
    }
}

KILN_TEST(stress_lists, every_entry_of_an_interlocked_list_is_removed_once)
{
    PLIST_ENTRY entry;
    KeInitializeSpinLock(&spin_lock);
    InitializeListHead(&interlocked);
    left = ITEMS;
    run_team(use_interlocked_list);
    while ((entry = ExInterlockedRemoveHeadList(&interlocked, &spin_lock)) != NULL) {
        CHECK_EQ(++CONTAINING_RECORD(entry, struct item, entry)->taken, 1);
        left--;
    }
    CHECK_EQ(left, 0);
    for (ULONG i = 0; i < ITEMS; i++)
        CHECK_EQ(items[i].taken, 1);
}

static KDEVICE_QUEUE device_queue;
static LONG busy, served;

static void serve(PKDEVICE_QUEUE_ENTRY Entry)
{
    while (Entry) {
        CHECK_EQ(InterlockedIncrement(&busy), 1); /* one at a time */
        step();
        InterlockedIncrement(&served);
        CHECK_EQ(InterlockedDecrement(&busy), 0);
        Entry = KeRemoveDeviceQueue(&device_queue);
    }
}

static void NTAPI use_device_queue(PVOID Context)
{
    static KDEVICE_QUEUE_ENTRY entries[TEAM][ROUNDS];
    ULONG self = (ULONG)(ULONG_PTR)Context, state = self;
    KIRQL irql;
    for (ULONG i = 0; i < ROUNDS; i++) {
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        BOOLEAN queued = random(&state) % 2 ? KeInsertDeviceQueue(&device_queue, &entries[self][i])
                                            : KeInsertByKeyDeviceQueue(&device_queue, &entries[self][i], random(&state));
        if (!queued)
            serve(&entries[self][i]);
        KeLowerIrql(irql);
        step();
    }
}

KILN_TEST(stress_devqueue, every_request_is_served_and_one_at_a_time)
{
    KeInitializeDeviceQueue(&device_queue);
    run_team(use_device_queue);
    CHECK_EQ(served, TEAM * ROUNDS);
    CHECK(!device_queue.Busy);
}

/* ---------------------------------------------------------------- timers, DPCs, work items */

static KTIMER timers[TEAM];
static KDPC dpcs[TEAM];
static LONG ran[TEAM], owed[TEAM];

static void NTAPI count_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    InterlockedIncrement(&ran[(ULONG_PTR)Context]);
}

/* A cancel that says TRUE took the expiry back; one that says FALSE did not. */
static void NTAPI set_and_cancel(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context, state = self * 31 + 1;
    KeInitializeTimer(&timers[self]);
    KeInitializeDpc(&dpcs[self], count_dpc, Context);
    for (ULONG i = 0; i < ROUNDS; i++) {
        LARGE_INTEGER due = {.QuadPart = -(LONG64)(random(&state) % 3000)};
        LARGE_INTEGER pause = {.QuadPart = -(LONG64)(random(&state) % 3000)};
        CHECK(!KeSetTimer(&timers[self], due, &dpcs[self]));
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
        BOOLEAN fired = !KeCancelTimer(&timers[self]);
        KeFlushQueuedDpcs();
        LONG now = ran[self];
        CHECK(now == owed[self] + 1 || (now == owed[self] && !fired));
        CHECK(!fired || now == owed[self] + 1);
        owed[self] = now;
    }
}

KILN_TEST(stress_timer, a_cancelled_timer_s_dpc_does_not_run_after_a_flush)
{
    run_team(set_and_cancel);
    LARGE_INTEGER pause = {.QuadPart = -100000};
    KeDelayExecutionThread(KernelMode, FALSE, &pause);
    for (ULONG i = 0; i < TEAM; i++)
        CHECK_EQ(ran[i], owed[i]);
}

static KDPC shared_dpc;
static LONG accepted, executed;

static void NTAPI count_shared(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    executed++; /* one queue entry: never two at once */
    step();
}

static void NTAPI queue_dpc(PVOID Context)
{
    for (ULONG i = 0; i < ROUNDS; i++) {
        if (KeInsertQueueDpc(&shared_dpc, NULL, NULL))
            InterlockedIncrement(&accepted);
        step();
    }
}

KILN_TEST(stress_dpc, it_runs_as_often_as_it_was_accepted)
{
    KeInitializeDpc(&shared_dpc, count_shared, NULL);
    KeSetTargetProcessorDpc(&shared_dpc, 0);
    run_team(queue_dpc);
    KeFlushQueuedDpcs();
    CHECK_EQ(executed, accepted);
}

static WORK_QUEUE_ITEM work[TEAM];
static KEVENT worked[TEAM];
static LONG works;

static void NTAPI work_routine(PVOID Context)
{
    InterlockedIncrement(&works);
    KeSetEvent(&worked[(ULONG_PTR)Context], IO_NO_INCREMENT, FALSE);
}

static void NTAPI queue_work(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context;
    KeInitializeEvent(&worked[self], SynchronizationEvent, FALSE);
    for (ULONG i = 0; i < ROUNDS; i++) {
        ExInitializeWorkItem(&work[self], work_routine, Context);
        ExQueueWorkItem(&work[self], self % 2 ? DelayedWorkQueue : CriticalWorkQueue);
        CHECK_EQ(KeWaitForSingleObject(&worked[self], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    }
}

KILN_TEST(stress_work, every_item_runs_once)
{
    run_team(queue_work);
    CHECK_EQ(works, TEAM * ROUNDS);
}

/* ---------------------------------------------------------------- waits and APCs */

static KEVENT baton[TEAM];
static LONG apcs_run, apcs_queued, passes;
static PKTHREAD members[TEAM];

static void NTAPI apc_routine(PKAPC Apc, PKNORMAL_ROUTINE *Normal, PVOID *Context, PVOID *A, PVOID *B)
{
    InterlockedIncrement(&apcs_run);
    ExFreePoolWithTag(Apc, TAG);
}

static void NTAPI apc_rundown(PKAPC Apc)
{
    InterlockedIncrement(&apcs_run);
    ExFreePoolWithTag(Apc, TAG);
}

static void interrupt(PKTHREAD Thread)
{
    PKAPC apc = Thread ? ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *apc, TAG) : NULL;
    if (!apc)
        return;
    KeInitializeApc(apc, Thread, OriginalApcEnvironment, apc_routine, apc_rundown, NULL, KernelMode, NULL);
    if (KeInsertQueueApc(apc, NULL, NULL, 0))
        InterlockedIncrement(&apcs_queued);
    else
        ExFreePoolWithTag(apc, TAG);
}

/* A baton goes round while APCs interrupt the waits: a signal that an interrupted wait lost would stop it. */
static void NTAPI pass_baton(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context, state = self + 5;
    members[self] = KeGetCurrentThread();
    for (ULONG i = 0; i < ROUNDS; i++) {
        CHECK_EQ(KeWaitForSingleObject(&baton[self], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
        InterlockedIncrement(&passes);
        interrupt(members[random(&state) % TEAM]);
        KeSetEvent(&baton[(self + 1) % TEAM], EVENT_INCREMENT, random(&state) % 2 == 0 && i + 1 < ROUNDS);
    }
    CHECK(!KeAreAllApcsDisabled());
}

KILN_TEST(stress_apc, no_signal_is_lost_to_an_apc)
{
    for (ULONG i = 0; i < TEAM; i++)
        KeInitializeEvent(&baton[i], SynchronizationEvent, i == 0);
    run_team(pass_baton);
    CHECK_EQ(passes, TEAM * ROUNDS);
    CHECK_EQ(apcs_run, apcs_queued);
}

static KEVENT pulsed;
static LONG woken;

/* A pulse releases who waits and nobody after: each wait ends by a pulse of its own round or by its time-out. */
static void NTAPI wait_for_pulse(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context;
    LARGE_INTEGER limit = {.QuadPart = -20000}, gap = {.QuadPart = -3000};
    for (ULONG i = 0; i < ROUNDS; i++) {
        if (self == 0) {
            KeDelayExecutionThread(KernelMode, FALSE, &gap);
            KePulseEvent(&pulsed, EVENT_INCREMENT, FALSE);
            CHECK_EQ(KeReadStateEvent(&pulsed), 0);
        } else if (KeWaitForSingleObject(&pulsed, Executive, KernelMode, FALSE, &limit) == STATUS_SUCCESS) {
            InterlockedIncrement(&woken);
        }
    }
}

KILN_TEST(stress_event, a_pulse_leaves_the_event_clear)
{
    LARGE_INTEGER now = {.QuadPart = 0};
    KeInitializeEvent(&pulsed, NotificationEvent, FALSE);
    run_team(wait_for_pulse);
    CHECK(woken > 0 && woken <= (TEAM - 1) * ROUNDS);
    CHECK_EQ(KeWaitForSingleObject(&pulsed, Executive, KernelMode, FALSE, &now), STATUS_TIMEOUT);
}

/* ---------------------------------------------------------------- resources, rundown, run-once */

static LONG readers, writers, conversions;

static void NTAPI convert(PVOID Context)
{
    ULONG state = (ULONG)(ULONG_PTR)Context + 3;
    for (ULONG i = 0; i < ROUNDS; i++) {
        KeEnterCriticalRegion();
        if (random(&state) % 2) {
            ExAcquireResourceExclusiveLite(&resource, TRUE);
            CHECK_EQ(InterlockedIncrement(&writers), 1);
            CHECK_EQ(readers, 0);
            step();
            InterlockedDecrement(&writers);
            ExConvertExclusiveToSharedLite(&resource); /* nobody writes in between */
            InterlockedIncrement(&conversions);
        } else {
            switch (random(&state) % 3) {
            case 0:
                ExAcquireResourceSharedLite(&resource, TRUE);
                break;
            case 1:
                ExAcquireSharedStarveExclusive(&resource, TRUE);
                break;
            default:
                ExAcquireSharedWaitForExclusive(&resource, TRUE);
                break;
            }
        }
        InterlockedIncrement(&readers);
        step();
        CHECK_EQ(writers, 0);
        CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
        InterlockedDecrement(&readers);
        ExReleaseResourceLite(&resource);
        KeLeaveCriticalRegion();
    }
}

KILN_TEST(stress_resource, a_conversion_admits_readers_and_no_writer)
{
    ExInitializeResourceLite(&resource);
    run_team(convert);
    CHECK(conversions > 0);
    CHECK_EQ(ExGetExclusiveWaiterCount(&resource), 0);
    CHECK_EQ(ExGetSharedWaiterCount(&resource), 0);
    CHECK_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

/* Readers and writers of the locks that know both, with somebody coming between while they are inside. */
static void NTAPI read_or_write(PVOID Context)
{
    ULONG state = (ULONG)(ULONG_PTR)Context + 11;
    KIRQL irql = PASSIVE_LEVEL;
    for (ULONG i = 0; i < ROUNDS; i++) {
        BOOLEAN write = random(&state) % 3 == 0;
        KeEnterCriticalRegion();
        if (kind == PushLock && write)
            ExAcquirePushLockExclusive(&push_lock);
        else if (kind == PushLock)
            ExAcquirePushLockShared(&push_lock);
        else
            irql = write ? ExAcquireSpinLockExclusive(&rw_spin_lock) : ExAcquireSpinLockShared(&rw_spin_lock);
        CHECK_EQ(InterlockedAdd(write ? &writers : &readers, 1) > 1 && write, FALSE);
        step();
        CHECK(write ? writers == 1 && readers == 0 : writers == 0);
        InterlockedDecrement(write ? &writers : &readers);
        if (kind == PushLock && write)
            ExReleasePushLockExclusive(&push_lock);
        else if (kind == PushLock)
            ExReleasePushLockShared(&push_lock);
        else if (write)
            ExReleaseSpinLockExclusive(&rw_spin_lock, irql);
        else
            ExReleaseSpinLockShared(&rw_spin_lock, irql);
        KeLeaveCriticalRegion();
    }
}

KILN_TEST(stress_readers, of_a_push_lock_keep_writers_out)
{
    kind = PushLock;
    ExInitializePushLock(&push_lock);
    run_team(read_or_write);
}

KILN_TEST(stress_readers, of_a_spin_lock_keep_writers_out)
{
    kind = ReaderWriterSpinLock;
    run_team(read_or_write);
}

static RTL_RUN_ONCE once[ROUNDS];
static LONG initialised[ROUNDS];

static void NTAPI initialise_once(PVOID Context)
{
    for (ULONG i = 0; i < ROUNDS; i++) {
        PVOID value = NULL;
        NTSTATUS status = RtlRunOnceBeginInitialize(&once[i], 0, &value);
        if (status == STATUS_PENDING) {
            CHECK_EQ(InterlockedIncrement(&initialised[i]), 1);
            step();
            value = (PVOID)(ULONG_PTR)((i + 1) * 16);
            CHECK_EQ(RtlRunOnceComplete(&once[i], 0, value), STATUS_SUCCESS);
        } else {
            CHECK_EQ(status, STATUS_SUCCESS);
            CHECK_EQ((ULONG_PTR)value, (i + 1) * 16);
            CHECK_EQ(initialised[i], 1);
        }
    }
}

KILN_TEST(stress_runonce, one_thread_initialises_and_all_see_it)
{
    for (ULONG i = 0; i < ROUNDS; i++)
        RtlRunOnceInitialize(&once[i]);
    run_team(initialise_once);
}

static EX_RUNDOWN_REF rundown;
static IO_REMOVE_LOCK remove_lock;
static LONG users, removed;

static void NTAPI use_until_removed(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context;
    for (ULONG i = 0; i < ROUNDS; i++) {
        if (self == 0 && i == ROUNDS / 2) {
            CHECK_EQ(IoAcquireRemoveLock(&remove_lock, NULL), STATUS_SUCCESS);
            IoReleaseRemoveLockAndWait(&remove_lock, NULL);
            CHECK_EQ(users, 0);
            ExWaitForRundownProtectionRelease(&rundown);
            removed = TRUE;
            return;
        }
        if (NT_SUCCESS(IoAcquireRemoveLock(&remove_lock, Context))) {
            InterlockedIncrement(&users);
            step();
            CHECK(!removed);
            InterlockedDecrement(&users);
            IoReleaseRemoveLock(&remove_lock, Context);
        }
        if (ExAcquireRundownProtection(&rundown)) {
            step();
            CHECK(!removed);
            ExReleaseRundownProtection(&rundown);
        }
    }
}

KILN_TEST(stress_removal, nobody_is_inside_after_the_wait)
{
    IoInitializeRemoveLock(&remove_lock, TAG, 0, 0);
    ExInitializeRundownProtection(&rundown);
    run_team(use_until_removed);
    CHECK(removed);
    CHECK_EQ(IoAcquireRemoveLock(&remove_lock, NULL), STATUS_DELETE_PENDING);
    CHECK(!ExAcquireRundownProtection(&rundown));
}
