/* SPDX-License-Identifier: MIT */
/*
 * irqlcheck.S: from a thunk that found the IRQL outside a routine's range to LdrpIrqlViolation, and back.
 *
 * Entered by a call from the thunk, the routine's number above the return address and the driver's return address above
 * that. The driver's call may go on, so the volatile registers are kept, all of which may hold an argument. Returns to
 * the thunk with the number taken off the stack.
 */
        .text
        .globl  LdrpIrqlViolationEntry
        .type   LdrpIrqlViolationEntry, @function
LdrpIrqlViolationEntry:
        .cfi_startproc
        pushq   %rax
        .cfi_adjust_cfa_offset 8
        pushq   %rcx
        .cfi_adjust_cfa_offset 8
        pushq   %rdx
        .cfi_adjust_cfa_offset 8
        pushq   %r8
        .cfi_adjust_cfa_offset 8
        pushq   %r9
        .cfi_adjust_cfa_offset 8
        pushq   %r10
        .cfi_adjust_cfa_offset 8
        pushq   %r11
        .cfi_adjust_cfa_offset 8
        subq    $128, %rsp
        .cfi_adjust_cfa_offset 128
        movups  %xmm0, 32(%rsp)
        movups  %xmm1, 48(%rsp)
        movups  %xmm2, 64(%rsp)
        movups  %xmm3, 80(%rsp)
        movups  %xmm4, 96(%rsp)
        movups  %xmm5, 112(%rsp)
        movl    128+56+8(%rsp), %ecx
        movq    128+56+16(%rsp), %rdx
        cld
        call    LdrpIrqlViolation
        movups  32(%rsp), %xmm0
        movups  48(%rsp), %xmm1
        movups  64(%rsp), %xmm2
        movups  80(%rsp), %xmm3
        movups  96(%rsp), %xmm4
        movups  112(%rsp), %xmm5
        addq    $128, %rsp
        .cfi_adjust_cfa_offset -128
        popq    %r11
        .cfi_adjust_cfa_offset -8
        popq    %r10
        .cfi_adjust_cfa_offset -8
        popq    %r9
        .cfi_adjust_cfa_offset -8
        popq    %r8
        .cfi_adjust_cfa_offset -8
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        popq    %rax
        .cfi_adjust_cfa_offset -8
        ret     $8
        .cfi_endproc
        .size   LdrpIrqlViolationEntry, . - LdrpIrqlViolationEntry
        .section .note.GNU-stack, "", @progbits
