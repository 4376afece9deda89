/* SPDX-License-Identifier: MIT */
/* What the printf family writes and returns. */
#include "rtltest.h"

int NTAPI nt__snprintf(char *Buffer, SIZE_T Count, const char *Format, ...);
int NTAPI nt_sprintf_s(char *Buffer, SIZE_T Size, const char *Format, ...);
int NTAPI nt__snwprintf(WCHAR *Buffer, SIZE_T Count, const WCHAR *Format, ...);

#define EXPECT(text, ...)                                                                                    \
    do {                                                                                                     \
        char out[128];                                                                                       \
        int made = nt__snprintf(out, sizeof(out), __VA_ARGS__);                                              \
        CHECK(rtl_same(out, text));                                                                          \
        CHECK_EQ(made, sizeof(text) - 1);                                                                    \
    } while (0)

KILN_TEST_ONCE(rtl_format, integers)
{
    EXPECT("-5 4294967291 fffffffb", "%d %u %x", -5, -5, -5);
    EXPECT("   42|42   |00042|+42", "%5d|%-5d|%05d|%+d", 42, 42, 42, 42);
    EXPECT("0x1f 0X1F 017 0", "%#x %#X %#o %#x", 31, 31, 15, 0);
    EXPECT("-9223372036854775808", "%I64d", (LONG64)0x8000000000000000ULL);
    EXPECT("123456789abcdef0", "%I64x", 0x123456789abcdef0ULL);
    EXPECT("123456789abcdef0", "%llx", 0x123456789abcdef0ULL);
    EXPECT("9abcdef0", "%lx", 0x9abcdef0);
    EXPECT("ff -1", "%hhx %hhd", 0x1ff, 0xff);
    EXPECT("  007", "%5.3d", 7);
    EXPECT("[]", "[%.0d]", 0);
    EXPECT("   7", "%*d", 4, 7);
    EXPECT("7   |", "%*d|", -4, 7);
}

KILN_TEST_ONCE(rtl_format, pointers_are_sixteen_capital_digits)
{
    EXPECT("FFFF8000DEADBEEF", "%p", (PVOID)0xFFFF8000DEADBEEFULL);
    EXPECT("0000000000000000", "%p", NULL);
}

KILN_TEST_ONCE(rtl_format, strings_of_both_widths)
{
    UNICODE_STRING wide = RTL_CONSTANT_STRING(L"wide");
    ANSI_STRING narrow = RTL_CONSTANT_STRING("narrow");
    EXPECT("abc def ghi", "%s %S %ws", "abc", L"def", L"ghi");
    EXPECT("abc def", "%hs %ls", "abc", L"def");
    EXPECT("wide narrow", "%wZ %Z", &wide, &narrow);
    EXPECT("wi nar", "%.2wZ %.3Z", &wide, &narrow);
    EXPECT("(null) (null)", "%s %wZ", NULL, NULL);
    EXPECT("ab  |  ab", "%-4s|%4s", "ab", "ab");
    EXPECT("a b %", "%c %C %%", 'a', L'b');
}

KILN_TEST_ONCE(rtl_format, what_does_not_fit)
{
    char out[5];
    WCHAR wide[4];
    CHECK_EQ(nt__snprintf(out, 4, "abcd"), 4); /* fits without its terminator */
    CHECK_EQ((LONG)nt__snprintf(out, 4, "abcde"), -1);
    CHECK_EQ(nt_sprintf_s(out, 5, "%d", 1234), 4);
    CHECK_EQ(out[4], 0);
    CHECK_EQ((LONG)nt_sprintf_s(out, 5, "%d", 12345), -1);
    CHECK_EQ(out[0], 0);
    CHECK_EQ(nt__snwprintf(wide, 4, L"%s%S", L"ab", "c"), 3);
    CHECK_EQ(wide[2], 'c');
}

KILN_TEST_ONCE(rtl_format, characters_go_through_the_code_page)
{
    WCHAR wide[4];
    EXPECT("\x80?", "%S", L"\x20ac\x4e00"); /* the euro sign is in page 1252, the ideograph is not */
    EXPECT("\xc3\xa9", "%s", "\xc3\xa9");   /* bytes stay bytes */
    CHECK_EQ(nt__snwprintf(wide, 4, L"%S", "\x80"), 1);
    CHECK_EQ(wide[0], 0x20ac);
}

int NTAPI nt_wctomb(CHAR *To, WCHAR Character);
SIZE_T NTAPI nt_wcstombs(CHAR *To, const WCHAR *From, SIZE_T Count);
SIZE_T NTAPI nt_mbstowcs(WCHAR *To, const CHAR *From, SIZE_T Count);
CHAR *NTAPI nt_strtok_s(CHAR *String, const CHAR *Delimiters, CHAR **Context);
ULONG64 NTAPI nt__strtoui64(const CHAR *String, CHAR **End, int Base);

KILN_TEST_ONCE(rtl_crt, multibyte_conversions)
{
    CHAR bytes[8];
    WCHAR units[8];
    CHECK_EQ((LONG)nt_wctomb(bytes, 0x4e00), -1);
    CHECK_EQ(nt_wcstombs(bytes, L"ab\x20ac", 8), 3);
    CHECK_EQ(bytes[3], 0);
    CHECK_EQ(nt_wcstombs(NULL, L"abcd", 0), 4);
    CHECK_EQ(nt_mbstowcs(units, bytes, 8), 3);
    CHECK_EQ(units[2], 0x20ac);
}

KILN_TEST_ONCE(rtl_crt, tokens_and_numbers)
{
    CHAR text[] = ",a,,bc", *context = NULL, *end;
    CHECK(rtl_same(nt_strtok_s(text, ",", &context), "a"));
    CHECK(rtl_same(nt_strtok_s(NULL, ",", &context), "bc"));
    CHECK(nt_strtok_s(NULL, ",", &context) == NULL);
    CHECK_EQ(nt__strtoui64("0x10z", &end, 0), 16);
    CHECK_EQ(*end, 'z');
    CHECK_EQ(nt__strtoui64("18446744073709551616", NULL, 10), MAXULONG64);
}
