/* SPDX-License-Identifier: MIT */
/*
 * Who is who: ids, times, keys and cycle counts of processes and threads; the Nt forms of the services that
 * open them.
 */
#include "pstest.h"

static int spin(void *context)
{
    for (volatile ULONG i = 0; i < 20000; i++)
        ;
    for (int i = 0; i < 5; i++)
        ps_user_sleep(FALSE, 1);
    return *(volatile LONG *)context;
}

KILN_TEST(ps_identity, ids_times_and_keys)
{
    LARGE_INTEGER before, after;
    volatile LONG result = 1;
    KeQuerySystemTime(&before);
    PEPROCESS one = ps_process(L"one.exe"), two = ps_process(L"two.exe"), found;
    PETHREAD thread = ps_thread(one, spin, (PVOID)&result), found_thread;
    KeQuerySystemTime(&after);
    CHECK(PsGetProcessStartKey(one) != PsGetProcessStartKey(two));
    CHECK(PsGetProcessStartKey(one) != 0);
    CHECK(PsGetProcessCreateTimeQuadPart(one) >= before.QuadPart &&
          PsGetProcessCreateTimeQuadPart(one) <= after.QuadPart);
    CHECK(PsGetThreadCreateTime(thread) >= before.QuadPart &&
          PsGetThreadCreateTime(thread) <= after.QuadPart);
    CHECK_EQ(PsGetThreadProcessId(thread), PsGetProcessId(one));
    CHECK_EQ(IoThreadToProcess(thread), one);
    CHECK_EQ(PsLookupProcessByProcessId(PsGetProcessId(one), &found), STATUS_SUCCESS);
    CHECK_EQ(found, one);
    ObDereferenceObject(found);
    CHECK_EQ(PsLookupThreadByThreadId(PsGetThreadId(thread), &found_thread), STATUS_SUCCESS);
    CHECK_EQ(found_thread, thread);
    ObDereferenceObject(found_thread);
    ps_join(thread);
    ps_join_process(one);
    PspTerminateProcess(two, 0);
    ps_join_process(two);
}

KILN_TEST(ps_identity, cycles_of_a_process_are_those_of_its_threads_living_and_ended)
{
    ULONG64 stamp = 0, later = 0;
    volatile LONG result = 2;
    PEPROCESS process = ps_process(L"cycles.exe");
    CHECK_EQ(PsQueryTotalCycleTimeProcess(process, &stamp), 0);
    CHECK(stamp != 0);
    CHECK_EQ(PsAcquireProcessExitSynchronization(process), STATUS_SUCCESS);
    PETHREAD thread = ps_thread(process, spin, (PVOID)&result);
    while (PsGetThreadExitStatus(thread) == STATUS_PENDING)
        ps_sleep(1);
    PsReleaseProcessExitSynchronization(process);
    ps_join(thread);
    ULONGLONG total = PsQueryTotalCycleTimeProcess(process, &later);
    CHECK(later >= stamp);
    CHECK(!host_config()->live || total != 0); /* virtual time stands still while code runs */
    ps_join_process(process);
}

/* ---------------------------------------------------------------- services in user mode */

struct page {
    HANDLE handle;
    CLIENT_ID cid;
    OBJECT_ATTRIBUTES attributes;
    ULONG number;
    NTSTATUS status[8];
};

static void open_all(void *context)
{
    struct page *page = context;
    InitializeObjectAttributes(&page->attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    page->cid.UniqueProcess = PsGetCurrentProcessId();
    page->cid.UniqueThread = NULL;
    page->status[0] = NtOpenProcess(&page->handle, PROCESS_QUERY_INFORMATION, &page->attributes, &page->cid);
    /* OBJ_KERNEL_HANDLE is not for user mode: the handle is the process's own. */
    CHECK((LONG_PTR)page->handle > 0);
    page->status[1] = NtOpenProcessToken(page->handle, TOKEN_QUERY, &page->handle);
    page->status[2] = NtOpenProcessTokenEx(NtCurrentProcess(), TOKEN_QUERY, 0, &page->handle);
    page->status[3] = NtOpenThreadToken(NtCurrentThread(), TOKEN_QUERY, TRUE, &page->handle);
    page->status[4] = NtOpenThreadTokenEx(NtCurrentThread(), TOKEN_QUERY, TRUE, 0, &page->handle);
    page->number = 9;
    page->status[5] = NtSetInformationThread(NtCurrentThread(), ThreadPriority, &page->number, sizeof(ULONG));
    CHECK_EQ(KeQueryPriorityThread(KeGetCurrentThread()), 9);
    /* A pointer that is no user pointer. */
    page->status[6] = NtSetInformationThread(NtCurrentThread(), ThreadPriority, &context, sizeof(ULONG));
    page->status[7] =
        NtOpenProcess((PHANDLE)&context, PROCESS_QUERY_INFORMATION, &page->attributes, &page->cid);
}

static int open_from_user_mode(void *context)
{
    SYSTEM_CALL(open_all, context);
    return 0;
}

KILN_TEST(ps_identity, services_probe_what_user_mode_gives_them)
{
    PEPROCESS process = ps_process(L"open.exe");
    struct page *page = ps_user_memory(process, PAGE_SIZE);
    CHECK_EQ(PsAcquireProcessExitSynchronization(process), STATUS_SUCCESS);
    PETHREAD thread = ps_thread(process, open_from_user_mode, page);
    while (PsGetThreadExitStatus(thread) == STATUS_PENDING)
        ps_sleep(1);
    CHECK_EQ(page->status[0], STATUS_SUCCESS);
    CHECK_EQ(page->status[1], STATUS_SUCCESS);
    CHECK_EQ(page->status[2], STATUS_SUCCESS);
    CHECK_EQ(page->status[3], STATUS_NO_TOKEN);
    CHECK_EQ(page->status[4], STATUS_NO_TOKEN);
    CHECK_EQ(page->status[5], STATUS_SUCCESS);
    CHECK_EQ(page->status[6], STATUS_ACCESS_VIOLATION);
    CHECK_EQ(page->status[7], STATUS_ACCESS_VIOLATION);
    PsReleaseProcessExitSynchronization(process);
    ps_join(thread);
    ps_join_process(process);
}

KILN_TEST(ps_identity, no_wow64_no_debugger)
{
    CHECK_EQ(PsGetProcessWow64Process(PsGetCurrentProcess()), NULL);
    CHECK_EQ(PsGetCurrentProcessWow64Process(), NULL);
    CHECK_EQ(PsGetProcessDebugPort(PsGetCurrentProcess()), NULL);
    CHECK(!PsGetThreadHardErrorsAreDisabled(PsGetCurrentThread()));
    PsSetThreadHardErrorsAreDisabled(PsGetCurrentThread(), TRUE);
    CHECK(PsGetThreadHardErrorsAreDisabled(PsGetCurrentThread()));
    CHECK(!IoSetThreadHardErrorMode(TRUE));
    CHECK(!PsGetThreadHardErrorsAreDisabled(PsGetCurrentThread()));
}
