/* SPDX-License-Identifier: MIT */
/*
 * lznt1.c - the LZNT1 format ([MS-XCA] 2.5).
 *
 * The data are cut into chunks of 4096 bytes, each compressed on its own. A chunk has a header of two bytes:
 * the bytes behind it less one (12 bits), the signature 3 (3 bits), and whether it is compressed. A header of
 * zero ends the buffer. In a compressed chunk a byte of flags, lowest first, tells of the next eight elements
 * which are bytes (0) and which are repetitions (1): distance - 1 and length - 3 in 16 bits, of which the
 * distance has as many as the position in the chunk needs, at least four.
 *
 * A chunk before the last one that holds less than 4096 bytes stands for 4096: the rest of it is zeros.
 */
#include "lz.h"
#include <nt/rtl_memory.h>

#define HEADER     2u
#define SIGNATURE  0x3000u
#define COMPRESSED 0x8000u
#define SIZE_MASK  0x0FFFu

/* Bits of a distance at a position of the chunk (at least 1). */
static ULONG distance_bits(ULONG position)
{
    ULONG bits = position <= 1 ? 0 : 32 - (ULONG)__builtin_clz(position - 1);
    return bits < 4 ? 4 : bits;
}

/* ---- compression ---- */

/* The elements of a chunk; the bytes made, or 0 when they are more than `room`. */
static ULONG encode(RTLP_LZ *lz, ULONG size, UCHAR *to, ULONG room)
{
    ULONG at = 0, out = 0, flags_at = 0, elements = 0;
    while (at < size) {
        ULONG distance = 0, bits = distance_bits(at), length = 0;
        if (elements % 8 == 0) {
            if (out == room) {
                return 0;
            }
            flags_at = out++;
            to[flags_at] = 0;
        }
        if (at != 0) {
            length = RtlpLzFind(lz, at, (1u << (16 - bits)) + RTLP_LZ_MIN_MATCH - 1, &distance);
        }
        if (room - out < (length != 0 ? 2u : 1u)) {
            return 0;
        }
        if (length != 0) {
            ULONG token = (distance - 1) << (16 - bits) | (length - RTLP_LZ_MIN_MATCH);
            to[flags_at] |= (UCHAR)(1u << elements % 8);
            to[out++] = (UCHAR)token;
            to[out++] = (UCHAR)(token >> 8);
        } else {
            to[out++] = lz->Data[at];
            length = 1;
        }
        for (elements++; length != 0; length--) {
            RtlpLzInsert(lz, at++);
        }
    }
    return out;
}

NTSTATUS RtlpLznt1CompressChunk(RTLP_LZ *Lz, const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room,
                                bool Thorough, PULONG Made)
{
    ULONG header, bytes;
    if (Room < HEADER) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlpLzBegin(Lz, From, Size, RTLP_LZNT1_CHUNK, Thorough);
    bytes = encode(Lz, Size, To + HEADER, Room - HEADER < Size ? Room - HEADER : Size - 1);
    if (bytes != 0) {
        header = COMPRESSED | SIGNATURE | (bytes - 1);
    } else if (Room - HEADER >= Size) { /* as it is: it would not get smaller */
        RtlCopyMemory(To + HEADER, From, Size);
        bytes = Size;
        header = SIGNATURE | (bytes - 1);
    } else {
        return STATUS_BUFFER_TOO_SMALL;
    }
    To[0] = (UCHAR)header;
    To[1] = (UCHAR)(header >> 8);
    *Made = bytes + HEADER;
    return STATUS_SUCCESS;
}

NTSTATUS RtlpLznt1Compress(RTLP_LZ *Lz, const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, bool Thorough,
                           PULONG Made)
{
    ULONG out = 0, chunk, made;
    for (ULONG at = 0; at < Size; at += chunk) {
        NTSTATUS status;
        chunk = Size - at < RTLP_LZNT1_CHUNK ? Size - at : RTLP_LZNT1_CHUNK;
        status = RtlpLznt1CompressChunk(Lz, From + at, chunk, To + out, Room - out, Thorough, &made);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        out += made;
    }
    *Made = out;
    return STATUS_SUCCESS;
}

/* ---- decompression ---- */

NTSTATUS RtlpLznt1Chunk(const UCHAR *From, ULONG Size, PULONG ChunkSize, bool *Compressed)
{
    ULONG header;
    *ChunkSize = 0;
    if (Size < HEADER) {
        return Size == 0 || From[0] == 0 ? STATUS_SUCCESS : STATUS_BAD_COMPRESSION_BUFFER;
    }
    header = From[0] | (ULONG)From[1] << 8;
    if (header == 0) {
        return STATUS_SUCCESS;
    }
    *ChunkSize = (header & SIZE_MASK) + 1 + HEADER;
    *Compressed = (header & COMPRESSED) != 0;
    return *ChunkSize <= Size ? STATUS_SUCCESS : STATUS_BAD_COMPRESSION_BUFFER;
}

