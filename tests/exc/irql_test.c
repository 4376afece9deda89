/* SPDX-License-Identifier: MIT */
/*
 * A driver's call outside a routine's IRQL range stops a checked machine: each test calls one exported function of
 * drivers/irql.c. What the report says, and report mode, are tested with the kiln command (tests/cli).
 */
#include "exc_driver.h"
#include <bugcodes.h>

#define STOPS(name, code)                                                                                              \
    KILN_TEST_BUGCHECK(exc_irql, name, code)                                                                           \
    {                                                                                                                  \
        PKLDR_MODULE module = exc_load("exc_irql.sys");                                                                \
        if (!module)                                                                                                   \
            KeBugCheckEx(code, 0, 0, 0, 0);                                                                            \
        exc_function(module, #name)();                                                                                 \
    }

STOPS(service_at_dispatch_level, DRIVER_VERIFIER_DETECTED_VIOLATION)
STOPS(dpc_level_lock_at_passive_level, DRIVER_VERIFIER_DETECTED_VIOLATION)
STOPS(event_above_dispatch_level, DRIVER_VERIFIER_DETECTED_VIOLATION)
STOPS(routine_found_by_name_at_dispatch_level, DRIVER_VERIFIER_DETECTED_VIOLATION)
STOPS(paged_pool_freed_at_dispatch_level, BAD_POOL_CALLER)
STOPS(wait_at_dispatch_level, IRQL_NOT_LESS_OR_EQUAL)

KILN_TEST(exc_irql, calls_within_their_ranges)
{
    PKLDR_MODULE module = exc_load("exc_irql.sys");
    if (!module)
        return;
    CHECK_EQ(exc_function(module, "calls_within_their_ranges")(), 0);
    CHECK_EQ(LdrIrqlViolations(), 0);
}
