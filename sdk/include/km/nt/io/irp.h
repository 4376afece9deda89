/* SPDX-License-Identifier: MIT */
/*
 * The I/O request packet and its stack locations.
 *
 * An IRP is one allocation: the IRP, then StackCount IO_STACK_LOCATIONs. The location of the first driver (the
 * highest numbered) is the last in memory; CurrentLocation counts down as the request goes down the stack and
 * up again as it is completed. CurrentLocation == StackCount + 1 means that no driver has been called yet.
 *
 * Ownership: the driver whose dispatch routine holds the IRP owns it until it calls IoCallDriver or
 * IoCompleteRequest. CancelRoutine is exchanged atomically, and Cancel is set, under the cancel spin lock.
 *
 * Pages: ns-wdm-_irp, ns-wdm-_io_stack_location.
 */
#ifndef KILN_NT_IO_IRP_H
#define KILN_NT_IO_IRP_H

#include <nt/status.h>
#include <nt/ke_types.h>
#include <nt/se.h>
#include <nt/io/fwd.h>
#include <nt/io/codes.h>
#include <nt/io/file.h>
#include <nt/pnptypes.h>
#include <nt/potypes.h>

EXTERN_C_START

/* Called when an IRP that waits in this driver is cancelled; must release the cancel spin lock, which it holds. */
_Function_class_(DRIVER_CANCEL) _Requires_lock_held_(_Global_cancel_spin_lock_)
_Releases_lock_(_Global_cancel_spin_lock_) _IRQL_requires_min_(DISPATCH_LEVEL) _IRQL_requires_(DISPATCH_LEVEL)
typedef VOID NTAPI DRIVER_CANCEL(_Inout_ PDEVICE_OBJECT DeviceObject, _Inout_ _IRQL_uses_cancel_ PIRP Irp);
typedef DRIVER_CANCEL *PDRIVER_CANCEL;

/* Called as a request that was passed down comes back. IRQL: at most DISPATCH_LEVEL, context arbitrary. */
_Function_class_(IO_COMPLETION_ROUTINE) _IRQL_requires_same_
typedef NTSTATUS NTAPI IO_COMPLETION_ROUTINE(_In_ PDEVICE_OBJECT DeviceObject, _In_ PIRP Irp,
                                             _In_reads_opt_(_Inexpressible_("varies")) PVOID Context);
typedef IO_COMPLETION_ROUTINE *PIO_COMPLETION_ROUTINE;

#define STATUS_CONTINUE_COMPLETION STATUS_SUCCESS

typedef enum _IO_COMPLETION_ROUTINE_RESULT {
    ContinueCompletion = STATUS_CONTINUE_COMPLETION,
    StopCompletion = STATUS_MORE_PROCESSING_REQUIRED
} IO_COMPLETION_ROUTINE_RESULT, *PIO_COMPLETION_ROUTINE_RESULT;

/* Who asks for an open and with which rights (Parameters.Create.SecurityContext). */
typedef struct _IO_SECURITY_CONTEXT {
    PSECURITY_QUALITY_OF_SERVICE SecurityQos;
    PACCESS_STATE AccessState;
    ACCESS_MASK DesiredAccess;
    ULONG FullCreateOptions;
} IO_SECURITY_CONTEXT, *PIO_SECURITY_CONTEXT;

