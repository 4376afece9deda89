#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Play a scenario against drivers and demand exit status 0, under as many seeds as asked for.

scenario.py [--seeds N] [--live] [--cpus N] KILN DRIVER [as NAME] [DRIVER...] -- SCRIPT
"""
import os
import shutil
import subprocess
import sys
import tempfile


def main():
    words = sys.argv[1:]
    seeds, options = 1, []
    while words[0].startswith("--"):
        word = words.pop(0)
        if word == "--seeds":
            seeds = int(words.pop(0))
        else:
            options.append(word)
            if word == "--cpus":
                options.append(words.pop(0))
    kiln = words.pop(0)
    split = words.index("--")
    images, script = words[:split], words[split + 1]

    with tempfile.TemporaryDirectory() as directory:
        drivers = []
        while images:
            image = images.pop(0)
            if images and images[0] == "as":  # a service is named after its file
                name = images[1] + ".sys"
                images = images[2:]
                image = shutil.copy(image, os.path.join(directory, name))
            drivers.append(image)
        for seed in range(1, seeds + 1):
            command = [kiln, "run", *options, *drivers, "--script", script]
            if "--live" not in options:
                command[2:2] = ["--seed", str(seed)]
            result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            if result.returncode != 0:
                sys.stdout.write(result.stdout.decode(errors="replace"))
                sys.exit(f"exit status {result.returncode}: {' '.join(command)}")


main()