/*
 * The data of a chunk without its header. With `cut` the chunk may hold more than there is room for, and only
 * the beginning is wanted; otherwise that is an error.
 */
static NTSTATUS decode(const UCHAR *from, ULONG size, UCHAR *to, ULONG room, bool cut, PULONG made)
{
    ULONG at = 0, out = 0, flags = 0;
    for (ULONG elements = 0; at < size; elements++) {
        if (elements % 8 == 0) {
            flags = from[at++];
            if (at == size) {
                break;
            }
        }
        if (out == room) {
            *made = out;
            return cut ? STATUS_SUCCESS : STATUS_BAD_COMPRESSION_BUFFER;
        }
        if ((flags >> elements % 8 & 1) == 0) {
            to[out++] = from[at++];
        } else {
            ULONG token, bits = distance_bits(out), distance, length;
            if (size - at < 2 || out == 0) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            token = from[at] | (ULONG)from[at + 1] << 8;
            at += 2;
            distance = (token >> (16 - bits)) + 1;
            length = (token & ((1u << (16 - bits)) - 1)) + RTLP_LZ_MIN_MATCH;
            if (distance > out) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            if (length > room - out) {
                if (!cut) {
                    return STATUS_BAD_COMPRESSION_BUFFER;
                }
                length = room - out;
            }
            RtlpLzCopy(to + out, distance, length);
            out += length;
        }
    }
    *made = out;
    return STATUS_SUCCESS;
}

/* A chunk without its header, to `room` bytes at most. */
static NTSTATUS unpack(const UCHAR *data, ULONG size, bool compressed, UCHAR *to, ULONG room, bool cut,
                       PULONG made)
{
    if (compressed) {
        return decode(data, size, to, room, cut, made);
    }
    if (size > room) {
        if (!cut) {
            return STATUS_BAD_COMPRESSION_BUFFER;
        }
        size = room;
    }
    RtlCopyMemory(to, data, size);
    *made = size;
    return STATUS_SUCCESS;
}

static bool more_follows(const UCHAR *from, ULONG size)
{
    ULONG chunk;
    bool compressed;
    return NT_SUCCESS(RtlpLznt1Chunk(from, size, &chunk, &compressed)) && chunk != 0;
}

NTSTATUS RtlpLznt1Decompress(const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, ULONG Skip, UCHAR *Scratch,
                             PULONG Made)
{
    const bool fragment = Scratch != NULL; /* ends when it is full, not with an error */
    ULONG out = 0, chunk = 0, made;
    bool compressed = false;
    for (ULONG at = 0;; at += chunk) {
        bool last;
        ULONG room = Room - out < RTLP_LZNT1_CHUNK ? Room - out : RTLP_LZNT1_CHUNK;
        NTSTATUS status = RtlpLznt1Chunk(From + at, Size - at, &chunk, &compressed);
        if (!NT_SUCCESS(status) || chunk == 0 || (fragment && out == Room)) {
            *Made = out;
            return status;
        }
        if (Skip >= RTLP_LZNT1_CHUNK) {
            Skip -= RTLP_LZNT1_CHUNK;
            continue;
        }
        last = !more_follows(From + at + chunk, Size - at - chunk);
        if (Skip != 0) { /* the first chunk of a fragment, from its middle */
            status = unpack(From + at + HEADER, chunk - HEADER, compressed, Scratch, RTLP_LZNT1_CHUNK, false,
                            &made);
            if (!NT_SUCCESS(status)) {
                return status;
            }
            if (!last && made < RTLP_LZNT1_CHUNK) {
                RtlZeroMemory(Scratch + made, RTLP_LZNT1_CHUNK - made);
                made = RTLP_LZNT1_CHUNK;
            }
            made = made > Skip ? made - Skip : 0;
            made = made < room ? made : room;
            RtlCopyMemory(To, Scratch + Skip, made);
            Skip = 0;
            out = made;
            continue;
        }
        status = unpack(From + at + HEADER, chunk - HEADER, compressed, To + out, room, fragment, &made);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        if (!last && made < RTLP_LZNT1_CHUNK) {
            if (room < RTLP_LZNT1_CHUNK && !fragment) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            RtlZeroMemory(To + out + made, room - made);
            made = room;
        }
        out += made;
    }
}
