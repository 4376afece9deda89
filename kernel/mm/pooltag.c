/* SPDX-License-Identifier: MIT */
/*
 * Pool tags: one account a tag.
 *
 * The table maps a tag to an account index, by open addressing; tags are entered on first use and never
 * leave, so readers need no lock. Counts are kept per processor (one add on the processor's own line) and
 * summed when somebody asks. Bytes on one processor may be "negative": a block is often freed elsewhere than
 * it was allocated.
 *
 * Lock: tag_lock, for entering a tag; innermost.
 */
#include "mip.h"

ULONG MiTagTable[MI_POOL_TAGS]; /* written once each, under tag_lock */

static KSPIN_LOCK tag_lock;
static USHORT tag_order[MI_POOL_TAGS]; /* indices in the order of first use */
static ULONG tag_count;

static BOOLEAN has_letter_or_digit(ULONG Tag)
{
    for (ULONG I = 0; I < 4; I++, Tag >>= 8) {
        UCHAR C = (UCHAR)(I == 3 ? Tag & 0x7F : Tag);
        if ((C >= '0' && C <= '9') || ((C | 32) >= 'a' && (C | 32) <= 'z'))
            return TRUE;
    }
    return FALSE;
}

static void check_new_tag(ULONG Tag, PVOID Caller)
{
    if (Tag == 0)
        MiPoolBugCheck(BAD_POOL_CALLER, 0x9B, 0, 0, (ULONG64)(ULONG_PTR)Caller, Caller,
                       "pool was allocated with a tag of 0");
    if (Tag == 0x00474942 || Tag == 0x20474942) /* "BIG" */
        MiPoolBugCheck(BAD_POOL_CALLER, 0x9C, 0, 0, (ULONG64)(ULONG_PTR)Caller, Caller,
                       "pool was allocated with the tag 'BIG', which is reserved");
    if (MiChecked && !has_letter_or_digit(Tag))
        MiPoolBugCheck(BAD_POOL_CALLER, 0x9D, Tag, 0, (ULONG64)(ULONG_PTR)Caller, Caller,
                       "the pool tag contains no letter and no digit, so nobody can find its owner");
}

ULONG MiFindTagAccount(ULONG Tag, PVOID Caller)
{
    ULONG Index, Probes;
    KIRQL Irql;

    for (Index = MiTagHash(Tag), Probes = 0; Probes < MI_POOL_TAGS;
         Index = (Index + 1) % MI_POOL_TAGS, Probes++) {
        ULONG Seen = __atomic_load_n(&MiTagTable[Index], __ATOMIC_ACQUIRE);
        if (Seen == Tag && Tag)
            return Index;
        if (Seen == 0)
            break;
    }
    check_new_tag(Tag, Caller);
    Irql = KeAcquireSpinLockRaiseToDpc(&tag_lock);
    /* Keep the table at most three quarters full; the tags that come too late share the account of "None". */
    if (tag_count >= MI_POOL_TAGS / 4 * 3)
        Tag = MI_UNTAGGED;
    for (Index = MiTagHash(Tag); MiTagTable[Index] != Tag; Index = (Index + 1) % MI_POOL_TAGS) {
        if (MiTagTable[Index] == 0) {
            tag_order[tag_count] = (USHORT)Index;
            __atomic_store_n(&MiTagTable[Index], Tag, __ATOMIC_RELEASE);
            __atomic_store_n(&tag_count, tag_count + 1, __ATOMIC_RELEASE);
            break;
        }
    }
    KeReleaseSpinLock(&tag_lock, Irql);
    return Index;
}

void MiInitPoolTags(void)
{
    /* Tag 0 hashes to index 0 and must not find itself in an empty entry. */
    MiTagTable[0] = ~0U;
    MiFindTagAccount(MI_UNTAGGED, NULL);
}

BOOLEAN MiEnumeratePoolTags(ULONG *Cursor, PMI_POOL_TAG Account)
{
    ULONG Index;

    if (*Cursor >= __atomic_load_n(&tag_count, __ATOMIC_ACQUIRE))
        return FALSE;
    Index = tag_order[(*Cursor)++];
    __builtin_memset(Account, 0, sizeof(*Account));
    Account->Tag = MiTagTable[Index];
    for (ULONG Vp = 0; Vp < MiVpCount; Vp++) {
        const MI_TAG_COUNT *Count = &MiVpTable[Vp]->Tags[Index];
        for (ULONG I = 0; I < 2; I++) {
            Account->Allocations[I] += __atomic_load_n(&Count->Allocations[I], __ATOMIC_RELAXED);
            Account->Frees[I] += __atomic_load_n(&Count->Frees[I], __ATOMIC_RELAXED);
            Account->Bytes[I] += __atomic_load_n(&Count->Bytes[I], __ATOMIC_RELAXED);
        }
    }
    return TRUE;
}

void MiFormatTag(ULONG Tag, char Text[5])
{
    for (ULONG I = 0; I < 4; I++, Tag >>= 8) {
        UCHAR C = (UCHAR)(I == 3 ? Tag & 0x7F : Tag);
        Text[I] = (char)(C >= 0x20 && C < 0x7F ? C : '.');
    }
    Text[4] = 0;
}
