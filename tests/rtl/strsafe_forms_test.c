/* SPDX-License-Identifier: MIT */
/*
 * strsafe_forms_test.c - each safe string function on terminated strings, by name: narrow and wide, sizes in
 * bytes and in characters. The facts are in strsafe_forms.h.
 */
#include <ntstrsafe.h>
#include "rtltest.h"
#include "strsafe_flag_forms.h"

#define STRSAFE_TEXT CHAR
#define T(text)      text
#define NAMED(name)  narrow_##name
struct narrow_forms {
    SIZE_T unit; /* of sizes: one character in characters or in bytes */
    NTSTATUS(NTAPI *copy)(CHAR *, SIZE_T, const CHAR *);
    NTSTATUS(NTAPI *copy_n)(CHAR *, SIZE_T, const CHAR *, SIZE_T);
    NTSTATUS(NTAPI *copy_ex)(CHAR *, SIZE_T, const CHAR *, CHAR **, SIZE_T *, ULONG);
    NTSTATUS(NTAPI *copy_n_ex)(CHAR *, SIZE_T, const CHAR *, SIZE_T, CHAR **, SIZE_T *, ULONG);
    NTSTATUS(NTAPI *cat)(CHAR *, SIZE_T, const CHAR *);
    NTSTATUS(NTAPI *cat_n)(CHAR *, SIZE_T, const CHAR *, SIZE_T);
    NTSTATUS(NTAPI *cat_ex)(CHAR *, SIZE_T, const CHAR *, CHAR **, SIZE_T *, ULONG);
    NTSTATUS(NTAPI *cat_n_ex)(CHAR *, SIZE_T, const CHAR *, SIZE_T, CHAR **, SIZE_T *, ULONG);
    NTSTATUS(NTAPI *length)(const CHAR *, SIZE_T, SIZE_T *);
    NTSTATUS(NTAPI *print)(CHAR *, SIZE_T, const CHAR *, ...);
    NTSTATUS(NTAPI *print_ex)(CHAR *, SIZE_T, CHAR **, SIZE_T *, ULONG, const CHAR *, ...);
    NTSTATUS(NTAPI *vprint)(CHAR *, SIZE_T, const CHAR *, NT_VA_LIST);
    NTSTATUS(NTAPI *vprint_ex)(CHAR *, SIZE_T, CHAR **, SIZE_T *, ULONG, const CHAR *, NT_VA_LIST);
};
#include "strsafe_forms.h"

static const struct narrow_forms narrow_cch = {1,
                                               RtlStringCchCopyA,
                                               RtlStringCchCopyNA,
                                               RtlStringCchCopyExA,
                                               RtlStringCchCopyNExA,
                                               RtlStringCchCatA,
                                               RtlStringCchCatNA,
                                               RtlStringCchCatExA,
                                               RtlStringCchCatNExA,
                                               RtlStringCchLengthA,
                                               RtlStringCchPrintfA,
                                               RtlStringCchPrintfExA,
                                               RtlStringCchVPrintfA,
                                               RtlStringCchVPrintfExA};

static const struct narrow_forms narrow_cb = {
    sizeof(CHAR),       RtlStringCbCopyA,     RtlStringCbCopyNA,   RtlStringCbCopyExA,   RtlStringCbCopyNExA,
    RtlStringCbCatA,    RtlStringCbCatNA,     RtlStringCbCatExA,   RtlStringCbCatNExA,   RtlStringCbLengthA,
    RtlStringCbPrintfA, RtlStringCbPrintfExA, RtlStringCbVPrintfA, RtlStringCbVPrintfExA};

#define UNIT_OF_TEXT 1
#include "strsafe_flags.h"
#undef UNIT_OF_TEXT

KILN_TEST_ONCE(rtl_strsafe, flags_narrow)
{
    narrow_check_flags(&narrow_cch);
    narrow_check_flags(&narrow_cb);
    narrow_check_bad_destinations(&narrow_cch);
    narrow_check_bad_destinations(&narrow_cb);
}

KILN_TEST_ONCE(rtl_strsafe, plain_narrow)
{
    narrow_check_plain(&narrow_cch);
    narrow_check_plain(&narrow_cb);
}

KILN_TEST_ONCE(rtl_strsafe, extended_narrow)
{
    narrow_check_ex(&narrow_cch);
    narrow_check_ex(&narrow_cb);
}

