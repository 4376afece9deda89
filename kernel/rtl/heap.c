/* SPDX-License-Identifier: MIT */
/*
 * heap.c - private heaps.
 *
 * A heap is a list of segments. The first is the caller's memory or one block of pool; a heap that may grow
 * adds segments of pool, and gives a request above the threshold a segment of its own. A segment is a row of
 * blocks that fill it:
 *
 *      [ header | memory ] [ header | memory ] ... [ header of size 0 ]
 *
 * A header knows the size of its block and of the one before it, so that a freed block joins its free
 * neighbours at once. Free blocks are in lists by size class (powers of two); the first that fits is taken
 * and its rest split off. Headers carry a mark made of their address and the heap's, so that a wrong pointer
 * is told from a block, whatever it points to in the heap's own memory.
 *
 * Lock H: the heap's fast mutex, or the resource that the caller gave, or none (HEAP_NO_SERIALIZE). Memory of
 * the caller is written under it: the memory is part of the heap, as documented.
 */
#include <nt/ex.h>
#include <nt/mm.h>
#include <nt/rtl.h>
#include "rtlp.h"

#define TAG_HEAP      'paeH'
#define HEAP_MARK     0x70616548u
#define UNIT          16u
#define CLASSES       20u
#define LARGEST_BLOCK 0x7F000u
#define SEGMENT_BYTES 0x100000u
#define DEFAULT_PAGES 64u
#define IN_USE        1u
#define VALID_FLAGS   (HEAP_NO_SERIALIZE | HEAP_GROWABLE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY)

struct block {
    ULONG mark;
    ULONG before;    /* bytes of the block before this one; 0: it is the first */
    SIZE_T bytes;    /* with the header; multiple of UNIT */
    SIZE_T asked;    /* bytes that were asked for */
    SIZE_T state;    /* IN_USE */
    LIST_ENTRY free; /* H; overlaps the memory of a block in use */
};
#define HEADER      FIELD_OFFSET(struct block, free)
#define LEAST_BLOCK (HEADER + sizeof(LIST_ENTRY))
C_ASSERT(HEADER % UNIT == 0);

struct segment {
    LIST_ENTRY link; /* H */
    PUCHAR begin, end;
    bool pool; /* allocated here */
};

struct heap {
    ULONG mark;
    ULONG flags;
    PERESOURCE resource;      /* H, if the caller gave one */
    FAST_MUTEX mutex;         /* H otherwise */
    LIST_ENTRY segments;      /* H */
    LIST_ENTRY free[CLASSES]; /* H */
    SIZE_T threshold, largest;
    bool pool;
};

/* ---- locks ---- */

static void lock(struct heap *heap, ULONG flags)
{
    if ((heap->flags | flags) & HEAP_NO_SERIALIZE) {
        return;
    }
    if (heap->resource != NULL) {
        KeEnterCriticalRegion();
        ExAcquireResourceExclusiveLite(heap->resource, TRUE);
    } else {
        ExAcquireFastMutex(&heap->mutex);
    }
}

static void unlock(struct heap *heap, ULONG flags)
{
    if ((heap->flags | flags) & HEAP_NO_SERIALIZE) {
        return;
    }
    if (heap->resource != NULL) {
        ExReleaseResourceLite(heap->resource);
        KeLeaveCriticalRegion();
    } else {
        ExReleaseFastMutex(&heap->mutex);
    }
}

/* ---- blocks; all under H ---- */

static ULONG mark_of(const struct heap *heap, const struct block *block)
{
    ULONG64 mixed = ((ULONG64)heap ^ (ULONG64)block * 3) * 0x9E3779B97F4A7C15ULL;
    return (ULONG)(mixed >> 32) | 1;
}

static struct block *block_after(struct block *block)
{
    return (struct block *)((PUCHAR)block + block->bytes);
}

static LIST_ENTRY *class_of(struct heap *heap, SIZE_T bytes)
{
    ULONG class = 63 - (ULONG)__builtin_clzll(bytes / UNIT);
    return &heap->free[class < CLASSES ? class : CLASSES - 1];
}

static void make_free(struct heap *heap, struct block *block)
{
    block->state = 0;
    InsertHeadList(class_of(heap, block->bytes), &block->free);
}

static void make_block(struct heap *heap, struct block *block, SIZE_T bytes, SIZE_T before)
{
    block->mark = mark_of(heap, block);
    block->before = (ULONG)(before / UNIT);
    block->bytes = bytes;
    block->asked = 0;
    block->state = 0;
}

