/* SPDX-License-Identifier: MIT */
/*
 * excpt.h - structured exception handling as a driver writes it: dispositions, filter values, and the intrinsics that
 * a filter or a termination handler may call.  `__try`, `__except`, `__finally` and `__leave` are the compiler's.
 */
#ifndef KILN_EXCPT_H
#define KILN_EXCPT_H

typedef enum _EXCEPTION_DISPOSITION {
    ExceptionContinueExecution,
    ExceptionContinueSearch,
    ExceptionNestedException,
    ExceptionCollidedUnwind
} EXCEPTION_DISPOSITION;

#define EXCEPTION_EXECUTE_HANDLER    1
#define EXCEPTION_CONTINUE_SEARCH    0
#define EXCEPTION_CONTINUE_EXECUTION (-1)

#if defined(_WIN32) && defined(__clang__)
#define GetExceptionCode()        _exception_code()
#define exception_code()          _exception_code()
#define GetExceptionInformation() ((struct _EXCEPTION_POINTERS *)_exception_info())
#define exception_info()          ((struct _EXCEPTION_POINTERS *)_exception_info())
#define AbnormalTermination()     _abnormal_termination()
#define abnormal_termination()    _abnormal_termination()
#endif

/* The words without underscores, which C drivers may use (in C++ `try` is the language's). */
#if defined(_WIN32) && !defined(__cplusplus)
#define try     __try
#define except  __except
#define finally __finally
#define leave   __leave
#endif

#endif
