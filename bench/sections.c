/* SPDX-License-Identifier: MIT */
/*
 * Views of sections mapped and unmapped: kiln-bench-sections DRIVER.SYS, on the live host with one processor.
 * The yardstick is mmap and munmap of a memfd of the same size, in the same run; both with and without a
 * write to one page. Each figure is the best of several rounds.
 */
#define _GNU_SOURCE
#include "driver/sections.h"

#include <kiln/kiln.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define BYTES  (256u << 10)
#define COUNT  20000u
#define ROUNDS 7

static kiln_file device;
static int memory;

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void views(unsigned touch, unsigned system)
{
    SECTIONS_REQUEST request = {COUNT, touch, BYTES, system};
    kiln_status status = kiln_ioctl(device, IOCTL_SECTIONS, &request, sizeof request, NULL, 0, NULL);
    if (status != 0) {
        fprintf(stderr, "kiln-bench-sections: status %#x\n", (unsigned)status);
        exit(2);
    }
}

static void maps(unsigned touch, unsigned unused)
{
    (void)unused;
    for (unsigned i = 0; i < COUNT; i++) {
        volatile unsigned *at = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
        if (at == MAP_FAILED)
            exit(2);
        if (touch)
            *at = i;
        munmap((void *)at, BYTES);
    }
}

static double measure(void (*run)(unsigned, unsigned), unsigned touch, unsigned system)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double from = now_ns();
        run(touch, system);
        double each = (now_ns() - from) / COUNT;
        if (each < best)
            best = each;
    }
    return best;
}

static void row(const char *name, double ns, double yardstick)
{
    printf("%-44s %8.0f ns  %5.2f x mmap + munmap (%.0f ns)\n", name, ns, ns / yardstick, yardstick);
}

int main(int argc, char **argv)
{
    struct kiln_options options = {.size = sizeof options, .live = true, .cpus = 1};
    memory = memfd_create("bench", 0);
    if (argc < 2 || memory < 0 || ftruncate(memory, BYTES) != 0) {
        fprintf(stderr, "usage: kiln-bench-sections DRIVER.SYS\n");
        return 2;
    }
    double untouched = measure(maps, 0, 0), touched = measure(maps, 1, 0);
    if (kiln_boot(&options) != 0 || kiln_load(argv[1], "sections") != 0 ||
        kiln_open("\\Device\\BenchSections", KILN_READ | KILN_WRITE, 0, &device) != 0) {
        fprintf(stderr, "kiln-bench-sections: %s\n", kiln_last_error());
        return 2;
    }
    row("section view map/unmap", measure(views, 0, 0), untouched);
    row("section view map/unmap, one page written", measure(views, 1, 0), touched);
    row("system-space view map/unmap, one page written", measure(views, 1, 1), touched);
    return 0;
}
