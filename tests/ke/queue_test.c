/* SPDX-License-Identifier: MIT */
#include "ketest.h"

typedef struct _ITEM {
    LIST_ENTRY Link;
    int Number;
} ITEM;

KILN_TEST(ke_queue, is_first_in_first_out_with_a_head)
{
    KQUEUE queue;
    ITEM items[3];
    LARGE_INTEGER zero = {.QuadPart = 0};
    KeInitializeQueue(&queue, 0);
    CHECK_EQ(KeInsertQueue(&queue, &items[0].Link), 0);
    CHECK_EQ(KeInsertQueue(&queue, &items[1].Link), 1);
    CHECK_EQ(KeInsertHeadQueue(&queue, &items[2].Link), 2);
    CHECK_EQ(KeReadStateQueue(&queue), 3);
    CHECK(KeRemoveQueue(&queue, KernelMode, NULL) == &items[2].Link);
    CHECK(KeRemoveQueue(&queue, KernelMode, NULL) == &items[0].Link);
    CHECK(KeRemoveQueue(&queue, KernelMode, NULL) == &items[1].Link);
    CHECK_EQ((ULONG_PTR)KeRemoveQueue(&queue, KernelMode, &zero), STATUS_TIMEOUT);
    CHECK(KeRundownQueue(&queue) == NULL);
}

KILN_TEST(ke_queue, rundown_gives_the_entries_back)
{
    KQUEUE queue;
    ITEM items[2];
    KeInitializeQueue(&queue, 1);
    KeInsertQueue(&queue, &items[0].Link);
    KeInsertQueue(&queue, &items[1].Link);
    LIST_ENTRY *first = KeRundownQueue(&queue);
    CHECK(first == &items[0].Link && first->Flink == &items[1].Link && first->Flink->Flink == first);
}

static KQUEUE shared;
static LONG running, most_running, served;
static ITEM stop[4];

static VOID NTAPI serve(PVOID Context)
{
    for (;;) {
        ITEM *item = CONTAINING_RECORD(KeRemoveQueue(&shared, KernelMode, NULL), ITEM, Link);
        if (item->Number < 0)
            return;
        LONG now = InterlockedIncrement(&running);
        if (now > most_running)
            most_running = now;
        for (int i = 0; i < 20; i++)
            KeStallExecutionProcessor(1);
        InterlockedDecrement(&running);
        if (item->Number % 5 == 0)
            sleep_ms(1); /* lets another thread of the queue run */
        InterlockedIncrement(&served);
    }
}

KILN_TEST(ke_queue, limits_the_threads_that_run)
{
    static ITEM items[60];
    PKTHREAD threads[4];
    KeInitializeQueue(&shared, 1);
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(serve, NULL);
    for (int i = 0; i < 60; i++) {
        items[i].Number = i;
        KeInsertQueue(&shared, &items[i].Link);
    }
    while (*(volatile LONG *)&served < 60)
        sleep_ms(1);
    for (int i = 0; i < 4; i++) {
        stop[i].Number = -1;
        KeInsertQueue(&shared, &stop[i].Link);
    }
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    CHECK_EQ(served, 60);
    /* A thread that wakes from another wait joins the one that was let in: more than the limit, but never all. */
    CHECK(most_running <= 3);
    CHECK_EQ(shared.CurrentCount, 0);
}
