/* SPDX-License-Identifier: MIT */
/*
 * event.c: events. A notification event stays signaled until it is reset; a synchronisation event satisfies one wait.
 * Lock: D.
 */
#include "kep.h"
#include "locks.h"

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    Event->Header.Lock = 0;
    Event->Header.Type = EventNotificationObject + (UCHAR)Type;
    Event->Header.Size = sizeof(KEVENT) / sizeof(ULONG);
    Event->Header.SignalState = State != 0;
    InitializeListHead(&Event->Header.WaitListHead);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (__builtin_expect(KiTrackLocks, 0))
        KiNoteSignaled(Event, __builtin_return_address(0));
    KIRQL irql = KiLockDispatcher();
    LONG old = Event->Header.SignalState;
    Event->Header.SignalState = 1;
    if (old == 0 && !IsListEmpty(&Event->Header.WaitListHead))
        KepWaitTest(Event, Increment);
    KepUnlockAfterSignal(irql, Wait);
    return old;
}

/* As KeSetEvent; the woken thread runs at least at the waker's priority. */
VOID NTAPI KeSetEventBoostPriority(PRKEVENT Event, PRKTHREAD *Thread)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    if (Thread)
        *Thread = NULL;
    if (IsListEmpty(&Event->Header.WaitListHead)) {
        Event->Header.SignalState = 1;
    } else {
        PKTHREAD woken = CONTAINING_RECORD(Event->Header.WaitListHead.Flink, KWAIT_BLOCK, WaitListEntry)->Thread;
        KPRIORITY increment = KiThread()->Priority - woken->BasePriority;
        Event->Header.SignalState = 1;
        KepWaitTest(Event, increment > 1 ? increment : 1);
        if (Thread)
            *Thread = woken;
    }
    KiUnlockDispatcher(irql);
}

LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    LONG old = Event->Header.SignalState;
    if (old == 0 && !IsListEmpty(&Event->Header.WaitListHead)) {
        Event->Header.SignalState = 1;
        KepWaitTest(Event, Increment);
    }
    Event->Header.SignalState = 0;
    KepUnlockAfterSignal(irql, Wait);
    return old;
}

LONG NTAPI KeResetEvent(PRKEVENT Event)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    LONG old = Event->Header.SignalState;
    Event->Header.SignalState = 0;
    KiUnlockDispatcher(irql);
    return old;
}

VOID NTAPI KeClearEvent(PRKEVENT Event)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    __atomic_store_n(&Event->Header.SignalState, 0, __ATOMIC_RELEASE);
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event)
{
    return __atomic_load_n(&Event->Header.SignalState, __ATOMIC_ACQUIRE);
}
