/* SPDX-License-Identifier: MIT */
/*
 * memory_rtl.c - the Rtl names of the memory routines (memory.c has the work), and the variants that only
 * they have.
 *
 * Any IRQL, if the memory is resident. A fault is the caller's exception: nothing is held.
 */
#include <nt/rtl.h>
#include "rtlp.h"

#undef RtlCopyMemory
#undef RtlMoveMemory
#undef RtlFillMemory
#undef RtlZeroMemory

NTSYSAPI VOID NTAPI RtlCopyMemory(PVOID Destination, const VOID *Source, SIZE_T Length)
{
    RtlpMemmove(Destination, Source, Length);
}

NTSYSAPI VOID NTAPI RtlMoveMemory(PVOID Destination, const VOID *Source, SIZE_T Length)
{
    RtlpMemmove(Destination, Source, Length);
}

NTSYSAPI VOID NTAPI RtlFillMemory(PVOID Destination, SIZE_T Length, UCHAR Value)
{
    RtlpMemset(Destination, Value, Length);
}

NTSYSAPI VOID NTAPI RtlZeroMemory(PVOID Destination, SIZE_T Length)
{
    RtlpMemset(Destination, 0, Length);
}

NTSYSAPI BOOLEAN NTAPI RtlIsZeroMemory(PVOID Buffer, SIZE_T Length)
{
    const UCHAR *p = Buffer;
    SIZE_T i = 0;
    for (; i + 8 <= Length; i += 8) {
        if (*(const KILN_ULONGLONG_U *)(p + i) != 0) {
            return FALSE;
        }
    }
    while (i < Length && p[i] == 0) {
        i++;
    }
    return (BOOLEAN)(i == Length);
}

NTSYSAPI VOID NTAPI RtlCopyMemoryNonTemporal(VOID *Destination, const VOID *Source, SIZE_T Length)
{
    UCHAR *to = Destination;
    const UCHAR *from = Source;
    for (; Length >= 8; Length -= 8, to += 8, from += 8) {
        ULONG64 word = *(const KILN_ULONGLONG_U *)from;
        __asm__ __volatile__("movnti %1, %0" : "=m"(*(KILN_ULONGLONG_U *)to) : "r"(word));
    }
    RtlpMemcpy(to, from, Length);
    __asm__ __volatile__("sfence" : : : "memory");
}

NTSYSAPI VOID NTAPI RtlFillMemoryNonTemporal(VOID *Destination, SIZE_T Length, const UCHAR Value)
{
    UCHAR *to = Destination;
    ULONG64 pattern = Value * 0x0101010101010101ULL;
    for (; Length >= 8; Length -= 8, to += 8) {
        __asm__ __volatile__("movnti %1, %0" : "=m"(*(KILN_ULONGLONG_U *)to) : "r"(pattern));
    }
    RtlpMemset(to, Value, Length);
    __asm__ __volatile__("sfence" : : : "memory");
}

NTSYSAPI VOID NTAPI RtlPrefetchMemoryNonTemporal(PVOID Source, SIZE_T Length)
{
    const UCHAR *p = Source;
    for (SIZE_T i = 0; i < Length; i += 64) {
        __builtin_prefetch(p + i, 0, 0);
    }
}

/* How many bytes, counted in whole ULONGs, have the pattern. The address and the length are multiples of
 * four. */
NTSYSAPI SIZE_T NTAPI RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern)
{
    const ULONG *p = Source;
    SIZE_T i, count = Length / sizeof(ULONG);
    for (i = 0; i < count && p[i] == Pattern; i++) {
    }
    return i * sizeof(ULONG);
}

NTSYSAPI VOID NTAPI RtlFillMemoryUlong(PVOID Destination, SIZE_T Length, ULONG Pattern)
{
    SIZE_T count = Length / sizeof(ULONG);
    __asm__ __volatile__("rep stosl" : "+D"(Destination), "+c"(count) : "a"(Pattern) : "memory");
}

NTSYSAPI VOID NTAPI RtlFillMemoryUlonglong(PVOID Destination, SIZE_T Length, ULONGLONG Pattern)
{
    SIZE_T count = Length / sizeof(ULONGLONG);
    __asm__ __volatile__("rep stosq" : "+D"(Destination), "+c"(count) : "a"(Pattern) : "memory");
}
