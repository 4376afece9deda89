/* SPDX-License-Identifier: MIT */
/*
 * timer.c: timer objects and the timer wheel.
 *
 * The wheel. Due times are interrupt times. They are cut into slots of 2^7 units (12.8 us); six levels of 256 slots
 * hold ever coarser ranges: a timer lies in the level of the highest byte in which its slot number differs from that
 * of the wheel's current time, in the slot that byte names. So inserting and removing cost the same for one timer as
 * for a million. When time enters a slot of a higher level, its timers move down ("cascade"), each at most five times
 * in its life. A bitmap a level finds the next used slot without looking at empty ones, however far it is.
 *
 * Timers expire exactly when their due time has come, not at slot borders: the slot that contains the present keeps
 * the ones that are not due yet, and the clock is armed for the earliest of them. Each slot knows a lower bound of its
 * due times; it is exact except after a removal, which at worst makes one clock interrupt come for nothing.
 *
 * Of the header's bytes, Hand is the slot, Index the level and Inserted says that the timer lies in the wheel.
 *
 * Lock: D for everything.
 */
#include "kep.h"

#define SLOT_SHIFT 7
#define LEVELS     6
#define SLOTS      256

static struct {
    ULONG64 Current; /* slot number up to which everything has expired */
    ULONG64 Used[LEVELS][SLOTS / 64];
    struct {
        LIST_ENTRY List;
        ULONG64 Earliest;
    } Slot[LEVELS][SLOTS];
} wheel;

void KepInitTimers(void)
{
    for (ULONG level = 0; level < LEVELS; level++)
        for (ULONG slot = 0; slot < SLOTS; slot++)
            InitializeListHead(&wheel.Slot[level][slot].List);
    wheel.Current = host_interrupt_time() >> SLOT_SHIFT;
}

/* The first used slot of the level in [from, to]; -1: none. */
static int next_used(ULONG Level, ULONG From, ULONG To)
{
    while (From <= To && From < SLOTS) {
        ULONG64 bits = wheel.Used[Level][From / 64] >> (From % 64);
        if (bits != 0) {
            ULONG slot = From + (ULONG)__builtin_ctzll(bits);
            return slot <= To ? (int)slot : -1;
        }
        From = (From / 64 + 1) * 64;
    }
    return -1;
}

static void place(PKTIMER Timer)
{
    ULONG64 number = Timer->DueTime.QuadPart >> SLOT_SHIFT;
    if (number < wheel.Current)
        number = wheel.Current;
    ULONG64 differ = number ^ wheel.Current;
    ULONG level = differ == 0 ? 0 : (63 - (ULONG)__builtin_clzll(differ)) / 8;
    if (level >= LEVELS) { /* a century ahead: looked at again when the last slot of the last level comes */
        level = LEVELS - 1;
        number = wheel.Current | 0xFFULL << (8 * level);
    }
    ULONG slot = (number >> (8 * level)) & (SLOTS - 1);
    Timer->Header.Hand = (UCHAR)slot;
    Timer->Header.Index = level;
    Timer->Header.Inserted = 1;
    InsertTailList(&wheel.Slot[level][slot].List, &Timer->TimerListEntry);
    ULONG64 bit = 1ULL << (slot % 64);
    if (!(wheel.Used[level][slot / 64] & bit)) {
        wheel.Used[level][slot / 64] |= bit;
        wheel.Slot[level][slot].Earliest = Timer->DueTime.QuadPart;
    } else if (Timer->DueTime.QuadPart < wheel.Slot[level][slot].Earliest) {
        wheel.Slot[level][slot].Earliest = Timer->DueTime.QuadPart;
    }
}

static void unplace(PKTIMER Timer)
{
    ULONG level = Timer->Header.Index, slot = Timer->Header.Hand;
    if (RemoveEntryList(&Timer->TimerListEntry))
        wheel.Used[level][slot / 64] &= ~(1ULL << (slot % 64));
    Timer->Header.Inserted = 0;
}

BOOLEAN KepInsertTimer(PKTIMER Timer, ULONG64 Due, BOOLEAN Absolute)
{
    if (Due <= host_interrupt_time())
        return FALSE;
    Timer->DueTime.QuadPart = Due;
    Timer->Header.Absolute = Absolute;
    place(Timer);
    KepArmClock(Due);
    return TRUE;
}

void KepRemoveTimer(PKTIMER Timer)
{
    if (Timer->Header.Inserted)
        unplace(Timer);
}

