#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the kiln command promises: exit statuses, messages with file:line:column, reproducible runs. check.sh BUILD
set -u
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../expect.sh" "$1"

expect "a processor is added" 0 "^ *2 +1 +0 " "$kiln" run --cpus 2 --max-cpus 3 --group-size 2 -c 'processor add; expect information 2; processors'
expect "no processor more than --max-cpus" 1 "STATUS_NO_SUCH_DEVICE" "$kiln" run --max-cpus 2 -c 'processor add; processor add'
expect "an interrupt nobody handles" 3 "NMI_HARDWARE_FAILURE" "$kiln" run -c nmi
expect "timers and DPCs are listed" 0 "threaded +queue" "$kiln" run -c 'timers; dpcs'

cat >hello.c <<'C'
#include <ntddk.h>
static DRIVER_UNLOAD unload;
static void unload(PDRIVER_OBJECT driver) { DbgPrint("goodbye from %wZ\n", &driver->DriverName); }
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    DbgPrint("hello from %wZ\n", path);
    driver->DriverUnload = unload;
    return STATUS_SUCCESS;
}
C
cat >refuse.c <<'C'
#include <ntddk.h>
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(driver); UNREFERENCED_PARAMETER(path);
    return STATUS_NO_SUCH_DEVICE;
}
C
cat >crash.c <<'C'
#include <ntddk.h>
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(driver); UNREFERENCED_PARAMETER(path);
    KeBugCheckEx(MANUALLY_INITIATED_CRASH, 1, 2, 3, 4);
}
C
cat >deadlock.c <<'C'
#include <ntddk.h>
static FAST_MUTEX list_lock;
static KMUTEX state;
static KEVENT has_list, has_state;
static KSTART_ROUTINE worker;
static void worker(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    KeWaitForSingleObject(&state, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&has_state, 0, FALSE);
    KeWaitForSingleObject(&has_list, Executive, KernelMode, FALSE, NULL);
    ExAcquireFastMutex(&list_lock);
}
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    HANDLE thread;
    UNREFERENCED_PARAMETER(driver); UNREFERENCED_PARAMETER(path);
    ExInitializeFastMutex(&list_lock);
    KeInitializeMutex(&state, 0);
    KeInitializeEvent(&has_list, NotificationEvent, FALSE);
    KeInitializeEvent(&has_state, NotificationEvent, FALSE);
    PsCreateSystemThread(&thread, THREAD_ALL_ACCESS, NULL, NULL, NULL, worker, NULL);
    ExAcquireFastMutex(&list_lock);
    KeSetEvent(&has_list, 0, FALSE);
    KeWaitForSingleObject(&has_state, Executive, KernelMode, FALSE, NULL);
    KeWaitForSingleObject(&state, Executive, KernelMode, FALSE, NULL);
    return STATUS_SUCCESS;
}
C
for f in hello refuse crash deadlock; do
    expect "cc builds $f" 0 "" "$kiln" cc -g -o $f.sys $f.c
done

expect "a deadlock is a bugcheck in checked runs" 3 "0xC4|000000C4" "$kiln" run deadlock.sys
expect "it says who waits where" 3 "thread [0-9]+ waits for mutex .* at deadlock.sys!DriverEntry .deadlock.c:26" "$kiln" run deadlock.sys
expect "and who holds it since where" 3 "held by thread [0-9]+, which acquired it at deadlock.sys!worker .deadlock.c:9" "$kiln" run deadlock.sys
expect "and so in JSON" 3 '"locks":."thread' "$kiln" run --json deadlock.sys
expect "unchecked it is a report and status 1" 1 "Deadlock: these threads wait for each other" "$kiln" run --unchecked deadlock.sys
expect "unchecked it says who holds what" 1 "fast mutex .*held by thread" "$kiln" run --unchecked deadlock.sys
expect "no deadlocks" 0 "no deadlocks" "$kiln" run -c deadlocks

