/* SPDX-License-Identifier: MIT */
/* exinit.h: the initialisation routines of the executive's topics, called by ex/init.c. */
#ifndef KILN_EXINIT_H
#define KILN_EXINIT_H

#include "exp.h"

void ExpInitPushLocks(void);      /* phase 0 */
void ExpInitSLists(void);         /* phase 0 */
void ExpInitSystemServices(void); /* phase 0 */
void ExpInitCallbacks(void);      /* phase 1 */
void ExpInitWorkers(void);        /* phase 1 */

#endif
