/* SPDX-License-Identifier: MIT */
/*
 * exp.h: what the executive support (kernel/ex) offers the other managers beyond <nt/ex.h>.
 */
#ifndef KILN_EXP_H
#define KILN_EXP_H

#include <nt/ex.h>

/*
 * Phase 0: after ke, before ob: locks and lists that need nothing. Phase 1: after ob and ps can create objects and
 * threads: worker threads, callback objects. PASSIVE_LEVEL.
 */
void ExInitSystem(ULONG Phase);

/*
 * Queue a work item for a routine that `Owner` (a driver's device or driver object, or NULL) asked for: reports of a
 * worker that returned wrongly, or is stuck, name it. Otherwise as ExQueueWorkItem.
 */
void ExQueueWorkItemEx(PWORK_QUEUE_ITEM WorkItem, WORK_QUEUE_TYPE QueueType, PVOID Owner);

/* Items queued and not finished; for idle detection and reports. */
ULONG ExCountPendingWorkItems(void);

/* Is the item still waiting in a queue? For IoFreeWorkItem and its like. */
BOOLEAN ExIsWorkItemQueued(PWORK_QUEUE_ITEM WorkItem);

/* What each worker thread is doing. FALSE at the end; *Cursor = 0 first. */
typedef struct _EX_WORKER_INFO {
    PKTHREAD Thread;
    WORK_QUEUE_TYPE Queue;
    PWORKER_THREAD_ROUTINE Routine; /* NULL: idle */
    PVOID Parameter;
} EX_WORKER_INFO;
BOOLEAN ExEnumerateWorkers(ULONG *Cursor, EX_WORKER_INFO *Info);

/* Seconds that local time is behind UTC, times 10^7. */
extern LARGE_INTEGER ExpTimeZoneBias;

#endif
