/* SPDX-License-Identifier: MIT */
/*
 * The exported forms of pool allocation. All of them come down to MiAllocateBlock and MiFreeBlock (pool.c);
 * here are the differences: flags against types, zeroing, raising, quota, priority. Reference: the
 * ExAllocatePool* pages of wdm.h, and POOL_FLAGS.
 */
#include "mip.h"
#include "ki.h"
#include "psp.h"

#define CALLER __builtin_return_address(0)

#define FLAG_TYPES (POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED)
#define FLAG_KNOWN                                                                                           \
    (FLAG_TYPES | POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |                        \
     POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE)
#define FLAG_REQUIRED 0x00000000FFFFFFFFULL

/* What a priority leaves for others: low fails in the last 1/16 of RAM, normal in the last 1/64, high never.
 */
static BOOLEAN has_room(SIZE_T Bytes, ULONG Priority)
{
    SIZE_T Keep = Priority >= HighPoolPriority ? 0 : MiPageCount >> (Priority >= NormalPoolPriority ? 6 : 4);

    return Bytes < ((ULONG64)MiPageCount << KILN_PAGE_SHIFT) &&
           __atomic_load_n(&MiFreePageCount, __ATOMIC_RELAXED) >= Keep + MI_PAGES(Bytes);
}

static PVOID allocate_quota(ULONG Type, SIZE_T Bytes, ULONG Tag, NTSTATUS *Status, PVOID Caller)
{
    PVOID Process, Block;

    /* Whole pages are not charged. */
    if (Bytes >= PAGE_SIZE || PsInitialSystemProcess == NULL) {
        Block = MiAllocateBlock(Type, Bytes, Tag, Caller);
        *Status = Block ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
        return Block;
    }
    *Status = MiChargeQuota(MiKindOfType(Type), Bytes, &Process);
    if (!NT_SUCCESS(*Status))
        return NULL;
    Block = MiAllocateQuotaBlock(Type, Bytes, Tag, Process, Caller);
    if (Block == NULL || ((ULONG_PTR)Block & (PAGE_SIZE - 1)) == 0)
        MiReturnQuota(Process, MiKindOfType(Type), Bytes, Block, Caller);
    if (Block == NULL)
        *Status = STATUS_INSUFFICIENT_RESOURCES;
    return Block;
}

PVOID MiFinishAllocation(PVOID Block, SIZE_T Bytes, ULONG Type)
{
    if (Block == NULL) {
        if (Type & POOL_RAISE_IF_ALLOCATION_FAILURE)
            ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
    } else if (Type & POOL_ZERO_ALLOCATION) {
        __builtin_memset(Block, 0, Bytes);
    }
    return Block;
}

/* ---------------------------------------------------------------- allocation by type */

PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return MiFinishAllocation(MiAllocateBlock((ULONG)PoolType, NumberOfBytes, MI_UNTAGGED, CALLER),
                              NumberOfBytes, (ULONG)PoolType);
}

PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY Priority)
{
    PVOID Block = NULL;

    /* The low bits of a priority say where in special pool the block should lie. */
    if (has_room(NumberOfBytes, (ULONG)Priority & ~0xFU))
        Block = MiAllocateBlock((ULONG)PoolType, NumberOfBytes, Tag, CALLER);
    return MiFinishAllocation(Block, NumberOfBytes, (ULONG)PoolType);
}

static PVOID quota_with_tag(ULONG Type, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    NTSTATUS Status;
    PVOID Block =
        allocate_quota(Type & ~(ULONG)POOL_QUOTA_FAIL_INSTEAD_OF_RAISE, Bytes, Tag, &Status, Caller);

    if (Block == NULL && !(Type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE))
        ExRaiseStatus(Status);
    return Block ? MiFinishAllocation(Block, Bytes, Type) : NULL;
}

PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return quota_with_tag((ULONG)PoolType, NumberOfBytes, Tag, CALLER);
}

PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return quota_with_tag((ULONG)PoolType, NumberOfBytes, MI_UNTAGGED, CALLER);
}

/* ---------------------------------------------------------------- allocation by flags */

