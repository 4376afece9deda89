/* SPDX-License-Identifier: MIT */
/*
 * What the sanitizers are told in builds that have them; other builds have only empty functions here.
 *
 *   - Options, built in so that a plain start of the program has them. Faults are the kernel's: most are a driver's, and
 *     become exceptions. Frames that are left without returning (an unwind, a thread that ends) forbid fake stacks, and
 *     guests of the machine outlive main, so leaks are not looked for. A finding ends the process, or tests would pass.
 *   - TSan: each NT thread is a fiber, because stacks are switched behind its back.
 *   - A symbolizer must be started at once or never: the runtime forks it, and RAM, where the kernel's stacks are, is a
 *     shared mapping, so a fork on such a stack is two processes writing the same frames. It would also inherit the
 *     simulator's trapping rdtsc. Therefore symbolize=0, unless ASAN_OPTIONS or TSAN_OPTIONS say symbolize=1.
 */
#include "hostp.h"
#include "layout.h"

#if defined(KILN_ASAN) || defined(KILN_TSAN)
#include <sanitizer/common_interface_defs.h>

#define FAULTS_ARE_OURS "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_sigtrap=0:halt_on_error=1:symbolize=0"
#define HOOK __attribute__((used, visibility("default")))

void host_sanitizer_init(void)
{
    char text[256];
    __sanitizer_symbolize_pc((void *)(uintptr_t)host_sanitizer_init, "%f", text, sizeof text);
}
#else
void host_sanitizer_init(void)
{
}
#endif

#ifdef KILN_ASAN
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

HOOK const char *__asan_default_options(void)
{
    return FAULTS_ARE_OURS ":detect_leaks=0:detect_stack_use_after_return=0";
}

HOOK const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:print_stacktrace=1:symbolize=0";
}
#endif

#ifdef KILN_TSAN
#include <sanitizer/tsan_interface.h>

#define UNSEEN __attribute__((disable_sanitizer_instrumentation))

const char *__tsan_default_options(void);

HOOK UNSEEN const char *__tsan_default_options(void)
{
    return FAULTS_ARE_OURS ":report_signal_unsafe=0:second_deadlock_stack=1";
}

/*
 * With -tsan-distinguish-volatile these are called before each volatile access of the kernel and the tests, which then
 * is not checked: a store publishes what was written before it, a load sees it.
 */
#define VOLATILE(bytes)                                                                                                \
    void __tsan_volatile_read##bytes(void *address);                                                                   \
    void __tsan_volatile_write##bytes(void *address);                                                                  \
    void __tsan_unaligned_volatile_read##bytes(void *address);                                                         \
    void __tsan_unaligned_volatile_write##bytes(void *address);                                                        \
    UNSEEN void __tsan_volatile_read##bytes(void *address)                                                             \
    {                                                                                                                  \
        __tsan_acquire(address);                                                                                       \
    }                                                                                                                  \
    UNSEEN void __tsan_volatile_write##bytes(void *address)                                                            \
    {                                                                                                                  \
        __tsan_release(address);                                                                                       \
    }                                                                                                                  \
    UNSEEN void __tsan_unaligned_volatile_read##bytes(void *address)                                                   \
    {                                                                                                                  \
        __tsan_acquire(address);                                                                                       \
    }                                                                                                                  \
    UNSEEN void __tsan_unaligned_volatile_write##bytes(void *address)                                                  \
    {                                                                                                                  \
        __tsan_release(address);                                                                                       \
    }
VOLATILE(1)
VOLATILE(2)
VOLATILE(4)
VOLATILE(8)
VOLATILE(16)

void *host_fiber_create(void)
{
    return __tsan_create_fiber(0);
}

void *host_fiber_current(void)
{
    return __tsan_get_current_fiber();
}

/* Not instrumented: it would be entered on one fiber's shadow stack and left on the other's. */
UNSEEN void host_fiber_switch(void *fiber)
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
