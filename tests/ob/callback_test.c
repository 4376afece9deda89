/* SPDX-License-Identifier: MIT */
/*
 * ObRegisterCallbacks: order by altitude, rights taken away, both operations, collisions.
 */
#include <ntifs.h>
#include "ntsvc.h"
#include "obp.h"
#include "psp.h"
#include "harness.h"

static int order[8], calls;
static ACCESS_MASK granted, take_away;
static PVOID seen_object;
static OB_OPERATION seen_operation;
static BOOLEAN seen_kernel;

static OB_PREOP_CALLBACK_STATUS NTAPI before(PVOID context, POB_PRE_OPERATION_INFORMATION info)
{
    order[calls++] = (int)(ULONG_PTR)context;
    seen_object = info->Object;
    seen_operation = info->Operation;
    seen_kernel = info->KernelHandle;
    info->CallContext = (PVOID)((ULONG_PTR)context + 100);
    info->Parameters->CreateHandleInformation.DesiredAccess &= ~take_away;
    return OB_PREOP_SUCCESS;
}

static VOID NTAPI after(PVOID context, POB_POST_OPERATION_INFORMATION info)
{
    CHECK_EQ(info->CallContext, (ULONG_PTR)context + 100);
    CHECK_EQ(info->ReturnStatus, STATUS_SUCCESS);
    granted = info->Parameters->CreateHandleInformation.GrantedAccess;
    order[calls++] = -(int)(ULONG_PTR)context;
}

static NTSTATUS watch(PCWSTR altitude, int id, POBJECT_TYPE *type, PVOID *registration)
{
    OB_OPERATION_REGISTRATION operation = {type, OB_OPERATION_HANDLE_CREATE | OB_OPERATION_HANDLE_DUPLICATE,
                                           before, after};
    OB_CALLBACK_REGISTRATION all = {.Version = OB_FLT_REGISTRATION_VERSION,
                                    .OperationRegistrationCount = 1,
                                    .RegistrationContext = (PVOID)(ULONG_PTR)id,
                                    .OperationRegistration = &operation};
    RtlInitUnicodeString(&all.Altitude, altitude);
    return ObRegisterCallbacks(&all, registration);
}

KILN_TEST(ob_callback, higher_altitudes_come_first_and_post_callbacks_in_reverse)
{
    PVOID low, high, same;
    HANDLE handle;
    CHECK_EQ(watch(L"1000", 1, PsProcessType, &low), STATUS_SUCCESS);
    CHECK_EQ(watch(L"20000.5", 2, PsProcessType, &high), STATUS_SUCCESS);
    CHECK_EQ(watch(L"01000.0", 3, PsProcessType, &same), STATUS_FLT_INSTANCE_ALTITUDE_COLLISION);
    CHECK_EQ(ObOpenObjectByPointer(PsInitialSystemProcess, OBJ_KERNEL_HANDLE, NULL, PROCESS_VM_READ,
                                   *PsProcessType, KernelMode, &handle),
             STATUS_SUCCESS);
    CHECK_EQ(calls, 4);
    CHECK(order[0] == 2 && order[1] == 1 && order[2] == -1 && order[3] == -2);
    CHECK_EQ(seen_object, PsInitialSystemProcess);
    CHECK_EQ(seen_operation, OB_OPERATION_HANDLE_CREATE);
    CHECK(seen_kernel);
    ZwClose(handle);
    ObUnRegisterCallbacks(high);
    ObUnRegisterCallbacks(low);
    CHECK_EQ(
        ObOpenObjectByPointer(PsInitialSystemProcess, OBJ_KERNEL_HANDLE, NULL, 0, NULL, KernelMode, &handle),
        STATUS_SUCCESS);
    CHECK_EQ(calls, 4);
    ZwClose(handle);
}

