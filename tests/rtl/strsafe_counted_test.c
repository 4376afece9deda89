/* SPDX-License-Identifier: MIT */
/* The safe string functions on UNICODE_STRING, each by name. Pages:
 * ntstrsafe/nf-ntstrsafe-rtlunicodestring... */
#include <ntstrsafe.h>
#include "rtltest.h"

#define ROOM 4

typedef NTSTATUS(NTAPI *copy_n_string)(PUNICODE_STRING, const WCHAR *, SIZE_T);
typedef NTSTATUS(NTAPI *copy_n_counted)(PUNICODE_STRING, PCUNICODE_STRING, SIZE_T);
typedef NTSTATUS(NTAPI *copy_n_string_ex)(PUNICODE_STRING, const WCHAR *, SIZE_T, PUNICODE_STRING, ULONG);
typedef NTSTATUS(NTAPI *copy_n_counted_ex)(PUNICODE_STRING, PCUNICODE_STRING, SIZE_T, PUNICODE_STRING, ULONG);

/* A destination of ROOM characters that holds `text`. */
static void hold(PUNICODE_STRING to, WCHAR *buffer, const WCHAR *text)
{
    to->Buffer = buffer;
    to->MaximumLength = ROOM * sizeof(WCHAR);
    to->Length = 0;
    for (ULONG i = 0; i < ROOM; i++) {
        buffer[i] = '.';
    }
    for (ULONG i = 0; text[i] != 0; i++) {
        buffer[i] = text[i];
        to->Length += sizeof(WCHAR);
    }
}

