#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measure the benchmark driver under Wine: run.sh BUILD; prints "name<TAB>nanoseconds" lines. Everything on one core, in a
# Wine prefix of its own inside the build folder.
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")"
x86_64-w64-mingw32-gcc -O2 -o "$build/bench/wine-client.exe" client.c
export WINEPREFIX=$build/bench/wine-prefix WINEDEBUG=${WINEDEBUG:--all} WINEDLLOVERRIDES="mscoree,mshtml=" DISPLAY=
# A prefix that an interrupted run left behind may hold a service that never starts again.
rm -rf "$WINEPREFIX"
cd "$build/bench"
taskset -c 0 wineboot -i >/dev/null 2>&1 || true
status=0
timeout 120 taskset -c 0 wine wine-client.exe bench.sys || status=$?
wineserver -k >/dev/null 2>&1 || true
exit $status
