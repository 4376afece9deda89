/* SPDX-License-Identifier: MIT */
/*
 * Driver, device and file objects, and the callbacks a driver stores in them.
 *
 * A driver writes the documented fields of its DRIVER_OBJECT in DriverEntry and of a DEVICE_OBJECT between
 * IoCreateDevice and the clearing of DO_DEVICE_INITIALIZING; the other fields belong to the I/O manager.
 * Pages: ns-wdm-_driver_object, ns-wdm-_device_object, ns-wdm-_file_object.
 */
#ifndef KILN_NT_IO_DEVICE_H
#define KILN_NT_IO_DEVICE_H

#include <nt/io/irp.h>

EXTERN_C_START

/* What a DRIVER_CONTROL routine wants done with the adapter channel or controller it was given. */
typedef enum _IO_ALLOCATION_ACTION {
    KeepObject = 1,
    DeallocateObject,
    DeallocateObjectKeepRegisters
} IO_ALLOCATION_ACTION, *PIO_ALLOCATION_ACTION;

/* ---- callbacks of a driver ---- */

_Function_class_(DRIVER_INITIALIZE) _IRQL_requires_same_ _IRQL_requires_(PASSIVE_LEVEL)
typedef NTSTATUS NTAPI DRIVER_INITIALIZE(_In_ struct _DRIVER_OBJECT *DriverObject, _In_ PUNICODE_STRING RegistryPath);
typedef DRIVER_INITIALIZE *PDRIVER_INITIALIZE;

_Function_class_(DRIVER_DISPATCH) _IRQL_requires_max_(DISPATCH_LEVEL) _IRQL_requires_same_
typedef NTSTATUS NTAPI DRIVER_DISPATCH(_In_ struct _DEVICE_OBJECT *DeviceObject, _Inout_ struct _IRP *Irp);
typedef DRIVER_DISPATCH *PDRIVER_DISPATCH;

/* A dispatch routine that is only ever called at PASSIVE_LEVEL. */
_Function_class_(DRIVER_DISPATCH) _IRQL_requires_(PASSIVE_LEVEL) _IRQL_requires_same_
typedef NTSTATUS NTAPI DRIVER_DISPATCH_PAGED(_In_ struct _DEVICE_OBJECT *DeviceObject, _Inout_ struct _IRP *Irp);
typedef DRIVER_DISPATCH_PAGED *PDRIVER_DISPATCH_PAGED;

_Function_class_(DRIVER_STARTIO) _IRQL_always_function_min_(DISPATCH_LEVEL) _IRQL_requires_(DISPATCH_LEVEL)
_IRQL_requires_same_
typedef VOID NTAPI DRIVER_STARTIO(_Inout_ struct _DEVICE_OBJECT *DeviceObject, _Inout_ struct _IRP *Irp);
typedef DRIVER_STARTIO *PDRIVER_STARTIO;

_Function_class_(DRIVER_UNLOAD) _IRQL_requires_(PASSIVE_LEVEL) _IRQL_requires_same_
typedef VOID NTAPI DRIVER_UNLOAD(_In_ struct _DRIVER_OBJECT *DriverObject);
typedef DRIVER_UNLOAD *PDRIVER_UNLOAD;

_Function_class_(DRIVER_ADD_DEVICE) _IRQL_requires_(PASSIVE_LEVEL) _IRQL_requires_same_
typedef NTSTATUS NTAPI DRIVER_ADD_DEVICE(_In_ struct _DRIVER_OBJECT *DriverObject,
                                         _In_ struct _DEVICE_OBJECT *PhysicalDeviceObject);
typedef DRIVER_ADD_DEVICE *PDRIVER_ADD_DEVICE;

_Function_class_(DRIVER_CONTROL) _IRQL_requires_same_
typedef IO_ALLOCATION_ACTION NTAPI DRIVER_CONTROL(_In_ struct _DEVICE_OBJECT *DeviceObject, _Inout_ struct _IRP *Irp,
                                                  _In_ PVOID MapRegisterBase, _In_ PVOID Context);
typedef DRIVER_CONTROL *PDRIVER_CONTROL;

_Function_class_(DRIVER_LIST_CONTROL) _IRQL_requires_same_
typedef VOID NTAPI DRIVER_LIST_CONTROL(_In_ struct _DEVICE_OBJECT *DeviceObject, _In_ struct _IRP *Irp,
                                       _In_ struct _SCATTER_GATHER_LIST *ScatterGather, _In_ PVOID Context);
