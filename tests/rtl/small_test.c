/* SPDX-License-Identifier: MIT */
/* The small routines and macros of the run-time library, a fact or two each. Pages: wdm and ntddk,
 * nf-...-rtl<name>. */
#include "rtltest.h"

KILN_TEST_ONCE(rtl_small, bits)
{
    ULONG word[2] = {0, 0}, start;
    RTL_BITMAP map;
    RtlInitializeBitMap(&map, word, 40);
    RtlSetBit(&map, 33);
    CHECK_EQ(word[1], 2);
    CHECK(RtlCheckBit(&map, 33) && !RtlCheckBit(&map, 32));
    CHECK_EQ(RtlFindFirstRunClear(&map, &start), 33);
    CHECK_EQ(start, 0);
    RtlClearBit(&map, 33);
    CHECK(RtlAreBitsClear(&map, 0, 40));
    CHECK(!RtlAreBitsClear(&map, 0, 41)); /* beyond the map */
    RtlSetAllBits(&map);
    CHECK_EQ(RtlFindFirstRunClear(&map, &start), 0);
    CHECK_EQ(RtlFindSetBitsAndClear(&map, 3, 10), 10);
    CHECK(RtlAreBitsClear(&map, 10, 3) && RtlCheckBit(&map, 13));
    CHECK_EQ(RtlFindSetBitsAndClear(&map, 41, 0), 0xFFFFFFFF);
}

KILN_TEST_ONCE(rtl_small, interlocked_flags)
{
    ULONG flags = 0xF0;
    CHECK_EQ(RtlInterlockedSetBits(&flags, 0x0F), 0xF0);
    CHECK_EQ(RtlInterlockedAndBits(&flags, 0x7F), 0xFF);
    CHECK_EQ(RtlInterlockedClearBits(&flags, 0x0F), 0x7F);
    CHECK_EQ(RtlInterlockedXorBits(&flags, 0x11), 0x70);
    CHECK_EQ(RtlInterlockedSetClearBits(&flags, 0x100, 0x01), 0x61);
    CHECK_EQ(flags, 0x160);
    RtlInterlockedSetBitsDiscardReturn(&flags, 1);
    RtlInterlockedClearBitsDiscardReturn(&flags, 0x100);
    RtlInterlockedAndBitsDiscardReturn(&flags, 0x21);
    CHECK_EQ(flags, 0x21);
}

KILN_TEST_ONCE(rtl_small, memory)
{
    UCHAR bytes[100], copy[100];
    for (ULONG i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (UCHAR)i;
        copy[i] = (UCHAR)i;
    }
    CHECK(RtlEqualMemory(bytes, copy, sizeof(bytes)));
    CHECK(RtlConstantTimeEqualMemory(bytes, copy, sizeof(bytes)));
    copy[99] ^= 0x80;
    CHECK(!RtlEqualMemory(bytes, copy, sizeof(bytes)));
    CHECK(!RtlConstantTimeEqualMemory(bytes, copy, sizeof(bytes)));
    CHECK(RtlConstantTimeEqualMemory(bytes, copy, 99));
    RtlFillMemoryNonTemporal(bytes + 1, 97, 0x5A);
    CHECK(bytes[0] == 0 && bytes[1] == 0x5A && bytes[97] == 0x5A && bytes[98] == 98);
    CHECK(RtlSecureZeroMemory(bytes, sizeof(bytes)) == bytes);
    RtlPrefetchMemoryNonTemporal(bytes, sizeof(bytes)); /* only a hint: the contents stay */
    for (ULONG from = 0; from < 9; from++) {
        CHECK(RtlIsZeroMemory(bytes + from, sizeof(bytes) - from));
    }
    CHECK(RtlIsZeroMemory(bytes, 0));
    for (ULONG i = 0; i < sizeof(bytes); i++) { /* every byte counts, and none beside the buffer */
        bytes[i] = 1;
        CHECK(!RtlIsZeroMemory(bytes, sizeof(bytes)));
        CHECK(RtlIsZeroMemory(bytes, i));
        CHECK(RtlIsZeroMemory(bytes + i + 1, sizeof(bytes) - i - 1));
        bytes[i] = 0;
    }
}

