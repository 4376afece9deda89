/* SPDX-License-Identifier: MIT */
/* What bench/sections.c asks of the driver bench/driver/sections.c. */
#ifndef BENCH_SECTIONS_H
#define BENCH_SECTIONS_H

/* Map and unmap a view: input a SECTIONS_REQUEST; fails with the status of what failed. */
#define IOCTL_SECTIONS ((0x22u << 16) | (0x901u << 2))

typedef struct SECTIONS_REQUEST {
    unsigned int count;
    unsigned int touch;  /* write to the first page of each view */
    unsigned int bytes;  /* of the section */
    unsigned int system; /* in system space instead of the process */
} SECTIONS_REQUEST;

#endif
