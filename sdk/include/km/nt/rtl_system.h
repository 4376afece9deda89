/* SPDX-License-Identifier: MIT */
/*
 * nt/rtl_system.h - what the run-time library knows of the system: edition, loaded modules, altitudes, flags.
 */
#ifndef KILN_NT_RTL_SYSTEM_H
#define KILN_NT_RTL_SYSTEM_H

#include <nt/base.h>

EXTERN_C_START

#define PRODUCT_UNDEFINED       0x00000000
#define PRODUCT_STANDARD_SERVER 0x00000007
#define PRODUCT_PROFESSIONAL    0x00000030

/* FALSE, and PRODUCT_UNDEFINED, for a version older than 6.0 or newer than the system. */
NTSYSAPI BOOLEAN NTAPI RtlGetProductInfo(_In_ ULONG OSMajorVersion, _In_ ULONG OSMinorVersion,
                                         _In_ ULONG SpMajorVersion, _In_ ULONG SpMinorVersion,
                                         _Out_ PULONG ReturnedProductType);
extern PULONG NtGlobalFlag; /* what gflags set */
NTSYSAPI ULONG NTAPI RtlGetNtGlobalFlags(VOID);

/*
 * The error code of Windows programs for a status, from a documented table; 317 (ERROR_MR_MID_NOT_FOUND) when there is
 * none. Any IRQL. Page: ntifs/nf-ntifs-rtlntstatustodoserror.
 */
NTSYSAPI ULONG NTAPI RtlNtStatusToDosError(_In_ NTSTATUS Status);
NTSYSAPI ULONG NTAPI RtlNtStatusToDosErrorNoTeb(_In_ NTSTATUS Status);

/* Numbers of any length with a decimal point; below zero, zero or above, as the first is lower, equal or higher. */
NTSYSAPI LONG NTAPI RtlCompareAltitudes(_In_ PCUNICODE_STRING Altitude1, _In_ PCUNICODE_STRING Altitude2);

typedef struct _RTL_MODULE_BASIC_INFO {
    PVOID ImageBase;
} RTL_MODULE_BASIC_INFO, *PRTL_MODULE_BASIC_INFO;
typedef struct _RTL_MODULE_EXTENDED_INFO {
    RTL_MODULE_BASIC_INFO BasicInfo;
    ULONG ImageSize;
    USHORT FileNameOffset; /* of the file name in FullPathName */
    UCHAR FullPathName[256];
} RTL_MODULE_EXTENDED_INFO, *PRTL_MODULE_EXTENDED_INFO;

/*
 * The loaded images, in load order. Information NULL: how many bytes are needed. STATUS_BUFFER_TOO_SMALL: too
 * few. UnitSize is the size of one of the two structures. What AuxKlibQueryModuleInformation calls.
 */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSYSAPI NTSTATUS NTAPI RtlQueryModuleInformation(_Inout_ PULONG InformationLength, _In_ ULONG UnitSize,
                                                  _Out_opt_ PVOID Information);

EXTERN_C_END

#endif
