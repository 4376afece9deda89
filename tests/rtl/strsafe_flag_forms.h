/* SPDX-License-Identifier: MIT */
/* strsafe_flag_forms.h - the kinds of extended safe string functions and the combinations of their flags. */
#ifndef KILN_STRSAFE_FLAG_FORMS_H
#define KILN_STRSAFE_FLAG_FORMS_H

enum flag_form { FLAG_COPY, FLAG_COPY_N, FLAG_CAT, FLAG_CAT_N, FLAG_PRINT, FLAG_VPRINT, FLAG_FORMS };

#define FLAG_ROOM         6
#define FLAG_COMBINATIONS 32

/* With the fill byte 0x41. STRSAFE_NULL_ON_FAILURE is STRSAFE_ZERO_LENGTH_ON_FAILURE too. */
static inline ULONG flag_combination(ULONG i)
{
    static const ULONG flags[5] = {STRSAFE_FILL_BEHIND, STRSAFE_IGNORE_NULLS, STRSAFE_FILL_ON_FAILURE,
                                   STRSAFE_NULL_ON_FAILURE, STRSAFE_NO_TRUNCATION};
    ULONG all = 0x41;
    for (ULONG bit = 0; bit < 5; bit++)
        all |= (i >> bit & 1) ? flags[bit] : 0;
    return all;
}

static inline bool flag_appends(enum flag_form which)
{
    return which == FLAG_CAT || which == FLAG_CAT_N;
}

/* Only the pages of the copies say that STRSAFE_NO_TRUNCATION empties the destination. */
static inline bool flag_copies(enum flag_form which)
{
    return which == FLAG_COPY || which == FLAG_COPY_N;
}

#endif