KILN_TEST_ONCE(rtl_small, unaligned_integers_and_byte_order)
{
    UCHAR bytes[8] = {0};
    USHORT small;
    ULONG large;
    RtlStoreUshort(bytes + 1, 0x1234);
    CHECK(bytes[1] == 0x34 && bytes[2] == 0x12);
    RtlRetrieveUshort(&small, bytes + 1);
    CHECK_EQ(small, 0x1234);
    RtlStoreUlong(bytes + 3, 0x89ABCDEF);
    CHECK(bytes[3] == 0xEF && bytes[6] == 0x89);
    RtlRetrieveUlong(&large, bytes + 3);
    CHECK_EQ(large, 0x89ABCDEF);
    CHECK_EQ(RtlUshortByteSwap(0x1234), 0x3412);
    CHECK_EQ(RtlUlongByteSwap(0x12345678), 0x78563412);
    CHECK_EQ(RtlUlonglongByteSwap(0x0123456789ABCDEFULL), 0xEFCDAB8967452301ULL);
}

KILN_TEST_ONCE(rtl_small, large_integers_and_luids)
{
    CHECK_EQ(RtlConvertLongToLargeInteger(-2).QuadPart, (ULONGLONG)-2);
    CHECK_EQ(RtlConvertUlongToLargeInteger(0xFFFFFFFE).QuadPart, 0xFFFFFFFEULL);
    LUID luid = RtlConvertLongToLuid(-2);
    CHECK(luid.LowPart == 0xFFFFFFFE && luid.HighPart == -1);
    luid = RtlConvertUlongToLuid(0xFFFFFFFE);
    CHECK(luid.LowPart == 0xFFFFFFFE && luid.HighPart == 0);
}

KILN_TEST_ONCE(rtl_small, narrow_strings)
{
    static CHAR huge[0x10000];
    STRING a, b, to;
    UTF8_STRING utf8;
    CHAR room[3];
    RtlInitString(&a, "abc");
    CHECK(a.Length == 3 && a.MaximumLength == 4);
    CHECK_EQ(RtlInitStringEx(&b, "ABC"), STATUS_SUCCESS);
    CHECK_EQ(RtlInitStringEx(&b, NULL), STATUS_SUCCESS);
    CHECK(b.Length == 0 && b.MaximumLength == 0);
    RtlFillMemory(huge, sizeof(huge) - 1, 'h');
    CHECK_EQ(RtlInitStringEx(&b, huge), STATUS_NAME_TOO_LONG);
    CHECK_EQ(RtlInitUTF8StringEx(&utf8, huge), STATUS_NAME_TOO_LONG);
    CHECK_EQ(RtlInitUTF8StringEx(&utf8, "xy"), STATUS_SUCCESS);
    CHECK(utf8.Length == 2 && utf8.MaximumLength == 3);
    RtlInitUTF8String(&utf8, NULL);
    CHECK(utf8.Length == 0 && utf8.Buffer == NULL);
    RtlInitString(&b, "ABD");
    CHECK((LONG)RtlCompareString(&a, &b, TRUE) < 0);
    CHECK((LONG)RtlCompareString(&a, &b, FALSE) > 0);
    b.Length = 2;
    CHECK((LONG)RtlCompareString(&a, &b, TRUE) > 0); /* the longer one, when one begins the other */
    CHECK(!RtlEqualString(&a, &b, TRUE));
    a.Length = 2;
    CHECK(RtlEqualString(&a, &b, TRUE) && !RtlEqualString(&a, &b, FALSE));
    a.Length = 3;
    to = (STRING){0, sizeof(room), room};
    RtlCopyString(&to, &a);
    CHECK(to.Length == 3 && room[2] == 'c');
    RtlCopyString(&to, NULL);
    CHECK_EQ(to.Length, 0);
    to.MaximumLength = 2;
    RtlUpperString(&to, &a); /* as much as there is room for */
    CHECK(to.Length == 2 && room[0] == 'A' && room[1] == 'B' && room[2] == 'c');
    CHECK_EQ(RtlUpperChar('z'), 'Z');
    CHECK_EQ(RtlUpperChar('0'), '0');
    CHECK_EQ((UCHAR)RtlUpperChar((CHAR)0xE4), 0xC4);
}

KILN_TEST_ONCE(rtl_small, sizes_and_padding)
{
    WCHAR text[6] = L"ab???";
    UNICODE_STRING wide = {4, sizeof(text), text};
    ANSI_STRING narrow;
    RtlInitAnsiString(&narrow, "abc");
    CHECK_EQ(RtlxAnsiStringToUnicodeSize(&narrow), 8); /* with the terminator */
    CHECK_EQ(RtlxUnicodeStringToAnsiSize(&wide), 3);
    RtlSanitizeUnicodeStringPadding(&wide);
    CHECK(text[1] == 'b' && text[2] == 0 && text[4] == 0);
    CHECK_EQ(RtlUnicodeStringToAnsiString(&narrow, &wide, TRUE), STATUS_SUCCESS);
    RtlFreeAnsiString(&narrow);
    CHECK(narrow.Buffer == NULL && narrow.Length == 0);
}

