#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""abi.py SDK_INCLUDE - the SDK's structures and constants are those of an independent witness, mingw-w64's DDK headers.

Both sets of headers are asked what they have (record layouts and macros as clang sees them, enumerators); everything that both have by
the same name is put into one list of sizeof, offsetof and constant expressions, compiled once with clang-19 against the
SDK and once with mingw-w64's gcc against its own headers, and the values are compared. abi-exceptions.txt names what
differs and why (mostly: the witness describes an older Windows).
"""
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

include = pathlib.Path(sys.argv[1]).resolve()
verbose = '-v' in sys.argv
here = pathlib.Path(__file__).parent
scratch = pathlib.Path(tempfile.mkdtemp(prefix='kiln-abi-'))
PRELUDE = '#include <ntifs.h>\n'

witness_include = next((p for p in map(pathlib.Path, ('/usr/share/mingw-w64/include', '/usr/x86_64-w64-mingw32/include'))
                        if (p / 'ddk' / 'wdm.h').exists()), None)
gcc = shutil.which('x86_64-w64-mingw32-gcc')
if not witness_include or not gcc:
    print('abi.py: skipped: the mingw-w64 DDK headers and gcc are not installed')
    sys.exit(77)

OURS = ['clang-19', '--target=x86_64-pc-windows-msvc', '-fms-extensions', '-ffreestanding', '-nostdinc', '-w',
        f'-I{include}/km', f'-I{include}/shared', f'-I{include}/crt']
VERSION = ['-D_WIN32_WINNT=0x0A00', '-DNTDDI_VERSION=0x0A000006', '-D__INTRINSIC_PROLOG(x)=0']
# The same headers, seen by clang only to find out what there is.
THEIRS = ['clang-19', '--target=x86_64-w64-mingw32', '-w', '-fms-extensions', f'-isystem{witness_include}/ddk', f'-isystem{witness_include}',
          '-D_WIN32_WINNT=0x0A00', '-DNTDDI_VERSION=0x0A000006']
THEIR_GCC = [gcc, '-w', f'-I{witness_include}/ddk', '-D_WIN32_WINNT=0x0A00', '-DNTDDI_VERSION=0x0A000006']


def run(command, source, *more):
    path = scratch / 'source.c'
    path.write_text(source)
    return subprocess.run(command + list(more) + [str(path)], capture_output=True, text=True, cwd=scratch)


def records(command):
    """{name: {member}} of every complete structure and union; members of anonymous ones belong to the outer one."""
    text = run(command, PRELUDE, '-fsyntax-only', '-Xclang', '-fdump-record-layouts-complete').stdout
    found = {}
    for dump in text.split('*** Dumping AST Record Layout')[1:]:
        lines = [re.match(r'\s*([\d:-]+) \|(\s+)(.*)', line) for line in dump.splitlines()]
        lines = [(m.group(1), len(m.group(2)), m.group(3)) for m in lines if m]
        if not lines:
            continue
        head = re.match(r'(struct|union) (\w+)$', lines[0][2])
        if not head:
            continue
        members, skip = set(), None
        anonymous = [lines[0][1]]
        for offset, indent, what in lines[1:]:
            while anonymous and indent <= anonymous[-1]:
                anonymous.pop()
            if skip is not None and indent > skip:
                continue
            skip = None
            if re.search(r'\((anonymous|unnamed)( struct| union)? at [^)]*\)$', what):
                anonymous.append(indent)
                continue
            skip = indent
            name = re.search(r'(\w+)$', what)
            if name and ':' not in offset.replace('-', ':', 0) or (name and '-' not in offset):
                members.add(name.group(1))
        found.setdefault((head.group(1), head.group(2)), set()).update(members)
    return found


def macros(command):
    text = run(command, PRELUDE, '-E', '-dM').stdout
    return {m.group(1) for m in re.finditer(r'^#define (\w+) +[^"\n]+$', text, re.M)}


def enumerators(command):
    text = run(command, PRELUDE, '-E', '-P').stdout
    names = set()
    for body in re.findall(r'\benum\b[^;{}]*\{([^{}]*)\}', text):
        for item in re.sub(r'/\*.*?\*/', '', body, flags=re.S).split(','):
            name = re.match(r'\s*(\w+)', item)
            if name:
                names.add(name.group(1))
    return names


def define(names_expressions):
    lines = [PRELUDE, '#include <stddef.h>', '#ifndef offsetof', '#define offsetof(t, m) __builtin_offsetof(t, m)', '#endif',
             'const unsigned long long kiln_values[] __attribute__((section(".kiln"), used)) = {']
    for name, expression in names_expressions:
        lines.append(f'#line 1 "{name}"')
        lines.append(f'(unsigned long long)({expression}),')
    return '\n'.join(lines) + '\n};\n'


def usable(command, items):
    """Those of the expressions that compile as constants."""
    bad = set()
    for _ in range(6):
        left = [i for i in items if i[0] not in bad]
        result = run(command, define(left), '-fsyntax-only', '-ferror-limit=0')
        now = set(re.findall(r'^([^\s:][^\n:]*):1:\d+: (?:fatal )?error', result.stderr, re.M))
        if not now or now <= bad:
            return left
        bad |= now
    return [i for i in items if i[0] not in bad]


def usable_gcc(command, items):
    bad = set()
    for _ in range(6):
        left = [i for i in items if i[0] not in bad]
        result = run(command, define(left), '-fsyntax-only', '-fmax-errors=0')
        now = set(re.findall(r'^([^\s:][^\n:]*):1:\d+: error', result.stderr, re.M))
        if not now or now <= bad:
            return left
        bad |= now
    return left


def values(command, items, dump):
    output = scratch / 'values.obj'
    result = run(command, define(items), '-c', '-o', str(output))
    if result.returncode:
        sys.exit(f'abi.py: the list does not compile with {command[0]}:\n{result.stderr[:4000]}')
    data = scratch / 'values.bin'
    subprocess.run([dump, f'--dump-section=.kiln={data}', str(output)], check=True, cwd=scratch)
    raw = data.read_bytes()
    return struct.unpack(f'<{len(items)}Q', raw[:8 * len(items)])


ours, theirs = records(OURS), records(THEIRS)
items = []
for key in sorted(set(ours) & set(theirs)):
    kind, name = key
    items.append((f'sizeof {name}', f'sizeof({kind} {name})'))
    for member in sorted(ours[key] & theirs[key]):
        items.append((f'{name}.{member}', f'offsetof({kind} {name}, {member})'))
        items.append((f'sizeof {name}.{member}', f'sizeof((({kind} {name} *)0)->{member})'))
constants = sorted((macros(OURS) & macros(THEIRS)) | (enumerators(OURS) & enumerators(THEIRS)))
items += [(name, name) for name in constants if not name.startswith('_')]
items = usable(OURS, items)
items = usable(THEIRS, items)
items = usable_gcc(THEIR_GCC, items)

exceptions = {}
for line in (here / 'abi-exceptions.txt').read_text().splitlines():
    if line.strip() and not line.startswith('#'):
        name, _, reason = line.partition('  ')
        exceptions[name.strip()] = reason.strip()

mine = values(OURS, items, 'llvm-objcopy-19')
other = values(THEIR_GCC, items, 'llvm-objcopy-19')
differences, used = [], set()
for (name, _), a, b in zip(items, mine, other):
    if a == b or (a ^ b) == 0xFFFFFFFF00000000:  # the same 32 bits, sign-extended or not
        continue
    matched = next((e for e in exceptions if re.fullmatch(e, name)), None)
    if matched:
        used.add(matched)
    else:
        differences.append((name, a, b))
for name, a, b in differences:
    print(f'{name}: {a:#x} in the SDK, {b:#x} in mingw-w64')
unused = [e for e in exceptions if e not in used]
for e in unused:
    print(f'abi-exceptions.txt: "{e}" is no exception any more')
structures = sum(1 for name, _ in items if name.startswith('sizeof ') and '.' not in name)
print(f'{len(items)} values compared: {structures} structures, {len(differences)} unexplained differences, {len(used)} exceptions')
if structures < 250:
    print('abi.py: too few structures were found; the search is broken')
    sys.exit(1)
shutil.rmtree(scratch)
sys.exit(bool(differences or unused))
