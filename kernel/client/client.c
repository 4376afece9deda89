/* SPDX-License-Identifier: MIT */
/*
 * The client of the machine: what libkiln does, as NT calls of a user process.
 *
 * The host thread that booted the machine is the only thread of the client process. Between calls it executes host code;
 * in a call it is an NT thread at PASSIVE_LEVEL. Requests are made with PreviousMode UserMode, so the I/O manager probes
 * and captures as it does for any application; everything a service probes (names, status blocks, buffers) therefore lies
 * in the process's address slice. The argument block below is the part of the slice for what is not data.
 *
 * Interrupts that were posted while host code ran are delivered on entry (client_enter), since nothing redirects
 * host code. No lock is held anywhere here.
 */
#include <ntifs.h>

#include "client.h"
#include "clientp.h"
#include "crt.h"
#include "host.h"
#include "iop.h"
#include "ki.h"
#include "mi.h"
#include "psp.h"

/* Lives in the slice: what the services read and write beside the data. */
struct arguments {
    IO_STATUS_BLOCK iosb;
    HANDLE handle;
    LARGE_INTEGER offset;
    LARGE_INTEGER timeout;
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;
    WCHAR text[1024];
};

static struct arguments *user;
static PEPROCESS client_process;

/* Names of services started through KcLoadDriver, in order; the client unloads them in reverse. */
#define MAX_SERVICES 128
static char services[MAX_SERVICES][64];
static unsigned service_count;

static void client_enter(KPROCESSOR_MODE mode)
{
    KiThread()->PreviousMode = mode;
    KiDeliverPending();
}

void KcLeave(void)
{
    if (client_process)
        KiReturnToClient();
}

int32_t KcInit(void)
{
    PVOID memory;
    client_process = PsGetCurrentProcess();
    KiMachineStuck = KcReportStuck;
    NTSTATUS status = MiAllocateUser(client_process, sizeof *user, PAGE_READWRITE, &memory);
    if (NT_SUCCESS(status))
        user = memory;
    return status;
}

void *KcAllocateUser(uint64_t bytes)
{
    PVOID memory;
    client_enter(KernelMode);
    return NT_SUCCESS(MiAllocateUser(client_process, bytes, PAGE_READWRITE, &memory)) ? memory : NULL;
}

void KcFreeUser(void *memory)
{
    client_enter(KernelMode);
    MiFreeUser(client_process, memory);
}

/* ---------------------------------------------------------------- drivers */

/* UTF-8 to a counted string in `buffer`. */
static NTSTATUS to_unicode(const char *text, WCHAR *buffer, ULONG buffer_bytes, UNICODE_STRING *string)
{
    ULONG length = 0, bytes;
    while (text[length])
        length++;
    NTSTATUS status = RtlUTF8ToUnicodeN(buffer, buffer_bytes - sizeof(WCHAR), &bytes, text, length);
    if (status == STATUS_SOME_NOT_MAPPED)
        return STATUS_OBJECT_NAME_INVALID;
    if (!NT_SUCCESS(status))
        return STATUS_NAME_TOO_LONG;
    buffer[bytes / sizeof(WCHAR)] = 0;
    string->Buffer = buffer;
    string->Length = (USHORT)bytes;
    string->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    return STATUS_SUCCESS;
}

static void remember_service(const char *service)
{
    if (service_count == MAX_SERVICES)
        return;
    char *name = services[service_count++];
    unsigned i = 0;
    for (; service[i] && i + 1 < sizeof services[0]; i++)
        name[i] = service[i];
    name[i] = 0;
}

static void forget_service(const char *service)
{
    for (unsigned i = service_count; i-- > 0;) {
        if (nt_strcmp(services[i], service) != 0)
            continue;
        for (service_count--; i < service_count; i++)
            RtlCopyMemory(services[i], services[i + 1], sizeof services[0]);
        return;
    }
}