struct _IRP {
    CSHORT Type;
    USHORT Size;
    USHORT AllocationProcessorNumber;
    USHORT Reserved;
    PMDL MdlAddress;
    ULONG Flags;
    union {
        struct _IRP *MasterIrp;
        LONG IrpCount;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned;
    CHAR StackCount;
    CHAR CurrentLocation;
    BOOLEAN Cancel;
    KIRQL CancelIrql;
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags;
    union {
        PIO_STATUS_BLOCK UserIosb;
        PVOID IoRingContext;
    };
    PKEVENT UserEvent;
    union {
        struct {
            union {
                PIO_APC_ROUTINE UserApcRoutine;
                PVOID IssuingProcess;
            };
            union {
                PVOID UserApcContext;
                struct _IORING_OBJECT *IoRing;
            };
        } AsynchronousParameters;
        LARGE_INTEGER AllocationSize;
    } Overlay;
    __volatile PDRIVER_CANCEL CancelRoutine;
    PVOID UserBuffer;
    union {
        struct {
            union {
                KDEVICE_QUEUE_ENTRY DeviceQueueEntry;
                struct {
                    PVOID DriverContext[4];
                };
            };
            PETHREAD Thread;
            PCHAR AuxiliaryBuffer;
            struct {
                LIST_ENTRY ListEntry;
                union {
                    struct _IO_STACK_LOCATION *CurrentStackLocation;
                    ULONG PacketType;
                };
            };
            PFILE_OBJECT OriginalFileObject;
            PVOID IrpExtension;
        } Overlay;
        KAPC Apc;
        PVOID CompletionKey;
    } Tail;
};

/* 64-bit Windows aligns the 32-bit members of the parameter unions to pointers. */
#ifndef POINTER_ALIGNMENT
#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)
#endif

struct _IO_STACK_LOCATION {
    UCHAR MajorFunction;
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control;

    union {
        /* IRP_MJ_CREATE */
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            USHORT POINTER_ALIGNMENT FileAttributes;
            USHORT ShareAccess;
            ULONG POINTER_ALIGNMENT EaLength;
        } Create;

        /* IRP_MJ_CREATE_NAMED_PIPE */
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            USHORT POINTER_ALIGNMENT Reserved;
            USHORT ShareAccess;
            PNAMED_PIPE_CREATE_PARAMETERS Parameters;
        } CreatePipe;

