/* SPDX-License-Identifier: MIT */
/* Processor groups and NUMA nodes, on machines whose groups and nodes are small. */
#include "ketest.h"

/* One processor a group; nodes of two: every machine of several processors has several groups. */
#define GROUPS(Name) KILN_TEST_DEFINE(ke_group, Name, .group_size = 1, .node_size = 2, .spare_cpus = 1)

GROUPS(every_processor_is_a_group_of_its_own)
{
    ULONG count = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    CHECK_EQ(KeQueryActiveGroupCount(), count);
    CHECK_EQ(KeQueryMaximumGroupCount(), count + 1);
    for (USHORT group = 0; group < count; group++) {
        PROCESSOR_NUMBER number = {.Group = group, .Number = 0};
        CHECK_EQ(KeQueryActiveProcessorCountEx(group), 1);
        CHECK_EQ(KeQueryMaximumProcessorCountEx(group), 1);
        CHECK_EQ(KeQueryGroupAffinity(group), 1);
        CHECK_EQ(KeGetProcessorIndexFromNumber(&number), group);
        number.Number = 1;
        CHECK_EQ(KeGetProcessorIndexFromNumber(&number), INVALID_PROCESSOR_INDEX);
    }
    /* A group that exists but has no active processor yet, and one that never will. */
    CHECK_EQ(KeQueryActiveProcessorCountEx((USHORT)count), 0);
    CHECK_EQ(KeQueryMaximumProcessorCountEx((USHORT)count), 1);
    CHECK_EQ(KeQueryMaximumProcessorCountEx((USHORT)count + 1), 0);
    CHECK_EQ(KeQueryGroupAffinity((USHORT)count), 0);
}

GROUPS(routines_without_a_group_speak_of_group_zero)
{
    KAFFINITY mask;
    CHECK_EQ(KeQueryActiveProcessorCount(&mask), 1);
    CHECK_EQ(mask, 1);
    CHECK_EQ(KeQueryActiveProcessors(), 1);
    CHECK_EQ(KeQueryMaximumProcessorCount(), 1);
    CHECK_EQ(KeSetSystemAffinityThreadEx(1), 0);
    CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), 0);
    CHECK_EQ(KeSetSystemAffinityThreadEx(2), 0); /* not a processor of group 0: no effect */
    CHECK_EQ(KeSetSystemAffinityThreadEx(1), 1);
    KeRevertToUserAffinityThreadEx(0);
}

GROUPS(a_thread_moves_through_the_groups)
{
    USHORT groups = KeQueryActiveGroupCount();
    GROUP_AFFINITY first = {0}, previous;
    for (USHORT group = 0; group < groups; group++) {
        GROUP_AFFINITY affinity = {.Group = group, .Mask = 1};
        PROCESSOR_NUMBER number;
        KeSetSystemGroupAffinityThread(&affinity, group == 0 ? &first : &previous);
        CHECK_EQ(KeGetCurrentProcessorNumberEx(&number), group);
        CHECK_EQ(number.Group, group);
        CHECK_EQ(number.Number, 0);
        if (group != 0) {
            CHECK_EQ(previous.Group, group - 1);
            CHECK_EQ(previous.Mask, 1);
        }
    }
    CHECK_EQ(first.Mask, 0); /* the affinity before was the user affinity */
    KeRevertToUserGroupAffinityThread(&first);
}

GROUPS(an_invalid_group_affinity_changes_nothing)
{
    GROUP_AFFINITY good = {.Group = 0, .Mask = 1}, previous = {.Mask = 7, .Group = 7};
    GROUP_AFFINITY bad[] = {{.Group = 0, .Mask = 3},
                            {.Group = 0, .Mask = 0},
                            {.Group = 60, .Mask = 1},
                            {.Group = KeQueryActiveGroupCount(), .Mask = 1}};
    for (int i = 0; i < 4; i++) {
        KeSetSystemGroupAffinityThread(&good, NULL);
        previous.Mask = previous.Group = 7;
        KeSetSystemGroupAffinityThread(&bad[i], &previous);
        CHECK_EQ(previous.Mask, 0);
        CHECK_EQ(previous.Group, 0);
        CHECK_EQ(KeGetCurrentProcessorNumberEx(NULL), 0);
        if (bad[i].Mask != 0)
            KeRevertToUserGroupAffinityThread(&bad[i]); /* no effect either */
        KeSetSystemGroupAffinityThread(&good, &previous);
        CHECK_EQ(previous.Mask, 1);
        KeRevertToUserGroupAffinityThread(&(GROUP_AFFINITY){0});
    }
}