/* Whether what looks like an armed timer is one: the header may be any driver's data. Dispatcher lock held. */
static BOOLEAN is_armed(const KTIMER *Timer)
{
    ULONG level = Timer->Header.Index, slot = Timer->Header.Hand;
    if (level >= LEVELS)
        return FALSE;
    PLIST_ENTRY head = &wheel.Slot[level][slot].List;
    for (PLIST_ENTRY entry = head->Flink; entry != head; entry = entry->Flink)
        if (entry == &Timer->TimerListEntry)
            return TRUE;
    return FALSE;
}

PKTIMER KiFindArmedTimer(PVOID Memory, SIZE_T Bytes)
{
    ULONG_PTR end = (ULONG_PTR)Memory + Bytes;
    for (ULONG_PTR at = ((ULONG_PTR)Memory + 7) & ~7ULL; at + sizeof(KTIMER) <= end; at += 8) {
        PKTIMER timer = (PKTIMER)at;
        if ((timer->Header.Type & ~1) != TimerNotificationObject || !timer->Header.Inserted)
            continue;
        KIRQL irql = KiLockDispatcher();
        BOOLEAN armed = is_armed(timer);
        KiUnlockDispatcher(irql);
        if (armed)
            return timer;
    }
    return NULL;
}

ULONG64 KepNextTimerDue(void)
{
    for (ULONG level = 0; level < LEVELS; level++) {
        ULONG from = (wheel.Current >> (8 * level)) & (SLOTS - 1);
        int slot = next_used(level, level == 0 ? from : from + 1, SLOTS - 1);
        if (slot >= 0)
            return wheel.Slot[level][slot].Earliest;
    }
    return UINT64_MAX;
}

/* ---------------------------------------------------------------- expiry */

static void signal(PKTIMER Timer)
{
    KiTrace("timer", Timer->DueTime.QuadPart, Timer->Period, 0, 0);
    Timer->Header.SignalState = 1;
    if (!IsListEmpty(&Timer->Header.WaitListHead))
        KepWaitTest(Timer, 0);
    if (Timer->Dpc) {
        ULONG64 now = (ULONG64)KiQuerySystemTime();
        KeInsertQueueDpc(Timer->Dpc, (PVOID)(ULONG_PTR)(ULONG)now, (PVOID)(ULONG_PTR)(now >> 32));
    }
}

/* Round up to the grid that the tolerable delay allows, so that timers of the same tolerance expire together. */
static ULONG64 coalesce(PKTIMER Timer, ULONG64 Due)
{
    ULONG shift = Timer->Header.EncodedTolerableDelay;
    if (shift == 0)
        return Due;
    ULONG64 grid = 1ULL << shift;
    return (Due + grid - 1) & ~(grid - 1);
}

/* The timer is out of the wheel and due. A periodic one goes in again before anybody can see it signaled. */
static void expire(PKTIMER Timer, ULONG64 Now)
{
    if (Timer->Period != 0) {
        ULONG64 period = (ULONG64)Timer->Period * 10000;
        ULONG64 next = Timer->DueTime.QuadPart + period;
        if (next <= Now)
            next = Now + period;
        Timer->DueTime.QuadPart = next;
        Timer->Header.Absolute = 0;
        place(Timer);
    }
    signal(Timer);
}

/* Expire what is due in a slot of level 0; what is not stays. */
static void expire_slot(ULONG Slot, ULONG64 Now)
{
    LIST_ENTRY batch, *list = &wheel.Slot[0][Slot].List;
    ULONG64 earliest = UINT64_MAX;
    InitializeListHead(&batch);
    for (LIST_ENTRY *entry = list->Flink, *next; entry != list; entry = next) {
        PKTIMER timer = CONTAINING_RECORD(entry, KTIMER, TimerListEntry);
        next = entry->Flink;
        if (timer->DueTime.QuadPart <= Now) {
            RemoveEntryList(entry);
            timer->Header.Inserted = 0;
            InsertTailList(&batch, entry);
        } else if (timer->DueTime.QuadPart < earliest) {
            earliest = timer->DueTime.QuadPart;
        }
    }
    if (IsListEmpty(list))
        wheel.Used[0][Slot / 64] &= ~(1ULL << (Slot % 64));
    wheel.Slot[0][Slot].Earliest = earliest;
    while (!IsListEmpty(&batch))
        expire(CONTAINING_RECORD(RemoveHeadList(&batch), KTIMER, TimerListEntry), Now);
}

static void cascade(ULONG Level, ULONG Slot)
{
    LIST_ENTRY *list = &wheel.Slot[Level][Slot].List;
    wheel.Used[Level][Slot / 64] &= ~(1ULL << (Slot % 64));
    LIST_ENTRY moving;
    InitializeListHead(&moving);
    while (!IsListEmpty(list))
        InsertTailList(&moving, RemoveHeadList(list));
    while (!IsListEmpty(&moving))
        place(CONTAINING_RECORD(RemoveHeadList(&moving), KTIMER, TimerListEntry));
}

