/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_compress.h - compression of buffers.
 *
 * Formats: LZNT1 (chunks of 4096 bytes; what NTFS uses), XPRESS (plain LZ77) and XPRESS_HUFF (LZ77 with Huffman codes), as
 * [MS-XCA] describes them. Two engines: standard, and maximum (a longer search, the same format). PASSIVE_LEVEL or
 * APC_LEVEL; the caller's buffers are the only memory used. Damaged input gets STATUS_BAD_COMPRESSION_BUFFER, never an
 * access beyond a buffer. Pages: ntifs/nf-ntifs-rtlcompressbuffer and siblings.
 */
#ifndef KILN_NT_RTL_COMPRESS_H
#define KILN_NT_RTL_COMPRESS_H

#include <nt/base.h>

EXTERN_C_START

#define COMPRESSION_FORMAT_NONE        0x0000
#define COMPRESSION_FORMAT_DEFAULT     0x0001
#define COMPRESSION_FORMAT_LZNT1       0x0002
#define COMPRESSION_FORMAT_XPRESS      0x0003
#define COMPRESSION_FORMAT_XPRESS_HUFF 0x0004
#define COMPRESSION_FORMAT_MASK        0x00FF
#define COMPRESSION_ENGINE_STANDARD    0x0000
#define COMPRESSION_ENGINE_MAXIMUM     0x0100
#define COMPRESSION_ENGINE_HIBER       0x0200
#define COMPRESSION_ENGINE_MASK        0xFF00

/* What RtlCompressChunks did with each chunk. */
typedef struct _COMPRESSED_DATA_INFO {
    USHORT CompressionFormatAndEngine;
    UCHAR CompressionUnitShift;
    UCHAR ChunkShift;
    UCHAR ClusterShift;
    UCHAR Reserved;
    USHORT NumberOfChunks;
    ULONG CompressedChunkSizes[ANYSIZE_ARRAY];
} COMPRESSED_DATA_INFO, *PCOMPRESSED_DATA_INFO;

NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI RtlGetCompressionWorkSpaceSize(_In_ USHORT CompressionFormatAndEngine,
                                              _Out_ PULONG CompressBufferWorkSpaceSize,
                                              _Out_ PULONG CompressFragmentWorkSpaceSize);
/* STATUS_BUFFER_ALL_ZEROS (a success): the data are zeros. STATUS_BUFFER_TOO_SMALL: the result does not fit. */
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI RtlCompressBuffer(_In_ USHORT CompressionFormatAndEngine, _In_ PUCHAR UncompressedBuffer,
                                 _In_ ULONG UncompressedBufferSize, _Out_ PUCHAR CompressedBuffer,
                                 _In_ ULONG CompressedBufferSize, _In_ ULONG UncompressedChunkSize,
                                 _Out_ PULONG FinalCompressedSize, _In_ PVOID WorkSpace);
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI RtlDecompressBuffer(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedBuffer,
                                   _In_ ULONG UncompressedBufferSize, _In_ PUCHAR CompressedBuffer,
                                   _In_ ULONG CompressedBufferSize, _Out_ PULONG FinalUncompressedSize);
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI RtlDecompressBufferEx(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedBuffer,
                                     _In_ ULONG UncompressedBufferSize, _In_ PUCHAR CompressedBuffer,
                                     _In_ ULONG CompressedBufferSize, _Out_ PULONG FinalUncompressedSize,
                                     _In_opt_ PVOID WorkSpace);
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI RtlDecompressBufferEx2(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedBuffer,
                                      _In_ ULONG UncompressedBufferSize, _In_ PUCHAR CompressedBuffer,
                                      _In_ ULONG CompressedBufferSize, _In_ ULONG UncompressedChunkSize,
                                      _Out_ PULONG FinalUncompressedSize, _In_opt_ PVOID WorkSpace);
/* UncompressedFragmentSize bytes from FragmentOffset of the data. LZNT1 only. */
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI RtlDecompressFragment(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedFragment,
                                     _In_ ULONG UncompressedFragmentSize, _In_ PUCHAR CompressedBuffer,
                                     _In_ ULONG CompressedBufferSize, _In_ ULONG FragmentOffset,
                                     _Out_ PULONG FinalUncompressedSize, _In_ PVOID WorkSpace);
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI RtlDecompressFragmentEx(_In_ USHORT CompressionFormat, _Out_ PUCHAR UncompressedFragment,
                                       _In_ ULONG UncompressedFragmentSize, _In_ PUCHAR CompressedBuffer,
                                       _In_ ULONG CompressedBufferSize, _In_ ULONG FragmentOffset,
                                       _In_ ULONG UncompressedChunkSize, _Out_ PULONG FinalUncompressedSize,
                                       _In_ PVOID WorkSpace);

/*
 * Reserved for the system. Describe: the chunk at *CompressedBuffer, which moves behind it; STATUS_NO_MORE_ENTRIES at the
 * end. A chunk of 4096 bytes is not compressed, one of 0 is zeros. Reserve: room for the next one. LZNT1 only.
 */
NTSYSAPI NTSTATUS NTAPI RtlDescribeChunk(_In_ USHORT CompressionFormat, _Inout_ PUCHAR *CompressedBuffer,
                                         _In_ PUCHAR EndOfCompressedBufferPlus1, _Out_ PUCHAR *ChunkBuffer,
                                         _Out_ PULONG ChunkSize);
NTSYSAPI NTSTATUS NTAPI RtlReserveChunk(_In_ USHORT CompressionFormat, _Inout_ PUCHAR *CompressedBuffer,
                                        _In_ PUCHAR EndOfCompressedBufferPlus1, _Out_ PUCHAR *ChunkBuffer,
                                        _In_ ULONG ChunkSize);
NTSYSAPI NTSTATUS NTAPI RtlCompressChunks(_In_ PUCHAR UncompressedBuffer, _In_ ULONG UncompressedBufferSize,
                                          _Out_ PUCHAR CompressedBuffer, _In_ ULONG CompressedBufferSize,
                                          _Inout_ PCOMPRESSED_DATA_INFO CompressedDataInfo,
                                          _In_ ULONG CompressedDataInfoLength, _In_ PVOID WorkSpace);
NTSYSAPI NTSTATUS NTAPI RtlDecompressChunks(_Out_ PUCHAR UncompressedBuffer, _In_ ULONG UncompressedBufferSize,
                                            _In_ PUCHAR CompressedBuffer, _In_ ULONG CompressedBufferSize,
                                            _In_ PUCHAR CompressedTail, _In_ ULONG CompressedTailSize,
                                            _In_ PCOMPRESSED_DATA_INFO CompressedDataInfo);

EXTERN_C_END

#endif
