/* SPDX-License-Identifier: MIT */
/*
 * nt/ke_bugcheck.h - stopping the machine, and what may run while it stops.
 *
 * Callbacks run at HIGH_LEVEL on one processor with everything else stopped: they may allocate nothing, wait
 * for nothing and touch only memory that is resident.
 */
#ifndef KILN_NT_KE_BUGCHECK_H
#define KILN_NT_KE_BUGCHECK_H

#include <nt/base.h>
#include <bugcodes.h>

EXTERN_C_START

typedef enum _KBUGCHECK_CALLBACK_REASON {
    KbCallbackInvalid,
    KbCallbackReserved1,
    KbCallbackSecondaryDumpData,
    KbCallbackDumpIo,
    KbCallbackAddPages,
    KbCallbackSecondaryMultiPartDumpData,
    KbCallbackRemovePages,
    KbCallbackTriageDumpData,
    KbCallbackReserved2,
    KbCallbackReserved3
} KBUGCHECK_CALLBACK_REASON;

typedef enum _KBUGCHECK_BUFFER_DUMP_STATE {
    BufferEmpty,
    BufferInserted,
    BufferStarted,
    BufferFinished,
    BufferIncomplete
} KBUGCHECK_BUFFER_DUMP_STATE;

typedef VOID NTAPI KBUGCHECK_CALLBACK_ROUTINE(_In_reads_bytes_(Length) PVOID Buffer, _In_ ULONG Length);
typedef KBUGCHECK_CALLBACK_ROUTINE *PKBUGCHECK_CALLBACK_ROUTINE;

typedef struct _KBUGCHECK_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine;
    PVOID Buffer;
    ULONG Length;
    PUCHAR Component;
    ULONG_PTR Checksum;
    UCHAR State;
} KBUGCHECK_CALLBACK_RECORD, *PKBUGCHECK_CALLBACK_RECORD;

struct _KBUGCHECK_REASON_CALLBACK_RECORD;
typedef VOID NTAPI KBUGCHECK_REASON_CALLBACK_ROUTINE(_In_ KBUGCHECK_CALLBACK_REASON Reason,
                                                     _In_ struct _KBUGCHECK_REASON_CALLBACK_RECORD *Record,
                                                     _Inout_ PVOID ReasonSpecificData,
                                                     _In_ ULONG ReasonSpecificDataLength);
typedef KBUGCHECK_REASON_CALLBACK_ROUTINE *PKBUGCHECK_REASON_CALLBACK_ROUTINE;

typedef struct _KBUGCHECK_REASON_CALLBACK_RECORD {
    LIST_ENTRY Entry;
    PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine;
    PUCHAR Component;
    ULONG_PTR Checksum;
    KBUGCHECK_CALLBACK_REASON Reason;
    UCHAR State;
} KBUGCHECK_REASON_CALLBACK_RECORD, *PKBUGCHECK_REASON_CALLBACK_RECORD;

typedef struct _KBUGCHECK_SECONDARY_DUMP_DATA {
    PVOID InBuffer;
    ULONG InBufferLength;
    ULONG MaximumAllowed;
    GUID Guid;
    PVOID OutBuffer;
    ULONG OutBufferLength;
} KBUGCHECK_SECONDARY_DUMP_DATA, *PKBUGCHECK_SECONDARY_DUMP_DATA;

typedef struct _KBUGCHECK_SECONDARY_DUMP_DATA_EX {
    PVOID InBuffer;
    ULONG InBufferLength;
    ULONG MaximumAllowed;
    GUID Guid;
    PVOID OutBuffer;
    ULONG OutBufferLength;
    PVOID Context;
    ULONG Flags;
    ULONG DumpType;
    ULONG BugCheckCode;
    ULONG_PTR BugCheckParameter1;
    ULONG_PTR BugCheckParameter2;
    ULONG_PTR BugCheckParameter3;
    ULONG_PTR BugCheckParameter4;
} KBUGCHECK_SECONDARY_DUMP_DATA_EX, *PKBUGCHECK_SECONDARY_DUMP_DATA_EX;
#define KB_SECONDARY_DATA_FLAG_ADDITIONAL_DATA  0x00000001UL
#define KB_SECONDARY_DATA_FLAG_NO_DEVICE_ACCESS 0x00000002UL

