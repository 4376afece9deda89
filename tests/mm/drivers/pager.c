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
