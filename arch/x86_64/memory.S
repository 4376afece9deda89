/* SPDX-License-Identifier: MIT */
/*
 * memory.S: moving, filling and comparing memory with vector registers. System V convention; leaf routines without a frame, so
 * that a fault unwinds out of them.
 *
 * The kernel keeps drivers' vector state by not touching it (docs/adr/0002). What may be used here without saving is what both
 * conventions let any call destroy: xmm0-xmm5, and the upper half of every ymm register. Whatever stops a driver elsewhere than
 * at a call (a fault, a redirection) keeps its whole state in the trap. RtlpMemoryVectors: 1 with AVX2, 2 where 512 bits are as
 * good as free.
 *
 *      bytes           moved by                                        filled by
 *      0 to 15         general registers, all loads first              the same
 *      16 to 128       at most ten loads, then the stores              at most eight stores
 *      to REP          128 bytes a turn in zmm or ymm registers, or    128 in ymm, 64 in xmm registers
 *                      32 in xmm
 *      above           rep movsb; as before where that is slow:        rep stosb
 *                      overlapping buffers
 *
 * Each routine exists in both conventions, from one macro: a wrapper would take longer than the work.
 *
 * Overlapping buffers: the end that would be overwritten is loaded before anything is stored, and the direction is away
 * from the overlap.
 */
#define REP 2048

        .text

/* Carry on at \no if there are no 256-bit registers. */
.macro  NEED_WIDE no
        cmpb    $0, RtlpMemoryVectors(%rip)
        je      \no
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
        cmpb    $2, RtlpMemoryVectors(%rip)
        je      3f
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
3:      vmovdqu64 (%\from), %zmm0
        vmovdqu64 -64(%\from,%\n), %zmm1
        movq    %\to, %rax
        vmovdqu64 %zmm0, (%\to)
        vmovdqu64 %zmm1, -64(%\to,%\n)
        vzeroupper
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

/*
 * More than 128 bytes; rax holds the address to return, \t and \tail are free. The ends that would be overwritten are loaded
 * first. REP bytes and more, unless they overlap closely: on to \rep.
 */
.macro  MOVE_LONG to, from, n, t, tail, rep
        cmpb    $2, RtlpMemoryVectors(%rip)
        jne     1f
        cmpq    $256, %\n
        ja      20f
        vmovdqu64 (%\from), %zmm0
        vmovdqu64 64(%\from), %zmm1
        vmovdqu64 -64(%\from,%\n), %zmm2
        vmovdqu64 -128(%\from,%\n), %zmm3
        vmovdqu64 %zmm0, (%\to)
        vmovdqu64 %zmm1, 64(%\to)
        vmovdqu64 %zmm2, -64(%\to,%\n)
        vmovdqu64 %zmm3, -128(%\to,%\n)
        vzeroupper
        ret
        .p2align 4
20:     movq    %\to, %\t
        subq    %\from, %\t
        cmpq    %\n, %\t
        jb      25f
        cmpq    $REP, %\n
        jb      21f
        negq    %\t
        cmpq    $64, %\t                /* rep movsb is slow when it overlaps closely */
        jae     \rep
21:     vmovdqu64 -64(%\from,%\n), %zmm4
        vmovdqu64 -128(%\from,%\n), %zmm5
        leaq    -128(%\to,%\n), %\tail
        vmovdqu64 (%\from), %zmm3       /* and on from the next multiple of 64 of the target */
        movq    %\to, %\t
        negq    %\t
        andq    $63, %\t
        addq    %\t, %\from
        addq    %\t, %\to
        subq    %\t, %\n
22:     vmovdqu64 (%\from), %zmm0
        vmovdqu64 64(%\from), %zmm1
        vmovdqu64 %zmm0, (%\to)
        vmovdqu64 %zmm1, 64(%\to)
        subq    $-128, %\from
        subq    $-128, %\to
        addq    $-128, %\n
        cmpq    $128, %\n
        ja      22b
        vmovdqu64 %zmm5, (%\tail)
        vmovdqu64 %zmm4, 64(%\tail)
        vmovdqu64 %zmm3, (%rax)
        vzeroupper
        ret
        .p2align 4
