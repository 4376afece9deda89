/* SPDX-License-Identifier: MIT */
/*
 * ntstrsafe.h - string functions that know the size of their destination.
 *
 * Two families.  RtlStringXxx work on terminated strings, with sizes in bytes (Cb) or characters (Cch), for
 * CHAR (A) and WCHAR (W): made twice from <nt/strsafe_template.h>.  RtlUnicodeStringXxx work on
 * UNICODE_STRING, which need no terminator: here.  Both return STATUS_SUCCESS, STATUS_BUFFER_OVERFLOW (a
 * warning: the result was cut) or STATUS_INVALID_PARAMETER.  The Ex forms take flags, below, and tell where
 * the result ends.
 *
 * Inline; only the printf forms call the kernel.  Any IRQL if the memory is resident (printf: PASSIVE_LEVEL).
 * Pages: ntstrsafe/nf-ntstrsafe-<lower-case name>.
 */
#ifndef KILN_NTSTRSAFE_H
#define KILN_NTSTRSAFE_H
#define _NTSTRSAFE_H_INCLUDED_

#include <nt/status.h>

/* The longest strings. A driver may define smaller limits before it includes this header. */
#ifndef NTSTRSAFE_MAX_CCH
#define NTSTRSAFE_MAX_CCH 2147483647
#endif
#ifndef NTSTRSAFE_UNICODE_STRING_MAX_CCH
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))
#endif
C_ASSERT((NTSTRSAFE_MAX_CCH) <= 2147483647);
C_ASSERT((NTSTRSAFE_UNICODE_STRING_MAX_CCH) <= 0xffff / sizeof(WCHAR));
#define NTSTRSAFE_MAX_LENGTH (NTSTRSAFE_MAX_CCH - 1)

#if defined(NTSTRSAFE_NO_CB_FUNCTIONS) && defined(NTSTRSAFE_NO_CCH_FUNCTIONS)
#error "NTSTRSAFE_NO_CB_FUNCTIONS and NTSTRSAFE_NO_CCH_FUNCTIONS exclude each other: no function would be left"
#endif
#ifndef STRSAFE_MAX_CCH
#define STRSAFE_MAX_CCH NTSTRSAFE_MAX_CCH
#endif

/* The low byte of the flags is the fill byte. */
#define STRSAFE_FILL_BEHIND_NULL       0x00000200
#define STRSAFE_FILL_BEHIND            0x00000200
#define STRSAFE_IGNORE_NULLS           0x00000100
#define STRSAFE_FILL_ON_FAILURE        0x00000400
#define STRSAFE_NULL_ON_FAILURE        0x00000800
#define STRSAFE_ZERO_LENGTH_ON_FAILURE 0x00000800
#define STRSAFE_NO_TRUNCATION          0x00001000
#define STRSAFE_VALID_FLAGS                                                                                  \
    (0x000000FF | STRSAFE_IGNORE_NULLS | STRSAFE_FILL_BEHIND_NULL | STRSAFE_FILL_ON_FAILURE |                \
     STRSAFE_NULL_ON_FAILURE | STRSAFE_NO_TRUNCATION)
#define STRSAFE_UNICODE_STRING_VALID_FLAGS                                                                   \
    (0x000000FF | STRSAFE_IGNORE_NULLS | STRSAFE_FILL_BEHIND | STRSAFE_FILL_ON_FAILURE |                     \
     STRSAFE_ZERO_LENGTH_ON_FAILURE | STRSAFE_NO_TRUNCATION)
#define STRSAFE_FILL_BYTE(x)              ((ULONG)(((x)&0x000000FF) | STRSAFE_FILL_BEHIND_NULL))
#define STRSAFE_FAILURE_BYTE(x)           ((ULONG)(((x)&0x000000FF) | STRSAFE_FILL_ON_FAILURE))
#define STRSAFE_GET_FILL_PATTERN(dwFlags) ((int)((dwFlags)&0x000000FF))

