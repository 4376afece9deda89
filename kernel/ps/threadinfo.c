/* SPDX-License-Identifier: MIT */
/*
 * ps/threadinfo.c: what NtSetInformationThread sets beside priorities, and NtQueryInformationThread tells of
 * it: affinity, boosts, name, power throttling.
 *
 * A thread's name is pool, replaced under p; whoever reads it copies it under p.
 */
#include "psi.h"
#include <nt/ps_services.h>

#define NAME_TAG       0x6d614e54 /* 'TNam' */
#define NAME_MAX_BYTES 0xFFFE

ULONG PspThreadSettingBytes(THREADINFOCLASS Class)
{
    switch (Class) {
    case ThreadPriorityBoost:
    case ThreadBreakOnTermination:
    case ThreadIdealProcessor:
    case ThreadActualBasePriority:
        return sizeof(ULONG);
    case ThreadAffinityMask:
        return sizeof(KAFFINITY);
    case ThreadPowerThrottlingState:
        return sizeof(POWER_THROTTLING_THREAD_STATE);
    case ThreadNameInformation:
        return sizeof(UNICODE_STRING);
    default:
        return 0;
    }
}

static NTSTATUS set_affinity(PETHREAD thread, KAFFINITY affinity)
{
    if (affinity == 0 || (affinity & ~(thread->ThreadsProcess->Pcb.Affinity & KiActiveProcessors)))
        return STATUS_INVALID_PARAMETER;
    KiSetAffinityThread(&thread->Tcb, affinity);
    return STATUS_SUCCESS;
}

/* Take control of nothing unknown: speed of execution is the one policy there is, and nothing is throttled
 * here. */
static NTSTATUS set_throttling(PETHREAD thread, const POWER_THROTTLING_THREAD_STATE *state)
{
    if (state->Version != THREAD_POWER_THROTTLING_CURRENT_VERSION ||
        (state->ControlMask & ~(ULONG)THREAD_POWER_THROTTLING_VALID_FLAGS) ||
        (state->StateMask & ~state->ControlMask))
        return STATUS_INVALID_PARAMETER;
    thread->ThrottlingControl = state->ControlMask;
    thread->ThrottlingState = state->StateMask;
    return STATUS_SUCCESS;
}

static NTSTATUS set_name(PETHREAD thread, const UNICODE_STRING *given, KPROCESSOR_MODE mode)
{
    UNICODE_STRING name = {given->Length, given->Length, NULL};
    if (given->Length % sizeof(WCHAR))
        return STATUS_INVALID_PARAMETER;
    if (given->Length) {
        name.Buffer = ExAllocatePoolWithTag(NonPagedPoolNx, given->Length, NAME_TAG);
        if (!name.Buffer)
            return STATUS_INSUFFICIENT_RESOURCES;
        NTSTATUS status = KiCopyFromMode(mode, name.Buffer, given->Buffer, given->Length);
        if (!NT_SUCCESS(status)) {
            ExFreePoolWithTag(name.Buffer, NAME_TAG);
            return status;
        }
    }
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    PVOID old = thread->Name.Buffer;
    thread->Name = name;
    KeReleaseSpinLock(&PspProcessLock, irql);
    if (old)
        ExFreePoolWithTag(old, NAME_TAG);
    return STATUS_SUCCESS;
}

void PspFreeThreadName(PETHREAD Thread)
{
    if (Thread->Name.Buffer)
        ExFreePoolWithTag(Thread->Name.Buffer, NAME_TAG);
}

