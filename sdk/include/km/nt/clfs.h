/* SPDX-License-Identifier: MIT */
/*
 * The common log file system: logs made of containers, addressed by log sequence numbers, written and read through
 * marshalling areas. PASSIVE_LEVEL or APC_LEVEL. Pages: nf-wdm-clfscreatelogfile and siblings.
 */
#ifndef KILN_NT_CLFS_H
#define KILN_NT_CLFS_H

#include <nt/ex.h>
#include <nt/io/device.h>

EXTERN_C_START

typedef ULONG CLFS_CONTAINER_ID, *PCLFS_CONTAINER_ID;
typedef ULONG CLS_CONTAINER_ID, *PCLS_CONTAINER_ID;
typedef UCHAR CLFS_RECORD_TYPE, *PCLFS_RECORD_TYPE;
typedef CLFS_RECORD_TYPE CLS_RECORD_TYPE, *PCLS_RECORD_TYPE;
typedef UCHAR CLFS_SCAN_MODE, *PCLFS_SCAN_MODE;
typedef ULONG CLFS_CONTAINER_STATE, *PCLFS_CONTAINER_STATE;
typedef FILE_OBJECT LOG_FILE_OBJECT, *PLOG_FILE_OBJECT, **PPLOG_FILE_OBJECT;

typedef struct _CLS_LSN {
    ULONGLONG Internal;
} CLFS_LSN, *PCLFS_LSN, CLS_LSN, *PCLS_LSN;
typedef const CLFS_LSN *PCCLFS_LSN;

extern const CLFS_LSN CLFS_LSN_INVALID_VALUE;
#define CLFS_LSN_INVALID_INTERNAL 0xFFFFFFFF00000000ULL
#define CLFS_LSN_NULL_INTERNAL 0x0ULL

#define ClfsNullRecord 0x00
#define ClfsDataRecord 0x01
#define ClfsRestartRecord 0x02
#define ClfsClientRecord (ClfsDataRecord | ClfsRestartRecord)
#define CLFS_SCAN_INIT 0x01
#define CLFS_SCAN_FORWARD 0x02
#define CLFS_SCAN_BACKWARD 0x04
#define CLFS_SCAN_CLOSE 0x08
#define CLFS_SCAN_INITIALIZED 0x10
#define CLFS_SCAN_BUFFERED 0x20
#define CLFS_FLAG_NO_FLAGS 0x00000000
#define CLFS_FLAG_FORCE_APPEND 0x00000001
#define CLFS_FLAG_FORCE_FLUSH 0x00000002
#define CLFS_FLAG_USE_RESERVATION 0x00000004
#define CLFS_FLAG_REENTRANT_FILE_SYSTEM 0x00000008
#define CLFS_FLAG_NON_REENTRANT_FILTER 0x00000010
#define CLFS_FLAG_REENTRANT_FILTER 0x00000020
#define CLFS_FLAG_IGNORE_SHARE_ACCESS 0x00000040
#define CLFS_FLAG_READ_IN_PROGRESS 0x00000080
#define CLFS_FLAG_MINIFILTER_LEVEL 0x00000100
#define CLFS_FLAG_HIDDEN_SYSTEM_LOG 0x00000200
#define ClsContainerInitializing 0x01
#define ClsContainerInactive 0x02
#define ClsContainerActive 0x04
#define ClsContainerActivePendingDelete 0x08
#define ClsContainerPendingArchive 0x10
#define ClsContainerPendingArchiveAndDelete 0x20
#define CLFS_CONTAINER_RELATIVE_PREFIX L"%BLF%\\"
#define CLFS_CONTAINER_STREAM_PREFIX L"%BLF%:"

typedef enum _CLFS_CONTEXT_MODE {
    ClfsContextNone = 0x00,
    ClfsContextUndoNext,
    ClfsContextPrevious,
    ClfsContextForward
} CLFS_CONTEXT_MODE, *PCLFS_CONTEXT_MODE, CLS_CONTEXT_MODE, *PCLS_CONTEXT_MODE;

