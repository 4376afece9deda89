/* SPDX-License-Identifier: MIT */
/*
 * Blocks of characters through the code pages 1252 and 437. The pages are written down here once more, as characters, to
 * be compared with the generated tables.
 */
#include "rtltest.h"

/* 0x80 to 0x9F of 1252; above that it is Latin-1. The five holes are the control characters of the same value. */
static const WCHAR ansi_high[] = L"€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8DŽ\x8F\x90‘’“”•–—˜™š›œ\x9DžŸ";

/* 0x80 to 0xFF of 437. */
static const WCHAR oem_high[] = L"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
                                L"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\xA0";

C_ASSERT(sizeof(ansi_high) == 33 * sizeof(WCHAR) && sizeof(oem_high) == 129 * sizeof(WCHAR));

static WCHAR ansi_character(ULONG byte)
{
    return byte >= 0x80 && byte < 0xA0 ? ansi_high[byte - 0x80] : (WCHAR)byte;
}

static WCHAR oem_character(ULONG byte)
{
    return byte >= 0x80 ? oem_high[byte - 0x80] : (WCHAR)byte;
}

KILN_TEST_ONCE(rtl_codepage, every_byte_is_its_character_and_back)
{
    CHAR bytes[256], back[256];
    WCHAR wide[256];
    ULONG made = 0;
    for (ULONG i = 0; i < 256; i++)
        bytes[i] = (CHAR)i;
    CHECK_EQ(RtlMultiByteToUnicodeN(wide, sizeof wide, &made, bytes, 256), STATUS_SUCCESS);
    CHECK_EQ(made, sizeof wide);
    for (ULONG i = 0; i < 256; i++)
        CHECK_EQ(wide[i], ansi_character(i));
    CHECK_EQ(RtlUnicodeToMultiByteN(back, sizeof back, &made, wide, sizeof wide), STATUS_SUCCESS);
    CHECK(made == 256 && RtlEqualMemory(bytes, back, 256));
    CHECK_EQ(RtlOemToUnicodeN(wide, sizeof wide, &made, bytes, 256), STATUS_SUCCESS);
    for (ULONG i = 0; i < 256; i++)
        CHECK_EQ(wide[i], oem_character(i));
    CHECK_EQ(RtlUnicodeToOemN(back, sizeof back, &made, wide, sizeof wide), STATUS_SUCCESS);
    CHECK(made == 256 && RtlEqualMemory(bytes, back, 256));
}

/* Every other character is the default character. */
KILN_TEST_ONCE(rtl_codepage, what_a_page_does_not_have_is_a_question_mark)
{
    static UCHAR in_ansi[0x10000], in_oem[0x10000];
    for (ULONG i = 0; i < 256; i++) {
        in_ansi[ansi_character(i)] = 1;
        in_oem[oem_character(i)] = 1;
    }
    for (ULONG c = 0; c < 0x10000; c++) {
        WCHAR unit = (WCHAR)c;
        CHAR byte;
        CHECK_EQ(RtlUnicodeToMultiByteN(&byte, 1, NULL, &unit, 2), STATUS_SUCCESS);
        if (!in_ansi[c])
            CHECK_EQ(byte, '?');
        CHECK_EQ(RtlUnicodeToOemN(&byte, 1, NULL, &unit, 2), STATUS_SUCCESS);
        if (!in_oem[c])
            CHECK_EQ(byte, '?');
    }
}

KILN_TEST_ONCE(rtl_codepage, the_ansi_page_cuts_without_a_warning)
{
    CHAR bytes[4] = "....";
    WCHAR wide[4] = L"...";
    ULONG made = 9;
    CHECK_EQ(RtlUnicodeToMultiByteN(bytes, 2, &made, L"abc", 6), STATUS_SUCCESS);
    CHECK(made == 2 && RtlEqualMemory(bytes, "ab..", 4));
    CHECK_EQ(RtlUpcaseUnicodeToMultiByteN(bytes, 2, &made, L"cd\x20ac", 6), STATUS_SUCCESS);
    CHECK(made == 2 && RtlEqualMemory(bytes, "CD..", 4));
    CHECK_EQ(RtlMultiByteToUnicodeN(wide, 5, &made, "xyz", 3), STATUS_SUCCESS); /* half a character has no room */
    CHECK(made == 4 && wide[0] == 'x' && wide[1] == 'y' && wide[2] == '.');
    CHECK_EQ(RtlUnicodeToMultiByteN(bytes, 0, &made, L"a", 2), STATUS_SUCCESS);
    CHECK_EQ(made, 0);
}

