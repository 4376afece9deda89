/* SPDX-License-Identifier: MIT */
/*
 * random.c - pseudo-random numbers from a seed, checksums.
 *
 * RtlUniform is Lehmer's generator modulo 2^31-1; RtlRandom shuffles its output through a table of 128; both
 * keep their state in the caller's seed and are only as random as that. Any IRQL.
 */
#include <nt/rtl.h>
#include "rtlp.h"

#define MODULUS    0x7FFFFFFFu
#define MULTIPLIER 48271u /* Park and Miller's second choice */

static ULONG step(PULONG seed)
{
    ULONG64 state = *seed % MODULUS;
    if (state == 0) {
        state = 1; /* zero would stay zero */
    }
    *seed = (ULONG)(state * MULTIPLIER % MODULUS);
    return *seed;
}

NTSYSAPI ULONG NTAPI RtlUniform(PULONG Seed)
{
    return step(Seed);
}

/* A table entry is chosen by one number, replaced by the next. Its contents are a function of the slot until
 * then. */
static volatile ULONG shuffle[128];

static ULONG random(PULONG seed)
{
    ULONG first = step(seed), slot = first & 127, out;
    ULONG second = step(seed);
    out = (ULONG)_InterlockedExchange((volatile LONG *)&shuffle[slot], (LONG)second);
    if (out == 0) {
        out = (slot * 0x9E3779B1u ^ first) & MODULUS;
    }
    return out % MODULUS;
}

NTSYSAPI ULONG NTAPI RtlRandom(PULONG Seed)
{
    return random(Seed);
}

NTSYSAPI ULONG NTAPI RtlRandomEx(PULONG Seed)
{
    return random(Seed);
}

/* ---- checksums ---- */

/* Bit by bit over the reflected polynomial; four bits at a time by a table of sixteen. */
static ULONG crc32(ULONG crc, const UCHAR *bytes, SIZE_T length)
{
    static const ULONG nibble[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                     0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    crc = ~crc;
    for (SIZE_T i = 0; i < length; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ nibble[crc & 15];
        crc = (crc >> 4) ^ nibble[crc & 15];
    }
    return ~crc;
}

NTSYSAPI ULONG NTAPI RtlComputeCrc32(ULONG PartialCrc, PVOID Buffer, ULONG Length)
{
    return crc32(PartialCrc, Buffer, Length);
}

NTSYSAPI ULONG32 NTAPI RtlCrc32(const void *Buffer, size_t Size, ULONG InitialCrc)
{
    return crc32(InitialCrc, Buffer, Size);
}

NTSYSAPI ULONGLONG NTAPI RtlCrc64(const void *Buffer, size_t Size, ULONGLONG InitialCrc)
{
    const UCHAR *bytes = Buffer;
    ULONGLONG crc = ~InitialCrc;
    for (size_t i = 0; i < Size; i++) {
        crc ^= bytes[i];
        for (ULONG bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (0x9A6C9329AC4BC9B5ULL & (0 - (crc & 1)));
        }
    }
    return ~crc;
}
