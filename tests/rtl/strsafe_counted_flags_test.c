/* SPDX-License-Identifier: MIT */
/*
 * Every combination of flags against every extended safe string function on UNICODE_STRING, with what the pages'
 * tables of flags make of a destination that has room for 6 characters and holds "ab".
 */
#include <ntstrsafe.h>
#include "rtltest.h"
#include "strsafe_flag_forms.h"

#define FILL 0x4141

enum source_kind { COUNTED, TEXT, COUNTED_CB, TEXT_CB, SOURCES };

static NTSTATUS NTAPI vprint_ex(PUNICODE_STRING to, PUNICODE_STRING rest, ULONG flags, const WCHAR *format, ...)
{
    NTSTATUS status;
    NT_VA_LIST arguments;
    NT_VA_START(arguments, format);
    status = RtlUnicodeStringVPrintfEx(to, rest, flags, format, arguments);
    NT_VA_END(arguments);
    return status;
}

static NTSTATUS call(enum flag_form which, enum source_kind kind, PUNICODE_STRING to, const WCHAR *text,
                     PUNICODE_STRING rest, ULONG flags)
{
    UNICODE_STRING string;
    PUNICODE_STRING from = text ? &string : NULL;
    RtlInitUnicodeString(&string, text);
    switch (which) {
    case FLAG_COPY:
        return kind % 2 == COUNTED ? RtlUnicodeStringCopyEx(to, from, rest, flags)
                                   : RtlUnicodeStringCopyStringEx(to, text, rest, flags);
    case FLAG_CAT:
        return kind % 2 == COUNTED ? RtlUnicodeStringCatEx(to, from, rest, flags)
                                   : RtlUnicodeStringCatStringEx(to, text, rest, flags);
    case FLAG_COPY_N:
        return kind == COUNTED      ? RtlUnicodeStringCchCopyNEx(to, from, 9, rest, flags)
               : kind == TEXT       ? RtlUnicodeStringCchCopyStringNEx(to, text, 9, rest, flags)
               : kind == COUNTED_CB ? RtlUnicodeStringCbCopyNEx(to, from, 18, rest, flags)
                                    : RtlUnicodeStringCbCopyStringNEx(to, text, 18, rest, flags);
    case FLAG_CAT_N:
        return kind == COUNTED      ? RtlUnicodeStringCchCatNEx(to, from, 9, rest, flags)
               : kind == TEXT       ? RtlUnicodeStringCchCatStringNEx(to, text, 9, rest, flags)
               : kind == COUNTED_CB ? RtlUnicodeStringCbCatNEx(to, from, 18, rest, flags)
                                    : RtlUnicodeStringCbCatStringNEx(to, text, 18, rest, flags);
    case FLAG_PRINT:
        return RtlUnicodeStringPrintfEx(to, rest, flags, text);
    default:
        return vprint_ex(to, rest, flags, text);
    }
}

