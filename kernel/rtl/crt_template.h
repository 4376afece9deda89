/* SPDX-License-Identifier: MIT */
/*
 * The string routines of the C run time, for one character type. Included twice by crt_string.c, which defines
 *      CHAR_T   char or WCHAR          UCHAR_T  its unsigned form
 *      NAME(n, w)  the narrow or the wide routine's symbol
 * Behaviour is the Microsoft run time's: the _s forms return errno_t, and on an error empty the destination.
 */

SIZE_T NTAPI NAME(strlen, wcslen)(const CHAR_T *String)
{
    SIZE_T n = 0;
    while (String[n])
        n++;
    return n;
}

SIZE_T NTAPI NAME(strnlen, wcsnlen)(const CHAR_T *String, SIZE_T Max)
{
    SIZE_T n = 0;
    while (n < Max && String[n])
        n++;
    return n;
}

CHAR_T *NTAPI NAME(strcpy, wcscpy)(CHAR_T *To, const CHAR_T *From)
{
    SIZE_T i = 0;
    while ((To[i] = From[i]) != 0)
        i++;
    return To;
}

CHAR_T *NTAPI NAME(strcat, wcscat)(CHAR_T *To, const CHAR_T *From)
{
    NAME(strcpy, wcscpy)(To + NAME(strlen, wcslen)(To), From);
    return To;
}

/* Pads with zeros to Count, and does not terminate a text that is too long. */
CHAR_T *NTAPI NAME(strncpy, wcsncpy)(CHAR_T *To, const CHAR_T *From, SIZE_T Count)
{
    SIZE_T i = 0;
    for (; i < Count && From[i]; i++)
        To[i] = From[i];
    for (; i < Count; i++)
        To[i] = 0;
    return To;
}

CHAR_T *NTAPI NAME(strncat, wcsncat)(CHAR_T *To, const CHAR_T *From, SIZE_T Count)
{
    CHAR_T *end = To + NAME(strlen, wcslen)(To);
    SIZE_T i = 0;
    for (; i < Count && From[i]; i++)
        end[i] = From[i];
    end[i] = 0;
    return To;
}

int NTAPI NAME(strcmp, wcscmp)(const CHAR_T *Left, const CHAR_T *Right)
{
    while (*Left && *Left == *Right) {
        Left++;
        Right++;
    }
    return (UCHAR_T)*Left < (UCHAR_T)*Right ? -1 : (UCHAR_T)*Left > (UCHAR_T)*Right;
}

int NTAPI NAME(strncmp, wcsncmp)(const CHAR_T *Left, const CHAR_T *Right, SIZE_T Count)
{
    for (; Count; Count--, Left++, Right++)
        if (*Left != *Right || !*Left)
            return (UCHAR_T)*Left < (UCHAR_T)*Right ? -1 : (UCHAR_T)*Left > (UCHAR_T)*Right;
    return 0;
}

/* ASCII letters only: the kernel's run time lives in the "C" locale. */
int NTAPI NAME(_strnicmp, _wcsnicmp)(const CHAR_T *Left, const CHAR_T *Right, SIZE_T Count)
{
    for (; Count; Count--, Left++, Right++) {
        int a = fold((UCHAR_T)*Left), b = fold((UCHAR_T)*Right);
        if (a != b || !a)
            return a - b;
    }
    return 0;
}

int NTAPI NAME(_stricmp, _wcsicmp)(const CHAR_T *Left, const CHAR_T *Right)
{
    return NAME(_strnicmp, _wcsnicmp)(Left, Right, ~(SIZE_T)0);
}

CHAR_T *NTAPI NAME(strchr, wcschr)(const CHAR_T *String, int Character)
{
    for (;; String++) {
        if (*String == (CHAR_T)Character)
            return (CHAR_T *)String;
        if (!*String)
            return NULL;
    }
}

CHAR_T *NTAPI NAME(strrchr, wcsrchr)(const CHAR_T *String, int Character)
{
    const CHAR_T *found = NULL;
    for (;; String++) {
        if (*String == (CHAR_T)Character)
            found = String;
        if (!*String)
            return (CHAR_T *)found;
    }
}

CHAR_T *NTAPI NAME(strstr, wcsstr)(const CHAR_T *String, const CHAR_T *Find)
{
    SIZE_T length = NAME(strlen, wcslen)(Find);
    for (; NAME(strncmp, wcsncmp)(String, Find, length); String++)
        if (!*String)
            return NULL;
    return (CHAR_T *)String;
}

