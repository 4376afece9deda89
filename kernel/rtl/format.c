/* SPDX-License-Identifier: MIT */
/* The formatting engine behind DbgPrint and the printf family, with NT's conversions; see rtlp.h. */
#include <nt/base.h>

#include "rtlp.h"

struct spec {
    BOOLEAN left, plus, blank, alternate, zero;
    int width, precision; /* precision -1: none */
    char size;            /* 0, 'h', 'H' (hh), 'l', 'w', 'q' (64 bits), 'd' (32 bits) */
};

static void put(PRTLP_SINK sink, ULONG character)
{
    sink->Put(sink, character);
    sink->Count++;
}

static void pad(PRTLP_SINK sink, ULONG character, int count)
{
    while (count-- > 0)
        put(sink, character);
}

/* Text of known length in either width, in its field. */
static void put_text(PRTLP_SINK sink, const struct spec *spec, const void *text, BOOLEAN wide, SIZE_T length)
{
    if (!spec->left)
        pad(sink, spec->zero ? '0' : ' ', spec->width - (int)length);
    for (SIZE_T i = 0; i < length; i++)
        put(sink, wide ? ((const WCHAR *)text)[i] : ((const UCHAR *)text)[i]);
    if (spec->left)
        pad(sink, ' ', spec->width - (int)length);
}

static void put_string(PRTLP_SINK sink, const struct spec *spec, const void *text, BOOLEAN wide)
{
    SIZE_T length = 0, limit = spec->precision < 0 ? ~(SIZE_T)0 : (SIZE_T)spec->precision;
    if (!text) {
        put_text(sink, spec, "(null)", FALSE, limit < 6 ? limit : 6);
        return;
    }
    if (wide)
        while (length < limit && ((const WCHAR *)text)[length])
            length++;
    else
        while (length < limit && ((const UCHAR *)text)[length])
            length++;
    put_text(sink, spec, text, wide, length);
}

/* A counted string: UNICODE_STRING or ANSI_STRING, which share their layout. */
static void put_counted(PRTLP_SINK sink, const struct spec *spec, const UNICODE_STRING *string, BOOLEAN wide)
{
    if (!string || !string->Buffer) {
        put_string(sink, spec, NULL, FALSE);
        return;
    }
    SIZE_T length = wide ? string->Length / sizeof(WCHAR) : string->Length;
    if (spec->precision >= 0 && (SIZE_T)spec->precision < length)
        length = (SIZE_T)spec->precision;
    put_text(sink, spec, string->Buffer, wide, length);
}

static void put_number(PRTLP_SINK sink, const struct spec *spec, ULONG64 value, unsigned base, BOOLEAN upper,
                       ULONG sign)
{
    static const char lower_digits[] = "0123456789abcdef", upper_digits[] = "0123456789ABCDEF";
    const char *digits = upper ? upper_digits : lower_digits;
    char text[24];
    int length = 0;
    BOOLEAN nonzero = value != 0;
    for (ULONG64 rest = value; rest; rest /= base)
        text[length++] = digits[rest % base];
    int minimum = spec->precision < 0 ? 1 : spec->precision;
    int zeros = minimum > length ? minimum - length : 0;
    const char *prefix = "";
    if (spec->alternate && nonzero && base == 16)
        prefix = upper ? "0X" : "0x";
    if (spec->alternate && base == 8 && zeros == 0)
        zeros = 1;
    int prefix_length = (sign ? 1 : 0) + (*prefix ? 2 : 0);
    int field = spec->width - prefix_length - zeros - length;
    if (spec->zero && !spec->left && spec->precision < 0) {
        zeros += field > 0 ? field : 0;
        field = 0;
    }
    if (!spec->left)
        pad(sink, ' ', field);
    if (sign)
        put(sink, sign);
    for (; *prefix; prefix++)
        put(sink, (ULONG)*prefix);
    pad(sink, '0', zeros);
    while (length > 0)
        put(sink, (ULONG)text[--length]);
    if (spec->left)
        pad(sink, ' ', field);
}

/* The format string, narrow or wide, read one character at a time. */
struct reader {
    const void *at;
    BOOLEAN wide;
};

