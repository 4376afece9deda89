/* SPDX-License-Identifier: MIT */
/*
 * memory.S: moving, filling and comparing memory with vector registers. System V convention; leaf routines without a frame, so
 * that a fault unwinds out of them.
 *
 * The kernel keeps drivers' vector state by not touching it (docs/adr/0002). What may be used here without saving is what both
 * conventions let any call destroy: xmm0-xmm5. The upper halves of ymm registers are a different matter: nothing that
 * interrupts a driver saves them, so the 256-bit loops are entered only when XGETBV says that no upper half is in use
 * (XINUSE; then VZEROUPPER leaves them as they were). RtlpMemoryVectors says whether the processor can tell
 * (kernel/rtl/memory.c).
 *
 *      bytes           moved by                                        filled by
 *      0 to 15         general registers, all loads first              the same
 *      16 to 128       at most ten loads, then the stores              at most eight stores
 *      to REP          64 bytes a turn                                 64 bytes a turn
 *      above           rep movsb; 64 or 128 (ymm, from WIDE on) bytes  rep stosb
 *                      a turn where that is slow: overlapping buffers
 *
 * XGETBV takes some 12 ns, so that below WIDE bytes nothing is gained by wider registers. The exported routines have entries
 * of their own for short buffers, in the Windows convention: a wrapper would take longer than the work.
 *
 * Overlapping buffers: the end that would be overwritten is loaded before anything is stored, and the direction is away
 * from the overlap.
 */
#define WIDE 4096
#define REP  2048

        .text

/* Carry on at \no if a 256-bit loop may not be used. Destroys rax, rcx, rdx: the caller keeps them elsewhere. */
.macro  NEED_WIDE no
        cmpb    $1, RtlpMemoryVectors(%rip)
        jne     \no
        movl    $1, %ecx
        xgetbv
        testl   $4, %eax
        jnz     \no
.endm

/* At most 128 bytes, in either convention; r9-r11 and rax are free in both. More: on to \long. */
.macro  MOVE to, from, n, long
        cmpq    $16, %\n
        jb      4f
        movdqu  (%\from), %xmm0
        movdqu  -16(%\from,%\n), %xmm1
        cmpq    $32, %\n
        ja      1f
        movq    %\to, %rax
        movdqu  %xmm0, (%\to)
        movdqu  %xmm1, -16(%\to,%\n)
        ret
1:      cmpq    $64, %\n
        ja      2f
        movq    %\to, %rax
        movdqu  16(%\from), %xmm2
        movdqu  -32(%\from,%\n), %xmm3
        movdqu  %xmm0, (%\to)
        movdqu  %xmm2, 16(%\to)
        movdqu  %xmm3, -32(%\to,%\n)
        movdqu  %xmm1, -16(%\to,%\n)
        ret
2:      cmpq    $128, %\n
        ja      \long
        movdqu  16(%\from), %xmm2
        movdqu  -32(%\from,%\n), %xmm3
        movdqu  32(%\from), %xmm4
        movdqu  -48(%\from,%\n), %xmm5
        movq    48(%\from), %r9
        movq    56(%\from), %r10
        movq    -64(%\from,%\n), %r11
        movq    -56(%\from,%\n), %rax
        movdqu  %xmm0, (%\to)
        movdqu  %xmm2, 16(%\to)
        movdqu  %xmm4, 32(%\to)
        movq    %r9, 48(%\to)
        movq    %r10, 56(%\to)
        movq    %r11, -64(%\to,%\n)
        movq    %rax, -56(%\to,%\n)
        movdqu  %xmm5, -48(%\to,%\n)
        movdqu  %xmm3, -32(%\to,%\n)
        movdqu  %xmm1, -16(%\to,%\n)
        movq    %\to, %rax
        ret
        .p2align 4
4:      movq    %\to, %rax
        cmpq    $8, %\n
        jb      5f
        movq    (%\from), %r9
        movq    -8(%\from,%\n), %r10
        movq    %r9, (%\to)
        movq    %r10, -8(%\to,%\n)
        ret
5:      cmpq    $4, %\n
        jb      6f
        movl    (%\from), %r9d
        movl    -4(%\from,%\n), %r10d
        movl    %r9d, (%\to)
        movl    %r10d, -4(%\to,%\n)
        ret
6:      testq   %\n, %\n
        jz      7f
        movzbl  (%\from), %r9d
        movzbl  -1(%\from,%\n), %r10d
        shrq    $1, %\n                 /* 1: the same byte; 2, 3: the middle one */
        movzbl  (%\from,%\n), %r11d
        movb    %r9b, (%\to)
        movb    %r11b, (%\to,%\n)
        adcq    %\n, %\n                /* the number again: the carry is the bit that was shifted out */
        movb    %r10b, -1(%\to,%\n)
