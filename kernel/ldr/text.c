/* SPDX-License-Identifier: MIT */
/*
 * Names in images are ASCII, names in the kernel are UTF-16; module names compare without case, exports with
 * it.
 */
#include "ldri.h"

ULONG LdrpLength(const char *Text)
{
    ULONG length = 0;
    while (Text[length])
        length++;
    return length;
}

BOOLEAN LdrpEqual(const char *A, const char *B)
{
    while (*A && *A == *B)
        A++, B++;
    return *A == *B;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

BOOLEAN LdrpEqualNoCase(const char *A, const char *B)
{
    while (*A && lower(*A) == lower(*B))
        A++, B++;
    return lower(*A) == lower(*B);
}

void LdrpCopyText(char *To, ULONG Bytes, const char *From)
{
    ULONG i = 0;
    for (; From[i] && i + 1 < Bytes; i++)
        To[i] = From[i];
    To[i] = 0;
}

void LdrpNarrow(char *To, ULONG Bytes, PCUNICODE_STRING From)
{
    ULONG i = 0;
    for (; i < From->Length / sizeof(WCHAR) && i + 1 < Bytes; i++)
        To[i] = From->Buffer[i] >= 0x20 && From->Buffer[i] < 0x7f ? (char)From->Buffer[i] : '?';
    To[i] = 0;
}
