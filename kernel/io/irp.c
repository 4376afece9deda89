/* SPDX-License-Identifier: MIT */
/*
 * irp.c: allocating, initialising, reusing and freeing I/O request packets.
 *
 * Nearly every IRP is short-lived and small, so each processor keeps two stacks of free ones: for at most
 * SMALL_STACK and at most LARGE_STACK stack locations. Taking and returning one touches memory of this
 * processor only, without a lock and without raising IRQL, because kernel code is not interrupted between two
 * calls (ki.h). An IRP freed on another processor than it came from goes to that processor's stack; a full
 * stack gives back to the pool.
 *
 * A free IRP has Type IOP_TYPE_FREE, so that the completion and freeing of a stale one are recognised. On a
 * checked machine IRPs of drivers bypass the caches: their pool blocks then name the driver that leaked them.
 *
 * AllocationFlags: IRP_LOOKASIDE_ALLOCATION an IRP of these caches, IRP_ALLOCATED_FIXED_SIZE one of the large
 * class, IRP_QUOTA_CHARGED charged to a process, none of them: plain pool, or memory of a driver
 * (IoInitializeIrp).
 */
#include "iomgr.h"

enum { SMALL_STACK = 2, LARGE_STACK = 10, CACHE_DEPTH = 64 };

/* [v] only its own processor touches it */
static struct irp_cache {
    PIRP free[2];
    ULONG depth[2];
} caches[HOST_MAX_VPS] __attribute__((aligned(64)));

/* The vector registers xmm0 to xmm5 are volatile in both calling conventions, and kernel code uses none
 * itself. */
#ifdef __SSE2__
#define XMM0_CLOBBER , "xmm0"
#else
#define XMM0_CLOBBER
#endif

/* Zero at least 64 bytes, 16 at a time; the last store may overlap the one before. */
static inline void clear_block(void *block, SIZE_T bytes)
{
    UCHAR *at = block, *last = at + bytes - 64;
    __asm__ volatile("pxor %%xmm0, %%xmm0\n"
                     "1: movups %%xmm0, (%0)\n\t"
                     "movups %%xmm0, 16(%0)\n\t"
                     "movups %%xmm0, 32(%0)\n\t"
                     "movups %%xmm0, 48(%0)\n\t"
                     "addq $64, %0\n\t"
                     "cmpq %1, %0\n\t"
                     "jb 1b\n\t"
                     "movups %%xmm0, (%1)\n\t"
                     "movups %%xmm0, 16(%1)\n\t"
                     "movups %%xmm0, 32(%1)\n\t"
                     "movups %%xmm0, 48(%1)\n\t"
                     : "+r"(at)
                     : "r"(last)
                     : "memory", "cc" XMM0_CLOBBER);
}

static inline SIZE_T irp_bytes(LONG stack)
{
    return sizeof(IRP) + (SIZE_T)stack * sizeof(IO_STACK_LOCATION);
}

static inline void initialize(PIRP irp, SIZE_T bytes, LONG stack, UCHAR flags)
{
    clear_block(irp, bytes);
    irp->Type = IO_TYPE_IRP;
    irp->Size = (USHORT)bytes;
    irp->StackCount = (CHAR)stack;
    irp->CurrentLocation = (CHAR)(stack + 1);
    irp->ApcEnvironment = (CCHAR)KiThread()->ApcStateIndex;
    irp->AllocationFlags = flags;
    InitializeListHead(&irp->ThreadListEntry);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack;
}

static __attribute__((noinline)) PIRP allocate_slow(LONG stack, int class, BOOLEAN quota, PVOID caller)
{
    UCHAR flags = class == 0 ? IRP_LOOKASIDE_ALLOCATION : IRP_LOOKASIDE_ALLOCATION | IRP_ALLOCATED_FIXED_SIZE;
    LONG room = class == 0 ? SMALL_STACK : LARGE_STACK;
    PIRP irp;
    if (quota) {
        irp = ExAllocatePoolWithQuotaTag((POOL_TYPE)(NonPagedPoolNx | POOL_QUOTA_FAIL_INSTEAD_OF_RAISE),
                                         irp_bytes(stack), IOP_TAG_IRP);
        flags = IRP_QUOTA_CHARGED;
    } else if (class < 0) {
        irp = MiAllocatePool(NonPagedPoolNx, irp_bytes(stack), IOP_TAG_IRP, FALSE, caller);
        flags = 0;
    } else {
        irp = MiAllocatePool(NonPagedPoolNx, irp_bytes(room), IOP_TAG_IRP, FALSE,
                             NULL); /* the cache's for good */
    }
    if (irp)
        initialize(irp, irp_bytes(stack), stack, flags);
    return irp;
}

static inline PIRP allocate(LONG stack, BOOLEAN quota, BOOLEAN bypass, PVOID caller)
{
    int class = stack <= SMALL_STACK ? 0 : stack <= LARGE_STACK ? 1 : -1;
    if (__builtin_expect(class >= 0 && !quota && !bypass, 1)) {
        struct irp_cache *cache = &caches[KiProcessorNumber()];
        PIRP irp = cache->free[class];
        if (__builtin_expect(irp != NULL, 1)) {
            cache->free[class] = (PIRP)irp->ThreadListEntry.Flink;
            cache->depth[class]--;
            initialize(irp, irp_bytes(stack), stack,
                       class == 0 ? IRP_LOOKASIDE_ALLOCATION
                                  : IRP_LOOKASIDE_ALLOCATION | IRP_ALLOCATED_FIXED_SIZE);
            return irp;
        }
    }
    return allocate_slow(stack, bypass ? -1 : class, quota, caller);
}

PIRP IopAllocateIrp(CCHAR StackSize, PVOID Caller)
{
    return allocate(StackSize, FALSE, Caller != NULL && IopChecked, Caller);
}

