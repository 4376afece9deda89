/* SPDX-License-Identifier: MIT */
/*
 * redirect.S: leaving a trap, and interrupting driver code.
 *
 * A signal handler does nothing but write a struct host_trap onto the interrupted stack and point rip at KiTrap or at
 * host_redirect_entry, with rdi = the trap and rsp = the trap - 8. Both continue the interrupted code, perhaps much
 * later and on another pthread, by host_trap_load, which loads every register from the trap in one iretq.
 *
 * The offsets are those of struct host_trap (traps.c asserts them).
 */
#define TRAP_RSP      32
#define TRAP_RIP      128
#define TRAP_RFLAGS   136
#define TRAP_MXCSR    144
#define TRAP_EXTENDED 176
#define TRAP_XMM      192

        .text

/* void host_trap_load(const struct host_trap *): host_trap_resume, whose frames are all left already */
        .globl  host_trap_load
        .type   host_trap_load, @function
host_trap_load:
        .cfi_startproc
        .cfi_undefined rip
        movq    TRAP_EXTENDED(%rdi), %rsi
        testq   %rsi, %rsi
        jz      2f
        /* The xmm registers and mxcsr of the trap win over those of the image. */
        .set    i, 0
        .rept   16
        movups  (TRAP_XMM + 16 * i)(%rdi), %xmm0
        movups  %xmm0, (160 + 16 * i)(%rsi)
        .set    i, i + 1
        .endr
        movl    TRAP_MXCSR(%rdi), %eax
        movl    %eax, 24(%rsi)
        orq     $2, 512(%rsi)
        movl    $0xE7, %eax             /* x87, SSE, AVX, AVX-512: what the image can hold */
        andl    host_xsave_mask(%rip), %eax
        xorl    %edx, %edx
        xrstor64 (%rsi)
        jmp     3f
2:
        ldmxcsr TRAP_MXCSR(%rdi)
        movups  (TRAP_XMM + 0x00)(%rdi), %xmm0
        movups  (TRAP_XMM + 0x10)(%rdi), %xmm1
        movups  (TRAP_XMM + 0x20)(%rdi), %xmm2
        movups  (TRAP_XMM + 0x30)(%rdi), %xmm3
        movups  (TRAP_XMM + 0x40)(%rdi), %xmm4
        movups  (TRAP_XMM + 0x50)(%rdi), %xmm5
        movups  (TRAP_XMM + 0x60)(%rdi), %xmm6
        movups  (TRAP_XMM + 0x70)(%rdi), %xmm7
        movups  (TRAP_XMM + 0x80)(%rdi), %xmm8
        movups  (TRAP_XMM + 0x90)(%rdi), %xmm9
        movups  (TRAP_XMM + 0xA0)(%rdi), %xmm10
        movups  (TRAP_XMM + 0xB0)(%rdi), %xmm11
        movups  (TRAP_XMM + 0xC0)(%rdi), %xmm12
        movups  (TRAP_XMM + 0xD0)(%rdi), %xmm13
        movups  (TRAP_XMM + 0xE0)(%rdi), %xmm14
        movups  (TRAP_XMM + 0xF0)(%rdi), %xmm15
3:
        movl    %ss, %eax
        pushq   %rax
        pushq   TRAP_RSP(%rdi)
        pushq   TRAP_RFLAGS(%rdi)
        movl    %cs, %eax
        pushq   %rax
        pushq   TRAP_RIP(%rdi)
        movq    0(%rdi), %rax
        movq    8(%rdi), %rcx
        movq    16(%rdi), %rdx
        movq    24(%rdi), %rbx
        movq    40(%rdi), %rbp
        movq    48(%rdi), %rsi
        movq    64(%rdi), %r8
        movq    72(%rdi), %r9
        movq    80(%rdi), %r10
        movq    88(%rdi), %r11
        movq    96(%rdi), %r12
        movq    104(%rdi), %r13
        movq    112(%rdi), %r14
        movq    120(%rdi), %r15
        movq    56(%rdi), %rdi
        iretq
        .cfi_endproc
        .size   host_trap_load, . - host_trap_load

/* Where the redirect signal continues a processor that executed driver code. */
        .globl  host_redirect_entry
        .type   host_redirect_entry, @function
host_redirect_entry:
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
        subq    $8, %rsp
        .cfi_def_cfa rsp, 16
        call    KiRedirected
        leaq    16(%rsp), %rdi
        call    host_trap_load
        ud2
        .cfi_endproc
        .size   host_redirect_entry, . - host_redirect_entry

/* bool host_probe_write(void *): false if the byte cannot be written (the SIGSEGV handler knows host_probe_insn). */
        .globl  host_probe_write, host_probe_insn, host_probe_failed
        .type   host_probe_write, @function
host_probe_write:
        .cfi_startproc
host_probe_insn:
        orb     $0, (%rdi)
        movl    $1, %eax
        ret
host_probe_failed:
        xorl    %eax, %eax
        ret
        .cfi_endproc
        .size   host_probe_write, . - host_probe_write

        .section .note.GNU-stack, "", @progbits
