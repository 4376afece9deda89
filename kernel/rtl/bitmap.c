/* SPDX-License-Identifier: MIT */
/*
 * bitmap.c - arrays of bits in ULONGs, bit 0 the lowest of the first.
 *
 * Everything rests on next_bit(), which finds the next set (or clear) bit word by word. A bit beyond
 * SizeOfBitMap is never looked at as such: words are masked at the end. "Not found" is 0xFFFFFFFF. The caller
 * serialises. Any IRQL if resident.
 */
#include <nt/rtl.h>
#include "rtlp.h"

#define WORD_BITS 32
#define NOT_FOUND 0xFFFFFFFFu

/* The word that holds a bit, inverted when clear bits are what counts. */
static ULONG word_at(PCRTL_BITMAP map, ULONG bit, bool set)
{
    ULONG word = map->Buffer[bit / WORD_BITS];
    return set ? word : ~word;
}

/* The first bit from `from` on that is set (or clear); `end` when there is none below it. */
static ULONG next_bit(PCRTL_BITMAP map, ULONG from, ULONG end, bool set)
{
    while (from < end) {
        ULONG word = word_at(map, from, set) >> (from % WORD_BITS);
        if (word != 0) {
            ULONG found = from + (ULONG)__builtin_ctz(word);
            return found < end ? found : end;
        }
        from = (from / WORD_BITS + 1) * WORD_BITS;
        if (from == 0) {
            break; /* past the last word there can be */
        }
    }
    return end;
}

/* The first run of `count` such bits that begins in [from, last_start]. */
static ULONG find_run(PCRTL_BITMAP map, ULONG from, ULONG end, ULONG count, bool set)
{
    ULONG start = next_bit(map, from, end, set);
    while (start < end && end - start >= count) {
        ULONG stop = next_bit(map, start, end, !set);
        if (stop - start >= count) {
            return start;
        }
        start = next_bit(map, stop, end, set);
    }
    return NOT_FOUND;
}

static void write_bits(PRTL_BITMAP map, ULONG start, ULONG count, bool set)
{
    while (count != 0) {
        ULONG offset = start % WORD_BITS;
        ULONG here = WORD_BITS - offset < count ? WORD_BITS - offset : count;
        ULONG mask = (here == WORD_BITS ? ~0u : (1u << here) - 1) << offset;
        if (set) {
            map->Buffer[start / WORD_BITS] |= mask;
        } else {
            map->Buffer[start / WORD_BITS] &= ~mask;
        }
        start += here;
        count -= here;
    }
}

static ULONG count_set(PCRTL_BITMAP map, ULONG start, ULONG count)
{
    ULONG total = 0;
    while (count != 0) {
        ULONG offset = start % WORD_BITS;
        ULONG here = WORD_BITS - offset < count ? WORD_BITS - offset : count;
        ULONG mask = (here == WORD_BITS ? ~0u : (1u << here) - 1) << offset;
        total += __popcnt(map->Buffer[start / WORD_BITS] & mask);
        start += here;
        count -= here;
    }
    return total;
}

/* ---- single bits and ranges ---- */

NTSYSAPI VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap)
{
    BitMapHeader->SizeOfBitMap = SizeOfBitMap;
    BitMapHeader->Buffer = BitMapBuffer;
}

NTSYSAPI VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    write_bits(BitMapHeader, BitNumber, 1, false);
}

NTSYSAPI VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    write_bits(BitMapHeader, BitNumber, 1, true);
}

NTSYSAPI BOOLEAN NTAPI RtlTestBit(PCRTL_BITMAP BitMapHeader, ULONG BitNumber)
{
    return (BOOLEAN)((BitMapHeader->Buffer[BitNumber / WORD_BITS] >> (BitNumber % WORD_BITS)) & 1);
}

NTSYSAPI VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader)
{
    RtlZeroMemory(BitMapHeader->Buffer,
                  ((SIZE_T)BitMapHeader->SizeOfBitMap + WORD_BITS - 1) / WORD_BITS * sizeof(ULONG));
}

NTSYSAPI VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader)
{
    RtlFillMemory(BitMapHeader->Buffer,
                  ((SIZE_T)BitMapHeader->SizeOfBitMap + WORD_BITS - 1) / WORD_BITS * sizeof(ULONG), 0xFF);
}

