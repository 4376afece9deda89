/* SPDX-License-Identifier: MIT */
/*
 * Plug and Play routines: device properties, interfaces and registry keys, notification, changes reported by
 * drivers, container and boot-driver notification. PASSIVE_LEVEL unless a declaration says otherwise.
 */
#ifndef KILN_NT_PNP_H
#define KILN_NT_PNP_H

#include <nt/io/device.h>
#include <nt/pnptypes.h>
#include <devpropdef.h>

EXTERN_C_START

/* ---- properties ---- */

typedef enum {
    DevicePropertyDeviceDescription = 0x0,
    DevicePropertyHardwareID = 0x1,
    DevicePropertyCompatibleIDs = 0x2,
    DevicePropertyBootConfiguration = 0x3,
    DevicePropertyBootConfigurationTranslated = 0x4,
    DevicePropertyClassName = 0x5,
    DevicePropertyClassGuid = 0x6,
    DevicePropertyDriverKeyName = 0x7,
    DevicePropertyManufacturer = 0x8,
    DevicePropertyFriendlyName = 0x9,
    DevicePropertyLocationInformation = 0xa,
    DevicePropertyPhysicalDeviceObjectName = 0xb,
    DevicePropertyBusTypeGuid = 0xc,
    DevicePropertyLegacyBusType = 0xd,
    DevicePropertyBusNumber = 0xe,
    DevicePropertyEnumeratorName = 0xf,
    DevicePropertyAddress = 0x10,
    DevicePropertyUINumber = 0x11,
    DevicePropertyInstallState = 0x12,
    DevicePropertyRemovalPolicy = 0x13,
    DevicePropertyResourceRequirements = 0x14,
    DevicePropertyAllocatedResources = 0x15,
    DevicePropertyContainerID = 0x16
} DEVICE_REGISTRY_PROPERTY;

typedef enum _DEVICE_INSTALL_STATE {
    InstallStateInstalled,
    InstallStateNeedsReinstall,
    InstallStateFailedInstall,
    InstallStateFinishInstall
} DEVICE_INSTALL_STATE, *PDEVICE_INSTALL_STATE;

typedef enum _DEVICE_REMOVAL_POLICY {
    RemovalPolicyExpectNoRemoval = 1,
    RemovalPolicyExpectOrderlyRemoval = 2,
    RemovalPolicyExpectSurpriseRemoval = 3
} DEVICE_REMOVAL_POLICY, *PDEVICE_REMOVAL_POLICY;

#define PLUGPLAY_PROPERTY_PERSISTENT 0x00000001
#define PLUGPLAY_REGKEY_DEVICE 1
#define PLUGPLAY_REGKEY_DRIVER 2
#define PLUGPLAY_REGKEY_CURRENT_HWPROFILE 4
#define DEVICE_INTERFACE_INCLUDE_NONACTIVE 0x00000001

/* STATUS_BUFFER_TOO_SMALL with the length needed; DeviceObject is a PDO. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceProperty(_In_ PDEVICE_OBJECT DeviceObject,
                                               _In_ DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                               _In_ ULONG BufferLength,
                                               _Out_writes_bytes_opt_(BufferLength) PVOID PropertyBuffer,
                                               _Out_ PULONG ResultLength);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetDevicePropertyData(_In_ PDEVICE_OBJECT Pdo,
                                                   _In_ CONST DEVPROPKEY *PropertyKey, _In_ LCID Lcid,
                                                   _Reserved_ ULONG Flags, _In_ ULONG Size, _Out_ PVOID Data,
                                                   _Out_ PULONG RequiredSize, _Out_ PDEVPROPTYPE Type);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoSetDevicePropertyData(_In_ PDEVICE_OBJECT Pdo,
                                                   _In_ CONST DEVPROPKEY *PropertyKey, _In_ LCID Lcid,
                                                   _In_ ULONG Flags, _In_ DEVPROPTYPE Type, _In_ ULONG Size,
                                                   _In_opt_ PVOID Data);
/* The hardware or software key of a PDO; the caller closes it. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoOpenDeviceRegistryKey(_In_ PDEVICE_OBJECT DeviceObject,
                                                   _In_ ULONG DevInstKeyType, _In_ ACCESS_MASK DesiredAccess,
                                                   _Out_ PHANDLE DeviceRegKey);

/* ---- device interfaces ---- */

