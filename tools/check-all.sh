#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tests in the other configurations: clang, debug, ASan+UBSan, and TSan on the live host. Fewer seeds each.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh
configure() { # folder, compiler, options...
    local folder=$1 compiler=$2
    shift 2
    [ -f "$folder/build.ninja" ] || CC=$compiler meson setup "$folder" "$@" >/dev/null
    ninja -C "$folder" tests/kiln-tests >/dev/null
}
echo "== clang-19, release"
configure build-clang clang-19
build-clang/tests/kiln-tests --seeds 10
echo "== gcc, debug"
configure build-debug gcc --buildtype=debug
build-debug/tests/kiln-tests --seeds 5
echo "== clang-19, ASan and UBSan"
configure build-asan clang-19 --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:detect_stack_use_after_return=0 \
    build-asan/tests/kiln-tests --seeds 3 --timeout 120
echo "== clang-19, TSan, live host"
configure build-tsan clang-19 --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false
TSAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:report_signal_unsafe=0 \
    build-tsan/tests/kiln-tests --live 2 --timeout 120
