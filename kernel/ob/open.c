/* SPDX-License-Identifier: MIT */
/*
 * ob/open.c: names and handles are given out.
 *
 * Every handle is made by ObpCreateHandle or ObDuplicateHandle (close.c), in this order: access check
 * (requests of user mode, or with OBJ_FORCE_ACCESS_CHECK), pre-operation callbacks, handle count and Open
 * procedure, table entry, post-operation callbacks. A step that fails undoes the earlier ones.
 */
#include "obi.h"

/* ---------------------------------------------------------------- handle counts */

/* Handles per process of one object, for Close procedures. An array that doubles; guarded by the header's
 * lock. */
typedef struct _OBJECT_HANDLE_COUNT {
    ULONG Capacity;
    ULONG Used;
    struct {
        PEPROCESS Process;
        ULONG Count;
    } Item[];
} OBJECT_HANDLE_COUNT, *POBJECT_HANDLE_COUNT;

/* o held. Delta +1 may have to replace the array. FALSE: no memory. *Before is the count before the change.
 */
static BOOLEAN count_process_handle(POBJECT_HEADER_HANDLE_INFO info, PEPROCESS process, LONG delta,
                                    ULONG *before)
{
    POBJECT_HANDLE_COUNT counts = info->Counts;
    *before = 0;
    for (ULONG i = 0; counts && i < counts->Used; i++) {
        if (counts->Item[i].Process != process)
            continue;
        *before = counts->Item[i].Count;
        counts->Item[i].Count += delta;
        if (!counts->Item[i].Count)
            counts->Item[i] = counts->Item[--counts->Used];
        return TRUE;
    }
    if (delta < 0)
        return TRUE;
    if (!counts || counts->Used == counts->Capacity) {
        ULONG capacity = counts ? counts->Capacity * 2 : 2;
        POBJECT_HANDLE_COUNT larger =
            ObpAllocate(sizeof(*larger) + capacity * sizeof(larger->Item[0]), OB_TAG_TABLE);
        if (!larger)
            return FALSE;
        larger->Capacity = capacity;
        if (counts) {
            larger->Used = counts->Used;
            RtlCopyMemory(larger->Item, counts->Item, counts->Used * sizeof(counts->Item[0]));
            ObpFree(counts, OB_TAG_TABLE);
        }
        info->Counts = counts = larger;
    }
    counts->Item[counts->Used].Process = process;
    counts->Item[counts->Used++].Count = 1;
    return TRUE;
}

NTSTATUS ObpIncrementHandleCount(OB_OPEN_REASON Reason, POBJECT_HEADER Header, PEPROCESS Process,
                                 ULONG Attributes, KPROCESSOR_MODE Mode, PACCESS_MASK GrantedAccess)
{
    POBJECT_TYPE type = ObpTypes[Header->TypeIndex];
    POBJECT_HEADER_HANDLE_INFO info = ObpHandleInfo(Header);
    NTSTATUS status = STATUS_SUCCESS;
    ULONG before;

    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Header->Lock);
    if (Header->HandleCount && (Attributes & OBJ_EXCLUSIVE || KI_PEEK(Header->Flags) & OB_FLAG_EXCLUSIVE))
        status = STATUS_ACCESS_DENIED;
    else if (info && !count_process_handle(info, Process, 1, &before))
        status = STATUS_INSUFFICIENT_RESOURCES;
    if (NT_SUCCESS(status)) {
        if (Attributes & OBJ_EXCLUSIVE)
            __atomic_or_fetch(&Header->Flags, OB_FLAG_EXCLUSIVE, __ATOMIC_RELAXED); /* others change it without o */
        Header->HandleCount++;
    }
    KeReleaseSpinLock(&Header->Lock, irql);
    if (!NT_SUCCESS(status))
        return status;

    LONG handles = __atomic_add_fetch(&type->TotalNumberOfHandles, 1, __ATOMIC_RELAXED);
    if (handles > KI_PEEK(type->HighWaterNumberOfHandles)) /* a statistic: a higher one may be lost */
        KI_PEEK(type->HighWaterNumberOfHandles) = handles;
    if (type->TypeInfo.OpenProcedure) {
        status = type->TypeInfo.OpenProcedure(Reason, Mode, Process, Header->Body, GrantedAccess,
                                              (ULONG)KI_PEEK(Header->HandleCount));
        if (!NT_SUCCESS(status)) {
            irql = KeAcquireSpinLockRaiseToDpc(&Header->Lock);
            if (info)
                count_process_handle(info, Process, -1, &before);
            if (--Header->HandleCount == 0 && Attributes & OBJ_EXCLUSIVE)
                __atomic_and_fetch(&Header->Flags, (UCHAR)~OB_FLAG_EXCLUSIVE, __ATOMIC_RELAXED);
            KeReleaseSpinLock(&Header->Lock, irql);
            __atomic_sub_fetch(&type->TotalNumberOfHandles, 1, __ATOMIC_RELAXED);
        }
    }
    return status;
}

