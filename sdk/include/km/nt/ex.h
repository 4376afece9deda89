/* SPDX-License-Identifier: MIT */
/*
 * nt/ex.h - the executive's routines: pool, lookaside lists, lists, resources, fast mutexes, push locks,
 * rundown protection, work items, callbacks, timers, time, exceptions raised by hand.
 *
 * Each declaration names what it does and its IRQL; the page of the reference is
 * wdm/nf-wdm-<lower-case name> unless said otherwise.
 */
#ifndef KILN_NT_EX_H
#define KILN_NT_EX_H

#include <nt/status.h>
#include <nt/intrin.h>
#include <nt/ke.h>
#include <nt/ex_types.h>

EXTERN_C_START

/* ---- pool ---- */

/* Zeroed memory of the kind the flags say, or NULL. IRQL <= DISPATCH_LEVEL nonpaged, <= APC_LEVEL paged. */
NTKERNELAPI _Must_inspect_result_ _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI ExAllocatePool2(_In_ POOL_FLAGS Flags, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
/* The same with parameters (priority, secure pool, node). */
NTKERNELAPI _Must_inspect_result_ _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI ExAllocatePool3(_In_ POOL_FLAGS Flags, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag,
                            _In_reads_opt_(ExtendedParametersCount)
                                PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                            _In_ ULONG ExtendedParametersCount);
/* The older family: not zeroed. IRQL as above. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI ExAllocatePool(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI ExAllocatePoolWithTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI ExAllocatePoolWithTagPriority(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag,
                                          _In_ EX_POOL_PRIORITY Priority);
/* Charged to the current process; raises when it cannot, unless told to fail. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI ExAllocatePoolWithQuota(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
PVOID NTAPI ExAllocatePoolWithQuotaTag(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag);
/* Gives it back. A tag that is not that of the block is a bug check. IRQL as for the allocation. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExFreePoolWithTag(_In_ PVOID P, _In_ ULONG Tag);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExFreePool(_In_ PVOID P);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExFreePool2(_In_ PVOID P, _In_ ULONG Tag,
                       _In_reads_opt_(ExtendedParametersCount) PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                       _In_ ULONG ExtendedParametersCount);
/* Secure pools. IRQL <= APC_LEVEL. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExCreatePool(_In_ ULONG Flags, _In_ ULONG_PTR Tag,
                                        _In_opt_ POOL_EXTENDED_PARAMETER *Params, _Out_ HANDLE *PoolHandle);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExDestroyPool(_In_ HANDLE PoolHandle);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExSecurePoolUpdate(_In_ HANDLE SecurePoolHandle, _In_ ULONG Tag,
                                              _In_ PVOID Allocation, _In_ ULONG_PTR Cookie,
                                              _In_ SIZE_T Offset, _In_ SIZE_T Size, _In_ PVOID Buffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI LOGICAL NTAPI ExSecurePoolValidate(_In_ HANDLE SecurePoolHandle, _In_ ULONG Tag,
                                                _In_ PVOID Allocation, _In_ ULONG_PTR Cookie);
NTKERNELAPI SIZE_T NTAPI ExQueryPoolBlockSize(_In_ PVOID PoolBlock, _Out_ PBOOLEAN QuotaCharged);

#define DrvRtPoolNxOptIn 0x00000001
/* What POOL_NX_OPTIN drivers call first in DriverEntry. */
FORCEINLINE VOID ExInitializeDriverRuntime(_In_ ULONG RuntimeFlags)
{
    UNREFERENCED_PARAMETER(RuntimeFlags);
#if defined(POOL_NX_OPTIN) && POOL_NX_OPTIN
    if (RuntimeFlags & DrvRtPoolNxOptIn) {
        ExDefaultNonPagedPoolType = NonPagedPoolNx;
    }
#endif
}

/* Made of ExAllocatePool2 semantics for systems that zero pool: the kind of memory and whether it is zeroed
 * are in the name. */
FORCEINLINE PVOID ExAllocatePoolZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag)
{
    return ExAllocatePoolWithTag((POOL_TYPE)(PoolType | POOL_ZERO_ALLOCATION), NumberOfBytes, Tag);
}
FORCEINLINE PVOID ExAllocatePoolUninitialized(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                              _In_ ULONG Tag)
{
    return ExAllocatePoolWithTag(PoolType, NumberOfBytes, Tag);
}
FORCEINLINE PVOID ExAllocatePoolQuotaZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes, _In_ ULONG Tag)
{
    return ExAllocatePoolWithQuotaTag((POOL_TYPE)(PoolType | POOL_ZERO_ALLOCATION), NumberOfBytes, Tag);
}
FORCEINLINE PVOID ExAllocatePoolQuotaUninitialized(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                                   _In_ ULONG Tag)
{
    return ExAllocatePoolWithQuotaTag(PoolType, NumberOfBytes, Tag);
}
FORCEINLINE PVOID ExAllocatePoolPriorityZero(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                             _In_ ULONG Tag, _In_ EX_POOL_PRIORITY Priority)
{
    return ExAllocatePoolWithTagPriority((POOL_TYPE)(PoolType | POOL_ZERO_ALLOCATION), NumberOfBytes, Tag,
                                         Priority);
}
FORCEINLINE PVOID ExAllocatePoolPriorityUninitialized(_In_ POOL_TYPE PoolType, _In_ SIZE_T NumberOfBytes,
                                                      _In_ ULONG Tag, _In_ EX_POOL_PRIORITY Priority)
{
    return ExAllocatePoolWithTagPriority(PoolType, NumberOfBytes, Tag, Priority);
}

