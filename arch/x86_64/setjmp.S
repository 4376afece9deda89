/* SPDX-License-Identifier: MIT */
/*
 * setjmp.S: int _setjmp(jmp_buf rcx, void *frame rdx): the caller's state as it is when this returns, which it does with 0;
 * longjmp (exception.c) makes it return again. The buffer is struct jump_buffer of exception.c.
 */
        .text
        .globl  nt__setjmp, nt__setjmpex
        .type   nt__setjmp, @function
        .type   nt__setjmpex, @function
nt__setjmp:
nt__setjmpex:
        .cfi_startproc
        movq    %rdx, (%rcx)
        movq    %rbx, 8(%rcx)
        leaq    8(%rsp), %rax
        movq    %rax, 16(%rcx)
        movq    %rbp, 24(%rcx)
        movq    %rsi, 32(%rcx)
        movq    %rdi, 40(%rcx)
        movq    %r12, 48(%rcx)
        movq    %r13, 56(%rcx)
        movq    %r14, 64(%rcx)
        movq    %r15, 72(%rcx)
        movq    (%rsp), %rax
        movq    %rax, 80(%rcx)
        stmxcsr 88(%rcx)
        fnstcw  92(%rcx)
        movdqu  %xmm6, 96(%rcx)
        movdqu  %xmm7, 112(%rcx)
        movdqu  %xmm8, 128(%rcx)
        movdqu  %xmm9, 144(%rcx)
        movdqu  %xmm10, 160(%rcx)
        movdqu  %xmm11, 176(%rcx)
        movdqu  %xmm12, 192(%rcx)
        movdqu  %xmm13, 208(%rcx)
        movdqu  %xmm14, 224(%rcx)
        movdqu  %xmm15, 240(%rcx)
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   nt__setjmp, . - nt__setjmp
        .size   nt__setjmpex, . - nt__setjmpex

        .section .note.GNU-stack, "", @progbits
