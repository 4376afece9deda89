/* SPDX-License-Identifier: MIT */
/*
 * ob/access.c: what a caller may do with an object, and what a new object allows others.
 *
 * A handle's access is decided once, when it is made. Who makes the object gets what it asks for; who opens
 * one is checked against its descriptor, unless it is kernel mode without OBJ_FORCE_ACCESS_CHECK. The
 * descriptor of a new object is what its creator gave, completed by inheritable entries of its directory's
 * descriptor and by the creator's token (se/assign.c).
 *
 * All routines at PASSIVE_LEVEL, without locks.
 */
#include "obi.h"

/* ---------------------------------------------------------------- the access state of an open */

void ObpBeginAccess(POB_ACCESS Access, PACCESS_STATE Passed, ACCESS_MASK DesiredAccess, POBJECT_TYPE Type)
{
    Access->State = Passed;
    Access->Own = FALSE;
    Access->DesiredAccess = DesiredAccess;
    Access->Type = Type;
}

PACCESS_STATE ObpNeedAccess(POB_ACCESS Access)
{
    if (!Access->State) {
        SeCreateAccessState(&Access->OwnState, &Access->Aux, Access->DesiredAccess,
                            Access->Type ? &Access->Type->TypeInfo.GenericMapping : NULL);
        Access->State = &Access->OwnState;
        Access->Own = TRUE;
    }
    return Access->State;
}

void ObpEndAccess(POB_ACCESS Access)
{
    if (Access->Own)
        SeDeleteAccessState(&Access->OwnState);
}

/* ---------------------------------------------------------------- checks */

BOOLEAN ObpCheckObjectAccess(PVOID Object, PACCESS_STATE AccessState, KPROCESSOR_MODE AccessMode,
                             NTSTATUS *Status)
{
    POBJECT_TYPE type = ObpTypeOf(Object);
    PSECURITY_DESCRIPTOR descriptor;
    BOOLEAN allocated;
    ACCESS_MASK granted = 0;

    *Status = ObGetObjectSecurity(Object, &descriptor, &allocated);
    if (!NT_SUCCESS(*Status))
        return FALSE;
    BOOLEAN allowed = TRUE;
    if (descriptor) {
        allowed = SeAccessCheck(descriptor, &AccessState->SubjectSecurityContext, FALSE,
                                AccessState->RemainingDesiredAccess, AccessState->PreviouslyGrantedAccess,
                                NULL, &type->TypeInfo.GenericMapping, AccessMode, &granted, Status);
    } else {
        granted = AccessState->RemainingDesiredAccess | AccessState->PreviouslyGrantedAccess;
        if (granted & MAXIMUM_ALLOWED)
            granted = type->TypeInfo.GenericMapping.GenericAll | (granted & ~(ACCESS_MASK)MAXIMUM_ALLOWED);
    }
    ObReleaseObjectSecurity(descriptor, allocated);
    if (allowed) {
        AccessState->PreviouslyGrantedAccess |= granted;
        AccessState->RemainingDesiredAccess = 0;
    }
    return allowed;
}

BOOLEAN NTAPI ObCheckObjectAccess(PVOID Object, PACCESS_STATE AccessState, BOOLEAN TypeMutexLocked,
                                  KPROCESSOR_MODE AccessMode, PNTSTATUS AccessStatus)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(TypeMutexLocked);
    return ObpCheckObjectAccess(Object, AccessState, AccessMode, AccessStatus);
}

BOOLEAN NTAPI ObCheckCreateObjectAccess(PVOID DirectoryObject, ACCESS_MASK CreateAccess,
                                        PACCESS_STATE AccessState, PUNICODE_STRING ComponentName,
                                        BOOLEAN TypeMutexLocked, KPROCESSOR_MODE PreviousMode,
                                        PNTSTATUS AccessStatus)
{
    PSECURITY_DESCRIPTOR descriptor;
    BOOLEAN allocated;
    ACCESS_MASK granted;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(ComponentName);
    UNREFERENCED_PARAMETER(TypeMutexLocked);
    *AccessStatus = ObGetObjectSecurity(DirectoryObject, &descriptor, &allocated);
    if (!NT_SUCCESS(*AccessStatus) || !descriptor)
        return NT_SUCCESS(*AccessStatus);
    BOOLEAN allowed = SeAccessCheck(descriptor, &AccessState->SubjectSecurityContext, FALSE, CreateAccess, 0,
                                    NULL, &ObpTypeOf(DirectoryObject)->TypeInfo.GenericMapping, PreviousMode,
                                    &granted, AccessStatus);
    ObReleaseObjectSecurity(descriptor, allocated);
    return allowed;
}

