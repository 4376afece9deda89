/* SPDX-License-Identifier: MIT */
/*
 * A driver whose exported functions each try one thing about exceptions. They return 0, or the line that went wrong.
 */
#include <ntddk.h>

#define TEST(name) __declspec(dllexport) int name(void)
#define REQUIRE(x)                                                                                                     \
    do {                                                                                                               \
        if (!(x))                                                                                                      \
            return __LINE__;                                                                                           \
    } while (0)

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return STATUS_SUCCESS;
}

static volatile int sink;
static volatile int zero;
static EXCEPTION_RECORD seen;
static CONTEXT seen_context;
static int order[16], order_count;

static void note(int what)
{
    if (order_count < 16)
        order[order_count++] = what;
}

static LONG remember(struct _EXCEPTION_POINTERS *pointers, LONG answer)
{
    seen = *pointers->ExceptionRecord;
    seen_context = *pointers->ContextRecord;
    return answer;
}

/* ---------------------------------------------------------------- faults */

TEST(null_read)
{
    volatile int *p = (int *)0x10;
    ULONG code = 0;
    __try {
        sink = *p;
    } __except (remember(GetExceptionInformation(), 1)) {
        code = GetExceptionCode();
    }
    REQUIRE(code == (ULONG)STATUS_ACCESS_VIOLATION);
    REQUIRE(seen.NumberParameters == 2 && seen.ExceptionInformation[0] == 0 && seen.ExceptionInformation[1] == 0x10);
    REQUIRE((ULONG_PTR)seen.ExceptionAddress == seen_context.Rip);
    return 0;
}

TEST(null_write)
{
    volatile int *p = (int *)0x20;
    __try {
        *p = 1;
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
    }
    REQUIRE(seen.ExceptionInformation[0] == 1 && seen.ExceptionInformation[1] == 0x20);
    return 0;
}

TEST(null_call)
{
    void (*volatile f)(void) = NULL;
    __try {
        f();
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
    }
    REQUIRE(seen.ExceptionCode == STATUS_ACCESS_VIOLATION);
    REQUIRE(seen.ExceptionInformation[0] == 8 && seen.ExceptionInformation[1] == 0);
    return 0;
}

TEST(noncanonical)
{
    volatile int *p = (int *)0x1234567812345678;
    __try {
        sink = *p;
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
    }
    REQUIRE(seen.ExceptionCode == STATUS_ACCESS_VIOLATION);
    REQUIRE(seen.ExceptionInformation[1] == (ULONG_PTR)-1);
    return 0;
}

TEST(divide)
{
    volatile int one = 1, lowest = (int)0x80000000, minus = -1;
    __try {
        sink = one / zero;
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
    }
    REQUIRE(seen.ExceptionCode == STATUS_INTEGER_DIVIDE_BY_ZERO);
    __try {
        sink = lowest / minus;
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
    }
    REQUIRE(seen.ExceptionCode == STATUS_INTEGER_OVERFLOW);
    return 0;
}

TEST(breakpoint)
{
    int after = 0;
    __try {
        __asm__ volatile("int3");
        after = 1;
    } __except (remember(GetExceptionInformation(), 0), GetExceptionInformation()->ContextRecord->Rip++, -1) {
        return __LINE__;
    }
    REQUIRE(after == 1);
    REQUIRE(seen.ExceptionCode == STATUS_BREAKPOINT);
    REQUIRE(*(UCHAR *)seen.ExceptionAddress == 0xCC);
    return 0;
}

TEST(illegal)
{
    __try {
        __asm__ volatile("ud2");
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
    }
    REQUIRE(seen.ExceptionCode == STATUS_ILLEGAL_INSTRUCTION);
    return 0;
}

TEST(assertion)
{
    __try {
        __asm__ volatile("int $0x2c");
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
    }
    REQUIRE(seen.ExceptionCode == STATUS_ASSERTION_FAILURE);
    return 0;
}