KILN_TEST_ONCE(rtl_codepage, the_oem_page_warns_of_a_cut)
{
    CHAR bytes[4] = "....";
    WCHAR wide[4] = L"...";
    ULONG made = 9;
    CHECK_EQ(RtlUnicodeToOemN(bytes, 2, &made, L"abc", 6), STATUS_BUFFER_OVERFLOW);
    CHECK(made == 2 && RtlEqualMemory(bytes, "ab..", 4));
    CHECK_EQ(RtlUpcaseUnicodeToOemN(bytes, 2, NULL, L"cd\xe9", 6), STATUS_BUFFER_OVERFLOW);
    CHECK(RtlEqualMemory(bytes, "CD..", 4));
    CHECK_EQ(RtlUpcaseUnicodeToOemN(bytes, 1, &made, L"\xe9", 2), STATUS_SUCCESS);
    CHECK(made == 1 && (UCHAR)bytes[0] == 0x90);
    CHECK_EQ(RtlOemToUnicodeN(wide, 4, &made, "xyz", 3), STATUS_BUFFER_OVERFLOW);
    CHECK(made == 4 && wide[1] == 'y' && wide[2] == '.');
}

/* A last byte that is no whole character is not looked at. */
KILN_TEST_ONCE(rtl_codepage, odd_lengths)
{
    CHAR bytes[4] = "....";
    ULONG made = 9;
    CHECK_EQ(RtlUnicodeToMultiByteN(bytes, 4, &made, L"ab", 3), STATUS_SUCCESS);
    CHECK(made == 1 && RtlEqualMemory(bytes, "a...", 4));
    CHECK_EQ(RtlUnicodeToOemN(bytes, 1, &made, L"cd", 3), STATUS_SUCCESS);
    CHECK(made == 1 && bytes[0] == 'c');
    CHECK_EQ(RtlUnicodeToMultiByteSize(&made, L"ab", 3), STATUS_SUCCESS);
    CHECK_EQ(made, 1);
}

/* A single-byte page may be converted where it lies. */
KILN_TEST_ONCE(rtl_codepage, in_place)
{
    WCHAR wide[4] = {0};
    PCHAR narrow = (PCHAR)wide;
    RtlCopyMemory(narrow, "abc\x82", 4);
    CHECK_EQ(RtlOemToUnicodeN(wide, sizeof wide, NULL, narrow, 4), STATUS_SUCCESS);
    CHECK(wide[0] == 'a' && wide[1] == 'b' && wide[2] == 'c' && wide[3] == 0xE9);
    RtlCopyMemory(narrow, "xyz\x80", 4);
    CHECK_EQ(RtlMultiByteToUnicodeN(wide, sizeof wide, NULL, narrow, 4), STATUS_SUCCESS);
    CHECK(wide[0] == 'x' && wide[1] == 'y' && wide[2] == 'z' && wide[3] == 0x20AC);
}

KILN_TEST_ONCE(rtl_codepage, utf8_statuses_and_sizes)
{
    WCHAR wide[4] = {9, 9, 9, 9};
    CHAR bytes[4] = "....";
    ULONG made = 9;
    CHECK_EQ(RtlUTF8ToUnicodeN(NULL, 0, &made, "a\xFF\xF0\x9F\x98\x80", 6), STATUS_SOME_NOT_MAPPED);
    CHECK_EQ(made, 8);
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, 7, &made, "a\xFF\xF0\x9F\x98\x80", 6), STATUS_BUFFER_TOO_SMALL);
    CHECK(made == 4 && wide[1] == 0xFFFD && wide[2] == 9); /* no half of a pair */
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, 8, NULL, "a\0b", 3), STATUS_SUCCESS); /* goes on behind a terminator */
    CHECK(wide[1] == 0 && wide[2] == 'b');
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, 8, &made, "\xED\xA0\x80", 3), STATUS_SOME_NOT_MAPPED); /* a lone surrogate */
    CHECK_EQ(wide[0], 0xFFFD);
    CHECK_EQ(RtlUTF8ToUnicodeN(NULL, 0, NULL, "a", 1), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUTF8ToUnicodeN(wide, 8, &made, NULL, 0), STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(RtlUnicodeToUTF8N(NULL, 0, &made, L"\xDC00\x20ac", 4), STATUS_SOME_NOT_MAPPED);
    CHECK_EQ(made, 6);
    CHECK_EQ(RtlUnicodeToUTF8N(bytes, 3, &made, L"a\x20ac", 4), STATUS_BUFFER_TOO_SMALL);
    CHECK(made == 1 && RtlEqualMemory(bytes, "a...", 4));
}
