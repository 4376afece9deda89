/* SPDX-License-Identifier: MIT */
/*
 * locks.h: who holds which lock since where, and who waits for which: what deadlock reports are made of.
 *
 * Two parts. What a thread or processor waits for is always noted, in the slow path of the lock that makes it
 * wait. Who holds a lock, and where it was acquired, is noted on checked machines only (KiTrackLocks): the
 * fast path of a release machine has one load and one branch that is never taken.
 *
 * Held locks are in tables: a thread's for locks that are waited for, a processor's for spin locks. A table
 * belongs to its thread or processor, which alone adds; whoever releases takes the entry out with an atomic
 * exchange. So a table is read by others without a lock: an entry is right or just gone.
 */
#ifndef KILN_LOCKS_H
#define KILN_LOCKS_H

#include "ki.h"

typedef enum _KI_LOCK_KIND {
    KiLockNone,
    KiLockSpin,
    KiLockQueuedSpin,
    KiLockReaderWriterSpin,
    KiLockInterrupt,
    KiLockFastMutex,
    KiLockGuardedMutex,
    KiLockPushLock,
    KiLockResource,
    KiLockMutant,
    KiLockRundown, /* held by the threads that acquired protection; others may release it for them */
} KI_LOCK_KIND;

extern BOOLEAN KiTrackLocks; /* [c] after boot */

const char *KiLockKindName(ULONG Kind);

/* The slow halves; called when KiTrackLocks. */
void KiNoteHeld(KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared, PVOID Site);
void KiNoteReleasedBy(PKTHREAD Thread, PVOID Lock);
void KiNoteSpinHeld(KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared, PVOID Site);
void KiNoteSpinReleased(PVOID Lock);

/* The calling thread got a lock that is waited for, or gave it back. `Site`: return address in the caller. */
static inline void KiLockAcquired(KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared, PVOID Site)
{
    if (__builtin_expect(KiTrackLocks, 0))
        KiNoteHeld(Kind, Lock, Shared, Site);
}

static inline void KiLockReleased(PVOID Lock)
{
    if (__builtin_expect(KiTrackLocks, 0))
        KiNoteReleasedBy(KiThread(), Lock);
}

/* The calling processor got a spin lock, or gives it back (before it does). IRQL >= DISPATCH_LEVEL. */
static inline void KiSpinAcquired(KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared, PVOID Site)
{
    if (__builtin_expect(KiTrackLocks, 0))
        KiNoteSpinHeld(Kind, Lock, Shared, Site);
}

static inline void KiSpinReleased(PVOID Lock)
{
    if (__builtin_expect(KiTrackLocks, 0))
        KiNoteSpinReleased(Lock);
}

/*
 * Around a wait without time-out for a lock, in its slow path: the calling thread waits for `Lock` as `Site`
 * asked. On a checked machine bugcheck DRIVER_VERIFIER_DETECTED_VIOLATION if it can never get it: here with
 * 0x1000 when it holds the lock itself; when it blocks, with 0x1001 if those who hold the lock wait for this
 * thread, through however many others. No lock held.
 */
void KiBeginLockWait(KI_LOCK_KIND Kind, PVOID Lock, BOOLEAN Shared, PVOID Site);
void KiEndLockWait(void);

/*
 * In a spin loop, once a round: `Rounds` counts from 0. On a checked machine bugcheck if the lock will never
 * be free: held by this processor, by one that spins for a lock of this processor (0xC4), by one that runs
 * below DISPATCH_LEVEL (0xC4), or for longer than any holder may (DPC_WATCHDOG_VIOLATION). KiEndSpin when the
 * lock was got.
 */
void KiSpinRound(KI_LOCK_KIND Kind, PVOID Lock, PVOID Site, ULONG64 Rounds);
void KiEndSpin(void);

/* A thread ends: bugcheck 0xC4/0x100A if it holds a lock that only it may release; its table goes. */
void KiCheckLocksAtThreadEnd(PKTHREAD Thread, PVOID Caller);

/* A mutant's owner changes. D held; `Thread` need not be the caller. */
void KiNoteMutant(PVOID Mutant, PKTHREAD NewOwner, PKTHREAD OldOwner);

/* Somebody signaled an event, semaphore or the like; remembered for a while, for reports. Checked machines.
 */
void KiNoteSignaled(PVOID Object, PVOID Site);

/*
 * Print the deadlocks among all threads: each cycle once, and each thread that waits for a lock of a thread
 * in one. Returns the number of cycles. Takes D unless the machine has stopped. `Certain`: leave out those
 * that another thread could still resolve (run-down protection, waits that an alert or a user APC ends).
 */
ULONG KiReportDeadlocks(BOOLEAN Certain);

/* The lock a thread waits for and who has it, in the words of a report ("" if none). D held or the machine
 * stopped. */
void KiDescribeLockWait(PKTHREAD Thread, char *Text, SIZE_T Bytes);
/* The same for a thread's `Index`th held lock; FALSE: there is none. */
BOOLEAN KiDescribeHeldLock(PKTHREAD Thread, ULONG Index, char *Text, SIZE_T Bytes);
/* Who signaled the object last, if that is known ("" if not). */
void KiDescribeLastSignal(PVOID Object, char *Text, SIZE_T Bytes);

/* The `Index`th step of the deadlock that the bugcheck in progress is about, 1 KB of text at most; FALSE:
 * there is none. */
BOOLEAN KiDescribeDeadlockFound(ULONG Index, char *Text, SIZE_T Bytes);

#endif
