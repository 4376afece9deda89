/* SPDX-License-Identifier: MIT */
/*
 * wmilib.h - the WMI library: it decodes IRP_MJ_SYSTEM_CONTROL and calls the driver's callbacks for its data blocks.
 * A callback that has its answer calls WmiCompleteRequest. Pages: wmilib/nf-wmilib-wmisystemcontrol and siblings.
 */
#ifndef KILN_WMILIB_H
#define KILN_WMILIB_H
#define _WMILIB_H_

#include <nt/wmi.h>

EXTERN_C_START

typedef enum {
    IrpProcessed,
    IrpNotCompleted,
    IrpNotWmi,
    IrpForward
} SYSCTL_IRP_DISPOSITION, *PSYSCTL_IRP_DISPOSITION;

typedef enum {
    WmiEventControl,
    WmiDataBlockControl
} WMIENABLEDISABLECONTROL, *PWMIENABLEDISABLECONTROL;

typedef struct _WMIGUIDREGINFO {
    LPCGUID Guid;
    ULONG InstanceCount;
    ULONG Flags;
} WMIGUIDREGINFO, *PWMIGUIDREGINFO;

/* Names the driver's instances and its MOF resource. IRQL: PASSIVE_LEVEL, like all callbacks but completion. */
typedef NTSTATUS NTAPI WMI_QUERY_REGINFO_CALLBACK(_In_ PDEVICE_OBJECT DeviceObject, _Inout_ PULONG RegFlags,
                                                  _Inout_ PUNICODE_STRING InstanceName,
                                                  _Outptr_result_maybenull_ PUNICODE_STRING *RegistryPath,
                                                  _Inout_ PUNICODE_STRING MofResourceName,
                                                  _Outptr_result_maybenull_ PDEVICE_OBJECT *Pdo);
typedef WMI_QUERY_REGINFO_CALLBACK *PWMI_QUERY_REGINFO;

typedef NTSTATUS NTAPI WMI_QUERY_DATABLOCK_CALLBACK(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ ULONG GuidIndex,
                                                    _In_ ULONG InstanceIndex, _In_ ULONG InstanceCount,
                                                    _Inout_updates_opt_(InstanceCount) PULONG InstanceLengthArray,
                                                    _In_ ULONG BufferAvail,
                                                    _Out_writes_bytes_opt_(BufferAvail) PUCHAR Buffer);
typedef WMI_QUERY_DATABLOCK_CALLBACK *PWMI_QUERY_DATABLOCK;

typedef NTSTATUS NTAPI WMI_SET_DATABLOCK_CALLBACK(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ ULONG GuidIndex,
                                                  _In_ ULONG InstanceIndex, _In_ ULONG BufferSize,
                                                  _In_reads_bytes_(BufferSize) PUCHAR Buffer);
typedef WMI_SET_DATABLOCK_CALLBACK *PWMI_SET_DATABLOCK;

typedef NTSTATUS NTAPI WMI_SET_DATAITEM_CALLBACK(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ ULONG GuidIndex,
                                                 _In_ ULONG InstanceIndex, _In_ ULONG DataItemId, _In_ ULONG BufferSize,
                                                 _In_reads_bytes_(BufferSize) PUCHAR Buffer);
typedef WMI_SET_DATAITEM_CALLBACK *PWMI_SET_DATAITEM;

typedef NTSTATUS NTAPI WMI_EXECUTE_METHOD_CALLBACK(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ ULONG GuidIndex,
                                                   _In_ ULONG InstanceIndex, _In_ ULONG MethodId, _In_ ULONG InBufferSize,
                                                   _In_ ULONG OutBufferSize,
                                                   _Inout_updates_bytes_(OutBufferSize) PUCHAR Buffer);
typedef WMI_EXECUTE_METHOD_CALLBACK *PWMI_EXECUTE_METHOD;

typedef NTSTATUS NTAPI WMI_FUNCTION_CONTROL_CALLBACK(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ ULONG GuidIndex,
                                                     _In_ WMIENABLEDISABLECONTROL Function, _In_ BOOLEAN Enable);
typedef WMI_FUNCTION_CONTROL_CALLBACK *PWMI_FUNCTION_CONTROL;

typedef struct _WMILIB_CONTEXT {
    ULONG GuidCount;
    PWMIGUIDREGINFO GuidList;
    PWMI_QUERY_REGINFO QueryWmiRegInfo;
    PWMI_QUERY_DATABLOCK QueryWmiDataBlock;
    PWMI_SET_DATABLOCK SetWmiDataBlock;
    PWMI_SET_DATAITEM SetWmiDataItem;
    PWMI_EXECUTE_METHOD ExecuteWmiMethod;
    PWMI_FUNCTION_CONTROL WmiFunctionControl;
} WMILIB_CONTEXT, *PWMILIB_CONTEXT;

NT_ASSERT_SIZE(WMIGUIDREGINFO, 0x10);
NT_ASSERT_SIZE(WMILIB_CONTEXT, 0x40);

/* Handles the IRP, or says in IrpDisposition what the driver must do with it. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI WmiSystemControl(_In_ PWMILIB_CONTEXT WmiLibInfo, _In_ PDEVICE_OBJECT DeviceObject,
                                            _In_ PIRP Irp, _Out_ PSYSCTL_IRP_DISPOSITION IrpDisposition);

_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI WmiCompleteRequest(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp, _In_ NTSTATUS Status,
                                              _In_ ULONG BufferUsed, _In_ CCHAR PriorityBoost);

/* EventData is from nonpaged pool; WMI frees it. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI WmiFireEvent(_In_ PDEVICE_OBJECT DeviceObject, _In_ LPCGUID Guid, _In_ ULONG InstanceIndex,
                                        _In_ ULONG EventDataSize, _In_reads_bytes_opt_(EventDataSize) PVOID EventData);

EXTERN_C_END

#endif
