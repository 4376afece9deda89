/* SPDX-License-Identifier: MIT */
/*
 * Secure pools: allocations that nobody can write but the pool itself, on behalf of who knows their cookie.
 *
 * On Windows the memory is protected by the hypervisor; here its pages are mapped read-only, and an update goes through
 * a mapping made for the moment, so that a driver's stray write is a fault (0xBE) at any time. Each allocation is whole
 * pages. What is known about it (tag, cookie, size, flags) lies beside, in a list of the pool, not in the
 * allocation. It can be freed only if it was allocated as freeable, with the pool and the cookie: ExFreePool of it
 * is a bad free like any other. Destroying the pool frees all of it.
 *
 * Lock: secure_lock (fast mutex) guards the lists of all pools and keeps allocations from going while they are used.
 *
 * Reference: ExCreatePool, ExDestroyPool, ExAllocatePool3, ExSecurePoolUpdate, ExSecurePoolValidate of wdm.h; the first
 * two have a prototype only.
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"

#define POOL_TAG_OF_POOLS 0x6C6F5053U /* "SPol" */

typedef struct _SECURE_BLOCK {
    LIST_ENTRY Link;
    PVOID Va;
    SIZE_T Bytes;
    ULONG_PTR Cookie;
    ULONG Tag, Flags;
} SECURE_BLOCK;

typedef struct _SECURE_POOL {
    LIST_ENTRY Link; /* of all pools */
    LIST_ENTRY Blocks;
} SECURE_POOL;

static FAST_MUTEX secure_lock;
static LIST_ENTRY pools = {&pools, &pools};

void MiInitSecurePools(void)
{
    ExInitializeFastMutex(&secure_lock);
}

/* The pool of a handle, or NULL. Lock held. */
static SECURE_POOL *find_pool(HANDLE Handle)
{
    for (PLIST_ENTRY Link = pools.Flink; Link != &pools; Link = Link->Flink)
        if (Link == (PLIST_ENTRY)Handle)
            return CONTAINING_RECORD(Link, SECURE_POOL, Link);
    return NULL;
}

/* The allocation, if everything that is said about it is true. Lock held. */
static SECURE_BLOCK *find_block(HANDLE Handle, ULONG Tag, PVOID Va, ULONG_PTR Cookie)
{
    SECURE_POOL *Pool = find_pool(Handle);

    for (PLIST_ENTRY Link = Pool ? Pool->Blocks.Flink : NULL; Pool && Link != &Pool->Blocks; Link = Link->Flink) {
        SECURE_BLOCK *Block = CONTAINING_RECORD(Link, SECURE_BLOCK, Link);
        if (Block->Va == Va)
            return Block->Tag == Tag && Block->Cookie == Cookie ? Block : NULL;
    }
    return NULL;
}

