/* SPDX-License-Identifier: MIT */
/*
 * se/descriptor.c: security descriptors as data.
 *
 * Two forms: absolute (pointers to the parts) and self-relative (offsets into one block). Readers here take
 * either; `part` finds a part in both. Writers take absolute ones only, as documented.
 */
#include <nt/rtl.h>
#include <nt/ex.h>
#include "sep.h"
#include "sei.h"

enum { PART_OWNER, PART_GROUP, PART_SACL, PART_DACL };

static PVOID part(PSECURITY_DESCRIPTOR descriptor, ULONG which)
{
    PISECURITY_DESCRIPTOR absolute = descriptor;
    if (!(absolute->Control & SE_SELF_RELATIVE)) {
        PVOID parts[] = {absolute->Owner, absolute->Group, absolute->Sacl, absolute->Dacl};
        return parts[which];
    }
    PISECURITY_DESCRIPTOR_RELATIVE relative = descriptor;
    ULONG offsets[] = {relative->Owner, relative->Group, relative->Sacl, relative->Dacl};
    return offsets[which] ? (UCHAR *)descriptor + offsets[which] : NULL;
}

/* The DACL or SACL; NULL when the descriptor says that there is none. */
static PACL acl_part(PSECURITY_DESCRIPTOR descriptor, ULONG which)
{
    USHORT present = which == PART_DACL ? SE_DACL_PRESENT : SE_SACL_PRESENT;
    return ((PISECURITY_DESCRIPTOR)descriptor)->Control & present ? part(descriptor, which) : NULL;
}

