/* SPDX-License-Identifier: MIT */
/*
 * intsafe_test.c - every documented conversion and operation of ntintsafe.h, around every boundary of its
 * types.
 *
 * The oracle is 128-bit arithmetic, in which nothing here overflows: the routine succeeds exactly when the
 * true result fits, stores it then, and stores all ones otherwise.
 */
#include <ntintsafe.h>
#include "rtltest.h"

typedef __int128 wide;

#define IS_SIGNED(T) ((T)-1 < (T)1)
#define TYPE_MAX(T)  ((wide)(IS_SIGNED(T) ? ((1ULL << (sizeof(T) * 8 - 1)) - 1) : (ULONGLONG)(T)-1))
#define TYPE_MIN(T)  (IS_SIGNED(T) ? -TYPE_MAX(T) - 1 : (wide)0)

/* Values on which some routine changes its answer; each is used only in the types it fits. */
static const wide edges[] = {
    0, 1, 2, 3, 0x7E, 0x7F, 0x80, 0x81, 0xFE, 0xFF, 0x100, 0x7FFE, 0x7FFF, 0x8000, 0x8001, 0xFFFE,
    0xFFFF, 0x10000, 0xB504, 0xB505, 0x10001, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000LL, 0xB504F333LL,
    0xB504F334LL, 0xFFFFFFFELL, 0xFFFFFFFFLL, 0x100000000LL, 0x100000001LL, 0x7FFFFFFFFFFFFFFELL,
    0x7FFFFFFFFFFFFFFFLL, (wide)0x8000000000000000ULL, (wide)0xFFFFFFFFFFFFFFFEULL,
    (wide)0xFFFFFFFFFFFFFFFFULL,
};

static bool fits(wide value, wide minimum, wide maximum)
{
    return value >= minimum && value <= maximum;
}