void ObpDecrementHandleCount(POBJECT_HEADER Header, PEPROCESS Process)
{
    POBJECT_TYPE type = ObpTypes[Header->TypeIndex];
    POBJECT_HEADER_HANDLE_INFO info = ObpHandleInfo(Header);
    ULONG process_count = 0;

    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Header->Lock);
    LONGLONG count = Header->HandleCount--;
    if (count == 1 && KI_PEEK(Header->Flags) & OB_FLAG_EXCLUSIVE)
        __atomic_and_fetch(&Header->Flags, (UCHAR)~OB_FLAG_EXCLUSIVE, __ATOMIC_RELAXED);
    if (info)
        count_process_handle(info, Process, -1, &process_count);
    KeReleaseSpinLock(&Header->Lock, irql);

    if (type->TypeInfo.CloseProcedure)
        type->TypeInfo.CloseProcedure(Process, Header->Body, process_count, (ULONG_PTR)count);
    if (count == 1)
        ObpDeleteNameCheck(Header);
    __atomic_sub_fetch(&type->TotalNumberOfHandles, 1, __ATOMIC_RELAXED);
}

/* ---------------------------------------------------------------- making a handle */

NTSTATUS ObpCreateHandle(OB_OPEN_REASON Reason, PVOID Object, POBJECT_TYPE ExpectedType, POB_ACCESS Access,
                         ULONG Attributes, KPROCESSOR_MODE Mode, PHANDLE Handle)
{
    POBJECT_HEADER header = ObpHeader(Object);
    POBJECT_TYPE type = ObpTypeOf(Object);
    BOOLEAN kernel = (Attributes & OBJ_KERNEL_HANDLE) != 0;
    PEPROCESS process = kernel ? PsInitialSystemProcess : PspCurrentProcess();
    ACCESS_MASK granted;
    OB_CALL_LIST calls;

    *Handle = NULL;
    if (ExpectedType && type != ExpectedType)
        return STATUS_OBJECT_TYPE_MISMATCH;
    NTSTATUS status = ObpGrantAccess(Reason, Object, Access, Attributes, Mode, &granted);
    if (!NT_SUCCESS(status))
        return status;
    calls.Count = 0;
    if (type->CallbackCount) {
        status =
            ObpCallPreOperation(OB_OPERATION_HANDLE_CREATE, Object, kernel, NULL, NULL, &granted, &calls);
        if (!NT_SUCCESS(status))
            return status;
    }
    status = ObpIncrementHandleCount(Reason, header, process, Attributes, Mode, &granted);
    if (NT_SUCCESS(status)) {
        ULONG bits = Attributes & OBJ_INHERIT ? OB_HANDLE_INHERIT : 0;
        PHANDLE_TABLE table = kernel ? ObpKernelHandleTable : process->ObjectTable;
        ObReferenceObjectWithTag(Object, OB_TAG_HANDLE);
        HANDLE handle = table ? ObpInsertHandle(table, header, bits, granted) : NULL;
        if (handle) {
            *Handle = kernel ? (HANDLE)((ULONG_PTR)handle | OB_KERNEL_HANDLE_BIT) : handle;
        } else {
            ObpDecrementHandleCount(header, process);
            ObDereferenceObjectWithTag(Object, OB_TAG_HANDLE);
            status = table ? STATUS_INSUFFICIENT_RESOURCES : STATUS_PROCESS_IS_TERMINATING;
        }
    }
    if (calls.Count)
        ObpCallPostOperation(OB_OPERATION_HANDLE_CREATE, Object, kernel, status, granted, &calls);
    return status;
}

