/* SPDX-License-Identifier: MIT */
/*
 * ob/handle.c: handle tables.
 *
 * A table is a tree of one to three levels whose leaves are pages of 256 entries of 16 bytes; it grows at the
 * root and never shrinks, so a reader needs no lock: it loads the tree code once and indexes. A handle value
 * is four times the entry's index (index 0 is never used); kernel handles have the sign bit set as well.
 *
 *      Low    [ object >> 4 : 44 ][ attributes : 4 ][ cached references : 15 ][ unlocked : 1 ]   (0: free)
 *      then   granted access : 32, next free index : 32
 *
 * To reference an object through a handle one must not touch the object before it is known to be held. An
 * entry therefore carries references taken in advance: a lookup takes one of them with a single
 * compare and swap of Low, which succeeds only if the entry still means that object, and only then looks at
 * the object. The granted access is read before and after: equal, it is the access of a handle that the value
 * was all the time, or was again; else the reference is given back. (A writer stores the access before Low.)
 * When the cache is empty the entry is locked (bit 0 clear), the object's count is raised by a batch, and the
 * entry is unlocked. Closing gives what is left of the batch back. The checked machine takes no references in
 * advance, so that its counts are exact.
 *
 * An entry's lock is held for a handful of instructions without a scheduling point or a call that could wait.
 * Free entries form a list by index under the table's spin lock (h): last in, first out on the unchecked
 * machine (warm cache lines), first in, first out on the checked one (a stale handle stays invalid for as
 * long as possible).
 */
#include "obi.h"

#define ENTRIES_PER_PAGE 256u
#define PAGES_PER_MID    512u
#define ENTRIES_PER_MID  (ENTRIES_PER_PAGE * PAGES_PER_MID)
#define MAX_ENTRIES      (1u << 24)
#define BATCH            64u

struct _HANDLE_TABLE {
    volatile ULONG_PTR TableCode; /* root page | level (0, 1, 2) */
    PEPROCESS Process;            /* constant; NULL: the kernel table */
    KSPIN_LOCK Lock;              /* h: everything below, and the shape of the tree */
    ULONG FirstFree, LastFree;    /* 0: none */
    ULONG NextNeverUsed;          /* entries from here on have never been handed out */
    ULONG Allocated;              /* entries that exist */
    volatile LONG Count;          /* handles in use */
};

PHANDLE_TABLE ObpKernelHandleTable;

/* ---------------------------------------------------------------- the tree */

static PHANDLE_TABLE_ENTRY entry_at(PHANDLE_TABLE table, ULONG index)
{
    ULONG_PTR code = __atomic_load_n(&table->TableCode, __ATOMIC_ACQUIRE);
    ULONG level = code & 3;
    PVOID *root = (PVOID *)(code & ~(ULONG_PTR)3);
    if (level == 0)
        return index < ENTRIES_PER_PAGE ? (PHANDLE_TABLE_ENTRY)root + index : NULL;
    if (level == 2) {
        if (index >= MAX_ENTRIES)
            return NULL;
        root = __atomic_load_n((PVOID **)&root[index / ENTRIES_PER_MID], __ATOMIC_ACQUIRE);
        if (!root)
            return NULL;
        index %= ENTRIES_PER_MID;
    } else if (index >= ENTRIES_PER_MID) {
        return NULL;
    }
    PHANDLE_TABLE_ENTRY page =
        __atomic_load_n((PHANDLE_TABLE_ENTRY *)&root[index / ENTRIES_PER_PAGE], __ATOMIC_ACQUIRE);
    return page ? page + index % ENTRIES_PER_PAGE : NULL;
}

static PVOID new_page(void)
{
    return ObpAllocate(PAGE_SIZE, OB_TAG_TABLE);
}

