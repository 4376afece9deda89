/* SPDX-License-Identifier: MIT */
/*
 * system.c - small questions about the system and its names: global flags, edition, altitudes, event
 * triggers.
 *
 * Any IRQL where the arguments are resident.
 */
#include <nt/rtl.h>
#include "rtlp.h"

NTSYSAPI ULONG NTAPI RtlGetNtGlobalFlags(VOID)
{
    return *NtGlobalFlag;
}

/* The edition of a version that is not newer than this one; a newer one is not known. */
NTSYSAPI BOOLEAN NTAPI RtlGetProductInfo(ULONG OSMajorVersion, ULONG OSMinorVersion, ULONG SpMajorVersion,
                                         ULONG SpMinorVersion, PULONG ReturnedProductType)
{
    RTL_OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
    UNREFERENCED_PARAMETER(SpMajorVersion);
    UNREFERENCED_PARAMETER(SpMinorVersion);
    *ReturnedProductType = PRODUCT_UNDEFINED;
    if (OSMajorVersion < 6 || !NT_SUCCESS(RtlGetVersion(&version)) ||
        OSMajorVersion > version.dwMajorVersion ||
        (OSMajorVersion == version.dwMajorVersion && OSMinorVersion > version.dwMinorVersion)) {
        return FALSE;
    }
    *ReturnedProductType = PRODUCT_PROFESSIONAL;
    return TRUE;
}

/* A part of an altitude: the digits of it, without what does not change its value. */
struct digits {
    const WCHAR *at;
    ULONG count;
};

/* The digits before the point without leading zeros, and those behind it without trailing ones. */
static void split_altitude(PCUNICODE_STRING altitude, struct digits *whole, struct digits *fraction)
{
    const WCHAR *at = altitude->Buffer, *end = at + altitude->Length / sizeof(WCHAR), *point;
    while (at < end && *at == '0') {
        at++;
    }
    for (point = at; point < end && *point != '.'; point++) {
    }
    *whole = (struct digits){at, (ULONG)(point - at)};
    at = point < end ? point + 1 : end;
    while (end > at && end[-1] == '0') {
        end--;
    }
    *fraction = (struct digits){at, (ULONG)(end - at)};
}

static LONG compare_digits(const struct digits *a, const struct digits *b)
{
    for (ULONG i = 0; i < a->count && i < b->count; i++) {
        if (a->at[i] != b->at[i]) {
            return a->at[i] < b->at[i] ? -1 : 1;
        }
    }
    return a->count == b->count ? 0 : a->count < b->count ? -1 : 1;
}

/* As numbers with a decimal point, of any length. Below zero: the first is lower. */
NTSYSAPI LONG NTAPI RtlCompareAltitudes(PCUNICODE_STRING Altitude1, PCUNICODE_STRING Altitude2)
{
    struct digits whole[2], fraction[2];
    split_altitude(Altitude1, &whole[0], &fraction[0]);
    split_altitude(Altitude2, &whole[1], &fraction[1]);
    if (whole[0].count != whole[1].count) {
        return whole[0].count < whole[1].count ? -1 : 1;
    }
    LONG order = compare_digits(&whole[0], &whole[1]);
    return order != 0 ? order : compare_digits(&fraction[0], &fraction[1]);
}

/* The background tasks that could have subscribed are programs; there are none. */
NTSYSAPI NTSTATUS NTAPI RtlRaiseCustomSystemEventTrigger(PCUSTOM_SYSTEM_EVENT_TRIGGER_CONFIG TriggerConfig)
{
    UNICODE_STRING text;
    GUID trigger;
    if (TriggerConfig == NULL || TriggerConfig->Size != sizeof(*TriggerConfig) ||
        TriggerConfig->TriggerId == NULL ||
        !NT_SUCCESS(RtlInitUnicodeStringEx(&text, TriggerConfig->TriggerId)) ||
        !NT_SUCCESS(RtlGUIDFromString(&text, &trigger))) {
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_INSTANCE_NOT_AVAILABLE;
}
