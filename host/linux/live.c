/* SPDX-License-Identifier: MIT */
/*
 * The live host: a pthread per virtual processor and real time.
 *
 * Processor 0 is the pthread that booted the machine. An idle processor sleeps in a futex; a kick wakes it, or, when it
 * executes, sends the redirect signal, which interrupts driver code and nothing else (see traps.c). A kick that finds
 * the processor inside the kernel needs no signal to be noticed: the kernel looks at its pending mask when it lowers
 * IRQL. One that arrives in between is repeated by the clock thread until the kernel has re-armed its clock.
 *
 * The clock. The kernel arms one due time for the machine. Processor 0 waits for it itself when idle; while it is busy
 * the clock thread does. Arming a later time makes no system call: the clock thread notices when it wakes.
 */
#define _GNU_SOURCE
#include "hostp.h"
#include "layout.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <sys/random.h>

struct live_vp {
    _Alignas(64) _Atomic uint32_t kicked; /* futex word: 1 when a kick is not yet seen */
    _Atomic uint32_t idle;
    pthread_t thread;
    bool started;
};

static struct live_vp vps[HOST_MAX_VPS];
static _Atomic uint32_t started_count, idle_count;
static uint64_t boot_ns, boot_system_time_100ns;
static _Atomic uint64_t clock_due_100ns = UINT64_MAX;
static _Atomic uint64_t clock_sleeps_until_100ns = UINT64_MAX;
static _Atomic uint32_t clock_word; /* futex word of the clock thread */
static _Atomic uint64_t generator;

static long futex(_Atomic uint32_t *word, int operation, uint32_t value, const struct timespec *timeout)
{
    return syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, timeout, NULL, FUTEX_BITSET_MATCH_ANY);
}

static uint64_t monotonic_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000ULL + (uint64_t)ts.tv_nsec;
}

static uint64_t live_interrupt_time(void)
{
    return (monotonic_ns() - boot_ns) / 100;
}

static struct timespec absolute(uint64_t interrupt_time_100ns)
{
    uint64_t ns = boot_ns + interrupt_time_100ns * 100;
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000ULL), .tv_nsec = (long)(ns % 1000000000ULL)};
}

/* Sleep until *word differs from `value` or the interrupt time is reached (UINT64_MAX: no limit). */
static void futex_wait_until(_Atomic uint32_t *word, uint32_t value, uint64_t until_100ns)
{
    struct timespec ts;
    if (until_100ns != UINT64_MAX)
        ts = absolute(until_100ns);
    futex(word, FUTEX_WAIT_BITSET, value, until_100ns == UINT64_MAX ? NULL : &ts);
}

#define CLOCK_RETRY_FIRST 10000ULL  /* 1 ms */
#define CLOCK_RETRY_LAST  160000ULL /* 16 ms */

static void *clock_thread(void *unused)
{
    (void)unused;
    uint64_t retry = CLOCK_RETRY_FIRST, posted_for = 0;
    for (;;) {
        uint32_t word = atomic_load(&clock_word);
        uint64_t due = atomic_load(&clock_due_100ns);
        uint64_t now = live_interrupt_time();
        uint64_t until = due;
        if (due <= now) {
            /* Post, and again later as long as the kernel has not re-armed: the signal may have met kernel code. */
            KiPostClock();
            retry = posted_for == due && retry < CLOCK_RETRY_LAST ? retry * 2 : CLOCK_RETRY_FIRST;
            posted_for = due;
            until = now + retry;
        }
        atomic_store(&clock_sleeps_until_100ns, until);
        if (atomic_load(&clock_due_100ns) >= due)
            futex_wait_until(&clock_word, word, until);
    }
    return NULL;
}

static void live_init(void)
{
    struct timespec ts;
    boot_ns = monotonic_ns();
    clock_gettime(CLOCK_REALTIME, &ts);
    boot_system_time_100ns = 116444736000000000ULL + (uint64_t)ts.tv_sec * 10000000ULL + (uint64_t)ts.tv_nsec / 100;
    uint64_t seed = host_config()->seed;
    if (seed == 0 && getrandom(&seed, sizeof seed, 0) != sizeof seed)
        seed = boot_ns;
    atomic_store(&generator, seed);
    vps[0].thread = pthread_self();
    vps[0].started = true;
    atomic_store(&started_count, 1);
    pthread_t thread;
    if (pthread_create(&thread, NULL, clock_thread, NULL) != 0)
        host_panic("cannot start the clock thread");
    pthread_detach(thread);
}

