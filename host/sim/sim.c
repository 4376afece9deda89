/* SPDX-License-Identifier: MIT */
/*
 * The simulator: all virtual processors on one pthread, virtual time, and a seeded scheduler.
 *
 * Theory of operation. A processor is a coroutine: while it is switched out, its registers lie on whatever stack it was
 * executing (an NT thread's, or its idle stack). The kernel calls in at scheduling points, in spin loops and when a
 * processor idles; there, and nowhere else, another processor may go on. So between two calls a processor runs
 * atomically, and the sequence of draws from the seeded generator decides the whole interleaving: the same seed and
 * the same inputs give the same run.
 *
 * Time is a counter. Every scheduling point moves it by a few dozen nanoseconds, a stall by its length, and when every
 * processor idles it jumps to the armed clock. Nothing reads the host's clock.
 *
 * How often a scheduling point switches or ends a quantum is itself drawn from the seed, so that some seeds explore
 * long undisturbed runs and others switch at nearly every opportunity.
 */
#include "hostp.h"
#include "layout.h"

#define NO_VP UINT32_MAX

struct sim_vp {
    void *saved_sp;
    void *kpcr;
    bool started, idle, kicked;
};

static struct sim_vp vps[HOST_MAX_VPS];
static uint32_t current;
static uint32_t started_count;
static uint64_t now_ns;
static uint64_t clock_due_100ns = UINT64_MAX;
static uint64_t generator;
static uint64_t switch_mask, quantum_mask; /* a point acts when its draw has none of these bits */

/* 2024-01-01 00:00:00 UTC: simulated machines all boot at the same moment. */
#define SIM_BOOT_SYSTEM_TIME 133485408000000000ULL

