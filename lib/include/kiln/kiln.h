/* SPDX-License-Identifier: MIT */
/*
 * libkiln: a Windows kernel-mode driver machine inside your process.
 *
 *      kiln_boot(NULL);
 *      kiln_load("echo.sys", NULL);
 *      kiln_file echo;
 *      kiln_open("\\\\.\\Echo", KILN_READ | KILN_WRITE, 0, &echo);
 *      kiln_ioctl(echo, IOCTL_ECHO_BUFFERED, "hello", 5, answer, sizeof answer, &bytes);
 *      kiln_shutdown();
 *
 * A process is a machine: kiln_boot may be called once. The thread that calls it becomes virtual processor 0 and an
 * NT thread of the client process; every other function must be called from that thread, or from a function started
 * by kiln_thread_create or kiln_run_on_thread. While your code runs, its processor runs nothing else: other processors
 * go on, and on the simulator, time stands still. Blocking calls (kiln_wait, kiln_sleep, ...) let it run other threads.
 *
 * Status values are NTSTATUS: negative is an error. kiln_status_name() spells them; kiln_last_error() is a sentence
 * about the last failure, where Kiln knows more than the status says. A bugcheck prints its report and calls
 * kiln_options.on_exit, then ends the process with status 3.
 */
#ifndef KILN_KILN_H
#define KILN_KILN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t kiln_status;
typedef uint64_t kiln_file; /* an NT handle of the client process; 0 is none */
typedef struct kiln_request kiln_request;

enum kiln_stream {
    KILN_DEBUG_OUTPUT,  /* DbgPrint of drivers; default: standard output */
    KILN_KERNEL_OUTPUT, /* Kiln's messages; default: standard error */
    KILN_REPORT_OUTPUT, /* bugcheck, hang and leak reports; default: standard error */
};

/* What drivers find in *InitSafeBootMode: an ordinary boot, or a safe mode. */
enum kiln_safe_mode { KILN_SAFE_NO, KILN_SAFE_MINIMAL, KILN_SAFE_NETWORK, KILN_SAFE_REPAIR };

/* A driver calls a routine above or below its documented IRQL: stop the machine, report the place and go on, nothing. */
enum kiln_irql_checks { KILN_IRQL_STOP, KILN_IRQL_REPORT, KILN_IRQL_OFF };

struct kiln_options {
    size_t size;               /* sizeof(struct kiln_options) */
    bool live;                 /* real time and a pthread per processor; otherwise the deterministic simulator */
    unsigned cpus;             /* virtual processors at boot, 0 = 1 */
    uint64_t ram_bytes;        /* 0 = 256 MB */
    uint64_t seed;             /* of the simulator */
    bool unchecked;            /* simulator: leave the rule checks out */
    bool allow_unresolved;     /* load drivers whose imports are missing; calling one bugchecks */
    bool pass_breakpoints;     /* note breakpoints of drivers and go on, instead of a bugcheck */
    bool plain, json;          /* for the kiln command: what is printed, and how */
    const char *event_log;     /* write the event log here; NULL: none */
    const char *command_line;  /* printed in reports as the way to reproduce; NULL: none */
    void (*on_exit)(int status);
    void (*on_output)(enum kiln_stream stream, const char *text, uint64_t bytes); /* instead of stdio */
    unsigned max_cpus;         /* with those that kiln_add_processor may add; 0 = cpus */
    unsigned group_size;       /* processors in a processor group; 0 = 64 */
    unsigned node_size;        /* processors in a NUMA node; 0 = 64 */
    bool checked;              /* live host: the rule checks that the simulator makes */
    bool client_32bit;         /* your program is a 32-bit process to drivers: its slice lies below 4 GB */
    bool paging;               /* pageable code, data and pool really go out, and come back when touched (docs/paging.md) */
    const char *special_pool;  /* pool tags, "all", or "under:" and those: blocks with guard pages (docs/special-pool.md) */
    enum kiln_irql_checks irql_checks; /* with the rule checks: what a driver's call at a wrong IRQL does */
    enum kiln_safe_mode safe_mode;     /* the machine is started in a safe mode */
};

/* How many calls at a wrong IRQL were reported; with KILN_IRQL_STOP the first one stops the machine. */
unsigned kiln_irql_violations(void);

/* Start the machine. NULL options: the simulator, one processor, seed 0. */
kiln_status kiln_boot(const struct kiln_options *options);