static uint64_t live_boot_system_time(void)
{
    return boot_system_time_100ns;
}

static void live_clock_arm(uint64_t due_100ns)
{
    atomic_store(&clock_due_100ns, due_100ns);
    if (due_100ns < atomic_load(&clock_sleeps_until_100ns)) {
        atomic_store(&clock_sleeps_until_100ns, due_100ns);
        atomic_fetch_add(&clock_word, 1);
        futex(&clock_word, FUTEX_WAKE, 1, NULL);
    }
}

static void live_stall_ns(uint64_t nanoseconds)
{
    uint64_t end = monotonic_ns() + nanoseconds;
    while (monotonic_ns() < end)
        __builtin_ia32_pause();
}

static void *vp_main(void *argument)
{
    if (host_traps_thread_init() != 0)
        host_panic("cannot prepare a processor's signal stack");
    KiVpEntry((uint32_t)(uintptr_t)argument);
    return NULL;
}

static int live_vp_start(uint32_t vp)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, host_stack_for(vp), HOST_STACK_BYTES);
    vps[vp].started = true;
    atomic_fetch_add(&started_count, 1);
    int error = pthread_create(&vps[vp].thread, &attributes, vp_main, (void *)(uintptr_t)vp);
    pthread_attr_destroy(&attributes);
    if (error) {
        vps[vp].started = false;
        atomic_fetch_sub(&started_count, 1);
    }
    return -error;
}

static void live_vp_bind(uint32_t vp, void *kpcr)
{
    (void)vp;
    host_set_gs(kpcr);
}

static bool live_vp_idle(uint32_t vp)
{
    struct live_vp *self = &vps[vp];
    bool wakeable = true;
    atomic_store(&self->idle, 1);
    uint32_t idle = atomic_fetch_add(&idle_count, 1) + 1;
    if (!atomic_load(&self->kicked)) {
        uint64_t due = atomic_load(&clock_due_100ns);
        if (due == UINT64_MAX && idle == atomic_load(&started_count) && !atomic_load(&self->kicked))
            wakeable = false;
        else if (vp != 0)
            futex_wait_until(&self->kicked, 0, UINT64_MAX);
        else if (due > live_interrupt_time())
            futex_wait_until(&self->kicked, 0, due);
    }
    atomic_fetch_sub(&idle_count, 1);
    atomic_store(&self->idle, 0);
    if (vp == 0 && atomic_load(&clock_due_100ns) <= live_interrupt_time())
        KiPostClock();
    return atomic_exchange(&self->kicked, 0) || wakeable;
}

static void live_vp_kick(uint32_t vp)
{
    struct live_vp *target = &vps[vp];
    if (!target->started)
        return;
    atomic_store(&target->kicked, 1);
    if (atomic_load(&target->idle))
        futex(&target->kicked, FUTEX_WAKE, 1, NULL);
    else if (!pthread_equal(target->thread, pthread_self()) &&
             !(vp == 0 && __atomic_load_n(&host_client_outside, __ATOMIC_RELAXED)))
        host_traps_redirect(target->thread);
}

static void live_relax(void)
{
    /* With more processors than cores the holder of a lock may not be running: give it the core now and then. */
    static _Thread_local uint32_t spins;
    __builtin_ia32_pause();
    if ((++spins & 0x3FF) == 0)
        syscall(SYS_sched_yield);
}

static bool live_sched_point(enum host_point kind)
{
    (void)kind;
    return false;
}

static uint64_t live_random(void)
{
    uint64_t z = atomic_fetch_add(&generator, 0x9E3779B97F4A7C15ULL) + 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

const struct host_ops host_live_ops = {
    .name = "live",
    .init = live_init,
    .interrupt_time = live_interrupt_time,
    .performance_counter = live_interrupt_time,
    .boot_system_time = live_boot_system_time,
    .clock_arm = live_clock_arm,
    .stall_ns = live_stall_ns,
    .vp_start = live_vp_start,
    .vp_bind = live_vp_bind,
    .vp_idle = live_vp_idle,
    .vp_kick = live_vp_kick,
    .relax = live_relax,
    .sched_point = live_sched_point,
    .random = live_random,
};
