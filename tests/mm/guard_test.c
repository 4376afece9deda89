/* SPDX-License-Identifier: MIT */
/* PAGE_GUARD and PAGE_NOACCESS of user memory: ZwAllocateVirtualMemory, NtProtectVirtualMemory. */
#include <ntifs.h>
#include "harness.h"
#include "mi.h"
#include "trap.h"

NTSTATUS NTAPI NtProtectVirtualMemory(HANDLE, PVOID *, PSIZE_T, ULONG, PULONG);

static PUCHAR allocate(SIZE_T Bytes, ULONG Protection)
{
    PVOID Base = NULL;
    CHECK_EQ(ZwAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Bytes, MEM_RESERVE | MEM_COMMIT, Protection),
             STATUS_SUCCESS);
    return Base;
}

static ULONG protect(PUCHAR Va, SIZE_T Bytes, ULONG Protection)
{
    PVOID Base = Va;
    ULONG Old = 0;
    CHECK_EQ(NtProtectVirtualMemory(NtCurrentProcess(), &Base, &Bytes, Protection, &Old), STATUS_SUCCESS);
    return Old;
}

static void read_it(void *Context)
{
    *(volatile UCHAR *)Context;
}

static void write_it(void *Context)
{
    *(volatile UCHAR *)Context = 1;
}

KILN_TEST(mm_guard, a_touch_raises_once_and_then_the_page_is_as_its_protection_says)
{
    EXCEPTION_RECORD Record;
    PUCHAR Va = allocate(3 * PAGE_SIZE, PAGE_READWRITE | PAGE_GUARD);
    CHECK_EQ(KeTryCallEx(read_it, Va + 5, &Record), STATUS_GUARD_PAGE_VIOLATION);
    CHECK_EQ(Record.NumberParameters, 2);
    CHECK_EQ(Record.ExceptionInformation[0], EXCEPTION_READ_FAULT);
    CHECK_EQ(Record.ExceptionInformation[1], (ULONG_PTR)Va + 5);
    CHECK_EQ(KeTryCall(read_it, Va + 5), STATUS_SUCCESS);
    CHECK_EQ(KeTryCall(write_it, Va + 6), STATUS_SUCCESS);
    CHECK_EQ(KeTryCall(write_it, Va + PAGE_SIZE), STATUS_GUARD_PAGE_VIOLATION); /* each page has its own */
    CHECK_EQ(KeTryCall(write_it, Va + PAGE_SIZE), STATUS_SUCCESS);
    CHECK_EQ(protect(Va, PAGE_SIZE, PAGE_READONLY | PAGE_GUARD), PAGE_READWRITE);
    CHECK_EQ(KeTryCall(write_it, Va), STATUS_GUARD_PAGE_VIOLATION);
    CHECK_EQ(KeTryCall(write_it, Va), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KeTryCall(read_it, Va), STATUS_SUCCESS);
}

KILN_TEST(mm_guard, the_protection_that_was_there_shows_the_guard)
{
    PUCHAR Va = allocate(PAGE_SIZE, PAGE_READWRITE | PAGE_GUARD);
    CHECK_EQ(protect(Va, PAGE_SIZE, PAGE_READWRITE | PAGE_GUARD), PAGE_READWRITE | PAGE_GUARD);
    CHECK_EQ(KeTryCall(read_it, Va), STATUS_GUARD_PAGE_VIOLATION);
    CHECK_EQ(protect(Va, PAGE_SIZE, PAGE_READWRITE), PAGE_READWRITE);
}

KILN_TEST(mm_guard, a_service_that_meets_a_guard_page_returns_its_status)
{
    UCHAR Buffer[8] = {0};
    PUCHAR Va = allocate(PAGE_SIZE, PAGE_READWRITE | PAGE_GUARD);
    CHECK_EQ(KiCopyToUser(Va, Buffer, 8), STATUS_GUARD_PAGE_VIOLATION);
    CHECK_EQ(KiCopyToUser(Va, Buffer, 8), STATUS_SUCCESS);
    protect(Va, PAGE_SIZE, PAGE_READWRITE | PAGE_GUARD);
    CHECK_EQ(KiProbeForWrite(Va, 8, 1), STATUS_GUARD_PAGE_VIOLATION);
}