/* Send IRP_MJ_SHUTDOWN, unload every driver, report leaks. The machine stays booted but empty. Returns 0, or 1 if
 * something leaked. */
int kiln_shutdown(void);

/*
 * Load a driver image and start it (DriverEntry). `service` names the driver object (\Driver\SERVICE); NULL takes the
 * file's name without its extension. Returns the loader's or DriverEntry's status; kiln_last_error() says why.
 */
kiln_status kiln_load(const char *path, const char *service);

/* Call DriverUnload and remove the image when nothing uses it any more. */
kiln_status kiln_unload(const char *service);

enum kiln_access { KILN_READ = 1, KILN_WRITE = 2 };
enum kiln_open_flags {
    KILN_OVERLAPPED = 1, /* asynchronous requests are allowed on the file */
    KILN_DIRECTORY = 2,
    KILN_CREATE = 4,     /* FILE_OPEN_IF instead of FILE_OPEN */
};

/* Open a device or file. Names: \\.\Echo, \??\Echo, \Device\Echo\rest; a name without backslash means \??\name. */
kiln_status kiln_open(const char *name, unsigned access, unsigned flags, kiln_file *file);
kiln_status kiln_close(kiln_file file);

/*
 * Synchronous I/O. Buffers are host memory; the machine sees them through a copy in the client process's address slice,
 * unless they came from kiln_alloc, which drivers see directly. *information receives IoStatus.Information (may be NULL).
 */
kiln_status kiln_read(kiln_file file, void *buffer, uint32_t bytes, uint64_t offset, uint64_t *information);
kiln_status kiln_write(kiln_file file, const void *buffer, uint32_t bytes, uint64_t offset, uint64_t *information);
kiln_status kiln_ioctl(kiln_file file, uint32_t code, const void *in, uint32_t in_bytes, void *out, uint32_t out_bytes,
                       uint64_t *information);
kiln_status kiln_flush(kiln_file file);

/*
 * Asynchronous I/O on a file opened with KILN_OVERLAPPED. On success or STATUS_PENDING, *request must be given to
 * kiln_finish. The buffers must stay valid until then; `out` and `buffer` are filled by kiln_wait or kiln_finish.
 */
kiln_status kiln_read_async(kiln_file file, void *buffer, uint32_t bytes, uint64_t offset, kiln_request **request);
kiln_status kiln_write_async(kiln_file file, const void *buffer, uint32_t bytes, uint64_t offset,
                             kiln_request **request);
kiln_status kiln_ioctl_async(kiln_file file, uint32_t code, const void *in, uint32_t in_bytes, void *out,
                             uint32_t out_bytes, kiln_request **request);

/*
 * The same with a routine that is called when the request has completed: on the thread that issued it, in its process, when
 * that waits alertably (kiln_wait_alertable, kiln_sleep_alertable, kiln_test_alert), as an I/O completion APC. The thread
 * that issued the request gives it to kiln_finish, which calls the routine if it was not called yet.
 */
typedef void kiln_apc_fn(kiln_request *request, void *context);
kiln_status kiln_ioctl_apc(kiln_file file, uint32_t code, const void *in, uint32_t in_bytes, void *out,
                           uint32_t out_bytes, kiln_apc_fn *routine, void *context, kiln_request **request);

#define KILN_FOREVER UINT64_MAX

/*
 * Wait for a request: its final status, with *information; STATUS_TIMEOUT (0x102) if it is still pending after
 * `timeout_ns` of machine time. May be called again.
 */
kiln_status kiln_wait(kiln_request *request, uint64_t timeout_ns, uint64_t *information);

/* As kiln_wait, alertably: STATUS_USER_APC (0xC0) after routines ran, STATUS_ALERTED (0x101) after kiln_thread_alert. */
kiln_status kiln_wait_alertable(kiln_request *request, uint64_t timeout_ns, uint64_t *information);

/* Has it completed? Does not block. */
bool kiln_is_done(kiln_request *request);

/* Ask the driver to cancel the request (IoCancelIrp). STATUS_NOT_FOUND when it was complete already. */
kiln_status kiln_cancel(kiln_request *request);

/* Cancel if pending, wait, free. Returns the final status. */
kiln_status kiln_finish(kiln_request *request);

/* Let the machine run for that long (virtual time on the simulator). */
void kiln_sleep(uint64_t nanoseconds);