/* ---- lookaside lists ---- */

/* Lists of free blocks of one size. IRQL <= DISPATCH_LEVEL (paged lists: <= APC_LEVEL). */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExInitializeNPagedLookasideList(_Out_ PNPAGED_LOOKASIDE_LIST Lookaside,
                                                       _In_opt_ PALLOCATE_FUNCTION Allocate,
                                                       _In_opt_ PFREE_FUNCTION Free, _In_ ULONG Flags,
                                                       _In_ SIZE_T Size, _In_ ULONG Tag, _In_ USHORT Depth);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExDeleteNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExInitializePagedLookasideList(_Out_ PPAGED_LOOKASIDE_LIST Lookaside,
                                                      _In_opt_ PALLOCATE_FUNCTION Allocate,
                                                      _In_opt_ PFREE_FUNCTION Free, _In_ ULONG Flags,
                                                      _In_ SIZE_T Size, _In_ ULONG Tag, _In_ USHORT Depth);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExDeletePagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExInitializeLookasideListEx(_Out_ PLOOKASIDE_LIST_EX Lookaside,
                                                       _In_opt_ PALLOCATE_FUNCTION_EX Allocate,
                                                       _In_opt_ PFREE_FUNCTION_EX Free,
                                                       _In_ POOL_TYPE PoolType, _In_ ULONG Flags,
                                                       _In_ SIZE_T Size, _In_ ULONG Tag, _In_ USHORT Depth);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExDeleteLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExFlushLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside);

/* ---- interlocked singly linked lists ---- */

_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI InitializeSListHead(_Out_ PSLIST_HEADER SListHead);
/* Push gives the old first entry, pop the first, flush all of them; no lock. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(_Inout_ PSLIST_HEADER ListHead,
                                                            _Inout_ PSLIST_ENTRY ListEntry);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(_Inout_ PSLIST_HEADER ListHead);
NTKERNELAPI PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(_Inout_ PSLIST_HEADER ListHead);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI USHORT NTAPI ExQueryDepthSList(_In_ PSLIST_HEADER SListHead);
/* The first entry, NULL if there is none; not atomic. Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PSLIST_ENTRY NTAPI FirstEntrySList(_In_ const SLIST_HEADER *SListHead);
#define ExInitializeSListHead                          InitializeSListHead
#define ExInterlockedPushEntrySList(Head, Entry, Lock) ExpInterlockedPushEntrySList(Head, Entry)
#define ExInterlockedPopEntrySList(Head, Lock)         ExpInterlockedPopEntrySList(Head)
#define ExInterlockedFlushSList(Head)                  ExpInterlockedFlushSList(Head)
#define InterlockedPushEntrySList(Head, Entry)         ExpInterlockedPushEntrySList(Head, Entry)
#define InterlockedPopEntrySList(Head)                 ExpInterlockedPopEntrySList(Head)
#define InterlockedFlushSList(Head)                    ExpInterlockedFlushSList(Head)
#define QueryDepthSList(Head)                          ExQueryDepthSList(Head)

/* Statistics: processors that meet may lose a count. */
#define EXP_COUNT(Counter) (*(volatile ULONG *)&(Counter) = *(volatile ULONG *)&(Counter) + 1)