/* Names an interface of a device; the caller frees SymbolicLinkName with RtlFreeUnicodeString. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoRegisterDeviceInterface(_In_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                     _In_ CONST GUID *InterfaceClassGuid,
                                                     _In_opt_ PUNICODE_STRING ReferenceString,
                                                     _Out_ PUNICODE_STRING SymbolicLinkName);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoSetDeviceInterfaceState(_In_ PUNICODE_STRING SymbolicLinkName,
                                                     _In_ BOOLEAN Enable);
/* A list of strings, ended by an empty one; the caller frees it with ExFreePool. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfaces(_In_ CONST GUID *InterfaceClassGuid,
                                                 _In_opt_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                 _In_ ULONG Flags, _Outptr_ PZZWSTR *SymbolicLinkList);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfaceAlias(_In_ PUNICODE_STRING SymbolicLinkName,
                                                     _In_ CONST GUID *AliasInterfaceClassGuid,
                                                     _Out_ PUNICODE_STRING AliasSymbolicLinkName);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(_In_ PUNICODE_STRING SymbolicLinkName,
                                                            _In_ ACCESS_MASK DesiredAccess,
                                                            _Out_ PHANDLE DeviceInterfaceRegKey);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceInterfacePropertyData(_In_ PUNICODE_STRING SymbolicLinkName,
                                                            _In_ CONST DEVPROPKEY *PropertyKey,
                                                            _In_ LCID Lcid, _Reserved_ ULONG Flags,
                                                            _In_ ULONG Size,
                                                            _Out_writes_bytes_to_(Size, *RequiredSize) PVOID Data,
                                                            _Out_ PULONG RequiredSize,
                                                            _Out_ PDEVPROPTYPE Type);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoSetDeviceInterfacePropertyData(_In_ PUNICODE_STRING SymbolicLinkName,
                                                            _In_ CONST DEVPROPKEY *PropertyKey,
                                                            _In_ LCID Lcid, _In_ ULONG Flags,
                                                            _In_ DEVPROPTYPE Type, _In_ ULONG Size,
                                                            _In_reads_bytes_opt_(Size) PVOID Data);

/* ---- notification ---- */

typedef enum _IO_NOTIFICATION_EVENT_CATEGORY {
    EventCategoryReserved,
    EventCategoryHardwareProfileChange,
    EventCategoryDeviceInterfaceChange,
    EventCategoryTargetDeviceChange,
    EventCategoryKernelSoftRestart
} IO_NOTIFICATION_EVENT_CATEGORY;

#define PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES 0x00000001

typedef struct _PLUGPLAY_NOTIFICATION_HEADER {
    USHORT Version;
    USHORT Size;
    GUID Event;
} PLUGPLAY_NOTIFICATION_HEADER, *PPLUGPLAY_NOTIFICATION_HEADER;

typedef struct _HWPROFILE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
} HWPROFILE_CHANGE_NOTIFICATION, *PHWPROFILE_CHANGE_NOTIFICATION;

typedef struct _DEVICE_INTERFACE_CHANGE_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    GUID InterfaceClassGuid;
    PUNICODE_STRING SymbolicLinkName;
} DEVICE_INTERFACE_CHANGE_NOTIFICATION, *PDEVICE_INTERFACE_CHANGE_NOTIFICATION;

typedef struct _TARGET_DEVICE_REMOVAL_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    PFILE_OBJECT FileObject;
} TARGET_DEVICE_REMOVAL_NOTIFICATION, *PTARGET_DEVICE_REMOVAL_NOTIFICATION;

typedef struct _TARGET_DEVICE_CUSTOM_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
    PFILE_OBJECT FileObject;
    LONG NameBufferOffset;
    UCHAR CustomDataBuffer[1];
} TARGET_DEVICE_CUSTOM_NOTIFICATION, *PTARGET_DEVICE_CUSTOM_NOTIFICATION;

