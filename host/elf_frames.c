/* SPDX-License-Identifier: MIT */
/*
 * Where the unwind tables of the ELF objects in this process are: the executable, libc, whatever embeds the library.
 *
 * The table is built once, before the kernel starts, and never changes: it is read while a fault is being treated, when
 * no lock may be taken. Objects that are loaded later have no frames for the kernel, and need none: driver code is PE.
 */
#define _GNU_SOURCE
#include "host.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#define MAX_OBJECTS 64

struct elf_object {
    struct host_elf_frames frames;
    uint64_t load_bias;
    char path[256];
};
static struct elf_object objects[MAX_OBJECTS];
static unsigned object_count;

void host_elf_frames_init(void);
const char *host_elf_object(uint64_t pc, uint64_t *load_bias);

static int add_object(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    (void)context;
    if (object_count == MAX_OBJECTS)
        return 1;
    struct elf_object *object = &objects[object_count];
    uint64_t begin = UINT64_MAX, end = 0;
    const ElfW(Phdr) *table = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        uint64_t low = info->dlpi_addr + segment->p_vaddr, high = low + segment->p_memsz;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X)) {
            begin = low < begin ? low : begin;
            end = high > end ? high : end;
        } else if (segment->p_type == PT_GNU_EH_FRAME) {
            table = segment;
        }
    }
    if (!table || end == 0)
        return 0;
    object->frames.eh_frame_hdr = (const void *)(info->dlpi_addr + table->p_vaddr);
    object->frames.eh_frame_hdr_bytes = table->p_memsz;
    object->frames.text_begin = begin;
    object->frames.text_end = end;
    object->load_bias = info->dlpi_addr;
    const char *name = info->dlpi_name && info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe";
    strncpy(object->path, name, sizeof object->path - 1);
    object_count++;
    return 0;
}

void host_elf_frames_init(void)
{
    object_count = 0;
    dl_iterate_phdr(add_object, NULL);
}

static const struct elf_object *object_of(uint64_t pc)
{
    for (unsigned i = 0; i < object_count; i++)
        if (pc >= objects[i].frames.text_begin && pc < objects[i].frames.text_end)
            return &objects[i];
    return NULL;
}

bool host_find_elf_frames(uint64_t pc, struct host_elf_frames *out)
{
    const struct elf_object *object = object_of(pc);
    if (!object)
        return false;
    *out = object->frames;
    return true;
}

/* The file that contains `pc` and what to subtract for an address in it; NULL: no ELF object. */
const char *host_elf_object(uint64_t pc, uint64_t *load_bias)
{
    const struct elf_object *object = object_of(pc);
    if (!object)
        return NULL;
    *load_bias = object->load_bias;
    return object->path;
}
