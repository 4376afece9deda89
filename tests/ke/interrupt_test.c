/* SPDX-License-Identifier: MIT */
#include "ketest.h"

static LONG calls, dpc_runs;
static KIRQL isr_irql;
static KDPC isr_dpc;
static KEVENT handled;

static VOID NTAPI isr_dpc_routine(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    dpc_runs++;
    KeSetEvent(&handled, 0, FALSE);
}

static BOOLEAN NTAPI isr(PKINTERRUPT Interrupt, PVOID Context)
{
    isr_irql = KeGetCurrentIrql();
    InterlockedIncrement(&calls);
    KeInsertQueueDpc(&isr_dpc, NULL, NULL);
    return TRUE;
}

static PKINTERRUPT connect(PKSERVICE_ROUTINE Routine, PVOID Context, ULONG Vector, KINTERRUPT_MODE Mode, BOOLEAN Share)
{
    PKINTERRUPT interrupt;
    KI_CONNECT connect = {.ServiceRoutine = Routine,
                          .ServiceContext = Context,
                          .Vector = Vector,
                          .Irql = (KIRQL)(Vector >> 4),
                          .SynchronizeIrql = (KIRQL)(Vector >> 4),
                          .Mode = Mode,
                          .ShareVector = Share,
                          .Affinity = KeQueryActiveProcessors()};
    CHECK_EQ(KiConnectInterrupt(&connect, &interrupt), STATUS_SUCCESS);
    KeInitializeDpc(&isr_dpc, isr_dpc_routine, NULL);
    KeInitializeEvent(&handled, SynchronizationEvent, FALSE);
    return interrupt;
}

KILN_TEST(ke_interrupt, runs_at_its_level_and_queues_a_dpc)
{
    PKINTERRUPT interrupt = connect(isr, NULL, 0x71, Latched, FALSE);
    for (int i = 1; i <= 5; i++) {
        KiPostVector(0x71);
        KeWaitForSingleObject(&handled, Executive, KernelMode, FALSE, NULL);
        CHECK_EQ(calls, i);
        CHECK_EQ(isr_irql, 7);
    }
    KiDisconnectInterrupt(interrupt);
    KiPostVector(0x71);
    sleep_ms(1);
    CHECK_EQ(calls, 5);
}

KILN_TEST(ke_interrupt, is_held_off_by_irql)
{
    PKINTERRUPT interrupt = connect(isr, NULL, 0x52, Latched, FALSE);
    KAFFINITY old = KeSetSystemAffinityThreadEx(1);
    KIRQL irql;
    KeRaiseIrql(5, &irql);
    KiPostVector(0x52);
    KeStallExecutionProcessor(10);
    CHECK_EQ(calls, 0);
    KeLowerIrql(DISPATCH_LEVEL);
    CHECK_EQ(calls, 1);
    CHECK_EQ(dpc_runs, 0);
    KeLowerIrql(irql);
    CHECK_EQ(dpc_runs, 1);
    KeRevertToUserAffinityThreadEx(old);
    KiDisconnectInterrupt(interrupt);
}

static volatile LONG device_interrupting, claims;

static BOOLEAN NTAPI not_mine(PKINTERRUPT Interrupt, PVOID Context)
{
    InterlockedIncrement(&calls);
    return FALSE;
}

static BOOLEAN NTAPI mine(PKINTERRUPT Interrupt, PVOID Context)
{
    if (!device_interrupting)
        return FALSE;
    if (++claims == 3) { /* the device has three reasons to interrupt, each handled by one run */
        device_interrupting = 0;
        KiSetLine(0x63, NULL, FALSE);
    }
    KeInsertQueueDpc(&isr_dpc, NULL, NULL);
    return TRUE;
}

KILN_TEST(ke_interrupt, a_line_is_served_until_it_is_deasserted)
{
    PKINTERRUPT first = connect(not_mine, NULL, 0x63, LevelSensitive, TRUE);
    PKINTERRUPT second = connect(mine, NULL, 0x63, LevelSensitive, TRUE);
    device_interrupting = 1;
    KiSetLine(0x63, NULL, TRUE);
    while (device_interrupting)
        sleep_ms(1);
    sleep_ms(1);
    CHECK_EQ(claims, 3);
    CHECK_EQ(calls, 3); /* the chain offers every interrupt to the first object, too */
    KiDisconnectInterrupt(first);
    KiDisconnectInterrupt(second);
}