void KepExpireTimers(ULONG64 Now)
{
    ULONG64 target = Now >> SLOT_SHIFT;
    if (target < wheel.Current)
        return;
    for (;;) {
        /* Level 0, up to the end of its present round or to the target. */
        BOOLEAN last_round = target >> 8 == wheel.Current >> 8;
        ULONG end = last_round ? target & (SLOTS - 1) : SLOTS - 1;
        int slot = next_used(0, wheel.Current & (SLOTS - 1), end);
        while (slot >= 0) {
            wheel.Current = (wheel.Current & ~(ULONG64)(SLOTS - 1)) | (ULONG)slot;
            expire_slot((ULONG)slot, Now);
            slot = slot == (int)end ? -1 : next_used(0, (ULONG)slot + 1, end);
        }
        if (last_round) {
            wheel.Current = target;
            return;
        }
        /* Then the next used slot of a higher level, if it has come. */
        ULONG level = 1;
        for (; level < LEVELS; level++) {
            ULONG from = ((wheel.Current >> (8 * level)) & (SLOTS - 1)) + 1;
            slot = next_used(level, from, SLOTS - 1);
            if (slot >= 0)
                break;
        }
        if (level == LEVELS) {
            wheel.Current = target;
            return;
        }
        ULONG64 start = (wheel.Current >> (8 * (level + 1)) << (8 * (level + 1))) | (ULONG64)slot << (8 * level);
        if (start > target) {
            wheel.Current = target;
            return;
        }
        wheel.Current = start;
        cascade(level, (ULONG)slot);
    }
}

/* The system time moved by Delta: absolute timers keep their system time. Rare: walks everything. */
void KepShiftAbsoluteTimers(LONG64 Delta)
{
    LIST_ENTRY moving;
    InitializeListHead(&moving);
    for (ULONG level = 0; level < LEVELS; level++) {
        for (ULONG slot = 0; slot < SLOTS; slot++) {
            LIST_ENTRY *list = &wheel.Slot[level][slot].List;
            for (LIST_ENTRY *entry = list->Flink, *next; entry != list; entry = next) {
                PKTIMER timer = CONTAINING_RECORD(entry, KTIMER, TimerListEntry);
                next = entry->Flink;
                if (timer->Header.Absolute) {
                    unplace(timer);
                    InsertTailList(&moving, &timer->TimerListEntry);
                }
            }
        }
    }
    while (!IsListEmpty(&moving)) {
        PKTIMER timer = CONTAINING_RECORD(RemoveHeadList(&moving), KTIMER, TimerListEntry);
        LONG64 due = (LONG64)timer->DueTime.QuadPart - Delta;
        timer->DueTime.QuadPart = due > 0 ? (ULONG64)due : 0;
        place(timer);
        KepArmClock(timer->DueTime.QuadPart);
    }
}

/* ---------------------------------------------------------------- exported */

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    Timer->Header.Lock = 0;
    Timer->Header.TimerType = TimerNotificationObject + (UCHAR)Type;
    Timer->Header.SignalState = 0;
    InitializeListHead(&Timer->Header.WaitListHead);
    Timer->DueTime.QuadPart = 0;
    Timer->Dpc = NULL;
    Timer->Processor = 0;
    Timer->TimerType = 0;
    Timer->Period = 0;
}

VOID NTAPI KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

static BOOLEAN set(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG DelayShift, PKDPC Dpc)
{
    KIRQL irql = KiLockDispatcher();
    BOOLEAN inserted = Timer->Header.Inserted;
    if (inserted)
        unplace(Timer);
    Timer->Header.SignalState = 0;
    Timer->Header.EncodedTolerableDelay = DelayShift;
    Timer->Dpc = Dpc;
    Timer->Period = Period;
    ULONG64 now = host_interrupt_time();
    BOOLEAN absolute = DueTime.QuadPart >= 0;
    LONG64 due = absolute ? DueTime.QuadPart - (KiQuerySystemTime() - (LONG64)now) : (LONG64)(now - DueTime.QuadPart);
    if (due <= (LONG64)now) {
        Timer->DueTime.QuadPart = now;
        expire(Timer, now);
        if (Period != 0)
            KepArmClock(Timer->DueTime.QuadPart);
    } else {
        Timer->DueTime.QuadPart = coalesce(Timer, (ULONG64)due);
        Timer->Header.Absolute = absolute;
        place(Timer);
        KepArmClock(Timer->DueTime.QuadPart);
    }
    KiUnlockDispatcher(irql);
    return inserted;
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return set(Timer, DueTime, 0, 0, Dpc);
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return set(Timer, DueTime, (ULONG)Period, 0, Dpc);
}

BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG TolerableDelay, PKDPC Dpc)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    ULONG64 delay = (ULONG64)TolerableDelay * 10000;
    return set(Timer, DueTime, Period, delay == 0 ? 0 : 63 - (ULONG)__builtin_clzll(delay), Dpc);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    KIRQL irql = KiLockDispatcher();
    BOOLEAN inserted = Timer->Header.Inserted;
    if (inserted)
        unplace(Timer);
    Timer->Period = 0;
    /* "If a DPC object is associated with the timer, it too is canceled": the queued one of a timer still set. */
    if (inserted && Timer->Dpc)
        KeRemoveQueueDpc(Timer->Dpc);
    KiUnlockDispatcher(irql);
    return inserted;
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer)
{
    return Timer->Header.SignalState != 0;
}

static BOOLEAN describe(PKTIMER Timer, BOOLEAN (*fn)(const KI_TIMER_INFO *Info, PVOID Context), PVOID Context)
{
    KI_TIMER_INFO info = {.Timer = Timer,
                          .Due = Timer->DueTime.QuadPart,
                          .Period = (ULONG)Timer->Period,
                          .Absolute = Timer->Header.Absolute != 0,
                          .Dpc = Timer->Dpc,
                          .Routine = Timer->Dpc ? (PVOID)(ULONG_PTR)Timer->Dpc->DeferredRoutine : NULL};
    if (!IsListEmpty(&Timer->Header.WaitListHead)) {
        PKTHREAD thread = CONTAINING_RECORD(Timer->Header.WaitListHead.Flink, KWAIT_BLOCK, WaitListEntry)->Thread;
        info.Thread = Timer == &thread->Timer ? thread->Id : 0;
    }
    return fn(&info, Context);
}

void KiEnumerateTimers(BOOLEAN (*fn)(const KI_TIMER_INFO *Info, PVOID Context), PVOID Context)
{
    BOOLEAN more = TRUE;
    KIRQL irql = KiLockDispatcher();
    for (ULONG level = 0; level < LEVELS; level++)
        for (int slot = next_used(level, 0, SLOTS - 1); slot >= 0 && more; slot = next_used(level, (ULONG)slot + 1, SLOTS - 1)) {
            PLIST_ENTRY head = &wheel.Slot[level][slot].List;
            for (PLIST_ENTRY e = head->Flink; e != head && more; e = e->Flink)
                more = describe(CONTAINING_RECORD(e, KTIMER, TimerListEntry), fn, Context);
        }
    KiUnlockDispatcher(irql);
}

/* The first armed timer that has something in [Begin, End): itself (kind 0), its DPC (1) or the DPC's routine (2). */
static PKTIMER find_timer(ULONG_PTR Begin, ULONG_PTR End, ULONG *Kind)
{
    for (ULONG level = 0; level < LEVELS; level++)
        for (int slot = next_used(level, 0, SLOTS - 1); slot >= 0; slot = next_used(level, (ULONG)slot + 1, SLOTS - 1)) {
            PLIST_ENTRY head = &wheel.Slot[level][slot].List;
            for (PLIST_ENTRY e = head->Flink; e != head; e = e->Flink) {
                PKTIMER timer = CONTAINING_RECORD(e, KTIMER, TimerListEntry);
                ULONG_PTR at[3] = {(ULONG_PTR)timer, (ULONG_PTR)timer->Dpc,
                                   timer->Dpc ? (ULONG_PTR)timer->Dpc->DeferredRoutine : 0};
                for (*Kind = 0; *Kind < 3; ++*Kind)
                    if (at[*Kind] >= Begin && at[*Kind] < End)
                        return timer;
            }
        }
    return NULL;
}

void KiCheckForTimers(PVOID Begin, SIZE_T Bytes, PVOID DriverAddress)
{
    ULONG kind;
    ULONG_PTR end = (ULONG_PTR)Begin + Bytes;
    KIRQL irql = KiLockDispatcher();
    PKTIMER timer = find_timer((ULONG_PTR)Begin, end, &kind);
    ULONG_PTR object = !timer ? 0 : kind == 0 ? (ULONG_PTR)timer : (ULONG_PTR)timer->Dpc;
    PVOID routine = timer && timer->Dpc ? (PVOID)(ULONG_PTR)timer->Dpc->DeferredRoutine : DriverAddress;
    KiUnlockDispatcher(irql);
    if (timer)
        KiBugCheckText(TIMER_OR_DPC_INVALID, kind, object, (ULONG_PTR)Begin, end, (ULONGLONG)(ULONG_PTR)routine + 1,
                       "Memory goes away while a timer that is set lies in it or calls into it: cancel the timer "
                       "(KeCancelTimer, then KeFlushQueuedDpcs) before you delete the device or unload the driver.");
}
