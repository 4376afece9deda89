/* SPDX-License-Identifier: MIT */
/* semaphore.c: counting semaphores. Lock: D. */
#include "kep.h"

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    Semaphore->Header.Lock = 0;
    Semaphore->Header.Type = SemaphoreObject;
    Semaphore->Header.Size = sizeof(KSEMAPHORE) / sizeof(ULONG);
    Semaphore->Header.SignalState = Count;
    InitializeListHead(&Semaphore->Header.WaitListHead);
    Semaphore->Limit = Limit;
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    LONG old = Semaphore->Header.SignalState;
    LONG64 count = (LONG64)old + Adjustment;
    if (count > Semaphore->Limit || Adjustment < 0) {
        KiUnlockDispatcher(irql);
        ExRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    }
    Semaphore->Header.SignalState = (LONG)count;
    if (old == 0 && !IsListEmpty(&Semaphore->Header.WaitListHead))
        KepWaitTest(Semaphore, Increment);
    KepUnlockAfterSignal(irql, Wait);
    return old;
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    return __atomic_load_n(&Semaphore->Header.SignalState, __ATOMIC_ACQUIRE);
}
