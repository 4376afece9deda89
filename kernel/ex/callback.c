/* SPDX-License-Identifier: MIT */
/*
 * Callback objects: a named object with a list of routines that ExNotifyCallback calls in the order they were
 * registered, at the caller's IRQL.
 *
 * A registration is used by a counter while its routine runs, without the lock; unregistering takes it off
 * the list for new notifications and waits until nobody uses it. So a routine may run on one processor while
 * another driver registers, and never after its unregistration returned.
 *
 * Lock: the object's spin lock, a leaf. Reference: ExCreateCallback, ExRegisterCallback, ExNotifyCallback,
 * ExUnregisterCallback of wdm.h.
 */
#include "exinit.h"
#include "exp.h"
#include "ki.h"
#include "mi.h"
#include "obp.h"
#include <nt/rtl.h>
#include <nt/io.h>

#define REGISTRATION_TAG 0x67526243U /* "CbRg" */

typedef struct _CALLBACK_OBJECT {
    KSPIN_LOCK Lock;
    LIST_ENTRY Registrations; /* lock */
    BOOLEAN AllowMultiple;    /* constant */
} CALLBACK_OBJECT;

typedef struct _CALLBACK_REGISTRATION {
    LIST_ENTRY Link;         /* lock */
    CALLBACK_OBJECT *Object; /* referenced */
    PCALLBACK_FUNCTION Function;
    PVOID Context;
    ULONG Busy;            /* lock: notifications that use it */
    BOOLEAN Unregistering; /* lock */
    KEVENT Quiet;          /* set when Busy becomes 0 while unregistering */
} CALLBACK_REGISTRATION;

static POBJECT_TYPE callback_type;

NTSTATUS NTAPI ExCreateCallback(PCALLBACK_OBJECT *Result, POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                                BOOLEAN AllowMultipleCallbacks)
{
    CALLBACK_OBJECT *Object = NULL;
    NTSTATUS Status = STATUS_UNSUCCESSFUL;
    HANDLE Handle;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    *Result = NULL;
    if (ObjectAttributes && ObjectAttributes->ObjectName) {
        Status = ObOpenObjectByName(ObjectAttributes, callback_type, KernelMode, NULL, 1, NULL, &Handle);
    }
    if (!NT_SUCCESS(Status) && Create) {
        Status = ObCreateObject(KernelMode, callback_type, ObjectAttributes, KernelMode, NULL,
                                sizeof(*Object), 0, 0, (PVOID *)&Object);
        if (!NT_SUCCESS(Status))
            return Status;
        __builtin_memset(Object, 0, sizeof(*Object));
        InitializeListHead(&Object->Registrations);
        Object->AllowMultiple = AllowMultipleCallbacks;
        Status = ObInsertObject(Object, NULL, 1, 0, NULL, &Handle);
    }
    if (!NT_SUCCESS(Status))
        return Status;
    Status = ObReferenceObjectByHandle(Handle, 0, callback_type, KernelMode, (PVOID *)&Object, NULL);
    ZwClose(Handle);
    if (NT_SUCCESS(Status))
        *Result = Object;
    return Status;
}

PVOID NTAPI ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction,
                               PVOID CallbackContext)
{
    CALLBACK_OBJECT *Object = CallbackObject;
    CALLBACK_REGISTRATION *Registration;
    BOOLEAN Refused;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    Registration = MiAllocatePool(NonPagedPoolNx, sizeof(*Registration), REGISTRATION_TAG, TRUE,
                                  __builtin_return_address(0));
    if (Registration == NULL)
        return NULL;
    Registration->Object = Object;
    Registration->Function = CallbackFunction;
    Registration->Context = CallbackContext;
    KeInitializeEvent(&Registration->Quiet, NotificationEvent, FALSE);
    ObReferenceObject(Object);

    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
    Refused = !Object->AllowMultiple && !IsListEmpty(&Object->Registrations);
    if (!Refused)
        InsertTailList(&Object->Registrations, &Registration->Link);
    KeReleaseSpinLock(&Object->Lock, Irql);
    if (Refused) {
        ObDereferenceObject(Object);
        ExFreePoolWithTag(Registration, REGISTRATION_TAG);
        return NULL;
    }
    return Registration;
}

