/* SPDX-License-Identifier: MIT */
/*
 * The lists of processes and threads: what each thread waits for, since when, and who could end the wait.
 *
 * The walk is under the dispatcher lock, where objects that are waited for stay: what they tell of themselves
 * is copied there. Names are another matter: they are looked up afterwards among the named objects, by
 * address.
 */
#include <ntifs.h>

#include "crt.h"
#include "host.h"
#include "ki.h"
#include "ldrp.h"
#include "listp.h"
#include "locks.h"
#include "mi.h"
#include "obp.h"
#include "psp.h"
#include "trap.h"

#define OBJECTS 8 /* of a wait are told; the others are counted */

struct waited {
    PVOID object;
    const char *type;
    ULONG owner;     /* of a mutex: the owning thread */
    char detail[32]; /* which thread, which process */
};

struct thread_copy {
    ULONG id, processor;
    UCHAR state, reason;
    KPROCESSOR_MODE mode;
    BOOLEAN alertable, timeout, running;
    KPRIORITY priority;
    KIRQL irql;
    PVOID start;
    ULONG64 stopped_at;
    WAIT_TYPE type;
    ULONG count;
    struct waited objects[OBJECTS];
    char process[16];
    ULONG64 pid, tid;
    char lock[160];
};

struct snapshot {
    struct thread_copy *threads;
    ULONG count, room;
};

static PEPROCESS process_of(PKTHREAD thread)
{
    return CONTAINING_RECORD(thread->Process, EPROCESS, Pcb);
}

static void copy_waited(const KI_THREAD_INFO *info, ULONG i, struct waited *to)
{
    PDISPATCHER_HEADER header = info->Objects[i];
    to->object = header;
    to->type = KiObjectTypeName(header);
    to->owner = info->Owners[i] ? ((PKTHREAD)info->Owners[i])->Id : 0;
    to->detail[0] = 0;
    if (header->Type == ThreadObject)
        nt__snprintf(to->detail, sizeof to->detail, " %u", CONTAINING_RECORD(header, KTHREAD, Header)->Id);
    else if (header->Type == ProcessObject)
        nt__snprintf(to->detail, sizeof to->detail, " %s",
                     (char *)CONTAINING_RECORD(header, EPROCESS, Pcb)->ImageFileName);
    to->detail[sizeof to->detail - 1] = 0;
}

static BOOLEAN copy_thread(const KI_THREAD_INFO *info, PVOID context)
{
    struct snapshot *snapshot = context;
    if (snapshot->count++ >= snapshot->room)
        return TRUE;
    struct thread_copy *copy = &snapshot->threads[snapshot->count - 1];
    PEPROCESS process = process_of(info->Thread);
    *copy = (struct thread_copy){.id = info->Id,
                                 .processor = info->Processor,
                                 .state = info->State,
                                 .reason = info->WaitReason,
                                 .mode = info->WaitMode,
                                 .alertable = info->Alertable,
                                 .timeout = info->HasTimeout,
                                 .running = info->State == KiRunning,
                                 .priority = info->Priority,
                                 .irql = info->Irql,
                                 .start = info->StartAddress,
                                 .stopped_at = info->StoppedAt,
                                 .type = info->WaitType,
                                 .count = info->ObjectCount,
                                 .pid = (ULONG64)process->UniqueProcessId};
    /* ke's own threads are no objects, and have no id of that kind. */
    copy->tid = (ULONG64)CONTAINING_RECORD(info->Thread, ETHREAD, Tcb)->Cid.UniqueThread;
    RtlCopyMemory(copy->process, process->ImageFileName, sizeof copy->process);
    for (ULONG i = 0; i < info->ObjectCount && i < OBJECTS; i++)
        copy_waited(info, i, &copy->objects[i]);
    if (info->State == KiWaiting)
        KiDescribeLockWait(info->Thread, copy->lock, sizeof copy->lock);
    return TRUE;
}

/* ---------------------------------------------------------------- names */

struct named {
    PVOID dispatcher;
    char name[64];
};

struct names {
    struct named *items;
    ULONG count, room;
};

static void collect_names(POBJECT_TYPE type, struct names *names)
{
    PVOID object = NULL;
    while (ObpEnumerateType(type, &object)) {
        PVOID dispatcher;
        POBJECT_HEADER_NAME_INFO info = ObpNameInfo(ObpHeader(object));
        if (!info || !info->Name.Length || !NT_SUCCESS(ObpQueryWaitObject(object, &dispatcher)))
            continue;
        if (names->count++ >= names->room)
            continue;
        struct named *item = &names->items[names->count - 1];
        item->dispatcher = dispatcher;
        KcToUtf8(&info->Name, item->name, sizeof item->name);
    }
}

static void collect_all_names(struct names *names)
{
    POBJECT_TYPE types[] = {ExpEventObjectType, ExpSemaphoreObjectType, ExpMutantObjectType,
                            ExpTimerObjectType};
    names->count = 0;
    for (ULONG i = 0; i < RTL_NUMBER_OF(types); i++)
        collect_names(types[i], names);
}

static const char *name_of(const struct names *names, PVOID dispatcher)
{
    for (ULONG i = 0; i < names->count && i < names->room; i++)
        if (names->items[i].dispatcher == dispatcher)
            return names->items[i].name;
    return NULL;
}

/* ---------------------------------------------------------------- threads */

