/* SPDX-License-Identifier: MIT */
/*
 * ob/callback.c: ObRegisterCallbacks.
 *
 * A registration has an altitude, a decimal string; callbacks run from the highest altitude to the lowest
 * before the operation, and in the opposite order after it. A pre callback may take rights away from the
 * handle being made (never add any), unless the handle is a kernel handle.
 *
 * The entries of a type form a list in altitude order under one lock (K). Callbacks run without it: an
 * operation takes a reference to each entry it will call, and ObUnRegisterCallbacks waits until the
 * references are gone.
 */
#include "obi.h"

typedef struct _OB_CALLBACK_ENTRY {
    LIST_ENTRY Link; /* K: OBJECT_TYPE.CallbackList */
    struct registration *Owner;
    POBJECT_TYPE Type;
    OB_OPERATION Operations;
    POB_PRE_OPERATION_CALLBACK Pre;
    POB_POST_OPERATION_CALLBACK Post;
    volatile LONG Running; /* operations that will call or are calling it */
} OB_CALLBACK_ENTRY;

typedef struct registration {
    LIST_ENTRY link; /* K: registrations */
    UNICODE_STRING altitude;
    PVOID context;
    ULONG count;
    OB_CALLBACK_ENTRY entry[];
} registration;

static KSPIN_LOCK lock; /* K */
static LIST_ENTRY registrations = {&registrations, &registrations};

static BOOLEAN valid_altitude(PCUNICODE_STRING altitude)
{
    ULONG dots = 0;
    if (!altitude->Buffer || !altitude->Length || altitude->Length & 1)
        return FALSE;
    for (ULONG i = 0; i < altitude->Length / 2; i++) {
        WCHAR c = altitude->Buffer[i];
        if (c == '.' && !dots++ && i)
            continue;
        if (c < '0' || c > '9')
            return FALSE;
    }
    return TRUE;
}

USHORT NTAPI ObGetFilterVersion(VOID)
{
    return OB_FLT_REGISTRATION_VERSION;
}

static BOOLEAN valid_registration(POB_CALLBACK_REGISTRATION given)
{
    if ((given->Version & 0xff00) != (OB_FLT_REGISTRATION_VERSION & 0xff00) ||
        !given->OperationRegistrationCount || !valid_altitude(&given->Altitude))
        return FALSE;
    for (ULONG i = 0; i < given->OperationRegistrationCount; i++) {
        OB_OPERATION_REGISTRATION *op = &given->OperationRegistration[i];
        if (!op->ObjectType || !*op->ObjectType || !(*op->ObjectType)->TypeInfo.SupportsObjectCallbacks ||
            !op->Operations ||
            op->Operations & ~(OB_OPERATION)(OB_OPERATION_HANDLE_CREATE | OB_OPERATION_HANDLE_DUPLICATE) ||
            (!op->PreOperation && !op->PostOperation))
            return FALSE;
    }
    return TRUE;
}

