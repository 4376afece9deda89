/* SPDX-License-Identifier: MIT */
/*
 * compress.c - RtlCompressBuffer and its siblings: which format and engine a call names, and whether it may.
 *
 * The formats are in lznt1.c, xpress.c and xpress_huff.c. The workspace is the caller's; nothing is
 * allocated.
 */
#include <nt/rtl.h>
#include "lz.h"
#include "rtlp.h"

#define CHUNK_SHIFT 12

struct workspace {
    RTLP_LZ lz;
    RTLP_HUFF huff;
};

static NTSTATUS check_format(USHORT format, USHORT last)
{
    format &= COMPRESSION_FORMAT_MASK;
    if (format == COMPRESSION_FORMAT_NONE || format == COMPRESSION_FORMAT_DEFAULT) {
        return STATUS_INVALID_PARAMETER;
    }
    return format <= last ? STATUS_SUCCESS : STATUS_UNSUPPORTED_COMPRESSION;
}

static NTSTATUS check_engine(USHORT format)
{
    USHORT engine = format & COMPRESSION_ENGINE_MASK;
    return engine == COMPRESSION_ENGINE_STANDARD || engine == COMPRESSION_ENGINE_MAXIMUM
               ? STATUS_SUCCESS
               : STATUS_NOT_SUPPORTED;
}

static bool is_chunk_size(ULONG size)
{
    return size == 512 || size == 1024 || size == 2048 || size == RTLP_LZNT1_CHUNK;
}

/* Of a fragment: a chunk for LZNT1, the table of codes for XPRESS_HUFF. */
NTSYSAPI NTSTATUS NTAPI RtlGetCompressionWorkSpaceSize(USHORT CompressionFormatAndEngine,
                                                       PULONG CompressBufferWorkSpaceSize,
                                                       PULONG CompressFragmentWorkSpaceSize)
{
    USHORT format = CompressionFormatAndEngine & COMPRESSION_FORMAT_MASK;
    NTSTATUS status = check_format(format, COMPRESSION_FORMAT_XPRESS_HUFF);
    if (NT_SUCCESS(status)) {
        status = check_engine(CompressionFormatAndEngine);
    }
    if (NT_SUCCESS(status)) {
        *CompressBufferWorkSpaceSize = sizeof(struct workspace);
        *CompressFragmentWorkSpaceSize =
            format == COMPRESSION_FORMAT_XPRESS_HUFF ? sizeof(USHORT) << RTLP_HUFF_BITS : RTLP_LZNT1_CHUNK;
    }
    return status;
}

