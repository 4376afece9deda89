/* SPDX-License-Identifier: MIT */
/* Compression of buffers. Pages: ntifs/nf-ntifs-rtlcompressbuffer and siblings; examples of the formats:
 * [MS-XCA] 3. */
#include "rtltest.h"

#define TAG     'pmoC'
#define LZNT1   COMPRESSION_FORMAT_LZNT1
#define XPRESS  COMPRESSION_FORMAT_XPRESS
#define HUFFMAN COMPRESSION_FORMAT_XPRESS_HUFF
#define MAXIMUM COMPRESSION_ENGINE_MAXIMUM

static const USHORT formats[] = {LZNT1,           XPRESS,           HUFFMAN,
                                 LZNT1 | MAXIMUM, XPRESS | MAXIMUM, HUFFMAN | MAXIMUM};

static PVOID allocate(SIZE_T bytes)
{
    PVOID p = ExAllocatePool2(POOL_FLAG_PAGED, bytes, TAG);
    CHECK(p != NULL);
    return p;
}

static PVOID workspace(USHORT format, bool compress)
{
    ULONG to_compress = 0, to_decompress = 0;
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(format, &to_compress, &to_decompress), STATUS_SUCCESS);
    CHECK(to_compress != 0 && to_decompress != 0);
    return allocate(compress ? to_compress : to_decompress);
}

/* Data of several kinds: text that repeats, zeros, noise, long runs, a mixture. */
static void fill(UCHAR *data, ULONG size, ULONG kind)
{
    static const CHAR text[] =
        "the quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs. ";
    ULONG seed = 12345 + kind;
    for (ULONG i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        switch (kind) {
        case 0:
            data[i] = (UCHAR)text[(i + (i / 1000)) % (sizeof(text) - 1)];
            break;
        case 1:
            data[i] = 0;
            break;
        case 2:
            data[i] = (UCHAR)(seed >> 24);
            break;
        case 3:
            data[i] = (UCHAR)(i / 700);
            break;
        default:
            data[i] = i % 5000 < 2500 ? (UCHAR)(seed >> 30) : (UCHAR)text[i % 17];
            break;
        }
    }
}

static ULONG round_trip(USHORT format, const UCHAR *data, ULONG size, PVOID work, PVOID work_back)
{
    ULONG room = size + size / 8 + 1024, made = 0, back = 0;
    UCHAR *packed = allocate(room), *out = allocate(size + 1);
    NTSTATUS status =
        RtlCompressBuffer(format, (PUCHAR)(ULONG_PTR)data, size, packed, room, 4096, &made, work);
    CHECK_EQ(status, size != 0 && RtlIsZeroMemory((PVOID)(ULONG_PTR)data, size) ? STATUS_BUFFER_ALL_ZEROS
                                                                                : STATUS_SUCCESS);
    CHECK(made <= room);
    out[size] = 0xA5;
    CHECK_EQ(RtlDecompressBufferEx(format & 0xFF, out, size, packed, made, &back, work_back), STATUS_SUCCESS);
    CHECK_EQ(back, size);
    CHECK(RtlEqualMemory(out, data, size));
    CHECK_EQ(out[size], 0xA5);
    if (made != 0) { /* exactly enough room is enough, one byte less is not */
        ULONG again = 0;
        UCHAR last = packed[made - 1];
        CHECK(NT_SUCCESS(
            RtlCompressBuffer(format, (PUCHAR)(ULONG_PTR)data, size, packed, made, 4096, &again, work)));
        CHECK_EQ(again, made);
        CHECK_EQ(packed[made - 1], last);
        CHECK_EQ(
            RtlCompressBuffer(format, (PUCHAR)(ULONG_PTR)data, size, packed, made - 1, 4096, &again, work),
            STATUS_BUFFER_TOO_SMALL);
    }
    ExFreePoolWithTag(packed, TAG);
    ExFreePoolWithTag(out, TAG);
    return made;
}