7:      ret
.endm

        .globl  RtlpMemcpy
        .globl  RtlpMemmove
        .type   RtlpMemcpy, @function
        .type   RtlpMemmove, @function
        .p2align 5
RtlpMemcpy:
RtlpMemmove:                            /* rdi: to, rsi: from, rdx: bytes */
        .cfi_startproc
        MOVE    rdi, rsi, rdx, .Lmove_long

        .p2align 4
.Lmove_long:
        movq    %rdi, %rax
        movq    %rdi, %rcx
        subq    %rsi, %rcx
        cmpq    %rdx, %rcx
        jb      .Lmove_backward         /* to lies within from: begin at the end */
        cmpq    $REP, %rdx
        jae     .Lmove_forward_rep
.Lmove_forward:
        movdqu  -32(%rsi,%rdx), %xmm4
        movdqu  -16(%rsi,%rdx), %xmm5
        leaq    -32(%rdi,%rdx), %r8
1:      movdqu  (%rsi), %xmm0
        movdqu  16(%rsi), %xmm1
        movdqu  32(%rsi), %xmm2
        movdqu  48(%rsi), %xmm3
        movdqu  %xmm0, (%rdi)
        movdqu  %xmm1, 16(%rdi)
        movdqu  %xmm2, 32(%rdi)
        movdqu  %xmm3, 48(%rdi)
        addq    $64, %rsi
        addq    $64, %rdi
        subq    $64, %rdx
        cmpq    $96, %rdx
        ja      1b
2:      cmpq    $32, %rdx
        jbe     3f
        movdqu  (%rsi), %xmm0
        movdqu  16(%rsi), %xmm1
        movdqu  %xmm0, (%rdi)
        movdqu  %xmm1, 16(%rdi)
        addq    $32, %rsi
        addq    $32, %rdi
        subq    $32, %rdx
        jmp     2b
3:      movdqu  %xmm4, (%r8)
        movdqu  %xmm5, 16(%r8)
        ret

        .p2align 4
.Lmove_backward:
        cmpq    $WIDE, %rdx
        ja      .Lmove_backward_wide
.Lmove_backward_narrow:
        movdqu  (%rsi), %xmm4
        movdqu  16(%rsi), %xmm5
1:      movdqu  -16(%rsi,%rdx), %xmm0
        movdqu  -32(%rsi,%rdx), %xmm1
        movdqu  -48(%rsi,%rdx), %xmm2
        movdqu  -64(%rsi,%rdx), %xmm3
        movdqu  %xmm0, -16(%rdi,%rdx)
        movdqu  %xmm1, -32(%rdi,%rdx)
        movdqu  %xmm2, -48(%rdi,%rdx)
        movdqu  %xmm3, -64(%rdi,%rdx)
        subq    $64, %rdx
        cmpq    $96, %rdx
        ja      1b
2:      cmpq    $32, %rdx
        jbe     3f
        movdqu  -16(%rsi,%rdx), %xmm0
        movdqu  -32(%rsi,%rdx), %xmm1
        movdqu  %xmm0, -16(%rdi,%rdx)
        movdqu  %xmm1, -32(%rdi,%rdx)
        subq    $32, %rdx
        jmp     2b
3:      movdqu  %xmm4, (%rdi)
        movdqu  %xmm5, 16(%rdi)
        ret

        .p2align 4
.Lmove_forward_rep:
        movq    %rsi, %rcx
        subq    %rdi, %rcx
        cmpq    $64, %rcx               /* rep movsb is slow when it overlaps closely */
        jb      1f
        movq    %rdx, %rcx
        rep movsb
        ret
1:      movq    %rdx, %r9
        movq    %rax, %r10
        cmpq    $WIDE, %rdx
        jb      .Lmove_forward_narrow
        NEED_WIDE .Lmove_forward_narrow
        movq    %r10, %rax
        movq    %r9, %rdx
        vmovdqu -64(%rsi,%rdx), %ymm4
        vmovdqu -32(%rsi,%rdx), %ymm5
        leaq    -64(%rdi,%rdx), %r8
2:      vmovdqu (%rsi), %ymm0
        vmovdqu 32(%rsi), %ymm1
        vmovdqu 64(%rsi), %ymm2
        vmovdqu 96(%rsi), %ymm3
        vmovdqu %ymm0, (%rdi)
        vmovdqu %ymm1, 32(%rdi)
        vmovdqu %ymm2, 64(%rdi)
        vmovdqu %ymm3, 96(%rdi)
        subq    $-128, %rsi
        subq    $-128, %rdi
        addq    $-128, %rdx
        cmpq    $192, %rdx
        ja      2b
