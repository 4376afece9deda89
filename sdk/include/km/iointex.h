/* SPDX-License-Identifier: MIT */
/* iointex.h - the extended interrupt routines for drivers that also run on older Windows; here they are the
 * kernel's. */
#ifndef KILN_IOINTEX_H
#define KILN_IOINTEX_H

#include <nt/io/interrupt.h>

#define WdmlibIoConnectInterruptEx    IoConnectInterruptEx
#define WdmlibIoDisconnectInterruptEx IoDisconnectInterruptEx
#define WdmlibIoGetAffinityInterrupt  IoGetAffinityInterrupt

#endif
