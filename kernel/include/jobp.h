/* SPDX-License-Identifier: MIT */
/*
 * jobp.h: jobs and silos as the other managers see them (kernel/ps implements them).
 *
 * A job is a group of processes with limits. Jobs nest: a process belongs to its innermost job and to all of that
 * one's ancestors. A silo is a job that has storage for contexts of drivers; a server silo is a silo that the silo
 * monitors have been told of. The host is the silo of everybody else and is spelt NULL.
 *
 * References: a process holds its innermost job from joining to its deletion, a job its parent. So the chain above a
 * process, once seen, stays while the process does, and is walked without a lock.
 *
 * Locks: j PspJobLock, a spin lock at DISPATCH_LEVEL over membership, counts and limits; it is a leaf.
 *        S the silo gate, a resource; see silomonitor.c.   c a silo's context lock, spin, DISPATCH, a leaf.
 */
#ifndef KILN_JOBP_H
#define KILN_JOBP_H

#include <nt/silo.h>
#include "psp.h"

#define PSP_SILO_SLOTS 128
#define PSP_JOB_TAG    0x20626f4a /* 'Job ' */

typedef enum _SERVERSILO_STATE {
    SERVERSILO_INITING,
    SERVERSILO_STARTED,
    SERVERSILO_SHUTTING_DOWN,
    SERVERSILO_TERMINATING,
    SERVERSILO_TERMINATED
} SERVERSILO_STATE;

/* What makes a job a silo, and the host the host. */
typedef struct _PSP_SILO {
    KSPIN_LOCK Lock;                  /* c */
    PVOID Contexts[PSP_SILO_SLOTS];   /* c: referenced */
    UCHAR Permanent[PSP_SILO_SLOTS];  /* c: the slot is read-only */
    UCHAR Monitored[PSP_SILO_SLOTS];  /* S: the monitor with this slot was told of the silo's creation */
    BOOLEAN Closed;                   /* c: contexts have been taken out for good */
    BOOLEAN Server;                   /* set once, under S */
    struct _EJOB *Job;                /* constant; NULL: the host */
    ULONG EndState;                   /* j: how far its end has come; see silomonitor.c */
    SERVERSILO_STATE State;           /* S */
    NTSTATUS ExitStatus;              /* set once, when the end is asked for */
    GUID ContainerId;                 /* constant */
    LIST_ENTRY ServerEntry;           /* S: all server silos */
    WORK_QUEUE_ITEM EndItem;
    PKEVENT DeleteEvent;              /* referenced; set when the silo has ended. May be NULL */
} PSP_SILO, *PPSP_SILO;

typedef struct _EJOB {
    KEVENT Event;             /* first: what a wait on a handle waits for */
    LIST_ENTRY AllJobsEntry;  /* j */
    ERESOURCE Lock;           /* PsGetJobLock: for the callers of that routine */
    struct _EJOB *ParentJob;  /* set once under j; referenced */
    ULONG64 EndedTime;        /* j: run time of members that have ended, in 100 ns */
    ULONG ActiveProcesses;    /* j: descendants included, as all counts */
    ULONG TotalProcesses;     /* j */
    ULONG LimitTerminations;  /* j: processes ended because they would have exceeded a limit */
    ULONG JobId;              /* constant: for reports */
    ULONG SessionId;          /* constant */
    ULONG LimitFlags;         /* j: JOB_OBJECT_LIMIT_* */
    ULONG ActiveProcessLimit; /* j */
    KAFFINITY Affinity;       /* j */
    ULONG PriorityClass;      /* j */
    ULONG EndOfJobTimeAction; /* j */
    ULONG UIRestrictionsClass;
    PVOID CompletionPort;     /* set once under j; referenced */
    PVOID CompletionKey;      /* set with the port */
    WORK_QUEUE_ITEM KillItem; /* of the last handle's close */
    BOOLEAN Ending;           /* j: nobody joins any more */
    PPSP_SILO Silo;           /* set once under j: the job is a silo */
} EJOB;