25:     vmovdqu64 (%\from), %zmm4
        vmovdqu64 64(%\from), %zmm5
        vmovdqu64 -64(%\from,%\n), %zmm3
        leaq    (%\to,%\n), %\tail
        movq    %\tail, %\t
        andq    $63, %\t
        subq    %\t, %\n
26:     vmovdqu64 -64(%\from,%\n), %zmm0
        vmovdqu64 -128(%\from,%\n), %zmm1
        vmovdqu64 %zmm0, -64(%\to,%\n)
        vmovdqu64 %zmm1, -128(%\to,%\n)
        addq    $-128, %\n
        cmpq    $128, %\n
        ja      26b
        vmovdqu64 %zmm4, (%\to)
        vmovdqu64 %zmm5, 64(%\to)
        vmovdqu64 %zmm3, -64(%\tail)
        vzeroupper
        ret
        .p2align 4
1:      movq    %\to, %\t
        subq    %\from, %\t
        cmpq    %\n, %\t
        jb      6f                      /* to lies within from: begin at the end */
        cmpq    $REP, %\n
        jb      1f
        negq    %\t
        cmpq    $64, %\t                /* rep movsb is slow when it overlaps closely */
        jae     \rep
1:      NEED_WIDE 4f
        vmovdqu -64(%\from,%\n), %ymm4
        vmovdqu -32(%\from,%\n), %ymm5
        leaq    -64(%\to,%\n), %\tail
2:      vmovdqu (%\from), %ymm0
        vmovdqu 32(%\from), %ymm1
        vmovdqu 64(%\from), %ymm2
        vmovdqu 96(%\from), %ymm3
        vmovdqu %ymm0, (%\to)
        vmovdqu %ymm1, 32(%\to)
        vmovdqu %ymm2, 64(%\to)
        vmovdqu %ymm3, 96(%\to)
        subq    $-128, %\from
        subq    $-128, %\to
        addq    $-128, %\n
        cmpq    $192, %\n
        ja      2b
        cmpq    $64, %\n
        jbe     3f
        vmovdqu (%\from), %ymm0
        vmovdqu 32(%\from), %ymm1
        cmpq    $128, %\n
        jbe     8f
        vmovdqu 64(%\from), %ymm2
        vmovdqu 96(%\from), %ymm3
        vmovdqu %ymm2, 64(%\to)
        vmovdqu %ymm3, 96(%\to)
8:      vmovdqu %ymm0, (%\to)
        vmovdqu %ymm1, 32(%\to)
3:      vmovdqu %ymm4, (%\tail)
        vmovdqu %ymm5, 32(%\tail)
        vzeroupper
        ret
        .p2align 4
4:      movdqu  -32(%\from,%\n), %xmm4
        movdqu  -16(%\from,%\n), %xmm5
        leaq    -32(%\to,%\n), %\tail
5:      movdqu  (%\from), %xmm0
        movdqu  16(%\from), %xmm1
        movdqu  %xmm0, (%\to)
        movdqu  %xmm1, 16(%\to)
        addq    $32, %\from
        addq    $32, %\to
        subq    $32, %\n
        cmpq    $32, %\n
        ja      5b
        movdqu  %xmm4, (%\tail)
        movdqu  %xmm5, 16(%\tail)
        ret
        .p2align 4
6:      NEED_WIDE 9f
        vmovdqu (%\from), %ymm4
        vmovdqu 32(%\from), %ymm5
7:      vmovdqu -32(%\from,%\n), %ymm0
        vmovdqu -64(%\from,%\n), %ymm1
        vmovdqu %ymm0, -32(%\to,%\n)
        vmovdqu %ymm1, -64(%\to,%\n)
        addq    $-64, %\n
        cmpq    $64, %\n
        ja      7b
        vmovdqu %ymm4, (%\to)
        vmovdqu %ymm5, 32(%\to)
        vzeroupper
        ret
        .p2align 4
