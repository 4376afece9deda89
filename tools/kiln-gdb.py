# SPDX-License-Identifier: MIT
"""gdb and Kiln: symbols and frames of loaded driver images, NT threads, modules and requests.

    gdb -x tools/kiln-gdb.py --args build/kiln run echo.sys ...

Loading it
  - lets the signals pass that the machine uses (faults become NT exceptions in the kernel, not in gdb),
  - walks PE frames by their .pdata, so `bt` goes from Linux code through a driver and back,
  - adds `kiln symbols`, `kiln modules`, `kiln threads`, `kiln bt THREAD`, `kiln irp ADDRESS`, `kiln crash`.

Symbols of images are added whenever the program stops and a new image is there. Driver code lies in a shared read-only
mapping, where gdb cannot put a breakpoint instruction: use `hbreak` for breakpoints in drivers.
"""
import struct

import gdb
import gdb.unwinder

# KLDR_DATA_TABLE_ENTRY and KLDR_MODULE; fixed, so that builds without debug information do too.
DLL_BASE, SIZE_OF_IMAGE, NAME, HOST_PATH = 0x30, 0x40, 0xA0, 0xE0
GENERAL = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"] + [f"r{n}" for n in range(8, 16)]


def memory(address, size):
    return gdb.selected_inferior().read_memory(address, size).tobytes()


def word(address, size=8):
    return int.from_bytes(memory(address, size), "little")


def text(address, limit):
    return memory(address, limit).split(b"\0")[0].decode("utf-8", "replace")


def symbol_address(name):
    try:
        return int(gdb.parse_and_eval(f"(unsigned long)&{name}"))
    except gdb.error:
        return 0


class Module:
    def __init__(self, entry):
        self.entry = entry
        self.base = word(entry + DLL_BASE)
        self.size = word(entry + SIZE_OF_IMAGE, 4)
        self.name = text(entry + NAME, 64)
        self.path = text(entry + HOST_PATH, 512)
        self.functions = None

    def table(self):
        """The exception directory as a sorted list of (begin, end, unwind info)."""
        if self.functions is None:
            nt = self.base + word(self.base + 0x3C, 4)
            rva, size = word(nt + 24 + 112 + 3 * 8, 4), word(nt + 24 + 112 + 3 * 8 + 4, 4)
            data = memory(self.base + rva, size) if size else b""
            self.functions = [struct.unpack_from("<III", data, i) for i in range(0, size - 11, 12)]
        return self.functions

    def sections(self):
        nt = self.base + word(self.base + 0x3C, 4)
        count, optional = word(nt + 6, 2), word(nt + 20, 2)
        for i in range(count):
            at = nt + 24 + optional + 40 * i
            yield text(at, 8), word(at + 12, 4)

    def lookup(self, pc):
        rva = pc - self.base
        for begin, end, info in self.table():
            if begin <= rva < end:
                return begin, end, info
        return None


def modules():
    head = symbol_address("PsLoadedModuleList")
    if not head:
        return []
    found, at = [], word(head)
    while at not in (0, head) and len(found) < 1000:
        found.append(Module(at))
        at = word(at)
    return found


class State:
    known = {}      # base -> Module
    added = set()   # (base, path) whose symbols gdb has


def refresh():
    try:
        State.known = {m.base: m for m in modules()}
    except (gdb.error, gdb.MemoryError):
        State.known = {}


def module_of(pc):
    for module in State.known.values():
        if module.base <= pc < module.base + module.size:
            return module
    return None


def add_symbols(say):
    refresh()
    for module in State.known.values():
        key = (module.base, module.path)
        if key in State.added or not module.path:
            continue
        State.added.add(key)
        places = {name: module.base + rva for name, rva in module.sections()}
        if ".text" not in places:
            continue
        others = " ".join(f"-s {n} {a:#x}" for n, a in places.items() if n != ".text" and not n.startswith((".debug", "/")))
        try:
            gdb.execute(f'add-symbol-file "{module.path}" {places[".text"]:#x} {others}', to_string=True)
            if say:
                print(f"symbols of {module.name} from {module.path}")
        except gdb.error as error:
            print(f"kiln: no symbols of {module.name}: {error}")


