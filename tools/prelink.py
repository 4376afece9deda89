#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prelink the kernel library into one object.

The kernel must not reach libc, and its callers (Windows code) expect xmm6-xmm15 to survive a call. So this step

  1. links every member of the archive into one relocatable object,
  2. renames the memory routines a compiler may call on its own (memcpy, memset, ...) to the kernel's,
  3. routes every host_* call through a thunk that saves xmm6-xmm15 (kernel code itself uses no vector register),
  4. fails if anything but host_* (and the sanitizers' runtime) is left undefined.
"""
import argparse
import pathlib
import shlex
import subprocess
import sys
import tempfile

RENAMES = {
    "memcpy": "RtlpMemcpy",
    "memmove": "RtlpMemmove",
    "memset": "RtlpMemset",
    "memcmp": "RtlpMemcmp",
}
# Not called through thunks: they never return, or are called where no Windows frame is live.
DIRECT = {"host_trap_resume", "host_exit", "host_panic"}
SANITIZERS = ("__asan_", "__ubsan_", "__tsan_", "__sanitizer_", "_Unwind_", "__gcov", "__llvm_")
LINKER = {"_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}


def undefined(obj):
    out = subprocess.run(["nm", "-u", obj], check=True, capture_output=True, text=True).stdout
    # Weak references are the ledger's, to routines that nobody has written yet.
    return sorted({line.split()[-1] for line in out.splitlines() if line.strip() and line.split()[-2] not in "wv"})


def thunk_source(names):
    lines = ["    .text"]
    for name in names:
        lines += [f"    .globl thunk_{name}", f"    .type thunk_{name}, @function", f"thunk_{name}:",
                  "    .cfi_startproc", "    subq $168, %rsp", "    .cfi_adjust_cfa_offset 168"]
        for i in range(10):
            lines.append(f"    movaps %xmm{6 + i}, {16 * i}(%rsp)")
            lines.append(f"    .cfi_offset xmm{6 + i}, {16 * i - 176}")
        lines.append(f"    call {name}")
        lines += [f"    movaps {16 * i}(%rsp), %xmm{6 + i}" for i in range(10)]
        lines += ["    addq $168, %rsp", "    .cfi_adjust_cfa_offset -168", "    ret", "    .cfi_endproc",
                  f"    .size thunk_{name}, . - thunk_{name}"]
    lines.append('    .section .note.GNU-stack,"",@progbits')
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cc", required=True)
    parser.add_argument("--thunks", choices=["yes", "no"], required=True)
    parser.add_argument("archive")
    parser.add_argument("output")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as tmp:
        joined = str(pathlib.Path(tmp, "joined.o"))
        subprocess.run(["ld", "-r", "--whole-archive", args.archive, "-o", joined], check=True)
        left = undefined(joined)
        foreign = [n for n in left if not n.startswith("host_") and n not in RENAMES and n not in LINKER
                   and not n.startswith(SANITIZERS)]
        if foreign:
            print("kernel: symbols that neither the kernel nor host.h defines: " + ", ".join(foreign), file=sys.stderr)
            return 1
        renames = dict(RENAMES)
        pieces = []
        hosts = [n for n in left if n.startswith("host_") and n not in DIRECT]
        if args.thunks == "yes" and hosts:
            renames.update({n: "thunk_" + n for n in hosts})
            asm = pathlib.Path(tmp, "thunks.S")
            asm.write_text(thunk_source(hosts))
            obj = str(pathlib.Path(tmp, "thunks.o"))
            subprocess.run([*shlex.split(args.cc), "-c", str(asm), "-o", obj], check=True)
            pieces.append(obj)
        flags = [f"--redefine-sym={old}={new}" for old, new in renames.items()]
        renamed = str(pathlib.Path(tmp, "renamed.o"))
        subprocess.run(["objcopy", *flags, joined, renamed], check=True)
        subprocess.run(["ld", "-r", renamed, *pieces, "-o", args.output], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
