/* SPDX-License-Identifier: MIT */
/* What the files of libkiln share. */
#ifndef KILN_LIB_P_H
#define KILN_LIB_P_H

#include <stdint.h>

/*
 * Calls of the machine stand between enter and leave: the live host redirects no client code, and the
 * thread's user APCs run, or it ends, in leave.
 */
void kiln__enter(void);
void kiln__leave(void);

/* At the beginning of a thread's area of the slice. */
struct thread_state {
    unsigned char *bounce; /* NULL: the rest of the area */
    uint64_t bounce_bytes;
    char last_error[1024];
};

#define AREA_BOUNCE 2048
_Static_assert(sizeof(struct thread_state) <= AREA_BOUNCE, "the bounce area of a thread follows its state");

/* The calling thread's state; of the program before the machine is there. */
struct thread_state *kiln__thread_state(void);

/* Keep a sentence for kiln_last_error. */
void kiln__explain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
