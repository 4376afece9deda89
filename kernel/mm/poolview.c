/* SPDX-License-Identifier: MIT */
/*
 * Looking at pool from outside: the walk over allocated blocks, the size of a block, and the bugchecks of bad
 * calls. The walk takes no lock: it reads PFN entries and block headers, and a header that changes under it
 * merely makes the block count as allocated or not.
 */
#include "mip.h"
#include "trap.h"

BOOLEAN MiEnumeratePool(ULONG64 *Cursor, PMI_POOL_BLOCK Block)
{
    ULONG64 Offset = *Cursor; /* a physical address */

    while ((Offset >> KILN_PAGE_SHIFT) < MiPageCount) {
        PFN_NUMBER Pfn = (PFN_NUMBER)(Offset >> KILN_PAGE_SHIFT);
        const MI_PFN *Entry = MiPfnEntry(Pfn);
        ULONG64 NextPage = ((ULONG64)Pfn + 1) << KILN_PAGE_SHIFT;

        if (Entry->Use == MiPagePoolLarge && Entry->RunBack == 0 && Entry->RunPages) {
            Block->Va = MiPfnToVa(Pfn);
            Block->Bytes = Entry->Bytes;
            Block->Tag = Entry->Tag;
            Block->PoolType = MiTypeOfKind(Entry->Kind);
            Block->Caller = Entry->Caller;
            *Cursor = (ULONG64)(Pfn + Entry->RunPages) << KILN_PAGE_SHIFT;
            return TRUE;
        }
        if (Entry->Use == MiPageSpecial && Entry->RunBack == 0 && Entry->RunPages) {
            PMI_PFN Head;
            *Cursor = (ULONG64)(Pfn + Entry->RunPages) << KILN_PAGE_SHIFT;
            if (MiSpecialBlock(Pfn, &Block->Va, &Head)) {
                Block->Bytes = Head->Bytes;
                Block->Tag = Head->Tag;
                Block->PoolType = MiTypeOfKind(Head->Kind);
                Block->Caller = Head->Caller;
                return TRUE;
            }
            Offset = *Cursor;
            continue;
        }
        if (Entry->Use == MiPagePoolSmall) {
            UCHAR *Va = (UCHAR *)(ULONG_PTR)(KILN_RAM_BASE + Offset);
            PMI_POOL_HEADER Header;
            while ((Header = MiBlockOfAddress(Entry, Va)) != NULL) {
                ULONG Size = MiBlockBytes[Entry->Class];
                ULONG64 After = (ULONG64)(ULONG_PTR)Header + Size - KILN_RAM_BASE;
                MI_POOL_HEADER Copy;
                if (MiReadHeader(Header, &Copy) == MiHeaderAllocated) {
                    Block->Va = (UCHAR *)Header + MI_HEADER_BYTES + 16 * MiHeaderAdjust(&Copy);
                    Block->Bytes = MiHeaderBytes(&Copy);
                    Block->Tag = MiHeaderTag(&Copy);
                    Block->PoolType = MiTypeOfKind(Entry->Kind);
                    Block->Caller = MiHeaderCaller(&Copy);
                    *Cursor = After;
                    return TRUE;
                }
                if (After >= NextPage)
                    break;
                Va = (UCHAR *)Header + Size;
            }
        }
        Offset = NextPage;
    }
    *Cursor = Offset;
    return FALSE;
}

SIZE_T MiQueryPoolBlockSize(PVOID Block)
{
    const MI_PFN *Entry = MiPfnEntry(MiVaToPfn(Block));

    if (Entry->Use == MiPagePoolLarge)
        return Entry->Bytes;
    if (Entry->Use == MiPageSpecial) {
        PMI_PFN Head;
        MiSpecialBlock(MiVaToPfn(Block), &Block, &Head);
        return Head->Bytes;
    }
    return MiHeaderBytes(MiBlockOfAddress(Entry, Block));
}

SIZE_T NTAPI ExQueryPoolBlockSize(PVOID PoolBlock, PBOOLEAN QuotaCharged)
{
    const MI_PFN *Entry = MiPfnEntry(MiVaToPfn(PoolBlock));

    *QuotaCharged =
        Entry->Use == MiPagePoolSmall && (MiBlockOfAddress(Entry, PoolBlock)->Word0 & MI_HEADER_QUOTA) != 0;
    return MiQueryPoolBlockSize(PoolBlock);
}

void MiPoolBugCheck(ULONG Code, ULONG64 P1, ULONG64 P2, ULONG64 P3, ULONG64 P4, PVOID Caller,
                    const char *Sentence)
{
    KiBugCheckText(Code, P1, P2, P3, P4, (ULONG64)(ULONG_PTR)Caller, Sentence);
}
