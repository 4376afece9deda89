/* SPDX-License-Identifier: MIT */
/*
 * gshandler.c - the language handlers that Microsoft's compiler gives to functions with a stack cookie, so
 * that an exception does not pass a frame whose cookie is wrong.
 *
 * The handler's data is a word (bit 0 and 1: the function also has an exception and a termination handler;
 * bit 2: its frame is aligned; the rest: the cookie's offset) and, for aligned frames, the offset of the base
 * and the alignment. With structured handlers the word follows the scope table.
 */
#include <nt/context.h>
#include <nt/rtl_list.h>

EXTERN_C_START

VOID __security_check_cookie(ULONG_PTR StackCookie);

#define GS_EXCEPTION_HANDLER   1
#define GS_TERMINATION_HANDLER 2
#define GS_ALIGNED             4
#define GS_OFFSET_MASK         (~7)

/* What begins every function's unwind data: version and flags, prolog size, code count, frame register and
 * its offset. */
typedef struct _UNWIND_HEAD {
    UCHAR VersionAndFlags;
    UCHAR SizeOfProlog;
    UCHAR CountOfCodes;
    UCHAR FrameRegister : 4;
    UCHAR FrameOffset : 4;
} UNWIND_HEAD;

static VOID check(PVOID frame, PDISPATCHER_CONTEXT dispatcher, const LONG *data)
{
    const UNWIND_HEAD *unwind =
        (const UNWIND_HEAD *)(dispatcher->ImageBase + dispatcher->FunctionEntry->UnwindData);
    ULONG_PTR base = (ULONG_PTR)frame, key = (ULONG_PTR)frame, cookie;
    if (data[0] & GS_ALIGNED) {
        base = (base + (ULONG_PTR)(LONG_PTR)data[1]) & (ULONG_PTR)(-(LONG_PTR)data[2]);
    }
    cookie = *(const ULONG_PTR *)(base + (ULONG_PTR)(LONG_PTR)(data[0] & GS_OFFSET_MASK));
    if (unwind->FrameRegister != 0) {
        key += (ULONG_PTR)unwind->FrameOffset * 16;
    }
    __security_check_cookie(cookie ^ key);
}

EXCEPTION_DISPOSITION __GSHandlerCheck(PEXCEPTION_RECORD ExceptionRecord, PVOID EstablisherFrame,
                                       PCONTEXT ContextRecord, PDISPATCHER_CONTEXT DispatcherContext)
{
    UNREFERENCED_PARAMETER(ExceptionRecord);
    UNREFERENCED_PARAMETER(ContextRecord);
    check(EstablisherFrame, DispatcherContext, (const LONG *)DispatcherContext->HandlerData);
    return ExceptionContinueSearch;
}

EXCEPTION_DISPOSITION __GSHandlerCheck_SEH(PEXCEPTION_RECORD ExceptionRecord, PVOID EstablisherFrame,
                                           PCONTEXT ContextRecord, PDISPATCHER_CONTEXT DispatcherContext)
{
    const SCOPE_TABLE *scopes = (const SCOPE_TABLE *)DispatcherContext->HandlerData;
    const LONG *data = (const LONG *)&scopes->ScopeRecord[scopes->Count];
    ULONG wanted =
        IS_UNWINDING(ExceptionRecord->ExceptionFlags) ? GS_TERMINATION_HANDLER : GS_EXCEPTION_HANDLER;
    check(EstablisherFrame, DispatcherContext, data);
    if (data[0] & (LONG)wanted) {
        return __C_specific_handler(ExceptionRecord, EstablisherFrame, ContextRecord, DispatcherContext);
    }
    return ExceptionContinueSearch;
}

EXTERN_C_END
