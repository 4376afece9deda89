/* SPDX-License-Identifier: MIT */
/*
 * report.c: the event log, and who waits for what.
 *
 * The event log is a text line an event: interrupt time, processor, kind, numbers. Only numbers that are the same in
 * every run of a seed go in.
 */
#include "kep.h"
#include "locks.h"
#include "ldrp.h"

BOOLEAN KiTracing;

typedef struct _TEXT {
    char Bytes[480];
    ULONG Length;
} TEXT;

static void put(TEXT *Text, const char *String)
{
    while (*String && Text->Length < sizeof Text->Bytes)
        Text->Bytes[Text->Length++] = *String++;
}

static void put_number(TEXT *Text, ULONG64 Value, ULONG Base)
{
    char digits[24];
    ULONG count = 0;
    do
        digits[count++] = "0123456789abcdef"[Value % Base];
    while ((Value /= Base) != 0);
    if (Base == 16)
        put(Text, "0x");
    while (count != 0 && Text->Length < sizeof Text->Bytes)
        Text->Bytes[Text->Length++] = digits[--count];
}

static void put_value(TEXT *Text, ULONG64 Value)
{
    put(Text, " ");
    put_number(Text, Value, Value < 1000000 ? 10 : 16);
}

DECLSPEC_NOINLINE void KiTraceSlow(const char *Kind, ULONG64 A, ULONG64 B, ULONG64 C, ULONG64 D)
{
    TEXT text = {.Length = 0};
    put_number(&text, host_interrupt_time(), 10);
    put(&text, " cpu");
    put_number(&text, KiProcessorNumber(), 10);
    put(&text, " ");
    put(&text, Kind);
    put_value(&text, A);
    put_value(&text, B);
    put_value(&text, C);
    put_value(&text, D);
    host_trace(text.Bytes, text.Length);
}

/* ---------------------------------------------------------------- names */

const char *KiThreadStateName(UCHAR State)
{
    static const char *const names[] = {"initialized", "ready", "running", "standby", "terminated", "waiting"};
    return State < RTL_NUMBER_OF(names) ? names[State] : "?";
}

const char *KiWaitReasonName(UCHAR Reason)
{
    static const char *const names[] = {
        "Executive",       "FreePage",      "PageIn",         "PoolAllocation",  "DelayExecution", "Suspended",
        "UserRequest",     "WrExecutive",   "WrFreePage",     "WrPageIn",        "WrPoolAllocation", "WrDelayExecution",
        "WrSuspended",     "WrUserRequest", "WrEventPair",    "WrQueue",         "WrLpcReceive",   "WrLpcReply",
        "WrVirtualMemory", "WrPageOut",     "WrRendezvous",   "WrKeyedEvent",    "WrTerminated",   "WrProcessInSwap",
        "WrCpuRateControl", "WrCalloutStack", "WrKernel",     "WrResource",      "WrPushLock",     "WrMutex",
        "WrQuantumEnd",    "WrDispatchInt", "WrPreempted",    "WrYieldExecution", "WrFastMutex",   "WrGuardedMutex",
        "WrRundown",       "WrAlertByThreadId", "WrDeferredPreempt", "WrPhysicalFault", "WrIoRing", "WrMdlCache"};
    return Reason < RTL_NUMBER_OF(names) ? names[Reason] : "?";
}

const char *KiObjectTypeName(PVOID DispatcherObject)
{
    switch (((PDISPATCHER_HEADER)DispatcherObject)->Type) {
    case EventNotificationObject:
        return "notification event";
    case EventSynchronizationObject:
        return "synchronization event";
    case MutantObject:
        return "mutex";
    case ProcessObject:
        return "process";
    case QueueObject:
        return "queue";
    case SemaphoreObject:
        return "semaphore";
    case ThreadObject:
        return "thread";
    case GateObject:
        return "gate";
    case TimerNotificationObject:
    case TimerSynchronizationObject:
        return "timer";
    default:
        return "object";
    }
}

/* ---------------------------------------------------------------- the report */

