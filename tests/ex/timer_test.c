/* SPDX-License-Identifier: MIT */
/* Timers of the executive. */
#include "exsupport.h"

static LONG fired, deleted;

static void NTAPI on_timer(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Timer);
    CHECK_EQ(Context, &fired);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    InterlockedIncrement(&fired);
}

static void NTAPI on_delete(PVOID Context)
{
    CHECK_EQ(Context, &deleted);
    InterlockedIncrement(&deleted);
}

KILN_TEST(ex_timer, one_shot_fires_once_and_can_be_waited_for)
{
    PEX_TIMER Timer = ExAllocateTimer(on_timer, &fired, EX_TIMER_HIGH_RESOLUTION);

    CHECK(Timer != NULL);
    CHECK(!ExSetTimer(Timer, -10000, 0, NULL));
    CHECK_EQ(KeWaitForSingleObject(Timer, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    sleep_ms(5);
    CHECK_EQ(fired, 1);
    CHECK(!ExCancelTimer(Timer, NULL));
    ExDeleteTimer(Timer, TRUE, TRUE, NULL);
}

KILN_TEST(ex_timer, periods_finer_than_a_millisecond_repeat)
{
    PEX_TIMER Timer = ExAllocateTimer(on_timer, &fired, 0);

    ExSetTimer(Timer, -2500, 2500, NULL);
    for (int i = 0; i < 200 && fired < 8; i++)
        sleep_ms(1);
    CHECK(fired >= 8);
    CHECK(ExCancelTimer(Timer, NULL));
    LONG Before = fired;
    sleep_ms(5);
    CHECK(fired <= Before + 1);
    ExDeleteTimer(Timer, TRUE, TRUE, NULL);
}

KILN_TEST(ex_timer, cancelling_tells_whether_it_was_set)
{
    PEX_TIMER Timer = ExAllocateTimer(NULL, NULL, EX_TIMER_NOTIFICATION);

    CHECK(!ExSetTimer(Timer, -100000000, 0, NULL));
    CHECK(ExSetTimer(Timer, -200000000, 0, NULL));
    CHECK(ExCancelTimer(Timer, NULL));
    CHECK(!ExCancelTimer(Timer, NULL));
    ExDeleteTimer(Timer, TRUE, TRUE, NULL);
}

KILN_TEST(ex_timer, the_delete_callback_comes_when_it_is_gone)
{
    EXT_DELETE_PARAMETERS Parameters;
    PEX_TIMER Timer = ExAllocateTimer(on_timer, &fired, 0);

    ExInitializeDeleteTimerParameters(&Parameters);
    Parameters.DeleteCallback = on_delete;
    Parameters.DeleteContext = &deleted;
    ExSetTimer(Timer, -20000, 0, NULL);
    ExDeleteTimer(Timer, FALSE, FALSE, &Parameters);
    for (int i = 0; i < 1000 && !deleted; i++)
        sleep_ms(1);
    CHECK_EQ(fired, 1);
    CHECK_EQ(deleted, 1);
}

KILN_TEST_ONCE(ex_timer, bad_attributes_give_null)
{
    CHECK_EQ(ExAllocateTimer(NULL, NULL, 0x40), NULL);
    CHECK_EQ(ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE), NULL);
}

/* ---------------------------------------------------------------- deleting-a-system-allocated-timer-object.md */

static void deletion(PEXT_DELETE_PARAMETERS Parameters)
{
    ExInitializeDeleteTimerParameters(Parameters);
    Parameters->DeleteCallback = on_delete;
    Parameters->DeleteContext = &deleted;
}

static void until_deleted(void)
{
    for (int i = 0; i < 1000 && !deleted; i++)
        sleep_ms(1);
    CHECK_EQ(deleted, 1);
}

KILN_TEST(ex_timer, a_disabled_timer_is_neither_set_nor_cancelled_nor_deleted_again)
{
    EXT_DELETE_PARAMETERS Parameters;
    PEX_TIMER Timer = ExAllocateTimer(on_timer, &fired, 0);
    KIRQL Irql;

    deletion(&Parameters);
    ExSetTimer(Timer, -100000, 0, NULL);
    /* Nothing is freed before its DPC and a work item have run, which takes longer than this. */
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    CHECK(!ExDeleteTimer(Timer, FALSE, FALSE, &Parameters));
    CHECK(!ExSetTimer(Timer, -1000000000, 0, NULL));
    CHECK(!ExCancelTimer(Timer, NULL));
    CHECK(!ExDeleteTimer(Timer, TRUE, FALSE, NULL));
    KeLowerIrql(Irql);
    until_deleted();
    CHECK_EQ(fired, 1);
}

static void expires_once_more(LONGLONG Period)
{
    EXT_DELETE_PARAMETERS Parameters;
    PEX_TIMER Timer = ExAllocateTimer(on_timer, &fired, 0);

    deletion(&Parameters);
    ExSetTimer(Timer, -50000, Period, NULL);
    CHECK(!ExDeleteTimer(Timer, FALSE, FALSE, &Parameters));
    until_deleted();
    sleep_ms(5);
    CHECK_EQ(fired, 1);
}

KILN_TEST(ex_timer, a_periodic_timer_expires_once_after_it_is_disabled)
{
    expires_once_more(10000);
}

KILN_TEST(ex_timer, a_timer_of_a_fine_period_expires_once_after_it_is_disabled)
{
    expires_once_more(2500);
}

KILN_TEST(ex_timer, deleting_says_whether_it_cancelled)
{
    PEX_TIMER Timer = ExAllocateTimer(on_timer, &fired, 0);

    CHECK(!ExDeleteTimer(Timer, TRUE, TRUE, NULL)); /* never set */
    Timer = ExAllocateTimer(on_timer, &fired, 0);
    ExSetTimer(Timer, -1000000000, 0, NULL);
    CHECK(ExDeleteTimer(Timer, TRUE, TRUE, NULL));
    Timer = ExAllocateTimer(on_timer, &fired, 0);
    ExSetTimer(Timer, -1000000000, 2500, NULL);
    CHECK(ExDeleteTimer(Timer, TRUE, FALSE, NULL));
    Timer = ExAllocateTimer(on_timer, &fired, 0);
    ExSetTimer(Timer, -1000000000, 0, NULL);
    CHECK(ExCancelTimer(Timer, NULL));
    CHECK(!ExDeleteTimer(Timer, TRUE, TRUE, NULL)); /* cancelled before */
    CHECK_EQ(fired, 0);
}

/* excanceltimer: the callback "is guaranteed to be called if the timer object is signaled". */
KILN_TEST(ex_timer, a_signaled_timer_has_its_callback_called)
{
    LARGE_INTEGER Zero = {.QuadPart = 0};
    PEX_TIMER Timer = ExAllocateTimer(on_timer, &fired, EX_TIMER_NOTIFICATION);
    KIRQL Irql;

    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    CHECK(!ExSetTimer(Timer, 1, 0, NULL)); /* long past: it expires at once, and its DPC has to wait */
    CHECK_EQ(KeWaitForSingleObject(Timer, Executive, KernelMode, FALSE, &Zero), STATUS_SUCCESS);
    CHECK(!ExCancelTimer(Timer, NULL));
    CHECK_EQ(fired, 0);
    KeLowerIrql(Irql);
    CHECK_EQ(fired, 1);
    CHECK(!ExDeleteTimer(Timer, TRUE, TRUE, NULL));
}

static EXT_DELETE_PARAMETERS from_callback;

static void NTAPI delete_itself(PEX_TIMER Timer, PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    InterlockedIncrement(&fired);
    CHECK(ExDeleteTimer(Timer, TRUE, FALSE, &from_callback)); /* periodic: it was set */
    CHECK(!ExSetTimer(Timer, -1000, 0, NULL));
    CHECK_EQ(deleted, 0);
}

KILN_TEST(ex_timer, a_callback_may_delete_its_timer)
{
    PEX_TIMER Timer = ExAllocateTimer(delete_itself, NULL, 0);

    deletion(&from_callback);
    ExSetTimer(Timer, -10000, 10000, NULL);
    until_deleted();
    CHECK_EQ(fired, 1);
}

KILN_TEST(ex_timer, a_high_resolution_timer_is_never_early)
{
    PEX_TIMER Timer = ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION);
    ULONG64 Counter, Begin = KeQueryInterruptTimePrecise(&Counter);

    ExSetTimer(Timer, -12345, 0, NULL);
    KeWaitForSingleObject(Timer, Executive, KernelMode, FALSE, NULL);
    CHECK(KeQueryInterruptTimePrecise(&Counter) - Begin >= 12345);
    ExDeleteTimer(Timer, TRUE, TRUE, NULL);
}

KILN_TEST_BUGCHECK(ex_timer, a_high_resolution_timer_takes_no_absolute_time, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    ExSetTimer(ExAllocateTimer(NULL, NULL, EX_TIMER_HIGH_RESOLUTION), 1, 0, NULL);
}

KILN_TEST_BUGCHECK(ex_timer, deleting_with_wait_needs_cancel, DRIVER_VERIFIER_DETECTED_VIOLATION)
{
    ExDeleteTimer(ExAllocateTimer(NULL, NULL, 0), FALSE, TRUE, NULL);
}
