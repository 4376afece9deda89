/* SPDX-License-Identifier: MIT */
/*
 * nt/ke.h - the kernel proper: dispatcher objects, waits, IRQL, spin locks, DPCs, APCs, timers, processors.
 *
 * Every object here is storage that the caller provides and the kernel owns once initialised: drivers see the
 * fields only so that they know the size.  Parts: ke_types.h (objects), ke_context.h (machine state and
 * exception records), ke_processor.h (processors, groups, KPCR), ke_bugcheck.h (bug checks and their
 * callbacks).
 *
 * Each declaration names what it does and its IRQL; the page of the reference is
 * <header>/nf-<header>-<lower-case name>, wdm unless said otherwise.
 */
#ifndef KILN_NT_KE_H
#define KILN_NT_KE_H

#include <nt/status.h>
#include <nt/intrin.h>
#include <nt/ke_types.h>
#include <nt/ke_context.h>
#include <nt/ke_processor.h>
#include <nt/ke_bugcheck.h>

EXTERN_C_START

/* ---- IRQL ---- */

/* The caller's IRQL. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI KIRQL NTAPI KeGetCurrentIrql(VOID);
/* Raises the IRQL to `NewIrql` (not below the current one); gives the old one. Any IRQL. */
NTKERNELAPI _IRQL_raises_(NewIrql)
_IRQL_saves_ KIRQL NTAPI KfRaiseIrql(_In_ KIRQL NewIrql);
NTKERNELAPI VOID NTAPI KfLowerIrql(_In_ _IRQL_restores_ KIRQL NewIrql);
/* KeRaiseIrql and KeLowerIrql under their other names. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI _IRQL_raises_(NewIrql)
_IRQL_saves_ KIRQL NTAPI KzRaiseIrql(_In_ KIRQL NewIrql);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KzLowerIrql(_In_ _IRQL_restores_ KIRQL NewIrql);
/* Lowers the IRQL to what KeRaiseIrql gave; delivers what became deliverable. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeLowerIrql(_In_ _IRQL_restores_ KIRQL NewIrql);
/* Raises to DISPATCH_LEVEL. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_raises_(DISPATCH_LEVEL) _IRQL_requires_max_(DISPATCH_LEVEL) KIRQL NTAPI
    KeRaiseIrqlToDpcLevel(VOID);
/* Raises to the level of the clock interrupt's synchronisation. IRQL <= SYNCH_LEVEL. */
_IRQL_requires_max_(SYNCH_LEVEL)
NTKERNELAPI KIRQL NTAPI KeRaiseIrqlToSynchLevel(VOID);
#define KeRaiseIrql(NewIrql, OldIrql) (*(OldIrql) = KfRaiseIrql(NewIrql))

/* ---- spin locks ---- */

