/* SPDX-License-Identifier: MIT */
/* Command text to words and data; see words.h. */
#include "words.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(struct parse_error *error, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static bool fail(struct parse_error *error, unsigned column, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->column = column;
    return false;
}

bool words_split(const char *line, const char *line_start, struct word *words, unsigned *count, const char **next,
                 struct parse_error *error)
{
    const char *p = line;
    unsigned n = 0;
    *next = NULL;
    for (;;) {
        while (*p == ' ' || *p == '\t' || *p == '\r')
            p++;
        if (*p == 0 || *p == '\n' || *p == '#')
            break;
        if (*p == ';') {
            *next = p + 1;
            break;
        }
        const char *start = p;
        unsigned parentheses = 0;
        while (*p && *p != '\n' && *p != '\r') {
            if (*p == '"') {
                const char *quote = p++;
                while (*p && *p != '"' && *p != '\n')
                    p += *p == '\\' && p[1] && p[1] != '\n' ? 2 : 1;
                if (*p != '"')
                    return fail(error, (unsigned)(quote - line_start) + 1, "this quote is not closed");
                p++;
                continue;
            }
            if (*p == '(')
                parentheses++;
            if (*p == ')' && parentheses)
                parentheses--;
            if (!parentheses && (*p == ' ' || *p == '\t' || *p == ';'))
                break;
            p++;
        }
        unsigned column = (unsigned)(start - line_start) + 1;
        if (n == MAX_WORDS)
            return fail(error, column, "more than %u words in one command", MAX_WORDS);
        words[n++] = (struct word){.text = start, .length = (size_t)(p - start), .column = column};
    }
    *count = n;
    return true;
}

/* Decode one character of a quoted string at *p (before `end`). */
static bool unescape(const char **p, const char *end, unsigned column, uint8_t *out, struct parse_error *error)
{
    const char *s = *p;
    if (*s != '\\' || s + 1 == end) {
        *out = (uint8_t)*s;
        *p = s + 1;
        return true;
    }
    s++;
    switch (*s) {
    case 'n':
        *out = '\n';
        break;
    case 'r':
        *out = '\r';
        break;
    case 't':
        *out = '\t';
        break;
    case '0':
        *out = 0;
        break;
    case '\\':
    case '"':
        *out = (uint8_t)*s;
        break;
    case 'x': {
        if (end - s < 3 || !isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
            return fail(error, column, "\\x wants two hexadecimal digits");
        char digits[3] = {s[1], s[2], 0};
        *out = (uint8_t)strtoul(digits, NULL, 16);
        s += 2;
        break;
    }
    default:
        return fail(error, column, "unknown escape \\%c (known: \\n \\r \\t \\0 \\\\ \\\" \\xNN)", *s);
    }
    *p = s + 1;
    return true;
}

bool word_text(const struct word *word, char *buffer, size_t bytes, struct parse_error *error)
{
    const char *p = word->text, *end = p + word->length;
    size_t n = 0;
    bool quoted = false;
    while (p < end) {
        if (*p == '"') {
            quoted = !quoted;
            p++;
            continue;
        }
        /* Device names are full of backslashes: escapes count in quotes only when they are known ones. */
        uint8_t c = (uint8_t)*p;
        if (quoted && *p == '\\' && p + 1 < end && (p[1] == '"' || p[1] == '\\' || p[1] == 'n' || p[1] == 't')) {
            if (!unescape(&p, end, word->column + (unsigned)(p - word->text), &c, error))
                return false;
        } else {
            p++;
        }
        if (n + 1 >= bytes)
            return fail(error, word->column, "longer than %zu characters", bytes - 1);
        buffer[n++] = (char)c;
    }
    buffer[n] = 0;
    return true;
}

bool word_is(const struct word *word, const char *text)
{
    return strlen(text) == word->length && !strncasecmp(word->text, text, word->length);
}

/* A number that ends exactly at `end`. */
static bool number(const char *text, const char *end, unsigned column, uint64_t *value, struct parse_error *error)
{
    char buffer[32], *stop;
    size_t length = (size_t)(end - text);
    if (length == 0 || length >= sizeof buffer || !isdigit((unsigned char)text[0]))
        return fail(error, column, "'%.*s' is not a number", (int)(length > 40 ? 40 : length), text);
    memcpy(buffer, text, length);
    buffer[length] = 0;
    errno = 0;
    *value = strtoull(buffer, &stop, buffer[0] == '0' && (buffer[1] == 'x' || buffer[1] == 'X') ? 16 : 10);
    unsigned shift = *stop == 'k' ? 10 : *stop == 'm' ? 20 : *stop == 'g' ? 30 : 0;
    if (shift)
        stop++;
    if (*stop || errno == ERANGE || (shift && *value > UINT64_MAX >> shift))
        return fail(error, column, "'%s' is not a number", buffer);
    *value <<= shift;
    return true;
}

bool word_number(const struct word *word, uint64_t *value, struct parse_error *error)
{
    return number(word->text, word->text + word->length, word->column, value, error);
}

bool word_duration_ns(const struct word *word, uint64_t *nanoseconds, struct parse_error *error)
{
    static const struct {
        const char *suffix;
        uint64_t ns;
    } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}};
    const char *end = word->text + word->length;
    uint64_t unit = 1000000;
    for (unsigned i = 0; i < 4; i++) {
        size_t n = strlen(units[i].suffix);
        if (word->length > n && !strncmp(end - n, units[i].suffix, n)) {
            unit = units[i].ns;
            end -= n;
            break;
        }
    }
    if (!number(word->text, end, word->column, nanoseconds, error))
        return false;
    if (*nanoseconds > UINT64_MAX / 1000 / unit)
        return fail(error, word->column, "that is more time than a machine has");
    *nanoseconds *= unit;
    return true;
}