/* h held: one more page of entries. */
static BOOLEAN grow(PHANDLE_TABLE table)
{
    ULONG index = table->Allocated;
    ULONG_PTR code = table->TableCode;
    if (index >= MAX_ENTRIES)
        return FALSE;
    PVOID page = new_page(), mid = NULL, top = NULL;
    if (!page)
        return FALSE;
    if (!code) {
        __atomic_store_n(&table->TableCode, (ULONG_PTR)page, __ATOMIC_RELEASE);
        goto done;
    }
    if ((code & 3) == 0) {
        if (!(mid = new_page()))
            goto fail;
        ((PVOID *)mid)[0] = (PVOID)code;
        ((PVOID *)mid)[1] = page;
        __atomic_store_n(&table->TableCode, (ULONG_PTR)mid | 1, __ATOMIC_RELEASE);
        goto done;
    }
    if ((code & 3) == 1) {
        if (index < ENTRIES_PER_MID) {
            PVOID *root = (PVOID *)(code & ~(ULONG_PTR)3);
            __atomic_store_n(&root[index / ENTRIES_PER_PAGE], page, __ATOMIC_RELEASE);
            goto done;
        }
        if (!(top = new_page()) || !(mid = new_page()))
            goto fail;
        ((PVOID *)top)[0] = (PVOID)(code & ~(ULONG_PTR)3);
        ((PVOID *)mid)[0] = page;
        ((PVOID *)top)[1] = mid;
        __atomic_store_n(&table->TableCode, (ULONG_PTR)top | 2, __ATOMIC_RELEASE);
        goto done;
    }
    PVOID *root = (PVOID *)(code & ~(ULONG_PTR)3);
    PVOID *middle = root[index / ENTRIES_PER_MID];
    if (!middle) {
        if (!(mid = new_page()))
            goto fail;
        ((PVOID *)mid)[0] = page;
        __atomic_store_n(&root[index / ENTRIES_PER_MID], mid, __ATOMIC_RELEASE);
    } else {
        __atomic_store_n(&middle[index % ENTRIES_PER_MID / ENTRIES_PER_PAGE], page, __ATOMIC_RELEASE);
    }
done:
    table->Allocated = index + ENTRIES_PER_PAGE;
    return TRUE;
fail:
    ObpFree(page, OB_TAG_TABLE);
    if (top)
        ObpFree(top, OB_TAG_TABLE);
    return FALSE;
}

static ULONG allocate_index(PHANDLE_TABLE table)
{
    ULONG index = 0;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&table->Lock);
    /* The checked machine prefers entries that were never used: a stale handle then names nothing. */
    BOOLEAN fresh = ObpChecked && table->NextNeverUsed < 4 * ENTRIES_PER_PAGE;
    if (table->FirstFree && !(fresh && table->NextNeverUsed < table->Allocated)) {
        index = table->FirstFree;
        table->FirstFree = entry_at(table, index)->NextFree;
        if (!table->FirstFree)
            table->LastFree = 0;
    } else if (table->NextNeverUsed < table->Allocated || grow(table)) {
        index = table->NextNeverUsed++;
    }
    if (index)
        table->Count++;
    KeReleaseSpinLock(&table->Lock, irql);
    return index;
}

static void free_index(PHANDLE_TABLE table, ULONG index)
{
    PHANDLE_TABLE_ENTRY entry = entry_at(table, index);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&table->Lock);
    if (ObpChecked) {
        entry->NextFree = 0;
        if (table->LastFree)
            entry_at(table, table->LastFree)->NextFree = index;
        else
            table->FirstFree = index;
        table->LastFree = index;
    } else {
        entry->NextFree = table->FirstFree;
        table->FirstFree = index;
        if (!table->LastFree)
            table->LastFree = index;
    }
    table->Count--;
    KeReleaseSpinLock(&table->Lock, irql);
}

static ULONG index_of(HANDLE handle)
{
    return (ULONG)((ULONG_PTR)handle & 0x7fffffff) >> 2;
}

/* ---------------------------------------------------------------- entries */

static inline BOOLEAN swap_low(PHANDLE_TABLE_ENTRY entry, ULONG64 low, ULONG64 new_low)
{
    return KiCompareExchange(&entry->Low, &low, new_low);
}

static inline ACCESS_MASK load_access(PHANDLE_TABLE_ENTRY entry)
{
    return __atomic_load_n(&entry->GrantedAccess, __ATOMIC_ACQUIRE);
}

PHANDLE_TABLE_ENTRY ObpLockHandle(PHANDLE_TABLE Table, HANDLE Handle)
{
    PHANDLE_TABLE_ENTRY entry = entry_at(Table, index_of(Handle));
    if (!entry)
        return NULL;
    for (;;) {
        ULONG64 low = __atomic_load_n(&entry->Low, __ATOMIC_ACQUIRE);
        if (!low)
            return NULL;
        if (low & OB_ENTRY_UNLOCKED &&
            __atomic_compare_exchange_n(&entry->Low, &low, low & ~OB_ENTRY_UNLOCKED, FALSE, __ATOMIC_ACQ_REL,
                                        __ATOMIC_RELAXED))
            return entry;
        KiSpinRelax();
    }
}

