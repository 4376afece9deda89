#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the headers and static libraries of the SDK declare and define; imported by ddi.py and irql.py.

The headers are read as text, so that a declaration keeps its annotations. What token pasting makes (the safe string and
safe integer routines) is found in the preprocessor's output, which has none.
"""
import os
import re
import subprocess

TOPS = ('ntifs.h', 'wdmsec.h', 'ntstrsafe.h', 'ntintsafe.h', 'aux_klib.h', 'procgrp.h', 'csq.h', 'wmilib.h', 'wdmguid.h', 'iointex.h')
PROTOTYPE, INLINE, MACRO, TYPE = 'prototype', 'inline', 'macro', 'type'
# Words before a parenthesis that are no routine's name.
NOT_NAMES = re.compile(r'_[A-Z]\w*_$|__drv_\w+$|__\w+__$|__declspec$|DECLSPEC_\w+$|NT_ASSERT_\w+$|_Static_assert$|'
                       r'static_assert$|__asm__?$|asm$|NTSTATUS$|VOID$|if$|while$|for$|switch$|return$|sizeof$|defined$|alignas$')


class Declaration:
    """One routine: where it stands, its text, and what its annotations say of IRQL (level names or None)."""

    def __init__(self, name, kind, file, line, text):
        self.name, self.kind, self.file, self.line, self.text = name, kind, file, line, text
        self.body = ''
        found = {key: re.findall(r'\b_IRQL_' + word + r'_\s*\(\s*(\w+)\s*\)', text) for key, word in
                 (('max', 'requires_max'), ('min', 'requires_min'), ('exact', 'requires'), ('raises', 'raises'))}
        exact = found['exact'][0] if found['exact'] else None
        # Several, as under _When_: the widest range, what the routine itself narrows.
        self.max = exact or (max(found['max'], key=level_number) if found['max'] else None)
        self.min = exact or (min(found['min'], key=level_number) if found['min'] else None)
        self.raises = found['raises'][0] if found['raises'] else None
        self.saves = '_IRQL_saves_' in text or '_IRQL_saves_global_' in text
        self.restores = '_IRQL_restores_' in text or '_IRQL_restores_global_' in text

    def annotated(self):
        return self.max is not None or self.min is not None


LEVELS = {'PASSIVE_LEVEL': 0, 'LOW_LEVEL': 0, 'APC_LEVEL': 1, 'DISPATCH_LEVEL': 2, 'CMCI_LEVEL': 5, 'DIRQL': 12, 'DRS_LEVEL': 14,
          'CLOCK_LEVEL': 13, 'SYNCH_LEVEL': 12, 'IPI_LEVEL': 14, 'PROFILE_LEVEL': 15, 'POWER_LEVEL': 14, 'HIGH_LEVEL': 15}


def level_number(name):
    return LEVELS.get(name, 15)


def blank(match):
    return re.sub(r'[^\n]', ' ', match.group(0))


def strip_comments(text):
    """The text without comments; strings, characters and line numbers stay."""
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*',
                  lambda m: m.group(0) if m.group(0)[0] in '"\'' else blank(m), text, flags=re.S)


def statements(text):
    """(line, text, body) of each statement outside braces; `body` is what follows a function's head, or ''."""
    start, depth, index, body_at, line = 0, 0, 0, None, 0
    while index < len(text):
        c = text[index]
        if c in '"\'':
            end = re.compile(r'(?:\\.|[^\\\n])*?' + c).match(text, index + 1)
            index = end.end() if end else index + 1
            continue
        if c == '{':
            head = text[start:index]
            if depth == 0 and re.search(r'extern\s+"C"\s*$', head):
                line += text.count('\n', start, index + 1)
                start = index + 1
                index += 1
                continue
            if depth == 0:
                body_at = index
            depth += 1
        elif c == '}':
            if depth == 0:
                line += text.count('\n', start, index + 1)
                start = index + 1 # the end of an extern "C"
            else:
                depth -= 1
                if depth == 0 and re.search(r'\)[\s\w]*$', text[start:body_at]) and 'typedef' not in text[start:body_at]:
                    yield line, text[start:body_at], text[body_at:index + 1]
                    line += text.count('\n', start, index + 1)
                    start, body_at = index + 1, None
        elif c == ';' and depth == 0:
            yield line, text[start:index + 1], ''
            line += text.count('\n', start, index + 1)
            start, body_at = index + 1, None
        index += 1


def routine_name(head):
    """The name in a declaration's head: the first word before a parenthesis that is no annotation's, at depth 0."""
    index = 0
    for match in iter(lambda: re.compile(r'\b([A-Za-z_]\w*)\s*\(').search(head, index), None):
        if not NOT_NAMES.match(match.group(1)):
            return match.group(1)
        depth, index = 1, match.end()
        while index < len(head) and depth:
            depth += {'(': 1, ')': -1}.get(head[index], 0)
            index += 1
    return None


