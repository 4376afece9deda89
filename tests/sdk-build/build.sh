#!/bin/sh
# SPDX-License-Identifier: MIT
# Build the test project with another build system and run what it made. build.sh cmake|meson KILN SOURCES SDK LIB
set -eu
tool=$1 kiln=$2 sources=$3 sdk=$4 lib=$5
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
case $tool in
cmake)
    cmake -S "$sources/cmake" -B "$out/b" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$sdk/cmake/kiln-toolchain.cmake" -DKILN_LIB_DIR="$lib"
    ;;
meson)
    printf "[constants]\nkiln_include = '%s/include'\nkiln_lib = '%s'\n" "$sdk" "$lib" >"$out/paths.ini"
    meson setup "$out/b" "$sources/meson" --cross-file "$out/paths.ini" --cross-file "$sdk/meson/kiln-cross.ini"
    ;;
esac
ninja -C "$out/b"
"$kiln" run "$out/b/library.sys" "$out/b/hello.sys" -c 'expect output "Hello: the answer is 42"'
