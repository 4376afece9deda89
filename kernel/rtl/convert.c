/* SPDX-License-Identifier: MIT */
/*
 * convert.c - counted strings from one character set to another.
 *
 * Every conversion has the same shape: size the result, allocate it or check the room, convert, terminate,
 * set the length. The Counted forms do not terminate. A result that would need 64 KB is
 * STATUS_INVALID_PARAMETER_2; one that does not fit the caller's buffer is STATUS_BUFFER_OVERFLOW and
 * converts nothing.
 */
#include <nt/rtl.h>
#include "rtlp.h"
#include "codepage.h"

typedef NTSTATUS(NTAPI *TO_WIDE)(PWCH, ULONG, PULONG, PCCH, ULONG);
typedef NTSTATUS(NTAPI *FROM_WIDE)(PCHAR, ULONG, PULONG, PCWCH, ULONG);

/* Room of `bytes` and a terminator of `terminator` bytes in the destination, allocated when asked for. */
static NTSTATUS make_room(PSTRING to, ULONG bytes, ULONG terminator, BOOLEAN allocate)
{
    ULONG total = bytes + terminator;
    if (total > 0xFFFF) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (allocate) {
        to->Buffer = RtlpAllocateString(total != 0 ? total : 1);
        if (to->Buffer == NULL) {
            return STATUS_NO_MEMORY;
        }
        to->MaximumLength = (USHORT)total;
    } else if (total > to->MaximumLength) {
        return STATUS_BUFFER_OVERFLOW;
    }
    to->Length = (USHORT)bytes;
    return STATUS_SUCCESS;
}

static NTSTATUS to_wide(PUNICODE_STRING to, const STRING *from, BOOLEAN allocate, TO_WIDE convert,
                        bool counted)
{
    NTSTATUS status;
    ULONG made;
    STRING room = {to->Length, to->MaximumLength, (PCHAR)to->Buffer};
    status = make_room(&room, from->Length * (ULONG)sizeof(WCHAR), counted ? 0 : sizeof(WCHAR), allocate);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    to->Length = room.Length;
    to->MaximumLength = room.MaximumLength;
    to->Buffer = (PWCH)(PVOID)room.Buffer;
    status = convert(to->Buffer, room.Length, &made, from->Buffer, from->Length);
    if (!counted) {
        to->Buffer[to->Length / sizeof(WCHAR)] = 0;
    }
    return status;
}

static NTSTATUS from_wide(PSTRING to, PCUNICODE_STRING from, BOOLEAN allocate, FROM_WIDE convert,
                          bool counted)
{
    NTSTATUS status;
    ULONG made;
    status = make_room(to, from->Length / (ULONG)sizeof(WCHAR), counted ? 0 : 1, allocate);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = convert(to->Buffer, to->Length, &made, from->Buffer, from->Length);
    if (!counted) {
        to->Buffer[to->Length] = 0;
    }
    return status;
}

NTSYSAPI NTSTATUS NTAPI RtlAnsiStringToUnicodeString(PUNICODE_STRING DestinationString,
                                                     PCANSI_STRING SourceString,
                                                     BOOLEAN AllocateDestinationString)
{
    return to_wide(DestinationString, SourceString, AllocateDestinationString, RtlMultiByteToUnicodeN, false);
}

NTSYSAPI NTSTATUS NTAPI RtlOemStringToUnicodeString(PUNICODE_STRING DestinationString,
                                                    PCOEM_STRING SourceString,
                                                    BOOLEAN AllocateDestinationString)
{
    return to_wide(DestinationString, SourceString, AllocateDestinationString, RtlOemToUnicodeN, false);
}

NTSYSAPI NTSTATUS NTAPI RtlOemStringToCountedUnicodeString(PUNICODE_STRING DestinationString,
                                                           PCOEM_STRING SourceString,
                                                           BOOLEAN AllocateDestinationString)
{
    return to_wide(DestinationString, SourceString, AllocateDestinationString, RtlOemToUnicodeN, true);
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                                     PCUNICODE_STRING SourceString,
                                                     BOOLEAN AllocateDestinationString)
{
    return from_wide(DestinationString, SourceString, AllocateDestinationString, RtlUnicodeToMultiByteN,
                     false);
}

NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeStringToAnsiString(PANSI_STRING DestinationString,
                                                           PCUNICODE_STRING SourceString,
                                                           BOOLEAN AllocateDestinationString)
{
    return from_wide(DestinationString, SourceString, AllocateDestinationString, RtlUpcaseUnicodeToMultiByteN,
                     false);
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToOemString(POEM_STRING DestinationString,
                                                    PCUNICODE_STRING SourceString,
                                                    BOOLEAN AllocateDestinationString)
{
    return from_wide(DestinationString, SourceString, AllocateDestinationString, RtlUnicodeToOemN, false);
}

NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeStringToOemString(POEM_STRING DestinationString,
                                                          PCUNICODE_STRING SourceString,
                                                          BOOLEAN AllocateDestinationString)
{
    return from_wide(DestinationString, SourceString, AllocateDestinationString, RtlUpcaseUnicodeToOemN,
                     false);
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToCountedOemString(POEM_STRING DestinationString,
                                                           PCUNICODE_STRING SourceString,
                                                           BOOLEAN AllocateDestinationString)
{
    return from_wide(DestinationString, SourceString, AllocateDestinationString, RtlUnicodeToOemN, true);
}

NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeStringToCountedOemString(POEM_STRING DestinationString,
                                                                 PCUNICODE_STRING SourceString,
                                                                 BOOLEAN AllocateDestinationString)
{
    return from_wide(DestinationString, SourceString, AllocateDestinationString, RtlUpcaseUnicodeToOemN,
                     true);
}

NTSYSAPI BOOLEAN NTAPI RtlCreateUnicodeStringFromAsciiz(PUNICODE_STRING DestinationString, PCSZ SourceString)
{
    ANSI_STRING source;
    if (!NT_SUCCESS(RtlInitAnsiStringEx(&source, SourceString))) {
        return FALSE;
    }
    return (BOOLEAN)NT_SUCCESS(RtlAnsiStringToUnicodeString(DestinationString, &source, TRUE));
}

/* ---- UTF-8, whose sizes must be measured ---- */

NTSYSAPI NTSTATUS NTAPI RtlUTF8StringToUnicodeString(PUNICODE_STRING DestinationString,
                                                     PUTF8_STRING SourceString,
                                                     BOOLEAN AllocateDestinationString)
{
    ULONG bytes = 0;
    NTSTATUS status;
    STRING room = {DestinationString->Length, DestinationString->MaximumLength,
                   (PCHAR)DestinationString->Buffer};
    status = RtlUTF8ToUnicodeN(NULL, 0, &bytes, SourceString->Buffer, SourceString->Length);
    if (NT_SUCCESS(status)) {
        status = make_room(&room, bytes, sizeof(WCHAR), AllocateDestinationString);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    DestinationString->Length = room.Length;
    DestinationString->MaximumLength = room.MaximumLength;
    DestinationString->Buffer = (PWCH)(PVOID)room.Buffer;
    status = RtlUTF8ToUnicodeN(DestinationString->Buffer, bytes, &bytes, SourceString->Buffer,
                               SourceString->Length);
    DestinationString->Buffer[bytes / sizeof(WCHAR)] = 0;
    return status;
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeStringToUTF8String(PUTF8_STRING DestinationString,
                                                     PCUNICODE_STRING SourceString,
                                                     BOOLEAN AllocateDestinationString)
{
    ULONG bytes = 0;
    NTSTATUS status = RtlUnicodeToUTF8N(NULL, 0, &bytes, SourceString->Buffer, SourceString->Length);
    if (NT_SUCCESS(status)) {
        status = make_room(DestinationString, bytes, 1, AllocateDestinationString);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = RtlUnicodeToUTF8N(DestinationString->Buffer, bytes, &bytes, SourceString->Buffer,
                               SourceString->Length);
    DestinationString->Buffer[bytes] = 0;
    return status;
}

/* ---- sizes with the terminator ---- */

#undef RtlAnsiStringToUnicodeSize
#undef RtlUnicodeStringToAnsiSize
#undef RtlOemStringToUnicodeSize
#undef RtlUnicodeStringToOemSize

NTSYSAPI ULONG NTAPI RtlxAnsiStringToUnicodeSize(PCANSI_STRING AnsiString)
{
    return ((ULONG)AnsiString->Length + 1) * (ULONG)sizeof(WCHAR);
}

NTSYSAPI ULONG NTAPI RtlxUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString)
{
    return UnicodeString->Length / (ULONG)sizeof(WCHAR) + 1;
}

NTSYSAPI ULONG NTAPI RtlxOemStringToUnicodeSize(PCOEM_STRING OemString)
{
    return ((ULONG)OemString->Length + 1) * (ULONG)sizeof(WCHAR);
}

NTSYSAPI ULONG NTAPI RtlxUnicodeStringToOemSize(PCUNICODE_STRING UnicodeString)
{
    return UnicodeString->Length / (ULONG)sizeof(WCHAR) + 1;
}

NTSYSAPI ULONG NTAPI RtlAnsiStringToUnicodeSize(PCANSI_STRING AnsiString)
{
    return RtlxAnsiStringToUnicodeSize(AnsiString);
}

NTSYSAPI ULONG NTAPI RtlUnicodeStringToAnsiSize(PCUNICODE_STRING UnicodeString)
{
    return RtlxUnicodeStringToAnsiSize(UnicodeString);
}

NTSYSAPI ULONG NTAPI RtlOemStringToUnicodeSize(PCOEM_STRING OemString)
{
    return RtlxOemStringToUnicodeSize(OemString);
}

NTSYSAPI ULONG NTAPI RtlUnicodeStringToOemSize(PCUNICODE_STRING UnicodeString)
{
    return RtlxUnicodeStringToOemSize(UnicodeString);
}
