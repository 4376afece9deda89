/* SPDX-License-Identifier: MIT */
/* The kernel's variables as a driver imports them. */
#include "exc_driver.h"

KILN_TEST_ONCE(exc_globals, have_their_documented_values)
{
    PKLDR_MODULE module = exc_load("ldr_globals.sys");
    if (!module)
        return;
    CHECK_EQ(exc_function(module, "check")(), 0); /* or the line of globals.c that went wrong */
    CHECK_EQ((ULONG)LdrpUnloadImage(module), STATUS_SUCCESS);
}