expect "no verb is usage" 2 "usage: kiln" "$kiln"
expect "an unknown verb is usage" 2 "frobnicate" "$kiln" frobnicate
expect "help succeeds" 0 "kiln run" "$kiln" help
expect "nothing to run is usage" 2 "nothing to run" "$kiln" run
expect "an unknown option is usage" 2 "unknown option: --frob" "$kiln" run --frob
expect "a missing script is usage" 2 "no-such.kiln" "$kiln" run --script no-such.kiln
expect "a driver runs and unloads" 0 "goodbye from .Driver.hello" "$kiln" run hello.sys
expect "a driver runs on the live host" 0 "goodbye from .Driver.hello" "$kiln" run --live hello.sys
expect "a failing DriverEntry is 1 and names its status" 1 "STATUS_NO_SUCH_DEVICE" "$kiln" run refuse.sys
expect "a missing image is 1" 1 "nothere.sys" "$kiln" run nothere.sys
expect "a bugcheck is 3 and named" 3 "MANUALLY_INITIATED_CRASH" "$kiln" run crash.sys
expect "the report has the parameters" 3 "0*4" "$kiln" run crash.sys
expect "the report has the source line" 3 "crash\.c:5" "$kiln" run crash.sys
expect "the report says how to repeat the run" 3 "kiln run .*crash\.sys" "$kiln" run crash.sys
printf 'not an image' >text.sys
expect "a text file is refused with a reason" 1 "STATUS_INVALID_IMAGE" "$kiln" run text.sys

"$kiln" run --plain hello.sys >plain 2>/dev/null
if [ "$(cat plain)" = "$(printf 'hello from \\Registry\\Machine\\System\\CurrentControlSet\\Services\\hello\ngoodbye from \\Driver\\hello')" ]; then
    passed=$((passed + 1))
else
    echo "FAIL --plain prints exactly what the driver prints:"; cat plain
    failed=$((failed + 1))
fi

# Scripts: errors have a place, expectations judge.
script() { printf "$1" >s.kiln; }
script 'load hello.sys\nfrobnicate\n'
expect "an unknown command has a place" 1 "s.kiln:2:1: .*frobnicate" "$kiln" run --script s.kiln
script 'print "a\n'
expect "an open quote has a place" 1 "s.kiln:1:7: .*quote" "$kiln" run --script s.kiln
script 'load hello.sys\n\n  read x 10\n'
expect "an unknown file has a place" 1 "s.kiln:3:8: .*'x'" "$kiln" run --script s.kiln
script 'load hello.sys\nopen Nothing\n'
expect "an unexpected error fails the run" 1 "s.kiln:2:1: open Nothing failed with STATUS_OBJECT_NAME_NOT_FOUND" "$kiln" run --script s.kiln
script 'load hello.sys\nopen Nothing\nexpect status STATUS_OBJECT_NAME_NOT_FOUND\n'
expect "an expected error does not" 0 "" "$kiln" run --script s.kiln
script 'load refuse.sys\nexpect status NO_SUCH_DEVICE\n'
expect "a load that fails as expected" 0 "" "$kiln" run --script s.kiln
script 'load hello.sys\nexpect status STATUS_NO_SUCH_DEVICE\n'
expect "a wrong expectation is 1" 1 "s.kiln:2:15: .*expected STATUS_NO_SUCH_DEVICE, got STATUS_SUCCESS" "$kiln" run --script s.kiln
script 'load hello.sys\nexpect output "hello from"\nunload hello\nexpect output "goodbye"\n'
expect "driver output can be expected" 0 "" "$kiln" run --script s.kiln
expect "time is virtual" 0 "3600.[0-9]+ s" "$kiln" run -c 'sleep 3600s; print time'
for list in drivers devices objdir handles processes threads irps pool modules; do
    expect "$list prints a table" 0 "[a-z]" "$kiln" run hello.sys -c "$list"
    expect "$list prints JSON" 0 "\"command\":\"$list\"" "$kiln" run --json hello.sys -c "$list"
