/* SPDX-License-Identifier: MIT */
/*
 * trapcall.c: the callbacks that nonmaskable interrupts and bound faults have.
 *
 * A nonmaskable interrupt comes in the middle of anything, so its callbacks are called without a lock; the
 * list is changed under one, newest first, and an entry that was taken out is freed only when no processor
 * walks the list.
 *
 * Lock: callback_lock for changes of both lists, at HIGH_LEVEL, so that an interrupt on the same processor
 * cannot meet it.
 */
#include "kep.h"
#include "mi.h"

typedef struct _CALLBACK_ENTRY {
    LIST_ENTRY Link;
    PVOID Routine, Context;
} CALLBACK_ENTRY;

#define CALLBACK_TAG 'bCeK'

static LIST_ENTRY nmi_callbacks, bound_callbacks;
static volatile ULONG callback_lock, walkers;

void KepInitCallbacks(void)
{
    InitializeListHead(&nmi_callbacks);
    InitializeListHead(&bound_callbacks);
}

static KIRQL lock(void)
{
    KIRQL irql = KiRaise(HIGH_LEVEL);
    while (__atomic_exchange_n(&callback_lock, 1, __ATOMIC_ACQUIRE))
        host_relax();
    return irql;
}

static void unlock(KIRQL Irql)
{
    __atomic_store_n(&callback_lock, 0, __ATOMIC_RELEASE);
    KiLower(Irql);
}

static CALLBACK_ENTRY *add(LIST_ENTRY *List, PVOID Routine, PVOID Context, PVOID Caller)
{
    CALLBACK_ENTRY *entry = MiAllocatePool(NonPagedPoolNx, sizeof *entry, CALLBACK_TAG, TRUE, Caller);
    if (!entry)
        return NULL;
    entry->Routine = Routine;
    entry->Context = Context;
    KIRQL irql = lock();
    InsertHeadList(List, &entry->Link);
    unlock(irql);
    return entry;
}

static NTSTATUS remove(LIST_ENTRY *List, PVOID Handle)
{
    BOOLEAN found = FALSE;
    KIRQL irql = lock();
    for (LIST_ENTRY *link = List->Flink; link != List && !found; link = link->Flink)
        if (CONTAINING_RECORD(link, CALLBACK_ENTRY, Link) == Handle) {
            RemoveEntryList(link); /* its own links stay, for a processor that stands on it */
            found = TRUE;
        }
    unlock(irql);
    if (!found)
        return STATUS_INVALID_HANDLE;
    while (__atomic_load_n(&walkers, __ATOMIC_SEQ_CST) != 0)
        KiSpinRelax();
    ExFreePoolWithTag(Handle, CALLBACK_TAG);
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- nonmaskable interrupts */

PVOID NTAPI KeRegisterNmiCallback(PNMI_CALLBACK CallbackRoutine, PVOID Context)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return add(&nmi_callbacks, (PVOID)(ULONG_PTR)CallbackRoutine, Context, __builtin_return_address(0));
}

NTSTATUS NTAPI KeDeregisterNmiCallback(PVOID Handle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return remove(&nmi_callbacks, Handle);
}

void KiRaiseNmi(void)
{
    BOOLEAN handled = FALSE;
    KIRQL irql = KiRaise(HIGH_LEVEL);
    __atomic_fetch_add(&walkers, 1, __ATOMIC_SEQ_CST);
    KiTrace("nmi", KiProcessorNumber(), 0, 0, 0);
    for (LIST_ENTRY *link = nmi_callbacks.Flink; link != &nmi_callbacks; link = link->Flink) {
        CALLBACK_ENTRY *entry = CONTAINING_RECORD(link, CALLBACK_ENTRY, Link);
        if (((PNMI_CALLBACK)(ULONG_PTR)entry->Routine)(entry->Context, handled))
            handled = TRUE;
    }
    __atomic_fetch_sub(&walkers, 1, __ATOMIC_SEQ_CST);
    if (!handled)
        KiBugCheckText(
            NMI_HARDWARE_FAILURE, 0, 0, 0, 0, 0,
            "A nonmaskable interrupt came, and no callback (KeRegisterNmiCallback) returned TRUE for it.");
    KiLower(irql);
}

/* ---------------------------------------------------------------- bound faults */

/* 64-bit code has no BOUND instruction, so there is never a fault to call these for: see CAVEATS. */
PVOID NTAPI KeRegisterBoundCallback(PBOUND_CALLBACK CallbackRoutine)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return add(&bound_callbacks, (PVOID)(ULONG_PTR)CallbackRoutine, NULL, __builtin_return_address(0));
}

NTSTATUS NTAPI KeDeregisterBoundCallback(PVOID Handle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return remove(&bound_callbacks, Handle);
}
