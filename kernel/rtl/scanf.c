/* SPDX-License-Identifier: MIT */
/*
 * scanf.c - reading formatted text: sscanf_s, swscanf_s, _snscanf_s, _snwscanf_s.
 *
 * One engine for narrow and wide input and format. As in the Microsoft run time, %c, %s and %[ take a second
 * argument, the room in characters of the text's type; what does not fit is an error that ends the call, with
 * an empty text for %s and %[. The result is how many arguments were filled, or EOF when the input ended
 * before the first. There are no floating-point conversions: one ends the call. Characters of the other width
 * go through the ANSI code page.
 */
#include "codepage.h"
#include "rtlp.h"

#define END_OF_FILE (-1)
#define NO_WIDTH    (~(SIZE_T)0)

/* Units of either width. */
struct units {
    const VOID *text;
    bool wide;
    SIZE_T at, count;
};

static ULONG unit_at(const struct units *u, SIZE_T at)
{
    if (at >= u->count) {
        return 0;
    }
    return u->wide ? ((const WCHAR *)u->text)[at] : ((const UCHAR *)u->text)[at];
}

static ULONG peek(const struct units *u)
{
    return unit_at(u, u->at);
}

static bool is_space(ULONG c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void skip_spaces(struct units *u)
{
    while (is_space(peek(u))) {
        u->at++;
    }
}

/* ---- one conversion ---- */

struct conversion {
    bool suppress;
    bool wide;    /* the text that %c, %s and %[ store */
    SIZE_T width; /* NO_WIDTH: not given */
    ULONG bytes;  /* of an integer */
    ULONG type;
    SIZE_T set, set_end; /* of %[ in the format */
    bool negated;
};

/* What is between the percent sign and the type. */
static void read_modifiers(struct units *format, struct conversion *c)
{
    bool narrow = false, wide = false;
    c->bytes = 4;
    c->width = NO_WIDTH;
    if (peek(format) == '*') {
        c->suppress = true;
        format->at++;
    }
    while (peek(format) >= '0' && peek(format) <= '9') {
        c->width = (c->width == NO_WIDTH ? 0 : c->width * 10) + peek(format) - '0';
        format->at++;
    }
    for (;; format->at++) {
        ULONG m = peek(format);
        if (m == 'h') {
            c->bytes = c->bytes == 2 ? 1 : 2;
            narrow = true;
        } else if (m == 'l' || m == 'w') {
            c->bytes = wide ? 8 : 4; /* long is 32 bits */
            wide = true;
        } else if (m == 'j' || m == 'z' || m == 't' || m == 'L') {
            c->bytes = 8;
        } else if (m == 'I' && unit_at(format, format->at + 1) == '6' &&
                   unit_at(format, format->at + 2) == '4') {
            c->bytes = 8;
            format->at += 2;
        } else if (m == 'I' && unit_at(format, format->at + 1) == '3' &&
                   unit_at(format, format->at + 2) == '2') {
            format->at += 2;
        } else if (m == 'I') {
            c->bytes = 8;
        } else {
            break;
        }
    }
    c->type = peek(format);
    if (c->type != 0) {
        format->at++;
    }
    c->wide = narrow                               ? false
              : wide                               ? true
              : (c->type == 'C' || c->type == 'S') ? !format->wide
                                                   : format->wide;
    if (c->type == '[') {
        c->negated = peek(format) == '^';
        format->at += c->negated;
        c->set = format->at;
        if (peek(format) == ']') { /* first: itself */
            format->at++;
        }
        while (peek(format) != 0 && peek(format) != ']') {
            format->at++;
        }
        c->set_end = format->at;
        format->at += peek(format) == ']';
    }
}

static bool in_set(const struct units *format, const struct conversion *c, ULONG unit)
{
    bool found = false;
    for (SIZE_T i = c->set; i < c->set_end && !found; i++) {
        ULONG low = unit_at(format, i);
        if (i + 2 < c->set_end && unit_at(format, i + 1) == '-') {
            ULONG high = unit_at(format, i + 2);
            found = low <= high ? unit >= low && unit <= high : unit >= high && unit <= low;
            i += 2;
        } else {
            found = unit == low;
        }
    }
    return found != c->negated;
}

static ULONG digit_value(ULONG c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 99;
}

/* An integer; false when there is none. Overflow wraps, as in the run time's integers of that size. */
static bool read_integer(struct units *in, const struct conversion *c, ULONGLONG *value)
{
    SIZE_T left = c->width, digits = 0;
    ULONG base = c->type == 'o' ? 8 : c->type == 'x' || c->type == 'X' || c->type == 'p' ? 16 : 10;
    bool negative = false;
    skip_spaces(in);
    if (left != 0 && (peek(in) == '-' || peek(in) == '+')) {
        negative = peek(in) == '-';
        in->at++;
        left--;
    }
    if ((base == 16 || c->type == 'i') && left != 0 && peek(in) == '0') {
        ULONG next = unit_at(in, in->at + 1);
        if (left >= 2 && (next == 'x' || next == 'X')) {
            base = 16;
            in->at += 2;
            left -= 2;
        } else if (c->type == 'i') {
            base = 8;
        }
    }
    *value = 0;
    for (; left != 0 && digit_value(peek(in)) < base; left--, digits++) {
        *value = *value * base + digit_value(peek(in));
        in->at++;
    }
    if (negative) {
        *value = 0 - *value;
    }
    return digits != 0;
}

static void store_integer(PVOID to, ULONG bytes, ULONGLONG value)
{
    RtlpMemcpy(to, &value, bytes); /* little-endian: the low bytes */
}

static void store_unit(PVOID to, bool wide, SIZE_T at, ULONG unit, bool from_wide)
{
    if (wide) {
        ((WCHAR *)to)[at] = from_wide ? (WCHAR)unit : RtlpWideFromAnsi((UCHAR)unit);
    } else {
        ((CHAR *)to)[at] = (CHAR)(from_wide ? RtlpAnsiFromWide((WCHAR)unit) : unit);
    }
}

/* %c, %s, %[ into `to` of `room` characters. False: nothing matched, or it does not fit. */
static bool read_text(struct units *in, const struct units *format, const struct conversion *c, PVOID to,
                      SIZE_T room)
{
    bool counted = c->type == 'c' || c->type == 'C';
    SIZE_T most = c->width != NO_WIDTH ? c->width : counted ? 1 : NO_WIDTH, made = 0;
    if (c->type == 's' || c->type == 'S') {
        skip_spaces(in);
    }
    while (made < most && peek(in) != 0) {
        ULONG unit = peek(in);
        if ((c->type == '[' && !in_set(format, c, unit)) || (!counted && c->type != '[' && is_space(unit))) {
            break;
        }
        if (!c->suppress) {
            if (made + !counted >= room) { /* with a terminator, except for %c */
                if (room != 0) {
                    store_unit(to, c->wide, 0, 0, true);
                }
                return false;
            }
            store_unit(to, c->wide, made, unit, in->wide);
        }
        made++;
        in->at++;
    }
    if (made == 0 || (counted && made < most)) {
        return false;
    }
    if (!counted && !c->suppress) {
        store_unit(to, c->wide, made, 0, true);
    }
    return true;
}

static int scan(struct units in, struct units format, __builtin_ms_va_list arguments)
{
    int filled = 0;
    bool tried = false;
    while (peek(&format) != 0) {
        struct conversion c = {0};
        ULONGLONG value;
        ULONG unit = peek(&format);
        if (is_space(unit)) {
            skip_spaces(&format);
            skip_spaces(&in);
            continue;
        }
        format.at++;
        if (unit != '%' || peek(&format) == '%') {
            if (unit == '%') {
                format.at++;
                skip_spaces(&in);
            }
            if (peek(&in) != unit) {
                return filled == 0 && peek(&in) == 0 && !tried ? END_OF_FILE : filled;
            }
            in.at++;
            continue;
        }
        read_modifiers(&format, &c);
        if (c.type == 'n') {
            if (!c.suppress) {
                store_integer(__builtin_va_arg(arguments, PVOID), c.bytes, in.at);
            }
            continue;
        }
        if (c.type != '[' && c.type != 'c' && c.type != 'C') {
            skip_spaces(&in);
        }
        if (peek(&in) == 0) {
            return filled == 0 && !tried ? END_OF_FILE : filled;
        }
        tried = true;
        switch (c.type) {
        case 'd':
        case 'i':
        case 'u':
        case 'o':
        case 'x':
        case 'X':
        case 'p':
            if (!read_integer(&in, &c, &value)) {
                return filled;
            }
            if (!c.suppress) {
                store_integer(__builtin_va_arg(arguments, PVOID), c.type == 'p' ? 8 : c.bytes, value);
                filled++;
            }
            break;
        case 'c':
        case 'C':
        case 's':
        case 'S':
        case '[': {
            PVOID to = c.suppress ? NULL : __builtin_va_arg(arguments, PVOID);
            SIZE_T room = c.suppress ? 0 : __builtin_va_arg(arguments, ULONG);
            if (!read_text(&in, &format, &c, to, room)) {
                return filled;
            }
            filled += !c.suppress;
            break;
        }
        default: /* a conversion that there is not */
            return filled;
        }
    }
    return filled;
}

#define SCAN(Wide, Input, Count, Format)                                                                     \
    struct units in = {(Input), (Wide), 0, (Count)}, format = {(Format), (Wide), 0, ~(SIZE_T)0};             \
    __builtin_ms_va_list arguments;                                                                          \
    int result = END_OF_FILE;                                                                                \
    if ((Input) != NULL && (Format) != NULL) {                                                               \
        __builtin_ms_va_start(arguments, Format);                                                            \
        result = scan(in, format, arguments);                                                                \
        __builtin_ms_va_end(arguments);                                                                      \
    }                                                                                                        \
    return result

int NTAPI nt_sscanf_s(const CHAR *Input, const CHAR *Format, ...)
{
    SCAN(false, Input, ~(SIZE_T)0, Format);
}

int NTAPI nt_swscanf_s(const WCHAR *Input, const WCHAR *Format, ...)
{
    SCAN(true, Input, ~(SIZE_T)0, Format);
}

/* At most Count characters of the input. */
int NTAPI nt__snscanf_s(const CHAR *Input, SIZE_T Count, const CHAR *Format, ...)
{
    SCAN(false, Input, Count, Format);
}

int NTAPI nt__snwscanf_s(const WCHAR *Input, SIZE_T Count, const WCHAR *Format, ...)
{
    SCAN(true, Input, Count, Format);
}
