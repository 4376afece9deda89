/* SPDX-License-Identifier: MIT */
/* Private to kernel/rtl: the formatting engine and what its files share. */
#ifndef KILN_RTLP_H
#define KILN_RTLP_H

#include <nt/base.h>
#include <stdbool.h>

/* errno_t values of the C run-time routines. */
#define RTLP_EINVAL 22
#define RTLP_ERANGE 34

void *RtlpMemcpy(void *to, const void *from, SIZE_T n);
void *RtlpMemmove(void *to, const void *from, SIZE_T n);
void *RtlpMemset(void *to, int value, SIZE_T n);
int RtlpMemcmp(const void *a, const void *b, SIZE_T n);

/*
 * The formatting engine. Characters are produced as UTF-16 code units, or as bytes where the format or an argument is
 * narrow, one at a time.
 */
typedef struct _RTLP_SINK {
    void (*Put)(struct _RTLP_SINK *Sink, ULONG Character); /* Character < 0x10000 */
    PVOID Context;
    SIZE_T Count;     /* characters produced */
    SIZE_T Room;      /* for the bounded sinks */
} RTLP_SINK, *PRTLP_SINK;

/*
 * Format: narrow if Wide is FALSE (then %s is narrow and %S wide), otherwise PCWSTR. Understands flags, width,
 * precision, the sizes hh h l ll w I I32 I64 z t j and the types d i u o x X c C s S Z p n %. Floating point is not
 * supported, as on Windows: the conversion is printed as it stands. Pointers are the caller's; a bad one faults.
 */
void RtlpFormat(PRTLP_SINK Sink, const void *Format, BOOLEAN Wide, __builtin_ms_va_list Arguments);

/* Formats into a bounded narrow buffer, always terminated if Bytes > 0; returns what the full text would have been. */
SIZE_T RtlpFormatUtf8(char *Buffer, SIZE_T Bytes, const char *Format, __builtin_ms_va_list Arguments);

/* ---- strings ---- */

#define RTLP_TAG_STRING 'rtSR' /* strings that conversions allocate */

/* Case of a UTF-16 unit by the simple mappings of Unicode (generated tables). */
WCHAR RtlpUpcase(WCHAR Character);
WCHAR RtlpDowncase(WCHAR Character);

/* Units in a terminated string. */
SIZE_T RtlpWcslen(const WCHAR *String);
SIZE_T RtlpStrlen(const CHAR *String);

/* Memory of a string that a conversion makes, and back. IRQL <= APC_LEVEL. NULL when there is none. */
PVOID RtlpAllocateString(SIZE_T Bytes);
VOID RtlpFreeString(PVOID Buffer);

#endif
