/* SPDX-License-Identifier: MIT */
/*
 * libkiln: the machine as a library; here its life, time and inspection, and what a caller may ask about later (last error).
 *
 * The library is the libc side. Below it, kernel/client makes the NT calls. Files and requests, for which host memory becomes
 * memory of the client's slice and comes back, are in request.c, processes and threads in process.c.
 *
 * Threads of the machine may be in here on several processors at once, and a thread may go on elsewhere after each Kc
 * call: what belongs to a thread lies in its slice (struct thread_state), nothing in thread-local storage.
 */
#include "kiln/kiln.h"

#include "kilnp.h"

#include "client.h"
#include "hostp.h"
#include "layout.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_SUCCESS                0
#define STATUS_NO_SUCH_DEVICE         ((kiln_status)0xC000000E)
#define STATUS_UNSUCCESSFUL           ((kiln_status)0xC0000001)
#define STATUS_INVALID_PARAMETER      ((kiln_status)0xC000000D)
#define STATUS_INVALID_DEVICE_REQUEST ((kiln_status)0xC0000010)
#define STATUS_NO_SUCH_FILE           ((kiln_status)0xC000000F)
#define STATUS_ACCESS_DENIED          ((kiln_status)0xC0000022)
#define STATUS_INSUFFICIENT_RESOURCES ((kiln_status)0xC000009A)
#define STATUS_FILE_IS_A_DIRECTORY    ((kiln_status)0xC00000BA)
#define STATUS_ALREADY_INITIALIZED    ((kiln_status)0xC0000510)

static struct kiln_options options;
static bool booted;

struct thread_state *kiln__thread_state(void)
{
    static struct thread_state before_boot;
    return booted ? KcThreadArea() : &before_boot;
}

void kiln__explain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(kiln__thread_state()->last_error, sizeof kiln__thread_state()->last_error, format, arguments);
    va_end(arguments);
}

const char *kiln_last_error(void)
{
    return kiln__thread_state()->last_error;
}

const char *kiln_version(void)
{
    return KILN_VERSION;
}

void kiln__enter(void)
{
    if (KcIsClientThread())
        __atomic_store_n(&host_client_outside, false, __ATOMIC_RELAXED);
    kiln__thread_state()->last_error[0] = 0;
}

void kiln__leave(void)
{
    KcLeave();
    if (KcIsClientThread())
        __atomic_store_n(&host_client_outside, true, __ATOMIC_RELAXED);
}

/* ---------------------------------------------------------------- life of the machine */

unsigned kiln_irql_violations(void)
{
    return KcIrqlViolations();
}

static void forward_output(enum host_stream stream, const char *text, uint64_t bytes)
{
    options.on_output((enum kiln_stream)stream, text, bytes);
}

