/* SPDX-License-Identifier: MIT */
/*
 * timezone.c: the time zone of the machine by its Rtl names: UTC until somebody sets another. There is no
 * daylight saving: the bias is one number, whatever the date. PASSIVE_LEVEL; conversions at any IRQL.
 */
#include "exp.h"

#include <nt/rtl.h>
#include <nt/rtl_timezone.h>

#define MINUTE       600000000LL
#define MOST_MINUTES (24 * 60)

static KSPIN_LOCK lock; /* Z; zone */
static RTL_TIME_ZONE_INFORMATION zone = {.StandardName = L"UTC", .DaylightName = L"UTC"};

NTSTATUS NTAPI RtlSystemTimeToLocalTime(const LARGE_INTEGER *SystemTime, PLARGE_INTEGER LocalTime)
{
    LARGE_INTEGER time = *SystemTime;
    ExSystemTimeToLocalTime(&time, LocalTime);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlLocalTimeToSystemTime(const LARGE_INTEGER *LocalTime, PLARGE_INTEGER SystemTime)
{
    LARGE_INTEGER time = *LocalTime;
    ExLocalTimeToSystemTime(&time, SystemTime);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlQueryTimeZoneInformation(PRTL_TIME_ZONE_INFORMATION TimeZoneInformation)
{
    RTL_TIME_ZONE_INFORMATION copy;
    KIRQL irql;
    PAGED_CODE();
    KeAcquireSpinLock(&lock, &irql);
    copy = zone;
    KeReleaseSpinLock(&lock, irql);
    *TimeZoneInformation = copy;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetTimeZoneInformation(const RTL_TIME_ZONE_INFORMATION *TimeZoneInformation)
{
    RTL_TIME_ZONE_INFORMATION copy = *TimeZoneInformation;
    KIRQL irql;
    PAGED_CODE();
    if (copy.Bias < -MOST_MINUTES || copy.Bias > MOST_MINUTES)
        return STATUS_INVALID_PARAMETER;
    KeAcquireSpinLock(&lock, &irql);
    zone = copy;
    Write64NoFence(&ExpTimeZoneBias.QuadPart, (copy.Bias + (LONG64)copy.StandardBias) * MINUTE);
    KeReleaseSpinLock(&lock, irql);
    return STATUS_SUCCESS;
}
