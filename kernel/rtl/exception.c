/* SPDX-License-Identifier: MIT */
/*
 * exception.c: finding handlers, and unwinding to them.
 *
 * Two phases, as the x64 Windows ABI has them. Dispatch walks from the state that raised the exception towards the
 * stack's base, calling each frame's exception handler, until one continues execution or chooses a target; nothing is
 * unwound yet, the handlers run on top of everything. Unwind then walks again from the same state, calling termination
 * handlers, and continues in the target frame.
 *
 * Frames are of two kinds. PE frames have language handlers (.pdata). ELF frames are the kernel's; they have none, except
 * three that are recognized by their return address:
 *   KeTryCall                     catches everything: dispatch unwinds to it
 *   KiExecuteHandlerForException  a handler called by an earlier dispatch is on the stack: an exception in a filter. The
 *                                 frames up to the earlier handler's see EXCEPTION_NESTED_CALL.
 *   KiExecuteHandlerForUnwind     a termination handler called by an earlier unwind is on the stack. The frames below it
 *                                 are gone already: the walk goes on where the earlier unwind stood, with the scope after
 *                                 the one that runs (a collided unwind).
 * A hardware trap's frame (KiTrap) has call frame information like any other, so a fault in a filter is walked through
 * to the code that was interrupted.
 *
 * An unwind started by a language handler inside dispatch walks from the dispatched state, which skips the dispatcher's
 * own frames; RtlUnwindEx called by anybody else walks from its caller.
 */
#include "exceptp.h"
#include <bugcodes.h>

#define MAX_FRAMES 100000

/* One step of a walk: the frame at `context` and what was found for it. */
struct frame {
    ULONGLONG pc, image_base, establisher;
    const RUNTIME_FUNCTION *function;
    PEXCEPTION_ROUTINE handler;
    void *handler_data;
    ULONG scope_index;
    bool is_return; /* pc is the address behind a call */
};

enum step { STEP_END, STEP_PLAIN, STEP_HANDLER, STEP_NESTED, STEP_COLLIDED, STEP_TRY };

static DISPATCHER_CONTEXT *handler_frame_dispatcher(const CONTEXT *context)
{
    ULONGLONG pointer = 0;
    KiSafeRead64(context->Rsp + KI_HANDLER_DISPATCHER_SLOT, &pointer);
    return (DISPATCHER_CONTEXT *)(ULONG_PTR)pointer;
}

/* Examine the frame at `context`; `next` becomes the state of its caller. */
static enum step step(ULONG handler_type, const CONTEXT *context, CONTEXT *next, struct frame *frame)
{
    *next = *context;
    frame->pc = context->Rip;
    frame->handler = NULL;
    frame->handler_data = NULL;
    frame->scope_index = 0;
    frame->establisher = context->Rsp;
    bool interrupted = (context->ContextFlags & CONTEXT_UNWOUND_TO_CALL) != CONTEXT_UNWOUND_TO_CALL;
    frame->is_return = !interrupted;
    if ((frame->pc == 0 && !interrupted) || (context->Rsp & 7))
        return STEP_END;
    frame->function = KiLookupFunction(frame->pc, &frame->image_base);
    if (frame->function) {
        if (!KiUnwindPe(handler_type, frame->image_base, frame->pc, frame->function, next, &frame->handler,
                        &frame->handler_data, &frame->establisher, NULL))
            return STEP_END;
        return frame->handler ? STEP_HANDLER : STEP_PLAIN;
    }
    /* A leaf of a PE image; or no code at all, which a call through a bad pointer led to. */
    struct host_elf_frames elf;
    if (frame->image_base || (interrupted && !host_find_elf_frames(frame->pc, &elf))) {
        if (!KiSafeRead64(next->Rsp, &next->Rip))
            return STEP_END;
        next->Rsp += 8;
        next->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
        return STEP_PLAIN;
    }
    if (!KiUnwindElf(next))
        return STEP_END;
    if (frame->pc == (ULONG_PTR)KiTryCallReturn)
        return STEP_TRY;
    if (frame->pc == (ULONG_PTR)KiExceptionHandlerReturn)
        return STEP_NESTED;
    if (frame->pc == (ULONG_PTR)KiUnwindHandlerReturn)
        return STEP_COLLIDED;
    return STEP_PLAIN;
}