KILN_TEST_ONCE(rtl_compress, what_is_compressed_comes_back)
{
    static const ULONG sizes[] = {0,    1,    2,     3,     17,    255,   4095,  4096,
                                  4097, 8192, 20000, 65535, 65536, 65537, 150000};
    UCHAR *data = allocate(150000);
    for (ULONG f = 0; f < RTL_NUMBER_OF(formats); f++) {
        PVOID work = workspace(formats[f], true), back = workspace(formats[f], false);
        for (ULONG kind = 0; kind < 5; kind++) {
            for (ULONG s = 0; s < RTL_NUMBER_OF(sizes); s++) {
                fill(data, sizes[s], kind);
                ULONG made = round_trip(formats[f], data, sizes[s], work, back);
                if (kind != 2 && sizes[s] >= 8192) {
                    CHECK(made < sizes[s] / 2); /* it is smaller */
                }
            }
        }
        ExFreePoolWithTag(work, TAG);
        ExFreePoolWithTag(back, TAG);
    }
    ExFreePoolWithTag(data, TAG);
}

/* A larger buffer than needed is no mistake: the size that is returned is that of the data. */
KILN_TEST_ONCE(rtl_compress, the_data_may_be_shorter_than_the_buffer)
{
    UCHAR data[3000], packed[4000], out[5000];
    ULONG made, back;
    fill(data, sizeof(data), 4);
    for (ULONG f = 0; f < RTL_NUMBER_OF(formats); f++) {
        PVOID work = workspace(formats[f], true), work_back = workspace(formats[f], false);
        CHECK_EQ(RtlCompressBuffer(formats[f], data, sizeof(data), packed, sizeof(packed), 4096, &made, work),
                 STATUS_SUCCESS);
        CHECK_EQ(
            RtlDecompressBufferEx2(formats[f] & 0xFF, out, sizeof(out), packed, made, 4096, &back, work_back),
            STATUS_SUCCESS);
        CHECK_EQ(back, sizeof(data));
        CHECK(RtlEqualMemory(out, data, back));
        CHECK_EQ(
            RtlDecompressBufferEx(formats[f] & 0xFF, out, sizeof(data) - 1, packed, made, &back, work_back),
            STATUS_BAD_COMPRESSION_BUFFER);
        ExFreePoolWithTag(work, TAG);
        ExFreePoolWithTag(work_back, TAG);
    }
}

/* [MS-XCA] 3: buffers that another implementation made. */
KILN_TEST_ONCE(rtl_compress, published_examples)
{
    static const UCHAR lznt1[] = {0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00,
                                  0x10, 0xa2, 0x47, 0x01, 0xa0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01,
                                  0x50, 0x79, 0x00, 0xc0, 0x45, 0x20, 0x05, 0x24, 0x13, 0x88, 0x05, 0xb4,
                                  0x02, 0x4a, 0x44, 0xef, 0x03, 0x58, 0x02, 0x8c, 0x09, 0x16, 0x01, 0x48,
                                  0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00};
    static const CHAR notes[] =
        "F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D "
        "E F# G F# E D E A F# F# G A A G F# E D D E F# E D D";
    static const UCHAR xpress[] = {0x3f, 0x00, 0x00, 0x00, 'a', 'b', 'c', 'd', 'e', 'f',
                                   'g',  'h',  'i',  'j',  'k', 'l', 'm', 'n', 'o', 'p',
                                   'q',  'r',  's',  't',  'u', 'v', 'w', 'x', 'y', 'z'};
    static const UCHAR xpress_300[] = {0xff, 0xff, 0xff, 0x1f, 'a',  'b', 'c',
                                       0x17, 0x00, 0x0f, 0xff, 0x26, 0x01};
    UCHAR out[301];
    ULONG made;
    CHECK_EQ(RtlDecompressBuffer(LZNT1, out, sizeof(out), (PUCHAR)(ULONG_PTR)lznt1, sizeof(lznt1), &made),
             STATUS_SUCCESS);
    CHECK(made == sizeof(notes) && RtlEqualMemory(out, notes, made));
    CHECK_EQ(RtlDecompressBuffer(XPRESS, out, 26, (PUCHAR)(ULONG_PTR)xpress, sizeof(xpress), &made),
             STATUS_SUCCESS);
    CHECK(made == 26 && RtlEqualMemory(out, "abcdefghijklmnopqrstuvwxyz", 26));
    CHECK_EQ(RtlDecompressBuffer(XPRESS, out, 300, (PUCHAR)(ULONG_PTR)xpress_300, sizeof(xpress_300), &made),
             STATUS_SUCCESS);
    CHECK_EQ(made, 300);
    for (ULONG i = 0; i < 300; i++) {
        CHECK_EQ(out[i], 'a' + i % 3);
    }
    PVOID work = workspace(XPRESS, true);
    UCHAR data[300], packed[64];
    for (ULONG i = 0; i < 300; i++) {
        data[i] = (UCHAR)('a' + i % 3);
    }
    CHECK_EQ(RtlCompressBuffer(XPRESS, data, 300, packed, sizeof(packed), 4096, &made, work), STATUS_SUCCESS);
    CHECK(made == sizeof(xpress_300) && RtlEqualMemory(packed, xpress_300, made));
    CHECK_EQ(RtlCompressBuffer(XPRESS, out, 0, packed, sizeof(packed), 4096, &made, work), STATUS_SUCCESS);
    CHECK_EQ(made, 4);
    ExFreePoolWithTag(work, TAG);
}

