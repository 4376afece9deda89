/* SPDX-License-Identifier: MIT */
/*
 * crt_convert.c - the C run-time routines that need the code page or the case tables, and those with a
 * context.
 *
 * The multibyte character set is the ANSI code page, one byte a character. A UTF-16 unit that it does not
 * have makes wctomb and wcstombs fail.
 */
#include "codepage.h"

typedef USHORT wint;

static bool convertible(WCHAR unit)
{
    return RtlpAnsiFromWide(unit) != RTLP_DEFAULT_CHARACTER || unit == RTLP_DEFAULT_CHARACTER;
}

NTSYSAPI wint NTAPI nt_towupper(wint Character)
{
    return RtlpUpcase(Character);
}

NTSYSAPI wint NTAPI nt_towlower(wint Character)
{
    return RtlpDowncase(Character);
}

NTSYSAPI int NTAPI nt_mbtowc(WCHAR *To, const CHAR *From, SIZE_T Count)
{
    if (From == NULL || Count == 0) {
        return 0;
    }
    if (To != NULL) {
        *To = RtlpWideFromAnsi((UCHAR)*From);
    }
    return *From != 0;
}

NTSYSAPI int NTAPI nt_wctomb(CHAR *To, WCHAR Character)
{
    if (To == NULL) {
        return 0;
    }
    if (!convertible(Character)) {
        return -1;
    }
    *To = (CHAR)RtlpAnsiFromWide(Character);
    return 1;
}

/* Characters converted, without the terminator, which is written when there is room. With a null target: the
 * length. */
NTSYSAPI SIZE_T NTAPI nt_mbstowcs(WCHAR *To, const CHAR *From, SIZE_T Count)
{
    SIZE_T i;
    if (To == NULL) {
        return RtlpStrlen(From);
    }
    for (i = 0; i < Count; i++) {
        To[i] = RtlpWideFromAnsi((UCHAR)From[i]);
        if (From[i] == 0) {
            break;
        }
    }
    return i;
}

NTSYSAPI SIZE_T NTAPI nt_wcstombs(CHAR *To, const WCHAR *From, SIZE_T Count)
{
    SIZE_T i;
    for (i = 0; To == NULL || i < Count; i++) {
        if (!convertible(From[i])) {
            return (SIZE_T)-1;
        }
        if (To != NULL) {
            To[i] = (CHAR)RtlpAnsiFromWide(From[i]);
        }
        if (From[i] == 0) {
            break;
        }
    }
    return i;
}

static bool is_in(CHAR c, const CHAR *set)
{
    for (; *set != 0; set++) {
        if (*set == c) {
            return true;
        }
    }
    return false;
}

/* The next token, terminated in place; the context remembers where to go on. */
NTSYSAPI CHAR *NTAPI nt_strtok_s(CHAR *String, const CHAR *Delimiters, CHAR **Context)
{
    CHAR *token;
    if (Delimiters == NULL || Context == NULL || (String == NULL && *Context == NULL)) {
        return NULL;
    }
    token = String != NULL ? String : *Context;
    while (*token != 0 && is_in(*token, Delimiters)) {
        token++;
    }
    for (String = token; *String != 0 && !is_in(*String, Delimiters); String++) {
    }
    *Context = *String != 0 ? String + 1 : String;
    if (token == String) {
        return NULL;
    }
    *String = 0;
    return token;
}

NTSYSAPI ULONG64 NTAPI nt__strtoui64(const CHAR *String, CHAR **End, int Base)
{
    const CHAR *at = String;
    ULONG64 value = 0;
    bool negative = false, any = false, overflow = false;
    while (*at == ' ' || (*at >= '\t' && *at <= '\r')) {
        at++;
    }
    if (*at == '-' || *at == '+') {
        negative = *at++ == '-';
    }
    if ((Base == 0 || Base == 16) && at[0] == '0' && (at[1] | 0x20) == 'x') {
        at += 2;
        Base = 16;
    } else if (Base == 0) {
        Base = *at == '0' ? 8 : 10;
    }
    for (;; at++) {
        ULONG digit = *at >= '0' && *at <= '9'                     ? (ULONG)(*at - '0')
                      : (*at | 0x20) >= 'a' && (*at | 0x20) <= 'z' ? (ULONG)((*at | 0x20) - 'a' + 10)
                                                                   : 99;
        if (digit >= (ULONG)Base) {
            break;
        }
        any = true;
        overflow |= __builtin_mul_overflow(value, (ULONG64)Base, &value) ||
                    __builtin_add_overflow(value, digit, &value);
    }
    if (End != NULL) {
        *End = (CHAR *)(ULONG_PTR)(any ? at : String);
    }
    return overflow ? MAXULONG64 : negative ? 0 - value : value;
}

/* The checked fills: 0, or EINVAL with the string emptied when it is not terminated within its size. */
NTSYSAPI int NTAPI nt__strnset_s(CHAR *String, SIZE_T Size, int Character, SIZE_T Count)
{
    SIZE_T length = 0;
    if (String == NULL || Size == 0) {
        return RTLP_EINVAL;
    }
    while (length < Size && String[length] != 0) {
        length++;
    }
    if (length == Size) {
        String[0] = 0;
        return RTLP_EINVAL;
    }
    for (SIZE_T i = 0; i < length && i < Count; i++) {
        String[i] = (CHAR)Character;
    }
    return 0;
}

NTSYSAPI int NTAPI nt__strset_s(CHAR *String, SIZE_T Size, int Character)
{
    return nt__strnset_s(String, Size, Character, (SIZE_T)-1);
}

NTSYSAPI int NTAPI nt__wcsnset_s(WCHAR *String, SIZE_T Size, WCHAR Character, SIZE_T Count)
{
    SIZE_T length = 0;
    if (String == NULL || Size == 0) {
        return RTLP_EINVAL;
    }
    while (length < Size && String[length] != 0) {
        length++;
    }
    if (length == Size) {
        String[0] = 0;
        return RTLP_EINVAL;
    }
    for (SIZE_T i = 0; i < length && i < Count; i++) {
        String[i] = Character;
    }
    return 0;
}

NTSYSAPI int NTAPI nt__wcsset_s(WCHAR *String, SIZE_T Size, WCHAR Character)
{
    return nt__wcsnset_s(String, Size, Character, (SIZE_T)-1);
}