/*
 * The walk met the unwind of `dispatcher`: take over where it stands, at the frame whose handler is running. *next
 * becomes the state of that frame's caller.
 */
static bool take_over(const DISPATCHER_CONTEXT *dispatcher, CONTEXT *next, struct frame *frame)
{
    PEXCEPTION_ROUTINE handler;
    void *data;
    frame->pc = dispatcher->ControlPc;
    frame->image_base = dispatcher->ImageBase;
    frame->function = dispatcher->FunctionEntry;
    frame->handler = dispatcher->LanguageHandler;
    frame->handler_data = dispatcher->HandlerData;
    frame->scope_index = dispatcher->ScopeIndex;
    frame->is_return = dispatcher->Fill0 != 0;
    *next = *dispatcher->ContextRecord;
    return KiUnwindPe(UNW_FLAG_NHANDLER, frame->image_base, frame->pc, frame->function, next, &handler, &data,
                      &frame->establisher, NULL);
}

static void fill_dispatcher(DISPATCHER_CONTEXT *dispatcher, const struct frame *frame, CONTEXT *context)
{
    dispatcher->ControlPc = frame->pc;
    dispatcher->ImageBase = frame->image_base;
    dispatcher->FunctionEntry = (PRUNTIME_FUNCTION)(ULONG_PTR)frame->function;
    dispatcher->EstablisherFrame = frame->establisher;
    dispatcher->TargetIp = 0;
    dispatcher->ContextRecord = context;
    dispatcher->LanguageHandler = frame->handler;
    dispatcher->HandlerData = frame->handler_data;
    dispatcher->HistoryTable = NULL;
    dispatcher->ScopeIndex = frame->scope_index;
    dispatcher->Fill0 = frame->is_return; /* ours; handlers of drivers do not look at it */
}

static void raise_secondary(NTSTATUS status, EXCEPTION_RECORD *cause, CONTEXT *context)
{
    EXCEPTION_RECORD record;
    __builtin_memset(&record, 0, sizeof record);
    record.ExceptionCode = status;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    record.ExceptionRecord = cause;
    record.ExceptionAddress = (PVOID)(ULONG_PTR)context->Rip;
    KiRaiseWithContext(&record, context);
}

/* ---------------------------------------------------------------- dispatch */

/* Call the frame's handler. True: execution continues with the exception's context. */
static bool call_handler(EXCEPTION_RECORD *record, CONTEXT *original, CONTEXT *start, const struct frame *frame,
                         ULONGLONG *nested_frame)
{
    DISPATCHER_CONTEXT dispatcher;
    fill_dispatcher(&dispatcher, frame, start);
    ULONG noncontinuable = record->ExceptionFlags & EXCEPTION_NONCONTINUABLE;
    EXCEPTION_DISPOSITION disposition =
        KiExecuteHandlerForException(record, frame->establisher, original, &dispatcher);
    record->ExceptionFlags |= noncontinuable;
    if (*nested_frame == frame->establisher) {
        record->ExceptionFlags &= ~(ULONG)EXCEPTION_NESTED_CALL;
        *nested_frame = 0;
    }
    switch (disposition) {
    case ExceptionContinueExecution:
        if (record->ExceptionFlags & EXCEPTION_NONCONTINUABLE)
            raise_secondary(STATUS_NONCONTINUABLE_EXCEPTION, record, original);
        return true;
    case ExceptionContinueSearch:
        return false;
    case ExceptionNestedException:
        record->ExceptionFlags |= EXCEPTION_NESTED_CALL;
        if (dispatcher.EstablisherFrame > *nested_frame)
            *nested_frame = dispatcher.EstablisherFrame;
        return false;
    default:
        raise_secondary(STATUS_INVALID_DISPOSITION, record, original);
        return false;
    }
}

/* KeTryCall catches: unwind to its frame, with the code as its result. */
static DECLSPEC_NORETURN void catch_in_try(EXCEPTION_RECORD *record, const CONTEXT *original, const CONTEXT *at)
{
    ULONGLONG out = 0;
    if (KiSafeRead64(at->Rsp + KI_TRY_RECORD_SLOT, &out) && out)
        *(EXCEPTION_RECORD *)(ULONG_PTR)out = *record;
    KiUnwindTo(original, at->Rsp, (ULONG_PTR)KiTryCallCaught, record, (ULONG)record->ExceptionCode);
}

