#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# make bench: build the benchmark driver, measure it on Kiln and, where wine is installed, the same image under Wine.
set -eu
build=$(cd "${1:-build}" && pwd)
cd "$(dirname "$0")"
shift || true
"$build/kiln" cc -O2 -o "$build/bench/bench.sys" driver/bench.c
"$build/kiln" cc -O2 -o "$build/bench/minimal.sys" driver/minimal.c
"$build/kiln" cc -O2 -o "$build/bench/objects.sys" driver/objects.c
"$build/kiln" cc -O2 -o "$build/bench/locks.sys" driver/locks.c
wine_args=()
if command -v wine >/dev/null 2>&1 && [ "${KILN_BENCH_WINE:-yes}" = yes ]; then
    if wine/run.sh "$build" >"$build/bench/wine.tsv" 2>"$build/bench/wine.log"; then
        wine_args=(--wine "$build/bench/wine.tsv")
    else
        echo "bench: Wine could not run the driver (see $build/bench/wine.log)" >&2
    fi
fi
# One core for everything, so that figures are comparable.
export KILN_BENCH_DRIVER=$build/bench/bench.sys KILN_BENCH_MINIMAL=$build/bench/minimal.sys
# The run-time library against glibc; no machine is needed.
if [ $# -eq 0 ]; then
    taskset -c 0 "$build/bench/kiln-bench-rtl"
fi
# Threads created and joined: rows of their own, each a process, with its peak of memory.
if [ $# -eq 0 ]; then
    "$build/kiln" cc -O2 -o "$build/bench/threads.sys" driver/threads.c
    taskset -c 0 "$build/bench/kiln-bench-threads" "$build/bench/threads.sys"
fi
# Views of sections, beside mmap.
if [ $# -eq 0 ]; then
    "$build/kiln" cc -O2 -o "$build/bench/sections.sys" driver/sections.c
    taskset -c 0 "$build/bench/kiln-bench-sections" "$build/bench/sections.sys"
fi
taskset -c 0 "$build/bench/kiln-bench" "${wine_args[@]}" "$@"
# What two processors do to one lock needs two cores.
if [ "$#" -eq 0 ] && [ "$(nproc)" -ge 2 ]; then
    taskset -c 0,1 "$build/bench/kiln-bench" --cpus 2 "2 VPs" "2 threads"
fi