9:      movdqu  (%\from), %xmm4
        movdqu  16(%\from), %xmm5
10:     movdqu  -16(%\from,%\n), %xmm0
        movdqu  -32(%\from,%\n), %xmm1
        movdqu  %xmm0, -16(%\to,%\n)
        movdqu  %xmm1, -32(%\to,%\n)
        subq    $32, %\n
        cmpq    $32, %\n
        ja      10b
        movdqu  %xmm4, (%\to)
        movdqu  %xmm5, 16(%\to)
        ret
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
        MOVE_LONG rdi, rsi, rdx, rcx, r8, .Lmove_rep
.Lmove_rep:
        movq    %rdx, %rcx
        rep movsb
        ret
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
        MOVE    rcx, rdx, r8, .Lnt_move_long
        .p2align 4
.Lnt_move_long:
        movq    %rcx, %rax
        MOVE_LONG rcx, rdx, r8, r9, r10, .Lnt_move_rep
.Lnt_move_rep:                          /* rdi and rsi are the caller's */
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rdi, 0
        pushq   %rsi
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rsi, 0
        movq    %rcx, %rdi
        movq    %rdx, %rsi
        movq    %r8, %rcx
        rep movsb
        popq    %rsi
        .cfi_adjust_cfa_offset -8
        .cfi_restore rsi
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        .cfi_restore rdi
        ret
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

/* More than 128 bytes of the pattern in xmm0; rax holds the address to return, \t is free. REP bytes and more: on to \rep. */
.macro  FILL_LONG to, n, t, rep
        cmpq    $REP, %\n
        jae     \rep
        NEED_WIDE 7f
        vinserti128 $1, %xmm0, %ymm0, %ymm0
        vmovdqu %ymm0, (%\to)
        vmovdqu %ymm0, 32(%\to)
        vmovdqu %ymm0, -32(%\to,%\n)
        vmovdqu %ymm0, -64(%\to,%\n)
        vmovdqu %ymm0, -96(%\to,%\n)
        vmovdqu %ymm0, -128(%\to,%\n)
        leaq    -128(%\to,%\n), %\t
        addq    $64, %\to
        andq    $-32, %\to
        cmpq    %\t, %\to
        jae     6f
5:      vmovdqa %ymm0, (%\to)
        vmovdqa %ymm0, 32(%\to)
        vmovdqa %ymm0, 64(%\to)
        vmovdqa %ymm0, 96(%\to)
        subq    $-128, %\to
        cmpq    %\t, %\to
        jb      5b
6:      vzeroupper
        ret
        .p2align 4
7:      movdqu  %xmm0, (%\to)
        movdqu  %xmm0, 16(%\to)
        movdqu  %xmm0, 32(%\to)
        movdqu  %xmm0, 48(%\to)
        movdqu  %xmm0, -16(%\to,%\n)
        movdqu  %xmm0, -32(%\to,%\n)
        movdqu  %xmm0, -48(%\to,%\n)
        movdqu  %xmm0, -64(%\to,%\n)
        leaq    -64(%\to,%\n), %\t
        addq    $64, %\to
        andq    $-16, %\to
8:      movdqa  %xmm0, (%\to)
        movdqa  %xmm0, 16(%\to)
        movdqa  %xmm0, 32(%\to)
        movdqa  %xmm0, 48(%\to)
        addq    $64, %\to
        cmpq    %\t, %\to
        jb      8b
        ret
.endm

        .globl  nt_memset
        .type   nt_memset, @function
        .p2align 5
nt_memset:                              /* Windows convention; rcx: to, edx: byte, r8: bytes */
        .cfi_startproc
        FILL    rcx, %dl, r8, .Lnt_fill_long
        .p2align 4