done
expect "a device stack can be shown" 1 "STATUS_" "$kiln" run hello.sys -c 'devstack \Device\None'

# The same seed gives the same event log.
"$kiln" run --seed 5 --cpus 3 --log log1 hello.sys >/dev/null 2>&1
"$kiln" run --seed 5 --cpus 3 --log log2 hello.sys >/dev/null 2>&1
"$kiln" run --seed 6 --cpus 3 --log log3 hello.sys >/dev/null 2>&1
if [ -s log1 ] && cmp -s log1 log2 && ! cmp -s log1 log3; then
    passed=$((passed + 1))
else
    echo "FAIL the event log of a seed repeats byte for byte, and differs between seeds"
    wc log1 log2 log3; diff log1 log2 | head -5
    failed=$((failed + 1))
fi

# A call at a wrong IRQL: stop, report (the call goes on, its arguments whole), off.
cat >irql.c <<'C'
#include <ntddk.h>
static __declspec(noinline) NTSTATUS Compare(PUNICODE_STRING a, PUNICODE_STRING b)
{
    KIRQL old;
    LONG order;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    order = RtlCompareUnicodeString(a, b, TRUE);
    KeLowerIrql(old);
    return order < 0 ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}
static VOID Unload(PDRIVER_OBJECT driver)
{
}
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING a = RTL_CONSTANT_STRING(L"abc"), b = RTL_CONSTANT_STRING(L"ABD");
    NTSTATUS status = Compare(&a, &b);
    driver->DriverUnload = Unload;
    DbgPrint("twice\n");
    return NT_SUCCESS(status) ? Compare(&a, &b) : status;
}
C
expect "cc builds a driver that calls at a wrong IRQL" 0 "" "$kiln" cc -g -o irql.sys irql.c
expect "a call at a wrong IRQL stops the machine" 3 "STOP: 0x000000C4" "$kiln" run irql.sys
expect "... and is explained" 3 "irql.sys!Compare \(.*irql.c:7\) called RtlCompareUnicodeString at IRQL 2 \(DISPATCH_LEVEL\); it may be called at PASSIVE_LEVEL only" \
    "$kiln" run irql.sys
expect "reported, it goes on and fails at the end" 1 "2 calls at an IRQL that the routine does not allow" "$kiln" run --irql-checks=report irql.sys
expect "... each place once, with its line" 1 "\*\*\* IRQL: irql.sys!Compare .*irql.c:7" "$kiln" run --irql-checks report irql.sys
if [ "$(grep -c '\*\*\* IRQL' err)" = 1 ]; then passed=$((passed + 1)); else echo "FAIL one report a place"; cat err; failed=$((failed + 1)); fi
expect "off, it is not noticed" 0 "twice" "$kiln" run --irql-checks=off irql.sys
expect "an unchecked machine does not notice it" 0 "twice" "$kiln" run --unchecked irql.sys
expect "nor does a live one" 0 "twice" "$kiln" run --live irql.sys
expect "a checked live one does" 3 "RtlCompareUnicodeString" "$kiln" run --live --checked irql.sys
expect "the mode has three words" 2 "stop, report or off" "$kiln" run --irql-checks=maybe irql.sys

cat >safe.c <<'C'
#include <ntddk.h>
extern PULONG InitSafeBootMode;
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(driver); UNREFERENCED_PARAMETER(path);
    DbgPrint("safe mode %u\n", *InitSafeBootMode);
    return *InitSafeBootMode == 1 ? STATUS_NOT_SAFE_MODE_DRIVER : STATUS_SUCCESS;
}
C
expect "a driver that looks at the safe mode" 0 "" "$kiln" cc safe.c
expect "an ordinary boot is not one" 0 "safe mode 0" "$kiln" run safe.sys
expect "a safe mode is told to drivers, which may refuse" 1 "STATUS_NOT_SAFE_MODE_DRIVER" "$kiln" run --safe-mode=minimal safe.sys
expect "... with network, and for repair" 0 "safe mode 3" "$kiln" run --safe-mode repair safe.sys
expect "there are three of them" 2 "minimal, network or repair" "$kiln" run --safe-mode=full safe.sys