/* Makes a spin lock free. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeSpinLock(_Out_ PKSPIN_LOCK SpinLock);
/* Raises to DISPATCH_LEVEL and takes the lock; gives the old IRQL. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_raises_(DISPATCH_LEVEL)
    _Acquires_lock_(*SpinLock) KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(_Inout_ PKSPIN_LOCK SpinLock);
#define KeAcquireSpinLock(SpinLock, OldIrql) (*(OldIrql) = KeAcquireSpinLockRaiseToDpc(SpinLock))
/* Raises to SYNCH_LEVEL and takes the lock. IRQL <= SYNCH_LEVEL. */
_IRQL_requires_max_(SYNCH_LEVEL)
NTKERNELAPI KIRQL NTAPI KeAcquireSpinLockRaiseToSynch(_Inout_ PKSPIN_LOCK SpinLock);
/* Gives the lock back and restores the IRQL. IRQL == DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_(DISPATCH_LEVEL) _Releases_lock_(*SpinLock) VOID NTAPI
    KeReleaseSpinLock(_Inout_ PKSPIN_LOCK SpinLock, _In_ _IRQL_restores_ KIRQL NewIrql);
/* Takes the lock without touching the IRQL. IRQL >= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_min_(DISPATCH_LEVEL) _Acquires_lock_(*SpinLock) VOID NTAPI
    KeAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
NTKERNELAPI _IRQL_requires_min_(DISPATCH_LEVEL) _Releases_lock_(*SpinLock) VOID NTAPI
    KeReleaseSpinLockFromDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
/* TRUE when the lock was free and is now the caller's. IRQL >= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_min_(DISPATCH_LEVEL)
_Must_inspect_result_ BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
/* TRUE when nobody holds the lock. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeTestSpinLock(_In_ PKSPIN_LOCK SpinLock);
/* For code that runs as a DPC or as a threaded DPC: raises only when it must. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
KIRQL NTAPI KeAcquireSpinLockForDpc(_Inout_ PKSPIN_LOCK SpinLock);
_IRQL_requires_min_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI KeReleaseSpinLockForDpc(_Inout_ PKSPIN_LOCK SpinLock, _In_ KIRQL OldIrql);
NTKERNELAPI VOID NTAPI KefAcquireSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);
_IRQL_requires_min_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI KefReleaseSpinLockFromDpcLevel(_Inout_ PKSPIN_LOCK SpinLock);

/* Queued: waiters are served in order and spin on their own cache line. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_raises_(DISPATCH_LEVEL) VOID NTAPI
    KeAcquireInStackQueuedSpinLock(_Inout_ PKSPIN_LOCK SpinLock, _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI _IRQL_requires_(DISPATCH_LEVEL)
VOID NTAPI KeReleaseInStackQueuedSpinLock(_In_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI _IRQL_requires_min_(DISPATCH_LEVEL)
VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(_Inout_ PKSPIN_LOCK SpinLock,
                                                    _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI _IRQL_requires_min_(DISPATCH_LEVEL)
VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(_In_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(_Inout_ PKSPIN_LOCK SpinLock,
                                                _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI _IRQL_requires_(DISPATCH_LEVEL)
VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(_In_ PKLOCK_QUEUE_HANDLE LockHandle);
NTKERNELAPI VOID NTAPI KeAcquireInStackQueuedSpinLockRaiseToSynch(_Inout_ PKSPIN_LOCK SpinLock,
                                                                  _Out_ PKLOCK_QUEUE_HANDLE LockHandle);
/* The numbered system locks, kept because older drivers name them. */
NTKERNELAPI KIRQL NTAPI KeAcquireQueuedSpinLock(_In_ KSPIN_LOCK_QUEUE_NUMBER Number);
NTKERNELAPI VOID NTAPI KeReleaseQueuedSpinLock(_In_ KSPIN_LOCK_QUEUE_NUMBER Number, _In_ KIRQL OldIrql);
NTKERNELAPI LOGICAL NTAPI KeTryToAcquireQueuedSpinLock(_In_ KSPIN_LOCK_QUEUE_NUMBER Number, _Out_ PKIRQL OldIrql);

/* ---- interrupts ---- */

/* The lock of an interrupt object, at its synchronisation IRQL (DIRQL). IRQL <= DIRQL. */
_IRQL_requires_max_(DIRQL)
NTKERNELAPI KIRQL NTAPI KeAcquireInterruptSpinLock(_Inout_ PKINTERRUPT Interrupt);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeReleaseInterruptSpinLock(_Inout_ PKINTERRUPT Interrupt, _In_ KIRQL OldIrql);
/* Runs the routine at DIRQL holding that lock; gives what it returned. IRQL <= DIRQL. */
_IRQL_requires_max_(DIRQL)
NTKERNELAPI BOOLEAN NTAPI KeSynchronizeExecution(_Inout_ PKINTERRUPT Interrupt,
                                                 _In_ PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                                 _In_opt_ PVOID SynchronizeContext);

/* ---- dispatcher objects ---- */