/* The same, alertably: 0, STATUS_USER_APC or STATUS_ALERTED, after which the time need not have passed. */
kiln_status kiln_sleep_alertable(uint64_t nanoseconds);

/* Let the machine run until no thread, DPC, work item or one-shot timer is left, or `limit_ns` of machine time passed.
 * True if it went idle. */
bool kiln_run_until_idle(uint64_t limit_ns);

/* Run a function on a new system thread of the machine, and wait for it. */
kiln_status kiln_run_on_thread(void (*function)(void *), void *argument);

/* Memory in the client process's slice, seen by drivers at the same address. Zeroed, page aligned. NULL when exhausted. */
void *kiln_alloc(size_t bytes);
void kiln_free(void *memory);

/*
 * Add a processor to the running machine, as plugging one into a server does: drivers' processor change callbacks are told, and
 * may refuse with their status. *index (may be NULL) receives its number. STATUS_NO_SUCH_DEVICE: kiln_options.max_cpus
 * are there.
 */
kiln_status kiln_add_processor(unsigned *index);

/*
 * A nonmaskable interrupt, on processor 0: the callbacks of KeRegisterNmiCallback run. If none handles it the machine
 * bugchecks with NMI_HARDWARE_FAILURE.
 */
void kiln_nmi(void);
/* Page out everything that may go; *pages is how much went. STATUS_NOT_SUPPORTED: kiln_options.paging is not set. */
kiln_status kiln_page_out(uint64_t *pages);

/* ---------------------------------------------------------------- processes and threads */

/*
 * A process is an address slice and a handle table of its own: a kiln_file belongs to the process that opened it, memory
 * of kiln_alloc lies in the slice of the process that asked. A thread runs a function of your program as user code of its
 * process, on a stack in the slice; drivers see a user thread like any other: its ids, TEB and PEB, PreviousMode, and the
 * addresses it passes. Its code is never interrupted: other threads, suspension, termination and APCs have their turn when
 * it calls a function of this header.
 *
 * After such a call it may go on on another host thread (processor): thread-local variables of your program are the
 * processor's, not the thread's. Host locks must not be held across a call. A fault in your function is a fault of your
 * program. What a terminated thread holds of your program (heap memory, files) is not given back: it never returns.
 */
typedef struct kiln_process kiln_process;
typedef struct kiln_thread kiln_thread;
typedef kiln_status kiln_thread_fn(void *argument); /* returns the exit status */

/*
 * A child process of the caller's, named `name` ("agent.exe"), with the caller's inheritable handles and no thread yet.
 * Drivers hear of it when it gets its first thread. Give it to kiln_process_close; it lives on while it has threads.
 */
kiln_status kiln_process_create(const char *name, kiln_process **process);

/*
 * The same as a 32-bit process: IoIs32bitProcess says so of its requests, and its memory (kiln_alloc, stacks) has addresses
 * that fit into 32 bits. The requests are made as the 64-bit system services all the same: structures that differ are the
 * driver's to thunk. Up to eight at a time; STATUS_INSUFFICIENT_RESOURCES otherwise.
 */
kiln_status kiln_process_create32(const char *name, kiln_process **process);

/* It ends when its last thread ends. *exit_status (may be NULL): STATUS_PENDING (0x103) while it has not. */
kiln_status kiln_process_wait(kiln_process *process, uint64_t timeout_ns, kiln_status *exit_status);

/* End all its threads. NULL: the caller's process; then it does not return, and in the first process the run is over. */
kiln_status kiln_process_terminate(kiln_process *process, kiln_status exit_status);
uint64_t kiln_process_id(kiln_process *process);
void kiln_process_close(kiln_process *process);

enum kiln_thread_flags {
    KILN_SUSPENDED = 1, /* it starts with kiln_thread_resume */
};

/*
 * A thread of `process` (NULL: the caller's) that calls function(argument) on a stack of stack_bytes (0: 128 KB). A driver's
 * process notify routine may refuse a process when its first thread is made: its status is returned then.
 */
kiln_status kiln_thread_create(kiln_process *process, kiln_thread_fn *function, void *argument, size_t stack_bytes,
                               unsigned flags, kiln_thread **thread);

/* 0 when it has ended, STATUS_TIMEOUT (0x102), or STATUS_USER_APC / STATUS_ALERTED of an alertable wait. */
kiln_status kiln_thread_wait(kiln_thread *thread, uint64_t timeout_ns, kiln_status *exit_status);
kiln_status kiln_thread_wait_alertable(kiln_thread *thread, uint64_t timeout_ns, kiln_status *exit_status);

