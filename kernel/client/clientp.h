/* SPDX-License-Identifier: MIT */
/* Private to kernel/client. */
#ifndef KILN_CLIENTP_H
#define KILN_CLIENTP_H

#include "client.h"

/* Report what is in flight when nothing can go on (KiMachineStuck). Always FALSE: it made nothing ready. */
unsigned char KcReportStuck(void);

/* The documented names of status values, sorted by value; generated from ntstatus.h. */
struct kc_status_name {
    int32_t value;
    const char *name;
};
extern const struct kc_status_name KcStatusNames[];
extern const unsigned KcStatusNameCount;

#endif
