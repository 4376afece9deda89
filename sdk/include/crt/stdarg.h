/* SPDX-License-Identifier: MIT */
/* stdarg.h - variable arguments. */
#ifndef KILN_CRT_STDARG_H
#define KILN_CRT_STDARG_H
#include <crtdefs.h>
#define va_start(list, last) __builtin_va_start(list, last)
#define va_arg(list, type)   __builtin_va_arg(list, type)
#define va_end(list)         __builtin_va_end(list)
#define va_copy(to, from)    __builtin_va_copy(to, from)
#endif
