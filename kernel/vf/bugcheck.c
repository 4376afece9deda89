/* SPDX-License-Identifier: MIT */
/*
 * bugcheck.c: stopping the machine.
 *
 *   1. The first processor that stops the machine owns the crash; others that come later are parked for ever.
 *   2. Its state is copied (vf_crash), IRQL goes to HIGH_LEVEL, and it moves to its emergency stack, because the one it
 *      is on may be exhausted or damaged.
 *   3. The report is written in steps. A step that faults, or stops the machine again, ends there; the next one goes on.
 *   4. The drivers' bugcheck callbacks run, protected in the same way, and the machine ends with status 3.
 *
 * Nothing here takes a lock, allocates, or trusts memory outside the program's own data.
 */
#include "vfp.h"
#include <bugcodes.h>
#include <nt/dbg.h>

#define EMERGENCY_BYTES (512 * 1024)

volatile LONG KiBugCheckActive;
ULONG_PTR KiBugCheckData[5];
struct vf_crash vf_crash;

static volatile ULONG owner; /* the number of the processor that stopped the machine, plus one */
static struct ki_saved_state *volatile guard; /* where the owner goes on after a fault */
static ULONGLONG nested_pc;

/* KdDebuggerEnabled and KdDebuggerNotPresent: no kernel debugger is ever attached to this machine. */
static BOOLEAN debugger_enabled = FALSE, debugger_not_present = TRUE;
BOOLEAN *KdDebuggerEnabled = &debugger_enabled;
BOOLEAN *KdDebuggerNotPresent = &debugger_not_present;

/* ---------------------------------------------------------------- protection */

bool vf_protected(void (*step)(void *), void *argument, const char *what)
{
    struct ki_saved_state state;
    struct ki_saved_state *outer = guard;
    if (KiSaveState(&state)) {
        guard = outer;
        vf_say("  (%s ended here: a fault at %016llx)\n", what, nested_pc);
        return false;
    }
    guard = &state;
    step(argument);
    guard = outer;
    return true;
}

static bool owned_here(void)
{
    return KiBugCheckActive && owner == KiProcessorNumber() + 1;
}

bool KiReportOwnsTrap(const struct host_trap *trap)
{
    if (!owned_here() || !guard)
        return false;
    nested_pc = trap->rip;
    KiRestoreState(guard);
}

/* ---------------------------------------------------------------- the stop */

static void report_and_exit(void *unused)
{
    vf_report();
    vf_run_callbacks();
    host_exit(3);
}

/* The code and parameters of the bugcheck, where debuggers (and the test runner) look for them. */
ULONG64 KiBugCheckData[5];

static void fill(ULONG code, const ULONG_PTR parameter[4], const CONTEXT *context, const EXCEPTION_RECORD *record,
                 ULONGLONG driver_pc, const char *text)
{
    vf_crash.code = code;
    KiBugCheckData[0] = code;
    for (unsigned i = 0; i < 4; i++)
        KiBugCheckData[i + 1] = vf_crash.parameter[i] = parameter[i];
    vf_crash.context = *context;
    vf_crash.has_record = record != NULL;
    if (record)
        vf_crash.record = *record;
    vf_crash.driver_pc = driver_pc;
    vf_crash.text = text;
    vf_crash.irql = KiIrql();
    vf_crash.processor = KiProcessorNumber();
    vf_crash.thread = KiThread();
}

