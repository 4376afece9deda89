/* SPDX-License-Identifier: MIT */
/* What a client does to the machine itself: plug in a processor, press the NMI button. */
#include <ntifs.h>

#include "clientp.h"
#include "ki.h"

int32_t KcsAddProcessor(uint32_t *index)
{
    ULONG number;
    KiThread()->PreviousMode = KernelMode;
    NTSTATUS status = KiAddProcessor(&number);
    *index = number;
    return status;
}

void KcsNmi(void)
{
    KiThread()->PreviousMode = KernelMode;
    KiRaiseNmi();
    KiDeliverPending();
}
