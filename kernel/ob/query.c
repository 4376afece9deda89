/* SPDX-License-Identifier: MIT */
/*
 * ob/query.c: questions about objects by handle, and the permanence services.
 */
#include "obi.h"
#include "ntsvc.h"

/* The system's answer to ObjectBasicInformation; its public form names the first four fields. */
typedef struct _OBJECT_BASIC_INFORMATION {
    ULONG Attributes;
    ACCESS_MASK GrantedAccess;
    ULONG HandleCount;
    ULONG PointerCount;
    ULONG PagedPoolCharge;
    ULONG NonPagedPoolCharge;
    ULONG Reserved[3];
    ULONG NameInfoSize;
    ULONG TypeInfoSize;
    ULONG SecurityDescriptorSize;
    LARGE_INTEGER CreationTime;
} OBJECT_BASIC_INFORMATION;

typedef struct _OBJECT_TYPE_INFORMATION {
    UNICODE_STRING TypeName;
    ULONG TotalNumberOfObjects;
    ULONG TotalNumberOfHandles;
    ULONG TotalPagedPoolUsage;
    ULONG TotalNonPagedPoolUsage;
    ULONG TotalNamePoolUsage;
    ULONG TotalHandleTableUsage;
    ULONG HighWaterNumberOfObjects;
    ULONG HighWaterNumberOfHandles;
    ULONG HighWaterPagedPoolUsage;
    ULONG HighWaterNonPagedPoolUsage;
    ULONG HighWaterNamePoolUsage;
    ULONG HighWaterHandleTableUsage;
    ULONG InvalidAttributes;
    GENERIC_MAPPING GenericMapping;
    ULONG ValidAccessMask;
    BOOLEAN SecurityRequired;
    BOOLEAN MaintainHandleCount;
    UCHAR TypeIndex;
    CHAR ReservedByte;
    ULONG PoolType;
    ULONG DefaultPagedPoolCharge;
    ULONG DefaultNonPagedPoolCharge;
} OBJECT_TYPE_INFORMATION;

C_ASSERT(sizeof(OBJECT_BASIC_INFORMATION) == 0x38);
C_ASSERT(sizeof(OBJECT_TYPE_INFORMATION) == 0x68);

static ULONG aligned(ULONG bytes)
{
    return (bytes + 7) & ~7u;
}

static ULONG type_info_bytes(POBJECT_TYPE type)
{
    return sizeof(OBJECT_TYPE_INFORMATION) + aligned(type->Name.Length + sizeof(WCHAR));
}

/* Describe a type at `to`, a kernel copy of what will be at `user`. */
static void fill_type(POBJECT_TYPE type, OBJECT_TYPE_INFORMATION *to, PVOID user)
{
    PWCH name = (PWCH)(to + 1);
    RtlZeroMemory(to, sizeof(*to));
    to->TypeName.Length = type->Name.Length;
    to->TypeName.MaximumLength = (USHORT)(type->Name.Length + sizeof(WCHAR));
    to->TypeName.Buffer = (PWCH)((UCHAR *)user + sizeof(*to));
    RtlCopyMemory(name, type->Name.Buffer, type->Name.Length);
    name[type->Name.Length / sizeof(WCHAR)] = 0;
    to->TotalNumberOfObjects = (ULONG)type->TotalNumberOfObjects;
    to->TotalNumberOfHandles = (ULONG)type->TotalNumberOfHandles;
    to->HighWaterNumberOfObjects = (ULONG)type->HighWaterNumberOfObjects;
    to->HighWaterNumberOfHandles = (ULONG)type->HighWaterNumberOfHandles;
    to->InvalidAttributes = type->TypeInfo.InvalidAttributes;
    to->GenericMapping = type->TypeInfo.GenericMapping;
    to->ValidAccessMask = type->TypeInfo.ValidAccessMask;
    to->SecurityRequired = type->TypeInfo.SecurityRequired;
    to->MaintainHandleCount = type->TypeInfo.MaintainHandleCount;
    to->TypeIndex = (UCHAR)type->Index;
    to->PoolType = type->TypeInfo.PoolType;
    to->DefaultPagedPoolCharge = type->TypeInfo.DefaultPagedPoolCharge;
    to->DefaultNonPagedPoolCharge = type->TypeInfo.DefaultNonPagedPoolCharge;
}

