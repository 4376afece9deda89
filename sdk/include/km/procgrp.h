/* SPDX-License-Identifier: MIT */
/*
 * procgrp.h - processor groups for drivers that also run on systems before Windows 7. Link procgrp.lib. Here
 * the kernel always has the routines (KeQueryActiveProcessorCountEx and its siblings), and the library only
 * makes itself ready. Page: procgrp/nf-procgrp-wdmlibprocgrpinitialize.
 */
#ifndef KILN_PROCGRP_H
#define KILN_PROCGRP_H

#include <wdm.h>

EXTERN_C_START

_IRQL_requires_max_(PASSIVE_LEVEL) VOID NTAPI WdmlibProcgrpInitialize(VOID);

EXTERN_C_END

#endif
