/* SPDX-License-Identifier: MIT */
/*
 * runonce.c - one-time initialisation.
 *
 * One word, two low bits of state:
 *   0 IDLE       nothing happened
 *   1 RUNNING    somebody initialises, synchronously; the rest of the word is a list of threads that wait for it
 *   2 DONE       the rest of the word is the context
 *   3 ASYNC      any number of threads try at once; the first to complete wins
 *
 *   IDLE -begin-> RUNNING -complete-> DONE        IDLE -begin(async)-> ASYNC -complete(async)-> DONE
 *                 RUNNING -failed---> IDLE, and the waiters try again
 *
 * A waiter is a block on the waiting thread's stack. No lock. IRQL <= APC_LEVEL. This file waits, so it calls up into ke.
 */
#include <nt/ke.h>
#include <nt/rtl.h>
#include "rtlp.h"

#define IDLE       ((ULONG_PTR)0)
#define RUNNING    ((ULONG_PTR)1)
#define DONE       ((ULONG_PTR)2)
#define ASYNC      ((ULONG_PTR)3)
#define STATE_MASK ((ULONG_PTR)3)

typedef struct DECLSPEC_ALIGN(8) _RUN_ONCE_WAITER {
    struct _RUN_ONCE_WAITER *Next;
    KEVENT Event;
} RUN_ONCE_WAITER;

static bool change(PRTL_RUN_ONCE once, ULONG_PTR from, ULONG_PTR to)
{
    return InterlockedCompareExchangePointer((PVOID volatile *)&once->Ptr, (PVOID)to, (PVOID)from) ==
           (PVOID)from;
}

static ULONG_PTR state_of(PRTL_RUN_ONCE once)
{
    return (ULONG_PTR)ReadPointerAcquire(&once->Ptr);
}

static void wait_for(PRTL_RUN_ONCE once, ULONG_PTR seen)
{
    RUN_ONCE_WAITER waiter;
    waiter.Next = (RUN_ONCE_WAITER *)(seen & ~STATE_MASK);
    KeInitializeEvent(&waiter.Event, NotificationEvent, FALSE);
    if (change(once, seen, (ULONG_PTR)&waiter | RUNNING)) {
        KeWaitForSingleObject(&waiter.Event, Executive, KernelMode, FALSE, NULL);
    }
}

NTSYSAPI VOID NTAPI RtlRunOnceInitialize(PRTL_RUN_ONCE RunOnce)
{
    RunOnce->Ptr = NULL;
}

NTSYSAPI NTSTATUS NTAPI RtlRunOnceBeginInitialize(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID *Context)
{
    if ((Flags & ~(RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) != 0 ||
        Flags == (RTL_RUN_ONCE_CHECK_ONLY | RTL_RUN_ONCE_ASYNC)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    for (;;) {
        ULONG_PTR seen = state_of(RunOnce);
        if ((seen & STATE_MASK) == DONE) {
            if (Context != NULL) {
                *Context = (PVOID)(seen & ~STATE_MASK);
            }
            return STATUS_SUCCESS;
        }
        if (Flags & RTL_RUN_ONCE_CHECK_ONLY) {
            return STATUS_UNSUCCESSFUL;
        }
        if (seen == IDLE) {
            if (change(RunOnce, IDLE, (Flags & RTL_RUN_ONCE_ASYNC) != 0 ? ASYNC : RUNNING)) {
                return STATUS_PENDING;
            }
        } else if ((seen & STATE_MASK) == ASYNC) {
            return (Flags & RTL_RUN_ONCE_ASYNC) != 0 ? STATUS_PENDING : STATUS_INVALID_PARAMETER_2;
        } else if (Flags & RTL_RUN_ONCE_ASYNC) {
            return STATUS_INVALID_PARAMETER_2;
        } else {
            wait_for(RunOnce, seen);
        }
    }
}

NTSYSAPI NTSTATUS NTAPI RtlRunOnceComplete(PRTL_RUN_ONCE RunOnce, ULONG Flags, PVOID Context)
{
    ULONG_PTR seen, next = (ULONG_PTR)Context | DONE;
    if ((Flags & ~(RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_INIT_FAILED)) != 0 ||
        Flags == (RTL_RUN_ONCE_ASYNC | RTL_RUN_ONCE_INIT_FAILED)) {
        return STATUS_INVALID_PARAMETER_2;
    }
    if (Flags & RTL_RUN_ONCE_INIT_FAILED) {
        if (Context != NULL) {
            return STATUS_INVALID_PARAMETER_3;
        }
        next = IDLE;
    } else if (((ULONG_PTR)Context & STATE_MASK) != 0) {
        return STATUS_INVALID_PARAMETER_3;
    }
    if (Flags & RTL_RUN_ONCE_ASYNC) {
        return change(RunOnce, ASYNC, next) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
    }
    do {
        seen = state_of(RunOnce);
        if ((seen & STATE_MASK) != RUNNING) {
            return STATUS_UNSUCCESSFUL;
        }
    } while (!change(RunOnce, seen, next));
    for (RUN_ONCE_WAITER *waiter = (RUN_ONCE_WAITER *)(seen & ~STATE_MASK); waiter != NULL;) {
        RUN_ONCE_WAITER *following = waiter->Next; /* the block is gone once its thread runs */
        KeSetEvent(&waiter->Event, EVENT_INCREMENT, FALSE);
        waiter = following;
    }
    return STATUS_SUCCESS;
}

NTSYSAPI NTSTATUS NTAPI RtlRunOnceExecuteOnce(PRTL_RUN_ONCE RunOnce, PRTL_RUN_ONCE_INIT_FN InitFn,
                                              PVOID Parameter, PVOID *Context)
{
    PVOID made = NULL;
    NTSTATUS status = RtlRunOnceBeginInitialize(RunOnce, 0, Context);
    if (status != STATUS_PENDING) {
        return status;
    }
    if (!InitFn(RunOnce, Parameter, &made)) {
        RtlRunOnceComplete(RunOnce, RTL_RUN_ONCE_INIT_FAILED, NULL);
        return STATUS_UNSUCCESSFUL;
    }
    status = RtlRunOnceComplete(RunOnce, 0, made);
    if (NT_SUCCESS(status) && Context != NULL) {
        *Context = made;
    }
    return status;
}