static NTSTATUS query_basic(PVOID object, POBJECT_HANDLE_INFORMATION handle, PVOID to, ULONG length,
                            ULONG *needed, KPROCESSOR_MODE mode)
{
    OBJECT_BASIC_INFORMATION info = {0};
    POBJECT_HEADER header = ObpHeader(object);
    *needed = sizeof(info);
    if (length != sizeof(info))
        return STATUS_INFO_LENGTH_MISMATCH;
    info.Attributes = handle->HandleAttributes & OBJ_INHERIT;
    if (header->Flags & OB_FLAG_PERMANENT)
        info.Attributes |= OBJ_PERMANENT;
    if (header->Flags & OB_FLAG_EXCLUSIVE)
        info.Attributes |= OBJ_EXCLUSIVE;
    info.GrantedAccess = handle->GrantedAccess;
    info.HandleCount = (ULONG)header->HandleCount;
    info.PointerCount = (ULONG)header->PointerCount;
    POBJECT_HEADER_NAME_INFO name = ObpNameInfo(header);
    if (name && name->Directory)
        info.NameInfoSize = sizeof(OBJECT_NAME_INFORMATION) + name->Name.Length + sizeof(WCHAR);
    info.TypeInfoSize = type_info_bytes(ObpTypeOf(object));
    if (header->SecurityDescriptor)
        info.SecurityDescriptorSize = RtlLengthSecurityDescriptor(header->SecurityDescriptor);
    return KiCopyToMode(mode, to, &info, sizeof(info));
}

static NTSTATUS query_name(PVOID object, PVOID to, ULONG length, ULONG *needed, KPROCESSOR_MODE mode)
{
    ULONG bytes = length > 1024 ? length : 1024;
    if (bytes > 0x11000)
        bytes = 0x11000;
    POBJECT_NAME_INFORMATION info = ObpAllocate(bytes, OB_TAG_NAME);
    if (!info)
        return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = ObQueryNameString(object, info, bytes, needed);
    if (NT_SUCCESS(status) && *needed > length)
        status = length < sizeof(*info) ? STATUS_INFO_LENGTH_MISMATCH : STATUS_BUFFER_OVERFLOW;
    if (NT_SUCCESS(status)) {
        if (info->Name.Buffer)
            info->Name.Buffer = (PWCH)((UCHAR *)to + ((UCHAR *)info->Name.Buffer - (UCHAR *)info));
        status = KiCopyToMode(mode, to, info, *needed);
    }
    ObpFree(info, OB_TAG_NAME);
    return status;
}

