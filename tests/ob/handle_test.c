/* SPDX-License-Identifier: MIT */
/*
 * Handles, references, deletion.
 */
#include <nt/ke.h>
#include <nt/ex.h>
#include <nt/rtl.h>
#include <nt/status.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "zw.h"
#include "harness.h"

static HANDLE new_event(ULONG flags)
{
    HANDLE handle;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, NULL, flags, NULL, NULL);
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE), STATUS_SUCCESS);
    return handle;
}

/* ---------------------------------------------------------------- a type of our own that counts its calls */

static POBJECT_TYPE probe_type;
static volatile LONG opened, closed, deleted;
static KIRQL deleted_at;
static ULONG_PTR last_system_count, last_process_count;

static NTSTATUS probe_open(OB_OPEN_REASON reason, KPROCESSOR_MODE mode, PEPROCESS process, PVOID object,
                           PACCESS_MASK access, ULONG count)
{
    InterlockedIncrement(&opened);
    return STATUS_SUCCESS;
}

static void probe_close(PEPROCESS process, PVOID object, ULONG_PTR process_count, ULONG_PTR system_count)
{
    InterlockedIncrement(&closed);
    last_process_count = process_count;
    last_system_count = system_count;
}

static void probe_delete(PVOID object)
{
    if (KiIrql() > deleted_at)
        deleted_at = KiIrql();
    InterlockedIncrement(&deleted);
}

static PVOID new_probe(void)
{
    PVOID object;
    if (!probe_type) {
        UNICODE_STRING name = RTL_CONSTANT_STRING(L"Probe");
        OBJECT_TYPE_INITIALIZER info = {
            .Length = sizeof(info),
            .MaintainHandleCount = TRUE,
            .ValidAccessMask = STANDARD_RIGHTS_ALL | 0xffff,
            .GenericMapping = {1, 2, 4, STANDARD_RIGHTS_ALL | 0xffff},
            .PoolType = NonPagedPoolNx,
            .WaitObjectFlagOffset = OB_NOT_WAITABLE,
            .OpenProcedure = probe_open,
            .CloseProcedure = probe_close,
            .DeleteProcedure = probe_delete,
        };
        CHECK_EQ(ObpCreateObjectType(&name, &info, NULL, &probe_type), STATUS_SUCCESS);
    }
    CHECK_EQ(ObCreateObject(KernelMode, probe_type, NULL, KernelMode, NULL, 64, 0, 0, &object),
             STATUS_SUCCESS);
    return object;
}

KILN_TEST(ob_object, a_body_is_zeroed_and_aligned)
{
    ULONG64 *body = new_probe();
    CHECK_EQ((ULONG_PTR)body & 15, 0);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(body[i], 0);
    ObDereferenceObject(body);
    CHECK_EQ(deleted, 1);
}

KILN_TEST(ob_object, procedures_run_as_handles_come_and_go)
{
    PVOID object = new_probe();
    HANDLE first, second;
    CHECK_EQ(ObInsertObject(object, NULL, 0, 1, NULL, &first), STATUS_SUCCESS);
    CHECK_EQ(opened, 1);
    CHECK_EQ(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, NULL, 0, probe_type, KernelMode, &second),
             STATUS_SUCCESS);
    CHECK_EQ(opened, 2);
    ObCloseHandle(second, KernelMode);
    CHECK_EQ(closed, 1);
    CHECK_EQ(last_system_count, 2);
    ObCloseHandle(first, KernelMode);
    CHECK_EQ(last_system_count, 1);
    CHECK_EQ(last_process_count, 1);
    CHECK_EQ(deleted, 0);
    ObDereferenceObject(object);
    CHECK_EQ(deleted, 1);
}

static BOOLEAN refuse;

static NTSTATUS refusing_open(OB_OPEN_REASON reason, KPROCESSOR_MODE mode, PEPROCESS process, PVOID object,
                              PACCESS_MASK access, ULONG count)
{
    return refuse ? STATUS_SHARING_VIOLATION : STATUS_SUCCESS;
}

