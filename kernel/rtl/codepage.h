/* SPDX-License-Identifier: MIT */
/*
 * codepage.h - the two single-byte code pages of the machine (ANSI 1252, OEM 437) and UTF-8.
 *
 * The tables are made by gen_nls.py from the Unicode database when Kiln is built.
 */
#ifndef KILN_RTL_CODEPAGE_H
#define KILN_RTL_CODEPAGE_H

#include <nt/rtl.h>
#include "rtlp.h"

#define RTLP_DEFAULT_CHARACTER '?'

/* Bytes 0 to 255 to Unicode. */
extern const WCHAR RtlpAnsiToWide[256];
extern const WCHAR RtlpOemToWide[256];

WCHAR RtlpWideFromAnsi(UCHAR Character);
/* RTLP_DEFAULT_CHARACTER for what the page does not have; best fit is not attempted. */
UCHAR RtlpAnsiFromWide(WCHAR Character);
UCHAR RtlpOemFromWide(WCHAR Character);

/* Bytes of a code point (1 to 4). */
ULONG RtlpEncodeUtf8Character(ULONG CodePoint, UCHAR *Bytes);

#endif
