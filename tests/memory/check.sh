#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Memory as a user of the kiln command sees it: paging and its reports. check.sh BUILD
set -u
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

cat >page.c <<'C'
#include <ntddk.h>
static DRIVER_UNLOAD unload;
__declspec(noinline) static ULONG paged(ULONG x);
#pragma alloc_text(PAGE, paged)
static PULONG block;
static ULONG paged(ULONG x) { return x + *(volatile ULONG *)block; }
static void unload(PDRIVER_OBJECT driver)
{
    KSPIN_LOCK lock;
    KIRQL irql;
    UNREFERENCED_PARAMETER(driver);
    DbgPrint("sum %u\n", paged(1));
    KeInitializeSpinLock(&lock);
    for (ULONG i = 0; i < 500; i++) {
        block[0] = 41;
        KeAcquireSpinLock(&lock, &irql);
#ifdef DATA
        block[0]++;
#endif
#ifdef CODE
        paged(i);
#endif
        KeReleaseSpinLock(&lock, irql);
    }
    ExFreePoolWithTag(block, 'gpTP');
}
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(path);
#ifdef CODE
    block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'gpTP');
#else
    block = ExAllocatePool2(POOL_FLAG_PAGED, 64, 'gpTP');
#endif
    *block = 41;
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
C
expect "cc builds a driver with pageable code" 0 "" "$kiln" cc -g -o page.sys page.c
expect "cc builds one that touches paged pool under a lock" 0 "" "$kiln" cc -g -DDATA -o data.sys page.c
expect "cc builds one that runs pageable code under a lock" 0 "" "$kiln" cc -g -DCODE -o code.sys page.c
for host in "" --live; do
    expect "a clean driver runs with paging $host" 0 "sum 42" "$kiln" run $host --paging page.sys
    expect "without paging nothing is noticed $host" 0 "sum 42" "$kiln" run $host data.sys
    expect "paged pool under a lock is found $host" 3 "DRIVER_IRQL_NOT_LESS_OR_EQUAL" "$kiln" run $host --paging data.sys
    expect "pageable code under a lock is found $host" 3 "section PAGE of its driver" "$kiln" run $host --paging code.sys
done
expect "the report names the tag and who allocated it" 3 "paged pool with tag 'PTpg', allocated by data\.sys!DriverEntry" \
    "$kiln" run --paging data.sys
expect "the report names the line that touched it" 3 "page\.c:18" "$kiln" run --paging data.sys
expect "another seed finds it too" 3 "DRIVER_IRQL_NOT_LESS_OR_EQUAL" "$kiln" run --paging --seed 7 data.sys
expect "pages go out on command" 0 "^[1-9][0-9]* pages went out" "$kiln" run --paging -c pageout page.sys
expect "pageout needs paging" 1 "without paging" "$kiln" run -c pageout page.sys
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
