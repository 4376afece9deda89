/* SPDX-License-Identifier: MIT */
/*
 * mutex.c: mutants; a kernel mutex is one that disables normal kernel APCs while it is held.
 *
 * SignalState is 1 when free, and 1 minus the number of acquisitions while owned. The owner's mutants hang in its
 * MutantListHead; a thread that ends with some of them abandons them, and the next owner is told STATUS_ABANDONED.
 * Lock: D.
 */
#include "kep.h"
#include "locks.h"

static void initialize(PRKMUTANT Mutant, UCHAR ApcDisable)
{
    Mutant->Header.Lock = 0;
    Mutant->Header.Type = MutantObject;
    Mutant->Header.SignalState = 1;
    InitializeListHead(&Mutant->Header.WaitListHead);
    Mutant->OwnerThread = NULL;
    Mutant->MutantFlags = 0;
    Mutant->ApcDisable = ApcDisable;
}

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    initialize(Mutex, 1);
}

VOID NTAPI KeInitializeMutant(PRKMUTANT Mutant, BOOLEAN InitialOwner)
{
    initialize(Mutant, 0);
    if (InitialOwner) {
        KIRQL irql = KiLockDispatcher();
        KiThread()->LockSite = __builtin_return_address(0);
        KepAcquireMutant(Mutant, KiThread());
        KiUnlockDispatcher(irql);
    }
}

void KepAcquireMutant(PKMUTANT Mutant, PKTHREAD Thread)
{
    if (--Mutant->Header.SignalState != 0)
        return;
    Mutant->OwnerThread = Thread;
    Thread->KernelApcDisable -= Mutant->ApcDisable;
    InsertTailList(&Thread->MutantListHead, &Mutant->MutantListEntry);
    if (__builtin_expect(KiTrackLocks, 0))
        KiNoteMutant(Mutant, Thread, NULL);
}

/* Owned and its count is back to 1: nobody's, or the first waiter's. */
static void set_free(PKMUTANT Mutant, KPRIORITY Increment)
{
    PKTHREAD owner = Mutant->OwnerThread;
    RemoveEntryList(&Mutant->MutantListEntry);
    if (__builtin_expect(KiTrackLocks, 0))
        KiNoteMutant(Mutant, NULL, owner);
    owner->KernelApcDisable += Mutant->ApcDisable;
    Mutant->OwnerThread = NULL;
    Mutant->Header.SignalState = 1;
    if (!IsListEmpty(&Mutant->Header.WaitListHead))
        KepWaitTest(Mutant, Increment);
}

void KepAbandonMutants(PKTHREAD Thread)
{
    while (!IsListEmpty(&Thread->MutantListHead)) {
        PKMUTANT mutant = CONTAINING_RECORD(Thread->MutantListHead.Flink, KMUTANT, MutantListEntry);
        if (mutant->ApcDisable) /* a kernel mutex must be released by its owner before the owner ends */
            KiBugCheckText(THREAD_TERMINATE_HELD_MUTEX, (ULONG_PTR)Thread, (ULONG_PTR)mutant, 0, 0, 0,
                           "A thread ended while it owned a kernel mutex; call KeReleaseMutex before it returns.");
        mutant->Abandoned = 1;
        set_free(mutant, MUTANT_INCREMENT);
    }
}

LONG NTAPI KeReleaseMutant(PRKMUTANT Mutant, KPRIORITY Increment, BOOLEAN Abandoned, BOOLEAN Wait)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PKTHREAD thread = KiThread();
    KIRQL irql = KiLockDispatcher();
    LONG old = Mutant->Header.SignalState;
    if (!Abandoned && Mutant->OwnerThread != thread) {
        NTSTATUS status = Mutant->Abandoned ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED;
        KiUnlockDispatcher(irql);
        ExRaiseStatus(status);
    }
    BOOLEAN deliver = FALSE;
    if (Abandoned)
        Mutant->Abandoned = 1;
    if (Abandoned || old == 0) {
        if (Mutant->OwnerThread)
            set_free(Mutant, Increment);
        deliver = thread->KernelApcDisable == 0 && thread->ApcState.KernelApcPending;
    } else {
        Mutant->Header.SignalState = old + 1;
    }
    if (deliver && thread->SpecialApcDisable == 0)
        KepPostSelf(KiPcr(), APC_LEVEL);
    KepUnlockAfterSignal(irql, Wait);
    return old;
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    return KeReleaseMutant(Mutex, MUTANT_INCREMENT, FALSE, Wait);
}

LONG NTAPI KeReadStateMutant(PRKMUTANT Mutant)
{
    return __atomic_load_n(&Mutant->Header.SignalState, __ATOMIC_ACQUIRE);
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex)
{
    return KeReadStateMutant(Mutex);
}
