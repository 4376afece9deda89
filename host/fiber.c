/* SPDX-License-Identifier: MIT */
/* ThreadSanitizer's view of NT threads: each is a fiber. In other builds these do nothing. */
#include "hostp.h"
#include "layout.h"

#ifdef KILN_TSAN
#include <sanitizer/tsan_interface.h>

void *host_fiber_create(void)
{
    return __tsan_create_fiber(0);
}

void *host_fiber_current(void)
{
    return __tsan_get_current_fiber();
}

/* Not instrumented: it would be entered on one fiber's shadow stack and left on the other's. */
__attribute__((disable_sanitizer_instrumentation)) void host_fiber_switch(void *fiber)
{
    __tsan_switch_to_fiber(fiber, 0);
}

void host_fiber_destroy(void *fiber)
{
    __tsan_destroy_fiber(fiber);
}
#else
void *host_fiber_create(void)
{
    return 0;
}

void *host_fiber_current(void)
{
    return 0;
}

void host_fiber_switch(void *fiber)
{
    (void)fiber;
}

void host_fiber_destroy(void *fiber)
{
    (void)fiber;
}
#endif
