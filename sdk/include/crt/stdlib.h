/* SPDX-License-Identifier: MIT */
/* stdlib.h - numbers and text, sorting and searching. */
#ifndef KILN_CRT_STDLIB_H
#define KILN_CRT_STDLIB_H
#include <crtdefs.h>
#include <errno.h>
#include <malloc.h>
KILN_CRT_BEGIN
#define RAND_MAX   0x7fff
#define _MAX_PATH  260
#define _MAX_FNAME 256
#define _MAX_EXT   256
#ifndef __cplusplus
#ifndef min
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#endif
#endif
#define __min(a, b)     (((a) < (b)) ? (a) : (b))
#define __max(a, b)     (((a) > (b)) ? (a) : (b))
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
_CRTIMP int __cdecl atoi(const char *string);
_CRTIMP int __cdecl _wtoi(const wchar_t *string);
_CRTIMP int __cdecl rand(void);
_CRTIMP void __cdecl qsort(void *base, size_t count, size_t size,
                           int(__cdecl *compare)(const void *, const void *));
_CRTIMP void *__cdecl bsearch(const void *key, const void *base, size_t count, size_t size,
                              int(__cdecl *compare)(const void *, const void *));
_CRTIMP size_t __cdecl mbstowcs(wchar_t *to, const char *from, size_t count);
_CRTIMP size_t __cdecl wcstombs(char *to, const wchar_t *from, size_t count);
_CRTIMP int __cdecl mbtowc(wchar_t *to, const char *from, size_t count);
_CRTIMP int __cdecl wctomb(char *to, wchar_t character);
#ifdef _WIN32 /* `long` has 32 bits there */
_CRTIMP long __cdecl atol(const char *string);
_CRTIMP long __cdecl _wtol(const wchar_t *string);
_CRTIMP long __cdecl strtol(const char *string, char **end, int base);
_CRTIMP unsigned long __cdecl strtoul(const char *string, char **end, int base);
_CRTIMP long __cdecl wcstol(const wchar_t *string, wchar_t **end, int base);
_CRTIMP unsigned long __cdecl wcstoul(const wchar_t *string, wchar_t **end, int base);
_CRTIMP errno_t __cdecl _ltoa_s(long value, char *to, size_t size, int base);
_CRTIMP errno_t __cdecl _ultoa_s(unsigned long value, char *to, size_t size, int base);
_CRTIMP errno_t __cdecl _ltow_s(long value, wchar_t *to, size_t size, int base);
_CRTIMP errno_t __cdecl _ultow_s(unsigned long value, wchar_t *to, size_t size, int base);
#endif
_CRTIMP unsigned long long __cdecl _strtoui64(const char *string, char **end, int base);
_CRTIMP char *__cdecl _itoa(int value, char *to, int base);
_CRTIMP wchar_t *__cdecl _itow(int value, wchar_t *to, int base);
_CRTIMP errno_t __cdecl _itoa_s(int value, char *to, size_t size, int base);
_CRTIMP errno_t __cdecl _itow_s(int value, wchar_t *to, size_t size, int base);
_CRTIMP errno_t __cdecl _i64toa_s(long long value, char *to, size_t size, int base);
_CRTIMP errno_t __cdecl _i64tow_s(long long value, wchar_t *to, size_t size, int base);
_CRTIMP errno_t __cdecl _ui64toa_s(unsigned long long value, char *to, size_t size, int base);
_CRTIMP errno_t __cdecl _ui64tow_s(unsigned long long value, wchar_t *to, size_t size, int base);
static __inline__ int abs(int value)
{
    return value < 0 ? -value : value;
}
KILN_CRT_END
#endif
