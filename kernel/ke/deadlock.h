/* SPDX-License-Identifier: MIT */
/* Private to the files that find and report deadlocks: heldlocks.c, deadlock.c, spincheck.c. */
#ifndef KILN_DEADLOCK_H
#define KILN_DEADLOCK_H

#include "kep.h"
#include "locks.h"

#define KEP_HELD_MAX 24 /* locks of a thread that are noted */
#define KEP_SPIN_MAX 16 /* spin locks of a processor */

typedef struct _KEP_HELD {
    PVOID volatile Lock; /* NULL: free entry */
    PVOID volatile Site; /* return address of the acquisition */
    volatile UCHAR Kind;
    volatile BOOLEAN Shared;
} KEP_HELD;

typedef struct _KEP_HELD_TABLE {
    KEP_HELD Entry[KEP_HELD_MAX];
    ULONG Lost; /* acquisitions that found no room */
} KEP_HELD_TABLE, *PKEP_HELD_TABLE;

typedef struct _KEP_SPIN_TABLE {
    KEP_HELD Entry[KEP_SPIN_MAX];
    ULONG Lost;
    PVOID volatile Wanted; /* lock the processor spins for; ... */
    PVOID volatile WantedSite;      /* ... asked for here */
    volatile UCHAR WantedKind;
} KEP_SPIN_TABLE, *PKEP_SPIN_TABLE;

/* The entry of a lock in a table, NULL if it is not there. */
KEP_HELD *KepFindHeld(KEP_HELD *Entries, ULONG Count, PVOID Lock);
PKEP_SPIN_TABLE KepSpinTable(ULONG Index);
BOOLEAN KepFindSignal(PVOID Object, PVOID *Site, ULONG *Thread);

/* The started thread after `Thread`, the first for NULL; NULL at the end. D held or the machine stopped. In
 * thread.c. */
PKTHREAD KepNextThread(PKTHREAD Thread);

/*
 * A step of a deadlock: somebody waits for a lock that somebody else, the one of the next step, holds. Names
 * are ids of threads, or numbers of processors.
 */
typedef struct _KEP_STEP {
    ULONG Waiter, Owner;
    BOOLEAN Processors;
    PVOID WaiterStart; /* start routine of a thread, or NULL */
    PVOID Lock;
    UCHAR Kind; /* KI_LOCK_KIND; KiLockNone: `Lock` is the owner's own thread object */
    BOOLEAN Shared;
    PVOID WaitSite, HoldSite; /* NULL: not known */
} KEP_STEP;

#define KEP_STEPS_MAX 16

/* What the bugcheck that follows is about: a cycle, or a single held lock. For KiDescribeDeadlockFound. */
void KepSetFound(const KEP_STEP *Steps, ULONG Count);
void KepSetFoundHeld(PKTHREAD Thread, const KEP_HELD *Held);

#endif
