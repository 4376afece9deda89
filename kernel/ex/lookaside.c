/* SPDX-License-Identifier: MIT */
/*
 * Lookaside lists: initialisation, tuning, flushing and deletion. Allocating and freeing are inlined in
 * drivers (see <nt/ex.h>): pop an entry or call Allocate; push it unless the list holds Depth entries, else
 * call Free.
 *
 * Depth is tuned where the cost of a wrong depth shows: in the list's own Allocate and Free routines, which
 * run on misses only. Many misses among the latest allocations deepen the list, hardly any make it shallower.
 * The counts are not atomic (they are not on Windows either) and steer nothing else. A list with routines of
 * its own keeps its depth.
 *
 * Lists are not linked anywhere: a driver that forgets to delete one leaves nothing dangling but its pool
 * blocks, which the pool's leak list shows. Reference: the Ex...LookasideList... pages of wdm.h.
 */
#include "ki.h"
#include "mi.h"
#include <nt/ex.h>

#define MINIMUM_DEPTH 4
#define MAXIMUM_DEPTH EX_MAXIMUM_LOOKASIDE_DEPTH_BASE
#define TUNE_INTERVAL 64 /* allocations between two looks */

static void tune(PGENERAL_LOOKASIDE_POOL List)
{
    ULONG Allocates = List->TotalAllocates - List->LastTotalAllocates;
    ULONG Misses = List->AllocateMisses - List->LastAllocateMisses;

    if (Allocates < TUNE_INTERVAL)
        return;
    List->LastTotalAllocates = List->TotalAllocates;
    List->LastAllocateMisses = List->AllocateMisses;
    if (Misses > Allocates / 16) {
        ULONG Deeper = List->Depth + List->Depth / 2 + 8;
        List->Depth = (USHORT)(Deeper < List->MaximumDepth ? Deeper : List->MaximumDepth);
    } else if (Misses < Allocates / 200 && List->Depth > MINIMUM_DEPTH) {
        List->Depth -= 1;
    }
}

static PVOID NTAPI default_allocate(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                    PLOOKASIDE_LIST_EX Lookaside)
{
    PVOID Block;

    tune(&Lookaside->L);
    Block = MiAllocatePool(PoolType, NumberOfBytes, Tag, FALSE, __builtin_return_address(0));
    if (Block == NULL && ((ULONG)PoolType & POOL_RAISE_IF_ALLOCATION_FAILURE))
        ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    return Block;
}

static void NTAPI default_free(PVOID Buffer, PLOOKASIDE_LIST_EX Lookaside)
{
    ExFreePoolWithTag(Buffer, Lookaside->L.Tag);
}

static void initialize(PGENERAL_LOOKASIDE_POOL List, ULONG Type, SIZE_T Size, ULONG Tag)
{
    __builtin_memset(List, 0, sizeof(*List));
    InitializeSListHead(&List->ListHead);
    List->Depth = MINIMUM_DEPTH;
    List->MaximumDepth = MAXIMUM_DEPTH;
    List->Type = (POOL_TYPE)Type;
    List->Tag = Tag;
    List->Size = (ULONG)(Size < LOOKASIDE_MINIMUM_BLOCK_SIZE ? LOOKASIDE_MINIMUM_BLOCK_SIZE : Size);
    List->AllocateEx = default_allocate;
    List->FreeEx = default_free;
    InitializeListHead(&List->ListEntry);
}

static void flush(PGENERAL_LOOKASIDE_POOL List)
{
    PSLIST_ENTRY Entry = ExpInterlockedFlushSList(&List->ListHead);

    while (Entry) {
        PSLIST_ENTRY Next = Entry->Next;
        List->FreeEx(Entry, (PLOOKASIDE_LIST_EX)List);
        Entry = Next;
    }
}

/* ---------------------------------------------------------------- the older lists */

void NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                           PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag,
                                           USHORT Depth)
{
    UNREFERENCED_PARAMETER(Depth); /* reserved */
    initialize((PGENERAL_LOOKASIDE_POOL)&Lookaside->L, NonPagedPool | Flags, Size, Tag);
    if (Allocate)
        Lookaside->L.Allocate = Allocate;
    if (Free)
        Lookaside->L.Free = Free;
}

void NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    flush((PGENERAL_LOOKASIDE_POOL)&Lookaside->L);
}

void NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                          PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag,
                                          USHORT Depth)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(Depth); /* reserved */
    initialize((PGENERAL_LOOKASIDE_POOL)&Lookaside->L, PagedPool | Flags, Size, Tag);
    if (Allocate)
        Lookaside->L.Allocate = Allocate;
    if (Free)
        Lookaside->L.Free = Free;
}

void NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    flush((PGENERAL_LOOKASIDE_POOL)&Lookaside->L);
}

/* In drivers these two are inlined; older binaries import them (the ledger gives them the names). */

PVOID NTAPI ExpAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    return ExAllocateFromPagedLookasideList(Lookaside);
}

void NTAPI ExpFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    ExFreeToPagedLookasideList(Lookaside, Entry);
}

/* ---------------------------------------------------------------- extended lists */

NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                           PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags,
                                           SIZE_T Size, ULONG Tag, USHORT Depth)
{
    ULONG Type = (ULONG)PoolType;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Depth != 0)
        return STATUS_INVALID_PARAMETER_8;
    if (Flags & ~(ULONG)(EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE))
        return STATUS_INVALID_PARAMETER_5;
    if (Flags == (EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE))
        return STATUS_INVALID_PARAMETER_5;
    if (Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL)
        Type |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    if (Flags & EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE)
        Type |= POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
    initialize(&Lookaside->L, Type, Size, Tag);
    if (Allocate)
        Lookaside->L.AllocateEx = Allocate;
    if (Free)
        Lookaside->L.FreeEx = Free;
    return STATUS_SUCCESS;
}

void NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    flush(&Lookaside->L);
}

void NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    flush(&Lookaside->L);
}
