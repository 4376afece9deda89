/* SPDX-License-Identifier: MIT */
/*
 * Variables that the kernel image exports and no manager owns. The ledger kind is `constant`: an importer's
 * slot receives the value, a pointer to the variable proper.
 */
#include "ldri.h"
#include "host.h"

static ULONG safe_boot_mode; /* 0: an ordinary boot; written before the first driver */
PULONG InitSafeBootMode = &safe_boot_mode;

static ULONG global_flags; /* gflags: none set */
PULONG NtGlobalFlag = &global_flags;

void LdrpInitVariables(void)
{
    safe_boot_mode = host_config()->safe_mode;
}
