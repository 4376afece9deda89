#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""headers.py SDK_INCLUDE - every header of the SDK compiles alone, without a warning, in every way it is used.

Drivers: clang-19 for x86_64-pc-windows-msvc, C17 and C++17, -Wall -Wextra, and mingw-w64's gcc. The kernel: gcc and clang-19
for ELF with the kernel's flags (C only; not the C library headers, which are for drivers).
"""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

include = pathlib.Path(sys.argv[1]).resolve()
paths = [f'-I{include / part}' for part in ('km', 'shared', 'crt')]
templates = {'nt/strsafe_template.h'}  # included twice by the header it is for

driver = ['-ffreestanding', '-nostdinc', '-Wall', '-Wextra', '-Werror', '-fsyntax-only'] + paths
kernel = ['-std=gnu17', '-ffreestanding', '-nostdinc', '-fshort-wchar', '-mcx16', '-mgeneral-regs-only', '-Wall', '-Wextra',
          '-Werror', '-fsyntax-only'] + paths[:2]
clang_pe = ['clang-19', '--target=x86_64-pc-windows-msvc', '-fms-extensions', '-fasync-exceptions']
ways = [('clang PE C', 'c', clang_pe + ['-std=c17'] + driver),
        ('clang PE C++', 'cpp', clang_pe + ['-std=c++17'] + driver),
        ('mingw C', 'c', ['x86_64-w64-mingw32-gcc', '-std=gnu17'] + driver),
        ('gcc ELF', 'c', [os.environ.get('CC_ELF', 'gcc')] + kernel),
        ('clang ELF', 'c', ['clang-19'] + kernel)]
ways = [way for way in ways if shutil.which(way[2][0])]
if not any(name.startswith('clang PE') for name, _, _ in ways):
    sys.exit('headers.py: clang-19 is needed')

headers = []
for part in ('km', 'shared', 'crt'):
    for path in sorted((include / part).rglob('*.h')):
        name = path.relative_to(include / part).as_posix()
        if name not in templates:
            headers.append((part, name))


def check(part, name, way):
    label, language, command = way
    if part == 'crt' and 'ELF' in label:
        return None
    source = f'#include <{name}>\n#include <{name}>\nint nonempty;\n'
    result = subprocess.run(command + ['-x', 'c++' if language == 'cpp' else 'c', '-'], input=source, text=True,
                            capture_output=True, cwd=tempfile.gettempdir())
    if result.returncode:
        return f'{name} does not compile alone ({label}):\n{result.stderr}'
    return None


with concurrent.futures.ThreadPoolExecutor(2) as pool:
    jobs = [pool.submit(check, part, name, way) for part, name in headers for way in ways]
    failures = [f for f in (job.result() for job in jobs) if f]
for failure in failures:
    print(failure)
print(f'{len(headers)} headers, {len(ways)} ways, {len(failures)} failures')
sys.exit(bool(failures))