/* An event, signaled or not. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeEvent(_Out_ PRKEVENT Event, _In_ EVENT_TYPE Type, _In_ BOOLEAN State);
/* Not signaled; the old state is not told. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI KeClearEvent(_Inout_ PRKEVENT Event);
/* Signaled; wakes waiters; gives the old state. IRQL <= DISPATCH_LEVEL; with Wait, <= APC_LEVEL and a wait
 * follows. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
LONG NTAPI KeSetEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);
/* Not signaled; gives the old state. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
LONG NTAPI KeResetEvent(_Inout_ PRKEVENT Event);
/* Wakes who waits and stays not signaled; unreliable, kept for old drivers. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
LONG NTAPI KePulseEvent(_Inout_ PRKEVENT Event, _In_ KPRIORITY Increment, _In_ BOOLEAN Wait);
/* Nonzero when signaled. Any IRQL. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI LONG NTAPI KeReadStateEvent(_In_ PRKEVENT Event);
NTKERNELAPI VOID NTAPI KeSetEventBoostPriority(_Inout_ PRKEVENT Event, _In_opt_ PRKTHREAD *Thread);

/* A free mutex. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeMutex(_Out_ PRKMUTEX Mutex, _In_ ULONG Level);
NTKERNELAPI VOID NTAPI KeInitializeMutant(_Out_ PRKMUTANT Mutant, _In_ BOOLEAN InitialOwner);
/* One release; raises STATUS_MUTANT_NOT_OWNED for another thread; gives 0 when it became free. IRQL <=
 * DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
LONG NTAPI KeReleaseMutex(_Inout_ PRKMUTEX Mutex, _In_ BOOLEAN Wait);
NTKERNELAPI LONG NTAPI KeReleaseMutant(_Inout_ PRKMUTANT Mutant, _In_ KPRIORITY Increment,
                                       _In_ BOOLEAN Abandoned, _In_ BOOLEAN Wait);
/* 1 when free. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
LONG NTAPI KeReadStateMutex(_In_ PRKMUTEX Mutex);
NTKERNELAPI LONG NTAPI KeReadStateMutant(_In_ PRKMUTANT Mutant);

/* A counting semaphore. Any IRQL. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeSemaphore(_Out_ PRKSEMAPHORE Semaphore, _In_ LONG Count, _In_ LONG Limit);
/* Adds to the count; raises STATUS_SEMAPHORE_LIMIT_EXCEEDED; gives the old count. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
LONG NTAPI KeReleaseSemaphore(_Inout_ PRKSEMAPHORE Semaphore, _In_ KPRIORITY Increment, _In_ LONG Adjustment,
                              _In_ BOOLEAN Wait);
/* The count; 0 is not signaled. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI LONG NTAPI KeReadStateSemaphore(_In_ PRKSEMAPHORE Semaphore);

/* ---- waiting ---- */

/* Waits for an object. IRQL <= APC_LEVEL, or == DISPATCH_LEVEL with a time-out of zero. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI KeWaitForSingleObject(_In_ PVOID Object, _In_ KWAIT_REASON WaitReason,
                                     _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                     _In_opt_ PLARGE_INTEGER Timeout);
/* Waits for one or all of up to 64 objects; above 3 the caller brings the wait blocks. IRQL as above. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI KeWaitForMultipleObjects(_In_ ULONG Count, _In_reads_(Count) PVOID Object[],
                                        _In_ WAIT_TYPE WaitType, _In_ KWAIT_REASON WaitReason,
                                        _In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                        _In_opt_ PLARGE_INTEGER Timeout,
                                        _Out_opt_ PKWAIT_BLOCK WaitBlockArray);
#define KeWaitForMutexObject KeWaitForSingleObject
/* Sleeps for an interval (negative: relative, in 100 ns). IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI KeDelayExecutionThread(_In_ KPROCESSOR_MODE WaitMode, _In_ BOOLEAN Alertable,
                                      _In_ PLARGE_INTEGER Interval);

/* ---- timers ---- */