/* Bits of a range that are outside the map are not touched. */
NTSYSAPI VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear)
{
    if (StartingIndex < BitMapHeader->SizeOfBitMap) {
        ULONG room = BitMapHeader->SizeOfBitMap - StartingIndex;
        write_bits(BitMapHeader, StartingIndex, NumberToClear < room ? NumberToClear : room, false);
    }
}

NTSYSAPI VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet)
{
    if (StartingIndex < BitMapHeader->SizeOfBitMap) {
        ULONG room = BitMapHeader->SizeOfBitMap - StartingIndex;
        write_bits(BitMapHeader, StartingIndex, NumberToSet < room ? NumberToSet : room, true);
    }
}

/* FALSE also for a range that is empty or leaves the map. */
static BOOLEAN are_all(PCRTL_BITMAP map, ULONG start, ULONG count, bool set)
{
    if (count == 0 || start >= map->SizeOfBitMap || count > map->SizeOfBitMap - start) {
        return FALSE;
    }
    return (BOOLEAN)(next_bit(map, start, start + count, !set) == start + count);
}

NTSYSAPI BOOLEAN NTAPI RtlAreBitsClear(PCRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return are_all(BitMapHeader, StartingIndex, Length, false);
}

NTSYSAPI BOOLEAN NTAPI RtlAreBitsSet(PCRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return are_all(BitMapHeader, StartingIndex, Length, true);
}

/* ---- finding ---- */

/*
 * From the hint to the end, then from the start. A run found in the second pass may overlap the hint. Nothing
 * to find is found at the hint, rounded down to a multiple of eight.
 */
static ULONG find(PCRTL_BITMAP map, ULONG count, ULONG hint, bool set)
{
    ULONG size = map->SizeOfBitMap, found;
    if (hint >= size) {
        hint = 0;
    }
    if (count == 0) {
        return hint & ~7u;
    }
    if (count > size) {
        return NOT_FOUND;
    }
    found = find_run(map, hint, size, count, set);
    if (found == NOT_FOUND && hint != 0) {
        ULONG end = size - hint > count ? hint + count - 1 : size;
        found = find_run(map, 0, end, count, set);
    }
    return found;
}

NTSYSAPI ULONG NTAPI RtlFindClearBits(PCRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, false);
}

NTSYSAPI ULONG NTAPI RtlFindSetBits(PCRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    return find(BitMapHeader, NumberToFind, HintIndex, true);
}

NTSYSAPI ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG found = find(BitMapHeader, NumberToFind, HintIndex, false);
    if (found != NOT_FOUND) {
        write_bits(BitMapHeader, found, NumberToFind, true);
    }
    return found;
}

NTSYSAPI ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex)
{
    ULONG found = find(BitMapHeader, NumberToFind, HintIndex, true);
    if (found != NOT_FOUND) {
        write_bits(BitMapHeader, found, NumberToFind, false);
    }
    return found;
}

/* ---- counting ---- */

NTSYSAPI ULONG NTAPI RtlNumberOfSetBits(PCRTL_BITMAP BitMapHeader)
{
    return count_set(BitMapHeader, 0, BitMapHeader->SizeOfBitMap);
}

NTSYSAPI ULONG NTAPI RtlNumberOfClearBits(PCRTL_BITMAP BitMapHeader)
{
    return BitMapHeader->SizeOfBitMap - count_set(BitMapHeader, 0, BitMapHeader->SizeOfBitMap);
}

NTSYSAPI ULONG NTAPI RtlNumberOfSetBitsInRange(PCRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return count_set(BitMapHeader, StartingIndex, Length);
}

NTSYSAPI ULONG NTAPI RtlNumberOfClearBitsInRange(PCRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length)
{
    return Length - count_set(BitMapHeader, StartingIndex, Length);
}

NTSYSAPI ULONG NTAPI RtlNumberOfSetBitsUlongPtr(ULONG_PTR Target)
{
    return (ULONG)__popcnt64(Target);
}

NTSYSAPI CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG Set)
{
    return (CCHAR)(Set == 0 ? -1 : __builtin_ctzll(Set));
}

NTSYSAPI CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG Set)
{
    return (CCHAR)(Set == 0 ? -1 : 63 - __builtin_clzll(Set));
}

