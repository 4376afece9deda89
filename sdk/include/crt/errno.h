/* SPDX-License-Identifier: MIT */
/* errno.h - the values that the _s routines return. */
#ifndef KILN_CRT_ERRNO_H
#define KILN_CRT_ERRNO_H
#define EINVAL    22
#define ERANGE    34
#define EILSEQ    42
#define STRUNCATE 80
#endif