TEST(privileged)
{
    __try {
        __asm__ volatile("lgdt (%0)" ::"r"(&seen));
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
    }
    REQUIRE(seen.ExceptionCode == STATUS_PRIVILEGED_INSTRUCTION);
    return 0;
}

/* ---------------------------------------------------------------- handlers */

TEST(continue_with_changed_register)
{
    ULONGLONG value = 0, good = 42;
    __try {
        __asm__ volatile("movq (%%rcx), %0" : "=r"(value) : "c"((ULONGLONG)8) : "memory");
    } __except (GetExceptionInformation()->ContextRecord->Rcx = (ULONG_PTR)&good, -1) {
        return __LINE__;
    }
    REQUIRE(value == 42);
    return 0;
}

TEST(inner_filter_declines)
{
    volatile int *p = NULL;
    int where = 0;
    order_count = 0;
    __try {
        __try {
            *p = 1;
        } __except (note(1), EXCEPTION_CONTINUE_SEARCH) {
            where = 1;
        }
    } __except (note(2), EXCEPTION_EXECUTE_HANDLER) {
        where = 2;
    }
    REQUIRE(where == 2 && order_count == 2 && order[0] == 1 && order[1] == 2);
    return 0;
}

static __attribute__((noinline)) void finally_and_fault(void)
{
    __try {
        *(volatile int *)(ULONG_PTR)zero = 1;
    } __finally {
        note(AbnormalTermination() ? 10 : 11);
    }
}

TEST(finally_runs_after_filter)
{
    order_count = 0;
    __try {
        finally_and_fault();
    } __except (note(1), 1) {
        note(2);
    }
    REQUIRE(order_count == 3 && order[0] == 1 && order[1] == 10 && order[2] == 2);
    return 0;
}

TEST(finally_without_exception)
{
    order_count = 0;
    __try {
        sink = 1;
    } __finally {
        note(AbnormalTermination() ? 1 : 2);
    }
    REQUIRE(order_count == 1 && order[0] == 2);
    return 0;
}

static __attribute__((noinline)) int leave_early(int how)
{
    __try {
        if (how)
            return 5;
        sink = 2;
    } __finally {
        note(7);
    }
    return 6;
}

TEST(return_out_of_try)
{
    order_count = 0;
    REQUIRE(leave_early(1) == 5 && leave_early(0) == 6);
    REQUIRE(order_count == 2);
    return 0;
}

static __attribute__((noinline)) void raise_it(NTSTATUS status)
{
    ExRaiseStatus(status);
}

TEST(raise_status)
{
    ULONG code = 0;
    __try {
        raise_it(STATUS_DEVICE_BUSY);
    } __except (remember(GetExceptionInformation(), 1)) {
        code = GetExceptionCode();
    }
    REQUIRE(code == (ULONG)STATUS_DEVICE_BUSY);
    REQUIRE(seen.ExceptionFlags & EXCEPTION_NONCONTINUABLE);
    return 0;
}

TEST(raise_record_and_continue)
{
    EXCEPTION_RECORD record;
    RtlZeroMemory(&record, sizeof record);
    record.ExceptionCode = (NTSTATUS)0xE0001234;
    record.NumberParameters = 2;
    record.ExceptionInformation[0] = 11;
    record.ExceptionInformation[1] = 22;
    int after = 0;
    __try {
        RtlRaiseException(&record);
        after = 1;
    } __except (remember(GetExceptionInformation(), -1)) {
        return __LINE__;
    }
    REQUIRE(after == 1);
    REQUIRE(seen.ExceptionCode == (NTSTATUS)0xE0001234 && seen.ExceptionInformation[1] == 22);
    return 0;
}

TEST(continuing_noncontinuable_raises)
{
    ULONG inner = 0;
    __try {
        __try {
            ExRaiseStatus(STATUS_DEVICE_BUSY);
        } __except (GetExceptionCode() == (ULONG)STATUS_DEVICE_BUSY ? -1 : 0) {
            return __LINE__;
        }
    } __except (remember(GetExceptionInformation(), 1)) {
        inner = GetExceptionCode();
    }
    REQUIRE(inner == (ULONG)STATUS_NONCONTINUABLE_EXCEPTION);
    REQUIRE(seen.ExceptionRecord != NULL);
    return 0;
}