/* The chunks of LZNT1 are 4096 bytes whatever smaller size is asked for: no reader expects another. */
NTSYSAPI NTSTATUS NTAPI RtlCompressBuffer(USHORT CompressionFormatAndEngine, PUCHAR UncompressedBuffer,
                                          ULONG UncompressedBufferSize, PUCHAR CompressedBuffer,
                                          ULONG CompressedBufferSize, ULONG UncompressedChunkSize,
                                          PULONG FinalCompressedSize, PVOID WorkSpace)
{
    struct workspace *work = WorkSpace;
    bool thorough = (CompressionFormatAndEngine & COMPRESSION_ENGINE_MAXIMUM) != 0;
    NTSTATUS status = check_format(CompressionFormatAndEngine, COMPRESSION_FORMAT_XPRESS_HUFF);
    if (NT_SUCCESS(status)) {
        status = check_engine(CompressionFormatAndEngine);
    }
    if (NT_SUCCESS(status) && !is_chunk_size(UncompressedChunkSize)) {
        status = STATUS_INVALID_PARAMETER;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    switch (CompressionFormatAndEngine & COMPRESSION_FORMAT_MASK) {
    case COMPRESSION_FORMAT_LZNT1:
        status = RtlpLznt1Compress(&work->lz, UncompressedBuffer, UncompressedBufferSize, CompressedBuffer,
                                   CompressedBufferSize, thorough, FinalCompressedSize);
        break;
    case COMPRESSION_FORMAT_XPRESS:
        status = RtlpXpressCompress(&work->lz, UncompressedBuffer, UncompressedBufferSize, CompressedBuffer,
                                    CompressedBufferSize, thorough, FinalCompressedSize);
        break;
    default:
        status =
            RtlpXpressHuffCompress(&work->lz, &work->huff, UncompressedBuffer, UncompressedBufferSize,
                                   CompressedBuffer, CompressedBufferSize, thorough, FinalCompressedSize);
        break;
    }
    if (status == STATUS_SUCCESS && UncompressedBufferSize != 0 &&
        RtlIsZeroMemory(UncompressedBuffer, UncompressedBufferSize)) {
        return STATUS_BUFFER_ALL_ZEROS;
    }
    return status;
}

static NTSTATUS decompress(USHORT format, PUCHAR to, ULONG room, PUCHAR from, ULONG size, PULONG made,
                           PVOID work)
{
    switch (format & COMPRESSION_FORMAT_MASK) {
    case COMPRESSION_FORMAT_LZNT1:
        return RtlpLznt1Decompress(from, size, to, room, 0, NULL, made);
    case COMPRESSION_FORMAT_XPRESS:
        return RtlpXpressDecompress(from, size, to, room, made);
    default:
        return work == NULL ? STATUS_INVALID_PARAMETER
                            : RtlpXpressHuffDecompress(from, size, to, room, work, made);
    }
}

NTSYSAPI NTSTATUS NTAPI RtlDecompressBuffer(USHORT CompressionFormat, PUCHAR UncompressedBuffer,
                                            ULONG UncompressedBufferSize, PUCHAR CompressedBuffer,
                                            ULONG CompressedBufferSize, PULONG FinalUncompressedSize)
{
    NTSTATUS status = check_format(CompressionFormat, COMPRESSION_FORMAT_XPRESS);
    return NT_SUCCESS(status)
               ? decompress(CompressionFormat, UncompressedBuffer, UncompressedBufferSize, CompressedBuffer,
                            CompressedBufferSize, FinalUncompressedSize, NULL)
               : status;
}

NTSYSAPI NTSTATUS NTAPI RtlDecompressBufferEx(USHORT CompressionFormat, PUCHAR UncompressedBuffer,
                                              ULONG UncompressedBufferSize, PUCHAR CompressedBuffer,
                                              ULONG CompressedBufferSize, PULONG FinalUncompressedSize,
                                              PVOID WorkSpace)
{
    NTSTATUS status = check_format(CompressionFormat, COMPRESSION_FORMAT_XPRESS_HUFF);
    return NT_SUCCESS(status)
               ? decompress(CompressionFormat, UncompressedBuffer, UncompressedBufferSize, CompressedBuffer,
                            CompressedBufferSize, FinalUncompressedSize, WorkSpace)
               : status;
}

/* One processor does it: at what a block takes, telling others would take longer. */
NTSYSAPI NTSTATUS NTAPI RtlDecompressBufferEx2(USHORT CompressionFormat, PUCHAR UncompressedBuffer,
                                               ULONG UncompressedBufferSize, PUCHAR CompressedBuffer,
                                               ULONG CompressedBufferSize, ULONG UncompressedChunkSize,
                                               PULONG FinalUncompressedSize, PVOID WorkSpace)
{
    return is_chunk_size(UncompressedChunkSize)
               ? RtlDecompressBufferEx(CompressionFormat, UncompressedBuffer, UncompressedBufferSize,
                                       CompressedBuffer, CompressedBufferSize, FinalUncompressedSize,
                                       WorkSpace)
               : STATUS_INVALID_PARAMETER;
}

NTSYSAPI NTSTATUS NTAPI RtlDecompressFragment(USHORT CompressionFormat, PUCHAR UncompressedFragment,
                                              ULONG UncompressedFragmentSize, PUCHAR CompressedBuffer,
                                              ULONG CompressedBufferSize, ULONG FragmentOffset,
                                              PULONG FinalUncompressedSize, PVOID WorkSpace)
{
    NTSTATUS status = check_format(CompressionFormat, COMPRESSION_FORMAT_LZNT1);
    return NT_SUCCESS(status) ? RtlpLznt1Decompress(CompressedBuffer, CompressedBufferSize,
                                                    UncompressedFragment, UncompressedFragmentSize,
                                                    FragmentOffset, WorkSpace, FinalUncompressedSize)
                              : status;
}

NTSYSAPI NTSTATUS NTAPI RtlDecompressFragmentEx(USHORT CompressionFormat, PUCHAR UncompressedFragment,
                                                ULONG UncompressedFragmentSize, PUCHAR CompressedBuffer,
                                                ULONG CompressedBufferSize, ULONG FragmentOffset,
                                                ULONG UncompressedChunkSize, PULONG FinalUncompressedSize,
                                                PVOID WorkSpace)
{
    return is_chunk_size(UncompressedChunkSize)
               ? RtlDecompressFragment(CompressionFormat, UncompressedFragment, UncompressedFragmentSize,
                                       CompressedBuffer, CompressedBufferSize, FragmentOffset,
                                       FinalUncompressedSize, WorkSpace)
               : STATUS_INVALID_PARAMETER;
}

/* ---- chunks ---- */

NTSYSAPI NTSTATUS NTAPI RtlDescribeChunk(USHORT CompressionFormat, PUCHAR *CompressedBuffer,
                                         PUCHAR EndOfCompressedBufferPlus1, PUCHAR *ChunkBuffer,
                                         PULONG ChunkSize)
{
    bool compressed = false;
    ULONG size;
    NTSTATUS status = check_format(CompressionFormat, COMPRESSION_FORMAT_LZNT1);
    *ChunkBuffer = *CompressedBuffer;
    *ChunkSize = 0;
    if (NT_SUCCESS(status)) {
        status = RtlpLznt1Chunk(*CompressedBuffer, (ULONG)(EndOfCompressedBufferPlus1 - *CompressedBuffer),
                                &size, &compressed);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (size == 0) {
        return STATUS_NO_MORE_ENTRIES;
    }
    *CompressedBuffer += size;
    *ChunkSize = size;
    if (!compressed) { /* what is described is the data alone */
        *ChunkBuffer += 2;
        *ChunkSize = size - 2;
    }
    return STATUS_SUCCESS;
}

/* Of a chunk that is not compressed the header is made here, and the room is for its data. */
NTSYSAPI NTSTATUS NTAPI RtlReserveChunk(USHORT CompressionFormat, PUCHAR *CompressedBuffer,
                                        PUCHAR EndOfCompressedBufferPlus1, PUCHAR *ChunkBuffer,
                                        ULONG ChunkSize)
{
    NTSTATUS status = check_format(CompressionFormat, COMPRESSION_FORMAT_LZNT1);
    ULONG header = ChunkSize == RTLP_LZNT1_CHUNK ? 2 : 0;
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (ChunkSize > RTLP_LZNT1_CHUNK) {
        return STATUS_INVALID_PARAMETER;
    }
    if ((SIZE_T)(EndOfCompressedBufferPlus1 - *CompressedBuffer) < ChunkSize + header) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    *ChunkBuffer = *CompressedBuffer + header;
    *CompressedBuffer += ChunkSize + header;
    if (header != 0) {
        (*ChunkBuffer)[-2] = 0xFF;
        (*ChunkBuffer)[-1] = 0x3F;
    }
    return STATUS_SUCCESS;
}

/* A chunk alone: 0 bytes for zeros, a whole chunk when it would not get smaller. */
NTSYSAPI NTSTATUS NTAPI RtlCompressChunks(PUCHAR UncompressedBuffer, ULONG UncompressedBufferSize,
                                          PUCHAR CompressedBuffer, ULONG CompressedBufferSize,
                                          PCOMPRESSED_DATA_INFO CompressedDataInfo,
                                          ULONG CompressedDataInfoLength, PVOID WorkSpace)
{
    struct workspace *work = WorkSpace;
    USHORT format = CompressedDataInfo->CompressionFormatAndEngine;
    ULONG chunks = (UncompressedBufferSize + RTLP_LZNT1_CHUNK - 1) / RTLP_LZNT1_CHUNK, out = 0;
    NTSTATUS status = check_format(format, COMPRESSION_FORMAT_LZNT1);
    if (NT_SUCCESS(status)) {
        status = check_engine(format);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (CompressedDataInfo->ChunkShift != CHUNK_SHIFT || chunks > MAXUSHORT ||
        CompressedDataInfoLength <
            FIELD_OFFSET(COMPRESSED_DATA_INFO, CompressedChunkSizes) + chunks * sizeof(ULONG)) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < chunks; i++) {
        PUCHAR from = UncompressedBuffer + i * RTLP_LZNT1_CHUNK;
        ULONG size = UncompressedBufferSize - i * RTLP_LZNT1_CHUNK, made = 0;
        size = size < RTLP_LZNT1_CHUNK ? size : RTLP_LZNT1_CHUNK;
        if (!RtlIsZeroMemory(from, size)) {
            ULONG room = CompressedBufferSize - out;
            status = RtlpLznt1CompressChunk(&work->lz, from, size, CompressedBuffer + out, room,
                                            (format & COMPRESSION_ENGINE_MAXIMUM) != 0, &made);
            if (!NT_SUCCESS(status) || made >= RTLP_LZNT1_CHUNK) {
                if (room < RTLP_LZNT1_CHUNK) {
                    return STATUS_BUFFER_TOO_SMALL;
                }
                RtlCopyMemory(CompressedBuffer + out, from, size);
                RtlZeroMemory(CompressedBuffer + out + size, RTLP_LZNT1_CHUNK - size);
                made = RTLP_LZNT1_CHUNK;
            }
        }
        CompressedDataInfo->CompressedChunkSizes[i] = made;
        out += made;
    }
    CompressedDataInfo->NumberOfChunks = (USHORT)chunks;
    return STATUS_SUCCESS;
}

/* A chunk may begin in the buffer and end in its tail. */
NTSYSAPI NTSTATUS NTAPI RtlDecompressChunks(PUCHAR UncompressedBuffer, ULONG UncompressedBufferSize,
                                            PUCHAR CompressedBuffer, ULONG CompressedBufferSize,
                                            PUCHAR CompressedTail, ULONG CompressedTailSize,
                                            PCOMPRESSED_DATA_INFO CompressedDataInfo)
{
    NTSTATUS status = check_format(CompressedDataInfo->CompressionFormatAndEngine, COMPRESSION_FORMAT_LZNT1);
    for (ULONG i = 0; i < CompressedDataInfo->NumberOfChunks && NT_SUCCESS(status); i++) {
        ULONG size = CompressedDataInfo->CompressedChunkSizes[i], made = 0;
        ULONG room = UncompressedBufferSize < RTLP_LZNT1_CHUNK ? UncompressedBufferSize : RTLP_LZNT1_CHUNK;
        UCHAR split[RTLP_LZNT1_CHUNK];
        const UCHAR *chunk = CompressedBuffer;
        if (size > RTLP_LZNT1_CHUNK) {
            return STATUS_BAD_COMPRESSION_BUFFER;
        }
        if (size > CompressedBufferSize) {
            if (size - CompressedBufferSize > CompressedTailSize) {
                return STATUS_BAD_COMPRESSION_BUFFER;
            }
            RtlCopyMemory(split, CompressedBuffer, CompressedBufferSize);
            RtlCopyMemory(split + CompressedBufferSize, CompressedTail, size - CompressedBufferSize);
            chunk = split;
        }
        if (size == RTLP_LZNT1_CHUNK) {
            RtlCopyMemory(UncompressedBuffer, chunk, room);
        } else {
            status = RtlpLznt1Decompress(chunk, size, UncompressedBuffer, room, 0, NULL, &made);
            RtlZeroMemory(UncompressedBuffer + made, room - made);
        }
        if (size > CompressedBufferSize) { /* the rest is in the tail */
            CompressedTail += size - CompressedBufferSize;
            CompressedTailSize -= size - CompressedBufferSize;
            CompressedBuffer = CompressedTail;
            CompressedBufferSize = CompressedTailSize;
            CompressedTailSize = 0;
        } else {
            CompressedBuffer += size;
            CompressedBufferSize -= size;
        }
        UncompressedBuffer += room;
        UncompressedBufferSize -= room;
    }
    return status;
}