/* A notification timer that is not set. IRQL <= DISPATCH_LEVEL. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeTimer(_Out_ PKTIMER Timer);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeTimerEx(_Out_ PKTIMER Timer, _In_ TIMER_TYPE Type);
/* Sets (again) the due time; TRUE when it was in the queue. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN NTAPI KeSetTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_opt_ PKDPC Dpc);
/* The same with a period in milliseconds. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN NTAPI KeSetTimerEx(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_ LONG Period,
                           _In_opt_ PKDPC Dpc);
/* The same with a tolerable delay in milliseconds. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN NTAPI KeSetCoalescableTimer(_Inout_ PKTIMER Timer, _In_ LARGE_INTEGER DueTime, _In_ ULONG Period,
                                    _In_ ULONG TolerableDelay, _In_opt_ PKDPC Dpc);
/* Takes it out of the queue; TRUE when it was in it. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN NTAPI KeCancelTimer(_Inout_ PKTIMER Timer);
/* TRUE when signaled. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN NTAPI KeReadStateTimer(_In_ PKTIMER Timer);

/* ---- DPCs ---- */

/* A deferred procedure call. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE DeferredRoutine,
                                       _In_opt_ PVOID DeferredContext);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeThreadedDpc(_Out_ PRKDPC Dpc, _In_ PKDEFERRED_ROUTINE DeferredRoutine,
                                               _In_opt_ PVOID DeferredContext);
/* Queues it; FALSE when it is queued already. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeInsertQueueDpc(_Inout_ PRKDPC Dpc, _In_opt_ PVOID SystemArgument1,
                                           _In_opt_ PVOID SystemArgument2);
/* Takes it back; TRUE when it was queued. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueDpc(_Inout_ PRKDPC Dpc);
NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueDpcEx(_Inout_ PRKDPC Dpc, _In_ BOOLEAN WaitIfActive);
/* Returns when every DPC queued before, on every processor, has run. IRQL == PASSIVE_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(PASSIVE_LEVEL)
VOID NTAPI KeFlushQueuedDpcs(VOID);
/* Where in the queue it goes and whether the processor is told at once. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeSetImportanceDpc(_Inout_ PRKDPC Dpc, _In_ KDPC_IMPORTANCE Importance);
/* On which processor it runs. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeSetTargetProcessorDpc(_Inout_ PRKDPC Dpc, _In_ CCHAR Number);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI KeSetTargetProcessorDpcEx(_Inout_ PKDPC Dpc, _In_ PPROCESSOR_NUMBER ProcNumber);
/* How long this DPC and all DPCs in a row may still run. IRQL == DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(HIGH_LEVEL)
NTSTATUS NTAPI KeQueryDpcWatchdogInformation(_Out_ PKDPC_WATCHDOG_INFORMATION WatchdogInformation);
/* Nonzero when a DPC should make room for others. IRQL == DISPATCH_LEVEL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONG NTAPI KeShouldYieldProcessor(VOID);
/* TRUE within a DPC. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI LOGICAL NTAPI KeIsExecutingDpc(VOID);
NTKERNELAPI VOID NTAPI KeGenericCallDpc(_In_ PKDEFERRED_ROUTINE Routine, _In_opt_ PVOID Context);
NTKERNELAPI VOID NTAPI KeSignalCallDpcDone(_In_ PVOID SystemArgument1);
NTKERNELAPI LOGICAL NTAPI KeSignalCallDpcSynchronize(_In_ PVOID SystemArgument2);

/* ---- APCs and critical regions ---- */

/* Undocumented, and used by many drivers. */
NTKERNELAPI VOID NTAPI KeInitializeApc(_Out_ PRKAPC Apc, _In_ PRKTHREAD Thread,
                                       _In_ KAPC_ENVIRONMENT Environment, _In_ PKKERNEL_ROUTINE KernelRoutine,
                                       _In_opt_ PKRUNDOWN_ROUTINE RundownRoutine,
                                       _In_opt_ PKNORMAL_ROUTINE NormalRoutine, _In_opt_ KPROCESSOR_MODE Mode,
                                       _In_opt_ PVOID NormalContext);
NTKERNELAPI BOOLEAN NTAPI KeInsertQueueApc(_Inout_ PRKAPC Apc, _In_opt_ PVOID SystemArgument1,
                                           _In_opt_ PVOID SystemArgument2, _In_ KPRIORITY Increment);