/*
 * True: a handler continued execution with *original. False: nobody wants it. Filters may change *original, so walks
 * start from a copy.
 */
static bool dispatch(EXCEPTION_RECORD *record, CONTEXT *original)
{
    CONTEXT start = *original, states[2];
    CONTEXT *walk = &start, *next = &states[0];
    ULONGLONG nested_frame = 0;
    struct frame frame;
    for (ULONG depth = 0; depth < MAX_FRAMES; depth++) {
        DISPATCHER_CONTEXT *other;
        bool handler = false;
        switch (step(UNW_FLAG_EHANDLER, walk, next, &frame)) {
        case STEP_END:
            return false;
        case STEP_PLAIN:
            break;
        case STEP_TRY:
            catch_in_try(record, &start, walk);
        case STEP_NESTED:
            other = handler_frame_dispatcher(walk);
            record->ExceptionFlags |= EXCEPTION_NESTED_CALL;
            if (other && other->EstablisherFrame > nested_frame)
                nested_frame = other->EstablisherFrame;
            break;
        case STEP_COLLIDED:
            other = handler_frame_dispatcher(walk);
            if (!other || !take_over(other, next, &frame))
                return false;
            handler = true;
            break;
        case STEP_HANDLER:
            handler = true;
            break;
        }
        if (handler && call_handler(record, original, &start, &frame, &nested_frame))
            return true;
        walk = next;
        next = walk == &states[0] ? &states[1] : &states[0];
    }
    return false;
}

void KiDispatchException(EXCEPTION_RECORD *record, CONTEXT *context)
{
    if (!dispatch(record, context))
        KiUnhandledException(record, context);
}

DECLSPEC_NORETURN void KiRaiseWithContext(EXCEPTION_RECORD *record, CONTEXT *context)
{
    KiDispatchException(record, context);
    KiResumeContext(context);
}

/* ---------------------------------------------------------------- unwind */

static DECLSPEC_NORETURN void bad_unwind(const CONTEXT *context, EXCEPTION_RECORD *record, const char *text)
{
    KiBugCheckContext(KMODE_EXCEPTION_NOT_HANDLED, (ULONG)STATUS_BAD_STACK, (ULONG_PTR)context->Rip,
                      record ? (ULONG)record->ExceptionCode : 0, context->Rsp, context, record, text);
}

/* Call the frame's termination handler. */
static void call_unwind_handler(EXCEPTION_RECORD *record, CONTEXT *walk, struct frame *frame, ULONGLONG target_ip)
{
    DISPATCHER_CONTEXT dispatcher;
    fill_dispatcher(&dispatcher, frame, walk);
    dispatcher.TargetIp = target_ip;
    EXCEPTION_DISPOSITION disposition = KiExecuteHandlerForUnwind(record, frame->establisher, walk, &dispatcher);
    if (disposition != ExceptionContinueSearch)
        raise_secondary(STATUS_INVALID_DISPOSITION, record, walk);
}

/* The frames below `high` end without returning: AddressSanitizer must not see their redzones any more. */
static void forget_frames(ULONGLONG high)
{
#ifdef KILN_ASAN
    void __asan_unpoison_memory_region(const void *, SIZE_T);
    ULONGLONG low = (ULONG_PTR)__builtin_frame_address(0);
    __asan_unpoison_memory_region((void *)(ULONG_PTR)low, high - low);
#endif
}

/* Continue in the target frame, whose state is `walk`. */
static DECLSPEC_NORETURN void enter_target(CONTEXT *walk, ULONGLONG target_ip, EXCEPTION_RECORD *record, ULONGLONG value)
{
    walk->Rax = value;
    if (record->ExceptionCode == STATUS_UNWIND_CONSOLIDATE) {
        RtlRestoreContext(walk, record);
        __builtin_unreachable();
    }
    walk->Rip = target_ip;
    forget_frames(walk->Rsp);
    if (record->ExceptionCode == STATUS_LONGJUMP)
        RtlRestoreContext(walk, record);
    KiRestoreContext(walk);
}