void NTAPI ExUnregisterCallback(PVOID CallbackRegistration)
{
    CALLBACK_REGISTRATION *Registration = CallbackRegistration;
    CALLBACK_OBJECT *Object = Registration->Object;

    KI_ASSERT_IRQL_MAX(APC_LEVEL);
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
    Registration->Unregistering = TRUE;
    while (Registration->Busy) {
        KeReleaseSpinLock(&Object->Lock, Irql);
        KeWaitForSingleObject(&Registration->Quiet, WrExecutive, KernelMode, FALSE, NULL);
        Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
    }
    RemoveEntryList(&Registration->Link);
    KeReleaseSpinLock(&Object->Lock, Irql);
    ObDereferenceObject(Object);
    ExFreePoolWithTag(Registration, REGISTRATION_TAG);
}

void NTAPI ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    CALLBACK_OBJECT *Object = CallbackObject;
    PLIST_ENTRY Link;

    KI_ASSERT_IRQL_MAX(DISPATCH_LEVEL);
    if (Object == NULL)
        return;
    KIRQL Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
    for (Link = Object->Registrations.Flink; Link != &Object->Registrations;) {
        CALLBACK_REGISTRATION *Registration = CONTAINING_RECORD(Link, CALLBACK_REGISTRATION, Link);
        if (Registration->Unregistering) {
            Link = Link->Flink;
            continue;
        }
        Registration->Busy++; /* keeps it on the list while the lock is free */
        KeReleaseSpinLock(&Object->Lock, Irql);
        Registration->Function(Registration->Context, Argument1, Argument2);
        Irql = KeAcquireSpinLockRaiseToDpc(&Object->Lock);
        Link = Link->Flink;
        if (--Registration->Busy == 0 && Registration->Unregistering)
            KeSetEvent(&Registration->Quiet, IO_NO_INCREMENT, FALSE);
    }
    KeReleaseSpinLock(&Object->Lock, Irql);
}

/* ---------------------------------------------------------------- start */

/* Its reference is the caller's; the name keeps the object besides. */
static PCALLBACK_OBJECT create_standard(PCWSTR Name)
{
    UNICODE_STRING String;
    OBJECT_ATTRIBUTES Attributes;
    PCALLBACK_OBJECT Object;

    RtlInitUnicodeString(&String, Name);
    InitializeObjectAttributes(&Attributes, &String, OBJ_CASE_INSENSITIVE | OBJ_PERMANENT, NULL, NULL);
    if (!NT_SUCCESS(ExCreateCallback(&Object, &Attributes, TRUE, TRUE)))
        KeBugCheckEx(PHASE1_INITIALIZATION_FAILED, 4, 0, 0, 0);
    return Object;
}

static PCALLBACK_OBJECT processor_add; /* [c] referenced for good */

/* Argument1 is the processor's index. */
static void processor_added(ULONG Index)
{
    ExNotifyCallback(processor_add, (PVOID)(ULONG_PTR)Index, NULL);
}

void ExpInitCallbacks(void)
{
    static const UNICODE_STRING Name = RTL_CONSTANT_STRING(L"Callback");
    OBJECT_TYPE_INITIALIZER Initializer;

    __builtin_memset(&Initializer, 0, sizeof(Initializer));
    Initializer.Length = sizeof(Initializer);
    Initializer.PoolType = NonPagedPoolNx;
    Initializer.ValidAccessMask = 0x001F0001;
    Initializer.GenericMapping = (GENERIC_MAPPING){0x00020000, 0x00020001, 0x00020000, 0x001F0001};
    if (!NT_SUCCESS(ObpCreateObjectType(&Name, &Initializer, NULL, &callback_type)))
        KeBugCheckEx(PHASE1_INITIALIZATION_FAILED, 3, 0, 0, 0);
    ObCreatePermanentDirectory(L"\\Callback");
    ExpSetSystemTimeCallback = create_standard(L"\\Callback\\SetSystemTime");
    ObDereferenceObject(create_standard(L"\\Callback\\PowerState"));
    processor_add = create_standard(L"\\Callback\\ProcessorAdd");
    KiProcessorAdded = processor_added;
}
