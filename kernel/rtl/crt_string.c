/* SPDX-License-Identifier: MIT */
/* The C run-time string routines that ntoskrnl exports, narrow and wide, and the character tests. Any IRQL. */
#include <nt/base.h>

#include "rtlp.h"

#define STRUNCATE 80

static int fold(int c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static BOOLEAN is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Value of a digit in any base, or a number no base reaches. */
static ULONG digit_of(int c)
{
    c = fold(c);
    if (c >= '0' && c <= '9')
        return (ULONG)(c - '0');
    return c >= 'a' && c <= 'z' ? (ULONG)(c - 'a') + 10 : 99;
}

#define CHAR_T        char
#define UCHAR_T       UCHAR
#define NAME(n, w)    NAME_(n)
#define NAME_(n)      nt_##n
#include "crt_template.h"
#undef CHAR_T
#undef UCHAR_T
#undef NAME
#define CHAR_T        WCHAR
#define UCHAR_T       WCHAR
#define NAME(n, w)    NAME_(w)
#include "crt_template.h"

SIZE_T NTAPI nt_wcscspn(const WCHAR *String, const WCHAR *Set)
{
    SIZE_T n = 0;
    while (String[n] && !nt_wcschr(Set, String[n]))
        n++;
    return n;
}

char *NTAPI nt_strlwr(char *String)
{
    return nt__strlwr(String);
}

WCHAR *NTAPI nt_wcslwr(WCHAR *String)
{
    return nt__wcslwr(String);
}

char *NTAPI nt__strset(char *String, int Character)
{
    return nt__strnset(String, Character, ~(SIZE_T)0);
}

int NTAPI nt_isalpha(int Character)
{
    return fold(Character) >= 'a' && fold(Character) <= 'z';
}

int NTAPI nt_isdigit(int Character)
{
    return Character >= '0' && Character <= '9';
}

int NTAPI nt_islower(int Character)
{
    return Character >= 'a' && Character <= 'z';
}

int NTAPI nt_isupper(int Character)
{
    return Character >= 'A' && Character <= 'Z';
}

int NTAPI nt_isprint(int Character)
{
    return Character >= ' ' && Character < 0x7F;
}

int NTAPI nt_isspace(int Character)
{
    return is_space(Character);
}

int NTAPI nt_isxdigit(int Character)
{
    return digit_of(Character) < 16;
}

int NTAPI nt_tolower(int Character)
{
    return fold(Character);
}

int NTAPI nt_toupper(int Character)
{
    return nt_islower(Character) ? Character - 'a' + 'A' : Character;
}