KILN_TEST_ONCE(rtl_strsafe, formatted_narrow)
{
    narrow_check_print(&narrow_cch);
    narrow_check_print(&narrow_cb);
}

#undef STRSAFE_TEXT
#undef T
#undef NAMED

#define STRSAFE_TEXT WCHAR
#define T(text)      L##text
#define NAMED(name)  wide_##name
struct wide_forms {
    SIZE_T unit; /* of sizes: one character in characters or in bytes */
    NTSTATUS(NTAPI *copy)(WCHAR *, SIZE_T, const WCHAR *);
    NTSTATUS(NTAPI *copy_n)(WCHAR *, SIZE_T, const WCHAR *, SIZE_T);
    NTSTATUS(NTAPI *copy_ex)(WCHAR *, SIZE_T, const WCHAR *, WCHAR **, SIZE_T *, ULONG);
    NTSTATUS(NTAPI *copy_n_ex)(WCHAR *, SIZE_T, const WCHAR *, SIZE_T, WCHAR **, SIZE_T *, ULONG);
    NTSTATUS(NTAPI *cat)(WCHAR *, SIZE_T, const WCHAR *);
    NTSTATUS(NTAPI *cat_n)(WCHAR *, SIZE_T, const WCHAR *, SIZE_T);
    NTSTATUS(NTAPI *cat_ex)(WCHAR *, SIZE_T, const WCHAR *, WCHAR **, SIZE_T *, ULONG);
    NTSTATUS(NTAPI *cat_n_ex)(WCHAR *, SIZE_T, const WCHAR *, SIZE_T, WCHAR **, SIZE_T *, ULONG);
    NTSTATUS(NTAPI *length)(const WCHAR *, SIZE_T, SIZE_T *);
    NTSTATUS(NTAPI *print)(WCHAR *, SIZE_T, const WCHAR *, ...);
    NTSTATUS(NTAPI *print_ex)(WCHAR *, SIZE_T, WCHAR **, SIZE_T *, ULONG, const WCHAR *, ...);
    NTSTATUS(NTAPI *vprint)(WCHAR *, SIZE_T, const WCHAR *, NT_VA_LIST);
    NTSTATUS(NTAPI *vprint_ex)(WCHAR *, SIZE_T, WCHAR **, SIZE_T *, ULONG, const WCHAR *, NT_VA_LIST);
};
#include "strsafe_forms.h"

static const struct wide_forms wide_cch = {1,
                                           RtlStringCchCopyW,
                                           RtlStringCchCopyNW,
                                           RtlStringCchCopyExW,
                                           RtlStringCchCopyNExW,
                                           RtlStringCchCatW,
                                           RtlStringCchCatNW,
                                           RtlStringCchCatExW,
                                           RtlStringCchCatNExW,
                                           RtlStringCchLengthW,
                                           RtlStringCchPrintfW,
                                           RtlStringCchPrintfExW,
                                           RtlStringCchVPrintfW,
                                           RtlStringCchVPrintfExW};

static const struct wide_forms wide_cb = {
    sizeof(WCHAR),      RtlStringCbCopyW,     RtlStringCbCopyNW,   RtlStringCbCopyExW,   RtlStringCbCopyNExW,
    RtlStringCbCatW,    RtlStringCbCatNW,     RtlStringCbCatExW,   RtlStringCbCatNExW,   RtlStringCbLengthW,
    RtlStringCbPrintfW, RtlStringCbPrintfExW, RtlStringCbVPrintfW, RtlStringCbVPrintfExW};

#define UNIT_OF_TEXT 2
#include "strsafe_flags.h"
#undef UNIT_OF_TEXT

KILN_TEST_ONCE(rtl_strsafe, flags_wide)
{
    wide_check_flags(&wide_cch);
    wide_check_flags(&wide_cb);
    wide_check_bad_destinations(&wide_cch);
    wide_check_bad_destinations(&wide_cb);
}

KILN_TEST_ONCE(rtl_strsafe, plain_wide)
{
    wide_check_plain(&wide_cch);
    wide_check_plain(&wide_cb);
}

KILN_TEST_ONCE(rtl_strsafe, extended_wide)
{
    wide_check_ex(&wide_cch);
    wide_check_ex(&wide_cb);
}

KILN_TEST_ONCE(rtl_strsafe, formatted_wide)
{
    wide_check_print(&wide_cch);
    wide_check_print(&wide_cb);
}

#undef STRSAFE_TEXT
#undef T
#undef NAMED
