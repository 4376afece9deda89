/* SPDX-License-Identifier: MIT */
/* Processors added to a running machine: "Dynamic Hardware Partitioning Techniques",
 * KeRegisterProcessorChangeCallback. */
#include "ketest.h"

#define HOT(Name) KILN_TEST_DEFINE(ke_hotadd, Name, .spare_cpus = 2, .group_size = 2)

static void add(ULONG Expected)
{
    ULONG index = ~0u;
    CHECK_EQ(KiAddProcessor(&index), STATUS_SUCCESS);
    CHECK_EQ(index, Expected);
}

HOT(counts_grow_and_the_maximum_does_not)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    CHECK_EQ(KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS), before + 2);
    CHECK_EQ(KeQueryMaximumGroupCount(), (before + 2 + 1) / 2);
    for (ULONG i = 0; i < 2; i++) {
        add(before + i);
        CHECK_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), before + i + 1);
        CHECK_EQ(KeQueryActiveGroupCount(), (before + i + 2) / 2);
        CHECK_EQ(KeNumberProcessors, (CCHAR)(before + i + 1));
        CHECK_EQ(KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS), before + 2);
    }
}

HOT(a_full_machine_refuses)
{
    ULONG index, before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    add(before);
    add(before + 1);
    CHECK_EQ(KiAddProcessor(&index), STATUS_NO_SUCH_DEVICE);
    CHECK_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), before + 2);
}

static VOID NTAPI note_processor(PVOID Context)
{
    GROUP_AFFINITY affinity = *(GROUP_AFFINITY *)Context, previous;
    PROCESSOR_NUMBER number;
    KeSetSystemGroupAffinityThread(&affinity, &previous);
    KeGetCurrentProcessorNumberEx(&number);
    CHECK_EQ(number.Group, affinity.Group);
    CHECK_EQ(1ULL << number.Number, affinity.Mask);
    KeRevertToUserGroupAffinityThread(&previous);
}

HOT(threads_run_on_the_new_processor)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    PROCESSOR_NUMBER number;
    CHECK_EQ(KeGetProcessorNumberFromIndex(before, &number), STATUS_INVALID_PARAMETER);
    add(before);
    CHECK_EQ(KeGetProcessorNumberFromIndex(before, &number), STATUS_SUCCESS);
    GROUP_AFFINITY affinity = {.Group = number.Group, .Mask = 1ULL << number.Number};
    join_thread(start_thread(note_processor, &affinity));
}

static volatile ULONG dpc_ran_on;

static VOID NTAPI note_dpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    dpc_ran_on = KeGetCurrentProcessorNumberEx(NULL);
    KeSetEvent(Context, 0, FALSE);
}

static void dpc_on(ULONG Index, BOOLEAN Threaded)
{
    KDPC dpc;
    KEVENT done;
    PROCESSOR_NUMBER number;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    (Threaded ? KeInitializeThreadedDpc : KeInitializeDpc)(&dpc, note_dpc, &done);
    CHECK_EQ(KeGetProcessorNumberFromIndex(Index, &number), STATUS_SUCCESS);
    CHECK_EQ(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_SUCCESS);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    CHECK_EQ(KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(dpc_ran_on, Index);
}

HOT(dpcs_can_be_targeted_at_the_new_processor)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    KDPC dpc;
    PROCESSOR_NUMBER number = KiNumberOfIndex(before);
    KeInitializeDpc(&dpc, note_dpc, NULL);
    CHECK_EQ(KeSetTargetProcessorDpcEx(&dpc, &number), STATUS_INVALID_PARAMETER);
    add(before);
    dpc_on(before, FALSE);
    dpc_on(before, TRUE);
    KeFlushQueuedDpcs();
}

static volatile LONG calls;

static ULONG_PTR NTAPI count_call(ULONG_PTR Context)
{
    InterlockedIncrement(&calls);
    return 0;
}

static volatile LONG stop;

