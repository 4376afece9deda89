/* SPDX-License-Identifier: MIT */
/*
 * Paging of system memory: pages of pageable image sections and of paged pool that become inaccessible, and come back
 * when they are touched. On only if the machine was started with paging (host_config.paging); otherwise nothing
 * here is called but to learn that it is off.
 *
 * A page is out when its direct-map address is inaccessible. Its content stays in its frame: in this machine a virtual
 * address of RAM is its physical address (docs/adr/0003), so a frame cannot be lent to somebody else, and what paging
 * is for is not memory but finding code that touches pageable memory where it must not. Locked frames
 * (MI_PFN.LockCount: an MDL holds them) never go out. The protection to restore is in the PFN entry's flags.
 *
 * Pages go out
 *   - when a driver raises IRQL to DISPATCH_LEVEL, acquires a spin lock, or its DPC or interrupt service routine is about
 *     to run (MiTrimPoint): on the simulator the seed says whether, and which pages;
 *   - all of them, when MiTrimPages is asked to (kiln_page_out, the command `pageout`, MmTrimAllSystemPagableMemory).
 *
 * Pages come in through a fault (ram_fault) at IRQL <= APC_LEVEL. That makes no scheduling point: the pool keeps headers
 * in its blocks and relies on keeping its processor between two such points. At DISPATCH_LEVEL the fault is the
 * bugcheck that it is on Windows, with the section or block by name.
 *
 * Lock: paging_lock guards both bitmaps, and the protection of pageable pages. It is a bare word, innermost, taken and
 * released without a scheduling point or a delivery of interrupts; any IRQL.
 */
#include "mip.h"
#include "crt.h"
#include "ki.h"
#include "ldrp.h"
#include "trap.h"

/* One bit a page of RAM, as much as RAM can grow; touched lazily. */
#define PAGEABLE_MAP ((volatile ULONG64 *)(KILN_PFNDB_BASE + 0xC00000000ULL))
#define OUT_MAP      ((volatile ULONG64 *)(KILN_PFNDB_BASE + 0xC10000000ULL))
#define MAP_BYTES    ((KILN_RAM_MAX >> KILN_PAGE_SHIFT) / 8)

BOOLEAN MiPaging;
static volatile LONG paging_lock;
static SIZE_T pages_out, times_out, times_in; /* under paging_lock */

static KIRQL lock_paging(void)
{
    KIRQL Irql = KiIrql();

    if (Irql < DISPATCH_LEVEL)
        KiRaise(DISPATCH_LEVEL);
    while (__atomic_exchange_n(&paging_lock, 1, __ATOMIC_ACQUIRE))
        host_relax();
    return Irql;
}

static void unlock_paging(KIRQL Irql)
{
    __atomic_store_n(&paging_lock, 0, __ATOMIC_RELEASE);
    KiPcr()->Irql = Irql;
}

static inline BOOLEAN test(volatile ULONG64 *Map, PFN_NUMBER Pfn)
{
    return (Map[Pfn >> 6] >> (Pfn & 63) & 1) != 0;
}

BOOLEAN MiIsPagedOut(PFN_NUMBER Pfn)
{
    return MiPaging && MiIsRamPfn(Pfn) && test(OUT_MAP, Pfn);
}

static unsigned protection_of(PFN_NUMBER Pfn)
{
    UCHAR Flags = MiPfnEntry(Pfn)->Flags;

    if (Flags & MI_PFN_NOACCESS)
        return HOST_PROT_NONE;
    return HOST_PROT_R | ((Flags & MI_PFN_READONLY) ? 0u : HOST_PROT_W) |
           ((Flags & MI_PFN_EXECUTE) ? HOST_PROT_X : 0u);
}

/* Lock held. */
static void bring_in(PFN_NUMBER Pfn)
{
    if (!test(OUT_MAP, Pfn))
        return;
    if (host_protect(MiPfnToVa(Pfn), MI_PAGE_BYTES, protection_of(Pfn)) != 0)
        host_panic("the host refuses to make a page accessible again (sysctl vm.max_map_count)");
    OUT_MAP[Pfn >> 6] &= ~(1ULL << (Pfn & 63));
    MiReturnHostMappings(2);
    pages_out--;
    times_in++;
}

void MiSetPageable(PFN_NUMBER Pfn, SIZE_T Pages, BOOLEAN Pageable)
{
    if (!MiPaging)
        return;
    KIRQL Irql = lock_paging();
    for (PFN_NUMBER P = Pfn; P < Pfn + Pages; P++) {
        if (Pageable) {
            PAGEABLE_MAP[P >> 6] |= 1ULL << (P & 63);
        } else {
            bring_in(P);
            PAGEABLE_MAP[P >> 6] &= ~(1ULL << (P & 63));
        }
    }
    unlock_paging(Irql);
}

