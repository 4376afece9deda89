/* SPDX-License-Identifier: MIT */
/*
 * se/acl.c: access control lists as data: a header and a row of entries, each with its own size.
 */
#include <nt/rtl.h>
#include "sep.h"
#include "sei.h"

static UCHAR *first_ace(PACL acl)
{
    return (UCHAR *)(acl + 1);
}

/* The first free byte; NULL if the entries do not fit the list. */
UCHAR *SepFreeAce(PACL acl)
{
    UCHAR *at = first_ace(acl), *end = (UCHAR *)acl + acl->AclSize;
    for (ULONG i = 0; i < acl->AceCount; i++) {
        if (at + sizeof(ACE_HEADER) > end)
            return NULL;
        USHORT bytes = ((PACE_HEADER)at)->AceSize;
        if (bytes < sizeof(ACE_HEADER) || at + bytes > end)
            return NULL;
        at += bytes;
    }
    return at;
}

static BOOLEAN valid_revision(ULONG revision)
{
    return revision >= MIN_ACL_REVISION && revision <= MAX_ACL_REVISION;
}

BOOLEAN NTAPI RtlValidAcl(PACL Acl)
{
    if (!Acl || !valid_revision(Acl->AclRevision) || Acl->AclSize < sizeof(ACL) || Acl->AclSize & 3)
        return FALSE;
    UCHAR *end = SepFreeAce(Acl);
    if (!end)
        return FALSE;
    for (UCHAR *at = first_ace(Acl); at < end; at += ((PACE_HEADER)at)->AceSize) {
        PACCESS_ALLOWED_ACE ace = (PACCESS_ALLOWED_ACE)at;
        if (ace->Header.AceSize & 3)
            return FALSE;
        if (ace->Header.AceType > ACCESS_MAX_MS_V2_ACE_TYPE)
            continue;
        ULONG room = ace->Header.AceSize - FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart);
        if (ace->Header.AceSize < sizeof(ACCESS_ALLOWED_ACE) || !RtlValidSid(&ace->SidStart) ||
            RtlLengthSid(&ace->SidStart) > room)
            return FALSE;
    }
    return TRUE;
}

NTSTATUS NTAPI RtlCreateAcl(PACL Acl, ULONG AclLength, ULONG AclRevision)
{
    if (AclLength < sizeof(ACL))
        return STATUS_BUFFER_TOO_SMALL;
    if (!valid_revision(AclRevision) || AclLength > MAXUSHORT)
        return STATUS_INVALID_PARAMETER;
    RtlZeroMemory(Acl, sizeof(*Acl));
    Acl->AclRevision = (UCHAR)AclRevision;
    Acl->AclSize = (USHORT)(AclLength & ~3u);
    return STATUS_SUCCESS;
}

/* Room for `bytes` more at the end, and the revision that the list then has. */
static NTSTATUS prepare(PACL acl, ULONG revision, ULONG bytes, UCHAR **at)
{
    if (!RtlValidAcl(acl))
        return STATUS_INVALID_ACL;
    if (!valid_revision(revision))
        return STATUS_REVISION_MISMATCH;
    *at = SepFreeAce(acl);
    if (*at + bytes > (UCHAR *)acl + acl->AclSize)
        return STATUS_ALLOTTED_SPACE_EXCEEDED;
    if (revision > acl->AclRevision)
        acl->AclRevision = (UCHAR)revision;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAddAccessAllowedAceEx(PACL Acl, ULONG AceRevision, ULONG AceFlags, ACCESS_MASK AccessMask,
                                        PSID Sid)
{
    UCHAR *at;
    if (!RtlValidSid(Sid))
        return STATUS_INVALID_SID;
    if (AceFlags & ~(ULONG)VALID_INHERIT_FLAGS)
        return STATUS_INVALID_PARAMETER;
    ULONG bytes = FIELD_OFFSET(ACCESS_ALLOWED_ACE, SidStart) + RtlLengthSid(Sid);
    NTSTATUS status = prepare(Acl, AceRevision, bytes, &at);
    if (!NT_SUCCESS(status))
        return status;
    PACCESS_ALLOWED_ACE ace = (PACCESS_ALLOWED_ACE)at;
    ace->Header.AceType = ACCESS_ALLOWED_ACE_TYPE;
    ace->Header.AceFlags = (UCHAR)AceFlags;
    ace->Header.AceSize = (USHORT)bytes;
    ace->Mask = AccessMask;
    RtlCopySid(RtlLengthSid(Sid), &ace->SidStart, Sid);
    Acl->AceCount++;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlAddAccessAllowedAce(PACL Acl, ULONG AceRevision, ACCESS_MASK AccessMask, PSID Sid)
{
    return RtlAddAccessAllowedAceEx(Acl, AceRevision, 0, AccessMask, Sid);
}

NTSTATUS NTAPI RtlAddAce(PACL Acl, ULONG AceRevision, ULONG StartingAceIndex, PVOID AceList,
                         ULONG AceListLength)
{
    UCHAR *end;
    USHORT count = 0;
    for (ULONG at = 0; at < AceListLength; count++) {
        PACE_HEADER ace = (PACE_HEADER)((UCHAR *)AceList + at);
        if (AceListLength - at < sizeof(*ace) || ace->AceSize < sizeof(*ace) ||
            ace->AceSize > AceListLength - at)
            return STATUS_INVALID_PARAMETER;
        at += ace->AceSize;
    }
    NTSTATUS status = prepare(Acl, AceRevision, AceListLength, &end);
    if (!NT_SUCCESS(status))
        return status;
    UCHAR *to = first_ace(Acl);
    for (ULONG i = 0; i < StartingAceIndex && i < Acl->AceCount; i++)
        to += ((PACE_HEADER)to)->AceSize;
    RtlMoveMemory(to + AceListLength, to, (SIZE_T)(end - to));
    RtlCopyMemory(to, AceList, AceListLength);
    Acl->AceCount += count;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetAce(PACL Acl, ULONG AceIndex, PVOID *Ace)
{
    *Ace = NULL;
    if (AceIndex >= Acl->AceCount || !SepFreeAce(Acl))
        return STATUS_INVALID_PARAMETER;
    UCHAR *at = first_ace(Acl);
    while (AceIndex--)
        at += ((PACE_HEADER)at)->AceSize;
    *Ace = at;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlDeleteAce(PACL Acl, ULONG AceIndex)
{
    PVOID ace;
    UCHAR *end = RtlValidAcl(Acl) ? SepFreeAce(Acl) : NULL;
    if (!end)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = RtlGetAce(Acl, AceIndex, &ace);
    if (!NT_SUCCESS(status))
        return status;
    USHORT bytes = ((PACE_HEADER)ace)->AceSize;
    UCHAR *next = (UCHAR *)ace + bytes;
    RtlMoveMemory(ace, next, (SIZE_T)(end - next));
    RtlZeroMemory(end - bytes, bytes);
    Acl->AceCount--;
    return STATUS_SUCCESS;
}
