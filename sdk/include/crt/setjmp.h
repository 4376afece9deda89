/* SPDX-License-Identifier: MIT */
/*
 * setjmp.h - jumps out of calls.
 *
 * setjmp stores the caller's registers and its frame; longjmp unwinds to that frame, so that the __finally blocks on the way
 * run, and returns from setjmp again. A jump leaves the IRQL, locks and everything else that is not a register as it is. The
 * function that called setjmp must not have returned. A buffer whose Frame is 0 is jumped to without unwinding.
 */
#ifndef KILN_CRT_SETJMP_H
#define KILN_CRT_SETJMP_H

#include <crtdefs.h>

#define _JBLEN 16

typedef struct __attribute__((aligned(16))) _SETJMP_FLOAT128 {
    unsigned long long Part[2];
} SETJMP_FLOAT128;
typedef SETJMP_FLOAT128 _JBTYPE;
typedef _JBTYPE jmp_buf[_JBLEN];

/* What a jmp_buf holds. */
typedef struct _JUMP_BUFFER {
    unsigned long long Frame, Rbx, Rsp, Rbp, Rsi, Rdi, R12, R13, R14, R15, Rip;
    unsigned MxCsr;
    unsigned short FpCsr, Spare;
    SETJMP_FLOAT128 Xmm6, Xmm7, Xmm8, Xmm9, Xmm10, Xmm11, Xmm12, Xmm13, Xmm14, Xmm15;
} _JUMP_BUFFER;

#ifdef __cplusplus
extern "C" {
#endif
/* Under another name, because clang knows _setjmp only with one argument, and only where it may use its built-in functions. */
__attribute__((returns_twice)) int __cdecl kiln_setjmp(jmp_buf _Buf, void *_Frame) __asm__("_setjmpex");
#define setjmp(buffer)    kiln_setjmp(buffer, __builtin_frame_address(0))
#define _setjmp(buffer)   setjmp(buffer)
#define _setjmpex(buffer) setjmp(buffer)
__attribute__((noreturn)) void __cdecl longjmp(jmp_buf _Buf, int _Value);
#ifdef __cplusplus
}
#endif

#endif