KILN_TEST(ob_callback, may_take_rights_from_a_handle_but_not_from_a_kernel_handle)
{
    PVOID registration, object;
    HANDLE handle, copy;
    OBJECT_HANDLE_INFORMATION info;
    take_away = PROCESS_VM_WRITE;
    CHECK_EQ(watch(L"1", 1, PsProcessType, &registration), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(PsGetCurrentProcess(), 0, NULL, PROCESS_VM_READ | PROCESS_VM_WRITE,
                                   *PsProcessType, KernelMode, &handle),
             STATUS_SUCCESS);
    CHECK_EQ(granted, PROCESS_VM_READ);
    CHECK_EQ(ObReferenceObjectByHandle(handle, 0, NULL, KernelMode, &object, &info), STATUS_SUCCESS);
    CHECK_EQ(info.GrantedAccess, PROCESS_VM_READ);
    ObDereferenceObject(object);
    CHECK_EQ(
        ZwDuplicateObject(NtCurrentProcess(), handle, NtCurrentProcess(), &copy, 0, 0, DUPLICATE_SAME_ACCESS),
        STATUS_SUCCESS);
    CHECK_EQ(seen_operation, OB_OPERATION_HANDLE_DUPLICATE);
    ZwClose(copy);
    ZwClose(handle);
    CHECK_EQ(ObOpenObjectByPointer(PsGetCurrentProcess(), OBJ_KERNEL_HANDLE, NULL,
                                   PROCESS_VM_READ | PROCESS_VM_WRITE, *PsProcessType, KernelMode, &handle),
             STATUS_SUCCESS);
    CHECK_EQ(granted, PROCESS_VM_READ | PROCESS_VM_WRITE);
    ZwClose(handle);
    ObUnRegisterCallbacks(registration);
}

static BOOLEAN apcs_were_disabled = TRUE;
static KIRQL level;
static volatile LONG count;

static OB_PREOP_CALLBACK_STATUS NTAPI look_before(PVOID context, POB_PRE_OPERATION_INFORMATION info)
{
    apcs_were_disabled = apcs_were_disabled && KeAreApcsDisabled() && !KeAreAllApcsDisabled();
    level = KeGetCurrentIrql();
    InterlockedIncrement(&count);
    if (context)
        KeWaitForSingleObject(context, Executive, KernelMode, FALSE, NULL);
    CHECK_EQ(info->Parameters->CreateHandleInformation.OriginalDesiredAccess, PROCESS_VM_READ);
    return OB_PREOP_SUCCESS;
}

static VOID NTAPI look_after(PVOID context, POB_POST_OPERATION_INFORMATION info)
{
    UNREFERENCED_PARAMETER(context);
    UNREFERENCED_PARAMETER(info);
    apcs_were_disabled = apcs_were_disabled && KeAreApcsDisabled() && !KeAreAllApcsDisabled();
    InterlockedIncrement(&count);
}

static PVOID look(ULONG altitude, PVOID context)
{
    WCHAR text[8];
    UNICODE_STRING string = {0, sizeof(text), text};
    PVOID registration = NULL;
    OB_OPERATION_REGISTRATION operation = {PsProcessType, OB_OPERATION_HANDLE_CREATE, look_before, look_after};
    OB_CALLBACK_REGISTRATION all = {.Version = OB_FLT_REGISTRATION_VERSION,
                                    .OperationRegistrationCount = 1,
                                    .RegistrationContext = context,
                                    .OperationRegistration = &operation};
    CHECK_EQ(RtlIntegerToUnicodeString(altitude, 10, &string), STATUS_SUCCESS);
    all.Altitude = string;
    CHECK_EQ(ObRegisterCallbacks(&all, &registration), STATUS_SUCCESS);
    return registration;
}

static HANDLE open_system_process(void)
{
    HANDLE handle = NULL;
    CHECK_EQ(ObOpenObjectByPointer(PsInitialSystemProcess, OBJ_KERNEL_HANDLE, NULL, PROCESS_VM_READ, *PsProcessType,
                                   KernelMode, &handle),
             STATUS_SUCCESS);
    return handle;
}

KILN_TEST(ob_callback, any_number_of_callbacks_run_at_passive_level_without_normal_apcs)
{
    PVOID registration[40];
    for (ULONG i = 0; i < RTL_NUMBER_OF(registration); i++)
        registration[i] = look(1000 + i, NULL);
    HANDLE handle = open_system_process();
    CHECK_EQ(count, 2 * RTL_NUMBER_OF(registration));
    CHECK(apcs_were_disabled);
    CHECK_EQ(level, PASSIVE_LEVEL);
    CHECK(!KeAreApcsDisabled());
    ZwClose(handle);
    for (ULONG i = 0; i < RTL_NUMBER_OF(registration); i++)
        ObUnRegisterCallbacks(registration[i]);
}

static volatile LONG unregistered;
static VOID NTAPI unregister(PVOID registration)
{
    ObUnRegisterCallbacks(registration);
    InterlockedIncrement(&unregistered);
}

static VOID NTAPI open_and_close(PVOID context)
{
    UNREFERENCED_PARAMETER(context);
    ZwClose(open_system_process());
}