extern POBJECT_TYPE PspJobType;
extern KSPIN_LOCK PspJobLock; /* j */
extern PSP_SILO PspHostSilo;

void PspInitJobs(void);  /* phase 0 */
void PspInitSilos(void); /* phase 1 */

/*
 * A process that Parent made enters Parent's jobs, unless they let children break away (silently, or because the
 * creator asked for it: Breakaway). Before it has threads. STATUS_QUOTA_EXCEEDED: the limit of active processes;
 * STATUS_PROCESS_IS_TERMINATING; STATUS_ACCESS_DENIED: no leave to break away. PASSIVE_LEVEL.
 */
NTSTATUS PspInheritJob(PEPROCESS Parent, PEPROCESS Process, BOOLEAN Breakaway);

/* The process has ended: it no longer counts, and its jobs' ports are told. PASSIVE_LEVEL. */
void PspLeaveJob(PEPROCESS Process, NTSTATUS ExitStatus);

/* The process object goes. */
void PspReleaseJob(PEPROCESS Process);

/* End a process. Of the caller's own process it may not return. */
NTSTATUS PspTerminateProcess(PEPROCESS Process, NTSTATUS ExitStatus);

/* Is Job the job Ancestor or one nested in it? FALSE for NULL. */
BOOLEAN PspIsJobUnder(PEJOB Job, PEJOB Ancestor);

/* The job's limits on processors or priority have changed: make them true of its members. PASSIVE_LEVEL. */
void PspApplyJobLimits(PEJOB Job);

/*
 * End all processes of the job and of the jobs nested in it, but the caller's own: TRUE if that one is a member, and is
 * the caller's to end when it holds nothing any more. PASSIVE_LEVEL.
 */
BOOLEAN PspTerminateJob(PEJOB Job, NTSTATUS ExitStatus);

/* The innermost job of the process that is a silo; NULL: the host. Any IRQL <= DISPATCH_LEVEL. */
PESILO PspProcessSilo(PEPROCESS Process);
/* From Job on upwards, the first silo, the first server silo; NULL: the host. */
PESILO PspSiloOfJob(PEJOB Job);
PESILO PspServerSiloOfJob(PEJOB Job);

/* The job becomes a silo. STATUS_CONTAINER_ASSIGNED: it is one; STATUS_NOT_SUPPORTED: it has processes. */
NTSTATUS PspCreateSilo(PEJOB Job);
/* The silo becomes a server silo: the monitors are told. The status of the one that refused. PASSIVE_LEVEL. */
NTSTATUS PspStartServerSilo(PEJOB Job, PKEVENT DeleteEvent);
/* The last process has left, or the silo is to end: its end is queued, once. <= DISPATCH_LEVEL. */
void PspEndSilo(PEJOB Job, NTSTATUS ExitStatus);

/* The storage of a silo, NULL is the host. */
static inline PPSP_SILO PspSiloStorage(PESILO Silo)
{
    return Silo ? Silo->Silo : &PspHostSilo;
}

/*
 * Take the contexts of the silo out; nothing can be inserted afterwards. Permanent ones only at the very end: they are
 * good for as long as the silo is referenced. <= DISPATCH_LEVEL.
 */
void PspCloseSiloContexts(PESILO Silo, BOOLEAN Permanent);
/* Slots for monitors. FALSE: none free. */
BOOLEAN PspAllocateSiloSlot(ULONG *Slot);
/* Take permanent contexts out of Slot, wait until it is empty in every silo, and free it. PASSIVE_LEVEL. */
void PspDrainSiloSlot(ULONG Slot);

/* Monitors whose routines lie in [Begin, End): an unloading image left them. As PspRemoveNotifyRoutinesInImage. */
ULONG PspRemoveSiloMonitorsInImage(PVOID Begin, PVOID End, void (*Describe)(const char *What, PVOID Routine));

/* The thread ends, or its routine returned: is it attached to a silo? *Silo: which. */
BOOLEAN PspIsAttachedToSilo(PETHREAD Thread, PESILO *Silo);