NTSTATUS MiProtectPageable(PFN_NUMBER Pfn, SIZE_T Pages, unsigned Prot)
{
    KIRQL Irql = lock_paging();

    for (PFN_NUMBER P = Pfn; P < Pfn + Pages; P++) {
        bring_in(P);
        if (Prot == HOST_PROT_NONE) /* discarded: never comes back by itself */
            PAGEABLE_MAP[P >> 6] &= ~(1ULL << (P & 63));
    }
    NTSTATUS Status = MiProtectRamNow(Pfn, Pages, Prot);
    unlock_paging(Irql);
    return Status;
}

void MiLockPageable(PFN_NUMBER Pfn)
{
    KIRQL Irql = lock_paging();

    if (__atomic_add_fetch(&MiPfnEntry(Pfn)->LockCount, 1, __ATOMIC_RELAXED) == 0)
        KeBugCheckEx(PFN_LIST_CORRUPT, 0x9A, Pfn, 0xFFFF, 0);
    if (Irql < DISPATCH_LEVEL)
        bring_in(Pfn);
    BOOLEAN Out = test(OUT_MAP, Pfn);
    unlock_paging(Irql);
    if (Out)
        KiTouchPage(MiPfnToVa(Pfn)); /* at DISPATCH_LEVEL: ends in the bugcheck that any touch is */
}

/* ---------------------------------------------------------------- going out */

/* Take out the run of bits [First, End) of a word's pages. Lock held. FALSE: the host has no mappings to spare. */
static BOOLEAN take_out(PFN_NUMBER First, PFN_NUMBER End)
{
    ULONG Count = (ULONG)(End - First) * 2; /* each page comes back alone, and may then split a mapping */

    if (!MiSpareHostMappings(Count))
        return FALSE;
    if (host_protect(MiPfnToVa(First), (ULONG64)(End - First) << KILN_PAGE_SHIFT, HOST_PROT_NONE) != 0) {
        MiReturnHostMappings(Count);
        return FALSE;
    }
    for (PFN_NUMBER P = First; P < End; P++)
        OUT_MAP[P >> 6] |= 1ULL << (P & 63);
    pages_out += End - First;
    times_out += End - First;
    return TRUE;
}

/* The pages of one word that may go, chosen by Choice: bit n for page n. Lock held. */
static BOOLEAN trim_word(SIZE_T Word, ULONG64 Choice)
{
    ULONG64 May = PAGEABLE_MAP[Word] & ~OUT_MAP[Word] & Choice;
    PFN_NUMBER Base = (PFN_NUMBER)Word << 6;

    for (ULONG I = 0; I < 64 && May >> I; I++)
        if ((May >> I & 1) && __atomic_load_n(&MiPfnEntry(Base + I)->LockCount, __ATOMIC_ACQUIRE))
            May &= ~(1ULL << I);
    while (May) {
        ULONG First = (ULONG)__builtin_ctzll(May);
        ULONG64 Above = ~(May >> First);
        ULONG Length = Above ? (ULONG)__builtin_ctzll(Above) : 64 - First;
        if (!take_out(Base + First, Base + First + Length))
            return FALSE;
        May &= Length == 64 ? 0 : ~(((1ULL << Length) - 1) << First);
    }
    return TRUE;
}

SIZE_T MiTrimPages(BOOLEAN All)
{
    if (!MiPaging)
        return 0;
    KIRQL Irql = lock_paging();
    SIZE_T Before = times_out, Words = (MiPageCount + 63) / 64;
    for (SIZE_T I = 0; I < Words; I++) {
        if ((PAGEABLE_MAP[I] & ~OUT_MAP[I]) == 0)
            continue;
        if (!trim_word(I, All ? ~0ULL : host_random() & host_random()))
            break;
    }
    SIZE_T Gone = times_out - Before;
    unlock_paging(Irql);
    return Gone;
}

/* IRQL has just been raised, or is about to be used raised, by code at Caller (NULL: for a driver's routine). */
static void trim_point(PVOID Caller)
{
    if (KiIrql() < DISPATCH_LEVEL || KiBugCheckActive || (Caller && !LdrIsDriverCode((ULONG_PTR)Caller)))
        return;
    ULONG64 Roll = host_random();
    if ((Roll & 3) == 0)
        MiTrimPages((Roll & 12) == 0);
}

void MiQueryPaging(PMI_PAGING Paging)
{
    SIZE_T Pageable = 0;

    __builtin_memset(Paging, 0, sizeof(*Paging));
    Paging->On = MiPaging;
    if (!MiPaging)
        return;
    KIRQL Irql = lock_paging();
    for (SIZE_T I = 0; I < (MiPageCount + 63) / 64; I++)
        Pageable += (SIZE_T)__builtin_popcountll(PAGEABLE_MAP[I]);
    Paging->Pageable = Pageable;
    Paging->Out = pages_out;
    Paging->WentOut = times_out;
    Paging->CameIn = times_in;
    unlock_paging(Irql);
}

