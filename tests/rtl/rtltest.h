/* SPDX-License-Identifier: MIT */
/* rtltest.h - what the tests of the run-time library share. */
#ifndef KILN_RTLTEST_H
#define KILN_RTLTEST_H

#include <stdbool.h>
#include <ntifs.h>
#include "harness.h"

/* Whether a counted string has exactly these units. */
static inline bool rtl_is(PCUNICODE_STRING string, const WCHAR *expected)
{
    ULONG i;
    for (i = 0; expected[i] != 0; i++) {
        if (i >= string->Length / sizeof(WCHAR) || string->Buffer[i] != expected[i]) {
            return false;
        }
    }
    return i == string->Length / sizeof(WCHAR);
}

static inline bool rtl_same(const char *a, const char *b)
{
    while (*a != 0 && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

#endif
