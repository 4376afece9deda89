/* SPDX-License-Identifier: MIT */
/*
 * heldlocks.c: the tables of held locks, and the last signals of objects. See locks.h.
 *
 * A thread's table comes with the thread (KepCreateHeldTable) and goes when its stack does. When it is full,
 * further locks are not noted and only counted: then a report knows less, and nothing is wrong.
 */
#include "deadlock.h"
#include "mi.h"

#define TABLE_TAG 'kcoL'
#define SIGNALS   1024 /* a power of two */

BOOLEAN KiTrackLocks;

static KEP_HELD_TABLE boot_table;
static KEP_SPIN_TABLE spin_tables[HOST_MAX_VPS];

/* Direct-mapped by address: a collision forgets the older signal. Torn entries are possible and harmless:
 * reports only. */
static struct {
    PVOID Object, Site;
    ULONG Thread;
} signals[SIGNALS];

const char *KiLockKindName(ULONG Kind)
{
    static const char *const names[] = {"no lock",
                                        "spin lock",
                                        "queued spin lock",
                                        "reader-writer spin lock",
                                        "interrupt spin lock",
                                        "fast mutex",
                                        "guarded mutex",
                                        "push lock",
                                        "resource",
                                        "mutex",
                                        "run-down protection"};
    return Kind < RTL_NUMBER_OF(names) ? names[Kind] : "lock";
}

/* ---------------------------------------------------------------- tables */

void KepInitHeldLocks(PKTHREAD BootThread)
{
    KiTrackLocks = host_config()->checked;
    BootThread->HeldLocks = &boot_table;
}

BOOLEAN KepCreateHeldTable(PKTHREAD Thread)
{
    if (!KiTrackLocks)
        return TRUE;
    Thread->HeldLocks = MiAllocatePool(NonPagedPoolNx, sizeof(KEP_HELD_TABLE), TABLE_TAG, TRUE, NULL);
    if (Thread->HeldLocks)
        RtlZeroMemory(Thread->HeldLocks, sizeof(KEP_HELD_TABLE));
    return Thread->HeldLocks != NULL;
}

void KepDeleteHeldTable(PKTHREAD Thread)
{
    KIRQL irql = KiLockDispatcher(); /* those who look at others' tables hold D */
    PKEP_HELD_TABLE table = Thread->HeldLocks;
    Thread->HeldLocks = NULL;
    KiUnlockDispatcher(irql);
    if (table && table != &boot_table)
        ExFreePoolWithTag(table, TABLE_TAG);
}

PKEP_SPIN_TABLE KepSpinTable(ULONG Index)
{
    return &spin_tables[Index];
}

static void add(KEP_HELD *Entries, ULONG Count, ULONG *Lost, KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared,
                PVOID Site)
{
    for (ULONG i = 0; i < Count; i++) {
        if (KI_PEEK(Entries[i].Lock) != NULL)
            continue;
        Entries[i].Site = Site;
        Entries[i].Kind = (UCHAR)Kind;
        Entries[i].Shared = Shared;
        __atomic_store_n(&Entries[i].Lock, Lock, __ATOMIC_RELEASE);
        return;
    }
    ++*Lost;
}

