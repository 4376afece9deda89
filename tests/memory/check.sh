#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Memory as a user of the kiln command sees it: paging and its reports. check.sh BUILD
set -u
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../expect.sh" "$1"

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

cat >pool.c <<'C'
#include <ntddk.h>
static DRIVER_UNLOAD unload;
static void unload(PDRIVER_OBJECT driver) { UNREFERENCED_PARAMETER(driver); }
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    volatile char *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, 'kaeL');
    UNREFERENCED_PARAMETER(path);
    p[0] = 1;
#ifdef OVER
    p[48] = 1;
#endif
#ifdef AFTER
    ExFreePool((PVOID)p);
    p[1] = 1;
#endif
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
C
expect "cc builds a driver that leaks" 0 "" "$kiln" cc -g -o leak.sys pool.c
expect "cc builds one that overruns" 0 "" "$kiln" cc -g -DOVER -o over.sys pool.c
expect "cc builds one that uses freed memory" 0 "" "$kiln" cc -g -DAFTER -o after.sys pool.c
expect "pool shows counts and bytes by tag" 0 "^Leak +1 +0 +40 +0 +0 +0" "$kiln" run -c pool leak.sys
expect "pool TAG shows who allocated each block" 0 "^Leak +0x[0-9a-f]+ +40 +nonpaged +leak.sys!DriverEntry.*pool.c:6" \
    "$kiln" run -c "pool Leak" leak.sys
expect "leaks names the driver, function and line after its unload" 0 "^leak.* Leak +0x[0-9a-f]+ +40 +nonpaged +DriverEntry .*pool.c:6" \
    "$kiln" run -c "load leak.sys; unload leak; leaks"
expect "memory shows the ranges of RAM" 0 "RAM range, pages +65536 .*0x0-0xfffffff" "$kiln" run -c memory leak.sys
expect "memory shows the bound of host mappings" 0 "host mappings charged +[0-9]+ +[1-9][0-9]+" "$kiln" run -c memory leak.sys
expect "memory of a process shows its ranges" 0 "0x[0-9a-f]+ +[0-9]+ +[0-9]+ +private" "$kiln" run -c "memory kiln" leak.sys
expect "memory of an unknown process fails" 1 "STATUS_NOT_FOUND" "$kiln" run -c "memory nobody" leak.sys
expect "memory is JSON with --json" 0 '"what":"system PTEs"' "$kiln" run --json -c memory leak.sys
expect "an overrun goes unnoticed in ordinary pool of the live host" 0 "" "$kiln" run --live over.sys
for host in "" --live; do
    expect "special pool finds the overrun $host" 3 "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION" \
        "$kiln" run $host --special-pool Leak over.sys
    expect "special pool finds the use after free $host" 3 "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL" \
        "$kiln" run $host --special-pool all after.sys
done
expect "the report names block, tag and who allocated it" 3 "40 bytes, tag 'Leak', allocated by over.sys!DriverEntry" \
    "$kiln" run --special-pool Leak over.sys
expect "and who freed it" 3 "freed by after.sys!DriverEntry" "$kiln" run --special-pool Leak after.sys
expect "another tag is not special" 0 "" "$kiln" run --live --special-pool Abcd over.sys
finish
