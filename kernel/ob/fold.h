/* SPDX-License-Identifier: MIT */
/*
 * fold.h: names of the namespace, four characters at a time.
 *
 * A name component is read as words of four characters, the last one filled with zeros. Folding a word makes
 * its letters upper-case; words of ASCII, nearly all of them, in a few instructions without a table. The hash
 * of a component is that of its folded words and its length, so that names that differ only in case meet in
 * one bucket.
 */
#ifndef KILN_OB_FOLD_H
#define KILN_OB_FOLD_H

#include <nt/rtl.h>

#define OB_LANES(c)    ((ULONG64)(c)*0x0001000100010001ULL)
#define OB_HASH_SEED   0x243f6a8885a308d3ULL
#define OB_HASH_FACTOR 0x9e3779b97f4a7c15ULL

/* The next word of a string with `chars` characters left (at least one). Reads nothing behind the last. */
static inline ULONG64 ObpLoadChars(const WCHAR *text, ULONG chars)
{
    ULONG64 word = 0;
    if (__builtin_expect(chars >= 4, 1)) {
        __builtin_memcpy(&word, text, sizeof(word));
        return word;
    }
    for (ULONG i = 0; i < chars; i++)
        word |= (ULONG64)text[i] << 16 * i;
    return word;
}

static inline ULONG64 ObpFoldChars(ULONG64 word)
{
    if (__builtin_expect((word & OB_LANES(0xff80)) == 0, 1)) {
        /* Bit 7 of a lane: it is 'a' or above, and not above 'z'. */
        ULONG64 lower = (word + OB_LANES(0x80 - 'a')) & ~(word + OB_LANES(0x7f - 'z')) & OB_LANES(0x80);
        return word - (lower >> 2);
    }
    ULONG64 folded = 0;
    for (ULONG i = 0; i < 64; i += 16)
        folded |= (ULONG64)RtlUpcaseUnicodeChar((WCHAR)(word >> i)) << i;
    return folded;
}

/* Every bit of the operand reaches every bit of the result. */
static inline ULONG64 ObpMixHash(ULONG64 hash, ULONG64 word)
{
    unsigned __int128 product = (unsigned __int128)(hash ^ word) * OB_HASH_FACTOR;
    return (ULONG64)product ^ (ULONG64)(product >> 64);
}

/* The length, in characters, of the component that `text` begins with (up to a backslash or the end), and its
 * hash. */
static inline ULONG ObpScanComponent(const WCHAR *text, ULONG chars, PULONG hash)
{
    ULONG64 mixed = OB_HASH_SEED;
    ULONG length = 0;
    while (length < chars) {
        ULONG64 word = ObpLoadChars(text + length, chars - length);
        ULONG64 other = word ^ OB_LANES('\\');
        ULONG64 found = (other - OB_LANES(1)) & ~other & OB_LANES(0x8000);
        if (found) {
            /* The lowest mark is exact, the ones above it need not be. */
            ULONG lanes = (ULONG)__builtin_ctzll(found) / 16;
            if (lanes)
                mixed = ObpMixHash(mixed, ObpFoldChars(word & ((1ULL << 16 * lanes) - 1)));
            length += lanes;
            break;
        }
        mixed = ObpMixHash(mixed, ObpFoldChars(word));
        length += 4;
    }
    if (length > chars)
        length = chars;
    *hash = (ULONG)ObpMixHash(mixed, length);
    return length;
}

static inline BOOLEAN ObpNamesEqual(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN ignore_case)
{
    ULONG chars = a->Length / sizeof(WCHAR);
    if (a->Length != b->Length)
        return FALSE;
    for (ULONG at = 0; at < chars; at += 4) {
        ULONG64 x = ObpLoadChars(a->Buffer + at, chars - at), y = ObpLoadChars(b->Buffer + at, chars - at);
        if (x != y && (!ignore_case || ObpFoldChars(x) != ObpFoldChars(y)))
            return FALSE;
    }
    return TRUE;
}

#endif
