/* SPDX-License-Identifier: MIT */
/* iomgr.h: what the files of the I/O manager share with one another. */
#ifndef KILN_IOMGR_H
#define KILN_IOMGR_H

#include <nt/ex.h>
#include <nt/mm.h>
#include <nt/native.h>
#include <nt/rtl.h>
#include "host.h"
#include "iop.h"
#include "ki.h"
#include "mi.h"
#include "obp.h"
#include "psp.h"
#include "sep.h"
#include "trap.h"
#include "zw.h"

#define IOP_TAG_IRP    0x20707249u /* "Irp " */
#define IOP_TAG_BUFFER 0x20206f49u /* "Io  " */
#define IOP_TAG_NAME   0x6d4e6f49u /* "IoNm" */
#define IOP_TAG_DEVICE 0x76654449u /* "IDev" */

#ifndef EVENT_MODIFY_STATE
#define EVENT_MODIFY_STATE 0x0002
#endif
#define IO_COMPLETION_QUERY_STATE  0x0001
#define IO_COMPLETION_MODIFY_STATE 0x0002
#define IO_COMPLETION_ALL_ACCESS   (STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)

/* Rule checks are on (host_config()->checked). Constant after IopInitSystem. */
extern BOOLEAN IopChecked;

/* ---------------------------------------------------------------- locks */

extern KSPIN_LOCK IopDatabaseLock; /* V */

static inline KIRQL IopLockDatabase(void)
{
    KIRQL irql;
    KeAcquireSpinLock(&IopDatabaseLock, &irql);
    return irql;
}

static inline void IopUnlockDatabase(KIRQL Irql)
{
    KeReleaseSpinLock(&IopDatabaseLock, Irql);
}

/* Serialises driver load, unload and shutdown. PASSIVE_LEVEL, not recursive for other threads; recursive for
 * the owner. */
void IopEnterLoader(void);
void IopLeaveLoader(void);

/* ---------------------------------------------------------------- device object extension (DEVOBJ_EXTENSION) */

#define DOE_UNLOAD_PENDING   0x00000001 /* V: the driver is being unloaded */
#define DOE_DELETE_PENDING   0x00000002 /* V: IoDeleteDevice was called */
#define DOE_REMOVE_PENDING   0x00000004
#define DOE_REMOVE_PROCESSED 0x00000008
#define DOE_START_PENDING    0x00000010
#define DOE_GONE             0x80000000 /* V: the creator's reference was dropped */

/* DEVOBJ_EXTENSION.StartIoFlags */
#define DOE_SIO_NON_CANCELABLE 0x00000080 /* packets lose their cancel routine when they are started */
#define DOE_SIO_DEFERRED       0x00000100 /* StartIo is not called before its last call has returned */
#define DOE_SIO_WITH_KEY       0x00000200 /* of the next packet that was asked for meanwhile: StartIoKey counts */
#define DOE_SIO_CANCELABLE     0x00000800 /* likewise: under the cancel spin lock */

/* ---------------------------------------------------------------- driver objects */

/* IoAllocateDriverObjectExtension: a chain of blocks, found by the address that identifies them. */
typedef struct _IO_CLIENT_EXTENSION {
    struct _IO_CLIENT_EXTENSION *NextExtension;
    PVOID ClientIdentificationAddress;
    UCHAR Data[] __attribute__((aligned(16)));
} IO_CLIENT_EXTENSION, *PIO_CLIENT_EXTENSION;

/*
 * What the I/O manager knows of a driver beside the public structures; a driver object's body is this whole
 * thing, with the DRIVER_OBJECT first.
 */
typedef struct _IOP_DRIVER {
    DRIVER_OBJECT Object; /* first */
    DRIVER_EXTENSION Extension;
    PIO_CLIENT_EXTENSION ClientExtensions; /* V */
    PVOID Image;          /* the loader's handle of the image; NULL for a driver without one */
    LIST_ENTRY ListEntry; /* V: IopDriverList, in load order */
    BOOLEAN Listed;       /* V */
    BOOLEAN UnloadQueued; /* V: the unload work is on its way, or done */
    BOOLEAN Reported;
    UNICODE_STRING ServiceName; /* constant; of pool: the last component of DriverName */
    char HostPath[256];         /* constant; for reports */
    ULONG SequenceNumber;
} IOP_DRIVER, *PIOP_DRIVER;

static inline PIOP_DRIVER IopDriver(PDRIVER_OBJECT Object)
{
    return CONTAINING_RECORD(Object, IOP_DRIVER, Object);
}

extern LIST_ENTRY IopDriverList; /* V */

void IopInitializeLoader(void);

/* Sets what the memory manager asks of files (pagingio.h). */
void IopInitializePaging(void);