NTSTATUS NTAPI ObRegisterCallbacks(POB_CALLBACK_REGISTRATION CallbackRegistration, PVOID *RegistrationHandle)
{
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *RegistrationHandle = NULL;
    if (!valid_registration(CallbackRegistration))
        return STATUS_INVALID_PARAMETER;
    ULONG count = CallbackRegistration->OperationRegistrationCount;
    USHORT altitude = CallbackRegistration->Altitude.Length;
    SIZE_T head = sizeof(registration) + count * sizeof(OB_CALLBACK_ENTRY);
    registration *new = ObpAllocate(head + altitude, OB_TAG_CALLBACK);
    if (!new)
        return STATUS_INSUFFICIENT_RESOURCES;
    new->altitude.Buffer = (PWCH)((UCHAR *)new + head);
    new->altitude.Length = new->altitude.MaximumLength = altitude;
    RtlCopyMemory(new->altitude.Buffer, CallbackRegistration->Altitude.Buffer, altitude);
    new->context = CallbackRegistration->RegistrationContext;
    new->count = count;
    for (ULONG i = 0; i < count; i++) {
        OB_OPERATION_REGISTRATION *op = &CallbackRegistration->OperationRegistration[i];
        new->entry[i].Owner = new;
        new->entry[i].Type = *op->ObjectType;
        new->entry[i].Operations = op->Operations;
        new->entry[i].Pre = op->PreOperation;
        new->entry[i].Post = op->PostOperation;
    }
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    for (PLIST_ENTRY l = registrations.Flink; l != &registrations; l = l->Flink) {
        if (RtlCompareAltitudes(&CONTAINING_RECORD(l, registration, link)->altitude, &new->altitude) == 0) {
            KeReleaseSpinLock(&lock, irql);
            ObpFree(new, OB_TAG_CALLBACK);
            return STATUS_FLT_INSTANCE_ALTITUDE_COLLISION;
        }
    }
    InsertTailList(&registrations, &new->link);
    for (ULONG i = 0; i < count; i++) {
        PLIST_ENTRY head_of = &new->entry[i].Type->CallbackList, at = head_of->Flink;
        while (at != head_of &&
               RtlCompareAltitudes(&CONTAINING_RECORD(at, OB_CALLBACK_ENTRY, Link)->Owner->altitude,
                                 &new->altitude) > 0)
            at = at->Flink;
        InsertTailList(at, &new->entry[i].Link);
        new->entry[i].Type->CallbackCount++;
    }
    KeReleaseSpinLock(&lock, irql);
    *RegistrationHandle = new;
    return STATUS_SUCCESS;
}

VOID NTAPI ObUnRegisterCallbacks(PVOID RegistrationHandle)
{
    registration *old = RegistrationHandle;
    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
    RemoveEntryList(&old->link);
    for (ULONG i = 0; i < old->count; i++) {
        RemoveEntryList(&old->entry[i].Link);
        old->entry[i].Type->CallbackCount--;
    }
    KeReleaseSpinLock(&lock, irql);
    LARGE_INTEGER tick = {.QuadPart = -10000};
    for (ULONG i = 0; i < old->count; i++) {
        while (__atomic_load_n(&old->entry[i].Running, __ATOMIC_ACQUIRE))
            KeDelayExecutionThread(KernelMode, FALSE, &tick);
    }
    ObpFree(old, OB_TAG_CALLBACK);
}

ULONG ObpRemoveCallbacksInImage(PVOID Begin, PVOID End, void (*Describe)(const char *What, PVOID Routine))
{
    ULONG count = 0;
    for (;;) {
        registration *found = NULL;
        PVOID routine = NULL;
        KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
        for (PLIST_ENTRY l = registrations.Flink; l != &registrations && !found; l = l->Flink) {
            registration *r = CONTAINING_RECORD(l, registration, link);
            for (ULONG i = 0; i < r->count && !found; i++) {
                routine = r->entry[i].Pre ? (PVOID)r->entry[i].Pre : (PVOID)r->entry[i].Post;
                if (routine >= Begin && routine < End)
                    found = r;
            }
        }
        KeReleaseSpinLock(&lock, irql);
        if (!found)
            return count;
        if (Describe)
            Describe("ObUnRegisterCallbacks", routine);
        ObUnRegisterCallbacks(found);
        count++;
    }
}

