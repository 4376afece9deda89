/* SPDX-License-Identifier: MIT */
/*
 * processor.c: numbers of processors, groups and nodes; the cache routines.
 *
 * Processors have indexes without gaps; the machine's configuration cuts them into groups and NUMA nodes of a fixed size,
 * the last of which may be smaller. With the default sizes there is one group and one node. A node may span groups, and
 * a group nodes.
 */
#include "kep.h"

KIPCR KiPcrs[HOST_MAX_VPS];
volatile ULONG KiProcessorCount = 1;
volatile KAFFINITY KiActiveProcessors = 1;

volatile CCHAR KeNumberProcessors = 1;

/* ---------------------------------------------------------------- groups and nodes as index masks */

/* Indexes [First, First + Size) that the machine can have. */
static KAFFINITY indexes(ULONG64 First, ULONG Size)
{
    ULONG maximum = host_config()->max_cpus;
    if (First >= maximum)
        return 0;
    ULONG count = First + Size > maximum ? maximum - (ULONG)First : Size;
    KAFFINITY mask = count == 64 ? ~(KAFFINITY)0 : AFFINITY_MASK(count) - 1;
    return mask << First;
}

KAFFINITY KiGroupIndexes(USHORT Group)
{
    return indexes((ULONG64)Group * host_config()->group_size, host_config()->group_size);
}

KAFFINITY KiIndexesOfGroup(USHORT Group, KAFFINITY Mask)
{
    KAFFINITY all = KiGroupIndexes(Group);
    if (all == 0 || (Mask & ~(all >> __builtin_ctzll(all))) != 0)
        return 0;
    return Mask << __builtin_ctzll(all);
}

KAFFINITY KiGroupOfIndexes(USHORT Group, KAFFINITY Indexes)
{
    KAFFINITY all = KiGroupIndexes(Group);
    return all == 0 ? 0 : (Indexes & all) >> __builtin_ctzll(all);
}

static KAFFINITY node_indexes(USHORT Node)
{
    return indexes((ULONG64)Node * host_config()->node_size, host_config()->node_size);
}

static KAFFINITY active(void)
{
    return __atomic_load_n(&KiActiveProcessors, __ATOMIC_ACQUIRE);
}

static ULONG count(KAFFINITY Mask)
{
    return (ULONG)__builtin_popcountll(Mask);
}

/* ---------------------------------------------------------------- numbers */

#undef KeGetCurrentProcessorNumber
ULONG NTAPI KeGetCurrentProcessorNumber(VOID)
{
    return KiProcessorNumber();
}

ULONG NTAPI KeGetCurrentProcessorNumberEx(PPROCESSOR_NUMBER ProcNumber)
{
    ULONG index = KiProcessorNumber();
    if (ProcNumber)
        *ProcNumber = KiNumberOfIndex(index);
    return index;
}

ULONG NTAPI KeGetProcessorIndexFromNumber(PPROCESSOR_NUMBER ProcNumber)
{
    ULONG size = host_config()->group_size;
    ULONG64 index = (ULONG64)ProcNumber->Group * size + ProcNumber->Number;
    if (ProcNumber->Reserved != 0 || ProcNumber->Number >= size || index >= KiProcessorCount)
        return INVALID_PROCESSOR_INDEX;
    return (ULONG)index;
}

NTSTATUS NTAPI KeGetProcessorNumberFromIndex(ULONG ProcIndex, PPROCESSOR_NUMBER ProcNumber)
{
    if (ProcIndex >= KiProcessorCount)
        return STATUS_INVALID_PARAMETER;
    *ProcNumber = KiNumberOfIndex(ProcIndex);
    return STATUS_SUCCESS;
}

USHORT NTAPI KeGetCurrentNodeNumber(VOID)
{
    return (USHORT)(KiProcessorNumber() / host_config()->node_size);
}

/* ---------------------------------------------------------------- counts; those without a group speak of group 0 */

ULONG NTAPI KeQueryActiveProcessorCount(PKAFFINITY ActiveProcessors)
{
    KAFFINITY mask = KeQueryGroupAffinity(0);
    if (ActiveProcessors)
        *ActiveProcessors = mask;
    return count(mask);
}

ULONG NTAPI KeQueryActiveProcessorCountEx(USHORT GroupNumber)
{
    return GroupNumber == ALL_PROCESSOR_GROUPS ? KiProcessorCount : count(active() & KiGroupIndexes(GroupNumber));
}

ULONG NTAPI KeQueryMaximumProcessorCount(VOID)
{
    return count(KiGroupIndexes(0));
}

ULONG NTAPI KeQueryMaximumProcessorCountEx(USHORT GroupNumber)
{
    return GroupNumber == ALL_PROCESSOR_GROUPS ? host_config()->max_cpus : count(KiGroupIndexes(GroupNumber));
}

static USHORT pieces(ULONG Processors, ULONG Size)
{
    return (USHORT)((Processors + Size - 1) / Size);
}

USHORT NTAPI KeQueryActiveGroupCount(VOID)
{
    return pieces(KiProcessorCount, host_config()->group_size);
}

USHORT NTAPI KeQueryMaximumGroupCount(VOID)
{
    return pieces(host_config()->max_cpus, host_config()->group_size);
}

KAFFINITY NTAPI KeQueryActiveProcessors(VOID)
{
    return KeQueryGroupAffinity(0);
}