.Lnt_fill_long:
        FILL_LONG rcx, r8, r10, .Lnt_fill_rep
.Lnt_fill_rep:
        pushq   %rdi
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset rdi, 0
        movq    %rcx, %rdi
        movq    %r8, %rcx
        movq    %rax, %r9
        movl    %edx, %eax
        rep stosb
        movq    %r9, %rax
        popq    %rdi
        .cfi_adjust_cfa_offset -8
        .cfi_restore rdi
        ret
        .cfi_endproc
        .size   nt_memset, . - nt_memset

        .globl  RtlpMemset
        .type   RtlpMemset, @function
        .p2align 5
RtlpMemset:                             /* rdi: to, esi: byte, rdx: bytes */
        .cfi_startproc
        FILL    rdi, %sil, rdx, .Lfill_long
        .p2align 4
.Lfill_long:
        FILL_LONG rdi, rdx, rcx, .Lfill_rep
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

/* What a comparison returns: the index of the first difference, \n if there is none; or (\memcmp) as memcmp does. */
.macro  DIFFER a, b, memcmp
.if \memcmp
        movzbl  (%\b,%rax), %r9d
        movzbl  (%\a,%rax), %eax
        subl    %r9d, %eax
.endif
        ret
.endm
.macro  EQUAL n, memcmp
.if \memcmp
        xorl    %eax, %eax
.else
        movq    %\n, %rax
.endif
        ret
.endm

/* \e, \m (of 32 bits: \md) and \q are free. */
.macro  COMPARE a, b, n, e, m, md, q, memcmp
        xorl    %eax, %eax
        cmpq    $16, %\n
        jb      20f
        cmpq    $128, %\n
        jae     30f
10:     leaq    -16(%\n), %\e            /* where the last 16 begin */
        cmpq    %\e, %rax
        jae     12f
11:     movdqu  (%\a,%rax), %xmm0
        movdqu  (%\b,%rax), %xmm1
        pcmpeqb %xmm1, %xmm0
        pmovmskb %xmm0, %\md
        xorl    $0xffff, %\md
        jnz     18f
        addq    $16, %rax
        cmpq    %\e, %rax
        jb      11b
12:     movq    %\e, %rax
        movdqu  (%\a,%rax), %xmm0
        movdqu  (%\b,%rax), %xmm1
        pcmpeqb %xmm1, %xmm0
        pmovmskb %xmm0, %\md
        xorl    $0xffff, %\md
        jnz     18f
19:     EQUAL   \n, \memcmp
18:     bsfl    %\md, %\md
        addq    %\m, %rax
        DIFFER  \a, \b, \memcmp

        .p2align 4
20:     cmpq    $8, %\n
        jb      22f
        movq    (%\a), %\m
        xorq    (%\b), %\m
        jnz     21f
        leaq    -8(%\n), %rax
        movq    (%\a,%rax), %\m
        xorq    (%\b,%rax), %\m
        jz      19b
21:     bsfq    %\m, %\m
        shrl    $3, %\md
        addq    %\m, %rax
        DIFFER  \a, \b, \memcmp
22:     cmpq    %\n, %rax
        jae     19b
        movzbl  (%\a,%rax), %\md
        cmpb    (%\b,%rax), %\m\()b
        jne     23f
        incq    %rax
        jmp     22b
23:     DIFFER  \a, \b, \memcmp

        .p2align 4
30:     NEED_WIDE 40f
        leaq    -128(%\n), %\e