/* The loaded driver of that service name, referenced; NULL. Out of the list: it is not found any more. */
PIOP_DRIVER IopFindDriver(PCUNICODE_STRING ServiceName);
void IopUnlistDriver(PIOP_DRIVER Driver);

DRIVER_DISPATCH IopInvalidDeviceRequest;

/* The work that ends a driver (or a device) whose last use has gone: queued from any context. */
void IopQueueUnload(PIOP_DRIVER Driver);

/* Report and count what is left of a driver that goes; see leak.c. Returns the number of leaks. */
ULONG IopReportLeaks(PIOP_DRIVER Driver, const char *When);

/* A symbolic link made from code in [Begin, End) that still exists: forget it, and write its name. FALSE:
 * none. */
BOOLEAN IopTakeLeakedLink(PVOID Begin, PVOID End, char *Text, SIZE_T Bytes);

/* Reinitialise routines of a driver that goes are forgotten. */
void IopForgetReinitialization(PDRIVER_OBJECT DriverObject);

/* ---------------------------------------------------------------- devices */

/* TRUE if a file may be opened on it. Caller holds V. */
NTSTATUS IopCheckDeviceUsable(PDEVICE_OBJECT DeviceObject);

/* Take and drop a use of a device (its ReferenceCount). Dropping may finish a pending delete or unload. */
NTSTATUS IopReferenceDevice(PDEVICE_OBJECT DeviceObject, BOOLEAN Exclusive);
void IopDereferenceDevice(PDEVICE_OBJECT DeviceObject);

/* The top of the stack. Caller holds V, or owns a use of the device. */
static inline PDEVICE_OBJECT IopTopOfStack(PDEVICE_OBJECT DeviceObject)
{
    /* A filter may be attached at any moment: it is in the stack, whole, when it is seen. */
    for (PDEVICE_OBJECT next; (next = KI_PEEK(DeviceObject->AttachedDevice)) != NULL;)
        DeviceObject = next;
    return DeviceObject;
}

NTSTATUS NTAPI IoEnumerateDeviceObjectList(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT *DeviceObjectList,
                                           ULONG DeviceObjectListSize, PULONG ActualNumberDeviceObjects);

/* IoCreateDevice with a security descriptor instead of the default one (IoCreateDeviceSecure). */
NTSTATUS IopCreateDeviceWithSecurity(PDRIVER_OBJECT DriverObject, ULONG DeviceExtensionSize,
                                     PUNICODE_STRING DeviceName, DEVICE_TYPE DeviceType,
                                     ULONG DeviceCharacteristics, BOOLEAN Exclusive,
                                     PSECURITY_DESCRIPTOR SecurityDescriptor, PDEVICE_OBJECT *DeviceObject);

/* The 1-second timer of a device goes with it. */
void IopDeleteTimer(PDEVICE_OBJECT DeviceObject);

/* Object procedures of the Device type. */
OB_PARSE_METHOD IopParseDevice;
OB_DELETE_METHOD IopDeleteDeviceObject;
OB_DELETE_METHOD IopDeleteDriverObject;
OB_SECURITY_METHOD IopDeviceSecurity;

/* ---------------------------------------------------------------- files */

/*
 * An open request on its way through name lookup to the parse procedures of Device and File. Created by
 * IopCreateFile. Signature tells it from the context of some other manager.
 */
#define IOP_OPEN_PACKET_SIGNATURE 0x6b50704f
typedef struct _OPEN_PACKET {
    CSHORT Type; /* IO_TYPE_OPEN_PACKET */
    CSHORT Size;
    ULONG Signature;
    PFILE_OBJECT FileObject;        /* out: the file that was opened */
    PFILE_OBJECT RelatedFileObject; /* of a relative open */
    NTSTATUS FinalStatus;           /* out: of the open itself */
    ULONG_PTR Information;          /* out */
    BOOLEAN Parsed;                 /* out: a parse procedure of ours ran */
    LARGE_INTEGER AllocationSize;
    ULONG CreateOptions;
    ULONG FileAttributes;
    USHORT ShareAccess;
    ULONG Disposition;
    PVOID EaBuffer;
    ULONG EaLength;
    ULONG Options; /* IO_* of IoCreateFile */
    CREATE_FILE_TYPE CreateFileType;
    PVOID ExtraCreateParameters;
    PDEVICE_OBJECT DeviceHint;
    BOOLEAN AttributesOnly; /* IoGetDeviceObjectPointer-like opens that should not mount */
} OPEN_PACKET, *POPEN_PACKET;

OB_PARSE_METHOD IopParseFile;
OB_CLOSE_METHOD IopCloseFile;
OB_DELETE_METHOD IopDeleteFile;
OB_QUERYNAME_METHOD IopQueryFileName;
OB_SECURITY_METHOD IopFileSecurity;

