/* SPDX-License-Identifier: MIT */
/*
 * psp.h: processes and threads as the other managers see them (kernel/ps implements it).
 *
 * An ETHREAD begins with the kernel's KTHREAD and an EPROCESS with the KPROCESS, so PETHREAD and PKTHREAD
 * (PEPROCESS and PKPROCESS) are one address. Both are objects. A thread holds a reference to its process
 * until it is deleted; a running thread and a process with threads hold a reference to themselves.
 *
 * Processes: Idle (id 0, no object handle), System (id 4: all system threads), and one for each user-mode
 * client, with an address slice of its own.
 *
 * Locks: p PspProcessLock, a spin lock at DISPATCH_LEVEL over the process list, thread lists and counts. It
 * is a leaf.
 */
#ifndef KILN_PSP_H
#define KILN_PSP_H

#include <nt/ps.h>
#include <nt/se.h>
#include <nt/ex.h>
#include "ki.h"
#include "obp.h"

/* EPROCESS.PriorityClass, as NtSetInformationProcess(ProcessPriorityClass) takes it */
#define PROCESS_PRIORITY_CLASS_IDLE         1
#define PROCESS_PRIORITY_CLASS_NORMAL       2
#define PROCESS_PRIORITY_CLASS_HIGH         3
#define PROCESS_PRIORITY_CLASS_REALTIME     4
#define PROCESS_PRIORITY_CLASS_BELOW_NORMAL 5
#define PROCESS_PRIORITY_CLASS_ABOVE_NORMAL 6

typedef struct _EPROCESS {
    KPROCESS Pcb; /* first */
    HANDLE UniqueProcessId;
    HANDLE InheritedFromUniqueProcessId;
    LIST_ENTRY ActiveProcessLinks; /* p: PsActiveProcessHead */
    LARGE_INTEGER CreateTime;
    LARGE_INTEGER ExitTime; /* 0 while it runs */
    NTSTATUS ExitStatus;    /* STATUS_PENDING while it runs */
    PHANDLE_TABLE ObjectTable;
    PACCESS_TOKEN Token;
    LIST_ENTRY ThreadListHead; /* p: ETHREAD.ThreadListEntry */
    ULONG ActiveThreads;       /* p */
    ULONG Exiting;             /* p: its end has begun */
    ULONG Terminating;         /* p: it was told to end; no thread is added any more */
    NTSTATUS TerminateStatus;  /* p: with what, then */
    ULONG CreateReported;      /* a: the create notify routines were called, or need not be */
    EX_RUNDOWN_REF Rundown;    /* PsAcquireProcessExitSynchronization */
    UCHAR PriorityClass;       /* PROCESS_PRIORITY_CLASS_... */
    BOOLEAN PriorityForeground;
    UCHAR PagePriority;        /* as set and asked for; nothing is paged by it */
    ULONG HardErrorMode;       /* as set and asked for */
    BOOLEAN PriorityBoostDisabled;
    ULONG BreakOnTermination;
    BOOLEAN Wow64; /* a 32-bit process; constant */
    ULONG SessionId;
    PVOID MmSlice; /* mm's: the user address slice */
    PVOID Peb;
    struct _EJOB *Job; /* the innermost (jobp.h), referenced; changed under j, read atomically */
    BOOLEAN JobLeft;   /* j: it has ended, and no longer counts in its jobs */
    ULONG JobMark;     /* p: of the last walk over a job's members that met it */
    PVOID SectionBaseAddress;
    PUNICODE_STRING ImageFullName; /* constant; may be NULL */
    ULONGLONG ProcessStartKey;
    UCHAR ImageFileName[16]; /* constant, terminated */
} EPROCESS;