typedef enum _KBUGCHECK_DUMP_IO_TYPE {
    KbDumpIoInvalid,
    KbDumpIoHeader,
    KbDumpIoBody,
    KbDumpIoSecondaryData,
    KbDumpIoComplete
} KBUGCHECK_DUMP_IO_TYPE;

typedef struct _KBUGCHECK_DUMP_IO {
    ULONG64 Offset;
    PVOID Buffer;
    ULONG BufferLength;
    KBUGCHECK_DUMP_IO_TYPE Type;
} KBUGCHECK_DUMP_IO, *PKBUGCHECK_DUMP_IO;

#define KB_ADD_PAGES_FLAG_VIRTUAL_ADDRESS         0x00000001UL
#define KB_ADD_PAGES_FLAG_PHYSICAL_ADDRESS        0x00000002UL
#define KB_ADD_PAGES_FLAG_ADDITIONAL_RANGES_EXIST 0x80000000UL

typedef struct _KBUGCHECK_ADD_PAGES {
    PVOID Context;
    ULONG Flags;
    ULONG BugCheckCode;
    ULONG_PTR Address;
    ULONG_PTR Count;
} KBUGCHECK_ADD_PAGES, *PKBUGCHECK_ADD_PAGES;

#define KB_REMOVE_PAGES_FLAG_VIRTUAL_ADDRESS         0x00000001UL
#define KB_REMOVE_PAGES_FLAG_PHYSICAL_ADDRESS        0x00000002UL
#define KB_REMOVE_PAGES_FLAG_ADDITIONAL_RANGES_EXIST 0x80000000UL

typedef struct _KBUGCHECK_REMOVE_PAGES {
    PVOID Context;
    ULONG Flags;
    ULONG BugCheckCode;
    ULONG_PTR Address;
    ULONG_PTR Count;
} KBUGCHECK_REMOVE_PAGES, *PKBUGCHECK_REMOVE_PAGES;

typedef struct _KADDRESS_RANGE {
    PVOID Address;
    SIZE_T Size;
} KADDRESS_RANGE, *PKADDRESS_RANGE;

typedef struct _KADDRESS_RANGE_DESCRIPTOR {
    const KADDRESS_RANGE *AddressRanges;
    SIZE_T AddressRangeCount;
} KADDRESS_RANGE_DESCRIPTOR, *PKADDRESS_RANGE_DESCRIPTOR;

/* A driver's list of ranges for the small dump, built by KeInitializeTriageDumpDataArray. */
typedef struct _KTRIAGE_DUMP_DATA_ARRAY {
    LIST_ENTRY List;
    ULONG NumBlocksUsed;
    ULONG NumBlocksTotal;
    ULONG DataSize;
    ULONG MaxDataSize;
    ULONG ComponentNameBufferLength;
    PUCHAR ComponentName;
    KADDRESS_RANGE Blocks[ANYSIZE_ARRAY];
} KTRIAGE_DUMP_DATA_ARRAY, *PKTRIAGE_DUMP_DATA_ARRAY;

typedef struct _KBUGCHECK_TRIAGE_DUMP_DATA {
    PKTRIAGE_DUMP_DATA_ARRAY DataArray;
    ULONG Flags;
    ULONG MaxVirtMemSize;
    ULONG BugCheckCode;
    ULONG_PTR BugCheckParameter1;
    ULONG_PTR BugCheckParameter2;
    ULONG_PTR BugCheckParameter3;
    ULONG_PTR BugCheckParameter4;
} KBUGCHECK_TRIAGE_DUMP_DATA, *PKBUGCHECK_TRIAGE_DUMP_DATA;
#define KB_TRIAGE_DUMP_DATA_FLAG_BUGCHECK_ACTIVE 0x00000001UL
#define DUMP_TYPE_INVALID                        0
#define DUMP_TYPE_UNKNOWN                        1
#define DUMP_TYPE_SUMMARY                        2
#define DUMP_TYPE_HEADER                         3
#define DUMP_TYPE_TRIAGE                         4
#define DUMP_TYPE_FULL                           5
#define DUMP_TYPE_BITMAP_FULL                    6
#define DUMP_TYPE_BITMAP_KERNEL                  7
#define DUMP_TYPE_AUTOMATIC                      8