void ObpUnlockHandle(PHANDLE_TABLE_ENTRY Entry, ULONG64 Low)
{
    __atomic_store_n(&Entry->Low, Low | OB_ENTRY_UNLOCKED, __ATOMIC_RELEASE);
}

/* Give back a reference that nobody saw. */
static DECLSPEC_NOINLINE void put_back(POBJECT_HEADER header)
{
    if (ObpTraceEnabled)
        ObpTraceReference(header->Body, OB_DEFAULT_TAG, 1, __builtin_return_address(0));
    ObDereferenceObject(header->Body);
}

POBJECT_HEADER ObpReferenceHandle(PHANDLE_TABLE Table, HANDLE Handle, ACCESS_MASK *Access, ULONG *Attributes)
{
    PHANDLE_TABLE_ENTRY entry = entry_at(Table, index_of(Handle));
    if (!entry)
        return NULL;
    for (;;) {
        ULONG64 low = __atomic_load_n(&entry->Low, __ATOMIC_ACQUIRE);
        ACCESS_MASK access = load_access(entry);
        if (!low)
            return NULL;
        if (low & OB_ENTRY_UNLOCKED) {
            POBJECT_HEADER header = NULL;
            if (ObpEntryCached(low)) {
                if (swap_low(entry, low, low - OB_ENTRY_REF))
                    header = ObpHeader(ObpEntryPointer(low));
            } else if (swap_low(entry, low, low & ~OB_ENTRY_UNLOCKED)) {
                header = ObpHeader(ObpEntryPointer(low));
                ULONG batch = ObpChecked ? 0 : BATCH;
                __atomic_add_fetch(&header->PointerCount, batch + 1, __ATOMIC_RELAXED);
                ObpUnlockHandle(entry, low + batch * OB_ENTRY_REF);
            }
            if (header) {
                *Access = access;
                *Attributes = ObpEntryAttributes(low);
                if (__builtin_expect(load_access(entry) == access, 1))
                    return header;
                /* Closed meanwhile, and open again for the same object with other access. */
                put_back(header);
            }
        }
        KiSpinRelax();
    }
}

HANDLE ObpInsertHandle(PHANDLE_TABLE Table, POBJECT_HEADER Header, ULONG Attributes,
                       ACCESS_MASK GrantedAccess)
{
    ULONG index = allocate_index(Table);
    if (!index)
        return NULL;
    PHANDLE_TABLE_ENTRY entry = entry_at(Table, index);
    __atomic_store_n(&entry->GrantedAccess, GrantedAccess, __ATOMIC_RELEASE);
    entry->NextFree = 0;
    if (__builtin_expect(ObpTraceEnabled, 0))
        ObpTraceHandle(entry, __builtin_return_address(0));
    __atomic_store_n(&entry->Low, ObpMakeEntry(Header->Body, Attributes, 0), __ATOMIC_RELEASE);
    return (HANDLE)((ULONG_PTR)index << 2);
}

void ObpRemoveHandle(PHANDLE_TABLE Table, PHANDLE_TABLE_ENTRY Entry, HANDLE Handle)
{
    if (__builtin_expect(ObpTraceEnabled, 0))
        ObpForgetReferenceTrace(Entry);
    __atomic_store_n(&Entry->Low, 0, __ATOMIC_RELEASE);
    free_index(Table, index_of(Handle));
}

/* ---------------------------------------------------------------- tables */

PHANDLE_TABLE ObCreateHandleTable(PEPROCESS Process)
{
    PHANDLE_TABLE table = ObpAllocate(sizeof(*table), OB_TAG_TABLE);
    if (!table)
        return NULL;
    table->Process = Process;
    table->NextNeverUsed = 1;
    /* A table always has its first page, so that readers need not ask. */
    if (!grow(table)) {
        ObpFree(table, OB_TAG_TABLE);
        return NULL;
    }
    return table;
}

