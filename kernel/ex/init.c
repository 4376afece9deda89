/* SPDX-License-Identifier: MIT */
/* The start of the executive support; each topic initialises itself, in the phase whose services it needs. */
#include "exinit.h"

void ExInitSystem(ULONG Phase)
{
    if (Phase == 0) {
        ExpInitPushLocks();
        ExpInitSLists();
        ExpInitSystemServices();
    } else {
        ExpInitCallbacks();
        ExpInitWorkers();
    }
}
