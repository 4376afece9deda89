/* SPDX-License-Identifier: MIT */
#include "rtltest.h"

#define TICKS_PER_DAY 864000000000LL

KILN_TEST_ONCE(rtl_time, known_moments)
{
    LARGE_INTEGER time;
    TIME_FIELDS fields;
    ULONG seconds;
    time.QuadPart = 0;
    RtlTimeToTimeFields(&time, &fields);
    CHECK_EQ(fields.Year, 1601);
    CHECK_EQ(fields.Month, 1);
    CHECK_EQ(fields.Day, 1);
    CHECK_EQ(fields.Weekday, 1);
    RtlSecondsSince1970ToTime(951782400, &time); /* 2000-02-29 00:00, a Tuesday */
    RtlTimeToTimeFields(&time, &fields);
    CHECK_EQ(fields.Year, 2000);
    CHECK_EQ(fields.Month, 2);
    CHECK_EQ(fields.Day, 29);
    CHECK_EQ(fields.Weekday, 2);
    CHECK(RtlTimeToSecondsSince1970(&time, &seconds));
    CHECK_EQ(seconds, 951782400);
    time.QuadPart = 5;
    CHECK(!RtlTimeToSecondsSince1970(&time, &seconds));
}

/* Day by day through two cycles of the calendar: the date always advances by one, and converts back. */
KILN_TEST_ONCE(rtl_time, every_day_of_eight_centuries_converts_back)
{
    LARGE_INTEGER time, back;
    TIME_FIELDS fields, before = {0};
    for (LONG day = 0; day < 2 * 146097 + 400; day++) {
        time.QuadPart = day * TICKS_PER_DAY + 12345678;
        RtlTimeToTimeFields(&time, &fields);
        CHECK(RtlTimeFieldsToTime(&fields, &back));
        CHECK_EQ(back.QuadPart / 10000, time.QuadPart / 10000);
        if (day != 0) {
            CHECK((fields.Day == before.Day + 1 && fields.Month == before.Month &&
                   fields.Year == before.Year) ||
                  (fields.Day == 1 && fields.Month == before.Month + 1 && fields.Year == before.Year) ||
                  (fields.Day == 1 && fields.Month == 1 && before.Month == 12 &&
                   fields.Year == before.Year + 1));
            CHECK_EQ(fields.Weekday, (before.Weekday + 1) % 7);
        }
        before = fields;
    }
}

KILN_TEST_ONCE(rtl_time, impossible_fields_are_refused)
{
    LARGE_INTEGER time;
    TIME_FIELDS fields = {.Year = 2023, .Month = 2, .Day = 29};
    CHECK(!RtlTimeFieldsToTime(&fields, &time));
    fields.Year = 2024;
    CHECK(RtlTimeFieldsToTime(&fields, &time));
    fields.Year = 1600;
    CHECK(!RtlTimeFieldsToTime(&fields, &time));
    fields = (TIME_FIELDS){.Year = 2024, .Month = 13, .Day = 1};
    CHECK(!RtlTimeFieldsToTime(&fields, &time));
    fields = (TIME_FIELDS){.Year = 2024, .Month = 1, .Day = 1, .Hour = 24};
    CHECK(!RtlTimeFieldsToTime(&fields, &time));
}

KILN_TEST_ONCE(rtl_time, local_time_is_behind_by_the_bias)
{
    RTL_TIME_ZONE_INFORMATION zone, mine = {.Bias = 300, .StandardName = L"Five", .StandardBias = 0};
    LARGE_INTEGER system = {.QuadPart = 132000000000000000LL}, local, back;
    CHECK_EQ(RtlQueryTimeZoneInformation(&zone), STATUS_SUCCESS);
    CHECK(zone.Bias == 0 && zone.StandardName[0] == 'U');
    CHECK_EQ(RtlSystemTimeToLocalTime(&system, &local), STATUS_SUCCESS);
    CHECK_EQ(local.QuadPart, system.QuadPart);
    CHECK_EQ(RtlSetTimeZoneInformation(&mine), STATUS_SUCCESS);
    CHECK_EQ(RtlQueryTimeZoneInformation(&zone), STATUS_SUCCESS);
    CHECK(zone.Bias == 300 && zone.StandardName[1] == 'i');
    CHECK_EQ(RtlSystemTimeToLocalTime(&system, &local), STATUS_SUCCESS);
    CHECK_EQ(system.QuadPart - local.QuadPart, 5 * 36000000000LL);
    CHECK_EQ(RtlLocalTimeToSystemTime(&local, &back), STATUS_SUCCESS);
    CHECK_EQ(back.QuadPart, system.QuadPart);
    mine.Bias = 2000;
    CHECK_EQ(RtlSetTimeZoneInformation(&mine), STATUS_INVALID_PARAMETER);
}