/* Stops the machine with a code, and four parameters the code defines. Any IRQL; does not return. */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI KeBugCheck(_In_ ULONG BugCheckCode);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI DECLSPEC_NORETURN VOID NTAPI KeBugCheckEx(_In_ ULONG BugCheckCode,
                                                      _In_ ULONG_PTR BugCheckParameter1,
                                                      _In_ ULONG_PTR BugCheckParameter2,
                                                      _In_ ULONG_PTR BugCheckParameter3,
                                                      _In_ ULONG_PTR BugCheckParameter4);
/* Callbacks; TRUE when done. The record stays the kernel's until deregistered. Any IRQL (reason: <=
 * HIGH_LEVEL). */
#define KeInitializeCallbackRecord(CallbackRecord) ((CallbackRecord)->State = BufferEmpty)
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeRegisterBugCheckCallback(_Out_ PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                                     _In_ PKBUGCHECK_CALLBACK_ROUTINE CallbackRoutine,
                                                     _In_reads_bytes_opt_(Length) PVOID Buffer,
                                                     _In_ ULONG Length, _In_ PUCHAR Component);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeDeregisterBugCheckCallback(_Inout_ PKBUGCHECK_CALLBACK_RECORD CallbackRecord);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI
KeRegisterBugCheckReasonCallback(_Out_ PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                 _In_ PKBUGCHECK_REASON_CALLBACK_ROUTINE CallbackRoutine,
                                 _In_ KBUGCHECK_CALLBACK_REASON Reason, _In_ PUCHAR Component);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI
KeDeregisterBugCheckReasonCallback(_Inout_ PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI KeAddTriageDumpDataBlock(_Inout_ PKTRIAGE_DUMP_DATA_ARRAY KtriageDumpDataArray,
                                                    _In_ PVOID Address, _In_ SIZE_T Size);
/* The text of a bug check message by its number (ntddk). */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI KeGetBugMessageText(_In_ ULONG MessageId, _Out_opt_ PANSI_STRING ReturnString);
/* Fills a dump header for a driver that writes dumps itself (ntddk). */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI KeInitializeCrashDumpHeader(_In_ ULONG DumpType, _In_ ULONG Flags,
                                                       _Out_ PVOID Buffer, _In_ ULONG BufferSize,
                                                       _Out_opt_ PULONG BufferNeeded);
/* A breakpoint that only a debugger sees (ntddk). */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI KeEnterKernelDebugger(VOID);

FORCEINLINE NTSTATUS KeInitializeTriageDumpDataArray(_Out_ PKTRIAGE_DUMP_DATA_ARRAY KtriageDumpDataArray,
                                                     _In_ ULONG Size)
{
    ULONG head = FIELD_OFFSET(KTRIAGE_DUMP_DATA_ARRAY, Blocks);
    if (Size < head + sizeof(KADDRESS_RANGE)) {
        return (NTSTATUS)0xC000000D; /* STATUS_INVALID_PARAMETER */
    }
    KtriageDumpDataArray->List.Flink = NULL;
    KtriageDumpDataArray->List.Blink = NULL;
    KtriageDumpDataArray->NumBlocksUsed = 0;
    KtriageDumpDataArray->NumBlocksTotal = (Size - head) / (ULONG)sizeof(KADDRESS_RANGE);
    KtriageDumpDataArray->DataSize = 0;
    KtriageDumpDataArray->MaxDataSize = 0;
    KtriageDumpDataArray->ComponentNameBufferLength = 0;
    KtriageDumpDataArray->ComponentName = NULL;
    return 0;
}

EXTERN_C_END

NT_ASSERT_SIZE(KBUGCHECK_CALLBACK_RECORD, 0x40);
NT_ASSERT_SIZE(KBUGCHECK_REASON_CALLBACK_RECORD, 0x30);
NT_ASSERT_SIZE(KBUGCHECK_SECONDARY_DUMP_DATA, 0x30);

#endif