/* Blocks from and to a lookaside list: the list first, then its allocate or free routine. IRQL as for the
 * list. */
FORCEINLINE PVOID ExAllocateFromNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside)
{
    PVOID entry;
    EXP_COUNT(Lookaside->L.TotalAllocates);
    entry = ExpInterlockedPopEntrySList(&Lookaside->L.ListHead);
    if (entry == NULL) {
        EXP_COUNT(Lookaside->L.AllocateMisses);
        entry = Lookaside->L.AllocateEx(Lookaside->L.Type, Lookaside->L.Size, Lookaside->L.Tag,
                                        (PLOOKASIDE_LIST_EX)Lookaside);
    }
    return entry;
}
FORCEINLINE VOID ExFreeToNPagedLookasideList(_Inout_ PNPAGED_LOOKASIDE_LIST Lookaside, _In_ PVOID Entry)
{
    EXP_COUNT(Lookaside->L.TotalFrees);
    if (ExQueryDepthSList(&Lookaside->L.ListHead) >= Lookaside->L.Depth) {
        EXP_COUNT(Lookaside->L.FreeMisses);
        Lookaside->L.FreeEx(Entry, (PLOOKASIDE_LIST_EX)Lookaside);
    } else {
        ExpInterlockedPushEntrySList(&Lookaside->L.ListHead, (PSLIST_ENTRY)Entry);
    }
}
FORCEINLINE PVOID ExAllocateFromPagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside)
{
    return ExAllocateFromNPagedLookasideList((PNPAGED_LOOKASIDE_LIST)Lookaside);
}
FORCEINLINE VOID ExFreeToPagedLookasideList(_Inout_ PPAGED_LOOKASIDE_LIST Lookaside, _In_ PVOID Entry)
{
    ExFreeToNPagedLookasideList((PNPAGED_LOOKASIDE_LIST)Lookaside, Entry);
}
FORCEINLINE PVOID ExAllocateFromLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside)
{
    PVOID entry;
    EXP_COUNT(Lookaside->L.TotalAllocates);
    entry = ExpInterlockedPopEntrySList(&Lookaside->L.ListHead);
    if (entry == NULL) {
        EXP_COUNT(Lookaside->L.AllocateMisses);
        entry = Lookaside->L.AllocateEx(Lookaside->L.Type, Lookaside->L.Size, Lookaside->L.Tag, Lookaside);
    }
    return entry;
}
FORCEINLINE VOID ExFreeToLookasideListEx(_Inout_ PLOOKASIDE_LIST_EX Lookaside, _In_ PVOID Entry)
{
    EXP_COUNT(Lookaside->L.TotalFrees);
    if (ExQueryDepthSList(&Lookaside->L.ListHead) >= Lookaside->L.Depth) {
        EXP_COUNT(Lookaside->L.FreeMisses);
        Lookaside->L.FreeEx(Entry, Lookaside);
    } else {
        ExpInterlockedPushEntrySList(&Lookaside->L.ListHead, (PSLIST_ENTRY)Entry);
    }
}

/* ---- interlocked operations under a spin lock (any IRQL; the lock must be taken in no other way) ---- */

