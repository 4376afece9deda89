/* SPDX-License-Identifier: MIT */
/* ctype.h - kinds of characters, in the C locale. */
#ifndef KILN_CRT_CTYPE_H
#define KILN_CRT_CTYPE_H
#include <crtdefs.h>
KILN_CRT_BEGIN
_CRTIMP int __cdecl isalpha(int character);
_CRTIMP int __cdecl isdigit(int character);
_CRTIMP int __cdecl islower(int character);
_CRTIMP int __cdecl isprint(int character);
_CRTIMP int __cdecl isspace(int character);
_CRTIMP int __cdecl isupper(int character);
_CRTIMP int __cdecl isxdigit(int character);
_CRTIMP int __cdecl tolower(int character);
_CRTIMP int __cdecl toupper(int character);
_CRTIMP wint_t __cdecl towlower(wint_t character);
_CRTIMP wint_t __cdecl towupper(wint_t character);
static __inline__ int isalnum(int character)
{
    return isalpha(character) || isdigit(character);
}
KILN_CRT_END
#endif
