/* SPDX-License-Identifier: MIT */
/*
 * ob/object.c: objects come and go.
 *
 *      ObCreateObject            ObInsertObject            last reference
 *   ------------------> new ------------------> inserted ------------------> Delete procedure ---> freed
 *                        |                                                        ^
 *                        +---- ObDereferenceObject of a new object ---------------+
 *
 * Deletion runs the type's Delete procedure, which may wait and may touch pageable things, so it runs at
 * PASSIVE_LEVEL: at once if the last dereference happens there, and otherwise on a system worker. The objects
 * on their way to the worker form a lock-free stack through NextToFree, which shares its storage with the
 * handle count (zero by then); the one that finds the stack empty queues the work item, so the item is never
 * queued twice.
 *
 * A deleted object's header keeps a dead signature and a very negative count until the pool reuses the
 * memory, so that a late dereference is reported as REFERENCE_BY_POINTER and not as something stranger.
 */
#include "obi.h"

POBJECT_TYPE ObpTypes[OB_MAX_TYPES];
BOOLEAN ObpChecked;

static POBJECT_HEADER volatile deferred_objects;
static WORK_QUEUE_ITEM deferred_item;

#define DEAD_COUNT (-0x4000000000000000LL)

/* ---------------------------------------------------------------- creation */

static SIZE_T info_bytes(UCHAR mask)
{
    return (mask & OB_INFO_CREATOR ? sizeof(OBJECT_HEADER_CREATOR_INFO) : 0) +
           (mask & OB_INFO_HANDLE ? sizeof(OBJECT_HEADER_HANDLE_INFO) : 0) +
           (mask & OB_INFO_NAME ? sizeof(OBJECT_HEADER_NAME_INFO) : 0);
}