typedef struct _CLS_CONTAINER_INFORMATION {
    ULONG FileAttributes;
    ULONGLONG CreationTime;
    ULONGLONG LastAccessTime;
    ULONGLONG LastWriteTime;
    LONGLONG ContainerSize;
    ULONG FileNameActualLength;
    ULONG FileNameLength;
    WCHAR FileName[256];
    CLFS_CONTAINER_STATE State;
    CLFS_CONTAINER_ID PhysicalContainerId;
    CLFS_CONTAINER_ID LogicalContainerId;
} CLFS_CONTAINER_INFORMATION, *PCLFS_CONTAINER_INFORMATION, *PPCLFS_CONTAINER_INFORMATION, CLS_CONTAINER_INFORMATION,
    *PCLS_CONTAINER_INFORMATION;

typedef enum _CLS_LOG_INFORMATION_CLASS {
    ClfsLogBasicInformation = 0x00,
    ClfsLogBasicInformationPhysical,
    ClfsLogPhysicalNameInformation,
    ClfsLogStreamIdentifierInformation,
    ClfsLogSystemMarkingInformation,
    ClfsLogPhysicalLsnInformation
} CLS_LOG_INFORMATION_CLASS, *PCLS_LOG_INFORMATION_CLASS, CLFS_LOG_INFORMATION_CLASS, *PCLFS_LOG_INFORMATION_CLASS;

typedef struct _CLS_INFORMATION {
    LONGLONG TotalAvailable;
    LONGLONG CurrentAvailable;
    LONGLONG TotalReservation;
    ULONGLONG BaseFileSize;
    ULONGLONG ContainerSize;
    ULONG TotalContainers;
    ULONG FreeContainers;
    ULONG TotalClients;
    ULONG Attributes;
    ULONG FlushThreshold;
    ULONG SectorSize;
    CLS_LSN MinArchiveTailLsn;
    CLS_LSN BaseLsn;
    CLS_LSN LastFlushedLsn;
    CLS_LSN LastLsn;
    CLS_LSN RestartLsn;
    GUID Identity;
} CLS_INFORMATION, *PCLS_INFORMATION, *PPCLS_INFORMATION, CLFS_INFORMATION, *PCLFS_INFORMATION;

typedef struct _CLFS_LOG_NAME_INFORMATION {
    USHORT NameLengthInBytes;
    WCHAR Name[1];
} CLFS_LOG_NAME_INFORMATION, *PCLFS_LOG_NAME_INFORMATION;

typedef struct _CLFS_STREAM_ID_INFORMATION {
    UCHAR StreamIdentifier;
} CLFS_STREAM_ID_INFORMATION, *PCLFS_STREAM_ID_INFORMATION;

typedef struct _CLFS_NODE_ID {
    ULONG cType;
    ULONG cbNode;
} CLFS_NODE_ID, *PCLFS_NODE_ID;

typedef struct DECLSPEC_ALIGN(8) _CLS_SCAN_CONTEXT {
    CLFS_NODE_ID cidNode;
    PLOG_FILE_OBJECT plfoLog;
    ULONG DECLSPEC_ALIGN(8) cIndex;
    ULONG DECLSPEC_ALIGN(8) cContainers;
    ULONG DECLSPEC_ALIGN(8) cContainersReturned;
    CLFS_SCAN_MODE DECLSPEC_ALIGN(8) eScanMode;
    PCLS_CONTAINER_INFORMATION DECLSPEC_ALIGN(8) pinfoContainer;
} CLFS_SCAN_CONTEXT, *PCLFS_SCAN_CONTEXT, CLS_SCAN_CONTEXT, *PCLS_SCAN_CONTEXT;

typedef struct _CLS_WRITE_ENTRY {
    PVOID Buffer;
    ULONG ByteLength;
} CLFS_WRITE_ENTRY, *PCLFS_WRITE_ENTRY, CLS_WRITE_ENTRY, *PCLS_WRITE_ENTRY;