def on_stop(event):
    add_symbols(False)


# ---------------------------------------------------------------- frames


class Registers:
    """The registers of a frame, changed step by step into those of its caller."""

    def __init__(self, values):
        self.values = dict(values)

    def pop(self, name):
        self.values[name] = word(self.values["rsp"])
        self.values["rsp"] += 8


def try_epilog(pc, end, frame_register, regs):
    """If the code at pc finishes an epilog, carry it out on a copy of the registers; else None."""
    code = memory(pc, max(1, min(48, end - pc))) + bytes(16)
    work, at = Registers(regs.values), 0
    if code[:3] == b"\x48\x83\xc4":
        work.values["rsp"] += struct.unpack("b", code[3:4])[0]
        at = 4
    elif code[:3] == b"\x48\x81\xc4":
        work.values["rsp"] += struct.unpack("<i", code[3:7])[0]
        at = 7
    elif frame_register and code[0] & 0xFE == 0x48 and code[1] == 0x8D and (code[2] >> 3) & 7 == 4:
        base, mode, at = (code[2] & 7) | (code[0] & 1) << 3, code[2] >> 6, 3
        if base == 12:
            at = 4
        if base != frame_register or mode not in (1, 2):
            return None
        offset = struct.unpack("b", code[at:at + 1])[0] if mode == 1 else struct.unpack("<i", code[at:at + 4])[0]
        at += 1 if mode == 1 else 4
        work.values["rsp"] = work.values[GENERAL[base]] + offset
    while at < len(code) - 2:
        if code[at] & 0xF8 == 0x58:
            work.pop(GENERAL[code[at] & 7])
            at += 1
        elif code[at] == 0x41 and code[at + 1] & 0xF8 == 0x58:
            work.pop(GENERAL[8 + (code[at + 1] & 7)])
            at += 2
        else:
            break
    if code[at] == 0xC3 or code[at:at + 2] == b"\xf3\xc3":
        work.pop("rip")
        return work
    return None


def undo(base, info, offset, frame, regs):
    """Undo the operations of an UNWIND_INFO; the address of the chained parent, or None; and if a trap frame was met."""
    head = memory(base + info, 4)
    flags, count = head[0] >> 3, head[2]
    codes = struct.unpack(f"<{count}H", memory(base + info + 4, 2 * count)) if count else ()
    i, machine = 0, False
    while i < count:
        at, op, operand = codes[i] & 0xFF, (codes[i] >> 8) & 15, codes[i] >> 12
        size = {0: 1, 1: 3 if operand else 2, 2: 1, 3: 1, 4: 2, 5: 3, 6: 1, 7: 3, 8: 2, 9: 3, 10: 1}.get(op, 1)
        near = codes[i + 1] if size == 2 else 0
        far = codes[i + 1] | codes[i + 2] << 16 if size == 3 else 0
        i += size
        if at > offset:
            continue
        values = regs.values
        if op == 0:
            regs.pop(GENERAL[operand])
        elif op == 1:
            values["rsp"] += far if operand else near * 8
        elif op == 2:
            values["rsp"] += operand * 8 + 8
        elif op == 3:
            values["rsp"] = values[GENERAL[head[3] & 15]] - (head[3] >> 4) * 16
        elif op in (4, 5):
            values[GENERAL[operand]] = word(frame + (near * 8 if op == 4 else far))
        elif op == 10:
            machine = True
            values["rsp"] += 8 if operand else 0
            values["rip"], values["rsp"] = word(values["rsp"]), word(values["rsp"] + 24)
    parent = None
    if flags & 4:
        parent = word(base + info + 4 + 2 * ((count + 1) & ~1) + 8, 4)
    return parent, machine