typedef struct _ETHREAD {
    KTHREAD Tcb; /* first */
    LARGE_INTEGER CreateTime;
    LARGE_INTEGER ExitTime;
    NTSTATUS ExitStatus; /* STATUS_PENDING while it runs */
    CLIENT_ID Cid;
    PEPROCESS ThreadsProcess;   /* referenced */
    LIST_ENTRY ThreadListEntry; /* p */
    LIST_ENTRY IrpList;    /* io's: IRPs issued by the thread; only it removes them; guarded by IrpListLock */
    ULONG IrpListLock;     /* io's: raw lock T (iop.h) */
    BOOLEAN HardErrorsOff; /* io's: IoSetThreadHardErrorMode(FALSE) */
    PVOID TopLevelIrp;     /* io's */
    PVOID DeviceToVerify;  /* io's */
    PVOID AttachedSilo;    /* [thread] PsAttachSiloToCurrentThread: silo.c says how it is encoded */
    PKSTART_ROUTINE StartAddress;
    PVOID StartContext;
    PACCESS_TOKEN ImpersonationToken; /* referenced; guarded by the owner or p */
    SECURITY_IMPERSONATION_LEVEL ImpersonationLevel;
    BOOLEAN ActiveImpersonation;
    BOOLEAN EffectiveOnly;
    BOOLEAN CopyOnOpen;
    BOOLEAN SystemThread; /* made by PsCreateSystemThread in the System process */
    BOOLEAN Terminated;   /* the exit path has begun */
    BOOLEAN Notified;     /* thread-create notify routines have run */
    UCHAR PagePriority;   /* as set and asked for; nothing is paged by it */
    BOOLEAN ClientThread; /* lives on a host stack: it is the client, not created by PspCreateThread */
    BOOLEAN UserThread;   /* executes user code, on a user stack: made by PspCreateUserThread */
    BOOLEAN BreakOnTermination;
    PVOID UserRange;          /* of the slice: guard page, stack, TEB, library area; NULL: none, or given back */
    PVOID UserArea;           /* library area: PSP_USER_AREA_BYTES of the client layer's */
    volatile LONG ExitClaimed; /* a: somebody said how the thread is to end ... */
    NTSTATUS ClaimedStatus;    /* ... with this status; written by the claimer before ExitPending */
    UNICODE_STRING Name;       /* p: ThreadNameInformation; pool */
    ULONG ThrottlingControl, ThrottlingState; /* as set and asked for: nothing is throttled */
} ETHREAD;

/* ke keeps this much room around the threads and the process it made before ps existed. */
C_ASSERT(sizeof(ETHREAD) <= 4096 && sizeof(EPROCESS) <= 4096);
C_ASSERT(__builtin_offsetof(EPROCESS, Pcb) == 0);
C_ASSERT(__builtin_offsetof(ETHREAD, Tcb) == 0);

extern PEPROCESS PsInitialSystemProcess;
extern PEPROCESS PsIdleProcess;
extern LIST_ENTRY PsActiveProcessHead; /* p */
extern KSPIN_LOCK PspProcessLock;      /* p */
extern PHANDLE_TABLE PspCidTable;

/*
 * Phase 0, after ObInitSystem(0) and SeInitSystem(0): types, the Idle and the System process, the CID table.
 * Phase 1: threads can be created.
 */
void PsInitSystem(ULONG Phase);

/* ---------------------------------------------------------------- threads */

/*
 * Make a thread of Process that calls StartRoutine(StartContext) in kernel mode at PASSIVE_LEVEL, not started
 * if Suspended (KeResumeThread-style start by PspStartThread). *Thread is referenced for the caller. The
 * stack comes from MmCreateKernelStack. PASSIVE_LEVEL. STATUS_INSUFFICIENT_RESOURCES,
 * STATUS_PROCESS_IS_TERMINATING.
 */
NTSTATUS PspCreateThread(PEPROCESS Process, PKSTART_ROUTINE StartRoutine, PVOID StartContext,
                         BOOLEAN Suspended, PETHREAD *Thread);
NTSTATUS PspStartThread(PETHREAD Thread);

#define PSP_TEB_BYTES       0x2000
#define PSP_USER_AREA_BYTES 0x6000
#define PSP_USER_STACK_MAX  (16u << 20)

