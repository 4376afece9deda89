/* SPDX-License-Identifier: MIT */
#include "rtltest.h"

static ULONG number(const WCHAR *text, ULONG base)
{
    UNICODE_STRING string;
    ULONG value = 0;
    RtlInitUnicodeString(&string, text);
    CHECK_EQ(RtlUnicodeStringToInteger(&string, base, &value), STATUS_SUCCESS);
    return value;
}

KILN_TEST_ONCE(rtl_integer, base_zero_goes_by_the_prefix)
{
    ULONG value;
    CHECK_EQ(number(L"123", 0), 123);
    CHECK_EQ(number(L"0x1f", 0), 31);
    CHECK_EQ(number(L"0o17", 0), 15);
    CHECK_EQ(number(L"0b101", 0), 5);
    CHECK_EQ(number(L"  -1", 10), 0xFFFFFFFF);
    CHECK_EQ(number(L"12ab", 10), 12);
    CHECK_EQ(number(L"", 10), 0);
    CHECK_EQ(RtlCharToInteger("ff", 16, &value), STATUS_SUCCESS);
    CHECK_EQ(value, 255);
    CHECK_EQ(RtlCharToInteger("1", 7, &value), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(rtl_integer, to_string_needs_room_for_the_digits_only)
{
    WCHAR buffer[5];
    UNICODE_STRING string = {0, sizeof(buffer), buffer};
    CHECK_EQ(RtlIntegerToUnicodeString(65535, 10, &string), STATUS_SUCCESS);
    CHECK(rtl_is(&string, L"65535"));
    CHECK_EQ(RtlIntegerToUnicodeString(100000, 10, &string), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(RtlIntegerToUnicodeString(0xBEEF, 16, &string), STATUS_SUCCESS);
    CHECK(rtl_is(&string, L"BEEF"));
    CHECK_EQ(RtlIntegerToUnicodeString(5, 3, &string), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(rtl_integer, guid_text_goes_both_ways)
{
    static const GUID guid = {0x12345678, 0x9abc, 0xdef0, {1, 2, 3, 4, 5, 6, 7, 8}};
    UNICODE_STRING text, bad = RTL_CONSTANT_STRING(L"{12345678-9ABC-DEF0-0102-03040506070Z}");
    GUID back;
    CHECK_EQ(RtlStringFromGUID(&guid, &text), STATUS_SUCCESS);
    CHECK(rtl_is(&text, L"{12345678-9ABC-DEF0-0102-030405060708}"));
    CHECK_EQ(RtlGUIDFromString(&text, &back), STATUS_SUCCESS);
    CHECK(IsEqualGUID(&guid, &back));
    CHECK_EQ(RtlGUIDFromString(&bad, &back), STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&text);
}
