/* SPDX-License-Identifier: MIT */
/* What `timers`, `dpcs` and `processors` show, and the DPC watchdog. */
#include "ketest.h"
#include "client.h"
#include "crt.h"

struct search {
    const char *field, *text; /* a row whose text field is this ... */
    uint64_t number;          /* ... or, without text, whose number is this */
    const char *want;
    uint64_t found;
    unsigned rows;
};

static const struct kc_field *field_of(const struct kc_field *fields, unsigned count, const char *name)
{
    for (unsigned i = 0; i < count; i++)
        if (nt_strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

static void look(void *context, const struct kc_field *fields, unsigned count)
{
    struct search *search = context;
    const struct kc_field *key = field_of(fields, count, search->field),
                          *value = field_of(fields, count, search->want);
    CHECK(key && value);
    if (search->text ? nt_strcmp(key->text, search->text) == 0 : key->number == search->number) {
        search->rows++;
        search->found = value->number;
    }
}

static uint64_t find(const char *list, const char *field, uint64_t number, const char *want)
{
    struct search search = {.field = field, .number = number, .want = want};
    CHECK_EQ(KcList(list, NULL, look, &search), STATUS_SUCCESS);
    CHECK_EQ(search.rows, 1);
    return search.found;
}

static unsigned rows_with(const char *list, const char *field, const char *text)
{
    struct search search = {.field = field, .text = text, .want = field};
    CHECK_EQ(KcList(list, NULL, look, &search), STATUS_SUCCESS);
    return search.rows;
}

static VOID NTAPI nothing(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {}

KILN_TEST(ke_inspect, timers_shows_a_set_timer_and_not_a_cancelled_one)
{
    KTIMER timer;
    KDPC dpc;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, nothing, NULL);
    ULONGLONG before = KeQueryInterruptTime();
    KeSetTimerEx(&timer, (LARGE_INTEGER){.QuadPart = -MS(1000)}, 250, &dpc);
    CHECK_EQ(find("timers", "timer", (uint64_t)&timer, "period ms"), 250);
    CHECK_EQ(find("timers", "timer", (uint64_t)&timer, "dpc"), (uint64_t)&dpc);
    uint64_t due = find("timers", "timer", (uint64_t)&timer, "due in us");
    ULONGLONG passed = (KeQueryInterruptTime() - before) / 10; /* a slow machine's lists take long */
    CHECK(due <= 1000000 && due + passed > 900000);
    CHECK_EQ(rows_with("timers", "kind", "relative, periodic"), 1);
    KeCancelTimer(&timer);
    CHECK_EQ(rows_with("timers", "kind", "relative, periodic"), 0);
}

static VOID NTAPI sleeper(PVOID Context)
{
    sleep_ms(500);
}

KILN_TEST(ke_inspect, timers_names_the_thread_whose_time_out_it_is)
{
    char kind[48];
    PKTHREAD thread = start_thread(sleeper, NULL);
    until_waiting(thread);
    nt__snprintf(kind, sizeof kind, "time-out of thread %u", thread->Id);
    CHECK_EQ(rows_with("timers", "kind", kind), 1);
    join_thread(thread);
    CHECK_EQ(rows_with("timers", "kind", kind), 0);
}

KILN_TEST(ke_inspect, dpcs_shows_what_waits_and_counts_what_ran)
{
    KDPC dpc;
    KeInitializeDpc(&dpc, nothing, NULL);
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    CHECK_EQ(rows_with("dpcs", "what", "waits"), 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    CHECK_EQ(rows_with("dpcs", "what", "waits"), 1);
    ULONG64 before = KiPrcb()->Dpc[KiDpcNormal].Runs;
    ULONG index = KeGetCurrentProcessorNumberEx(NULL);
    KeLowerIrql(irql);
    CHECK_EQ(rows_with("dpcs", "what", "waits"), 0);
    CHECK(KiPcrs[index].Prcb.Dpc[KiDpcNormal].Runs > before);
    CHECK_EQ(rows_with("dpcs", "what", "queue"), 2 * KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS));
}

static VOID NTAPI stall(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    KeStallExecutionProcessor(3000);
    KeSetEvent(Context, 0, FALSE);
}

KILN_TEST_SIM(ke_inspect, dpcs_knows_the_longest_run)
{
    KDPC dpc;
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    KeInitializeDpc(&dpc, stall, &done);
    KeSetTargetProcessorDpc(&dpc, 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    KeFlushQueuedDpcs();
    CHECK(KiPcrs[0].Prcb.Dpc[KiDpcNormal].Longest >= 30000);
    CHECK_EQ((ULONG_PTR)KiPcrs[0].Prcb.Dpc[KiDpcNormal].LongestRoutine, (ULONG_PTR)stall);
}

KILN_TEST_DEFINE(ke_inspect, processors_shows_group_node_and_irql, .group_size = 1, .node_size = 2)
{
    ULONG count = KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS);
    for (ULONG i = 0; i < count; i++) {
        CHECK_EQ(find("processors", "processor", i, "group"), i);
        CHECK_EQ(find("processors", "processor", i, "number"), 0);
        CHECK_EQ(find("processors", "processor", i, "node"), i / 2);
    }
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    CHECK_EQ(find("processors", "processor", KeGetCurrentProcessorNumberEx(NULL), "irql"), DISPATCH_LEVEL);
    CHECK_EQ(find("processors", "processor", KeGetCurrentProcessorNumberEx(NULL), "thread"), KiThread()->Id);
    KeLowerIrql(irql);
}

/* ---------------------------------------------------------------- the watchdog */

static KDPC_WATCHDOG_INFORMATION at_start, later;

static VOID NTAPI ask(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    CHECK_EQ(KeQueryDpcWatchdogInformation(&at_start), STATUS_SUCCESS);
    KeStallExecutionProcessor(1000000);
    CHECK_EQ(KeQueryDpcWatchdogInformation(&later), STATUS_SUCCESS);
}

KILN_TEST_SIM(ke_watchdog, time_left_shrinks_while_a_dpc_runs)
{
    KDPC dpc;
    KeInitializeDpc(&dpc, ask, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
    ULONG second = 10000000 / KeQueryTimeIncrement();
    CHECK(at_start.DpcTimeLimit > 0 && at_start.DpcTimeCount <= at_start.DpcTimeLimit);
    CHECK_EQ(later.DpcTimeLimit, at_start.DpcTimeLimit);
    CHECK(later.DpcTimeCount + second <= at_start.DpcTimeCount + 1);
    CHECK(later.DpcWatchdogCount + second <= at_start.DpcWatchdogCount + 1);
}

KILN_TEST(ke_watchdog, cannot_be_asked_below_dispatch_level)
{
    KDPC_WATCHDOG_INFORMATION information;
    CHECK_EQ(KeQueryDpcWatchdogInformation(&information), STATUS_UNSUCCESSFUL);
}

static VOID NTAPI stall_long(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    for (int i = 0; i < 21; i++)
        KeStallExecutionProcessor(1000000);
}

KILN_TEST_DEFINE(ke_watchdog, a_dpc_that_runs_too_long_is_a_bugcheck, .sim_only = 1, .expect_bugcheck = 1,
                 .bugcheck = DPC_WATCHDOG_VIOLATION)
{
    KDPC dpc;
    KeInitializeDpc(&dpc, stall_long, NULL);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static volatile LONG never;

static VOID NTAPI spin_for_ever(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    while (!never)
        KeStallExecutionProcessor(100000);
}

KILN_TEST_DEFINE(ke_watchdog, a_dpc_that_never_ends_is_found_while_it_runs, .sim_only = 1,
                 .expect_bugcheck = 1, .bugcheck = DPC_WATCHDOG_VIOLATION)
{
    KDPC dpc;
    KeInitializeDpc(&dpc, spin_for_ever, NULL);
    KeSetTargetProcessorDpc(&dpc, (CCHAR)(KeQueryActiveProcessorCount(NULL) - 1));
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}

static VOID NTAPI stall_some(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    KeStallExecutionProcessor(15000000);
}

KILN_TEST_SIM(ke_watchdog, dpcs_with_pauses_between_are_no_long_run)
{
    KDPC dpc;
    KeInitializeDpc(&dpc, stall_some, NULL);
    for (int i = 0; i < 10; i++) {
        KeInsertQueueDpc(&dpc, NULL, NULL);
        KeFlushQueuedDpcs();
        sleep_ms(20000);
    }
}

static VOID NTAPI again(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    KeStallExecutionProcessor(5000000);
    KeInsertQueueDpc(Dpc, NULL, NULL);
}

KILN_TEST_DEFINE(ke_watchdog, a_dpc_that_queues_itself_for_ever_is_a_bugcheck, .sim_only = 1,
                 .expect_bugcheck = 1, .bugcheck = DPC_WATCHDOG_VIOLATION)
{
    KDPC dpc;
    KeInitializeDpc(&dpc, again, NULL);
    KeSetTargetProcessorDpc(&dpc, 0);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    sleep_ms(1000000);
}