NTKERNELAPI BOOLEAN NTAPI KeRemoveQueueApc(_Inout_ PRKAPC Apc);
NTKERNELAPI BOOLEAN NTAPI KeTestAlertThread(_In_ KPROCESSOR_MODE AlertMode);
NTKERNELAPI BOOLEAN NTAPI KeAlertThread(_Inout_ PKTHREAD Thread, _In_ KPROCESSOR_MODE AlertMode);

/* No normal kernel APCs until the matching leave. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI KeEnterCriticalRegion(VOID);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI KeLeaveCriticalRegion(VOID);
/* No APCs at all until the matching leave. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI KeEnterGuardedRegion(VOID);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI KeLeaveGuardedRegion(VOID);
/* TRUE in a critical region, and for KeAreAllApcsDisabled in a guarded region or at APC_LEVEL and above. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeAreApcsDisabled(VOID);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeAreAllApcsDisabled(VOID);

/* ---- guarded mutexes ---- */

/* Like fast mutexes (they are one today), entering a guarded region. IRQL <= APC_LEVEL. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeGuardedMutex(_Out_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI KeAcquireGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI KeReleaseGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);
/* The caller disabled APCs itself. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI KeAcquireGuardedMutexUnsafe(_Inout_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI KeReleaseGuardedMutexUnsafe(_Inout_ PKGUARDED_MUTEX Mutex);
NTKERNELAPI _Must_inspect_result_ _IRQL_requires_max_(APC_LEVEL)
BOOLEAN NTAPI KeTryToAcquireGuardedMutex(_Inout_ PKGUARDED_MUTEX Mutex);

/* ---- device queues and queues ---- */

/* A queue that knows whether its device is busy. Initialise at any IRQL, use at <= DISPATCH_LEVEL. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI KeInitializeDeviceQueue(_Out_ PKDEVICE_QUEUE DeviceQueue);
/* Queues the entry when the device is busy (TRUE), or makes it busy (FALSE). */
NTKERNELAPI _IRQL_requires_(DISPATCH_LEVEL)
BOOLEAN NTAPI KeInsertDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                  _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);
NTKERNELAPI _IRQL_requires_(DISPATCH_LEVEL)
BOOLEAN NTAPI KeInsertByKeyDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                       _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry, _In_ ULONG SortKey);
/* The next entry, or NULL and not busy. */
NTKERNELAPI _IRQL_requires_(DISPATCH_LEVEL)
PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue);
/* The first entry with a key not below `SortKey`, else the first of all. */
NTKERNELAPI _IRQL_requires_(DISPATCH_LEVEL)
PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue, _In_ ULONG SortKey);
NTKERNELAPI _IRQL_requires_(DISPATCH_LEVEL)
PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueueIfBusy(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                                          _In_ ULONG SortKey);
/* Takes this entry out; TRUE when it was in. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN NTAPI KeRemoveEntryDeviceQueue(_Inout_ PKDEVICE_QUEUE DeviceQueue,
                                       _Inout_ PKDEVICE_QUEUE_ENTRY DeviceQueueEntry);

/* Queues of work served by a limited number of threads (ntifs). */
NTKERNELAPI VOID NTAPI KeInitializeQueue(_Out_ PRKQUEUE Queue, _In_ ULONG Count);
NTKERNELAPI LONG NTAPI KeReadStateQueue(_In_ PRKQUEUE Queue);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
LONG NTAPI KeInsertQueue(_Inout_ PRKQUEUE Queue, _Inout_ PLIST_ENTRY Entry);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
LONG NTAPI KeInsertHeadQueue(_Inout_ PRKQUEUE Queue, _Inout_ PLIST_ENTRY Entry);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PLIST_ENTRY NTAPI KeRemoveQueue(_Inout_ PRKQUEUE Queue, _In_ KPROCESSOR_MODE WaitMode,
                                _In_opt_ PLARGE_INTEGER Timeout);
NTKERNELAPI PLIST_ENTRY NTAPI KeRundownQueue(_Inout_ PRKQUEUE Queue);

/* ---- threads ---- */

