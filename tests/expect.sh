# SPDX-License-Identifier: MIT
# For the scripts that test the kiln command, which source it with their argument BUILD: a scratch folder to be in, and what
# counts. `finish` prints the sum, and is the script's exit status.
build=$(cd "$1" && pwd)
kiln=$build/kiln
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
passed=0
failed=0

# expect TITLE STATUS PATTERN COMMAND...: the exit status, and an extended regular expression in the output ("" for any).
expect() {
    local title=$1 status=$2 pattern=$3
    shift 3
    timeout 60 "$@" >out 2>err </dev/null
    local got=$?
    if [ "$got" -ne "$status" ]; then
        echo "FAIL $title: exit status $got instead of $status: $*"
        cat out err
    elif [ -n "$pattern" ] && ! cat out err | grep -qE -- "$pattern"; then
        echo "FAIL $title: no line matches $pattern: $*"
        cat out err
    else
        passed=$((passed + 1))
        return 0
    fi
    failed=$((failed + 1))
}

finish() {
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