typedef struct _KERNEL_SOFT_RESTART_NOTIFICATION {
    USHORT Version;
    USHORT Size;
    GUID Event;
} KERNEL_SOFT_RESTART_NOTIFICATION, *PKERNEL_SOFT_RESTART_NOTIFICATION;

NT_ASSERT_SIZE(PLUGPLAY_NOTIFICATION_HEADER, 0x14);
NT_ASSERT_SIZE(DEVICE_INTERFACE_CHANGE_NOTIFICATION, 0x30);
NT_ASSERT_SIZE(TARGET_DEVICE_REMOVAL_NOTIFICATION, 0x20);
NT_ASSERT_OFFSET(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer, 0x24);

/* Calls CallbackRoutine for events of the category, until unregistered. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoRegisterPlugPlayNotification(_In_ IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
                                                          _In_ ULONG EventCategoryFlags,
                                                          _In_opt_ PVOID EventCategoryData,
                                                          _In_ PDRIVER_OBJECT DriverObject,
                                                          _In_ PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine,
                                                          _Inout_opt_ __drv_aliasesMem PVOID Context,
                                                          _Outptr_ PVOID *NotificationEntry);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoUnregisterPlugPlayNotification(_In_ PVOID NotificationEntry);
/* As above, and waits for a callback in progress. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(
    _In_ PVOID NotificationEntry);

/* ---- changes that drivers report ---- */

/* Has the bus driver asked again for the relations of its device. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoInvalidateDeviceRelations(_In_ PDEVICE_OBJECT DeviceObject,
                                                   _In_ DEVICE_RELATION_TYPE Type);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoInvalidateDeviceState(_In_ PDEVICE_OBJECT PhysicalDeviceObject);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoRequestDeviceEject(_In_ PDEVICE_OBJECT PhysicalDeviceObject);

typedef VOID(NTAPI *PIO_DEVICE_EJECT_CALLBACK)(_In_ NTSTATUS Status, _Inout_opt_ PVOID Context);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoRequestDeviceEjectEx(_In_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                  _In_opt_ PIO_DEVICE_EJECT_CALLBACK Callback,
                                                  _In_opt_ PVOID Context,
                                                  _In_opt_ PDRIVER_OBJECT DriverObject);

_Function_class_(DEVICE_CHANGE_COMPLETE_CALLBACK)
typedef VOID NTAPI DEVICE_CHANGE_COMPLETE_CALLBACK(_Inout_opt_ PVOID Context);
typedef DEVICE_CHANGE_COMPLETE_CALLBACK *PDEVICE_CHANGE_COMPLETE_CALLBACK;

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoReportTargetDeviceChange(_In_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                      _In_ PVOID NotificationStructure);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(
    _In_ PDEVICE_OBJECT PhysicalDeviceObject, _In_ PVOID NotificationStructure,
    _In_opt_ PDEVICE_CHANGE_COMPLETE_CALLBACK Callback, _In_opt_ PVOID Context);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoReportDetectedDevice(_In_ PDRIVER_OBJECT DriverObject,
                                                  _In_ INTERFACE_TYPE LegacyBusType, _In_ ULONG BusNumber,
                                                  _In_ ULONG SlotNumber,
                                                  _In_opt_ PCM_RESOURCE_LIST ResourceList,
                                                  _In_opt_ PIO_RESOURCE_REQUIREMENTS_LIST ResourceRequirements,
                                                  _In_ BOOLEAN ResourceAssigned,
                                                  _Inout_ PDEVICE_OBJECT *DeviceObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoReportResourceForDetection(_In_ PDRIVER_OBJECT DriverObject,
                                                        _In_reads_bytes_opt_(DriverListSize) PCM_RESOURCE_LIST DriverList,
                                                        _In_opt_ ULONG DriverListSize,
                                                        _In_opt_ PDEVICE_OBJECT DeviceObject,
                                                        _In_reads_bytes_opt_(DeviceListSize) PCM_RESOURCE_LIST DeviceList,
                                                        _In_opt_ ULONG DeviceListSize,
                                                        _Out_ PBOOLEAN ConflictDetected);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoReportResourceUsage(_In_opt_ PUNICODE_STRING DriverClassName,
                                                 _In_ PDRIVER_OBJECT DriverObject,
                                                 _In_reads_bytes_opt_(DriverListSize) PCM_RESOURCE_LIST DriverList,
                                                 _In_opt_ ULONG DriverListSize,
                                                 _In_ PDEVICE_OBJECT DeviceObject,
                                                 _In_reads_bytes_opt_(DeviceListSize) PCM_RESOURCE_LIST DeviceList,
                                                 _In_opt_ ULONG DeviceListSize, _In_ BOOLEAN OverrideConflict,
                                                 _Out_ PBOOLEAN ConflictDetected);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoReportRootDevice(_In_ PDRIVER_OBJECT DriverObject);

/* ---- containers: sessions ---- */