NTSTATUS PspSetThread(PETHREAD Thread, THREADINFOCLASS Class, const PSP_THREAD_SETTING *Value,
                      KPROCESSOR_MODE Mode)
{
    LUID debug = {SE_DEBUG_PRIVILEGE, 0}, increase = {SE_INC_BASE_PRIORITY_PRIVILEGE, 0};
    switch (Class) {
    case ThreadPriorityBoost:
        Thread->Tcb.DisableBoost = Value->Number != 0;
        return STATUS_SUCCESS;
    case ThreadBreakOnTermination:
        if (!SeSinglePrivilegeCheck(debug, Mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        Thread->BreakOnTermination = Value->Number != 0;
        return STATUS_SUCCESS;
    case ThreadIdealProcessor:
        if (Value->Number >= MAXIMUM_PROCESSORS)
            return STATUS_INVALID_PARAMETER;
        KeSetIdealProcessorThread(&Thread->Tcb, (UCHAR)Value->Number);
        return STATUS_SUCCESS;
    case ThreadActualBasePriority:
        if ((LONG)Value->Number <= LOW_PRIORITY || (LONG)Value->Number > HIGH_PRIORITY)
            return STATUS_INVALID_PARAMETER;
        if (Value->Number >= LOW_REALTIME_PRIORITY && !SeSinglePrivilegeCheck(increase, Mode))
            return STATUS_PRIVILEGE_NOT_HELD;
        KeSetActualBasePriorityThread(&Thread->Tcb, (KPRIORITY)Value->Number);
        return STATUS_SUCCESS;
    case ThreadAffinityMask:
        return set_affinity(Thread, Value->Affinity);
    case ThreadPowerThrottlingState:
        return set_throttling(Thread, &Value->Throttling);
    default: /* ThreadNameInformation */
        return set_name(Thread, &Value->Name, Mode);
    }
}

/* ---------------------------------------------------------------- asking */

ULONG PspQueryThreadSetting(PETHREAD Thread, THREADINFOCLASS Class, PSP_THREAD_SETTING *Answer)
{
    *Answer = (PSP_THREAD_SETTING){0};
    switch (Class) {
    case ThreadPriorityBoost:
        Answer->Number = Thread->Tcb.DisableBoost;
        return sizeof(ULONG);
    case ThreadBreakOnTermination:
        Answer->Number = Thread->BreakOnTermination;
        return sizeof(ULONG);
    case ThreadIsIoPending:
        Answer->Number = KI_PEEK(Thread->IrpList.Flink) != &Thread->IrpList;
        return sizeof(ULONG);
    case ThreadActualBasePriority:
        Answer->Number = (ULONG)Thread->Tcb.BasePriority;
        return sizeof(ULONG);
    case ThreadPowerThrottlingState:
        Answer->Throttling = (POWER_THROTTLING_THREAD_STATE){
            THREAD_POWER_THROTTLING_CURRENT_VERSION, Thread->ThrottlingControl, Thread->ThrottlingState};
        return sizeof(Answer->Throttling);
    default:
        return 0;
    }
}

NTSTATUS PspQueryThreadName(PETHREAD Thread, PVOID To, ULONG Length, PULONG ReturnLength,
                            KPROCESSOR_MODE Mode)
{
    PWCH copy = ExAllocatePoolWithTag(NonPagedPoolNx, NAME_MAX_BYTES, NAME_TAG);
    if (!copy)
        return STATUS_INSUFFICIENT_RESOURCES;
    KIRQL irql = KeAcquireSpinLockRaiseToDpc(&PspProcessLock);
    USHORT bytes = Thread->Name.Length;
    RtlCopyMemory(copy, Thread->Name.Buffer, bytes);
    KeReleaseSpinLock(&PspProcessLock, irql);
    UNICODE_STRING answer = {bytes, bytes, (PWCH)((PUCHAR)To + sizeof(answer))};
    ULONG needed = sizeof(answer) + bytes;
    NTSTATUS status =
        Length < needed ? STATUS_BUFFER_TOO_SMALL : KiCopyToMode(Mode, To, &answer, sizeof(answer));
    if (NT_SUCCESS(status))
        status = KiCopyToMode(Mode, answer.Buffer, copy, bytes);
    ExFreePoolWithTag(copy, NAME_TAG);
    if (ReturnLength && (NT_SUCCESS(status) || status == STATUS_BUFFER_TOO_SMALL)) {
        NTSTATUS told = KiCopyToMode(Mode, ReturnLength, &needed, sizeof(needed));
        if (!NT_SUCCESS(told))
            return told;
    }
    return status;
}