DECLSPEC_NORETURN void KiUnwindTo(const CONTEXT *start, ULONGLONG target, ULONGLONG target_ip,
                                  EXCEPTION_RECORD *record, ULONGLONG value)
{
    EXCEPTION_RECORD own;
    CONTEXT states[2], *walk = &states[0], *next = &states[1];
    struct frame frame;
    *walk = *start;
    walk->EFlags &= ~(ULONG)0x50500; /* a handler starts without AC, RF, DF and TF */
    if (!record) {
        __builtin_memset(&own, 0, sizeof own);
        own.ExceptionCode = STATUS_UNWIND;
        own.ExceptionAddress = (PVOID)(ULONG_PTR)start->Rip;
        record = &own;
    }
    ULONG flags = (record->ExceptionFlags & EXCEPTION_NONCONTINUABLE) | EXCEPTION_UNWINDING |
                  (target == 0 ? EXCEPTION_EXIT_UNWIND : 0);
    for (ULONG depth = 0; depth < MAX_FRAMES; depth++) {
        enum step found = step(UNW_FLAG_UHANDLER, walk, next, &frame);
        if (found == STEP_END)
            bad_unwind(walk, record, target ? "An unwind did not find its target frame: the stack is damaged, or the "
                                              "target passed to RtlUnwind is not a frame of this stack."
                                            : "An exit unwind reached the end of the stack.");
        record->ExceptionFlags = flags;
        if (found == STEP_COLLIDED) {
            DISPATCHER_CONTEXT *other = handler_frame_dispatcher(walk);
            if (!other || !take_over(other, next, &frame))
                bad_unwind(walk, record, "An unwind met another whose state cannot be read.");
            *walk = *other->ContextRecord;
            record->ExceptionFlags |= EXCEPTION_COLLIDED_UNWIND;
            found = STEP_HANDLER;
        }
        bool at_target = target != 0 && frame.establisher == target && (frame.function || found == STEP_TRY);
        if (at_target)
            record->ExceptionFlags |= EXCEPTION_TARGET_UNWIND;
        if (found == STEP_HANDLER)
            call_unwind_handler(record, walk, &frame, target_ip);
        if (at_target)
            enter_target(walk, target_ip, record, value);
        CONTEXT *swap = walk;
        walk = next;
        next = swap;
    }
    bad_unwind(walk, record, "An unwind went through more frames than a stack can have.");
}

void KiUnwindExCaptured(CONTEXT *caller, void *target, void *target_ip, EXCEPTION_RECORD *record, void *value);
void KiUnwindExCaptured(CONTEXT *caller, void *target, void *target_ip, EXCEPTION_RECORD *record, void *value)
{
    caller->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    KiUnwindTo(caller, (ULONG_PTR)target, (ULONG_PTR)target_ip, record, (ULONG_PTR)value);
}

void KiUnwindCaptured(CONTEXT *caller, void *target, void *target_ip, EXCEPTION_RECORD *record, void *value);
void KiUnwindCaptured(CONTEXT *caller, void *target, void *target_ip, EXCEPTION_RECORD *record, void *value)
{
    KiUnwindExCaptured(caller, target, target_ip, record, value);
}

/* ---------------------------------------------------------------- restoring */

/* What setjmp of x64 Windows stores; RtlRestoreContext takes it with STATUS_LONGJUMP. */
struct jump_buffer {
    ULONGLONG frame, rbx, rsp, rbp, rsi, rdi, r12, r13, r14, r15, rip;
    ULONG mxcsr;
    USHORT fpcsr, spare;
    M128A xmm[10];
};

/* The establisher of the frame of driver code that the stack pointer belongs to; 0 if there is none. */
static ULONGLONG find_establisher(const CONTEXT *start, ULONGLONG rsp)
{
    CONTEXT states[2], *walk = &states[0], *next = &states[1];
    struct frame frame;
    *walk = *start;
    for (ULONG depth = 0; depth < MAX_FRAMES; depth++) {
        enum step found = step(UNW_FLAG_NHANDLER, walk, next, &frame);
        if (found == STEP_END)
            return 0;
        if (found == STEP_COLLIDED) {
            DISPATCHER_CONTEXT *other = handler_frame_dispatcher(walk);
            if (!other || !take_over(other, next, &frame))
                return 0;
        } else if (walk->Rsp <= rsp && rsp < next->Rsp) {
            return frame.function ? frame.establisher : 0;
        }
        CONTEXT *swap = walk;
        walk = next;
        next = swap;
    }
    return 0;
}

