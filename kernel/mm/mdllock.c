/* SPDX-License-Identifier: MIT */
/*
 * Locking the pages of an MDL: probe that each can be accessed as asked, note its frame, count the lock in
 * the PFN database. Locked pages of user memory outlive NtFreeVirtualMemory; an unlock too many is
 * PFN_LIST_CORRUPT.
 *
 * Failure is an exception, as the reference says (callers wrap the call in __try): by then nothing is locked.
 * Reference: MmProbeAndLockPages, MmProbeAndLockProcessPages, MmProbeAndLockSelectedPages, MmUnlockPages.
 */
#include "section.h"
#include "ki.h"
#include "trap.h"
#include <nt/io.h>
#include <nt/ps.h>

void MiLockFrame(PFN_NUMBER Pfn)
{
    if (MiPaging && MiIsRamPfn(Pfn))
        MiLockPageable(Pfn);
    else if (MiIsRamPfn(Pfn) && __atomic_add_fetch(&MiPfnEntry(Pfn)->LockCount, 1, __ATOMIC_RELAXED) == 0)
        KeBugCheckEx(PFN_LIST_CORRUPT, 0x9A, Pfn, 0xFFFF, 0);
}

void MiUnlockFrames(const PFN_NUMBER *Pfns, SIZE_T Pages)
{
    for (SIZE_T I = 0; I < Pages; I++) {
        if (!MiIsRamPfn(Pfns[I]))
            continue;
        PMI_PFN Entry = MiPfnEntry(Pfns[I]);
        USHORT Before = __atomic_fetch_sub(&Entry->LockCount, 1, __ATOMIC_ACQ_REL);
        if (Before == 0)
            KeBugCheckEx(PFN_LIST_CORRUPT, 0x7, Pfns[I], 0, 0);
        if (Before == 1 && Entry->Use == MiPageSection)
            __atomic_and_fetch(&Entry->Class, (UCHAR)~MI_SECTION_WRITE_LOCKED, __ATOMIC_RELAXED);
        /* The address space (or the section) gave the page up while it was locked: the last unlock frees it. */
        if (Before == 1 && (Entry->Use == MiPageUser || Entry->Use == MiPageSection) &&
            (__atomic_fetch_and(&Entry->Flags, (UCHAR)~MI_PFN_ORPHAN, __ATOMIC_ACQ_REL) & MI_PFN_ORPHAN))
            MiFreePages(Pfns[I], 1);
    }
}

/* Pages of views are brought in first; they may go again before they are locked, so this is tried a few times. */
static NTSTATUS lock_user(PVOID Va, SIZE_T Pages, BOOLEAN Write, PFN_NUMBER *Pfns)
{
    enum { ATTEMPTS = 16 };
    NTSTATUS Status = MiLockUserPages(Va, Pages, Write, Pfns);

    for (int I = 0; I < ATTEMPTS && Status == STATUS_ACCESS_VIOLATION && KiIrql() <= APC_LEVEL; I++) {
        NTSTATUS Touched = MiFaultInViews(Va, Pages, Write);
        if (!NT_SUCCESS(Touched))
            return Touched == STATUS_NOT_MAPPED_VIEW ? STATUS_ACCESS_VIOLATION : Touched;
        Status = MiLockUserPages(Va, Pages, Write, Pfns);
    }
    return Status;
}

/* Lock the frames behind [Va, + Pages) as entries First.. of the MDL; all or none. */
static NTSTATUS lock_range(PMDL Mdl, PVOID Va, SIZE_T First, SIZE_T Pages, KPROCESSOR_MODE Mode,
                           BOOLEAN Write)
{
    PFN_NUMBER *Pfns = MiMdlPfns(Mdl);
    UCHAR *Page = (UCHAR *)((ULONG_PTR)Va & ~(ULONG_PTR)(MI_PAGE_BYTES - 1));

    if (KILN_IS_USER_ADDRESS((ULONG64)(ULONG_PTR)Page))
        return lock_user(Page, Pages, Write, &Pfns[First]);
    if ((ULONG64)(ULONG_PTR)Page - KILN_SYSPTE_BASE < KILN_SYSPTE_SIZE && KiIrql() <= APC_LEVEL) {
        NTSTATUS Status = MiFaultInViews(Page, Pages, Write);
        if (!NT_SUCCESS(Status) && Status != STATUS_NOT_MAPPED_VIEW)
            return Status;
    }
    for (SIZE_T I = 0; I < Pages; I++, Page += MI_PAGE_BYTES) {
        NTSTATUS Status = MiResolvePage(Page, Mode, Write, &Pfns[First + I]);
        if (!NT_SUCCESS(Status)) {
            MiUnlockFrames(&Pfns[First], I);
            return Status;
        }
        MiLockFrame(Pfns[First + I]);
    }
    return STATUS_SUCCESS;
}

