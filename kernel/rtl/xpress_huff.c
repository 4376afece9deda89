/* SPDX-License-Identifier: MIT */
/*
 * xpress_huff.c - LZ77 with Huffman codes, XPRESS_HUFF ([MS-XCA] 2.1 and 2.2).
 *
 * The data are cut into blocks of 64 KB. A block has a table of the code lengths of 512 symbols, four bits
 * each, and a stream of bits. Symbols below 256 are bytes. The others are repetitions: the highest bit of the
 * distance (four bits) and the length less three (four bits; 15: more follows in bytes); the other bits of
 * the distance follow in the stream. Symbol 256 where the input and the output end is the end.
 *
 * Bits are in words of 16, lowest byte first, highest bit first. Both sides hold between 16 and 32 bits
 * ahead, so the bytes of lengths lie between the words: the writer reserves a word before it knows what will
 * be in it.
 */
#include "lz.h"
#include <nt/rtl_memory.h>

#define BLOCK       0x10000u
#define TABLE_BYTES (RTLP_HUFF_SYMBOLS / 2)
#define END_SYMBOL  256u
#define LONG_LENGTH 15u

/* ---- codes ---- */

/* Canonical codes: by length, then by symbol. False if the lengths are no complete code. */
static bool assign_codes(const UCHAR *length, USHORT *code)
{
    ULONG next[RTLP_HUFF_BITS + 2] = {0}, count[RTLP_HUFF_BITS + 1] = {0}, used = 0;
    for (ULONG s = 0; s < RTLP_HUFF_SYMBOLS; s++) {
        count[length[s]]++;
    }
    count[0] = 0;
    for (ULONG bits = 1; bits <= RTLP_HUFF_BITS; bits++) {
        next[bits + 1] = (next[bits] + count[bits]) << 1;
        used += count[bits] << (RTLP_HUFF_BITS - bits);
    }
    for (ULONG s = 0; s < RTLP_HUFF_SYMBOLS; s++) {
        code[s] = length[s] != 0 ? (USHORT)next[length[s]]++ : 0;
    }
    return used == 1u << RTLP_HUFF_BITS;
}

static void sift_down(RTLP_HUFF *huff, USHORT *heap, ULONG size, ULONG at)
{
    for (ULONG child; (child = 2 * at + 1) < size; at = child) {
        USHORT swap;
        if (child + 1 < size && huff->Weight[heap[child + 1]] < huff->Weight[heap[child]]) {
            child++;
        }
        if (huff->Weight[heap[at]] <= huff->Weight[heap[child]]) {
            return;
        }
        swap = heap[at];
        heap[at] = heap[child];
        heap[child] = swap;
    }
}

/* One try: a Huffman tree over the counts. The longest code. */
static ULONG build_tree(RTLP_HUFF *huff)
{
    USHORT *heap = huff->Order, nodes = RTLP_HUFF_SYMBOLS;
    ULONG size = 0, longest = 0;
    for (USHORT s = 0; s < RTLP_HUFF_SYMBOLS; s++) {
        huff->Weight[s] = huff->Count[s];
        huff->Length[s] = 0;
        if (huff->Count[s] != 0) {
            heap[size++] = s;
        }
    }
    for (ULONG i = size / 2; i-- != 0;) {
        sift_down(huff, heap, size, i);
    }
    while (size > 1) { /* the two lightest become one */
        USHORT first = heap[0], second;
        heap[0] = heap[--size];
        sift_down(huff, heap, size, 0);
        second = heap[0];
        huff->Weight[nodes] = huff->Weight[first] + huff->Weight[second];
        huff->Parent[first] = huff->Parent[second] = nodes;
        heap[0] = nodes++;
        sift_down(huff, heap, size, 0);
    }
    for (ULONG s = 0; s < RTLP_HUFF_SYMBOLS; s++) {
        ULONG length = 0;
        if (huff->Count[s] != 0) {
            for (USHORT node = (USHORT)s; node != nodes - 1; node = huff->Parent[node]) {
                length++;
            }
            huff->Length[s] = (UCHAR)(length > 255 ? 255 : length);
            longest = length > longest ? length : longest;
        }
    }
    return longest;
}

/* Code lengths of at most RTLP_HUFF_BITS: counts are evened out until the tree is low enough. */
static void make_codes(RTLP_HUFF *huff)
{
    ULONG used = 0;
    for (ULONG s = 0; s < RTLP_HUFF_SYMBOLS; s++) {
        used += huff->Count[s] != 0;
    }
    for (ULONG s = 0; used < 2; s++) { /* a complete code has two symbols */
        if (huff->Count[s] == 0) {
            huff->Count[s] = 1;
            used++;
        }
    }
    while (build_tree(huff) > RTLP_HUFF_BITS) {
        for (ULONG s = 0; s < RTLP_HUFF_SYMBOLS; s++) {
            huff->Count[s] = huff->Count[s] == 0 ? 0 : huff->Count[s] / 2 + 1;
        }
    }
    assign_codes(huff->Length, huff->Code);
}

