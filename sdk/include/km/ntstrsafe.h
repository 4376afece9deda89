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

#define NTSTRSAFE_MAX_CCH                2147483647
#define NTSTRSAFE_MAX_LENGTH             (NTSTRSAFE_MAX_CCH - 1)
#define NTSTRSAFE_UNICODE_STRING_MAX_CCH (0xffff / sizeof(WCHAR))
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
        status = length == 0       ? STATUS_SUCCESS
                 : pszDest == NULL ? STATUS_INVALID_PARAMETER
                                   : STATUS_BUFFER_OVERFLOW;
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
        status = length == 0       ? STATUS_SUCCESS
                 : pszDest == NULL ? STATUS_INVALID_PARAMETER
                                   : STATUS_BUFFER_OVERFLOW;
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

/* ---- counted strings ---- */

FORCEINLINE BOOLEAN kiln_unicode_string_is_valid(PCUNICODE_STRING string)
{
    return (BOOLEAN)((string->Length & 1) == 0 && (string->MaximumLength & 1) == 0 &&
                     string->Length <= string->MaximumLength &&
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
        return pszSrc == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
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

/* Copies `length` characters behind the first `prefix` of the destination, and does what the flags say. */
FORCEINLINE NTSTATUS kiln_unicode_string_close(PUNICODE_STRING to, SIZE_T length, NTSTATUS status,
                                               PUNICODE_STRING remaining, ULONG flags)
{
    SIZE_T room = to == NULL ? 0 : to->MaximumLength / sizeof(WCHAR);
    if (to != NULL) {
        if (NT_SUCCESS(status) || (flags & (STRSAFE_FILL_ON_FAILURE | STRSAFE_ZERO_LENGTH_ON_FAILURE |
                                            STRSAFE_NO_TRUNCATION)) == 0) {
            to->Length = (USHORT)(length * sizeof(WCHAR));
        }
        if (NT_SUCCESS(status)) {
            if ((flags & STRSAFE_FILL_BEHIND) != 0 && room > length) {
                __builtin_memset(to->Buffer + length, (int)(flags & 0xFF), (room - length) * sizeof(WCHAR));
            }
        } else {
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

FORCEINLINE NTSTATUS kiln_unicode_string_move(PUNICODE_STRING to, BOOLEAN append, const WCHAR *source,
                                              SIZE_T length, BOOLEAN source_is_null,
                                              PUNICODE_STRING remaining, ULONG flags)
{
    SIZE_T room, prefix, count, i;
    NTSTATUS status = RtlUnicodeStringValidateEx(to, flags);
    if (NT_SUCCESS(status) && source_is_null && (flags & STRSAFE_IGNORE_NULLS) == 0) {
        status = STATUS_INVALID_PARAMETER;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    room = to == NULL ? 0 : to->MaximumLength / sizeof(WCHAR);
    prefix = to == NULL || !append ? 0 : to->Length / sizeof(WCHAR);
    if (room == 0 && length != 0) {
        status = to == NULL || to->Buffer == NULL ? STATUS_INVALID_PARAMETER : STATUS_BUFFER_OVERFLOW;
        return kiln_unicode_string_close(to, prefix, status, remaining, flags);
    }
    count = length > room - prefix ? room - prefix : length;
    status = count < length ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    if (status == STATUS_SUCCESS || (flags & STRSAFE_NO_TRUNCATION) == 0) {
        for (i = 0; i < count; i++) {
            to->Buffer[prefix + i] = source[i];
        }
    }
    return kiln_unicode_string_close(to, prefix + count, status, remaining, flags);
}

NTSTRSAFEDDI RtlUnicodeStringCopy(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    if (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString)) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, FALSE,
                                    SourceString == NULL ? NULL : SourceString->Buffer,
                                    SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR),
                                    (BOOLEAN)(SourceString == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCopyString(PUNICODE_STRING DestinationString, const WCHAR *pszSrc)
{
    SIZE_T length = pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, NTSTRSAFE_MAX_CCH);
    return kiln_unicode_string_move(DestinationString, FALSE, pszSrc, length, (BOOLEAN)(pszSrc == NULL), NULL,
                                    0);
}

NTSTRSAFEDDI RtlUnicodeStringCchCopyN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      SIZE_T cchToCopy)
{
    SIZE_T length, limit = cchToCopy;
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR);
    return kiln_unicode_string_move(
        DestinationString, FALSE, SourceString == NULL ? NULL : SourceString->Buffer,
        length < limit ? length : limit, (BOOLEAN)(SourceString == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCchCopyStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                            SIZE_T cchToCopy)
{
    SIZE_T limit = cchToCopy;
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, FALSE, pszSrc,
                                    pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, limit),
                                    (BOOLEAN)(pszSrc == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                     SIZE_T cbToCopy)
{
    SIZE_T length, limit = cbToCopy / sizeof(WCHAR);
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR);
    return kiln_unicode_string_move(
        DestinationString, FALSE, SourceString == NULL ? NULL : SourceString->Buffer,
        length < limit ? length : limit, (BOOLEAN)(SourceString == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                           SIZE_T cbToCopy)
{
    SIZE_T limit = cbToCopy / sizeof(WCHAR);
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, FALSE, pszSrc,
                                    pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, limit),
                                    (BOOLEAN)(pszSrc == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCopyEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                    PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    if (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString)) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, FALSE,
                                    SourceString == NULL ? NULL : SourceString->Buffer,
                                    SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR),
                                    (BOOLEAN)(SourceString == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCopyStringEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                          PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T length = pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, NTSTRSAFE_MAX_CCH);
    return kiln_unicode_string_move(DestinationString, FALSE, pszSrc, length, (BOOLEAN)(pszSrc == NULL),
                                    RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCchCopyNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                        SIZE_T cchToCopy, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T length, limit = cchToCopy;
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR);
    return kiln_unicode_string_move(
        DestinationString, FALSE, SourceString == NULL ? NULL : SourceString->Buffer,
        length < limit ? length : limit, (BOOLEAN)(SourceString == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCchCopyStringNEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                              SIZE_T cchToCopy, PUNICODE_STRING RemainingString,
                                              ULONG dwFlags)
{
    SIZE_T limit = cchToCopy;
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, FALSE, pszSrc,
                                    pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, limit),
                                    (BOOLEAN)(pszSrc == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                       SIZE_T cbToCopy, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T length, limit = cbToCopy / sizeof(WCHAR);
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR);
    return kiln_unicode_string_move(
        DestinationString, FALSE, SourceString == NULL ? NULL : SourceString->Buffer,
        length < limit ? length : limit, (BOOLEAN)(SourceString == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCbCopyStringNEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                             SIZE_T cbToCopy, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T limit = cbToCopy / sizeof(WCHAR);
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, FALSE, pszSrc,
                                    pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, limit),
                                    (BOOLEAN)(pszSrc == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCat(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    if (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString)) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, TRUE,
                                    SourceString == NULL ? NULL : SourceString->Buffer,
                                    SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR),
                                    (BOOLEAN)(SourceString == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCatString(PUNICODE_STRING DestinationString, const WCHAR *pszSrc)
{
    SIZE_T length = pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, NTSTRSAFE_MAX_CCH);
    return kiln_unicode_string_move(DestinationString, TRUE, pszSrc, length, (BOOLEAN)(pszSrc == NULL), NULL,
                                    0);
}

NTSTRSAFEDDI RtlUnicodeStringCchCatN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                     SIZE_T cchToAppend)
{
    SIZE_T length, limit = cchToAppend;
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR);
    return kiln_unicode_string_move(
        DestinationString, TRUE, SourceString == NULL ? NULL : SourceString->Buffer,
        length < limit ? length : limit, (BOOLEAN)(SourceString == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCchCatStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                           SIZE_T cchToAppend)
{
    SIZE_T limit = cchToAppend;
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, TRUE, pszSrc,
                                    pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, limit),
                                    (BOOLEAN)(pszSrc == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCbCatN(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                    SIZE_T cbToAppend)
{
    SIZE_T length, limit = cbToAppend / sizeof(WCHAR);
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR);
    return kiln_unicode_string_move(
        DestinationString, TRUE, SourceString == NULL ? NULL : SourceString->Buffer,
        length < limit ? length : limit, (BOOLEAN)(SourceString == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCbCatStringN(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                          SIZE_T cbToAppend)
{
    SIZE_T limit = cbToAppend / sizeof(WCHAR);
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, TRUE, pszSrc,
                                    pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, limit),
                                    (BOOLEAN)(pszSrc == NULL), NULL, 0);
}

NTSTRSAFEDDI RtlUnicodeStringCatEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                   PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    if (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString)) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, TRUE,
                                    SourceString == NULL ? NULL : SourceString->Buffer,
                                    SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR),
                                    (BOOLEAN)(SourceString == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCatStringEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                         PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T length = pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, NTSTRSAFE_MAX_CCH);
    return kiln_unicode_string_move(DestinationString, TRUE, pszSrc, length, (BOOLEAN)(pszSrc == NULL),
                                    RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCchCatNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                       SIZE_T cchToAppend, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T length, limit = cchToAppend;
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR);
    return kiln_unicode_string_move(
        DestinationString, TRUE, SourceString == NULL ? NULL : SourceString->Buffer,
        length < limit ? length : limit, (BOOLEAN)(SourceString == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCchCatStringNEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                             SIZE_T cchToAppend, PUNICODE_STRING RemainingString,
                                             ULONG dwFlags)
{
    SIZE_T limit = cchToAppend;
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, TRUE, pszSrc,
                                    pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, limit),
                                    (BOOLEAN)(pszSrc == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCbCatNEx(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString,
                                      SIZE_T cbToAppend, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T length, limit = cbToAppend / sizeof(WCHAR);
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH ||
        (SourceString != NULL && !kiln_unicode_string_is_valid(SourceString))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = SourceString == NULL ? 0 : SourceString->Length / sizeof(WCHAR);
    return kiln_unicode_string_move(
        DestinationString, TRUE, SourceString == NULL ? NULL : SourceString->Buffer,
        length < limit ? length : limit, (BOOLEAN)(SourceString == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringCbCatStringNEx(PUNICODE_STRING DestinationString, const WCHAR *pszSrc,
                                            SIZE_T cbToAppend, PUNICODE_STRING RemainingString, ULONG dwFlags)
{
    SIZE_T limit = cbToAppend / sizeof(WCHAR);
    if (limit > NTSTRSAFE_UNICODE_STRING_MAX_CCH) {
        return STATUS_INVALID_PARAMETER;
    }
    return kiln_unicode_string_move(DestinationString, TRUE, pszSrc,
                                    pszSrc == NULL ? 0 : kiln_strsafe_length_W(pszSrc, limit),
                                    (BOOLEAN)(pszSrc == NULL), RemainingString, dwFlags);
}

NTSTRSAFEDDI RtlUnicodeStringVPrintfEx(PUNICODE_STRING DestinationString, PUNICODE_STRING RemainingString,
                                       ULONG dwFlags, const WCHAR *pszFormat, NT_VA_LIST argList)
{
    SIZE_T room;
    int made;
    NTSTATUS status = RtlUnicodeStringValidateEx(DestinationString, dwFlags);
    if (NT_SUCCESS(status) && pszFormat == NULL && (dwFlags & STRSAFE_IGNORE_NULLS) == 0) {
        status = STATUS_INVALID_PARAMETER;
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    room = DestinationString == NULL ? 0 : DestinationString->MaximumLength / sizeof(WCHAR);
    if (room == 0 || pszFormat == NULL) {
        return kiln_unicode_string_move(DestinationString, FALSE, pszFormat,
                                        pszFormat != NULL && pszFormat[0] != 0, FALSE, RemainingString,
                                        dwFlags);
    }
    made = KILN_VSNPRINTF_W(DestinationString->Buffer, room, pszFormat, argList);
    if (made < 0 || (SIZE_T)made > room) {
        return kiln_unicode_string_close(DestinationString, room, STATUS_BUFFER_OVERFLOW, RemainingString,
                                         dwFlags);
    }
    return kiln_unicode_string_close(DestinationString, (SIZE_T)made, STATUS_SUCCESS, RemainingString,
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

/* Lengths of strings at any address; x64 needs no other code. */
#define RtlUnalignedStringCchLengthW(psz, cchMax, pcchLength)                                                \
    RtlStringCchLengthW((const WCHAR *)(psz), cchMax, pcchLength)
#define RtlUnalignedStringCbLengthW(psz, cbMax, pcbLength)                                                   \
    RtlStringCbLengthW((const WCHAR *)(psz), cbMax, pcbLength)

#define RtlStringCchCopy   KILN_STRSAFE_T(RtlStringCchCopy)
#define RtlStringCbCopy    KILN_STRSAFE_T(RtlStringCbCopy)
#define RtlStringCchCat    KILN_STRSAFE_T(RtlStringCchCat)
#define RtlStringCbCat     KILN_STRSAFE_T(RtlStringCbCat)
#define RtlStringCchPrintf KILN_STRSAFE_T(RtlStringCchPrintf)
#define RtlStringCbPrintf  KILN_STRSAFE_T(RtlStringCbPrintf)
#define RtlStringCchLength KILN_STRSAFE_T(RtlStringCchLength)
#define RtlStringCbLength  KILN_STRSAFE_T(RtlStringCbLength)

EXTERN_C_END

#endif