/* Give the entry that was first (last for Tail), NULL when the list was empty. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(_Inout_ PLIST_ENTRY ListHead,
                                                          _Inout_ PLIST_ENTRY ListEntry,
                                                          _Inout_ PKSPIN_LOCK Lock);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedInsertTailList(_Inout_ PLIST_ENTRY ListHead,
                                                          _Inout_ PLIST_ENTRY ListEntry,
                                                          _Inout_ PKSPIN_LOCK Lock);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(_Inout_ PLIST_ENTRY ListHead,
                                                          _Inout_ PKSPIN_LOCK Lock);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                                                               _Inout_ PKSPIN_LOCK Lock);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(_Inout_ PSINGLE_LIST_ENTRY ListHead,
                                                                _Inout_ PSINGLE_LIST_ENTRY ListEntry,
                                                                _Inout_ PKSPIN_LOCK Lock);
/* Give the value before. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(_Inout_ PLARGE_INTEGER Addend,
                                                             _In_ LARGE_INTEGER Increment,
                                                             _Inout_ PKSPIN_LOCK Lock);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONG NTAPI ExInterlockedAddUlong(_Inout_ PULONG Addend, _In_ ULONG Increment,
                                              _Inout_ PKSPIN_LOCK Lock);
#define ExInterlockedAddLargeStatistic(Addend, Increment)                                                    \
    InterlockedAddLargeStatistic((LONG64 volatile *)&((Addend)->QuadPart), (LONG)(Increment))
#define ExInterlockedCompareExchange64(Destination, Exchange, Comperand, Lock)                               \
    InterlockedCompareExchange64((LONG64 volatile *)(Destination), *(LONG64 *)(Exchange),                    \
                                 *(LONG64 *)(Comperand))

/* ---- fast mutexes (IRQL <= APC_LEVEL) ---- */

FORCEINLINE VOID ExInitializeFastMutex(_Out_ PFAST_MUTEX FastMutex)
{
    FastMutex->Count = FM_LOCK_BIT;
    FastMutex->Owner = NULL;
    FastMutex->Contention = 0;
    KeInitializeEvent(&FastMutex->Event, SynchronizationEvent, FALSE);
}
/* Takes it and stays at APC_LEVEL until released; not recursive. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI _IRQL_raises_(APC_LEVEL)
VOID NTAPI ExAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex);
NTKERNELAPI _IRQL_requires_(APC_LEVEL)
VOID NTAPI ExReleaseFastMutex(_Inout_ PFAST_MUTEX FastMutex);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI _Must_inspect_result_ BOOLEAN NTAPI ExTryToAcquireFastMutex(_Inout_ PFAST_MUTEX FastMutex);
/* The caller disabled normal kernel APCs itself. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExAcquireFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);

/* ---- resources (IRQL <= APC_LEVEL, APCs disabled; release and queries <= DISPATCH_LEVEL) ---- */

NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI ExInitializeResourceLite(_Out_ PERESOURCE Resource);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI ExReinitializeResourceLite(_Inout_ PERESOURCE Resource);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI ExDeleteResourceLite(_Inout_ PERESOURCE Resource);
/* TRUE when it was got; with Wait it always is. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
BOOLEAN NTAPI ExAcquireResourceExclusiveLite(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
BOOLEAN NTAPI ExAcquireResourceSharedLite(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
/* Shared, passing waiting writers, or behind them even when recursive. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
BOOLEAN NTAPI ExAcquireSharedStarveExclusive(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(_Inout_ PERESOURCE Resource, _In_ BOOLEAN Wait);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExReleaseResourceLite(_Inout_ PERESOURCE Resource);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExReleaseResourceForThreadLite(_Inout_ PERESOURCE Resource,
                                          _In_ ERESOURCE_THREAD ResourceThreadId);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI ExConvertExclusiveToSharedLite(_Inout_ PERESOURCE Resource);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExSetResourceOwnerPointer(_Inout_ PERESOURCE Resource, _In_ PVOID OwnerPointer);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExSetResourceOwnerPointerEx(_Inout_ PERESOURCE Resource, _In_ PVOID OwnerPointer,
                                       _In_ ULONG Flags);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(_In_ PERESOURCE Resource);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
ULONG NTAPI ExIsResourceAcquiredSharedLite(_In_ PERESOURCE Resource);
#define ExIsResourceAcquiredLite ExIsResourceAcquiredSharedLite
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
ULONG NTAPI ExGetExclusiveWaiterCount(_In_ PERESOURCE Resource);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
ULONG NTAPI ExGetSharedWaiterCount(_In_ PERESOURCE Resource);
#define ExGetCurrentResourceThread() ((ERESOURCE_THREAD)KeGetCurrentThread())
/* With the critical region. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(_Inout_ PERESOURCE Resource);
NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(_Inout_ PERESOURCE Resource);
NTKERNELAPI PVOID NTAPI ExEnterCriticalRegionAndAcquireSharedWaitForExclusive(_Inout_ PERESOURCE Resource);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseResourceAndLeaveCriticalRegion(_Inout_ PERESOURCE Resource);
NTKERNELAPI VOID NTAPI ExEnterCriticalRegionAndAcquireFastMutexUnsafe(_Inout_ PFAST_MUTEX FastMutex);
NTKERNELAPI VOID NTAPI ExReleaseFastMutexUnsafeAndLeaveCriticalRegion(_Inout_ PFAST_MUTEX FastMutex);
NTKERNELAPI VOID NTAPI ExDisableResourceBoostLite(_In_ PERESOURCE Resource);

/* ---- push locks (in a critical region; IRQL <= APC_LEVEL) ---- */

