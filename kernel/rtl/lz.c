/* SPDX-License-Identifier: MIT */
/* lz.c - the finder of repetitions that the compressors share: hash chains over three bytes. */
#include "lz.h"
#include <nt/rtl_memory.h>

#define THOROUGH_DEPTH 64
#define QUICK_DEPTH    4

static ULONG hash_of(const UCHAR *p)
{
    ULONG three = p[0] | (ULONG)p[1] << 8 | (ULONG)p[2] << 16;
    return three * 0x9E3779B1u >> (32 - RTLP_LZ_HASH_BITS);
}

void RtlpLzBegin(RTLP_LZ *Lz, const UCHAR *Data, ULONG Size, ULONG Window, bool Thorough)
{
    Lz->Data = Data;
    Lz->Size = Size;
    Lz->Depth = Thorough ? THOROUGH_DEPTH : QUICK_DEPTH;
    Lz->Window = Window;
    RtlZeroMemory(Lz->Head, sizeof(Lz->Head));
}

void RtlpLzInsert(RTLP_LZ *Lz, ULONG Position)
{
    if (Lz->Size - Position >= RTLP_LZ_MIN_MATCH) {
        ULONG *head = &Lz->Head[hash_of(Lz->Data + Position)];
        Lz->Ring[Position % RTLP_LZ_RING] = *head;
        *head = Position + 1;
    }
}

static ULONG common(const UCHAR *a, const UCHAR *b, ULONG limit)
{
    ULONG n = 0;
    while (n + 8 <= limit) {
        ULONGLONG difference = *(const KILN_ULONGLONG_U *)(a + n) ^ *(const KILN_ULONGLONG_U *)(b + n);
        if (difference != 0) {
            return n + (ULONG)__builtin_ctzll(difference) / 8;
        }
        n += 8;
    }
    while (n < limit && a[n] == b[n]) {
        n++;
    }
    return n;
}

ULONG RtlpLzFind(const RTLP_LZ *Lz, ULONG Position, ULONG Limit, PULONG Distance)
{
    ULONG best = 0, candidate;
    if (Limit > Lz->Size - Position) {
        Limit = Lz->Size - Position;
    }
    if (Limit < RTLP_LZ_MIN_MATCH) {
        return 0;
    }
    candidate = Lz->Head[hash_of(Lz->Data + Position)];
    for (ULONG i = 0; i < Lz->Depth && candidate != 0; i++) {
        ULONG at = candidate - 1, length;
        if (Position - at > Lz->Window) {
            break;
        }
        length = common(Lz->Data + at, Lz->Data + Position, Limit);
        if (length > best) {
            best = length;
            *Distance = Position - at;
            if (length == Limit) {
                break;
            }
        }
        if (Position - at >= RTLP_LZ_RING) { /* the ring has been overwritten there */
            break;
        }
        candidate = Lz->Ring[at % RTLP_LZ_RING];
    }
    return best >= RTLP_LZ_MIN_MATCH ? best : 0;
}

void RtlpLzCopy(UCHAR *To, ULONG Distance, ULONG Length)
{
    const UCHAR *from = To - Distance;
    ULONG i = 0;
    if (Distance >= 8) {
        for (; i + 8 <= Length; i += 8) {
            *(KILN_ULONGLONG_U *)(To + i) = *(const KILN_ULONGLONG_U *)(from + i);
        }
    }
    for (; i < Length; i++) {
        To[i] = from[i];
    }
}
