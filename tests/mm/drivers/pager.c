/* SPDX-License-Identifier: MIT */
/*
 * A driver that touches memory it is given, for the tests of page faults. The functions return what they found.
 */
#include <ntddk.h>

int _fltused; /* the compiler asks for it where floating point is used */

DRIVER_INITIALIZE DriverEntry;
NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return STATUS_SUCCESS;
}

#define EXPORT __declspec(dllexport)

/* Sums in integer, floating and vector registers live across each access: 2 * bytes + 3 if every one survives. */
EXPORT ULONG sum_pages(volatile UCHAR *memory, ULONG pages)
{
    ULONG integers = 0;
    double halves = 0.0, steps = 1.5;
    for (ULONG i = 0; i < pages; i++) {
        integers += memory[i * PAGE_SIZE];
        halves += memory[i * PAGE_SIZE] / 2.0;
    }
    return integers + (ULONG)(halves * 2.0) + (ULONG)(steps * 2.0);
}

/* Copy with one string instruction that faults in its middle, more than once. */
EXPORT ULONG copy_string(UCHAR *to, const UCHAR *from, SIZE_T bytes)
{
    UCHAR *end = to + bytes;
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes)::"memory");
    return to == end && bytes == 0;
}

typedef ULONG CODE(void);
EXPORT ULONG call(CODE *code)
{
    return code() + 1;
}

/* The exception that reading raises; 0: none. */
EXPORT ULONG try_read(volatile UCHAR *memory, ULONG_PTR *information)
{
    ULONG code = 0;
    PEXCEPTION_POINTERS pointers;
    __try {
        *memory;
    } __except (pointers = GetExceptionInformation(),
                information[0] = pointers->ExceptionRecord->ExceptionInformation[0],
                information[1] = pointers->ExceptionRecord->ExceptionInformation[1],
                information[2] = pointers->ExceptionRecord->ExceptionInformation[2],
                information[3] = pointers->ExceptionRecord->NumberParameters, EXCEPTION_EXECUTE_HANDLER) {
        code = GetExceptionCode();
    }
    return code;
}

EXPORT ULONG read_at_dispatch(volatile UCHAR *memory)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ULONG value = *memory;
    KeLowerIrql(irql);
    return value;
}

/* ---------------------------------------------------------------- pageable sections */

EXPORT __declspec(noinline) ULONG paged_code(ULONG x);
EXPORT ULONG other_paged_code(ULONG x);
EXPORT NTSTATUS catches_in_paged_code(volatile ULONG *memory);
#pragma alloc_text(PAGE, paged_code)
#pragma alloc_text(PAGEMORE, other_paged_code)
#pragma alloc_text(PAGE, catches_in_paged_code)

#pragma data_seg("PAGEDATA")
EXPORT ULONG paged_data[2048] = {5, 6, 7};
#pragma data_seg()
EXPORT ULONG plain_data[2048] = {8};

ULONG paged_code(ULONG x)
{
    return x * 3 + 1;
}

ULONG other_paged_code(ULONG x)
{
    return x * 5 + 2;
}

/* An exception is dispatched through this function's frame: its unwind information and its code are read. */
NTSTATUS catches_in_paged_code(volatile ULONG *memory)
{
    __try {
        return (NTSTATUS)*memory;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return GetExceptionCode();
    }
}

EXPORT ULONG unpaged_code(ULONG x)
{
    return x * 7 + 3;
}

EXPORT ULONG call_paged_at_dispatch(ULONG x)
{
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ULONG value = paged_code(x);
    KeLowerIrql(irql);
    return value;
}

/* Touch memory under a spin lock, again and again, but always after it was touched below. */
EXPORT ULONG touch_under_lock(volatile UCHAR *memory, ULONG rounds)
{
    static KSPIN_LOCK lock;
    KIRQL irql;
    ULONG sum = 0;
    for (ULONG i = 0; i < rounds; i++) {
        sum += *memory;
        KeAcquireSpinLock(&lock, &irql);
        sum += *memory;
        KeReleaseSpinLock(&lock, irql);
    }
    return sum;
}
