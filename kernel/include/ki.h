/* SPDX-License-Identifier: MIT */
/*
 * ki.h: the inside of the kernel proper (kernel/ke), as the other managers may see it.
 *
 * Layouts of the processor block (KIPCR), thread (KTHREAD) and process (KPROCESS), the fast accessors through GS, and
 * the internal routines that are contracts between managers. Everything exported to drivers is in <nt/ke.h>.
 *
 * Letters in brackets behind a field name the lock that guards it:
 *      [D] KiDispatcherLock    [t] only the thread itself    [v] only its processor    [a] atomic    [c] constant
 *
 * Kernel code is never interrupted at an arbitrary instruction: interrupts, DPCs, APCs and preemption happen inside a
 * call that lowers IRQL, that is a scheduling point, or that waits. Between two such calls the processor a piece of
 * kernel code runs on does not change. Driver code may be interrupted anywhere; it holds no pointer to a KPRCB.
 */
#ifndef KILN_KI_H
#define KILN_KI_H

#include <nt/ke.h>
#include <nt/ps.h>
#include <nt/rtl.h>
#include "host.h"
#include "layout.h"

/* ---------------------------------------------------------------- levels */

#define KI_IRQL_COUNT 16

/* ---------------------------------------------------------------- threads */

/* KTHREAD.State; numbers as debuggers know them. */
enum { KiInitialized, KiReady, KiRunning, KiStandby, KiTerminated, KiWaiting };

#define KI_BUILTIN_WAIT_BLOCKS 4
#define KI_TIMER_WAIT_BLOCK    3

/* What a new thread executes first: the manager's prologue, which calls the start routine and ends the thread. */
typedef VOID NTAPI KI_SYSTEM_ROUTINE(PKSTART_ROUTINE StartRoutine, PVOID StartContext);

struct _KTHREAD {
    DISPATCHER_HEADER Header;     /* [D] signaled when the thread has ended */
    PVOID UserEntryStack;         /* [t] kernel stack pointer of the next entry; NULL: in the kernel, or never out of it */
    PVOID UserStackPointer;       /* [t] of the user code that entered the kernel */
    PVOID KernelStack;            /* [D] stack pointer while not running */
    PVOID StackBase;              /* [c] just above the stack */
    PVOID StackLimit;             /* [t] lowest usable address of the stack in use */
    PVOID OwnedStack;             /* [c] what MmDeleteKernelStack must get; NULL for host stacks */
    void *Fiber;                  /* [c] ThreadSanitizer's handle */
    struct _KPROCESS *Process;    /* [c] the process it belongs to */
    volatile UCHAR State;         /* [D] */
    volatile UCHAR Processor;     /* [D] where it runs, or ran last */
    UCHAR IdealProcessor;         /* [D] */
    KIRQL WaitIrql;               /* [D] IRQL of the wait in progress, or to return to when WaitNext is set */
    UCHAR WaitReason;             /* [D] KWAIT_REASON of the last wait */
    KPROCESSOR_MODE WaitMode;     /* [D] */
    BOOLEAN Alertable;            /* [D] */
    BOOLEAN WaitNext;             /* [t] KeSetEvent(Wait = TRUE) and the like: a wait follows at once */
    KPROCESSOR_MODE PreviousMode; /* [t] */
    BOOLEAN Alerted[2];           /* [D] */
    BOOLEAN LargeStack;           /* [c] */
    BOOLEAN HostStack;            /* [c] client thread: lives on the stack of a host thread, pinned when outside */
    BOOLEAN SystemThread;         /* [c] */
    BOOLEAN SystemAffinityActive; /* [D] */
    BOOLEAN DisableBoost;         /* [D] */
    BOOLEAN StackSwapDisabled;    /* [t] */
    SCHAR Priority;               /* [D] run-time priority */
    SCHAR BasePriority;           /* [D] */
    SCHAR Saturation;             /* [D] */
    SCHAR Quantum;                /* [D] ticks left */
    SCHAR QuantumReset;           /* [D] */
    SCHAR SuspendCount;           /* [D] */
    UCHAR WaitBlockCount;         /* [D] */
    UCHAR ApcStateIndex;          /* [D] 0: at home, 1: attached */
    SHORT KernelApcDisable;       /* [t] 0, or minus the number of critical regions */
    SHORT SpecialApcDisable;      /* [t] 0, or minus the number of guarded regions */
    BOOLEAN ApcQueueable;         /* [D] */
    BOOLEAN Suspended;            /* [D] it blocks because SuspendCount is not zero */
    BOOLEAN ExitPending;          /* [D] it must end: no wait in user mode lasts, and it does not reach user mode */
    volatile LONG_PTR WaitStatus; /* [D] why the last wait ended; of a queue wait, the entry */
    PKWAIT_BLOCK WaitBlockList;   /* [D] blocks of the wait in progress, or NULL */
    KWAIT_BLOCK WaitBlock[KI_BUILTIN_WAIT_BLOCKS];
    KTIMER Timer;                 /* [D] time-out of the wait in progress */
    struct _KQUEUE *Queue;        /* [D] KQUEUE whose concurrency counts this thread */
    LIST_ENTRY QueueListEntry;    /* [D] in KQUEUE.ThreadListHead */
    LIST_ENTRY ReadyEntry;        /* [D] in a ready list, or in the reaper's list */
    LIST_ENTRY MutantListHead;    /* [D] mutants it owns */
    LIST_ENTRY ThreadListEntry;   /* [D] in KPROCESS.ThreadListHead */
    LIST_ENTRY AllThreadsEntry;   /* [D] in KiAllThreads */
    KAFFINITY Affinity;           /* [D] where it may run now */
    KAFFINITY UserAffinity;       /* [D] where it may run after KeRevertToUserAffinityThread */
    KAPC_STATE ApcState;          /* [D] queues of the process it is in now */
    KAPC_STATE SavedApcState;     /* [D] queues of its own process while attached */
    PKAPC_STATE ApcStatePointer[2]; /* [D] by KAPC_ENVIRONMENT: original, attached */
    KAPC SuspendApc;              /* [D] */
    PVOID StartAddress;           /* [c] what a report names the thread by */
    PVOID StartContext;           /* [c] */
    KI_SYSTEM_ROUTINE *SystemRoutine; /* [c] */
    PVOID Teb;                    /* [t] */
    PVOID TrapState;              /* [t] for the exception dispatcher */
    PVOID ClientState;            /* [t] for libkiln's side of a client thread */
    ULONG ContextSwitches;        /* [D] */
    ULONG Id;                     /* [c] small number for reports and the event log */
    ULONG64 ReadySince;           /* [D] clock tick at which it became ready (starvation relief) */
    ULONG64 SwitchedOut;          /* [D] cycle counter when it stopped running last */
    ULONG64 CycleTime;            /* [D] cycle counter units it has run, without the present run */
    PVOID HeldLocks;              /* [D] checked: its table of held locks, see locks.h */
    PVOID volatile WaitLock;      /* [t] the lock it waits for, which is no dispatcher object, or NULL; ... */
    PVOID volatile LockSite;      /* [t] ... as asked for here; of a wait for a mutant too */
    volatile UCHAR WaitLockKind;  /* [t] KI_LOCK_KIND */
    volatile BOOLEAN WaitLockShared; /* [t] */
};
typedef struct _KTHREAD KTHREAD;