KAFFINITY NTAPI KeQueryGroupAffinity(USHORT GroupNumber)
{
    return KiGroupOfIndexes(GroupNumber, active());
}

/* ---------------------------------------------------------------- nodes */

/* The group affinities of a set of processors, in the order of groups; returns how many. `To` may be NULL. */
static USHORT split(KAFFINITY Indexes, PGROUP_AFFINITY To)
{
    USHORT used = 0;
    for (USHORT group = 0; group < KeQueryMaximumGroupCount(); group++) {
        KAFFINITY mask = KiGroupOfIndexes(group, Indexes);
        if (mask == 0)
            continue;
        if (To)
            To[used] = (GROUP_AFFINITY){.Group = group, .Mask = mask};
        used++;
    }
    return used;
}

USHORT KepSplitByGroup(KAFFINITY Indexes, PGROUP_AFFINITY To)
{
    return split(Indexes, To);
}

KAFFINITY KepActiveOfNode(USHORT Node)
{
    return active() & node_indexes(Node);
}

/* Of a node that spans groups: the part in its primary group, which has the most processors of the node. */
VOID NTAPI KeQueryNodeActiveAffinity(USHORT NodeNumber, PGROUP_AFFINITY Affinity, PUSHORT Count)
{
    GROUP_AFFINITY parts[HOST_MAX_VPS], primary = {0};
    USHORT used = split(KepActiveOfNode(NodeNumber), parts);
    for (USHORT i = 0; i < used; i++)
        if (count(parts[i].Mask) > count(primary.Mask))
            primary = parts[i];
    if (Affinity)
        *Affinity = primary;
    if (Count)
        *Count = (USHORT)count(primary.Mask);
}

NTSTATUS NTAPI KeQueryNodeActiveAffinity2(USHORT NodeNumber, PGROUP_AFFINITY GroupAffinities, USHORT GroupAffinitiesCount,
                                          PUSHORT GroupAffinitiesRequired)
{
    GROUP_AFFINITY parts[HOST_MAX_VPS];
    if (NodeNumber > KeQueryHighestNodeNumber())
        return STATUS_INVALID_PARAMETER;
    USHORT used = split(KepActiveOfNode(NodeNumber), parts);
    *GroupAffinitiesRequired = used;
    if (GroupAffinitiesCount < used)
        return STATUS_BUFFER_TOO_SMALL;
    for (USHORT i = 0; i < used; i++)
        GroupAffinities[i] = parts[i];
    return STATUS_SUCCESS;
}

ULONG NTAPI KeQueryNodeActiveProcessorCount(USHORT NodeNumber)
{
    return count(KepActiveOfNode(NodeNumber));
}

USHORT NTAPI KeQueryNodeMaximumProcessorCount(USHORT NodeNumber)
{
    return (USHORT)count(node_indexes(NodeNumber));
}

/* Of the nodes that can have processors, now or later. */
USHORT NTAPI KeQueryHighestNodeNumber(VOID)
{
    return (USHORT)(pieces(host_config()->max_cpus, host_config()->node_size) - 1);
}

BOOLEAN KiQueryProcessor(ULONG Index, KI_PROCESSOR_INFO *Info)
{
    if (Index >= KiProcessorCount)
        return FALSE;
    PKPRCB prcb = &KiPcrs[Index].Prcb;
    KIRQL irql = KiLockDispatcher();
    *Info = (KI_PROCESSOR_INFO){
        .Number = KiNumberOfIndex(Index),
        .Node = (USHORT)(Index / host_config()->node_size),
        .Idle = prcb->CurrentThread == prcb->IdleThread && !KI_PEEK(prcb->DpcRoutineActive),
        .Irql = prcb == KiPrcb() ? irql : KiPcrs[Index].Irql,
        .Thread = prcb->CurrentThread->Id,
        .StartAddress = prcb->CurrentThread->StartAddress,
        .Interrupts = KI_PEEK(prcb->InterruptCount),
        .Dpcs = KI_PEEK(prcb->DpcCount),
        .Switches = KI_PEEK(prcb->SwitchCount),
    };
    KiUnlockDispatcher(irql);
    return TRUE;
}

/* ---------------------------------------------------------------- caches and counters */

BOOLEAN NTAPI KeInvalidateAllCaches(VOID)
{
    __sync_synchronize();
    return TRUE;
}

VOID NTAPI KeInvalidateRangeAllCaches(PVOID BaseAddress, ULONG Length)
{
    __sync_synchronize();
}

VOID NTAPI KeFlushWriteBuffer(VOID)
{
    __sync_synchronize();
}

ULONG NTAPI KeGetRecommendedSharedDataAlignment(VOID)
{
    return SYSTEM_CACHE_ALIGNMENT_SIZE;
}

/* There are no counters for drivers: the empty configuration is the only one. */
NTSTATUS NTAPI KeSetHardwareCounterConfiguration(PHARDWARE_COUNTER CounterArray, ULONG Count)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (Count > MAX_HW_COUNTERS)
        return STATUS_INVALID_PARAMETER;
    return Count == 0 ? STATUS_SUCCESS : STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI KeQueryHardwareCounterConfiguration(PHARDWARE_COUNTER CounterArray, ULONG MaximumCount, PULONG Count)
{
    *Count = 0;
    return STATUS_SUCCESS;
}
