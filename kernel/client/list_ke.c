/* SPDX-License-Identifier: MIT */
/* The lists of timers, DPCs and processors. What a walk sees under a lock is copied first: rows are printed.
 */
#include <ntifs.h>

#include "crt.h"
#include "ki.h"
#include "ldrp.h"
#include "listp.h"
#include "trap.h"

struct snapshot {
    UCHAR *items;
    ULONG count, room;
    SIZE_T bytes; /* of an item */
};

static void keep(struct snapshot *snapshot, const void *item)
{
    if (snapshot->items && snapshot->count < snapshot->room)
        RtlCopyMemory(snapshot->items + snapshot->count * snapshot->bytes, item, snapshot->bytes);
    snapshot->count++;
}

/* After a walk that only counted: room for what it saw and some more. */
static NTSTATUS make_room(struct snapshot *snapshot)
{
    snapshot->room = snapshot->count + 16;
    snapshot->count = 0;
    snapshot->items = ExAllocatePool2(POOL_FLAG_NON_PAGED, snapshot->room * snapshot->bytes, 'ltcK');
    return snapshot->items ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

static ULONG kept(const struct snapshot *snapshot)
{
    return snapshot->count < snapshot->room ? snapshot->count : snapshot->room;
}

/* The driver that code or data belongs to, "" if none. */
static void describe_owner(PVOID address, char *buffer, ULONG bytes)
{
    PKLDR_MODULE module = address ? LdrFindModuleByAddress(address) : NULL;
    buffer[0] = 0;
    if (module)
        KcToUtf8(&module->Entry.BaseDllName, buffer, bytes);
}

static void describe_routine(PVOID routine, char *buffer, size_t bytes)
{
    buffer[0] = 0;
    if (routine)
        KiDescribeAddress((ULONG_PTR)routine, buffer, bytes);
}

/* ---------------------------------------------------------------- timers */

static BOOLEAN keep_timer(const KI_TIMER_INFO *info, PVOID context)
{
    keep(context, info);
    return TRUE;
}

NTSTATUS KcListTimers(const char *argument, struct rows *rows)
{
    struct snapshot snapshot = {.bytes = sizeof(KI_TIMER_INFO)};
    KiEnumerateTimers(keep_timer, &snapshot);
    NTSTATUS status = make_room(&snapshot);
    if (!NT_SUCCESS(status))
        return status;
    KiEnumerateTimers(keep_timer, &snapshot);
    ULONG64 now = host_interrupt_time();
    for (ULONG i = 0; i < kept(&snapshot); i++) {
        const KI_TIMER_INFO *info = (const KI_TIMER_INFO *)snapshot.items + i;
        char routine[NAME_BYTES], owner[64], kind[48];
        describe_routine(info->Routine, routine, sizeof routine);
        describe_owner(info->Routine ? info->Routine : (PVOID)info->Timer, owner, sizeof owner);
        if (info->Thread)
            nt__snprintf(kind, sizeof kind, "time-out of thread %u", info->Thread);
        else
            nt__snprintf(kind, sizeof kind, "%s%s", info->Absolute ? "absolute" : "relative",
                         info->Period ? ", periodic" : "");
        EMIT(rows, hex("timer", (uint64_t)info->Timer), text("kind", kind),
             number("due in us", info->Due > now ? (info->Due - now) / 10 : 0),
             number("period ms", info->Period), hex("dpc", (uint64_t)info->Dpc), text("routine", routine),
             text("driver", owner));
    }
    ExFreePool(snapshot.items);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- DPCs */

static BOOLEAN keep_dpc(const KI_DPC_INFO *info, PVOID context)
{
    keep(context, info);
    return TRUE;
}

static void put_dpc(struct rows *rows, const KI_DPC_INFO *info)
{
    char routine[NAME_BYTES];
    describe_routine(info->Routine, routine, sizeof routine);
    EMIT(rows, number("processor", info->Processor), text("kind", info->Threaded ? "threaded" : "normal"),
         text("what", info->What == KiDpcInfoQueue     ? "queue"
                      : info->What == KiDpcInfoRunning ? "runs now"
                                                       : "waits"),
         text("routine", routine), number("queued", info->Depth), number("runs", info->Runs),
         number("longest us", info->Longest / 10));
}

/* A row for each queue, whose routine is that of the longest run; then one for each DPC that runs or waits.
 */
NTSTATUS KcListDpcs(const char *argument, struct rows *rows)
{
    struct snapshot snapshot = {.bytes = sizeof(KI_DPC_INFO)};
    KiEnumerateDpcs(keep_dpc, &snapshot);
    NTSTATUS status = make_room(&snapshot);
    if (!NT_SUCCESS(status))
        return status;
    KiEnumerateDpcs(keep_dpc, &snapshot);
    for (ULONG i = 0; i < kept(&snapshot); i++)
        put_dpc(rows, (const KI_DPC_INFO *)snapshot.items + i);
    ExFreePool(snapshot.items);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- processors */

NTSTATUS KcListProcessors(const char *argument, struct rows *rows)
{
    KI_PROCESSOR_INFO info;
    for (ULONG i = 0; KiQueryProcessor(i, &info); i++) {
        char start[NAME_BYTES];
        describe_routine(info.StartAddress, start, sizeof start);
        EMIT(rows, number("processor", i), number("group", info.Number.Group),
             number("number", info.Number.Number), number("node", info.Node),
             text("state", info.Idle ? "idle" : "busy"), number("irql", info.Irql),
             number("thread", info.Thread), text("start", start), number("interrupts", info.Interrupts),
             number("dpcs", info.Dpcs), number("switches", info.Switches));
    }
    return STATUS_SUCCESS;
}