3:      cmpq    $64, %rdx
        jbe     4f
        vmovdqu (%rsi), %ymm0
        vmovdqu 32(%rsi), %ymm1
        vmovdqu %ymm0, (%rdi)
        vmovdqu %ymm1, 32(%rdi)
        addq    $64, %rsi
        addq    $64, %rdi
        subq    $64, %rdx
        jmp     3b
4:      vmovdqu %ymm4, (%r8)
        vmovdqu %ymm5, 32(%r8)
        vzeroupper
        ret
.Lmove_forward_narrow:
        movq    %r10, %rax
        movq    %r9, %rdx
        jmp     .Lmove_forward

        .p2align 4
.Lmove_backward_wide:
        movq    %rdx, %r9
        movq    %rax, %r10
        NEED_WIDE .Lmove_backward_no
        movq    %r10, %rax
        movq    %r9, %rdx
        vmovdqu (%rsi), %ymm4
        vmovdqu 32(%rsi), %ymm5
1:      vmovdqu -32(%rsi,%rdx), %ymm0
        vmovdqu -64(%rsi,%rdx), %ymm1
        vmovdqu -96(%rsi,%rdx), %ymm2
        vmovdqu -128(%rsi,%rdx), %ymm3
        vmovdqu %ymm0, -32(%rdi,%rdx)
        vmovdqu %ymm1, -64(%rdi,%rdx)
        vmovdqu %ymm2, -96(%rdi,%rdx)
        vmovdqu %ymm3, -128(%rdi,%rdx)
        addq    $-128, %rdx
        cmpq    $192, %rdx
        ja      1b
2:      cmpq    $64, %rdx
        jbe     3f
        vmovdqu -32(%rsi,%rdx), %ymm0
        vmovdqu -64(%rsi,%rdx), %ymm1
        vmovdqu %ymm0, -32(%rdi,%rdx)
        vmovdqu %ymm1, -64(%rdi,%rdx)
        subq    $64, %rdx
        jmp     2b
3:      vmovdqu %ymm4, (%rdi)
        vmovdqu %ymm5, 32(%rdi)
        vzeroupper
        ret
.Lmove_backward_no:
        movq    %r10, %rax
        movq    %r9, %rdx
        jmp     .Lmove_backward_narrow
        .cfi_endproc
        .size   RtlpMemmove, . - RtlpMemmove

        .globl  nt_memcpy
        .globl  nt_memmove
        .type   nt_memcpy, @function
        .type   nt_memmove, @function
        .p2align 5
nt_memcpy:
nt_memmove:                             /* Windows convention; rcx: to, rdx: from, r8: bytes */
        .cfi_startproc
        MOVE    rcx, rdx, r8, RtlpMoveLong
        .cfi_endproc
        .size   nt_memmove, . - nt_memmove

/* ---------------------------------------------------------------- filling */

/* At most 128 bytes; r9 and rax are free in both conventions. More: on to \long, with the pattern in xmm0. */
.macro  FILL to, value, n, long
        movzbl  \value, %r9d
        movabsq $0x0101010101010101, %rax
        imulq   %rax, %r9
        movq    %\to, %rax
        cmpq    $16, %\n
        jb      1f
        movq    %r9, %xmm0
        punpcklqdq %xmm0, %xmm0
        cmpq    $128, %\n
        ja      \long
        movdqu  %xmm0, (%\to)
        movdqu  %xmm0, -16(%\to,%\n)
        cmpq    $32, %\n
        jbe     4f
        movdqu  %xmm0, 16(%\to)
        movdqu  %xmm0, -32(%\to,%\n)
        cmpq    $64, %\n
        jbe     4f
        movdqu  %xmm0, 32(%\to)
        movdqu  %xmm0, 48(%\to)
        movdqu  %xmm0, -48(%\to,%\n)
        movdqu  %xmm0, -64(%\to,%\n)
        ret
1:      cmpq    $8, %\n
        jb      2f
        movq    %r9, (%\to)
        movq    %r9, -8(%\to,%\n)
        ret
2:      cmpq    $4, %\n
        jb      3f
        movl    %r9d, (%\to)
        movl    %r9d, -4(%\to,%\n)
        ret
3:      testq   %\n, %\n
        jz      4f
        movb    %r9b, (%\to)
        movb    %r9b, -1(%\to,%\n)
        shrq    $1, %\n
        movb    %r9b, (%\to,%\n)
