/* SPDX-License-Identifier: MIT */
/*
 * Slabs: where the magazines of small pool blocks are filled from and flushed to.
 *
 * A slab is one page, cut into equal blocks of one class, so that no block crosses a page. What is free in it
 * is a bit map in the page's PFN entry, never a list through the blocks: a driver that writes to freed memory
 * damages no allocator state. Pages with free blocks of a kind and class are on a list (most recently freed
 * first). One empty page a list is kept; further ones return to the page allocator, except executable ones,
 * which come in chunks whose protection was changed once and stay.
 *
 * A block is in one of three places: with its user (header check says allocated), in a magazine, or in the
 * slab's bit map (both: header says free).
 *
 * Lock: one slab class lock each (kind, class); then P. A processor's magazine is touched by that processor
 * only, at DISPATCH_LEVEL here and without a point of interruption in pool.c.
 */
#include "mip.h"

#define EXECUTE_CHUNK 16 /* pages made executable at a time */

typedef struct _SLAB_CLASS {
    KSPIN_LOCK Lock;
    ULONG First; /* list of pages with a free block: page frame number */
    ULONG Empty; /* pages of it that are entirely free */
} SLAB_CLASS;

static SLAB_CLASS slabs[MiPoolKinds][MI_POOL_CLASSES];
static ULONG64 reciprocal[MI_POOL_CLASSES]; /* ceil(2^26 / block bytes) */

static KSPIN_LOCK execute_lock;
static PFN_NUMBER execute_next; /* unused rest of the current executable chunk */
static ULONG execute_left;

const USHORT MiBlockBytes[MI_POOL_CLASSES] = {
    32,  48,  64,  80,  96,  112, 128, 144, 160, 176, 192, 208, 224, 240, 256, 272,  288,  304,  320,  336,
    352, 368, 384, 400, 416, 432, 448, 464, 480, 496, 512, 528, 576, 672, 816, 1024, 1360, 2048, 4096,
};
UCHAR MiClassOf[256];

static ULONG blocks_of(ULONG Class)
{
    return (ULONG)MI_PAGE_BYTES / MiBlockBytes[Class];
}

static void list_insert(SLAB_CLASS *Slab, ULONG Pfn)
{
    PMI_PFN Entry = MiPfnEntry(Pfn);

    Entry->Prev = MI_NO_PFN;
    Entry->Next = Slab->First;
    if (Slab->First != MI_NO_PFN)
        MiPfnEntry(Slab->First)->Prev = Pfn;
    Slab->First = Pfn;
}

static void list_remove(SLAB_CLASS *Slab, ULONG Pfn)
{
    PMI_PFN Entry = MiPfnEntry(Pfn);

    if (Entry->Next != MI_NO_PFN)
        MiPfnEntry(Entry->Next)->Prev = Entry->Prev;
    if (Entry->Prev != MI_NO_PFN)
        MiPfnEntry(Entry->Prev)->Next = Entry->Next;
    else
        Slab->First = Entry->Next;
}

/* A page of executable memory. DISPATCH_LEVEL. */
static BOOLEAN take_execute_page(PFN_NUMBER *Pfn)
{
    BOOLEAN Got = FALSE;

    KeAcquireSpinLockAtDpcLevel(&execute_lock);
    if (execute_left == 0 && MiChargeHostMappings(2, "executable pool")) {
        if (NT_SUCCESS(MiAllocatePages(EXECUTE_CHUNK, 0, MiPageCount - 1, 1, 0, MiPagePoolSmall, FALSE,
                                       &execute_next))) {
            if (NT_SUCCESS(
                    MiProtectRam(execute_next, EXECUTE_CHUNK, HOST_PROT_R | HOST_PROT_W | HOST_PROT_X)))
                execute_left = EXECUTE_CHUNK;
            else
                MiFreePages(execute_next, EXECUTE_CHUNK);
        }
        if (execute_left == 0)
            MiReturnHostMappings(2);
    }
    if (execute_left) {
        *Pfn = execute_next++;
        execute_left--;
        MiSetRun(*Pfn, 1, MiPagePoolSmall, NULL);
        Got = TRUE;
    }
    KeReleaseSpinLockFromDpcLevel(&execute_lock);
    return Got;
}

