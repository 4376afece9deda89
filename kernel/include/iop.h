/* SPDX-License-Identifier: MIT */
/*
 * iop.h: the I/O manager as the other managers, libkiln and the reports see it (kernel/io implements it).
 *
 *      client or driver: Nt/Zw file services, IoBuild*, IoAllocateIrp
 *                 |  IRP
 *      IofCallDriver -> top device of a stack -> ... -> lowest device -> IofCompleteRequest
 *                 |  completion routines, bottom up
 *      last step in the issuing thread: copy back, IoStatusBlock, event, APC, completion port
 *
 * Objects: Driver, Device, File (of an open), Controller, IoCompletion (a port). A driver object is referenced by its
 * devices, a device counts its open files, a file object references its device through that count.
 *
 * Locks (all leaf spin locks at DISPATCH_LEVEL unless said otherwise):
 *      V  IopDatabaseLock   device lists of drivers, attachments, device reference counts, VPBs, pending deletes
 *      C  the cancel spin lock (IoAcquireCancelSpinLock); V and T may be taken under it
 *      T  a thread's IRP list (raw, held for a few instructions, IRQL unchanged)
 *      S  start-packet queues: the device queue's own lock, below C
 * No driver routine is called under V or T. Driver load and unload are serialised by an event, at PASSIVE_LEVEL.
 */
#ifndef KILN_IOP_H
#define KILN_IOP_H

#include <nt/io.h>
#include <nt/ob.h>
#include <nt/ps.h>

/* ---------------------------------------------------------------- start and end */

/* Phase 0, after ob, ps and ex: object types, \Device, \Driver, \FileSystem. Phase 1: boot reinitialisation
 * is due. */
void IopInitSystem(ULONG Phase);

/*
 * Shut the I/O system down: IRP_MJ_SHUTDOWN to every device registered with IoRegisterShutdownNotification
 * (last registered first), then file systems, then the last-chance ones. Once; PASSIVE_LEVEL.
 */
void IopShutdownSystem(void);

/* ---------------------------------------------------------------- drivers */

/* Longest text that a failed load or unload explains itself with. */
#define IOP_WHY_BYTES 512

/*
 * Load an image and start it as \Driver\ServiceName. HostPath names the file; Image (with Bytes) is its
 * content, or NULL to read it from HostPath. *DriverObject (optional) is referenced for the caller. Why
 * (optional, IOP_WHY_BYTES) receives a sentence about a failure. PASSIVE_LEVEL. The loader's status;
 * STATUS_OBJECT_NAME_COLLISION or STATUS_IMAGE_ALREADY_LOADED; what DriverEntry returned.
 */
NTSTATUS IopLoadDriver(PCUNICODE_STRING ServiceName, const char *HostPath, const void *Image, SIZE_T Bytes,
                       PDRIVER_OBJECT *DriverObject, char *Why);

/*
 * Unload as NtUnloadDriver: DriverUnload runs on a system thread once no device of the driver is in use;
 * until then the unload is pending and new opens are refused. STATUS_INVALID_DEVICE_REQUEST without
 * DriverUnload or if unloading began already; STATUS_OBJECT_NAME_NOT_FOUND. Why as above.
 */
NTSTATUS IopUnloadDriver(PCUNICODE_STRING ServiceName, char *Why);

/*
 * A driver object without an image, \Driver\... or (NULL) a number for a name, and its end. Exported by
 * Windows without being documented; used by tests. PASSIVE_LEVEL.
 */
NTSTATUS NTAPI IoCreateDriver(PUNICODE_STRING DriverName, PDRIVER_INITIALIZE InitializationFunction);
VOID NTAPI IoDeleteDriver(PDRIVER_OBJECT DriverObject);

/* Where a service's image lies, for NtLoadDriver, until the registry tells. Replaces an earlier registration.
 */
NTSTATUS IopRegisterService(PCUNICODE_STRING ServiceName, const char *HostPath);

/* Run the reinitialise routines that are registered. Boot: those of boot drivers. PASSIVE_LEVEL. */
void IopCallReinitializeRoutines(BOOLEAN Boot);

/* The driver whose image contains the address, not referenced; NULL. Any IRQL; for reports. */
PDRIVER_OBJECT IopDriverOfAddress(PVOID Address);

