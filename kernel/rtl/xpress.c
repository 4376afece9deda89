/* SPDX-License-Identifier: MIT */
/*
 * xpress.c - the plain LZ77 format, XPRESS ([MS-XCA] 2.3 and 2.4).
 *
 * 32 flags, highest first, tell of the next 32 elements which are bytes (0) and which are repetitions (1):
 * distance - 1 in 13 bits and the length less three in three; seven there means more, in a half byte (two of
 * them share a byte), then in a byte, then in 16 bits, then in 32. The last flags are ones: a repetition
 * where the input ends is the end.
 */
#include "lz.h"
#include <nt/rtl_memory.h>

#define WINDOW 8192u

/* ---- compression ---- */

struct writer {
    UCHAR *to;
    ULONG room, at;
    ULONG half; /* where the half byte is that the next one completes; 0: none */
    bool full;
};

static void put(struct writer *w, ULONG value, ULONG bytes)
{
    if (w->room - w->at < bytes) {
        w->full = true;
        return;
    }
    for (ULONG i = 0; i < bytes; i++) {
        w->to[w->at++] = (UCHAR)(value >> 8 * i);
    }
}

static void put_half(struct writer *w, ULONG value)
{
    if (w->half != 0) {
        w->to[w->half] |= (UCHAR)(value << 4);
        w->half = 0;
    } else {
        ULONG at = w->at;
        put(w, value, 1);
        w->half = w->full ? 0 : at;
    }
}

static void put_match(struct writer *w, ULONG distance, ULONG length)
{
    length -= RTLP_LZ_MIN_MATCH;
    put(w, (distance - 1) << 3 | (length < 7 ? length : 7), 2);
    if (length < 7) {
        return;
    }
    put_half(w, length - 7 < 15 ? length - 7 : 15);
    if (length - 7 < 15) {
        return;
    }
    put(w, length - 22 < 255 ? length - 22 : 255, 1);
    if (length - 22 < 255) {
        return;
    }
    if (length < 0x10000) {
        put(w, length, 2);
    } else {
        put(w, 0, 2);
        put(w, length, 4);
    }
}

static void store_flags(struct writer *w, ULONG at, ULONG flags)
{
    for (ULONG i = 0; i < 4; i++) {
        w->to[at + i] = (UCHAR)(flags >> 8 * i);
    }
}

NTSTATUS RtlpXpressCompress(RTLP_LZ *Lz, const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, bool Thorough,
                            PULONG Made)
{
    struct writer w = {.to = To, .room = Room};
    ULONG flags = 0, count = 0, flags_at = 0, at = 0;
    RtlpLzBegin(Lz, From, Size, WINDOW, Thorough);
    put(&w, 0, 4);
    while (at < Size && !w.full) {
        ULONG distance = 0, length = at != 0 ? RtlpLzFind(Lz, at, Size, &distance) : 0;
        flags = flags << 1 | (length != 0);
        if (length != 0) {
            put_match(&w, distance, length);
        } else {
            put(&w, From[at], 1);
            length = 1;
        }
        while (length-- != 0) {
            RtlpLzInsert(Lz, at++);
        }
        if (++count == 32) {
            store_flags(&w, flags_at, flags);
            flags = count = 0;
            flags_at = w.at;
            put(&w, 0, 4);
        }
    }
    if (w.full) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    store_flags(&w, flags_at, count == 0 ? MAXULONG : flags << (32 - count) | ((1u << (32 - count)) - 1));
    *Made = w.at;
    return STATUS_SUCCESS;
}

/* ---- decompression ---- */

struct reader {
    const UCHAR *from;
    ULONG size, at;
    ULONG half; /* where the other half byte is; 0: none */
    bool short_of;
};

static ULONG get(struct reader *r, ULONG bytes)
{
    ULONG value = 0;
    if (r->size - r->at < bytes) {
        r->short_of = true;
        r->at = r->size;
        return 0;
    }
    for (ULONG i = 0; i < bytes; i++) {
        value |= (ULONG)r->from[r->at++] << 8 * i;
    }
    return value;
}

/* A length whose first three bits are given. 64 bits: the largest one and its constant do not wrap. */
static ULONGLONG get_length(struct reader *r, ULONG low)
{
    ULONGLONG length = low;
    if (low == 7) {
        if (r->half == 0) {
            r->half = r->at;
            length = get(r, 1) & 15;
        } else {
            length = r->from[r->half] >> 4;
            r->half = 0;
        }
        if (length == 15) {
            length = get(r, 1);
            if (length == 255) {
                length = get(r, 2);
                if (length == 0) {
                    length = get(r, 4);
                }
                if (length < 15 + 7) {
                    r->short_of = true;
                    return 0;
                }
                length -= 15 + 7;
            }
            length += 15;
        }
        length += 7;
    }
    return length + RTLP_LZ_MIN_MATCH;
}

NTSTATUS RtlpXpressDecompress(const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, PULONG Made)
{
    struct reader r = {.from = From, .size = Size};
    ULONG flags = 0, count = 0, out = 0;
    for (;;) {
        if (count == 0) {
            if (r.at == Size && out == Room) {
                break;
            }
            flags = get(&r, 4);
            count = 32;
        }
        count--;
        if (r.short_of) {
            return STATUS_BAD_COMPRESSION_BUFFER;
        }
        if ((flags >> count & 1) == 0) {
            ULONG byte = get(&r, 1);
            if (r.short_of || out == Room) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            To[out++] = (UCHAR)byte;
        } else if (r.at == Size) {
            break;
        } else {
            ULONG token = get(&r, 2), distance = (token >> 3) + 1;
            ULONGLONG length = get_length(&r, token & 7);
            if (r.short_of || distance > out || length > Room - out) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            RtlpLzCopy(To + out, distance, (ULONG)length);
            out += (ULONG)length;
        }
    }
    *Made = out;
    return STATUS_SUCCESS;
}