static ULONG aligned(ULONG bytes)
{
    return (bytes + 3) & ~3u;
}

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Revision)
{
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;
    if (Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    RtlZeroMemory(descriptor, sizeof(*descriptor));
    descriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlCreateSecurityDescriptorRelative(PISECURITY_DESCRIPTOR_RELATIVE SecurityDescriptor,
                                                   ULONG Revision)
{
    if (Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    RtlZeroMemory(SecurityDescriptor, sizeof(*SecurityDescriptor));
    SecurityDescriptor->Revision = SECURITY_DESCRIPTOR_REVISION;
    SecurityDescriptor->Control = SE_SELF_RELATIVE;
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI RtlValidSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;
    if (!descriptor || descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return FALSE;
    PSID owner = part(descriptor, PART_OWNER), group = part(descriptor, PART_GROUP);
    PACL dacl = acl_part(descriptor, PART_DACL), sacl = acl_part(descriptor, PART_SACL);
    return (!owner || RtlValidSid(owner)) && (!group || RtlValidSid(group)) && (!dacl || RtlValidAcl(dacl)) &&
           (!sacl || RtlValidAcl(sacl));
}

static BOOLEAN sid_within(PVOID base, ULONG length, ULONG offset)
{
    if (offset > length || length - offset < RtlLengthRequiredSid(0) ||
        offset < sizeof(SECURITY_DESCRIPTOR_RELATIVE))
        return FALSE;
    PSID sid = (UCHAR *)base + offset;
    return RtlValidSid(sid) && RtlLengthSid(sid) <= length - offset;
}

static BOOLEAN acl_within(PVOID base, ULONG length, ULONG offset)
{
    if (offset > length || length - offset < sizeof(ACL) || offset < sizeof(SECURITY_DESCRIPTOR_RELATIVE))
        return FALSE;
    PACL acl = (PACL)((UCHAR *)base + offset);
    return acl->AclSize <= length - offset && RtlValidAcl(acl);
}

BOOLEAN NTAPI RtlValidRelativeSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptorInput,
                                                 ULONG SecurityDescriptorLength,
                                                 SECURITY_INFORMATION RequiredInformation)
{
    PISECURITY_DESCRIPTOR_RELATIVE sd = SecurityDescriptorInput;
    ULONG length = SecurityDescriptorLength;
    if (length < sizeof(*sd) || sd->Revision != SECURITY_DESCRIPTOR_REVISION ||
        !(sd->Control & SE_SELF_RELATIVE))
        return FALSE;
    if (sd->Owner ? !sid_within(sd, length, sd->Owner) : RequiredInformation & OWNER_SECURITY_INFORMATION)
        return FALSE;
    if (sd->Group ? !sid_within(sd, length, sd->Group) : RequiredInformation & GROUP_SECURITY_INFORMATION)
        return FALSE;
    if (!(sd->Control & SE_DACL_PRESENT) && RequiredInformation & DACL_SECURITY_INFORMATION)
        return FALSE;
    if (sd->Control & SE_DACL_PRESENT && sd->Dacl && !acl_within(sd, length, sd->Dacl))
        return FALSE;
    if (!(sd->Control & SE_SACL_PRESENT) && RequiredInformation & SACL_SECURITY_INFORMATION)
        return FALSE;
    return !(sd->Control & SE_SACL_PRESENT && sd->Sacl && !acl_within(sd, length, sd->Sacl));
}

BOOLEAN NTAPI SeValidSecurityDescriptor(ULONG Length, PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    return RtlValidRelativeSecurityDescriptor(SecurityDescriptor, Length, 0);
}

ULONG NTAPI RtlLengthSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    PISECURITY_DESCRIPTOR descriptor = SecurityDescriptor;
    ULONG bytes = descriptor->Control & SE_SELF_RELATIVE ? sizeof(SECURITY_DESCRIPTOR_RELATIVE)
                                                         : sizeof(SECURITY_DESCRIPTOR);
    PSID owner = part(descriptor, PART_OWNER), group = part(descriptor, PART_GROUP);
    PACL dacl = acl_part(descriptor, PART_DACL), sacl = acl_part(descriptor, PART_SACL);
    bytes += owner ? aligned(RtlLengthSid(owner)) : 0;
    bytes += group ? aligned(RtlLengthSid(group)) : 0;
    bytes += dacl ? aligned(dacl->AclSize) : 0;
    return bytes + (sacl ? aligned(sacl->AclSize) : 0);
}

/* ---------------------------------------------------------------- parts */

static NTSTATUS set_acl(PISECURITY_DESCRIPTOR descriptor, BOOLEAN present, PACL acl, BOOLEAN defaulted,
                        ULONG which)
{
    USHORT present_bit = which == PART_DACL ? SE_DACL_PRESENT : SE_SACL_PRESENT;
    USHORT default_bit = which == PART_DACL ? SE_DACL_DEFAULTED : SE_SACL_DEFAULTED;
    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    if (descriptor->Control & SE_SELF_RELATIVE)
        return STATUS_INVALID_SECURITY_DESCR;
    descriptor->Control &= (USHORT) ~(present_bit | default_bit);
    if (present)
        descriptor->Control |= (USHORT)(present_bit | (defaulted ? default_bit : 0));
    *(which == PART_DACL ? &descriptor->Dacl : &descriptor->Sacl) = present ? acl : NULL;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN DaclPresent,
                                            PACL Dacl, BOOLEAN DaclDefaulted)
{
    return set_acl(SecurityDescriptor, DaclPresent, Dacl, DaclDefaulted, PART_DACL);
}

NTSTATUS NTAPI RtlSetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN SaclPresent,
                                            PACL Sacl, BOOLEAN SaclDefaulted)
{
    return set_acl(SecurityDescriptor, SaclPresent, Sacl, SaclDefaulted, PART_SACL);
}

static NTSTATUS get_acl(PISECURITY_DESCRIPTOR descriptor, PBOOLEAN present, PACL *acl, PBOOLEAN defaulted,
                        ULONG which)
{
    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    *present = (descriptor->Control & (which == PART_DACL ? SE_DACL_PRESENT : SE_SACL_PRESENT)) != 0;
    if (*present) {
        *acl = part(descriptor, which);
        *defaulted =
            (descriptor->Control & (which == PART_DACL ? SE_DACL_DEFAULTED : SE_SACL_DEFAULTED)) != 0;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetDaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PBOOLEAN DaclPresent,
                                            PACL *Dacl, PBOOLEAN DaclDefaulted)
{
    return get_acl(SecurityDescriptor, DaclPresent, Dacl, DaclDefaulted, PART_DACL);
}

NTSTATUS NTAPI RtlGetSaclSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PBOOLEAN SaclPresent,
                                            PACL *Sacl, PBOOLEAN SaclDefaulted)
{
    return get_acl(SecurityDescriptor, SaclPresent, Sacl, SaclDefaulted, PART_SACL);
}

static NTSTATUS set_sid(PISECURITY_DESCRIPTOR descriptor, PSID sid, BOOLEAN defaulted, ULONG which)
{
    USHORT default_bit = which == PART_OWNER ? SE_OWNER_DEFAULTED : SE_GROUP_DEFAULTED;
    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    if (descriptor->Control & SE_SELF_RELATIVE)
        return STATUS_INVALID_SECURITY_DESCR;
    *(which == PART_OWNER ? &descriptor->Owner : &descriptor->Group) = sid;
    descriptor->Control &= (USHORT)~default_bit;
    if (defaulted)
        descriptor->Control |= default_bit;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Owner,
                                             BOOLEAN OwnerDefaulted)
{
    return set_sid(SecurityDescriptor, Owner, OwnerDefaulted, PART_OWNER);
}

NTSTATUS NTAPI RtlSetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID Group,
                                             BOOLEAN GroupDefaulted)
{
    return set_sid(SecurityDescriptor, Group, GroupDefaulted, PART_GROUP);
}

