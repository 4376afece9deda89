/* SPDX-License-Identifier: MIT */
/* The page of shared data, as drivers read it. Page: ntddk/ns-ntddk-kuser_shared_data. */
#include "rtltest.h"

#define SHARED ((volatile KUSER_SHARED_DATA *)0xFFFFF78000000000ULL)

/* As a driver's code, which no sanitizer watches: this address has no shadow. */
#ifdef __clang__
#define AS_A_DRIVER __attribute__((disable_sanitizer_instrumentation))
#else
#define AS_A_DRIVER
#endif

AS_A_DRIVER static ULONG read(const volatile void *field)
{
    return *(const volatile ULONG *)field;
}

KILN_TEST_ONCE(rtl_shared_data, says_what_the_routines_say)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
    LARGE_INTEGER now, then;
    CHECK_EQ(RtlGetVersion(&version), STATUS_SUCCESS);
    CHECK_EQ(read(&SHARED->NtMajorVersion), version.dwMajorVersion);
    CHECK_EQ(read(&SHARED->NtMinorVersion), version.dwMinorVersion);
    KeQuerySystemTime(&then);
    now.LowPart = read(&SHARED->SystemTime.LowPart);
    now.HighPart = (LONG)read(&SHARED->SystemTime.High1Time);
    CHECK(now.QuadPart - then.QuadPart < 10000000 && then.QuadPart - now.QuadPart < 10000000);
}
