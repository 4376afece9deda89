/* SPDX-License-Identifier: MIT */
/*
 * ob/security.c: security descriptors of objects.
 *
 * The descriptor hangs off the object's header, unless the type has a Security procedure of its own (a file's
 * belongs to its file system). It is replaced as a whole, so readers copy it under the lock of sep.h and
 * never see half of one.
 */
#include "obi.h"

static OB_SECURITY_METHOD *method_of(PVOID object)
{
    OB_SECURITY_METHOD *method = ObpTypeOf(object)->TypeInfo.SecurityProcedure;
    return method ? method : SeDefaultObjectMethod;
}

NTSTATUS NTAPI ObGetObjectSecurity(PVOID Object, PSECURITY_DESCRIPTOR *SecurityDescriptor,
                                   PBOOLEAN MemoryAllocated)
{
    POBJECT_HEADER header = ObpHeader(Object);
    POBJECT_TYPE type = ObpTypeOf(Object);
    SECURITY_INFORMATION all = OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION |
                               DACL_SECURITY_INFORMATION | SACL_SECURITY_INFORMATION;
    *SecurityDescriptor = NULL;
    *MemoryAllocated = FALSE;
    if (!type->TypeInfo.SecurityProcedure && !header->SecurityDescriptor)
        return STATUS_SUCCESS;
    ULONG length = 0;
    for (ULONG bytes = 512;; bytes = length) {
        PSECURITY_DESCRIPTOR descriptor = ObpAllocate(bytes, OB_TAG_NAME);
        if (!descriptor)
            return STATUS_INSUFFICIENT_RESOURCES;
        length = bytes;
        NTSTATUS status = method_of(Object)(Object, QuerySecurityDescriptor, &all, descriptor, &length,
                                            &header->SecurityDescriptor, NonPagedPoolNx,
                                            &type->TypeInfo.GenericMapping, KernelMode);
        if (NT_SUCCESS(status)) {
            *SecurityDescriptor = descriptor;
            *MemoryAllocated = TRUE;
            return STATUS_SUCCESS;
        }
        ObpFree(descriptor, OB_TAG_NAME);
        if (status == STATUS_NO_SECURITY_ON_OBJECT)
            return STATUS_SUCCESS;
        if (status != STATUS_BUFFER_TOO_SMALL || length <= bytes)
            return status;
    }
}

VOID NTAPI ObReleaseObjectSecurity(PSECURITY_DESCRIPTOR SecurityDescriptor, BOOLEAN MemoryAllocated)
{
    if (MemoryAllocated && SecurityDescriptor)
        ObpFree(SecurityDescriptor, OB_TAG_NAME);
}

/* The access that reading or writing those parts of a descriptor takes. */
static ACCESS_MASK access_for(SECURITY_INFORMATION information, BOOLEAN set)
{
    ACCESS_MASK access = 0;
    if (information & (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION))
        access |= set ? WRITE_OWNER : READ_CONTROL;
    if (information & DACL_SECURITY_INFORMATION)
        access |= set ? WRITE_DAC : READ_CONTROL;
    if (information & LABEL_SECURITY_INFORMATION)
        access |= set ? WRITE_OWNER : READ_CONTROL;
    if (information & SACL_SECURITY_INFORMATION)
        access |= ACCESS_SYSTEM_SECURITY;
    return access;
}

