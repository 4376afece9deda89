/* SPDX-License-Identifier: MIT */
/*
 * ps/silo.c: which silo a thread, a process or a job is in.
 *
 * The host silo is spelt NULL. A thread is in the silo it is attached to, or else in its process's. The thread's
 * AttachedSilo is NULL when it is not attached, so that a zeroed thread is right, and ATTACHED_TO_HOST for the host;
 * drivers see (PESILO)-3 for "not attached" as what PsAttachSiloToCurrentThread returns, an opaque value to them.
 *
 * No lock: job chains are constant while somebody holds their lower end (jobp.h).
 * Pages: nf-ntddk-psgetcurrentsilo and its siblings.
 */
#include "psi.h"
#include "jobp.h"

#define ATTACHED_TO_HOST ((PVOID)1)
#define NOT_ATTACHED     ((PESILO)-3)

PESILO PspSiloOfJob(PEJOB Job)
{
    while (Job && !__atomic_load_n(&Job->Silo, __ATOMIC_ACQUIRE))
        Job = Job->ParentJob;
    return Job;
}

static BOOLEAN is_server(PEJOB job)
{
    PPSP_SILO silo = __atomic_load_n(&job->Silo, __ATOMIC_ACQUIRE);
    return silo && KI_PEEK(silo->Server);
}

PESILO PspServerSiloOfJob(PEJOB Job)
{
    while (Job && !is_server(Job))
        Job = Job->ParentJob;
    return Job;
}

static PEJOB job_of(PEPROCESS process)
{
    return __atomic_load_n(&process->Job, __ATOMIC_ACQUIRE);
}

PESILO PspProcessSilo(PEPROCESS Process)
{
    return PspSiloOfJob(job_of(Process));
}

/* The silo of the thread, whether server silo or not. */
static PESILO silo_of(PETHREAD thread)
{
    if (thread->AttachedSilo)
        return thread->AttachedSilo == ATTACHED_TO_HOST ? NULL : thread->AttachedSilo;
    return PspProcessSilo(thread->ThreadsProcess);
}

/* ---------------------------------------------------------------- attaching */

PESILO NTAPI PsAttachSiloToCurrentThread(PESILO Silo)
{
    PETHREAD thread = PspCurrentThread();
    PVOID previous = thread->AttachedSilo;
    thread->AttachedSilo = Silo ? (PVOID)Silo : ATTACHED_TO_HOST;
    return previous == NULL ? NOT_ATTACHED : previous == ATTACHED_TO_HOST ? NULL : previous;
}

VOID NTAPI PsDetachSiloFromCurrentThread(PESILO PreviousSilo)
{
    PspCurrentThread()->AttachedSilo = PreviousSilo == NOT_ATTACHED ? NULL
                                       : PreviousSilo               ? (PVOID)PreviousSilo
                                                                    : ATTACHED_TO_HOST;
}

BOOLEAN PspIsAttachedToSilo(PETHREAD Thread, PESILO *Silo)
{
    *Silo = Thread->AttachedSilo == ATTACHED_TO_HOST ? NULL : Thread->AttachedSilo;
    return Thread->AttachedSilo != NULL;
}

/* ---------------------------------------------------------------- asking */

PESILO NTAPI PsGetCurrentSilo(VOID)
{
    return silo_of(PspCurrentThread());
}

PESILO NTAPI PsGetCurrentServerSilo(VOID)
{
    return PspServerSiloOfJob(silo_of(PspCurrentThread()));
}

PESILO NTAPI PsGetThreadServerSilo(PETHREAD Thread)
{
    return PspServerSiloOfJob(silo_of(Thread));
}

PESILO NTAPI PsGetHostSilo(VOID)
{
    return NULL;
}

BOOLEAN NTAPI PsIsHostSilo(PESILO Silo)
{
    return Silo == NULL;
}

PESILO NTAPI PsGetEffectiveServerSilo(PESILO Silo)
{
    return PspServerSiloOfJob(Silo);
}

PESILO NTAPI PsGetParentSilo(PEJOB Job)
{
    return Job ? PspSiloOfJob(Job->ParentJob) : NULL;
}

NTSTATUS NTAPI PsGetJobSilo(PEJOB Job, PESILO *Silo)
{
    if (!Job)
        return STATUS_INVALID_PARAMETER;
    *Silo = PspSiloOfJob(Job);
    return *Silo ? STATUS_SUCCESS : STATUS_JOB_NO_CONTAINER;
}

NTSTATUS NTAPI PsGetJobServerSilo(PEJOB Job, PESILO *ServerSilo)
{
    if (!Job)
        return STATUS_INVALID_PARAMETER;
    *ServerSilo = PspServerSiloOfJob(Job);
    return STATUS_SUCCESS;
}

GUID *NTAPI PsGetSiloContainerId(PESILO Silo)
{
    return &PspSiloStorage(Silo)->ContainerId;
}

/* One session exists, the console's, and jobs are of it. */
ULONG NTAPI PsGetServerSiloActiveConsoleId(PESILO Silo)
{
    return Silo ? Silo->SessionId : PsInitialSystemProcess->SessionId;
}
