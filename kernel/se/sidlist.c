/* SPDX-License-Identifier: MIT */
/*
 * se/sidlist.c: LUIDs and lists of SIDs as data, and the hash that makes a look-up in a long list quick.
 *
 * The hash has a word for each value of the low and of the high half of a SID's last byte; bit n of a word says that
 * entry n of the list may be the one. Entries from the 65th on are looked through one by one.
 */
#include <nt/rtl.h>
#include "sep.h"
#include "sei.h"
#include <nt/sefs.h>

/* Inline for drivers built with Kiln's headers; others import it. */
VOID NTAPI exported_copy_luid(PLUID DestinationLuid, PLUID SourceLuid) __asm__("RtlCopyLuid");
VOID NTAPI exported_copy_luid(PLUID DestinationLuid, PLUID SourceLuid)
{
    *DestinationLuid = *SourceLuid;
}

VOID NTAPI RtlCopyLuidAndAttributesArray(ULONG Count, PLUID_AND_ATTRIBUTES Src, PLUID_AND_ATTRIBUTES Dest)
{
    for (ULONG i = 0; i < Count; i++)
        Dest[i] = Src[i];
}

NTSTATUS NTAPI RtlCopySidAndAttributesArray(ULONG Count, PSID_AND_ATTRIBUTES Src, ULONG SidAreaSize,
                                            PSID_AND_ATTRIBUTES Dest, PVOID SidArea, PVOID *RemainingSidArea,
                                            PULONG RemainingSidAreaSize)
{
    UCHAR *at = SidArea;
    ULONG left = SidAreaSize;
    for (ULONG i = 0; i < Count; i++) {
        ULONG bytes = RtlLengthSid(Src[i].Sid);
        if (bytes > left)
            return STATUS_BUFFER_TOO_SMALL;
        RtlCopySid(bytes, at, Src[i].Sid);
        Dest[i] = (SID_AND_ATTRIBUTES){at, Src[i].Attributes};
        at += bytes;
        left -= bytes;
    }
    *RemainingSidArea = at;
    *RemainingSidAreaSize = left;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- hashes */

#define HASHED (8 * sizeof(SID_HASH_ENTRY))

static UCHAR last_byte(PSID sid)
{
    const SID *s = sid;
    ULONG last = s->SubAuthorityCount ? s->SubAuthority[s->SubAuthorityCount - 1] : 0;
    return (UCHAR)last;
}

NTSTATUS NTAPI RtlSidHashInitialize(PSID_AND_ATTRIBUTES SidAttr, ULONG SidCount, PSID_AND_ATTRIBUTES_HASH SidAttrHash)
{
    if (!SidAttrHash)
        return STATUS_INVALID_PARAMETER;
    RtlZeroMemory(SidAttrHash, sizeof(*SidAttrHash));
    if (SidCount && !SidAttr)
        return STATUS_INVALID_PARAMETER;
    SidAttrHash->SidCount = SidCount;
    SidAttrHash->SidAttr = SidAttr;
    for (ULONG i = 0; i < SidCount && i < HASHED; i++) {
        UCHAR byte = last_byte(SidAttr[i].Sid);
        SidAttrHash->Hash[byte & 15] |= (SID_HASH_ENTRY)1 << i;
        SidAttrHash->Hash[16 + (byte >> 4)] |= (SID_HASH_ENTRY)1 << i;
    }
    return STATUS_SUCCESS;
}

PSID_AND_ATTRIBUTES NTAPI RtlSidHashLookup(PSID_AND_ATTRIBUTES_HASH SidAttrHash, PSID Sid)
{
    if (!SidAttrHash || !Sid)
        return NULL;
    UCHAR byte = last_byte(Sid);
    SID_HASH_ENTRY candidates = SidAttrHash->Hash[byte & 15] & SidAttrHash->Hash[16 + (byte >> 4)];
    for (; candidates; candidates &= candidates - 1) {
        ULONG i = (ULONG)__builtin_ctzll(candidates);
        if (RtlEqualSid(SidAttrHash->SidAttr[i].Sid, Sid))
            return &SidAttrHash->SidAttr[i];
    }
    for (ULONG i = HASHED; i < SidAttrHash->SidCount; i++) {
        if (RtlEqualSid(SidAttrHash->SidAttr[i].Sid, Sid))
            return &SidAttrHash->SidAttr[i];
    }
    return NULL;
}

/* ---------------------------------------------------------------- masks */

BOOLEAN NTAPI RtlAreAllAccessesGranted(ACCESS_MASK GrantedAccess, ACCESS_MASK DesiredAccess)
{
    return (GrantedAccess & DesiredAccess) == DesiredAccess;
}

BOOLEAN NTAPI RtlAreAnyAccessesGranted(ACCESS_MASK GrantedAccess, ACCESS_MASK DesiredAccess)
{
    return (GrantedAccess & DesiredAccess) != 0;
}
