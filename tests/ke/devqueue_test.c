/* SPDX-License-Identifier: MIT */
#include "ketest.h"

KILN_TEST_ONCE(ke_devqueue, the_first_entry_makes_it_busy)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY a, b;
    KIRQL irql;
    KeInitializeDeviceQueue(&queue);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(!KeInsertDeviceQueue(&queue, &a));
    CHECK(KeInsertDeviceQueue(&queue, &b));
    CHECK(KeRemoveDeviceQueue(&queue) == &b);
    CHECK(KeRemoveDeviceQueue(&queue) == NULL);
    CHECK(!KeInsertDeviceQueue(&queue, &a));
    KeLowerIrql(irql);
}

KILN_TEST_ONCE(ke_devqueue, keys_order_and_wrap)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY busy, e10, e20, e30;
    KIRQL irql;
    KeInitializeDeviceQueue(&queue);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    CHECK(!KeInsertByKeyDeviceQueue(&queue, &busy, 5));
    CHECK(KeInsertByKeyDeviceQueue(&queue, &e30, 30));
    CHECK(KeInsertByKeyDeviceQueue(&queue, &e10, 10));
    CHECK(KeInsertByKeyDeviceQueue(&queue, &e20, 20));
    CHECK(KeRemoveByKeyDeviceQueue(&queue, 15) == &e20);
    CHECK(KeRemoveByKeyDeviceQueue(&queue, 40) == &e10); /* none as high: the first */
    CHECK(KeRemoveEntryDeviceQueue(&queue, &e30));
    CHECK(!KeRemoveEntryDeviceQueue(&queue, &e30));
    CHECK(KeRemoveByKeyDeviceQueueIfBusy(&queue, 0) == NULL);
    CHECK(KeRemoveByKeyDeviceQueueIfBusy(&queue, 0) == NULL);
    KeLowerIrql(irql);
}
