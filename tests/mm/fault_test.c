/* SPDX-License-Identifier: MIT */
/*
 * Page faults that the memory manager resolves: whoever touches a page of a region with a handler goes on as if the page
 * had always been there.
 */
#include "../exc/exc_driver.h"
#include "mi.h"

#define PAGES 8

/* Pages of a reservation that come into being when they are touched; or what Answer says, if it is not success. */
static volatile struct { /* changes under the feet of whoever touches memory */
    UCHAR *Va;
    PFN_NUMBER Pfn;
    ULONG Faults;
    NTSTATUS Answer;
    KI_FAULT Last;
    unsigned Prot;
    PKEVENT Wait;
    BOOLEAN Shared; /* several threads fault: Last is of none of them */
} window;

static NTSTATUS bring_page(PVOID Context, PKI_FAULT Fault)
{
    SIZE_T Page = (SIZE_T)(Fault->Address - (ULONG_PTR)window.Va) >> PAGE_SHIFT;

    CHECK(Context == &window);
    InterlockedIncrement((volatile LONG *)&window.Faults);
    if (!window.Shared) {
        window.Last = *Fault;
        window.Last.Trap = NULL;
    }
    if (Fault->Irql >= DISPATCH_LEVEL)
        return STATUS_ACCESS_VIOLATION;
    Fault->IoStatus = STATUS_DEVICE_DATA_ERROR;
    if (!NT_SUCCESS(window.Answer))
        return window.Answer;
    if (window.Wait)
        KeWaitForSingleObject(window.Wait, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(host_map_ram(window.Va + (Page << PAGE_SHIFT), PAGE_SIZE, (ULONG64)(window.Pfn + Page) << PAGE_SHIFT,
                          window.Prot),
             0);
    return STATUS_SUCCESS;
}

/* The pages' content is their index + 1 throughout. */
static void open_window(ULONG64 Va)
{
    PFN_NUMBER Pfn;

    CHECK_EQ(MiAllocatePages(PAGES, 0, ~0U, 1, 0, MiPageSystem, TRUE, &Pfn), STATUS_SUCCESS);
    window.Pfn = Pfn;
    for (ULONG I = 0; I < PAGES; I++)
        __builtin_memset(MiPfnToVa(window.Pfn + I), (int)I + 1, PAGE_SIZE);
    window.Va = (UCHAR *)(ULONG_PTR)Va;
    window.Prot = HOST_PROT_R | HOST_PROT_W;
    CHECK_EQ(MiRegisterFaultHandler(Va, Va + PAGES * PAGE_SIZE, bring_page, (PVOID)&window), STATUS_SUCCESS);
}

static void open_system_window(void)
{
    open_window((ULONG_PTR)MmAllocateMappingAddress(PAGES * PAGE_SIZE, 'tseT'));
}

static void open_user_window(void)
{
    PVOID Begin, End;
    CHECK(MiQueryUserSlice(PsGetCurrentProcess(), &Begin, &End));
    open_window((ULONG_PTR)End - 64 * PAGE_SIZE);
}

KILN_TEST(mm_fault, kernel_code_reads_a_page_that_comes_when_it_is_touched)
{
    open_system_window();
    CHECK_EQ(window.Va[PAGE_SIZE + 5], 2);
    CHECK_EQ(window.Faults, 1);
    CHECK_EQ(window.Last.Address, (ULONG_PTR)window.Va + PAGE_SIZE + 5);
    CHECK_EQ(window.Last.Access, EXCEPTION_READ_FAULT);
    CHECK_EQ(window.Last.Irql, PASSIVE_LEVEL);
    CHECK_EQ(window.Last.Mode, KernelMode);
    CHECK(!window.Last.Safe);
    CHECK_EQ(window.Va[PAGE_SIZE + 6], 2);
    CHECK_EQ(window.Faults, 1);
}

KILN_TEST(mm_fault, a_write_arrives_in_the_page)
{
    open_system_window();
    *(volatile ULONG *)(window.Va + 8) += 0x01010101;
    CHECK_EQ(*(ULONG *)((UCHAR *)MiPfnToVa(window.Pfn) + 8), 0x02020202);
    *(volatile UCHAR *)(window.Va + PAGE_SIZE) = 7;
    CHECK_EQ(window.Last.Access, EXCEPTION_WRITE_FAULT);
    CHECK_EQ(*(UCHAR *)MiPfnToVa(window.Pfn + 1), 7);
}

KILN_TEST(mm_fault, resolves_at_apc_level)
{
    KIRQL Irql;
    open_system_window();
    KeRaiseIrql(APC_LEVEL, &Irql);
    CHECK_EQ(window.Va[0], 1);
    CHECK_EQ(window.Last.Irql, APC_LEVEL);
    CHECK_EQ(KeGetCurrentIrql(), APC_LEVEL);
    KeLowerIrql(Irql);
}

KILN_TEST_BUGCHECK(mm_fault, at_dispatch_level_the_kernel_must_not_touch_it, IRQL_NOT_LESS_OR_EQUAL)
{
    KIRQL Irql;
    open_system_window();
    KeRaiseIrql(DISPATCH_LEVEL, &Irql);
    CHECK_EQ(window.Va[0], 1);
}

KILN_TEST_BUGCHECK(mm_fault, what_is_declined_is_an_invalid_system_address, PAGE_FAULT_IN_NONPAGED_AREA)
{
    open_system_window();
    window.Answer = STATUS_ACCESS_VIOLATION;
    CHECK_EQ(window.Va[0], 1);
}

static volatile ULONG declined_after; /* faults that bring_page had seen when decline was asked */

static NTSTATUS decline(PVOID Context, PKI_FAULT Fault)
{
    UNREFERENCED_PARAMETER(Context);
    UNREFERENCED_PARAMETER(Fault);
    declined_after = window.Faults;
    return STATUS_ACCESS_VIOLATION;
}

KILN_TEST(mm_fault, a_later_handler_is_asked_first_and_may_decline)
{
    open_system_window();
    volatile UCHAR *Va = window.Va;
    CHECK_EQ(MiRegisterFaultHandler((ULONG_PTR)Va, (ULONG_PTR)Va + 2 * PAGE_SIZE, decline, NULL), STATUS_SUCCESS);
    declined_after = 99;
    CHECK_EQ(Va[0], 1);
    CHECK_EQ(declined_after, 0);
    CHECK_EQ(window.Faults, 1);
    MiUnregisterFaultHandler((ULONG_PTR)Va, decline);
    declined_after = 99;
    CHECK_EQ(Va[PAGE_SIZE], 2);
    CHECK_EQ(declined_after, 99);
    CHECK_EQ(window.Faults, 2);
}

/* ---------------------------------------------------------------- guarded accesses */

KILN_TEST(mm_fault, copies_and_probes_of_user_memory_bring_pages_in)
{
    UCHAR Buffer[600];
    open_user_window();
    CHECK_EQ(KiCopyFromUser(Buffer, window.Va + PAGE_SIZE - 300, 600), STATUS_SUCCESS);
    CHECK_EQ(Buffer[299], 1);
    CHECK_EQ(Buffer[300], 2);
    CHECK_EQ(window.Faults, 2);
    CHECK_EQ(KiCopyToUser(window.Va + 2 * PAGE_SIZE, Buffer, 8), STATUS_SUCCESS);
    CHECK_EQ(window.Va[2 * PAGE_SIZE], 1);
    CHECK_EQ(KiProbeForWrite(window.Va + 3 * PAGE_SIZE, 2 * PAGE_SIZE, 1), STATUS_SUCCESS);
    CHECK_EQ(window.Faults, 5);
}

KILN_TEST(mm_fault, a_guarded_access_returns_what_the_handler_says)
{
    ULONG64 Value;
    open_user_window();
    window.Answer = STATUS_GUARD_PAGE_VIOLATION;
    CHECK_EQ(KiCopyFromUser(&Value, window.Va, 8), STATUS_GUARD_PAGE_VIOLATION);
    CHECK_EQ(KiProbeForWrite(window.Va, 8, 1), STATUS_GUARD_PAGE_VIOLATION);
    window.Answer = STATUS_ACCESS_VIOLATION;
    CHECK_EQ(KiCopyFromUser(&Value, window.Va, 8), STATUS_ACCESS_VIOLATION);
    CHECK(!KiSafeRead64((ULONG_PTR)window.Va, &Value));
    CHECK(window.Last.Safe);
}

static void read_window(void *Context)
{
    CHECK_EQ(*(volatile UCHAR *)Context, 1);
}

KILN_TEST(mm_fault, any_other_status_is_raised_with_access_and_address)
{
    EXCEPTION_RECORD Record;
    open_system_window();
    window.Answer = STATUS_IN_PAGE_ERROR;
    CHECK_EQ(KeTryCallEx(read_window, window.Va, &Record), STATUS_IN_PAGE_ERROR);
    CHECK_EQ(Record.NumberParameters, 3);
    CHECK_EQ(Record.ExceptionInformation[0], EXCEPTION_READ_FAULT);
    CHECK_EQ(Record.ExceptionInformation[1], (ULONG_PTR)window.Va);
    CHECK_EQ((ULONG)Record.ExceptionInformation[2], (ULONG)STATUS_DEVICE_DATA_ERROR);
    window.Answer = STATUS_GUARD_PAGE_VIOLATION;
    CHECK_EQ(KeTryCallEx(read_window, window.Va, &Record), STATUS_GUARD_PAGE_VIOLATION);
    CHECK_EQ(Record.NumberParameters, 2);
}

/* ---------------------------------------------------------------- waiting */

static KEVENT arrived;

static VOID NTAPI deliver(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeSetEvent(&arrived, IO_NO_INCREMENT, FALSE);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(mm_fault, a_handler_may_wait_for_another_thread)
{
    HANDLE Thread;
    open_system_window();
    KeInitializeEvent(&arrived, NotificationEvent, FALSE);
    window.Wait = &arrived;
    CHECK_EQ(PsCreateSystemThread(&Thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, deliver, NULL), STATUS_SUCCESS);
    CHECK_EQ(window.Va[3 * PAGE_SIZE], 4);
    CHECK(KeReadStateEvent(&arrived));
    ZwClose(Thread);
}

static VOID NTAPI toucher(PVOID Context)
{
    for (ULONG I = 0; I < PAGES; I++)
        CHECK_EQ(((volatile UCHAR *)Context)[I * PAGE_SIZE], I + 1);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(mm_fault, threads_may_fault_on_the_same_pages)
{
    HANDLE Threads[3];
    open_system_window();
    window.Shared = TRUE;
    for (ULONG I = 0; I < 3; I++)
        CHECK_EQ(PsCreateSystemThread(&Threads[I], THREAD_ALL_ACCESS, NULL, NULL, NULL, toucher, window.Va),
                 STATUS_SUCCESS);
    for (ULONG I = 0; I < 3; I++) {
        CHECK_EQ(ZwWaitForSingleObject(Threads[I], FALSE, NULL), STATUS_SUCCESS);
        ZwClose(Threads[I]);
    }
    CHECK(window.Faults >= PAGES);
}

/* ---------------------------------------------------------------- the client's own code */

extern volatile bool host_client_outside;

KILN_TEST(mm_fault, the_clients_own_code_goes_on_too)
{
    open_user_window();
    host_client_outside = true;
    UCHAR Value = *(volatile UCHAR *)(window.Va + PAGE_SIZE);
    bool Outside = host_client_outside;
    host_client_outside = false;
    CHECK_EQ(Value, 2);
    CHECK(Outside);
    CHECK_EQ(window.Faults, 1);
    CHECK_EQ(window.Last.Mode, UserMode);
}

/* ---------------------------------------------------------------- driver code */

typedef ULONG NTAPI PAGER(PVOID, ULONG_PTR, ULONG_PTR);

static PAGER *pager(const char *Name)
{
    PKLDR_MODULE Module = exc_load("mm_pager.sys");
    return Module ? (PAGER *)(ULONG_PTR)exc_function(Module, Name) : NULL;
}

KILN_TEST(mm_fault, driver_code_keeps_every_register)
{
    PAGER *Sum = pager("sum_pages");
    open_system_window();
    if (Sum)
        CHECK_EQ(Sum(window.Va, PAGES, 0), 2 * 36 + 3);
}

KILN_TEST(mm_fault, a_string_instruction_goes_on_where_it_stopped)
{
    PAGER *Copy = pager("copy_string");
    open_system_window();
    static UCHAR From[3 * PAGE_SIZE];
    for (ULONG I = 0; I < sizeof From; I++)
        From[I] = (UCHAR)(I * 7 + I / 256);
    if (!Copy)
        return;
    CHECK_EQ(Copy(window.Va + 100, (ULONG_PTR)From, sizeof From), 1);
    CHECK_EQ(window.Faults, 4);
    CHECK(RtlCompareMemory(window.Va + 100, From, sizeof From) == sizeof From);
}

KILN_TEST(mm_fault, code_is_brought_in_when_it_is_called)
{
    static const UCHAR Code[] = {0xB8, 41, 0, 0, 0, 0xC3}; /* mov eax, 41; ret */
    PAGER *Call = pager("call");
    open_system_window();
    window.Prot = HOST_PROT_R | HOST_PROT_X;
    __builtin_memcpy(MiPfnToVa(window.Pfn), Code, sizeof Code);
    if (!Call)
        return;
    CHECK_EQ(Call(window.Va, 0, 0), 42);
    CHECK_EQ(window.Last.Access, EXCEPTION_EXECUTE_FAULT);
    CHECK_EQ(window.Last.Pc, (ULONG_PTR)window.Va);
}

KILN_TEST(mm_fault, a_drivers_handler_sees_what_was_raised)
{
    ULONG_PTR Information[4];
    PAGER *Try = pager("try_read");
    open_system_window();
    window.Answer = STATUS_IN_PAGE_ERROR;
    if (!Try)
        return;
    CHECK_EQ(Try(window.Va, (ULONG_PTR)Information, 0), (ULONG)STATUS_IN_PAGE_ERROR);
    CHECK_EQ(Information[1], (ULONG_PTR)window.Va);
    CHECK_EQ((ULONG)Information[2], (ULONG)STATUS_DEVICE_DATA_ERROR);
    CHECK_EQ(Information[3], 3);
    window.Answer = STATUS_SUCCESS;
    CHECK_EQ(Try(window.Va, (ULONG_PTR)Information, 0), 0);
}

KILN_TEST_BUGCHECK(mm_fault, a_driver_must_not_touch_it_at_dispatch_level, DRIVER_IRQL_NOT_LESS_OR_EQUAL)
{
    PAGER *Read = pager("read_at_dispatch");
    open_system_window();
    if (!Read)
        KeBugCheck(DRIVER_IRQL_NOT_LESS_OR_EQUAL);
    Read(window.Va, 0, 0);
}