KILN_TEST(ke_interrupt, sharing_needs_both_sides)
{
    PKINTERRUPT first = connect(not_mine, NULL, 0x64, LevelSensitive, FALSE), second;
    KI_CONNECT again = {.ServiceRoutine = mine,
                        .Vector = 0x64,
                        .Irql = 6,
                        .SynchronizeIrql = 6,
                        .Mode = LevelSensitive,
                        .ShareVector = TRUE,
                        .Affinity = 1};
    CHECK_EQ(KiConnectInterrupt(&again, &second), STATUS_INVALID_PARAMETER);
    CHECK(second == NULL);
    KiDisconnectInterrupt(first);
}

static LONG shared_state, in_isr;

static BOOLEAN NTAPI guarded_isr(PKINTERRUPT Interrupt, PVOID Context)
{
    CHECK_EQ(InterlockedIncrement(&in_isr), 1);
    shared_state++;
    CHECK_EQ(InterlockedDecrement(&in_isr), 0);
    return TRUE;
}

static BOOLEAN NTAPI guarded_access(PVOID Context)
{
    CHECK_EQ(KeGetCurrentIrql(), 8);
    CHECK_EQ(InterlockedIncrement(&in_isr), 1);
    shared_state++;
    KeStallExecutionProcessor(1);
    CHECK_EQ(InterlockedDecrement(&in_isr), 0);
    return TRUE;
}

static VOID NTAPI synchronize(PVOID Context)
{
    for (int i = 0; i < 50; i++) {
        KiPostVector(0x85);
        CHECK(KeSynchronizeExecution(Context, guarded_access, NULL));
    }
}

KILN_TEST(ke_interrupt, synchronize_execution_excludes_the_service_routine)
{
    PKINTERRUPT interrupt = connect(guarded_isr, NULL, 0x85, Latched, FALSE);
    PKTHREAD threads[3];
    for (int i = 0; i < 3; i++)
        threads[i] = start_thread(synchronize, interrupt);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);
    CHECK(shared_state >= 150);
    KIRQL irql = KeAcquireInterruptSpinLock(interrupt);
    CHECK_EQ(KeGetCurrentIrql(), 8);
    KeReleaseInterruptSpinLock(interrupt, irql);
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KiDisconnectInterrupt(interrupt);
}

static KEVENT passive_done;

static BOOLEAN NTAPI passive_isr(PKINTERRUPT Interrupt, PVOID Context)
{
    CHECK_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    KeSetEvent(&passive_done, 0, FALSE);
    return TRUE;
}

