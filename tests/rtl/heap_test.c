/* SPDX-License-Identifier: MIT */
/* Private heaps and error codes. Pages: ntifs/nf-ntifs-rtlcreateheap and siblings, -rtlntstatustodoserror. */
#include "rtltest.h"

#define BLOCKS 400

/* Thousands of random operations: blocks keep their contents, are aligned, and nothing is lost. */
static void exercise(PVOID heap, SIZE_T most, ULONG seed)
{
    static UCHAR *block[BLOCKS];
    static SIZE_T size[BLOCKS];
    RtlZeroMemory(block, sizeof(block));
    for (ULONG step = 0; step < 20000; step++) {
        ULONG i = (seed = seed * 1664525 + 1013904223) % BLOCKS;
        if (block[i] != NULL) {
            CHECK_EQ(RtlSizeHeap(heap, 0, block[i]), size[i]);
            for (SIZE_T b = 0; b < size[i]; b++) {
                CHECK_EQ(block[i][b], (UCHAR)i);
            }
            CHECK(RtlFreeHeap(heap, 0, block[i]));
            block[i] = NULL;
        } else {
            size[i] = (seed >> 8) % most;
            block[i] = RtlAllocateHeap(heap, 0, size[i]);
            if (block[i] != NULL) {
                CHECK_EQ((ULONG_PTR)block[i] % 16, 0);
                RtlFillMemory(block[i], size[i], (UCHAR)i);
            }
        }
    }
    for (ULONG i = 0; i < BLOCKS; i++) {
        CHECK(RtlFreeHeap(heap, 0, block[i]));
    }
}

KILN_TEST_ONCE(rtl_heap, a_growable_heap_gives_what_is_asked)
{
    PVOID heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL);
    CHECK(heap != NULL);
    exercise(heap, 3000, 1);
    UCHAR *large = RtlAllocateHeap(heap, HEAP_ZERO_MEMORY, 3 << 20);
    CHECK(large != NULL && RtlIsZeroMemory(large, 3 << 20));
    CHECK(RtlFreeHeap(heap, 0, large));
    exercise(heap, 200, 2);
    CHECK(RtlDestroyHeap(heap) == NULL);
}

KILN_TEST_ONCE(rtl_heap, a_heap_of_the_callers_memory_does_not_grow)
{
    SIZE_T bytes = 256 * 1024;
    PVOID memory = ExAllocatePool2(POOL_FLAG_PAGED, bytes, 'paeh'), heap;
    CHECK(memory != NULL);
    heap = RtlCreateHeap(0, memory, bytes, bytes, NULL, NULL);
    CHECK(heap != NULL);
    CHECK(RtlAllocateHeap(heap, 0, bytes) == NULL);
    CHECK(RtlAllocateHeap(heap, 0, 0x80000) == NULL);
    exercise(heap, 2000, 3);
    UCHAR *most = RtlAllocateHeap(heap, 0, bytes - 4096); /* everything joined again */
    CHECK(most > (UCHAR *)memory && most + bytes - 4096 <= (UCHAR *)memory + bytes);
    CHECK(RtlDestroyHeap(heap) == NULL);
    ExFreePoolWithTag(memory, 'paeh');
}

KILN_TEST_ONCE(rtl_heap, wrong_pointers_are_refused)
{
    PVOID heap = RtlCreateHeap(HEAP_GROWABLE | HEAP_NO_SERIALIZE, NULL, 0, 0, NULL, NULL), other;
    UCHAR *block = RtlAllocateHeap(heap, 0, 64);
    other = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL);
    CHECK(!RtlFreeHeap(heap, 0, block + 16) && !RtlFreeHeap(heap, 0, block + 1));
    CHECK(!RtlFreeHeap(other, 0, block));
    CHECK_EQ(RtlSizeHeap(heap, 0, block + 16), (SIZE_T)-1);
    CHECK(RtlFreeHeap(heap, 0, block));
    CHECK(!RtlFreeHeap(heap, 0, block)); /* a second time */
    CHECK(RtlFreeHeap(heap, 0, NULL));
    CHECK_EQ(RtlZeroHeap(heap, 0), STATUS_SUCCESS);
    CHECK(RtlDestroyHeap(heap) == NULL && RtlDestroyHeap(other) == NULL);
}

static SIZE_T committed;
static NTSTATUS NTAPI commit(PVOID base, PVOID *address, PSIZE_T bytes)
{
    CHECK((PUCHAR)*address >= (PUCHAR)base);
    *bytes = *bytes > PAGE_SIZE ? PAGE_SIZE : *bytes;
    committed += *bytes;
    return STATUS_SUCCESS;
}

