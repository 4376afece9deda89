/* SPDX-License-Identifier: MIT */
/*
 * request.c: files and requests of libkiln.
 *
 * A synchronous request uses the thread's bounce area: its first bytes are the IO_STATUS_BLOCK, then the input, then the
 * output. Larger requests get a range of their own. An asynchronous request owns its range until kiln_finish.
 *
 * The mutex around the table of overlapped files is never held across a Kc call, because the thread may go on on another
 * host thread.
 */
#include "kiln/kiln.h"

#include "kilnp.h"

#include "client.h"
#include "hostp.h"
#include "layout.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_SUCCESS                0
#define STATUS_PENDING                0x103
#define STATUS_INVALID_PARAMETER      ((kiln_status)0xC000000D)
#define STATUS_INSUFFICIENT_RESOURCES ((kiln_status)0xC000009A)
#define STATUS_NOT_FOUND              ((kiln_status)0xC0000225)

#define METHOD(code) ((code) & 3)
#define METHOD_BUFFERED 0

#define FILE_OPEN                    1
#define FILE_OPEN_IF                 3
#define FILE_DIRECTORY_FILE          0x1
#define FILE_SYNCHRONOUS_IO_NONALERT 0x20
#define FILE_GENERIC_READ            0x00120089
#define FILE_GENERIC_WRITE           0x00120116
#define SYNCHRONIZE                  0x00100000

struct kiln_request {
    struct kc_apc apc;    /* first: the kernel gives it back */
    kiln_apc_fn *routine; /* called by it, with `context`; NULL: none */
    void *context;
    bool called;
    kiln_file file;
    enum kc_operation operation;
    uint32_t code;
    uint64_t event;
    void *range;          /* the request's part of the slice */
    uint64_t *user_iosb;
    void *user_out, *out; /* copied back when done */
    uint32_t out_bytes;
    kiln_status issued;   /* what the service returned */
    bool done;
    kiln_status final;
    uint64_t information;
};

struct open_file {
    void *process; /* a file is a handle, and means something in one process only */
    kiln_file file;
    uint64_t event; /* for synchronous calls on it */
};

static struct open_file *overlapped; /* under the mutex */
static size_t overlapped_count;
static pthread_mutex_t overlapped_mutex = PTHREAD_MUTEX_INITIALIZER;

/* ---------------------------------------------------------------- files */

/* The event of an overlapped file of the caller's process, 0 if it is none; `forget` takes it out of the table. */
static uint64_t event_of(kiln_file file, bool forget)
{
    uint64_t event = 0;
    if (__atomic_load_n(&overlapped_count, __ATOMIC_RELAXED) == 0) /* as usual: no lock for it */
        return 0;
    void *process = KcThreadProcess();
    pthread_mutex_lock(&overlapped_mutex);
    for (size_t i = 0; i < overlapped_count && !event; i++) {
        if (overlapped[i].file != file || overlapped[i].process != process)
            continue;
        event = overlapped[i].event;
        if (forget)
            overlapped[i] = overlapped[--overlapped_count];
    }
    pthread_mutex_unlock(&overlapped_mutex);
    return event;
}