KILN_TEST(ob_object, an_open_procedure_that_refuses_undoes_the_insertion)
{
    UNICODE_STRING type_name = RTL_CONSTANT_STRING(L"Refusing"),
                   name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\refused");
    OBJECT_TYPE_INITIALIZER info = {.Length = sizeof(info),
                                    .ValidAccessMask = 0xffff,
                                    .WaitObjectFlagOffset = OB_NOT_WAITABLE,
                                    .OpenProcedure = refusing_open,
                                    .DeleteProcedure = probe_delete};
    OBJECT_ATTRIBUTES attributes;
    POBJECT_TYPE type;
    PVOID object, found;
    HANDLE handle;
    CHECK_EQ(ObpCreateObjectType(&type_name, &info, NULL, &type), STATUS_SUCCESS);
    CHECK_EQ(ObpCreateObjectType(&type_name, &info, NULL, &type), STATUS_OBJECT_NAME_COLLISION);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_PERMANENT, NULL, NULL);
    CHECK_EQ(ObCreateObject(KernelMode, type, &attributes, KernelMode, NULL, 16, 0, 0, &object),
             STATUS_SUCCESS);
    refuse = TRUE;
    CHECK_EQ(ObInsertObject(object, NULL, 0, 0, NULL, &handle), STATUS_SHARING_VIOLATION);
    CHECK_EQ(deleted, 1);
    CHECK_EQ(ObReferenceObjectByName(&name, 0, NULL, 0, type, KernelMode, NULL, &found),
             STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK_EQ(type->TotalNumberOfObjects, 0);
    CHECK_EQ(type->TotalNumberOfHandles, 0);
}

static OB_OPEN_REASON reasons[2];
static ULONG reason_count;

/* While the creator's handle is made, the name is there for everybody: as somebody else, open it. */
static NTSTATUS opens_by_name(OB_OPEN_REASON reason, KPROCESSOR_MODE mode, PEPROCESS process, PVOID object,
                              PACCESS_MASK access, ULONG count)
{
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\early");
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle;
    reasons[reason_count++] = reason;
    if (reason_count == 1) {
        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
        CHECK_EQ(ObOpenObjectByName(&attributes, NULL, KernelMode, NULL, 1, NULL, &handle), STATUS_SUCCESS);
        ObCloseHandle(handle, KernelMode);
    }
    return STATUS_SUCCESS;
}

/* Whoever finds the name is no creator: not for the access check, and what the insertion needs is not freed twice. */
KILN_TEST(ob_object, who_opens_a_name_while_it_is_inserted_is_not_its_creator)
{
    UNICODE_STRING type_name = RTL_CONSTANT_STRING(L"Early"),
                   name = RTL_CONSTANT_STRING(L"\\BaseNamedObjects\\early");
    OBJECT_TYPE_INITIALIZER info = {.Length = sizeof(info),
                                    .ValidAccessMask = 0xffff,
                                    .WaitObjectFlagOffset = OB_NOT_WAITABLE,
                                    .OpenProcedure = opens_by_name};
    OBJECT_ATTRIBUTES attributes;
    POBJECT_TYPE type;
    PVOID object;
    HANDLE handle;
    CHECK_EQ(ObpCreateObjectType(&type_name, &info, NULL, &type), STATUS_SUCCESS);
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK_EQ(ObCreateObject(KernelMode, type, &attributes, KernelMode, NULL, 16, 0, 0, &object), STATUS_SUCCESS);
    CHECK_EQ(ObInsertObject(object, NULL, 0, 0, NULL, &handle), STATUS_SUCCESS);
    CHECK_EQ(reason_count, 2);
    CHECK_EQ(reasons[0], ObCreateHandle);
    CHECK_EQ(reasons[1], ObOpenHandle);
    ObCloseHandle(handle, KernelMode);
}

