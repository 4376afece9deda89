/* SPDX-License-Identifier: MIT */
/*
 * version.c - what version of Windows this is: 10.0.22621, a client without service pack.
 *
 * RtlVerifyVersionInfo compares major and minor version and service pack in this order, as one number: the
 * first difference decides, by the condition of the most significant field asked for. Every other field is
 * compared by its own condition. IRQL: any (Windows: PASSIVE_LEVEL).
 */
#include <nt/rtl.h>
#include "rtlp.h"

#define MAJOR_VERSION 10
#define MINOR_VERSION 0
#define BUILD_NUMBER  22621
#define SUITE_MASK    VER_SUITE_SINGLEUSERTS

static ULONG build_number = 0xF0000000u | BUILD_NUMBER; /* the upper bits say: a free build */
PULONG NtBuildNumber = &build_number;

NTSYSAPI NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW VersionInformation)
{
    VersionInformation->dwMajorVersion = MAJOR_VERSION;
    VersionInformation->dwMinorVersion = MINOR_VERSION;
    VersionInformation->dwBuildNumber = BUILD_NUMBER;
    VersionInformation->dwPlatformId = VER_PLATFORM_WIN32_NT;
    VersionInformation->szCSDVersion[0] = 0;
    if (VersionInformation->dwOSVersionInfoSize == sizeof(RTL_OSVERSIONINFOEXW)) {
        PRTL_OSVERSIONINFOEXW extended = (PRTL_OSVERSIONINFOEXW)VersionInformation;
        extended->wServicePackMajor = 0;
        extended->wServicePackMinor = 0;
        extended->wSuiteMask = SUITE_MASK;
        extended->wProductType = VER_NT_WORKSTATION;
        extended->wReserved = 0;
    }
    return STATUS_SUCCESS;
}

/* Three bits of condition for each bit of the type mask. */
static ULONG condition_of(ULONGLONG conditions, ULONG type)
{
    ULONG index = (ULONG)__builtin_ctz(type);
    return (ULONG)(conditions >> (index * VER_NUM_BITS_PER_CONDITION_MASK)) & VER_CONDITION_MASK;
}

static bool holds(ULONG condition, LONG order)
{
    switch (condition) {
    case VER_EQUAL:
        return order == 0;
    case VER_GREATER:
        return order > 0;
    case VER_GREATER_EQUAL:
        return order >= 0;
    case VER_LESS:
        return order < 0;
    case VER_LESS_EQUAL:
        return order <= 0;
    default:
        return false;
    }
}

static LONG order_of(ULONG mine, ULONG asked)
{
    return mine == asked ? 0 : mine > asked ? 1 : -1;
}

NTSYSAPI NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                                             ULONGLONG ConditionMask)
{
    static const ULONG parts[] = {VER_MAJORVERSION, VER_MINORVERSION, VER_SERVICEPACKMAJOR,
                                  VER_SERVICEPACKMINOR};
    const ULONG mine[] = {MAJOR_VERSION, MINOR_VERSION, 0, 0};
    const ULONG asked[] = {VersionInfo->dwMajorVersion, VersionInfo->dwMinorVersion,
                           VersionInfo->wServicePackMajor, VersionInfo->wServicePackMinor};
    ULONG condition = 0;
    LONG order = 0;

    if (TypeMask == 0 || ConditionMask == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    if (TypeMask & VER_SUITENAME) {
        ULONG wanted = VersionInfo->wSuiteMask, kind = condition_of(ConditionMask, VER_SUITENAME);
        bool met =
            kind == VER_AND ? (wanted & ~(ULONG)SUITE_MASK) == 0 : wanted == 0 || (wanted & SUITE_MASK) != 0;
        if (kind != VER_AND && kind != VER_OR) {
            return STATUS_INVALID_PARAMETER;
        }
        if (!met) {
            return STATUS_REVISION_MISMATCH;
        }
    }
    if ((TypeMask & VER_PLATFORMID) && !holds(condition_of(ConditionMask, VER_PLATFORMID),
                                              order_of(VER_PLATFORM_WIN32_NT, VersionInfo->dwPlatformId))) {
        return STATUS_REVISION_MISMATCH;
    }
    if ((TypeMask & VER_PRODUCT_TYPE) && !holds(condition_of(ConditionMask, VER_PRODUCT_TYPE),
                                                order_of(VER_NT_WORKSTATION, VersionInfo->wProductType))) {
        return STATUS_REVISION_MISMATCH;
    }
    if ((TypeMask & VER_BUILDNUMBER) && !holds(condition_of(ConditionMask, VER_BUILDNUMBER),
                                               order_of(BUILD_NUMBER, VersionInfo->dwBuildNumber))) {
        return STATUS_REVISION_MISMATCH;
    }
    for (ULONG i = 0; i < RTL_NUMBER_OF(parts); i++) {
        if (TypeMask & parts[i]) {
            if (condition == 0) {
                condition = condition_of(ConditionMask, parts[i]);
            }
            if (order == 0) {
                order = order_of(mine[i], asked[i]);
            }
        }
    }
    if (condition != 0 && !holds(condition, order)) {
        return STATUS_REVISION_MISMATCH;
    }
    return STATUS_SUCCESS;
}

NTSYSAPI ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition)
{
    for (ULONG type = 1; type <= VER_PRODUCT_TYPE; type <<= 1) {
        if (TypeMask & type) {
            ULONG shift = (ULONG)__builtin_ctz(type) * VER_NUM_BITS_PER_CONDITION_MASK;
            ConditionMask |= (ULONGLONG)(Condition & VER_CONDITION_MASK) << shift;
        }
    }
    return ConditionMask;
}

/* A version is 0xMMmmSSss: operating system (upper half) and service pack. */
NTSYSAPI BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version)
{
    if (SPVER(Version) != 0 || SUBVER(Version) > SUBVER(NTDDI_WIN10_NI)) {
        return FALSE;
    }
    return (BOOLEAN)(OSVER(Version) <= NTDDI_WIN10);
}

NTSYSAPI BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG Version)
{
    return (BOOLEAN)(OSVER(Version) == NTDDI_WIN10 && SPVER(Version) == 0);
}

NTSYSAPI BOOLEAN NTAPI RtlGetNtProductType(PNT_PRODUCT_TYPE NtProductType)
{
    *NtProductType = NtProductWinNt;
    return TRUE;
}

NTSYSAPI BOOLEAN NTAPI RtlIsMultiSessionSku(VOID)
{
    return FALSE;
}

NTSYSAPI BOOLEAN NTAPI RtlIsStateSeparationEnabled(VOID)
{
    return FALSE;
}

/* x87, SSE, AVX, AVX-512: what an interrupted thread gets back (host/traps.c). Not the tiles, which a process must ask for. */
#define FEATURES_KEPT 0xE7ULL

/* The processor's extended features that the system enables, of those asked for. */
NTSYSAPI ULONG64 NTAPI RtlGetEnabledExtendedFeatures(ULONG64 FeatureMask)
{
    int info[4];
    __cpuid(info, 1);
    if ((info[2] & (1 << 27)) == 0) { /* OSXSAVE */
        return FeatureMask & XSTATE_MASK_LEGACY;
    }
    return FeatureMask & FEATURES_KEPT & _xgetbv(0);
}
