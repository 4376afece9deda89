/* SPDX-License-Identifier: MIT */
/*
 * The sentence that says why an image was refused. A formatter of its own, because this layer has neither the
 * kernel's nor libc's. Text that comes from the image is cut and cleaned, so that a hostile name cannot spoil
 * a report.
 */
#include "pe.h"

#include <stdarg.h>

#define LONGEST_STRING 96

struct out {
    char *at, *end;
};

static void put(struct out *out, char c)
{
    if (out->at < out->end)
        *out->at++ = c;
}

static void put_text(struct out *out, const char *text)
{
    for (unsigned i = 0; text[i]; i++) {
        if (i == LONGEST_STRING) {
            put(out, '.');
            put(out, '.');
            put(out, '.');
            return;
        }
        put(out, text[i] >= 0x20 && text[i] < 0x7f ? text[i] : '?');
    }
}

static void put_number(struct out *out, uint64_t value, unsigned base)
{
    char digits[24];
    unsigned count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value);
    if (base == 16) {
        put(out, '0');
        put(out, 'x');
    }
    while (count)
        put(out, digits[--count]);
}

int32_t ldr_fail(struct ldr_error *why, int32_t status, const char *format, ...)
{
    if (!why)
        return status;
    struct out out = {why->text, why->text + sizeof why->text - 1};
    va_list arguments;
    va_start(arguments, format);
    for (const char *f = format; *f; f++) {
        if (*f != '%') {
            put(&out, *f);
            continue;
        }
        bool wide = *++f == 'l';
        if (wide)
            f++;
        if (*f == 's') {
            const char *text = va_arg(arguments, const char *);
            put_text(&out, text ? text : "(none)");
        } else if (*f == 'u' || *f == 'x') {
            uint64_t value = wide ? va_arg(arguments, uint64_t) : va_arg(arguments, uint32_t);
            put_number(&out, value, *f == 'x' ? 16 : 10);
        } else {
            put(&out, '%');
        }
    }
    va_end(arguments);
    *out.at = 0;
    why->status = status;
    return status;
}