static void lock_it(void *Context)
{
    MmProbeAndLockPages(Context, UserMode, IoModifyAccess);
}

KILN_TEST(mm_guard, locking_a_guard_page_raises_and_locks_nothing)
{
    PUCHAR Va = allocate(2 * PAGE_SIZE, PAGE_READWRITE);
    protect(Va + PAGE_SIZE, PAGE_SIZE, PAGE_READWRITE | PAGE_GUARD);
    PMDL Mdl = IoAllocateMdl(Va, 2 * PAGE_SIZE, FALSE, FALSE, NULL);
    CHECK_EQ(KeTryCall(lock_it, Mdl), STATUS_GUARD_PAGE_VIOLATION);
    CHECK(!(Mdl->MdlFlags & MDL_PAGES_LOCKED));
    CHECK_EQ(KeTryCall(lock_it, Mdl), STATUS_SUCCESS);
    MmUnlockPages(Mdl);
    IoFreeMdl(Mdl);
}

KILN_TEST(mm_guard, looking_does_not_take_the_guard)
{
    ULONGLONG Value;
    PUCHAR Va = allocate(PAGE_SIZE, PAGE_READWRITE | PAGE_GUARD);
    CHECK(!MmIsAddressValid(Va));
    CHECK(!KiSafeRead64((ULONG_PTR)Va, &Value));
    CHECK(MmSecureVirtualMemory(Va, PAGE_SIZE, PAGE_READONLY) == NULL);
    CHECK_EQ(KeTryCall(read_it, Va), STATUS_GUARD_PAGE_VIOLATION);
}

KILN_TEST(mm_guard, no_access_is_an_access_violation_every_time)
{
    PUCHAR Va = allocate(PAGE_SIZE, PAGE_READWRITE);
    PVOID Base = NULL;
    SIZE_T Bytes = PAGE_SIZE;
    Va[0] = 3;
    protect(Va, PAGE_SIZE, PAGE_NOACCESS);
    CHECK_EQ(KeTryCall(read_it, Va), STATUS_ACCESS_VIOLATION);
    CHECK_EQ(KeTryCall(read_it, Va), STATUS_ACCESS_VIOLATION);
    protect(Va, PAGE_SIZE, PAGE_READONLY);
    CHECK_EQ(Va[0], 3);
    CHECK_EQ(ZwAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Bytes, MEM_RESERVE | MEM_COMMIT,
                                     PAGE_NOACCESS | PAGE_GUARD),
             STATUS_INVALID_PAGE_PROTECTION);
}

KILN_TEST(mm_guard, a_reset_keeps_the_region_and_takes_no_other_flag)
{
    PUCHAR Va = allocate(PAGE_SIZE, PAGE_READWRITE);
    PVOID Base = Va;
    SIZE_T Bytes = PAGE_SIZE;
    CHECK_EQ(ZwAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Bytes, MEM_RESET, PAGE_READWRITE), STATUS_SUCCESS);
    CHECK_EQ(KeTryCall(write_it, Va), STATUS_SUCCESS);
    CHECK(!NT_SUCCESS(ZwAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Bytes, MEM_RESET | MEM_COMMIT,
                                              PAGE_READWRITE)));
    CHECK_EQ(ZwAllocateVirtualMemory(NtCurrentProcess(), &Base, 0, &Bytes, MEM_RESET, 0), STATUS_INVALID_PAGE_PROTECTION);
}

static LONG hits;

static VOID NTAPI toucher(PVOID Context)
{
    NTSTATUS Status = KeTryCall(write_it, Context);
    if (Status == STATUS_GUARD_PAGE_VIOLATION)
        InterlockedIncrement(&hits);
    else
        CHECK_EQ(Status, STATUS_SUCCESS);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(mm_guard, of_many_threads_one_meets_the_guard)
{
    HANDLE Threads[4];
    PUCHAR Va = allocate(PAGE_SIZE, PAGE_READWRITE | PAGE_GUARD);
    for (ULONG I = 0; I < 4; I++)
        CHECK_EQ(PsCreateSystemThread(&Threads[I], THREAD_ALL_ACCESS, NULL, NULL, NULL, toucher, Va + I), STATUS_SUCCESS);
    for (ULONG I = 0; I < 4; I++)
        CHECK_EQ(ZwWaitForSingleObject(Threads[I], FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(hits, 1);
}
