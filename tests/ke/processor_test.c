/* SPDX-License-Identifier: MIT */
#include "ketest.h"

KILN_TEST(ke_processor, counts_and_masks_agree)
{
    KAFFINITY mask;
    ULONG count = KeQueryActiveProcessorCount(&mask);
    CHECK_EQ(count, (ULONG)__builtin_popcountll(mask));
    CHECK_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), count);
    CHECK_EQ(KeQueryActiveProcessorCountEx(0), count);
    CHECK_EQ(KeQueryActiveProcessorCountEx(1), 0);
    CHECK_EQ(KeQueryActiveProcessors(), mask);
    CHECK_EQ(KeQueryGroupAffinity(0), mask);
    CHECK_EQ(KeQueryGroupAffinity(1), 0);
    CHECK_EQ(KeQueryActiveGroupCount(), 1);
    CHECK(KeQueryMaximumProcessorCount() >= count);
    CHECK_EQ(KeNumberProcessors, (CCHAR)count);
}

KILN_TEST(ke_processor, numbers_and_indexes_convert)
{
    PROCESSOR_NUMBER number;
    for (ULONG i = 0; i < KeQueryActiveProcessorCount(NULL); i++) {
        CHECK_EQ(KeGetProcessorNumberFromIndex(i, &number), STATUS_SUCCESS);
        CHECK_EQ(KeGetProcessorIndexFromNumber(&number), i);
    }
    CHECK_EQ(KeGetProcessorNumberFromIndex(64, &number), STATUS_INVALID_PARAMETER);
    number = (PROCESSOR_NUMBER){.Group = 3};
    CHECK_EQ(KeGetProcessorIndexFromNumber(&number), INVALID_PROCESSOR_INDEX);
}

static LONG visits;
static ULONG64 visited;

static ULONG_PTR NTAPI visit(ULONG_PTR Argument)
{
    CHECK_EQ(KeGetCurrentIrql(), IPI_LEVEL);
    CHECK_EQ(Argument, 7);
    InterlockedIncrement(&visits);
    __atomic_fetch_or(&visited, 1ULL << KeGetCurrentProcessorNumberEx(NULL), __ATOMIC_SEQ_CST);
    return KeGetCurrentProcessorNumberEx(NULL) + 100;
}

KILN_TEST(ke_processor, ipi_call_runs_on_every_processor)
{
    for (int i = 1; i <= 10; i++) {
        KIRQL irql = KeRaiseIrqlToDpcLevel();
        CHECK_EQ(KeIpiGenericCall(visit, 7), KeGetCurrentProcessorNumberEx(NULL) + 100);
        KeLowerIrql(irql);
        CHECK_EQ(visits, i * (LONG)KeQueryActiveProcessorCount(NULL));
    }
    CHECK_EQ(visited, KeQueryActiveProcessors());
}

static VOID NTAPI call_everyone(PVOID Context)
{
    for (int i = 0; i < 20; i++)
        KeIpiGenericCall(visit, 7);
}

KILN_TEST(ke_processor, concurrent_ipi_calls_take_turns)
{
    PKTHREAD threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(call_everyone, NULL);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    CHECK_EQ(visits, 60 * (LONG)KeQueryActiveProcessorCount(NULL));
}

static ULONG starts, completes;

static VOID NTAPI changed(PVOID Context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT Change, PNTSTATUS Status)
{
    if (Change->State == KeProcessorAddStartNotify)
        starts++;
    else if (Change->State == KeProcessorAddCompleteNotify)
        completes++;
}

KILN_TEST(ke_processor, change_callback_is_told_of_existing_processors)
{
    PVOID handle = KeRegisterProcessorChangeCallback(changed, NULL, KE_PROCESSOR_CHANGE_ADD_EXISTING);
    CHECK(handle != NULL);
    CHECK_EQ(starts, KeQueryActiveProcessorCount(NULL));
    CHECK_EQ(completes, starts);
    KeDeregisterProcessorChangeCallback(handle);
}

KILN_TEST(ke_processor, relationships_list_every_core)
{
    static UCHAR buffer[8192];
    ULONG length = 0, cores = 0;
    CHECK_EQ(KeQueryLogicalProcessorRelationship(NULL, RelationProcessorCore, NULL, &length), STATUS_INFO_LENGTH_MISMATCH);
    CHECK(length > 0 && length <= sizeof buffer);
    CHECK_EQ(KeQueryLogicalProcessorRelationship(NULL, RelationProcessorCore, (PVOID)buffer, &length), STATUS_SUCCESS);
    for (ULONG at = 0; at < length; cores++) {
        PSYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX entry = (PVOID)(buffer + at);
        CHECK_EQ(entry->Relationship, RelationProcessorCore);
        at += entry->Size;
    }
    CHECK_EQ(cores, KeQueryActiveProcessorCount(NULL));
}