        /* IRP_MJ_CREATE_MAILSLOT */
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            USHORT POINTER_ALIGNMENT Reserved;
            USHORT ShareAccess;
            PMAILSLOT_CREATE_PARAMETERS Parameters;
        } CreateMailslot;

        /* IRP_MJ_READ */
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Read;

        /* IRP_MJ_WRITE */
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Write;

        /* IRP_MJ_DIRECTORY_CONTROL, IRP_MN_QUERY_DIRECTORY */
        struct {
            ULONG Length;
            PUNICODE_STRING FileName;
            FILE_INFORMATION_CLASS FileInformationClass;
            ULONG POINTER_ALIGNMENT FileIndex;
        } QueryDirectory;

        /* IRP_MJ_DIRECTORY_CONTROL, IRP_MN_NOTIFY_CHANGE_DIRECTORY */
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT CompletionFilter;
        } NotifyDirectory;

        /* IRP_MJ_DIRECTORY_CONTROL, IRP_MN_NOTIFY_CHANGE_DIRECTORY_EX */
        struct {
            ULONG Length;
            ULONG POINTER_ALIGNMENT CompletionFilter;
            ULONG POINTER_ALIGNMENT DirectoryNotifyInformationClass;
        } NotifyDirectoryEx;

        /* IRP_MJ_QUERY_INFORMATION */
        struct {
            ULONG Length;
            FILE_INFORMATION_CLASS POINTER_ALIGNMENT FileInformationClass;
        } QueryFile;

        /* IRP_MJ_SET_INFORMATION */
        struct {
            ULONG Length;
            FILE_INFORMATION_CLASS POINTER_ALIGNMENT FileInformationClass;
            PFILE_OBJECT FileObject;
            union {
                struct {
                    BOOLEAN ReplaceIfExists;
                    BOOLEAN AdvanceOnly;
                };
                ULONG ClusterCount;
                HANDLE DeleteHandle;
            };
        } SetFile;

        /* IRP_MJ_QUERY_EA */
        struct {
            ULONG Length;
            PVOID EaList;
            ULONG EaListLength;
            ULONG POINTER_ALIGNMENT EaIndex;
        } QueryEa;

        /* IRP_MJ_SET_EA */
        struct {
            ULONG Length;
        } SetEa;

        /* IRP_MJ_QUERY_VOLUME_INFORMATION */
        struct {
            ULONG Length;
            FS_INFORMATION_CLASS POINTER_ALIGNMENT FsInformationClass;
        } QueryVolume;

        /* IRP_MJ_SET_VOLUME_INFORMATION */
        struct {
            ULONG Length;
            FS_INFORMATION_CLASS POINTER_ALIGNMENT FsInformationClass;
        } SetVolume;

        /* IRP_MJ_FILE_SYSTEM_CONTROL, IRP_MN_USER_FS_REQUEST */
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT FsControlCode;
            PVOID Type3InputBuffer;
        } FileSystemControl;

        /* IRP_MJ_LOCK_CONTROL */
        struct {
            PLARGE_INTEGER Length;
            ULONG POINTER_ALIGNMENT Key;
            LARGE_INTEGER ByteOffset;
        } LockControl;

        /* IRP_MJ_DEVICE_CONTROL, IRP_MJ_INTERNAL_DEVICE_CONTROL */
        struct {
            ULONG OutputBufferLength;
            ULONG POINTER_ALIGNMENT InputBufferLength;
            ULONG POINTER_ALIGNMENT IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;

        /* IRP_MJ_QUERY_SECURITY */
        struct {
            SECURITY_INFORMATION SecurityInformation;
            ULONG POINTER_ALIGNMENT Length;
        } QuerySecurity;

        /* IRP_MJ_SET_SECURITY */
        struct {
            SECURITY_INFORMATION SecurityInformation;
            PSECURITY_DESCRIPTOR SecurityDescriptor;
        } SetSecurity;

        /* IRP_MJ_FILE_SYSTEM_CONTROL, IRP_MN_MOUNT_VOLUME */
        struct {
            PVPB Vpb;
            PDEVICE_OBJECT DeviceObject;
            ULONG OutputBufferLength;
        } MountVolume;

        /* IRP_MJ_FILE_SYSTEM_CONTROL, IRP_MN_VERIFY_VOLUME */
        struct {
            PVPB Vpb;
            PDEVICE_OBJECT DeviceObject;
        } VerifyVolume;

        /* IRP_MJ_INTERNAL_DEVICE_CONTROL of storage drivers */
        struct {
            struct _SCSI_REQUEST_BLOCK *Srb;
        } Scsi;

        /* IRP_MJ_QUERY_QUOTA */
        struct {
            ULONG Length;
            PSID StartSid;
            struct _FILE_GET_QUOTA_INFORMATION *SidList;
            ULONG SidListLength;
        } QueryQuota;

        /* IRP_MJ_SET_QUOTA */
        struct {
            ULONG Length;
        } SetQuota;

        /* IRP_MN_QUERY_DEVICE_RELATIONS */
        struct {
            DEVICE_RELATION_TYPE Type;
        } QueryDeviceRelations;

        /* IRP_MN_QUERY_INTERFACE */
        struct {
            CONST GUID *InterfaceType;
            USHORT Size;
            USHORT Version;
            PINTERFACE Interface;
            PVOID InterfaceSpecificData;
        } QueryInterface;

        /* IRP_MN_QUERY_CAPABILITIES */
        struct {
            PDEVICE_CAPABILITIES Capabilities;
        } DeviceCapabilities;

        /* IRP_MN_FILTER_RESOURCE_REQUIREMENTS */
        struct {
            PIO_RESOURCE_REQUIREMENTS_LIST IoResourceRequirementList;
        } FilterResourceRequirements;

        /* IRP_MN_READ_CONFIG, IRP_MN_WRITE_CONFIG */
        struct {
            ULONG WhichSpace;
            PVOID Buffer;
            ULONG Offset;
            ULONG POINTER_ALIGNMENT Length;
        } ReadWriteConfig;

        /* IRP_MN_SET_LOCK */
        struct {
            BOOLEAN Lock;
        } SetLock;

        /* IRP_MN_QUERY_ID */
        struct {
            BUS_QUERY_ID_TYPE IdType;
        } QueryId;

        /* IRP_MN_QUERY_DEVICE_TEXT */
        struct {
            DEVICE_TEXT_TYPE DeviceTextType;
            LCID POINTER_ALIGNMENT LocaleId;
        } QueryDeviceText;

        /* IRP_MN_DEVICE_USAGE_NOTIFICATION */
        struct {
            BOOLEAN InPath;
            BOOLEAN Reserved[3];
            DEVICE_USAGE_NOTIFICATION_TYPE POINTER_ALIGNMENT Type;
        } UsageNotification;

        /* IRP_MN_WAIT_WAKE */
        struct {
            SYSTEM_POWER_STATE PowerState;
        } WaitWake;

        /* IRP_MN_POWER_SEQUENCE */
        struct {
            PPOWER_SEQUENCE PowerSequence;
        } PowerSequence;

        /* IRP_MN_QUERY_POWER, IRP_MN_SET_POWER */
        struct {
            union {
                ULONG SystemContext;
                SYSTEM_POWER_STATE_CONTEXT SystemPowerStateContext;
            };
            POWER_STATE_TYPE POINTER_ALIGNMENT Type;
            POWER_STATE POINTER_ALIGNMENT State;
            POWER_ACTION POINTER_ALIGNMENT ShutdownType;
        } Power;

        /* IRP_MN_START_DEVICE */
        struct {
            PCM_RESOURCE_LIST AllocatedResources;
            PCM_RESOURCE_LIST AllocatedResourcesTranslated;
        } StartDevice;

        /* IRP_MJ_SYSTEM_CONTROL */
        struct {
            ULONG_PTR ProviderId;
            PVOID DataPath;
            ULONG BufferSize;
            PVOID Buffer;
        } WMI;

        /* Requests that only the sender and the receiver understand. */
        struct {
            PVOID Argument1;
            PVOID Argument2;
            PVOID Argument3;
            PVOID Argument4;
        } Others;
    } Parameters;

    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PIO_COMPLETION_ROUTINE CompletionRoutine;
    PVOID Context;
};

