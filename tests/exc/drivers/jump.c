/* SPDX-License-Identifier: MIT */
/* A driver whose exported functions each try one thing about longjmp. They return 0, or the line that went wrong. */
#include <ntddk.h>
#include <setjmp.h>
#include <stdlib.h>

#define TEST(name) __declspec(dllexport) int name(void)
#define NOINLINE   __attribute__((noinline))
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

static jmp_buf buffer;
static volatile int order[16], order_count;
static volatile int zero;

static NOINLINE void note(int what)
{
    if (order_count < 16)
        order[order_count++] = what;
}

static NOINLINE void jump(int value)
{
    longjmp(buffer, value);
}

static NOINLINE void jump_in_try(int value, int noted)
{
    __try {
        jump(value);
    } __finally {
        note(AbnormalTermination() ? noted : -1);
    }
}

static NOINLINE void two_deep(int value)
{
    __try {
        jump_in_try(value, 1);
    } __finally {
        note(AbnormalTermination() ? 2 : -2);
    }
}

TEST(value_is_returned)
{
    volatile int round = 0;
    int value = setjmp(buffer);
    switch (round++) {
    case 0:
        REQUIRE(value == 0);
        jump(-5);
    case 1:
        REQUIRE(value == -5);
        jump(0);
    default:
        REQUIRE(round == 3 && value == 1);
    }
    return 0;
}

TEST(termination_handlers_on_the_way_run)
{
    order_count = 0;
    if (setjmp(buffer) == 0) {
        two_deep(3);
        return __LINE__;
    }
    REQUIRE(order_count == 2 && order[0] == 1 && order[1] == 2);
    return 0;
}

TEST(try_of_the_target_is_left)
{
    order_count = 0;
    if (setjmp(buffer) == 0) {
        __try {
            jump(1);
        } __finally {
            note(AbnormalTermination() ? 7 : -7);
        }
        return __LINE__;
    }
    REQUIRE(order_count == 1 && order[0] == 7);
    return 0;
}

TEST(try_around_the_target_is_not_left)
{
    order_count = 0;
    __try {
        if (setjmp(buffer) == 0)
            two_deep(1);
        note(3);
    } __finally {
        note(AbnormalTermination() ? -4 : 4);
    }
    REQUIRE(order_count == 4 && order[0] == 1 && order[1] == 2 && order[2] == 3 && order[3] == 4);
    return 0;
}

TEST(out_of_a_handler)
{
    order_count = 0;
    if (setjmp(buffer) == 0) {
        __try {
            *(volatile int *)(ULONG_PTR)zero = 1;
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            jump_in_try(1, 5);
        }
        return __LINE__;
    }
    REQUIRE(order_count == 1 && order[0] == 5);
    return 0;
}

static NOINLINE void jump_in_finally(void)
{
    __try {
        ExRaiseStatus(STATUS_CANCELLED);
    } __finally {
        note(1);
        jump(9);
    }
}

static NOINLINE void caller_of_finally(void)
{
    __try {
        jump_in_finally();
    } __finally {
        note(2);
    }
}

/* The exception was on its way to the outer handler; the jump replaces that unwind, and each handler runs once. */
TEST(out_of_a_termination_handler)
{
    order_count = 0;
    __try {
        int value = setjmp(buffer);
        if (value == 0) {
            caller_of_finally();
            return __LINE__;
        }
        note(value);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return __LINE__;
    }
    REQUIRE(order_count == 3 && order[0] == 1 && order[1] == 2 && order[2] == 9);
    return 0;
}

static int __cdecl compare(const void *a, const void *b)
{
    jump_in_try(6, 1);
    return 0;
}

TEST(through_kernel_frames)
{
    int numbers[4] = {3, 2, 1, 0};
    order_count = 0;
    int value = setjmp(buffer);
    if (value == 0) {
        qsort(numbers, 4, sizeof numbers[0], compare);
        return __LINE__;
    }
    REQUIRE(value == 6 && order_count == 1 && order[0] == 1);
    return 0;
}

static NOINLINE void spoil_and_jump(void)
{
    ULONG mxcsr = 0x7F80;
    USHORT control = 0x0F7F;
    __asm__ volatile("ldmxcsr %0\n fldcw %1" ::"m"(mxcsr), "m"(control));
    __asm__ volatile("xorl %%ebx, %%ebx\n xorl %%r12d, %%r12d\n xorl %%r13d, %%r13d\n xorl %%r14d, %%r14d\n"
                     "xorl %%r15d, %%r15d\n xorl %%esi, %%esi\n xorl %%edi, %%edi\n pxor %%xmm6, %%xmm6\n"
                     "pxor %%xmm15, %%xmm15" ::
                         : "rbx", "r12", "r13", "r14", "r15", "rsi", "rdi", "xmm6", "xmm15");
    jump(1);
}

TEST(registers_come_back)
{
    const _JUMP_BUFFER *stored = (const _JUMP_BUFFER *)buffer;
    ULONG before, after;
    USHORT control_before, control_after;
    __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(before), "=m"(control_before));
    if (setjmp(buffer) == 0)
        spoil_and_jump();
    register ULONGLONG rbx __asm__("rbx");
    register ULONGLONG r12 __asm__("r12");
    register ULONGLONG r15 __asm__("r15");
    __asm__ volatile("" : "=r"(rbx), "=r"(r12), "=r"(r15));
    __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(after), "=m"(control_after));
    REQUIRE(stored->Frame != 0 && stored->Rip != 0);
    REQUIRE(rbx == stored->Rbx && r12 == stored->R12 && r15 == stored->R15);
    REQUIRE((before & ~0x3Fu) == (after & ~0x3Fu) && control_before == control_after);
    return 0;
}

TEST(no_frame_no_unwinding)
{
    order_count = 0;
    if (setjmp(buffer) == 0) {
        ((_JUMP_BUFFER *)buffer)->Frame = 0;
        jump_in_try(1, 1);
    }
    REQUIRE(order_count == 0);
    return 0;
}

TEST(stays_at_dispatch_level)
{
    KIRQL old;
    if (setjmp(buffer) == 0) {
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        jump(1);
    }
    REQUIRE(KeGetCurrentIrql() == DISPATCH_LEVEL);
    return 0;
}