extern const GENERIC_MAPPING IopFileMapping;
extern POBJECT_TYPE IopDeviceObjectType, IopDriverObjectType, IopFileObjectType, IopControllerObjectType,
    IopCompletionObjectType;

/* Common fields of a new file object on the device; the caller holds a use of it. */
void IopInitializeFileObject(PFILE_OBJECT FileObject, PDEVICE_OBJECT DeviceObject);

/*
 * Open an existing file for a service that only has its name: ObjectAttributes and the access check are those of the
 * previous mode, everything is shared. *FileHandle is for the kernel, which closes it. PASSIVE_LEVEL.
 */
NTSTATUS IopOpenByName(POBJECT_ATTRIBUTES ObjectAttributes, ACCESS_MASK DesiredAccess, ULONG CreateOptions,
                       PHANDLE FileHandle);

/* Tell the file system that the process has no handle to the file any more, so that its byte-range locks end. */
void IopUnlockProcess(PFILE_OBJECT FileObject, PEPROCESS Process);

/* The device a request on the file goes to. Caller holds a reference to the file. */
static inline PDEVICE_OBJECT IopRelatedDevice(PFILE_OBJECT FileObject)
{
    PDEVICE_OBJECT device = FileObject->DeviceObject;
    if (__builtin_expect(FileObject->Vpb != NULL || device->Vpb != NULL, 0))
        return IoGetRelatedDeviceObject(FileObject);
    return IopTopOfStack(device);
}

/*
 * The file lock of synchronous I/O. Alertable per FO_ALERTABLE_IO: STATUS_ALERTED or STATUS_USER_APC; and
 * STATUS_CANCELLED is never returned. PASSIVE_LEVEL.
 */
NTSTATUS IopAcquireFileLockSlow(PFILE_OBJECT FileObject, KPROCESSOR_MODE Mode);
void IopReleaseFileLockSlow(PFILE_OBJECT FileObject);

static inline NTSTATUS IopAcquireFileLock(PFILE_OBJECT FileObject, KPROCESSOR_MODE Mode)
{
    if (__builtin_expect(__atomic_exchange_n(&FileObject->Busy, 1, __ATOMIC_ACQUIRE) == 0, 1))
        return STATUS_SUCCESS;
    return IopAcquireFileLockSlow(FileObject, Mode);
}

/* The caller has a reference of the file still. */
static inline void IopReleaseFileLock(PFILE_OBJECT FileObject)
{
    __atomic_store_n(&FileObject->Busy, 0, __ATOMIC_SEQ_CST);
    if (__builtin_expect(FileObject->Waiters != 0, 0))
        IopReleaseFileLockSlow(FileObject);
}

/*
 * Set a notification event that mostly nobody waits on. Kernel code is not interrupted, so on a machine of
 * one processor an event without waiters needs no lock.
 */
static inline void IopSetEvent(PKEVENT Event)
{
    if (KiProcessorCount == 1 && IsListEmpty(&Event->Header.WaitListHead))
        Event->Header.SignalState = 1;
    else
        KeSetEvent(Event, IO_NO_INCREMENT, FALSE);
}

/* ---------------------------------------------------------------- IRPs */

/* An IRP that is free, in a cache, has this Type. */
#define IOP_TYPE_FREE 0

/* IRP.Flags: the dispatch routine has returned STATUS_PENDING to the file service. */
#define IOP_IRP_RETURNED_PENDING 0x80000000

/* IRP.Flags: its thread has ended without it. */
#define IOP_IRP_ORPHAN 0x40000000

/* IRP.Flags: an IRP of the I/O manager itself, whose completion wakes IopSendInternal and does nothing else.
 */
#define IOP_IRP_INTERNAL 0x10000000

/* IRP.Flags: a request on a file opened for synchronous I/O: its sender waits, and drops the file's reference
 * itself. */
#define IOP_IRP_SYNCHRONOUS_FILE 0x20000000

/* An IRP without quota: of the I/O manager's own (Caller NULL), or that a driver at Caller will have to free.
 * NULL: no pool. */
PIRP IopAllocateIrp(CCHAR StackSize, PVOID Caller);
/* The same for a request that cannot fail: waits until there is memory. PASSIVE_LEVEL. */
PIRP IopAllocateIrpPatiently(CCHAR StackSize);
void IopFreeIrp(PIRP Irp);

/* Raw lock of a thread's IRP list (T). Never held across a call that can switch, so one processor alone needs
 * none. */