NTSTATUS NTAPI NtQuerySecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                     PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Length,
                                     PULONG LengthNeeded)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PVOID object, copy = NULL;
    ULONG length = Length;
    NTSTATUS status;
    if (mode == UserMode) {
        status = KiProbeForWrite(LengthNeeded, sizeof(ULONG), sizeof(ULONG));
        if (NT_SUCCESS(status))
            status = KiProbeForWrite(SecurityDescriptor, Length, sizeof(ULONG));
        if (!NT_SUCCESS(status))
            return status;
    }
    status =
        ObReferenceObjectByHandle(Handle, access_for(SecurityInformation, FALSE), NULL, mode, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    if (Length > 0x10000)
        length = 0x10000;
    if (length)
        copy = ObpAllocate(length, OB_TAG_NAME);
    if (length && !copy) {
        status = STATUS_INSUFFICIENT_RESOURCES;
    } else {
        ULONG room = length;
        status = method_of(object)(object, QuerySecurityDescriptor, &SecurityInformation, copy, &length,
                                   &ObpHeader(object)->SecurityDescriptor, NonPagedPoolNx,
                                   &ObpTypeOf(object)->TypeInfo.GenericMapping, mode);
        if (NT_SUCCESS(status) && length <= room)
            status = KiCopyToMode(mode, SecurityDescriptor, copy, length);
        if (NT_SUCCESS(status) || status == STATUS_BUFFER_TOO_SMALL) {
            NTSTATUS copied = KiCopyToMode(mode, LengthNeeded, &length, sizeof(length));
            if (!NT_SUCCESS(copied))
                status = copied;
        }
    }
    if (copy)
        ObpFree(copy, OB_TAG_NAME);
    ObDereferenceObject(object);
    return status;
}

static NTSTATUS set_security(PVOID object, SECURITY_INFORMATION information, PSECURITY_DESCRIPTOR from,
                             KPROCESSOR_MODE mode)
{
    PSECURITY_DESCRIPTOR captured;
    NTSTATUS status = SeCaptureSecurityDescriptor(from, mode, NonPagedPoolNx, TRUE, &captured);
    if (!NT_SUCCESS(status))
        return status;
    PISECURITY_DESCRIPTOR_RELATIVE given = captured;
    if ((information & OWNER_SECURITY_INFORMATION && !given->Owner) ||
        (information & GROUP_SECURITY_INFORMATION && !given->Group))
        status = STATUS_INVALID_SECURITY_DESCR;
    else
        status = method_of(object)(object, SetSecurityDescriptor, &information, captured, NULL,
                                   &ObpHeader(object)->SecurityDescriptor, NonPagedPoolNx,
                                   &ObpTypeOf(object)->TypeInfo.GenericMapping, mode);
    SeReleaseSecurityDescriptor(captured, mode, TRUE);
    return status;
}

NTSTATUS NTAPI NtSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                   PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PVOID object;
    if (!SecurityDescriptor)
        return STATUS_ACCESS_VIOLATION;
    NTSTATUS status =
        ObReferenceObjectByHandle(Handle, access_for(SecurityInformation, TRUE), NULL, mode, &object, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = set_security(object, SecurityInformation, SecurityDescriptor, mode);
    ObDereferenceObject(object);
    return status;
}

NTSTATUS NTAPI ObSetSecurityObjectByPointer(PVOID Object, SECURITY_INFORMATION SecurityInformation,
                                            PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return set_security(Object, SecurityInformation, SecurityDescriptor, KernelMode);
}

NTSTATUS NTAPI ObSetSecurityDescriptorInfo(PVOID Object, PSECURITY_INFORMATION SecurityInformation,
                                           PSECURITY_DESCRIPTOR SecurityDescriptor,
                                           PSECURITY_DESCRIPTOR *ObjectsSecurityDescriptor,
                                           POOL_TYPE PoolType, PGENERIC_MAPPING GenericMapping)
{
    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    return SeSetSecurityDescriptorInfo(Object, SecurityInformation, SecurityDescriptor,
                                       ObjectsSecurityDescriptor, PoolType, GenericMapping);
}

NTSTATUS NTAPI ZwQuerySecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                     PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG Length,
                                     PULONG LengthNeeded)
{
    KI_ZW(NtQuerySecurityObject(Handle, SecurityInformation, SecurityDescriptor, Length, LengthNeeded));
}

NTSTATUS NTAPI ZwSetSecurityObject(HANDLE Handle, SECURITY_INFORMATION SecurityInformation,
                                   PSECURITY_DESCRIPTOR SecurityDescriptor)
{
    KI_ZW(NtSetSecurityObject(Handle, SecurityInformation, SecurityDescriptor));
}