/* The thread that runs on this processor. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PKTHREAD NTAPI KeGetCurrentThread(VOID);
/* The run-time priority, 0 to 31. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI KPRIORITY NTAPI KeQueryPriorityThread(_In_ PKTHREAD Thread);
/* Sets it; gives the old one. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(PASSIVE_LEVEL)
KPRIORITY NTAPI KeSetPriorityThread(_Inout_ PKTHREAD Thread, _In_ KPRIORITY Priority);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI LONG NTAPI KeSetBasePriorityThread(_Inout_ PKTHREAD Thread, _In_ LONG Increment);
NTKERNELAPI UCHAR NTAPI KeSetIdealProcessorThread(_Inout_ PKTHREAD Thread, _In_ UCHAR Processor);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI ULONG NTAPI KeQueryRuntimeThread(_In_ PKTHREAD Thread, _Out_ PULONG UserTime);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI ULONG64 NTAPI KeQueryTotalCycleTimeThread(_Inout_ PKTHREAD Thread, _Out_ PULONG64 CycleTimeStamp);
/* Whether the thread's kernel stack may be paged out while it waits in user mode. IRQL == PASSIVE_LEVEL. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeSetKernelStackSwapEnable(_In_ BOOLEAN Enable);
/* Calls back with at least that much kernel stack. IRQL <= APC_LEVEL (Ex: <= DISPATCH_LEVEL). */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI KeExpandKernelStackAndCallout(_In_ PEXPAND_STACK_CALLOUT Callout, _In_opt_ PVOID Parameter,
                                             _In_ SIZE_T Size);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI KeExpandKernelStackAndCalloutEx(_In_ PEXPAND_STACK_CALLOUT Callout, _In_opt_ PVOID Parameter,
                                               _In_ SIZE_T Size, _In_ BOOLEAN Wait, _In_opt_ PVOID Context);
/* Runs the calling thread in the address space of another process. IRQL <= APC_LEVEL. */
NTKERNELAPI VOID NTAPI KeAttachProcess(_Inout_ PRKPROCESS Process);
NTKERNELAPI VOID NTAPI KeDetachProcess(VOID);
NTKERNELAPI VOID NTAPI KeStackAttachProcess(_Inout_ PRKPROCESS Process, _Out_ PRKAPC_STATE ApcState);
NTKERNELAPI VOID NTAPI KeUnstackDetachProcess(_In_ PRKAPC_STATE ApcState);

/* ---- time ---- */

/* System time: 100 ns units since 1601. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeQuerySystemTime(_Out_ PLARGE_INTEGER CurrentTime);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeQuerySystemTimePrecise(_Out_ PLARGE_INTEGER CurrentTime);
/* Clock interrupts since boot; multiply by KeQueryTimeIncrement. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeQueryTickCount(_Out_ PLARGE_INTEGER TickCount);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONGLONG NTAPI KeQueryInterruptTime(VOID);
/* 100 ns units since boot, by the tick; the precise one by the counter; the unbiased ones without time
 * asleep. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONGLONG NTAPI KeQueryInterruptTimePrecise(_Out_ PULONG64 QpcTimeStamp);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONGLONG NTAPI KeQueryUnbiasedInterruptTime(VOID);
NTKERNELAPI ULONGLONG NTAPI KeQueryUnbiasedInterruptTimePrecise(_Out_ PULONG64 QpcTimeStamp);
/* 100 ns units in a tick. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONG NTAPI KeQueryTimeIncrement(VOID);
/* The performance counter, and its frequency. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI LARGE_INTEGER NTAPI KeQueryPerformanceCounter(_Out_opt_ PLARGE_INTEGER PerformanceFrequency);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI KeQueryAuxiliaryCounterFrequency(_Out_opt_ PULONG64 AuxiliaryCounterFrequency);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI KeConvertAuxiliaryCounterToPerformanceCounter(
    _In_ ULONG64 AuxiliaryCounterValue, _Out_ PULONG64 PerformanceCounterValue,
    _Out_opt_ PULONG64 ConversionError);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI KeConvertPerformanceCounterToAuxiliaryCounter(_In_ ULONG64 PerformanceCounterValue,
                                                                         _Out_ PULONG64 AuxiliaryCounterValue,
                                                                         _Out_opt_ PULONG64 ConversionError);
/* Spins for that many microseconds (at most 50, please). Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI KeStallExecutionProcessor(_In_ ULONG MicroSeconds);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI KeSetTimeUpdateNotifyRoutine(_In_ PTIME_UPDATE_NOTIFY_ROUTINE NotifyRoutine);

/* ---- callback records of the kernel ---- */

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI PVOID NTAPI KeRegisterNmiCallback(_In_ PNMI_CALLBACK CallbackRoutine, _In_opt_ PVOID Context);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI KeDeregisterNmiCallback(_In_ PVOID Handle);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PVOID NTAPI KeRegisterProcessorChangeCallback(_In_ PPROCESSOR_CALLBACK_FUNCTION CallbackFunction,
                                                          _In_opt_ PVOID CallbackContext, _In_ ULONG Flags);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI KeDeregisterProcessorChangeCallback(_In_ PVOID CallbackHandle);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI PVOID NTAPI KeRegisterBoundCallback(_In_ PBOUND_CALLBACK CallbackRoutine);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI KeDeregisterBoundCallback(_In_ PVOID Handle);