/* [MS-XCA] 2.2.4: a table is read after 65536 bytes, and the reader is a word ahead. The buffer is made by hand: both
 * directions might agree on another size. */
KILN_TEST_ONCE(rtl_compress, a_huffman_block_is_64_kb)
{
    enum { BLOCK = 65536, TABLE = 256, SECOND = TABLE + BLOCK + 2, SIZE = SECOND + TABLE + 4 };
    UCHAR *packed = allocate(SIZE), *out = allocate(BLOCK + 1);
    PVOID work = workspace(HUFFMAN, false);
    ULONG made;
    RtlZeroMemory(packed, SIZE);
    RtlFillMemory(packed, TABLE / 2, 0x88); /* every byte has eight bits, which are its value */
    for (ULONG i = 0; i < BLOCK; i++) {
        packed[TABLE + (i ^ 1)] = (UCHAR)(i % 251);
    }
    packed[SECOND + 'b' / 2] = packed[SECOND + TABLE / 2] = 1; /* 'b' is 0, the end 1 */
    packed[SECOND + TABLE + 1] = 0x40;
    CHECK_EQ(RtlDecompressBufferEx(HUFFMAN, out, BLOCK + 1, packed, SIZE, &made, work), STATUS_SUCCESS);
    CHECK_EQ(made, BLOCK + 1);
    for (ULONG i = 0; i < BLOCK; i++) {
        CHECK_EQ(out[i], i % 251);
    }
    CHECK_EQ(out[BLOCK], 'b');
    ExFreePoolWithTag(packed, TAG);
    ExFreePoolWithTag(out, TAG);
    ExFreePoolWithTag(work, TAG);
}

KILN_TEST_ONCE(rtl_compress, statuses)
{
    UCHAR data[64] = {1}, out[64];
    ULONG made, more;
    PVOID work = workspace(LZNT1, true);
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(COMPRESSION_FORMAT_NONE, &made, &more), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(COMPRESSION_FORMAT_DEFAULT, &made, &more),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(9, &made, &more), STATUS_UNSUPPORTED_COMPRESSION);
    CHECK_EQ(RtlGetCompressionWorkSpaceSize(LZNT1 | COMPRESSION_ENGINE_HIBER, &made, &more),
             STATUS_NOT_SUPPORTED);
    CHECK_EQ(RtlCompressBuffer(COMPRESSION_FORMAT_NONE, data, 64, out, 64, 4096, &made, work),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlCompressBuffer(9, data, 64, out, 64, 4096, &made, work), STATUS_UNSUPPORTED_COMPRESSION);
    CHECK_EQ(RtlCompressBuffer(LZNT1 | COMPRESSION_ENGINE_HIBER, data, 64, out, 64, 4096, &made, work),
             STATUS_NOT_SUPPORTED);
    CHECK_EQ(RtlCompressBuffer(LZNT1, data, 64, out, 64, 3000, &made, work), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlCompressBuffer(LZNT1, data, 64, out, 4, 4096, &made, work), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlDecompressBuffer(COMPRESSION_FORMAT_DEFAULT, out, 64, data, 64, &made),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlDecompressBuffer(HUFFMAN, out, 64, data, 64, &made), STATUS_UNSUPPORTED_COMPRESSION);
    CHECK_EQ(RtlDecompressBufferEx(9, out, 64, data, 64, &made, work), STATUS_UNSUPPORTED_COMPRESSION);
    CHECK_EQ(RtlDecompressFragment(XPRESS, out, 64, data, 64, 0, &made, work),
             STATUS_UNSUPPORTED_COMPRESSION);
    CHECK_EQ(RtlDecompressBufferEx2(LZNT1, out, 64, data, 64, 100, &made, work), STATUS_INVALID_PARAMETER);
    ExFreePoolWithTag(work, TAG);
}

