/* SPDX-License-Identifier: MIT */
/*
 * integer.c - integers and GUIDs as text and back.
 *
 * Reading skips leading blanks, takes one sign, then (base 0) a prefix 0x, 0o or 0b, then digits up to the
 * first character that is none. Bases are 0 (by prefix, decimal without), 2, 8, 10 and 16; another one is
 * STATUS_INVALID_PARAMETER.
 */
#include <nt/rtl.h>
#include "rtlp.h"

static bool is_base(ULONG base)
{
    return base == 0 || base == 2 || base == 8 || base == 10 || base == 16;
}

static ULONG digit_of(WCHAR c)
{
    if (c >= '0' && c <= '9') {
        return c - (ULONG)'0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - (ULONG)'a' + 10 : 16;
}

struct text {
    const VOID *at;
    bool wide;
    SIZE_T left; /* units; bytes end at a terminator too */
};

static WCHAR current(const struct text *text)
{
    if (text->left == 0) {
        return 0;
    }
    return text->wide ? *(const WCHAR *)text->at : (WCHAR) * (const UCHAR *)text->at;
}

static void advance(struct text *text)
{
    text->at = (const UCHAR *)text->at + (text->wide ? sizeof(WCHAR) : 1);
    text->left--;
}

static ULONG64 parse(struct text *text, ULONG base)
{
    ULONG64 value = 0;
    bool negative = false;

    while (current(text) != 0 && current(text) <= ' ') {
        advance(text);
    }
    if (current(text) == '-' || current(text) == '+') {
        negative = current(text) == '-';
        advance(text);
    }
    if (base == 0) {
        base = 10;
        if (current(text) == '0') {
            advance(text);
            switch (current(text)) {
            case 'x':
                base = 16;
                break;
            case 'o':
                base = 8;
                break;
            case 'b':
                base = 2;
                break;
            }
            if (base != 10) {
                advance(text);
            }
        }
    }
    for (; current(text) != 0 && digit_of(current(text)) < base; advance(text)) {
        value = value * base + digit_of(current(text));
    }
    return negative ? 0 - value : value;
}

NTSYSAPI NTSTATUS NTAPI RtlCharToInteger(PCSZ String, ULONG Base, PULONG Value)
{
    struct text text = {String, false, (SIZE_T)-1};
    if (!is_base(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Value = (ULONG)parse(&text, Base);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToInteger(PCUNICODE_STRING String, ULONG Base, PULONG Value)
{
    struct text text = {String->Buffer, true, String->Length / sizeof(WCHAR)};
    if (!is_base(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Value = (ULONG)parse(&text, Base);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToInt64(PCUNICODE_STRING String, ULONG Base, PLONG64 Number,
                                                PWSTR *EndPointer)
{
    struct text text = {String->Buffer, true, String->Length / sizeof(WCHAR)};
    if (!is_base(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    *Number = (LONG64)parse(&text, Base);
    if (EndPointer != NULL) {
        *EndPointer = (PWSTR)(ULONG_PTR)text.at;
    }
    return STATUS_SUCCESS;
}

/* Digits, last first; how many. */
static ULONG digits_of(ULONG64 value, ULONG base, CHAR digits[64])
{
    ULONG count = 0;
    do {
        digits[count++] = "0123456789ABCDEF"[value % base];
        value /= base;
    } while (value != 0);
    return count;
}

static NTSTATUS to_string(ULONG64 value, ULONG base, PUNICODE_STRING string)
{
    CHAR digits[64];
    ULONG count;
    if (!is_base(base)) {
        return STATUS_INVALID_PARAMETER;
    }
    count = digits_of(value, base == 0 ? 10 : base, digits);
    if (count * sizeof(WCHAR) > string->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (ULONG i = 0; i < count; i++) {
        string->Buffer[i] = (WCHAR)digits[count - 1 - i];
    }
    string->Length = (USHORT)(count * sizeof(WCHAR));
    if (string->Length + sizeof(WCHAR) <= string->MaximumLength) {
        string->Buffer[count] = 0;
    }
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlIntegerToUnicodeString(ULONG Value, ULONG Base, PUNICODE_STRING String)
{
    return to_string(Value, Base, String);
}

NTSYSAPI NTSTATUS NTAPI RtlInt64ToUnicodeString(ULONGLONG Value, ULONG Base, PUNICODE_STRING String)
{
    return to_string(Value, Base, String);
}

/* OutputLength below zero: pad with zeros to that many characters. */
NTSYSAPI NTSTATUS NTAPI RtlIntegerToChar(ULONG Value, ULONG Base, LONG OutputLength, PSTR String)
{
    CHAR digits[64];
    ULONG count, room = OutputLength < 0 ? (ULONG)-OutputLength : (ULONG)OutputLength, at = 0;
    if (!is_base(Base)) {
        return STATUS_INVALID_PARAMETER;
    }
    count = digits_of(Value, Base == 0 ? 10 : Base, digits);
    if (count > room) {
        return STATUS_BUFFER_OVERFLOW;
    }
    for (; OutputLength < 0 && at < room - count; at++) {
        String[at] = '0';
    }
    while (count != 0) {
        String[at++] = digits[--count];
    }
    if (at < room) {
        String[at] = 0;
    }
    return STATUS_SUCCESS;
}

/* ---- GUIDs ---- */

#define GUID_CHARACTERS 38

/* The bytes of a GUID in the order in which they are written, and where the hyphens go. */
static const UCHAR guid_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
#define HYPHEN_BEFORE(i) ((i) == 4 || (i) == 6 || (i) == 8 || (i) == 10)

NTSYSAPI NTSTATUS NTAPI RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString)
{
    const UCHAR *bytes = (const UCHAR *)Guid;
    WCHAR *to = RtlpAllocateString((GUID_CHARACTERS + 1) * sizeof(WCHAR));
    if (to == NULL) {
        return STATUS_NO_MEMORY;
    }
    GuidString->Buffer = to;
    GuidString->Length = GUID_CHARACTERS * sizeof(WCHAR);
    GuidString->MaximumLength = (GUID_CHARACTERS + 1) * sizeof(WCHAR);
    *to++ = '{';
    for (ULONG i = 0; i < 16; i++) {
        if (HYPHEN_BEFORE(i)) {
            *to++ = '-';
        }
        *to++ = (WCHAR) "0123456789ABCDEF"[bytes[guid_order[i]] >> 4];
        *to++ = (WCHAR) "0123456789ABCDEF"[bytes[guid_order[i]] & 15];
    }
    *to++ = '}';
    *to = 0;
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID *Guid)
{
    const WCHAR *from = GuidString->Buffer;
    UCHAR *bytes = (UCHAR *)Guid;
    if (GuidString->Length < GUID_CHARACTERS * sizeof(WCHAR) || *from++ != '{') {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < 16; i++) {
        if (HYPHEN_BEFORE(i) && *from++ != '-') {
            return STATUS_INVALID_PARAMETER;
        }
        if (digit_of(from[0]) > 15 || digit_of(from[1]) > 15) {
            return STATUS_INVALID_PARAMETER;
        }
        bytes[guid_order[i]] = (UCHAR)(digit_of(from[0]) << 4 | digit_of(from[1]));
        from += 2;
    }
    return *from == '}' ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
