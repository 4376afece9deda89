#!/bin/sh
# Build a test driver: build.sh OUT LIBDIR SDK SOURCE [linker argument...]
# clang-19 and lld-link-19 directly, because these tests are about what the linker can be told to make.
set -e
out=$1 lib=$2 sdk=$3 source=$4
shift 4
clang-19 --target=x86_64-pc-windows-msvc -fms-extensions -fms-compatibility -ffreestanding -nostdinc -fno-builtin \
    -fasync-exceptions -fasynchronous-unwind-tables -Wall -Wno-unused-parameter -Wno-microsoft -Wno-ignored-attributes \
    -isystem "$sdk/include/crt" -isystem "$sdk/include/km" -isystem "$sdk/include/shared" -D_AMD64_ -D_WIN64 \
    -gdwarf-4 -O2 -c "$source" -o "$out.obj"
exec lld-link-19 /nologo /subsystem:native /nodefaultlib /timestamp:0 /debug:dwarf "$@" "$out.obj" "$lib/ntoskrnl.lib" \
    "$lib/hal.lib" /out:"$out"
