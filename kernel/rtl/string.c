/* SPDX-License-Identifier: MIT */
/*
 * string.c - counted strings of bytes: making, copying, appending, comparing; and the storage of strings that
 * conversions allocate.
 *
 * A STRING's Length counts bytes without terminator, MaximumLength the room. Comparison without case folds
 * through the ANSI code page. Lengths are 16-bit: a source of 64 KB or more is cut by RtlInit*String and
 * refused by the Ex forms.
 */
#include <nt/rtl.h>
#include "rtlp.h"
#include "codepage.h"
#include <nt/ex.h>

#define STRING_MAXIMUM 0xFFFE /* bytes with the terminator */

SIZE_T RtlpStrlen(const CHAR *String)
{
    SIZE_T length = 0;
    while (String[length] != 0) {
        __asm__ __volatile__(""); /* not to be turned into a call of strlen */
        length++;
    }
    return length;
}

SIZE_T RtlpWcslen(const WCHAR *String)
{
    SIZE_T length = 0;
    while (String[length] != 0) {
        length++;
    }
    return length;
}

PVOID RtlpAllocateString(SIZE_T Bytes)
{
    return ExAllocatePoolWithTag(PagedPool, Bytes, RTLP_TAG_STRING);
}

VOID RtlpFreeString(PVOID Buffer)
{
    if (Buffer != NULL) {
        ExFreePool(Buffer); /* Windows frees strings that the driver allocated itself, too */
    }
}

/* ---- making ---- */

static void describe(PSTRING string, const CHAR *source)
{
    SIZE_T length = source == NULL ? 0 : RtlpStrlen(source);
    if (length > STRING_MAXIMUM - 1) {
        length = STRING_MAXIMUM - 1;
    }
    string->Length = (USHORT)length;
    string->MaximumLength = source == NULL ? 0 : (USHORT)(length + 1);
    string->Buffer = (PCHAR)(ULONG_PTR)source;
}

static NTSTATUS describe_whole(PSTRING string, const CHAR *source)
{
    string->Length = 0;
    string->MaximumLength = 0;
    string->Buffer = (PCHAR)(ULONG_PTR)source;
    if (source != NULL && RtlpStrlen(source) > STRING_MAXIMUM) {
        return STATUS_NAME_TOO_LONG;
    }
    describe(string, source);
    return STATUS_SUCCESS;
}

NTSYSAPI VOID NTAPI RtlInitString(PSTRING DestinationString, PCSZ SourceString)
{
    describe(DestinationString, SourceString);
}

NTSYSAPI VOID NTAPI RtlInitAnsiString(PANSI_STRING DestinationString, PCSZ SourceString)
{
    describe(DestinationString, SourceString);
}

NTSYSAPI VOID NTAPI RtlInitUTF8String(PUTF8_STRING DestinationString, PCSZ SourceString)
{
    describe(DestinationString, SourceString);
}

NTSYSAPI NTSTATUS NTAPI RtlInitStringEx(PSTRING DestinationString, PCSZ SourceString)
{
    return describe_whole(DestinationString, SourceString);
}

NTSYSAPI NTSTATUS NTAPI RtlInitAnsiStringEx(PANSI_STRING DestinationString, PCSZ SourceString)
{
    return describe_whole(DestinationString, SourceString);
}

NTSYSAPI NTSTATUS NTAPI RtlInitUTF8StringEx(PUTF8_STRING DestinationString, PCSZ SourceString)
{
    return describe_whole(DestinationString, SourceString);
}

static void release(PSTRING string)
{
    if (string->Buffer != NULL) {
        RtlpFreeString(string->Buffer);
        string->Length = 0;
        string->MaximumLength = 0;
        string->Buffer = NULL;
    }
}

NTSYSAPI VOID NTAPI RtlFreeAnsiString(PANSI_STRING AnsiString)
{
    release(AnsiString);
}

