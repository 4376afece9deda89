/* SPDX-License-Identifier: MIT */
/*
 * switch.S: the thread switch.
 *
 * A thread that does not run has, at its saved stack pointer, everything the Windows and the System V ABI together
 * call preserved: rbx rbp rsi rdi r12-r15, xmm6-xmm15, MXCSR and the x87 control word. The kernel itself uses no vector
 * register, so what is saved is the driver's. The frame is described by CFI, so that a walk or an unwind of a thread
 * that is switched out starts at KiSwitchStack like any other frame.
 *
 *      0x00  xmm6 ... xmm15
 *      0xa0  MXCSR, 0xa4 x87 control word, 0xa8 and 0xb0 unused
 *      0xb8  r15 r14 r13 r12 rdi rsi rbx rbp
 *      0xf8  return address
 */
        .text
        .globl  KiSwitchStack
        .type   KiSwitchStack, @function
        .p2align 4
KiSwitchStack:                          /* rdi: where to save, rsi: what to load */
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rsi, 0
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rdi, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        subq    $0xb8, %rsp
        .cfi_adjust_cfa_offset 0xb8
        stmxcsr 0xa0(%rsp)
        fnstcw  0xa4(%rsp)
        movaps  %xmm6, 0x00(%rsp)
        .cfi_rel_offset %xmm6, 0x00
        movaps  %xmm7, 0x10(%rsp)
        .cfi_rel_offset %xmm7, 0x10
        movaps  %xmm8, 0x20(%rsp)
        .cfi_rel_offset %xmm8, 0x20
        movaps  %xmm9, 0x30(%rsp)
        .cfi_rel_offset %xmm9, 0x30
        movaps  %xmm10, 0x40(%rsp)
        .cfi_rel_offset %xmm10, 0x40
        movaps  %xmm11, 0x50(%rsp)
        .cfi_rel_offset %xmm11, 0x50
        movaps  %xmm12, 0x60(%rsp)
        .cfi_rel_offset %xmm12, 0x60
        movaps  %xmm13, 0x70(%rsp)
        .cfi_rel_offset %xmm13, 0x70
        movaps  %xmm14, 0x80(%rsp)
        .cfi_rel_offset %xmm14, 0x80
        movaps  %xmm15, 0x90(%rsp)
        .cfi_rel_offset %xmm15, 0x90

        movl    0xa0(%rsp), %eax
        movzwl  0xa4(%rsp), %ecx
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp

        /* Loading control registers is slow and seldom needed: threads rarely differ. */
        cmpl    0xa0(%rsp), %eax
        jne     2f
1:      cmpw    0xa4(%rsp), %cx
        jne     3f
4:      movaps  0x00(%rsp), %xmm6
        movaps  0x10(%rsp), %xmm7
        movaps  0x20(%rsp), %xmm8
        movaps  0x30(%rsp), %xmm9
        movaps  0x40(%rsp), %xmm10
        movaps  0x50(%rsp), %xmm11
        movaps  0x60(%rsp), %xmm12
        movaps  0x70(%rsp), %xmm13
        movaps  0x80(%rsp), %xmm14
        movaps  0x90(%rsp), %xmm15
        .cfi_remember_state
        addq    $0xb8, %rsp
        .cfi_adjust_cfa_offset -0xb8
        .cfi_restore %xmm6
        .cfi_restore %xmm7
        .cfi_restore %xmm8
        .cfi_restore %xmm9
        .cfi_restore %xmm10
        .cfi_restore %xmm11
        .cfi_restore %xmm12
        .cfi_restore %xmm13
        .cfi_restore %xmm14
        .cfi_restore %xmm15
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rdi
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rsi
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        ret
        .cfi_restore_state
2:      ldmxcsr 0xa0(%rsp)
        jmp     1b
3:      fldcw   0xa4(%rsp)
        jmp     4b
        .cfi_endproc
        .size   KiSwitchStack, . - KiSwitchStack

/* Where a new thread's first switch returns to. rip is undefined here: the stack ends. */
        .globl  KiThreadStartThunk
        .type   KiThreadStartThunk, @function
        .p2align 4
        .cfi_startproc
        .cfi_undefined rip
        nop                             /* unwinders look up return address - 1 */
KiThreadStartThunk:
        xorl    %ebp, %ebp
        call    KiThreadStartup
        ud2
        .cfi_endproc
        .size   KiThreadStartThunk, . - KiThreadStartThunk

/* PVOID KepPrepareStack(PVOID StackBase): the frame above, with default control words. */
        .globl  KepPrepareStack
        .type   KepPrepareStack, @function
        .p2align 4
KepPrepareStack:
        .cfi_startproc
        leaq    -0x200(%rdi), %rax
        andq    $-16, %rax              /* the frame is 0x100 long: rsp is aligned after its return */
        movq    %rax, %rdx
        movl    $32, %ecx
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        movq    %rax, %rdi
        xorl    %eax, %eax
        rep stosq
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        movq    %rdx, %rax
        movl    $0x1f80, 0xa0(%rax)
        movw    $0x27f, 0xa4(%rax)
        leaq    KiThreadStartThunk(%rip), %rcx
        movq    %rcx, 0xf8(%rax)
        ret
        .cfi_endproc
        .size   KepPrepareStack, . - KepPrepareStack

/*
 * void KiCallOnStack(void (*fn)(void *), void *Context, PVOID StackBase). Called a signal frame, because debuggers take a
 * caller whose stack lies elsewhere for damage in any other kind of frame.
 */
        .globl  KiCallOnStack
        .type   KiCallOnStack, @function
        .p2align 4
KiCallOnStack:
        .cfi_startproc
        .cfi_signal_frame
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movq    %rdx, %rsp
        andq    $-16, %rsp
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *%rax
        leave
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   KiCallOnStack, . - KiCallOnStack

        .section .note.GNU-stack,"",@progbits