static inline void IopLockThread(PETHREAD Thread)
{
    if (KiProcessorCount == 1)
        return;
    while (__atomic_exchange_n(&Thread->IrpListLock, 1, __ATOMIC_ACQUIRE))
        KiSpinRelax();
}

static inline void IopUnlockThread(PETHREAD Thread)
{
    __atomic_store_n(&Thread->IrpListLock, 0, __ATOMIC_RELEASE);
}

/* Put an IRP in its thread's list; take it out. Irp->Tail.Overlay.Thread is the thread. */
static inline void IopQueueIrpToThread(PIRP Irp, PETHREAD Thread)
{
    IopLockThread(Thread);
    InsertHeadList(&Thread->IrpList, &Irp->ThreadListEntry);
    IopUnlockThread(Thread);
}

static inline void IopDequeueIrpFromThread(PIRP Irp, PETHREAD Thread)
{
    IopLockThread(Thread);
    RemoveEntryList(&Irp->ThreadListEntry);
    IopUnlockThread(Thread);
    InitializeListHead(&Irp->ThreadListEntry);
}

/*
 * The last step of a request, in the thread that issued it at APC_LEVEL: copies a buffered result back,
 * releases buffers and MDLs, reports to IoStatusBlock, event, APC and port, and frees the IRP. FileObject may
 * be NULL; its reference is dropped. Returns the status of the request, or of the copy to the caller's buffer
 * if that failed.
 */
NTSTATUS IopFinishRequest(PIRP Irp, PFILE_OBJECT FileObject);

/*
 * Send the IRP of a file service to Device and see it through: queues it to the thread, calls the driver,
 * finishes it inline when it completed at once, and, for a Synchronous request that pends, waits. Consumes
 * one reference of FileObject, and releases the file lock if Synchronous. Returns the status of the service.
 */
NTSTATUS IopSendRequest(PDEVICE_OBJECT Device, PIRP Irp, PFILE_OBJECT FileObject, KPROCESSOR_MODE Mode,
                        BOOLEAN Synchronous);

/*
 * Send an IRP of the I/O manager itself (create, cleanup, close: Flags say so), wait for it, and free it.
 * Returns its final IoStatus. The thread can be cancelled while it waits if Queue.
 */
IO_STATUS_BLOCK IopSendInternal(PDEVICE_OBJECT Device, PIRP Irp, BOOLEAN Queue);

/* Lock a buffer into an MDL of the IRP: the status with which MmProbeAndLockPages raised. <= APC_LEVEL. */
NTSTATUS IopLockBuffer(PIRP Irp, PVOID Buffer, ULONG Length, KPROCESSOR_MODE Mode, LOCK_OPERATION Operation);

/* Free what an IRP that was never sent owns (buffer, locked MDLs, event), and the IRP. */
void IopAbandonIrp(PIRP Irp);

/* Wait for a synchronous request that pends; cancels the IRP if the wait is broken off (alert, user APC,
 * thread end). */
NTSTATUS IopWaitForFile(PFILE_OBJECT FileObject, PIRP Irp, KPROCESSOR_MODE Mode);

/* Packets of completion ports: an IRP, or a small block of IoSetIoCompletion. */
void IopQueueIrpToPort(PIRP Irp, PIO_COMPLETION_CONTEXT Context);
OB_DELETE_METHOD IopDeletePort;

/*
 * Bugcheck 0xC9 for a rule of I/O verification that is checked always, because without it the machine would
 * hang or corrupt itself. P1 is the documented error code; DriverPc an address in the driver to blame.
 */
#define IOP_PENDING_NOT_MARKED  0x23D
#define IOP_MARKED_NOT_PENDING  0x23E
#define IOP_NEITHER_NOR_PENDING 0x226
DECLSPEC_NORETURN void IopViolation(ULONG_PTR Error, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4, PVOID DriverPc,
                                    const char *Text);

/* ---------------------------------------------------------------- text */

int NTAPI nt__snprintf(char *Buffer, size_t Count, const char *Format, ...);

int NTAPI nt__vsnprintf(char *Buffer, size_t Count, const char *Format, NT_VA_LIST Arguments);

/* UNICODE_STRING to UTF-8-free ASCII (others become '?'), always terminated. */
void IopAscii(PCUNICODE_STRING String, char *Text, SIZE_T Bytes);

/* Append to a text under construction. */
typedef struct _IOP_TEXT {
    char *Text;
    SIZE_T Size, Used;
} IOP_TEXT;
void NTAPI IopAppend(IOP_TEXT *To, const char *Format, ...);

/* One line on the report stream. */
void NTAPI IopReport(const char *Format, ...);

/* Copy a string into pool, terminated. FALSE: out of memory. */
BOOLEAN IopDuplicateString(PUNICODE_STRING To, PCUNICODE_STRING From);

#endif
