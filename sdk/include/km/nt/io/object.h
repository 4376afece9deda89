/* SPDX-License-Identifier: MIT */
/*
 * Device, driver and file objects: making, naming, stacking, finding and opening them; share access; shutdown,
 * reinitialisation and error log. All of it runs at PASSIVE_LEVEL unless a declaration says otherwise.
 */
#ifndef KILN_NT_IO_OBJECT_H
#define KILN_NT_IO_OBJECT_H

#include <nt/io/device.h>
#include <nt/ps.h>

EXTERN_C_START

/* ---- device objects ---- */

/* A device with a zeroed extension and DO_DEVICE_INITIALIZING set. The driver deletes it. */
_IRQL_requires_max_(APC_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI IoCreateDevice(_In_ PDRIVER_OBJECT DriverObject, _In_ ULONG DeviceExtensionSize,
                                          _In_opt_ PUNICODE_STRING DeviceName, _In_ DEVICE_TYPE DeviceType,
                                          _In_ ULONG DeviceCharacteristics, _In_ BOOLEAN Exclusive,
                                          _Outptr_ PDEVICE_OBJECT *DeviceObject);
/* Unlinks the device; it goes away with its last reference. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI VOID NTAPI IoDeleteDevice(_In_ PDEVICE_OBJECT DeviceObject);
/* Puts SourceDevice on top of TargetDevice's stack; the device directly below, or NULL. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT NTAPI IoAttachDeviceToDeviceStack(
    _In_ PDEVICE_OBJECT SourceDevice, _In_ PDEVICE_OBJECT TargetDevice);
/* As IoAttachDeviceToDeviceStack, storing the result before requests can arrive. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoAttachDeviceToDeviceStackSafe(_In_ PDEVICE_OBJECT SourceDevice,
                                                           _In_ PDEVICE_OBJECT TargetDevice,
                                                           _Outptr_ PDEVICE_OBJECT *AttachedToDeviceObject);
/* Opens the named device and attaches to its stack. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI IoAttachDevice(_In_ PDEVICE_OBJECT SourceDevice, _In_ PUNICODE_STRING TargetDevice,
                                          _Outptr_ PDEVICE_OBJECT *AttachedDevice);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoAttachDeviceByPointer(_In_ PDEVICE_OBJECT SourceDevice,
                                                   _In_ PDEVICE_OBJECT TargetDevice);
/* Takes the device above TargetDevice off its stack. */
_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI VOID NTAPI IoDetachDevice(_Inout_ PDEVICE_OBJECT TargetDevice);
/* The top of the stack, not referenced. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetAttachedDevice(_In_ PDEVICE_OBJECT DeviceObject);
/* The top of the stack, referenced. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetAttachedDeviceReference(
    _In_ PDEVICE_OBJECT DeviceObject);
/* The next lower device, referenced, or NULL. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetLowerDeviceObject(_In_ PDEVICE_OBJECT DeviceObject);
/* The lowest device, referenced. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetDeviceAttachmentBaseRef(
    _In_ PDEVICE_OBJECT DeviceObject);
/* The device that gets the requests of an open file. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(_In_ PFILE_OBJECT FileObject);
/* Opens a device by name; the caller dereferences FileObject, not DeviceObject. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceObjectPointer(_In_ PUNICODE_STRING ObjectName,
                                                    _In_ ACCESS_MASK DesiredAccess,
                                                    _Outptr_ PFILE_OBJECT *FileObject,
                                                    _Outptr_ PDEVICE_OBJECT *DeviceObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceNumaNode(_In_ PDEVICE_OBJECT Pdo, _Out_ PUSHORT NodeNumber);


/* ---- names ---- */

/* A name for a device, usually under \??. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoCreateSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                                                _In_ PUNICODE_STRING DeviceName);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName,
                                                           _In_ PUNICODE_STRING DeviceName);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoDeleteSymbolicLink(_In_ PUNICODE_STRING SymbolicLinkName);
/* The caller frees DosName->Buffer with ExFreePool. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoVolumeDeviceToDosName(_In_ PVOID VolumeDeviceObject,
                                                   _Out_ PUNICODE_STRING DosName);
#define IoAssignArcName(ArcName, DeviceName) (IoCreateSymbolicLink((ArcName), (DeviceName)))
#define IoDeassignArcName(ArcName) (IoDeleteSymbolicLink((ArcName)))

/* ---- driver objects ---- */

/* Memory of the driver object, found again by its address; freed with the driver. */
_IRQL_requires_max_(DISPATCH_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI IoAllocateDriverObjectExtension(_In_ PDRIVER_OBJECT DriverObject,
                                                           _In_ PVOID ClientIdentificationAddress,
                                                           _In_ ULONG DriverObjectExtensionSize,
                                                           _Outptr_ PVOID *DriverObjectExtension);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PVOID NTAPI IoGetDriverObjectExtension(_In_ PDRIVER_OBJECT DriverObject,
                                                   _In_ PVOID ClientIdentificationAddress);
/* Calls the routine after every driver's DriverEntry has run. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoRegisterDriverReinitialization(_In_ PDRIVER_OBJECT DriverObject,
                                                        _In_ PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                        _In_opt_ PVOID Context);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoRegisterBootDriverReinitialization(_In_ PDRIVER_OBJECT DriverObject,
                                                            _In_ PDRIVER_REINITIALIZE DriverReinitializationRoutine,
                                                            _In_opt_ PVOID Context);
/* IRP_MJ_SHUTDOWN comes to this device when the system shuts down, before file systems are flushed. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoRegisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);
/* As above, after file systems are flushed. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(
    _In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoUnregisterShutdownNotification(_In_ PDEVICE_OBJECT DeviceObject);
/* The caller frees FullPath->Buffer with ExFreePool. */
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoQueryFullDriverPath(_In_ PDRIVER_OBJECT DriverObject,
                                                 _Out_ PUNICODE_STRING FullPath);

typedef enum _DRIVER_DIRECTORY_TYPE {
    DriverDirectoryImage = 0,
    DriverDirectoryData = 1,
    DriverDirectorySharedData = 2
} DRIVER_DIRECTORY_TYPE, *PDRIVER_DIRECTORY_TYPE;

typedef enum _DEVICE_DIRECTORY_TYPE {
    DeviceDirectoryData = 0
} DEVICE_DIRECTORY_TYPE, *PDEVICE_DIRECTORY_TYPE;

typedef enum _DRIVER_REGKEY_TYPE {
    DriverRegKeyParameters = 0,
    DriverRegKeyPersistentState = 1,
    DriverRegKeySharedPersistentState = 2
} DRIVER_REGKEY_TYPE, *PDRIVER_REGKEY_TYPE;

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetDriverDirectory(_In_ PDRIVER_OBJECT DriverObject,
                                                _In_ DRIVER_DIRECTORY_TYPE DirectoryType, _In_ ULONG Flags,
                                                _Out_ PHANDLE DriverDirectoryHandle);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetDeviceDirectory(_In_ PDEVICE_OBJECT PhysicalDeviceObject,
                                                _In_ DEVICE_DIRECTORY_TYPE DirectoryType, _In_ ULONG Flags,
                                                _In_ PVOID Reserved, _Out_ PHANDLE DeviceDirectoryHandle);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoOpenDriverRegistryKey(_In_ PDRIVER_OBJECT DriverObject,
                                                   _In_ DRIVER_REGKEY_TYPE RegKeyType,
                                                   _In_ ACCESS_MASK DesiredAccess, _In_ ULONG Flags,
                                                   _Out_ PHANDLE DriverRegKey);

/* ---- controllers ---- */

_IRQL_requires_max_(PASSIVE_LEVEL) NTKERNELAPI PCONTROLLER_OBJECT NTAPI IoCreateController(_In_ ULONG Size);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoDeleteController(_In_ PCONTROLLER_OBJECT ControllerObject);
/* Calls ExecutionRoutine as soon as the controller is free. IRQL: DISPATCH_LEVEL. */
_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoAllocateController(_In_ PCONTROLLER_OBJECT ControllerObject,
                                            _In_ PDEVICE_OBJECT DeviceObject,
                                            _In_ PDRIVER_CONTROL ExecutionRoutine, _In_opt_ PVOID Context);
_IRQL_requires_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoFreeController(_In_ PCONTROLLER_OBJECT ControllerObject);
/* The counts of disks and ports that drivers keep for one another. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PCONFIGURATION_INFORMATION NTAPI IoGetConfigurationInformation(
    VOID);

/* ---- opening files ---- */

/* Says that an ECP or a driver context travels with an open; opaque. */
typedef struct _IO_DRIVER_CREATE_CONTEXT {
    CSHORT Size;
    struct _ECP_LIST *ExtraCreateParameter;
    PVOID DeviceObjectHint;
    struct _TXN_PARAMETER_BLOCK *TxnParameters;
    struct _ESILO *SiloContext;
} IO_DRIVER_CREATE_CONTEXT, *PIO_DRIVER_CREATE_CONTEXT;

FORCEINLINE VOID IoInitializeDriverCreateContext(_Out_ PIO_DRIVER_CREATE_CONTEXT DriverContext)
{
    DriverContext->Size = sizeof(IO_DRIVER_CREATE_CONTEXT);
    DriverContext->ExtraCreateParameter = NULL;
    DriverContext->DeviceObjectHint = NULL;
    DriverContext->TxnParameters = NULL;
    DriverContext->SiloContext = NULL;
}

/* As ZwCreateFile, with the IO_* options (IO_NO_PARAMETER_CHECKING, IO_FORCE_ACCESS_CHECK). */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoCreateFile(_Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess,
                                        _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                                        _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                        _In_opt_ PLARGE_INTEGER AllocationSize, _In_ ULONG FileAttributes,
                                        _In_ ULONG ShareAccess, _In_ ULONG Disposition,
                                        _In_ ULONG CreateOptions, _In_opt_ PVOID EaBuffer,
                                        _In_ ULONG EaLength, _In_ CREATE_FILE_TYPE CreateFileType,
                                        _In_opt_ PVOID InternalParameters, _In_ ULONG Options);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoCreateFileEx(_Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess,
                                          _In_ POBJECT_ATTRIBUTES ObjectAttributes,
                                          _Out_ PIO_STATUS_BLOCK IoStatusBlock,
                                          _In_opt_ PLARGE_INTEGER AllocationSize, _In_ ULONG FileAttributes,
                                          _In_ ULONG ShareAccess, _In_ ULONG Disposition,
                                          _In_ ULONG CreateOptions, _In_opt_ PVOID EaBuffer,
                                          _In_ ULONG EaLength, _In_ CREATE_FILE_TYPE CreateFileType,
                                          _In_opt_ PVOID InternalParameters, _In_ ULONG Options,
                                          _In_opt_ PIO_DRIVER_CREATE_CONTEXT DriverContext);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoCreateFileSpecifyDeviceObjectHint(
    _Out_ PHANDLE FileHandle, _In_ ACCESS_MASK DesiredAccess, _In_ POBJECT_ATTRIBUTES ObjectAttributes,
    _Out_ PIO_STATUS_BLOCK IoStatusBlock, _In_opt_ PLARGE_INTEGER AllocationSize, _In_ ULONG FileAttributes,
    _In_ ULONG ShareAccess, _In_ ULONG Disposition, _In_ ULONG CreateOptions, _In_opt_ PVOID EaBuffer,
    _In_ ULONG EaLength, _In_ CREATE_FILE_TYPE CreateFileType, _In_opt_ PVOID InternalParameters,
    _In_ ULONG Options, _In_opt_ PVOID DeviceObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PFILE_OBJECT NTAPI IoCreateStreamFileObject(_In_opt_ PFILE_OBJECT FileObject,
                                                        _In_opt_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PFILE_OBJECT NTAPI IoCreateStreamFileObjectLite(_In_opt_ PFILE_OBJECT FileObject,
                                                            _In_opt_ PDEVICE_OBJECT DeviceObject);
/* What the generic rights mean for files. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PGENERIC_MAPPING NTAPI IoGetFileObjectGenericMapping(
    VOID);
/* Whether the requestor waits for this request anyhow. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN NTAPI IoIsOperationSynchronous(_In_ PIRP Irp);
/* Whether the requestor is a 32-bit process. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI BOOLEAN NTAPI IoIs32bitProcess(_In_opt_ PIRP Irp);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI PEPROCESS NTAPI IoGetRequestorProcess(_In_ PIRP Irp);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI ULONG NTAPI IoGetRequestorProcessId(_In_ PIRP Irp);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetRequestorSessionId(_In_ PIRP Irp, _Out_ PULONG pSessionId);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PEPROCESS NTAPI IoGetInitiatorProcess(_In_ PFILE_OBJECT FileObject);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI IoIsFileOriginRemote(_In_ PFILE_OBJECT FileObject);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoSetFileOrigin(_In_ PFILE_OBJECT FileObject, _In_ BOOLEAN Remote);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoQueryFileDosDeviceName(_In_ PFILE_OBJECT FileObject,
                                                    _Out_ POBJECT_NAME_INFORMATION *ObjectNameInformation);
/*
 * Checks, as late as the driver likes, the access that a FILE_ANY_ACCESS control code should have asked
 * for.
 */
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoValidateDeviceIoControlAccess(_In_ PIRP Irp, _In_ ULONG RequiredAccess);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN NTAPI IoCheckFileObjectOpenedAsCopySource(
    _In_ PFILE_OBJECT FileObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN NTAPI IoCheckFileObjectOpenedAsCopyDestination(
    _In_ PFILE_OBJECT FileObject);

/* ---- share access: the counts of a file kept by its driver, under that driver's lock ---- */

typedef struct _SHARE_ACCESS {
    ULONG OpenCount;
    ULONG Readers;
    ULONG Writers;
    ULONG Deleters;
    ULONG SharedRead;
    ULONG SharedWrite;
    ULONG SharedDelete;
} SHARE_ACCESS, *PSHARE_ACCESS;

typedef struct _LINK_SHARE_ACCESS {
    ULONG OpenCount;
    ULONG Deleters;
    ULONG SharedDelete;
} LINK_SHARE_ACCESS, *PLINK_SHARE_ACCESS;

#define IO_SHARE_ACCESS_NO_WRITE_PERMISSION 0x80000000
#define IO_SHARE_ACCESS_NON_PRIMARY_STREAM 0x00000080
#define IO_CHECK_SHARE_ACCESS_UPDATE_SHARE_ACCESS 0x00000001
#define IO_CHECK_SHARE_ACCESS_DONT_UPDATE_FILE_OBJECT 0x00000002
#define IO_CHECK_SHARE_ACCESS_DONT_CHECK_READ 0x00000004
#define IO_CHECK_SHARE_ACCESS_DONT_CHECK_WRITE 0x00000008
#define IO_CHECK_SHARE_ACCESS_DONT_CHECK_DELETE 0x00000010
#define IO_CHECK_SHARE_ACCESS_FORCE_CHECK 0x00000020
#define IO_CHECK_SHARE_ACCESS_FORCE_USING_SCB 0x00000040

/* STATUS_SHARING_VIOLATION when this open and the earlier ones exclude each other. */
_IRQL_requires_max_(PASSIVE_LEVEL) _Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI IoCheckShareAccess(_In_ ACCESS_MASK DesiredAccess, _In_ ULONG DesiredShareAccess,
                                              _Inout_ PFILE_OBJECT FileObject,
                                              _Inout_ PSHARE_ACCESS ShareAccess, _In_ BOOLEAN Update);
_IRQL_requires_max_(PASSIVE_LEVEL)
_Must_inspect_result_
NTKERNELAPI NTSTATUS NTAPI IoCheckShareAccessEx(_In_ ACCESS_MASK DesiredAccess, _In_ ULONG DesiredShareAccess,
                                                _Inout_ PFILE_OBJECT FileObject,
                                                _Inout_ PSHARE_ACCESS ShareAccess, _In_ BOOLEAN Update,
                                                _In_opt_ PBOOLEAN WritePermission);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoCheckLinkShareAccess(_In_ ACCESS_MASK DesiredAccess,
                                                  _In_ ULONG DesiredShareAccess,
                                                  _Inout_opt_ PFILE_OBJECT FileObject,
                                                  _Inout_opt_ PSHARE_ACCESS ShareAccess,
                                                  _Inout_opt_ PLINK_SHARE_ACCESS LinkShareAccess,
                                                  _In_ ULONG IoShareAccessFlags);
/* The first open of the file. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoSetShareAccess(_In_ ACCESS_MASK DesiredAccess, _In_ ULONG DesiredShareAccess,
                                        _Inout_ PFILE_OBJECT FileObject, _Out_ PSHARE_ACCESS ShareAccess);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoSetShareAccessEx(_In_ ACCESS_MASK DesiredAccess, _In_ ULONG DesiredShareAccess,
                                          _Inout_ PFILE_OBJECT FileObject, _Out_ PSHARE_ACCESS ShareAccess,
                                          _In_ PBOOLEAN WritePermission);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoSetLinkShareAccess(_In_ ACCESS_MASK DesiredAccess, _In_ ULONG DesiredShareAccess,
                                            _Inout_opt_ PFILE_OBJECT FileObject,
                                            _Inout_opt_ PSHARE_ACCESS ShareAccess,
                                            _Inout_opt_ PLINK_SHARE_ACCESS LinkShareAccess,
                                            _In_ ULONG IoShareAccessFlags);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoUpdateShareAccess(_In_ PFILE_OBJECT FileObject, _Inout_ PSHARE_ACCESS ShareAccess);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoUpdateLinkShareAccess(_In_ PFILE_OBJECT FileObject,
                                               _Inout_opt_ PSHARE_ACCESS ShareAccess,
                                               _Inout_opt_ PLINK_SHARE_ACCESS LinkShareAccess);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoUpdateLinkShareAccessEx(_In_ PFILE_OBJECT FileObject,
                                                 _Inout_opt_ PSHARE_ACCESS ShareAccess,
                                                 _Inout_opt_ PLINK_SHARE_ACCESS LinkShareAccess,
                                                 _In_ ULONG IoShareAccessFlags);
/* At cleanup. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoRemoveShareAccess(_In_ PFILE_OBJECT FileObject, _Inout_ PSHARE_ACCESS ShareAccess);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoRemoveLinkShareAccess(_In_ PFILE_OBJECT FileObject,
                                               _Inout_opt_ PSHARE_ACCESS ShareAccess,
                                               _Inout_opt_ PLINK_SHARE_ACCESS LinkShareAccess);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI VOID NTAPI IoRemoveLinkShareAccessEx(_In_ PFILE_OBJECT FileObject,
                                                 _Inout_opt_ PSHARE_ACCESS ShareAccess,
                                                 _Inout_opt_ PLINK_SHARE_ACCESS LinkShareAccess,
                                                 _In_ ULONG IoShareAccessFlags);

/* ---- shadow files ---- */

typedef struct _IO_FOEXT_SHADOW_FILE {
    PFILE_OBJECT BackingFileObject;
    PVOID BackingFltInstance;
} IO_FOEXT_SHADOW_FILE, *PIO_FOEXT_SHADOW_FILE;

_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PIO_FOEXT_SHADOW_FILE NTAPI IoGetShadowFileInformation(
    _In_ PFILE_OBJECT FileObject);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoSetShadowFileInformation(_In_ PFILE_OBJECT FileObject,
                                                      _In_ PFILE_OBJECT BackingFileObject,
                                                      _In_ PVOID BackingFltInstance);

/* ---- priorities ---- */

typedef enum _IO_PAGING_PRIORITY {
    IoPagingPriorityInvalid,
    IoPagingPriorityNormal,
    IoPagingPriorityHigh,
    IoPagingPriorityReserved1,
    IoPagingPriorityReserved2
} IO_PAGING_PRIORITY;

_IRQL_requires_max_(HIGH_LEVEL) NTKERNELAPI IO_PAGING_PRIORITY NTAPI IoGetPagingIoPriority(_In_ PIRP Irp);
_IRQL_requires_max_(HIGH_LEVEL) NTKERNELAPI IO_PRIORITY_HINT NTAPI IoGetIoPriorityHint(_In_ PIRP Irp);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoSetIoPriorityHint(_In_ PIRP Irp, _In_ IO_PRIORITY_HINT PriorityHint);

/* ---- activity identifiers, for tracing ---- */

_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoGetActivityIdIrp(_In_ PIRP Irp, _Out_ LPGUID Guid);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoSetActivityIdIrp(_Inout_ PIRP Irp, _In_opt_ LPCGUID Guid);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI LPCGUID NTAPI IoGetActivityIdThread(VOID);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI LPCGUID NTAPI IoSetActivityIdThread(_In_ LPCGUID ActivityId);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI IoClearActivityIdThread(_In_ LPCGUID OriginalId);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoPropagateActivityIdToThread(_In_ PIRP Irp, _Out_ LPGUID PropagatedId,
                                                         _Outptr_ LPCGUID *OriginalId);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI IoTransferActivityId(_In_ LPCGUID ActivityId, _In_ LPCGUID RelatedActivityId);

/* ---- errors for people: hard errors and the event log ---- */

typedef struct _IO_ERROR_LOG_PACKET {
    UCHAR MajorFunctionCode;
    UCHAR RetryCount;
    USHORT DumpDataSize;
    USHORT NumberOfStrings;
    USHORT StringOffset;
    USHORT EventCategory;
    NTSTATUS ErrorCode;
    ULONG UniqueErrorValue;
    NTSTATUS FinalStatus;
    ULONG SequenceNumber;
    ULONG IoControlCode;
    LARGE_INTEGER DeviceOffset;
    ULONG DumpData[1];
} IO_ERROR_LOG_PACKET, *PIO_ERROR_LOG_PACKET;

typedef struct _IO_ERROR_LOG_MESSAGE {
    USHORT Type;
    USHORT Size;
    USHORT DriverNameLength;
    LARGE_INTEGER TimeStamp;
    ULONG DriverNameOffset;
    IO_ERROR_LOG_PACKET EntryData;
} IO_ERROR_LOG_MESSAGE, *PIO_ERROR_LOG_MESSAGE;

#define ERROR_LOG_LIMIT_SIZE (256 - 16)
#define IO_ERROR_LOG_MESSAGE_HEADER_LENGTH \
    (sizeof(IO_ERROR_LOG_MESSAGE) - sizeof(IO_ERROR_LOG_PACKET) + (sizeof(WCHAR) * 40))
#define ERROR_LOG_MESSAGE_LIMIT_SIZE (ERROR_LOG_LIMIT_SIZE + IO_ERROR_LOG_MESSAGE_HEADER_LENGTH)
#define IO_ERROR_LOG_MESSAGE_LENGTH \
    ((PORT_MAXIMUM_MESSAGE_LENGTH > ERROR_LOG_MESSAGE_LIMIT_SIZE) ? ERROR_LOG_MESSAGE_LIMIT_SIZE \
                                                                  : PORT_MAXIMUM_MESSAGE_LENGTH)
#define ERROR_LOG_MAXIMUM_SIZE (IO_ERROR_LOG_MESSAGE_LENGTH - IO_ERROR_LOG_MESSAGE_HEADER_LENGTH)

NT_ASSERT_SIZE(IO_ERROR_LOG_PACKET, 0x30);
NT_ASSERT_SIZE(SHARE_ACCESS, 0x1c);

/* A zeroed packet, or NULL; given to IoWriteErrorLogEntry or IoFreeErrorLogEntry. */
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PVOID NTAPI IoAllocateErrorLogEntry(_In_ PVOID IoObject, _In_ UCHAR EntrySize);
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID NTAPI IoFreeErrorLogEntry(_In_ PVOID ElEntry);
/* Queues the packet for the event log and frees it. */
_IRQL_requires_max_(DISPATCH_LEVEL) NTKERNELAPI VOID NTAPI IoWriteErrorLogEntry(_In_ PVOID ElEntry);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI VOID NTAPI IoRaiseHardError(_In_ PIRP Irp, _In_opt_ PVPB Vpb,
                                        _In_ PDEVICE_OBJECT RealDeviceObject);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI BOOLEAN NTAPI IoRaiseInformationalHardError(_In_ NTSTATUS ErrorStatus,
                                                        _In_opt_ PUNICODE_STRING String,
                                                        _In_opt_ PKTHREAD Thread);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoSetHardErrorOrVerifyDevice(_In_ PIRP Irp, _In_ PDEVICE_OBJECT DeviceObject);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI BOOLEAN NTAPI IoSetThreadHardErrorMode(_In_ BOOLEAN EnableHardErrors);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI PDEVICE_OBJECT NTAPI IoGetDeviceToVerify(_In_ PETHREAD Thread);
_IRQL_requires_max_(DISPATCH_LEVEL)
NTKERNELAPI VOID NTAPI IoSetDeviceToVerify(_In_ PETHREAD Thread, _In_opt_ PDEVICE_OBJECT DeviceObject);

/* ---- threads, stacks, events, versions ---- */

/* The base of the current thread's kernel stack. */
_IRQL_requires_max_(APC_LEVEL) NTKERNELAPI PVOID NTAPI IoGetInitialStack(VOID);
_IRQL_requires_max_(HIGH_LEVEL)
NTKERNELAPI VOID NTAPI IoGetStackLimits(_Out_ PULONG_PTR LowLimit, _Out_ PULONG_PTR HighLimit);
_IRQL_requires_max_(APC_LEVEL)
NTKERNELAPI LOGICAL NTAPI IoWithinStackLimits(_In_ ULONG_PTR RegionStart, _In_ SIZE_T RegionSize);

/* How many bytes are left between the caller's frame and the end of the kernel stack. */
FORCEINLINE ULONG_PTR IoGetRemainingStackSize(VOID)
{
    ULONG_PTR low, high;

    IoGetStackLimits(&low, &high);
    return (ULONG_PTR)&low - low;
}

/* Creates or opens a named event; the handle keeps it. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PKEVENT NTAPI IoCreateNotificationEvent(_In_ PUNICODE_STRING EventName,
                                                    _Out_ PHANDLE EventHandle);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI PKEVENT NTAPI IoCreateSynchronizationEvent(_In_ PUNICODE_STRING EventName,
                                                       _Out_ PHANDLE EventHandle);
/* As PsCreateSystemThread, keeping IoObject (a device or driver object) until the thread has ended. */
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoCreateSystemThread(_Inout_ PVOID IoObject, _Out_ PHANDLE ThreadHandle,
                                                _In_ ULONG DesiredAccess,
                                                _In_opt_ POBJECT_ATTRIBUTES ObjectAttributes,
                                                _In_opt_ HANDLE ProcessHandle, _Out_opt_ PCLIENT_ID ClientId,
                                                _In_ PKSTART_ROUTINE StartRoutine,
                                                _In_opt_ PVOID StartContext);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI BOOLEAN NTAPI IoIsWdmVersionAvailable(_In_ UCHAR MajorVersion, _In_ UCHAR MinorVersion);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoIncrementKeepAliveCount(_Inout_ PFILE_OBJECT FileObject,
                                                     _Inout_ PEPROCESS Process);
_IRQL_requires_max_(PASSIVE_LEVEL)
NTKERNELAPI NTSTATUS NTAPI IoDecrementKeepAliveCount(_Inout_ PFILE_OBJECT FileObject,
                                                     _Inout_ PEPROCESS Process);

/* Counts paging paths through a device (IRP_MN_DEVICE_USAGE_NOTIFICATION). */
#define IoAdjustPagingPathCount(_count_, _paging_)                                     \
    {                                                                                   \
        if (_paging_) {                                                                 \
            (void)__atomic_add_fetch((_count_), 1, __ATOMIC_SEQ_CST);                   \
        } else {                                                                        \
            (void)__atomic_sub_fetch((_count_), 1, __ATOMIC_SEQ_CST);                   \
        }                                                                               \
    }

/* Between the status block of a 64-bit process and that of this machine. */
FORCEINLINE VOID IosbToIosb64(_In_ PIO_STATUS_BLOCK Iosb, _Out_ PIO_STATUS_BLOCK64 Iosb64)
{
    Iosb64->Pointer = (ULONG64)(ULONG_PTR)Iosb->Pointer;
    Iosb64->Information = Iosb->Information;
}

FORCEINLINE VOID Iosb64ToIosb(_In_ PIO_STATUS_BLOCK64 Iosb64, _Out_ PIO_STATUS_BLOCK Iosb)
{
    Iosb->Pointer = (PVOID)(ULONG_PTR)Iosb64->Pointer;
    Iosb->Information = (ULONG_PTR)Iosb64->Information;
}

EXTERN_C_END

#endif

