/* SPDX-License-Identifier: MIT */
/*
 * powerinfo.c: NtPowerInformation. PlatformInformation is the only level that the routine documents: whether the platform is
 * always on, always connected. The machine is not: it has the S0 and S5 of a server.
 */
#include <nt/po.h>
#include "exp.h"
#include "ki.h"
#include "trap.h"
#include "zw.h"

NTSTATUS NTAPI NtPowerInformation(POWER_INFORMATION_LEVEL InformationLevel, PVOID InputBuffer, ULONG InputBufferLength,
                                  PVOID OutputBuffer, ULONG OutputBufferLength)
{
    static const POWER_PLATFORM_INFORMATION platform = {.AoAc = FALSE};

    KI_ASSERT_IRQL_MAX(PASSIVE_LEVEL);
    if (InformationLevel != PlatformInformation || InputBuffer || InputBufferLength || !OutputBuffer)
        return STATUS_INVALID_PARAMETER;
    if (OutputBufferLength < sizeof(platform))
        return STATUS_BUFFER_TOO_SMALL;
    return KiCopyToMode(ExGetPreviousMode(), OutputBuffer, &platform, sizeof(platform));
}

NTSTATUS NTAPI ZwPowerInformation(POWER_INFORMATION_LEVEL InformationLevel, PVOID InputBuffer, ULONG InputBufferLength,
                                  PVOID OutputBuffer, ULONG OutputBufferLength)
{
    KI_ZW(NtPowerInformation(InformationLevel, InputBuffer, InputBufferLength, OutputBuffer, OutputBufferLength));
}
