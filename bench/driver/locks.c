/* SPDX-License-Identifier: MIT */
/*
 * Loops over locks and waits. An iteration takes a lock and gives it back, or makes a wait that is satisfied at once. In "2 VPs"
 * a system thread on another virtual processor does the same with the same lock at the same time, and the figure is the time
 * of one pair on each of them.
 */
#include <ntifs.h>

#include "bench.h"

#define TAG 'clnB'
#define OBJECTS MAXIMUM_WAIT_OBJECTS

struct bench_loop {
    const char *name;
    NTSTATUS (*run)(ULONG n);
};

static ULONG64 counted_tsc;

static FAST_MUTEX fast_mutex;
static KGUARDED_MUTEX guarded_mutex;
static ERESOURCE resource;
static EX_PUSH_LOCK push_lock;
static KSPIN_LOCK spin_lock;
static EX_SPIN_LOCK shared_spin_lock;
static EX_RUNDOWN_REF rundown;
static KMUTEX mutex;
static KSEMAPHORE semaphore;
static BOOLEAN ready;

static void prepare(void)
{
    if (ready)
        return;
    ExInitializeFastMutex(&fast_mutex);
    KeInitializeGuardedMutex(&guarded_mutex);
    ExInitializeResourceLite(&resource);
    ExInitializePushLock(&push_lock);
    KeInitializeSpinLock(&spin_lock);
    ExInitializeRundownProtection(&rundown);
    KeInitializeMutex(&mutex, 0);
    KeInitializeSemaphore(&semaphore, 1, 2);
    ready = TRUE;
}

/* ---------------------------------------------------------------- pairs */

static void fast(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        ExAcquireFastMutex(&fast_mutex);
        ExReleaseFastMutex(&fast_mutex);
    }
}

static void guarded(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        KeAcquireGuardedMutex(&guarded_mutex);
        KeReleaseGuardedMutex(&guarded_mutex);
    }
}

static void resource_exclusive(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        ExAcquireResourceExclusiveLite(&resource, TRUE);
        ExReleaseResourceLite(&resource);
    }
}

static void resource_shared(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        ExAcquireResourceSharedLite(&resource, TRUE);
        ExReleaseResourceLite(&resource);
    }
}

static void push_exclusive(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        ExAcquirePushLockExclusive(&push_lock);
        ExReleasePushLockExclusive(&push_lock);
    }
}

static void push_shared(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        ExAcquirePushLockShared(&push_lock);
        ExReleasePushLockShared(&push_lock);
    }
}

static void spin(ULONG n)
{
    KIRQL irql;
    for (ULONG i = 0; i < n; i++) {
        KeAcquireSpinLock(&spin_lock, &irql);
        KeReleaseSpinLock(&spin_lock, irql);
    }
}

static void spin_queued(ULONG n)
{
    KLOCK_QUEUE_HANDLE handle;
    for (ULONG i = 0; i < n; i++) {
        KeAcquireInStackQueuedSpinLock(&spin_lock, &handle);
        KeReleaseInStackQueuedSpinLock(&handle);
    }
}

static void spin_shared(ULONG n)
{
    for (ULONG i = 0; i < n; i++)
        ExReleaseSpinLockShared(&shared_spin_lock, ExAcquireSpinLockShared(&shared_spin_lock));
}

static void protect(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        if (ExAcquireRundownProtection(&rundown))
            ExReleaseRundownProtection(&rundown);
    }
}

static void kernel_mutex(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
        KeReleaseMutex(&mutex, FALSE);
    }
}

static void kernel_semaphore(ULONG n)
{
    for (ULONG i = 0; i < n; i++) {
        KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, NULL);
        KeReleaseSemaphore(&semaphore, IO_NO_INCREMENT, 1, FALSE);
    }
}

/* ---------------------------------------------------------------- one processor, two */

/* The pairs are made inside a critical region, as resources and push locks want it. */
static NTSTATUS alone(void (*pairs)(ULONG), ULONG n)
{
    prepare();
    KeEnterCriticalRegion();
    pairs(n);
    KeLeaveCriticalRegion();
    return STATUS_SUCCESS;
}

static struct {
    void (*pairs)(ULONG);
    ULONG n;
    volatile LONG started;
} partner;

static void run_on(ULONG processor)
{
    LONG other = 2;
    KeSetSystemAffinityThread((KAFFINITY)1 << processor);
    InterlockedIncrement(&partner.started);
    while (partner.started != other)
        YieldProcessor();
    KeEnterCriticalRegion();
    partner.pairs(partner.n);
    KeLeaveCriticalRegion();
    KeRevertToUserAffinityThread();
}

static void NTAPI other_processor(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    run_on(1);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS together(void (*pairs)(ULONG), ULONG n)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE thread;
    NTSTATUS status;
    if (KeQueryActiveProcessorCount(NULL) < 2)
        return STATUS_NOT_SUPPORTED;
    prepare();
    partner.pairs = pairs;
    partner.n = n;
    partner.started = 0;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    status = PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, &attributes, NULL, NULL, other_processor, NULL);
    if (!NT_SUCCESS(status))
        return status;
    run_on(0);
    ZwWaitForSingleObject(thread, FALSE, NULL);
    ZwClose(thread);
    return STATUS_SUCCESS;
}

#define PAIRS(name)                                                                                                    \
    static NTSTATUS name##_1(ULONG n) { return alone(name, n); }                                                       \
    static NTSTATUS name##_2(ULONG n) { return together(name, n); }