/* ---------------------------------------------------------------- insertion */

NTSTATUS NTAPI ObInsertObject(PVOID Object, PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                              ULONG ObjectPointerBias, PVOID *NewObject, PHANDLE Handle)
{
    POBJECT_HEADER header = ObpHeader(Object);
    POBJECT_TYPE type = ObpTypeOf(Object);
    POBJECT_CREATE_INFORMATION info = header->CreateInfo;
    POBJECT_HEADER_NAME_INFO name_info = ObpNameInfo(header);
    ULONG attributes = info ? info->Attributes : 0;
    KPROCESSOR_MODE mode = info ? info->ProbeMode : KernelMode;
    PVOID found = Object;
    BOOLEAN looked_up = FALSE; /* a reference to `found` is ours */
    NTSTATUS result = STATUS_SUCCESS;
    OB_LOOKUP lookup = {0};
    OB_ACCESS access;

    if (Handle)
        *Handle = NULL;
    /* Before the name can be found: who opens it is not the creator, and leaves CreateInfo alone. */
    __atomic_and_fetch(&header->Flags, (UCHAR)~OB_FLAG_NEW, __ATOMIC_ACQ_REL);
    ObpBeginAccess(&access, PassedAccessState, DesiredAccess, type);
    NTSTATUS status = STATUS_SUCCESS;
    /* A named object's descriptor depends on the directory it comes into: insert() of name.c assigns it. */
    if (!(name_info && name_info->Name.Buffer))
        status = ObpAssignObjectSecurity(header, &access, NULL);
    if (!NT_SUCCESS(status))
        goto out;

    if (name_info && name_info->Name.Buffer) {
        UNICODE_STRING name = name_info->Name;
        RtlZeroMemory(&name_info->Name, sizeof(name_info->Name));
        lookup.RootDirectory = info->RootDirectory;
        lookup.Attributes = attributes;
        lookup.Type = type;
        lookup.AccessMode = mode;
        lookup.ParseContext = info->ParseContext;
        lookup.SecurityQos = info->SecurityQos;
        lookup.Insert = header;
        lookup.Access = &access;
        status = ObpLookupObjectName(&lookup, &name, &found);
        ObpFreeObjectNameBuffer(name.Buffer);
        if (!NT_SUCCESS(status)) {
            found = Object;
            goto out;
        }
        looked_up = TRUE;
        if (found != Object) {
            if (!(attributes & OBJ_OPENIF))
                status = STATUS_OBJECT_NAME_COLLISION;
            else if (ObpTypeOf(found) != type)
                status = STATUS_OBJECT_TYPE_MISMATCH;
            else
                result = STATUS_OBJECT_NAME_EXISTS;
        }
    }
    if (NT_SUCCESS(status) && Handle)
        status = ObpCreateHandle(found == Object ? ObCreateHandle : ObOpenHandle, found, NULL, &access,
                                 attributes, mode, Handle);
    if (found == Object && lookup.Insert && !NT_SUCCESS(status)) {
        /* The name was given, the handle was not. */
        ObMakeTemporaryObject(Object);
    }
    if (NT_SUCCESS(status)) {
        for (ULONG i = 0; i < ObjectPointerBias; i++)
            ObReferenceObject(found);
        if (NewObject)
            *NewObject = found;
    }
out:
    ObpFreeCreateInfo(header);
    if (lookup.Held)
        ObpReleaseName(found);
    if (looked_up)
        ObDereferenceObject(found);
    ObpEndAccess(&access);
    ObDereferenceObject(Object); /* the creator's */
    return NT_SUCCESS(status) ? result : status;
}

