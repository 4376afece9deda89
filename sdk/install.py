#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Install the SDK where an installed kiln looks for it: PREFIX/share/kiln/sdk.  install.py SDK BUILD-SDK"""
import os
import shutil
import subprocess
import sys

source, built = sys.argv[1:3]
target = os.path.join(os.environ["MESON_INSTALL_DESTDIR_PREFIX"], "share", "kiln", "sdk")
final = os.path.join(os.environ["MESON_INSTALL_PREFIX"], "share", "kiln", "sdk")
for part in ("include", "cmake", "meson"):
    shutil.copytree(os.path.join(source, part), os.path.join(target, part), dirs_exist_ok=True)
os.makedirs(os.path.join(target, "lib"), exist_ok=True)
for name in sorted(os.listdir(os.path.join(built, "lib"))):
    if name.endswith(".lib"):
        shutil.copy(os.path.join(built, "lib", name), os.path.join(target, "lib", name))
overlay = os.path.join(target, "headers.yaml")
subprocess.run([sys.executable, os.path.join(source, "overlay.py"), os.path.join(target, "include"), overlay], check=True)
if target != final:  # staged with DESTDIR: the paths inside are those of the final place
    with open(overlay, encoding="utf-8") as file:
        text = file.read().replace(os.path.abspath(target), os.path.abspath(final))
    with open(overlay, "w", encoding="utf-8") as file:
        file.write(text)
