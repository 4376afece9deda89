/* SPDX-License-Identifier: MIT */
/* setjmp and longjmp of a driver: each test calls one exported function of drivers/jump.c. */
#include "exc_driver.h"

static void run(const char *name, KIRQL after)
{
    PKLDR_MODULE module = exc_load("exc_jump.sys");
    if (!module)
        return;
    KIRQL before = KeGetCurrentIrql();
    CHECK_EQ(exc_function(module, name)(), 0); /* or the line of jump.c that went wrong */
    CHECK_EQ(KeGetCurrentIrql(), after);
    KeLowerIrql(before);
    CHECK_EQ((ULONG)LdrpUnloadImage(module), STATUS_SUCCESS);
}

#define JUMP(name)                                                                                                     \
    KILN_TEST_ONCE(exc_jump, name)                                                                                     \
    {                                                                                                                  \
        run(#name, PASSIVE_LEVEL);                                                                                     \
    }

JUMP(value_is_returned)
JUMP(termination_handlers_on_the_way_run)
JUMP(try_of_the_target_is_left)
JUMP(try_around_the_target_is_not_left)
JUMP(out_of_a_handler)
JUMP(out_of_a_termination_handler)
JUMP(through_kernel_frames)
JUMP(registers_come_back)
JUMP(no_frame_no_unwinding)

KILN_TEST_ONCE(exc_jump, irql_is_not_touched)
{
    run("stays_at_dispatch_level", DISPATCH_LEVEL);
}