GROUPS(nodes_have_the_processors_of_their_groups)
{
    USHORT highest = KeQueryHighestNodeNumber(), needed;
    ULONG count = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), seen = 0;
    GROUP_AFFINITY parts[4], primary;
    USHORT primary_count;
    CHECK_EQ(highest, count / 2); /* with the processor that may be added */
    for (USHORT node = 0; node <= highest; node++) {
        CHECK_EQ(KeQueryNodeActiveAffinity2(node, parts, 4, &needed), STATUS_SUCCESS);
        CHECK_EQ(needed, KeQueryNodeActiveProcessorCount(node));
        KeQueryNodeActiveAffinity(node, &primary, &primary_count);
        CHECK_EQ(primary_count, needed ? 1 : 0);
        for (USHORT i = 0; i < needed; i++, seen++) {
            CHECK_EQ(parts[i].Group, seen);
            CHECK_EQ(parts[i].Mask, 1);
        }
        if (needed)
            CHECK_EQ(KeQueryNodeActiveAffinity2(node, parts, needed - 1, &needed), STATUS_BUFFER_TOO_SMALL);
    }
    CHECK_EQ(seen, count);
    CHECK_EQ(KeQueryNodeMaximumProcessorCount(0), 2);
    CHECK_EQ(KeQueryNodeMaximumProcessorCount(highest + 1), 0);
    CHECK_EQ(KeQueryNodeActiveAffinity2(highest + 1, parts, 4, &needed), STATUS_INVALID_PARAMETER);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    CHECK_EQ(KeGetCurrentNodeNumber(), KeGetCurrentProcessorNumberEx(NULL) / 2);
    KeLowerIrql(irql);
}

GROUPS(relationships_name_groups)
{
    static UCHAR buffer[4096];
    PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry = (PVOID)buffer;
    ULONG length = sizeof buffer, count = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    CHECK_EQ(KeQueryLogicalProcessorRelationship(NULL, RelationGroup, entry, &length), STATUS_SUCCESS);
    CHECK_EQ(entry->Size, length);
    CHECK_EQ(entry->Group.ActiveGroupCount, count);
    CHECK_EQ(entry->Group.MaximumGroupCount, count + 1);
    for (ULONG i = 0; i < count; i++)
        CHECK_EQ(entry->Group.GroupInfo[i].ActiveProcessorMask, 1);
    PROCESSOR_NUMBER last = {.Group = (USHORT)(count - 1)};
    length = sizeof buffer;
    CHECK_EQ(KeQueryLogicalProcessorRelationship(&last, RelationNumaNode, entry, &length), STATUS_SUCCESS);
    CHECK_EQ(entry->NumaNode.NodeNumber, (count - 1) / 2);
    CHECK_EQ(entry->NumaNode.GroupCount, count % 2 ? 1 : 2);
    length = sizeof buffer;
    CHECK_EQ(KeQueryLogicalProcessorRelationship(&last, RelationProcessorCore, entry, &length),
             STATUS_SUCCESS);
    CHECK_EQ(entry->Processor.GroupMask[0].Group, count - 1);
    last.Group++;
    CHECK_EQ(KeQueryLogicalProcessorRelationship(&last, RelationAll, entry, &length),
             STATUS_INVALID_PARAMETER);
}

static volatile ULONG ran_on;

static VOID NTAPI note(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    ran_on = KeGetCurrentProcessorNumberEx(NULL);
    KeSetEvent(Context, 0, FALSE);
}

GROUPS(a_dpc_finds_the_processor_of_a_group)
{
    KEVENT done;
    for (USHORT group = 0; group < KeQueryActiveGroupCount(); group++) {
        KDPC dpc;
        KeInitializeEvent(&done, NotificationEvent, FALSE);
        KeInitializeDpc(&dpc, note, &done);
        CHECK_EQ(KeSetTargetProcessorDpcEx(&dpc, &(PROCESSOR_NUMBER){.Group = group}), STATUS_SUCCESS);
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(ran_on, group);
        KeFlushQueuedDpcs();
    }
}
