/* SPDX-License-Identifier: MIT */
/*
 * What the chapters on memory, 64-bit drivers, safe mode and extended processor features promise a driver, as a driver
 * that is compiled with Microsoft's extensions sees it. Functions return 0, or the line that failed.
 */
#include <initguid.h>
#include <ntddk.h>
#include <poclass.h>

#define EXPORT __declspec(dllexport)
#define EXPECT(expression)                                                                                             \
    if (!(expression))                                                                                                 \
    return __LINE__

extern PULONG InitSafeBootMode;
DRIVER_INITIALIZE DriverEntry;

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    return STATUS_SUCCESS;
}

/* ---- addresses ---- */

static int touch(volatile UCHAR *address)
{
    __try {
        return *address;
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        return -1;
    }
}

EXPORT int bad_pointer(void) { return touch((PUCHAR)MM_BAD_POINTER); }
EXPORT int bad_pointer_last_byte(void) { return touch((PUCHAR)MM_BAD_POINTER + PAGE_SIZE - 1); }
EXPORT int bad_pointer_variable(void) { return touch((PUCHAR)MmBadPointer); }

EXPORT int globals(void)
{
    int local;
    EXPECT(*Mm64BitPhysicalAddress);
    EXPECT(!NLS_MB_CODE_PAGE_TAG && !NLS_MB_OEM_CODE_PAGE_TAG);
    EXPECT((PVOID)&local >= MM_LOWEST_SYSTEM_ADDRESS && MM_HIGHEST_USER_ADDRESS < MM_LOWEST_SYSTEM_ADDRESS);
    EXPECT((PVOID)globals >= MM_LOWEST_SYSTEM_ADDRESS);
    EXPECT(PsInitialSystemProcess && PsGetProcessId(PsInitialSystemProcess) == (HANDLE)4);
    EXPECT(!IsEqualGUID(&GUID_DEVICE_PROCESSOR, &GUID_DEVICE_MEMORY));
    return 0;
}

EXPORT int safe_mode(void) { return (int)*InitSafeBootMode; }

/* ---- 64 bits ---- */

typedef struct { HANDLE Event; UNICODE_STRING ObjectName; } DRIVER_DATA;
typedef struct { VOID *POINTER_32 Event; UNICODE_STRING32 ObjectName; } DRIVER_DATA32;

EXPORT int thunks(void)
{
    ULONG_PTR value = 0x1234567890abcdef;
    DRIVER_DATA32 data;
    EXPECT(sizeof(DRIVER_DATA) == 24 && sizeof(DRIVER_DATA32) == 12);
    *(ULONG *)&data.Event = 0x90abcdef;
    EXPECT(Ptr32ToPtr(data.Event) == (PVOID)0x90abcdef);
    EXPECT(Handle32ToHandle(data.Event) == (HANDLE)0xffffffff90abcdef);
    data.Event = HandleToHandle32((HANDLE)value);
    EXPECT(*(ULONG *)&data.Event == 0x90abcdef);
    data.Event = PtrToPtr32((PVOID)0x11112222);
    EXPECT(*(ULONG *)&data.Event == 0x11112222);
    EXPECT(IntToPtr(-2) == (PVOID)-2 && UIntToPtr(0x80000000) == (PVOID)0x80000000);
    EXPECT(LongToPtr(-2) == (PVOID)-2 && ULongToPtr(0x80000000) == (PVOID)0x80000000);
    EXPECT(PtrToUlong((PVOID)value) == 0x90abcdef && PtrToLong((PVOID)value) == (LONG)0x90abcdef);
    EXPECT(PtrToUint((PVOID)value) == 0x90abcdef && PtrToInt((PVOID)value) == (INT)0x90abcdef);
    EXPECT(PtrToUshort((PVOID)value) == 0xcdef && PtrToShort((PVOID)value) == (SHORT)0xcdef);
    EXPECT(HandleToUlong((HANDLE)value) == 0x90abcdef && HandleToLong((HANDLE)value) == (LONG)0x90abcdef);
    EXPECT(LongToHandle(-3) == (HANDLE)-3);
    EXPECT(sizeof(HALF_PTR) == 4 && sizeof(UHALF_PTR) == 4 && sizeof(SSIZE_T) == 8 && (SSIZE_T)-1 < 0);
    EXPECT(TYPE_ALIGNMENT(UCHAR) == 1 && TYPE_ALIGNMENT(LARGE_INTEGER) == 8);
    return 0;
}