/* ---------------------------------------------------------------- opening */

/* A lookup may have been answered by an object that a parse procedure made and never inserted. */
static void finish_new_object(PVOID object)
{
    POBJECT_HEADER header = ObpHeader(object);
    if (KI_PEEK(header->Flags) & OB_FLAG_NEW) {
        __atomic_and_fetch(&header->Flags, (UCHAR)~OB_FLAG_NEW, __ATOMIC_ACQ_REL);
        ObpFreeCreateInfo(header);
    }
}

NTSTATUS NTAPI ObOpenObjectByName(POBJECT_ATTRIBUTES ObjectAttributes, POBJECT_TYPE Type,
                                  KPROCESSOR_MODE AccessMode, PACCESS_STATE PassedAccessState,
                                  ACCESS_MASK DesiredAccess, PVOID ParseContext, PHANDLE Handle)
{
    OBJECT_CREATE_INFORMATION info;
    UNICODE_STRING name;
    OB_ACCESS access;
    PVOID object;

    *Handle = NULL;
    if (!ObjectAttributes)
        return STATUS_INVALID_PARAMETER;
    NTSTATUS status = ObpCaptureObjectAttributes(AccessMode, ObjectAttributes, &info, &name);
    if (!NT_SUCCESS(status))
        return status;
    if (Type && info.Attributes & Type->TypeInfo.InvalidAttributes) {
        status = STATUS_INVALID_PARAMETER;
        goto out;
    }
    ObpBeginAccess(&access, PassedAccessState, DesiredAccess, Type);
    OB_LOOKUP lookup = {
        .RootDirectory = info.RootDirectory,
        .Attributes = info.Attributes,
        .Type = Type,
        .AccessMode = AccessMode,
        .ParseContext = ParseContext,
        .SecurityQos = info.SecurityQos,
        .Access = &access,
        .WantHold = TRUE,
    };
    status = ObpLookupObjectName(&lookup, &name, &object);
    if (NT_SUCCESS(status)) {
        /* An answer of a parse procedure was judged by it; what a directory held is judged here. */
        BOOLEAN created = (KI_PEEK(ObpHeader(object)->Flags) & OB_FLAG_NEW) != 0;
        NTSTATUS opened = ObpCreateHandle(created ? ObCreateHandle : ObOpenHandle, object, Type, &access,
                                          info.Attributes, AccessMode, Handle);
        finish_new_object(object);
        if (lookup.Held)
            ObpReleaseName(object);
        ObDereferenceObject(object);
        if (!NT_SUCCESS(opened))
            status = opened;
    }
    ObpEndAccess(&access);
out:
    ObpReleaseCapturedAttributes(&info, &name);
    return status;
}

NTSTATUS NTAPI ObReferenceObjectByName(PUNICODE_STRING ObjectName, ULONG Attributes,
                                       PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                                       POBJECT_TYPE Type, KPROCESSOR_MODE AccessMode, PVOID ParseContext,
                                       PVOID *Object)
{
    UNICODE_STRING name;
    OB_ACCESS access;
    PVOID object;

    *Object = NULL;
    if (!ObjectName || !ObjectName->Length)
        return STATUS_OBJECT_NAME_INVALID;
    NTSTATUS status = ObpCaptureString(KernelMode, ObjectName, &name);
    if (!NT_SUCCESS(status))
        return status;
    ObpBeginAccess(&access, PassedAccessState, DesiredAccess, Type);
    OB_LOOKUP lookup = {
        .Attributes = Attributes,
        .Type = Type,
        .AccessMode = AccessMode,
        .ParseContext = ParseContext,
        .Access = &access,
    };
    status = ObpLookupObjectName(&lookup, &name, &object);
    if (NT_SUCCESS(status)) {
        if (Type && ObpTypeOf(object) != Type)
            status = STATUS_OBJECT_TYPE_MISMATCH;
        else if (AccessMode != KernelMode && ObpNeedAccess(&access)->RemainingDesiredAccess)
            ObpCheckObjectAccess(object, access.State, AccessMode, &status);
        finish_new_object(object);
        if (NT_SUCCESS(status))
            *Object = object;
        else
            ObDereferenceObject(object);
    }
    ObpEndAccess(&access);
    ObpFreeObjectNameBuffer(name.Buffer);
    return status;
}