31:     vmovdqu (%\a,%rax), %ymm0
        vmovdqu 32(%\a,%rax), %ymm1
        vmovdqu 64(%\a,%rax), %ymm2
        vmovdqu 96(%\a,%rax), %ymm3
        vpcmpeqb (%\b,%rax), %ymm0, %ymm0
        vpcmpeqb 32(%\b,%rax), %ymm1, %ymm1
        vpcmpeqb 64(%\b,%rax), %ymm2, %ymm2
        vpcmpeqb 96(%\b,%rax), %ymm3, %ymm3
        vpand   %ymm1, %ymm0, %ymm4
        vpand   %ymm3, %ymm2, %ymm5
        vpand   %ymm5, %ymm4, %ymm4
        vpmovmskb %ymm4, %\md
        incl    %\md                    /* all equal: every bit was set */
        jnz     32f
        subq    $-128, %rax
        cmpq    %\e, %rax
        jbe     31b
        cmpq    %\n, %rax
        jae     33f
        movq    %\e, %rax               /* the rest: the last 128 bytes, some for the second time */
        jmp     31b
33:     vzeroupper
        EQUAL   \n, \memcmp
32:     vpmovmskb %ymm0, %\md            /* which of the four */
        xorl    $0xffffffff, %\md
        jnz     34f
        addq    $32, %rax
        vpmovmskb %ymm1, %\md
        xorl    $0xffffffff, %\md
        jnz     34f
        addq    $32, %rax
        vpmovmskb %ymm2, %\md
        xorl    $0xffffffff, %\md
        jnz     34f
        addq    $32, %rax
        vpmovmskb %ymm3, %\md
        xorl    $0xffffffff, %\md
34:     vzeroupper
        jmp     18b

        .p2align 4
40:     leaq    -64(%\n), %\q
41:     movdqu  (%\a,%rax), %xmm0
        movdqu  (%\b,%rax), %xmm1
        movdqu  16(%\a,%rax), %xmm2
        movdqu  16(%\b,%rax), %xmm3
        pcmpeqb %xmm1, %xmm0
        pcmpeqb %xmm3, %xmm2
        movdqu  32(%\a,%rax), %xmm4
        movdqu  32(%\b,%rax), %xmm5
        pand    %xmm2, %xmm0
        movdqu  48(%\a,%rax), %xmm1
        movdqu  48(%\b,%rax), %xmm3
        pcmpeqb %xmm5, %xmm4
        pcmpeqb %xmm3, %xmm1
        pand    %xmm4, %xmm0
        pand    %xmm1, %xmm0
        pmovmskb %xmm0, %\md
        cmpl    $0xffff, %\md
        jne     10b                     /* the loop there finds where */
        addq    $64, %rax
        cmpq    %\q, %rax
        jbe     41b
        cmpq    %\n, %rax
        jb      10b
        EQUAL   \n, \memcmp
.endm

        .globl  RtlpFirstDifference
        .type   RtlpFirstDifference, @function
        .p2align 5
RtlpFirstDifference:                    /* rdi, rsi: buffers, rdx: bytes */
        .cfi_startproc
        COMPARE rdi, rsi, rdx, r8, r10, r10d, r11, 0
        .cfi_endproc
        .size   RtlpFirstDifference, . - RtlpFirstDifference

        .globl  RtlpMemcmp
        .type   RtlpMemcmp, @function
        .p2align 5
RtlpMemcmp:
        .cfi_startproc
        COMPARE rdi, rsi, rdx, r8, r10, r10d, r11, 1
        .cfi_endproc
        .size   RtlpMemcmp, . - RtlpMemcmp

        .globl  RtlCompareMemory
        .type   RtlCompareMemory, @function
        .p2align 5
RtlCompareMemory:                       /* Windows convention; rcx, rdx: buffers, r8: bytes */
        .cfi_startproc
        COMPARE rcx, rdx, r8, r9, r10, r10d, r11, 0
        .cfi_endproc
        .size   RtlCompareMemory, . - RtlCompareMemory

        .globl  nt_memcmp
        .type   nt_memcmp, @function
        .p2align 5
nt_memcmp:
        .cfi_startproc
        COMPARE rcx, rdx, r8, r9, r10, r10d, r11, 1
        .cfi_endproc
        .size   nt_memcmp, . - nt_memcmp

        .section .note.GNU-stack, "", @progbits
