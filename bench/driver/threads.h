/* SPDX-License-Identifier: MIT */
/* What bench/threads.c asks of the driver bench/driver/threads.c. */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

/* Create and join: input a THREADS_REQUEST, output a THREADS_RESULT. */
#define IOCTL_THREADS ((0x22u << 16) | (0x900u << 2))

typedef struct THREADS_REQUEST {
    unsigned int count;
    unsigned int alive; /* how many exist at once */
} THREADS_REQUEST;

typedef struct THREADS_RESULT {
    unsigned int created; /* fewer than asked for: the machine had no more room */
    int status;           /* of the creation that failed */
} THREADS_RESULT;

#endif