KILN_TEST(ob_object, the_last_reference_at_a_raised_irql_deletes_at_passive_level)
{
    PVOID objects[8];
    for (int i = 0; i < 8; i++)
        objects[i] = new_probe();
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    for (int i = 0; i < 8; i++)
        ObDereferenceObject(objects[i]);
    KeLowerIrql(irql);
    LARGE_INTEGER tick = {.QuadPart = -10000};
    for (int i = 0; i < 1000 && deleted < 8; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    CHECK_EQ(deleted, 8);
    CHECK_EQ(deleted_at, PASSIVE_LEVEL);
}

KILN_TEST(ob_object, deferred_deletion_leaves_the_caller_alone)
{
    PVOID object = new_probe();
    ObReferenceObject(object);
    ObDereferenceObjectDeferDelete(object);
    ObDereferenceObjectDeferDelete(object);
    LARGE_INTEGER tick = {.QuadPart = -10000};
    for (int i = 0; i < 1000 && !deleted; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    CHECK_EQ(deleted, 1);
}

KILN_TEST(ob_object, references_return_counts)
{
    PVOID object = new_probe();
    CHECK_EQ(ObReferenceObject(object), 2);
    CHECK_EQ(ObReferenceObjectWithTag(object, 0x31676154), 3);
    CHECK_EQ(ObDereferenceObjectWithTag(object, 0x31676154), 2);
    CHECK_EQ(ObReferenceObjectByPointer(object, 0, *ExEventObjectType, KernelMode),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(ObReferenceObjectByPointer(object, 0, probe_type, UserMode), STATUS_SUCCESS);
    CHECK_EQ(ObDereferenceObject(object), 2);
    CHECK_EQ(ObDereferenceObject(object), 1);
    ObDereferenceObject(object);
}

KILN_TEST_BUGCHECK(ob_object, one_dereference_too_many_is_a_bugcheck, 0x18)
{
    HANDLE handle = new_event(OBJ_KERNEL_HANDLE);
    PVOID object;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    for (int i = 0; i < 100; i++)
        ObDereferenceObject(object);
    ZwClose(handle);
}

KILN_TEST_BUGCHECK(ob_object, a_reference_to_a_dead_object_is_a_bugcheck, 0x18)
{
    PVOID object = new_probe();
    ObDereferenceObject(object);
    ObDereferenceObject(object);
}

/* ---------------------------------------------------------------- handles */

KILN_TEST(ob_handle, values_are_multiples_of_four_and_kernel_handles_are_negative)
{
    HANDLE user = new_event(0), kernel = new_event(OBJ_KERNEL_HANDLE);
    CHECK_EQ((ULONG_PTR)user & 3, 0);
    CHECK_EQ((ULONG_PTR)kernel & 3, 0);
    CHECK((LONG_PTR)user > 0);
    CHECK((LONG_PTR)kernel < 0);
    CHECK(ObIsKernelHandle(kernel));
    CHECK(!ObIsKernelHandle(user));
    CHECK(!ObIsKernelHandle(NtCurrentProcess()));
    ZwClose(user);
    ZwClose(kernel);
}

KILN_TEST(ob_handle, user_mode_cannot_use_a_kernel_handle)
{
    HANDLE kernel = new_event(OBJ_KERNEL_HANDLE);
    PVOID object;
    CHECK_EQ(ObReferenceObjectByHandle(kernel, 0, NULL, UserMode, &object, NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(ObReferenceObjectByHandle(kernel, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    ObDereferenceObject(object);
    ZwClose(kernel);
}

KILN_TEST(ob_handle, a_reference_checks_type_access_and_existence)
{
    HANDLE handle;
    PVOID object = (PVOID)1;
    OBJECT_HANDLE_INFORMATION info;
    CHECK_EQ(ZwCreateEvent(&handle, EVENT_QUERY_STATE, NULL, NotificationEvent, FALSE), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, *ExSemaphoreObjectType, KernelMode, &object, NULL),
             STATUS_OBJECT_TYPE_MISMATCH);
    CHECK_EQ(object, NULL);
    CHECK_EQ(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, NULL, UserMode, &object, NULL),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(ObReferenceObjectByHandle(handle, EVENT_MODIFY_STATE, NULL, KernelMode, &object, &info),
             STATUS_SUCCESS);
    CHECK_EQ(info.GrantedAccess, EVENT_QUERY_STATE);
    ObDereferenceObject(object);
    CHECK_EQ(ZwClose(handle), STATUS_SUCCESS);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(ObReferenceObjectByHandle(NULL, 0, NULL, KernelMode, &object, NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(ObReferenceObjectByHandle((HANDLE)0x7ffffffc, 0, NULL, KernelMode, &object, NULL),
             STATUS_INVALID_HANDLE);
    CHECK_EQ(ObReferenceObjectByHandle((HANDLE)0x100000000, 0, NULL, KernelMode, &object, NULL),
             STATUS_INVALID_HANDLE);
}

KILN_TEST(ob_handle, pseudo_handles_are_the_current_process_and_thread)
{
    PVOID object;
    CHECK_EQ(ObReferenceObjectByHandle(NtCurrentProcess(), 0, *PsProcessType, KernelMode, &object, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(object, PsGetCurrentProcess());
    ObDereferenceObject(object);
    CHECK_EQ(ObReferenceObjectByHandle(NtCurrentThread(), 0, *PsThreadType, KernelMode, &object, NULL),
             STATUS_SUCCESS);
    CHECK_EQ(object, PsGetCurrentThread());
    ObDereferenceObject(object);
}

KILN_TEST_BUGCHECK(ob_handle, closing_nonsense_from_kernel_mode_is_a_bugcheck_when_checked, 0x93)
{
    HANDLE handle = new_event(OBJ_KERNEL_HANDLE);
    ZwClose(handle);
    if (!host_config()->checked)
        KeBugCheckEx(0x93, 0, 0, 0, 0); /* the unchecked machine returns STATUS_INVALID_HANDLE */
    ZwClose(handle);
}

KILN_TEST(ob_handle, closing_nonsense_from_user_mode_is_a_status)
{
    CHECK_EQ(ObCloseHandle((HANDLE)0x1234, UserMode), STATUS_INVALID_HANDLE);
    CHECK_EQ(ObCloseHandle(NULL, UserMode), STATUS_INVALID_HANDLE);
}

KILN_TEST(ob_handle, a_protected_handle_is_not_closed)
{
    HANDLE handle = new_event(0);
    OBJECT_HANDLE_FLAG_INFORMATION flags = {FALSE, TRUE}, got;
    CHECK_EQ(ZwSetInformationObject(handle, ObjectHandleFlagInformation, &flags, sizeof(flags)),
             STATUS_SUCCESS);
    CHECK_EQ(ObCloseHandle(handle, UserMode), STATUS_HANDLE_NOT_CLOSABLE);
    CHECK_EQ(ZwQueryObject(handle, ObjectHandleFlagInformation, &got, sizeof(got), NULL), STATUS_SUCCESS);
    CHECK(got.ProtectFromClose && !got.Inherit);
    flags.ProtectFromClose = FALSE;
    CHECK_EQ(ZwSetInformationObject(handle, ObjectHandleFlagInformation, &flags, sizeof(flags)),
             STATUS_SUCCESS);
    CHECK_EQ(ZwClose(handle), STATUS_SUCCESS);
}

KILN_TEST(ob_handle, exclusive_objects_have_one_handle)
{
    HANDLE handle = new_event(OBJ_EXCLUSIVE | OBJ_KERNEL_HANDLE), other;
    PVOID object;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, NULL, 0, NULL, KernelMode, &other),
             STATUS_ACCESS_DENIED);
    CHECK_EQ(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE | OBJ_EXCLUSIVE | OBJ_INHERIT, NULL, 0, NULL,
                                   KernelMode, &other),
             STATUS_INVALID_PARAMETER);
    ZwClose(handle);
    CHECK_EQ(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, NULL, 0, NULL, KernelMode, &other),
             STATUS_SUCCESS);
    ZwClose(other);
    ObDereferenceObject(object);
}

KILN_TEST(ob_handle, a_duplicate_names_the_same_object)
{
    HANDLE handle = new_event(0), copy;
    PUBLIC_OBJECT_BASIC_INFORMATION info;
    LONG state;
    CHECK_EQ(
        ZwDuplicateObject(NtCurrentProcess(), handle, NtCurrentProcess(), &copy, EVENT_QUERY_STATE, 0, 0),
        STATUS_SUCCESS);
    CHECK_EQ(ZwQueryObject(copy, ObjectBasicInformation, &info, sizeof(info), NULL), STATUS_SUCCESS);
    CHECK_EQ(info.HandleCount, 2);
    CHECK_EQ(info.GrantedAccess, EVENT_QUERY_STATE);
    CHECK_EQ(ZwSetEvent(handle, &state), STATUS_SUCCESS);
    CHECK_EQ(ZwSetEvent(copy, &state), STATUS_SUCCESS);
    CHECK_EQ(state, 1);
    ZwClose(copy);
    CHECK_EQ(ZwDuplicateObject(NtCurrentProcess(), handle, NtCurrentProcess(), &copy, 0, 0,
                               DUPLICATE_SAME_ACCESS | DUPLICATE_CLOSE_SOURCE),
             STATUS_SUCCESS);
    PVOID object;
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL), STATUS_INVALID_HANDLE);
    CHECK_EQ(ZwQueryObject(copy, ObjectBasicInformation, &info, sizeof(info), NULL), STATUS_SUCCESS);
    CHECK_EQ(info.GrantedAccess, EVENT_ALL_ACCESS);
    CHECK_EQ(info.HandleCount, 1);
    ZwClose(copy);
}

KILN_TEST(ob_query, an_object_tells_its_type)
{
    HANDLE handle = new_event(OBJ_KERNEL_HANDLE);
    UCHAR buffer[256];
    ULONG needed;
    UNICODE_STRING expected = RTL_CONSTANT_STRING(L"Event");
    CHECK_EQ(ZwQueryObject(handle, ObjectTypeInformation, buffer, 4, &needed), STATUS_INFO_LENGTH_MISMATCH);
    CHECK(needed > 4 && needed <= sizeof(buffer));
    CHECK_EQ(ZwQueryObject(handle, ObjectTypeInformation, buffer, sizeof(buffer), &needed), STATUS_SUCCESS);
    CHECK(RtlEqualUnicodeString(&((PPUBLIC_OBJECT_TYPE_INFORMATION)buffer)->TypeName, &expected, FALSE));
    ZwClose(handle);
}

/* More handles than two levels of the table hold, each found, none found after its close. */
KILN_TEST_ONCE(ob_handle, tables_grow_to_three_levels)
{
    enum { COUNT = 140000 };
    PVOID event, object;
    PHANDLE handles = ExAllocatePoolWithTag(NonPagedPoolNx, COUNT * sizeof(HANDLE), 0x74736554);
    HANDLE first = new_event(OBJ_KERNEL_HANDLE);
    CHECK(handles);
    CHECK_EQ(ObReferenceObjectByHandle(first, 0, NULL, KernelMode, &event, NULL), STATUS_SUCCESS);
    for (ULONG i = 0; i < COUNT; i++)
        CHECK_EQ(ObOpenObjectByPointer(event, 0, NULL, i & 3, NULL, KernelMode, &handles[i]), STATUS_SUCCESS);
    for (ULONG i = 0; i < COUNT; i++) {
        OBJECT_HANDLE_INFORMATION info;
        CHECK_EQ(ObReferenceObjectByHandle(handles[i], 0, NULL, KernelMode, &object, &info), STATUS_SUCCESS);
        CHECK_EQ(object, event);
        CHECK_EQ(info.GrantedAccess, i & 3);
        ObDereferenceObject(object);
    }
    for (ULONG i = 0; i < COUNT; i++)
        CHECK_EQ(ZwClose(handles[i]), STATUS_SUCCESS);
    for (ULONG i = 0; i < COUNT; i += 1000)
        CHECK_EQ(ObReferenceObjectByHandle(handles[i], 0, NULL, KernelMode, &object, NULL),
                 STATUS_INVALID_HANDLE);
    CHECK_EQ(ObpHeader(event)->HandleCount, 1);
    ObDereferenceObject(event);
    ZwClose(first);
    ExFreePoolWithTag(handles, 0x74736554);
}

/* ---------------------------------------------------------------- closing races with looking up */

static HANDLE volatile raced;
static volatile LONG stop_racing;

static VOID NTAPI reference_raced(PVOID context)
{
    while (!stop_racing) {
        PVOID object;
        HANDLE handle = raced;
        if (handle &&
            NT_SUCCESS(ObReferenceObjectByHandle(handle, 0, probe_type, KernelMode, &object, NULL))) {
            CHECK(ObpHeader(object)->PointerCount > 0);
            CHECK_EQ(ObpHeader(object)->Signature, OB_SIGNATURE);
            ObDereferenceObject(object);
        }
        YieldProcessor();
        LARGE_INTEGER tick = {.QuadPart = -1};
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    }
}

static void race(void)
{
    HANDLE threads[2];
    PVOID objects[2];
    ObDereferenceObject(new_probe());
    for (int i = 0; i < 2; i++) {
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
        CHECK_EQ(PsCreateSystemThread(&threads[i], THREAD_ALL_ACCESS, &attributes, NULL, NULL,
                                      reference_raced, NULL),
                 STATUS_SUCCESS);
        CHECK_EQ(ObReferenceObjectByHandle(threads[i], 0, NULL, KernelMode, &objects[i], NULL),
                 STATUS_SUCCESS);
    }
    for (int i = 0; i < 50; i++) {
        PVOID object = new_probe();
        HANDLE handle;
        HANDLE pointer;
        CHECK_EQ(ObInsertObject(object, NULL, 0, 1, NULL, &handle), STATUS_SUCCESS);
        CHECK_EQ(ObOpenObjectByPointer(object, OBJ_KERNEL_HANDLE, NULL, 0, NULL, KernelMode, &pointer),
                 STATUS_SUCCESS);
        ObDereferenceObject(object);
        ZwClose(handle);
        raced = pointer;
        LARGE_INTEGER tick = {.QuadPart = -1};
        if (i % 3 == 0)
            KeDelayExecutionThread(KernelMode, FALSE, &tick);
        raced = NULL;
        CHECK_EQ(ZwClose(pointer), STATUS_SUCCESS);
    }
    stop_racing = 1;
    CHECK_EQ(KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL),
             STATUS_SUCCESS);
    LARGE_INTEGER tick = {.QuadPart = -10000};
    for (int i = 0; i < 100 && deleted < 51; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    CHECK_EQ(deleted, 51);
    CHECK_EQ(probe_type->TotalNumberOfObjects, 0);
    for (int i = 0; i < 2; i++) {
        ObDereferenceObject(objects[i]);
        ZwClose(threads[i]);
    }
}

KILN_TEST(ob_handle, lookups_race_safely_with_closes)
{
    race();
}

/* Entries of the unchecked machine carry references taken in advance. */
extern BOOLEAN ObpChecked;

KILN_TEST(ob_handle, lookups_race_safely_with_closes_of_an_unchecked_machine)
{
    ObpChecked = ObpTraceEnabled = FALSE;
    race();
}

/* ---------------------------------------------------------------- levels */

KILN_TEST_BUGCHECK(ob_irql, a_native_service_above_apc_level_is_a_bugcheck, 0xA)
{
    HANDLE handle = new_event(OBJ_KERNEL_HANDLE);
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    ZwSetEvent(handle, NULL);
}

KILN_TEST_BUGCHECK(ob_irql, a_handle_is_not_looked_up_above_apc_level, 0xA)
{
    HANDLE handle = new_event(OBJ_KERNEL_HANDLE);
    PVOID object;
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NTSTATUS status = ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, NULL);
    UNREFERENCED_PARAMETER(status);
}

KILN_TEST(ob_irql, a_wait_of_no_time_is_allowed_at_dispatch_level)
{
    HANDLE handle = new_event(OBJ_KERNEL_HANDLE);
    LARGE_INTEGER zero = {.QuadPart = 0};
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    NTSTATUS status = ZwWaitForSingleObject(handle, FALSE, &zero);
    KeLowerIrql(irql);
    CHECK_EQ(status, STATUS_TIMEOUT);
    ZwClose(handle);
}
