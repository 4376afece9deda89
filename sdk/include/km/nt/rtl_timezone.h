/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_timezone.h - a date by its fields, and local time. Biases are minutes: UTC = local time + bias. Included by <nt/rtl.h>.
 */
#ifndef KILN_NT_RTL_TIMEZONE_H
#define KILN_NT_RTL_TIMEZONE_H

#include <nt/base.h>

EXTERN_C_START

typedef struct _TIME_FIELDS {
    CSHORT Year;
    CSHORT Month;
    CSHORT Day;
    CSHORT Hour;
    CSHORT Minute;
    CSHORT Second;
    CSHORT Milliseconds;
    CSHORT Weekday;
} TIME_FIELDS, *PTIME_FIELDS;

typedef struct _RTL_TIME_ZONE_INFORMATION {
    LONG Bias;
    WCHAR StandardName[32];
    TIME_FIELDS StandardStart;
    LONG StandardBias;
    WCHAR DaylightName[32];
    TIME_FIELDS DaylightStart;
    LONG DaylightBias;
} RTL_TIME_ZONE_INFORMATION, *PRTL_TIME_ZONE_INFORMATION;

_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlQueryTimeZoneInformation(_Out_ PRTL_TIME_ZONE_INFORMATION TimeZoneInformation);
_IRQL_requires_max_(APC_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlSetTimeZoneInformation(_In_ const RTL_TIME_ZONE_INFORMATION *TimeZoneInformation);
NTSYSAPI NTSTATUS NTAPI RtlSystemTimeToLocalTime(_In_ const LARGE_INTEGER *SystemTime, _Out_ PLARGE_INTEGER LocalTime);
NTSYSAPI NTSTATUS NTAPI RtlLocalTimeToSystemTime(_In_ const LARGE_INTEGER *LocalTime, _Out_ PLARGE_INTEGER SystemTime);

EXTERN_C_END

NT_ASSERT_SIZE(RTL_TIME_ZONE_INFORMATION, 172);

#endif