KILN_TEST(ke_interrupt, passive_level_interrupts_may_wait)
{
    PKINTERRUPT interrupt;
    KI_CONNECT connect = {.ServiceRoutine = passive_isr, .Vector = 0x46, .Mode = Latched, .Affinity = 1};
    KeInitializeEvent(&passive_done, SynchronizationEvent, FALSE);
    CHECK_EQ(KiConnectInterrupt(&connect, &interrupt), STATUS_SUCCESS);
    for (int i = 0; i < 3; i++) {
        KiPostVector(0x46);
        CHECK_EQ(KeWaitForSingleObject(&passive_done, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    }
    KiDisconnectInterrupt(interrupt);
}

/* ---------------------------------------------------------------- always-preemptible-and-always-interruptible.md */

static LONG high_runs, same_runs;

static BOOLEAN NTAPI high_isr(PKINTERRUPT Interrupt, PVOID Context)
{
    CHECK_EQ(KeGetCurrentIrql(), 7);
    InterlockedIncrement(&high_runs);
    return TRUE;
}

static BOOLEAN NTAPI same_isr(PKINTERRUPT Interrupt, PVOID Context)
{
    InterlockedIncrement(&same_runs);
    return TRUE;
}

static BOOLEAN NTAPI low_isr(PKINTERRUPT Interrupt, PVOID Context)
{
    KiPostVector(0x53);
    KiPostVector(0x72);
    while (KI_PEEK(high_runs) == 0)
        KeStallExecutionProcessor(1);
    CHECK_EQ(KeGetCurrentIrql(), 5);
    CHECK_EQ(KI_PEEK(same_runs), 0);
    return TRUE;
}

static PKINTERRUPT connect_here(PKSERVICE_ROUTINE Routine, ULONG Vector)
{
    PKINTERRUPT interrupt;
    KI_CONNECT connect = {.ServiceRoutine = Routine,
                          .Vector = Vector,
                          .Irql = (KIRQL)(Vector >> 4),
                          .SynchronizeIrql = (KIRQL)(Vector >> 4),
                          .Mode = Latched,
                          .Affinity = 1};
    CHECK_EQ(KiConnectInterrupt(&connect, &interrupt), STATUS_SUCCESS);
    return interrupt;
}

KILN_TEST(ke_interrupt, a_service_routine_is_interrupted_by_higher_levels_only)
{
    PKINTERRUPT low = connect_here(low_isr, 0x52), same = connect_here(same_isr, 0x53);
    PKINTERRUPT high = connect_here(high_isr, 0x72);
    KAFFINITY old = KeSetSystemAffinityThreadEx(1);
    KiPostVector(0x52);
    while (KI_PEEK(same_runs) == 0)
        sleep_ms(1);
    CHECK_EQ(high_runs, 1);
    CHECK_EQ(same_runs, 1);
    KeRevertToUserAffinityThreadEx(old);
    KiDisconnectInterrupt(low);
    KiDisconnectInterrupt(same);
    KiDisconnectInterrupt(high);
}

/* ---------------------------------------------------------------- singly-and-doubly-linked-lists.md */

static KSPIN_LOCK list_lock;
static LIST_ENTRY list_head, list_items[8];
static SINGLE_LIST_ENTRY single_head, single_items[8];

static void rotate_lists(void)
{
    PLIST_ENTRY entry = ExInterlockedRemoveHeadList(&list_head, &list_lock);
    PSINGLE_LIST_ENTRY single = ExInterlockedPopEntryList(&single_head, &list_lock);
    if (entry)
        ExInterlockedInsertTailList(&list_head, entry, &list_lock);
    if (single)
        ExInterlockedPushEntryList(&single_head, single, &list_lock);
}

static BOOLEAN NTAPI list_isr(PKINTERRUPT Interrupt, PVOID Context)
{
    rotate_lists();
    InterlockedIncrement(&calls);
    return TRUE;
}

KILN_TEST(ke_interrupt, interlocked_lists_are_shared_with_a_service_routine)
{
    PKINTERRUPT interrupt = connect(list_isr, NULL, 0x95, Latched, FALSE);
    ULONG doubly = 0, singly = 0;
    KeInitializeSpinLock(&list_lock);
    InitializeListHead(&list_head);
    for (int i = 0; i < 8; i++) {
        ExInterlockedInsertHeadList(&list_head, &list_items[i], &list_lock);
        ExInterlockedPushEntryList(&single_head, &single_items[i], &list_lock);
    }
    for (int i = 0; i < 200; i++) {
        KiPostVector(0x95);
        rotate_lists();
    }
    KiDisconnectInterrupt(interrupt);
    while (ExInterlockedRemoveHeadList(&list_head, &list_lock))
        doubly++;
    while (ExInterlockedPopEntryList(&single_head, &list_lock))
        singly++;
    CHECK(calls > 0);
    CHECK_EQ(doubly, 8);
    CHECK_EQ(singly, 8);
}

static volatile LONG list_held, list_wanted, list_had, too_early;

static BOOLEAN NTAPI early_isr(PKINTERRUPT Interrupt, PVOID Context)
{
    if (list_wanted && !list_had)
        too_early = 1;
    InterlockedIncrement(&calls);
    return TRUE;
}

static VOID NTAPI hold_list_lock(PVOID Context)
{
    KAFFINITY old = KeSetSystemAffinityThreadEx(2);
    KIRQL irql;
    KeRaiseIrql(HIGH_LEVEL, &irql);
    KeAcquireSpinLockAtDpcLevel(&list_lock);
    list_held = 1;
    while (!list_wanted)
        KeStallExecutionProcessor(1);
    KiPostVector(0x96);
    KeStallExecutionProcessor(20);
    CHECK_EQ(too_early, 0);
    KeReleaseSpinLockFromDpcLevel(&list_lock);
    KeLowerIrql(irql);
    KeRevertToUserAffinityThreadEx(old);
}

/* On the simulator no interrupt comes between the announcement and the call. */
KILN_TEST_SIM(ke_interrupt, interlocked_lists_are_worked_on_with_interrupts_disabled)
{
    if (KeQueryActiveProcessorCount(NULL) < 2)
        return;
    KAFFINITY old = KeSetSystemAffinityThreadEx(1);
    PKINTERRUPT interrupt = connect_here(early_isr, 0x96);
    KeInitializeSpinLock(&list_lock);
    InitializeListHead(&list_head);
    PKTHREAD holder = start_thread(hold_list_lock, NULL);
    while (!list_held)
        sleep_ms(1);
    list_wanted = 1;
    ExInterlockedInsertHeadList(&list_head, &list_items[0], &list_lock);
    list_had = 1;
    join_thread(holder);
    CHECK_EQ(calls, 1);
    KiDisconnectInterrupt(interrupt);
    KeRevertToUserAffinityThreadEx(old);
}