/* Take out the newest entry of the lock. */
static BOOLEAN take_out(KEP_HELD *Entries, ULONG Count, PVOID Lock)
{
    for (ULONG i = Count; i-- > 0;) {
        PVOID expected = Lock;
        if (KI_PEEK(Entries[i].Lock) == Lock &&
            __atomic_compare_exchange_n(&Entries[i].Lock, &expected, NULL, FALSE, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return TRUE;
    }
    return FALSE;
}

KEP_HELD *KepFindHeld(KEP_HELD *Entries, ULONG Count, PVOID Lock)
{
    for (ULONG i = 0; i < Count; i++)
        if (__atomic_load_n(&Entries[i].Lock, __ATOMIC_ACQUIRE) == Lock)
            return &Entries[i];
    return NULL;
}

/* ---------------------------------------------------------------- threads */

void KiNoteHeld(KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared, PVOID Site)
{
    PKEP_HELD_TABLE table = KiThread()->HeldLocks;
    /* In a DPC the current thread is whoever was interrupted. */
    if (table && KiIrql() < DISPATCH_LEVEL)
        add(table->Entry, KEP_HELD_MAX, &table->Lost, Kind, Lock, Shared, Site);
}

void KiNoteReleasedBy(PKTHREAD Thread, PVOID Lock)
{
    BOOLEAN mine = Thread == KiThread(); /* otherwise it may be gone, or no thread at all */
    PKEP_HELD_TABLE table = mine ? Thread->HeldLocks : NULL;
    if (table && take_out(table->Entry, KEP_HELD_MAX, Lock))
        return;
    if (table && table->Lost != 0) { /* one of those that found no room, then */
        table->Lost--;
        return;
    }
    /* Acquired by another thread, or before anybody took notes. */
    KIRQL irql = KiLockDispatcher();
    for (PKTHREAD thread = KepNextThread(NULL); thread; thread = KepNextThread(thread))
        if ((mine || thread == Thread) && thread->HeldLocks &&
            take_out(((PKEP_HELD_TABLE)thread->HeldLocks)->Entry, KEP_HELD_MAX, Lock))
            break;
    KiUnlockDispatcher(irql);
}

void KiNoteMutant(PVOID Mutant, PKTHREAD NewOwner, PKTHREAD OldOwner)
{
    PKEP_HELD_TABLE table = OldOwner ? OldOwner->HeldLocks : NULL;
    if (table)
        take_out(table->Entry, KEP_HELD_MAX, Mutant);
    table = NewOwner ? NewOwner->HeldLocks : NULL;
    if (table)
        add(table->Entry, KEP_HELD_MAX, &table->Lost, KiLockMutant, Mutant, FALSE, NewOwner->LockSite);
}

void KiCheckLocksAtThreadEnd(PKTHREAD Thread, PVOID Caller)
{
    PKEP_HELD_TABLE table = Thread->HeldLocks;
    for (ULONG i = 0; table && i < KEP_HELD_MAX; i++) {
        KEP_HELD *held = &table->Entry[i];
        PVOID lock = held->Lock;
        if (!lock || held->Kind == KiLockRundown || held->Kind == KiLockMutant)
            continue;
        KepSetFoundHeld(Thread, held);
        KiBugCheckText(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x100A, (ULONG_PTR)Thread, (ULONG_PTR)lock, 0,
                       (ULONGLONG)(ULONG_PTR)held->Site,
                       "A thread ended while it holds a lock, which nobody else can release: whoever wants "
                       "it next waits for ever. The source line named here is where the thread acquired it.");
    }
}

/* ---------------------------------------------------------------- processors */

void KiNoteSpinHeld(KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared, PVOID Site)
{
    PKEP_SPIN_TABLE table = &spin_tables[KiProcessorNumber()];
    add(table->Entry, KEP_SPIN_MAX, &table->Lost, Kind, Lock, Shared, Site);
}

void KiNoteSpinReleased(PVOID Lock)
{
    ULONG here = KiProcessorNumber();
    if (take_out(spin_tables[here].Entry, KEP_SPIN_MAX, Lock))
        return;
    for (ULONG i = 0; i < KiProcessorCount; i++) /* shared locks may be released elsewhere */
        if (i != here && take_out(spin_tables[i].Entry, KEP_SPIN_MAX, Lock))
            return;
}

/* ---------------------------------------------------------------- signals */

static ULONG signal_slot(PVOID Object)
{
    return (ULONG)(((ULONG_PTR)Object * 0x9E3779B97F4A7C15ULL) >> 54);
}

void KiNoteSignaled(PVOID Object, PVOID Site)
{
    ULONG slot = signal_slot(Object);
    KI_PEEK(signals[slot].Object) = Object;
    KI_PEEK(signals[slot].Site) = Site;
    KI_PEEK(signals[slot].Thread) = KiThread()->Id;
}

BOOLEAN KepFindSignal(PVOID Object, PVOID *Site, ULONG *Thread)
{
    ULONG slot = signal_slot(Object);
    *Site = KI_PEEK(signals[slot].Site);
    *Thread = KI_PEEK(signals[slot].Thread);
    return KI_PEEK(signals[slot].Object) == Object;
}
