/* SPDX-License-Identifier: MIT */
/*
 * chkstk.S: the stack probe that compilers call in functions with a frame of more than a page, for images that import it.
 *
 * rax: bytes the function is about to take. Touches every page on the way, so that the guard page is met in order. Destroys
 * nothing but the flags; the caller subtracts.
 */
        .text
        .globl  __chkstk
        .type   __chkstk, @function
        .p2align 4
__chkstk:
        .cfi_startproc
        pushq   %rcx
        .cfi_adjust_cfa_offset 8
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        leaq    24(%rsp), %rcx          /* the caller's stack pointer */
1:      cmpq    $0x1000, %rax
        jb      2f
        subq    $0x1000, %rcx
        testq   %rcx, (%rcx)
        subq    $0x1000, %rax
        jmp     1b
2:      subq    %rax, %rcx
        testq   %rcx, (%rcx)
        popq    %rax
        .cfi_adjust_cfa_offset -8
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_endproc
        .size   __chkstk, . - __chkstk

        .section .note.GNU-stack, "", @progbits
