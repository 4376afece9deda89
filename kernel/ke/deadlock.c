/* SPDX-License-Identifier: MIT */
/*
 * deadlock.c: threads that wait for each other.
 *
 * A thread waits for another one when the other holds the lock it waits for, owns a mutant it waits for, or
 * is itself what it waits for (a join). With several owners it waits for all of them; a WaitAny of several
 * objects is not followed, because any of them may end it. Threads that wait for each other in a circle never
 * go on.
 *
 * When a thread of a checked machine blocks in such a wait, the circle is looked for at once, from the thread
 * outward, with D held. That is exact: the thread really holds what it holds; so whoever is blocked on that
 * cannot give up what he holds, and so on back to the thread. Only threads that are blocked (KiWaiting) are
 * followed: one that was just granted its lock and has not run yet still says that it waits for it. And since
 * each looks when it blocks, the last one of a circle sees all of it. What could be resolved from outside is
 * not followed either: time-outs, alertable and user-mode waits, and run-down protection, which a thread may
 * give back for another one.
 *
 * When the machine is stuck or a run is given up, the same circles are looked for among all threads,
 * uncertain ones too.
 *
 * Lock: D while threads are walked. Locks themselves are not touched, except that without notes (a machine
 * that is not checked) the owner is read from fast mutexes and resources.
 */
#include "deadlock.h"
#include "crt.h"
#include "trap.h"
#include <nt/ex.h>

typedef struct _SEARCH {
    BOOLEAN Certain;
    PKTHREAD Target;
    ULONG Count;
    KEP_STEP Step[KEP_STEPS_MAX];
} SEARCH;

static SEARCH found; /* the deadlock of a bugcheck; written once, before the machine stops */
static KEP_STEP found_held;

/* ---------------------------------------------------------------- who waits for whom */

static KEP_HELD *held_by(PKTHREAD Thread, PVOID Lock)
{
    PKEP_HELD_TABLE table = Thread->HeldLocks;
    return table ? KepFindHeld(table->Entry, KEP_HELD_MAX, Lock) : NULL;
}

/* Without notes: does the lock itself say that the thread owns it? */
static BOOLEAN lock_says(PKTHREAD Waiter, PKTHREAD Thread)
{
    PERESOURCE resource = Waiter->WaitLock;
    switch (Waiter->WaitLockKind) {
    case KiLockFastMutex:
    case KiLockGuardedMutex:
        return KI_PEEK(((PFAST_MUTEX)(PVOID)resource)->Owner) == Thread;
    case KiLockResource:
        if (KI_PEEK(resource->OwnerEntry.OwnerThread) == (ERESOURCE_THREAD)Thread)
            return TRUE;
        for (ULONG i = 1; resource->OwnerTable && i < resource->OwnerTable[0].TableSize; i++)
            if (resource->OwnerTable[i].OwnerThread == (ERESOURCE_THREAD)Thread)
                return TRUE;
        return FALSE;
    default:
        return FALSE;
    }
}

/* Does `Waiter`, which waits for a lock, wait for `Thread` to release it? *Site: where that one acquired it.
 */
static BOOLEAN holds_wanted(PKTHREAD Waiter, PKTHREAD Thread, PVOID *Site)
{
    KEP_HELD *held = held_by(Thread, Waiter->WaitLock);
    *Site = held ? held->Site : NULL;
    return held || (!KiTrackLocks && lock_says(Waiter, Thread));
}

/* Can something other than the objects end the wait? */
static BOOLEAN has_way_out(PKTHREAD Thread, BOOLEAN Certain)
{
    if (Thread->WaitBlock[KI_TIMER_WAIT_BLOCK].BlockState)
        return TRUE;
    return Certain && (Thread->Alertable || Thread->WaitMode == UserMode);
}

static BOOLEAN follow(SEARCH *Search, PKTHREAD Thread);