/* ---------------------------------------------------------------- data */

struct bytes {
    uint8_t *data;
    size_t length, room;
};

#define MAX_DATA (64u << 20)

static bool put(struct bytes *b, const void *data, size_t length, unsigned column, struct parse_error *error)
{
    if (length > MAX_DATA || b->length + length > MAX_DATA)
        return fail(error, column, "more than 64 MB of data");
    if (b->length + length > b->room) {
        size_t room = (b->length + length) * 2 + 16;
        uint8_t *grown = realloc(b->data, room);
        if (!grown)
            return fail(error, column, "out of memory");
        b->data = grown;
        b->room = room;
    }
    if (data)
        memcpy(b->data + b->length, data, length);
    else
        memset(b->data + b->length, 0, length);
    b->length += length;
    return true;
}

static bool put_quoted(struct bytes *b, const char *text, const char *end, unsigned column, bool wide,
                       struct parse_error *error)
{
    const char *p = text;
    while (p < end) {
        uint8_t pair[2] = {0, 0};
        unsigned at = column + (unsigned)(p - text);
        if (wide && (uint8_t)*p >= 0x80) {
            /* UTF-8 of the basic plane; others become a surrogate pair. */
            static const uint8_t masks[] = {0x7F, 0, 0x1F, 0x0F, 0x07};
            unsigned n = (uint8_t)*p >= 0xF0 ? 4 : (uint8_t)*p >= 0xE0 ? 3 : 2;
            if (end - p < n)
                return fail(error, at, "not UTF-8");
            uint32_t c = (uint8_t)*p & masks[n];
            for (unsigned i = 1; i < n; i++)
                c = c << 6 | ((uint8_t)p[i] & 0x3F);
            p += n;
            uint16_t units[2] = {(uint16_t)c, 0};
            size_t count = 1;
            if (c >= 0x10000) {
                units[0] = (uint16_t)(0xD800 + ((c - 0x10000) >> 10));
                units[1] = (uint16_t)(0xDC00 + ((c - 0x10000) & 0x3FF));
                count = 2;
            }
            if (!put(b, units, count * 2, at, error))
                return false;
            continue;
        }
        if (!unescape(&p, end, at, &pair[0], error) || !put(b, pair, wide ? 2 : 1, at, error))
            return false;
    }
    return true;
}

static bool put_hex(struct bytes *b, const char *text, const char *end, unsigned column, struct parse_error *error)
{
    for (const char *p = text; p < end; p += 2) {
        while (p < end && (*p == '_' || *p == ',' || *p == ' '))
            p++;
        if (p == end)
            break;
        if (end - p < 2 || !isxdigit((unsigned char)p[0]) || !isxdigit((unsigned char)p[1]))
            return fail(error, column + (unsigned)(p - text), "hex wants pairs of hexadecimal digits");
        char digits[3] = {p[0], p[1], 0};
        uint8_t value = (uint8_t)strtoul(digits, NULL, 16);
        if (!put(b, &value, 1, column, error))
            return false;
    }
    return true;
}

static bool put_file(struct bytes *b, const char *text, const char *end, unsigned column, struct parse_error *error)
{
    char path[1024], chunk[65536];
    snprintf(path, sizeof path, "%.*s", (int)(end - text), text);
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(error, column, "%.200s: %s", path, strerror(errno));
    size_t n;
    bool ok = true;
    while (ok && (n = fread(chunk, 1, sizeof chunk, file)) > 0)
        ok = put(b, chunk, n, column, error);
    if (ok && ferror(file))
        ok = fail(error, column, "%.200s: cannot be read", path);
    fclose(file);
    return ok;
}

static bool prefixed(const char *text, const char *end, const char *prefix, const char **rest)
{
    size_t n = strlen(prefix);
    if ((size_t)(end - text) < n || strncmp(text, prefix, n))
        return false;
    *rest = text + n;
    return true;
}