KILN_TEST_ONCE(rtl_compress, a_fragment_is_the_middle_of_the_data)
{
    static const ULONG offsets[] = {0, 1, 100, 4095, 4096, 5000, 8191, 12287, 19999};
    UCHAR *data = allocate(20000), *packed = allocate(25000), *out = allocate(6000);
    ULONG size, made;
    PVOID work = workspace(LZNT1, true), scratch = workspace(LZNT1, false);
    for (ULONG kind = 0; kind < 5; kind += 2) {
        fill(data, 20000, kind);
        CHECK_EQ(RtlCompressBuffer(LZNT1, data, 20000, packed, 25000, 4096, &size, work), STATUS_SUCCESS);
        for (ULONG i = 0; i < RTL_NUMBER_OF(offsets); i++) {
            ULONG expected = 20000 - offsets[i] < 6000 ? 20000 - offsets[i] : 6000;
            CHECK_EQ(RtlDecompressFragment(LZNT1, out, 6000, packed, size, offsets[i], &made, scratch),
                     STATUS_SUCCESS);
            CHECK_EQ(made, expected);
            CHECK(RtlEqualMemory(out, data + offsets[i], expected));
            CHECK_EQ(RtlDecompressFragmentEx(LZNT1, out, 10, packed, size, offsets[i], 4096, &made, scratch),
                     STATUS_SUCCESS);
            CHECK(made == (expected < 10 ? expected : 10) && RtlEqualMemory(out, data + offsets[i], made));
        }
        CHECK_EQ(RtlDecompressFragment(LZNT1, out, 10, packed, size, 20000, &made, scratch), STATUS_SUCCESS);
        CHECK_EQ(made, 0);
    }
    CHECK_EQ(RtlDecompressFragmentEx(LZNT1, out, 10, packed, size, 0, 5, &made, scratch),
             STATUS_INVALID_PARAMETER);
    ExFreePoolWithTag(data, TAG);
    ExFreePoolWithTag(packed, TAG);
    ExFreePoolWithTag(out, TAG);
    ExFreePoolWithTag(work, TAG);
    ExFreePoolWithTag(scratch, TAG);
}

KILN_TEST_ONCE(rtl_compress, damaged_input_is_refused)
{
    static UCHAR before_anything[] = {0x03, 0xB0, 0x01, 0x00, 0x10, 0x00}; /* a repetition of nothing */
    static UCHAR one_too_far[] = {0x03, 0xB0, 0x02, 'a', 0x00, 0x10};      /* two back, of one byte */
    static UCHAR too_long[] = {0xFF, 0xB0, 0x00, 'a'};                     /* a chunk beyond the buffer */
    static UCHAR distant[] = {0x00, 0x00, 0x00, 0x40, 'a', 0xF8, 0xFF};
    UCHAR out[4096];
    ULONG made;
    CHECK_EQ(RtlDecompressBuffer(LZNT1, out, 4096, before_anything, sizeof(before_anything), &made),
             STATUS_BAD_COMPRESSION_BUFFER);
    CHECK_EQ(RtlDecompressBuffer(LZNT1, out, 4096, one_too_far, sizeof(one_too_far), &made),
             STATUS_BAD_COMPRESSION_BUFFER);
    CHECK_EQ(RtlDecompressBuffer(LZNT1, out, 4096, too_long, sizeof(too_long), &made),
             STATUS_BAD_COMPRESSION_BUFFER);
    CHECK_EQ(RtlDecompressBuffer(XPRESS, out, 4096, distant, sizeof(distant), &made),
             STATUS_BAD_COMPRESSION_BUFFER);
    CHECK_EQ(RtlDecompressBuffer(XPRESS, out, 4096, distant, 3, &made), STATUS_BAD_COMPRESSION_BUFFER);
}

