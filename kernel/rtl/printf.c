/* SPDX-License-Identifier: MIT */
/*
 * The printf family that ntoskrnl exports. The bounded forms without _s return -1 when the text does not fit and do not
 * terminate it then, as the Microsoft run time does; the _s forms terminate and report.
 */
#include <nt/base.h>

#include "rtlp.h"

#define UNBOUNDED 0x7FFFFFFF
#define TRUNCATE  (~(SIZE_T)0)

/* Returns the full length; writes at most `room` characters, and a terminator if there is room for it. */
static SIZE_T narrow(char *buffer, SIZE_T room, const char *format, __builtin_ms_va_list arguments)
{
    RTLP_OUTPUT output = {RtlpEncodeAnsi, buffer, room, 0};
    RtlpFormat(&output, format, arguments);
    if (output.Count < room)
        buffer[output.Count] = 0;
    return output.Count;
}

static SIZE_T wide(WCHAR *buffer, SIZE_T room, const WCHAR *format, __builtin_ms_va_list arguments)
{
    RTLP_OUTPUT output = {RtlpEncodeWide, buffer, room, 0};
    RtlpFormat(&output, format, arguments);
    if (output.Count < room)
        buffer[output.Count] = 0;
    return output.Count;
}

/* A variadic routine that hands its list to its v-form. */
#define VARIADIC(Call)                                                                                       \
    __builtin_ms_va_list arguments;                                                                          \
    __builtin_ms_va_start(arguments, Format);                                                                \
    int result = (Call);                                                                                     \
    __builtin_ms_va_end(arguments);                                                                          \
    return result

/* Without a buffer the counting forms tell the length. */
static int counted(const void *buffer, SIZE_T count, SIZE_T length)
{
    return length > count && (buffer || count) ? -1 : (int)length;
}

int NTAPI nt__vsnprintf(char *Buffer, SIZE_T Count, const char *Format, __builtin_ms_va_list Arguments)
{
    SIZE_T length = narrow(Buffer, Count, Format, Arguments);
    return counted(Buffer, Count, length);
}

int NTAPI nt__snprintf(char *Buffer, SIZE_T Count, const char *Format, ...)
{
    VARIADIC(nt__vsnprintf(Buffer, Count, Format, arguments));
}

int NTAPI nt_vsprintf(char *Buffer, const char *Format, __builtin_ms_va_list Arguments)
{
    return (int)narrow(Buffer, UNBOUNDED, Format, Arguments);
}

int NTAPI nt_sprintf(char *Buffer, const char *Format, ...)
{
    VARIADIC(nt_vsprintf(Buffer, Format, arguments));
}

int NTAPI nt__vsnwprintf(WCHAR *Buffer, SIZE_T Count, const WCHAR *Format, __builtin_ms_va_list Arguments)
{
    SIZE_T length = wide(Buffer, Count, Format, Arguments);
    return counted(Buffer, Count, length);
}

int NTAPI nt__snwprintf(WCHAR *Buffer, SIZE_T Count, const WCHAR *Format, ...)
{
    VARIADIC(nt__vsnwprintf(Buffer, Count, Format, arguments));
}

int NTAPI nt__vswprintf(WCHAR *Buffer, const WCHAR *Format, __builtin_ms_va_list Arguments)
{
    return (int)wide(Buffer, UNBOUNDED, Format, Arguments);
}

int NTAPI nt__swprintf(WCHAR *Buffer, const WCHAR *Format, ...)
{
    VARIADIC(nt__vswprintf(Buffer, Format, arguments));
}

int NTAPI nt_swprintf(WCHAR *Buffer, const WCHAR *Format, ...)
{
    VARIADIC(nt__vswprintf(Buffer, Format, arguments));
}

int NTAPI nt_vsprintf_s(char *Buffer, SIZE_T Size, const char *Format, __builtin_ms_va_list Arguments)
{
    if (!Buffer || !Size || !Format)
        return -1;
    SIZE_T length = narrow(Buffer, Size, Format, Arguments);
    if (length < Size)
        return (int)length;
    Buffer[0] = 0;
    return -1;
}

int NTAPI nt_sprintf_s(char *Buffer, SIZE_T Size, const char *Format, ...)
{
    VARIADIC(nt_vsprintf_s(Buffer, Size, Format, arguments));
}

int NTAPI nt_vswprintf_s(WCHAR *Buffer, SIZE_T Size, const WCHAR *Format, __builtin_ms_va_list Arguments)
{
    if (!Buffer || !Size || !Format)
        return -1;
    SIZE_T length = wide(Buffer, Size, Format, Arguments);
    if (length < Size)
        return (int)length;
    Buffer[0] = 0;
    return -1;
}

int NTAPI nt_swprintf_s(WCHAR *Buffer, SIZE_T Size, const WCHAR *Format, ...)
{
    VARIADIC(nt_vswprintf_s(Buffer, Size, Format, arguments));
}

/* Count bounds the text, Size the buffer; _TRUNCATE as Count keeps what fits. */
int NTAPI nt__vsnprintf_s(char *Buffer, SIZE_T Size, SIZE_T Count, const char *Format, __builtin_ms_va_list Arguments)
{
    if (!Buffer || !Size || !Format)
        return -1;
    SIZE_T room = Count != TRUNCATE && Count < Size ? Count + 1 : Size;
    SIZE_T length = narrow(Buffer, room, Format, Arguments);
    if (length < room)
        return (int)length;
    if (Count == TRUNCATE || Count < Size)
        Buffer[room - 1] = 0;
    else
        Buffer[0] = 0;
    return -1;
}

int NTAPI nt__snprintf_s(char *Buffer, SIZE_T Size, SIZE_T Count, const char *Format, ...)
{
    VARIADIC(nt__vsnprintf_s(Buffer, Size, Count, Format, arguments));
}

int NTAPI nt__vsnwprintf_s(WCHAR *Buffer, SIZE_T Size, SIZE_T Count, const WCHAR *Format,
                           __builtin_ms_va_list Arguments)
{
    if (!Buffer || !Size || !Format)
        return -1;
    SIZE_T room = Count != TRUNCATE && Count < Size ? Count + 1 : Size;
    SIZE_T length = wide(Buffer, room, Format, Arguments);
    if (length < room)
        return (int)length;
    if (Count == TRUNCATE || Count < Size)
        Buffer[room - 1] = 0;
    else
        Buffer[0] = 0;
    return -1;
}

int NTAPI nt__snwprintf_s(WCHAR *Buffer, SIZE_T Size, SIZE_T Count, const WCHAR *Format, ...)
{
    VARIADIC(nt__vsnwprintf_s(Buffer, Size, Count, Format, arguments));
}
