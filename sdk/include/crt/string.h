/* SPDX-License-Identifier: MIT */
/*
 * string.h - memory and terminated strings. The routines are ntoskrnl's. Any IRQL if the memory is resident.
 */
#ifndef KILN_CRT_STRING_H
#define KILN_CRT_STRING_H
#include <crtdefs.h>
#include <errno.h>
KILN_CRT_BEGIN

void *__cdecl memcpy(void *to, const void *from, size_t count);
void *__cdecl memmove(void *to, const void *from, size_t count);
void *__cdecl memset(void *to, int value, size_t count);
int __cdecl memcmp(const void *a, const void *b, size_t count);
_CRTIMP void *__cdecl memchr(const void *buffer, int value, size_t count);
_CRTIMP errno_t __cdecl memcpy_s(void *to, rsize_t size, const void *from, rsize_t count);
_CRTIMP errno_t __cdecl memmove_s(void *to, rsize_t size, const void *from, rsize_t count);

size_t __cdecl strlen(const char *string);
_CRTIMP size_t __cdecl strnlen(const char *string, size_t limit);
_CRTIMP char *__cdecl strcpy(char *to, const char *from);
_CRTIMP char *__cdecl strncpy(char *to, const char *from, size_t count);
_CRTIMP char *__cdecl strcat(char *to, const char *from);
_CRTIMP char *__cdecl strncat(char *to, const char *from, size_t count);
_CRTIMP int __cdecl strcmp(const char *a, const char *b);
_CRTIMP int __cdecl strncmp(const char *a, const char *b, size_t count);
_CRTIMP char *__cdecl strchr(const char *string, int character);
_CRTIMP char *__cdecl strrchr(const char *string, int character);
_CRTIMP char *__cdecl strstr(const char *string, const char *part);
_CRTIMP size_t __cdecl strspn(const char *string, const char *set);
_CRTIMP errno_t __cdecl strcpy_s(char *to, rsize_t size, const char *from);
_CRTIMP errno_t __cdecl strcat_s(char *to, rsize_t size, const char *from);
_CRTIMP errno_t __cdecl strncpy_s(char *to, rsize_t size, const char *from, rsize_t count);
_CRTIMP errno_t __cdecl strncat_s(char *to, rsize_t size, const char *from, rsize_t count);
_CRTIMP char *__cdecl strtok_s(char *string, const char *delimiters, char **context);
_CRTIMP int __cdecl _stricmp(const char *a, const char *b);
_CRTIMP int __cdecl _strnicmp(const char *a, const char *b, size_t count);
_CRTIMP char *__cdecl _strlwr(char *string);
_CRTIMP char *__cdecl _strupr(char *string);
_CRTIMP char *__cdecl _strrev(char *string);
_CRTIMP char *__cdecl _strset(char *string, int character);
_CRTIMP char *__cdecl _strnset(char *string, int character, size_t count);
_CRTIMP errno_t __cdecl _strset_s(char *string, size_t size, int character);
_CRTIMP errno_t __cdecl _strnset_s(char *string, size_t size, int character, size_t count);
#define stricmp  _stricmp
#define strnicmp _strnicmp
#define strcmpi  _stricmp
#define strupr   _strupr

KILN_CRT_END
#include <wchar.h>
#endif
