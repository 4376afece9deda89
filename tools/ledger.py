#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ledger of exports (kernel/ldr/exports.def) and what is made from it.

  ledger.py sync --nm FILE [--check]    set every state from the symbols FILE (an object, an archive or the saved
                                        output of nm) defines; with --check only say whether it would change
  ledger.py table -o exports.c          the table the loader binds with, and a stub for every export
  ledger.py implib -d DIR [--dlltool T] import libraries DIR/{ntoskrnl,hal,wmilib,clfs}.lib
  ledger.py ddi --spec ddi.tsv [--sdk DIR] -o ddi.c
                                        the documented interface as a C table, for `kiln ddi`

The format of the ledger is described at its head.
"""
import argparse
import os
import re
import subprocess
import sys

MODULES = {'ntoskrnl': 'ntoskrnl.exe', 'hal': 'hal.dll', 'wmilib': 'wmilib.sys', 'clfs': 'clfs.sys'}
KINDS = ('func', 'data', 'constant')
HERE = os.path.dirname(os.path.abspath(__file__))
LEDGER = os.path.join(HERE, '..', 'kernel', 'ldr', 'exports.def')


def fail(text):
    sys.exit('ledger: ' + text)


class Export:
    """One line of the ledger."""

    def __init__(self, line, where):
        words = line.split()
        if len(words) < 4:
            fail(f'{where}: expected "module name kind state"')
        self.module, self.name, kind, self.state = words[:4]
        self.kind, _, alias = kind.partition('=')
        self.symbol = alias or self.name
        self.ordinal, self.forward = 0, None
        rest = words[4:]
        if rest and rest[0].startswith('@'):
            self.ordinal = int(rest.pop(0)[1:])
        if len(rest) == 2 and rest[0] == '->':
            self.forward = rest[1]
            rest = []
        if rest or self.module not in MODULES or self.kind not in KINDS or self.state not in ('yes', 'stub'):
            fail(f'{where}: cannot read "{line.strip()}"')

    def line(self):
        kind = self.kind + ('' if self.symbol == self.name else '=' + self.symbol)
        words = [self.module, self.name, kind, self.state]
        if self.ordinal:
            words.append(f'@{self.ordinal}')
        if self.forward:
            words += ['->', self.forward]
        return ' '.join(words)


def read(path):
    """Returns the exports and the file's lines, where an export stands in for its own line."""
    lines, exports, seen = [], [], set()
    with open(path, encoding='ascii') as f:
        for number, text in enumerate(f, 1):
            text = text.rstrip('\n')
            if not text.strip() or text.startswith('#'):
                lines.append(text)
                continue
            export = Export(text, f'{path}:{number}')
            if (export.module, export.name) in seen:
                fail(f'{path}:{number}: {export.module} {export.name} is listed twice')
            seen.add((export.module, export.name))
            lines.append(export)
            exports.append(export)
    by_name = {f'{e.module}.{e.name}': e for e in exports}
    for export in exports:
        if export.forward and by_name.get(export.forward) is None:
            fail(f'{path}: {export.module} {export.name} is forwarded to {export.forward}, which is not listed')
        if export.forward and by_name[export.forward].forward:
            fail(f'{path}: {export.module} {export.name} is forwarded to a forwarder')
    return exports, lines, by_name


def write_if_changed(path, text):
    try:
        with open(path, encoding='ascii') as f:
            if f.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)


def defined_symbols(path):
    with open(path, 'rb') as f:
        head = f.read(8)
    if head.startswith(b'\x7fELF') or head.startswith(b'!<arch>') or head.startswith(b'!<thin>'):
        text = subprocess.run(['nm', '--defined-only', path], check=True, capture_output=True, text=True).stdout
    else:
        with open(path, encoding='utf-8', errors='replace') as f:
            text = f.read()
    symbols = set()
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[1] in 'TDBRVWAG':
            symbols.add(words[2])
    return symbols


def sync(args):
    exports, lines, by_name = read(args.ledger)
    symbols = defined_symbols(args.nm)
    changed = []
    for export in exports:
        target = by_name[export.forward] if export.forward else export
        state = 'yes' if target.symbol in symbols else 'stub'
        if state != export.state:
            changed.append(export)
            export.state = state
    if args.check:
        for export in changed:
            print(f'{export.module} {export.name} is {export.state}')
        sys.exit(1 if changed else 0)
    write_if_changed(args.ledger, ''.join((l if isinstance(l, str) else l.line()) + '\n' for l in lines))
    yes = sum(e.state == 'yes' for e in exports)
    print(f'ledger: {yes} of {len(exports)} exports implemented, {len(changed)} changed')


