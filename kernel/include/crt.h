/* SPDX-License-Identifier: MIT */
/*
 * The C run-time routines that ntoskrnl exports (kernel/rtl), as kernel code calls them: by their ELF names, because the
 * plain names are the host's. Any IRQL.
 */
#ifndef KILN_CRT_H
#define KILN_CRT_H

#include <nt/base.h>

SIZE_T NTAPI nt_strlen(const char *String);
int NTAPI nt_strcmp(const char *Left, const char *Right);
int NTAPI nt_strncmp(const char *Left, const char *Right, SIZE_T Count);
int NTAPI nt__stricmp(const char *Left, const char *Right);
SIZE_T NTAPI nt_wcslen(const WCHAR *String);
int NTAPI nt__wcsicmp(const WCHAR *Left, const WCHAR *Right);

/* -1 and no terminator when the text does not fit: terminate the last byte yourself. */
int NTAPI nt__snprintf(char *Buffer, SIZE_T Count, const char *Format, ...);
int NTAPI nt__snwprintf(WCHAR *Buffer, SIZE_T Count, const WCHAR *Format, ...);

#endif
