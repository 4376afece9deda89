/* SPDX-License-Identifier: MIT */
/*
 * aux_klib.h - the auxiliary kernel library: loaded modules, firmware tables, the last bugcheck. Link aux_klib.lib.
 * AuxKlibInitialize comes first: before it the others return STATUS_UNSUCCESSFUL (NULL for the export directory).
 * Pages: aux_klib/nf-aux_klib-auxklibinitialize and siblings.
 */
#ifndef KILN_AUX_KLIB_H
#define KILN_AUX_KLIB_H
#define _AUX_KLIB_H

#include <ntimage.h>

EXTERN_C_START

#define AUX_KLIB_MODULE_PATH_LEN 256
#define AUX_KLIB_MAX_TABLE_NAME 0

typedef struct _AUX_MODULE_BASIC_INFO {
    PVOID ImageBase;
} AUX_MODULE_BASIC_INFO, *PAUX_MODULE_BASIC_INFO;

typedef struct _AUX_MODULE_EXTENDED_INFO {
    AUX_MODULE_BASIC_INFO BasicInfo;
    ULONG ImageSize;
    USHORT FileNameOffset;
    UCHAR FullPathName[AUX_KLIB_MODULE_PATH_LEN];
} AUX_MODULE_EXTENDED_INFO, *PAUX_MODULE_EXTENDED_INFO;

typedef struct _KBUGCHECK_DATA {
    ULONG BugCheckDataSize;
    ULONG BugCheckCode;
    ULONG_PTR Parameter1;
    ULONG_PTR Parameter2;
    ULONG_PTR Parameter3;
    ULONG_PTR Parameter4;
} KBUGCHECK_DATA, *PKBUGCHECK_DATA;

NT_ASSERT_SIZE(AUX_MODULE_EXTENDED_INFO, 0x110);
NT_ASSERT_SIZE(KBUGCHECK_DATA, 0x28);

_IRQL_requires_max_(PASSIVE_LEVEL) NTSTATUS NTAPI AuxKlibInitialize(VOID);

/* QueryInfo NULL: how many bytes are needed. Otherwise an array of structures of ElementSize bytes. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS NTAPI AuxKlibQueryModuleInformation(_Inout_ PULONG BufferSize, _In_ ULONG ElementSize,
                                                         _Out_writes_bytes_opt_(*BufferSize) PVOID QueryInfo);

/* Any IRQL. */
_IRQL_requires_max_(HIGH_LEVEL)
NTSTATUS NTAPI AuxKlibGetBugCheckData(_Inout_ PKBUGCHECK_DATA BugCheckData);
_IRQL_requires_max_(HIGH_LEVEL)
PIMAGE_EXPORT_DIRECTORY NTAPI AuxKlibGetImageExportDirectory(_In_ PVOID ImageBase);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS NTAPI AuxKlibEnumerateSystemFirmwareTables(
    _In_ ULONG FirmwareTableProviderSignature, _Out_writes_bytes_opt_(BufferLength) PVOID FirmwareTableBuffer,
    _In_ ULONG BufferLength, _Out_opt_ PULONG ReturnLength);

_IRQL_requires_max_(PASSIVE_LEVEL)
NTSTATUS NTAPI AuxKlibGetSystemFirmwareTable(_In_ ULONG FirmwareTableProviderSignature,
                                                         _In_ ULONG FirmwareTableID,
                                                         _Out_writes_bytes_opt_(BufferLength) PVOID FirmwareTableBuffer,
                                                         _In_ ULONG BufferLength, _Out_opt_ PULONG ReturnLength);

EXTERN_C_END

#endif
