/* SPDX-License-Identifier: MIT */
/*
 * RAM and mappings. RAM is one memfd, mapped read-write and shared at KILN_RAM_BASE (the direct map); every other
 * view of it is another shared mapping of the same pages, so aliases are real aliases.
 */
#define _GNU_SOURCE
#include "hostp.h"
#include "layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int ram_fd = -1;

static int native_prot(unsigned prot)
{
    return ((prot & HOST_PROT_R) ? PROT_READ : 0) | ((prot & HOST_PROT_W) ? PROT_WRITE : 0) |
           ((prot & HOST_PROT_X) ? PROT_EXEC : 0);
}

int host_memory_init(uint64_t ram_bytes)
{
    ram_fd = memfd_create("kiln-ram", MFD_CLOEXEC);
    if (ram_fd < 0)
        return -errno;
    if (ftruncate(ram_fd, (off_t)ram_bytes) != 0)
        return -errno;
    void *base = mmap((void *)KILN_RAM_BASE, ram_bytes, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_FIXED_NOREPLACE, ram_fd, 0);
    if (base == MAP_FAILED)
        return -errno;
    return 0;
}

int host_map_ram(void *va, uint64_t bytes, uint64_t phys, unsigned prot)
{
    void *got = mmap(va, bytes, native_prot(prot), MAP_SHARED | MAP_FIXED, ram_fd, (off_t)phys);
    return got == MAP_FAILED ? -errno : 0;
}

int host_add_ram(uint64_t phys, uint64_t bytes)
{
    struct stat file;
    if (fstat(ram_fd, &file) != 0)
        return -errno;
    if ((uint64_t)file.st_size < phys + bytes && ftruncate(ram_fd, (off_t)(phys + bytes)) != 0)
        return -errno;
    return host_map_ram((void *)(KILN_RAM_BASE + phys), bytes, phys, HOST_PROT_R | HOST_PROT_W);
}

int host_map_anonymous(void *va, uint64_t bytes, unsigned prot)
{
    void *got = mmap(va, bytes, native_prot(prot), MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return got == MAP_FAILED ? -errno : 0;
}

bool host_is_free(void *va, uint64_t bytes)
{
    void *got = mmap(va, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (got != MAP_FAILED)
        munmap(got, bytes);
    return got == va;
}

int host_protect(void *va, uint64_t bytes, unsigned prot)
{
    return mprotect(va, bytes, native_prot(prot)) == 0 ? 0 : -errno;
}

int host_unmap(void *va, uint64_t bytes)
{
    return munmap(va, bytes) == 0 ? 0 : -errno;
}

int host_discard_ram(uint64_t phys, uint64_t bytes)
{
    if (fallocate(ram_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)phys, (off_t)bytes) == 0)
        return 0;
    return -errno;
}

void host_mapping_budget(uint64_t *used, uint64_t *limit)
{
    uint64_t lines = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    if (maps) {
        int c;
        while ((c = getc(maps)) != EOF)
            lines += c == '\n';
        fclose(maps);
    }
    unsigned long long max = 65530;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    if (file) {
        if (fscanf(file, "%llu", &max) != 1)
            max = 65530;
        fclose(file);
    }
    *used = lines;
    *limit = max;
}