TEST(exception_in_handler)
{
    volatile int *p = NULL;
    int where = 0;
    __try {
        __try {
            *p = 1;
        } __except (1) {
            where = 1;
            ExRaiseStatus(STATUS_CANCELLED);
        }
    } __except (1) {
        where += 10;
        REQUIRE(GetExceptionCode() == (ULONG)STATUS_CANCELLED);
    }
    REQUIRE(where == 11);
    return 0;
}

static LONG filter_with_own_try(void)
{
    volatile int *p = NULL;
    int caught = 0;
    __try {
        *p = 2;
    } __except (1) {
        caught = 1;
    }
    note(caught ? 3 : 4);
    return EXCEPTION_EXECUTE_HANDLER;
}

TEST(exception_caught_in_filter)
{
    int where = 0;
    order_count = 0;
    __try {
        ExRaiseStatus(STATUS_CANCELLED);
    } __except (filter_with_own_try()) {
        where = 1;
        REQUIRE(GetExceptionCode() == (ULONG)STATUS_CANCELLED);
    }
    REQUIRE(where == 1 && order_count == 1 && order[0] == 3);
    return 0;
}

static ULONG nested_flags;

static LONG filter_that_faults(struct _EXCEPTION_POINTERS *pointers)
{
    if (pointers->ExceptionRecord->ExceptionCode == STATUS_CANCELLED) {
        note(1);
        *(volatile int *)(ULONG_PTR)zero = 3;
    }
    note(2); /* the same filter is asked about the nested exception */
    nested_flags = pointers->ExceptionRecord->ExceptionFlags;
    return EXCEPTION_CONTINUE_SEARCH;
}

TEST(exception_out_of_filter)
{
    int where = 0;
    order_count = 0;
    __try {
        __try {
            ExRaiseStatus(STATUS_CANCELLED);
        } __except (filter_that_faults(GetExceptionInformation())) {
            where = 1;
        }
    } __except (GetExceptionCode() == (ULONG)STATUS_ACCESS_VIOLATION ? remember(GetExceptionInformation(), 1) : 0) {
        where = 2;
    }
    REQUIRE(where == 2);
    REQUIRE(order_count == 2 && order[0] == 1 && order[1] == 2);
    REQUIRE(nested_flags & EXCEPTION_NESTED_CALL);
    return 0;
}

static __attribute__((noinline)) void finally_that_raises(void)
{
    __try {
        ExRaiseStatus(STATUS_CANCELLED);
    } __finally {
        note(1);
        ExRaiseStatus(STATUS_DEVICE_BUSY);
    }
}

static __attribute__((noinline)) void middle(void)
{
    __try {
        finally_that_raises();
    } __finally {
        note(2);
    }
}

/* The exception of a termination handler replaces the unwind that called it; each handler runs once. */
TEST(collided_unwind)
{
    int where = 0;
    order_count = 0;
    __try {
        __try {
            middle();
        } __except (GetExceptionCode() == (ULONG)STATUS_CANCELLED) {
            where = 1;
        }
    } __except (1) {
        where = 2;
        REQUIRE(GetExceptionCode() == (ULONG)STATUS_DEVICE_BUSY);
    }
    REQUIRE(where == 2);
    REQUIRE(order_count == 2 && order[0] == 1 && order[1] == 2);
    return 0;
}

/* Through a pointer: of a routine that never returns the compiler drops the handlers behind it. */
static void (*volatile raiser)(NTSTATUS) = raise_it;

static __attribute__((noinline)) void two_finallys(void)
{
    __try {
        __try {
            raiser(STATUS_CANCELLED);
        } __finally {
            note(1);
            raiser(STATUS_DEVICE_BUSY);
        }
    } __finally {
        note(2);
    }
}

