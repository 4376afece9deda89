/* SPDX-License-Identifier: MIT */
/* misc.c - symbols that compilers refer to whether they need them or not. */
#include <nt/base.h>
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

EXTERN_C_END
