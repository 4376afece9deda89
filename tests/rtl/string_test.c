/* SPDX-License-Identifier: MIT */
#include "rtltest.h"

KILN_TEST_ONCE(rtl_string, init_counts_bytes_and_keeps_the_terminator_in_the_maximum)
{
    UNICODE_STRING wide;
    ANSI_STRING narrow;
    RtlInitUnicodeString(&wide, L"abc");
    CHECK_EQ(wide.Length, 6);
    CHECK_EQ(wide.MaximumLength, 8);
    RtlInitUnicodeString(&wide, NULL);
    CHECK_EQ(wide.Length, 0);
    CHECK_EQ(wide.MaximumLength, 0);
    CHECK(wide.Buffer == NULL);
    RtlInitAnsiString(&narrow, "abc");
    CHECK_EQ(narrow.Length, 3);
    CHECK_EQ(narrow.MaximumLength, 4);
}

static WCHAR huge[40000];

KILN_TEST_ONCE(rtl_string, init_ex_refuses_what_does_not_fit_a_count)
{
    UNICODE_STRING wide;
    for (ULONG i = 0; i < RTL_NUMBER_OF(huge) - 1; i++) {
        huge[i] = 'x';
    }
    huge[RTL_NUMBER_OF(huge) - 1] = 0;
    CHECK_EQ(RtlInitUnicodeStringEx(&wide, huge), STATUS_NAME_TOO_LONG);
    RtlInitUnicodeString(&wide, huge);
    CHECK_EQ(wide.Length, 65532);
    CHECK_EQ(wide.MaximumLength, 65534);
    huge[32766] = 0;
    CHECK_EQ(RtlInitUnicodeStringEx(&wide, huge), STATUS_SUCCESS);
    CHECK_EQ(wide.Length, 65532);
}

KILN_TEST_ONCE(rtl_string, append_takes_all_or_nothing)
{
    WCHAR buffer[6];
    UNICODE_STRING to = {0, sizeof(buffer), buffer}, from = RTL_CONSTANT_STRING(L"def");
    CHECK_EQ(RtlAppendUnicodeToString(&to, L"abc"), STATUS_SUCCESS);
    CHECK_EQ(RtlAppendUnicodeStringToString(&to, &from), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"abcdef"));
    CHECK_EQ(RtlAppendUnicodeToString(&to, L"g"), STATUS_BUFFER_TOO_SMALL);
    CHECK(rtl_is(&to, L"abcdef"));
    CHECK_EQ(RtlAppendUnicodeToString(&to, NULL), STATUS_SUCCESS);
}

KILN_TEST_ONCE(rtl_string, copy_cuts_to_the_room_there_is)
{
    WCHAR buffer[4];
    UNICODE_STRING to = {0, sizeof(buffer), buffer}, from = RTL_CONSTANT_STRING(L"abcdef");
    RtlCopyUnicodeString(&to, &from);
    CHECK(rtl_is(&to, L"abcd"));
    RtlCopyUnicodeString(&to, NULL);
    CHECK_EQ(to.Length, 0);
}

KILN_TEST_ONCE(rtl_string, comparison_orders_by_unit_and_then_by_length)
{
    UNICODE_STRING a = RTL_CONSTANT_STRING(L"abc"), b = RTL_CONSTANT_STRING(L"ABD"),
                   c = RTL_CONSTANT_STRING(L"abcd");
    CHECK(RtlCompareUnicodeString(&a, &b, FALSE) > 0);
    CHECK(RtlCompareUnicodeString(&a, &b, TRUE) < 0);
    CHECK(RtlCompareUnicodeString(&a, &c, TRUE) < 0);
    CHECK_EQ(RtlCompareUnicodeString(&a, &a, FALSE), 0);
    CHECK(RtlPrefixUnicodeString(&a, &c, FALSE));
    CHECK(!RtlPrefixUnicodeString(&c, &a, FALSE));
    CHECK(!RtlEqualUnicodeString(&a, &c, TRUE));
}

KILN_TEST_ONCE(rtl_string, case_folds_beyond_ascii)
{
    UNICODE_STRING a = RTL_CONSTANT_STRING(L"\x00e4\x03b1\x0436\x00ff"),
                   b = RTL_CONSTANT_STRING(L"\x00c4\x0391\x0416\x0178");
    UNICODE_STRING upper;
    CHECK(RtlEqualUnicodeString(&a, &b, TRUE));
    CHECK(!RtlEqualUnicodeString(&a, &b, FALSE));
    CHECK_EQ(RtlUpcaseUnicodeString(&upper, &a, TRUE), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&upper, &b, FALSE));
    RtlFreeUnicodeString(&upper);
    CHECK(upper.Buffer == NULL);
    CHECK_EQ(RtlUpcaseUnicodeChar(0xDF), 0xDF); /* sharp s has no single capital */
    CHECK_EQ(RtlDowncaseUnicodeChar(L'Z'), L'z');
    for (ULONG c = 0; c < 0x80; c++) {
        CHECK_EQ(RtlUpcaseUnicodeChar((WCHAR)c), c >= 'a' && c <= 'z' ? c - 32 : c);
    }
}

