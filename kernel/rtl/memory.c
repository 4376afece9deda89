/* SPDX-License-Identifier: MIT */
/*
 * Memory routines: those a compiler may call on its own (RtlpMemcpy ... under the System V convention; the prelink renames
 * memcpy and its kin to them) and the exported ones (memcpy, RtlCompareMemory ...).
 *
 * Short copies use overlapping loads and stores, all loads before the first store, so that they are right for
 * overlapping buffers too; long ones use `rep movsb`, which current processors run at full width. Any IRQL if the
 * memory is resident; the buffers may belong to a driver or a user, and a fault unwinds out of here with nothing held.
 */
#include <nt/base.h>
#include <nt/status.h>

#include "rtlp.h"

typedef ULONG64 __attribute__((may_alias, aligned(1))) unaligned64;
typedef ULONG __attribute__((may_alias, aligned(1))) unaligned32;
typedef USHORT __attribute__((may_alias, aligned(1))) unaligned16;

/* A loop the compiler must not recognise as the very routine it implements. */
#define KEEP_LOOP() __asm__ volatile("" ::: "memory")

#define REP_THRESHOLD 512

static inline void move_short(UCHAR *to, const UCHAR *from, SIZE_T n)
{
    if (n >= 16) {
        ULONG64 a = *(const unaligned64 *)from, b = *(const unaligned64 *)(from + 8);
        ULONG64 c = *(const unaligned64 *)(from + n - 16), d = *(const unaligned64 *)(from + n - 8);
        *(unaligned64 *)to = a;
        *(unaligned64 *)(to + 8) = b;
        *(unaligned64 *)(to + n - 16) = c;
        *(unaligned64 *)(to + n - 8) = d;
    } else if (n >= 8) {
        ULONG64 a = *(const unaligned64 *)from, b = *(const unaligned64 *)(from + n - 8);
        *(unaligned64 *)to = a;
        *(unaligned64 *)(to + n - 8) = b;
    } else if (n >= 4) {
        ULONG a = *(const unaligned32 *)from, b = *(const unaligned32 *)(from + n - 4);
        *(unaligned32 *)to = a;
        *(unaligned32 *)(to + n - 4) = b;
    } else if (n >= 2) {
        USHORT a = *(const unaligned16 *)from, b = *(const unaligned16 *)(from + n - 2);
        *(unaligned16 *)to = a;
        *(unaligned16 *)(to + n - 2) = b;
    } else if (n) {
        *to = *from;
    }
}

static inline void move32(UCHAR *to, const UCHAR *from)
{
    ULONG64 a = *(const unaligned64 *)from, b = *(const unaligned64 *)(from + 8);
    ULONG64 c = *(const unaligned64 *)(from + 16), d = *(const unaligned64 *)(from + 24);
    *(unaligned64 *)to = a;
    *(unaligned64 *)(to + 8) = b;
    *(unaligned64 *)(to + 16) = c;
    *(unaligned64 *)(to + 24) = d;
}

static inline void copy_forward(UCHAR *to, const UCHAR *from, SIZE_T n)
{
    if (n >= REP_THRESHOLD) {
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n)::"memory");
        return;
    }
    while (n > 32) {
        move32(to, from);
        to += 32;
        from += 32;
        n -= 32;
        KEEP_LOOP();
    }
    move_short(to, from, n);
}

static inline void copy_backward(UCHAR *to, const UCHAR *from, SIZE_T n)
{
    while (n > 32) {
        n -= 32;
        move32(to + n, from + n);
        KEEP_LOOP();
    }
    move_short(to, from, n);
}

void *RtlpMemcpy(void *to, const void *from, SIZE_T n)
{
    copy_forward(to, from, n);
    return to;
}

void *RtlpMemmove(void *to, const void *from, SIZE_T n)
{
    if (n <= 32)
        move_short(to, from, n);
    else if ((ULONG_PTR)to - (ULONG_PTR)from >= n)
        copy_forward(to, from, n);
    else
        copy_backward(to, from, n);
    return to;
}

