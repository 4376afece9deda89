#!/bin/sh
# SPDX-License-Identifier: MIT
# crt.sh KILN SOURCE - a C++ driver with cookies and guarded calls runs on kilncrt.lib, and its stack overrun is caught.
kiln=$1 source=$2 out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$kiln" cc --guard=gs,cf -o "$out/crt.sys" "$source" || exit 1
"$kiln" run "$out/crt.sys" >"$out/log" 2>&1
status=$?
fail() {
    echo "crt.sh: $1"
    cat "$out/log"
    exit 1
}
[ $status = 3 ] || fail "exit status $status, not that of a bugcheck"
grep -q 'static 4, allocated 3, destroyed 1, large 2' "$out/log" || fail 'constructors, new or the stack probe do not work'
grep -q 'in bounds' "$out/log" || fail 'an intact cookie was refused'
grep -q 'KERNEL_SECURITY_CHECK_FAILURE (0x0000000000000002' "$out/log" || fail 'the overrun was not caught'
grep -q 'not reached' "$out/log" && fail 'the driver went on after its overrun'
exit 0
