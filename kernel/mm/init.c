/* SPDX-License-Identifier: MIT */
/*
 * The memory manager's start, what each processor owns of it, and the constants that drivers import.
 */
#include "mip.h"
#include "ki.h"

PMI_VP MiVpTable[HOST_MAX_VPS];
ULONG MiVpCount;
BOOLEAN MiChecked;
ULONG MiCompletePaths;
BOOLEAN MiForceMdlMappings;

/* ---------------------------------------------------------------- constants */

ULONG64 MmUserProbeAddress = KILN_USER_PROBE;
PVOID MmHighestUserAddress = (PVOID)(ULONG_PTR)(KILN_USER_PROBE - 1);
PVOID MmSystemRangeStart = (PVOID)(ULONG_PTR)KILN_RAM_BASE;
PVOID MmBadPointer = MM_BAD_POINTER; /* not in the half of the address space that a Linux process has */
static BOOLEAN physical_addresses_have_64_bits = TRUE;
PBOOLEAN Mm64BitPhysicalAddress = &physical_addresses_have_64_bits;

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
        MiInitConditions();
        MiInitGuards();
        return;
    }
    MiChecked = host_config()->checked;
    MiInitPhysical();
    MiInitFaults();
    MiInitPaging();
    MiInitPageable();
    MiInitHotMemory();
    MiInitSecurePools();
    MiInitSpecialPool();
    MiCompletePaths = (ULONG)(MiChecked | MiSpecialPool);
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
