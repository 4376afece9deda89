/* SPDX-License-Identifier: MIT */
/*
 * topology.c: KeQueryLogicalProcessorRelationship. Every processor is a core of its own, a node is a package,
 * and caches are not described. Entries that speak of processors in several groups have a mask for each.
 */
#include "kep.h"

typedef SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX TOPOLOGY;

typedef struct _OUTPUT {
    UCHAR *At;   /* NULL: only the length is wanted */
    ULONG Bytes; /* so far */
} OUTPUT;

static TOPOLOGY *put(OUTPUT *To, LOGICAL_PROCESSOR_RELATIONSHIP Type, ULONG Bytes)
{
    TOPOLOGY *entry = To->At ? (TOPOLOGY *)(To->At + To->Bytes) : NULL;
    To->Bytes += Bytes;
    if (entry) {
        RtlZeroMemory(entry, Bytes);
        entry->Relationship = Type;
        entry->Size = Bytes;
    }
    return entry;
}

static void put_processors(OUTPUT *To, LOGICAL_PROCESSOR_RELATIONSHIP Type, KAFFINITY Indexes)
{
    USHORT groups = KepSplitByGroup(Indexes, NULL);
    TOPOLOGY *entry =
        put(To, Type, FIELD_OFFSET(TOPOLOGY, Processor.GroupMask) + groups * (ULONG)sizeof(GROUP_AFFINITY));
    if (entry)
        entry->Processor.GroupCount = KepSplitByGroup(Indexes, entry->Processor.GroupMask);
}

static void put_node(OUTPUT *To, USHORT Node, KAFFINITY Indexes)
{
    USHORT groups = KepSplitByGroup(Indexes, NULL);
    TOPOLOGY *entry =
        put(To, RelationNumaNode,
            FIELD_OFFSET(TOPOLOGY, NumaNode.GroupMasks) + groups * (ULONG)sizeof(GROUP_AFFINITY));
    if (entry) {
        entry->NumaNode.NodeNumber = Node;
        entry->NumaNode.GroupCount = KepSplitByGroup(Indexes, entry->NumaNode.GroupMasks);
    }
}

static void put_groups(OUTPUT *To)
{
    USHORT groups = KeQueryActiveGroupCount();
    TOPOLOGY *entry =
        put(To, RelationGroup,
            FIELD_OFFSET(TOPOLOGY, Group.GroupInfo) + groups * (ULONG)sizeof(PROCESSOR_GROUP_INFO));
    if (!entry)
        return;
    entry->Group.MaximumGroupCount = KeQueryMaximumGroupCount();
    entry->Group.ActiveGroupCount = groups;
    for (USHORT i = 0; i < groups; i++) {
        entry->Group.GroupInfo[i].MaximumProcessorCount = (UCHAR)KeQueryMaximumProcessorCountEx(i);
        entry->Group.GroupInfo[i].ActiveProcessorMask = KeQueryGroupAffinity(i);
        entry->Group.GroupInfo[i].ActiveProcessorCount =
            (UCHAR)__builtin_popcountll(entry->Group.GroupInfo[i].ActiveProcessorMask);
    }
}

static BOOLEAN wants(LOGICAL_PROCESSOR_RELATIONSHIP Asked, LOGICAL_PROCESSOR_RELATIONSHIP Type)
{
    return Asked == RelationAll || Asked == Type;
}

static void put_all(OUTPUT *To, LOGICAL_PROCESSOR_RELATIONSHIP Asked, KAFFINITY Wanted)
{
    if (wants(Asked, RelationProcessorCore))
        for (KAFFINITY left = Wanted; left != 0; left &= left - 1)
            put_processors(To, RelationProcessorCore, left & -left);
    for (USHORT node = 0; node <= KeQueryHighestNodeNumber(); node++) {
        KAFFINITY members = KepActiveOfNode(node);
        if (!(members & Wanted))
            continue;
        if (wants(Asked, RelationNumaNode) || Asked == RelationNumaNodeEx)
            put_node(To, node, members);
        if (wants(Asked, RelationProcessorPackage))
            put_processors(To, RelationProcessorPackage, members);
    }
    if (wants(Asked, RelationGroup))
        put_groups(To);
}

NTSTATUS NTAPI KeQueryLogicalProcessorRelationship(PPROCESSOR_NUMBER ProcessorNumber,
                                                   LOGICAL_PROCESSOR_RELATIONSHIP RelationshipType,
                                                   PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX Information,
                                                   PULONG Length)
{
    KAFFINITY wanted = KiActiveProcessors;
    if (ProcessorNumber) {
        ULONG index = KeGetProcessorIndexFromNumber(ProcessorNumber);
        if (index == INVALID_PROCESSOR_INDEX)
            return STATUS_INVALID_PARAMETER;
        wanted = AFFINITY_MASK(index);
    }
    if ((ULONG)RelationshipType > RelationNumaNodeEx && RelationshipType != RelationAll)
        return STATUS_INVALID_PARAMETER;
    OUTPUT needed = {0}, out = {.At = (UCHAR *)Information};
    ULONG given = *Length;
    put_all(&needed, RelationshipType, wanted);
    *Length = needed.Bytes;
    if (given < needed.Bytes || !Information)
        return STATUS_INFO_LENGTH_MISMATCH;
    put_all(&out, RelationshipType, wanted);
    return STATUS_SUCCESS;
}
