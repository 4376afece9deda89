/* SPDX-License-Identifier: MIT */
/*
 * service.S: the way between a user thread's own code, which runs on a stack in the address slice of its process, and
 * the kernel, which runs on the thread's kernel stack.
 *
 *      KiCallUser      kernel to user: remembers where the kernel stack ends (KTHREAD.UserEntryStack)
 *      KiEnterKernel   user to kernel: goes on there; UserEntryStack is NULL while the thread is in the kernel
 *
 * A thread whose UserEntryStack is NULL is in the kernel, or has no stack but one: it is called straight through.
 * The frames are signal frames, because debuggers take a caller whose stack lies elsewhere for damage in any other
 * kind of frame. KTHREAD's two fields stand at fixed offsets (ki.h asserts them).
 */
        .set    USER_ENTRY_STACK, 0x18
        .set    USER_STACK_POINTER, 0x20

        .text

/* void KiCallUser(PKTHREAD Thread, void (*fn)(void *), void *Context, PVOID UserStack) */
        .globl  KiCallUser
        .type   KiCallUser, @function
        .p2align 4
KiCallUser:
        .cfi_startproc
        .cfi_signal_frame
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        pushq   USER_STACK_POINTER(%rdi)
        pushq   %rdi
        movq    %rsp, USER_ENTRY_STACK(%rdi)
        movq    %rcx, %rsp
        andq    $-16, %rsp
        movq    %rsi, %rax
        movq    %rdx, %rdi
        call    *%rax
        leaq    -0x10(%rbp), %rsp
        popq    %rdi
        popq    USER_STACK_POINTER(%rdi)
        movq    $0, USER_ENTRY_STACK(%rdi)
        popq    %rbp
        .cfi_def_cfa %rsp, 8
        ret
        .cfi_endproc
        .size   KiCallUser, . - KiCallUser

/* The body of an entry whose address is in %r11: up to six arguments in registers, a result in %rax. */
        .macro  ENTER_KERNEL
        movq    %gs:0x188, %rax
        cmpq    $0, USER_ENTRY_STACK(%rax)
        jne     1f
        jmp     *%r11
1:      pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        movq    %rsp, %rbp
        .cfi_def_cfa_register %rbp
        movq    %rsp, USER_STACK_POINTER(%rax)
        movq    USER_ENTRY_STACK(%rax), %rsp
        movq    $0, USER_ENTRY_STACK(%rax)
        pushq   %rax
        pushq   %rsp
        call    *%r11
        popq    %rdx
        popq    %rdx
        movq    %rsp, USER_ENTRY_STACK(%rdx)
        leave
        .cfi_def_cfa %rsp, 8
        ret
        .endm

/* void KiEnterKernel(void (*fn)(void *), void *Context) */
        .globl  KiEnterKernel
        .type   KiEnterKernel, @function
        .p2align 4
KiEnterKernel:
        .cfi_startproc
        .cfi_signal_frame
        movq    %rdi, %r11
        movq    %rsi, %rdi
        ENTER_KERNEL
        .cfi_endproc
        .size   KiEnterKernel, . - KiEnterKernel

/* The requests of libkiln (kernel/include/client.h): KcName enters the kernel and calls KcsName. */
        .macro  CLIENT_CALL name
        .globl  Kc\name
        .type   Kc\name, @function
        .p2align 4
Kc\name:
        .cfi_startproc
        .cfi_signal_frame
        leaq    Kcs\name(%rip), %r11
        ENTER_KERNEL
        .cfi_endproc
        .size   Kc\name, . - Kc\name
        .endm

        CLIENT_CALL AllocateUser
        CLIENT_CALL FreeUser
        CLIENT_CALL LoadDriver
        CLIENT_CALL UnloadDriver
        CLIENT_CALL Open
        CLIENT_CALL Close
        CLIENT_CALL Flush
        CLIENT_CALL Issue
        CLIENT_CALL CreateEvent
        CLIENT_CALL WaitEvent
        CLIENT_CALL WaitIo
        CLIENT_CALL Cancel
        CLIENT_CALL Leave
        CLIENT_CALL Sleep
        CLIENT_CALL RunUntilIdle
        CLIENT_CALL RunOnThread
        CLIENT_CALL List
        CLIENT_CALL Shutdown
        CLIENT_CALL CreateProcess
        CLIENT_CALL CreateThread
        CLIENT_CALL WaitObject
        CLIENT_CALL TerminateProcess
        CLIENT_CALL TerminateThread
        CLIENT_CALL ExitThread
        CLIENT_CALL SuspendThread
        CLIENT_CALL AlertThread
        CLIENT_CALL QueueApc
        CLIENT_CALL TestAlert
        CLIENT_CALL CloseObject
        CLIENT_CALL AddProcessor
        CLIENT_CALL Nmi
        CLIENT_CALL PageOut
        CLIENT_CALL CreateSilo
        CLIENT_CALL AssignToSilo
        CLIENT_CALL EndSilo
        CLIENT_CALL CloseSilo

        .section .note.GNU-stack,"",@progbits