_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI ExInitializePushLock(_Out_ PEX_PUSH_LOCK PushLock);
NTKERNELAPI VOID NTAPI ExAcquirePushLockExclusiveEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
NTKERNELAPI VOID NTAPI ExAcquirePushLockSharedEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
NTKERNELAPI VOID NTAPI ExReleasePushLockExclusiveEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
NTKERNELAPI VOID NTAPI ExReleasePushLockSharedEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
NTKERNELAPI VOID NTAPI ExReleasePushLockEx(_Inout_ PEX_PUSH_LOCK PushLock, _In_ ULONG Flags);
#define ExAcquirePushLockExclusive(Lock) ExAcquirePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExAcquirePushLockShared(Lock)    ExAcquirePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockExclusive(Lock) ExReleasePushLockExclusiveEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLockShared(Lock)    ExReleasePushLockSharedEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)
#define ExReleasePushLock(Lock)          ExReleasePushLockEx(Lock, EX_DEFAULT_PUSH_LOCK_FLAGS)

/* ---- reader-writer spin locks (IRQL <= DISPATCH_LEVEL; ...DpcLevel == DISPATCH_LEVEL) ---- */

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI KIRQL NTAPI ExAcquireSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock);
_IRQL_requires_min_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseSpinLockShared(_Inout_ PEX_SPIN_LOCK SpinLock, _In_ KIRQL OldIrql);
_IRQL_requires_min_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI KIRQL NTAPI ExAcquireSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock);
_IRQL_requires_min_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock, _In_ KIRQL OldIrql);
_IRQL_requires_min_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
/* Nonzero when the only reader became the writer. */
_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI LOGICAL NTAPI ExTryAcquireSpinLockExclusiveAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
NTKERNELAPI LOGICAL NTAPI ExTryAcquireSpinLockSharedAtDpcLevel(_Inout_ PEX_SPIN_LOCK SpinLock);
#define ExAcquireSpinLock(Lock, OldIrql)    KeAcquireSpinLock((Lock), (OldIrql))
#define ExReleaseSpinLock(Lock, OldIrql)    KeReleaseSpinLock((Lock), (OldIrql))
#define ExAcquireSpinLockAtDpcLevel(Lock)   KeAcquireSpinLockAtDpcLevel(Lock)
#define ExReleaseSpinLockFromDpcLevel(Lock) KeReleaseSpinLockFromDpcLevel(Lock)

/* ---- rundown protection ---- */