static void finish(PMDL Mdl, BOOLEAN Write)
{
    Mdl->Process = (ULONG_PTR)Mdl->StartVa < KILN_USER_PROBE ? PsGetCurrentProcess() : NULL;
    Mdl->MdlFlags |= MDL_PAGES_LOCKED;
    if (Write)
        Mdl->MdlFlags |= MDL_WRITE_OPERATION;
    if (Mdl->ByteCount && !MiIsRamPfn(MiMdlPfns(Mdl)[0]) && !(MiMdlPfns(Mdl)[0] & MI_FOREIGN_PFN))
        Mdl->MdlFlags |= MDL_IO_SPACE;
}

static void check_fresh(PMDL Mdl, PVOID Caller)
{
    ULONG Bad = (USHORT)Mdl->MdlFlags &
                (MDL_PAGES_LOCKED | MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL);

    if (Bad)
        MiBadMdl(
            0xB0, Mdl, Bad, Caller,
            "MmProbeAndLockPages was called on an MDL that is locked already, describes nonpaged pool or is "
            "partial; each MDL is locked once, by the driver that allocated it for a user or paged buffer");
}

void NTAPI MmProbeAndLockPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation)
{
    PMDL Mdl = MemoryDescriptorList;
    UCHAR *Va = (UCHAR *)Mdl->StartVa + Mdl->ByteOffset;
    BOOLEAN Write = Operation != IoReadAccess;
    NTSTATUS Status = STATUS_ACCESS_VIOLATION;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    check_fresh(Mdl, __builtin_return_address(0));
    ULONG64 End = (ULONG64)(ULONG_PTR)Va + Mdl->ByteCount;
    if (AccessMode == KernelMode || (End >= (ULONG64)(ULONG_PTR)Va && End <= KILN_USER_PROBE))
        Status = lock_range(Mdl, Va, 0, MiMdlPages(Mdl), AccessMode, Write);
    if (!NT_SUCCESS(Status))
        ExRaiseStatus(Status);
    finish(Mdl, Write);
}

void NTAPI MmProbeAndLockProcessPages(PMDL MemoryDescriptorList, PEPROCESS Process,
                                      KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    /* Slices do not overlap, so no attaching is needed to translate the addresses of another process. */
    MmProbeAndLockPages(MemoryDescriptorList, AccessMode, Operation);
    MemoryDescriptorList->Process = Process;
}

/* The pages of SegmentArray, one element a page; the MDL describes them as one buffer that starts at offset
 * 0. */
void NTAPI MmProbeAndLockSelectedPages(PMDLX MemoryDescriptorList, union _FILE_SEGMENT_ELEMENT *SegmentArray,
                                       KPROCESSOR_MODE AccessMode, LOCK_OPERATION Operation)
{
    PMDL Mdl = MemoryDescriptorList;
    const ULONGLONG *Segments = (const ULONGLONG *)SegmentArray; /* 64-bit addresses */
    SIZE_T Pages = MiMdlPages(Mdl);
    BOOLEAN Write = Operation != IoReadAccess;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    check_fresh(Mdl, __builtin_return_address(0));
    for (SIZE_T I = 0; I < Pages; I++) {
        NTSTATUS Status = lock_range(Mdl, (PVOID)(ULONG_PTR)Segments[I], I, 1, AccessMode, Write);
        if (!NT_SUCCESS(Status)) {
            MiUnlockFrames(MiMdlPfns(Mdl), I);
            ExRaiseStatus(Status);
        }
    }
    Mdl->StartVa = (PVOID)(ULONG_PTR)(Segments[0] & ~(ULONGLONG)(MI_PAGE_BYTES - 1));
    finish(Mdl, Write);
}

void NTAPI MmUnlockPages(PMDL MemoryDescriptorList)
{
    PMDL Mdl = MemoryDescriptorList;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Mdl->MdlFlags & MDL_PARTIAL)
        MiBadMdl(0xB4, Mdl, MDL_PARTIAL, __builtin_return_address(0),
                 "MmUnlockPages was called on a partial MDL; its pages belong to the MDL it was built from");
    if (Mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL)
        MiBadMdl(
            0x7D, Mdl, 0, __builtin_return_address(0),
            "MmUnlockPages was called on an MDL of nonpaged pool, which is never locked; just free the MDL");
    if (!(Mdl->MdlFlags & MDL_PAGES_LOCKED))
        MiBadMdl(0x7C, Mdl, 0, __builtin_return_address(0),
                 "MmUnlockPages was called on an MDL whose pages are not locked; unlock once what "
                 "MmProbeAndLockPages locked");
    if ((Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) && !(Mdl->MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA))
        MmUnmapLockedPages(Mdl->MappedSystemVa, Mdl);
    Mdl->MdlFlags &= ~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION | MDL_IO_SPACE);
    MiUnlockFrames(MiMdlPfns(Mdl), MiMdlPages(Mdl));
    Mdl->Process = NULL;
}