typedef enum _CLS_IOSTATS_CLASS {
    ClsIoStatsDefault = 0x0000,
    ClsIoStatsMax = 0xFFFF
} CLS_IOSTATS_CLASS, *PCLS_IOSTATS_CLASS, CLFS_IOSTATS_CLASS, *PCLFS_IOSTATS_CLASS;

typedef struct _CLS_IO_STATISTICS_HEADER {
    UCHAR ubMajorVersion;
    UCHAR ubMinorVersion;
    CLFS_IOSTATS_CLASS eStatsClass;
    USHORT cbLength;
    ULONG coffData;
} CLS_IO_STATISTICS_HEADER, *PCLS_IO_STATISTICS_HEADER, CLFS_IO_STATISTICS_HEADER, *PCLFS_IO_STATISTICS_HEADER;

typedef struct _CLS_IO_STATISTICS {
    CLS_IO_STATISTICS_HEADER hdrIoStats;
    ULONGLONG cFlush;
    ULONGLONG cbFlush;
    ULONGLONG cMetaFlush;
    ULONGLONG cbMetaFlush;
} CLS_IO_STATISTICS, *PCLS_IO_STATISTICS, CLFS_IO_STATISTICS, *PCLFS_IO_STATISTICS;

/* ---- management ---- */

typedef enum _CLFS_MGMT_POLICY_TYPE {
    ClfsMgmtPolicyMaximumSize = 0x0,
    ClfsMgmtPolicyMinimumSize,
    ClfsMgmtPolicyNewContainerSize,
    ClfsMgmtPolicyGrowthRate,
    ClfsMgmtPolicyLogTail,
    ClfsMgmtPolicyAutoShrink,
    ClfsMgmtPolicyAutoGrow,
    ClfsMgmtPolicyNewContainerPrefix,
    ClfsMgmtPolicyNewContainerSuffix,
    ClfsMgmtPolicyNewContainerExtension,
    ClfsMgmtPolicyInvalid
} CLFS_MGMT_POLICY_TYPE, *PCLFS_MGMT_POLICY_TYPE;

#define CLFS_MGMT_POLICY_VERSION (0x01)
#define CLFS_MGMT_NUM_POLICIES ((ULONG)ClfsMgmtPolicyInvalid)
#define LOG_POLICY_OVERWRITE 0x01
#define LOG_POLICY_PERSIST 0x02
#define CLFS_MGMT_CLIENT_REGISTRATION_VERSION (0x1)

typedef struct _CLFS_MGMT_POLICY {
    ULONG Version;
    ULONG LengthInBytes;
    ULONG PolicyFlags;
    CLFS_MGMT_POLICY_TYPE PolicyType;
    union {
        struct {
            ULONG Containers;
        } MaximumSize;
        struct {
            ULONG Containers;
        } MinimumSize;
        struct {
            ULONG SizeInBytes;
        } NewContainerSize;
        struct {
            ULONG AbsoluteGrowthInContainers;
            ULONG RelativeGrowthPercentage;
        } GrowthRate;
        struct {
            ULONG MinimumAvailablePercentage;
            ULONG MinimumAvailableContainers;
        } LogTail;
        struct {
            ULONG Percentage;
        } AutoShrink;
        struct {
            ULONG Enabled;
        } AutoGrow;
        struct {
            USHORT PrefixLengthInBytes;
            WCHAR PrefixString[1];
        } NewContainerPrefix;
        struct {
            ULONGLONG NextContainerSuffix;
        } NewContainerSuffix;
        struct {
            USHORT ExtensionLengthInBytes;
            WCHAR ExtensionString[1];
        } NewContainerExtension;
    } PolicyParameters;
} CLFS_MGMT_POLICY, *PCLFS_MGMT_POLICY;

typedef PVOID CLFS_MGMT_CLIENT, *PCLFS_MGMT_CLIENT;

