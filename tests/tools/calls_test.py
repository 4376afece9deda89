#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What tools/calls.py takes for a call, and what not: calls_test.py ROOT"""
import os
import sys
import tempfile

root = os.path.abspath(sys.argv[1])
sys.path.insert(0, os.path.join(root, 'tools'))
import calls
import sdkdecl

SOURCE = '''
/* KeCommented() */
NTSTATUS KeDeclared(PVOID Here);
static const struct row table[] = {{"KeInString()", KeInTable}};
#define MADE(Name) KePasted##Name(1)
#define USED() KeInMacro(2)
#define UNUSED() KeInUnusedMacro(2)
KILN_TEST(suite, name)
{
    // KeCommentedToo()
    KeCalled(1); CHECK(KeCompared != NULL);
    USED();
    MADE(Here);
    KeSdkMacro();
}
'''
EXPECTED = {'KeInTable': 4, 'KePastedHere': 13, 'KeInMacro': 6, 'KeCalled': 11, 'KeSdkMacro': 14, 'KeInner': 14}
NOT_CALLED = {'KeCommented', 'KeDeclared', 'KeInString', 'KeInUnusedMacro', 'KeCommentedToo', 'KeCompared'}

macro = sdkdecl.Declaration('KeSdkMacro', sdkdecl.MACRO, 'x.h', 1, '#define KeSdkMacro() KeInner(0)')
macro.body = 'KeInner(0)'
inner = sdkdecl.Declaration('KeInner', sdkdecl.PROTOTYPE, 'x.h', 2, 'VOID KeInner(int);')
with tempfile.TemporaryDirectory() as folder:
    os.makedirs(os.path.join(folder, 'tests'))
    with open(os.path.join(folder, 'tests', 'a_test.c'), 'w', encoding='utf-8') as file:
        file.write(SOURCE)
    found, _ = calls.index(folder, sys.argv[2:] or ['cc'], {'KeSdkMacro': [macro], 'KeInner': [inner]}, set(EXPECTED) | NOT_CALLED)
seen = {name: places[0].line for name, places in found.items()}
if seen != EXPECTED:
    sys.exit(f'expected {EXPECTED}\nfound    {seen}')
if found['KeCalled'][0].test != 'suite.name':
    sys.exit(f'KeCalled is called by {found["KeCalled"][0].test}')
print('1 passed, 0 failed')
