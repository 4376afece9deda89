/* SPDX-License-Identifier: MIT */
#include <ntintsafe.h>
#include <ntstrsafe.h>
#include "rtltest.h"

KILN_TEST_ONCE(rtl_strsafe, copy_truncates_terminates_and_says_so)
{
    CHAR out[4] = "xxx";
    PSTR end;
    SIZE_T left;
    CHECK_EQ(RtlStringCchCopyA(out, 4, "abc"), STATUS_SUCCESS);
    CHECK(rtl_same(out, "abc"));
    CHECK_EQ(RtlStringCchCopyA(out, 4, "abcd"), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_same(out, "abc"));
    CHECK_EQ(RtlStringCchCopyA(out, 0, "abc"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlStringCchCopyExA(out, 4, "a", &end, &left, STRSAFE_FILL_BYTE('z')), STATUS_SUCCESS);
    CHECK(end == out + 1);
    CHECK_EQ(left, 3);
    CHECK_EQ(out[3], 'z');
    CHECK_EQ(RtlStringCchCopyExA(out, 4, "abcd", NULL, NULL, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(out[0], 0);
    CHECK_EQ(RtlStringCchCopyExA(NULL, 0, NULL, NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK_EQ(RtlStringCchCopyExA(out, 4, "abcd", NULL, NULL, STRSAFE_FAILURE_BYTE('q')),
             STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_same(out, "qqq"));
    CHECK_EQ(RtlStringCchCopyNA(out, 4, "abcdef", 2), STATUS_SUCCESS);
    CHECK(rtl_same(out, "ab"));
}

KILN_TEST_ONCE(rtl_strsafe, cat_keeps_what_was_there)
{
    WCHAR out[8] = L"ab";
    UNICODE_STRING string;
    CHECK_EQ(RtlStringCbCatW(out, sizeof(out), L"cdef"), STATUS_SUCCESS);
    CHECK_EQ(RtlStringCbCatW(out, sizeof(out), L"ghi"), STATUS_BUFFER_OVERFLOW);
    RtlInitUnicodeString(&string, out);
    CHECK(rtl_is(&string, L"abcdefg"));
    CHECK_EQ(RtlStringCchCatExW(out, 8, L"x", NULL, NULL, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&string, L"abcdefg"));
    out[7] = 'x';
    CHECK_EQ(RtlStringCchCatW(out, 8, L"y"), STATUS_INVALID_PARAMETER); /* not terminated */
}

KILN_TEST_ONCE(rtl_strsafe, printf_and_length)
{
    CHAR out[8];
    SIZE_T length;
    CHECK_EQ(RtlStringCchPrintfA(out, 8, "%d-%s", 12, "abc"), STATUS_SUCCESS);
    CHECK(rtl_same(out, "12-abc"));
    CHECK_EQ(RtlStringCchPrintfA(out, 8, "%d", 123456789), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_same(out, "1234567"));
    CHECK_EQ(RtlStringCchLengthA("abc", 4, &length), STATUS_SUCCESS);
    CHECK_EQ(length, 3);
    CHECK_EQ(RtlStringCchLengthA("abc", 3, &length), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlStringCbLengthW(L"abc", 8, &length), STATUS_SUCCESS);
    CHECK_EQ(length, 6);
}

KILN_TEST_ONCE(rtl_strsafe, counted_strings)
{
    WCHAR buffer[4];
    UNICODE_STRING to = {0, sizeof(buffer), buffer}, rest;
    CHECK_EQ(RtlUnicodeStringCopyString(&to, L"ab"), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringCatStringEx(&to, L"c", &rest, 0), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"abc"));
    CHECK_EQ(rest.MaximumLength, 2);
    CHECK(rest.Buffer == buffer + 3);
    CHECK_EQ(RtlUnicodeStringCatString(&to, L"de"), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"abcd"));
    CHECK_EQ(RtlUnicodeStringPrintf(&to, L"%u", 77), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"77"));
    to.Length = 3;
    CHECK_EQ(RtlUnicodeStringValidate(&to), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(rtl_intsafe, overflow_is_reported)
{
    ULONG u;
    UCHAR b;
    LONG l;
    SIZE_T s;
    CHECK_EQ(RtlULongAdd(0xFFFFFFFF, 1, &u), STATUS_INTEGER_OVERFLOW);
    CHECK_EQ(u, ULONG_ERROR);
    CHECK_EQ(RtlULongAdd(0xFFFFFFFE, 1, &u), STATUS_SUCCESS);
    CHECK_EQ(u, 0xFFFFFFFF);
    CHECK_EQ(RtlULongSub(1, 2, &u), STATUS_INTEGER_OVERFLOW);
    CHECK_EQ(RtlLongMult(-0x40000000, 2, &l), STATUS_SUCCESS);
    CHECK_EQ(RtlLongMult(0x40000000, 2, &l), STATUS_INTEGER_OVERFLOW);
    CHECK_EQ(RtlULongToUChar(256, &b), STATUS_INTEGER_OVERFLOW);
    CHECK_EQ(RtlLongToULong(-1, &u), STATUS_INTEGER_OVERFLOW);
    CHECK_EQ(RtlULongToLong(0x80000000, &l), STATUS_INTEGER_OVERFLOW);
    CHECK_EQ(RtlSizeTMult((SIZE_T)1 << 40, (SIZE_T)1 << 24, &s), STATUS_INTEGER_OVERFLOW);
}