typedef NTSTATUS(NTAPI *PCLFS_CLIENT_ADVANCE_TAIL_CALLBACK)(_In_ PLOG_FILE_OBJECT LogFile, _In_ PCLFS_LSN TargetLsn,
                                                            _In_ PVOID ClientData);
typedef VOID(NTAPI *PCLFS_CLIENT_LFF_HANDLER_COMPLETE_CALLBACK)(_In_ PLOG_FILE_OBJECT LogFile, _In_ NTSTATUS OperationStatus,
                                                                _In_ BOOLEAN LogIsPinned, _In_ PVOID ClientData);
typedef VOID(NTAPI *PCLFS_CLIENT_LOG_UNPINNED_CALLBACK)(_In_ PLOG_FILE_OBJECT LogFile, _In_ PVOID ClientData);
typedef VOID(NTAPI *PCLFS_SET_LOG_SIZE_COMPLETE_CALLBACK)(_In_ PLOG_FILE_OBJECT LogFile, _In_ NTSTATUS OperationStatus,
                                                          _In_ PVOID ClientData);

typedef struct _CLFS_MGMT_CLIENT_REGISTRATION {
    ULONG Version;
    PCLFS_CLIENT_ADVANCE_TAIL_CALLBACK AdvanceTailCallback;
    PVOID AdvanceTailCallbackData;
    PCLFS_CLIENT_LFF_HANDLER_COMPLETE_CALLBACK LogGrowthCompleteCallback;
    PVOID LogGrowthCompleteCallbackData;
    PCLFS_CLIENT_LOG_UNPINNED_CALLBACK LogUnpinnedCallback;
    PVOID LogUnpinnedCallbackData;
} CLFS_MGMT_CLIENT_REGISTRATION, *PCLFS_MGMT_CLIENT_REGISTRATION;

NT_ASSERT_SIZE(CLFS_LSN, 8);
NT_ASSERT_SIZE(CLFS_INFORMATION, 0x78);
NT_ASSERT_SIZE(CLFS_SCAN_CONTEXT, 0x38);
NT_ASSERT_SIZE(CLFS_MGMT_CLIENT_REGISTRATION, 0x38);

/* ---- log sequence numbers. Any IRQL. ---- */

_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI CLFS_LSN NTAPI ClfsLsnCreate(_In_ CLFS_CONTAINER_ID cidContainer, _In_ ULONG offBlock,
                                         _In_ ULONG cRecord);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI CLFS_CONTAINER_ID NTAPI ClfsLsnContainer(_In_ PCCLFS_LSN plsn);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONG NTAPI ClfsLsnBlockOffset(_In_ PCCLFS_LSN plsn);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI ULONG NTAPI ClfsLsnRecordSequence(_In_ PCCLFS_LSN plsn);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ClfsLsnEqual(_In_ PCCLFS_LSN plsn1, _In_ PCCLFS_LSN plsn2);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ClfsLsnLess(_In_ PCCLFS_LSN plsn1, _In_ PCCLFS_LSN plsn2);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ClfsLsnGreater(_In_ PCCLFS_LSN plsn1, _In_ PCCLFS_LSN plsn2);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI ClfsLsnNull(_In_ PCCLFS_LSN plsn);

/* ---- logs and containers ---- */