def tidy(text):
    text = re.sub(r'\bEXTERN_C_(?:START|END)\b', ' ', text)
    return re.sub(r'\( ', '(', re.sub(r'\s+', ' ', text)).strip()


def read_header(path, shown, out):
    with open(path, encoding='utf-8', errors='replace') as f:
        text = strip_comments(f.read())
    for match in re.finditer(r'^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)\n]*\))?((?:\\\n|[^\n])*)', text, re.M):
        name = match.group(1)
        line = text.count('\n', 0, match.start(1)) + 1
        body = re.sub(r'\\\n', ' ', match.group(3) or '')
        macro = Declaration(name, MACRO, shown, line, tidy(f'#define {name}{match.group(2) or ""} {body}'))
        macro.body = tidy(body)
        out.setdefault(name, []).append(macro)
    text = re.sub(r'^[ \t]*#(?:\\\n|[^\n])*', blank, text, flags=re.M)
    for line, head, body in statements(text):
        read_statement(head, body, shown, line + 1, out)


def read_statement(head, body, shown, line, out):
    line += re.match(r'(?:\s|EXTERN_C_START|EXTERN_C_END)*', head).group(0).count('\n')
    plain = tidy(head)
    if plain.startswith('typedef') or '(' not in plain or re.match(r'(?:struct|union|enum)\s+\w*\s*\{', plain):
        return
    name = routine_name(plain)
    if not name:
        return
    kind = INLINE if body else PROTOTYPE
    if not body:
        plain = plain if plain.endswith(';') else plain + ';'
    declaration = Declaration(name, kind, shown, max(line, 1), plain)
    declaration.body = body
    out.setdefault(name, []).append(declaration)


def preprocessed(compiler, include, out):
    """Adds the routines that only the preprocessor's output shows."""
    source = ''.join(f'#include <{top}>\n' for top in TOPS if os.path.exists(os.path.join(include, 'km', top)))
    command = [*compiler, '-E', '-ffreestanding', '-fshort-wchar', f'-I{include}/km', f'-I{include}/shared', '-x', 'c', '-']
    text = subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout
    where = ('', 0)
    chunks, current = [], None
    for line in text.splitlines():
        match = re.match(r'# (\d+) "([^"]*)"', line)
        if match:
            where = (os.path.relpath(match.group(2), include), int(match.group(1)))
            continue
        if current is None or current[0] != where[0]:
            current = (where[0], [])
            chunks.append(current)
        current[1].append((where[1], line))
        where = (where[0], where[1] + 1)
    joined, files = [], []
    for file, lines in chunks:
        for number, line in lines:
            joined.append(line)
            files.append((file, number))
    found = {}
    for line, head, body in statements('\n'.join(joined)):
        lead = head[:len(head) - len(head.lstrip())].count('\n')
        file, number = files[min(line + lead, len(files) - 1)]
        read_statement(head.lstrip(), body, file, number, found)
    for name, declarations in found.items():
        if name not in out:
            out[name] = [re_made(d) for d in declarations]


def re_made(declaration):
    declaration.text = re.sub(r'\b(?:static|__inline__|extern)\s+|__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)\s*', '',
                              declaration.text)
    return declaration


def headers(include):
    """name -> declarations, of every header below `include` but the C library's."""
    out = {}
    for part in ('km', 'shared'):
        for root, _, files in os.walk(os.path.join(include, part)):
            for file in sorted(files):
                if file.endswith('.h'):
                    path = os.path.join(root, file)
                    read_header(path, os.path.relpath(path, include), out)
    return out


def libraries(sdk):
    """name -> static library of the SDK that defines it (the folders sdk/<library> hold their sources)."""
    out = {}
    for folder in sorted(os.listdir(sdk)):
        if folder == 'include' or not os.path.isdir(os.path.join(sdk, folder)):
            continue
        for file in sorted(os.listdir(os.path.join(sdk, folder))):
            if not file.endswith('.c'):
                continue
            with open(os.path.join(sdk, folder, file), encoding='utf-8', errors='replace') as f:
                text = strip_comments(f.read())
            text = re.sub(r'^[ \t]*#(?:\\\n|[^\n])*', blank, text, flags=re.M)
            for _, head, body in statements(text):
                if body and not re.search(r'\bstatic\b', head):
                    name = routine_name(tidy(head))
                    if name:
                        out[name] = os.path.splitext(file)[0] if folder == 'lib' else folder
    return out


def best(declarations):
    """What to show of several: an annotated prototype, then a prototype, an inline routine, a macro."""
    order = {PROTOTYPE: 1, INLINE: 2, MACRO: 3}
    return min(declarations, key=lambda d: (0 if d.annotated() else 1, order[d.kind]))