static void check_once(enum flag_form which, enum source_kind kind, const WCHAR *text, ULONG flags)
{
    static const WCHAR before[FLAG_ROOM] = {'a', 'b', '.', '.', '.', '.'};
    WCHAR buffer[FLAG_ROOM], want[FLAG_ROOM];
    UNICODE_STRING to = {2 * sizeof(WCHAR), sizeof buffer, buffer}, rest = {0, 0, NULL};
    SIZE_T length = flag_appends(which) ? 2 : 0;
    NTSTATUS status = text || (flags & STRSAFE_IGNORE_NULLS) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    for (ULONG i = 0; i < FLAG_ROOM; i++)
        want[i] = buffer[i] = before[i];
    for (const WCHAR *c = text; status == STATUS_SUCCESS && c && *c; c++) {
        if (length == FLAG_ROOM)
            status = STATUS_BUFFER_OVERFLOW;
        else
            want[length++] = *c;
    }
    if (status == STATUS_INVALID_PARAMETER)
        length = 2;
    if (status == STATUS_SUCCESS && (flags & STRSAFE_FILL_BEHIND))
        for (SIZE_T i = length; i < FLAG_ROOM; i++)
            want[i] = FILL;
    if (status == STATUS_BUFFER_OVERFLOW && (flags & STRSAFE_NO_TRUNCATION)) {
        length = flag_copies(which) ? 0 : 2;
        for (ULONG i = 0; i < FLAG_ROOM; i++)
            want[i] = before[i];
    }
    if (status != STATUS_SUCCESS && (flags & STRSAFE_FILL_ON_FAILURE)) {
        length = FLAG_ROOM;
        for (ULONG i = 0; i < FLAG_ROOM; i++)
            want[i] = FILL;
    }
    if (status != STATUS_SUCCESS && (flags & STRSAFE_ZERO_LENGTH_ON_FAILURE))
        length = 0;
    CHECK_EQ(call(which, kind, &to, text, &rest, flags), status);
    CHECK_EQ(to.Length, length * sizeof(WCHAR));
    CHECK_EQ(to.MaximumLength, sizeof buffer);
    /* Formatting may use what follows the string; the pages speak of it only with STRSAFE_FILL_BEHIND. */
    bool behind = which < FLAG_PRINT || status != STATUS_SUCCESS || (flags & STRSAFE_FILL_BEHIND);
    for (ULONG i = 0; i < (behind ? FLAG_ROOM : length); i++)
        CHECK_EQ(buffer[i], want[i]);
    if (status != STATUS_INVALID_PARAMETER) {
        CHECK_EQ(rest.Buffer, buffer + length);
        CHECK_EQ(rest.Length, 0);
        CHECK_EQ(rest.MaximumLength, sizeof buffer - length * sizeof(WCHAR));
    }
}

KILN_TEST_ONCE(rtl_strsafe_counted, every_flag_of_every_form)
{
    for (ULONG which = 0; which < FLAG_FORMS; which++)
        for (ULONG kind = 0; kind < SOURCES; kind++)
            for (ULONG i = 0; i < FLAG_COMBINATIONS; i++) {
                check_once((enum flag_form)which, (enum source_kind)kind, L"xyz", flag_combination(i));
                check_once((enum flag_form)which, (enum source_kind)kind, L"stuvwxyz", flag_combination(i));
                check_once((enum flag_form)which, (enum source_kind)kind, L"", flag_combination(i));
                check_once((enum flag_form)which, (enum source_kind)kind, NULL, flag_combination(i));
            }
}

KILN_TEST_ONCE(rtl_strsafe_counted, bad_sources_are_failures_that_the_flags_apply_to)
{
    WCHAR buffer[2] = {'p', 'q'};
    UNICODE_STRING to = {4, 4, buffer}, odd = {3, 4, buffer}, empty = {0, 0, NULL};
    CHECK_EQ(RtlUnicodeStringCopyEx(&to, &odd, NULL, 0), STATUS_INVALID_PARAMETER);
    CHECK_EQ(to.Length, 4);
    CHECK_EQ(RtlUnicodeStringCopyEx(&to, &odd, NULL, STRSAFE_FAILURE_BYTE(0x41)), STATUS_INVALID_PARAMETER);
    CHECK(buffer[0] == FILL && buffer[1] == FILL);
    CHECK_EQ(RtlUnicodeStringCbCopyStringNEx(&to, L"x", 0x20000, NULL, STRSAFE_ZERO_LENGTH_ON_FAILURE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(to.Length, 0);
    CHECK_EQ(RtlUnicodeStringCopyStringEx(&odd, L"x", NULL, STRSAFE_ZERO_LENGTH_ON_FAILURE),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(odd.Length, 3); /* a destination that is invalid is left alone */
    CHECK_EQ(RtlUnicodeStringCopyString(&empty, L"x"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringPrintf(&empty, L"x"), STATUS_INVALID_PARAMETER);
    CHECK_EQ(RtlUnicodeStringCopyString(&empty, L""), STATUS_SUCCESS);
}