/* Opens or creates a log, dedicated or a stream of a multiplexed one. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsCreateLogFile(_Outptr_ PPLOG_FILE_OBJECT pplfoLog,
                                             _In_ PUNICODE_STRING puszLogFileName,
                                             _In_ ACCESS_MASK fDesiredAccess, _In_ ULONG dwShareMode,
                                             _In_opt_ PSECURITY_DESCRIPTOR psdLogFile,
                                             _In_ ULONG fCreateDisposition, _In_ ULONG fCreateOptions,
                                             _In_ ULONG fFlagsAndAttributes, _In_ ULONG fLogOptionFlag,
                                             _In_reads_bytes_opt_(cbContext) PVOID pvContext,
                                             _In_ ULONG cbContext);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsDeleteLogFile(_In_ PUNICODE_STRING puszLogFileName,
                                             _Reserved_ PVOID pvReserved, _In_ ULONG fLogOptionFlag,
                                             _In_reads_bytes_opt_(cbContext) PVOID pvContext,
                                             _In_ ULONG cbContext);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsDeleteLogByPointer(_In_ PLOG_FILE_OBJECT plfoLog);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsCloseLogFileObject(_In_ PLOG_FILE_OBJECT plfoLog);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsCloseAndResetLogFile(_In_ PLOG_FILE_OBJECT plfoLog);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsAddLogContainer(_In_ PLOG_FILE_OBJECT plfoLog, _In_ PULONGLONG pcbContainer,
                                               _In_ PUNICODE_STRING puszContainerPath);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsAddLogContainerSet(_In_ PLOG_FILE_OBJECT plfoLog, _In_ USHORT cContainers,
                                                  _In_opt_ PULONGLONG pcbContainer,
                                                  _In_reads_(cContainers) PUNICODE_STRING rguszContainerPath);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsRemoveLogContainer(_In_ PLOG_FILE_OBJECT plfoLog,
                                                  _In_ PUNICODE_STRING puszContainerPath,
                                                  _In_ BOOLEAN fForce);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsRemoveLogContainerSet(_In_ PLOG_FILE_OBJECT plfoLog, _In_ USHORT cContainers,
                                                     _In_reads_(cContainers) PUNICODE_STRING rgwszContainerPath,
                                                     _In_ BOOLEAN fForce);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsSetArchiveTail(_In_ PLOG_FILE_OBJECT plfoLog, _In_ PCLFS_LSN plsnArchiveTail);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsSetEndOfLog(_In_ PLOG_FILE_OBJECT plfoLog, _In_ PCLFS_LSN plsnEnd);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsCreateScanContext(_In_ PLOG_FILE_OBJECT plfoLog, _In_ ULONG cFromContainer,
                                                 _In_ ULONG cContainers, _In_ CLFS_SCAN_MODE eScanMode,
                                                 _Inout_ PCLFS_SCAN_CONTEXT pcxScan);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsScanLogContainers(_Inout_ PCLFS_SCAN_CONTEXT pcxScan,
                                                 _In_ CLFS_SCAN_MODE eScanMode);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsGetContainerName(_In_ PLOG_FILE_OBJECT plfoLog,
                                                _In_ CLFS_CONTAINER_ID cidLogicalContainer,
                                                _Inout_ PUNICODE_STRING puszContainerName,
                                                _Out_opt_ PULONG pcActualLenContainerName);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsQueryLogFileInformation(_In_ PLOG_FILE_OBJECT plfoLog,
                                                       _In_ CLFS_LOG_INFORMATION_CLASS eInformationClass,
                                                       _In_reads_bytes_opt_(cbinfoInputBuffer) PVOID pinfoInputBuffer,
                                                       _In_opt_ ULONG cbinfoInputBuffer,
                                                       _Out_writes_bytes_(*pcbInfoBuffer) PVOID pinfoBuffer,
                                                       _Inout_ PULONG pcbInfoBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsSetLogFileInformation(_In_ PLOG_FILE_OBJECT plfoLog,
                                                     _In_ CLFS_LOG_INFORMATION_CLASS eInformationClass,
                                                     _In_reads_bytes_(cbBuffer) PVOID pinfoBuffer,
                                                     _In_ ULONG cbBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsGetIoStatistics(_In_ PLOG_FILE_OBJECT plfoLog,
                                               _Inout_updates_bytes_(cbStatsBuffer) PVOID pvStatsBuffer,
                                               _In_ ULONG cbStatsBuffer, _In_ CLFS_IOSTATS_CLASS eStatsClass,
                                               _Out_opt_ PULONG pcbStatsWritten);

/* ---- marshalling areas: writing ---- */

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsCreateMarshallingArea(_In_ PLOG_FILE_OBJECT plfoLog, _In_ POOL_TYPE ePoolType,
                                                     _In_opt_ PALLOCATE_FUNCTION pfnAllocBuffer,
                                                     _In_opt_ PFREE_FUNCTION pfnFreeBuffer,
                                                     _In_ ULONG cbMarshallingBuffer,
                                                     _In_ ULONG cMaxWriteBuffers, _In_ ULONG cMaxReadBuffers,
                                                     _Outptr_ PVOID *ppvMarshalContext);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsDeleteMarshallingArea(_In_ PVOID pvMarshalContext);
