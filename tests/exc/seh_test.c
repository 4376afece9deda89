/* SPDX-License-Identifier: MIT */
/* Structured exception handling of a driver: each test calls one exported function of drivers/seh.c. */
#include "exc_driver.h"

static void run(const char *name)
{
    PKLDR_MODULE module = exc_load("exc_seh.sys");
    if (!module)
        return;
    KIRQL before = KeGetCurrentIrql();
    CHECK_EQ(exc_function(module, name)(), 0); /* or the line of seh.c that went wrong */
    CHECK_EQ(KeGetCurrentIrql(), before);
    CHECK_EQ((ULONG)LdrpUnloadImage(module), STATUS_SUCCESS);
}

#define SEH(name)                                                                                                      \
    KILN_TEST_ONCE(exc_seh, name)                                                                                      \
    {                                                                                                                  \
        run(#name);                                                                                                    \
    }

SEH(null_read)
SEH(null_write)
SEH(null_call)
SEH(noncanonical)
SEH(divide)
SEH(breakpoint)
SEH(illegal)
SEH(assertion)
SEH(privileged)
SEH(continue_with_changed_register)
SEH(inner_filter_declines)
SEH(finally_runs_after_filter)
SEH(finally_without_exception)
SEH(return_out_of_try)
SEH(raise_status)
SEH(raise_record_and_continue)
SEH(continuing_noncontinuable_raises)
SEH(exception_in_handler)
SEH(exception_caught_in_filter)
SEH(exception_out_of_filter)
SEH(collided_unwind)
SEH(collided_unwind_same_function)
SEH(exception_caught_in_finally)
SEH(deep_stack)
SEH(through_kernel_frames)
SEH(kernel_routine_faults)
SEH(nonvolatile_registers)
SEH(unwinding_at_every_instruction)
SEH(probes)
SEH(back_trace)
SEH(capture_and_restore)
SEH(irql_by_cr8)
SEH(dpc_runs_when_cr8_is_lowered)
SEH(debug_print_service)
SEH(float_exception)
SEH(exceptions_at_dispatch_level)
SEH(emulated_instructions)
SEH(shared_user_page)
