/* SPDX-License-Identifier: MIT */
/*
 * ob/semaphore.c: semaphore objects as the native services see them.
 */
#include "obi.h"
#include "ntsvc.h"

NTSTATUS NTAPI NtCreateSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes, LONG InitialCount, LONG MaximumCount)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PKSEMAPHORE semaphore;
    NTSTATUS status = ObpProbeHandle(SemaphoreHandle, mode);
    if (!NT_SUCCESS(status))
        return status;
    if (MaximumCount <= 0 || InitialCount < 0 || InitialCount > MaximumCount)
        return STATUS_INVALID_PARAMETER;
    status = ObCreateObject(mode, ExpSemaphoreObjectType, ObjectAttributes, mode, NULL, sizeof(*semaphore), 0,
                            0, (PVOID *)&semaphore);
    if (!NT_SUCCESS(status))
        return status;
    KeInitializeSemaphore(semaphore, InitialCount, MaximumCount);
    return ObpInsertAndReturn(semaphore, DesiredAccess, SemaphoreHandle, mode);
}

NTSTATUS NTAPI NtOpenSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes)
{
    return ObpOpenAndReturn(ExpSemaphoreObjectType, SemaphoreHandle, DesiredAccess, ObjectAttributes);
}

typedef struct release_call {
    PKSEMAPHORE semaphore;
    LONG adjustment;
    LONG previous;
} release_call;

static void do_release(void *context)
{
    release_call *call = context;
    call->previous = KeReleaseSemaphore(call->semaphore, SEMAPHORE_INCREMENT, call->adjustment, FALSE);
}

NTSTATUS NTAPI NtReleaseSemaphore(HANDLE SemaphoreHandle, LONG ReleaseCount, PLONG PreviousCount)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    release_call call = {.adjustment = ReleaseCount};
    NTSTATUS status;
    if (ReleaseCount <= 0)
        return STATUS_INVALID_PARAMETER;
    if (PreviousCount && mode == UserMode) {
        status = KiProbeForWrite(PreviousCount, sizeof(LONG), sizeof(LONG));
        if (!NT_SUCCESS(status))
            return status;
    }
    status = ObReferenceObjectByHandle(SemaphoreHandle, SEMAPHORE_MODIFY_STATE, ExpSemaphoreObjectType, mode,
                                       (PVOID *)&call.semaphore, NULL);
    if (!NT_SUCCESS(status))
        return status;
    status = KeTryCall(do_release, &call); /* over the limit: STATUS_SEMAPHORE_LIMIT_EXCEEDED */
    ObDereferenceObject(call.semaphore);
    if (NT_SUCCESS(status) && PreviousCount)
        status = KiCopyToMode(mode, PreviousCount, &call.previous, sizeof(LONG));
    return status;
}

NTSTATUS NTAPI NtQuerySemaphore(HANDLE SemaphoreHandle, SEMAPHORE_INFORMATION_CLASS Class, PVOID Information,
                                ULONG Length, PULONG ReturnLength)
{
    KPROCESSOR_MODE mode = ObpPreviousMode();
    PKSEMAPHORE semaphore;
    NTSTATUS status = ObReferenceObjectByHandle(SemaphoreHandle, SEMAPHORE_QUERY_STATE,
                                                ExpSemaphoreObjectType, mode, (PVOID *)&semaphore, NULL);
    if (!NT_SUCCESS(status))
        return status;
    SEMAPHORE_BASIC_INFORMATION info = {KeReadStateSemaphore(semaphore), semaphore->Limit};
    ObDereferenceObject(semaphore);
    return ObpReturnInformation(Class, &info, sizeof(info), Information, Length, ReturnLength, mode);
}

NTSTATUS NTAPI ZwCreateSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
                                 POBJECT_ATTRIBUTES ObjectAttributes, LONG InitialCount, LONG MaximumCount)
{
    KI_ZW(NtCreateSemaphore(SemaphoreHandle, DesiredAccess, ObjectAttributes, InitialCount, MaximumCount));
}

NTSTATUS NTAPI ZwOpenSemaphore(PHANDLE SemaphoreHandle, ACCESS_MASK DesiredAccess,
                               POBJECT_ATTRIBUTES ObjectAttributes)
{
    KI_ZW(NtOpenSemaphore(SemaphoreHandle, DesiredAccess, ObjectAttributes));
}

NTSTATUS NTAPI ZwReleaseSemaphore(HANDLE SemaphoreHandle, LONG ReleaseCount, PLONG PreviousCount)
{
    KI_ZW(NtReleaseSemaphore(SemaphoreHandle, ReleaseCount, PreviousCount));
}

NTSTATUS NTAPI ZwQuerySemaphore(HANDLE SemaphoreHandle, SEMAPHORE_INFORMATION_CLASS Class, PVOID Information,
                                ULONG Length, PULONG ReturnLength)
{
    KI_ZW(NtQuerySemaphore(SemaphoreHandle, Class, Information, Length, ReturnLength));
}
