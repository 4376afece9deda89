/* SPDX-License-Identifier: MIT */
/*
 * The client of the machine: what libkiln does, as NT calls of a user process.
 *
 * The host thread that booted the machine is the first thread of the client process; process.c makes others. Between
 * calls a thread executes host code; in a call it is an NT thread at PASSIVE_LEVEL on its kernel stack (the first thread
 * has but one). Requests are made with PreviousMode UserMode, so the I/O manager probes and captures as it does for any
 * application; everything a service probes (names, status blocks, buffers) therefore lies in the process's address
 * slice. The argument block below, one a thread, is the part of the slice for what is not data.
 *
 * Interrupts that were posted while host code ran are delivered on entry (KcEnter), since nothing redirects
 * host code. No lock is held anywhere here.
 */
#include <ntifs.h>

#include "client.h"
#include "clientp.h"
#include "crt.h"
#include "host.h"
#include "iop.h"
#include "ki.h"
#include "ldrp.h"
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

C_ASSERT(sizeof(struct arguments) <= PSP_USER_AREA_BYTES - KC_THREAD_BYTES);

static PETHREAD client_thread;

/*
 * The calling thread's block. A system thread (kiln_run_on_thread) borrows the client's, which waits for it.
 */
static struct arguments *arguments(void)
{
    PETHREAD thread = PspCurrentThread();
    return (struct arguments *)((PUCHAR)(thread->UserArea ? thread : client_thread)->UserArea + KC_THREAD_BYTES);
}

/* The process whose slice the calling thread's data lie in. */
static PEPROCESS data_process(void)
{
    return (PspCurrentThread()->UserArea ? PspCurrentThread() : client_thread)->ThreadsProcess;
}

/* Names of services started through KcLoadDriver, in order; the client unloads them in reverse. */
#define MAX_SERVICES 128
static char services[MAX_SERVICES][64];
static unsigned service_count;
static KSPIN_LOCK services_lock; /* of both; a leaf */

void KcEnter(KPROCESSOR_MODE mode)
{
    KiThread()->PreviousMode = mode;
    KiDeliverPending();
}

void KcsLeave(void)
{
    if (!client_thread)
        return;
    KiReturnToClient();
    PspReturnToUser();
}

static void client_ended(NTSTATUS status)
{
    KcReportClientEnded(status);
    host_exit(1);
}

int32_t KcInit(void)
{
    client_thread = PspCurrentThread();
    KiMachineStuck = KcReportStuck;
    PspClientEnded = client_ended;
    return STATUS_SUCCESS;
}

void *KcThreadArea(void)
{
    return PspCurrentThread()->UserArea ? PspCurrentThread()->UserArea : client_thread->UserArea;
}

void *KcThreadProcess(void)
{
    return PspCurrentThread()->ThreadsProcess;
}

bool KcIsClientThread(void)
{
    return PspCurrentThread()->ClientThread;
}

void *KcsAllocateUser(uint64_t bytes)
{
    PVOID memory;
    KcEnter(KernelMode);
    return NT_SUCCESS(MiAllocateUser(data_process(), bytes, PAGE_READWRITE, &memory)) ? memory : NULL;
}

void KcsFreeUser(void *memory)
{
    KcEnter(KernelMode);
    MiFreeUser(data_process(), memory);
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
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&services_lock);
    if (service_count < MAX_SERVICES) {
        char *name = services[service_count++];
        unsigned i = 0;
        for (; service[i] && i + 1 < sizeof services[0]; i++)
            name[i] = service[i];
        name[i] = 0;
    }
    KeReleaseSpinLock(&services_lock, irql);
}

static void forget_service(const char *service)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&services_lock);
    unsigned i = service_count;
    while (i > 0 && nt_strcmp(services[i - 1], service) != 0)
        i--;
    if (i > 0)
        for (service_count--; i <= service_count; i++)
            RtlCopyMemory(services[i - 1], services[i], sizeof services[0]);
    KeReleaseSpinLock(&services_lock, irql);
}