static VOID NTAPI call_everybody(PVOID Context)
{
    while (!stop) {
        LONG before = calls;
        KIRQL irql = KeRaiseIrqlToDpcLevel();
        KeIpiGenericCall(count_call, 0);
        KeLowerIrql(irql);
        CHECK(calls > before);
        KeFlushQueuedDpcs();
    }
}

HOT(calls_of_all_processors_go_on_while_one_is_added)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    PKTHREAD thread = start_thread(call_everybody, NULL);
    add(before);
    add(before + 1);
    sleep_ms(2);
    stop = 1;
    join_thread(thread);
    calls = 0;
    KeIpiGenericCall(count_call, 0);
    CHECK_EQ(calls, (LONG)before + 2);
}

/* ---------------------------------------------------------------- change callbacks */

static struct told {
    ULONG Who;
    KE_PROCESSOR_CHANGE_NOTIFY_STATE State;
    ULONG Index, Active;
    NTSTATUS Status;
} log[64];
static ULONG logged, veto_who, veto_index = ~0u;

static VOID NTAPI changed(PVOID Context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT Change, PNTSTATUS Status)
{
    PROCESSOR_NUMBER number = KiNumberOfIndex(Change->NtNumber);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    CHECK_EQ(Change->ProcNumber.Group, number.Group);
    CHECK_EQ(Change->ProcNumber.Number, number.Number);
    CHECK_EQ(*Status, STATUS_SUCCESS);
    CHECK(logged < RTL_NUMBER_OF(log));
    log[logged++] = (struct told){(ULONG)(ULONG_PTR)Context, Change->State, Change->NtNumber,
                                  KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), Change->Status};
    if ((ULONG)(ULONG_PTR)Context == veto_who && Change->NtNumber == veto_index &&
        Change->State == KeProcessorAddStartNotify)
        *Status = STATUS_INSUFFICIENT_RESOURCES;
}

static void check_log(ULONG At, ULONG Who, KE_PROCESSOR_CHANGE_NOTIFY_STATE State, ULONG Index)
{
    CHECK(At < logged);
    CHECK_EQ(log[At].Who, Who);
    CHECK_EQ(log[At].State, State);
    CHECK_EQ(log[At].Index, Index);
}

static PVOID watch(ULONG Who, ULONG Flags)
{
    return KeRegisterProcessorChangeCallback(changed, (PVOID)(ULONG_PTR)Who, Flags);
}

HOT(callbacks_are_told_before_and_after_in_order_of_registration)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    PVOID one = watch(1, 0), two = watch(2, 0);
    CHECK(one && two);
    CHECK_EQ(logged, 0);
    add(before);
    CHECK_EQ(logged, 4);
    check_log(0, 1, KeProcessorAddStartNotify, before);
    check_log(1, 2, KeProcessorAddStartNotify, before);
    check_log(2, 1, KeProcessorAddCompleteNotify, before);
    check_log(3, 2, KeProcessorAddCompleteNotify, before);
    CHECK_EQ(log[1].Active, before);
    CHECK_EQ(log[2].Active, before + 1);
    KeDeregisterProcessorChangeCallback(one);
    KeDeregisterProcessorChangeCallback(two);
    add(before + 1);
    CHECK_EQ(logged, 4);
}

HOT(a_veto_keeps_the_processor_out_and_those_who_agreed_are_told)
{
    ULONG index, before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    PVOID handles[3] = {watch(1, 0), watch(2, 0), watch(3, 0)};
    veto_who = 2;
    veto_index = before;
    CHECK_EQ(KiAddProcessor(&index), STATUS_INSUFFICIENT_RESOURCES);
    CHECK_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), before);
    CHECK_EQ(logged, 3);
    check_log(2, 1, KeProcessorAddFailureNotify, before);
    CHECK_EQ(log[2].Status, STATUS_INSUFFICIENT_RESOURCES);
    veto_who = 0;
    add(before); /* nothing is left of the attempt */
    CHECK_EQ(logged, 9);
    for (int i = 0; i < 3; i++)
        KeDeregisterProcessorChangeCallback(handles[i]);
}

