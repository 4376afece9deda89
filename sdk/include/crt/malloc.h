/* SPDX-License-Identifier: MIT */
/* malloc.h - alloca; drivers have no heap. */
#ifndef KILN_CRT_MALLOC_H
#define KILN_CRT_MALLOC_H
#define _alloca(size) __builtin_alloca(size)
#define alloca(size)  __builtin_alloca(size)
#endif