def table(args):
    exports, _, by_name = read(args.ledger)
    out = ['/* Generated by tools/ledger.py from kernel/ldr/exports.def. */', '#include "ldrp.h"', '']
    symbols = {}
    for export in exports:
        if not export.forward:
            weak = symbols.get(export.symbol, True) and export.state != 'yes'
            symbols[export.symbol] = weak
    # The label keeps the compiler from knowing the name: memcpy and its like have types of their own there.
    for index, (symbol, weak) in enumerate(sorted(symbols.items())):
        attribute = ', weak' if weak else ''
        out.append(f'extern const char ledger_symbol_{index}[] __asm__("{symbol}") '
                   f'__attribute__((visibility("default"){attribute}));')
    numbers = {symbol: index for index, symbol in enumerate(sorted(symbols))}
    out.append('')
    stubs = {}
    for export in exports:
        if export.forward or export.kind != 'func' or export.state == 'yes':
            continue
        stubs[export] = len(stubs)
        out.append(f'static NTAPI void stub_{len(stubs) - 1}(void) {{ '
                   f'LdrpStubCalled("{export.module}!{export.name}", __builtin_return_address(0)); }}')
    out.append('')
    for module in MODULES:
        mine = sorted((e for e in exports if e.module == module), key=lambda e: e.name)
        out.append(f'static const struct ldr_export exports_{module}[] = {{')
        for export in mine:
            target = by_name[export.forward] if export.forward else export
            stub = f'(const void *)stub_{stubs[target]}' if target in stubs else '0'
            out.append(f'    {{"{export.name}", ledger_symbol_{numbers[target.symbol]}, {stub}, '
                       f'LDR_EXPORT_{target.kind.upper()}, {export.ordinal}}},')
        out.append('};\n')
    out.append('const struct ldr_export_module LdrpExportModules[] = {')
    for module, image in MODULES.items():
        out.append(f'    {{"{image}", exports_{module}, sizeof exports_{module} / sizeof exports_{module}[0]}},')
    out.append('};')
    out.append(f'const uint32_t LdrpExportModuleCount = {len(MODULES)};')
    write_if_changed(args.output, '\n'.join(out) + '\n')


def implib(args):
    exports, _, by_name = read(args.ledger)
    os.makedirs(args.directory, exist_ok=True)
    for module, image in MODULES.items():
        text = [f'LIBRARY {image}', 'EXPORTS']
        for export in exports:
            if export.module != module:
                continue
            kind = (by_name[export.forward] if export.forward else export).kind
            line = '    ' + export.name
            if export.ordinal:
                line += f' @{export.ordinal}'
            if kind != 'func':
                line += ' ' + kind.upper()
            text.append(line)
        definition = os.path.join(args.directory, module + '.def')
        library = os.path.join(args.directory, module + '.lib')
        write_if_changed(definition, '\n'.join(text) + '\n')
        subprocess.run([args.dlltool, '-m', 'i386:x86-64', '-d', definition, '-l', library], check=True)


def sdk_definitions(directory):
    """Names that the SDK's headers define as macros or inline routines."""
    names = set()
    for root, _, files in os.walk(directory):
        for file in files:
            if not file.endswith('.h'):
                continue
            with open(os.path.join(root, file), encoding='utf-8', errors='replace') as f:
                text = f.read()
            names.update(re.findall(r'^[ \t]*#[ \t]*define[ \t]+(\w+)', text, re.M))
            for inline in re.finditer(r'\b(?:FORCEINLINE|CFORCEINLINE|__inline|inline)\b', text):
                head = re.split(r'[;{]', text[inline.end():inline.end() + 600], maxsplit=1)[0]
                names.update(re.findall(r'\b(\w+)\s*\(', head))
    return names


def quote(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"') + '"'


def ddi(args):
    exports, _, _ = read(args.ledger)
    listed = {}
    for export in exports:
        listed.setdefault(export.name, export.module)
    inline = sdk_definitions(args.sdk) if args.sdk else set()
    out = ['/* Generated by tools/ledger.py from docs/spec/ddi.tsv and the headers of the SDK. */',
           '#include "ddi.h"', '', 'const struct ddi_entry ddi_entries[] = {']
    count = 0
    with open(args.spec, encoding='utf-8') as f:
        columns = f.readline().rstrip('\n').split('\t')
        for text in f:
            row = dict(zip(columns, text.rstrip('\n').split('\t')))
            name = row['name']
            place = 'DDI_EXPORT' if name in listed else 'DDI_INLINE' if name in inline else 'DDI_NONE'
            if name in inline and name in listed:
                place = 'DDI_EXPORT_OR_INLINE'
            fields = [quote(row.get(c) or '') for c in ('name', 'kind', 'note', 'header', 'manager', 'irql')]
            out.append('    {' + ', '.join(fields) + f', {quote(listed.get(name, ""))}, {place}}},')
            count += 1
    out += ['};', f'const unsigned ddi_entry_count = {count};']
    write_if_changed(args.output, '\n'.join(out).encode('ascii', 'replace').decode() + '\n')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--ledger', default=LEDGER)
    verbs = parser.add_subparsers(dest='verb', required=True)
    verb = verbs.add_parser('sync')
    verb.add_argument('--nm', required=True)
    verb.add_argument('--check', action='store_true')
    verb = verbs.add_parser('table')
    verb.add_argument('-o', '--output', required=True)
    verb = verbs.add_parser('implib')
    verb.add_argument('-d', '--directory', required=True)
    verb.add_argument('--dlltool', default='llvm-dlltool-19')
    verb = verbs.add_parser('ddi')
    verb.add_argument('--spec', required=True)
    verb.add_argument('--sdk')
    verb.add_argument('-o', '--output', required=True)
    args = parser.parse_args()
    {'sync': sync, 'table': table, 'implib': implib, 'ddi': ddi}[args.verb](args)


if __name__ == '__main__':
    main()
