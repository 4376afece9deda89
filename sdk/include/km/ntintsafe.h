/* SPDX-License-Identifier: MIT */
/*
 * ntintsafe.h - integer conversions and arithmetic that report overflow instead of wrapping.
 *
 * For every pair of types RtlXToY(value, &result), for every type RtlXAdd, RtlXSub and RtlXMult(a, b,
 * &result).  They give STATUS_SUCCESS, or STATUS_INTEGER_OVERFLOW and all bits of the result set.  Any IRQL.
 * Pages: ntintsafe/nf-ntintsafe-<lower-case name>.
 */
#ifndef KILN_NTINTSAFE_H
#define KILN_NTINTSAFE_H
#define _NTINTSAFE_H_INCLUDED_

#include <nt/status.h>

#define NTINTSAFEDDI    static __inline__ __attribute__((always_inline, unused)) NTSTATUS
#define INTSAFE_SUCCESS STATUS_SUCCESS

#define INT8_ERROR      (-1)
#define UINT8_ERROR     0xff
#define BYTE_ERROR      0xff
#define CHAR_ERROR      ((CHAR)-1)
#define UCHAR_ERROR     0xff
#define SHORT_ERROR     (-1)
#define USHORT_ERROR    0xffff
#define WORD_ERROR      USHORT_ERROR
#define INT16_ERROR     (-1)
#define UINT16_ERROR    0xffff
#define INT_ERROR       (-1)
#define UINT_ERROR      0xffffffffU
#define LONG_ERROR      (-1L)
#define ULONG_ERROR     0xffffffffUL
#define DWORD_ERROR     ULONG_ERROR
#define INT64_ERROR     (-1LL)
#define UINT64_ERROR    0xffffffffffffffffULL
#define LONGLONG_ERROR  (-1LL)
#define ULONGLONG_ERROR 0xffffffffffffffffULL
#define INT_PTR_ERROR   (-1LL)
#define UINT_PTR_ERROR  0xffffffffffffffffULL
#define LONG_PTR_ERROR  (-1LL)
#define ULONG_PTR_ERROR 0xffffffffffffffffULL
#define DWORD_PTR_ERROR ULONG_PTR_ERROR
#define SIZET_ERROR     UINT_PTR_ERROR
#define SSIZET_ERROR    INT_PTR_ERROR
#define PTRDIFF_T_ERROR INT_PTR_ERROR
#ifndef INT8_MIN
#define INT8_MIN (-127 - 1)
#endif
#ifndef INT8_MAX
#define INT8_MAX 127
#endif
#ifndef UINT8_MAX
#define UINT8_MAX 0xff
#endif
#ifndef SHORT_MIN
#define SHORT_MIN (-32768)
#endif
#ifndef SHORT_MAX
#define SHORT_MAX 32767
#endif
#ifndef USHORT_MAX
#define USHORT_MAX 0xffff
#endif
#ifndef WORD_MAX
#define WORD_MAX USHORT_MAX
#endif
#ifndef BYTE_MAX
#define BYTE_MAX 0xff
#endif
#ifndef ULONG_MAX
#define ULONG_MAX 0xffffffffUL
#endif
#ifndef DWORD_MAX
#define DWORD_MAX 0xffffffffUL
#endif
#ifndef LONGLONG_MIN
#define LONGLONG_MIN (-9223372036854775807LL - 1)
#endif
#ifndef LONGLONG_MAX
#define LONGLONG_MAX 9223372036854775807LL
#endif
#ifndef ULONGLONG_MAX
#define ULONGLONG_MAX 0xffffffffffffffffULL
#endif
#ifndef INT_PTR_MAX
#define INT_PTR_MAX 9223372036854775807LL
#endif
#ifndef UINT_PTR_MAX
#define UINT_PTR_MAX 0xffffffffffffffffULL
#endif
#ifndef LONG_PTR_MAX
#define LONG_PTR_MAX 9223372036854775807LL
#endif
#ifndef ULONG_PTR_MAX
#define ULONG_PTR_MAX 0xffffffffffffffffULL
#endif
#ifndef DWORD_PTR_MAX
#define DWORD_PTR_MAX ULONG_PTR_MAX
#endif
#ifndef SIZE_T_MAX
#define SIZE_T_MAX 0xffffffffffffffffULL
#endif
#ifndef SIZET_MAX
#define SIZET_MAX SIZE_T_MAX
#endif

#define KILN_INTSAFE_TO(from, S, to, D)                                                                      \
    NTINTSAFEDDI Rtl##from##To##to(_In_ S value, _Out_ D *result)                                            \
    {                                                                                                        \
        if (__builtin_add_overflow(value, (S)0, result)) {                                                   \
            *result = (D)-1;                                                                                 \
            return STATUS_INTEGER_OVERFLOW;                                                                  \
        }                                                                                                    \
        return STATUS_SUCCESS;                                                                               \
    }
#define KILN_INTSAFE_ARITHMETIC(name, T, operation, builtin)                                                 \
    NTINTSAFEDDI Rtl##name##operation(_In_ T a, _In_ T b, _Out_ T *result)                                   \
    {                                                                                                        \
        if (builtin(a, b, result)) {                                                                         \
            *result = (T)-1;                                                                                 \
            return STATUS_INTEGER_OVERFLOW;                                                                  \
        }                                                                                                    \
        return STATUS_SUCCESS;                                                                               \
    }