/* One free block over all of a segment, and the header that ends it. */
static void add_segment(struct heap *heap, struct segment *segment, PUCHAR begin, PUCHAR end, bool pool)
{
    struct block *first, *last;
    begin = (PUCHAR)(((ULONG_PTR)begin + UNIT - 1) & ~(ULONG_PTR)(UNIT - 1));
    end = (PUCHAR)((ULONG_PTR)end & ~(ULONG_PTR)(UNIT - 1));
    segment->begin = begin;
    segment->end = end;
    segment->pool = pool;
    InsertTailList(&heap->segments, &segment->link);
    first = (struct block *)begin;
    last = (struct block *)(end - HEADER);
    make_block(heap, first, (SIZE_T)((PUCHAR)last - begin), 0);
    make_block(heap, last, 0, first->bytes);
    last->state = IN_USE;
    make_free(heap, first);
}

static bool grow(struct heap *heap, SIZE_T bytes)
{
    SIZE_T wanted = sizeof(struct segment) + bytes + HEADER + 2 * UNIT;
    struct segment *segment;
    if (!(heap->flags & HEAP_GROWABLE)) {
        return false;
    }
    if (bytes <= heap->threshold && wanted < SEGMENT_BYTES) {
        wanted = SEGMENT_BYTES;
    }
    segment = ExAllocatePoolWithTag(NonPagedPoolNx, wanted, TAG_HEAP);
    if (segment == NULL) {
        return false;
    }
    add_segment(heap, segment, (PUCHAR)(segment + 1), (PUCHAR)segment + wanted, true);
    return true;
}

static struct block *find_free(struct heap *heap, SIZE_T bytes)
{
    for (LIST_ENTRY *class = class_of(heap, bytes); class < heap->free + CLASSES; class ++) {
        for (PLIST_ENTRY link = class->Flink; link != class; link = link->Flink) {
            struct block *block = CONTAINING_RECORD(link, struct block, free);
            if (block->bytes >= bytes) {
                return block;
            }
        }
    }
    return NULL;
}

/* Cut the rest of a block off, if it makes one. */
static void trim(struct heap *heap, struct block *block, SIZE_T bytes)
{
    SIZE_T rest = block->bytes - bytes;
    struct block *after = block_after(block), *cut;
    if (rest < LEAST_BLOCK + UNIT) {
        return;
    }
    block->bytes = bytes;
    cut = block_after(block);
    make_block(heap, cut, rest, bytes);
    after->before = (ULONG)(rest / UNIT);
    make_free(heap, cut);
}

/* A block in use at an address that somebody gave; NULL if there is none. */
static struct block *block_at(struct heap *heap, PVOID address)
{
    PUCHAR p = address;
    for (PLIST_ENTRY link = heap->segments.Flink; link != &heap->segments; link = link->Flink) {
        struct segment *segment = CONTAINING_RECORD(link, struct segment, link);
        if (p >= segment->begin + HEADER && p < segment->end && (ULONG_PTR)p % UNIT == 0) {
            struct block *block = (struct block *)(p - HEADER);
            return block->mark == mark_of(heap, block) && (block->state & IN_USE) && block->bytes != 0 ? block
                                                                                                       : NULL;
        }
    }
    return NULL;
}

static struct block *join(struct heap *heap, struct block *block)
{
    struct block *after = block_after(block);
    if (!(after->state & IN_USE)) {
        RemoveEntryList(&after->free);
        after->mark = 0;
        block->bytes += after->bytes;
    }
    if (block->before != 0) {
        struct block *before = (struct block *)((PUCHAR)block - (SIZE_T)block->before * UNIT);
        if (!(before->state & IN_USE)) {
            RemoveEntryList(&before->free);
            block->mark = 0;
            before->bytes += block->bytes;
            block = before;
        }
    }
    block_after(block)->before = (ULONG)(block->bytes / UNIT);
    UNREFERENCED_PARAMETER(heap);
    return block;
}

/* A segment of pool that holds nothing any more goes back, except the first. */
static struct segment *take_empty_segment(struct heap *heap, struct block *block)
{
    for (PLIST_ENTRY link = heap->segments.Flink->Flink; link != &heap->segments; link = link->Flink) {
        struct segment *segment = CONTAINING_RECORD(link, struct segment, link);
        if (segment->begin == (PUCHAR)block && (PUCHAR)block_after(block) == segment->end - HEADER) {
            RemoveEntryList(link);
            return segment;
        }
    }
    return NULL;
}

