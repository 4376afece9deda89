/* SPDX-License-Identifier: MIT */
/*
 * format.c - printf as NT knows it.
 *
 * A conversion is %[flags][width][.precision][size]type. Beyond the C standard:
 *   sizes   I64 I32 I (pointer-sized), w and l (wide character or string), h (narrow)
 *   %s %c   in the width of the function; %S %C in the other one; a size decides for either
 *   %Z      counted string: narrow (ANSI_STRING *) for byte functions, wide for wide ones; %wZ and %lZ UNICODE_STRING *,
 *           %hZ ANSI_STRING *
 *   %p      sixteen capital hexadecimal digits
 * A null string prints as (null). %n stores nothing.
 *
 * The engine works on one unit at a time through emit(), which counts what does not fit, so that the callers can tell
 * truncation from success.
 */
#include "codepage.h"

/* One parsed conversion. */
struct conversion {
    bool left, plus, space, alternate, zero;
    bool has_precision;
    LONG width;
    LONG precision;
    enum { size_int, size_short, size_char, size_int64 } integer;
    enum { text_default, text_narrow, text_wide } text;
};

static void emit(PRTLP_OUTPUT out, ULONG unit)
{
    if (out->Count < out->Capacity) {
        if (out->Encoding == RtlpEncodeWide) {
            ((WCHAR *)out->Buffer)[out->Count] = (WCHAR)unit;
        } else {
            ((UCHAR *)out->Buffer)[out->Count] = (UCHAR)unit;
        }
    }
    out->Count++;
}

static void emit_repeated(PRTLP_OUTPUT out, CHAR unit, LONG count)
{
    for (; count > 0; count--) {
        emit(out, (UCHAR)unit);
    }
}

/* How many units a wide character, or a pair of surrogates at *text, takes; emits them unless only measuring.
 */
static ULONG put_wide(PRTLP_OUTPUT out, const WCHAR *text, SIZE_T left, SIZE_T *used, bool measure)
{
    ULONG c = text[0];
    *used = 1;
    if (out->Encoding == RtlpEncodeWide) {
        if (!measure) {
            emit(out, c);
        }
        return 1;
    }
    if (out->Encoding == RtlpEncodeAnsi) {
        if (!measure) {
            emit(out, RtlpAnsiFromWide((WCHAR)c));
        }
        return 1;
    }
    if (c >= 0xD800 && c < 0xE000) {
        if (c < 0xDC00 && left > 1 && text[1] >= 0xDC00 && text[1] < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (text[1] - 0xDC00u);
            *used = 2;
        } else {
            c = 0xFFFD;
        }
    }
    UCHAR bytes[4];
    ULONG count = RtlpEncodeUtf8Character(c, bytes);
    if (!measure) {
        for (ULONG i = 0; i < count; i++) {
            emit(out, bytes[i]);
        }
    }
    return count;
}

static void put_padded_left(PRTLP_OUTPUT out, const struct conversion *cv, LONG length)
{
    if (!cv->left) {
        emit_repeated(out, cv->zero ? '0' : ' ', cv->width - length);
    }
}

static void put_padded_right(PRTLP_OUTPUT out, const struct conversion *cv, LONG length)
{
    if (cv->left) {
        emit_repeated(out, ' ', cv->width - length);
    }
}

/* `limit` units of text at most; a terminator ends it when `terminated`. */
static void put_narrow_text(PRTLP_OUTPUT out, const struct conversion *cv, const CHAR *text, SIZE_T limit,
                            bool terminated)
{
    SIZE_T length = 0;
    while (length < limit && (!terminated || text[length] != 0)) {
        length++;
    }
    put_padded_left(out, cv, (LONG)length);
    for (SIZE_T i = 0; i < length; i++) {
        emit(out, out->Encoding == RtlpEncodeWide ? RtlpWideFromAnsi((UCHAR)text[i]) : (UCHAR)text[i]);
    }
    put_padded_right(out, cv, (LONG)length);
}

static void put_wide_text(PRTLP_OUTPUT out, const struct conversion *cv, const WCHAR *text, SIZE_T limit,
                          bool terminated)
{
    SIZE_T length = 0, used;
    LONG units = 0;
    while (length < limit && (!terminated || text[length] != 0)) {
        length++;
    }
    for (SIZE_T i = 0; i < length; i += used) {
        units += (LONG)put_wide(out, text + i, length - i, &used, true);
    }
    put_padded_left(out, cv, units);
    for (SIZE_T i = 0; i < length; i += used) {
        put_wide(out, text + i, length - i, &used, false);
    }
    put_padded_right(out, cv, units);
}

static void put_string(PRTLP_OUTPUT out, const struct conversion *cv, const VOID *text, bool wide)
{
    SIZE_T limit = cv->has_precision ? (SIZE_T)cv->precision : (SIZE_T)-1;
    if (text == NULL) {
        put_narrow_text(out, cv, "(null)", limit, true);
    } else if (wide) {
        put_wide_text(out, cv, text, limit, true);
    } else {
        put_narrow_text(out, cv, text, limit, true);
    }
}