void ObDeleteHandleTable(PHANDLE_TABLE Table)
{
    ULONG_PTR code = Table->TableCode;
    PVOID *root = (PVOID *)(code & ~(ULONG_PTR)3);
    ULONG level = code & 3;
    for (ULONG i = 0; root && level && i < PAGES_PER_MID; i++) {
        PVOID *mid = root[i];
        for (ULONG j = 0; mid && level == 2 && j < PAGES_PER_MID; j++) {
            if (mid[j])
                ObpFree(mid[j], OB_TAG_TABLE);
        }
        if (mid)
            ObpFree(mid, OB_TAG_TABLE);
    }
    if (root)
        ObpFree(root, OB_TAG_TABLE);
    ObpFree(Table, OB_TAG_TABLE);
}

PEPROCESS ObpTableProcess(PHANDLE_TABLE Table)
{
    return Table->Process ? Table->Process : PsInitialSystemProcess;
}

ULONG ObQueryHandleCount(PHANDLE_TABLE Table)
{
    return (ULONG)Table->Count;
}

PHANDLE_TABLE ObpTableOfHandle(HANDLE Handle, KPROCESSOR_MODE Mode, HANDLE *Index)
{
    ULONG_PTR value = (ULONG_PTR)Handle;
    if ((LONG_PTR)value < 0) {
        /* -1, -2 and their like are pseudo handles, beyond any index. */
        if (Mode != KernelMode || value < OB_KERNEL_HANDLE_BIT || value >= (ULONG_PTR)-256)
            return NULL;
        *Index = (HANDLE)(value & 0x7fffffff);
        return ObpKernelHandleTable;
    }
    if (value < 4 || value > 0x7fffffff)
        return NULL;
    *Index = Handle;
    return PspCurrentProcess()->ObjectTable;
}

BOOLEAN NTAPI ObIsKernelHandle(HANDLE Handle)
{
    ULONG_PTR value = (ULONG_PTR)Handle;
    return (LONG_PTR)value < 0 && value >= OB_KERNEL_HANDLE_BIT && value < (ULONG_PTR)-256;
}

BOOLEAN ObEnumerateHandles(PHANDLE_TABLE Table, PULONG Cursor, POB_HANDLE_ENTRY Entry)
{
    for (ULONG index = *Cursor ? *Cursor : 1; index < Table->NextNeverUsed; index++) {
        HANDLE handle = (HANDLE)((ULONG_PTR)index << 2);
        POBJECT_HEADER header = ObpReferenceHandle(Table, handle, &Entry->GrantedAccess, &Entry->Attributes);
        if (!header)
            continue;
        Entry->Handle =
            Table == ObpKernelHandleTable ? (HANDLE)((ULONG_PTR)handle | OB_KERNEL_HANDLE_BIT) : handle;
        Entry->Object = header->Body;
        Entry->Creator = NULL;
        Entry->CreatorThread = 0;
        if (ObpTraceEnabled) {
            ObpTraceReference(header->Body, OB_DEFAULT_TAG, 1, __builtin_return_address(0));
            ObpQueryHandleTrace(entry_at(Table, index), &Entry->Creator, &Entry->CreatorThread);
        }
        *Cursor = index + 1;
        return TRUE;
    }
    return FALSE;
}

/* ---------------------------------------------------------------- tables of bare pointers */

HANDLE ExCreateHandle(PHANDLE_TABLE Table, PVOID Pointer)
{
    return ObpInsertHandle(Table, ObpHeader(Pointer), 0, 0);
}

PVOID ExDestroyHandle(PHANDLE_TABLE Table, HANDLE Handle)
{
    PHANDLE_TABLE_ENTRY entry = ObpLockHandle(Table, Handle);
    if (!entry)
        return NULL;
    PVOID pointer = ObpEntryPointer(entry->Low);
    ObpRemoveHandle(Table, entry, Handle);
    return pointer;
}

PVOID ExReferenceHandle(PHANDLE_TABLE Table, HANDLE Handle, BOOLEAN (*Reference)(PVOID Pointer))
{
    if ((ULONG_PTR)Handle & 3 || (ULONG_PTR)Handle > 0x7fffffff)
        return NULL;
    PHANDLE_TABLE_ENTRY entry = ObpLockHandle(Table, Handle);
    if (!entry)
        return NULL;
    PVOID pointer = ObpEntryPointer(entry->Low);
    if (!Reference(pointer))
        pointer = NULL;
    ObpUnlockHandle(entry, entry->Low);
    return pointer;
}
