/* SPDX-License-Identifier: MIT */
/*
 * Windows Management Instrumentation: data blocks that a driver offers, and events it fires.
 *
 * A provider registers its device, answers IRP_MJ_SYSTEM_CONTROL, and describes its blocks in a WMIREGINFO. With
 * WMILIB (wmilib.h) it fills in a WMILIB_CONTEXT instead, and calls WmiSystemControl.
 */
#ifndef KILN_NT_WMI_H
#define KILN_NT_WMI_H

#include <nt/io/device.h>
#include <wmistr.h>

EXTERN_C_START

#define WMIREG_ACTION_REGISTER 1
#define WMIREG_ACTION_DEREGISTER 2
#define WMIREG_ACTION_REREGISTER 3
#define WMIREG_ACTION_UPDATE_GUIDS 4
#define WMIREG_ACTION_BLOCK_IRPS 5
#define WMIREGISTER 0
#define WMIUPDATE 1
#define WMIREG_NOTIFY_DRIVER_PROXY_IRP 0x0

typedef VOID(NTAPI *WMI_NOTIFICATION_CALLBACK)(PVOID Wnode, PVOID Context);

typedef enum _TRACE_INFORMATION_CLASS {
    TraceIdClass,
    TraceHandleClass,
    TraceEnableFlagsClass,
    TraceEnableLevelClass,
    GlobalLoggerHandleClass,
    EventLoggerHandleClass,
    AllLoggerHandlesClass,
    TraceHandleByNameClass,
    LoggerEventsLostClass,
    TraceSessionSettingsClass,
    LoggerEventsLoggedClass,
    DiskIoNotifyRoutinesClass,
    TraceInformationClassReserved1,
    FltIoNotifyRoutinesClass,
    TraceInformationClassReserved2,
    WdfNotifyRoutinesClass,
    MaxTraceInformationClass
} TRACE_INFORMATION_CLASS;

/* Starts or ends IRP_MJ_SYSTEM_CONTROL requests for the device. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIRegistrationControl(_In_ PDEVICE_OBJECT DeviceObject, _In_ ULONG Action);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIAllocateInstanceIds(_In_ GUID *Guid, _In_ ULONG InstanceCount,
                                                    _Out_ ULONG *FirstInstanceId);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMISuggestInstanceName(_In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                    _In_opt_ PUNICODE_STRING SymbolicLinkName,
                                                    _In_ BOOLEAN CombineNames,
                                                    _Out_ PUNICODE_STRING SuggestedInstanceName);
/* Takes the event, from nonpaged pool, and frees it. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIWriteEvent(_Inout_ __drv_aliasesMem PVOID WnodeEventItem);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI ULONG NTAPI IoWMIDeviceObjectToProviderId(_In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIOpenBlock(_In_ LPCGUID Guid, _In_ ULONG DesiredAccess,
                                          _Out_ PVOID *DataBlockObject);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIQueryAllData(_In_ PVOID DataBlockObject, _Inout_ PULONG InOutBufferSize,
                                             _Out_writes_bytes_opt_(*InOutBufferSize) PVOID OutBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIQueryAllDataMultiple(_In_reads_(ObjectCount) PVOID *DataBlockObjectList,
                                                     _In_ ULONG ObjectCount, _Inout_ PULONG InOutBufferSize,
                                                     _Out_writes_bytes_opt_(*InOutBufferSize) PVOID OutBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIQuerySingleInstance(_In_ PVOID DataBlockObject,
                                                    _In_ PUNICODE_STRING InstanceName,
                                                    _Inout_ PULONG InOutBufferSize,
                                                    _Out_writes_bytes_opt_(*InOutBufferSize) PVOID OutBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIQuerySingleInstanceMultiple(_In_reads_(ObjectCount) PVOID *DataBlockObjectList,
                                                            _In_reads_(ObjectCount) PUNICODE_STRING InstanceNames,
                                                            _In_ ULONG ObjectCount,
                                                            _Inout_ PULONG InOutBufferSize,
                                                            _Out_writes_bytes_opt_(*InOutBufferSize) PVOID OutBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMISetSingleInstance(_In_ PVOID DataBlockObject,
                                                  _In_ PUNICODE_STRING InstanceName, _In_ ULONG Version,
                                                  _In_ ULONG ValueBufferSize,
                                                  _In_reads_bytes_(ValueBufferSize) PVOID ValueBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMISetSingleItem(_In_ PVOID DataBlockObject, _In_ PUNICODE_STRING InstanceName,
                                              _In_ ULONG DataItemId, _In_ ULONG Version,
                                              _In_ ULONG ValueBufferSize,
                                              _In_reads_bytes_(ValueBufferSize) PVOID ValueBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIExecuteMethod(_In_ PVOID DataBlockObject, _In_ PUNICODE_STRING InstanceName,
                                              _In_ ULONG MethodId, _In_ ULONG InBufferSize,
                                              _Inout_ PULONG OutBufferSize,
                                              _Inout_updates_bytes_(*OutBufferSize) PUCHAR InOutBuffer);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMISetNotificationCallback(_Inout_ PVOID Object,
                                                        _In_ WMI_NOTIFICATION_CALLBACK Callback,
                                                        _In_opt_ PVOID Context);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIHandleToInstanceName(_In_ PVOID DataBlockObject, _In_ HANDLE FileHandle,
                                                     _Out_ PUNICODE_STRING InstanceName);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoWMIDeviceObjectToInstanceName(_In_ PVOID DataBlockObject,
                                                           _In_ PDEVICE_OBJECT DeviceObject,
                                                           _Out_ PUNICODE_STRING InstanceName);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI WmiQueryTraceInformation(_In_ TRACE_INFORMATION_CLASS TraceInformationClass,
                                                    _Out_writes_bytes_(TraceInformationLength) PVOID TraceInformation,
                                                    _In_ ULONG TraceInformationLength,
                                                    _Out_opt_ PULONG RequiredLength, _In_opt_ PVOID Buffer);
NTKERNELAPI NTSTATUS NTAPI WmiTraceMessageVa(_In_ TRACEHANDLE LoggerHandle, _In_ ULONG MessageFlags,
                                             _In_ LPCGUID MessageGuid, _In_ USHORT MessageNumber,
                                             _In_ NT_VA_LIST MessageArgList);

/* Pairs of pointer and length follow, up to a NULL pointer. Any IRQL. */
NTKERNELAPI NTSTATUS __cdecl WmiTraceMessage(_In_ TRACEHANDLE LoggerHandle, _In_ ULONG MessageFlags,
                                             _In_ LPCGUID MessageGuid, _In_ USHORT MessageNumber, ...);

EXTERN_C_END

#endif

