/* SPDX-License-Identifier: MIT */
/* What the files of libkiln share. */
#ifndef KILN_LIB_P_H
#define KILN_LIB_P_H

/*
 * Calls of the machine stand between enter and leave: the live host redirects no client code, and the
 * thread's user APCs run, or it ends, in leave.
 */
void kiln__enter(void);
void kiln__leave(void);

#endif