/* Appends a record, reserves room for others, or both. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsReserveAndAppendLog(_In_ PVOID pvMarshalContext,
                                                   _In_reads_opt_(cWriteEntries) PCLFS_WRITE_ENTRY rgWriteEntries,
                                                   _In_ ULONG cWriteEntries, _In_opt_ PCLFS_LSN plsnUndoNext,
                                                   _In_opt_ PCLFS_LSN plsnPrevious,
                                                   _In_ ULONG cReserveRecords,
                                                   _Inout_updates_opt_(cReserveRecords) PLONGLONG rgcbReservation,
                                                   _In_ ULONG fFlags, _Out_opt_ PCLFS_LSN plsn);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsReserveAndAppendLogAligned(_In_ PVOID pvMarshalContext,
                                                          _In_reads_opt_(cWriteEntries) PCLFS_WRITE_ENTRY rgWriteEntries,
                                                          _In_ ULONG cWriteEntries,
                                                          _In_ ULONG cbEntryAlignment,
                                                          _In_opt_ PCLFS_LSN plsnUndoNext,
                                                          _In_opt_ PCLFS_LSN plsnPrevious,
                                                          _In_ ULONG cReserveRecords,
                                                          _Inout_updates_opt_(cReserveRecords) PLONGLONG rgcbReservation,
                                                          _In_ ULONG fFlags, _Out_opt_ PCLFS_LSN plsn);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsAlignReservedLog(_In_ PVOID pvMarshalContext, _In_ ULONG cRecords,
                                                _In_reads_(cRecords) LONGLONG rgcbReservation[],
                                                _Out_ PLONGLONG pcbAlignReservation);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsAllocReservedLog(_In_ PVOID pvMarshalContext, _In_ ULONG cRecords,
                                                _Inout_updates_(cRecords) PLONGLONG pcbAdjustment);
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS NTAPI ClfsFlushBuffers(_In_ PVOID pvMarshalContext);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsFlushToLsn(_In_ PVOID pvMarshalContext, _In_ PCLFS_LSN plsnFlush,
                                          _Out_opt_ PCLFS_LSN plsnLastFlushed);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsAdvanceLogBase(_Inout_ PVOID pvMarshalContext, _In_ PCLFS_LSN plsnBase,
                                              _In_ ULONG fFlags);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsWriteRestartArea(_Inout_ PVOID pvMarshalContext,
                                                _In_reads_bytes_(cbRestartBuffer) PVOID pvRestartBuffer,
                                                _In_ ULONG cbRestartBuffer, _In_opt_ PCLFS_LSN plsnBase,
                                                _In_ ULONG fFlags, _Out_opt_ PULONG pcbWritten,
                                                _Out_opt_ PCLFS_LSN plsnNext);

/* ---- reading ---- */

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsReadLogRecord(_In_ PVOID pvMarshalContext, _Inout_ PCLFS_LSN plsnFirst,
                                             _In_ CLFS_CONTEXT_MODE peContextMode,
                                             _Outptr_result_bytebuffer_(*pcbReadBuffer) PVOID *ppvReadBuffer,
                                             _Out_ PULONG pcbReadBuffer, _Out_ PCLFS_RECORD_TYPE peRecordType,
                                             _Out_ PCLFS_LSN plsnUndoNext, _Out_ PCLFS_LSN plsnPrevious,
                                             _Outptr_ PVOID *ppvReadContext);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsReadNextLogRecord(_Inout_ PVOID pvReadContext,
                                                 _Outptr_result_bytebuffer_(*pcbBuffer) PVOID *ppvBuffer,
                                                 _Out_ PULONG pcbBuffer,
                                                 _Inout_ PCLFS_RECORD_TYPE peRecordType,
                                                 _In_opt_ PCLFS_LSN plsnUser, _Out_ PCLFS_LSN plsnUndoNext,
                                                 _Out_ PCLFS_LSN plsnPrevious, _Out_ PCLFS_LSN plsnRecord);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsReadRestartArea(_Inout_ PVOID pvMarshalContext,
                                               _Outptr_result_bytebuffer_(*pcbRestartBuffer) PVOID *ppvRestartBuffer,
                                               _Out_ PULONG pcbRestartBuffer, _Out_ PCLFS_LSN plsn,
                                               _Outptr_ PVOID *ppvReadContext);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsReadPreviousRestartArea(_In_ PVOID pvReadContext,
                                                       _Outptr_result_bytebuffer_(*pcbRestartBuffer) PVOID *ppvRestartBuffer,
                                                       _Out_ PULONG pcbRestartBuffer,
                                                       _Out_ PCLFS_LSN plsnRestart);
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI NTSTATUS NTAPI ClfsTerminateReadLog(_In_ PVOID pvCursorContext);

