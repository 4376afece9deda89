/* SPDX-License-Identifier: MIT */
/*
 * codepage.c - blocks of characters between UTF-16, the ANSI and OEM code pages and UTF-8; the Nls data
 * exports.
 *
 * Single-byte pages make sizes trivial: n bytes are n units. A block routine converts what fits and tells how
 * much that was; those of the OEM page warn when something was cut, those of the ANSI page do not. Only UTF-8
 * can meet malformed input: each maximal ill-formed part becomes U+FFFD and the status is
 * STATUS_SOME_NOT_MAPPED, which is a success.
 *
 * IRQL: any here; Windows says PASSIVE_LEVEL because its tables are pageable.
 */
#include "codepage.h"

USHORT NlsAnsiCodePage = 1252;
USHORT NlsOemCodePage = 437;
BOOLEAN NlsMbCodePageTag = FALSE;
BOOLEAN NlsMbOemCodePageTag = FALSE;
static USHORT oem_lead_bytes[256]; /* a single-byte page has none */
PUSHORT NlsOemLeadByteInfo = oem_lead_bytes;

WCHAR RtlpWideFromAnsi(UCHAR Character)
{
    return RtlpAnsiToWide[Character];
}

/* ---- single-byte pages ---- */

static ULONG units_that_fit(ULONG room, ULONG wanted)
{
    return wanted < room ? wanted : room;
}