/* ---- heaps ---- */

static struct heap *heap_of(PVOID handle)
{
    struct heap *heap = handle;
    return heap != NULL && heap->mark == HEAP_MARK ? heap : NULL;
}

/* What the sizes of a call mean (the table of the page). 0: too large. */
static SIZE_T reserve_of(SIZE_T reserve, SIZE_T commit)
{
    SIZE_T step = reserve == 0 && commit != 0 ? 16 * PAGE_SIZE : PAGE_SIZE,
           bytes = reserve != 0 ? reserve : commit;
    if (bytes == 0) {
        bytes = DEFAULT_PAGES * PAGE_SIZE;
    }
    return bytes > (SIZE_T)-1 - step ? 0 : (bytes + step - 1) / step * step;
}

/* The caller commits memory itself: all that the heap begins with, before it is touched. */
static bool commit_all(PVOID base, SIZE_T committed, SIZE_T reserve, PRTL_HEAP_COMMIT_ROUTINE routine)
{
    while (committed < reserve) {
        PVOID address = (PUCHAR)base + committed;
        SIZE_T bytes = reserve - committed;
        if (!NT_SUCCESS(routine(base, &address, &bytes)) || bytes == 0) {
            return false;
        }
        committed += bytes;
    }
    return true;
}

static bool are_valid(ULONG flags, PVOID base, PVOID lock_, const RTL_HEAP_PARAMETERS *parameters)
{
    bool routine = parameters != NULL && parameters->CommitRoutine != NULL;
    if ((flags & ~VALID_FLAGS) != 0 || (base == NULL && !(flags & HEAP_GROWABLE)) ||
        (lock_ != NULL && (flags & HEAP_NO_SERIALIZE))) {
        return false;
    }
    if (parameters != NULL && parameters->Length != sizeof(*parameters)) {
        return false;
    }
    return !routine ||
           (base != NULL && !(flags & HEAP_GROWABLE) && parameters->InitialCommit != 0 &&
            parameters->InitialReserve != 0 && parameters->InitialCommit <= parameters->InitialReserve);
}

NTSYSAPI PVOID NTAPI RtlCreateHeap(ULONG Flags, PVOID HeapBase, SIZE_T ReserveSize, SIZE_T CommitSize,
                                   PVOID Lock, PRTL_HEAP_PARAMETERS Parameters)
{
    struct heap *heap;
    struct segment *first;
    SIZE_T reserve;
    PAGED_CODE();
    if (!are_valid(Flags, HeapBase, Lock, Parameters)) {
        return NULL;
    }
    if (Parameters != NULL && Parameters->CommitRoutine != NULL) {
        reserve = Parameters->InitialReserve;
        if (!commit_all(HeapBase, Parameters->InitialCommit, reserve, Parameters->CommitRoutine)) {
            return NULL;
        }
    } else {
        reserve = HeapBase != NULL && ReserveSize != 0 ? ReserveSize : reserve_of(ReserveSize, CommitSize);
    }
    if (reserve < sizeof(*heap) + sizeof(*first) + LEAST_BLOCK + HEADER + 2 * UNIT) {
        return NULL;
    }
    heap = HeapBase != NULL ? HeapBase : ExAllocatePoolWithTag(NonPagedPoolNx, reserve, TAG_HEAP);
    if (heap == NULL) {
        return NULL;
    }
    RtlZeroMemory(heap, sizeof(*heap));
    heap->mark = HEAP_MARK;
    heap->flags = Flags;
    heap->resource = Lock;
    heap->pool = HeapBase == NULL;
    heap->threshold = LARGEST_BLOCK;
    heap->largest = (SIZE_T)-1 - 2 * PAGE_SIZE;
    if (Parameters != NULL) {
        if (Parameters->VirtualMemoryThreshold != 0 && Parameters->VirtualMemoryThreshold < LARGEST_BLOCK) {
            heap->threshold = Parameters->VirtualMemoryThreshold;
        }
        if (Parameters->MaximumAllocationSize != 0) {
            heap->largest = Parameters->MaximumAllocationSize;
        }
    }
    ExInitializeFastMutex(&heap->mutex);
    InitializeListHead(&heap->segments);
    for (ULONG i = 0; i < CLASSES; i++) {
        InitializeListHead(&heap->free[i]);
    }
    first = (struct segment *)(heap + 1);
    add_segment(heap, first, (PUCHAR)(first + 1), (PUCHAR)heap + reserve, false);
    return heap;
}

