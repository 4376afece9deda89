/* SPDX-License-Identifier: MIT */
/*
 * se/modify.c: parts of an object's descriptor: asked for, and replaced, with or without automatic inheritance.
 *
 * A list that is set with automatic inheritance keeps the entries that the object inherited: they are changed where
 * they come from. Only a protected list does without them. The list is a DACL or a SACL; one that is not given, or
 * NULL, has no entries to choose from and is taken as it is.
 *
 * Lock: g SepDescriptorLock, over the pointers in object headers. Reading copies under it; replacing swaps
 * under it. Pages: nf-ntifs-sesetsecuritydescriptorinfoex, -sequerysecuritydescriptorinfo.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"

static KSPIN_LOCK SepDescriptorLock; /* g */

#define DACL_CONTROL (SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED)
#define SACL_CONTROL (SE_SACL_PROTECTED | SE_SACL_AUTO_INHERITED)

/* An absolute view of the parts of `from` that `information` names. */
static void select_parts(PSECURITY_DESCRIPTOR from, SECURITY_INFORMATION information,
                         PISECURITY_DESCRIPTOR sd)
{
    BOOLEAN present = FALSE, defaulted = FALSE;
    PSID sid;
    PACL acl = NULL;
    if (information & OWNER_SECURITY_INFORMATION) {
        RtlGetOwnerSecurityDescriptor(from, &sid, &defaulted);
        RtlSetOwnerSecurityDescriptor(sd, sid, defaulted);
    }
    if (information & GROUP_SECURITY_INFORMATION) {
        RtlGetGroupSecurityDescriptor(from, &sid, &defaulted);
        RtlSetGroupSecurityDescriptor(sd, sid, defaulted);
    }
    if (information & DACL_SECURITY_INFORMATION) {
        RtlGetDaclSecurityDescriptor(from, &present, &acl, &defaulted);
        RtlSetDaclSecurityDescriptor(sd, present, acl, present && defaulted);
        sd->Control |= ((PISECURITY_DESCRIPTOR)from)->Control & DACL_CONTROL;
    }
    if (information & SACL_SECURITY_INFORMATION) {
        RtlGetSaclSecurityDescriptor(from, &present, &acl, &defaulted);
        RtlSetSaclSecurityDescriptor(sd, present, acl, present && defaulted);
        sd->Control |= ((PISECURITY_DESCRIPTOR)from)->Control & SACL_CONTROL;
    }
}

NTSTATUS NTAPI SeQuerySecurityDescriptorInfo(PSECURITY_INFORMATION SecurityInformation,
                                             PSECURITY_DESCRIPTOR SecurityDescriptor, PULONG Length,
                                             PSECURITY_DESCRIPTOR *ObjectsSecurityDescriptor)
{
    SECURITY_DESCRIPTOR sd;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&SepDescriptorLock);
    if (*ObjectsSecurityDescriptor)
        select_parts(*ObjectsSecurityDescriptor, *SecurityInformation, &sd);
    ULONG needed = SepRelativeBytes(&sd);
    NTSTATUS status = STATUS_BUFFER_TOO_SMALL;
    if (*Length >= needed) {
        SepMakeRelative(&sd, SecurityDescriptor);
        status = STATUS_SUCCESS;
    }
    KeReleaseSpinLock(&SepDescriptorLock, irql);
    *Length = needed;
    return status;
}

/* ---------------------------------------------------------------- automatic inheritance */

enum { EXPLICIT = 1, INHERITED = 2 };

/* Append the entries of `from` of these kinds, without the flags in `clear`. */
static void append(PACL to, PACL from, unsigned kinds, UCHAR clear)
{
    for (ULONG i = 0; from && i < from->AceCount; i++) {
        PVOID entry;
        RtlGetAce(from, i, &entry);
        PACE_HEADER ace = entry, copy = (PACE_HEADER)((UCHAR *)to + to->AclSize);
        if (!(kinds & (ace->AceFlags & INHERITED_ACE ? INHERITED : EXPLICIT)))
            continue;
        RtlCopyMemory(copy, ace, ace->AceSize);
        copy->AceFlags &= (UCHAR)~clear;
        to->AclSize += ace->AceSize;
        to->AceCount++;
        if (from->AclRevision > to->AclRevision)
            to->AclRevision = from->AclRevision;
    }
}

/* The list that results where `new` is set over `old`, in `to` (room for both); its size. */
static ULONG combine(PACL old, BOOLEAN old_protected, PACL new, BOOLEAN new_protected, PACL to)
{
    *to = (ACL){.AclRevision = new->AclRevision, .AclSize = sizeof(ACL)};
    if (new_protected) {
        append(to, new, EXPLICIT | INHERITED, INHERITED_ACE);
    } else if (old_protected) {
        append(to, new, EXPLICIT | INHERITED, 0);
    } else {
        append(to, new, EXPLICIT, 0);
        append(to, old, INHERITED, 0);
    }
    return to->AclSize;
}