KILN_TEST_ONCE(rtl_string, ansi_conversion_terminates_and_reports_overflow)
{
    CHAR bytes[4];
    ANSI_STRING narrow = {0, sizeof(bytes), bytes};
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"ab\x20ac"), back;
    CHECK_EQ(RtlUnicodeStringToAnsiString(&narrow, &wide, FALSE), STATUS_SUCCESS);
    CHECK_EQ(narrow.Length, 3);
    CHECK_EQ((UCHAR)bytes[2], 0x80); /* the euro sign of code page 1252 */
    CHECK_EQ(bytes[3], 0);
    CHECK_EQ(RtlAnsiStringToUnicodeString(&back, &narrow, TRUE), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&back, &wide, FALSE));
    CHECK_EQ(back.MaximumLength, 8);
    RtlFreeUnicodeString(&back);
    narrow.MaximumLength = 3;
    CHECK_EQ(RtlUnicodeStringToAnsiString(&narrow, &wide, FALSE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlUnicodeStringToAnsiSize(&wide), 4);
    CHECK_EQ(RtlAnsiStringToUnicodeSize(&narrow), 8);
}

KILN_TEST_ONCE(rtl_string, oem_page_is_437)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"\x00e9\x2588\x4e00");
    OEM_STRING oem;
    CHECK_EQ(RtlUnicodeStringToOemString(&oem, &wide, TRUE), STATUS_SUCCESS);
    CHECK_EQ((UCHAR)oem.Buffer[0], 0x82);
    CHECK_EQ((UCHAR)oem.Buffer[1], 0xDB);
    CHECK_EQ((UCHAR)oem.Buffer[2], '?');
    RtlFreeOemString(&oem);
}

KILN_TEST_ONCE(rtl_string, utf8_round_trip_and_replacement)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"a\x00e9\x20ac\xd83d\xde00"), back;
    UTF8_STRING utf8;
    static const UCHAR expected[] = {'a', 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80};
    WCHAR out[8];
    ULONG bytes;
    CHECK_EQ(RtlUnicodeStringToUTF8String(&utf8, &wide, TRUE), STATUS_SUCCESS);
    CHECK_EQ(utf8.Length, sizeof(expected));
    CHECK_EQ(RtlCompareMemory(utf8.Buffer, expected, sizeof(expected)), sizeof(expected));
    CHECK_EQ(RtlUTF8StringToUnicodeString(&back, &utf8, TRUE), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&back, &wide, FALSE));
    RtlFreeUnicodeString(&back);
    RtlFreeUTF8String(&utf8);
    /* An overlong form, a lone continuation and a cut sequence: one replacement each ill-formed part. */
    CHECK_EQ(RtlUTF8ToUnicodeN(out, sizeof(out), &bytes, "\xC0\xAF\x80\xE2\x82", 5), STATUS_SOME_NOT_MAPPED);
    CHECK_EQ(bytes, 4 * sizeof(WCHAR));
    CHECK_EQ(out[0], 0xFFFD);
    CHECK_EQ(RtlUTF8ToUnicodeN(out, 2, &bytes, "ab", 2), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(bytes, 2);
    CHECK_EQ(RtlUTF8ToUnicodeN(NULL, 0, &bytes, "ab", 2), STATUS_SUCCESS);
    CHECK_EQ(bytes, 4);
}

KILN_TEST_ONCE(rtl_string, hash_ignores_case_when_asked)
{
    UNICODE_STRING a = RTL_CONSTANT_STRING(L"Device"), b = RTL_CONSTANT_STRING(L"dEVICE");
    ULONG x, y;
    CHECK_EQ(RtlHashUnicodeString(&a, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &x), STATUS_SUCCESS);
    CHECK_EQ(RtlHashUnicodeString(&b, TRUE, HASH_STRING_ALGORITHM_X65599, &y), STATUS_SUCCESS);
    CHECK_EQ(x, y);
    CHECK_EQ(RtlHashUnicodeString(&a, FALSE, HASH_STRING_ALGORITHM_DEFAULT, &x), STATUS_SUCCESS);
    CHECK(x != y);
    CHECK_EQ(RtlHashUnicodeString(&a, FALSE, 7, &x), STATUS_INVALID_PARAMETER);
}