NTSYSAPI PVOID NTAPI RtlDestroyHeap(PVOID HeapHandle)
{
    struct heap *heap = heap_of(HeapHandle);
    PAGED_CODE();
    if (heap == NULL) {
        return HeapHandle;
    }
    heap->mark = 0;
    for (PLIST_ENTRY link = heap->segments.Flink, next; link != &heap->segments; link = next) {
        struct segment *segment = CONTAINING_RECORD(link, struct segment, link);
        next = link->Flink;
        if (segment->pool) {
            ExFreePoolWithTag(segment, TAG_HEAP);
        }
    }
    if (heap->pool) {
        ExFreePoolWithTag(heap, TAG_HEAP);
    }
    return NULL;
}

static struct block *allocate(struct heap *heap, SIZE_T size)
{
    SIZE_T bytes;
    struct block *block;
    if (size > heap->largest || (!(heap->flags & HEAP_GROWABLE) && size > heap->threshold)) {
        return NULL;
    }
    bytes = (size + HEADER + UNIT - 1) & ~(SIZE_T)(UNIT - 1);
    bytes = bytes < LEAST_BLOCK ? LEAST_BLOCK : bytes;
    block = find_free(heap, bytes);
    if (block == NULL && grow(heap, bytes)) {
        block = find_free(heap, bytes);
    }
    if (block != NULL) {
        RemoveEntryList(&block->free);
        trim(heap, block, bytes);
        block->state = IN_USE;
        block->asked = size;
    }
    return block;
}

NTSYSAPI PVOID NTAPI RtlAllocateHeap(PVOID HeapHandle, ULONG Flags, SIZE_T Size)
{
    struct heap *heap = heap_of(HeapHandle);
    struct block *block = NULL;
    PVOID memory;
    PAGED_CODE();
    if (heap != NULL) {
        lock(heap, Flags);
        block = allocate(heap, Size);
        unlock(heap, Flags);
    }
    if (block == NULL) {
        if (heap != NULL && ((heap->flags | Flags) & HEAP_GENERATE_EXCEPTIONS)) {
            RtlRaiseStatus(STATUS_NO_MEMORY);
        }
        return NULL;
    }
    memory = (PUCHAR)block + HEADER;
    if ((heap->flags | Flags) & HEAP_ZERO_MEMORY) {
        RtlZeroMemory(memory, Size);
    }
    return memory;
}

NTSYSAPI LOGICAL NTAPI RtlFreeHeap(PVOID HeapHandle, ULONG Flags, PVOID BaseAddress)
{
    struct heap *heap = heap_of(HeapHandle);
    struct segment *empty = NULL;
    struct block *block;
    PAGED_CODE();
    if (heap == NULL) {
        return FALSE;
    }
    if (BaseAddress == NULL) { /* nothing to free */
        return TRUE;
    }
    lock(heap, Flags);
    block = block_at(heap, BaseAddress);
    if (block != NULL) {
        block = join(heap, block);
        empty = take_empty_segment(heap, block);
        if (empty == NULL) {
            make_free(heap, block);
        }
    }
    unlock(heap, Flags);
    if (empty != NULL) {
        ExFreePoolWithTag(empty, TAG_HEAP);
    }
    return block != NULL;
}

NTSYSAPI SIZE_T NTAPI RtlSizeHeap(PVOID HeapHandle, ULONG Flags, PVOID BaseAddress)
{
    struct heap *heap = heap_of(HeapHandle);
    SIZE_T size = (SIZE_T)-1;
    PAGED_CODE();
    if (heap != NULL) {
        lock(heap, Flags);
        struct block *block = block_at(heap, BaseAddress);
        size = block != NULL ? block->asked : size;
        unlock(heap, Flags);
    }
    return size;
}

NTSYSAPI NTSTATUS NTAPI RtlZeroHeap(PVOID HeapHandle, ULONG Flags)
{
    struct heap *heap = heap_of(HeapHandle);
    PAGED_CODE();
    if (heap == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    lock(heap, Flags);
    for (ULONG i = 0; i < CLASSES; i++) {
        for (PLIST_ENTRY link = heap->free[i].Flink; link != &heap->free[i]; link = link->Flink) {
            struct block *block = CONTAINING_RECORD(link, struct block, free);
            RtlZeroMemory((PUCHAR)block + LEAST_BLOCK, block->bytes - LEAST_BLOCK);
        }
    }
    unlock(heap, Flags);
    return STATUS_SUCCESS;
}