/* Two scopes of one function: after the collision the outer one runs, the inner one does not run again. */
TEST(collided_unwind_same_function)
{
    order_count = 0;
    __try {
        two_finallys();
        return __LINE__;
    } __except (1) {
        REQUIRE(GetExceptionCode() == (ULONG)STATUS_DEVICE_BUSY);
    }
    REQUIRE(order_count == 2 && order[0] == 1 && order[1] == 2);
    return 0;
}

static __attribute__((noinline)) void caught_in_finally(void)
{
    __try {
        ExRaiseStatus(STATUS_CANCELLED);
    } __finally {
        __try {
            *(volatile int *)(ULONG_PTR)zero = 1;
        } __except (1) {
            note(1);
        }
    }
}

TEST(exception_caught_in_finally)
{
    order_count = 0;
    __try {
        caught_in_finally();
        return __LINE__;
    } __except (1) {
        REQUIRE(GetExceptionCode() == (ULONG)STATUS_CANCELLED);
        note(2);
    }
    REQUIRE(order_count == 2 && order[0] == 1 && order[1] == 2);
    return 0;
}

/* ---------------------------------------------------------------- frames */

static __attribute__((noinline)) int deep(int levels)
{
    volatile char room[64];
    room[0] = (char)levels;
    if (levels == zero) {
        *(volatile int *)(ULONG_PTR)zero = 1;
        return 0;
    }
    return deep(levels - 1) + room[0];
}

TEST(deep_stack)
{
    for (int i = 0; i < 10; i++) {
        __try {
            sink = deep(60);
            return __LINE__;
        } __except (1) {
        }
    }
    return 0;
}

int __cdecl compare_that_faults(const void *a, const void *b)
{
    *(volatile int *)(ULONG_PTR)zero = 1;
    return 0;
}

__declspec(dllimport) void *__cdecl bsearch(const void *, const void *, SIZE_T, SIZE_T, int(__cdecl *)(const void *, const void *));
__declspec(dllimport) void __cdecl qsort(void *, SIZE_T, SIZE_T, int(__cdecl *)(const void *, const void *));

TEST(through_kernel_frames)
{
    int numbers[8] = {8, 7, 6, 5, 4, 3, 2, 1}, key = 3, caught = 0;
    __try {
        bsearch(&key, numbers, 8, sizeof numbers[0], compare_that_faults);
    } __except (1) {
        caught++;
    }
    __try {
        qsort(numbers, 8, sizeof numbers[0], compare_that_faults);
    } __except (1) {
        caught++;
    }
    REQUIRE(caught == 2);
    return 0;
}

TEST(kernel_routine_faults)
{
    int caught = 0;
    UNICODE_STRING string;
    __try {
        RtlInitUnicodeString(&string, (PCWSTR)0x40);
    } __except (remember(GetExceptionInformation(), 1)) {
        caught = 1;
    }
    REQUIRE(caught && seen.ExceptionCode == STATUS_ACCESS_VIOLATION && seen.ExceptionInformation[1] == 0x40);
    return 0;
}

/* Registers that a function must preserve, xmm6 to xmm15 among them, are what they were when the handler runs. */
__asm__(".text\n"
        ".globl clobber_and_fault\n"
        ".def clobber_and_fault; .scl 2; .type 32; .endef\n"
        ".seh_proc clobber_and_fault\n"
        "clobber_and_fault:\n"
        "pushq %rbx\n.seh_pushreg %rbx\n"
        "pushq %r12\n.seh_pushreg %r12\n"
        "pushq %r15\n.seh_pushreg %r15\n"
        "subq $0x40, %rsp\n.seh_stackalloc 0x40\n"
        "movaps %xmm6, 0x20(%rsp)\n.seh_savexmm %xmm6, 0x20\n"
        "movaps %xmm15, 0x30(%rsp)\n.seh_savexmm %xmm15, 0x30\n"
        ".seh_endprologue\n"
        "xorl %ebx, %ebx\nxorl %r12d, %r12d\nxorl %r15d, %r15d\n"
        "xorps %xmm6, %xmm6\nxorps %xmm15, %xmm15\n"
        "movl $0, 0\n"
        "nop\n"
        "movaps 0x20(%rsp), %xmm6\n movaps 0x30(%rsp), %xmm15\n"
        "addq $0x40, %rsp\npopq %r15\npopq %r12\npopq %rbx\nret\n"
        ".seh_endproc\n");
