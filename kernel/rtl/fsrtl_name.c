/* SPDX-License-Identifier: MIT */
/*
 * fsrtl_name.c - names as file systems see them: legal characters, parts of a path, patterns; statuses they
 * expect.
 */
#include <nt/ex.h>
#include <nt/rtl.h>
#include "rtlp.h"

#define ALL   (FSRTL_FAT_LEGAL | FSRTL_HPFS_LEGAL | FSRTL_NTFS_LEGAL | FSRTL_OLE_LEGAL)
#define LONG_ (FSRTL_HPFS_LEGAL | FSRTL_NTFS_LEGAL | FSRTL_OLE_LEGAL) /* in long names only */
#define WILD  (FSRTL_WILD_CHARACTER | FSRTL_OLE_LEGAL)

static const UCHAR legal[128] = {
    [0x01 ... 0x1F] = FSRTL_OLE_LEGAL,
    [' ' ... '!'] = ALL,
    ['"'] = WILD,
    ['#' ... ')'] = ALL,
    ['*'] = WILD,
    ['+' ... ','] = LONG_,
    ['-' ... '.'] = ALL,
    ['0' ... '9'] = ALL,
    [':'] = FSRTL_NTFS_LEGAL,
    [';'] = LONG_,
    ['<'] = WILD,
    ['='] = LONG_,
    ['>' ... '?'] = WILD,
    ['@' ... 'Z'] = ALL,
    ['['] = LONG_,
    [']'] = LONG_,
    ['^' ... '{'] = ALL,
    ['|'] = FSRTL_OLE_LEGAL,
    ['}' ... 0x7F] = ALL,
};
const UCHAR *FsRtlLegalAnsiCharacterArray = legal;

NTKERNELAPI VOID NTAPI FsRtlDissectName(UNICODE_STRING Path, PUNICODE_STRING FirstName,
                                        PUNICODE_STRING RemainingName)
{
    ULONG units = Path.Length / sizeof(WCHAR), begin, end;
    *FirstName = *RemainingName = (UNICODE_STRING){0, 0, NULL};
    if (units == 0) {
        return;
    }
    begin = Path.Buffer[0] == '\\';
    for (end = begin; end < units && Path.Buffer[end] != '\\'; end++) {
    }
    FirstName->Length = FirstName->MaximumLength = (USHORT)((end - begin) * sizeof(WCHAR));
    FirstName->Buffer = Path.Buffer + begin;
    if (end < units) {
        RemainingName->Length = RemainingName->MaximumLength = (USHORT)((units - end - 1) * sizeof(WCHAR));
        RemainingName->Buffer = Path.Buffer + end + 1;
    }
}

/* ---- patterns ---- */

/*
 * The pattern is a machine whose states are its positions; all states it may be in are followed at once, so
 * that the time is the product of the lengths whatever the wildcards. State i: the first i characters of the
 * pattern are used up.
 */
#define SMALL_PATTERN 128

struct match {
    const WCHAR *pattern;
    ULONG length;
    const WCHAR *name;
    ULONG units, last_period; /* `units` if the name has none */
    BOOLEAN fold;
    const WCHAR *table;
};

static WCHAR folded(const struct match *m, WCHAR c)
{
    return !m->fold ? c : m->table != NULL ? m->table[c] : RtlpUpcase(c);
}

/* Whether state i goes on to i + 1 without a character, before name position `at`. */
static bool may_skip(const struct match *m, ULONG i, ULONG at)
{
    switch (m->pattern[i]) {
    case '*':
    case DOS_STAR:
        return true;
    case DOS_QM:
        return at == m->units || m->name[at] == '.';
    case DOS_DOT:
        return at == m->units;
    default:
        return false;
    }
}

static void close_over(const struct match *m, UCHAR *states, ULONG at)
{
    for (ULONG i = 0; i < m->length; i++) {
        if (states[i] && may_skip(m, i, at)) {
            states[i + 1] = 1;
        }
    }
}

static void step(const struct match *m, const UCHAR *from, UCHAR *to, ULONG at)
{
    WCHAR c = folded(m, m->name[at]);
    RtlZeroMemory(to, m->length + 1);
    for (ULONG i = 0; i < m->length; i++) {
        if (!from[i]) {
            continue;
        }
        switch (m->pattern[i]) {
        case '*':
            to[i] = 1;
            break;
        case DOS_STAR: /* takes the final period only by ending before it */
            if (at != m->last_period) {
                to[i] = 1;
            }
            break;
        case '?':
            to[i + 1] = 1;
            break;
        case DOS_QM:
            if (c != '.') {
                to[i + 1] = 1;
            }
            break;
        case DOS_DOT:
            if (c == '.') {
                to[i + 1] = 1;
            }
            break;
        default:
            if (m->pattern[i] == c) {
                to[i + 1] = 1;
            }
            break;
        }
    }
}

static bool run(const struct match *m, UCHAR *states, UCHAR *next)
{
    RtlZeroMemory(states, m->length + 1);
    states[0] = 1;
    close_over(m, states, 0);
    for (ULONG at = 0; at < m->units; at++) {
        UCHAR *swap = states;
        step(m, states, next, at);
        close_over(m, next, at + 1);
        states = next;
        next = swap;
    }
    return states[m->length];
}

NTKERNELAPI BOOLEAN NTAPI FsRtlIsNameInExpression(PUNICODE_STRING Expression, PUNICODE_STRING Name,
                                                  BOOLEAN IgnoreCase, PWCH UpcaseTable)
{
    UCHAR small[2 * (SMALL_PATTERN + 1)], *states = small;
    struct match m = {.pattern = Expression->Buffer,
                      .length = Expression->Length / sizeof(WCHAR),
                      .name = Name->Buffer,
                      .units = Name->Length / sizeof(WCHAR),
                      .fold = IgnoreCase,
                      .table = UpcaseTable};
    BOOLEAN matches;
    if (m.length == 0 || m.units == 0) {
        return (BOOLEAN)(m.length == m.units);
    }
    m.last_period = m.units;
    for (ULONG i = 0; i < m.units; i++) {
        if (m.name[i] == '.') {
            m.last_period = i;
        }
    }
    if (m.length > SMALL_PATTERN) {
        states = ExAllocatePoolWithTag(PagedPool, 2 * (m.length + 1), RTLP_TAG_STRING);
        if (states == NULL) {
            RtlRaiseStatus(STATUS_NO_MEMORY);
        }
    }
    matches = (BOOLEAN)run(&m, states, states + m.length + 1);
    if (states != small) {
        ExFreePoolWithTag(states, RTLP_TAG_STRING);
    }
    return matches;
}

/* ---- statuses ---- */

/* What only a mistake in the code can cause is not expected. */
NTKERNELAPI BOOLEAN NTAPI FsRtlIsNtstatusExpected(NTSTATUS Exception)
{
    switch (Exception) {
    case STATUS_DATATYPE_MISALIGNMENT:
    case STATUS_ACCESS_VIOLATION:
    case STATUS_ILLEGAL_INSTRUCTION:
    case STATUS_INSTRUCTION_MISALIGNMENT:
        return FALSE;
    default:
        return TRUE;
    }
}

/* A bad sector is a failure of the sector only. */
NTKERNELAPI BOOLEAN NTAPI FsRtlIsTotalDeviceFailure(NTSTATUS Status)
{
    return (BOOLEAN)(!NT_SUCCESS(Status) && Status != STATUS_CRC_ERROR && Status != STATUS_DEVICE_DATA_ERROR);
}