KILN_TEST_ONCE(rtl_compress, chunks)
{
    enum { CHUNKS = 5, SIZE = CHUNKS * 4096 };
    UCHAR *data = allocate(SIZE), *packed = allocate(SIZE), *out = allocate(SIZE), *at, *chunk;
    enum { INFO_BYTES = sizeof(COMPRESSED_DATA_INFO) + CHUNKS * sizeof(ULONG) };
    PCOMPRESSED_DATA_INFO info = allocate(INFO_BYTES);
    PVOID work = workspace(LZNT1, true);
    ULONG total = 0, size, made;
    info->CompressionFormatAndEngine = LZNT1;
    info->ChunkShift = 12;
    fill(data, SIZE, 0);
    fill(data + 4096, 4096, 1); /* zeros */
    fill(data + 8192, 4096, 2); /* noise */
    CHECK_EQ(RtlCompressChunks(data, SIZE, packed, SIZE, info, 8, work), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlCompressChunks(data, SIZE, packed, 4096, info, INFO_BYTES, work), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlCompressChunks(data, SIZE, packed, SIZE, info, INFO_BYTES, work), STATUS_SUCCESS);
    CHECK_EQ(info->NumberOfChunks, CHUNKS);
    CHECK_EQ(info->CompressedChunkSizes[1], 0);
    CHECK_EQ(info->CompressedChunkSizes[2], 4096);
    for (ULONG i = 0; i < CHUNKS; i++) {
        total += info->CompressedChunkSizes[i];
    }
    CHECK(total < SIZE);
    for (ULONG cut = 0; cut <= total; cut += 997) { /* in two pieces */
        RtlFillMemory(out, SIZE, 0x77);
        CHECK_EQ(RtlDecompressChunks(out, SIZE, packed, cut, packed + cut, total - cut, info),
                 STATUS_SUCCESS);
        CHECK(RtlEqualMemory(out, data, SIZE));
    }
    CHECK_EQ(RtlDecompressChunks(out, SIZE, packed, total - 1, NULL, 0, info), STATUS_BAD_COMPRESSION_BUFFER);

    CHECK_EQ(RtlCompressBuffer(LZNT1, data + 8192, 8192, packed, SIZE, 4096, &size, work), STATUS_SUCCESS);
    at = packed;
    CHECK_EQ(RtlDescribeChunk(LZNT1, &at, packed + size, &chunk, &made), STATUS_SUCCESS);
    CHECK(made == 4096 && chunk == packed + 2 && at == packed + 4098);
    CHECK_EQ(RtlDescribeChunk(LZNT1, &at, packed + size, &chunk, &made), STATUS_SUCCESS);
    CHECK(made < 4096 && chunk == packed + 4098 && at == packed + size);
    CHECK_EQ(RtlDescribeChunk(LZNT1, &at, packed + size, &chunk, &made), STATUS_NO_MORE_ENTRIES);
    CHECK_EQ(RtlDescribeChunk(COMPRESSION_FORMAT_NONE, &at, packed + size, &chunk, &made),
             STATUS_INVALID_PARAMETER);
    at = packed;
    CHECK_EQ(RtlReserveChunk(LZNT1, &at, packed + 5000, &chunk, 4096), STATUS_SUCCESS);
    CHECK(chunk == packed + 2 && at == packed + 4098 && packed[0] == 0xFF && packed[1] == 0x3F);
    CHECK_EQ(RtlReserveChunk(LZNT1, &at, packed + 5000, &chunk, 1000), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(RtlReserveChunk(LZNT1, &at, packed + 5000, &chunk, 900), STATUS_SUCCESS);
    CHECK_EQ(RtlReserveChunk(LZNT1, &at, packed + 9999, &chunk, 5000), STATUS_INVALID_PARAMETER);
    ExFreePoolWithTag(info, TAG);
    ExFreePoolWithTag(data, TAG);
    ExFreePoolWithTag(packed, TAG);
    ExFreePoolWithTag(out, TAG);
    ExFreePoolWithTag(work, TAG);
}