NTSTATUS NTAPI ExCreatePool(ULONG Flags, ULONG_PTR Tag, POOL_EXTENDED_PARAMETER *Params, HANDLE *PoolHandle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    UNREFERENCED_PARAMETER(Params);
    *PoolHandle = NULL;
    if (!(Flags & POOL_CREATE_FLG_SECURE_POOL) ||
        (Flags & ~(ULONG)(POOL_CREATE_FLG_SECURE_POOL | POOL_CREATE_FLG_USE_GLOBAL_POOL)))
        return STATUS_INVALID_PARAMETER_1;
    if (Tag == 0)
        return STATUS_INVALID_PARAMETER_2;
    SECURE_POOL *Pool = MiAllocatePool(NonPagedPoolNx, sizeof(*Pool), (ULONG)Tag, TRUE, __builtin_return_address(0));
    if (Pool == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    InitializeListHead(&Pool->Blocks);
    ExAcquireFastMutex(&secure_lock);
    InsertTailList(&pools, &Pool->Link);
    ExReleaseFastMutex(&secure_lock);
    *PoolHandle = (HANDLE)&Pool->Link;
    return STATUS_SUCCESS;
}

static void release(SECURE_BLOCK *Block)
{
    PFN_NUMBER Pfn = MiVaToPfn(Block->Va);
    SIZE_T Pages = MI_PAGES(Block->Bytes);

    RemoveEntryList(&Block->Link);
    if (NT_SUCCESS(MiProtectRam(Pfn, Pages, HOST_PROT_R | HOST_PROT_W))) {
        MiReturnHostMappings(2);
        MiFreePages(Pfn, Pages);
    }
    ExFreePoolWithTag(Block, POOL_TAG_OF_POOLS);
}

VOID NTAPI ExDestroyPool(HANDLE PoolHandle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    ExAcquireFastMutex(&secure_lock);
    SECURE_POOL *Pool = find_pool(PoolHandle);
    if (Pool) {
        while (!IsListEmpty(&Pool->Blocks))
            release(CONTAINING_RECORD(Pool->Blocks.Flink, SECURE_BLOCK, Link));
        RemoveEntryList(&Pool->Link);
    }
    ExReleaseFastMutex(&secure_lock);
    if (Pool == NULL)
        MiPoolBugCheck(BAD_POOL_CALLER, 0x46, (ULONG64)(ULONG_PTR)PoolHandle, 0, 0, __builtin_return_address(0),
                       "ExDestroyPool was given a handle that ExCreatePool did not return, or that was destroyed");
    ExFreePool(Pool);
}

/* Write through a mapping of the moment: the pages' own addresses stay read-only. */
static NTSTATUS write_block(SECURE_BLOCK *Block, SIZE_T Offset, const void *From, SIZE_T Bytes)
{
    SIZE_T Pages = MI_PAGES(Block->Bytes);
    UCHAR *Alias = MiReserveSystemPtes(Pages, POOL_TAG_OF_POOLS, NULL);

    if (Alias == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS Status = MiMapSystemRun(Alias, MiVaToPfn(Block->Va), Pages, HOST_PROT_R | HOST_PROT_W);
    if (NT_SUCCESS(Status)) {
        Status = KiCopyFromMode(KernelMode, Alias + Offset, From, Bytes);
        MiUnmapSystemPtes(Alias, Pages);
    }
    MiReleaseSystemPtes(Alias, Pages);
    return Status;
}

PVOID MiAllocateSecure(const POOL_EXTENDED_PARAMS_SECURE_POOL *Params, SIZE_T Bytes, ULONG Tag, PVOID Caller)
{
    PFN_NUMBER Pfn;
    SIZE_T Pages = MI_PAGES(Bytes);

    if (Bytes == 0 || MiCurrentIrql() > APC_LEVEL ||
        (Params->SecurePoolFlags & ~(ULONG)(SECURE_POOL_FLAGS_FREEABLE | SECURE_POOL_FLAGS_MODIFIABLE)) ||
        Bytes > ((ULONG64)MiPageCount << KILN_PAGE_SHIFT) || !MiChargeHostMappings(2, "secure pool"))
        return NULL;
    SECURE_BLOCK *Block = MiAllocatePool(NonPagedPoolNx, sizeof(*Block), POOL_TAG_OF_POOLS, TRUE, Caller);
    if (Block == NULL ||
        !NT_SUCCESS(MiAllocatePages(Pages, 0, MiPageCount - 1, 1, 0, MiPageSystem, TRUE, &Pfn))) {
        if (Block)
            ExFreePoolWithTag(Block, POOL_TAG_OF_POOLS);
        MiReturnHostMappings(2);
        return NULL;
    }
    Block->Va = MiPfnToVa(Pfn);
    Block->Bytes = Bytes;
    Block->Tag = Tag;
    Block->Cookie = Params->Cookie;
    Block->Flags = Params->SecurePoolFlags;
    NTSTATUS Status = MiProtectRam(Pfn, Pages, HOST_PROT_R);
    ExAcquireFastMutex(&secure_lock);
    SECURE_POOL *Pool = find_pool(Params->SecurePoolHandle);
    if (Pool)
        InsertTailList(&Pool->Blocks, &Block->Link);
    else
        InitializeListHead(&Block->Link);
    if (NT_SUCCESS(Status) && Pool && Params->Buffer)
        Status = write_block(Block, 0, Params->Buffer, Bytes);
    PVOID Va = Block->Va;
    if (Pool == NULL || !NT_SUCCESS(Status)) {
        release(Block);
        Va = NULL;
    }
    ExReleaseFastMutex(&secure_lock);
    return Va;
}

void MiFreeSecure(PVOID Va, ULONG Tag, const POOL_EXTENDED_PARAMS_SECURE_POOL *Params, PVOID Caller)
{
    ExAcquireFastMutex(&secure_lock);
    SECURE_BLOCK *Block = find_block(Params->SecurePoolHandle, Tag, Va, Params->Cookie);
    BOOLEAN Good = Block && (Block->Flags & SECURE_POOL_FLAGS_FREEABLE);
    if (Good)
        release(Block);
    ExReleaseFastMutex(&secure_lock);
    if (!Good)
        MiPoolBugCheck(BAD_POOL_CALLER, 0x46, (ULONG64)(ULONG_PTR)Va, Tag, Params->Cookie, Caller,
                       "a secure allocation was freed that was not allocated as SECURE_POOL_FLAGS_FREEABLE, or with "
                       "another pool, tag or cookie than its own");
}

NTSTATUS NTAPI ExSecurePoolUpdate(HANDLE SecurePoolHandle, ULONG Tag, PVOID Allocation, ULONG_PTR Cookie, SIZE_T Offset,
                                  SIZE_T Size, PVOID Buffer)
{
    NTSTATUS Status = STATUS_SUCCESS;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    ExAcquireFastMutex(&secure_lock);
    SECURE_BLOCK *Block = find_block(SecurePoolHandle, Tag, Allocation, Cookie);
    if (Block == NULL || Offset > Block->Bytes || Size > Block->Bytes - Offset)
        Status = STATUS_INVALID_PARAMETER;
    else if (!(Block->Flags & SECURE_POOL_FLAGS_MODIFIABLE))
        Status = STATUS_ACCESS_DENIED;
    else
        Status = write_block(Block, Offset, Buffer, Size);
    ExReleaseFastMutex(&secure_lock);
    return Status;
}

LOGICAL NTAPI ExSecurePoolValidate(HANDLE SecurePoolHandle, ULONG Tag, PVOID Allocation, ULONG_PTR Cookie)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    ExAcquireFastMutex(&secure_lock);
    LOGICAL Valid = find_block(SecurePoolHandle, Tag, Allocation, Cookie) != NULL;
    ExReleaseFastMutex(&secure_lock);
    return Valid;
}