kiln_status kiln_boot(const struct kiln_options *given)
{
    if (booted) {
        kiln__explain("a machine is running in this process already: a process is a machine");
        return STATUS_ALREADY_INITIALIZED;
    }
    if (given)
        memcpy(&options, given, given->size < sizeof options ? given->size : sizeof options);
    struct host_boot boot = {
        .config =
            {
                .live = options.live,
                .trace = options.event_log != NULL,
                .checked = options.live ? options.checked : !options.unchecked,
                .irql_checks = (uint8_t)options.irql_checks,
                .allow_unresolved = options.allow_unresolved,
                .pass_breakpoints = options.pass_breakpoints,
                .client_32bit = options.client_32bit,
                .paging = options.paging,
                .special_pool = options.special_pool,
                .safe_mode = (uint8_t)options.safe_mode,
                .plain = options.plain,
                .json = options.json,
                .cpus = options.cpus ? options.cpus : 1,
                .max_cpus = options.max_cpus,
                .group_size = options.group_size,
                .node_size = options.node_size,
                .ram_bytes = options.ram_bytes ? options.ram_bytes : 256ull << 20,
                .seed = options.seed,
            },
        .command_line = options.command_line,
        .trace_path = options.event_log,
        .exit_hook = options.on_exit,
        .console_hook = options.on_output ? forward_output : NULL,
    };
    if (boot.config.cpus > HOST_MAX_VPS || boot.config.max_cpus > HOST_MAX_VPS) {
        kiln__explain("%u processors: at most %u",
                boot.config.max_cpus > boot.config.cpus ? boot.config.max_cpus : boot.config.cpus, HOST_MAX_VPS);
        return STATUS_INVALID_PARAMETER;
    }
    boot.config.ram_bytes = (boot.config.ram_bytes + KILN_PAGE_SIZE - 1) & ~(KILN_PAGE_SIZE - 1);
    if (boot.config.ram_bytes < 16u << 20 || boot.config.ram_bytes > KILN_RAM_MAX) {
        kiln__explain("%llu bytes of RAM: between 16 MB and %llu GB", (unsigned long long)boot.config.ram_bytes,
                (unsigned long long)(KILN_RAM_MAX >> 30));
        return STATUS_INVALID_PARAMETER;
    }
    int32_t status = host_start(&boot);
    if (status < 0 && status > -4096) {
        kiln__explain("the host cannot start a machine: %s", strerror(-status));
        return STATUS_UNSUCCESSFUL;
    }
    if (status == 0)
        status = KcInit();
    if (status == 0) {
        struct thread_state *state = KcThreadArea();
        state->bounce = KcAllocateUser(KC_BOUNCE_BYTES);
        state->bounce_bytes = KC_BOUNCE_BYTES;
        if (!state->bounce)
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    booted = status == 0;
    if (booted)
        kiln__leave();
    return status;
}

int kiln_shutdown(void)
{
    kiln__enter();
    KcShutdown();
    char name[256];
    int leaked = 0;
    unsigned skip = 0;
    while (KcLoadedService(skip, name, sizeof name)) {
        kiln_status status = KcUnloadDriver(name);
        if (status == STATUS_SUCCESS)
            continue;
        skip++;
        /* A driver without DriverUnload stays until the machine ends: that is its right. */
        leaked |= status != STATUS_INVALID_DEVICE_REQUEST;
    }
    host_flush();
    kiln__leave();
    return leaked;
}

/* The file's name without folders and extension. */
static void service_of_path(const char *path, char *service, size_t bytes)
{
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    snprintf(service, bytes, "%s", name);
    char *dot = strrchr(service, '.');
    if (dot && dot != service)
        *dot = 0;
}

static kiln_status status_of_errno(int error)
{
    switch (error) {
    case -ENOENT:
        return STATUS_NO_SUCH_FILE;
    case -EACCES:
        return STATUS_ACCESS_DENIED;
    case -EISDIR:
        return STATUS_FILE_IS_A_DIRECTORY;
    case -ENOMEM:
        return STATUS_INSUFFICIENT_RESOURCES;
    default:
        return STATUS_UNSUCCESSFUL;
    }
}

kiln_status kiln_load(const char *path, const char *service)
{
    char name[256];
    kiln__enter();
    if (!service) {
        service_of_path(path, name, sizeof name);
        service = name;
    }
    const void *image;
    uint64_t bytes;
    kiln_status status;
    int error = host_read_file(path, &image, &bytes);
    if (error) {
        kiln__explain("%s: %s", path, strerror(-error));
        status = status_of_errno(error);
    } else {
        char why[768] = "";
        status = KcLoadDriver(path, service, image, bytes, why, sizeof why);
        if (why[0])
            kiln__explain("%s: %s", path, why);
        host_free_file(image, bytes);
    }
    kiln__leave();
    return status;
}

kiln_status kiln_unload(const char *service)
{
    kiln__enter();
    kiln_status status = KcUnloadDriver(service);
    kiln__leave();
    return status;
}

/* ---------------------------------------------------------------- time, threads, memory */

void kiln_sleep(uint64_t nanoseconds)
{
    kiln__enter();
    KcSleep((nanoseconds + 99) / 100, false);
    kiln__leave();
}

kiln_status kiln_sleep_alertable(uint64_t nanoseconds)
{
    kiln__enter();
    kiln_status status = KcSleep((nanoseconds + 99) / 100, true);
    kiln__leave();
    return status;
}

bool kiln_run_until_idle(uint64_t limit_ns)
{
    kiln__enter();
    bool idle = KcRunUntilIdle(limit_ns / 100);
    kiln__leave();
    return idle;
}

kiln_status kiln_run_on_thread(void (*function)(void *), void *argument)
{
    kiln__enter();
    kiln_status status = KcRunOnThread(function, argument);
    kiln__leave();
    return status;
}

void *kiln_alloc(size_t bytes)
{
    kiln__enter();
    void *memory = KcAllocateUser(bytes);
    kiln__leave();
    return memory;
}

void kiln_free(void *memory)
{
    kiln__enter();
    if (memory)
        KcFreeUser(memory);
    kiln__leave();
}

kiln_status kiln_page_out(uint64_t *pages)
{
    kiln__enter();
    kiln_status status = KcPageOut(pages);
    kiln__leave();
    if (status < 0)
        kiln__explain("the machine was started without paging: kiln_options.paging, kiln run --paging");
    return status;
}

uint64_t kiln_time(void)
{
    return host_interrupt_time() * 100;
}

void kiln_give_up(uint64_t pc)
{
    if (booted)
        KcReportTimeout(pc);
    host_exit(1);
}

/* ---------------------------------------------------------------- looking inside */

_Static_assert((int)KC_TEXT == (int)KILN_TEXT && (int)KC_HEX == (int)KILN_HEX &&
                   sizeof(struct kc_field) == sizeof(struct kiln_field),
               "a row of the kernel is a row of the library");

kiln_status kiln_add_processor(unsigned *index)
{
    uint32_t number = 0;
    kiln__enter();
    kiln_status status = KcAddProcessor(&number);
    kiln__leave();
    if (status == STATUS_NO_SUCH_DEVICE)
        kiln__explain("all %u processors that the machine may have are there already (--max-cpus)", number);
    if (index)
        *index = number;
    return status;
}

void kiln_nmi(void)
{
    kiln__enter();
    KcNmi();
    kiln__leave();
}

unsigned kiln_report_deadlocks(void)
{
    kiln__enter();
    unsigned count = KcReportDeadlocks();
    kiln__leave();
    return count;
}

kiln_status kiln_list(const char *kind, const char *argument, kiln_row_fn *row, void *context)
{
    kiln__enter();
    kiln_status status = KcList(kind, argument, (kc_row_fn *)row, context);
    kiln__leave();
    return status;
}

const char *kiln_status_name(kiln_status status)
{
    return KcStatusName(status);
}

bool kiln_status_value(const char *name, kiln_status *status)
{
    return KcStatusValue(name, status);
}
