/* SPDX-License-Identifier: MIT */
/*
 * nt/strsafe_template.h - the RtlString functions for one width of character; <ntstrsafe.h> includes it
 * twice.
 *
 * KILN_STRSAFE_CHAR is the character, KILN_STRSAFE(name) gives a function its suffix, KILN_STRSAFE_PRINT is
 * the bounded vprintf of the width.  Everything is two steps: put() moves characters behind what stays,
 * close() does what the flags ask for.
 */

typedef struct KILN_STRSAFE(_KILN_STRSAFE_) {
    KILN_STRSAFE_CHAR *Text;
    SIZE_T Room;   /* characters */
    SIZE_T Length; /* characters without the terminator, now */
    BOOLEAN Keep;  /* STRSAFE_NO_TRUNCATION leaves the buffer as it is, rather than empty */
} KILN_STRSAFE(KILN_STRSAFE_TARGET_);

/* Characters before a terminator within `room`; `room` when there is none. */
FORCEINLINE SIZE_T KILN_STRSAFE(kiln_strsafe_length_)(const KILN_STRSAFE_CHAR *text, SIZE_T room)
{
    SIZE_T length = 0;
    while (length < room && text[length] != 0) {
        length++;
    }
    return length;
}

/* Checks the destination of a call, and finds what it holds if the call appends. */
FORCEINLINE NTSTATUS KILN_STRSAFE(kiln_strsafe_open_)(KILN_STRSAFE(KILN_STRSAFE_TARGET_) * target,
                                                      KILN_STRSAFE_CHAR *text, SIZE_T room, BOOLEAN append,
                                                      ULONG flags)
{
    target->Text = text;
    target->Room = room;
    target->Length = 0;
    target->Keep = append;
    if ((flags & ~(ULONG)STRSAFE_VALID_FLAGS) != 0 || room > NTSTRSAFE_MAX_CCH) {
        target->Room = 0; /* nothing of the buffer is touched */
        return STATUS_INVALID_PARAMETER;
    }
    if (text == NULL) {
        return (flags & STRSAFE_IGNORE_NULLS) != 0 && room == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if (append) {
        target->Length = KILN_STRSAFE(kiln_strsafe_length_)(text, room);
        if (target->Length == room) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    return STATUS_SUCCESS;
}

/* Copies up to `limit` characters of a string, or all of them, behind the prefix. */
FORCEINLINE NTSTATUS KILN_STRSAFE(kiln_strsafe_put_)(KILN_STRSAFE(KILN_STRSAFE_TARGET_) * target,
                                                     const KILN_STRSAFE_CHAR *source, SIZE_T limit,
                                                     ULONG flags)
{
    SIZE_T i = 0;
    if (source == NULL) {
        if ((flags & STRSAFE_IGNORE_NULLS) == 0) {
            return STATUS_INVALID_PARAMETER;
        }
        limit = 0;
    }
    if (target->Room == 0) {
        return limit == 0 || source[0] == 0 ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    if ((flags & STRSAFE_NO_TRUNCATION) != 0 && target->Keep) {
        SIZE_T free = target->Room - target->Length;
        while (i < limit && i < free && source[i] != 0) {
            i++;
        }
        if (i == free) {
            return STATUS_BUFFER_OVERFLOW;
        }
        i = 0;
    }
    while (i < limit && source[i] != 0 && target->Length + 1 < target->Room) {
        target->Text[target->Length++] = source[i++];
    }
    target->Text[target->Length] = 0;
    return i < limit && source[i] != 0 ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

/* How long a formatted string will be; MAXULONG when it cannot be made. */
static __inline__ __attribute__((unused)) SIZE_T
KILN_STRSAFE(kiln_strsafe_measure_)(const KILN_STRSAFE_CHAR *format, NT_VA_LIST arguments)
{
    int made;
    NT_VA_LIST copy;
    NT_VA_COPY(copy, arguments);
    made = KILN_STRSAFE_PRINT(NULL, 0, format, copy);
    NT_VA_END(copy);
    return made < 0 ? MAXULONG : (SIZE_T)made;
}

FORCEINLINE NTSTATUS KILN_STRSAFE(kiln_strsafe_print_)(KILN_STRSAFE(KILN_STRSAFE_TARGET_) * target,
                                                       const KILN_STRSAFE_CHAR *format, ULONG flags,
                                                       NT_VA_LIST arguments)
{
    int made;
    if (format == NULL) {
        return KILN_STRSAFE(kiln_strsafe_put_)(target, NULL, 0, flags);
    }
    if (target->Room == 0) {
        return KILN_STRSAFE(kiln_strsafe_put_)(target, format, NTSTRSAFE_MAX_CCH, flags);
    }
    if ((flags & STRSAFE_NO_TRUNCATION) != 0 &&
        KILN_STRSAFE(kiln_strsafe_measure_)(format, arguments) > target->Room - 1) {
        target->Keep = TRUE;
        return STATUS_BUFFER_OVERFLOW;
    }
    made = KILN_STRSAFE_PRINT(target->Text, target->Room - 1, format, arguments);
    if (made < 0 || (SIZE_T)made > target->Room - 1) {
        target->Length = target->Room - 1;
        target->Text[target->Length] = 0;
        return STATUS_BUFFER_OVERFLOW;
    }
    target->Length = (SIZE_T)made;
    target->Text[target->Length] = 0;
    return STATUS_SUCCESS;
}

/* What the flags say about the rest of the buffer or about a failure; and the results. */
FORCEINLINE NTSTATUS KILN_STRSAFE(kiln_strsafe_close_)(KILN_STRSAFE(KILN_STRSAFE_TARGET_) * target,
                                                       NTSTATUS status, ULONG flags, KILN_STRSAFE_CHAR **end,
                                                       SIZE_T *remaining, SIZE_T unit)
{
    if (target->Text != NULL && target->Room != 0) {
        SIZE_T bytes = target->Room * sizeof(KILN_STRSAFE_CHAR);
        if (NT_SUCCESS(status)) {
            SIZE_T used = (target->Length + 1) * sizeof(KILN_STRSAFE_CHAR);
            if ((flags & STRSAFE_FILL_BEHIND_NULL) != 0 && used < bytes) {
                __builtin_memset((PUCHAR)target->Text + used, (int)(flags & 0xFF), bytes - used);
            }
        } else if ((flags & STRSAFE_FILL_ON_FAILURE) != 0) {
            __builtin_memset(target->Text, (int)(flags & 0xFF), bytes);
            target->Length = (flags & 0xFF) == 0 ? 0 : target->Room - 1;
            target->Text[target->Length] = 0;
            if ((flags & STRSAFE_NULL_ON_FAILURE) != 0) {
                target->Text[0] = 0;
                target->Length = 0;
            }
        } else if ((flags & STRSAFE_NULL_ON_FAILURE) != 0) {
            target->Text[0] = 0;
            target->Length = 0;
        } else if ((flags & STRSAFE_NO_TRUNCATION) != 0 && status == STATUS_BUFFER_OVERFLOW) {
            if (!target->Keep) {
                target->Text[0] = 0;
            }
            target->Length = KILN_STRSAFE(kiln_strsafe_length_)(target->Text, target->Room);
            if (target->Length == target->Room) {
                target->Length = 0; /* it is kept, and has no end */
            }
        }
    }
    if (NT_SUCCESS(status) || status == STATUS_BUFFER_OVERFLOW) {
        if (end != NULL) {
            *end = target->Text == NULL ? NULL : target->Text + target->Length;
        }
        if (remaining != NULL) {
            *remaining = (target->Room - target->Length) * unit;
        }
    }
    return status;
}

/* A call without flags may not have an empty destination. */
FORCEINLINE NTSTATUS KILN_STRSAFE(kiln_strsafe_move_)(KILN_STRSAFE_CHAR *text, SIZE_T room, BOOLEAN append,
                                                      BOOLEAN plain, const KILN_STRSAFE_CHAR *source,
                                                      SIZE_T limit, ULONG flags, KILN_STRSAFE_CHAR **end,
                                                      SIZE_T *remaining, SIZE_T unit)
{
    KILN_STRSAFE(KILN_STRSAFE_TARGET_) target;
    NTSTATUS status = KILN_STRSAFE(kiln_strsafe_open_)(&target, text, room, append, flags);
    if (plain && (room == 0 || text == NULL)) {
        return STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(status) && limit != NTSTRSAFE_MAX_CCH && limit > NTSTRSAFE_MAX_LENGTH) {
        status = STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(status)) {
        status = KILN_STRSAFE(kiln_strsafe_put_)(&target, source, limit, flags);
    }
    return KILN_STRSAFE(kiln_strsafe_close_)(&target, status, flags, end, remaining, unit);
}

#define KILN_UNIT sizeof(KILN_STRSAFE_CHAR)

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchCopy)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                            const KILN_STRSAFE_CHAR *pszSrc)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cchDest, FALSE, TRUE, pszSrc, NTSTRSAFE_MAX_CCH, 0, NULL,
                                            NULL, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbCopy)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                           const KILN_STRSAFE_CHAR *pszSrc)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cbDest / KILN_UNIT, FALSE, TRUE, pszSrc,
                                            NTSTRSAFE_MAX_CCH, 0, NULL, NULL, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchCopyEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                              const KILN_STRSAFE_CHAR *pszSrc,
                                              KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                              ULONG dwFlags)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cchDest, FALSE, FALSE, pszSrc, NTSTRSAFE_MAX_CCH,
                                            dwFlags, ppszDestEnd, pcRemaining, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbCopyEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                             const KILN_STRSAFE_CHAR *pszSrc, KILN_STRSAFE_CHAR **ppszDestEnd,
                                             SIZE_T *pcRemaining, ULONG dwFlags)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cbDest / KILN_UNIT, FALSE, FALSE, pszSrc,
                                            NTSTRSAFE_MAX_CCH, dwFlags, ppszDestEnd, pcRemaining, KILN_UNIT);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchCopyN)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                             const KILN_STRSAFE_CHAR *pszSrc, SIZE_T cchToCopy)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cchDest, FALSE, TRUE, pszSrc, cchToCopy, 0, NULL, NULL,
                                            1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbCopyN)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                            const KILN_STRSAFE_CHAR *pszSrc, SIZE_T cbToCopy)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cbDest / KILN_UNIT, FALSE, TRUE, pszSrc,
                                            cbToCopy / KILN_UNIT, 0, NULL, NULL, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchCopyNEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                               const KILN_STRSAFE_CHAR *pszSrc, SIZE_T cchToCopy,
                                               KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                               ULONG dwFlags)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cchDest, FALSE, FALSE, pszSrc, cchToCopy, dwFlags,
                                            ppszDestEnd, pcRemaining, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbCopyNEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                              const KILN_STRSAFE_CHAR *pszSrc, SIZE_T cbToCopy,
                                              KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                              ULONG dwFlags)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cbDest / KILN_UNIT, FALSE, FALSE, pszSrc,
                                            cbToCopy / KILN_UNIT, dwFlags, ppszDestEnd, pcRemaining,
                                            KILN_UNIT);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchCat)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                           const KILN_STRSAFE_CHAR *pszSrc)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cchDest, TRUE, TRUE, pszSrc, NTSTRSAFE_MAX_CCH, 0, NULL,
                                            NULL, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbCat)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                          const KILN_STRSAFE_CHAR *pszSrc)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cbDest / KILN_UNIT, TRUE, TRUE, pszSrc,
                                            NTSTRSAFE_MAX_CCH, 0, NULL, NULL, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchCatEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                             const KILN_STRSAFE_CHAR *pszSrc, KILN_STRSAFE_CHAR **ppszDestEnd,
                                             SIZE_T *pcRemaining, ULONG dwFlags)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cchDest, TRUE, FALSE, pszSrc, NTSTRSAFE_MAX_CCH, dwFlags,
                                            ppszDestEnd, pcRemaining, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbCatEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                            const KILN_STRSAFE_CHAR *pszSrc, KILN_STRSAFE_CHAR **ppszDestEnd,
                                            SIZE_T *pcRemaining, ULONG dwFlags)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cbDest / KILN_UNIT, TRUE, FALSE, pszSrc,
                                            NTSTRSAFE_MAX_CCH, dwFlags, ppszDestEnd, pcRemaining, KILN_UNIT);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchCatN)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                            const KILN_STRSAFE_CHAR *pszSrc, SIZE_T cchToAppend)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cchDest, TRUE, TRUE, pszSrc, cchToAppend, 0, NULL, NULL,
                                            1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbCatN)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                           const KILN_STRSAFE_CHAR *pszSrc, SIZE_T cbToAppend)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cbDest / KILN_UNIT, TRUE, TRUE, pszSrc,
                                            cbToAppend / KILN_UNIT, 0, NULL, NULL, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchCatNEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                              const KILN_STRSAFE_CHAR *pszSrc, SIZE_T cchToAppend,
                                              KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                              ULONG dwFlags)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cchDest, TRUE, FALSE, pszSrc, cchToAppend, dwFlags,
                                            ppszDestEnd, pcRemaining, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbCatNEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                             const KILN_STRSAFE_CHAR *pszSrc, SIZE_T cbToAppend,
                                             KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                             ULONG dwFlags)
{
    return KILN_STRSAFE(kiln_strsafe_move_)(pszDest, cbDest / KILN_UNIT, TRUE, FALSE, pszSrc,
                                            cbToAppend / KILN_UNIT, dwFlags, ppszDestEnd, pcRemaining,
                                            KILN_UNIT);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchVPrintfEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                                 KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                                 ULONG dwFlags, const KILN_STRSAFE_CHAR *pszFormat,
                                                 NT_VA_LIST argList)
{
    KILN_STRSAFE(KILN_STRSAFE_TARGET_) target;
    NTSTATUS status = KILN_STRSAFE(kiln_strsafe_open_)(&target, pszDest, cchDest, FALSE, dwFlags);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = KILN_STRSAFE(kiln_strsafe_print_)(&target, pszFormat, dwFlags, argList);
    return KILN_STRSAFE(kiln_strsafe_close_)(&target, status, dwFlags, ppszDestEnd, pcRemaining, 1);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchVPrintf)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                               const KILN_STRSAFE_CHAR *pszFormat, NT_VA_LIST argList)
{
    if (pszDest == NULL || cchDest == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return KILN_STRSAFE(RtlStringCchVPrintfEx)(pszDest, cchDest, NULL, NULL, 0, pszFormat, argList);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchPrintf)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                              const KILN_STRSAFE_CHAR *pszFormat, ...)
{
    NTSTATUS status;
    NT_VA_LIST argList;
    NT_VA_START(argList, pszFormat);
    status = KILN_STRSAFE(RtlStringCchVPrintf)(pszDest, cchDest, pszFormat, argList);
    NT_VA_END(argList);
    return status;
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchPrintfEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cchDest,
                                                KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                                ULONG dwFlags, const KILN_STRSAFE_CHAR *pszFormat, ...)
{
    NTSTATUS status;
    NT_VA_LIST argList;
    NT_VA_START(argList, pszFormat);
    status = KILN_STRSAFE(RtlStringCchVPrintfEx)(pszDest, cchDest, ppszDestEnd, pcRemaining, dwFlags,
                                                 pszFormat, argList);
    NT_VA_END(argList);
    return status;
}

