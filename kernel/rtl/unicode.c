/* SPDX-License-Identifier: MIT */
/*
 * unicode.c - counted strings of UTF-16 units: making, copying, appending, comparing, folding, hashing.
 *
 * Length and MaximumLength are bytes. Comparison is by unit, not by language; without case it compares
 * capitals.
 */
#include <nt/rtl.h>
#include "rtlp.h"

#define UNITS(string) ((string)->Length / sizeof(WCHAR))

/* ---- four units at a time: all of them ASCII, as most are ---- */

#define FOUR    4u
#define LANES   0x0001000100010001ULL
#define LETTERS 26

static ULONGLONG four_at(const WCHAR *text)
{
    return *(const KILN_ULONGLONG_U *)text;
}

static bool are_ascii(ULONGLONG four)
{
    return (four & 0xFF80 * LANES) == 0;
}

/* Bit 7 of each unit that is one of the letters from `first` on; adding carries into it from there on. */
static ULONGLONG letters(ULONGLONG four, ULONG first)
{
    return ((four + (0x80 - first) * LANES) & ~(four + (0x80 - first - LETTERS) * LANES)) & 0x80 * LANES;
}

static ULONGLONG upcase_four(ULONGLONG four)
{
    return four ^ letters(four, 'a') >> 2; /* 0x20 is what the cases differ by */
}

static ULONGLONG downcase_four(ULONGLONG four)
{
    return four ^ letters(four, 'A') >> 2;
}

NTSYSAPI WCHAR NTAPI RtlUpcaseUnicodeChar(WCHAR SourceCharacter)
{
    return RtlpUpcase(SourceCharacter);
}

NTSYSAPI WCHAR NTAPI RtlDowncaseUnicodeChar(WCHAR SourceCharacter)
{
    return RtlpDowncase(SourceCharacter);
}

/* ---- making ---- */

NTSYSAPI VOID NTAPI RtlInitUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    SIZE_T bytes = 0;
    DestinationString->MaximumLength = 0;
    if (SourceString != NULL) {
        bytes = RtlpWcslen(SourceString) * sizeof(WCHAR);
        if (bytes > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR)) {
            bytes = UNICODE_STRING_MAX_BYTES - sizeof(WCHAR);
        }
        DestinationString->MaximumLength = (USHORT)(bytes + sizeof(WCHAR));
    }
    DestinationString->Length = (USHORT)bytes;
    DestinationString->Buffer = (PWCH)(ULONG_PTR)SourceString;
}

NTSYSAPI NTSTATUS NTAPI RtlInitUnicodeStringEx(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    DestinationString->Length = 0;
    DestinationString->MaximumLength = 0;
    DestinationString->Buffer = (PWCH)(ULONG_PTR)SourceString;
    if (SourceString != NULL &&
        RtlpWcslen(SourceString) * sizeof(WCHAR) > UNICODE_STRING_MAX_BYTES - sizeof(WCHAR)) {
        return STATUS_NAME_TOO_LONG;
    }
    RtlInitUnicodeString(DestinationString, SourceString);
    return STATUS_SUCCESS;
}

NTSYSAPI VOID NTAPI RtlFreeUnicodeString(PUNICODE_STRING UnicodeString)
{
    if (UnicodeString->Buffer != NULL) {
        RtlpFreeString(UnicodeString->Buffer);
        UnicodeString->Length = 0;
        UnicodeString->MaximumLength = 0;
        UnicodeString->Buffer = NULL;
    }
}

NTSYSAPI BOOLEAN NTAPI RtlCreateUnicodeString(PUNICODE_STRING DestinationString, PCWSTR SourceString)
{
    SIZE_T bytes = (RtlpWcslen(SourceString) + 1) * sizeof(WCHAR);
    if (bytes > UNICODE_STRING_MAX_BYTES) {
        return FALSE;
    }
    DestinationString->Buffer = RtlpAllocateString(bytes);
    if (DestinationString->Buffer == NULL) {
        return FALSE;
    }
    RtlCopyMemory(DestinationString->Buffer, SourceString, bytes);
    DestinationString->MaximumLength = (USHORT)bytes;
    DestinationString->Length = (USHORT)(bytes - sizeof(WCHAR));
    return TRUE;
}

