#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The tests in the other configurations: clang, debug, ASan+UBSan, and TSan on the live host. Fewer seeds each. The last
# line says which passed. check-all.sh [NAME...] runs only those named: clang, debug, asan, tsan. KILN_TEST_ARGS is passed
# to the test programs.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh
wanted=${*:-clang debug asan tsan}
passed= failed=

# run NAME COMPILER MESON-OPTIONS -- TEST-ARGUMENTS: build without a warning in build-NAME, then test.
run() {
    local name=$1 compiler=$2 folder=build-$1 options=()
    shift 2
    while [ "$1" != -- ]; do options+=("$1"); shift; done
    shift
    case " $wanted " in *" $name "*) ;; *) return ;; esac
    echo "== $name: $compiler ${options[*]:-release}"
    [ -f "$folder/build.ninja" ] || CC=$compiler meson setup "$folder" "${options[@]}" >/dev/null
    if ! ninja -C "$folder" test-programs >"$folder/build.log" 2>&1 || grep -q 'warning:' "$folder/build.log"; then
        grep -E 'warning:|error:|FAILED' "$folder/build.log" || tail -n 20 "$folder/build.log"
        failed="$failed $name(build)"
    elif KILN_TEST_DRIVERS=$PWD/$folder/tests/drivers "$folder/tests/kiln-tests" --timeout 120 "$@" ${KILN_TEST_ARGS:-}; then
        passed="$passed $name"
    else
        failed="$failed $name"
    fi
}

run clang clang-19 -- --seeds 10
run debug gcc --buildtype=debug -- --seeds 5
# The sanitizers' options are built in (host/sanitizer.c).
run asan clang-19 --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false -- --seeds 3
# Not the tests of traps and redirection (exc_): TSan puts off asynchronous signals, and does not see driver code.
export TSAN_OPTIONS=symbolize=1
run tsan clang-19 --buildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false -- --live 2 '!exc_'
echo "check-all: passed:${passed:- none}; failed:${failed:- none}"
[ -z "$failed" ]
