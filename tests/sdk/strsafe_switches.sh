#!/bin/sh
# SPDX-License-Identifier: MIT
# strsafe_switches.sh SDK_INCLUDE - what a driver defines before <ntstrsafe.h> decides which functions it has, and how long
# strings may be. Page: kernel/importing-kernel-mode-safe-string-functions.
include=$1
failures=0

# verdict accept|refuse DEFINES BODY [WORD]: whether a driver compiles, and why not
verdict() {
    text=$(printf '#include <ntddk.h>\n#include <ntstrsafe.h>\nchar a[8]; WCHAR w[8]; UNICODE_STRING u;\nint f(void);\nint f(void) { %s }\n' "$3" |
        clang-19 --target=x86_64-pc-windows-msvc -fms-extensions -ffreestanding -nostdinc -isystem "$include/km" \
            -isystem "$include/shared" -isystem "$include/crt" $2 -Wall -Werror -fsyntax-only -x c - 2>&1)
    if [ $? -eq 0 ]; then got=accept; else got=refuse; fi
    if [ "$got" != "$1" ] || { [ -n "$4" ] && ! printf %s "$text" | grep -q "$4"; }; then
        printf 'FAIL: %s: %s is not %sed\n%s\n' "$2" "$3" "$1" "$text"
        failures=$((failures + 1))
    fi
}

cb='return RtlStringCbCopyA(a, sizeof a, "x") + RtlStringCbPrintfW(w, sizeof w, L"x");'
cch='return RtlStringCchCopyA(a, 8, "x") + RtlStringCchLengthW(w, 8, NULL);'
counted='return RtlUnicodeStringCopyString(&u, L"x");'
verdict accept '' "$cb"
verdict accept '' "$cch"
verdict accept '' "$counted"
verdict accept -DNTSTRSAFE_NO_CCH_FUNCTIONS "$cb"
verdict refuse -DNTSTRSAFE_NO_CCH_FUNCTIONS "$cch" RtlStringCchCopyA
verdict refuse -DNTSTRSAFE_NO_CCH_FUNCTIONS 'return RtlUnicodeStringCchCopyStringN(&u, w, 8);' RtlUnicodeStringCchCopyStringN
verdict refuse -DNTSTRSAFE_NO_CCH_FUNCTIONS 'return RtlStringCchCopy(a, 8, "x");' RtlStringCchCopy
verdict accept -DNTSTRSAFE_NO_CB_FUNCTIONS "$cch"
verdict refuse -DNTSTRSAFE_NO_CB_FUNCTIONS "$cb" RtlStringCbCopyA
verdict refuse '-DNTSTRSAFE_NO_CB_FUNCTIONS -DNTSTRSAFE_NO_CCH_FUNCTIONS' 'return 0;' 'exclude each other'
verdict accept -DNTSTRSAFE_NO_UNICODE_STRING_FUNCTIONS "$cb"
verdict refuse -DNTSTRSAFE_NO_UNICODE_STRING_FUNCTIONS "$counted" RtlUnicodeStringCopyString
verdict accept '-DNTSTRSAFE_MAX_CCH=100 -DNTSTRSAFE_UNICODE_STRING_MAX_CCH=10' "$counted"
verdict refuse -DNTSTRSAFE_MAX_CCH=3000000000 'return 0;'
verdict refuse -DNTSTRSAFE_UNICODE_STRING_MAX_CCH=40000 'return 0;'
[ $failures -eq 0 ]
