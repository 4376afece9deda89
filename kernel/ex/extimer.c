/* SPDX-License-Identifier: MIT */
/*
 * Timers of the executive (EX_TIMER): a kernel timer and a DPC in memory that the system owns.
 *
 * The KTIMER is the first member, so that drivers wait on the timer. Periods are in 100 ns; one that is not a
 * whole number of milliseconds is kept by the DPC, which sets the timer again. Deleting: with Wait, the
 * caller waits until no callback runs and frees; without, a work item does so later, and the driver's delete
 * callback tells when. A timer that was deleted without Cancel while it was set expires once more, and its DPC
 * queues the work item. From the deletion on, setting, cancelling and deleting do nothing and return FALSE. The
 * clock has no coarse ticks to align to, so NoWakeTolerance and high resolution ask for nothing more.
 *
 * Lock: the timer's own, outside D. Reference: ExAllocateTimer, ExSetTimer, ExCancelTimer, ExDeleteTimer of
 * wdm.h, and deleting-a-system-allocated-timer-object.md.
 */
#include "exp.h"
#include "ki.h"
#include "mi.h"
#include "trap.h"

#define TIMER_TAG 0x6D547845U /* "ExTm" */

typedef struct _EX_TIMER {
    KTIMER Timer; /* first: the object that drivers wait on */
    KDPC Dpc;
    KSPIN_LOCK Lock;
    PEXT_CALLBACK Callback;
    PVOID Context;
    LONGLONG Period;        /* lock: 100 ns; 0: one shot */
    BOOLEAN HighResolution; /* constant */
    BOOLEAN Repeats;        /* lock: set with a period, and not cancelled since */
    BOOLEAN Deleting;       /* lock: disabled for good */
    BOOLEAN DeleteAtExpiry; /* lock: the next expiry is the last, and its DPC has the timer deleted */
    BOOLEAN LastExpired;    /* lock: that expiry has come */
    EXT_DELETE_PARAMETERS Delete;
    WORK_QUEUE_ITEM Item;
} EX_TIMER;

#define MILLISECOND 10000LL

static BOOLEAN cancel(EX_TIMER *Timer);

static void NTAPI timer_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    EX_TIMER *Timer = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&Timer->Lock);
    BOOLEAN Unwanted = Timer->LastExpired, Last = FALSE;
    if (Timer->DeleteAtExpiry && (Timer->Repeats || !Timer->Timer.Header.Inserted)) {
        cancel(Timer);
        Timer->DeleteAtExpiry = FALSE;
        Timer->LastExpired = Last = TRUE;
    } else if (Timer->Repeats && Timer->Period % MILLISECOND) {
        KeSetTimerEx(&Timer->Timer, (LARGE_INTEGER){.QuadPart = -Timer->Period}, 0, &Timer->Dpc);
    }
    KeReleaseSpinLockFromDpcLevel(&Timer->Lock);
    if (Timer->Callback && !Unwanted)
        Timer->Callback(Timer, Timer->Context);
    if (Last)
        ExQueueWorkItem(&Timer->Item, DelayedWorkQueue);
}

PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes)
{
    EX_TIMER *Timer;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Attributes & ~(ULONG)(EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE | EX_TIMER_NOTIFICATION))
        return NULL;
    if ((Attributes & EX_TIMER_HIGH_RESOLUTION) && (Attributes & EX_TIMER_NO_WAKE))
        return NULL;
    Timer = MiAllocatePool(NonPagedPoolNx, sizeof(*Timer), TIMER_TAG, TRUE, __builtin_return_address(0));
    if (Timer == NULL)
        return NULL;
    KeInitializeTimerEx(&Timer->Timer,
                        (Attributes & EX_TIMER_NOTIFICATION) ? NotificationTimer : SynchronizationTimer);
    KeInitializeDpc(&Timer->Dpc, timer_dpc, Timer);
    Timer->HighResolution = (Attributes & EX_TIMER_HIGH_RESOLUTION) != 0;
    Timer->Callback = Callback;
    Timer->Context = CallbackContext;
    return Timer;
}

