#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Join objects and (thin) archives into one ordinary archive: archive.py OUTPUT INPUT..."""
import os
import subprocess
import sys
import tempfile


def members(path):
    """The object files of an archive, thin or not, or the object itself."""
    if not path.endswith(".a"):
        return [path], None
    folder = tempfile.TemporaryDirectory()
    path = os.path.abspath(path)
    if open(path, "rb").read(8) == b"!<thin>\n":
        names = subprocess.run(["ar", "t", path], check=True, capture_output=True, text=True).stdout.split("\n")
        base = os.path.dirname(path)
        # ar prints a thin archive's members relative to the current folder or to the archive, depending on its age.
        return [n if os.path.exists(n) else os.path.join(base, n) for n in names if n], None
    subprocess.run(["ar", "x", path], check=True, cwd=folder.name)
    return [os.path.join(folder.name, n) for n in sorted(os.listdir(folder.name))], folder


def main():
    output, inputs = sys.argv[1], sys.argv[2:]
    objects, keep = [], []
    for path in inputs:
        found, folder = members(path)
        objects += found
        keep.append(folder)
    if os.path.exists(output):
        os.unlink(output)
    subprocess.run(["ar", "rcs", output, *objects], check=True)


main()