void clobber_and_fault(void);

/* The registers as the handler finds them are taken from the context that the filter restores to. */
static ULONGLONG after_rbx, after_r12, after_r15, after_xmm6, after_xmm15;
static LONG look(struct _EXCEPTION_POINTERS *pointers)
{
    CONTEXT context = *pointers->ContextRecord;
    ULONGLONG base, frame;
    PVOID data;
    PRUNTIME_FUNCTION function = RtlLookupFunctionEntry(context.Rip, &base, NULL);
    if (!function)
        return 1;
    RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, context.Rip, function, &context, &data, &frame, NULL);
    after_rbx = context.Rbx;
    after_r12 = context.R12;
    after_r15 = context.R15;
    after_xmm6 = context.Xmm6.Low;
    after_xmm15 = context.Xmm15.Low;
    return 1;
}

__asm__(".text\n"
        ".globl call_with_registers\n"
        ".def call_with_registers; .scl 2; .type 32; .endef\n"
        ".seh_proc call_with_registers\n"
        "call_with_registers:\n"
        "pushq %rbx\n.seh_pushreg %rbx\n"
        "pushq %r12\n.seh_pushreg %r12\n"
        "pushq %r15\n.seh_pushreg %r15\n"
        "subq $0x40, %rsp\n.seh_stackalloc 0x40\n"
        "movaps %xmm6, 0x20(%rsp)\n.seh_savexmm %xmm6, 0x20\n"
        "movaps %xmm15, 0x30(%rsp)\n.seh_savexmm %xmm15, 0x30\n"
        ".seh_endprologue\n"
        "movl $0x1111, %ebx\nmovl $0x2222, %r12d\nmovl $0x3333, %r15d\n"
        "movq %rbx, %xmm6\nmovq %r12, %xmm15\n"
        "call clobber_and_fault\n"
        "nop\n"
        "movaps 0x20(%rsp), %xmm6\n movaps 0x30(%rsp), %xmm15\n"
        "addq $0x40, %rsp\npopq %r15\npopq %r12\npopq %rbx\nret\n"
        ".seh_endproc\n");
void call_with_registers(void);

TEST(nonvolatile_registers)
{
    __try {
        call_with_registers();
        return __LINE__;
    } __except (look(GetExceptionInformation())) {
    }
    REQUIRE(after_rbx == 0x1111 && after_r12 == 0x2222 && after_r15 == 0x3333);
    REQUIRE(after_xmm6 == 0x1111 && after_xmm15 == 0x2222);
    return 0;
}

/* ---------------------------------------------------------------- every instruction */

ULONGLONG step_return, step_rsp;
static int step_bad, step_count;

__asm__(".text\n"
        ".globl step_over\n"
        ".def step_over; .scl 2; .type 32; .endef\n"
        ".seh_proc step_over\n"
        "step_over:\n" /* rcx: function. Calls it with the trap flag set */
        "pushq %rbx\n.seh_pushreg %rbx\n"
        "pushq %rdi\n.seh_pushreg %rdi\n"
        "subq $0x28, %rsp\n.seh_stackalloc 0x28\n"
        ".seh_endprologue\n"
        "movq %rcx, %rax\n"
        "movq $0x5555, %rbx\nmovq $0x6666, %rdi\n"
        "leaq 1f(%rip), %rcx\n"
        "movq %rcx, step_return(%rip)\n"
        "movq %rsp, step_rsp(%rip)\n"
        "movl $3, %ecx\n"
        "pushfq\norq $0x100, (%rsp)\npopfq\n"
        "call *%rax\n"
        "1:\n"
        "pushfq\nandq $~0x100, (%rsp)\npopfq\n"
        "nop\n"
        "addq $0x28, %rsp\npopq %rdi\npopq %rbx\nret\n"
        ".seh_endproc\n"
        ".globl step_over_end\nstep_over_end:\n");