/* Every type, and what its values become. */
#define KILN_INTSAFE_TYPE(from, S)                                                                           \
    KILN_INTSAFE_TO(from, S, Int8, INT8)                                                                     \
    KILN_INTSAFE_TO(from, S, UInt8, UINT8)                                                                   \
    KILN_INTSAFE_TO(from, S, Byte, BYTE)                                                                     \
    KILN_INTSAFE_TO(from, S, Char, CHAR)                                                                     \
    KILN_INTSAFE_TO(from, S, UChar, UCHAR)                                                                   \
    KILN_INTSAFE_TO(from, S, Short, SHORT)                                                                   \
    KILN_INTSAFE_TO(from, S, UShort, USHORT)                                                                 \
    KILN_INTSAFE_TO(from, S, Word, USHORT)                                                                   \
    KILN_INTSAFE_TO(from, S, Int16, INT16)                                                                   \
    KILN_INTSAFE_TO(from, S, UInt16, UINT16)                                                                 \
    KILN_INTSAFE_TO(from, S, Int, INT)                                                                       \
    KILN_INTSAFE_TO(from, S, UInt, UINT)                                                                     \
    KILN_INTSAFE_TO(from, S, Int32, INT32)                                                                   \
    KILN_INTSAFE_TO(from, S, UInt32, UINT32)                                                                 \
    KILN_INTSAFE_TO(from, S, Long, LONG)                                                                     \
    KILN_INTSAFE_TO(from, S, ULong, ULONG)                                                                   \
    KILN_INTSAFE_TO(from, S, DWord, ULONG)                                                                   \
    KILN_INTSAFE_TO(from, S, LongLong, LONGLONG)                                                             \
    KILN_INTSAFE_TO(from, S, ULongLong, ULONGLONG)                                                           \
    KILN_INTSAFE_TO(from, S, Int64, INT64)                                                                   \
    KILN_INTSAFE_TO(from, S, UInt64, UINT64)                                                                 \
    KILN_INTSAFE_TO(from, S, DWordLong, DWORDLONG)                                                           \
    KILN_INTSAFE_TO(from, S, IntPtr, INT_PTR)                                                                \
    KILN_INTSAFE_TO(from, S, UIntPtr, UINT_PTR)                                                              \
    KILN_INTSAFE_TO(from, S, LongPtr, LONG_PTR)                                                              \
    KILN_INTSAFE_TO(from, S, ULongPtr, ULONG_PTR)                                                            \
    KILN_INTSAFE_TO(from, S, DWordPtr, DWORD_PTR)                                                            \
    KILN_INTSAFE_TO(from, S, SizeT, SIZE_T)                                                                  \
    KILN_INTSAFE_TO(from, S, SSIZET, SSIZE_T)                                                                \
    KILN_INTSAFE_TO(from, S, PtrdiffT, LONG_PTR)                                                             \
    KILN_INTSAFE_ARITHMETIC(from, S, Add, __builtin_add_overflow)                                            \
    KILN_INTSAFE_ARITHMETIC(from, S, Sub, __builtin_sub_overflow)                                            \
    KILN_INTSAFE_ARITHMETIC(from, S, Mult, __builtin_mul_overflow)

KILN_INTSAFE_TYPE(Int8, INT8)
KILN_INTSAFE_TYPE(UInt8, UINT8)
KILN_INTSAFE_TYPE(Byte, BYTE)
KILN_INTSAFE_TYPE(Char, CHAR)
KILN_INTSAFE_TYPE(UChar, UCHAR)
KILN_INTSAFE_TYPE(Short, SHORT)
KILN_INTSAFE_TYPE(UShort, USHORT)
KILN_INTSAFE_TYPE(Word, USHORT)
KILN_INTSAFE_TYPE(Int16, INT16)
KILN_INTSAFE_TYPE(UInt16, UINT16)
KILN_INTSAFE_TYPE(Int, INT)
KILN_INTSAFE_TYPE(UInt, UINT)
KILN_INTSAFE_TYPE(Int32, INT32)
KILN_INTSAFE_TYPE(UInt32, UINT32)
KILN_INTSAFE_TYPE(Long, LONG)
KILN_INTSAFE_TYPE(ULong, ULONG)
KILN_INTSAFE_TYPE(DWord, ULONG)
KILN_INTSAFE_TYPE(LongLong, LONGLONG)
KILN_INTSAFE_TYPE(ULongLong, ULONGLONG)
KILN_INTSAFE_TYPE(Int64, INT64)
KILN_INTSAFE_TYPE(UInt64, UINT64)
KILN_INTSAFE_TYPE(DWordLong, DWORDLONG)
KILN_INTSAFE_TYPE(IntPtr, INT_PTR)
KILN_INTSAFE_TYPE(UIntPtr, UINT_PTR)
KILN_INTSAFE_TYPE(LongPtr, LONG_PTR)
KILN_INTSAFE_TYPE(ULongPtr, ULONG_PTR)
KILN_INTSAFE_TYPE(DWordPtr, DWORD_PTR)
KILN_INTSAFE_TYPE(SizeT, SIZE_T)
KILN_INTSAFE_TYPE(SSIZET, SSIZE_T)
KILN_INTSAFE_TYPE(PtrdiffT, LONG_PTR)

#undef KILN_INTSAFE_TYPE
#undef KILN_INTSAFE_ARITHMETIC
#undef KILN_INTSAFE_TO

#endif
