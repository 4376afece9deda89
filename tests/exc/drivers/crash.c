/* SPDX-License-Identifier: MIT */
/* A driver whose exported functions stop the machine. */
#include <ntddk.h>

#define CRASH(name) __declspec(dllexport) int name(void)

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return STATUS_SUCCESS;
}

static volatile int sink;
static volatile ULONG_PTR zero;
static const int constant[4] = {1, 2, 3, 4};
static UCHAR code_in_data[16] = {0xC3};

CRASH(system_address_in_try)
{
    __try {
        sink = *(volatile int *)0xFFFF880012345678;
    } __except (1) {
        return 1;
    }
    return 2;
}

CRASH(null_at_dispatch_level)
{
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    __try {
        *(volatile int *)zero = 1;
    } __except (1) {
    }
    return 1;
}

CRASH(bad_pointer_to_kernel_at_dispatch_level)
{
    KIRQL old;
    UNICODE_STRING string;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    RtlInitUnicodeString(&string, (PCWSTR)(zero + 0x50));
    return 1;
}

CRASH(fast_fail)
{
    __try {
        __asm__ volatile("int $0x29" ::"c"(3));
    } __except (1) {
    }
    return 1;
}

CRASH(write_to_constant)
{
    *(volatile int *)(ULONG_PTR)&constant[zero] = 5;
    return 1;
}

CRASH(execute_data)
{
    ((void (*)(void))(ULONG_PTR)&code_in_data[zero])();
    return 1;
}

static __attribute__((noinline)) int recurse(int n)
{
    volatile char room[600];
    room[0] = (char)n;
    if (n < (int)zero)
        return 0;
    return recurse(n + 1) + room[0];
}

CRASH(stack_overflow)
{
    return recurse(0);
}

CRASH(bad_stack_pointer)
{
    __asm__ volatile("movq $0x4141414141410, %rsp\n pushq %rax");
    return 1;
}

static VOID thread_that_faults(PVOID context)
{
    *(volatile int *)zero = 1;
}

CRASH(unhandled_in_system_thread)
{
    HANDLE handle;
    LARGE_INTEGER second;
    second.QuadPart = -10000000;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, thread_that_faults, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &second);
    return 1;
}

static VOID dpc_that_divides(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    sink = 5 / (int)zero;
}

CRASH(unhandled_in_dpc)
{
    static KDPC dpc;
    LARGE_INTEGER second;
    second.QuadPart = -10000000;
    KeInitializeDpc(&dpc, dpc_that_divides, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &second);
    return 1;
}

static KBUGCHECK_CALLBACK_RECORD records[2];

static VOID faulting_callback(PVOID buffer, ULONG length)
{
    *(volatile int *)zero = 1;
}

static VOID good_callback(PVOID buffer, ULONG length)
{
    DbgPrint("the callback ran with %u bytes\n", length);
}

CRASH(callback_that_faults)
{
    static UCHAR component[] = "exc_crash";
    KeInitializeCallbackRecord(&records[0]);
    KeInitializeCallbackRecord(&records[1]);
    KeRegisterBugCheckCallback(&records[0], good_callback, (PVOID)&sink, sizeof sink, component);
    KeRegisterBugCheckCallback(&records[1], faulting_callback, NULL, 0, component);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}

/* Everything a report looks at is damaged: it must come out all the same. */
CRASH(damaged_irp_and_stack)
{
    ULONG_PTR *stack = (ULONG_PTR *)_AddressOfReturnAddress();
    for (int i = 0; i < 6; i++)
        stack[i] = 0x4141414141414141;
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 0x4141414141414141, 8, (ULONG_PTR)&zero, (ULONG_PTR)&constant);
}
