/* SPDX-License-Identifier: MIT */
/*
 * Timers of the executive (EX_TIMER): a kernel timer and a DPC in memory that the system owns.
 *
 * The KTIMER is the first member, so that drivers wait on the timer. Periods are in 100 ns; one that is not a
 * whole number of milliseconds is kept by the DPC, which sets the timer again. Deleting: with Wait, the
 * caller waits until no callback runs and frees; without, a work item does so later, and the driver's delete
 * callback tells when. The clock has no coarse ticks to align to, so NoWakeTolerance and high resolution ask
 * for nothing more.
 *
 * Lock: the timer's own, a leaf. Reference: ExAllocateTimer, ExSetTimer, ExCancelTimer, ExDeleteTimer of
 * wdm.h.
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
    LONGLONG Period;  /* lock: 100 ns; 0: one shot */
    BOOLEAN Armed;    /* lock: one shot set and not expired, or periodic */
    BOOLEAN Deleting; /* lock */
    EXT_DELETE_PARAMETERS Delete;
    WORK_QUEUE_ITEM Item;
} EX_TIMER;

#define MILLISECOND 10000LL

static void NTAPI timer_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    EX_TIMER *Timer = Context;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeAcquireSpinLockAtDpcLevel(&Timer->Lock);
    if (Timer->Period == 0)
        Timer->Armed = FALSE;
    else if (Timer->Armed && Timer->Period % MILLISECOND)
        KeSetTimerEx(&Timer->Timer, (LARGE_INTEGER){.QuadPart = -Timer->Period}, 0, &Timer->Dpc);
    KeReleaseSpinLockFromDpcLevel(&Timer->Lock);
    if (Timer->Callback)
        Timer->Callback(Timer, Timer->Context);
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
    if (Period < 0 || Period / MILLISECOND > MAXLONG || (Parameters && Parameters->Version != 0))
        bad_use(Timer, __builtin_return_address(0),
                "ExSetTimer was called with a negative or too long period, or with parameters that "
                "ExInitializeSetTimerParameters did not initialise");
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    if (Timer->Deleting) {
        KeReleaseSpinLock(&Timer->Lock, Irql);
        bad_use(Timer, __builtin_return_address(0), "ExSetTimer was called on a timer that is being deleted");
    }
    Timer->Period = Period;
    Timer->Armed = TRUE;
    WasSet = KeSetTimerEx(&Timer->Timer, (LARGE_INTEGER){.QuadPart = DueTime}, Milliseconds, &Timer->Dpc);
    KeReleaseSpinLock(&Timer->Lock, Irql);
    return WasSet;
}

static BOOLEAN cancel(EX_TIMER *Timer)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    BOOLEAN WasSet = KeCancelTimer(&Timer->Timer);

    if (!WasSet)
        WasSet = KeRemoveQueueDpc(&Timer->Dpc); /* expired, and its callback has not begun */
    Timer->Armed = FALSE;
    Timer->Period = 0;
    KeReleaseSpinLock(&Timer->Lock, Irql);
    return WasSet;
}

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER Timer, PVOID Parameters)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(Parameters); /* reserved */
    return cancel(Timer);
}

static void finish(EX_TIMER *Timer)
{
    KeFlushQueuedDpcs();
    if (Timer->Delete.DeleteCallback)
        Timer->Delete.DeleteCallback(Timer->Delete.DeleteContext);
    ExFreePoolWithTag(Timer, TIMER_TAG);
}

static void NTAPI finish_later(PVOID Context)
{
    EX_TIMER *Timer = Context;

    /* Deleted without cancelling: the one-shot timer expires first. */
    for (;;) {
        KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
        BOOLEAN Armed = Timer->Armed;
        KeReleaseSpinLock(&Timer->Lock, Irql);
        if (!Armed)
            break;
        LARGE_INTEGER Delay = {.QuadPart = -MILLISECOND};
        KeDelayExecutionThread(KernelMode, FALSE, &Delay);
    }
    finish(Timer);
}

BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait, PEXT_DELETE_PARAMETERS Parameters)
{
    BOOLEAN WasSet = FALSE;

    KI_ASSERT_IRQL_MAX(Wait ? APC_LEVEL : DISPATCH_LEVEL);
    if ((Wait && !Cancel) || (Parameters && Parameters->Version != 0))
        bad_use(Timer, __builtin_return_address(0),
                "ExDeleteTimer was called with Wait but without Cancel, or with parameters that "
                "ExInitializeDeleteTimerParameters did not initialise");
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Timer->Lock);
    BOOLEAN Twice = Timer->Deleting, Endless = !Cancel && Timer->Armed && Timer->Period;
    Timer->Deleting = TRUE;
    KeReleaseSpinLock(&Timer->Lock, Irql);
    if (Twice || Endless)
        bad_use(Timer, __builtin_return_address(0),
                Twice
                    ? "ExDeleteTimer was called twice for one timer"
                    : "a periodic timer was deleted without Cancel: it would never expire for the last time");
    if (Parameters)
        Timer->Delete = *Parameters;
    if (Cancel)
        WasSet = cancel(Timer);
    if (Wait) {
        finish(Timer);
    } else {
        ExInitializeWorkItem(&Timer->Item, finish_later, Timer);
        ExQueueWorkItem(&Timer->Item, DelayedWorkQueue);
    }
    return WasSet;
}
