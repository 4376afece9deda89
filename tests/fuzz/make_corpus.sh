#!/bin/sh
# Make the seed corpus of the image fuzzer: small drivers with every kind of table, by clang and lld and by mingw-w64 gcc.
# usage: make_corpus.sh LIB OUT     LIB: the SDK's import libraries
set -e
lib=$1 out=$2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat >"$tmp/d.c" <<'C'
typedef unsigned long long u64;
void KeBugCheck(unsigned); void *memcpy(void *, const void *, u64); long DbgPrint(const char *, ...);
extern void **IoFileObjectType;
u64 __security_cookie = 0x2B992DDFA232;
void (*__guard_check_icall_fptr)(void); void (*__guard_dispatch_icall_fptr)(void);
int _fltused;
struct { unsigned size; char pad[84]; u64 *cookie; char pad2[16]; void *check, *dispatch; void *table; u64 count; unsigned flags; char rest[0xac]; }
    _load_config_used = {0x140, {0}, &__security_cookie, {0}, &__guard_check_icall_fptr, &__guard_dispatch_icall_fptr, 0, 0, 0x100, {0}};
__declspec(dllexport) long exported(long x) { return x * 3; }
__declspec(dllexport) long other(long x) { return x + 3; }
static void *table[] = {(void *)exported, (void *)other, (void *)&IoFileObjectType};
__declspec(allocate("INIT")) long init_data = 3;
#pragma section("INIT", read, write, discard)
__declspec(noinline) long deep(char *p) { volatile char big[600]; for (int i = 0; i < 600; i++) big[i] = p[i]; return big[3]; }
long DriverEntry(void **driver, void *path)
{
    long r = 0;
    __try { r = *(volatile long *)path + deep(path); memcpy(table, path, 8); } __except (1) { r = DbgPrint("fault\n"); }
    if (r == 42) KeBugCheck(1);
    return r + (long)(u64)*IoFileObjectType + (long)(u64)table[0] + init_data;
}
C
clang="clang-19 --target=x86_64-pc-windows-msvc -fms-extensions -fms-compatibility -ffreestanding -fno-builtin -nostdinc -fasynchronous-unwind-tables -w"
link="lld-link-19 /nologo /subsystem:native /entry:DriverEntry /nodefaultlib /timestamp:0"
$clang -O1 -c "$tmp/d.c" -o "$tmp/d.obj"
$clang -O1 -gdwarf-4 -c "$tmp/d.c" -o "$tmp/g.obj"
$link /driver "$tmp/d.obj" "$lib/ntoskrnl.lib" /out:"$out/plain"
$link /driver "$tmp/d.obj" "$lib/ntoskrnl.lib" /align:32 /filealign:32 /out:"$out/flat"
$link /driver /debug:dwarf "$tmp/g.obj" "$lib/ntoskrnl.lib" /out:"$out/dwarf"
$link /dll /debug /pdb:"$tmp/d.pdb" /pdbaltpath:d.pdb /export:forwarded=ntoskrnl.KeBugCheck /export:exported,@7 \
    "$tmp/d.obj" "$lib/ntoskrnl.lib" /implib:"$tmp/export.lib" /out:"$out/export"
$link /driver /fixed "$tmp/d.obj" "$lib/ntoskrnl.lib" /out:"$out/fixed"
printf 'LIBRARY hal.dll\nEXPORTS\n  HalFoo @3 NONAME\n  HalBar\n' >"$tmp/hal.def"
llvm-dlltool-19 -m i386:x86-64 -d "$tmp/hal.def" -l "$tmp/hal.lib"
cat >"$tmp/m.c" <<'C'
void HalFoo(void); void HalBar(void); void DbgPrint(const char *, ...);
void *__delayLoadHelper2(void *a, void *b) { return a; }
long DriverEntry(void *a, void *b) { HalFoo(); HalBar(); DbgPrint("x"); return 0; }
C
$clang -O1 -c "$tmp/m.c" -o "$tmp/m.obj"
$link /driver "$tmp/m.obj" "$tmp/hal.lib" "$lib/ntoskrnl.lib" /delayload:hal.dll /out:"$out/delay"
$link /driver "$tmp/m.obj" "$tmp/hal.lib" "$lib/ntoskrnl.lib" /out:"$out/ordinal"
cat >"$tmp/w.c" <<'C'
void __attribute__((dllimport)) KeBugCheck(unsigned);
static void *self = &self;
long __attribute__((used)) DriverEntry(void *a, void *b) { if (a == b) KeBugCheck(2); return self == a; }
C
x86_64-w64-mingw32-gcc -O2 -ffreestanding -nostdlib -Wl,--subsystem,native -Wl,--entry,DriverEntry -Wl,--dynamicbase \
    "$tmp/w.c" -lntoskrnl -s -o "$tmp/mingw.sys"
x86_64-w64-mingw32-gcc -O2 -g -ffreestanding -nostdlib -Wl,--subsystem,native -Wl,--entry,DriverEntry "$tmp/w.c" -lntoskrnl \
    -o "$tmp/mingw-debug.sys"
cp "$tmp/mingw.sys" "$out/mingw"
cp "$tmp/mingw-debug.sys" "$out/mingw-debug"
printf 'MZ' >"$out/mz"
head -c 4096 "$out/plain" >"$out/truncated"
rm -f "$out"/*.lib
chmod a-x "$out"/*
du -sb "$out"
