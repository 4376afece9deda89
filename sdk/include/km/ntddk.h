/* SPDX-License-Identifier: MIT */
/* ntddk.h - what a legacy driver includes; here the same as wdm.h. */
#ifndef KILN_NTDDK_H
#define KILN_NTDDK_H
#define _NTDDK_

#include <wdm.h>

#endif
