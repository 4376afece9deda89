/* SPDX-License-Identifier: MIT */
/* Executive resources. */
#include "exsupport.h"

static ERESOURCE resource;
static LONG inside, readers, broken, order;
static KEVENT go;

KILN_TEST_ONCE(ex_resource, recursion_counts_and_queries)
{
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
    CHECK(ExAcquireResourceExclusiveLite(&resource, TRUE));
    CHECK(ExAcquireResourceExclusiveLite(&resource, FALSE));
    CHECK(ExAcquireResourceSharedLite(&resource, FALSE));
    CHECK(ExIsResourceAcquiredExclusiveLite(&resource));
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 3);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    CHECK(ExIsResourceAcquiredExclusiveLite(&resource));
    ExConvertExclusiveToSharedLite(&resource);
    CHECK(!ExIsResourceAcquiredExclusiveLite(&resource));
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 1);
    CHECK(ExAcquireSharedStarveExclusive(&resource, FALSE));
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 2);
    ExReleaseResourceLite(&resource);
    ExReleaseResourceLite(&resource);
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 0);
    KeLeaveCriticalRegion();
    CHECK_EQ(ExDeleteResourceLite(&resource), STATUS_SUCCESS);
}

static void NTAPI churn(PVOID Context)
{
    ULONG Random = (ULONG)(ULONG_PTR)Context * 2654435761u;

    for (int i = 0; i < 200; i++) {
        Random = Random * 1664525 + 1013904223;
        KeEnterCriticalRegion();
        if (Random >> 30 == 0) {
            ExAcquireResourceExclusiveLite(&resource, TRUE);
            if (InterlockedIncrement(&inside) != 1 || readers)
                InterlockedIncrement(&broken);
            InterlockedDecrement(&inside);
        } else {
            if (Random >> 30 == 1)
                ExAcquireSharedStarveExclusive(&resource, TRUE);
            else if (Random >> 30 == 2)
                ExAcquireSharedWaitForExclusive(&resource, TRUE);
            else
                ExAcquireResourceSharedLite(&resource, TRUE);
            InterlockedIncrement(&readers);
            if (inside)
                InterlockedIncrement(&broken);
            InterlockedDecrement(&readers);
        }
        ExReleaseResourceLite(&resource);
        KeLeaveCriticalRegion();
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(ex_resource, excludes_writers_from_all_and_readers_from_writers)
{
    PVOID Threads[8];

    ExInitializeResourceLite(&resource);
    for (int i = 0; i < 8; i++)
        Threads[i] = start_thread(churn, (PVOID)(ULONG_PTR)(i + 1));
    for (int i = 0; i < 8; i++)
        join_thread(Threads[i]);
    CHECK_EQ(broken, 0);
    CHECK_EQ(resource.ActiveEntries, 0);
    CHECK_EQ(ExGetSharedWaiterCount(&resource) + ExGetExclusiveWaiterCount(&resource), 0);
    ExDeleteResourceLite(&resource);
}

static void NTAPI writer(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&resource, TRUE);
    order = order * 10 + 1;
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static void NTAPI reader(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeEnterCriticalRegion();
    /* A writer waits: a new reader queues behind it, except one that starves writers. */
    CHECK(!ExAcquireResourceSharedLite(&resource, FALSE));
    CHECK(!ExAcquireSharedWaitForExclusive(&resource, FALSE));
    CHECK(ExAcquireSharedStarveExclusive(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    KeSetEvent(&go, 0, FALSE);
    ExAcquireResourceSharedLite(&resource, TRUE);
    order = order * 10 + 2;
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(ex_resource, a_waiting_writer_goes_before_new_readers)
{
    PVOID Writer, Reader;

    ExInitializeResourceLite(&resource);
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    Writer = start_thread(writer, NULL);
    while (ExGetExclusiveWaiterCount(&resource) == 0)
        sleep_ms(1);
    /* The owner itself may acquire again, unless it asked to wait for writers. */
    CHECK(ExAcquireResourceSharedLite(&resource, FALSE));
    ExReleaseResourceLite(&resource);
    CHECK(!ExAcquireSharedWaitForExclusive(&resource, FALSE));
    Reader = start_thread(reader, NULL);
    KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, NULL);
    while (ExGetSharedWaiterCount(&resource) == 0)
        sleep_ms(1);
    ExReleaseResourceLite(&resource);
    KeLeaveCriticalRegion();
    join_thread(Writer);
    join_thread(Reader);
    CHECK_EQ(order, 12);
    ExDeleteResourceLite(&resource);
}

KILN_TEST_ONCE(ex_resource, an_owner_pointer_replaces_the_thread)
{
    static int Owner;

    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(&resource, TRUE);
    ExSetResourceOwnerPointer(&resource, (PVOID)((ULONG_PTR)&Owner | 3));
    CHECK_EQ(ExIsResourceAcquiredSharedLite(&resource), 0);
    ExReleaseResourceForThreadLite(&resource, (ERESOURCE_THREAD)&Owner | 3);
    KeLeaveCriticalRegion();
    CHECK_EQ(resource.ActiveEntries, 0);
    ExDeleteResourceLite(&resource);
}

KILN_TEST_BUGCHECK(ex_resource, release_by_a_stranger_bugchecks, RESOURCE_NOT_OWNED)
{
    ExInitializeResourceLite(&resource);
    KeEnterCriticalRegion();
    ExReleaseResourceLite(&resource);
}
