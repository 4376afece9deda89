/* SPDX-License-Identifier: MIT */
/*
 * MDLs at addresses that the caller chose: the mapping of crash dump, hibernate and live dump drivers, and a user
 * mapping whose pages all become one. Reference: MmMapMemoryDumpMdlEx of wdm.h; MmMapUserAddressesToPage has a
 * name and a prototype only.
 */
#include "mip.h"
#include "ki.h"

/* One MDL is mapped at a time: what was mapped at Va, and in whose name. The callers are single-threaded by contract. */
static PVOID dump_va;
static SIZE_T dump_pages;

static void unmap_dump(void)
{
    if (dump_va)
        MiUnmapSystemPtes(dump_va, dump_pages);
    dump_va = NULL;
}

/*
 * Map the MDL's pages at Va, the start of reserved mapping addresses (MmAllocateMappingAddress) of at least PageTotal
 * pages; what was mapped before goes. With MM_DUMP_MAP_INVALIDATE nothing is mapped after the call.
 */
NTSTATUS NTAPI MmMapMemoryDumpMdlEx(PVOID Va, ULONG PageTotal, PMDL MemoryDumpMdl, ULONG Flags)
{
    PMDL Mdl = MemoryDumpMdl;
    SIZE_T Pages = MiMdlPages(Mdl);
    ULONG Tag;

    if (Flags & ~(ULONG)(MM_DUMP_MAP_CACHED | MM_DUMP_MAP_INVALIDATE))
        return STATUS_INVALID_PARAMETER_4;
    if (((ULONG_PTR)Va & (MI_PAGE_BYTES - 1)) || MiSystemPteReservation(Va, &Tag) < PageTotal || PageTotal == 0)
        return STATUS_INVALID_PARAMETER_1;
    if (Pages == 0 || Pages > PageTotal)
        return STATUS_INVALID_PARAMETER_2;
    unmap_dump();
    if (Flags & MM_DUMP_MAP_INVALIDATE) {
        Mdl->MdlFlags &= ~MDL_MAPPED_TO_SYSTEM_VA;
        return STATUS_SUCCESS;
    }
    NTSTATUS Status = MiMapSystemPtes(Va, MiMdlPfns(Mdl), Pages, HOST_PROT_R | HOST_PROT_W);
    if (!NT_SUCCESS(Status))
        return Status;
    dump_va = Va;
    dump_pages = Pages;
    Mdl->MappedSystemVa = (UCHAR *)Va + Mdl->ByteOffset;
    Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    return STATUS_SUCCESS;
}

/* Every page of a mapping that a driver made in the current process (of an MDL, or of physical memory) becomes the page at PageAddress. */
NTSTATUS NTAPI MmMapUserAddressesToPage(PVOID BaseAddress, SIZE_T NumberOfBytes, PVOID PageAddress)
{
    PEPROCESS Process = PsGetCurrentProcess();
    NTSTATUS Status = STATUS_INVALID_ADDRESS;
    PFN_NUMBER Pfn;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (!NT_SUCCESS(MiResolvePage(PageAddress, KernelMode, FALSE, &Pfn)) || !MiIsRamPfn(Pfn))
        return STATUS_INVALID_PARAMETER_3;
    if (!MiLockAddressSpace(Process))
        return STATUS_INVALID_ADDRESS;
    PMI_RANGE Range = MiFindRange(Process, BaseAddress);
    if (Range && Range->Kind == MiRangeView)
        Status = MiPointViewAtPage(BaseAddress, NumberOfBytes, Pfn);
    if (Range && Range->Kind == MiRangeMdl && Range->Begin == (ULONG64)(ULONG_PTR)BaseAddress &&
        NumberOfBytes <= Range->Pages << KILN_PAGE_SHIFT) {
        SIZE_T Pages = NumberOfBytes ? MI_PAGES(NumberOfBytes) : Range->Pages;
        Status = STATUS_INSUFFICIENT_RESOURCES;
        if (MiChargeHostMappings((ULONG)Pages, "a user mapping")) {
            Range->Charged += (ULONG)Pages;
            Status = STATUS_SUCCESS;
            for (SIZE_T I = 0; I < Pages && NT_SUCCESS(Status); I++) {
                Range->Page[I].Pfn = (ULONG)Pfn;
                if (host_map_ram((UCHAR *)BaseAddress + (I << KILN_PAGE_SHIFT), MI_PAGE_BYTES,
                                 (ULONG64)Pfn << KILN_PAGE_SHIFT, MiHostProt(Range->Page[I].Protection)) != 0)
                    Status = STATUS_INSUFFICIENT_RESOURCES;
            }
        }
    }
    MiUnlockAddressSpace(Process);
    return Status;
}
