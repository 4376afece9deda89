#!/bin/sh
# Build a test driver: build.sh OUT LIBDIR SDK SOURCE [argument...]
# Arguments that begin with - are the compiler's, others the linker's. clang-19 and lld-link-19 directly, because these
# tests are about what compiler and linker can be told to make.
set -e
out=$1 lib=$2 sdk=$3 source=$4
shift 4
compile='' link='' debug=/debug:dwarf format=-gdwarf-4
for argument; do
    case $argument in
    -gcodeview) debug='' format='-g -gcodeview' ;;
    -*) compile="$compile $argument" ;;
    *) link="$link $argument" ;;
    esac
done
clang-19 --target=x86_64-pc-windows-msvc -fms-extensions -fms-compatibility -ffreestanding -nostdinc -fno-builtin \
    -fasync-exceptions -fasynchronous-unwind-tables -Wall -Wno-unused-parameter -Wno-microsoft -Wno-ignored-attributes \
    -isystem "$sdk/include/crt" -isystem "$sdk/include/km" -isystem "$sdk/include/shared" -D_AMD64_ -D_WIN64 \
    $format -O2 $compile -c "$source" -o "$out.obj"
exec lld-link-19 /nologo /subsystem:native /nodefaultlib /timestamp:0 $debug $link "$out.obj" "$lib/ntoskrnl.lib" \
    "$lib/hal.lib" /out:"$out"
