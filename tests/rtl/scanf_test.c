/* SPDX-License-Identifier: MIT */
/* The scanf family, as the Microsoft run time's reference has it. */
#include "rtltest.h"

/* The exports, by their ELF names. */
int NTAPI nt_sscanf_s(const CHAR *Input, const CHAR *Format, ...);
int NTAPI nt_swscanf_s(const WCHAR *Input, const WCHAR *Format, ...);
int NTAPI nt__snscanf_s(const CHAR *Input, SIZE_T Count, const CHAR *Format, ...);
int NTAPI nt__snwscanf_s(const WCHAR *Input, SIZE_T Count, const WCHAR *Format, ...);

KILN_TEST_ONCE(rtl_scanf, integers)
{
    int a = 0, b = 0, c = 0;
    unsigned x = 0;
    LONG64 big = 0;
    SHORT small[2] = {0, 0x55};
    CHECK_EQ(nt_sscanf_s(" 12,-34 0x1F", "%d,%d %x", &a, &b, &x), 3);
    CHECK(a == 12 && b == -34 && x == 0x1F);
    CHECK_EQ(nt_sscanf_s("0x10 010 9", "%i %i %i", &a, &b, &c), 3);
    CHECK(a == 16 && b == 8 && c == 9);
    CHECK_EQ(nt_sscanf_s("-1234567890123 7", "%I64d %hd", &big, &small[0]), 2);
    CHECK(big == -1234567890123LL && small[0] == 7 && small[1] == 0x55);
    CHECK_EQ(nt_sscanf_s("123456", "%3d%lld", &a, &big), 2);
    CHECK(a == 123 && big == 456);
    CHECK_EQ(nt_sscanf_s("17 18", "%*d %o", &a), 1);
    CHECK_EQ(a, 1); /* 8 is no octal digit */
    CHECK_EQ(nt_sscanf_s("5 apples", "%d %n", &a, &b), 1);
    CHECK_EQ(b, 2);
}

KILN_TEST_ONCE(rtl_scanf, texts_know_their_room)
{
    CHAR word[6] = "zzzzz", rest[8];
    WCHAR wide[8];
    int n = 0;
    CHECK_EQ(
        nt_sscanf_s("  hello world", "%s %s", word, (unsigned)sizeof(word), rest, (unsigned)sizeof(rest)), 2);
    CHECK(rtl_same(word, "hello") && rtl_same(rest, "world"));
    CHECK_EQ(nt_sscanf_s("toolong 1", "%s %d", word, (unsigned)sizeof(word), &n), 0);
    CHECK_EQ(word[0], 0);
    CHECK_EQ(nt_sscanf_s("abc-123", "%[a-z]-%[^x]", word, 6u, rest, 8u), 2);
    CHECK(rtl_same(word, "abc") && rtl_same(rest, "123"));
    CHECK_EQ(nt_sscanf_s("]]x", "%[]]", word, 6u), 1);
    CHECK(rtl_same(word, "]]"));
    word[1] = 'q';
    CHECK_EQ(nt_sscanf_s(" k", "%c", word, 1u), 1); /* a space is a character, and nothing is terminated */
    CHECK(word[0] == ' ' && word[1] == 'q');
    CHECK_EQ(nt_sscanf_s("xyz", "%2c", word, 1u), 0);
    CHECK_EQ(nt_sscanf_s("caf\xE9", "%S", wide, 8u), 1);
    CHECK(wide[3] == 0xE9 && wide[4] == 0);
}

KILN_TEST_ONCE(rtl_scanf, what_ends_a_call)
{
    int a = 5, b = 6;
    CHECK_EQ(nt_sscanf_s("", "%d", &a), (ULONGLONG)-1);
    CHECK_EQ(nt_sscanf_s("   ", "%d", &a), (ULONGLONG)-1);
    CHECK_EQ(nt_sscanf_s("x", "%d", &a), 0);
    CHECK_EQ(nt_sscanf_s("1", "%d %d", &a, &b), 1);
    CHECK(a == 1 && b == 6);
    CHECK_EQ(nt_sscanf_s("1;2", "%d,%d", &a, &b), 1);
    CHECK_EQ(nt_sscanf_s("50%", "%d%%", &a), 1);
    CHECK_EQ(nt_sscanf_s(NULL, "%d", &a), (ULONGLONG)-1);
    CHECK_EQ(nt_sscanf_s("1.5", "%f", &a), 0); /* there is no floating point here */
}

KILN_TEST_ONCE(rtl_scanf, wide_and_counted)
{
    WCHAR word[8];
    CHAR narrow[8];
    int a = 0;
    CHECK_EQ(nt_swscanf_s(L"key=42 end", L"%[^=]=%d %s", word, 8u, &a, narrow, 0u), 2);
    CHECK(word[0] == 'k' && word[3] == 0 && a == 42);
    CHECK_EQ(nt_swscanf_s(L"caf\xE9", L"%S", narrow, 8u), 1);
    CHECK((UCHAR)narrow[3] == 0xE9 && narrow[4] == 0);
    CHECK_EQ(nt__snscanf_s("12345", 3, "%d", &a), 1);
    CHECK_EQ(a, 123);
    CHECK_EQ(nt__snwscanf_s(L"12345", 2, L"%d", &a), 1);
    CHECK_EQ(a, 12);
    CHECK_EQ(nt__snwscanf_s(L"12345", 0, L"%d", &a), (ULONGLONG)-1);
}
