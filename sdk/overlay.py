#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write a clang VFS overlay in which the SDK's headers are found whatever the case of their names.

Windows file systems do not distinguish case, so drivers say <Ntddk.h> and <NTSTRSAFE.H>.  overlay.py INCLUDE OUT
"""
import json
import os
import sys

include, out = os.path.abspath(sys.argv[1]), sys.argv[2]
roots = []
for part in ("km", "shared", "crt"):
    directory = os.path.join(include, part)
    headers = sorted(name for name in os.listdir(directory) if name.endswith(".h"))
    roots.append({
        "type": "directory",
        "name": directory,
        "contents": [{"type": "file", "name": name, "external-contents": os.path.join(directory, name)}
                     for name in headers],
    })
with open(out, "w", encoding="utf-8") as file:
    json.dump({"version": 0, "case-sensitive": "false", "roots": roots}, file, indent=1)
