/* SPDX-License-Identifier: MIT */
/*
 * c_handler.c: __C_specific_handler, the language handler of functions with __try in C.
 *
 * Such a function's unwind data has a table of scopes, inner ones first. A scope is a range of code and either a filter
 * with a place to continue (__except) or a termination routine (__finally: the jump target is 0). Dispatch evaluates the
 * filters of the scopes that contain the pc; unwind calls their termination routines, and skips what a collided unwind has
 * done already (ScopeIndex) and the scopes that the target lies in.
 *
 * Where the pc is a return address (dispatcher->Fill0), the call before it decides: a scope may begin right behind a call
 * that is not in it.
 */
#include "exceptp.h"

typedef LONG NTAPI FILTER(PEXCEPTION_POINTERS pointers, PVOID frame);
typedef VOID NTAPI TERMINATION(BOOLEAN abnormal, PVOID frame);

#define FILTER_ALWAYS 1 /* HandlerAddress of __except(EXCEPTION_EXECUTE_HANDLER) */

static EXCEPTION_DISPOSITION evaluate_filters(EXCEPTION_RECORD *record, PVOID frame, CONTEXT *context,
                                              DISPATCHER_CONTEXT *dispatcher)
{
    const SCOPE_TABLE_AMD64 *table = dispatcher->HandlerData;
    ULONG_PTR base = dispatcher->ImageBase, pc = dispatcher->ControlPc - dispatcher->Fill0 - base;
    for (ULONG i = dispatcher->ScopeIndex; i < table->Count; i++) {
        ULONG handler = table->ScopeRecord[i].HandlerAddress, jump = table->ScopeRecord[i].JumpTarget;
        if (pc < table->ScopeRecord[i].BeginAddress || pc >= table->ScopeRecord[i].EndAddress || jump == 0)
            continue;
        LONG answer = EXCEPTION_EXECUTE_HANDLER;
        if (handler != FILTER_ALWAYS) {
            EXCEPTION_POINTERS pointers = {record, context};
            answer = ((FILTER *)(base + handler))(&pointers, frame);
        }
        if (answer < 0)
            return ExceptionContinueExecution;
        if (answer > 0)
            KiUnwindTo(dispatcher->ContextRecord, (ULONG_PTR)frame, base + jump, record, (ULONG)record->ExceptionCode);
    }
    return ExceptionContinueSearch;
}

/* Does the target of the unwind lie in the scope, so that it is not left? */
static bool target_inside(const SCOPE_TABLE_AMD64 *table, ULONG scope, ULONG_PTR target)
{
    for (ULONG j = 0; j < table->Count; j++)
        if (target >= table->ScopeRecord[j].BeginAddress && target < table->ScopeRecord[j].EndAddress &&
            table->ScopeRecord[j].HandlerAddress == table->ScopeRecord[scope].HandlerAddress &&
            table->ScopeRecord[j].JumpTarget == table->ScopeRecord[scope].JumpTarget)
            return true;
    return false;
}

static EXCEPTION_DISPOSITION run_terminations(EXCEPTION_RECORD *record, PVOID frame, DISPATCHER_CONTEXT *dispatcher)
{
    const SCOPE_TABLE_AMD64 *table = dispatcher->HandlerData;
    ULONG_PTR base = dispatcher->ImageBase, target = dispatcher->TargetIp - base;
    ULONG_PTR pc = dispatcher->ControlPc - dispatcher->Fill0 - base;
    for (ULONG i = dispatcher->ScopeIndex; i < table->Count; i++) {
        ULONG jump = table->ScopeRecord[i].JumpTarget;
        if (pc < table->ScopeRecord[i].BeginAddress || pc >= table->ScopeRecord[i].EndAddress)
            continue;
        if (record->ExceptionFlags & EXCEPTION_TARGET_UNWIND) {
            if (target_inside(table, i, target))
                return ExceptionContinueSearch;
            if (jump != 0 && target == jump)
                return ExceptionContinueSearch;
        }
        if (jump != 0)
            continue;
        dispatcher->ScopeIndex = i + 1;
        ((TERMINATION *)(base + table->ScopeRecord[i].HandlerAddress))(TRUE, frame);
    }
    return ExceptionContinueSearch;
}

EXCEPTION_DISPOSITION NTAPI __C_specific_handler(PEXCEPTION_RECORD ExceptionRecord, PVOID EstablisherFrame,
                                                 PCONTEXT ContextRecord, PDISPATCHER_CONTEXT DispatcherContext)
{
    if (IS_UNWINDING(ExceptionRecord->ExceptionFlags))
        return run_terminations(ExceptionRecord, EstablisherFrame, DispatcherContext);
    return evaluate_filters(ExceptionRecord, EstablisherFrame, ContextRecord, DispatcherContext);
}

/* The compiler calls it where a goto or return leaves a __try with __finally: unwind to the frame itself. */
VOID NTAPI _local_unwind(PVOID TargetFrame, PVOID TargetIp)
{
    RtlUnwind(TargetFrame, TargetIp, NULL, NULL);
}
