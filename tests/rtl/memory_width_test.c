/* SPDX-License-Identifier: MIT */
/*
 * The memory routines with every width of register that this processor has, in both calling conventions: every length to
 * 700, others around the limits, odd places, and overlaps near and far in both directions, against byte loops.
 */
#include "rtltest.h"

PVOID NTAPI nt_memcpy(PVOID Destination, const VOID *Source, SIZE_T Length);
PVOID NTAPI nt_memmove(PVOID Destination, const VOID *Source, SIZE_T Length);
PVOID NTAPI nt_memset(PVOID Destination, int Value, SIZE_T Length);
int NTAPI nt_memcmp(const VOID *Left, const VOID *Right, SIZE_T Length);
void *RtlpMemmove(void *Destination, const void *Source, SIZE_T Length);
void *RtlpMemset(void *Destination, int Value, SIZE_T Length);
int RtlpMemcmp(const void *Left, const void *Right, SIZE_T Length);
extern UCHAR RtlpMemoryVectors;

#define ROOM  12288
#define START 4096
static UCHAR memory[ROOM], model[ROOM], other[ROOM];

static const SIZE_T longer[] = {767, 768, 895, 1000, 1023, 1024, 1025, 1500, 2047, 2048, 2049, 2111, 3000, 4096, 4097};

static void pattern(void)
{
    for (ULONG i = 0; i < ROOM; i++)
        memory[i] = model[i] = (UCHAR)(i * 13 + i / 251);
}

static BOOLEAN same(void)
{
    for (ULONG i = 0; i < ROOM; i++)
        if (memory[i] != model[i])
            return FALSE;
    return TRUE;
}

static void model_move(LONG To, LONG From, SIZE_T Bytes)
{
    for (SIZE_T i = 0; i < Bytes; i++)
        other[i] = model[From + i];
    for (SIZE_T i = 0; i < Bytes; i++)
        model[To + i] = other[i];
}

static void check_move(SIZE_T Bytes, LONG Shift, LONG Misaligned)
{
    LONG From = START + Misaligned, To = From + Shift;
    pattern();
    model_move(To, From, Bytes);
    CHECK(nt_memmove(memory + To, memory + From, Bytes) == memory + To);
    CHECK(same());
    pattern();
    model_move(To, From, Bytes);
    CHECK(RtlpMemmove(memory + To, memory + From, Bytes) == memory + To);
    CHECK(same());
}

static void check_set(SIZE_T Bytes, LONG Misaligned)
{
    pattern();
    for (SIZE_T i = 0; i < Bytes; i++)
        model[START + Misaligned + i] = 0xA7;
    CHECK(nt_memset(memory + START + Misaligned, 0xFFA7, Bytes) == memory + START + Misaligned);
    CHECK(same());
    RtlpMemset(memory + START + Misaligned, 0x11, Bytes);
    for (SIZE_T i = 0; i < Bytes; i++)
        model[START + Misaligned + i] = 0x11;
    CHECK(same());
}

static void check_compare(SIZE_T Bytes, LONG Misaligned)
{
    UCHAR *Left = memory + START + Misaligned;
    pattern();
    for (SIZE_T i = 0; i < Bytes; i++)
        other[START + i] = Left[i];
    other[START + Bytes] = (UCHAR)~Left[Bytes];
    CHECK_EQ(RtlCompareMemory(Left, other + START, Bytes), Bytes);
    CHECK_EQ(nt_memcmp(Left, other + START, Bytes), 0);
    CHECK_EQ(RtlpMemcmp(Left, other + START, Bytes), 0);
    for (SIZE_T at = 0; at < Bytes; at += 1 + at / 7) {
        SIZE_T last = Bytes - 1 - at;
        Left[at]++;
        CHECK_EQ(RtlCompareMemory(Left, other + START, Bytes), at);
        CHECK_EQ(nt_memcmp(Left, other + START, Bytes), (int)Left[at] - other[START + at]);
        CHECK_EQ(RtlpMemcmp(other + START, Left, Bytes), (int)other[START + at] - Left[at]);
        Left[at]--;
        Left[last] ^= 1;
        CHECK_EQ(RtlCompareMemory(other + START, Left, Bytes), last);
        Left[last] ^= 1;
    }
}

static void check_all(SIZE_T Bytes)
{
    static const LONG shifts[] = {-3000, -130, -65, -64, -63, -17, -1, 0, 1, 15, 16, 33, 63, 64, 65, 129, 200, 3000};
    for (ULONG i = 0; i < RTL_NUMBER_OF(shifts); i++)
        check_move(Bytes, shifts[i], (LONG)(Bytes * 7 + i * 5) % 67);
    check_set(Bytes, (LONG)(Bytes * 11) % 65);
    check_compare(Bytes, (LONG)(Bytes * 3) % 64);
}

static void at_width(UCHAR Width)
{
    UCHAR Have = RtlpMemoryVectors;
    if (Width > Have)
        return; /* the processor lacks it */
    RtlpMemoryVectors = Width;
    for (SIZE_T n = 0; n <= 700; n += n < 300 ? 1 : 3)
        check_all(n);
    for (ULONG i = 0; i < RTL_NUMBER_OF(longer); i++)
        check_all(longer[i]);
    RtlpMemoryVectors = Have;
}

KILN_TEST_ONCE(rtl_memory, with_128_bit_registers)
{
    at_width(0);
}

KILN_TEST_ONCE(rtl_memory, with_256_bit_registers)
{
    at_width(1);
}

KILN_TEST_ONCE(rtl_memory, with_512_bit_registers)
{
    at_width(2);
}