def unwind(pc, regs, module):
    """The caller's registers, or None."""
    entry = module.lookup(pc)
    if entry is None:
        regs.pop("rip")
        return regs
    begin, end, info = entry
    head = memory(module.base + info, 4)
    offset = pc - module.base - begin
    frame_register = head[3] & 15
    frame = regs.values["rsp"]
    if frame_register and (offset >= head[1] or (head[0] >> 3) & 4):
        frame = regs.values[GENERAL[frame_register]] - (head[3] >> 4) * 16
    if offset >= head[1]:
        done = try_epilog(pc, module.base + end, frame_register, regs)
        if done:
            return done
    limit, machine, depth = (offset if offset < head[1] else 0xFFFF), False, 0
    while info is not None and depth < 32:
        info, machine = undo(module.base, info, limit, frame, regs)
        limit, depth = 0xFFFF, depth + 1
    if not machine:
        regs.pop("rip")
    return regs


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class PeUnwinder(gdb.unwinder.Unwinder):
    def __init__(self):
        super().__init__("kiln-pe")

    def __call__(self, pending):
        mask = (1 << 64) - 1
        pc = int(pending.read_register("rip")) & mask
        module = module_of(pc)
        if module is None:
            return None
        try:
            values = {"rip": pc}
            for name in GENERAL:
                try:
                    values[name] = int(pending.read_register(name)) & mask
                except gdb.error:
                    values[name] = 0 # a volatile register of an outer frame is not known
            caller = unwind(pc, Registers(values), module)
        except (gdb.error, gdb.MemoryError, struct.error):
            return None
        entry = module.lookup(pc)
        begin = module.base + entry[0] if entry else pc
        wide = gdb.lookup_type("unsigned long")
        info = pending.create_unwind_info(FrameId(gdb.Value(caller.values["rsp"]).cast(wide), gdb.Value(begin).cast(wide)))
        for name in ("rip", "rsp", "rbx", "rbp", "rsi", "rdi", "r12", "r13", "r14", "r15"):
            info.add_saved_register(name, gdb.Value(caller.values[name]).cast(wide))
        return info


# ---------------------------------------------------------------- commands


class Kiln(gdb.Command):
    """Look at a Kiln machine: modules, symbols, threads, bt, irp, crash."""

    def __init__(self):
        super().__init__("kiln", gdb.COMMAND_STATUS, prefix=True)


class Symbols(gdb.Command):
    """Add the symbols of every loaded driver image."""

    def __init__(self):
        super().__init__("kiln symbols", gdb.COMMAND_FILES)

    def invoke(self, argument, tty):
        add_symbols(True)


class Modules(gdb.Command):
    """List loaded driver images: base, size, name, file."""

    def __init__(self):
        super().__init__("kiln modules", gdb.COMMAND_STATUS)

    def invoke(self, argument, tty):
        refresh()
        for module in State.known.values():
            print(f"{module.base:#018x} {module.size:#9x}  {module.name:20} {module.path}")


def need_types():
    try:
        return gdb.lookup_type("KTHREAD")
    except gdb.error:
        raise gdb.GdbError("this build of Kiln has no debug information; configure with --buildtype=debugoptimized")


def all_threads():
    kthread = need_types()
    offset = [f for f in kthread.strip_typedefs().fields() if f.name == "AllThreadsEntry"][0].bitpos // 8
    head = symbol_address("all_threads")
    at = word(head) if head else 0
    while at not in (0, head):
        yield gdb.Value(at - offset).cast(kthread.pointer())
        at = word(at)


STATES = ["initialized", "ready", "running", "standby", "terminated", "waiting"]


class Threads(gdb.Command):
    """List NT threads: id, state, processor, priority, where they started."""

    def __init__(self):
        super().__init__("kiln threads", gdb.COMMAND_STATUS)

    def invoke(self, argument, tty):
        for thread in all_threads():
            state = int(thread["State"])
            start = int(thread["StartAddress"])
            where = gdb.execute(f"info symbol {start:#x}", to_string=True).split(" in section")[0].strip() if start else ""
            print(f"{int(thread['Id']):4} {int(thread):#018x} {STATES[state] if state < 6 else state:11} "
                  f"cpu {int(thread['Processor'])} priority {int(thread['Priority']):2}  {where}")


