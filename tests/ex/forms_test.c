/* SPDX-License-Identifier: MIT */
/* The other forms of what the executive has: pool by its older routines, paged lookaside lists, older names.
 */
#include "exsupport.h"

#define TAG 'froF'

static BOOLEAN is_zero(const UCHAR *Bytes, SIZE_T Count)
{
    for (SIZE_T i = 0; i < Count; i++)
        if (Bytes[i] != 0)
            return FALSE;
    return TRUE;
}

static void use_and_free(PVOID Block, SIZE_T Bytes, BOOLEAN Zeroed)
{
    CHECK(Block != NULL);
    if (Zeroed)
        CHECK(is_zero(Block, Bytes));
    RtlFillMemory(Block, Bytes, 0xA5); /* so that the next block shows whether it was zeroed */
    ExFreePoolWithTag(Block, TAG);
}

KILN_TEST(ex_forms, pool_by_each_older_routine)
{
    for (int round = 0; round < 3; round++) {
        PVOID plain = ExAllocatePool(NonPagedPoolNx, 96);
        CHECK(plain != NULL);
        ExFreePool(plain);
        use_and_free(ExAllocatePoolUninitialized(NonPagedPoolNx, 96, TAG), 96, FALSE);
        use_and_free(ExAllocatePoolWithTagPriority(NonPagedPoolNx, 96, TAG, NormalPoolPriority), 96, FALSE);
        use_and_free(ExAllocatePoolPriorityUninitialized(NonPagedPoolNx, 96, TAG, LowPoolPriority), 96,
                     FALSE);
        use_and_free(ExAllocatePoolPriorityZero(NonPagedPoolNx, 96, TAG, HighPoolPriority), 96, TRUE);
        use_and_free(ExAllocatePoolQuotaZero(NonPagedPoolNx, 96, TAG), 96, TRUE);
        use_and_free(ExAllocatePoolQuotaUninitialized(NonPagedPoolNx, 96, TAG), 96, FALSE);
        PVOID quota =
            ExAllocatePoolWithQuota((POOL_TYPE)(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE), 96);
        CHECK(quota != NULL);
        ExFreePool(quota);
    }
}

KILN_TEST(ex_forms, paged_lookaside_list_keeps_what_is_freed)
{
    PAGED_LOOKASIDE_LIST list;
    ExInitializePagedLookasideList(&list, NULL, NULL, 0, 64, TAG, 0);
    PVOID first = ExAllocateFromPagedLookasideList(&list), second = ExAllocateFromPagedLookasideList(&list);
    CHECK(first && second && first != second);
    ExFreeToPagedLookasideList(&list, first);
    CHECK_EQ(ExAllocateFromPagedLookasideList(&list), first);
    ExFreeToPagedLookasideList(&list, first);
    ExFreeToPagedLookasideList(&list, second);
    CHECK_EQ(list.L.TotalAllocates, 3);
    ExDeletePagedLookasideList(&list);
}

KILN_TEST(ex_forms, resource_with_a_critical_region)
{
    ERESOURCE resource;
    ExInitializeResourceLite(&resource);
    ExEnterCriticalRegionAndAcquireResourceExclusive(&resource);
    CHECK(KeAreApcsDisabled());
    CHECK(ExIsResourceAcquiredExclusiveLite(&resource));
    CHECK_EQ(ExGetCurrentResourceThread(), (ERESOURCE_THREAD)KeGetCurrentThread());
    ExReleaseResourceAndLeaveCriticalRegion(&resource);
    CHECK(!KeAreApcsDisabled());
    CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
    CHECK_EQ(ExReinitializeResourceLite(&resource), STATUS_SUCCESS);
    CHECK_EQ(ExGetExclusiveWaiterCount(&resource), 0);
    ExDeleteResourceLite(&resource);
}

