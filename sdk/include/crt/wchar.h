/* SPDX-License-Identifier: MIT */
/* wchar.h - terminated strings of UTF-16 units. The routines are ntoskrnl's. */
#ifndef KILN_CRT_WCHAR_H
#define KILN_CRT_WCHAR_H
#include <crtdefs.h>
#include <errno.h>
KILN_CRT_BEGIN

_CRTIMP size_t __cdecl wcslen(const wchar_t *string);
_CRTIMP size_t __cdecl wcsnlen(const wchar_t *string, size_t limit);
_CRTIMP wchar_t *__cdecl wcscpy(wchar_t *to, const wchar_t *from);
_CRTIMP wchar_t *__cdecl wcsncpy(wchar_t *to, const wchar_t *from, size_t count);
_CRTIMP wchar_t *__cdecl wcscat(wchar_t *to, const wchar_t *from);
_CRTIMP wchar_t *__cdecl wcsncat(wchar_t *to, const wchar_t *from, size_t count);
_CRTIMP int __cdecl wcscmp(const wchar_t *a, const wchar_t *b);
_CRTIMP int __cdecl wcsncmp(const wchar_t *a, const wchar_t *b, size_t count);
_CRTIMP wchar_t *__cdecl wcschr(const wchar_t *string, wchar_t character);
_CRTIMP wchar_t *__cdecl wcsrchr(const wchar_t *string, wchar_t character);
_CRTIMP wchar_t *__cdecl wcsstr(const wchar_t *string, const wchar_t *part);
_CRTIMP size_t __cdecl wcsspn(const wchar_t *string, const wchar_t *set);
_CRTIMP size_t __cdecl wcscspn(const wchar_t *string, const wchar_t *set);
_CRTIMP errno_t __cdecl wcscpy_s(wchar_t *to, rsize_t size, const wchar_t *from);
_CRTIMP errno_t __cdecl wcscat_s(wchar_t *to, rsize_t size, const wchar_t *from);
_CRTIMP errno_t __cdecl wcsncpy_s(wchar_t *to, rsize_t size, const wchar_t *from, rsize_t count);
_CRTIMP errno_t __cdecl wcsncat_s(wchar_t *to, rsize_t size, const wchar_t *from, rsize_t count);
_CRTIMP int __cdecl _wcsicmp(const wchar_t *a, const wchar_t *b);
_CRTIMP int __cdecl _wcsnicmp(const wchar_t *a, const wchar_t *b, size_t count);
_CRTIMP wchar_t *__cdecl _wcslwr(wchar_t *string);
_CRTIMP wchar_t *__cdecl _wcsupr(wchar_t *string);
_CRTIMP wchar_t *__cdecl _wcsrev(wchar_t *string);
_CRTIMP wchar_t *__cdecl _wcsnset(wchar_t *string, wchar_t character, size_t count);
_CRTIMP errno_t __cdecl _wcsset_s(wchar_t *string, size_t size, wchar_t character);
_CRTIMP errno_t __cdecl _wcsnset_s(wchar_t *string, size_t size, wchar_t character, size_t count);
#define wcsicmp  _wcsicmp
#define wcsnicmp _wcsnicmp
#define wcslwr   _wcslwr
#define wcsupr   _wcsupr

KILN_CRT_END
#endif
