/* SPDX-License-Identifier: MIT */
/* misc.c - symbols that compilers refer to whether they need them or not. */
#include <nt/context.h>
#include <nt/rtl_list.h>

EXTERN_C_START

/* The mark of a module that uses floating point. */
int _fltused = 0x9875;

/* A call of a pure virtual function. */
int _purecall(void)
{
    RtlFailFast(FAST_FAIL_FATAL_APP_EXIT);
}

/* Drivers are not told when the machine ends: destructors of static objects do not run. */
int atexit(void (*function)(void))
{
    UNREFERENCED_PARAMETER(function);
    return 0;
}

/*
 * The handler of a C++ function that has objects to destroy. Kernel C++ has no exceptions of its own, and a
 * structured one that passes such a function does not run its destructors, as with Microsoft's /kernel.
 */
EXCEPTION_DISPOSITION __CxxFrameHandler3(PEXCEPTION_RECORD ExceptionRecord, PVOID EstablisherFrame,
                                         PCONTEXT ContextRecord, PDISPATCHER_CONTEXT DispatcherContext)
{
    UNREFERENCED_PARAMETER(ExceptionRecord);
    UNREFERENCED_PARAMETER(EstablisherFrame);
    UNREFERENCED_PARAMETER(ContextRecord);
    UNREFERENCED_PARAMETER(DispatcherContext);
    return ExceptionContinueSearch;
}

EXTERN_C_END
