#!/bin/sh
# SPDX-License-Identifier: MIT
# usage.sh SDK_INCLUDE SOURCE - driver idioms compile without a warning as C and C++, free and checked (DBG=1), and with mingw-w64 gcc.
set -e
include=$1 source=$2 out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
paths="-I$include/km -I$include/shared -I$include/crt"
for language in 'c -std=c17' 'c++ -std=c++17'; do
    for checked in '' -DDBG=1 '-DPOOL_NX_OPTIN=1'; do
        clang-19 --target=x86_64-pc-windows-msvc -fms-extensions -fasync-exceptions -ffreestanding -nostdinc $paths \
            -Wall -Wextra -Werror -O1 $checked -x $language -c "$source" -o "$out/usage.obj"
    done
done
if command -v x86_64-w64-mingw32-gcc >/dev/null; then
    x86_64-w64-mingw32-gcc -ffreestanding -nostdinc $paths -Wall -Wextra -Werror -O1 -c "$source" -o "$out/usage.o"
fi
