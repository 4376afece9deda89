/* SPDX-License-Identifier: MIT */
/*
 * ps/silocontext.c: what drivers attach to silos: slots, one number for all silos, and contexts, counted blocks that
 * stand in a slot of one silo.
 *
 * A context belongs to the silo it was made for and is inserted there only. A slot of a silo holds one reference. A
 * permanent slot is read-only, so that its context may be used without a reference for as long as the silo is
 * referenced. When the silo ends its other slots are emptied for good, and the permanent ones when it is deleted.
 *
 * Locks: c of each silo over its slots; `lock` over the bitmap and the counts of slots, inside c. Cleanup routines run
 * under none. Pages: nf-ntddk-psallocsilocontextslot, -pscreatesilocontext and their siblings.
 */
#include "psi.h"
#include "jobp.h"

#define CONTEXT_TAG       0x78436953 /* 'SiCx' */
#define CONTEXT_SIGNATURE 0x53436F6E7465780BULL

typedef struct context {
    ULONG64 signature;
    volatile LONG references;
    PESILO silo; /* for comparison only: not referenced */
    SILO_CONTEXT_CLEANUP_CALLBACK *cleanup;
} __attribute__((aligned(16))) context;

PSP_SILO PspHostSilo = {.State = SERVERSILO_STARTED};

static KSPIN_LOCK lock;
static BOOLEAN slot_taken[PSP_SILO_SLOTS];   /* lock */
static LONG slot_contexts[PSP_SILO_SLOTS];   /* lock: in all silos */
static PKEVENT slot_drained[PSP_SILO_SLOTS]; /* lock: set when the count reaches zero */

static context *header_of(PVOID body, const char *what)
{
    context *header = (context *)body - 1;
    if (header->signature != CONTEXT_SIGNATURE)
        KiBugCheckText(DRIVER_VIOLATION, (ULONG_PTR)body, 0, 0, 0, 0, what);
    return header;
}

/* Count a context in or out of a slot in all. */
static void count_slot(ULONG slot, LONG change)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    slot_contexts[slot] += change;
    if (slot_contexts[slot] == 0 && slot_drained[slot])
        KeSetEvent(slot_drained[slot], IO_NO_INCREMENT, FALSE);
    KeReleaseSpinLock(&lock, irql);
}

/* ---------------------------------------------------------------- slots */

BOOLEAN PspAllocateSiloSlot(ULONG *Slot)
{
    BOOLEAN found = FALSE;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (ULONG i = 0; i < PSP_SILO_SLOTS && !found; i++) {
        if (!slot_taken[i]) {
            slot_taken[i] = found = TRUE;
            *Slot = i;
        }
    }
    KeReleaseSpinLock(&lock, irql);
    return found;
}

static BOOLEAN is_allocated(ULONG slot)
{
    return slot < PSP_SILO_SLOTS && KI_PEEK(slot_taken[slot]);
}

NTSTATUS NTAPI PsAllocSiloContextSlot(ULONG_PTR Reserved, ULONG *ReturnedContextSlot)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *ReturnedContextSlot = INVALID_SILO_CONTEXT_SLOT;
    if (Reserved)
        return STATUS_INVALID_PARAMETER;
    return PspAllocateSiloSlot(ReturnedContextSlot) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS NTAPI PsFreeSiloContextSlot(ULONG ContextSlot)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (!is_allocated(ContextSlot))
        return STATUS_INVALID_PARAMETER;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    LONG used = slot_contexts[ContextSlot];
    if (used == 0)
        slot_taken[ContextSlot] = FALSE;
    KeReleaseSpinLock(&lock, irql);
    if (used)
        KiBugCheckText(DRIVER_VIOLATION, ContextSlot, (ULONG_PTR)used, 0, 0,
                       (ULONG_PTR)__builtin_return_address(0),
                       "PsFreeSiloContextSlot was called for a slot that still holds a context in some silo; remove "
                       "it with PsRemoveSiloContext first");
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- contexts */

NTSTATUS NTAPI PsCreateSiloContext(PESILO Silo, ULONG Size, POOL_TYPE PoolType,
                                   SILO_CONTEXT_CLEANUP_CALLBACK *ContextCleanupCallback, PVOID *ReturnedSiloContext)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    *ReturnedSiloContext = NULL;
    if (PoolType != NonPagedPoolNx && PoolType != PagedPool)
        return STATUS_INVALID_PARAMETER;
    if (Size > MAXULONG - sizeof(context))
        return STATUS_INSUFFICIENT_RESOURCES;
    /* Of nonpaged pool in either case: the count in front of the body is changed at DISPATCH_LEVEL. */
    context *header = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*header) + Size, CONTEXT_TAG);
    if (!header)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(header, sizeof(*header) + Size);
    header->signature = CONTEXT_SIGNATURE;
    header->references = 1;
    header->cleanup = ContextCleanupCallback;
    header->silo = Silo;
    *ReturnedSiloContext = header + 1;
    return STATUS_SUCCESS;
}