C_ASSERT(FIELD_OFFSET(KTHREAD, UserEntryStack) == 0x18); /* service.S */
C_ASSERT(FIELD_OFFSET(KTHREAD, UserStackPointer) == 0x20);

/* ---------------------------------------------------------------- processes */

struct _KPROCESS {
    DISPATCHER_HEADER Header; /* [D] signaled when the process has ended */
    LIST_ENTRY ThreadListHead; /* [D] KTHREAD.ThreadListEntry */
    KAFFINITY Affinity;        /* [D] */
    SCHAR BasePriority;        /* [D] */
    SCHAR QuantumReset;        /* [D] */
    USHORT ThreadCount;        /* [D] */
    ULONG64 CycleTime;         /* [D] of ended threads, without their last run */
};
typedef struct _KPROCESS KPROCESS;

/* ---------------------------------------------------------------- processors */

/* A queue of DPCs. Lock: any IRQL, taken at HIGH_LEVEL. */
typedef struct _KI_DPC_QUEUE {
    LIST_ENTRY ListHead;
    KSPIN_LOCK Lock;
    ULONG Depth;
    ULONG Count;
    PKDPC volatile Active; /* [v] the one whose routine runs */
    PVOID volatile Routine; /* [v] its routine */
    volatile ULONG64 Runs; /* [v] */
    volatile ULONG64 Longest; /* [v] 100 ns, of a checked machine; ... */
    PVOID volatile LongestRoutine; /* [v] ... and whose run that was */
} KI_DPC_QUEUE, *PKI_DPC_QUEUE;

enum { KiDpcNormal, KiDpcThreaded };