NTSTATUS NTAPI ObOpenObjectByPointerWithTag(PVOID Object, ULONG HandleAttributes,
                                            PACCESS_STATE PassedAccessState, ACCESS_MASK DesiredAccess,
                                            POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode, ULONG Tag,
                                            PHANDLE Handle)
{
    OB_ACCESS access;
    *Handle = NULL;
    POBJECT_TYPE type = ObpTypeOf(Object);
    if (HandleAttributes & ~OBJ_VALID_ATTRIBUTES || HandleAttributes & type->TypeInfo.InvalidAttributes ||
        (HandleAttributes & OBJ_EXCLUSIVE && HandleAttributes & OBJ_INHERIT))
        return STATUS_INVALID_PARAMETER;
    /* Without a lookup of a name nobody has filtered what only kernel mode may ask for. */
    if (AccessMode != KernelMode)
        HandleAttributes &= ~(ULONG)OBJ_KERNEL_HANDLE;
    NTSTATUS status = ObReferenceObjectByPointerWithTag(Object, 0, ObjectType, AccessMode, Tag);
    if (!NT_SUCCESS(status))
        return status;
    ObpBeginAccess(&access, PassedAccessState, DesiredAccess, type);
    status = ObpCreateHandle(ObOpenHandle, Object, ObjectType, &access, HandleAttributes, AccessMode, Handle);
    ObpEndAccess(&access);
    ObDereferenceObjectWithTag(Object, Tag);
    return status;
}

NTSTATUS NTAPI ObOpenObjectByPointer(PVOID Object, ULONG HandleAttributes, PACCESS_STATE PassedAccessState,
                                     ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                     KPROCESSOR_MODE AccessMode, PHANDLE Handle)
{
    return ObOpenObjectByPointerWithTag(Object, HandleAttributes, PassedAccessState, DesiredAccess,
                                        ObjectType, AccessMode, OB_DEFAULT_TAG, Handle);
}

/* ---------------------------------------------------------------- handle to pointer */

static inline __attribute__((always_inline)) NTSTATUS
reference_by_handle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                    KPROCESSOR_MODE AccessMode, ULONG Tag, PVOID *Object,
                    POBJECT_HANDLE_INFORMATION HandleInformation, PVOID caller)
{
    HANDLE index;
    ACCESS_MASK granted;
    ULONG attributes = 0;
    POBJECT_HEADER header;

    *Object = NULL;
    PHANDLE_TABLE table = ObpTableOfHandle(Handle, AccessMode, &index);
    if (__builtin_expect(table != NULL, 1)) {
        header = ObpReferenceHandle(table, index, &granted, &attributes);
        if (!header)
            return STATUS_INVALID_HANDLE;
    } else {
        if (Handle != NtCurrentProcess() && Handle != NtCurrentThread())
            return STATUS_INVALID_HANDLE;
        PVOID self = Handle == NtCurrentProcess() ? (PVOID)PspCurrentProcess() : (PVOID)PspCurrentThread();
        header = ObpHeader(self);
        ObReferenceObject(self);
        granted = ObpTypes[header->TypeIndex]->TypeInfo.GenericMapping.GenericAll;
        if (ObpTraceEnabled)
            ObpTraceReference(self, OB_DEFAULT_TAG, -1, caller);
    }
    if (ObpTraceEnabled)
        ObpTraceReference(header->Body, Tag, 1, caller);
    NTSTATUS status = STATUS_SUCCESS;
    if (ObjectType && ObpTypes[header->TypeIndex] != ObjectType)
        status = STATUS_OBJECT_TYPE_MISMATCH;
    else if (AccessMode != KernelMode && DesiredAccess & ~granted)
        status = STATUS_ACCESS_DENIED;
    if (__builtin_expect(!NT_SUCCESS(status), 0)) {
        ObDereferenceObjectWithTag(header->Body, Tag);
        return status;
    }
    if (HandleInformation) {
        HandleInformation->HandleAttributes =
            (attributes & OB_HANDLE_INHERIT ? OBJ_INHERIT : 0) | (attributes & OB_HANDLE_PROTECT ? 1 : 0);
        HandleInformation->GrantedAccess = granted;
    }
    *Object = header->Body;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObReferenceObjectByHandle(HANDLE Handle, ACCESS_MASK DesiredAccess, POBJECT_TYPE ObjectType,
                                         KPROCESSOR_MODE AccessMode, PVOID *Object,
                                         POBJECT_HANDLE_INFORMATION HandleInformation)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    return reference_by_handle(Handle, DesiredAccess, ObjectType, AccessMode, OB_DEFAULT_TAG, Object,
                               HandleInformation, __builtin_return_address(0));
}

