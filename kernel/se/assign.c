/* SPDX-License-Identifier: MIT */
/*
 * se/assign.c: descriptors of objects: defaults, capture, merging for a new object, and the default security
 * method.
 *
 * A new object's descriptor is what its creator gave, completed with what its token says (owner, group) and,
 * where the creator gave no DACL, with the inheritable entries of the container or the default DACL (system
 * and administrators everything). Descriptors that are stored are self-relative, in one pool block.
 *
 * Parts of stored ones are asked for and replaced in modify.c.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "trap.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"

PSECURITY_DESCRIPTOR SePublicDefaultSd, SePublicOpenSd, SeSystemDefaultSd;

#define MAX_CAPTURE 0x20000

static PVOID allocate(SIZE_T bytes)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx, bytes, SE_TAG);
}

/* ---------------------------------------------------------------- the standard ones */

static PSECURITY_DESCRIPTOR make_descriptor(ACCESS_MASK world)
{
    static UCHAR storage[256];
    SECURITY_DESCRIPTOR sd;
    PACL acl = (PACL)storage;
    ULONG bytes = 0;
    RtlCreateAcl(acl, sizeof(storage), ACL_REVISION);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, SeLocalSystemSid);
    RtlAddAccessAllowedAce(acl, ACL_REVISION, GENERIC_ALL, SeAliasAdminsSid);
    if (world)
        RtlAddAccessAllowedAce(acl, ACL_REVISION, world, SeWorldSid);
    acl->AclSize = (USHORT)(SepFreeAce(acl) - storage); /* just what it holds */
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    RtlSetDaclSecurityDescriptor(&sd, TRUE, acl, FALSE);
    RtlSetOwnerSecurityDescriptor(&sd, SeAliasAdminsSid, FALSE);
    RtlSetGroupSecurityDescriptor(&sd, SeLocalSystemSid, FALSE);
    RtlAbsoluteToSelfRelativeSD(&sd, NULL, &bytes);
    PSECURITY_DESCRIPTOR result = allocate(bytes);
    if (!result || !NT_SUCCESS(RtlAbsoluteToSelfRelativeSD(&sd, result, &bytes)))
        KeBugCheckEx(SECURITY_INITIALIZATION_FAILED, 1, 0, 0, 0);
    return result;
}

void SepInitDescriptors(void)
{
    SePublicDefaultSd = make_descriptor(GENERIC_READ | GENERIC_EXECUTE);
    SePublicOpenSd = make_descriptor(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE);
    SeSystemDefaultSd = make_descriptor(0);
}

/* ---------------------------------------------------------------- capture */

