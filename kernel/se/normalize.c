/* SPDX-License-Identifier: MIT */
/*
 * se/normalize.c: descriptors rearranged: normalized, so that equal ones are equal byte by byte; turned absolute in
 * place; with a SID exchanged for another.
 *
 * Page: nf-ntddk-rtlnormalizesecuritydescriptor.
 */
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "sep.h"
#include "sei.h"

#define SD_TAG 0x64536553 /* 'SeSd' */

/* An absolute view of a self-relative descriptor; parts that are not there are NULL. */
static void view(PSECURITY_DESCRIPTOR from, PISECURITY_DESCRIPTOR sd)
{
    PISECURITY_DESCRIPTOR_RELATIVE relative = from;
    UCHAR *base = from;
    sd->Revision = relative->Revision;
    sd->Sbz1 = relative->Sbz1;
    sd->Control = relative->Control & (USHORT)~SE_SELF_RELATIVE;
    sd->Owner = relative->Owner ? base + relative->Owner : NULL;
    sd->Group = relative->Group ? base + relative->Group : NULL;
    sd->Sacl = relative->Control & SE_SACL_PRESENT && relative->Sacl ? (PACL)(base + relative->Sacl) : NULL;
    sd->Dacl = relative->Control & SE_DACL_PRESENT && relative->Dacl ? (PACL)(base + relative->Dacl) : NULL;
}

/* ---------------------------------------------------------------- RtlNormalizeSecurityDescriptor */

static BOOLEAN is_allow(const ACE_HEADER *ace)
{
    return ace->AceType == ACCESS_ALLOWED_ACE_TYPE || ace->AceType == ACCESS_ALLOWED_OBJECT_ACE_TYPE;
}

/* Copy a list without the ALLOW entries that stand in it twice, and just as large as it has to be. */
static PACL shrink_acl(const ACL *from, UCHAR **at)
{
    PACL to = (PACL)*at;
    UCHAR *end = *at + sizeof(ACL);
    *to = *from;
    to->AceCount = 0;
    for (ULONG i = 0; i < from->AceCount; i++) {
        PVOID entry;
        BOOLEAN seen = FALSE;
        RtlGetAce((PACL)from, i, &entry);
        PACE_HEADER ace = entry;
        UCHAR *other = (UCHAR *)(to + 1);
        for (ULONG j = 0; is_allow(ace) && j < to->AceCount && !seen; j++) {
            PACE_HEADER header = (PACE_HEADER)other;
            seen = header->AceSize == ace->AceSize && RtlCompareMemory(other, ace, ace->AceSize) == ace->AceSize;
            other += header->AceSize;
        }
        if (seen)
            continue;
        RtlCopyMemory(end, ace, ace->AceSize);
        end += ace->AceSize;
        to->AceCount++;
    }
    to->AclSize = (USHORT)(end - (UCHAR *)to);
    *at = (UCHAR *)(((ULONG_PTR)end + 7) & ~(ULONG_PTR)7);
    return to;
}

BOOLEAN NTAPI RtlNormalizeSecurityDescriptor(PSECURITY_DESCRIPTOR *SecurityDescriptor, ULONG SecurityDescriptorLength,
                                             PSECURITY_DESCRIPTOR *NewSecurityDescriptor,
                                             PULONG NewSecurityDescriptorLength, BOOLEAN CheckOnly)
{
    PSECURITY_DESCRIPTOR old = *SecurityDescriptor;
    SECURITY_DESCRIPTOR sd;
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    if (!RtlValidRelativeSecurityDescriptor(old, SecurityDescriptorLength, 0))
        return FALSE;
    view(old, &sd);
    /* First the lists, then the result; both at most as large as what there was. */
    UCHAR *scratch = ExAllocatePoolWithTag(PagedPool, 2 * (SIZE_T)SecurityDescriptorLength + 64, SD_TAG);
    if (!scratch)
        return FALSE;
    UCHAR *at = scratch + ((SecurityDescriptorLength + 15) & ~7u);
    if (sd.Sacl && sd.Sacl->AceCount == 0) {
        sd.Sacl = NULL;
        sd.Control &= (USHORT)~SE_SACL_PRESENT;
    }
    if (sd.Sacl)
        sd.Sacl = shrink_acl(sd.Sacl, &at);
    if (sd.Dacl)
        sd.Dacl = shrink_acl(sd.Dacl, &at);
    ULONG bytes = SepRelativeBytes(&sd);
    RtlZeroMemory(scratch, bytes);
    SepMakeRelative(&sd, scratch);
    BOOLEAN changed =
        bytes != SecurityDescriptorLength || RtlCompareMemory(scratch, old, bytes) != bytes;
    if (changed && !CheckOnly) {
        PSECURITY_DESCRIPTOR to = NewSecurityDescriptor && *NewSecurityDescriptor
                                      ? *NewSecurityDescriptor
                                      : ExAllocatePoolWithTag(PagedPool, bytes, SD_TAG);
        changed = to != NULL;
        if (changed) {
            RtlCopyMemory(to, scratch, bytes);
            if (NewSecurityDescriptor) {
                *NewSecurityDescriptor = to;
            } else {
                *SecurityDescriptor = to;
                ExFreePool(old);
            }
        }
    }
    if (changed && NewSecurityDescriptorLength)
        *NewSecurityDescriptorLength = bytes;
    ExFreePoolWithTag(scratch, SD_TAG);
    return changed;
}

/* ---------------------------------------------------------------- absolute in place */

NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD2(PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor, PULONG BufferSize)
{
    PISECURITY_DESCRIPTOR to = SelfRelativeSecurityDescriptor;
    ULONG growth = sizeof(SECURITY_DESCRIPTOR) - sizeof(SECURITY_DESCRIPTOR_RELATIVE), size = 0;
    SECURITY_DESCRIPTOR sd;
    if (!(to->Control & SE_SELF_RELATIVE))
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    view(to, &sd);
    const struct {
        PVOID at;
        ULONG bytes;
    } parts[] = {{sd.Owner, sd.Owner ? RtlLengthSid(sd.Owner) : 0},
                 {sd.Group, sd.Group ? RtlLengthSid(sd.Group) : 0},
                 {sd.Sacl, sd.Sacl ? sd.Sacl->AclSize : 0},
                 {sd.Dacl, sd.Dacl ? sd.Dacl->AclSize : 0}};
    for (ULONG i = 0; i < RTL_NUMBER_OF(parts); i++) {
        ULONG end = parts[i].at ? (ULONG)((UCHAR *)parts[i].at - (UCHAR *)to) + parts[i].bytes : 0;
        size = end > size ? end : size;
    }
    if (size < sizeof(SECURITY_DESCRIPTOR_RELATIVE))
        size = sizeof(SECURITY_DESCRIPTOR_RELATIVE);
    growth = (growth + 7) & ~7u;
    if (*BufferSize < size + growth) {
        *BufferSize = size + growth;
        return STATUS_BUFFER_TOO_SMALL;
    }
    UCHAR *first = (UCHAR *)to + sizeof(SECURITY_DESCRIPTOR_RELATIVE);
    RtlMoveMemory(first + growth, first, size - sizeof(SECURITY_DESCRIPTOR_RELATIVE));
    sd.Owner = sd.Owner ? (UCHAR *)sd.Owner + growth : NULL;
    sd.Group = sd.Group ? (UCHAR *)sd.Group + growth : NULL;
    sd.Sacl = sd.Sacl ? (PACL)((UCHAR *)sd.Sacl + growth) : NULL;
    sd.Dacl = sd.Dacl ? (PACL)((UCHAR *)sd.Dacl + growth) : NULL;
    *to = sd;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- SIDs in lists */

PVOID NTAPI RtlFindAceByType(PACL Acl, UCHAR AceType, PULONG Index)
{
    for (ULONG i = 0; Acl && i < Acl->AceCount; i++) {
        PVOID ace;
        if (!NT_SUCCESS(RtlGetAce(Acl, i, &ace)))
            break;
        if (((PACE_HEADER)ace)->AceType == AceType) {
            if (Index)
                *Index = i;
            return ace;
        }
    }
    return NULL;
}

BOOLEAN NTAPI RtlOwnerAcesPresent(PACL Acl)
{
    static const SID owner_rights = {SID_REVISION, 1, {{0, 0, 0, 0, 0, 3}}, {4}}; /* S-1-3-4 */
    for (ULONG i = 0; Acl && i < Acl->AceCount; i++) {
        PVOID entry;
        if (!NT_SUCCESS(RtlGetAce(Acl, i, &entry)))
            break;
        PACCESS_ALLOWED_ACE ace = entry;
        if (ace->Header.AceType <= ACCESS_DENIED_ACE_TYPE && !(ace->Header.AceFlags & INHERIT_ONLY_ACE) &&
            RtlEqualSid(&ace->SidStart, (PSID)&owner_rights))
            return TRUE;
    }
    return FALSE;
}

static ULONG replace_in_acl(PACL acl, PSID old, PSID new)
{
    ULONG changes = 0;
    for (ULONG i = 0; acl && i < acl->AceCount; i++) {
        PVOID entry;
        if (!NT_SUCCESS(RtlGetAce(acl, i, &entry)))
            break;
        PACCESS_ALLOWED_ACE ace = entry;
        if (ace->Header.AceType <= SYSTEM_ALARM_ACE_TYPE && RtlEqualSid(&ace->SidStart, old)) {
            RtlCopySid(RtlLengthSid(new), &ace->SidStart, new);
            changes++;
        }
    }
    return changes;
}

NTSTATUS NTAPI RtlReplaceSidInSd(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID OldSid, PSID NewSid, PULONG NumChanges)
{
    PSID owner = NULL, group = NULL;
    PACL dacl = NULL, sacl = NULL;
    BOOLEAN present, defaulted;
    ULONG changes = 0;
    if (!RtlValidSecurityDescriptor(SecurityDescriptor))
        return STATUS_INVALID_SECURITY_DESCR;
    if (!RtlValidSid(OldSid) || !RtlValidSid(NewSid))
        return STATUS_INVALID_SID;
    if (RtlLengthSid(OldSid) != RtlLengthSid(NewSid))
        return STATUS_INVALID_PARAMETER;
    RtlGetOwnerSecurityDescriptor(SecurityDescriptor, &owner, &defaulted);
    RtlGetGroupSecurityDescriptor(SecurityDescriptor, &group, &defaulted);
    RtlGetDaclSecurityDescriptor(SecurityDescriptor, &present, &dacl, &defaulted);
    RtlGetSaclSecurityDescriptor(SecurityDescriptor, &present, &sacl, &defaulted);
    PSID heads[] = {owner, group};
    for (ULONG i = 0; i < RTL_NUMBER_OF(heads); i++) {
        if (heads[i] && RtlEqualSid(heads[i], OldSid)) {
            RtlCopySid(RtlLengthSid(NewSid), heads[i], NewSid);
            changes++;
        }
    }
    *NumChanges = changes + replace_in_acl(dacl, OldSid, NewSid) + replace_in_acl(sacl, OldSid, NewSid);
    return STATUS_SUCCESS;
}
