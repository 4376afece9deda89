#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the table of bugcheck names, sorted by code, from the SDK's bugcodes.h."""
import re
import sys

names = {}
for line in open(sys.argv[1], encoding="utf-8"):
    match = re.match(r"#define\s+([A-Z][A-Z0-9_]*)\s+\(\(ULONG\)(0x[0-9A-Fa-f]+)\)", line)
    if match:
        names.setdefault(int(match[2], 16), match[1])
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write("/* Generated from bugcodes.h by bugnames.py. */\n"
              "struct vf_bug_name {\n    unsigned code;\n    const char *name;\n};\n"
              "extern const struct vf_bug_name vf_bug_names[];\nextern const unsigned vf_bug_name_count;\n")
    out.write("const struct vf_bug_name vf_bug_names[] = {\n")
    for code in sorted(names):
        out.write(f'    {{0x{code:X}, "{names[code]}"}},\n')
    out.write("};\n")
    out.write(f"const unsigned vf_bug_name_count = {len(names)};\n")
