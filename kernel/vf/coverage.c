/* SPDX-License-Identifier: MIT */
/*
 * The run-time side of `kiln cc --san=cov`: which edges of instrumented drivers ran, and how often.
 *
 * An image's constructor announces its guards before DriverEntry; each guard gets a number, and each execution of an edge
 * counts. The tables outlive the image, so that coverage can be written when the machine ends. Counting is lock-free at
 * any IRQL; an image is added at PASSIVE_LEVEL under the loader's serialisation.
 */
#include <ntddk.h>

#include "client.h"
#include "ki.h"
#include "ldrp.h"

#define MAX_IMAGES 64
#define TAG        'vocK'

static struct covered_image {
    char path[512]; /* of the file on the host */
    ULONG_PTR base;
    ULONG first, count; /* guard numbers first .. first + count - 1 */
    struct covered_edge {
        ULONG_PTR rva; /* 0: did not run */
        volatile LONG64 hits;
    } *edges;
} images[MAX_IMAGES];
static ULONG image_count;
static ULONG next_number = 1; /* 0 is a guard nobody numbered */

VOID NTAPI nt___sanitizer_cov_trace_pc_guard_init(PULONG Start, PULONG Stop);
VOID NTAPI nt___sanitizer_cov_trace_pc_guard(PULONG Guard);

VOID NTAPI nt___sanitizer_cov_trace_pc_guard_init(PULONG Start, PULONG Stop)
{
    PKLDR_MODULE module = LdrFindModuleByAddress(Start);
    if (Start == Stop || *Start || !module || image_count == MAX_IMAGES)
        return;
    struct covered_image *image = &images[image_count];
    image->count = (ULONG)(Stop - Start);
    image->edges = ExAllocatePool2(POOL_FLAG_NON_PAGED, image->count * sizeof *image->edges, TAG);
    if (!image->edges)
        return;
    RtlCopyMemory(image->path, module->HostPath, sizeof image->path);
    image->base = (ULONG_PTR)module->Entry.DllBase;
    image->first = next_number;
    for (ULONG i = 0; i < image->count; i++)
        Start[i] = next_number++;
    __atomic_store_n(&image_count, image_count + 1, __ATOMIC_RELEASE);
}

VOID NTAPI nt___sanitizer_cov_trace_pc_guard(PULONG Guard)
{
    ULONG number = *Guard, count = __atomic_load_n(&image_count, __ATOMIC_ACQUIRE);
    if (number == 0)
        return;
    for (ULONG i = count; i-- > 0;) {
        struct covered_image *image = &images[i];
        if (number < image->first || number - image->first >= image->count)
            continue;
        struct covered_edge *edge = &image->edges[number - image->first];
        edge->rva = (ULONG_PTR)__builtin_return_address(0) - image->base;
        __atomic_fetch_add(&edge->hits, 1, __ATOMIC_RELAXED);
        return;
    }
}

bool KcNextCoverage(unsigned *image_index, unsigned *edge_index, const char **path, uint64_t *rva, uint64_t *hits)
{
    for (; *image_index < image_count; (*image_index)++, *edge_index = 0) {
        struct covered_image *image = &images[*image_index];
        while (*edge_index < image->count) {
            struct covered_edge *edge = &image->edges[(*edge_index)++];
            if (!edge->rva)
                continue;
            *path = image->path;
            *rva = edge->rva - 1; /* inside the call that reported, not after it */
            *hits = (uint64_t)edge->hits;
            return true;
        }
    }
    return false;
}
