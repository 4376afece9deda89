/* SPDX-License-Identifier: MIT */
/*
 * Fuzzer of the decompressors: hostile input, buffers of exactly the size that is told, so that AddressSanitizer sees every
 * access past them. What decompresses is compressed again and must come back.
 *
 * The first byte says which format, the next two how much room there is and how much of a fragment is skipped.
 */
#include "lz.h"

void *malloc(__SIZE_TYPE__ bytes);
void free(void *block);
int memcmp(const void *a, const void *b, __SIZE_TYPE__ bytes);
void abort(void);

static RTLP_LZ finder;
static RTLP_HUFF codes;
static USHORT table[1 << RTLP_HUFF_BITS];

static NTSTATUS unpack(int format, const UCHAR *from, ULONG size, UCHAR *to, ULONG room, ULONG skip, ULONG *made)
{
    static UCHAR chunk[RTLP_LZNT1_CHUNK];
    switch (format) {
    case 0:
        return RtlpLznt1Decompress(from, size, to, room, 0, NULL, made);
    case 1:
        return RtlpXpressDecompress(from, size, to, room, made);
    case 2:
        return RtlpXpressHuffDecompress(from, size, to, room, table, made);
    default:
        return RtlpLznt1Decompress(from, size, to, room, skip, chunk, made);
    }
}

static NTSTATUS pack(int format, const UCHAR *from, ULONG size, UCHAR *to, ULONG room, ULONG *made)
{
    switch (format) {
    case 0:
        return RtlpLznt1Compress(&finder, from, size, to, room, size & 1, made);
    case 1:
        return RtlpXpressCompress(&finder, from, size, to, room, size & 1, made);
    default:
        return RtlpXpressHuffCompress(&finder, &codes, from, size, to, room, size & 1, made);
    }
}

/* A buffer with nothing around it. */
static UCHAR *exactly(ULONG bytes)
{
    UCHAR *p = malloc(bytes + 1);
    if (!p)
        abort();
    return p;
}

static void round_trip(int format, const UCHAR *data, ULONG size)
{
    ULONG room = size + size / 8 + 1024, made = 0, back = 0;
    UCHAR *packed = exactly(room), *out = exactly(size);
    if (pack(format, data, size, packed, room, &made) || made > room)
        abort();
    if (unpack(format, packed, made, out, size, 0, &back) || back != size || memcmp(out, data, size))
        abort();
    free(packed);
    free(out);
}

int LLVMFuzzerTestOneInput(const UCHAR *data, __SIZE_TYPE__ size);
int LLVMFuzzerTestOneInput(const UCHAR *data, __SIZE_TYPE__ size)
{
    if (size < 3 || size > 1 << 17)
        return 0;
    int format = data[0] & 3;
    ULONG room = data[1] * 521u, skip = data[2] * 97u, made = 0;
    UCHAR *in = malloc(size - 3 ? size - 3 : 1), *out = malloc(room ? room : 1);
    if (!in || !out)
        abort();
    __builtin_memcpy(in, data + 3, size - 3);
    if (unpack(format, in, (ULONG)size - 3, out, room, skip, &made) == 0) {
        if (made > room)
            abort();
        round_trip(format % 3, out, made);
    }
    round_trip(format % 3, in, (ULONG)size - 3);
    free(in);
    free(out);
    return 0;
}
