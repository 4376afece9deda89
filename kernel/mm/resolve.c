/* SPDX-License-Identifier: MIT */
/*
 * From virtual to physical and back, and what is valid: the one place that knows every region. Reference:
 * MmGetPhysicalAddress, MmGetVirtualForPhysical, MmIsAddressValid, MmCopyMemory.
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"

#define NULL_REGION 0x10000ULL

static BOOLEAN is_foreign(ULONG64 Address)
{
    /* Below the user region lies the executable, above the MMIO windows the host's heap and stacks. */
    return (Address >= NULL_REGION && Address < KILN_USER_BASE) ||
           (Address >= KILN_MMIO_BASE + KILN_MMIO_SIZE && Address < 0x0000800000000000ULL);
}

NTSTATUS MiResolvePage(PVOID Va, KPROCESSOR_MODE Mode, BOOLEAN Write, PFN_NUMBER *Pfn)
{
    ULONG64 Address = (ULONG64)(ULONG_PTR)Va;
    ULONG Protection;

    if (MiIsRam(Va)) {
        PMI_PFN Entry = MiPfnEntry(MiVaToPfn(Va));
        if (Mode != KernelMode || Entry->Use == MiPageFree || (Entry->Flags & MI_PFN_NOACCESS) ||
            (Write && (Entry->Flags & MI_PFN_READONLY)))
            return STATUS_ACCESS_VIOLATION;
        *Pfn = MiVaToPfn(Va);
        return STATUS_SUCCESS;
    }
    if (KILN_IS_USER_ADDRESS(Address)) {
        if (!MiUserPfn(Va, Pfn, &Protection))
            return STATUS_ACCESS_VIOLATION;
        unsigned Prot = MiUserProt(Protection);
        return !(Prot & HOST_PROT_R) || (Write && !(Prot & HOST_PROT_W)) ? STATUS_ACCESS_VIOLATION
                                                                         : STATUS_SUCCESS;
    }
    if (Mode != KernelMode)
        return STATUS_ACCESS_VIOLATION;
    if (Address - KILN_SYSPTE_BASE < KILN_SYSPTE_SIZE)
        return MiSystemPtePfn(Va, Pfn) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
    if (Address - KILN_MMIO_BASE < KILN_MMIO_SIZE) {
        *Pfn = (PFN_NUMBER)((Address - KILN_MMIO_BASE) >> KILN_PAGE_SHIFT);
        return STATUS_SUCCESS;
    }
    if (is_foreign(Address)) {
        *Pfn = (PFN_NUMBER)(MI_FOREIGN_PFN | Address >> KILN_PAGE_SHIFT);
        return STATUS_SUCCESS;
    }
    return STATUS_ACCESS_VIOLATION;
}

PVOID MiPermanentAddress(PFN_NUMBER Pfn)
{
    if (MiIsRamPfn(Pfn))
        return MiPfnToVa(Pfn);
    if (Pfn & MI_FOREIGN_PFN)
        return (PVOID)(ULONG_PTR)((Pfn & ~MI_FOREIGN_PFN) << KILN_PAGE_SHIFT);
    return MiMmioAddress((ULONG64)Pfn << KILN_PAGE_SHIFT);
}

BOOLEAN MiGetPhysicalAddress(PVOID Va, ULONG64 *Physical)
{
    PFN_NUMBER Pfn;

    if (MiIsRam(Va))
        *Physical = (ULONG64)(ULONG_PTR)Va - KILN_RAM_BASE;
    else if (NT_SUCCESS(MiResolvePage(Va, KernelMode, FALSE, &Pfn)))
        *Physical = ((ULONG64)Pfn << KILN_PAGE_SHIFT) | ((ULONG_PTR)Va & (MI_PAGE_BYTES - 1));
    else
        return FALSE;
    return TRUE;
}

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress)
{
    PHYSICAL_ADDRESS Result;
    ULONG64 Physical = 0;

    MiGetPhysicalAddress(BaseAddress, &Physical);
    Result.QuadPart = (LONGLONG)Physical;
    return Result;
}

PVOID NTAPI MmGetVirtualForPhysical(PHYSICAL_ADDRESS PhysicalAddress)
{
    ULONG64 Physical = (ULONG64)PhysicalAddress.QuadPart;
    UCHAR *Page = MiPermanentAddress((PFN_NUMBER)(Physical >> KILN_PAGE_SHIFT));

    return Page ? Page + (Physical & (MI_PAGE_BYTES - 1)) : NULL;
}

BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress)
{
    PFN_NUMBER Pfn;

    if (KiBugCheckActive) /* a bugcheck callback, at HIGH_LEVEL: whoever holds a lock does not run any more */
        return host_can_read(VirtualAddress, 1);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (!NT_SUCCESS(MiResolvePage(VirtualAddress, KernelMode, FALSE, &Pfn)))
        return FALSE;
    if (MiIsRam(VirtualAddress) && MiIsPagedOut(Pfn))
        return FALSE; /* touching it would fault */
    return (Pfn & MI_FOREIGN_PFN) ? host_can_read(VirtualAddress, 1) : MiIsRamPfn(Pfn) || TRUE;
}

BOOLEAN NTAPI MmIsNonPagedSystemAddressValid(PVOID VirtualAddress)
{
    return (ULONG64)(ULONG_PTR)VirtualAddress >= KILN_RAM_BASE && MmIsAddressValid(VirtualAddress);
}

/* ---------------------------------------------------------------- MmCopyMemory */

/*
 * Copy page by page, so that *NumberOfBytesTransferred is exact when a page cannot be read. Virtual source
 * addresses must be system addresses.
 */
NTSTATUS NTAPI MmCopyMemory(PVOID TargetAddress, MM_COPY_ADDRESS SourceAddress, SIZE_T NumberOfBytes,
                            ULONG Flags, PSIZE_T NumberOfBytesTransferred)
{
    BOOLEAN Physical = (Flags & MM_COPY_MEMORY_PHYSICAL) != 0;
    ULONG64 Source = Physical ? (ULONG64)SourceAddress.PhysicalAddress.QuadPart
                              : (ULONG64)(ULONG_PTR)SourceAddress.VirtualAddress;
    SIZE_T Done = 0;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *NumberOfBytesTransferred = 0;
    if ((Flags != MM_COPY_MEMORY_PHYSICAL && Flags != MM_COPY_MEMORY_VIRTUAL) ||
        Source + NumberOfBytes < Source)
        return STATUS_INVALID_PARAMETER;
    if (!Physical && Source >= KILN_USER_BASE && Source < KILN_RAM_BASE)
        return STATUS_INVALID_ADDRESS;
    while (Done < NumberOfBytes) {
        SIZE_T Chunk = MI_PAGE_BYTES - ((Source + Done) & (MI_PAGE_BYTES - 1));
        if (Chunk > NumberOfBytes - Done)
            Chunk = NumberOfBytes - Done;
        ULONG64 From = Source + Done;
        if (Physical) {
            if (!MiIsRamPfn((PFN_NUMBER)(From >> KILN_PAGE_SHIFT)))
                break;
            From += KILN_RAM_BASE;
        }
        if (!KiSafeRead((UCHAR *)TargetAddress + Done, (PVOID)(ULONG_PTR)From, Chunk))
            break;
        Done += Chunk;
    }
    *NumberOfBytesTransferred = Done;
    if (Done == NumberOfBytes)
        return STATUS_SUCCESS;
    return Done ? STATUS_PARTIAL_COPY : STATUS_INVALID_ADDRESS;
}