4:      ret
.endm

        .globl  nt_memset
        .type   nt_memset, @function
        .p2align 5
nt_memset:                              /* Windows convention; rcx: to, edx: byte, r8: bytes */
        .cfi_startproc
        FILL    rcx, %dl, r8, RtlpFillLong
        .cfi_endproc
        .size   nt_memset, . - nt_memset

        .globl  RtlpMemset
        .type   RtlpMemset, @function
        .p2align 5
RtlpMemset:                             /* rdi: to, esi: byte, rdx: bytes */
        .cfi_startproc
        FILL    rdi, %sil, rdx, .Lfill_long
.Lfill_long:
        cmpq    $REP, %rdx
        jae     .Lfill_rep
        movdqu  %xmm0, (%rdi)
        movdqu  %xmm0, 16(%rdi)
        movdqu  %xmm0, 32(%rdi)
        movdqu  %xmm0, 48(%rdi)
        movdqu  %xmm0, -16(%rdi,%rdx)
        movdqu  %xmm0, -32(%rdi,%rdx)
        movdqu  %xmm0, -48(%rdi,%rdx)
        movdqu  %xmm0, -64(%rdi,%rdx)
        leaq    -64(%rdi,%rdx), %rcx
        addq    $64, %rdi
        andq    $-16, %rdi
1:      movdqa  %xmm0, (%rdi)
        movdqa  %xmm0, 16(%rdi)
        movdqa  %xmm0, 32(%rdi)
        movdqa  %xmm0, 48(%rdi)
        addq    $64, %rdi
        cmpq    %rcx, %rdi
        jb      1b
        ret
.Lfill_rep:
        movq    %rdx, %rcx
        movq    %rax, %rdx
        movl    %esi, %eax
        rep stosb
        movq    %rdx, %rax
        ret
        .cfi_endproc
        .size   RtlpMemset, . - RtlpMemset

/* ---------------------------------------------------------------- comparing */

        .globl  RtlpFirstDifference
        .type   RtlpFirstDifference, @function
        .p2align 5
RtlpFirstDifference:                    /* rdi, rsi: buffers, rdx: bytes; rax: index of the first difference, or bytes */
        .cfi_startproc
        xorl    %eax, %eax
        cmpq    $16, %rdx
        jb      .Lcompare_small
        cmpq    $WIDE, %rdx
        ja      .Lcompare_wide
.Lcompare_narrow:
        leaq    -16(%rdx), %r8          /* where the last 16 begin */
        leaq    -64(%rdx), %r10
        cmpq    $64, %rdx
        jb      1f
5:      movdqu  (%rdi,%rax), %xmm0
        movdqu  (%rsi,%rax), %xmm1
        movdqu  16(%rdi,%rax), %xmm2
        movdqu  16(%rsi,%rax), %xmm3
        pcmpeqb %xmm1, %xmm0
        pcmpeqb %xmm3, %xmm2
        movdqu  32(%rdi,%rax), %xmm4
        movdqu  32(%rsi,%rax), %xmm5
        pand    %xmm2, %xmm0
        movdqu  48(%rdi,%rax), %xmm1
        movdqu  48(%rsi,%rax), %xmm3
        pcmpeqb %xmm5, %xmm4
        pcmpeqb %xmm3, %xmm1
        pand    %xmm4, %xmm0
        pand    %xmm1, %xmm0
        pmovmskb %xmm0, %ecx
        cmpl    $0xffff, %ecx
        jne     1f                      /* the loop below finds where */
        addq    $64, %rax
        cmpq    %r10, %rax
        jbe     5b
        cmpq    %r8, %rax
        jae     6f
1:      movdqu  (%rdi,%rax), %xmm0
        movdqu  (%rsi,%rax), %xmm1
        pcmpeqb %xmm1, %xmm0
        pmovmskb %xmm0, %ecx
        xorl    $0xffff, %ecx
        jnz     .Lfound
        addq    $16, %rax
        cmpq    %r8, %rax
        jb      1b
6:      movq    %r8, %rax
        movdqu  (%rdi,%rax), %xmm0
        movdqu  (%rsi,%rax), %xmm1
        pcmpeqb %xmm1, %xmm0
        pmovmskb %xmm0, %ecx
        xorl    $0xffff, %ecx
        jnz     .Lfound
        movq    %rdx, %rax
        ret
.Lfound:
        bsfl    %ecx, %ecx
        addq    %rcx, %rax
        ret
