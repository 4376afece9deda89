/* SPDX-License-Identifier: MIT */
/*
 * trap_entry.S: the doors of the exception machinery.
 *
 *   KiTrap                        the host's handler continues a faulting processor here (rdi = trap = rsp + 8)
 *   RtlRaiseException and kin     capture the caller's CONTEXT, then continue in C with it
 *   RtlCaptureContext, RtlRestoreContext
 *   KiExecuteHandlerFor...        call a language handler through a frame that dispatch recognizes later: an exception
 *                                 in a filter is a nested exception, one in a termination handler a collided unwind
 *
 * Offsets are those of CONTEXT and struct host_trap (trap.c asserts them). Every frame here has complete call frame
 * information, because exceptions are unwound through it.
 */
#define CTX_SIZE  1232
#define CTX_FLAGS 0x30
#define CTX_MXCSR 0x34
#define CTX_SEGCS 0x38
#define CTX_EFLAGS 0x44
#define CTX_RAX   0x78
#define CTX_RCX   0x80
#define CTX_RDX   0x88
#define CTX_RBX   0x90
#define CTX_RSP   0x98
#define CTX_RBP   0xA0
#define CTX_RSI   0xA8
#define CTX_RDI   0xB0
#define CTX_R8    0xB8
#define CTX_R9    0xC0
#define CTX_R10   0xC8
#define CTX_R11   0xD0
#define CTX_R12   0xD8
#define CTX_R13   0xE0
#define CTX_R14   0xE8
#define CTX_R15   0xF0
#define CTX_RIP   0xF8
#define CTX_FLT   0x100
#define CTX_FLT_MXCSR 0x118
#define CTX_XMM0  0x1A0

#define CONTEXT_FULL_AND_SEGMENTS 0x10000F

        .text

/* ---------------------------------------------------------------- hardware */

        .globl  KiTrap
        .type   KiTrap, @function
KiTrap:
        .cfi_startproc
        .cfi_signal_frame
        .cfi_def_cfa rsp, 8             /* the trap; every register lies at its offset in it */
        .cfi_offset rax, 0
        .cfi_offset rcx, 8
        .cfi_offset rdx, 16
        .cfi_offset rbx, 24
        .cfi_offset rsp, 32
        .cfi_offset rbp, 40
        .cfi_offset rsi, 48
        .cfi_offset rdi, 56
        .cfi_offset r8, 64
        .cfi_offset r9, 72
        .cfi_offset r10, 80
        .cfi_offset r11, 88
        .cfi_offset r12, 96
        .cfi_offset r13, 104
        .cfi_offset r14, 112
        .cfi_offset r15, 120
        .cfi_offset rip, 128
        .cfi_offset xmm6, 288
        .cfi_offset xmm7, 304
        .cfi_offset xmm8, 320
        .cfi_offset xmm9, 336
        .cfi_offset xmm10, 352
        .cfi_offset xmm11, 368
        .cfi_offset xmm12, 384
        .cfi_offset xmm13, 400
        .cfi_offset xmm14, 416
        .cfi_offset xmm15, 432
        subq    $8, %rsp
        .cfi_def_cfa rsp, 16
        call    KiDispatchTrap
        ud2
        .cfi_endproc
        .size   KiTrap, . - KiTrap

/* ---------------------------------------------------------------- capturing */

/* Store every register but rsp and rip in the CONTEXT at `base`; flags are on top of the stack. */
.macro CAPTURE base, flags
        movl    $CONTEXT_FULL_AND_SEGMENTS, CTX_FLAGS(\base)
        movw    %cs, CTX_SEGCS(\base)
        movw    %ds, CTX_SEGCS+2(\base)
        movw    %es, CTX_SEGCS+4(\base)
        movw    %fs, CTX_SEGCS+6(\base)
        movw    %gs, CTX_SEGCS+8(\base)
        movw    %ss, CTX_SEGCS+10(\base)
        movq    %rax, CTX_RAX(\base)
        movq    %rcx, CTX_RCX(\base)
        movq    %rdx, CTX_RDX(\base)
        movq    %rbx, CTX_RBX(\base)
        movq    %rbp, CTX_RBP(\base)
        movq    %rsi, CTX_RSI(\base)
        movq    %rdi, CTX_RDI(\base)
        movq    %r8, CTX_R8(\base)
        movq    %r9, CTX_R9(\base)
        movq    %r10, CTX_R10(\base)
        movq    %r11, CTX_R11(\base)
        movq    %r12, CTX_R12(\base)
        movq    %r13, CTX_R13(\base)
        movq    %r14, CTX_R14(\base)
        movq    %r15, CTX_R15(\base)
        fxsave64 CTX_FLT(\base)
        stmxcsr CTX_MXCSR(\base)