PIRP NTAPI IoAllocateIrp(CCHAR StackSize, BOOLEAN ChargeQuota)
{
    PVOID caller = __builtin_return_address(0);
    KiSchedPoint(HOST_POINT_ENTRY);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (StackSize < 0)
        return NULL;
    return allocate(StackSize, ChargeQuota, IopChecked, caller);
}

PIRP NTAPI IoAllocateIrpEx(PDEVICE_OBJECT DeviceObject, CCHAR StackSize, BOOLEAN ChargeQuota)
{
    PVOID caller = __builtin_return_address(0);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (StackSize < 0)
        return NULL;
    return allocate(StackSize, ChargeQuota, IopChecked, caller);
}

static inline void free_irp(PIRP Irp, PVOID Caller)
{
    if (__builtin_expect(Irp->Type != IO_TYPE_IRP, 0))
        KiBugCheckText(MULTIPLE_IRP_COMPLETE_REQUESTS, (ULONG_PTR)Irp, 0, 0, 0, (ULONG_PTR)Caller,
                       "IoFreeIrp was given an IRP that is free already, or memory that is no IRP. Free an "
                       "IRP once, and do not free one that the I/O manager frees (IoBuildSynchronousFsdRequest, "
                       "IoBuildDeviceIoControlRequest, requests of a client).");
    if (__builtin_expect(!IsListEmpty(&Irp->ThreadListEntry), 0))
        IopViolation(0x02, (ULONG_PTR)Irp, 0, 0, Caller,
                     "IoFreeIrp was given an IRP that still belongs to the thread that issued it. Complete "
                     "such an IRP; the I/O manager frees it.");
    UCHAR flags = Irp->AllocationFlags;
    Irp->Type = IOP_TYPE_FREE;
    if (__builtin_expect(flags & IRP_LOOKASIDE_ALLOCATION, 1)) {
        int class = flags & IRP_ALLOCATED_FIXED_SIZE ? 1 : 0;
        struct irp_cache *cache = &caches[KiProcessorNumber()];
        if (__builtin_expect(cache->depth[class] < CACHE_DEPTH, 1)) {
            Irp->ThreadListEntry.Flink = (PLIST_ENTRY)cache->free[class];
            cache->free[class] = Irp;
            cache->depth[class]++;
            return;
        }
    }
    ExFreePoolWithTag(Irp, IOP_TAG_IRP);
}

void IopFreeIrp(PIRP Irp)
{
    free_irp(Irp, NULL);
}

VOID NTAPI IoFreeIrp(PIRP Irp)
{
    KiSchedPoint(HOST_POINT_ENTRY);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    free_irp(Irp, __builtin_return_address(0));
}

VOID NTAPI IoInitializeIrp(PIRP Irp, USHORT PacketSize, CCHAR StackSize)
{
    if (PacketSize < irp_bytes(StackSize))
        KiBugCheckText(
            INCONSISTENT_IRP, (ULONG_PTR)Irp, PacketSize, (ULONG_PTR)StackSize, 0,
            (ULONG_PTR)__builtin_return_address(0),
            "IoInitializeIrp was given a PacketSize that has no room for StackSize stack locations. Pass "
            "IoSizeOfIrp(StackSize), and allocate that much.");
    initialize(Irp, PacketSize, StackSize, 0);
}

VOID NTAPI IoInitializeIrpEx(PIRP Irp, PDEVICE_OBJECT DeviceObject, USHORT PacketSize, CCHAR StackSize)
{
    IoInitializeIrp(Irp, PacketSize, StackSize);
}

VOID NTAPI IoReuseIrp(PIRP Irp, NTSTATUS Iostatus)
{
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Irp->Type != IO_TYPE_IRP || !IsListEmpty(&Irp->ThreadListEntry))
        KiBugCheckText(
            INCONSISTENT_IRP, (ULONG_PTR)Irp, 0, 0, 0, (ULONG_PTR)__builtin_return_address(0),
            "IoReuseIrp was given an IRP that is free or that belongs to a thread. Reuse only IRPs made with "
            "IoAllocateIrp or IoInitializeIrp.");
    initialize(Irp, irp_bytes(Irp->StackCount), Irp->StackCount, Irp->AllocationFlags);
    Irp->IoStatus.Status = Iostatus;
}

PIRP NTAPI IoMakeAssociatedIrp(PIRP Irp, CCHAR StackSize)
{
    PVOID caller = __builtin_return_address(0);
    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    PIRP associated = StackSize < 0 ? NULL : allocate(StackSize, FALSE, IopChecked, caller);
    if (!associated)
        return NULL;
    associated->Flags |= IRP_ASSOCIATED_IRP;
    associated->Tail.Overlay.Thread = Irp->Tail.Overlay.Thread;
    associated->AssociatedIrp.MasterIrp = Irp;
    return associated;
}

BOOLEAN NTAPI IoIsValidIrpStatus(NTSTATUS Status)
{
    return Status != STATUS_PENDING && Status != (NTSTATUS)0xFFFFFFFF;
}

/* STATUS_FT_READ_FROM_COPY says how a read succeeded, STATUS_VERIFY_REQUIRED that all of it must be done again. */
VOID NTAPI IoSetMasterIrpStatus(PIRP MasterIrp, NTSTATUS Status)
{
    ULONG old = (ULONG)MasterIrp->IoStatus.Status >> 30, severity = (ULONG)Status >> 30;
    if (Status == STATUS_FT_READ_FROM_COPY)
        return;
    if (Status == STATUS_VERIFY_REQUIRED || (!NT_SUCCESS(Status) && severity > old))
        MasterIrp->IoStatus.Status = Status;
}