/* ---- managed logs ---- */

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtRegisterManagedClient(_In_ PLOG_FILE_OBJECT LogFile,
                                                         _In_ PCLFS_MGMT_CLIENT_REGISTRATION RegistrationData,
                                                         _Out_ PCLFS_MGMT_CLIENT ClientCookie);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtDeregisterManagedClient(_In_ CLFS_MGMT_CLIENT ClientCookie);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtInstallPolicy(_In_ PLOG_FILE_OBJECT LogFile,
                                                 _In_reads_bytes_(PolicyLength) PCLFS_MGMT_POLICY Policy,
                                                 _In_ ULONG PolicyLength);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtQueryPolicy(_In_ PLOG_FILE_OBJECT LogFile,
                                               _In_ CLFS_MGMT_POLICY_TYPE PolicyType,
                                               _Out_writes_bytes_(*PolicyLength) PCLFS_MGMT_POLICY Policy,
                                               _Out_ PULONG PolicyLength);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtRemovePolicy(_In_ PLOG_FILE_OBJECT LogFile,
                                                _In_ CLFS_MGMT_POLICY_TYPE PolicyType);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtSetLogFileSize(_In_ PLOG_FILE_OBJECT LogFile,
                                                  _In_ PULONGLONG NewSizeInContainers,
                                                  _Out_opt_ PULONGLONG ResultingSizeInContainers,
                                                  _In_opt_ PCLFS_SET_LOG_SIZE_COMPLETE_CALLBACK CompletionRoutine,
                                                  _In_opt_ PVOID CompletionRoutineData);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtSetLogFileSizeAsClient(_In_ PLOG_FILE_OBJECT LogFile,
                                                          _In_opt_ PCLFS_MGMT_CLIENT ClientCookie,
                                                          _In_ PULONGLONG NewSizeInContainers,
                                                          _Out_opt_ PULONGLONG ResultingSizeInContainers,
                                                          _In_opt_ PCLFS_SET_LOG_SIZE_COMPLETE_CALLBACK CompletionRoutine,
                                                          _In_opt_ PVOID CompletionRoutineData);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtHandleLogFileFull(_In_ CLFS_MGMT_CLIENT Client);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI ClfsMgmtTailAdvanceFailure(_In_ CLFS_MGMT_CLIENT Client, _In_ NTSTATUS Reason);

EXTERN_C_END

#endif