/* `Thread` waits for `Owner`: is that the end of the circle, or on the way to it? */
static BOOLEAN step(SEARCH *Search, PKTHREAD Thread, PKTHREAD Owner, KI_LOCK_KIND Kind, PVOID Lock,
                    PVOID HoldSite)
{
    if (Search->Count == KEP_STEPS_MAX)
        return FALSE;
    for (ULONG i = 0; i < Search->Count; i++) /* a circle without the target is somebody else's */
        if (Search->Step[i].Waiter == Owner->Id && Owner != Search->Target)
            return FALSE;
    Search->Step[Search->Count++] = (KEP_STEP){.Waiter = Thread->Id,
                                               .Owner = Owner->Id,
                                               .WaiterStart = Thread->StartAddress,
                                               .Lock = Lock,
                                               .Kind = (UCHAR)Kind,
                                               .Shared = Thread->WaitLock != NULL && Thread->WaitLockShared,
                                               .WaitSite = Thread->LockSite,
                                               .HoldSite = HoldSite};
    if (Owner == Search->Target || follow(Search, Owner))
        return TRUE;
    Search->Count--;
    return FALSE;
}

static BOOLEAN follow_lock(SEARCH *Search, PKTHREAD Thread)
{
    PVOID site;
    if (Search->Certain && Thread->WaitLockKind == KiLockRundown)
        return FALSE;
    for (PKTHREAD owner = KepNextThread(NULL); owner; owner = KepNextThread(owner))
        if (holds_wanted(Thread, owner, &site) &&
            step(Search, Thread, owner, (KI_LOCK_KIND)Thread->WaitLockKind, Thread->WaitLock, site))
            return TRUE;
    return FALSE;
}

static BOOLEAN follow_object(SEARCH *Search, PKTHREAD Thread, PDISPATCHER_HEADER Object)
{
    if (Object->Type == MutantObject) {
        PKTHREAD owner = ((PKMUTANT)Object)->OwnerThread;
        KEP_HELD *held = owner ? held_by(owner, Object) : NULL;
        return owner && owner != Thread &&
               step(Search, Thread, owner, KiLockMutant, Object, held ? held->Site : NULL);
    }
    if (Object->Type == ThreadObject && Object->SignalState == 0)
        return step(Search, Thread, (PKTHREAD)Object, KiLockNone, Object, NULL);
    return FALSE;
}

/* D held. Does the thread wait, over however many others, for the target? */
static BOOLEAN follow(SEARCH *Search, PKTHREAD Thread)
{
    if (Thread->State != KiWaiting && Thread != KiThread())
        return FALSE;
    if (Thread->WaitLock)
        return follow_lock(Search, Thread);
    if (Thread->State != KiWaiting || Thread->Suspended || has_way_out(Thread, Search->Certain))
        return FALSE;
    BOOLEAN all = Thread->WaitBlockCount == 1 ||
                  (Thread->WaitBlockCount && Thread->WaitBlockList[0].WaitType == WaitAll);
    for (ULONG i = 0; all && i < Thread->WaitBlockCount; i++)
        if (follow_object(Search, Thread, Thread->WaitBlockList[i].Object))
            return TRUE;
    return FALSE;
}

/* ---------------------------------------------------------------- at the begin of a wait */

static DECLSPEC_NORETURN void self_deadlock(KI_LOCK_KIND Kind, PVOID Lock, PVOID Site, const KEP_HELD *Held)
{
    PKTHREAD thread = KiThread();
    KEP_STEP step = {.Waiter = thread->Id,
                     .Owner = thread->Id,
                     .WaiterStart = thread->StartAddress,
                     .Lock = Lock,
                     .Kind = (UCHAR)Kind,
                     .Shared = thread->WaitLockShared,
                     .WaitSite = Site,
                     .HoldSite = Held->Site};
    KepSetFound(&step, 1);
    KiBugCheckText(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1000, (ULONG_PTR)Lock, (ULONG_PTR)thread, 0,
                   (ULONGLONG)(ULONG_PTR)Site,
                   "A thread waits for a lock that it holds itself: it would wait for ever. Push locks are "
                   "not recursive, and a "
                   "resource owned shared cannot be acquired exclusively on top; release it first.");
}

static DECLSPEC_NORETURN void deadlock(PVOID Lock, PVOID Site, const SEARCH *Search)
{
    KepSetFound(Search->Step, Search->Count);
    KiBugCheckText(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001, (ULONG_PTR)Lock, (ULONG_PTR)KiThread(), 0,
                   (ULONGLONG)(ULONG_PTR)Site,
                   "Threads wait for each other in a circle, and none of them can ever go on. Acquire the "
                   "locks in the same "
                   "order everywhere, or release one before waiting for the other.");
}

