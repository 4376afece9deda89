/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl.h - the run-time library: lists, memory, strings and tables (headers of their own), and here
 * bitmaps, time, versions, large integers, random numbers, one-time initialisation, exceptions and unwinding,
 * security descriptors.
 */
#ifndef KILN_NT_RTL_H
#define KILN_NT_RTL_H

#include <nt/status.h>
#include <nt/intrin.h>
#include <nt/dbg.h>
#include <nt/rtl_list.h>
#include <nt/rtl_memory.h>
#include <nt/rtl_string.h>
#include <nt/rtl_compress.h>
#include <nt/rtl_hash.h>
#include <nt/rtl_heap.h>
#include <nt/rtl_name.h>
#include <nt/rtl_system.h>
#include <nt/rtl_table.h>
#include <nt/context.h>
#include <nt/ex_types.h>

EXTERN_C_START

/* ---- bitmaps ---- */

typedef struct _RTL_BITMAP {
    ULONG SizeOfBitMap;
    PULONG Buffer;
} RTL_BITMAP, *PRTL_BITMAP;
typedef const RTL_BITMAP *PCRTL_BITMAP;
typedef struct _RTL_BITMAP_RUN {
    ULONG StartingIndex;
    ULONG NumberOfBits;
} RTL_BITMAP_RUN, *PRTL_BITMAP_RUN;

/* The caller serialises. An index of 0xFFFFFFFF means not found. Any IRQL if the map is resident. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlInitializeBitMap(_Out_ PRTL_BITMAP BitMapHeader, _In_opt_ PULONG BitMapBuffer,
                                        _In_opt_ ULONG SizeOfBitMap);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlClearBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlSetBit(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlTestBit(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG BitNumber);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlClearAllBits(_In_ PRTL_BITMAP BitMapHeader);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlSetAllBits(_In_ PRTL_BITMAP BitMapHeader);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindClearBits(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                      _In_ ULONG HintIndex);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindSetBits(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                    _In_ ULONG HintIndex);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindClearBitsAndSet(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                            _In_ ULONG HintIndex);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindSetBitsAndClear(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG NumberToFind,
                                            _In_ ULONG HintIndex);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlClearBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                                 _In_ ULONG NumberToClear);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlSetBits(_In_ PRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                               _In_ ULONG NumberToSet);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlAreBitsClear(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                                       _In_ ULONG Length);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlAreBitsSet(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                                     _In_ ULONG Length);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlNumberOfClearBits(_In_ PCRTL_BITMAP BitMapHeader);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlNumberOfSetBits(_In_ PCRTL_BITMAP BitMapHeader);
NTSYSAPI ULONG NTAPI RtlNumberOfSetBitsInRange(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                                               _In_ ULONG Length);
NTSYSAPI ULONG NTAPI RtlNumberOfClearBitsInRange(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG StartingIndex,
                                                 _In_ ULONG Length);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI ULONG NTAPI RtlNumberOfSetBitsUlongPtr(_In_ ULONG_PTR Target);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindClearRuns(_In_ PCRTL_BITMAP BitMapHeader, _Out_ PRTL_BITMAP_RUN RunArray,
                                      _In_ ULONG SizeOfRunArray, _In_ BOOLEAN LocateLongestRuns);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindLongestRunClear(_In_ PCRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindFirstRunClear(_In_ PCRTL_BITMAP BitMapHeader, _Out_ PULONG StartingIndex);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindNextForwardRunClear(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG FromIndex,
                                                _Out_ PULONG StartingRunIndex);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI ULONG NTAPI RtlFindLastBackwardRunClear(_In_ PCRTL_BITMAP BitMapHeader, _In_ ULONG FromIndex,
                                                 _Out_ PULONG StartingRunIndex);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI CCHAR NTAPI RtlFindLeastSignificantBit(_In_ ULONGLONG Set);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI CCHAR NTAPI RtlFindMostSignificantBit(_In_ ULONGLONG Set);
NTSYSAPI VOID NTAPI RtlCopyBitMap(_In_ PCRTL_BITMAP Source, _In_ PRTL_BITMAP Destination,
                                  _In_ ULONG TargetBit);
NTSYSAPI VOID NTAPI RtlExtractBitMap(_In_ PCRTL_BITMAP Source, _In_ PRTL_BITMAP Destination,
                                     _In_ ULONG TargetBit, _In_ ULONG NumberOfBits);
#define RtlCheckBit(BMH, BP) ((((PLONG)(BMH)->Buffer)[(BP) / 32] >> ((BP) % 32)) & 0x1)

/* ---- time ---- */

