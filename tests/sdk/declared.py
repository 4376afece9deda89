#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""declared.py SDK_INCLUDE DDI_TSV - what the reference documents for the kernel, executive, object, memory, process and run-time library
managers, for the safe string and integer functions and the libraries, is declared by the SDK: routines as a function or a macro,
structures, enumerations and callbacks by their names."""
import pathlib
import re
import subprocess
import sys

include, spec = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
MANAGERS = {'kernel', 'executive', 'memory', 'rtl', 'safe-string', 'safe-integer', 'object', 'process'}
# Index pages of families, and routines that have a page but never were in a header.
# Of the manager `other` the types only: its routines belong to many.
TYPES = MANAGERS | {'aux-klib', 'native-api', 'other'}
# Interfaces of buses and platform hardware, which the SDK does not have yet: nothing here offers or asks for them.
HARDWARE = re.compile(r'IOMMU|DOMAIN_CONFIGURATION|INPUT_MAPPING|DEVICE_FAULT|D3COLD|FPGA|PCI|PTM_CONTROL|SDEV_|ACPI|DEVICE_RESET|BUS_SPECIFIC_RESET|'
                      r'FUNCTION_LEVEL|GET_IDLE_WAKE|BUS_RESOURCE|GET_UPDATED|WHEA|SIGNAL_REG|SYSENV|XVARIABLE|HAL_DISPATCH|pHal|HAL_(QUERY|SET)_|DEBUG_(DEVICE|MEMORY)|'
                      r'EMULATOR|EISA|PCR_BTI|CM_Power|POWER_MONITOR|PROCESSOR_HALT')
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
types = []
for line in spec.read_text().splitlines()[1:]:
    fields = line.split('\t')
    if fields[4] in TYPES and fields[1] in ('struct', 'enum', 'callback') and not HARDWARE.search(fields[0]):
        types.append(fields[0].lstrip('_'))
for name in types:  # its typedef has no version
    if name == 'EXT_SET_PARAMETERS_V0':
        name = 'EXT_SET_PARAMETERS'
    source += f'int size_of_{name.split()[-1]}(void) {{ return sizeof({name} *); }}\n'
source = '#include <aux_klib.h>\n#include <iointex.h>\n' + source
result = subprocess.run(['clang-19', '--target=x86_64-pc-windows-msvc', '-fms-extensions', '-ffreestanding', '-nostdinc', '-w',
                         f'-I{include}/km', f'-I{include}/shared', f'-I{include}/crt', '-fsyntax-only', '-ferror-limit=0',
                         '-x', 'c', '-'], input=source, text=True, capture_output=True)
missing = sorted(set(re.findall(r"undeclared identifier '(\w+)'", result.stderr)))
other = [l for l in result.stderr.splitlines() if 'error:' in l and 'undeclared' not in l]
for line in other:
    print(line)
for name in missing:
    print(f'{name} is documented and not declared')
print(f'{len(names)} documented routines and {len(types)} types, {len(missing)} not declared')
sys.exit(bool(missing or other))