KILN_TEST(ex_forms, an_owner_pointer_releases_for_the_thread)
{
    ERESOURCE resource;
    ERESOURCE_THREAD owner = (ERESOURCE_THREAD)&resource | 3;
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    ExSetResourceOwnerPointerEx(&resource, (PVOID)owner, 0);
    CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
    ExReleaseResourceForThreadLite(&resource, owner);
    CHECK(ExAcquireResourceExclusiveLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    ExDeleteResourceLite(&resource);
}

KILN_TEST(ex_forms, cache_aware_rundown_in_the_callers_memory)
{
    SIZE_T bytes = ExSizeOfRundownProtectionCacheAware();
    CHECK(bytes > sizeof(PVOID));
    PEX_RUNDOWN_REF_CACHE_AWARE ref = ExAllocatePool2(POOL_FLAG_NON_PAGED, bytes, TAG);
    CHECK(ref != NULL);
    for (int form = 0; form < 2; form++) {
        if (form == 0)
            ExInitializeRundownProtectionCacheAware(ref, bytes);
        else
            ExInitializeRundownProtectionCacheAwareEx(ref, 0);
        CHECK(ExAcquireRundownProtectionCacheAware(ref));
        ExReleaseRundownProtectionCacheAware(ref);
        ExWaitForRundownProtectionReleaseCacheAware(ref);
        CHECK(!ExAcquireRundownProtectionCacheAware(ref));
    }
    ExFreePoolWithTag(ref, TAG);
}

KILN_TEST(ex_forms, spin_locks_under_their_executive_names)
{
    KSPIN_LOCK lock;
    EX_SPIN_LOCK shared = 0;
    KIRQL irql;
    KeInitializeSpinLock(&lock);
    ExAcquireSpinLock(&lock, &irql);
    CHECK_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    CHECK_EQ(irql, PASSIVE_LEVEL);
    ExReleaseSpinLock(&lock, irql);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    irql = KeRaiseIrqlToDpcLevel();
    ExAcquireSpinLockAtDpcLevel(&lock);
    CHECK(!KeTestSpinLock(&lock));
    ExReleaseSpinLockFromDpcLevel(&lock);
    CHECK(KeTestSpinLock(&lock));
    ExAcquireSpinLockExclusiveAtDpcLevel(&shared);
    CHECK(shared != 0);
    ExReleaseSpinLockExclusiveFromDpcLevel(&shared);
    CHECK_EQ(shared, 0);
    KeLowerIrql(irql);
}

KILN_TEST(ex_forms, first_entry_of_a_sequenced_list)
{
    SLIST_HEADER head;
    DECLSPEC_ALIGN(16) SLIST_ENTRY one, two;
    ExInitializeSListHead(&head);
    CHECK_EQ(FirstEntrySList(&head), NULL);
    InterlockedPushEntrySList(&head, &one);
    InterlockedPushEntrySList(&head, &two);
    CHECK_EQ(FirstEntrySList(&head), &two);
    CHECK_EQ(ExQueryDepthSList(&head), 2); /* looking takes nothing */
    InterlockedPopEntrySList(&head);
    CHECK_EQ(FirstEntrySList(&head), &one);
}

KILN_TEST(ex_forms, interlocked_operations_return_what_was_there)
{
    LARGE_INTEGER statistic = {.QuadPart = 0xffffffffLL};
    LONGLONG value = 5, exchange = 9, comparand = 5;
    KSPIN_LOCK lock;
    PVOID pointer = &value;
    KeInitializeSpinLock(&lock);
    ExInterlockedAddLargeStatistic(&statistic, 3);
    CHECK_EQ(statistic.QuadPart, 0x100000002LL);
    CHECK_EQ(ExInterlockedCompareExchange64(&value, &exchange, &comparand, &lock), 5);
    CHECK_EQ(value, 9);
    CHECK_EQ(ExInterlockedCompareExchange64(&value, &exchange, &comparand, &lock), 9);
    CHECK_EQ(InterlockedCompareExchangePointer(&pointer, &lock, NULL), &value);
    CHECK_EQ(pointer, &value);
    CHECK_EQ(InterlockedCompareExchangePointer(&pointer, &lock, &value), &value);
    CHECK_EQ(pointer, &lock);
    CHECK_EQ(InterlockedExchangePointer(&pointer, NULL), &lock);
    CHECK_EQ(pointer, NULL);
}

KILN_TEST(ex_forms, the_machine_says_what_it_is)
{
    FIRMWARE_TYPE type = ExGetFirmwareType();
    CHECK(type == FirmwareTypeBios || type == FirmwareTypeUefi);
    CHECK(!ExIsSoftBoot());
    CHECK(!ExVerifySuite(DataCenter));
}

KILN_TEST(ex_forms, timer_parameters_begin_neutral)
{
    EXT_SET_PARAMETERS parameters;
    RtlFillMemory(&parameters, sizeof parameters, 0xCC);
    ExInitializeSetTimerParameters(&parameters);
    CHECK_EQ(parameters.Version, 0);
    CHECK_EQ(parameters.NoWakeTolerance, 0);
}

/* What nobody catches stops the machine; drivers that catch are in tests/exc. */
KILN_TEST_BUGCHECK(ex_forms, access_violation_can_be_raised, SYSTEM_SERVICE_EXCEPTION)
{
    ExRaiseAccessViolation();
}

KILN_TEST_BUGCHECK(ex_forms, datatype_misalignment_can_be_raised, SYSTEM_SERVICE_EXCEPTION)
{
    ExRaiseDatatypeMisalignment();
}