VOID NTAPI PsReferenceSiloContext(PVOID SiloContext)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    context *header = header_of(SiloContext, "PsReferenceSiloContext was given no context of PsCreateSiloContext");
    __atomic_add_fetch(&header->references, 1, __ATOMIC_RELAXED);
}

VOID NTAPI PsDereferenceSiloContext(PVOID SiloContext)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    context *header = header_of(SiloContext, "PsDereferenceSiloContext was given no context of PsCreateSiloContext, "
                                             "or one that is gone");
    if (__atomic_sub_fetch(&header->references, 1, __ATOMIC_ACQ_REL))
        return;
    if (header->cleanup)
        header->cleanup(SiloContext);
    header->signature = 0;
    ExFreePoolWithTag(header, CONTEXT_TAG);
}

/* ---------------------------------------------------------------- a slot of a silo */

enum { INSERT_IF_EMPTY, REPLACE, INSERT_PERMANENT };

static NTSTATUS put(PESILO silo, ULONG slot, PVOID body, ULONG how, PVOID *old)
{
    PPSP_SILO storage = PspSiloStorage(silo);
    context *header = header_of(body, "a silo context was inserted that is none of PsCreateSiloContext");
    NTSTATUS status = STATUS_SUCCESS;
    PVOID previous = NULL;
    if (!is_allocated(slot) || header->silo != silo)
        return STATUS_INVALID_PARAMETER;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&storage->Lock);
    previous = storage->Contexts[slot];
    if (storage->Permanent[slot] || (previous && how != REPLACE)) {
        status = STATUS_NOT_SUPPORTED;
    } else if (storage->Closed) {
        status = STATUS_INSUFFICIENT_RESOURCES; /* the silo has ended, and its storage with it */
    } else {
        __atomic_add_fetch(&header->references, 1, __ATOMIC_RELAXED);
        storage->Contexts[slot] = body;
        storage->Permanent[slot] = how == INSERT_PERMANENT;
        if (!previous)
            count_slot(slot, 1);
    }
    KeReleaseSpinLock(&storage->Lock, irql);
    if (NT_SUCCESS(status) && old)
        *old = previous;
    else if (NT_SUCCESS(status) && previous)
        PsDereferenceSiloContext(previous);
    return status;
}

NTSTATUS NTAPI PsInsertSiloContext(PESILO Silo, ULONG ContextSlot, PVOID SiloContext)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return put(Silo, ContextSlot, SiloContext, INSERT_IF_EMPTY, NULL);
}

NTSTATUS NTAPI PsInsertPermanentSiloContext(PESILO Silo, ULONG ContextSlot, PVOID SiloContext)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    return put(Silo, ContextSlot, SiloContext, INSERT_PERMANENT, NULL);
}

NTSTATUS NTAPI PsReplaceSiloContext(PESILO Silo, ULONG ContextSlot, PVOID NewSiloContext, PVOID *OldSiloContext)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (OldSiloContext)
        *OldSiloContext = NULL;
    return put(Silo, ContextSlot, NewSiloContext, REPLACE, OldSiloContext);
}

NTSTATUS NTAPI PsMakeSiloContextPermanent(PESILO Silo, ULONG ContextSlot)
{
    PPSP_SILO storage = PspSiloStorage(Silo);
    NTSTATUS status = STATUS_INVALID_PARAMETER;
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (!is_allocated(ContextSlot))
        return STATUS_NOT_FOUND;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&storage->Lock);
    if (storage->Contexts[ContextSlot]) {
        storage->Permanent[ContextSlot] = TRUE;
        status = STATUS_SUCCESS;
    }
    KeReleaseSpinLock(&storage->Lock, irql);
    return status;
}

NTSTATUS NTAPI PsGetSiloContext(PESILO Silo, ULONG ContextSlot, PVOID *ReturnedSiloContext)
{
    PPSP_SILO storage = PspSiloStorage(Silo);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    *ReturnedSiloContext = NULL;
    if (!is_allocated(ContextSlot))
        return STATUS_INVALID_PARAMETER;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&storage->Lock);
    PVOID found = storage->Contexts[ContextSlot];
    if (found)
        __atomic_add_fetch(&((context *)found - 1)->references, 1, __ATOMIC_RELAXED);
    KeReleaseSpinLock(&storage->Lock, irql);
    *ReturnedSiloContext = found;
    return found ? STATUS_SUCCESS : STATUS_NOT_FOUND;
}

