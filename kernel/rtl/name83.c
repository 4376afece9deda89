/* SPDX-License-Identifier: MIT */
/*
 * name83.c - short names of files: eight characters, a period, three.
 *
 * What may stand in a short name is what FAT allows, in the OEM code page and in capitals. A generated name
 * is the first six characters of the long one and a number; after four of these that did not do, two
 * characters, the checksum of the long name in hexadecimal and a number. As the number grows the rest gets
 * shorter.
 */
#include <nt/rtl.h>
#include "codepage.h"
#include "rtlp.h"

#define BASE_UNITS      8
#define EXTENSION_UNITS 3
#define PREFIX_UNITS    6 /* of the long name, before the number */
#define PLAIN_TRIES     4
#define MOST_TRIES      1000000

static bool is_fat_legal(WCHAR c)
{
    return c < 0x80 ? (FsRtlLegalAnsiCharacterArray[c] & FSRTL_FAT_LEGAL) != 0 : true;
}

/* ---- checking ---- */

NTSYSAPI BOOLEAN NTAPI RtlIsNameLegalDOS8Dot3(PCUNICODE_STRING Name, POEM_STRING OemName,
                                              PBOOLEAN NameContainsSpaces)
{
    CHAR text[BASE_UNITS + 1 + EXTENSION_UNITS];
    ULONG units = Name->Length / sizeof(WCHAR), period = units;
    bool spaces = false;
    if (units == 0 || units > sizeof(text)) {
        return FALSE;
    }
    for (ULONG i = 0; i < units; i++) {
        WCHAR upper = RtlpUpcase(Name->Buffer[i]);
        UCHAR byte = RtlpOemFromWide(upper);
        if (RtlpOemToWide[byte] != upper) { /* the page does not have it */
            return FALSE;
        }
        text[i] = (CHAR)byte;
    }
    if (OemName != NULL && OemName->MaximumLength >= units) {
        RtlCopyMemory(OemName->Buffer, text, units);
        OemName->Length = (USHORT)units;
    }
    if ((units == 1 && text[0] == '.') || (units == 2 && text[0] == '.' && text[1] == '.')) {
        if (NameContainsSpaces != NULL) {
            *NameContainsSpaces = FALSE;
        }
        return TRUE; /* the directory and its parent */
    }
    for (ULONG i = 0; i < units; i++) {
        if (!is_fat_legal((UCHAR)text[i])) {
            return FALSE;
        }
        if (text[i] == '.') {
            if (period != units || i == 0 || i > BASE_UNITS || text[i - 1] == ' ' || i == units - 1) {
                return FALSE;
            }
            period = i;
        }
        spaces |= text[i] == ' ';
    }
    if (text[units - 1] == ' ' || period > BASE_UNITS ||
        (period != units && units - period - 1 > EXTENSION_UNITS)) {
        return FALSE;
    }
    if (NameContainsSpaces != NULL) {
        *NameContainsSpaces = spaces;
    }
    return TRUE;
}

/* ---- generating ---- */

/* What a character becomes in a short name; 0: it is left out. */
static WCHAR short_character(WCHAR c, BOOLEAN extended)
{
    switch (c) {
    case ':':
    case ';':
    case ',':
    case '+':
    case '=':
    case '[':
    case ']':
        return '_';
    case ' ':
    case '.':
        return 0;
    default:
        break;
    }
    c = RtlpUpcase(c);
    if (c < 0x80) {
        return is_fat_legal(c) ? c : 0;
    }
    return extended && RtlpOemToWide[RtlpOemFromWide(c)] == c ? c : 0;
}

static USHORT checksum_of(PCUNICODE_STRING name)
{
    ULONG sum = 0;
    for (ULONG i = 0; i < name->Length / sizeof(WCHAR); i++) {
        sum = (sum * 31 + name->Buffer[i]) & 0xFFFF;
    }
    return (USHORT)sum;
}

/* The parts of the long name that a short one is made of: at the first call. */
static void dissect(PCUNICODE_STRING name, BOOLEAN extended, PGENERATE_NAME_CONTEXT context)
{
    ULONG units = name->Length / sizeof(WCHAR), first = 0, last_period;
    while (first < units && name->Buffer[first] == '.') {
        first++;
    }
    for (last_period = units; last_period > first && name->Buffer[last_period - 1] != '.';) {
        last_period--;
    }
    if (last_period == first) { /* no period */
        last_period = units + 1;
    }
    for (ULONG i = first; i < units && i + 1 < last_period && context->NameLength < PREFIX_UNITS; i++) {
        WCHAR c = short_character(name->Buffer[i], extended);
        if (c != 0) {
            context->NameBuffer[context->NameLength++] = c;
        }
    }
    for (ULONG i = last_period; i < units && context->ExtensionLength < EXTENSION_UNITS + 1; i++) {
        WCHAR c = short_character(name->Buffer[i], extended);
        if (context->ExtensionLength == 0) {
            context->ExtensionBuffer[context->ExtensionLength++] = '.';
        }
        if (c != 0) {
            context->ExtensionBuffer[context->ExtensionLength++] = c;
        }
    }
    if (context->ExtensionLength == 1) { /* only the period */
        context->ExtensionLength = 0;
    }
}

static void insert_checksum(PCUNICODE_STRING name, PGENERATE_NAME_CONTEXT context)
{
    ULONG kept = context->NameLength < 2 ? context->NameLength : 2;
    context->Checksum = checksum_of(name);
    for (ULONG i = 0; i < 4; i++) {
        context->NameBuffer[kept + i] = (WCHAR) "0123456789ABCDEF"[context->Checksum >> (12 - 4 * i) & 15];
    }
    context->NameLength = (UCHAR)(kept + 4);
    context->ChecksumInserted = TRUE;
    context->LastIndexValue = 1;
}

NTSYSAPI NTSTATUS NTAPI RtlGenerate8dot3Name(PCUNICODE_STRING Name, BOOLEAN AllowExtendedCharacters,
                                             PGENERATE_NAME_CONTEXT Context, PUNICODE_STRING Name8dot3)
{
    WCHAR digits[8];
    ULONG count = 0, kept, out = 0;
    if (Context->LastIndexValue == 0) {
        dissect(Name, AllowExtendedCharacters, Context);
    }
    if (Context->LastIndexValue >= MOST_TRIES - 1) {
        return STATUS_FILE_SYSTEM_LIMITATION;
    }
    Context->LastIndexValue++;
    if (Context->LastIndexValue > PLAIN_TRIES && !Context->ChecksumInserted) {
        insert_checksum(Name, Context);
    }
    for (ULONG number = Context->LastIndexValue; number != 0; number /= 10) {
        digits[count++] = (WCHAR)('0' + number % 10);
    }
    kept = Context->NameLength;
    if (kept > BASE_UNITS - 1 - count) {
        kept = BASE_UNITS - 1 - count;
    }
    for (ULONG i = 0; i < kept; i++) {
        Name8dot3->Buffer[out++] = Context->NameBuffer[i];
    }
    Name8dot3->Buffer[out++] = '~';
    while (count != 0) {
        Name8dot3->Buffer[out++] = digits[--count];
    }
    for (ULONG i = 0; i < Context->ExtensionLength; i++) {
        Name8dot3->Buffer[out++] = Context->ExtensionBuffer[i];
    }
    Name8dot3->Length = (USHORT)(out * sizeof(WCHAR));
    return STATUS_SUCCESS;
}
