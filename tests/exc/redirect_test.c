/* SPDX-License-Identifier: MIT */
/* On the live host an interrupt reaches a processor that executes driver code. */
#include "exc_driver.h"

static volatile LONG flag;

static VOID NTAPI set_flag(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    flag = 1;
}

KILN_TEST_ONCE(exc_redirect, timer_dpc_interrupts_a_driver_loop)
{
    if (!host_config()->live)
        return; /* the simulator interrupts at calls only */
    PKLDR_MODULE module = exc_load("exc_seh.sys");
    if (!module)
        return;
    ULONGLONG NTAPI (*spin)(volatile LONG *) = (ULONGLONG NTAPI (*)(volatile LONG *))LdrpGetProcedure(module, "spin_until");
    CHECK(spin != NULL);
    KTIMER timer;
    KDPC dpc;
    LARGE_INTEGER due;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, set_flag, NULL);
    /* On a busy host the timer may be due before the loop begins; a round in which it spun is what is wanted. */
    int spun = 0;
    for (int i = 0; i < 200 && spun < 5; i++) {
        flag = 0;
        due.QuadPart = -50000; /* 5 ms */
        KeSetTimer(&timer, due, &dpc);
        ULONGLONG turns = spin(&flag);
        CHECK(turns != ~0ULL);
        spun += turns > 0;
    }
    CHECK_EQ(spun, 5);
    CHECK_EQ((ULONG)LdrpUnloadImage(module), STATUS_SUCCESS);
}
