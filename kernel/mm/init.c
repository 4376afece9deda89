/* SPDX-License-Identifier: MIT */
/*
 * The memory manager's start, what each processor owns of it, and the constants that drivers import.
 */
#include "mip.h"
#include "ki.h"

PMI_VP MiVpTable[HOST_MAX_VPS];
ULONG MiVpCount;
BOOLEAN MiChecked;
BOOLEAN MiForceMdlMappings;

/* ---------------------------------------------------------------- constants */

ULONG64 MmUserProbeAddress = KILN_USER_PROBE;
PVOID MmHighestUserAddress = (PVOID)(ULONG_PTR)(KILN_USER_PROBE - 1);
PVOID MmSystemRangeStart = (PVOID)(ULONG_PTR)KILN_RAM_BASE;

/* ---------------------------------------------------------------- start */

static void init_processor(ULONG Vp)
{
    SIZE_T TagPages = MI_PAGES(MI_POOL_TAGS * sizeof(MI_TAG_COUNT));
    PMI_VP State = MiAllocateContiguousPages(MI_PAGES(sizeof(MI_VP)), MiPageSystem, TRUE, NULL);

    if (State == NULL)
        host_panic("not enough RAM for the per-processor state of the memory manager");
    State->Tags = MiAllocateContiguousPages(TagPages, MiPageSystem, TRUE, NULL);
    if (State->Tags == NULL)
        host_panic("not enough RAM for the per-processor state of the memory manager");
    MiInitMagazines(State);
    MiVpTable[Vp] = State;
}

void MiInitSystem(ULONG Phase)
{
    if (Phase != 0) {
        MiInitSections();
        return;
    }
    MiChecked = host_config()->checked;
    MiInitPhysical();
    MiInitFaults();
    MiInitPaging();
    MiInitPageable();
    MiInitSlabs();
    MiVpCount = host_config()->max_cpus;
    for (ULONG Vp = 0; Vp < MiVpCount; Vp++)
        init_processor(Vp);
    MiInitPoolTags();
    MiInitSystemPtes();
}

/* ---------------------------------------------------------------- questions about the machine */

MM_SYSTEMSIZE NTAPI MmQuerySystemSize(void)
{
    SIZE_T Megabytes = MiPageCount >> (20 - KILN_PAGE_SHIFT);

    return Megabytes <= 64 ? MmSmallSystem : Megabytes <= 1024 ? MmMediumSystem : MmLargeSystem;
}

BOOLEAN NTAPI MmIsThisAnNtAsSystem(void)
{
    return FALSE; /* a client edition, as the reported version */
}

/*
 * The ranges of RAM, ended by an entry of zeros, in pool that the caller frees. PASSIVE_LEVEL.
 */
PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRanges(void)
{
    PPHYSICAL_MEMORY_RANGE Ranges;

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    Ranges = MiAllocatePool(NonPagedPoolNx, 2 * sizeof(*Ranges), 0x526D4D68U /* "hMmR" */, TRUE,
                            __builtin_return_address(0));
    if (Ranges)
        Ranges[0].NumberOfBytes.QuadPart = (LONGLONG)((ULONG64)MiPageCount << KILN_PAGE_SHIFT);
    return Ranges;
}

PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRangesEx(PVOID PartitionObject)
{
    UNREFERENCED_PARAMETER(PartitionObject); /* there is one partition */
    return MmGetPhysicalMemoryRanges();
}

PPHYSICAL_MEMORY_RANGE NTAPI MmGetPhysicalMemoryRangesEx2(PVOID PartitionObject, ULONG Flags)
{
    UNREFERENCED_PARAMETER(PartitionObject); /* there is one partition */
    UNREFERENCED_PARAMETER(Flags);           /* and one kind of memory */
    return MmGetPhysicalMemoryRanges();
}

/* Faults do no I/O here, so none is ever inside another. */
BOOLEAN NTAPI MmIsRecursiveIoFault(void)
{
    return FALSE;
}

/* ---------------------------------------------------------------- Driver Verifier: off */

NTSTATUS NTAPI MmIsVerifierEnabled(PULONG VerifierFlags)
{
    *VerifierFlags = 0;
    return STATUS_SUCCESS;
}

LOGICAL NTAPI MmIsDriverVerifying(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    return FALSE;
}

LOGICAL NTAPI MmIsDriverVerifyingByAddress(PVOID AddressWithinSection)
{
    UNREFERENCED_PARAMETER(AddressWithinSection);
    return FALSE;
}

LOGICAL NTAPI MmIsDriverSuspectForVerifier(PDRIVER_OBJECT DriverObject)
{
    UNREFERENCED_PARAMETER(DriverObject);
    return FALSE;
}
