/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_heap.h - private heaps. PASSIVE_LEVEL or APC_LEVEL. Pages: ntifs/nf-ntifs-rtlcreateheap and siblings.
 */
#ifndef KILN_NT_RTL_HEAP_H
#define KILN_NT_RTL_HEAP_H

#include <nt/base.h>

EXTERN_C_START

#define HEAP_NO_SERIALIZE        0x00000001
#define HEAP_GROWABLE            0x00000002
#define HEAP_GENERATE_EXCEPTIONS 0x00000004
#define HEAP_ZERO_MEMORY         0x00000008

typedef NTSTATUS NTAPI RTL_HEAP_COMMIT_ROUTINE(_In_ PVOID Base, _Inout_ PVOID *CommitAddress,
                                               _Inout_ PSIZE_T CommitSize);
typedef RTL_HEAP_COMMIT_ROUTINE *PRTL_HEAP_COMMIT_ROUTINE;
typedef struct _RTL_HEAP_PARAMETERS {
    ULONG Length;
    SIZE_T SegmentReserve;
    SIZE_T SegmentCommit;
    SIZE_T DeCommitFreeBlockThreshold;
    SIZE_T DeCommitTotalFreeThreshold;
    SIZE_T MaximumAllocationSize;
    SIZE_T VirtualMemoryThreshold;
    SIZE_T InitialCommit;
    SIZE_T InitialReserve;
    PRTL_HEAP_COMMIT_ROUTINE CommitRoutine;
    SIZE_T Reserved[2];
} RTL_HEAP_PARAMETERS, *PRTL_HEAP_PARAMETERS;

/*
 * HeapBase NULL: memory of the system, with HEAP_GROWABLE as much as there is; otherwise the caller's memory of
 * ReserveSize bytes. NULL: the parameters contradict one another, or there is no memory.
 */
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
PVOID NTAPI RtlCreateHeap(_In_ ULONG Flags, _In_opt_ PVOID HeapBase, _In_opt_ SIZE_T ReserveSize,
                          _In_opt_ SIZE_T CommitSize, _In_opt_ PVOID Lock, _In_opt_ PRTL_HEAP_PARAMETERS Parameters);
/* NULL on success; the heap if it is none. What was not freed goes with it. */
NTSYSAPI _IRQL_requires_max_(APC_LEVEL) PVOID NTAPI RtlDestroyHeap(_In_ PVOID HeapHandle);
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
PVOID NTAPI RtlAllocateHeap(_In_ PVOID HeapHandle, _In_opt_ ULONG Flags, _In_ SIZE_T Size);
/* FALSE: not a block of this heap that is in use. */
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
LOGICAL NTAPI RtlFreeHeap(_In_ PVOID HeapHandle, _In_opt_ ULONG Flags, _In_opt_ PVOID BaseAddress);
/* Bytes that were asked for; (SIZE_T)-1: not a block. */
NTSYSAPI _IRQL_requires_max_(APC_LEVEL)
SIZE_T NTAPI RtlSizeHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags, _In_ PVOID BaseAddress);
/* Free blocks are filled with zeros. */
NTSYSAPI _IRQL_requires_max_(APC_LEVEL) NTSTATUS NTAPI RtlZeroHeap(_In_ PVOID HeapHandle, _In_ ULONG Flags);

EXTERN_C_END

#endif