/*
 * Make a thread of a user process that calls Start(Context) as user code: on a stack of StackBytes (0: 128 KB) in the
 * process's slice, with a TEB, and entering the kernel through KiEnterKernel (or the calls of client.h). What Start
 * returns is its exit status. The first thread of a process has the process announced, and a driver may refuse it. The
 * caller is given a reference. PASSIVE_LEVEL. STATUS_PROCESS_IS_TERMINATING, STATUS_NO_MEMORY,
 * STATUS_INVALID_PARAMETER (no slice, or too large a stack), or what a driver refused with.
 */
typedef int PSP_USER_START(void *Context);
NTSTATUS PspCreateUserThread(PEPROCESS Process, PSP_USER_START *Start, PVOID Context, SIZE_T StackBytes,
                             BOOLEAN Suspended, PETHREAD *Thread);

/*
 * The current thread is about to leave the kernel for user code: it ends here if it was told to, and runs its user APCs.
 * A thread without user code returns at once. PASSIVE_LEVEL, not attached.
 */
void PspReturnToUser(void);

/* One system call of the current thread: fn(Context) in the kernel, then PspReturnToUser. */
void PspSystemCall(void (*fn)(void *), void *Context);

/*
 * Tell a thread of a user process to end. The current one ends at once. STATUS_INVALID_PARAMETER for a system thread,
 * STATUS_THREAD_IS_TERMINATING. PASSIVE_LEVEL.
 */
NTSTATUS PspTerminateThread(PETHREAD Thread, NTSTATUS ExitStatus);

/*
 * Tell all threads of a process to end; does not return if the current thread is one of them. STATUS_ACCESS_DENIED for
 * System and Idle, STATUS_PROCESS_IS_TERMINATING. PASSIVE_LEVEL.
 */
NTSTATUS PspTerminateProcess(PEPROCESS Process, NTSTATUS ExitStatus);

/*
 * Have a user thread call Routine(Argument1, Argument2, Argument3) as user code when it waits alertably in user mode.
 * IRQL <= APC_LEVEL. STATUS_INVALID_HANDLE for a system thread, STATUS_NO_MEMORY, STATUS_UNSUCCESSFUL: it ends.
 */
NTSTATUS PspQueueUserApc(PETHREAD Thread, PKNORMAL_ROUTINE Routine, PVOID Argument1, PVOID Argument2,
                         PVOID Argument3);

/* The client thread (kiln_boot's) must end: it cannot, since it is the host program's. Does not return. */
extern void (*PspClientEnded)(NTSTATUS ExitStatus);

/* The exit path of the current thread; does not return. PASSIVE_LEVEL, no locks, no APC disable. */
__attribute__((noreturn)) void PspExitThread(NTSTATUS ExitStatus);

/*
 * Hooks that higher managers register at their initialisation; run in the exiting thread at PASSIVE_LEVEL
 * before it is torn down. One each.
 */
extern void (*PspCancelThreadIo)(PETHREAD Thread); /* io: cancel the thread's IRPs and wait for them */

/* io: cancel the IRPs of any thread, without waiting; IRQL <= APC_LEVEL. */
extern void (*PspCancelIrpsOfThread)(PETHREAD Thread);

/* io registers them: queue a packet to a completion port (of that type), for messages of jobs. */
extern NTSTATUS(NTAPI *PspSetIoCompletion)(PVOID Port, PVOID Key, PVOID Context, NTSTATUS Status,
                                           ULONG_PTR Information, BOOLEAN Quota);
extern POBJECT_TYPE *PspIoCompletionType;

/* ---------------------------------------------------------------- processes */

/*
 * Make a process: handle table, token (copy of the parent's), user slice as Space says. ImageName is a short
 * name. *Process is referenced. The create notify routines run with the first thread. PASSIVE_LEVEL.
 */