KILN_TEST(ob_callback, unregistering_waits_for_callbacks_that_run)
{
    KEVENT go;
    HANDLE opener, remover;
    LARGE_INTEGER tick = {.QuadPart = -50000};
    KeInitializeEvent(&go, NotificationEvent, FALSE);
    PVOID registration = look(1000, &go);
    CHECK_EQ(PsCreateSystemThread(&opener, THREAD_ALL_ACCESS, NULL, NULL, NULL, open_and_close, NULL),
             STATUS_SUCCESS);
    while (!count)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    CHECK_EQ(PsCreateSystemThread(&remover, THREAD_ALL_ACCESS, NULL, NULL, NULL, unregister, registration),
             STATUS_SUCCESS);
    for (int i = 0; i < 4; i++)
        KeDelayExecutionThread(KernelMode, FALSE, &tick);
    CHECK_EQ(unregistered, 0);
    /* Its post callback still comes; no operation that begins now calls it. */
    ZwClose(open_system_process());
    CHECK_EQ(count, 1);
    KeSetEvent(&go, 0, FALSE);
    CHECK_EQ(ZwWaitForSingleObject(remover, FALSE, NULL), STATUS_SUCCESS);
    CHECK_EQ(count, 2);
    CHECK_EQ(ZwWaitForSingleObject(opener, FALSE, NULL), STATUS_SUCCESS);
    ZwClose(opener);
    ZwClose(remover);
}

static volatile LONG duplicates;
static PVOID duplicate_source, duplicate_target;
static OB_PREOP_CALLBACK_STATUS NTAPI see_duplicate(PVOID context, POB_PRE_OPERATION_INFORMATION info)
{
    UNREFERENCED_PARAMETER(context);
    duplicates++;
    duplicate_source = info->Parameters->DuplicateHandleInformation.SourceProcess;
    duplicate_target = info->Parameters->DuplicateHandleInformation.TargetProcess;
    /* What was never asked for cannot be added. */
    info->Parameters->DuplicateHandleInformation.DesiredAccess |= THREAD_TERMINATE;
    return OB_PREOP_SUCCESS;
}

KILN_TEST(ob_callback, a_duplicate_names_both_processes_and_no_right_can_be_added)
{
    PVOID registration, object;
    HANDLE handle, copy;
    OBJECT_HANDLE_INFORMATION info;
    OB_OPERATION_REGISTRATION operation = {PsThreadType, OB_OPERATION_HANDLE_DUPLICATE, see_duplicate, NULL};
    OB_CALLBACK_REGISTRATION all = {.Version = OB_FLT_REGISTRATION_VERSION,
                                    .OperationRegistrationCount = 1,
                                    .OperationRegistration = &operation};
    RtlInitUnicodeString(&all.Altitude, L"77");
    CHECK_EQ(ObRegisterCallbacks(&all, &registration), STATUS_SUCCESS);
    CHECK_EQ(ObOpenObjectByPointer(PsGetCurrentThread(), 0, NULL, THREAD_QUERY_INFORMATION, *PsThreadType, KernelMode,
                                   &handle),
             STATUS_SUCCESS);
    CHECK_EQ(duplicates, 0);
    CHECK_EQ(ZwDuplicateObject(NtCurrentProcess(), handle, NtCurrentProcess(), &copy, 0, 0, DUPLICATE_SAME_ACCESS),
             STATUS_SUCCESS);
    CHECK_EQ(duplicates, 1);
    CHECK(duplicate_source == PsGetCurrentProcess() && duplicate_target == PsGetCurrentProcess());
    CHECK_EQ(ObReferenceObjectByHandle(copy, 0, NULL, KernelMode, &object, &info), STATUS_SUCCESS);
    CHECK_EQ(info.GrantedAccess, THREAD_QUERY_INFORMATION);
    ObDereferenceObject(object);
    ZwClose(copy);
    ZwClose(handle);
    ObUnRegisterCallbacks(registration);
    operation.PreOperation = NULL;
    CHECK_EQ(ObRegisterCallbacks(&all, &registration), STATUS_INVALID_PARAMETER);
    operation.PreOperation = see_duplicate;
    all.Version = 0x0200;
    CHECK_EQ(ObRegisterCallbacks(&all, &registration), STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(ob_callback, bad_registrations_are_refused)
{
    PVOID registration;
    CHECK_EQ(watch(L"12x", 1, PsProcessType, &registration), STATUS_INVALID_PARAMETER);
    CHECK_EQ(watch(L"", 1, PsProcessType, &registration), STATUS_INVALID_PARAMETER);
    CHECK_EQ(watch(L"1", 1, ExEventObjectType, &registration), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ObGetFilterVersion(), OB_FLT_REGISTRATION_VERSION);
}