static void put_counted_string(PRTLP_OUTPUT out, const struct conversion *cv, const STRING *string, bool wide)
{
    SIZE_T limit;
    if (string == NULL || string->Buffer == NULL) {
        put_string(out, cv, NULL, false);
        return;
    }
    limit = wide ? string->Length / sizeof(WCHAR) : string->Length;
    if (cv->has_precision && (SIZE_T)cv->precision < limit) {
        limit = (SIZE_T)cv->precision;
    }
    if (wide) {
        put_wide_text(out, cv, (const WCHAR *)(const VOID *)string->Buffer, limit, false);
    } else {
        put_narrow_text(out, cv, string->Buffer, limit, false);
    }
}

static void put_character(PRTLP_OUTPUT out, const struct conversion *cv, ULONG64 value, bool wide)
{
    struct conversion blank = *cv;
    if (wide) {
        WCHAR c = (WCHAR)value;
        put_wide_text(out, &blank, &c, 1, false);
    } else {
        CHAR c = (CHAR)value;
        put_narrow_text(out, &blank, &c, 1, false);
    }
}

/* Sign or prefix, zeros, digits. A precision turns the zero flag off; precision zero prints nothing for zero.
 */
static void put_integer(PRTLP_OUTPUT out, const struct conversion *cv, ULONG64 value, ULONG base,
                        bool capitals, bool negative, bool is_signed)
{
    const CHAR *digit = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
    CHAR digits[24], prefix[3];
    LONG count = 0, prefix_length = 0, zeros, body;
    bool is_zero = value == 0;

    for (; value != 0; value /= base) {
        digits[count++] = digit[value % base];
    }
    if (is_zero && !(cv->has_precision && cv->precision == 0)) {
        digits[count++] = '0';
    }
    if (is_signed && (negative || cv->plus || cv->space)) {
        prefix[prefix_length++] = negative ? '-' : (cv->plus ? '+' : ' ');
    }
    if (cv->alternate && base == 16 && !is_zero) {
        prefix[prefix_length++] = '0';
        prefix[prefix_length++] = capitals ? 'X' : 'x';
    }
    zeros = cv->has_precision ? cv->precision - count : 0;
    if (cv->alternate && base == 8 && zeros < 1 && (count == 0 || digits[count - 1] != '0')) {
        zeros = 1;
    }
    if (zeros < 0) {
        zeros = 0;
    }
    body = prefix_length + zeros + count;
    if (cv->zero && !cv->left && !cv->has_precision && cv->width > body) {
        zeros += cv->width - body;
        body = cv->width;
    }
    if (!cv->left) {
        emit_repeated(out, ' ', cv->width - body);
    }
    for (LONG i = 0; i < prefix_length; i++) {
        emit(out, (UCHAR)prefix[i]);
    }
    emit_repeated(out, '0', zeros);
    while (count != 0) {
        emit(out, (UCHAR)digits[--count]);
    }
    put_padded_right(out, cv, body);
}

static void put_signed(PRTLP_OUTPUT out, const struct conversion *cv, ULONG64 raw)
{
    LONG64 value;
    switch (cv->integer) {
    case size_int64:
        value = (LONG64)raw;
        break;
    case size_short:
        value = (SHORT)raw;
        break;
    case size_char:
        value = (signed char)raw;
        break;
    default:
        value = (LONG)raw;
        break;
    }
    put_integer(out, cv, value < 0 ? 0 - (ULONG64)value : (ULONG64)value, 10, false, value < 0, true);
}

static void put_unsigned(PRTLP_OUTPUT out, const struct conversion *cv, ULONG64 raw, ULONG base,
                         bool capitals)
{
    ULONG64 value;
    switch (cv->integer) {
    case size_int64:
        value = raw;
        break;
    case size_short:
        value = (USHORT)raw;
        break;
    case size_char:
        value = (UCHAR)raw;
        break;
    default:
        value = (ULONG)raw;
        break;
    }
    put_integer(out, cv, value, base, capitals, false, false);
}

/* ---- parsing ---- */

struct reader {
    const VOID *format;
    bool wide;
    SIZE_T at;
};

static ULONG peek(const struct reader *in, SIZE_T ahead)
{
    return in->wide ? ((const WCHAR *)in->format)[in->at + ahead]
                    : ((const UCHAR *)in->format)[in->at + ahead];
}

static LONG read_number(struct reader *in)
{
    LONG number = 0;
    for (; peek(in, 0) >= '0' && peek(in, 0) <= '9'; in->at++) {
        if (number < 100000000) {
            number = number * 10 + (LONG)(peek(in, 0) - '0');
        }
    }
    return number;
}

static void read_flags(struct reader *in, struct conversion *cv)
{
    for (;; in->at++) {
        switch (peek(in, 0)) {
        case '-':
            cv->left = true;
            break;
        case '+':
            cv->plus = true;
            break;
        case ' ':
            cv->space = true;
            break;
        case '#':
            cv->alternate = true;
            break;
        case '0':
            cv->zero = true;
            break;
        default:
            return;
        }
    }
}