/* The length of a string that must end within a size; the size counts the terminator. */
NTSTRSAFEDDI KILN_STRSAFE(RtlStringCchLength)(const KILN_STRSAFE_CHAR *psz, SIZE_T cMax, SIZE_T *pcLength)
{
    SIZE_T room = cMax, length = 0;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (psz != NULL && room <= NTSTRSAFE_MAX_CCH) {
        length = KILN_STRSAFE(kiln_strsafe_length_)(psz, room);
        if (length < room) {
            status = STATUS_SUCCESS;
        } else {
            length = 0;
        }
    }
    if (pcLength != NULL) {
        *pcLength = length;
    }
    return status;
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbVPrintfEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                                KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                                ULONG dwFlags, const KILN_STRSAFE_CHAR *pszFormat,
                                                NT_VA_LIST argList)
{
    KILN_STRSAFE(KILN_STRSAFE_TARGET_) target;
    NTSTATUS status = KILN_STRSAFE(kiln_strsafe_open_)(&target, pszDest, cbDest / KILN_UNIT, FALSE, dwFlags);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = KILN_STRSAFE(kiln_strsafe_print_)(&target, pszFormat, dwFlags, argList);
    return KILN_STRSAFE(kiln_strsafe_close_)(&target, status, dwFlags, ppszDestEnd, pcRemaining, KILN_UNIT);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbVPrintf)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                              const KILN_STRSAFE_CHAR *pszFormat, NT_VA_LIST argList)
{
    if (pszDest == NULL || cbDest / KILN_UNIT == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    return KILN_STRSAFE(RtlStringCbVPrintfEx)(pszDest, cbDest, NULL, NULL, 0, pszFormat, argList);
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbPrintf)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                             const KILN_STRSAFE_CHAR *pszFormat, ...)
{
    NTSTATUS status;
    NT_VA_LIST argList;
    NT_VA_START(argList, pszFormat);
    status = KILN_STRSAFE(RtlStringCbVPrintf)(pszDest, cbDest, pszFormat, argList);
    NT_VA_END(argList);
    return status;
}

NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbPrintfEx)(KILN_STRSAFE_CHAR *pszDest, SIZE_T cbDest,
                                               KILN_STRSAFE_CHAR **ppszDestEnd, SIZE_T *pcRemaining,
                                               ULONG dwFlags, const KILN_STRSAFE_CHAR *pszFormat, ...)
{
    NTSTATUS status;
    NT_VA_LIST argList;
    NT_VA_START(argList, pszFormat);
    status = KILN_STRSAFE(RtlStringCbVPrintfEx)(pszDest, cbDest, ppszDestEnd, pcRemaining, dwFlags, pszFormat,
                                                argList);
    NT_VA_END(argList);
    return status;
}

/* The length of a string that must end within a size; the size counts the terminator. */
NTSTRSAFEDDI KILN_STRSAFE(RtlStringCbLength)(const KILN_STRSAFE_CHAR *psz, SIZE_T cMax, SIZE_T *pcLength)
{
    SIZE_T room = cMax / KILN_UNIT, length = 0;
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    if (psz != NULL && cMax <= NTSTRSAFE_MAX_CCH * KILN_UNIT) {
        length = KILN_STRSAFE(kiln_strsafe_length_)(psz, room);
        if (length < room) {
            status = STATUS_SUCCESS;
        } else {
            length = 0;
        }
    }
    if (pcLength != NULL) {
        *pcLength = length * KILN_UNIT;
    }
    return status;
}

#undef KILN_UNIT