/* Both lists of `sd`, which is about to be set over `old`, by the rules of automatic inheritance. */
static void inherit(PISECURITY_DESCRIPTOR sd, PISECURITY_DESCRIPTOR old, PISECURITY_DESCRIPTOR new, ULONG parts,
                    UCHAR *scratch)
{
    BOOLEAN present = FALSE, had = FALSE, defaulted;
    PACL old_list = NULL, list = NULL;
    if (parts & DACL_SECURITY_INFORMATION) {
        RtlGetDaclSecurityDescriptor(old, &had, &old_list, &defaulted);
        RtlGetDaclSecurityDescriptor(new, &present, &list, &defaulted);
        if (present && list) {
            ULONG bytes = combine(had ? old_list : NULL, (old->Control & SE_DACL_PROTECTED) != 0, list,
                                  (new->Control & SE_DACL_PROTECTED) != 0, (PACL)scratch);
            sd->Dacl = (PACL)scratch;
            scratch += (bytes + 7) & ~7u;
        }
        sd->Control |= SE_DACL_AUTO_INHERITED;
    }
    if (parts & SACL_SECURITY_INFORMATION) {
        RtlGetSaclSecurityDescriptor(old, &had, &old_list, &defaulted);
        RtlGetSaclSecurityDescriptor(new, &present, &list, &defaulted);
        if (present && list) {
            combine(had ? old_list : NULL, (old->Control & SE_SACL_PROTECTED) != 0, list,
                    (new->Control & SE_SACL_PROTECTED) != 0, (PACL)scratch);
            sd->Sacl = (PACL)scratch;
        }
        sd->Control |= SE_SACL_AUTO_INHERITED;
    }
}

/* ---------------------------------------------------------------- replacing parts */

NTSTATUS NTAPI SeSetSecurityDescriptorInfoEx(PVOID Object, PSECURITY_INFORMATION SecurityInformation,
                                             PSECURITY_DESCRIPTOR ModificationDescriptor,
                                             PSECURITY_DESCRIPTOR *ObjectsSecurityDescriptor, ULONG AutoInheritFlags,
                                             POOL_TYPE PoolType, PGENERIC_MAPPING GenericMapping)
{
    SECURITY_INFORMATION all = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION |
                               DACL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION;
    SECURITY_INFORMATION set = *SecurityInformation;
    ULONG automatic = (AutoInheritFlags & SEF_DACL_AUTO_INHERIT ? set & DACL_SECURITY_INFORMATION : 0) |
                      (AutoInheritFlags & SEF_SACL_AUTO_INHERIT ? set & SACL_SECURITY_INFORMATION : 0);
    SECURITY_DESCRIPTOR sd;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(GenericMapping);
    for (ULONG room = 512;;) {
        /* The result is at most old and new together, and so are the lists that it is made of; allocate before the
         * lock, and again if that was too little. */
        UCHAR *scratch = ExAllocatePoolWithTag(NonPagedPoolNx, room, SE_TAG);
        PSECURITY_DESCRIPTOR result = ExAllocatePoolWithTag(PoolType, room, SE_TAG), done = NULL;
        NTSTATUS status = STATUS_SUCCESS;
        if (!result || !scratch) {
            if (result)
                ExFreePoolWithTag(result, SE_TAG);
            if (scratch)
                ExFreePoolWithTag(scratch, SE_TAG);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
        KIRQL irql = KeAcquireSpinLockRaiseToDpc(&SepDescriptorLock);
        PISECURITY_DESCRIPTOR old = *ObjectsSecurityDescriptor;
        ULONG needed = 0;
        if (!old)
            status = STATUS_NO_SECURITY_ON_OBJECT;
        else if (!(old->Control & SE_SELF_RELATIVE))
            status = STATUS_BAD_DESCRIPTOR_FORMAT;
        else
            needed = SepRelativeBytes(old) + SepRelativeBytes(ModificationDescriptor);
        if (needed && needed <= room) {
            select_parts(old, all & ~set, &sd);
            select_parts(ModificationDescriptor, set, &sd);
            inherit(&sd, old, ModificationDescriptor, automatic, scratch);
            SepMakeRelative(&sd, result);
            done = old;
            *ObjectsSecurityDescriptor = result;
        }
        KeReleaseSpinLock(&SepDescriptorLock, irql);
        ExFreePoolWithTag(done ? done : result, SE_TAG);
        ExFreePoolWithTag(scratch, SE_TAG);
        if (done || !NT_SUCCESS(status))
            return status;
        room = needed;
    }
}

NTSTATUS NTAPI SeSetSecurityDescriptorInfo(PVOID Object, PSECURITY_INFORMATION SecurityInformation,
                                           PSECURITY_DESCRIPTOR ModificationDescriptor,
                                           PSECURITY_DESCRIPTOR *ObjectsSecurityDescriptor,
                                           POOL_TYPE PoolType, PGENERIC_MAPPING GenericMapping)
{
    return SeSetSecurityDescriptorInfoEx(Object, SecurityInformation, ModificationDescriptor,
                                         ObjectsSecurityDescriptor, 0, PoolType, GenericMapping);
}