struct _KPRCB {
    ULONG MxCsr;                 /* gs:[0x180] */
    UCHAR LegacyNumber;
    UCHAR ReservedMustBeZero;
    UCHAR Reserved;
    volatile BOOLEAN IdlePolling; /* [a] the idle thread watches Pending: a post needs no kick */
    PKTHREAD CurrentThread;      /* gs:[0x188] [v] written under D */
    PKTHREAD NextThread;         /* gs:[0x190] [D] standby */
    PKTHREAD IdleThread;         /* gs:[0x198] [c] */
    UCHAR NestingLevel;          /* [v] interrupts being served */
    UCHAR Spare[3];
    ULONG Number;                /* gs:[0x1a4] [c] */
    KAFFINITY SetMember;         /* [c] 1 << Number */
    KI_DPC_QUEUE Dpc[2];         /* by kind */
    PKDPC DpcRoutineActive;      /* [v] a DPC routine runs at DISPATCH_LEVEL */
    PKTHREAD DpcThread;          /* [c] runs the threaded DPCs */
    BOOLEAN QuantumEnd;          /* [a] */
    BOOLEAN ThreadedDpcActive;   /* [v] */
    BOOLEAN Started;             /* [a] */
    volatile ULONG64 DpcStartTime; /* [v] checked: interrupt time at which the running DPC began; 0: none runs */
    volatile ULONG64 DpcRunTime;          /* [v] checked: when the run of DPCs it belongs to began */
    volatile USHORT Irr[KI_IRQL_COUNT]; /* [a] requested vectors, a bit each, by level */
    volatile ULONG64 InterruptCount, DpcCount; /* [v] */
    ULONG64 SwitchCount;         /* [D] */
    ULONG64 SwitchTime;          /* [v] cycle counter when the current thread was switched in */
    KAFFINITY KicksOwed;         /* [v] processors to kick when this one releases D */
};
typedef struct _KPRCB KPRCB;

/* What GS points to. The public part has the offsets that inlined driver code relies on. */
typedef struct DECLSPEC_ALIGN(64) _KIPCR {
    PVOID GdtBase, TssBase;      /* 0x00 */
    ULONG64 UserRsp;             /* 0x10 */
    struct _KIPCR *Self;         /* 0x18 */
    struct _KPRCB *CurrentPrcb;  /* 0x20 */
    PVOID LockArray;             /* 0x28 */
    PVOID UsedSelf;              /* 0x30 */
    PVOID IdtBase;               /* 0x38 */
    ULONG64 Unused[2];           /* 0x40 */
    volatile KIRQL Irql;         /* 0x50 */
    UCHAR SecondLevelCacheAssociativity;
    UCHAR ObsoleteNumber;
    UCHAR Fill0;
    volatile ULONG Pending;      /* 0x54 [a] bit n: something waits to be delivered at IRQL n */
    ULONG SchedPoints;           /* 0x58 [c] KI_POINTS_*; nonzero: scheduling points do something */
    ULONG Unused0;
    USHORT MajorVersion;         /* 0x60 */
    USHORT MinorVersion;
    ULONG StallScaleFactor;
    UCHAR Fill1[0x180 - 0x68];
    struct _KPRCB Prcb;          /* 0x180 */
} KIPCR, *PKIPCR;

C_ASSERT(FIELD_OFFSET(KIPCR, Self) == 0x18);
C_ASSERT(FIELD_OFFSET(KIPCR, CurrentPrcb) == 0x20);
C_ASSERT(FIELD_OFFSET(KIPCR, Irql) == 0x50);
C_ASSERT(FIELD_OFFSET(KIPCR, Pending) == 0x54);
C_ASSERT(FIELD_OFFSET(KIPCR, SchedPoints) == 0x58);
C_ASSERT(FIELD_OFFSET(KIPCR, Prcb) == 0x180);
C_ASSERT(FIELD_OFFSET(KIPCR, Prcb.CurrentThread) == 0x188);
C_ASSERT(FIELD_OFFSET(KIPCR, Prcb.Number) == 0x1a4);

extern KIPCR KiPcrs[HOST_MAX_VPS];
extern volatile ULONG KiProcessorCount;         /* active processors; only grows: at boot, and by KiAddProcessor */
extern volatile KAFFINITY KiActiveProcessors;   /* a bit for each, by index */

/*
 * Inside the kernel a processor is its index, and a set of processors a mask of indexes. Drivers name processors by group
 * and number: group g holds the indexes from g * group_size on. These translate at the edge; any IRQL.
 */
static inline PROCESSOR_NUMBER KiNumberOfIndex(ULONG Index)
{
    ULONG size = host_config()->group_size;
    return (PROCESSOR_NUMBER){.Group = (USHORT)(Index / size), .Number = (UCHAR)(Index % size)};
}

/* Indexes that the group can have, active or not; 0: no such group. */
KAFFINITY KiGroupIndexes(USHORT Group);

/* The indexes that a group-relative mask names, 0 if one of them can never exist; and the reverse. */
KAFFINITY KiIndexesOfGroup(USHORT Group, KAFFINITY Mask);
KAFFINITY KiGroupOfIndexes(USHORT Group, KAFFINITY Indexes);

/*
 * The current thread runs on these indexes only; 0: where its user affinity says. Returns what it replaces, in the same
 * form. IRQL <= DISPATCH_LEVEL.
 */