typedef enum _PSP_SPACE { PspNoSlice, PspUserSlice, PspUserSlice32 /* of a 32-bit process */ } PSP_SPACE;
NTSTATUS PspCreateProcess(PEPROCESS Parent, PCUNICODE_STRING ImageName, PSP_SPACE Space, PEPROCESS *Process);

/* End a process that has no thread left: handles closed, slice deleted, notify routines called, object
 * signalled. */
void PspExitProcess(PEPROCESS Process, NTSTATUS ExitStatus);

/*
 * The client of kiln_boot: a user process named ImageName whose first thread is the code that calls this (on
 * its host stack; KiAdoptCurrentThread). Called by ke/init.c after every manager is up.
 */
NTSTATUS PspCreateClientProcess(PCUNICODE_STRING ImageName, PSP_SPACE Space, PEPROCESS *Process);

/*
 * The client thread joins another process (libkiln opens a second client), or returns: its handles, address
 * slice and process id are then that process's. The thread must be the current one, with no I/O outstanding.
 */
void PspSwitchClientProcess(PEPROCESS Process);

/* ---------------------------------------------------------------- tokens */

VOID NTAPI PsRevertToSelf(VOID);
PACCESS_TOKEN NTAPI PsReferencePrimaryToken(PEPROCESS Process);
VOID NTAPI PsDereferencePrimaryToken(PACCESS_TOKEN PrimaryToken);
PACCESS_TOKEN NTAPI PsReferenceImpersonationToken(PETHREAD Thread, PBOOLEAN CopyOnOpen,
                                                  PBOOLEAN EffectiveOnly,
                                                  SECURITY_IMPERSONATION_LEVEL *ImpersonationLevel);
VOID NTAPI PsDereferenceImpersonationToken(PACCESS_TOKEN ImpersonationToken);
NTSTATUS NTAPI PsImpersonateClient(PETHREAD Thread, PACCESS_TOKEN Token, BOOLEAN CopyOnOpen,
                                   BOOLEAN EffectiveOnly, SECURITY_IMPERSONATION_LEVEL ImpersonationLevel);
BOOLEAN NTAPI PsIsThreadTerminating(PETHREAD Thread);
NTSTATUS NTAPI PsLookupProcessThreadByCid(PCLIENT_ID ClientId, PEPROCESS *Process, PETHREAD *Thread);

/* The impersonation token of the current thread, referenced; NULL if it impersonates nobody. Any thread. */
PACCESS_TOKEN PspReferenceEffectiveToken(SECURITY_IMPERSONATION_LEVEL *Level);

/* ---------------------------------------------------------------- notification */

/* The loader mapped an image (ProcessId 0 for drivers): calls the image notify routines. PASSIVE_LEVEL. */
void PsCallImageNotifyRoutines(PUNICODE_STRING FullImageName, HANDLE ProcessId, PIMAGE_INFO ImageInfo);

/*
 * Notify routines and handle callbacks that lie in [Begin, End): an unloading image left them registered.
 * Removes and returns how many; Describe is called with the name of the DDI that should have been used.
 */
ULONG PspRemoveNotifyRoutinesInImage(PVOID Begin, PVOID End,
                                     void (*Describe)(const char *What, PVOID Routine));

/* ---------------------------------------------------------------- enumeration, for reports */

/* *Process NULL first; the returned one is referenced and dereferenced by the next call. FALSE at the end. */
BOOLEAN PspEnumerateProcesses(PEPROCESS *Process);
BOOLEAN PspEnumerateThreads(PEPROCESS Process, PETHREAD *Thread);

/* The process the current thread is in (attached or at home); System during boot. */
static inline PEPROCESS PspCurrentProcess(void)
{
    PKPROCESS process = KiCurrentProcess();
    return process == KiBootProcess ? PsInitialSystemProcess : CONTAINING_RECORD(process, EPROCESS, Pcb);
}

static inline PETHREAD PspCurrentThread(void)
{
    return CONTAINING_RECORD(KeGetCurrentThread(), ETHREAD, Tcb);
}

#endif