KILN_TEST_ONCE(rtl_small, numbers_as_text)
{
    WCHAR text[20];
    UNICODE_STRING string = {0, sizeof(text), text};
    CHECK_EQ(RtlInt64ToUnicodeString(0xFEDCBA9876543210ULL, 16, &string), STATUS_SUCCESS);
    CHECK(rtl_is(&string, L"FEDCBA9876543210"));
    CHECK_EQ(RtlInt64ToUnicodeString(1, 3, &string), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlIntPtrToUnicodeString(1234567890123ULL, 10, &string), STATUS_SUCCESS);
    CHECK(rtl_is(&string, L"1234567890123"));
    string.MaximumLength = 10;
    CHECK_EQ(RtlInt64ToUnicodeString(123456, 10, &string), STATUS_BUFFER_OVERFLOW);
}

KILN_TEST_ONCE(rtl_small, unicode_to_utf8)
{
    static const WCHAR text[] = {'a', 0xE9, 0x20AC, 0xD83D, 0xDE00}, lone[] = {'x', 0xDC00};
    CHAR out[16];
    ULONG made = 0;
    CHECK_EQ(RtlUnicodeToUTF8N(NULL, 0, &made, text, sizeof(text)), STATUS_SUCCESS);
    CHECK_EQ(made, 10);
    CHECK_EQ(RtlUnicodeToUTF8N(out, sizeof(out), &made, text, sizeof(text)), STATUS_SUCCESS);
    CHECK(made == 10 && RtlEqualMemory(out, "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10));
    CHECK_EQ(RtlUnicodeToUTF8N(out, 9, &made, text, sizeof(text)), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(made, 6); /* whole characters only */
    CHECK_EQ(RtlUnicodeToUTF8N(out, sizeof(out), &made, lone, sizeof(lone)), STATUS_SOME_NOT_MAPPED);
    CHECK(made == 4 && RtlEqualMemory(out, "x\xEF\xBF\xBD", 4));
    CHECK_EQ(RtlUnicodeToUTF8N(NULL, 0, NULL, text, sizeof(text)), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeToUTF8N(out, sizeof(out), &made, NULL, 2), STATUS_INVALID_PARAMETER_4);
    CHECK_EQ(RtlUnicodeToUTF8N(out, sizeof(out), &made, text, 3), STATUS_INVALID_PARAMETER_5);
}

KILN_TEST_ONCE(rtl_small, generic_access)
{
    GENERIC_MAPPING map = {0x1, 0x2, 0x4, 0x7};
    ACCESS_MASK mask = GENERIC_READ | GENERIC_EXECUTE | DELETE;
    RtlMapGenericMask(&mask, &map);
    CHECK_EQ(mask, DELETE | 0x5);
    mask = GENERIC_ALL;
    RtlMapGenericMask(&mask, &map);
    CHECK_EQ(mask, 0x7);
}

static __attribute__((noinline)) void callers(PVOID *caller, PVOID *above)
{
    RtlGetCallersAddress(caller, above);
    __asm__ volatile("");
}

KILN_TEST_ONCE(rtl_small, stack)
{
    PVOID caller = NULL, above = NULL, frames[8] = {NULL};
    callers(&caller, &above);
    CHECK(caller != NULL && above != NULL && caller != above);
    ULONG count = RtlWalkFrameChain(frames, 8, 0);
    CHECK(count >= 2 && count <= 8 && frames[0] != NULL && frames[1] != NULL);
    CHECK(RtlWalkFrameChain(frames, 1, 0) == 1);
    CHECK(RtlWalkFrameChain(frames, 8, RTL_WALK_USER_MODE_STACK) <= 8);
}

/* An assertion that fails says so and breaks; nobody debugs: the machine stops. */
KILN_TEST_BUGCHECK(rtl_small, assertion, SYSTEM_SERVICE_EXCEPTION)
{
    RtlAssert("false", "file.c", 1, NULL);
}

int NTAPI nt__purecall(void);
KILN_TEST_BUGCHECK(rtl_small, a_pure_virtual_call, KERNEL_SECURITY_CHECK_FAILURE)
{
    nt__purecall();
}

/* The probe touches pages and changes no register; a frame beyond the stack meets what is below it. */
KILN_TEST_ONCE(rtl_small, stack_probe)
{
    for (ULONG64 bytes = 0; bytes < 3 * PAGE_SIZE; bytes += 1000) {
        ULONG64 rax = bytes, rcx = 77;
        __asm__ volatile("subq $256, %%rsp; call __chkstk; addq $256, %%rsp" : "+a"(rax), "+c"(rcx)::"memory", "cc");
        CHECK(rax == bytes && rcx == 77);
    }
}
