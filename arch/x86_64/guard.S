/* SPDX-License-Identifier: MIT */
/*
 * guard.S: memory accesses that may fault, and the table that says what then.
 *
 * Each routine is a leaf that leaves the stack pointer alone; a fault between its begin and end label continues at its
 * landing, which returns the failure: kind 0 the status that apply_fixup put in eax. KiFixupTable lists them: begin, end, landing, kind. Kind 0 (user) applies to
 * faults that a handler may catch; kind 1 (any) to every fault, at any IRQL: it serves reports.
 *
 * KeTryCall is not in the table: exception dispatch recognizes its frame by the return address KiTryCallReturn and
 * unwinds to KiTryCallCaught.
 */
        .text

/* NTSTATUS KiGuardedCopy(void *to, const void *from, SIZE_T bytes) */
        .globl  KiGuardedCopy
        .type   KiGuardedCopy, @function
KiGuardedCopy:
        .cfi_startproc
.Lcopy_begin:
        movq    %rdx, %rcx
        cmpq    $256, %rdx
        ja      3f
1:      cmpq    $8, %rcx
        jb      2f
        movq    (%rsi), %rax
        movq    %rax, (%rdi)
        addq    $8, %rsi
        addq    $8, %rdi
        subq    $8, %rcx
        jmp     1b
2:      testq   %rcx, %rcx
        jz      4f
        movb    (%rsi), %al
        movb    %al, (%rdi)
        incq    %rsi
        incq    %rdi
        decq    %rcx
        jmp     2b
3:      rep movsb
4:
.Lcopy_end:
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   KiGuardedCopy, . - KiGuardedCopy

/* NTSTATUS KiTouchRead(const void *), KiTouchWrite(void *): access one byte without changing it. */
        .globl  KiTouchRead
        .type   KiTouchRead, @function
KiTouchRead:
        .cfi_startproc
.Ltouch_begin:
        movb    (%rdi), %al
        jmp     5f
        .cfi_endproc
        .size   KiTouchRead, . - KiTouchRead

        .globl  KiTouchWrite
        .type   KiTouchWrite, @function
KiTouchWrite:
        .cfi_startproc
        lock orb $0, (%rdi)
.Ltouch_end:
5:      xorl    %eax, %eax
.Laccess_violation:                     /* with the status in eax */
        ret
        .cfi_endproc
        .size   KiTouchWrite, . - KiTouchWrite

/* bool KiSafeRead64(ULONGLONG address, ULONGLONG *value) */
        .globl  KiSafeRead64
        .type   KiSafeRead64, @function
KiSafeRead64:
        .cfi_startproc
.Lread64_begin:
        movq    (%rdi), %rax
.Lread64_end:
        movq    %rax, (%rsi)
        movl    $1, %eax
        ret
        .cfi_endproc
        .size   KiSafeRead64, . - KiSafeRead64

/* bool KiSafeRead(void *to, const void *from, SIZE_T bytes) */
        .globl  KiSafeRead
        .type   KiSafeRead, @function
KiSafeRead:
        .cfi_startproc
        movq    %rdx, %rcx
.Lread_begin:
        rep movsb
.Lread_end:
        movl    $1, %eax
        ret
.Lunreadable:
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   KiSafeRead, . - KiSafeRead

/*
 * NTSTATUS KeTryCall(void (*fn)(void *), void *context)
 * NTSTATUS KeTryCallEx(void (*fn)(void *), void *context, EXCEPTION_RECORD *record)
 * The record's pointer lies at 0(rsp) during the call.
 */
        .globl  KeTryCall, KeTryCallEx, KiTryCallReturn, KiTryCallCaught
        .type   KeTryCall, @function
KeTryCall:
        .cfi_startproc
        xorl    %edx, %edx
        .cfi_endproc
        .size   KeTryCall, . - KeTryCall
        .type   KeTryCallEx, @function
KeTryCallEx:
        .cfi_startproc
        pushq   %rdx
        .cfi_adjust_cfa_offset 8
        movq    %rdi, %rax
        movq    %rsi, %rdi
        call    *%rax
KiTryCallReturn:
        xorl    %eax, %eax
KiTryCallCaught:
        popq    %rdx
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_endproc
        .size   KeTryCallEx, . - KeTryCallEx

/*
 * int KiSaveState(struct ki_saved_state *): 0 when called, 1 when KiRestoreState continues there. Crash reports
 * survive their own faults with it; nothing is unwound.
 */
        .globl  KiSaveState
        .type   KiSaveState, @function
KiSaveState:
        .cfi_startproc
        movq    %rbx, 0(%rdi)
        movq    %rbp, 8(%rdi)
        movq    %r12, 16(%rdi)
        movq    %r13, 24(%rdi)
        movq    %r14, 32(%rdi)
        movq    %r15, 40(%rdi)
        leaq    8(%rsp), %rax
        movq    %rax, 48(%rdi)
        movq    (%rsp), %rax
        movq    %rax, 56(%rdi)
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   KiSaveState, . - KiSaveState

        .globl  KiRestoreState
        .type   KiRestoreState, @function
KiRestoreState:
        .cfi_startproc
        movq    0(%rdi), %rbx
        movq    8(%rdi), %rbp
        movq    16(%rdi), %r12
        movq    24(%rdi), %r13
        movq    32(%rdi), %r14
        movq    40(%rdi), %r15
        movq    48(%rdi), %rsp
        movl    $1, %eax
        jmp     *56(%rdi)
        .cfi_endproc
        .size   KiRestoreState, . - KiRestoreState

        .section .rodata
        .balign 8
        .globl  KiFixupTable, KiFixupTableEnd
KiFixupTable:
        .quad   .Lcopy_begin, .Lcopy_end, .Laccess_violation, 0
        .quad   .Ltouch_begin, .Ltouch_end, .Laccess_violation, 0
        .quad   .Lread64_begin, .Lread64_end, .Lunreadable, 1
        .quad   .Lread_begin, .Lread_end, .Lunreadable, 1
KiFixupTableEnd:

        .section .note.GNU-stack, "", @progbits
