/* SPDX-License-Identifier: MIT */
/* exsupport.h: threads for the executive's tests. */
#ifndef KILN_EXSUPPORT_H
#define KILN_EXSUPPORT_H

#include <ntifs.h>
#include "harness.h"

/* Start a system thread; join waits for its end. */
static inline PVOID start_thread(PKSTART_ROUTINE Routine, PVOID Context)
{
    HANDLE Handle;
    PVOID Thread;

    CHECK_EQ(PsCreateSystemThread(&Handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context),
             STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(Handle, THREAD_ALL_ACCESS, *PsThreadType, KernelMode, &Thread, NULL),
             STATUS_SUCCESS);
    ZwClose(Handle);
    return Thread;
}

static inline void join_thread(PVOID Thread)
{
    KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(Thread);
}

static inline void sleep_ms(LONG Milliseconds)
{
    LARGE_INTEGER Delay = {.QuadPart = -10000LL * Milliseconds};

    KeDelayExecutionThread(KernelMode, FALSE, &Delay);
}

#endif
