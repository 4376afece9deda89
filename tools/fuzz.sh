#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Build the fuzzers and run each for FUZZ_SECONDS (default 60) on its kept corpus. Findings stay in build-fuzz/.
set -eu
cd "$(dirname "$0")/.."
tools/deps.sh
[ -f build-fuzz/build.ninja ] ||
    CC=clang-19 meson setup build-fuzz -Dfuzz=true --buildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
ninja -C build-fuzz
for fuzzer in build-fuzz/tests/fuzz/*_fuzz; do
    [ -x "$fuzzer" ] || continue
    name=$(basename "$fuzzer")
    mkdir -p "build-fuzz/corpus/$name"
    echo "== $name, ${FUZZ_SECONDS:-60} s"
    (cd build-fuzz && "../$fuzzer" -max_total_time="${FUZZ_SECONDS:-60}" -rss_limit_mb=4096 -print_final_stats=1 \
        "corpus/$name" "../tests/fuzz/corpus/${name%_fuzz}") 2>&1 | tail -n 12
done
