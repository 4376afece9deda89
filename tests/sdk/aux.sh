#!/bin/sh
# SPDX-License-Identifier: MIT
# aux.sh KILN SOURCE - a driver that links aux_klib and procgrp finds what their pages say.
kiln=$1 source=$2 out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$kiln" cc -o "$out/aux.sys" "$source" -laux_klib -lprocgrp || exit 1
"$kiln" run "$out/aux.sys" >"$out/log" 2>&1
fail() {
    echo "aux.sh: $1"
    cat "$out/log"
    exit 1
}
grep -q 'not so' "$out/log" && fail 'a routine did not do what its page says'
grep -q 'aux: done' "$out/log" || fail 'the driver did not come to its end'
grep -q 'aux: stopped by e2 (1 2 3 4)' "$out/log" || fail 'the data of the bugcheck are not those of the bugcheck'
exit 0