static NTSTATUS query_type(PVOID object, PVOID to, ULONG length, ULONG *needed, KPROCESSOR_MODE mode)
{
    POBJECT_TYPE type = ObpTypeOf(object);
    *needed = type_info_bytes(type);
    if (length < *needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    OBJECT_TYPE_INFORMATION *info = ObpAllocate(*needed, OB_TAG_NAME);
    if (!info)
        return STATUS_INSUFFICIENT_RESOURCES;
    fill_type(type, info, to);
    NTSTATUS status = KiCopyToMode(mode, to, info, *needed);
    ObpFree(info, OB_TAG_NAME);
    return status;
}

static NTSTATUS query_types(PVOID to, ULONG length, ULONG *needed, KPROCESSOR_MODE mode)
{
    ULONG count = 0;
    *needed = aligned(sizeof(ULONG));
    for (ULONG i = 1; i < OB_MAX_TYPES; i++) {
        if (ObpTypes[i]) {
            *needed += type_info_bytes(ObpTypes[i]);
            count++;
        }
    }
    if (length < *needed)
        return STATUS_INFO_LENGTH_MISMATCH;
    UCHAR *info = ObpAllocate(*needed, OB_TAG_NAME);
    if (!info)
        return STATUS_INSUFFICIENT_RESOURCES;
    *(ULONG *)info = count;
    UCHAR *at = info + aligned(sizeof(ULONG));
    for (ULONG i = 1; i < OB_MAX_TYPES && count; i++) {
        if (!ObpTypes[i])
            continue;
        fill_type(ObpTypes[i], (OBJECT_TYPE_INFORMATION *)at, (UCHAR *)to + (at - info));
        at += type_info_bytes(ObpTypes[i]);
        count--;
    }
    NTSTATUS status = KiCopyToMode(mode, to, info, *needed);
    ObpFree(info, OB_TAG_NAME);
    return status;
}

NTSTATUS NTAPI NtQueryObject(HANDLE Handle, OBJECT_INFORMATION_CLASS ObjectInformationClass,
                             PVOID ObjectInformation, ULONG ObjectInformationLength, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    OBJECT_HANDLE_INFORMATION handle = {0};
    PVOID object = NULL;
    ULONG needed = 0;
    NTSTATUS status;

    if (mode == UserMode) {
        status = KiProbeForWrite(ObjectInformation, ObjectInformationLength, sizeof(ULONG));
        if (!NT_SUCCESS(status))
            return status;
    }
    if (ObjectInformationClass != ObjectTypesInformation) {
        status = ObReferenceObjectByHandle(Handle, 0, NULL, mode, &object, &handle);
        if (!NT_SUCCESS(status))
            return status;
    }
    switch (ObjectInformationClass) {
    case ObjectBasicInformation:
        status = query_basic(object, &handle, ObjectInformation, ObjectInformationLength, &needed, mode);
        break;
    case ObjectNameInformation:
        status = query_name(object, ObjectInformation, ObjectInformationLength, &needed, mode);
        break;
    case ObjectTypeInformation:
        status = query_type(object, ObjectInformation, ObjectInformationLength, &needed, mode);
        break;
    case ObjectTypesInformation:
        status = query_types(ObjectInformation, ObjectInformationLength, &needed, mode);
        break;
    case ObjectHandleFlagInformation: {
        OBJECT_HANDLE_FLAG_INFORMATION flags = {(handle.HandleAttributes & OBJ_INHERIT) != 0,
                                                (handle.HandleAttributes & 1) != 0};
        needed = sizeof(flags);
        status = ObjectInformationLength != needed
                     ? STATUS_INFO_LENGTH_MISMATCH
                     : KiCopyToMode(mode, ObjectInformation, &flags, sizeof(flags));
        break;
    }
    default:
        status = STATUS_INVALID_INFO_CLASS;
        break;
    }
    if (object)
        ObDereferenceObject(object);
    if (ReturnLength) {
        NTSTATUS copied = KiCopyToMode(mode, ReturnLength, &needed, sizeof(needed));
        if (!NT_SUCCESS(copied))
            status = copied;
    }
    return status;
}

NTSTATUS NTAPI NtSetInformationObject(HANDLE Handle, OBJECT_INFORMATION_CLASS Class, PVOID Information,
                                      ULONG Length)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    OBJECT_HANDLE_FLAG_INFORMATION flags;
    if (Class != ObjectHandleFlagInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (Length != sizeof(flags))
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = KiCopyFromMode(mode, &flags, Information, sizeof(flags));
    return NT_SUCCESS(status) ? ObSetHandleAttributes(Handle, &flags, mode) : status;
}

NTSTATUS NTAPI NtMakeTemporaryObject(HANDLE Handle)
{
    PVOID object;
    NTSTATUS status = ObReferenceObjectByHandle(Handle, DELETE, NULL, ObpPreviousMode(), &object, NULL);
    if (NT_SUCCESS(status)) {
        ObMakeTemporaryObject(object);
        ObDereferenceObject(object);
    }
    return status;
}

NTSTATUS NTAPI NtMakePermanentObject(HANDLE Handle)
{
    PVOID object;
    LUID privilege = {SE_CREATE_PERMANENT_PRIVILEGE, 0};
    if (!SeSinglePrivilegeCheck(privilege, ObpPreviousMode()))
        return STATUS_PRIVILEGE_NOT_HELD;
    NTSTATUS status = ObReferenceObjectByHandle(Handle, 0, NULL, ObpPreviousMode(), &object, NULL);
    if (NT_SUCCESS(status)) {
        __atomic_or_fetch(&ObpHeader(object)->Flags, OB_FLAG_PERMANENT, __ATOMIC_ACQ_REL);
        ObDereferenceObject(object);
    }
    return status;
}

NTSTATUS NTAPI ZwQueryObject(HANDLE Handle, OBJECT_INFORMATION_CLASS ObjectInformationClass,
                             PVOID ObjectInformation, ULONG ObjectInformationLength, PULONG ReturnLength)
{
    KI_ZW(NtQueryObject(Handle, ObjectInformationClass, ObjectInformation, ObjectInformationLength,
                        ReturnLength));
}

NTSTATUS NTAPI ZwSetInformationObject(HANDLE Handle, OBJECT_INFORMATION_CLASS Class, PVOID Information,
                                      ULONG Length)
{
    KI_ZW(NtSetInformationObject(Handle, Class, Information, Length));
}

NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE Handle)
{
    KI_ZW(NtMakeTemporaryObject(Handle));
}

NTSTATUS NTAPI ZwMakePermanentObject(HANDLE Handle)
{
    KI_ZW(NtMakePermanentObject(Handle));
}
