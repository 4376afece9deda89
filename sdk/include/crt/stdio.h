/* SPDX-License-Identifier: MIT */
/*
 * stdio.h - formatting into memory. There are no streams. Floating-point conversions are not supported.
 * IRQL == PASSIVE_LEVEL for the Unicode conversions, else any.
 */
#ifndef KILN_CRT_STDIO_H
#define KILN_CRT_STDIO_H
#include <crtdefs.h>
#include <errno.h>
KILN_CRT_BEGIN
#ifdef _WIN32
typedef va_list kiln_va_list;
#else
typedef __builtin_ms_va_list kiln_va_list;
#endif
_CRTIMP int __cdecl sprintf(char *to, const char *format, ...);
_CRTIMP int __cdecl vsprintf(char *to, const char *format, kiln_va_list arguments);
_CRTIMP int __cdecl _snprintf(char *to, size_t count, const char *format, ...);
_CRTIMP int __cdecl _vsnprintf(char *to, size_t count, const char *format, kiln_va_list arguments);
_CRTIMP int __cdecl sprintf_s(char *to, size_t size, const char *format, ...);
_CRTIMP int __cdecl vsprintf_s(char *to, size_t size, const char *format, kiln_va_list arguments);
_CRTIMP int __cdecl _snprintf_s(char *to, size_t size, size_t count, const char *format, ...);
_CRTIMP int __cdecl _vsnprintf_s(char *to, size_t size, size_t count, const char *format,
                                 kiln_va_list arguments);
_CRTIMP int __cdecl swprintf(wchar_t *to, const wchar_t *format, ...);
_CRTIMP int __cdecl _swprintf(wchar_t *to, const wchar_t *format, ...);
_CRTIMP int __cdecl _vswprintf(wchar_t *to, const wchar_t *format, kiln_va_list arguments);
_CRTIMP int __cdecl _snwprintf(wchar_t *to, size_t count, const wchar_t *format, ...);
_CRTIMP int __cdecl _vsnwprintf(wchar_t *to, size_t count, const wchar_t *format, kiln_va_list arguments);
_CRTIMP int __cdecl swprintf_s(wchar_t *to, size_t size, const wchar_t *format, ...);
_CRTIMP int __cdecl vswprintf_s(wchar_t *to, size_t size, const wchar_t *format, kiln_va_list arguments);
_CRTIMP int __cdecl _snwprintf_s(wchar_t *to, size_t size, size_t count, const wchar_t *format, ...);
_CRTIMP int __cdecl _vsnwprintf_s(wchar_t *to, size_t size, size_t count, const wchar_t *format,
                                  kiln_va_list arguments);
_CRTIMP int __cdecl sscanf_s(const char *from, const char *format, ...);
_CRTIMP int __cdecl swscanf_s(const wchar_t *from, const wchar_t *format, ...);
_CRTIMP int __cdecl _snscanf_s(const char *from, size_t count, const char *format, ...);
_CRTIMP int __cdecl _snwscanf_s(const wchar_t *from, size_t count, const wchar_t *format, ...);
KILN_CRT_END
#endif