/* Make it end: its waits are broken, its requests cancelled. Wait for it afterwards. */
kiln_status kiln_thread_terminate(kiln_thread *thread, kiln_status exit_status);

/* End the calling thread, which must be one of kiln_thread_create: otherwise the program is aborted. */
void kiln_thread_exit(kiln_status exit_status) __attribute__((noreturn));

kiln_status kiln_thread_suspend(kiln_thread *thread);
kiln_status kiln_thread_resume(kiln_thread *thread);

/* End its alertable wait, or the next one, with STATUS_ALERTED. */
kiln_status kiln_thread_alert(kiln_thread *thread);

/* Have it call function(context) in its next alertable wait (a user APC). NULL: the calling thread. */
kiln_status kiln_thread_queue_apc(kiln_thread *thread, void (*function)(void *context), void *context);

/* Run the user APCs that wait for the calling thread. STATUS_ALERTED if it had been alerted, which hides them once. */
kiln_status kiln_test_alert(void);
uint64_t kiln_thread_id(kiln_thread *thread);
void kiln_thread_close(kiln_thread *thread);

/*
 * Report the threads that wait for each other in a circle (on the report stream), and the number of such circles. A checked
 * machine stops with a bugcheck as soon as there is one; this is for those that are not checked.
 */
unsigned kiln_report_deadlocks(void);

/* ---------------------------------------------------------------- silos */

/*
 * A server silo, what a container is to drivers: its creation runs the create routines of their silo monitors
 * (PsRegisterSiloMonitor), its end the terminate routines. It ends when it is told to, when its last process does, or when
 * it is closed without one.
 */
typedef struct kiln_silo kiln_silo;

/* The status of the monitor that refused, if one did. */
kiln_status kiln_silo_create(kiln_silo **silo);
/* The process enters it, and with it the processes it makes. NULL: the calling one. */
kiln_status kiln_silo_assign(kiln_silo *silo, kiln_process *process);
/* End its processes and it, and wait until the monitors were told; KILN_STATUS_TIMEOUT. */
kiln_status kiln_silo_terminate(kiln_silo *silo, kiln_status exit_status, uint64_t timeout_ns);
void kiln_silo_close(kiln_silo *silo);

/* ---------------------------------------------------------------- looking inside */

enum kiln_field_kind { KILN_TEXT, KILN_NUMBER, KILN_HEX };
struct kiln_field {
    const char *name;
    enum kiln_field_kind kind;
    const char *text;
    uint64_t number;
};
typedef void kiln_row_fn(void *context, const struct kiln_field *fields, unsigned count);

/*
 * List what the machine holds: "drivers", "devices", "devstack" (argument: a device's name), "objdir" (argument: a
 * directory), "handles" (argument: a process's name or id), "objects" (argument: a path, or ":" and a type), "references"
 * (argument: a path or the address of an object), "processes", "threads" (argument: a process's name), "irps", "pool" (argument: a tag), "leaks" (argument: a driver), "memory" (argument:
 * a process's name), "modules", "timers", "dpcs", "processors". The row function is called once a row; the texts are valid
 * during the call. It must not call Kiln. Unknown kind: STATUS_INVALID_PARAMETER.
 */
kiln_status kiln_list(const char *kind, const char *argument, kiln_row_fn *row, void *context);

/* "STATUS_SUCCESS" ..., or NULL for a value without a documented name. */
const char *kiln_status_name(kiln_status status);
/* The value of a status name (with or without "STATUS_"); false if there is none. */
bool kiln_status_value(const char *name, kiln_status *status);
/* A sentence about the last failed call, "" when the status says all. Valid until the next call. */
const char *kiln_last_error(void);
const char *kiln_version(void);

/*
 * Report what every thread and request is doing and end the process with status 1. For time-outs: a signal handler may
 * call it, with the address at which the signal interrupted.
 */
void kiln_give_up(uint64_t pc);

/*
 * Write which source lines of drivers built with `kiln cc -g --san=cov` ran, as an LCOV tracefile. Returns 0 or a negative
 * errno value. May be called after a bugcheck, from on_exit.
 */
int kiln_write_coverage(const char *path);

/* Machine time since boot, in nanoseconds. */
uint64_t kiln_time(void);

#ifdef __cplusplus
}
#endif
#endif