/*
 * longjmp, from the caller's state. The target is looked up by the stored stack pointer: compilers do not agree on what they
 * pass to setjmp as the frame, except that 0 asks for a jump without unwinding.
 */
void KiLongJumpCaptured(CONTEXT *caller, const struct jump_buffer *jump, ULONGLONG value);
void KiLongJumpCaptured(CONTEXT *caller, const struct jump_buffer *jump, ULONGLONG value)
{
    EXCEPTION_RECORD record;
    __builtin_memset(&record, 0, sizeof record);
    record.ExceptionCode = STATUS_LONGJUMP;
    record.ExceptionAddress = (PVOID)(ULONG_PTR)caller->Rip;
    record.NumberParameters = 1;
    record.ExceptionInformation[0] = (ULONG_PTR)jump;
    value = (ULONG)value == 0 ? 1 : (ULONG)value;
    caller->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    if (jump->frame == 0) {
        forget_frames(jump->rsp);
        caller->Rax = value;
        RtlRestoreContext(caller, &record);
        __builtin_unreachable();
    }
    ULONGLONG target = find_establisher(caller, jump->rsp);
    if (!target)
        bad_unwind(caller, &record, "longjmp: the function that called setjmp has returned, or the jmp_buf is damaged.");
    KiUnwindTo(caller, target, jump->rip, &record, value);
}

VOID NTAPI RtlRestoreContext(PCONTEXT ContextRecord, PEXCEPTION_RECORD ExceptionRecord)
{
    CONTEXT *context = ContextRecord;
    if (ExceptionRecord && ExceptionRecord->ExceptionCode == STATUS_LONGJUMP && ExceptionRecord->NumberParameters >= 1) {
        const struct jump_buffer *jump = (const struct jump_buffer *)ExceptionRecord->ExceptionInformation[0];
        context->Rbx = jump->rbx;
        context->Rsp = jump->rsp;
        context->Rbp = jump->rbp;
        context->Rsi = jump->rsi;
        context->Rdi = jump->rdi;
        context->R12 = jump->r12;
        context->R13 = jump->r13;
        context->R14 = jump->r14;
        context->R15 = jump->r15;
        context->Rip = jump->rip;
        context->MxCsr = jump->mxcsr;
        context->FltSave.ControlWord = jump->fpcsr;
        for (unsigned i = 0; i < 10; i++)
            (&context->Xmm6)[i] = jump->xmm[i];
    } else if (ExceptionRecord && ExceptionRecord->ExceptionCode == STATUS_UNWIND_CONSOLIDATE &&
               ExceptionRecord->NumberParameters >= 1) {
        typedef PVOID NTAPI CONSOLIDATE(PEXCEPTION_RECORD);
        CONSOLIDATE *consolidate = (CONSOLIDATE *)ExceptionRecord->ExceptionInformation[0];
        context->Rip = (ULONG_PTR)consolidate(ExceptionRecord);
    }
    KiResumeContext(context);
}

/* ---------------------------------------------------------------- raising */

/* The callers' states, captured by the entries of trap_entry.S. */
void KiRaiseException(CONTEXT *caller, EXCEPTION_RECORD *record);
void KiRaiseStatus(CONTEXT *caller, ULONGLONG status);
void KiRaiseAccessViolation(CONTEXT *caller);
void KiRaiseMisalignment(CONTEXT *caller);

void KiRaiseException(CONTEXT *caller, EXCEPTION_RECORD *record)
{
    caller->ContextFlags |= CONTEXT_UNWOUND_TO_CALL;
    record->ExceptionAddress = (PVOID)(ULONG_PTR)caller->Rip;
    KiRaiseWithContext(record, caller);
}

void KiRaiseStatus(CONTEXT *caller, ULONGLONG status)
{
    EXCEPTION_RECORD record;
    __builtin_memset(&record, 0, sizeof record);
    record.ExceptionCode = (NTSTATUS)status;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    KiRaiseException(caller, &record);
}

void KiRaiseAccessViolation(CONTEXT *caller)
{
    KiRaiseStatus(caller, (ULONG)STATUS_ACCESS_VIOLATION);
}

void KiRaiseMisalignment(CONTEXT *caller)
{
    KiRaiseStatus(caller, (ULONG)STATUS_DATATYPE_MISALIGNMENT);
}