KILN_TEST_ONCE(rtl_heap, parameters_must_agree)
{
    ERESOURCE resource;
    RTL_HEAP_PARAMETERS parameters = {.Length = sizeof(parameters), .VirtualMemoryThreshold = 0x1000};
    static UCHAR memory[64 * 1024];
    PVOID heap;
    CHECK(RtlCreateHeap(0, NULL, 0, 0, NULL, NULL) == NULL);     /* no memory given and none to be taken */
    CHECK(RtlCreateHeap(0x100, NULL, 0, 0, NULL, NULL) == NULL); /* no such flag */
    ExInitializeResourceLite(&resource);
    CHECK(RtlCreateHeap(HEAP_GROWABLE | HEAP_NO_SERIALIZE, NULL, 0, 0, &resource, NULL) == NULL);
    heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, &resource, NULL);
    CHECK(heap != NULL && RtlAllocateHeap(heap, 0, 10) != NULL);
    CHECK(RtlDestroyHeap(heap) == NULL);
    ExDeleteResourceLite(&resource);

    heap = RtlCreateHeap(0, memory, sizeof(memory), 0, NULL, &parameters);
    CHECK(heap != NULL && RtlAllocateHeap(heap, 0, 0x1001) == NULL &&
          RtlAllocateHeap(heap, 0, 0x1000) != NULL);
    CHECK(RtlDestroyHeap(heap) == NULL);
    parameters.CommitRoutine = commit;
    CHECK(RtlCreateHeap(0, memory, 0, 0, NULL, &parameters) == NULL); /* InitialCommit must be given */
    parameters.InitialCommit = PAGE_SIZE;
    parameters.InitialReserve = sizeof(memory);
    CHECK(RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, &parameters) == NULL);
    heap = RtlCreateHeap(0, memory, 0, 0, NULL, &parameters);
    CHECK(heap != NULL && committed == sizeof(memory) - PAGE_SIZE);
    CHECK(RtlDestroyHeap(heap) == NULL);
    parameters.Length = 1;
    CHECK(RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, &parameters) == NULL);
}

static VOID NTAPI allocate_and_free(PVOID heap)
{
    for (ULONG i = 0; i < 200; i++) {
        UCHAR *a = RtlAllocateHeap(heap, 0, 10 + i), *b = RtlAllocateHeap(heap, 0, 300 - i);
        CHECK(a != NULL && b != NULL);
        RtlFillMemory(a, 10 + i, 0xAA);
        RtlFillMemory(b, 300 - i, 0xBB);
        CHECK(a[0] == 0xAA && a[9 + i] == 0xAA);
        CHECK(RtlFreeHeap(heap, 0, a) && RtlFreeHeap(heap, 0, b));
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(rtl_heap, threads_share_a_heap)
{
    PVOID heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL);
    HANDLE thread[3];
    for (ULONG i = 0; i < 3; i++) {
        CHECK_EQ(
            PsCreateSystemThread(&thread[i], THREAD_ALL_ACCESS, NULL, NULL, NULL, allocate_and_free, heap),
            STATUS_SUCCESS);
    }
    for (ULONG i = 0; i < 3; i++) {
        CHECK_EQ(ZwWaitForSingleObject(thread[i], FALSE, NULL), STATUS_SUCCESS);
        ZwClose(thread[i]);
    }
    CHECK(RtlDestroyHeap(heap) == NULL);
}

KILN_TEST_ONCE(rtl_heap, error_codes_of_programs)
{
    static const struct {
        NTSTATUS status;
        ULONG error;
    } known[] = {{STATUS_SUCCESS, 0},
                 {STATUS_ACCESS_DENIED, 5},
                 {STATUS_OBJECT_NAME_NOT_FOUND, 2},
                 {STATUS_OBJECT_PATH_NOT_FOUND, 3},
                 {STATUS_INVALID_HANDLE, 6},
                 {STATUS_NO_MEMORY, 8},
                 {STATUS_INVALID_PARAMETER, 87},
                 {STATUS_BUFFER_TOO_SMALL, 122},
                 {STATUS_BUFFER_OVERFLOW, 234},
                 {STATUS_NO_MORE_FILES, 18},
                 {STATUS_SHARING_VIOLATION, 32},
                 {STATUS_END_OF_FILE, 38},
                 {STATUS_PENDING, 997},
                 {STATUS_CANCELLED, 1223},
                 {STATUS_INSUFFICIENT_RESOURCES, 1450},
                 {STATUS_NOT_FOUND, 1168},
                 {STATUS_DEVICE_NOT_CONNECTED, 1167}};
    for (ULONG i = 0; i < RTL_NUMBER_OF(known); i++) {
        CHECK_EQ(RtlNtStatusToDosError(known[i].status), known[i].error);
        CHECK_EQ(RtlNtStatusToDosErrorNoTeb(known[i].status), known[i].error);
    }
    CHECK_EQ(RtlNtStatusToDosError((NTSTATUS)0xC0FFEE00), 317); /* ERROR_MR_MID_NOT_FOUND */
    CHECK_EQ(RtlNtStatusToDosError((NTSTATUS)0xC0070020), 32);  /* an error code dressed as a status */
    CHECK_EQ(RtlNtStatusToDosError((NTSTATUS)0xE0001234), 0xE0001234);
}