/* *Job NULL first; the returned one is referenced, and dereferenced by the next call. FALSE at the end. */
BOOLEAN PspEnumerateJobs(PEJOB *Job);

/* ---- services (documented for user mode: CreateJobObject and its siblings) ---- */

#define JOB_OBJECT_ASSIGN_PROCESS          0x0001
#define JOB_OBJECT_SET_ATTRIBUTES          0x0002
#define JOB_OBJECT_QUERY                   0x0004
#define JOB_OBJECT_TERMINATE               0x0008
#define JOB_OBJECT_SET_SECURITY_ATTRIBUTES 0x0010
#define JOB_OBJECT_IMPERSONATE             0x0020
#define JOB_OBJECT_ALL_ACCESS              (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3F)

typedef enum _JOBOBJECTINFOCLASS {
    JobObjectBasicAccountingInformation = 1,
    JobObjectBasicLimitInformation,
    JobObjectBasicProcessIdList,
    JobObjectBasicUIRestrictions,
    JobObjectSecurityLimitInformation,
    JobObjectEndOfJobTimeInformation,
    JobObjectAssociateCompletionPortInformation,
    JobObjectBasicAndIoAccountingInformation,
    JobObjectExtendedLimitInformation,
    JobObjectJobSetInformation,
    JobObjectGroupInformation,
    JobObjectGroupInformationEx = 14,
    JobObjectCreateSilo = 35,
    JobObjectSiloBasicInformation = 36,
    JobObjectServerSiloBasicInformation = 37,
    JobObjectServerSiloInitialize = 40
} JOBOBJECTINFOCLASS;

typedef struct _JOBOBJECT_BASIC_ACCOUNTING_INFORMATION {
    LARGE_INTEGER TotalUserTime, TotalKernelTime, ThisPeriodTotalUserTime, ThisPeriodTotalKernelTime;
    ULONG TotalPageFaultCount, TotalProcesses, ActiveProcesses, TotalTerminatedProcesses;
} JOBOBJECT_BASIC_ACCOUNTING_INFORMATION;

typedef struct _JOBOBJECT_BASIC_LIMIT_INFORMATION {
    LARGE_INTEGER PerProcessUserTimeLimit, PerJobUserTimeLimit;
    ULONG LimitFlags;
    SIZE_T MinimumWorkingSetSize, MaximumWorkingSetSize;
    ULONG ActiveProcessLimit;
    ULONG_PTR Affinity;
    ULONG PriorityClass, SchedulingClass;
} JOBOBJECT_BASIC_LIMIT_INFORMATION;

typedef struct _JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
    JOBOBJECT_BASIC_LIMIT_INFORMATION BasicLimitInformation;
    ULONGLONG IoInfo[6];
    SIZE_T ProcessMemoryLimit, JobMemoryLimit, PeakProcessMemoryUsed, PeakJobMemoryUsed;
} JOBOBJECT_EXTENDED_LIMIT_INFORMATION;

typedef struct _JOBOBJECT_BASIC_PROCESS_ID_LIST {
    ULONG NumberOfAssignedProcesses, NumberOfProcessIdsInList;
    ULONG_PTR ProcessIdList[ANYSIZE_ARRAY];
} JOBOBJECT_BASIC_PROCESS_ID_LIST;

typedef struct _JOBOBJECT_ASSOCIATE_COMPLETION_PORT {
    PVOID CompletionKey;
    HANDLE CompletionPort;
} JOBOBJECT_ASSOCIATE_COMPLETION_PORT;

typedef struct _SILOOBJECT_BASIC_INFORMATION {
    ULONG SiloId, SiloParentId, NumberOfProcesses;
    BOOLEAN IsInServerSilo;
    UCHAR Reserved[3];
} SILOOBJECT_BASIC_INFORMATION;

typedef struct _SERVERSILO_BASIC_INFORMATION {
    ULONG ServiceSessionId;
    SERVERSILO_STATE State;
    ULONG ExitStatus;
    BOOLEAN IsDownlevelContainer;
    PVOID ApiSetSchema, HostApiSetSchema;
} SERVERSILO_BASIC_INFORMATION;

