/* SPDX-License-Identifier: MIT */
/*
 * Memory descriptor lists: making, describing, splitting and advancing them.
 *
 * An MDL says: the buffer [StartVa + ByteOffset, + ByteCount) of Process lies in these page frames. Its life:
 *
 *      IoAllocateMdl --> MmBuildMdlForNonPagedPool ----------------------------+--> IoFreeMdl
 *           |                  SOURCE_IS_NONPAGED_POOL                         |
 *           +--> MmProbeAndLockPages --> MmMapLockedPages... --> MmUnlockPages-+      (mdllock.c, mdlmap.c)
 *           |        PAGES_LOCKED          MAPPED_TO_SYSTEM_VA                 |
 *           +--> IoBuildPartialMdl --------------------------------------------+
 *                    PARTIAL
 *
 * An MDL has no lock: its owner serialises. Reference: the IoXxxMdl and MmXxxMdl pages of wdm.h.
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"
#include <nt/io.h>

#define MDL_TAG 0x206C644DU /* "Mdl " */

SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length)
{
    return sizeof(MDL) + sizeof(PFN_NUMBER) * ADDRESS_AND_SIZE_TO_SPAN_PAGES(Base, Length);
}

/*
 * An MDL for [VirtualAddress, +Length). NULL when pool is exhausted or the buffer is too long for an MDL.
 * With an IRP it becomes the IRP's MDL, or the last of its chain if SecondaryBuffer. IRQL <= DISPATCH_LEVEL.
 */
PMDL NTAPI IoAllocateMdl(PVOID VirtualAddress, ULONG Length, BOOLEAN SecondaryBuffer, BOOLEAN ChargeQuota,
                         PIRP Irp)
{
    SIZE_T Size;
    PMDL Mdl;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    UNREFERENCED_PARAMETER(ChargeQuota); /* reserved by the reference: must be FALSE, without effect */
    if (Length > 0xFFFFFFFFU - MI_PAGE_BYTES)
        return NULL;
    Size = MmSizeOfMdl(VirtualAddress, Length);
    Mdl = MiAllocatePool(NonPagedPoolNx, Size, MDL_TAG, FALSE, __builtin_return_address(0));
    if (Mdl == NULL)
        return NULL;
    __builtin_memset(Mdl, 0, sizeof(*Mdl));
    MmInitializeMdl(Mdl, VirtualAddress, Length);
    if (Irp == NULL)
        return Mdl;
    if (!SecondaryBuffer) {
        Irp->MdlAddress = Mdl;
    } else {
        PMDL *Link = &Irp->MdlAddress;
        while (*Link)
            Link = &(*Link)->Next;
        *Link = Mdl;
    }
    return Mdl;
}

/* As MmCreateMdl of old: the MDL is built in `MemoryDescriptorList` if given, in pool otherwise. */
PMDL NTAPI MmCreateMdl(PMDL MemoryDescriptorList, PVOID Base, SIZE_T Length)
{
    PMDL Mdl = MemoryDescriptorList;

    if (Mdl == NULL)
        Mdl = MiAllocatePool(NonPagedPoolNx, MmSizeOfMdl(Base, Length), MDL_TAG, FALSE,
                             __builtin_return_address(0));
    if (Mdl) {
        __builtin_memset(Mdl, 0, sizeof(*Mdl));
        MmInitializeMdl(Mdl, Base, Length);
    }
    return Mdl;
}

void NTAPI IoFreeMdl(PMDL Mdl)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    MmPrepareMdlForReuse(Mdl);
    if (MiChecked && (Mdl->MdlFlags & MDL_PAGES_LOCKED) && !(Mdl->MdlFlags & (MDL_PARTIAL | MDL_IO_SPACE)))
        MiBadMdl(0xB8, Mdl, 0, __builtin_return_address(0),
                 "IoFreeMdl was called on an MDL whose pages are still locked; call MmUnlockPages first");
    MiFreeBlock(Mdl, MDL_TAG, FALSE, __builtin_return_address(0));
}

/*
 * Fill the frames of an MDL that describes nonpaged memory; it needs no locking, and is mapped where it is.
 * Any system memory that stays is accepted; anything else is the caller's bug. IRQL <= DISPATCH_LEVEL.
 */
void NTAPI MmBuildMdlForNonPagedPool(PMDL MemoryDescriptorList)
{
    PMDL Mdl = MemoryDescriptorList;
    PFN_NUMBER *Pfns = MiMdlPfns(Mdl);
    UCHAR *Va = Mdl->StartVa;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    for (SIZE_T I = 0, Pages = MiMdlPages(Mdl); I < Pages; I++, Va += MI_PAGE_BYTES) {
        if (!NT_SUCCESS(MiResolvePage(Va, KernelMode, FALSE, &Pfns[I])))
            KeBugCheckEx(PAGE_FAULT_IN_NONPAGED_AREA, (ULONG_PTR)Va, 0,
                         (ULONG_PTR)__builtin_return_address(0), 0);
    }
    Mdl->Process = NULL;
    Mdl->MappedSystemVa = (UCHAR *)Mdl->StartVa + Mdl->ByteOffset;
    Mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
}

/*
 * Make TargetMdl describe [VirtualAddress, +Length) of what SourceMdl describes; Length 0: to its end. The
 * target must have room for the pages, and belongs to the source: its pages are locked and mapped by it. IRQL
 * <= DISPATCH_LEVEL.
 */