static void emit(TEXT *Text)
{
    put(Text, "\n");
    host_console_write(HOST_STREAM_REPORT, Text->Bytes, Text->Length);
    Text->Length = 0;
}

/* Is this a thread of Kiln's own that only waits for work? Those are not what a hang is about. */
static BOOLEAN is_idle_worker(const KI_THREAD_INFO *Info, const ULONGLONG *Frames, ULONG Count)
{
    if (Info->State != KiWaiting || Info->Thread->HostStack || Info->Thread->Suspended)
        return FALSE;
    for (ULONG i = 0; i < Count; i++)
        if (LdrFindModuleByAddress((PVOID)(ULONG_PTR)Frames[i]))
            return FALSE;
    return !LdrFindModuleByAddress(Info->StartAddress);
}

static BOOLEAN report_thread(const KI_THREAD_INFO *Info, PVOID Context)
{
    TEXT text = {.Length = 0};
    char where[160];
    ULONGLONG frames[16];
    ULONG count = 0;
    CONTEXT context;
    RtlZeroMemory(&context, sizeof context);
    if (KiGetSwitchFrame(Info->Thread, &context.Rip, &context.Rsp, &context.Rbp))
        count = KiWalkStack(&context, 0, RTL_NUMBER_OF(frames), frames);
    if (is_idle_worker(Info, frames, count)) {
        ++*(ULONG *)Context;
        return TRUE;
    }
    put(&text, "  thread ");
    put_number(&text, Info->Id, 10);
    put(&text, ": ");
    put(&text, KiThreadStateName(Info->State));
    put(&text, ", priority ");
    put_number(&text, (ULONG64)(ULONG)(Info->Priority < 0 ? 0 : Info->Priority), 10);
    if (Info->StartAddress) {
        put(&text, ", started at ");
        KiDescribeAddress((ULONG_PTR)Info->StartAddress, where, sizeof where);
        put(&text, where);
    }
    emit(&text);
    if (Info->State != KiWaiting)
        return TRUE;
    put(&text, "    waits (");
    put(&text, KiWaitReasonName(Info->WaitReason));
    put(&text, Info->WaitMode == UserMode ? ", user mode" : ", kernel mode");
    put(&text, Info->Alertable ? ", alertable)" : ")");
    put(&text, Info->HasTimeout ? " with a time-out" : " without time-out");
    if (Info->ObjectCount > 1)
        put(&text, Info->WaitType == WaitAll ? " for all of:" : " for any of:");
    emit(&text);
    char lock[400];
    KiDescribeLockWait(Info->Thread, lock, sizeof lock);
    if (lock[0]) {
        put(&text, "      ");
        put(&text, lock);
        emit(&text);
    }
    for (ULONG i = 0; i < Info->ObjectCount && !lock[0]; i++) {
        put(&text, "      ");
        put(&text, KiObjectTypeName(Info->Objects[i]));
        put(&text, " at ");
        put_number(&text, (ULONG_PTR)Info->Objects[i], 16);
        if (Info->Owners[i]) {
            put(&text, ", owned by thread ");
            put_number(&text, ((PKTHREAD)Info->Owners[i])->Id, 10);
        }
        KiDescribeLastSignal(Info->Objects[i], where, sizeof where);
        if (where[0]) {
            put(&text, ", ");
            put(&text, where);
        }
        emit(&text);
    }
    for (ULONG i = 0; KiDescribeHeldLock(Info->Thread, i, lock, sizeof lock); i++) {
        put(&text, "    holds ");
        put(&text, lock);
        emit(&text);
    }
    for (ULONG i = 0; i < count; i++) {
        put(&text, "      at ");
        KiDescribeReturn(frames[i], where, sizeof where);
        put(&text, where);
        emit(&text);
    }
    return TRUE;
}

void KiReportThreads(void)
{
    TEXT text = {.Length = 0};
    put(&text, "Threads of the machine:");
    emit(&text);
    ULONG idle_workers = 0;
    KiEnumerateThreads(report_thread, &idle_workers);
    put(&text, "  and ");
    put_number(&text, idle_workers, 10);
    put(&text, " threads of the system that wait for work");
    emit(&text);
}
