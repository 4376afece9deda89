#!/bin/sh
# SPDX-License-Identifier: MIT
# Install the Debian packages that Kiln is built and tested with, if any is missing. Says what it does.
set -eu

packages="build-essential meson ninja-build python3 pkg-config libzydis-dev libedit-dev clang-19 lld-19 llvm-19 \
libclang-rt-19-dev gcc-mingw-w64-x86-64 g++-mingw-w64-x86-64 cmake gdb strace"

missing=""
for p in $packages; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "kiln: these Debian packages are missing, and there is no apt-get here to install them:$missing" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
        echo "kiln: these packages are missing; install them as root with: apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "kiln: installing missing packages with apt-get:$missing"
$as_root apt-get update -qq
# clang-19 and its companions come with Debian 12's updates.
if ! $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/tmp/kiln-apt.$$ 2>&1; then
    cat /tmp/kiln-apt.$$ >&2
    rm -f /tmp/kiln-apt.$$
    echo "kiln: apt-get could not install:$missing" >&2
    exit 1
fi
rm -f /tmp/kiln-apt.$$