#include <nt/rtl_timezone.h> /* TIME_FIELDS, local time */

_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlTimeToTimeFields(_In_ PLARGE_INTEGER Time, _Out_ PTIME_FIELDS TimeFields);
/* FALSE when the fields are no date after 1600. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlTimeFieldsToTime(_In_ PTIME_FIELDS TimeFields, _Out_ PLARGE_INTEGER Time);
NTSYSAPI BOOLEAN NTAPI RtlTimeToSecondsSince1970(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds);
NTSYSAPI BOOLEAN NTAPI RtlTimeToSecondsSince1980(_In_ PLARGE_INTEGER Time, _Out_ PULONG ElapsedSeconds);
NTSYSAPI VOID NTAPI RtlSecondsSince1970ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);
NTSYSAPI VOID NTAPI RtlSecondsSince1980ToTime(_In_ ULONG ElapsedSeconds, _Out_ PLARGE_INTEGER Time);

/* ---- versions ---- */

typedef struct _OSVERSIONINFOA {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    CHAR szCSDVersion[128];
} OSVERSIONINFOA, *POSVERSIONINFOA, *LPOSVERSIONINFOA;
typedef struct _OSVERSIONINFOW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
} OSVERSIONINFOW, *POSVERSIONINFOW, *LPOSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;
typedef struct _OSVERSIONINFOEXA {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    CHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} OSVERSIONINFOEXA, *POSVERSIONINFOEXA, *LPOSVERSIONINFOEXA;
typedef struct _OSVERSIONINFOEXW {
    ULONG dwOSVersionInfoSize;
    ULONG dwMajorVersion;
    ULONG dwMinorVersion;
    ULONG dwBuildNumber;
    ULONG dwPlatformId;
    WCHAR szCSDVersion[128];
    USHORT wServicePackMajor;
    USHORT wServicePackMinor;
    USHORT wSuiteMask;
    UCHAR wProductType;
    UCHAR wReserved;
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, *LPOSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW, *PRTL_OSVERSIONINFOEXW;

#define VER_EQUAL                       1
#define VER_GREATER                     2
#define VER_GREATER_EQUAL               3
#define VER_LESS                        4
#define VER_LESS_EQUAL                  5
#define VER_AND                         6
#define VER_OR                          7
#define VER_CONDITION_MASK              7
#define VER_NUM_BITS_PER_CONDITION_MASK 3
#define VER_MINORVERSION                0x00000001
#define VER_MAJORVERSION                0x00000002
#define VER_BUILDNUMBER                 0x00000004
#define VER_PLATFORMID                  0x00000008
#define VER_SERVICEPACKMINOR            0x00000010
#define VER_SERVICEPACKMAJOR            0x00000020
#define VER_SUITENAME                   0x00000040
#define VER_PRODUCT_TYPE                0x00000080
#define VER_NT_WORKSTATION              0x00000001
#define VER_NT_DOMAIN_CONTROLLER        0x00000002
#define VER_NT_SERVER                   0x00000003
#define VER_SUITE_SINGLEUSERTS          0x00000100
#define VER_SUITE_TERMINAL              0x00000010
#define VER_PLATFORM_WIN32s             0
#define VER_PLATFORM_WIN32_WINDOWS      1
#define VER_PLATFORM_WIN32_NT           2

_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlGetVersion(_Out_ PRTL_OSVERSIONINFOW VersionInformation);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlVerifyVersionInfo(_In_ PRTL_OSVERSIONINFOEXW VersionInfo, _In_ ULONG TypeMask,
                                             _In_ ULONGLONG ConditionMask);
NTSYSAPI ULONGLONG NTAPI VerSetConditionMask(_In_ ULONGLONG ConditionMask, _In_ ULONG TypeMask,
                                             _In_ UCHAR Condition);
#define VER_SET_CONDITION(ConditionMask, TypeBitMask, ComparisonType)                                        \
    ((ConditionMask) = VerSetConditionMask((ConditionMask), (TypeBitMask), (ComparisonType)))
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(_In_ ULONG Version);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlIsServicePackVersionInstalled(_In_ ULONG Version);
NTSYSAPI BOOLEAN NTAPI RtlGetNtProductType(_Out_ PNT_PRODUCT_TYPE NtProductType);
NTSYSAPI BOOLEAN NTAPI RtlIsMultiSessionSku(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG64 NTAPI RtlGetEnabledExtendedFeatures(_In_ ULONG64 FeatureMask);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI BOOLEAN NTAPI RtlIsStateSeparationEnabled(VOID);
typedef enum _STATE_LOCATION_TYPE {
    LocationTypeRegistry = 0,
    LocationTypeFileSystem = 1,
    LocationTypeMaximum = 2
} STATE_LOCATION_TYPE;
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlGetPersistedStateLocation(_In_ PCWSTR SourceID, _In_opt_ PCWSTR CustomValue,
                                                     _In_opt_ PCWSTR DefaultPath,
                                                     _In_ STATE_LOCATION_TYPE StateLocationType,
                                                     _Out_opt_ PWCHAR TargetPath, _In_ ULONG BufferLengthIn,
                                                     _Out_opt_ PULONG BufferLengthOut);

/* ---- large integers, LUIDs ---- */

FORCEINLINE LARGE_INTEGER RtlConvertLongToLargeInteger(_In_ LONG SignedInteger)
{
    LARGE_INTEGER large;
    large.QuadPart = SignedInteger;
    return large;
}
FORCEINLINE LARGE_INTEGER RtlConvertUlongToLargeInteger(_In_ ULONG UnsignedInteger)
{
    LARGE_INTEGER large;
    large.QuadPart = UnsignedInteger;
    return large;
}
FORCEINLINE LUID RtlConvertLongToLuid(_In_ LONG Val)
{
    LUID luid;
    luid.LowPart = (ULONG)Val;
    luid.HighPart = Val < 0 ? -1 : 0;
    return luid;
}
FORCEINLINE LUID RtlConvertUlongToLuid(_In_ ULONG Val)
{
    LUID luid;
    luid.LowPart = Val;
    luid.HighPart = 0;
    return luid;
}
#define RtlEqualLuid(L1, L2) (((L1)->LowPart == (L2)->LowPart) && ((L1)->HighPart == (L2)->HighPart))
#define RtlIsZeroLuid(L1)    ((BOOLEAN)(((L1)->LowPart | (ULONG)(L1)->HighPart) == 0))
FORCEINLINE VOID RtlCopyLuid(_Out_ PLUID DestinationLuid, _In_ PLUID SourceLuid)
{
    *DestinationLuid = *SourceLuid;
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerAdd(_In_ LARGE_INTEGER a, _In_ LARGE_INTEGER b)
{
    a.QuadPart += b.QuadPart;
    return a;
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerSubtract(_In_ LARGE_INTEGER a, _In_ LARGE_INTEGER b)
{
    a.QuadPart -= b.QuadPart;
    return a;
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerNegate(_In_ LARGE_INTEGER a)
{
    a.QuadPart = -a.QuadPart;
    return a;
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerShiftLeft(_In_ LARGE_INTEGER a, _In_ CCHAR ShiftCount)
{
    a.QuadPart = (LONGLONG)((ULONGLONG)a.QuadPart << ShiftCount);
    return a;
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerShiftRight(_In_ LARGE_INTEGER a, _In_ CCHAR ShiftCount)
{
    a.QuadPart = (LONGLONG)((ULONGLONG)a.QuadPart >> ShiftCount);
    return a;
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerArithmeticShift(_In_ LARGE_INTEGER a, _In_ CCHAR ShiftCount)
{
    a.QuadPart >>= ShiftCount;
    return a;
}
FORCEINLINE LARGE_INTEGER RtlExtendedIntegerMultiply(_In_ LARGE_INTEGER a, _In_ LONG b)
{
    a.QuadPart *= b;
    return a;
}
FORCEINLINE LARGE_INTEGER RtlEnlargedIntegerMultiply(_In_ LONG a, _In_ LONG b)
{
    LARGE_INTEGER product;
    product.QuadPart = (LONGLONG)a * b;
    return product;
}
FORCEINLINE LARGE_INTEGER RtlEnlargedUnsignedMultiply(_In_ ULONG a, _In_ ULONG b)
{
    LARGE_INTEGER product;
    product.QuadPart = (LONGLONG)((ULONGLONG)a * b);
    return product;
}
FORCEINLINE ULONG RtlEnlargedUnsignedDivide(_In_ ULARGE_INTEGER Dividend, _In_ ULONG Divisor,
                                            _Out_opt_ PULONG Remainder)
{
    if (Remainder != NULL) {
        *Remainder = (ULONG)(Dividend.QuadPart % Divisor);
    }
    return (ULONG)(Dividend.QuadPart / Divisor);
}
FORCEINLINE LARGE_INTEGER RtlLargeIntegerDivide(_In_ LARGE_INTEGER Dividend, _In_ LARGE_INTEGER Divisor,
                                                _Out_opt_ PLARGE_INTEGER Remainder)
{
    LARGE_INTEGER quotient;
    if (Remainder != NULL) {
        Remainder->QuadPart = Dividend.QuadPart % Divisor.QuadPart;
    }
    quotient.QuadPart = Dividend.QuadPart / Divisor.QuadPart;
    return quotient;
}
FORCEINLINE LARGE_INTEGER RtlExtendedLargeIntegerDivide(_In_ LARGE_INTEGER Dividend, _In_ ULONG Divisor,
                                                        _Out_opt_ PULONG Remainder)
{
    LARGE_INTEGER quotient;
    if (Remainder != NULL) {
        *Remainder = (ULONG)((ULONGLONG)Dividend.QuadPart % Divisor);
    }
    quotient.QuadPart = (LONGLONG)((ULONGLONG)Dividend.QuadPart / Divisor);
    return quotient;
}
/* High 64 bits of a product, shifted: division by multiplication with a magic number. */
FORCEINLINE LARGE_INTEGER RtlExtendedMagicDivide(_In_ LARGE_INTEGER Dividend, _In_ LARGE_INTEGER MagicDivisor,
                                                 _In_ CCHAR ShiftCount)
{
    LARGE_INTEGER quotient;
    ULONG64 magnitude = Dividend.QuadPart < 0 ? 0 - (ULONG64)Dividend.QuadPart : (ULONG64)Dividend.QuadPart;
    ULONG64 high = UnsignedMultiplyHigh(magnitude, (ULONG64)MagicDivisor.QuadPart) >> ShiftCount;
    quotient.QuadPart = Dividend.QuadPart < 0 ? -(LONG64)high : (LONG64)high;
    return quotient;
}
#define RtlLargeIntegerAnd(Result, Source, Mask)  ((Result).QuadPart = (Source).QuadPart & (Mask).QuadPart)
#define RtlLargeIntegerGreaterThan(X, Y)          ((X).QuadPart > (Y).QuadPart)
#define RtlLargeIntegerGreaterThanOrEqualTo(X, Y) ((X).QuadPart >= (Y).QuadPart)
#define RtlLargeIntegerEqualTo(X, Y)              ((X).QuadPart == (Y).QuadPart)
#define RtlLargeIntegerNotEqualTo(X, Y)           ((X).QuadPart != (Y).QuadPart)
#define RtlLargeIntegerLessThan(X, Y)             ((X).QuadPart < (Y).QuadPart)
#define RtlLargeIntegerLessThanOrEqualTo(X, Y)    ((X).QuadPart <= (Y).QuadPart)
#define RtlLargeIntegerEqualToZero(X)             ((X).QuadPart == 0)
#define RtlLargeIntegerNotEqualToZero(X)          ((X).QuadPart != 0)
#define RtlLargeIntegerGreaterThanZero(X)         ((X).QuadPart > 0)
#define RtlLargeIntegerGreaterOrEqualToZero(X)    ((X).QuadPart >= 0)
#define RtlLargeIntegerLessThanZero(X)            ((X).QuadPart < 0)
#define RtlLargeIntegerLessOrEqualToZero(X)       ((X).QuadPart <= 0)

/* ---- numbers ---- */

NTSYSAPI ULONG NTAPI RtlRandom(_Inout_ PULONG Seed);
NTSYSAPI ULONG NTAPI RtlRandomEx(_Inout_ PULONG Seed);
NTSYSAPI ULONG NTAPI RtlUniform(_Inout_ PULONG Seed);
NTSYSAPI ULONG NTAPI RtlComputeCrc32(_In_ ULONG PartialCrc, _In_ PVOID Buffer, _In_ ULONG Length);
NTSYSAPI ULONG32 NTAPI RtlCrc32(_In_ const void *Buffer, _In_ size_t Size, _In_ ULONG InitialCrc);
NTSYSAPI ULONGLONG NTAPI RtlCrc64(_In_ const void *Buffer, _In_ size_t Size, _In_ ULONGLONG InitialCrc);

/* ---- one-time initialisation ---- */

#define RTL_RUN_ONCE_INIT                                                                                    \
    {                                                                                                        \
        0                                                                                                    \
    }
#define RTL_RUN_ONCE_CHECK_ONLY        0x00000001UL
#define RTL_RUN_ONCE_ASYNC             0x00000002UL
#define RTL_RUN_ONCE_INIT_FAILED       0x00000004UL
#define RTL_RUN_ONCE_CTX_RESERVED_BITS 2
typedef ULONG NTAPI RTL_RUN_ONCE_INIT_FN(_Inout_ PRTL_RUN_ONCE RunOnce, _Inout_opt_ PVOID Parameter,
                                         _Inout_ PVOID *Context);
typedef RTL_RUN_ONCE_INIT_FN *PRTL_RUN_ONCE_INIT_FN;
/* IRQL <= APC_LEVEL. */
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI VOID NTAPI RtlRunOnceInitialize(_Out_ PRTL_RUN_ONCE RunOnce);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlRunOnceExecuteOnce(_Inout_ PRTL_RUN_ONCE RunOnce,
                                              _In_ PRTL_RUN_ONCE_INIT_FN InitFn, _Inout_opt_ PVOID Parameter,
                                              _Outptr_opt_ PVOID *Context);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlRunOnceBeginInitialize(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags,
                                                  _Outptr_opt_ PVOID *Context);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlRunOnceComplete(_Inout_ PRTL_RUN_ONCE RunOnce, _In_ ULONG Flags,
                                           _In_opt_ PVOID Context);

/* ---- exceptions and stacks: what <nt/context.h> does not have ---- */

NTSYSAPI DECLSPEC_NORETURN VOID NTAPI RtlRaiseStatus(_In_ NTSTATUS Status);
NTSYSAPI PVOID NTAPI RtlPcToFileHeader(_In_ PVOID PcValue, _Out_ PVOID *BaseOfImage);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI VOID NTAPI RtlGetCallersAddress(_Out_ PVOID *CallersAddress, _Out_ PVOID *CallersCaller);
#define RTL_WALK_USER_MODE_STACK 0x00000001
#define RTL_WALK_VALID_FLAGS     (RTL_WALK_USER_MODE_STACK)

/* ---- correlation vectors ---- */

#define RTL_CORRELATION_VECTOR_VERSION_1        1
#define RTL_CORRELATION_VECTOR_VERSION_2        2
#define RTL_CORRELATION_VECTOR_VERSION_CURRENT  RTL_CORRELATION_VECTOR_VERSION_2
#define RTL_CORRELATION_VECTOR_STRING_LENGTH    129
#define RTL_CORRELATION_VECTOR_V1_PREFIX_LENGTH 16
#define RTL_CORRELATION_VECTOR_V1_LENGTH        64
#define RTL_CORRELATION_VECTOR_V2_PREFIX_LENGTH 22
#define RTL_CORRELATION_VECTOR_V2_LENGTH        128
typedef struct CORRELATION_VECTOR {
    CHAR Version;
    CHAR Vector[RTL_CORRELATION_VECTOR_STRING_LENGTH];
} CORRELATION_VECTOR, *PCORRELATION_VECTOR;
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG NTAPI RtlInitializeCorrelationVector(_Inout_ PCORRELATION_VECTOR CorrelationVector,
                                                    _In_ int Version, _In_ const GUID *Guid);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG NTAPI RtlIncrementCorrelationVector(_Inout_ PCORRELATION_VECTOR CorrelationVector);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG NTAPI RtlExtendCorrelationVector(_Inout_ PCORRELATION_VECTOR CorrelationVector);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI ULONG NTAPI RtlValidateCorrelationVector(_In_ PCORRELATION_VECTOR Vector);

/* ---- resources ---- */

struct _IO_RESOURCE_DESCRIPTOR;
struct _CM_PARTIAL_RESOURCE_DESCRIPTOR;
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlIoEncodeMemIoResource(_In_ struct _IO_RESOURCE_DESCRIPTOR *Descriptor,
                                                 _In_ UCHAR Type, _In_ ULONGLONG Length,
                                                 _In_ ULONGLONG Alignment, _In_ ULONGLONG MinimumAddress,
                                                 _In_ ULONGLONG MaximumAddress);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI ULONGLONG NTAPI RtlIoDecodeMemIoResource(_In_ struct _IO_RESOURCE_DESCRIPTOR *Descriptor,
                                                  _Out_opt_ PULONGLONG Alignment,
                                                  _Out_opt_ PULONGLONG MinimumAddress,
                                                  _Out_opt_ PULONGLONG MaximumAddress);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlCmEncodeMemIoResource(_In_ struct _CM_PARTIAL_RESOURCE_DESCRIPTOR *Descriptor,
                                                 _In_ UCHAR Type, _In_ ULONGLONG Length,
                                                 _In_ ULONGLONG Start);
_IRQL_requires_max_(HIGH_LEVEL)
NTSYSAPI ULONGLONG NTAPI RtlCmDecodeMemIoResource(_In_ struct _CM_PARTIAL_RESOURCE_DESCRIPTOR *Descriptor,
                                                  _Out_opt_ PULONGLONG Start);
NTSYSAPI NTSTATUS NTAPI RtlFindClosestEncodableLength(_In_ ULONGLONG SourceLength,
                                                      _Out_ PULONGLONG TargetLength);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlVolumeDeviceToDosName(_In_ PVOID VolumeDeviceObject,
                                                 _Out_ PUNICODE_STRING DosName);
typedef struct _CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG {
    ULONG Size;
    PCWSTR TriggerId; /* a GUID as text, in braces */
} CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG, *PCUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG;
FORCEINLINE VOID CUSTOM_SYSTEM_EVENT_TRIGGER_INIT(_Out_ PCUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG Config,
                                                  _In_ PCWSTR TriggerId)
{
    Config->Size = (ULONG)sizeof(*Config);
    Config->TriggerId = TriggerId;
}
/* STATUS_INSTANCE_NOT_AVAILABLE when nobody subscribed to the trigger: here nobody can. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSYSAPI NTSTATUS NTAPI
RtlRaiseCustomSystemEventTrigger(_In_ struct _CUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG *TriggerConfig);

EXTERN_C_END


NT_ASSERT_SIZE(RTL_BITMAP, 0x10);
NT_ASSERT_SIZE(TIME_FIELDS, 0x10);
NT_ASSERT_SIZE(OSVERSIONINFOEXW, 284);

#endif