class Backtrace(gdb.Command):
    """kiln bt THREAD: the stack of an NT thread that does not run (id or address)."""

    def __init__(self):
        super().__init__("kiln bt", gdb.COMMAND_STACK)

    def invoke(self, argument, tty):
        wanted = int(gdb.parse_and_eval(argument))
        for thread in all_threads():
            if wanted not in (int(thread["Id"]), int(thread)):
                continue
            if int(thread["State"]) == 2:
                raise gdb.GdbError("that thread is running: use gdb's own thread command and bt")
            frame = int(thread["KernelStack"])
            names = ["r15", "r14", "r13", "r12", "rdi", "rsi", "rbx", "rbp"]
            new = {name: word(frame + 0xB8 + 8 * i) for i, name in enumerate(names)}
            new["rip"], new["rsp"] = word(frame + 0xF8), frame + 0x100
            gdb.execute("frame 0", to_string=True)
            old = {name: int(gdb.parse_and_eval(f"(unsigned long)${name}")) for name in new}
            try:
                for name, value in new.items():
                    gdb.execute(f"set ${name} = {value:#x}")
                gdb.execute("bt")
            finally:
                for name, value in old.items():
                    gdb.execute(f"set ${name} = {value:#x}")
            return
        raise gdb.GdbError("no such thread")


MAJOR = ("CREATE CREATE_NAMED_PIPE CLOSE READ WRITE QUERY_INFORMATION SET_INFORMATION QUERY_EA SET_EA FLUSH_BUFFERS "
         "QUERY_VOLUME_INFORMATION SET_VOLUME_INFORMATION DIRECTORY_CONTROL FILE_SYSTEM_CONTROL DEVICE_CONTROL "
         "INTERNAL_DEVICE_CONTROL SHUTDOWN LOCK_CONTROL CLEANUP CREATE_MAILSLOT QUERY_SECURITY SET_SECURITY POWER "
         "SYSTEM_CONTROL DEVICE_CHANGE QUERY_QUOTA SET_QUOTA PNP").split()


class Irp(gdb.Command):
    """kiln irp ADDRESS: an IRP and its stack locations."""

    def __init__(self):
        super().__init__("kiln irp", gdb.COMMAND_DATA)

    def invoke(self, argument, tty):
        irp = int(gdb.parse_and_eval(argument))
        if word(irp, 2) != 6:
            raise gdb.GdbError("that is no IRP")
        count, current = word(irp + 0x42, 1), word(irp + 0x43, 1)
        print(f"IRP {irp:#x}: location {current} of {count}, cancel {word(irp + 0x44, 1)}, "
              f"status {word(irp + 0x30, 4):#010x}, information {word(irp + 0x38)}, thread {word(irp + 0x98):#x}")
        print(f"  mdl {word(irp + 8):#x}, system buffer {word(irp + 0x18):#x}, user buffer {word(irp + 0x70):#x}, "
              f"cancel routine {word(irp + 0x68):#x}")
        for number in range(count, 0, -1):
            at = irp + 0xD0 + (number - 1) * 0x48
            major = word(at, 1)
            name = MAJOR[major] if major < len(MAJOR) else str(major)
            mark = ">" if number == current else " "
            completion = word(at + 0x38)
            routine = gdb.execute(f"info symbol {completion:#x}", to_string=True).strip() if completion else ""
            print(f"  {mark}{number}: IRP_MJ_{name} minor {word(at + 1, 1)}, device {word(at + 0x28):#x}, "
                  f"file {word(at + 0x30):#x}, arguments {', '.join(f'{word(at + 8 + 8 * i):#x}' for i in range(4))}"
                  + (f", completion {routine}" if routine else ""))


class Crash(gdb.Command):
    """Stop where a bugcheck begins its report; the failing state is in `vf_crash.context`."""

    def __init__(self):
        super().__init__("kiln crash", gdb.COMMAND_RUNNING)

    def invoke(self, argument, tty):
        gdb.execute("break vf_report")


for signal in ("SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGURG"):
    gdb.execute(f"handle {signal} nostop noprint pass", to_string=True)
gdb.unwinder.register_unwinder(None, PeUnwinder(), replace=True)
gdb.events.stop.connect(on_stop)
for command in (Kiln, Symbols, Modules, Threads, Backtrace, Irp, Crash):
    command()
