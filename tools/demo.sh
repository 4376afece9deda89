#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make demo: build drivers from source, run them, break them. demo.sh BUILD
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
kiln=$build/kiln
out=$build/demo
mkdir -p "$out"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
show() {
    printf '$ %s\n' "$*"
    "$@"
}

say "1. A driver from source: samples/echo, built with Kiln's SDK"
show "$kiln" cc -g -O2 -o "$out/echo.sys" samples/echo/*.c
show "$kiln" inspect "$out/echo.sys" | sed -n '1,/^Imports/p'

say "2. The same source built with mingw-w64 gcc and its own DDK headers"
mkdir -p "$out/mingw"
show x86_64-w64-mingw32-gcc -O2 -g -Wno-multichar -I/usr/share/mingw-w64/include/ddk -shared -nostdlib \
    -Wl,--subsystem,native -Wl,--entry,DriverEntry -Wl,--dynamicbase -Wl,--disable-auto-import \
    -o "$out/mingw/echo.sys" samples/echo/*.c -lntoskrnl -lhal

say "3. Both images through the same scenario, on the simulator"
show "$kiln" run "$out/echo.sys" --script samples/echo/echo.kiln
show "$kiln" run "$out/mingw/echo.sys" --script samples/echo/echo.kiln >"$out/mingw/output"
tail -n 3 "$out/mingw/output"

say "4. A filter driver attached above echo"
show "$kiln" cc -g -O2 -o "$out/filter.sys" samples/filter/filter.c
show "$kiln" run "$out/echo.sys" "$out/filter.sys" --script samples/filter/filter.kiln

say "5. In real time, with two processors"
show "$kiln" run --live --cpus 2 --plain "$out/echo.sys" --script samples/echo/echo.kiln

say "6. A driver unit test in plain C (samples/unit-test)"
show cc -O2 -Ilib/include -o "$out/echo_test" samples/unit-test/echo_test.c "$build/lib/libkiln.a" -no-pie -lZydis -lpthread
show "$out/echo_test" "$out/echo.sys"

say "7. What a bug looks like (samples/crash)"
show "$kiln" cc -g -O2 -o "$out/crash.sys" samples/crash/crash.c
set +e
show "$kiln" run "$out/crash.sys" --script samples/crash/null.kiln
status=$?
set -e
[ "$status" -eq 3 ] || { echo "demo: the crash sample should have ended with exit status 3, not $status" >&2; exit 1; }

say "8. Two threads that wait for each other (the first lines of the report)"
set +e
show "$kiln" run "$out/crash.sys" --script samples/crash/deadlock.kiln 2>&1 | sed -n '1,/^Source/p'
status=${PIPESTATUS[0]}
set -e
[ "$status" -eq 3 ] || { echo "demo: the deadlock should have ended with exit status 3, not $status" >&2; exit 1; }

say "9. What the machine is made of"
show "$kiln" run "$out/echo.sys" -c 'open \\.\Echo async as e; read e 16 async; threads; processors; handles; objects \Device\Echo; references \Device\Echo'

say "All of it worked. Try: $kiln shell $out/echo.sys"
