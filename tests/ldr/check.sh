#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# kiln inspect, kiln ddi, the ledger and the import libraries. check.sh BUILD
set -u
here=$(cd "$(dirname "$0")" && pwd)
source "$here/../expect.sh" "$1"
drivers=$build/tests/drivers
root=$(cd "$here/../.." && pwd)

if [ -f "$drivers/ldr_plain.sys" ]; then
    expect "a sound driver will load" 0 "^It will load" "$kiln" inspect "$drivers/ldr_plain.sys"
    expect "an import's state is the first word" 0 "^available +ntoskrnl.exe!DbgPrint$" "$kiln" inspect "$drivers/ldr_plain.sys"
    expect "sections are shown" 0 "^ +INIT .*discardable" "$kiln" inspect "$drivers/ldr_plain.sys"
    expect "debug information is shown" 0 "DWARF" "$kiln" inspect "$drivers/ldr_plain.sys"
    expect "no signature" 0 "^  none$" "$kiln" inspect "$drivers/ldr_plain.sys"
    expect "exports are shown" 0 "ExporterAdd" "$kiln" inspect "$drivers/ldr_exporter.sys"
    expect "imports from an image beside" 0 "^available +ldr_exporter.sys!ExporterAdd" "$kiln" inspect "$drivers/ldr_importer.sys"
    expect "imports by ordinal" 0 "^available +ldr_exporter.sys!#9" "$kiln" inspect "$drivers/ldr_importer.sys"
    expect "a missing import" 1 "^missing +ntoskrnl.exe!KeNoSuchRoutine" "$kiln" inspect "$drivers/ldr_missing.sys"
    expect "a missing import is the reason" 1 "will not load.*KeNoSuchRoutine" "$kiln" inspect "$drivers/ldr_missing.sys"
    "$kiln" inspect --json "$drivers/ldr_importer.sys" >json
    expect "JSON is JSON" 0 '"loads": true' python3 -m json.tool json
    expect "a PDB is named" 0 "PDB ldr_guard.pdb, GUID [0-9a-f-]{36}, age" "$kiln" inspect "$drivers/ldr_guard.sys"
    expect "a checksum is verified" 0 "checksum .*right" "$kiln" inspect "$drivers/ldr_guard.sys"
    head -c 5000 "$drivers/ldr_plain.sys" >cut.sys
    expect "a truncated image has a reason" 1 "end of the file .*STATUS_INVALID_IMAGE_FORMAT" "$kiln" inspect cut.sys
fi
printf 'MZ' >mz.sys
expect "two bytes are no image" 1 "STATUS_INVALID_IMAGE_PROTECT" "$kiln" inspect mz.sys
expect "a file that is not there" 1 "No such file" "$kiln" inspect nothing.sys
expect "inspect without an image is usage" 2 "usage" "$kiln" inspect

expect "coverage by manager" 0 "^kernel +[0-9]+ +[0-9]+" "$kiln" ddi
expect "a routine by name" 0 "^KeSetEvent: kernel, implemented" "$kiln" ddi KeSetEvent
expect "an inline routine" 0 "^  defined by +the header" "$kiln" ddi InitializeListHead
expect "a manager's routines" 0 "IoCreateDevice" "$kiln" ddi --manager io
expect "an undocumented export" 0 "memcpy" "$kiln" ddi memcpy
expect "an unknown name" 1 "NoSuchThing" "$kiln" ddi NoSuchThing
"$kiln" ddi --json >json
expect "each JSON line is an object" 0 "^ok$" python3 -c 'import json; [json.loads(l) for l in open("json")]; print("ok")'

# The import libraries: constants can be named without dllimport, data cannot.
nm=$(command -v llvm-nm-19 || command -v llvm-nm || true)
if [ -n "$nm" ]; then
    "$nm" "$build/sdk/lib/ntoskrnl.lib" >symbols 2>/dev/null
    expect "a constant" 0 " IoFileObjectType$" cat symbols
    expect "data" 0 "__imp_SeExports$" cat symbols
    expect "data has no thunk" 1 "^$" sh -c 'grep " SeExports$" symbols || { echo; exit 1; }'
    expect "a routine" 0 " ExAllocatePool2$" cat symbols
fi

# The ledger refuses what it cannot read.
printf 'ntoskrnl KeFoo func maybe\n' >bad.def
expect "an unknown state" 1 "cannot read" python3 "$root/tools/ledger.py" --ledger bad.def table -o table.c
printf 'ntoskrnl KeFoo func stub\nntoskrnl KeFoo func stub\n' >bad.def
expect "a name listed twice" 1 "twice" python3 "$root/tools/ledger.py" --ledger bad.def table -o table.c
printf 'hal KeFoo func stub -> ntoskrnl.KeFoo\n' >bad.def
expect "a forwarder to nothing" 1 "not listed" python3 "$root/tools/ledger.py" --ledger bad.def table -o table.c

finish
