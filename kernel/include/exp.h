/* SPDX-License-Identifier: MIT */
/*
 * exp.h: what the executive support (kernel/ex) offers the other managers beyond <nt/ex.h>.
 */
#ifndef KILN_EXP_H
#define KILN_EXP_H

#include <nt/ex.h>

/*
 * Phase 0: after ke, before ob: locks and lists that need nothing. Phase 1: after ob and ps can create
 * objects and threads: worker threads, callback objects. PASSIVE_LEVEL.
 */
void ExInitSystem(ULONG Phase);

/* \Callback\SetSystemTime, referenced for good. */
extern PCALLBACK_OBJECT ExpSetSystemTimeCallback;

/* How far local time is behind UTC, in 100 ns units. */
extern LARGE_INTEGER ExpTimeZoneBias;

/* A queue of system worker threads, for reports. FALSE: there is none of that index. IRQL <= DISPATCH_LEVEL. */
typedef struct _EXP_WORK_QUEUE {
    const char *Name;
    ULONG Threads, Idle, Queued;
    PVOID First; /* routine of the item that waits longest, or NULL */
} EXP_WORK_QUEUE;
BOOLEAN ExpQueryWorkQueue(ULONG Index, EXP_WORK_QUEUE *Info);

#endif