.Lcompare_small:
        cmpq    %rdx, %rax
        jae     2f
        movzbl  (%rdi,%rax), %ecx
        cmpb    (%rsi,%rax), %cl
        jne     2f
        incq    %rax
        jmp     .Lcompare_small
2:      ret
.Lcompare_wide:
        movq    %rdx, %r9
        NEED_WIDE .Lcompare_no
        movq    %r9, %rdx
        leaq    -128(%rdx), %r8
        xorl    %eax, %eax
1:      vmovdqu (%rdi,%rax), %ymm0
        vmovdqu 32(%rdi,%rax), %ymm1
        vmovdqu 64(%rdi,%rax), %ymm2
        vmovdqu 96(%rdi,%rax), %ymm3
        vpcmpeqb (%rsi,%rax), %ymm0, %ymm0
        vpcmpeqb 32(%rsi,%rax), %ymm1, %ymm1
        vpcmpeqb 64(%rsi,%rax), %ymm2, %ymm2
        vpcmpeqb 96(%rsi,%rax), %ymm3, %ymm3
        vpand   %ymm1, %ymm0, %ymm4
        vpand   %ymm3, %ymm2, %ymm5
        vpand   %ymm5, %ymm4, %ymm4
        vpmovmskb %ymm4, %ecx
        incl    %ecx                    /* all equal: every bit was set */
        jnz     2f
        subq    $-128, %rax
        cmpq    %r8, %rax
        jbe     1b
        vzeroupper
        movq    %rdx, %rcx
        subq    %rax, %rcx
        jz      3f
        leaq    -16(%rdx), %r8          /* the rest: fewer than 128, of more than 128 */
        cmpq    $16, %rcx
        jae     .Lcompare_rest
        movq    %r8, %rax
.Lcompare_rest:
        movdqu  (%rdi,%rax), %xmm0
        movdqu  (%rsi,%rax), %xmm1
        pcmpeqb %xmm1, %xmm0
        pmovmskb %xmm0, %ecx
        xorl    $0xffff, %ecx
        jnz     .Lfound
        cmpq    %r8, %rax
        je      3f
        addq    $16, %rax
        cmpq    %r8, %rax
        cmovaq  %r8, %rax
        jmp     .Lcompare_rest
3:      movq    %rdx, %rax
        ret
2:      vpmovmskb %ymm0, %ecx           /* which of the four */
        xorl    $0xffffffff, %ecx
        jnz     4f
        addq    $32, %rax
        vpmovmskb %ymm1, %ecx
        xorl    $0xffffffff, %ecx
        jnz     4f
        addq    $32, %rax
        vpmovmskb %ymm2, %ecx
        xorl    $0xffffffff, %ecx
        jnz     4f
        addq    $32, %rax
        vpmovmskb %ymm3, %ecx
        xorl    $0xffffffff, %ecx
4:      vzeroupper
        jmp     .Lfound
.Lcompare_no:
        movq    %r9, %rdx
        xorl    %eax, %eax
        jmp     .Lcompare_narrow
        .cfi_endproc
        .size   RtlpFirstDifference, . - RtlpFirstDifference

        .globl  RtlCompareMemory
        .type   RtlCompareMemory, @function
        .p2align 5
RtlCompareMemory:                       /* Windows convention; rcx, rdx: buffers, r8: bytes */
        .cfi_startproc
        xorl    %eax, %eax
        cmpq    $128, %r8
        ja      RtlpCompareLong
        leaq    -16(%r8), %r9
        cmpq    $16, %r8
        jb      4f
1:      movdqu  (%rcx,%rax), %xmm0
        movdqu  (%rdx,%rax), %xmm1
        pcmpeqb %xmm1, %xmm0
        pmovmskb %xmm0, %r10d
        xorl    $0xffff, %r10d
        jnz     3f
        addq    $16, %rax
        cmpq    %r9, %rax
        jb      1b
        movdqu  (%rcx,%r9), %xmm0
        movdqu  (%rdx,%r9), %xmm1
        pcmpeqb %xmm1, %xmm0
        pmovmskb %xmm0, %r10d
        movq    %r9, %rax
        xorl    $0xffff, %r10d
        jnz     3f
        movq    %r8, %rax
        ret
3:      bsfl    %r10d, %r10d
        addq    %r10, %rax
        ret
4:      cmpq    %r8, %rax
        jae     5f
        movzbl  (%rcx,%rax), %r10d
        cmpb    (%rdx,%rax), %r10b
        jne     5f
        incq    %rax
        jmp     4b
5:      ret
        .cfi_endproc
        .size   RtlCompareMemory, . - RtlCompareMemory

        .section .note.GNU-stack, "", @progbits