static DECLSPEC_NORETURN void stop(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4,
                                   const CONTEXT *context, const EXCEPTION_RECORD *record, ULONGLONG driver_pc,
                                   const char *text)
{
    ULONG_PTR parameter[4] = {p1, p2, p3, p4};
    if (KiPcrs[0].Self == NULL) { /* before the first processor exists */
        vf_say("*** STOP: 0x%08X %s (%p, %p, %p, %p) while the machine starts. %s\n", code,
               vf_bug_name(code) ? vf_bug_name(code) : "", p1, p2, p3, p4, text ? text : "");
        host_exit(3);
    }
    ULONG me = KiProcessorNumber() + 1, first = 0;
    if (!__atomic_compare_exchange_n(&owner, &first, me, FALSE, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {
        if (first == me) {
            nested_pc = context->Rip;
            if (guard)
                KiRestoreState(guard);
            host_exit(3);
        }
        for (;;)
            host_relax();
    }
    __atomic_store_n(&KiBugCheckActive, 1, __ATOMIC_SEQ_CST);
    fill(code, parameter, context, record, driver_pc, text);
    KiPcr()->Irql = HIGH_LEVEL;
    UCHAR *top = host_emergency_stack(), *here = __builtin_frame_address(0);
    if (top && (here > top || here < top - EMERGENCY_BYTES))
        KiCallOnStack(report_and_exit, NULL, top);
    report_and_exit(NULL);
    __builtin_unreachable();
}

/* ---------------------------------------------------------------- entries */

void KiBugCheckCaptured(CONTEXT *caller, ULONG_PTR code);
void KiBugCheckExCaptured(CONTEXT *caller, ULONG_PTR code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4);

void KiBugCheckCaptured(CONTEXT *caller, ULONG_PTR code)
{
    caller->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    stop((ULONG)code, 0, 0, 0, 0, caller, NULL, 0, NULL);
}

void KiBugCheckExCaptured(CONTEXT *caller, ULONG_PTR code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4)
{
    caller->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    stop((ULONG)code, p1, p2, p3, p4, caller, NULL, 0, NULL);
}

DECLSPEC_NOINLINE DECLSPEC_NORETURN void KiBugCheckText(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3,
                                                        ULONG_PTR p4, ULONGLONG driver_pc, const char *text)
{
    CONTEXT context;
    RtlCaptureContext(&context);
    context.ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    CONTEXT caller = context;
    if (!KiUnwindFrame(&caller))
        caller = context;
    stop(code, p1, p2, p3, p4, &caller, NULL, driver_pc, text);
}

DECLSPEC_NORETURN void KiBugCheckContext(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4,
                                         const CONTEXT *context, const EXCEPTION_RECORD *record, const char *text)
{
    stop(code, p1, p2, p3, p4, context, record, 0, text);
}

static const char *exception_advice(const EXCEPTION_RECORD *record)
{
    const char *text;
    switch ((ULONG)record->ExceptionCode) {
    case (ULONG)STATUS_ACCESS_VIOLATION:
        if (record->NumberParameters >= 2 && record->ExceptionInformation[1] < 0x10000)
            return "A NULL pointer was used: the address is within 64 KB of 0. Check what the pointer was "
                   "initialised with, and the return value of the routine it came from.";
        if (record->NumberParameters >= 2 && record->ExceptionInformation[1] == ~(ULONG_PTR)0)
            return "The address is not canonical (or an instruction needs an alignment that it has not): a pointer was "
                   "overwritten, or read from freed memory.";
        return "A user-mode address was touched without protection, or a pointer is damaged. Probe user buffers and "
               "access them inside __try/__except.";
    case (ULONG)STATUS_BREAKPOINT:
        return "A breakpoint (DbgBreakPoint, __debugbreak, or padding behind a function) was executed, and no debugger "
               "is attached to the machine. kiln run --pass-breakpoints goes on after the driver's breakpoints.";
    case (ULONG)STATUS_ASSERTION_FAILURE:
        return "An assertion of the driver (NT_ASSERT) failed.";
    case (ULONG)STATUS_INTEGER_DIVIDE_BY_ZERO:
        return "An integer was divided by zero.";
    case (ULONG)STATUS_INTEGER_OVERFLOW:
        return "The quotient of a division does not fit the result.";
    case (ULONG)STATUS_ILLEGAL_INSTRUCTION:
        text = vf_undefined_behaviour(record->ExceptionAddress);
        return text ? text
                    : "An instruction that does not exist was executed: control went astray, or the compiler put a trap "
                      "there for code that must not be reached (undefined behaviour).";
    case (ULONG)STATUS_PRIVILEGED_INSTRUCTION:
        return "A privileged instruction that this machine does not emulate was executed.";
    default:
        return NULL;
    }
}

DECLSPEC_NORETURN void KiUnhandledException(EXCEPTION_RECORD *record, CONTEXT *context)
{
    const char *text = exception_advice(record);
    ULONG_PTR code = (ULONG)record->ExceptionCode, address = (ULONG_PTR)record->ExceptionAddress;
    PKTHREAD thread = KiThread();
    bool in_dpc = KiIrql() >= DISPATCH_LEVEL || KiPrcb()->DpcRoutineActive != NULL;
    if (!in_dpc && thread && (thread->PreviousMode == UserMode || thread->HostStack))
        KiBugCheckContext(SYSTEM_SERVICE_EXCEPTION, code, address, (ULONG_PTR)context, 0, context, record, text);
    if (!in_dpc && thread && thread->SystemThread)
        KiBugCheckContext(SYSTEM_THREAD_EXCEPTION_NOT_HANDLED, code, address, (ULONG_PTR)record, (ULONG_PTR)context,
                          context, record, text);
    KiBugCheckContext(KMODE_EXCEPTION_NOT_HANDLED, code, address, record->ExceptionInformation[0],
                      record->ExceptionInformation[1], context, record, text);
}

/* ---------------------------------------------------------------- debugger */

void KiNoteBreakpoint(ULONG_PTR pc)
{
    char where[400];
    KiDescribeAddress(pc, where, sizeof where);
    vf_say("kiln: breakpoint passed at %s\n", where);
}

VOID NTAPI DbgBreakPoint(VOID)
{
    __asm__ volatile("int3");
}

VOID NTAPI DbgBreakPointWithStatus(ULONG Status)
{
    __asm__ volatile("int3" ::"c"((ULONGLONG)Status));
}

BOOLEAN NTAPI KdRefreshDebuggerNotPresent(VOID)
{
    return TRUE;
}

NTSTATUS NTAPI KdDisableDebugger(VOID)
{
    return STATUS_DEBUGGER_INACTIVE;
}

NTSTATUS NTAPI KdEnableDebugger(VOID)
{
    return STATUS_DEBUGGER_INACTIVE;
}

/* There are no debug controls: the documented answer, whatever the option. */
NTSTATUS NTAPI KdChangeOption(KD_OPTION Option, ULONG InBufferBytes, PVOID InBuffer, ULONG OutBufferBytes, PVOID OutBuffer,
                              PULONG OutBufferNeeded)
{
    return STATUS_DEBUGGER_INACTIVE;
}

BOOLEAN NTAPI KdPollBreakIn(VOID)
{
    return FALSE;
}

static void put_text(ANSI_STRING *string, const char *text)
{
    USHORT length = 0;
    while (text[length])
        length++;
    string->Buffer = (PCHAR)(ULONG_PTR)text;
    string->Length = length;
    string->MaximumLength = length + 1;
}

BOOLEAN NTAPI KeGetBugMessageText(ULONG MessageId, PANSI_STRING ReturnString)
{
    const struct vf_bug_text *text = vf_find_bug_text(MessageId);
    const char *message = text ? text->meaning : vf_bug_name(MessageId);
    if (!message)
        return FALSE;
    if (ReturnString)
        put_text(ReturnString, message);
    return TRUE;
}
