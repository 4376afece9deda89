#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plant each fault of mutations.txt in a copy of the sources, build the tests, and see that they fail.

  run.py ROOT BUILD [--seeds N] [--only WORD]

The copy is BUILD/mutations/src; it is built once, then only what a fault touches. The named tests must pass before anything is
planted: otherwise they would be taken to notice whatever is. A fault that no test notices is a failure, and so is one whose text
is no longer in the source, one that does not build, and one whose filters name no test.
"""
import argparse
import os
import shutil
import subprocess
import sys


class Mutation:
    def __init__(self, name):
        self.name, self.file, self.tests, self.seeds, self.why, self.old, self.new = name, '', [], 0, '', [], []


def read(path):
    out = []
    with open(path, encoding='utf-8') as f:
        for line in f:
            line = line.rstrip('\n')
            if line.startswith('= '):
                out.append(Mutation(line[2:]))
            elif line.startswith('file '):
                out[-1].file = line[5:]
            elif line.startswith('tests '):
                out[-1].tests = line[6:].split()
            elif line.startswith('seeds '):
                out[-1].seeds = int(line[6:])
            elif line.startswith('why '):
                out[-1].why = line[4:]
            elif line.startswith('-'):
                out[-1].old.append(line[1:])
            elif line.startswith('+'):
                out[-1].new.append(line[1:])
    return out


def copy_sources(root, target):
    """The sources as they stand, changed files only, so that the build in the copy does no more than it must."""
    listed = subprocess.run(['git', '-C', root, 'ls-files', '--cached', '--others', '--exclude-standard'], capture_output=True,
                            text=True, check=True).stdout.split('\n')
    for name in filter(None, listed):
        source, copy = os.path.join(root, name), os.path.join(target, name)
        if not os.path.isfile(source):
            continue
        with open(source, 'rb') as f:
            text = f.read()
        if os.path.exists(copy):
            with open(copy, 'rb') as f:
                if f.read() == text:
                    continue
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(source, copy)


def build(source):
    folder = os.path.join(source, 'build')
    if not os.path.exists(os.path.join(folder, 'build.ninja')):
        subprocess.run(['meson', 'setup', folder, source, '--buildtype=release', '-Ddebug=true', '-Dbench=false'], check=True,
                       capture_output=True)
    result = subprocess.run(['ninja', '-C', folder, 'tests/kiln-tests'], capture_output=True, text=True)
    return result.returncode == 0, result.stdout[-1500:]


def program(source):
    return os.path.join(source, 'build', 'tests', 'kiln-tests')


def run(source, drivers, filters, seeds):
    """The tests that fail. One that hangs has failed after 20 seconds, and takes a few milliseconds otherwise."""
    command = [program(source), '--sim-only', '--timeout', '20', '--seeds', str(seeds), *filters]
    try:
        result = subprocess.run(command, capture_output=True, text=True, errors='replace', timeout=600,
                                env={**os.environ, 'KILN_TEST_DRIVERS': drivers})
    except subprocess.TimeoutExpired:
        return ['(the tests did not end)']
    lines = [line.split()[1] for line in result.stdout.splitlines() + result.stderr.splitlines() if line.startswith('FAIL ')]
    return (lines or ['(the tests themselves failed)']) if result.returncode else []


def check_unplanted(source, drivers, mutations, seeds):
    """The named tests exist, and pass as long as nothing is planted."""
    filters = sorted({test for mutation in mutations for test in mutation.tests})
    names = subprocess.run([program(source), '--list'], capture_output=True, text=True, check=True).stdout
    unknown = [test for test in filters if test not in names]
    if unknown:
        sys.exit(f'no test is named {", ".join(unknown)}')
    for first in range(0, len(filters), 40):
        failed = run(source, drivers, filters[first:first + 40], seeds)
        if failed:
            sys.exit(f'nothing is planted yet, and these fail: {", ".join(dict.fromkeys(failed))}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('root')
    parser.add_argument('build')
    parser.add_argument('--seeds', type=int, default=20)
    parser.add_argument('--only', default='')
    args = parser.parse_args()
    root, out = os.path.abspath(args.root), os.path.abspath(args.build)
    source = os.path.join(out, 'mutations', 'src')
    mutations = [m for m in read(os.path.join(root, 'tests', 'mutations', 'mutations.txt')) if args.only in m.name]
    copy_sources(root, source)
    good, text = build(source)
    if not good:
        sys.exit(f'the sources do not build:\n{text}')
    drivers = os.path.join(out, 'tests', 'drivers')
    check_unplanted(source, drivers, mutations, args.seeds)
    missed = 0
    for mutation in mutations:
        path = os.path.join(source, mutation.file)
        with open(path, encoding='utf-8') as f:
            before = f.read()
        old, new = '\n'.join(mutation.old), '\n'.join(mutation.new)
        if before.count(old) != 1:
            missed += 1
            print(f'FAIL {mutation.name}: its text is {before.count(old)} times in {mutation.file}', flush=True)
            continue
        with open(path, 'w', encoding='utf-8') as f:
            f.write(before.replace(old, new))
        try:
            good, text = build(source)
            failed = run(source, drivers, mutation.tests, max(args.seeds, mutation.seeds)) if good else []
        finally:
            with open(path, 'w', encoding='utf-8') as f:
                f.write(before)
        if not good:
            print(f'FAIL {mutation.name}: does not build\n{text}')
        elif not failed:
            print(f'FAIL {mutation.name}: no test noticed that {mutation.why}')
        else:
            print(f'ok {mutation.name}: {", ".join(dict.fromkeys(failed))}')
        missed += not failed
        sys.stdout.flush()
    print(f'{len(mutations) - missed} passed, {missed} failed')
    return 1 if missed else 0


if __name__ == '__main__':
    sys.exit(main())
