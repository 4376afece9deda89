/* SPDX-License-Identifier: MIT */
/*
 * Mapping what an MDL describes: into system space, into a reserved mapping address, or into the current
 * process.
 *
 * System mappings of consecutive frames need no mapping at all: RAM is always mapped, and so is host memory
 * and device memory, so the answer is an address (the MDL says MAPPED_TO_SYSTEM_VA all the same). That is
 * every buffer that was allocated in one piece, and costs no host call. Scattered frames, read-only mappings,
 * and every mapping under the verifier (MiForceMdlMappings), get addresses of the system PTE window.
 *
 * Which of the two an MDL has is told by the address. Reference: MmMapLockedPages*, MmUnmapLockedPages,
 * MmMapLockedPagesWithReservedMapping, MmAllocateMappingAddress, MmProtectMdlSystemAddress, MmMapMdl.
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"

void MiBadMdl(ULONG Rule, PMDL Mdl, ULONG Flags, PVOID Caller, const char *Sentence)
{
    KiBugCheckText(DRIVER_VERIFIER_DETECTED_VIOLATION, Rule, (ULONG_PTR)Mdl, (USHORT)Mdl->MdlFlags, Flags,
                   (ULONG64)(ULONG_PTR)Caller, Sentence);
}

static BOOLEAN in_window(PVOID Va)
{
    return (ULONG64)(ULONG_PTR)Va - KILN_SYSPTE_BASE < KILN_SYSPTE_SIZE;
}

static void check_mappable(PMDL Mdl, PVOID Caller)
{
    if (!(Mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_PARTIAL | MDL_SOURCE_IS_NONPAGED_POOL | MDL_IO_SPACE)))
        MiBadMdl(0xB3, Mdl, MDL_PAGES_LOCKED | MDL_PARTIAL, Caller,
                 "an MDL was mapped whose pages are not locked; call MmProbeAndLockPages first");
}

/* System addresses for the frames; NULL: no resources. */
static UCHAR *map_system(PMDL Mdl, ULONG Priority, PVOID Caller)
{
    const PFN_NUMBER *Pfns = MiMdlPfns(Mdl);
    SIZE_T Pages = MiMdlPages(Mdl);
    BOOLEAN Ram = MiIsRamPfn(Pfns[0]);

    if (Pages == 0)
        return NULL;
    if (!Ram || (MiCountRuns(Pfns, Pages) == 1 && !MiForceMdlMappings && !(Priority & MdlMappingNoWrite)))
        return MiPermanentAddress(Pfns[0]);
    UCHAR *Va = MiReserveSystemPtes(Pages, 0, Caller);
    if (Va == NULL)
        return NULL;
    if (!NT_SUCCESS(MiMapSystemPtes(Va, Pfns, Pages,
                                    HOST_PROT_R | ((Priority & MdlMappingNoWrite) ? 0 : HOST_PROT_W)))) {
        MiReleaseSystemPtes(Va, Pages);
        return NULL;
    }
    return Va;
}

static void note_mapping(PMDL Mdl, UCHAR *Va)
{
    Mdl->MappedSystemVa = Va + Mdl->ByteOffset;
    Mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if (Mdl->MdlFlags & MDL_PARTIAL)
        Mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
}

static PVOID map_user(PMDL Mdl, PVOID RequestedAddress, ULONG Priority)
{
    unsigned Prot = HOST_PROT_R | ((Priority & MdlMappingNoWrite) ? 0 : HOST_PROT_W);
    PVOID Va = NULL;
    NTSTATUS Status;

    if (!MiIsRamPfn(MiMdlPfns(Mdl)[0]))
        ExRaiseStatus(STATUS_INVALID_ADDRESS);
    Status = MiMapUserFrames(RequestedAddress, MiMdlPfns(Mdl), MiMdlPages(Mdl), Prot, &Va);
    if (!NT_SUCCESS(Status))
        ExRaiseStatus(Status);
    return (UCHAR *)Va + Mdl->ByteOffset;
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE CacheType, PVOID RequestedAddress,
                                         ULONG BugCheckOnFailure, ULONG Priority)
{
    PMDL Mdl = MemoryDescriptorList;
    PVOID Caller = __builtin_return_address(0);

    check_mappable(Mdl, Caller);
    if ((ULONG)CacheType >= MmMaximumCacheType)
        return NULL;
    if (AccessMode != KernelMode) {
        KI_ASSERT_IRQL_MAX(APC_LEVEL);
        return map_user(Mdl, RequestedAddress, Priority);
    }
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL))
        MiBadMdl(0xB2, Mdl, MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL, Caller,
                 "an MDL was mapped that is mapped already or describes nonpaged pool; use "
                 "MmGetSystemAddressForMdlSafe, which maps only when that is needed");
    UCHAR *Va = map_system(Mdl, Priority, Caller);
    if (Va == NULL) {
        if (BugCheckOnFailure)
            KeBugCheckEx(NO_MORE_SYSTEM_PTES, 0, MiMdlPages(Mdl), 0, 0);
        return NULL;
    }
    note_mapping(Mdl, Va);
    return Mdl->MappedSystemVa;
}

PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode)
{
    return MmMapLockedPagesSpecifyCache(MemoryDescriptorList, AccessMode, MmCached, NULL, TRUE,
                                        HighPagePriority);
}

/* Give whole pages of a direct-map mapping their ordinary protection back. */
static void restore_protection(PMDL Mdl)
{
    const PFN_NUMBER *Pfns = MiMdlPfns(Mdl);

    for (SIZE_T I = 0, Pages = MiMdlPages(Mdl); I < Pages; I++) {
        if (!MiIsRamPfn(Pfns[I]) || !(MiPfnEntry(Pfns[I])->Flags & MI_PFN_REPROTECTED))
            continue;
        MiPfnEntry(Pfns[I])->Flags &= (UCHAR)~MI_PFN_REPROTECTED;
        if (NT_SUCCESS(MiProtectRam(Pfns[I], 1, HOST_PROT_R | HOST_PROT_W)))
            MiReturnHostMappings(2);
    }
}

void MiUnmapMdl(PMDL Mdl, PVOID Va, PVOID Caller)
{
    UCHAR *Page = PAGE_ALIGN(Va);
    ULONG Tag;

    if (!(Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA))
        MiBadMdl(0xB6, Mdl, MDL_MAPPED_TO_SYSTEM_VA, Caller,
                 "MmUnmapLockedPages was called on an MDL that is not mapped to system space");
    if (!(Mdl->MdlFlags & MDL_PARENT_MAPPED_SYSTEM_VA)) {
        if (in_window(Va)) {
            /* MmAdvanceMdl may have moved the MDL on: the reservation says what was mapped. */
            PVOID Begin, Who;
            SIZE_T Pages;
            if (!MiSystemPteInfo(Page, &Begin, &Pages, &Who) || MiSystemPteReservation(Begin, &Tag) != Pages)
                KeBugCheckEx(SYSTEM_PTE_MISUSE, 0x6, (ULONG_PTR)Mdl, (ULONG_PTR)Va, MiMdlPages(Mdl));
            MiUnmapSystemPtes(Begin, Pages);
            MiReleaseSystemPtes(Begin, Pages);
        } else {
            restore_protection(Mdl);
        }
    }
    Mdl->MappedSystemVa = NULL;
    Mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED | MDL_PARENT_MAPPED_SYSTEM_VA |
                       MDL_FREE_EXTRA_PTES);
}

void NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDL MemoryDescriptorList)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (KILN_IS_USER_ADDRESS((ULONG64)(ULONG_PTR)BaseAddress)) {
        KI_ASSERT_IRQL_MAX(APC_LEVEL);
        if (!NT_SUCCESS(MiUnmapUserFrames(PAGE_ALIGN(BaseAddress))))
            MiBadMdl(
                0xB9, MemoryDescriptorList, 0, __builtin_return_address(0),
                "MmUnmapLockedPages was given a user address at which this MDL is not mapped in the current "
                "process");
        return;
    }
    MiUnmapMdl(MemoryDescriptorList, BaseAddress, __builtin_return_address(0));
}

/* ---------------------------------------------------------------- reserved mappings */

PVOID NTAPI MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return MiReserveSystemPtes(MI_PAGES(NumberOfBytes), PoolTag, __builtin_return_address(0));
}

PVOID NTAPI MmAllocateMappingAddressEx(SIZE_T NumberOfBytes, ULONG PoolTag, ULONG Flags)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Flags & ~(ULONG)MM_MAPPING_ADDRESS_DIVISIBLE)
        return NULL;
    return MiReserveSystemPtes(MI_PAGES(NumberOfBytes), PoolTag, __builtin_return_address(0));
}

static SIZE_T reservation(PVOID Va, ULONG PoolTag, PVOID Caller)
{
    ULONG Tag = 0;
    SIZE_T Pages = MiSystemPteReservation(Va, &Tag);

    if (Pages == 0 || Tag != PoolTag)
        KiBugCheckText(
            SYSTEM_PTE_MISUSE, Pages ? 0x101 : 0x100, (ULONG_PTR)Va, PoolTag, Tag, (ULONG64)(ULONG_PTR)Caller,
            "a reserved mapping address was used that MmAllocateMappingAddress did not return, or with "
            "another tag than it was reserved with");
    return Pages;
}

void NTAPI MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag)
{
    SIZE_T Pages = reservation(BaseAddress, PoolTag, __builtin_return_address(0));
    PFN_NUMBER Pfn;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (MiSystemPtePfn(BaseAddress, &Pfn))
        KiBugCheckText(
            SYSTEM_PTE_MISUSE, 0x102, (ULONG_PTR)BaseAddress, PoolTag, Pages,
            (ULONG64)(ULONG_PTR)__builtin_return_address(0),
            "MmFreeMappingAddress: pages are still mapped there; call MmUnmapReservedMapping first");
    MiReleaseSystemPtes(BaseAddress, Pages);
}