/* What is granted without a check, in the terms of the type. */
static ACCESS_MASK map_access(POBJECT_TYPE type, ACCESS_MASK access)
{
    if (access & MAXIMUM_ALLOWED)
        access |= GENERIC_ALL;
    access &= ~(ACCESS_MASK)MAXIMUM_ALLOWED;
    RtlMapGenericMask(&access, &type->TypeInfo.GenericMapping);
    return access;
}

NTSTATUS ObpGrantAccess(OB_OPEN_REASON Reason, PVOID Object, POB_ACCESS Access, ULONG Attributes,
                        KPROCESSOR_MODE Mode, PACCESS_MASK Granted)
{
    POBJECT_TYPE type = ObpTypeOf(Object);
    KPROCESSOR_MODE check = Attributes & OBJ_FORCE_ACCESS_CHECK ? UserMode : Mode;
    ACCESS_MASK valid = type->TypeInfo.ValidAccessMask | ACCESS_SYSTEM_SECURITY;
    if (check == KernelMode || Reason == ObCreateHandle) {
        PACCESS_STATE given = Access->State;
        ACCESS_MASK wanted =
            given ? given->RemainingDesiredAccess | given->PreviouslyGrantedAccess : Access->DesiredAccess;
        *Granted = map_access(type, wanted) & valid;
        /* The creator of an object may do with it what it likes, but see its audit list. */
        if (check != KernelMode && *Granted & ACCESS_SYSTEM_SECURITY &&
            !(given && given->PreviouslyGrantedAccess & ACCESS_SYSTEM_SECURITY)) {
            LUID privilege = {SE_SECURITY_PRIVILEGE, 0};
            if (!SeSinglePrivilegeCheck(privilege, check))
                return STATUS_PRIVILEGE_NOT_HELD;
        }
        return STATUS_SUCCESS;
    }
    PACCESS_STATE state = ObpNeedAccess(Access);
    NTSTATUS status = STATUS_SUCCESS;
    if (state->RemainingDesiredAccess && !ObpCheckObjectAccess(Object, state, check, &status))
        return status;
    *Granted = state->PreviouslyGrantedAccess & valid;
    return STATUS_SUCCESS;
}

/* ---------------------------------------------------------------- the descriptor of a new object */

static NTSTATUS assign(PVOID object, POBJECT_TYPE type, PSECURITY_DESCRIPTOR given,
                       PSECURITY_DESCRIPTOR parent, PACCESS_STATE state)
{
    PSECURITY_DESCRIPTOR merged = NULL;
    OB_SECURITY_METHOD *method = type->TypeInfo.SecurityProcedure;
    NTSTATUS status =
        SeAssignSecurity(parent, given, &merged, type == ObpDirectoryObjectType,
                         &state->SubjectSecurityContext, &type->TypeInfo.GenericMapping, PagedPool);
    if (!NT_SUCCESS(status))
        return status;
    status = (method ? method : SeDefaultObjectMethod)(object, AssignSecurityDescriptor, NULL, merged, NULL,
                                                       &ObpHeader(object)->SecurityDescriptor, NonPagedPoolNx,
                                                       &type->TypeInfo.GenericMapping, KernelMode);
    SeDeassignSecurity(&merged);
    return status;
}

NTSTATUS ObpAssignObjectSecurity(POBJECT_HEADER Header, POB_ACCESS Access, POBJECT_DIRECTORY Parent)
{
    POBJECT_TYPE type = ObpTypes[Header->TypeIndex];
    PSECURITY_DESCRIPTOR given = Header->CreateInfo ? Header->CreateInfo->SecurityDescriptor : NULL;
    PSECURITY_DESCRIPTOR inherited = NULL;
    BOOLEAN allocated = FALSE;
    /* An unnamed object is reached by nobody who was not given it. */
    if (!given && !type->TypeInfo.SecurityRequired && !Parent)
        return STATUS_SUCCESS;
    if (Header->SecurityDescriptor)
        return STATUS_SUCCESS; /* assigned by an attempt to enter the name that was overtaken */
    if (Parent) {
        NTSTATUS status = ObGetObjectSecurity(Parent, &inherited, &allocated);
        if (!NT_SUCCESS(status))
            return status;
    }
    NTSTATUS status = assign(Header->Body, type, given, inherited, ObpNeedAccess(Access));
    ObReleaseObjectSecurity(inherited, allocated);
    return status;
}

NTSTATUS NTAPI ObAssignSecurity(PACCESS_STATE AccessState, PSECURITY_DESCRIPTOR ParentDescriptor,
                                PVOID Object, POBJECT_TYPE ObjectType)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return assign(Object, ObjectType, AccessState->SecurityDescriptor, ParentDescriptor, AccessState);
}