void step_over(int (*function)(int));
extern const char step_over_end[];

/* Wherever the pc is, unwinding leads to step_over with its registers. */
static LONG on_step(struct _EXCEPTION_POINTERS *pointers)
{
    CONTEXT context = *pointers->ContextRecord;
    if (pointers->ExceptionRecord->ExceptionCode != STATUS_SINGLE_STEP)
        return 0;
    step_count++;
    if (step_count > 3000)
        return 0;
    /* Inside the kernel (a call of the function) nothing is checked. */
    for (int depth = 0; depth < 8; depth++) {
        ULONGLONG base, frame;
        PVOID data;
        if (context.Rip >= (ULONG_PTR)step_over && context.Rip < (ULONG_PTR)step_over_end) {
            if (depth > 0 && (context.Rip != step_return || context.Rsp != step_rsp || context.Rbx != 0x5555 ||
                              context.Rdi != 0x6666))
                step_bad++;
            break;
        }
        PRUNTIME_FUNCTION function = RtlLookupFunctionEntry(context.Rip, &base, NULL);
        if (!base)
            break;
        if (function) {
            RtlVirtualUnwind(UNW_FLAG_NHANDLER, base, context.Rip, function, &context, &data, &frame, NULL);
        } else {
            context.Rip = *(ULONGLONG *)context.Rsp;
            context.Rsp += 8;
        }
        if (depth == 7)
            step_bad++;
    }
    pointers->ContextRecord->EFlags |= 0x100;
    if (pointers->ContextRecord->Rip >= step_return && pointers->ContextRecord->Rip < (ULONG_PTR)step_over_end)
        pointers->ContextRecord->EFlags &= ~0x100u;
    return -1;
}

static __attribute__((noinline)) int leaf(int n)
{
    return n * 3;
}

static __attribute__((noinline)) int frames_with_registers(int n)
{
    volatile int a[6];
    int s = n, t = n * 7, u = n ^ 5, v = n + 9;
    for (int i = 0; i < 2; i++) {
        a[i] = leaf(s + i);
        s += a[i] * t;
        u ^= leaf(v) + s;
        v += leaf(u);
    }
    return s + t + u + v;
}

/* The frames of this file are small: nothing to probe. */
__asm__(".text\n.globl __chkstk\n.def __chkstk; .scl 2; .type 32; .endef\n__chkstk:\nret\n");

static __attribute__((noinline)) int dynamic_frame(int n)
{
    volatile char *room = __builtin_alloca((SIZE_T)n * 32);
    room[0] = (char)n;
    room[31] = (char)leaf(n);
    return room[0] + room[31] + frames_with_registers(1);
}

static __attribute__((noinline)) int large_frame(int n)
{
    volatile char room[3000];
    for (int i = 0; i < 3; i++)
        room[i * 1000] = (char)leaf(i + n);
    return room[0] + room[1000];
}

static int tail(int n)
{
    int (*volatile f)(int) = leaf;
    sink = n;
    __attribute__((musttail)) return f(n);
}

TEST(unwinding_at_every_instruction)
{
    int (*functions[])(int) = {leaf, frames_with_registers, dynamic_frame, large_frame, tail};
    for (int i = 0; i < 5; i++) {
        step_bad = step_count = 0;
        __try {
            step_over(functions[i]);
        } __except (on_step(GetExceptionInformation())) {
            return 1000 + i;
        }
        if (step_bad)
            return 2000 + i * 100 + step_bad;
        if (step_count < 3)
            return 3000 + i;
    }
    return 0;
}

/* ---------------------------------------------------------------- services */

