/* SPDX-License-Identifier: MIT */
/*
 * The lists of threads and processes: they say who waits for what, since when, and who could end it.
 */
#include "pstest.h"
#include "client.h"
#include "crt.h"

int32_t KcsList(const char *kind, const char *argument, kc_row_fn *row, void *context);

/* A row as it was listed; texts are copied. */
struct row {
    HANDLE tid, pid;
    char process[16], state[16], irql[8], start[200], since[32], wait[256];
    ULONG64 id, threads;
};

struct search {
    HANDLE tid, pid; /* which; the other is NULL */
    struct row found;
    ULONG count, rows;
};

static void copy_text(char *to, size_t bytes, const char *from)
{
    size_t i = 0;
    for (; from[i] && i + 1 < bytes; i++)
        to[i] = from[i];
    to[i] = 0;
}

static void look_at(void *context, const struct kc_field *fields, unsigned count)
{
    struct search *search = context;
    struct row row = {0};
    for (unsigned i = 0; i < count; i++) {
        const struct kc_field *f = &fields[i];
        if (!nt_strcmp(f->name, "tid"))
            row.tid = (HANDLE)f->number;
        else if (!nt_strcmp(f->name, "pid"))
            row.pid = (HANDLE)f->number;
        else if (!nt_strcmp(f->name, "id"))
            row.id = f->number;
        else if (!nt_strcmp(f->name, "threads"))
            row.threads = f->number;
        else if (!nt_strcmp(f->name, "process"))
            copy_text(row.process, sizeof row.process, f->text);
        else if (!nt_strcmp(f->name, "state"))
            copy_text(row.state, sizeof row.state, f->text);
        else if (!nt_strcmp(f->name, "irql"))
            copy_text(row.irql, sizeof row.irql, f->text);
        else if (!nt_strcmp(f->name, "start"))
            copy_text(row.start, sizeof row.start, f->text);
        else if (!nt_strcmp(f->name, "since"))
            copy_text(row.since, sizeof row.since, f->text);
        else if (!nt_strcmp(f->name, "waits for"))
            copy_text(row.wait, sizeof row.wait, f->text);
    }
    search->rows++;
    if (search->tid ? row.tid == search->tid : row.pid == search->pid) {
        search->found = row;
        search->count++;
    }
}

static struct row thread_row(PETHREAD thread)
{
    struct search search = {.tid = PsGetThreadId(thread)};
    CHECK_EQ(KcsList("threads", NULL, look_at, &search), STATUS_SUCCESS);
    CHECK_EQ(search.count, 1);
    return search.found;
}

/* "12.345678" in 100 ns units. */
static LONGLONG parse_time(const char *text)
{
    LONGLONG value = 0;
    for (; *text; text++)
        if (*text != '.')
            value = value * 10 + (*text - '0');
    return value * 10;
}

static struct wait_page {
    HANDLE handle;
    volatile LONG started;
    BOOLEAN alertable;
} page;

static void wait_for_mutant(void *context)
{
    UNREFERENCED_PARAMETER(context);
    PVOID mutant;
    CHECK_EQ(ObReferenceObjectByHandle(page.handle, SYNCHRONIZE, NULL, KernelMode, &mutant, NULL),
             STATUS_SUCCESS);
    page.started = 1;
    KeWaitForSingleObject(mutant, UserRequest, UserMode, page.alertable, NULL);
    ObDereferenceObject(mutant);
}

static int wait_in_kernel(void *context)
{
    SYSTEM_CALL(wait_for_mutant, context);
    return 0;
}

KILN_TEST(ps_list, a_waiting_thread_names_the_object_its_owner_and_the_time)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\Gate");
    OBJECT_ATTRIBUTES attributes;
    char expected[64];
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ZwCreateMutant(&page.handle, MUTANT_ALL_ACCESS, &attributes, TRUE), STATUS_SUCCESS);
    page.alertable = TRUE;
    PEPROCESS process = ps_process(L"waiter.exe");
    LONGLONG before = (LONGLONG)KeQueryInterruptTime();
    PETHREAD thread = ps_thread(process, wait_in_kernel, NULL);
    while (!page.started || thread->Tcb.State != KiWaiting)
        ps_sleep(1);
    LONGLONG after = (LONGLONG)KeQueryInterruptTime();
    ps_sleep(50);
    struct row row = thread_row(thread);
    CHECK_EQ(nt_strcmp(row.process, "waiter.exe"), 0);
    CHECK_EQ(nt_strcmp(row.state, "waiting"), 0);
    CHECK_EQ(row.pid, PsGetProcessId(process));
    CHECK_EQ(row.irql[0], 0);
    nt__snprintf(expected, sizeof expected, "mutex \"Gate\" owned by %u, alertable",
                 ((PKTHREAD)PsGetCurrentThread())->Id);
    CHECK_EQ(nt_strcmp(row.wait, expected), 0);
    CHECK(row.start[0] != 0);
    /* The counter of the live host's processor is converted: allow for its error. */
    LONGLONG since = parse_time(row.since);
    LONGLONG error = host_config()->live ? 200000 : 0;
    CHECK(row.since[0] && since >= before / 10 * 10 - error && since <= after + error);

    row = thread_row(PsGetCurrentThread());
    CHECK_EQ(nt_strcmp(row.state, "running"), 0);
    CHECK_EQ(nt_strcmp(row.irql, "0"), 0);
    CHECK_EQ(row.wait[0], 0);

    struct search processes = {.pid = PsGetProcessId(process)};
    CHECK_EQ(KcsList("processes", NULL, look_at, &processes), STATUS_SUCCESS);
    CHECK_EQ(processes.count, 1);
    CHECK_EQ(processes.found.threads, 1);
    struct search filtered = {.pid = PsGetProcessId(process)};
    CHECK_EQ(KcsList("threads", "waiter.exe", look_at, &filtered), STATUS_SUCCESS);
    CHECK_EQ(filtered.rows, 1);
    CHECK_EQ(filtered.count, 1);

    ZwReleaseMutant(page.handle, NULL);
    ps_join(thread);
    ps_join_process(process);
    ZwClose(page.handle);
}

static int wait_for_thread(void *context)
{
    UNREFERENCED_PARAMETER(context);
    page.started = 1;
    for (;;)
        ps_user_sleep(FALSE, 1000000);
    return 0;
}

static volatile LONG joining;

static VOID NTAPI join_it(PVOID context)
{
    joining = 1;
    KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
}

KILN_TEST(ps_list, a_wait_for_a_thread_says_which)
{
    HANDLE handle;
    PETHREAD joiner, thread = ps_thread(PsGetCurrentProcess(), wait_for_thread, NULL);
    char expected[64];
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, join_it, thread),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *PsThreadType, KernelMode, (PVOID *)&joiner, NULL),
             STATUS_SUCCESS);
    while (!page.started || !joining || joiner->Tcb.State != KiWaiting || thread->Tcb.State != KiWaiting)
        ps_sleep(1);
    nt__snprintf(expected, sizeof expected, "thread %u", thread->Tcb.Id);
    CHECK_EQ(nt_strcmp(thread_row(joiner).wait, expected), 0);
    CHECK_EQ(nt_strcmp(thread_row(thread).wait, "DelayExecution, timed"), 0);
    PspTerminateThread(thread, 0);
    ps_join(thread);
    ps_join(joiner);
    ZwClose(handle);
}