static bool put_piece(struct bytes *b, const char *text, const char *end, unsigned column, struct parse_error *error)
{
    const char *rest;
    uint64_t value, count;
    if (*text == '"')
        return put_quoted(b, text + 1, end - 1, column + 1, false, error);
    if (prefixed(text, end, "L\"", &rest))
        return put_quoted(b, rest, end - 1, column + 2, true, error);
    if (prefixed(text, end, "hex:", &rest))
        return put_hex(b, rest, end, column + 4, error);
    if (prefixed(text, end, "file:", &rest))
        return put_file(b, rest, end, column + 5, error);
    static const struct {
        const char *prefix;
        unsigned bytes;
    } integers[] = {{"u8:", 1}, {"u16:", 2}, {"u32:", 4}, {"u64:", 8}};
    for (unsigned i = 0; i < 4; i++)
        if (prefixed(text, end, integers[i].prefix, &rest)) {
            unsigned at = column + (unsigned)(rest - text);
            if (!number(rest, end, at, &value, error))
                return false;
            if (integers[i].bytes < 8 && value >> (8 * integers[i].bytes))
                return fail(error, at, "does not fit in %u bits", 8 * integers[i].bytes);
            return put(b, &value, integers[i].bytes, at, error);
        }
    if (prefixed(text, end, "zeros:", &rest))
        return number(rest, end, column + 6, &count, error) && put(b, NULL, count, column, error);
    if (prefixed(text, end, "fill:", &rest)) {
        const char *colon = memchr(rest, ':', (size_t)(end - rest));
        if (!colon)
            return fail(error, column, "fill wants fill:COUNT:BYTE");
        if (!number(rest, colon, column + 5, &count, error) || !number(colon + 1, end, column, &value, error))
            return false;
        if (value > 255)
            return fail(error, column, "a fill byte is at most 255");
        size_t from = b->length;
        if (!put(b, NULL, count, column, error))
            return false;
        if (b->data)
            memset(b->data + from, (int)value, count);
        return true;
    }
    return put(b, text, (size_t)(end - text), column, error);
}

bool word_data(const struct word *word, uint8_t **data, size_t *bytes, struct parse_error *error)
{
    struct bytes b = {0};
    const char *p = word->text, *end = p + word->length;
    while (p < end) {
        const char *start = p;
        while (p < end && *p != '+') {
            if (*p == '"') {
                p++;
                while (p < end && *p != '"')
                    p += *p == '\\' ? 2 : 1;
            }
            p++;
        }
        if (p > end)
            p = end;
        unsigned column = word->column + (unsigned)(start - word->text);
        if (start == p) {
            fail(error, column, "an empty piece of data");
            goto bad;
        }
        if (!put_piece(&b, start, p, column, error))
            goto bad;
        if (p < end && ++p == end) {
            fail(error, column, "data ends with +");
            goto bad;
        }
    }
    *data = b.data;
    *bytes = b.length;
    return true;
bad:
    free(b.data);
    return false;
}

/* ---------------------------------------------------------------- control codes */

struct named_number {
    const char *name;
    uint32_t value;
};

static bool named(const char *text, const char *end, unsigned column, const struct named_number *names,
                  uint64_t limit, uint32_t *value, struct parse_error *error)
{
    while (text < end && *text == ' ')
        text++;
    while (end > text && end[-1] == ' ')
        end--;
    for (; names && names->name; names++)
        if (strlen(names->name) == (size_t)(end - text) && !strncasecmp(text, names->name, (size_t)(end - text))) {
            *value = names->value;
            return true;
        }
    uint64_t wide;
    if (!number(text, end, column, &wide, error))
        return false;
    if (wide > limit)
        return fail(error, column, "%llu is too large here", (unsigned long long)wide);
    *value = (uint32_t)wide;
    return true;
}

bool word_ioctl(const struct word *word, uint32_t *code, struct parse_error *error)
{
    static const struct named_number methods[] = {
        {"buffered", 0}, {"in_direct", 1}, {"out_direct", 2}, {"neither", 3}, {NULL, 0}};
    static const struct named_number accesses[] = {{"any", 0}, {"read", 1}, {"write", 2}, {"readwrite", 3}, {NULL, 0}};
    static const uint64_t limits[] = {0xFFFF, 0xFFF, 3, 3};
    const char *end = word->text + word->length, *rest;
    if (!prefixed(word->text, end, "ctl(", &rest)) {
        uint64_t value;
        if (!word_number(word, &value, error))
            return false;
        if (value > UINT32_MAX)
            return fail(error, word->column, "a control code has 32 bits");
        *code = (uint32_t)value;
        return true;
    }
    if (end[-1] != ')')
        return fail(error, word->column, "ctl( is not closed");
    end--;
    uint32_t parts[4];
    for (unsigned i = 0; i < 4; i++) {
        const char *comma = i < 3 ? memchr(rest, ',', (size_t)(end - rest)) : end;
        unsigned column = word->column + (unsigned)(rest - word->text);
        if (!comma)
            return fail(error, column, "ctl wants ctl(device,function,method,access)");
        const struct named_number *names = i == 2 ? methods : i == 3 ? accesses : NULL;
        if (!named(rest, comma, column, names, limits[i], &parts[i], error))
            return false;
        rest = comma + 1;
    }
    *code = parts[0] << 16 | parts[3] << 14 | parts[1] << 2 | parts[2];
    return true;
}