KILN_TEST_ONCE(rtl_strsafe_counted, init_and_validate)
{
    static WCHAR huge[0x8000 + 1];
    UNICODE_STRING string;
    WCHAR text[] = L"ab";
    CHECK_EQ(RtlUnicodeStringInit(&string, text), STATUS_SUCCESS);
    CHECK(string.Length == 4 && string.MaximumLength == 6 && string.Buffer == text);
    CHECK_EQ(RtlUnicodeStringInit(&string, NULL), STATUS_SUCCESS);
    CHECK(string.Length == 0 && string.MaximumLength == 0 && string.Buffer == NULL);
    for (ULONG i = 0; i < 0x8000; i++) {
        huge[i] = 'h';
    }
    CHECK_EQ(RtlUnicodeStringInitEx(&string, huge, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringInitEx(&string, text, 0), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringInitEx(NULL, text, STRSAFE_IGNORE_NULLS), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringInitEx(NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringInitEx(NULL, NULL, 0), STATUS_INVALID_PARAMETER);

    CHECK_EQ(RtlUnicodeStringValidate(&string), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringValidate(NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringValidateEx(NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK_EQ(RtlUnicodeStringValidateEx(&string, 0x80000000), STATUS_INVALID_PARAMETER);
    string.Length = string.MaximumLength + 2;
    CHECK_EQ(RtlUnicodeStringValidateEx(&string, 0), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(rtl_strsafe_counted, copy)
{
    static const UNICODE_STRING longer = RTL_CONSTANT_STRING(L"vwxyz"), shorter = RTL_CONSTANT_STRING(L"vw");
    WCHAR buffer[ROOM];
    UNICODE_STRING to, rest;
    hold(&to, buffer, L"abc");
    CHECK_EQ(RtlUnicodeStringCopy(&to, &shorter), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"vw"));
    CHECK_EQ(buffer[2], 'c'); /* nothing is terminated */
    CHECK_EQ(RtlUnicodeStringCopy(&to, &longer), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"vwxy"));
    CHECK_EQ(RtlUnicodeStringCopy(&to, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringCopyEx(&to, &shorter, &rest, STRSAFE_FILL_BYTE(0)), STATUS_SUCCESS);
    CHECK(rest.Buffer == buffer + 2 && rest.Length == 0 && rest.MaximumLength == 4);
    CHECK_EQ(buffer[2], 0);
    CHECK_EQ(RtlUnicodeStringCopyEx(&to, &longer, &rest, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(to.Length, 0); /* a copy leaves an empty string */
    CHECK_EQ(RtlUnicodeStringCopyEx(&to, &longer, NULL, STRSAFE_ZERO_LENGTH_ON_FAILURE),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(to.Length, 0);
    CHECK_EQ(RtlUnicodeStringCopyStringEx(&to, L"pq", &rest, 0), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"pq"));
    CHECK_EQ(RtlUnicodeStringCopyStringEx(&to, L"pqrst", NULL, STRSAFE_FAILURE_BYTE(0x55)),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(buffer[0], 0x5555);
    CHECK_EQ(RtlUnicodeStringCopyStringEx(NULL, NULL, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
}

KILN_TEST_ONCE(rtl_strsafe_counted, append)
{
    static const UNICODE_STRING two = RTL_CONSTANT_STRING(L"vw");
    WCHAR buffer[ROOM];
    UNICODE_STRING to, rest;
    hold(&to, buffer, L"a");
    CHECK_EQ(RtlUnicodeStringCat(&to, &two), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"avw"));
    CHECK_EQ(RtlUnicodeStringCat(&to, &two), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"avwv"));
    CHECK_EQ(RtlUnicodeStringCat(&to, NULL), STATUS_INVALID_PARAMETER);
    hold(&to, buffer, L"a");
    CHECK_EQ(RtlUnicodeStringCatEx(&to, &two, &rest, 0), STATUS_SUCCESS);
    CHECK(rest.Buffer == buffer + 3 && rest.MaximumLength == 2);
    CHECK_EQ(RtlUnicodeStringCatEx(&to, &two, &rest, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"avw"));
    CHECK_EQ(buffer[3], '.');
}

/* Each form that limits how much of its source is used; Unit is a character in what the limit counts. */
static void check_limited(SIZE_T unit, copy_n_string copy_string, copy_n_counted copy,
                          copy_n_string cat_string, copy_n_counted cat)
{
    static const UNICODE_STRING source = RTL_CONSTANT_STRING(L"vwxyz");
    WCHAR buffer[ROOM];
    UNICODE_STRING to;
    hold(&to, buffer, L"abc");
    CHECK_EQ(copy(&to, &source, 2 * unit), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"vw"));
    CHECK_EQ(cat(&to, &source, 1 * unit), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"vwv"));
    CHECK_EQ(cat(&to, &source, 2 * unit), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"vwvv"));
    CHECK_EQ(copy(&to, &source, 9 * unit), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"vwxy"));
    CHECK_EQ(copy_string(&to, L"pqr", 1 * unit), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"p"));
    CHECK_EQ(cat_string(&to, L"qr", 7 * unit), STATUS_SUCCESS); /* ends at its terminator */
    CHECK(rtl_is(&to, L"pqr"));
    CHECK_EQ(cat_string(&to, L"stu", 2 * unit), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"pqrs"));
    CHECK_EQ(copy_string(&to, NULL, unit), STATUS_INVALID_PARAMETER);
    CHECK_EQ(copy(&to, &source, ((SIZE_T)NTSTRSAFE_UNICODE_STRING_MAX_CCH + 1) * unit),
             STATUS_INVALID_PARAMETER);
}

static void check_limited_ex(SIZE_T unit, copy_n_string_ex copy_string, copy_n_counted_ex copy,
                             copy_n_string_ex cat_string, copy_n_counted_ex cat)
{
    static const UNICODE_STRING source = RTL_CONSTANT_STRING(L"vwxyz");
    WCHAR buffer[ROOM];
    UNICODE_STRING to, rest;
    hold(&to, buffer, L"");
    CHECK_EQ(copy_string(&to, L"ab", 1 * unit, &rest, STRSAFE_FILL_BYTE(0)), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"a") && buffer[3] == 0);
    CHECK(rest.Buffer == buffer + 1 && rest.MaximumLength == 6);
    CHECK_EQ(cat_string(&to, L"bcd", 2 * unit, &rest, 0), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"abc"));
    CHECK_EQ(cat(&to, &source, 2 * unit, &rest, STRSAFE_NO_TRUNCATION), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"abc"));
    CHECK_EQ(cat(&to, &source, 1 * unit, &rest, 0), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"abcv"));
    CHECK_EQ(rest.MaximumLength, 0);
    CHECK_EQ(copy(&to, &source, 5 * unit, NULL, STRSAFE_ZERO_LENGTH_ON_FAILURE), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(to.Length, 0);
    CHECK_EQ(copy(&to, &source, 4 * unit, NULL, 0), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"vwxy"));
    CHECK_EQ(copy(&to, NULL, 0, NULL, STRSAFE_IGNORE_NULLS), STATUS_SUCCESS);
    CHECK_EQ(to.Length, 0);
    CHECK_EQ(copy(&to, &source, 1 * unit, NULL, 0x80000000), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(rtl_strsafe_counted, limited_in_characters)
{
    check_limited(1, RtlUnicodeStringCchCopyStringN, RtlUnicodeStringCchCopyN, RtlUnicodeStringCchCatStringN,
                  RtlUnicodeStringCchCatN);
    check_limited_ex(1, RtlUnicodeStringCchCopyStringNEx, RtlUnicodeStringCchCopyNEx,
                     RtlUnicodeStringCchCatStringNEx, RtlUnicodeStringCchCatNEx);
}

KILN_TEST_ONCE(rtl_strsafe_counted, limited_in_bytes)
{
    check_limited(sizeof(WCHAR), RtlUnicodeStringCbCopyStringN, RtlUnicodeStringCbCopyN,
                  RtlUnicodeStringCbCatStringN, RtlUnicodeStringCbCatN);
    check_limited_ex(sizeof(WCHAR), RtlUnicodeStringCbCopyStringNEx, RtlUnicodeStringCbCopyNEx,
                     RtlUnicodeStringCbCatStringNEx, RtlUnicodeStringCbCatNEx);
}

static NTSTATUS NTAPI vprint(PUNICODE_STRING to, const WCHAR *format, ...)
{
    NTSTATUS status;
    NT_VA_LIST arguments;
    NT_VA_START(arguments, format);
    status = RtlUnicodeStringVPrintf(to, format, arguments);
    NT_VA_END(arguments);
    return status;
}

static NTSTATUS NTAPI vprint_ex(PUNICODE_STRING to, PUNICODE_STRING rest, ULONG flags, const WCHAR *format, ...)
{
    NTSTATUS status;
    NT_VA_LIST arguments;
    NT_VA_START(arguments, format);
    status = RtlUnicodeStringVPrintfEx(to, rest, flags, format, arguments);
    NT_VA_END(arguments);
    return status;
}

KILN_TEST_ONCE(rtl_strsafe_counted, formatted)
{
    WCHAR buffer[ROOM];
    UNICODE_STRING to, rest;
    hold(&to, buffer, L"abc");
    CHECK_EQ(vprint(&to, L"%u", 12u), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"12"));
    CHECK_EQ(vprint(&to, L"%u", 12345u), STATUS_BUFFER_OVERFLOW);
    CHECK(rtl_is(&to, L"1234"));
    CHECK_EQ(RtlUnicodeStringPrintfEx(&to, &rest, STRSAFE_FILL_BYTE(0), L"%c", 'x'), STATUS_SUCCESS);
    CHECK(rtl_is(&to, L"x") && buffer[3] == 0);
    CHECK(rest.Buffer == buffer + 1 && rest.MaximumLength == 6);
    CHECK_EQ(vprint_ex(&to, NULL, STRSAFE_ZERO_LENGTH_ON_FAILURE, L"%u", 98765u), STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(to.Length, 0);
    CHECK_EQ(vprint_ex(&to, NULL, 0, NULL), STATUS_INVALID_PARAMETER);
    CHECK_EQ(vprint_ex(&to, &rest, STRSAFE_IGNORE_NULLS, NULL), STATUS_SUCCESS);
}

KILN_TEST_ONCE(rtl_strsafe_counted, to_terminated_strings)
{
    static const UNICODE_STRING source = RTL_CONSTANT_STRING(L"vwxyz");
    WCHAR out[4], *end;
    SIZE_T left;
    CHECK_EQ(RtlStringCchCopyUnicodeString(out, 4, &source), STATUS_BUFFER_OVERFLOW);
    CHECK(out[2] == 'x' && out[3] == 0);
    CHECK_EQ(RtlStringCchCopyUnicodeString(NULL, 4, &source), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlStringCbCopyUnicodeString(out, 3 * sizeof(WCHAR), &source), STATUS_BUFFER_OVERFLOW);
    CHECK(out[1] == 'w' && out[2] == 0);
    CHECK_EQ(RtlStringCchCopyUnicodeStringEx(out, 4, NULL, &end, &left, STRSAFE_IGNORE_NULLS),
             STATUS_SUCCESS);
    CHECK(end == out && left == 4 && out[0] == 0);
    CHECK_EQ(RtlStringCbCopyUnicodeStringEx(out, sizeof(out), &source, &end, &left, STRSAFE_NO_TRUNCATION),
             STATUS_BUFFER_OVERFLOW);
    CHECK_EQ(out[0], 0);
    CHECK_EQ(RtlStringCbCopyUnicodeStringEx(out, sizeof(out), NULL, NULL, NULL, 0), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(rtl_strsafe_counted, unaligned_lengths)
{
    UCHAR bytes[16] = {0};
    const WCHAR UNALIGNED *text = (const WCHAR UNALIGNED *)(bytes + 1);
    SIZE_T length;
    bytes[1] = 'a';
    bytes[3] = 'b';
    CHECK_EQ(RtlUnalignedStringCchLengthW(text, 3, &length), STATUS_SUCCESS);
    CHECK_EQ(length, 2);
    CHECK_EQ(RtlUnalignedStringCchLengthW(text, 2, &length), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnalignedStringCbLengthW(text, 6, &length), STATUS_SUCCESS);
    CHECK_EQ(length, 4);
    CHECK_EQ(RtlUnalignedStringCbLengthW(text, 6, NULL), STATUS_SUCCESS);
    CHECK_EQ(RtlUnalignedStringCbLengthW(text, 5, &length), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnalignedStringCbLengthW(NULL, 6, &length), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnalignedStringCbLengthW(text, (SIZE_T)NTSTRSAFE_MAX_CCH * sizeof(WCHAR), &length), STATUS_SUCCESS);
    CHECK_EQ(RtlUnalignedStringCbLengthW(text, (SIZE_T)NTSTRSAFE_MAX_CCH * sizeof(WCHAR) + 1, &length),
             STATUS_INVALID_PARAMETER);
}

/* The name without a suffix is the wide form: there is no other. */
KILN_TEST_ONCE(rtl_strsafe_counted, unaligned_length_without_suffix)
{
    SIZE_T bytes = 0, characters = 0;
    CHECK_EQ(RtlUnalignedStringCbLength(L"abc", 4 * sizeof(WCHAR), &bytes), STATUS_SUCCESS);
    CHECK_EQ(bytes, 6);
    CHECK_EQ(RtlUnalignedStringCchLength(L"abc", 4, &characters), STATUS_SUCCESS);
    CHECK_EQ(characters, 3);
}