# The shell takes the same commands.
printf 'load hello.sys\ndrivers\nbogus\nquit\n' | "$kiln" shell >out 2>err
if grep -q 'hello' out && grep -q bogus err; then passed=$((passed + 1)); else echo "FAIL shell"; cat out err; failed=$((failed + 1)); fi

# Runs that do not end.
cat >loop.c <<'C'
#include <ntddk.h>
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    volatile int i = 0;
    UNREFERENCED_PARAMETER(driver); UNREFERENCED_PARAMETER(path);
    for (;;)
        i++;
}
C
cat >hold.c <<'C'
#include <ntddk.h>
static NTSTATUS keep(PDEVICE_OBJECT device, PIRP irp)
{
    UNREFERENCED_PARAMETER(device);
    if (IoGetCurrentIrpStackLocation(irp)->MajorFunction == IRP_MJ_READ) {
        IoMarkIrpPending(irp);
        return STATUS_PENDING;
    }
    irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Device\\Hold");
    PDEVICE_OBJECT device;
    UNREFERENCED_PARAMETER(path);
    driver->MajorFunction[IRP_MJ_CREATE] = driver->MajorFunction[IRP_MJ_READ] = keep;
    return IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
}
C
expect "cc builds loop" 0 "" "$kiln" cc -g -o loop.sys loop.c
expect "cc builds hold" 0 "" "$kiln" cc -g -o hold.sys hold.c
expect "a run that takes too long says where it is" 1 "loop.sys!DriverEntry" "$kiln" run --timeout 1 loop.sys
expect "a hang names the request and who holds it" 1 "IRP_MJ_READ.*Device.Hold of .Driver.hold" "$kiln" run hold.sys -c 'open \Device\Hold; read Hold 1'
expect "a hang names the waiting code" 1 "at kiln!NtReadFile" "$kiln" run hold.sys -c 'open \Device\Hold; read Hold 1'

cat >break.c <<'C'
#include <ntddk.h>
static DRIVER_UNLOAD unload;
static void unload(PDRIVER_OBJECT driver) { UNREFERENCED_PARAMETER(driver); }
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNREFERENCED_PARAMETER(path);
    driver->DriverUnload = unload;
    DbgBreakPoint();
    __debugbreak();
    DbgPrint("went on\n");
    return STATUS_SUCCESS;
}
C
expect "cc builds break" 0 "" "$kiln" cc -g -o break.sys break.c
expect "a breakpoint without a debugger is a bugcheck" 3 "pass-breakpoints" "$kiln" run break.sys
expect "breakpoints can be passed" 0 "went on" "$kiln" run --pass-breakpoints break.sys
expect "a passed breakpoint is noted with its line" 0 "break\.c:9" "$kiln" run --pass-breakpoints break.sys

