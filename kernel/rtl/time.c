/* SPDX-License-Identifier: MIT */
/*
 * time.c - system time and the calendar.
 *
 * System time counts 100 ns units since 1601-01-01, the first year of a 400-year cycle of the Gregorian
 * calendar. The calendar is computed in years that begin in March, so that the leap day is the last day of a
 * year. Any IRQL.
 */
#include <nt/rtl.h>
#include "rtlp.h"

#define TICKS_PER_MILLISECOND 10000LL
#define TICKS_PER_SECOND      10000000LL
#define MILLISECONDS_PER_DAY  86400000LL
#define DAYS_PER_400_YEARS    146097
#define DAYS_1600_MARCH       (-306) /* 1600-03-01 relative to 1601-01-01 */
#define SECONDS_TO_1970       11644473600LL
#define SECONDS_TO_1980       11960006400LL

/* Days from 1601-01-01 to a date; month 1 to 12. */
static LONG days_to(LONG year, LONG month, LONG day)
{
    LONG y = month > 2 ? year - 1600 : year - 1601; /* years since March 1600 */
    LONG m = month > 2 ? month - 3 : month + 9;     /* months since March */
    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 + DAYS_1600_MARCH;
}

static LONG days_in_month(LONG year, LONG month)
{
    static const UCHAR days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

NTSYSAPI VOID NTAPI RtlTimeToTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    LONGLONG milliseconds = Time->QuadPart / TICKS_PER_MILLISECOND;
    LONG days = (LONG)(milliseconds / MILLISECONDS_PER_DAY),
         rest = (LONG)(milliseconds % MILLISECONDS_PER_DAY);
    LONG since = days - DAYS_1600_MARCH, cycle, year, month, day;

    cycle = since / DAYS_PER_400_YEARS;
    since %= DAYS_PER_400_YEARS;
    year = (since - since / 1460 + since / 36524 - since / 146096) / 365;
    day = since - (year * 365 + year / 4 - year / 100);
    month = (day * 5 + 2) / 153;
    TimeFields->Day = (CSHORT)(day - (month * 153 + 2) / 5 + 1);
    TimeFields->Month = (CSHORT)(month < 10 ? month + 3 : month - 9);
    TimeFields->Year = (CSHORT)(1600 + cycle * 400 + year + (month >= 10));
    TimeFields->Hour = (CSHORT)(rest / 3600000);
    TimeFields->Minute = (CSHORT)(rest / 60000 % 60);
    TimeFields->Second = (CSHORT)(rest / 1000 % 60);
    TimeFields->Milliseconds = (CSHORT)(rest % 1000);
    TimeFields->Weekday = (CSHORT)((days + 1) % 7); /* 1601-01-01 was a Monday; 0 is Sunday */
}

NTSYSAPI BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS TimeFields, PLARGE_INTEGER Time)
{
    LONGLONG seconds;
    if (TimeFields->Year < 1601 || TimeFields->Year > 30827 || TimeFields->Month < 1 ||
        TimeFields->Month > 12 || TimeFields->Day < 1 ||
        TimeFields->Day > days_in_month(TimeFields->Year, TimeFields->Month) || TimeFields->Hour < 0 ||
        TimeFields->Hour > 23 || TimeFields->Minute < 0 || TimeFields->Minute > 59 ||
        TimeFields->Second < 0 || TimeFields->Second > 59 || TimeFields->Milliseconds < 0 ||
        TimeFields->Milliseconds > 999) {
        return FALSE;
    }
    seconds = (LONGLONG)days_to(TimeFields->Year, TimeFields->Month, TimeFields->Day) * 86400 +
              TimeFields->Hour * 3600 + TimeFields->Minute * 60 + TimeFields->Second;
    Time->QuadPart = seconds * TICKS_PER_SECOND + TimeFields->Milliseconds * TICKS_PER_MILLISECOND;
    return TRUE;
}

/* The same without a date: days, hours and so on of a span. */
NTSYSAPI VOID NTAPI RtlTimeToElapsedTimeFields(PLARGE_INTEGER Time, PTIME_FIELDS TimeFields)
{
    LONGLONG milliseconds = Time->QuadPart / TICKS_PER_MILLISECOND;
    LONG rest = (LONG)(milliseconds % MILLISECONDS_PER_DAY);
    TimeFields->Year = 0;
    TimeFields->Month = 0;
    TimeFields->Day = (CSHORT)(milliseconds / MILLISECONDS_PER_DAY);
    TimeFields->Hour = (CSHORT)(rest / 3600000);
    TimeFields->Minute = (CSHORT)(rest / 60000 % 60);
    TimeFields->Second = (CSHORT)(rest / 1000 % 60);
    TimeFields->Milliseconds = (CSHORT)(rest % 1000);
    TimeFields->Weekday = 0;
}

static BOOLEAN to_seconds(PLARGE_INTEGER time, LONGLONG epoch, PULONG seconds)
{
    LONGLONG since = time->QuadPart / TICKS_PER_SECOND - epoch;
    if (since < 0 || since > 0xFFFFFFFFLL) {
        return FALSE;
    }
    *seconds = (ULONG)since;
    return TRUE;
}

NTSYSAPI BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    return to_seconds(Time, SECONDS_TO_1970, ElapsedSeconds);
}

NTSYSAPI BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER Time, PULONG ElapsedSeconds)
{
    return to_seconds(Time, SECONDS_TO_1980, ElapsedSeconds);
}

NTSYSAPI VOID NTAPI RtlSecondsSince1970ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    Time->QuadPart = (SECONDS_TO_1970 + ElapsedSeconds) * TICKS_PER_SECOND;
}

NTSYSAPI VOID NTAPI RtlSecondsSince1980ToTime(ULONG ElapsedSeconds, PLARGE_INTEGER Time)
{
    Time->QuadPart = (SECONDS_TO_1980 + ElapsedSeconds) * TICKS_PER_SECOND;
}