/* Resources of a driver that is gone for good and that are still there; printed by the unload path, counted
 * here. */
extern ULONG IopLeakCount;

/* ---------------------------------------------------------------- threads */

/* Cancel the IRPs that a thread, any thread, has issued; do not wait. (registered as PspCancelIrpsOfThread) */
void IopCancelIrpsOfThread(PETHREAD Thread);

/* Cancel every IRP of the current, exiting thread and wait for them (registered as PspCancelThreadIo). */
struct _ETHREAD;
void IopCancelThreadIo(struct _ETHREAD *Thread);

/* ---------------------------------------------------------------- completion ports */

/* Queue a packet to a port object (IoSetIoCompletion). <= DISPATCH_LEVEL. */
NTSTATUS NTAPI IoSetIoCompletion(PVOID IoCompletion, PVOID KeyContext, PVOID ApcContext, NTSTATUS IoStatus,
                                 ULONG_PTR IoStatusInformation, BOOLEAN Quota);

/* Services that have no place in the SDK's headers. PASSIVE_LEVEL. */
NTSTATUS NTAPI NtCreateIoCompletion(PHANDLE IoCompletionHandle, ACCESS_MASK DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, ULONG Count);
NTSTATUS NTAPI ZwCreateIoCompletion(PHANDLE IoCompletionHandle, ACCESS_MASK DesiredAccess,
                                    POBJECT_ATTRIBUTES ObjectAttributes, ULONG Count);
NTSTATUS NTAPI NtSetIoCompletion(HANDLE IoCompletionHandle, PVOID KeyContext, PVOID ApcContext,
                                 NTSTATUS IoStatus, ULONG_PTR IoStatusInformation);
NTSTATUS NTAPI NtRemoveIoCompletion(HANDLE IoCompletionHandle, PVOID *KeyContext, PVOID *ApcContext,
                                    PIO_STATUS_BLOCK IoStatusBlock, PLARGE_INTEGER Timeout);

/* ---------------------------------------------------------------- inspection, for reports and the command line */

typedef struct _IOP_IRP_INFO {
    PIRP Irp;
    PVOID Thread;          /* PETHREAD that issued it */
    PDEVICE_OBJECT Device; /* of the current stack location; NULL when it was completed */
    PDRIVER_OBJECT Driver;
    PFILE_OBJECT File;
    UCHAR Major, Minor;
    ULONG ControlCode; /* device and file-system control */
    CHAR Location, StackCount;
    BOOLEAN Cancel, Cancelable, Pending;
} IOP_IRP_INFO;

/* Every driver, device or IRP; fn returns FALSE to stop. Objects are valid during the call. PASSIVE_LEVEL. */
void IopEnumerateDrivers(BOOLEAN (*fn)(PDRIVER_OBJECT Driver, PVOID Context), PVOID Context);
void IopEnumerateDevices(BOOLEAN (*fn)(PDEVICE_OBJECT Device, PVOID Context), PVOID Context);

/* IRPs that threads issued and that are not finished, by thread. fn must not wait. <= APC_LEVEL. */
void IopEnumerateIrps(BOOLEAN (*fn)(const IOP_IRP_INFO *Info, PVOID Context), PVOID Context);

/* Devices of the stack that contains Device, top first. Returns how many there are; fills at most Count. */
ULONG IopQueryDeviceStack(PDEVICE_OBJECT Device, PDEVICE_OBJECT *Devices, ULONG Count);

/* Name of a driver (any IRQL) or device ("\Device\Echo"; above PASSIVE_LEVEL not known), or "(unnamed)".
 * Terminated. */
void IopFormatName(PVOID Object, char *Text, SIZE_T Bytes);

/*
 * Describe an IRP with its stack locations, several lines, for a crash or hang report. Reads through
 * KiSafeRead: the IRP may be garbage. Any IRQL.
 */
void IopFormatIrp(PIRP Irp, char *Text, SIZE_T Bytes);

/* "IRP_MJ_DEVICE_CONTROL"; "IRP_MJ_0x1c" is never returned: unknown codes give "IRP_MJ_?". */
const char *IopMajorFunctionName(UCHAR Major);

/* Write a device's flags as names, for listings. */
void IopFormatDeviceFlags(PDEVICE_OBJECT Device, char *Text, SIZE_T Bytes);

#endif