NTSTATUS SepCapturePart(KPROCESSOR_MODE Mode, const void *From, BOOLEAN IsAcl, UCHAR *To, ULONG Max, ULONG *Bytes)
{
    UCHAR head[8];
    NTSTATUS status = KiCopyFromMode(Mode, head, From, sizeof(head));
    if (!NT_SUCCESS(status))
        return status;
    /* An ACL has its size at offset 2; a SID its number of sub-authorities at offset 1. */
    *Bytes = IsAcl ? head[2] | (ULONG)head[3] << 8 : RtlLengthRequiredSid(head[1]);
    if (*Bytes > Max || (IsAcl && *Bytes < sizeof(ACL)))
        return IsAcl ? STATUS_INVALID_ACL : STATUS_INVALID_SID;
    status = KiCopyFromMode(Mode, To, From, *Bytes);
    if (!NT_SUCCESS(status))
        return status;
    /* The size may have changed between the two reads: judge what was copied. */
    if (IsAcl ? ((PACL)To)->AclSize != *Bytes || !RtlValidAcl((PACL)To)
               : !RtlValidSid(To) || RtlLengthSid(To) != *Bytes)
        return IsAcl ? STATUS_INVALID_ACL : STATUS_INVALID_SID;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI SeCaptureSecurityDescriptor(PSECURITY_DESCRIPTOR Input, KPROCESSOR_MODE AccessMode,
                                           POOL_TYPE PoolType, BOOLEAN CaptureIfKernel,
                                           PSECURITY_DESCRIPTOR *Captured)
{
    SECURITY_DESCRIPTOR sd = {0};
    *Captured = NULL;
    if (!Input)
        return STATUS_SUCCESS;
    if (AccessMode == KernelMode && !CaptureIfKernel) {
        *Captured = Input;
        return STATUS_SUCCESS;
    }
    NTSTATUS status = KiCopyFromMode(AccessMode, &sd, Input, sizeof(SECURITY_DESCRIPTOR_RELATIVE));
    if (!NT_SUCCESS(status))
        return status;
    if (sd.Revision != SECURITY_DESCRIPTOR_REVISION)
        return STATUS_UNKNOWN_REVISION;
    if (sd.Control & SE_SELF_RELATIVE) {
        SECURITY_DESCRIPTOR_RELATIVE relative;
        RtlCopyMemory(&relative, &sd, sizeof(relative));
        UCHAR *base = Input;
        sd.Owner = relative.Owner ? base + relative.Owner : NULL;
        sd.Group = relative.Group ? base + relative.Group : NULL;
        sd.Sacl = relative.Sacl ? (PACL)(base + relative.Sacl) : NULL;
        sd.Dacl = relative.Dacl ? (PACL)(base + relative.Dacl) : NULL;
        sd.Control &= (USHORT)~SE_SELF_RELATIVE;
    } else {
        status = KiCopyFromMode(AccessMode, &sd, Input, sizeof(sd));
        if (!NT_SUCCESS(status))
            return status;
    }
    if (!(sd.Control & SE_DACL_PRESENT))
        sd.Dacl = NULL;
    if (!(sd.Control & SE_SACL_PRESENT))
        sd.Sacl = NULL;

    /* Each part into one scratch block, then the whole as a self-relative copy of the right size. */
    UCHAR *scratch = allocate(MAX_CAPTURE + 2 * SECURITY_MAX_SID_SIZE);
    if (!scratch)
        return STATUS_INSUFFICIENT_RESOURCES;
    PVOID *parts[] = {&sd.Owner, &sd.Group, (PVOID *)&sd.Sacl, (PVOID *)&sd.Dacl};
    ULONG at = 0, bytes = 0;
    for (ULONG i = 0; i < RTL_NUMBER_OF(parts) && NT_SUCCESS(status); i++) {
        if (!*parts[i])
            continue;
        status = SepCapturePart(AccessMode, *parts[i], i >= 2, scratch + at,
                              i >= 2 ? MAXUSHORT : SECURITY_MAX_SID_SIZE, &bytes);
        *parts[i] = scratch + at;
        at += (bytes + 7) & ~7u;
    }
    if (NT_SUCCESS(status)) {
        *Captured = ExAllocatePoolWithTag(PoolType, SepRelativeBytes(&sd), SE_TAG);
        if (*Captured)
            SepMakeRelative(&sd, *Captured);
        else
            status = STATUS_INSUFFICIENT_RESOURCES;
    }
    ExFreePoolWithTag(scratch, SE_TAG);
    return status;
}

void NTAPI SeReleaseSecurityDescriptor(PSECURITY_DESCRIPTOR Captured, KPROCESSOR_MODE AccessMode,
                                       BOOLEAN CapturedIfKernel)
{
    if (Captured && (AccessMode != KernelMode || CapturedIfKernel))
        ExFreePoolWithTag(Captured, SE_TAG);
}

/* ---------------------------------------------------------------- a new object's descriptor */

/* Entries of `parent` that a new object or container inherits, into `to`. FALSE: there are none. */
static BOOLEAN inherit(PACL parent, BOOLEAN container, PACL to, ULONG bytes, PGENERIC_MAPPING mapping)
{
    RtlCreateAcl(to, bytes, ACL_REVISION);
    for (ULONG i = 0; parent && i < parent->AceCount; i++) {
        PVOID entry;
        if (!NT_SUCCESS(RtlGetAce(parent, i, &entry)))
            break;
        PACE_HEADER ace = entry;
        UCHAR flags = ace->AceFlags;
        if (!(flags & (container ? CONTAINER_INHERIT_ACE | OBJECT_INHERIT_ACE : OBJECT_INHERIT_ACE)))
            continue;
        USHORT at = to->AceCount;
        if (!NT_SUCCESS(RtlAddAce(to, parent->AclRevision, MAXULONG, ace, ace->AceSize)))
            break;
        PVOID added;
        RtlGetAce(to, at, &added);
        PACCESS_ALLOWED_ACE copy = added;
        copy->Header.AceFlags = INHERITED_ACE;
        if (container && !(flags & NO_PROPAGATE_INHERIT_ACE))
            copy->Header.AceFlags |= flags & (CONTAINER_INHERIT_ACE | OBJECT_INHERIT_ACE);
        if (container && !(flags & CONTAINER_INHERIT_ACE))
            copy->Header.AceFlags |= INHERIT_ONLY_ACE;
        else
            RtlMapGenericMask(&copy->Mask, mapping);
    }
    return to->AceCount != 0;
}

NTSTATUS NTAPI SeAssignSecurityEx(PSECURITY_DESCRIPTOR ParentDescriptor,
                                  PSECURITY_DESCRIPTOR ExplicitDescriptor,
                                  PSECURITY_DESCRIPTOR *NewDescriptor, GUID *ObjectType,
                                  BOOLEAN IsDirectoryObject, ULONG AutoInheritFlags,
                                  PSECURITY_SUBJECT_CONTEXT SubjectContext, PGENERIC_MAPPING GenericMapping,
                                  POOL_TYPE PoolType)
{
    UNREFERENCED_PARAMETER(ObjectType);
    UNREFERENCED_PARAMETER(AutoInheritFlags);
    PTOKEN token = SubjectContext->ClientToken ? SubjectContext->ClientToken : SubjectContext->PrimaryToken;
    SECURITY_DESCRIPTOR sd;
    PSID owner = NULL, group = NULL;
    PACL dacl = NULL, sacl = NULL, inherited = NULL;
    BOOLEAN present = FALSE, defaulted = FALSE, sacl_present = FALSE;

    *NewDescriptor = NULL;
    RtlCreateSecurityDescriptor(&sd, SECURITY_DESCRIPTOR_REVISION);
    if (ExplicitDescriptor) {
        RtlGetOwnerSecurityDescriptor(ExplicitDescriptor, &owner, &defaulted);
        RtlGetGroupSecurityDescriptor(ExplicitDescriptor, &group, &defaulted);
        RtlGetSaclSecurityDescriptor(ExplicitDescriptor, &sacl_present, &sacl, &defaulted);
        RtlGetDaclSecurityDescriptor(ExplicitDescriptor, &present, &dacl, &defaulted);
    }
    RtlSetOwnerSecurityDescriptor(&sd, owner ? owner : token->Owner, !owner);
    RtlSetGroupSecurityDescriptor(&sd, group ? group : token->PrimaryGroup, !group);
    if (sacl_present)
        RtlSetSaclSecurityDescriptor(&sd, TRUE, sacl, FALSE);
    if (!present && ParentDescriptor) {
        PACL from = NULL;
        RtlGetDaclSecurityDescriptor(ParentDescriptor, &present, &from, &defaulted);
        ULONG bytes = from ? from->AclSize : sizeof(ACL);
        inherited = present ? allocate(bytes) : NULL;
        present = inherited && inherit(from, IsDirectoryObject, inherited, bytes, GenericMapping);
        dacl = inherited;
    }
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    SepLockToken(token, FALSE); /* until its default DACL has been copied */
    BOOLEAN by_default = !present;
    if (by_default) {
        dacl = token->DefaultDacl;
        present = dacl != NULL;
    }
    RtlSetDaclSecurityDescriptor(&sd, present, dacl, by_default);

    PSECURITY_DESCRIPTOR result = ExAllocatePoolWithTag(PoolType, SepRelativeBytes(&sd), SE_TAG);
    if (result) {
        SepMakeRelative(&sd, result);
        /* Generic rights mean nothing in a stored descriptor: say what they mean for this type. */
        PACL stored = NULL;
        RtlGetDaclSecurityDescriptor(result, &present, &stored, &defaulted);
        for (ULONG i = 0; stored && i < stored->AceCount; i++) {
            PVOID entry;
            RtlGetAce(stored, i, &entry);
            PACCESS_ALLOWED_ACE ace = entry;
            if (ace->Header.AceType <= ACCESS_DENIED_ACE_TYPE && !(ace->Header.AceFlags & INHERIT_ONLY_ACE))
                RtlMapGenericMask(&ace->Mask, GenericMapping);
        }
        *NewDescriptor = result;
        status = STATUS_SUCCESS;
    }
    SepUnlockToken(token);
    if (inherited)
        ExFreePoolWithTag(inherited, SE_TAG);
    return status;
}

NTSTATUS NTAPI SeAssignSecurity(PSECURITY_DESCRIPTOR ParentDescriptor,
                                PSECURITY_DESCRIPTOR ExplicitDescriptor, PSECURITY_DESCRIPTOR *NewDescriptor,
                                BOOLEAN IsDirectoryObject, PSECURITY_SUBJECT_CONTEXT SubjectContext,
                                PGENERIC_MAPPING GenericMapping, POOL_TYPE PoolType)
{
    return SeAssignSecurityEx(ParentDescriptor, ExplicitDescriptor, NewDescriptor, NULL, IsDirectoryObject, 0,
                              SubjectContext, GenericMapping, PoolType);
}

NTSTATUS NTAPI SeDeassignSecurity(PSECURITY_DESCRIPTOR *SecurityDescriptor)
{
    if (*SecurityDescriptor)
        ExFreePoolWithTag(*SecurityDescriptor, SE_TAG);
    *SecurityDescriptor = NULL;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- the default method of types */

NTSTATUS SeDefaultObjectMethod(PVOID Object, SECURITY_OPERATION_CODE Operation,
                               PSECURITY_INFORMATION SecurityInformation, PSECURITY_DESCRIPTOR Descriptor,
                               PULONG Length, PSECURITY_DESCRIPTOR *ObjectsDescriptor, POOL_TYPE PoolType,
                               PGENERIC_MAPPING GenericMapping, KPROCESSOR_MODE AccessMode)
{
    UNREFERENCED_PARAMETER(AccessMode);
    switch (Operation) {
    case SetSecurityDescriptor:
        return SeSetSecurityDescriptorInfo(Object, SecurityInformation, Descriptor, ObjectsDescriptor,
                                           PoolType, GenericMapping);
    case QuerySecurityDescriptor:
        return SeQuerySecurityDescriptorInfo(SecurityInformation, Descriptor, Length, ObjectsDescriptor);
    case DeleteSecurityDescriptor:
        return SeDeassignSecurity(ObjectsDescriptor);
    case AssignSecurityDescriptor: {
        PSECURITY_DESCRIPTOR copy = allocate(SepRelativeBytes(Descriptor));
        if (!copy)
            return STATUS_INSUFFICIENT_RESOURCES;
        SepMakeRelative(Descriptor, copy);
        *ObjectsDescriptor = copy;
        return STATUS_SUCCESS;
    }
    }
    return STATUS_INVALID_PARAMETER;
}