typedef enum _IO_CONTAINER_INFORMATION_CLASS {
    IoSessionStateInformation,
    IoMaxContainerInformationClass
} IO_CONTAINER_INFORMATION_CLASS;

typedef enum _IO_SESSION_STATE {
    IoSessionStateCreated = 1,
    IoSessionStateInitialized = 2,
    IoSessionStateConnected = 3,
    IoSessionStateDisconnected = 4,
    IoSessionStateDisconnectedLoggedOn = 5,
    IoSessionStateLoggedOn = 6,
    IoSessionStateLoggedOff = 7,
    IoSessionStateTerminated = 8,
    IoSessionStateMax
} IO_SESSION_STATE, *PIO_SESSION_STATE;

typedef enum _IO_SESSION_EVENT {
    IoSessionEventIgnore = 0,
    IoSessionEventCreated,
    IoSessionEventTerminated,
    IoSessionEventConnected,
    IoSessionEventDisconnected,
    IoSessionEventLogon,
    IoSessionEventLogoff,
    IoSessionEventMax
} IO_SESSION_EVENT, *PIO_SESSION_EVENT;

#define IO_SESSION_STATE_ALL_EVENTS 0xffffffff
#define IO_SESSION_STATE_CREATION_EVENT 0x00000001
#define IO_SESSION_STATE_TERMINATION_EVENT 0x00000002
#define IO_SESSION_STATE_CONNECT_EVENT 0x00000004
#define IO_SESSION_STATE_DISCONNECT_EVENT 0x00000008
#define IO_SESSION_STATE_LOGON_EVENT 0x00000010
#define IO_SESSION_STATE_LOGOFF_EVENT 0x00000020
#define IO_SESSION_STATE_VALID_EVENT_MASK 0x0000003f
#define IO_SESSION_MAX_PAYLOAD_SIZE 256L

typedef struct _IO_SESSION_CONNECT_INFO {
    ULONG SessionId;
    BOOLEAN LocalSession;
} IO_SESSION_CONNECT_INFO, *PIO_SESSION_CONNECT_INFO;

typedef struct _IO_SESSION_STATE_INFORMATION {
    ULONG SessionId;
    IO_SESSION_STATE SessionState;
    BOOLEAN LocalSession;
} IO_SESSION_STATE_INFORMATION, *PIO_SESSION_STATE_INFORMATION;

typedef enum _IO_CONTAINER_NOTIFICATION_CLASS {
    IoSessionStateNotification,
    IoMaxContainerNotificationClass
} IO_CONTAINER_NOTIFICATION_CLASS;

typedef struct _IO_SESSION_STATE_NOTIFICATION {
    ULONG Size;
    ULONG Flags;
    PVOID IoObject;
    ULONG EventMask;
    PVOID Context;
} IO_SESSION_STATE_NOTIFICATION, *PIO_SESSION_STATE_NOTIFICATION;

typedef NTSTATUS NTAPI IO_CONTAINER_NOTIFICATION_FUNCTION(VOID);
typedef IO_CONTAINER_NOTIFICATION_FUNCTION *PIO_CONTAINER_NOTIFICATION_FUNCTION;
_Function_class_(IO_SESSION_NOTIFICATION_FUNCTION) _IRQL_requires_max_(PASSIVE_LEVEL)
typedef NTSTATUS NTAPI IO_SESSION_NOTIFICATION_FUNCTION(_In_ PVOID SessionObject, _In_ PVOID IoObject, _In_ ULONG Event,
                                                        _In_ PVOID Context,
                                                        _In_reads_bytes_opt_(PayloadLength) PVOID NotificationPayload,
                                                        _In_ ULONG PayloadLength);