/* ---- compression ---- */

struct writer {
    UCHAR *to;
    ULONG room, at;
    ULONG word[2]; /* the reserved words: the next one, and the one after it */
    ULONG bits;
    ULONG free; /* bits that the first word still takes */
    bool full;
};

static ULONG reserve(struct writer *w, ULONG bytes)
{
    ULONG at = w->at;
    if (w->room - at < bytes) {
        w->full = true;
        return 0;
    }
    w->at += bytes;
    return at;
}

static void put_bytes(struct writer *w, ULONG value, ULONG bytes)
{
    ULONG at = reserve(w, bytes);
    for (ULONG i = 0; i < bytes && !w->full; i++) {
        w->to[at + i] = (UCHAR)(value >> 8 * i);
    }
}

static void store_word(struct writer *w, ULONG at, ULONG word)
{
    if (!w->full) {
        w->to[at] = (UCHAR)word;
        w->to[at + 1] = (UCHAR)(word >> 8);
    }
}

static void put_bits(struct writer *w, ULONG value, ULONG count)
{
    if (w->free >= count) {
        w->free -= count;
        w->bits = w->bits << count | value;
        return;
    }
    w->bits = w->bits << w->free | value >> (count - w->free);
    w->free -= count;
    store_word(w, w->word[0], w->bits);
    w->word[0] = w->word[1];
    w->word[1] = reserve(w, 2);
    w->free += 16;
    w->bits = value & ((1u << (16 - w->free)) - 1);
}

static ULONG symbol_of(ULONG distance, ULONG length)
{
    ULONG low = length - RTLP_LZ_MIN_MATCH;
    return 256 + (31 - (ULONG)__builtin_clz(distance)) * 16 + (low < LONG_LENGTH ? low : LONG_LENGTH);
}

static void put_match(struct writer *w, const RTLP_HUFF *huff, ULONG distance, ULONG length)
{
    ULONG symbol = symbol_of(distance, length), bits = 31 - (ULONG)__builtin_clz(distance);
    put_bits(w, huff->Code[symbol], huff->Length[symbol]);
    length -= RTLP_LZ_MIN_MATCH;
    if (length >= LONG_LENGTH) {
        put_bytes(w, length - LONG_LENGTH < 255 ? length - LONG_LENGTH : 255, 1);
        if (length - LONG_LENGTH >= 255) {
            put_bytes(w, length, 2);
        }
    }
    put_bits(w, distance - (1u << bits), bits);
}

/* Go over a block: count its symbols (w NULL) or write them. Both passes find the same repetitions. */
static void pass(RTLP_LZ *lz, RTLP_HUFF *huff, ULONG at, ULONG end, struct writer *w)
{
    while (at < end) {
        ULONG distance = 0, length = at != 0 ? RtlpLzFind(lz, at, end - at, &distance) : 0;
        if (length == RTLP_LZ_MIN_MATCH && distance == 1) { /* its symbol could be taken for the end */
            length = 0;
        }
        ULONG symbol = length != 0 ? symbol_of(distance, length) : lz->Data[at];
        if (w == NULL) {
            huff->Count[symbol]++;
        } else if (length != 0) {
            put_match(w, huff, distance, length);
        } else {
            put_bits(w, huff->Code[symbol], huff->Length[symbol]);
        }
        for (length = length != 0 ? length : 1; length != 0; length--) {
            RtlpLzInsert(lz, at++);
        }
    }
}

/* The finder as it was before a block: what the block refers to may lie before it. */
static void prime(RTLP_LZ *lz, const UCHAR *data, ULONG size, ULONG at, bool thorough)
{
    RtlpLzBegin(lz, data, size, BLOCK - 1, thorough);
    for (ULONG i = at < RTLP_LZ_RING ? 0 : at - RTLP_LZ_RING; i < at; i++) {
        RtlpLzInsert(lz, i);
    }
}