int32_t KcLoadDriver(const char *path, const char *service, const void *image, uint64_t bytes, char *why,
                     size_t why_bytes)
{
    WCHAR text[128];
    UNICODE_STRING name;
    char reason[IOP_WHY_BYTES] = "";
    client_enter(KernelMode);
    NTSTATUS status = to_unicode(service, text, sizeof text, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = IopLoadDriver(&name, path, image, bytes, NULL, reason);
    if (why_bytes) {
        size_t i = 0;
        for (; reason[i] && i + 1 < why_bytes; i++)
            why[i] = reason[i];
        why[i] = 0;
    }
    if (NT_SUCCESS(status))
        remember_service(service);
    return status;
}

int32_t KcUnloadDriver(const char *service)
{
    WCHAR text[128];
    UNICODE_STRING name;
    char reason[IOP_WHY_BYTES] = "";
    client_enter(KernelMode);
    NTSTATUS status = to_unicode(service, text, sizeof text, &name);
    if (!NT_SUCCESS(status))
        return status;
    status = IopUnloadDriver(&name, reason);
    if (NT_SUCCESS(status))
        forget_service(service);
    return status;
}

bool KcLoadedService(unsigned index, char *name, size_t bytes)
{
    if (index >= service_count)
        return false;
    const char *service = services[service_count - 1 - index];
    size_t i = 0;
    for (; service[i] && i + 1 < bytes; i++)
        name[i] = service[i];
    name[i] = 0;
    return true;
}

void KcShutdown(void)
{
    client_enter(KernelMode);
    IopShutdownSystem();
}

/* ---------------------------------------------------------------- files */

int32_t KcOpen(const char *name, uint32_t access, uint32_t disposition, uint32_t options, uint64_t *handle)
{
    NTSTATUS status = to_unicode(name, user->text, sizeof user->text, &user->name);
    if (!NT_SUCCESS(status))
        return status;
    InitializeObjectAttributes(&user->attributes, &user->name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    user->handle = NULL;
    client_enter(UserMode);
    status = NtCreateFile(&user->handle, access, &user->attributes, &user->iosb, NULL, 0,
                          FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, disposition, options, NULL, 0);
    *handle = (uint64_t)user->handle;
    return status;
}

int32_t KcClose(uint64_t handle)
{
    client_enter(UserMode);
    return NtClose((HANDLE)handle);
}

int32_t KcFlush(uint64_t handle, uint64_t *information)
{
    client_enter(UserMode);
    NTSTATUS status = NtFlushBuffersFile((HANDLE)handle, &user->iosb);
    if (status == STATUS_PENDING) {
        status = NtWaitForSingleObject((HANDLE)handle, FALSE, NULL);
        if (status == STATUS_SUCCESS)
            status = user->iosb.Status;
    }
    *information = user->iosb.Information;
    return status;
}

int32_t KcIssue(const struct kc_io *io)
{
    PIO_STATUS_BLOCK iosb = (PIO_STATUS_BLOCK)io->user_iosb;
    client_enter(UserMode);
    switch (io->operation) {
    case KC_IOCTL:
        return NtDeviceIoControlFile((HANDLE)io->handle, (HANDLE)io->event, NULL, NULL, iosb, io->code, io->user_in,
                                     io->in_bytes, io->user_out, io->out_bytes);
    case KC_READ:
        user->offset.QuadPart = (LONGLONG)io->offset;
        return NtReadFile((HANDLE)io->handle, (HANDLE)io->event, NULL, NULL, iosb, io->user_out, io->out_bytes,
                          &user->offset, NULL);
    case KC_WRITE:
        user->offset.QuadPart = (LONGLONG)io->offset;
        return NtWriteFile((HANDLE)io->handle, (HANDLE)io->event, NULL, NULL, iosb, io->user_in, io->in_bytes,
                           &user->offset, NULL);
    }
    return STATUS_INVALID_PARAMETER;
}

int32_t KcCreateEvent(uint64_t *handle)
{
    user->handle = NULL;
    client_enter(UserMode);
    NTSTATUS status = NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE);
    *handle = (uint64_t)user->handle;
    return status;
}

int32_t KcWaitEvent(uint64_t handle, uint64_t timeout_100ns)
{
    client_enter(UserMode);
    if (timeout_100ns == UINT64_MAX)
        return NtWaitForSingleObject((HANDLE)handle, FALSE, NULL);
    user->timeout.QuadPart = timeout_100ns > INT64_MAX ? -INT64_MAX : -(LONGLONG)timeout_100ns;
    return NtWaitForSingleObject((HANDLE)handle, FALSE, &user->timeout);
}

int32_t KcCancel(uint64_t handle, uint64_t *user_iosb)
{
    client_enter(UserMode);
    return NtCancelIoFileEx((HANDLE)handle, (PIO_STATUS_BLOCK)user_iosb, &user->iosb);
}

/* ---------------------------------------------------------------- time and threads */

void KcSleep(uint64_t time_100ns)
{
    LARGE_INTEGER interval = {.QuadPart = time_100ns > INT64_MAX ? -INT64_MAX : -(LONGLONG)time_100ns};
    client_enter(KernelMode);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

bool KcRunUntilIdle(uint64_t limit_100ns)
{
    client_enter(KernelMode);
    /* Sleeping lets everything ready run; what is left afterwards waits for a timer or for somebody else. */
    uint64_t end = host_interrupt_time() + limit_100ns;
    LARGE_INTEGER step = {.QuadPart = -10 * 1000};
    for (;;) {
        KeDelayExecutionThread(KernelMode, FALSE, &step);
        if (KiIsMachineQuiet())
            return true;
        if (host_interrupt_time() >= end)
            return false;
        if (step.QuadPart > -10 * 1000 * 100)
            step.QuadPart *= 2;
    }
}

struct thread_call {
    void (*function)(void *);
    void *argument;
};

static void NTAPI call_on_thread(PVOID context)
{
    struct thread_call *call = context;
    call->function(call->argument);
}

int32_t KcRunOnThread(void (*function)(void *), void *argument)
{
    struct thread_call call = {.function = function, .argument = argument};
    PETHREAD thread;
    client_enter(KernelMode);
    NTSTATUS status = PspCreateThread(PsInitialSystemProcess, call_on_thread, &call, FALSE, &thread);
    if (!NT_SUCCESS(status))
        return status;
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    return STATUS_SUCCESS;
}