typedef char *STRSAFE_LPSTR;
typedef const char *STRSAFE_LPCSTR, *STRSAFE_PCNZCH;
typedef WCHAR *STRSAFE_LPWSTR;
typedef const WCHAR *STRSAFE_LPCWSTR, *STRSAFE_PCNZWCH;
#define NTSTRSAFEDDI static __inline__ __attribute__((unused)) NTSTATUS NTAPI

EXTERN_C_START

#ifdef _WIN32
KILN_IMPORT int __cdecl _vsnprintf(char *Buffer, size_t Count, const char *Format, NT_VA_LIST Arguments);
KILN_IMPORT int __cdecl _vsnwprintf(WCHAR *Buffer, size_t Count, const WCHAR *Format, NT_VA_LIST Arguments);
#define KILN_VSNPRINTF_A _vsnprintf
#define KILN_VSNPRINTF_W _vsnwprintf
#else
int NTAPI nt__vsnprintf(char *Buffer, SIZE_T Count, const char *Format, NT_VA_LIST Arguments);
int NTAPI nt__vsnwprintf(WCHAR *Buffer, SIZE_T Count, const WCHAR *Format, NT_VA_LIST Arguments);
#define KILN_VSNPRINTF_A nt__vsnprintf
#define KILN_VSNPRINTF_W nt__vsnwprintf
#endif

#define KILN_STRSAFE_CHAR  CHAR
#define KILN_STRSAFE(name) name##A
#define KILN_STRSAFE_PRINT KILN_VSNPRINTF_A
#include <nt/strsafe_template.h>
#undef KILN_STRSAFE_CHAR
#undef KILN_STRSAFE
#undef KILN_STRSAFE_PRINT

#define KILN_STRSAFE_CHAR  WCHAR
#define KILN_STRSAFE(name) name##W
#define KILN_STRSAFE_PRINT KILN_VSNPRINTF_W
#include <nt/strsafe_template.h>
#undef KILN_STRSAFE_CHAR
#undef KILN_STRSAFE
#undef KILN_STRSAFE_PRINT

#ifdef UNICODE
#define KILN_STRSAFE_T(name) name##W
#else
#define KILN_STRSAFE_T(name) name##A
#endif

/* From a UNICODE_STRING to a terminated string. */
NTSTRSAFEDDI RtlStringCchCopyUnicodeStringEx(WCHAR *pszDest, SIZE_T cchDest, PCUNICODE_STRING SourceString,
                                             WCHAR **ppszDestEnd, SIZE_T *pcRemaining, ULONG dwFlags)
{
    KILN_STRSAFE_TARGET_W target;
    SIZE_T length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR), i = 0;
    NTSTATUS status = kiln_strsafe_open_W(&target, pszDest, cchDest, FALSE, dwFlags);
    if (NT_SUCCESS(status) && SourceString == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) == 0) {
        status = STATUS_INVALID_PARAMETER;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (target.Room == 0) {
        status = length == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    } else {
        while (i < length && i + 1 < target.Room) {
            pszDest[i] = SourceString->Buffer[i];
            i++;
        }
        pszDest[i] = 0;
        target.Length = i;
        status = i < length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    }
    return kiln_strsafe_close_W(&target, status, dwFlags, ppszDestEnd, pcRemaining, 1);
}

NTSTRSAFEDDI RtlStringCchCopyUnicodeString(WCHAR *pszDest, SIZE_T cchDest, PCUNICODE_STRING SourceString)
{
    if (pszDest == NULL || cchDest == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlStringCchCopyUnicodeStringEx(pszDest, cchDest, SourceString, NULL, NULL, 0);
}

NTSTRSAFEDDI RtlStringCbCopyUnicodeStringEx(WCHAR *pszDest, SIZE_T cbDest, PCUNICODE_STRING SourceString,
                                            WCHAR **ppszDestEnd, SIZE_T *pcRemaining, ULONG dwFlags)
{
    KILN_STRSAFE_TARGET_W target;
    SIZE_T length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR), i = 0;
    NTSTATUS status = kiln_strsafe_open_W(&target, pszDest, cbDest / sizeof(WCHAR), FALSE, dwFlags);
    if (NT_SUCCESS(status) && SourceString == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) == 0) {
        status = STATUS_INVALID_PARAMETER;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (target.Room == 0) {
        status = length == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    } else {
        while (i < length && i + 1 < target.Room) {
            pszDest[i] = SourceString->Buffer[i];
            i++;
        }
        pszDest[i] = 0;
        target.Length = i;
        status = i < length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    }
    return kiln_strsafe_close_W(&target, status, dwFlags, ppszDestEnd, pcRemaining, sizeof(WCHAR));
}

