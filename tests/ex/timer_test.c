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