typedef DRIVER_LIST_CONTROL *PDRIVER_LIST_CONTROL;

_Function_class_(DRIVER_REINITIALIZE) _IRQL_requires_(PASSIVE_LEVEL) _IRQL_requires_same_
typedef VOID NTAPI DRIVER_REINITIALIZE(_In_ struct _DRIVER_OBJECT *DriverObject, _In_opt_ PVOID Context, _In_ ULONG Count);
typedef DRIVER_REINITIALIZE *PDRIVER_REINITIALIZE;

_Function_class_(DRIVER_FS_NOTIFICATION) _IRQL_requires_same_
typedef VOID NTAPI DRIVER_FS_NOTIFICATION(_In_ struct _DEVICE_OBJECT *DeviceObject, _In_ BOOLEAN FsActive);
typedef DRIVER_FS_NOTIFICATION *PDRIVER_FS_NOTIFICATION;

_Function_class_(DRIVER_NOTIFICATION_CALLBACK_ROUTINE) _IRQL_requires_(PASSIVE_LEVEL)
typedef NTSTATUS NTAPI DRIVER_NOTIFICATION_CALLBACK_ROUTINE(_In_ PVOID NotificationStructure, _Inout_opt_ PVOID Context);
typedef DRIVER_NOTIFICATION_CALLBACK_ROUTINE *PDRIVER_NOTIFICATION_CALLBACK_ROUTINE;

/* ---- fast I/O ---- */