static void read_size(struct reader *in, struct conversion *cv)
{
    for (;;) {
        switch (peek(in, 0)) {
        case 'h':
            cv->text = text_narrow;
            cv->integer = cv->integer == size_short ? size_char : size_short;
            break;
        case 'l':
            cv->text = text_wide;
            if (peek(in, 1) == 'l') {
                cv->integer = size_int64;
                in->at++;
            }
            break;
        case 'w':
            cv->text = text_wide;
            break;
        case 'j':
        case 'z':
        case 't':
        case 'L':
            cv->integer = size_int64;
            break;
        case 'I':
            if (peek(in, 1) == '6' && peek(in, 2) == '4') {
                cv->integer = size_int64;
                in->at += 2;
            } else if (peek(in, 1) == '3' && peek(in, 2) == '2') {
                cv->integer = size_int;
                in->at += 2;
            } else {
                cv->integer = size_int64;
            }
            break;
        default:
            return;
        }
        in->at++;
    }
}

static bool is_wide(const struct conversion *cv, bool by_default)
{
    return cv->text == text_default ? by_default : cv->text == text_wide;
}

/* One conversion, from behind its percent sign. */
static void convert(PRTLP_OUTPUT out, struct reader *in, NT_VA_LIST *arguments)
{
    struct conversion cv = {0};
    bool wide = out->Encoding == RtlpEncodeWide;
    ULONG type;

    read_flags(in, &cv);
    if (peek(in, 0) == '*') {
        cv.width = __builtin_va_arg(*arguments, LONG);
        in->at++;
        if (cv.width < 0) {
            cv.left = true;
            cv.width = -cv.width;
        }
    } else {
        cv.width = read_number(in);
    }
    if (peek(in, 0) == '.') {
        in->at++;
        cv.has_precision = true;
        if (peek(in, 0) == '*') {
            cv.precision = __builtin_va_arg(*arguments, LONG);
            in->at++;
            cv.has_precision = cv.precision >= 0;
        } else {
            cv.precision = read_number(in);
        }
    }
    read_size(in, &cv);

    type = peek(in, 0);
    if (type == 0) {
        return;
    }
    in->at++;
    switch (type) {
    case 'd':
    case 'i':
        put_signed(out, &cv, __builtin_va_arg(*arguments, ULONG64));
        break;
    case 'u':
        put_unsigned(out, &cv, __builtin_va_arg(*arguments, ULONG64), 10, false);
        break;
    case 'x':
        put_unsigned(out, &cv, __builtin_va_arg(*arguments, ULONG64), 16, false);
        break;
    case 'X':
        put_unsigned(out, &cv, __builtin_va_arg(*arguments, ULONG64), 16, true);
        break;
    case 'o':
        put_unsigned(out, &cv, __builtin_va_arg(*arguments, ULONG64), 8, false);
        break;
    case 'p':
        cv.integer = size_int64;
        cv.has_precision = true;
        cv.precision = 16;
        put_unsigned(out, &cv, __builtin_va_arg(*arguments, ULONG64), 16, true);
        break;
    case 'c':
        put_character(out, &cv, __builtin_va_arg(*arguments, ULONG64), is_wide(&cv, wide));
        break;
    case 'C':
        put_character(out, &cv, __builtin_va_arg(*arguments, ULONG64), is_wide(&cv, !wide));
        break;
    case 's':
        put_string(out, &cv, __builtin_va_arg(*arguments, PVOID), is_wide(&cv, wide));
        break;
    case 'S':
        put_string(out, &cv, __builtin_va_arg(*arguments, PVOID), is_wide(&cv, !wide));
        break;
    case 'Z':
        put_counted_string(out, &cv, __builtin_va_arg(*arguments, PVOID), is_wide(&cv, wide));
        break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
    case 'a':
    case 'A':
        (void)__builtin_va_arg(*arguments, ULONG64);
        emit(out, type);
        break;
    case 'n':
        (void)__builtin_va_arg(*arguments, PVOID);
        break;
    default:
        emit(out, type);
        break;
    }
}

VOID RtlpFormat(PRTLP_OUTPUT Output, const VOID *Format, NT_VA_LIST Arguments)
{
    struct reader in = {Format, Output->Encoding == RtlpEncodeWide, 0};
    ULONG unit;
    while ((unit = peek(&in, 0)) != 0) {
        in.at++;
        if (unit != '%') {
            emit(Output, unit);
        } else {
            convert(Output, &in, &Arguments);
        }
    }
}

SIZE_T RtlpFormatUtf8(char *Buffer, SIZE_T Bytes, const char *Format, NT_VA_LIST Arguments)
{
    RTLP_OUTPUT output = {RtlpEncodeUtf8, Buffer, Bytes != 0 ? Bytes - 1 : 0, 0};
    RtlpFormat(&output, Format, Arguments);
    if (Bytes != 0) {
        Buffer[output.Count < Bytes - 1 ? output.Count : Bytes - 1] = 0;
    }
    return output.Count;
}