# Silo monitors.
cat >silo.c <<'C'
#include <ntddk.h>
static DRIVER_UNLOAD unload;
static PSILO_MONITOR monitor;
static ULONG slot;
static VOID NTAPI cleanup(PVOID context) { DbgPrint("context %u gone\n", *(ULONG *)context); }
static NTSTATUS NTAPI begun(PESILO silo)
{
    PVOID context;
    NTSTATUS status = PsCreateSiloContext(silo, sizeof(ULONG), NonPagedPoolNx, cleanup, &context);
    if (!NT_SUCCESS(status))
        return status;
    *(ULONG *)context = 42;
    status = PsInsertSiloContext(silo, slot, context);
    DbgPrint("silo begun: %#x\n", status);
    PsDereferenceSiloContext(context);
    return status;
}
static VOID NTAPI ended(PESILO silo)
{
    PVOID context = NULL;
    NTSTATUS status = PsRemoveSiloContext(silo, slot, &context);
    DbgPrint("silo ended: %#x, context %u\n", status, context ? *(ULONG *)context : 0);
    if (context)
        PsDereferenceSiloContext(context);
}
static void unload(PDRIVER_OBJECT driver)
{
    UNREFERENCED_PARAMETER(driver);
#ifndef FORGET
    PsUnregisterSiloMonitor(monitor);
#endif
}
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    static UNICODE_STRING name = RTL_CONSTANT_STRING(L"silo.sys");
    SILO_MONITOR_REGISTRATION registration = {0};
    UNREFERENCED_PARAMETER(path);
    registration.Version = SILO_MONITOR_REGISTRATION_VERSION;
    registration.ComponentName = &name;
    registration.CreateCallback = begun;
    registration.TerminateCallback = ended;
    driver->DriverUnload = unload;
    NTSTATUS status = PsRegisterSiloMonitor(&registration, &monitor);
    if (!NT_SUCCESS(status))
        return status;
    slot = PsGetSiloMonitorContextSlot(monitor);
    return PsStartSiloMonitor(monitor);
}
C
expect "cc builds silo" 0 "" "$kiln" cc -g -o silo.sys silo.c
expect "cc builds forgetful" 0 "" "$kiln" cc -g -DFORGET -o forgetful.sys silo.c
expect "a silo monitor hears of the beginning" 0 "silo begun: 0" "$kiln" run -c 'load silo.sys; silo create A; silo terminate A; unload silo'
expect "a silo monitor finds its context at the end" 0 "silo ended: 0, context 42" \
    "$kiln" run -c 'load silo.sys; silo create A; silo terminate A; unload silo'
expect "a context is cleaned up with its last reference" 0 "context 42 gone" \
    "$kiln" run -c 'load silo.sys; silo create A; silo terminate A; unload silo'
expect "a monitor that is unregistered hears of the end" 0 "context 42 gone" "$kiln" run -c 'load silo.sys; silo create A; unload silo'
expect "a silo monitor left registered is reported" 0 "PsUnregisterSiloMonitor" "$kiln" run -c 'load forgetful.sys; unload forgetful'

# Instrumented drivers.
cat >san.c <<'C'
#include <ntddk.h>
static DRIVER_UNLOAD unload;
static void unload(PDRIVER_OBJECT driver) { UNREFERENCED_PARAMETER(driver); }
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    volatile char *p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 20, 'tseT');
    volatile int shift = 40;
    UNREFERENCED_PARAMETER(path);
    UNREFERENCED_PARAMETER(shift);
    driver->DriverUnload = unload;
#ifdef SHIFT
    DbgPrint("%d\n", 1 << shift);
#endif
#ifdef OVERRUN
    (void)p[20];
#endif
    ExFreePool((PVOID)p);
#ifdef FREED
    (void)p[3];
#endif
    return STATUS_SUCCESS;
}
C
expect "cc builds with kasan" 0 "" "$kiln" cc -g --san=kasan -DOVERRUN -o overrun.sys san.c
expect "kasan reports an overrun, with its line" 3 "KASAN_ILLEGAL_ACCESS" "$kiln" run overrun.sys
expect "kasan builds a use after free" 0 "" "$kiln" cc -g --san=kasan -DFREED -o freed.sys san.c
expect "kasan reports a use after free" 3 "san\.c:19" "$kiln" run freed.sys
expect "cc builds with ubsan" 0 "" "$kiln" cc -g --san=ubsan -DSHIFT -o shift.sys san.c
expect "ubsan names the undefined behaviour" 3 "a shift by a negative or too large count" "$kiln" run shift.sys
expect "cc builds with all sanitizers" 0 "" "$kiln" cc -g --san=kasan,ubsan,cov -o clean.sys san.c
expect "a clean driver runs with all sanitizers" 0 "" "$kiln" run --coverage cov.info clean.sys
expect "coverage names the source" 0 "SF:.*san\.c" cat cov.info

