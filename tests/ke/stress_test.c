/* SPDX-License-Identifier: MIT */
/* Everything at once: threads that use all primitives in random order, with invariants checked at the end. */
#include "ketest.h"

#define THREADS 6
#define ROUNDS  150

static KEVENT events[3];
static KSEMAPHORE semaphore;
static KMUTEX mutex;
static KSPIN_LOCK spin_lock;
static KTIMER timers[THREADS];
static KDPC dpcs[THREADS];
static LONG semaphore_holders, mutex_holders, spin_holders, dpc_count, apc_count, apc_queued;
static PKTHREAD team[THREADS];
static KEVENT all_started;

static VOID NTAPI dpc_routine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    InterlockedIncrement(&dpc_count);
    KeSetEvent(&events[(ULONG_PTR)Context % 3], EVENT_INCREMENT, FALSE);
}

static VOID NTAPI apc_routine(PKAPC Apc, PKNORMAL_ROUTINE *Normal, PVOID *Context, PVOID *Argument1, PVOID *Argument2)
{
    InterlockedIncrement(&apc_count);
    ExFreePoolWithTag(Apc, 'tseT');
}

static VOID NTAPI apc_rundown(PKAPC Apc)
{
    InterlockedIncrement(&apc_count);
    ExFreePoolWithTag(Apc, 'tseT');
}

static ULONG next_random(ULONG *State)
{
    *State = *State * 1664525 + 1013904223;
    return *State >> 8;
}

static void one_round(ULONG Self, ULONG *State)
{
    LARGE_INTEGER due;
    KIRQL irql;
    switch (next_random(State) % 11) {
    case 0:
        KeSetEvent(&events[next_random(State) % 3], EVENT_INCREMENT, FALSE);
        break;
    case 1:
        due.QuadPart = -(LONGLONG)(next_random(State) % 20000);
        KeWaitForSingleObject(&events[next_random(State) % 3], Executive, KernelMode, FALSE, &due);
        break;
    case 2:
        if (wait_for(&semaphore, 50) == STATUS_SUCCESS) {
            CHECK(InterlockedIncrement(&semaphore_holders) <= 2);
            KeStallExecutionProcessor(1);
            InterlockedDecrement(&semaphore_holders);
            KeReleaseSemaphore(&semaphore, 0, 1, FALSE);
        }
        break;
    case 3:
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(InterlockedIncrement(&mutex_holders), 1);
        if (next_random(State) % 4 == 0)
            sleep_ms(1);
        CHECK_EQ(InterlockedDecrement(&mutex_holders), 0);
        KeReleaseMutex(&mutex, FALSE);
        break;
    case 4:
        KeAcquireSpinLock(&spin_lock, &irql);
        CHECK_EQ(++spin_holders, 1);
        spin_holders--;
        KeReleaseSpinLock(&spin_lock, irql);
        break;
    case 5:
        due.QuadPart = -(LONGLONG)(next_random(State) % 30000);
        KeSetTimer(&timers[Self], due, &dpcs[Self]);
        break;
    case 6:
        KeCancelTimer(&timers[Self]);
        break;
    case 7: {
        PVOID objects[3] = {&events[0], &events[1], &events[2]};
        due.QuadPart = -(LONGLONG)(next_random(State) % 20000);
        KeWaitForMultipleObjects(3, objects, next_random(State) % 2 ? WaitAll : WaitAny, Executive, KernelMode, FALSE,
                                 &due, NULL);
        break;
    }
    case 8: {
        PKAPC apc = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *apc, 'tseT');
        CHECK(apc != NULL);
        KeInitializeApc(apc, team[next_random(State) % THREADS], OriginalApcEnvironment, apc_routine, apc_rundown, NULL,
                        KernelMode, NULL);
        if (KeInsertQueueApc(apc, NULL, NULL, 0))
            InterlockedIncrement(&apc_queued);
        else
            ExFreePoolWithTag(apc, 'tseT');
        break;
    }
    case 9:
        KeSetPriorityThread(KeGetCurrentThread(), 4 + (KPRIORITY)(next_random(State) % 10));
        break;
    case 10: {
        PKTHREAD victim = team[next_random(State) % THREADS];
        /* Not to be suspended itself in between: two threads that suspend each other would never run again. */
        KeEnterCriticalRegion();
        if (victim != KeGetCurrentThread() && KeSuspendThread(victim, NULL) == STATUS_SUCCESS) {
            KeStallExecutionProcessor(2);
            KeResumeThread(victim, NULL);
        }
        KeLeaveCriticalRegion();
        break;
    }
    }
}

static VOID NTAPI worker(PVOID Context)
{
    ULONG self = (ULONG)(ULONG_PTR)Context, state = self * 7919 + 17;
    KeWaitForSingleObject(&all_started, Executive, KernelMode, FALSE, NULL);
    for (int i = 0; i < ROUNDS; i++)
        one_round(self, &state);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK(!KeAreApcsDisabled());
}

KILN_TEST(ke_stress, everything_at_once)
{
    for (int i = 0; i < 3; i++)
        KeInitializeEvent(&events[i], i ? SynchronizationEvent : NotificationEvent, FALSE);
    KeInitializeSemaphore(&semaphore, 2, 2);
    KeInitializeMutex(&mutex, 0);
    KeInitializeEvent(&all_started, NotificationEvent, FALSE);
    for (int i = 0; i < THREADS; i++) {
        KeInitializeTimer(&timers[i]);
        KeInitializeDpc(&dpcs[i], dpc_routine, (PVOID)(ULONG_PTR)i);
        team[i] = start_open_thread(worker, (PVOID)(ULONG_PTR)i);
    }
    KeSetEvent(&all_started, 0, FALSE);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(KeWaitForSingleObject(team[i], Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    for (int i = 0; i < THREADS; i++) {
        KeCancelTimer(&timers[i]);
        ObDereferenceObject(team[i]);
    }
    KeFlushQueuedDpcs();
    CHECK_EQ(apc_count, apc_queued);
    CHECK_EQ(KeReadStateSemaphore(&semaphore), 2);
    CHECK_EQ(KeReadStateMutex(&mutex), 1);
    CHECK(KeTestSpinLock(&spin_lock));
}
