/* SPDX-License-Identifier: MIT */
/*
 * sancov.c - the ends of the section in which clang puts the guards of --san=cov. The image's constructor,
 * which clang makes too, hands the range to __sanitizer_cov_trace_pc_guard_init in the kernel; it skips the
 * eight bytes of the start.
 */
#include <nt/base.h>

EXTERN_C_START

__attribute__((section(".SCOV$GA"), used)) ULONGLONG __start___sancov_guards = 0;
__attribute__((section(".SCOV$GZ"), used)) ULONG __stop___sancov_guards = 0;

EXTERN_C_END