SIZE_T NTAPI NAME(strspn, wcsspn)(const CHAR_T *String, const CHAR_T *Set)
{
    SIZE_T n = 0;
    while (String[n] && NAME(strchr, wcschr)(Set, String[n]))
        n++;
    return n;
}

CHAR_T *NTAPI NAME(_strlwr, _wcslwr)(CHAR_T *String)
{
    for (CHAR_T *p = String; *p; p++)
        *p = (CHAR_T)fold((UCHAR_T)*p);
    return String;
}

CHAR_T *NTAPI NAME(_strupr, _wcsupr)(CHAR_T *String)
{
    for (CHAR_T *p = String; *p; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (CHAR_T)(*p - 'a' + 'A');
    return String;
}

CHAR_T *NTAPI NAME(_strrev, _wcsrev)(CHAR_T *String)
{
    SIZE_T n = NAME(strlen, wcslen)(String);
    for (SIZE_T i = 0; i < n / 2; i++) {
        CHAR_T c = String[i];
        String[i] = String[n - 1 - i];
        String[n - 1 - i] = c;
    }
    return String;
}

CHAR_T *NTAPI NAME(_strnset, _wcsnset)(CHAR_T *String, int Character, SIZE_T Count)
{
    for (SIZE_T i = 0; i < Count && String[i]; i++)
        String[i] = (CHAR_T)Character;
    return String;
}

int NTAPI NAME(strcpy_s, wcscpy_s)(CHAR_T *To, SIZE_T Size, const CHAR_T *From)
{
    if (!To || !Size)
        return RTLP_EINVAL;
    if (!From) {
        To[0] = 0;
        return RTLP_EINVAL;
    }
    for (SIZE_T i = 0; i < Size; i++)
        if (!(To[i] = From[i]))
            return 0;
    To[0] = 0;
    return RTLP_ERANGE;
}

/* Count may be _TRUNCATE: keep what fits and return STRUNCATE (80). */
int NTAPI NAME(strncpy_s, wcsncpy_s)(CHAR_T *To, SIZE_T Size, const CHAR_T *From, SIZE_T Count)
{
    if (!To || !Size)
        return Count || To || Size ? RTLP_EINVAL : 0;
    if (!From) {
        To[0] = 0;
        return Count ? RTLP_EINVAL : 0;
    }
    SIZE_T i = 0;
    for (; i < Size - 1 && i < Count && From[i]; i++)
        To[i] = From[i];
    To[i] = 0;
    if (i == Count || !From[i])
        return 0;
    if (Count == ~(SIZE_T)0)
        return STRUNCATE;
    To[0] = 0;
    return RTLP_ERANGE;
}

int NTAPI NAME(strcat_s, wcscat_s)(CHAR_T *To, SIZE_T Size, const CHAR_T *From)
{
    if (!To || !Size)
        return RTLP_EINVAL;
    SIZE_T used = NAME(strnlen, wcsnlen)(To, Size);
    if (used == Size || !From) {
        To[0] = 0;
        return RTLP_EINVAL;
    }
    int error = NAME(strcpy_s, wcscpy_s)(To + used, Size - used, From);
    if (error)
        To[0] = 0;
    return error;
}

int NTAPI NAME(strncat_s, wcsncat_s)(CHAR_T *To, SIZE_T Size, const CHAR_T *From, SIZE_T Count)
{
    if (!To || !Size)
        return RTLP_EINVAL;
    SIZE_T used = NAME(strnlen, wcsnlen)(To, Size);
    if (used == Size) {
        To[0] = 0;
        return RTLP_EINVAL;
    }
    int error = NAME(strncpy_s, wcsncpy_s)(To + used, Size - used, From, Count);
    if (error && error != STRUNCATE)
        To[0] = 0;
    return error;
}

/* Number with optional sign and, for base 0 or 16, prefix. Overflow saturates as the run time documents. */
static ULONG64 NAME(read_number, read_wide_number)(const CHAR_T *String, CHAR_T **End, int Base, ULONG64 Limit,
                                                    BOOLEAN *Negative, BOOLEAN *Overflow)
{
    const CHAR_T *p = String, *digits;
    ULONG64 value = 0;
    *Negative = *Overflow = FALSE;
    while (is_space((UCHAR_T)*p))
        p++;
    if (*p == '-' || *p == '+')
        *Negative = *p++ == '-';
    if ((Base == 0 || Base == 16) && p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && digit_of((UCHAR_T)p[2]) < 16) {
        Base = 16;
        p += 2;
    } else if (Base == 0) {
        Base = *p == '0' ? 8 : 10;
    }
    for (digits = p; digit_of((UCHAR_T)*p) < (ULONG)Base; p++) {
        ULONG digit = digit_of((UCHAR_T)*p);
        if (value > (Limit - digit) / (ULONG)Base)
            *Overflow = TRUE;
        else
            value = value * (ULONG)Base + digit;
    }
    if (End)
        *End = (CHAR_T *)(p == digits ? String : p);
    return value;
}

LONG NTAPI NAME(strtol, wcstol)(const CHAR_T *String, CHAR_T **End, int Base)
{
    BOOLEAN negative, overflow;
    ULONG64 value = NAME(read_number, read_wide_number)(String, End, Base, 0x80000000u, &negative, &overflow);
    if (overflow || (!negative && value > 0x7FFFFFFF))
        return negative ? (LONG)0x80000000 : 0x7FFFFFFF;
    return (LONG)(negative ? 0 - value : value);
}

ULONG NTAPI NAME(strtoul, wcstoul)(const CHAR_T *String, CHAR_T **End, int Base)
{
    BOOLEAN negative, overflow;
    ULONG64 value = NAME(read_number, read_wide_number)(String, End, Base, 0xFFFFFFFFu, &negative, &overflow);
    if (overflow)
        return 0xFFFFFFFFu;
    return (ULONG)(negative ? 0 - value : value);
}

LONG NTAPI NAME(atoi, _wtoi)(const CHAR_T *String)
{
    return NAME(strtol, wcstol)(String, NULL, 10);
}

LONG NTAPI NAME(atol, _wtol)(const CHAR_T *String)
{
    return NAME(strtol, wcstol)(String, NULL, 10);
}

/* Digits of Value in Radix (2..36) with its sign; ERANGE and an empty text if Size is too small. */
static int NAME(write_number, write_wide_number)(ULONG64 Value, BOOLEAN Negative, CHAR_T *Buffer, SIZE_T Size,
                                                  int Radix)
{
    char text[66];
    SIZE_T length = 0, at = 0;
    if (!Buffer || !Size)
        return RTLP_EINVAL;
    if (Radix < 2 || Radix > 36) {
        Buffer[0] = 0;
        return RTLP_EINVAL;
    }
    do {
        text[length++] = "0123456789abcdefghijklmnopqrstuvwxyz"[Value % (ULONG)Radix];
        Value /= (ULONG)Radix;
    } while (Value);
    if (length + (Negative ? 1 : 0) >= Size) {
        Buffer[0] = 0;
        return RTLP_ERANGE;
    }
    if (Negative)
        Buffer[at++] = '-';
    while (length)
        Buffer[at++] = (CHAR_T)text[--length];
    Buffer[at] = 0;
    return 0;
}

int NTAPI NAME(_i64toa_s, _i64tow_s)(LONG64 Value, CHAR_T *Buffer, SIZE_T Size, int Radix)
{
    BOOLEAN negative = Radix == 10 && Value < 0;
    return NAME(write_number, write_wide_number)(negative ? 0 - (ULONG64)Value : (ULONG64)Value, negative, Buffer,
                                                 Size, Radix);
}

int NTAPI NAME(_ui64toa_s, _ui64tow_s)(ULONG64 Value, CHAR_T *Buffer, SIZE_T Size, int Radix)
{
    return NAME(write_number, write_wide_number)(Value, FALSE, Buffer, Size, Radix);
}

int NTAPI NAME(_itoa_s, _itow_s)(int Value, CHAR_T *Buffer, SIZE_T Size, int Radix)
{
    BOOLEAN negative = Radix == 10 && Value < 0;
    return NAME(write_number, write_wide_number)(negative ? 0 - (ULONG)Value : (ULONG)Value, negative, Buffer, Size,
                                                 Radix);
}

int NTAPI NAME(_ltoa_s, _ltow_s)(LONG Value, CHAR_T *Buffer, SIZE_T Size, int Radix)
{
    return NAME(_itoa_s, _itow_s)(Value, Buffer, Size, Radix);
}

int NTAPI NAME(_ultoa_s, _ultow_s)(ULONG Value, CHAR_T *Buffer, SIZE_T Size, int Radix)
{
    return NAME(write_number, write_wide_number)(Value, FALSE, Buffer, Size, Radix);
}

/* The unbounded forms: the caller vouches for 33 characters. */
CHAR_T *NTAPI NAME(_itoa, _itow)(int Value, CHAR_T *Buffer, int Radix)
{
    NAME(_itoa_s, _itow_s)(Value, Buffer, 34, Radix);
    return Buffer;
}
