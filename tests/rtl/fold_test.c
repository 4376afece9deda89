/* SPDX-License-Identifier: MIT */
/* Strings are folded and compared several characters at a time; the result is that of one at a time, for
 * every character. */
#include "rtltest.h"
#include "rtlp.h"

/* The exports, by their ELF names. */
PVOID NTAPI nt_memmove(PVOID Destination, const VOID *Source, SIZE_T Length);
PVOID NTAPI nt_memset(PVOID Destination, int Value, SIZE_T Length);
int NTAPI nt_memcmp(const VOID *Left, const VOID *Right, SIZE_T Length);

KILN_TEST_ONCE(rtl_fold, strings_fold_as_their_characters_do)
{
    static WCHAR text[61], up[64], down[64];
    for (ULONG first = 0; first < 0x10000;
         first += 7) { /* every character, at every place of a group, beside others */
        UNICODE_STRING from = {sizeof(text), sizeof(text), text}, to = {0, sizeof(up), up},
                       low = {0, sizeof(down), down};
        for (ULONG i = 0; i < RTL_NUMBER_OF(text); i++) {
            text[i] = (WCHAR)(i % 9 < 7 ? first + i % 9 : 'a' + i % 58 - 32);
        }
        CHECK_EQ(RtlUpcaseUnicodeString(&to, &from, FALSE), STATUS_SUCCESS);
        CHECK_EQ(RtlDowncaseUnicodeString(&low, &from, FALSE), STATUS_SUCCESS);
        CHECK(to.Length == from.Length && low.Length == from.Length);
        for (ULONG i = 0; i < RTL_NUMBER_OF(text); i++) {
            CHECK_EQ(up[i], RtlUpcaseUnicodeChar(text[i]));
            CHECK_EQ(down[i], RtlDowncaseUnicodeChar(text[i]));
        }
        CHECK_EQ(RtlCompareUnicodeString(&from, &to, TRUE), 0);
        CHECK(RtlEqualUnicodeString(&from, &to, TRUE) && RtlPrefixUnicodeString(&from, &to, TRUE));
    }
}

KILN_TEST_ONCE(rtl_fold, the_first_difference_decides_wherever_it_is)
{
    WCHAR a[24], b[24];
    for (ULONG length = 1; length <= 24; length++) {
        for (ULONG at = 0; at < length; at++) {
            for (ULONG i = 0; i < length; i++) {
                a[i] = b[i] = 'k';
                if (i % 2) {
                    b[i] = 'K';
                }
            }
            UNICODE_STRING x = {(USHORT)(length * 2), (USHORT)(length * 2), a},
                           y = {(USHORT)(length * 2), (USHORT)(length * 2), b};
            CHECK_EQ(RtlCompareUnicodeString(&x, &y, TRUE), 0);
            CHECK(length == 1 || RtlCompareUnicodeString(&x, &y, FALSE) > 0); /* k is behind K */
            a[at] = '['; /* between the capitals and the small letters: before k, behind K */
            CHECK(RtlCompareUnicodeString(&x, &y, TRUE) > 0);
            a[at] = 'j';
            CHECK(RtlCompareUnicodeString(&x, &y, TRUE) < 0);
            a[at] = 0xE4;
            b[at] = 0xC4;
            CHECK_EQ(RtlCompareUnicodeString(&x, &y, TRUE), 0);
        }
    }
}

/* Every size and distance of overlap, against a copy made byte by byte; the same for filling and comparing.
 */
KILN_TEST_ONCE(rtl_fold, memory_routines_at_every_size)
{
    static UCHAR buffer[20000], expected[20000];
    static const ULONG sizes[] = {0,   1,   2,   3,   4,    7,    8,    15,   16,   17,   31,   32,  33,
                                  63,  64,  65,  96,  97,   127,  128,  129,  160,  161,  191,  192, 193,
                                  255, 256, 257, 511, 1023, 1024, 1025, 1500, 4095, 4096, 4097, 8000};
    static const LONG distances[] = {0, 1, 3, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 300, 5000};
    static volatile SIZE_T bytes; /* the compiler does not know it */
    for (ULONG s = 0; s < RTL_NUMBER_OF(sizes); s++) {
        for (ULONG d = 0; d < 2 * RTL_NUMBER_OF(distances); d++) {
            LONG distance = d % 2 ? -distances[d / 2] : distances[d / 2];
            UCHAR *from = buffer + 6000, *to = from + distance;
            for (ULONG i = 0; i < sizeof(buffer); i++) {
                buffer[i] = expected[i] = (UCHAR)(i * 7 + i / 251);
            }
            bytes = sizes[s];
            for (ULONG i = 0; i < bytes; i++) {
                expected[6000 + distance + i] = (UCHAR)((6000 + i) * 7 + (6000 + i) / 251);
            }
            CHECK((d % 3 == 0 ? RtlpMemmove(to, from, bytes) : nt_memmove(to, from, bytes)) == to);
            for (ULONG i = 0; i < sizeof(buffer); i++) {
                CHECK_EQ(buffer[i], expected[i]);
            }
        }
        RtlZeroMemory(buffer, sizeof(buffer));
        CHECK((s % 2 ? RtlpMemset(buffer + 5, 0x1C3, bytes) : nt_memset(buffer + 5, 0x1C3, bytes)) ==
              buffer + 5);
        for (ULONG i = 0; i < sizeof(buffer); i++) {
            CHECK_EQ(buffer[i], i >= 5 && i < 5 + bytes ? 0xC3 : 0);
        }
        RtlFillMemory(buffer, sizeof(buffer), 9);
        RtlFillMemory(expected, sizeof(expected), 9);
        CHECK_EQ(RtlCompareMemory(buffer + 3, expected, bytes), bytes);
        CHECK_EQ(nt_memcmp(buffer + 3, expected, bytes), 0);
        for (ULONG i = 0; i < bytes; i += 1 + i / 16) {
            expected[i] = 200;
            CHECK_EQ(RtlCompareMemory(buffer + 3, expected, bytes), i);
            CHECK(nt_memcmp(buffer + 3, expected, bytes) < 0 && nt_memcmp(expected, buffer + 3, bytes) > 0);
            expected[i] = 9;
        }
        expected[bytes] = 200; /* behind the end: not looked at */
        CHECK_EQ(RtlCompareMemory(buffer + 3, expected, bytes), bytes);
    }
}
