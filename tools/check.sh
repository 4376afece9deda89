#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Run every test of a build folder: check.sh BUILD. Ends with one line "N passed, N failed".
set -u
build=${1:-build}
root=$(cd "$(dirname "$0")/.." && pwd)
export KILN_TEST_DRIVERS=${KILN_TEST_DRIVERS:-$root/$build/tests/drivers}
[ -d "$build" ] && build=$(cd "$build" && pwd)
passed=0
failed=0

# A runner's output is shown; its last line "N passed, N failed" is added up.
run() {
    local title=$1
    shift
    echo "== $title"
    local log
    log=$(mktemp)
    "$@" 2>&1 | tee "$log"
    local status=${PIPESTATUS[0]}
    local line
    line=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    rm -f "$log"
    if [ -z "$line" ]; then
        [ "$status" -eq 0 ] && passed=$((passed + 1)) || { failed=$((failed + 1)); echo "FAIL $title (exit $status)"; }
        return
    fi
    passed=$((passed + $(echo "$line" | cut -d' ' -f1)))
    failed=$((failed + $(echo "$line" | cut -d' ' -f3)))
}

export KILN_TEST_DRIVERS=$build/tests/drivers
run "in-process tests: simulator and live host" "$build/tests/kiln-tests" --seeds "${KILN_SEEDS:-50}"
# What is declared as a Meson test: each counts as one.
meson_tests() {
    meson test -C "$build" --no-rebuild --print-errorlogs --num-processes 2 | grep -vE '^(ninja:|[0-9]+/[0-9]+ .* OK )' || true
    python3 - "$build/meson-logs/testlog.json" <<'PY'
import json, sys
good = ("OK", "EXPECTEDFAIL", "SKIP")
results = [json.loads(line)["result"] for line in open(sys.argv[1], encoding="utf-8")]
bad = sum(r not in good for r in results)
print(f"{len(results) - bad} passed, {bad} failed")
PY
}
run "Meson tests: SDK, samples, tools" meson_tests
for script in "$root"/tests/*/check.sh; do
    [ -x "$script" ] && run "$(basename "$(dirname "$script")")" "$script" "$build"
done
echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