/* splitmix64: one multiplication chain a draw, any seed is a good seed. */
static uint64_t draw(void)
{
    uint64_t z = (generator += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

/* Save the callee-saved state on the current stack, store the stack pointer at *save, continue at `load`. */
void sim_switch_stack(void **save, void *load);
__asm__(".text\n"
        ".globl sim_switch_stack\n"
        ".type sim_switch_stack, @function\n"
        "sim_switch_stack:\n"
        ".cfi_startproc\n"
        "push %rbp\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset %rbp, 0\n"
        "push %rbx\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset %rbx, 0\n"
        "push %r12\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset %r12, 0\n"
        "push %r13\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset %r13, 0\n"
        "push %r14\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset %r14, 0\n"
        "push %r15\n.cfi_adjust_cfa_offset 8\n.cfi_rel_offset %r15, 0\n"
        "sub $8, %rsp\n.cfi_adjust_cfa_offset 8\n"
        "stmxcsr (%rsp)\n"
        "fnstcw 4(%rsp)\n"
        "mov %rsp, (%rdi)\n"
        "mov %rsi, %rsp\n"
        "ldmxcsr (%rsp)\n"
        "fldcw 4(%rsp)\n"
        "add $8, %rsp\n.cfi_adjust_cfa_offset -8\n"
        "pop %r15\n.cfi_adjust_cfa_offset -8\n.cfi_restore %r15\n"
        "pop %r14\n.cfi_adjust_cfa_offset -8\n.cfi_restore %r14\n"
        "pop %r13\n.cfi_adjust_cfa_offset -8\n.cfi_restore %r13\n"
        "pop %r12\n.cfi_adjust_cfa_offset -8\n.cfi_restore %r12\n"
        "pop %rbx\n.cfi_adjust_cfa_offset -8\n.cfi_restore %rbx\n"
        "pop %rbp\n.cfi_adjust_cfa_offset -8\n.cfi_restore %rbp\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size sim_switch_stack, . - sim_switch_stack\n");

static void switch_to(uint32_t next)
{
    if (next == current)
        return;
    struct sim_vp *from = &vps[current], *to = &vps[next];
    current = next;
    host_set_gs(to->kpcr);
    sim_switch_stack(&from->saved_sp, to->saved_sp);
}

static bool runnable(const struct sim_vp *vp)
{
    return vp->started && (!vp->idle || vp->kicked);
}

/* A random runnable processor other than the current one, or NO_VP. */
static uint32_t pick_other(void)
{
    uint32_t count = 0, choice[HOST_MAX_VPS];
    for (uint32_t i = 0; i < started_count; i++)
        if (i != current && runnable(&vps[i]))
            choice[count++] = i;
    if (count == 0)
        return NO_VP;
    return count == 1 ? choice[0] : choice[draw() % count];
}

static void check_clock(void)
{
    if (now_ns / 100 >= clock_due_100ns) {
        clock_due_100ns = UINT64_MAX;
        KiPostClock();
    }
}

static void sim_init(void)
{
    generator = host_config()->seed;
    vps[0].started = true;
    started_count = 1;
    static const uint64_t switch_masks[] = {0, 1, 7, 31, 255};
    static const uint64_t quantum_masks[] = {15, 63, 255, 4095};
    switch_mask = switch_masks[draw() % 5];
    quantum_mask = quantum_masks[draw() % 4];
}

static uint64_t sim_interrupt_time(void)
{
    /* Reading the time takes time: a loop that polls the clock must end. */
    now_ns += 10;
    return now_ns / 100;
}

static uint64_t sim_boot_system_time(void)
{
    return SIM_BOOT_SYSTEM_TIME;
}

static void sim_clock_arm(uint64_t due_100ns)
{
    clock_due_100ns = due_100ns;
}

static void sim_stall_ns(uint64_t nanoseconds)
{
    now_ns += nanoseconds;
    check_clock();
}

static void vp_main(void)
{
    KiVpEntry(current);
    host_panic("a virtual processor's entry returned");
}

static int sim_vp_start(uint32_t vp)
{
    struct sim_vp *self = &vps[vp];
    char *top = (char *)host_stack_for(vp) + HOST_STACK_BYTES;
    /* What sim_switch_stack pops: control words, six registers, the return address; RSP is then 8 modulo 16, as at any entry. */
    uint64_t *frame = (uint64_t *)(top - 136);
    uint32_t mxcsr = 0x1F80;
    frame[0] = mxcsr | (uint64_t)0x37F << 32;
    for (int i = 1; i <= 6; i++)
        frame[i] = 0;
    frame[7] = (uint64_t)(uintptr_t)vp_main;
    frame[8] = 0;
    self->saved_sp = frame;
    self->started = true;
    if (started_count <= vp)
        started_count = vp + 1;
    return 0;
}

static void sim_vp_bind(uint32_t vp, void *kpcr)
{
    vps[vp].kpcr = kpcr;
    host_set_gs(kpcr);
}

static bool sim_vp_idle(uint32_t vp)
{
    struct sim_vp *self = &vps[vp];
    for (;;) {
        if (self->kicked) {
            self->kicked = false;
            self->idle = false;
            return true;
        }
        self->idle = true;
        uint32_t next = pick_other();
        if (next != NO_VP) {
            switch_to(next);
            continue;
        }
        if (clock_due_100ns == UINT64_MAX) {
            self->idle = false;
            return false;
        }
        if (now_ns < clock_due_100ns * 100)
            now_ns = clock_due_100ns * 100;
        check_clock();
    }
}

static void sim_vp_kick(uint32_t vp)
{
    vps[vp].kicked = true;
}

static void sim_relax(void)
{
    /* A spinning processor waits for another one: always let one run, and let time pass for loops that wait for it. */
    now_ns += 200;
    check_clock();
    uint32_t next = pick_other();
    if (next != NO_VP)
        switch_to(next);
}

static bool sim_sched_point(enum host_point kind)
{
    (void)kind;
    uint64_t roll = draw();
    now_ns += 20 + (roll >> 58);
    check_clock();
    if (started_count > 1 && (roll & switch_mask) == 0) {
        uint32_t next = pick_other();
        if (next != NO_VP)
            switch_to(next);
    }
    return ((roll >> 20) & quantum_mask) == 0;
}

const struct host_ops host_sim_ops = {
    .name = "sim",
    .init = sim_init,
    .interrupt_time = sim_interrupt_time,
    .performance_counter = sim_interrupt_time,
    .boot_system_time = sim_boot_system_time,
    .clock_arm = sim_clock_arm,
    .stall_ns = sim_stall_ns,
    .vp_start = sim_vp_start,
    .vp_bind = sim_vp_bind,
    .vp_idle = sim_vp_idle,
    .vp_kick = sim_vp_kick,
    .relax = sim_relax,
    .sched_point = sim_sched_point,
    .random = draw,
};
