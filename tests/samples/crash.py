#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the crash gallery and look for the names that its README promises in each report.

crash.py [--live] KILN CRASH.SYS DIRECTORY-OF-SCENARIOS
"""
import subprocess
import sys

# scenario: the bugcheck (any one of the names), the function, and whatever else the report must say
GALLERY = {
    "null": (["SYSTEM_SERVICE_EXCEPTION"], "NullPointer", ["NULL"]),
    "dispatch": (["DRIVER_IRQL_NOT_LESS_OR_EQUAL"], "PageFaultAtDispatch", ["DISPATCH_LEVEL"]),
    "divide": (["SYSTEM_SERVICE_EXCEPTION"], "DivideByZero", ["divided by zero"]),
    "stack": (["UNEXPECTED_KERNEL_MODE_TRAP"], "StackOverflow", ["stack"]),
    "twice": (["MULTIPLE_IRP_COMPLETE_REQUESTS"], "CompleteTwice", []),
    "free": (["BAD_POOL_CALLER"], "FreeTwice", []),
    "overrun": (["BAD_POOL_HEADER"], "PoolOverrun", []),
    "dpcwait": (["ATTEMPTED_SWITCH_FROM_DPC"], "WaitInDpc", []),
    "irql": (["IRQL_GT_ZERO_AT_SYSTEM_SERVICE", "DRIVER_VERIFIER_IOMANAGER_VIOLATION"], "CrashDeviceControl", []),
    "raise": (["SYSTEM_SERVICE_EXCEPTION"], "UnhandledStatus", []),
    "list": (["KERNEL_SECURITY_CHECK_FAILURE"], "CorruptList", []),
    "bugcheck": (["MANUALLY_INITIATED_CRASH"], "BugCheck", ["1111", "2222", "3333", "4444"]),
    "breakpoint": (["SYSTEM_SERVICE_EXCEPTION"], "Breakpoint", ["debugger"]),
    "unload": (["TIMER_OR_DPC_INVALID", "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS"], "", ["crash"]),
    "deadlock": (["DRIVER_VERIFIER_DETECTED_VIOLATION"], "Deadlock", ["OtherOrder", "held by thread", "waits for fast mutex"]),
    "highcall": (["DRIVER_VERIFIER_DETECTED_VIOLATION"], "CallTooHigh", ["IoDeleteSymbolicLink at IRQL 2", "PASSIVE_LEVEL"]),
}

# What only a checked machine finds; the simulator is one anyway.
CHECKED = {"deadlock", "highcall"}


def main():
    words = sys.argv[1:]
    options = []
    if words[0] == "--live":
        options.append(words.pop(0))
    kiln, image, directory = words
    failures = 0
    for name, (codes, function, texts) in GALLERY.items():
        checked = ["--checked"] if name in CHECKED else []
        command = [kiln, "run", *options, *checked, image, "--script", f"{directory}/{name}.kiln"]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
        report = result.stdout.decode(errors="replace")
        missing = [text for text in [function, *texts] if text not in report]
        if not any(code in report for code in codes):
            missing.append(" or ".join(codes))
        if result.returncode != 3:
            missing.append(f"exit status 3 (it was {result.returncode})")
        if missing:
            failures += 1
            print(f"FAILED {name}: not there: {', '.join(missing)}\n{report}")
        else:
            print(f"ok {name}")
    sys.exit(failures != 0)


main()