NTSYSAPI NTSTATUS NTAPI RtlValidateUnicodeString(ULONG Flags, PCUNICODE_STRING String)
{
    if (Flags != 0 || (String != NULL && ((String->Length & 1) != 0 || (String->MaximumLength & 1) != 0 ||
                                          String->Length > String->MaximumLength ||
                                          (String->Buffer == NULL && String->MaximumLength != 0)))) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlDuplicateUnicodeString(ULONG Flags, PCUNICODE_STRING StringIn,
                                                  PUNICODE_STRING StringOut)
{
    bool terminate = (Flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE) != 0;
    bool even_empty = (Flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING) != 0;
    ULONG length, bytes;

    if (StringOut == NULL || (even_empty && !terminate) || (Flags & ~3u) != 0 ||
        !NT_SUCCESS(RtlValidateUnicodeString(0, StringIn))) {
        return STATUS_INVALID_PARAMETER;
    }
    length = StringIn == NULL ? 0 : StringIn->Length;
    bytes = length + (terminate ? (ULONG)sizeof(WCHAR) : 0);
    StringOut->Length = 0;
    StringOut->MaximumLength = 0;
    StringOut->Buffer = NULL;
    if (bytes > UNICODE_STRING_MAX_BYTES) {
        return STATUS_NAME_TOO_LONG;
    }
    if (length == 0 && !even_empty) {
        return STATUS_SUCCESS;
    }
    StringOut->Buffer = RtlpAllocateString(bytes);
    if (StringOut->Buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (length != 0) {
        RtlCopyMemory(StringOut->Buffer, StringIn->Buffer, length);
    }
    if (terminate) {
        StringOut->Buffer[length / sizeof(WCHAR)] = 0;
    }
    StringOut->Length = (USHORT)length;
    StringOut->MaximumLength = (USHORT)bytes;
    return STATUS_SUCCESS;
}

/* ---- copying and appending ---- */

/* A terminator follows when there is room for one. */
static void terminate(PUNICODE_STRING string)
{
    if ((ULONG)string->Length + sizeof(WCHAR) <= string->MaximumLength) {
        string->Buffer[UNITS(string)] = 0;
    }
}

NTSYSAPI VOID NTAPI RtlCopyUnicodeString(PUNICODE_STRING DestinationString, PCUNICODE_STRING SourceString)
{
    if (SourceString == NULL) {
        DestinationString->Length = 0;
        return;
    }
    USHORT length = SourceString->Length < DestinationString->MaximumLength
                        ? SourceString->Length
                        : DestinationString->MaximumLength;
    RtlMoveMemory(DestinationString->Buffer, SourceString->Buffer, length);
    DestinationString->Length = length;
    terminate(DestinationString);
}

static NTSTATUS append(PUNICODE_STRING destination, const WCHAR *source, SIZE_T bytes)
{
    if (bytes + destination->Length > destination->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlMoveMemory((PCHAR)destination->Buffer + destination->Length, source, bytes);
    destination->Length = (USHORT)(destination->Length + bytes);
    terminate(destination);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeToString(PUNICODE_STRING Destination, PCWSTR Source)
{
    return Source == NULL ? STATUS_SUCCESS : append(Destination, Source, RtlpWcslen(Source) * sizeof(WCHAR));
}

NTSYSAPI NTSTATUS NTAPI RtlAppendUnicodeStringToString(PUNICODE_STRING Destination, PCUNICODE_STRING Source)
{
    return Source->Length == 0 ? STATUS_SUCCESS : append(Destination, Source->Buffer, Source->Length);
}

/* ---- comparing ---- */

static LONG compare(const WCHAR *a, const WCHAR *b, SIZE_T units, BOOLEAN fold)
{
    SIZE_T i = 0;
    for (; i + FOUR <= units; i += FOUR) {
        ULONGLONG x = four_at(a + i), y = four_at(b + i);
        if (x != y && !(fold && are_ascii(x | y) && upcase_four(x) == upcase_four(y))) {
            break;
        }
    }
    for (; i < units; i++) {
        WCHAR x = a[i], y = b[i];
        if (x != y && fold) {
            x = RtlpUpcase(x);
            y = RtlpUpcase(y);
        }
        if (x != y) {
            return (LONG)x - (LONG)y;
        }
    }
    return 0;
}

NTSYSAPI LONG NTAPI RtlCompareUnicodeStrings(PCWCH String1, SIZE_T String1Length, PCWCH String2,
                                             SIZE_T String2Length, BOOLEAN CaseInSensitive)
{
    SIZE_T shorter = String1Length < String2Length ? String1Length : String2Length;
    LONG order = compare(String1, String2, shorter, CaseInSensitive);
    return order != 0 ? order : (LONG)String1Length - (LONG)String2Length;
}

NTSYSAPI LONG NTAPI RtlCompareUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                            BOOLEAN CaseInSensitive)
{
    return RtlCompareUnicodeStrings(String1->Buffer, UNITS(String1), String2->Buffer, UNITS(String2),
                                    CaseInSensitive);
}

NTSYSAPI BOOLEAN NTAPI RtlEqualUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                             BOOLEAN CaseInSensitive)
{
    return (BOOLEAN)(String1->Length == String2->Length &&
                     compare(String1->Buffer, String2->Buffer, UNITS(String1), CaseInSensitive) == 0);
}

NTSYSAPI BOOLEAN NTAPI RtlPrefixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                              BOOLEAN CaseInSensitive)
{
    return (BOOLEAN)(String1->Length <= String2->Length &&
                     compare(String1->Buffer, String2->Buffer, UNITS(String1), CaseInSensitive) == 0);
}

NTSYSAPI BOOLEAN NTAPI RtlSuffixUnicodeString(PCUNICODE_STRING String1, PCUNICODE_STRING String2,
                                              BOOLEAN CaseInSensitive)
{
    return (BOOLEAN)(String1->Length <= String2->Length &&
                     compare(String1->Buffer, String2->Buffer + UNITS(String2) - UNITS(String1),
                             UNITS(String1), CaseInSensitive) == 0);
}

/* Bytes before the first unit that is one of the set (Flags 1: before the last one; 2: not one; 4: without
 * case). */
NTSYSAPI NTSTATUS NTAPI RtlFindCharInUnicodeString(ULONG Flags, PCUNICODE_STRING StringToSearch,
                                                   PCUNICODE_STRING CharSet, PUSHORT NonInclusivePrefixLength)
{
    SIZE_T count = UNITS(StringToSearch);
    *NonInclusivePrefixLength = 0;
    if ((Flags & ~7u) != 0) {
        return STATUS_INVALID_PARAMETER;
    }
    for (SIZE_T i = 0; i < count; i++) {
        SIZE_T at = (Flags & 1) != 0 ? count - 1 - i : i;
        bool found = false;
        for (SIZE_T j = 0; j < UNITS(CharSet) && !found; j++) {
            found = compare(&StringToSearch->Buffer[at], &CharSet->Buffer[j], 1, (Flags & 4) != 0) == 0;
        }
        if (found != ((Flags & 2) != 0)) {
            *NonInclusivePrefixLength = (USHORT)((at + ((Flags & 1) != 0 ? 0 : 1)) * sizeof(WCHAR));
            return STATUS_SUCCESS;
        }
    }
    return STATUS_NOT_FOUND;
}

/* The x65599 hash: a sum of units by powers of 65599. */
NTSYSAPI NTSTATUS NTAPI RtlHashUnicodeString(PCUNICODE_STRING String, BOOLEAN CaseInSensitive,
                                             ULONG HashAlgorithm, PULONG HashValue)
{
    ULONG hash = 0;
    if (String == NULL || HashValue == NULL || HashAlgorithm > HASH_STRING_ALGORITHM_X65599) {
        return STATUS_INVALID_PARAMETER;
    }
    for (SIZE_T i = 0; i < UNITS(String); i++) {
        WCHAR unit = String->Buffer[i];
        hash = hash * 65599 + (CaseInSensitive ? RtlpUpcase(unit) : unit);
    }
    *HashValue = hash;
    return STATUS_SUCCESS;
}

/* ---- folding ---- */

/* One direction of folding, inlined into its caller. The buffers may be one. */
static inline __attribute__((always_inline)) NTSTATUS fold(PUNICODE_STRING to, PCUNICODE_STRING from,
                                                           BOOLEAN allocate, WCHAR (*map)(WCHAR),
                                                           ULONGLONG (*map_four)(ULONGLONG))
{
    USHORT length = from->Length;
    SIZE_T units = length / sizeof(WCHAR), i = 0;
    if (allocate) {
        to->Buffer = RtlpAllocateString(length != 0 ? length : sizeof(WCHAR));
        if (to->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        to->MaximumLength = length;
    } else if (length > to->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    while (i < units) {
        ULONGLONG four;
        if (i + FOUR <= units && are_ascii(four = four_at(from->Buffer + i))) {
            *(KILN_ULONGLONG_U *)(to->Buffer + i) = map_four(four);
            i += FOUR;
        } else {
            for (SIZE_T end = i + FOUR < units ? i + FOUR : units; i < end; i++) {
                to->Buffer[i] = map(from->Buffer[i]);
            }
        }
    }
    to->Length = length;
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeString(PUNICODE_STRING DestinationString,
                                               PCUNICODE_STRING SourceString,
                                               BOOLEAN AllocateDestinationString)
{
    return fold(DestinationString, SourceString, AllocateDestinationString, RtlpUpcase, upcase_four);
}

NTSYSAPI NTSTATUS NTAPI RtlDowncaseUnicodeString(PUNICODE_STRING DestinationString,
                                                 PCUNICODE_STRING SourceString,
                                                 BOOLEAN AllocateDestinationString)
{
    return fold(DestinationString, SourceString, AllocateDestinationString, RtlpDowncase, downcase_four);
}