EXPORT int obsolete_integers(void)
{
    LARGE_INTEGER minus = RtlConvertLongToLargeInteger(-5), zero = RtlConvertLongToLargeInteger(0), seven = {.QuadPart = 7}, r;
    ULONG remainder;
    EXPECT(RtlEnlargedIntegerMultiply(-3, 0x7fffffff).QuadPart == -3LL * 0x7fffffff);
    EXPECT(RtlEnlargedUnsignedMultiply(0xffffffff, 0xffffffff).QuadPart == (LONGLONG)0xfffffffe00000001);
    EXPECT(RtlEnlargedUnsignedDivide((ULARGE_INTEGER){.QuadPart = 100}, 7, &remainder) == 14 && remainder == 2);
    EXPECT(RtlExtendedIntegerMultiply(minus, 4).QuadPart == -20);
    EXPECT(RtlExtendedLargeIntegerDivide(seven, 2, &remainder).QuadPart == 3 && remainder == 1);
    EXPECT(RtlLargeIntegerDivide(seven, (LARGE_INTEGER){.QuadPart = 4}, &r).QuadPart == 1 && r.QuadPart == 3);
    EXPECT(RtlLargeIntegerAdd(minus, seven).QuadPart == 2 && RtlLargeIntegerSubtract(minus, seven).QuadPart == -12);
    EXPECT(RtlLargeIntegerNegate(minus).QuadPart == 5);
    EXPECT(RtlLargeIntegerShiftLeft(seven, 2).QuadPart == 28 && RtlLargeIntegerShiftRight(minus, 60).QuadPart == 15);
    EXPECT(RtlLargeIntegerArithmeticShift(minus, 1).QuadPart == -3);
    EXPECT(RtlLargeIntegerAnd(r, seven, (LARGE_INTEGER){.QuadPart = 3}) == 3);
    EXPECT(RtlLargeIntegerGreaterThan(seven, minus) && !RtlLargeIntegerLessThan(seven, minus));
    EXPECT(RtlLargeIntegerGreaterThanOrEqualTo(seven, seven) && RtlLargeIntegerLessThanOrEqualTo(seven, seven));
    EXPECT(RtlLargeIntegerEqualTo(seven, seven) && RtlLargeIntegerNotEqualTo(seven, minus));
    EXPECT(RtlLargeIntegerEqualToZero(zero) && RtlLargeIntegerNotEqualToZero(minus));
    EXPECT(RtlLargeIntegerGreaterThanZero(seven) && !RtlLargeIntegerGreaterThanZero(zero));
    EXPECT(RtlLargeIntegerGreaterOrEqualToZero(zero) && !RtlLargeIntegerGreaterOrEqualToZero(minus));
    EXPECT(RtlLargeIntegerLessThanZero(minus) && !RtlLargeIntegerLessThanZero(zero));
    EXPECT(RtlLargeIntegerLessOrEqualToZero(zero) && !RtlLargeIntegerLessOrEqualToZero(seven));
    return 0;
}

/* ---- extended processor features ---- */

EXPORT int has_avx(void) { return (RtlGetEnabledExtendedFeatures((ULONG64)-1) & XSTATE_MASK_GSSE) != 0; }

static void load_ymm(UCHAR value)
{
    UCHAR bytes[32];
    for (int i = 0; i < 32; i++)
        bytes[i] = (UCHAR)(value + i);
    __asm__ volatile("vmovdqu (%0), %%ymm6\n vmovdqu (%0), %%ymm7" ::"r"(bytes) : "memory");
}

static int ymm_is(UCHAR value)
{
    UCHAR bytes[64];
    __asm__ volatile("vmovdqu %%ymm6, (%0)\n vmovdqu %%ymm7, 32(%0)" ::"r"(bytes) : "memory");
    for (int i = 0; i < 64; i++)
        if (bytes[i] != (UCHAR)(value + i % 32))
            return 0;
    return 1;
}

/* Nested pairs of save and restore, each with registers of its own. */
EXPORT int avx_nests(void)
{
    XSTATE_SAVE outer, inner;
    load_ymm(1);
    EXPECT(KeSaveExtendedProcessorState(XSTATE_MASK_GSSE, &outer) == STATUS_SUCCESS);
    load_ymm(2);
    EXPECT(KeSaveExtendedProcessorState(XSTATE_MASK_GSSE | XSTATE_MASK_LEGACY, &inner) == STATUS_SUCCESS);
    load_ymm(3);
    KeRestoreExtendedProcessorState(&inner);
    EXPECT(ymm_is(2));
    KeRestoreExtendedProcessorState(&outer);
    UCHAR upper[32], i;
    __asm__ volatile("vmovdqu %%ymm6, (%0)" ::"r"(upper) : "memory");
    for (i = 16; i < 32; i++)
        EXPECT(upper[i] == (UCHAR)(1 + i));
    /* Nothing was asked for, so nothing comes back. */
    EXPECT(KeSaveExtendedProcessorState(0, &outer) == STATUS_SUCCESS);
    load_ymm(4);
    KeRestoreExtendedProcessorState(&outer);
    EXPECT(ymm_is(4));
    return 0;
}

/* Holds a pattern in the registers until *stop; whoever runs on this processor meanwhile must not change it. */
EXPORT int avx_hold(LONG value, volatile LONG *stop, volatile LONG64 *turns)
{
    load_ymm((UCHAR)value);
    while (!*stop) {
        if (!ymm_is((UCHAR)value))
            return __LINE__;
        ++*turns;
    }
    return 0;
}

/* A DPC that uses the registers, and gives them back to whom it interrupted. */
EXPORT VOID avx_dpc(PKDPC Dpc, PVOID Context, PVOID A, PVOID B)
{
    XSTATE_SAVE save;
    if (!NT_SUCCESS(KeSaveExtendedProcessorState(XSTATE_MASK_GSSE | XSTATE_MASK_LEGACY, &save)))
        return;
    load_ymm(0xf0);
    KeRestoreExtendedProcessorState(&save);
    InterlockedIncrement((volatile LONG *)Context);
}