PVOID NTAPI MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag,
                                                PMDL MemoryDescriptorList, MEMORY_CACHING_TYPE CacheType)
{
    PMDL Mdl = MemoryDescriptorList;
    SIZE_T Reserved = reservation(MappingAddress, PoolTag, __builtin_return_address(0));
    SIZE_T Pages = MiMdlPages(Mdl);

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    check_mappable(Mdl, __builtin_return_address(0));
    if (Pages == 0 || Pages > Reserved || (ULONG)CacheType >= MmMaximumCacheType ||
        !MiIsRamPfn(MiMdlPfns(Mdl)[0]))
        return NULL;
    if (!NT_SUCCESS(MiMapSystemPtes(MappingAddress, MiMdlPfns(Mdl), Pages, HOST_PROT_R | HOST_PROT_W)))
        return NULL;
    note_mapping(Mdl, MappingAddress);
    return Mdl->MappedSystemVa;
}

void NTAPI MmUnmapReservedMapping(PVOID BaseAddress, ULONG PoolTag, PMDL MemoryDescriptorList)
{
    PMDL Mdl = MemoryDescriptorList;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    reservation(BaseAddress, PoolTag, __builtin_return_address(0));
    if (!(Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || PAGE_ALIGN(Mdl->MappedSystemVa) != BaseAddress)
        KeBugCheckEx(SYSTEM_PTE_MISUSE, 0x6, (ULONG_PTR)Mdl, (ULONG_PTR)BaseAddress, MiMdlPages(Mdl));
    MiUnmapSystemPtes(BaseAddress, MiMdlPages(Mdl));
    Mdl->MappedSystemVa = NULL;
    Mdl->MdlFlags &= ~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED);
}

/* ---------------------------------------------------------------- protection, temporary mapping */

static BOOLEAN valid_protection(ULONG Protect)
{
    return Protect == PAGE_NOACCESS || Protect == PAGE_READONLY || Protect == PAGE_READWRITE ||
           Protect == PAGE_EXECUTE || Protect == PAGE_EXECUTE_READ || Protect == PAGE_EXECUTE_READWRITE;
}

/*
 * A mapping in the window is changed alone. One that is the direct map changes the pages themselves, until
 * the MDL is unmapped: the frames are the MDL's while it is mapped.
 */
NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDL MemoryDescriptorList, ULONG NewProtect)
{
    PMDL Mdl = MemoryDescriptorList;
    SIZE_T Pages = MiMdlPages(Mdl);
    UCHAR *Va = PAGE_ALIGN(Mdl->MappedSystemVa);

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (!valid_protection(NewProtect))
        return STATUS_INVALID_PAGE_PROTECTION;
    if (!(Mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) || (Mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) || !Pages)
        return STATUS_NOT_MAPPED_VIEW;
    if (in_window(Va))
        return host_protect(Va, (ULONG64)Pages << KILN_PAGE_SHIFT, MiHostProt(NewProtect)) == 0
                   ? STATUS_SUCCESS
                   : STATUS_INSUFFICIENT_RESOURCES;
    if (!MiIsRam(Va))
        return STATUS_NOT_MAPPED_VIEW;
    for (SIZE_T I = 0; I < Pages; I++) {
        PMI_PFN Entry = MiPfnEntry(MiMdlPfns(Mdl)[I]);
        if (!(Entry->Flags & MI_PFN_REPROTECTED)) {
            if (!MiChargeHostMappings(2, "the protection of an MDL mapping"))
                return STATUS_INSUFFICIENT_RESOURCES;
            Entry->Flags |= MI_PFN_REPROTECTED;
        }
        NTSTATUS Status = MiProtectRam(MiMdlPfns(Mdl)[I], 1, MiHostProt(NewProtect));
        if (!NT_SUCCESS(Status))
            return Status;
    }
    return STATUS_SUCCESS;
}

/* Map, call the driver's routine with the address, unmap. */
NTSTATUS NTAPI MmMapMdl(PMDL MemoryDescriptorList, ULONG Protection, PMM_MDL_ROUTINE DriverRoutine,
                        PVOID DriverContext)
{
    PMDL Mdl = MemoryDescriptorList;
    PVOID Va;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    check_mappable(Mdl, __builtin_return_address(0));
    if (Protection != PAGE_READONLY && Protection != PAGE_READWRITE && Protection != PAGE_EXECUTE_READ &&
        Protection != PAGE_EXECUTE_READWRITE)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (Mdl->MdlFlags & (MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL)) {
        DriverRoutine(DriverContext, Mdl->MappedSystemVa);
        return STATUS_SUCCESS;
    }
    Va = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE,
                                      NormalPagePriority |
                                          (MiHostProt(Protection) & HOST_PROT_W ? 0 : MdlMappingNoWrite));
    if (Va == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS Status = STATUS_SUCCESS;
    if (MiHostProt(Protection) & HOST_PROT_X)
        Status = MmProtectMdlSystemAddress(Mdl, Protection);
    if (NT_SUCCESS(Status))
        DriverRoutine(DriverContext, Va);
    MiUnmapMdl(Mdl, Va, __builtin_return_address(0));
    return Status;
}