typedef struct _SERVERSILO_INIT_INFORMATION {
    HANDLE DeleteEvent; /* an event to set when the silo has ended, or NULL */
    BOOLEAN IsDownlevelContainer;
} SERVERSILO_INIT_INFORMATION;

C_ASSERT(sizeof(JOBOBJECT_BASIC_ACCOUNTING_INFORMATION) == 0x30);
C_ASSERT(sizeof(JOBOBJECT_BASIC_LIMIT_INFORMATION) == 0x40);
C_ASSERT(sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION) == 0x90);

#define JOB_OBJECT_LIMIT_ACTIVE_PROCESS             0x0008
#define JOB_OBJECT_LIMIT_AFFINITY                   0x0010
#define JOB_OBJECT_LIMIT_PRIORITY_CLASS             0x0020
#define JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION 0x0400
#define JOB_OBJECT_LIMIT_BREAKAWAY_OK               0x0800
#define JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK        0x1000
#define JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE          0x2000

#define JOB_OBJECT_UILIMIT_ALL 0x000000FF

#define JOB_OBJECT_MSG_ACTIVE_PROCESS_LIMIT  3
#define JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO   4
#define JOB_OBJECT_MSG_NEW_PROCESS           6
#define JOB_OBJECT_MSG_EXIT_PROCESS          7
#define JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS 8

NTSTATUS NTAPI NtCreateJobObject(PHANDLE JobHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI ZwCreateJobObject(PHANDLE JobHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtOpenJobObject(PHANDLE JobHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI ZwOpenJobObject(PHANDLE JobHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes);
NTSTATUS NTAPI NtAssignProcessToJobObject(HANDLE JobHandle, HANDLE ProcessHandle);
NTSTATUS NTAPI ZwAssignProcessToJobObject(HANDLE JobHandle, HANDLE ProcessHandle);
/* STATUS_PROCESS_IN_JOB or STATUS_PROCESS_NOT_IN_JOB, both successes. JobHandle NULL: in any job? */
NTSTATUS NTAPI NtIsProcessInJob(HANDLE ProcessHandle, HANDLE JobHandle);
NTSTATUS NTAPI ZwIsProcessInJob(HANDLE ProcessHandle, HANDLE JobHandle);
NTSTATUS NTAPI NtTerminateJobObject(HANDLE JobHandle, NTSTATUS ExitStatus);
NTSTATUS NTAPI ZwTerminateJobObject(HANDLE JobHandle, NTSTATUS ExitStatus);
/* JobHandle NULL: the innermost job of the caller's process, STATUS_ACCESS_DENIED if it has none. */
NTSTATUS NTAPI NtQueryInformationJobObject(HANDLE JobHandle, JOBOBJECTINFOCLASS JobInformationClass,
                                           PVOID JobInformation, ULONG JobInformationLength,
                                           PULONG ReturnLength);
NTSTATUS NTAPI ZwQueryInformationJobObject(HANDLE JobHandle, JOBOBJECTINFOCLASS JobInformationClass,
                                           PVOID JobInformation, ULONG JobInformationLength,
                                           PULONG ReturnLength);
NTSTATUS NTAPI NtSetInformationJobObject(HANDLE JobHandle, JOBOBJECTINFOCLASS JobInformationClass,
                                         PVOID JobInformation, ULONG JobInformationLength);
NTSTATUS NTAPI ZwSetInformationJobObject(HANDLE JobHandle, JOBOBJECTINFOCLASS JobInformationClass,
                                         PVOID JobInformation, ULONG JobInformationLength);

/* What exported routines say of a job. Any IRQL. */
PEJOB NTAPI PsGetProcessJob(PEPROCESS Process);
ULONG NTAPI PsGetJobSessionId(PEJOB Job);
PERESOURCE NTAPI PsGetJobLock(PEJOB Job);
ULONG NTAPI PsGetJobUIRestrictionsClass(PEJOB Job);
VOID NTAPI PsSetJobUIRestrictionsClass(PEJOB Job, ULONG UIRestrictionsClass);

#endif
