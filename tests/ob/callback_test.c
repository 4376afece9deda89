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

KILN_TEST_ONCE(ob_callback, bad_registrations_are_refused)
{
    PVOID registration;
    CHECK_EQ(watch(L"12x", 1, PsProcessType, &registration), STATUS_INVALID_PARAMETER);
    CHECK_EQ(watch(L"", 1, PsProcessType, &registration), STATUS_INVALID_PARAMETER);
    CHECK_EQ(watch(L"1", 1, ExEventObjectType, &registration), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ObGetFilterVersion(), OB_FLT_REGISTRATION_VERSION);
}