HOT(existing_processors_are_told_start_first_and_then_complete)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    add(before);
    PVOID handle = watch(1, KE_PROCESSOR_CHANGE_ADD_EXISTING);
    CHECK(handle != NULL);
    CHECK_EQ(logged, 2 * (before + 1));
    for (ULONG i = 0; i <= before; i++) {
        check_log(i, 1, KeProcessorAddStartNotify, i);
        check_log(before + 1 + i, 1, KeProcessorAddCompleteNotify, i);
    }
    KeDeregisterProcessorChangeCallback(handle);
}

HOT(a_veto_of_an_existing_processor_fails_the_registration)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    add(before);
    veto_who = 1;
    veto_index = before;
    CHECK_EQ(watch(1, KE_PROCESSOR_CHANGE_ADD_EXISTING), NULL);
    CHECK_EQ(logged, before + 1 + before); /* the one that was refused is not told again */
    for (ULONG i = 0; i < before; i++)
        check_log(before + 1 + i, 1, KeProcessorAddFailureNotify, i);
    add(before + 1);
    CHECK_EQ(logged, before + 1 + before);
}

static PVOID own_handle;

static VOID NTAPI leave(PVOID Context, PKE_PROCESSOR_CHANGE_NOTIFY_CONTEXT Change, PNTSTATUS Status)
{
    logged++;
    KeDeregisterProcessorChangeCallback(own_handle);
}

HOT(a_callback_may_deregister_itself)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    own_handle = KeRegisterProcessorChangeCallback(leave, NULL, 0);
    add(before);
    CHECK_EQ(logged, 1);
    add(before + 1);
    CHECK_EQ(logged, 1);
}

static VOID NTAPI processor_add(PVOID Context, PVOID Argument1, PVOID Argument2)
{
    log[0].Index = (ULONG)(ULONG_PTR)Argument1;
    logged++;
}

HOT(the_callback_object_processor_add_is_notified)
{
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\Callback\\ProcessorAdd");
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT object;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    CHECK_EQ(ExCreateCallback(&object, &attributes, FALSE, TRUE), STATUS_SUCCESS);
    PVOID registration = ExRegisterCallback(object, processor_add, NULL);
    add(before);
    CHECK_EQ(logged, 1);
    CHECK_EQ(log[0].Index, before);
    ExUnregisterCallback(registration);
    ObDereferenceObject(object);
}

/* ---------------------------------------------------------------- per-processor state follows */

static VOID NTAPI use_pool(PVOID Context)
{
    NPAGED_LOOKASIDE_LIST *list = Context;
    for (int i = 0; i < 200; i++) {
        PVOID block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'thoK');
        PVOID entry = ExAllocateFromNPagedLookasideList(list);
        CHECK(block && entry);
        ExFreeToNPagedLookasideList(list, entry);
        ExFreePoolWithTag(block, 'thoK');
    }
}

HOT(pool_lookaside_and_rundown_work_on_processors_added_later)
{
    NPAGED_LOOKASIDE_LIST list;
    PKTHREAD threads[6];
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 48, 'thoK', 0);
    PEX_RUNDOWN_REF_CACHE_AWARE rundown = ExAllocateCacheAwareRundownProtection(NonPagedPoolNx, 'thoK');
    ULONG before = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    add(before);
    add(before + 1);
    for (int i = 0; i < 6; i++)
        threads[i] = start_thread(use_pool, &list);
    CHECK(ExAcquireRundownProtectionCacheAware(rundown));
    for (int i = 0; i < 6; i++)
        join_thread(threads[i]);
    ExReleaseRundownProtectionCacheAware(rundown);
    ExWaitForRundownProtectionReleaseCacheAware(rundown);
    ExFreeCacheAwareRundownProtection(rundown);
    ExDeleteNPagedLookasideList(&list);
}
