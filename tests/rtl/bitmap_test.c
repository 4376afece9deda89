/* SPDX-License-Identifier: MIT */
#include "rtltest.h"

#define BITS 203
static ULONG words[(BITS + 31) / 32 + 1];
static UCHAR model[BITS];
static RTL_BITMAP map;

static void start(void)
{
    RtlInitializeBitMap(&map, words, BITS);
    words[RTL_NUMBER_OF(words) - 1] = 0x5A5A5A5A; /* beyond the map */
    RtlClearAllBits(&map);
    for (ULONG i = 0; i < BITS; i++) {
        model[i] = 0;
    }
}

/* The slow way to the same answer. */
static ULONG model_find(ULONG from, ULONG count, UCHAR value)
{
    for (ULONG i = from; i + count <= BITS; i++) {
        ULONG run = 0;
        while (run < count && model[i + run] == value) {
            run++;
        }
        if (run == count) {
            return i;
        }
    }
    return 0xFFFFFFFF;
}

KILN_TEST_ONCE(rtl_bitmap, random_ranges_agree_with_a_model)
{
    ULONG seed = 42;
    start();
    for (ULONG round = 0; round < 500; round++) {
        ULONG at = RtlRandomEx(&seed) % BITS, count = RtlRandomEx(&seed) % (BITS - at) + 1, set = round & 1,
              total = 0;
        if (set) {
            RtlSetBits(&map, at, count / 3 + 1);
        } else {
            RtlClearBits(&map, at, count);
        }
        for (ULONG i = at; i < at + (set ? count / 3 + 1 : count) && i < BITS; i++) {
            model[i] = (UCHAR)set;
        }
        for (ULONG i = 0; i < BITS; i++) {
            CHECK_EQ(RtlTestBit(&map, i), model[i]);
            total += model[i];
        }
        CHECK_EQ(RtlNumberOfSetBits(&map), total);
        CHECK_EQ(RtlNumberOfClearBits(&map), BITS - total);
        CHECK_EQ(RtlFindClearBits(&map, 5, 0), model_find(0, 5, 0));
        CHECK_EQ(RtlFindSetBits(&map, 9, 0), model_find(0, 9, 1));
        if (model_find(100, 3, 0) != 0xFFFFFFFF) {
            CHECK_EQ(RtlFindClearBits(&map, 3, 100), model_find(100, 3, 0));
        }
        CHECK_EQ(words[RTL_NUMBER_OF(words) - 1], 0x5A5A5A5A);
    }
}

KILN_TEST_ONCE(rtl_bitmap, a_search_from_the_hint_wraps_to_the_start)
{
    start();
    RtlSetAllBits(&map);
    RtlClearBits(&map, 10, 4);
    CHECK_EQ(RtlFindClearBits(&map, 4, 150), 10);
    CHECK_EQ(RtlFindClearBits(&map, 5, 150), 0xFFFFFFFF);
    CHECK_EQ(RtlFindClearBits(&map, 2, 12), 12);
    CHECK_EQ(RtlFindClearBitsAndSet(&map, 4, 0), 10);
    CHECK(RtlAreBitsSet(&map, 0, BITS));
    CHECK(!RtlAreBitsSet(&map, 0, BITS + 1));
    CHECK(!RtlAreBitsSet(&map, 3, 0));
}

KILN_TEST_ONCE(rtl_bitmap, runs_come_longest_first_when_asked)
{
    RTL_BITMAP_RUN runs[2];
    ULONG at;
    start();
    RtlSetAllBits(&map);
    RtlClearBits(&map, 3, 2);
    RtlClearBits(&map, 40, 60);
    RtlClearBits(&map, 150, 7);
    CHECK_EQ(RtlFindClearRuns(&map, runs, 2, FALSE), 2);
    CHECK_EQ(runs[0].StartingIndex, 3);
    CHECK_EQ(runs[1].NumberOfBits, 60);
    CHECK_EQ(RtlFindClearRuns(&map, runs, 2, TRUE), 2);
    CHECK_EQ(runs[0].StartingIndex, 40);
    CHECK_EQ(runs[1].StartingIndex, 150);
    CHECK_EQ(RtlFindLongestRunClear(&map, &at), 60);
    CHECK_EQ(at, 40);
    CHECK_EQ(RtlFindNextForwardRunClear(&map, 101, &at), 7);
    CHECK_EQ(at, 150);
    CHECK_EQ(RtlFindLastBackwardRunClear(&map, 130, &at), 60);
    CHECK_EQ(at, 40);
    CHECK_EQ(RtlFindLastBackwardRunClear(&map, 2, &at), 0);
}

KILN_TEST_ONCE(rtl_bitmap, significant_bits)
{
    CHECK_EQ(RtlFindMostSignificantBit(0x8000000000000001ULL), 63);
    CHECK_EQ(RtlFindLeastSignificantBit(0x8000000000000000ULL), 63);
    CHECK_EQ((LONG)RtlFindMostSignificantBit(0), -1);
    CHECK_EQ(RtlNumberOfSetBitsUlongPtr(0xFF00FF), 16);
}