NTSTATUS ObpAllocateObject(POBJECT_TYPE Type, POBJECT_CREATE_INFORMATION Info, PUNICODE_STRING Name,
                           ULONG BodySize, PVOID Caller, POBJECT_HEADER *Result)
{
    UCHAR mask = OB_INFO_CREATOR;
    if (!Type || Type->TypeInfo.MaintainHandleCount)
        mask |= OB_INFO_HANDLE;
    if (Name && Name->Buffer)
        mask |= OB_INFO_NAME;
    SIZE_T prefix = info_bytes(mask);
    UCHAR *block = MiAllocatePool(NonPagedPoolNx, prefix + sizeof(OBJECT_HEADER) + BodySize,
                                  Type ? Type->Key : 0x546a624f, TRUE, Caller);
    if (!block)
        return STATUS_INSUFFICIENT_RESOURCES;

    POBJECT_HEADER header = (POBJECT_HEADER)(block + prefix);
    header->PointerCount = 1;
    header->InfoMask = mask;
    header->TypeIndex = Type ? (UCHAR)Type->Index : 0;
    header->Flags = OB_FLAG_NEW;
    header->Signature = OB_SIGNATURE;
    header->CreateInfo = Info;
    if (Info) {
        if (Info->Attributes & OBJ_PERMANENT)
            header->Flags |= OB_FLAG_PERMANENT;
        if (Info->Attributes & OBJ_EXCLUSIVE)
            header->Flags |= OB_FLAG_EXCLUSIVE;
    }
    POBJECT_HEADER_NAME_INFO name = ObpNameInfo(header);
    if (name) {
        name->Name = *Name;
        Name->Buffer = NULL;
    }
    POBJECT_HEADER_CREATOR_INFO creator = ObpCreatorInfo(header);
    creator->CreatorThread = (PVOID)(ULONG_PTR)KiThread()->Id;
    creator->CreatorAddress = Caller;
    InitializeListHead(&creator->TypeList);
    if (Type) {
        LONG objects = __atomic_add_fetch(&Type->TotalNumberOfObjects, 1, __ATOMIC_RELAXED);
        if (objects > KI_PEEK(Type->HighWaterNumberOfObjects))
            KI_PEEK(Type->HighWaterNumberOfObjects) = objects; /* a statistic: the lesser of two may win */
        KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Type->TypeLock);
        InsertTailList(&Type->TypeList, &creator->TypeList);
        KeReleaseSpinLock(&Type->TypeLock, irql);
    }
    if (ObpTraceEnabled)
        ObpTraceReference(header->Body, OB_DEFAULT_TAG, 1, Caller ? Caller : __builtin_return_address(0));
    *Result = header;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ObCreateObject(KPROCESSOR_MODE ProbeMode, POBJECT_TYPE Type,
                              POBJECT_ATTRIBUTES ObjectAttributes, KPROCESSOR_MODE OwnershipMode,
                              PVOID ParseContext, ULONG BodySize, ULONG PagedPoolCharge,
                              ULONG NonPagedPoolCharge, PVOID *Object)
{
    POBJECT_CREATE_INFORMATION info = NULL;
    UNICODE_STRING name = {0};
    NTSTATUS status;

    *Object = NULL;
    if (ObjectAttributes || ParseContext) {
        info = ObpAllocate(sizeof(*info), OB_TAG_CREATE);
        if (!info)
            return STATUS_INSUFFICIENT_RESOURCES;
        if (ObjectAttributes) {
            status = ObpCaptureObjectAttributes(ProbeMode, ObjectAttributes, info, &name);
            if (!NT_SUCCESS(status)) {
                ObpFree(info, OB_TAG_CREATE);
                return status;
            }
        }
        info->ParseContext = ParseContext;
        info->ProbeMode = ProbeMode;
        status = info->Attributes & Type->TypeInfo.InvalidAttributes ? STATUS_INVALID_PARAMETER
                 : name.Buffer && Type->TypeInfo.UnnamedObjectsOnly  ? STATUS_OBJECT_NAME_INVALID
                                                                     : STATUS_SUCCESS;
        /* Only kernel mode, or who may create permanent objects, makes an object permanent. */
        if (NT_SUCCESS(status) && (info->Attributes & OBJ_PERMANENT) && ProbeMode != KernelMode) {
            LUID privilege = {SE_CREATE_PERMANENT_PRIVILEGE, 0};
            if (!SeSinglePrivilegeCheck(privilege, ProbeMode))
                status = STATUS_PRIVILEGE_NOT_HELD;
        }
        if (!NT_SUCCESS(status))
            goto fail;
    }
    POBJECT_HEADER header;
    status = ObpAllocateObject(Type, info, &name, BodySize, __builtin_return_address(0), &header);
    if (!NT_SUCCESS(status))
        goto fail;
    if (OwnershipMode == KernelMode)
        header->Flags |= OB_FLAG_KERNEL;
    *Object = header->Body;
    return STATUS_SUCCESS;

fail:
    if (info) {
        ObpReleaseCapturedAttributes(info, &name);
        ObpFree(info, OB_TAG_CREATE);
    }
    return status;
}

void ObpFreeCreateInfo(POBJECT_HEADER Header)
{
    POBJECT_CREATE_INFORMATION info = Header->CreateInfo;
    if (!info)
        return;
    Header->CreateInfo = NULL;
    ObpReleaseCapturedAttributes(info, NULL);
    ObpFree(info, OB_TAG_CREATE);
}

VOID NTAPI ObDeleteCapturedInsertInfo(PVOID Object)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    ObpFreeCreateInfo(ObpHeader(Object));
}

POBJECT_TYPE NTAPI ObGetObjectType(PVOID Object)
{
    return ObpTypeOf(Object);
}

/* ---------------------------------------------------------------- deletion */

DECLSPEC_NORETURN void ObpBadReference(POBJECT_HEADER Header, PVOID Caller, const char *What)
{
    POBJECT_TYPE type = Header->TypeIndex < OB_MAX_TYPES ? ObpTypes[Header->TypeIndex] : NULL;
    KiBugCheckText(REFERENCE_BY_POINTER, (ULONG_PTR)type, (ULONG_PTR)Header->Body,
                   (ULONG_PTR)Header->PointerCount, (ULONG_PTR)Header->HandleCount,
                   (ULONGLONG)(ULONG_PTR)Caller, What);
}