void KiBeginLockWait(KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared, PVOID Site)
{
    PKTHREAD thread = KiThread();
    thread->LockSite = Site;
    thread->WaitLockKind = (UCHAR)Kind;
    thread->WaitLockShared = Shared;
    thread->WaitLock = Lock;
    if (__builtin_expect(!KiTrackLocks, 1) || Kind == KiLockRundown)
        return;
    KEP_HELD *held = held_by(thread, Lock);
    if (held)
        self_deadlock(Kind, Lock, Site, held);
}

void KiEndLockWait(void)
{
    KiThread()->WaitLock = NULL;
}

/* D held on entry; not on return when there is a deadlock, and then it does not return. */
void KepCheckBlock(PKTHREAD Thread)
{
    SEARCH search = {.Certain = TRUE, .Target = Thread};
    BOOLEAN all = Thread->WaitBlockCount == 1 || Thread->WaitBlockList[0].WaitType == WaitAll;
    BOOLEAN never = Thread->WaitLock && follow_lock(&search, Thread);
    for (ULONG i = 0; all && !Thread->WaitLock && !never && i < Thread->WaitBlockCount; i++)
        never = follow_object(&search, Thread, Thread->WaitBlockList[i].Object);
    if (!never)
        return;
    KiUnlockDispatcherFromDpcLevel();
    deadlock(search.Step[0].Lock, Thread->LockSite, &search);
}

/* ---------------------------------------------------------------- reports */

void KepSetFound(const KEP_STEP *Steps, ULONG Count)
{
    static volatile ULONG taken; /* two processors may find the same circle at once: the first reports it */

    if (__atomic_exchange_n(&taken, 1, __ATOMIC_ACQ_REL))
        return;
    found.Count = Count;
    for (ULONG i = 0; i < Count; i++)
        found.Step[i] = Steps[i];
}

void KepSetFoundHeld(PKTHREAD Thread, const KEP_HELD *Held)
{
    found_held = (KEP_STEP){.Owner = Thread->Id,
                            .Lock = Held->Lock,
                            .Kind = Held->Kind,
                            .Shared = Held->Shared,
                            .HoldSite = Held->Site};
}

static void say(const char *Text)
{
    host_console_write(HOST_STREAM_REPORT, Text, nt_strlen(Text));
}

static void put_site(char *Text, SIZE_T Bytes, PVOID Site)
{
    nt__snprintf(Text, Bytes, "an unknown place");
    if (Site)
        KiDescribeReturn((ULONGLONG)(ULONG_PTR)Site, Text, Bytes);
    Text[Bytes - 1] = 0;
}

/* "thread 7 (worker) waits for fast mutex X, at A", and on a second line who holds it. */
static void format_step(const KEP_STEP *Step, char *Text, SIZE_T Bytes)
{
    char where[300] = "", start[160] = "";
    const char *who = Step->Processors ? "processor" : "thread";
    if (Step->WaiterStart)
        KiDescribeAddress((ULONG_PTR)Step->WaiterStart, start, sizeof start);
    put_site(where, sizeof where, Step->WaitSite);
    SIZE_T at = (SIZE_T)nt__snprintf(Text, Bytes, "%s %u%s%s%s waits for ", who, Step->Waiter,
                                     start[0] ? " (" : "", start, start[0] ? ")" : "");
    if (Step->Kind == KiLockNone) {
        nt__snprintf(Text + at, Bytes - at, "the end of thread %u, at %s", Step->Owner, where);
        return;
    }
    at += (SIZE_T)nt__snprintf(Text + at, Bytes - at, "%s %p%s, at %s\n", KiLockKindName(Step->Kind),
                               Step->Lock, Step->Shared ? " (shared)" : "", where);
    at += (SIZE_T)nt__snprintf(Text + at, Bytes - at, "      held by %s %u", who, Step->Owner);
    if (!Step->HoldSite) /* noted on checked machines only */
        return;
    put_site(where, sizeof where, Step->HoldSite);
    nt__snprintf(Text + at, Bytes - at, ", which acquired it at %s", where);
}

#define STEP_BYTES 1024 /* all that format_step can write */

