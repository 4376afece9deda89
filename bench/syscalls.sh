#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The synchronous I/O path makes no system call: the number of system calls of a run does not grow with the number of
# requests. syscalls.sh BUILD
set -eu
build=$(cd "${1:-build}" && pwd)
cd "$(dirname "$0")"
command -v strace >/dev/null || { echo "syscalls.sh: strace is not installed" >&2; exit 2; }
"$build/kiln" cc -O2 -o "$build/bench/bench.sys" driver/bench.c
count() {
    strace -f -c -o "$build/bench/strace.$1" "$build/bench/kiln-bench" --ioctls "$1" "$build/bench/bench.sys"
    awk '$NF == "total" { print $4 }' "$build/bench/strace.$1"
}
few=$(count 100)
many=$(count 50100)
echo "400 requests: $few system calls; 200400 requests: $many system calls"
# What is left is the clock thread's: not one in a thousand requests.
[ $((many - few)) -lt 200 ]
