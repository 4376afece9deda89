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
/* Index of the first byte that differs, or n. */
SIZE_T RtlpFirstDifference(const void *a, const void *b, SIZE_T n);

/* What the units of formatted output are, and how characters of the other width become them. */
typedef enum _RTLP_ENCODING {
    RtlpEncodeAnsi, /* bytes; UTF-16 arguments through the ANSI code page */
    RtlpEncodeUtf8, /* bytes; UTF-16 arguments as UTF-8 (debug output and reports) */
    RtlpEncodeWide, /* UTF-16 units; byte arguments through the ANSI code page */
} RTLP_ENCODING;

/* Where output goes. Units beyond the capacity are counted and dropped. */
typedef struct _RTLP_OUTPUT {
    RTLP_ENCODING Encoding;
    PVOID Buffer;
    SIZE_T Capacity; /* units */
    SIZE_T Count;    /* units made, also those that did not fit */
} RTLP_OUTPUT, *PRTLP_OUTPUT;

/*
 * Format `Format` (bytes, or UTF-16 units when the encoding is RtlpEncodeWide) with the arguments. Nothing is
 * terminated. Floating-point conversions print their letter and skip their argument: the kernel does not
 * touch vector registers. Any IRQL if what is printed is resident. A bad pointer faults: nothing is held.
 */
VOID RtlpFormat(PRTLP_OUTPUT Output, const VOID *Format, NT_VA_LIST Arguments);

/* Formats into a bounded narrow buffer, always terminated if Bytes > 0; returns what the full text would have
 * been. */
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
