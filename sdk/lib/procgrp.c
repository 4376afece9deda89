/* SPDX-License-Identifier: MIT */
/*
 * procgrp.c - the processor group compatibility library. On systems before Windows 7 it stands in for the
 * routines of processor groups; here the kernel has them, and the driver's calls go there. Page:
 * procgrp/nf-procgrp-wdmlibprocgrpinitialize.
 */
#include <procgrp.h>

VOID WdmlibProcgrpInitialize(VOID) {}