/* ---------------------------------------------------------------- coming in */

static DECLSPEC_NORETURN void touched_at_high_irql(PKI_FAULT Fault)
{
    static char What[400], Where[200];
    PVOID Va = (PVOID)(ULONG_PTR)Fault->Address;
    BOOLEAN Driver = LdrIsDriverCode((ULONG_PTR)Fault->Pc);
    MI_ADDRESS Address;
    char Tag[5], Section[9];

    /* The machine stops here: what the report says about the block lies in the page. */
    KIRQL Irql = lock_paging();
    bring_in(MiVaToPfn(Va));
    unlock_paging(Irql);
    if (MiPageableSectionName(Va, Section)) {
        KiDescribeAddress(Fault->Address, Where, sizeof(Where));
        nt__snprintf(What, sizeof(What),
                     "Pageable memory was touched at IRQL %u: %s, in section %s of its driver, which was paged out. Above "
                     "APC_LEVEL nothing can be paged in. Move it to a section that is not pageable, lock the section "
                     "(MmLockPagableCodeSection or MmLockPagableDataSection) before raising IRQL, or lower IRQL first.",
                     Fault->Irql, Where, Section);
    } else {
        MiClassifyAddress(Va, &Address);
        MiFormatTag(Address.Tag, Tag);
        KiDescribeReturn((ULONG_PTR)Address.Caller, Where, sizeof(Where));
        nt__snprintf(What, sizeof(What),
                     "Pageable memory was touched at IRQL %u: paged pool with tag '%s', allocated by %s, which was paged "
                     "out. Above APC_LEVEL nothing can be paged in. Allocate it from nonpaged pool, or do not touch it "
                     "while IRQL is raised.",
                     Fault->Irql, Tag, Address.Caller ? Where : "an unknown caller");
    }
    KiBugCheckFault(Fault, Driver ? DRIVER_IRQL_NOT_LESS_OR_EQUAL : IRQL_NOT_LESS_OR_EQUAL, (ULONG_PTR)Fault->Address,
                    Fault->Irql, Fault->Access, (ULONG_PTR)Fault->Pc, What);
}

static NTSTATUS ram_fault(PVOID Context, PKI_FAULT Fault)
{
    PFN_NUMBER Pfn = MiVaToPfn((PVOID)(ULONG_PTR)Fault->Address);

    UNREFERENCED_PARAMETER(Context);
    if (!MiIsRamPfn(Pfn) || !test(PAGEABLE_MAP, Pfn))
        return STATUS_ACCESS_VIOLATION;
    if (KiBugCheckActive) { /* reports read what they want, and whoever held the lock may have stopped */
        BOOLEAN Out = test(OUT_MAP, Pfn);
        OUT_MAP[Pfn >> 6] &= ~(1ULL << (Pfn & 63));
        return Out && host_protect(MiPfnToVa(Pfn), MI_PAGE_BYTES, protection_of(Pfn)) == 0 ? STATUS_SUCCESS
                                                                                          : STATUS_ACCESS_VIOLATION;
    }
    if (Fault->Irql >= DISPATCH_LEVEL) {
        if (test(OUT_MAP, Pfn) && !Fault->Safe)
            touched_at_high_irql(Fault);
        return STATUS_ACCESS_VIOLATION;
    }
    KIRQL Irql = lock_paging();
    bring_in(Pfn);
    unsigned Prot = protection_of(Pfn);
    unlock_paging(Irql);
    unsigned Needs = Fault->Access == EXCEPTION_WRITE_FAULT     ? HOST_PROT_W
                     : Fault->Access == EXCEPTION_EXECUTE_FAULT ? HOST_PROT_X
                                                                : HOST_PROT_R;
    return (Prot & Needs) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

void MiInitPaging(void)
{
    if (!host_config()->paging)
        return;
    if (host_map_anonymous((PVOID)(ULONG_PTR)PAGEABLE_MAP, MAP_BYTES, HOST_PROT_R | HOST_PROT_W) != 0 ||
        host_map_anonymous((PVOID)(ULONG_PTR)OUT_MAP, MAP_BYTES, HOST_PROT_R | HOST_PROT_W) != 0 ||
        !NT_SUCCESS(MiRegisterFaultHandler(KILN_RAM_BASE, KILN_RAM_BASE + KILN_RAM_MAX, ram_fault, NULL)))
        host_panic("no room for the paging tables");
    KiTrimPointRoutine = trim_point;
    MiPaging = TRUE;
}