.endm

/* VOID RtlCaptureContext(PCONTEXT): the caller's state, as it is when this returns. */
        .globl  RtlCaptureContext
        .type   RtlCaptureContext, @function
RtlCaptureContext:
        .cfi_startproc
        pushfq
        .cfi_adjust_cfa_offset 8
        CAPTURE %rcx
        movq    (%rsp), %rax
        movl    %eax, CTX_EFLAGS(%rcx)
        leaq    16(%rsp), %rax
        movq    %rax, CTX_RSP(%rcx)
        movq    8(%rsp), %rax
        movq    %rax, CTX_RIP(%rcx)
        movq    CTX_RAX(%rcx), %rax
        popfq
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_endproc
        .size   RtlCaptureContext, . - RtlCaptureContext

/*
 * An exported routine that captures its caller's state and goes on in C with
 * target(CONTEXT *caller, arg1, arg2, arg3, arg4, arg5), arg1.. being its own (Windows) arguments. On return of the target
 * the routine returns.
 */
.macro CAPTURING name, target
        .globl  \name
        .type   \name, @function
\name:
        .cfi_startproc
        pushfq
        .cfi_adjust_cfa_offset 8
        subq    $(CTX_SIZE + 16), %rsp   /* rsp is 16-byte aligned: 8 + 8 + 1248 */
        .cfi_adjust_cfa_offset (CTX_SIZE + 16)
        CAPTURE %rsp
        movq    (CTX_SIZE + 16)(%rsp), %rax
        movl    %eax, CTX_EFLAGS(%rsp)
        leaq    (CTX_SIZE + 32)(%rsp), %rax
        movq    %rax, CTX_RSP(%rsp)
        movq    (CTX_SIZE + 24)(%rsp), %rax
        movq    %rax, CTX_RIP(%rsp)
        movq    %rdi, (CTX_SIZE + 0)(%rsp)
        .cfi_rel_offset rdi, (CTX_SIZE + 0)
        movq    %rsi, (CTX_SIZE + 8)(%rsp)
        .cfi_rel_offset rsi, (CTX_SIZE + 8)
        movq    %rsp, %rdi
        movq    %rcx, %rsi
        movq    %r8, %rcx
        movq    %r9, %r8
        movq    (CTX_SIZE + 64)(%rsp), %r9 /* the fifth argument, behind return address and home area */
        call    \target
        movq    (CTX_SIZE + 0)(%rsp), %rdi
        .cfi_restore rdi
        movq    (CTX_SIZE + 8)(%rsp), %rsi
        .cfi_restore rsi
        addq    $(CTX_SIZE + 16), %rsp
        .cfi_adjust_cfa_offset -(CTX_SIZE + 16)
        popfq
        .cfi_adjust_cfa_offset -8
        ret
        .cfi_endproc
        .size   \name, . - \name
.endm

        CAPTURING RtlRaiseException, KiRaiseException
        CAPTURING ExRaiseException, KiRaiseException
        CAPTURING RtlRaiseStatus, KiRaiseStatus
        CAPTURING ExRaiseStatus, KiRaiseStatus
        CAPTURING ExRaiseAccessViolation, KiRaiseAccessViolation
        CAPTURING ExRaiseDatatypeMisalignment, KiRaiseMisalignment
        CAPTURING RtlUnwindEx, KiUnwindExCaptured
        CAPTURING KeBugCheck, KiBugCheckCaptured
        CAPTURING KeBugCheckEx, KiBugCheckExCaptured

/* VOID RtlUnwind(TargetFrame, TargetIp, ExceptionRecord, ReturnValue) */
        CAPTURING RtlUnwind, KiUnwindCaptured

/* void longjmp(jmp_buf, int value) */
        CAPTURING nt_longjmp, KiLongJumpCaptured

/* ---------------------------------------------------------------- restoring */

/*
 * void KiRestoreContext(const CONTEXT *): continue with the state. The stack of the target lies above ours, so what is
 * below its stack pointer is dead and carries the last registers. (A state that was interrupted at an arbitrary
 * instruction of System V code has a red zone; such states are continued by host_trap_resume or KiResumeContext.)
 */
        .globl  KiRestoreContext
        .type   KiRestoreContext, @function
