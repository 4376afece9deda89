/* SPDX-License-Identifier: MIT */
/*
 * Page faults: which region is it, and what does the region do about it?
 *
 * A region is a range of addresses with a handler. There are a few for the whole machine (RAM, the user slices, the
 * system PTE window), each with its own table of what lies where, so this table is small, searched from the newest entry
 * to the oldest, and read without a lock: an entry is complete before it is counted, and one that is given up keeps its
 * place with no handler.
 *
 * A handler may be entered from driver code, from client code, or from kernel code at any place where kernel code
 * touches memory that a driver or a user gave it. Such a place holds no lock, and may lose the processor. The pool is
 * the exception: its headers lie in the memory that it gave away, and it relies on keeping its processor while it
 * touches them. A handler for pool pages therefore resolves without any scheduling point (paging.c).
 *
 * Lock: regions_lock, for registering; innermost.
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"

#define MAX_REGIONS 32

typedef struct _REGION {
    ULONG64 Begin, End;
    MI_FAULT_HANDLER *Handler; /* NULL: given up */
    PVOID Context;
} REGION;

static KSPIN_LOCK regions_lock;
static REGION regions[MAX_REGIONS];
static ULONG region_count; /* written under regions_lock */

NTSTATUS MiRegisterFaultHandler(ULONG64 Begin, ULONG64 End, MI_FAULT_HANDLER *Handler, PVOID Context)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&regions_lock);
    ULONG Slot = region_count;

    while (Slot > 0 && regions[Slot - 1].Handler == NULL) /* only behind the last live one: order is meaning */
        Slot--;
    if (Slot < MAX_REGIONS) {
        regions[Slot].Begin = Begin;
        regions[Slot].End = End;
        regions[Slot].Context = Context;
        __atomic_store_n(&regions[Slot].Handler, Handler, __ATOMIC_RELEASE);
        if (Slot == region_count)
            __atomic_store_n(&region_count, Slot + 1, __ATOMIC_RELEASE);
    }
    KeReleaseSpinLock(&regions_lock, Irql);
    return Slot < MAX_REGIONS ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
}

void MiUnregisterFaultHandler(ULONG64 Begin, MI_FAULT_HANDLER *Handler)
{
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&regions_lock);

    for (ULONG I = region_count; I-- > 0;) {
        if (regions[I].Begin == Begin && regions[I].Handler == Handler) {
            __atomic_store_n(&regions[I].Handler, NULL, __ATOMIC_RELEASE);
            break;
        }
    }
    KeReleaseSpinLock(&regions_lock, Irql);
}

NTSTATUS MmAccessFault(PKI_FAULT Fault)
{
    for (ULONG I = __atomic_load_n(&region_count, __ATOMIC_ACQUIRE); I-- > 0;) {
        MI_FAULT_HANDLER *Handler = __atomic_load_n(&regions[I].Handler, __ATOMIC_ACQUIRE);
        if (Handler == NULL || Fault->Address < regions[I].Begin || Fault->Address >= regions[I].End)
            continue;
        NTSTATUS Status = Handler(regions[I].Context, Fault);
        if (Status != STATUS_ACCESS_VIOLATION)
            return Status;
    }
    return STATUS_ACCESS_VIOLATION;
}

void MiInitFaults(void)
{
    KiPageFault = MmAccessFault;
}