KAFFINITY KiSetSystemAffinity(KAFFINITY Indexes);

/*
 * Add a processor to the running machine: processor change callbacks may veto, then it runs threads. STATUS_SUCCESS with its
 * index; STATUS_NO_SUCH_DEVICE when all processors that the machine may have are there; the veto's status; or
 * STATUS_INSUFFICIENT_RESOURCES when the host cannot start it. PASSIVE_LEVEL; one at a time, callers take turns.
 */
NTSTATUS KiAddProcessor(PULONG Index);

/* Called when a processor was added, after the change callbacks (ex: \Callback\ProcessorAdd). PASSIVE_LEVEL. */
extern void (*KiProcessorAdded)(ULONG Index);

/*
 * A nonmaskable interrupt on the calling processor: the callbacks are asked, at HIGH_LEVEL, the last registered first. If
 * none handled it, bugcheck NMI_HARDWARE_FAILURE. Any IRQL.
 */
void KiRaiseNmi(void);

/*
 * Volatile reads through GS: the answer may differ after every call that can switch threads, so the compiler must not
 * keep one. KiThread() is the exception: a thread is always itself.
 */
static inline PKIPCR KiPcr(void)
{
    PKIPCR pcr;
    __asm__ volatile("movq %%gs:0x18, %0" : "=r"(pcr));
    return pcr;
}

static inline PKPRCB KiPrcb(void)
{
    PKPRCB prcb;
    __asm__ volatile("movq %%gs:0x20, %0" : "=r"(prcb));
    return prcb;
}

static inline PKTHREAD KiThread(void)
{
    PKTHREAD thread;
    __asm__ volatile("movq %%gs:0x188, %0" : "=r"(thread));
    return thread;
}

static inline ULONG KiProcessorNumber(void)
{
    ULONG number;
    __asm__ volatile("movl %%gs:0x1a4, %0" : "=r"(number));
    return number;
}

static inline KIRQL KiIrql(void)
{
    KIRQL irql;
    __asm__ volatile("movb %%gs:0x50, %0" : "=q"(irql));
    return irql;
}

static inline PKIPCR KiPcrOf(PKPRCB Prcb)
{
    return CONTAINING_RECORD(Prcb, KIPCR, Prcb);
}

/* ---------------------------------------------------------------- scheduling points and interrupts */

#define KI_POINTS_HOST 1 /* call host_sched_point (the simulator) */
#define KI_POINTS_TRIM 2 /* pageable memory goes out where drivers raise IRQL */

void KiSchedPointSlow(enum host_point Kind);

/*
 * Set by mm: IRQL has just been raised to DISPATCH_LEVEL or above by the code at `Caller`, or a driver's routine is about
 * to run there (NULL). Must make no scheduling point.
 */
extern void (*KiTrimPointRoutine)(PVOID Caller);

static inline void KiTrimPoint(PVOID Caller)
{
    ULONG points;
    __asm__ volatile("movl %%gs:0x58, %0" : "=r"(points));
    if (__builtin_expect(points & KI_POINTS_TRIM, 0) && KiTrimPointRoutine)
        KiTrimPointRoutine(Caller);
}
void KiDeliver(void);

/* A place where a real machine could be interrupted. One load and one branch on the live host. */
static inline void KiSchedPoint(enum host_point Kind)
{
    ULONG points;
    __asm__ volatile("movl %%gs:0x58, %0" : "=r"(points));
    if (__builtin_expect(points != 0, 0))
        KiSchedPointSlow(Kind);
}

/*
 * Read (or write) what a lock guards, or nothing does, without it: the answer may be old at once, and the reader can bear
 * that. Says to readers and to TSan that the race is intended.
 */
#define KI_PEEK(Field) (*(volatile __typeof__(Field) *)&(Field))

/*
 * Read-modify-write of a word that only kernel code changes, never a device or a driver's own instruction. Kernel code is not
 * interrupted between two instructions, so with one processor nothing comes between and the bus lock is spared (a third of
 * what an uncontended lock costs). All are full barriers with several processors. Any IRQL.
 */
#define KI_FETCH_ADD(Word, Value)                                                                                      \
    ({                                                                                                                 \
        __typeof__(Word) ki_word_ = (Word);                                                                            \
        __typeof__(*ki_word_) ki_old_;                                                                                 \
        if (KiProcessorCount == 1) {                                                                                   \
            ki_old_ = *ki_word_;                                                                                       \
            *ki_word_ = ki_old_ + (Value);                                                                             \
        } else {                                                                                                       \
            ki_old_ = __atomic_fetch_add(ki_word_, (Value), __ATOMIC_SEQ_CST);                                         \
        }                                                                                                              \
        ki_old_;                                                                                                       \
    })