/* Calls the function on every processor at once at IPI_LEVEL; gives the caller's own result. IRQL <=
 * IPI_LEVEL. */
_IRQL_requires_max_(IPI_LEVEL)
NTKERNELAPI ULONG_PTR NTAPI KeIpiGenericCall(_In_ PKIPI_BROADCAST_WORKER BroadcastFunction,
                                             _In_ ULONG_PTR Context);

/* Drains the caches that DMA does not snoop: nothing to do on x64. */
#define KeFlushIoBuffers(Mdl, ReadOperation, DmaOperation) ((void)(Mdl))
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeInvalidateAllCaches(VOID);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI KeInvalidateRangeAllCaches(_In_ PVOID BaseAddress, _In_ ULONG Length);
_IRQL_requires_max_(HIGH_LEVEL)
NTHALAPI VOID NTAPI KeFlushWriteBuffer(VOID);
#define KeMemoryBarrier()             __faststorefence()
#define KeMemoryBarrierWithoutFence() _ReadWriteBarrier()
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONG NTAPI KeGetRecommendedSharedDataAlignment(VOID);

/* ---- floating point and extended state ---- */

/* Saves the floating-point state around its use. IRQL <= DISPATCH_LEVEL. */
FORCEINLINE NTSTATUS KeSaveFloatingPointState(_Out_ PKFLOATING_SAVE FloatSave)
{
    /* What calls preserve and a thread switch keeps, but another's computation may have set: the control words. */
    USHORT x87;
    ULONG sse, fresh_sse = 0x1f80;
    USHORT fresh_x87 = 0x27f;
    __asm__ __volatile__("stmxcsr %0\n\tfnstcw %1" : "=m"(sse), "=m"(x87));
    FloatSave->Dummy = (sse & 0xffff) | (ULONG)x87 << 16;
    __asm__ __volatile__("fnclex\n\tldmxcsr %0\n\tfldcw %1" ::"m"(fresh_sse), "m"(fresh_x87));
    return STATUS_SUCCESS;
}
FORCEINLINE NTSTATUS KeRestoreFloatingPointState(_In_ PKFLOATING_SAVE FloatSave)
{
    ULONG sse = FloatSave->Dummy & 0xffff;
    USHORT x87 = (USHORT)(FloatSave->Dummy >> 16);
    __asm__ __volatile__("fnclex\n\tldmxcsr %0\n\tfldcw %1" ::"m"(sse), "m"(x87));
    return STATUS_SUCCESS;
}
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI KeSaveExtendedProcessorState(_In_ ULONG64 Mask, _Out_ PXSTATE_SAVE XStateSave);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI KeRestoreExtendedProcessorState(_In_ PXSTATE_SAVE XStateSave);

/* ---- data ---- */

/* How many processors are active (exported data). */
extern NTKERNELAPI volatile CCHAR KeNumberProcessors;

EXTERN_C_END

#endif