static size_t append(char *buffer, size_t at, size_t bytes, const char *text)
{
    for (; *text && at + 1 < bytes; text++)
        buffer[at++] = *text;
    buffer[at] = 0;
    return at;
}

static void describe_wait(const struct thread_copy *thread, const struct names *names, char *buffer,
                          size_t bytes)
{
    char part[200];
    size_t at = 0;
    buffer[0] = 0;
    if (thread->state != KiWaiting)
        return;
    if (thread->lock[0])
        at = append(buffer, at, bytes, thread->lock);
    else if (thread->count == 0)
        at = append(buffer, at, bytes, KiWaitReasonName(thread->reason));
    for (ULONG i = 0; i < thread->count && i < OBJECTS && !thread->lock[0]; i++) {
        const struct waited *waited = &thread->objects[i];
        const char *name = name_of(names, waited->object);
        if (i)
            at = append(buffer, at, bytes, thread->type == WaitAll ? " and " : " or ");
        at = append(buffer, at, bytes, waited->type);
        if (name)
            nt__snprintf(part, sizeof part, " \"%s\"", name);
        else if (waited->detail[0])
            nt__snprintf(part, sizeof part, "%s", waited->detail);
        else
            nt__snprintf(part, sizeof part, " %p", waited->object);
        part[sizeof part - 1] = 0;
        at = append(buffer, at, bytes, part);
        if (!waited->owner)
            continue;
        nt__snprintf(part, sizeof part, " owned by %u", waited->owner);
        at = append(buffer, at, bytes, part);
    }
    if (thread->count > OBJECTS) {
        nt__snprintf(part, sizeof part, " and %u more", thread->count - OBJECTS);
        at = append(buffer, at, bytes, part);
    }
    if (thread->alertable)
        at = append(buffer, at, bytes, ", alertable");
    if (thread->timeout)
        append(buffer, at, bytes, ", timed");
}

/* "12.345678": seconds of machine time. */
static void format_time(ULONG64 time_100ns, char *buffer, size_t bytes)
{
    nt__snprintf(buffer, bytes, "%I64u.%06u", time_100ns / 10000000, (unsigned)(time_100ns / 10 % 1000000));
    buffer[bytes - 1] = 0;
}

static void thread_row(const struct thread_copy *thread, const struct names *names, struct rows *rows)
{
    char start[200] = "", wait[NAME_BYTES], since[32] = "", irql[8] = "";
    if (thread->start && LdrFindModuleByAddress(thread->start))
        KiDescribeAddress((ULONG_PTR)thread->start, start, sizeof start);
    else if (thread->start)
        KcDescribeCode(thread->start, start, sizeof start);
    if (thread->running)
        nt__snprintf(irql, sizeof irql, "%u", thread->irql);
    else if (thread->stopped_at)
        format_time(thread->stopped_at, since, sizeof since);
    describe_wait(thread, names, wait, sizeof wait);
    EMIT(rows, number("id", thread->id), number("pid", thread->pid), number("tid", thread->tid),
         text("process", thread->process), text("state", KiThreadStateName(thread->state)),
         number("priority", (uint64_t)thread->priority), number("processor", thread->processor),
         text("irql", irql), text("start", start), text("since", since), text("waits for", wait));
}

NTSTATUS KcListThreads(const char *argument, struct rows *rows)
{
    struct snapshot snapshot = {0};
    struct names names = {0};
    KiEnumerateThreads(copy_thread, &snapshot);
    snapshot.room = snapshot.count + 8;
    collect_all_names(&names);
    names.room = names.count + 8;
    snapshot.threads = ExAllocatePool2(POOL_FLAG_NON_PAGED, snapshot.room * sizeof *snapshot.threads, 'ltcK');
    names.items = ExAllocatePool2(POOL_FLAG_NON_PAGED, names.room * sizeof *names.items, 'ltcK');
    NTSTATUS status = snapshot.threads && names.items ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        snapshot.count = 0;
        KiEnumerateThreads(copy_thread, &snapshot);
        collect_all_names(&names);
        for (ULONG i = 0; i < snapshot.count && i < snapshot.room; i++)
            if (!argument || nt_strcmp(argument, snapshot.threads[i].process) == 0)
                thread_row(&snapshot.threads[i], &names, rows);
    }
    if (snapshot.threads)
        ExFreePool(snapshot.threads);
    if (names.items)
        ExFreePool(names.items);
    return status;
}

/* ---------------------------------------------------------------- processes */

NTSTATUS KcListProcesses(const char *argument, struct rows *rows)
{
    PEPROCESS process = NULL;
    while (PspEnumerateProcesses(&process)) {
        PVOID begin = NULL, end = NULL;
        MiQueryUserSlice(process, &begin, &end);
        EMIT(rows, number("pid", (uint64_t)process->UniqueProcessId),
             number("parent", (uint64_t)process->InheritedFromUniqueProcessId),
             text("process", (const char *)process->ImageFileName),
             number("threads", KI_PEEK(process->ActiveThreads)),
             number("handles", process->ObjectTable ? ObQueryHandleCount(process->ObjectTable) : 0),
             number("base priority", (uint64_t)process->Pcb.BasePriority),
             hex("user memory", (uint64_t)begin),
             text("state", process->Exiting       ? "exiting"
                           : process->Terminating ? "terminating"
                                                  : "running"));
    }
    return STATUS_SUCCESS;
}
