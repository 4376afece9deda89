/* SPDX-License-Identifier: MIT */
/*
 * Memory routines: those a compiler may call on its own (RtlpMemcpy ... under the System V convention; the prelink renames
 * memcpy and its kin to them) and the exported ones (memcpy, RtlCompareMemory ...).
 *
 * Moving, filling and comparing is arch/x86_64/memory.S. Any IRQL if the memory is resident; the buffers may belong to a driver or a user,
 * and a fault unwinds out of there with nothing held.
 */
#include <nt/base.h>
#include <nt/status.h>

#include "rtlp.h"

/*
 * How wide the registers are that memory.S uses: 1: 256 bits (AVX2), 2: 512 bits. The latter only on processors with VBMI2,
 * because those before it pay for wide registers with their clock.
 */
UCHAR RtlpMemoryVectors;

static void cpuid(ULONG leaf, ULONG subleaf, ULONG out[4])
{
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(subleaf));
}

__attribute__((constructor)) static void find_vectors(void)
{
    ULONG r[4], enabled, high;
    cpuid(0, 0, r);
    if (r[0] < 7)
        return;
    cpuid(1, 0, r);
    if (!(r[2] & 1u << 27)) /* OSXSAVE */
        return;
    __asm__ volatile("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    cpuid(7, 0, r);
    if ((enabled & 6) == 6 && (r[1] & 1u << 5)) /* SSE and AVX state; AVX2 */
        RtlpMemoryVectors = (enabled & 0xE0) == 0xE0 && (r[1] & 1u << 16) && (r[2] & 1u << 6) ? 2 : 1;
}

/* ---------------------------------------------------------------- exports */

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