static NTSTATUS get_sid(PISECURITY_DESCRIPTOR descriptor, PSID *sid, PBOOLEAN defaulted, ULONG which)
{
    if (descriptor->Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    *sid = part(descriptor, which);
    *defaulted = (descriptor->Control & (which == PART_OWNER ? SE_OWNER_DEFAULTED : SE_GROUP_DEFAULTED)) != 0;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGetOwnerSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID *Owner,
                                             PBOOLEAN OwnerDefaulted)
{
    return get_sid(SecurityDescriptor, Owner, OwnerDefaulted, PART_OWNER);
}

NTSTATUS NTAPI RtlGetGroupSecurityDescriptor(PSECURITY_DESCRIPTOR SecurityDescriptor, PSID *Group,
                                             PBOOLEAN GroupDefaulted)
{
    return get_sid(SecurityDescriptor, Group, GroupDefaulted, PART_GROUP);
}

/* ---------------------------------------------------------------- one form to the other */

static ULONG relative_bytes(PSECURITY_DESCRIPTOR sd)
{
    ULONG own = ((PISECURITY_DESCRIPTOR)sd)->Control & SE_SELF_RELATIVE ? sizeof(SECURITY_DESCRIPTOR_RELATIVE)
                                                                        : sizeof(SECURITY_DESCRIPTOR);
    return RtlLengthSecurityDescriptor(sd) - own + sizeof(SECURITY_DESCRIPTOR_RELATIVE);
}

static ULONG place(UCHAR *base, ULONG *at, const void *from, ULONG bytes)
{
    if (!from)
        return 0;
    ULONG offset = *at;
    RtlCopyMemory(base + offset, from, bytes);
    *at += aligned(bytes);
    return offset;
}

/* Write `sd`, of either form, as a self-relative one. */
void SepMakeRelative(PSECURITY_DESCRIPTOR Sd, PSECURITY_DESCRIPTOR To)
{
    PISECURITY_DESCRIPTOR_RELATIVE to = To;
    ULONG at = sizeof(*to);
    PSID owner = part(Sd, PART_OWNER), group = part(Sd, PART_GROUP);
    PACL dacl = acl_part(Sd, PART_DACL), sacl = acl_part(Sd, PART_SACL);
    to->Revision = SECURITY_DESCRIPTOR_REVISION;
    to->Sbz1 = ((PISECURITY_DESCRIPTOR)Sd)->Sbz1;
    to->Control = ((PISECURITY_DESCRIPTOR)Sd)->Control | SE_SELF_RELATIVE;
    to->Sacl = place(To, &at, sacl, sacl ? sacl->AclSize : 0);
    to->Dacl = place(To, &at, dacl, dacl ? dacl->AclSize : 0);
    to->Owner = place(To, &at, owner, owner ? RtlLengthSid(owner) : 0);
    to->Group = place(To, &at, group, group ? RtlLengthSid(group) : 0);
}

ULONG SepRelativeBytes(PSECURITY_DESCRIPTOR Sd)
{
    return relative_bytes(Sd);
}

NTSTATUS NTAPI RtlAbsoluteToSelfRelativeSD(PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
                                           PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
                                           PULONG BufferLength)
{
    if (((PISECURITY_DESCRIPTOR)AbsoluteSecurityDescriptor)->Control & SE_SELF_RELATIVE)
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    ULONG needed = relative_bytes(AbsoluteSecurityDescriptor);
    if (*BufferLength < needed || !SelfRelativeSecurityDescriptor) {
        *BufferLength = needed;
        return STATUS_BUFFER_TOO_SMALL;
    }
    SepMakeRelative(AbsoluteSecurityDescriptor, SelfRelativeSecurityDescriptor);
    *BufferLength = needed;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSelfRelativeToAbsoluteSD(PSECURITY_DESCRIPTOR SelfRelativeSecurityDescriptor,
                                           PSECURITY_DESCRIPTOR AbsoluteSecurityDescriptor,
                                           PULONG AbsoluteSecurityDescriptorSize, PACL Dacl, PULONG DaclSize,
                                           PACL Sacl, PULONG SaclSize, PSID Owner, PULONG OwnerSize,
                                           PSID PrimaryGroup, PULONG PrimaryGroupSize)
{
    PSECURITY_DESCRIPTOR sd = SelfRelativeSecurityDescriptor;
    PISECURITY_DESCRIPTOR to = AbsoluteSecurityDescriptor;
    if (!(((PISECURITY_DESCRIPTOR)sd)->Control & SE_SELF_RELATIVE))
        return STATUS_BAD_DESCRIPTOR_FORMAT;
    PSID owner = part(sd, PART_OWNER), group = part(sd, PART_GROUP);
    PACL dacl = acl_part(sd, PART_DACL), sacl = acl_part(sd, PART_SACL);
    ULONG need[] = {sizeof(*to), dacl ? dacl->AclSize : 0, sacl ? sacl->AclSize : 0,
                    owner ? RtlLengthSid(owner) : 0, group ? RtlLengthSid(group) : 0};
    PULONG have[] = {AbsoluteSecurityDescriptorSize, DaclSize, SaclSize, OwnerSize, PrimaryGroupSize};
    BOOLEAN small = FALSE;
    for (ULONG i = 0; i < RTL_NUMBER_OF(need); i++)
        small |= *have[i] < need[i];
    for (ULONG i = 0; i < RTL_NUMBER_OF(need); i++)
        *have[i] = need[i];
    if (small)
        return STATUS_BUFFER_TOO_SMALL;
    RtlCreateSecurityDescriptor(to, SECURITY_DESCRIPTOR_REVISION);
    to->Control = (USHORT)(((PISECURITY_DESCRIPTOR)sd)->Control & ~SE_SELF_RELATIVE);
    if (dacl)
        to->Dacl = RtlCopyMemory(Dacl, dacl, need[1]);
    if (sacl)
        to->Sacl = RtlCopyMemory(Sacl, sacl, need[2]);
    if (owner)
        to->Owner = RtlCopyMemory(Owner, owner, need[3]);
    if (group)
        to->Group = RtlCopyMemory(PrimaryGroup, group, need[4]);
    return STATUS_SUCCESS;
}

void NTAPI RtlMapGenericMask(PACCESS_MASK AccessMask, const GENERIC_MAPPING *GenericMapping)
{
    ACCESS_MASK mask = *AccessMask;
    if (mask & GENERIC_READ)
        mask |= GenericMapping->GenericRead;
    if (mask & GENERIC_WRITE)
        mask |= GenericMapping->GenericWrite;
    if (mask & GENERIC_EXECUTE)
        mask |= GenericMapping->GenericExecute;
    if (mask & GENERIC_ALL)
        mask |= GenericMapping->GenericAll;
    *AccessMask = mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
}
