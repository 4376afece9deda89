/* SPDX-License-Identifier: MIT */
/*
 * spincheck.c: processors that spin for ever, on checked machines.
 *
 * A processor that spins for a lock looks, from time to time, at who holds it. It will never be free when
 *      - the processor itself holds it (that is at once, and without notes for plain locks: see spinlock.c);
 *      - its holder spins for a lock of this processor, over however many others. A holder that spins cannot
 * release anything, so the circle is exact;
 *      - its holder runs below DISPATCH_LEVEL: it lowered IRQL, or was switched away, without releasing.
 * Another processor's level is only a snapshot, so this must be seen many times in a row with the same
 * acquisition;
 *      - nobody may hold a spin lock for so long.
 */
#include "deadlock.h"
#include "trap.h"

#define LOOK_EVERY 256                /* rounds */
#define SURE_AFTER 64                 /* looks in a row that show a holder below DISPATCH_LEVEL */
#define ROUNDS_MAX 5000000ULL         /* simulator: rounds cost little, and time jumps */
#define TIME_MAX   (20 * 10000000ULL) /* live: 20 s */

static struct {
    ULONG64 Since; /* [v] interrupt time at the first look of this spin */
    ULONG Below;   /* [v] looks in a row */
    PVOID Site;    /* [v] acquisition that they saw */
} watch[HOST_MAX_VPS];

/* The processor that holds the lock, other than `Not`; HOST_MAX_VPS: not known. */
static ULONG holder_of(PVOID Lock, ULONG Not, KEP_HELD **Held)
{
    for (ULONG i = 0; i < KiProcessorCount; i++)
        if (i != Not && (*Held = KepFindHeld(KepSpinTable(i)->Entry, KEP_SPIN_MAX, Lock)) != NULL)
            return i;
    return HOST_MAX_VPS;
}

static KEP_STEP make_step(ULONG Waiter, ULONG Owner, const KEP_HELD *Held)
{
    PKEP_SPIN_TABLE table = KepSpinTable(Waiter);
    return (KEP_STEP){.Waiter = Waiter,
                      .Owner = Owner,
                      .Processors = TRUE,
                      .Lock = table->Wanted,
                      .Kind = table->WantedKind,
                      .WaitSite = table->WantedSite,
                      .HoldSite = Held ? Held->Site : NULL};
}

static DECLSPEC_NORETURN void never(ULONG Code, ULONG_PTR Parameter1, PVOID Lock, const KEP_STEP *Steps,
                                    ULONG Count, const char *Text)
{
    KepSetFound(Steps, Count);
    KiBugCheckText(Code, Parameter1, (ULONG_PTR)Lock, Steps[Count - 1].Owner, 0,
                   (ULONGLONG)(ULONG_PTR)Steps[0].WaitSite, Text);
}

/* Follow the holders from this processor on; back to it: a deadlock. */
static void check_circle(ULONG Here, PVOID Lock)
{
    KEP_STEP steps[KEP_STEPS_MAX];
    ULONG count = 0, at = Here;
    PVOID wanted = Lock;
    while (count < KEP_STEPS_MAX) {
        KEP_HELD *held = KepFindHeld(KepSpinTable(Here)->Entry, KEP_SPIN_MAX, wanted);
        ULONG next = held ? Here : holder_of(wanted, at, &held);
        if (next == HOST_MAX_VPS)
            return;
        steps[count++] = make_step(at, next, held);
        if (next == Here)
            never(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001, Lock, steps, count,
                  count == 1 ? "A processor spins for a lock that it holds itself: spin locks do not nest. "
                               "Look for a path that "
                               "calls, completes or logs something while it holds the lock."
                             : "Processors spin for locks of each other, and none of them can ever go on. "
                               "Acquire spin locks in "
                               "the same order everywhere.");
        at = next;
        wanted = KepSpinTable(at)->Wanted;
        if (!wanted)
            return;
    }
}

/* Was the lock forgotten? Its holder goes on below DISPATCH_LEVEL. */
static void check_forgotten(ULONG Here, PVOID Lock)
{
    KEP_HELD *held;
    ULONG owner = holder_of(Lock, Here, &held);
    BOOLEAN below = owner != HOST_MAX_VPS && KI_PEEK(KiPcrs[owner].Irql) < DISPATCH_LEVEL;
    if (!below || (watch[Here].Below != 0 && watch[Here].Site != held->Site)) {
        watch[Here].Below = 0;
        return;
    }
    watch[Here].Site = held->Site;
    if (++watch[Here].Below < SURE_AFTER)
        return;
    KEP_STEP step = make_step(Here, owner, held);
    never(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x1001, Lock, &step, 1,
          "A processor spins for a lock whose holder runs below DISPATCH_LEVEL: it lowered IRQL or returned "
          "without releasing "
          "the lock, so nobody will. The report says where it was acquired; look for a path from there that "
          "forgets to release it.");
}

static void check_time(ULONG Here, PVOID Lock, ULONG64 Rounds)
{
    ULONG64 now = host_interrupt_time();
    if (Rounds == 0)
        watch[Here].Since = now;
    if (host_config()->live ? now - watch[Here].Since < TIME_MAX : Rounds < ROUNDS_MAX)
        return;
    KEP_HELD *held = NULL;
    ULONG owner = holder_of(Lock, Here, &held);
    KEP_STEP step = make_step(Here, owner == HOST_MAX_VPS ? Here : owner, held);
    if (owner == HOST_MAX_VPS) /* nobody is known to hold it */
        step.Kind = KiLockNone;
    never(DPC_WATCHDOG_VIOLATION, 1, Lock, &step, 1,
          "A processor has been spinning for a lock for so long that its holder must be lost in a loop, or "
          "the lock's memory "
          "was never initialised or was overwritten.");
}

void KiSpinRound(KI_LOCK_KIND Kind, PVOID Lock, PVOID Site, ULONG64 Rounds)
{
    if (!KiTrackLocks || Rounds % LOOK_EVERY != 0)
        return;
    ULONG here = KiProcessorNumber();
    PKEP_SPIN_TABLE table = KepSpinTable(here);
    table->WantedSite = Site;
    table->WantedKind = (UCHAR)Kind;
    table->Wanted = Lock;
    if (Rounds == 0)
        watch[here].Below = 0;
    check_circle(here, Lock);
    check_forgotten(here, Lock);
    check_time(here, Lock, Rounds);
}

void KiEndSpin(void)
{
    if (KiTrackLocks)
        KepSpinTable(KiProcessorNumber())->Wanted = NULL;
}
