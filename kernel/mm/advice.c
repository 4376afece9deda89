/* SPDX-License-Identifier: MIT */
/*
 * What callers would like the memory manager to do, and what this machine has no hardware for: trimming, copying between
 * processes, mirrors, verifier thunks. They have names and prototypes in the documentation, or in drivers, but no pages.
 */
#include "mip.h"
#include "ki.h"
#include "psp.h"
#include "trap.h"

#define COPY_BYTES 1024

/* ---------------------------------------------------------------- trimming, copying */

/* TRUE: something went out. Without paging nothing ever does. */
BOOLEAN NTAPI MmTrimAllSystemPagableMemory(ULONG PurgeTransition)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(PurgeTransition); /* there is no list of pages in transition */
    return MiTrimPages(TRUE) != 0;
}

/* Slices do not overlap, so addresses of any process are valid in all; those of the wrong process are refused. */
static BOOLEAN belongs(PEPROCESS Process, PVOID Va, SIZE_T Bytes, KPROCESSOR_MODE Mode)
{
    ULONG64 Begin = (ULONG64)(ULONG_PTR)Va;

    if (Begin >= KILN_USER_PROBE)
        return Mode == KernelMode && Begin + Bytes >= Begin;
    return Bytes <= KILN_USER_PROBE - Begin && (MiProcessOfUserAddress(Va) == Process || Mode == KernelMode);
}

/* STATUS_PARTIAL_COPY with what was copied when an address in the middle cannot be accessed. */
NTSTATUS NTAPI MmCopyVirtualMemory(PEPROCESS FromProcess, PVOID FromAddress, PEPROCESS ToProcess, PVOID ToAddress,
                                   SIZE_T BufferSize, KPROCESSOR_MODE PreviousMode, PSIZE_T NumberOfBytesCopied)
{
    UCHAR Bounce[COPY_BYTES];
    NTSTATUS Status = STATUS_SUCCESS;
    SIZE_T Done = 0;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *NumberOfBytesCopied = 0;
    if (!belongs(FromProcess, FromAddress, BufferSize, PreviousMode) ||
        !belongs(ToProcess, ToAddress, BufferSize, PreviousMode))
        return STATUS_ACCESS_VIOLATION;
    while (Done < BufferSize && NT_SUCCESS(Status)) {
        /* Chunks end where pages of the source or the target do, so that the count is exact. */
        SIZE_T Chunk = BufferSize - Done < COPY_BYTES ? BufferSize - Done : COPY_BYTES;
        SIZE_T FromLeft = MI_PAGE_BYTES - (((ULONG_PTR)FromAddress + Done) & (MI_PAGE_BYTES - 1));
        SIZE_T ToLeft = MI_PAGE_BYTES - (((ULONG_PTR)ToAddress + Done) & (MI_PAGE_BYTES - 1));
        Chunk = Chunk < FromLeft ? Chunk : FromLeft;
        Chunk = Chunk < ToLeft ? Chunk : ToLeft;
        Status = KiCopyFromMode(PreviousMode, Bounce, (UCHAR *)FromAddress + Done, Chunk);
        if (NT_SUCCESS(Status))
            Status = KiCopyToMode(PreviousMode, (UCHAR *)ToAddress + Done, Bounce, Chunk);
        if (NT_SUCCESS(Status))
            Done += Chunk;
    }
    *NumberOfBytesCopied = Done;
    return NT_SUCCESS(Status) || Done == 0 ? Status : STATUS_PARTIAL_COPY;
}

/* ---------------------------------------------------------------- what this machine does not have */

/* Memory is mirrored by the platform's HAL, and this one's cannot. */
NTSTATUS NTAPI MmCreateMirror(VOID)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return STATUS_NOT_SUPPORTED;
}

/* Thunks are for Driver Verifier, which is not in this kernel (MmIsVerifierEnabled says so): rule checks are built in. */
NTSTATUS NTAPI MmAddVerifierThunks(PVOID ThunkBuffer, ULONG ThunkBufferSize)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(ThunkBuffer);
    UNREFERENCED_PARAMETER(ThunkBufferSize);
    return STATUS_NOT_SUPPORTED;
}
