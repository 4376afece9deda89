/* SPDX-License-Identifier: MIT */
/*
 * se/logon.c: logon sessions. A session lives as long as a token names it. When the last one goes, routines that asked
 * for it are told, if somebody marked the session.
 *
 * The routines run on a worker thread at PASSIVE_LEVEL, for a token may go anywhere. Unregistering waits for a call in
 * progress, so that its driver may unload afterwards.
 *
 * Lock: l, a spin lock over sessions and routines, a leaf. Pages: nf-ntifs-seregisterlogonsessionterminatedroutine,
 * -semarklogonsessionforterminationnotification.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"
#include <nt/sefs.h>

typedef struct _SEP_LOGON_SESSION {
    LIST_ENTRY entry; /* l */
    LUID id;          /* constant */
    ULONG references; /* l */
    BOOLEAN marked;   /* l */
    WORK_QUEUE_ITEM item;
} SEP_LOGON_SESSION;

typedef struct routine {
    LIST_ENTRY entry; /* l */
    PSE_LOGON_SESSION_TERMINATED_ROUTINE call;
    ULONG running; /* l */
    BOOLEAN gone;  /* l: unregistered while it runs; who unregistered it waits */
} routine;

static KSPIN_LOCK lock; /* l */
static LIST_ENTRY sessions = {&sessions, &sessions}, routines = {&routines, &routines};

static SEP_LOGON_SESSION *find_session(LUID id)
{
    for (PLIST_ENTRY l = sessions.Flink; l != &sessions; l = l->Flink) {
        SEP_LOGON_SESSION *session = CONTAINING_RECORD(l, SEP_LOGON_SESSION, entry);
        if (SepEqualLuid(session->id, id))
            return session;
    }
    return NULL;
}

void SepInitLogonSessions(void)
{
    InitializeListHead(&sessions);
    InitializeListHead(&routines);
}

/* ---------------------------------------------------------------- telling */

/* The routine after `previous`, for a call; `previous` is done with. */
static routine *next_routine(routine *previous)
{
    routine *next = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    PLIST_ENTRY l = previous ? previous->entry.Flink : routines.Flink;
    for (; l != &routines && !next; l = l->Flink) {
        routine *candidate = CONTAINING_RECORD(l, routine, entry);
        if (!candidate->gone)
            next = candidate;
    }
    if (next)
        next->running++;
    if (previous)
        previous->running--;
    KeReleaseSpinLock(&lock, irql);
    return next;
}

static VOID NTAPI tell(PVOID context)
{
    SEP_LOGON_SESSION *session = context;
    for (routine *r = next_routine(NULL); r; r = next_routine(r)) {
        LUID id = session->id;
        r->call(&id);
    }
    ExFreePoolWithTag(session, SE_TAG);
}

SEP_LOGON_SESSION *SepReferenceLogonSession(LUID Id)
{
    SEP_LOGON_SESSION *fresh = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*fresh), SE_TAG);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    SEP_LOGON_SESSION *session = find_session(Id);
    if (session) {
        session->references++;
    } else if (fresh) {
        session = fresh;
        *session = (SEP_LOGON_SESSION){.id = Id, .references = 1};
        InsertTailList(&sessions, &session->entry);
    }
    KeReleaseSpinLock(&lock, irql);
    if (fresh && fresh != session)
        ExFreePoolWithTag(fresh, SE_TAG);
    return session;
}

void SepDereferenceLogonSession(SEP_LOGON_SESSION *Session)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    BOOLEAN last = --Session->references == 0;
    if (last)
        RemoveEntryList(&Session->entry);
    KeReleaseSpinLock(&lock, irql);
    if (!last)
        return;
    if (!Session->marked) {
        ExFreePoolWithTag(Session, SE_TAG);
        return;
    }
    ExInitializeWorkItem(&Session->item, tell, Session);
    ExQueueWorkItem(&Session->item, DelayedWorkQueue);
}

/* ---------------------------------------------------------------- asking to be told */

NTSTATUS NTAPI SeMarkLogonSessionForTerminationNotification(PLUID LogonId)
{
    LUID id = *LogonId;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    SEP_LOGON_SESSION *session = find_session(id);
    if (session)
        session->marked = TRUE;
    KeReleaseSpinLock(&lock, irql);
    return session ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

NTSTATUS NTAPI SeRegisterLogonSessionTerminatedRoutine(PSE_LOGON_SESSION_TERMINATED_ROUTINE CallbackRoutine)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (!CallbackRoutine)
        return STATUS_INVALID_PARAMETER;
    routine *r = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*r), SE_TAG);
    if (!r)
        return STATUS_INSUFFICIENT_RESOURCES;
    *r = (routine){.call = CallbackRoutine};
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    InsertTailList(&routines, &r->entry);
    KeReleaseSpinLock(&lock, irql);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeUnregisterLogonSessionTerminatedRoutine(PSE_LOGON_SESSION_TERMINATED_ROUTINE CallbackRoutine)
{
    LARGE_INTEGER tick = {.QuadPart = -10000};
    routine *found = NULL;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (!CallbackRoutine)
        return STATUS_INVALID_PARAMETER;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (PLIST_ENTRY l = routines.Flink; l != &routines && !found; l = l->Flink) {
        routine *candidate = CONTAINING_RECORD(l, routine, entry);
        if (candidate->call == CallbackRoutine && !candidate->gone)
            found = candidate;
    }
    if (found)
        found->gone = TRUE;
    /* It stays in the list while a walk stands on it. */
    while (found && found->running) {
        KeReleaseSpinLock(&lock, irql);
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
        irql = KeAcquireSpinLockRaiseToDpc(&lock);
    }
    if (found)
        RemoveEntryList(&found->entry);
    KeReleaseSpinLock(&lock, irql);
    if (!found)
        return STATUS_INSUFFICIENT_RESOURCES; /* documented: no list entry was found */
    ExFreePoolWithTag(found, SE_TAG);
    return STATUS_SUCCESS;
}
