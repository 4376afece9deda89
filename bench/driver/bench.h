/* SPDX-License-Identifier: MIT */
/* What the benchmark driver and its clients (Linux and Windows) agree on. */
#ifndef KILN_BENCH_H
#define KILN_BENCH_H

#define BENCH_CTL(function, method) ((0x22u << 16) | ((function) << 2) | (method))

#define IOCTL_BENCH_BUFFERED   BENCH_CTL(0x900, 0) /* completes at once; Information = output length */
#define IOCTL_BENCH_IN_DIRECT  BENCH_CTL(0x901, 1)
#define IOCTL_BENCH_OUT_DIRECT BENCH_CTL(0x902, 2)
#define IOCTL_BENCH_NEITHER    BENCH_CTL(0x903, 3)
#define IOCTL_BENCH_DPC        BENCH_CTL(0x904, 0) /* pended, completed by a DPC */
#define IOCTL_BENCH_WORK       BENCH_CTL(0x905, 0) /* pended, completed by a work item */
#define IOCTL_BENCH_RUN        BENCH_CTL(0x910, 0) /* struct bench_run in and out */

struct bench_run {
    unsigned int index;      /* of the benchmark; past the last: STATUS_NO_MORE_ENTRIES */
    unsigned int iterations; /* operations to do; 0: just name it */
    unsigned long long elapsed_tsc; /* time stamp counter ticks: a clock that every machine has */
    char name[40];
};

#endif