TEST(probes)
{
    ULONG code = 0;
    __try {
        ProbeForRead((PVOID)0x10001, 4, 4);
    } __except (1) {
        code = GetExceptionCode();
    }
    REQUIRE(code == (ULONG)STATUS_DATATYPE_MISALIGNMENT);
    code = 0;
    __try {
        ProbeForRead((PVOID)&sink, 4, 1); /* a system address */
    } __except (1) {
        code = GetExceptionCode();
    }
    REQUIRE(code == (ULONG)STATUS_ACCESS_VIOLATION);
    code = 0;
    __try {
        ProbeForRead((PVOID)0x10000, (SIZE_T)-1, 1);
    } __except (1) {
        code = GetExceptionCode();
    }
    REQUIRE(code == (ULONG)STATUS_ACCESS_VIOLATION);
    code = 0;
    __try {
        ProbeForWrite((PVOID)0x20000, 4, 1); /* not mapped */
    } __except (1) {
        code = GetExceptionCode();
    }
    REQUIRE(code == (ULONG)STATUS_ACCESS_VIOLATION);
    __try {
        ProbeForRead((PVOID)1, 0, 8); /* no bytes: nothing to check */
        ProbeForWrite((PVOID)1, 0, 8);
    } __except (1) {
        return __LINE__;
    }
    return 0;
}

static __attribute__((noinline)) USHORT traced(PVOID *frames)
{
    USHORT count = RtlCaptureStackBackTrace(0, 8, frames, NULL);
    sink = count;
    return count;
}

TEST(back_trace)
{
    PVOID frames[8] = {0};
    USHORT count = traced(frames);
    sink = count;
    REQUIRE(count >= 2);
    REQUIRE((ULONG_PTR)frames[0] > (ULONG_PTR)traced && (ULONG_PTR)frames[0] < (ULONG_PTR)traced + 200);
    REQUIRE((ULONG_PTR)frames[1] > (ULONG_PTR)back_trace && (ULONG_PTR)frames[1] < (ULONG_PTR)back_trace + 400);
    return 0;
}

TEST(capture_and_restore)
{
    CONTEXT context;
    volatile int pass = 0;
    RtlCaptureContext(&context);
    pass++;
    if (pass == 1)
        RtlRestoreContext(&context, NULL);
    REQUIRE(pass == 2);
    return 0;
}

TEST(irql_by_cr8)
{
    ULONGLONG old, level;
    __asm__ volatile("movq %%cr8, %0" : "=r"(old));
    REQUIRE(old == KeGetCurrentIrql());
    __asm__ volatile("movq %0, %%cr8" ::"r"((ULONGLONG)DISPATCH_LEVEL));
    __asm__ volatile("movq %%cr8, %0" : "=r"(level));
    int now = KeGetCurrentIrql();
    __asm__ volatile("movq %0, %%cr8" ::"r"(old));
    REQUIRE(level == DISPATCH_LEVEL && now == DISPATCH_LEVEL && KeGetCurrentIrql() == old);
    return 0;
}

static volatile LONG dpc_ran;
static VOID count_dpc(PKDPC dpc, PVOID context, PVOID a, PVOID b)
{
    dpc_ran++;
}

/* Lowering by CR8 delivers what became deliverable, as KeLowerIrql does. */
TEST(dpc_runs_when_cr8_is_lowered)
{
    static KDPC dpc;
    KeInitializeDpc(&dpc, count_dpc, NULL);
    dpc_ran = 0;
    __asm__ volatile("movq %0, %%cr8" ::"r"((ULONGLONG)DISPATCH_LEVEL));
    KeInsertQueueDpc(&dpc, NULL, NULL);
    LONG before = dpc_ran;
    __asm__ volatile("movq %0, %%cr8" ::"r"((ULONGLONG)PASSIVE_LEVEL));
    REQUIRE(before == 0 && dpc_ran == 1);
    return 0;
}

TEST(debug_print_service)
{
    static const char text[] = "printed by int 2dh\n";
    ULONGLONG status = 99;
    __asm__ volatile("int $0x2d\n int3" : "=a"(status) : "a"(1ULL), "c"(text), "d"(sizeof text - 1) : "r8", "r9", "memory");
    REQUIRE(status == 0);
    return 0;
}