NT_ASSERT_OFFSET(IRP, MdlAddress, 0x08);
NT_ASSERT_OFFSET(IRP, Flags, 0x10);
NT_ASSERT_OFFSET(IRP, AssociatedIrp, 0x18);
NT_ASSERT_OFFSET(IRP, ThreadListEntry, 0x20);
NT_ASSERT_OFFSET(IRP, IoStatus, 0x30);
NT_ASSERT_OFFSET(IRP, RequestorMode, 0x40);
NT_ASSERT_OFFSET(IRP, PendingReturned, 0x41);
NT_ASSERT_OFFSET(IRP, StackCount, 0x42);
NT_ASSERT_OFFSET(IRP, CurrentLocation, 0x43);
NT_ASSERT_OFFSET(IRP, Cancel, 0x44);
NT_ASSERT_OFFSET(IRP, CancelIrql, 0x45);
NT_ASSERT_OFFSET(IRP, ApcEnvironment, 0x46);
NT_ASSERT_OFFSET(IRP, AllocationFlags, 0x47);
NT_ASSERT_OFFSET(IRP, UserIosb, 0x48);
NT_ASSERT_OFFSET(IRP, UserEvent, 0x50);
NT_ASSERT_OFFSET(IRP, Overlay, 0x58);
NT_ASSERT_OFFSET(IRP, CancelRoutine, 0x68);
NT_ASSERT_OFFSET(IRP, UserBuffer, 0x70);
NT_ASSERT_OFFSET(IRP, Tail, 0x78);
NT_ASSERT_OFFSET(IRP, Tail.Overlay.Thread, 0x98);
NT_ASSERT_OFFSET(IRP, Tail.Overlay.ListEntry, 0xa8);
NT_ASSERT_OFFSET(IRP, Tail.Overlay.CurrentStackLocation, 0xb8);
NT_ASSERT_OFFSET(IRP, Tail.Overlay.OriginalFileObject, 0xc0);
NT_ASSERT_SIZE(IRP, 0xd0);

NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters, 0x08);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Create.Options, 0x10);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Create.FileAttributes, 0x18);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Create.ShareAccess, 0x1a);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Create.EaLength, 0x20);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Read.Key, 0x10);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Read.ByteOffset, 0x18);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 0x10);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 0x18);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 0x20);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Power.State, 0x18);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Power.ShutdownType, 0x20);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, DeviceObject, 0x28);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, FileObject, 0x30);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, CompletionRoutine, 0x38);
NT_ASSERT_OFFSET(IO_STACK_LOCATION, Context, 0x40);
NT_ASSERT_SIZE(IO_STACK_LOCATION, 0x48);

EXTERN_C_END

#endif
