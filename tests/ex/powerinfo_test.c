/* SPDX-License-Identifier: MIT */
/* ZwPowerInformation, page nf-ntddk-zwpowerinformation. */
#include "exsupport.h"
#include "ki.h"

KILN_TEST_ONCE(ex_power, the_platform_is_not_always_on)
{
    POWER_PLATFORM_INFORMATION platform = {.AoAc = 7};

    CHECK_EQ(ZwPowerInformation(PlatformInformation, NULL, 0, &platform, sizeof(platform)), STATUS_SUCCESS);
    CHECK_EQ(platform.AoAc, FALSE);
}

KILN_TEST_ONCE(ex_power, platform_information_has_output_and_no_input)
{
    POWER_PLATFORM_INFORMATION platform;

    CHECK_EQ(ZwPowerInformation(PlatformInformation, &platform, sizeof(platform), &platform, sizeof(platform)),
             STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwPowerInformation(PlatformInformation, NULL, 1, &platform, sizeof(platform)), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwPowerInformation(PlatformInformation, NULL, 0, NULL, sizeof(platform)), STATUS_INVALID_PARAMETER);
    CHECK_EQ(ZwPowerInformation(PlatformInformation, NULL, 0, &platform, 0), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(ZwPowerInformation(SystemPowerInformation, NULL, 0, &platform, sizeof(platform)),
             STATUS_INVALID_PARAMETER);
}

KILN_TEST_ONCE(ex_power, a_users_output_must_be_the_users)
{
    POWER_PLATFORM_INFORMATION platform;

    KiThread()->PreviousMode = UserMode;
    NTSTATUS status = NtPowerInformation(PlatformInformation, NULL, 0, &platform, sizeof(platform));
    KiThread()->PreviousMode = KernelMode;
    CHECK_EQ(status, STATUS_ACCESS_VIOLATION);
}