void NTAPI IoBuildPartialMdl(PMDL SourceMdl, PMDL TargetMdl, PVOID VirtualAddress, ULONG Length)
{
    ULONG64 Begin = (ULONG64)(ULONG_PTR)SourceMdl->StartVa + SourceMdl->ByteOffset;
    ULONG64 Offset = (ULONG64)(ULONG_PTR)VirtualAddress - Begin;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Length == 0)
        Length = (ULONG)(SourceMdl->ByteCount - Offset);
    SIZE_T Pages = ADDRESS_AND_SIZE_TO_SPAN_PAGES(VirtualAddress, Length);
    SIZE_T Needed = sizeof(MDL) + Pages * sizeof(PFN_NUMBER);
    /* The 16-bit size of an MDL of more than 32 MB has wrapped and says nothing. */
    if (Offset > SourceMdl->ByteCount || Length > SourceMdl->ByteCount - Offset ||
        (Needed <= 0xFFFF && (USHORT)TargetMdl->Size < Needed &&
         MmSizeOfMdl(MmGetMdlVirtualAddress(TargetMdl), TargetMdl->ByteCount) <= 0xFFFF))
        KiBugCheckText(
            TARGET_MDL_TOO_SMALL, (ULONG_PTR)TargetMdl, (ULONG_PTR)SourceMdl, Offset, Length,
            (ULONG64)(ULONG_PTR)__builtin_return_address(0),
            "IoBuildPartialMdl: the target MDL has too few page entries for the range, or the range is "
            "not part of the source MDL; allocate the target with IoAllocateMdl for that very range");

    TargetMdl->Process = SourceMdl->Process;
    TargetMdl->StartVa = (PVOID)((ULONG_PTR)VirtualAddress & ~(ULONG_PTR)(MI_PAGE_BYTES - 1));
    TargetMdl->ByteOffset = (ULONG)((ULONG_PTR)VirtualAddress & (MI_PAGE_BYTES - 1));
    TargetMdl->ByteCount = Length;
    TargetMdl->MdlFlags &= MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED | MDL_FREE_EXTRA_PTES;
    TargetMdl->MdlFlags |= MDL_PARTIAL | (SourceMdl->MdlFlags & (MDL_IO_SPACE | MDL_WRITE_OPERATION));
    SIZE_T FirstPage =
        (SIZE_T)(((ULONG64)(ULONG_PTR)TargetMdl->StartVa - (ULONG64)(ULONG_PTR)SourceMdl->StartVa) >>
                 KILN_PAGE_SHIFT);
    for (SIZE_T I = 0; I < Pages; I++)
        MiMdlPfns(TargetMdl)[I] = MiMdlPfns(SourceMdl)[FirstPage + I];
    if (SourceMdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) {
        TargetMdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
        TargetMdl->MappedSystemVa = (UCHAR *)SourceMdl->MappedSystemVa + Offset;
    } else if (SourceMdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_PARENT_MAPPED_SYSTEM_VA)) {
        TargetMdl->MdlFlags |= MDL_PARENT_MAPPED_SYSTEM_VA | MDL_MAPPED_TO_SYSTEM_VA;
        TargetMdl->MappedSystemVa = (UCHAR *)SourceMdl->MappedSystemVa + Offset;
    } else {
        TargetMdl->MappedSystemVa = NULL;
    }
}

/* Advance the beginning by NumberOfBytes; pages that are passed are unlocked. IRQL <= DISPATCH_LEVEL. */
NTSTATUS NTAPI MmAdvanceMdl(PMDL Mdl, ULONG NumberOfBytes)
{
    SIZE_T OldPages = MiMdlPages(Mdl), Passed;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (NumberOfBytes > Mdl->ByteCount)
        return STATUS_INVALID_PARAMETER_2;
    Passed = (Mdl->ByteOffset + (SIZE_T)NumberOfBytes) >> KILN_PAGE_SHIFT;
    if (Passed) {
        if (Mdl->MdlFlags & MDL_PAGES_LOCKED)
            MiUnlockFrames(MiMdlPfns(Mdl), Passed);
        for (SIZE_T I = Passed; I < OldPages; I++)
            MiMdlPfns(Mdl)[I - Passed] = MiMdlPfns(Mdl)[I];
        Mdl->StartVa = (UCHAR *)Mdl->StartVa + (Passed << KILN_PAGE_SHIFT);
    }
    Mdl->ByteOffset = (ULONG)((Mdl->ByteOffset + (SIZE_T)NumberOfBytes) & (MI_PAGE_BYTES - 1));
    Mdl->ByteCount -= NumberOfBytes;
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        Mdl->MappedSystemVa = (UCHAR *)Mdl->MappedSystemVa + NumberOfBytes;
    return STATUS_SUCCESS;
}

/* Mark (or ask) whether the contents of the described pages stay the same while the MDL is in use. */
MM_MDL_PAGE_CONTENTS_STATE NTAPI MmMdlPageContentsState(PMDL MemoryDescriptorList,
                                                        MM_MDL_PAGE_CONTENTS_STATE State)
{
    MM_MDL_PAGE_CONTENTS_STATE Before = (MemoryDescriptorList->MdlFlags & MDL_PAGE_CONTENTS_INVARIANT)
                                            ? MmMdlPageContentsInvariant
                                            : MmMdlPageContentsDynamic;

    if (State == MmMdlPageContentsInvariant)
        MemoryDescriptorList->MdlFlags |= MDL_PAGE_CONTENTS_INVARIANT;
    else if (State == MmMdlPageContentsDynamic)
        MemoryDescriptorList->MdlFlags &= ~MDL_PAGE_CONTENTS_INVARIANT;
    return Before;
}