DECLSPEC_NORETURN static void bad_use(EX_TIMER *Timer, PVOID Caller, const char *Sentence)
{
    KiBugCheckText(DRIVER_VERIFIER_DETECTED_VIOLATION, 0x2100, (ULONG_PTR)Timer, 0, 0,
                   (ULONG64)(ULONG_PTR)Caller, Sentence);
}

BOOLEAN NTAPI ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period, PEXT_SET_PARAMETERS Parameters)
{
    LONG Milliseconds = Period % MILLISECOND ? 0 : (LONG)(Period / MILLISECOND);
    BOOLEAN WasSet;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Period < 0 || Period > MAXLONG || (Parameters && Parameters->Version != 0))
        bad_use(Timer, __builtin_return_address(0),
                "ExSetTimer was called with a negative period or one above MAXLONG, or with parameters that "
                "ExInitializeSetTimerParameters did not initialise");
    if (Timer->HighResolution && DueTime >= 0)
        bad_use(Timer, __builtin_return_address(0),
                "ExSetTimer was called with an absolute due time for a high-resolution timer; these take relative "
                "(negative) due times only");
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    if (Timer->Deleting) {
        KeReleaseSpinLock(&Timer->Lock, Irql);
        return FALSE;
    }
    Timer->Period = Period;
    Timer->Repeats = Period != 0;
    WasSet = KeSetTimerEx(&Timer->Timer, (LARGE_INTEGER){.QuadPart = DueTime}, Milliseconds, &Timer->Dpc);
    KeReleaseSpinLock(&Timer->Lock, Irql);
    return WasSet;
}

/*
 * Lock held. A one-shot timer that has expired is not cancelled, whether its callback has begun or not: a signaled timer
 * has its callback called. A period that the DPC keeps is cancelled also between two settings.
 */
static BOOLEAN cancel(EX_TIMER *Timer)
{
    BOOLEAN WasSet = KeCancelTimer(&Timer->Timer);

    if (Timer->Repeats) {
        KeRemoveQueueDpc(&Timer->Dpc);
        WasSet = TRUE;
    }
    Timer->Repeats = FALSE;
    Timer->Period = 0;
    return WasSet;
}

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER Timer, PVOID Parameters)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Parameters); /* reserved */
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    BOOLEAN WasSet = Timer->Deleting ? FALSE : cancel(Timer);
    KeReleaseSpinLock(&Timer->Lock, Irql);
    return WasSet;
}

static void NTAPI finish(PVOID Context)
{
    EX_TIMER *Timer = Context;

    KeFlushQueuedDpcs();
    if (Timer->Delete.DeleteCallback)
        Timer->Delete.DeleteCallback(Timer->Delete.DeleteContext);
    ExFreePoolWithTag(Timer, TIMER_TAG);
}

BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait, PEXT_DELETE_PARAMETERS Parameters)
{
    BOOLEAN WasSet = FALSE;

    KI_ASSERT_IRQL_MAX(Wait ? APC_LEVEL : DISPATCH_LEVEL);
    if ((Wait && !Cancel) || (Parameters && Parameters->Version != 0))
        bad_use(Timer, __builtin_return_address(0),
                "ExDeleteTimer was called with Wait but without Cancel, or with parameters that "
                "ExInitializeDeleteTimerParameters did not initialise");
    EXT_DELETE_PARAMETERS Delete = {0};
    if (Parameters)
        Delete = *Parameters;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    if (Timer->Deleting) {
        KeReleaseSpinLock(&Timer->Lock, Irql);
        return FALSE;
    }
    Timer->Deleting = TRUE;
    Timer->Delete = Delete;
    ExInitializeWorkItem(&Timer->Item, finish, Timer);
    if (Cancel)
        WasSet = cancel(Timer);
    else
        Timer->DeleteAtExpiry = Timer->Repeats || Timer->Timer.Header.Inserted;
    BOOLEAN Later = Timer->DeleteAtExpiry;
    KeReleaseSpinLock(&Timer->Lock, Irql);
    if (Wait)
        finish(Timer);
    else if (!Later)
        ExQueueWorkItem(&Timer->Item, DelayedWorkQueue);
    return WasSet;
}
