/* SPDX-License-Identifier: MIT */
/* What stops the machine, with which code. */
#include "exc_driver.h"
#include <bugcodes.h>

KILN_TEST_BUGCHECK(exc_bugcheck, system_address_is_not_catchable, PAGE_FAULT_IN_NONPAGED_AREA)
{
    PKLDR_MODULE module = exc_load("exc_crash.sys");
    if (!module)
        KeBugCheckEx(PAGE_FAULT_IN_NONPAGED_AREA, 0, 0, 0, 0);
    exc_function(module, "system_address_in_try")();
}

#define CRASH(name, code)                                                                                              \
    KILN_TEST_BUGCHECK(exc_bugcheck, name, code)                                                                       \
    {                                                                                                                  \
        PKLDR_MODULE module = exc_load("exc_crash.sys");                                                               \
        if (!module)                                                                                                   \
            KeBugCheckEx(code, 0, 0, 0, 0);                                                                            \
        exc_function(module, #name)();                                                                                 \
    }

CRASH(null_at_dispatch_level, DRIVER_IRQL_NOT_LESS_OR_EQUAL)
CRASH(bad_pointer_to_kernel_at_dispatch_level, IRQL_NOT_LESS_OR_EQUAL)
CRASH(fast_fail, KERNEL_SECURITY_CHECK_FAILURE)
CRASH(write_to_constant, ATTEMPTED_WRITE_TO_READONLY_MEMORY)
CRASH(execute_data, ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY)
CRASH(stack_overflow, UNEXPECTED_KERNEL_MODE_TRAP)
CRASH(bad_stack_pointer, UNEXPECTED_KERNEL_MODE_TRAP)
CRASH(unhandled_in_system_thread, SYSTEM_THREAD_EXCEPTION_NOT_HANDLED)
CRASH(unhandled_in_dpc, KMODE_EXCEPTION_NOT_HANDLED)
CRASH(callback_that_faults, MANUALLY_INITIATED_CRASH)
CRASH(damaged_irp_and_stack, MANUALLY_INITIATED_CRASH)
