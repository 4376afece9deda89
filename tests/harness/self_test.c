/* SPDX-License-Identifier: MIT */
/* The harness runs a test on an NT thread of a booted machine. */
#include <wdm.h>
#include "harness.h"

KILN_TEST(harness, runs_at_passive_level)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

KILN_TEST_BUGCHECK(harness, sees_a_bugcheck, 0xE2)
{
    KeBugCheck(MANUALLY_INITIATED_CRASH);
}
