/* SPDX-License-Identifier: MIT */
/* The page of shared data, as drivers read it. Page: ntddk/ns-ntddk-kuser_shared_data. */
#include "rtltest.h"

#define SHARED ((volatile KUSER_SHARED_DATA *)0xFFFFF78000000000ULL)

KILN_TEST_ONCE(rtl_shared_data, says_what_the_routines_say)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
    LARGE_INTEGER now, then;
    CHECK_EQ(RtlGetVersion(&version), STATUS_SUCCESS);
    CHECK_EQ(SHARED->NtMajorVersion, version.dwMajorVersion);
    CHECK_EQ(SHARED->NtMinorVersion, version.dwMinorVersion);
    KeQuerySystemTime(&then);
    now.LowPart = SHARED->SystemTime.LowPart;
    now.HighPart = SHARED->SystemTime.High1Time;
    CHECK(now.QuadPart - then.QuadPart < 10000000 && then.QuadPart - now.QuadPart < 10000000);
}