typedef BOOLEAN NTAPI FAST_IO_CHECK_IF_POSSIBLE(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset,
                                                _In_ ULONG Length, _In_ BOOLEAN Wait, _In_ ULONG LockKey,
                                                _In_ BOOLEAN CheckForReadOperation, _Out_ PIO_STATUS_BLOCK IoStatus,
                                                _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_CHECK_IF_POSSIBLE *PFAST_IO_CHECK_IF_POSSIBLE;

typedef BOOLEAN NTAPI FAST_IO_READ(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset, _In_ ULONG Length,
                                   _In_ BOOLEAN Wait, _In_ ULONG LockKey, _Out_ PVOID Buffer,
                                   _Out_ PIO_STATUS_BLOCK IoStatus, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_READ *PFAST_IO_READ;

typedef BOOLEAN NTAPI FAST_IO_WRITE(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset, _In_ ULONG Length,
                                    _In_ BOOLEAN Wait, _In_ ULONG LockKey, _In_ PVOID Buffer,
                                    _Out_ PIO_STATUS_BLOCK IoStatus, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_WRITE *PFAST_IO_WRITE;

typedef BOOLEAN NTAPI FAST_IO_QUERY_BASIC_INFO(_In_ PFILE_OBJECT FileObject, _In_ BOOLEAN Wait,
                                               _Out_ PFILE_BASIC_INFORMATION Buffer, _Out_ PIO_STATUS_BLOCK IoStatus,
                                               _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_QUERY_BASIC_INFO *PFAST_IO_QUERY_BASIC_INFO;

typedef BOOLEAN NTAPI FAST_IO_QUERY_STANDARD_INFO(_In_ PFILE_OBJECT FileObject, _In_ BOOLEAN Wait,
                                                  _Out_ PFILE_STANDARD_INFORMATION Buffer,
                                                  _Out_ PIO_STATUS_BLOCK IoStatus, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_QUERY_STANDARD_INFO *PFAST_IO_QUERY_STANDARD_INFO;

typedef BOOLEAN NTAPI FAST_IO_LOCK(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset,
                                   _In_ PLARGE_INTEGER Length, PEPROCESS ProcessId, ULONG Key,
                                   BOOLEAN FailImmediately, BOOLEAN ExclusiveLock, _Out_ PIO_STATUS_BLOCK IoStatus,
                                   _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_LOCK *PFAST_IO_LOCK;

typedef BOOLEAN NTAPI FAST_IO_UNLOCK_SINGLE(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset,
                                            _In_ PLARGE_INTEGER Length, PEPROCESS ProcessId, ULONG Key,
                                            _Out_ PIO_STATUS_BLOCK IoStatus, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_UNLOCK_SINGLE *PFAST_IO_UNLOCK_SINGLE;

typedef BOOLEAN NTAPI FAST_IO_UNLOCK_ALL(_In_ PFILE_OBJECT FileObject, PEPROCESS ProcessId,
                                         _Out_ PIO_STATUS_BLOCK IoStatus, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_UNLOCK_ALL *PFAST_IO_UNLOCK_ALL;

typedef BOOLEAN NTAPI FAST_IO_UNLOCK_ALL_BY_KEY(_In_ PFILE_OBJECT FileObject, PVOID ProcessId, ULONG Key,
                                                _Out_ PIO_STATUS_BLOCK IoStatus, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_UNLOCK_ALL_BY_KEY *PFAST_IO_UNLOCK_ALL_BY_KEY;

typedef BOOLEAN NTAPI FAST_IO_DEVICE_CONTROL(_In_ PFILE_OBJECT FileObject, _In_ BOOLEAN Wait,
                                             _In_opt_ PVOID InputBuffer, _In_ ULONG InputBufferLength,
                                             _Out_opt_ PVOID OutputBuffer, _In_ ULONG OutputBufferLength,
                                             _In_ ULONG IoControlCode, _Out_ PIO_STATUS_BLOCK IoStatus,
                                             _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_DEVICE_CONTROL *PFAST_IO_DEVICE_CONTROL;

typedef VOID NTAPI FAST_IO_ACQUIRE_FILE(_In_ PFILE_OBJECT FileObject);
typedef FAST_IO_ACQUIRE_FILE *PFAST_IO_ACQUIRE_FILE;

typedef VOID NTAPI FAST_IO_RELEASE_FILE(_In_ PFILE_OBJECT FileObject);
typedef FAST_IO_RELEASE_FILE *PFAST_IO_RELEASE_FILE;

typedef VOID NTAPI FAST_IO_DETACH_DEVICE(_In_ PDEVICE_OBJECT SourceDevice, _In_ PDEVICE_OBJECT TargetDevice);
typedef FAST_IO_DETACH_DEVICE *PFAST_IO_DETACH_DEVICE;

typedef BOOLEAN NTAPI FAST_IO_QUERY_NETWORK_OPEN_INFO(_In_ PFILE_OBJECT FileObject, _In_ BOOLEAN Wait,
                                                      _Out_ struct _FILE_NETWORK_OPEN_INFORMATION *Buffer,
                                                      _Out_ PIO_STATUS_BLOCK IoStatus,
                                                      _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_QUERY_NETWORK_OPEN_INFO *PFAST_IO_QUERY_NETWORK_OPEN_INFO;

typedef NTSTATUS NTAPI FAST_IO_ACQUIRE_FOR_MOD_WRITE(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER EndingOffset,
                                                     _Out_ struct _ERESOURCE **ResourceToRelease,
                                                     _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_ACQUIRE_FOR_MOD_WRITE *PFAST_IO_ACQUIRE_FOR_MOD_WRITE;

typedef BOOLEAN NTAPI FAST_IO_MDL_READ(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset,
                                       _In_ ULONG Length, _In_ ULONG LockKey, _Out_ PMDL *MdlChain,
                                       _Out_ PIO_STATUS_BLOCK IoStatus, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_MDL_READ *PFAST_IO_MDL_READ;

typedef BOOLEAN NTAPI FAST_IO_MDL_READ_COMPLETE(_In_ PFILE_OBJECT FileObject, _In_ PMDL MdlChain,
                                                _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_MDL_READ_COMPLETE *PFAST_IO_MDL_READ_COMPLETE;

typedef BOOLEAN NTAPI FAST_IO_PREPARE_MDL_WRITE(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset,
                                                _In_ ULONG Length, _In_ ULONG LockKey, _Out_ PMDL *MdlChain,
                                                _Out_ PIO_STATUS_BLOCK IoStatus, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_PREPARE_MDL_WRITE *PFAST_IO_PREPARE_MDL_WRITE;

typedef BOOLEAN NTAPI FAST_IO_MDL_WRITE_COMPLETE(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset,
                                                 _In_ PMDL MdlChain, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_MDL_WRITE_COMPLETE *PFAST_IO_MDL_WRITE_COMPLETE;

typedef BOOLEAN NTAPI FAST_IO_READ_COMPRESSED(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset,
                                              _In_ ULONG Length, _In_ ULONG LockKey, _Out_ PVOID Buffer,
                                              _Out_ PMDL *MdlChain, _Out_ PIO_STATUS_BLOCK IoStatus,
                                              _Out_ struct _COMPRESSED_DATA_INFO *CompressedDataInfo,
                                              _In_ ULONG CompressedDataInfoLength, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_READ_COMPRESSED *PFAST_IO_READ_COMPRESSED;

typedef BOOLEAN NTAPI FAST_IO_WRITE_COMPRESSED(_In_ PFILE_OBJECT FileObject, _In_ PLARGE_INTEGER FileOffset,
                                               _In_ ULONG Length, _In_ ULONG LockKey, _In_ PVOID Buffer,
                                               _Out_ PMDL *MdlChain, _Out_ PIO_STATUS_BLOCK IoStatus,
                                               _In_ struct _COMPRESSED_DATA_INFO *CompressedDataInfo,
                                               _In_ ULONG CompressedDataInfoLength, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_WRITE_COMPRESSED *PFAST_IO_WRITE_COMPRESSED;

typedef BOOLEAN NTAPI FAST_IO_MDL_READ_COMPLETE_COMPRESSED(_In_ PFILE_OBJECT FileObject, _In_ PMDL MdlChain,
                                                           _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_MDL_READ_COMPLETE_COMPRESSED *PFAST_IO_MDL_READ_COMPLETE_COMPRESSED;

typedef BOOLEAN NTAPI FAST_IO_MDL_WRITE_COMPLETE_COMPRESSED(_In_ PFILE_OBJECT FileObject,
                                                            _In_ PLARGE_INTEGER FileOffset, _In_ PMDL MdlChain,
                                                            _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_MDL_WRITE_COMPLETE_COMPRESSED *PFAST_IO_MDL_WRITE_COMPLETE_COMPRESSED;

typedef BOOLEAN NTAPI FAST_IO_QUERY_OPEN(_Inout_ struct _IRP *Irp,
                                         _Out_ struct _FILE_NETWORK_OPEN_INFORMATION *NetworkInformation,
                                         _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_QUERY_OPEN *PFAST_IO_QUERY_OPEN;

typedef NTSTATUS NTAPI FAST_IO_RELEASE_FOR_MOD_WRITE(_In_ PFILE_OBJECT FileObject,
                                                     _In_ struct _ERESOURCE *ResourceToRelease,
                                                     _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_RELEASE_FOR_MOD_WRITE *PFAST_IO_RELEASE_FOR_MOD_WRITE;

typedef NTSTATUS NTAPI FAST_IO_ACQUIRE_FOR_CCFLUSH(_In_ PFILE_OBJECT FileObject, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_ACQUIRE_FOR_CCFLUSH *PFAST_IO_ACQUIRE_FOR_CCFLUSH;

typedef NTSTATUS NTAPI FAST_IO_RELEASE_FOR_CCFLUSH(_In_ PFILE_OBJECT FileObject, _In_ PDEVICE_OBJECT DeviceObject);
typedef FAST_IO_RELEASE_FOR_CCFLUSH *PFAST_IO_RELEASE_FOR_CCFLUSH;

struct _FAST_IO_DISPATCH {
    ULONG SizeOfFastIoDispatch;
    PFAST_IO_CHECK_IF_POSSIBLE FastIoCheckIfPossible;
    PFAST_IO_READ FastIoRead;
    PFAST_IO_WRITE FastIoWrite;
    PFAST_IO_QUERY_BASIC_INFO FastIoQueryBasicInfo;
    PFAST_IO_QUERY_STANDARD_INFO FastIoQueryStandardInfo;
    PFAST_IO_LOCK FastIoLock;
    PFAST_IO_UNLOCK_SINGLE FastIoUnlockSingle;
    PFAST_IO_UNLOCK_ALL FastIoUnlockAll;
    PFAST_IO_UNLOCK_ALL_BY_KEY FastIoUnlockAllByKey;
    PFAST_IO_DEVICE_CONTROL FastIoDeviceControl;
    PFAST_IO_ACQUIRE_FILE AcquireFileForNtCreateSection;
    PFAST_IO_RELEASE_FILE ReleaseFileForNtCreateSection;
    PFAST_IO_DETACH_DEVICE FastIoDetachDevice;
    PFAST_IO_QUERY_NETWORK_OPEN_INFO FastIoQueryNetworkOpenInfo;
    PFAST_IO_ACQUIRE_FOR_MOD_WRITE AcquireForModWrite;
    PFAST_IO_MDL_READ MdlRead;
    PFAST_IO_MDL_READ_COMPLETE MdlReadComplete;
    PFAST_IO_PREPARE_MDL_WRITE PrepareMdlWrite;
    PFAST_IO_MDL_WRITE_COMPLETE MdlWriteComplete;
    PFAST_IO_READ_COMPRESSED FastIoReadCompressed;
    PFAST_IO_WRITE_COMPRESSED FastIoWriteCompressed;
    PFAST_IO_MDL_READ_COMPLETE_COMPRESSED MdlReadCompleteCompressed;
    PFAST_IO_MDL_WRITE_COMPLETE_COMPRESSED MdlWriteCompleteCompressed;
    PFAST_IO_QUERY_OPEN FastIoQueryOpen;
    PFAST_IO_RELEASE_FOR_MOD_WRITE ReleaseForModWrite;
    PFAST_IO_ACQUIRE_FOR_CCFLUSH AcquireForCcFlush;
    PFAST_IO_RELEASE_FOR_CCFLUSH ReleaseForCcFlush;
};

/* ---- driver objects ---- */

struct _DRIVER_EXTENSION {
    struct _DRIVER_OBJECT *DriverObject;
    PDRIVER_ADD_DEVICE AddDevice;
    ULONG Count;
    UNICODE_STRING ServiceKeyName;
};

struct _DRIVER_OBJECT {
    CSHORT Type;
    CSHORT Size;
    PDEVICE_OBJECT DeviceObject;
    ULONG Flags;
    PVOID DriverStart;
    ULONG DriverSize;
    PVOID DriverSection;
    PDRIVER_EXTENSION DriverExtension;
    UNICODE_STRING DriverName;
    PUNICODE_STRING HardwareDatabase;
    PFAST_IO_DISPATCH FastIoDispatch;
    PDRIVER_INITIALIZE DriverInit;
    PDRIVER_STARTIO DriverStartIo;
    PDRIVER_UNLOAD DriverUnload;
    PDRIVER_DISPATCH MajorFunction[IRP_MJ_MAXIMUM_FUNCTION + 1];
};

/* ---- device objects ---- */

/* A device waiting for a DMA channel, a controller or map registers. */
typedef struct _WAIT_CONTEXT_BLOCK {
    union {
        KDEVICE_QUEUE_ENTRY WaitQueueEntry;
        struct {
            LIST_ENTRY DmaWaitEntry;
            ULONG NumberOfChannels;
            ULONG SyncCallback : 1;
            ULONG DmaContext : 1;
            ULONG ZeroMapRegisters : 1;
            ULONG Reserved : 9;
            ULONG NumberOfRemapPages : 20;
        };
    };
    PDRIVER_CONTROL DeviceRoutine;
    PVOID DeviceContext;
    ULONG NumberOfMapRegisters;
    PVOID DeviceObject;
    PVOID CurrentIrp;
    PKDPC BufferChainingDpc;
} WAIT_CONTEXT_BLOCK, *PWAIT_CONTEXT_BLOCK;

/* The half of a device object that belongs to the I/O manager; drivers do not touch it. */
typedef struct _DEVOBJ_EXTENSION {
    CSHORT Type;
    USHORT Size;
    PDEVICE_OBJECT DeviceObject;
    ULONG PowerFlags;
    struct _DEVICE_OBJECT_POWER_EXTENSION *Dope;
    ULONG ExtensionFlags;
    PVOID DeviceNode;
    PDEVICE_OBJECT AttachedTo;
    LONG StartIoCount;
    LONG StartIoKey;
    ULONG StartIoFlags;
    PVPB Vpb;
    PVOID DependencyNode;
    PVOID InterruptContext;
    LONG InterruptCount;
    PVOID VerifierContext;
} DEVOBJ_EXTENSION, *PDEVOBJ_EXTENSION;

struct DECLSPEC_ALIGN(16) _DEVICE_OBJECT {
    CSHORT Type;
    USHORT Size;
    LONG ReferenceCount;
    struct _DRIVER_OBJECT *DriverObject;
    struct _DEVICE_OBJECT *NextDevice;
    struct _DEVICE_OBJECT *AttachedDevice;
    struct _IRP *CurrentIrp;
    PIO_TIMER Timer;
    ULONG Flags;
    ULONG Characteristics;
    __volatile PVPB Vpb;
    PVOID DeviceExtension;
    DEVICE_TYPE DeviceType;
    CCHAR StackSize;
    union {
        LIST_ENTRY ListEntry;
        WAIT_CONTEXT_BLOCK Wcb;
    } Queue;
    ULONG AlignmentRequirement;
    KDEVICE_QUEUE DeviceQueue;
    KDPC Dpc;
    ULONG ActiveThreadCount;
    PSECURITY_DESCRIPTOR SecurityDescriptor;
    KEVENT DeviceLock;
    USHORT SectorSize;
    USHORT Spare1;
    struct _DEVOBJ_EXTENSION *DeviceObjectExtension;
    PVOID Reserved;
};

/* A mounted volume, or the place for one, of a device that may hold a file system. */
struct _VPB {
    CSHORT Type;
    CSHORT Size;
    USHORT Flags;
    USHORT VolumeLabelLength;
    struct _DEVICE_OBJECT *DeviceObject;
    struct _DEVICE_OBJECT *RealDevice;
    ULONG SerialNumber;
    ULONG ReferenceCount;
    WCHAR VolumeLabel[MAXIMUM_VOLUME_LABEL_LENGTH / sizeof(WCHAR)];
};

/* ---- file objects ---- */

struct _FILE_OBJECT {
    CSHORT Type;
    CSHORT Size;
    PDEVICE_OBJECT DeviceObject;
    PVPB Vpb;
    PVOID FsContext;
    PVOID FsContext2;
    PSECTION_OBJECT_POINTERS SectionObjectPointer;
    PVOID PrivateCacheMap;
    NTSTATUS FinalStatus;
    struct _FILE_OBJECT *RelatedFileObject;
    BOOLEAN LockOperation;
    BOOLEAN DeletePending;
    BOOLEAN ReadAccess;
    BOOLEAN WriteAccess;
    BOOLEAN DeleteAccess;
    BOOLEAN SharedRead;
    BOOLEAN SharedWrite;
    BOOLEAN SharedDelete;
    ULONG Flags;
    UNICODE_STRING FileName;
    LARGE_INTEGER CurrentByteOffset;
    __volatile ULONG Waiters;
    __volatile ULONG Busy;
    PVOID LastLock;
    KEVENT Lock;
    KEVENT Event;
    __volatile PIO_COMPLETION_CONTEXT CompletionContext;
    KSPIN_LOCK IrpListLock;
    LIST_ENTRY IrpList;
    __volatile PVOID FileObjectExtension;
};

#define FO_FILE_OPEN 0x00000001
#define FO_SYNCHRONOUS_IO 0x00000002
#define FO_ALERTABLE_IO 0x00000004
#define FO_NO_INTERMEDIATE_BUFFERING 0x00000008
#define FO_WRITE_THROUGH 0x00000010
#define FO_SEQUENTIAL_ONLY 0x00000020
#define FO_CACHE_SUPPORTED 0x00000040
#define FO_NAMED_PIPE 0x00000080
#define FO_STREAM_FILE 0x00000100
#define FO_MAILSLOT 0x00000200
#define FO_GENERATE_AUDIT_ON_CLOSE 0x00000400
#define FO_QUEUE_IRP_TO_THREAD FO_GENERATE_AUDIT_ON_CLOSE
#define FO_DIRECT_DEVICE_OPEN 0x00000800
#define FO_FILE_MODIFIED 0x00001000
#define FO_FILE_SIZE_CHANGED 0x00002000
#define FO_CLEANUP_COMPLETE 0x00004000
#define FO_TEMPORARY_FILE 0x00008000
#define FO_DELETE_ON_CLOSE 0x00010000
#define FO_OPENED_CASE_SENSITIVE 0x00020000
#define FO_HANDLE_CREATED 0x00040000
#define FO_FILE_FAST_IO_READ 0x00080000
#define FO_RANDOM_ACCESS 0x00100000
#define FO_FILE_OPEN_CANCELLED 0x00200000
#define FO_VOLUME_OPEN 0x00400000
#define FO_BYPASS_IO_ENABLED 0x00800000
#define FO_REMOTE_ORIGIN 0x01000000
#define FO_DISALLOW_EXCLUSIVE 0x02000000
#define FO_SKIP_COMPLETION_PORT FO_DISALLOW_EXCLUSIVE
#define FO_SKIP_SET_EVENT 0x04000000
#define FO_SKIP_SET_FAST_IO 0x08000000
#define FO_INDIRECT_WAIT_OBJECT 0x10000000
#define FO_SECTION_MINSTORE_TREATMENT 0x20000000
#define FO_FLAGS_VALID_ONLY_DURING_CREATE FO_DISALLOW_EXCLUSIVE

/* ---- controller objects ---- */

struct _CONTROLLER_OBJECT {
    CSHORT Type;
    CSHORT Size;
    PVOID ControllerExtension;
    KDEVICE_QUEUE DeviceWaitQueue;
    ULONG Spare1;
    LARGE_INTEGER Spare2;
};

/* ---- counts of devices of some kinds (IoGetConfigurationInformation) ---- */

typedef struct _CONFIGURATION_INFORMATION {
    ULONG DiskCount;
    ULONG FloppyCount;
    ULONG CdRomCount;
    ULONG TapeCount;
    ULONG ScsiPortCount;
    ULONG SerialCount;
    ULONG ParallelCount;
    BOOLEAN AtDiskPrimaryAddressClaimed;
    BOOLEAN AtDiskSecondaryAddressClaimed;
    ULONG Version;
    ULONG MediumChangerCount;
} CONFIGURATION_INFORMATION, *PCONFIGURATION_INFORMATION;

NT_ASSERT_SIZE(FAST_IO_DISPATCH, 0xe0);
NT_ASSERT_SIZE(DRIVER_EXTENSION, 0x28);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverExtension, 0x30);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverName, 0x38);
NT_ASSERT_OFFSET(DRIVER_OBJECT, FastIoDispatch, 0x50);
NT_ASSERT_OFFSET(DRIVER_OBJECT, DriverUnload, 0x68);
NT_ASSERT_OFFSET(DRIVER_OBJECT, MajorFunction, 0x70);
NT_ASSERT_SIZE(DRIVER_OBJECT, 0x150);
NT_ASSERT_SIZE(WAIT_CONTEXT_BLOCK, 0x48);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DriverObject, 0x08);
NT_ASSERT_OFFSET(DEVICE_OBJECT, CurrentIrp, 0x20);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Flags, 0x30);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceExtension, 0x40);
NT_ASSERT_OFFSET(DEVICE_OBJECT, StackSize, 0x4c);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Queue, 0x50);
NT_ASSERT_OFFSET(DEVICE_OBJECT, AlignmentRequirement, 0x98);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceQueue, 0xa0);
NT_ASSERT_OFFSET(DEVICE_OBJECT, Dpc, 0xc8);
NT_ASSERT_OFFSET(DEVICE_OBJECT, SecurityDescriptor, 0x110);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceLock, 0x118);
NT_ASSERT_OFFSET(DEVICE_OBJECT, DeviceObjectExtension, 0x138);
NT_ASSERT_SIZE(DEVICE_OBJECT, 0x150);
NT_ASSERT_SIZE(DEVOBJ_EXTENSION, 0x70);
NT_ASSERT_SIZE(VPB, 0x60);
NT_ASSERT_OFFSET(FILE_OBJECT, FsContext, 0x18);
NT_ASSERT_OFFSET(FILE_OBJECT, FinalStatus, 0x38);
NT_ASSERT_OFFSET(FILE_OBJECT, Flags, 0x50);
NT_ASSERT_OFFSET(FILE_OBJECT, FileName, 0x58);
NT_ASSERT_OFFSET(FILE_OBJECT, CurrentByteOffset, 0x68);
NT_ASSERT_OFFSET(FILE_OBJECT, Lock, 0x80);
NT_ASSERT_OFFSET(FILE_OBJECT, Event, 0x98);
NT_ASSERT_OFFSET(FILE_OBJECT, CompletionContext, 0xb0);
NT_ASSERT_SIZE(FILE_OBJECT, 0xd8);
NT_ASSERT_SIZE(CONTROLLER_OBJECT, 0x48);

EXTERN_C_END

#endif
