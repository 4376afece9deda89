/* SPDX-License-Identifier: MIT */
/*
 * The common part of both hosts: configuration, start and end of a machine, and the dispatch of the operations that
 * differ. One machine per process, so the state is static.
 */
#define _GNU_SOURCE
#include "hostp.h"
#include "layout.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <asm/prctl.h>
#include <unistd.h>

int host_memory_init(uint64_t ram_bytes); /* memory.c */

static struct host_boot machine;
static const struct host_ops *ops = &host_sim_ops;
static FILE *trace_file;
static bool have_fsgsbase;
volatile bool host_client_outside;

const struct host_config *host_config(void)
{
    return &machine.config;
}

const char *host_command_line(void)
{
    return machine.command_line ? machine.command_line : "";
}

void *host_stack_for(uint32_t vp)
{
    uint64_t offset = vp == 0 ? 0 : HOST_CLIENT_STACK_BYTES + (uint64_t)vp * 2 * HOST_STACK_BYTES;
    uint64_t bytes = vp == 0 ? HOST_CLIENT_STACK_BYTES : HOST_STACK_BYTES;
    void *stack = (void *)(KILN_HOST_STACKS + offset);
    if (host_map_anonymous(stack, bytes, HOST_PROT_R | HOST_PROT_W) != 0)
        host_panic("no memory for a processor's stack");
    return stack;
}

void host_set_gs(void *base)
{
    if (have_fsgsbase)
        __asm__ volatile("wrgsbase %0" ::"r"(base));
    else
        syscall(SYS_arch_prctl, ARCH_SET_GS, base);
}

int32_t host_start(const struct host_boot *boot)
{
    machine = *boot;
    if (machine.config.max_cpus < machine.config.cpus)
        machine.config.max_cpus = machine.config.cpus;
    if (machine.config.group_size == 0 || machine.config.group_size > HOST_MAX_VPS)
        machine.config.group_size = HOST_MAX_VPS;
    if (machine.config.node_size == 0)
        machine.config.node_size = HOST_MAX_VPS;
    host_sanitizer_init();
    have_fsgsbase = (getauxval(AT_HWCAP2) & 2) != 0;
    ops = machine.config.live ? &host_live_ops : &host_sim_ops;
    if (machine.trace_path) {
        trace_file = fopen(machine.trace_path, "w");
        if (!trace_file)
            return -errno;
        machine.config.trace = true;
    }
    int error = host_memory_init(machine.config.ram_bytes);
    if (error)
        return error;
    error = host_traps_install();
    if (error)
        return error;
    error = host_traps_thread_init();
    if (error)
        return error;
    ops->init();
    return KiBootMachine();
}

__asm__(".text\n"
        ".type call_on_stack, @function\n"
        "call_on_stack:\n" /* rdi fn, rsi argument, rdx stack top */
        ".cfi_startproc\n"
        "push %rbp\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset %rbp, 0\n"
        "mov %rsp, %rbp\n"
        ".cfi_def_cfa_register %rbp\n"
        "mov %rdx, %rsp\n"
        "mov %rdi, %rax\n"
        "mov %rsi, %rdi\n"
        "call *%rax\n"
        "leave\n"
        ".cfi_def_cfa %rsp, 8\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size call_on_stack, . - call_on_stack\n");
void call_on_stack(void (*fn)(void *), void *argument, void *top);

void host_call_on_client_stack(void (*fn)(void *), void *argument)
{
    call_on_stack(fn, argument, (char *)host_stack_for(0) + HOST_CLIENT_STACK_BYTES - 64);
}

/* ---------------------------------------------------------------- output and end */

void host_flush(void)
{
    fflush(stdout);
    fflush(stderr);
    if (trace_file)
        fflush(trace_file);
}

void host_console_write(enum host_stream stream, const char *text, uint64_t bytes)
{
    if (machine.console_hook) {
        machine.console_hook(stream, text, bytes);
        return;
    }
    /* Standard error first shows what standard output holds, so that the order on a terminal is the order of events. */
    if (stream != HOST_STREAM_DEBUG)
        fflush(stdout);
    fwrite(text, 1, bytes, stream == HOST_STREAM_DEBUG ? stdout : stderr);
}

void host_trace(const char *line, uint64_t bytes)
{
    if (!trace_file)
        return;
    fwrite(line, 1, bytes, trace_file);
    fputc('\n', trace_file);
}

void host_exit(int status)
{
    host_flush();
    if (machine.exit_hook)
        machine.exit_hook(status);
    host_flush();
    _exit(status);
}

void host_panic(const char *message)
{
    fprintf(stderr, "kiln: internal error: %s\n", message);
    host_flush();
    abort();
}

/* ---------------------------------------------------------------- dispatch */

uint64_t host_interrupt_time(void)
{
    return ops->interrupt_time();
}

uint64_t host_performance_counter(void)
{
    return ops->performance_counter();
}

uint64_t host_performance_frequency(void)
{
    return 10000000;
}

uint64_t host_boot_system_time(void)
{
    return ops->boot_system_time();
}

void host_clock_arm(uint64_t due_100ns)
{
    ops->clock_arm(due_100ns);
}

void host_stall_ns(uint64_t nanoseconds)
{
    ops->stall_ns(nanoseconds);
}

int host_vp_start(uint32_t vp)
{
    return ops->vp_start(vp);
}

void host_vp_bind(uint32_t vp, void *kpcr)
{
    ops->vp_bind(vp, kpcr);
}

bool host_vp_idle(uint32_t vp)
{
    return ops->vp_idle(vp);
}

void host_vp_kick(uint32_t vp)
{
    ops->vp_kick(vp);
}

void host_relax(void)
{
    ops->relax();
}

bool host_sched_point(enum host_point kind)
{
    return ops->sched_point(kind);
}

uint64_t host_random(void)
{
    return ops->random();
}
