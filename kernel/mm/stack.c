/* SPDX-License-Identifier: MIT */
/*
 * Kernel stacks: 16 (or 32) pages of RAM, the lowest of which is an inaccessible guard.
 *
 * Making a guard costs a system call and two host mappings, so freed stacks keep theirs and are cached: a few
 * per processor, without a lock, and a common list behind. What overflows the caches is taken apart.
 *
 * Lock: stack_lock guards the common list; then P.
 */
#include "mip.h"

#define COMMON_STACKS 64

static KSPIN_LOCK stack_lock;
static PVOID common[COMMON_STACKS];
static ULONG common_count;

static PVOID create(SIZE_T Bytes)
{
    SIZE_T Pages = Bytes >> KILN_PAGE_SHIFT;
    PFN_NUMBER Pfn;

    if (!MiChargeHostMappings(2, "a kernel stack's guard page"))
        return NULL;
    if (!NT_SUCCESS(MiAllocatePages(Pages, 0, MiPageCount - 1, 1, 0, MiPageStack, FALSE, &Pfn))) {
        MiReturnHostMappings(2);
        return NULL;
    }
    if (!NT_SUCCESS(MiProtectRam(Pfn, 1, HOST_PROT_NONE))) {
        MiFreePages(Pfn, Pages);
        MiReturnHostMappings(2);
        return NULL;
    }
    return (UCHAR *)MiPfnToVa(Pfn) + Bytes;
}

static void destroy(PVOID StackBase, SIZE_T Bytes)
{
    PFN_NUMBER Pfn = MiVaToPfn((UCHAR *)StackBase - Bytes);

    if (!NT_SUCCESS(MiProtectRam(Pfn, 1, HOST_PROT_R | HOST_PROT_W)))
        return; /* the host refuses: the pages are lost, but nothing is wrong */
    MiFreePages(Pfn, Bytes >> KILN_PAGE_SHIFT);
    MiReturnHostMappings(2);
}

PVOID MmCreateKernelStack(BOOLEAN Large)
{
    PVOID Stack = NULL;
    KIRQL Irql;

    if (Large)
        return create(MI_LARGE_STACK_BYTES);
    PMI_VP Vp = MiCurrentVp();
    if (Vp->StackCount)
        return Vp->Stacks[--Vp->StackCount];
    if (__atomic_load_n(&common_count, __ATOMIC_RELAXED)) {
        Irql = KeAcquireSpinLockRaiseToDpc(&stack_lock);
        if (common_count) {
            Stack = common[common_count - 1];
            __atomic_store_n(&common_count, common_count - 1, __ATOMIC_RELAXED);
        }
        KeReleaseSpinLock(&stack_lock, Irql);
    }
    return Stack ? Stack : create(MI_STACK_BYTES);
}

void MmDeleteKernelStack(PVOID StackBase, BOOLEAN Large)
{
    SIZE_T Bytes = Large ? MI_LARGE_STACK_BYTES : MI_STACK_BYTES;
    PFN_NUMBER Pfn = MiVaToPfn((UCHAR *)StackBase - Bytes);
    KIRQL Irql;

    if (!MiIsRam((UCHAR *)StackBase - 1) || MiPfnEntry(Pfn)->Use != MiPageStack ||
        MiPfnEntry(Pfn)->RunPages != Bytes >> KILN_PAGE_SHIFT)
        KeBugCheckEx(MEMORY_MANAGEMENT, 0x5005, (ULONG_PTR)StackBase, Large, 0);
    if (Large) {
        destroy(StackBase, Bytes);
        return;
    }
    PMI_VP Vp = MiCurrentVp();
    if (Vp->StackCount < MI_VP_STACKS) {
        Vp->Stacks[Vp->StackCount++] = StackBase;
        return;
    }
    Irql = KeAcquireSpinLockRaiseToDpc(&stack_lock);
    if (common_count < COMMON_STACKS) {
        common[common_count] = StackBase;
        __atomic_store_n(&common_count, common_count + 1, __ATOMIC_RELAXED);
        StackBase = NULL;
    }
    KeReleaseSpinLock(&stack_lock, Irql);
    if (StackBase)
        destroy(StackBase, Bytes);
}
