/* SPDX-License-Identifier: MIT */
/* Time zone, resolution, UUIDs, firmware variables, features. */
#include "exsupport.h"

KILN_TEST_ONCE(ex_system, local_time_and_back_is_the_identity)
{
    LARGE_INTEGER System = {.QuadPart = 133000000000000000}, Local, Back;

    ExSystemTimeToLocalTime(&System, &Local);
    ExLocalTimeToSystemTime(&Local, &Back);
    CHECK_EQ(Back.QuadPart, System.QuadPart);
}

KILN_TEST_ONCE(ex_system, timer_resolution_is_the_finest_asked_for)
{
    ULONG Maximum, Minimum, Current;

    ExQueryTimerResolution(&Maximum, &Minimum, &Current);
    CHECK(Maximum >= Current && Current >= Minimum);
    CHECK_EQ(ExSetTimerResolution(10000, TRUE), 10000);
    CHECK_EQ(ExSetTimerResolution(50000, TRUE), 10000);
    CHECK_EQ(ExSetTimerResolution(0, FALSE), 10000);
    CHECK_EQ(ExSetTimerResolution(0, FALSE), Maximum);
}

KILN_TEST_ONCE(ex_system, uuids_differ)
{
    UUID A, B;

    CHECK_EQ(ExUuidCreate(&A), STATUS_SUCCESS);
    CHECK_EQ(ExUuidCreate(&B), STATUS_SUCCESS);
    CHECK(RtlCompareMemory(&A, &B, sizeof(A)) != sizeof(A));
    CHECK_EQ(A.Data3 >> 12, 4);
}

KILN_TEST_ONCE(ex_system, firmware_variables_are_kept)
{
    static GUID Vendor = {0x12345678, 1, 2, {3}};
    UNICODE_STRING Name;
    UCHAR Value[16];
    ULONG Length = sizeof(Value), Attributes = 0;

    RtlInitUnicodeString(&Name, L"KilnTest");
    CHECK_EQ(ExGetFirmwareEnvironmentVariable(&Name, &Vendor, Value, &Length, NULL),
             STATUS_VARIABLE_NOT_FOUND);
    CHECK_EQ(ExSetFirmwareEnvironmentVariable(&Name, &Vendor, "abcd", 4, 7), STATUS_SUCCESS);
    Length = 2;
    CHECK_EQ(ExGetFirmwareEnvironmentVariable(&Name, &Vendor, Value, &Length, NULL), STATUS_BUFFER_TOO_SMALL);
    CHECK_EQ(Length, 4);
    CHECK_EQ(ExGetFirmwareEnvironmentVariable(&Name, &Vendor, Value, &Length, &Attributes), STATUS_SUCCESS);
    CHECK_EQ(Value[3], 'd');
    CHECK_EQ(Attributes, 7);
    CHECK_EQ(ExSetFirmwareEnvironmentVariable(&Name, &Vendor, NULL, 0, 7), STATUS_SUCCESS);
    CHECK_EQ(ExGetFirmwareEnvironmentVariable(&Name, &Vendor, Value, &Length, NULL),
             STATUS_VARIABLE_NOT_FOUND);
}

KILN_TEST_ONCE(ex_system, x64_has_the_baseline_features)
{
    CHECK(ExIsProcessorFeaturePresent(PF_COMPARE_EXCHANGE128));
    CHECK(ExIsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE));
    CHECK(!ExIsProcessorFeaturePresent(1000));
    CHECK_EQ(ExGetPreviousMode(), KernelMode);
}