int32_t KcsLoadDriver(const char *path, const char *service, const void *image, uint64_t bytes, char *why,
                     size_t why_bytes)
{
    WCHAR text[128];
    UNICODE_STRING name;
    char reason[IOP_WHY_BYTES] = "";
    KcEnter(KernelMode);
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

int32_t KcsUnloadDriver(const char *service)
{
    WCHAR text[128];
    UNICODE_STRING name;
    char reason[IOP_WHY_BYTES] = "";
    KcEnter(KernelMode);
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

void KcsShutdown(void)
{
    KcEnter(KernelMode);
    IopShutdownSystem();
}

uint32_t KcIrqlViolations(void)
{
    return (uint32_t)LdrIrqlViolations();
}

/* ---------------------------------------------------------------- files */

int32_t KcsOpen(const char *name, uint32_t access, uint32_t disposition, uint32_t options, uint64_t *handle)
{
    struct arguments *user = arguments();
    NTSTATUS status = to_unicode(name, user->text, sizeof user->text, &user->name);
    if (!NT_SUCCESS(status))
        return status;
    InitializeObjectAttributes(&user->attributes, &user->name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    user->handle = NULL;
    KcEnter(UserMode);
    status = NtCreateFile(&user->handle, access, &user->attributes, &user->iosb, NULL, 0,
                          FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, disposition, options, NULL, 0);
    *handle = (uint64_t)user->handle;
    return status;
}

int32_t KcsClose(uint64_t handle)
{
    KcEnter(UserMode);
    return NtClose((HANDLE)handle);
}

int32_t KcsFlush(uint64_t handle, uint64_t *information)
{
    struct arguments *user = arguments();
    KcEnter(UserMode);
    NTSTATUS status = NtFlushBuffersFile((HANDLE)handle, &user->iosb);
    if (status == STATUS_PENDING) {
        status = NtWaitForSingleObject((HANDLE)handle, FALSE, NULL);
        if (status == STATUS_SUCCESS)
            status = user->iosb.Status;
    }
    *information = user->iosb.Information;
    return status;
}

/* Runs as user code. */
static VOID NTAPI io_apc(PVOID context, PIO_STATUS_BLOCK iosb, ULONG reserved)
{
    struct kc_apc *apc = context;
    apc->function(apc);
}

int32_t KcsIssue(const struct kc_io *io)
{
    struct arguments *user = arguments();
    PIO_STATUS_BLOCK iosb = (PIO_STATUS_BLOCK)io->user_iosb;
    PIO_APC_ROUTINE apc = io->apc ? io_apc : NULL;
    KcEnter(UserMode);
    switch (io->operation) {
    case KC_IOCTL:
        return NtDeviceIoControlFile((HANDLE)io->handle, (HANDLE)io->event, apc, io->apc, iosb, io->code, io->user_in,
                                     io->in_bytes, io->user_out, io->out_bytes);
    case KC_READ:
        user->offset.QuadPart = (LONGLONG)io->offset;
        return NtReadFile((HANDLE)io->handle, (HANDLE)io->event, apc, io->apc, iosb, io->user_out, io->out_bytes,
                          &user->offset, NULL);
    case KC_WRITE:
        user->offset.QuadPart = (LONGLONG)io->offset;
        return NtWriteFile((HANDLE)io->handle, (HANDLE)io->event, apc, io->apc, iosb, io->user_in, io->in_bytes,
                           &user->offset, NULL);
    }
    return STATUS_INVALID_PARAMETER;
}

int32_t KcsCreateEvent(uint64_t *handle)
{
    struct arguments *user = arguments();
    user->handle = NULL;
    KcEnter(UserMode);
    NTSTATUS status = NtCreateEvent(&user->handle, EVENT_ALL_ACCESS, NULL, NotificationEvent, FALSE);
    *handle = (uint64_t)user->handle;
    return status;
}

int32_t KcsWaitEvent(uint64_t handle, uint64_t timeout_100ns, bool alertable)
{
    struct arguments *user = arguments();
    KcEnter(UserMode);
    if (timeout_100ns == UINT64_MAX)
        return NtWaitForSingleObject((HANDLE)handle, alertable, NULL);
    user->timeout.QuadPart = timeout_100ns > INT64_MAX ? -INT64_MAX : -(LONGLONG)timeout_100ns;
    return NtWaitForSingleObject((HANDLE)handle, alertable, &user->timeout);
}

int32_t KcsWaitIo(uint64_t handle, uint64_t event, uint64_t *user_iosb)
{
    struct arguments *user = arguments();
    KcEnter(UserMode);
    /* Whoever told this thread to end cancelled what it had issued by then. */
    if (KI_PEEK(KiThread()->ExitPending))
        NtCancelIoFileEx((HANDLE)handle, (PIO_STATUS_BLOCK)user_iosb, &user->iosb);
    return ZwWaitForSingleObject((HANDLE)(event ? event : handle), FALSE, NULL);
}

int32_t KcsCancel(uint64_t handle, uint64_t *user_iosb)
{
    struct arguments *user = arguments();
    KcEnter(UserMode);
    return NtCancelIoFileEx((HANDLE)handle, (PIO_STATUS_BLOCK)user_iosb, &user->iosb);
}

/* ---------------------------------------------------------------- time and threads */

int32_t KcsSleep(uint64_t time_100ns, bool alertable)
{
    LARGE_INTEGER interval = {.QuadPart = time_100ns > INT64_MAX ? -INT64_MAX : -(LONGLONG)time_100ns};
    KcEnter(UserMode);
    return KeDelayExecutionThread(UserMode, alertable, &interval);
}

bool KcsRunUntilIdle(uint64_t limit_100ns)
{
    KcEnter(KernelMode);
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

int32_t KcsRunOnThread(void (*function)(void *), void *argument)
{
    struct thread_call call = {.function = function, .argument = argument};
    PETHREAD thread;
    KcEnter(KernelMode);
    NTSTATUS status = PspCreateThread(PsInitialSystemProcess, call_on_thread, &call, FALSE, &thread);
    if (!NT_SUCCESS(status))
        return status;
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    return STATUS_SUCCESS;
}