static ULONG peek(const struct reader *r, int ahead)
{
    return r->wide ? ((const WCHAR *)r->at)[ahead] : ((const UCHAR *)r->at)[ahead];
}

static void skip(struct reader *r, int count)
{
    r->at = (const UCHAR *)r->at + (r->wide ? 2 : 1) * count;
}

static void read_flags(struct reader *r, struct spec *spec)
{
    for (;; skip(r, 1)) {
        switch (peek(r, 0)) {
        case '-':
            spec->left = TRUE;
            break;
        case '+':
            spec->plus = TRUE;
            break;
        case ' ':
            spec->blank = TRUE;
            break;
        case '#':
            spec->alternate = TRUE;
            break;
        case '0':
            spec->zero = TRUE;
            break;
        default:
            return;
        }
    }
}

#define MAX_FIELD 65536

static int read_digits(struct reader *r)
{
    int value = 0;
    for (; peek(r, 0) >= '0' && peek(r, 0) <= '9'; skip(r, 1))
        if (value < MAX_FIELD)
            value = value * 10 + (int)(peek(r, 0) - '0');
    return value < MAX_FIELD ? value : MAX_FIELD;
}

static void read_size(struct reader *r, struct spec *spec)
{
    switch (peek(r, 0)) {
    case 'h':
        spec->size = peek(r, 1) == 'h' ? 'H' : 'h';
        skip(r, spec->size == 'H' ? 2 : 1);
        break;
    case 'l':
        spec->size = peek(r, 1) == 'l' ? 'q' : 'l';
        skip(r, spec->size == 'q' ? 2 : 1);
        break;
    case 'w':
        spec->size = 'w';
        skip(r, 1);
        break;
    case 'z':
    case 't':
    case 'j':
        spec->size = 'q';
        skip(r, 1);
        break;
    case 'I':
        if (peek(r, 1) == '6' && peek(r, 2) == '4') {
            spec->size = 'q';
            skip(r, 3);
        } else if (peek(r, 1) == '3' && peek(r, 2) == '2') {
            spec->size = 'd';
            skip(r, 3);
        } else {
            spec->size = 'q';
            skip(r, 1);
        }
        break;
    }
}

static BOOLEAN is_wide_text(const struct spec *spec, BOOLEAN opposite, BOOLEAN wide_format)
{
    if (spec->size == 'h')
        return FALSE;
    if (spec->size == 'l' || spec->size == 'w')
        return TRUE;
    return wide_format != opposite;
}

