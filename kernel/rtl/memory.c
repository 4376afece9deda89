/* SPDX-License-Identifier: MIT */
/*
 * Memory routines: those a compiler may call on its own (RtlpMemcpy ... under the System V convention; the prelink renames
 * memcpy and its kin to them) and the exported ones (memcpy, RtlCompareMemory ...).
 *
 * The work is done in arch/x86_64/memory.S. Any IRQL if the memory is resident; the buffers may belong to a driver or a user,
 * and a fault unwinds out of there with nothing held.
 */
#include <nt/base.h>
#include <nt/status.h>

#include "rtlp.h"

/* Whether memory.S may use 256-bit registers: AVX2, enabled, and XGETBV tells which state is in use. 1: yes. */
UCHAR RtlpMemoryVectors;

static void cpuid(ULONG leaf, ULONG subleaf, ULONG out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(subleaf));
}

__attribute__((constructor)) static void find_vectors(void)
{
    ULONG r[4], enabled, high;
    cpuid(0, 0, r);
    if (r[0] < 0xD)
        return;
    cpuid(1, 0, r);
    if (!(r[2] & 1u << 27)) /* OSXSAVE */
        return;
    __asm__ volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    cpuid(7, 0, r);
    if ((enabled & 6) != 6 || !(r[1] & 1u << 5)) /* SSE and AVX state; AVX2 */
        return;
    cpuid(0xD, 1, r);
    RtlpMemoryVectors = r[0] >> 2 & 1; /* XGETBV with ECX = 1 */
}

int RtlpMemcmp(const void *a, const void *b, SIZE_T n)
{
    SIZE_T i = RtlpFirstDifference(a, b, n);
    return i == n ? 0 : (int)((const UCHAR *)a)[i] - (int)((const UCHAR *)b)[i];
}

/* ---------------------------------------------------------------- exports */

/*
 * What memory.S leaves to C of memcpy, memmove, memset and RtlCompareMemory: more bytes than a wrapper's cost. memcpy is
 * memmove: drivers exist that overlap, and ntoskrnl's has been that for years.
 */
PVOID NTAPI RtlpMoveLong(PVOID Destination, const VOID *Source, SIZE_T Length);
PVOID NTAPI RtlpFillLong(PVOID Destination, int Value, SIZE_T Length);
SIZE_T NTAPI RtlpCompareLong(const VOID *Source1, const VOID *Source2, SIZE_T Length);

PVOID NTAPI RtlpMoveLong(PVOID Destination, const VOID *Source, SIZE_T Length)
{
    return RtlpMemmove(Destination, Source, Length);
}

PVOID NTAPI RtlpFillLong(PVOID Destination, int Value, SIZE_T Length)
{
    return RtlpMemset(Destination, Value, Length);
}

SIZE_T NTAPI RtlpCompareLong(const VOID *Source1, const VOID *Source2, SIZE_T Length)
{
    return RtlpFirstDifference(Source1, Source2, Length);
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
