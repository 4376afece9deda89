/* SPDX-License-Identifier: MIT */
/*
 * correlation.c - correlation vectors: a GUID in base 64 followed by numbers, ".3.1", that telemetry of
 * related activities shares a prefix of.
 *
 * Version 1 has a prefix of 16 characters (12 bytes of the GUID) and at most 63 in all, version 2 has 22 and
 * at most 127. Incrementing counts the last number, extending appends ".0". Any IRQL; the caller serialises.
 */
#include <nt/rtl.h>
#include "rtlp.h"

static ULONG prefix_of(PCORRELATION_VECTOR vector)
{
    return vector->Version == RTL_CORRELATION_VECTOR_VERSION_1   ? RTL_CORRELATION_VECTOR_V1_PREFIX_LENGTH
           : vector->Version == RTL_CORRELATION_VECTOR_VERSION_2 ? RTL_CORRELATION_VECTOR_V2_PREFIX_LENGTH
                                                                 : 0;
}

static ULONG limit_of(PCORRELATION_VECTOR vector)
{
    return (vector->Version == RTL_CORRELATION_VECTOR_VERSION_1 ? RTL_CORRELATION_VECTOR_V1_LENGTH
                                                                : RTL_CORRELATION_VECTOR_V2_LENGTH) -
           1;
}

static bool is_base64(CHAR c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/* Its length, or 0 when it is no vector. */
static ULONG length_of(PCORRELATION_VECTOR vector)
{
    ULONG prefix = prefix_of(vector), at, digits = 0;
    if (prefix == 0) {
        return 0;
    }
    for (at = 0; at < prefix; at++) {
        if (!is_base64(vector->Vector[at])) {
            return 0;
        }
    }
    if (vector->Vector[at++] != '.') {
        return 0;
    }
    for (; at <= limit_of(vector) && vector->Vector[at] != 0; at++) {
        if (vector->Vector[at] == '.') {
            if (digits == 0) {
                return 0;
            }
            digits = 0;
        } else if (vector->Vector[at] < '0' || vector->Vector[at] > '9') {
            return 0;
        } else {
            digits++;
        }
    }
    return digits == 0 || at > limit_of(vector) ? 0 : at;
}

NTSYSAPI ULONG NTAPI RtlValidateCorrelationVector(PCORRELATION_VECTOR Vector)
{
    return (ULONG)(length_of(Vector) != 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER);
}

NTSYSAPI ULONG NTAPI RtlInitializeCorrelationVector(PCORRELATION_VECTOR CorrelationVector, int Version,
                                                    const GUID *Guid)
{
    static const CHAR digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const UCHAR *bytes = (const UCHAR *)Guid;
    ULONG prefix;
    if (Guid == NULL) {
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    RtlZeroMemory(CorrelationVector, sizeof(*CorrelationVector));
    CorrelationVector->Version = (CHAR)Version;
    prefix = prefix_of(CorrelationVector);
    if (prefix == 0) {
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    for (ULONG i = 0; i < prefix; i++) {
        ULONG bit = i * 6, byte = bit / 8, next = byte + 1 < sizeof(GUID) ? bytes[byte + 1] : 0;
        CorrelationVector->Vector[i] = digits[((((ULONG)bytes[byte] << 8) | next) >> (10 - bit % 8)) & 63];
    }
    CorrelationVector->Vector[prefix] = '.';
    CorrelationVector->Vector[prefix + 1] = '0';
    return STATUS_SUCCESS;
}

NTSYSAPI ULONG NTAPI RtlIncrementCorrelationVector(PCORRELATION_VECTOR CorrelationVector)
{
    ULONG length = length_of(CorrelationVector), first, count = 0;
    ULONG64 number = 0;
    CHAR text[24];
    if (length == 0) {
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    for (first = length; CorrelationVector->Vector[first - 1] != '.'; first--) {
    }
    for (ULONG i = first; i < length; i++) {
        number = number * 10 + (ULONG64)(CorrelationVector->Vector[i] - '0');
    }
    number++;
    for (ULONG64 rest = number; rest != 0; rest /= 10) {
        text[count++] = (CHAR)('0' + rest % 10);
    }
    if (number > MAXULONG || first + count > limit_of(CorrelationVector)) {
        return (ULONG)STATUS_BUFFER_OVERFLOW;
    }
    while (count != 0) {
        CorrelationVector->Vector[first++] = text[--count];
    }
    CorrelationVector->Vector[first] = 0;
    return STATUS_SUCCESS;
}

NTSYSAPI ULONG NTAPI RtlExtendCorrelationVector(PCORRELATION_VECTOR CorrelationVector)
{
    ULONG length = length_of(CorrelationVector);
    if (length == 0 || length + 2 > limit_of(CorrelationVector)) {
        return (ULONG)STATUS_INVALID_PARAMETER;
    }
    CorrelationVector->Vector[length] = '.';
    CorrelationVector->Vector[length + 1] = '0';
    CorrelationVector->Vector[length + 2] = 0;
    return STATUS_SUCCESS;
}