NTSTATUS NTAPI ObReferenceObjectByHandleWithTag(HANDLE Handle, ACCESS_MASK DesiredAccess,
                                                POBJECT_TYPE ObjectType, KPROCESSOR_MODE AccessMode,
                                                ULONG Tag, PVOID *Object,
                                                POBJECT_HANDLE_INFORMATION HandleInformation)
{
    return reference_by_handle(Handle, DesiredAccess, ObjectType, AccessMode, Tag, Object, HandleInformation,
                               __builtin_return_address(0));
}

/* ---------------------------------------------------------------- returning handles to callers */

NTSTATUS ObpProbeHandle(PHANDLE Handle, KPROCESSOR_MODE Mode)
{
    return Mode == KernelMode ? STATUS_SUCCESS : KiProbeForWrite(Handle, sizeof(*Handle), sizeof(*Handle));
}

NTSTATUS ObpReturnHandle(PHANDLE To, HANDLE Handle, KPROCESSOR_MODE Mode)
{
    NTSTATUS status = KiCopyToMode(Mode, To, &Handle, sizeof(Handle));
    if (!NT_SUCCESS(status))
        ObCloseHandle(Handle, KernelMode);
    return status;
}

NTSTATUS ObpInsertAndReturn(PVOID Object, ACCESS_MASK DesiredAccess, PHANDLE To, KPROCESSOR_MODE Mode)
{
    HANDLE handle;
    NTSTATUS status = ObInsertObject(Object, NULL, DesiredAccess, 0, NULL, &handle);
    if (!NT_SUCCESS(status))
        return status;
    NTSTATUS returned = ObpReturnHandle(To, handle, Mode);
    return NT_SUCCESS(returned) ? status : returned;
}

NTSTATUS ObpOpenAndReturn(POBJECT_TYPE Type, PHANDLE To, ACCESS_MASK DesiredAccess,
                          POBJECT_ATTRIBUTES Attributes)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    HANDLE handle;
    NTSTATUS status = ObpProbeHandle(To, mode);
    if (NT_SUCCESS(status))
        status = ObOpenObjectByName(Attributes, Type, mode, NULL, DesiredAccess, NULL, &handle);
    return NT_SUCCESS(status) ? ObpReturnHandle(To, handle, mode) : status;
}

NTSTATUS ObpReturnInformation(ULONG Class, const void *From, ULONG Bytes, PVOID Information, ULONG Length,
                              PULONG ReturnLength, KPROCESSOR_MODE Mode)
{
    if (Class != 0)
        return STATUS_INVALID_INFO_CLASS;
    if (Length != Bytes)
        return STATUS_INFO_LENGTH_MISMATCH;
    NTSTATUS status = KiCopyToMode(Mode, Information, From, Bytes);
    if (NT_SUCCESS(status) && ReturnLength)
        status = KiCopyToMode(Mode, ReturnLength, &Bytes, sizeof(Bytes));
    return status;
}