NTSYSAPI VOID NTAPI RtlFreeOemString(POEM_STRING OemString)
{
    release(OemString);
}

NTSYSAPI VOID NTAPI RtlFreeUTF8String(PUTF8_STRING Utf8String)
{
    release(Utf8String);
}

/* ---- copying and appending ---- */

NTSYSAPI VOID NTAPI RtlCopyString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT length = 0;
    if (SourceString != NULL) {
        length = SourceString->Length < DestinationString->MaximumLength ? SourceString->Length
                                                                         : DestinationString->MaximumLength;
        RtlMoveMemory(DestinationString->Buffer, SourceString->Buffer, length);
    }
    DestinationString->Length = length;
}

NTSYSAPI NTSTATUS NTAPI RtlAppendStringToString(PSTRING Destination, const STRING *Source)
{
    if ((ULONG)Destination->Length + Source->Length > Destination->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlMoveMemory(Destination->Buffer + Destination->Length, Source->Buffer, Source->Length);
    Destination->Length = (USHORT)(Destination->Length + Source->Length);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlAppendAsciizToString(PSTRING Destination, PCSZ Source)
{
    SIZE_T length;
    if (Source == NULL) {
        return STATUS_SUCCESS;
    }
    length = RtlpStrlen(Source);
    if (length + Destination->Length > Destination->MaximumLength) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlMoveMemory(Destination->Buffer + Destination->Length, Source, length);
    Destination->Length = (USHORT)(Destination->Length + length);
    return STATUS_SUCCESS;
}

/* ---- comparing ---- */

NTSYSAPI CHAR NTAPI RtlUpperChar(CHAR Character)
{
    WCHAR upper = RtlpUpcase(RtlpAnsiToWide[(UCHAR)Character]);
    UCHAR byte = RtlpAnsiFromWide(upper);
    /* A letter whose capital is not in the page stays as it is. */
    return byte == RTLP_DEFAULT_CHARACTER && Character != RTLP_DEFAULT_CHARACTER ? Character : (CHAR)byte;
}

static LONG compare(const STRING *a, const STRING *b, SIZE_T length, BOOLEAN fold)
{
    for (SIZE_T i = 0; i < length; i++) {
        UCHAR x = (UCHAR)a->Buffer[i], y = (UCHAR)b->Buffer[i];
        if (x != y && fold) {
            x = (UCHAR)RtlUpperChar((CHAR)x);
            y = (UCHAR)RtlUpperChar((CHAR)y);
        }
        if (x != y) {
            return (LONG)x - (LONG)y;
        }
    }
    return 0;
}

NTSYSAPI LONG NTAPI RtlCompareString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    SIZE_T shorter = String1->Length < String2->Length ? String1->Length : String2->Length;
    LONG order = compare(String1, String2, shorter, CaseInSensitive);
    return order != 0 ? order : (LONG)String1->Length - (LONG)String2->Length;
}

NTSYSAPI BOOLEAN NTAPI RtlEqualString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    return (BOOLEAN)(String1->Length == String2->Length &&
                     compare(String1, String2, String1->Length, CaseInSensitive) == 0);
}

NTSYSAPI BOOLEAN NTAPI RtlPrefixString(const STRING *String1, const STRING *String2, BOOLEAN CaseInSensitive)
{
    return (BOOLEAN)(String1->Length <= String2->Length &&
                     compare(String1, String2, String1->Length, CaseInSensitive) == 0);
}

NTSYSAPI VOID NTAPI RtlUpperString(PSTRING DestinationString, const STRING *SourceString)
{
    USHORT length = SourceString->Length < DestinationString->MaximumLength
                        ? SourceString->Length
                        : DestinationString->MaximumLength;
    for (USHORT i = 0; i < length; i++) {
        DestinationString->Buffer[i] = RtlUpperChar(SourceString->Buffer[i]);
    }
    DestinationString->Length = length;
}