NTSTATUS NTAPI PsGetPermanentSiloContext(PESILO Silo, ULONG ContextSlot, PVOID *ReturnedSiloContext)
{
    PPSP_SILO storage = PspSiloStorage(Silo);
    NTSTATUS status = STATUS_NOT_FOUND;
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    *ReturnedSiloContext = NULL;
    if (!is_allocated(ContextSlot))
        return STATUS_NOT_FOUND;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&storage->Lock);
    if (storage->Contexts[ContextSlot]) {
        status = storage->Permanent[ContextSlot] ? STATUS_SUCCESS : STATUS_NOT_SUPPORTED;
        if (NT_SUCCESS(status))
            *ReturnedSiloContext = storage->Contexts[ContextSlot];
    }
    KeReleaseSpinLock(&storage->Lock, irql);
    return status;
}

NTSTATUS NTAPI PsRemoveSiloContext(PESILO Silo, ULONG ContextSlot, PVOID *RemovedSiloContext)
{
    PPSP_SILO storage = PspSiloStorage(Silo);
    NTSTATUS status = STATUS_NOT_FOUND;
    PVOID removed = NULL;
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (RemovedSiloContext)
        *RemovedSiloContext = NULL;
    if (!is_allocated(ContextSlot))
        return STATUS_NOT_FOUND;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&storage->Lock);
    if (storage->Permanent[ContextSlot]) {
        status = STATUS_NOT_SUPPORTED;
    } else if (storage->Contexts[ContextSlot]) {
        removed = storage->Contexts[ContextSlot];
        storage->Contexts[ContextSlot] = NULL;
        status = STATUS_SUCCESS;
    }
    KeReleaseSpinLock(&storage->Lock, irql);
    if (!removed)
        return status;
    if (RemovedSiloContext)
        *RemovedSiloContext = removed;
    else
        PsDereferenceSiloContext(removed);
    count_slot(ContextSlot, -1); /* last: the slot may be freed, and its driver unloaded, once it is empty */
    return status;
}

/* ---------------------------------------------------------------- ends */

enum { PERMANENT = 1, ORDINARY = 2 };

/* Take the context of a slot out if it is of one of `kinds`. */
static void empty_slot(PPSP_SILO storage, ULONG slot, ULONG kinds)
{
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&storage->Lock);
    PVOID found = kinds & (storage->Permanent[slot] ? PERMANENT : ORDINARY) ? storage->Contexts[slot] : NULL;
    if (found) {
        storage->Contexts[slot] = NULL;
        storage->Permanent[slot] = FALSE;
    }
    KeReleaseSpinLock(&storage->Lock, irql);
    if (!found)
        return;
    PsDereferenceSiloContext(found);
    count_slot(slot, -1);
}

void PspCloseSiloContexts(PESILO Silo, BOOLEAN Permanent)
{
    PPSP_SILO storage = PspSiloStorage(Silo);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&storage->Lock);
    storage->Closed = TRUE;
    KeReleaseSpinLock(&storage->Lock, irql);
    for (ULONG slot = 0; slot < PSP_SILO_SLOTS; slot++)
        empty_slot(storage, slot, Permanent ? PERMANENT | ORDINARY : ORDINARY);
}

/* Wait until no silo has a context in the slot, and free the slot. */
static void drain(ULONG slot)
{
    KEVENT drained;
    KeInitializeEvent(&drained, NotificationEvent, FALSE);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    while (slot_contexts[slot]) {
        KeClearEvent(&drained);
        slot_drained[slot] = &drained;
        KeReleaseSpinLock(&lock, irql);
        KeWaitForSingleObject(&drained, Executive, KernelMode, FALSE, NULL);
        irql = KeAcquireSpinLockRaiseToDpc(&lock);
    }
    slot_drained[slot] = NULL;
    slot_taken[slot] = FALSE;
    KeReleaseSpinLock(&lock, irql);
}

void PspDrainSiloSlot(ULONG Slot)
{
    PEJOB job = NULL;
    /* What is permanent nobody else can take out. */
    empty_slot(&PspHostSilo, Slot, PERMANENT);
    while (PspEnumerateJobs(&job)) {
        if (__atomic_load_n(&job->Silo, __ATOMIC_ACQUIRE))
            empty_slot(job->Silo, Slot, PERMANENT);
    }
    drain(Slot);
}