typedef IO_SESSION_NOTIFICATION_FUNCTION *PIO_SESSION_NOTIFICATION_FUNCTION;

_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetContainerInformation(_In_ IO_CONTAINER_INFORMATION_CLASS InformationClass,
                                                     _In_opt_ PVOID ContainerObject,
                                                     _Inout_updates_bytes_opt_(BufferLength) PVOID Buffer,
                                                     _In_ ULONG BufferLength);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoRegisterContainerNotification(_In_ IO_CONTAINER_NOTIFICATION_CLASS NotificationClass,
                                                           _In_ PIO_CONTAINER_NOTIFICATION_FUNCTION CallbackFunction,
                                                           _In_reads_bytes_opt_(NotificationInformationLength) PVOID NotificationInformation,
                                                           _In_ ULONG NotificationInformationLength,
                                                           _Out_ PVOID CallbackRegistration);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI IoUnregisterContainerNotification(_In_ PVOID CallbackRegistration);

/* ---- boot drivers ---- */

typedef enum _BDCB_CLASSIFICATION {
    BdCbClassificationUnknownImage,
    BdCbClassificationKnownGoodImage,
    BdCbClassificationKnownBadImage,
    BdCbClassificationKnownBadImageBootCritical,
    BdCbClassificationEnd
} BDCB_CLASSIFICATION, *PBDCB_CLASSIFICATION;

typedef enum _BDCB_STATUS_UPDATE_TYPE {
    BdCbStatusPrepareForDependencyLoad,
    BdCbStatusPrepareForDriverLoad,
    BdCbStatusPrepareForUnload
} BDCB_STATUS_UPDATE_TYPE, *PBDCB_STATUS_UPDATE_TYPE;

typedef struct _BDCB_STATUS_UPDATE_CONTEXT {
    BDCB_STATUS_UPDATE_TYPE StatusType;
} BDCB_STATUS_UPDATE_CONTEXT, *PBDCB_STATUS_UPDATE_CONTEXT;

typedef enum _BDCB_CALLBACK_TYPE {
    BdCbStatusUpdate,
    BdCbInitializeImage
} BDCB_CALLBACK_TYPE, *PBDCB_CALLBACK_TYPE;

typedef struct _BDCB_IMAGE_INFORMATION {
    BDCB_CLASSIFICATION Classification;
    ULONG ImageFlags;
    UNICODE_STRING ImageName;
    UNICODE_STRING RegistryPath;
    UNICODE_STRING CertificatePublisher;
    UNICODE_STRING CertificateIssuer;
    PVOID ImageHash;
    PVOID CertificateThumbprint;
    ULONG ImageHashAlgorithm;
    ULONG ThumbprintHashAlgorithm;
    ULONG ImageHashLength;
    ULONG CertificateThumbprintLength;
} BDCB_IMAGE_INFORMATION, *PBDCB_IMAGE_INFORMATION;

_Function_class_(BOOT_DRIVER_CALLBACK_FUNCTION) _IRQL_requires_same_
typedef VOID NTAPI BOOT_DRIVER_CALLBACK_FUNCTION(_In_opt_ PVOID CallbackContext, _In_ BDCB_CALLBACK_TYPE Classification,
                                                 _Inout_ PBDCB_IMAGE_INFORMATION ImageInformation);
typedef BOOT_DRIVER_CALLBACK_FUNCTION *PBOOT_DRIVER_CALLBACK_FUNCTION;

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PVOID NTAPI IoRegisterBootDriverCallback(_In_ PBOOT_DRIVER_CALLBACK_FUNCTION CallbackFunction,
                                                     _In_opt_ PVOID CallbackContext);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI IoUnregisterBootDriverCallback(_In_ PVOID CallbackHandle);

EXTERN_C_END

#endif

