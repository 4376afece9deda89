#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""declared.py SDK_INCLUDE DDI_TSV - what the reference documents for the kernel, executive, memory and run-time library managers, and
for the safe string and integer functions, is declared by the SDK: as a function or as a macro."""
import pathlib
import re
import subprocess
import sys

include, spec = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
MANAGERS = {'kernel', 'executive', 'memory', 'rtl', 'safe-string', 'safe-integer', 'object', 'process'}
# Index pages of families, and routines that have a page but never were in a header.
NOT_DECLARED = {'ExInterlockedXxxList', 'KeXxxDeviceQueue', 'KeBreakinBreakpoint'}

names = []
for line in spec.read_text().splitlines()[1:]:
    fields = line.split('\t')
    if fields[4] in MANAGERS and fields[1] == 'function' and fields[0] not in NOT_DECLARED and 'index' not in fields[2]:
        names.append(fields[0])
source = '#include <ntifs.h>\n#include <wdmsec.h>\n#include <ntstrsafe.h>\n#include <ntintsafe.h>\n' if (
    include / 'km' / 'wdmsec.h').exists() else '#include <ntifs.h>\n#include <ntstrsafe.h>\n#include <ntintsafe.h>\n'
for name in names:
    source += f'#ifndef {name}\nint use_{name}(void) {{ return &{name} != 0; }}\n#endif\n'
result = subprocess.run(['clang-19', '--target=x86_64-pc-windows-msvc', '-fms-extensions', '-ffreestanding', '-nostdinc', '-w',
                         f'-I{include}/km', f'-I{include}/shared', f'-I{include}/crt', '-fsyntax-only', '-ferror-limit=0',
                         '-x', 'c', '-'], input=source, text=True, capture_output=True)
missing = sorted(set(re.findall(r"undeclared identifier '(\w+)'", result.stderr)))
other = [l for l in result.stderr.splitlines() if 'error:' in l and 'undeclared' not in l]
for line in other:
    print(line)
for name in missing:
    print(f'{name} is documented and not declared')
print(f'{len(names)} documented routines, {len(missing)} not declared')
sys.exit(bool(missing or other))