/* Any IRQL for acquire and release; the waits at IRQL <= APC_LEVEL. Acquire is FALSE once rundown began. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExInitializeRundownProtection(_Out_ PEX_RUNDOWN_REF RunRef);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExReInitializeRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI _Must_inspect_result_ BOOLEAN NTAPI ExAcquireRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI _Must_inspect_result_ BOOLEAN NTAPI ExAcquireRundownProtectionEx(_Inout_ PEX_RUNDOWN_REF RunRef,
                                                                             _In_ ULONG Count);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseRundownProtection(_Inout_ PEX_RUNDOWN_REF RunRef);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseRundownProtectionEx(_Inout_ PEX_RUNDOWN_REF RunRef, _In_ ULONG Count);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExRundownCompleted(_Out_ PEX_RUNDOWN_REF RunRef);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI ExWaitForRundownProtectionRelease(_Inout_ PEX_RUNDOWN_REF RunRef);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PEX_RUNDOWN_REF_CACHE_AWARE NTAPI ExAllocateCacheAwareRundownProtection(_In_ POOL_TYPE PoolType,
                                                                        _In_ ULONG PoolTag);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI SIZE_T NTAPI ExSizeOfRundownProtectionCacheAware(VOID);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExInitializeRundownProtectionCacheAware(
    _Out_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ SIZE_T RunRefSize);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExInitializeRundownProtectionCacheAwareEx(
    _Out_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ ULONG Flags);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI
ExFreeCacheAwareRundownProtection(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI
ExAcquireRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ExAcquireRundownProtectionCacheAwareEx(
    _Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware, _In_ ULONG Count);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI
ExReleaseRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI ExReleaseRundownProtectionCacheAwareEx(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRef,
                                                              _In_ ULONG Count);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI
ExReInitializeRundownProtectionCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI ExRundownCompletedCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRefCacheAware);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI
ExWaitForRundownProtectionReleaseCacheAware(_Inout_ PEX_RUNDOWN_REF_CACHE_AWARE RunRef);

/* ---- work items ---- */

#define ExInitializeWorkItem(Item, Routine, Context)                                                         \
    {                                                                                                        \
        (Item)->WorkerRoutine = (Routine);                                                                   \
        (Item)->Parameter = (Context);                                                                       \
        (Item)->List.Flink = NULL;                                                                           \
    }
/* A system thread calls the routine; the item is the driver's again when it does. IRQL <= DISPATCH_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExQueueWorkItem(_Inout_ PWORK_QUEUE_ITEM WorkItem, _In_ WORK_QUEUE_TYPE QueueType);

/* ---- callback objects ---- */

NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
NTSTATUS NTAPI ExCreateCallback(_Outptr_ PCALLBACK_OBJECT *CallbackObject,
                                _In_ POBJECT_ATTRIBUTES ObjectAttributes, _In_ BOOLEAN Create,
                                _In_ BOOLEAN AllowMultipleCallbacks);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
PVOID NTAPI ExRegisterCallback(_Inout_ PCALLBACK_OBJECT CallbackObject,
                               _In_ PCALLBACK_FUNCTION CallbackFunction, _In_opt_ PVOID CallbackContext);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI ExUnregisterCallback(_Inout_ PVOID CallbackRegistration);
NTKERNELAPI _IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI ExNotifyCallback(_In_ PVOID CallbackObject, _In_opt_ PVOID Argument1, _In_opt_ PVOID Argument2);

/* ---- timers of the executive (IRQL <= DISPATCH_LEVEL) ---- */

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PEX_TIMER NTAPI ExAllocateTimer(_In_opt_ PEXT_CALLBACK Callback, _In_opt_ PVOID CallbackContext,
                                            _In_ ULONG Attributes);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ExSetTimer(_In_ PEX_TIMER Timer, _In_ LONGLONG DueTime, _In_ LONGLONG Period,
                                     _In_opt_ PEXT_SET_PARAMETERS Parameters);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ExCancelTimer(_Inout_ PEX_TIMER Timer, _In_opt_ PVOID Parameters);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ExDeleteTimer(_In_ PEX_TIMER Timer, _In_ BOOLEAN Cancel, _In_ BOOLEAN Wait,
                                        _In_opt_ PEXT_DELETE_PARAMETERS Parameters);
FORCEINLINE VOID ExInitializeSetTimerParameters(_Out_ PEXT_SET_PARAMETERS Parameters)
{
    Parameters->Version = 0;
    Parameters->Reserved = 0;
    Parameters->NoWakeTolerance = 0;
}
FORCEINLINE VOID ExInitializeDeleteTimerParameters(_Out_ PEXT_DELETE_PARAMETERS Parameters)
{
    Parameters->Version = 0;
    Parameters->Reserved = 0;
    Parameters->DeleteCallback = NULL;
    Parameters->DeleteContext = NULL;
}

/* ---- time ---- */

