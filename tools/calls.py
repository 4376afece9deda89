#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Which routines the tests call; imported by ddi.py.

A call is a name before a parenthesis inside a function, or a name whose address is put into a table or passed on, in a
source that some test runs. Comments and strings do not count, nor do declarations. A source whose macros paste names
together is read a second time after the preprocessor. What a macro or inline routine of the SDK calls is called by
whoever calls that.
"""
import bisect
import os
import re
import subprocess

import sdkdecl

FOLDERS = ('tests', 'samples')
# Compiled and never run, or not about the kernel.
LEFT_OUT = ('tests/fuzz/', 'tests/sdk/usage.c', 'tests/sdk-build/', 'tests/mutations/')
WORD = re.compile(r'\b[A-Za-z_]\w*\b')


class Call:
    """Where a routine is called: file, line, and the test or function around it."""

    def __init__(self, file, line, test):
        self.file, self.line, self.test = file, line, test


def sources(root):
    out = []
    for folder in FOLDERS:
        for directory, _, files in os.walk(os.path.join(root, folder)):
            for file in sorted(files):
                path = os.path.relpath(os.path.join(directory, file), root)
                if file.endswith(('.c', '.cpp', '.h')) and not path.startswith(LEFT_OUT):
                    out.append(path)
    return sorted(out)


def strip_strings(text):
    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', lambda m: m.group(0)[0] + ' ' * (len(m.group(0)) - 2) +
                  m.group(0)[0], text)


def is_call(text, start, end):
    """Whether the word text[start:end] is called there, or its address taken as an element or argument."""
    after = re.compile(r'\s*(\S)').match(text, end)
    if not after:
        return False
    if after.group(1) == '(':
        return True
    before = text[:start].rstrip()[-1:]
    return after.group(1) in ',})' and before in '{,(=&'


def functions(text):
    """(start, end, name) of every function body and table of `text` (no comments, no directives)."""
    out = []
    offset = 0
    for _, head, body in sdkdecl.statements(text):
        at = text.index(head, offset)
        offset = at + len(head) + len(body)
        if body:
            test = re.search(r'\bKILN_TEST\w*\s*\(\s*(\w+)\s*,\s*(\w+)', head)
            name = f'{test.group(1)}.{test.group(2)}' if test else sdkdecl.routine_name(sdkdecl.tidy(head)) or '?'
            out.append((at + len(head), offset, name))
        elif '{' in head and '=' in head:
            name = re.search(r'(\w+)\s*(?:\[[^]]*\]\s*)*=', head)
            out.append((at + head.index('='), at + len(head), name.group(1) if name else '?'))
    return out


def scan(text, known, add, line_of):
    for start, end, name in functions(text):
        for word in WORD.finditer(text, start, end):
            if word.group(0) in known and is_call(text, word.start(), word.end()):
                add(word.group(0), line_of(word.start()), name)


def line_counter(text):
    starts = [m.start() for m in re.finditer('\n', text)]
    return lambda offset: bisect.bisect_left(starts, offset) + 1


def scan_macros(text, known, add):
    """Calls in the bodies of macros that the source itself uses."""
    for match in re.finditer(r'^[ \t]*#[ \t]*define[ \t]+(\w+)(?:\([^)\n]*\))?((?:\\\n|[^\n])*)', text, re.M):
        if len(re.findall(r'\b' + match.group(1) + r'\b', text)) < 2:
            continue
        for word in WORD.finditer(match.group(2)):
            if word.group(0) in known and is_call(match.group(2), word.start(), word.end()):
                add(word.group(0), text.count('\n', 0, match.start(2) + word.start()) + 1, match.group(1))


def expand(root, path, compiler):
    """The source after the preprocessor: its own text only, with the line each character comes from."""
    include = os.path.join(root, 'sdk', 'include')
    command = [*compiler, '-E', '-ffreestanding', '-fshort-wchar', '-w', f'-I{include}/km', f'-I{include}/shared',
               f'-I{root}/kernel/include', f'-I{root}/tests/harness', os.path.join(root, path)]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode:
        return None, None
    lines, numbers, mine, number = [], [], False, 0
    for line in result.stdout.splitlines():
        match = re.match(r'# (\d+) "([^"]*)"', line)
        if match:
            number = int(match.group(1))
            mine = os.path.relpath(match.group(2), root) == path
            continue
        if mine:
            lines.append(line)
            numbers.append(number)
        number += 1
    text = '\n'.join(lines)
    counter = line_counter(text)
    return text, lambda offset: numbers[min(counter(offset), len(numbers)) - 1]


def index(root, compiler, declarations, names):
    """name -> calls, for the routines `names`; and the files that were read."""
    calls, read = {}, []
    inner = sdk_calls(declarations, names)
    known = set(names) | set(inner)
    texts = {}
    for path in sources(root):
        with open(os.path.join(root, path), encoding='utf-8', errors='replace') as f:
            texts[path] = strip_strings(sdkdecl.strip_comments(f.read()))
        read.append(path)
    pasting = {path for path, text in texts.items() if '##' in text}
    for path, text in texts.items():
        def add(name, line, test, path=path):
            for each in {name} | inner.get(name, set()):
                if each in names and not any(c.file == path and c.test == test for c in calls.get(each, ())):
                    calls.setdefault(each, []).append(Call(path, line, test))

        plain = re.sub(r'^[ \t]*#(?:\\\n|[^\n])*', sdkdecl.blank, text, flags=re.M)
        scan(plain, known, add, line_counter(plain))
        scan_macros(text, known, add)
        included = {os.path.normpath(os.path.join(os.path.dirname(path), name)) for name in
                    re.findall(r'^[ \t]*#[ \t]*include[ \t]*"([^"]*)"', open(os.path.join(root, path), encoding='utf-8').read(), re.M)}
        if not path.endswith('.h') and ((path in pasting) or included & pasting - {'tests/harness/harness.h'}):
            expanded, line_of = expand(root, path, compiler)
            if expanded:
                tests = {f'kiln_test_{a}_{b}': f'{a}.{b}' for a, b in re.findall(r'\bKILN_TEST\w*\s*\(\s*(\w+)\s*,\s*(\w+)', text)}
                scan(strip_strings(expanded), known,
                     lambda name, line, test: add(name, line, tests.get(test, test)), line_of)
    return calls, read


def sdk_calls(declarations, names):
    """name -> every routine of `names` that the SDK's macro or inline routine of that name calls, at any depth."""
    direct = {}
    for name, all_of_it in declarations.items():
        words = set()
        for declaration in all_of_it:
            words.update(w for w in WORD.findall(strip_strings(declaration.body or '')) if w in declarations and w != name)
        if words:
            direct[name] = words
    out = {}

    def reach(name, seen):
        for word in direct.get(name, ()):
            if word not in seen:
                seen.add(word)
                reach(word, seen)
        return seen

    for name in direct:
        reached = reach(name, set()) & set(names)
        if reached:
            out[name] = reached
    return out
