/* SPDX-License-Identifier: MIT */
/*
 * lz.h - what the compression formats share: a finder of repetitions, and the formats themselves ([MS-XCA]).
 *
 * All memory is the caller's. Every routine here is safe for hostile input: it reads and writes only within
 * the sizes it was given (tests/fuzz/decompress_fuzz.c). STATUS_BAD_COMPRESSION_BUFFER: the input is damaged,
 * or its result does not fit. Any IRQL if the memory is resident.
 */
#ifndef KILN_RTL_LZ_H
#define KILN_RTL_LZ_H

#include <nt/base.h>
#include <nt/status.h>
#include <stdbool.h>

#define RTLP_LZ_HASH_BITS 12
#define RTLP_LZ_RING      8192 /* positions that the chains go back */
#define RTLP_LZ_MIN_MATCH 3

typedef struct _RTLP_LZ {
    const UCHAR *Data;
    ULONG Size;
    ULONG Depth;                        /* candidates that are tried */
    ULONG Window;                       /* largest distance */
    ULONG Head[1 << RTLP_LZ_HASH_BITS]; /* position + 1 of the newest occurrence; 0: none */
    ULONG Ring[RTLP_LZ_RING];           /* the one before, by position */
} RTLP_LZ;

void RtlpLzBegin(RTLP_LZ *Lz, const UCHAR *Data, ULONG Size, ULONG Window, bool Thorough);
/* Make a position known. In ascending order. */
void RtlpLzInsert(RTLP_LZ *Lz, ULONG Position);
/* The longest repetition at a position, of at most Limit bytes; 0: none of RTLP_LZ_MIN_MATCH. */
ULONG RtlpLzFind(const RTLP_LZ *Lz, ULONG Position, ULONG Limit, PULONG Distance);
/* `Length` bytes from `Distance` before To; they may overlap: a pattern repeats. */
void RtlpLzCopy(UCHAR *To, ULONG Distance, ULONG Length);

/* ---- formats: *Made is what was written; STATUS_BUFFER_TOO_SMALL when a result does not fit ---- */

#define RTLP_LZNT1_CHUNK 4096u

NTSTATUS RtlpLznt1Compress(RTLP_LZ *Lz, const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, bool Thorough,
                           PULONG Made);
/* One chunk of at most RTLP_LZNT1_CHUNK bytes, with its header. */
NTSTATUS RtlpLznt1CompressChunk(RTLP_LZ *Lz, const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room,
                                bool Thorough, PULONG Made);
/* `Skip` bytes of the result are left out; Scratch (a chunk) is used for the chunk that is cut; NULL if Skip
 * is 0. */
NTSTATUS RtlpLznt1Decompress(const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, ULONG Skip, UCHAR *Scratch,
                             PULONG Made);
/* The bytes of the chunk at From with its header; 0: the end. Data and DataSize: what is behind the header.
 */
NTSTATUS RtlpLznt1Chunk(const UCHAR *From, ULONG Size, PULONG ChunkSize, bool *Compressed);

NTSTATUS RtlpXpressCompress(RTLP_LZ *Lz, const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, bool Thorough,
                            PULONG Made);
NTSTATUS RtlpXpressDecompress(const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, PULONG Made);

#define RTLP_HUFF_SYMBOLS 512
#define RTLP_HUFF_BITS    15

typedef struct _RTLP_HUFF {
    ULONG Count[RTLP_HUFF_SYMBOLS];
    USHORT Code[RTLP_HUFF_SYMBOLS];
    UCHAR Length[RTLP_HUFF_SYMBOLS];
    USHORT Parent[2 * RTLP_HUFF_SYMBOLS];
    ULONG Weight[2 * RTLP_HUFF_SYMBOLS];
    USHORT Order[RTLP_HUFF_SYMBOLS];
} RTLP_HUFF;

NTSTATUS RtlpXpressHuffCompress(RTLP_LZ *Lz, RTLP_HUFF *Huff, const UCHAR *From, ULONG Size, UCHAR *To,
                                ULONG Room, bool Thorough, PULONG Made);
/* Table: 1 << RTLP_HUFF_BITS entries. */
NTSTATUS RtlpXpressHuffDecompress(const UCHAR *From, ULONG Size, UCHAR *To, ULONG Room, USHORT *Table,
                                  PULONG Made);

#endif