TEST(float_exception)
{
    ULONG saved, unmasked;
    double one = 1.0;
    volatile double nothing = 0.0;
    __asm__ volatile("stmxcsr %0" : "=m"(saved));
    unmasked = (saved & ~0x3FULL) & ~0x200u; /* no flags, divide by zero not masked */
    __try {
        __asm__ volatile("ldmxcsr %0" ::"m"(unmasked));
        __asm__ volatile("divsd %1, %0" : "+x"(one) : "m"(nothing));
        __asm__ volatile("ldmxcsr %0" ::"m"(saved));
        return __LINE__;
    } __except (remember(GetExceptionInformation(), 1)) {
        __asm__ volatile("ldmxcsr %0" ::"m"(saved));
    }
    REQUIRE(seen.ExceptionCode == STATUS_FLOAT_DIVIDE_BY_ZERO);
    return 0;
}

TEST(exceptions_at_dispatch_level)
{
    KIRQL old;
    int caught = 0;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    __try {
        __asm__ volatile("int3");
    } __except (1) {
        caught = 1;
    }
    KeLowerIrql(old);
    REQUIRE(caught);
    return 0;
}

TEST(emulated_instructions)
{
    ULONG low, high;
    ULONGLONG value;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xC0000080));
    REQUIRE(low & 0x500); /* EFER: long mode */
    __asm__ volatile("movq %%cr0, %0" : "=r"(value));
    REQUIRE(value & 1);
    __asm__ volatile("movq %%cr3, %0" : "=r"(value));
    __asm__ volatile("cli\n sti\n wbinvd\n invlpg (%0)" ::"r"(&value));
    __asm__ volatile("inb $0x61, %%al" : "=a"(low));
    __asm__ volatile("outb %%al, $0x80" ::"a"(0));
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return 0;
}

TEST(shared_user_page)
{
    volatile UCHAR *page = (UCHAR *)0xFFFFF78000000000ULL;
    ULONG number = *(volatile ULONG *)(page + 0x26C); /* NtMajorVersion */
    REQUIRE(number == 10);
    REQUIRE(page[0x26C] == 10);
    REQUIRE((LONGLONG)*(volatile signed char *)(page + 0x26C) == 10);
    REQUIRE(*(volatile USHORT *)(page + 0x26C) == 10);
    ULONGLONG first = *(volatile ULONGLONG *)(page + 8);
    REQUIRE(*(volatile ULONGLONG *)(page + 8) >= first);
    ULONG flags_ok = 0;
    __asm__ volatile("cmpl $10, (%1)\n sete %b0" : "+q"(flags_ok) : "r"(page + 0x26C) : "cc");
    REQUIRE(flags_ok);
    ULONG sum = 5;
    __asm__ volatile("addl (%1), %0" : "+r"(sum) : "r"(page + 0x26C) : "cc");
    REQUIRE(sum == 15);
    UCHAR copy[16];
    PUCHAR to = copy;
    PUCHAR from = (PUCHAR)page + 0x26C;
    SIZE_T count = sizeof copy;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count)::"memory");
    REQUIRE(copy[0] == 10 && copy[1] == 0 && count == 0 && to == copy + 16);
    ULONGLONG vector;
    __asm__ volatile("movdqu (%1), %%xmm0\n movq %%xmm0, %0" : "=r"(vector) : "r"(page + 0x26C) : "xmm0");
    REQUIRE((ULONG)vector == 10);
    return 0;
}

/* ---------------------------------------------------------------- interrupts */

int _fltused; /* the linker asks for it where floating point is used */

/*
 * Driver code that calls nothing: only an interrupt lets anything else happen on its processor. Returns how often it went
 * round; ~0 if its registers did not survive.
 */
__declspec(dllexport) ULONGLONG spin_until(volatile LONG *flag)
{
    ULONGLONG turns = 0;
    double sum = 0.5;
    while (!*flag) {
        turns++;
        sum += 1.0; /* vector registers are live across the interrupt */
    }
    return sum == (double)turns + 0.5 ? turns : ~0ULL;
}