expect "inspect says it will load" 0 "available" "$kiln" inspect hello.sys
expect "inspect refuses a text file" 1 "" "$kiln" inspect text.sys
expect "ddi names a routine" 0 "KeSetEvent" "$kiln" ddi KeSetEvent
cat >leaky.c <<'C'
#include <ntifs.h>
static PVOID held;
static HANDLE kept;
static DRIVER_UNLOAD unload;
static void unload(PDRIVER_OBJECT driver) { (void)driver; }
static NTSTATUS take(HANDLE h)
{
    return ObReferenceObjectByHandleWithTag(h, 0, *ExEventObjectType, KernelMode, 'oleH', &held, NULL);
}
NTSTATUS DriverEntry(PDRIVER_OBJECT driver, PUNICODE_STRING path)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\leaky");
    OBJECT_ATTRIBUTES a;
    (void)path;
    InitializeObjectAttributes(&a, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    NTSTATUS status = ZwCreateEvent(&kept, EVENT_ALL_ACCESS, &a, NotificationEvent, FALSE);
    driver->DriverUnload = unload;
    return NT_SUCCESS(status) ? take(kept) : status;
}
C
expect "a driver that leaks handles builds" 0 "" "$kiln" cc -g -O1 -o leaky.sys leaky.c
expect "handles tell who made them" 0 'System +4 +0xffffffff8[0-9a-f]+ +Event +.BaseNamedObjects.leaky +0x1f0003 .*leaky.sys!DriverEntry \(leaky.c:1[67]\)' \
    "$kiln" run -c 'load leaky.sys; handles System'
expect "handles of a process that does not exist are an error" 1 "STATUS_NOT_FOUND" "$kiln" run -c 'handles nobody'
expect "objects is a tree with what each tag holds" 0 '^    leaky +Event +0x[0-9a-f]+ +3 +1 +Helo 1, Hndl 1, Name 1' \
    "$kiln" run -c 'load leaky.sys; objects'
expect "objects of a path" 0 '^  leaky +Event' "$kiln" run -c 'load leaky.sys; objects \BaseNamedObjects'
expect "objects of a type" 0 '^.BaseNamedObjects.leaky +Event' "$kiln" run -c 'load leaky.sys; objects :Event'
expect "objects of no type are an error" 1 "STATUS_NOT_FOUND" "$kiln" run -c 'objects :Nothing'
expect "references name the function and line that took them" 0 '^Helo +1 +0 +leaky.sys!take \(leaky.c:8\)' \
    "$kiln" run -c 'load leaky.sys; references \BaseNamedObjects\leaky'
expect "references of an address that is no object are an error" 1 "STATUS_NOT_FOUND" "$kiln" run -c 'references 0x1000'
expect "references need a checked machine" 1 "STATUS_NOT_SUPPORTED" "$kiln" run --unchecked -c 'references \Device'
expect "a handle left open at unload is reported" 0 'handle FFFFFFFF8[0-9A-F]+ to Event .BaseNamedObjects.leaky, made at leaky.sys!DriverEntry' \
    "$kiln" run -c 'load leaky.sys; unload leaky'
expect "a reference not given back is reported" 0 "1 reference to Event .BaseNamedObjects.leaky with tag 'Helo', first taken at leaky.sys!take" \
    "$kiln" run -c 'load leaky.sys; unload leaky'

expect "ddi shows the declaration with its annotations" 0 "_IRQL_requires_max_" "$kiln" ddi KeSetEvent
expect "ddi names the tests of a routine" 0 "tests/ke/event_test.c:[0-9]+  ke_event.set_returns_previous_state" "$kiln" ddi KeSetEvent
expect "ddi counts what the preprocessor makes" 0 "implemented" "$kiln" ddi RtlULongAdd
expect "ddi counts a group when its members are there" 0 "implemented" "$kiln" ddi KeXxxDeviceQueue
expect "ddi lists routines without a test" 0 "" "$kiln" ddi --untested --manager kernel
finish
