/* SPDX-License-Identifier: MIT */
/*
 * place.c: where an address is: which driver or which part of Kiln, which function, file and line.
 *
 * Symbols come from the host, which asks a symbolizer and may take its time. Images that were unloaded are remembered by
 * the loader, so that a stale address can still be named.
 */
#include "vfp.h"
#include "ldrp.h"

/* ---------------------------------------------------------------- places */

static void copy_text(char *to, SIZE_T bytes, const char *from)
{
    SIZE_T i = 0;
    for (; i + 1 < bytes && from[i]; i++)
        to[i] = from[i];
    to[i] = 0;
}

/* "a/b/../c" becomes "a/c": debug information names files relative to the build directory. */
static void clean_path(char *path)
{
    for (SIZE_T i = 0; path[i]; i++) {
        if (!(path[i] == '/' && path[i + 1] == '.' && path[i + 2] == '.' && path[i + 3] == '/') || i == 0)
            continue;
        SIZE_T from = i;
        while (from > 0 && path[from - 1] != '/')
            from--;
        if (from == 0 || (path[from] == '.' && path[from + 1] == '.'))
            continue;
        SIZE_T to = from - 1, rest = i + 3;
        while ((path[to++] = path[rest++]))
            ;
        i = from > 1 ? from - 2 : 0;
    }
}

static void symbolize(const char *path, ULONGLONG address, struct vf_place *place)
{
    struct host_symbol symbol;
    if (!host_symbolize(path, address, &symbol))
        return;
    copy_text(place->function, sizeof place->function, symbol.function);
    clean_path(symbol.file);
    copy_text(place->file, sizeof place->file, symbol.file);
    place->line = symbol.line;
}

static bool locate_unloaded(ULONGLONG pc, struct vf_place *place)
{
    static struct ldr_unloaded unloaded;
    for (ULONG i = 0; LdrUnloadedModule(i, &unloaded); i++) {
        if (pc < unloaded.Base || pc >= unloaded.End)
            continue;
        copy_text(place->module, sizeof place->module, unloaded.Name);
        place->module_base = unloaded.Base;
        place->offset = pc - unloaded.Base;
        place->driver = place->unloaded = true;
        if (unloaded.HostPath[0])
            symbolize(unloaded.HostPath, place->offset, place);
        return true;
    }
    return false;
}

void vf_locate(ULONGLONG pc, bool is_return_address, struct vf_place *place)
{
    ULONGLONG back = is_return_address ? 1 : 0; /* the call, not what follows it */
    struct host_elf_frames frames;
    __builtin_memset(place, 0, sizeof *place);
    PKLDR_MODULE module = LdrFindModuleByAddress((const void *)(ULONG_PTR)pc);
    if (module) {
        copy_text(place->module, sizeof place->module, module->Name);
        place->module_base = (ULONG_PTR)module->Entry.DllBase;
        place->offset = pc - place->module_base;
        place->driver = true;
        if (module->HostPath[0])
            symbolize(module->HostPath, place->offset - back, place);
    } else if (host_find_elf_frames(pc, &frames)) {
        copy_text(place->module, sizeof place->module, "kiln");
        place->module_base = frames.text_begin;
        place->offset = pc - frames.text_begin;
        symbolize(NULL, pc - back, place);
    } else {
        locate_unloaded(pc, place);
    }
}

static const char *base_name(const char *path)
{
    const char *last = path;
    for (; *path; path++)
        if ((*path == '/' || *path == '\\') && path[1])
            last = path + 1;
    return last;
}

void vf_describe(const struct vf_place *place, char *text, SIZE_T bytes)
{
    const char *unloaded = place->unloaded ? " (unloaded)" : "";
    if (!place->module[0])
        vf_print(text, bytes, "?");
    else if (place->function[0] && place->file[0] && place->line == 0)
        vf_print(text, bytes, "%s!%s (%s)%s", place->module, place->function, base_name(place->file), unloaded);
    else if (place->function[0] && place->file[0])
        vf_print(text, bytes, "%s!%s (%s:%u)%s", place->module, place->function, base_name(place->file), place->line, unloaded);
    else if (place->function[0])
        vf_print(text, bytes, "%s!%s%s", place->module, place->function, unloaded);
    else
        vf_print(text, bytes, "%s+0x%llx%s", place->module, place->offset, unloaded);
}

void KiDescribeAddress(ULONGLONG pc, char *text, SIZE_T bytes)
{
    struct vf_place place;
    vf_locate(pc, false, &place);
    vf_describe(&place, text, bytes);
}

void KiDescribeReturn(ULONGLONG pc, char *text, SIZE_T bytes)
{
    struct vf_place place;
    vf_locate(pc, true, &place);
    vf_describe(&place, text, bytes);
}