/* From the end, because the wide string may start where the narrow one does. */
static NTSTATUS to_wide(const WCHAR *table, PWCH to, ULONG room_bytes, PULONG made_bytes, const CHAR *from,
                        ULONG count)
{
    ULONG units = units_that_fit(room_bytes / sizeof(WCHAR), count);
    for (ULONG i = units; i-- != 0;) {
        to[i] = table[(UCHAR)from[i]];
    }
    if (made_bytes != NULL) {
        *made_bytes = units * (ULONG)sizeof(WCHAR);
    }
    return units < count ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

static NTSTATUS from_wide(UCHAR (*convert)(WCHAR), bool upcase, PCHAR to, ULONG room, PULONG made,
                          const WCHAR *from, ULONG bytes)
{
    ULONG count = bytes / (ULONG)sizeof(WCHAR), units = units_that_fit(room, count);
    for (ULONG i = 0; i < units; i++) {
        to[i] = (CHAR)convert(upcase ? RtlpUpcase(from[i]) : from[i]);
    }
    if (made != NULL) {
        *made = units;
    }
    return units < count ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlMultiByteToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                               PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                               ULONG BytesInMultiByteString)
{
    (void)to_wide(RtlpAnsiToWide, UnicodeString, MaxBytesInUnicodeString, BytesInUnicodeString,
                  MultiByteString, BytesInMultiByteString);
    return STATUS_SUCCESS; /* cut or not */
}

NTSYSAPI NTSTATUS NTAPI RtlMultiByteToUnicodeSize(PULONG BytesInUnicodeString, const CHAR *MultiByteString,
                                                  ULONG BytesInMultiByteString)
{
    UNREFERENCED_PARAMETER(MultiByteString);
    *BytesInUnicodeString = BytesInMultiByteString * (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                               PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                               ULONG BytesInUnicodeString)
{
    (void)from_wide(RtlpAnsiFromWide, false, MultiByteString, MaxBytesInMultiByteString,
                    BytesInMultiByteString, UnicodeString, BytesInUnicodeString);
    return STATUS_SUCCESS; /* cut or not */
}

NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeToMultiByteN(PCHAR MultiByteString, ULONG MaxBytesInMultiByteString,
                                                     PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                                     ULONG BytesInUnicodeString)
{
    (void)from_wide(RtlpAnsiFromWide, true, MultiByteString, MaxBytesInMultiByteString,
                    BytesInMultiByteString, UnicodeString, BytesInUnicodeString);
    return STATUS_SUCCESS; /* cut or not */
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeToMultiByteSize(PULONG BytesInMultiByteString, PCWCH UnicodeString,
                                                  ULONG BytesInUnicodeString)
{
    UNREFERENCED_PARAMETER(UnicodeString);
    *BytesInMultiByteString = BytesInUnicodeString / (ULONG)sizeof(WCHAR);
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlOemToUnicodeN(PWCH UnicodeString, ULONG MaxBytesInUnicodeString,
                                         PULONG BytesInUnicodeString, PCCH OemString, ULONG BytesInOemString)
{
    return to_wide(RtlpOemToWide, UnicodeString, MaxBytesInUnicodeString, BytesInUnicodeString, OemString,
                   BytesInOemString);
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString, PULONG BytesInOemString,
                                         PCWCH UnicodeString, ULONG BytesInUnicodeString)
{
    return from_wide(RtlpOemFromWide, false, OemString, MaxBytesInOemString, BytesInOemString, UnicodeString,
                     BytesInUnicodeString);
}

NTSYSAPI NTSTATUS NTAPI RtlUpcaseUnicodeToOemN(PCHAR OemString, ULONG MaxBytesInOemString,
                                               PULONG BytesInOemString, PCWCH UnicodeString,
                                               ULONG BytesInUnicodeString)
{
    return from_wide(RtlpOemFromWide, true, OemString, MaxBytesInOemString, BytesInOemString, UnicodeString,
                     BytesInUnicodeString);
}

NTSYSAPI WCHAR NTAPI RtlAnsiCharToUnicodeChar(PUCHAR *SourceCharacter)
{
    return RtlpAnsiToWide[*(*SourceCharacter)++];
}

/* Whether the character survives the way to the OEM page and back, upcased; it is replaced by what comes
 * back. */
NTSYSAPI BOOLEAN NTAPI RtlIsValidOemCharacter(PWCHAR Char)
{
    WCHAR upper = RtlpUpcase(*Char);
    UCHAR byte = RtlpOemFromWide(upper);
    *Char = RtlpOemToWide[byte];
    return (BOOLEAN)(byte != RTLP_DEFAULT_CHARACTER || upper == RTLP_DEFAULT_CHARACTER);
}

NTSYSAPI VOID NTAPI RtlGetDefaultCodePage(PUSHORT AnsiCodePage, PUSHORT OemCodePage)
{
    *AnsiCodePage = NlsAnsiCodePage;
    *OemCodePage = NlsOemCodePage;
}

/* ---- UTF-8 ---- */

ULONG RtlpEncodeUtf8Character(ULONG CodePoint, UCHAR *Bytes)
{
    if (CodePoint < 0x80) {
        Bytes[0] = (UCHAR)CodePoint;
        return 1;
    }
    if (CodePoint < 0x800) {
        Bytes[0] = (UCHAR)(0xC0 | (CodePoint >> 6));
        Bytes[1] = (UCHAR)(0x80 | (CodePoint & 0x3F));
        return 2;
    }
    if (CodePoint < 0x10000) {
        Bytes[0] = (UCHAR)(0xE0 | (CodePoint >> 12));
        Bytes[1] = (UCHAR)(0x80 | ((CodePoint >> 6) & 0x3F));
        Bytes[2] = (UCHAR)(0x80 | (CodePoint & 0x3F));
        return 3;
    }
    Bytes[0] = (UCHAR)(0xF0 | (CodePoint >> 18));
    Bytes[1] = (UCHAR)(0x80 | ((CodePoint >> 12) & 0x3F));
    Bytes[2] = (UCHAR)(0x80 | ((CodePoint >> 6) & 0x3F));
    Bytes[3] = (UCHAR)(0x80 | (CodePoint & 0x3F));
    return 4;
}

/* The next code point of well-formed UTF-8, or U+FFFD with *bad set; *used is what it took, at least one
 * byte. */
static ULONG decode(const UCHAR *from, ULONG left, ULONG *used, bool *bad)
{
    ULONG c = from[0], need, low = 0x80, high = 0xBF, point;
    *used = 1;
    if (c < 0x80) {
        return c;
    }
    if (c >= 0xC2 && c <= 0xDF) {
        need = 1;
        point = c & 0x1F;
    } else if (c >= 0xE0 && c <= 0xEF) {
        need = 2;
        point = c & 0x0F;
        low = c == 0xE0 ? 0xA0 : 0x80;  /* no longer forms than needed */
        high = c == 0xED ? 0x9F : 0xBF; /* no surrogates */
    } else if (c >= 0xF0 && c <= 0xF4) {
        need = 3;
        point = c & 0x07;
        low = c == 0xF0 ? 0x90 : 0x80;
        high = c == 0xF4 ? 0x8F : 0xBF; /* nothing above U+10FFFF */
    } else {
        *bad = true;
        return 0xFFFD;
    }
    for (; need != 0; need--) {
        if (*used >= left || from[*used] < low || from[*used] > high) {
            *bad = true;
            return 0xFFFD;
        }
        point = (point << 6) | (from[*used] & 0x3F);
        (*used)++;
        low = 0x80;
        high = 0xBF;
    }
    return point;
}

NTSYSAPI NTSTATUS NTAPI RtlUTF8ToUnicodeN(PWSTR UnicodeStringDestination, ULONG UnicodeStringMaxByteCount,
                                          PULONG UnicodeStringActualByteCount, PCCH UTF8StringSource,
                                          ULONG UTF8StringByteCount)
{
    const UCHAR *from = (const UCHAR *)UTF8StringSource;
    ULONG room = UnicodeStringMaxByteCount / (ULONG)sizeof(WCHAR), made = 0, used;
    NTSTATUS status = STATUS_SUCCESS;
    bool bad = false;

    if (UTF8StringSource == NULL) {
        return STATUS_INVALID_PARAMETER_4;
    }
    if (UnicodeStringDestination == NULL && UnicodeStringActualByteCount == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < UTF8StringByteCount; i += used) {
        ULONG point = decode(from + i, UTF8StringByteCount - i, &used, &bad);
        ULONG units = point >= 0x10000 ? 2 : 1;
        if (UnicodeStringDestination != NULL) {
            if (made + units > room) {
                status = STATUS_BUFFER_TOO_SMALL;
                break;
            }
            if (units == 2) {
                UnicodeStringDestination[made] = (WCHAR)(0xD800 + ((point - 0x10000) >> 10));
                UnicodeStringDestination[made + 1] = (WCHAR)(0xDC00 + (point & 0x3FF));
            } else {
                UnicodeStringDestination[made] = (WCHAR)point;
            }
        }
        made += units;
    }
    if (UnicodeStringActualByteCount != NULL) {
        *UnicodeStringActualByteCount = made * (ULONG)sizeof(WCHAR);
    }
    return status == STATUS_SUCCESS && bad ? STATUS_SOME_NOT_MAPPED : status;
}

NTSYSAPI NTSTATUS NTAPI RtlUnicodeToUTF8N(PCHAR UTF8StringDestination, ULONG UTF8StringMaxByteCount,
                                          PULONG UTF8StringActualByteCount, PCWCH UnicodeStringSource,
                                          ULONG UnicodeStringByteCount)
{
    ULONG count = UnicodeStringByteCount / (ULONG)sizeof(WCHAR), made = 0;
    NTSTATUS status = STATUS_SUCCESS;
    bool bad = false;

    if (UnicodeStringSource == NULL || (UnicodeStringByteCount & 1) != 0) {
        return UnicodeStringSource == NULL ? STATUS_INVALID_PARAMETER_4 : STATUS_INVALID_PARAMETER_5;
    }
    if (UTF8StringDestination == NULL && UTF8StringActualByteCount == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < count; i++) {
        ULONG point = UnicodeStringSource[i], bytes;
        UCHAR encoded[4];
        if (point >= 0xD800 && point < 0xE000) {
            if (point < 0xDC00 && i + 1 < count && UnicodeStringSource[i + 1] >= 0xDC00 &&
                UnicodeStringSource[i + 1] < 0xE000) {
                point = 0x10000 + ((point - 0xD800) << 10) + (UnicodeStringSource[++i] - 0xDC00u);
            } else {
                point = 0xFFFD;
                bad = true;
            }
        }
        bytes = RtlpEncodeUtf8Character(point, encoded);
        if (UTF8StringDestination != NULL) {
            if (made + bytes > UTF8StringMaxByteCount) {
                status = STATUS_BUFFER_TOO_SMALL;
                break;
            }
            for (ULONG j = 0; j < bytes; j++) {
                UTF8StringDestination[made + j] = (CHAR)encoded[j];
            }
        }
        made += bytes;
    }
    if (UTF8StringActualByteCount != NULL) {
        *UTF8StringActualByteCount = made;
    }
    return status == STATUS_SUCCESS && bad ? STATUS_SOME_NOT_MAPPED : status;
}
