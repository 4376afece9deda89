/* SPDX-License-Identifier: MIT */
#include "rtltest.h"

#undef RtlCopyMemory
#undef RtlMoveMemory
#undef RtlFillMemory
#undef RtlZeroMemory
VOID NTAPI RtlCopyMemory(PVOID Destination, const VOID *Source, SIZE_T Length);
VOID NTAPI RtlMoveMemory(PVOID Destination, const VOID *Source, SIZE_T Length);
VOID NTAPI RtlFillMemory(PVOID Destination, SIZE_T Length, UCHAR Value);
VOID NTAPI RtlZeroMemory(PVOID Destination, SIZE_T Length);
PVOID NTAPI nt_memcpy(PVOID Destination, const VOID *Source, SIZE_T Length);
int NTAPI nt_memcmp(const VOID *Left, const VOID *Right, SIZE_T Length);

#define SIZE 2048
static UCHAR source[SIZE], target[SIZE], model[SIZE];

static void fill_pattern(void)
{
    for (ULONG i = 0; i < SIZE; i++) {
        source[i] = (UCHAR)(i * 7 + i / 256);
        target[i] = model[i] = (UCHAR)~i;
    }
}

/* Lengths around every internal boundary. */
static const SIZE_T lengths[] = {0,  1,  2,  3,  4,  5,  7,   8,   9,   15,  16,  17,  31,  32,  33,
                                 34, 63, 64, 65, 95, 96, 127, 128, 129, 255, 511, 512, 513, 1000};

KILN_TEST_ONCE(rtl_memory, copy_moves_exactly_the_bytes_asked_for)
{
    for (ULONG n = 0; n < RTL_NUMBER_OF(lengths); n++) {
        for (ULONG at = 0; at < 9; at++) {
            fill_pattern();
            RtlCopyMemory(target + 16 + at, source + 3, lengths[n]);
            for (ULONG i = 0; i < SIZE; i++) {
                UCHAR expected =
                    i >= 16 + at && i < 16 + at + lengths[n] ? source[3 + i - 16 - at] : model[i];
                CHECK_EQ(target[i], expected);
            }
        }
    }
}

KILN_TEST_ONCE(rtl_memory, move_of_overlapping_blocks_is_right_in_both_directions)
{
    static const LONG shifts[] = {-600, -65, -33, -32, -9, -8, -1, 0,   1,  2,
                                  7,    8,   15,  31,  32, 33, 64, 511, 600};
    for (ULONG n = 0; n < RTL_NUMBER_OF(lengths); n++) {
        for (ULONG s = 0; s < RTL_NUMBER_OF(shifts); s++) {
            fill_pattern();
            for (ULONG i = 0; i < SIZE; i++) {
                target[i] = model[i] = source[i];
            }
            RtlMoveMemory(target + 620 + shifts[s], target + 620, lengths[n] < 780 ? lengths[n] : 780);
            for (ULONG i = 0; i < (lengths[n] < 780 ? lengths[n] : 780); i++) {
                CHECK_EQ(target[620 + shifts[s] + i], model[620 + i]);
            }
            CHECK_EQ(target[619 + shifts[s] < 0 ? 0 : 619 + shifts[s]],
                     model[619 + shifts[s] < 0 ? 0 : 619 + shifts[s]]);
        }
    }
}

KILN_TEST_ONCE(rtl_memory, fill_and_zero_write_exactly_the_bytes_asked_for)
{
    for (ULONG n = 0; n < RTL_NUMBER_OF(lengths); n++) {
        fill_pattern();
        RtlFillMemory(target + 5, lengths[n], 0xA5);
        for (ULONG i = 0; i < SIZE; i++) {
            CHECK_EQ(target[i], i >= 5 && i < 5 + lengths[n] ? 0xA5 : model[i]);
        }
        RtlZeroMemory(target + 5, lengths[n]);
        for (ULONG i = 0; i < SIZE; i++) {
            CHECK_EQ(target[i], i >= 5 && i < 5 + lengths[n] ? 0 : model[i]);
        }
    }
}

KILN_TEST_ONCE(rtl_memory, compare_counts_the_equal_bytes_from_the_start)
{
    for (ULONG n = 0; n < RTL_NUMBER_OF(lengths); n++) {
        fill_pattern();
        nt_memcpy(target, source, SIZE);
        CHECK_EQ(RtlCompareMemory(target, source, lengths[n]), lengths[n]);
        CHECK_EQ(nt_memcmp(target, source, lengths[n]), 0);
        for (ULONG at = 0; at < lengths[n]; at += 1 + at / 3) {
            target[at] ^= 0x80;
            CHECK_EQ(RtlCompareMemory(target, source, lengths[n]), at);
            CHECK_EQ(nt_memcmp(target, source, lengths[n]) < 0, target[at] < source[at]);
            target[at] ^= 0x80;
        }
    }
}

KILN_TEST_ONCE(rtl_memory, ulong_routines_work_in_whole_ulongs)
{
    static ULONG words[16];
    RtlFillMemoryUlong(words, sizeof(words), 0xDEADBEEF);
    CHECK_EQ(words[15], 0xDEADBEEF);
    words[9] = 1;
    CHECK_EQ(RtlCompareMemoryUlong(words, sizeof(words), 0xDEADBEEF), 9 * sizeof(ULONG));
    RtlCopyMemoryNonTemporal(target, source, 77);
    CHECK_EQ(RtlCompareMemory(target, source, 77), 77);
}