/* Cut a new page into free blocks and list it. Slab lock held. */
static BOOLEAN grow(SLAB_CLASS *Slab, ULONG Kind, ULONG Class)
{
    ULONG Blocks = blocks_of(Class);
    PFN_NUMBER Pfn;

    if (Kind == MiPoolExecute) {
        if (!take_execute_page(&Pfn))
            return FALSE;
    } else if (!NT_SUCCESS(MiAllocatePages(1, 0, MiPageCount - 1, 1, 0, MiPageSystem, FALSE, &Pfn))) {
        return FALSE;
    }
    UCHAR *Page = MiPfnToVa(Pfn);
    for (ULONG I = 0; I < Blocks; I++) {
        PMI_POOL_HEADER Header = (PMI_POOL_HEADER)(Page + I * MiBlockBytes[Class]);
        Header->Word0 = 0;
        Header->Word1 = (MiHeaderCheck(Header, 0, 0) ^ MI_CHECK_FREE) << 48;
    }
    PMI_PFN Entry = MiPfnEntry(Pfn);
    Entry->Class = (UCHAR)Class;
    Entry->Kind = (UCHAR)Kind;
    Entry->TagIndex =
        (ULONG)FIELD_OFFSET(MI_VP, Magazines) + (Kind * MI_CLASS_SLOTS + Class) * (ULONG)sizeof(MI_MAGAZINE);
    Entry->FreeBlocks = (USHORT)Blocks;
    Entry->FreeMap[0] = Blocks >= 64 ? ~0ULL : (1ULL << Blocks) - 1;
    Entry->FreeMap[1] = Blocks == 128 ? ~0ULL : Blocks > 64 ? (1ULL << (Blocks - 64)) - 1 : 0;
    MiSetRun(Pfn, 1, MiPagePoolSmall, NULL); /* last: reports look at the rest when they see the use */
    list_insert(Slab, (ULONG)Pfn);
    Slab->Empty++;
    if (Kind == MiPoolPaged)
        MiSetPageable(Pfn, 1, TRUE);
    return TRUE;
}

BOOLEAN MiRefillMagazine(ULONG Kind, ULONG Class)
{
    SLAB_CLASS *Slab = &slabs[Kind][Class];
    ULONG Blocks = blocks_of(Class);
    BOOLEAN Got;
    KIRQL Irql;

    Irql = KeAcquireSpinLockRaiseToDpc(&Slab->Lock);
    PMI_MAGAZINE Magazine = &MiCurrentVp()->Magazines[Kind][Class];
    ULONG Want = (Magazine->Limit + 1) / 2;
    while (Magazine->Count < Want) {
        if (Slab->First == MI_NO_PFN && !grow(Slab, Kind, Class))
            break;
        ULONG Pfn = Slab->First;
        PMI_PFN Entry = MiPfnEntry(Pfn);
        if (Entry->FreeBlocks == Blocks)
            Slab->Empty--;
        UCHAR *Page = MiPfnToVa(Pfn);
        for (ULONG Half = 0; Half < 2; Half++) {
            while (Entry->FreeMap[Half] && Magazine->Count < Want) {
                ULONG Bit = (ULONG)__builtin_ctzll(Entry->FreeMap[Half]);
                Entry->FreeMap[Half] &= Entry->FreeMap[Half] - 1;
                Entry->FreeBlocks--;
                Magazine->Rounds[Magazine->Count++] =
                    (PMI_POOL_HEADER)(Page + (Half * 64 + Bit) * MiBlockBytes[Class]);
            }
        }
        if (Entry->FreeBlocks == 0)
            list_remove(Slab, Pfn);
    }
    Got = Magazine->Count != 0;
    KeReleaseSpinLock(&Slab->Lock, Irql);
    return Got;
}