/* ---- runs of clear bits ---- */

/* The array holds the first runs, or with LocateLongestRuns the longest, longest first. Gives how many there
 * are. */
NTSYSAPI ULONG NTAPI RtlFindClearRuns(PCRTL_BITMAP BitMapHeader, PRTL_BITMAP_RUN RunArray,
                                      ULONG SizeOfRunArray, BOOLEAN LocateLongestRuns)
{
    ULONG size = BitMapHeader->SizeOfBitMap, count = 0, start, stop;
    for (start = next_bit(BitMapHeader, 0, size, false); start < size;
         start = next_bit(BitMapHeader, stop, size, false)) {
        ULONG at = count;
        stop = next_bit(BitMapHeader, start, size, true);
        if (LocateLongestRuns) {
            while (at > 0 && RunArray[at - 1].NumberOfBits < stop - start) {
                at--;
            }
        }
        if (at == SizeOfRunArray) {
            if (!LocateLongestRuns) {
                break;
            }
            continue;
        }
        for (ULONG i = count < SizeOfRunArray ? count : SizeOfRunArray - 1; i > at; i--) {
            RunArray[i] = RunArray[i - 1];
        }
        RunArray[at].StartingIndex = start;
        RunArray[at].NumberOfBits = stop - start;
        if (count < SizeOfRunArray) {
            count++;
        }
    }
    return count;
}

NTSYSAPI ULONG NTAPI RtlFindLongestRunClear(PCRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    RTL_BITMAP_RUN run;
    if (RtlFindClearRuns(BitMapHeader, &run, 1, TRUE) == 0) {
        *StartingIndex = 0;
        return 0;
    }
    *StartingIndex = run.StartingIndex;
    return run.NumberOfBits;
}

NTSYSAPI ULONG NTAPI RtlFindNextForwardRunClear(PCRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                                PULONG StartingRunIndex)
{
    ULONG size = BitMapHeader->SizeOfBitMap, start;
    *StartingRunIndex = FromIndex;
    if (FromIndex >= size) {
        return 0;
    }
    start = next_bit(BitMapHeader, FromIndex, size, false);
    if (start == size) {
        return 0;
    }
    *StartingRunIndex = start;
    return next_bit(BitMapHeader, start, size, true) - start;
}

NTSYSAPI ULONG NTAPI RtlFindFirstRunClear(PCRTL_BITMAP BitMapHeader, PULONG StartingIndex)
{
    return RtlFindNextForwardRunClear(BitMapHeader, 0, StartingIndex);
}

/* The last run that begins at or before FromIndex, as far as it lies there. */
NTSYSAPI ULONG NTAPI RtlFindLastBackwardRunClear(PCRTL_BITMAP BitMapHeader, ULONG FromIndex,
                                                 PULONG StartingRunIndex)
{
    ULONG at = FromIndex, last;
    *StartingRunIndex = FromIndex;
    if (FromIndex >= BitMapHeader->SizeOfBitMap) {
        return 0;
    }
    while (RtlTestBit(BitMapHeader, at)) {
        if (at-- == 0) {
            return 0;
        }
    }
    last = at;
    while (at > 0 && !RtlTestBit(BitMapHeader, at - 1)) {
        at--;
    }
    *StartingRunIndex = at;
    return last - at + 1;
}

/* ---- copying ---- */

/* All of Source to Destination from TargetBit on, as far as it has room. */
NTSYSAPI VOID NTAPI RtlCopyBitMap(PCRTL_BITMAP Source, PRTL_BITMAP Destination, ULONG TargetBit)
{
    for (ULONG i = 0; i < Source->SizeOfBitMap && TargetBit + i < Destination->SizeOfBitMap; i++) {
        write_bits(Destination, TargetBit + i, 1, RtlTestBit(Source, i));
    }
}

NTSYSAPI VOID NTAPI RtlExtractBitMap(PCRTL_BITMAP Source, PRTL_BITMAP Destination, ULONG TargetBit,
                                     ULONG NumberOfBits)
{
    for (ULONG i = 0;
         i < NumberOfBits && TargetBit + i < Source->SizeOfBitMap && i < Destination->SizeOfBitMap; i++) {
        write_bits(Destination, i, 1, RtlTestBit(Source, TargetBit + i));
    }
}