/* Take a reference to each entry that the operation concerns. */
static NTSTATUS collect(POBJECT_TYPE type, OB_OPERATION operation, POB_CALL_LIST calls)
{
    ULONG room = OB_INLINE_CALLS;
    calls->Call = calls->Inline;
    for (;;) {
        ULONG count = 0, taken;
        KIRQL irql = KeAcquireSpinLockRaiseToDpc(&lock);
        for (PLIST_ENTRY l = type->CallbackList.Flink; l != &type->CallbackList; l = l->Flink)
            count += (CONTAINING_RECORD(l, OB_CALLBACK_ENTRY, Link)->Operations & operation) != 0;
        taken = 0;
        for (PLIST_ENTRY l = type->CallbackList.Flink; count <= room && l != &type->CallbackList;
             l = l->Flink) {
            OB_CALLBACK_ENTRY *entry = CONTAINING_RECORD(l, OB_CALLBACK_ENTRY, Link);
            if (!(entry->Operations & operation))
                continue;
            __atomic_add_fetch(&entry->Running, 1, __ATOMIC_RELAXED);
            calls->Call[taken++] = (OB_CALL){entry, NULL};
        }
        KeReleaseSpinLock(&lock, irql);
        calls->Count = taken;
        if (count <= room)
            return STATUS_SUCCESS;
        if (calls->Call != calls->Inline)
            ObpFree(calls->Call, OB_TAG_CALLBACK);
        room = count;
        calls->Call = ObpAllocate(room * sizeof(OB_CALL), OB_TAG_CALLBACK);
        if (!calls->Call)
            return STATUS_INSUFFICIENT_RESOURCES;
    }
}

NTSTATUS ObpCallPreOperation(OB_OPERATION Operation, PVOID Object, BOOLEAN KernelHandle, PEPROCESS Source,
                             PEPROCESS Target, PACCESS_MASK DesiredAccess, POB_CALL_LIST Calls)
{
    POBJECT_TYPE type = ObpTypeOf(Object);
    NTSTATUS status = collect(type, Operation, Calls);
    if (!NT_SUCCESS(status))
        return status;
    ACCESS_MASK original = *DesiredAccess;
    /* Callbacks run with normal kernel APCs disabled: nc-wdm-pob_pre_operation_callback */
    KeEnterCriticalRegion();
    for (ULONG i = 0; i < Calls->Count; i++) {
        OB_CALLBACK_ENTRY *entry = Calls->Call[i].Entry;
        OB_PRE_OPERATION_PARAMETERS parameters = {0};
        OB_PRE_OPERATION_INFORMATION info = {
            .Operation = Operation,
            .Object = Object,
            .ObjectType = type,
            .Parameters = &parameters,
        };
        info.KernelHandle = KernelHandle;
        if (!entry->Pre)
            continue;
        /* DesiredAccess is the first member of both forms. */
        parameters.DuplicateHandleInformation.DesiredAccess = *DesiredAccess;
        parameters.DuplicateHandleInformation.OriginalDesiredAccess = original;
        if (Operation == OB_OPERATION_HANDLE_DUPLICATE) {
            parameters.DuplicateHandleInformation.SourceProcess = Source;
            parameters.DuplicateHandleInformation.TargetProcess = Target;
        }
        entry->Pre(entry->Owner->context, &info);
        Calls->Call[i].Context = info.CallContext;
        if (!KernelHandle)
            *DesiredAccess &= parameters.CreateHandleInformation.DesiredAccess;
    }
    KeLeaveCriticalRegion();
    return STATUS_SUCCESS;
}

void ObpCallPostOperation(OB_OPERATION Operation, PVOID Object, BOOLEAN KernelHandle, NTSTATUS Status,
                          ACCESS_MASK Granted, POB_CALL_LIST Calls)
{
    KeEnterCriticalRegion();
    for (ULONG i = Calls->Count; i-- > 0;) {
        OB_CALLBACK_ENTRY *entry = Calls->Call[i].Entry;
        OB_POST_OPERATION_PARAMETERS parameters = {0};
        OB_POST_OPERATION_INFORMATION info = {
            .Operation = Operation,
            .Object = Object,
            .ObjectType = ObpTypeOf(Object),
            .CallContext = Calls->Call[i].Context,
            .ReturnStatus = Status,
            .Parameters = &parameters,
        };
        info.KernelHandle = KernelHandle;
        parameters.CreateHandleInformation.GrantedAccess = Granted;
        if (entry->Post)
            entry->Post(entry->Owner->context, &info);
        __atomic_sub_fetch(&entry->Running, 1, __ATOMIC_RELEASE);
    }
    KeLeaveCriticalRegion();
    if (Calls->Call != Calls->Inline)
        ObpFree(Calls->Call, OB_TAG_CALLBACK);
}