#define KI_FETCH_AND(Word, Value)                                                                                      \
    ({                                                                                                                 \
        __typeof__(Word) ki_word_ = (Word);                                                                            \
        __typeof__(*ki_word_) ki_old_;                                                                                 \
        if (KiProcessorCount == 1) {                                                                                   \
            ki_old_ = *ki_word_;                                                                                       \
            *ki_word_ = ki_old_ & (Value);                                                                             \
        } else {                                                                                                       \
            ki_old_ = __atomic_fetch_and(ki_word_, (Value), __ATOMIC_SEQ_CST);                                         \
        }                                                                                                              \
        ki_old_;                                                                                                       \
    })

/* TRUE: *Word was *Expected and is New. FALSE: *Expected is what *Word is. */
static inline BOOLEAN KiCompareExchange(volatile ULONG_PTR *Word, ULONG_PTR *Expected, ULONG_PTR New)
{
    if (KiProcessorCount != 1)
        return __atomic_compare_exchange_n(Word, Expected, New, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
    ULONG_PTR old = *Word;
    if (old != *Expected) {
        *Expected = old;
        return FALSE;
    }
    *Word = New;
    return TRUE;
}

/* On a function that calls through a pointer to another type on purpose. */
#ifdef __clang__
#define KI_ANY_ROUTINE_TYPE __attribute__((no_sanitize("function")))
#else
#define KI_ANY_ROUTINE_TYPE
#endif

/* The pending mask; others post to it at any time. */
static inline ULONG KiPending(PKIPCR Pcr)
{
    return __atomic_load_n(&Pcr->Pending, __ATOMIC_RELAXED);
}

/* Deliver whatever is pending above the current IRQL. May switch threads when IRQL < DISPATCH_LEVEL. Any IRQL. */
static inline void KiDeliverPending(void)
{
    PKIPCR pcr = KiPcr();
    if (__builtin_expect((KiPending(pcr) >> (pcr->Irql + 1)) != 0, 0))
        KiDeliver();
}

/* In every spin loop: lets others run, and takes interrupts above the current IRQL as a real processor would. */
void KiSpinRelax(void);

/* Set a pending bit on a processor and make it look. Any IRQL, any host thread, signal-safe. */
void KiPost(PKIPCR Pcr, KIRQL Level);

/* The unchecked pair that internal code uses: raise is a store, lower is a store and a compare. */
static inline KIRQL KiRaise(KIRQL NewIrql)
{
    PKIPCR pcr = KiPcr();
    KIRQL old = pcr->Irql;
    pcr->Irql = NewIrql;
    __asm__ volatile("" ::: "memory");
    return old;
}

static inline void KiLower(KIRQL NewIrql)
{
    PKIPCR pcr = KiPcr();
    __asm__ volatile("" ::: "memory");
    pcr->Irql = NewIrql;
    if (__builtin_expect((KiPending(pcr) >> (NewIrql + 1)) != 0, 0))
        KiDeliver();
}

/* Bugcheck because `What` was called at an IRQL above `Maximum`. `Caller` is the driver's return address. */
DECLSPEC_NORETURN void KiIrqlViolation(const char *What, KIRQL Maximum, PVOID Caller);

/* Entry assertion of an exported routine (its name is taken from __func__). */
#define KI_ASSERT_IRQL_MAX(Maximum)                                                                                    \
    do {                                                                                                               \
        if (__builtin_expect(KiIrql() > (Maximum), 0))                                                                 \
            KiIrqlViolation(__func__, (Maximum), __builtin_return_address(0));                                         \
    } while (0)

/* ---------------------------------------------------------------- interrupt objects */

typedef struct _KI_CONNECT {
    PKSERVICE_ROUTINE ServiceRoutine;   /* line-based and vector interrupts ... */
    PKMESSAGE_SERVICE_ROUTINE MessageServiceRoutine; /* ... or message-signaled ones */
    PVOID ServiceContext;
    ULONG MessageId;
    PKSPIN_LOCK SpinLock;               /* NULL: the object's own */
    ULONG Vector;                       /* system vector; its IRQL is Vector >> 4 */
    KIRQL Irql;
    KIRQL SynchronizeIrql;              /* >= Irql; PASSIVE_LEVEL for a passive-level interrupt object */
    KINTERRUPT_MODE Mode;
    BOOLEAN ShareVector;
    KAFFINITY Affinity;
    PVOID Owner;                        /* the driver's device object, for reports; may be NULL */
} KI_CONNECT, *PKI_CONNECT;

/*
 * Connect a service routine to a vector. The KINTERRUPT comes from nonpaged pool and belongs to the caller until
 * KiDisconnectInterrupt, which returns when no processor executes the routine any more, and frees it. PASSIVE_LEVEL.
 * STATUS_INVALID_PARAMETER, STATUS_INSUFFICIENT_RESOURCES, or STATUS_SHARING_VIOLATION_ where sharing is refused by
 * either side: STATUS_INVALID_PARAMETER as IoConnectInterrupt documents.
 */
NTSTATUS KiConnectInterrupt(const KI_CONNECT *Connect, PKINTERRUPT *Interrupt);
void KiDisconnectInterrupt(PKINTERRUPT Interrupt);

/* Mask and unmask delivery to one object (IoReportInterruptInactive/Active). Any IRQL <= DISPATCH_LEVEL. */
void KiSetInterruptActive(PKINTERRUPT Interrupt, BOOLEAN Active);

/*
 * Device models raise interrupts here. Edge or message: one request. Line: the level of a shared line; while asserted,
 * the vector is delivered again and again until a service routine made the device deassert it. Any host thread.
 */
void KiPostVector(ULONG Vector);
void KiSetLine(ULONG Vector, PVOID Source, BOOLEAN Asserted);

/* ---------------------------------------------------------------- dispatcher lock */

/* The letter D. Raises to DISPATCH_LEVEL. The release lowers, and switches to a better thread if there is one now. */
KIRQL KiLockDispatcher(void);
void KiUnlockDispatcher(KIRQL OldIrql);
void KiLockDispatcherAtDpcLevel(void);
void KiUnlockDispatcherFromDpcLevel(void);

/* ---------------------------------------------------------------- threads and processes (for ps) */

/*
 * Make `Thread` (zeroed storage, the first member of an ETHREAD) a thread of `Process` that will execute
 * SystemRoutine(StartRoutine, StartContext). KernelStack NULL: one is created. The thread is not started.
 * IRQL <= APC_LEVEL. STATUS_INSUFFICIENT_RESOURCES.
 */
NTSTATUS KeInitThread(PKTHREAD Thread, PVOID KernelStack, KI_SYSTEM_ROUTINE *SystemRoutine,
                      PKSTART_ROUTINE StartRoutine, PVOID StartContext, PVOID Teb, PKPROCESS Process);

/* Insert it in its process and make it ready (or let it block on its suspension). IRQL <= DISPATCH_LEVEL. */
void KeStartThread(PKTHREAD Thread);

/* Undo KeInitThread of a thread that was never started. */
void KeUninitThread(PKTHREAD Thread);

/*
 * End the calling thread: abandons its mutants, flushes its APC queues (rundown routines run), signals it, and never
 * returns. Its stack is freed later by the reaper, which then calls KiThreadReaped(Thread). IRQL == PASSIVE_LEVEL.
 */
DECLSPEC_NORETURN void KeTerminateThread(KPRIORITY Increment);

/* Called on a system thread at PASSIVE_LEVEL when an ended thread's stack is gone: ps drops its reference. */
extern void (*KiThreadReaped)(PKTHREAD Thread);

/*
 * The boot thread gets its real identity: from now on the calling code is `Thread` of `Process`. Once, during boot, on
 * processor 0 at PASSIVE_LEVEL. A thread on a host's stack is pinned to processor 0 whenever it is outside the kernel.
 */
void KiAdoptCurrentThread(PKTHREAD Thread, PKPROCESS Process);

/* A client leaves the kernel: back to processor 0 if affinity calls of drivers moved the thread. PASSIVE_LEVEL. */
void KiReturnToClient(void);

void KeInitializeProcess(PKPROCESS Process, KPRIORITY BasePriority, KAFFINITY Affinity);
/*
 * Give a process another base priority, and its threads with it: each keeps its distance, within the variable or the
 * real-time range. A foreground process's threads have longer time slices. IRQL <= DISPATCH_LEVEL.
 */
void KiSetPriorityProcess(PKPROCESS Process, KPRIORITY BasePriority, BOOLEAN Foreground);

/* Windows' own, without a page: the base priority is set as it is, and lasts. Returns the old one. IRQL <= DISPATCH_LEVEL. */
KPRIORITY NTAPI KeSetActualBasePriorityThread(PKTHREAD Thread, KPRIORITY Priority);
LONG KeSetProcess(PKPROCESS Process, KPRIORITY Increment); /* signal it; returns the old state */
void KiSetThreadProcess(PKTHREAD Thread, PKPROCESS Process);

/* Suspension. Return the previous count. Raise nothing: STATUS_SUSPEND_COUNT_EXCEEDED is *Status. IRQL <= DISPATCH. */
NTSTATUS KeSuspendThread(PKTHREAD Thread, PULONG PreviousCount);
NTSTATUS KeResumeThread(PKTHREAD Thread, PULONG PreviousCount);
NTSTATUS KeForceResumeThread(PKTHREAD Thread, PULONG PreviousCount);
NTSTATUS KeAlertResumeThread(PKTHREAD Thread, PULONG PreviousCount);

/* Let another thread of at least the calling one's priority run here. FALSE: there is none. IRQL < DISPATCH_LEVEL. */
BOOLEAN KiYield(void);

/* Affinity of a thread as ps sets it. Returns the old one. IRQL <= DISPATCH_LEVEL. */
KAFFINITY KiSetAffinityThread(PKTHREAD Thread, KAFFINITY Affinity);

/* User APC delivery on the way to user mode is ps's: it asks for the next one here. FALSE: none. PASSIVE_LEVEL. */
typedef struct _KI_USER_APC {
    PKNORMAL_ROUTINE NormalRoutine;
    PVOID NormalContext, SystemArgument1, SystemArgument2;
} KI_USER_APC;
BOOLEAN KiTakeUserApc(KI_USER_APC *Apc);

/*
 * Run fn(Context) as user code of the current Thread, on the user stack that ends at UserStack; returns when it does.
 * Meanwhile KiEnterKernel takes it back to the kernel stack. System V calls. PASSIVE_LEVEL. (arch, service.S)
 */
void KiCallUser(PKTHREAD Thread, void (*fn)(void *), void *Context, PVOID UserStack);
void KiEnterKernel(void (*fn)(void *), void *Context);

/*
 * The thread must end: its wait, if in user mode or alertable, ends with STATUS_USER_APC, no other begins, and it is
 * resumed; a wait with kernel APCs disabled goes on. ps sees ExitPending on the way to user mode. FALSE: it was told before. IRQL <= DISPATCH_LEVEL.
 */
BOOLEAN KiRequestThreadExit(PKTHREAD Thread);

/* ke's own threads (idle, DPC, reaper) move from the boot process to ps's System process. PASSIVE_LEVEL, once. */
void KiSetSystemProcess(PKPROCESS Process);

/* The process a thread is in now (attached or at home). */
static inline PKPROCESS KiCurrentProcess(void)
{
    return KiThread()->ApcState.Process;
}

/* Called under D when a thread's current process changes (mm: nothing to switch today). May be NULL. */
extern void (*KiProcessSwitched)(PKPROCESS Process);

/* Thread of the boot until ps made a real one; processes likewise. */
extern KPROCESS *const KiBootProcess;

/* ---------------------------------------------------------------- time */

#define KI_TICK_100NS 156250 /* KeQueryTimeIncrement: 15.625 ms, NT's default clock */

/* A timer in this memory that is set, or NULL: asked before the memory is freed. IRQL <= DISPATCH_LEVEL. */
PKTIMER KiFindArmedTimer(PVOID Memory, SIZE_T Bytes);

/* Set the system time (NtSetSystemTime): absolute timers follow, relative ones do not. IRQL <= APC_LEVEL. */
void KiSetSystemTime(LONG64 NewSystemTime);
LONG64 KiQuerySystemTime(void);

/* How long a thread has run, in 100 ns units. IRQL <= DISPATCH_LEVEL. */
ULONG64 KiQueryRunTime(PKTHREAD Thread);
/* How long the threads of a process that have ended had run. */
ULONG64 KiQueryEndedRunTime(PKPROCESS Process);
/* The same of all threads a process has or had. */
ULONG64 KiQueryProcessRunTime(PKPROCESS Process);

/* Bring KUSER_SHARED_DATA's time fields up to date; the emulator of that page calls it before a read. */
void KiUpdateSharedTime(void);

/*
 * Memory of a driver (an image, a device extension) is about to be freed: bugcheck TIMER_OR_DPC_INVALID if an armed timer,
 * its DPC or its DPC's routine lies in it. DriverAddress names the driver if the timer has no DPC. IRQL <= DISPATCH_LEVEL.
 */
void KiCheckForTimers(PVOID Begin, SIZE_T Bytes, PVOID DriverAddress);

/* An armed timer, as `timers` shows it. */
typedef struct _KI_TIMER_INFO {
    PKTIMER Timer;
    ULONG64 Due;      /* interrupt time */
    ULONG Period;     /* ms; 0: once */
    BOOLEAN Absolute;
    PKDPC Dpc;
    PVOID Routine;    /* the DPC's */
    ULONG Thread;     /* id of the thread whose time-out it is; 0: a timer of its own */
} KI_TIMER_INFO;

/* Call `fn` under D for every armed timer, the wheel's nearest first, until it returns FALSE. IRQL <= DISPATCH_LEVEL. */
void KiEnumerateTimers(BOOLEAN (*fn)(const KI_TIMER_INFO *Info, PVOID Context), PVOID Context);

/* ---------------------------------------------------------------- DPCs for other managers */

/* What `dpcs` shows: a queue, then the DPC whose routine runs, then those that wait. */
enum { KiDpcInfoQueue, KiDpcInfoRunning, KiDpcInfoWaiting };
typedef struct _KI_DPC_INFO {
    ULONG Processor;
    BOOLEAN Threaded;
    UCHAR What;
    PVOID Routine;         /* of a queue: that of the longest run */
    ULONG Depth;           /* of a queue, as the rest */
    ULONG64 Runs, Longest; /* Longest in 100 ns, 0 on a machine that is not checked */
} KI_DPC_INFO;

/* Call `fn`, which may not wait or take a lock, until it returns FALSE. Any IRQL. */
void KiEnumerateDpcs(BOOLEAN (*fn)(const KI_DPC_INFO *Info, PVOID Context), PVOID Context);

/* Number of DPCs queued and not yet run on all processors; for idle detection and reports. */
ULONG KiCountQueuedDpcs(void);

/* ---------------------------------------------------------------- reports and idle */

/* One thread as a report shows it; strings and objects are valid while the callback runs (under D: do not wait). */
typedef struct _KI_THREAD_INFO {
    PKTHREAD Thread;
    ULONG Id;
    UCHAR State;
    KPRIORITY Priority, BasePriority;
    ULONG Processor;
    KIRQL Irql;              /* of a running thread's processor; of a waiting thread: what it goes back to */
    PVOID StartAddress;
    ULONG64 StoppedAt;       /* of a thread that does not run: since when, in interrupt time */
    UCHAR WaitReason;
    KPROCESSOR_MODE WaitMode;
    BOOLEAN Alertable;
    BOOLEAN HasTimeout;
    ULONG64 TimeoutDue;      /* interrupt time */
    ULONG ObjectCount;
    WAIT_TYPE WaitType;
    PVOID Objects[64];
    PVOID Owners[64];        /* of an object that is a mutant: the owning PKTHREAD */
    ULONG_PTR StackPointer;  /* of a thread that is not running: its saved frame, for KiWalkThread */
} KI_THREAD_INFO, *PKI_THREAD_INFO;

/* A processor as `processors` shows it: a snapshot, parts of which may be older than others. */
typedef struct _KI_PROCESSOR_INFO {
    PROCESSOR_NUMBER Number;
    USHORT Node;
    BOOLEAN Idle;
    KIRQL Irql;
    ULONG Thread; /* id */
    PVOID StartAddress;
    ULONG64 Interrupts, Dpcs, Switches;
} KI_PROCESSOR_INFO;

/* FALSE: there is no active processor of that index. IRQL <= DISPATCH_LEVEL. */
BOOLEAN KiQueryProcessor(ULONG Index, KI_PROCESSOR_INFO *Info);

/* Call `fn` for every started thread in creation order until it returns FALSE. IRQL <= DISPATCH_LEVEL. */
void KiEnumerateThreads(BOOLEAN (*fn)(const KI_THREAD_INFO *Info, PVOID Context), PVOID Context);

/* Registers from which a thread that is not running will go on, for a stack walk. FALSE: it runs. */
BOOLEAN KiGetSwitchFrame(PKTHREAD Thread, ULONG64 *Rip, ULONG64 *Rsp, ULONG64 *Rbp);

/* Names for reports. */
const char *KiThreadStateName(UCHAR State);
const char *KiWaitReasonName(UCHAR Reason);
const char *KiObjectTypeName(PVOID DispatcherObject);

/* Print who waits for what, on which object, where (HOST_STREAM_REPORT). Any IRQL. */
void KiReportThreads(void);

/*
 * Called on an idle thread at PASSIVE_LEVEL when nothing can ever run again: every processor idles, no timer is armed.
 * Return TRUE if something was made ready. NULL or FALSE: threads are reported and the machine ends with status 1.
 */
extern BOOLEAN (*KiMachineStuck)(void);

/* Is every processor idle but the caller's, nothing ready and no DPC queued? A snapshot. IRQL <= DISPATCH_LEVEL. */
BOOLEAN KiIsMachineQuiet(void);

/* Wait until every processor is idle and no DPC is queued (timers may be armed). PASSIVE_LEVEL. */
void KiWaitMachineIdle(void);

/* ---------------------------------------------------------------- event log */

/*
 * One line in the event log: kind, then up to four numbers. Numbers must be the same in every run of a seed: ids,
 * statuses, times, addresses of the machine's own regions. Costs a load and a branch when there is no log.
 */
extern BOOLEAN KiTracing;
void KiTraceSlow(const char *Kind, ULONG64 A, ULONG64 B, ULONG64 C, ULONG64 D);
static inline void KiTrace(const char *Kind, ULONG64 A, ULONG64 B, ULONG64 C, ULONG64 D)
{
    if (__builtin_expect(KiTracing, 0))
        KiTraceSlow(Kind, A, B, C, D);
}

#endif
