/* SPDX-License-Identifier: MIT */
#include "ketest.h"

KILN_TEST(ke_irql, raise_returns_the_old_level)
{
    KIRQL old;
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeRaiseIrql(APC_LEVEL, &old);
    CHECK_EQ(old, PASSIVE_LEVEL);
    CHECK_EQ(KeRaiseIrqlToDpcLevel(), APC_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    KeRaiseIrql(HIGH_LEVEL, &old);
    CHECK_EQ(old, DISPATCH_LEVEL);
    KeLowerIrql(DISPATCH_LEVEL);
    KeLowerIrql(APC_LEVEL);
    KeLowerIrql(PASSIVE_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}

KILN_TEST_BUGCHECK(ke_irql, raising_downwards, 0x09)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRaiseIrql(APC_LEVEL, &old);
}

KILN_TEST_BUGCHECK(ke_irql, lowering_upwards, 0x0A)
{
    KeLowerIrql(DISPATCH_LEVEL);
}

KILN_TEST_BUGCHECK(ke_irql, a_routine_called_too_high, 0x0A)
{
    KEVENT event;
    KIRQL old;
    KeInitializeEvent(&event, NotificationEvent, FALSE);
    KeRaiseIrql(CLOCK_LEVEL, &old);
    KeSetEvent(&event, 0, FALSE);
}

KILN_TEST(ke_irql, apcs_are_disabled_at_apc_level)
{
    KIRQL old;
    CHECK(!KeAreAllApcsDisabled());
    KeRaiseIrql(APC_LEVEL, &old);
    CHECK(KeAreAllApcsDisabled());
    KeLowerIrql(old);
    KeEnterGuardedRegion();
    CHECK(KeAreAllApcsDisabled());
    CHECK(KeAreApcsDisabled());
    KeLeaveGuardedRegion();
    KeEnterCriticalRegion();
    CHECK(KeAreApcsDisabled());
    CHECK(!KeAreAllApcsDisabled());
    KeLeaveCriticalRegion();
    CHECK(!KeAreApcsDisabled());
}