void RtlpFormat(PRTLP_SINK Sink, const void *Format, BOOLEAN Wide, __builtin_ms_va_list Arguments)
{
    struct reader r = {.at = Format, .wide = Wide};
    /* An array parameter decays; a copy can be passed to va_arg by its address. */
    __builtin_ms_va_list arguments;
    __builtin_ms_va_copy(arguments, Arguments);
    for (; peek(&r, 0); skip(&r, 1)) {
        if (peek(&r, 0) != '%') {
            put(Sink, peek(&r, 0));
            continue;
        }
        struct reader start = r;
        struct spec spec = {.precision = -1};
        skip(&r, 1);
        read_flags(&r, &spec);
        if (peek(&r, 0) == '*') {
            spec.width = __builtin_va_arg(arguments, int);
            if (spec.width < 0) {
                spec.left = TRUE;
                spec.width = spec.width < -MAX_FIELD ? MAX_FIELD : -spec.width;
            } else if (spec.width > MAX_FIELD) {
                spec.width = MAX_FIELD;
            }
            skip(&r, 1);
        } else {
            spec.width = read_digits(&r);
        }
        if (peek(&r, 0) == '.') {
            skip(&r, 1);
            if (peek(&r, 0) == '*') {
                spec.precision = __builtin_va_arg(arguments, int);
                skip(&r, 1);
            } else {
                spec.precision = read_digits(&r);
            }
        }
        read_size(&r, &spec);
        ULONG type = peek(&r, 0);
        switch (type) {
        case 'd':
        case 'i': {
            LONG64 value = spec.size == 'q' ? __builtin_va_arg(arguments, LONG64)
                                            : (LONG64)__builtin_va_arg(arguments, LONG);
            if (spec.size == 'h')
                value = (SHORT)value;
            if (spec.size == 'H')
                value = (signed char)value;
            ULONG sign = value < 0 ? '-' : spec.plus ? '+' : spec.blank ? ' ' : 0;
            put_number(Sink, &spec, value < 0 ? 0 - (ULONG64)value : (ULONG64)value, 10, FALSE, sign);
            break;
        }
        case 'u':
        case 'o':
        case 'x':
        case 'X': {
            ULONG64 value = spec.size == 'q' ? __builtin_va_arg(arguments, ULONG64)
                                             : (ULONG64)__builtin_va_arg(arguments, ULONG);
            if (spec.size == 'h')
                value = (USHORT)value;
            if (spec.size == 'H')
                value = (UCHAR)value;
            put_number(Sink, &spec, value, type == 'u' ? 10 : type == 'o' ? 8 : 16, type == 'X', 0);
            break;
        }
        case 'p':
            spec.precision = 16;
            put_number(Sink, &spec, __builtin_va_arg(arguments, ULONG64), 16, TRUE, 0);
            break;
        case 'c':
        case 'C': {
            WCHAR character = (WCHAR)__builtin_va_arg(arguments, int);
            BOOLEAN wide = is_wide_text(&spec, type == 'C', Wide);
            UCHAR narrow = (UCHAR)character;
            put_text(Sink, &spec, wide ? (const void *)&character : (const void *)&narrow, wide, 1);
            break;
        }
        case 's':
        case 'S':
            put_string(Sink, &spec, __builtin_va_arg(arguments, const void *), is_wide_text(&spec, type == 'S', Wide));
            break;
        case 'Z':
            /* %Z is a counted narrow string and %wZ a counted wide one in either kind of format. */
            put_counted(Sink, &spec, __builtin_va_arg(arguments, const UNICODE_STRING *),
                        spec.size == 'w' || spec.size == 'l');
            break;
        case 'n':
            *__builtin_va_arg(arguments, int *) = (int)Sink->Count;
            break;
        case '%':
            put(Sink, '%');
            break;
        default:
            /* Unknown or unfinished: printed as written. */
            while (start.at != r.at) {
                put(Sink, peek(&start, 0));
                skip(&start, 1);
            }
            if (!type)
                goto out;
            put(Sink, type);
            break;
        }
    }
out:
    __builtin_ms_va_end(arguments);
}

/* ---------------------------------------------------------------- sinks */

/* UTF-8 of UTF-16 without joining surrogates: each half becomes a replacement character of three bytes. */
static void put_utf8(PRTLP_SINK sink, ULONG character)
{
    UCHAR bytes[3];
    ULONG count = 1;
    bytes[0] = (UCHAR)character;
    if (character >= 0x800) {
        if (character >= 0xD800 && character < 0xE000)
            character = 0xFFFD;
        bytes[0] = (UCHAR)(0xE0 | character >> 12);
        bytes[1] = (UCHAR)(0x80 | (character >> 6 & 0x3F));
        bytes[2] = (UCHAR)(0x80 | (character & 0x3F));
        count = 3;
    } else if (character >= 0x80) {
        bytes[0] = (UCHAR)(0xC0 | character >> 6);
        bytes[1] = (UCHAR)(0x80 | (character & 0x3F));
        count = 2;
    }
    SIZE_T *length = &sink->Room;
    UCHAR *buffer = ((UCHAR **)sink->Context)[0];
    SIZE_T limit = (SIZE_T)((UCHAR **)sink->Context)[1];
    if (*length + count <= limit)
        for (ULONG i = 0; i < count; i++)
            buffer[*length + i] = bytes[i];
    *length += count;
}

SIZE_T RtlpFormatUtf8(char *Buffer, SIZE_T Bytes, const char *Format, __builtin_ms_va_list Arguments)
{
    PVOID context[2] = {Buffer, (PVOID)(Bytes ? Bytes - 1 : 0)};
    RTLP_SINK sink = {.Put = put_utf8, .Context = context};
    RtlpFormat(&sink, Format, FALSE, Arguments);
    if (Bytes)
        Buffer[sink.Room < Bytes - 1 ? sink.Room : Bytes - 1] = 0;
    return sink.Room;
}