PAIRS(fast)
PAIRS(resource_exclusive)
PAIRS(resource_shared)
PAIRS(push_exclusive)
PAIRS(push_shared)
PAIRS(spin)
PAIRS(spin_queued)
PAIRS(protect)
static NTSTATUS guarded_1(ULONG n) { return alone(guarded, n); }
static NTSTATUS spin_shared_1(ULONG n) { return alone(spin_shared, n); }
static NTSTATUS kernel_mutex_1(ULONG n) { return alone(kernel_mutex, n); }
static NTSTATUS kernel_semaphore_1(ULONG n) { return alone(kernel_semaphore, n); }

/* ---------------------------------------------------------------- waits without a block */

static KEVENT events[OBJECTS];
static PVOID objects[OBJECTS];
static KWAIT_BLOCK blocks[OBJECTS];

static NTSTATUS wait_many(ULONG count, WAIT_TYPE type, ULONG n)
{
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < count; i++) {
        KeInitializeEvent(&events[i], NotificationEvent, type == WaitAll || i + 1 == count);
        objects[i] = &events[i];
    }
    for (ULONG i = 0; i < n && NT_SUCCESS(status); i++)
        status = KeWaitForMultipleObjects(count, objects, type, Executive, KernelMode, FALSE, NULL, blocks);
    return NT_SUCCESS(status) ? STATUS_SUCCESS : status;
}

static NTSTATUS wait_one(ULONG n)
{
    KeInitializeEvent(&events[0], NotificationEvent, TRUE);
    for (ULONG i = 0; i < n; i++)
        KeWaitForSingleObject(&events[0], Executive, KernelMode, FALSE, NULL);
    return STATUS_SUCCESS;
}

static NTSTATUS wait_poll(ULONG n)
{
    LARGE_INTEGER now = {.QuadPart = 0};
    KeInitializeEvent(&events[0], NotificationEvent, FALSE);
    for (ULONG i = 0; i < n; i++)
        KeWaitForSingleObject(&events[0], Executive, KernelMode, FALSE, &now);
    return STATUS_SUCCESS;
}

static NTSTATUS wait_any_64(ULONG n) { return wait_many(64, WaitAny, n); }
static NTSTATUS wait_all_64(ULONG n) { return wait_many(64, WaitAll, n); }
static NTSTATUS wait_any_1(ULONG n) { return wait_many(1, WaitAny, n); }

/* ---------------------------------------------------------------- a million timers that expire */

static volatile LONG expired;

static void NTAPI timer_expired(PKDPC dpc, PVOID context, PVOID argument1, PVOID argument2)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(argument1);
    UNREFERENCED_PARAMETER(argument2);
    expired++;
}

/* n timers, due within a millisecond of one another: setting them and their DPCs is what counts. */
static NTSTATUS expire(ULONG n)
{
    struct armed {
        KTIMER timer;
        KDPC dpc;
    } *armed = ExAllocatePool2(POOL_FLAG_NON_PAGED, n * sizeof(*armed), TAG);
    LARGE_INTEGER due, pause = {.QuadPart = -1000};
    if (!armed)
        return STATUS_INSUFFICIENT_RESOURCES;
    expired = 0;
    for (ULONG i = 0; i < n; i++) {
        KeInitializeTimer(&armed[i].timer);
        KeInitializeDpc(&armed[i].dpc, timer_expired, NULL);
        KeSetTargetProcessorDpc(&armed[i].dpc, 0);
    }
    ULONG64 from = __rdtsc();
    for (ULONG i = 0; i < n; i++) {
        due.QuadPart = -(LONG64)(1 + i % 10000);
        KeSetTimer(&armed[i].timer, due, &armed[i].dpc);
    }
    while (expired != (LONG)n)
        KeDelayExecutionThread(KernelMode, FALSE, &pause);
    counted_tsc = __rdtsc() - from;
    ExFreePoolWithTag(armed, TAG);
    return STATUS_SUCCESS;
}

static NTSTATUS expire_1m(ULONG n)
{
    ULONG64 total = 0;
    NTSTATUS status = STATUS_SUCCESS;
    for (ULONG i = 0; i < n && NT_SUCCESS(status); i++) {
        status = expire(1000000);
        total += counted_tsc;
    }
    counted_tsc = total;
    return status;
}

static const struct bench_loop loops[] = {
    {"lock: fast mutex", fast_1},
    {"lock: guarded mutex", guarded_1},
    {"lock: push lock exclusive", push_exclusive_1},
    {"lock: push lock shared", push_shared_1},
    {"lock: ERESOURCE exclusive", resource_exclusive_1},
    {"lock: ERESOURCE shared", resource_shared_1},
    {"lock: spin lock", spin_1},
    {"lock: queued spin lock", spin_queued_1},
    {"lock: spin lock shared", spin_shared_1},
    {"lock: rundown protection", protect_1},
    {"wait: mutex, and release", kernel_mutex_1},
    {"wait: semaphore, and release", kernel_semaphore_1},
    {"wait: one signaled event", wait_one},
    {"wait: poll of one event", wait_poll},
    {"wait: any of 1", wait_any_1},
    {"wait: any of 64, the last signaled", wait_any_64},
    {"wait: all of 64, signaled", wait_all_64},
    {"timers: set 1M, all expire", expire_1m},
    {"lock: fast mutex, 2 VPs", fast_2},
    {"lock: push lock exclusive, 2 VPs", push_exclusive_2},
    {"lock: push lock shared, 2 VPs", push_shared_2},
    {"lock: ERESOURCE exclusive, 2 VPs", resource_exclusive_2},
    {"lock: ERESOURCE shared, 2 VPs", resource_shared_2},
    {"lock: spin lock, 2 VPs", spin_2},
    {"lock: queued spin lock, 2 VPs", spin_queued_2},
    {"lock: rundown protection, 2 VPs", protect_2},
};

static void loops_end(void)
{
    if (ready)
        ExDeleteResourceLite(&resource);
}

#include "loops.h"
