/* SPDX-License-Identifier: MIT */
/* S-lists and interlocked list and integer routines. */
#include "exsupport.h"

KILN_TEST_ONCE(ex_slist, last_in_first_out_with_a_depth)
{
    SLIST_HEADER Head;
    SLIST_ENTRY Entries[5];

    InitializeSListHead(&Head);
    CHECK_EQ(ExQueryDepthSList(&Head), 0);
    CHECK_EQ(ExInterlockedPopEntrySList(&Head, NULL), NULL);
    for (int i = 0; i < 5; i++)
        CHECK_EQ(ExInterlockedPushEntrySList(&Head, &Entries[i], NULL), i ? &Entries[i - 1] : NULL);
    CHECK_EQ(ExQueryDepthSList(&Head), 5);
    for (int i = 4; i >= 2; i--)
        CHECK_EQ(ExInterlockedPopEntrySList(&Head, NULL), &Entries[i]);
    PSLIST_ENTRY Rest = ExInterlockedFlushSList(&Head);
    CHECK_EQ(Rest, &Entries[1]);
    CHECK_EQ(Rest->Next, &Entries[0]);
    CHECK_EQ(ExQueryDepthSList(&Head), 0);
    CHECK_EQ(ExInterlockedFlushSList(&Head), NULL);
}

static SLIST_HEADER shared_head;
static LONG popped_twice;

typedef struct {
    SLIST_ENTRY Link;
    LONG Taken;
} ITEM;

static void NTAPI churn(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    for (int i = 0; i < 2000; i++) {
        ITEM *Item = (ITEM *)ExInterlockedPopEntrySList(&shared_head, NULL);
        if (Item == NULL)
            continue;
        if (InterlockedExchange(&Item->Taken, 1))
            InterlockedIncrement(&popped_twice);
        InterlockedExchange(&Item->Taken, 0);
        ExInterlockedPushEntrySList(&shared_head, &Item->Link, NULL);
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

KILN_TEST(ex_slist, an_entry_is_popped_by_one_thread_only)
{
    static ITEM Items[3];
    PVOID Threads[3];

    InitializeSListHead(&shared_head);
    for (int i = 0; i < 3; i++)
        ExInterlockedPushEntrySList(&shared_head, &Items[i].Link, NULL);
    for (int i = 0; i < 3; i++)
        Threads[i] = start_thread(churn, NULL);
    for (int i = 0; i < 3; i++)
        join_thread(Threads[i]);
    CHECK_EQ(popped_twice, 0);
    CHECK_EQ(ExQueryDepthSList(&shared_head), 3);
}

KILN_TEST_ONCE(ex_lists, doubly_linked_routines_return_the_neighbour)
{
    LIST_ENTRY Head, A, B, C;
    KSPIN_LOCK Lock;

    KeInitializeSpinLock(&Lock);
    InitializeListHead(&Head);
    CHECK_EQ(ExInterlockedRemoveHeadList(&Head, &Lock), NULL);
    CHECK_EQ(ExInterlockedInsertTailList(&Head, &B, &Lock), NULL);
    CHECK_EQ(ExInterlockedInsertTailList(&Head, &C, &Lock), &B);
    CHECK_EQ(ExInterlockedInsertHeadList(&Head, &A, &Lock), &B);
    CHECK_EQ(ExInterlockedRemoveHeadList(&Head, &Lock), &A);
    CHECK_EQ(ExInterlockedRemoveHeadList(&Head, &Lock), &B);
    CHECK_EQ(ExInterlockedRemoveHeadList(&Head, &Lock), &C);
    CHECK(IsListEmpty(&Head));
}

KILN_TEST_ONCE(ex_lists, singly_linked_routines_return_the_first)
{
    SINGLE_LIST_ENTRY Head = {NULL}, A, B;
    KSPIN_LOCK Lock;

    KeInitializeSpinLock(&Lock);
    CHECK_EQ(ExInterlockedPopEntryList(&Head, &Lock), NULL);
    CHECK_EQ(ExInterlockedPushEntryList(&Head, &A, &Lock), NULL);
    CHECK_EQ(ExInterlockedPushEntryList(&Head, &B, &Lock), &A);
    CHECK_EQ(ExInterlockedPopEntryList(&Head, &Lock), &B);
    CHECK_EQ(ExInterlockedPopEntryList(&Head, &Lock), &A);
}

KILN_TEST_ONCE(ex_lists, additions_return_the_value_before_at_any_irql)
{
    LARGE_INTEGER Big = {.QuadPart = 0xFFFFFFFF}, One = {.QuadPart = 1};
    ULONG Small = 7;
    KSPIN_LOCK Lock;
    KIRQL Irql;

    KeInitializeSpinLock(&Lock);
    CHECK_EQ(ExInterlockedAddLargeInteger(&Big, One, &Lock).QuadPart, 0xFFFFFFFF);
    CHECK_EQ(Big.QuadPart, 0x100000000);
    KeRaiseIrql(HIGH_LEVEL, &Irql);
    CHECK_EQ(ExInterlockedAddUlong(&Small, 5, &Lock), 7);
    KeLowerIrql(Irql);
    CHECK_EQ(Small, 12);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
}
