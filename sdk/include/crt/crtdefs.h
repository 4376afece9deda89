/* SPDX-License-Identifier: MIT */
/*
 * crtdefs.h - what the C library headers of a driver share.
 *
 * Only what a kernel-mode driver can have: the compiler's part of the library, and the routines that ntoskrnl
 * exports.  There is no heap, no file, no floating-point formatting.
 */
#ifndef KILN_CRT_CRTDEFS_H
#define KILN_CRT_CRTDEFS_H

#include <basetsd.h>

#ifndef _SIZE_T_DEFINED
#define _SIZE_T_DEFINED
typedef __SIZE_TYPE__ size_t;
#endif
#if !defined(__cplusplus) && !defined(_WCHAR_T_DEFINED) && !defined(_WCHAR_T)
#define _WCHAR_T_DEFINED
#define _WCHAR_T
typedef __WCHAR_TYPE__ wchar_t;
#endif
#ifndef NULL
#ifdef __cplusplus
#define NULL __null
#else
#define NULL ((void *)0)
#endif
#endif

typedef size_t rsize_t;
typedef int errno_t;
typedef unsigned short wint_t;
typedef unsigned short wctype_t;
typedef __INTPTR_TYPE__ intptr_t;
typedef __UINTPTR_TYPE__ uintptr_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;
typedef __builtin_va_list va_list;

#ifdef __cplusplus
#define KILN_CRT_BEGIN extern "C" {
#define KILN_CRT_END   }
#else
#define KILN_CRT_BEGIN
#define KILN_CRT_END
#endif
#ifdef _WIN32
#define _CRTIMP __declspec(dllimport)
#else
#define _CRTIMP
#define __cdecl __attribute__((ms_abi))
#endif
#define _CRT_STRINGIZE(x) #x
#define _TRUNCATE         ((size_t)-1)

#endif
