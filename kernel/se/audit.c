/* SPDX-License-Identifier: MIT */
/*
 * se/audit.c: auditing, which is off on this machine: it keeps no security log, so no category of events is audited, no
 * message is due, and nothing need be said again when a handle is closed. And the name by which a process is audited.
 *
 * Pages: nf-ntifs-seauditingfileevents, -seopenobjectauditalarm and their siblings, -selocateprocessimagename.
 */
#include <nt/ex.h>
#include <nt/rtl.h>
#include "ki.h"
#include "psp.h"
#include "sep.h"
#include "sei.h"

BOOLEAN NTAPI SeAuditingFileEvents(BOOLEAN AccessGranted, PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(AccessGranted);
    UNREFERENCED_PARAMETER(SecurityDescriptor);
    return FALSE;
}

BOOLEAN NTAPI SeAuditingFileOrGlobalEvents(BOOLEAN AccessGranted, PSECURITY_DESCRIPTOR SecurityDescriptor,
                                           PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext)
{
    UNREFERENCED_PARAMETER(SubjectSecurityContext);
    return SeAuditingFileEvents(AccessGranted, SecurityDescriptor);
}

VOID NTAPI SeOpenObjectAuditAlarm(PUNICODE_STRING ObjectTypeName, PVOID Object, PUNICODE_STRING AbsoluteObjectName,
                                  PSECURITY_DESCRIPTOR SecurityDescriptor, PACCESS_STATE AccessState,
                                  BOOLEAN ObjectCreated, BOOLEAN AccessGranted, KPROCESSOR_MODE AccessMode,
                                  PBOOLEAN GenerateOnClose)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    UNREFERENCED_PARAMETER(ObjectTypeName);
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(AbsoluteObjectName);
    UNREFERENCED_PARAMETER(SecurityDescriptor);
    UNREFERENCED_PARAMETER(AccessState);
    UNREFERENCED_PARAMETER(ObjectCreated);
    UNREFERENCED_PARAMETER(AccessGranted);
    UNREFERENCED_PARAMETER(AccessMode);
    *GenerateOnClose = FALSE;
}

VOID NTAPI SeOpenObjectForDeleteAuditAlarm(PUNICODE_STRING ObjectTypeName, PVOID Object,
                                           PUNICODE_STRING AbsoluteObjectName,
                                           PSECURITY_DESCRIPTOR SecurityDescriptor, PACCESS_STATE AccessState,
                                           BOOLEAN ObjectCreated, BOOLEAN AccessGranted, KPROCESSOR_MODE AccessMode,
                                           PBOOLEAN GenerateOnClose)
{
    SeOpenObjectAuditAlarm(ObjectTypeName, Object, AbsoluteObjectName, SecurityDescriptor, AccessState, ObjectCreated,
                           AccessGranted, AccessMode, GenerateOnClose);
}

VOID NTAPI SeDeleteObjectAuditAlarm(PVOID Object, HANDLE Handle)
{
    UNREFERENCED_PARAMETER(Object);
    UNREFERENCED_PARAMETER(Handle);
}

/* The string and its characters, in one block of the caller's. */
NTSTATUS NTAPI SeLocateProcessImageName(PEPROCESS Process, PUNICODE_STRING *pImageFileName)
{
    PUNICODE_STRING name = Process->ImageFullName;
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    *pImageFileName = NULL;
    if (!name)
        return STATUS_NOT_FOUND;
    PUNICODE_STRING copy = ExAllocatePoolWithTag(PagedPool, sizeof(*copy) + name->Length + sizeof(WCHAR), SE_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    copy->Buffer = (PWCH)(copy + 1);
    copy->Length = name->Length;
    copy->MaximumLength = name->Length + sizeof(WCHAR);
    RtlCopyMemory(copy->Buffer, name->Buffer, name->Length);
    copy->Buffer[name->Length / sizeof(WCHAR)] = 0;
    *pImageFileName = copy;
    return STATUS_SUCCESS;
}
