/* SPDX-License-Identifier: MIT */
/*
 * What the files of the host share: the operations that differ between the live host and the simulator, and how the
 * library starts a machine. Everything else the kernel may call is in host.h and is common to both hosts.
 */
#ifndef KILN_HOSTP_H
#define KILN_HOSTP_H

#include "host.h"

/* The part of host.h that a host implements in its own way. Contracts as declared in host.h. */
struct host_ops {
    const char *name;
    void (*init)(void); /* once, before the kernel starts */
    uint64_t (*interrupt_time)(void);
    uint64_t (*performance_counter)(void); /* 10 MHz */
    uint64_t (*boot_system_time)(void);
    void (*clock_arm)(uint64_t due_100ns);
    void (*stall_ns)(uint64_t nanoseconds);
    int (*vp_start)(uint32_t vp);
    void (*vp_bind)(uint32_t vp, void *kpcr);
    bool (*vp_idle)(uint32_t vp);
    void (*vp_kick)(uint32_t vp);
    void (*relax)(void);
    bool (*sched_point)(enum host_point kind);
    uint64_t (*random)(void);
};

extern const struct host_ops host_live_ops, host_sim_ops;

/* Everything a machine needs to know before it starts. Strings must stay valid as long as the machine. */
struct host_boot {
    struct host_config config;
    const char *command_line;
    const char *trace_path;          /* event log, or NULL */
    void (*exit_hook)(int status);   /* called by host_exit before the process ends; may not return */
    void (*console_hook)(enum host_stream stream, const char *text, uint64_t bytes); /* instead of stdio */
};

/* Start the machine on the calling thread (see KiBootMachine). Returns 0, a negative errno, or a failing NTSTATUS. */
int32_t host_start(const struct host_boot *boot);

/* Flush output and the event log. */
void host_flush(void);

/* Call `fn(argument)` on the fixed stack reserved for the client thread, so that addresses repeat from run to run. */
void host_call_on_client_stack(void (*fn)(void *), void *argument);

/*
 * The client thread is about to run code of its own (outside = true), or comes back: the live host sends no redirect
 * signals to client code. A plain store.
 */
extern volatile bool host_client_outside;

/* No symbolizer is started: for the many runs whose report nobody reads. */
extern bool host_symbolize_off;

/* Before anything else of a machine, on a private stack: what the sanitizers' runtime must do first (sanitizer.c). */
void host_sanitizer_init(void);

/* Fixed stack of processor `vp` (0 is the client's). */
#define HOST_STACK_BYTES (1ULL << 20)
#define HOST_CLIENT_STACK_BYTES (8ULL << 20)
void *host_stack_for(uint32_t vp);

/* Set the GS base of the calling thread. */
void host_set_gs(void *base);

/* traps.c: install the signal handlers (once), prepare the calling pthread (alternate stack), redirect a pthread. */
int host_traps_install(void);
int host_traps_thread_init(void);
#include <pthread.h>
void host_traps_redirect(pthread_t thread);

#endif