static void delete_object(POBJECT_HEADER header)
{
    POBJECT_TYPE type = ObpTypes[header->TypeIndex];
    POBJECT_HEADER_CREATOR_INFO creator = ObpCreatorInfo(header);

    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&type->TypeLock);
    if (!IsListEmpty(&creator->TypeList))
        RemoveEntryList(&creator->TypeList);
    KeReleaseSpinLock(&type->TypeLock, irql);
    __atomic_sub_fetch(&type->TotalNumberOfObjects, 1, __ATOMIC_RELAXED);

    ObpFreeCreateInfo(header);
    if (type->TypeInfo.DeleteProcedure)
        type->TypeInfo.DeleteProcedure(header->Body);
    if (header->SecurityDescriptor)
        SeDefaultObjectMethod(header->Body, DeleteSecurityDescriptor, NULL, NULL, NULL,
                              &header->SecurityDescriptor, NonPagedPoolNx, NULL, KernelMode);
    POBJECT_HEADER_NAME_INFO name = ObpNameInfo(header);
    if (name && name->Name.Buffer)
        ObpFreeObjectNameBuffer(name->Name.Buffer);
    POBJECT_HEADER_HANDLE_INFO handles = ObpHandleInfo(header);
    if (handles && handles->Counts)
        ObpFree(handles->Counts, OB_TAG_TABLE);
    if (ObpTraceEnabled)
        ObpForgetReferenceTrace(header->Body);

    header->Signature = OB_SIGNATURE_DEAD;
    header->PointerCount = DEAD_COUNT;
    ULONG key = type->Key;
    ExFreePoolWithTag((UCHAR *)header - info_bytes(header->InfoMask), key);
}

static VOID NTAPI delete_deferred(PVOID unused)
{
    UNREFERENCED_PARAMETER(unused);
    POBJECT_HEADER header = __atomic_exchange_n(&deferred_objects, NULL, __ATOMIC_ACQ_REL);
    /* The stack holds the newest first; delete in the order of the dereferences. */
    POBJECT_HEADER ordered = NULL;
    while (header) {
        POBJECT_HEADER next = header->NextToFree;
        header->NextToFree = ordered;
        ordered = header;
        header = next;
    }
    while (ordered) {
        POBJECT_HEADER next = ordered->NextToFree;
        ordered->NextToFree = NULL;
        delete_object(ordered);
        ordered = next;
    }
}

/* The last reference of `header` is gone. */
void ObpLastReference(POBJECT_HEADER Header, BOOLEAN Defer)
{
    if (!Defer && KiIrql() == PASSIVE_LEVEL) {
        delete_object(Header);
        return;
    }
    POBJECT_HEADER head = __atomic_load_n(&deferred_objects, __ATOMIC_RELAXED);
    do {
        Header->NextToFree = head;
    } while (!__atomic_compare_exchange_n(&deferred_objects, &head, Header, FALSE, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
    if (!head) {
        ExInitializeWorkItem(&deferred_item, delete_deferred, NULL);
        ExQueueWorkItem(&deferred_item, CriticalWorkQueue);
    }
}

/* ---------------------------------------------------------------- permanence */

void NTAPI ObMakeTemporaryObject(PVOID Object)
{
    POBJECT_HEADER header = ObpHeader(Object);
    __atomic_and_fetch(&header->Flags, (UCHAR)~OB_FLAG_PERMANENT, __ATOMIC_ACQ_REL);
    ObpDeleteNameCheck(header);
}

/* ---------------------------------------------------------------- walking */

BOOLEAN ObpEnumerateType(POBJECT_TYPE Type, PVOID *Object)
{
    POBJECT_HEADER previous = *Object ? ObpHeader(*Object) : NULL;
    PVOID next = NULL;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&Type->TypeLock);
    PLIST_ENTRY entry = previous ? ObpCreatorInfo(previous)->TypeList.Flink : Type->TypeList.Flink;
    for (; entry != &Type->TypeList; entry = entry->Flink) {
        POBJECT_HEADER header =
            (POBJECT_HEADER)(CONTAINING_RECORD(entry, OBJECT_HEADER_CREATOR_INFO, TypeList) + 1);
        if (ObReferenceObjectSafe(header->Body)) {
            next = header->Body;
            break;
        }
    }
    KeReleaseSpinLock(&Type->TypeLock, irql);
    if (*Object)
        ObDereferenceObject(*Object);
    *Object = next;
    return next != NULL;
}