NTSTRSAFEDDI RtlStringCbCopyUnicodeString(WCHAR *pszDest, SIZE_T cbDest, PCUNICODE_STRING SourceString)
{
    if (pszDest == NULL || cbDest / sizeof(WCHAR) == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return RtlStringCbCopyUnicodeStringEx(pszDest, cbDest, SourceString, NULL, NULL, 0);
}

#ifndef NTSTRSAFE_NO_UNICODE_STRING_FUNCTIONS

/* ---- counted strings ---- */

FORCEINLINE BOOLEAN kiln_unicode_string_is_valid(PCUNICODE_STRING string)
{
    return (BOOLEAN)((string->Length & 1) == 0 && (string->MaximumLength & 1) == 0 &&
                     string->Length <= string->MaximumLength &&
                     string->MaximumLength <= NTSTRSAFE_UNICODE_STRING_MAX_CCH * sizeof(WCHAR) &&
                     (string->Buffer != NULL || string->MaximumLength == 0));
}

NTSTRSAFEDDI RtlUnicodeStringValidateEx(PCUNICODE_STRING SourceString, ULONG dwFlags)
{
    if ((dwFlags & ~(ULONG)STRSAFE_UNICODE_STRING_VALID_FLAGS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (SourceString == NULL) {
        return (dwFlags & STRSAFE_IGNORE_NULLS) != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_is_valid(SourceString) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTRSAFEDDI RtlUnicodeStringValidate(PCUNICODE_STRING SourceString)
{
    return RtlUnicodeStringValidateEx(SourceString, 0);
}

NTSTRSAFEDDI RtlUnicodeStringInitEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc, ULONG dwFlags)
{
    SIZE_T length = 0;
    if ((dwFlags & ~(ULONG)STRSAFE_UNICODE_STRING_VALID_FLAGS) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (DestinationString == NULL) {
        return pszSrc == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) != 0 ? STATUS_SUCCESS
                                                                       : STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = DestinationString->MaximumLength = 0;
    DestinationString->Buffer = NULL;
    if (pszSrc == NULL) {
        return (dwFlags & STRSAFE_IGNORE_NULLS) != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    length = kiln_strsafe_length_W(pszSrc, NTSTRSAFE_UNICODE_STRING_MAX_CCH);
    if (length >= NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    DestinationString->Length = (USHORT)(length * sizeof(WCHAR));
    DestinationString->MaximumLength = (USHORT)((length + 1) * sizeof(WCHAR));
    DestinationString->Buffer = (PWSTR)(ULONG_PTR)pszSrc;
    return STATUS_SUCCESS;
}

/* A null source is an empty string here. */
NTSTRSAFEDDI RtlUnicodeStringInit(PUNICODE_STRING DestinationString, const WCHAR *pszSrc)
{
    return RtlUnicodeStringInitEx(DestinationString, pszSrc, STRSAFE_IGNORE_NULLS);
}

/*
 * What the flags say about the result; *remaining is what is left. `length` is that of a success or of a cut
 * result, `kept` the one of a destination that STRSAFE_NO_TRUNCATION leaves alone (0 where the page says that
 * it is emptied).
 */
FORCEINLINE NTSTATUS kiln_unicode_string_close(PUNICODE_STRING to, SIZE_T length, SIZE_T kept,
                                               NTSTATUS status, PUNICODE_STRING remaining, ULONG flags)
{
    SIZE_T room = to == NULL ? 0 : to->MaximumLength / sizeof(WCHAR);
    if (to != NULL) {
        if (NT_SUCCESS(status)) {
            to->Length = (USHORT)(length * sizeof(WCHAR));
            if ((flags & STRSAFE_FILL_BEHIND) != 0 && room > length) {
                __builtin_memset(to->Buffer + length, (int)(flags & 0xFF), (room - length) * sizeof(WCHAR));
            }
        } else {
            if (status == STATUS_BUFFER_OVERFLOW) {
                to->Length = (USHORT)(((flags & STRSAFE_NO_TRUNCATION) != 0 ? kept : length) * sizeof(WCHAR));
            }
            if ((flags & STRSAFE_FILL_ON_FAILURE) != 0 && room != 0) {
                __builtin_memset(to->Buffer, (int)(flags & 0xFF), room * sizeof(WCHAR));
                to->Length = to->MaximumLength;
            }
            if ((flags & STRSAFE_ZERO_LENGTH_ON_FAILURE) != 0) {
                to->Length = 0;
            }
        }
    }
    if (remaining != NULL && (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW)) {
        SIZE_T used = to == NULL ? 0 : to->Length / sizeof(WCHAR);
        remaining->Length = 0;
        remaining->MaximumLength = (USHORT)((room - used) * sizeof(WCHAR));
        remaining->Buffer = to == NULL || to->Buffer == NULL ? NULL : to->Buffer + used;
    }
    return status;
}

/* Copies or appends; `status` is what is known of the source by now. */
FORCEINLINE NTSTATUS kiln_unicode_string_move(PUNICODE_STRING to, BOOLEAN append, const WCHAR *source,
                                              SIZE_T length, NTSTATUS status, PUNICODE_STRING remaining,
                                              ULONG flags)
{
    SIZE_T room, prefix, count, i;
    NTSTATUS destination = RtlUnicodeStringValidateEx(to, flags);
    if (!NT_SUCCESS(destination)) {
        return destination;
    }
    room = to == NULL ? 0 : to->MaximumLength / sizeof(WCHAR);
    prefix = to == NULL || !append ? 0 : to->Length / sizeof(WCHAR);
    if (NT_SUCCESS(status) && room == 0 && length != 0) {
        status = STATUS_INVALID_PARAMETER;
    }
    if (!NT_SUCCESS(status)) {
        return kiln_unicode_string_close(to, 0, 0, status, remaining, flags);
    }
    count = length > room - prefix ? room - prefix : length;
    status = count < length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    if (status == STATUS_SUCCESS || (flags & STRSAFE_NO_TRUNCATION) == 0) {
        for (i = 0; i < count; i++) {
            to->Buffer[prefix + i] = source[i];
        }
    }
    return kiln_unicode_string_close(to, prefix + count, prefix, status, remaining, flags);
}

FORCEINLINE NTSTATUS kiln_unicode_string_check_source(BOOLEAN is_null, const SIZE_T *limit, ULONG flags)
{
    return (is_null && (flags & STRSAFE_IGNORE_NULLS) == 0) ||
                   (limit != NULL && *limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH)
               ? STATUS_INVALID_PARAMETER
               : STATUS_SUCCESS;
}

/* From a counted string, at most *limit characters of it unless limit is NULL. */
FORCEINLINE NTSTATUS kiln_unicode_string_move_counted(PUNICODE_STRING to, BOOLEAN append,
                                                      PCUNICODE_STRING from, const SIZE_T *limit,
                                                      PUNICODE_STRING remaining, ULONG flags)
{
    NTSTATUS status = kiln_unicode_string_check_source((BOOLEAN)(from == NULL), limit, flags);
    SIZE_T length = from == NULL ? 0 : from->Length / sizeof(WCHAR);
    if (from != NULL && !kiln_unicode_string_is_valid(from)) {
        status = STATUS_INVALID_PARAMETER;
    }
    if (limit != NULL && *limit < length) {
        length = *limit;
    }
    return kiln_unicode_string_move(to, append, from == NULL ? NULL : from->Buffer, length, status, remaining,
                                    flags);
}

/* The same from a terminated string. */
FORCEINLINE NTSTATUS kiln_unicode_string_move_text(PUNICODE_STRING to, BOOLEAN append, const WCHAR *from,
                                                   const SIZE_T *limit, PUNICODE_STRING remaining,
                                                   ULONG flags)
{
    NTSTATUS status = kiln_unicode_string_check_source((BOOLEAN)(from == NULL), limit, flags);
    SIZE_T length = 0;
    if (from != NULL && NT_SUCCESS(status)) {
        length = kiln_strsafe_length_W(from, limit != NULL ? *limit : NTSTRSAFE_MAX_CCH);
    }
    return kiln_unicode_string_move(to, append, from, length, status, remaining, flags);
}

NTSTRSAFEDDI RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    return kiln_unicode_string_move_counted(DestinationString, FALSE, SourceString, NULL, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, const WCHAR *pszSrc)
{
    return kiln_unicode_string_move_text(DestinationString, FALSE, pszSrc, NULL, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCchCopyN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      SIZE_T cchToCopy)
{
    return kiln_unicode_string_move_counted(DestinationString, FALSE, SourceString, &cchToCopy, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCchCopyStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                            SIZE_T cchToCopy)
{
    return kiln_unicode_string_move_text(DestinationString, FALSE, pszSrc, &cchToCopy, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                     SIZE_T cbToCopy)
{
    SIZE_T limit = cbToCopy / sizeof(WCHAR);
    return kiln_unicode_string_move_counted(DestinationString, FALSE, SourceString, &limit, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                           SIZE_T cbToCopy)
{
    SIZE_T limit = cbToCopy / sizeof(WCHAR);
    return kiln_unicode_string_move_text(DestinationString, FALSE, pszSrc, &limit, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCopyEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                    PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    return kiln_unicode_string_move_counted(DestinationString, FALSE, SourceString, NULL, RemainingString,
                                            dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCopyStringEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                          PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    return kiln_unicode_string_move_text(DestinationString, FALSE, pszSrc, NULL, RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCchCopyNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                        SIZE_T cchToCopy, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    return kiln_unicode_string_move_counted(DestinationString, FALSE, SourceString, &cchToCopy,
                                            RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCchCopyStringNEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                              SIZE_T cchToCopy, PUNICODE_STRING RemainingString,
                                              ULONG dwFlags)
{
    return kiln_unicode_string_move_text(DestinationString, FALSE, pszSrc, &cchToCopy, RemainingString,
                                         dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                       SIZE_T cbToCopy, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T limit = cbToCopy / sizeof(WCHAR);
    return kiln_unicode_string_move_counted(DestinationString, FALSE, SourceString, &limit, RemainingString,
                                            dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyStringNEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                             SIZE_T cbToCopy, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T limit = cbToCopy / sizeof(WCHAR);
    return kiln_unicode_string_move_text(DestinationString, FALSE, pszSrc, &limit, RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCat(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    return kiln_unicode_string_move_counted(DestinationString, TRUE, SourceString, NULL, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, const WCHAR *pszSrc)
{
    return kiln_unicode_string_move_text(DestinationString, TRUE, pszSrc, NULL, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCchCatN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                     SIZE_T cchToAppend)
{
    return kiln_unicode_string_move_counted(DestinationString, TRUE, SourceString, &cchToAppend, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCchCatStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                           SIZE_T cchToAppend)
{
    return kiln_unicode_string_move_text(DestinationString, TRUE, pszSrc, &cchToAppend, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCbCatN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                    SIZE_T cbToAppend)
{
    SIZE_T limit = cbToAppend / sizeof(WCHAR);
    return kiln_unicode_string_move_counted(DestinationString, TRUE, SourceString, &limit, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCbCatStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                          SIZE_T cbToAppend)
{
    SIZE_T limit = cbToAppend / sizeof(WCHAR);
    return kiln_unicode_string_move_text(DestinationString, TRUE, pszSrc, &limit, NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCatEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                   PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    return kiln_unicode_string_move_counted(DestinationString, TRUE, SourceString, NULL, RemainingString,
                                            dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCatStringEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                         PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    return kiln_unicode_string_move_text(DestinationString, TRUE, pszSrc, NULL, RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCchCatNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                       SIZE_T cchToAppend, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    return kiln_unicode_string_move_counted(DestinationString, TRUE, SourceString, &cchToAppend,
                                            RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCchCatStringNEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                             SIZE_T cchToAppend, PUNICODE_STRING RemainingString,
                                             ULONG dwFlags)
{
    return kiln_unicode_string_move_text(DestinationString, TRUE, pszSrc, &cchToAppend, RemainingString,
                                         dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCbCatNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      SIZE_T cbToAppend, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T limit = cbToAppend / sizeof(WCHAR);
    return kiln_unicode_string_move_counted(DestinationString, TRUE, SourceString, &limit, RemainingString,
                                            dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCbCatStringNEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                            SIZE_T cbToAppend, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T limit = cbToAppend / sizeof(WCHAR);
    return kiln_unicode_string_move_text(DestinationString, TRUE, pszSrc, &limit, RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringVPrintfEx(PUNICODE_STRING DestinationString, PUNICODE_STRING RemainingString,
                                       ULONG dwFlags, const WCHAR *pszFormat, NT_VA_LIST argList)
{
    SIZE_T room, kept;
    int made;
    NTSTATUS status = RtlUnicodeStringValidateEx(DestinationString, dwFlags);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    room = DestinationString == NULL ? 0 : DestinationString->MaximumLength / sizeof(WCHAR);
    kept = DestinationString == NULL ? 0 : DestinationString->Length / sizeof(WCHAR);
    if (room == 0 || pszFormat == NULL) {
        status = kiln_unicode_string_check_source((BOOLEAN)(pszFormat == NULL), NULL, dwFlags);
        return kiln_unicode_string_move(DestinationString, FALSE, pszFormat,
                                        pszFormat != NULL && pszFormat[0] != 0, status, RemainingString,
                                        dwFlags);
    }
    if ((dwFlags & STRSAFE_NO_TRUNCATION) != 0 && kiln_strsafe_measure_W(pszFormat, argList) > room) {
        return kiln_unicode_string_close(DestinationString, 0, kept, STATUS_BUFFER_OVERFLOW, RemainingString,
                                         dwFlags);
    }
    made = KILN_VSNPRINTF_W(DestinationString->Buffer, room, pszFormat, argList);
    if (made < 0 || (SIZE_T)made > room) {
        return kiln_unicode_string_close(DestinationString, room, kept, STATUS_BUFFER_OVERFLOW,
                                         RemainingString, dwFlags);
    }
    return kiln_unicode_string_close(DestinationString, (SIZE_T)made, 0, STATUS_SUCCESS, RemainingString,
                                     dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringVPrintf(PUNICODE_STRING DestinationString, const WCHAR *pszFormat,
                                     NT_VA_LIST argList)
{
    return RtlUnicodeStringVPrintfEx(DestinationString, NULL, 0, pszFormat, argList);
}

NTSTRSAFEDDI RtlUnicodeStringPrintf(PUNICODE_STRING DestinationString, const WCHAR *pszFormat, ...)
{
    NTSTATUS status;
    NT_VA_LIST argList;
    NT_VA_START(argList, pszFormat);
    status = RtlUnicodeStringVPrintf(DestinationString, pszFormat, argList);
    NT_VA_END(argList);
    return status;
}

NTSTRSAFEDDI RtlUnicodeStringPrintfEx(PUNICODE_STRING DestinationString, PUNICODE_STRING RemainingString,
                                      ULONG dwFlags, const WCHAR *pszFormat, ...)
{
    NTSTATUS status;
    NT_VA_LIST argList;
    NT_VA_START(argList, pszFormat);
    status = RtlUnicodeStringVPrintfEx(DestinationString, RemainingString, dwFlags, pszFormat, argList);
    NT_VA_END(argList);
    return status;
}

#endif /* NTSTRSAFE_NO_UNICODE_STRING_FUNCTIONS */

/* The length of a string at any address, odd ones too; the size counts the terminator. */
NTSTRSAFEDDI RtlUnalignedStringCchLengthW(const WCHAR UNALIGNED *psz, SIZE_T cchMax, SIZE_T *pcchLength)
{
    SIZE_T length = 0;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (psz != NULL && cchMax <= NTSTRSAFE_MAX_CCH) {
        const UCHAR *bytes = (const UCHAR *)psz;
        while (length < cchMax && (bytes[2 * length] | bytes[2 * length + 1]) != 0) {
            length++;
        }
        status = length < cchMax ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if (pcchLength != NULL) {
        *pcchLength = NT_SUCCESS(status) ? length : 0;
    }
    return status;
}

NTSTRSAFEDDI RtlUnalignedStringCbLengthW(const WCHAR UNALIGNED *psz, SIZE_T cbMax, SIZE_T *pcbLength)
{
    SIZE_T length = 0;
    SIZE_T room =
        cbMax > NTSTRSAFE_MAX_CCH * sizeof(WCHAR) ? (SIZE_T)NTSTRSAFE_MAX_CCH + 1 : cbMax / sizeof(WCHAR);
    NTSTATUS status = RtlUnalignedStringCchLengthW(psz, room, &length);
    if (pcbLength != NULL) {
        *pcbLength = length * sizeof(WCHAR);
    }
    return status;
}

#ifndef NTSTRSAFE_NO_CCH_FUNCTIONS
#define RtlUnalignedStringCchLength RtlUnalignedStringCchLengthW
#define RtlStringCchCopy      KILN_STRSAFE_T(RtlStringCchCopy)
#define RtlStringCchCopyN     KILN_STRSAFE_T(RtlStringCchCopyN)
#define RtlStringCchCopyEx    KILN_STRSAFE_T(RtlStringCchCopyEx)
#define RtlStringCchCopyNEx   KILN_STRSAFE_T(RtlStringCchCopyNEx)
#define RtlStringCchCat       KILN_STRSAFE_T(RtlStringCchCat)
#define RtlStringCchCatN      KILN_STRSAFE_T(RtlStringCchCatN)
#define RtlStringCchCatEx     KILN_STRSAFE_T(RtlStringCchCatEx)
#define RtlStringCchCatNEx    KILN_STRSAFE_T(RtlStringCchCatNEx)
#define RtlStringCchPrintf    KILN_STRSAFE_T(RtlStringCchPrintf)
#define RtlStringCchPrintfEx  KILN_STRSAFE_T(RtlStringCchPrintfEx)
#define RtlStringCchVPrintf   KILN_STRSAFE_T(RtlStringCchVPrintf)
#define RtlStringCchVPrintfEx KILN_STRSAFE_T(RtlStringCchVPrintfEx)
#define RtlStringCchLength    KILN_STRSAFE_T(RtlStringCchLength)
#endif
#ifndef NTSTRSAFE_NO_CB_FUNCTIONS
#define RtlUnalignedStringCbLength  RtlUnalignedStringCbLengthW
#define RtlStringCbCopy       KILN_STRSAFE_T(RtlStringCbCopy)
#define RtlStringCbCopyN      KILN_STRSAFE_T(RtlStringCbCopyN)
#define RtlStringCbCopyEx     KILN_STRSAFE_T(RtlStringCbCopyEx)
#define RtlStringCbCopyNEx    KILN_STRSAFE_T(RtlStringCbCopyNEx)
#define RtlStringCbCat        KILN_STRSAFE_T(RtlStringCbCat)
#define RtlStringCbCatN       KILN_STRSAFE_T(RtlStringCbCatN)
#define RtlStringCbCatEx      KILN_STRSAFE_T(RtlStringCbCatEx)
#define RtlStringCbCatNEx     KILN_STRSAFE_T(RtlStringCbCatNEx)
#define RtlStringCbPrintf     KILN_STRSAFE_T(RtlStringCbPrintf)
#define RtlStringCbPrintfEx   KILN_STRSAFE_T(RtlStringCbPrintfEx)
#define RtlStringCbVPrintf    KILN_STRSAFE_T(RtlStringCbVPrintf)
#define RtlStringCbVPrintfEx  KILN_STRSAFE_T(RtlStringCbVPrintfEx)
#define RtlStringCbLength     KILN_STRSAFE_T(RtlStringCbLength)
#endif

EXTERN_C_END

/* A driver may want only the functions of one kind of count. The others help to make these, so they are hidden, not left out. */
#ifdef NTSTRSAFE_NO_CB_FUNCTIONS
#pragma GCC poison RtlStringCbCopyA RtlStringCbCopyW RtlStringCbCopyExA RtlStringCbCopyExW
#pragma GCC poison RtlStringCbCopyNA RtlStringCbCopyNW RtlStringCbCopyNExA RtlStringCbCopyNExW
#pragma GCC poison RtlStringCbCatA RtlStringCbCatW RtlStringCbCatExA RtlStringCbCatExW
#pragma GCC poison RtlStringCbCatNA RtlStringCbCatNW RtlStringCbCatNExA RtlStringCbCatNExW
#pragma GCC poison RtlStringCbVPrintfExA RtlStringCbVPrintfExW RtlStringCbVPrintfA
#pragma GCC poison RtlStringCbVPrintfW RtlStringCbPrintfA RtlStringCbPrintfW RtlStringCbPrintfExA
#pragma GCC poison RtlStringCbPrintfExW RtlStringCbLengthA RtlStringCbLengthW
#pragma GCC poison RtlStringCbCopyUnicodeStringEx RtlStringCbCopyUnicodeString
#pragma GCC poison RtlUnalignedStringCbLengthW
#pragma GCC poison RtlUnicodeStringCbCopyN RtlUnicodeStringCbCopyStringN RtlUnicodeStringCbCopyNEx
#pragma GCC poison RtlUnicodeStringCbCopyStringNEx RtlUnicodeStringCbCatN
#pragma GCC poison RtlUnicodeStringCbCatStringN RtlUnicodeStringCbCatNEx
#pragma GCC poison RtlUnicodeStringCbCatStringNEx
#endif
#ifdef NTSTRSAFE_NO_CCH_FUNCTIONS
#pragma GCC poison RtlStringCchCopyA RtlStringCchCopyW RtlStringCchCopyExA RtlStringCchCopyExW
#pragma GCC poison RtlStringCchCopyNA RtlStringCchCopyNW RtlStringCchCopyNExA RtlStringCchCopyNExW
#pragma GCC poison RtlStringCchCatA RtlStringCchCatW RtlStringCchCatExA RtlStringCchCatExW
#pragma GCC poison RtlStringCchCatNA RtlStringCchCatNW RtlStringCchCatNExA RtlStringCchCatNExW
#pragma GCC poison RtlStringCchVPrintfExA RtlStringCchVPrintfExW RtlStringCchVPrintfA
#pragma GCC poison RtlStringCchVPrintfW RtlStringCchPrintfA RtlStringCchPrintfW
#pragma GCC poison RtlStringCchPrintfExA RtlStringCchPrintfExW RtlStringCchLengthA
#pragma GCC poison RtlStringCchLengthW RtlStringCchCopyUnicodeStringEx RtlStringCchCopyUnicodeString
#pragma GCC poison RtlUnalignedStringCchLengthW
#pragma GCC poison RtlUnicodeStringCchCopyN RtlUnicodeStringCchCopyStringN
#pragma GCC poison RtlUnicodeStringCchCopyNEx RtlUnicodeStringCchCopyStringNEx
#pragma GCC poison RtlUnicodeStringCchCatN RtlUnicodeStringCchCatStringN RtlUnicodeStringCchCatNEx
#pragma GCC poison RtlUnicodeStringCchCatStringNEx
#endif

#endif