NTSTATUS RtlpXpressHuffCompress(RTLP_LZ *Lz, RTLP_HUFF *Huff, const UCHAR *From, ULONG Size, UCHAR *To,
                                ULONG Room, bool Thorough, PULONG Made)
{
    struct writer w = {.to = To, .room = Room};
    ULONG at = 0;
    do {
        ULONG end = Size - at < BLOCK ? Size : at + BLOCK, table = reserve(&w, TABLE_BYTES);
        RtlZeroMemory(Huff->Count, sizeof(Huff->Count));
        prime(Lz, From, Size, at, Thorough);
        pass(Lz, Huff, at, end, NULL);
        if (end == Size) {
            Huff->Count[END_SYMBOL]++;
        }
        make_codes(Huff);
        w.word[0] = reserve(&w, 2);
        w.word[1] = reserve(&w, 2);
        w.bits = 0;
        w.free = 16;
        if (w.full) {
            return STATUS_BUFFER_TOO_SMALL;
        }
        for (ULONG i = 0; i < TABLE_BYTES; i++) {
            To[table + i] = (UCHAR)(Huff->Length[2 * i] | Huff->Length[2 * i + 1] << 4);
        }
        prime(Lz, From, Size, at, Thorough);
        pass(Lz, Huff, at, end, &w);
        if (end == Size) {
            put_bits(&w, Huff->Code[END_SYMBOL], Huff->Length[END_SYMBOL]);
        }
        store_word(&w, w.word[0], w.bits << w.free);
        store_word(&w, w.word[1], 0);
        at = end;
    } while (at < Size && !w.full);
    *Made = w.at;
    return w.full ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}

/* ---- decompression ---- */

struct reader {
    const UCHAR *from;
    ULONG size, at;
    ULONG bits; /* the next ones, highest first */
    LONG extra; /* how many beyond 16 are in `bits` */
    bool short_of;
};

static ULONG get_bytes(struct reader *r, ULONG bytes)
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

/* Past its end the stream holds zeros: the words that are reserved ahead need not be there. */
static void drop(struct reader *r, ULONG count)
{
    r->bits = count == 0 ? r->bits : r->bits << count;
    r->extra -= (LONG)count;
    if (r->extra < 0) {
        r->bits |= (r->size - r->at < 2 ? 0 : get_bytes(r, 2)) << -r->extra;
        r->extra += 16;
    }
}

/* Which symbol a 15-bit prefix begins with: its number, and its length in the four highest bits. */
static bool build_table(const UCHAR *lengths, USHORT *table)
{
    ULONG at = 0;
    for (ULONG bits = 1; bits <= RTLP_HUFF_BITS; bits++) {
        for (ULONG s = 0; s < RTLP_HUFF_SYMBOLS; s++) {
            ULONG length = lengths[s / 2] >> (s % 2 * 4) & 15, span = 1u << (RTLP_HUFF_BITS - bits);
            if (length == bits) {
                if (span > (1u << RTLP_HUFF_BITS) - at) {
                    return false;
                }
                for (ULONG i = 0; i < span; i++) {
                    table[at++] = (USHORT)(s | bits << 12);
                }
            }
        }
    }
    return at == 1u << RTLP_HUFF_BITS;
}

static ULONG get_length(struct reader *r, ULONG low)
{
    if (low == LONG_LENGTH) {
        low = get_bytes(r, 1);
        if (low == 255) {
            low = get_bytes(r, 2);
            if (low < LONG_LENGTH) {
                r->short_of = true;
                return 0;
            }
            low -= LONG_LENGTH;
        }
        low += LONG_LENGTH;
    }
    return low + RTLP_LZ_MIN_MATCH;
}

NTSTATUS RtlpXpressHuffDecompress(const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, USHORT *Table,
                                  PULONG Made)
{
    struct reader r = {.from = From, .size = Size};
    ULONG out = 0, block_end = 0;
    for (;;) {
        if (out >= block_end) {
            if (block_end != 0 && (out == Room || Size - r.at < TABLE_BYTES + 4)) {
                break; /* the end symbol of a last block that is full is not needed */
            }
            if (Size - r.at < TABLE_BYTES + 4 || !build_table(From + r.at, Table)) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            r.at += TABLE_BYTES;
            r.bits = get_bytes(&r, 2) << 16;
            r.bits |= get_bytes(&r, 2);
            r.extra = 16;
            block_end = out + BLOCK;
        }
        ULONG entry = Table[r.bits >> (32 - RTLP_HUFF_BITS)], symbol = entry & 0xFFF;
        drop(&r, entry >> 12);
        if (symbol < 256) {
            if (out == Room) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            To[out++] = (UCHAR)symbol;
        } else if (symbol == END_SYMBOL && r.at == Size && (out == Room || r.bits == 0)) {
            break;
        } else {
            ULONG bits = (symbol - 256) / 16, length = get_length(&r, symbol % 16);
            ULONG distance = (bits == 0 ? 0 : r.bits >> (32 - bits)) + (1u << bits);
            drop(&r, bits);
            if (r.short_of || distance > out || length > Room - out) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            RtlpLzCopy(To + out, distance, length);
            out += length;
        }
    }
    *Made = out;
    return STATUS_SUCCESS;
}