_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI ExSystemTimeToLocalTime(_In_ PLARGE_INTEGER SystemTime,
                                               _Out_ PLARGE_INTEGER LocalTime);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI ExLocalTimeToSystemTime(_In_ PLARGE_INTEGER LocalTime,
                                               _Out_ PLARGE_INTEGER SystemTime);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
ULONG NTAPI ExSetTimerResolution(_In_ ULONG DesiredTime, _In_ BOOLEAN SetResolution);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI ExQueryTimerResolution(_Out_ PULONG MaximumTime, _Out_ PULONG MinimumTime,
                                              _Out_ PULONG CurrentTime);

/* ---- exceptions, probing, modes ---- */

/* Raise a noncontinuable exception in the caller. IRQL <= DISPATCH_LEVEL. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseStatus(_In_ NTSTATUS Status);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseAccessViolation(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI ExRaiseDatatypeMisalignment(VOID);
NTKERNELAPI NTSTATUS NTAPI ExRaiseHardError(_In_ NTSTATUS ErrorStatus, _In_ ULONG NumberOfParameters,
                                            _In_ ULONG UnicodeStringParameterMask, _In_ PULONG_PTR Parameters,
                                            _In_ ULONG ValidResponseOptions, _Out_ PULONG Response);
NTKERNELAPI INT NTAPI ExSystemExceptionFilter(VOID);
/* Raise when a user buffer is misaligned, not in user space or (Write) not writable. IRQL <= APC_LEVEL. */
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI ProbeForRead(_In_ volatile const VOID *Address, _In_ SIZE_T Length, _In_ ULONG Alignment);
NTKERNELAPI _IRQL_requires_max_(APC_LEVEL)
VOID NTAPI ProbeForWrite(_Inout_ volatile VOID *Address, _In_ SIZE_T Length, _In_ ULONG Alignment);
/* KernelMode or UserMode: who made the current request. IRQL <= DISPATCH_LEVEL (in the thread itself). */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI KPROCESSOR_MODE NTAPI ExGetPreviousMode(VOID);

/* ---- the system ---- */

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ExIsProcessorFeaturePresent(_In_ ULONG ProcessorFeature);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ExVerifySuite(_In_ SUITE_TYPE SuiteType);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExUuidCreate(_Out_ UUID *Uuid);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExGetFirmwareEnvironmentVariable(_In_ PUNICODE_STRING VariableName,
                                                            _In_ LPGUID VendorGuid, _Out_opt_ PVOID Value,
                                                            _Inout_ PULONG ValueLength,
                                                            _Out_opt_ PULONG Attributes);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExSetFirmwareEnvironmentVariable(_In_ PUNICODE_STRING VariableName,
                                                            _In_ LPGUID VendorGuid, _In_opt_ PVOID Value,
                                                            _In_ ULONG ValueLength, _In_ ULONG Attributes);
/*
 * The tables of the firmware: their identifiers, and one of them. Providers 'ACPI', 'FIRM' and 'RSMB'. A buffer that is
 * missing or too small gets STATUS_BUFFER_TOO_SMALL and *ReturnLength what is needed. What the auxiliary library calls:
 * aux_klib/nf-aux_klib-auxklibgetsystemfirmwaretable.
 */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExEnumerateSystemFirmwareTables(_In_ ULONG FirmwareTableProviderSignature,
                                                           _Out_writes_bytes_opt_(BufferLength)
                                                               PVOID FirmwareTableBuffer,
                                                           _In_ ULONG BufferLength, _Out_opt_ PULONG ReturnLength);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExGetSystemFirmwareTable(_In_ ULONG FirmwareTableProviderSignature,
                                                    _In_ ULONG FirmwareTableID,
                                                    _Out_writes_bytes_opt_(BufferLength) PVOID FirmwareTableBuffer,
                                                    _In_ ULONG BufferLength, _Out_opt_ PULONG ReturnLength);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI FIRMWARE_TYPE NTAPI ExGetFirmwareType(VOID);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ExIsSoftBoot(VOID);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ExInitializeDeviceAts(_In_ PDEVICE_OBJECT PhysicalDeviceObject, _In_ ULONG Flags);

EXTERN_C_END

#endif