static kiln_status remember_overlapped(kiln_file file)
{
    struct open_file entry = {.process = KcThreadProcess(), .file = file};
    kiln_status status = KcCreateEvent(&entry.event);
    if (status != STATUS_SUCCESS)
        return status;
    event_of(file, true); /* of a process that ended without closing it, at the same address */
    pthread_mutex_lock(&overlapped_mutex);
    struct open_file *grown = realloc(overlapped, (overlapped_count + 1) * sizeof *grown);
    if (grown) {
        overlapped = grown;
        overlapped[overlapped_count++] = entry;
    }
    pthread_mutex_unlock(&overlapped_mutex);
    if (!grown)
        KcClose(entry.event);
    return grown ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

kiln_status kiln_open(const char *name, unsigned access, unsigned flags, kiln_file *file)
{
    char full[1024];
    kiln__enter();
    if (!strncmp(name, "\\\\.\\", 4) || !strncmp(name, "\\\\?\\", 4))
        snprintf(full, sizeof full, "\\??\\%s", name + 4);
    else if (name[0] != '\\')
        snprintf(full, sizeof full, "\\??\\%s", name);
    else
        snprintf(full, sizeof full, "%s", name);
    uint32_t rights = SYNCHRONIZE | (access & KILN_READ ? FILE_GENERIC_READ : 0) |
                      (access & KILN_WRITE ? FILE_GENERIC_WRITE : 0);
    uint32_t create_options = (flags & KILN_OVERLAPPED ? 0 : FILE_SYNCHRONOUS_IO_NONALERT) |
                              (flags & KILN_DIRECTORY ? FILE_DIRECTORY_FILE : 0);
    *file = 0;
    kiln_status status = KcOpen(full, rights, flags & KILN_CREATE ? FILE_OPEN_IF : FILE_OPEN, create_options, file);
    if (status == STATUS_SUCCESS && (flags & KILN_OVERLAPPED)) {
        status = remember_overlapped(*file);
        if (status != STATUS_SUCCESS) {
            KcClose(*file);
            *file = 0;
        }
    }
    kiln__leave();
    return status;
}

kiln_status kiln_close(kiln_file file)
{
    kiln__enter();
    kiln_status status = KcClose(file);
    uint64_t event = status == STATUS_SUCCESS ? event_of(file, true) : 0;
    if (event)
        KcClose(event);
    kiln__leave();
    return status;
}

kiln_status kiln_flush(kiln_file file)
{
    uint64_t information;
    kiln__enter();
    kiln_status status = KcFlush(file, &information);
    kiln__leave();
    return status;
}

/* ---------------------------------------------------------------- requests */

static bool in_slice(const void *buffer)
{
    return KILN_IS_USER_ADDRESS((uint64_t)(uintptr_t)buffer);
}

#define IOSB_BYTES 64 /* keeps the input cache-line aligned */

static uint64_t round16(uint64_t bytes)
{
    return (bytes + 63) & ~63ull;
}

/* Bytes of slice that the request needs. */
static uint64_t range_bytes(const void *in, uint32_t in_bytes, const void *out, uint32_t out_bytes)
{
    return IOSB_BYTES + (in && !in_slice(in) ? round16(in_bytes) : 0) + (out && !in_slice(out) ? round16(out_bytes) : 0);
}

/* Does the driver see what the caller's output buffer holds before the request? */
static bool output_is_input(const struct kc_io *io)
{
    return io->operation == KC_IOCTL && METHOD(io->code) != METHOD_BUFFERED;
}

/* Lay the request out in `range` and copy what the driver may read. */
static void stage(struct kc_io *io, unsigned char *range, const void *in, void *out)
{
    unsigned char *at = range + IOSB_BYTES;
    io->user_iosb = (uint64_t *)range;
    io->user_iosb[0] = STATUS_PENDING;
    io->user_iosb[1] = 0;
    io->user_in = (void *)in;
    if (in && !in_slice(in)) {
        memcpy(at, in, io->in_bytes);
        io->user_in = at;
        at += round16(io->in_bytes);
    }
    io->user_out = out;
    if (out && !in_slice(out)) {
        io->user_out = at;
        if (output_is_input(io))
            memcpy(at, out, io->out_bytes);
    }
}

/* Bring the output home. `information` bounds it, except where the driver wrote to the buffer itself. */
static void unstage(const struct kc_io *io, void *out, kiln_status status, uint64_t information)
{
    if (!out || io->user_out == out)
        return;
    uint64_t bytes = io->out_bytes;
    if (!output_is_input(io)) {
        /* The system copies nothing back for an error status; a warning's data is valid. */
        if (((uint32_t)status >> 30) == 3)
            return;
        bytes = information < bytes ? information : bytes;
    }
    memcpy(out, io->user_out, bytes);
}

static kiln_status synchronous(struct kc_io *io, const void *in, void *out, uint64_t *information)
{
    kiln__enter();
    struct thread_state *state = kiln__thread_state();
    unsigned char *bounce = state->bounce ? state->bounce : (unsigned char *)state + AREA_BOUNCE;
    uint64_t bytes = range_bytes(in, io->in_bytes, out, io->out_bytes);
    uint64_t room = state->bounce ? state->bounce_bytes : KC_THREAD_BYTES - AREA_BOUNCE;
    unsigned char *range = bytes <= room ? bounce : KcAllocateUser(bytes);
    kiln_status status = STATUS_INSUFFICIENT_RESOURCES;
    if (information)
        *information = 0;
    if (!range)
        goto out;
    io->event = event_of(io->handle, false);
    stage(io, range, in, out);
    status = KcIssue(io);
    if (status == STATUS_PENDING) {
        status = KcWaitIo(io->handle, io->event, io->user_iosb);
        if (status == STATUS_SUCCESS)
            status = (kiln_status)io->user_iosb[0];
    }
    if (((uint32_t)status >> 30) != 3 || io->user_iosb[0] != STATUS_PENDING) {
        if (information)
            *information = io->user_iosb[1];
        unstage(io, out, status, io->user_iosb[1]);
    }
    if (range != bounce)
        KcFreeUser(range);
out:
    kiln__leave();
    return status;
}

kiln_status kiln_read(kiln_file file, void *buffer, uint32_t bytes, uint64_t offset, uint64_t *information)
{
    struct kc_io io = {.operation = KC_READ, .handle = file, .out_bytes = bytes, .offset = offset};
    return synchronous(&io, NULL, buffer, information);
}

kiln_status kiln_write(kiln_file file, const void *buffer, uint32_t bytes, uint64_t offset, uint64_t *information)
{
    struct kc_io io = {.operation = KC_WRITE, .handle = file, .in_bytes = bytes, .offset = offset};
    return synchronous(&io, buffer, NULL, information);
}

kiln_status kiln_ioctl(kiln_file file, uint32_t code, const void *in, uint32_t in_bytes, void *out, uint32_t out_bytes,
                       uint64_t *information)
{
    struct kc_io io = {
        .operation = KC_IOCTL, .handle = file, .code = code, .in_bytes = in_bytes, .out_bytes = out_bytes};
    return synchronous(&io, in, out, information);
}

static void collect(kiln_request *request);

/* Runs as user code of the thread that issued the request, while it waits alertably. */
static void call_routine(struct kc_apc *apc)
{
    kiln_request *request = (kiln_request *)apc;
    collect(request);
    request->called = true;
    request->routine(request, request->context);
}

static kiln_status asynchronous(struct kc_io *io, const void *in, void *out, kiln_apc_fn *routine, void *context,
                                kiln_request **result)
{
    *result = NULL;
    kiln__enter();
    kiln_status status = STATUS_INSUFFICIENT_RESOURCES;
    kiln_request *request = calloc(1, sizeof *request);
    if (!request)
        goto fail;
    if (!event_of(io->handle, false)) {
        kiln__explain("asynchronous requests need a file opened with KILN_OVERLAPPED");
        status = STATUS_INVALID_PARAMETER;
        goto fail;
    }
    request->range = KcAllocateUser(range_bytes(in, io->in_bytes, out, io->out_bytes));
    if (!request->range)
        goto fail;
    status = KcCreateEvent(&request->event);
    if (status != STATUS_SUCCESS)
        goto fail;
    stage(io, request->range, in, out);
    io->event = request->event;
    request->apc.function = call_routine;
    request->routine = routine;
    request->context = context;
    io->apc = routine ? &request->apc : NULL;
    request->file = io->handle;
    request->operation = io->operation;
    request->code = io->code;
    request->user_iosb = io->user_iosb;
    request->user_out = io->user_out;
    request->out = out;
    request->out_bytes = io->out_bytes;
    status = KcIssue(io);
    if (((uint32_t)status >> 30) == 3) /* refused before a driver could pend it: no completion will come */
        goto fail;
    request->issued = status;
    *result = request;
    kiln__leave();
    return status;
fail:
    if (request) {
        if (request->event)
            KcClose(request->event);
        if (request->range)
            KcFreeUser(request->range);
        free(request);
    }
    kiln__leave();
    return status;
}

kiln_status kiln_read_async(kiln_file file, void *buffer, uint32_t bytes, uint64_t offset, kiln_request **request)
{
    struct kc_io io = {.operation = KC_READ, .handle = file, .out_bytes = bytes, .offset = offset};
    return asynchronous(&io, NULL, buffer, NULL, NULL, request);
}

kiln_status kiln_write_async(kiln_file file, const void *buffer, uint32_t bytes, uint64_t offset,
                             kiln_request **request)
{
    struct kc_io io = {.operation = KC_WRITE, .handle = file, .in_bytes = bytes, .offset = offset};
    return asynchronous(&io, buffer, NULL, NULL, NULL, request);
}

kiln_status kiln_ioctl_async(kiln_file file, uint32_t code, const void *in, uint32_t in_bytes, void *out,
                             uint32_t out_bytes, kiln_request **request)
{
    struct kc_io io = {
        .operation = KC_IOCTL, .handle = file, .code = code, .in_bytes = in_bytes, .out_bytes = out_bytes};
    return asynchronous(&io, in, out, NULL, NULL, request);
}

kiln_status kiln_ioctl_apc(kiln_file file, uint32_t code, const void *in, uint32_t in_bytes, void *out,
                           uint32_t out_bytes, kiln_apc_fn *routine, void *context, kiln_request **request)
{
    struct kc_io io = {
        .operation = KC_IOCTL, .handle = file, .code = code, .in_bytes = in_bytes, .out_bytes = out_bytes};
    return asynchronous(&io, in, out, routine, context, request);
}

/* The request's event is set: fetch the result once. */
static void collect(kiln_request *request)
{
    if (request->done)
        return;
    request->done = true;
    request->final = (kiln_status)*(volatile uint64_t *)&request->user_iosb[0];
    request->information = request->user_iosb[1];
    struct kc_io io = {.operation = request->operation,
                       .code = request->code,
                       .user_out = request->user_out,
                       .out_bytes = request->out_bytes};
    unstage(&io, request->out, request->final, request->information);
}

static kiln_status wait_for(kiln_request *request, uint64_t timeout_ns, bool alertable, uint64_t *information)
{
    kiln__enter();
    if (!request->done) {
        uint64_t timeout = timeout_ns == KILN_FOREVER ? UINT64_MAX : (timeout_ns + 99) / 100;
        kiln_status status = KcWaitEvent(request->event, timeout, alertable);
        if (status != STATUS_SUCCESS) {
            kiln__leave();
            return status;
        }
        collect(request);
    }
    kiln__leave();
    if (information)
        *information = request->information;
    return request->final;
}

kiln_status kiln_wait(kiln_request *request, uint64_t timeout_ns, uint64_t *information)
{
    return wait_for(request, timeout_ns, false, information);
}

kiln_status kiln_wait_alertable(kiln_request *request, uint64_t timeout_ns, uint64_t *information)
{
    return wait_for(request, timeout_ns, true, information);
}

bool kiln_is_done(kiln_request *request)
{
    kiln__enter();
    if (!request->done && KcWaitEvent(request->event, 0, false) == STATUS_SUCCESS)
        collect(request);
    kiln__leave();
    return request->done;
}

kiln_status kiln_cancel(kiln_request *request)
{
    kiln__enter();
    kiln_status status = request->done ? STATUS_NOT_FOUND : KcCancel(request->file, request->user_iosb);
    kiln__leave();
    return status;
}

kiln_status kiln_finish(kiln_request *request)
{
    kiln__enter();
    if (!request->done) {
        if (KcWaitEvent(request->event, 0, false) != STATUS_SUCCESS) {
            KcCancel(request->file, request->user_iosb);
            KcWaitIo(request->file, request->event, request->user_iosb);
        }
        collect(request);
    }
    kiln_status final = request->final;
    /* The routine is owed to this thread, and would come for a request that is gone. An alert hides it once. */
    for (int i = 0; i < 2 && request->routine && !request->called; i++) {
        KcTestAlert();
        KcLeave();
    }
    KcClose(request->event);
    KcFreeUser(request->range);
    if (!request->routine || request->called)
        free(request);
    kiln__leave();
    return final;
}