/* Both signs of each edge. */
#define FOR_EACH_EDGE(value)                                                                                 \
    for (ULONG value##_i = 0; value##_i < 2 * RTL_NUMBER_OF(edges); value##_i++)                             \
        for (wide value = value##_i % 2 ? -edges[value##_i / 2] : edges[value##_i / 2],                      \
                  *value##_once = &value;                                                                    \
             value##_once != NULL; value##_once = NULL)

/* A statement each. */
#define CHECK_CONVERSION(routine, S, D)                                                                      \
    FOR_EACH_EDGE(value)                                                                                     \
    {                                                                                                        \
        D result = 5;                                                                                        \
        if (fits(value, TYPE_MIN(S), TYPE_MAX(S))) {                                                         \
            bool possible = fits(value, TYPE_MIN(D), TYPE_MAX(D));                                           \
            CHECK_EQ(routine((S)value, &result), possible ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW);       \
            CHECK((wide)result == (possible ? value : (wide)(D)-1));                                         \
        }                                                                                                    \
    }

#define CHECK_ARITHMETIC(routine, T, operator)                                                               \
    FOR_EACH_EDGE(a)                                                                                         \
    {                                                                                                        \
        FOR_EACH_EDGE(b)                                                                                     \
        {                                                                                                    \
            T result = 5;                                                                                    \
            if (fits(a, TYPE_MIN(T), TYPE_MAX(T)) && fits(b, TYPE_MIN(T), TYPE_MAX(T))) {                    \
                wide exact = 0;                                                                              \
                bool possible =                                                                              \
                    !__builtin_##operator##_overflow(a, b, &exact) && fits(exact, TYPE_MIN(T), TYPE_MAX(T)); \
                CHECK_EQ(routine((T)a, (T)b, &result), possible ? STATUS_SUCCESS : STATUS_INTEGER_OVERFLOW); \
                CHECK((wide)result == (possible ? exact : (wide)(T)-1));                                     \
            }                                                                                                \
        }                                                                                                    \
    }

KILN_TEST_ONCE(rtl_intsafe, conversions_of_byte)
{
    CHECK_CONVERSION(RtlByteToChar, BYTE, CHAR);
    CHECK_CONVERSION(RtlByteToInt8, BYTE, INT8);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_int8)
{
    CHECK_CONVERSION(RtlInt8ToUChar, INT8, UCHAR);
    CHECK_CONVERSION(RtlInt8ToUInt, INT8, UINT);
    CHECK_CONVERSION(RtlInt8ToUInt8, INT8, UINT8);
    CHECK_CONVERSION(RtlInt8ToUIntPtr, INT8, UINT_PTR);
    CHECK_CONVERSION(RtlInt8ToULong, INT8, ULONG);
    CHECK_CONVERSION(RtlInt8ToULongLong, INT8, ULONGLONG);
    CHECK_CONVERSION(RtlInt8ToULongPtr, INT8, ULONG_PTR);
    CHECK_CONVERSION(RtlInt8ToUShort, INT8, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_int_ptr)
{
    CHECK_CONVERSION(RtlIntPtrToChar, INT_PTR, CHAR);
    CHECK_CONVERSION(RtlIntPtrToInt, INT_PTR, INT);
    CHECK_CONVERSION(RtlIntPtrToInt8, INT_PTR, INT8);
    CHECK_CONVERSION(RtlIntPtrToLong, INT_PTR, LONG);
    CHECK_CONVERSION(RtlIntPtrToLongPtr, INT_PTR, LONG_PTR);
    CHECK_CONVERSION(RtlIntPtrToShort, INT_PTR, SHORT);
    CHECK_CONVERSION(RtlIntPtrToUChar, INT_PTR, UCHAR);
    CHECK_CONVERSION(RtlIntPtrToUInt, INT_PTR, UINT);
    CHECK_CONVERSION(RtlIntPtrToUInt8, INT_PTR, UINT8);
    CHECK_CONVERSION(RtlIntPtrToUIntPtr, INT_PTR, UINT_PTR);
    CHECK_CONVERSION(RtlIntPtrToULong, INT_PTR, ULONG);
    CHECK_CONVERSION(RtlIntPtrToULongLong, INT_PTR, ULONGLONG);
    CHECK_CONVERSION(RtlIntPtrToULongPtr, INT_PTR, ULONG_PTR);
    CHECK_CONVERSION(RtlIntPtrToUShort, INT_PTR, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_int)
{
    CHECK_CONVERSION(RtlIntToChar, INT, CHAR);
    CHECK_CONVERSION(RtlIntToInt8, INT, INT8);
    CHECK_CONVERSION(RtlIntToShort, INT, SHORT);
    CHECK_CONVERSION(RtlIntToUChar, INT, UCHAR);
    CHECK_CONVERSION(RtlIntToUInt, INT, UINT);
    CHECK_CONVERSION(RtlIntToUInt8, INT, UINT8);
    CHECK_CONVERSION(RtlIntToULong, INT, ULONG);
    CHECK_CONVERSION(RtlIntToULongLong, INT, ULONGLONG);
    CHECK_CONVERSION(RtlIntToUShort, INT, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_longlong)
{
    CHECK_CONVERSION(RtlLongLongToChar, LONGLONG, CHAR);
    CHECK_CONVERSION(RtlLongLongToInt, LONGLONG, INT);
    CHECK_CONVERSION(RtlLongLongToInt8, LONGLONG, INT8);
    CHECK_CONVERSION(RtlLongLongToIntPtr, LONGLONG, INT_PTR);
    CHECK_CONVERSION(RtlLongLongToLong, LONGLONG, LONG);
    CHECK_CONVERSION(RtlLongLongToLongPtr, LONGLONG, LONG_PTR);
    CHECK_CONVERSION(RtlLongLongToShort, LONGLONG, SHORT);
    CHECK_CONVERSION(RtlLongLongToUChar, LONGLONG, UCHAR);
    CHECK_CONVERSION(RtlLongLongToUInt, LONGLONG, UINT);
    CHECK_CONVERSION(RtlLongLongToUInt8, LONGLONG, UINT8);
    CHECK_CONVERSION(RtlLongLongToULong, LONGLONG, ULONG);
    CHECK_CONVERSION(RtlLongLongToULongLong, LONGLONG, ULONGLONG);
    CHECK_CONVERSION(RtlLongLongToUShort, LONGLONG, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_long_ptr)
{
    CHECK_CONVERSION(RtlLongPtrToChar, LONG_PTR, CHAR);
    CHECK_CONVERSION(RtlLongPtrToInt, LONG_PTR, INT);
    CHECK_CONVERSION(RtlLongPtrToInt8, LONG_PTR, INT8);
    CHECK_CONVERSION(RtlLongPtrToIntPtr, LONG_PTR, INT_PTR);
    CHECK_CONVERSION(RtlLongPtrToLong, LONG_PTR, LONG);
    CHECK_CONVERSION(RtlLongPtrToShort, LONG_PTR, SHORT);
    CHECK_CONVERSION(RtlLongPtrToUChar, LONG_PTR, UCHAR);
    CHECK_CONVERSION(RtlLongPtrToUInt, LONG_PTR, UINT);
    CHECK_CONVERSION(RtlLongPtrToUInt8, LONG_PTR, UINT8);
    CHECK_CONVERSION(RtlLongPtrToUIntPtr, LONG_PTR, UINT_PTR);
    CHECK_CONVERSION(RtlLongPtrToULong, LONG_PTR, ULONG);
    CHECK_CONVERSION(RtlLongPtrToULongLong, LONG_PTR, ULONGLONG);
    CHECK_CONVERSION(RtlLongPtrToULongPtr, LONG_PTR, ULONG_PTR);
    CHECK_CONVERSION(RtlLongPtrToUShort, LONG_PTR, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_long)
{
    CHECK_CONVERSION(RtlLongToChar, LONG, CHAR);
    CHECK_CONVERSION(RtlLongToInt, LONG, INT);
    CHECK_CONVERSION(RtlLongToInt8, LONG, INT8);
    CHECK_CONVERSION(RtlLongToIntPtr, LONG, INT_PTR);
    CHECK_CONVERSION(RtlLongToShort, LONG, SHORT);
    CHECK_CONVERSION(RtlLongToUChar, LONG, UCHAR);
    CHECK_CONVERSION(RtlLongToUInt, LONG, UINT);
    CHECK_CONVERSION(RtlLongToUInt8, LONG, UINT8);
    CHECK_CONVERSION(RtlLongToUIntPtr, LONG, UINT_PTR);
    CHECK_CONVERSION(RtlLongToULong, LONG, ULONG);
    CHECK_CONVERSION(RtlLongToULongLong, LONG, ULONGLONG);
    CHECK_CONVERSION(RtlLongToULongPtr, LONG, ULONG_PTR);
    CHECK_CONVERSION(RtlLongToUShort, LONG, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_short)
{
    CHECK_CONVERSION(RtlShortToChar, SHORT, CHAR);
    CHECK_CONVERSION(RtlShortToDWordPtr, SHORT, DWORD_PTR);
    CHECK_CONVERSION(RtlShortToInt8, SHORT, INT8);
    CHECK_CONVERSION(RtlShortToUChar, SHORT, UCHAR);
    CHECK_CONVERSION(RtlShortToUInt, SHORT, UINT);
    CHECK_CONVERSION(RtlShortToUInt8, SHORT, UINT8);
    CHECK_CONVERSION(RtlShortToUIntPtr, SHORT, UINT_PTR);
    CHECK_CONVERSION(RtlShortToULong, SHORT, ULONG);
    CHECK_CONVERSION(RtlShortToULongLong, SHORT, ULONGLONG);
    CHECK_CONVERSION(RtlShortToULongPtr, SHORT, ULONG_PTR);
    CHECK_CONVERSION(RtlShortToUShort, SHORT, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_uint8)
{
    CHECK_CONVERSION(RtlUInt8ToChar, UINT8, CHAR);
    CHECK_CONVERSION(RtlUInt8ToInt8, UINT8, INT8);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_uint_ptr)
{
    CHECK_CONVERSION(RtlUIntPtrToChar, UINT_PTR, CHAR);
    CHECK_CONVERSION(RtlUIntPtrToInt, UINT_PTR, INT);
    CHECK_CONVERSION(RtlUIntPtrToInt16, UINT_PTR, INT16);
    CHECK_CONVERSION(RtlUIntPtrToInt8, UINT_PTR, INT8);
    CHECK_CONVERSION(RtlUIntPtrToIntPtr, UINT_PTR, INT_PTR);
    CHECK_CONVERSION(RtlUIntPtrToLong, UINT_PTR, LONG);
    CHECK_CONVERSION(RtlUIntPtrToLongLong,
                                                                                        UINT_PTR, LONGLONG);
    CHECK_CONVERSION(RtlUIntPtrToLongPtr, UINT_PTR, LONG_PTR);
    CHECK_CONVERSION(RtlUIntPtrToShort, UINT_PTR, SHORT);
    CHECK_CONVERSION(RtlUIntPtrToUChar, UINT_PTR, UCHAR);
    CHECK_CONVERSION(RtlUIntPtrToUInt, UINT_PTR, UINT);
    CHECK_CONVERSION(RtlUIntPtrToUInt16, UINT_PTR, UINT16);
    CHECK_CONVERSION(RtlUIntPtrToUInt8, UINT_PTR, UINT8);
    CHECK_CONVERSION(RtlUIntPtrToULong, UINT_PTR, ULONG);
    CHECK_CONVERSION(RtlUIntPtrToUShort, UINT_PTR, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_uint)
{
    CHECK_CONVERSION(RtlUIntToChar, UINT, CHAR);
    CHECK_CONVERSION(RtlUIntToInt, UINT, INT);
    CHECK_CONVERSION(RtlUIntToInt8, UINT, INT8);
    CHECK_CONVERSION(RtlUIntToIntPtr, UINT, INT_PTR);
    CHECK_CONVERSION(RtlUIntToLong, UINT, LONG);
    CHECK_CONVERSION(RtlUIntToLongPtr, UINT, LONG_PTR);
    CHECK_CONVERSION(RtlUIntToShort, UINT, SHORT);
    CHECK_CONVERSION(RtlUIntToUChar, UINT, UCHAR);
    CHECK_CONVERSION(RtlUIntToUInt8, UINT, UINT8);
    CHECK_CONVERSION(RtlUIntToUShort, UINT, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_ulonglong)
{
    CHECK_CONVERSION(RtlULongLongToChar, ULONGLONG, CHAR);
    CHECK_CONVERSION(RtlULongLongToInt, ULONGLONG, INT);
    CHECK_CONVERSION(RtlULongLongToInt8, ULONGLONG, INT8);
    CHECK_CONVERSION(RtlULongLongToLong, ULONGLONG, LONG);
    CHECK_CONVERSION(RtlULongLongToLongLong,
                                                                                       ULONGLONG, LONGLONG);
    CHECK_CONVERSION(RtlULongLongToLongPtr, ULONGLONG, LONG_PTR);
    CHECK_CONVERSION(RtlULongLongToShort, ULONGLONG, SHORT);
    CHECK_CONVERSION(RtlULongLongToUChar, ULONGLONG, UCHAR);
    CHECK_CONVERSION(RtlULongLongToUInt, ULONGLONG, UINT);
    CHECK_CONVERSION(RtlULongLongToUInt8, ULONGLONG, UINT8);
    CHECK_CONVERSION(RtlULongLongToUIntPtr, ULONGLONG, UINT_PTR);
    CHECK_CONVERSION(RtlULongLongToULong, ULONGLONG, ULONG);
    CHECK_CONVERSION(RtlULongLongToULongPtr, ULONGLONG, ULONG_PTR);
    CHECK_CONVERSION(RtlULongLongToUShort, ULONGLONG, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_ulong_ptr)
{
    CHECK_CONVERSION(RtlULongPtrToChar, ULONG_PTR, CHAR);
    CHECK_CONVERSION(RtlULongPtrToInt, ULONG_PTR, INT);
    CHECK_CONVERSION(RtlULongPtrToInt8, ULONG_PTR, INT8);
    CHECK_CONVERSION(RtlULongPtrToIntPtr, ULONG_PTR, INT_PTR);
    CHECK_CONVERSION(RtlULongPtrToLong, ULONG_PTR, LONG);
    CHECK_CONVERSION(RtlULongPtrToLongLong, ULONG_PTR, LONGLONG);
    CHECK_CONVERSION(RtlULongPtrToLongPtr, ULONG_PTR, LONG_PTR);
    CHECK_CONVERSION(RtlULongPtrToShort, ULONG_PTR, SHORT);
    CHECK_CONVERSION(RtlULongPtrToUChar, ULONG_PTR, UCHAR);
    CHECK_CONVERSION(RtlULongPtrToUInt, ULONG_PTR, UINT);
    CHECK_CONVERSION(RtlULongPtrToUInt8, ULONG_PTR, UINT8);
    CHECK_CONVERSION(RtlULongPtrToUIntPtr, ULONG_PTR, UINT_PTR);
    CHECK_CONVERSION(RtlULongPtrToULong, ULONG_PTR, ULONG);
    CHECK_CONVERSION(RtlULongPtrToUShort, ULONG_PTR, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_ulong)
{
    CHECK_CONVERSION(RtlULongToChar, ULONG, CHAR);
    CHECK_CONVERSION(RtlULongToInt, ULONG, INT);
    CHECK_CONVERSION(RtlULongToInt8, ULONG, INT8);
    CHECK_CONVERSION(RtlULongToIntPtr, ULONG, INT_PTR);
    CHECK_CONVERSION(RtlULongToLong, ULONG, LONG);
    CHECK_CONVERSION(RtlULongToLongPtr, ULONG, LONG_PTR);
    CHECK_CONVERSION(RtlULongToShort, ULONG, SHORT);
    CHECK_CONVERSION(RtlULongToUChar, ULONG, UCHAR);
    CHECK_CONVERSION(RtlULongToUInt, ULONG, UINT);
    CHECK_CONVERSION(RtlULongToUInt8, ULONG, UINT8);
    CHECK_CONVERSION(RtlULongToUIntPtr, ULONG, UINT_PTR);
    CHECK_CONVERSION(RtlULongToUShort, ULONG, USHORT);
}

KILN_TEST_ONCE(rtl_intsafe, conversions_of_ushort)
{
    CHECK_CONVERSION(RtlUShortToChar, USHORT, CHAR);
    CHECK_CONVERSION(RtlUShortToInt8, USHORT, INT8);
    CHECK_CONVERSION(RtlUShortToShort, USHORT, SHORT);
    CHECK_CONVERSION(RtlUShortToUChar, USHORT, UCHAR);
    CHECK_CONVERSION(RtlUShortToUInt8, USHORT, UINT8);
}

KILN_TEST_ONCE(rtl_intsafe, sums)
{
    CHECK_ARITHMETIC(RtlDWordPtrAdd, DWORD_PTR, add);
    CHECK_ARITHMETIC(RtlInt8Add, INT8, add);
    CHECK_ARITHMETIC(RtlIntAdd, INT, add);
    CHECK_ARITHMETIC(RtlIntPtrAdd, INT_PTR, add);
    CHECK_ARITHMETIC(RtlLongAdd, LONG, add);
    CHECK_ARITHMETIC(RtlLongLongAdd, LONGLONG, add);
    CHECK_ARITHMETIC(RtlLongPtrAdd, LONG_PTR, add);
    CHECK_ARITHMETIC(RtlPtrdiffTAdd, LONG_PTR, add);
    CHECK_ARITHMETIC(RtlSSIZETAdd, SSIZE_T, add);
    CHECK_ARITHMETIC(RtlShortAdd, SHORT, add);
    CHECK_ARITHMETIC(RtlSizeTAdd, SIZE_T, add);
    CHECK_ARITHMETIC(RtlUInt8Add, UINT8, add);
    CHECK_ARITHMETIC(RtlUIntAdd, UINT, add);
    CHECK_ARITHMETIC(RtlUIntPtrAdd, UINT_PTR, add);
    CHECK_ARITHMETIC(RtlULongAdd, ULONG, add);
    CHECK_ARITHMETIC(RtlULongLongAdd, ULONGLONG, add);
    CHECK_ARITHMETIC(RtlULongPtrAdd, ULONG_PTR, add);
    CHECK_ARITHMETIC(RtlUShortAdd, USHORT, add);
}

KILN_TEST_ONCE(rtl_intsafe, differences)
{
    CHECK_ARITHMETIC(RtlDWordPtrSub, DWORD_PTR, sub);
    CHECK_ARITHMETIC(RtlInt8Sub, INT8, sub);
    CHECK_ARITHMETIC(RtlIntPtrSub, INT_PTR, sub);
    CHECK_ARITHMETIC(RtlIntSub, INT, sub);
    CHECK_ARITHMETIC(RtlLongLongSub, LONGLONG, sub);
    CHECK_ARITHMETIC(RtlLongPtrSub, LONG_PTR, sub);
    CHECK_ARITHMETIC(RtlLongSub, LONG, sub);
    CHECK_ARITHMETIC(RtlPtrdiffTSub, LONG_PTR, sub);
    CHECK_ARITHMETIC(RtlSSIZETSub, SSIZE_T, sub);
    CHECK_ARITHMETIC(RtlShortSub, SHORT, sub);
    CHECK_ARITHMETIC(RtlSizeTSub, SIZE_T, sub);
    CHECK_ARITHMETIC(RtlUInt8Sub, UINT8, sub);
    CHECK_ARITHMETIC(RtlUIntPtrSub, UINT_PTR, sub);
    CHECK_ARITHMETIC(RtlUIntSub, UINT, sub);
    CHECK_ARITHMETIC(RtlULongLongSub, ULONGLONG, sub);
    CHECK_ARITHMETIC(RtlULongPtrSub, ULONG_PTR, sub);
    CHECK_ARITHMETIC(RtlULongSub, ULONG, sub);
    CHECK_ARITHMETIC(RtlUShortSub, USHORT, sub);
}

KILN_TEST_ONCE(rtl_intsafe, products)
{
    CHECK_ARITHMETIC(RtlDWordPtrMult, DWORD_PTR, mul);
    CHECK_ARITHMETIC(RtlInt8Mult, INT8, mul);
    CHECK_ARITHMETIC(RtlIntMult, INT, mul);
    CHECK_ARITHMETIC(RtlIntPtrMult, INT_PTR, mul);
    CHECK_ARITHMETIC(RtlLongLongMult, LONGLONG, mul);
    CHECK_ARITHMETIC(RtlLongMult, LONG, mul);
    CHECK_ARITHMETIC(RtlLongPtrMult, LONG_PTR, mul);
    CHECK_ARITHMETIC(RtlPtrdiffTMult, LONG_PTR, mul);
    CHECK_ARITHMETIC(RtlSSIZETMult, SSIZE_T, mul);
    CHECK_ARITHMETIC(RtlShortMult, SHORT, mul);
    CHECK_ARITHMETIC(RtlSizeTMult, SIZE_T, mul);
    CHECK_ARITHMETIC(RtlUInt8Mult, UINT8, mul);
    CHECK_ARITHMETIC(RtlUIntMult, UINT, mul);
    CHECK_ARITHMETIC(RtlUIntPtrMult, UINT_PTR, mul);
    CHECK_ARITHMETIC(RtlULongLongMult, ULONGLONG, mul);
    CHECK_ARITHMETIC(RtlULongMult, ULONG, mul);
    CHECK_ARITHMETIC(RtlULongPtrMult, ULONG_PTR, mul);
    CHECK_ARITHMETIC(RtlUShortMult, USHORT, mul);
}
