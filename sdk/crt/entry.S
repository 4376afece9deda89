/* SPDX-License-Identifier: MIT */
/*
 * entry.S - routines with a calling convention of their own.
 *
 * __security_check_cookie   rcx: the cookie as stored, exclusive or of the frame undone. Destroys rcx only.
 * __chkstk                  rax: bytes a function is about to take from its stack. Touches every page on the way, so that the guard
 *                           page is met in order. Destroys nothing; the caller subtracts.
 * _guard_check_icall_nop    rcx: the target of an indirect call. Returns.
 * _guard_dispatch_icall_nop rax: the target. Jumps there.
 */
    .text
    .def __security_check_cookie; .scl 2; .type 32; .endef
    .globl __security_check_cookie
    .p2align 4
__security_check_cookie:
    cmpq __security_cookie(%rip), %rcx
    jne 1f
    rolq $16, %rcx
    testw $-1, %cx
    jne 2f
    ret
2:  rorq $16, %rcx
1:  jmp __report_gsfailure

    .def __chkstk; .scl 2; .type 32; .endef
    .globl __chkstk
    .p2align 4
__chkstk:
    pushq %rcx
    pushq %rax
    cmpq $0x1000, %rax
    leaq 24(%rsp), %rcx
    jb 2f
1:  subq $0x1000, %rcx
    testq %rcx, (%rcx)
    subq $0x1000, %rax
    cmpq $0x1000, %rax
    ja 1b
2:  subq %rax, %rcx
    testq %rcx, (%rcx)
    popq %rax
    popq %rcx
    ret

    .def _guard_check_icall_nop; .scl 2; .type 32; .endef
    .globl _guard_check_icall_nop
    .p2align 4
_guard_check_icall_nop:
    ret

    .def _guard_dispatch_icall_nop; .scl 2; .type 32; .endef
    .globl _guard_dispatch_icall_nop
    .p2align 4
_guard_dispatch_icall_nop:
    jmpq *%rax
