/* SPDX-License-Identifier: MIT */
/*
 * Which image contains this address? Asked by every exception, by stack walks and from signal handlers, at
 * any IRQL.
 *
 * Two sorted arrays; `generation` says which is current (its low bit). A writer, under lock L, fills the
 * other one and then advances the generation. A reader takes the generation, searches that array, and looks
 * again: if the generation moved, the array may have been rewritten under it, and it searches anew. A reader
 * never waits for a writer, so it may interrupt one. Entries hold everything a reader needs, so it never
 * touches a module that may be gone.
 */
#include "ldri.h"

#define MAX_MODULES  1024
#define MAX_UNLOADED 16

struct range {
    ULONG_PTR base, end;
    const RUNTIME_FUNCTION *functions;
    ULONG function_count;
    PKLDR_MODULE module;
};

static struct range ranges[2][MAX_MODULES];
static ULONG range_count[2];
static ULONG generation;

static struct ldr_unloaded unloaded[MAX_UNLOADED];
static ULONG unloaded_count; /* ever; the newest is at (unloaded_count - 1) % MAX_UNLOADED */

static BOOLEAN search(const struct range *array, ULONG count, ULONG_PTR address, struct range *found)
{
    ULONG low = 0, high = count;
    while (low < high) {
        ULONG middle = low + (high - low) / 2;
        const struct range *range = &array[middle];
        ULONG_PTR base = __atomic_load_n(&range->base, __ATOMIC_RELAXED);
        ULONG_PTR end = __atomic_load_n(&range->end, __ATOMIC_RELAXED);
        if (address < base) {
            high = middle;
        } else if (address >= end) {
            low = middle + 1;
        } else {
            found->base = base;
            found->end = end;
            found->functions = __atomic_load_n(&range->functions, __ATOMIC_RELAXED);
            found->function_count = __atomic_load_n(&range->function_count, __ATOMIC_RELAXED);
            found->module = __atomic_load_n(&range->module, __ATOMIC_RELAXED);
            return TRUE;
        }
    }
    return FALSE;
}

static BOOLEAN find(ULONG_PTR address, struct range *found)
{
    for (;;) {
        ULONG before = __atomic_load_n(&generation, __ATOMIC_ACQUIRE);
        ULONG count = __atomic_load_n(&range_count[before & 1], __ATOMIC_RELAXED);
        BOOLEAN there = search(ranges[before & 1], count, address, found);
        __atomic_thread_fence(__ATOMIC_ACQUIRE);
        if (__atomic_load_n(&generation, __ATOMIC_RELAXED) == before)
            return there;
    }
}

static void put(struct range *to, const struct range *from)
{
    __atomic_store_n(&to->base, from->base, __ATOMIC_RELAXED);
    __atomic_store_n(&to->end, from->end, __ATOMIC_RELAXED);
    __atomic_store_n(&to->functions, from->functions, __ATOMIC_RELAXED);
    __atomic_store_n(&to->function_count, from->function_count, __ATOMIC_RELAXED);
    __atomic_store_n(&to->module, from->module, __ATOMIC_RELAXED);
}

NTSTATUS LdrpTableInsert(PKLDR_MODULE Module)
{
    ULONG current = generation & 1, other = current ^ 1, count = range_count[current], to = 0;
    uint32_t function_count;
    const void *functions = pe_function_table(&Module->Image, &function_count);
    struct range added = {(ULONG_PTR)Module->Entry.DllBase,
                          (ULONG_PTR)Module->Entry.DllBase + Module->Entry.SizeOfImage, functions,
                          function_count, Module};
    if (count == MAX_MODULES)
        return STATUS_INSUFFICIENT_RESOURCES;
    while (to < count && ranges[current][to].base < added.base) {
        put(&ranges[other][to], &ranges[current][to]);
        to++;
    }
    put(&ranges[other][to], &added);
    for (; to < count; to++)
        put(&ranges[other][to + 1], &ranges[current][to]);
    __atomic_store_n(&range_count[other], count + 1, __ATOMIC_RELAXED);
    __atomic_store_n(&generation, generation + 1, __ATOMIC_RELEASE);
    return STATUS_SUCCESS;
}

void LdrpTableRemove(PKLDR_MODULE Module)
{
    ULONG current = generation & 1, other = current ^ 1, to = 0;
    for (ULONG from = 0; from < range_count[current]; from++) {
        if (ranges[current][from].module != Module)
            put(&ranges[other][to++], &ranges[current][from]);
    }
    if (to == range_count[current])
        return;
    __atomic_store_n(&range_count[other], to, __ATOMIC_RELAXED);
    __atomic_store_n(&generation, generation + 1, __ATOMIC_RELEASE);

    struct ldr_unloaded *gone = &unloaded[unloaded_count % MAX_UNLOADED];
    LdrpCopyText(gone->Name, sizeof gone->Name, Module->Name);
    LdrpCopyText(gone->HostPath, sizeof gone->HostPath, Module->HostPath);
    gone->Base = (ULONG_PTR)Module->Entry.DllBase;
    gone->End = gone->Base + Module->Entry.SizeOfImage;
    __atomic_store_n(&unloaded_count, unloaded_count + 1, __ATOMIC_RELEASE);
}

PKLDR_MODULE LdrFindModuleByAddress(const void *Address)
{
    struct range range;
    return find((ULONG_PTR)Address, &range) ? range.module : NULL;
}

bool LdrIsDriverCode(ULONG_PTR pc)
{
    struct range range;
    return find(pc, &range);
}

const RUNTIME_FUNCTION *LdrFindFunctionTable(ULONG_PTR pc, PULONG_PTR ImageBase, PULONG Count)
{
    struct range range;
    if (!find(pc, &range)) {
        *ImageBase = 0;
        *Count = 0;
        return NULL;
    }
    *ImageBase = range.base;
    *Count = range.function_count;
    return range.functions;
}

bool LdrUnloadedModule(ULONG Index, struct ldr_unloaded *Unloaded)
{
    ULONG count = __atomic_load_n(&unloaded_count, __ATOMIC_ACQUIRE);
    if (Index >= count || Index >= MAX_UNLOADED)
        return false;
    *Unloaded = unloaded[(count - 1 - Index) % MAX_UNLOADED];
    return true;
}