BOOLEAN KiDescribeDeadlockFound(ULONG Index, char *Text, SIZE_T Bytes)
{
    char where[300];
    if (Index < found.Count) {
        format_step(&found.Step[Index], Text, Bytes);
        return TRUE;
    }
    if (Index != 0 || !found_held.Lock)
        return FALSE;
    put_site(where, sizeof where, found_held.HoldSite);
    nt__snprintf(Text, Bytes, "%s %p%s, acquired by thread %u at %s", KiLockKindName(found_held.Kind),
                 found_held.Lock, found_held.Shared ? " (shared)" : "", found_held.Owner, where);
    return TRUE;
}

/* A circle is reported by its thread with the lowest id. */
static BOOLEAN is_first(const SEARCH *Search)
{
    for (ULONG i = 0; i < Search->Count; i++)
        if (Search->Step[i].Waiter < Search->Target->Id)
            return FALSE;
    return TRUE;
}

ULONG KiReportDeadlocks(BOOLEAN Certain)
{
    static SEARCH circles[8]; /* [D] too large for the stack of a report */
    ULONG count = 0;
    KIRQL irql = KiRaise(KiIrql() > DISPATCH_LEVEL ? KiIrql() : DISPATCH_LEVEL);
    BOOLEAN locked = !KiBugCheckActive && irql <= DISPATCH_LEVEL;
    if (locked)
        KiLockDispatcherAtDpcLevel();
    for (PKTHREAD t = KepNextThread(NULL); t && count < RTL_NUMBER_OF(circles); t = KepNextThread(t)) {
        circles[count] = (SEARCH){.Certain = Certain, .Target = t};
        if (follow(&circles[count], t) && is_first(&circles[count]))
            count++;
    }
    if (locked)
        KiUnlockDispatcherFromDpcLevel();
    KiLower(irql);
    for (ULONG c = 0; c < count; c++) {
        say("Deadlock: these threads wait for each other, and none of them can go on:\n");
        for (ULONG i = 0; i < circles[c].Count; i++) {
            char text[STEP_BYTES];
            format_step(&circles[c].Step[i], text, sizeof text);
            say("  ");
            say(text);
            say("\n");
        }
    }
    return count;
}

/* ---------------------------------------------------------------- for lists and other reports */

void KiDescribeLockWait(PKTHREAD Thread, char *Text, SIZE_T Bytes)
{
    PVOID lock = Thread->WaitLock, site;
    Text[0] = 0;
    if (!lock)
        return;
    nt__snprintf(Text, Bytes - 1, "%s %p (%s)", KiLockKindName(Thread->WaitLockKind), lock,
                 Thread->WaitLockShared ? "shared" : "exclusive");
    Text[Bytes - 1] = 0;
    for (PKTHREAD owner = KepNextThread(NULL); owner; owner = KepNextThread(owner))
        if (holds_wanted(Thread, owner, &site)) {
            SIZE_T length = nt_strlen(Text);
            nt__snprintf(Text + length, Bytes - 1 - length, ", held by thread %u", owner->Id);
            Text[Bytes - 1] = 0;
        }
}

BOOLEAN KiDescribeHeldLock(PKTHREAD Thread, ULONG Index, char *Text, SIZE_T Bytes)
{
    PKEP_HELD_TABLE table = Thread->HeldLocks;
    char where[300];
    for (ULONG i = 0; table && i < KEP_HELD_MAX; i++) {
        PVOID lock = table->Entry[i].Lock;
        if (!lock || Index-- != 0)
            continue;
        put_site(where, sizeof where, table->Entry[i].Site);
        nt__snprintf(Text, Bytes - 1, "%s %p%s, acquired at %s", KiLockKindName(table->Entry[i].Kind), lock,
                     table->Entry[i].Shared ? " (shared)" : "", where);
        Text[Bytes - 1] = 0;
        return TRUE;
    }
    return FALSE;
}

void KiDescribeLastSignal(PVOID Object, char *Text, SIZE_T Bytes)
{
    PVOID site;
    ULONG thread;
    char where[300];
    Text[0] = 0;
    if (!KiTrackLocks || !KepFindSignal(Object, &site, &thread))
        return;
    put_site(where, sizeof where, site);
    nt__snprintf(Text, Bytes - 1, "last signaled by thread %u at %s", thread, where);
    Text[Bytes - 1] = 0;
}
