/* SPDX-License-Identifier: MIT */
/*
 * What is at an address? For reports: a few words about any pointer, without a lock, without a fault, in
 * signal context. Everything it reads is mapped for the life of the machine (PFN database, PTE table, pool).
 */
#include "mip.h"
#include "ki.h"
#include "trap.h"

static const char *const kind_names[] = {
    [MiAddressUnknown] = "not an address of the machine",
    [MiAddressNull] = "NULL or near it",
    [MiAddressKernel] = "kernel",
    [MiAddressUser] = "user memory",
    [MiAddressUserUnmapped] = "user address where nothing is committed",
    [MiAddressPool] = "pool block",
    [MiAddressPoolFree] = "freed pool",
    [MiAddressStack] = "kernel stack",
    [MiAddressStackGuard] = "guard page of a kernel stack",
    [MiAddressImage] = "image",
    [MiAddressContiguous] = "contiguous memory",
    [MiAddressMdlPages] = "pages of an MDL",
    [MiAddressRamFree] = "free memory",
    [MiAddressRamOther] = "memory manager's own memory",
    [MiAddressSystemPte] = "mapping (MDL or I/O space)",
    [MiAddressSystemPteUnmapped] = "mapping address where nothing is mapped",
    [MiAddressMmio] = "device memory",
    [MiAddressSystemSpace] = "system address that nothing maps",
    [MiAddressNonCanonical] = "not a canonical address",
};

const char *MiAddressKindName(MI_ADDRESS_KIND Kind)
{
    return (ULONG)Kind < RTL_NUMBER_OF(kind_names) ? kind_names[Kind] : "?";
}

static MI_ADDRESS_KIND classify_small(const MI_PFN *Entry, PVOID Va, PMI_ADDRESS Info)
{
    PMI_POOL_HEADER Header = MiBlockOfAddress(Entry, Va);

    Info->PoolType = MiTypeOfKind(Entry->Kind);
    if (Header && MiIsPagedOut(MiVaToPfn(Va)) && KiIrql() >= DISPATCH_LEVEL && !KiBugCheckActive)
        return MiAddressPool; /* its header cannot be read now */
    if (Header == NULL)
        return MiAddressPoolFree;
    Info->Begin = MiHeaderBlock(Header);
    Info->Bytes = MiHeaderBytes(Header);
    Info->Tag = MiHeaderTag(Header);
    Info->Caller = MiHeaderCaller(Header);
    return MiHeaderState(Header) == MiHeaderAllocated ? MiAddressPool : MiAddressPoolFree;
}

static MI_ADDRESS_KIND classify_ram(PVOID Va, PMI_ADDRESS Info)
{
    PFN_NUMBER Pfn = MiVaToPfn(Va), First;
    const MI_PFN *Entry = MiPfnEntry(Pfn), *Head;

    if (Entry->Use == MiPagePoolSmall)
        return classify_small(Entry, Va, Info);
    First = Entry->RunBack <= Pfn ? Pfn - Entry->RunBack : Pfn;
    Head = MiPfnEntry(First);
    Info->Begin = MiPfnToVa(First);
    Info->Bytes = Head->Bytes ? Head->Bytes : (SIZE_T)Head->RunPages << KILN_PAGE_SHIFT;
    Info->Caller = Head->Caller;
    Info->Guard = (Entry->Flags & MI_PFN_NOACCESS) != 0;
    switch (Entry->Use) {
    case MiPageSpecial: {
        PMI_PFN Special;
        BOOLEAN Live = MiSpecialBlock(Pfn, &Info->Begin, &Special);
        Info->Bytes = Special->Bytes;
        Info->Tag = Special->Tag;
        Info->Caller = Special->Caller;
        Info->PoolType = MiTypeOfKind(Special->Kind);
        return Live ? MiAddressPool : MiAddressPoolFree;
    }
    case MiPageFree:
        Info->Begin = NULL;
        Info->Bytes = 0;
        return MiAddressRamFree;
    case MiPagePoolLarge:
        Info->Tag = Head->Tag;
        Info->PoolType = MiTypeOfKind(Head->Kind);
        return MiAddressPool;
    case MiPageStack:
        return Info->Guard ? MiAddressStackGuard : MiAddressStack;
    case MiPageImage:
        return MiAddressImage;
    case MiPageContiguous:
        return MiAddressContiguous;
    case MiPageMdl:
        return MiAddressMdlPages;
    case MiPageUser:
        return MiAddressUser;
    default:
        return MiAddressRamOther;
    }
}

MI_ADDRESS_KIND MiClassifyAddress(PVOID Va, PMI_ADDRESS Out)
{
    ULONG64 Address = (ULONG64)(ULONG_PTR)Va, Begin;
    MI_ADDRESS Info = {0};
    SIZE_T Pages;

    if (Address < 0x10000) {
        Info.Kind = MiAddressNull;
    } else if (Address >= 0x0000800000000000ULL) {
        Info.Kind = Address >= 0xFFFF800000000000ULL ? MiAddressSystemSpace : MiAddressNonCanonical;
    } else if (MiIsRam(Va)) {
        Info.Kind = classify_ram(Va, &Info);
    } else if (KILN_IS_USER_ADDRESS(Address)) {
        BOOLEAN Committed = FALSE;
        Info.Kind = MiAddressUserUnmapped;
        if (MiPeekUserRange(Va, &Begin, &Info.Bytes, &Committed)) {
            Info.Begin = (PVOID)(ULONG_PTR)Begin;
            if (Committed)
                Info.Kind = MiAddressUser;
        }
    } else if (Address - KILN_SYSPTE_BASE < KILN_SYSPTE_SIZE) {
        PFN_NUMBER Pfn;
        Info.Kind = MiSystemPtePfn(Va, &Pfn) ? MiAddressSystemPte : MiAddressSystemPteUnmapped;
        if (MiSystemPteInfo(Va, &Info.Begin, &Pages, &Info.Caller))
            Info.Bytes = Pages << KILN_PAGE_SHIFT;
    } else if (Address - KILN_MMIO_BASE < KILN_MMIO_SIZE) {
        Info.Kind = MiAddressMmio;
    } else if (Address < KILN_USER_BASE && Address >= 0x400000 && Address < 0x10000000) {
        Info.Kind = MiAddressKernel; /* the executable is linked at a fixed, low address */
    } else {
        Info.Kind = MiAddressUnknown;
    }
    if (Out)
        *Out = Info;
    return Info.Kind;
}