/* Put a block back into its slab; a second empty page is given up. Slab lock held. */
static void return_block(SLAB_CLASS *Slab, ULONG Kind, ULONG Class, PMI_POOL_HEADER Header)
{
    ULONG Pfn = (ULONG)MiVaToPfn(Header);
    PMI_PFN Entry = MiPfnEntry(Pfn);
    ULONG Index = (ULONG)((((ULONG_PTR)Header & (MI_PAGE_BYTES - 1)) * reciprocal[Class]) >> 26);

    Entry->FreeMap[Index >> 6] |= 1ULL << (Index & 63);
    if (Entry->FreeBlocks++ == 0)
        list_insert(Slab, Pfn);
    if (Entry->FreeBlocks == blocks_of(Class)) {
        if (Slab->Empty && Kind != MiPoolExecute) {
            list_remove(Slab, Pfn);
            MiSetPageable(Pfn, 1, FALSE);
            MiFreePages(Pfn, 1);
        } else {
            Slab->Empty++;
        }
    }
}

void MiFlushMagazine(ULONG Kind, ULONG Class)
{
    SLAB_CLASS *Slab = &slabs[Kind][Class];
    KIRQL Irql;

    Irql = KeAcquireSpinLockRaiseToDpc(&Slab->Lock);
    PMI_MAGAZINE Magazine = &MiCurrentVp()->Magazines[Kind][Class];
    /* The oldest half leaves: the newest is what the cache still holds. */
    ULONG Leave = (Magazine->Count + 1) / 2;
    for (ULONG I = 0; I < Leave; I++)
        return_block(Slab, Kind, Class, Magazine->Rounds[I]);
    for (ULONG I = Leave; I < Magazine->Count; I++)
        Magazine->Rounds[I - Leave] = Magazine->Rounds[I];
    Magazine->Count -= Leave;
    KeReleaseSpinLock(&Slab->Lock, Irql);
}

PMI_POOL_HEADER MiBlockOfAddress(const MI_PFN *Entry, const void *Va)
{
    ULONG Class = Entry->Class;
    ULONG Index = (ULONG)((((ULONG_PTR)Va & (MI_PAGE_BYTES - 1)) * reciprocal[Class]) >> 26);

    if (Index >= blocks_of(Class))
        return NULL;
    return (PMI_POOL_HEADER)(((ULONG_PTR)Va & ~(ULONG_PTR)(MI_PAGE_BYTES - 1)) + Index * MiBlockBytes[Class]);
}

void MiInitMagazines(PMI_VP Vp)
{
    for (ULONG Kind = 0; Kind < MiPoolKinds; Kind++)
        for (ULONG Class = 0; Class < MI_POOL_CLASSES; Class++) {
            ULONG Block = MiBlockBytes[Class];
            Vp->Magazines[Kind][Class].Limit = Block <= 272 ? MI_MAGAZINE_ROUNDS : Block <= 1024 ? 16 : 6;
        }
}

void MiInitSlabs(void)
{
    ULONG Class = 0;

    for (ULONG Units = 0; Units < 256; Units++) {
        while (MiBlockBytes[Class] < Units * 16 + MI_HEADER_BYTES)
            Class++;
        MiClassOf[Units] = (UCHAR)Class;
    }
    for (Class = 0; Class < MI_POOL_CLASSES; Class++)
        reciprocal[Class] = (1ULL << 26) / MiBlockBytes[Class] + 1;
    for (ULONG Kind = 0; Kind < MiPoolKinds; Kind++)
        for (Class = 0; Class < MI_POOL_CLASSES; Class++)
            slabs[Kind][Class].First = MI_NO_PFN;
}