PVOID MiAllocateByFlags(ULONG64 Flags, SIZE_T Bytes, ULONG Tag, ULONG Priority, BOOLEAN Valid, PVOID Caller)
{
    ULONG Type = (Flags & POOL_FLAG_PAGED)       ? PagedPool
                 : (Flags & POOL_FLAG_NON_PAGED) ? NonPagedPoolNx
                                                 : NonPagedPool;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    PVOID Block = NULL;

    if (Flags & POOL_FLAG_CACHE_ALIGNED)
        Type |= NonPagedPoolCacheAligned;
    if (!Valid || Tag == 0 || (Flags & FLAG_REQUIRED & ~FLAG_KNOWN) ||
        __builtin_popcountll(Flags & FLAG_TYPES) != 1)
        Status = STATUS_INVALID_PARAMETER;
    else if (!has_room(Bytes, Priority))
        Status = STATUS_INSUFFICIENT_RESOURCES;
    else if (Flags & POOL_FLAG_USE_QUOTA)
        Block = allocate_quota(Type, Bytes, Tag, &Status, Caller);
    else
        Block = MiAllocateBlock(Type, Bytes, Tag, Caller);
    if (Block == NULL) {
        if (Flags & POOL_FLAG_RAISE_ON_FAILURE)
            ExRaiseStatus(Status);
        return NULL;
    }
    if (!(Flags & POOL_FLAG_UNINITIALIZED))
        __builtin_memset(Block, 0, Bytes);
    return Block;
}

PVOID NTAPI ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                            PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    const POOL_EXTENDED_PARAMS_SECURE_POOL *Secure = NULL;
    ULONG Priority = HighPoolPriority;
    BOOLEAN Valid = ExtendedParametersCount == 0 || ExtendedParameters != NULL;

    for (ULONG I = 0; Valid && I < ExtendedParametersCount; I++) {
        const POOL_EXTENDED_PARAMETER *Parameter = &ExtendedParameters[I];
        BOOLEAN Good = FALSE;
        if (Parameter->Type == PoolExtendedParameterPriority) {
            Priority = (ULONG)Parameter->Priority & ~0xFU;
            Good =
                Priority == LowPoolPriority || Priority == NormalPoolPriority || Priority == HighPoolPriority;
        } else if (Parameter->Type == PoolExtendedParameterSecurePool) {
            Secure = Parameter->SecurePoolParams;
            Good = Secure != NULL;
        } else if (Parameter->Type == PoolExtendedParameterNumaNode) {
            /* One node, number 0. */
            Good = !(Flags & POOL_FLAG_PAGED) &&
                   (Parameter->PreferredNode == 0 || (Parameter->PreferredNode & MM_ANY_NODE_OK));
        }
        if (!Good && !Parameter->Optional)
            Valid = FALSE;
    }
    if (Valid && Secure && Tag) {
        PVOID Block = MiAllocateSecure(Secure, NumberOfBytes, Tag, CALLER);
        if (Block == NULL && (Flags & POOL_FLAG_RAISE_ON_FAILURE))
            ExRaiseStatus(STATUS_INSUFFICIENT_RESOURCES);
        return Block;
    }
    return MiAllocateByFlags(Flags, NumberOfBytes, Tag, Priority, Valid, CALLER);
}

PVOID MiAllocatePool(POOL_TYPE Type, SIZE_T Bytes, ULONG Tag, BOOLEAN Zero, PVOID Caller)
{
    PVOID Block = MiAllocateBlock((ULONG)Type, Bytes, Tag, Caller);

    if (Block && Zero)
        __builtin_memset(Block, 0, Bytes);
    return Block;
}

/* ---------------------------------------------------------------- freeing */

void NTAPI ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                       ULONG ExtendedParametersCount)
{
    for (ULONG I = 0; I < ExtendedParametersCount; I++) {
        if (ExtendedParameters[I].Type == PoolExtendedParameterSecurePool) {
            MiFreeSecure(P, Tag, ExtendedParameters[I].SecurePoolParams, CALLER);
            return;
        }
    }
    MiFreeBlock(P, Tag, TRUE, CALLER);
}