void *RtlpMemset(void *to, int value, SIZE_T n)
{
    UCHAR *p = to;
    ULONG64 pattern = (UCHAR)value * 0x0101010101010101ULL;
    if (n >= REP_THRESHOLD) {
        __asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(value) : "memory");
        return to;
    }
    while (n >= 32) {
        *(unaligned64 *)p = pattern;
        *(unaligned64 *)(p + 8) = pattern;
        *(unaligned64 *)(p + 16) = pattern;
        *(unaligned64 *)(p + 24) = pattern;
        p += 32;
        n -= 32;
        KEEP_LOOP();
    }
    if (n >= 8) {
        SIZE_T at = 0;
        for (; at + 8 <= n; at += 8) {
            *(unaligned64 *)(p + at) = pattern;
            KEEP_LOOP();
        }
        *(unaligned64 *)(p + n - 8) = pattern;
    } else {
        for (SIZE_T i = 0; i < n; i++) {
            p[i] = (UCHAR)value;
            KEEP_LOOP();
        }
    }
    return to;
}

/* Index of the first byte that differs, or n. */
static SIZE_T first_difference(const UCHAR *a, const UCHAR *b, SIZE_T n)
{
    SIZE_T i = 0;
    for (; i + 8 <= n; i += 8) {
        ULONG64 different = *(const unaligned64 *)(a + i) ^ *(const unaligned64 *)(b + i);
        if (different)
            return i + (SIZE_T)__builtin_ctzll(different) / 8;
    }
    while (i < n && a[i] == b[i])
        i++;
    return i;
}

int RtlpMemcmp(const void *a, const void *b, SIZE_T n)
{
    SIZE_T i = first_difference(a, b, n);
    return i == n ? 0 : (int)((const UCHAR *)a)[i] - (int)((const UCHAR *)b)[i];
}

/* ---------------------------------------------------------------- exports */

PVOID NTAPI nt_memcpy(PVOID Destination, const VOID *Source, SIZE_T Length)
{
    /* Drivers exist that overlap; ntoskrnl's memcpy has been memmove for years. */
    return RtlpMemmove(Destination, Source, Length);
}

PVOID NTAPI nt_memmove(PVOID Destination, const VOID *Source, SIZE_T Length)
{
    return RtlpMemmove(Destination, Source, Length);
}

PVOID NTAPI nt_memset(PVOID Destination, int Value, SIZE_T Length)
{
    return RtlpMemset(Destination, Value, Length);
}

int NTAPI nt_memcmp(const VOID *Left, const VOID *Right, SIZE_T Length)
{
    return RtlpMemcmp(Left, Right, Length);
}

PVOID NTAPI nt_memchr(const VOID *Buffer, int Character, SIZE_T Length)
{
    const UCHAR *p = Buffer;
    for (SIZE_T i = 0; i < Length; i++)
        if (p[i] == (UCHAR)Character)
            return (PVOID)(p + i);
    return NULL;
}

/* The errno_t family reports a bad call instead of overrunning, and clears the destination as documented. */
int NTAPI nt_memcpy_s(PVOID Destination, SIZE_T DestinationSize, const VOID *Source, SIZE_T Length)
{
    if (Length == 0)
        return 0;
    if (!Destination)
        return RTLP_EINVAL;
    if (!Source || DestinationSize < Length) {
        RtlpMemset(Destination, 0, DestinationSize);
        return Source ? RTLP_ERANGE : RTLP_EINVAL;
    }
    RtlpMemcpy(Destination, Source, Length);
    return 0;
}

int NTAPI nt_memmove_s(PVOID Destination, SIZE_T DestinationSize, const VOID *Source, SIZE_T Length)
{
    if (Length == 0)
        return 0;
    if (!Destination || !Source)
        return RTLP_EINVAL;
    if (DestinationSize < Length)
        return RTLP_ERANGE;
    RtlpMemmove(Destination, Source, Length);
    return 0;
}
