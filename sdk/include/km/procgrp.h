/* SPDX-License-Identifier: MIT */
/*
 * procgrp.h - processor groups for drivers that also run on Windows Vista. Here the routines are always there, so
 * initialising the library succeeds.
 */
#ifndef KILN_PROCGRP_H
#define KILN_PROCGRP_H

#include <wdm.h>

FORCEINLINE NTSTATUS WdmlibProcgrpInitialize(VOID)
{
    return STATUS_SUCCESS;
}

#endif
