/* SPDX-License-Identifier: MIT */
/* What the tests of ke share: system threads that a test can join, and intervals. */
#ifndef KILN_KETEST_H
#define KILN_KETEST_H

#include <ntifs.h>
#include "harness.h"
#include "ki.h"

#define MS(Milliseconds) ((LONGLONG)(Milliseconds) * 10000)

static inline PKTHREAD start_thread(PKSTART_ROUTINE Routine, PVOID Context)
{
    HANDLE handle;
    PVOID thread;
    CHECK_EQ(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, Context), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL), STATUS_SUCCESS);
    ZwClose(handle);
    return thread;
}

/*
 * A system thread starts inside a critical region (documentation of PsCreateSystemThread); this one leaves it, so that
 * normal kernel APCs and suspension reach it.
 */
struct open_thread {
    PKSTART_ROUTINE Routine;
    PVOID Context;
};

static inline VOID NTAPI run_open(PVOID Context)
{
    struct open_thread open = *(struct open_thread *)Context;
    ExFreePoolWithTag(Context, 'tseT');
    KeLeaveCriticalRegion();
    open.Routine(open.Context);
    KeEnterCriticalRegion();
}

static inline PKTHREAD start_open_thread(PKSTART_ROUTINE Routine, PVOID Context)
{
    struct open_thread *open = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof *open, 'tseT');
    CHECK(open != NULL);
    *open = (struct open_thread){Routine, Context};
    return start_thread(run_open, open);
}

static inline void join_thread(PKTHREAD Thread)
{
    CHECK_EQ(KeWaitForSingleObject(Thread, Executive, KernelMode, FALSE, NULL), STATUS_SUCCESS);
    ObDereferenceObject(Thread);
}

static inline void sleep_ms(ULONG Milliseconds)
{
    LARGE_INTEGER interval = {.QuadPart = -MS(Milliseconds)};
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

static inline NTSTATUS wait_for(PVOID Object, LONGLONG Milliseconds)
{
    LARGE_INTEGER interval = {.QuadPart = -MS(Milliseconds)};
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &interval);
}

/* Is the object signaled? Takes it if taking means something. */
static inline BOOLEAN poll(PVOID Object)
{
    LARGE_INTEGER zero = {.QuadPart = 0};
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &zero) == STATUS_SUCCESS;
}

/* Wait until the other thread is blocked. */
static inline void until_waiting(PKTHREAD Thread)
{
    while (*(volatile UCHAR *)&Thread->State != KiWaiting)
        sleep_ms(1);
}

#endif