KiRestoreContext:
        .cfi_startproc
        .cfi_undefined rip
        testb   $8, CTX_FLAGS(%rdi)
        jz      1f
        fxrstor64 CTX_FLT(%rdi)
        ldmxcsr CTX_MXCSR(%rdi)
1:      movq    CTX_RAX(%rdi), %rax
        movq    CTX_RDX(%rdi), %rdx
        movq    CTX_RBX(%rdi), %rbx
        movq    CTX_RBP(%rdi), %rbp
        movq    CTX_RSI(%rdi), %rsi
        movq    CTX_R8(%rdi), %r8
        movq    CTX_R9(%rdi), %r9
        movq    CTX_R10(%rdi), %r10
        movq    CTX_R11(%rdi), %r11
        movq    CTX_R12(%rdi), %r12
        movq    CTX_R13(%rdi), %r13
        movq    CTX_R14(%rdi), %r14
        movq    CTX_R15(%rdi), %r15
        pushq   CTX_RCX(%rdi)
        pushq   CTX_RDI(%rdi)
        pushq   CTX_RIP(%rdi)
        movl    CTX_EFLAGS(%rdi), %ecx
        pushq   %rcx
        movq    CTX_RSP(%rdi), %rcx
        popq    -16(%rcx)               /* flags */
        popq    -8(%rcx)                /* rip */
        popq    -32(%rcx)               /* rdi */
        popq    -24(%rcx)               /* rcx */
        leaq    -32(%rcx), %rsp
        popq    %rdi
        popq    %rcx
        popfq
        ret
        .cfi_endproc
        .size   KiRestoreContext, . - KiRestoreContext

/* void KiResumeContext(const CONTEXT *): the same for a state interrupted anywhere; nothing below its rsp is touched. */
        .globl  KiResumeContext
        .type   KiResumeContext, @function
KiResumeContext:
        .cfi_startproc
        .cfi_undefined rip
        testb   $8, CTX_FLAGS(%rdi)
        jz      1f
        fxrstor64 CTX_FLT(%rdi)
        ldmxcsr CTX_MXCSR(%rdi)
1:      movl    %ss, %eax
        pushq   %rax
        pushq   CTX_RSP(%rdi)
        movl    CTX_EFLAGS(%rdi), %eax
        pushq   %rax
        movl    %cs, %eax
        pushq   %rax
        pushq   CTX_RIP(%rdi)
        movq    CTX_RAX(%rdi), %rax
        movq    CTX_RCX(%rdi), %rcx
        movq    CTX_RDX(%rdi), %rdx
        movq    CTX_RBX(%rdi), %rbx
        movq    CTX_RBP(%rdi), %rbp
        movq    CTX_RSI(%rdi), %rsi
        movq    CTX_R8(%rdi), %r8
        movq    CTX_R9(%rdi), %r9
        movq    CTX_R10(%rdi), %r10
        movq    CTX_R11(%rdi), %r11
        movq    CTX_R12(%rdi), %r12
        movq    CTX_R13(%rdi), %r13
        movq    CTX_R14(%rdi), %r14
        movq    CTX_R15(%rdi), %r15
        movq    CTX_RDI(%rdi), %rdi
        iretq
        .cfi_endproc
        .size   KiResumeContext, . - KiResumeContext

/* ---------------------------------------------------------------- calling handlers */

/*
 * EXCEPTION_DISPOSITION KiExecuteHandlerForException(record, frame, context, dispatcher)
 * EXCEPTION_DISPOSITION KiExecuteHandlerForUnwind(record, frame, context, dispatcher)
 * The dispatcher context lies at 32(rsp) during the call.
 */
.macro EXECUTE_HANDLER name, label
        .globl  \name, \label
        .type   \name, @function
\name:
        .cfi_startproc
        subq    $40, %rsp
        .cfi_adjust_cfa_offset 40
        movq    %rcx, 32(%rsp)
        movq    %rcx, %r9
        movq    %rdx, %r8
        movq    %rsi, %rdx
        movq    %rdi, %rcx
        call    *0x30(%r9)              /* DISPATCHER_CONTEXT.LanguageHandler */
\label:
        addq    $40, %rsp
        .cfi_adjust_cfa_offset -40
        ret
        .cfi_endproc
        .size   \name, . - \name
.endm

        EXECUTE_HANDLER KiExecuteHandlerForException, KiExceptionHandlerReturn
        EXECUTE_HANDLER KiExecuteHandlerForUnwind, KiUnwindHandlerReturn


        .section .note.GNU-stack, "", @progbits
