/* SPDX-License-Identifier: MIT */
/*
 * The address map of the machine.
 *
 * Kiln is one Linux process, so NT's user half and system half share the lower canonical half. The regions lie at
 * fixed addresses, because a run must be the same from one process to the next and because a developer who sees an
 * address should know what it is:
 *
 *      user slices        one per NT process, KILN_USER_SLICE_SIZE apart; all below MmUserProbeAddress
 *      32-bit slices      the same for a 32-bit process, whose addresses fit into 32 bits: KILN_LOW_SLICE_SIZE apart
 *      RAM direct map     VA = KILN_RAM_BASE + physical address: pool, stacks, images, the pages of every MDL
 *      system PTEs        aliases of RAM made by MDL mappings, section views, I/O space
 *      PFN database       one entry a page of RAM, touched lazily
 *      MMIO windows       never mapped; accesses trap and reach a device model
 *      host stacks        idle threads of the processors, and the client thread's stack under `kiln run`
 *
 * The sanitizers own part of the address space, each a different part: ASan's shadow ends at 0x10007fff8000; TSan
 * leaves applications only the addresses below 0x8000000000.
 */
#ifndef KILN_LAYOUT_H
#define KILN_LAYOUT_H

#if defined(__SANITIZE_THREAD__)
#define KILN_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define KILN_TSAN 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#define KILN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KILN_ASAN 1
#endif
#endif

#ifdef KILN_TSAN
#define KILN_USER_BASE       0x0000001000000000ULL
#define KILN_USER_SLICE_SIZE 0x0000000100000000ULL /* 4 GB */
#define KILN_RAM_BASE        0x0000002000000000ULL
#define KILN_SYSPTE_BASE     0x0000003000000000ULL
#define KILN_SYSPTE_SIZE     0x0000000400000000ULL
#define KILN_PFNDB_BASE      0x0000004000000000ULL
#define KILN_MMIO_BASE       0x0000005000000000ULL
#define KILN_MMIO_SIZE       0x0000001000000000ULL
#define KILN_HOST_STACKS     0x0000006000000000ULL
#else
#define KILN_USER_BASE       0x0000110000000000ULL
#define KILN_USER_SLICE_SIZE 0x0000001000000000ULL /* 64 GB */
#define KILN_RAM_BASE        0x0000200000000000ULL
#define KILN_SYSPTE_BASE     0x0000210000000000ULL
#define KILN_SYSPTE_SIZE     0x0000008000000000ULL /* 512 GB */
#define KILN_PFNDB_BASE      0x0000240000000000ULL
#define KILN_MMIO_BASE       0x0000250000000000ULL
#define KILN_MMIO_SIZE       0x0000010000000000ULL
#define KILN_HOST_STACKS     0x0000270000000000ULL
#endif

/* The first address a user pointer may not have: MmUserProbeAddress. The 64 KB below the system half stay unused. */
#define KILN_USER_PROBE (KILN_RAM_BASE - 0x10000ULL)

/* The slices of 32-bit processes lie between the executable and the end that a 32-bit process has on Windows. */
#define KILN_LOW_USER_BASE  0x60000000ULL
#define KILN_LOW_USER_END   0x7FFF0000ULL
#define KILN_LOW_SLICE_SIZE 0x04000000ULL /* 64 MB */

/* Whether an address lies where slices are. */
#define KILN_IS_USER_ADDRESS(a)                                                                                        \
    ((a) - KILN_USER_BASE < KILN_USER_PROBE - KILN_USER_BASE ||                                                        \
     (a) - KILN_LOW_USER_BASE < KILN_LOW_USER_END - KILN_LOW_USER_BASE)

/* The longest RAM the direct map has room for. */
#define KILN_RAM_MAX (KILN_SYSPTE_BASE - KILN_RAM_BASE)

#define KILN_PAGE_SHIFT 12
#define KILN_PAGE_SIZE  4096ULL

#endif
